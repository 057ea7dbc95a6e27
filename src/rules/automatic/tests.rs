#![allow(clippy::too_many_arguments, reason = "a row of a table")]

use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::delivery::{EventFacts, Intake, Judgement, Verdict};
use crate::http::{Head, WireFraming};
use crate::signature::{Secret, SecretOrigin};

const SAFE_TEXT: &[&str] = &["Content-Type: text/plain", "X-Content-Type-Options: nosniff"];
const TEXT: &[&str] = &["Content-Type: text/plain"];
const JSON: &[&str] = &["Content-Type: application/json"];

fn captured(head: &str, body: &str, verdict: Verdict) -> Captured {
    let head = Head::from(head.to_owned());
    Captured {
        received_at: jiff::Timestamp::UNIX_EPOCH,
        remote: String::new(),
        method: String::from_utf8_lossy(head.method()).into_owned(),
        path: String::from_utf8_lossy(head.target()).into_owned(),
        webhook: None,
        intake: Intake::Complete,
        event: EventFacts::default(),
        judgement: Judgement::bare(verdict),
        image: None,
        head,
        body: body.to_owned().into(),
        framing: WireFraming::NONE,
    }
}

/// The scheme of a sender; one of one's own where the catalogue has the handshake alone.
fn scheme(name: &str) -> Scheme {
    let mut scheme =
        catalogue::named(name).unwrap_or_else(|_| Scheme { handshake: Some(name.to_owned()), ..Scheme::default() });
    scheme.settings.insert("public_key".to_owned(), "integration_key".to_owned());
    scheme
}

/// A request as `POST /path`, header lines, and a body, under a verdict.
type Asked<'a> = (&'a str, &'a str, &'a str, Verdict);

fn known(scheme: &Scheme, (first, fields, body, verdict): Asked<'_>) -> Option<KnownHandshake> {
    let captured = captured(&format!("{first} HTTP/1.1\r\nHost: x\r\n{fields}\r\n"), body, verdict);
    let secret = Secret::new("dev", b"a webhook secret".to_vec(), SecretOrigin::Typed);
    let secret = (verdict != Verdict::NoSecret).then_some(&secret);
    let request = AnsweredRequest { head: &captured.head, body: &captured.body, scheme, secret };
    AutomaticHandshakes::of([scheme]).recognise_captured(&captured, &request)
}

/// The label, the status, headers and body of the answer.
fn answer(name: &str, asked: Asked<'_>) -> Option<(String, u16, Vec<String>, String)> {
    let HandshakeReply { label, reply } = known(&scheme(name), asked)?.reply;
    let headers = reply.headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    Some((label.to_string(), reply.status, headers, String::from_utf8(reply.body.to_vec()).unwrap()))
}

