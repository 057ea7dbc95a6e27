//! Under every scheme of the catalogue, one mistake is the first cause, and nothing that the scheme itself does is one.

use jiff::Timestamp;

use super::super::*;
use crate::signature::{
    Algorithm, Encoding, Proof, Scheme, SecretOrigin, SignatureValue, SignedContent, SigningKind, StampUnit,
    TemplatePiece, catalogue, sign_request,
};

const NOW: i64 = 1_795_874_400;
const BODY: &[u8] =
    b"{\"id\":\"evt_1\",\"type\":\"thing.created\",\"amount\":10.50,\"list\":[1,true,null],\"name\":\"Zo\xc3\xab\"}";
const FORM: &[u8] = b"id=evt_1&type=thing.created&name=Zo%C3%AB+B&empty=";

/// A secret that is a key under every scheme of a shared secret.
fn secret(scheme: &Scheme) -> Secret {
    for text in [
        "0b1f2c3d4e5f60718293a4b5c6d7e8f90b1f2c3d4e5f60718293a4b5c6d7e8f9",
        "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
        "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0",
    ] {
        let secret = Secret::new("dev", text.as_bytes().to_vec(), SecretOrigin::Typed);
        let parts =
            crate::signature::scheme::Parts { secret: text.as_bytes(), scheme: Some(scheme), ..Default::default() };
        let is_decoded =
            scheme.key == SignedContent::secret() || scheme.key.bytes(&parts).as_deref() != Some(text.as_bytes());
        if scheme.key.bytes(&parts).is_some() && is_decoded {
            return secret;
        }
    }
    Secret::new("dev", b"c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0".to_vec(), SecretOrigin::Typed)
}

/// Schemes whose requests can be made and broken here: a digest in a header.
fn schemes() -> Vec<Scheme> {
    let mut all = Vec::new();
    for entry in catalogue::all() {
        let scheme = entry.scheme().unwrap();
        let is_made = scheme.algorithm().is_some()
            && scheme.signature.header_name().is_some()
            && scheme.written("x", "1").is_some()
            && scheme.missing_settings().is_empty();
        if is_made && sign_request(&scheme, &secret(&scheme), &head(&scheme, &[]), "1795874400", body(&scheme)).is_ok()
        {
            all.push(scheme);
        }
    }
    assert!(all.len() > 130, "{}", all.len());
    all
}

fn body(scheme: &Scheme) -> &'static [u8] {
    if scheme.content.to_string().contains("fields_by_name") { FORM } else { BODY }
}

/// A request of the scheme with these fields after its own.
fn head(scheme: &Scheme, fields: &[(&str, &str)]) -> Head {
    let mut text =
        "POST /hooks/in?a=1 HTTP/1.1\r\nHost: hooks.example.com\r\nContent-Type: application/json\r\n".to_owned();
    if let Some(name) = scheme.id_header() {
        text.push_str(&format!("{name}: msg_1\r\n"));
    }
    if !scheme.timestamp_header().is_empty() {
        text.push_str(&format!("{}: {NOW}\r\n", scheme.timestamp_header()));
    }
    // What else some of them sign.
    for name in ["x-request-id", "X-Plivo-Signature-V3-Nonce", "X-Plivo-Signature-V2-Nonce", "Finch-Event-Id"] {
        text.push_str(&format!("{name}: nonce-1\r\n"));
    }
    for (name, value) in fields {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    Head::from(text + "\r\n")
}

/// The diagnosis of a request that was signed as `signer` says over `signed`, and is judged by `scheme`.
fn diagnosed(scheme: &Scheme, signer: &Scheme, signed: &[u8], sent: &[u8], key: &Secret) -> Option<Diagnosis> {
    let value = sign_request(signer, key, &head(scheme, &[]), &NOW.to_string(), signed).ok()?;
    told(scheme, &value, sent)
}

fn told(scheme: &Scheme, value: &str, sent: &[u8]) -> Option<Diagnosis> {
    let head = head(scheme, &[(scheme.signature_header(), value)]);
    let own = secret(scheme);
    let request = Request {
        head: &head,
        body: sent,
        received_at: Timestamp::from_second(NOW).ok()?,
        intake: &Intake::Complete,
        scheme,
        secrets: &[&own],
        others: &[],
        history: &History::default(),
    };
    Some(diagnose(&request, &Budget { depth: Depth::Pairs, ..Budget::default() }))
}

/// The codes of the first cause.
fn first(diagnosis: &Diagnosis) -> Vec<&'static str> {
    diagnosis
        .causes
        .first()
        .map_or_else(Vec::new, |cause| cause.changes.iter().map(|change| change.code.code()).collect())
}

