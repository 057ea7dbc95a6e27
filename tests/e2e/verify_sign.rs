//! `sign` and `verify`, which need no listener.

use serde_json::{Value, json};

use crate::support::{SECRET, TestEnv, Unit, now, sample, signature};

/// Secret, timestamp, body, and what Node 20's `crypto.createHmac` made of them.
const RECORDED: [(&str, &str, &[u8], &str); 5] = [
    (
        "topsecret_e2e_0001",
        "1746123456",
        br#"{"event":"desktop.app_tracking.captured","version":"v1"}"#,
        "8e038446c3e0958a1577b2908d1443afbd92ca00bbc0b3f001586ff162cde322",
    ),
    (
        "topsecret_e2e_0001",
        "1746123456789",
        "{\"a\":1.0,\"b\":\"café 😀\"}\n".as_bytes(),
        "67cfe5072e964b9232d08360378bf2260c187902919361e6efbf951a847e6195",
    ),
    ("clé ☃ \"quoted\"", "1746123456", b"", "42548d58d9e61ba3ca13939d585ede63913b2fe18ffcfd13f21162912c476ee4"),
    (
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "000000000000000000000001746123456",
        b"\xff\xfe\x00\r\n\x80",
        "b0523b4a28c88edc153f9bfb55ff519a7f8e7e1cb4d59d0f321a7521c97c7347",
    ),
    ("0", "0", b".", "db98fffa5c96538f0f2922205a30b20e6dd52ef03a5d92ce022195bfadb90fad"),
];

/// The arguments that give `verify` a signature and a timestamp.
fn signed(signature: &str, timestamp: &str) -> [String; 4] {
    [
        "--header".to_owned(),
        format!("X-Webhook-Signature: {signature}"),
        "--header".to_owned(),
        format!("X-Webhook-Timestamp: {timestamp}"),
    ]
}

fn arguments<'a>(start: &[&'a str], signed: &'a [String]) -> Vec<&'a str> {
    start.iter().copied().chain(signed.iter().map(String::as_str)).collect()
}

#[test]
fn node_s_signatures_are_made_and_verified() {
    for (secret, timestamp, body, expected) in RECORDED {
        let env = TestEnv::new().set("KEY", secret);
        env.write("body", body);
        let printed = env.run(&["sign", "--body", "body", "--secret-env", "KEY", "--timestamp", timestamp]).yes();
        assert_eq!(printed.stdout(), format!("X-Webhook-Signature: {expected}\nX-Webhook-Timestamp: {timestamp}\n"));
        let signed = signed(expected, timestamp);
        let verified = env.run(&arguments(&["verify", "--body", "body", "--secret-env", "KEY"], &signed)).yes();
        assert!(verified.stdout().starts_with("✅ verified with the secret KEY\n"), "{}", verified.stdout());

        // One bit of the body, one character of either header.
        let other = env.write("other", [body, b" "].concat()).display().to_string();
        env.run(&arguments(&["verify", "--body", &other, "--secret-env", "KEY"], &signed)).no();
        let off = self::signed(&expected.replacen(&expected[..1], "9", 1), timestamp);
        env.run(&arguments(&["verify", "--body", "body", "--secret-env", "KEY"], &off)).no();
        let late = self::signed(expected, &format!("0{timestamp}"));
        env.run(&arguments(&["verify", "--body", "body", "--secret-env", "KEY"], &late)).no();
    }
}

#[test]
fn what_is_signed_now_is_verified_now() {
    let env = TestEnv::with_secret();
    env.write("body", sample("screenshot-live.json"));
    for (kind, unit) in [("developer", "seconds"), ("reseller", "milliseconds")] {
        let headers = env.run(&["sign", "--body", "body", "--kind", kind]).yes().stdout();
        let lines: Vec<&str> = headers.lines().collect();
        let verified = env.run(&["verify", "--body", "body", "-H", lines[0], "-H", lines[1], "--format", "json"]);
        let json = verified.yes().json();
        assert_eq!((&json["verdict"], &json["timestamp"]["unit"]), (&json!("verified"), &json!(unit)));
        assert_eq!(json["timestamp"]["fresh"], true);
    }
}

