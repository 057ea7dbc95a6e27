//! What the key may have been instead of the configured secret.

use unicode_normalization::UnicodeNormalization as _;
use zeroize::Zeroizing;

use super::axis::{Axis, Ways, Why};
use super::subcause::Subcause;
use super::{BytePlace, CauseCode, RequestPart, miscopied, mistyped, secret_codings};
use crate::signature::scheme::Parts;
use crate::signature::verify::key_bytes;
use crate::signature::{Proof, Scheme, Secret, SecretOrigin, SignedContent};
use crate::text::replace_bytes;

/// A key to try: whose it is, and its bytes, wiped when dropped.
#[derive(Clone, PartialEq)]
pub(super) struct CandidateKey {
    /// The secret it was made from, by its place; `None` for literals that are nobody's.
    pub(super) secret: Option<usize>,
    pub(super) bytes: Zeroizing<Vec<u8>>,
}

/// Every key: the configured ones first, those of other webhooks, and their variants.
pub(super) fn keys(scheme: &Scheme, expected: &[&Secret], others: &[&Secret]) -> Axis<CandidateKey> {
    let mut axis = Axis::new();
    // A plain hash has the secret's text within, whatever the key would be.
    let is_within = matches!(scheme.proof, Proof::Hash(_));
    let is_text = is_within || scheme.key == SignedContent::secret();
    let key_bytes = |secret: &Secret| match is_within && !secret.is_of_key_pair() {
        true => Some(Zeroizing::new(secret.expose().to_vec())),
        false => key_bytes(scheme, secret),
    };
    for (place, secret) in expected.iter().enumerate() {
        let Some(bytes) = key_bytes(secret) else { continue };
        if !axis.all.iter().any(|(key, _): &(CandidateKey, Ways)| key.bytes == bytes) {
            axis.all.push((CandidateKey { secret: Some(place), bytes }, Ways::unchanged()));
        }
    }
    for (place, secret) in (expected.len()..).zip(others) {
        let detail = format!(
            "signed with the secret {}, which belongs to another webhook",
            crate::text::visible(secret.label())
        );
        // One that is no key of the scheme must not stand for the empty key, with which anyone can sign.
        let Some(bytes) = key_bytes(secret) else { continue };
        add(&mut axis, Some(place), bytes, Why::new(CauseCode::WrongSecret, 0, detail));
    }
    for (place, secret) in expected.iter().enumerate() {
        match secret.is_of_key_pair() {
            true => of_key_pair(&mut axis, place, secret.expose()),
            false => of_one(&mut axis, scheme, (place, secret.expose()), is_text),
        }
    }
    literals(expected, &mut |text, why| add(&mut axis, None, text, why));
    axis.sort();
    axis
}

/// The keys of secrets that were typed: tried last.
pub(super) fn retyped(scheme: &Scheme, expected: &[&Secret]) -> Vec<(CandidateKey, Ways)> {
    let is_text = matches!(scheme.proof, Proof::Hash(_)) || scheme.key == SignedContent::secret();
    let mut all = Vec::new();
    for (place, secret) in expected.iter().enumerate().filter(|(_, secret)| !secret.is_of_key_pair()) {
        mistyped::retyped(secret.expose(), &mut |text, why| {
            let key = if is_text { Some(text) } else { key_of(scheme, &text) };
            all.extend(key.map(|bytes| (CandidateKey { secret: Some(place), bytes }, Ways::of(why))));
        });
    }
    all
}

/// A public key in the place of a shared secret, in the forms that whoever has it may have it in.
fn of_key_pair(axis: &mut Axis<CandidateKey>, place: usize, key: &[u8]) {
    let trimmed = key.trim_ascii();
    let mut forms = vec![key.to_vec(), trimmed.to_vec(), [trimmed, b"\n"].concat()];
    forms.sort_unstable();
    forms.dedup();
    for form in forms.into_iter().map(Zeroizing::new) {
        let detail = "signed with the public key's text as a shared secret: anyone who has that key can sign";
        add(axis, Some(place), form, Why::new(CauseCode::SignatureAlgorithm, 0, detail).alarming());
    }
}

