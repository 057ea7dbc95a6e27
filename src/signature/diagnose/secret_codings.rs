//! Keys that were decoded from the secret, encoded or hashed.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD};

use zeroize::Zeroizing;

use super::CauseCode;
use super::axis::Why;
use super::secrets::FoundKey;
use super::subcause::Subcause;
use crate::signature::Algorithm;

/// Lists them.
pub(super) fn list(key: &[u8], found: FoundKey<'_>) {
    encodings(key, found);
    hashes(key, found);
}

/// Bytes of the shortest key that a decoder may yield: an attacker, and chance, find shorter ones, and a match would
/// prove nothing.
const LEAST_DECODED: usize = 8;

/// Base64 and hexadecimal, both ways.
fn encodings(key: &[u8], found: FoundKey<'_>) {
    let base64 = |rank, detail: &str| Why::new(CauseCode::SecretBase64, rank, detail);
    let prefixes = [&b"whsec_"[..], b"v1,whsec_", b"base64:"];
    let parts = prefixes.into_iter().map(|prefix| key.strip_prefix(prefix));
    for part in std::iter::once(Some(key)).chain(parts).flatten() {
        let stripped = if part.len() == key.len() { "" } else { " without its prefix" };
        for engine in [BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, BASE64_URL_SAFE_NO_PAD] {
            if let Ok(bytes) = engine.decode(part).map(Zeroizing::new)
                && bytes.len() >= LEAST_DECODED
            {
                text_within(&bytes, found);
                let detail = format!("the configured secret{stripped} was decoded from base64 to make the signing key");
                let why = decoded_to(&bytes, base64(0, &detail));
                found(bytes, why);
            }
        }
        for (rank, url, decoder) in [(3, true, "as Node's Buffer.from does"), (4, false, "as Python, PHP and Ruby do")]
        {
            let bytes = lenient_base64(part, url);
            if bytes.len() >= LEAST_DECODED {
                let detail = format!(
                    "the configured secret{stripped} was decoded leniently from base64 to make the signing key, \
                     {decoder}"
                );
                let why = decoded_to(&bytes, base64(rank, &detail));
                found(bytes, why);
            }
        }
    }
    let why =
        || base64(4, "the configured secret was encoded as base64 to make the signing key").of(Subcause::EncodedKey);
    found(BASE64_STANDARD.encode(key).into_bytes().into(), why());
    found(BASE64_STANDARD_NO_PAD.encode(key).into_bytes().into(), why());
    found(BASE64_URL_SAFE_NO_PAD.encode(key).into_bytes().into(), why());
    let hex_why = |rank, detail: &str| Why::new(CauseCode::SecretHex, rank, detail);
    if let Ok(bytes) = hex::decode(key).map(Zeroizing::new)
        && bytes.len() >= LEAST_DECODED
    {
        let detail = "the configured secret was decoded from hexadecimal digits to make the signing key";
        let why = decoded_to(&bytes, hex_why(0, detail));
        found(bytes, why);
    }
    let why = || {
        hex_why(4, "the configured secret was written as hexadecimal digits to make the signing key")
            .of(Subcause::EncodedKey)
    };
    found(hex::encode(key).into_bytes().into(), why());
    found(hex::encode_upper(key).into_bytes().into(), why());
}

/// Where the key is a text, it may be the secret itself, and what is configured its encoding.
fn decoded_to(key: &[u8], why: Why) -> Why {
    let is_text = key.iter().all(|byte| (b' '..=b'~').contains(byte));
    if is_text { why.of(Subcause::EncodedSecret) } else { why }
}

