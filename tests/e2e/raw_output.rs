//! Raw bytes from the network go to files and pipes exactly, and to a terminal only with `--force`.

use whyhook::text::is_hidden;

use crate::hostile::violations;
use crate::replay::Recorder;
use crate::support::{Person, Signed, Size, TestEnv, talk};

/// Every byte but the line feed, which a terminal in its usual mode writes as CR LF.
fn body() -> Vec<u8> {
    (0..=255).filter(|byte| *byte != b'\n').collect()
}

const RESPONSE: &str = "HTTP/1.1 200 OK\r\nX-Title: \u{9b}2J\u{202e}\r\nContent-Length: 9\r\n\r\n\u{1b}[2J\u{9b}31m";
const RESPONSE_BODY: &str = "\u{1b}[2J\u{9b}31m";

/// A delivery with hostile bytes, and a replay with a hostile response.
fn hostile_env() -> TestEnv {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let header = b"X-Attack: \x9b31m\xff\r\n";
    talk(listening.address(), Signed::new(body()).with(header).to("/\u{9b}2J").wire());
    talk(listening.address(), Signed::new("\u{1b}[2J").with(b"X-Attack: \x9d\r\n").wire());
    listening.stop();
    let recorder = Recorder::answering(RESPONSE);
    env.run(&["replay", "1", "--to", &recorder.url()]).yes();
    env
}

#[test]
fn raw_bytes_are_kept_from_a_terminal() {
    let env = hostile_env();
    let raw_forms: [&[&str]; 6] = [
        &["show", "1", "--format", "raw"],
        &["show", "latest", "--format", "body"],
        &["show", "--attempt", "1", "--format", "raw"],
        &["show", "--attempt", "1", "--format", "body"],
        &["export", "1", "--as", "raw"],
        // Who has no such delivery is refused alike.
        &["show", "7", "--format", "body"],
    ];
    for form in raw_forms {
        let mut person = Person::runs(&env, Size(160, 50), form);
        assert_eq!(person.ends(), 2, "{form:?}");
        person.sees("raw bytes could control the terminal");
        let raw = person.settles().raw();
        assert_eq!(violations(&raw), Vec::<String>::new(), "{form:?}");
        let said = String::from_utf8(raw).unwrap();
        assert!(said.starts_with("whyhook: ") && said.trim_end().lines().count() == 1, "{form:?}: {said}");
        assert!(said.contains("--force"), "{said}");
    }
}

#[test]
fn nothing_else_writes_them_to_a_terminal_unescaped() {
    let env = hostile_env();
    let forms: [&[&str]; 15] = [
        &["show", "1"],
        &["show", "1", "--format", "json"],
        &["show", "--attempt", "1"],
        &["show", "--attempt", "1", "--format", "json"],
        &["list"],
        &["list", "--format", "json"],
        &["verify", "1"],
        &["verify", "1", "--format", "json"],
        &["diff", "1", "latest"],
        &["diff", "1", "2", "--format", "json"],
        &["export", "1", "--as", "curl"],
        &["export", "1", "--as", "har"],
        &["export", "1", "--as", "json"],
        &["simulate", "--from", "1", "--to", "http://127.0.0.1:9", "--dry-run"],
        &["wait", "--include-past", "--timeout", "0s"],
    ];
    for form in forms {
        let mut person = Person::runs(&env, Size(160, 50), form);
        let code = person.ends();
        assert!(code < 2, "{form:?}: {}", person.screen());
        let raw = person.settles().raw();
        let text = String::from_utf8(raw).unwrap_or_else(|error| panic!("{form:?}: {error}"));
        // Our own colours are no bytes of anybody else.
        let text =
            ["2", "31", "32", "33", "0"].iter().fold(text, |text, code| text.replace(&format!("\u{1b}[{code}m"), ""));
        let hidden = text.chars().find(|character| !"\r\n\t".contains(*character) && is_hidden(*character));
        assert!(hidden.is_none() && !text.is_empty(), "{form:?}: {hidden:?} in {text}");
    }
}

#[test]
fn a_pipe_and_force_get_the_exact_bytes() {
    let env = hostile_env();
    assert_eq!(env.bytes(1, "body"), body());
    assert!(env.bytes(1, "raw").ends_with(&body()));
    let piped = |form: &[&str]| env.run(form).yes().stdout;
    assert_eq!(piped(&["show", "--attempt", "1", "--format", "body"]), RESPONSE_BODY.as_bytes());
    assert_eq!(piped(&["show", "--attempt", "1", "--format", "raw"]), RESPONSE.as_bytes());

    for (form, expected) in [
        (vec!["show", "1", "--format", "body"], body()),
        (vec!["show", "--attempt", "1", "--format", "body"], RESPONSE_BODY.into()),
        (vec!["show", "--attempt", "1", "--format", "raw"], RESPONSE.into()),
        (vec!["show", "1", "--format", "raw"], env.bytes(1, "raw")),
        (vec!["export", "1", "--as", "raw"], env.bytes(1, "raw")),
    ] {
        let mut person = Person::runs(&env, Size(160, 50), &[&form[..], &["--force"]].concat());
        assert_eq!(person.ends(), 0, "{form:?}");
        // Each LF comes with a CR of the terminal's own before it.
        let written = expected.iter().flat_map(|byte| if *byte == b'\n' { vec![b'\r', b'\n'] } else { vec![*byte] });
        assert_eq!(person.settles().raw(), written.collect::<Vec<u8>>(), "{form:?}");
    }
}

#[test]
fn what_came_after_a_chunked_body_is_shown() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").chunked());
    talk(listening.address(), Signed::new("{}").wire());
    listening.stop();
    assert_eq!(env.show(1)["trailers"], serde_json::json!([["X-Last", "1"]]));
    assert!(env.show(2).get("trailers").is_none());
    assert!(env.run(&["show", "1"]).yes().stdout().contains("\ntrailer   X-Last: 1\n"));
}
