//! `[keys]`: which keys a person has given to which action, as it was read. What actions and keys there are, the
//! interface knows.

use std::fmt;

use schemars::json_schema;
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, SeqAccess, Visitor};
use toml::Spanned;

use super::described::{KeyOrKeys, described};
use super::place::Place;

/// Keys for an action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyEntry {
    /// The table below `[keys]`, such as `list`; `None` for `[keys]` itself.
    pub section: Option<String>,
    /// The action's name.
    pub action: String,
    /// The keys by their names.
    pub keys: Vec<String>,
    /// Where the entry is.
    pub place: Place,
    /// Where the section is named, if it is.
    pub section_place: Place,
}

/// Everything in `[keys]`, in the order of the file.
#[derive(Default)]
pub(in crate::config) struct RawKeys(Vec<(Spanned<String>, RawValue)>);

// The names of actions are added by whoever knows them.
described!(of RawKeys = |generator| {
    let keys = generator.subschema_for::<KeyOrKeys>();
    let section = json_schema!({"type": "object", "additionalProperties": keys});
    json_schema!({"type": "object", "additionalProperties": {"anyOf": [keys, section]}})
};);

enum RawValue {
    Keys(Vec<String>),
    Section(RawKeys),
}

impl RawKeys {
    /// The entries, each with its place in `text`.
    pub(in crate::config) fn entries(self, place: &dyn Fn(usize) -> Place) -> Result<Vec<KeyEntry>, (usize, String)> {
        let mut found: Vec<(usize, KeyEntry)> = Vec::new();
        let mut add = |section: Option<&Spanned<String>>, action: &Spanned<String>, keys| {
            let at = action.span().start;
            let section_place = place(section.map_or(at, |section| section.span().start));
            let section = section.map(|section| section.get_ref().clone());
            let action = action.get_ref().clone();
            found.push((at, KeyEntry { section, action, keys, place: place(at), section_place }));
        };
        for (name, value) in self.0 {
            match value {
                RawValue::Keys(keys) => add(None, &name, keys),
                RawValue::Section(section) => {
                    for (action, value) in section.0 {
                        match value {
                            RawValue::Keys(keys) => add(Some(&name), &action, keys),
                            RawValue::Section(_) => {
                                let words = "expected a key such as 'ctrl-r', or an array of keys";
                                return Err((action.span().start, words.to_owned()));
                            }
                        }
                    }
                }
            }
        }
        found.sort_by_key(|(at, _)| *at);
        Ok(found.into_iter().map(|(_, entry)| entry).collect())
    }
}

impl<'de> Deserialize<'de> for RawKeys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = RawKeys;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table such as [keys] with one action = 'key' per line")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawKeys, A::Error> {
                let mut keys = Vec::new();
                while let Some(entry) = entries.next_entry()? {
                    keys.push(entry);
                }
                Ok(RawKeys(keys))
            }
        }
        deserializer.deserialize_map(Reader)
    }
}

impl<'de> Deserialize<'de> for RawValue {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> Visitor<'de> for Reader {
            type Value = RawValue;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a key such as 'ctrl-r', or an array of keys")
            }

            fn visit_str<E: serde::de::Error>(self, key: &str) -> Result<RawValue, E> {
                Ok(RawValue::Keys(vec![key.to_owned()]))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<RawValue, A::Error> {
                let mut keys = Vec::new();
                while let Some(key) = items.next_element()? {
                    keys.push(key);
                }
                Ok(RawValue::Keys(keys))
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<RawValue, A::Error> {
                let keys = RawKeys::deserialize(serde::de::value::MapAccessDeserializer::new(entries))?;
                Ok(RawValue::Section(keys))
            }
        }
        deserializer.deserialize_any(Reader)
    }
}
