//! Sends the cases of a suite, one after the other, and compares what comes back.

use std::time::Duration;

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::case::{ResignAs, SuiteCase, SuiteSigning};
use super::compare::{AnswerDifference, compare};
use crate::config::{MissingSecret, Registry, unnamed};
use crate::http::{Client, ClientLimits, Failure, HttpResponse, NoRequest, Outgoing, SendError, Target};
use crate::signature::{Scheme, Secret, SignError, Signing, unsignable};
use crate::text::visible;

/// Why a case cannot be sent; found before anything is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("case '{}': {reason}", visible(.case))]
pub struct NotPrepared {
    /// Its name.
    pub case: String,
    /// Why.
    pub reason: NotPreparedReason,
}

/// See [`NotPrepared`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotPreparedReason {
    /// There is no secret to sign with.
    #[error("{}", .0.to_sign())]
    NoSecret(MissingSecret),
    /// No secret has this label.
    #[error("unknown secret label {}; known labels: {known}", unnamed(.label))]
    UnknownSecret {
        /// The label asked for.
        label: String,
        /// Those there are.
        known: String,
    },
    /// It is signed by a scheme that its webhook has not.
    #[error(
        "it is signed under the scheme {}, which {of} does not have: change `scheme` in the suite, or the configuration",
        visible(.scheme)
    )]
    OtherScheme {
        /// The scheme's name.
        scheme: String,
        /// Whose schemes there are, in words.
        of: String,
    },
    /// It cannot be signed.
    #[error(transparent)]
    Sign(#[from] SignError),
    /// No server can be asked for it.
    #[error(transparent)]
    NoRequest(#[from] NoRequest),
}

/// A case that is ready to be sent.
#[derive(Debug, Clone)]
pub struct PreparedCase<'a> {
    /// The case.
    pub case: &'a SuiteCase,
    signing: Option<Signing<'a>>,
    request: Outgoing,
    /// Where it goes, which a scheme may sign.
    target: Target,
}

/// What came of a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseResult {
    /// Its name.
    pub name: String,
    /// Its suite, as it was named.
    pub suite: String,
    /// How it was sent: `re-signed`, `as received`.
    pub sent_as: &'static str,
    /// How long it took; `None` when it was not sent.
    pub latency: Option<Duration>,
    /// What came back.
    pub reply: Option<HttpResponse>,
    /// What that comes to.
    pub outcome: CaseOutcome,
}

/// What a case comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseOutcome {
    /// The response is as expected.
    AsExpected,
    /// It is not.
    Differs(Vec<AnswerDifference>),
    /// There is none.
    NoAnswer(Failure),
    /// No connection was made.
    NoServer(Failure),
    /// It was not sent, since the run ended before.
    NotSent,
}

impl CaseOutcome {
    /// Whether it counts against the server.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(self, Self::Differs(_) | Self::NoAnswer(_) | Self::NoServer(_))
    }
}

/// Finds what a case is signed with, and makes its request once, so that whatever is missing is known before anything is
/// sent. `label` names another secret.
///
/// # Errors
///
/// [`NotPrepared`].
pub fn prepare<'a>(
    case: &'a SuiteCase,
    target: &Target,
    registry: &'a Registry,
    label: Option<&str>,
) -> Result<PreparedCase<'a>, NotPrepared> {
    let failed = |reason| NotPrepared { case: case.name.clone(), reason };
    let request = case.request.outgoing(target).map_err(|error| failed(error.into()))?;
    let signing = match &case.signing {
        SuiteSigning::AsReceived => None,
        SuiteSigning::Resign(with) => Some(signing(with, &case.request.target, registry, label).map_err(failed)?),
    };
    let prepared = PreparedCase { case, signing, request, target: target.clone() };
    prepared.request_at(Timestamp::now()).map_err(|error| failed(error.into()))?;
    Ok(prepared)
}

impl PreparedCase<'_> {
    /// The request as it goes out at this moment.
    fn request_at(&self, now: Timestamp) -> Result<Outgoing, SignError> {
        let mut request = self.request.clone();
        if let Some(signing) = &self.signing {
            let scheme = signing.scheme.sent_to(&self.target);
            Signing { scheme: &scheme, ..*signing }.apply(&mut request, now)?;
        }
        Ok(request)
    }

    fn result(&self, suite: &str, outcome: CaseOutcome) -> CaseResult {
        let sent_as = if self.signing.is_some() { "re-signed" } else { "as received" };
        let name = self.case.name.clone();
        CaseResult { name, suite: suite.to_owned(), sent_as, latency: None, reply: None, outcome }
    }
}

