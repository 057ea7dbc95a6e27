//! Which cases mean something under a scheme, and why the others do not.

use jiff::Timestamp;

use super::case::{Case, CasePayload, CaseSigning, Expect};
use super::craft::{CraftError, Crafted, Fixture};
use super::matrix::MATRIX;
use super::run::is_plain;
use crate::delivery::Verdict;
use crate::signature::{Proof, SignError, judge};

/// A case that is left out, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotApplicable {
    /// Its name.
    pub name: &'static str,
    /// The reason, in words.
    pub reason: &'static str,
}

/// Splits the matrix into the cases that a receiver of this scheme is checked with, and those that are left out.
///
/// # Errors
///
/// [`SignError`] when requests of this scheme cannot be signed at all, and why.
pub fn applicable(fixture: &Fixture, now: Timestamp) -> Result<(Vec<Case>, Vec<NotApplicable>), SignError> {
    let (mut cases, mut left_out) = (Vec::new(), Vec::new());
    let is_trackpilots = fixture.scheme.is_trackpilots();
    for case in MATRIX {
        let is_sample = case.is_sample();
        if is_sample && is_trackpilots {
            // Its own events stand for them.
            continue;
        }
        if case.body.is_trackpilots() && !is_trackpilots {
            let reason = match case.body {
                CasePayload::Image(_) => "only Trackpilots sends images",
                _ => "only Trackpilots sends this event",
            };
            left_out.push(NotApplicable { name: case.name, reason });
            continue;
        }
        if matches!(case.signing, CaseSigning::Seconds | CaseSigning::Milliseconds) && !is_trackpilots {
            let reason = "only Trackpilots has webhooks of two kinds";
            left_out.push(NotApplicable { name: case.name, reason });
            continue;
        }
        match reason(case, fixture, now) {
            Ok(None) => cases.push(*case),
            Ok(Some(reason)) => left_out.push(NotApplicable { name: case.name, reason }),
            // The first cases are plain: what fails there fails everywhere.
            Err(error) if cases.is_empty() => return Err(error),
            Err(_) => left_out.push(NotApplicable { name: case.name, reason: "this scheme cannot sign it" }),
        }
    }
    // Without one plain valid delivery, nothing could be said.
    if !cases.iter().any(is_plain) {
        return Err(SignError::NotSigned("no valid request of its sender can be made here"));
    }
    Ok((cases, left_out))
}

/// Why a case is left out; nothing for most.
fn reason(case: &Case, fixture: &Fixture, now: Timestamp) -> Result<Option<&'static str>, SignError> {
    // What is plain but large is as what is plain.
    if matches!(case.body, CasePayload::Large(_) | CasePayload::Padded(_)) {
        return Ok(None);
    }
    match case.craft(fixture, now, 0) {
        Ok(crafted) => Ok(disagreement(case, fixture, &crafted, now)),
        Err(CraftError::NotApplicable(reason)) => Ok(Some(reason)),
        Err(CraftError::Sign(error)) => Err(error),
        Err(CraftError::Recipe(_) | CraftError::Header(_)) => Ok(Some("it cannot be made for this sender")),
    }
}

