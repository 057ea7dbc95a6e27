//! Every form is the same key; what is none says why.

use proptest::prelude::*;
use rstest::rstest;

use super::super::{MOST_KEY_BYTES, PublicKeyError, PublicKeyKind, PublicKeyRemark, has_key_pair_form};
use super::*;

#[test]
fn every_form_is_the_same_key() {
    for (name, recorded) in &RECORDED.keys {
        let key = recorded.public();
        assert_eq!(key.to_spki_der(), recorded.spki(), "{name}");
        for (form, text) in &recorded.forms {
            let read = PublicKey::read(text.as_bytes());
            assert_eq!(read.as_ref(), Ok(&key), "{name}, {form}");
            let certificate = form.starts_with("certificate") || form == "chain";
            let remarks = read.unwrap().remarks().to_vec();
            assert_eq!(remarks.contains(&PublicKeyRemark::Certificate), certificate, "{name}, {form}");
            assert_eq!(remarks.contains(&PublicKeyRemark::FirstOfChain), form == "chain", "{name}, {form}");
            assert_eq!(remarks.contains(&PublicKeyRemark::ShortRsa), name == "RSA of 1024", "{name}, {form}");
        }
        assert_eq!(PublicKey::read(key.to_pem().as_bytes()).as_ref(), Ok(&key));
        assert_eq!(key.to_pem(), recorded.forms["PEM"]);
    }
}

#[test]
fn bytes_are_read_as_text_is() {
    let key = RecordedKey::named("Ed25519").public();
    let raw = hex::decode(&RecordedKey::named("Ed25519").forms["hexadecimal"]).unwrap();
    assert_eq!(PublicKey::read(&raw), Ok(key));
    for curve in ["P-256", "P-384", "P-521"] {
        let recorded = RecordedKey::named(curve);
        for point in ["point", "short point"] {
            assert_eq!(PublicKey::read(&hex::decode(&recorded.forms[point]).unwrap()), Ok(recorded.public()));
        }
    }
    for recorded in RECORDED.keys.values() {
        let der = BASE64_STANDARD.decode(&recorded.forms["certificate as DER in base64"]).unwrap();
        assert_eq!(PublicKey::read(&der), Ok(recorded.public()));
        let with_mark = format!("\u{feff}{}\n", recorded.forms["PEM"]);
        assert_eq!(PublicKey::read(with_mark.as_bytes()), Ok(recorded.public()));
    }
}

#[test]
fn kinds_sizes_and_names() {
    let described: Vec<_> = RECORDED
        .keys
        .values()
        .map(|recorded| {
            let key = recorded.public();
            assert!(format!("{key:?}").contains(&key.fingerprint()));
            (key.kind(), key.bits(), key.describe().split(" (").next().unwrap().to_owned())
        })
        .collect();
    let expected = [
        (PublicKeyKind::Ed25519, 256, "Ed25519 public key"),
        (PublicKeyKind::P256, 256, "P-256 public key"),
        (PublicKeyKind::P384, 384, "P-384 public key"),
        (PublicKeyKind::P521, 521, "P-521 public key"),
        (PublicKeyKind::Rsa, 2048, "RSA public key of 2048 bits"),
        (PublicKeyKind::Rsa, 1024, "RSA public key of 1024 bits"),
    ];
    assert_eq!(described, expected.map(|(kind, bits, words)| (kind, bits, words.to_owned())));
    // `openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64`, of RFC 8410's example.
    let key = PublicKey::read(b"MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=").unwrap();
    assert_eq!(key.fingerprint(), "SHA256:oekVYFTgT6yJmunydRMs3Ael28TqLCrTof/G4NJTaB8");
}

