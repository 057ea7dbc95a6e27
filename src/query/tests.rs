use std::cell::Cell;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::delivery::{
    AnswerFacts, DeliveryId, EventFacts, ImageFacts, Intake, Judgement, Outcome, Summary, TimestampFacts,
    TimestampUnit, Verdict,
};
use crate::http::Head;

fn now() -> Timestamp {
    "2026-01-28T10:00:00Z".parse().unwrap()
}

/// A simulated screenshot, verified with "dev", answered 503 half an hour ago.
fn screenshot() -> Summary {
    Summary {
        id: DeliveryId(42),
        received_at: "2026-01-28T09:30:00Z".parse().unwrap(),
        remote: "127.0.0.1:51234".to_owned(),
        method: "POST".to_owned(),
        path: "/webhooks/trackpilots?x=Été".to_owned(),
        webhook: Some("Agency".to_owned()),
        intake: Intake::Complete,
        event: EventFacts {
            event: Some("desktop.screenshot_tracking.captured".to_owned()),
            simulation: Some(true),
            items: Some(3),
            ..EventFacts::default()
        },
        judgement: Judgement {
            verdict: Verdict::Verified,
            secret: Some("dev".to_owned()),
            timestamp: Some(TimestampFacts {
                raw: "1769590500".to_owned(),
                unit: TimestampUnit::Seconds,
                age_ms: Some(301_000),
                fresh: Some(false),
            }),
            note: None,
        },
        body_bytes: 10_240,
        framing_bytes: 0,
        image: Some(ImageFacts {
            form: "node_print".to_owned(),
            bytes: 50,
            format: Some("jpeg".to_owned()),
            ..ImageFacts::default()
        }),
        answer: Some(AnswerFacts {
            outcome: Outcome::Sent,
            status: 503,
            rule: "fixed 503".to_owned(),
            latency: Duration::from_micros(150_500),
        }),
    }
}

/// Bytes that are not HTTP, not answered yet.
fn garbage() -> Summary {
    Summary {
        id: DeliveryId(7),
        method: String::new(),
        path: String::new(),
        webhook: None,
        intake: Intake::Malformed("a TLS hello".to_owned()),
        event: EventFacts::default(),
        judgement: Judgement::bare(Verdict::NotJudged),
        body_bytes: 0,
        image: None,
        answer: None,
        ..screenshot()
    }
}

fn matches(text: &str, summary: &Summary) -> bool {
    Query::parse(text).unwrap_or_else(|error| panic!("{text}: {error}")).matches(summary, None, now())
}

#[rstest]
#[case("")]
#[case("  \t ")]
#[case("screen")]
#[case("AGENCY")]
#[case("été")]
#[case("post")]
#[case("verified")]
#[case("dev")]
#[case("51234")]
#[case("42")]
#[case("503")]
#[case("\"screenshot_tracking.captured\"")]
#[case("event:Screenshot")]
#[case("verdict:verified")]
#[case("VERDICT:Verified")]
#[case("sim")]
#[case("is:sim")]
#[case("is:stale")]
#[case("is:complete")]
#[case("is:answered")]
#[case("is:image")]
#[case("path:/webhooks")]
#[case("path:\"?x=\"")]
#[case("method:post")]
#[case("status:503")]
#[case("status:5xx")]
#[case("status:>=500")]
#[case("status:500..599")]
#[case("webhook:agency")]
#[case("secret:dev")]
#[case("id:42")]
#[case("#42")]
#[case("id:#42")]
#[case("id:10..42")]
#[case("id:>41")]
#[case("size:10kib")]
#[case("size:>10kb")]
#[case("size:..1MB")]
#[case("items:>2")]
#[case("latency:>150ms")]
#[case("latency:0s..151ms")]
#[case("age:>5m")]
#[case("age:-1h..1h")]
#[case("since:1h")]
#[case("since:2026-01-28T09:30:00Z")]
#[case("until:2026-01-28T10:30:00+01:00")]
#[case("until:10m")]
#[case("since:2026-01-01 until:2026-02-01")]
#[case("image:JPEG")]
#[case("image:node_print")]
#[case("rule:fixed")]
#[case("remote:127.0.0.1:5")]
#[case("screen sim")]
#[case("screen and sim")]
#[case("nothing | sim")]
#[case("nothing or (screen !live)")]
#[case("not nothing -live !garbage")]
#[case("!!sim")]
#[case("nothing screen | sim")]
fn the_screenshot_matches(#[case] text: &str) {
    assert!(matches(text, &screenshot()));
}

