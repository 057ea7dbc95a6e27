//! Every cause survives, and nothing private does.

use jiff::Timestamp;

use super::*;
use crate::delivery::Intake;
use crate::signature::diagnose::{Budget, Depth, Diagnosis, History, Request, diagnose};
use crate::signature::{Scheme, Secret, SecretOrigin};

#[derive(serde::Deserialize)]
struct Vector {
    code: String,
    signer: String,
    headers: Vec<(String, String)>,
    body: String,
    secret: String,
    others: Vec<String>,
    target: String,
}

/// Signed by the languages themselves, each in its own wrong way.
fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../assets/fixtures/signature-vectors.json")).unwrap()
}

fn decoded(text: &str) -> Vec<u8> {
    base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text).unwrap()
}

fn redactor(secrets: &[&Secret]) -> Redactor {
    let mut redactor = Redactor::new(PlaceholderKey::new(b"a key of tests".to_vec()), RedactRules::default());
    redactor.know_secrets(secrets.iter().copied());
    redactor
}

fn received_at() -> Timestamp {
    Timestamp::from_second(1_746_123_460).unwrap()
}

fn why(head: &Head, body: &[u8], scheme: &Scheme, secrets: &[&Secret], others: &[&Secret]) -> Diagnosis {
    let request = Request {
        head,
        body,
        received_at: received_at(),
        intake: &Intake::Complete,
        scheme,
        secrets,
        others,
        history: &History::default(),
    };
    diagnose(&request, &Budget { depth: Depth::One, ..Budget::default() })
}

/// The codes of the first cause.
fn codes(diagnosis: &Diagnosis) -> Vec<&'static str> {
    let first = diagnosis.causes.first();
    first.map(|cause| cause.changes.iter().map(|change| change.code.code()).collect()).unwrap_or_default()
}

#[test]
fn every_cause_is_found_again_on_another_machine() {
    let mut lost = Vec::new();
    for (number, vector) in vectors().iter().enumerate() {
        let mut text = format!("POST {} HTTP/1.1\r\nHost: hooks.example\r\n", vector.target);
        for (name, value) in &vector.headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let (head, body) = (Head::from(text + "\r\n"), decoded(&vector.body));
        let secret = Secret::new("dev", decoded(&vector.secret), SecretOrigin::Typed);
        let others: Vec<Secret> =
            vector.others.iter().map(|text| Secret::new("other", decoded(text), SecretOrigin::Typed)).collect();
        let (secrets, others): (Vec<&Secret>, Vec<&Secret>) = (vec![&secret], others.iter().collect());
        let scheme = Scheme::default();
        let all: Vec<&Secret> = secrets.iter().chain(&others).copied().collect();
        let request = RequestToRedact {
            head: &head,
            body: &body,
            received_at: received_at(),
            intake: &Intake::Complete,
            scheme: &scheme,
            secrets: &secrets,
            others: &others,
        };
        let budget = Budget { depth: Depth::One, ..Budget::default() };
        let redacted = redactor(&all).redact(&request, &budget, &mut Tally::default());
        let before = codes(&why(&head, &body, &scheme, &secrets, &others));
        let (ours, theirs): (Vec<&Secret>, Vec<&Secret>) =
            (redacted.secrets.iter().collect(), redacted.others.iter().collect());
        let after = why(&redacted.head, &redacted.body, &scheme, &ours, &theirs);
        if codes(&after) != before {
            lost.push(format!(
                "{number} {} by {}: {before:?} became {:?}\n{}\n{}\n{}\n{}\n{}",
                vector.code,
                vector.signer,
                codes(&after),
                String::from_utf8_lossy(head.bytes()),
                String::from_utf8_lossy(redacted.head.bytes()),
                String::from_utf8_lossy(&body),
                String::from_utf8_lossy(&redacted.body),
                after.causes.first().map_or("", |cause| &cause.summary)
            ));
        }
    }
    assert!(lost.is_empty(), "{} are lost:\n{}", lost.len(), lost.join("\n\n"));
}
