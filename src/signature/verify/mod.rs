//! The exact verification of the configured scheme, and its reverse.

mod described;
mod jwt;
mod message_signature;
mod sns;

use hmac::Mac as _;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

pub(super) use described::{ReasonedJudgement, RejectionReason, digest as described_digest, key_bytes, unbound};
pub(super) use jwt::{Token, Untimely, untimely};
pub(super) use message_signature::{
    LabelledSignature, algorithm_named, component_words, digest_fits, hmac_sha256 as message_hmac, signature_base,
    signatures, usual_algorithm,
};

use self::described::Rejection;
use super::{Scheme, Secret, read_timestamp};
use crate::delivery::{Judgement, Verdict};
use crate::http::Head;

/// Bytes in a SHA-256 digest.
pub const DIGEST_BYTES: usize = 32;

/// Computes `HMAC_SHA256(secret, timestamp + "." + body)`.
#[must_use]
pub fn digest(secret: &Secret, timestamp: &[u8], body: &[u8]) -> [u8; DIGEST_BYTES] {
    let mut mac = secret.mac();
    mac.update(timestamp);
    mac.update(b".");
    mac.update(body);
    mac.finalize().into_bytes().into()
}

/// The signature header's value for these bytes: [`digest`] as 64 lower-case hexadecimal digits.
#[must_use]
pub fn sign(secret: &Secret, timestamp: &[u8], body: &[u8]) -> String {
    hex::encode(digest(secret, timestamp, body))
}

/// Why a signature is not 64 lower-case hexadecimal digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MalformedDigest {
    /// Not 64 characters.
    #[error("expected 64 hexadecimal digits, found {0} bytes")]
    Length(usize),
    /// A character that is not a hexadecimal digit.
    #[error("byte 0x{byte:02x} at offset {offset} is not a hexadecimal digit")]
    Digit {
        /// The byte found.
        byte: u8,
        /// Where, from 0.
        offset: usize,
    },
    /// Hexadecimal, but with capital letters.
    #[error("expected lower-case hexadecimal digits, found upper case")]
    UpperCase,
}

/// Reads exactly 64 lower-case hexadecimal digits.
///
/// # Errors
///
/// [`MalformedDigest`] for everything else; nothing is trimmed, folded or guessed.
pub fn parse_digest(text: &[u8]) -> Result<[u8; DIGEST_BYTES], MalformedDigest> {
    if text.len() != 2 * DIGEST_BYTES {
        return Err(MalformedDigest::Length(text.len()));
    }
    if let Some((offset, &byte)) = text.iter().enumerate().find(|(_, byte)| !byte.is_ascii_hexdigit()) {
        return Err(MalformedDigest::Digit { byte, offset });
    }
    let mut decoded = [0; DIGEST_BYTES];
    if text.iter().any(u8::is_ascii_uppercase) || hex::decode_to_slice(text, &mut decoded).is_err() {
        return Err(MalformedDigest::UpperCase);
    }
    Ok(decoded)
}

/// Judges a request under `scheme` with every secret that may have signed it.
///
/// The digests are compared in constant time. Freshness is reported beside the verdict and does not
/// change it; `now` is the moment of capture.
#[must_use]
pub fn judge<'a>(
    scheme: &Scheme,
    secrets: impl IntoIterator<Item = &'a Secret>,
    head: &Head,
    body: &[u8],
    now: Timestamp,
) -> Judgement {
    judge_with_reason(scheme, secrets, head, body, now).judgement
}

/// The same, with the reason of a rejection by which advice is chosen.
pub(super) fn judge_with_reason<'a>(
    scheme: &Scheme,
    secrets: impl IntoIterator<Item = &'a Secret>,
    head: &Head,
    body: &[u8],
    now: Timestamp,
) -> ReasonedJudgement {
    let mut secrets = secrets.into_iter();
    if !scheme.is_plain() {
        return described::judge(scheme, &mut secrets, head, body, now);
    }
    let timestamp = single(head, scheme.timestamp_header());
    let facts = match timestamp {
        FoundHeaders::Once(raw) => Some(read_timestamp(raw, now, scheme.age_limit())),
        FoundHeaders::Missing | FoundHeaders::Repeated(_) => None,
    };
    ReasonedJudgement::new(facts, check(scheme, &mut secrets, head, timestamp, body))
}

