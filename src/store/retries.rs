//! Finding a sender's other attempts at a delivery.
//!
//! Rows near the delivery are looked through for a body of the same length (or, where the envelope has a
//! time of its own, nearly so); the bodies of those are compared. Nothing is written for it when a
//! delivery is kept.

use rusqlite::params;

use super::{Reader, StoreError, row};
use crate::delivery::{DeliveryId, Retry, Summary, sameness, schedule};

/// Rows on each side of the delivery that are looked at.
const NEAR: i64 = 20_000;
/// Bodies that are compared.
const COMPARED: usize = 200;
/// How far the length may differ where only the envelope's time does.
const TIME_DIGITS: i64 = 4;
/// Larger bodies are not compared: a sender's retries of them would take seconds to read.
const LARGEST: u64 = 8 * 1024 * 1024;

impl Reader {
    /// A sender's attempts at the same delivery, this one among them, the earliest first; empty when it is
    /// the only one. At most 200 candidates are compared, those nearest by number.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn retries(&self, id: DeliveryId) -> Result<Vec<Retry>, StoreError> {
        let Some(delivery) = self.load(id)? else { return Ok(Vec::new()) };
        if delivery.body.is_empty() || delivery.summary.body_bytes > LARGEST {
            return Ok(Vec::new());
        }
        let mut found = Vec::new();
        for candidate in self.candidates(&delivery.summary)? {
            // One whose bytes are lost is not a reason to show none.
            let other = match self.load(candidate.id) {
                Ok(Some(other)) => other,
                Ok(None) | Err(StoreError::RecordLost { .. }) => continue,
                Err(error) => return Err(error),
            };
            let time = |summary: &Summary| summary.event.timestamp_ms;
            let same = sameness((&delivery.body, time(&delivery.summary)), (&other.body, time(&candidate)));
            found.extend(same.map(|same| (candidate, same)));
        }
        Ok(if found.len() < 2 { Vec::new() } else { schedule(found) })
    }

    /// Deliveries that may be attempts at the same, the nearest first.
    fn candidates(&self, summary: &Summary) -> Result<Vec<Summary>, StoreError> {
        let slack = if summary.event.timestamp_ms.is_some() { TIME_DIGITS } else { 0 };
        let bytes = i64::try_from(summary.body_bytes).unwrap_or(i64::MAX);
        let sql = format!(
            "SELECT {} FROM {}
             WHERE d.id BETWEEN ?1 - ?2 AND ?1 + ?2 AND d.body_bytes BETWEEN ?3 - ?4 AND ?3 + ?4
               AND d.event IS ?5 AND d.intake = 'complete'{}
             ORDER BY abs(d.id - ?1) LIMIT ?6",
            row::SUMMARY_COLUMNS,
            row::SUMMARY_TABLES,
            self.shown()?
        );
        let connection = self.connection()?;
        let mut statement = connection.prepare_cached(&sql).map_err(|source| self.failed(source))?;
        let limit = i64::try_from(COMPARED).unwrap_or(i64::MAX);
        statement
            .query_map(params![summary.id.0, NEAR, bytes, slack, summary.event.event, limit], row::summary)
            .map_err(|source| self.failed(source))?
            .map(|row| row.map_err(|source| self.failed(source))?)
            .collect()
    }
}
