//! Why a captured delivery does not match: the search of [`crate::signature::diagnose`] with what
//! the configuration and the store know.

use jiff::Timestamp;

use crate::config::Registry;
use crate::delivery::{Delivery, Intake, Summary, Verdict};
use crate::http::Head;
use crate::payload::grouped;
use crate::signature::diagnose::other_direction::{Rewriting, explain_digest, other_direction};
use crate::signature::diagnose::{
    Budget, BytePlace, CauseCode, Diagnosis, Earlier, History, NotADigest, Request, RequestPart, diagnose,
};
use crate::signature::{Scheme, Secret};
use crate::store::{Page, Reader, StoreError};

/// Bodies up to this size are re-serialised in every way without being asked to; a megabyte takes
/// about a quarter of a second.
pub const REWRITTEN_BODY_BYTES: usize = 1024 * 1024;
/// How far back history is looked at, in deliveries.
const HISTORY_ROWS: usize = 2000;
/// How many bodies of the same length, or of the same event, are compared.
const HISTORY_BODIES: usize = 20;

/// A request with all that may explain it.
#[derive(Debug, Clone)]
pub struct Subject<'a> {
    /// The request line and headers.
    pub head: Head,
    /// The body.
    pub body: &'a [u8],
    /// The moment by which ages are judged.
    pub received_at: Timestamp,
    /// Whether it arrived whole.
    pub intake: Intake,
    scheme: Scheme,
    secrets: Vec<Secret>,
    others: Vec<Secret>,
}

impl<'a> Subject<'a> {
    /// A request judged under `registry`, by the secrets and the scheme of its path.
    #[must_use]
    pub fn new(head: Head, body: &'a [u8], received_at: Timestamp, intake: Intake, registry: &Registry) -> Self {
        let route = registry.route(head.target());
        let scheme = route.scheme.clone();
        let secrets: Vec<Secret> = route.secrets.cloned().collect();
        let is_other = |secret: &&Secret| !secrets.iter().any(|own| own.label() == secret.label());
        let others = registry.keyring().secrets().iter().filter(is_other).cloned().collect();
        Self { head, body, received_at, intake, scheme, secrets, others }
    }

    /// A captured delivery, judged at the age that it had on arrival.
    #[must_use]
    pub fn of(delivery: &'a Delivery, registry: &Registry) -> Self {
        let summary = &delivery.summary;
        Self::new(delivery.head.clone(), &delivery.body, summary.received_at, summary.intake.clone(), registry)
    }

    /// The scheme that it is judged by.
    #[must_use]
    pub fn scheme(&self) -> &Scheme {
        &self.scheme
    }

    /// The secrets that may have signed it.
    #[must_use]
    pub fn secrets(&self) -> &[Secret] {
        &self.secrets
    }

    /// Why it does not match.
    #[must_use]
    pub fn why(&self, history: &History, budget: &Budget<'_>) -> Diagnosis {
        self.with_request(history, |request| diagnose(request, budget))
    }

    /// Which mistake yields the digest that another server computed; `text` is the digest, or a log
    /// line that holds it.
    ///
    /// # Errors
    ///
    /// [`NotADigest`] when `text` holds none, or several.
    pub fn explain_digest(&self, text: &str, budget: &Budget<'_>) -> Result<Diagnosis, NotADigest> {
        self.with_request(&History::default(), |request| explain_digest(text, request, budget))
    }

    /// What well-known re-serialisations would change in its body.
    #[must_use]
    pub fn rewritings(&self) -> Vec<Rewriting> {
        let mut rewritings = self.with_request(&History::default(), other_direction);
        // Parsing and writing again is what servers do; the rest is rarer.
        rewritings.sort_by_key(|rewriting| rewriting.code != CauseCode::BodyReserialized);
        rewritings
    }

