//! `whyhook check` against receivers of others: right ones in Node, Python and Rust, and broken ones.

use axum::Router;
use axum::body::Bytes;
use axum::extract::DefaultBodyLimit;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use rstest::rstest;
use serde_json::{Value, json};

use crate::support::tools::tool;
use crate::support::{Receiver, SECRET, TestEnv, TlsServer, signature};

/// The faults that count, by name.
fn faults(report: &Value) -> Vec<&str> {
    let all = report["faults"].as_array().unwrap().iter();
    all.filter(|fault| fault["required"] == true).map(|fault| fault["fault"].as_str().unwrap()).collect()
}

#[test]
fn a_right_receiver_in_node_passes() {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::with_secret();
    let receiver = Receiver::start(&env, &node, "receiver.mjs", &["right"]);
    for kind in ["developer", "reseller"] {
        let report = env.run(&["check", "--to", &receiver.url(), "--kind", kind, "--format", "json"]).yes().json();
        assert_eq!((&report["result"], &report["kind"]), (&json!("pass"), &json!(kind)));
        assert_eq!(report["counts"], json!({"pass": 72, "fail": 0, "advice": 3, "skipped": 0}), "{report:#}");
        assert_eq!((&report["judged"], &report["scheme"]), (&json!(true), &json!("trackpilots")));
    }
    let text = env.run(&["check", "--to", &receiver.url()]).yes().stdout();
    assert!(text.contains("✓ Passed: the receiver does what the documentation requires"), "{text}");
    assert!(!text.contains('\u{1b}'), "no colours outside a terminal");

    let aged = Receiver::start(&env, &node, "receiver.mjs", &["age"]);
    env.run(&["check", "--to", &aged.url(), "--max-age", "5m", "--jobs", "4"]).yes();
}

#[rstest]
#[case("anything", &[], "accepts_anything")]
#[case("re-serialises", &[], "hashes_reserialised_body")]
#[case("right", &["--max-age", "5m"], "ignores_age")]
#[case("missing", &[], "accepts_missing_signature")]
#[case("prefix", &[], "compares_prefix")]
#[case("trims", &[], "trims_body")]
#[case("placeholder", &[], "throws_on_placeholder")]
// Nothing valid gets through these two, and still it is found out why.
#[case("body-alone", &[], "ignores_timestamp")]
#[case("seconds", &["--kind", "reseller"], "expects_other_unit")]
// A limit of five minutes is laxer than one of two.
#[case("age", &["--max-age", "2m"], "ignores_age")]
fn a_broken_receiver_s_fault_is_named(#[case] mode: &str, #[case] more: &[&str], #[case] fault: &str) {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::with_secret();
    let receiver = Receiver::start(&env, &node, "receiver.mjs", &[mode]);
    let url = receiver.url();
    let arguments: Vec<&str> = ["check", "--to", &url].into_iter().chain(more.iter().copied()).collect();
    let report = env.run(&[&arguments[..], &["--format", "json"]].concat()).no().json();
    assert_eq!(faults(&report), [fault]);
    let named = &report["faults"][0];
    assert!(!named["proof"].as_array().unwrap().is_empty() && named["fix"].is_string(), "{named}");
    let text = env.run(&arguments).no().stdout();
    assert!(text.ends_with(&format!("✗ Failed: {fault}\n")), "{text}");
}

#[test]
fn a_receiver_that_dies_is_named_and_left_alone() {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::with_secret();
    let receiver = Receiver::start(&env, &node, "receiver.mjs", &["dies"]);
    let report = env.run(&["check", "--to", &receiver.url(), "--format", "json"]).no().json();
    assert_eq!(faults(&report), ["throws_on_placeholder", "no_answer"]);
    assert_eq!(report["faults"][0]["proof"], json!(["screenshot-simulated"]));
    assert!(report["counts"]["skipped"].as_u64().unwrap() > 50, "{}", report["counts"]);
}

