use proptest::prelude::*;
use rstest::rstest;

use super::super::{Facts, Reply, RuleReader, preset};
use super::*;
use crate::delivery::Verdict;
use crate::signature::catalogue;

fn secret(label: &str, text: &str) -> Secret {
    Secret::new(label, text.as_bytes().to_vec(), SecretOrigin::Typed)
}

/// What this answer is to a request, and why it is the automatic one.
fn answer(text: &str, head: &Head, body: &[u8], secret: Option<&Secret>) -> (Reply, Option<String>) {
    let action = RuleReader::default().action(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let request = AnsweredRequest { head, body, scheme: &Scheme::default(), secret };
    let facts = Facts { verdict: Some(Verdict::Verified), ..Facts::default() };
    let facts = facts.with_request(action.answers(), &request);
    let answer = action.answers().next().unwrap();
    let reply = answer.render(&facts);
    let made = answer.made_bytes(&facts);
    assert!(answer.obstacle(&facts).is_some() || made == 0 || made >= reply.body.len(), "{text}");
    (reply, answer.obstacle(&facts))
}

fn body_of(template: &str) -> String {
    let head = Head::from(
        "POST /hook?hub.challenge=a%20b%2Bc&crc_token=MDI4YmE5NjctYzg2Mi00&x=a%26b HTTP/1.1\r\nHost: x\r\nX-Hook-Secret:  s3cret \r\n\r\n",
    );
    let body =
        br#"{"token":"qgg8vlvZRS6UYooatFL8Aw","event":{"text":"a\n\"b\""},"items":[{"id":1.50}],"quote":"a: {}"}"#;
    let (reply, obstacle) = answer(&format!("200 {template}"), &head, body, Some(&secret("dev", "a webhook secret")));
    obstacle.unwrap_or_else(|| String::from_utf8(reply.body.to_vec()).unwrap())
}

/// The HMACs are Node's: `crypto.createHmac("sha256", key).update(text).digest(…)`.
#[rstest]
#[case("{{query.hub.challenge}}", "a b+c")]
#[case("{{ query.x }}!", "a&b!")]
#[case("{{header.X-Hook-Secret}}", "s3cret")]
#[case("{{header.x-hook-secret}}", "s3cret")]
#[case("{{body.event.text}}", "a\n\"b\"")]
#[case("{{body.items.0.id}}", "1.50")]
#[case("{{body.items[0].id}}", "1.50")]
#[case("{{body[\"items\"]}}", "[{\"id\":1.50}]")]
#[case("{\"a\":{{json(body.event.text)}}}", "{\"a\":\"a\\n\\\"b\\\"\"}")]
#[case("{{json(body.items)}}", "[{\"id\":1.50}]")]
#[case("{{json(header.X-Hook-Secret)}}", "\"s3cret\"")]
#[case("{{hmac_sha256_hex(body.token)}}", "580a346735dc765c4381be3f56db105c417fa55f2e5c4e49e3eb5f5abee675da")]
#[case("sha256={{hmac_sha256_base64( query.crc_token )}}", "sha256=sNQ8JqcQGPH4GLCZginUKEyOE5KJlpv2h2x6PanVneE=")]
#[case("{{query.absent}}", "the request has no query.absent")]
#[case("{{header.Absent}} {{query.x}}", "the request has no header.Absent")]
#[case("{{body.items.1.id}}", "the request has no body.items.1.id")]
#[case("{{hmac_sha256_hex(body.absent)}}", "the request has no body.absent")]
#[case("{{hmac_sha256_hex(body.quote)}}", "no HMAC: body.quote is not a token")]
#[case("{{hmac_sha256_hex(query.x)}}", "no HMAC: query.x is not a token")]
#[case("{{hmac_sha256_hex(body.items)}}", "no HMAC: body.items is not a token")]
fn what_a_request_says_is_answered(#[case] template: &str, #[case] expected: &str) {
    assert_eq!(body_of(template), expected);
}

#[rstest]
#[case("query")]
#[case("query.")]
#[case("query.a b")]
#[case("header.a:b")]
#[case("body.")]
#[case("body..a")]
#[case("body")]
#[case("cookie.a")]
#[case("json()")]
#[case("json(id)")]
#[case("md5(body.a)")]
#[case("json(json(body.a))")]
#[case("hmac_sha256_hex(body.a")]
fn what_asks_for_nothing_known_is_refused(#[case] text: &str) {
    assert_eq!(RequestFact::read(text), None);
}

#[test]
fn a_header_of_latin_1_keeps_its_letters() {
    let head = Head::from(b"POST / HTTP/1.1\r\nX-A: Ren\xe9\r\nX-B: Ren\xc3\xa9\r\n\r\n".to_vec());
    let (reply, obstacle) =
        answer("200 header \"X-A: {{header.X-A}}\" {{header.X-A}} {{header.X-B}}", &head, b"", None);
    assert_eq!((reply.body, obstacle), ("René René".into(), None));
    assert_eq!(reply.headers[0].1, "Ren%C3%A9");
}

#[test]
fn a_redirect_holds_what_the_request_says() {
    let head = Head::from("GET /?x=a%0d%0aX:+b HTTP/1.1\r\n\r\n");
    let (reply, obstacle) = answer("redirect /to?x={{query.x}}", &head, b"", None);
    assert_eq!((reply.header("location"), obstacle), (Some("/to?x=a%0D%0AX: b"), None));
    let (_, obstacle) = answer("redirect /to?x={{query.absent}}", &head, b"", None);
    assert_eq!(obstacle.as_deref(), Some("the request has no query.absent"));
}

#[test]
fn what_a_request_lacks_makes_the_answer_automatic() {
    let head = Head::from("POST / HTTP/1.1\r\n\r\n");
    let (reply, obstacle) = answer("202 header \"X-A: {{query.a}}\" hello", &head, b"", None);
    assert_eq!((reply, obstacle.as_deref()), (preset(200), Some("the request has no query.a")));
    let head = Head::from("GET /?a=token HTTP/1.1\r\n\r\n");
    let (reply, obstacle) = answer("202 {{hmac_sha256_hex(query.a)}}", &head, b"", None);
    assert_eq!((reply, obstacle.as_deref()), (preset(200), Some("no HMAC: no secret is configured")));
}

#[test]
fn lengths_are_bounded_and_nothing_is_cut() {
    let of = |bytes: usize| {
        let body = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes));
        answer("200 header \"X-A: {{body.a}}\" ok", &Head::default(), body.as_bytes(), None)
    };
    let (reply, obstacle) = of(VALUE_BYTES);
    assert_eq!((reply.header("x-a").map(str::len), obstacle), (Some(VALUE_BYTES), None));
    assert_eq!(of(VALUE_BYTES + 1).1.as_deref(), Some("body.a is too long"));
    let many = serde_json::json!((0..9).map(|_| "y".repeat(VALUE_BYTES)).collect::<Vec<_>>()).to_string();
    let all: String = (0..9).map(|at| format!("{{{{body.v[{at}]}}}}")).collect();
    let body = format!("{{\"v\":{many}}}");
    let (_, obstacle) = answer(&format!("200 {all}"), &Head::default(), body.as_bytes(), None);
    assert_eq!(obstacle.as_deref(), Some("body.v[8] is too long"));
    let head = Head::from(format!("GET /?t={} HTTP/1.1\r\n\r\n", "x".repeat(TOKEN_BYTES + 1)));
    let (_, obstacle) = answer("200 {{hmac_sha256_hex(query.t)}}", &head, b"", Some(&secret("a", "b")));
    assert_eq!(obstacle.as_deref(), Some("no HMAC: query.t is not a token"));
}