#[test]
fn the_body_may_come_from_stdin() {
    let env = TestEnv::with_secret();
    let body = b"\xff\r\n not text \x00";
    let timestamp = now(Unit::Seconds);
    let signature = signature(SECRET.as_bytes(), &timestamp, body);
    let printed = env.run_with(&["sign", "--body", "-", "--timestamp", &timestamp], body).yes().stdout();
    assert!(printed.starts_with(&format!("X-Webhook-Signature: {signature}\n")), "{printed}");
    let signed = signed(&signature, &timestamp);
    env.run_with(&arguments(&["verify", "--body", "-"], &signed), body).yes();
    env.run_with(&arguments(&["verify", "--body", "-"], &signed), b"something else").no();
}

#[test]
fn the_headers_come_as_json_too() {
    let env = TestEnv::with_secret();
    env.write("body", "{}");
    let json = env.run(&["sign", "--body", "body", "--timestamp", "1746123456", "--format", "json"]).yes().json();
    let signature = signature(SECRET.as_bytes(), "1746123456", b"{}");
    let headers = serde_json::json!({ "X-Webhook-Signature": signature, "X-Webhook-Timestamp": "1746123456" });
    let secret = "TRACKPILOTS_WEBHOOKS_SECRET_KEY";
    assert_eq!(json, serde_json::json!({ "headers": headers, "secret": secret, "body_bytes": 2 }));
}

#[test]
fn json_has_the_documented_shape() {
    let env = TestEnv::with_secret();
    env.write("body", "{}");
    let digest = signature(SECRET.as_bytes(), "1746123456", b"{}");
    let headers = signed(&digest, "1746123456");
    let at = ["verify", "--body", "body", "--format", "json", "--at", "2025-05-01T18:17:39Z"];
    let json = env.run(&arguments(&at, &headers)).yes().json();
    assert_eq!(json["verdict"], "verified");
    assert_eq!(json["secret"], "TRACKPILOTS_WEBHOOKS_SECRET_KEY");
    let timestamp = json!({"raw": "1746123456", "unit": "seconds", "age_seconds": 3, "fresh": true});
    assert_eq!(json["timestamp"], timestamp);

    let verdict = |headers: &[String]| env.run(&arguments(&at, headers)).no().json();
    let missing = verdict(&headers[2..]);
    assert_eq!((&missing["verdict"], &missing["secret"]), (&json!("missing_signature"), &Value::Null));
    assert_eq!(verdict(&headers[..2])["verdict"], "missing_timestamp");
    assert_eq!(verdict(&signed(&digest[1..], "1746123456"))["verdict"], "malformed_signature");
    assert_eq!(verdict(&signed(&digest, "1746123457"))["verdict"], "mismatch");
    assert_eq!(verdict(&[&headers[..], &headers[..2]].concat())["verdict"], "ambiguous_headers");
    assert_eq!(verdict(&signed(&digest, "soon"))["timestamp"]["unit"], "other");
    let bare = TestEnv::new();
    bare.write("body", "{}");
    assert_eq!(bare.run(&arguments(&at, &headers)).no().json()["verdict"], "no_secret");
}

#[test]
fn age_is_judged_at_the_given_moment_and_never_changes_the_verdict() {
    let env = TestEnv::with_secret();
    env.write("body", "{}");
    let headers = signed(&signature(SECRET.as_bytes(), "1746123456", b"{}"), "1746123456");
    let fresh = |at: &str, tolerance: &str| {
        let start = ["verify", "--body", "body", "--format", "json", "--at", at, "--tolerance", tolerance];
        env.run(&arguments(&start, &headers)).yes().json()["timestamp"]["fresh"].clone()
    };
    // 1746123456 is 2025-05-01T18:17:36Z.
    assert_eq!(fresh("2025-05-01T18:22:36Z", "5m"), true);
    assert_eq!(fresh("2025-05-01T18:22:37Z", "5m"), false);
    assert_eq!(fresh("2025-05-01T20:22:37+02:00", "10m"), true);
    assert_eq!(fresh("2025-05-01T18:12:30Z", "5m"), false, "from the future");
    let words = env.run(&arguments(&["verify", "--body", "body"], &headers)).yes().stdout();
    assert!(words.contains("beyond the tolerance"), "{words}");
    let wrong = env.run(&["verify", "--body", "body", "--at", "yesterday"]).complains();
    assert!(wrong.contains("invalid --at 'yesterday': expected an RFC 3339 time such as"), "{wrong}");
}

