//! Signatures with a private key: each mistake is the first cause, and a stranger's signature never a proof.

use std::sync::LazyLock;

use jiff::Timestamp;
use rstest::rstest;

use super::super::*;
use crate::signature::public_key::{PrivateKey, PublicKeyAlgorithm};
use crate::signature::{Algorithm, Encoding, SchemeDescription, SecretOrigin};

const NOW: i64 = 1_746_123_460;
const BODY: &[u8] = b"{ \"id\": \"evt_1\", \"amount\": 10.50, \"name\": \"Caf\xc3\xa9\" }";

#[derive(serde::Deserialize)]
struct Recorded {
    keys: std::collections::BTreeMap<String, RecordedKey>,
}

#[derive(serde::Deserialize)]
struct RecordedKey {
    private_forms: std::collections::BTreeMap<String, String>,
}

static RECORDED: LazyLock<Recorded> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../assets/fixtures/public-keys.json")).unwrap());

pub(super) fn private(name: &str) -> String {
    RECORDED.keys[name].private_forms["PKCS#8"].clone()
}

pub(super) fn public(name: &str) -> String {
    PrivateKey::read(private(name).as_bytes()).unwrap().public_key().to_pem()
}

fn secret(label: &str, text: &str) -> Secret {
    Secret::new(label, text.as_bytes().to_vec(), SecretOrigin::Typed)
}

/// A scheme of a public key, signed with the private key `signer` and judged with the text `given`.
struct SignedCase {
    algorithm: &'static str,
    content: &'static str,
    signer: &'static str,
    given: String,
    others: Vec<Secret>,
    depth: Depth,
}

impl SignedCase {
    fn new(algorithm: &'static str, signer: &'static str) -> Self {
        let content = "{timestamp}.{body}";
        Self { algorithm, content, signer, given: public(signer), others: Vec::new(), depth: Depth::One }
    }

    fn scheme(&self) -> Scheme {
        let toml = format!(
            "signature = \"header:X-Sig\"\ntimestamp = \"header:X-Time\"\ncontent = \"{}\"\nalgorithm = \"{}\"\n\
             encoding = \"base64\"\nurl = \"https://hooks.example/in\"",
            self.content, self.algorithm
        );
        toml::from_str::<SchemeDescription>(&toml).unwrap().scheme().unwrap()
    }

    fn sign(&self, algorithm: &str, message: &[u8]) -> Vec<u8> {
        let algorithm = PublicKeyAlgorithm::named(algorithm).unwrap();
        PrivateKey::read(private(self.signer).as_bytes()).unwrap().sign(algorithm, &[message]).unwrap()
    }

    fn run(&self, value: &str) -> Diagnosis {
        let head = Head::from(format!(
            "POST /in HTTP/1.1\r\nHost: tunnel.example\r\nX-Sig: {value}\r\nX-Time: 1746123456\r\n\r\n"
        ));
        let own = secret("own", &self.given);
        let others: Vec<&Secret> = self.others.iter().collect();
        let request = Request {
            head: &head,
            body: BODY,
            received_at: Timestamp::from_second(NOW).unwrap(),
            intake: &Intake::Complete,
            scheme: &self.scheme(),
            secrets: &[&own],
            others: &others,
            history: &History::default(),
        };
        diagnose(&request, &Budget { depth: self.depth, ..Budget::default() })
    }

    /// The codes of the first cause when this was signed instead.
    fn told(&self, message: &[u8]) -> Vec<&'static str> {
        codes(&self.run(&Encoding::Base64.encode(&self.sign(self.algorithm, message))))
    }
}

fn codes(diagnosis: &Diagnosis) -> Vec<&'static str> {
    let first = diagnosis.causes.first();
    first.map_or_else(Vec::new, |cause| cause.changes.iter().map(|change| change.code.code()).collect())
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// The algorithms of every kind of key that there is a private key of.
const ALGORITHMS: [(&str, &str); 4] =
    [("ed25519", "Ed25519"), ("ecdsa-sha256", "P-256"), ("rsa-sha256", "RSA"), ("rsa-pss-sha256", "RSA")];

