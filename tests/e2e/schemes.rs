//! Other senders' schemes by name: listened under, signed, verified, listed and simulated.

use std::process::Command;

use serde_json::{Value, json};

use crate::support::tools::tool;
use crate::support::{SECRET, TestEnv, finish};

/// A secret that suits schemes that read it as text, as base64 or as hexadecimal digits.
const ANY_SECRET: &str = "6162636465666768696a6b6c6d6e6f70";

/// Runs the script that signs with Node, in the working directory of `env`; `None` without Node.
fn node(env: &TestEnv, arguments: &[&str]) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/foreign.mjs");
    let mut command: Command = env.other(&tool("node")?);
    command.arg(script).args(arguments).env("SECRET", SECRET);
    Some(finish(command, b"").yes().stdout())
}

/// The arguments that give `verify` these header lines.
fn with_headers<'a>(start: &[&'a str], lines: &'a str) -> Vec<&'a str> {
    start.iter().copied().chain(lines.lines().flat_map(|line| ["--header", line])).collect()
}

#[test]
fn a_ping_that_node_signs_is_verified_by_the_secret_of_its_sender() {
    let env = TestEnv::new().set("GITHUB_WEBHOOK_SECRET", SECRET);
    env.write("ping.json", r#"{"zen":"Keep it logically awesome.","hook_id":1}"#);
    let listening = env.listen(&["--scheme", "github"]);
    let Some(status) = node(&env, &["github", &listening.url("/hooks/github"), "ping.json"]) else { return };
    assert_eq!(status.trim(), "200");
    let line = env.run(&["list", "--format", "json"]).yes().json();
    assert_eq!((&line["verdict"], &line["path"]), (&json!("verified"), &json!("/hooks/github")), "{line}");
    assert_eq!(line["event"], json!("ping"), "{line}");
    assert_eq!(env.show(1)["secret"], "GITHUB_WEBHOOK_SECRET");
    // Without the scheme it is not Trackpilots'.
    assert_eq!(env.run(&["verify", "1", "--format", "json"]).no().json()["verdict"], "no_secret");
    env.run(&["verify", "1", "--scheme", "github"]).yes();
}

#[test]
fn what_is_signed_under_a_scheme_is_verified_under_it() {
    let url = ["--url", "https://shop.example/hooks?shop=1"];
    let id = ["-H", "webhook-id: msg_1"];
    let nonce = ["-H", "X-Lark-Request-Nonce: 17"];
    let key = ["--param", "api_key=APIkey"];
    for (scheme, more, form) in [
        ("stripe", &[][..], "Stripe-Signature: t="),
        ("paddle", &[], "Paddle-Signature: ts="),
        ("github", &[], "X-Hub-Signature-256: sha256="),
        ("shopify", &[], "X-Shopify-Hmac-Sha256: "),
        ("slack", &[], "X-Slack-Signature: v0="),
        ("standard-webhooks", &id, "webhook-signature: v1,"),
        ("paystack", &[], "x-paystack-signature: "),
        ("box", &[], "BOX-SIGNATURE-PRIMARY: "),
        ("docusign", &[], "X-DocuSign-Signature-1: "),
        ("mollie", &[], "X-Mollie-Signature: sha256="),
        ("recurly", &[], "recurly-signature: "),
        ("docuseal", &[], "X-Docuseal-Signature: "),
        ("adyen-platform", &[], "HmacSignature: "),
        ("lark", &nonce, "X-Lark-Signature: "),
        ("gitlab-token", &[], "X-Gitlab-Token: 6162"),
        ("postmark", &[], "Authorization: Basic "),
        ("netlify", &[], "X-Webhook-Signature: ey"),
        ("livekit", &key, "Authorization: ey"),
        ("twilio-form", &url, "X-Twilio-Signature: "),
        ("square", &url, "x-square-hmacsha256-signature: "),
        ("hubspot-v3", &url, "X-HubSpot-Signature-v3: "),
    ] {
        let env = TestEnv::new().set("KEY", ANY_SECRET);
        env.write("body", r#"{"a":1}"#);
        env.write("other", r#"{"a":2}"#);
        let options = [&["--secret-env", "KEY", "--scheme", scheme][..], more].concat();
        let printed = env.run(&[&["sign", "--body", "body"], &options[..]].concat()).yes().stdout();
        assert!(printed.starts_with(form), "{scheme}: {printed}");
        let verify = |body| with_headers(&[&["verify", "--body", body], &options[..]].concat(), &printed);
        let said = env.run(&verify("body")).yes().stdout();
        assert!(said.starts_with("✅ verified with the secret KEY\n"), "{scheme}: {said}");
        let said = env.run(&verify("other"));
        let covers_body = !["gitlab-token", "postmark"].contains(&scheme);
        assert_eq!(said.status.code(), Some(i32::from(covers_body)), "{scheme}: {}", said.stdout());
    }
}

#[test]
fn a_public_key_verifies_what_node_signs_with_the_private_one() {
    for (kind, scheme) in [("ed25519", "discord"), ("rsa", "wise"), ("ecdsa", "sendgrid")] {
        let env = TestEnv::new();
        env.write("body", r#"{"type":1}"#);
        env.write("other", r#"{"type":2}"#);
        let Some(headers) = node(&env, &[kind, "body"]) else { return };
        let verify = |body| {
            let start =
                ["verify", "--body", body, "--scheme", scheme, "--public-key", "public.pem", "--format", "json"];
            let ran = env.run(&with_headers(&start, &headers));
            assert_eq!(ran.stderr(), "", "a public key is no secret that others may not read");
            ran
        };
        let json = verify("body").yes().json();
        assert_eq!((&json["verdict"], &json["secret"]), (&json!("verified"), &json!("public-key")), "{scheme}: {json}");
        assert_eq!(verify("other").no().json()["verdict"], "mismatch", "{scheme}");
        // The private key signs the same.
        let sign = ["sign", "--body", "body", "--scheme", scheme, "--secret-file", "private.pem"];
        let headers = env.run(&sign).yes().stdout();
        let start = ["verify", "--body", "body", "--scheme", scheme, "--public-key", "public.pem"];
        env.run(&with_headers(&start, &headers)).yes();
        let line = env.run(&["sign", "--body", "body", "--scheme", scheme, "--secret-file", "public.pem"]).complains();
        assert!(line.contains("signed with the sender's private key"), "{line}");
    }
    let env = TestEnv::new();
    env.write("body", "{}");
    let line = env.run(&["verify", "--body", "body", "--scheme", "discord", "--public-key", "./gone.pem"]).complains();
    assert!(line.contains("gone.pem (asked for by --public-key)"), "{line}");
}

#[test]
fn why_a_token_is_refused_is_said() {
    let env = TestEnv::new().set("KEY", ANY_SECRET);
    env.write("body", r#"{"a":1}"#);
    env.write("spaced", r#"{ "a": 1 }"#);
    env.write("other", r#"{"a":2}"#);
    let options = ["--secret-env", "KEY", "--scheme", "netlify"];
    let printed = env.run(&[&["sign", "--body", "body"], &options[..]].concat()).yes().stdout();
    for (body, code) in [("spaced", "body_reserialized"), ("other", "signed_value_differs")] {
        let start = [&["verify", "--body", body, "--format", "json"], &options[..]].concat();
        let said = env.run(&with_headers(&start, &printed)).no().json();
        let cause = &said["diagnosis"]["causes"][0];
        assert_eq!((&cause["changes"][0]["code"], &cause["kind"]), (&json!(code), &json!("proof")), "{said}");
        assert!(!said.to_string().contains(ANY_SECRET), "{said}");
    }
    let bearer = printed.replacen(": ", ": Bearer ", 1);
    let start = [&["verify", "--body", "body", "--format", "json"], &options[..]].concat();
    let said = env.run(&with_headers(&start, &bearer)).no().json();
    assert_eq!(said["diagnosis"]["causes"][0]["changes"][0]["code"], "signature_prefix", "{said}");
}

#[test]
fn a_scheme_may_come_from_a_file() {
    let env = TestEnv::new().set("KEY", ANY_SECRET);
    env.write("body", "{}");
    env.write(
        "mine.toml",
        "signature = \"header:X-Mine\"\nprefix = \"hmac \"\ntimestamp = \"header:X-Mine-Time\"\n\
         content = \"{timestamp}|{body}\"\nencoding = \"base64\"\n",
    );
    let options = ["--scheme-file", "mine.toml", "--secret-env", "KEY"];
    let printed = env.run(&[&["sign", "--body", "body"], &options[..]].concat()).yes().stdout();
    assert!(printed.starts_with("X-Mine: hmac ") && printed.contains("\nX-Mine-Time: "), "{printed}");
    env.run(&with_headers(&[&["verify", "--body", "body"], &options[..]].concat(), &printed)).yes();
    // A preset is read with the variable of its sender.
    let env = TestEnv::new().set("GITHUB_WEBHOOK_SECRET", SECRET);
    env.write("body", "{}");
    env.write("mine.toml", "preset = \"github\"\nsignature_header = \"X-Mine\"\n");
    let printed = env.run(&["sign", "--body", "body", "--scheme-file", "mine.toml"]).yes().stdout();
    assert!(printed.starts_with("X-Mine: sha256="), "{printed}");
}

#[test]
fn a_broken_scheme_file_says_which_key_and_what_was_expected() {
    let env = TestEnv::new().set("KEY", ANY_SECRET);
    env.write("body", "{}");
    for (text, words) in [
        ("signatur = \"header:X-A\"", &["mine.toml:1:1: ", "unknown field ", "did you mean `signature`"][..]),
        ("preset = \"github\"\nencoding = \"hexx\"", &["mine.toml:2:12: ", "`hexx`", "`base64url-nopad`"]),
        ("preset = \"github\"\ntolerance = \"5m\"", &["mine.toml:2:13: ", "expected a whole number, found a string"]),
        ("preset = \"gihtub\"", &["unknown scheme 'gihtub'", "github"]),
        ("algorithm = \"sha9\"", &["unknown algorithm 'sha9'", "hmac-sha256"]),
        ("content = \"{boddy\"", &["content: ", "brace"]),
        ("content = \"{timestamp}\"", &["{body}", "covers_body = false"]),
        ("signature = \"nowhere\"\ncontent = \"{id}{body}\"", &["id"]),
        ("timestamp = \"heading:X-A\"", &["timestamp: ", "header:NAME"]),
        ("url = \"shop.example\"", &["url: ", "https://"]),
        ("preset = ", &["mine.toml:1"]),
        ("algorithm = [\"sha256\"]", &["mine.toml:1:13: ", "write it without brackets"]),
        ("components = \"@method\"", &["mine.toml:1:14: ", "put it in brackets"]),
    ] {
        env.write("mine.toml", text);
        let line =
            env.run(&["sign", "--body", "body", "--scheme-file", "mine.toml", "--secret-env", "KEY"]).complains();
        for word in [&["--scheme-file"], words].concat() {
            assert!(line.contains(word), "{text}: {word} is not in {line}");
        }
    }
    let line = env.run(&["sign", "--body", "body", "--scheme-file", "gone.toml", "--secret-env", "KEY"]).complains();
    assert!(line.contains("gone.toml: cannot be read"), "{line}");
}

#[test]
fn schemes_are_listed_and_explained() {
    let env = TestEnv::new();
    let all = env.run(&["schemes"]).yes().stdout();
    assert!(all.lines().count() > 200, "{}", all.lines().count());
    assert!(all.starts_with("trackpilots ") && all.contains("\ngithub "), "{all}");
    let github = env.run(&["schemes", "github"]).yes().stdout();
    for words in ["github: GitHub", "header X-Hub-Signature-256", "sha256=SIGNATURE", "HMAC-SHA256", "{body}"] {
        assert!(github.contains(words), "{words} is not in {github}");
    }
    let shops = env.run(&["schemes", "shop"]).yes().stdout();
    assert!(shops.contains("shopify") && shops.lines().count() < 20, "{shops}");
    let unknown = env.run(&["schemes", "gihtub"]).no();
    assert!(unknown.stdout.is_empty() && unknown.stderr().contains("(did you mean github"), "{}", unknown.stderr());
    assert_eq!(unknown.stderr().lines().count(), 1);

    let json = env.run(&["schemes", "--format", "json"]).yes().json();
    assert_eq!(json.as_array().unwrap().len(), all.lines().count());
    let json = env.run(&["schemes", "paypal", "--format", "json"]).yes().json();
    assert_eq!((&json["name"], &json["needs"]), (&json!("paypal"), &json!(["webhook_id"])));
    // Shells complete the names; help does not list them.
    let completions = env.run(&["completions", "bash"]).yes().stdout();
    assert!(completions.contains("standard-webhooks-asymmetric"));
    for help in ["sign", "schemes"] {
        let text = env.run(&[help, "--help"]).yes().stdout();
        assert!(!text.contains("mailgun"), "{text}");
    }
}

#[test]
fn what_a_scheme_needs_is_asked_for_by_its_flag() {
    let env = TestEnv::with_secret();
    env.write("body", "{}");
    for command in [&["sign", "--body", "body"][..], &["verify", "--body", "body"], &["simulate"]] {
        let line = env.run(&[command, &["--scheme", "paypal"]].concat()).complains();
        assert!(line.contains("--param webhook_id=VALUE"), "{line}");
        let line = env.run(&[command, &["--scheme", "paypal", "--param", "webhook_id"]].concat()).complains();
        assert!(line.contains("--param: expected NAME=VALUE"), "{line}");
        let line = env.run(&[command, &["--scheme", "gihtub"]].concat()).complains();
        assert!(line.contains("--scheme: unknown scheme 'gihtub' (did you mean github"), "{line}");
        let line = env.run(&[command, &["--scheme", "square", "--url", "shop.example"]].concat()).complains();
        assert!(line.contains("--url: ") && line.contains("https://"), "{line}");
    }
    let given = ["--scheme", "paypal", "--param", "webhook_id=WH-1"];
    for command in [&["sign", "--body", "body"][..], &["simulate"]] {
        let line = env.run(&[command, &given].concat()).complains();
        assert!(line.contains("private key"), "{line}");
        let line = env.run(&[command, &["--scheme", "aws-sns"]].concat()).complains();
        assert!(line.contains("cannot be signed here"), "{line}");
    }
    let none = TestEnv::new();
    none.write("body", "{}");
    let line = none.run(&["sign", "--body", "body", "--scheme", "github"]).complains();
    assert!(line.contains("set GITHUB_WEBHOOK_SECRET"), "{line}");
    let line = none.run(&["simulate", "--scheme", "discord"]).complains();
    assert!(line.contains("no private key to sign with"), "{line}");
}

const CONFIG: &str = "[secrets]\ngh = { env = \"GH\" }\ndev = { env = \"DEV\" }\n\n\
    [[webhook]]\nname = \"hub\"\npath = \"/hub\"\nscheme = \"github\"\nsecret = \"gh\"\n";

#[test]
fn a_configured_webhook_is_signed_for_by_its_own_scheme() {
    let env = TestEnv::new().set("GH", SECRET).set("DEV", "another-secret-0123456789");
    env.write("body", "{}");
    env.write("whyhook.toml", CONFIG);
    let printed = env.run(&["sign", "--body", "body", "--webhook", "hub", "--format", "json"]).yes().json();
    assert_eq!(printed["secret"], "gh");
    assert!(printed["headers"]["X-Hub-Signature-256"].as_str().unwrap().starts_with("sha256="), "{printed}");
    assert_eq!(printed["headers"].as_object().unwrap().len(), 1);
    let line = env.run(&["sign", "--body", "body", "--webhook", "gone"]).complains();
    assert!(line.contains("no webhook 'gone'; known webhooks: hub"), "{line}");
    env.run(&["sign", "--body", "body", "--webhook", "hub", "--scheme", "stripe"]).exits(2);

    // Nobody configured Trackpilots, and so it is asked for.
    let line = env.run(&["sign", "--body", "body"]).complains();
    assert!(line.contains("--webhook hub") && line.contains("--scheme"), "{line}");
    let printed = env.run(&["sign", "--body", "body", "--scheme", "trackpilots"]).yes().stdout();
    assert!(printed.starts_with("X-Webhook-Signature: "), "{printed}");
    env.write("whyhook.toml", format!("{CONFIG}\n[[webhook]]\nname = \"dev\"\npath = \"/dev\"\nsecret = \"dev\"\n"));
    let printed = env.run(&["sign", "--body", "body", "--webhook", "dev"]).yes().stdout();
    assert!(printed.starts_with("X-Webhook-Signature: "), "{printed}");
    env.run(&["sign", "--body", "body", "--secret", "dev"]).yes();
}

#[test]
fn a_webhook_may_accept_several_schemes() {
    let env = TestEnv::new().set("GITHUB_WEBHOOK_SECRET", SECRET).set("SLACK_WEBHOOK_SECRET", ANY_SECRET);
    env.write("body", r#"{"a":1}"#);
    env.write("changed", "{\"a\":1}\n");
    let both = ["--scheme", "github", "--scheme", "slack"];
    let sign = |scheme: &str| env.run(&["sign", "--body", "body", "--scheme", scheme]).yes().stdout();
    for (scheme, label) in [("github", "GITHUB_WEBHOOK_SECRET"), ("slack", "SLACK_WEBHOOK_SECRET")] {
        let said = env.run(&with_headers(&[&["verify", "--body", "body"], &both[..]].concat(), &sign(scheme))).yes();
        let expected = format!("verified with the secret {label}: under the scheme {scheme}\n");
        assert!(said.stdout().contains(&expected), "{}", said.stdout());
    }
    // The mistake is explained under the scheme whose signature is there.
    let changed = [&["verify", "--body", "changed", "--format", "json"], &both[..]].concat();
    let said = env.run(&with_headers(&changed, &sign("slack"))).no().json();
    assert_eq!(said["diagnosis"]["causes"][0]["changes"][0]["code"], "body_newline", "{said}");
    // And where both are, under the one that proves it.
    let github = "X-Hub-Signature-256: sha256=".to_owned() + &"0".repeat(64);
    let said = env.run(&with_headers(&changed, &format!("{github}\n{}", sign("slack")))).no().json();
    assert_eq!(said["diagnosis"]["causes"][0]["changes"][0]["code"], "body_newline", "{said}");
    let evidence = said["diagnosis"]["evidence"].as_array().unwrap();
    assert!(evidence.iter().any(|told| told["code"] == "accepted_scheme"), "{said}");
    assert!(evidence.iter().all(|told| told["code"] != "other_scheme"), "{said}");

    env.write(
        "whyhook.toml",
        "[secrets]\ngh = { env = \"GITHUB_WEBHOOK_SECRET\" }\n\
        [[webhook]]\nname = \"hub\"\npath = \"/hub\"\nscheme = [\"github\", \"stripe\"]\nsecret = \"gh\"\n",
    );
    let listening = env.listen(&[]);
    for event in ["github", "stripe"] {
        env.run(&["simulate", "--scheme", event, "--secret", "gh", "--to", &listening.url("/hub")]).yes();
    }
    let notes: Vec<Value> = [1, 2].map(|id| env.show(id)["note"].clone()).into();
    assert_eq!(notes, ["under the scheme github", "under the scheme stripe"]);
}

#[test]
fn a_sample_event_of_the_sender_is_shown_and_verified() {
    let env = TestEnv::new().set("GITHUB_WEBHOOK_SECRET", SECRET);
    let shown =
        env.run(&["simulate", "--scheme", "github", "--to", "http://127.0.0.1:1/hub", "--dry-run"]).yes().stdout();
    for words in ["POST /hub HTTP/1.1\n", "\nX-GitHub-Event: ping\n", "\nX-Hub-Signature-256: sha256=", "\"zen\":"] {
        assert!(shown.contains(words), "{words} is not in {shown}");
    }
    assert!(!shown.contains("X-Webhook-Signature") && !shown.contains("desktop."), "{shown}");

    let listening = env.listen(&["--scheme", "github", "--format", "json"]);
    let url = listening.url("/hub");
    let start = ["simulate", "--scheme", "github", "--to", &url];
    env.run(&start).yes();
    env.run(&[&start[..], &["--set", "zen=\"Another\"", "-H", "X-GitHub-Event: push", "-H", "X-Trace: 1"]].concat())
        .yes();
    env.write("body", "{\"mine\": true}\n");
    env.run(&[&start[..], &["--body", "body"]].concat()).yes();
    env.run(&[&start[..], &["--from", "3"]].concat()).yes();
    for number in 1..=4 {
        assert_eq!(listening.json_line(number)["verdict"], "verified");
    }
    let raw = String::from_utf8(env.bytes(2, "raw")).unwrap();
    assert!(raw.contains("X-GitHub-Event: push\r\n") && raw.contains("X-Trace: 1\r\n"), "{raw}");
    assert!(!raw.contains(": ping") && raw.contains("\"zen\":\"Another\""), "{raw}");
    assert_eq!(env.bytes(4, "body"), b"{\"mine\": true}\n");

    let line = env.run(&[&start[..], &["screenshot"]].concat()).complains();
    assert!(line.contains("screenshot is an event of Trackpilots") && line.contains("github"), "{line}");
    let line = env.run(&[&start[..], &["push"]].concat()).complains();
    assert!(line.contains("unknown event 'push'") && line.contains("--body"), "{line}");
    let line = env.run(&[&start[..], &["--live"]].concat()).complains();
    assert!(line.contains("--live") && line.contains("Trackpilots"), "{line}");
    let line = env.run(&[&start[..], &["-H", "Content-Length: 1"]].concat()).complains();
    assert!(line.contains("it follows from the body"), "{line}");
    let line = env.run(&["simulate", "--to", &url]).complains();
    assert!(line.contains("no event: expected activity, app, screenshot"), "{line}");
    let line = env
        .run(&["simulate", "--scheme", "dropbox-sign", "--secret-env", "GITHUB_WEBHOOK_SECRET", "--to", &url])
        .complains();
    assert!(line.contains("not in a header"), "{line}");
}

#[test]
fn a_webhook_of_another_sender_is_sent_that_sender_s_sample() {
    let env = TestEnv::new().set("GH", SECRET).set("DEV", "another-secret-0123456789");
    let listening = env.listen(&["--scheme", "github", "--secret-env", "GH", "--format", "json"]);
    let simulations = format!(
        "url = \"{}\"\n\n[simulations.mine]\nwebhook = \"hub\"\nheaders = [\"X-Mine: 1\"]\n",
        listening.url("/hub")
    );
    env.write("whyhook.toml", format!("{CONFIG}{simulations}"));
    env.run(&["simulate", "--webhook", "hub"]).yes();
    env.run(&["simulate", "mine"]).yes();
    for number in 1..=2 {
        assert_eq!(listening.json_line(number)["verdict"], "verified");
    }
    assert!(String::from_utf8(env.bytes(2, "raw")).unwrap().contains("X-Mine: 1\r\n"));
    let line = env.run(&["simulate", "app", "--webhook", "hub"]).complains();
    assert!(line.contains("app is an event of Trackpilots"), "{line}");
    let line = env.run(&["simulate", "--webhook", "hub", "--scheme", "stripe"]).complains();
    assert!(line.contains("leave out --scheme"), "{line}");
    // Without a webhook or a URL it goes to our own listener, under the scheme that was named.
    let mut command = env.command(&["simulate", "--scheme", "github", "--secret", "gh"]);
    command.env("WHYHOOK_BIND", listening.address().to_string());
    finish(command, b"").yes();
    assert_eq!(listening.json_line(3)["verdict"], "verified");
}

#[test]
fn every_sample_is_verified_by_a_listener_with_its_scheme() {
    let keys = TestEnv::new();
    let names = [
        "stripe",
        "github",
        "shopify",
        "slack",
        "standard-webhooks",
        "svix",
        "clerk",
        "gitlab-token",
        "gitlab-signing-token",
        "twilio-form",
        "mailgun",
        "square",
        "razorpay",
        "paystack",
        "paddle",
        "lemonsqueezy",
        "meta",
        "zoom",
        "linear",
        "intercom",
        "zendesk",
        "hubspot-v3",
        "twitch",
    ];
    for name in names {
        let env = TestEnv::new().set("KEY", ANY_SECRET);
        let listening = env.listen(&["--scheme", name, "--secret-env", "KEY", "--format", "json"]);
        let url = listening.url("/hooks?a=b");
        let more = ["--scheme", name, "--secret-env", "KEY", "--to", &url, "--count", "2"];
        env.run(&[&["simulate"], &more[..]].concat()).yes();
        for number in 1..=2 {
            let line = listening.json_line(number);
            assert_eq!(line["verdict"], "verified", "{name}: {line}");
            assert!(line["fresh"] != Value::Bool(false), "{name}: {line}");
        }
        assert_ne!(env.bytes(1, "raw"), env.bytes(2, "raw"), "{name}");
    }
    for (kind, name) in [("ed25519", "discord"), ("ecdsa", "sendgrid")] {
        keys.write("body", "{}");
        let Some(_) = node(&keys, &[kind, "body"]) else { return };
        let file = |name: &str| keys.work().join(name).display().to_string();
        let env = TestEnv::new();
        let listening = env.listen(&["--scheme", name, "--public-key", &file("public.pem"), "--format", "json"]);
        let (private, url) = (file("private.pem"), listening.url("/hooks"));
        env.run(&["simulate", "--scheme", name, "--secret-file", &private, "--to", &url]).yes();
        assert_eq!(listening.json_line(1)["verdict"], "verified", "{name}");
    }
}
