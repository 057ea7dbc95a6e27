//! Captured deliveries as tests of a server: saved from a debugging session, and failing once the fault is back.

use std::io::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use crate::support::tools::tool;
use crate::support::{Receiver, SECRET, Signed, TestEnv, Upstream, request_from, sample, signature, talk};

/// A server of somebody's: it checks signatures, and counts the items of an event; while `fault` is set, it fails for
/// those that have none, and counts one too many otherwise.
fn server(fault: &Arc<AtomicBool>) -> Upstream {
    let fault = Arc::clone(fault);
    Upstream::unread(move |socket| {
        let request = request_from(socket);
        let split = request.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let (head, body) = (String::from_utf8_lossy(&request[..split]).into_owned(), &request[split + 4..]);
        let header = |name: &str| {
            let found =
                head.lines().filter_map(|line| line.split_once(':')).find(|(own, _)| own.eq_ignore_ascii_case(name));
            found.map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
        };
        let expected = signature(SECRET.as_bytes(), &header("X-Webhook-Timestamp"), body);
        let items = serde_json::from_slice::<serde_json::Value>(body)
            .ok()
            .and_then(|body| body["data"].as_array().map(Vec::len));
        let (status, answer) = match (header("X-Webhook-Signature") == expected, items, fault.load(Ordering::SeqCst)) {
            (false, ..) => ("401 Unauthorized", json!({"error": "signature"})),
            (true, None, true) => ("500 Internal Server Error", json!({"error": "no items"})),
            (true, items, is_faulty) => {
                ("200 OK", json!({"result": {"items": items.unwrap_or(0) + usize::from(is_faulty)}}))
            }
        };
        let answer = answer.to_string();
        let _ = write!(
            socket,
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{answer}",
            answer.len()
        );
        request
    })
}

const ODD: &str = r#"{"event": "desktop.app_tracking.captured", "data": null, "note": "it's 1.10"}"#;

/// A debugging session: three deliveries go through the listener to a server that fails for one of them.
fn session(env: &TestEnv, upstream: &Upstream) {
    let listening = env.listen(&["--forward-to", &upstream.url()]);
    let credentials = "Authorization: Bearer tell-nobody\r\nCookie: sid=tell-nobody\r\n";
    let app = Signed::new(sample("app.json")).to("/webhooks/trackpilots?token=tell-nobody").with(credentials);
    assert_eq!(talk(listening.address(), app.wire()).status, 200);
    assert_eq!(talk(listening.address(), Signed::new(ODD).wire()).status, 500);
    let forged = Signed::new("{}").by("another-secret-0123456789", crate::support::Unit::Seconds);
    assert_eq!(talk(listening.address(), forged.wire()).status, 401);
    listening.stop();
}