#[test]
fn what_was_signed_instead_is_named_under_every_algorithm() {
    let compact = r#"{"id":"evt_1","amount":10.5,"name":"Café"}"#.as_bytes();
    for (algorithm, signer) in ALGORITHMS {
        let case = SignedCase::new(algorithm, signer);
        let t: &[u8] = b"1746123456.";
        assert_eq!(case.told(&joined(&[t, BODY])), Vec::<&str>::new(), "{algorithm}");
        assert_eq!(case.told(&joined(&[t, compact])), ["body_reserialized"], "{algorithm}");
        assert_eq!(case.told(&joined(&[t, BODY, b"\n"])), ["body_newline"], "{algorithm}");
        assert_eq!(case.told(&joined(&[t])), ["body_empty"], "{algorithm}");
        assert_eq!(case.told(&joined(&[b"1746123456000.", BODY])), ["timestamp_unit"], "{algorithm}");
        assert_eq!(case.told(BODY), ["content_template"], "{algorithm}");
        assert_eq!(case.told(&joined(&[b"1746123456", BODY])), ["content_template"], "{algorithm}");
        let hash = Algorithm::Sha256.hash(|sink| sink(&joined(&[t, BODY])));
        assert_eq!(case.told(&hash), ["content_template"], "{algorithm}");
        assert_eq!(case.told(hex::encode(&hash).as_bytes()), ["content_template"], "{algorithm}");
        assert_eq!(case.told(b"another message"), ["unexplained"], "{algorithm}");
        let url = SignedCase { content: "{url}{body}", ..SignedCase::new(algorithm, signer) };
        assert_eq!(url.told(&joined(&[b"https://tunnel.example/in", BODY])), ["url_differs"], "{algorithm}");
    }
}

#[test]
fn two_changes_are_found() {
    let compact = r#"{"id":"evt_1","amount":10.5,"name":"Café"}"#.as_bytes();
    for (algorithm, signer) in ALGORITHMS {
        let case = SignedCase { depth: Depth::Pairs, ..SignedCase::new(algorithm, signer) };
        let told = case.told(&joined(&[b"1746123456000.", compact]));
        assert_eq!(told, ["timestamp_unit", "body_reserialized"], "{algorithm}");
    }
}

