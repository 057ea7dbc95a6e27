//! Why a signature does not match: a search for the change that makes the received digest come out.
//!
//! A digest that matches under a secret nobody can guess proves which bytes and which key were
//! signed. So one thing about the configured computation is changed at a time, then two, and the
//! digest computed again. What nothing reproduces is [`CauseCode::Unexplained`], with the evidence there is.
//!
//! Nothing here reads a clock, a file or the network, starts a thread, or changes a verdict: only the
//! exact scheme ([`crate::signature::judge`]) verifies.
//!
//! | part | what it varies |
//! |---|---|
//! | `explaining` | nothing: which of these a scheme asks for |
//! | `signature_checks` | the public key, and the algorithm and form of its signature |
//! | `json_tokens`, `token_times` | a JSON Web Token: its text, algorithm, key, times and claims |
//! | `message_signatures` | an HTTP Message Signature: its components, URL, key and digest |
//! | `plain_tokens` | how a token that is compared was written |
//! | `binds` | what a valid signature ties to the request |
//! | `structure`, `header_names` | nothing: headers, lengths, what was declared |
//! | `encoding` | how the received signature is read |
//! | `surroundings`, `layers`, `value_lists` | nothing: what stands around it, and how that differs from the scheme's form |
//! | `secrets`, `secret_codings`, `miscopied`, `mistyped` | the key |
//! | `timestamps` | the timestamp's text |
//! | `urls` | the URL |
//! | `templates` | how the parts are joined and hashed |
//! | `bodies`, `recipes`, `frameworks`, `combinations` | the body |
//! | `search` | the stages, within a [`Budget`] |
//! | [`history`] | what earlier deliveries say |
//! | [`mod@other_direction`] | bodies that another server would have hashed instead |
//! | `misplaced` | where the signature is |
//! | `fixes`, `what_next`, `server_words` | nothing: what to do, and whose mistake it is |
//! | `subcause` | nothing: which case of a cause it is, where its advice is another |
//! | `sent_secret` | nothing: whether the secret is sent |
//! | `unproved` | nothing: what is known where nothing is proved |
//! | `likeness` | nothing: what a value looks like |
//! | `hops`, `known_hops` | nothing: what the request passed on its way |
//! | `foreign` | nothing: whose headers are there |
//! | [`suspects()`] | nothing: what a receiver with a mistake would accept |
//! | `printed` | how the digest that another server printed is read |
//! | [`Repetition`] | nothing: the computation that was found, over another request |

mod accumulated;
mod axis;
mod binds;
mod bodies;
mod body_recipes;
mod code;
mod combinations;
mod encoding;
mod explain;
mod explaining;
mod fixes;
mod foreign;
mod frameworks;
mod header_names;
pub mod history;
mod hops;
mod joinings;
mod json_tokens;
mod known_hops;
mod layers;
mod likeness;
mod message_signatures;
mod miscopied;
mod misplaced;
mod mistyped;
pub mod other_direction;
mod placeholders;
mod plain_tokens;
mod printed;
mod recipes;
mod repeat;
mod report;
mod search;
mod secret_codings;
mod secrets;
mod sent_secret;
mod server_words;
mod signature_checks;
mod structure;
mod subcause;
mod surroundings;
mod suspects;
mod templates;
#[cfg(test)]
mod tests;
mod timestamps;
mod token_times;
mod unproved;
mod urls;
mod value_lists;
mod what_next;
mod wrappings;

pub use code::{CauseCode, CauseKind};
pub use foreign::OTHER_SCHEME;
pub use history::{Earlier, History};
pub use other_direction::{Rewriting, explain_digest, other_direction};
pub use printed::{NotADigest, PrintedDigest};
pub use repeat::{RepeatedDigest, Repetition};
pub use report::{BytePlace, Cause, Diagnosis, Evidence, RequestPart, SearchStage, SignedDifference};
pub use suspects::{MistakenSignature, Suspect, SuspectKind, pairs, suspects, with_bodies};

use jiff::Timestamp;

use super::verify::judge_with_reason;
use super::{Scheme, Secret};
use crate::delivery::Intake;
use crate::http::Head;

/// What is to be explained.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The request line and headers as received.
    pub head: &'a Head,
    /// The body as received.
    pub body: &'a [u8],
    /// The moment of capture, by which ages are judged.
    pub received_at: Timestamp,
    /// Whether it arrived whole.
    pub intake: &'a Intake,
    /// The scheme it is judged by.
    pub scheme: &'a Scheme,
    /// The secrets that may have signed it.
    pub secrets: &'a [&'a Secret],
    /// Configured secrets that belong to other webhooks.
    pub others: &'a [&'a Secret],
    /// What earlier deliveries say.
    pub history: &'a History,
}

/// How many changes at once are searched for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Depth {
    /// One change.
    One,
    /// Two changes.
    #[default]
    Pairs,
    /// Three of the most common changes.
    Triples,
    /// Also every clock reading within five minutes.
    Deep,
}

/// How far the search has got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchProgress {
    /// What is being tried.
    pub stage: SearchStage,
    /// Digests computed so far.
    pub tried: u64,
    /// Digests that the asked depth may need, as far as known.
    pub of: u64,
    /// Matches found so far.
    pub found: usize,
}

/// What a search may cost, and who it asks.
#[derive(Clone, Copy)]
pub struct Budget<'a> {
    /// How deep to search when nothing simpler matches.
    pub depth: Depth,
    /// The most digests to compute.
    pub max_candidates: u64,
    /// The most bytes to hash; what several contents have in common counts once where it is hashed once.
    pub max_bytes: u64,
    /// Asked again and again whether to go on; false ends the search with what was found.
    pub go_on: &'a dyn Fn() -> bool,
    /// Told from time to time how far the search has got.
    pub progress: &'a dyn Fn(SearchProgress),
}

impl Default for Budget<'_> {
    fn default() -> Self {
        Self {
            depth: Depth::default(),
            max_candidates: 2_000_000,
            max_bytes: 16 << 30,
            go_on: &|| true,
            progress: &|_| {},
        }
    }
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Budget")
            .field("depth", &self.depth)
            .field("max_candidates", &self.max_candidates)
            .field("max_bytes", &self.max_bytes)
            .finish_non_exhaustive()
    }
}

/// Finds out why the signature does not match. For a delivery that verifies, the causes are at most
/// [`CauseCode::Stale`] or [`CauseCode::ClockSkew`]. A request that was refused as malformed is not judged, and has none.
#[must_use]
pub fn diagnose(request: &Request<'_>, budget: &Budget<'_>) -> Diagnosis {
    if let Intake::Malformed(reason) = request.intake {
        return Diagnosis::refused(reason);
    }
    let secrets = request.secrets.iter().copied();
    let judged = judge_with_reason(request.scheme, secrets, request.head, request.body, request.received_at);
    if judged.judgement.verdict == crate::delivery::Verdict::Verified {
        return explain::verified(request, &judged.judgement);
    }
    let structure = structure::read(request);
    let misplaced = misplaced::signature(request, budget);
    // What verifies elsewhere needs no search but for a simple mistake beside it.
    let depth = if misplaced.is_some() { Depth::One } else { budget.depth };
    let explained = explaining::explain(request, &structure, &Budget { depth, ..*budget });
    explain::delivery_report(request, &judged, &structure, explained, misplaced)
}
