//! Stored deliveries judged again under the current secrets. The verdict at capture stays; the new one is told beside it.

use super::diagnosis::Subject;
use crate::config::Registry;
use crate::delivery::{DeliveryId, Summary, Verdict};
use crate::store::{Page, Reader, StoreError};

/// Rows read at once.
const PAGE: usize = 200;
/// Rows looked at, and bytes of bodies hashed, the newest first: what a person may scroll to, in a few seconds.
pub const REJUDGED_ROWS: usize = 20_000;
const REJUDGED_BYTES: u64 = 512 * 1024 * 1024;

/// What came of it so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct JudgedAgain {
    /// Verdicts that differ from those at capture.
    pub verdicts: Vec<(DeliveryId, Verdict)>,
    /// Deliveries looked at.
    pub looked_at: u64,
    /// Deliveries judged again: those that did not verify at capture.
    pub judged: u64,
    /// Those of them that verify with the secret in question.
    pub verified: u64,
    /// Whether that was every such delivery of the store, once it is done.
    pub is_all: bool,
}

/// Judges what did not verify at capture, the newest first, and counts what verifies with the secret called `label`.
/// `go_on` is asked before each delivery, and may take the verdicts so far; `None` once it says no.
///
/// # Errors
///
/// [`StoreError`] when the store cannot be read.
pub fn judge_again(
    reader: &Reader,
    registry: &Registry,
    label: &str,
    go_on: &mut dyn FnMut(&mut JudgedAgain) -> bool,
) -> Result<Option<JudgedAgain>, StoreError> {
    let (mut page, mut rows_left, mut bytes_left) = (Page::Newest, REJUDGED_ROWS, REJUDGED_BYTES);
    let mut so_far = JudgedAgain::default();
    loop {
        let rows = reader.page(page, PAGE)?;
        for row in &rows {
            if !go_on(&mut so_far) {
                return Ok(None);
            }
            so_far.looked_at += 1;
            if matches!(row.judgement.verdict, Verdict::Verified | Verdict::NotJudged) {
                continue;
            }
            let Some(left) = bytes_left.checked_sub(row.body_bytes) else { return Ok(Some(so_far)) };
            bytes_left = left;
            judge(reader, row, registry, label, &mut so_far)?;
        }
        rows_left = rows_left.saturating_sub(rows.len());
        match rows.last() {
            Some(last) if rows.len() == PAGE && rows_left > 0 => page = Page::Before(last.id),
            _ => {
                so_far.is_all = rows.len() < PAGE;
                return Ok(Some(so_far));
            }
        }
    }
}

fn judge(
    reader: &Reader,
    row: &Summary,
    registry: &Registry,
    label: &str,
    so_far: &mut JudgedAgain,
) -> Result<(), StoreError> {
    // Deleted in the meantime.
    let Some(delivery) = reader.load(row.id)? else { return Ok(()) };
    let now = Subject::of(&delivery, registry).judge();
    so_far.judged += 1;
    if now.verdict != row.judgement.verdict {
        so_far.verdicts.push((row.id, now.verdict));
    }
    let is_verified = now.verdict == Verdict::Verified && row.intake.is_whole();
    so_far.verified += u64::from(is_verified && now.secret.as_deref() == Some(label));
    Ok(())
}
