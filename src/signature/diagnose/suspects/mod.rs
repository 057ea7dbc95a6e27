//! Mistakes that a receiver may make, as the signatures that it would accept then.
//!
//! Whoever has the secret can find out what a receiver computes: sign a request as the suspected mistake would, and see
//! whether it is accepted. One that is accepted proves the mistake, as a matching digest proves one of a sender.

mod changes;
mod list;
mod pairs;

pub use list::suspects;
pub use pairs::{pairs, with_bodies};

use changes::ComputedOtherwise;

use std::fmt;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::axis::Why;
use super::bodies::read_tree;
use super::body_recipes::{BodyRecipe, make};
use super::subcause::Subcause;
use super::templates::TemplateShape;
use super::{CauseCode, fixes};
use crate::http::Head;
use crate::payload::json::entries;
use crate::signature::rewrite::presets;
use crate::signature::scheme::{with_other_scheme, without_port};
use crate::signature::{Algorithm, Scheme, Secret};

/// Bodies beyond this length are not rewritten.
const LONGEST: usize = 256 << 10;

/// What a mistake is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SuspectKind {
    /// Another body is hashed than the one that arrived.
    Body,
    /// Another key is used.
    Key,
    /// Another text of the timestamp is hashed.
    Timestamp,
    /// The parts are joined otherwise.
    Content,
    /// Another algorithm is used.
    Algorithm,
    /// The signature is expected in another form.
    Form,
    /// Another URL is hashed than the one that was called.
    Url,
    /// A digest is printed without some of its zeros.
    Zeros,
    /// Only a part of the body is read, or its pieces are decoded one by one.
    Arrival,
}

/// A mistake that a receiver may make.
#[derive(Clone)]
pub struct Suspect {
    why: Why,
    kind: SuspectKind,
    mistake: Mistake,
}

#[derive(Clone)]
enum Mistake {
    Body(BodyRecipe),
    /// One member of the body alone, and whether it is re-serialised.
    Member(Vec<u8>, bool),
    Key(Zeroizing<Vec<u8>>),
    /// The timestamp that the diagnosis explains with this detail.
    Stamp(String),
    Shape(TemplateShape),
    Algorithm(Algorithm),
    Written(Form),
    Url(OtherUrl),
    Arrival(Arrival),
    /// Two at once.
    Both(Box<[Suspect; 2]>),
}

/// Another form of the right signature.
#[derive(Clone, Copy)]
enum Form {
    Upper,
    Hex,
    Base64,
    Base64Url,
    /// URL-safe base64 with its padding.
    Base64UrlPadded,
    /// Each byte as `%x`.
    ShortBytes,
    /// As one number.
    Number,
    /// Behind these characters.
    Prefix(&'static str),
    /// Without what surrounds it in the scheme.
    Bare,
}

/// The URL that a receiver takes to have been called.
#[derive(Clone, Copy)]
enum OtherUrl {
    /// `http` for `https`, or the reverse.
    Scheme,
    /// Without its port.
    NoPort,
    /// Both.
    SchemeAndNoPort,
}

impl OtherUrl {
    fn of(self, url: &[u8]) -> Option<Vec<u8>> {
        match self {
            Self::Scheme => with_other_scheme(url),
            Self::NoPort => without_port(url),
            Self::SchemeAndNoPort => without_port(&with_other_scheme(url)?),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Arrival {
    /// Each piece is decoded as UTF-8 on its own.
    DecodedPieces,
    /// Only the first piece is read.
    FirstPiece,
    /// Only the first piece is read, into a buffer as long as the whole body: zeros follow it.
    FirstPiecePadded,
    /// Nothing is read.
    Nothing,
}

/// A signature as a mistaken receiver expects it.
#[derive(Clone, PartialEq, Eq)]
pub struct MistakenSignature {
    /// The text.
    pub text: String,
    /// Whether that is the header's whole value, without what the scheme puts around it.
    pub is_whole: bool,
}

impl fmt::Debug for Suspect {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither keys nor signatures.
        formatter.debug_struct("Suspect").field("code", &self.why.code).field("detail", &self.why.detail).finish()
    }
}

impl Suspect {
    /// The cause, in the words of the diagnosis.
    #[must_use]
    pub fn code(&self) -> CauseCode {
        self.why.code
    }

    /// What exactly is signed then.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.why.detail
    }

    /// What makes it, by name: serialisers, senders.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.why.names
    }

