//! whyhook: a terminal inspector and local tunnel target for Trackpilots webhooks.
//!
//! The layers, each knowing only those above it in this list:
//!
//! | layer | what it is |
//! |---|---|
//! | [`text`] | the only way from untrusted bytes to a terminal |
//! | [`units`] | durations and sizes as people write them |
//! | [`mod@panic`] | the terminal given back when a thread panics |
//! | [`wire`] | where heads and bodies end on the wire, in either direction |
//! | [`read`] | files of which nothing is known, read within bounds and never waited for |
//! | [`scratch`] | files for a while, which go with the process that made them |
//! | [`delivery`] | what a delivery is: ids, heads, verdicts, answers, summaries |
//! | [`payload`] | what a body holds: JSON as tokens, the envelope's facts, images in every form, hex |
//! | [`signature`] | the scheme, secrets, exact verification, and why a signature does not match |
//! | [`picture`] | a picture decoded within bounds and made small enough for a terminal |
//! | [`compare`] | two messages side by side: headers, JSON by path, bytes |
//! | [`query`] | the filter language over deliveries |
//! | [`answer`] | what goes back to the sender: replies, templates, and the rules that choose |
//! | [`simulation`] | a delivery made from a recipe: the documented events, images, edits, bursts |
//! | [`config`] | defaults < file < environment < flags; the keyring of secrets; the webhooks |
//! | [`store`] | the log and its SQLite index: one writer, many readers |
//! | [`diagnosis`] | why a captured delivery does not match, with what the store knows |
//! | [`export`] | deliveries as HAR, as a curl script, as JSON, as raw bytes; an image's bytes |
//! | [`sender`] | the client that sends exact bytes, signs them anew, replays, and says what came of it |
//! | [`consent`] | what a configuration that lies in the current folder may not do unasked |
//! | [`simulator`] | from a recipe and a choice of receiver to signed requests |
//! | [`check`] | is a receiver right? a matrix of deliveries, and the faults that its answers prove |
//! | [`reading`] | a captured delivery read: its body opened, its event by the contract, its ids known again |
//! | [`listener`] | accept, read, judge, keep, answer |
//! | [`tunnel`] | ngrok's agent and where it leads |
//! | [`import`] | deliveries from our JSON, HTTP archives and raw requests |
//! | [`engine`] | the pure state machine shared by every face |
//! | [`session`] | a run: store, listener, tunnel and signals, started and stopped together |
//! | [`tui`] | the terminal interface |
//! | [`headless`] | the same as lines of text or JSON |
//! | [`cli`] | arguments to a command, errors to an exit code |

pub mod answer;
pub mod check;
pub mod cli;
pub mod compare;
pub mod config;
pub mod consent;
pub mod delivery;
pub mod diagnosis;
pub mod engine;
pub mod export;
pub mod headless;
pub mod import;
pub mod listener;
pub mod panic;
pub mod payload;
pub mod picture;
pub mod query;
pub mod read;
pub mod reading;
pub mod scratch;
pub mod sender;
pub mod session;
pub mod signature;
pub mod simulation;
pub mod simulator;
pub mod store;
pub mod text;
pub mod tui;
pub mod tunnel;
pub mod units;
pub mod wire;
