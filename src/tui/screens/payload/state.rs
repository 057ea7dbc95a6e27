//! The Payload tab's state: where its cursor is, what is folded, searched and asked.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;

use crate::delivery::DeliveryId;
use crate::payload::jq;
use crate::payload::json::search::{Hit, Hits};
use crate::payload::json::{Folds, Pretty};
use crate::payload::raw::RawRows;
use crate::tui::screens::details::rows::{MadeRows, RowsTask};

/// How the Payload tab shows the delivery in the detail pane.
#[derive(Debug, Default)]
pub struct PayloadView {
    /// What is folded.
    pub folds: Folds,
    /// The row of the cursor, which is one that is seen.
    pub cursor: usize,
    /// Whether JSON is shown as it was sent instead of as a tree.
    pub as_sent: bool,
    /// Whether long lines run on beyond the pane's right edge.
    pub unwrapped: bool,
    /// The first column shown of lines that do.
    pub column: usize,
    /// What is searched for.
    pub search: Option<Search>,
    /// The state before the search that is being typed.
    pub(crate) before_search: Option<Box<BeforeSearch>>,
    /// The string that is open in a view of its own.
    pub string: Option<StringView>,
    /// The byte to be shown once the body's rows are made.
    pub(crate) go_to: Option<usize>,
    /// The jq query.
    pub query: Option<JqQuery>,
    /// Tells answers to searches and queries apart.
    pub(crate) asked: u64,
}

impl PayloadView {
    /// What of it holds for the next delivery too.
    pub(crate) fn for_another(&self) -> Self {
        Self { as_sent: self.as_sent, unwrapped: self.unwrapped, ..Self::default() }
    }

    /// A number that no request had before.
    pub(crate) fn ask(&mut self) -> u64 {
        self.asked += 1;
        self.asked
    }

    /// Closes what lies over the tree, the topmost first. False when nothing did.
    pub(crate) fn close_one(&mut self) -> bool {
        self.string.take().is_some() || self.query.take().is_some() || self.search.take().is_some()
    }
}

/// A search through the body.
#[derive(Debug)]
pub struct Search {
    /// What is searched for.
    pub pattern: String,
    /// Where it was found; `None` until the search has ended.
    pub hits: Option<Arc<Hits>>,
    /// The match that the cursor is at.
    pub current: Option<usize>,
    /// The cursor's row when the search began.
    pub(crate) origin: usize,
    /// How many matches further was asked for before there were any.
    pub(crate) turns: isize,
    pub(crate) number: u64,
}

/// The state of the tab before a search, restored by Esc.
#[derive(Debug)]
pub(crate) struct BeforeSearch {
    pub(crate) folds: Folds,
    pub(crate) cursor: usize,
    pub(crate) scroll: usize,
    pub(crate) column: usize,
    pub(crate) search: Option<Search>,
    pub(crate) string: Option<StringView>,
}

impl Search {
    /// The match that the cursor is at.
    #[must_use]
    pub fn current_hit(&self) -> Option<&Hit> {
        self.hits.as_ref()?.hits.get(self.current?)
    }
}

/// A string in a view of its own.
#[derive(Debug)]
pub struct StringView {
    /// Its range in the body, including the quotation marks.
    pub token: Range<usize>,
    /// Whether its escapes are shown as sent.
    pub as_sent: bool,
    /// The first row shown.
    pub scroll: usize,
    /// The token as sent.
    pub(crate) raw: Bytes,
    /// Its characters, once they are counted.
    characters: Option<u64>,
    /// Its rows, made for the width of the pane.
    pub(crate) rows: Option<RawRows>,
}

impl StringView {
    /// Opens the string at `token`.
    pub(crate) fn open(rows: &Pretty, token: Range<usize>, as_sent: bool) -> Self {
        let raw = rows.body().slice(token.clone());
        Self { token, as_sent, scroll: 0, raw, characters: None, rows: None }
    }

