//! What surrounded a body on the wire: chunk-size lines, trailers, and bytes that belong to nothing.
//!
//! A delivery's body is kept as it is verified, without its transfer coding. [`WireFraming`] holds the other bytes of the
//! body section and where they were, so that [`WireFraming::wire`] gives back the section exactly as received, and a
//! chunked body is still kept once. It has its own form in the store:
//!
//! | part | what (numbers are LEB128, seven bits a byte, the lowest first) |
//! |---|---|
//! | 1 byte | the form's version, 1 |
//! | number | how many of the last bytes belong to no body |
//! | per run: number, number, bytes | bytes of the body before it, its own length, and the bytes |
//!
//! A body without framing needs none of this.
//!
//! ```
//! use bytes::Bytes;
//! use whyhook::http::WireFramingBuilder;
//!
//! let mut builder = WireFramingBuilder::default();
//! builder.framing(b"5\r\n");
//! builder.data(5);
//! builder.framing(b"\r\n0\r\n\r\n");
//! let framing = builder.finish();
//! assert_eq!(framing.wire(&Bytes::from("hello")), "5\r\nhello\r\n0\r\n\r\n");
//! ```

use bytes::Bytes;

const VERSION: u8 = 1;

/// The bytes of a body section that are not its body's. See the module's page.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WireFraming(Bytes);

impl WireFraming {
    /// Nothing but the body.
    pub const NONE: Self = Self(Bytes::new());

    /// Whether the body has no framing: its length was declared, and no unexpected bytes followed it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The form in which it is stored.
    #[must_use]
    pub fn as_bytes(&self) -> &Bytes {
        &self.0
    }

    /// What [`WireFraming::as_bytes`] gave. Any bytes are taken; of a form that is not known nothing is restored.
    #[must_use]
    pub fn from_bytes(bytes: Bytes) -> Self {
        Self(bytes)
    }

    /// The body section as received over the wire. Costs nothing for a body without framing.
    #[must_use]
    pub fn wire(&self, body: &Bytes) -> Bytes {
        if self.is_empty() {
            return body.clone();
        }
        let mut wire = Vec::with_capacity(body.len() + self.0.len());
        let mut rest = &body[..];
        for (data, framing) in self.runs() {
            let (before, behind) = rest.split_at(data.min(rest.len()));
            wire.extend_from_slice(before);
            wire.extend_from_slice(framing);
            rest = behind;
        }
        wire.extend_from_slice(rest);
        Bytes::from(wire)
    }

    /// How many bytes surround the body, including those that belong to no body.
    #[must_use]
    pub fn wire_bytes(&self) -> usize {
        self.runs().map(|(_, framing)| framing.len()).sum()
    }

    /// How many of the last bytes belong to no body: what followed a complete one on a connection that then closed, or
    /// what was received after the point where the framing broke off.
    #[must_use]
    pub fn unframed_bytes(&self) -> usize {
        let unframed = self.0.strip_prefix(&[VERSION]).and_then(number).map_or(0, |(unframed, _)| unframed);
        unframed.min(self.wire_bytes())
    }

    /// The fields after the last chunk (RFC 9112, section 7.1.2): names and values as they were sent, white space around
    /// values left out.
    pub fn trailers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let last = self.runs().last().map_or(&b""[..], |(_, framing)| framing);
        let framing = &last[..last.len() - self.unframed_bytes().min(last.len())];
        // The end of the last chunk's data, and the line of the one without any.
        let framing = framing.trim_ascii_start();
        let lines = framing.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
        let is_end = framing.starts_with(b"0");
        lines.skip(1).take_while(|line| !line.is_empty()).filter(move |_| is_end).filter_map(|line| {
            let colon = line.iter().position(|byte| *byte == b':')?;
            Some((&line[..colon], line[colon + 1..].trim_ascii()))
        })
    }

    /// What surrounded the first `body` bytes of the body.
    #[must_use]
    pub fn beginning(&self, body: usize) -> Self {
        let (mut builder, mut left) = (WireFramingBuilder::default(), body);
        let mut around = self.wire_bytes() - self.unframed_bytes();
        for (data, framing) in self.runs() {
            if data > left || (data > 0 && left == 0) {
                break;
            }
            left -= data;
            builder.data(data);
            let (framing, unframed) = framing.split_at(framing.len().min(around));
            around -= framing.len();
            builder.framing(framing);
            builder.unframed(unframed);
        }
        builder.finish()
    }

    /// Bytes of the body before each piece of framing, and the piece.
    fn runs(&self) -> Runs<'_> {
        let runs = self.0.strip_prefix(&[VERSION]).and_then(number).map(|(_, runs)| runs);
        Runs(runs.unwrap_or_default())
    }
}

struct Runs<'a>(&'a [u8]);

impl<'a> Iterator for Runs<'a> {
    type Item = (usize, &'a [u8]);

    fn next(&mut self) -> Option<Self::Item> {
        let (data, rest) = number(self.0)?;
        let (length, rest) = number(rest)?;
        let (framing, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((data, framing))
    }
}

/// Reads a number of at most 63 bits, and what follows it.
fn number(mut bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0_u64;
    for shift in (0..63).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some((usize::try_from(value).ok()?, bytes));
        }
    }
    None
}

