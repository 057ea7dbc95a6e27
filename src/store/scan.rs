//! Reading a segment from record to record, and going on after what is damaged.
//!
//! A record begins where its predecessor ends, the first at the segment's beginning. After a header that is
//! not whole, that chain is broken, and the next record is searched for. What is found that way must be vouched
//! for, since a body may hold whole records, made by a sender:
//!
//! - A record of version 2 by its seal, which holds in its place alone ([`super::seal`]).
//! - One of version 1, which has none, by what is left of the damaged header: either its lengths lead exactly
//!   there, or its checksum of the content is that of the bytes up to there. A sender has no say in how that header
//!   was damaged, and knows neither the facts that the checksum begins with nor their length. So a record within
//!   the damaged one's body does not pass. (Numbers that fit and a whole chain after it would not be enough: a
//!   body can end with a record of the next number, and the true chain follows it.)
//!
//! What no record vouches for stays where it is, and is reported as lost. Zeros at the end, and before what somebody else has
//! written there, are [`super::room`] for others, and say nothing; those before a record were records.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use memchr::memmem;

use super::facts;
use super::log::LogEnd;
use super::record::{HEADER_BYTES, RecordFormat, RecordHeader};
use super::room;
use super::seal::SealKeys;
use crate::delivery::Captured;

/// Bytes that are searched at once.
const WINDOW_BYTES: usize = 64 * 1024;
/// With what each header begins, whatever its version.
const MAGIC: &[u8] = b"WHY";

/// What a segment holds next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum ScanPart {
    /// A record whose header is whole, at this position. Its content is still to be read.
    Record(RecordHeader, u64),
    /// The beginning of a record within which the segment ends.
    Torn(RecordHeader, u64),
    /// Bytes up to the next record, or to the end, in which nothing is vouched for.
    Damaged {
        /// Where they begin.
        position: u64,
        /// How many.
        bytes: u64,
    },
}

/// A segment that is read from record to record.
pub(super) struct LogScan<'a, F> {
    file: BufReader<F>,
    keys: &'a SealKeys,
    segment: i64,
    /// Where the next record begins.
    position: u64,
    size: u64,
    /// Where the zeros begin that follow the last record, or are its end.
    written: u64,
    /// Whether a record of version 2 was read; none of version 1 follows one.
    sealed: bool,
}

impl<'a> LogScan<'a, File> {
    pub(super) fn open(path: &Path, from: LogEnd, keys: &'a SealKeys) -> io::Result<Self> {
        let file = crate::system::read::open(path)?;
        let size = file.metadata()?.len();
        Self::over(file, size, from, keys)
    }
}

impl<'a, F: Read + Seek> LogScan<'a, F> {
    /// Scans a segment of `size` bytes that is open.
    pub(super) fn over(file: F, size: u64, from: LogEnd, keys: &'a SealKeys) -> io::Result<Self> {
        let mut file = BufReader::with_capacity(WINDOW_BYTES, file);
        let written = room::begin(&mut file, size, from.position)?;
        file.seek(SeekFrom::Start(from.position))?;
        Ok(Self { file, keys, segment: from.segment, position: from.position, size, written, sealed: false })
    }

    /// Where the next record begins, and where the file ends but for zeros: within the last record, when that ends in some
    /// itself.
    pub(super) fn position(&self) -> (u64, u64) {
        (self.position, self.written)
    }

    /// Where a record can be added, unless the file ends before that.
    pub(super) fn end(&self) -> Option<u64> {
        (self.position <= self.size).then_some(self.position)
    }

    /// What comes next; `None` at the end. The content of a record that was returned must have been read.
    pub(super) fn next(&mut self) -> io::Result<Option<ScanPart>> {
        if self.position >= self.written {
            return Ok(None);
        }
        let (position, bytes) = (self.position, self.beginning()?);
        let Some(header) = RecordHeader::read(&bytes) else {
            let end = self.search(&bytes)?;
            // Zeros up to the next record are in the place of others: room is at the end alone.
            let position = Some(self.after_room(end)?).filter(|begin| *begin < end).unwrap_or(self.position);
            self.position = end;
            self.file.seek(SeekFrom::Start(end))?;
            return Ok(Some(ScanPart::Damaged { position, bytes: end - position }));
        };
        self.sealed |= header.format == RecordFormat::V2;
        let end = header.record_bytes().and_then(|length| position.checked_add(length));
        let Some(end) = end.filter(|end| *end <= self.size) else {
            self.position = self.written;
            return Ok(Some(ScanPart::Torn(header, position)));
        };
        let ahead = bytes.len().saturating_sub(header.format.header_bytes());
        self.file.seek_relative(-i64::try_from(ahead).unwrap_or_default())?;
        self.position = end;
        Ok(Some(ScanPart::Record(header, position)))
    }

