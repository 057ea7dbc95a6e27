//! The words of a cause where it is a server's that computed a digest, and not the sender's.
//!
//! The mistakes are the same, and so they are searched in the same way; who made them, and what to do, is not.

use super::CauseCode;
use super::axis::Why;
use super::fixes::to_be_signed;
use super::subcause::Subcause;
use crate::signature::{Scheme, SignedContent};

/// What the sender's words become, the longer first.
const WORDS: [(&str, &str); 16] = [
    (
        "either it was signed with a secret that is not configured here, or its bytes were changed in a way that cannot be \
         undone; one request cannot tell which",
        "either the server's secret is not configured here, or it hashes bytes that nothing makes of this request; one \
         digest cannot tell which",
    ),
    ("The signing side has no secret", "The server has no secret"),
    ("It was signed with another configured secret", "The server uses another configured secret"),
    ("signed with an empty key", "computed with an empty key"),
    ("signed with", "computed with"),
    ("Signed before", "Hashed before"),
    ("signed before", "hashed before"),
    ("was signed", "was hashed"),
    ("were signed", "were hashed"),
    ("the signing key", "the server's key"),
    ("The signing key", "The server's key"),
    ("signing key", "server's key"),
    ("the signing side", "the server"),
    ("The signing side", "The server"),
    ("the signer", "the server"),
    ("The signer", "The server"),
];

/// A title or a detail, as it is said of a server.
pub(super) fn reworded(text: &str) -> String {
    WORDS.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// What to do about it on the server; `None` where the sender's advice says it.
pub(super) fn fix(why: &Why, scheme: &Scheme) -> Option<String> {
    match why.subcause {
        Some(Subcause::BodyObject(object)) => return Some(format!("{}, and hash exactly that.", object.reading())),
        Some(Subcause::TextPieces) => return None,
        Some(Subcause::SignedBase64) => {
            let words = "Decode the base64 first (API Gateway: isBase64Encoded), then hash those bytes.";
            return Some(words.to_owned());
        }
        Some(Subcause::UnsetParts) => {
            let words =
                "Read every part by the name that the scheme has for it, and refuse the request when one is not there.";
            return Some(words.to_owned());
        }
        _ => {}
    }
    let is_text = scheme.key == SignedContent::secret();
    let place = why.at.as_ref();
    let words = match why.code {
        CauseCode::BodyReserialized | CauseCode::BodyKeysSorted if scheme.content.reads_form() => {
            return Some(format!("Hash every field of the form as it arrived, empty ones too: {}.", scheme.content));
        }
        CauseCode::BodyReserialized
        | CauseCode::BodyKeysSorted
        | CauseCode::BodyEmpty
        | CauseCode::NotHmac
        | CauseCode::SignatureAlgorithm => return None,
        CauseCode::SecretUnset => {
            "Set the secret on the server, and refuse to start without it: without a secret, anyone can sign."
        }
        CauseCode::SecretPrefix if is_text => {
            let place = place?;
            return Some(match place.before.as_str() {
                "" => format!("Remove `{}` from the server's secret.", place.after),
                prefix => format!("Use the secret with its prefix `{prefix}` on the server: it is a part of the key."),
            });
        }
        CauseCode::SecretPrefix | CauseCode::SecretBase64 | CauseCode::SecretHex | CauseCode::SecretHashed
            if !is_text =>
        {
            return Some(format!("Make the key on the server as the scheme does: {}.", scheme.key));
        }
        CauseCode::WrongSecret => "Use this webhook's own secret on the server.",
        CauseCode::UrlDiffers => {
            "Hash the URL that is registered with the sender, and not the one that the server sees behind its proxy: \
             configure it there."
        }
        CauseCode::TimestampUnit | CauseCode::TimestampDiffers | CauseCode::TimestampLiteral => {
            "Hash the timestamp's text exactly as it was sent; do not parse and print it."
        }
        CauseCode::TimestampHeaderMissing => "Let the request have its timestamp when the server reads it.",
        CauseCode::ContentTemplate => return Some(format!("Hash {}.", to_be_signed(scheme))),
        CauseCode::Unexplained => {
            "Compare the length and a hash of the secrets on both sides; then log the exact bytes that the server hashes."
        }
        code if code.code().starts_with("body_") => {
            "Hash the raw bytes of the body as they arrived, before a parser, framework or gateway changes them."
        }
        _ => return None,
    };
    Some(words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_said_of_a_signing_side_or_of_what_was_signed() {
        for code in CauseCode::ALL {
            let title = reworded(code.title());
            assert!(!title.contains("was signed") && !title.contains("signing side"), "{title}");
            let advice = fix(&Why::new(*code, 0, ""), &Scheme::default()).unwrap_or_default();
            assert!(!advice.contains("Sign ") && !advice.contains("signing side"), "{advice}");
        }
        let detail = "the header is in ms, seconds were signed";
        assert_eq!(reworded(detail), "the header is in ms, seconds were hashed");
        let detail = "the configured secret ends in a newline, which was not part of the signing key";
        assert_eq!(reworded(detail), "the configured secret ends in a newline, which was not part of the server's key");
    }
}
