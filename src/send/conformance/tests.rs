//! The matrix against receivers that are functions: no socket, no clock.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::delivery::Verdict;
use crate::http::Target;
use crate::signature::{self, Scheme, Secret, SecretOrigin, SigningKind, catalogue};
use crate::text::Palette;

const NOW: i64 = 1_746_123_456_789;
const SLOW: Duration = Duration::from_secs(5);

fn fixture_of(scheme: Scheme) -> Fixture {
    Fixture {
        target: target().clone(),
        scheme,
        secret: Secret::new("dev", b"a-secret-of-tests".to_vec(), SecretOrigin::Typed),
        kind: SigningKind::Developer,
        stale: stale_by(Some(Duration::from_secs(300))),
        seed: 11,
    }
}

fn target() -> &'static Target {
    static TARGET: OnceLock<Target> = OnceLock::new();
    TARGET.get_or_init(|| "http://localhost:8080/hook".parse().unwrap())
}

fn scheme() -> &'static Scheme {
    static SCHEME: OnceLock<Scheme> = OnceLock::new();
    SCHEME.get_or_init(Scheme::default)
}

fn now() -> Timestamp {
    Timestamp::from_millisecond(NOW).unwrap()
}

/// What a receiver sees of a request.
pub(super) struct Seen {
    signature: Option<String>,
    timestamp: Option<String>,
    pub(super) body: Vec<u8>,
}

impl Seen {
    /// The values of a repeated header are joined, as Node does.
    fn of(crafted: &Crafted) -> Self {
        let head = crafted.request.head();
        let value = |name: &str| {
            let values: Vec<String> =
                head.values(name).map(|value| String::from_utf8_lossy(value).into_owned()).collect();
            (!values.is_empty()).then(|| values.join(", "))
        };
        Self {
            signature: value("X-Webhook-Signature"),
            timestamp: value("X-Webhook-Timestamp"),
            body: crafted.request.body.to_vec(),
        }
    }

    fn expected(&self, body: &[u8]) -> String {
        let secret = fixture_of(Scheme::default()).secret;
        signature::sign(&secret, self.timestamp.as_deref().unwrap_or("undefined").as_bytes(), body)
    }

    /// One that hashes what `change` makes of the body.
    pub(super) fn answer_over(&self, change: impl Fn(&[u8]) -> Vec<u8>) -> u16 {
        match &self.signature {
            Some(signature) if self.answer() != 400 && *signature == self.expected(&change(&self.body)) => 200,
            _ if self.answer() == 400 => 400,
            _ => 401,
        }
    }

    /// The receiver of the documentation.
    pub(super) fn answer(&self) -> u16 {
        match (&self.signature, &self.timestamp) {
            (None, _) | (_, None) => 400,
            (Some(signature), _) if *signature == self.expected(&self.body) => 200,
            _ => 401,
        }
    }
}

/// The matrix of Trackpilots, and every case's request, made once.
fn crafted() -> &'static [(Case, Crafted)] {
    static ALL: OnceLock<Vec<(Case, Crafted)>> = OnceLock::new();
    ALL.get_or_init(|| {
        let fixture = fixture_of(Scheme::default());
        let (cases, _) = applicable(&fixture, now()).unwrap();
        let make = |(nonce, case): (u64, Case)| (case, case.craft(&fixture, now(), nonce).unwrap());
        (0..).zip(cases).map(make).collect()
    })
}

pub(super) fn rows(max_age: bool, receiver: impl Fn(&Seen) -> u16) -> Vec<CheckRow> {
    let row = |(case, crafted): &(Case, Crafted)| {
        let status = receiver(&Seen::of(crafted));
        CheckRow::judge(*case, scheme(), Observed::answer(status, Duration::from_millis(3), b""), max_age)
    };
    crafted().iter().map(row).collect()
}

fn evidence(rows: &[CheckRow]) -> CheckEvidence<'_> {
    let forged = rows.iter().find(|row| row.case.name == "wrong-secret").map(|row| row.came.clone());
    let refusal = forged.filter(|came| !came.is_accepted());
    let (mistakes, unsteady) = (Vec::new(), Unsteady::default());
    CheckEvidence { target: target(), scheme: scheme(), rows, slow: SLOW, refusal, mistakes, limit: None, unsteady }
}

pub(super) fn required(rows: &[CheckRow]) -> Vec<&'static str> {
    let found = findings(&evidence(rows));
    found.iter().filter(|finding| finding.required).map(|finding| finding.fault.code()).collect()
}

