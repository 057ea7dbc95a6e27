//! Deliveries for strangers: redacted, signed with throw-away secrets, and explained anew.

mod run;

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};

use crate::config::Registry;
use crate::delivery::{Answer, AnswerFacts, ChosenBy, Delivery, Intake, Judgement, Marks, Summary, Verdict};
use crate::http::{Head, WireFraming};
use crate::inspect::diagnosis::Subject;
use crate::redact::{PlaceholderKey, RedactRules, Redactor, RequestToRedact, Tally};
use crate::server::listener::capture::facts;
use crate::signature::diagnose::{Budget, Diagnosis, History};
use crate::signature::{Algorithm, Scheme, Secret};

pub use run::{LostCause, RedactionRun};

/// How long it is searched for how one delivery was signed, and again for why the redacted one fails.
const SEARCHING: Duration = Duration::from_secs(2);
/// A peer that is nobody: RFC 5737 keeps the address for documentation.
const NOBODY: &str = "192.0.2.1:1";

/// What one export replaces, and with what.
#[derive(Debug)]
pub struct Redaction {
    redactor: Redactor,
    registry: Registry,
    throw_away: Registry,
}

/// Whether a delivery fails for the same reason as before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeptCause {
    /// It verified, or could not be judged: there is no reason to keep.
    None,
    /// It does.
    Kept,
    /// It does not: the codes of then, joined by `+`, and those that are found now.
    Lost {
        /// Those of the original.
        was: String,
        /// Those of the redacted delivery.
        now: String,
    },
}

/// A delivery without anybody's data.
#[derive(Debug)]
pub struct RedactedDelivery {
    /// It.
    pub delivery: Delivery,
    /// Why it does not match under the throw-away secrets; `None` where it does.
    pub why: Option<Diagnosis>,
    /// The scheme that it is judged by.
    pub scheme: Scheme,
    /// What an export says of it: the throw-away secrets, and whether the cause was kept.
    pub note: Value,
    /// Whether it fails as before.
    pub cause: KeptCause,
}

impl RedactedDelivery {
    /// Why it does not match, as exports have it.
    #[must_use]
    pub fn diagnosis(&self) -> Option<Value> {
        self.why.as_ref().and_then(|found| serde_json::to_value(found).ok())
    }

    /// The throw-away secret with which its cause is found again; `None` where there is none, or where it is no text.
    #[must_use]
    pub fn secret(&self) -> Option<&str> {
        self.note["secret"].as_str()
    }
}

impl Redaction {
    /// One export's. Equal values become equal placeholders under the same `key`; whoever has it can try out what a
    /// placeholder stands for.
    #[must_use]
    pub fn new(rules: RedactRules, key: Vec<u8>, registry: &Registry) -> Self {
        let mut redactor = Redactor::new(PlaceholderKey::new(key), rules);
        redactor.know_secrets(registry.keyring().secrets());
        redactor.know_secrets(registry.received_secrets().map(|(_, secret)| secret));
        registry.webhooks().iter().for_each(|webhook| redactor.know_path(&webhook.path));
        let throw_away = registry.with_other_secrets(&|secret| redactor.throw_away(secret));
        Self { redactor, registry: registry.clone(), throw_away }
    }

    /// A key that follows from the secrets of `registry`, so that what is redacted twice is the same; `None` where there
    /// are none.
    #[must_use]
    pub fn stable_key(registry: &Registry) -> Option<Vec<u8>> {
        let secrets = registry.keyring().secrets();
        (!secrets.is_empty()).then(|| {
            Algorithm::Sha256.hash(|sink| {
                sink(b"placeholders of whyhook");
                secrets.iter().for_each(|secret| sink(secret.expose()));
            })
        })
    }

