//! Rules read, printed and refused.

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::query::Query;

fn teapot() -> Vec<std::sync::Arc<NamedAnswer>> {
    vec![named("teapot", 418, &[("X-Id".to_owned(), "{{id}}".to_owned())], Some("short, {{event}}")).unwrap()]
}

fn read(text: &str) -> Result<Rule, RuleError> {
    RuleReader::new(&teapot()).rule(text)
}

#[rstest]
#[case("auto", "auto")]
#[case(" AUTO ", "auto")]
#[case("503", "503")]
#[case("503 try later", "503 \"try later\"")]
#[case("503 \"try \\\"later\\\"\\n\"", "503 \"try \\\"later\\\"\\n\"")]
#[case("200 {\"ok\":true} é", "200 \"{\\\"ok\\\":true} é\"")]
#[case("200 header of the day", "200 \"header of the day\"")]
#[case(
    "200 header \"Content-Type: application/json\" {\"id\":{{id}}}",
    "200 header \"Content-Type: application/json\" \"{\\\"id\\\":{{id}}}\""
)]
#[case("teapot", "teapot")]
#[case("event:screenshot is:sim -> 503", "event:screenshot is:sim → 503")]
#[case("path:\"a -> b\" => 503 \"x -> y\"", "path:\"a -> b\" → 503 \"x -> y\"")]
#[case("-> 200", "200")]
#[case("hold", "hold")]
#[case("hold 30s else 503 busy", "hold 30s else 503 \"busy\"")]
#[case("hold else auto", "hold")]
#[case("fail 3 with 503 then 200", "fail 3 with 503 then 200")]
#[case("fail 2 per body with wait 1s..2.5s drop then auto", "fail 2 per body with wait 1s..2500ms drop then auto")]
#[case(
    "wait 250ms fail 1 per event with teapot then 200 at last",
    "wait 250ms fail 1 per event with teapot then 200 \"at last\""
)]
#[case("drop", "drop")]
#[case("drop before head", "drop")]
#[case("reset in head 200", "reset in head 200")]
#[case("drop after head teapot", "drop after head teapot")]
#[case("fail 1 with drop after head then 200", "fail 1 with drop after head then 200")]
#[case("trickle 4 per 100ms 200 slowly", "trickle 4 per 100ms 200 \"slowly\"")]
#[case("length +10 200", "length +10 200")]
#[case("length -5 auto", "length -5 auto")]
#[case("redirect https://example.com/a", "redirect 302 \"https://example.com/a\"")]
#[case("redirect 308 /b", "redirect 308 \"/b\"")]
#[case("redirect /b?x={{query.x}}", "redirect 302 \"/b?x={{query.x}}\"")]
#[case("retry-after 30s", "retry-after 429 30s")]
#[case("Handshake:Slack", "handshake:slack")]
#[case("webhook:a -> wait 1s handshake:zoom", "webhook:a → wait 1s handshake:zoom")]
#[case("200 {{query.hub.challenge}}", "200 \"{{query.hub.challenge}}\"")]
#[case("retry-after 503 2m", "retry-after 503 120s")]
#[case(
    "forward http://127.0.0.1:8080 https://example.com/hook?a=1",
    "forward http://127.0.0.1:8080 https://example.com/hook?a=1"
)]
fn rules_are_read_and_printed(#[case] text: &str, #[case] printed: &str) {
    let rule = read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(rule.to_string(), printed);
    assert_eq!(read(printed), Ok(rule));
}

