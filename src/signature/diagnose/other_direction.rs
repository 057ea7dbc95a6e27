//! The other direction: the signature is valid here, and another server refuses it.
//!
//! Then that server hashes different bytes. [`other_direction`] lists the well-known re-serialisations
//! that change *this* body, and [`explain_digest`] says which mistake yields a digest that the server
//! printed.

use std::fmt;

use super::axis::Ways;
use super::bodies::{Bodies, first_difference};
use super::{
    Budget, BytePlace, CauseCode, Diagnosis, Evidence, NotADigest, PrintedDigest, Request, explain, search, structure,
};
use crate::signature::judge;
use crate::signature::scheme::{Parts, signed_url};
use crate::signature::verify::described_digest;

/// One rewriting that changes a body.
#[derive(Clone, PartialEq, Eq)]
pub struct Rewriting {
    /// What kind of change it is.
    pub code: CauseCode,
    /// What it does, in words.
    pub detail: String,
    /// Everything that yields the same bytes.
    pub names: Vec<String>,
    /// The first byte that differs: what arrived, and what that server would hash.
    pub at: BytePlace,
    /// Bytes of the rewritten body.
    pub length: usize,
    /// As the scheme writes it.
    digest: String,
}

impl Rewriting {
    /// The digest that a server which rewrites so computes. A credential for those bytes: show it
    /// only when asked.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

impl fmt::Debug for Rewriting {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, detail, names, at, length, digest: _ } = self;
        formatter
            .debug_struct("Rewriting")
            .field("code", code)
            .field("detail", detail)
            .field("names", names)
            .field("at", at)
            .field("length", length)
            .finish_non_exhaustive()
    }
}

/// Lists the rewritings that change a request's body, the most common first, each with the digest that its scheme makes
/// of them under the first secret. One that leaves the body as it is cannot be the server's mistake, and is left out.
/// None under a scheme without a shared secret, or whose digest the body is no part of.
#[must_use]
pub fn other_direction(request: &Request<'_>) -> Vec<Rewriting> {
    let (scheme, Some(secret)) = (request.scheme, request.secrets.first()) else { return Vec::new() };
    if scheme.algorithm().is_none() || !scheme.covers_body() {
        return Vec::new();
    }
    let body = request.body;
    let structure = structure::read(request);
    let url = signed_url(scheme, request.head);
    let digest_of = |bytes: &[u8]| {
        let parts = Parts {
            timestamp: structure.timestamp.as_deref().unwrap_or_default(),
            id: structure.id.as_deref().unwrap_or_default(),
            value: Some(&structure.value),
            secret: secret.expose(),
            ..Parts::of(scheme, request.head, &url, bytes)
        };
        described_digest(scheme, secret, &parts).map(|digest| scheme.encoding.encode(&digest))
    };
    let mut bodies = Bodies::new(body, b"");
    let mut made = Vec::new();
    bodies.build(0, |index, bytes| {
        if let Some(digest) = digest_of(bytes) {
            made.push((index, first_difference(body, bytes), bytes.len(), digest));
        }
        true
    });
    // By now every entry has all of its names.
    let mut all: Vec<(usize, u16, Rewriting)> = Vec::new();
    for (index, at, length, digest) in made {
        let ways: &Ways = bodies.ways(index);
        let Some(why) = ways.0.first().and_then(|way| way.first()) else { continue };
        let (code, detail, names) = (why.code, why.detail.clone(), why.names.clone());
        all.push((ways.weight(), ways.rank(), Rewriting { code, detail, names, at, length, digest }));
    }
    all.sort_by_key(|(weight, rank, _)| (*weight, *rank));
    all.into_iter().map(|(_, _, rewriting)| rewriting).collect()
}