#[rstest]
#[case("nothing")]
#[case("\"sim\"")]
#[case("\"#42\"")]
#[case("event:app")]
#[case("verdict:bad")]
#[case("is:bad")]
#[case("live")]
#[case("is:fresh")]
#[case("is:malformed")]
#[case("is:waiting")]
#[case("is:gone")]
#[case("path:/Webhooks/other")]
#[case("method:pos")]
#[case("status:4xx")]
#[case("status:<500")]
#[case("id:4")]
#[case("id:>42")]
#[case("size:>10KiB")]
#[case("latency:<150ms")]
#[case("age:<5m")]
#[case("since:29m")]
#[case("until:31m")]
#[case("until:2026-01-01")]
#[case("since:2026-02-01")]
#[case("image:png")]
#[case("screen live")]
#[case("!(screen sim)")]
#[case("nothing (screen | sim)")]
fn the_screenshot_does_not(#[case] text: &str) {
    assert!(!matches(text, &screenshot()));
}

#[rstest]
#[case("is:malformed", true)]
#[case("is:waiting", true)]
#[case("verdict:bad", true)]
#[case("verdict:not-judged", true)]
#[case("verdict:broken", true)]
#[case("verdict:\"not judged\"", true)]
#[case("broken", true)]
#[case("not judged", false)]
#[case("\"not judged\"", true)]
#[case("live", false)]
#[case("is:sim", false)]
#[case("status:<1000", false)]
#[case("latency:<1h", false)]
#[case("age:<1h", false)]
#[case("event:desktop", false)]
#[case("!event:desktop", true)]
#[case("size:0", true)]
fn what_is_absent_matches_nothing(#[case] text: &str, #[case] expected: bool) {
    assert_eq!(matches(text, &garbage()), expected);
}

#[rstest]
#[case("is:gone", true)]
#[case("is:answered", false)]
#[case("status:<1000", false)]
#[case("is:waiting", false)]
fn a_sender_that_hung_up_was_answered_nothing(#[case] text: &str, #[case] expected: bool) {
    let mut summary = screenshot();
    let answer = AnswerFacts { outcome: Outcome::SenderGone, status: 0, ..summary.answer.take().unwrap() };
    summary.answer = Some(answer);
    assert_eq!(matches(text, &summary), expected);
}

#[rstest]
#[case("query:x", true)]
#[case("query:x=té", true)]
#[case("query:x==ÉTÉ", true)]
#[case("query:x==té", false)]
#[case("query:y", false)]
#[case("query:X", false)]
#[case("query:x=", true)]
#[case("query:x==", false)]
fn a_parameter_is_in_the_target(#[case] text: &str, #[case] expected: bool) {
    assert_eq!(matches(text, &screenshot()), expected);
}

struct Stored {
    asked: Cell<u32>,
    readable: bool,
}

impl SearchedContent for Stored {
    fn head(&self) -> Option<Head> {
        self.asked.set(self.asked.get() + 1);
        self.readable.then(|| Head::from("POST / HTTP/1.1\r\nUser-Agent: axios/1.7\r\nX-Two: a\r\nx-two: B c\r\n\r\n"))
    }

    fn body(&self) -> Option<Bytes> {
        self.asked.set(self.asked.get() + 1);
        self.readable.then(|| Bytes::from_static(b"{\"app\":\"Google Chrome\",\"x\":\"\xff\"}"))
    }
}