/// Requests as the senders' pages show them, under the verdict that they have without a signature. The HMACs are Python's.
#[rstest]
#[case(
    "slack",
    "POST /",
    "",
    r#"{"token":"J","challenge":"3eZbrw1aBm2r","type":"url_verification"}"#,
    "Slack url_verification",
    200,
    TEXT,
    "3eZbrw1aBm2r"
)]
#[case("slack", "GET /?ssl_check=1&token=t", "", "", "Slack ssl_check", 200, &[], "")]
#[case("slack", "POST /", "", "token=t&ssl_check=1", "Slack ssl_check", 200, &[], "")]
#[case(
    "lark",
    "POST /",
    "",
    r#"{"challenge":"ajls384kdjx98XX","token":"x","type":"url_verification"}"#,
    "Lark url_verification",
    200,
    JSON,
    r#"{"challenge":"ajls384kdjx98XX"}"#
)]
#[case(
    "monday",
    "POST /",
    "",
    r#"{"challenge":"3eZbrw1a"}"#,
    "monday.com challenge",
    200,
    JSON,
    r#"{"challenge":"3eZbrw1a"}"#
)]
#[case(
    "twitch",
    "POST /",
    "Twitch-Eventsub-Message-Type: webhook_callback_verification\r\n",
    r#"{"challenge":"pogchamp"}"#,
    "Twitch EventSub webhook_callback_verification",
    200,
    TEXT,
    "pogchamp"
)]
#[case(
    "meta",
    "GET /?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=t",
    "",
    "",
    "Meta hub_challenge",
    200,
    SAFE_TEXT,
    "1158201444"
)]
#[case("dropbox", "GET /?challenge=abc123", "", "", "Dropbox challenge", 200, SAFE_TEXT, "abc123")]
#[case("nylas", "GET /?challenge=bc609b38-c81f", "", "", "Nylas challenge", 200, SAFE_TEXT, "bc609b38-c81f")]
#[case("onfleet", "GET /?check=y7", "", "", "Onfleet check", 200, SAFE_TEXT, "y7")]
#[case(
    "microsoft-graph",
    "POST /?validationToken=Validation%3a+Testing",
    "",
    "",
    "Microsoft Graph validation_token",
    200,
    SAFE_TEXT,
    "Validation: Testing"
)]
#[case(
    "websub",
    "GET /?hub.mode=unsubscribe&hub.topic=t&hub.challenge=c",
    "",
    "",
    "WebSub hubs hub_challenge_unsubscribe",
    200,
    SAFE_TEXT,
    "c"
)]
#[case(
    "wechat-official",
    "GET /?signature=s&timestamp=1&nonce=2&echostr=5837",
    "",
    "",
    "WeChat official accounts echostr",
    200,
    SAFE_TEXT,
    "5837"
)]
#[case("asana", "POST /", "X-Hook-Secret: b537207f20cbfa02357cf448134da559\r\n", "", "Asana hook_secret", 200, &["X-Hook-Secret: b537207f20cbfa02357cf448134da559"], "")]
#[case(
    "okta",
    "GET /",
    "X-Okta-Verification-Challenge: Me_rShK8\r\n",
    "",
    "Okta event hooks verification",
    200,
    JSON,
    r#"{"verification":"Me_rShK8"}"#
)]
#[case("zoom", "POST /", "", r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event":"endpoint.url_validation"}"#, "Zoom url_validation", 200, JSON, r#"{"plainToken":"qgg8vlvZRS6UYooatFL8Aw","encryptedToken":"580a346735dc765c4381be3f56db105c417fa55f2e5c4e49e3eb5f5abee675da"}"#)]
#[case(
    "x-twitter",
    "GET /?crc_token=MDI4YmE5NjctYzg2Mi00&nonce=1",
    "",
    "",
    "X crc",
    200,
    JSON,
    r#"{"response_token":"sha256=sNQ8JqcQGPH4GLCZginUKEyOE5KJlpv2h2x6PanVneE="}"#
)]
#[case("linkedin", "GET /l?challengeCode=890e4665-4dfe-4ab1-b689-ed553bceeed0", "", "", "LinkedIn challenge_code", 200, JSON, r#"{"challengeCode":"890e4665-4dfe-4ab1-b689-ed553bceeed0","challengeResponse":"38c6eb4862429c8daae04cad32f62ddeee6c679829a1fff606c8a52621fc3aee"}"#)]
#[case(
    "braintree",
    "GET /?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53",
    "",
    "",
    "Braintree bt_challenge",
    200,
    SAFE_TEXT,
    "integration_key|3d1cd420f0f701783e35a140007104bc5f54f2b9"
)]
#[case("trello", "HEAD /", "", "", "Trello head", 200, &[], "")]
#[case("intercom", "HEAD /", "", "", "Intercom head", 200, &[], "")]
#[case("mandrill", "HEAD /", "", "", "Mailchimp Transactional head", 200, &[], "")]
#[case("mandrill", "POST /", "", "mandrill_events=%5B%5D", "Mailchimp Transactional empty_events", 200, &[], "")]
#[case("surveymonkey", "HEAD /", "", "", "SurveyMonkey head", 200, &[], "")]
#[case("woocommerce", "POST /", "", "webhook_id=7", "WooCommerce webhook_id", 200, &[], "")]
#[case("notion", "POST /", "", r#"{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}"#, "Notion verification_token", 200, &[], "")]
#[case("atlassian-connect", "POST /", "", r#"{"key":"k","clientKey":"c","sharedSecret":"0123456789abcdef","eventType":"installed"}"#, "Atlassian Connect apps installed", 200, &[], "")]
#[case("salesforce-ens", "POST /", "", r#"{"callbackId":"c","verificationKey":"k"}"#, "Salesforce Marketing Cloud verification_key", 200, &[], "")]
#[case("xero", "POST /", "", r#"{"events":[],"firstEventSequence":0,"entropy":"S0m3"}"#, "Xero intent_refused", 401, &[], "")]
#[case("discord", "POST /", "X-Signature-Ed25519: 00\r\n", r#"{"id":"1","type":1}"#, "Discord ping_refused", 401, &[], "invalid request signature")]
fn each_is_completed(
    #[case] name: &str,
    #[case] first: &str,
    #[case] fields: &str,
    #[case] body: &str,
    #[case] label: &str,
    #[case] status: u16,
    #[case] headers: &[&str],
    #[case] expected: &str,
) {
    let headers: Vec<String> = headers.iter().map(|&header| header.to_owned()).collect();
    let found = answer(name, (first, fields, body, Verdict::MissingSignature));
    assert_eq!(found, Some((format!("handshake: {label}"), status, headers, expected.to_owned())));
}