fn push_number(out: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        // Seven bits fit a byte.
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Makes a [`WireFraming`] while a body section comes in.
#[derive(Debug, Clone, Default)]
pub struct WireFramingBuilder {
    /// Whole runs.
    runs: Vec<u8>,
    /// Bytes of the body before the run at hand, and the run.
    data: usize,
    run: Vec<u8>,
    unframed: usize,
}

impl WireFramingBuilder {
    /// Counts bytes of the body that have come.
    pub fn data(&mut self, bytes: usize) {
        if bytes > 0 {
            self.end_run();
            self.data += bytes;
        }
    }

    /// Bytes around the body have come.
    pub fn framing(&mut self, bytes: &[u8]) {
        self.run.extend_from_slice(bytes);
    }

    /// Bytes have come that belong to no body; nothing but such bytes may follow.
    pub fn unframed(&mut self, bytes: &[u8]) {
        self.unframed += bytes.len();
        self.run.extend_from_slice(bytes);
    }

    /// About how much memory it takes, in bytes.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.runs.capacity() + self.run.capacity()
    }

    /// What has come.
    #[must_use]
    pub fn finish(mut self) -> WireFraming {
        self.end_run();
        if self.runs.is_empty() {
            return WireFraming::default();
        }
        let mut form = Vec::with_capacity(self.runs.len() + 4);
        form.push(VERSION);
        push_number(&mut form, self.unframed);
        form.extend_from_slice(&self.runs);
        WireFraming(Bytes::from(form))
    }

    fn end_run(&mut self) {
        if self.run.is_empty() {
            return;
        }
        push_number(&mut self.runs, self.data);
        push_number(&mut self.runs, self.run.len());
        self.runs.append(&mut self.run);
        self.data = 0;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    enum Piece {
        Data(Vec<u8>),
        Framing(Vec<u8>),
    }

    fn piece() -> impl Strategy<Value = Piece> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..300);
        prop_oneof![bytes().prop_map(Piece::Data), bytes().prop_map(Piece::Framing)]
    }

    #[test]
    fn trailers_are_what_follows_the_last_chunk() {
        let framing = |pieces: &[&str], unframed: &str| {
            let mut builder = WireFramingBuilder::default();
            for (place, piece) in pieces.iter().enumerate() {
                if place > 0 {
                    builder.data(3);
                }
                builder.framing(piece.as_bytes());
            }
            builder.unframed(unframed.as_bytes());
            builder.finish()
        };
        let read = |framing: &WireFraming| -> Vec<(String, String)> {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            framing.trailers().map(|(name, value)| (text(name), text(value))).collect()
        };
        let one = [("X-T".to_owned(), "1:2".to_owned())];
        for (pieces, unframed, expected) in [
            (vec!["3\r\n", "\r\n0\r\nX-T: 1:2 \r\n\r\n"], "", &one[..]),
            (vec!["3;a=b\r\n", "\r\n3\r\n", "\r\n000;a\r\nX-T:1:2\r\n\r\n"], "", &one),
            (vec!["0\nX-T: 1:2\n\n"], "", &one),
            (vec!["3\r\n", "\r\n0\r\nX-T: 1:2\r\n\r\n"], "GET / HTTP/1.1\r\nHost: x\r\n\r\n", &one),
            (vec!["3\r\n", "\r\n0\r\n\r\n"], "", &[]),
            (vec!["3\r\n", "\r\n"], "X-T: 1\r\n", &[]),
            (vec![], "X: 1\r\n", &[]),
        ] {
            assert_eq!(read(&framing(&pieces, unframed)), expected, "{pieces:?}");
        }
        assert_eq!(read(&WireFraming::NONE), []);
    }

    proptest! {
        #[test]
        fn the_wire_comes_back(pieces in proptest::collection::vec(piece(), 0..20), tail: Vec<u8>) {
            let (mut builder, mut body, mut wire) = (WireFramingBuilder::default(), Vec::new(), Vec::new());
            let mut around = 0;
            for piece in &pieces {
                match piece {
                    Piece::Data(bytes) => {
                        builder.data(bytes.len());
                        body.extend_from_slice(bytes);
                        wire.extend_from_slice(bytes);
                    }
                    Piece::Framing(bytes) => {
                        builder.framing(bytes);
                        wire.extend_from_slice(bytes);
                        around += bytes.len();
                    }
                }
            }
            builder.unframed(&tail);
            wire.extend_from_slice(&tail);
            let framing = builder.finish();
            prop_assert_eq!(framing.is_empty(), around + tail.len() == 0);
            prop_assert_eq!(framing.unframed_bytes(), tail.len());
            prop_assert!(framing.trailers().all(|(name, _)| name.len() <= around));
            prop_assert_eq!(framing.wire_bytes(), around + tail.len());
            let stored = WireFraming::from_bytes(Bytes::copy_from_slice(framing.as_bytes()));
            prop_assert_eq!(&stored.wire(&Bytes::from(body))[..], &wire[..]);
        }

        #[test]
        fn any_stored_form_is_read(form: Vec<u8>, body: Vec<u8>, has_version: bool) {
            let form = if has_version { [&[VERSION], &form[..]].concat() } else { form };
            let framing = WireFraming::from_bytes(Bytes::from(form));
            let wire = framing.wire(&Bytes::from(body.clone()));
            prop_assert_eq!(wire.len(), body.len() + framing.wire_bytes());
            prop_assert!(framing.unframed_bytes() <= framing.wire_bytes());
        }
    }
}