fn check(what: &str, expected: &[&str], made: impl Fn(&Scheme) -> Option<Diagnosis>, least: usize) {
    let mut failures = Vec::new();
    let mut count = 0;
    for scheme in schemes() {
        let Some(diagnosis) = made(&scheme) else { continue };
        count += 1;
        let codes = first(&diagnosis);
        if codes.len() != 1 || !expected.contains(&codes[0]) {
            let summary = diagnosis.causes.first().map(|cause| cause.summary.clone());
            failures.push(format!("{}: {codes:?} {summary:?}", scheme.name));
        }
    }
    assert!(failures.is_empty(), "{what}, {} of {count}:\n{}", failures.len(), failures.join("\n"));
    assert!(count >= least, "{what}: {count}");
}

#[test]
fn what_is_right_has_no_cause() {
    for scheme in schemes() {
        let diagnosis = diagnosed(&scheme, &scheme, body(&scheme), body(&scheme), &secret(&scheme)).unwrap();
        assert_eq!(first(&diagnosis), Vec::<&str>::new(), "{}", scheme.name);
        assert_eq!(diagnosis.verdict, crate::delivery::Verdict::Verified, "{}", scheme.name);
    }
}

#[test]
fn another_encoding_is_named() {
    let made = |scheme: &Scheme| {
        let encoding = if scheme.encoding == Encoding::Base64 { Encoding::Hex } else { Encoding::Base64 };
        let signer = Scheme { encoding, ..scheme.clone() };
        diagnosed(scheme, &signer, body(scheme), body(scheme), &secret(scheme))
    };
    check("encoding", &["signature_encoding"], made, 130);
}

#[test]
fn another_algorithm_is_named() {
    let made = |scheme: &Scheme| {
        let Proof::Hmac(own) = scheme.proof else { return None };
        let other = if own == Algorithm::Sha512 { Algorithm::Sha256 } else { Algorithm::Sha512 };
        let signer = Scheme { proof: Proof::Hmac(other), ..scheme.clone() };
        diagnosed(scheme, &signer, body(scheme), body(scheme), &secret(scheme))
    };
    check("algorithm", &["signature_algorithm"], made, 125);
}

#[test]
fn a_value_without_its_form_is_named() {
    let made = |scheme: &Scheme| {
        // Without the pairs there is no timestamp either, which is a second difference.
        let is_beside = scheme.timestamp.is_some() && scheme.timestamp_header().is_empty();
        if scheme.form().is_empty() || is_beside {
            return None;
        }
        let signer = Scheme { signature: SignatureValue::header(scheme.signature_header()), ..scheme.clone() };
        diagnosed(scheme, &signer, body(scheme), body(scheme), &secret(scheme))
    };
    check("form", &["signature_prefix"], made, 30);
}

#[test]
fn a_prefix_that_is_not_the_scheme_s_is_named() {
    let made = |scheme: &Scheme| {
        if !scheme.signature.is_bare() || scheme.encoding != Encoding::Hex {
            return None;
        }
        let mut signer = scheme.clone();
        signer.signature.prefix = "sha256=".to_owned();
        diagnosed(scheme, &signer, body(scheme), body(scheme), &secret(scheme))
    };
    check("prefix", &["signature_prefix"], made, 30);
}

#[test]
fn a_key_in_another_form_is_named() {
    let made = |scheme: &Scheme| {
        let is_text = scheme.key == SignedContent::secret();
        let key = if is_text { SignedContent::read("{secret|unhex}").ok()? } else { SignedContent::secret() };
        let signer = Scheme { key, ..scheme.clone() };
        // Plain hashes have the secret's text within, whatever the key; some forms leave this secret as it is.
        matches!(scheme.proof, Proof::Hmac(_)).then_some(())?;
        let key_of = |maker: &Scheme| crate::signature::verify::key_bytes(maker, &secret(scheme));
        (key_of(&signer) != key_of(scheme)).then_some(())?;
        diagnosed(scheme, &signer, body(scheme), body(scheme), &secret(scheme))
    };
    check("key", &["secret_hex", "secret_base64", "secret_prefix", "secret_hashed"], made, 120);
}

#[test]
fn a_body_that_was_serialised_again_is_named() {
    let again = b"{\n  \"id\": \"evt_1\",\n  \"type\": \"thing.created\",\n  \"amount\": 10.5,\n  \"list\": [\n    1,\n    true,\n    null\n  ],\n  \"name\": \"Zo\xc3\xab\"\n}";
    let made = |scheme: &Scheme| {
        let covers_bytes = scheme.content.covers(&TemplatePiece::Body);
        (covers_bytes && body(scheme) == BODY).then(|| diagnosed(scheme, scheme, again, BODY, &secret(scheme)))?
    };
    check("body", &["body_reserialized"], made, 120);
}

