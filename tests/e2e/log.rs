//! The program's own log (`--log`): what it says, what it never says, and that it is in nobody's way.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;

use super::replay::Recorder;
use crate::support::{Person, SECRET, Signed, Size, TestEnv, Unit, signature, talk, until};

const IN_A_FILE: &str = "whsec_log_file_Hq7Lz2Wm9Kp4";
const TYPED: &str = "whsec_log_typed_Vn3Rb8Xc5Jd1";
/// In a body, a header's value, a header's name, a query, a path, a rule, its reply, and a server's answer.
const MARKS: [&str; 8] = [
    "MarkInBody41",
    "MarkInValue42",
    "MarkInName43",
    "MarkInQuery44",
    "MarkInPath45",
    "MarkInRule46",
    "MarkInReply47",
    "MarkInAnswer48",
];

fn log(path: &Path) -> String {
    String::from_utf8(fs::read(path).unwrap()).unwrap()
}

fn mode(path: &Path) -> u32 {
    path.metadata().unwrap().permissions().mode() & 0o7777
}

/// Waits until the log has a line with all of these words.
#[track_caller]
fn has_line(path: &Path, words: &[&str]) -> String {
    let found = || {
        let text = log(path);
        let line = text.lines().find(|line| words.iter().all(|word| line.contains(word)));
        line.map(ToOwned::to_owned)
    };
    until(found).unwrap_or_else(|| panic!("no line with {words:?} in {}", log(path)))
}

/// Every line is whole: a time, a level, a module, and words.
#[track_caller]
fn is_whole(text: &str) {
    assert!(text.ends_with('\n'), "{text}");
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().take(3).collect();
        let is_line = words[0].len() == "2026-11-28T12:00:00.000000Z".len()
            && words[0].ends_with('Z')
            && ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&words[1]);
        assert!(is_line, "{line}");
    }
}

