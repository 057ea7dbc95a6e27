//! `scheme` of a webhook: a preset's name, a table that describes a custom scheme, or a list of those.

use std::fmt;

use schemars::json_schema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::config::described::{SchemeName, described};
use crate::signature::{AcceptedSchemes, Scheme, SchemeDescription, catalogue};

/// The schemes of a webhook as the file has them.
pub(super) struct RawSchemes(pub(super) AcceptedSchemes);

impl<'de> Deserialize<'de> for RawSchemes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = RawSchemes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(EXPECTED)
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RawSchemes, E> {
                named(name).map(|scheme| RawSchemes(scheme.into()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawSchemes, A::Error> {
                described(map).map(|scheme| RawSchemes(scheme.into()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<RawSchemes, A::Error> {
                let mut schemes = Vec::new();
                while let Some(RawScheme(scheme)) = list.next_element()? {
                    schemes.push(scheme);
                }
                schemes.try_into().map(RawSchemes).map_err(A::Error::custom)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

described!(of RawSchemes = |generator| {
    let name = generator.subschema_for::<SchemeName>();
    let table = generator.subschema_for::<SchemeDescription>();
    json_schema!({"anyOf": [name, table, {"type": "array", "items": {"anyOf": [name, table]}}]})
};);

/// One scheme.
struct RawScheme(Scheme);

const EXPECTED: &str = "the name of a scheme, a table such as { signature_header = 'X-Signature', content = \
    '{body}' }, or a list of those";

impl<'de> Deserialize<'de> for RawScheme {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = RawScheme;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(EXPECTED)
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RawScheme, E> {
                named(name).map(RawScheme)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawScheme, A::Error> {
                described(map).map(RawScheme)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

fn named<E: serde::de::Error>(name: &str) -> Result<Scheme, E> {
    let scheme = catalogue::named(name).map_err(E::custom)?;
    let needed: Vec<String> = scheme.missing_settings().iter().map(|needed| format!("{needed} = …")).collect();
    if needed.is_empty() {
        return Ok(scheme);
    }
    Err(E::custom(format!(
        "this scheme also needs settings: write a table with preset = {} and settings = {{ {} }}",
        scheme.name,
        needed.join(", ")
    )))
}

fn described<'de, A: MapAccess<'de>>(map: A) -> Result<Scheme, A::Error> {
    let description = SchemeDescription::deserialize(MapAccessDeserializer::new(map))?;
    description.scheme().map_err(A::Error::custom)
}