#[test]
fn one_newline_at_the_end_of_a_secret_file_is_the_file_s() {
    let env = TestEnv::new();
    let body = env.write("body", "{}").display().to_string();
    let verify = |content: &str, secret: &str| {
        use std::os::unix::fs::PermissionsExt as _;
        let file = env.write("key", content);
        std::fs::set_permissions(file, std::fs::Permissions::from_mode(0o600)).unwrap();
        let headers = signed(&signature(secret.as_bytes(), "1", b"{}"), "1");
        env.run(&arguments(&["verify", "--body", &body, "--secret-file", "key"], &headers))
    };
    for content in [SECRET.to_owned(), format!("{SECRET}\n"), format!("{SECRET}\r\n")] {
        assert_eq!(verify(&content, SECRET).yes().stderr(), "", "{content:?}");
    }
    let two = format!("{SECRET}\n\n");
    verify(&two, SECRET).no();
    let ran = verify(&two, &format!("{SECRET}\n")).yes();
    assert!(ran.stderr().contains("ends in a newline, and is used exactly as it is"), "{}", ran.stderr());
}

#[test]
fn an_odd_secret_is_used_as_it_is_and_pointed_out() {
    let cases = [
        ("\"whsec_in_quotation_marks\"", "is wrapped in quotation marks"),
        ("whsec_with_a_newline_behind\n", "ends in a newline"),
        (" whsec_with_a_space_before", "begins or ends with white space"),
        ("tiny", "is unusually short"),
    ];
    for (secret, remark) in cases {
        let env = TestEnv::new().set("KEY", secret);
        env.write("body", "{}");
        let headers = signed(&signature(secret.as_bytes(), "1", b"{}"), "1");
        let start = ["verify", "--body", "body", "--secret-env", "KEY"];
        let ran = env.run(&arguments(&start, &headers)).yes();
        let (said, count) = (ran.stderr(), ran.stderr().lines().count());
        assert!(said.contains(remark) && count == 1, "{said}");
        assert!(!said.contains(secret.trim()), "{said}");
        let trimmed = secret.trim().trim_matches('"');
        if trimmed != secret {
            let headers = signed(&signature(trimmed.as_bytes(), "1", b"{}"), "1");
            env.run(&arguments(&start, &headers)).no();
        }
    }
}

#[test]
fn several_secrets_are_told_apart_by_their_labels() {
    let env = TestEnv::new().set("OLD", "the_older_webhook_secret").set("NEW", SECRET);
    env.write("body", "{}");
    env.write("third.key", "the_third_webhook_secret\n");
    let secrets = ["--secret-env", "old=OLD", "--secret-env", "NEW", "--secret-file", "third.key"];
    for (secret, label) in [("the_older_webhook_secret", "old"), (SECRET, "NEW"), ("the_third_webhook_secret", "third")]
    {
        let digest = signature(secret.as_bytes(), "1", b"{}");
        let headers = signed(&digest, "1");
        let start = [&["verify", "--body", "body", "--format", "json"][..], &secrets].concat();
        assert_eq!(env.run(&arguments(&start, &headers)).yes().json()["secret"], label);
        let sign = [&["sign", "--body", "body", "--timestamp", "1", "--secret", label][..], &secrets].concat();
        assert!(env.run(&sign).yes().stdout().contains(&digest));
    }
    // Without a choice, the first.
    let first = [&["sign", "--body", "body", "--timestamp", "1"][..], &secrets].concat();
    assert!(env.run(&first).yes().stdout().contains(&signature(b"the_older_webhook_secret", "1", b"{}")));
    let twice = ["verify", "--body", "body", "--secret-env", "a=OLD", "--secret-env", "a=NEW"];
    assert!(env.run(&twice).complains().contains("duplicate secret label 'a'"));
}

