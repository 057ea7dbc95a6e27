//! Private keys: their forms, their public halves, and what they sign.

use super::super::{PrivateKeyError, PrivateSignError};
use super::*;

#[test]
fn every_form_has_the_same_public_half() {
    for (name, recorded) in &RECORDED.keys {
        for (form, text) in &recorded.private_forms {
            let key = PrivateKey::read(text.as_bytes()).unwrap_or_else(|error| panic!("{name}, {form}: {error}"));
            assert_eq!(key.public_key(), &recorded.public(), "{name}, {form}");
            assert!(format!("{key:?}").starts_with("PrivateKey("));
        }
        let der = BASE64_STANDARD.decode(&recorded.private_forms["PKCS#8 as DER in base64"]).unwrap();
        assert_eq!(PrivateKey::read(&der).unwrap().public_key(), &recorded.public());
        for form in ["PEM", "DER in base64", "certificate"] {
            let error = PrivateKey::read(recorded.forms[form].as_bytes()).unwrap_err();
            assert_eq!(error, PrivateKeyError::PublicKey, "{name}, {form}");
        }
    }
}

#[test]
fn what_it_signs_verifies_and_is_the_same_each_time() {
    for (name, recorded) in &RECORDED.keys {
        let key = recorded.private();
        for algorithm in PublicKeyAlgorithm::all() {
            if algorithm.kind() != key.kind() {
                let expected = PrivateSignError::WrongKey { algorithm, key: key.kind() };
                assert_eq!(key.sign(algorithm, &[message()]), Err(expected));
                continue;
            }
            if name == "RSA of 1024" && algorithm == PublicKeyAlgorithm::RsaPssSha512 {
                let expected = PrivateSignError::TooShort { algorithm, bits: 1024 };
                assert_eq!(key.sign(algorithm, &[message()]), Err(expected));
                continue;
            }
            let signature = key.sign(algorithm, &[message()]).unwrap();
            let (before, after) = message().split_at(11);
            assert_eq!(key.sign(algorithm, &[before, b"", after]).as_ref(), Ok(&signature), "{name}, {algorithm}");
            assert_eq!(key.public_key().verify(algorithm, &[message()], &signature), Ok(()), "{name}, {algorithm}");
        }
    }
}

#[test]
fn signatures_without_chance_are_nodes() {
    for (name, recorded) in &RECORDED.keys {
        let key = recorded.private();
        for (algorithm, signature) in recorded.signatures() {
            let by_chance = algorithm.name().starts_with("ecdsa") || algorithm.name().starts_with("rsa-pss");
            if !by_chance {
                assert_eq!(key.sign(algorithm, &[message()]), Ok(signature), "{name}, {algorithm}");
            }
        }
    }
}

#[test]
fn what_cannot_sign_says_why() {
    use PrivateKeyError as E;

    for (expected, text) in &RECORDED.locked {
        let expected = if expected == "OpenSsh" { E::OpenSsh } else { E::Encrypted };
        assert_eq!(PrivateKey::read(text.as_bytes()).unwrap_err(), expected);
    }
    let pem = &RecordedKey::named("P-256").private_forms["SEC 1"];
    let with_curve = format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{pem}");
    assert!(PrivateKey::read(with_curve.as_bytes()).is_ok());
    let twice = format!("{pem}{pem}");
    assert!(matches!(PrivateKey::read(twice.as_bytes()).unwrap_err(), E::Malformed { form: "PEM", .. }));
    for unknown in ["", "hello!", "AAAA", "whsk_?", "0x00"] {
        assert_eq!(PrivateKey::read(unknown.as_bytes()).unwrap_err(), E::Unrecognised, "{unknown}");
    }
    assert_eq!(PrivateKey::read(b"whpk_AAAA").unwrap_err(), E::PublicKey);
    assert!(matches!(PrivateKey::read(b"whsk_AAAA").unwrap_err(), E::Malformed { .. }));
    assert!(matches!(PrivateKey::read(&[b'A'; 70_000]).unwrap_err(), E::TooLong { bytes: 70_000 }));
    // The public key of another seed: signing with the two would give the seed away.
    let pair = BASE64_STANDARD.decode(&RecordedKey::named("Ed25519").private_forms["whsk_, the pair"][5..]).unwrap();
    let other = [&pair[..32], &[7; 32]].concat();
    let error = PrivateKey::read(format!("whsk_{}", BASE64_STANDARD.encode(other)).as_bytes()).unwrap_err();
    assert!(error.to_string().contains("its public key belongs to another seed"), "{error}");
}

/// RSA keys whose numbers were changed are refused, or do not sign falsely.
#[test]
fn a_damaged_key_signs_nothing_false() {
    for (name, recorded) in &RECORDED.keys {
        let der = BASE64_STANDARD.decode(&recorded.private_forms["PKCS#8 as DER in base64"]).unwrap();
        for place in (0..der.len()).step_by(der.len() / 24) {
            let mut damaged = der.clone();
            damaged[place] ^= 0x10;
            let Ok(key) = PrivateKey::read(&damaged) else { continue };
            let algorithm = PublicKeyAlgorithm::all().find(|algorithm| algorithm.kind() == key.kind()).unwrap();
            if let Ok(signature) = key.sign(algorithm, &[message()]) {
                assert_eq!(key.public_key().verify(algorithm, &[message()], &signature), Ok(()), "{name}, {place}");
            }
        }
    }
}