#[test]
fn names_are_unique_and_every_case_makes_a_request_of_its_own() {
    let names: BTreeSet<&str> = MATRIX.iter().map(|case| case.name).collect();
    assert_eq!(names.len(), MATRIX.len());
    assert!(MATRIX.len() < 200, "a check stays small");
    let fixture = fixture_of(Scheme::default());
    let mut requests = BTreeMap::new();
    for (nonce, (case, crafted)) in (0..).zip(crafted()) {
        assert_eq!(*crafted, case.craft(&fixture, now(), nonce).unwrap(), "{}", case.name);
        assert!(crate::payload::json::tokenize(&crafted.request.body).is_ok(), "{} sends no JSON", case.name);
        assert_eq!(case_named(case.name), Some(case));
        // Within one millisecond, no two are the same.
        let bytes = [crafted.request.head().bytes(), &crafted.request.body[..]].concat();
        let other = requests.insert(bytes, case.name);
        assert_eq!(other, None, "{} is as another", case.name);
        if crafted.request.body.len() < 100_000 {
            let again = case.craft(&fixture, now(), nonce + 1000).unwrap();
            assert_ne!(again.request, crafted.request, "{} is the same twice", case.name);
        }
    }
}

#[test]
fn the_program_s_own_verification_agrees_with_every_expectation() {
    for name in ["trackpilots", "github", "stripe", "slack", "shopify", "standard-webhooks", "mailgun", "twilio-form"] {
        let secret = if name == "standard-webhooks" { "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" } else { "a-secret" };
        let secret = Secret::new("dev", secret.as_bytes().to_vec(), SecretOrigin::Typed);
        let fixture = Fixture { secret: secret.clone(), ..fixture_of(catalogue::named(name).unwrap()) };
        let (cases, _) = applicable(&fixture, now()).unwrap();
        assert!(cases.len() > 25, "{name}: {}", cases.len());
        for case in cases {
            let crafted = case.craft(&fixture, now(), 1).unwrap();
            let judged =
                signature::judge(&fixture.scheme, [&secret], &crafted.request.head(), &crafted.request.body, now());
            // Age and replays are beside the signature.
            let of_time = matches!(case.name, "stale" | "future" | "replayed");
            let right = case.is_valid() || of_time;
            assert_eq!(judged.verdict == Verdict::Verified, right, "{name} {}: {judged:?}", case.name);
            let fresh = judged.timestamp.as_ref().and_then(|timestamp| timestamp.fresh);
            if matches!(case.name, "stale" | "future") && name == "trackpilots" {
                assert_eq!(fresh, Some(false), "{}", case.name);
            } else if right && !of_time && fixture.scheme.timestamp.is_some() {
                assert_eq!(fresh, Some(true), "{name} {}", case.name);
            }
        }
    }
}

#[test]
fn digests_are_peculiar_in_their_own_cases_alone() {
    for (case, crafted) in crafted() {
        let bytes = hex::decode(&crafted.right).unwrap();
        match case.digest {
            CaseDigest::Plain => assert!(bytes.iter().all(|byte| *byte >= 16), "{}", case.name),
            CaseDigest::LeadingZero => assert!(bytes[0] < 16),
            CaseDigest::InnerZero => assert!(bytes[0] >= 16 && bytes.iter().any(|byte| *byte < 16)),
            CaseDigest::PlusAndSlash => panic!("not for hexadecimal digits"),
        }
    }
    let shopify = fixture_of(catalogue::named("shopify").unwrap());
    let crafted = case_named("digest-plus-slash").unwrap().craft(&shopify, now(), 0).unwrap();
    assert!(crafted.right.contains('+') && crafted.right.contains('/'));
}

#[test]
fn a_body_in_pieces_is_cut_within_characters() {
    let place = |name: &str| crafted().iter().find(|(case, _)| case.name == name).map(|(_, crafted)| crafted).unwrap();
    let pieces = place("split-characters").pieces();
    assert!(pieces.len() > 4 && pieces.iter().all(|piece| std::str::from_utf8(piece).is_err()));
    assert_eq!(pieces.concat(), place("split-characters").request.body);
    assert_eq!(place("slow-body").pieces().len(), 3);
    assert_eq!(place("app-live").pieces().len(), 1);
}