    /// Takes its rows.
    pub(crate) fn take(&mut self, rows: RawRows, characters: Option<u64>) {
        self.characters = self.characters.or(characters);
        self.rows = Some(rows);
    }

    /// How many characters are shown; `None` while that is being found out.
    #[must_use]
    pub fn characters(&self) -> Option<u64> {
        self.characters
    }

    /// Its rows, once it has been drawn.
    #[must_use]
    pub fn rows(&self) -> Option<&RawRows> {
        self.rows.as_ref()
    }
}

/// A jq query and its result.
#[derive(Debug)]
pub struct JqQuery {
    /// The program.
    pub program: String,
    /// What it gave last, or what is wrong with it.
    pub result: Result<QueryResult, String>,
    /// Whether an answer is on its way.
    pub running: bool,
    /// The first row shown of the result.
    pub scroll: usize,
    pub(crate) number: u64,
}

/// What a query gave: its values in rows.
#[derive(Debug, Default)]
pub struct QueryResult {
    /// The values as text, one after another.
    pub text: String,
    /// What could not be kept or was left out, in words.
    pub remarks: Vec<String>,
    /// Each value in rows, with the number of rows before it.
    values: Vec<(usize, Pretty)>,
}

impl QueryResult {
    /// Prepares the output of a query. Takes time in proportion to it, which is bounded.
    #[must_use]
    pub fn new(output: jq::Output) -> Self {
        let mut values = Vec::with_capacity(output.values.len());
        let mut lines = 0;
        for value in output.values {
            // jq knows values that JSON does not, such as NaN; they are shown as strings.
            let rows = Pretty::new(Bytes::from(value.clone().into_bytes()))
                .or_else(|_| Pretty::new(Bytes::from(serde_json::Value::from(value).to_string().into_bytes())));
            if let Ok(rows) = rows {
                let count = rows.line_count();
                values.push((lines, rows));
                lines += count;
            }
        }
        let texts: Vec<String> = values.iter().map(|(_, rows)| rows.to_text()).collect();
        Self { text: texts.join("\n"), remarks: output.remarks, values }
    }

    /// How many values there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.values.len()
    }

    /// How many rows they have in all.
    #[must_use]
    pub fn line_count(&self) -> usize {
        self.values.last().map_or(0, |(before, rows)| before + rows.line_count())
    }

    /// The value that row `index` belongs to, and the row in it.
    #[must_use]
    pub fn row(&self, index: usize) -> Option<(&Pretty, usize)> {
        let at = self.values.partition_point(|(before, _)| *before <= index).checked_sub(1)?;
        let (before, rows) = &self.values[at];
        Some((rows, index - before))
    }
}

/// Work on a payload that is done off the interface's thread.
#[derive(Debug, Clone, PartialEq)]
pub struct PayloadRequest {
    /// The delivery.
    pub id: DeliveryId,
    /// Tells answers apart.
    pub number: u64,
    /// Its body.
    pub body: Bytes,
    /// What to do with it.
    pub task: PayloadTask,
}

/// What is to be done with a payload.
#[derive(Debug, Clone, PartialEq)]
pub enum PayloadTask {
    /// Find this text.
    Search(String),
    /// Run this jq program.
    Query(String),
    /// Break it into rows.
    Rows(RowsTask),
}

/// The answer to a [`PayloadRequest`].
#[derive(Debug)]
pub struct PayloadAnswer {
    /// The request's delivery.
    pub id: DeliveryId,
    /// The request's number.
    pub number: u64,
    /// What came of it.
    pub outcome: PayloadOutcome,
}

/// What came of a [`PayloadTask`].
#[derive(Debug)]
pub enum PayloadOutcome {
    /// The range of the text.
    Found(Arc<Hits>),
    /// What the query gave, or what is wrong with it.
    Queried(Result<QueryResult, String>),
    /// Its rows.
    Rows(MadeRows),
}
