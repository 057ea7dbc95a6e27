//! Which deliveries a filter matches, by what a summary says.

use rstest::rstest;

use super::*;

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
#[case("cause:stale")]
#[case("code:secret-quoted")]
#[case("cause:secret")]
#[case("has:cause has:image has:body has:event has:items has:signature has:timestamp has:secret has:answer")]
#[case("has:notes has:tags has:pin has:query has:webhook is:pinned")]
#[case("note:\"the sender\"")]
#[case("tag:Odd tag:#billing")]
#[case("sender")]
#[case("billing")]
#[case("!verdict:future !tag:od !cause:unexplained")]
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
    shown.push(judged(Verdict::NotJudged, Intake::Rebuilt(String::new()), true));
    for summary in &shown {
        let word = summary.verdict_word();
        for text in [format!("verdict:\"{word}\""), format!("verdict:{}", word.replace(' ', "-"))] {
            assert!(matches(&text, summary), "{text}");
            // No other word finds it, but that a stale delivery is verified.
            let others = shown.iter().filter(|other| other.verdict_word() != word && matches(&text, other));
            let others: Vec<_> = others.map(Summary::verdict_word).collect();
            assert_eq!(others, if word == "verified" { vec!["stale"] } else { vec![] }, "{text}");
        }
        let help = help().into_iter().find(|(usage, _)| *usage == "verdict:WORD").unwrap().1;
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

#[rstest]
#[case("status:503", None)]
#[case("!status:503", None)]
#[case("latency:<1h", None)]
#[case("rule:auto", None)]
#[case("is:gone", None)]
#[case("!is:waiting", None)]
#[case("200", None)]
#[case("is:waiting", Some(true))]
#[case("!has:answer", Some(true))]
#[case("event:screenshot", Some(true))]
#[case("event:other", Some(false))]
#[case("event:other status:503", Some(false))]
#[case("event:screenshot status:503", None)]
#[case("event:screenshot | status:503", Some(true))]
#[case("", Some(true))]
fn what_hangs_on_an_answer_that_is_still_to_come_is_not_known(#[case] text: &str, #[case] expected: Option<bool>) {
    let mut summary = screenshot();
    let query = Query::parse(text).unwrap();
    let now = Timestamp::UNIX_EPOCH;
    assert_eq!(query.so_far(&summary, None, now), Some(query.matches(&summary, None, now)), "it is answered");
    summary.answer = None;
    assert_eq!(query.so_far(&summary, None, now), expected);
}
