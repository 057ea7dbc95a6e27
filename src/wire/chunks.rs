//! Following a body on the wire to its end, chunked or not (RFC 9112, sections 6 and 7.1).

use memchr::memchr;

use super::BodyLength;

/// The longest chunk-size line, extensions included.
const CHUNK_LINE_LIMIT: usize = 4096;
/// The most bytes of trailer fields.
const TRAILER_LIMIT: usize = 16 * 1024;

/// Follows a body on the wire to its end (RFC 9112, sections 6 and 7.1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BodyFraming {
    /// This many bytes are still to come.
    Known(u64),
    /// In a chunked body.
    Chunked(ChunkState),
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
    /// In the trailer section: bytes of it so far, and its current line as far as it has been read.
    Trailer(usize, Vec<u8>),
    /// Behind the last byte.
    Done,
}

impl BodyFraming {
    /// At the beginning of a body of this length.
    #[must_use]
    pub fn new(length: BodyLength) -> Self {
        match length {
            BodyLength::Known(length) => Self::Known(length),
            BodyLength::Chunked => Self::Chunked(ChunkState::Size(Vec::new())),
        }
    }

    /// Whether the body has ended.
    #[must_use]
    pub fn is_done(&self) -> bool {
        matches!(self, Self::Known(0) | Self::Chunked(ChunkState::Done))
    }

    /// Takes in `bytes` and returns how many of them belong to this body.
    ///
    /// # Errors
    ///
    /// What is wrong with the chunk framing.
    pub fn advance(&mut self, bytes: &[u8]) -> Result<usize, &'static str> {
        self.decode(bytes, |_| ())
    }

    /// The same, and hands the body's own bytes, without the framing around them, to `data`.
    ///
    /// # Errors
    ///
    /// What is wrong with the chunk framing.
    pub fn decode(&mut self, bytes: &[u8], mut data: impl FnMut(&[u8])) -> Result<usize, &'static str> {
        match self {
            Self::Known(remaining) => {
                let taken = clamp(*remaining).min(bytes.len());
                *remaining -= taken as u64;
                data(&bytes[..taken]);
                Ok(taken)
            }
            Self::Chunked(state) => {
                let mut taken = 0;
                while taken < bytes.len() && *state != ChunkState::Done {
                    let is_data = matches!(state, ChunkState::Data(_));
                    let step = state.step(&bytes[taken..])?;
                    if is_data {
                        data(&bytes[taken..taken + step]);
                    }
                    taken += step;
                }
                Ok(taken)
            }
        }
    }
}

impl ChunkState {
    /// Takes in at least one byte and returns how many.
    fn step(&mut self, bytes: &[u8]) -> Result<usize, &'static str> {
        match self {
            Self::Size(line) => {
                let (part, ended) = until_newline(bytes);
                line.extend_from_slice(part);
                if line.len() > CHUNK_LINE_LIMIT {
                    return Err("a chunk-size line without an end");
                }
                if ended {
                    *self = match parse_chunk_size(line)? {
                        0 => Self::Trailer(0, Vec::new()),
                        size => Self::Data(size),
                    };
                }
                Ok(part.len())
            }
            Self::Data(remaining) => {
                let taken = clamp(*remaining).min(bytes.len());
                *remaining -= taken as u64;
                if *remaining == 0 {
                    *self = Self::LineEnd(false);
                }
                Ok(taken)
            }
            // RFC 9112, section 7.1: exactly CR LF. Anything else would be read differently elsewhere.
            Self::LineEnd(has_cr) => {
                *self = match (bytes.first(), *has_cr) {
                    (Some(b'\r'), false) => Self::LineEnd(true),
                    (Some(b'\n'), true) => Self::Size(Vec::new()),
                    _ => return Err("a chunk that does not end in CR LF"),
                };
                Ok(1)
            }
            Self::Trailer(total, line) => {
                let (part, ended) = until_newline(bytes);
                *total += part.len();
                if *total > TRAILER_LIMIT {
                    return Err("a trailer section without an end");
                }
                // The whole line, since a cut may fall before its newline.
                line.extend_from_slice(part);
                if ended && matches!(line.as_slice(), b"\n" | b"\r\n") {
                    *self = Self::Done;
                } else if ended {
                    line.clear();
                }
                Ok(part.len())
            }
            Self::Done => Ok(0),
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

/// Reads `1a;extension\r\n`.
fn parse_chunk_size(line: &[u8]) -> Result<u64, &'static str> {
    let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
    if digits.is_empty() || digits.len() > 16 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return Err("a chunk size that is no hexadecimal number");
    }
    let text = std::str::from_utf8(digits).map_err(|_| "a chunk size that is no hexadecimal number")?;
    u64::from_str_radix(text, 16).map_err(|_| "a chunk size beyond 64 bits")
}

