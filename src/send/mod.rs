//! Sending: deliveries again, as they came or signed afresh; what came of it; and whether a receiver is right.
//!
//! The bytes go out by [`crate::http::Client`]; [`attempt`] makes the facts of a sending that the store keeps and the
//! result panel shows.

mod batch;
mod captured;
pub mod conformance;
mod destination;
pub mod junit;
mod outcome;
pub mod probe;
pub mod replay;
mod simulation;
#[cfg(test)]
mod tests;

pub use batch::{BatchPace, InvalidRate, run_all};
pub use captured::{NotReplayable, as_captured, exact, of_head};
pub use destination::{Destination, DestinationChoice, other_machines};
pub use outcome::{
    DocumentedError, Origin, StatusClass, attempt, attempt_json, attempt_not_made, attempt_of_stored, attempt_text,
    delivery_headers, latency_words, opened_response, status_words, summary_json, url_of,
};
pub use simulation::{NotSent, SimulatedBody, Simulation};