const FORM_TYPE: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

#[rstest]
#[case("xero", "", r#"{"events":[],"entropy":"S0m3"}"#, "Xero intent_to_receive", 200, "")]
#[case("discord", "X-Signature-Ed25519: 00\r\n", r#"{"type":1}"#, "Discord ping", 200, r#"{"type":1}"#)]
#[case("discord", "X-Signature-Ed25519: 00\r\n", r#"{"version":1,"type":0}"#, "Discord event_ping", 204, "")]
#[case("dropbox-sign", "", "json=%7B%7D", "Dropbox Sign acknowledgement", 200, "Hello API Event Received")]
#[case("alipay", "", "sign=s&a=b", "Alipay acknowledgement", 200, "success")]
#[case("twilio-form", "", "Body=Hi&From=1", "Twilio empty_answer", 200, "<Response/>")]
#[case("twilio-sharedkey", "", "Body=Hi&From=1", "Twilio empty_answer", 200, "<Response/>")]
#[case("plivo-v3", "", "Text=Hi", "Plivo empty_answer", 200, "<Response/>")]
#[case("slack", FORM_TYPE, "command=%2Fwhy&text=x", "Slack empty_answer", 200, "")]
#[case("slack", FORM_TYPE, "payload=%7B%7D", "Slack empty_answer", 200, "")]
#[case("teams-outgoing", "", r#"{"type":"message"}"#, "Microsoft Teams outgoing webhook empty_answer", 200, "")]
fn what_only_a_valid_signature_is_answered_with(
    #[case] name: &str,
    #[case] fields: &str,
    #[case] body: &str,
    #[case] label: &str,
    #[case] status: u16,
    #[case] expected: &str,
) {
    let (found, code, _, text) = answer(name, ("POST /", fields, body, Verdict::Verified)).unwrap();
    assert_eq!((found, code, text.as_str()), (format!("handshake: {label}"), status, expected));
    for verdict in [Verdict::Mismatch, Verdict::MissingSignature, Verdict::NoSecret] {
        let status = answer(name, ("POST /", fields, body, verdict)).map(|(_, status, ..)| status);
        assert!(status.is_none_or(|status| status == 401), "{name} {verdict:?}: {status:?}");
    }
}

