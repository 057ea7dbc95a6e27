//! Checking a receiver: a matrix of deliveries that it must accept or refuse, the result of each, and
//! the named faults that these prove, with their fixes.
//!
//! | part | what it does |
//! |---|---|
//! | [`MATRIX`] | every case as data: what is sent, what is expected, what a failure points at |
//! | [`Case::craft`] | from a case to headers and body, a pure function |
//! | [`CheckRow`] | one case and its result |
//! | [`findings()`] | from rows to named faults |
//! | [`run()`] | sends a matrix, bounded |
//! | [`CheckReport`] | all of that, as text, JSON and JUnit XML |

mod case;
mod craft;
mod fault;
mod findings;
mod judge;
mod matrix;
mod report;
mod run;
#[cfg(test)]
mod tests;

pub use case::{Case, CaseHead, CasePayload, CaseSigning, Expect, Weight};
pub use craft::{Crafted, Fixture, stale_by};
pub use fault::ReceiverFault;
pub use findings::{CheckFinding, findings};
pub use judge::{CaseVerdict, CheckRow, Observed};
pub use matrix::{MATRIX, case_named};
pub use report::{CheckReport, Palette, junit, list_text, report_json, report_text};
pub use run::{CheckPlan, JOBS_LIMIT, Unreachable, run};
