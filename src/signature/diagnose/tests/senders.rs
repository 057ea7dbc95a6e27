//! What is particular to a sender: its other schemes, its URLs, its questions, its credentials, its timestamps.

use jiff::Timestamp;
use rstest::rstest;

use super::super::*;
use crate::delivery::Verdict;
use crate::signature::{Algorithm, Encoding, SecretOrigin, catalogue};

const NOW: i64 = 1_795_874_400;
const TOKEN: &str = "12345678901234567890123456789012";
const FORM: &str = "Content-Type: application/x-www-form-urlencoded\r\n";

fn hmac(algorithm: Algorithm, key: &str, message: &str) -> Vec<u8> {
    let mut state = algorithm.keyed(key.as_bytes());
    state.update(message.as_bytes());
    state.finish()
}

fn base64(algorithm: Algorithm, key: &str, message: &str) -> String {
    Encoding::Base64.encode(&hmac(algorithm, key, message))
}

fn hex(key: &str, message: &str) -> String {
    hex::encode(hmac(Algorithm::Sha256, key, message))
}

struct Sent<'s> {
    scheme: &'s str,
    secret: &'s str,
    target: &'s str,
    fields: String,
    body: &'s str,
}

impl Sent<'_> {
    fn diagnosed(&self) -> Diagnosis {
        self.diagnosed_with(Depth::Pairs)
    }

    fn diagnosed_with(&self, depth: Depth) -> Diagnosis {
        let scheme = catalogue::named(self.scheme).unwrap();
        let secret = Secret::new("own", self.secret.as_bytes().to_vec(), SecretOrigin::Typed);
        let head = Head::from(format!("POST {} HTTP/1.1\r\nHost: example.com\r\n{}\r\n", self.target, self.fields));
        let request = Request {
            head: &head,
            body: self.body.as_bytes(),
            received_at: Timestamp::from_second(NOW).unwrap(),
            intake: &Intake::Complete,
            scheme: &scheme,
            secrets: &[&secret],
            others: &[],
            history: &History::default(),
        };
        diagnose(&request, &Budget { depth, ..Budget::default() })
    }
}

#[track_caller]
fn only(found: &Diagnosis, code: CauseCode, words: &str) {
    assert_eq!(found.causes.len(), 1, "{found:#?}");
    assert_eq!((found.causes[0].changes[0].code, found.causes[0].kind), (code, CauseKind::Proof), "{found:#?}");
    assert!(found.causes[0].summary.contains(words), "{}", found.causes[0].summary);
}

fn twilio(target: &str, url: &str, rest: &str, body: &'static str, scheme: &'static str, kind: &str) -> Diagnosis {
    let signature = base64(Algorithm::Sha1, TOKEN, &format!("{url}{rest}"));
    let fields = format!("X-Twilio-Signature: {signature}\r\n{kind}");
    Sent { scheme, secret: TOKEN, target, fields, body }.diagnosed()
}

#[test]
fn another_scheme_of_the_same_sender_with_the_same_header_is_the_only_cause() {
    let body = "{\"id\":1}";
    let target = format!("/hook?bodySHA256={}", hex::encode(Algorithm::Sha256.hash(|sink| sink(body.as_bytes()))));
    let json = "Content-Type: application/json\r\n";
    let url = format!("https://example.com{target}");
    let found = twilio(&target, &url, "", body, "twilio-form", json);
    only(&found, CauseCode::OtherScheme, "use --scheme twilio-json");
    // Behind a proxy, too.
    let found = twilio(&target, &url.replace("https", "http"), "", body, "twilio-form", json);
    only(&found, CauseCode::OtherScheme, "use --scheme twilio-json; http://example.com/hook");
    // And with another body than the one whose hash the URL has.
    let found = twilio(&target, &url, "", "{\"id\":2}", "twilio-form", json);
    only(&found, CauseCode::OtherScheme, "the signature is valid, but {query:bodySHA256} is not");
    let found = twilio("/hook", "https://example.com/hook", "A1", "A=1", "twilio-json", FORM);
    only(&found, CauseCode::OtherScheme, "use --scheme twilio-form");
    assert!(!format!("{found:?}").contains(TOKEN));
}

#[test]
fn a_sender_without_a_header_is_found_by_its_value() {
    let key = "3ax6xnjp29jd6fds4gc373sgvjxteol0";
    let token = "a".repeat(50);
    let signature = hex(key, &format!("{NOW}{token}"));
    let body = format!("timestamp={NOW}&token={token}&signature={signature}");
    for scheme in ["mailgun", "github"] {
        let sent = Sent { scheme, secret: key, target: "/hook", fields: FORM.to_owned(), body: &body };
        let found = sent.diagnosed();
        assert_eq!(found.causes[0].changes[0].code, CauseCode::OtherScheme, "{found:#?}");
        assert!(found.causes[0].summary.contains("use --scheme mailgun-form"), "{}", found.causes[0].summary);
    }
}