/// The test events that a sender signs are judged like any other; only without a secret are they answered for their shape.
#[rstest]
#[case("line", "", r#"{"destination":"d","events":[]}"#)]
#[case("viber", "", r#"{"event":"webhook","timestamp":1}"#)]
#[case("greenhouse", "", r#"{"action":"ping"}"#)]
#[case("wise", "X-Test-Notification: true\r\n", "{}")]
fn signed_pings_are_judged_where_there_is_a_secret(#[case] name: &str, #[case] fields: &str, #[case] body: &str) {
    assert_eq!(answer(name, ("POST /", fields, body, Verdict::NoSecret)).unwrap().1, 200);
    for verdict in [Verdict::Verified, Verdict::Mismatch, Verdict::MissingSignature] {
        assert_eq!(answer(name, ("POST /", fields, body, verdict)), None);
    }
}

#[test]
fn deliveries_are_not_answered_as_handshakes() {
    // Every verified delivery of these is acknowledged, or answered with nothing.
    let acknowledged =
        ["dropbox-sign", "alipay", "twilio-form", "twilio-sharedkey", "plivo-v2", "plivo-v3", "teams-outgoing"];
    let bodies = [
        "",
        "{}",
        r#"{"type":"event_callback","event":{"type":"app_mention","challenge":"c"},"verification":"url_verification"}"#,
        r#"{"event":{"type":"url_verification","challenge":"c"}}"#,
        r#"{"event":"meeting.started","payload":{"plainToken":"t"}}"#,
        r#"{"challenge":"c","event":{"pulseId":1}}"#,
        r#"{"events":[{"resource":1}],"entropy":"x"}"#,
        r#"{"type":2,"data":{"type":1}}"#,
        r#"{"type":"page.created","verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFCh"}"#,
        r#"{"eventType":"enabled","clientKey":"c"}"#,
        "webhook_id=7&and=many&more=fields&of=an+order+that+is+delivered+for+real+today",
        "mandrill_events=%5B%7B%22event%22%3A%22open%22%7D%5D",
    ];
    for name in catalogue::handshake_names().into_iter().filter(|name| !acknowledged.contains(&name.as_str())) {
        for verdict in [Verdict::Verified, Verdict::Mismatch, Verdict::MissingSignature, Verdict::NoSecret] {
            for body in bodies {
                let fields = "X-Hook-Signature: 00\r\nX-Hook-Secret: b537207f20cbfa02357cf448134da559\r\n";
                assert_eq!(answer(&name, ("POST /hook?a=b", fields, body, verdict)), None, "{name}: {body}");
            }
            for first in
                ["GET /", "GET /?challenge", "GET /?hub.mode=subscribe&hub.challenge=", "POST /?validationToken="]
            {
                assert_eq!(answer(&name, (first, "", "", verdict)), None, "{name}: {first}");
            }
        }
    }
    // Trackpilots asks for nothing.
    assert!(AutomaticHandshakes::of([&Scheme::default()]).is_empty());
}

#[test]
fn every_one_of_the_catalogue_is_read() {
    let names = catalogue::handshake_names();
    assert!(names.len() > 30 && names.is_sorted(), "{names:?}");
    for name in names {
        let sender = catalogue::handshakes(&name).unwrap();
        for handshake in &sender.handshakes {
            let read = AutomaticHandshake::read(handshake, &sender.sender, &Arc::default())
                .unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(read.is_some(), handshake.when.is_some() && handshake.answer.is_some(), "{name}");
            let Some(read) = read else { continue };
            assert_eq!(read.token.is_some(), handshake.token.is_some() && read.refused.is_some(), "{name}");
            assert_eq!(read.secret.is_some(), handshake.secret.is_some(), "{name}");
        }
    }
}

#[test]
fn a_token_that_the_person_chose_is_compared() {
    let mut meta = catalogue::named("meta").unwrap();
    meta.settings.insert("verify_token".to_owned(), "mine".to_owned());
    let asked = |token: &str| {
        let first = format!("GET /?hub.mode=subscribe&hub.challenge=1&hub.verify_token={token}");
        let HandshakeReply { label, reply } = known(&meta, (&first, "", "", Verdict::MissingSignature)).unwrap().reply;
        (reply.status, label.to_string())
    };
    assert_eq!(asked("mine"), (200, "handshake: Meta hub_challenge".to_owned()));
    let refused =
        "handshake: Meta hub_challenge (refused: the query's hub.verify_token is not that of --param verify_token)";
    assert_eq!(asked("other"), (403, refused.to_owned()));
}

