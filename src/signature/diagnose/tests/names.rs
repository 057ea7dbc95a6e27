//! Who is named for a change: only programs that make it.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::super::*;
use super::copies::{at_depth, causes, mac, told};
use crate::signature::{Algorithm, SecretOrigin, catalogue};

const KEY: &[u8] = b"s3cr3t-Key-0123456789abcdef";

fn github(signed: &[u8], body: &[u8]) -> Diagnosis {
    let value = format!("sha256={}", hex::encode(mac(Algorithm::Sha256, KEY, signed)));
    told("github", KEY, &[("X-Hub-Signature-256", &value)], body)
}

/// The names of the first cause, and its words.
fn first(signed: &str, body: &str) -> (Vec<String>, String) {
    let found = github(signed.as_bytes(), body.as_bytes());
    let cause = found.causes.first().unwrap_or_else(|| panic!("{signed}"));
    (cause.changes.iter().flat_map(|change| change.names.clone()).collect(), cause.summary.clone())
}

#[test]
fn dates_are_written_by_those_that_have_dates() {
    let body = r#"{"id":7,"at":"2026-01-02T03:04:05.120Z"}"#;
    let (names, words) = first(&body.replace(".120Z", ".12Z"), body);
    assert!(names.is_empty() && words.contains(".NET") && words.contains("Go's time.Time"), "{names:?}: {words}");
    let (names, words) = first(&body.replace(".120Z", ".120000+00:00"), body);
    assert!(names.is_empty() && words.contains("isoformat"), "{names:?}: {words}");
    let (names, words) = first(&body.replace(".120Z", "Z"), body);
    assert!(names.is_empty() && !words.contains("JavaScript"), "{names:?}: {words}");
    // With spaces, a serialiser has a part in it, and only in that.
    let (names, words) =
        first(r#"{"id":7,"at":"2026-01-02T03:04:05.12Z"}"#, r#"{"id": 7, "at": "2026-01-02T03:04:05.120Z"}"#);
    assert!(words.contains("and it was re-serialised (") && !names.is_empty(), "{names:?}: {words}");
    let (names, words) = first(r#"{"a":"x","n":1}"#, r#"{"a":" x ","n":1}"#);
    assert!(names.is_empty() && words.contains("TrimStrings"), "{names:?}: {words}");
    let (names, words) = first(r#"{"a":1}"#, r#"{"a":1,"__v":0}"#);
    assert!(names.is_empty() && words.contains("__v"), "{names:?}: {words}");
}

#[test]
fn a_model_of_dot_net_is_named() {
    for (body, signed) in [
        (r#"{"n":12.50,"s":"it's"}"#, r#"{"n":12.5,"s":"it\u0027s"}"#),
        (r#"{"n":10.0,"s":"<b>"}"#, r#"{"n":10,"s":"\u003Cb\u003E"}"#),
        (r#"{"n":12.50,"s":"é😀"}"#, r#"{"n":12.5,"s":"\u00E9\uD83D\uDE00"}"#),
        (r#"{"n":12.50,"s":"é","z":null}"#, r#"{"n":12.5,"s":"\u00E9"}"#),
        (r#"{"n":7,"s":"it's","z":null}"#, r#"{"n":7,"s":"it\u0027s"}"#),
        (r#"{"s":"it's","at":"2026-01-02T03:04:05.120Z"}"#, r#"{"s":"it\u0027s","at":"2026-01-02T03:04:05.12Z"}"#),
        (
            r#"{"n":1.50,"s":"a+b","at":"2026-01-02T03:04:05.000Z"}"#,
            r#"{"n":1.5,"s":"a\u002Bb","at":"2026-01-02T03:04:05Z"}"#,
        ),
    ] {
        let (names, words) = first(signed, body);
        assert!(names.iter().any(|name| name.starts_with(".NET System.Text.Json")), "{signed}: {names:?}: {words}");
    }
    let (_, words) = first(r#""{\u0022n\u0022:7}""#, r#"{"n":7}"#);
    assert!(words.contains("JSON string, as .NET"), "{words}");
}

#[test]
fn fields_that_were_left_out_are_no_encoder_s_and_the_advice_is_the_receiver_s() {
    let form = b"Body=Hi+there&Empty=&From=%2B1415";
    let url = "https://app.example.com/hook?x=1";
    let key = b"12345678901234567890123456789012";
    let digest = |content: &str| BASE64_STANDARD.encode(mac(Algorithm::Sha1, key, content.as_bytes()));
    let without = digest(&format!("{url}BodyHi thereFrom+1415"));
    let found = told("twilio-form", key, &[("X-Twilio-Signature", &without)], form);
    assert!(found.causes[0].changes[0].names.is_empty(), "{found:#?}");
    let mut scheme = catalogue::named("twilio-form").unwrap();
    scheme.url = Some(url.to_owned());
    let right = digest(&format!("{url}BodyHi thereEmptyFrom+1415"));
    let head = Head::from(format!("POST /hook?x=1 HTTP/1.1\r\nX-Twilio-Signature: {right}\r\n\r\n"));
    let secret = Secret::new("dev", key.to_vec(), SecretOrigin::Typed);
    let request = Request {
        head: &head,
        body: form,
        received_at: jiff::Timestamp::from_second(1_795_953_605).unwrap(),
        intake: &Intake::Complete,
        scheme: &scheme,
        secrets: &[&secret],
        others: &[],
        history: &History::default(),
    };
    let found = explain_digest(&without, &request, &Budget::default()).unwrap();
    assert!(found.causes[0].changes[0].names.is_empty(), "{found:#?}");
    assert!(found.causes[0].fix.starts_with("Hash every field of the form as it arrived"), "{found:#?}");
}

#[test]
fn bodies_that_were_printed_as_objects_are_alarms_with_their_own_advice() {
    let body = br#"{"id":7}"#;
    for (word, advice) in [
        ("[object ReadableStream]", "await request.text()"),
        ("[object Request]", "await request.text()"),
        ("[object FormData]", "await request.text()"),
        ("[object ArrayBuffer]", "Buffer.from(await request.arrayBuffer())"),
        ("System.Byte[]", "Encoding.UTF8.GetString"),
        ("System.IO.MemoryStream", "Encoding.UTF8.GetString"),
    ] {
        let found = github(word.as_bytes(), body);
        let all = causes(&found);
        assert!(all[0].starts_with("body_stringified_object: ") && all[0].contains(word), "{all:#?}");
        assert_eq!(found.causes[0].kind, CauseKind::Alarm);
        assert!(found.causes[0].fix.contains(advice), "{found:#?}");
        let found = github(format!("1795953600.{word}").as_bytes(), body);
        assert!(causes(&found).iter().all(|cause| !cause.contains("timestamp")), "{found:#?}");
    }
}

#[test]
fn the_commonest_of_pieces_and_objects_need_no_pairs_of_changes() {
    let body = br#"{"id":7}"#;
    for signed in [r#"undefined{"id":7}"#, r#"{"id":7}{"id":7}"#, "[object ReadableStream]", "System.Byte[]"] {
        let value = format!("sha256={}", hex::encode(mac(Algorithm::Sha256, KEY, signed.as_bytes())));
        let found = at_depth(Depth::One, "github", KEY, &[("X-Hub-Signature-256", &value)], body);
        assert!(found.is_proved(), "{signed}: {found:#?}");
    }
}