/// The variants of one configured secret.
fn of_one(axis: &mut Axis<CandidateKey>, scheme: &Scheme, (place, secret): (usize, &[u8]), is_text: bool) {
    // Under another key form, the text itself is one more mistake.
    let plain = Why::new(CauseCode::SecretBase64, 0, "the secret's text was used as the key without being decoded");
    add(axis, Some(place), secret.to_vec().into(), plain.of(Subcause::UndecodedSecret));
    if !is_text
        && key_of(scheme, secret).is_none()
        && let Some((meant, why)) = miscopied::mended(scheme, secret)
        && let Some(key) = key_of(scheme, &meant)
    {
        add(axis, Some(place), key, why);
    }
    let mut texts = |bytes: Zeroizing<Vec<u8>>, why: Why| {
        // Letter case in a text without letters, for one: what changes nothing explains nothing.
        if *bytes == secret {
            return;
        }
        // Where the key is made of the text, the changed text makes another key.
        if !is_text && let Some(key) = key_of(scheme, &bytes) {
            add(axis, Some(place), key, why.clone());
        }
        add(axis, Some(place), bytes, why);
    };
    variants(secret, &mut texts);
    secret_codings::list(secret, &mut |bytes, why| {
        // The scheme decodes, too: what it makes of a text that was copied exactly is no mistake of the sender's.
        let made = key_of(scheme, &bytes).filter(|_| !is_text);
        for key in made.into_iter().chain([bytes]) {
            if is_text || !axis.all.iter().any(|(known, _)| known.bytes == key) {
                add(axis, Some(place), key, why.clone());
            }
        }
    });
}

/// The key that the scheme makes of this text.
fn key_of(scheme: &Scheme, text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    scheme.key.bytes(&Parts { secret: text, scheme: Some(scheme), ..Parts::default() }).map(Zeroizing::new)
}

/// Adds a key unless its bytes are there: two secrets may yield the same.
fn add(axis: &mut Axis<CandidateKey>, secret: Option<usize>, bytes: Zeroizing<Vec<u8>>, why: Why) {
    match axis.all.iter_mut().find(|(key, _)| key.bytes == bytes) {
        Some((_, ways)) if ways.weight() == 0 => {}
        Some((_, ways)) => ways.join(Ways::of(why)),
        None => axis.all.push((CandidateKey { secret, bytes }, Ways::of(why))),
    }
}

/// Takes a key's text, wiped when dropped, and why it would be the key.
pub(super) type FoundKey<'f> = &'f mut dyn FnMut(Zeroizing<Vec<u8>>, Why);

fn variants(key: &[u8], found: FoundKey<'_>) {
    whitespace(key, found);
    quotes_and_escapes(key, found);
    prefixes(key, found);
    expansions(key, found);
    miscopied::list(key, found);
    mistyped::list(key, found);
    hidden(key, found);
}

/// The texts that may have been sent in place of a token, with words for what was sent.
pub(super) fn token_texts(key: &[u8], found: FoundKey<'_>) {
    let mut told = |text: Zeroizing<Vec<u8>>, mut why: Why| {
        if *text == key {
            return;
        }
        why.detail = why
            .detail
            .replace("was not part of the signing key", "was not sent")
            .replace("the signing key was encoded", "the token was encoded")
            .replace("the signing key", "the token sent")
            .replace("signed with", "sent:");
        found(text, why);
    };
    whitespace(key, &mut told);
    quotes_and_escapes(key, &mut told);
    prefixes(key, &mut told);
    expansions(key, &mut told);
    miscopied::list(key, &mut told);
    mistyped::list(key, &mut told);
    hidden(key, &mut told);
    for word in ["undefined", "null", "None", "nil", "[object Object]"] {
        let why = Why::new(CauseCode::SecretUnset, 2, format!("the literal text {word} was sent"));
        told(word.as_bytes().to_vec().into(), why);
    }
}

fn place(offset: usize, before: &str, after: &str) -> BytePlace {
    BytePlace { part: RequestPart::Secret, offset, before: before.to_owned(), after: after.to_owned() }
}

