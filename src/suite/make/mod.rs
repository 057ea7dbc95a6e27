//! Captured deliveries as cases.

mod request;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD_NO_PAD;
use jiff::Timestamp;
use memchr::memmem;
use zeroize::Zeroizing;

use self::request::{blank_signature, check_sendable, name, request};
use super::adjust::as_answered;
use super::case::{ResignAs, SuiteCase, SuiteSigning};
use super::expect::{Expectations, ExpectedStatus};
use super::redact::CaseRedaction;
use crate::config::Registry;
use crate::delivery::{Delivery, Verdict};
use crate::http::HttpResponse;
use crate::inspect::diagnosis::Subject;
use crate::send::replay::{kind_of, webhook_of};
use crate::signature::{Scheme, SignError, catalogue, unsignable, written_header};
use crate::text::visible;

/// A shorter secret is in a request by chance as well.
const TELLING: usize = 8;

/// How the cases of a suite are signed when it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum SigningChoice {
    /// What verified is re-signed, everything else goes out as it was received.
    #[default]
    ByVerdict,
    /// Every case is re-signed.
    Resign,
    /// Every case goes out as it was received.
    AsReceived,
}

/// What every case of a suite is made with.
pub struct CaseMaker<'a> {
    /// The webhooks and secrets here.
    pub registry: &'a Registry,
    /// How the cases are signed.
    pub signing: SigningChoice,
    /// What is expected besides the status of the kept response.
    pub expect: Expectations,
    /// Places of the kept response whose values are expected, as expectations that something is there.
    pub kept: Expectations,
    /// What every delivery goes through first.
    pub redact: CaseRedaction<'a>,
}

/// A case, and what a person should know of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MadeCase {
    /// The case.
    pub case: SuiteCase,
    /// Remarks, each a line of visible text that follows the case's name.
    pub remarks: Vec<String>,
}

/// Why a delivery cannot be a case.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// The captured request is incomplete.
    #[error("delivery {id} is left out: the captured request is incomplete ({intake})")]
    NotWhole {
        /// Its number.
        id: i64,
        /// How much of it arrived.
        intake: &'static str,
    },
    /// No server can be asked for it.
    #[error("delivery {id} is left out: {reason}")]
    NoRequest {
        /// Its number.
        id: i64,
        /// Why.
        reason: String,
    },
    /// It verified at capture, and does not with what is known here.
    #[error(
        "delivery {id} is left out: it was verified at capture, but is not with the schemes and secrets here: give \
         the listener's --scheme and secret, or --as-received"
    )]
    NotVerifiedHere {
        /// Its number.
        id: i64,
    },
    /// It is to be re-signed, and cannot be.
    #[error("delivery {id} is left out: {error}; --as-received keeps its signature")]
    Unsignable {
        /// Its number.
        id: i64,
        /// Why.
        error: SignError,
    },
    /// A secret of the keyring is in it.
    #[error("delivery {id} is left out: it contains the secret {label}, which never goes into a suite{hint}")]
    HoldsSecret {
        /// Its number.
        id: i64,
        /// The secret's label.
        label: String,
        /// What to do.
        hint: &'static str,
    },
}

