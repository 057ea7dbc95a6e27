//! A secret is in no file, no output, no screen and no process list.

use std::fs;
use std::path::Path;

use base64::Engine as _;

use crate::support::{Person, SECRET, Signed, Size, TestEnv, Unit, sample, signature, talk};

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
        } else if path != except && path.is_file() {
            *files += 1;
            holds_none(&path.display().to_string(), &fs::read(&path).unwrap());
        }
    }
}

#[test]
fn a_busy_run_leaves_no_secret_anywhere() {
    let env = TestEnv::with_secret();
    let key = env.write("file.key", format!("{IN_A_FILE}\n"));
    let arguments = ["--secret-env", "env=TRACKPILOTS_WEBHOOKS_SECRET_KEY", "--secret-file", "file=file.key"];

    let (mut person, address) = Person::listening(&env, Size(160, 50), &arguments);
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
    search(env.root(), &key, &mut files);
    assert!(files >= 4, "{files}");

    let digest = signature(SECRET.as_bytes(), "1", b"{}");
    let headers = [format!("X-Webhook-Signature: {digest}"), "X-Webhook-Timestamp: 1".to_owned()];
    let body = env.write("body", "{}").display().to_string();
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
        let ran = env.run(command);
        holds_none(&format!("stdout of {command:?}"), &ran.stdout);
        holds_none(&format!("stderr of {command:?}"), ran.stderr().as_bytes());
    }
    person.types("q").ends();
    holds_none("the terminal", &person.raw());

    let listening = env.listen(&[&arguments[..], &["--format", "json"]].concat());
    for (number, request) in (1..).zip(&requests) {
        talk(listening.address(), request.wire());
        listening.line(number);
    }
    holds_none("the lines", listening.stdout().as_bytes());
    holds_none("the log", listening.stderr().as_bytes());
    listening.stop();
    search(env.root(), &key, &mut files);
}