fn whitespace(key: &[u8], found: FoundKey<'_>) {
    let why = |rank, detail: &str| Why::new(CauseCode::SecretWhitespace, rank, detail);
    for (tail, picture, name) in [
        (&b"\n"[..], "␊", "a newline"),
        (b"\r\n", "␍␊", "CR LF"),
        (b"\r", "␍", "a carriage return"),
        (b" ", "␠", "a space"),
        (b"\t", "␉", "a tab"),
    ] {
        if let Some(rest) = key.strip_suffix(tail) {
            let detail = format!("the configured secret ends in {name}, which was not part of the signing key");
            found(rest.to_vec().into(), why(0, &detail).at(place(rest.len(), picture, "")));
        }
        let detail = format!("the signing key ended in {name}, which the configured secret does not have");
        found([key, tail].concat().into(), why(2, &detail).at(place(key.len(), "", picture)));
    }
    let trimmed = key.trim_ascii();
    if trimmed.len() != key.len() {
        let offset = if key.first() == trimmed.first() { trimmed.len() } else { 0 };
        let detail = "the configured secret has white space around it, which was not part of the signing key";
        found(trimmed.to_vec().into(), why(1, detail).at(place(offset, "␠", "")));
    }
    found([b" ", key].concat().into(), why(6, "the signing key began with a space").at(place(0, "", "␠")));
    let inner = without(key, u8::is_ascii_whitespace);
    if inner.len() != trimmed.len() {
        let detail = "the configured secret has white space inside, which was not part of the signing key";
        found(inner, why(8, detail).of(Subcause::InnerWhitespace));
    }
}

fn quotes_and_escapes(key: &[u8], found: FoundKey<'_>) {
    for quote in *b"\"'`" {
        let why = |rank, detail: String| Why::new(CauseCode::SecretQuoted, rank, detail);
        let shown = char::from(quote).to_string();
        if let [first, inner @ .., last] = key.trim_ascii()
            && (*first, *last) == (quote, quote)
        {
            let detail = format!("the configured secret is wrapped in {shown}, which was not part of the signing key");
            found(inner.to_vec().into(), why(0, detail).at(place(0, &shown, "")));
        }
        let detail = format!("the signing key was wrapped in {shown}");
        found([&[quote], key, &[quote]].concat().into(), why(3, detail).at(place(0, "", &shown)));
    }
    let why = |rank, detail: &str| Why::new(CauseCode::SecretEscaped, rank, detail);
    for (literal, meant) in [(&b"\\n"[..], &b"\n"[..]), (b"\\r\\n", b"\r\n"), (b"\\r", b"\r"), (b"\\t", b"\t")] {
        let shown = String::from_utf8_lossy(literal).into_owned();
        if let Some(at) = memchr::memmem::find(key, literal) {
            let detail =
                format!("the configured secret contains a literal {shown}, which the signer read as the character");
            found(replace(key, literal, meant), why(1, &detail).at(place(at, &shown, "")));
            let detail =
                format!("the configured secret contains a literal {shown}, which was not part of the signing key");
            found(replace(key, literal, b""), why(0, &detail).at(place(at, &shown, "")));
        }
        if let Some(at) = memchr::memmem::find(key, meant) {
            let detail = format!("the signing key had a literal {shown} where the configured secret has the character");
            found(replace(key, meant, literal), why(4, &detail).at(place(at, "", &shown)));
        }
        let detail = format!("the signing key ended in a literal {shown}");
        found([key, literal].concat().into(), why(5, &detail).at(place(key.len(), "", &shown)));
    }
}

/// The text without such bytes.
fn without(key: &[u8], is_odd: fn(&u8) -> bool) -> Zeroizing<Vec<u8>> {
    // Room at once: what growing leaves behind is not wiped.
    let mut left = Zeroizing::new(Vec::with_capacity(key.len()));
    left.extend(key.iter().copied().filter(|byte| !is_odd(byte)));
    left
}

pub(super) fn replace(key: &[u8], from: &[u8], to: &[u8]) -> Zeroizing<Vec<u8>> {
    replace_bytes(key, from, to).into()
}

