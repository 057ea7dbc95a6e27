//! What the listener accepts is read the same way by two other readers, and no byte of one request is ever part of
//! another.

use bytes::Bytes;
use whyhook::http::framing::find_head;
use whyhook::http::{BodyFraming, ChunkPiece, Head, WireFramingBuilder};

use super::references::{Request, httparse_head, hyper_requests};

/// A whole request that the listener accepts, and where it lies.
struct Accepted {
    request: Request,
    head: std::ops::Range<usize>,
    end: usize,
    /// Whether another may follow on the connection.
    stays: bool,
    is_connect: bool,
}

/// The whole requests that the listener accepts from a connection, up to the first that it does not.
fn accepted(bytes: &[u8]) -> Vec<Accepted> {
    let mut all: Vec<Accepted> = Vec::new();
    let mut at = 0;
    while all.last().is_none_or(|last| last.stays) {
        let Ok(Some(found)) = find_head(&bytes[at..], 0) else { break };
        let head = at..at + found.length;
        let mut framing = BodyFraming::new(found.framing.length);
        let (mut body, mut around) = (Vec::new(), WireFramingBuilder::default());
        let taken = framing.decode(&bytes[head.end..], |piece| match piece {
            ChunkPiece::Data(bytes) => {
                body.extend_from_slice(bytes);
                around.data(bytes.len());
            }
            ChunkPiece::Framing(bytes) => around.framing(bytes),
        });
        let Some(taken) = taken.ok().filter(|_| framing.is_done()) else { break };
        let end = head.end + taken;
        // What is kept is what came.
        let wire = around.finish().wire(&Bytes::from(body.clone()));
        assert_eq!(&wire[..], &bytes[head.end..end], "the body section is not what came");
        let parsed = Head::from(bytes[head.clone()].to_vec());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let fields = parsed.pairs().map(|(name, value)| (text(name).to_ascii_lowercase(), value.to_vec())).collect();
        let request = Request { method: text(parsed.method()), target: text(parsed.target()), fields, body };
        let is_connect = request.method == "CONNECT";
        all.push(Accepted { request, head, end, stays: found.framing.keep_alive, is_connect });
        at = end;
    }
    all
}

/// The same bytes with `/aaa` in the place of each target that is not a URI, which the others refuse for it alone.
fn with_uris(bytes: &[u8]) -> Vec<u8> {
    let mut plain = bytes.to_vec();
    for Accepted { head, .. } in accepted(bytes) {
        let target = Head::from(bytes[head.clone()].to_vec()).target().to_vec();
        // An empty line may come first, and a method holds no space.
        let start = bytes[head.clone()].iter().position(|byte| *byte == b' ').map(|space| head.start + space + 1);
        if let Some(start) = start.filter(|_| hyper::Uri::try_from(&target[..]).is_err()) {
            plain[start..start + target.len()].fill(b'a');
            plain[start] = b'/';
        }
    }
    plain
}

/// The bytes of a connection.
pub fn run(bytes: &[u8]) {
    let all = accepted(bytes).len();
    let bytes = &with_uris(bytes)[..];
    let accepted = accepted(bytes);
    assert_eq!(accepted.len(), all, "where a request ends depends on its target");
    if accepted.is_empty() {
        return;
    }
    let hyper = hyper_requests(&bytes[..accepted.last().map_or(0, |last| last.end)]);
    let mut before = 0;
    for (number, accepted) in accepted.iter().enumerate() {
        let Accepted { request, head, end, is_connect, .. } = accepted;
        assert_eq!(head.start, before, "a byte between two requests belongs to none");
        before = *end;
        let (theirs, length) = httparse_head(&bytes[head.start..]).expect("httparse accepts the head");
        assert_eq!(head.len(), length, "httparse ends the head elsewhere");
        let ours = Request { body: Vec::new(), ..request.clone() };
        assert_eq!(theirs, ours, "httparse reads another head");
        // Behind CONNECT hyper reads no more requests, nor a body.
        if *is_connect {
            return;
        }
        let theirs = hyper.get(number).unwrap_or_else(|| panic!("hyper does not read request {number}"));
        assert_eq!(
            (&theirs.method, &theirs.body),
            (&request.method, &request.body),
            "hyper reads request {number} otherwise"
        );
        // Values by name, in their order; hyper keeps no order between names.
        for (name, _) in &request.fields {
            let values = |request: &Request| {
                request.fields.iter().filter(|field| field.0 == *name).map(|field| field.1.clone()).collect::<Vec<_>>()
            };
            assert_eq!(values(theirs), values(request), "hyper reads {name} otherwise");
        }
    }
    assert_eq!(hyper.len(), accepted.len(), "hyper reads more requests");
}