#[test]
fn the_secret_is_that_of_the_request_else_the_first_and_never_a_temporary_one() {
    let made_up = Secret::new("made-up", b"x".to_vec(), SecretOrigin::MadeUp);
    let secrets = [made_up.clone(), secret("old", "1"), secret("new", "2")];
    let chosen = |verified| handshake_secret(secrets.iter(), verified).map(Secret::label);
    assert_eq!(chosen(None), Some("old"));
    assert_eq!(chosen(Some("new")), Some("new"));
    assert_eq!(chosen(Some("made-up")), Some("old"));
    assert!(handshake_secret([&made_up].into_iter(), None).is_none());
}

/// The key is what the webhook's scheme makes of the secret.
#[test]
fn a_scheme_with_keys_in_base64_has_them_here_too() {
    let scheme = catalogue::named("standard-webhooks").unwrap();
    assert_eq!(scheme.key.to_string(), "{secret|strip:whsec_|unbase64}");
    let digest =
        |text: &str| signature::hmac(Algorithm::Sha256, &scheme, &secret("a", text), b"qgg8vlvZRS6UYooatFL8Aw");
    let expected = "72cef096bfd47c0b8664df30d07721641e4abd7e885ba432204260db477a9a3e";
    assert_eq!(digest("whsec_c2VjcmV0").map(hex::encode).as_deref(), Some(expected));
    assert_eq!(digest("not base64!"), None);
}

