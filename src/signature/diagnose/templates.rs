//! How the parts may have been joined and hashed.

use zeroize::Zeroizing;

use super::CauseCode;
use super::axis::{Axis, Ways, Why};
use super::joinings::{labelled, reordered, without_timestamp};
use super::placeholders::unset_parts;
use super::subcause::Subcause;
use crate::signature::algorithm::Keyed;
use crate::signature::scheme::Parts;
use crate::signature::{Algorithm, Filter, PlainFilter, Proof, Scheme, SignedContent, Source, TemplatePiece};

/// What is made of key and message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Construction {
    Hmac,
    /// HMAC with the message as the key.
    Swapped,
    /// `hash(key + message)`
    KeyFirst,
    /// `hash(message + key)`
    KeyLast,
    /// `hash(key + message + key)`
    KeyAround,
    /// `hash(message)`: no key at all.
    NoKey,
    /// `hash(message)`, the key being part of the message.
    KeyWithin,
    /// The message's hash in its place, as bytes: SHA-256 where a private key signs, otherwise the digest's own.
    Hashed,
    /// The same, its hexadecimal digits.
    HashedHex,
    /// `hash(HMAC)`
    DigestHashed,
    /// `hash(hex(HMAC))`
    DigestHexHashed,
    /// HMAC over the HMAC.
    Again,
    /// HMAC over the hexadecimal digits of the HMAC.
    HexAgain,
}

impl Construction {
    /// Whether the content is hashed under the key.
    pub(super) fn is_keyed(self) -> bool {
        matches!(self, Self::Hmac | Self::DigestHashed | Self::DigestHexHashed | Self::Again | Self::HexAgain)
    }

    /// Whether a hash is made of key and message together, or of the message alone, which is not HMAC.
    pub(super) fn is_plain_hash(self) -> bool {
        matches!(self, Self::KeyFirst | Self::KeyLast | Self::KeyAround | Self::NoKey)
    }

    /// What becomes of the content's digest; `keyed` is HMAC's state after the key.
    pub(super) fn finish(self, algorithm: Algorithm, keyed: &Keyed, digest: Vec<u8>) -> Vec<u8> {
        let mac = |message: &[u8]| {
            let mut state = keyed.clone();
            state.update(message);
            state.finish()
        };
        match self {
            Self::Hashed | Self::Again => mac(&digest),
            Self::HashedHex | Self::HexAgain => mac(hex::encode(digest).as_bytes()),
            Self::DigestHashed => algorithm.hash(|sink| sink(&digest)),
            Self::DigestHexHashed => algorithm.hash(|sink| sink(hex::encode(&digest).as_bytes())),
            Self::Hmac
            | Self::Swapped
            | Self::KeyFirst
            | Self::KeyLast
            | Self::KeyAround
            | Self::NoKey
            | Self::KeyWithin => digest,
        }
    }
}

/// From this rank on, a computation is tried alone and with the commonest bodies: hashing twice is nobody's habit.
pub(super) const RARE: u16 = 17;

/// Bytes of the longest block, SHA-512's.
const LONGEST_BLOCK: usize = 128;

/// Most bytes before and after a body that are copied to be hashed along with it.
const LONGEST_SIDES: usize = 4 << 10;

/// What is hashed before a body and after it; wiped when dropped, since a key may be in it.
pub(super) struct JoinedContent {
    pub(super) lead: Zeroizing<Vec<u8>>,
    pub(super) has_body: bool,
    pub(super) tail: Zeroizing<Vec<u8>>,
}

impl JoinedContent {
    fn side(&mut self) -> &mut Vec<u8> {
        if self.has_body { &mut self.tail } else { &mut self.lead }
    }
}

impl Default for JoinedContent {
    fn default() -> Self {
        // Room at once: what growing leaves behind is not wiped.
        Self {
            lead: Zeroizing::new(Vec::with_capacity(256)),
            has_body: false,
            tail: Zeroizing::new(Vec::with_capacity(128)),
        }
    }
}

/// One way to compute a digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TemplateShape {
    pub(super) content: SignedContent,
    pub(super) construction: Construction,
}

