//! What is sent from the interface: what can be chosen, what is under way, and what came of it.

use std::collections::VecDeque;

pub use crate::tui::screens::send::form::{FieldKey, FieldValue, Fields, FormField};
pub use crate::tui::screens::send::forms::{Purpose, SendForm};
pub use crate::tui::screens::send::panel::{BodyRows, Panel};
pub use crate::tui::screens::send::task::{Again, CheckTask, News, Preview, ReplayTask, SendTask, SimulateTask, Which};

use crate::archive::tunnel::TunnelComparison;
use crate::delivery::{AttemptSummary, DeliveryId};
use crate::diff::{MessageComparison, SideRow};
use crate::send::conformance::{CheckReport, CheckRow};

/// Rows of a sending of many that are kept to be looked at.
const ROWS_KEPT: usize = 500;

/// Everything that has to do with sending.
#[derive(Debug, Default)]
pub struct SendState {
    /// The configured webhooks.
    pub receivers: Vec<Receiver>,
    /// What lies over the panes while [`crate::tui::app::overlay::state::Overlay::Sending`] does, the topmost last.
    pub screens: Vec<SendScreen>,
    /// What is being sent, or was sent last.
    pub progress: Option<SendProgress>,
    /// What came of the last sending.
    pub last: Option<Box<Panel>>,
    /// The check whose screen was closed: it goes on, or has ended.
    pub closed_check: Option<Box<CheckView>>,
    /// Whether the check is newer than the last result.
    pub check_is_last: bool,
    /// The delivery that another one is compared with.
    pub marked: Option<DeliveryId>,
    /// Where deliveries were sent last, as typed.
    pub to: String,
    /// The receiver that was checked last.
    pub checked: String,
    /// The newest preview that was asked for.
    pub(crate) previews: u64,
}

impl SendState {
    /// What is being sent now, and how far that is.
    #[must_use]
    pub fn running(&self) -> Option<Running> {
        let progress = self.progress.as_ref().filter(|progress| !progress.is_done)?;
        let check = self.check().filter(|check| check.report.is_none());
        Some(match check {
            Some(check) => Running { what: "check".to_owned(), done: check.rows.len(), total: check.total },
            None => Running {
                what: if progress.what.is_empty() {
                    "sending".to_owned()
                } else {
                    format!("sending {}", progress.what)
                },
                done: progress.delivered + progress.failed,
                total: progress.total,
            },
        })
    }

    /// The check that is shown, lies beneath, or was closed.
    #[must_use]
    pub fn check(&self) -> Option<&CheckView> {
        let shown = self.screens.iter().rev().find_map(|screen| match screen {
            SendScreen::Check(check) => Some(&**check),
            _ => None,
        });
        shown.or(self.closed_check.as_deref())
    }

    /// Whether something is being sent now.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.progress.as_ref().is_some_and(|progress| !progress.is_done)
    }
}

/// What is being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// What it is, in a few words.
    pub what: String,
    /// How many are done.
    pub done: usize,
    /// How many there are; 0 while that is not known.
    pub total: usize,
}

/// A configured webhook, as far as a sending needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receiver {
    /// Its name.
    pub name: String,
    /// Its URL; `None` is this program's own listener.
    pub url: Option<String>,
    /// Its path on our listener.
    pub path: String,
    /// `developer` or `reseller`.
    pub kind: &'static str,
    /// The full names of the events that it subscribes to; empty for all.
    pub events: Vec<String>,
}

/// One screen over the panes.
#[derive(Debug)]
pub enum SendScreen {
    /// What came of the last sending.
    Panel,
    /// What is to be sent.
    Form(Box<SendForm>),
    /// How a sending goes, scrolled to a row.
    Progress(usize),
    /// A delivery's sendings, and the chosen one.
    Attempts(DeliveryId, Vec<AttemptSummary>, usize),
    /// What differs.
    Comparison(Box<ComparisonView>),
    /// A check of a receiver.
    Check(Box<CheckView>),
}

/// Two messages compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ComparisonView {
    /// Which two.
    pub title: String,
    /// What differs, in lines; what is copied.
    pub lines: Vec<String>,
    /// The comparison side by side, where there is room for it.
    pub rows: Vec<SideRow>,
    /// The first row shown.
    pub first: usize,
}

impl ComparisonView {
    /// To show a comparison.
    #[must_use]
    pub fn of(title: String, comparison: &MessageComparison) -> Self {
        let mut lines: Vec<String> = comparison.to_text().lines().map(str::to_owned).collect();
        let mut rows = comparison.side_by_side();
        if lines.is_empty() {
            lines.push("no differences".to_owned());
            rows.push(SideRow::Note("no differences".to_owned()));
        }
        Self { title, lines, rows, first: 0 }
    }

    /// To show a delivery beside what ngrok's agent has captured of it.
    #[must_use]
    pub fn of_tunnel(title: String, comparison: &TunnelComparison) -> Self {
        let about = comparison.about();
        let notes = about.iter().cloned().map(SideRow::Note);
        let rows = notes.chain(comparison.differences.side_by_side()).collect();
        let lines = about.iter().cloned().chain(comparison.differences.to_text().lines().map(str::to_owned)).collect();
        Self { title, lines, rows, first: 0 }
    }
}

/// How a sending goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SendProgress {
    /// What is being sent, in words.
    pub what: String,
    /// Sendings in all.
    pub total: usize,
    /// Those that were delivered.
    pub delivered: usize,
    /// Those that were not.
    pub failed: usize,
    /// What came of each, the latest last.
    pub rows: VecDeque<SentOfMany>,
    /// How it ended, in words.
    pub end: String,
    /// Whether it has ended.
    pub is_done: bool,
    /// Whether it shows no screen of its own.
    pub is_quiet: bool,
}

impl SendProgress {
    pub(crate) fn push(&mut self, sent: SentOfMany) {
        if sent.is_delivered {
            self.delivered += 1
        } else {
            self.failed += 1
        }
        if self.rows.len() == ROWS_KEPT {
            self.rows.pop_front();
        }
        self.rows.push_back(sent);
    }
}

/// One sending of many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentOfMany {
    /// What was sent, such as `#7`.
    pub what: String,
    /// The URL.
    pub target: String,
    /// The status.
    pub status: Option<u16>,
    /// What came, in words.
    pub words: String,
    /// Whether it was delivered.
    pub is_delivered: bool,
}

/// A check of a receiver, as far as it has come.
#[derive(Debug, Default)]
pub struct CheckView {
    /// The receiver.
    pub to: String,
    /// The cases that have come back, in their order.
    pub rows: Vec<CheckRow>,
    /// How many there will be.
    pub total: usize,
    /// What it is doing apart from that; empty for most of the time.
    pub note: String,
    /// The whole report, or why it failed; `None` until it has ended.
    pub report: Option<Result<Box<CheckReport>, String>>,
    /// The chosen row.
    pub cursor: usize,
    /// Whether the chosen row is shown with all that is known of it.
    pub is_open: bool,
    /// The first row shown, when it is.
    pub scroll: usize,
}
