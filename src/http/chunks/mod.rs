//! Following a body on the wire to its end, chunked or not (RFC 9112, sections 6 and 7.1).
//!
//! Chunk framing is read by the grammar and no other way. What readers are known to disagree about (a line that
//! ends in LF alone, a CR or another control character in an extension, bytes behind a size) is a fault: whoever
//! reads it differently would see another request begin inside this one.

use memchr::memchr;

use super::BodyLength;
use crate::http::{FieldFault, field, is_token};
use crate::text::hexadecimal;

/// The longest chunk-size line in bytes, extensions included.
const CHUNK_LINE_LIMIT: usize = 4096;
/// The most bytes of chunk extensions in a body, over all chunks: they carry nothing, and would let a sender have a
/// short body read for as long as it likes (RFC 9112, section 7.1.1).
const EXTENSIONS_LIMIT: usize = 16 * 1024;
/// The most bytes of trailer fields.
const TRAILER_LIMIT: usize = 16 * 1024;
/// The most trailer fields.
const TRAILER_FIELD_LIMIT: usize = 100;
/// Fields that decide where a message ends or whom it is for. No sender may put them into a trailer (RFC 9110,
/// section 6.5.1), and who merges trailers into the head would read another request.
const NEVER_TRAILERS: [&[u8]; 3] = [b"content-length", b"transfer-encoding", b"host"];

/// Follows a body on the wire to its end (RFC 9112, sections 6 and 7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyFraming {
    /// This many bytes are still to come.
    Known(u64),
    /// In a chunked body.
    Chunked(Chunked),
}

/// A part of what was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChunkPiece<'a> {
    /// The body's own bytes.
    Data(&'a [u8]),
    /// Chunk-size lines, the line ends behind chunks, the trailer section.
    Framing(&'a [u8]),
}

/// A place in a chunked body, and what its extensions have cost so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunked {
    state: ChunkState,
    extensions: usize,
}

/// A place in a chunked body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChunkState {
    /// In a chunk-size line, of which this much has been read.
    Size(Vec<u8>),
    /// In a chunk's data: this many bytes to come.
    Data(u64),
    /// Behind a chunk's data, where CR LF must follow; whether the CR has.
    LineEnd(bool),
    /// In the trailer section: bytes and fields of it so far, and its current line as far as it has been read.
    Trailer(usize, usize, Vec<u8>),
    /// Behind the last byte.
    Done,
}

impl BodyFraming {
    /// At the beginning of a body of this length.
    #[must_use]
    pub fn new(length: BodyLength) -> Self {
        match length {
            BodyLength::Known(length) => Self::Known(length),
            BodyLength::Chunked => Self::Chunked(Chunked { state: ChunkState::Size(Vec::new()), extensions: 0 }),
        }
    }

