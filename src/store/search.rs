//! Searching the store: of a row only those columns are read that the filter asks for, and only what
//! matches is read whole. Most rows of a search match nothing, and most of a row is never asked for.

use jiff::Timestamp;
use rusqlite::{Row, params};

use super::{Page, Reader, StoreError, StoreScan, StoredContent, row};
use crate::delivery::{DeliveryId, EventFacts, Intake, Judgement, Summary, Verdict};
use crate::query::{QueriedField, Query};

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
        let mut looked = Looked::new(&query.fields());
        let (low, high) = query.ids().into_inner();
        let (low, high, order) = match page {
            Page::Newest => (low, high, "DESC"),
            Page::Before(id) => (low, high.min(id.0.saturating_sub(1)), "DESC"),
            Page::After(id) => (low.max(id.0.saturating_add(1)), high, "ASC"),
        };
        let shown = self.shown()?;
        let sql = format!("{} WHERE d.id BETWEEN ?1 AND ?2{shown} ORDER BY d.id {order}", looked.select());
        self.walk(&sql, params![low, high], (page, limit, budget), |row| {
            looked.at(row).map_err(|source| self.failed(source))??;
            let id = looked.summary.id;
            let matches = query.matches(&looked.summary, Some(&StoredContent::new(self, id)), now);
            Ok((id, if matches { self.summary(id)? } else { None }))
        })
    }
}

/// A delivery as far as a filter asks for it. It takes in one row after another, into the same strings.
pub(super) struct Looked {
    /// Each with its first column.
    fields: Vec<(QueriedField, usize)>,
    pub(super) summary: Summary,
}

impl Looked {
    pub(super) fn new(fields: &[QueriedField]) -> Self {
        // The number comes first.
        let mut next = 1;
        let place = |field: &QueriedField| {
            let first = next;
            next += columns(*field).len();
            (*field, first)
        };
        let fields = fields.iter().map(place).collect();
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
        Self { fields, summary }
    }

    /// The statement's columns and tables.
    pub(super) fn select(&self) -> String {
        // Answers have columns of the same names as deliveries.
        let named =
            |field: QueriedField| columns(field).iter().map(move |column| format!(", {}.{column}", table(field)));
        let columns: String = self.fields.iter().flat_map(|(field, _)| named(*field)).collect();
        let joins: String = self.fields.iter().map(|(field, _)| join(*field)).collect();
        format!("SELECT d.id{columns} FROM deliveries d{joins}")
    }

    pub(super) fn at(&mut self, row: &Row<'_>) -> rusqlite::Result<Result<(), StoreError>> {
        let summary = &mut self.summary;
        summary.id = DeliveryId(row.get(0)?);
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
                return Ok(Err(StoreError::UnknownValue { id: summary.id, column: columns(field)[0] }));
            }
        }
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

/// The table of a field, by its name in the statement.
fn table(field: QueriedField) -> char {
    match field {
        QueriedField::Answer => 'a',
        QueriedField::Cause => 'c',
        QueriedField::Marks => 'm',
        _ => 'd',
    }
}

/// What else must be read for a field.
fn join(field: QueriedField) -> &'static str {
    match field {
        QueriedField::Answer => " LEFT JOIN answers a ON a.id = d.id",
        QueriedField::Cause => " LEFT JOIN causes c ON c.id = d.id",
        QueriedField::Marks => " LEFT JOIN marks m ON m.id = d.id",
        _ => "",
    }
}

/// Puts a value in its place, unless it is none.
fn known<T>(value: Option<T>, place: &mut T) -> bool {
    value.map(|value| *place = value).is_some()
}

fn text(row: &Row<'_>, column: usize, place: &mut String) -> rusqlite::Result<bool> {
    place.clear();
    place.push_str(row.get_ref(column)?.as_str()?);
    Ok(true)
}

fn text_or_null(row: &Row<'_>, column: usize, place: &mut Option<String>) -> rusqlite::Result<bool> {
    match row.get_ref(column)?.as_str_or_null()? {
        Some(value) => {
            let place = place.get_or_insert_default();
            place.clear();
            place.push_str(value);
        }
        None => *place = None,
    }
    Ok(true)
}
