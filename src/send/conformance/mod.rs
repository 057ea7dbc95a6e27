//! Checking a receiver: a matrix of deliveries that it must accept or refuse, the result of each, and
//! the named faults that these prove, with their fixes.
//!
//! | part | what it does |
//! |---|---|
//! | [`MATRIX`] | every case as data: what is sent, what is expected, what a failure points at |
//! | [`Case::craft`] | from a case to headers and body, a pure function |
//! | [`Row`] | one case and its result |
//! | [`findings()`] | from rows to named faults |
//! | [`run()`] | sends a matrix, bounded |
//! | [`Report`] | all of that, as text, JSON and JUnit XML |

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

pub use case::{Body, Case, Expect, Head, Signing, Weight};
pub use craft::{Crafted, Ground, stale_by};
pub use fault::Fault;
pub use findings::{Finding, findings};
pub use judge::{Came, Mark, Row};
pub use matrix::{MATRIX, case_named};
pub use report::{Palette, Report, junit, list_text, report_json, report_text};
pub use run::{JOBS_LIMIT, Plan, Unreachable, run};
