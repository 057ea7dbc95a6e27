//! The file's form for serde. What a value may be is checked while it is read, so that an error knows
//! its place; and no error repeats what might be a secret.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

use serde::de::{Error as _, Expected, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use toml::Spanned;
use zeroize::Zeroizing;

use super::scheme::RawSchemes;
use crate::config::answers::{parse_forward_timeout, parse_hold_for};
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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawFile {
    #[serde(default, deserialize_with = "bind")]
    pub(super) bind: Option<SocketAddr>,
    pub(super) store: Option<String>,
    pub(super) ca_file: Option<String>,
    #[serde(default, deserialize_with = "forward_timeout")]
    pub(super) forward_timeout: Option<Duration>,
    #[serde(default, deserialize_with = "tolerance")]
    pub(super) tolerance: Option<Duration>,
    #[serde(default, deserialize_with = "body_limit")]
    pub(super) body_limit: Option<u64>,
    pub(super) respond: Option<Spanned<String>>,
    #[serde(default, deserialize_with = "ngrok_api")]
    pub(super) ngrok_api: Option<Option<SocketAddr>>,
    #[serde(default, deserialize_with = "public_url")]
    pub(super) public_url: Option<String>,
    #[serde(default)]
    pub(super) tunnels: RawTunnels,
    #[serde(default, deserialize_with = "images")]
    pub(super) images: Option<PictureMode>,
    pub(super) bell: Option<Spanned<String>>,
    pub(super) notify: Option<Spanned<RawNotify>>,
    pub(super) on_delivery: Option<RawHook>,
    #[serde(default)]
    pub(super) redact: RawRedact,
    pub(super) theme: Option<RawTheme>,
    pub(super) mouse: Option<bool>,
    #[serde(default)]
    pub(super) keys: RawKeys,
    #[serde(default)]
    pub(super) retention: RetentionSettings,
    #[serde(default)]
    pub(super) limits: Bounds,
    #[serde(default)]
    pub(super) secrets: RawSecrets,
    #[serde(default)]
    pub(super) webhook: Vec<RawWebhook>,
    #[serde(default)]
    pub(super) simulations: BTreeMap<Spanned<String>, Spanned<SavedSimulation>>,
    #[serde(default)]
    pub(super) filters: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    pub(super) columns: Option<Spanned<Vec<String>>>,
    #[serde(default, deserialize_with = "hold_for")]
    pub(super) hold_for: Option<Duration>,
    pub(super) handshakes: Option<bool>,
    #[serde(default)]
    pub(super) forward_to: Vec<Spanned<String>>,
    #[serde(default)]
    pub(super) answers: BTreeMap<Spanned<String>, RawAnswer>,
    #[serde(default)]
    pub(super) rules: Vec<Spanned<RawRule>>,
}

/// `[answers.NAME]`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawAnswer {
    pub(super) status: u16,
    #[serde(default)]
    pub(super) headers: BTreeMap<String, String>,
    pub(super) body: Option<String>,
}

/// `[[rules]]`: a filter, plain keys that are joined to it, and what is done.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawRule {
    pub(super) when: Option<Spanned<String>>,
    pub(super) webhook: Option<Spanned<String>>,
    pub(super) path: Option<Spanned<String>>,
    pub(super) event: Option<Spanned<String>>,
    pub(super) verdict: Option<Spanned<String>>,
    pub(super) header: Option<Spanned<String>>,
    pub(super) simulation: Option<Spanned<bool>>,
    pub(super) then: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawWebhook {
    pub(super) name: Spanned<String>,
    pub(super) path: Spanned<String>,
    #[serde(default)]
    pub(super) kind: SigningKind,
    pub(super) secret: Option<Spanned<Labels>>,
    #[serde(default)]
    pub(super) events: Vec<Spanned<String>>,
    pub(super) url: Option<String>,
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
            formatter.write_str("a size such as \"64MiB\", or a number of bytes")
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
            formatter.write_str("an address such as \"127.0.0.1:4040\", or false")
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
#[derive(Default)]
pub(super) struct RawSecrets(pub(super) BTreeMap<Spanned<String>, SecretSource>);

impl<'de> Deserialize<'de> for RawSecrets {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = RawSecrets;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table such as [secrets] with one label = { env = \"VARIABLE\" } per line")
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
#[derive(Clone, PartialEq, Eq)]
pub enum SecretSource {
    /// In this environment variable.
    Env(String),
    /// Alone in this file; see [`super::ConfigFile::resolve`].
    File(String),
    /// In the configuration itself.
    Value(Zeroizing<String>),
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
                formatter.write_str("one of { env = \"VARIABLE\" }, { file = \"PATH\" }, { value = \"SECRET\" }")
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
