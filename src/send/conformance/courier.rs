//! Sends what a check wants to know: at its pace, and again where the receiver was not ready.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};
use tokio_util::sync::CancellationToken;

use super::case::Case;
use super::craft::{CraftError, Crafted};
use super::judge::Observed;
use super::matrix::CONTROL;
use super::run::{CheckEvent, CheckPlan, JOBS_LIMIT, Unreachable};
use crate::delivery::{Attempt, AttemptKind, AttemptMode};
use crate::http::{Client, ClientLimits, Outgoing, OutgoingBody, SendError, Sent, Target, TlsFault};
use crate::send::{Origin, attempt};
use crate::signature::diagnose::Suspect;

/// The most bytes of an answer's body that are read.
const BODY_BYTES: u64 = 1024 * 1024;
/// The pause between the pieces of a body: long enough for a server to have taken the one before.
const PAUSE: Duration = Duration::from_millis(25);
/// The longest that one `Retry-After` is waited for.
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// The longest that one case may wait in all, and the whole check.
const LONGEST_OF_CASE: Duration = Duration::from_secs(45);
const LONGEST_OF_ALL: Duration = Duration::from_secs(300);
/// How often a case is sent again.
const RETRIES: u32 = 4;
/// Without a `Retry-After`, the first wait; each further one is twice as long.
const FIRST_WAIT: Duration = Duration::from_millis(500);
/// The least and the most time between two requests that a limit leads to.
const SLOWED: Duration = Duration::from_millis(50);
const SLOWEST: Duration = Duration::from_secs(1);

/// What is to be sent once.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) case: Case,
    /// The mistake that it is signed by.
    pub(super) suspect: Option<Suspect>,
}

impl Parcel {
    pub(super) fn of(case: Case) -> Self {
        Self { case, suspect: None }
    }
}

/// What came of a parcel, beside all that is known of the sending.
#[derive(Debug, Clone)]
pub(super) struct Returned {
    pub(super) came: Observed,
    pub(super) exchange: Option<Arc<Attempt>>,
    pub(super) crafted: Option<Arc<Crafted>>,
}

impl Returned {
    fn not_sent() -> Self {
        Self { came: Observed::NotSent, exchange: None, crafted: None }
    }
}

/// Sends parcels for one check.
pub(super) struct Courier<'a> {
    plan: &'a CheckPlan,
    client: &'a Client,
    cancel: &'a CancellationToken,
    /// Counts requests, so that no two are the same.
    nonce: u64,
    /// The least time between two requests, and when the next may go.
    interval: Duration,
    next: Instant,
    /// Whether anything was answered at all, and accepted.
    has_answered: bool,
    has_accepted: bool,
    /// How long limits were waited for.
    waited: Duration,
    /// Whether a 503 was found to be the receiver's own answer.
    knows_503: bool,
    /// Why a limit ended the check.
    limit: Option<String>,
}

impl<'a> Courier<'a> {
    pub(super) fn new(plan: &'a CheckPlan, client: &'a Client, cancel: &'a CancellationToken) -> Self {
        Self {
            plan,
            client,
            cancel,
            nonce: 0,
            interval: plan.interval,
            next: Instant::now(),
            has_answered: false,
            has_accepted: false,
            waited: Duration::ZERO,
            knows_503: false,
            limit: None,
        }
    }

    /// Why the receiver's limit ended the check, in words.
    pub(super) fn limit(&self) -> Option<&str> {
        self.limit.as_deref()
    }

    /// Whether nothing more is sent.
    pub(super) fn has_ended(&self) -> bool {
        self.limit.is_some() || self.cancel.is_cancelled()
    }

    /// How many may be in flight: one, once the receiver has said that it was too much.
    pub(super) fn jobs(&self) -> usize {
        if self.waited.is_zero() { self.plan.jobs.clamp(1, JOBS_LIMIT) } else { 1 }
    }

