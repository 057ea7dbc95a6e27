//! Any request is explained within a small budget: nothing is proved, and nothing said steers a
//! terminal.

#![no_main]

use bytes::Bytes;
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;
use whyhook::delivery::{Intake, RequestHead};
use whyhook::signature::diagnose::{Budget, Depth, History, Request, diagnose, explain_digest};
use whyhook::signature::{Scheme, Secret, SecretOrigin, presets};

fuzz_target!(|input: (u8, &[u8], &[u8], &[u8], &[u8])| {
    let (choice, signature, timestamp, rest, body) = input;
    let schemes: Vec<Scheme> = presets::ALL.iter().map(presets::Preset::scheme).collect();
    let scheme = &schemes[usize::from(choice) % schemes.len()];
    let field = |name: &str, value: &[u8]| [name.as_bytes(), b": ", value, b"\r\n"].concat();
    let head = [
        b"POST /a?b HTTP/1.1\r\n".to_vec(),
        field(&scheme.signature_header, signature),
        field(&scheme.timestamp_header, timestamp),
        rest.to_vec(),
    ];
    let head = RequestHead::parse(&Bytes::from(head.concat()));
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
        [&cause.summary, &cause.fix].into_iter().for_each(|text| visible(text));
        for change in &cause.changes {
            visible(&change.detail);
            change.at.iter().for_each(|place| [&place.before, &place.after].into_iter().for_each(|text| visible(text)));
        }
    }
    diagnosis.evidence.iter().for_each(|told| visible(&told.text));
    if let Ok(text) = std::str::from_utf8(signature) {
        let _ = explain_digest(text, &request, &budget);
    }
});

fn visible(text: &str) {
    assert!(!text.chars().any(|character| character.is_control() && character != '\n'), "{text:?}");
}
