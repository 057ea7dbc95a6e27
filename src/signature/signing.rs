//! Fresh timestamp and signature headers for a request.

use jiff::Timestamp;

use crate::http::{InvalidHeader, Outgoing};
use crate::signature::{self, HeaderForm, Scheme, Secret, SigningKind, TemplatePiece};

/// With what a request is signed.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// The timestamp's unit.
    pub kind: SigningKind,
    /// The scheme.
    pub scheme: &'a Scheme,
    /// The secret.
    pub secret: &'a Secret,
}

/// Why a request cannot be signed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignError {
    /// The secret is not a valid key of this scheme.
    #[error("the secret {0} is not valid base64, which this webhook's scheme requires: choose another with --secret")]
    NoKey(String),
    /// The scheme signs an id that the request has not.
    #[error("missing header {0}, which the scheme signs: add it")]
    NoId(String),
    /// The headers cannot be sent.
    #[error(transparent)]
    Header(#[from] InvalidHeader),
}

impl Signing<'_> {
    /// Puts the headers of this moment into `request`: in the place and letter case of those that it
    /// has, after all others otherwise.
    ///
    /// # Errors
    ///
    /// [`SignError`] when the secret or the request does not fit the scheme.
    pub fn apply(&self, request: &mut Outgoing, now: Timestamp) -> Result<(), SignError> {
        self.apply_at(request, &self.kind.timestamp_text(now))
    }

    /// The same with this text as timestamp, whatever it is.
    ///
    /// # Errors
    ///
    /// [`SignError`] when the secret or the request does not fit the scheme.
    pub fn apply_at(&self, request: &mut Outgoing, timestamp: &str) -> Result<(), SignError> {
        for (name, value) in self.headers(request, timestamp)? {
            request.set(&name, value)?;
        }
        Ok(())
    }

    /// The headers for `request` under this timestamp, as names and values.
    ///
    /// # Errors
    ///
    /// [`SignError`] when the secret or the request does not fit the scheme.
    pub fn headers(&self, request: &Outgoing, timestamp: &str) -> Result<Vec<(String, String)>, SignError> {
        let scheme = self.scheme;
        let head = request.head();
        if let Some(id) = scheme.id_header.as_ref().filter(|name| head.value(name).is_none()) {
            return Err(SignError::NoId(id.clone()));
        }
        let value = signature::sign_request(scheme, self.secret, &head, timestamp, &request.body)
            .ok_or_else(|| SignError::NoKey(self.secret.label().to_owned()))?;
        let mut headers = vec![(scheme.signature_header.clone(), value)];
        let is_apart = !matches!(scheme.form, HeaderForm::Pairs { .. });
        if is_apart && scheme.content.covers(&TemplatePiece::Timestamp) {
            headers.push((scheme.timestamp_header.clone(), timestamp.to_owned()));
        }
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::Verdict;
    use crate::signature::{SecretOrigin, judge, providers};

    const NOW: i64 = 1_746_123_456_789;

    fn request() -> Outgoing {
        Outgoing::post(&"localhost:3000/x".parse().unwrap(), r#"{"event":"x"}"#).unwrap()
    }

    #[test]
    fn what_is_signed_verifies_under_every_scheme() {
        let now = Timestamp::from_millisecond(NOW).unwrap();
        let secret = Secret::new("dev", b"whsec_c2VjcmV0".to_vec(), SecretOrigin::Typed);
        let schemes = providers::ALL.iter().map(|preset| (preset.name, preset.scheme()));
        for (name, scheme) in schemes.chain([("trackpilots", Scheme::default())]) {
            for kind in [SigningKind::Developer, SigningKind::Reseller] {
                let mut request = request();
                if let Some(id) = &scheme.id_header {
                    request.set(id, "msg_1").unwrap();
                }
                Signing { kind, scheme: &scheme, secret: &secret }.apply(&mut request, now).unwrap();
                let head = request.head();
                let judgement = judge(&scheme, [&secret], &head, &request.body, now);
                assert_eq!(
                    judgement.verdict,
                    Verdict::Verified,
                    "{name}: {}",
                    String::from_utf8_lossy(&request.head())
                );
            }
        }
    }

    #[test]
    fn headers_that_are_there_keep_their_place_and_case() {
        let mut request = request();
        request.set("x-webhook-TIMESTAMP", "1").unwrap();
        request.set("X-Last", "1").unwrap();
        let (scheme, secret) = (Scheme::default(), Secret::new("dev", b"s".to_vec(), SecretOrigin::Typed));
        let signing = Signing { kind: SigningKind::Reseller, scheme: &scheme, secret: &secret };
        signing.apply(&mut request, Timestamp::from_millisecond(NOW).unwrap()).unwrap();
        let names: Vec<_> = request.lines[3..].iter().map(|line| String::from_utf8_lossy(line.name())).collect();
        assert_eq!(names, ["x-webhook-TIMESTAMP", "X-Last", "X-Webhook-Signature"]);
        assert_eq!(request.line("X-Webhook-Timestamp").unwrap().value(), NOW.to_string().as_bytes());
    }

    #[test]
    fn what_does_not_fit_is_told() {
        let secret = Secret::new("dev", b"!".to_vec(), SecretOrigin::Typed);
        let scheme = providers::named("standard-webhooks").unwrap();
        let signing = Signing { kind: SigningKind::Developer, scheme: &scheme, secret: &secret };
        assert!(matches!(signing.headers(&request(), "1"), Err(SignError::NoId(_))));
        let mut request = request();
        request.set("webhook-id", "x").unwrap();
        assert_eq!(signing.headers(&request, "1"), Err(SignError::NoKey("dev".to_owned())));
    }
}