#[rstest]
#[case("body:\"google chrome\"", true, 1)]
#[case("body:firefox", false, 1)]
#[case("!body:firefox", true, 1)]
#[case("header:user-agent", true, 1)]
#[case("header:User-Agent=AXIOS", true, 1)]
#[case("header:x-two=\"b c\"", true, 1)]
#[case("header:X-Three", false, 1)]
#[case("header:X-Two=", true, 1)]
#[case("field:app", true, 2)]
#[case("field:app=chrome", true, 2)]
#[case("field:app==\"google chrome\"", true, 2)]
#[case("field:app==chrome", false, 2)]
#[case("field:apps", false, 2)]
#[case("query:x sim field:app", true, 2)]
#[case("body:firefox | sim", true, 0)]
#[case("body:chrome live", false, 0)]
#[case("body:chrome header:x-two sim", true, 2)]
fn content_is_fetched_only_when_it_decides(#[case] text: &str, #[case] expected: bool, #[case] asked: u32) {
    let query = Query::parse(text).unwrap();
    assert!(query.needs_content());
    let stored = Stored { asked: Cell::new(0), readable: true };
    assert_eq!(query.matches(&screenshot(), Some(&stored), now()), expected);
    assert_eq!(stored.asked.get(), asked);
    assert_eq!(query.settled(&screenshot(), now()).is_some(), asked == 0);
}

#[test]
fn content_that_cannot_be_read_matches_neither_way() {
    let stored = Stored { asked: Cell::new(0), readable: false };
    for text in ["body:x", "!body:x", "header:x", "!header:x"] {
        let query = Query::parse(text).unwrap();
        assert!(!query.matches(&screenshot(), Some(&stored), now()), "{text}");
        assert!(!query.matches(&screenshot(), None, now()), "{text}");
    }
}

#[rstest]
#[case("evnt:app", "at 0: unknown filter 'evnt:'; did you mean 'event:'?")]
#[case("sim stat:500", "at 4: unknown filter 'stat:'; did you mean 'status:'?")]
#[case("http://x", "at 0: unknown filter 'http:'; to search for this text, put it in quotation marks")]
#[case(
    "verdict:verfied",
    "at 8: unknown verdict 'verfied': expected one of verified, stale, mismatch, unsigned, no-time, "
)]
#[case("is:mallformed", "at 3: unknown word 'mallformed' for 'is:': expected one of sim, ")]
#[case("is:x", "at 3: unknown word 'x' for 'is:': expected one of sim, live, ")]
#[case("status:abc", "at 7: invalid value 'abc' for 'status:': expected a status such as 503")]
#[case("size:>big", "expected a size such as >10kb")]
#[case("latency:100ms", "expected a comparison or range such as >100ms")]
#[case("age:soon", "expected a comparison or range such as >5m")]
#[case("id:x", "expected a number such as 42")]
#[case("since:later", "expected an age (90s, 1h), a date (2026-01-28) or an RFC 3339 time")]
#[case("header:=x", "expected a header name")]
#[case("query:=x", "expected a parameter's name")]
#[case("field:a..b", "expected a path in the body")]
#[case("field:=x", "expected a path in the body")]
#[case("event:", "at 6: missing value after 'event:': expected one, as in event:TEXT")]
#[case("event: app", "at 6: missing value after 'event:'")]
#[case("a | ", "at 4: expected a word")]
#[case("| a", "at 0: expected a word")]
#[case("a or or b", "at 5: expected a word")]
#[case("and", "at 0: expected a word")]
#[case("a and", "at 5: expected a word")]
#[case("not", "at 3: expected a word")]
#[case("()", "at 1: expected a word")]
#[case("\"\"", "at 0: expected a word")]
#[case("a (b", "at 2: unclosed parenthesis")]
#[case("a) b", "at 1: unexpected ')': no parenthesis is open")]
#[case("é \"b", "at 3: unclosed quotation mark")]
#[case("event:\u{202e}\u{1b} status:\u{202e}", "invalid value '⟨U+202E⟩' for 'status:'")]
fn mistakes_are_placed(#[case] text: &str, #[case] expected: &str) {
    let error = Query::parse(text).unwrap_err();
    assert!(error.to_string().contains(expected), "{error}");
    assert!(error.at <= text.len() && text.is_char_boundary(error.at));
}

