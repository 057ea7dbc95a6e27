//! `scheme` of a webhook: a preset's name, a table that describes a custom scheme, or a list of those.

use std::fmt;

use schemars::json_schema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::config::described::{SchemeName, described};
use crate::signature::{AcceptedSchemes, Scheme, SchemeDescription, catalogue};

/// The schemes of a webhook as the file has them.
pub(super) enum RawSchemes {
    One(RawScheme),
    Several(Vec<RawScheme>),
}

impl RawSchemes {
    /// The schemes. An error carries the way to what is wrong, below `scheme`.
    pub(super) fn read(self) -> Result<AcceptedSchemes, (Vec<String>, String)> {
        match self {
            Self::One(scheme) => scheme.read().map(AcceptedSchemes::from),
            Self::Several(schemes) => {
                let read = |(at, scheme): (usize, RawScheme)| {
                    scheme.read().map_err(|(way, words)| ([vec![at.to_string()], way].concat(), words))
                };
                let schemes: Vec<Scheme> = schemes.into_iter().enumerate().map(read).collect::<Result<_, _>>()?;
                AcceptedSchemes::try_from(schemes).map_err(|error| (Vec::new(), error.to_string()))
            }
        }
    }
}

impl<'de> Deserialize<'de> for RawSchemes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = RawSchemes;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(EXPECTED)
            }

            fn visit_str<E: serde::de::Error>(self, name: &str) -> Result<RawSchemes, E> {
                named(name).map(RawSchemes::One)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawSchemes, A::Error> {
                described(map).map(RawSchemes::One)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<RawSchemes, A::Error> {
                let mut schemes = Vec::new();
                while let Some(scheme) = list.next_element()? {
                    schemes.push(scheme);
                }
                Ok(RawSchemes::Several(schemes))
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
pub(super) enum RawScheme {
    Named(Box<Scheme>),
    Described(Box<SchemeDescription>),
}

impl RawScheme {
    fn read(self) -> Result<Scheme, (Vec<String>, String)> {
        match self {
            Self::Named(scheme) => Ok(*scheme),
            Self::Described(description) => description.scheme().map_err(|error| (error.way(), error.to_string())),
        }
    }
}

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
                named(name)
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawScheme, A::Error> {
                described(map)
            }
        }
        deserializer.deserialize_any(Reader)
    }
}

fn named<E: serde::de::Error>(name: &str) -> Result<RawScheme, E> {
    let scheme = catalogue::named(name).map_err(E::custom)?;
    let needed: Vec<String> = scheme.missing_settings().iter().map(|needed| format!("{needed} = …")).collect();
    if needed.is_empty() {
        return Ok(RawScheme::Named(Box::new(scheme)));
    }
    Err(E::custom(format!(
        "this scheme also needs settings: write a table with preset = {} and settings = {{ {} }}",
        scheme.name,
        needed.join(", ")
    )))
}

fn described<'de, A: MapAccess<'de>>(map: A) -> Result<RawScheme, A::Error> {
    SchemeDescription::deserialize(MapAccessDeserializer::new(map)).map(Box::new).map(RawScheme::Described)
}