fn clamp(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunked(bytes: &[u8], step: usize) -> Result<(usize, bool), &'static str> {
        let mut framing = BodyFraming::new(BodyLength::Chunked);
        let mut taken = 0;
        while taken < bytes.len() && !framing.is_done() {
            let end = bytes.len().min(taken + step);
            taken += framing.advance(&bytes[taken..end])?;
        }
        Ok((taken, framing.is_done()))
    }

    #[test]
    fn chunks_end_where_they_end_however_they_are_cut() {
        let body = b"5;ext=1\r\nhello\r\n0\r\nTrailer: x\r\n\r\nGET / HTTP/1.1\r\n";
        for step in 1..body.len() {
            assert_eq!(chunked(body, step), Ok((body.len() - 16, true)), "step {step}");
        }
        assert_eq!(chunked(b"5\r\nhel", 3), Ok((6, false)));
        assert_eq!(chunked(b"0\r\n\r\n", 1), Ok((5, true)));
    }

    #[test]
    fn the_data_comes_out_of_its_chunks() {
        let body = b"5;ext=1\r\nhello\r\n1\r\n \r\n5\r\nthere\r\n0\r\nTrailer: x\r\n\r\n";
        for step in 1..body.len() {
            let mut framing = BodyFraming::new(BodyLength::Chunked);
            let mut data = Vec::new();
            for part in body.chunks(step) {
                framing.decode(part, |bytes| data.extend_from_slice(bytes)).unwrap();
            }
            assert_eq!((&data[..], framing.is_done()), (&b"hello there"[..], true), "step {step}");
        }
    }

    #[test]
    fn a_trailer_of_one_byte_ends_no_body_however_it_is_cut() {
        for body in [&b"0\r\nX\n\r\n"[..], b"0\n\r\r\n\n", b"0\n \n\n"] {
            for step in 1..=body.len() {
                assert_eq!(chunked(body, step), Ok((body.len(), true)), "{body:?}, step {step}");
            }
        }
    }

    #[test]
    fn bad_chunk_sizes() {
        for bytes in [
            &b"x\r\n"[..],
            b"\r\n",
            b"-1\r\n",
            b"11111111111111111\r\n",
            b"5\r\nhello, and more\r\n",
            b"1\r\na\n0\r\n\r\n",
        ] {
            assert!(chunked(bytes, 64).is_err(), "{bytes:?}");
        }
        assert!(chunked(&[b'1'; 5000], 64).is_err());
    }

    proptest! {
        #[test]
        fn a_body_ends_at_the_same_place_however_it_is_cut(
            bytes in proptest::collection::vec(prop_oneof![Just(b'\r'), Just(b'\n'), Just(b'0'), Just(b'1'), Just(b'a')], 0..30),
            step in 1_usize..8,
        ) {
            let whole = chunked(&bytes, usize::MAX - bytes.len());
            prop_assert_eq!(chunked(&bytes, step), whole);
        }

        #[test]
        fn any_bytes_are_followed(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            let _ = chunked(&bytes, 7);
        }
    }
}
