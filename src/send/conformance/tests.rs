//! The matrix against receivers that are functions: no socket, no clock.

use std::collections::BTreeSet;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::delivery::Verdict;
use crate::signature::{self, Scheme, Secret, SecretOrigin, SigningKind};

const NOW: i64 = 1_746_123_456_789;
const SLOW: Duration = Duration::from_secs(5);

fn ground() -> Fixture {
    Fixture {
        secret: Secret::new("dev", b"a-secret-of-tests".to_vec(), SecretOrigin::Typed),
        kind: SigningKind::Developer,
        names: ("X-Webhook-Signature".to_owned(), "X-Webhook-Timestamp".to_owned()),
        stale: stale_by(Some(Duration::from_secs(300))),
        seed: 11,
    }
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(NOW).unwrap()
}

/// What a receiver sees of a request.
struct Seen {
    signature: Option<String>,
    timestamp: Option<String>,
    body: Vec<u8>,
}

impl Seen {
    /// The values of a repeated header are joined, as Node does.
    fn of(crafted: &Crafted) -> Self {
        let value = |name: &str| {
            let values = crafted.headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
            let values: Vec<&str> = values.map(|(_, value)| value.as_str()).collect();
            (!values.is_empty()).then(|| values.join(", "))
        };
        Self {
            signature: value("X-Webhook-Signature"),
            timestamp: value("X-Webhook-Timestamp"),
            body: crafted.body.to_vec(),
        }
    }

    fn expected(&self, body: &[u8]) -> String {
        signature::sign(&ground().secret, self.timestamp.as_deref().unwrap_or("undefined").as_bytes(), body)
    }

    /// The receiver of the documentation.
    fn answer(&self) -> u16 {
        match (&self.signature, &self.timestamp) {
            (None, _) | (_, None) => 400,
            (Some(signature), _) if *signature == self.expected(&self.body) => 200,
            _ => 401,
        }
    }
}

/// Every case's request, made once.
fn crafted() -> &'static [Crafted] {
    static ALL: OnceLock<Vec<Crafted>> = OnceLock::new();
    ALL.get_or_init(|| MATRIX.iter().map(|case| case.craft(&ground(), now()).unwrap()).collect())
}

fn rows(max_age: bool, receiver: impl Fn(&Seen) -> u16) -> Vec<CheckRow> {
    let row = |(case, crafted): (&Case, &Crafted)| {
        let status = receiver(&Seen::of(crafted));
        CheckRow::judge(
            *case,
            Observed::Answer { status, latency: Duration::from_millis(3), said: Vec::new() },
            max_age,
        )
    };
    MATRIX.iter().zip(crafted()).map(row).collect()
}

fn required(rows: &[CheckRow]) -> Vec<&'static str> {
    findings(rows, SLOW).iter().filter(|finding| finding.required).map(|finding| finding.fault.code()).collect()
}

#[test]
fn names_are_unique_and_every_case_makes_its_request() {
    let names: BTreeSet<&str> = MATRIX.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), MATRIX.len());
    assert!(MATRIX.len() < 200, "a check stays small");
    for (case, crafted) in MATRIX.iter().zip(crafted()) {
        assert_eq!(*crafted, case.craft(&ground(), now()).unwrap(), "{}", case.name);
        assert!(crate::payload::json::tokenize(&crafted.body).is_ok(), "{} sends no JSON", case.name);
        assert_eq!(case_named(case.name), Some(case));
    }
}

