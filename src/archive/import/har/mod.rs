//! HTTP archives (HAR 1.2, <http://www.softwareishard.com/blog/har-12-spec/>): the requests of their entries and what
//! was responded. An entry of ours holds the head byte for byte; of another's the head is put together from method, URL
//! and headers, and what of it cannot be kept is said.
//!
//! | subject | file |
//! |---|---|
//! | an entry as a request | `entry` |
//! | its body: as it was, left out, or rebuilt from the fields of a form | `body` |
//! | its response as the answer | `response` |

mod body;
mod entry;
mod response;
#[cfg(test)]
mod tests;

use std::fmt;
use std::io::BufRead;

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::ImportError;
use super::bounded::{Allowance, Bounded};
use super::sink::Sink;

/// What is read, how far, and where it goes.
struct State<'a, 'b, 's> {
    sink: &'s mut Sink<'a, 'b>,
    allowance: Allowance,
    /// Why it ended, when that was no fault of the JSON.
    ended: Option<ImportError>,
}

pub(super) fn read(sink: &mut Sink<'_, '_>, input: &mut dyn BufRead) -> Result<(), ImportError> {
    let (bounded, allowance) = Bounded::new(input);
    let mut state = State { sink, allowance, ended: None };
    let mut deserializer = serde_json::Deserializer::from_reader(bounded);
    let read = Level::File(&mut state).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (state.ended, read) {
        (Some(ended), _) => Err(ended),
        (None, Err(source)) => Err(ImportError::Json { number: state.sink.next(), source }),
        (None, Ok(())) => Ok(()),
    }
}

/// Where in `{"log": {"entries": [ … ]}}` the reader is. Everything else there is passed over.
enum Level<'l, 'a, 'b, 's> {
    File(&'l mut State<'a, 'b, 's>),
    Log(&'l mut State<'a, 'b, 's>),
    Entries(&'l mut State<'a, 'b, 's>),
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self {
            Self::Entries(_) => deserializer.deserialize_seq(self),
            _ => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Level<'_, '_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::File(_) => "an HTTP archive: an object with the field 'log'",
            Self::Log(_) => "the archive's log: an object with the field 'entries'",
            Self::Entries(_) => "an array of entries",
        })
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let (wanted, state, is_file) = match self {
            Self::File(state) => ("log", state, true),
            Self::Log(state) | Self::Entries(state) => ("entries", state, false),
        };
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key != wanted {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            found = true;
            map.next_value_seed(if is_file { Level::Log(&mut *state) } else { Level::Entries(&mut *state) })?;
        }
        if found { Ok(()) } else { Err(M::Error::custom(format_args!("missing field `{wanted}`"))) }
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut entries: S) -> Result<(), S::Error> {
        let (Self::File(state) | Self::Log(state) | Self::Entries(state)) = self;
        // An entry that is JSON and not an entry is passed over; what is not JSON ends the file.
        while let Some(entry) = entries.next_element::<Box<RawValue>>()? {
            if let Err(error) = entry::take(state.sink, entry.get()) {
                state.ended = Some(error);
                return Err(S::Error::custom("ended"));
            }
            state.allowance.renew();
        }
        Ok(())
    }
}