fn signing<'a>(
    with: &ResignAs,
    target: &[u8],
    registry: &'a Registry,
    label: Option<&str>,
) -> Result<Signing<'a>, NotPreparedReason> {
    let named = with.webhook.as_deref().and_then(|name| registry.webhook(name));
    let webhook = named.or_else(|| registry.route(target).webhook);
    let schemes = registry.schemes_of(webhook);
    let scheme = match &with.scheme {
        None => schemes.first(),
        Some(name) => schemes.iter().find(|scheme| schemes.name_of(scheme) == *name).ok_or_else(|| {
            let of = webhook
                .map_or("the configuration".to_owned(), |webhook| format!("the webhook '{}'", visible(&webhook.name)));
            NotPreparedReason::OtherScheme { scheme: name.clone(), of }
        })?,
    };
    if let Some(error) = unsignable(scheme) {
        return Err(error.into());
    }
    let keyring = registry.keyring();
    let secret = match label {
        Some(label) => keyring.get(label).ok_or_else(|| NotPreparedReason::UnknownSecret {
            label: label.to_owned(),
            known: keyring.secrets().iter().map(Secret::label).collect::<Vec<_>>().join(", "),
        })?,
        None => {
            let of_case = || with.secret.as_deref().and_then(|label| keyring.get(label));
            let has_own = webhook.is_some_and(|webhook| !webhook.secrets.is_empty());
            // Without a webhook that names secrets, several schemes may be signed in one run.
            let of_scheme = || if has_own { None } else { keyring.get(&MissingSecret::variable(&scheme.name)) };
            let first = || registry.secrets_for(webhook).next();
            let found = of_case().or_else(of_scheme).or_else(first);
            found.ok_or_else(|| NotPreparedReason::NoSecret(missing(scheme)))?
        }
    };
    Ok(Signing { kind: with.kind, scheme, secret })
}

fn missing(scheme: &Scheme) -> MissingSecret {
    MissingSecret::of(scheme)
}

/// How a run goes.
#[derive(Debug, Clone, Copy)]
pub struct SuiteRun<'a> {
    /// Where the cases go.
    pub target: &'a Target,
    /// The limits of one of them.
    pub limits: &'a ClientLimits,
    /// Whether the run ends with the first failure.
    pub fail_fast: bool,
}

