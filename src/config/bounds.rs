//! What the listener puts up with: `[limits]` of the configuration.
//!
//! ```toml
//! [limits]
//! head = "10s"            # from the first chance to send until the head is whole
//! body_idle = "30s"       # between two pieces of a body, or of an answer that is not read
//! body = "30m"            # from the head's end until the body is whole
//! body_rate = "256B"      # the least of a body a second, over half a minute; "0B" for none
//! keep_alive = "75s"      # between two requests on one connection
//! connections = 1024      # at once; more are answered 503
//! memory = "256MiB"       # bodies in memory at once; never less than the body limit
//! ```

use std::ops::RangeInclusive;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::text::units;

/// How long and how much senders may take, with the defaults for what is not said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Bounds {
    /// From the first chance to send until the head is whole.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "Option<String>", extend("default" = "10s"))]
    pub head: Duration,
    /// Between two pieces of a body, or of an answer that the sender does not read.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "Option<String>", extend("default" = "30s"))]
    pub body_idle: Duration,
    /// From the head's end until the body is whole.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "Option<String>", extend("default" = "30m"))]
    pub body: Duration,
    /// The least rate of a body, in bytes a second over half a minute; 0 for none.
    #[serde(deserialize_with = "rate")]
    #[schemars(with = "Option<String>", extend("default" = "256B"))]
    pub body_rate: u64,
    /// Between two requests on one connection.
    #[serde(deserialize_with = "duration")]
    #[schemars(with = "Option<String>", extend("default" = "75s"))]
    pub keep_alive: Duration,
    /// Connections served at once.
    #[serde(deserialize_with = "connections")]
    #[schemars(with = "Option<u16>", range(min = 1, max = 65535), extend("default" = 1024))]
    pub connections: usize,
    /// Bytes of bodies in memory at once, over all connections.
    #[serde(deserialize_with = "memory")]
    #[schemars(with = "Option<String>", extend("default" = "256MiB"))]
    pub memory: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            body_idle: Duration::from_secs(30),
            body: Duration::from_secs(30 * 60),
            body_rate: 256,
            keep_alive: Duration::from_secs(75),
            connections: 1024,
            memory: 256 * 1024 * 1024,
        }
    }
}

/// Shorter, and an honest sender could not keep it; longer, and it is not a limit.
const DURATIONS: RangeInclusive<Duration> = Duration::from_millis(10)..=Duration::from_secs(24 * 3600);
/// More than the number of ports of a machine is impossible.
const CONNECTIONS: RangeInclusive<u32> = 1..=65_535;
const RATE: RangeInclusive<u64> = 0..=1024 * 1024 * 1024;
/// Room is counted in units of a kilobyte, of which there are at most `u32::MAX`.
const MEMORY: RangeInclusive<u64> = 1024 * 1024..=1024 * 1024 * 1024 * 1024;

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(deserializer)?;
    let duration = units::parse_duration(&text).map_err(D::Error::custom)?;
    if DURATIONS.contains(&duration) {
        Ok(duration)
    } else {
        Err(D::Error::custom("expected a duration from 10ms to 24h"))
    }
}

fn connections<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let wrong = || D::Error::custom("expected a number of connections from 1 to 65535");
    let number = i64::deserialize(deserializer)?;
    let number = u32::try_from(number).ok().filter(|number| CONNECTIONS.contains(number)).ok_or_else(wrong)?;
    usize::try_from(number).map_err(|_| wrong())
}

fn rate<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = units::parse_size(&text).map_err(D::Error::custom)?;
    if RATE.contains(&bytes) { Ok(bytes) } else { Err(D::Error::custom("expected a size from 0B to 1GiB")) }
}

fn memory<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = units::parse_size(&text).map_err(D::Error::custom)?;
    if MEMORY.contains(&bytes) { Ok(bytes) } else { Err(D::Error::custom("expected a size from 1MiB to 1TiB")) }
}