/// Prefixes that the secret may have, or have lost.
const PREFIXES: [&str; 12] = [
    "whsec_",
    "v1,whsec_",
    "sk_",
    "sk_live_",
    "sk_test_",
    "Bearer ",
    "bearer ",
    "secret_",
    "whsk_",
    "sha256=",
    "base64:",
    "hex:",
];

fn prefixes(key: &[u8], found: FoundKey<'_>) {
    let why = |rank, detail: String| Why::new(CauseCode::SecretPrefix, rank, detail);
    for (rank, prefix) in (0..).zip(PREFIXES) {
        if let Some(rest) = key.strip_prefix(prefix.as_bytes()) {
            let why = match rest.starts_with(prefix.as_bytes()) {
                true => why(rank, format!("the configured secret has the prefix {prefix} two times"))
                    .of(Subcause::RepeatedPrefix),
                false => why(
                    rank,
                    format!("the configured secret begins with {prefix}, which was not part of the signing key"),
                ),
            };
            found(rest.to_vec().into(), why.at(place(0, prefix, "")));
        } else {
            let detail = format!("the signing key began with {prefix}, which the configured secret does not have");
            found([prefix.as_bytes(), key].concat().into(), why(rank + 3, detail).at(place(0, "", prefix)));
        }
    }
}

fn expansions(key: &[u8], found: FoundKey<'_>) {
    let why = |rank, detail: &str| Why::new(CauseCode::SecretExpanded, rank, detail);
    let at_comment = |rank, at: usize| {
        let why = match key[..at].last() {
            Some(b' ' | b'\t') => {
                let detail =
                    "the configured secret has a comment after it, from # on, which was not part of the signing key";
                why(rank, detail).of(Subcause::CommentAfterSecret)
            }
            _ => why(rank, "a dotenv reader read the part of the secret after # as a comment"),
        };
        why.at(place(at, "#", ""))
    };
    if let Some(at) = memchr::memchr(b'#', key) {
        found(key[..at].trim_ascii_end().to_vec().into(), at_comment(0, at));
    }
    if let Some(at) = memchr::memmem::rfind(key, b" #") {
        found(key[..at].to_vec().into(), at_comment(1, at + 1));
    }
    if let Some(at) = memchr::memchr(b'$', key) {
        let detail = "a shell or dotenv reader expanded $… in the secret to nothing";
        found(without_variables(key, false), why(0, detail).at(place(at, "$", "")));
        found(without_variables(key, true), why(1, detail));
        found(key[..at].to_vec().into(), why(3, "the secret was cut at its $"));
        let doubled = why(2, "the configured secret has $$ where the signing key has one $");
        found(replace(key, b"$$", b"$"), doubled.of(Subcause::EscapedDollar("$$")));
        let escaped = why(5, "the signing key had a backslash before each $").at(place(at, "", "\\"));
        found(replace(key, b"$", b"\\$"), escaped);
    }
    if memchr::memmem::find(key, b"\\$").is_some() {
        found(
            replace(key, b"\\$", b"$"),
            why(1, "the configured secret has a backslash before its $, which the signing key does not have")
                .of(Subcause::EscapedDollar("\\$")),
        );
    }
}

/// `key` with `$NAME` and `${NAME}` gone. A shell takes one digit after the dollar for a whole name;
/// dotenv readers take all of it.
fn without_variables(key: &[u8], shell: bool) -> Zeroizing<Vec<u8>> {
    let mut left = Zeroizing::new(Vec::with_capacity(key.len()));
    let mut at = 0;
    while let Some(&byte) = key.get(at) {
        let rest = &key[at + 1..];
        let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        let length = match rest.first() {
            _ if byte != b'$' => 0,
            Some(b'{') => memchr::memchr(b'}', rest).map_or(0, |close| close + 1),
            Some(first) if shell && first.is_ascii_digit() => 1,
            _ => rest.iter().take_while(|byte| is_name(byte)).count(),
        };
        if length == 0 {
            left.push(byte);
        }
        at += 1 + length;
    }
    left
}