    /// Whether others can sign, or replay what was signed, if a receiver makes it.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        self.why.alarm
    }

    /// Whether the body is left out of what is signed.
    #[must_use]
    pub fn leaves_out_body(&self) -> bool {
        self.why.is(&Subcause::NoBody)
    }

    /// Whether it hashes the body without white space at its ends, and as it is otherwise.
    #[must_use]
    pub fn trims_body(&self) -> bool {
        // It has line ends at its ends and within.
        const SAMPLE: &[u8] = b"\n{\n}\n";
        let hashed = self.mistake.body(SAMPLE.to_vec(), &[SAMPLE]);
        hashed.is_some_and(|hashed| hashed.len() < SAMPLE.len() && memchr::memmem::find(SAMPLE, &hashed).is_some())
    }

    /// What it is about.
    #[must_use]
    pub fn kind(&self) -> SuspectKind {
        self.kind
    }

    /// How common it is; 0 is the most common.
    #[must_use]
    pub fn rank(&self) -> u16 {
        self.why.rank
    }

    /// What to do about it.
    #[must_use]
    pub fn fix(&self, scheme: &Scheme) -> String {
        fixes::fix(self.why.code, scheme).into_owned()
    }

    /// The signature that a receiver with this mistake accepts for a request whose body arrives in `pieces`; `None`
    /// when it could not compute one.
    #[must_use]
    pub fn signature(
        &self,
        scheme: &Scheme,
        secret: &Secret,
        head: &Head,
        timestamp: &str,
        pieces: &[&[u8]],
    ) -> Option<MistakenSignature> {
        let (mut hashed, mut changes) = (pieces.concat(), ComputedOtherwise::default());
        for mistake in self.mistakes() {
            hashed = mistake.body(hashed, pieces)?;
            changes.add(mistake);
        }
        changes.signature(scheme, secret, head, timestamp, &hashed)
    }

    /// The one mistake, or both.
    fn mistakes(&self) -> Vec<&Mistake> {
        match &self.mistake {
            Mistake::Both(both) => both.iter().flat_map(|one| one.mistakes()).collect(),
            one => vec![one],
        }
    }

    /// Each mistake on its own: one, unless two are made at once.
    #[must_use]
    pub fn parts(&self) -> Vec<&Self> {
        match &self.mistake {
            Mistake::Both(both) => both.iter().collect(),
            _ => vec![self],
        }
    }
}

impl Mistake {
    /// The body that is hashed in the place of this one; `None` when it could not be made.
    fn body(&self, body: Vec<u8>, pieces: &[&[u8]]) -> Option<Vec<u8>> {
        Some(match self {
            Self::Body(_) | Self::Member(..) if body.len() > LONGEST => return None,
            Self::Body(recipe) => {
                match (make(recipe, &body, read_tree(&body).as_ref(), body.len() * 5 + (64 << 10)), recipe) {
                    (Some(made), _) => made,
                    // An edit that finds nothing to change leaves it as it is.
                    (None, BodyRecipe::Edit(_) | BodyRecipe::Values(_)) => body,
                    (None, _) => return None,
                }
            }
            Self::Member(name, is_compact) => member(&body, name, *is_compact)?,
            Self::Arrival(arrival) => arrival.read(pieces),
            _ => body,
        })
    }
}

impl Arrival {
    fn read(self, pieces: &[&[u8]]) -> Vec<u8> {
        match self {
            Self::DecodedPieces => {
                pieces.iter().map(|piece| String::from_utf8_lossy(piece)).collect::<String>().into_bytes()
            }
            Self::FirstPiece => {
                pieces.iter().find(|piece| !piece.is_empty()).map_or_else(Vec::new, |piece| piece.to_vec())
            }
            Self::FirstPiecePadded => {
                let mut buffer = Self::FirstPiece.read(pieces);
                buffer.resize(pieces.iter().map(|piece| piece.len()).sum(), 0);
                buffer
            }
            // Of what arrives with the headers it has read all.
            Self::Nothing if pieces.len() < 2 => pieces.concat(),
            Self::Nothing => Vec::new(),
        }
    }
}