impl CaseMaker<'_> {
    /// The case of a delivery, with the response to it that is kept.
    ///
    /// # Errors
    ///
    /// [`CaseError`].
    pub fn make(&self, delivery: &Delivery, kept: Option<&HttpResponse>) -> Result<MadeCase, CaseError> {
        let summary = &delivery.summary;
        let id = summary.id.0;
        if !summary.intake.is_complete() {
            return Err(CaseError::NotWhole { id, intake: summary.intake.name() });
        }
        let (signing, scheme) = self.signing(delivery)?;
        // Everything of a delivery that goes into a file comes from here.
        let redacted = (self.redact)(delivery);
        let mut request = request(&redacted);
        if let Some(scheme) = &scheme {
            blank_signature(&mut request, scheme);
        }
        check_sendable(&request, id)?;
        let mut remarks = Vec::new();
        let is_verified = summary.is_verified();
        if is_verified && signing == SuiteSigning::AsReceived {
            let is_changed = (&redacted.head, &redacted.body) != (&delivery.head, &delivery.body);
            remarks.push(if is_changed {
                "is sent with its original signature, which may not fit what redaction has left: see --no-redact"
                    .to_owned()
            } else {
                "is sent with its original signature and timestamp, which a server may refuse as stale".to_owned()
            });
        }
        let expect = self.expectations(is_verified, kept, &mut remarks);
        let case = SuiteCase {
            name: name(&redacted),
            received_at: Some(to_milliseconds(summary.received_at)),
            signing,
            request,
            expect,
        };
        self.check_secrets(&case, id)?;
        Ok(MadeCase { case, remarks })
    }

    /// How it is signed; and by which scheme, if it is re-signed.
    fn signing(&self, delivery: &Delivery) -> Result<(SuiteSigning, Option<Scheme>), CaseError> {
        let summary = &delivery.summary;
        let wanted = match self.signing {
            SigningChoice::AsReceived => false,
            SigningChoice::Resign => true,
            SigningChoice::ByVerdict => summary.is_verified(),
        };
        if !wanted {
            return Ok((SuiteSigning::AsReceived, None));
        }
        let webhook = webhook_of(self.registry, summary);
        let subject = Subject::of(delivery, self.registry);
        let scheme = subject.scheme().clone();
        let not_in_a_header = || SignError::NotSigned("the signature is not in a header");
        if let Some(error) = unsignable(&scheme).or_else(|| written_header(&scheme).is_none().then(not_in_a_header)) {
            return match self.signing {
                SigningChoice::Resign => Err(CaseError::Unsignable { id: summary.id.0, error }),
                _ => Ok((SuiteSigning::AsReceived, None)),
            };
        }
        // By another scheme than its own, every server would refuse it. Without any secret, its form tells.
        let is_known = match subject.judge().verdict {
            Verdict::Verified => true,
            Verdict::NoSecret => !self.registry.schemes_of(webhook).present(&delivery.head, &delivery.body).is_empty(),
            _ => self.signing == SigningChoice::Resign,
        };
        if !is_known {
            return Err(CaseError::NotVerifiedHere { id: summary.id.0 });
        }
        let keyring = self.registry.keyring();
        let usual = self.registry.secrets_for(webhook).next().map(|secret| secret.label().to_owned());
        let verified = summary.judgement.secret.clone().filter(|label| keyring.get(label).is_some());
        let with = ResignAs {
            webhook: webhook.map(|webhook| webhook.name.clone()),
            scheme: match scheme.name.as_str() {
                "" => scheme.is_trackpilots().then(|| catalogue::TRACKPILOTS.to_owned()),
                name => Some(name.to_owned()),
            },
            kind: kind_of(webhook, summary),
            secret: verified.filter(|label| Some(label) != usual.as_ref()),
        };
        Ok((SuiteSigning::Resign(with), Some(scheme)))
    }

    /// Looks for every secret, as it is and as it is written elsewhere, in all of a case.
    fn check_secrets(&self, case: &SuiteCase, id: i64) -> Result<(), CaseError> {
        let head = case.request.head();
        let expected = case.expect.words().join("\n");
        let places: [&[u8]; 3] = [head.bytes(), &case.request.body, expected.as_bytes()];
        for secret in self.registry.keyring().secrets().iter().filter(|secret| secret.expose().len() >= TELLING) {
            let digits = Zeroizing::new(hex::encode(secret.expose()));
            let base64 = Zeroizing::new(BASE64_STANDARD_NO_PAD.encode(secret.expose()));
            let forms = [secret.expose(), digits.as_bytes(), base64.as_bytes()];
            if forms.iter().any(|form| places.iter().any(|place| memmem::find(place, form).is_some())) {
                let is_as_received = case.signing == SuiteSigning::AsReceived;
                let hint = if is_as_received { ": --resign leaves the signature out" } else { "" };
                return Err(CaseError::HoldsSecret { id, label: visible(secret.label()).into_owned(), hint });
            }
        }
        Ok(())
    }

    fn expectations(&self, is_verified: bool, kept: Option<&HttpResponse>, remarks: &mut Vec<String>) -> Expectations {
        let mut expect = self.expect.clone();
        if expect.status.is_none() {
            let of_kept = kept.map(|kept| ExpectedStatus::Exactly(kept.status));
            expect.status = Some(of_kept.unwrap_or_else(|| {
                let by_verdict = ExpectedStatus::Class(if is_verified { 2 } else { 4 });
                remarks.push(format!("has no kept response: it expects {by_verdict}, by its verdict"));
                by_verdict
            }));
            if let Some(kept) = kept.filter(|kept| kept.status >= 500) {
                remarks.push(format!(
                    "expects {}, as it was answered: --expect status=2xx for what a server without the fault answers",
                    kept.status
                ));
            }
        }
        if let Some(kept) = kept {
            let taken = as_answered(&self.kept, kept);
            expect.headers.extend(taken.headers);
            expect.body.extend(taken.body);
        }
        expect
    }
}

