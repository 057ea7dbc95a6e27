//! A sample event of each of the most used senders, as data: what a receiver of theirs is tried out with.
//!
//! A section of the files beside this one has the name of a scheme. Its headers and its body are templates; what it leaves
//! out is as for senders without a sample:
//!
//! | placeholder | what it becomes |
//! |---|---|
//! | `{{uuid}}` | a fresh UUID |
//! | `{{hex:7}}`, `{{digits:9}}`, `{{alnum:24}}`, `{{lower:8}}`, `{{upper:10}}` | fresh characters, as many as the number says |
//! | `{{digits:9#hook}}` | the same in every place that has this name |
//! | `{{seconds}}`, `{{milliseconds}}`, `{{iso}}`, `{{iso_ms}}` | the moment |
//! | `{{signature}}` | the signature, for senders that write it into the body |

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::Circumstances;
use super::dice::Dice;
use crate::signature::StampUnit;

/// Where a sample's body wants its signature.
pub const SIGNATURE_MARK: &str = "{{signature}}";

const FILES: [&str; 3] = [include_str!("commerce.toml"), include_str!("messages.toml"), include_str!("platforms.toml")];

/// What is sent under a scheme whose sender has no sample.
const GENERIC: &str = r#"{"id":"evt_{{alnum:24}}","type":"sample.created","created_at":"{{iso_ms}}","data":{"id":"{{uuid}}","name":"A sample"}}"#;

/// A sample event as a template.
#[derive(Debug, Clone, PartialEq, Eq, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleEvent {
    #[serde(default = "json")]
    content_type: String,
    #[serde(default)]
    headers: Vec<(String, String)>,
    #[serde(default = "generic")]
    body: String,
}

/// A sample event as it is sent, but for its signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BuiltSample {
    /// The body's type.
    pub content_type: String,
    /// The sender's usual headers.
    pub headers: Vec<(String, String)>,
    /// The body, perhaps with a [`SIGNATURE_MARK`].
    pub body: String,
}

static SAMPLES: LazyLock<BTreeMap<String, SampleEvent>> = LazyLock::new(|| {
    let files = FILES.iter().filter_map(|file| toml::from_str::<BTreeMap<String, SampleEvent>>(file).ok());
    files.flatten().collect()
});

fn generic() -> String {
    GENERIC.to_owned()
}

fn json() -> String {
    "application/json".to_owned()
}

impl SampleEvent {
    /// The sample of the sender with this scheme, by the scheme's name; one that suits any for other senders.
    #[must_use]
    pub fn of(scheme: &str) -> Self {
        SAMPLES.get(scheme).cloned().unwrap_or_else(|| Self {
            content_type: json(),
            headers: Vec::new(),
            body: generic(),
        })
    }

    /// The names of all schemes whose senders have a sample of their own.
    pub fn names() -> impl Iterator<Item = &'static str> {
        SAMPLES.keys().map(String::as_str)
    }

    /// The event, with everything fresh that a sender makes afresh.
    #[must_use]
    pub fn build(&self, circumstances: &Circumstances) -> BuiltSample {
        let mut filling = Filling { circumstances, dice: Dice::new(circumstances.seed), named: BTreeMap::new() };
        let headers = self.headers.iter().map(|(name, value)| (name.clone(), filling.fill(value))).collect();
        BuiltSample { content_type: self.content_type.clone(), headers, body: filling.fill(&self.body) }
    }
}

/// A value for a header that a scheme signs and nobody gave: a date where the name says so, an id otherwise.
#[must_use]
pub fn fresh_header(name: &str, circumstances: &Circumstances) -> String {
    if name.to_ascii_lowercase().ends_with("date") {
        return StampUnit::HttpDate.text(circumstances.moment);
    }
    // Each name has ids of its own.
    let salt = name.bytes().fold(circumstances.seed, |salt, byte| salt.rotate_left(5) ^ u64::from(byte));
    Dice::new(salt).uuid()
}

/// A template being filled.
struct Filling<'a> {
    circumstances: &'a Circumstances,
    dice: Dice,
    /// Values that are the same in several places, by what stands in the braces.
    named: BTreeMap<String, String>,
}

impl Filling<'_> {
    fn fill(&mut self, template: &str) -> String {
        let mut filled = String::with_capacity(template.len());
        let mut rest = template;
        while let Some((before, after)) = rest.split_once("{{") {
            filled.push_str(before);
            let Some((placeholder, after)) = after.split_once("}}") else { break };
            filled.push_str(&self.value(placeholder));
            rest = after;
        }
        filled.push_str(rest);
        filled
    }

    fn value(&mut self, placeholder: &str) -> String {
        if let Some(known) = self.named.get(placeholder) {
            return known.clone();
        }
        let (kind, name) = placeholder.split_once('#').unwrap_or((placeholder, ""));
        let (kind, count) = kind.split_once(':').unwrap_or((kind, ""));
        let count = count.parse().unwrap_or(0);
        let moment = self.circumstances.moment;
        let value = match kind {
            "uuid" => self.dice.uuid(),
            "hex" => self.characters(b"0123456789abcdef", count),
            "alnum" => self.characters(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789", count),
            "lower" => self.characters(b"abcdefghijklmnopqrstuvwxyz0123456789", count),
            "upper" => self.characters(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", count),
            // No number begins with a zero.
            "digits" => self.characters(b"123456789", count.min(1)) + &self.characters(b"0123456789", count.max(1) - 1),
            "seconds" => moment.as_second().to_string(),
            "milliseconds" => moment.as_millisecond().to_string(),
            "iso" => StampUnit::Iso8601.text(moment),
            "iso_ms" => format!("{moment:.3}"),
            _ => return format!("{{{{{placeholder}}}}}"),
        };
        if !name.is_empty() {
            self.named.insert(placeholder.to_owned(), value.clone());
        }
        value
    }

    fn characters(&mut self, of: &[u8], count: usize) -> String {
        (0..count).map(|_| char::from(*self.dice.pick(of))).collect()
    }
}

#[cfg(test)]
mod tests;
