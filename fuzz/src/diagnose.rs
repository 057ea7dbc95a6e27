//! Any request is explained within a small budget: nothing is proved, and nothing said steers a
//! terminal.

use jiff::Timestamp;
use whyhook::delivery::Intake;
use whyhook::http::Head;
use whyhook::signature::diagnose::{Budget, Depth, History, Request, diagnose, explain_digest};
use whyhook::signature::{Secret, SecretOrigin};

use super::assert_visible;

/// Which scheme, by its number in ASCII; the signature, the timestamp, further header lines, the body.
pub fn run(data: &[u8]) {
    let [choice, signature, timestamp, rest, body] = super::fields(data);
    let schemes = super::schemes();
    let choice = choice.iter().fold(0, |sum, byte| sum + usize::from(*byte));
    let scheme = &schemes[choice % schemes.len()];
    let field = |name: &str, value: &[u8]| [name.as_bytes(), b": ", value, b"\r\n"].concat();
    let head = [
        b"POST /a?b HTTP/1.1\r\n".to_vec(),
        field(scheme.signature_header(), signature),
        field(scheme.timestamp_header(), timestamp),
        rest.to_vec(),
    ];
    let head = Head::from(head.concat());
    let secret = Secret::new("fuzz", b"a webhook secret of the fuzzer".to_vec(), SecretOrigin::Typed);
    let other = Secret::new("other", b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_vec(), SecretOrigin::Typed);
    let request = Request {
        head: &head,
        body,
        received_at: Timestamp::UNIX_EPOCH,
        intake: &Intake::Complete,
        scheme,
        secrets: &[&secret],
        others: &[&other],
        history: &History::default(),
    };
    let budget = Budget { depth: Depth::Triples, max_candidates: 1000, max_bytes: 1 << 20, ..Budget::default() };
    let diagnosis = diagnose(&request, &budget);
    assert!(diagnosis.tried <= 1000);
    for cause in &diagnosis.causes {
        [&cause.summary, &cause.fix].into_iter().for_each(|text| assert_visible(text));
        for change in &cause.changes {
            assert_visible(&change.detail);
            if let Some(place) = &change.at {
                [&place.before, &place.after].into_iter().for_each(|text| assert_visible(text));
            }
        }
    }
    diagnosis.evidence.iter().for_each(|told| assert_visible(&told.text));
    if let Ok(text) = std::str::from_utf8(signature) {
        match explain_digest(text, &request, &budget) {
            Ok(diagnosis) => diagnosis.evidence.iter().for_each(|told| assert_visible(&told.text)),
            Err(error) => assert_visible(&error.to_string()),
        }
    }
}