/// The first secret that has signed the request under the plain scheme.
fn check<'s>(
    scheme: &Scheme,
    secrets: &mut dyn Iterator<Item = &'s Secret>,
    head: &Head,
    timestamp: FoundHeaders<'_>,
    body: &[u8],
) -> Result<&'s Secret, Rejection> {
    let mut secrets = secrets.peekable();
    if secrets.peek().is_none() {
        return Err(Rejection::bare(Verdict::NoSecret));
    }
    let repeated =
        |name: &str, count| Rejection::new(Verdict::AmbiguousHeaders, format!("{name} was sent {count} times"));
    let (signature, timestamp) = match (single(head, scheme.signature_header()), timestamp) {
        (FoundHeaders::Repeated(count), _) => return Err(repeated(scheme.signature_header(), count)),
        (_, FoundHeaders::Repeated(count)) => return Err(repeated(scheme.timestamp_header(), count)),
        (FoundHeaders::Missing, _) => return Err(Rejection::bare(Verdict::MissingSignature)),
        (_, FoundHeaders::Missing) => return Err(Rejection::bare(Verdict::MissingTimestamp)),
        (FoundHeaders::Once(signature), FoundHeaders::Once(timestamp)) => (signature, timestamp),
    };
    let received = parse_digest(signature).map_err(|fault| {
        Rejection::malformed(format!("invalid {}: {fault}", scheme.signature_header()))
            .because(RejectionReason::NotDigest(fault))
    })?;
    // A shared secret that is another one says more than a key that is none.
    let (mut is_other, mut unfit) = (false, None);
    for secret in secrets {
        if secret.is_of_key_pair() {
            unfit.get_or_insert_with(|| Rejection::not_shared(secret));
        } else if let Err(rejection) = described::refuse_empty(secret) {
            unfit.get_or_insert(rejection);
        } else if bool::from(digest(secret, timestamp, body).ct_eq(&received)) {
            return Ok(secret);
        } else {
            is_other = true;
        }
    }
    Err(unfit.filter(|_| !is_other).unwrap_or(Rejection::bare(Verdict::Mismatch)))
}

enum FoundHeaders<'a> {
    Missing,
    Once(&'a [u8]),
    Repeated(usize),
}

