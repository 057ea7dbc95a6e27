//! whyhook: a terminal inspector and local tunnel target for signed webhooks, which says why a signature does not match.
//!
//! The rooms, each knowing only those above it in this list (`tests/e2e/layers.rs` holds that):
//!
//! | room | what it is |
//! |---|---|
//! | [`text`] | the only way from untrusted bytes to a terminal; durations and sizes as people write them |
//! | [`system`] | files read within bounds, files for a while, files written whole; the log; the terminal given back at a panic |
//! | [`http`] | HTTP/1.1 on the wire, in either direction: heads, framing, targets, a client that sends exact bytes |
//! | [`delivery`] | what a delivery is: ids, verdicts, answers, attempts, summaries, and its JSON |
//! | [`payload`] | what a body holds: JSON as tokens, the event by its documentation, images in every form, hex |
//! | [`signature`] | schemes, secrets, exact verification, signing, and why a signature does not match |
//! | [`query`] | the filter language over deliveries |
//! | [`rules`] | what goes back to the sender: replies, templates, and the rules that choose |
//! | [`diff`] | two messages side by side: headers, JSON by path, bytes |
//! | [`simulate`] | a delivery made from a recipe: the documented events, images, edits, bursts |
//! | [`redact`] | a delivery without anybody's data, that fails as it did before |
//! | [`config`] | defaults < file < environment < flags; the keyring of secrets; the webhooks; consent |
//! | [`store`] | the log and its SQLite index: one writer, many readers |
//! | [`inspect`] | a captured delivery understood: its body opened, its diagnosis, its ids known again |
//! | [`send`] | replays and what came of them; whether a receiver is right |
//! | [`suite`] | captured deliveries as tests of a server: a file of them, what is expected, what came |
//! | [`server`] | a run: the listener, the tunnel, the configuration reloaded, signals |
//! | [`archive`] | deliveries in and out: JSON, HTTP archives, raw requests, curl scripts, images |
//! | [`api`] | the running listener for other processes: HTTP over a socket of its own |
//! | [`tui`] | the terminal interface |
//! | [`cli`] | arguments to a command, errors to an exit code; the same as lines of text or JSON |

pub mod api;
pub mod archive;
pub mod cli;
pub mod config;
pub mod delivery;
pub mod diff;
pub mod http;
pub mod inspect;
pub mod payload;
pub mod query;
pub mod redact;
pub mod rules;
pub mod send;
pub mod server;
pub mod signature;
pub mod simulate;
pub mod store;
pub mod suite;
pub mod system;
pub mod text;
pub mod tui;
