//! The schemes that one webhook accepts.

use jiff::Timestamp;

use super::scheme::{NoSignature, Parts, signed_url};
use super::{Scheme, Secret, judge};
use crate::delivery::{Judgement, Verdict};
use crate::http::Head;

/// The most schemes that one webhook accepts: each is verified with every secret.
pub const MOST_ACCEPTED: usize = 8;

/// One or more schemes. A request is verified when one of them verifies it; what is made is signed by the first.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "Vec<Scheme>", into = "Vec<Scheme>")]
pub struct AcceptedSchemes {
    first: Scheme,
    more: Vec<Scheme>,
}

/// That a webhook has no scheme, or too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected 1 to {MOST_ACCEPTED} schemes, found {0}")]
pub struct WrongSchemeCount(usize);

impl From<Scheme> for AcceptedSchemes {
    fn from(scheme: Scheme) -> Self {
        Self { first: scheme, more: Vec::new() }
    }
}

impl From<AcceptedSchemes> for Vec<Scheme> {
    fn from(accepted: AcceptedSchemes) -> Self {
        std::iter::once(accepted.first).chain(accepted.more).collect()
    }
}

impl TryFrom<Vec<Scheme>> for AcceptedSchemes {
    type Error = WrongSchemeCount;

    fn try_from(schemes: Vec<Scheme>) -> Result<Self, WrongSchemeCount> {
        let count = schemes.len();
        let mut schemes = schemes.into_iter();
        match schemes.next() {
            Some(first) if count <= MOST_ACCEPTED => Ok(Self { first, more: schemes.collect() }),
            _ => Err(WrongSchemeCount(count)),
        }
    }
}

impl AcceptedSchemes {
    /// The one that what is made is signed by.
    #[must_use]
    pub fn first(&self) -> &Scheme {
        &self.first
    }

    /// The one scheme, when no other is accepted.
    #[must_use]
    pub fn only(&self) -> Option<&Scheme> {
        self.more.is_empty().then_some(&self.first)
    }

    /// All of them, in their configured order.
    pub fn iter(&self) -> impl Iterator<Item = &Scheme> {
        std::iter::once(&self.first).chain(&self.more)
    }