#[test]
fn what_answers_nothing_is_accused_of_nothing_else() {
    let env = TestEnv::with_secret();
    // It takes connections, and ends them.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    std::thread::spawn(move || silent.incoming().for_each(drop));
    let report = env.run(&["check", "--to", &url, "--format", "json"]).no().json();
    assert_eq!(faults(&report), ["no_answer"]);
    assert_eq!(report["faults"][0]["title"], "gives no answer to anything");

    let Some(node) = tool("node") else { return };
    let server = TlsServer::start(&env, &node);
    let url = format!("http://localhost:{}/hook", server.port);
    let report = env.run(&["check", "--to", &url, "--format", "json"]).no().json();
    assert_eq!(faults(&report), ["no_answer"]);
    assert_eq!(report["faults"][0]["title"], "expects https");
    let fix = format!("Give the URL with https: https://localhost:{}/hook.", server.port);
    assert_eq!(report["faults"][0]["fix"], fix);
}

#[test]
fn answers_that_come_too_slowly_are_named() {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::with_secret();
    // It waits five times as long as it may.
    let receiver = Receiver::start(&env, &node, "receiver.mjs", &["right", "500"]);
    let url = receiver.url();
    let only = ["--only", "app-simulated", "wrong-secret"];
    let slow = [&["check", "--to", &url, "--slow", "100ms", "--format", "json"], &only[..]].concat();
    let report = env.run(&slow).no().json();
    assert_eq!(faults(&report), ["too_slow"]);
    assert_eq!(report["counts"]["fail"], 0, "the answers themselves are right");
    let xml = env.run(&[&["check", "--to", &url, "--slow", "100ms", "--format", "junit"], &only[..]].concat()).no();
    assert!(xml.stdout().contains("name=\"too_slow\""), "{}", xml.stdout());

    // An answer that does not come in time at all.
    let report = env.run(&["check", "--to", &url, "--timeout", "100ms", "--format", "json"]).no().json();
    assert_eq!(faults(&report), ["too_slow"]);
    assert!(report["counts"]["skipped"].as_u64().unwrap() > 50, "the rest is not sent: {}", report["counts"]);
}

#[test]
fn a_right_receiver_in_python_passes_and_its_dumps_are_found() {
    let Some(python) = tool("python3") else { return };
    let env = TestEnv::with_secret();
    let receiver = Receiver::start(&env, &python, "receiver.py", &["right"]);
    env.run(&["check", "--to", &receiver.url()]).yes();

    // Python writes JSON with spaces: nothing compact gets through, and still the fault is named.
    let dumps = Receiver::start(&env, &python, "receiver.py", &["dumps"]);
    let report = env.run(&["check", "--to", &dumps.url(), "--format", "json"]).no().json();
    assert_eq!(faults(&report), ["hashes_reserialised_body"]);

    let xml = env.run(&["check", "--to", &dumps.url(), "--format", "junit"]).no().stdout();
    env.write("report.xml", &xml);
    let mut parse = env.other(&python);
    parse.args([
        "-c",
        "import sys, xml.dom.minidom as d; s = d.parse('report.xml').documentElement; \
        assert s.tagName == 'testsuites' and int(s.getAttribute('failures')) > 0",
    ]);
    crate::support::finish(parse, b"").yes();
}

async fn receive(headers: HeaderMap, body: Bytes) -> (StatusCode, &'static str) {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (received, timestamp) = (text("x-webhook-signature"), text("x-webhook-timestamp"));
    if received.is_empty() || timestamp.is_empty() {
        (StatusCode::BAD_REQUEST, "Missing signature")
    } else if received == signature(SECRET.as_bytes(), timestamp, &body) {
        (StatusCode::OK, "Webhook received and processed successfully")
    } else {
        (StatusCode::UNAUTHORIZED, "Invalid signature")
    }
}

#[test]
fn a_right_receiver_in_rust_passes() {
    let env = TestEnv::with_secret();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/hook", post(receive)).layer(DefaultBodyLimit::max(20_000_000));
    let served = runtime.spawn(async move { axum::serve(listener, router).await });
    env.run(&["check", "--to", &format!("http://{address}/hook")]).yes();
    // axum's own limit is 2 MB, which is advised against and no failure.
    let small = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
    let limited = small.local_addr().unwrap();
    runtime.spawn(async move { axum::serve(small, Router::new().route("/hook", post(receive))).await });
    let report = env.run(&["check", "--to", &format!("http://{limited}/hook"), "--format", "json"]).yes().json();
    let advised = report["faults"].as_array().unwrap().iter().map(|fault| &fault["fault"]).collect::<Vec<_>>();
    assert!(advised.contains(&&json!("rejects_large_body")), "{advised:?}");
    // Another path is no receiver; the words say what to look at.
    let report = env.run(&["check", "--to", &format!("http://{address}/"), "--format", "json"]).no().json();
    assert_eq!(faults(&report), ["refuses_valid"]);
    assert_eq!(report["faults"][0]["detail"], "404: is the URL's path correct?");
    served.abort();
}

