//! The file's form for serde. What a value may be is checked while it is read, so that an error knows
//! its place; and no error repeats what might be a secret.
//!
//! The same structs are the JSON Schema of the file ([`crate::config::schema`]): their comments are what an editor shows.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::{Error as _, Expected, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use zeroize::Zeroizing;

use super::scheme::RawSchemes;
use crate::config::answers::{parse_forward_timeout, parse_hold_for};
use crate::config::described::{ColumnName, SizeOrBytes, SwitchOrText, TextOrTexts};
use crate::config::keys::RawKeys;
use crate::config::notices::{RawHook, RawNotify};
use crate::config::redact::RawRedact;
use crate::config::settings::{parse_bind, parse_body_limit, parse_ngrok_api};
use crate::config::theme::RawTheme;
use crate::config::tunnels::{RawTunnels, read_public_url};
use crate::config::{Bounds, PictureMode, RetentionSettings};
use crate::signature::SigningKind;
use crate::simulate::SavedSimulation;
use crate::text::units;

/// The configuration of whyhook: whyhook.toml in the current folder, or ~/.config/whyhook/config.toml.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Configuration")]
pub(super) struct RawFile {
    /// Address and port to listen on; a port alone is of 127.0.0.1, and port 0 picks a free one.
    #[serde(default, deserialize_with = "bind")]
    #[schemars(with = "Option<String>", extend("default" = "127.0.0.1:3000"))]
    pub(super) bind: Option<SocketAddr>,
    /// The store's file. `~/` is the home directory; a relative path starts from the configuration's own folder.
    pub(super) store: Option<String>,
    /// A PEM file of certificates to trust for https targets, in addition to the system's.
    pub(super) ca_file: Option<String>,
    /// How long an upstream server may take, from 1ms to 1h.
    #[serde(default, deserialize_with = "forward_timeout")]
    #[schemars(with = "Option<String>", extend("default" = "30s"))]
    pub(super) forward_timeout: Option<Duration>,
    /// Maximum age before a delivery counts as stale, for every scheme; without it each scheme has its own.
    #[serde(default, deserialize_with = "tolerance")]
    #[schemars(with = "Option<String>", extend("examples" = ["5m"]))]
    pub(super) tolerance: Option<Duration>,
    /// Largest body that is stored completely: a size, or a number of bytes.
    #[serde(default, deserialize_with = "body_limit")]
    #[schemars(with = "Option<SizeOrBytes>", extend("default" = "64MiB"))]
    pub(super) body_limit: Option<u64>,
    /// What is answered when no rule matches: auto, a status, or a rule. Not together with forward_to.
    #[schemars(with = "Option<String>", extend("default" = "auto"))]
    pub(super) respond: Option<Spanned<String>>,
    /// Where ngrok's agent is asked for its tunnels; false turns it off.
    #[serde(default, deserialize_with = "ngrok_api")]
    #[schemars(with = "Option<SwitchOrText>", extend("default" = "127.0.0.1:4040"))]
    pub(super) ngrok_api: Option<Option<SocketAddr>>,
    /// The URL by which others reach the listener, where no tunnel is found by itself.
    #[serde(default, deserialize_with = "public_url")]
    #[schemars(with = "Option<String>", extend("examples" = ["https://hooks.example.com"]))]
    pub(super) public_url: Option<String>,
    /// Which tunnels are looked for. Those that are not named are, once their program is seen to run.
    #[serde(default)]
    pub(super) tunnels: RawTunnels,
    /// How `v` on the Image tab draws a picture.
    #[serde(default, deserialize_with = "images")]
    #[schemars(with = "Option<String>", extend("enum" = PictureMode::NAMES, "default" = "halfblocks"))]
    pub(super) images: Option<PictureMode>,
    /// A filter: the terminal's bell rings for the deliveries that match. [notify] in brief.
    #[schemars(with = "Option<String>", extend("examples" = ["verdict:bad"]))]
    pub(super) bell: Option<Spanned<String>>,
    /// For which deliveries the terminal notifies, and how. Not together with bell.
    #[schemars(with = "Option<RawNotify>")]
    pub(super) notify: Option<Spanned<RawNotify>>,
    /// A command that runs for each delivery, with the delivery's facts as JSON on its standard input.
    pub(super) on_delivery: Option<RawHook>,
    /// What `export --redact` replaces beyond the usual, and what it keeps.
    #[serde(default)]
    pub(super) redact: RawRedact,
    /// How the interface looks: a theme by its name, or a table of colours.
    pub(super) theme: Option<RawTheme>,
    /// Whether the interface takes the mouse; false leaves it to the terminal, which selects text with it.
    #[schemars(extend("default" = true))]
    pub(super) mouse: Option<bool>,
    /// Keys of the interface. `whyhook keys` prints them all.
    #[serde(default)]
    pub(super) keys: RawKeys,
    /// What a listener deletes by itself, at its start and hourly; without it nothing is deleted.
    #[serde(default)]
    pub(super) retention: RetentionSettings,
    /// How long and how much senders may take.
    #[serde(default)]
    pub(super) limits: Bounds,
    /// Secrets under labels of your own; values are never shown.
    #[serde(default)]
    pub(super) secrets: RawSecrets,
    /// Webhooks of one listener, told apart by their paths.
    #[serde(default)]
    pub(super) webhook: Vec<RawWebhook>,
    /// Simulated events under names, for `whyhook simulate NAME`.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, SavedSimulation>")]
    pub(super) simulations: BTreeMap<Spanned<String>, SavedSimulation>,
    /// Filters under names, used as @NAME.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) filters: BTreeMap<Spanned<String>, Spanned<String>>,
    /// The columns of lists, in their order.
    #[serde(default)]
    #[schemars(with = "Option<Vec<ColumnName>>")]
    pub(super) columns: Option<Spanned<Vec<Spanned<String>>>>,
    /// How long a held delivery waits for a decision, from 1ms to 1h.
    #[serde(default, deserialize_with = "hold_for")]
    #[schemars(with = "Option<String>", extend("default" = "10s"))]
    pub(super) hold_for: Option<Duration>,
    /// Whether a scheme's sender has its handshakes completed without a rule.
    #[schemars(extend("default" = true))]
    pub(super) handshakes: Option<bool>,
    /// URLs to which deliveries are forwarded when no rule matches; the first answers. Not together with respond.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) forward_to: Vec<Spanned<String>>,
    /// Answers under names, for rules.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RawAnswer>")]
    pub(super) answers: BTreeMap<Spanned<String>, RawAnswer>,
    /// What is answered: the first rule that matches a delivery.
    #[serde(default)]
    #[schemars(with = "Vec<RawRule>")]
    pub(super) rules: Vec<Spanned<RawRule>>,
}

