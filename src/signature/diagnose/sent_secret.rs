//! The secret anywhere at all: in a header, a parameter, a form's field or a member of the body.

use subtle::ConstantTimeEq as _;
use zeroize::Zeroizing;

use super::axis::Why;
use super::{CauseCode, Evidence, Request};
use crate::http::MediaType;
use crate::http::form::{self, FormPair};
use crate::payload::json::scan::Walker;
use crate::payload::json::unescape;
use crate::signature::{Proof, Scheme, Secret, catalogue};

/// Fields of a form, a query or an object that are looked at.
const MOST_FIELDS: usize = 256;
/// Places that are named in one sentence.
const MOST_PLACES: usize = 3;
/// A text this long is a secret wherever it is; shorter ones are words that may be anywhere, such as `production`, and
/// count only where the name says what they are.
const LONG_SECRET: usize = 16;
const SHORT_SECRET: usize = 8;
/// Longer strings of a body are not a secret.
const LONGEST_VALUE: usize = 8 * 1024;
/// Forms larger than this are not taken apart.
const FORM_BYTES: usize = 1024 * 1024;

/// That the secret itself is in the request, with its label. Where a plain token is the scheme, it is meant to be; and a
/// public key is no secret.
pub(super) fn secret(request: &Request<'_>) -> Option<(Why, Option<String>)> {
    let is_shared = request.scheme.proof.is_shared() && request.scheme.proof != Proof::Token;
    if !is_shared {
        return None;
    }
    let secrets: Vec<&Secret> = request.secrets.iter().chain(request.others).copied().collect();
    let known: Vec<(usize, SecretForms)> = secrets
        .iter()
        .map(|secret| secret.expose().trim_ascii())
        .enumerate()
        .filter(|(_, bytes)| bytes.len() >= SHORT_SECRET)
        .map(|(index, bytes)| (index, SecretForms::new(bytes)))
        .collect();
    let brought = brought_by_handshakes(request.scheme);
    let mut found: Vec<(usize, String)> = Vec::new();
    each_value(request, |kind, name, value| {
        if brought.iter().any(|(own, place)| *own == kind && place.as_bytes().eq_ignore_ascii_case(name)) {
            return;
        }
        let inner = credential(value);
        let is_it = |forms: &SecretForms| forms.are(value) || inner.as_ref().is_some_and(|inner| forms.are(inner));
        let is_named = names_a_secret(name);
        if let Some((index, _)) = known.iter().find(|(_, forms)| (forms.is_long || is_named) && is_it(forms)) {
            let name = crate::text::clip(&crate::text::visible_bytes(name), 60).into_owned();
            found.push((*index, format!("the {kind} {name}")));
        }
    });
    // This webhook's own secrets come first.
    let first = found.iter().map(|(index, _)| *index).min()?;
    let mut places: Vec<String> =
        found.into_iter().filter(|(index, _)| *index == first).map(|(_, place)| place).take(MOST_PLACES).collect();
    places.dedup();
    let verb = if places.len() == 1 { "contains" } else { "contain" };
    let label = secrets.get(first)?.label();
    let detail = format!("{} {verb} the secret {}", places.join(" and "), crate::text::visible(label));
    Some((Why::new(CauseCode::SecretSent, 0, detail).alarming(), Some(label.to_owned())))
}

/// Where the sender's handshake brings the secret, which is meant to be there: the kind of value, and its name.
fn brought_by_handshakes(scheme: &Scheme) -> Vec<(&'static str, String)> {
    let known = scheme.handshake.as_deref().and_then(catalogue::handshakes);
    let place = |place: String| match place.split_once('.')? {
        ("header", name) => Some(("header", name.to_owned())),
        ("body", name) => Some(("JSON member", name.to_owned())),
        _ => None,
    };
    let handshakes = known.into_iter().flat_map(|known| known.handshakes);
    handshakes.filter_map(|handshake| place(handshake.secret?)).collect()
}

/// A secret as it may be written.
struct SecretForms {
    all: [Zeroizing<Vec<u8>>; 3],
    is_long: bool,
}