    /// All of them, to be changed.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Scheme> {
        std::iter::once(&mut self.first).chain(&mut self.more)
    }

    /// Judges a request as [`judge`] does, under each scheme: the judgement is that of the scheme that verifies it, or
    /// else of [`AcceptedSchemes::of_request`]; that scheme comes with it.
    #[must_use]
    pub fn judge<'a, 's>(
        &'a self,
        secrets: impl Iterator<Item = &'s Secret> + Clone,
        head: &Head,
        body: &[u8],
        now: Timestamp,
    ) -> (&'a Scheme, Judgement) {
        let judged = |scheme: &'a Scheme| (scheme, judge(scheme, secrets.clone(), head, body, now));
        if let Some(only) = self.only() {
            return judged(only);
        }
        let present = self.present(head, body);
        let mut verified = present.iter().map(|scheme| judged(scheme));
        match verified.find(|(_, judgement)| judgement.verdict == Verdict::Verified) {
            Some((scheme, mut judgement)) => {
                judgement.note = Some(format!("under the scheme {}", self.name_of(scheme)));
                (scheme, judgement)
            }
            None => judged(present.first().copied().unwrap_or(&self.first)),
        }
    }

    /// The scheme whose signature the request has, or else the first of all.
    #[must_use]
    pub fn of_request(&self, head: &Head, body: &[u8]) -> &Scheme {
        if let Some(only) = self.only() {
            return only;
        }
        self.present(head, body).first().copied().unwrap_or(&self.first)
    }

    /// Those whose signature the request has: first those whose form it has too, since several may share a header.
    #[must_use]
    pub fn present(&self, head: &Head, body: &[u8]) -> Vec<&Scheme> {
        let rank = |scheme: &Scheme| {
            let url = signed_url(scheme, head);
            match scheme.signature.read(&Parts::of(scheme, head, &url, body), head) {
                Ok(_) => Some(0),
                Err(NoSignature::Missing) => None,
                Err(NoSignature::Repeated(..) | NoSignature::Malformed) => Some(1),
            }
        };
        let mut present: Vec<_> = self.iter().filter_map(|scheme| Some((rank(scheme)?, scheme))).collect();
        present.sort_by_key(|(rank, _)| *rank);
        present.into_iter().map(|(_, scheme)| scheme).collect()
    }

    /// A scheme's name, or its place for one without.
    #[must_use]
    pub fn name_of(&self, scheme: &Scheme) -> String {
        if !scheme.name.is_empty() {
            return scheme.name.clone();
        }
        if scheme.is_trackpilots() {
            return super::catalogue::TRACKPILOTS.to_owned();
        }
        let place = self.iter().position(|own| own == scheme).unwrap_or_default();
        format!("number {} of the webhook's", place + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::catalogue::named;
    use crate::signature::{SecretOrigin, Signing, SigningKind};

    const BODY: &[u8] = br#"{"zen":"Keep it logically awesome."}"#;

    fn accepted(names: &[&str]) -> AcceptedSchemes {
        names.iter().map(|name| named(name).unwrap()).collect::<Vec<_>>().try_into().unwrap()
    }

    fn secret(text: &str) -> Secret {
        Secret::new(text, text.as_bytes().to_vec(), SecretOrigin::Typed)
    }

    /// A request that these schemes signed, each with its secret.
    fn signed(by: &[(&str, &str)]) -> Head {
        let mut text = "POST / HTTP/1.1\r\n".to_owned();
        for (name, key) in by {
            let (scheme, secret) = (named(name).unwrap(), secret(key));
            let signing = Signing { kind: SigningKind::Developer, scheme: &scheme, secret: &secret };
            let head = Head::from("POST / HTTP/1.1\r\n\r\n".to_owned());
            for (name, value) in signing.headers(&head, BODY, "1746123456").unwrap() {
                text.push_str(&format!("{name}: {value}\r\n"));
            }
        }
        Head::from(text + "\r\n")
    }

    fn judged(names: &[&str], head: &Head) -> (String, Judgement) {
        let (accepted, own) = (accepted(names), [secret("other"), secret("right")]);
        let (scheme, judgement) = accepted.judge(own.iter(), head, BODY, Timestamp::UNIX_EPOCH);
        (scheme.name.clone(), judgement)
    }

    #[test]
    fn any_of_them_verifies() {
        for (name, header) in [("github", "X-Hub-Signature-256"), ("slack", "X-Slack-Signature")] {
            let head = signed(&[(name, "right")]);
            assert!(head.value(header).is_some());
            let (by, judgement) = judged(&["github", "slack", "trackpilots"], &head);
            assert_eq!((by.as_str(), judgement.verdict), (name, Verdict::Verified));
            assert_eq!(judgement.note.as_deref(), Some(format!("under the scheme {name}").as_str()));
            assert_eq!(judgement.secret.as_deref(), Some("right"));
        }
        let (by, judgement) = judged(&["github", "trackpilots"], &signed(&[("trackpilots", "right")]));
        assert_eq!((by.as_str(), judgement.note.as_deref()), ("", Some("under the scheme trackpilots")));
    }

    #[test]
    fn one_that_is_right_is_enough_beside_one_that_is_wrong() {
        let head = signed(&[("github", "wrong"), ("slack", "right")]);
        let (by, judgement) = judged(&["github", "slack"], &head);
        assert_eq!((by.as_str(), judgement.verdict), ("slack", Verdict::Verified));
    }

    #[test]
    fn what_none_verifies_is_judged_by_the_one_whose_signature_it_has() {
        let (by, judgement) = judged(&["github", "slack"], &signed(&[("slack", "wrong")]));
        assert_eq!((by.as_str(), judgement.verdict, judgement.note), ("slack", Verdict::Mismatch, None));
        let bare = Head::from("POST / HTTP/1.1\r\n\r\n".to_owned());
        let (by, judgement) = judged(&["github", "slack"], &bare);
        assert_eq!((by.as_str(), judgement.verdict), ("github", Verdict::MissingSignature));
    }

    #[test]
    fn of_two_with_one_header_the_one_whose_form_is_there_comes_first() {
        let of = |prefix: &str| Scheme {
            name: prefix.to_owned(),
            signature: crate::signature::SignatureValue {
                prefix: format!("{prefix}="),
                ..crate::signature::SignatureValue::header("X-Hub-Signature")
            },
            ..named("github").unwrap()
        };
        let accepted: AcceptedSchemes = vec![of("sha1"), of("sha256")].try_into().unwrap();
        let head = Head::from("POST / HTTP/1.1\r\nX-Hub-Signature: sha256=00\r\n\r\n".to_owned());
        assert_eq!(accepted.of_request(&head, BODY).name, "sha256");
        let head = Head::from("POST / HTTP/1.1\r\nX-Hub-Signature: 00\r\n\r\n".to_owned());
        assert_eq!(accepted.of_request(&head, BODY).name, "sha1");
    }

    #[test]
    fn none_and_too_many_are_refused() {
        let of = |count: usize| AcceptedSchemes::try_from(vec![Scheme::default(); count]);
        assert_eq!(of(0), Err(WrongSchemeCount(0)));
        assert!(of(MOST_ACCEPTED).is_ok());
        assert_eq!(of(MOST_ACCEPTED + 1), Err(WrongSchemeCount(MOST_ACCEPTED + 1)));
    }
}
