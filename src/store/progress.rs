//! How far the log is on disk and how far the index covers it, for readers in any process.
//!
//! A delivery is answered once its record is on disk; its row is committed a moment later, with others. So a reader
//! has to know that there is more than it sees. The file `progress` beside the log's segments holds two numbers of
//! deliveries, each with its CRC-32: the newest that is on disk, written before its sender is answered, and the
//! newest that has a row, written after the row's commit. Where the first is higher, see [`super::tail`].
//!
//! The file is never synced. It is of use while a writer lives and after `kill -9`, which leaves what was written to
//! files; after a power cut, the next writer brings the index up to the log and writes the file again.

use std::cell::RefCell;
use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::location::{owned_like, private_file};
use super::{Location, StoreError};
use crate::delivery::DeliveryId;

/// Bytes of a number: itself and its CRC-32, little-endian, and zeros up to a power of two.
const FIELD_BYTES: usize = 16;
/// Where each number stands.
const DURABLE: u64 = 0;
const INDEXED: u64 = FIELD_BYTES as u64;
/// A number is read while it is written, at worst: so often it is tried again.
const TRIES: usize = 8;

/// How far a store has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct StoreProgress {
    /// The newest delivery whose record is on disk.
    pub(super) durable: DeliveryId,
    /// The newest that has a row, or had one and was pruned.
    pub(super) indexed: DeliveryId,
}

/// The file, as the process that writes to the store has it.
#[derive(Debug)]
pub(super) struct ProgressFile {
    path: PathBuf,
    file: File,
}

impl ProgressFile {
    /// Opens the file of a store whose index covers its log up to `last`, and says so.
    pub(super) fn open(location: &Location, last: DeliveryId) -> Result<Self, StoreError> {
        let path = location.progress();
        let opened = private_file().create(true).truncate(false).open(&path);
        let file = opened.map_err(|error| StoreError::io(&path, "open", error))?;
        let progress = Self { file: owned_like(file, location.file()), path };
        // In this order: in between, a reader sees nothing to wait for.
        progress.indexed(last)?;
        progress.durable(last)?;
        Ok(progress)
    }

    /// The record of `id` and those before it are on disk. To be said before their senders are answered.
    pub(super) fn durable(&self, id: DeliveryId) -> Result<(), StoreError> {
        self.write(DURABLE, id)
    }

    /// The rows of `id` and those before it are committed.
    pub(super) fn indexed(&self, id: DeliveryId) -> Result<(), StoreError> {
        self.write(INDEXED, id)
    }

    fn write(&self, at: u64, id: DeliveryId) -> Result<(), StoreError> {
        write_at(&self.file, &field(id), at).map_err(|error| StoreError::io(&self.path, "write to", error))
    }
}

/// The file, as a reader has it. It may come and go.
#[derive(Debug, Default)]
pub(super) struct ProgressReader {
    file: RefCell<Option<File>>,
}

impl ProgressReader {
    /// How far the store at `location` has come; `None` where nobody has said so: by a writer of an older release, say.
    pub(super) fn read(&self, location: &Location) -> Option<StoreProgress> {
        let mut file = self.file.borrow_mut();
        if file.is_none() {
            *file = crate::system::read::open(&location.progress()).ok();
        }
        let file = file.as_ref()?;
        (0..TRIES).find_map(|_| {
            let mut bytes = [0; 2 * FIELD_BYTES];
            read_at(file, &mut bytes).ok()?;
            progress(&bytes)
        })
    }
}

pub(super) fn field(id: DeliveryId) -> [u8; FIELD_BYTES] {
    let mut bytes = [0; FIELD_BYTES];
    bytes[..8].copy_from_slice(&id.0.to_le_bytes());
    bytes[8..12].copy_from_slice(&crc32fast::hash(&id.0.to_le_bytes()).to_le_bytes());
    bytes
}

/// Reads what [`field`] makes, twice; `None` where it is anything else.
fn progress(bytes: &[u8; 2 * FIELD_BYTES]) -> Option<StoreProgress> {
    let (durable, indexed) = bytes.split_at(FIELD_BYTES);
    let number = |bytes: &[u8]| {
        let id = DeliveryId(i64::from_le_bytes(*bytes.first_chunk()?));
        (id.0 >= 0 && field(id) == *bytes).then_some(id)
    };
    Some(StoreProgress { durable: number(durable)?, indexed: number(indexed)? })
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::write_all_at(file, bytes, at)
}

#[cfg(unix)]
fn read_at(file: &File, bytes: &mut [u8]) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, bytes, 0)
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], at: u64) -> io::Result<()> {
    let count = std::os::windows::fs::FileExt::seek_write(file, bytes, at)?;
    if count == bytes.len() { Ok(()) } else { Err(io::ErrorKind::WriteZero.into()) }
}

#[cfg(windows)]
fn read_at(file: &File, bytes: &mut [u8]) -> io::Result<()> {
    let count = std::os::windows::fs::FileExt::seek_read(file, bytes, 0)?;
    if count == bytes.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(durable in 0..i64::MAX, indexed in 0..i64::MAX) {
            let folder = tempfile::tempdir().unwrap();
            let location = Location::new(folder.path().join("s.db"));
            let reader = ProgressReader::default();
            prop_assert_eq!(reader.read(&location), None);
            std::fs::create_dir(location.log()).unwrap();
            let file = ProgressFile::open(&location, DeliveryId(indexed)).unwrap();
            prop_assert_eq!(reader.read(&location), Some(StoreProgress { durable: DeliveryId(indexed), indexed: DeliveryId(indexed) }));
            file.durable(DeliveryId(durable)).unwrap();
            prop_assert_eq!(reader.read(&location), Some(StoreProgress { durable: DeliveryId(durable), indexed: DeliveryId(indexed) }));
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes: [u8; 2 * FIELD_BYTES], id in 0..i64::MAX, bit in 0..16 * FIELD_BYTES) {
            prop_assert_eq!(progress(&bytes), None);
            let mut bytes = [0; 2 * FIELD_BYTES];
            bytes[..FIELD_BYTES].copy_from_slice(&field(DeliveryId(id)));
            bytes[FIELD_BYTES..].copy_from_slice(&field(DeliveryId(id)));
            prop_assert!(progress(&bytes).is_some());
            bytes[bit / 8] ^= 1 << (bit % 8);
            prop_assert_eq!(progress(&bytes), None);
        }
    }
}
