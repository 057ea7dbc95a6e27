//! `scheme` of a webhook: a preset's name, or a table that describes a custom scheme.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::signature::{Scheme, SchemeDescription, catalogue};

/// A scheme as the file has it.
pub(super) struct RawScheme(pub(super) Scheme);

impl<'de> Deserialize<'de> for RawScheme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = RawScheme;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("the name of a scheme, or a table such as { signature_header = \"X-Signature\", content = \"{body}\" }")
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RawScheme, E> {
                let scheme = catalogue::named(name).map_err(E::custom)?;
                let needed: Vec<String> =
                    scheme.missing_settings().iter().map(|needed| format!("{needed} = …")).collect();
                if needed.is_empty() {
                    return Ok(RawScheme(scheme));
                }
                Err(E::custom(format!(
                    "this scheme also needs settings: write a table with preset = {} and settings = {{ {} }}",
                    scheme.name,
                    needed.join(", ")
                )))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawScheme, A::Error> {
                let description = SchemeDescription::deserialize(MapAccessDeserializer::new(map))?;
                description.scheme().map(RawScheme).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
