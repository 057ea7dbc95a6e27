//! The exact verification of schemes other than the default's.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::content::Parts;
use super::verify::{FoundHeaders, single};
use super::{Algorithm, Encoding, HeaderForm, KeyForm, Scheme, Secret, TemplatePiece, read_timestamp};
use crate::delivery::{Judgement, Verdict};
use crate::http::Head;

/// Signatures in one header beyond this many are not looked at.
const MOST_SIGNATURES: usize = 16;

/// As [`super::judge`], for any scheme: strict decoding, comparison in constant time.
pub(super) fn judge(
    scheme: &Scheme,
    secrets: &mut dyn Iterator<Item = &Secret>,
    head: &Head,
    body: &[u8],
    now: Timestamp,
) -> Judgement {
    let mut secrets = secrets.peekable();
    let mut judgement = Judgement::bare(Verdict::NoSecret);
    let signature = single(head, &scheme.signature_header);
    let header = match (&scheme.form, single(head, &scheme.timestamp_header)) {
        (HeaderForm::Pairs { .. }, _) => FoundHeaders::Missing,
        (_, found) => found,
    };
    if let FoundHeaders::Once(raw) = header {
        judgement.timestamp = Some(read_timestamp(raw, now, scheme.tolerance));
    }
    let refuse = |mut judgement: Judgement, verdict: Verdict, note: Option<String>| {
        (judgement.verdict, judgement.note) = (verdict, note);
        judgement
    };
    if secrets.peek().is_none() {
        return judgement;
    }
    let value = match signature {
        FoundHeaders::Repeated(count) => {
            let note = format!("{} was sent {count} times", scheme.signature_header);
            return refuse(judgement, Verdict::AmbiguousHeaders, Some(note));
        }
        FoundHeaders::Missing => return refuse(judgement, Verdict::MissingSignature, None),
        FoundHeaders::Once(value) => value,
    };
    let candidates = read_value(scheme, value);
    let Some((_, tagged)) = candidates.first() else {
        let note = format!("{} has no signature in the configured format", scheme.signature_header);
        return refuse(judgement, Verdict::MalformedSignature, Some(note));
    };
    let timestamp: &[u8] = match (header, tagged) {
        (FoundHeaders::Repeated(count), _) => {
            let note = format!("{} was sent {count} times", scheme.timestamp_header);
            return refuse(judgement, Verdict::AmbiguousHeaders, Some(note));
        }
        (FoundHeaders::Once(raw), _) => raw,
        (FoundHeaders::Missing, Some(tagged)) => {
            judgement.timestamp = Some(read_timestamp(tagged, now, scheme.tolerance));
            tagged
        }
        (FoundHeaders::Missing, None) if scheme.content.covers(&TemplatePiece::Timestamp) => {
            return refuse(judgement, Verdict::MissingTimestamp, None);
        }
        (FoundHeaders::Missing, None) => b"",
    };
    let id = match scheme.id_header.as_deref().map(|name| (name, single(head, name))) {
        Some((_, FoundHeaders::Once(id))) => id,
        Some((name, _)) => {
            let note = format!("{name} is missing or was sent more than once");
            return refuse(judgement, Verdict::MalformedSignature, Some(note));
        }
        None => b"",
    };
    let url = url(scheme, head);
    let parts = Parts { timestamp, id, method: head.method(), target: head.target(), url: &url, body };
    let matching = secrets.find(|secret| {
        let Some(computed) = digest(scheme, secret, &parts) else { return false };
        candidates.iter().any(|(received, _)| bool::from(received.ct_eq(&computed)))
    });
    judgement.verdict = if matching.is_some() { Verdict::Verified } else { Verdict::Mismatch };
    judgement.secret = matching.map(|secret| secret.label().to_owned());
    judgement
}

