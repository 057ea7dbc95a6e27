//! Room at the log's end: zeros that are on disk already, and are written over.
//!
//! A sync of a file that has grown brings its new length to disk as well, and the places of its new blocks: another
//! write, to the file system's journal, and another wait. A sync of bytes that were overwritten needs none of it, and takes
//! about half as long (ext4: `fdatasync(2)` leaves out what is not needed to find the data). So the writer appends
//! zeros to the segment once it has replied, when nobody waits for it, and lays the next records over them.
//!
//! Zeros that no record covers are no part of the log: it ends where the last byte is that is not zero, or with the last
//! record if that ends in zeros itself. They are cut off when a segment is left, and when the store is closed; `kill -9`
//! leaves them, and the next writer goes on in them.

use std::io::{self, Read, Seek, SeekFrom, Write};

/// Bytes that are appended at once.
pub(super) const ROOM_BYTES: u64 = 512 * 1024;
/// The largest commit group, in bytes, for which room is made. A larger one spends more on its own bytes than on the journal,
/// and writing each byte twice would cost more than it saves.
const LARGEST_GROUP: u64 = 64 * 1024;
/// More room is made once fewer groups of the last one's size than this would fit.
const GROUPS_AHEAD: u64 = 4;
/// Bytes that are read and written at once.
const PIECE_BYTES: usize = 64 * 1024;

/// Whether to make more room after a commit group of `group` bytes, when `left` bytes of room are unused.
pub(super) fn is_due(group: u64, left: u64) -> bool {
    (1..=LARGEST_GROUP).contains(&group) && left < group * GROUPS_AHEAD
}

/// Writes the zeros.
pub(super) fn append(file: &mut impl Write) -> io::Result<()> {
    let piece = vec![0; PIECE_BYTES];
    (0..ROOM_BYTES / PIECE_BYTES as u64).try_for_each(|_| file.write_all(&piece))
}

/// Where the zeros begin with which a file of `size` bytes ends, as far as they lie after `from`.
pub(super) fn begin<F: Read + Seek>(file: &mut F, size: u64, from: u64) -> io::Result<u64> {
    let mut piece = vec![0; PIECE_BYTES];
    let mut end = size;
    while end > from {
        let count = (end - from).min(PIECE_BYTES as u64);
        let piece = &mut piece[..usize::try_from(count).unwrap_or(PIECE_BYTES)];
        file.seek(SeekFrom::Start(end - count))?;
        file.read_exact(piece)?;
        if let Some(last) = piece.iter().rposition(|byte| *byte != 0) {
            return Ok(end - count + last as u64 + 1);
        }
        end -= count;
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn zeros_at_the_end_are_found(bytes: Vec<u8>, zeros in 0..3 * PIECE_BYTES, from in 0..300_u64) {
            let all = [&bytes[..], &vec![0; zeros]].concat();
            let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last as u64 + 1);
            let size = all.len() as u64;
            prop_assert_eq!(begin(&mut Cursor::new(all), size, from).unwrap(), written.max(from).min(size));
        }
    }

    #[test]
    fn room_is_made_for_small_groups_that_would_not_fit() {
        assert!(is_due(2048, 0) && is_due(2048, 4 * 2048 - 1) && is_due(LARGEST_GROUP, 0));
        assert!(!is_due(2048, 4 * 2048) && !is_due(LARGEST_GROUP + 1, 0) && !is_due(0, 0));
    }
}
