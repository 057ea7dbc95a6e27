//! What a store holds already of what is to be imported: taken in before, or received by itself.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};

use super::Imported;
use crate::delivery::{DeliveryId, Intake, Summary};
use crate::store::{Page, Reader, StoreError};

/// Deliveries that are looked at, the newest first.
const ROWS: usize = 50_000;
/// Between the moment that a tunnel's agent names and the one at which its request was whole here.
const LAG: SignedDuration = SignedDuration::from_secs(10);

/// The deliveries of a store by method and path, among which those are found that an agent saw as well.
#[derive(Debug)]
pub struct KnownDeliveries<'a> {
    reader: &'a Reader,
    rows: HashMap<(String, String), Vec<Summary>>,
}

/// Why a request need not be imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AlreadyKnown {
    /// It was imported before.
    Imported(DeliveryId),
    /// This store's listener received it itself.
    Received(DeliveryId),
}

impl AlreadyKnown {
    /// In words.
    #[must_use]
    pub fn words(self) -> String {
        match self {
            Self::Imported(id) => format!("it was imported before, as delivery {id}"),
            Self::Received(id) => format!("it was received here, as delivery {id}"),
        }
    }
}

impl<'a> KnownDeliveries<'a> {
    /// The deliveries of a store from `earliest` on.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn since(reader: &'a Reader, earliest: Timestamp) -> Result<Self, StoreError> {
        let earliest = earliest.checked_sub(LAG).unwrap_or(Timestamp::MIN);
        let mut rows: HashMap<_, Vec<Summary>> = HashMap::new();
        reader.scan(Page::Newest, usize::MAX, ROWS, |summary, _| {
            if summary.received_at >= earliest {
                let key = (summary.method.clone(), summary.path.clone());
                rows.entry(key).or_default().push(summary.clone());
            }
            Ok(false)
        })?;
        Ok(Self { reader, rows })
    }

    /// The delivery that is the same request.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn find(&self, imported: &Imported) -> Result<Option<AlreadyKnown>, StoreError> {
        let captured = &imported.captured;
        let Some(rows) = self.rows.get(&(captured.method.clone(), captured.path.clone())) else { return Ok(None) };
        for row in rows {
            let is_imported = row.is_imported();
            let is_near = match is_imported {
                true => row.received_at.as_microsecond() == captured.received_at.as_microsecond(),
                false => is_near(row.received_at, captured.received_at),
            };
            if !is_near {
                continue;
            }
            let Some(delivery) = self.reader.load(row.id)? else { continue };
            let is_same = match is_imported {
                true => delivery.head == captured.head && delivery.body == captured.body,
                false => is_same_body(&captured.body, &captured.intake, &delivery.body),
            };
            if is_same {
                let known = if is_imported { AlreadyKnown::Imported } else { AlreadyKnown::Received };
                return Ok(Some(known(row.id)));
            }
        }
        Ok(None)
    }
}

/// When the deliveries of a store were received, by which the copies are found of what is imported again.
#[derive(Debug)]
pub struct ReceivedBefore<'a> {
    reader: &'a Reader,
    moments: Vec<(i64, DeliveryId)>,
}

impl<'a> ReceivedBefore<'a> {
    /// Those of every delivery.
    ///
    /// # Errors
    ///
    /// [`StoreError`] when the store cannot be read.
    pub fn of(reader: &'a Reader) -> Result<Self, StoreError> {
        Ok(Self { reader, moments: reader.moments()? })
    }

    /// The delivery of the same microsecond, head and body. One that cannot be read is none.
    #[must_use]
    pub fn find(&self, imported: &Imported) -> Option<DeliveryId> {
        let captured = &imported.captured;
        let at = captured.received_at.as_microsecond();
        let first = self.moments.partition_point(|(moment, _)| *moment < at);
        let same = self.moments[first..].iter().take_while(|(moment, _)| *moment == at);
        same.map(|(_, id)| *id).find(|id| {
            let delivery = self.reader.load(*id).ok().flatten();
            delivery.is_some_and(|delivery| delivery.head == captured.head && delivery.body == captured.body)
        })
    }
}

/// Whether a tunnel's agent, at `at`, may have seen the request that was received here at `received_at`.
#[must_use]
pub fn is_near(received_at: Timestamp, at: Timestamp) -> bool {
    received_at.duration_since(at).abs() <= LAG
}

/// Whether an agent's body is that of a delivery, as far as the agent kept it.
#[must_use]
pub fn is_same_body(agents: &[u8], intake: &Intake, ours: &[u8]) -> bool {
    if intake.is_complete() { agents == ours } else { ours.starts_with(agents) }
}