#[test]
fn what_cannot_be_done_is_one_line_and_exit_code_2() {
    let env = TestEnv::with_secret().set("KEY", "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3");
    env.write("body", "{}");
    env.write("empty.key", "\n");
    for (arguments, words) in [
        (&["verify", "--body", "body", "--secret-env", "UNSET"][..], "'UNSET' (asked for by --secret-env) is not set"),
        (&["verify", "--body", "body", "--secret-file", "no.key"], "no.key (asked for by --secret-file): No such file"),
        (&["verify", "--body", "body", "--secret-file", "."], "is a directory"),
        (&["verify", "--body", "body", "--secret-file", "empty.key"], "is empty"),
        (&["verify", "--body", "body", "--secret-env", "=X"], "invalid value for --secret-env"),
        (&["verify", "--body", "nowhere"], "cannot read nowhere: No such file"),
        (&["verify", "--body", "body", "--header", "no colon"], "invalid --header 'no colon': expected 'Name: value'"),
        (&["verify", "--body", "body", "--header", "A: b\r\nC: d"], "invalid --header"),
        (&["verify", "--body", "body", "--tolerance", "soon"], "--tolerance: invalid duration 'soon'"),
        (&["list", "--tolerance", "soon"], "--tolerance: invalid duration 'soon'"),
        (
            &["sign", "--body", "body", "--secret", "who"],
            "unknown secret label (3 characters, not shown); known labels:",
        ),
        (&["sign", "--body", "body", "--timestamp", "1\n2"], "invalid --timestamp"),
        (&["sign", "--body", "body", "--timestamp", "soon"], "invalid --timestamp 'soon': expected a number such as"),
        (
            &["sign", "--body", "body", "--scheme", "github", "--timestamp", "1", "--secret-env", "KEY"],
            "--timestamp has no effect: the scheme github signs no timestamp",
        ),
        (
            &["sign", "--body", "body", "--scheme", "slack", "--kind", "reseller", "--secret-env", "KEY"],
            "--kind has no effect: the scheme slack writes its timestamp as seconds",
        ),
        (
            &["sign", "--body", "body", "--scheme", "svix", "--secret-env", "KEY"],
            "missing header svix-id, which the scheme signs: add it with -H 'svix-id: msg_…'",
        ),
        (&["verify", "--body", "body", "--path", "https://a.b/hook"], "the whole URL is given with --url"),
        (&["verify", "--body", "-", "-H", "@-"], "stdin can be read once"),
        (&["show", "1"], "no store at"),
        (&["list"], "no store at"),
    ] {
        let line = env.run(arguments).complains();
        assert!(line.contains(words), "{arguments:?}: {line}");
    }
    let none = TestEnv::new();
    none.write("body", "{}");
    assert!(none.run(&["sign", "--body", "body"]).complains().contains("no secret to sign with: set TRACKPILOTS_"));
}

#[test]
fn usage_errors_exit_with_2() {
    let env = TestEnv::new();
    for arguments in [&["verify"][..], &["sign"], &["nonsense"], &["--nonsense"], &["show"], &["list", "verdict:odd"]] {
        let ran = env.run(arguments).exits(2);
        assert!(ran.stdout.is_empty() && !ran.stderr().is_empty(), "{arguments:?}");
    }
    assert!(env.run(&["--help"]).yes().stdout().contains("verify"));
    assert!(env.run(&["--version"]).yes().stdout().starts_with("whyhook "));
    assert!(env.run(&["completions", "bash"]).yes().stdout().contains("whyhook"));
    assert!(env.run(&["man"]).yes().stdout().contains(".TH whyhook"));
}

#[test]
fn the_url_that_was_hashed_is_said_and_can_be_given() {
    let env = TestEnv::new().set("TRELLO_WEBHOOK_SECRET", SECRET);
    env.write("body", "{}");
    let header = "X-Trello-Webhook: MTIzNDU2Nzg5MDEyMzQ1Njc4OTA=";
    let start =
        ["verify", "--scheme", "trello", "--header", "Host: hooks.example", "--header", header, "--path", "/t?a=1"];
    let verify = |more: &[&str]| env.run(&[&start[..], more, &["--body", "body"]].concat()).no();
    let told = verify(&[]).stdout();
    let line = "URL hashed: https://hooks.example/t?a=1 (from the request; --url URL if the sender calls another)";
    assert!(told.contains(line), "{told}");
    let told = verify(&["--url", "https://public.example/hook"]).stdout();
    assert!(told.contains("URL hashed: https://public.example/hook?a=1 (as given)"), "{told}");
    let json = verify(&["--format", "json"]).json();
    assert_eq!(json["url"], "https://hooks.example/t?a=1");
    // One that signs no URL says nothing of it.
    let told = env.run(&["verify", "--scheme", "github", "--body", "body"]).no();
    assert!(!told.stdout().contains("URL hashed"));
}