impl Form {
    fn write(self, scheme: &Scheme, text: &str) -> Option<MistakenSignature> {
        let bytes = scheme.encoding.decode(text.as_bytes())?;
        let bare = |text: String| Some(MistakenSignature { text, is_whole: false });
        match self {
            Self::Upper => bare(hex::encode_upper(bytes)),
            Self::Hex => bare(hex::encode(bytes)),
            Self::Base64 => bare(BASE64_STANDARD.encode(bytes)),
            Self::Base64Url => bare(BASE64_URL_SAFE_NO_PAD.encode(bytes)),
            Self::Base64UrlPadded => bare(BASE64_URL_SAFE.encode(bytes)),
            Self::ShortBytes => bare(bytes.iter().map(|byte| format!("{byte:x}")).collect()),
            Self::Number => bare(hex::encode(bytes).trim_start_matches('0').to_owned()),
            Self::Prefix(prefix) => Some(MistakenSignature { text: format!("{prefix}{text}"), is_whole: true }),
            Self::Bare => Some(MistakenSignature { text: text.to_owned(), is_whole: true }),
        }
    }
}

fn member(body: &[u8], name: &[u8], is_compact: bool) -> Option<Vec<u8>> {
    let found = entries(body).find(|entry| entry.key.clone().is_some_and(|key| &body[key] == name))?;
    let part = body.get(found.value)?;
    if !is_compact {
        return Some(part.to_vec());
    }
    presets().next()?.apply(&read_tree(part)?, body.len() * 5 + 1024)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{SecretOrigin, SigningKind, bare_signature, catalogue, sign};

    const BODY: &[u8] = br#"{"event":"x","timestamp":1746123456000,"data":{"name":"caf\u00e9"}}"#;

    fn secret() -> Secret {
        Secret::new("dev", b"a-secret-of-tests".to_vec(), SecretOrigin::Typed)
    }

    fn head() -> Head {
        Head::from("POST / HTTP/1.1\r\nHost: x\r\n\r\n".to_owned())
    }

    fn text(suspect: &Suspect, pieces: &[&[u8]]) -> Option<String> {
        let scheme = Scheme::default();
        suspect.signature(&scheme, &secret(), &head(), "1746123456", pieces).map(|made| made.text)
    }

    fn found(code: CauseCode, words: &str) -> Suspect {
        let all = suspects(&Scheme::default(), &secret(), BODY);
        let is_it = |suspect: &Suspect| {
            suspect.code() == code
                && (suspect.detail().contains(words) || suspect.names().iter().any(|name| name == words))
        };
        all.into_iter().find(is_it).unwrap_or_else(|| panic!("no {code:?} {words}"))
    }

    #[test]
    fn each_mistake_signs_what_it_says() {
        let with = |key: &[u8], stamp: &[u8], body: &[u8]| {
            sign(&Secret::new("x", key.to_vec(), SecretOrigin::Typed), stamp, body)
        };
        let (key, stamp) = (&b"a-secret-of-tests"[..], &b"1746123456"[..]);
        let json = "{\"event\":\"x\",\"timestamp\":1746123456000,\"data\":{\"name\":\"café\"}}".as_bytes();
        for (code, words, expected) in [
            (CauseCode::BodyReserialized, "JavaScript JSON.stringify", with(key, stamp, json)),
            (CauseCode::BodyEmpty, "an empty body", with(key, stamp, b"")),
            (CauseCode::BodyStringifiedObject, "[object Object]", with(key, stamp, b"[object Object]")),
            (CauseCode::SecretWhitespace, "ended in a newline", with(b"a-secret-of-tests\n", stamp, BODY)),
            (CauseCode::SecretUnset, "undefined", with(b"undefined", stamp, BODY)),
            (CauseCode::SecretUnset, "an empty key", with(b"", stamp, BODY)),
            (CauseCode::TimestampUnit, "milliseconds were signed", with(key, b"1746123456000", BODY)),
            (CauseCode::BodyPartSigned, "\"data\"", with(key, stamp, b"{\"name\":\"caf\\u00e9\"}")),
        ] {
            assert_eq!(text(&found(code, words), &[BODY]), Some(expected), "{code:?}");
        }
    }

    #[test]
    fn pieces_matter_to_some_and_zeros_to_others() {
        let whole = "{\"a\":\"é\"}".as_bytes();
        let pieces = [&whole[..7], &whole[7..]];
        let right = sign(&secret(), b"1746123456", whole);
        let decoded = found(CauseCode::BodyCharset, "each piece");
        assert_eq!(text(&decoded, &[whole]).as_ref(), Some(&right));
        assert_ne!(text(&decoded, &pieces).as_ref(), Some(&right));
        let first = found(CauseCode::BodyTruncated, "first piece");
        assert_eq!(text(&first, &pieces), Some(sign(&secret(), b"1746123456", pieces[0])));
        let short = found(CauseCode::SignatureEncoding, "as %x does");
        assert!(text(&short, &[BODY]).unwrap().len() <= 64);
    }

    #[test]
    fn every_scheme_has_suspects_that_sign() {
        for name in ["github", "stripe", "shopify", "standard-webhooks", "gitlab-token", "slack"] {
            let scheme = catalogue::named(name).unwrap();
            let secret = Secret::new("x", b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_vec(), SecretOrigin::Typed);
            let stamp = scheme.timestamp_text(SigningKind::Developer, jiff::Timestamp::UNIX_EPOCH);
            let head = head().with("webhook-id", "msg_1").with("X-Slack-Request-Timestamp", &stamp);
            let all = suspects(&scheme, &secret, BODY);
            let signed = all.iter().filter(|one| one.signature(&scheme, &secret, &head, &stamp, &[BODY]).is_some());
            assert!(signed.count() > 20, "{name}");
            assert!(!format!("{all:?}").contains("MfKQ9"), "{name}");
        }
    }

    /// A receiver behind a proxy, or with a public URL in its configuration.
    #[test]
    fn another_url_is_a_suspect_where_one_is_signed() {
        let scheme = catalogue::named("twilio-form").unwrap().sent_to(&"http://127.0.0.1:9/tw".parse().unwrap());
        let head = Head::from("POST /tw HTTP/1.1\r\nHost: 127.0.0.1:9\r\n\r\n".to_owned());
        let of_url = |url: &str| {
            let scheme = Scheme { url: Some(url.to_owned()), ..scheme.clone() };
            bare_signature(&scheme, &secret(), &head, "", b"a=1").unwrap()
        };
        let all = suspects(&scheme, &secret(), b"a=1");
        let urls: Vec<String> = all
            .iter()
            .filter(|one| one.kind() == SuspectKind::Url)
            .map(|one| one.signature(&scheme, &secret(), &head, "", &[b"a=1"]).unwrap().text)
            .collect();
        let expected = ["https://127.0.0.1:9/tw", "http://127.0.0.1/tw", "https://127.0.0.1/tw"].map(of_url);
        assert_eq!(urls, expected);
        assert!(suspects(&Scheme::default(), &secret(), BODY).iter().all(|one| one.kind() != SuspectKind::Url));
    }

    #[test]
    fn two_mistakes_at_once_sign_what_both_say() {
        let with = |key: &[u8], stamp: &[u8], body: &[u8]| {
            sign(&Secret::new("x", key.to_vec(), SecretOrigin::Typed), stamp, body)
        };
        let (key, stamp) = (&b"a-secret-of-tests"[..], &b"1746123456"[..]);
        let newline = &b"a-secret-of-tests\n"[..];
        let json = "{\"event\":\"x\",\"timestamp\":1746123456000,\"data\":{\"name\":\"café\"}}".as_bytes();
        let all = suspects(&Scheme::default(), &secret(), BODY);
        let made: Vec<(Vec<CauseCode>, String)> = pairs(&all)
            .iter()
            .filter_map(|pair| Some((pair.parts().iter().map(|part| part.code()).collect(), text(pair, &[BODY])?)))
            .collect();
        let base64 = |text: String| BASE64_STANDARD.encode(hex::decode(text).unwrap());
        for (codes, expected) in [
            ([CauseCode::SecretWhitespace, CauseCode::BodyReserialized], with(newline, stamp, json)),
            ([CauseCode::SecretWhitespace, CauseCode::SignatureEncoding], base64(with(newline, stamp, BODY))),
            ([CauseCode::SignatureEncoding, CauseCode::BodyReserialized], base64(with(key, stamp, json))),
            ([CauseCode::SecretUnset, CauseCode::BodyEmpty], with(b"undefined", stamp, b"")),
            ([CauseCode::SecretWhitespace, CauseCode::TimestampUnit], with(newline, b"1746123456000", BODY)),
        ] {
            assert!(made.iter().any(|(of, text)| *of == codes && *text == expected), "{codes:?}");
        }
        assert!(made.len() < 450, "{}", made.len());
        let whitespace = found(CauseCode::SecretWhitespace, "ended in a newline");
        let bodies = with_bodies(&whitespace, &all);
        assert!(bodies.iter().any(|pair| text(pair, &[BODY]) == Some(with(newline, stamp, json))));
    }
}