#[rstest]
#[case("", "unknown action '': expected auto")]
#[case("\"abc -> 503", "unclosed quotation mark")]
#[case("event:\"abc → 503", "unclosed quotation mark")]
#[case("\"", "unclosed quotation mark")]
#[case("\"abc -> 503\"", "expected an action such as auto or 503 here, without quotation marks")]
#[case("is:sim → \"503\"", "expected an action such as auto or 503 here, without quotation marks")]
#[case("5o3", "unknown action '5o3'")]
#[case("5030", "unknown action '5030'")]
#[case(
    "drop after head forward http://h",
    "unknown answer 'forward': expected auto, or a status such as 503, or a status and a body such as '503 try later', or redirect, retry-after, handshake:NAME, or one"
)]
#[case("trickle 1 per 1s hold", "unknown answer 'hold': expected auto")]
#[case("length +1 drop", "unknown answer 'drop': expected auto")]
#[case(
    "fail 2 with nothing then auto",
    "unknown action 'nothing': expected auto, or a status such as 503, or a status and a body such as '503 try later', or forward URL, wait"
)]
#[case("\u{1b}[31m", "unknown action '␛[31m'")]
#[case("100", "invalid status 100: expected 200 to 599")]
#[case("600", "invalid status 600")]
#[case("204 nothing", "a 204 answer has no body")]
#[case("maybe", ", or one of your own answers: teapot")]
#[case("sim ->", "at 6: missing action after the arrow")]
#[case("evnt:app -> 503", "unknown filter 'evnt:'; did you mean 'event:'?")]
#[case("a status:503 -> 503", "'status' cannot be used in a rule")]
#[case("sim -> 200 \"open", "at 11: unclosed quotation mark")]
#[case("200 \"a\\q\"", "at 6: expected \\\", ")]
#[case("200 {{evnt}}", "at 4: unknown template field '{{evnt}}'")]
#[case("200 header \"X: a\\r\\nY: b\"", "at 11: invalid header 'X: a␍␊Y: b'")]
#[case("200 header \"X y: a\"", "invalid header 'X y: a'")]
#[case("200 header \"Content-Length: 5\"", "whyhook sets the header 'Content-Length' itself")]
#[case("hold 2h", "invalid time '2h'")]
#[case("hold 0s", "invalid time '0s'")]
#[case("hold else hold", "at 10: 'hold' cannot be used inside another action")]
#[case("fail 1 with fail 1 with 503 then 200 then 200", "at 12: 'fail' cannot be used inside another action")]
#[case("fail 0 with 503 then 200", "at 5: invalid number '0'")]
#[case("fail 3 with 503 soon then 200", "expected then, found 'soon'")]
#[case("fail 3 with 503", "expected then, found 'the end'")]
#[case("fail 3 per day with 503 then 200", "expected body or event, found 'day'")]
#[case("wait 3s..1s 200", "the shorter time first")]
#[case("wait soon 200", "invalid time 'soon'")]
#[case("auto 503", "expected nothing more, found '503'")]
#[case("drop after head 204", "a 204 answer has no body")]
#[case("drop after head 200 \"x\"", "this action needs a body of at least 2 bytes")]
#[case("drop before head 200", "expected nothing more: before the head there is no answer")]
#[case("length 5 200", "invalid number '5': expected a difference")]
#[case("length -50 200 short", "this action needs a body of at least as many bytes")]
#[case("trickle 0 per 1s 200", "invalid number '0'")]
#[case("redirect 200 /x", "invalid number '200': expected 301, 302")]
#[case("redirect", "invalid header")]
#[case("redirect /{{evnt}}", "unknown template field '{{evnt}}'")]
#[case("redirect /a{{id}}\u{e9}", "invalid header")]
#[case("forward", "invalid forward URL ''")]
#[case("forward ftp://example.com", "invalid forward URL 'ftp://example.com'")]
#[case("forward http://user:secret@example.com", "invalid forward URL 'http://…@example.com'")]
#[case("forward http://u:a@b@127.0.0.1:1/x@y", "invalid forward URL 'http://…@127.0.0.1:1/x@y'")]
#[case("forward example.com", "localhost:8080 or https://example.com/hook")]
#[case("forward then 200", "invalid forward URL 'then'")]
#[case("forward http://a example.com:1", "expected nothing more, found 'example.com:1'")]
#[case("forward user:secret@example.com", "invalid forward URL '…@example.com'")]
#[case("forward http://a http://b 200", "expected nothing more, found '200'")]
fn what_cannot_be_is_refused(#[case] text: &str, #[case] words: &str) {
    let error = read(text).unwrap_err();
    assert!(error.to_string().contains(words), "{text}: {error}");
    assert!(error.at <= text.len());
}

#[test]
fn a_target_with_a_port_needs_no_scheme() {
    for (text, written) in [
        ("forward localhost:8080/hook", "forward http://localhost:8080/hook"),
        ("forward localhost", "forward http://localhost"),
        ("forward 127.0.0.1:1 https://example.com/x", "forward http://127.0.0.1:1 https://example.com/x"),
        ("forward [::1]:8080", "forward http://[::1]:8080"),
        ("forward app.internal:8080/a:b?c=d:1", "forward http://app.internal:8080/a:b?c=d:1"),
    ] {
        let read_once = read(text).unwrap();
        assert_eq!(read_once.to_string(), written);
        assert_eq!(read(written).unwrap(), read_once, "{text}");
    }
}

#[test]
fn bounds_hold() {
    let body = "x".repeat(BODY_LIMIT + 1);
    assert!(matches!(read(&format!("200 {body}")).unwrap_err().problem, RuleProblem::BodyTooLong { .. }));
    let headers = " header \"X: y\"".repeat(HEADER_LIMIT + 1);
    assert_eq!(read(&format!("200{headers}")).unwrap_err().problem, RuleProblem::TooManyHeaders);
    let targets = " http://a".repeat(9);
    assert!(matches!(read(&format!("forward{targets}")).unwrap_err().problem, RuleProblem::Number { .. }));
}

