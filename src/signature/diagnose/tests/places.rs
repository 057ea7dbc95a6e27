//! Schemes that have their signature in one of several headers, and those whose requests list what is signed.

use jiff::Timestamp;

use super::super::*;
use crate::delivery::{Judgement, Verdict};
use crate::signature::{Algorithm, Scheme, SecretOrigin, catalogue};

const NOW: i64 = 1_795_874_400;
const DATE: &str = "Sat, 28 Nov 2026 14:00:00 GMT";
const BODY: &[u8] = br#"{"amount":1}"#;

fn secret(text: &str) -> Secret {
    Secret::new("dev", text.as_bytes().to_vec(), SecretOrigin::Typed)
}

fn base64(bytes: impl AsRef<[u8]>) -> String {
    base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes)
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> String {
    let mut state = Algorithm::Sha256.keyed(key);
    parts.iter().for_each(|part| state.update(part));
    base64(state.finish())
}

fn judged(scheme: &Scheme, key: &Secret, head: &Head, body: &[u8]) -> (Judgement, Diagnosis) {
    let received_at = Timestamp::from_second(NOW + 3).unwrap();
    let request = Request {
        head,
        body,
        received_at,
        intake: &Intake::Complete,
        scheme,
        secrets: &[key],
        others: &[],
        history: &History::default(),
    };
    let diagnosis = diagnose(&request, &Budget { depth: Depth::One, ..Budget::default() });
    (crate::signature::judge(scheme, [key], head, body, received_at), diagnosis)
}

/// A draft-cavage delivery with these signed components, in this header, and the digest of its body.
fn cavage(header: &str, listed: &str, body: &[u8]) -> Head {
    let digest = format!("SHA-256={}", base64(Algorithm::Sha256.hash(|sink| sink(body))));
    let lines = listed.split(' ').map(|name| match name {
        "(request-target)" => "(request-target): post /c".to_owned(),
        "date" => format!("date: {DATE}"),
        _ => format!("digest: {digest}"),
    });
    let signed = lines.collect::<Vec<_>>().join("\n");
    let signature = hmac(b"apikey-0123456789abcdef", &[signed.as_bytes()]);
    Head::from(format!(
        "POST /c HTTP/1.1\r\nHost: h.example\r\nDate: {DATE}\r\nDigest: {digest}\r\n{header}: \
         keyId=\"k\",headers=\"{listed}\",signature=\"{signature}\"\r\n\r\n"
    ))
}

#[test]
fn what_is_not_listed_as_signed_ties_nothing_and_is_explained() {
    let (scheme, key) = (catalogue::named("http-signatures-cavage").unwrap(), secret("apikey-0123456789abcdef"));
    for header in ["Signature", "Authorization"] {
        let (whole, _) = judged(&scheme, &key, &cavage(header, "(request-target) date digest", BODY), BODY);
        assert_eq!(whole.verdict, Verdict::Verified);
        assert_eq!((whole.timestamp.unwrap().fresh, whole.note), (Some(true), None));
        // Without the digest another body has the same signature.
        for body in [BODY, br#"{"amount":1000000}"#] {
            let (loose, diagnosis) = judged(&scheme, &key, &cavage(header, "(request-target) date", body), body);
            assert_eq!(loose.verdict, Verdict::Mismatch);
            let note = loose.note.unwrap();
            assert!(note.contains("the header Digest is not signed") && note.contains("contain digest"), "{note}");
            let change = &diagnosis.causes[0].changes[0];
            assert_eq!(change.code, CauseCode::SignedValueDiffers, "{diagnosis:#?}");
            assert!(change.detail.contains("it must be listed"), "{change:#?}");
            assert!(diagnosis.causes[0].fix.contains("must name it"), "{diagnosis:#?}");
        }
        let (undated, _) = judged(&scheme, &key, &cavage(header, "digest", BODY), BODY);
        assert_eq!((undated.verdict, undated.timestamp), (Verdict::Verified, None));
        assert!(undated.note.unwrap().contains("its timestamp is not signed"));
    }
}

#[test]
fn a_signature_in_any_of_the_scheme_s_headers_is_not_missing() {
    let (scheme, key) = (catalogue::named("http-signatures-cavage").unwrap(), secret("apikey-0123456789abcdef"));
    let head = cavage("Signature", "(request-target) date digest", BODY);
    let (judgement, diagnosis) = judged(&scheme, &key, &head, br#"{"amount":2}"#);
    assert_eq!(judgement.verdict, Verdict::Mismatch);
    let codes: Vec<CauseCode> = diagnosis.causes.iter().flat_map(|cause| &cause.changes).map(|own| own.code).collect();
    assert_eq!(codes, [CauseCode::SignedValueDiffers], "{diagnosis:#?}");

    let names = [
        ("box", "BOX-SIGNATURE-SECONDARY"),
        ("shopify", "Shopify-Hmac-Sha256"),
        ("aftership", "as-signature-hmac-sha256"),
        ("fourthwall", "X-Fourthwall-Hmac-Apps-SHA256"),
    ];
    for (name, header) in names {
        let scheme = catalogue::named(name).unwrap();
        let stamp = "2026-11-28T14:00:00Z";
        let signature = match name {
            "box" => hmac(b"a-key-of-some-length", &[BODY, stamp.as_bytes()]),
            _ => hmac(b"a-key-of-some-length", &[BODY]),
        };
        let head = Head::from(format!(
            "POST /c HTTP/1.1\r\nHost: h.example\r\nBOX-DELIVERY-TIMESTAMP: {stamp}\r\n{header}: {signature}\r\n\r\n"
        ));
        let (right, _) = judged(&scheme, &secret("a-key-of-some-length"), &head, BODY);
        assert_eq!(right.verdict, Verdict::Verified, "{name}");
        let (_, diagnosis) = judged(&scheme, &secret("another-key-entirely"), &head, BODY);
        let mut codes = diagnosis.causes.iter().flat_map(|cause| &cause.changes).map(|own| own.code);
        assert!(!codes.any(|code| code == CauseCode::SignatureHeaderMissing), "{name}: {diagnosis:#?}");
    }
}