#[rstest]
#[case("ecdsa-sha256", "P-256", "ecdsa-sha256-points", "signature_encoding")]
#[case("ecdsa-sha256-points", "P-256", "ecdsa-sha256", "signature_encoding")]
#[case("rsa-sha256", "RSA", "rsa-sha512", "signature_algorithm")]
#[case("rsa-sha256", "RSA", "rsa-sha1", "signature_algorithm")]
#[case("rsa-sha256", "RSA", "rsa-pss-sha256", "signature_algorithm")]
#[case("rsa-pss-sha512", "RSA", "rsa-sha256", "signature_algorithm")]
#[case("ed25519", "P-256", "ecdsa-sha256", "signature_algorithm")]
fn another_algorithm_or_form_is_named(
    #[case] configured: &'static str,
    #[case] signer: &'static str,
    #[case] used: &'static str,
    #[case] code: &str,
) {
    let case = SignedCase::new(configured, signer);
    let message = joined(&[b"1746123456.", BODY]);
    let value = Encoding::Base64.encode(&case.sign(used, &message));
    assert_eq!(codes(&case.run(&value)), [code]);
    let compact = joined(&[b"1746123456.", r#"{"id":"evt_1","amount":10.5,"name":"Café"}"#.as_bytes()]);
    let value = Encoding::Base64.encode(&case.sign(used, &compact));
    let both = SignedCase { depth: Depth::Pairs, ..case };
    assert_eq!(codes(&both.run(&value)), [code, "body_reserialized"]);
}

#[test]
fn another_encoding_and_form_of_the_value_are_named() {
    let case = SignedCase::new("ed25519", "Ed25519");
    let signature = case.sign("ed25519", &joined(&[b"1746123456.", BODY]));
    let told = |value: String| codes(&case.run(&value));
    assert_eq!(told(hex::encode(&signature)), ["signature_encoding"]);
    assert_eq!(told(Encoding::Base64urlNopad.encode(&signature)), ["signature_encoding"]);
    assert_eq!(told(format!("\"{}\"", Encoding::Base64.encode(&signature))), ["signature_encoding"]);
    assert_eq!(told(format!("v1={}", Encoding::Base64.encode(&signature))), ["signature_prefix"]);
    let cut = case.run(&Encoding::Base64.encode(&signature[..61]));
    assert_eq!((codes(&cut), cut.is_proved()), (vec!["signature_truncated"], false), "{cut:#?}");
}

#[test]
fn another_key_and_a_key_in_another_form_are_named() {
    let message = joined(&[b"1746123456.", BODY]);
    let mut case = SignedCase::new("ed25519", "Ed25519");
    let value = Encoding::Base64.encode(&case.sign("ed25519", &message));
    let foreign = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=\n-----END PUBLIC KEY-----";
    case.others = vec![secret("discord-live", &case.given)];
    case.given = foreign.to_owned();
    let found = case.run(&value);
    assert_eq!(codes(&found), ["wrong_secret"]);
    assert!(
        found.causes[0].summary.contains("discord-live") && found.causes[0].summary.contains("live key"),
        "{found:?}"
    );
    case.others.clear();
    case.given = private("Ed25519");
    let found = case.run(&value);
    assert_eq!((codes(&found), found.causes[0].kind), (vec!["private_key_given"], CauseKind::Alarm));
    case.given = format!("'{}'", Encoding::Base64.encode(&hex_key("Ed25519")));
    assert_eq!(codes(&case.run(&value)), ["secret_quoted"]);
    case.given = public("P-256");
    let found = case.run(&value);
    assert_eq!((codes(&found), found.is_proved()), (vec!["public_key_unusable"], false));
    assert!(found.causes[0].summary.contains("P-256"), "{}", found.causes[0].summary);
    case.given = "whsec_c2VjcmV0c2VjcmV0".to_owned();
    let found = case.run(&value);
    assert!(codes(&found) == ["public_key_unusable"] && found.causes[0].summary.contains("shared secret"), "{found:?}");
    assert!(!format!("{found:?}").contains("c2VjcmV0"));
}

fn hex_key(name: &str) -> Vec<u8> {
    PrivateKey::read(private(name).as_bytes()).unwrap().public_key().to_spki_der()[12..].to_vec()
}

#[test]
fn an_hmac_in_place_of_a_signature_and_the_reverse_are_named() {
    let message = joined(&[b"1746123456.", BODY]);
    let mut case = SignedCase::new("ed25519", "Ed25519");
    let shared = "a shared secret of some length";
    case.given = shared.to_owned();
    let mut state = Algorithm::Sha256.keyed(shared.as_bytes());
    state.update(&message);
    let found = case.run(&Encoding::Base64.encode(&state.finish()));
    assert_eq!(codes(&found), ["signature_algorithm"], "{found:#?}");
    assert!(found.causes[0].summary.contains("HMAC-SHA256 instead of Ed25519"), "{}", found.causes[0].summary);
    let hmac = SignedCase { algorithm: "hmac-sha256", ..SignedCase::new("ed25519", "Ed25519") };
    let found = hmac.run(&Encoding::Base64.encode(&hmac.sign("ed25519", &message)));
    assert_eq!(codes(&found), ["signature_algorithm"], "{found:#?}");
}

#[test]
fn rsa_tells_whether_the_key_made_the_signature() {
    let case = SignedCase::new("rsa-sha256", "RSA");
    let evidence = |value: &[u8]| -> Vec<&'static str> {
        let found = case.run(&Encoding::Base64.encode(value));
        assert_eq!((codes(&found), found.is_proved()), (vec!["unexplained"], false));
        found.evidence.iter().map(|told| told.code).filter(|code| code.starts_with("key_")).collect()
    };
    assert_eq!(evidence(&case.sign("rsa-sha256", b"another message")), ["key_fits"]);
    let mut changed = case.sign("rsa-sha256", b"another message");
    changed[9] ^= 1;
    assert_eq!(evidence(&changed), ["key_differs"]);
}

#[test]
fn nobodys_signature_is_a_proof() {
    for (algorithm, signer) in ALGORITHMS {
        let case = SignedCase { depth: Depth::Pairs, ..SignedCase::new(algorithm, signer) };
        for value in ["x", "AAAA", "v1=AAAA", "t=1,v1=00"] {
            let found = case.run(value);
            assert!(!found.is_proved(), "{algorithm} {value}: {found:#?}");
        }
        let mut signature = case.sign(algorithm, b"another message");
        for change in [0, signature.len() / 2, signature.len() - 1] {
            signature[change] ^= 0x10;
            let found = case.run(&Encoding::Base64.encode(&signature));
            assert!(!found.is_proved(), "{algorithm}: {found:#?}");
        }
    }
}

#[test]
fn the_search_ends_within_its_budget() {
    let case = SignedCase { depth: Depth::Pairs, ..SignedCase::new("ecdsa-sha256", "P-256") };
    let found = case.run(&Encoding::Base64.encode(&case.sign("ecdsa-sha256", b"another message")));
    assert!(!found.complete && found.tried <= 2_100, "{} of {:?}", found.tried, found.of);
    assert!(found.causes[0].summary.contains("stopped after"), "{}", found.causes[0].summary);
}

/// Whoever knows the public key may have signed with its text as a secret: no verdict takes that, and the diagnosis says it.
#[test]
fn a_public_key_as_a_shared_secret_is_an_alarm() {
    let case = SignedCase::new("hmac-sha256", "Ed25519");
    for key in [case.given.clone(), case.given.trim_end().to_owned()] {
        let mut state = Algorithm::Sha256.keyed(key.as_bytes());
        state.update(b"1746123456.");
        state.update(BODY);
        let found = case.run(&Encoding::Base64.encode(&state.finish()));
        let first = &found.causes[0];
        assert_eq!((first.changes[0].code.code(), first.kind), ("signature_algorithm", CauseKind::Alarm), "{found:#?}");
        assert!(first.summary.contains("anyone who has that key can sign"), "{found:#?}");
    }
}