impl TemplateShape {
    /// The digest of `parts` under `key`; `keyed` is HMAC's state after that key.
    pub(super) fn compute(&self, algorithm: Algorithm, keyed: &Keyed, key: &[u8], parts: &Parts<'_>) -> Vec<u8> {
        if self.construction.is_keyed() {
            let mut state = keyed.clone();
            let is_whole = self.content.feed(parts, |bytes| state.update(bytes));
            let finished = is_whole.map(|()| self.construction.finish(algorithm, keyed, state.finish()));
            return finished.unwrap_or_default();
        }
        if self.construction == Construction::Swapped {
            let mut state = algorithm.keyed(&self.as_key(algorithm, parts));
            state.update(key);
            return state.finish();
        }
        let before = matches!(self.construction, Construction::KeyFirst | Construction::KeyAround);
        let after = matches!(self.construction, Construction::KeyLast | Construction::KeyAround);
        let mut is_whole = None;
        let digest = algorithm.hash(|sink| {
            if before {
                sink(key);
            }
            is_whole = self.content.feed(parts, &mut *sink);
            if after {
                sink(key);
            }
        });
        is_whole.map(|()| self.construction.finish(algorithm, keyed, digest)).unwrap_or_default()
    }

    /// Whether a timestamp that is empty leaves nothing of this way to join it with the body: then the body alone, or
    /// with another line end, explains the same.
    pub(super) fn needs_timestamp(&self) -> bool {
        self.content.covers(&TemplatePiece::Timestamp) && is_bare(&self.content)
    }

    /// What is hashed before the body and after it, the key where it is hashed along with them. `None` where the body is
    /// not in it once and as a whole, where a part is missing, and where either side is long.
    pub(super) fn joined(&self, key: &[u8], parts: &Parts<'_>) -> Option<JoinedContent> {
        let pieces = self.content.pieces();
        let is_of_body = |piece: &TemplatePiece| match piece {
            TemplatePiece::Sorted(_) => true,
            TemplatePiece::Value(expression) => expression.is_of_body(),
            _ => false,
        };
        if pieces.iter().any(is_of_body) || pieces.iter().filter(|piece| **piece == TemplatePiece::Body).count() > 1 {
            return None;
        }
        let mut joined = JoinedContent::default();
        if matches!(self.construction, Construction::KeyFirst | Construction::KeyAround) {
            joined.lead.extend_from_slice(key);
        }
        self.content.feed_pieces(parts, &mut |piece, bytes| {
            if *piece == TemplatePiece::Body {
                joined.has_body = true;
            } else {
                joined.side().extend_from_slice(bytes);
            }
        })?;
        if matches!(self.construction, Construction::KeyLast | Construction::KeyAround) {
            joined.side().extend_from_slice(key);
        }
        let body = if joined.has_body { parts.body.len() } else { 0 };
        let is_hashed =
            self.construction != Construction::Swapped || joined.lead.len() + body + joined.tail.len() > LONGEST_BLOCK;
        (is_hashed && joined.lead.len() + joined.tail.len() <= LONGEST_SIDES).then_some(joined)
    }

    /// The bytes that a private key signs; `None` when a part is missing.
    pub(super) fn message(&self, parts: &Parts<'_>) -> Option<Vec<u8>> {
        let bytes = self.content.bytes(parts)?;
        Some(match self.construction {
            Construction::Hashed => Algorithm::Sha256.hash(|sink| sink(&bytes)),
            Construction::HashedHex => hex::encode(Algorithm::Sha256.hash(|sink| sink(&bytes))).into_bytes(),
            _ => bytes,
        })
    }

    /// The message where a key is wanted. HMAC hashes keys that are longer than a block (RFC 2104, section 2), and so a
    /// long message need not be put together.
    fn as_key(&self, algorithm: Algorithm, parts: &Parts<'_>) -> Vec<u8> {
        let mut message = Vec::new();
        let mut length = 0;
        // A part that is missing leaves nothing, which no digest is.
        let is_whole = self.content.feed(parts, |bytes| {
            length += bytes.len();
            message.extend_from_slice(&bytes[..bytes.len().min(LONGEST_BLOCK)]);
        });
        if length <= LONGEST_BLOCK {
            return is_whole.map(|()| message).unwrap_or_default();
        }
        algorithm.hash(|sink| {
            let _ = self.content.feed(parts, sink);
        })
    }

    /// Whether the body is part of what is hashed.
    pub(super) fn covers_body(&self) -> bool {
        self.content.covers_body()
    }
}

