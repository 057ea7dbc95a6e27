//! How long a sender may take, and how slow it may be.

use std::time::Duration;

use tokio::time::Instant;

use crate::config::Bounds;
use crate::http::section::SectionFault;

/// Over which the least rate of a body is looked at: long enough for a bad line to be silent for half of it.
const RATE_WINDOW: Duration = Duration::from_secs(30);

/// How long a sender may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Deadlines {
    /// From the first chance to send until the head is whole.
    pub head: Duration,
    /// Between two pieces of a body, or of an answer that the sender does not read.
    pub body_idle: Duration,
    /// From the head's end until the body is whole.
    pub body: Duration,
    /// The least rate of a body in bytes a second, over half a minute; 0 for none.
    pub body_rate: u64,
    /// Between two requests on one connection.
    pub keep_alive: Duration,
}

impl From<&Bounds> for Deadlines {
    fn from(bounds: &Bounds) -> Self {
        let Bounds { head, body_idle, body, body_rate, keep_alive, .. } = *bounds;
        Self { head, body_idle, body, body_rate, keep_alive }
    }
}

impl Default for Deadlines {
    fn default() -> Self {
        Self::from(&Bounds::default())
    }
}

/// Why a body ends before it was whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BodyFault {
    /// What came cannot be taken in.
    Section(SectionFault),
    /// The sender hung up.
    HungUp,
    /// The sender fell silent.
    Silent(Duration),
    /// It came slower than the least rate, in bytes a second.
    TooSlow(u64),
    /// It took longer than a body may.
    TooLong(Duration),
    /// Its place, or its room in memory, was given to another.
    GivenUp,
}

/// How a body has come so far, in time.
#[derive(Debug)]
pub(super) struct BodyPace {
    began: Instant,
    window: Instant,
    bytes: u64,
}

impl BodyPace {
    /// From now on.
    pub(super) fn new() -> Self {
        let now = Instant::now();
        Self { began: now, window: now, bytes: 0 }
    }

    /// Time that passed while the sender waited for us does not count.
    pub(super) fn forgive(&mut self, waited: Duration) {
        self.began += waited;
        self.window += waited;
    }

    /// How long it has come.
    #[cfg(test)]
    pub(super) fn age(&self) -> Duration {
        self.began.elapsed()
    }

    /// Until when the next piece must have come.
    pub(super) fn until(&self, deadlines: &Deadlines) -> Instant {
        (Instant::now() + deadlines.body_idle).min(self.began + deadlines.body)
    }

    /// Why no more is waited for, when nothing came until then.
    pub(super) fn expired(&self, deadlines: &Deadlines) -> BodyFault {
        if self.began.elapsed() >= deadlines.body {
            BodyFault::TooLong(deadlines.body)
        } else {
            BodyFault::Silent(deadlines.body_idle)
        }
    }

    /// Takes note of bytes that came.
    pub(super) fn note(&mut self, bytes: usize, deadlines: &Deadlines) -> Result<(), BodyFault> {
        self.bytes += bytes as u64;
        let age = self.window.elapsed();
        if age < RATE_WINDOW {
            return Ok(());
        }
        if self.bytes < deadlines.body_rate.saturating_mul(age.as_secs()) {
            return Err(BodyFault::TooSlow(deadlines.body_rate));
        }
        (self.window, self.bytes) = (Instant::now(), 0);
        Ok(())
    }
}