    /// Whether the body has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Known(0) | Self::Chunked(Chunked { state: ChunkState::Done, .. }))
    }

    /// Bytes of data that are still announced: the rest of the body when its length is known, the rest of the chunk
    /// at hand in a chunked one.
    #[must_use]
    pub fn announced(&self) -> u64 {
        match self {
            Self::Known(length) | Self::Chunked(Chunked { state: ChunkState::Data(length), .. }) => *length,
            Self::Chunked(_) => 0,
        }
    }

    /// Takes in `bytes` and returns how many of them belong to this body.
    ///
    /// # Errors
    ///
    /// What is wrong with the chunk framing.
    pub fn advance(&mut self, bytes: &[u8]) -> Result<usize, &'static str> {
        self.decode(bytes, |_| ())
    }

    /// Takes in `bytes` as [`Self::advance`] does, and hands over what was taken in, piece by piece. At a fault the pieces before it have been handed
    /// over; the bytes behind them are those that are wrong, and whatever follows.
    ///
    /// # Errors
    ///
    /// What is wrong with the chunk framing.
    pub fn decode(&mut self, bytes: &[u8], mut take: impl FnMut(ChunkPiece<'_>)) -> Result<usize, &'static str> {
        match self {
            Self::Known(remaining) => {
                let taken = clamp(*remaining).min(bytes.len());
                *remaining -= taken as u64;
                take(ChunkPiece::Data(&bytes[..taken]));
                Ok(taken)
            }
            Self::Chunked(chunked) => {
                let mut taken = 0;
                while taken < bytes.len() && chunked.state != ChunkState::Done {
                    taken += chunked.next(&bytes[taken..], &mut take)?;
                }
                Ok(taken)
            }
        }
    }

    /// Takes in `bytes` as [`Self::decode`] does, up to the next place where the data that is announced changes: behind a chunk-size line, and behind
    /// a chunk. So a chunk that is too long is seen before its bytes are taken in.
    ///
    /// # Errors
    ///
    /// What is wrong with the chunk framing.
    pub fn step(&mut self, bytes: &[u8], mut take: impl FnMut(ChunkPiece<'_>)) -> Result<usize, &'static str> {
        match self {
            Self::Known(_) => self.decode(bytes, take),
            Self::Chunked(chunked) => chunked.next(bytes, &mut take),
        }
    }
}

impl Chunked {
    /// Takes in at least one byte, unless the body has ended, and returns how many.
    fn next(&mut self, bytes: &[u8], take: &mut impl FnMut(ChunkPiece<'_>)) -> Result<usize, &'static str> {
        let is_data = matches!(self.state, ChunkState::Data(_));
        let taken = self.advance(bytes)?;
        let piece = &bytes[..taken];
        take(if is_data { ChunkPiece::Data(piece) } else { ChunkPiece::Framing(piece) });
        Ok(taken)
    }

    fn advance(&mut self, bytes: &[u8]) -> Result<usize, &'static str> {
        match &mut self.state {
            ChunkState::Size(line) => {
                let (part, ended) = until_newline(bytes);
                line.extend_from_slice(part);
                if line.len() > CHUNK_LINE_LIMIT {
                    return Err("a chunk-size line without an end");
                }
                // What cannot become right is refused at once, not after an end that may never come.
                check_size_line(line)?;
                if ended {
                    let (size, extension) = parse_size_line(line)?;
                    self.extensions += extension;
                    if self.extensions > EXTENSIONS_LIMIT {
                        return Err("more than 16 KiB of chunk extensions");
                    }
                    self.state = match size {
                        0 => ChunkState::Trailer(0, 0, Vec::new()),
                        size => ChunkState::Data(size),
                    };
                }
                Ok(part.len())
            }
            ChunkState::Data(remaining) => {
                let taken = clamp(*remaining).min(bytes.len());
                *remaining -= taken as u64;
                if *remaining == 0 {
                    self.state = ChunkState::LineEnd(false);
                }
                Ok(taken)
            }
            // RFC 9112, section 7.1: exactly CR LF. Anything else would be read differently elsewhere.
            ChunkState::LineEnd(has_cr) => {
                self.state = match (bytes.first(), *has_cr) {
                    (Some(b'\r'), false) => ChunkState::LineEnd(true),
                    (Some(b'\n'), true) => ChunkState::Size(Vec::new()),
                    _ => return Err("a chunk that does not end in CR LF"),
                };
                Ok(1)
            }
            ChunkState::Trailer(total, fields, line) => {
                let (part, ended) = until_newline(bytes);
                *total += part.len();
                if *total > TRAILER_LIMIT {
                    return Err("a trailer section without an end");
                }
                // The whole line, since a cut may fall before its newline.
                line.extend_from_slice(part);
                if ended {
                    if check_trailer(line)? {
                        self.state = ChunkState::Done;
                    } else {
                        *fields += 1;
                        if *fields > TRAILER_FIELD_LIMIT {
                            return Err("more than 100 trailer fields");
                        }
                        line.clear();
                    }
                }
                Ok(part.len())
            }
            ChunkState::Done => Ok(0),
        }
    }
}

/// The bytes up to and with the first newline, and whether there is one.
fn until_newline(bytes: &[u8]) -> (&[u8], bool) {
    match memchr(b'\n', bytes) {
        Some(at) => (&bytes[..=at], true),
        None => (bytes, false),
    }
}

/// Whether a line of the trailer section is the empty one that ends it.
fn check_trailer(line: &[u8]) -> Result<bool, &'static str> {
    let line = line.strip_suffix(b"\r\n").ok_or("a trailer line that does not end in CR LF")?;
    if line.is_empty() {
        return Ok(true);
    }
    let (name, _) = field(line).map_err(FieldFault::words)?;
    if NEVER_TRAILERS.iter().any(|never| name.eq_ignore_ascii_case(never)) {
        return Err("a trailer field that decides where the message ends (RFC 9110, section 6.5.1)");
    }
    Ok(false)
}

/// Refuses what no chunk-size line can begin with.
fn check_size_line(line: &[u8]) -> Result<(), &'static str> {
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    match line.get(digits) {
        _ if digits > 16 => Err("a chunk size of more than 16 hexadecimal digits"),
        None => Ok(()),
        Some(_) if digits == 0 => Err("a chunk size that is not a hexadecimal number"),
        Some(b' ' | b'\t' | b';' | b'\r' | b'\n') => Ok(()),
        Some(_) => Err("bytes after a chunk size that are neither an extension nor CR LF"),
    }
}

/// Reads `1a;name=value\r\n`: the size, and how many bytes its extensions take.
fn parse_size_line(line: &[u8]) -> Result<(u64, usize), &'static str> {
    let line = line.strip_suffix(b"\r\n").ok_or("a chunk-size line that does not end in CR LF")?;
    let digits = line.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let (digits, extensions) = line.split_at(digits);
    check_extensions(extensions)?;
    let size = hexadecimal(digits).ok_or("a chunk size that is not a hexadecimal number")?;
    Ok((size, extensions.len()))
}

/// RFC 9112, section 7.1.1: `*( BWS ";" BWS name [ BWS "=" BWS value ] )`.
fn check_extensions(mut rest: &[u8]) -> Result<(), &'static str> {
    const WRONG: &str = "a chunk extension that is not ';name=value' (RFC 9112, section 7.1.1)";
    while !rest.is_empty() {
        if trim_start(rest).is_empty() {
            return Err("white space at the end of a chunk-size line (RFC 9112, section 7.1.1)");
        }
        rest = trim_start(rest).strip_prefix(b";").ok_or(WRONG)?;
        rest = token(trim_start(rest)).ok_or(WRONG)?;
        if let Some(value) = trim_start(rest).strip_prefix(b"=") {
            let value = trim_start(value);
            rest = if value.first() == Some(&b'"') { quoted(value) } else { token(value) }.ok_or(WRONG)?;
        }
    }
    Ok(())
}

fn trim_start(bytes: &[u8]) -> &[u8] {
    let white = bytes.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    &bytes[white..]
}

/// What follows a token.
fn token(bytes: &[u8]) -> Option<&[u8]> {
    let length = bytes.iter().take_while(|byte| is_token(**byte)).count();
    (length > 0).then(|| &bytes[length..])
}

/// What follows a quoted string (RFC 9110, section 5.6.4).
fn quoted(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes.strip_prefix(b"\"")?;
    loop {
        rest = match rest {
            [b'"', rest @ ..] => return Some(rest),
            [b'\\', b'\t' | b' '..=b'~' | 0x80.., rest @ ..] => rest,
            [b'\\', ..] => return None,
            [b'\t' | b' '..=b'~' | 0x80.., rest @ ..] => rest,
            _ => return None,
        };
    }
}

fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests;
