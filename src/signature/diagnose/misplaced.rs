//! The signature under another header's name.

use super::axis::Why;
use super::header_names::absent;
use super::{Budget, CauseCode, Request};
use crate::delivery::Verdict;
use crate::http::Head;
use crate::signature::scheme::{Parts, ReadSignature};
use crate::signature::{Proof, Scheme, SignaturePlace, SignatureValue, judge};

/// Headers of the scheme's form that are tried; each may cost a digest of the body.
const MOST_TRIED: usize = 16;
/// A shorter text is not taken for a token.
const LEAST_TOKEN: usize = 8;

/// A header other than the scheme's whose value verifies, with the label of the secret.
pub(super) fn signature(request: &Request<'_>, budget: &Budget<'_>) -> Option<(Why, Option<String>)> {
    let scheme = request.scheme;
    let own: Vec<&str> = scheme.signature.header_names().collect();
    let sent = own.iter().find(|name| request.head.values(name).any(|value| !value.is_empty()));
    let is_own = |name: &str| own.iter().any(|own| own.eq_ignore_ascii_case(name));
    let mut tried: Vec<&str> = Vec::new();
    for (name, value) in request.head.pairs() {
        let Ok(name) = std::str::from_utf8(name) else { continue };
        let is_new = !is_own(name) && !tried.iter().any(|tried| tried.eq_ignore_ascii_case(name));
        if !is_new || !has_form(scheme, value) {
            continue;
        }
        tried.push(name);
        if tried.len() > MOST_TRIED || !(budget.go_on)() {
            return None;
        }
        let places = vec![SignaturePlace::Headers(name.to_owned())];
        let there = Scheme { signature: SignatureValue { places, ..scheme.signature.clone() }, ..scheme.clone() };
        let secrets = request.secrets.iter().copied();
        let judgement = judge(&there, secrets, request.head, request.body, request.received_at);
        if judgement.verdict == Verdict::Verified {
            let own = own.first().copied();
            return Some((elsewhere(request.head, own, sent.copied(), name), judgement.secret));
        }
    }
    None
}

fn elsewhere(head: &Head, own: Option<&str>, sent: Option<&str>, name: &str) -> Why {
    let name = crate::text::clip(&crate::text::visible(name), 60).into_owned();
    match (own, sent) {
        (_, Some(sent)) if is_second(sent, &name) => Why::new(
            CauseCode::SignatureMisplaced,
            0,
            format!("the one in {name} is valid, the one in {sent} is not: the sender signs with two secrets"),
        ),
        (_, Some(sent)) => {
            Why::new(CauseCode::SignatureMisplaced, 0, format!("the one in {name} is valid, the one in {sent} is not"))
        }
        (Some(own), None) => Why::new(
            CauseCode::SignatureHeaderMissing,
            0,
            format!("{}; the signature was sent as {name}", absent(head, own)),
        ),
        (None, None) => Why::new(CauseCode::SignatureMisplaced, 0, format!("it was sent as the header {name}")),
    }
}

/// Whether a header is that of a second secret, as senders name it while a secret is changed.
fn is_second(own: &str, name: &str) -> bool {
    let (own, name) = (own.to_ascii_lowercase(), name.to_ascii_lowercase());
    let is_numbered = name.strip_prefix(&own).is_some_and(|rest| !rest.is_empty());
    let is_word = |word: &str| {
        matches!(word, "secondary" | "previous" | "old" | "next" | "new" | "backup") || word.starts_with("rotat")
    };
    is_numbered || name.split(['-', '_']).any(is_word)
}

/// Whether a value reads as the scheme's signature, so that most headers cost nothing.
fn has_form(scheme: &Scheme, value: &[u8]) -> bool {
    let mut read = ReadSignature::default();
    scheme.signature.read_value(value, &Parts { scheme: Some(scheme), ..Parts::default() }, &mut read);
    read.candidates.iter().any(|text| match &scheme.proof {
        Proof::Hmac(algorithm) | Proof::Hash(algorithm) => {
            scheme.encoding.decode(text).is_some_and(|digest| digest.len() == algorithm.digest_bytes())
        }
        Proof::PublicKey(_) => scheme.encoding.decode(text).is_some_and(|signature| signature.len() >= 64),
        Proof::Jwt { .. } => text.iter().filter(|&&byte| byte == b'.').count() == 2,
        Proof::Token => text.len() >= LEAST_TOKEN,
        // Their places are part of their own form.
        Proof::Sns | Proof::MessageSignature => false,
    })
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
    fn a_signature_under_another_name_is_proved_and_the_name_said() {
        let found = with(&"0".repeat(64), &[("X-Relayed", &right())]).run();
        assert_eq!(first(&found), ["signature_misplaced"]);
        assert_eq!((found.causes[0].kind, found.causes[0].secret.as_deref()), (CauseKind::Proof, Some("dev")));
        assert_eq!(
            summary(&found),
            "The signature is in another header: the one in X-Relayed is valid, the one in X-Webhook-Signature is not."
        );
        for name in ["X-Webhook-Signature-2", "X-Webhook-Signature-Previous", "X-Secondary-Signature"] {
            let found = with(&"0".repeat(64), &[(name, &right())]).run();
            assert!(summary(&found).ends_with("the sender signs with two secrets."), "{}", summary(&found));
        }
        // Without the scheme's own header, it is missing, whatever the other is called.
        let mut missing = with("", &[("X-Relayed", &right())]);
        missing.fields.remove(0);
        let found = missing.run();
        assert_eq!((first(&found), found.is_proved()), (vec!["signature_header_missing"], true));
        assert!(summary(&found).contains("the signature was sent as X-Relayed"), "{}", summary(&found));
    }

    #[test]
    fn another_header_that_does_not_verify_proves_nothing() {
        let other = sign(&secret(b"who knows who signed this"), T.as_bytes(), b"{}");
        let near = right().to_uppercase();
        for value in [other.as_str(), near.as_str(), &right()[..62], &format!("{}00", right()), "{}"] {
            let found = with(&"0".repeat(64), &[("X-Relayed", value)]).run();
            assert!(!found.is_proved(), "{value}: {found:?}");
        }
        // More values than anybody sends are not all hashed.
        let many: Vec<(String, String)> = (0..40).map(|n| (format!("X-{n}"), format!("{n:064x}"))).collect();
        let mut fields: Vec<(&str, &str)> = many.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let right = right();
        fields.push(("X-Last", &right));
        assert!(!with(&"0".repeat(64), &fields).run().is_proved());
    }

    #[test]
    fn a_plain_token_is_meant_to_be_sent() {
        let token = super::Scheme {
            proof: super::Proof::Token,
            content: super::super::super::SignedContent::secret(),
            signature: super::SignatureValue::header("X-Token"),
            timestamp: None,
            ..super::Scheme::default()
        };
        let key = secret(SECRET.as_bytes());
        let head =
            |name: &str| crate::http::Head::from(format!("POST / HTTP/1.1\r\nX-Token: no\r\n{name}: {SECRET}\r\n\r\n"));
        let run = |head: &crate::http::Head| {
            let request = super::Request {
                head,
                body: b"{}",
                received_at: jiff::Timestamp::UNIX_EPOCH,
                intake: &crate::delivery::Intake::Complete,
                scheme: &token,
                secrets: &[&key],
                others: &[],
                history: &super::super::History::default(),
            };
            super::super::diagnose(&request, &super::Budget { depth: Depth::One, ..super::Budget::default() })
        };
        let found = run(&head("X-Other"));
        assert_eq!((first(&found), found.causes[0].kind), (vec!["signature_misplaced"], CauseKind::Proof));
    }
}