#[test]
fn a_busy_run_logs_each_delivery_and_nothing_that_was_sent() {
    let env = TestEnv::with_secret().set("WHYHOOK_LOG", "trace");
    env.write("file.key", IN_A_FILE);
    let server = Recorder::answering(
        "HTTP/1.1 202 Accepted\r\nX-Answer: MarkInAnswer48\r\nContent-Length: 14\r\n\r\nMarkInAnswer48",
    );
    let to = format!("{}/MarkInPath45?token=MarkInQuery44", server.url());
    let forward = format!("path:/forward → forward {to}");
    let rule = "header:X-Kind=MarkInRule46 → 503 MarkInReply47";
    let path = env.work().join("w.log");
    let options =
        ["--log", "w.log", "--secret-file", "file=file.key", "--secret-env", "env=TRACKPILOTS_WEBHOOKS_SECRET_KEY"];
    let arguments = [&options[..], &["--respond", &forward, "--respond", rule, "--hold-for", "1s"]].concat();

    let (mut person, address) = Person::listening(&env, Size(160, 50), &arguments);
    person.types("s").sees("The webhook's secret").types(TYPED).sees("characters").enter().sees("3 secrets");
    let body = r#"{"event":"desktop.app_tracking.captured","data":"MarkInBody41"}"#;
    let more = "X-Mark: MarkInValue42\r\nX-MarkInName43: 1\r\n";
    let right = Signed::new(body).with(more);
    let (timestamp, other) = ("1700000000", "MarkInBody41 as the sender signed it");
    let wrong = format!(
        "POST /MarkInPath45?key=MarkInQuery44 HTTP/1.1\r\nHost: a\r\nX-Webhook-Signature: {}\r\n\
         X-Webhook-Timestamp: {timestamp}\r\n{more}Content-Length: {}\r\n\r\n{body}",
        signature(SECRET.as_bytes(), timestamp, other.as_bytes()),
        body.len()
    );
    let by_rule = Signed::new(body).with("X-Kind: MarkInRule46\r\n");
    let malformed =
        format!("MarkInBody41 /MarkInPath45 HTTP/1.1\r\nHost: a\r\nX-MarkInName43 : MarkInValue42\r\n\r\n{body}");
    let odd = "MarkInBody41 /MarkInPath45 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    for (wire, status) in [
        (right.wire(), 200),
        (wrong.clone().into_bytes(), 401),
        (right.clone().to("/forward").by(IN_A_FILE, Unit::Seconds).wire(), 202),
        (by_rule.by(TYPED, Unit::Seconds).wire(), 503),
        (malformed.into_bytes(), 400),
        (odd.as_bytes().to_vec(), 400),
    ] {
        assert_eq!(talk(address, wire).status, status);
    }
    // The workers: a delivery is read, its signature explained, its payload searched.
    person.types("/").types("verdict:mismatch\r").sees("1 of 6 match").enter().types("2").settles();
    person.types("3").settles().types("/MarkInBody41\r").settles();
    let first = has_line(&path, &["answered", "delivery=1}"]);
    for words in [
        " INFO delivery{",
        "connection=",
        "method=\"POST\"",
        "target_bytes=21",
        "verdict=\"verified\"",
        "rule=\"auto\"",
        "outcome=\"sent\"",
        "status=200",
        " ms=",
    ] {
        assert!(first.contains(words), "{words} is not in {first}");
    }
    has_line(&path, &["answered", "delivery=2}", "verdict=\"mismatch\"", "target_bytes=31", "status=401"]);
    has_line(&path, &["request sent", "delivery=3}", &format!("host=\"{}\"", &server.url()[7..]), "status=202"]);
    has_line(&path, &["answered", "delivery=3}", "rule=\"rule 1\"", "status=202"]);
    has_line(&path, &["answered", "delivery=4}", "rule=\"rule 2\"", "status=503"]);
    has_line(&path, &["not a request", "intake=\"malformed\"", "white space between a header's name and its colon"]);
    has_line(&path, &["answered", "method=\"other\""]);
    has_line(&path, &["worker done", "whyhook-diagnosis"]);
    has_line(&path, &["secrets or webhooks changed", "secrets=3"]);
    has_line(&path, &["committed", "bytes=", "deliveries=1"]);
    person.types("\u{1b}").settles().types("q").ends();

    let text = log(&path);
    is_whole(&text);
    let first = text.lines().next().unwrap();
    assert!(first.contains("started version=") && first.ends_with("filter=trace"), "{first}");
    for words in [
        "configuration loaded",
        "store opened",
        "segment begun",
        "listening address=",
        "connection accepted",
        "stopped",
        "ended",
    ] {
        assert!(text.contains(words), "{words} is not in {text}");
    }

    // What a command of its own sends, and why a signature does not match.
    for command in [
        vec!["replay", "1", "--to", &to],
        vec!["replay", "2", "--resign", "--to", &to],
        vec!["verify", "2"],
        vec!["list", "header:X-Mark=MarkInValue42"],
    ] {
        env.run(&[&command[..], &options].concat());
    }
    let text = log(&path);
    is_whole(&text);
    assert!(text.matches("request sent").count() >= 3, "{text}");
    assert!(text.contains("command=replay") && text.contains("command=verify"), "{text}");

    for secret in [SECRET, IN_A_FILE, TYPED].iter().chain(&MARKS) {
        assert!(!text.contains(secret), "the log holds {secret}");
        assert!(!text.contains(&hex::encode(secret)), "the log holds {secret} as digits");
    }
    // What was received, and what was expected for it, with each secret.
    let wire = String::from_utf8(right.wire()).unwrap();
    let header = |text: &str, name: &str| {
        text.lines().find_map(|line| line.strip_prefix(name)).expect("it is signed").trim().to_owned()
    };
    let mut digests = vec![header(&wrong, "X-Webhook-Signature:"), header(&wire, "X-Webhook-Signature:")];
    for secret in [SECRET, IN_A_FILE, TYPED] {
        digests.push(signature(secret.as_bytes(), timestamp, body.as_bytes()));
    }
    for digest in digests {
        assert!(!text.contains(&digest[..16]) && !text.contains(&digest.to_uppercase()[..16]), "{digest}");
    }
    assert!(!has_digest(&text), "something as long as a digest is in {text}");
    assert_eq!(mode(&path), 0o600);
}

/// Whether there are 64 hexadecimal digits in a row: a digest that the test does not know.
fn has_digest(text: &str) -> bool {
    text.split(|character: char| !character.is_ascii_hexdigit()).any(|run| run.len() >= 64)
}

#[test]
fn a_killed_run_leaves_whole_lines_and_the_next_goes_on() {
    let env = TestEnv::with_secret().set("WHYHOOK_LOG", "trace");
    let path = env.work().join("w.log");
    for round in 1..=3 {
        let listening = env.listen(&["--log", "w.log"]);
        let address = listening.address();
        let senders: Vec<_> = (0..3)
            .map(|_| {
                std::thread::spawn(move || {
                    for _ in 0..20 {
                        assert_eq!(talk(address, Signed::new("{}").wire()).status, 200);
                    }
                })
            })
            .collect();
        senders.into_iter().for_each(|sender| sender.join().unwrap());
        has_line(&path, &["answered"]);
        listening.kill();
        is_whole(&log(&path));
        assert_eq!(log(&path).matches("started version=").count(), round);
    }
}