#[test]
fn our_own_listener_passes() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let report = env.run(&["check", "--to", &listening.url("/webhooks/trackpilots"), "--format", "json"]).yes();
    assert_eq!(report.json()["result"], "pass");
}

#[test]
fn another_secret_is_one_finding_and_not_forty() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let other = TestEnv::with_secret().set("OTHER", "another-secret-0123456789");
    let url = listening.url("/webhooks/trackpilots");
    let report = other.run(&["check", "--to", &url, "--secret-env", "OTHER", "--secret", "OTHER", "--format", "json"]);
    let report = report.no().json();
    assert_eq!(faults(&report), ["refuses_valid"]);
    assert!(report["faults"][0]["detail"].as_str().unwrap().contains("does your server have this secret"));
    assert!(report["counts"]["skipped"].as_u64().unwrap() > 50);
}

#[test]
fn what_cannot_be_checked_is_said_in_one_line() {
    let env = TestEnv::with_secret();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let line = env.run(&["check", "--to", &format!("http://{free}/x")]).complains();
    assert!(line.contains("cannot check ") && line.contains("connection refused"), "{line}");
    assert!(env.run(&["check"]).complains().contains("no receiver to check"));
    // The URL may be given without --to, but once.
    assert!(env.run(&["check", "ftp://x/"]).complains().contains("expected http:// or https://"));
    assert!(env.run(&["check", "http://[::1]:1/", "--to", "http://[::1]:1/"]).complains().contains("--to"));
    let both = env.run(&["simulate", "app", "http://[::1]:1/a", "--to", "http://[::1]:1/b"]).complains();
    assert!(both.contains("two URLs to send to, http://[::1]:1/b and http://[::1]:1/a"), "{both}");
    assert!(env.run(&["simulate", "app", "screenshot"]).complains().contains("two events"));
    let two = env.run(&["simulate", "app", "localhost:1/b", "--to", "http://[::1]:1/a"]).complains();
    assert!(two.contains("two URLs to send to"), "{two}");
    assert!(env.run(&["simulate", "app", "--from", "1"]).complains().contains("--from says what is sent"));
    let order = env.run(&["simulate", "http://[::1]:1/a", "app", "--dry-run"]).yes().stdout();
    assert!(order.contains("POST /a HTTP/1.1"), "{order}");
    assert!(env.run(&["check", "--to", "ftp://x/"]).complains().contains("expected http:// or https://"));
    assert!(env.run(&["check", "--to", "http://192.0.2.1/"]).complains().contains("--yes"));
    assert!(env.run(&["check", "--to", "http://[::1]:1/", "--only", "nope"]).complains().contains("unknown case"));
    assert!(env.run(&["check", "--webhook", "nope"]).complains().contains("Webhook not found (404)"));
    let none = TestEnv::new();
    assert!(none.run(&["check", "--to", "http://[::1]:1/"]).complains().contains("no secret to sign with"));
    assert!(
        env.run(&["check", "--list", "--scheme", "aws-sns"]).complains().contains("only Amazon has the private key")
    );
    let github = none.run(&["check", "--list", "--scheme", "github"]).yes().stdout();
    assert!(
        github.contains("no X-Hub-Signature-256")
            && github.contains("not applicable, since the scheme has no timestamp")
    );
    let list = none.run(&["check", "--list"]).yes().stdout();
    assert!(list.lines().count() > 60 && list.contains("wrong-secret"), "{list}");
}

#[test]
fn the_secret_is_in_no_report() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for format in ["text", "json", "junit"] {
        let ran = env.run(&["check", "--to", &listening.url("/"), "--format", format]);
        assert!(!ran.stdout().contains(SECRET) && !ran.stderr().contains(SECRET));
    }
}
