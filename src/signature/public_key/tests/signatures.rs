//! Recorded signatures verify, and nothing near them does.

use rstest::rstest;

use super::super::{PublicKeyKind, SignatureRejection};
use super::*;

#[test]
fn recorded_signatures_verify_and_nothing_near_them() {
    for (name, recorded) in &RECORDED.keys {
        let key = recorded.public();
        let other = PublicKey::read(OTHER_KEYS[&key.kind().to_string()[..1]].as_bytes()).ok();
        for (algorithm, signature) in recorded.signatures() {
            let what = format!("{name}, {algorithm}");
            assert_eq!(key.verify(algorithm, &[message()], &signature), Ok(()), "{what}");
            let (before, after) = message().split_at(11);
            assert_eq!(key.verify(algorithm, &[before, b"", after], &signature), Ok(()), "{what}");
            let longer = [message(), b"\n"].concat();
            for changed in [&message()[1..], b"", &longer] {
                assert_eq!(key.verify(algorithm, &[changed], &signature), Err(SignatureRejection::Mismatch), "{what}");
            }
            for place in (0..signature.len()).step_by(signature.len() / 8) {
                let mut changed = signature.clone();
                changed[place] ^= 1;
                assert!(key.verify(algorithm, &[message()], &changed).is_err(), "{what}, byte {place}");
            }
            for changed in [&signature[1..], &signature[..signature.len() - 1], &[&signature[..], &[0]].concat(), b""] {
                let error = key.verify(algorithm, &[message()], changed).unwrap_err();
                assert!(matches!(error, SignatureRejection::Malformed { .. }), "{what}: {error}");
            }
            if let Some(other) = other.as_ref().filter(|other| other.bits() == key.bits()) {
                let verdict = other.verify(algorithm, &[message()], &signature);
                assert_eq!(verdict, Err(SignatureRejection::Mismatch), "{what}");
            }
        }
    }
}

#[test]
fn an_rsa_signature_gives_back_what_it_was_made_over_under_its_own_key_alone() {
    let mut recovered_count = 0;
    for (name, recorded) in &RECORDED.keys {
        let key = recorded.public();
        let other = PublicKey::read(OTHER_KEYS["R"].as_bytes()).unwrap();
        for (algorithm, signature) in recorded.signatures() {
            let found = key.recover(&signature);
            if key.kind() != PublicKeyKind::Rsa {
                assert_eq!(found, []);
                continue;
            }
            recovered_count += 1;
            let own: Vec<_> = found.iter().filter(|found| found.algorithm() == algorithm).collect();
            assert!(own.len() == 1 && own[0].is_over(message()) && !own[0].is_over(b"another"), "{name}, {algorithm}");
            assert!(found.iter().all(|found| found.algorithm() == algorithm || !found.is_over(message())), "{name}");
            let mut changed = signature.clone();
            changed[3] ^= 1;
            assert!(key.recover(&changed).iter().all(|found| !found.is_sure()), "{name}, {algorithm}");
            assert!(key.recover(&signature[1..]).is_empty() && key.recover(&[0xff; 256]).is_empty());
            assert!(other.recover(&signature).iter().all(|found| !found.is_sure()), "{name}, {algorithm}");
        }
    }
    assert!(recovered_count >= 7, "{recovered_count}");
}

/// By the first letter of their kind.
static OTHER_KEYS: LazyLock<BTreeMap<&str, String>> = LazyLock::new(|| {
    BTreeMap::from([
        ("E", RFC_8032[0].1.to_owned()),
        // RFC 7515, appendix A.3.
        (
            "P",
            r#"{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}"#.to_owned(),
        ),
        // RFC 7515, appendix A.2.
        (
            "R",
            r#"{"kty":"RSA","n":"ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ","e":"AQAB"}"#.to_owned(),
        ),
    ])
});

