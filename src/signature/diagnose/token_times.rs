//! The times of a JSON Web Token that are not in the unit that tokens have.

use super::{CauseCode, Evidence, Request};
use crate::signature::Proof;
use crate::signature::scheme::{Parts, signed_url};
use crate::signature::verify::Token;
use crate::text::grouped;

/// From here on a number is no time in seconds of this era, and one in milliseconds since 1973.
const FIRST_MILLISECOND: f64 = 1e11;

/// The times of a token that are written in milliseconds: a receiver reads seconds (RFC 7519, section 2), and takes a
/// token that has expired for one of the far future.
pub(super) fn odd_times(token: &Token<'_>) -> Vec<Evidence> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast of a float saturates")]
    let year = |seconds: f64| grouped((1970.0 + seconds / 31_556_952.0) as u64);
    ["exp", "nbf", "iat"]
        .into_iter()
        .filter_map(|name| Some((name, token.time(name).filter(|seconds| *seconds >= FIRST_MILLISECOND)?)))
        .map(|(name, seconds)| Evidence {
            code: CauseCode::TimestampUnit.code(),
            text: format!(
                "{name} is in the year {}, as a receiver reads it: it is written in milliseconds, and tokens have seconds",
                year(seconds)
            ),
        })
        .collect()
}

/// [`odd_times`] of the token that a request carries.
pub(super) fn odd_times_of(request: &Request<'_>) -> Vec<Evidence> {
    if !matches!(request.scheme.proof, Proof::Jwt { .. }) {
        return Vec::new();
    }
    let url = signed_url(request.scheme, request.head);
    let parts = Parts::of(request.scheme, request.head, &url, request.body);
    let Ok(value) = request.scheme.signature.read(&parts, request.head) else { return Vec::new() };
    value.candidates.first().and_then(|text| Token::read(text)).map(|token| odd_times(&token)).unwrap_or_default()
}