#[test]
fn an_older_signature_beside_a_wrong_one_is_not_recommended() {
    let (key, body) = ("a secret of some length", "{\"zen\":\"x\"}");
    let sha1 = hex::encode(hmac(Algorithm::Sha1, key, body));
    let fields = format!(
        "X-GitHub-Event: push\r\nX-Hub-Signature: sha1={sha1}\r\nX-Hub-Signature-256: sha256={}\r\n",
        hex("another secret of some length", body)
    );
    let found = Sent { scheme: "github", secret: key, target: "/", fields, body }.diagnosed();
    only(&found, CauseCode::OtherScheme, "the two signatures of this request disagree: X-Hub-Signature");
    let cause = &found.causes[0];
    assert!(!cause.summary.contains("use --scheme") && cause.fix.contains("do not fall back"), "{cause:?}");
    // Where it is the only one, it is the sender's scheme.
    let fields = format!("X-GitHub-Event: push\r\nX-Hub-Signature: sha1={sha1}\r\n");
    let found = Sent { scheme: "github", secret: key, target: "/", fields, body }.diagnosed();
    assert!(found.causes[0].summary.contains("use --scheme github-sha1"), "{found:#?}");
}

#[rstest]
#[case("slack", NOW * 1000, Some("is in milliseconds, and this scheme has seconds"))]
#[case("slack", NOW, None)]
#[case("hubspot-v3", NOW, Some("is in seconds, and this scheme has milliseconds"))]
#[case("hubspot-v3", NOW * 1000, None)]
fn a_timestamp_in_another_unit_than_the_schemes_is_pointed_out(
    #[case] scheme: &str,
    #[case] time: i64,
    #[case] words: Option<&str>,
) {
    let (key, body) = ("a secret of some length", "{}");
    let fields = match scheme {
        "slack" => format!(
            "X-Slack-Request-Timestamp: {time}\r\nX-Slack-Signature: v0={}\r\n",
            hex(key, &format!("v0:{time}:{body}"))
        ),
        _ => format!(
            "X-HubSpot-Request-Timestamp: {time}\r\nX-HubSpot-Signature-v3: {}\r\n",
            base64(Algorithm::Sha256, key, &format!("POSThttps://example.com/hook{body}{time}"))
        ),
    };
    let found = Sent { scheme, secret: key, target: "/hook", fields, body }.diagnosed();
    assert_eq!(found.verdict, Verdict::Verified);
    let told = found.evidence.iter().find(|told| told.code == "timestamp_unit").map(|told| told.text.as_str());
    assert_eq!(told.is_some(), words.is_some(), "{found:#?}");
    assert!(told.unwrap_or_default().contains(words.unwrap_or_default()), "{told:?}");
}

#[test]
fn another_method_that_was_signed_is_named() {
    let (key, body, time) = ("a secret of some length", "{}", NOW * 1000);
    let fields = format!(
        "X-HubSpot-Request-Timestamp: {time}\r\nX-HubSpot-Signature-v3: {}\r\n",
        base64(Algorithm::Sha256, key, &format!("GEThttps://example.com/hook{body}{time}"))
    );
    let found = Sent { scheme: "hubspot-v3", secret: key, target: "/hook", fields, body }.diagnosed();
    only(&found, CauseCode::ContentTemplate, "the method GET was signed");
}

/// What is to be done about a signature that nobody explains.
fn advice(scheme: &str, secret: &str, fields: &str, body: &str) -> (String, Diagnosis) {
    let sent = Sent { scheme, secret, target: "/hook", fields: fields.to_owned(), body };
    let found = sent.diagnosed_with(Depth::One);
    assert_eq!(found.causes[0].changes[0].code, CauseCode::Unexplained, "{found:#?}");
    assert!(!format!("{found:?}").contains(secret), "{found:?}");
    (found.causes[0].fix.clone(), found)
}