/// Sends the cases in their order, each with the name of its suite; `tell` is told of each as it ends. Those that are not
/// sent, since the run was cancelled or ended with a failure, are there as well. Each is tried, also where no connection
/// was made for the one before.
pub async fn run(
    cases: &[(&str, PreparedCase<'_>)],
    how: SuiteRun<'_>,
    client: &Client,
    cancel: &CancellationToken,
    mut tell: impl FnMut(&CaseResult),
) -> Vec<CaseResult> {
    let mut results: Vec<CaseResult> = Vec::with_capacity(cases.len());
    let mut has_ended = false;
    for (suite, case) in cases {
        if has_ended || cancel.is_cancelled() {
            results.push(case.result(suite, CaseOutcome::NotSent));
            continue;
        }
        let result = match case.request_at(Timestamp::now()) {
            // It was made before, under another timestamp alone.
            Err(error) => case.result(suite, CaseOutcome::NoAnswer(not_signed(&error))),
            Ok(request) => {
                let sent = client.send(how.target, &request, how.limits, cancel).await;
                let outcome = match &sent.result {
                    Ok(reply) => match compare(&case.case.expect, reply) {
                        differences if differences.is_empty() => CaseOutcome::AsExpected,
                        differences => CaseOutcome::Differs(differences),
                    },
                    Err(SendError::Cancelled) => CaseOutcome::NotSent,
                    Err(error) if is_unreachable(error) => CaseOutcome::NoServer(error.failure()),
                    Err(error) => CaseOutcome::NoAnswer(error.failure()),
                };
                let latency = Some(sent.latency.total).filter(|_| outcome != CaseOutcome::NotSent);
                CaseResult { latency, reply: sent.result.ok(), ..case.result(suite, outcome) }
            }
        };
        tell(&result);
        has_ended = how.fail_fast && result.outcome.is_failure();
        results.push(result);
    }
    results
}

fn not_signed(error: &SignError) -> Failure {
    Failure { code: "not_signed".to_owned(), message: error.to_string(), advice: String::new() }
}

/// Whether nobody was there.
fn is_unreachable(error: &SendError) -> bool {
    use crate::http::SendStage;
    matches!(
        error,
        SendError::NameNotResolved { .. }
            | SendError::Refused { .. }
            | SendError::Unreachable { .. }
            | SendError::Timeout { stage: SendStage::Connect, .. }
    )
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::config::{Keyring, Webhook};
    use crate::http::HeaderLine;
    use crate::signature::{SecretOrigin, SigningKind, catalogue, judge};
    use crate::suite::case::SuiteRequest;
    use crate::suite::expect::Expectations;

    fn case(with: ResignAs) -> SuiteCase {
        SuiteCase {
            name: "one".to_owned(),
            received_at: None,
            signing: SuiteSigning::Resign(with),
            request: SuiteRequest {
                method: "POST".to_owned(),
                target: Bytes::from_static(b"/hook"),
                headers: vec![HeaderLine::raw(Bytes::from_static(b"X-Webhook-Signature:")).unwrap()],
                body: Bytes::from_static(b"{}"),
            },
            expect: Expectations::default(),
        }
    }

    fn keyring(labels: &[&str]) -> Keyring {
        let secret = |label: &&str| Secret::new(*label, label.as_bytes().to_vec(), SecretOrigin::Typed);
        Keyring::new(labels.iter().map(secret).collect()).unwrap()
    }

    fn webhook(scheme: &str) -> Webhook {
        Webhook {
            name: "dev".to_owned(),
            path: "/hook".to_owned(),
            kind: SigningKind::Reseller,
            secrets: vec!["two".to_owned()],
            events: Vec::new(),
            url: None,
            schemes: Some(catalogue::named(scheme).unwrap().into()),
        }
    }

    fn chosen(with: ResignAs, registry: &Registry, label: Option<&str>) -> Result<String, String> {
        let case = case(with);
        let prepared = prepare(&case, &"http://a".parse().unwrap(), registry, label);
        let signing = prepared.map_err(|error| error.to_string())?.signing;
        Ok(signing.unwrap().secret.label().to_owned())
    }

    fn named(scheme: &str) -> ResignAs {
        ResignAs { scheme: Some(scheme.to_owned()), ..ResignAs::default() }
    }

    #[test]
    fn a_case_is_signed_in_its_place_and_verifies() {
        let registry = Registry::new(Vec::new(), keyring(&["one"]), Scheme::default());
        let case = case(ResignAs { kind: SigningKind::Reseller, ..named("trackpilots") });
        let prepared = prepare(&case, &"http://a:1/other".parse().unwrap(), &registry, None).unwrap();
        let now = Timestamp::from_millisecond(1_746_123_456_789).unwrap();
        let request = prepared.request_at(now).unwrap();
        let secrets = registry.keyring().secrets();
        let judgement = judge(&Scheme::default(), secrets, &request.head(), &request.body, now);
        assert_eq!(judgement.secret.as_deref(), Some("one"));
        assert_eq!(judgement.timestamp.unwrap().raw, "1746123456789");
        assert!(request.head().bytes().starts_with(b"POST /other HTTP/1.1\r\nHost: a:1\r\nX-Webhook-Signature: "));
    }

    #[test]
    fn the_secret_is_that_of_the_case_the_webhook_or_the_scheme() {
        let schemes = [Scheme::default(), catalogue::named("github").unwrap()];
        let schemes = crate::signature::AcceptedSchemes::try_from(schemes.to_vec()).unwrap();
        let registry = Registry::new(Vec::new(), keyring(&["one", "GITHUB_WEBHOOK_SECRET"]), schemes);
        let of_case = |label: &str| ResignAs { secret: Some(label.to_owned()), ..named("github") };
        assert_eq!(chosen(named("trackpilots"), &registry, None).as_deref(), Ok("one"));
        assert_eq!(chosen(named("github"), &registry, None).as_deref(), Ok("GITHUB_WEBHOOK_SECRET"));
        assert_eq!(chosen(named("github"), &registry, Some("one")).as_deref(), Ok("one"));
        assert_eq!(chosen(of_case("one"), &registry, None).as_deref(), Ok("one"));
        assert_eq!(chosen(of_case("elsewhere"), &registry, None).as_deref(), Ok("GITHUB_WEBHOOK_SECRET"));
        let registry = Registry::new(vec![webhook("github")], keyring(&["one", "two"]), Scheme::default());
        assert_eq!(chosen(named("github"), &registry, None).as_deref(), Ok("two"));
    }

    #[test]
    fn what_is_missing_is_said_before_anything_is_sent() {
        let registry = Registry::new(vec![webhook("github")], keyring(&["one", "two"]), Scheme::default());
        let error = chosen(named("stripe"), &registry, None).unwrap_err();
        assert!(error.contains("case 'one': it is signed under the scheme stripe, which the webhook 'dev'"), "{error}");
        let error = chosen(named("github"), &registry, Some("x")).unwrap_err();
        assert!(error.contains("known labels: one, two"), "{error}");
        let none = Registry::new(Vec::new(), keyring(&[]), catalogue::named("github").unwrap());
        let error = chosen(named("github"), &none, None).unwrap_err();
        assert!(error.contains("no secret to sign with: set GITHUB_WEBHOOK_SECRET"), "{error}");
        let sns = Registry::new(Vec::new(), keyring(&["one"]), catalogue::named("aws-sns").unwrap());
        assert!(chosen(named("aws-sns"), &sns, None).unwrap_err().contains("private key"));
    }
}