#[test]
fn a_private_key_is_an_alarm() {
    for (name, recorded) in &RECORDED.keys {
        for (form, text) in recorded.private_forms.iter().chain([(&"JWK".to_owned(), &recorded.private_jwk)]) {
            let error = PublicKey::read(text.as_bytes()).unwrap_err();
            assert!(matches!(error, PublicKeyError::PrivateKey { .. }), "{name}, {form}: {error}");
            assert!(error.to_string().starts_with("this is a private key ("), "{error}");
            if let Some(base64) = text.split('\n').nth(1) {
                assert!(!error.to_string().contains(base64));
                // Also beside its public half, and cut off.
                let both = format!("{}{text}", recorded.forms["PEM"]);
                assert!(matches!(PublicKey::read(both.as_bytes()), Err(PublicKeyError::PrivateKey { .. })));
                let cut = &text[..text.len() / 2];
                assert!(matches!(PublicKey::read(cut.as_bytes()), Err(PublicKeyError::PrivateKey { .. })));
            }
        }
    }
    for (form, text) in &RECORDED.locked {
        assert!(matches!(PublicKey::read(text.as_bytes()), Err(PublicKeyError::PrivateKey { .. })), "{form}");
    }
    let pair = RecordedKey::named("Ed25519").private_forms["whsk_, the pair"].trim_start_matches("whsk_");
    assert!(matches!(PublicKey::read(pair.as_bytes()), Err(PublicKeyError::PrivateKey { .. })));
    let set = format!(r#"{{"keys":[{}]}}"#, RecordedKey::named("P-256").private_jwk);
    assert_eq!(PublicKey::read(set.as_bytes()), Err(PublicKeyError::PrivateKey { form: "JWK with d" }));
}

#[test]
fn other_algorithms_are_named() {
    for (found, text) in &RECORDED.refused {
        let error = PublicKey::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(found.as_str()), "{found}: {error}");
    }
}

#[rstest]
#[case("", "the public key is empty: expected PEM (BEGIN PUBLIC KEY")]
#[case(" \r\n ", "the public key is empty")]
#[case("hello", "(5 characters, neither hexadecimal nor base64)")]
#[case("hello world, this is not a key!", "neither hexadecimal nor base64")]
#[case("c2hvcnQ=", "(5 bytes in base64)")]
#[case("00112233", "(4 bytes in hexadecimal)")]
#[case("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "this is a shared secret (whsec_)")]
#[case(r#"{"kty":"oct","k":"AAAA"}"#, "this is a shared secret (JWK with kty oct)")]
#[case("whpk_QQ==", "it has 1 byte where 32 are expected")]
#[case("whpk_???", "it is neither hexadecimal nor base64")]
#[case("-----BEGIN PUBLIC KEY-----\nMCow", "there is no line -----END PUBLIC KEY-----")]
#[case("-----BEGIN PUBLIC KEY-----\nMC*w\n-----END PUBLIC KEY-----", "is not base64, or not all of it")]
#[case("-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----", "looks like DER, but it ends too early")]
#[case("-----BEGIN PGP PUBLIC KEY BLOCK-----\nAAAA\n-----END PGP PUBLIC KEY BLOCK-----", "PEM of PGP PUBLIC KEY BLOCK")]
#[case("-----BEGIN \u{202e}KEY-----\nAAAA\n-----END \u{202e}KEY-----", "PEM of ⟨U+202E⟩KEY")]
#[case("{", "it is not whole JSON (line 1, column 1)")]
#[case(r#"{"kty":1}"#, "a member is missing, twice there or of another type (line 1")]
#[case(r#"{"kty":"OKP"}"#, "the public key is for kty 'OKP', crv ''")]
#[case(r#"{"kty":"OKP","crv":"X25519","x":"AA"}"#, "kty 'OKP', crv 'X25519'")]
#[case(r#"{"kty":"OKP","crv":"Ed25519"}"#, "it has no x")]
#[case(r#"{"kty":"OKP","crv":"Ed25519","x":"AA=="}"#, "its x is not base64url without padding")]
#[case(r#"{"kty":"OKP","crv":"Ed25519","x":"AA"}"#, "its x is not 32 bytes long")]
#[case(r#"{"kty":"OKP","kty":"RSA"}"#, "twice there")]
#[case(r#"{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}"#, "its x and y are not 32 bytes long each")]
#[case(r#"{"kty":"EC","crv":"secp256k1","x":"AA","y":"AA"}"#, "crv 'secp256k1'")]
#[case(r#"{"kty":"RSA","n":"AQAB","e":"AQAB"}"#, "the RSA public key has 17 bits: expected 1024 to 8192")]
#[case(r#"{"name":"x"}"#, "JSON without kty (a JWK) or keys (a JWKS)")]
#[case(r#"{"keys":[]}"#, "no key that checks signatures: it is empty")]
#[case(r#"{"keys":[{"kty":"x"}]}"#, "no key that checks signatures: the public key is for kty 'x'")]
#[case("302a300506032b6570032100", "looks like DER, but it ends too early")]
#[case("3000", "(DER of something else)")]
fn a_mistake_is_told(#[case] given: &str, #[case] expected: &str) {
    let error = PublicKey::read(given.as_bytes()).unwrap_err().to_string();
    assert!(error.contains(expected), "{error}");
}