#[test]
fn what_cannot_be_answered_gets_the_automatic_answer_and_says_why() {
    let zoom = r#"{"event":"endpoint.url_validation","payload":{"plainToken":"TOKEN"}}"#;
    let asked = |body: &str, verdict| {
        let (label, status, ..) = answer("zoom", ("POST /", "", body, verdict)).unwrap();
        (status, label)
    };
    let label = |why: &str| format!("handshake: Zoom url_validation (auto: {why})");
    assert_eq!(asked(zoom, Verdict::NoSecret), (401, label("no HMAC: no secret is configured")));
    let forged = zoom.replace("TOKEN", "v0:1:{}");
    assert_eq!(
        asked(&forged, Verdict::MissingSignature),
        (400, label("no HMAC: body.payload.plainToken is not a token"))
    );
    let long = zoom.replace("TOKEN", &"a".repeat(10_000));
    assert_eq!(asked(&long, Verdict::Mismatch), (401, label("body.payload.plainToken is too long")));
    let huge = format!("{zoom}{}", " ".repeat(BODY_BYTES));
    assert_eq!(answer("zoom", ("POST /", "", &huge, Verdict::Verified)), None);
    let bare = Scheme { handshake: Some("braintree".to_owned()), ..Scheme::default() };
    let asked = ("GET /?bt_challenge=20f9f8ed05f77439fe955c977e4c8a53", "", "", Verdict::MissingSignature);
    let told = known(&bare, asked).unwrap().reply.label.to_string();
    assert!(
        told.ends_with("(auto: param.public_key is not set: give it with --param, or in the scheme's settings)"),
        "{told}"
    );
}

#[test]
fn secrets_arrive_and_are_shown_nowhere() {
    let secret = |name: &str, asked: Asked<'_>| known(&scheme(name), asked).and_then(|known| known.secret);
    let token = "secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl";
    let body = format!(r#"{{"verification_token":"{token}"}}"#);
    let found = secret("notion", ("POST /", "", &body, Verdict::NoSecret)).unwrap();
    assert_eq!((&found.bytes[..], found.place.as_str()), (token.as_bytes(), "the body's verification_token"));
    assert!(!format!("{found:?}").contains(token));
    for (value, is_one) in [("b537207f20cbfa02", true), ("short", false), ("with a space in it all", false)] {
        let fields = format!("X-Hook-Secret: {value}\r\n");
        assert_eq!(secret("asana", ("POST /", &fields, "", Verdict::NoSecret)).is_some(), is_one, "{value}");
    }
    for body in [r#"{"verification_token":12345678901234567890}"#, r#"{"verification_token":"ünïcödé sécrèt ünïcödé"}"#]
    {
        assert!(secret("notion", ("POST /", "", body, Verdict::NoSecret)).is_none(), "{body}");
    }
}

proptest! {
    /// Whatever a sender puts into a challenge stays in its place.
    #[test]
    fn nothing_of_a_challenge_begins_a_header(value in "[\\PC\r\n\0\"{}\\\\]{1,60}") {
        let escaped: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let first = format!("GET /?hub.mode=subscribe&hub.challenge={escaped}");
        let found = known(&scheme("meta"), (&first, "", "", Verdict::NoSecret)).unwrap().reply.reply;
        prop_assert_eq!(&found.body[..], value.as_bytes());
        let body = serde_json::json!({ "type": "url_verification", "challenge": value }).to_string();
        let found = known(&scheme("lark"), ("POST /", "", &body, Verdict::NoSecret)).unwrap().reply.reply;
        prop_assert_eq!(serde_json::from_slice::<serde_json::Value>(&found.body).unwrap(), serde_json::json!({ "challenge": value }));
        for (_, header) in found.headers {
            prop_assert!(header.bytes().all(|byte| matches!(byte, b' '..=b'~')));
        }
    }
}
