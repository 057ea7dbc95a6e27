//! `whyhook simulate`, mostly against the program's own listener.

use serde_json::{Value, json};

use crate::support::{Listening, TestEnv, sample};

/// Every form, with whether its bytes come whole, and so the image's dimensions.
const FORMS: [(&str, &str, bool); 18] = [
    ("node-print", "node_print", false),
    ("placeholder", "placeholder", false),
    ("buffer-json", "buffer_json", true),
    ("numeric-keys", "numeric_keys", true),
    ("array", "number_array", true),
    ("base64", "base64", true),
    ("base64url", "base64url", true),
    ("data-url", "data_url", true),
    ("hex", "hex", true),
    ("latin1", "latin1", true),
    ("destroyed-utf8", "destroyed_utf8", false),
    ("number-list-text", "number_list_text", true),
    ("uint8array-print", "uint8array_print", false),
    ("lost", "lost", false),
    ("python-bytes", "python_bytes", true),
    ("superjson", "superjson", true),
    ("ejson", "ejson", true),
    ("nested-json", "nested_json", true),
];

fn url(listening: &Listening) -> String {
    listening.url("/webhooks/trackpilots")
}

#[test]
fn every_event_arrives_verified_as_a_simulation_or_like_a_live_one() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let mut number = 0;
    for event in ["activity", "app", "screenshot"] {
        for kind in ["developer", "reseller"] {
            for live in [false, true] {
                let url = url(&listening);
                let mut arguments = vec!["simulate", event, "--to", &url, "--kind", kind];
                arguments.extend(live.then_some("--live"));
                env.run(&arguments).yes();
                number += 1;
                let line = listening.json_line(number);
                assert_eq!(line["event"], format!("desktop.{event}_tracking.captured"));
                assert_eq!((&line["verdict"], &line["simulation"]), (&json!("verified"), &json!(!live)), "{line}");
                assert_eq!((&line["fresh"], &line["items"]), (&json!(true), &json!(1)), "{line}");
            }
        }
    }
}

#[test]
fn every_form_of_an_image_arrives_as_itself() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    for (index, (form, code, whole)) in FORMS.into_iter().enumerate() {
        let url = url(&listening);
        let arguments = ["simulate", "screenshot", "--live", "--image", form, "--image-size", "64x36", "--to", &url];
        env.run(&arguments).yes();
        let line = listening.json_line(index + 1);
        assert_eq!((&line["verdict"], &line["image"]["form"]), (&json!("verified"), &json!(code)), "{line}");
        if whole {
            let image = &line["image"];
            let facts = (&image["format"], &image["width"], &image["height"]);
            assert_eq!(facts, (&json!("jpeg"), &json!(64), &json!(36)), "{line}");
        }
    }
}

#[test]
fn the_panel_has_the_documented_fields() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let text = env.run(&["simulate", "activity", "--to", &url(&listening)]).yes().stdout();
    for field in [
        "Status            200",
        "Latency ",
        "Result            Delivered",
        "Delivery headers  X-Webhook-Signature: ",
        "X-Webhook-Timestamp: ",
        "Sent payload ",
        "{\"event\":\"desktop.activity_tracking.captured\"",
        "Endpoint response",
        "Webhook received and processed successfully",
    ] {
        assert!(text.contains(field), "{field} is not in\n{text}");
    }
    let json = env.run(&["simulate", "activity", "--to", &url(&listening), "--format", "json"]).yes().json();
    assert_eq!(
        (&json["kind"], &json["result"], &json["status"]),
        (&json!("simulation"), &json!("delivered"), &json!(200))
    );
    // What was sent is what arrived.
    let sent = json["body"].as_str().unwrap().as_bytes().to_vec();
    assert_eq!(env.bytes(2, "body"), sent);
}

#[test]
fn without_a_url_it_goes_to_our_own_listener() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let bind = listening.address().to_string();
    let mut command = env.command(&["simulate", "app"]);
    command.env("WHYHOOK_BIND", &bind);
    crate::support::finish(command, b"").yes();
    assert_eq!(listening.json_line(1)["path"], "/webhooks/trackpilots");
}

