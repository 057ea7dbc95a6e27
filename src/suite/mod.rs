//! Suites: captured deliveries as tests of a server, in a file that can be committed.
//!
//! A [`Suite`] is made from deliveries by a [`CaseMaker`], through which every one of them is redacted; written and read by
//! [`mod@file`]; sent by [`run()`], re-signed or as it was received; and what comes back is held against the
//! [`Expectations`] by [`compare`]. All but [`run()`] is pure.
//!
//! ```
//! use whyhook::suite::{Expectations, ExpectedStatus};
//!
//! let mut expect = Expectations::default();
//! expect.add("status=2xx").unwrap();
//! expect.add("body:result.id~^[0-9]+$").unwrap();
//! assert_eq!(expect.status, Some(ExpectedStatus::Class(2)));
//! ```

mod adjust;
mod case;
mod compare;
mod expect;
pub mod file;
mod kept;
mod make;
mod redact;
mod report;
mod run;
#[cfg(test)]
pub(crate) mod testing;

pub use adjust::{as_answered, expecting};
pub use case::{ResignAs, Suite, SuiteCase, SuiteRequest, SuiteSigning};
pub use compare::{AnswerDifference, compare};
pub use expect::{
    BodyExpectation, Expectations, ExpectedPattern, ExpectedStatus, ExpectedValue, HeaderExpectation,
    InvalidExpectation,
};
pub use kept::kept_response;
pub use make::{CaseError, CaseMaker, MadeCase, SigningChoice};
pub use redact::{CaseRedaction, without_credentials};
pub use report::{SuiteReport, suite_json, suite_junit, suite_text};
pub use run::{CaseOutcome, CaseResult, NotPrepared, NotPreparedReason, PreparedCase, SuiteRun, prepare, run};