/// The signature of a JWT in RFC 7515: appendix A.2 (RS256) and A.3 (ES256).
#[rstest]
#[case(
    "R",
    PublicKeyAlgorithm::RsaSha256,
    "eyJhbGciOiJSUzI1NiJ9",
    "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"
)]
#[case(
    "P",
    PublicKeyAlgorithm::EcdsaSha256Points,
    "eyJhbGciOiJFUzI1NiJ9",
    "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"
)]
fn jwts_of_the_rfc_verify(
    #[case] key: &str,
    #[case] algorithm: PublicKeyAlgorithm,
    #[case] header: &str,
    #[case] signature: &str,
) {
    let payload = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
    let key = PublicKey::read(OTHER_KEYS[key].as_bytes()).unwrap();
    let signature = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(signature).unwrap();
    let parts = [header.as_bytes(), b".", payload.as_bytes()];
    assert_eq!(key.verify(algorithm, &parts, &signature), Ok(()));
    assert!(key.verify(algorithm, &parts[..2], &signature).is_err());
}

/// Seed, public key, message and signature of RFC 8032, section 7.1, tests 1 to 3.
const RFC_8032: [(&str, &str, &str, &str); 3] = [
    (
        "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
        "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
        "",
        "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
    ),
    (
        "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
        "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
        "72",
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    ),
    (
        "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
        "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
        "af82",
        "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
    ),
];

#[test]
fn ed25519_is_its_rfcs() {
    for (seed, public, message, signature) in RFC_8032 {
        let message = hex::decode(message).unwrap();
        let signature = hex::decode(signature).unwrap();
        let key = PublicKey::read(public.as_bytes()).unwrap();
        assert_eq!(key.verify(PublicKeyAlgorithm::Ed25519, &[&message], &signature), Ok(()));
        let seed = format!("whsk_{seed}");
        let private = PrivateKey::read(seed.as_bytes()).unwrap();
        assert_eq!(private.public_key(), &key);
        assert_eq!(private.sign(PublicKeyAlgorithm::Ed25519, &[&message]), Ok(signature));
    }
}

#[test]
fn an_algorithm_takes_its_own_kind_of_key_alone() {
    for recorded in RECORDED.keys.values() {
        let key = recorded.public();
        for algorithm in PublicKeyAlgorithm::all().filter(|algorithm| algorithm.kind() != key.kind()) {
            let expected = SignatureRejection::WrongKey { algorithm, key: key.kind() };
            assert_eq!(key.verify(algorithm, &[message()], b""), Err(expected));
        }
    }
    let rejection = SignatureRejection::WrongKey { algorithm: PublicKeyAlgorithm::Ed25519, key: PublicKeyKind::Rsa };
    assert_eq!(
        rejection.to_string(),
        "ed25519 takes a key of Ed25519, and this one is of RSA: check which of the two is right"
    );
}

#[test]
fn an_algorithm_is_not_another_of_its_key() {
    for (name, recorded) in &RECORDED.keys {
        for (algorithm, signature) in recorded.signatures() {
            for other in PublicKeyAlgorithm::all().filter(|other| *other != algorithm) {
                let verdict = recorded.public().verify(other, &[message()], &signature);
                assert!(verdict.is_err(), "{name}: {algorithm} as {other}");
            }
        }
    }
}

#[test]
fn algorithms_have_names() {
    for algorithm in PublicKeyAlgorithm::all() {
        assert_eq!(PublicKeyAlgorithm::named(algorithm.name()), Some(algorithm));
    }
    assert_eq!(PublicKeyAlgorithm::named("rsa-sha224"), None);
    assert_eq!(PublicKeyAlgorithm::of_jwt("ES256"), Some(PublicKeyAlgorithm::EcdsaSha256Points));
    assert_eq!(PublicKeyAlgorithm::of_jwt("EdDSA"), Some(PublicKeyAlgorithm::Ed25519));
    assert_eq!(PublicKeyAlgorithm::of_jwt("Ed25519"), Some(PublicKeyAlgorithm::Ed25519));
    for refused in ["none", "None", "HS256", "es256", "", "RS1"] {
        assert_eq!(PublicKeyAlgorithm::of_jwt(refused), None, "{refused}");
    }
}