/// The signature header's value for a request under `scheme`, with this text as its timestamp: the
/// reverse of [`super::judge`]. An id that the scheme signs is read from `head`.
///
/// `None` when the secret cannot be a key of the scheme.
#[must_use]
pub fn sign_request(scheme: &Scheme, secret: &Secret, head: &Head, timestamp: &str, body: &[u8]) -> Option<String> {
    let id = scheme.id_header.as_deref().and_then(|name| head.value(name)).map_or(&b""[..], |id| id);
    let url = url(scheme, head);
    let parts =
        Parts { timestamp: timestamp.as_bytes(), id, method: head.method(), target: head.target(), url: &url, body };
    let digest = digest(scheme, secret, &parts)?;
    let text = match scheme.encoding {
        Encoding::Hex => hex::encode(digest),
        Encoding::Base64 => BASE64_STANDARD.encode(digest),
    };
    Some(match &scheme.form {
        HeaderForm::Prefix(before) | HeaderForm::List(before) => format!("{before}{text}"),
        HeaderForm::Pairs { separator, timestamp: name, signature } => {
            format!("{name}={timestamp}{}{signature}={text}", char::from(*separator))
        }
    })
}

/// HMAC-SHA256 of a message under a secret, whatever else the scheme signs with: what senders ask for when they check
/// that a receiver has the secret.
///
/// `None` when the secret cannot be a key of the scheme.
#[must_use]
pub fn hmac_sha256(scheme: &Scheme, secret: &Secret, message: &[u8]) -> Option<Vec<u8>> {
    let mut state = Algorithm::Sha256.keyed(&key_bytes(scheme, secret)?);
    state.update(message);
    Some(state.finish())
}

/// The scheme's digest of these parts; `None` when the secret cannot be a key of it.
fn digest(scheme: &Scheme, secret: &Secret, parts: &Parts<'_>) -> Option<Vec<u8>> {
    let mut state = scheme.algorithm.keyed(&key_bytes(scheme, secret)?);
    scheme.content.feed(parts, |bytes| state.update(bytes));
    Some(state.finish())
}

/// The key that the scheme makes of a secret; strict, since a lenient decoder yields short keys.
pub(super) fn key_bytes(scheme: &Scheme, secret: &Secret) -> Option<Zeroizing<Vec<u8>>> {
    let text = secret.expose();
    Some(Zeroizing::new(match scheme.key {
        KeyForm::Text => text.to_vec(),
        KeyForm::Base64 => {
            let bytes = BASE64_STANDARD.decode(text.strip_prefix(b"whsec_").unwrap_or(text)).ok()?;
            // Anyone can sign with an empty key.
            (!bytes.is_empty()).then_some(bytes)?
        }
    }))
}

/// The URL that the sender is taken to have known.
fn url(scheme: &Scheme, head: &Head) -> Vec<u8> {
    match &scheme.url {
        Some(url) => url.as_bytes().to_vec(),
        None => {
            let host = head.value("Host").map(|host| host.to_vec()).unwrap_or_default();
            [b"https://".as_slice(), &host, head.target()].concat()
        }
    }
}

/// Every digest that the header's value holds in exactly the scheme's form, with the timestamp beside
/// it.
pub(super) fn read_value(scheme: &Scheme, value: &[u8]) -> Vec<(Vec<u8>, Option<Vec<u8>>)> {
    match &scheme.form {
        HeaderForm::Prefix(prefix) => {
            let text = value.strip_prefix(prefix.as_bytes());
            text.and_then(|text| decode(scheme, text)).map(|digest| (digest, None)).into_iter().collect()
        }
        HeaderForm::List(tag) => value
            .split(|&byte| byte == b' ')
            .take(MOST_SIGNATURES)
            .filter_map(|entry| Some((decode(scheme, entry.strip_prefix(tag.as_bytes())?)?, None)))
            .collect(),
        HeaderForm::Pairs { separator, timestamp, signature } => {
            let named = |name: &str| {
                let name = format!("{name}=");
                value
                    .split(move |byte| byte == separator)
                    .take(MOST_SIGNATURES)
                    .filter_map(move |field| field.trim_ascii().strip_prefix(name.as_bytes()))
            };
            let mut stamps = named(timestamp);
            let (Some(stamp), None) = (stamps.next(), stamps.next()) else { return Vec::new() };
            named(signature).filter_map(|text| Some((decode(scheme, text)?, Some(stamp.to_vec())))).collect()
        }
    }
}

fn decode(scheme: &Scheme, text: &[u8]) -> Option<Vec<u8>> {
    let digest = match scheme.encoding {
        Encoding::Hex if text.iter().any(u8::is_ascii_uppercase) => return None,
        Encoding::Hex => hex::decode(text).ok()?,
        Encoding::Base64 => BASE64_STANDARD.decode(text).ok()?,
    };
    (digest.len() == scheme.algorithm.digest_bytes()).then_some(digest)
}