    /// One parcel.
    pub(super) async fn one(
        &mut self,
        parcel: Parcel,
        tell: &mut dyn FnMut(CheckEvent<'_>),
    ) -> Result<Returned, Unreachable> {
        Ok(self.all(vec![parcel], tell).await?.pop().unwrap_or_else(Returned::not_sent))
    }

    /// Parcels that are in flight at once, in their order.
    pub(super) async fn all(
        &mut self,
        parcels: Vec<Parcel>,
        tell: &mut dyn FnMut(CheckEvent<'_>),
    ) -> Result<Vec<Returned>, Unreachable> {
        let mut tasks = JoinSet::new();
        for (index, parcel) in parcels.iter().enumerate() {
            if self.has_ended() {
                break;
            }
            // What a scheme cannot say is left out of its matrix.
            let Ok(crafted) = self.craft(parcel) else { continue };
            self.keep_pace().await;
            let (client, target, cancel) = (self.client.clone(), self.plan.target().clone(), self.cancel.clone());
            let timeout = self.plan.timeout;
            tasks.spawn(async move { (index, send(&client, &target, crafted, timeout, &cancel).await) });
        }
        let mut returned = vec![Returned::not_sent(); parcels.len()];
        while let Some(done) = tasks.join_next().await {
            if let Ok((index, Some((crafted, sent, attempt)))) = done {
                let came = self.came_of(sent)?;
                returned[index] = Returned { came, exchange: Some(Arc::new(attempt)), crafted: Some(crafted) };
            }
        }
        for (parcel, returned) in parcels.into_iter().zip(&mut returned) {
            if self.is_limit(&returned.came) {
                *returned = self.again(parcel, returned.clone(), tell).await?;
            }
        }
        Ok(returned)
    }

    fn craft(&mut self, parcel: &Parcel) -> Result<Arc<Crafted>, CraftError> {
        self.nonce += 1;
        let crafted = parcel.case.craft_as(&self.plan.fixture, Timestamp::now(), self.nonce, parcel.suspect.as_ref());
        crafted.map(Arc::new)
    }

    async fn keep_pace(&mut self) {
        tokio::select! {
            () = self.cancel.cancelled() => {}
            () = sleep_until(self.next) => {}
        }
        self.next = Instant::now() + self.interval;
    }

    /// A receiver that cannot be connected to at first cannot be checked; later on, it has gone down.
    fn came_of(&mut self, sent: Sent) -> Result<Observed, Unreachable> {
        let latency = sent.latency.total;
        match sent.result {
            Ok(reply) => {
                self.has_answered = true;
                let came = Observed::of_reply(&reply, latency);
                self.has_accepted |= came.is_accepted();
                // What goes well goes a little faster, until the next limit.
                self.interval = (self.interval - self.interval / 16).max(self.plan.interval);
                Ok(came)
            }
            Err(SendError::Cancelled) => Ok(Observed::NotSent),
            Err(error) if !self.has_answered && never_connected(&error) => {
                Err(Unreachable { target: self.plan.target().to_string(), error })
            }
            Err(error) => Ok(Observed::Nothing { code: error.code().to_owned(), reason: error.to_string(), latency }),
        }
    }

    /// Whether an answer says nothing about its case: too many at any time; not now, where there were others before or
    /// it says when.
    fn is_limit(&self, came: &Observed) -> bool {
        match came.status() {
            Some(429) => true,
            Some(503) => !self.knows_503 && (self.has_accepted || came.header("Retry-After").is_some()),
            _ => false,
        }
    }

    /// Waits and sends it again, more slowly than before, until it is answered, or waiting is of no use.
    async fn again(
        &mut self,
        parcel: Parcel,
        mut returned: Returned,
        tell: &mut dyn FnMut(CheckEvent<'_>),
    ) -> Result<Returned, Unreachable> {
        let mut waited = Duration::ZERO;
        for retry in 0..RETRIES {
            let status = returned.came.status().unwrap_or_default();
            let asked = retry_after(&returned.came, Timestamp::now());
            let wait = asked.unwrap_or(FIRST_WAIT * 2_u32.pow(retry));
            let is_too_long =
                wait > LONGEST_WAIT || waited + wait > LONGEST_OF_CASE || self.waited + wait > LONGEST_OF_ALL;
            if self.has_ended() || is_too_long {
                return Ok(self.give_up(returned, asked));
            }
            // With the slower pace in which it goes on.
            self.interval = (self.interval * 2).clamp(SLOWED, SLOWEST).max(self.plan.interval);
            let wait = wait.max(self.interval);
            tell(CheckEvent::Waiting { status, wait });
            tokio::select! {
                () = self.cancel.cancelled() => return Ok(Returned::not_sent()),
                () = sleep(wait) => {}
            }
            waited += wait;
            self.waited += wait;
            returned = self.resend(&parcel).await?;
            if !self.is_limit(&returned.came) {
                return Ok(returned);
            }
            // A valid delivery gets through and this one does not, again: then it is what the receiver says to it.
            if returned.came.status() == Some(503) && asked.is_none() && parcel.suspect.is_none() {
                let control = self.resend(&Parcel::of(CONTROL)).await?;
                if control.came.is_accepted() {
                    self.knows_503 = true;
                    return Ok(returned);
                }
            }
        }
        Ok(self.give_up(returned, None))
    }

    async fn resend(&mut self, parcel: &Parcel) -> Result<Returned, Unreachable> {
        let Ok(crafted) = self.craft(parcel) else { return Ok(Returned::not_sent()) };
        self.keep_pace().await;
        let timeout = self.plan.timeout;
        match send(self.client, self.plan.target(), crafted, timeout, self.cancel).await {
            Some((crafted, sent, attempt)) => {
                let came = self.came_of(sent)?;
                Ok(Returned { came, exchange: Some(Arc::new(attempt)), crafted: Some(crafted) })
            }
            None => Ok(Returned::not_sent()),
        }
    }

    /// The same receiver over https, where it answers to a handshake there, whatever its certificate is.
    pub(super) async fn secure_target(&self) -> Option<Target> {
        let target = self.plan.target();
        let secure: Target = target.to_string().replacen("http://", "https://", 1).parse().ok()?;
        if target.is_tls() || self.has_ended() {
            return None;
        }
        // Unsigned, since all that counts is whether it gets as far as a certificate.
        let request = Outgoing::post(&secure, Vec::new()).ok()?;
        let limits = ClientLimits::within(self.plan.timeout);
        let speaks_tls = match self.client.send(&secure, &request, &limits, self.cancel).await.result {
            Ok(_) => true,
            Err(SendError::Tls { fault, .. }) => {
                !matches!(fault, TlsFault::NotTls | TlsFault::Closed | TlsFault::Other(_))
            }
            Err(_) => false,
        };
        speaks_tls.then_some(secure)
    }

    /// Ends the check: what the receiver does with the rest is not known.
    fn give_up(&mut self, returned: Returned, asked: Option<Duration>) -> Returned {
        if self.cancel.is_cancelled() {
            return Returned { came: Observed::NotSent, ..returned };
        }
        let status = returned.came.status().unwrap_or_default();
        let asked = match asked {
            Some(wait) => format!(", and asks to wait for {} s", wait.as_secs()),
            None => String::new(),
        };
        self.limit = Some(format!("answered {status} again and again{asked}"));
        Returned { came: Observed::Limited { status }, ..returned }
    }
}

/// How long a `Retry-After` asks to wait (RFC 9110, section 10.2.3).
fn retry_after(came: &Observed, now: Timestamp) -> Option<Duration> {
    let value = came.header("Retry-After")?;
    let value = value.trim();
    if let Ok(seconds) = value.parse::<u64>() {
        return Some(Duration::from_secs(seconds));
    }
    let at = httpdate::parse_http_date(value).ok().and_then(|at| Timestamp::try_from(at).ok())?;
    Some(Duration::try_from(at.duration_since(now)).unwrap_or_default())
}

fn never_connected(error: &SendError) -> bool {
    matches!(
        error.code(),
        "name_not_resolved"
            | "refused"
            | "unreachable"
            | "tls"
            | "timeout_connect"
            | "timeout_tls"
            | "not_http"
            | "malformed_head"
    )
}

/// Sends a request as often as it says; the last sending counts.
async fn send(
    client: &Client,
    target: &Target,
    crafted: Arc<Crafted>,
    timeout: Duration,
    cancel: &CancellationToken,
) -> Option<(Arc<Crafted>, Sent, Attempt)> {
    let limits = ClientLimits { body_bytes: BODY_BYTES, ..ClientLimits::within(timeout) };
    let mut sent = None;
    for _ in 0..crafted.times {
        let pieces = crafted.pieces();
        let in_turn = match &crafted.before {
            Some(before) => client.send_in_turn(target, [before, &crafted.request], &limits, cancel).await,
            None => None,
        };
        sent = Some(if let Some(in_turn) = in_turn {
            in_turn
        } else if pieces.len() < 2 {
            client.send(target, &crafted.request, &limits, cancel).await
        } else {
            client.send_body(target, &crafted.request, OutgoingBody::in_pieces(pieces, PAUSE), &limits, cancel).await
        });
    }
    let sent = sent?;
    // No simulation: that a case is refused may be what was wanted, and needs no advice.
    let origin = Origin { delivery: None, kind: AttemptKind::Replay, mode: AttemptMode::Made };
    let attempt = attempt(origin, target, &crafted.request, None, sent.clone());
    Some((crafted, sent, attempt))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::Head;

    #[test]
    fn both_forms_of_retry_after_are_read() {
        let now: Timestamp = "2026-05-04T09:10:00Z".parse().unwrap();
        let with = |value: &str| {
            let head = Head::from(format!("HTTP/1.1 429 x\r\nRetry-After: {value}\r\n\r\n"));
            retry_after(&Observed::Answer { status: 429, latency: Duration::ZERO, said: Vec::new(), head }, now)
        };
        assert_eq!(with("7"), Some(Duration::from_secs(7)));
        assert_eq!(with("Mon, 04 May 2026 09:10:12 GMT"), Some(Duration::from_secs(12)));
        assert_eq!(with("Mon, 04 May 2026 09:09:00 GMT"), Some(Duration::ZERO));
        assert_eq!(with("soon"), None);
        assert_eq!(retry_after(&Observed::answer(429, Duration::ZERO, b""), now), None);
    }
}
