//! Senders' handshakes, completed by the program itself under the scheme of the route; and the secrets that they bring.
//! Signatures and digests are Python's `hmac`.

use serde_json::{Value, json};

use crate::support::{Answer, Listening, Person, Size, TestEnv, Upstream, talk};

const CRLF: &str = "\r\n";

fn request(first: &str, fields: &[&str], body: &str) -> String {
    let fields: String = fields.iter().map(|field| format!("{field}{CRLF}")).collect();
    let length = if body.is_empty() { String::new() } else { format!("Content-Length: {}{CRLF}", body.len()) };
    format!("{first} HTTP/1.1{CRLF}Host: x{CRLF}{fields}{length}Connection: close{CRLF}{CRLF}{body}")
}

/// A request with these header lines, over a connection of its own.
fn ask(listening: &Listening, first: &str, fields: &[&str], body: &str) -> Answer {
    talk(listening.address(), request(first, fields, body))
}

fn rule(listening: &Listening, number: usize) -> Value {
    listening.json_line(number)["answer"]["rule"].clone()
}

const SLACK: &str = r#"{"token":"Jhj5","challenge":"3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd","type":"url_verification"}"#;
const META: &str = "GET /meta?hub.mode=subscribe&hub.challenge=1158201444&hub.verify_token=mine";

const CONFIG: &str = r#"
[secrets]
zoom = { env = "ZOOM_SECRET" }
xero = { env = "XERO_SECRET" }

[[webhook]]
name = "slack"
path = "/slack"
scheme = "slack"

[[webhook]]
name = "meta"
path = "/meta"
scheme = { preset = "meta", settings = { verify_token = "mine" } }

[[webhook]]
name = "zoom"
path = "/zoom"
scheme = "zoom"
secret = "zoom"

[[webhook]]
name = "xero"
path = "/xero"
scheme = "xero"
secret = "xero"

[[webhook]]
name = "trello"
path = "/trello"
scheme = "trello"

[[webhook]]
name = "monday"
path = "/monday"
scheme = { signature_header = "Authorization", timestamp = "none", content = "{body}", handshake = "monday" }

[[webhook]]
name = "both"
path = "/both"
scheme = ["github", "slack"]

[[webhook]]
name = "quiet"
path = "/quiet"
scheme = { preset = "slack", handshake = "none" }
"#;

fn configured() -> TestEnv {
    let env = TestEnv::new().set("ZOOM_SECRET", "zoom secret token").set("XERO_SECRET", "xero webhook signing key");
    env.write("senders.toml", CONFIG);
    env
}