#[test]
fn a_suite_from_a_debugging_session_fails_once_the_fault_is_back() {
    let (env, fault) = (TestEnv::with_secret(), Arc::new(AtomicBool::new(true)));
    let upstream = server(&fault);
    session(&env, &upstream);

    // What was answered is expected, which is said where that is the fault itself.
    let saved =
        env.run(&["suite", "save", "bugs", "1-3", "--expect-kept", "header:Content-Type", "--keep", "note"]).yes();
    assert!(saved.stdout().contains("3 cases saved in suites/bugs.json"), "{}", saved.stdout());
    assert!(
        saved.stderr().contains("app-2 expects 500, as it was answered: --expect status=2xx"),
        "{}",
        saved.stderr()
    );
    let file = std::fs::read_to_string(env.work().join("suites/bugs.json")).unwrap();
    assert!(!file.contains(SECRET) && !file.contains("tell-nobody"), "{file}");
    assert!(file.contains("\n        \"X-Webhook-Signature:\",\n") && file.contains("token=\""), "{file}");
    assert!(
        file.contains(
            r#""body": "{\"event\": \"desktop.app_tracking.captured\", \"data\": null, \"note\": \"it's 1.10\"}""#
        ),
        "{file}"
    );

    // The same deliveries make the same file, and none is overwritten or added twice unasked.
    let save = |more: &[&str]| {
        env.run(
            &[&["suite", "save", "bugs", "1-3", "--expect-kept", "header:Content-Type", "--keep", "note"], more]
                .concat(),
        )
    };
    assert!(save(&[]).complains().contains("already exists: add to it with --add, replace it with --force"));
    save(&["--force"]).yes();
    assert_eq!(std::fs::read_to_string(env.work().join("suites/bugs.json")).unwrap(), file);
    assert!(
        save(&["--add"]).no().stderr().contains("delivery 3 is in the suite already, as post-webhooks-trackpilots-3")
    );

    // The server as it was then, with the secret that signed in the environment.
    let run = |more: &[&str]| env.run(&[&["suite", "run", "bugs", "--to", &upstream.url()], more].concat());
    run(&[]).yes();

    // Mended: the suite says so, until that is expected.
    fault.store(false, Ordering::SeqCst);
    assert!(run(&[]).no().stdout().contains("status: expected 500, got 200"));
    let url = upstream.url();
    let shown = env.run(&["suite", "update", "bugs", "--to", &url, "--dry-run"]).yes().stdout();
    assert!(shown.contains("app-2\n  status: 500 → 200") && shown.contains("1 of 3 cases differ"), "{shown}");
    env.run(&["suite", "update", "bugs", "--to", &url]).yes();
    run(&[]).yes();
    let updated = std::fs::read_to_string(env.work().join("suites/bugs.json")).unwrap();
    assert_eq!(updated, file.replacen("\"status\": 500", "\"status\": 200", 1));

    // The fault put back: exit code 1, the case, the reason, and how to run it again.
    fault.store(true, Ordering::SeqCst);
    let text = run(&[]).no().stdout();
    assert!(text.contains("✓ pass  app-1") && text.contains("✗ FAIL  app-2"), "{text}");
    assert!(text.contains("status: expected 200, got 500"), "{text}");
    assert!(text.contains(&format!("again     whyhook suite run bugs --to {url} --only app-2")), "{text}");
    assert!(text.ends_with("2 passed, 1 failed\n✗ Failed: app-2\n"), "{text}");
    let report = run(&["--only", "app-2", "--format", "json"]).no().json();
    assert_eq!(report["counts"], json!({"pass": 0, "fail": 1, "skipped": 0}));
    assert_eq!(report["cases"][0]["differences"][0]["place"], "status");
    let stopped = run(&["--fail-fast", "--format", "json"]).no().json();
    assert_eq!(stopped["counts"], json!({"pass": 1, "fail": 1, "skipped": 1}));
    let xml = run(&["--format", "junit"]).no().stdout();
    assert!(xml.contains("<testsuites tests=\"3\" failures=\"1\" errors=\"0\" skipped=\"0\""), "{xml}");
    assert!(xml.contains("classname=\"whyhook.suite.bugs\" name=\"app-2\""), "{xml}");
    parse_xml(&env, &xml);

    // A fault that only the body shows: nothing but an expectation of it finds it.
    env.run(&["suite", "save", "counts", "1", "--expect", "body:result.items=1"]).yes();
    let text = env.run(&["suite", "run", "counts", "--to", &url]).no().stdout();
    assert!(text.contains("body result.items: expected 1, got 2"), "{text}");
}

fn parse_xml(env: &TestEnv, xml: &str) {
    let Some(python) = tool("python3") else { return };
    env.write("report.xml", xml);
    let mut parse = env.other(&python);
    parse.args([
        "-c",
        "import xml.dom.minidom as d; s = d.parse('report.xml').documentElement; assert s.tagName == 'testsuites'",
    ]);
    crate::support::finish(parse, b"").yes();
}

