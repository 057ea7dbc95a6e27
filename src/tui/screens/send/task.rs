//! What is asked of the threads that send and look up, and what they tell.

use std::sync::Arc;

use bytes::Bytes;

use crate::delivery::{Attempt, AttemptId, AttemptSummary, DeliveryId};
use crate::query::Query;
use crate::send::BatchPace;
use crate::send::conformance::{CheckReport, CheckRow};
use crate::signature::SigningKind;
use crate::simulate::SavedSimulation;
use crate::tui::screens::send::panel::{BodyRows, Panel};
use crate::tui::screens::send::state::{ComparisonView, SendProgress, SentOfMany};

/// Something to send, or to look up for it. The results come as [`News`].
#[derive(Debug, Clone, PartialEq)]
pub enum SendTask {
    /// A signed test event to this program's own listener, at this path.
    Test(String),
    /// Replays of captured deliveries.
    Replay(ReplayTask),
    /// A replay whose body is edited in the person's editor first.
    Edit(ReplayTask),
    /// A simulated event.
    Simulate(SimulateTask),
    /// The matrix of deliveries that a correct receiver accepts or refuses.
    Check(CheckTask),
    /// Copies of a delivery that ask an upstream server, at this URL, whether it checks the signature.
    Probe(DeliveryId, String),
    /// A task whose hosts the person has agreed to.
    Consented(Box<SendTask>),
    /// Cancel what is being sent.
    Cancel,
    /// What a simulation would send; the number tells answers apart.
    Preview(u64, SimulateTask),
    /// A delivery's sendings.
    Attempts(DeliveryId),
    /// One sending.
    Attempt(AttemptId),
    /// A case of a check, in words: the request as it was sent, and what came back.
    Case(Arc<Attempt>, String),
    /// What differs between two deliveries.
    Compare(DeliveryId, DeliveryId),
    /// What differs between a delivery and what ngrok's agent has captured of it.
    CompareTunnel(DeliveryId),
    /// What differs between the responses to two sendings.
    CompareAttempts(AttemptId, AttemptId),
}

impl SendTask {
    /// As it is logged.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Test(_) => "test event",
            Self::Replay(_) => "replay",
            Self::Edit(_) => "edited replay",
            Self::Simulate(_) => "simulation",
            Self::Check(_) => "check",
            Self::Probe(..) => "probe",
            Self::Consented(_) => "after consent",
            Self::Cancel => "cancel",
            Self::Preview(..) => "preview",
            Self::Attempts(_) | Self::Attempt(_) | Self::Case(..) => "attempt",
            Self::Compare(..) | Self::CompareTunnel(_) | Self::CompareAttempts(..) => "comparison",
        }
    }

    /// Whether it goes to this program's own listener and nowhere else, so that a temporary secret is enough.
    #[must_use]
    pub fn is_to_ourselves(&self) -> bool {
        match self {
            Self::Test(_) => true,
            Self::Simulate(task) => task.saved.to.is_none() && task.saved.webhook.is_none(),
            _ => false,
        }
    }

    /// Whether nothing is sent for it.
    #[must_use]
    pub fn is_lookup(&self) -> bool {
        matches!(
            self,
            Self::Preview(..)
                | Self::Attempts(_)
                | Self::Attempt(_)
                | Self::Case(..)
                | Self::Compare(..)
                | Self::CompareTunnel(_)
                | Self::CompareAttempts(..)
        )
    }
}

/// Captured deliveries to replay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReplayTask {
    /// Which.
    pub which: Which,
    /// How.
    pub how: Again,
    /// The body instead of the captured one.
    pub body: Option<Bytes>,
    /// Where to; each delivery's own webhook when empty.
    pub to: Vec<String>,
    /// How fast.
    pub pace: BatchPace,
}

/// Which deliveries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// One.
    One(DeliveryId),
    /// Every one that matches this filter, the oldest first.
    Matching(Query),
}

/// How a delivery is replayed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// The exact bytes and signature headers.
    AsCaptured,
    /// The exact body under a fresh signature.
    Resigned,
    /// Another body, re-signed.
    Edited,
    /// Another body under the captured signature.
    EditedUnsigned,
}

impl Again {
    /// Every way.
    pub const ALL: [Self; 4] = [Self::AsCaptured, Self::Resigned, Self::Edited, Self::EditedUnsigned];

    /// In words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::AsCaptured => "as captured: the exact bytes and signature",
            Self::Resigned => "re-signed: the exact body, a fresh signature",
            Self::Edited => "edited in $EDITOR, then re-signed",
            Self::EditedUnsigned => "edited in $EDITOR, with the old signature",
        }
    }

    /// Whether the body is another one.
    #[must_use]
    pub fn edits(self) -> bool {
        matches!(self, Self::Edited | Self::EditedUnsigned)
    }
}

/// A simulated event to send.
#[derive(Debug, Clone, PartialEq)]
pub struct SimulateTask {
    /// What is made, and for whom.
    pub saved: Box<SavedSimulation>,
    /// What decides everything that varies; chosen by the first preview.
    pub seed: Option<u64>,
}

/// A receiver to be checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckTask {
    /// Its URL.
    pub to: String,
    /// The timestamp's unit.
    pub kind: SigningKind,
    /// The age that it must refuse, such as `5m`; empty for none.
    pub max_age: String,
}

/// What the threads that send and look up report.
#[derive(Debug)]
pub enum News {
    /// A sending has begun.
    Began(SendProgress),
    /// One of many has ended.
    Sent(SentOfMany),
    /// The sending has ended, with the last result; the words say how.
    Finished(Option<Box<Panel>>, String),
    /// A test event was sent; whether it needed a temporary secret.
    Tested(Box<Panel>, bool),
    /// An upstream server was asked about this delivery: what its answers prove, in words, and whether that is good.
    Probed(DeliveryId, String, Option<bool>),
    /// Nothing was sent, for this reason.
    NotSent(String),
    /// What was looked up cannot be shown, for this reason.
    NotFound(String),
    /// These are non-loopback hosts: nothing is sent there before the person agrees.
    Consent(String, SendTask),
    /// What a simulation would send, or why it would not.
    Preview(u64, Result<Preview, String>),
    /// A delivery's sendings, the newest first.
    Attempts(DeliveryId, Vec<AttemptSummary>),
    /// One stored sending.
    Attempt(Box<Panel>),
    /// What differs.
    Compared(Box<ComparisonView>),
    /// The result of one case of a check, and how many cases there are.
    CheckRow(Box<CheckRow>, usize),
    /// What a check is doing that is not a case of it, in words.
    CheckNote(String),
    /// A check has ended.
    Checked(Result<Box<CheckReport>, String>),
}

/// What a simulation would send.
#[derive(Debug)]
pub struct Preview {
    /// What decides everything that varies.
    pub seed: u64,
    /// Where it would go.
    pub target: String,
    /// With what it would be signed, in words.
    pub signed: String,
    /// The payload.
    pub body: BodyRows,
}