#[test]
fn the_sizes_are_about_what_they_say() {
    for (name, size) in
        [("large-1mb", 1_000_000), ("large-5mb", 5_000_000), ("size-16kb", 16_000), ("size-128kb", 128_000)]
    {
        let (_, crafted) = crafted().iter().find(|(case, _)| case.name == name).unwrap();
        let length = crafted.request.body.len();
        assert!((size..size + size / 10).contains(&length), "{name}: {length}");
    }
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

    // Refuses by its words alone, and reads the first of two signatures.
    let judge = |(case, crafted): &(Case, Crafted)| {
        let seen = Seen::of(crafted);
        let first = seen.signature.as_deref().and_then(|value| value.split(", ").next()).map(str::to_owned);
        let is_right =
            Seen { signature: first, timestamp: seen.timestamp.clone(), body: seen.body.clone() }.answer() == 200;
        let said: &[u8] = if is_right { b"{\"ok\":true}" } else { b"{\"ok\":false}" };
        CheckRow::judge(*case, scheme(), Observed::answer(200, Duration::from_millis(3), said), false)
    };
    let in_words: Vec<CheckRow> = crafted().iter().map(judge).collect();
    let found = findings(&evidence(&in_words));
    let named: Vec<&str> = found.iter().map(|finding| finding.fault.code()).collect();
    assert!(named.contains(&"wrong_refusal_status") && named.contains(&"accepts_duplicated_headers"), "{named:?}");
    assert!(!named.contains(&"accepts_anything"), "{named:?}");

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
    let with_login = rows(false, |_| 200)
        .into_iter()
        .map(|row| {
            let page = b"<!doctype html><form><input type=\"password\"></form>";
            CheckRow::judge(row.case, scheme(), Observed::answer(200, Duration::ZERO, page), false)
        })
        .collect::<Vec<_>>();
    assert_eq!(required(&with_login), ["requires_login"]);
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
    let found = findings(&evidence(&seconds));
    assert!(found.iter().any(|finding| finding.fault == ReceiverFault::ExpectsOtherUnit));
    let redirects = rows(false, |_| 308);
    assert_eq!(required(&redirects), ["redirects"]);
    // As a forged one is answered, a valid one is no matter of its field, charset or event.
    let odd = rows(false, |seen| {
        let is_odd = memchr::memmem::find(&seen.body, b"\"trace\"").is_some();
        if is_odd { 401 } else { seen.answer() }
    });
    assert_eq!(required(&odd), ["signature_disagreement"]);
}

#[test]
fn what_is_proved_explains_its_cases_and_no_others() {
    let trims = rows(false, |seen| {
        let body = seen.body.trim_ascii().to_vec();
        Seen { body, signature: seen.signature.clone(), timestamp: seen.timestamp.clone() }.answer()
    });
    let fixture = fixture_of(Scheme::default());
    let of = |is_wanted: &dyn Fn(&CheckRow) -> bool| -> Vec<&Crafted> {
        let pairs = trims.iter().zip(crafted()).filter(|(row, _)| row.case.is_valid() && is_wanted(row));
        pairs.map(|(_, (_, crafted))| crafted).collect()
    };
    let (accepted, refused) = (of(&|row| row.is_accepted()), of(&|row| row.is_rejected()));
    assert_eq!(refused.len(), 3);
    let sample = &accepted[0].request.body;
    let all = signature::diagnose::suspects(&fixture.scheme, &fixture.secret, sample);
    let mut all = probe::Suspicions::new(all);
    let likely = all.candidates(&fixture, &accepted, &refused);
    assert_eq!(likely[0].explains, [0, 1, 2]);
    assert_eq!(probe::fault_of(&all.all[likely[0].suspect]), ReceiverFault::TrimsBody);
    assert!(likely.len() < 12, "{}", likely.len());
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
    let only = [CheckRow::judge(MATRIX[0], scheme(), came(), false)];
    assert_eq!(required(&only), ["too_slow"]);
    // Forged ones alone: the handler throws, and nobody answers.
    let mut rows = rows(false, Seen::answer);
    for row in rows.iter_mut().filter(|row| row.case.name.starts_with("cut-")) {
        *row = CheckRow::judge(row.case, scheme(), came(), false);
    }
    assert_eq!(required(&rows), ["errors_instead_of_refusing"]);
    assert_eq!(findings(&evidence(&rows))[0].title, "never answers some forged deliveries");
}

