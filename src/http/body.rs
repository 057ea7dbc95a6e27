//! The body of a request on its way out: in memory, or read in pieces from where it is kept.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Read};
use std::time::Duration;

use bytes::Bytes;

/// Bytes that are read at once.
const PIECE_BYTES: usize = 64 * 1024;

/// A body of known length.
pub struct OutgoingBody {
    /// Bytes that are still to be read after `piece`.
    left: u64,
    piece: Bytes,
    source: Option<Box<dyn Read + Send>>,
    /// Pieces after `piece`, and the pause before each.
    paused: VecDeque<Bytes>,
    pause: Duration,
}

impl OutgoingBody {
    /// `length` bytes of `source`, which is read off the threads that serve others, and of which no more than a
    /// piece of 64 KiB is in memory.
    #[must_use]
    pub fn read_from(source: Box<dyn Read + Send>, length: u64) -> Self {
        Self { left: length, source: Some(source), ..Self::from(Bytes::new()) }
    }

    /// These pieces one by one, with a pause before each: what a slow sender or network makes of a body. An empty
    /// piece is a pause alone.
    #[must_use]
    pub fn in_pieces(pieces: impl IntoIterator<Item = Bytes>, pause: Duration) -> Self {
        Self { paused: pieces.into_iter().collect(), pause, ..Self::from(Bytes::new()) }
    }

    /// How long it is.
    #[must_use]
    pub fn length(&self) -> u64 {
        let paused: usize = self.paused.iter().map(Bytes::len).sum();
        self.left + (self.piece.len() + paused) as u64
    }

    /// The next piece; `None` after the last. A source that ends before is an error: what follows is not there.
    pub(crate) async fn next(&mut self) -> io::Result<Option<Bytes>> {
        if !self.piece.is_empty() {
            return Ok(Some(std::mem::take(&mut self.piece)));
        }
        while let Some(piece) = self.paused.pop_front() {
            tokio::time::sleep(self.pause).await;
            if !piece.is_empty() {
                return Ok(Some(piece));
            }
        }
        let Some(mut source) = self.source.take().filter(|_| self.left > 0) else { return Ok(None) };
        let length = usize::try_from(self.left).unwrap_or(usize::MAX).min(PIECE_BYTES);
        let reading = tokio::task::spawn_blocking(move || {
            let mut piece = vec![0; length];
            source.read_exact(&mut piece).map(|()| (source, Bytes::from(piece)))
        });
        let (source, piece) = reading.await.map_err(io::Error::other)??;
        self.left -= piece.len() as u64;
        self.source = Some(source);
        Ok(Some(piece))
    }
}

impl From<Bytes> for OutgoingBody {
    fn from(piece: Bytes) -> Self {
        Self { left: 0, piece, source: None, paused: VecDeque::new(), pause: Duration::ZERO }
    }
}

impl fmt::Debug for OutgoingBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Body").field("length", &self.length()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn whole(mut body: OutgoingBody) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        while let Some(piece) = body.next().await? {
            assert!((1..=PIECE_BYTES).contains(&piece.len()));
            bytes.extend_from_slice(&piece);
        }
        Ok(bytes)
    }

    #[tokio::test]
    async fn a_source_is_read_to_its_length_and_not_beyond() {
        let bytes: Vec<u8> = (0..200_000_u32).map(|number| (number % 251) as u8).collect();
        for length in [0, 1, PIECE_BYTES, PIECE_BYTES + 1, bytes.len()] {
            let body = OutgoingBody::read_from(Box::new(io::Cursor::new(bytes.clone())), length as u64);
            assert_eq!(body.length(), length as u64);
            assert!(whole(body).await.unwrap() == bytes[..length], "{length}");
        }
        let short = OutgoingBody::read_from(Box::new(io::Cursor::new(bytes.clone())), bytes.len() as u64 + 1);
        assert_eq!(whole(short).await.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        assert_eq!(whole(OutgoingBody::from(Bytes::from_static(b"ab"))).await.unwrap(), b"ab");
        assert_eq!(whole(OutgoingBody::from(Bytes::new())).await.unwrap(), b"");
    }

    #[tokio::test(start_paused = true)]
    async fn pieces_come_one_by_one_after_a_pause() {
        let pieces = ["", "ab", "c"].map(|piece| Bytes::from_static(piece.as_bytes()));
        let mut body = OutgoingBody::in_pieces(pieces, Duration::from_secs(1));
        let begun = tokio::time::Instant::now();
        assert_eq!(body.length(), 3);
        assert_eq!(body.next().await.unwrap().as_deref(), Some(&b"ab"[..]));
        assert_eq!((begun.elapsed().as_secs(), body.length()), (2, 1));
        assert_eq!(whole(body).await.unwrap(), b"c");
    }
}
