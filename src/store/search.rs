//! Searching the store: of a row only those columns are read that the filter asks for, and only what
//! matches is read whole. Most rows of a search match nothing, and most of a row is never asked for.

use jiff::Timestamp;
use rusqlite::types::{FromSqlError, ValueRef};
use rusqlite::{Row, params};

use super::log::LogPlace;
use super::{Page, Reader, StoreError, StoreScan, StoredContent, row};
use crate::delivery::{DeliveryId, EventFacts, Intake, Judgement, Summary, Verdict};
use crate::query::{QueriedField, Query};

/// Rows looked at in one statement, where all of a store is looked through for numbers.
pub(super) const PART_ROWS: usize = 10_000;

impl Reader {
    /// What matches `query` at the moment `now`, from `page` on and always newest first: up to `limit`
    /// deliveries, after looking at no more than `budget`.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn search(
        &self,
        query: &Query,
        now: Timestamp,
        page: Page,
        limit: usize,
        budget: usize,
    ) -> Result<StoreScan, StoreError> {
        if query.is_empty() {
            return self.scan(page, limit, budget, |_, _| Ok(true));
        }
        self.look_through(query, now, (page, limit, budget), |id| self.summary(id))
    }

    /// The numbers of what matches `query` at the moment `now`, the newest first and up to `limit`. Takes eight bytes for each,
    /// and time in proportion to what is looked at.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn matching(&self, query: &Query, now: Timestamp, limit: usize) -> Result<Vec<DeliveryId>, StoreError> {
        let mut found = Vec::new();
        let mut page = Page::Newest;
        while found.len() < limit {
            // Not all in one statement: what it sees must stay in the index's write-ahead log until it ends.
            let budget = (limit - found.len()).min(PART_ROWS);
            let scan = self.look_through(query, now, (page, budget, budget), |id| {
                found.push(id);
                Ok(None)
            })?;
            match scan.next {
                Some(next) => page = Page::Before(next),
                None => break,
            }
        }
        Ok(found)
    }

    /// Hands each delivery that matches to `take`, until that has returned `limit` of them or `budget` were looked at.
    fn look_through(
        &self,
        query: &Query,
        now: Timestamp,
        (page, limit, budget): (Page, usize, usize),
        mut take: impl FnMut(DeliveryId) -> Result<Option<Summary>, StoreError>,
    ) -> Result<StoreScan, StoreError> {
        let mut looked = Looked::new(&self.filled(query.fields())?, query.needs_content());
        let (low, high) = query.ids().into_inner();
        let (low, high, order) = match page {
            Page::Newest => (low, high, "DESC"),
            Page::Before(id) => (low, high.min(id.0.saturating_sub(1)), "DESC"),
            Page::After(id) => (low.max(id.0.saturating_add(1)), high, "ASC"),
        };
        let shown = self.shown()?;
        let sql = format!("{} WHERE d.id BETWEEN ?1 AND ?2{shown} ORDER BY d.id {order}", looked.select());
        self.walk(&sql, params![low, high], (page, limit, budget), |row| {
            looked.at(row)?;
            let id = looked.summary.id;
            let matches = query.matches(&looked.summary, Some(&StoredContent::at(self, id, looked.place)), now);
            Ok((id, if matches { take(id)? } else { None }))
        })
    }

    /// Those of the fields that some delivery has: a table that is empty needs no look for each row.
    pub(super) fn filled(&self, mut fields: Vec<QueriedField>) -> Result<Vec<QueriedField>, StoreError> {
        let connection = self.connection()?;
        let mut failure = None;
        fields.retain(|field| {
            let Some(table) = table_beside(*field) else { return true };
            let some = connection
                .prepare_cached(&format!("SELECT EXISTS (SELECT 1 FROM {table})"))
                .and_then(|mut statement| statement.query_row([], |row| row.get(0)));
            some.unwrap_or_else(|source| {
                failure = Some(source);
                true
            })
        });
        failure.map_or(Ok(fields), |source| Err(self.failed(source)))
    }
}

/// A delivery as far as a filter asks for it. It takes in one row after another, into the same strings.
pub(super) struct Looked {
    /// Each with its first column.
    fields: Vec<(QueriedField, usize)>,
    pub(super) summary: Summary,
    /// The first column of the record's place, where it is read.
    place_column: Option<usize>,
    pub(super) place: Option<LogPlace>,
}

impl Looked {
    /// `content` says whether head or body may be asked for, so that the record's place is wanted.
    pub(super) fn new(fields: &[QueriedField], content: bool) -> Self {
        // The number comes first.
        let mut next = 1;
        let place = |field: &QueriedField| {
            let first = next;
            next += columns(*field).len();
            (*field, first)
        };
        let fields = fields.iter().map(place).collect();
        let place_column = content.then_some(next);
        let summary = Summary {
            id: DeliveryId(0),
            received_at: Timestamp::UNIX_EPOCH,
            remote: String::new(),
            method: String::new(),
            path: String::new(),
            webhook: None,
            intake: Intake::Complete,
            event: EventFacts::default(),
            judgement: Judgement::bare(Verdict::NotJudged),
            body_bytes: 0,
            framing_bytes: 0,
            cause: None,
            marks: crate::delivery::Marks::default(),
            image: None,
            answer: None,
        };
        Self { fields, summary, place_column, place: None }
    }

