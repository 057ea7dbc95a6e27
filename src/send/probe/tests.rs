use super::*;
use crate::http::{BodyEnd, HttpResponse, Latency};

const URL: &str = "http://localhost:8080/hook";

fn attempt(kind: AttemptKind, mode: AttemptMode, status: u16, said: &str) -> Attempt {
    Attempt {
        delivery: None,
        kind,
        mode,
        at: Timestamp::UNIX_EPOCH,
        target: URL.to_owned(),
        peer: None,
        head: crate::http::Head::default(),
        body: None,
        body_bytes: 0,
        latency: Latency::default(),
        result: Ok(HttpResponse {
            status,
            head: format!("HTTP/1.1 {status} x\r\n\r\n").into(),
            body: said.as_bytes().to_vec().into(),
            end: BodyEnd::Complete,
            interim: Bytes::new(),
            body_bytes: said.len() as u64,
        }),
    }
}

/// The finding for what came of the delivery, of a signed copy and of a forged one.
fn finding(verdict: Verdict, answers: [Option<(u16, &str)>; 3]) -> ProbeResult {
    let [before, resigned, forged] = answers;
    let of = |kind, mode, answer: Option<(u16, &str)>| answer.map(|(status, said)| attempt(kind, mode, status, said));
    let sent: Vec<Attempt> = [
        of(AttemptKind::Forward, AttemptMode::AsCaptured, before),
        of(AttemptKind::Probe, AttemptMode::Resigned, resigned),
        of(AttemptKind::Probe, AttemptMode::Forged, forged),
    ]
    .into_iter()
    .flatten()
    .collect();
    ProbeAnswers::of(verdict, answered_before(&sent, URL), &sent, URL).unwrap().result()
}

#[test]
fn one_forged_copy_settles_why_a_server_accepts_what_does_not_verify() {
    let accepted = Some((200, "ok"));
    let of = |forged| finding(Verdict::Mismatch, [accepted, None, Some(forged)]);
    assert_eq!(of((200, "ok")).finding, ProbeFinding::DoesNotCheck);
    assert_eq!(of((204, "")).finding, ProbeFinding::DoesNotCheck);
    assert_eq!(of((401, "invalid signature")).finding, ProbeFinding::ChecksOtherwise);
    assert_eq!(of((403, "")).finding, ProbeFinding::ChecksOtherwise);
    assert_eq!(of((400, "")).finding, ProbeFinding::ChecksOtherwise);
    assert_eq!(of((202, "")).finding, ProbeFinding::ChecksLater);
    let in_words = of((200, r#"{"error": "Invalid signature"}"#));
    assert_eq!(in_words.finding, ProbeFinding::RefusesInWords);
    assert!(in_words.words.contains("Invalid signature"), "{}", in_words.words);
    for (status, said) in [(404, ""), (500, "boom"), (302, ""), (429, ""), (503, ""), (409, "seen already"), (419, "")]
    {
        assert_eq!(of((status, said)).finding, ProbeFinding::Inconclusive, "{status}");
    }
    assert_eq!(of((403, "CSRF token missing")).finding, ProbeFinding::Inconclusive);
    assert_eq!(of((200, "<html><input type=password>")).finding, ProbeFinding::Inconclusive);
}

#[test]
fn a_signed_copy_settles_why_a_server_refuses_what_verifies() {
    let refused = Some((401, "invalid signature"));
    let of = |resigned, forged| finding(Verdict::Verified, [refused, Some(resigned), Some(forged)]).finding;
    assert_eq!(of((401, "invalid signature"), (401, "invalid signature")), ProbeFinding::RefusesSignature);
    assert_eq!(of((401, "no such account"), (401, "invalid signature")), ProbeFinding::RefusesSomethingElse);
    assert_eq!(of((400, "bad payload"), (401, "invalid signature")), ProbeFinding::RefusesSomethingElse);
    assert_eq!(of((200, "ok"), (401, "invalid signature")), ProbeFinding::RefusedForAnotherReason);
    assert_eq!(of((200, "ok"), (200, "ok")), ProbeFinding::DoesNotCheck);
    assert_eq!(of((500, ""), (401, "invalid signature")), ProbeFinding::Inconclusive);
    let unknown = finding(Verdict::Mismatch, [None, Some((200, "ok")), Some((401, ""))]);
    assert_eq!((unknown.finding, unknown.finding.is_good()), (ProbeFinding::Checks, Some(true)));
    assert_eq!(finding(Verdict::Mismatch, [None, None, Some((401, ""))]).finding, ProbeFinding::RefusesForged);
}

#[test]
fn answers_of_another_server_or_an_earlier_probe_do_not_count() {
    let mut sent = vec![
        attempt(AttemptKind::Probe, AttemptMode::Resigned, 200, ""),
        attempt(AttemptKind::Probe, AttemptMode::Forged, 401, ""),
        attempt(AttemptKind::Forward, AttemptMode::AsCaptured, 200, "ok"),
        attempt(AttemptKind::Probe, AttemptMode::Forged, 200, "ok"),
    ];
    let of = |sent: &[Attempt], url| ProbeAnswers::of(Verdict::Mismatch, answered_before(sent, url), sent, url);
    assert_eq!(of(&sent, URL).unwrap().result().finding, ProbeFinding::DoesNotCheck);
    assert_eq!(of(&sent, "http://localhost:9/hook"), None);
    sent.retain(|attempt| attempt.kind != AttemptKind::Probe);
    assert_eq!(of(&sent, URL), None, "a forward is no probe");
}