    /// The secrets that redacted deliveries are signed with.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        self.throw_away.keyring().secrets()
    }

    /// Redacts one delivery. What was replaced is added to `tally`.
    #[must_use]
    pub fn apply(&self, delivery: &Delivery, tally: &mut Tally) -> RedactedDelivery {
        let mut own = Tally::default();
        let mut redacted = self.request(delivery, &mut own);
        redacted.answer = delivery.answer.as_ref().map(|answer| self.answer(answer, &mut own));
        // A row of a list may be all there is.
        redacted.summary.answer = delivery.summary.answer.as_ref().map(|facts| self.facts(facts));
        if delivery.summary.marks != Marks::default() {
            own.add_note();
        }
        tally.merge(&own, "");
        let (why, cause) = self.explain(delivery, &redacted);
        redacted.summary.cause = why.as_ref().map(codes).filter(|codes| !codes.is_empty() && cause != KeptCause::None);
        let label = why.as_ref().and_then(|found| found.causes.first()?.secret.clone());
        let note = self.note(&redacted, label.as_deref(), &cause, own.total());
        let scheme = Subject::of(&redacted, &self.throw_away).scheme().clone();
        RedactedDelivery { delivery: redacted, why, scheme, note, cause }
    }

    fn request(&self, delivery: &Delivery, tally: &mut Tally) -> Delivery {
        let summary = &delivery.summary;
        let is_request = !matches!(summary.intake, Intake::Malformed(_) | Intake::Incomplete(_));
        let subject = Subject::of(delivery, &self.registry);
        let secrets: Vec<&Secret> = subject.secrets().iter().collect();
        let others: Vec<&Secret> = subject.others().iter().collect();
        let deadline = Instant::now() + SEARCHING;
        let go_on = || Instant::now() < deadline;
        let redacted = self.redactor.redact(
            &RequestToRedact {
                head: &delivery.head,
                body: &delivery.body,
                received_at: summary.received_at,
                intake: &summary.intake,
                scheme: subject.scheme(),
                secrets: &secrets,
                others: &others,
            },
            &Budget { go_on: &go_on, ..Budget::default() },
            tally,
        );
        let (head, body) = (redacted.head, redacted.body);
        let route = self.throw_away.route(head.target());
        let (scheme, judgement) = match summary.intake {
            Intake::Complete | Intake::Truncated(_) | Intake::Rebuilt(_) => {
                let (scheme, judgement) = route.schemes.judge(route.secrets, &head, &body, summary.received_at);
                (scheme.clone(), judgement.of_intake(&summary.intake))
            }
            _ => (route.schemes.first().clone(), Judgement::bare(Verdict::NotJudged)),
        };
        let (event, image) = facts(&head, &body, is_request, &scheme);
        let path = if is_request { String::from_utf8_lossy(head.target()).into_owned() } else { String::new() };
        // What stood around the body may hold anything: extensions of chunks, trailers.
        let framing = WireFraming::NONE;
        // Every member by its name, so that a new one is thought about.
        let summary = Summary {
            id: summary.id,
            received_at: summary.received_at,
            remote: NOBODY.to_owned(),
            method: if is_request { String::from_utf8_lossy(head.method()).into_owned() } else { String::new() },
            path,
            webhook: summary.webhook.clone(),
            intake: summary.intake.clone(),
            event,
            judgement,
            body_bytes: body.len() as u64,
            framing_bytes: 0,
            image,
            answer: None,
            cause: None,
            marks: Marks { pinned: summary.marks.pinned, ..Marks::default() },
        };
        Delivery { summary, head, body, framing, answer: None }
    }

    /// What was answered: its status stays, its headers and its body are redacted as those of a request are.
    fn answer(&self, answer: &Answer, tally: &mut Tally) -> Answer {
        let kind = answer.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-type"));
        let kind = kind.map_or(&b"text/plain"[..], |(_, value)| value);
        let head = [b"HTTP/1.1 200 OK\r\nContent-Type: ", kind, b"\r\n\r\n"].concat();
        let mut own = Tally::default();
        let body = self.redactor.redact_body(&Head::from(head), &answer.body, &mut own);
        tally.merge(&own, "answer: ");
        let is_whole = answer.body_bytes == answer.body.len() as u64;
        let headers = answer.headers.iter().map(|(name, value)| {
            let (name, other) = self.redactor.redact_field(name, value);
            let is_length = is_whole && name.eq_ignore_ascii_case("content-length");
            (name, if is_length { Bytes::from(body.len().to_string()) } else { other })
        });
        // Every member by its name, so that a new one is thought about.
        let AnswerFacts { outcome, status, rule, latency } = self.facts(&answer.facts());
        Answer {
            outcome,
            status,
            rule,
            latency,
            headers: headers.collect(),
            interim: Bytes::new(),
            body_bytes: if is_whole { body.len() as u64 } else { answer.body_bytes },
            body,
        }
    }

    fn facts(&self, facts: &AnswerFacts) -> AnswerFacts {
        let AnswerFacts { outcome, status, rule, latency } = facts;
        let rule = ChosenBy::kept(self.redactor.redact_rule(rule.as_str()));
        AnswerFacts { outcome: *outcome, status: *status, rule, latency: *latency }
    }

    /// Why the redacted delivery fails, and whether that is why the original does.
    fn explain(&self, original: &Delivery, redacted: &Delivery) -> (Option<Diagnosis>, KeptCause) {
        let is_judged = |delivery: &Delivery| {
            !matches!(delivery.summary.judgement.verdict, Verdict::Verified | Verdict::NotJudged | Verdict::NoSecret)
        };
        let search = |delivery: &Delivery, registry: &Registry| {
            let deadline = Instant::now() + SEARCHING;
            let go_on = || Instant::now() < deadline;
            Subject::of(delivery, registry).why(&History::default(), &Budget { go_on: &go_on, ..Budget::default() })
        };
        // Judged by the secrets of now: those of then may be gone.
        let was = Subject::of(original, &self.registry).judge().verdict;
        if matches!(was, Verdict::NoSecret | Verdict::NotJudged) || self.registry.keyring().is_empty() {
            return (None, KeptCause::None);
        }
        if was == Verdict::Verified {
            let is_kept = redacted.summary.judgement.verdict == Verdict::Verified;
            let lost = || KeptCause::Lost {
                was: "verified".to_owned(),
                now: redacted.summary.judgement.verdict.code().to_owned(),
            };
            return (None, if is_kept { KeptCause::None } else { lost() });
        }
        let now = search(redacted, &self.throw_away);
        let (was, is) = (codes(&search(original, &self.registry)), codes(&now));
        let cause = if was == is { KeptCause::Kept } else { KeptCause::Lost { was, now: is } };
        (Some(now).filter(|_| is_judged(redacted)), cause)
    }

    /// As it stands in exports, under `redaction`: the throw-away secret that explains it (that of `label`, else the
    /// one that verifies it, else the first), all of them, how many values were replaced, and whether the cause was kept.
    fn note(&self, redacted: &Delivery, label: Option<&str>, cause: &KeptCause, replaced: usize) -> Value {
        let route = self.throw_away.route(redacted.head.target());
        let label = label.or(redacted.summary.judgement.secret.as_deref());
        let secrets: Vec<&Secret> = route.secrets.collect();
        let own = secrets.iter().find(|secret| Some(secret.label()) == label).or(secrets.first());
        let text = |secret: &Secret| std::str::from_utf8(secret.expose()).ok().map(str::to_owned);
        let all = secrets.iter().map(|secret| {
            let text = text(secret);
            let base64 = text.is_none().then(|| BASE64_STANDARD.encode(secret.expose()));
            json!({"label": secret.label(), "secret": text, "secret_base64": base64})
        });
        json!({
            "secret": own.and_then(|secret| text(secret)),
            "replaced": replaced,
            "secrets": all.collect::<Vec<_>>(),
            "cause_kept": match cause {
                KeptCause::None => None,
                KeptCause::Kept => Some(true),
                KeptCause::Lost { .. } => Some(false),
            },
        })
    }
}

/// The codes of the likeliest cause, joined by `+`.
fn codes(found: &Diagnosis) -> String {
    let first = found.causes.first();
    first.map_or_else(String::new, |cause| {
        cause.changes.iter().map(|change| change.code.code()).collect::<Vec<_>>().join("+")
    })
}

#[cfg(test)]
mod tests;
