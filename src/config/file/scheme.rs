//! `scheme` of a webhook: a preset's name, or a table that describes a custom scheme.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::signature::{Algorithm, Encoding, HeaderForm, KeyForm, Scheme, SignedContent, providers};

/// A scheme as the file has it.
pub(super) struct RawScheme(pub(super) Scheme);

/// The table; what is left out is as Trackpilots has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Custom {
    signature_header: Option<String>,
    timestamp_header: Option<String>,
    id_header: Option<String>,
    content: Option<String>,
    #[serde(default)]
    algorithm: Algorithm,
    #[serde(default)]
    encoding: Encoding,
    #[serde(default)]
    prefix: String,
    #[serde(default)]
    key: KeyForm,
    url: Option<String>,
}

impl<'de> Deserialize<'de> for RawScheme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = RawScheme;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the name of a scheme, or a table such as { signature_header = \"X-Signature\", content = \"{body}\" }")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RawScheme, E> {
                providers::named(name).map(RawScheme).ok_or_else(|| {
                    let known: Vec<&str> = providers::ALL.iter().map(|preset| preset.name).collect();
                    let name = crate::text::visible(name);
                    E::custom(format!("unknown scheme '{name}': expected one of {}, or a table", known.join(", ")))
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawScheme, A::Error> {
                Custom::deserialize(MapAccessDeserializer::new(map))?.scheme().map(RawScheme).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

impl Custom {
    fn scheme(self) -> Result<Scheme, String> {
        let trackpilots = Scheme::default();
        for name in [&self.signature_header, &self.timestamp_header, &self.id_header].into_iter().flatten() {
            if http::HeaderName::try_from(name.as_str()).is_err() {
                return Err(format!(
                    "invalid header name '{}': expected letters, digits and hyphens, such as X-Signature",
                    crate::text::visible(name)
                ));
            }
        }
        let content = match &self.content {
            Some(text) => text.parse::<SignedContent>().map_err(|error| error.to_string())?,
            None => trackpilots.content,
        };
        Ok(Scheme {
            signature_header: self.signature_header.unwrap_or(trackpilots.signature_header),
            timestamp_header: self.timestamp_header.unwrap_or(trackpilots.timestamp_header),
            content,
            algorithm: self.algorithm,
            encoding: self.encoding,
            form: HeaderForm::Prefix(self.prefix),
            key: self.key,
            id_header: self.id_header,
            url: self.url,
            tolerance: trackpilots.tolerance,
        })
    }
}
