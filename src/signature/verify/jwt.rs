//! JSON Web Tokens (RFC 7519) in the compact form (RFC 7515, section 7.1), whole or with a detached payload (RFC 7797).

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use jiff::Timestamp;
use subtle::ConstantTimeEq as _;

use super::described::{Rejection, binds, key_bytes, public_keys};
use crate::delivery::Verdict;
use crate::signature::scheme::{JwtAlgorithm, Parts, ReadSignature};
use crate::signature::{Scheme, Secret};

/// A token's parts, decoded.
struct Token<'t> {
    /// What is signed, as it stands in the token: head and payload.
    signed: &'t [u8],
    head: Vec<u8>,
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'t> Token<'t> {
    fn read(text: &'t [u8]) -> Option<Self> {
        let text = text.trim_ascii();
        let last = memchr::memrchr(b'.', text)?;
        let first = memchr::memchr(b'.', text).filter(|&first| first < last)?;
        if text[first + 1..last].contains(&b'.') {
            return None;
        }
        let decode = |part: &[u8]| BASE64_URL_SAFE_NO_PAD.decode(part).ok();
        Some(Self {
            signed: &text[..last],
            head: decode(&text[..first])?,
            payload: decode(&text[first + 1..last])?,
            signature: decode(&text[last + 1..])?,
        })
    }
}

/// Whether the token is right: its algorithm one of the scheme's, its signature, its time, and what its claims bind.
pub(super) fn check(
    scheme: &Scheme,
    algorithms: &[JwtAlgorithm],
    detached: bool,
    secret: &Secret,
    read: &ReadSignature,
    parts: &Parts<'_>,
    now: Timestamp,
) -> Result<(), Rejection> {
    let token = read.candidates.first().and_then(|text| Token::read(text));
    let token = token.ok_or_else(|| Rejection::malformed("it is not a JSON Web Token of three parts"))?;
    let parts = Parts { token: Some((&token.head, &token.payload)), ..*parts };
    let named = parts.get(&crate::signature::Source::TokenHead("alg".to_owned())).unwrap_or_default();
    let named = String::from_utf8_lossy(&named).into_owned();
    // RFC 8725, section 3.1: the receiver says which algorithms there are, never the token.
    let algorithm =
        JwtAlgorithm::named(&named).filter(|algorithm| algorithms.contains(algorithm)).ok_or_else(|| {
            let accepted: Vec<&str> = algorithms.iter().map(|algorithm| algorithm.name()).collect();
            let named = crate::text::visible(&named).into_owned();
            Rejection::malformed(format!("the token's alg is '{named}', not {}", accepted.join(" or ")))
        })?;
    let signed = if detached {
        if !token.payload.is_empty() {
            return Err(Rejection::malformed("the token has a payload, and the scheme's is left out"));
        }
        let bare = || Rejection { verdict: Verdict::Mismatch, note: scheme.content.missing(&parts) };
        let content = scheme.content.bytes(&parts).ok_or_else(bare)?;
        [token.signed, BASE64_URL_SAFE_NO_PAD.encode(content).as_bytes()].concat()
    } else {
        token.signed.to_vec()
    };
    let is_right = match algorithm {
        JwtAlgorithm::Hmac(hash) => key_bytes(scheme, secret).is_some_and(|key| {
            let mut state = hash.keyed(&key);
            state.update(&signed);
            bool::from(state.finish().ct_eq(&token.signature))
        }),
        JwtAlgorithm::PublicKey(algorithm) => {
            public_keys(secret)?.keys().any(|(_, key)| key.verify(algorithm, &[&signed], &token.signature).is_ok())
        }
    };
    if !is_right {
        return Err(Rejection { verdict: Verdict::Mismatch, note: None });
    }
    if !detached {
        in_time(&parts, scheme, now)?;
    }
    binds(scheme, &parts)
}

/// RFC 7519, sections 4.1.4 and 4.1.5, with the scheme's tolerance for clocks.
fn in_time(parts: &Parts<'_>, scheme: &Scheme, now: Timestamp) -> Result<(), Rejection> {
    let claim = |name: &str| -> Option<f64> {
        let value = parts.get(&crate::signature::Source::Claim(name.to_owned()))?;
        std::str::from_utf8(&value).ok()?.parse().ok()
    };
    let (now, tolerance) = (now.as_millisecond() as f64 / 1000.0, scheme.tolerance.as_secs_f64());
    if claim("exp").is_some_and(|expires| expires + tolerance < now) {
        return Err(Rejection::mismatch("the signature is valid, but the token has expired (exp)"));
    }
    if claim("nbf").is_some_and(|begins| begins - tolerance > now) {
        return Err(Rejection::mismatch("the signature is valid, but the token is not valid yet (nbf)"));
    }
    Ok(())
}
