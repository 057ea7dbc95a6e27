//! A response ends at the same byte however the network cuts it, and never beyond its limits.

use whyhook::http::{BodyEnd, HttpResponse, SendError, read_response};

const HEAD_LIMIT: usize = 1000;
const BODY_LIMIT: usize = 300;

/// The request's method, where to cut, and what comes over the wire.
pub fn run(data: &[u8]) {
    let [method, cuts, bytes] = super::fields(data);
    let whole = read(method, bytes, &[]);
    let pieces = read(method, bytes, cuts);
    match (whole, pieces) {
        (Ok(whole), Ok(pieces)) => {
            assert_eq!((whole.status, &whole.head), (pieces.status, &pieces.head));
            // A fault in the chunks may be found before or after what came together with it.
            let is_fault = |reply: &HttpResponse| matches!(reply.end, BodyEnd::Malformed | BodyEnd::Limit);
            assert_eq!(is_fault(&whole), is_fault(&pieces), "{:?}, {:?}", whole.end, pieces.end);
            assert!(is_fault(&whole) || (whole.end, &whole.body) == (pieces.end, &pieces.body));
            let _ = whole.head.fields().count();
        }
        (Err(whole), Err(pieces)) => [whole, pieces].iter().for_each(|error| super::assert_visible(&error.to_string())),
        (whole, pieces) => panic!("whole {whole:?}, in pieces {pieces:?}"),
    }
}

fn read(method: &[u8], bytes: &[u8], cuts: &[u8]) -> Result<HttpResponse, SendError> {
    let (mut rest, mut cuts) = (bytes, cuts.iter().cycle());
    let pieces = std::iter::from_fn(|| {
        let step = cuts.next().map_or(rest.len(), |cut| rest.len().min(usize::from(*cut) + 1));
        let (piece, after) = rest.split_at(step);
        rest = after;
        (!piece.is_empty()).then_some(piece)
    });
    let reply = read_response(method, pieces, HEAD_LIMIT, BODY_LIMIT)?;
    assert!(reply.body.len() <= BODY_LIMIT && reply.head.len() <= HEAD_LIMIT);
    Ok(reply)
}