/// Says which mistake yields a digest that another server computed for this delivery. `text` is the
/// digest in any form that [`PrintedDigest::read`] knows, or a log line that holds it; the evidence `read_as` says how
/// it was read.
///
/// The causes are those of [`super::diagnose`]. When the digest is the expected one, there are none, and
/// the evidence says that the server compares it wrongly (`same_digest`).
///
/// # Errors
///
/// [`NotADigest`] when the text holds none, or several.
pub fn explain_digest(text: &str, request: &Request<'_>, budget: &Budget<'_>) -> Result<Diagnosis, NotADigest> {
    let printed = PrintedDigest::read(text)?;
    let mut structure = structure::read(request);
    structure.received = printed.received(request.scheme.algorithm().unwrap_or_default());
    structure.is_secret = None;
    structure.seen.clear();
    let verdict =
        judge(request.scheme, request.secrets.iter().copied(), request.head, request.body, request.received_at).verdict;
    let found = search::run(request, &structure, budget);
    let is_right = found.matches.iter().any(|found| {
        (found.stamp, found.shape, found.body) == (0, 0, None) && {
            structure.received[found.received].whys.is_empty() && found.key < request.secrets.len()
        }
    });
    let mut diagnosis = explain::digest_report(request, verdict, &structure, &found);
    if is_right {
        diagnosis.causes.clear();
        let text = "the server computed the expected digest: check how it compares (letter case, encoding, bytes against \
                    text), and which header it reads";
        diagnosis.evidence.push(Evidence { code: "same_digest", text: text.to_owned() });
    }
    diagnosis
        .evidence
        .push(Evidence { code: "read_as", text: format!("your server's digest was {}", printed.words()) });
    Ok(diagnosis)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::tests::{BODY, SECRET, secret};
    use super::*;
    use crate::delivery::Intake;
    use crate::http::Head;
    use crate::signature::diagnose::History;
    use crate::signature::{Scheme, sign};

    const T: &str = "1746123456";

    #[test]
    fn only_what_changes_the_body_is_listed() {
        let secret = secret(SECRET.as_bytes());
        let request = |scheme: &Scheme| {
            other_direction(&Request {
                head: &Head::from(format!("POST / HTTP/1.1\r\nX-Webhook-Timestamp: {T}\r\n\r\n")),
                body: br#"{"a":1}"#,
                received_at: Timestamp::UNIX_EPOCH,
                intake: &Intake::Complete,
                scheme,
                secrets: &[&secret],
                others: &[],
                history: &History::default(),
            })
        };
        let all = request(&Scheme::default());
        let names: Vec<&String> = all.iter().flat_map(|rewriting| &rewriting.names).collect();
        assert!(names.iter().any(|name| *name == "Python json.dumps"), "{names:?}");
        assert!(!names.iter().any(|name| *name == "JavaScript JSON.stringify"), "{names:?}");
        let python =
            all.iter().find(|rewriting| rewriting.names.iter().any(|name| name == "Python json.dumps")).unwrap();
        assert_eq!((python.at.offset, python.at.before.as_str(), python.at.after.as_str()), (5, "1}", " 1}"));
        assert_eq!(python.digest(), sign(&secret, T.as_bytes(), br#"{"a": 1}"#));
        assert!(!format!("{python:?}").contains(python.digest()));
        // Under another scheme it is that scheme's.
        let shopify = request(&crate::signature::catalogue::named("shopify").unwrap());
        let own = shopify.iter().find(|rewriting| rewriting.names.iter().any(|name| name == "Python json.dumps"));
        assert_eq!(own.unwrap().digest(), "FyI1M8ZcR7tBfYASbMX1l8kOKQGQjDV5cmvGuGfZvak=");
        assert!(request(&crate::signature::catalogue::named("discord").unwrap()).is_empty());
    }

    fn explained(line: &str) -> Result<Diagnosis, NotADigest> {
        let secret = secret(SECRET.as_bytes());
        let signature = sign(&secret, T.as_bytes(), BODY.as_bytes());
        let head = format!("POST / HTTP/1.1\r\nX-Webhook-Signature: {signature}\r\nX-Webhook-Timestamp: {T}\r\n\r\n");
        let request = Request {
            head: &Head::from(head),
            body: BODY.as_bytes(),
            received_at: Timestamp::from_second(1_746_123_460).unwrap(),
            intake: &Intake::Complete,
            scheme: &Scheme::default(),
            secrets: &[&secret],
            others: &[],
            history: &History::default(),
        };
        explain_digest(line, &request, &Budget::default())
    }

    #[test]
    fn a_log_line_tells_the_mistake() {
        let secret = secret(SECRET.as_bytes());
        let compact = crate::signature::rewrite::Tree::read(BODY.as_bytes())
            .and_then(|tree| crate::signature::rewrite::presets().next()?.apply(&tree, 1 << 20))
            .unwrap();
        let line = format!("[warn] req=7f3a expected={} got=…", sign(&secret, T.as_bytes(), &compact).to_uppercase());
        let diagnosis = explained(&line).unwrap();
        assert_eq!(diagnosis.causes[0].changes[0].code, CauseCode::BodyReserialized);
        let empty = format!("computed: {}", sign(&secret, T.as_bytes(), b""));
        assert_eq!(explained(&empty).unwrap().causes[0].changes[0].code, CauseCode::BodyEmpty);
    }

    #[test]
    fn the_right_digest_is_said_to_be_right() {
        let right = sign(&secret(SECRET.as_bytes()), T.as_bytes(), BODY.as_bytes());
        let diagnosis = explained(&right).unwrap();
        assert!(diagnosis.causes.is_empty());
        assert_eq!(diagnosis.evidence[0].code, "same_digest");
        assert_eq!(explained("nothing here").unwrap_err(), NotADigest::Absent);
        assert_eq!(explained(&"0".repeat(64)).unwrap().causes[0].changes[0].code, CauseCode::Unexplained);
    }
}