#[test]
fn depth_is_bounded() {
    for opening in ["(", "!", "-", "not ", "(!"] {
        let error = Query::parse(&opening.repeat(100_000)).unwrap_err();
        assert_eq!(error.problem, Problem::TooDeep, "{opening}");
    }
    let deep = format!("{}a{}", "(".repeat(60), ")".repeat(60));
    assert_eq!(Query::parse(&deep), Query::parse("a"));
}

#[rstest]
#[case("a and (b c)", "a b c")]
#[case("a or (b | (c))", "a | b | c")]
#[case("(a | b) c", "(a | b) c")]
#[case("NOT (a b)", "!(a b)")]
#[case("live #7", "is:live id:7")]
#[case("\"live\" \"or\" \"-x\" \"a-b\" \"http://x\"", "\"live\" \"or\" \"-x\" a-b \"http://x\"")]
#[case(r#"body:"a \"b\" \\ c" a\b"#, r#"body:"a \"b\" \\ c" "a\\b""#)]
#[case("header:X=\"a b\"", "header:\"X=a b\"")]
#[case("field:a[0].b==\"c d\"", "field:\"a[0].b==c d\"")]
#[case("Status:>=500", "status:>=500")]
fn filters_are_printed_plainly(#[case] text: &str, #[case] expected: &str) {
    let query = Query::parse(text).unwrap();
    assert_eq!(query.to_string(), expected);
    assert_eq!(Query::parse(expected), Ok(query));
}

#[rstest]
#[case("", i64::MIN..=i64::MAX)]
#[case("post", i64::MIN..=i64::MAX)]
#[case("id:<=1000 post", i64::MIN..=1000)]
#[case("id:5..9 id:>7", 8..=9)]
#[case("#3 | id:7..9", 3..=9)]
#[case("#3 | post", i64::MIN..=i64::MAX)]
#[case("!#3", i64::MIN..=i64::MAX)]
#[case("(#1 #2) | #9", 9..=9)]
fn numbers_bound_a_filter(#[case] text: &str, #[case] expected: std::ops::RangeInclusive<i64>) {
    assert_eq!(Query::parse(text).unwrap().ids(), expected);
}

/// The screenshot with this verdict, intake and freshness.
fn judged(verdict: Verdict, intake: Intake, fresh: bool) -> Summary {
    let mut summary = Summary { intake, ..screenshot() };
    summary.judgement.verdict = verdict;
    if let Some(timestamp) = &mut summary.judgement.timestamp {
        timestamp.fresh = Some(fresh);
    }
    summary
}

#[test]
fn the_word_that_a_list_shows_finds_the_delivery() {
    let mut shown: Vec<Summary> =
        Verdict::ALL.into_iter().map(|verdict| judged(verdict, Intake::Complete, true)).collect();
    shown.push(judged(Verdict::Verified, Intake::Complete, false));
    for part in [Intake::Truncated, Intake::TooLarge, Intake::Incomplete] {
        shown.push(judged(Verdict::Verified, part(String::new()), true));
    }
    for summary in &shown {
        let word = summary.verdict_word();
        for text in [format!("verdict:\"{word}\""), format!("verdict:{}", word.replace(' ', "-"))] {
            assert!(matches(&text, summary), "{text}");
            // No other word finds it, but that a stale delivery is verified.
            let others = shown.iter().filter(|other| other.verdict_word() != word && matches(&text, other));
            let others: Vec<_> = others.map(Summary::verdict_word).collect();
            assert_eq!(others, if word == "verified" { vec!["stale"] } else { vec![] }, "{text}");
        }
        let help = super::help().into_iter().find(|(usage, _)| *usage == "verdict:WORD").unwrap().1;
        let error = Query::parse("verdict:foo").unwrap_err().to_string();
        assert!(error.starts_with("at 8: unknown verdict 'foo': expected one of verified, stale, "), "{error}");
        let word = word.replace(' ', "-");
        assert!(error.contains(&word) && help.contains(&word), "{word}");
    }
    for verdict in Verdict::ALL {
        let summary = judged(verdict, Intake::Complete, true);
        assert!(matches(&format!("verdict:{}", verdict.code()), &summary), "the older name of {verdict:?}");
    }
}