#[rstest]
#[case("")]
#[case("hold")]
#[case("Retry-After")]
#[case("1st")]
#[case("a b")]
fn names_of_answers_are_words_of_their_own(#[case] name: &str) {
    let refused = named(name, 200, &[], None).unwrap_err();
    assert_eq!((refused.part, refused.problem), (AnswerPart::Name, RuleProblem::BadName(name.to_owned())));
}

#[test]
fn a_rule_that_can_never_match_is_remarked_on() {
    let remarks =
        |texts: &[&str]| RuleSet::new(texts.iter().map(|text| read(text).unwrap()).collect(), DEFAULT_HOLD).remarks();
    assert!(remarks(&["sim → 503", "event:app → hold", "auto"]).is_empty());
    assert_eq!(
        remarks(&["sim → 503", "503", "live → 200"]),
        ["the rule 'is:live → 200' can never match: '503' above it takes every such delivery"]
    );
    assert_eq!(remarks(&["event:app → 503", "sim event:app → 200"]).len(), 1);
    let contradiction = "the rule 'is:sim is:live → 503' can never match: its condition contradicts itself";
    assert_eq!(remarks(&["sim live → 503"]), [contradiction]);
    assert_eq!(remarks(&["is:malformed → 503"]).len(), 1);
}

#[test]
fn replies_are_as_written() {
    let facts = Facts { id: 7, event: Some("a\"b".to_owned()), ..Facts::default() };
    let reply = |text: &str| match read(text).unwrap().then.kind {
        ActionKind::Do(RuleResponse::Answer(answer, SendManner::Whole)) => answer.render(&facts),
        other => panic!("{other:?}"),
    };
    assert_eq!(reply("503"), preset(503));
    assert_eq!(reply("429").header("retry-after"), Some("30"));
    assert_eq!(reply("429 header \"Retry-After: 5\"").headers, [("Retry-After".to_owned(), "5".to_owned())]);
    assert_eq!(reply("418").body, "");
    assert_eq!(reply("503 #{{id}} {{event}}").body, "#7 a\"b");
    assert_eq!(reply("200 header \"content-type: application/json\" {\"e\":\"{{event}}\"}").body, "{\"e\":\"a\\\"b\"}");
    assert_eq!(reply("teapot").headers, [("X-Id".to_owned(), "7".to_owned())]);
    assert_eq!(reply("redirect /x").header("location"), Some("/x"));
    assert_eq!(reply("redirect /x?{{id}}&e={{event}}").header("location"), Some("/x?7&e=a\"b"));
    assert_eq!(reply("redirect /{{{{id}}").header("location"), Some("/{{id}}"));
    assert_eq!(reply("retry-after 5s").headers, [("retry-after".to_owned(), "5".to_owned())]);
    assert_eq!(reply("retry-after 503 90s").status, 503);
}

#[test]
fn a_picked_reply_is_sent_as_it_is() {
    let picked = Reply::text(200, "{{id}} {{{{ }} x").with_header("x-a", "{{event}}");
    let written = CustomAnswer::of(&picked);
    assert_eq!(written.render(&Facts::default()), picked);
    let printed = RuleAction::reply(&picked).to_string();
    assert_eq!(RuleReader::default().action(&printed), Ok(RuleAction::reply(&picked)), "{printed}");
}

#[test]
fn labels_say_which_rule_and_what() {
    let set = |texts: &[&str]| RuleSet::new(texts.iter().map(|text| read(text).unwrap()).collect(), DEFAULT_HOLD);
    assert_eq!(set(&["503 later"]).label(0).as_str(), "fixed 503");
    assert_eq!(set(&["auto"]).label(0).as_str(), "auto");
    let two = set(&["sim → 503", "fail 3 with 503 then 200"]);
    assert_eq!((two.label(0).as_str(), two.label(1).as_str()), ("rule 1: 503", "rule 2: fail 3 with 503 then 200"));
    let long = format!("sim → 200 {}", "é".repeat(500));
    assert!(set(&[&long]).label(0).as_str().chars().count() < 150);
}