fn hidden(key: &[u8], found: FoundKey<'_>) {
    let why = |rank, detail: &str| Why::new(CauseCode::SecretHiddenChars, rank, detail);
    for (mark, name) in
        [("\u{feff}", "a byte order mark"), ("\u{a0}", "a no-break space"), ("\u{200b}", "a zero-width space")]
    {
        let symbol = format!("⟨U+{:04X}⟩", mark.chars().next().map_or(0, u32::from));
        found(
            [mark.as_bytes(), key].concat().into(),
            why(4, &format!("the signing key began with {name}")).at(place(0, "", &symbol)),
        );
        found(
            [key, mark.as_bytes()].concat().into(),
            why(4, &format!("the signing key ended in {name}")).at(place(key.len(), "", &symbol)),
        );
    }
    if let Ok(text) = std::str::from_utf8(key) {
        // White space has a cause of its own.
        let is_odd = |character: char| {
            (crate::text::is_hidden(character) && !character.is_ascii_whitespace()) || character == '\u{a0}'
        };
        if let Some((at, odd)) = text.char_indices().find(|&(_, character)| is_odd(character)) {
            let clean: String = text.chars().filter(|&character| !is_odd(character)).collect();
            let symbol = format!("⟨U+{:04X}⟩", u32::from(odd));
            let detail = format!(
                "the configured secret contains the invisible character {symbol}, which was not part of the signing key"
            );
            found(clean.into_bytes().into(), why(0, &detail).at(place(at, &symbol, "")));
        }
        let plain = text.replace(['\u{2010}', '\u{2011}', '\u{2012}', '\u{2013}', '\u{2014}', '\u{2212}'], "-");
        if plain != text {
            found(
                plain.into_bytes().into(),
                why(1, "the configured secret has a typographic dash where the signing key has a hyphen"),
            );
        }
        if !text.is_ascii() {
            found(
                text.nfc().collect::<String>().into_bytes().into(),
                why(5, "the signing key was in Unicode normal form NFC"),
            );
            found(
                text.nfd().collect::<String>().into_bytes().into(),
                why(5, "the signing key was in Unicode normal form NFD"),
            );
            let latin1: Option<Vec<u8>> =
                text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect();
            if let Some(bytes) = latin1 {
                found(bytes.into(), why(5, "the signing key was encoded in Latin-1"));
            }
        }
        found(
            text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>().into(),
            why(6, "the signing key was encoded in UTF-16, little-endian"),
        );
        found(
            text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>().into(),
            why(8, "the signing key was encoded in UTF-16, big-endian"),
        );
    }
    found(key.to_ascii_lowercase().into(), why(3, "the signing key was in lower case"));
    found(key.to_ascii_uppercase().into(), why(3, "the signing key was in upper case"));
}

/// What signs when the signer's secret is not set.
fn literals(expected: &[&Secret], found: FoundKey<'_>) {
    let why = |rank, detail: String| Why::new(CauseCode::SecretUnset, rank, detail).alarming();
    found(Vec::new().into(), why(0, "signed with an empty key".to_owned()));
    const WORDS: [&str; 22] = [
        "undefined",
        "null",
        "None",
        "nil",
        "NULL",
        "false",
        "NaN",
        "secret",
        "changeme",
        "your-secret",
        "your_secret",
        "your-webhook-secret",
        "your_webhook_secret",
        "YOUR_WEBHOOK_SECRET",
        "YOUR_SECRET",
        "webhook_secret",
        "test",
        "[object Object]",
        "TRACKPILOTS_WEBHOOKS_SECRET_KEY",
        "process.env.TRACKPILOTS_WEBHOOKS_SECRET_KEY",
        "$TRACKPILOTS_WEBHOOKS_SECRET_KEY",
        "${TRACKPILOTS_WEBHOOKS_SECRET_KEY}",
    ];
    for word in WORDS {
        found(word.as_bytes().to_vec().into(), why(2, format!("signed with the literal text {word}")));
    }
    for secret in expected {
        if let SecretOrigin::Environment(variable) | SecretOrigin::Dotenv { variable, .. } = secret.origin() {
            let detail = "signed with the variable's own name".to_owned();
            found(variable.as_bytes().to_vec().into(), why(1, detail.clone()));
            found(format!("${variable}").into_bytes().into(), why(1, detail.clone()));
            found(format!("${{{variable}}}").into_bytes().into(), why(1, detail));
        }
    }
}
