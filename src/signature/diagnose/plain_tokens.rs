//! A scheme that compares a token: in which other way the received text is a secret that is known here.
//!
//! Only an exact equality after one step is a proof. No secret is shown, nor how much of one was right.

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::axis::Why;
use super::encoding::{from_base64, unquoted};
use super::explain::{Explained, Explanation};
use super::secrets::token_texts;
use super::structure::Structure;
use super::{CauseCode, Evidence, Request, SearchStage};
use crate::http::form;
use crate::signature::scheme::{Parts, signed_url};
use crate::signature::{Algorithm, Encoding};

/// Values of one request that are compared.
const MOST_VALUES: usize = 8;
/// A shorter text proves nothing in another letter case, nor where its hash is sent.
const LEAST_FOLDED: usize = 8;

/// A reading of the received token, and how it differs from the scheme's form.
struct TokenReading {
    text: Zeroizing<Vec<u8>>,
    whys: Vec<Why>,
}

/// Compares.
pub(super) fn explain(request: &Request<'_>, structure: &Structure, near: &[&[u8]]) -> Explained {
    let readings = readings(structure, near);
    let expected = expected(request);
    let mut explained = Explained { stage: Some(SearchStage::One), ..Explained::default() };
    for reading in &readings {
        for (text, whys, secret) in &expected {
            explained.tried += 1;
            if text.is_empty() || !bool::from(text.ct_eq(&reading.text)) {
                continue;
            }
            let whys: Vec<Why> = reading.whys.iter().chain(whys).cloned().collect();
            explained.is_right |= whys.is_empty();
            if !whys.is_empty() {
                explained.found.push((whys, secret.clone()));
            }
        }
    }
    explained.of = explained.tried;
    if let (Some(reading), true) = (readings.first(), explained.found.is_empty()) {
        explained.evidence.extend(likeness(&reading.text, &expected));
    }
    explained
}

type Expected = (Zeroizing<Vec<u8>>, Vec<Why>, Option<String>);

/// What a sender may have sent: the scheme's token of each secret, of each in another form, and its hashes.
fn expected(request: &Request<'_>) -> Vec<Expected> {
    let scheme = request.scheme;
    let url = signed_url(scheme, request.head);
    let token_of = |secret: &[u8]| -> Option<Zeroizing<Vec<u8>>> {
        let parts = Parts { secret, ..Parts::of(scheme, request.head, &url, request.body) };
        scheme.content.bytes(&parts).map(Zeroizing::new)
    };
    let mut all: Vec<Expected> = Vec::new();
    let mut add = |text: Option<Zeroizing<Vec<u8>>>, whys: Vec<Why>, label: &str| {
        all.extend(text.map(|text| (text, whys, Some(label.to_owned()))));
    };
    for secret in request.secrets {
        add(token_of(secret.expose()), Vec::new(), secret.label());
    }
    for secret in request.others {
        let label = crate::text::visible(secret.label());
        let detail = format!("it is the secret {label}, which belongs to another webhook");
        add(token_of(secret.expose()), vec![Why::new(CauseCode::WrongSecret, 0, detail)], secret.label());
    }
    for secret in request.secrets {
        let key = secret.expose();
        token_texts(key, &mut |text, why| add(token_of(&text), vec![why], secret.label()));
        let plain =
            Why::new(CauseCode::SignatureEncoding, 1, "the secret's text was sent instead of the scheme's form of it");
        add(Some(Zeroizing::new(key.to_vec())), vec![plain], secret.label());
        if key.len() < LEAST_FOLDED {
            continue;
        }
        for algorithm in Algorithm::ALL {
            let name = algorithm.name().trim_start_matches("HMAC-");
            let digest = algorithm.hash(|sink| sink(key));
            for encoding in [Encoding::Hex, Encoding::HexUpper, Encoding::Base64] {
                let detail = format!("the {name} of the secret was sent, as {}", encoding.words());
                let text = Zeroizing::new(encoding.encode(&digest).into_bytes());
                add(Some(text), vec![Why::new(CauseCode::SecretHashed, 1, detail)], secret.label());
            }
        }
    }
    all
}