    fn with_request<T>(&self, history: &History, then: impl FnOnce(&Request<'_>) -> T) -> T {
        let secrets: Vec<&Secret> = self.secrets.iter().collect();
        let others: Vec<&Secret> = self.others.iter().collect();
        then(&Request {
            head: &self.head,
            body: self.body,
            received_at: self.received_at,
            intake: &self.intake,
            scheme: &self.scheme,
            secrets: &secrets,
            others: &others,
            history,
        })
    }
}

/// What the store holds that concerns a delivery: earlier ones of the same webhook, the same body or
/// the same event seen before. What cannot be read is left out.
#[must_use]
pub fn history(reader: &Reader, delivery: &Delivery) -> History {
    let mut gathered = Gathered::new(delivery);
    let _ = reader.scan(Page::Before(delivery.summary.id), usize::MAX, HISTORY_ROWS, |summary, reader| {
        gathered.add(summary, reader)?;
        Ok(false)
    });
    gathered.history
}

struct Gathered<'a> {
    delivery: &'a Delivery,
    history: History,
    /// Still in the unbroken run of failures that this delivery ends.
    in_run: bool,
    bodies: usize,
}

impl<'a> Gathered<'a> {
    fn new(delivery: &'a Delivery) -> Self {
        Self { delivery, history: History::default(), in_run: true, bodies: HISTORY_BODIES }
    }

    fn add(&mut self, earlier: &Summary, reader: &Reader) -> Result<(), StoreError> {
        let own = &self.delivery.summary;
        let is_signed = matches!(earlier.judgement.verdict, Verdict::Verified | Verdict::Mismatch);
        if is_signed && earlier.webhook == own.webhook {
            let verified = earlier.judgement.verdict == Verdict::Verified;
            self.history.deliveries += 1;
            if verified {
                self.history.verified += 1;
                self.history.last_verified.get_or_insert(earlier.received_at);
                self.in_run = false;
            } else if self.in_run {
                self.history.failing_since = Some(earlier.received_at);
            }
        }
        let is_same_event = own.event.timestamp_ms.is_some()
            && (&own.event.event, own.event.timestamp_ms) == (&earlier.event.event, earlier.event.timestamp_ms);
        let may_be_same = earlier.body_bytes == own.body_bytes && own.body_bytes > 0;
        if self.bodies > 0 && (is_same_event || may_be_same) {
            self.bodies -= 1;
            self.compare(earlier, is_same_event, reader)?;
        }
        Ok(())
    }

    fn compare(&mut self, earlier: &Summary, is_same_event: bool, reader: &Reader) -> Result<(), StoreError> {
        let Some(other) = reader.load(earlier.id)? else { return Ok(()) };
        let is_same_body = other.body == self.delivery.body;
        let found = || Earlier {
            id: earlier.id.0,
            received_at: earlier.received_at,
            verified: earlier.judgement.verdict == Verdict::Verified,
            body: if is_same_body { Vec::new() } else { other.body.to_vec() },
        };
        // One that verified says more than one that did not.
        let place = if is_same_body { &mut self.history.same_body } else { &mut self.history.same_event };
        let is_better = place.as_ref().is_none_or(|held| !held.verified && found().verified);
        if is_better && (is_same_body || is_same_event) {
            *place = Some(found());
        }
        Ok(())
    }
}

/// Where something shows, in words: `body byte 412: “1.0” → “1”`.
#[must_use]
pub fn place_words(place: &BytePlace) -> String {
    let part = match place.part {
        RequestPart::Signature => "signature",
        RequestPart::Timestamp => "timestamp",
        RequestPart::Secret => "secret",
        RequestPart::Body => "body",
    };
    let quoted = |text: &str| if text.is_empty() { "nothing".to_owned() } else { format!("“{text}”") };
    format!("{part} byte {}: {} → {}", grouped(place.offset as u64), quoted(&place.before), quoted(&place.after))
}

/// What a rewriting is, in words.
#[must_use]
pub fn rewriting_words(rewriting: &Rewriting) -> String {
    let what = if rewriting.names.is_empty() { rewriting.detail.clone() } else { names_words(&rewriting.names) };
    format!("{what}: {}", place_words(&rewriting.at))
}

/// The names of what gives some bytes, the most common first, the rest counted.
#[must_use]
pub fn names_words(names: &[String]) -> String {
    const NAMED: usize = 4;
    let named = names.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(" · ");
    match names.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} · and {more} more"),
    }
}