/// An answer under a name.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Answer")]
pub(super) struct RawAnswer {
    /// The status.
    #[schemars(with = "u16", range(min = 200, max = 599), extend("examples" = [503]))]
    pub(super) status: Spanned<u16>,
    /// Headers; a value can contain {{event}}, {{id}}, {{query.NAME}} and so on.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, String>")]
    pub(super) headers: BTreeMap<Spanned<String>, String>,
    /// The body, which can contain the same.
    #[schemars(with = "Option<String>")]
    pub(super) body: Option<Spanned<String>>,
}

/// A rule: which deliveries it is for, and what is done. The conditions are joined by "and".
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Rule")]
pub(super) struct RawRule {
    /// A filter.
    #[schemars(with = "Option<String>", extend("examples" = ["verdict:bad | is:stale"]))]
    pub(super) when: Option<Spanned<String>>,
    /// The webhook's name.
    #[schemars(with = "Option<String>")]
    pub(super) webhook: Option<Spanned<String>>,
    /// The path.
    #[schemars(with = "Option<String>")]
    pub(super) path: Option<Spanned<String>>,
    /// The event, or a part of its name.
    #[schemars(with = "Option<String>")]
    pub(super) event: Option<Spanned<String>>,
    /// The verdict, such as verified, bad or mismatch.
    #[schemars(with = "Option<String>")]
    pub(super) verdict: Option<Spanned<String>>,
    /// A header, as NAME or NAME=TEXT.
    #[schemars(with = "Option<String>")]
    pub(super) header: Option<Spanned<String>>,
    /// Whether it is a simulation.
    #[schemars(with = "Option<bool>")]
    pub(super) simulation: Option<Spanned<bool>>,
    /// What is done: auto, a status, the name of an answer, hold, drop, forward URL and so on.
    #[schemars(with = "String", extend("examples" = ["503", "fail 3 with 503 then 200", "hold 30s else 401"]))]
    pub(super) then: Spanned<String>,
}

/// A webhook: what is delivered to one path, and how it is signed.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Webhook")]
pub(super) struct RawWebhook {
    /// The name by which it is chosen and shown; unique.
    #[schemars(with = "String", extend("examples" = ["shop"]))]
    pub(super) name: Spanned<String>,
    /// The path that it is delivered to, beginning with /, without a query; unique.
    #[schemars(with = "String")]
    pub(super) path: Spanned<String>,
    /// Of a Trackpilots webhook: developer signs seconds, reseller milliseconds.
    #[serde(default)]
    pub(super) kind: SigningKind,
    /// The label of its secret in [secrets], or several labels; without it any secret may sign.
    #[schemars(with = "Option<TextOrTexts>")]
    pub(super) secret: Option<Labels>,
    /// The events that it subscribes to, by their full names.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    pub(super) events: Vec<Spanned<String>>,
    /// Where replays and simulations go; without it, this listener.
    pub(super) url: Option<String>,
    /// How its sender signs: the name of a scheme, a table that describes one, or a list of those.
    pub(super) scheme: Option<RawSchemes>,
}

fn bind<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_bind(&text).map(Some).map_err(D::Error::custom)
}

fn public_url<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = String::deserialize(deserializer)?;
    read_public_url(&text).map(Some).map_err(D::Error::custom)
}

fn images<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<PictureMode>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(D::Error::custom)
}

