//! Keys and signatures that were made to be taken for good ones, and bytes of any kind.

use proptest::prelude::*;

use super::super::{PublicKeyError, PublicKeySet, SignatureRejection};
use super::*;

const ED25519: PublicKeyAlgorithm = PublicKeyAlgorithm::Ed25519;

/// The points of order 1, 2, 4 and 8, in every way that they can be written.
const SMALL_ORDER: [&str; 14] = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
];

#[test]
fn points_of_small_order_are_no_keys() {
    for point in SMALL_ORDER {
        assert_eq!(PublicKey::read(point.as_bytes()), Err(PublicKeyError::SmallOrder), "{point}");
        let raw = hex::decode(point).unwrap();
        let spki = [&hex::decode("302a300506032b6570032100").unwrap()[..], &raw].concat();
        let jwk = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(&raw);
        let jwk = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{jwk}"}}"#);
        assert_eq!(PublicKey::read(&spki), Err(PublicKeyError::SmallOrder));
        assert_eq!(PublicKey::read(jwk.as_bytes()), Err(PublicKeyError::SmallOrder));
    }
}

#[test]
fn a_coordinate_of_the_fields_prime_or_more_is_no_key() {
    let mut not_canonical = 0;
    // 2^255 - 19 + 2, and so on to 2^255 - 1.
    for last in 0xef..=0xff_u8 {
        for sign in [0x7f, 0xff] {
            let mut point = [0xff; 32];
            (point[0], point[31]) = (last, sign);
            match PublicKey::read(&point) {
                Err(PublicKeyError::NotCanonical) => not_canonical += 1,
                Err(PublicKeyError::NotOnCurve { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
    }
    assert!(not_canonical > 0);
}

#[test]
fn ed25519_signatures_have_one_spelling() {
    let recorded = RecordedKey::named("Ed25519");
    let key = recorded.public();
    let good = recorded.signature(ED25519);
    // The group's order added to S: the same number, another signature (RFC 8032, section 5.1.7).
    let order = hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut larger = good.clone();
    let mut carry = 0;
    for (byte, add) in larger[32..].iter_mut().zip(order) {
        carry += u16::from(*byte) + u16::from(add);
        *byte = carry as u8;
        carry >>= 8;
    }
    assert!(matches!(key.verify(ED25519, &[message()], &larger), Err(SignatureRejection::Malformed { .. })));
    for point in SMALL_ORDER {
        let signature = [&hex::decode(point).unwrap()[..], &good[32..]].concat();
        let verdict = key.verify(ED25519, &[message()], &signature);
        assert!(matches!(verdict, Err(SignatureRejection::Malformed { .. })), "{point}");
    }
    assert!(key.verify(ED25519, &[message()], &[0; 64]).is_err());
}

#[test]
fn ecdsa_signatures_are_strict_der_of_two_numbers() {
    let recorded = RecordedKey::named("P-256");
    let key = recorded.public();
    let order = "00ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    let refused = [
        "".to_owned(),
        "30".to_owned(),
        "3000".to_owned(),
        // 0 and 0; 0 and 1; 1 and 0.
        "3006020100020100".to_owned(),
        "3006020100020101".to_owned(),
        "3006020101020100".to_owned(),
        // Negative; with a zero too many; the length in its long form; without end; more behind; a number alone.
        "3006020181020101".to_owned(),
        "300702020001020101".to_owned(),
        "308106020101020101".to_owned(),
        "30800201010201010000".to_owned(),
        "300602010102010100".to_owned(),
        "3003020101".to_owned(),
        "3009020101020101020101".to_owned(),
        // The order itself.
        format!("30260221{order}020101"),
        format!("30260201010221{order}"),
    ];
    for signature in refused {
        let verdict = key.verify(PublicKeyAlgorithm::EcdsaSha256, &[message()], &hex::decode(&signature).unwrap());
        assert!(matches!(verdict, Err(SignatureRejection::Malformed { .. })), "{signature}: {verdict:?}");
    }
    let one_and_one = hex::decode("3006020101020101").unwrap();
    let verdict = key.verify(PublicKeyAlgorithm::EcdsaSha256, &[message()], &one_and_one);
    assert_eq!(verdict, Err(SignatureRejection::Mismatch));
    for points in [[0; 64], [0xff; 64]] {
        let verdict = key.verify(PublicKeyAlgorithm::EcdsaSha256Points, &[message()], &points);
        assert!(matches!(verdict, Err(SignatureRejection::Malformed { .. })));
    }
}

/// Node and Go accept both; the recorded two were verified by Python's cryptography.
#[test]
fn an_s_in_either_half_of_the_order_verifies() {
    let recorded = RecordedKey::named("P-256");
    let algorithm = PublicKeyAlgorithm::EcdsaSha256Points;
    let both: Vec<_> = recorded.signatures().filter(|(known, _)| *known == algorithm).map(|(_, bytes)| bytes).collect();
    assert_eq!(both.iter().filter(|signature| signature[32] >= 0x80).count(), 1);
    for signature in both {
        assert_eq!(recorded.public().verify(algorithm, &[message()], &signature), Ok(()));
    }
}

#[test]
fn points_off_the_curve_are_no_keys() {
    for curve in ["P-256", "P-384", "P-521"] {
        let recorded = RecordedKey::named(curve);
        let mut point = hex::decode(&recorded.forms["point"]).unwrap();
        *point.last_mut().unwrap() ^= 1;
        let error = PublicKey::read(&point).unwrap_err().to_string();
        assert!(error.contains(&format!("not a point of {curve}")), "{error}");
        // At infinity, in a certificate's or another's structure.
        let mut spki = recorded.spki();
        let end = spki.len();
        spki[end - 10..].fill(0);
        assert!(PublicKey::read(&spki).is_err());
    }
}

#[test]
fn rsa_keys_have_odd_numbers_of_some_length() {
    let jwk = |modulus: &[u8], exponent: &[u8]| {
        let text = |number| base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(number);
        let jwk = format!(r#"{{"kty":"RSA","n":"{}","e":"{}"}}"#, text(modulus), text(exponent));
        PublicKey::read(jwk.as_bytes())
    };
    let modulus = [0xff; 128];
    assert!(jwk(&modulus, &[1, 0, 1]).is_ok());
    assert!(jwk(&modulus, &[3]).is_ok());
    for exponent in [&b""[..], &[0], &[1], &[2], &[4], &[1, 0, 0], &[0, 0, 1], &[0xff; 5], &[0xff; 129]] {
        assert!(matches!(jwk(&modulus, exponent), Err(PublicKeyError::RsaNumbers { .. })), "{exponent:?}");
    }
    let mut even = modulus;
    even[127] = 0xfe;
    assert_eq!(jwk(&even, &[3]), Err(PublicKeyError::RsaNumbers { reason: "its modulus is even" }));
    let mut short = modulus;
    short[0] = 0x7f;
    assert_eq!(jwk(&short, &[3]), Err(PublicKeyError::RsaSize { bits: 1023 }));
    assert_eq!(jwk(&[0; 300], &[3]), Err(PublicKeyError::RsaSize { bits: 0 }));
    assert_eq!(jwk(&[0xff; 1025], &[3]), Err(PublicKeyError::RsaSize { bits: 8200 }));
}

#[test]
fn rsa_signatures_are_numbers_below_the_modulus() {
    for name in ["RSA", "RSA of 1024"] {
        let key = RecordedKey::named(name).public();
        for algorithm in PublicKeyAlgorithm::all().filter(|algorithm| algorithm.kind() == key.kind()) {
            for byte in [0, 1, 0xff] {
                let signature = vec![byte; key.bits() / 8];
                assert_eq!(key.verify(algorithm, &[message()], &signature), Err(SignatureRejection::Mismatch));
            }
        }
    }
}

fn any_form() -> impl Strategy<Value = Vec<u8>> {
    let forms: Vec<Vec<u8>> = RECORDED
        .keys
        .values()
        .flat_map(|key| key.forms.values().chain(key.private_forms.values()).chain([&key.private_jwk]))
        .flat_map(|text| {
            let bytes = BASE64_STANDARD.decode(text.as_bytes()).or_else(|_| hex::decode(text));
            [Some(text.clone().into_bytes()), bytes.ok()]
        })
        .flatten()
        .collect();
    proptest::sample::select(forms)
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = PublicKeySet::read(&bytes).map_err(|error| error.to_string());
        let _ = PrivateKey::read(&bytes).map_err(|error| error.to_string());
        let der = [&[0x30, 0x82, 0, 0][..], &bytes].concat();
        let _ = PublicKey::read(&der).map_err(|error| error.to_string());
    }

    #[test]
    fn any_text_is_read_or_refused(text in "(-----BEGIN [A-Z ]{0,12}-----|\\{\"keys\":\\[|whpk_|0x)?\\PC{0,80}") {
        let _ = PublicKeySet::read(text.as_bytes()).map_err(|error| error.to_string());
        let _ = PrivateKey::read(text.as_bytes()).map_err(|error| error.to_string());
    }

    #[test]
    fn a_changed_form_is_read_or_refused(
        form in any_form(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in proptest::option::of(any::<prop::sample::Index>()),
    ) {
        let mut form = form;
        for (place, byte) in changes {
            let place = place.index(form.len());
            form[place] = byte;
        }
        if let Some(cut) = cut {
            form.truncate(cut.index(form.len()));
        }
        if let Ok(key) = PublicKey::read(&form) {
            prop_assert_eq!(PublicKey::read(&key.to_spki_der()), Ok(key));
        }
        let _ = PrivateKey::read(&form).map_err(|error| error.to_string());
    }

    #[test]
    fn any_bytes_are_no_signature(bytes in proptest::collection::vec(any::<u8>(), 0..140)) {
        for name in ["Ed25519", "P-256", "RSA of 1024"] {
            let key = RecordedKey::named(name).public();
            for algorithm in PublicKeyAlgorithm::all() {
                prop_assert!(key.verify(algorithm, &[message()], &bytes).is_err());
            }
        }
    }
}