    /// The statement's columns and tables.
    pub(super) fn select(&self) -> String {
        // Answers have columns of the same names as deliveries.
        let named = |field| {
            columns(field).iter().map(move |column| format!(", {}.{column}", table_beside(field).unwrap_or("d")))
        };
        let columns: String = self.fields.iter().flat_map(|(field, _)| named(*field)).collect();
        let place = if self.place_column.is_some() { ", d.segment, d.position, d.record_bytes" } else { "" };
        let joins: String = self.fields.iter().map(|(field, _)| join(*field)).collect();
        format!("SELECT d.id{columns}{place} FROM deliveries d{joins}")
    }

    /// Takes in a row.
    pub(super) fn at(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let unreadable = |id| move |source| StoreError::UnreadableRow { id, source };
        let id = row.get(0).map(DeliveryId).map_err(unreadable(DeliveryId(0)))?;
        self.summary.id = id;
        self.fields_at(row).map_err(unreadable(id))?.map_err(|column| StoreError::UnknownValue { id, column })
    }

    /// The inner error is a column that holds what is not known here.
    fn fields_at(&mut self, row: &Row<'_>) -> rusqlite::Result<Result<(), &'static str>> {
        let summary = &mut self.summary;
        for &(field, column) in &self.fields {
            let is_known = match field {
                QueriedField::Received => known(row::received_at(row, column)?, &mut summary.received_at),
                QueriedField::Remote => text(row, column, &mut summary.remote)?,
                QueriedField::Method => text(row, column, &mut summary.method)?,
                QueriedField::Path => text(row, column, &mut summary.path)?,
                QueriedField::Webhook => text_or_null(row, column, &mut summary.webhook)?,
                // Nothing asks for the reason.
                QueriedField::Intake => {
                    known(Intake::from_parts(row.get_ref(column)?.as_str()?, ""), &mut summary.intake)
                }
                QueriedField::Event => {
                    summary.event.simulation = row.get(column + 1)?;
                    text_or_null(row, column, &mut summary.event.event)?
                }
                QueriedField::Items => known(Some(row::items(row, column)?), &mut summary.event.items),
                QueriedField::Verdict => {
                    known(Verdict::from_code(row.get_ref(column)?.as_str()?), &mut summary.judgement.verdict)
                }
                QueriedField::Secret => text_or_null(row, column, &mut summary.judgement.secret)?,
                QueriedField::Timestamp => known(Some(row::timestamp(row, column)?), &mut summary.judgement.timestamp),
                QueriedField::Size => known(Some(row::byte_count(row, column)?), &mut summary.body_bytes),
                QueriedField::Image => known(row::image(row, column)?, &mut summary.image),
                QueriedField::Answer => known(row::answer_facts(row, column)?, &mut summary.answer),
                QueriedField::Cause => text_or_null(row, column, &mut summary.cause)?,
                QueriedField::Marks => known(Some(row::marks(row, column)?), &mut summary.marks),
            };
            if !is_known {
                return Ok(Err(columns(field)[0]));
            }
        }
        self.place = self.place_column.map(|first| row::place(row, first)).transpose()?;
        Ok(Ok(()))
    }
}

/// The columns in which a field is kept.
fn columns(field: QueriedField) -> &'static [&'static str] {
    match field {
        QueriedField::Received => &["received_us"],
        QueriedField::Remote => &["remote"],
        QueriedField::Method => &["method"],
        QueriedField::Path => &["path"],
        QueriedField::Webhook => &["webhook"],
        QueriedField::Intake => &["intake"],
        QueriedField::Event => &["event", "simulation"],
        QueriedField::Items => &["items"],
        QueriedField::Verdict => &["verdict"],
        QueriedField::Secret => &["secret"],
        QueriedField::Timestamp => &["timestamp", "timestamp_unit", "age_ms", "fresh"],
        QueriedField::Size => &["body_bytes"],
        QueriedField::Image => &["image"],
        QueriedField::Answer => &["outcome", "status", "rule", "latency_us"],
        QueriedField::Cause => &["code"],
        QueriedField::Marks => &["pinned", "note", "tags"],
    }
}

/// The table in which a field is kept, where it is not that of deliveries.
fn table_beside(field: QueriedField) -> Option<&'static str> {
    match field {
        QueriedField::Answer => Some("answers"),
        QueriedField::Cause => Some("causes"),
        QueriedField::Marks => Some("marks"),
        _ => None,
    }
}

/// What else must be read for a field.
fn join(field: QueriedField) -> String {
    let join = |table| format!(" LEFT JOIN {table} ON {table}.id = d.id");
    table_beside(field).map(join).unwrap_or_default()
}

/// Puts a value in its place, unless it is none.
fn known<T>(value: Option<T>, place: &mut T) -> bool {
    value.map(|value| *place = value).is_some()
}

fn text(row: &Row<'_>, column: usize, place: &mut String) -> rusqlite::Result<bool> {
    take(row.get_ref(column)?, place)?;
    Ok(true)
}

/// Takes over a text. In most columns a row holds what the one before it held, and to compare the two is less than to
/// look whether it is UTF-8.
fn take(value: ValueRef<'_>, place: &mut String) -> Result<(), FromSqlError> {
    if !matches!(value, ValueRef::Text(text) if text == place.as_bytes()) {
        place.clear();
        place.push_str(value.as_str()?);
    }
    Ok(())
}

fn text_or_null(row: &Row<'_>, column: usize, place: &mut Option<String>) -> rusqlite::Result<bool> {
    match row.get_ref(column)? {
        ValueRef::Null => *place = None,
        value => take(value, place.get_or_insert_default())?,
    }
    Ok(true)
}