#[test]
fn the_program_s_own_verification_agrees_with_every_expectation() {
    let secret = ground().secret;
    for (case, crafted) in MATRIX.iter().zip(crafted()) {
        let lines = crafted.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        let head = format!("POST / HTTP/1.1\r\n{}", lines.collect::<String>());
        let head = crate::http::Head::from(head);
        let judged = signature::judge(&Scheme::default(), [&secret], &head, &crafted.body, now());
        // Age and replays are beside the signature.
        let of_time = matches!(case.name, "stale" | "future" | "replayed");
        let right = case.expect == Expect::Accept || of_time;
        assert_eq!(judged.verdict == Verdict::Verified, right, "{}: {:?}", case.name, judged.verdict);
        let fresh = judged.timestamp.as_ref().and_then(|timestamp| timestamp.fresh);
        if matches!(case.name, "stale" | "future") {
            assert_eq!(fresh, Some(false), "{}", case.name);
        } else if right {
            assert_eq!(fresh, Some(true), "{}", case.name);
        }
    }
}

#[test]
fn the_sizes_are_about_what_they_say() {
    let place = |name: &str| MATRIX.iter().position(|case| case.name == name).unwrap();
    let size = |name: &str| crafted()[place(name)].body.len();
    assert!((1_000_000..1_100_000).contains(&size("large-1mb")), "{}", size("large-1mb"));
    assert!((5_000_000..5_100_000).contains(&size("large-5mb")), "{}", size("large-5mb"));
}

#[test]
fn the_documented_receiver_passes() {
    let rows = rows(false, Seen::answer);
    assert_eq!(required(&rows), Vec::<&str>::new());
    assert!(rows.iter().all(|row| row.mark != CaseVerdict::Fail));
    let advised: Vec<&str> =
        rows.iter().filter(|row| row.mark == CaseVerdict::Advice).map(|row| row.case.name).collect();
    assert_eq!(advised, ["stale", "future", "replayed"]);
}

#[test]
fn broken_receivers_are_named() {
    let anything = rows(false, |_| 200);
    assert_eq!(required(&anything), ["accepts_anything"]);

    let reserialised = rows(false, |seen| {
        let value: serde_json::Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        let again = Seen {
            body: value.to_string().into_bytes(),
            signature: seen.signature.clone(),
            timestamp: seen.timestamp.clone(),
        };
        again.answer()
    });
    assert_eq!(required(&reserialised), ["hashes_reserialised_body"]);

    let ageless = rows(true, Seen::answer);
    assert_eq!(required(&ageless), ["ignores_age"]);

    let missing = rows(false, |seen| if seen.signature.is_none() { 200 } else { seen.answer() });
    assert_eq!(required(&missing), ["accepts_missing_signature"]);

    let begins = rows(false, |seen| match &seen.signature {
        Some(signature) if seen.timestamp.is_some() && seen.expected(&seen.body).starts_with(signature.as_str()) => 200,
        _ => seen.answer(),
    });
    assert_eq!(required(&begins), ["compares_prefix"]);
    let sixteen = rows(false, |seen| match &seen.signature {
        Some(signature) if signature.get(..16) == seen.expected(&seen.body).get(..16) => 200,
        _ => seen.answer(),
    });
    assert_eq!(required(&sixteen), ["compares_prefix"]);

    let trims = rows(false, |seen| {
        let body = seen.body.trim_ascii().to_vec();
        Seen { body, signature: seen.signature.clone(), timestamp: seen.timestamp.clone() }.answer()
    });
    assert_eq!(required(&trims), ["trims_body"]);

    let throws = rows(false, |seen| {
        let placeholder = memchr::memmem::find(&seen.body, b"[simulation-placeholder").is_some();
        if placeholder && seen.answer() == 200 { 500 } else { seen.answer() }
    });
    assert_eq!(required(&throws), ["throws_on_placeholder"]);
}

