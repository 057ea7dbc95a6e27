//! A delivery whose body stays in the log: for who passes it on and need not hold it.

use std::fs::File;
use std::io::{self, Read, Seek as _, SeekFrom};

use super::log::LogPlace;
use super::record::{HEADER_BYTES, RecordHeader};
use super::{Location, Reader, StoreError};
use crate::delivery::{DeliveryId, Summary};
use crate::http::Head;

/// Bytes of a record that are looked at together.
const PIECE_BYTES: usize = 64 * 1024;

/// A delivery, its body still in the log.
#[derive(Debug)]
pub struct StoredDelivery {
    /// Its facts.
    pub summary: Summary,
    /// Request line and headers as received.
    pub head: Head,
    /// The body, from its beginning.
    pub body: StoredBody,
}

/// The bytes of a body in the log. The file stays open, so that they can be read to their end also when the
/// delivery is pruned meanwhile.
#[derive(Debug)]
pub struct StoredBody(io::Take<File>);

impl StoredBody {
    /// Bytes that are still to be read.
    #[must_use]
    pub fn length(&self) -> u64 {
        self.0.limit()
    }
}

impl Read for StoredBody {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.read(buffer)
    }
}

impl Reader {
    /// A delivery, its body to be read; `None` when there is none of that number. Its record has been read once
    /// by then, and is undamaged.
    ///
    /// # Errors
    ///
    /// Those of [`Reader::load`].
    pub fn open_body(&self, id: DeliveryId) -> Result<Option<StoredDelivery>, StoreError> {
        let mut lost = None;
        // It may have been pruned, or moved by pruning others, since its row was read.
        for _ in 0..2 {
            let Some((summary, place, _)) = self.row(id)? else { return Ok(None) };
            if let Some((head, body)) = open(self.location(), place, id) {
                return Ok(Some(StoredDelivery { summary, head, body }));
            }
            lost = Some(place);
        }
        // Both looks found a row.
        let Some(place) = lost else { return Ok(None) };
        Err(StoreError::record(id, self.location().segment(place.segment), place))
    }
}

/// While its segment is being pruned, the row may speak of the copy already.
fn open(location: &Location, place: LogPlace, id: DeliveryId) -> Option<(Head, StoredBody)> {
    let paths = [location.segment(place.segment), location.segment_copy(place.segment)];
    paths.into_iter().find_map(|path| open_in(crate::system::read::open(&path).ok()?, place, id))
}

fn open_in(mut file: File, place: LogPlace, id: DeliveryId) -> Option<(Head, StoredBody)> {
    file.seek(SeekFrom::Start(place.position)).ok()?;
    let mut front = Vec::with_capacity(HEADER_BYTES);
    file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut front).ok()?;
    let header = RecordHeader::read(&front)?;
    if header.id != id || header.record_bytes()? != place.bytes {
        return None;
    }
    let content = place.position.checked_add(header.format.header_bytes() as u64)?;
    // A damaged row must not make us reserve its idea of a length.
    if file.metadata().ok()?.len() < place.end() {
        return None;
    }
    file.seek(SeekFrom::Start(content)).ok()?;
    if checksum(&mut file, header.content_bytes()?).ok()? != header.crc32 {
        return None;
    }
    file.seek(SeekFrom::Start(content.checked_add(header.facts)?)).ok()?;
    let mut head = vec![0; usize::try_from(header.head).ok()?];
    file.read_exact(&mut head).ok()?;
    Some((Head::from(head), StoredBody(file.take(header.body))))
}

/// CRC-32 of the next `length` bytes, which are read in pieces.
fn checksum(file: &mut File, length: u64) -> io::Result<u32> {
    let mut sum = crc32fast::Hasher::new();
    let mut piece = vec![0; PIECE_BYTES.min(usize::try_from(length).unwrap_or(PIECE_BYTES))];
    let mut left = length;
    while left > 0 {
        let count = piece.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        file.read_exact(&mut piece[..count])?;
        sum.update(&piece[..count]);
        left -= count as u64;
    }
    Ok(sum.finalize())
}
