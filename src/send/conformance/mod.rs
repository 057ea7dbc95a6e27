//! Checking a receiver: a matrix of deliveries that it must accept or refuse, the result of each, and
//! the named faults that these prove, with their fixes.
//!
//! | part | what it does |
//! |---|---|
//! | [`MATRIX`] | every case as data: what is sent, what is expected, what a failure points at |
//! | [`applicable()`] | which of them mean something under a scheme |
//! | [`Case::craft`] | from a case to a request, a pure function |
//! | [`CheckRow`] | one case and its result |
//! | `courier` | sends, at a pace, and again where the receiver limits it |
//! | [`run()`] | sends a matrix, bounded |
//! | `explain`, `probe` | what is sent afterwards, to tell one cause from another |
//! | `size` | where the limit of bodies is |
//! | `steady` | whether a receiver still answers, and answers one kind of delivery in one way |
//! | `outside`, [`Framework`] | what stands before a receiver, and what it is made with |
//! | `pattern` | what the answers show when they are taken together |
//! | [`findings()`], [`Remedy`] | from all of that to named faults, and what to do |
//! | [`CheckReport`] | the result, as text, JSON and JUnit XML |

mod applicable;
mod case;
mod courier;
mod craft;
mod explain;
mod fault;
mod findings;
mod framework;
mod judge;
mod matrix;
mod outside;
mod pattern;
mod payload;
mod place;
mod probe;
mod remedy;
mod report;
mod run;
mod size;
mod steady;
#[cfg(test)]
mod tests;
mod written;

pub use applicable::{NotApplicable, applicable};
pub use case::{
    Case, CaseDigest, CaseHead, CaseManner, CasePayload, CaseSigning, DigestEnd, Expect, SignaturePart, Weight,
};
pub use craft::{CraftError, Crafted, Fixture, stale_by};
pub use fault::ReceiverFault;
pub use findings::{CheckEvidence, CheckFinding, SizeLimit, findings};
pub use framework::Framework;
pub use judge::{CaseVerdict, CheckRow, Observed};
pub use matrix::{MATRIX, case_named};
pub(in crate::send) use outside::{is_login_page, outside, quoted, reads_as_refusal};
pub use probe::ProvedMistake;
pub use remedy::Remedy;
pub use report::{CheckOutcome, CheckReport, NoVerdict, junit, list_text, report_json, report_text};
pub use run::{CheckEvent, CheckPlan, JOBS_LIMIT, Unreachable, run};
pub use steady::Unsteady;
