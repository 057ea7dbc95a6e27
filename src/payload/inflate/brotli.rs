//! brotli (RFC 7932), by a decoder whose memory is counted.
//!
//! Each meta-block asks for new tables, up to 3.3 MB for a few hundred bytes of input: what they take is the measure of
//! its work. Windows are those of the RFC, 16 MiB at most; the extension to larger ones is off.

use std::cell::Cell;
use std::rc::Rc;

use brotli_decompressor::{
    Allocator, BrotliDecompressStream, BrotliResult, BrotliState, HuffmanCode, SliceWrapper, SliceWrapperMut,
};

use super::InflateStop;
use super::sink::InflateSink;

/// The most that may be taken at once: a window of 16 MiB, and the tables of the fullest meta-block.
const MOST_LIVE: usize = 24 << 20;
/// For each part that the budget grants, so much may be taken for tables in all.
const BYTES_A_PART: usize = 16 * 1024;
/// For each part, so much input may give no output: tables of codes do not, nor do meta-blocks of metadata, of which
/// each byte can be one.
const IDLE_A_PART: usize = 32;
/// More than this at once, in single bytes, is the window: it is no work, since it is touched only as far as there is
/// output.
const MOST_MAP: usize = 64 * 1024;
/// What the decoder takes for a window beyond the window itself.
const WINDOW_SLACK: usize = 42 + 24;
/// Input is given in pieces, to see what each gives.
const PIECE: usize = 1024;

pub(super) fn decode(body: &[u8], sink: &mut InflateSink<'_>) -> Result<(), InflateStop> {
    let meter = Rc::new(Meter::new(sink));
    let cells = || Cells(Rc::clone(&meter));
    let mut state: BrotliState<Cells, Cells, Cells> = BrotliState::new_strict(cells(), cells(), cells());
    let outcome = super::contained(|| pieces(body, &mut state, sink));
    // A decoder that was refused memory says that something is wrong, or fails.
    meter.refused.take().map_or(outcome, Err)
}

fn pieces(
    body: &[u8],
    state: &mut BrotliState<Cells, Cells, Cells>,
    sink: &mut InflateSink<'_>,
) -> Result<(), InflateStop> {
    let mut chunk = [0; 16 * 1024];
    let most_idle = parts(sink).saturating_mul(IDLE_A_PART);
    let (mut idle, mut at) = (0, 0);
    loop {
        let end = body.len().min(at + PIECE);
        let (before, begun) = (sink.len(), at);
        let result = piece(&body[..end], &mut at, state, &mut chunk, sink)?;
        if result == Piece::End {
            // Nothing may come after the last meta-block.
            return if at == body.len() {
                Ok(())
            } else {
                Err(InflateStop::damaged("unexpected bytes after the brotli stream"))
            };
        }
        if at == body.len() {
            return Err(InflateStop::damaged("the brotli stream is truncated"));
        }
        if at == begun {
            return Err(InflateStop::damaged("not a brotli stream"));
        }
        idle += (end - begun).saturating_sub(sink.len() - before);
        if idle > most_idle {
            return Err(InflateStop::TooMuchWork);
        }
    }
}

#[derive(PartialEq, Eq)]
enum Piece {
    /// More must follow.
    Used,
    /// It was the last.
    End,
}

/// Gives the decoder the bytes from `at` to the end of `input`.
fn piece(
    input: &[u8],
    at: &mut usize,
    state: &mut BrotliState<Cells, Cells, Cells>,
    chunk: &mut [u8],
    sink: &mut InflateSink<'_>,
) -> Result<Piece, InflateStop> {
    let mut left = input.len() - *at;
    loop {
        let (mut room, mut written, mut total) = (chunk.len(), 0, 0);
        let result = BrotliDecompressStream(&mut left, at, input, &mut room, &mut written, chunk, &mut total, state);
        sink.extend(&chunk[..written])?;
        match result {
            BrotliResult::NeedsMoreOutput => {}
            BrotliResult::NeedsMoreInput => return Ok(Piece::Used),
            BrotliResult::ResultSuccess => return Ok(Piece::End),
            BrotliResult::ResultFailure => return Err(InflateStop::damaged("not a brotli stream")),
        }
    }
}

fn parts(sink: &InflateSink<'_>) -> usize {
    usize::try_from(sink.budget().parts()).unwrap_or(usize::MAX)
}

/// Counts the memory that the decoder takes.
struct Meter {
    live: Cell<usize>,
    left: Cell<usize>,
    most_window: usize,
    refused: Cell<Option<InflateStop>>,
}

impl Meter {
    fn new(sink: &InflateSink<'_>) -> Self {
        let left = parts(sink).saturating_mul(BYTES_A_PART);
        let most_window = sink.budget().window();
        Self { live: Cell::new(0), left: Cell::new(left), most_window, refused: Cell::new(None) }
    }

    /// Whether `bytes` may be taken for a window, which is touched as far as there is output.
    fn take_window(&self, bytes: usize) -> bool {
        let declared = bytes.saturating_sub(WINDOW_SLACK);
        if declared <= self.most_window {
            return self.take(bytes, 0);
        }
        self.refused.set(Some(InflateStop::TooWide { declared: declared as u64, most: self.most_window as u64 }));
        false
    }

    /// Whether `bytes` may be taken, of which `work` are written at once.
    fn take(&self, bytes: usize, work: usize) -> bool {
        let live = self.live.get().saturating_add(bytes);
        match self.left.get().checked_sub(work) {
            Some(left) if live <= MOST_LIVE => {
                self.live.set(live);
                self.left.set(left);
                true
            }
            _ => {
                self.refused.set(Some(InflateStop::TooMuchWork));
                false
            }
        }
    }
}

/// Gives memory as long as the meter allows it; then none.
struct Cells(Rc<Meter>);

/// Memory that the decoder has taken.
#[derive(Default)]
struct Taken<T>(Vec<T>);

impl<T> SliceWrapper<T> for Taken<T> {
    fn slice(&self) -> &[T] {
        &self.0
    }
}

impl<T> SliceWrapperMut<T> for Taken<T> {
    fn slice_mut(&mut self) -> &mut [T] {
        &mut self.0
    }
}

impl<T: Clone + Default> Allocator<T> for Cells {
    type AllocatedMemory = Taken<T>;

    fn alloc_cell(&mut self, length: usize) -> Taken<T> {
        let bytes = length.saturating_mul(size_of::<T>());
        let is_window = size_of::<T>() == 1 && length > MOST_MAP;
        let may = if is_window { self.0.take_window(bytes) } else { self.0.take(bytes, bytes) };
        Taken(if may { vec![T::default(); length] } else { Vec::new() })
    }

    fn free_cell(&mut self, taken: Taken<T>) {
        let bytes = taken.0.len() * size_of::<T>();
        self.0.live.set(self.0.live.get().saturating_sub(bytes));
    }
}

const _: () = assert!(size_of::<HuffmanCode>() == 4, "as the figures above have it");
