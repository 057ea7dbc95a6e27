//! Answers to the sender: replies, templates, and the rules that choose among them.
//!
//! Everything here is pure: text becomes a [`Rule`], a delivery and the active [`RuleSet`] become an
//! [`RuleAction`], an [`AnswerChoice`] and a delivery's [`Facts`] become the [`Reply`] that is sent. Waiting,
//! counting, holding and writing are the listener's.
//!
//! For an interface: a picker offers [`presets`] and [`RuleSet::answers`]. [`AnswerChoice::render`] with
//! [`Facts::of_kept`] gives exactly the bytes that would be sent. [`RuleReader::action`] parses typed text, and
//! [`RuleError::at`] locates an error. [`Override`] is a choice that overrides the rules, [`Held`] a held
//! delivery, and [`TimedResponse`] the decision about it. All of them are plain data that can be compared and printed,
//! so they fit into a model, a message or an effect. The listener's `Control` takes and returns them.
//!
//! ```text
//! rule   = [ filter "→" ] action                        "->" and "=>" are arrows too
//! action = [ pause ] ( response | hold | fail )
//! pause  = "wait" TIME [ ".." TIME ]
//! hold   = "hold" [ TIME ] [ "else" [ pause ] response ]
//! fail   = "fail" N [ "per" ( "body" | "event" ) ] "with" [ pause ] response "then" [ pause ] response
//! response   = answer
//!        | "trickle" BYTES "per" TIME answer
//!        | "length" ( "+N" | "-N" ) answer
//!        | ( "drop" | "reset" ) [ "before head" | "in head" [ answer ] | "after head" [ answer ] ]
//!        | "forward" URL { URL }
//! answer = "auto"
//!        | STATUS { "header" "Name: value" } [ body ]
//!        | NAME                                          of the configuration's [answers.NAME]
//!        | "redirect" [ STATUS ] URL
//!        | "retry-after" [ STATUS ] TIME
//!        | "handshake:" NAME                             of the handshakes that are known
//! body   = "text in quotation marks" | the rest of the rule, verbatim
//! ```
//!
//! ```
//! use whyhook::rules::RuleReader;
//! let rule = RuleReader::default().rule("event:screenshot is:sim -> fail 3 with 503 then 200")?;
//! assert_eq!(rule.to_string(), "event:screenshot is:sim → fail 3 with 503 then 200");
//! let error = RuleReader::default().rule("sim -> 700").unwrap_err();
//! assert_eq!(error.to_string(), "at 7: invalid status 700: expected 200 to 599");
//! # Ok::<(), whyhook::rules::RuleError>(())
//! ```

pub mod action;
mod agree;
mod answer;
mod automatic;
mod cursor;
mod error;
mod facts;
mod handshakes;
mod parse;
mod policy;
mod print;
mod reply;
mod request;
mod rule;
mod template;
#[cfg(test)]
mod tests;

pub use action::{
    ActionKind, Close, CloseAt, CountedBy, Fail, ForwardTarget, Hold, RuleAction, RuleResponse, SendManner,
    TimedResponse, Wait,
};
pub use agree::{AcceptanceReason, Agreement, AgreementFacts};
pub use answer::{AnswerChoice, CustomAnswer, NamedAnswer};
pub use automatic::{AutomaticHandshakes, HandshakeReply, HandshakeSecret, KnownHandshake};
pub use error::{RuleError, RulePlace, RuleProblem};
pub use facts::Facts;
pub use handshakes::Handshake;
pub use parse::{AnswerPart, InvalidAnswer, RuleReader, named, target};
pub use policy::{AnswerPolicy, auto, refusal};
pub use reply::{DOCUMENTED_INVALID, DOCUMENTED_MISSING, DOCUMENTED_OK, Reply, is_bodyless, preset, presets};
pub use request::{AnsweredRequest, RequestFact, RequestValues, UnreadRequest, handshake_secret};
pub use rule::{DEFAULT_HOLD, Held, Override, RULE_LIMIT, Rule, RuleSet, check_count, short};
pub use template::{Template, TemplateError, TemplatePlace};

/// The maximum length of an answer's body, as written.
pub const BODY_LIMIT: usize = 1024 * 1024;
/// The most headers of an answer, and the most bytes of each: Node takes 16 KiB of head in all.
pub const HEADER_LIMIT: usize = 32;
/// See [`HEADER_LIMIT`].
pub const HEADER_BYTES: usize = 4096;
