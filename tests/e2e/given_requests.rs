//! Requests as `sign` and `verify` are given them: URLs, files of headers, raw requests that something else has written.

use crate::support::{SECRET, TestEnv, signature};

#[test]
fn what_signs_the_url_is_told_which_it_is() {
    for scheme in ["square", "trello"] {
        let env = TestEnv::new().set("KEY", SECRET);
        env.write("body", "{}");
        let run = |words: &[&str]| {
            env.run(
                &[&words[..1], &["--scheme", scheme, "--body", "body", "--secret-env", "KEY"], &words[1..]].concat(),
            )
        };
        for command in [&["sign"][..], &["verify", "-H", "X-A: b"]] {
            let said = run(command).complains();
            assert!(said.contains("this scheme signs the URL") && said.contains("--url"), "{scheme}: {said}");
        }
        let signed = run(&["sign", "--url", "https://a.example/hook?b=1"]).yes();
        assert_eq!(signed.stderr(), "whyhook: URL signed: https://a.example/hook?b=1\n");
        env.write("headers.txt", signed.stdout());
        let verify = ["verify", "-H", "@headers.txt"];
        let verified = run(&[&verify[..], &["--url", "https://a.example/hook?b=1"]].concat()).yes();
        assert!(verified.stdout().contains("URL hashed: https://a.example/hook?b=1 (as given)"));
        run(&[&verify[..], &["--path", "/hook?b=1", "-H", "Host: a.example"]].concat()).yes();
        run(&[&verify[..], &["--url", "https://a.example/hook"]].concat()).no();
        run(&verify).complains();
    }
}

#[test]
fn several_headers_come_in_one_file() {
    let env = TestEnv::with_secret();
    env.write("body", "{}");
    let signed = env.run(&["sign", "--body", "body"]).yes().stdout();
    assert_eq!(signed.lines().count(), 2);
    env.write("headers.txt", signed.replace('\n', "\r\n"));
    env.run(&["verify", "--body", "body", "-H", "@headers.txt"]).yes();
    env.run_with(&["verify", "--body", "body", "-H", "@-"], signed.as_bytes()).yes();
    let said = env.run(&["verify", "--body", "body", "-H", signed.trim()]).complains();
    assert!(said.contains("-H @FILE"), "{said}");
    assert!(env.run(&["verify", "--body", "body", "-H", "@none"]).complains().contains("cannot read none"));
}

#[test]
fn no_secret_says_where_one_comes_from() {
    let env = TestEnv::new();
    env.write("body", "{}");
    let said = |scheme: &str| env.run(&["verify", "--body", "body", "--scheme", scheme]).no().stdout();
    let github = said("github");
    assert!(github.starts_with("❌ no secret\n   fix: set GITHUB_WEBHOOK_SECRET in "), "{github}");
    assert!(github.contains("--secret-file FILE"), "{github}");
    assert!(said("discord").contains("--public-key FILE"));
    let said = env.run(&["sign", "--body", "body", "--scheme", "github"]).complains();
    assert!(said.contains("set GITHUB_WEBHOOK_SECRET, which --scheme github reads"), "{said}");
}

fn request(body: &str, length: usize, signed: &str) -> String {
    let digest = signature(SECRET.as_bytes(), "1746123456", signed.as_bytes());
    format!(
        "POST /hook HTTP/1.1\r\nHost: a\r\nX-Webhook-Signature: {digest}\r\nX-Webhook-Timestamp: 1746123456\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    )
}

#[test]
fn a_declared_length_says_where_the_body_ends() {
    let env = TestEnv::with_secret();
    let verify = |text: String| {
        env.write("request.http", text);
        env.run(&["verify", "--request", "request.http"])
    };
    let ran = verify(request("{\"a\":1}\r\n", 7, "{\"a\":1}")).yes();
    let words = "warning: 2 bytes after the 7 that Content-Length declares: a line end, as editors add one";
    assert!(ran.stderr().contains(words), "{}", ran.stderr());
    let ran = verify(request("{\"a\":1}POST / HTTP/1.1\r\n", 7, "{\"a\":1}")).yes();
    assert!(ran.stderr().contains("17 bytes after the 7 that Content-Length declares\n"), "{}", ran.stderr());
    // The body was pretty-printed since, and the length is that of the one before.
    let ran = verify(request("{\n  \"a\": 1\n}", 7, "{\"a\":1}")).no();
    assert!(ran.stdout().contains("proved: The body was re-serialised"), "{}", ran.stdout());
    assert!(ran.stderr().contains("judged with all bytes of the file"), "{}", ran.stderr());
    let ran = verify(format!("\r\n\n\r\n{}", request("{}", 2, "{}"))).yes();
    assert_eq!(ran.stderr(), "");
}

#[test]
fn a_time_may_be_a_number() {
    let env = TestEnv::with_secret();
    env.write("request.http", request("{}", 2, "{}"));
    for at in ["2025-05-01T18:17:39Z", "1746123459", "1746123459000"] {
        let ran = env.run(&["verify", "--request", "request.http", "--at", at, "--format", "json"]).yes();
        assert_eq!(ran.json()["timestamp"]["age_seconds"], 3, "{at}");
    }
    let said = env.run(&["verify", "--request", "request.http", "--at", "2026-01-xx"]).complains();
    assert!(said.contains("Unix seconds") && !said.contains("digit"), "{said}");
}

#[test]
fn an_odd_secret_is_pointed_out_once() {
    for (secret, body) in [("tiny", "{}"), ("", "{}")] {
        let env = TestEnv::new().set("KEY", if secret.is_empty() { "short" } else { secret });
        env.write("body", body);
        let digest = signature(secret.as_bytes(), "1746123456", b"{ }");
        let (digest, time) = (format!("X-Webhook-Signature: {digest}"), "X-Webhook-Timestamp: 1746123456");
        let ran = env.run(&["verify", "--body", "body", "--secret-env", "KEY", "-H", &digest, "-H", time]).no();
        let both = ran.stdout() + &ran.stderr();
        assert_eq!(both.matches("unusually short").count(), 1, "{both}");
    }
}