#[test]
fn a_filter_asks_for_no_more_than_it_needs() {
    let fields = |text: &str| Query::parse(text).unwrap().fields();
    // Only what is whole is verified.
    assert_eq!(
        fields("verdict:bad (is:live | is:verified) #5"),
        [QueriedField::Intake, QueriedField::Event, QueriedField::Verdict]
    );
    assert_eq!(fields("verdict:unsigned"), [QueriedField::Intake, QueriedField::Verdict]);
    assert!(fields("verdict:stale").contains(&QueriedField::Timestamp));
    assert_eq!(fields("body:x | header:y | id:>4"), []);
    assert!(fields("503").contains(&QueriedField::Answer) && !fields("ten").contains(&QueriedField::Answer));
}

#[test]
fn help_lists_every_atom_once() {
    let help = help();
    for name in atoms::names() {
        assert_eq!(help.iter().filter(|(usage, _)| usage.starts_with(&format!("{name}:"))).count(), 1, "{name}");
    }
    for flag in &flags::FLAGS {
        assert!(help.iter().any(|(usage, text)| usage.starts_with("is:") && text.contains(flag.name)), "{}", flag.name);
    }
}

/// Filters made of the language's own pieces.
fn any_filter() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("(".to_owned()),
        Just(")".to_owned()),
        Just(" | ".to_owned()),
        Just(" or ".to_owned()),
        Just(" and ".to_owned()),
        Just(" not ".to_owned()),
        Just("!".to_owned()),
        Just(" -".to_owned()),
        Just(" ".to_owned()),
        Just(" sim ".to_owned()),
        Just(" status:>=500 ".to_owned()),
        Just(" event:app".to_owned()),
        Just(" since:1h ".to_owned()),
        " [a-zé#]{1,4}",
        "body:\"[a-z\\\\ \"()|]{0,4}\" ",
        "\"\\PC{0,5}\"",
        "header:[a-z=]{1,4} ",
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Deliveries in which the words of [`asking_filter`] are found now and then.
fn any_summary() -> impl Strategy<Value = Summary> {
    let base = prop_oneof![Just(screenshot()), Just(garbage())];
    let status = prop_oneof![Just(None), (0_u16..600).prop_map(Some)];
    let age = proptest::option::of(-600_000..600_000_i64);
    let numbers = (1..60_i64, 0..9_u64, 0..Verdict::ALL.len(), status, age);
    (base, "[/a-c]{0,3}", numbers).prop_map(|(base, path, (id, count, verdict, status, age))| {
        let mut summary = Summary { id: DeliveryId(id), path, body_bytes: count, ..base };
        summary.event.items = Some(count).filter(|count| *count > 2);
        summary.judgement.verdict = Verdict::ALL[verdict];
        summary.judgement.timestamp = summary.judgement.timestamp.filter(|_| count > 1);
        if let Some(timestamp) = &mut summary.judgement.timestamp {
            (timestamp.age_ms, timestamp.fresh) = (age, age.map(|age| age.abs() < 300_000));
        }
        summary.answer = status.zip(screenshot().answer).map(|(status, answer)| AnswerFacts { status, ..answer });
        summary
    })
}

