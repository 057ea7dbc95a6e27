//! A request ends at the same byte however the network cuts it.

use whyhook::http::framing::{check_start, inspect};
use whyhook::http::{BodyFraming, BodyLength, head_end};

/// Where a body ends when it comes in pieces: how much was taken, and what was wrong.
fn follow(length: BodyLength, bytes: &[u8], cuts: &[u8]) -> (BodyFraming, usize, Option<&'static str>) {
    let mut framing = BodyFraming::new(length);
    let (mut taken, mut cuts) = (0, cuts.iter().cycle());
    while taken < bytes.len() && !framing.is_done() {
        let step = cuts.next().map_or(usize::MAX, |cut| usize::from(*cut) + 1);
        let end = bytes.len().min(taken.saturating_add(step));
        match framing.advance(&bytes[taken..end]) {
            Ok(more) => {
                assert!(more > 0 && more <= end - taken, "a body that goes on takes something");
                taken += more;
            }
            Err(fault) => return (framing, taken, Some(fault)),
        }
    }
    (framing, taken, None)
}

/// Where to cut, and what comes over the wire.
pub fn run(data: &[u8]) {
    let [cuts, bytes] = super::fields(data);
    let _ = check_start(bytes);

    let whole = head_end(bytes, 0);
    let (mut found, mut seen, mut steps) = (None, 0, cuts.iter().cycle());
    while found.is_none() && seen < bytes.len() {
        let step = steps.next().map_or(usize::MAX, |cut| usize::from(*cut) + 1);
        let end = bytes.len().min(seen.saturating_add(step));
        found = head_end(&bytes[..end], seen);
        seen = end;
    }
    assert_eq!(found, whole, "the head's end depends on how it was cut");

    let end = whole.unwrap_or(bytes.len());
    let mut lengths = vec![BodyLength::Chunked, BodyLength::Known(cuts.len() as u64)];
    if let Ok(request) = inspect(&bytes[..end]) {
        assert_eq!(check_start(bytes), Ok(()), "a head is accepted whose start is not");
        lengths.push(request.length);
    }
    for length in lengths {
        let (once, at_once, fault) = follow(length, &bytes[end..], &[]);
        let (pieces, in_pieces, other) = follow(length, &bytes[end..], cuts);
        assert_eq!((fault.is_some(), once.is_done()), (other.is_some(), pieces.is_done()));
        assert!(fault.is_some() || at_once == in_pieces, "the body's end depends on how it was cut");
    }
}