/// Nothing that a sender signs for a payload is a token: JSON, forms, and what schemes put before a body.
#[test]
fn no_payload_is_a_token() {
    for payload in ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0", "ewogICJhbGciOjF9.e30"] {
        assert!(!is_token(payload), "{payload}");
    }
    for payload in
        ["{}", "[1]", "\"a\"", "a=1&b=2", "a=b", "v0:123:{}", "1746123456.{\"a\":1}", "", "=", "a b", "é", "a\n"]
    {
        assert!(!is_token(payload), "{payload}");
    }
    for token in ["qgg8vlvZRS6UYooatFL8Aw", "890e4665-4dfe-4ab1-b689-ed553bceeed0", "a+b/c==", "a_b~c.d"] {
        assert!(is_token(token), "{token}");
    }
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[\\x00-\\x7f]{0,60}",
        Just("a\r\nX-Injected: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n".to_owned()),
        Just("\",\"admin\":true,\"x\":\"".to_owned()),
        Just("\0\u{1b}[2J\u{202e}\u{7f}".to_owned()),
        Just("{{id}}{{body.b}}".to_owned()),
    ]
}

proptest! {
    #[test]
    fn no_value_leaves_its_place(value in hostile()) {
        let escaped: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let head = Head::from(format!("GET /?q={escaped} HTTP/1.1\r\n\r\n"));
        let body = serde_json::json!({ "b": value, "s": "1" }).to_string();
        let secret = secret("dev", "a webhook secret");
        let answer = |text: &str| answer(text, &head, body.as_bytes(), Some(&secret)).0;
        let headers = answer("200 header \"X-Q: {{query.q}}\" header \"X-B: {{body.b}}\" header \"X-J: {{json(body.b)}}\" \"\"").headers;
        prop_assert_eq!(headers.len(), 3);
        for (_, value) in headers {
            prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{value:?}");
        }
        let plain = answer("200 {{query.q}}|{{body.b}}").body;
        prop_assert_eq!(plain, format!("{value}|{value}"));
        let json = answer("200 header \"Content-Type: application/json\" {\"q\":\"{{query.q}}\",\"b\":{{json(body.b)}},\"s\":{{json(body.s)}}}").body;
        let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
        prop_assert_eq!(json, serde_json::json!({ "q": value, "b": value, "s": "1" }));
        let markup = answer("200 header \"Content-Type: text/html\" <p title=\"{{body.b}}\">").body;
        prop_assert_eq!(markup.iter().filter(|byte| matches!(byte, b'<' | b'>' | b'"')).count(), 4);
    }

    #[test]
    fn any_fact_is_read_or_refused(text in "(query|header|body|json\\(body)[.a-z\\[\\]()\"0-9 -]{0,20}|\\PC*") {
        if let Some(fact) = RequestFact::read(&text) {
            prop_assert!(!fact.place.to_string().contains(crate::text::is_hidden), "{text:?}");
        }
    }
}

#[test]
fn what_cannot_be_read_again_is_not_called_missing() {
    let action = RuleReader::default().action("200 {{body.challenge}}").unwrap();
    let answer = action.answers().next().unwrap();
    for (why, words) in
        [(UnreadRequest::Store, "the delivery cannot be read again"), (UnreadRequest::NoRoom, "memory limit reached")]
    {
        let facts = Facts::default().without_request([answer], why);
        assert_eq!(answer.obstacle(&facts).as_deref(), Some(words));
    }
}
