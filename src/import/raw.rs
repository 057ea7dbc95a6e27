//! One raw request: head and body as on the wire, or as `whyhook export --as raw` writes them, with the
//! chunk framing of the body removed already.

use std::io::{BufRead, Read as _};

use super::{DELIVERY_LIMIT, ImportError, Imported, Importer, Taker};
use crate::delivery::Intake;
use crate::listener::framing::{self, BodyFraming, BodyLength, ChunkState};

pub(super) fn read(importer: &Importer<'_>, input: &mut dyn BufRead, take: Taker<'_>) -> Result<u64, ImportError> {
    let mut bytes = Vec::new();
    input.take(DELIVERY_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > DELIVERY_LIMIT {
        return Err(ImportError::Request(format!("it is longer than {DELIVERY_LIMIT} bytes")));
    }
    let refused = |reason: String| ImportError::Request(reason);
    framing::check_start(&bytes).map_err(|fault| refused(fault.reason))?;
    let searched = &bytes[..bytes.len().min(framing::HEAD_LIMIT)];
    let end = framing::head_end(searched, 0)
        .ok_or_else(|| refused(format!("no empty line ends the head within {} bytes", searched.len())))?;
    let length = framing::inspect(&bytes[..end]).map_err(|fault| refused(fault.reason))?.length;
    let body = bytes.split_off(end);
    let (body, intake) = content(body, length).map_err(refused)?;
    take(Imported { captured: importer.judged(importer.now, bytes, body, intake), answer: None, diagnosis: None })?;
    Ok(1)
}

fn content(mut body: Vec<u8>, length: BodyLength) -> Result<(Vec<u8>, Intake), String> {
    match length {
        BodyLength::Known(length) => match (body.len() as u64).cmp(&length) {
            std::cmp::Ordering::Equal => Ok((body, Intake::Complete)),
            std::cmp::Ordering::Less => {
                let reason = format!("the file ends after {} of {length} bytes of body", body.len());
                Ok((body, Intake::Truncated(reason)))
            }
            std::cmp::Ordering::Greater => {
                // An editor's final line end is no second request.
                let more = body.split_off(usize::try_from(length).unwrap_or(usize::MAX));
                if more.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                    Ok((body, Intake::Complete))
                } else {
                    Err(format!(
                        "{} bytes follow the body, which ends after {length}: one file holds one request",
                        more.len()
                    ))
                }
            }
        },
        BodyLength::Chunked => Ok((unchunked(&body).unwrap_or(body), Intake::Complete)),
    }
}

/// What the chunks hold, when all of `body` is chunks.
fn unchunked(body: &[u8]) -> Option<Vec<u8>> {
    let mut framing = BodyFraming::new(BodyLength::Chunked);
    let mut data = Vec::new();
    for byte in body {
        if framing.is_done() {
            return None;
        }
        if matches!(framing, BodyFraming::Chunked(ChunkState::Data(_))) {
            data.push(*byte);
        }
        framing.advance(&[*byte]).ok()?;
    }
    framing.is_done().then_some(data)
}
