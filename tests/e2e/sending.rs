//! Sending from the interface, by keys and what is then seen, or received elsewhere.

use crate::replay::{Recorder, editor};
use crate::support::tools::tool;
use crate::support::{Person, Receiver, SECRET, Signed, Size, TestEnv, sample, signature, talk};

#[test]
fn a_newcomer_with_nothing_configured_sees_a_verified_event() {
    let env = TestEnv::new();
    let (mut person, _) = Person::listening(&env, Size(120, 36), &[]);
    person.sees("no secret: press s").sees("Press T to send a signed test event").sees("T send a test event");
    person.types("T").sees("verified with the temporary secret").sees("SIM  a simulation").sees("200 by auto");
    person.sees("signed with a temporary secret").sees("◆ temporary secret");
    // With the documented fields.
    person.types("P").sees("✓ Delivered").sees("200 OK").sees("Latency").sees("X-Webhook-Signature");
    person.sees("Sent payload").sees("\"simulation\": true").types("G").sees("Endpoint response");
    person.types("q").no_longer_sees("Endpoint response");
    // Again, with the same secret.
    person.types("T").sees(" of 2 ");
    let listed = env.run(&["list"]).yes().stdout();
    assert_eq!(listed.lines().filter(|line| line.contains("verified")).count(), 2, "{listed}");
    person.types("q");
    assert_eq!(person.ends(), 0);
}

#[test]
fn a_test_event_is_signed_with_the_secret_of_its_path() {
    let env = TestEnv::new().set("ONE", "the first secret").set("TWO", "the second secret");
    env.write(
        "whyhook.toml",
        "[[webhook]]\nname = \"hr\"\npath = \"/in\"\nkind = \"reseller\"\nsecret = \"two\"\n\
         events = [\"desktop.app_tracking.captured\"]\nurl = \"http://127.0.0.1:9/\"\n",
    );
    let (mut person, _) =
        Person::listening(&env, Size(120, 36), &["--secret-env", "one=ONE", "--secret-env", "two=TWO"]);
    person.types("T").sees("verified with the secret two").sees("POST /in").sees("milliseconds");
    person.sees("desktop.app_tracking.captured");
}

/// The screen's text of a recorded request: its head's lines and its body.
fn parts(bytes: &[u8]) -> (String, Vec<u8>) {
    let at = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
    (String::from_utf8_lossy(&bytes[..at]).into_owned(), bytes[at + 4..].to_vec())
}

#[test]
fn a_delivery_is_sent_again_re_signed_and_edited() {
    let env = TestEnv::with_secret();
    let script = editor(&env, "sed -i.before 's/desktop-agent/changed-agent/' \"$1\"");
    let env = env.set("EDITOR", script);
    let recorder = Recorder::new();
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    let body = sample("app.json");
    assert_eq!(talk(address, Signed::new(body.clone()).wire()).status, 200);
    person.sees("desktop.app_tracking.captured");

    // Re-signed: the exact body under a signature of this moment.
    person.types("R").sees("Replay #1").types("\u{1b}[C").sees("re-signed").types("\t").types(&recorder.url());
    person.enter().sees("✓ Delivered").sees("200 ").sees("re-signed");
    let (head, sent) = parts(&recorder.last());
    assert_eq!(sent, body);
    let value = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    let expected = signature(SECRET.as_bytes(), value("X-Webhook-Timestamp: "), &sent);
    assert_eq!(value("X-Webhook-Signature: "), expected);
    person.sees(&expected).types("\u{1b}").no_longer_sees("Delivery headers");

    // Edited in the person's own editor, from which the interface comes back.
    person.types("R").sees("Replay #1").types("\u{1b}[C\u{1b}[C").sees("edited in $EDITOR, then").enter();
    person.sees("edited, re-signed").sees("Earlier").types("\u{1b}").no_longer_sees("Delivery headers");
    assert!(String::from_utf8_lossy(&recorder.last()).contains("changed-agent"));

    // Both are kept beside it.
    person.types("B").sees("Replays of #1").sees("edited, re-signed").types("j").enter().sees("Sent payload");
    person.types("\u{1b}").sees("Replays of #1").types("kD").sees("response to attempt").types("\u{1b}");
    person.no_longer_sees("response to attempt").types("q").no_longer_sees("Replays of").types("q");
    assert_eq!(person.ends(), 0);
    person.has_the_terminal_back();
}

#[test]
fn a_target_that_refuses_is_told_with_what_to_do() {
    let env = TestEnv::with_secret();
    let gone = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let (mut person, _) = Person::listening(&env, Size(120, 36), &[]);
    person.types("T").sees("200 by auto").types("R").sees("Replay #1").types("\t").types(&format!("http://{gone}"));
    person.enter().sees("✗ Failed").sees("Network error: cannot connect").sees("start the server, or check the port");
    person.types("\u{1b}").no_longer_sees("Network error");
    // Another machine is asked about first; no sends nothing.
    person.types("R").sees("Replay #1").types("\t\u{15}http://192.0.2.1/").enter().sees("Send to a non-loopback host?");
    person.types("n").no_longer_sees("non-loopback").types("q");
    assert_eq!(person.ends(), 0);
}

#[test]
fn a_simulation_is_seen_before_it_is_sent() {
    let env = TestEnv::with_secret();
    let recorder = Recorder::new();
    let (mut person, _) = Person::listening(&env, Size(120, 36), &[]);
    person.types("E").sees("Simulate an event").sees("\"simulation\": true").types("\u{1b}[D").sees("‹ a URL ›");
    person
        .types("\t")
        .types(&recorder.url())
        .types("\t\t\u{1b}[C")
        .sees("\"event\": \"desktop.app_tracking.captured\"");
    person.types("\t\u{1b}[C").sees("like a live event").no_longer_sees("\"simulation\": true").enter();
    person.sees("✓ Delivered").sees("the secret TRACKPILOTS_WEBHOOKS_SECRET_KEY, in seconds");
    let sent = String::from_utf8_lossy(&recorder.last()).into_owned();
    assert!(sent.contains("desktop.app_tracking.captured") && !sent.contains("simulation"), "{sent}");
}

#[test]
fn a_broken_receiver_is_found_out_on_the_check_screen() {
    let Some(node) = tool("node") else { return };
    let env = TestEnv::with_secret();
    let receiver = Receiver::start(&env, &node, "receiver.mjs", &["missing"]);
    let (mut person, _) = Person::listening(&env, Size(120, 36), &[]);
    person.types("C").sees("Check a receiver").types(&receiver.url()).enter();
    person.sees("✗ Failed").sees("accepts a missing").sees("app-simulated");
    // Failures come first.
    person.enter().sees("no X-Webhook-Signature").sees("expected").sees("shows all bytes");
    // Every header and the body, not indented, and what came back.
    person
        .enter()
        .sees("X-Webhook-Timestamp")
        .sees("Content-Type")
        .sees("{\"event\":")
        .types("G")
        .sees("Endpoint response");
    person.types("\u{1b}").sees("shows all bytes").types("\u{1b}").sees("✗ Failed");
}