/// The moment as a file has it, so that a case that is read is the case that was made.
fn to_milliseconds(moment: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(moment.as_millisecond()).unwrap_or(moment)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::config::Keyring;
    use crate::delivery::{Answer, ChosenBy, Intake};
    use crate::http::Head;
    use crate::signature::{Secret, SecretOrigin, Signing, SigningKind};
    use crate::suite::kept::kept_response;
    use crate::suite::redact::without_credentials;
    use crate::suite::testing::delivery;

    const HEAD: &str = "POST /hook HTTP/1.1\r\nHost: a\r\nX-Webhook-Timestamp: 1\r\nx-webhook-signature: ab\r\nCookie: a=1\r\nX-A: 1\r\nContent-Length: 2\r\n\r\n";

    fn registry(scheme: Scheme) -> Registry {
        let secret = Secret::new("dev", b"secret-of-a-test".to_vec(), SecretOrigin::Typed);
        Registry::new(Vec::new(), Keyring::new(vec![secret]).unwrap(), scheme)
    }

    /// A verified delivery, signed under the registry's scheme.
    fn signed(registry: &Registry, head: &str) -> Delivery {
        let mut delivery = delivery(head, b"{}");
        let secret = &registry.keyring().secrets()[0];
        let signing = Signing { kind: SigningKind::Developer, scheme: registry.signing_scheme(None), secret };
        let mut text = head.to_owned();
        for (name, value) in signing.headers(&delivery.head, b"{}", "1746123456").unwrap() {
            let lines: Vec<String> = text
                .split("\r\n")
                .map(|line| match line.split_once(':') {
                    Some((own, _)) if own.eq_ignore_ascii_case(&name) => format!("{own}: {value}"),
                    _ => line.to_owned(),
                })
                .collect();
            text = lines.join("\r\n");
        }
        delivery.head = Head::from(text);
        delivery.summary.judgement.verdict = Verdict::Verified;
        delivery
    }

    fn maker(registry: &Registry) -> CaseMaker<'_> {
        CaseMaker {
            registry,
            signing: SigningChoice::ByVerdict,
            expect: Expectations::default(),
            kept: Expectations::default(),
            redact: &without_credentials,
        }
    }

    fn lines(case: &SuiteCase) -> Vec<String> {
        case.request.headers.iter().map(|line| String::from_utf8_lossy(line.bytes()).into_owned()).collect()
    }

    fn reply(status: u16) -> HttpResponse {
        let answer = Answer {
            outcome: crate::delivery::Outcome::Sent,
            status,
            interim: Bytes::new(),
            headers: vec![("X-Id".to_owned(), Bytes::from_static(b"7"))],
            body: Bytes::from_static(b"{\"ok\": true}"),
            body_bytes: 12,
            rule: ChosenBy::auto(),
            latency: std::time::Duration::ZERO,
        };
        kept_response(&answer).unwrap()
    }

    #[test]
    fn a_verified_delivery_is_re_signed_and_another_stays_as_wrong_as_it_was() {
        let registry = registry(Scheme::default());
        let mut delivery = signed(&registry, HEAD);
        let made = maker(&registry).make(&delivery, Some(&reply(200))).unwrap();
        let with = ResignAs { scheme: Some("trackpilots".to_owned()), ..ResignAs::default() };
        assert_eq!((&made.case.signing, &made.remarks[..]), (&SuiteSigning::Resign(with), &[][..]));
        assert_eq!(
            lines(&made.case),
            ["Host: a", "X-Webhook-Timestamp: 1746123456", "x-webhook-signature:", "X-A: 1", "Content-Length: 2"]
        );
        assert_eq!(made.case.expect.status, Some(ExpectedStatus::Exactly(200)));
        assert_eq!(made.case.name, "post-hook-7");

        delivery.summary.judgement.verdict = Verdict::Mismatch;
        let made = maker(&registry).make(&delivery, None).unwrap();
        assert_eq!(made.case.signing, SuiteSigning::AsReceived);
        assert!(lines(&made.case).iter().any(|line| line.starts_with("x-webhook-signature: ")));
        assert_eq!(made.case.expect.status, Some(ExpectedStatus::Class(4)));
        assert!(made.remarks[0].starts_with("has no kept response"), "{:?}", made.remarks);
    }

    #[test]
    fn what_was_answered_can_be_expected() {
        let registry = registry(Scheme::default());
        let delivery = delivery(HEAD, b"{}");
        let mut maker = maker(&registry);
        for place in ["header:X-Id", "header:X-None", "body:ok", "body"] {
            maker.kept.add(place).unwrap();
        }
        let made = maker.make(&delivery, Some(&reply(503))).unwrap();
        assert!(made.remarks[0].contains("--expect status=2xx"), "{:?}", made.remarks);
        let mut expected = Expectations::default();
        for typed in ["status=503", "header:X-Id=7", "!header:X-None", "body:ok=true", "body={\"ok\": true}"] {
            expected.add(typed).unwrap();
        }
        assert_eq!(made.case.expect, expected);
        maker.expect.add("status=2xx").unwrap();
        assert!(maker.make(&delivery, Some(&reply(503))).unwrap().remarks.is_empty());
    }

    #[test]
    fn no_secret_goes_into_a_case() {
        // Under GitLab's scheme the header is the secret itself.
        let gitlab = registry(catalogue::named("gitlab-token").unwrap());
        let head = "POST /hook HTTP/1.1\r\nX-Gitlab-Token: secret-of-a-test\r\nContent-Length: 2\r\n\r\n";
        let mut delivery = signed(&gitlab, head);
        let made = maker(&gitlab).make(&delivery, None).unwrap();
        assert_eq!(lines(&made.case)[0], "X-Gitlab-Token:");
        let as_received = CaseMaker { signing: SigningChoice::AsReceived, ..maker(&gitlab) };
        let error = as_received.make(&delivery, None).unwrap_err().to_string();
        assert!(error.contains("contains the secret dev") && !error.contains("secret-of-a-test"), "{error}");
        // In plain, hexadecimal digits and Base64 (of coreutils' `od` and `base64`).
        for written in ["..secret-of-a-test..", "7365637265742d6f662d612d74657374", "c2VjcmV0LW9mLWEtdGVzdA=="] {
            delivery.body = Bytes::from_static(written.as_bytes());
            assert!(matches!(maker(&gitlab).make(&delivery, None), Err(CaseError::HoldsSecret { .. })), "{written}");
        }
        // What a server echoes is not expected either.
        delivery.body = Bytes::from_static(b"{}");
        let mut echo = reply(200);
        echo.body = Bytes::from_static(b"the token is secret-of-a-test");
        let mut expecting = maker(&gitlab);
        expecting.kept.add("body").unwrap();
        assert!(matches!(expecting.make(&delivery, Some(&echo)), Err(CaseError::HoldsSecret { .. })));
    }

    #[test]
    fn what_cannot_be_sent_or_signed_is_left_out() {
        let sns = registry(catalogue::named("aws-sns").unwrap());
        let mut delivery = signed(&registry(Scheme::default()), HEAD);
        let github = registry(catalogue::named("github").unwrap());
        assert!(matches!(maker(&github).make(&delivery, None), Err(CaseError::NotVerifiedHere { id: 7 })));
        let resign = CaseMaker { signing: SigningChoice::Resign, ..maker(&github) };
        assert!(resign.make(&delivery, None).is_ok(), "whoever asks for it gets it");
        assert_eq!(maker(&sns).make(&delivery, None).unwrap().case.signing, SuiteSigning::AsReceived);
        let resign = CaseMaker { signing: SigningChoice::Resign, ..maker(&sns) };
        assert!(matches!(resign.make(&delivery, None), Err(CaseError::Unsignable { .. })));
        delivery.head = Head::from("CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n".to_owned());
        assert!(matches!(maker(&sns).make(&delivery, None), Err(CaseError::NoRequest { .. })));
        delivery.summary.intake = Intake::Malformed("x".to_owned());
        assert!(matches!(maker(&sns).make(&delivery, None), Err(CaseError::NotWhole { .. })));
    }
}