fn any_answer() -> BoxedStrategy<String> {
    prop_oneof![
        Just("auto".to_owned()),
        Just("teapot".to_owned()),
        Just("handshake:x".to_owned()),
        Just("200 header \"X: {{header.X}}\" \"{{json(body[\\\"a b\\\"].0)}}{{hmac_sha256_hex(query.a)}}\"".to_owned()),
        (200_u16..=599).prop_map(|status| status.to_string()),
        (300_u16..=599, "\\PC{0,12}").prop_map(|(status, body)| format!("{status} {}", quote(&body))),
        ("[a-z]{1,5}", "[ -~]{0,8}")
            .prop_map(|(name, value)| { format!("500 header {} \"x\"", quote(&format!("x-{name}: {value}"))) }),
        Just("redirect 307 /x".to_owned()),
        Just("redirect \"/x{{query.x}}?{{ id }}\"".to_owned()),
        (0_u32..3600).prop_map(|seconds| format!("retry-after {seconds}s")),
    ]
    .boxed()
}

fn quote(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn any_act() -> BoxedStrategy<String> {
    let response = prop_oneof![
        4 => any_answer(),
        1 => any_answer().prop_map(|answer| format!("trickle 3 per 20ms {answer}")),
        1 => (1..99_i32, any_answer()).prop_map(|(by, answer)| format!("length {by:+} {answer}")),
        1 => Just("drop".to_owned()),
        1 => any_answer().prop_map(|answer| format!("reset after head {answer}")),
        1 => any_answer().prop_map(|answer| format!("drop in head {answer}")),
        1 => Just("forward http://127.0.0.1:1/a https://example.com".to_owned()),
    ];
    let wait = prop_oneof![
        Just(String::new()),
        (0_u32..9000).prop_map(|ms| format!("wait {ms}ms ")),
        (0_u32..900, 0_u32..900).prop_map(|(a, b)| format!("wait {a}us..{}us ", a + b)),
    ];
    (wait, response.boxed()).prop_map(|(wait, response)| wait + &response).boxed()
}

fn any_rule() -> BoxedStrategy<String> {
    let action = prop_oneof![
        3 => any_act(),
        1 => any_act().prop_map(|act| format!("hold 5s else {act}")),
        1 => (1..9_u32, any_act(), any_act()).prop_map(|(n, a, b)| format!("fail {n} per body with {a} then {b}")),
    ];
    let when = prop_oneof![
        Just(String::new()),
        "\\PC{0,8}".prop_map(|path| format!("path:{} | sim → ", quote(&path))),
        Just("!(webhook:a header:X=\"->\") \"→\" -> ".to_owned()),
    ];
    (when.boxed(), action.boxed()).prop_map(|(when, action)| when + &action).boxed()
}

proptest! {
    #[test]
    fn what_is_printed_reads_the_same(text in any_rule()) {
        if let Ok(rule) = read(&text) {
            let printed = rule.to_string();
            prop_assert_eq!(read(&printed), Ok(rule), "{} as {}", text, printed);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC*|[a-z0-9:\"{}→>. -]{0,40}") {
        match read(&text) {
            Ok(rule) => prop_assert_eq!(read(&rule.to_string()), Ok(rule)),
            Err(error) => {
                prop_assert!(error.at <= text.len());
                prop_assert!(!error.to_string().contains(crate::text::is_hidden), "{error}");
            }
        }
    }

    #[test]
    fn no_delivery_adds_a_header(event in "\\PC*|[\\x00-\\x7f]{0,40}", path in "\\PC*|[\\x00-\\x7f]{0,40}") {
        let facts = Facts { event: Some(event), path, ..Facts::default() };
        let rule = read("200 header \"x-event: {{event}}\" header \"x-path: {{path}}\" {{event}}").unwrap();
        let ActionKind::Do(RuleResponse::Answer(answer, _)) = rule.then.kind else { panic!() };
        let reply = answer.render(&facts);
        prop_assert_eq!(reply.headers.len(), 2);
        for (_, value) in &reply.headers {
            prop_assert!(http::HeaderValue::try_from(value).is_ok());
            prop_assert!(!value.bytes().any(|byte| byte < b' ' || byte == 0x7f));
        }
    }
}

#[test]
fn an_empty_condition_is_every_delivery() {
    assert_eq!(read("503").unwrap().when, Query::default());
}

#[rstest]
#[case("hold 5 min", "invalid time '5 min': expected 1ms to 1h", "did you mean '5m'?")]
#[case("hold PT5M else 503", "invalid time 'PT5M'", "did you mean '5m'?")]
#[case("wait 5 s 200", "invalid time '5 s'", "did you mean '5s'?")]
#[case("wait 5 200", "invalid time '5'", "such as 250ms or 30s")]
fn a_time_in_another_notation_is_suggested(#[case] text: &str, #[case] beginning: &str, #[case] end: &str) {
    let error = read(text).unwrap_err().problem.to_string();
    assert!(error.starts_with(beginning) && error.ends_with(end), "{error}");
}
