//! A copy of a delivery under a signature that no secret in use makes.

use jiff::Timestamp;

use crate::config::Registry;
use crate::delivery::{AttemptMode, Delivery};
use crate::http::{Outgoing, Target};
use crate::send::as_captured;
use crate::send::replay::{Replay, ReplayError, kind_of, webhook_of};
use crate::signature::{Proof, Scheme, Secret, SecretOrigin, SignError, Signing};

/// A secret that nobody has; `None` where the scheme takes none that is made up.
pub(in crate::send) fn nobodys_secret(scheme: &Scheme, seed: u64) -> Option<Secret> {
    if matches!(scheme.proof, Proof::PublicKey(_)) {
        return None;
    }
    // A key that is decoded from base64 or hexadecimal digits is one here as well.
    let text = format!("{seed:016x}{:016x}", seed.rotate_left(32) ^ 0x5bd1_e995);
    Some(Secret::new("another", text.into_bytes(), SecretOrigin::MadeUp))
}

/// The same request for `target`, with a fresh timestamp where the scheme has one, and signed with a secret that was made
/// from `seed` and that nobody has. Under a scheme that cannot be signed here, the captured signature is changed.
///
/// # Errors
///
/// [`ReplayError`] when the request is incomplete, or it cannot be signed and has no signature to change.
pub fn forged(
    delivery: &Delivery,
    target: &Target,
    registry: &Registry,
    seed: u64,
    now: Timestamp,
) -> Result<Replay, ReplayError> {
    let (mut request, changes) = as_captured(delivery, target)?;
    let webhook = webhook_of(registry, &delivery.summary);
    let scheme = &registry.signing_scheme(webhook).sent_to(target);
    let kind = kind_of(webhook, &delivery.summary);
    let signed = nobodys_secret(scheme, seed)
        .ok_or(SignError::NotSigned("only the sender has the private key"))
        .and_then(|secret| Signing { kind, scheme, secret: &secret }.apply(&mut request, now));
    match signed {
        Ok(()) => {}
        Err(error) => change_signature(&mut request, scheme, seed, error)?,
    }
    Ok(Replay { request, mode: AttemptMode::Forged, changes })
}

/// Changes every captured signature so that none verifies.
fn change_signature(request: &mut Outgoing, scheme: &Scheme, seed: u64, error: SignError) -> Result<(), ReplayError> {
    let head = request.head();
    let Some(name) = scheme.signature.header_in(&head) else { return Err(error.into()) };
    let Some(value) = head.value(name).map(|value| changed(value, seed)) else { return Err(error.into()) };
    let value = value.ok_or(error)?;
    request.set(name, &value).map_err(SignError::from)?;
    Ok(())
}

/// A header's value with the characters of its last long run replaced by others of their kind: the signature, in every
/// form that is known. `None` where there is none.
fn changed(value: &[u8], seed: u64) -> Option<String> {
    const LEAST: usize = 16;
    let text = std::str::from_utf8(value).ok()?;
    let is_part = |character: char| character.is_ascii_alphanumeric() || "+/-_".contains(character);
    let mut end = text.len();
    let (from, to) = loop {
        let last = text[..end].rfind(is_part)? + 1;
        let first = text[..last].rfind(|character| !is_part(character)).map_or(0, |at| at + 1);
        // Shorter runs are names, such as `v1` before an equals sign.
        if last - first >= LEAST {
            break (first, last);
        }
        end = first;
    };
    let is_hex = text[from..to].bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut dice = seed | 1;
    let other = |character: char| {
        dice = dice.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let step = (dice >> 40) as u8;
        let of = |first: u8, count: u8, character: char| {
            char::from(first + (character as u8 - first + 1 + step % (count - 1)) % count)
        };
        match character {
            '0'..='9' => of(b'0', 10, character),
            'a'..='f' if is_hex => of(b'a', 6, character),
            'A'..='F' if is_hex => of(b'A', 6, character),
            'a'..='z' => of(b'a', 26, character),
            'A'..='Z' => of(b'A', 26, character),
            sign => sign,
        }
    };
    let made: String = text[from..to].chars().map(other).collect();
    Some(format!("{}{made}{}", &text[..from], &text[to..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_changed_signature_keeps_its_form() {
        let hex = "5ba8c1f00d5ba8c1f00d5ba8c1f00d5b";
        for (value, kept) in [
            (hex.to_owned(), ""),
            (format!("sha256={hex}"), "sha256="),
            (format!("t=1746123456,v1={hex}"), "t=1746123456,v1="),
            ("header.payload.".to_owned() + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "header.payload."),
            (
                "keyId=\"aaaaaaaaaaaaaaaaaaaa\",signature=\"MfKQ9r8GKYqrTwjUPD8=\"".to_owned(),
                "keyId=\"aaaaaaaaaaaaaaaaaaaa\",",
            ),
        ] {
            let made = changed(value.as_bytes(), 7).unwrap();
            assert!(made.starts_with(kept) && made.len() == value.len(), "{value} → {made}");
            let differ = made.bytes().zip(value.bytes()).filter(|(one, two)| one != two).count();
            assert!(differ >= 16, "{value} → {made}");
            if !kept.contains("header") && !kept.contains("keyId") {
                assert!(made[kept.len()..].bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
            }
        }
        assert_eq!(changed(b"short", 7), None);
        assert_eq!(changed(b"", 7), None);
    }
}
