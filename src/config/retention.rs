//! `[retention]`: what a listener deletes automatically.

use std::time::Duration;

use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};

use crate::text::units;

/// How much is kept; `None` for no limit. Without the table everything is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetentionSettings {
    /// Deliveries older than this are deleted.
    #[serde(default, deserialize_with = "duration")]
    #[schemars(with = "Option<String>", extend("examples" = ["30d"]))]
    pub older_than: Option<Duration>,
    /// Deliveries beyond this many of the newest are deleted.
    pub keep: Option<u64>,
    /// The oldest are deleted until the rest takes no more bytes than this.
    #[serde(default, deserialize_with = "size")]
    #[schemars(with = "Option<String>", extend("examples" = ["10GiB"]))]
    pub max_size: Option<u64>,
}

impl RetentionSettings {
    /// What it deletes, in words.
    #[must_use]
    pub fn words(&self) -> String {
        let age = |age: Duration| {
            let milliseconds = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
            format!("none older than {}", units::age_words(milliseconds))
        };
        let bounds = [
            self.older_than.map(age),
            self.keep.map(|count| format!("the newest {count}")),
            self.max_size.map(|bytes| format!("at most {}", units::size_words(bytes))),
        ];
        let bounds: Vec<String> = bounds.into_iter().flatten().collect();
        if bounds.is_empty() {
            return "everything is stored".to_owned();
        }
        format!("{}; checked hourly, when deliveries arrive", bounds.join(", "))
    }
}

fn duration<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    units::parse_duration(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}

fn size<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    units::parse_size(&String::deserialize(deserializer)?).map(Some).map_err(D::Error::custom)
}