#[test]
fn what_cannot_be_run_is_said_in_one_line_before_anything_is_sent() {
    let (env, fault) = (TestEnv::with_secret(), Arc::new(AtomicBool::new(false)));
    let upstream = server(&fault);
    session(&env, &upstream_that_fails_once(&fault));
    env.run(&["suite", "save", "bugs", "1-2"]).yes();
    let url = upstream.url();

    // Without a secret, with another label, under other names.
    let bare = TestEnv::new();
    let path = env.work().join("suites/bugs.json");
    let path = path.to_str().unwrap();
    let line = bare.run(&["suite", "run", path, "--to", &url]).complains();
    assert!(line.contains("case 'app-1': no secret to sign with: set TRACKPILOTS_WEBHOOKS_SECRET_KEY"), "{line}");
    assert!(env.run(&["suite", "run", "bugs", "--to", &url, "--secret", "x"]).complains().contains("known labels"));
    assert!(env.run(&["suite", "run", "bgus", "--to", &url]).complains().contains("did you mean 'bugs'?"));
    assert!(
        env.run(&["suite", "run", "bugs", "--to", &url, "--only", "app-9"])
            .complains()
            .contains("did you mean 'app-1'?")
    );
    assert!(env.run(&["suite", "run", "bugs", "--to", "http://192.0.2.1/"]).complains().contains("--yes"));
    assert!(
        env.run(&["suite", "run", "bugs", "--to", "ftp://x/"]).complains().contains("expected http:// or https://")
    );
    assert!(env.run(&["suite", "save", "a\u{1b}b", "1"]).complains().contains("invalid suite name 'a␛b'"));
    assert!(
        env.run(&["suite", "save", "b", "1", "--expect", "latency<1s"]).complains().contains("invalid expectation")
    );
    env.write(
        "suites/odd.json",
        "{\"version\": 1, \"cases\": [{\n  \"name\": \"\\u001b[31m\",\n  \"status\": 1\n}]}\n",
    );
    let line = env.run(&["suite", "run", "odd", "--to", &url]).complains();
    assert!(line.contains("odd.json:3:10: unknown field `status`"), "{line}");
    // A list names it, and shows the other.
    let list = env.run(&["suite", "list"]).no().stdout();
    assert!(
        list.contains("bugs") && list.contains("2 cases") && list.contains("odd") && list.contains("unknown field"),
        "{list}"
    );
    let shown = env.run(&["suite", "show", "bugs", "app-1"]).yes().stdout();
    assert!(shown.contains("scheme trackpilots") && shown.contains("status=200"), "{shown}");
}

#[test]
fn without_a_server_every_case_has_failed() {
    let (env, fault) = (TestEnv::with_secret(), Arc::new(AtomicBool::new(false)));
    session(&env, &upstream_that_fails_once(&fault));
    env.run(&["suite", "save", "bugs", "1-2"]).yes();
    let saved = std::fs::read_to_string(env.work().join("suites/bugs.json")).unwrap();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nobody = format!("http://{free}");
    let run = |more: &[&str]| env.run(&[&["suite", "run", "bugs", "--to", &nobody], more].concat()).no();
    // At once, or once it was waited for.
    for wait in [&[][..], &["--wait", "200ms"]] {
        let text = run(wait).stdout();
        assert!(text.contains("no server") && text.contains("connection refused"), "{text}");
        assert!(text.ends_with(&format!("0 passed, 2 failed\n✗ Failed: no server at {nobody}\n")), "{text}");
    }
    let report = run(&["--format", "json"]).json();
    assert_eq!((&report["result"], &report["counts"]["fail"]), (&json!("fail"), &json!(2)));
    assert!(report["cases"][1]["error"]["message"].as_str().unwrap().contains("refused"), "{report}");
    let xml = run(&["--format", "junit"]).stdout();
    assert!(xml.contains("failures=\"2\"") && xml.contains("no server: "), "{xml}");
    // Nothing is expected of a server that is not there.
    let said = env.run(&["suite", "update", "bugs", "--to", &nobody]).no().stderr();
    assert!(said.contains("2 cases have no response") && said.contains("refused"), "{said}");
    assert_eq!(std::fs::read_to_string(env.work().join("suites/bugs.json")).unwrap(), saved);
}

