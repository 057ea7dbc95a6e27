//! A secret is in no file, no output, no screen and no process list.

use std::fs;
use std::path::Path;

use base64::Engine as _;

use crate::support::{House, Person, SECRET, Signed, Size, Unit, sample, signature, talk};

const IN_A_FILE: &str = "whsec_file_Zk3vQ8rT1mX0pLw6";
const TYPED: &str = "whsec_typed_9uYbN4cH7sJ2dGf5";
const ALL: [&str; 3] = [SECRET, IN_A_FILE, TYPED];

/// The ways in which a secret could have been written down.
fn forms(secret: &str) -> Vec<Vec<u8>> {
    let mut forms = vec![
        secret.as_bytes().to_vec(),
        secret.bytes().rev().collect(),
        hex::encode(secret).into_bytes(),
        hex::encode_upper(secret).into_bytes(),
        secret.encode_utf16().flat_map(u16::to_le_bytes).collect(),
    ];
    // In the middle of something longer, Base64 has three ways to begin; the ends depend on the
    // neighbours.
    for start in 0..3 {
        let whole = &secret.as_bytes()[start..];
        let encoded = base64::prelude::BASE64_STANDARD_NO_PAD.encode(&whole[..whole.len() / 3 * 3]);
        forms.push(encoded.into_bytes());
    }
    forms
}

#[track_caller]
fn holds_none(what: &str, bytes: &[u8]) {
    for secret in ALL {
        for form in forms(secret) {
            assert!(memchr::memmem::find(bytes, &form).is_none(), "{what} holds a secret");
        }
    }
}

fn search(folder: &Path, except: &Path, files: &mut usize) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        holds_none("a file's name", path.as_os_str().as_encoded_bytes());
        if path.is_dir() {
            search(&path, except, files);
        } else if path != except {
            *files += 1;
            holds_none(&path.display().to_string(), &fs::read(&path).unwrap());
        }
    }
}

