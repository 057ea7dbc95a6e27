//! What vouches for a record where its predecessor cannot: a seal that only this store can make, and that
//! holds in one place alone.
//!
//! Bodies come from the network, and one may hold the bytes of a whole record: of another store's log, or
//! of this one's. So a place that merely looks like a record is none. Each header carries a seal,
//! SipHash-2-4 with the store's secret key over the segment's number, the position in it, and the header's
//! other fields. A sender knows neither the key nor the place at which its body will lie; a copied record
//! is sealed for another place. A search that accepts only seals that hold therefore finds records that
//! this program wrote where they lie, and nothing else (but for one in 2^64).
//!
//! The key protects against what senders send, not against who can read the store: it lies beside the
//! segments, in the log's file `key`, so that the log alone is enough to make the index again, and once
//! more in the index. What one of them has lost comes back from the other. Without both, records are read
//! from one to the next as ever; only a search finds nothing. Every key that was ever used here stays
//! known to the index.

use std::fmt;
use std::hash::Hasher as _;
use std::io::{self, Read as _};

use rusqlite::Connection;
use siphasher::sip::SipHasher24;

use super::location::replace;
use super::log::LogEnd;
use super::{Location, StoreError};

/// Bytes of a seal.
pub(super) const SEAL_BYTES: usize = 8;
const KEY_BYTES: usize = 16;
/// What is sealed of the store as a whole, and where: no record lies there.
const STORE: &[u8] = b"store";
const NOWHERE: LogEnd = LogEnd { segment: 0, position: 0 };
/// A line of the key in hexadecimal, its CRC-32 likewise, and a line feed.
const LINE_BYTES: usize = 2 * KEY_BYTES + 1 + 8 + 1;

/// A store's secret.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct LogKey([u8; KEY_BYTES]);

impl LogKey {
    /// A key for tests and fuzzing, where nothing is at stake.
    pub(super) const fn fixed(byte: u8) -> Self {
        Self([byte; KEY_BYTES])
    }

    fn random(location: &Location) -> Result<Self, StoreError> {
        let mut key = [0; KEY_BYTES];
        getrandom::fill(&mut key)
            .map_err(|error| StoreError::io(&location.key(), "make random bytes for", io::Error::other(error)))?;
        Ok(Self(key))
    }

    /// The seal of `fields` in the place `at`.
    pub(super) fn seal(&self, at: LogEnd, fields: &[u8]) -> [u8; SEAL_BYTES] {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(&at.segment.to_le_bytes());
        hasher.write(&at.position.to_le_bytes());
        hasher.write(fields);
        hasher.finish().to_le_bytes()
    }

    fn line(&self) -> String {
        format!("{} {:08x}\n", hex::encode(self.0), crc32fast::hash(&self.0))
    }

    fn from_line(line: &[u8]) -> Option<Self> {
        let mut key = [0; KEY_BYTES];
        hex::decode_to_slice(line.get(..2 * KEY_BYTES)?, &mut key).ok()?;
        let key = Self(key);
        (key.line().as_bytes() == line).then_some(key)
    }
}

impl fmt::Debug for LogKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LogKey(…)")
    }
}

/// The keys of a store that is open for writing.
#[derive(Debug, Clone)]
pub(super) struct SealKeys {
    /// With which records are sealed.
    pub(super) own: LogKey,
    /// With which records here may have been sealed, among them the own one.
    known: Vec<LogKey>,
    /// Whether the own one was made just now, since none was there any more.
    are_new: bool,
}

impl SealKeys {
    /// Reads the store's keys; makes one when there is none, and mends the copy that has lost it.
    pub(super) fn open(location: &Location, connection: &Connection) -> Result<Self, StoreError> {
        let failed = |source| StoreError::sqlite(location.file(), "read the log's key in", source);
        let mut known = indexed(connection).map_err(failed)?;
        let filed = read(location);
        let are_new = filed.is_none() && known.is_empty();
        let own = match filed.or(known.last().copied()) {
            Some(key) => key,
            None => LogKey::random(location)?,
        };
        if filed.is_none() {
            write(location, &own)?;
        }
        if !known.contains(&own) {
            connection.execute("INSERT INTO log_keys (key) VALUES (?1)", [&own.0[..]]).map_err(failed)?;
            known.push(own);
        }
        Ok(Self { own, known, are_new })
    }