/// Filters that ask for everything there is.
fn asking_filter() -> impl Strategy<Value = String> {
    let atom = proptest::sample::select(vec![
        "a",
        "b",
        "5",
        "50",
        "post",
        "\"not judged\"",
        "agency",
        "sim",
        "live",
        "verdict:bad",
        "verdict:stale",
        "verdict:truncated",
        "is:stale",
        "is:fresh",
        "is:image",
        "is:waiting",
        "is:failed",
        "is:complete",
        "is:malformed",
        "event:screen",
        "path:c",
        "method:post",
        "status:5xx",
        "status:<300",
        "webhook:agency",
        "secret:dev",
        "id:<=20",
        "id:30..40",
        "#7",
        "id:>50",
        "size:>4",
        "items:5",
        "latency:>100ms",
        "age:>0s",
        "since:29m",
        "until:31m",
        "image:jpeg",
        "rule:fixed",
        "remote:127",
        "body:x",
        "query:a",
        "field:a",
    ]);
    let leaf = atom.prop_map(str::to_owned);
    leaf.prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|filter| format!("!({filter})")),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(|filters| format!("({})", filters.join(" "))),
            proptest::collection::vec(inner, 2..4).prop_map(|filters| format!("({})", filters.join(" | "))),
        ]
    })
}

/// The delivery as far as these fields tell; the rest as no delivery has it.
fn only(summary: &Summary, fields: &[QueriedField]) -> Summary {
    let mut known = Summary {
        id: summary.id,
        received_at: Timestamp::MIN,
        remote: String::new(),
        body_bytes: 0,
        judgement: Judgement::bare(Verdict::NotJudged),
        ..garbage()
    };
    for field in fields {
        match field {
            QueriedField::Received => known.received_at = summary.received_at,
            QueriedField::Remote => known.remote.clone_from(&summary.remote),
            QueriedField::Method => known.method.clone_from(&summary.method),
            QueriedField::Path => known.path.clone_from(&summary.path),
            QueriedField::Webhook => known.webhook.clone_from(&summary.webhook),
            QueriedField::Intake => known.intake.clone_from(&summary.intake),
            QueriedField::Event => {
                known.event.event.clone_from(&summary.event.event);
                known.event.simulation = summary.event.simulation;
            }
            QueriedField::Items => known.event.items = summary.event.items,
            QueriedField::Verdict => known.judgement.verdict = summary.judgement.verdict,
            QueriedField::Secret => known.judgement.secret.clone_from(&summary.judgement.secret),
            QueriedField::Timestamp => known.judgement.timestamp.clone_from(&summary.judgement.timestamp),
            QueriedField::Size => known.body_bytes = summary.body_bytes,
            QueriedField::Image => known.image.clone_from(&summary.image),
            QueriedField::Answer => known.answer.clone_from(&summary.answer),
        }
    }
    known
}

proptest! {
    #[test]
    fn the_fields_decide(filter in asking_filter(), summary in any_summary()) {
        let query = Query::parse(&filter).unwrap();
        let known = only(&summary, &query.fields());
        prop_assert_eq!(query.settled(&known, now()), query.settled(&summary, now()), "{}", filter);
    }

    #[test]
    fn nothing_matches_beyond_the_numbers(filter in asking_filter(), summary in any_summary()) {
        let query = Query::parse(&filter).unwrap();
        let stored = Stored { asked: Cell::new(0), readable: true };
        if query.matches(&summary, Some(&stored), now()) {
            prop_assert!(query.ids().contains(&summary.id.0), "{}", filter);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*|[a-z:\"()|! \\\\<>=.0-9-]{0,40}") {
        match Query::parse(&text) {
            Ok(query) => {
                let _ = query.matches(&screenshot(), None, now());
            }
            Err(error) => {
                prop_assert!(error.at <= text.len());
                prop_assert!(!error.to_string().contains(crate::text::is_hidden));
            }
        }
    }

    #[test]
    fn what_is_printed_reads_the_same(text in any_filter()) {
        if let Ok(query) = Query::parse(&text) {
            let printed = query.to_string();
            prop_assert_eq!(Query::parse(&printed), Ok(query), "{}", printed);
        }
    }
}