#[test]
fn a_busy_run_leaves_no_secret_anywhere() {
    let house = House::with_secret();
    let key = house.write("file.key", format!("{IN_A_FILE}\n"));
    let arguments = ["--secret-env", "env=TRACKPILOTS_WEBHOOKS_SECRET_KEY", "--secret-file", "file=file.key"];

    let (mut person, address) = Person::listening(&house, Size(160, 50), &arguments);
    person.types("s").sees("The webhook's secret").types(TYPED).sees("characters").enter().sees("3 secrets");
    let requests = [
        Signed::new(sample("screenshot-live.json")),
        Signed::new(sample("app.json")).by(IN_A_FILE, Unit::Milliseconds),
        Signed::new("{}").by(TYPED, Unit::Seconds),
        Signed::new("{}").by("none of them", Unit::Seconds),
        Signed::new(vec![b'x'; 300_000]),
    ];
    for (number, request) in (1..).zip(&requests) {
        let expected = if number == 4 { 401 } else { 200 };
        assert_eq!(talk(address, request.wire()).status, expected, "{number}");
    }
    talk(address, b"nonsense\r\n\r\n");
    person.sees("malformed");
    for _ in 0..6 {
        for tab in "1234567e".chars() {
            person.types(&tab.to_string()).settles();
        }
        person.types("j").settles();
    }
    // An escape and a letter in one go would be that letter with Alt.
    for keys in ["?", "q", ":", "\u{1b}", "y", "\u{1b}"] {
        person.types(keys).settles();
    }
    #[cfg(target_os = "linux")]
    for file in ["cmdline", "comm"] {
        holds_none(file, &fs::read(format!("/proc/{}/{file}", person.process())).unwrap());
    }
    // The store while it is being written, with its log.
    let mut files = 0;
    search(house.root(), &key, &mut files);
    assert!(files >= 4, "{files}");

    let digest = signature(SECRET.as_bytes(), "1", b"{}");
    let headers = [format!("X-Webhook-Signature: {digest}"), "X-Webhook-Timestamp: 1".to_owned()];
    let body = house.write("body", "{}").display().to_string();
    let verify = ["verify", "--body", &body, "-H", &headers[0], "-H", &headers[1]];
    let mut commands = vec![vec!["list"], vec!["list", "--format", "json"], verify.to_vec()];
    commands.push(vec!["sign", "--body", &body]);
    commands.push(vec!["sign", "--body", &body, "--secret", "nobody"]);
    for id in ["1", "2", "3", "4", "5", "6"] {
        commands.extend([vec!["show", id], vec!["show", id, "--format", "json"], vec!["verify", id]]);
        commands.push(vec!["verify", id, "--format", "json"]);
    }
    for command in &mut commands {
        if ["verify", "sign"].contains(&command[0]) {
            command.extend(arguments);
        }
        let ran = house.run(command);
        holds_none(&format!("stdout of {command:?}"), &ran.stdout);
        holds_none(&format!("stderr of {command:?}"), ran.stderr().as_bytes());
    }
    person.types("q").ends();
    holds_none("the terminal", &person.raw());

    let listening = house.listen(&[&arguments[..], &["--format", "json"]].concat());
    for (number, request) in (1..).zip(&requests) {
        talk(listening.address(), request.wire());
        listening.line(number);
    }
    holds_none("the lines", listening.stdout().as_bytes());
    holds_none("the log", listening.stderr().as_bytes());
    listening.stop();
    search(house.root(), &key, &mut files);
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let house = House::new();
    house.write("body", "{}");
    for config in [
        format!("secrets = \"{SECRET}\"\n"),
        format!("[secrets]\na = \"{SECRET}\"\n"),
        format!("[secrets]\na = {{ value = \"{SECRET} }}\n"),
        format!("[secrets]\na = {{ value = \"x\" }}\n[[webhook]]\nname = \"w\"\npath = \"/\"\nsecret = \"{SECRET}\"\n"),
    ] {
        house.write("whyhook.toml", &config);
        let line = house.run(&["--headless", "--bind", "127.0.0.1:0"]).complains();
        assert!(line.contains("whyhook.toml:"), "{line}");
        holds_none(&config, line.as_bytes());
    }
    fs::remove_file(house.work().join("whyhook.toml")).unwrap();
    // A file of the configuration works, and its content goes nowhere else.
    house.write("whyhook.toml", format!("[secrets]\nhere = {{ value = \"{SECRET}\" }}\n"));
    let listening = house.listen(&["--format", "json"]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    assert_eq!(listening.json_line(1)["secret"], "here");
    holds_none("stdout", listening.stdout().as_bytes());
    holds_none("stderr", listening.stderr().as_bytes());
}

#[test]
fn a_secret_in_the_place_of_a_name_is_not_repeated() {
    let house = House::with_secret();
    house.write("body", "{}");
    let other = "K7x/pQ2mVb9LrT4wZc1N=";
    for secret in [SECRET, IN_A_FILE, other] {
        for (flag, what) in [("--secret-env", "environment variable"), ("--secret-file", "a file")] {
            for given in [secret.to_owned(), format!("label={secret}"), format!("={secret}")] {
                let line = house.run(&["sign", "--body", "body", flag, &given]).complains();
                assert!(line.contains(flag) && line.contains(what) && line.contains("looks like a secret"), "{line}");
                assert!(!line.contains(&secret[..secret.len() - 1]), "{line}");
            }
        }
        let line = house.run(&["sign", "--body", "body", "--secret", secret]).complains();
        assert!(line.contains("no secret is labelled '(not repeated") && !line.contains(secret), "{line}");
    }
}

#[test]
fn the_search_itself_finds_each_form() {
    for secret in ALL {
        for form in forms(secret) {
            assert!(form.len() >= 20);
        }
        for before in ["", "a", "ab"] {
            let encoded = base64::prelude::BASE64_STANDARD.encode(format!("{before}{secret} and more"));
            let found = forms(secret).iter().any(|form| memchr::memmem::find(encoded.as_bytes(), form).is_some());
            assert!(found, "{encoded}");
        }
    }
}

#[cfg(debug_assertions)]
#[test]
fn a_panic_repeats_no_secret() {
    for thread in ["worker", "writer", "diagnosis", "main"] {
        let house = House::with_secret().set("RUST_BACKTRACE", "full");
        let trigger = house.root().join("trigger");
        let house = house.set("WHYHOOK_DEBUG_PANIC", format!("{thread}={}", trigger.display()));
        let key = house.write("file.key", IN_A_FILE);
        let (mut person, address) = Person::listening(&house, Size(160, 50), &["--secret-file", "file.key"]);
        person.types("s").sees("The webhook's secret").types(TYPED).enter().sees("secrets");
        talk(address, Signed::new("{}").to("/before").wire());
        person.sees("/before");
        fs::write(&trigger, "").unwrap();
        // Its sender gets no answer where the listener itself panics.
        let wrong = Signed::new("{}").by("another", Unit::Seconds).to("/wrong");
        let _ = crate::support::Wire::connect(address).send(wrong.wire()).try_answer();
        assert_eq!(person.ends(), 101, "{thread}");
        // A whole backtrace is longer than the screen.
        let message = format!("the trap of {thread}");
        let printed = || memchr::memmem::find(&person.settles().raw(), message.as_bytes()).map(|_| ());
        assert!(crate::support::until(printed).is_some(), "{message}");
        holds_none("the panic's message", &person.raw());
        search(house.root(), &key, &mut 0);
    }
}
