//! Segment files: large bodies end to end, beside the SQLite file.
//!
//! A segment holds nothing but bodies; where each begins, how long it is and its CRC-32 stand in the
//! delivery's row. Bytes behind the last row that names the file (a batch that never committed) are
//! dead and harmless.

use std::fs::File;
use std::io::{self, IoSlice, Read as _, Seek as _, SeekFrom, Write as _};

use bytes::Bytes;

use super::location::private_file;
use super::{Location, StoreError};

/// A segment that has grown past this is followed by the next, so that pruning can delete old files.
const SEGMENT_BYTES: u64 = 1 << 30;

/// Where a body lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Extent {
    pub(super) segment: i64,
    pub(super) position: u64,
    pub(super) crc32: u32,
}

/// The end of the newest segment, to which bodies are appended.
#[derive(Debug)]
pub(super) struct SegmentWriter {
    location: Location,
    segment: i64,
    file: Option<File>,
    end: u64,
}

impl SegmentWriter {
    /// Continues after segment number `last` (0 when there is none yet).
    pub(super) fn after(location: Location, last: i64) -> Self {
        Self { location, segment: last.max(1), file: None, end: 0 }
    }

    /// Appends `bodies` and syncs them to disk.
    pub(super) fn append(&mut self, bodies: &[Bytes]) -> Result<Vec<Extent>, StoreError> {
        let path = self.location.segment(self.segment);
        let mut file = self.open().map_err(|error| StoreError::io(&path, "open", error))?;
        let written = write_all(&mut file, bodies).and_then(|()| file.sync_data());
        if let Err(error) = written {
            // The next append finds the file's true end again.
            return Err(StoreError::io(&path, "write to", error));
        }
        let extents = bodies
            .iter()
            .map(|body| {
                let position = self.end;
                self.end += body.len() as u64;
                Extent { segment: self.segment, position, crc32: crc32fast::hash(body) }
            })
            .collect();
        if self.end < SEGMENT_BYTES {
            self.file = Some(file);
        } else {
            self.segment += 1;
        }
        Ok(extents)
    }

    /// The open file, taken out of `self` so that a failed write leaves none behind; `self.end` is
    /// its length.
    fn open(&mut self) -> io::Result<File> {
        if let Some(file) = self.file.take().filter(is_linked) {
            return Ok(file);
        }
        let path = self.location.segment(self.segment);
        let mut file = private_file().create(true).truncate(false).open(path)?;
        self.end = file.seek(SeekFrom::End(0))?;
        Ok(file)
    }
}

/// Whether the open file still has a name; a deleted one would swallow bodies without a trace.
#[cfg(unix)]
fn is_linked(file: &File) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    file.metadata().is_ok_and(|metadata| metadata.nlink() > 0)
}

#[cfg(not(unix))]
fn is_linked(_: &File) -> bool {
    true
}

fn write_all(file: &mut File, bodies: &[Bytes]) -> io::Result<()> {
    let mut slices: Vec<IoSlice<'_>> = bodies.iter().map(|body| IoSlice::new(body)).collect();
    let mut rest = &mut slices[..];
    while !rest.is_empty() {
        match file.write_vectored(rest) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(count) => IoSlice::advance_slices(&mut rest, count),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Reads the body at `extent`; `None` when it is not there whole and undamaged.
pub(super) fn read(location: &Location, extent: Extent, length: usize) -> Option<Bytes> {
    let mut file = File::open(location.segment(extent.segment)).ok()?;
    // A damaged row must not make us reserve its idea of a length.
    let size = file.metadata().ok()?.len();
    if extent.position.checked_add(length as u64)? > size {
        return None;
    }
    file.seek(SeekFrom::Start(extent.position)).ok()?;
    let mut body = vec![0; length];
    file.read_exact(&mut body).ok()?;
    (crc32fast::hash(&body) == extent.crc32).then(|| Bytes::from(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_found_again_also_after_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("s.db"));
        std::fs::create_dir(location.bodies()).unwrap();
        let bodies = [Bytes::from_static(b"first"), Bytes::from_static(b"second one")];
        let mut extents = SegmentWriter::after(location.clone(), 0).append(&bodies).unwrap();
        let third = Bytes::from_static(b"third");
        extents.extend(SegmentWriter::after(location.clone(), 1).append(std::slice::from_ref(&third)).unwrap());
        for (body, extent) in bodies.iter().chain([&third]).zip(extents) {
            assert_eq!(read(&location, extent, body.len()).as_ref(), Some(body));
        }
    }

    #[test]
    fn damage_and_absence_are_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let location = Location::new(folder.path().join("s.db"));
        std::fs::create_dir(location.bodies()).unwrap();
        let extent = SegmentWriter::after(location.clone(), 0).append(&[Bytes::from_static(b"body")]).unwrap()[0];
        assert_eq!(read(&location, extent, usize::MAX), None);
        std::fs::write(location.segment(1), b"bodX").unwrap();
        assert_eq!(read(&location, extent, 4), None);
        std::fs::remove_file(location.segment(1)).unwrap();
        assert_eq!(read(&location, extent, 4), None);
    }
}
