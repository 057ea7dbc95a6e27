//! The catalogue's schemes against requests with their right signature: made or accepted by the senders' own
//! libraries where the scheme says so, computed by an independent implementation otherwise.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use serde_json::Value;

use super::*;
use crate::delivery::{Judgement, Verdict};
use crate::http::Head;
use crate::signature::scheme::Parts;
use crate::signature::{Secret, SecretOrigin, SigningKind, judge, sign_request};

struct Vector {
    id: String,
    scheme: Scheme,
    head: Head,
    body: Vec<u8>,
    secret: Secret,
    at: Timestamp,
}

fn vectors() -> Vec<Value> {
    serde_json::from_str(include_str!("../../../assets/fixtures/scheme-vectors.json")).unwrap()
}

fn text<'v>(vector: &'v Value, key: &str) -> Option<&'v str> {
    vector.get(key).and_then(Value::as_str)
}

fn secret(text: &str) -> Secret {
    Secret::new("dev", text.as_bytes().to_vec(), SecretOrigin::Typed)
}

/// The request as it comes over the wire.
fn read_vector(vector: &Value) -> Vector {
    let mut scheme = named(text(vector, "scheme").unwrap()).unwrap();
    let url = text(vector, "url").unwrap();
    let host_at = url.find("://").unwrap() + 3;
    let path_at = url[host_at..].find(['/', '?']).map_or(url.len(), |at| host_at + at);
    let target = if path_at == url.len() { "/" } else { &url[path_at..] };
    let mut lines = format!("{} {target} HTTP/1.1\r\n", text(vector, "method").unwrap()).into_bytes();
    let fields = vector["headers"].as_array().unwrap();
    let named_host = fields.iter().any(|field| field[0].as_str().unwrap().eq_ignore_ascii_case("host"));
    if !named_host {
        lines.extend(format!("Host: {}\r\n", &url[host_at..path_at]).bytes());
    }
    for field in fields {
        lines.extend(format!("{}: {}\r\n", field[0].as_str().unwrap(), field[1].as_str().unwrap()).bytes());
    }
    lines.extend(b"\r\n");
    // The vector's is the URL as the sender knows it.
    scheme.url = Some(url.to_owned());
    for (name, value) in vector.get("config").and_then(Value::as_object).into_iter().flatten() {
        scheme.settings.insert(name.clone(), value.as_str().unwrap().to_owned());
    }
    let body = match text(vector, "body_base64") {
        Some(encoded) => BASE64_STANDARD.decode(encoded).unwrap(),
        None => text(vector, "body").unwrap_or_default().as_bytes().to_vec(),
    };
    let at = vector["at"].as_i64().unwrap();
    Vector {
        id: text(vector, "id").unwrap().to_owned(),
        scheme,
        head: Head::read(lines.into()),
        body,
        secret: secret(text(vector, "public_key").or(text(vector, "secret")).unwrap_or_default()),
        at: Timestamp::from_second(at).unwrap(),
    }
}

fn judged(vector: &Vector, secret: &Secret) -> Judgement {
    judge(&vector.scheme, [secret], &vector.head, &vector.body, vector.at)
}

#[test]
fn every_vector_verifies_and_is_fresh() {
    let mut failures = Vec::new();
    for vector in vectors().iter().map(read_vector) {
        let judgement = judged(&vector, &vector.secret);
        if judgement.verdict != Verdict::Verified {
            failures.push(format!("{}: {:?} {:?}", vector.id, judgement.verdict, judgement.note));
        } else if judgement.timestamp.as_ref().is_some_and(|facts| facts.fresh != Some(true)) {
            failures.push(format!("{}: {:?}", vector.id, judgement.timestamp));
        }
    }
    assert!(failures.is_empty(), "{} of {}:\n{}", failures.len(), vectors().len(), failures.join("\n"));
}