#[test]
fn fields_are_set_and_the_rest_stays() {
    let env = TestEnv::with_secret();
    let plain = env.run(&["simulate", "screenshot", "--seed", "7", "--dry-run", "--format", "json"]).yes().json();
    let edited = env
        .run(&[
            "simulate",
            "screenshot",
            "--seed",
            "7",
            "--dry-run",
            "--format",
            "json",
            "--set",
            "data[0].screenshot.app.name=\"Ü \\ud83d\"",
            "--set",
            "data[0].screenshot.isIdle=\"maybe\"",
            "--unset",
            "version",
            "--add",
            "data[0].note=plain text",
            "--set",
            "timestamp=1",
        ])
        .yes()
        .json();
    let plain: Value = serde_json::from_str(plain["body"].as_str().unwrap()).unwrap();
    let edited = edited["body"].as_str().unwrap();
    assert!(edited.contains(r#""name":"Ü \ud83d""#) && edited.contains(r#""isIdle":"maybe""#), "{edited}");
    assert!(edited.contains(r#","note":"plain text"}]}"#) && !edited.contains("\"version\""), "{edited}");
    assert!(edited.contains(plain["data"][0]["screenshot"]["screenshotId"].as_str().unwrap()));
    let line = env.run(&["simulate", "app", "--set", "data[1].tracking=1", "--dry-run"]).complains();
    assert!(line.contains("data[1].tracking is not in the payload: data contains 1 item"), "{line}");
}

#[test]
fn a_preview_is_the_exact_request_and_sends_nothing() {
    let env = TestEnv::with_secret();
    let shown = env.run(&["simulate", "app", "--to", "http://127.0.0.1:1/hook", "--preview"]).yes().stdout();
    let (head, body) = shown.split_once("\n\n").unwrap();
    assert!(head.starts_with("POST /hook HTTP/1.1\nHost: 127.0.0.1:1\n"), "{head}");
    assert!(
        head.contains("X-Webhook-Signature: ") && head.contains(&format!("Content-Length: {}", body.len())),
        "{head}"
    );
    let body: Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["simulation"], true);
}

#[test]
fn bytes_of_a_file_or_a_capture_are_sent_as_they_are() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let body = [&sample("screenshot-live.json")[..], b"\n \xff"].concat();
    env.write("body", &body);
    env.run(&["simulate", "--body", "body", "--to", &url(&listening)]).yes();
    env.run(&["simulate", "--from", "1", "--to", &url(&listening), "--kind", "reseller"]).yes();
    assert_eq!(listening.json_line(2)["verdict"], "verified");
    assert_eq!((env.bytes(1, "body"), env.bytes(2, "body")), (body.clone(), body));
    let ran = env.run(&["simulate", "--from", "99", "--to", &url(&listening)]).no();
    assert!(ran.stderr().contains("no delivery 99"), "{}", ran.stderr());
}

#[test]
fn a_burst_is_sent_twice_and_out_of_order() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    let url = url(&listening);
    let arguments =
        ["simulate", "app", "--to", &url, "--count", "4", "--duplicate", "--out-of-order", "--rate", "200/s"];
    let text = env.run(&arguments).yes().stdout();
    assert!(text.ends_with("8 delivered, 0 failed\n"), "{text}");
    let lines = env.run(&[&arguments[..8], &["--format", "json"]].concat()).yes().stdout();
    let sent: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(sent.len(), 8);
    for pair in sent.chunks(2) {
        assert_eq!((&pair[0]["headers"], &pair[0]["body"]), (&pair[1]["headers"], &pair[1]["body"]));
    }
    let time = |one: &Value| {
        serde_json::from_str::<Value>(one["body"].as_str().unwrap()).unwrap()["timestamp"].as_i64().unwrap()
    };
    let times: Vec<i64> = sent.iter().step_by(2).map(time).collect();
    assert!(!times.is_sorted() && times.iter().collect::<std::collections::BTreeSet<_>>().len() == 4, "{times:?}");
}

#[test]
fn a_configured_webhook_is_sent_to_with_its_secret_and_events() {
    let env = TestEnv::new().set("RESALE", "the-reseller-secret-0123456789");
    let listening = env.listen(&["--secret-env", "resale=RESALE", "--format", "json"]);
    env.write("whyhook.toml", format!(
        "[secrets]\nresale = {{ env = \"RESALE\" }}\n\n[[webhook]]\nname = \"resale\"\npath = \"/resale\"\nkind = \"reseller\"\n\
         secret = \"resale\"\nurl = \"{}\"\nevents = [\"desktop.app_tracking.captured\"]\n\n\
         [simulations.idle]\nevent = \"app\"\nwebhook = \"resale\"\nset = [\"data[0].tracking.trackingMode=offline\"]\n",
        listening.url("/resale")
    ));
    env.run(&["simulate", "app", "--webhook", "resale"]).yes();
    let line = listening.json_line(1);
    assert_eq!((&line["path"], &line["verdict"]), (&json!("/resale"), &json!("verified")));
    assert_eq!(env.show(1)["timestamp"]["unit"], "milliseconds");

    let line = env.run(&["simulate", "screenshot", "--webhook", "resale"]).complains();
    assert!(line.contains("Event type not registered (400)") && line.contains("app_tracking"), "{line}");
    let line = env.run(&["simulate", "app", "--webhook", "gone"]).complains();
    assert!(line.contains("Webhook not found (404)") && line.contains("configured: resale"), "{line}");

    env.run(&["simulate", "idle"]).yes();
    env.run(&["simulate", "--saved", "idle", "--live"]).yes();
    let body = String::from_utf8(env.bytes(3, "body")).unwrap();
    assert!(body.contains("\"trackingMode\":\"offline\"") && !body.contains("\"simulation\""), "{body}");
}

#[test]
fn what_is_printed_for_the_configuration_can_be_used_from_it() {
    let env = TestEnv::with_secret();
    let options = [
        "--live",
        "--image",
        "hex",
        "--image-size",
        "32x18",
        "--set",
        "data[0].screenshot.isIdle=true",
        "--items",
        "2",
    ];
    let printed =
        env.run(&[&["simulate", "screenshot"], &options[..], &["--print-config", "my idle"]].concat()).yes().stdout();
    env.write("whyhook.toml", &printed);
    let body = |arguments: &[&str]| {
        let preview = env.run(&[arguments, &["--seed", "5", "--dry-run", "--format", "json"]].concat()).yes().json();
        serde_json::from_str::<Value>(preview["body"].as_str().unwrap()).unwrap()
    };
    let (saved, said) = (body(&["simulate", "my idle"]), body(&[&["simulate", "screenshot"], &options[..]].concat()));
    assert_eq!(saved["data"][1]["screenshot"]["imageBuffer"], said["data"][1]["screenshot"]["imageBuffer"]);
    assert_eq!(
        (saved["data"][0]["screenshot"]["isIdle"].clone(), saved["data"].as_array().unwrap().len()),
        (json!(true), 2)
    );
}

#[test]
fn what_goes_wrong_is_said_in_the_documentation_s_terms() {
    let env = TestEnv::with_secret();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let text = env.run(&["simulate", "app", "--to", &format!("http://{free}/x")]).no().stdout();
    assert!(text.contains("Result            Failed") && text.contains("Network error: "), "{text}");
    let other = TestEnv::new().set("OTHER", "another-secret-0123456789");
    let listening = other.listen(&["--secret-env", "OTHER"]);
    let text = env.run(&["simulate", "app", "--to", &url(&listening)]).no().stdout();
    assert!(text.contains("Status            401") && text.contains("Simulation failed: "), "{text}");

    assert!(env.run(&["simulate", "login"]).complains().contains("unknown event 'login'"));
    assert!(env.run(&["simulate", "app", "--image", "webp"]).complains().contains("unknown image form"));
    assert!(env.run(&["simulate", "app", "--count", "0"]).complains().contains("1 to 10000"));
    assert!(env.run(&["simulate", "app", "--to", "http://192.0.2.1/"]).complains().contains("--yes"));
    assert!(TestEnv::new().run(&["simulate", "app"]).complains().contains("no secret to sign with"));
}

#[test]
fn what_would_have_no_effect_is_refused_or_said() {
    let env = TestEnv::with_secret();
    let preview = ["simulate", "app", "--to", "http://127.0.0.1:9", "--dry-run"];
    let said = env.run(&[&preview[..], &["--count", "3"]].concat()).yes().stderr();
    assert!(said.contains("the first of 3 deliveries is shown"), "{said}");
    let refused = env.run(&[&preview[..], &["--header", "x-webhook-signature: x"]].concat()).complains();
    assert!(refused.contains("cannot set the header 'x-webhook-signature': signing the request makes it"), "{refused}");
    let shown = env.run(&[&preview[..], &["--header", "X-Trace: 1", "-H", "Host: h.example"]].concat()).yes().stdout();
    assert!(shown.contains("X-Trace: 1") && shown.contains("Host: h.example"), "{shown}");
    // Nobody's captures are in what is made up.
    let made = env.run(&["simulate", "app", "--to", "https://collector.example/"]).complains();
    assert!(made.contains("collector.example, which is not this machine") && !made.contains("captures"), "{made}");
    let made = env.run(&["check", "https://collector.example/"]).complains();
    assert!(made.contains("which is not this machine") && !made.contains("captures"), "{made}");
    for arguments in [&["--ephemeral", "--store", "x.db"][..], &["export", "1", "--as", "json", "--index", "3"]] {
        env.run(arguments).complains();
    }
    assert!(!env.work().join("x.db").exists());
}

#[test]
fn the_listener_on_the_store_is_the_one_that_is_meant() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let sent = env.run(&["simulate", "app", "--dry-run", "--format", "json"]).yes().json();
    assert_eq!(sent["target"], listening.url("/webhooks/trackpilots"));
    env.run(&["simulate", "app"]).yes();
    assert!(listening.line(1).contains("Webhook verified"), "{}", listening.line(1));
    listening.stop();
    let sent = env.run(&["simulate", "app", "--dry-run", "--format", "json"]).yes().json();
    assert_eq!(sent["target"], "http://127.0.0.1:3000/webhooks/trackpilots");
    let said = env.run(&["simulate", "app", "--to", "nonsense"]).complains();
    assert!(said.contains("is this a URL?"), "{said}");
}