/// Who else signs like that.
pub(super) const TEMPLATES: [(&str, &[&str], u16); 40] = [
    ("{body}", &["GitHub", "Shopify", "Meta", "Linear"], 0),
    ("{timestamp}.{body}", &["Trackpilots", "Stripe", "WorkOS"], 0),
    ("{timestamp}{body}", &["Zendesk"], 1),
    ("{timestamp}:{body}", &["Paddle"], 1),
    ("v0:{timestamp}:{body}", &["Slack", "Zoom"], 1),
    ("{id}.{timestamp}.{body}", &["Standard Webhooks", "Svix"], 1),
    ("{timestamp}\n{body}", &[], 2),
    ("{body}.{timestamp}", &[], 2),
    ("{body}{timestamp}", &[], 2),
    ("{method}{url}{body}{timestamp}", &["HubSpot"], 3),
    ("{url}{body}", &["Square"], 3),
    ("{method}{target}{body}{timestamp}", &[], 4),
    ("{target}{body}", &[], 5),
    ("{timestamp} {body}", &[], 4),
    ("{timestamp}|{body}", &[], 4),
    ("{timestamp}-{body}", &[], 4),
    ("{timestamp}_{body}", &[], 5),
    ("{timestamp},{body}", &[], 5),
    ("{timestamp};{body}", &[], 6),
    ("{timestamp}&{body}", &[], 6),
    ("{timestamp}\\n{body}", &[], 6),
    ("{timestamp}\r\n{body}", &[], 6),
    ("{timestamp}. {body}", &[], 6),
    ("{timestamp}..{body}", &[], 6),
    ("{timestamp}/{body}", &[], 7),
    ("{body}:{timestamp}", &[], 5),
    ("{body}|{timestamp}", &[], 6),
    ("{body}\n{timestamp}", &[], 6),
    ("v1:{timestamp}:{body}", &[], 5),
    ("v1.{timestamp}.{body}", &[], 5),
    ("v0.{timestamp}.{body}", &[], 6),
    ("{timestamp}.{id}.{body}", &[], 5),
    ("{id}{timestamp}{body}", &[], 6),
    ("{id}.{body}", &[], 6),
    ("{timestamp}.{body_sha256}", &[], 3),
    ("{method}\n{target}\n{timestamp}\n{body}", &[], 6),
    ("{timestamp}.{method}.{target}.{body}", &[], 6),
    ("{timestamp}{method}{target}{body}", &[], 5),
    ("{url}.{timestamp}.{body}", &[], 7),
    ("{method}\n{target}\n{timestamp}\n{body_sha256}", &[], 7),
];

/// Every shape to try; `usual` is the configured one. Without an id, templates that name one are
/// left out.
pub(super) fn shapes(scheme: &Scheme, has_id: bool) -> Axis<TemplateShape> {
    let usual = &scheme.content;
    let mut axis = Axis::new();
    let hmac = |content| TemplateShape { content, construction: Construction::Hmac };
    let construction =
        if matches!(scheme.proof, Proof::Hash(_)) { Construction::KeyWithin } else { Construction::Hmac };
    axis.add(TemplateShape { content: usual.clone(), construction }, Ways::unchanged());
    for (template, senders, rank) in TEMPLATES {
        let Ok(content) = template.parse::<SignedContent>() else { continue };
        if content.covers(&TemplatePiece::Id) && !has_id {
            continue;
        }
        let covers_time = content.covers(&TemplatePiece::Timestamp);
        let detail = format!("{content} was signed instead of {usual}");
        let mut why = Why::new(CauseCode::ContentTemplate, rank, detail);
        why.names = senders.iter().map(|&sender| sender.to_owned()).collect();
        // Without the timestamp in it, a captured delivery can be replayed at any time.
        let is_no_worse = covers_time || !usual.covers(&TemplatePiece::Timestamp);
        axis.add(hmac(content), Ways::of(if is_no_worse { why } else { why.alarming() }));
    }
    without_timestamp(usual, has_id, &mut axis);
    reordered(usual, &mut axis);
    labelled(usual, &mut axis);
    unset_parts(usual, construction, &mut axis);
    let bare = Why::new(CauseCode::ContentTemplate, 9, "only the timestamp was signed; the body is not covered");
    let bare = bare.of(Subcause::NoBody).alarming();
    axis.add(hmac(SignedContent::of(vec![TemplatePiece::Timestamp])), Ways::of(bare));
    other_methods(usual, construction, &mut axis);
    if scheme.algorithm().is_some() {
        plain_hashes(usual, &mut axis);
        if construction == Construction::Hmac {
            hashed_twice(usual, &mut axis);
        }
        of_fields(usual, &mut axis);
    } else {
        hashed_first(usual, &mut axis);
    }
    axis.sort();
    axis
}