#[test]
fn the_handshakes_of_the_routes_sender_are_completed_without_a_rule() {
    let env = configured();
    let listening = env.listen(&["--config", "senders.toml", "--format", "json"]);

    let answer = ask(&listening, "POST /slack", &["Content-Type: application/json"], SLACK);
    assert_eq!((answer.status, answer.body.as_str()), (200, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd"));
    assert_eq!(rule(&listening, 1), "handshake: Slack url_verification");

    let answer = ask(&listening, META, &[], "");
    let content_type = answer.header("content-type");
    assert_eq!((answer.status, answer.body.as_str(), content_type), (200, "1158201444", Some("text/plain")));
    assert_eq!(ask(&listening, &META.replace("mine", "other"), &[], "").status, 403);
    let refused = rule(&listening, 3);
    assert!(refused.as_str().unwrap().starts_with("handshake: Meta hub_challenge (refused: "), "{refused}");

    let body = r#"{"payload":{"plainToken":"qgg8vlvZRS6UYooatFL8Aw"},"event_ts":1,"event":"endpoint.url_validation"}"#;
    let answer = ask(&listening, "POST /zoom", &["Content-Type: application/json"], body);
    let digest = "39b8dfc472156d09751ff95badb7c9dfc4e81295a8dd72928ab3e7f6b3f48769";
    let expected = json!({ "plainToken": "qgg8vlvZRS6UYooatFL8Aw", "encryptedToken": digest });
    assert_eq!((answer.status, serde_json::from_str(&answer.body).ok()), (200, Some(expected)));

    let body = r#"{"events":[],"firstEventSequence":0,"lastEventSequence":0,"entropy":"made-up-entropy-17"}"#;
    let right =
        ask(&listening, "POST /xero", &["x-xero-signature: nzjyPxky8PlYDz1QlwK+KZabMmNH7XW1BgxmAk6rqqg="], body);
    let wrong =
        ask(&listening, "POST /xero", &["x-xero-signature: AzjyPxky8PlYDz1QlwK+KZabMmNH7XW1BgxmAk6rqqg="], body);
    assert_eq!((right.status, right.body.as_str(), wrong.status, wrong.body.as_str()), (200, "", 401, ""));

    assert_eq!(ask(&listening, "HEAD /trello", &[], "").status, 200);
    assert_eq!(rule(&listening, 7), "handshake: Trello head");
    assert_eq!(ask(&listening, "POST /monday", &[], r#"{"challenge":"c"}"#).body, r#"{"challenge":"c"}"#);

    // Of several schemes, each has its own.
    assert_eq!(ask(&listening, "POST /both", &[], SLACK).body, "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd");

    // None of them is a handshake where another sender's is meant, or none.
    assert_eq!(ask(&listening, "GET /slack", &[], "").status, 400);
    assert_eq!(ask(&listening, "POST /quiet", &[], SLACK).status, 400);
    assert_eq!(ask(&listening, "POST /elsewhere", &[], SLACK).status, 400);
    let event = r#"{"type":"event_callback","challenge":"c","event":{"type":"url_verification"}}"#;
    assert_eq!(ask(&listening, "POST /slack", &[], event).status, 400);
    assert_eq!(rule(&listening, 13), "auto");
    // What it was is in every face, as a rule is.
    assert_eq!(env.show(1)["answer"]["rule"], "handshake: Slack url_verification");
    let listed = env.run(&["list", "rule:handshake", "--format", "json"]).yes().stdout();
    assert_eq!(listed.lines().count(), 9, "{listed}");
}

#[test]
fn a_rule_a_chosen_status_and_an_upstream_come_first() {
    let env = TestEnv::new();
    let told = |arguments: &[&str]| {
        let listening = env.listen(&[&["--scheme", "slack", "--ephemeral", "--format", "json"], arguments].concat());
        let answer = ask(&listening, "POST /", &[], SLACK);
        let rule = rule(&listening, 1).as_str().unwrap().to_owned();
        (answer.status, answer.body, rule)
    };
    assert_eq!(told(&["--respond", "503"]).2, "fixed 503");
    assert_eq!(told(&["--respond", "field:challenge → 202 mine"]).0, 202);
    let challenge = "3eZbrw1aBm2rZgRNFdxV2595E9CY3gmd".to_owned();
    let label = "handshake: Slack url_verification";
    assert_eq!(told(&["--respond", "event:other → 503"]), (200, challenge.clone(), label.to_owned()));
    // The automatic answer is the handshake's, wherever a rule asks for it.
    assert_eq!(told(&["--respond", "auto"]), (200, challenge.clone(), label.to_owned()));
    let (status, body, rule) = told(&["--respond", "hold 10ms else auto"]);
    assert_eq!((status, body), (200, challenge));
    assert!(rule.ends_with(&format!("({label})")), "{rule}");
    assert_eq!(told(&["--no-handshakes"]), (401, "Invalid signature".to_owned(), "auto".to_owned()));
    env.write("off.toml", "handshakes = false\n");
    assert_eq!(told(&["--config", "off.toml"]).2, "auto");

    let upstream = Upstream::new(|socket| {
        use std::io::Write as _;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\nours").unwrap();
    });
    let url = upstream.url();
    assert_eq!(told(&["--forward-to", &url]).1, "ours");
}

const HOOK_SECRET: &str = "b537207f20cbfa02357cf448134da559e8bd39d61597dcd5631b8012eae53e81";
const EVENT: &str = r#"{"events":[{"action":"changed"}]}"#;
const SIGNED: &str = "X-Hook-Signature: 5f67204555e6ed6fa32c912f3d6ae7aad9e9686b11fc7be044f7cafe67b63f53";

#[test]
fn a_secret_that_arrives_by_a_handshake_verifies_what_follows() {
    let env = TestEnv::new();
    let listening = env.listen(&["--scheme", "asana", "--format", "json"]);
    let answer = ask(&listening, "POST /asana", &[&format!("X-Hook-Secret: {HOOK_SECRET}")], "");
    assert_eq!((answer.status, answer.header("x-hook-secret")), (200, Some(HOOK_SECRET)));
    let said = listening.says("Asana's secret was received by handshake");
    assert!(said.contains("set ASANA_WEBHOOK_SECRET to it") && said.contains("#1, the header X-Hook-Secret"), "{said}");
    assert_eq!(ask(&listening, "POST /asana", &[SIGNED], EVENT).status, 200);
    let row = listening.json_line(2);
    assert_eq!((&row["verdict"], &row["secret"]), (&json!("verified"), &json!("by handshake")));

    // Another one is anybody's.
    let answer = ask(&listening, "POST /asana", &["X-Hook-Secret: another-secret-that-somebody-sent"], "");
    assert_eq!(answer.status, 200);
    listening.says("Asana sent another secret by handshake (#3");
    let forged = "X-Hook-Signature: 0b93d8422ae314a3e8aa228e2fc5549dc72a95c49c1d445b5ac5672ebfb32407";
    assert_eq!(ask(&listening, "POST /asana", &[forged], EVENT).status, 401);
    assert_eq!(ask(&listening, "POST /asana", &[SIGNED], EVENT).status, 200);
    // It is said, written and kept nowhere but in the delivery itself.
    assert!(!listening.stderr().contains(HOOK_SECRET) && !listening.stdout().contains(HOOK_SECRET));
    assert!(!listening.stderr().contains("another-secret-that"));
    drop(listening);
    // The next run knows nothing of it.
    let listening = env.listen(&["--scheme", "asana", "--format", "json"]);
    assert_eq!(ask(&listening, "POST /asana", &[SIGNED], EVENT).status, 401);
}

#[test]
fn a_configured_secret_and_a_no_keep_others_out() {
    let env = TestEnv::new().set("ASANA_WEBHOOK_SECRET", "a secret that a person has configured");
    let listening = env.listen(&["--scheme", "asana", "--format", "json"]);
    ask(&listening, "POST /", &[&format!("X-Hook-Secret: {HOOK_SECRET}")], "");
    let said = listening.says("it is not used, since there is the secret ASANA_WEBHOOK_SECRET");
    assert!(!said.contains(HOOK_SECRET));
    assert_eq!(ask(&listening, "POST /", &[SIGNED], EVENT).status, 401);

    let env = TestEnv::new();
    let rules = ["--respond", "header:X-Refuse → 503", "--respond", "fail 1 with 500 then auto"];
    let listening = env.listen(&[&["--scheme", "asana", "--format", "json"][..], &rules].concat());
    let hook = |secret: &str| format!("X-Hook-Secret: {secret}");
    assert_eq!(ask(&listening, "POST /", &["X-Refuse: 1", &hook("a-secret-that-was-refused")], "").status, 503);
    assert_eq!(ask(&listening, "POST /", &[&hook("a-secret-that-failed-too")], "").status, 500);
    assert_eq!(ask(&listening, "POST /", &[&hook(HOOK_SECRET)], "").status, 200);
    assert_eq!(ask(&listening, "POST /", &[SIGNED], EVENT).status, 200);
    assert_eq!(listening.json_line(4)["verdict"], "verified");
}

#[test]
fn notions_token_is_used_also_where_an_upstream_answers() {
    let env = TestEnv::new();
    let upstream = Upstream::new(|socket| {
        use std::io::Write as _;
        socket.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    });
    let url = upstream.url();
    let listening = env.listen(&["--scheme", "notion", "--forward-to", &url, "--format", "json"]);
    let token = r#"{"verification_token":"secret_tMrlL1qK5vuQAh1b6cZGhFChZTSYJlce98V0pYn7yBl"}"#;
    assert_eq!(ask(&listening, "POST /", &[], token).status, 200);
    listening.says("Notion's secret was received by handshake (#1, the body's verification_token)");
    let signature = "X-Notion-Signature: sha256=9e541e93dd25d43ce3c23990bb40f52ca1a2bf46b678f1e3f17a9d153366b856";
    ask(&listening, "POST /", &[signature], r#"{"type":"page.created"}"#);
    assert_eq!(listening.json_line(2)["verdict"], "verified");
}

#[test]
fn a_person_accepts_another_secret_by_a_key() {
    let env = TestEnv::new();
    let (mut person, address) = Person::listening(&env, Size(120, 36), &["--scheme", "asana"]);
    let hook = |secret: &str| talk(address, request("POST /asana", &[&format!("X-Hook-Secret: {secret}")], "")).status;
    assert_eq!(hook("a-secret-that-somebody-else-sent"), 200);
    person
        .sees("Asana's secret received by handshake (#1), used for this run; O on #1 keeps it")
        .sees("secret by handshake");
    assert_eq!(hook(HOOK_SECRET), 200);
    person.sees("another secret of Asana by handshake (#2): not used; O on #2 accepts it");
    assert_eq!(talk(address, request("POST /asana", &[SIGNED], EVENT)).status, 401);
    // The one of the second delivery.
    person.sees_row(&["/asa", "401"]).types("gj").sees("id          #2").types("O");
    person.sees("use the secret that this handshake of Asana brings").enter().sees("is used for this run");
    assert_eq!(talk(address, request("POST /asana", &[SIGNED], EVENT)).status, 200);
    person.sees_row(&["✓", "/asa"]).types("g").sees("✓ verified with the secret received by handshake");
    assert!(!person.screen().contains("somebody-else"));
}

/// GitHub's signature of `{"zen":1}` under the secret; Python's `hmac`.
const PUSH: [&str; 2] = [
    "X-Hub-Signature-256: sha256=54ba93a72e259af7226a1afb2ca5a340a401d52622205bfa8adee2403891c141",
    "X-GitHub-Event: ping",
];

#[test]
fn a_recognised_senders_scheme_is_adopted_for_the_run_and_taken_back() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    let send = || talk(address, request("POST /hooks", &PUSH, "{\"zen\":1}")).status;
    assert_eq!(send(), 400);
    person.sees("it verifies as GitHub signs").sees("O adopts the scheme");
    person
        .types("O")
        .sees("Verify as another sender, for this run")
        .sees("verified with TRACKPILOTS_WEBHOOKS_SECRET_KEY");
    person.sees("To keep it, in the configuration: scheme = \"github\"").enter().sees("github, this run");
    person.sees("Verdict at capture: missing signature").sees("the adopted scheme github");
    assert_eq!(send(), 200);
    person.types("g2").sees("Adopted for this run: github");
    // Nothing was written, and the capture's verdict stays what it was.
    assert_eq!(env.show(1)["verdict"], "missing_signature");
    person.types("O").sees("no longer by github").enter().no_longer_sees("github, this run");
    assert_eq!(send(), 400);
}
