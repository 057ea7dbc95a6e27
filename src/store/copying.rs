//! Copying what stays of a segment that is pruned to the file beside it.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Seek as _, SeekFrom, Write};
use std::path::Path;

use super::location::fresh_file;
use super::log::{LogEnd, LogPlace};
use super::record::{HEADER_BYTES, RecordFormat, RecordHeader};
use super::seal::LogKey;
use super::{Location, StoreError};
use crate::delivery::DeliveryId;
use crate::system::save::sync_folder;

/// Bytes that are copied at once.
const BUFFER_BYTES: usize = 256 * 1024;

/// Deliveries of consecutive numbers whose records keep their distances.
pub(super) struct Moved {
    pub(super) first: DeliveryId,
    pub(super) last: DeliveryId,
    /// Bytes, towards the file's beginning when negative.
    pub(super) by: i64,
}

/// Copies the records of `kept`, which are in the order in which they lie, and then a mark of the number `mark`,
/// to the file beside the segment, and brings it to disk. Returns who lies elsewhere now.
pub(super) fn copy(
    location: &Location,
    segment: i64,
    key: &LogKey,
    kept: &[(DeliveryId, LogPlace)],
    mark: Option<DeliveryId>,
) -> Result<Vec<Moved>, StoreError> {
    let path = location.segment_copy(segment);
    let failed = |error| StoreError::io(&path, "write to", error);
    let mut from = open_if_there(&location.segment(segment))?;
    let file = fresh_file(&path, location.file()).map_err(failed)?;
    let mut out = BufWriter::with_capacity(BUFFER_BYTES, file);
    let (mut moved, mut end) = (Vec::new(), LogEnd { segment, position: 0 });
    for (id, place) in kept {
        note(&mut moved, *id, end.position.cast_signed().wrapping_sub(place.position.cast_signed()));
        // A record that is lost stays lost: what lies where it is looked for has another number.
        if let Some(from) = from.as_mut().filter(|from| place.end() <= from.size) {
            from.copy(*id, *place, &mut out, key, end).map_err(failed)?;
            end.position += place.bytes;
        }
    }
    if let Some(last) = mark {
        out.write_all(&RecordHeader::mark(last).to_bytes(key, end)).map_err(failed)?;
    }
    let file = out.into_inner().map_err(|error| failed(error.into_error()))?;
    file.sync_all().and_then(|()| sync_folder(&location.log())).map_err(failed)?;
    Ok(moved)
}

/// The segment that is copied from.
struct Source {
    file: BufReader<File>,
    /// Where the next byte is read.
    position: u64,
    size: u64,
}

fn open_if_there(path: &Path) -> Result<Option<Source>, StoreError> {
    match crate::system::read::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata.len()))) {
        Ok((file, size)) => Ok(Some(Source { file: BufReader::with_capacity(BUFFER_BYTES, file), position: 0, size })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(path, "read", error)),
    }
}

impl Source {
    /// Copies a record to the place `at`, for which it is sealed again. One that is damaged is copied as it is: its
    /// row says where it was, and that it is damaged.
    fn copy(
        &mut self,
        id: DeliveryId,
        place: LogPlace,
        out: &mut impl Write,
        key: &LogKey,
        at: LogEnd,
    ) -> io::Result<()> {
        match i64::try_from(place.position.wrapping_sub(self.position)) {
            Ok(ahead) => self.file.seek_relative(ahead)?,
            Err(_) => self.file.seek(SeekFrom::Start(place.position)).map(drop)?,
        }
        let mut front = [0; HEADER_BYTES];
        let front = &mut front[..HEADER_BYTES.min(usize::try_from(place.bytes).unwrap_or(HEADER_BYTES))];
        self.file.read_exact(front)?;
        match RecordHeader::read(front) {
            Some(header) if header.format == RecordFormat::V2 && header.id == id => {
                out.write_all(&header.to_bytes(key, at))?;
            }
            _ => out.write_all(front)?,
        }
        let mut left = place.bytes - front.len() as u64;
        while left > 0 {
            let bytes = self.file.fill_buf()?;
            let count = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            out.write_all(&bytes[..count])?;
            self.file.consume(count);
            left -= count as u64;
        }
        self.position = place.end();
        Ok(())
    }
}

/// Adds a record that is moved to those that are, with its neighbour if it can be.
fn note(moved: &mut Vec<Moved>, id: DeliveryId, by: i64) {
    match moved.last_mut().filter(|run| run.by == by && run.last.0 + 1 == id.0) {
        Some(run) => run.last = id,
        None if by != 0 => moved.push(Moved { first: id, last: id, by }),
        None => {}
    }
}