fn report(rows: Vec<CheckRow>) -> CheckReport {
    let findings = findings(&evidence(&rows));
    let (_, left_out) = applicable(&fixture_of(Scheme::default()), now()).unwrap();
    CheckReport {
        target: "http://localhost:8080/\u{1b}<&".to_owned(),
        scheme: Scheme::default(),
        kind: SigningKind::Developer,
        max_age: None,
        rows,
        left_out,
        findings,
        no_verdict: None,
    }
}

#[test]
fn the_reports_read_well() {
    let missing = report(rows(false, |seen| if seen.signature.is_none() { 200 } else { seen.answer() }));
    insta::assert_snapshot!("text", report_text(&missing, Palette::Plain, None));
    insta::assert_snapshot!("junit", junit(&missing));
    insta::assert_snapshot!("json", format!("{:#}", report_json(&missing)));
    let (cases, left_out) = applicable(&fixture_of(Scheme::default()), now()).unwrap();
    insta::assert_snapshot!("list", list_text(&cases, &left_out, scheme()));
    let github = catalogue::named("github").unwrap();
    let (cases, left_out) = applicable(&fixture_of(github.clone()), now()).unwrap();
    insta::assert_snapshot!("list_github", list_text(&cases, &left_out, &github));
    assert_eq!(missing.outcome(), CheckOutcome::Fail);
    assert!(report_text(&missing, Palette::Colours, None).contains("\u{1b}[31;1m✗ FAIL"));
    let right = report(rows(false, Seen::answer));
    assert_eq!(right.outcome(), CheckOutcome::Pass);
    assert!(report_text(&right, Palette::Plain, None).contains("does what the documentation requires"));
    // Of a receiver that was asked one thing, one thing is known.
    let one = CheckReport { left_out: Vec::new(), ..report(rows(false, Seen::answer).into_iter().take(1).collect()) };
    assert_eq!(one.verdict(), "Passed the 1 selected case only: the others were not sent");
    assert_eq!(one.outcome(), CheckOutcome::Pass);
}

#[test]
fn without_a_verdict_no_format_says_passed_or_failed() {
    let mut rows = rows(false, Seen::answer);
    for row in rows.iter_mut().skip(2) {
        *row = CheckRow::judge(row.case, scheme(), Observed::NotSent, false);
    }
    let reason = || "answered 429 again and again".to_owned();
    for (why, code) in [
        (NoVerdict::Cancelled, "cancelled"),
        (NoVerdict::RateLimited { reason: reason() }, "rate_limited"),
        (NoVerdict::Blocked { reason: reason() }, "blocked"),
        (NoVerdict::AnswersLater, "answers_later"),
        (NoVerdict::Incomplete { missing: 40 }, "incomplete"),
    ] {
        let report = CheckReport { no_verdict: Some(why), ..report(rows.clone()) };
        assert_eq!(report.outcome(), CheckOutcome::NoVerdict);
        let (text, json, xml) = (report_text(&report, Palette::Plain, None), report_json(&report), junit(&report));
        assert!(text.trim_end().lines().last().unwrap().contains("no verdict"), "{text}");
        assert_eq!((&json["result"], &json["judged"]), (&"no_verdict".into(), &false.into()));
        assert_eq!(json["no_verdict"]["reason"], code);
        assert!(xml.contains("errors=\"1\"") && xml.contains(&format!("<error type=\"{code}\"")), "{xml}");
        assert!(!text.contains("✓ Passed") && !text.contains("✗ Failed"), "{text}");
    }
}

#[test]
fn every_fault_says_what_to_do() {
    let codes: BTreeSet<&str> = ReceiverFault::ALL.iter().map(|fault| fault.code()).collect();
    assert_eq!(codes.len(), ReceiverFault::ALL.len());
    for fault in ReceiverFault::ALL {
        let remedy = Remedy::of(*fault, scheme(), None, "/");
        assert!(!fault.title().is_empty() && remedy.means.ends_with('.') && remedy.fix.ends_with('.'), "{fault:?}");
        assert!(![&remedy.means, &remedy.fix, &remedy.code].iter().any(|text| text.contains("{sender}")), "{fault:?}");
    }
}

#[test]
fn the_documentation_names_every_fault_and_every_case_that_is_not_a_variation() {
    let page = include_str!("../../../docs/check.md");
    for fault in ReceiverFault::ALL {
        let remedy = Remedy::of(*fault, scheme(), None, "/");
        let fix = remedy.fix.replace('|', "\\|");
        let row = format!("| `{}`: {} | {} | {fix} |", fault.code(), fault.title(), remedy.means);
        assert!(page.contains(&row), "docs/check.md lacks the row\n{row}");
    }
}