/// Whether this program's own verification says otherwise than the case expects: a scheme may allow what others forbid.
fn disagreement(case: &Case, fixture: &Fixture, crafted: &Crafted, now: Timestamp) -> Option<&'static str> {
    // The secret is the private key, and verification needs the public one.
    let is_of_time = matches!(case.signing, CaseSigning::Stale | CaseSigning::Future | CaseSigning::Replayed);
    if matches!(fixture.scheme.proof, Proof::PublicKey(_)) || is_of_time {
        return None;
    }
    let head = crafted.request.head();
    let verdict = judge(&fixture.scheme, [&fixture.secret], &head, &crafted.request.body, now).verdict;
    match (case.expect, verdict) {
        (Expect::Accept, Verdict::Verified) => None,
        (Expect::Accept, _) => Some("it cannot be signed validly under this scheme"),
        (Expect::Refuse(_), Verdict::Verified) => Some("the scheme allows it"),
        (Expect::Refuse(_), _) => None,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::signature::{Secret, SecretOrigin, SigningKind, catalogue, unsignable};

    fn fixture(name: &str, secret: &str) -> Fixture {
        let mut scheme = catalogue::named(name).unwrap();
        for setting in scheme.missing_settings() {
            scheme.settings.insert(setting, "value".to_owned());
        }
        Fixture {
            target: "http://localhost:8080/hooks/x?a=b".parse().unwrap(),
            scheme,
            secret: Secret::new("x", secret.as_bytes().to_vec(), SecretOrigin::Typed),
            kind: SigningKind::Developer,
            stale: Duration::from_secs(86_400),
            seed: 7,
        }
    }

    fn names(name: &str) -> (Vec<&'static str>, Vec<NotApplicable>) {
        let now = Timestamp::from_millisecond(1_746_123_456_789).unwrap();
        let (cases, left_out) = applicable(&fixture(name, "d2h5aG9vay1zZWNyZXQtb2YtdGVzdHMtMzI="), now).unwrap();
        (cases.iter().map(|case| case.name).collect(), left_out)
    }

    fn why(left_out: &[NotApplicable], name: &str) -> &'static str {
        left_out.iter().find(|left| left.name == name).map_or("", |left| left.reason)
    }

    #[test]
    fn trackpilots_cases_are_left_out_elsewhere() {
        let (github, left_out) = names("github");
        assert!(github.contains(&"sample") && github.contains(&"wrong-secret") && github.contains(&"empty-digest"));
        assert!(!github.iter().any(|name| name.starts_with("image-") || name.starts_with("app-")));
        assert_eq!(why(&left_out, "image-base64"), "only Trackpilots sends images");
        assert_eq!(why(&left_out, "stale"), "the scheme has no timestamp");
        assert_eq!(why(&left_out, "missing-timestamp"), "the scheme has no timestamp");
        let (trackpilots, left_out) = names("trackpilots");
        assert!(trackpilots.contains(&"app-simulated") && !trackpilots.contains(&"sample"));
        assert_eq!(why(&left_out, "empty-digest"), "nothing surrounds the signature");
    }

    #[test]
    fn a_token_covers_nothing_and_a_form_is_no_json() {
        let (gitlab, left_out) = names("gitlab-token");
        assert!(gitlab.contains(&"wrong-secret") && gitlab.contains(&"cut-half") && !gitlab.contains(&"flipped-body"));
        assert_eq!(why(&left_out, "flipped-body"), "the signature does not cover the body");
        let (twilio, left_out) = names("twilio-form");
        assert!(twilio.contains(&"unicode-emoji") && twilio.contains(&"flipped-body"));
        assert_eq!(why(&left_out, "json-indented"), "the sender's bodies are forms");
        let (stripe, left_out) = names("stripe");
        assert!(stripe.contains(&"flipped-timestamp") && stripe.contains(&"stale"));
        assert_eq!(why(&left_out, "missing-timestamp"), "the timestamp has no header of its own");
    }

    #[test]
    fn every_scheme_that_is_signed_here_has_a_matrix_and_the_others_say_why_not() {
        let now = Timestamp::from_millisecond(1_746_123_456_789).unwrap();
        let (mut checked, mut refused) = (0, Vec::new());
        for name in catalogue::names() {
            let fixture = fixture(name, "d2h5aG9vay1zZWNyZXQtb2YtdGVzdHMtMzI=");
            match applicable(&fixture, now) {
                Ok((cases, _)) => {
                    checked += 1;
                    let has = |wanted: &str| cases.iter().any(|case| case.name == wanted);
                    assert!(has("sample") || name == catalogue::TRACKPILOTS, "{name}");
                    assert!(
                        has("wrong-secret"),
                        "{name}: {:?}",
                        cases.iter().map(|case| case.name).collect::<Vec<_>>()
                    );
                }
                Err(error) if unsignable(&fixture.scheme).is_none_or(|why| why != error) => {
                    refused.push(format!("{name}: {error}"));
                }
                Err(_) => {}
            }
        }
        insta::assert_snapshot!(format!("{checked} of them\n{}", refused.join("\n")));
    }
}
