//! Text broken into the rows of a pane. To break lines takes some milliseconds for each megabyte: what is
//! larger than a glance is broken by a thread, and shown as soon as it is.

use bytes::Bytes;

use crate::http::WireFraming;
use crate::payload::json::decode_string;
use crate::payload::raw::RawRows;
use crate::text::count_bytes;
use crate::tui::app::action::Tab;

/// Text to be broken into rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowsTask {
    /// What comes before the body: the head, on the Raw tab.
    pub(super) head: Bytes,
    /// The framing of the body on the wire, for the Raw tab.
    pub(super) framing: WireFraming,
    /// Whether the body is a JSON string, of which the meaning is shown.
    pub(super) decode: bool,
    /// The width; `None` to leave lines whole.
    pub(super) columns: Option<usize>,
    /// Whether its characters are to be counted.
    pub(super) count: bool,
}

/// Text in rows.
#[derive(Debug)]
pub struct MadeRows {
    pub(crate) rows: RawRows,
    /// How many characters they are, if that was asked for.
    pub(crate) characters: Option<u64>,
}

impl RowsTask {
    /// Makes the rows. Takes about 5 ms for each megabyte.
    #[must_use]
    pub fn make(&self, body: &Bytes) -> MadeRows {
        let text = match (self.head.is_empty(), self.decode) {
            (false, _) => Bytes::from([&self.head[..], &self.framing.wire(body)[..]].concat()),
            (true, true) => Bytes::from(decode_string(body).text.into_owned()),
            (true, false) => body.clone(),
        };
        // Every byte but UTF-8's continuation bytes begins a character.
        let count = || count_bytes(&text, |byte| byte & 0xc0 != 0x80) as u64;
        let characters = self.count.then(count);
        let rows = match self.columns {
            Some(columns) => RawRows::new(text, columns),
            None => RawRows::unwrapped(text),
        };
        MadeRows { rows, characters }
    }
}

/// What rows are of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Of {
    Tab(Tab),
    /// The open string, by its place.
    String {
        start: usize,
        as_sent: bool,
    },
}

/// Rows that a thread is making.
#[derive(Debug)]
pub(crate) struct Making {
    pub(super) of: Of,
    pub(super) columns: Option<usize>,
    pub(super) number: u64,
}