#[rstest]
#[case(
    "github",
    "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
    "(chosen by you): own looks like an access token of GitHub"
)]
#[case(
    "slack",
    "xoxb-123456789012-abcdefghijkl",
    "(the app's signing secret): own looks like an access token of Slack"
)]
#[case("stripe", "sk_test_4eC39HqLyjWDarjtT1zdp7dc", "looks like an API key of Stripe")]
#[case("stripe", "we_1MpXkQ2eZvKYlo2C8YTn", "looks like the id of a Stripe endpoint")]
#[case("twilio-form", "AC0123456789abcdef0123456789abcdef", "looks like a SID of Twilio")]
#[case("github", "****************", "looks like a masked value")]
#[case("github", "your-webhook-secret-here", "looks like a placeholder")]
#[case("square", "a secret of some length", "Give the URL exactly as it is registered with the sender (--url")]
#[case("svix", "whsec_abc-def_!", "the configured one is not valid base64")]
fn what_to_do_first_follows_from_what_is_configured(#[case] scheme: &str, #[case] secret: &str, #[case] words: &str) {
    let digest = hmac(Algorithm::Sha256, "what nobody knows here", "x");
    let sha1 = hmac(Algorithm::Sha1, "what nobody knows here", "x");
    let fields = match scheme {
        "github" => format!("X-Hub-Signature-256: sha256={}\r\n", hex::encode(digest)),
        "slack" => format!("X-Slack-Request-Timestamp: {NOW}\r\nX-Slack-Signature: v0={}\r\n", hex::encode(digest)),
        "stripe" => format!("Stripe-Signature: t={NOW},v1={}\r\n", hex::encode(digest)),
        "square" => format!("x-square-hmacsha256-signature: {}\r\n", Encoding::Base64.encode(&digest)),
        "svix" => format!(
            "svix-id: m\r\nsvix-timestamp: {NOW}\r\nsvix-signature: v1,{}\r\n",
            Encoding::Base64.encode(&digest)
        ),
        _ => format!("X-Twilio-Signature: {}\r\n{FORM}", Encoding::Base64.encode(&sha1)),
    };
    let (fix, found) = advice(scheme, secret, &fields, "a=1");
    assert!(fix.contains(words), "{fix}: {found:#?}");
}

#[test]
fn a_request_that_is_signed_wrongly_on_purpose_is_to_be_refused() {
    let wrong = base64(Algorithm::Sha256, "no", "x");
    let question = "{\"events\":[],\"firstEventSequence\":0,\"lastEventSequence\":0,\"entropy\":\"XYZ\"}";
    let fields = format!("x-xero-signature: {wrong}\r\n");
    assert!(advice("xero", "a secret of some length", &fields, question).0.starts_with("Answer 401: "));
    // A delivery of events is none.
    let events = question.replace("[]", "[{}]");
    assert!(!advice("xero", "a secret of some length", &fields, &events).0.contains("401"));
    let key = hex::encode([7; 32]);
    let fields = format!("X-Signature-Ed25519: {}\r\nX-Signature-Timestamp: {NOW}\r\n", "ab".repeat(64));
    let sent = |body| Sent { scheme: "discord", secret: &key, target: "/", fields: fields.clone(), body }.diagnosed();
    let fix = |found: &Diagnosis| found.causes.last().unwrap().fix.clone();
    assert!(fix(&sent("{\"type\":1}")).starts_with("Answer 401: "), "{:#?}", sent("{\"type\":1}"));
    let other = fix(&sent("{\"type\":2}"));
    assert!(!other.contains("secrets on both sides"), "{other}");
}

#[test]
fn a_public_key_under_a_scheme_of_a_shared_secret_is_told() {
    let fields = format!("X-Hub-Signature-256: sha256={}\r\n", hex("what nobody knows here", "x"));
    let key = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----";
    let (fix, _) = advice("github", key, &fields, "{}");
    assert!(fix.contains("--secret-file") && fix.contains("HMAC-SHA256"), "{fix}");
}

/// A secret that is configured otherwise than the sender has it, and how that is told.
#[rstest]
#[case("abc+def/gh=", "abc%2Bdef%2Fgh%3D", "percent-encoded")]
#[case("abc+def/gh=", "abc def/gh=", "as a space")]
#[case("abc&def", "abc&amp;def", "character references")]
#[case("abc&lt;def", "abc<def", "character references")]
#[case("abc+def/gh==", "abc-def_gh==", "base64url")]
#[case("Z2hzZWNyZXQxMjMK", "ghsecret123", "and a line end")]
#[case("WjJoelpXTnlaWFF4TWpNPQ==", "ghsecret123", "base64 of base64")]
#[case("gh\u{441}ret", "ghcret", "another alphabet")]
#[case("ghO123", "gh0123", "look alike")]
#[case("ghl12I", "ghI12l", "look alike")]
#[case("hsecret123", "ghsecret123", "lost its first character")]
#[case("ghsecret12", "ghsecret123", "lost its last character")]
#[case("3ax6xnjp29jd6fds4gc373sgvjxteol0", "key-3ax6xnjp29jd6fds4gc373sgvjxteol0", "key-")]
#[case("whsec_whsec_abcdef", "whsec_abcdef", "has the prefix whsec_ two times")]
#[case("ghsecret123 # prod", "ghsecret123", "has a comment after it")]
#[case("ghse cret123", "ghsecret123", "White space inside the secret")]
fn how_a_secret_differs_is_told(#[case] configured: &str, #[case] signed: &str, #[case] words: &str) {
    let body = "{\"id\":\"evt_1\",\"amount\":10.50}";
    let fields = format!("X-Hub-Signature-256: sha256={}\r\n", hex(signed, body));
    let found = Sent { scheme: "github", secret: configured, target: "/", fields, body }.diagnosed();
    let cause = &found.causes[0];
    assert!(found.is_proved() && cause.changes.len() == 1 && cause.kind == CauseKind::Proof, "{found:#?}");
    assert!(cause.summary.contains(words), "{}", cause.summary);
}