    /// Reads the content after `header`, which is checked but not held in memory; `None` when it is
    /// damaged.
    pub(super) fn content(&mut self, header: &RecordHeader) -> io::Result<Option<Captured>> {
        let mut checksum = crc32fast::Hasher::new();
        let mut json = Vec::new();
        Read::by_ref(&mut self.file).take(header.facts).read_to_end(&mut json)?;
        checksum.update(&json);
        let rest = header.content_bytes().map_or(0, |bytes| bytes - header.facts);
        let mut rest = Read::by_ref(&mut self.file).take(rest);
        let mut chunk = [0; 16 * 1024];
        loop {
            match rest.read(&mut chunk)? {
                0 => break,
                count => checksum.update(&chunk[..count]),
            }
        }
        Ok(if checksum.finalize() == header.crc32 { facts::read(&json) } else { None })
    }

    /// The bytes of a header at the position, or as many as there are.
    fn beginning(&mut self) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        Read::by_ref(&mut self.file).take(HEADER_BYTES as u64).read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    /// Where something begins that is not zero, from the position to `end`. No more zeros than a header has are taken for a
    /// header that is damaged.
    fn after_room(&mut self, end: u64) -> io::Result<u64> {
        let mut piece = vec![0; WINDOW_BYTES];
        let mut at = self.position;
        self.file.seek(SeekFrom::Start(at))?;
        while at < end {
            let count = usize::try_from(end - at).unwrap_or(WINDOW_BYTES).min(WINDOW_BYTES);
            self.file.read_exact(&mut piece[..count])?;
            let zeros = piece[..count].iter().position(|byte| *byte != 0);
            at += zeros.unwrap_or(count) as u64;
            if zeros.is_some() {
                break;
            }
        }
        Ok(if at - self.position > HEADER_BYTES as u64 { at } else { self.position })
    }

    /// Where the next record begins that is vouched for, after a `damaged` header at the position; the end of what is
    /// written when there is none.
    fn search(&mut self, damaged: &[u8]) -> io::Result<u64> {
        let finder = memmem::Finder::new(MAGIC);
        let mut claim = if self.sealed { None } else { Claim::of(damaged, self.position) };
        // The window overlaps the next one by what of a header may lie in both.
        let (mut window, mut begins) = (Vec::with_capacity(WINDOW_BYTES + HEADER_BYTES), self.position);
        self.file.seek(SeekFrom::Start(begins))?;
        loop {
            let missing = (WINDOW_BYTES + HEADER_BYTES - window.len()) as u64;
            Read::by_ref(&mut self.file).take(missing).read_to_end(&mut window)?;
            let searched = window.len().min(WINDOW_BYTES);
            for offset in finder.find_iter(&window).take_while(|offset| *offset < searched) {
                let at = begins + offset as u64;
                if at > self.position && self.is_vouched_for(&window[offset..], at, claim.as_mut(), &window[..offset]) {
                    return Ok(at);
                }
            }
            if searched < WINDOW_BYTES {
                return Ok(self.written);
            }
            if let Some(claim) = &mut claim {
                claim.read_on(begins, &window[..searched]);
            }
            window.drain(..searched);
            begins += searched as u64;
        }
    }

    /// Whether a record begins at `at` with `bytes`; `before` are those between the window's beginning and it.
    fn is_vouched_for(&self, bytes: &[u8], at: u64, claim: Option<&mut Claim>, before: &[u8]) -> bool {
        let place = LogEnd { segment: self.segment, position: at };
        if RecordHeader::read_sealed(bytes, self.keys, place).is_some() {
            return true;
        }
        let is_old = RecordHeader::read(bytes).is_some_and(|header| header.format == RecordFormat::V1);
        is_old && claim.is_some_and(|claim| claim.leads_to(at, before))
    }
}

/// What a damaged header of version 1 says of where its record ends.
struct Claim {
    /// By its lengths.
    end: Option<u64>,
    /// Of its content.
    crc32: u32,
    /// Of the content up to `read`.
    checksum: crc32fast::Hasher,
    read: u64,
}

impl Claim {
    fn of(damaged: &[u8], position: u64) -> Option<Self> {
        let number = |range: std::ops::Range<usize>| damaged.get(range)?.try_into().ok().map(u64::from_le_bytes);
        let (facts, head, body) = (number(16..24)?, number(24..32)?, number(32..40)?);
        let crc32 = u32::from_le_bytes(damaged.get(40..44)?.try_into().ok()?);
        let content = position + RecordFormat::V1.header_bytes() as u64;
        let end = [facts, head, body]
            .into_iter()
            .try_fold(content, |end, length| end.checked_add(length))
            .filter(|end| *end > content);
        Some(Self { end, crc32, checksum: crc32fast::Hasher::new(), read: content })
    }

    /// Takes in the part of the content that lies in `bytes`, which begin at `begins`.
    fn read_on(&mut self, begins: u64, bytes: &[u8]) {
        let known = usize::try_from(self.read.saturating_sub(begins)).unwrap_or(usize::MAX);
        let Some(new) = bytes.get(known..) else { return };
        self.checksum.update(new);
        self.read += new.len() as u64;
    }

    /// Whether the record ends at `at`; `before` are the bytes before it that were not all taken in.
    fn leads_to(&mut self, at: u64, before: &[u8]) -> bool {
        self.read_on(at - before.len() as u64, before);
        self.end == Some(at) || (self.read == at && self.checksum.clone().finalize() == self.crc32)
    }
}
