//! What to do where nothing explains a mismatch: the likeliest first, by what the configuration and the request show.

use super::Request;
use crate::payload::json::{decode_string, entries};
use crate::signature::catalogue::entry;
use crate::signature::verify::RejectionReason;
use crate::signature::{CredentialKind, PlainFilter, Proof, Scheme, Secret, SecretRemark};

/// Bytes of the longest body that a sender's question is looked for in.
const LONGEST_QUESTION: usize = 4 << 10;

/// The advice; `None` where the usual one is all that can be said.
pub(super) fn what_next(request: &Request<'_>, reason: Option<RejectionReason>) -> Option<String> {
    let scheme = request.scheme;
    on_purpose(scheme, request.body)
        .map(|advice| advice.to_owned())
        .or_else(|| request.secrets.iter().find_map(|secret| another_credential(scheme, secret)))
        .or_else(|| no_key(scheme, reason?))
        .or_else(|| of_url(scheme))
        .or_else(|| of_key_pair(scheme))
}

/// What is said of a request that its sender signs wrongly to see whether it is refused; `None` for any other. The
/// catalogue has the same questions, with what answers them.
fn on_purpose(scheme: &Scheme, body: &[u8]) -> Option<&'static str> {
    const INVALID: &str = "Answer 401: this sender sends such requests with an invalid signature on purpose, to see that \
                           they are refused. Judge your secret by the other requests.";
    let sender = scheme.handshake.as_deref()?;
    let is = |name: &str, fits: &dyn Fn(&[u8]) -> bool| {
        let key_is = |key: &[u8]| decode_string(key).text == name;
        body.len() <= LONGEST_QUESTION
            && entries(body)
                .take(16)
                .any(|one| one.key.is_some_and(|key| key_is(&body[key])) && fits(body[one.value].trim_ascii()))
    };
    let asked = match sender {
        "xero" => is("events", &|value| value == b"[]") && is("entropy", &|_| true),
        "discord" => is("type", &|value| matches!(value, b"0" | b"1")),
        _ => false,
    };
    asked.then_some(INVALID)
}

/// That something else is configured than the signing secret, and where that is.
fn another_credential(scheme: &Scheme, secret: &Secret) -> Option<String> {
    let text = String::from_utf8_lossy(secret.expose());
    let text = text.trim().trim_matches(['"', '\'']);
    let what = match CredentialKind::under(&scheme.name, text) {
        Some(kind) => kind.noun(),
        None if secret.remarks().contains(&SecretRemark::Masked) => "a masked value, as a page shows it",
        None if secret.remarks().contains(&SecretRemark::Placeholder) => "a placeholder",
        None => return None,
    };
    let label = crate::text::visible(secret.label());
    Some(format!("Configure the secret that signs{}: {label} looks like {what}.", key_from(scheme)))
}

/// Where the sender shows the key, to follow "the secret".
fn key_from(scheme: &Scheme) -> String {
    let known = Some(&scheme.name).filter(|name| !name.is_empty()).and_then(|name| entry(name).ok());
    known.filter(|known| !known.key_from.is_empty()).map_or(String::new(), |known| format!(" ({})", known.key_from))
}

/// That what is configured cannot be the scheme's key.
fn no_key(scheme: &Scheme, reason: RejectionReason) -> Option<String> {
    let key_from = key_from(scheme);
    match reason {
        RejectionReason::NotShared if scheme.proof.is_shared() => Some(format!(
            "Give the sender's shared secret (--secret-env, --secret-file){key_from}: this scheme has {}, and --public-key \
             is for senders that sign with a private key.",
            scheme.proof
        )),
        RejectionReason::NoKey => {
            let form = match scheme.key.decoder()? {
                PlainFilter::Unbase64 => "base64",
                _ => "hexadecimal digits",
            };
            Some(format!(
                "Configure the sender's own secret, whole{key_from}: the configured one is not valid {form}, so no key can \
                 be made of it."
            ))
        }
        _ => None,
    }
}

/// A URL that is signed is guessed until it is configured, which is wrong more often than the secret is.
fn of_url(scheme: &Scheme) -> Option<String> {
    let usual = "compare the length and a hash of the secrets on both sides";
    scheme.signs_url().then(|| match scheme.url {
        None => format!(
            "Give the URL exactly as it is registered with the sender (--url, or url in the configuration): scheme, host, \
             port, path and query are signed, and behind a tunnel or proxy they cannot be read from the request. Then {usual}."
        ),
        Some(_) => format!(
            "Compare the configured URL with the one that is registered with the sender, character by character, with its \
             scheme, port, path and query. Then {usual}."
        ),
    })
}

/// A public key is no secret, and may be shown.
fn of_key_pair(scheme: &Scheme) -> Option<String> {
    let is_public = matches!(scheme.proof, Proof::PublicKey(_) | Proof::Sns);
    is_public.then(|| {
        format!(
            "Compare the configured public key with the one that the sender shows{} for this environment: test and live \
             have keys of their own. Then log the exact bytes that the signing side signs.",
            key_from(scheme)
        )
    })
}
