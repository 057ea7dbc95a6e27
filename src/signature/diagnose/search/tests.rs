//! Candidates that are computed together give what they give one after the other.

use jiff::Timestamp;

use super::super::structure;
use super::super::{Budget, Depth, History, Request};
use super::{SearchResult, run_from};
use crate::delivery::Intake;
use crate::http::Head;
use crate::signature::{Algorithm, Scheme, Secret, SecretOrigin};

const TIME: &str = "1746123456";

fn hmac(algorithm: Algorithm, key: &[u8], message: &[&[u8]]) -> Vec<u8> {
    let mut state = algorithm.keyed(key);
    message.iter().for_each(|piece| state.update(piece));
    state.finish()
}

fn hash(message: &[&[u8]]) -> Vec<u8> {
    Algorithm::Sha256.hash(|sink| message.iter().for_each(|piece| sink(piece)))
}

/// What a sender with a mistake, or with two, makes of a key, a timestamp and a body.
type Mistake = fn(&[u8], &[u8], &[u8]) -> Vec<u8>;

const MISTAKES: [(&str, Mistake); 19] = [
    ("none", |key, time, body| hmac(Algorithm::Sha256, key, &[time, b".", body])),
    ("a newline in the key", |key, time, body| hmac(Algorithm::Sha256, &[key, b"\n"].concat(), &[time, b".", body])),
    ("no key", |_, time, body| hmac(Algorithm::Sha256, b"", &[time, b".", body])),
    ("milliseconds", |key, time, body| hmac(Algorithm::Sha256, key, &[time, b"000.", body])),
    ("the body alone", |key, _, body| hmac(Algorithm::Sha256, key, &[body])),
    ("the timestamp last", |key, time, body| hmac(Algorithm::Sha256, key, &[body, b".", time])),
    ("the body's hash", |key, time, body| {
        hmac(Algorithm::Sha256, key, &[time, b".", hex::encode(hash(&[body])).as_bytes()])
    }),
    ("a hash with the key first", |key, time, body| hash(&[key, time, b".", body])),
    ("a hash with the key last", |key, time, body| hash(&[time, b".", body, key])),
    ("a hash with the key around", |key, _, body| hash(&[key, body, key])),
    ("a hash without a key", |_, _, body| hash(&[body])),
    ("key and message swapped", |key, time, body| hmac(Algorithm::Sha256, &[time, b".", body].concat(), &[key])),
    ("a newline after the body", |key, time, body| hmac(Algorithm::Sha256, key, &[time, b".", body, b"\n"])),
    ("an empty body", |key, time, _| hmac(Algorithm::Sha256, key, &[time, b"."])),
    ("SHA-1", |key, time, body| hmac(Algorithm::Sha1, key, &[time, b".", body])),
    ("milliseconds and SHA-512", |key, time, body| hmac(Algorithm::Sha512, key, &[time, b"000.", body])),
    ("a newline after the body, milliseconds", |key, time, body| {
        hmac(Algorithm::Sha256, key, &[time, b"000.", body, b"\n"])
    }),
    ("a newline after the body, the timestamp last", |key, time, body| {
        hmac(Algorithm::Sha256, key, &[body, b"\n.", time])
    }),
    ("another sender", |_, _, body| hmac(Algorithm::Sha256, b"known to nobody here", &[body])),
];

/// What is found with bodies from `long` bytes on computed together.
fn found(digest: &[u8], body: &[u8], budget: &Budget<'_>, long: usize) -> String {
    let head = Head::from(format!(
        "POST /webhooks HTTP/1.1\r\nhost: localhost\r\nx-webhook-signature: {}\r\nx-webhook-timestamp: {TIME}\r\n\
         content-length: {}\r\n\r\n",
        hex::encode(digest),
        body.len()
    ));
    let secrets =
        ["first secret", "second secret"].map(|text| Secret::new(text, text.as_bytes().to_vec(), SecretOrigin::Typed));
    let request = Request {
        head: &head,
        body,
        received_at: Timestamp::UNIX_EPOCH,
        intake: &Intake::Complete,
        scheme: &Scheme::default(),
        secrets: &secrets.each_ref(),
        others: &[],
        history: &History::default(),
    };
    let SearchResult { matches, complete, tried, of, stage, .. } =
        run_from(&request, &structure::read(&request), budget, long);
    format!("{stage:?}, {tried} of {of}, complete: {complete}, {matches:?}")
}

fn bodies() -> [Vec<u8>; 4] {
    let long: String = (0..400).map(|number| format!(r#""key {number}": [{number}.50, null, "é/"], "#)).collect();
    [
        Vec::new(),
        br#"{"event": "ping", "n": 1.0}"#.to_vec(),
        format!("{{{long}\"last\": {{}}}}").into_bytes(),
        format!("{{\"image\":\"{}\"}}", "iVBORw0KGgo/".repeat(300)).into_bytes(),
    ]
}

#[test]
fn every_match_is_the_same_in_the_same_order() {
    for body in bodies() {
        for (name, sign) in MISTAKES {
            let digest = sign(b"second secret", TIME.as_bytes(), &body);
            // All pairs are tens of thousands, and one body's first ones show as much.
            let depth = if (1..100).contains(&body.len()) { Depth::Pairs } else { Depth::One };
            let budget = Budget { depth, max_candidates: 4_000, ..Budget::default() };
            let alone = found(&digest, &body, &budget, usize::MAX);
            assert_eq!(found(&digest, &body, &budget, 0), alone, "{name}, {} bytes", body.len());
            let is_found = depth == Depth::Pairs || !name.contains(',');
            assert_eq!(alone.contains("Match"), is_found && name != "another sender", "{name}: {alone}");
        }
    }
}

#[test]
fn a_number_of_candidates_ends_both_at_the_same_one() {
    let body = &bodies()[3];
    let digest = hmac(Algorithm::Sha256, b"second secret", &[body, b".", TIME.as_bytes()]);
    for max_candidates in [1, 2, 15, 16, 17, 100, 150, 200] {
        let budget = Budget { depth: Depth::One, max_candidates, ..Budget::default() };
        let alone = found(&digest, body, &budget, usize::MAX);
        assert_eq!(found(&digest, body, &budget, 0), alone, "{max_candidates}");
    }
}

#[test]
fn a_search_that_is_given_up_says_so() {
    let body = &bodies()[3];
    for long in [0, usize::MAX] {
        let budget = Budget { go_on: &|| false, ..Budget::default() };
        assert!(found(&[7; 32], body, &budget, long).contains("complete: false"));
    }
}
