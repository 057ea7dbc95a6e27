//! Bodies of many kinds, sent with curl, and the event understood.

use std::path::Path;

use crate::support::bombs::gzip;
use crate::support::{Listening, Person, Signed, Size, TestEnv, headers, sample, talk, tools};

/// Signs a file's bytes and posts them.
fn post(env: &TestEnv, curl: &Path, listening: &Listening, body: &[u8], more: &[&str]) {
    let file = env.write("body", body);
    let lines = env.write("headers", headers(body).replace("\r\n", "\n"));
    let mut command = env.other(curl);
    command.args(["-sS", "--fail", "-H", &format!("@{}", lines.display())]);
    command.args(more.iter().flat_map(|header| ["-H", header]));
    command.args(["--data-binary", &format!("@{}", file.display()), &listening.url("/webhooks/trackpilots")]);
    crate::support::finish(command, b"").yes();
}

#[test]
fn bodies_are_shown_as_what_they_are() {
    let Some(curl) = tools::tool("curl") else { return };
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let json = sample("app.json");
    let zipped = gzip(&json);
    const JSON: &str = "Content-Type: application/json";
    post(&env, &curl, &listening, &zipped, &[JSON, "Content-Encoding: gzip"]);
    post(&env, &curl, &listening, b"event=a+b&event=%C3%A9", &["Content-Type: application/x-www-form-urlencoded"]);
    let parts = b"--x\r\nContent-Disposition: form-data; name=\"event\"\r\n\r\n{}\r\n--x--\r\n";
    post(&env, &curl, &listening, parts, &["Content-Type: multipart/form-data; boundary=x"]);
    post(&env, &curl, &listening, &json, &["Content-Type: text/plain"]);

    let shown = env.show(1);
    assert_eq!((&shown["body_kind"], &shown["verdict"]), (&"json".into(), &"verified".into()), "{shown:#}");
    let note =
        format!("gzip: {} bytes inflated to {}; the signature is over the bytes as sent", zipped.len(), json.len());
    assert_eq!(shown["body_notes"][0].as_str().unwrap().replace(',', ""), note);
    assert_eq!(shown["event_report"]["event"], "desktop.app_tracking.captured");
    assert_eq!(shown["event_report"]["items"][0]["duration"], "20 s");
    assert_eq!(env.bytes(1, "body"), zipped, "kept as sent");
    assert_eq!(env.show(2)["body_kind"], "form");
    assert_eq!(env.show(3)["body_kind"], "multipart");
    let other = env.show(4);
    assert_eq!(other["drift"][0]["code"], "content_type", "{other:#}");
    let seen = &other["seen_before"];
    assert_eq!((&seen["looked_at"], &seen["all"]), (&3.into(), &true.into()));
    let again = seen["ids"].as_array().unwrap().iter().find(|id| id["kind"] == "tracking").unwrap();
    assert_eq!((&again["count"], &again["first"]), (&1.into(), &1.into()));

    let text = env.run(&["show", "1"]).yes().stdout();
    assert!(text.contains("event     desktop.app_tracking.captured, simulation, v1, desktop-agent, 1 item"), "{text}");
    assert!(text.contains("\"domain\": \"google.com\""), "{text}");
    let text = env.run(&["show", "4"]).yes().stdout();
    assert!(text.contains("schema    ✗ error   Content-Type: expected application/json, found text/plain"), "{text}");
    assert!(text.contains("a repeat of #1"), "{text}");
    assert!(env.run(&["show", "2"]).yes().stdout().contains("event = é"));
}

#[test]
fn a_repeat_and_a_drift_are_seen_in_the_interface() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(140, 40), &[]);
    let live = sample("screenshot-live.json");
    assert_eq!(talk(address, Signed::new(live.clone()).wire()).status, 200);
    person.sees("desktop.screenshot_tracking.captured");
    let odd = String::from_utf8(live).unwrap().replace("\"isIdle\": true", "\"isIdle\": \"yes\"");
    assert_eq!(talk(address, Signed::new(odd).wire()).status, 200);
    person.sees("1 error").sees("a repeat of #1: the same screenshot b774c86b…");
    person.types("3").sees("✗ error   data[0].screenshot.isIdle: expected true or false, found “yes”");
    person.types("q");
    assert_eq!(person.ends(), 0);
}
