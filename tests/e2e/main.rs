//! The real program, end to end, by what a person or a sender does: its own process, real sockets on
//! loopback, real files, a real terminal. Every test has a home and a working directory of its own.
//!
//! Waiting is for something to be seen, with a limit so generous that only a hang reaches it; nothing
//! here depends on how fast a machine is. What needs a tool that is not installed says so on stderr
//! and passes, unless `WHYHOOK_REQUIRE_TOOLS=1` asks for it to fail.
// Signals, permissions and pseudo-terminals are Unix's.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../../fuzz/src/references.rs"]
mod references;

mod answer;
mod answering;
mod archives;
mod attach;
mod body;
mod check;
mod clipboard;
mod compare;
mod config;
mod configuration;
mod consent;
mod control;
mod crash;
mod deliver;
mod demo;
mod docs;
mod doctor;
mod export;
mod following;
mod forward;
mod frameworks;
mod given;
mod given_requests;

mod handshakes;
mod hook;
mod hostile;
mod images;
mod import;
mod interface;
mod jobs;
mod keys;
mod language;
mod layers;
mod leftovers;
mod lend;
mod log;
mod look;
mod marks;
mod meanwhile;
mod mouse;
mod neighbours;
mod openapi;
mod packaging;
mod payload;
mod plain;
mod port;
mod probe;
mod prune;
mod raw_output;
mod receivers;
mod redact;
mod relay;
mod replay;
mod rules;
mod saving;
mod schemes;
mod screen;
mod secrets;
mod sending;
mod signals;
mod simulate;
mod steering;
mod suite;
mod survive;
mod truncated;
mod tunnel;
mod tunnel_started;
mod tunnels;
mod unwritable;
mod verify_sign;
mod wait;
mod why;