/// A text that was encoded with the line end that `echo` writes, or encoded twice, as Kubernetes' secrets often are.
fn text_within(decoded: &[u8], found: FoundKey<'_>) {
    let why = |rank, detail: &str| Why::new(CauseCode::SecretBase64, rank, detail).of(Subcause::TwiceEncodedSecret);
    let trimmed = decoded.trim_ascii_end();
    if trimmed.len() < decoded.len() && trimmed.is_ascii() && trimmed.len() >= LEAST_DECODED {
        let detail = "the configured secret is base64 of the signing key and a line end (echo secret | base64; printf %s \
                      writes none)";
        found(trimmed.to_vec().into(), why(1, detail));
    }
    // Bytes of a key that happen to be base64 are rare, and short ones would prove nothing.
    if trimmed.len() >= 12
        && let Ok(inner) = BASE64_STANDARD.decode(trimmed).map(Zeroizing::new)
        && inner.len() >= LEAST_DECODED
    {
        let inner_trimmed = inner.trim_ascii_end();
        if inner_trimmed.len() < inner.len() {
            found(
                inner_trimmed.to_vec().into(),
                why(2, "the configured secret is base64 of base64 of the signing key and a line end"),
            );
        }
        found(inner, why(1, "the configured secret is base64 of base64 of the signing key"));
    }
}

/// What decoders make of base64 that skip other characters and ask for no padding: Node's `Buffer.from(…, 'base64')`,
/// which reads the alphabet for URLs too (`url`), Python's `b64decode` with `==` put after the text, PHP's
/// `base64_decode`, Ruby's `unpack("m")`. A last character that is alone has too few bits for a byte.
pub(super) fn lenient_base64(text: &[u8], url: bool) -> Zeroizing<Vec<u8>> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(text.len() * 3 / 4 + 1));
    let (mut bits, mut count) = (0_u32, 0_u32);
    let mut place = 0;
    for &byte in text {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'-' if url => 62,
            b'_' if url => 63,
            // Padding where it belongs ends the text.
            b'=' if place % 4 >= 2 => break,
            _ => continue,
        };
        place += 1;
        bits = (bits << 6 | u32::from(value)) & 0xffff;
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    bytes
}

/// The secret's hash in its place, for a key of a fixed length.
fn hashes(key: &[u8], found: FoundKey<'_>) {
    let mut add = |rank, bytes: Vec<u8>, form: &str| {
        let detail = format!("the signing key was the {form} of the configured secret");
        found(bytes.into(), Why::new(CauseCode::SecretHashed, rank, detail));
    };
    let hash = |algorithm: Algorithm| algorithm.hash(|sink| sink(key));
    add(0, hash(Algorithm::Sha256), "SHA-256, as bytes,");
    add(0, hex::encode(hash(Algorithm::Sha256)).into_bytes(), "SHA-256, as hexadecimal digits,");
    add(4, hex::encode(hash(Algorithm::Sha1)).into_bytes(), "SHA-1, as hexadecimal digits,");
    add(4, hex::encode(hash(Algorithm::Md5)).into_bytes(), "MD5, as hexadecimal digits,");
    add(8, hex::encode(hash(Algorithm::Sha512)).into_bytes(), "SHA-512, as hexadecimal digits,");
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What node 20.20 (`Buffer.from(text, 'base64')`) and Python 3.11 (`b64decode(text + '==')`) made of them.
    #[test]
    fn lenient_decoders_are_followed() {
        for (text, node, python) in [
            (
                "a webhook secret of some length",
                "6b079b868a24b1e72b7ada1fb2899e95e9e0b6",
                "6b079b868a24b1e72b7ada1fb2899e95e9e0b6",
            ),
            ("YWJjZA==ZGVm", "61626364", "61626364"),
            ("ab-_cd+/x", "69bfbf71dfbf", "69b71dfbfc"),
            ("YWJjZ", "616263", "616263"),
            ("sk_li.ve!AAAA", "b24fe58af7800000", "b24962bde00000"),
        ] {
            assert_eq!(hex::encode(lenient_base64(text.as_bytes(), true)), node, "{text}");
            assert_eq!(hex::encode(lenient_base64(text.as_bytes(), false)), python, "{text}");
        }
    }
}