#[test]
fn a_suite_is_a_file_of_the_folder_or_a_path() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    let url = listening.url("/");
    for (save, file) in [
        (&["a"][..], "suites/a.json"),
        (&["b", "--dir", "of/ada"], "of/ada/b.json"),
        (&["c.json"], "c.json"),
        (&["sub/d"], "sub/d"),
    ] {
        env.run(&[&["suite", "save"], save, &["-n", "1"]].concat()).yes();
        let text = std::fs::read_to_string(env.work().join(file)).unwrap();
        assert!(text.starts_with("{\n  \"version\": 1,\n  \"cases\": [\n") && text.ends_with("\n}\n"), "{text}");
        serde_json::from_str::<serde_json::Value>(&text).unwrap();
        env.run(&[&["suite", "run"], save, &["--to", &url]].concat()).yes();
    }
    let list = env.run(&["suite", "list", "--format", "json"]).yes().json();
    assert_eq!(list, json!([{"name": "a", "path": "suites/a.json", "cases": 1, "error": null}]));
    let list = env.run(&["suite", "list", "--dir", "of/ada"]).yes().stdout();
    assert!(list.contains("of/ada/b.json"), "{list}");
    for name in ["", "-a", ".a", "a|b"] {
        assert!(
            env.run(&["suite", "run", "--to", &url, "--", name]).complains().contains("invalid suite name"),
            "{name}"
        );
    }
}

/// The server of [`session`], which needs the fault.
fn upstream_that_fails_once(fault: &Arc<AtomicBool>) -> Upstream {
    fault.store(true, Ordering::SeqCst);
    server(fault)
}

#[test]
fn another_senders_suite_needs_its_secret_alone() {
    let env = TestEnv::new().set("GITHUB_WEBHOOK_SECRET", SECRET);
    let listening = env.listen(&["--scheme", "github"]);
    let url = listening.url("/hooks/github");
    env.run(&["simulate", "--scheme", "github", "--to", &url]).yes();
    // What verified under a scheme that is not named here would be signed by another.
    let left_out = env.run(&["suite", "save", "github"]).no().stderr();
    assert!(left_out.contains("delivery 1 is left out: it was verified at capture"), "{left_out}");
    env.run(&["suite", "save", "github", "--scheme", "github"]).yes();
    // The suite says under which scheme.
    env.run(&["suite", "run", "github", "--to", &url]).yes();
    let file = std::fs::read_to_string(env.work().join("suites/github.json")).unwrap();
    assert!(
        file.contains("\"scheme\": \"github\"") && file.contains("\"X-Hub-Signature-256:\"") && !file.contains(SECRET),
        "{file}"
    );
    assert_eq!(env.show(2)["verdict"], "verified");
}

/// The commands of the example are run against its own server, so that none of it is out of date.
#[test]
fn the_workflow_of_the_example_runs() {
    let Some(python) = tool("python3") else { return };
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/suite");
    let env = TestEnv::with_secret();
    let suite = std::fs::read_to_string(format!("{folder}/suites/events.json")).unwrap();
    std::fs::create_dir(env.work().join("suites")).unwrap();
    env.write("suites/events.json", &suite);
    let receiver = Receiver::start(&env, &python, &format!("{folder}/server.py"), &["0"]);
    let workflow = std::fs::read_to_string(format!("{folder}/webhooks.yml")).unwrap();
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/suites.md")).unwrap();
    let commands: Vec<&str> =
        workflow.lines().filter_map(|line| line.trim_start_matches([' ', '-']).strip_prefix("run: whyhook ")).collect();
    assert_eq!(
        commands.len(),
        workflow.matches("whyhook suite run").count() + workflow.matches("whyhook check").count()
    );
    assert!(
        commands.iter().any(|line| line.starts_with("suite run"))
            && commands.iter().any(|line| line.starts_with("check"))
    );
    for command in commands {
        assert!(page.contains(&format!("run: whyhook {command}")), "docs/suites.md has another command than {command}");
        let (command, file) = command.split_once(" > ").unwrap();
        let command = command.replace("http://localhost:8080", &receiver.origin());
        let ran = env.run(&command.split(' ').collect::<Vec<_>>()).yes();
        assert!(file.ends_with(".xml"), "{file}");
        parse_xml(&env, &ran.stdout());
    }
    // Its server has a fault to be put back.
    let broken = Receiver::start(&env, &python, &format!("{folder}/server.py"), &["0", "--broken"]);
    let text = env.run(&["suite", "run", "events", "--to", &broken.origin()]).no().stdout();
    assert!(text.contains("✗ Failed: "), "{text}");
}