fn tolerance<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    units::parse_duration(&text).map(Some).map_err(D::Error::custom)
}

fn hold_for<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_hold_for(&text).map(Some).map_err(D::Error::custom)
}

fn forward_timeout<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Duration>, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_forward_timeout(&text).map(Some).map_err(D::Error::custom)
}

fn body_limit<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct Size;
    impl Visitor<'_> for Size {
        type Value = u64;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("a size such as '64MiB', or a number of bytes")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u64, E> {
            parse_body_limit(text).map_err(E::custom)
        }

        fn visit_i64<E: serde::de::Error>(self, bytes: i64) -> Result<u64, E> {
            self.visit_str(&bytes.to_string())
        }
    }
    deserializer.deserialize_any(Size).map(Some)
}

fn ngrok_api<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Option<SocketAddr>>, D::Error> {
    struct Api;
    impl Visitor<'_> for Api {
        type Value = Option<SocketAddr>;

        fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
            formatter.write_str("an address such as '127.0.0.1:4040', or false")
        }

        fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Self::Value, E> {
            parse_ngrok_api(text).map_err(E::custom)
        }

        fn visit_bool<E: serde::de::Error>(self, on: bool) -> Result<Self::Value, E> {
            Ok(on.then_some(crate::config::DEFAULT_NGROK_API))
        }
    }
    deserializer.deserialize_any(Api).map(Some)
}

/// `secret = "label"` or `secret = ["label", …]`.
pub(super) struct Labels(pub(super) Vec<String>);

impl<'de> Deserialize<'de> for Labels {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = Labels;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a label of [secrets], or an array of them")
            }

            fn visit_str<E: serde::de::Error>(self, label: &str) -> Result<Labels, E> {
                Ok(Labels(vec![label.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Labels, A::Error> {
                let mut labels = Vec::new();
                while let Some(HiddenText(label)) = items.next_element()? {
                    labels.push(label.to_string());
                }
                Ok(Labels(labels))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// `[secrets]`: labels and where each secret is.
#[derive(Default, JsonSchema)]
pub(super) struct RawSecrets(
    #[schemars(with = "BTreeMap<String, SecretSource>")] pub(super) BTreeMap<Spanned<String>, SecretSource>,
);

impl<'de> Deserialize<'de> for RawSecrets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = RawSecrets;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table such as [secrets] with one label = { env = 'VARIABLE' } per line")
            }

            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<RawSecrets, E> {
                Err(misplaced(&self))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawSecrets, A::Error> {
                let mut secrets = BTreeMap::new();
                while let Some((label, source)) = entries.next_entry()? {
                    secrets.insert(label, source);
                }
                Ok(RawSecrets(secrets))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Where a configured secret is.
#[derive(Clone, PartialEq, Eq, JsonSchema)]
#[schemars(rename_all = "lowercase", extend("examples" = [{"env": "VARIABLE"}]))]
pub enum SecretSource {
    /// In this environment variable, or the same of `.env`.
    Env(String),
    /// Alone in this file. `~/` is the home directory; a relative path starts from the configuration's own folder.
    File(String),
    /// In the configuration itself.
    Value(#[schemars(with = "String")] Zeroizing<String>),
}

impl fmt::Debug for SecretSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Env(variable) => write!(formatter, "Env({variable:?})"),
            Self::File(path) => write!(formatter, "File({path:?})"),
            Self::Value(_) => formatter.write_str("Value(hidden)"),
        }
    }
}

impl<'de> Deserialize<'de> for SecretSource {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = SecretSource;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("one of { env = 'VARIABLE' }, { file = 'PATH' }, { value = 'SECRET' }")
            }

            fn visit_str<E: serde::de::Error>(self, _: &str) -> Result<SecretSource, E> {
                Err(misplaced(&self))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<SecretSource, A::Error> {
                let kind: Option<String> = entries.next_key()?;
                let source = match kind.as_deref() {
                    Some("env") => SecretSource::Env(entries.next_value()?),
                    Some("file") => SecretSource::File(entries.next_value()?),
                    Some("value") => SecretSource::Value(entries.next_value::<HiddenText>()?.0),
                    _ => return Err(misplaced(&self)),
                };
                match entries.next_key::<String>()? {
                    None => Ok(source),
                    Some(_) => Err(misplaced(&self)),
                }
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

/// Text that no error repeats.
struct HiddenText(Zeroizing<String>);

impl<'de> Deserialize<'de> for HiddenText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = HiddenText;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("text in quotation marks")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<HiddenText, E> {
                Ok(HiddenText(Zeroizing::new(text.to_owned())))
            }

            fn visit_i64<E: serde::de::Error>(self, _: i64) -> Result<HiddenText, E> {
                Err(misplaced(&self))
            }

            fn visit_f64<E: serde::de::Error>(self, _: f64) -> Result<HiddenText, E> {
                Err(misplaced(&self))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

fn misplaced<E: serde::de::Error>(expected: &dyn Expected) -> E {
    E::custom(format_args!("expected {expected}"))
}