#[test]
fn the_log_stays_within_its_bound_and_its_owner_s_alone() {
    let env = TestEnv::with_secret().set("WHYHOOK_LOG", "trace").set("WHYHOOK_DEBUG_LOG_BYTES", "20000");
    let (path, older) = (env.work().join("w.log"), env.work().join("w.log.1"));
    let listening = env.listen(&["--log", "w.log"]);
    for _ in 0..60 {
        assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    }
    // Nothing can be moved there any more: lines are dropped, and deliveries answered.
    until(|| older.exists().then_some(())).unwrap();
    // It may be moved there once more in between.
    let block = || {
        let _ = fs::remove_file(&older);
        fs::create_dir(&older).ok()
    };
    until(block).unwrap();
    for _ in 0..60 {
        assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    }
    assert!(path.metadata().unwrap().len() <= 20_000);
    fs::remove_dir(&older).unwrap();
    let says_so = || {
        talk(listening.address(), Signed::new("{}").wire());
        // While it is moved, there is none.
        let text = fs::read_to_string(&path).unwrap_or_default();
        text.contains("dropped lines=").then_some(())
    };
    until(says_so).expect("it says how many lines were dropped");
    assert!(listening.stop().code().is_some());
    for path in [&path, &older] {
        is_whole(&log(path));
        assert!(path.metadata().unwrap().len() <= 20_000);
        assert_eq!(mode(path), 0o600);
    }
    // Whatever the umask.
    let env = TestEnv::new().within("umask 0777", false);
    env.run(&["man", "--log", "w.log"]).yes();
    assert_eq!(mode(&env.work().join("w.log")), 0o600);
}

#[test]
fn a_panic_is_logged_by_its_place_and_not_by_its_words() {
    let env = TestEnv::with_secret();
    let trap = env.root().join("trap");
    let env = env.set("WHYHOOK_DEBUG_PANIC", format!("writer={}", trap.display()));
    let mut listening = env.listen(&["--log", "w.log"]);
    fs::write(&trap, "").unwrap();
    crate::support::Wire::connect(listening.address()).send(Signed::new("{}").wire());
    assert_eq!(listening.ends().code(), Some(101));
    let text = log(&env.work().join("w.log"));
    let line = text.lines().find(|line| line.contains("ERROR")).unwrap_or_else(|| panic!("{text}"));
    assert!(line.contains("panic thread=\"whyhook-writer\" at=\"src/"), "{line}");
    assert!(!text.contains("asked for in the thread"), "{text}");
}

#[test]
fn what_cannot_be_logged_to_is_an_error() {
    let env = TestEnv::new();
    env.write("target", "");
    symlink(env.work().join("target"), env.work().join("link")).unwrap();
    for (file, reason) in [
        ("link", "it is a symbolic link, not a regular file"),
        ("/dev/null", "it is a device, a pipe or a socket, not a regular file"),
        (".", "it is a folder, not a regular file"),
        ("no/w.log", "No such file or directory"),
    ] {
        let line = env.run(&["list", "--log", file]).complains();
        assert!(line.contains("cannot log to ") && line.contains(reason), "{line}");
    }
    assert_eq!(fs::read(env.work().join("target")).unwrap(), b"");
    // Without --log the filter means nothing, and no file is made.
    let env = TestEnv::with_secret().set("WHYHOOK_LOG", "verbose");
    let line = env.run(&["list", "--log", "w.log"]).complains();
    assert!(line.contains("invalid WHYHOOK_LOG 'verbose': expected a level"), "{line}");
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    listening.stop();
    assert!(!env.work().join("w.log").exists());
    // Two processes have two files.
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--log", "w.log"]);
    let line = env.run(&["list", "--log", "w.log"]).complains();
    assert!(line.contains("another whyhook is logging to it"), "{line}");
    env.run(&["list", "--log", "other.log"]);
    listening.stop();
    assert!(log(&env.work().join("other.log")).contains("command=list"));
}

#[test]
fn a_changed_configuration_is_logged_by_its_keys() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "hold_for = \"5s\"\nrespond = \"202 MarkInReply47\"\n");
    let path = env.work().join("w.log");
    let listening = env.listen(&["--log", "w.log"]);
    has_line(&path, &["configuration loaded", "whyhook.toml", "rules=1"]);
    env.write("whyhook.toml", "hold_for = \"6s\"\nrespond = \"203 MarkInReply47\"\nimages = \"kitty\"\n");
    has_line(&path, &["configuration reloaded", "whyhook.toml", "changed=\"hold_for rules images\""]);
    env.write("whyhook.toml", "hold_for = \"MarkInRule46\"\nrespond = 1\n");
    has_line(&path, &["WARN", "configuration refused", "whyhook.toml"]);
    listening.stop();
    assert!(!MARKS.iter().any(|mark| log(&path).contains(mark)), "{}", log(&path));
}