#[test]
fn several_keys_need_a_choice() {
    let two = format!("{}{}", RecordedKey::named("P-256").forms["PEM"], RecordedKey::named("RSA").forms["PEM"]);
    assert_eq!(PublicKey::read(two.as_bytes()), Err(PublicKeyError::SeveralKeys { keys: 2 }));
    let (one, other) = (&RecordedKey::named("P-256").forms["JWK"], &RecordedKey::named("RSA").forms["JWK"]);
    let set = format!(r#"{{"keys":[{one},{other}]}}"#);
    assert_eq!(PublicKey::read(set.as_bytes()), Err(PublicKeyError::SeveralKeys { keys: 2 }));
}

#[test]
fn a_form_that_goes_on_or_is_cut_is_refused() {
    for (name, recorded) in &RECORDED.keys {
        let spki = recorded.spki();
        // Any 32 bytes may be an Ed25519 key.
        for length in (0..spki.len()).filter(|length| *length != 32) {
            assert!(PublicKey::read(&spki[..length]).is_err(), "{name}, {length}");
        }
        let longer = [spki, vec![0]].concat();
        let error = PublicKey::read(&longer).unwrap_err().to_string();
        assert!(error.contains("bytes follow after its end"), "{name}: {error}");
    }
    let long = vec![b'A'; MOST_KEY_BYTES + 1];
    assert_eq!(PublicKey::read(&long), Err(PublicKeyError::TooLong { bytes: MOST_KEY_BYTES + 1 }));
}

#[test]
fn a_label_may_be_wrong_between_rsas_two_forms() {
    let recorded = RecordedKey::named("RSA");
    let swapped = recorded.forms["PKCS#1"].replace("RSA PUBLIC KEY", "PUBLIC KEY");
    assert_eq!(PublicKey::read(swapped.as_bytes()), Ok(recorded.public()));
    let swapped = recorded.forms["PEM"].replace("PUBLIC KEY", "RSA PUBLIC KEY");
    assert_eq!(PublicKey::read(swapped.as_bytes()), Ok(recorded.public()));
    let wrong = RecordedKey::named("P-256").forms["PEM"].replace("PUBLIC KEY", "RSA PUBLIC KEY");
    assert!(PublicKey::read(wrong.as_bytes()).unwrap_err().to_string().contains("it holds a key of P-256"));
}

#[test]
fn keys_of_a_pair_are_told_from_shared_secrets_by_their_form() {
    for (name, key) in &RECORDED.keys {
        for (form, text) in key.forms.iter().chain(&key.private_forms) {
            // A number alone may be any secret of its length.
            let is_number = matches!(form.as_str(), "hexadecimal" | "base64" | "short point" | "short point in base64");
            assert_eq!(has_key_pair_form(text.as_bytes()), !is_number, "{name}, {form}");
        }
        assert!(has_key_pair_form(key.private_jwk.as_bytes()), "{name}");
        assert!(has_key_pair_form(&key.spki()), "{name}");
        assert!(has_key_pair_form(hex::encode(key.spki()).as_bytes()), "{name}");
    }
    for shared in [
        &b"a webhook secret"[..],
        b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
        b"{\"kty\":\"oct\",\"k\":\"AAAA\"}",
        b"{\"secret\":1}",
        b"30820122300d06092a864886f70d0101",
        b"MDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAw",
        b"0410203040506070809010203040506070809010203040506070809010203040506070",
        b"",
        b"0",
    ] {
        assert!(!has_key_pair_form(shared), "{}", String::from_utf8_lossy(shared));
    }
}

proptest! {
    /// Thirty-two random bytes are a shared secret in any spelling, whatever point they may be.
    #[test]
    fn random_secrets_have_no_form(bytes: [u8; 32], longer in proptest::collection::vec(0_u8.., 0..200)) {
        for bytes in [&bytes[..], &longer] {
            prop_assert!(!has_key_pair_form(hex::encode(bytes).as_bytes()));
            prop_assert!(!has_key_pair_form(BASE64_STANDARD.encode(bytes).as_bytes()));
        }
    }
}
