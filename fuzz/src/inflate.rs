//! What every content coding keeps to, whatever bytes it is given.

use whyhook::payload::inflate::{Coding, InflateBudget, InflateStop, Inflated, MOST_FACTOR, inflate_prefix};

/// The least that an output takes, however short it is.
const LEAST_CAPACITY: usize = 16 * 1024;

/// Inflates within the bounds of an opened body and of facts, and checks both.
pub(super) fn within_bounds(coding: Coding, body: &[u8]) -> Inflated {
    let opened = checked(coding, body, InflateBudget::opening(body.len()));
    assert!(opened.bytes.len() as u64 <= body.len() as u64 * MOST_FACTOR);
    let facts = checked(coding, body, InflateBudget::facts());
    let (shorter, longer) = if facts.bytes.len() < opened.bytes.len() { (&facts, &opened) } else { (&opened, &facts) };
    // A smaller budget ends it earlier, and changes nothing before.
    assert!(longer.bytes.starts_with(&shorter.bytes), "two budgets, two outputs");
    opened
}

fn checked(coding: Coding, body: &[u8], budget: InflateBudget) -> Inflated {
    let mut left = budget.clone();
    let inflated = inflate_prefix(coding, body, &mut left);
    assert!(inflated.stop != Some(InflateStop::Failed), "the decoder panicked");
    assert_eq!(left.bytes() + inflated.bytes.len() as u64, budget.bytes(), "what came out is taken from the budget");
    let most = (2 * inflated.bytes.len()).max(LEAST_CAPACITY + 1);
    assert!(inflated.bytes.capacity() <= most, "{} bytes of memory", inflated.bytes.capacity());
    if let Some(stop) = &inflated.stop {
        super::assert_visible(&stop.to_string());
    }
    inflated
}

/// What another decoder makes of it, at most one byte more than `most`; `None` when it refuses.
pub(super) fn by_another(decoder: impl std::io::Read, most: usize) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    std::io::Read::read_to_end(&mut std::io::Read::take(decoder, most as u64 + 1), &mut bytes).ok()?;
    Some(bytes)
}