/// Finds the field `name`. An empty value counts as missing, as it does for the documented receiver.
fn single<'a>(head: &'a Head, name: &'a str) -> FoundHeaders<'a> {
    let mut values = head.values(name);
    match (values.next(), values.count()) {
        (None, _) => FoundHeaders::Missing,
        (Some([]), 0) => FoundHeaders::Missing,
        (Some(value), 0) => FoundHeaders::Once(value),
        (Some(_), more) => FoundHeaders::Repeated(more + 1),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::delivery::TimestampUnit;
    use crate::signature::{Proof, SecretOrigin};

    const BODY: &[u8] = br#"{"event":"desktop.app_tracking.captured"}"#;

    fn secret(label: &str, bytes: &[u8]) -> Secret {
        Secret::new(label, bytes.to_vec(), SecretOrigin::Typed)
    }

    fn head(fields: &[(&str, &str)]) -> Head {
        let mut text = "POST /webhooks/trackpilots HTTP/1.1\r\n".to_owned();
        for (name, value) in fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        Head::from(text + "\r\n")
    }

    fn judged(fields: &[(&str, &str)], body: &[u8]) -> Judgement {
        let secrets = [secret("old", b"another secret"), secret("dev", b"a webhook secret")];
        let now = Timestamp::from_second(1_746_123_460).unwrap();
        judge(&Scheme::default(), &secrets, &head(fields), body, now)
    }

    fn signed(timestamp: &str) -> String {
        sign(&secret("dev", b"a webhook secret"), timestamp.as_bytes(), BODY)
    }

    /// RFC 4231, sections 4.2 to 4.8; of case 5 it gives the first 128 bits alone.
    #[rstest]
    #[case(&[0x0b; 20], b"Hi There", "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")]
    #[case(
        b"Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )]
    #[case(&[0xaa; 20], &[0xdd; 50], "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe")]
    #[case(
        b"\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e\x0f\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19",
        &[0xcd; 50],
        "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b"
    )]
    #[case(&[0x0c; 20], b"Test With Truncation", "a3b6167473100ee06e0c796c2955552b")]
    #[case(
        &[0xaa; 131],
        b"Test Using Larger Than Block-Size Key - Hash Key First",
        "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54"
    )]
    #[case(
        &[0xaa; 131],
        b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be \
          hashed before being used by the HMAC algorithm.",
        "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2"
    )]
    fn hmac_is_the_rfcs(#[case] key: &[u8], #[case] message: &[u8], #[case] expected: &str) {
        let mac = secret("rfc", key).mac().chain_update(message).finalize().into_bytes();
        let mut keyed = crate::signature::Algorithm::Sha256.keyed(key);
        keyed.update(message);
        assert_eq!(hex::encode(&mac[..expected.len() / 2]), expected);
        assert_eq!(keyed.finish(), mac.as_slice());
    }

    /// Made with `crypto.createHmac('sha256', 'a webhook secret').update('1746123456.' + body)` in Node.
    #[test]
    fn the_signature_is_nodes() {
        assert_eq!(signed("1746123456"), "0607a4588aa49c3e5719f636f27638ec3ec6ce8d66e5dea5c43401a3b9503c67");
    }

    #[test]
    fn right_bytes_verify_in_both_units() {
        for (timestamp, unit) in
            [("1746123456", TimestampUnit::Seconds), ("1746123456789", TimestampUnit::Milliseconds)]
        {
            let signature = signed(timestamp);
            let judgement = judged(&[("x-webhook-signature", &signature), ("X-WEBHOOK-TIMESTAMP", timestamp)], BODY);
            assert_eq!(judgement.verdict, Verdict::Verified);
            assert_eq!(judgement.secret.as_deref(), Some("dev"));
            let facts = judgement.timestamp.unwrap();
            assert_eq!((facts.unit, facts.fresh), (unit, Some(true)));
        }
    }

    #[test]
    fn a_stale_delivery_still_verifies() {
        let signature = signed("1700000000");
        let judgement = judged(&[("X-Webhook-Signature", &signature), ("X-Webhook-Timestamp", "1700000000")], BODY);
        assert_eq!(judgement.verdict, Verdict::Verified);
        assert_eq!(judgement.timestamp.unwrap().fresh, Some(false));
    }

    #[test]
    fn changed_bytes_do_not_match() {
        let signature = signed("1746123456");
        let fields = [("X-Webhook-Signature", signature.as_str()), ("X-Webhook-Timestamp", "1746123456")];
        assert_eq!(judged(&fields, b"{}").verdict, Verdict::Mismatch);
        let fields = [("X-Webhook-Signature", signature.as_str()), ("X-Webhook-Timestamp", "1746123457")];
        assert_eq!(judged(&fields, BODY).verdict, Verdict::Mismatch);
    }

    #[test]
    fn absent_and_empty_headers_are_missing() {
        let signature = signed("1746123456");
        assert_eq!(judged(&[], BODY).verdict, Verdict::MissingSignature);
        assert_eq!(judged(&[("X-Webhook-Timestamp", "1")], BODY).verdict, Verdict::MissingSignature);
        let empty = [("X-Webhook-Signature", " "), ("X-Webhook-Timestamp", "1")];
        assert_eq!(judged(&empty, BODY).verdict, Verdict::MissingSignature);
        assert_eq!(judged(&[("X-Webhook-Signature", &signature)], BODY).verdict, Verdict::MissingTimestamp);
    }

    #[test]
    fn repeated_headers_are_ambiguous_even_when_one_is_right() {
        let signature = signed("1746123456");
        let twice = [
            ("X-Webhook-Signature", signature.as_str()),
            ("x-webhook-signature", signature.as_str()),
            ("X-Webhook-Timestamp", "1746123456"),
        ];
        assert_eq!(judged(&twice, BODY).verdict, Verdict::AmbiguousHeaders);
        let clocks = [
            ("X-Webhook-Signature", signature.as_str()),
            ("X-Webhook-Timestamp", "1746123456"),
            ("X-Webhook-Timestamp", "1746123457"),
        ];
        let judgement = judged(&clocks, BODY);
        assert_eq!(judgement.verdict, Verdict::AmbiguousHeaders);
        assert_eq!(judgement.note.unwrap(), "X-Webhook-Timestamp was sent 2 times");
    }

    #[test]
    fn other_spellings_of_a_right_digest_are_malformed() {
        let signature = signed("1746123456");
        for text in [
            signature.to_uppercase(),
            format!("sha256={signature}"),
            signature[..62].to_owned(),
            format!("\"{signature}\""),
            signature.replacen(|c: char| c.is_ascii_hexdigit(), "g", 1),
        ] {
            let fields = [("X-Webhook-Signature", text.as_str()), ("X-Webhook-Timestamp", "1746123456")];
            let judgement = judged(&fields, BODY);
            assert_eq!(judgement.verdict, Verdict::MalformedSignature, "{text}");
            assert!(judgement.note.is_some());
        }
    }

    #[test]
    fn without_a_secret_nothing_is_said() {
        let now = Timestamp::from_second(1_746_123_460).unwrap();
        let judgement = judge(&Scheme::default(), [], &head(&[("X-Webhook-Timestamp", "1746123456")]), BODY, now);
        assert_eq!(judgement.verdict, Verdict::NoSecret);
        assert_eq!(judgement.timestamp.unwrap().age_seconds(), Some(4));
    }

    /// Anyone can sign with an empty key, under any scheme and however it came about.
    #[test]
    fn an_empty_key_verifies_nothing() {
        let now = Timestamp::from_second(1_746_123_460).unwrap();
        let empty = secret("empty", b"");
        let signature = sign(&empty, b"1746123456", BODY);
        let fields = [("x-webhook-signature", signature.as_str()), ("x-webhook-timestamp", "1746123456")];
        let judgement = judge(&Scheme::default(), [&empty], &head(&fields), BODY, now);
        assert_eq!(judgement.verdict, Verdict::Mismatch);
        assert!(judgement.note.is_some_and(|note| note.contains("the secret empty is empty")));
        for (filters, text) in [
            ("{secret|after::}", "abc.def:"),
            ("{secret|before::}", ":abc"),
            ("{secret|strip:whsec_}", "whsec_"),
            ("{secret|trim}", " \n"),
            ("salt{secret|after:-}", "signkey-prod-"),
            ("{k}", "abc.def:"),
        ] {
            let toml = format!(
                "timestamp = \"none\"\ncontent = \"{{body}}\"\nkey = \"{filters}\"\nvariables.k = \"{{secret|after::}}\""
            );
            let scheme = toml::from_str::<crate::signature::SchemeDescription>(&toml).unwrap().scheme().unwrap();
            let key = if filters.starts_with("salt") { "salt" } else { "" };
            let mut forged = crate::signature::Algorithm::Sha256.keyed(key.as_bytes());
            forged.update(BODY);
            let forged = hex::encode(forged.finish());
            let own = secret("own", text.as_bytes());
            let judgement = judge(&scheme, [&own], &head(&[("X-Webhook-Signature", &forged)]), BODY, now);
            assert_eq!(judgement.verdict, Verdict::Mismatch, "{filters}");
            let note = judgement.note.unwrap();
            assert!(note.contains("the secret own gives an empty key") && note.contains("anyone can sign"), "{note}");
            assert!(key_bytes(&scheme, &own).is_none(), "{filters}");
        }
        for (algorithm, content) in [("token", "Bearer {secret|after::}"), ("hash-sha256", "{secret|after::}{body}")] {
            let toml = format!(
                "timestamp = \"none\"\nalgorithm = \"{algorithm}\"\ncontent = \"{content}\"\ncovers_body = false"
            );
            let scheme = toml::from_str::<crate::signature::SchemeDescription>(&toml).unwrap().scheme().unwrap();
            let hashed = hex::encode(crate::signature::Algorithm::Sha256.hash(|sink| sink(BODY)));
            for sent in ["Bearer ", hashed.as_str()] {
                let judgement =
                    judge(&scheme, [&secret("own", b"abc:")], &head(&[("X-Webhook-Signature", sent)]), BODY, now);
                assert_ne!(judgement.verdict, Verdict::Verified, "{algorithm}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_signed_verifies_and_one_flipped_bit_does_not(
            key in proptest::collection::vec(any::<u8>(), 1..80),
            body in proptest::collection::vec(any::<u8>(), 1..200),
            bit in any::<proptest::sample::Index>(),
        ) {
            let secret = secret("k", &key);
            let signature = sign(&secret, b"1746123456", &body);
            let fields = [("X-Webhook-Signature", signature.as_str()), ("X-Webhook-Timestamp", "1746123456")];
            let verdict = |body: &[u8]| {
                judge(&Scheme::default(), [&secret], &head(&fields), body, Timestamp::UNIX_EPOCH).verdict
            };
            prop_assert_eq!(verdict(&body), Verdict::Verified);
            let mut flipped = body.clone();
            let at = bit.index(body.len() * 8);
            flipped[at / 8] ^= 1 << (at % 8);
            prop_assert_eq!(verdict(&flipped), Verdict::Mismatch);
        }

        #[test]
        fn digests_are_read_strictly(text in "[0-9a-fA-F]{60,68}|\\PC{0,70}") {
            if let Ok(digest) = parse_digest(text.as_bytes()) {
                prop_assert_eq!(hex::encode(digest), text);
            }
        }
    }

    #[test]
    fn a_rejection_has_its_reason_beside_its_words() {
        const PEM: &[u8] =
            b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----";
        let digest = "00".repeat(32);
        let reason = |name: &str, secret: &Secret, fields: &[(&str, &str)]| {
            let scheme = crate::signature::catalogue::named(name).unwrap_or_default();
            judge_with_reason(&scheme, [secret], &head(fields), BODY, Timestamp::UNIX_EPOCH).reason
        };
        let (pem, shared) = (secret("theirs", PEM), secret("key pair; the signature is valid", b"a webhook secret"));
        let plain = [("X-Webhook-Signature", &*digest), ("X-Webhook-Timestamp", "1")];
        assert_eq!(reason("", &pem, &plain), Some(RejectionReason::NotShared));
        assert_eq!(reason("", &shared, &plain), None);
        let malformed = [("X-Webhook-Signature", "00"), ("X-Webhook-Timestamp", "1")];
        assert_eq!(reason("", &shared, &malformed), Some(RejectionReason::NotDigest(MalformedDigest::Length(2))));
        let github = format!("sha256={digest}");
        assert_eq!(reason("github", &pem, &[("X-Hub-Signature-256", &github)]), Some(RejectionReason::NotShared));
        assert_eq!(reason("github", &shared, &[("X-Hub-Signature-256", &github)]), None);
        let webhook = [
            ("webhook-id", "1"),
            ("webhook-timestamp", "1"),
            ("webhook-signature", &*format!("v1,{}=", "A".repeat(43))),
        ];
        assert_eq!(reason("standard-webhooks", &shared, &webhook), Some(RejectionReason::NoKey));
    }

    /// Several senders may be accepted on one path: the public key of one must not forge for the other.
    #[test]
    fn a_public_key_is_no_secret_of_any_scheme() {
        const PEM: &[u8] =
            b"-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----";
        let key = secret("theirs", PEM);
        let now = Timestamp::from_second(1_746_123_460).unwrap();
        let signature = sign(&key, b"1746123456", BODY);
        let head = head(&[("x-webhook-signature", &signature), ("x-webhook-timestamp", "1746123456")]);
        let judgement = judge(&Scheme::default(), [&key], &head, BODY, now);
        assert_eq!(judgement.verdict, Verdict::Mismatch);
        assert!(judgement.note.as_deref().is_some_and(|note| note.contains("not a shared secret")), "{judgement:?}");
        // Beside a shared secret it is passed over.
        let beside = judge(&Scheme::default(), [&key, &secret("dev", b"a webhook secret")], &head, BODY, now);
        assert_eq!((beside.verdict, beside.note), (Verdict::Mismatch, None));
        for name in crate::signature::catalogue::names() {
            let scheme = crate::signature::catalogue::named(name).unwrap();
            if matches!(scheme.proof, Proof::Hmac(_) | Proof::Hash(_) | Proof::Token) {
                assert!(key_bytes(&scheme, &key).is_none(), "{name}");
            }
        }
    }
}