    /// The store's keys for a reader, who makes none; `None` when there is none.
    pub(super) fn known(location: &Location, connection: &Connection) -> rusqlite::Result<Option<Self>> {
        let mut known = indexed(connection)?;
        known.extend(read(location));
        Ok(known.last().copied().map(|own| Self { own, known, are_new: false }))
    }

    /// By what another file says that it is this store's.
    pub(super) fn of_store(&self) -> String {
        hex::encode(self.own.seal(NOWHERE, STORE))
    }

    /// Whether a file that says so is this store's. With keys that are new, nobody knows.
    pub(super) fn is_of_store(&self, text: &str) -> bool {
        self.are_new || hex::decode(text).is_ok_and(|seal| self.vouch(NOWHERE, STORE, &seal))
    }

    /// Keys for tests and fuzzing.
    pub(super) fn of(own: LogKey) -> Self {
        Self { own, known: vec![own], are_new: false }
    }

    /// Whether one of them has made `seal` for `fields` in the place `at`.
    pub(super) fn vouch(&self, at: LogEnd, fields: &[u8], seal: &[u8]) -> bool {
        self.known.iter().any(|key| key.seal(at, fields) == *seal)
    }
}

/// The keys in the index, the newest last; an index of an earlier release has none.
fn indexed(connection: &Connection) -> rusqlite::Result<Vec<LogKey>> {
    if !connection.table_exists(None, "log_keys")? {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare("SELECT key FROM log_keys ORDER BY number")?;
    let keys = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(keys.into_iter().filter_map(|key| key.try_into().ok().map(LogKey)).collect())
}

/// The key in the log's folder; `None` when it is not there whole.
fn read(location: &Location) -> Option<LogKey> {
    let mut line = Vec::with_capacity(LINE_BYTES + 1);
    crate::system::read::open(&location.key()).ok()?.take(LINE_BYTES as u64 + 1).read_to_end(&mut line).ok()?;
    LogKey::from_line(&line)
}

/// Puts the key into the log's folder, whole or not at all, and on disk before a record is sealed with it.
fn write(location: &Location, key: &LogKey) -> Result<(), StoreError> {
    let path = location.key();
    replace(&path, key.line().as_bytes(), location.file()).map_err(|error| StoreError::io(&path, "write", error))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_read_back_whole_or_not_at_all(key: [u8; KEY_BYTES], place in 0..LINE_BYTES, change in 1_u8..) {
            let mut line = LogKey(key).line().into_bytes();
            prop_assert_eq!(line.len(), LINE_BYTES);
            prop_assert!(LogKey::from_line(&line) == Some(LogKey(key)));
            prop_assert!(LogKey::from_line(&line[..place]).is_none());
            line[place] ^= change;
            prop_assert!(LogKey::from_line(&line).is_none());
        }

        /// A key has one way in which it is written.
        #[test]
        fn any_bytes_are_a_key_or_none(bytes: Vec<u8>, key: [u8; KEY_BYTES], behind in "[ \r\n0-9a-f]{1,4}") {
            prop_assert!(LogKey::from_line(&bytes).is_none());
            let line = LogKey(key).line();
            let others = [
                format!("{line}{behind}"),
                format!(" {line}"),
                line.replace('\n', "\r\n"),
                line.trim_end().to_owned(),
                line.replace(' ', "\t"),
                line.to_ascii_uppercase(),
            ];
            for other in others {
                let is_line = other == line;
                prop_assert_eq!(LogKey::from_line(other.as_bytes()).is_some(), is_line, "{:?}", other);
            }
        }

        #[test]
        fn a_seal_holds_in_its_place_alone(key: [u8; KEY_BYTES], segment: i64, position: u64, by in 1_u64.., fields: Vec<u8>) {
            let (key, at) = (LogKey(key), LogEnd { segment, position });
            let seal = key.seal(at, &fields);
            let keys = SealKeys::of(key);
            prop_assert!(keys.vouch(at, &fields, &seal));
            let beyond = LogEnd { position: position.wrapping_add(by), ..at };
            let another = LogEnd { segment: segment.wrapping_add_unsigned(by), ..at };
            prop_assert!(!keys.vouch(beyond, &fields, &seal));
            prop_assert!(!keys.vouch(another, &fields, &seal));
            prop_assert!(!keys.vouch(at, &[&fields[..], b"x"].concat(), &seal));
        }
    }
}