/// Whether nothing but the body, a timestamp and white space is signed.
pub(super) fn is_bare(content: &SignedContent) -> bool {
    content.pieces().iter().all(|piece| match piece {
        TemplatePiece::Timestamp | TemplatePiece::Body => true,
        TemplatePiece::Text(text) => text.iter().all(u8::is_ascii_whitespace),
        _ => false,
    })
}

/// Another method than the request's, where the method is signed: a redirect, a proxy or a test sends another.
fn other_methods(usual: &SignedContent, construction: Construction, axis: &mut Axis<TemplateShape>) {
    if !usual.covers(&TemplatePiece::Method) {
        return;
    }
    for (rank, method) in (RARE..).zip(["GET", "POST", "PUT", "PATCH", "DELETE", "post", "get"]) {
        let text = TemplatePiece::Text(method.as_bytes().to_vec());
        let pieces = usual.pieces().iter().map(|piece| if *piece == TemplatePiece::Method { &text } else { piece });
        let content = SignedContent::of(pieces.cloned().collect());
        let detail = format!("the method {method} was signed, which is not the request's");
        let why = Why::new(CauseCode::ContentTemplate, rank, detail);
        axis.add(TemplateShape { content, construction }, Ways::of(why));
    }
}

/// The body's hash in its place, and hashes of hashes.
fn hashed_twice(usual: &SignedContent, axis: &mut Axis<TemplateShape>) {
    let mut add = |rank, code, content: &SignedContent, construction, detail: String| {
        let shape = TemplateShape { content: content.clone(), construction };
        axis.add(shape, Ways::of(Why::new(code, rank, detail)));
    };
    let is_body_alone = usual.pieces() == [TemplatePiece::Body];
    let is_of_body = |piece: &TemplatePiece| match piece {
        TemplatePiece::Body => true,
        TemplatePiece::Value(expression) => expression.is_of_body(),
        _ => false,
    };
    if usual.pieces().iter().filter(|piece| is_of_body(piece)).count() == 1 {
        let with = |hash: TemplatePiece| {
            let pieces = usual.pieces().iter().map(|piece| if is_of_body(piece) { &hash } else { piece });
            SignedContent::of(pieces.cloned().collect())
        };
        let content = with(TemplatePiece::BodyHash);
        let detail = format!("{content} was signed instead of {usual}");
        add(3, CauseCode::ContentTemplate, &content, Construction::Hmac, detail);
        if let Ok(digits) = "body|hex".parse() {
            let content = with(TemplatePiece::Value(digits));
            let detail = format!("{content} was signed instead of {usual}");
            add(RARE + 1, CauseCode::ContentTemplate, &content, Construction::Hmac, detail);
        }
        if let (Ok(bytes), false) = ("body|sha256".parse(), is_body_alone) {
            let content = with(TemplatePiece::Value(bytes));
            let detail = format!("{content} was signed instead of {usual}");
            add(RARE, CauseCode::ContentTemplate, &content, Construction::Hmac, detail);
        }
    }
    let hashed = format!("the hash of {usual} was signed, as bytes, and so hashed twice");
    add(RARE, CauseCode::ContentTemplate, usual, Construction::Hashed, hashed);
    if !is_body_alone {
        let digits = format!("the hexadecimal digits of the hash of {usual} were signed");
        add(RARE + 1, CauseCode::ContentTemplate, usual, Construction::HashedHex, digits);
    }
    for (rank, construction, detail) in [
        (RARE, Construction::DigestHashed, "the digest was hashed once more"),
        (RARE, Construction::DigestHexHashed, "the digest's hexadecimal digits were hashed once more"),
        (RARE + 1, Construction::Again, "the digest was signed once more, with HMAC over its bytes"),
        (RARE + 1, Construction::HexAgain, "the digest was signed once more, with HMAC over its hexadecimal digits"),
    ] {
        add(rank, CauseCode::SignatureAlgorithm, usual, construction, detail.to_owned());
    }
}