impl SecretForms {
    fn new(bytes: &[u8]) -> Self {
        let base64 = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes);
        let all = [bytes.to_vec(), hex::encode(bytes).into_bytes(), base64.into_bytes()].map(Zeroizing::new);
        Self { all, is_long: bytes.len() >= LONG_SECRET }
    }

    fn are(&self, value: &[u8]) -> bool {
        self.all.iter().any(|form| bool::from(value.ct_eq(form)))
    }
}

/// That the secret was sent, of a delivery that verifies, whose causes say nothing but its age.
pub(super) fn secret_evidence(request: &Request<'_>) -> Option<Evidence> {
    let (why, _) = secret(request)?;
    let text = format!("{}: replace it, and send only the signature", why.detail);
    Some(Evidence { code: CauseCode::SecretSent.code(), text })
}

/// What a short secret may be recognised by: the name beside it.
fn names_a_secret(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    ["secret", "token", "key", "auth", "sign", "password"].iter().any(|word| name.contains(word))
}

/// The token of a `Bearer` credential, or the password of a `Basic` one.
fn credential(value: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (kind, rest) = value.split_at(memchr::memchr(b' ', value)?);
    let rest = rest.trim_ascii();
    if kind.eq_ignore_ascii_case(b"bearer") || kind.eq_ignore_ascii_case(b"token") {
        return Some(Zeroizing::new(rest.to_vec()));
    }
    let pair =
        kind.eq_ignore_ascii_case(b"basic").then(|| base64::Engine::decode(&base64::prelude::BASE64_STANDARD, rest));
    let pair = Zeroizing::new(pair?.ok()?);
    let at = memchr::memchr(b':', &pair)?;
    Some(Zeroizing::new(pair[at + 1..].to_vec()))
}

/// Visits headers but the scheme's own, query parameters, form fields and the members of a JSON object.
fn each_value(request: &Request<'_>, mut each: impl FnMut(&'static str, &[u8], &[u8])) {
    let own: Vec<&str> = request.scheme.signature.header_names().collect();
    let is_own = |name: &[u8]| own.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(name));
    for (name, value) in request.head.pairs().filter(|(name, _)| !is_own(name)) {
        each("header", name, value);
    }
    let target = request.head.target();
    if let Some(at) = memchr::memchr(b'?', target) {
        fields(&target[at + 1..], |name, value| each("query parameter", name, value));
    }
    if MediaType::of(request.head).is_form() && request.body.len() <= FORM_BYTES {
        fields(request.body, |name, value| each("form field", name, value));
    }
    let mut left = MOST_FIELDS;
    // A body that is no object, or breaks off, has the members that were read.
    let _ = Walker::new(request.body).members(|inner, key| {
        left = left.checked_sub(1)?;
        let raw = inner.take()?;
        if let [b'"', text @ .., b'"'] = raw
            && text.len() <= LONGEST_VALUE
        {
            let name = key.get(1..key.len().saturating_sub(1)).unwrap_or_default();
            each("JSON member", &unescape(name), &unescape(text));
        }
        Some(())
    });
}