/// Every reading of the received values, the plainest first.
fn readings(structure: &Structure, near: &[&[u8]]) -> Vec<TokenReading> {
    let mut all: Vec<TokenReading> = Vec::new();
    let mut add = |text: &[u8], whys: Vec<Why>| {
        if !text.is_empty() && !all.iter().any(|known| *known.text == text) {
            all.push(TokenReading { text: Zeroizing::new(text.to_vec()), whys });
        }
    };
    for text in structure.value.candidates.iter().take(MOST_VALUES) {
        add(text, Vec::new());
    }
    for value in structure.value.candidates.iter().map(Vec::as_slice).chain(near.iter().copied()).take(MOST_VALUES) {
        let prefix = |detail: String| vec![Why::new(CauseCode::SignaturePrefix, 0, detail)];
        let encoded = |rank, detail: &str| vec![Why::new(CauseCode::SignatureEncoding, rank, detail)];
        add(value, prefix("sent without the scheme's form".to_owned()));
        for word in ["Bearer", "Basic", "Token", "ApiKey", "Secret"] {
            let rest = value.split_at_checked(word.len()).filter(|(start, rest)| {
                start.eq_ignore_ascii_case(word.as_bytes()) && rest.first().is_some_and(u8::is_ascii_whitespace)
            });
            if let Some((_, rest)) = rest {
                add(rest.trim_ascii(), prefix(format!("the prefix {word}")));
                if let Some(pair) = from_base64(rest).filter(|_| word == "Basic") {
                    let at = memchr::memchr(b':', &pair).map_or(0, |at| at + 1);
                    add(&pair[at..], encoded(0, "sent as the password of a Basic credential"));
                    add(&pair, encoded(1, "sent as a Basic credential"));
                }
            }
        }
        add(value.trim_ascii(), encoded(1, "white space around the token"));
        if let Some(inner) = unquoted(value) {
            add(inner, encoded(0, "wrapped in quotation marks"));
        }
        if memchr::memchr2(b'%', b'+', value).is_some() {
            add(&form::decode(value), encoded(0, "percent-encoded"));
        }
        if let Some(bytes) = from_base64(value) {
            add(&bytes, encoded(0, "written as base64"));
        }
        if let Ok(bytes) = hex::decode(value) {
            add(&bytes, encoded(0, "written as hexadecimal digits"));
        }
    }
    all
}

/// What a received token has in common with the expected one, without saying any of either.
fn likeness(received: &[u8], expected: &[Expected]) -> Option<Evidence> {
    let (own, ..) = expected.iter().find(|(_, whys, _)| whys.is_empty())?;
    let text = if own.len() >= LEAST_FOLDED && own.eq_ignore_ascii_case(received) {
        "the token differs from the expected one in letter case alone".to_owned()
    } else if received.len() >= LEAST_FOLDED && own.starts_with(received) {
        format!("the token is the beginning of the expected one: {} of {} bytes", received.len(), own.len())
    } else if own.len() >= LEAST_FOLDED && received.starts_with(own) {
        format!("the token begins with the expected one, and has {} bytes more", received.len() - own.len())
    } else if received.len() != own.len() {
        format!("the token has {} bytes, the expected one {}", received.len(), own.len())
    } else {
        format!("the token is as long as the expected one, {} bytes, and another", own.len())
    };
    Some(Evidence { code: "token_differs", text })
}

/// What explains a token that came in none of the scheme's places: the values of headers that are called alike.
pub(super) fn with_missing_header(found: Vec<Explanation>, missing: Option<&Why>) -> Vec<Explanation> {
    let Some(missing) = missing else { return found };
    found.into_iter().map(|(whys, secret)| (std::iter::once(missing.clone()).chain(whys).collect(), secret)).collect()
}
