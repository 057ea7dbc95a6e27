//! Amazon SNS' own form: named members of the body, each with a line end, under RSA.
//!
//! <https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html>. The certificate at
//! `SigningCertURL` is given by a person, never fetched; its address must be Amazon's all the same.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::described::{Rejection, public_keys};
use crate::delivery::Verdict;
use crate::signature::public_key::PublicKeyAlgorithm;
use crate::signature::scheme::Parts;
use crate::signature::{Secret, Source};

/// The members of a notification, and of the messages about a subscription, in their order.
const NOTIFICATION: [&str; 6] = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const SUBSCRIPTION: [&str; 7] = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

pub(super) fn check(secret: &Secret, parts: &Parts<'_>) -> Result<(), Rejection> {
    let member = |name: &str| parts.get(&Source::Json(vec![name.to_owned()]));
    let missing = |name: &str| Rejection::malformed(format!("the body has no member {name}"));
    let signature = member("Signature").ok_or(Rejection::bare(Verdict::MissingSignature))?;
    let signature = BASE64_STANDARD.decode(signature).map_err(|_| Rejection::malformed("Signature is not base64"))?;
    let algorithm = match member("SignatureVersion").as_deref() {
        Some(b"1") => PublicKeyAlgorithm::RsaSha1,
        Some(b"2") => PublicKeyAlgorithm::RsaSha256,
        _ => return Err(Rejection::malformed("SignatureVersion is neither 1 nor 2")),
    };
    let address = member("SigningCertURL").ok_or_else(|| missing("SigningCertURL"))?;
    if !is_amazons(&address) {
        return Err(Rejection::malformed("SigningCertURL is not an address of Amazon SNS: anyone can have signed it"));
    }
    let kind = member("Type").ok_or_else(|| missing("Type"))?;
    let names: &[&str] = if &*kind == b"Notification" { &NOTIFICATION } else { &SUBSCRIPTION };
    let mut content = Vec::new();
    for name in names {
        let Some(value) = member(name) else {
            if *name == "Subject" {
                continue;
            }
            return Err(missing(name));
        };
        content.extend_from_slice(format!("{name}\n").as_bytes());
        content.extend_from_slice(&value);
        content.push(b'\n');
    }
    let keys = public_keys(secret)?;
    if keys.keys().any(|(_, key)| key.verify(algorithm, &[&content], &signature).is_ok()) {
        Ok(())
    } else {
        Err(Rejection::bare(Verdict::Mismatch))
    }
}

/// `https://sns.REGION.amazonaws.com/….pem`, and China's.
fn is_amazons(address: &[u8]) -> bool {
    let Some(rest) = std::str::from_utf8(address).ok().and_then(|text| text.strip_prefix("https://sns.")) else {
        return false;
    };
    let Some((host, path)) = rest.split_once('/') else { return false };
    let region = host.strip_suffix(".amazonaws.com").or_else(|| host.strip_suffix(".amazonaws.com.cn"));
    let is_region = |region: &str| {
        region.len() >= 3
            && region.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
    };
    region.is_some_and(is_region) && path.ends_with(".pem")
}

#[cfg(test)]
mod tests {
    use super::is_amazons;

    #[test]
    fn a_certificate_comes_from_amazon_alone() {
        for right in ["https://sns.us-east-1.amazonaws.com/x.pem", "https://sns.cn-north-1.amazonaws.com.cn/a/b.pem"] {
            assert!(is_amazons(right.as_bytes()), "{right}");
        }
        for wrong in [
            "http://sns.us-east-1.amazonaws.com/x.pem",
            "https://sns.us-east-1.amazonaws.com.evil.example/x.pem",
            "https://sns.evil.example/.amazonaws.com/x.pem",
            "https://sns.us-east-1.amazonaws.com@evil.example/x.pem",
            "https://sns.us-east-1.amazonaws.com",
        ] {
            assert!(!is_amazons(wrong.as_bytes()), "{wrong}");
        }
    }
}