#[test]
fn other_faults_are_named_too() {
    let limited = rows(false, |seen| if seen.body.len() > 100_000 { 413 } else { seen.answer() });
    assert_eq!(required(&limited), ["rejects_large_body"]);
    let strict = rows(false, |seen| {
        let known = memchr::memmem::find(&seen.body, b"\"trace\"").is_none()
            && memchr::memmem::find(&seen.body, b"\"numbers\"").is_none()
            && memchr::memmem::find(&seen.body, b"\"byHour\"").is_none();
        if known { seen.answer() } else { 422 }
    });
    assert_eq!(required(&strict), ["rejects_unknown_field"]);
    // Node's timingSafeEqual throws on buffers of different lengths.
    let throws = rows(false, |seen| match &seen.signature {
        Some(signature) if signature.len() != 64 && !signature.is_empty() => 500,
        _ => seen.answer(),
    });
    assert_eq!(required(&throws), ["errors_instead_of_refusing"]);
    let timeless =
        rows(false, |seen| if seen.timestamp.is_none() && seen.signature.is_some() { 200 } else { seen.answer() });
    assert_eq!(required(&timeless), ["accepts_missing_timestamp"]);
    let seconds =
        rows(false, |seen| if seen.timestamp.as_ref().is_some_and(|t| t.len() > 11) { 401 } else { seen.answer() });
    assert_eq!(required(&seconds), Vec::<&str>::new());
    assert!(findings(&seconds, SLOW).iter().any(|finding| finding.fault == ReceiverFault::ExpectsOtherUnit));
    let redirects = rows(false, |_| 308);
    assert_eq!(required(&redirects), ["redirects"]);
}

#[test]
fn slow_answers_are_measured() {
    let with = |late: &[&str]| {
        let mut rows = rows(false, Seen::answer);
        for row in rows.iter_mut().filter(|row| late.contains(&row.case.name)) {
            let Observed::Answer { latency, .. } = &mut row.came else { unreachable!() };
            *latency = SLOW;
        }
        required(&rows)
    };
    assert_eq!(with(&["app-live"]), Vec::<&str>::new(), "one late answer may be anything");
    assert_eq!(with(&["app-live", "stale"]), ["too_slow"]);
    let came = || Observed::Nothing { code: "timeout_first_byte".into(), reason: "x".into(), latency: SLOW };
    let only = [CheckRow::judge(MATRIX[0], came(), false)];
    assert_eq!(required(&only), ["too_slow"]);
}

fn report(rows: Vec<CheckRow>) -> CheckReport {
    let findings = findings(&rows, SLOW);
    CheckReport {
        target: "http://localhost:8080/\u{1b}<&".to_owned(),
        kind: SigningKind::Developer,
        max_age: None,
        rows,
        findings,
    }
}

#[test]
fn the_reports_read_well() {
    let missing = report(rows(false, |seen| if seen.signature.is_none() { 200 } else { seen.answer() }));
    insta::assert_snapshot!("text", report_text(&missing, Palette::Plain));
    insta::assert_snapshot!("junit", junit(&missing));
    insta::assert_snapshot!("json", format!("{:#}", report_json(&missing)));
    insta::assert_snapshot!("list", list_text(MATRIX));
    assert!(!missing.is_pass());
    assert!(report_text(&missing, Palette::Colours).contains("\u{1b}[31;1m✗ FAIL"));
    let right = report(rows(false, Seen::answer));
    assert!(right.is_pass() && report_text(&right, Palette::Plain).contains("does what the documentation requires"));
}

#[test]
fn every_fault_says_what_to_do() {
    let codes: BTreeSet<&str> = ReceiverFault::ALL.iter().map(|fault| fault.code()).collect();
    assert_eq!(codes.len(), ReceiverFault::ALL.len());
    for fault in ReceiverFault::ALL {
        assert!(!fault.title().is_empty() && fault.means().ends_with('.') && fault.fix().ends_with('.'), "{fault:?}");
    }
}

#[test]
fn the_documentation_names_every_fault() {
    let page = include_str!("../../../docs/check.md");
    for fault in ReceiverFault::ALL {
        let row = format!(
            "| `{}`: {} | {} | {} |",
            fault.code(),
            fault.title(),
            fault.means(),
            fault.fix().replace('|', "\\|")
        );
        assert!(page.contains(&row), "docs/check.md lacks the row\n{row}");
    }
}
