//! Settings that look like mistakes, but are used as they are.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::shown;
use crate::text::visible;

/// A remark on the settings; its `Display` is one line for a person.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Warning {
    /// The listener can be reached from other hosts.
    #[error("listening on {0}: other hosts can reach this listener; 127.0.0.1 restricts it to this machine")]
    BeyondLoopback(SocketAddr),
    /// A secret looks odd.
    #[error("the secret {remark}, and is used exactly as it is: '{}' from {}", visible(.label), visible(.origin))]
    OddSecret {
        /// Its label.
        label: String,
        /// Where it was read from, in words.
        origin: String,
        /// What is odd, in words that follow "the secret".
        remark: &'static str,
    },
    /// The default variable is set, but empty.
    #[error("{variable} is set but empty ({place}), so no secret is configured: fill it in, or unset it")]
    EmptySecret {
        /// The variable.
        variable: String,
        /// Where it was set: `the environment` or a `.env` file.
        place: String,
    },
    /// Other users of this machine can read or change a file that holds a secret.
    #[error("{} holds a secret and can be read or changed by other users (mode {mode:04o}): run chmod 600 on it", shown(.file))]
    SecretReadable {
        /// The file.
        file: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// `.env` is there and cannot be read.
    #[error("cannot read {} for a secret: {reason}", shown(.file))]
    DotenvUnreadable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// A rule is odd, in words.
    #[error("{0}")]
    Rule(String),
    /// A webhook subscribes to an event that Trackpilots does not document.
    #[error(
        "{}:{line}: the webhook '{}' subscribes to the unknown event '{}': expected one of {}",
        shown(.file), visible(.webhook), visible(.event), super::KNOWN_EVENTS.join(", ")
    )]
    UnknownEvent {
        /// The configuration file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The webhook's name.
        webhook: String,
        /// The event.
        event: String,
    },
    /// A simulation says something that its event does not have.
    #[error("{}:{line}: the simulation '{}' cannot be sent as it is: {reason}", shown(.file), visible(.name))]
    Simulation {
        /// The configuration file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The simulation's name.
        name: String,
        /// What is not there.
        reason: String,
    },
    /// A rule or a simulation is about a webhook that the file does not have.
    #[error(
        "{}:{line}: {what} names the webhook '{}', and no [[webhook]] has such a name{}",
        shown(.file), visible(.webhook), known(.names)
    )]
    UnknownWebhook {
        /// The configuration file.
        file: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What names it: `the rule`, `the simulation 'x'`.
        what: String,
        /// The name.
        webhook: String,
        /// The names that there are.
        names: Vec<String>,
    },
}

fn known(names: &[String]) -> String {
    match names {
        [] => String::new(),
        names => format!(": expected one of {}", visible(&names.join(", "))),
    }
}