#[test]
fn a_timestamp_in_another_unit_is_named() {
    let made = |scheme: &Scheme| {
        if scheme.timestamp_header().is_empty() || !scheme.content.covers(&TemplatePiece::Timestamp) {
            return None;
        }
        let stamp = (NOW * 1000).to_string();
        let value = sign_request(scheme, &secret(scheme), &head(scheme, &[]), &stamp, body(scheme)).ok()?;
        told(scheme, &value, body(scheme))
    };
    check("unit", &["timestamp_unit"], made, 20);
}

#[test]
fn another_url_is_named() {
    let made = |scheme: &Scheme| {
        let signs_it = scheme.signs_url() && scheme.binds.is_empty();
        let signer = Scheme { url: Some("http://hooks.example.com/hooks/in".to_owned()), ..scheme.clone() };
        let made = signs_it.then(|| diagnosed(scheme, &signer, body(scheme), body(scheme), &secret(scheme)))??;
        // Of some, only a parameter is signed, which these URLs have not.
        (made.verdict != crate::delivery::Verdict::Verified).then_some(made)
    };
    check("url", &["url_differs"], made, 5);
}

#[test]
fn advice_names_the_scheme_s_own() {
    for scheme in schemes().into_iter().filter(|scheme| !scheme.is_plain()) {
        for &code in CauseCode::ALL {
            let advice = super::super::fixes::fix(code, &scheme);
            let own = scheme.signature_header().starts_with("X-Webhook-");
            let is_foreign =
                (advice.contains("X-Webhook-") && !own) || (advice.contains("64 ") && advice.contains("digit"));
            assert!(!is_foreign, "{}, {}: {advice}", scheme.name, code.code());
            assert!(!advice.contains("  ") && !advice.contains("()"), "{}, {}: {advice}", scheme.name, code.code());
        }
    }
}

#[test]
fn units_are_the_scheme_s_where_it_has_one() {
    let workos = catalogue::named("workos").unwrap();
    assert_eq!(workos.timestamp_unit, Some(StampUnit::Milliseconds));
    let moment = Timestamp::from_millisecond(1_746_123_456_789).unwrap();
    assert_eq!(workos.timestamp_text(SigningKind::Developer, moment), "1746123456789");
    assert_eq!(Scheme::default().timestamp_text(SigningKind::Developer, moment), "1746123456");
}

/// A request judged by a described scheme, with another webhook's secret known.
fn told_of(toml: &str, head: &str, body: &[u8], other: &str) -> Diagnosis {
    let description: crate::signature::SchemeDescription = toml::from_str(toml).unwrap();
    let scheme = description.scheme().unwrap();
    let secret = |text: &str| Secret::new("dev", text.as_bytes().to_vec(), SecretOrigin::Typed);
    let (own, other) = (secret("c2VjcmV0c2VjcmV0c2VjcmV0"), secret(other));
    let request = Request {
        head: &Head::from(head.to_owned()),
        body,
        received_at: Timestamp::UNIX_EPOCH,
        intake: &Intake::Complete,
        scheme: &scheme,
        secrets: &[&own],
        others: &[&other],
        history: &History::default(),
    };
    diagnose(&request, &Budget { depth: Depth::One, ..Budget::default() })
}

#[test]
fn a_secret_that_is_no_key_never_stands_for_the_empty_key() {
    let empty = {
        let mut state = Algorithm::Sha256.keyed(b"");
        state.update(b"{}");
        hex::encode(state.finish())
    };
    let head = format!("POST / HTTP/1.1\r\nHost: h\r\nX-Sig: {empty}\r\n\r\n");
    let toml = "signature = \"header:X-Sig\"\ntimestamp = \"none\"\ncontent = \"{body}\"\nkey = \"base64\"";
    let diagnosis = told_of(toml, &head, b"{}", "this is not base64!");
    assert_eq!(first(&diagnosis), ["secret_unset"]);
    let codes = diagnosis.causes.iter().flat_map(|cause| &cause.changes).map(|change| change.code);
    assert!(!codes.into_iter().any(|code| code == CauseCode::WrongSecret), "{diagnosis:#?}");
}

#[test]
fn a_signature_in_the_query_is_found_where_the_scheme_has_it() {
    let toml = "signature = \"query:sign\"\ntimestamp = \"none\"\ncontent = \"{body}\"";
    let diagnosis = told_of(toml, "POST /x?sign=00ff HTTP/1.1\r\nHost: h\r\n\r\n", b"{}", "another secret");
    let summary = &diagnosis.causes[0].summary;
    assert!(!summary.contains("no signature at"), "{summary}");
    let diagnosis = told_of(toml, "POST /x HTTP/1.1\r\nHost: h\r\n\r\n", b"{}", "another secret");
    assert!(diagnosis.causes[0].summary.contains("query:sign"), "{}", diagnosis.causes[0].summary);
}