#[test]
fn a_secret_in_the_wrong_place_is_not_repeated() {
    let env = TestEnv::new();
    env.write("body", "{}");
    for config in [
        format!("secrets = \"{SECRET}\"\n"),
        format!("[secrets]\na = \"{SECRET}\"\n"),
        format!("[secrets]\na = {{ value = \"{SECRET} }}\n"),
        format!("[secrets]\na = {{ value = \"x\" }}\n[[webhook]]\nname = \"w\"\npath = \"/\"\nsecret = \"{SECRET}\"\n"),
    ] {
        env.write("whyhook.toml", &config);
        let line = env.run(&["--headless", "--bind", "127.0.0.1:0"]).complains();
        assert!(line.contains("whyhook.toml:"), "{line}");
        holds_none(&config, line.as_bytes());
    }
    fs::remove_file(env.work().join("whyhook.toml")).unwrap();
    // A file of the configuration works, and its content goes nowhere else.
    env.write("whyhook.toml", format!("[secrets]\nhere = {{ value = \"{SECRET}\" }}\n"));
    let listening = env.listen(&["--format", "json"]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    assert_eq!(listening.json_line(1)["secret"], "here");
    holds_none("stdout", listening.stdout().as_bytes());
    holds_none("stderr", listening.stderr().as_bytes());
}

/// Secrets as people have them. Each is given where a name belongs.
const SHAPES: [&str; 18] = [
    SECRET,
    IN_A_FILE,
    "K7x/pQ2mVb9LrT4wZc1N=",
    "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "9F86D081884C7D659A2FEAA0C55AD015",
    "correct horse battery staple",
    "correct_horse_battery_staple",
    "x9q",
    "hunter2x",
    "line\nbreak",
    "https://user:p4ssw0rd@example.com/hook",
    "whsec_zz",
    "sk_live_51H8xK2eZvKYlo2C",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "550e8400-e29b-41d4-a716-446655440000",
    "JBSWY3DPEHPK3PXP",
    "\u{1b}]0;s3cret\u{7}",
    "p\u{e4}ssw\u{f6}rt-\u{202e}9x9",
];

/// Checks that neither the secret nor a visible form of it is in what was said.
#[track_caller]
fn repeats_nothing(what: &str, secret: &str, said: &str) {
    let shown = whyhook::text::visible(secret).into_owned();
    for form in [secret, shown.as_str(), &secret[..secret.len() - 1]] {
        assert!(form.len() < 3 || !said.contains(form), "{what}: {secret:?} is in {said}");
    }
    assert!(!said.contains(|c| c != '\n' && whyhook::text::is_hidden(c)), "{what}: {said:?}");
}

#[test]
fn a_secret_in_the_place_of_a_name_is_not_repeated() {
    let env = TestEnv::with_secret();
    env.write("body", "{}");
    for secret in SHAPES {
        for (flag, what) in [("--secret-env", "environment variable"), ("--secret-file", "a file")] {
            for given in [secret.to_owned(), format!("label={secret}"), format!("={secret}")] {
                let line = env.run(&["sign", "--body", "body", flag, &given]).complains();
                assert!(line.contains(flag) || line.contains("label of"), "{line}");
                assert!(line.contains(what) || line.contains("[LABEL=]"), "{line}");
                repeats_nothing(flag, secret, &line);
            }
        }
        let to = "http://127.0.0.1:9";
        // As a label, a webhook, an argument too many, and behind a flag with a slip in it.
        for command in [
            &["sign", "--body", "body", "--secret", secret][..],
            &["simulate", "app", "--dry-run", "--to", to, "--secret", secret],
            &["simulate", "app", "--dry-run", "--webhook", secret],
            &["check", "--webhook", secret],
            &["check", "--to", to, "--secret", secret],
            &["sign", "--body", "body", secret],
            &["sign", "--body", "body", "--sekret", secret],
            &["sign", "--body", "body", &format!("--{secret}")],
            &["sign", "--body", "body", &format!("--sekret={secret}")],
            &["sign", "--body", "body", "--kind", secret],
            &["listen", secret],
            &[secret],
        ] {
            let line = env.run(command).complains();
            repeats_nothing(&format!("{command:?}"), secret, &line);
        }
    }
}

#[test]
fn a_secret_in_the_place_of_a_setting_is_not_repeated() {
    for secret in SHAPES {
        let quoted = serde_json::Value::from(secret).to_string().replace("\\u001b", "\\u001B");
        for config in [
            format!("{quoted} = 1\n"),
            format!("secret = {quoted}\n"),
            format!("secrets = {quoted}\n"),
            format!("[secrets]\n{quoted} = 1\n"),
            format!("[secrets]\n{quoted} = {{ env = \"NOT_SET\" }}\n"),
            format!("[secrets]\na = {quoted}\n"),
            format!("[secrets]\na = {{ env = {quoted} }}\n"),
            format!("[secrets]\na = {{ file = {quoted} }}\n"),
            format!("[secrets]\na = {{ {quoted} = 1 }}\n"),
            format!("[[webhook]]\nname = \"w\"\npath = \"/\"\nsecret = {quoted}\n"),
            format!("[[webhook]]\nname = \"w\"\npath = \"/\"\n{quoted} = 1\n"),
            format!("[[webhook]]\nname = \"w\"\npath = \"/\"\nkind = {quoted}\n"),
        ] {
            let env = TestEnv::new();
            env.write("whyhook.toml", &config);
            let line = env.run(&["--headless", "--bind", "127.0.0.1:0"]).complains();
            assert!(line.contains("whyhook.toml"), "{line}");
            repeats_nothing(&config, secret, &line);
        }
    }
}

#[test]
fn a_secret_is_no_label_since_labels_are_shown() {
    let env = TestEnv::with_secret();
    env.write("body", "{}");
    // What could be a label as well as a secret ("hunter2x") is taken for one.
    for secret in [0, 1, 2, 3, 4, 11, 12, 13, 14].map(|at| SHAPES[at]) {
        let given = format!("{secret}={}", crate::support::DEFAULT_VARIABLE);
        let line = env.run(&["sign", "--body", "body", "--secret-env", &given]).complains();
        repeats_nothing("a label", secret, &line);
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
        let env = TestEnv::with_secret().set("RUST_BACKTRACE", "full");
        let trigger = env.root().join("trigger");
        let env = env.set("WHYHOOK_DEBUG_PANIC", format!("{thread}={}", trigger.display()));
        let key = env.write("file.key", IN_A_FILE);
        let (mut person, address) = Person::listening(&env, Size(160, 50), &["--secret-file", "file.key"]);
        person.types("s").sees("The webhook's secret").types(TYPED).enter().sees("secrets");
        talk(address, Signed::new("{}").to("/before").wire());
        person.sees("/before");
        fs::write(&trigger, "").unwrap();
        // Its sender gets no answer where the listener itself panics.
        let wrong = Signed::new("{}").by("another", Unit::Seconds).to("/wrong");
        let _ = crate::support::Wire::connect(address).send(wrong.wire()).try_answer();
        assert_eq!(person.ends(), 101, "{thread}");
        // A whole backtrace is longer than the screen.
        let message = format!("asked for in the thread {thread}");
        let printed = || memchr::memmem::find(&person.settles().raw(), message.as_bytes()).map(|_| ());
        assert!(crate::support::until(printed).is_some(), "{message}");
        holds_none("the panic's message", &person.raw());
        search(env.root(), &key, &mut 0);
    }
}