#[test]
fn a_changed_request_and_another_key_do_not_verify() {
    let mut failures = Vec::new();
    let mut changed_count = 0;
    for raw in vectors() {
        let vector = read_vector(&raw);
        if let Some(change) = raw.get("changed").and_then(Value::as_object) {
            let mut changed = raw.clone();
            for (key, value) in change {
                changed[key] = value.clone();
            }
            changed_count += 1;
            let changed = read_vector(&changed);
            if judged(&changed, &changed.secret).verdict == Verdict::Verified {
                failures.push(format!("{}: changed", vector.id));
            }
        }
        if let Some(own) = text(&raw, "secret") {
            let other = secret(&format!("{}Zz", &own[..own.len().saturating_sub(2)]));
            if text(&raw, "public_key").is_none() && judged(&vector, &other).verdict == Verdict::Verified {
                failures.push(format!("{}: another secret", vector.id));
            }
        }
    }
    assert!(changed_count > 100, "{changed_count}");
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// What is signed here with the vector's timestamp is the vector's own signature, unless an asymmetric one.
#[test]
fn the_same_signature_is_made_where_one_can_be() {
    let mut failures = Vec::new();
    let mut made = 0;
    for raw in vectors() {
        let vector = read_vector(&raw);
        let (Some(own), true) = (text(&raw, "signature"), vector.scheme.algorithm().is_some()) else { continue };
        let mut parts =
            Parts { head: Some(&vector.head), body: &vector.body, scheme: Some(&vector.scheme), ..Parts::default() };
        let read = vector.scheme.signature.read(&parts, &vector.head).unwrap();
        parts.value = Some(&read);
        let stamp = vector.scheme.timestamp.as_ref().and_then(|place| place.value(&parts)).unwrap_or_default();
        let stamp = String::from_utf8(stamp.into_owned()).unwrap();
        match sign_request(&vector.scheme, &vector.secret, &vector.head, &stamp, &vector.body) {
            Ok(value) if value.contains(own) => made += 1,
            // The vector's own lists other headers, or was signed with the port in its URL: ours must verify as well.
            Ok(value) => {
                let head = vector.head.with(vector.scheme.signature_header(), &value);
                let judgement = judge(&vector.scheme, [&vector.secret], &head, &vector.body, vector.at);
                if judgement.verdict != Verdict::Verified {
                    failures.push(format!("{}: {value} without {own}", vector.id));
                }
            }
            Err(crate::signature::SignError::NotSigned(_)) => {}
            Err(error) => failures.push(format!("{}: {error}", vector.id)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(made > 120, "{made}");
}

#[test]
fn every_section_is_a_scheme_and_says_whether_it_covers_the_body() {
    let all = all();
    assert_eq!(all.len(), names().count());
    let mut failures = Vec::new();
    for entry in &all {
        match entry.scheme() {
            Ok(scheme) => {
                let said = !matches!(
                    entry.covers,
                    Coverage::No | Coverage::Crc32 | Coverage::ChosenFields | Coverage::OneField
                );
                if said && !scheme.covers_body() {
                    failures.push(format!("{}: {:?}", entry.name, entry.covers));
                }
                // What is shown of a template is that template again.
                let shown = scheme.content.to_string();
                let is_list = shown.contains("sorted(") || shown.contains('\u{240a}') || shown.contains("\\n");
                if !is_list && crate::signature::SignedContent::read(&shown).as_ref() != Ok(&scheme.content) {
                    failures.push(format!("{}: {shown}", entry.name));
                }
            }
            Err(error) => failures.push(format!("{}: {error}", entry.name)),
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn names_are_sorted_once_and_found() {
    let all: Vec<&str> = names().skip(1).collect();
    let mut sorted = all.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(all, sorted);
    assert!(named("trackpilots").unwrap() == Scheme::default());
    assert_eq!(named("hubspot").unwrap().name, "hubspot-v3");
    let error = named("gihtub").unwrap_err().to_string();
    assert!(
        error.starts_with("unknown scheme 'gihtub' (did you mean github") && error.contains("whyhook schemes"),
        "{error}"
    );
}

#[test]
fn what_is_signed_verifies_under_every_scheme_that_can_be_signed() {
    let now = Timestamp::from_millisecond(1_746_123_456_789).unwrap();
    let key = "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";
    let mut signed = 0;
    for entry in all() {
        let scheme = entry.scheme().unwrap();
        let mut request =
            crate::http::Outgoing::post(&"localhost:3000/x?a=1".parse().unwrap(), r#"{"event":"x"}"#).unwrap();
        if let Some(id) = scheme.id_header() {
            request.set(id, "msg_1").unwrap();
        }
        for key in [key, "c2VjcmV0c2VjcmV0c2VjcmV0", "0b1f2c3d4e5f60718293a4b5c6d7e8f90b1f2c3d4e5f6071"] {
            let secret = secret(key);
            let mut request = request.clone();
            let signing = crate::signature::Signing { kind: SigningKind::Developer, scheme: &scheme, secret: &secret };
            if signing.apply(&mut request, now).is_err() {
                continue;
            }
            signed += 1;
            let judgement = judge(&scheme, [&secret], &request.head(), &request.body, now);
            assert_eq!(judgement.verdict, Verdict::Verified, "{}: {:?}", entry.name, judgement.note);
        }
    }
    assert!(signed > 300, "{signed}");
}

/// Beside the vectors: what some senders do only sometimes.
#[test]
fn a_full_stop_comes_with_form_fields_alone_and_a_word_may_be_missing() {
    let plivo = named("plivo-v3").unwrap();
    let head = Head::from("GET /x?b=2&a=1 HTTP/1.1\r\nHost: h\r\nX-Plivo-Signature-V3-Nonce: n\r\n\r\n");
    let url = b"https://h/x?b=2&a=1";
    let content = |body: &'static [u8]| {
        let parts = Parts { url, body, head: Some(&head), scheme: Some(&plivo), ..Parts::default() };
        String::from_utf8(plivo.content.bytes(&parts).unwrap()).unwrap()
    };
    assert_eq!(content(b""), "https://h/x?a=1&b=2.n");
    assert_eq!(content(b"z=1&y=2"), "https://h/x?a=1&b=2.y2z1.n");

    let cavage = named("http-signatures-cavage").unwrap();
    for (name, value) in
        [("Authorization", "Signature keyId=\"k\",signature=\"abc=\""), ("Signature", "signature=\"abc=\"")]
    {
        let head = Head::from(format!("POST / HTTP/1.1\r\n{name}: {value}\r\n\r\n"));
        let read = cavage.signature.read(&Parts::default(), &head).unwrap();
        assert_eq!(read.candidates, [b"abc=".to_vec()], "{name}");
    }
}

/// A request chooses what it lists: its content is no longer than its head.
#[test]
fn headers_that_are_listed_as_signed_are_bounded() {
    let cavage = named("http-signatures-cavage").unwrap();
    let content = |listed: &str| {
        let fields: String = (0..70).map(|number| format!("X{number}: v\r\n")).collect();
        let value = format!("Signature keyId=\"k\",headers=\"{listed}\",signature=\"abc=\"");
        let head = Head::from(format!("POST / HTTP/1.1\r\nHost: h\r\n{fields}Authorization: {value}\r\n\r\n"));
        let mut parts = Parts { head: Some(&head), scheme: Some(&cavage), ..Parts::default() };
        let read = cavage.signature.read(&parts, &head).unwrap();
        parts.value = Some(&read);
        cavage.content.bytes(&parts).map(|content| String::from_utf8(content).unwrap())
    };
    let names = |count: usize| (0..count).map(|number| format!("x{number}")).collect::<Vec<_>>().join(" ");
    assert_eq!(content("x1 host x2").as_deref(), Some("x1: v\nhost: h\nx2: v"));
    assert!(content(&names(64)).is_some());
    assert_eq!(content(&names(65)), None);
    assert_eq!(content("x1 X1"), None);
}

#[test]
fn the_event_s_name_is_where_the_sender_has_it() {
    let head = Head::from("POST / HTTP/1.1\r\nHost: h\r\nX-GitHub-Event: ping\r\n\r\n");
    let name = |scheme: &str, body: &[u8]| named(scheme).unwrap().event_name(&head, body);
    assert_eq!(name("github", b"{}").as_deref(), Some("ping"));
    assert_eq!(name("stripe", br#"{"type":"charge.succeeded"}"#).as_deref(), Some("charge.succeeded"));
    assert_eq!(name("hubspot-v3", br#"[{"subscriptionType":"a"},{}]"#).as_deref(), Some("a"));
    assert_eq!(name("stripe", b"[1"), None);
    assert_eq!(name("stripe", format!("{{\"type\":\"{}\"}}", "x".repeat(300)).as_bytes()), None);
    assert_eq!(name("trackpilots", b"{}"), None);
}

/// By MessageBird's library the claim may be absent of a delivery without a body, and of no other.
#[test]
fn a_body_that_is_not_there_needs_no_hash() {
    let scheme = named("messagebird-jwt").unwrap();
    let key = secret("a-signing-key");
    let head = |token: &str| {
        Head::from(format!("POST /m HTTP/1.1\r\nHost: h.example\r\nMessageBird-Signature-JWT: {token}\r\n\r\n"))
    };
    let encode = |text: &str| base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, text);
    let url_hash = hex::encode(crate::signature::Algorithm::Sha256.hash(|sink| sink(b"https://h.example/m")));
    let claims = format!("{{\"iss\":\"MessageBird\",\"jti\":\"1\",\"url_hash\":\"{url_hash}\"}}");
    let signed = format!("{}.{}", encode("{\"alg\":\"HS256\"}"), encode(&claims));
    let mut state = crate::signature::Algorithm::Sha256.keyed(b"a-signing-key");
    state.update(signed.as_bytes());
    let tag = base64::Engine::encode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, state.finish());
    let without = head(&format!("{signed}.{tag}"));
    let verdict = |head: &Head, body: &[u8]| judge(&scheme, [&key], head, body, Timestamp::UNIX_EPOCH).verdict;
    assert_eq!(verdict(&without, b""), Verdict::Verified);
    assert_eq!(verdict(&without, b"{}"), Verdict::Mismatch);
    for body in [&b""[..], b"{}"] {
        let token = sign_request(&scheme, &key, &head("x"), "0", body).unwrap();
        assert_eq!(verdict(&head(&token), body), Verdict::Verified);
        let claims = token.split('.').nth(1).unwrap();
        let claims = base64::Engine::decode(&base64::prelude::BASE64_URL_SAFE_NO_PAD, claims).unwrap();
        assert!(String::from_utf8(claims).unwrap().contains("\"jti\":"), "its library demands an id");
    }
}

#[test]
fn the_documents_say_how_many_there_are() {
    let count = names().count().to_string();
    for (file, text) in [
        ("README.md", include_str!("../../../README.md")),
        ("docs/schemes.md", include_str!("../../../docs/schemes.md")),
        ("docs/signatures.md", include_str!("../../../docs/signatures.md")),
    ] {
        assert!(text.contains(&format!("{count} ")), "{file} does not say {count}");
    }
}

/// A receiver parses a body before it takes members from it, and so refuses one that is broken behind them.
#[test]
fn a_body_that_is_not_json_has_no_members_to_sign() {
    let scheme: Scheme = toml::from_str::<crate::signature::SchemeDescription>(
        "signature = \"json:/signature\"\ntimestamp = \"none\"\ncontent = \"{json:/token}\"\n",
    )
    .unwrap()
    .scheme()
    .unwrap();
    let secret = secret("a secret");
    let mut keyed = crate::signature::Algorithm::Sha256.keyed(secret.expose());
    keyed.update(b"17");
    let signature = hex::encode(keyed.finish());
    let judged = |tail: &str| {
        let body = format!("{{\"token\":17,\"signature\":\"{signature}\"{tail}");
        let head = Head::from("POST / HTTP/1.1\r\n\r\n".to_owned());
        judge(&scheme, [&secret], &head, body.as_bytes(), jiff::Timestamp::UNIX_EPOCH)
    };
    assert_eq!(judged(",\"a\":[1]}").verdict, Verdict::Verified);
    for broken in ["", ",\"a\":[1x]}", "}}"] {
        let judgement = judged(broken);
        assert_eq!(judgement.verdict, Verdict::MalformedSignature, "{broken}");
        assert!(judgement.note.unwrap().starts_with("the body is not valid JSON"), "{broken}");
    }
}

#[test]
fn a_name_is_known_as_people_write_it() {
    for (written, name) in [
        ("GitHub", "github"),
        ("STRIPE", "stripe"),
        ("Standard_Webhooks", "standard-webhooks"),
        ("HubSpot", "hubspot-v3"),
        ("TrackPilots", "trackpilots"),
    ] {
        assert_eq!(entry(written).unwrap().name, name);
    }
    let error = named("GihHub").unwrap_err();
    assert_eq!((error.name.as_str(), error.near[0].as_str()), ("GihHub", "github"));
}
