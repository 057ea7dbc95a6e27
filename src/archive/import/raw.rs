//! One raw request: head and body section as on the wire, as `whyhook export --as raw` writes them. A body that is
//! announced in chunks and holds none is taken as what the chunks held.

use std::io::{BufRead, Read as _};

use super::sink::{ForeignRequest, Sink};
use super::{DELIVERY_LIMIT, ImportError};
use crate::delivery::Intake;
use crate::http::{BodyFraming, BodyLength, ChunkPiece, WireFraming, WireFramingBuilder, framing};

pub(super) fn read(sink: &mut Sink<'_, '_>, input: &mut dyn BufRead) -> Result<(), ImportError> {
    let mut bytes = Vec::new();
    input.take(DELIVERY_LIMIT + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > DELIVERY_LIMIT {
        return Err(ImportError::Request(format!("it is longer than {DELIVERY_LIMIT} bytes")));
    }
    sink.request(request(bytes).map_err(ImportError::Request)?)
}

/// Head and body of the one request that `bytes` are.
pub(super) fn request(mut bytes: Vec<u8>) -> Result<ForeignRequest, String> {
    framing::check_start(&bytes).map_err(|fault| fault.reason)?;
    let searched = &bytes[..bytes.len().min(framing::HEAD_LIMIT)];
    let end = framing::head_end(searched, 0)
        .ok_or_else(|| format!("no empty line after the head within {} bytes", searched.len()))?;
    let said = framing::inspect(&bytes[..end]).map_err(|fault| fault.reason)?;
    let body = bytes.split_off(end);
    // Without a length, all that follows is the body, as `verify --request` takes it.
    let (body, framing, intake) = match said.is_silent {
        true => (body, WireFraming::NONE, Intake::Complete),
        false => content(body, said.length)?,
    };
    Ok(ForeignRequest { head: bytes, body, framing, intake, ..ForeignRequest::default() })
}

/// The body of a section that ends where the file does.
fn content(mut body: Vec<u8>, length: BodyLength) -> Result<(Vec<u8>, WireFraming, Intake), String> {
    match length {
        BodyLength::Known(length) => match (body.len() as u64).cmp(&length) {
            std::cmp::Ordering::Equal => Ok((body, WireFraming::NONE, Intake::Complete)),
            std::cmp::Ordering::Less => {
                let reason = format!("the file ends after {} of {length} bytes of body", body.len());
                Ok((body, WireFraming::NONE, Intake::Truncated(reason)))
            }
            std::cmp::Ordering::Greater => {
                // An editor's final line end is not a second request.
                let more = body.split_off(usize::try_from(length).unwrap_or(usize::MAX));
                if more.iter().all(|byte| matches!(byte, b'\r' | b'\n')) {
                    Ok((body, WireFraming::NONE, Intake::Complete))
                } else {
                    Err(format!(
                        "{} bytes follow the body, which ends after {length}: one file holds one request",
                        more.len()
                    ))
                }
            }
        },
        BodyLength::Chunked => {
            let (body, framing) = unchunked(&body).unwrap_or((body, WireFraming::NONE));
            Ok((body, framing, Intake::Complete))
        }
    }
}

/// What the chunks hold and what stands around it, when all of `section` is chunks.
pub(super) fn unchunked(section: &[u8]) -> Option<(Vec<u8>, WireFraming)> {
    let mut framing = BodyFraming::new(BodyLength::Chunked);
    let (mut body, mut around) = (Vec::new(), WireFramingBuilder::default());
    let taken = framing.decode(section, |piece| match piece {
        ChunkPiece::Data(bytes) => {
            body.extend_from_slice(bytes);
            around.data(bytes.len());
        }
        ChunkPiece::Framing(bytes) => around.framing(bytes),
    });
    (framing.is_done() && taken == Ok(section.len())).then(|| (body, around.finish()))
}