fn fields(text: &[u8], mut each: impl FnMut(&[u8], &[u8])) {
    for (name, value) in form::pairs(text).take(MOST_FIELDS).map(FormPair::decoded) {
        each(&name, &value);
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Case, SECRET, first, secret};
    use super::super::{CauseKind, Depth, Diagnosis};
    use crate::signature::sign;

    const T: &str = "1746123456";

    fn with(signature: &str, fields: &[(&str, &str)]) -> Case {
        let mut case = Case::new(signature, T, b"{}");
        case.fields.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        case
    }

    fn right() -> String {
        sign(&secret(SECRET.as_bytes()), T.as_bytes(), b"{}")
    }

    fn summary(diagnosis: &Diagnosis) -> &str {
        &diagnosis.causes[0].summary
    }

    #[test]
    fn a_secret_anywhere_is_an_alarm_beside_what_else_is_found() {
        let basic = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, format!("user:{SECRET}"));
        let basic = format!("Basic {basic}");
        for (name, value) in [("X-Api-Key", SECRET), ("X-Auth", &format!("Bearer {SECRET}")), ("Authorization", &basic)]
        {
            let found = with(&"0".repeat(64), &[(name, value)]).run();
            assert_eq!(first(&found), ["secret_sent"], "{value}");
            assert_eq!(found.causes[0].kind, CauseKind::Alarm);
            assert!(summary(&found).contains(&format!("the header {name} contains the secret dev")), "{found:?}");
            assert!(!format!("{found:?}").contains(SECRET));
            // It does not explain the mismatch.
            assert!(
                !found.is_proved() && found.causes.last().is_some_and(|cause| cause.summary.contains("either it was"))
            );
        }
        let encoded = SECRET.replace(' ', "+");
        let mut query = with(&"0".repeat(64), &[]);
        query.target = format!("/hook?a=1&s={encoded}");
        assert!(summary(&query.run()).contains("the query parameter s contains"), "{}", summary(&query.run()));
        let mut form = with(&"0".repeat(64), &[("Content-Type", "application/x-www-form-urlencoded")]);
        form.body = format!("x=1&p={encoded}").into_bytes();
        assert!(summary(&form.run()).contains("the form field p contains"));
        let mut json = with(&"0".repeat(64), &[]);
        json.body = format!("{{\"a\":1,\"b\":\"{SECRET}\",").into_bytes();
        assert!(summary(&json.run()).contains("the JSON member b contains"));
        // Where a signature is looked for, it is told as that, and once.
        let found = with(&"0".repeat(64), &[("Authorization", &format!("Bearer {SECRET}"))]).run();
        assert_eq!((first(&found), found.causes.len()), (vec!["signature_is_secret"], 1));
        // What explains the mismatch comes first.
        let found = with(&right().to_uppercase(), &[("X-Api-Key", SECRET)]).run();
        assert_eq!(first(&found), ["signature_encoding"]);
        assert_eq!(found.causes[1].changes[0].code.code(), "secret_sent");
    }

    #[test]
    fn a_secret_on_a_delivery_that_verifies_is_evidence() {
        let found = with(&right(), &[("X-Api-Key", SECRET)]).run();
        assert!(found.causes.iter().all(|cause| cause.kind == CauseKind::Proof));
        assert_eq!(found.evidence.iter().map(|told| told.code).collect::<Vec<_>>(), ["secret_sent"]);
        assert!(with(&right(), &[("X-Api-Key", "another")]).run().evidence.is_empty());
    }

    #[test]
    fn words_and_parts_of_a_secret_are_not_the_secret() {
        let codes = |case: &Case| first(&case.run());
        let part = &SECRET[..20];
        assert_eq!(codes(&with(&"0".repeat(64), &[("X-Api-Key", part)])), ["unexplained"]);
        let mut word = with(&"0".repeat(64), &[("X-Stage", "production")]);
        word.secrets = vec![secret(b"production")];
        assert_eq!(codes(&word), ["unexplained"]);
        word.fields.push(("X-Token".to_owned(), "production".to_owned()));
        assert_eq!(codes(&word), ["secret_sent"]);
        // Deeper in the body it may be anything's.
        let mut deep = with(&"0".repeat(64), &[]);
        deep.body = format!("{{\"a\":{{\"b\":\"{SECRET}\"}}}}").into_bytes();
        deep.depth = Depth::One;
        assert_eq!(codes(&deep), ["unexplained"]);
    }

    /// Asana sends its secret in the handshake, and nowhere else.
    #[test]
    fn a_secret_that_a_handshake_brings_is_meant_to_be_there() {
        let scheme = crate::signature::catalogue::named("asana").unwrap();
        let own = secret(SECRET.as_bytes());
        let alarms = |scheme: &super::Scheme, header: &str| {
            let text = format!("POST / HTTP/1.1\r\nHost: hooks.example\r\n{header}: {SECRET}\r\n\r\n");
            let request = super::Request {
                head: &crate::http::Head::from(text),
                body: b"",
                received_at: jiff::Timestamp::UNIX_EPOCH,
                intake: &crate::delivery::Intake::Complete,
                scheme,
                secrets: &[&own],
                others: &[],
                history: &super::super::History::default(),
            };
            super::secret(&request).is_some()
        };
        assert!(!alarms(&scheme, "x-hook-secret"));
        assert!(alarms(&scheme, "X-Other"));
        assert!(alarms(&super::Scheme::default(), "X-Hook-Secret"));
    }
}