/// How else a form's fields may have been put together, and the fields without the URL.
fn of_fields(usual: &SignedContent, axis: &mut Axis<TemplateShape>) {
    let by_name = [PlainFilter::FieldsByName, PlainFilter::FieldsByNameUnique, PlainFilter::FieldsByNameSorted]
        .map(Filter::Plain);
    if !usual.filters().any(|own| by_name.contains(own)) {
        return;
    }
    let mut add = |rank, content: SignedContent, words: Option<&str>| {
        let detail = match words {
            Some(words) => format!("{words} were signed instead of {usual}"),
            None => format!("{content} was signed instead of {usual}"),
        };
        let shape = TemplateShape { content, construction: Construction::Hmac };
        axis.add(shape, Ways::of(Why::new(CauseCode::ContentTemplate, rank, detail)));
    };
    let joined_words = "the form's fields, sorted as a=1&b=2 and without empty ones,";
    for (rank, other, words) in [
        (1, Filter::Plain(PlainFilter::FieldsInOrder), None),
        (4, Filter::Plain(PlainFilter::FieldsIgnoringCase), None),
        (4, Filter::Plain(PlainFilter::FieldsJoined), None),
        (5, Filter::FieldsWithout(Vec::new()), Some(joined_words)),
    ] {
        let content = usual.with_filters(|own| if by_name.contains(own) { &other } else { own });
        let joined = joined_to_url(&content).filter(|_| rank > 3);
        [Some(content), joined].into_iter().flatten().for_each(|content| add(rank, content, words));
    }
    let is_url = |piece: &TemplatePiece| match piece {
        TemplatePiece::Url => true,
        TemplatePiece::Value(expression) => expression.source == Source::Url,
        _ => false,
    };
    let without: Vec<TemplatePiece> = usual.pieces().iter().filter(|piece| !is_url(piece)).cloned().collect();
    if without.len() < usual.pieces().len() && !without.is_empty() {
        add(2, SignedContent::of(without), None);
    }
}

/// The signed content with `&` between the URL and the form that follows it; `None` where none does.
fn joined_to_url(content: &SignedContent) -> Option<SignedContent> {
    let is_form = |piece: &TemplatePiece| matches!(piece, TemplatePiece::Value(value) if value.source == Source::Body);
    let pieces = content.pieces();
    let url = pieces.windows(2).position(|two| two[0] == TemplatePiece::Url && is_form(&two[1]))?;
    let mut joined = pieces.to_vec();
    joined.insert(url + 1, TemplatePiece::Text(b"&".to_vec()));
    Some(SignedContent::of(joined))
}

/// A library that hashes is given a hash.
fn hashed_first(usual: &SignedContent, axis: &mut Axis<TemplateShape>) {
    for (rank, construction, words) in [
        (1, Construction::Hashed, "the SHA-256 of {} was signed, and so hashed twice"),
        (1, Construction::HashedHex, "the hexadecimal digits of the SHA-256 of {} were signed"),
    ] {
        let why = Why::new(CauseCode::ContentTemplate, rank, words.replace("{}", &usual.to_string()));
        axis.add(TemplateShape { content: usual.clone(), construction }, Ways::of(why));
    }
}

fn plain_hashes(usual: &SignedContent, axis: &mut Axis<TemplateShape>) {
    let body = SignedContent::of(vec![TemplatePiece::Body]);
    let joined = SignedContent::of(vec![TemplatePiece::Timestamp, TemplatePiece::Body]);
    for (rank, content) in (0..).zip([usual, &body, &joined]) {
        for (extra, construction, words) in [
            (0, Construction::KeyFirst, "the hash of the secret followed by {}"),
            (0, Construction::KeyLast, "the hash of {} followed by the secret"),
            (2, Construction::Swapped, "HMAC with key and message swapped, over {}"),
            (3, Construction::NoKey, "the plain hash of {}, without a secret"),
            (4, Construction::KeyAround, "the hash of {} with the secret before and after it"),
        ] {
            let why = Why::new(CauseCode::NotHmac, rank * 3 + extra, words.replace("{}", &content.to_string()));
            let why = match construction {
                Construction::NoKey => why.alarming(),
                Construction::Swapped => why.of(Subcause::SwappedArguments),
                _ => why,
            };
            axis.add(TemplateShape { content: content.clone(), construction }, Ways::of(why));
        }
    }
    // A dot between secret and body, with no timestamp.
    let dotted = SignedContent::of(vec![TemplatePiece::Text(b".".to_vec()), TemplatePiece::Body]);
    let shape = TemplateShape { content: dotted, construction: Construction::KeyFirst };
    axis.add(shape, Ways::of(Why::new(CauseCode::NotHmac, 8, "the hash of the secret, a dot and the body")));
}