#[test]
fn what_to_do_about_a_comment_and_a_doubled_prefix_is_said() {
    let body = "{}";
    let fix = |configured: &str, signed: &str| {
        let fields = format!("X-Hub-Signature-256: sha256={}\r\n", hex(signed, body));
        Sent { scheme: "github", secret: configured, target: "/", fields, body }.diagnosed().causes[0].fix.clone()
    };
    let comment = fix("ghsecret123 # prod", "ghsecret123");
    assert!(comment.starts_with("Delete the comment") && comment.contains("quotation marks"), "{comment}");
    assert!(fix("ab$cd#ef12", "ab$cd").starts_with("Put single quotation marks"));
    assert_eq!(
        fix("whsec_whsec_abcdef", "whsec_abcdef"),
        "Remove one `whsec_` from the secret that is configured here."
    );
    // A secret of several lines is a message that was copied.
    assert!(fix("ghse cret123", "ghsecret123").contains("in one line"));
}

#[test]
fn forms_are_what_github_and_slack_may_send() {
    let body = "token=a&text=hi+there%21";
    for scheme in ["github", "slack"] {
        let fields = match scheme {
            "github" => {
                format!("{FORM}X-Hub-Signature-256: sha256={}\r\n", hex("key of some length", "token=a&text=hi there!"))
            }
            _ => format!(
                "{FORM}X-Slack-Request-Timestamp: {NOW}\r\nX-Slack-Signature: v0={}\r\n",
                hex("key of some length", &format!("v0:{NOW}:token=a&text=hi there!"))
            ),
        };
        let found = Sent { scheme, secret: "key of some length", target: "/", fields, body }.diagnosed();
        assert!(found.is_proved() && !found.evidence.iter().any(|told| told.code == "content_type"), "{found:#?}");
        assert!(found.causes[0].fix.contains("the form's own bytes"), "{}", found.causes[0].fix);
    }
}

#[test]
fn a_form_is_usual_wherever_its_fields_are_signed() {
    for scheme in ["alipay", "mailgun-form", "mandrill", "twilio-form"] {
        let body = "sign=c2lnbmF0dXJl&sign_type=RSA2&a=1";
        let found =
            Sent { scheme, secret: "key of some length", target: "/", fields: FORM.to_owned(), body }.diagnosed();
        assert!(!found.evidence.iter().any(|told| told.code == "content_type"), "{scheme}: {found:#?}");
    }
    let found =
        Sent { scheme: "stripe", secret: "key of some length", target: "/", fields: FORM.to_owned(), body: "a=1" };
    assert!(found.diagnosed().evidence.iter().any(|told| told.code == "content_type"));
}

#[rstest]
#[case("{}", ",", "“,” after the digits")]
#[case(",{}", "", "“,” before the digits")]
fn what_is_left_of_a_list_is_no_separator(#[case] value: &str, #[case] tail: &str, #[case] words: &str) {
    let value = format!("{}{tail}", value.replace("{}", &hex("key of some length", "{}")));
    let fields = format!("X-Hub-Signature-256: sha256={value}\r\n");
    let found = Sent { scheme: "github", secret: "key of some length", target: "/", fields, body: "{}" }.diagnosed();
    assert!(found.is_proved() && found.causes[0].summary.contains(words), "{found:#?}");
}

#[test]
fn where_a_digest_is_written_otherwise_as_a_whole_no_byte_is_marked() {
    let digest = hmac(Algorithm::Sha256, "key of some length", "{}");
    let at = |value: String| {
        let fields = format!("X-Hub-Signature-256: sha256={value}\r\n");
        let sent = Sent { scheme: "github", secret: "key of some length", target: "/", fields, body: "{}" };
        sent.diagnosed().causes[0].changes[0].at.clone()
    };
    assert_eq!(at(Encoding::Base64.encode(&digest)), None);
    let upper = at(hex::encode_upper(&digest)).unwrap();
    assert_eq!(upper.after, upper.before.to_ascii_lowercase());
}
