//! Secrets that a running listener is given, and its configuration read again, by other processes.

use serde_json::{Value, json};

use crate::support::control::{Events, ask, get, socket};
use crate::support::tools::signal;
use crate::support::{Person, SECRET, Signed, Size, TestEnv, Unit, signature, talk};

const OTHER: &str = "whsec_other_Tq8vN2mX5kR7cZ1y";
const THIRD: &str = "whsec_third_Lw4jH9pB6sD3fG0u";

#[test]
fn a_secret_that_is_given_verifies_what_was_stored_and_what_comes() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let send = |by: &str| talk(listening.address(), Signed::new("{}").by(by, Unit::Seconds).wire()).status;
    assert_eq!((send(OTHER), send(SECRET), send(OTHER), send("nobody's")), (401, 200, 401, 401));
    listening.line(4);
    let mut events = Events::open(&env, "", None);

    let said = env.run_with(&["secret", "--label", "other"], format!("{OTHER}\n").as_bytes()).yes().stdout();
    assert_eq!(
        said,
        format!(
            "the secret other is in use for this run ({} bytes)\n2 of 3 unverified deliveries verify with it\n",
            OTHER.len()
        )
    );
    assert_eq!(events.next_of("change"), json!({"what": "secrets"}));
    assert_eq!(events.next_change("job")["kind"], "verify");
    listening.says("another process gave the secret other");
    assert_eq!((send(OTHER), send(SECRET)), (200, 200));
    assert_eq!(env.show(1)["verdict"], "mismatch", "the verdict at capture stays");
    assert_eq!(env.show(5)["secret"], "other");

    // By its label everywhere, and its value nowhere.
    let listed = env.run(&["secret", "list"]).yes().stdout();
    assert_eq!(listed.lines().count(), 2, "{listed}");
    assert!(listed.contains("\nother (entered for this run, 28 bytes): all requests\n"), "{listed}");
    let json = get(&env, "/secrets").is(200).json();
    assert_eq!(json["secrets"][0]["origin"], "environment");
    assert_eq!((&json["secrets"][1]["label"], &json["secrets"][1]["origin"]), (&json!("other"), &json!("given")));
    for shown in [listed, json.to_string(), get(&env, "/status").json().to_string(), listening.stderr()] {
        assert!(!shown.contains(OTHER) && !shown.contains(SECRET), "{shown}");
    }

    // In place of itself, and in place of a configured one until it is taken back.
    let again = env.run_with(&["secret", "--label", "other"], THIRD.as_bytes()).yes().stdout();
    assert!(again.contains("in place of the one before"), "{again}");
    assert_eq!((send(OTHER), send(THIRD)), (401, 200));
    let configured = "TRACKPILOTS_WEBHOOKS_SECRET_KEY";
    env.write("key", format!("{OTHER}\n"));
    let json = env.run(&["secret", "--label", configured, "--file", "key", "--format", "json"]).yes().json();
    assert_eq!((&json["replaced"], &json["judged"]["verified"]), (&json!(true), &json!(3)), "{json}");
    assert_eq!((send(OTHER), send(SECRET)), (200, 401));
    assert!(env.run(&["secret", "remove", configured]).yes().stdout().contains("the configured one is in use again"));
    listening.says("took back the secret TRACKPILOTS");
    assert_eq!((send(OTHER), send(SECRET)), (401, 200));
    assert!(env.run(&["secret", "remove", configured]).no().stderr().contains("is configured (environment variable"));
    env.run(&["secret", "remove", "other"]).yes();
    assert_eq!(send(THIRD), 401);
    let unknown = env.run(&["secret", "remove", OTHER]).no().stderr();
    assert!(unknown.contains("no secret has this label") && !unknown.contains(OTHER), "{unknown}");
    listening.closes();
}

#[test]
fn all_secrets_of_the_run_are_taken_back_at_once() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let configured = "TRACKPILOTS_WEBHOOKS_SECRET_KEY";
    for (label, secret) in [("a", OTHER), ("b", THIRD), (configured, OTHER)] {
        env.run_with(&["secret", "--label", label], secret.as_bytes()).yes();
    }
    assert_eq!(env.run(&["secret", "list"]).yes().stdout().lines().count(), 3);
    let cleared = env.run(&["secret", "--clear", "--format", "json"]).yes().stdout();
    let cleared: Vec<Value> = cleared.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let removed = |label: &str, restored: bool| json!({"label": label, "restored": restored});
    assert_eq!(cleared, [removed(configured, true), removed("a", false), removed("b", false)]);
    assert_eq!(get(&env, "/status").json()["secrets"], json!([configured]));
    assert_eq!(talk(listening.address(), Signed::new("{}").by(SECRET, Unit::Seconds).wire()).status, 200);
    assert!(env.run(&["secret", "--clear"]).yes().stderr().contains("no secret was given"));
    assert!(env.run(&["secret", "--clear", "--label", "a"]).complains().contains("--clear"));
    listening.closes();
}

#[test]
fn the_value_of_a_secret_is_there_for_who_asks_for_it() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let given = json!({"label": "bytes", "secret_base64": "/wB/"});
    let reply = ask(&socket(&env), "POST", "/secrets?wait=true", Some(&given)).is(200).json();
    assert_eq!(reply["bytes"], 3);
    assert_eq!(reply["job"]["result"], json!({"judged": 0, "verified": 0, "all": true, "verdicts": []}));
    let values = get(&env, "/secrets?values=true").is(200).json();
    assert_eq!(values["secrets"][0]["secret"], SECRET);
    assert_eq!(values["secrets"][1]["secret_base64"], "/wB/");
    assert_eq!(values["secrets"][1]["remarks"], json!(["contains invisible characters", "is unusually short"]));
    let body = b"{}";
    let now = crate::support::now(Unit::Seconds);
    let digest = signature(b"\xff\x00\x7f", &now, body);
    let wire = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nX-Webhook-Timestamp: {now}\r\nX-Webhook-Signature: {digest}\r\n\
         Content-Length: 2\r\nConnection: close\r\n\r\n{{}}"
    );
    assert_eq!(talk(listening.address(), wire.into_bytes()).status, 200);
}

#[test]
fn what_is_no_secret_is_refused_and_not_repeated() {
    let env = TestEnv::with_secret();
    assert!(env.run_with(&["secret"], b"x").complains().contains("no listener runs"));
    let listening = env.listen(&[]);
    for (body, words) in [
        (json!({"secret": ""}), "the secret is empty"),
        (json!({"secret": OTHER, "label": THIRD}), "looks like a secret"),
        (json!({"secret": OTHER, "label": "made-up"}), "reserved"),
        (json!({"secret": OTHER, "label": "a\u{202e}b"}), "invalid label"),
        (json!({"secret": OTHER, "secret_base64": OTHER}), "either secret or secret_base64"),
        (json!({"secret_base64": OTHER}), "invalid Base64"),
        (json!({"secret": [OTHER]}), "invalid at line"),
        (json!({OTHER: 1}), "invalid at line"),
        (json!({"secret": "a".repeat(64 * 1024 + 1)}), "longer than 64 KiB"),
    ] {
        let problem = ask(&socket(&env), "POST", "/secrets", Some(&body)).is(400).json().to_string();
        assert!(problem.contains(words), "{problem}");
        assert!(!problem.contains(OTHER) && !problem.contains(THIRD), "{problem}");
    }
    assert_eq!(get(&env, "/secrets").json()["secrets"].as_array().unwrap().len(), 1);
    for arguments in [&["secret", OTHER][..], &["secret", "--label", THIRD]] {
        let said = env.run_with(arguments, OTHER.as_bytes()).complains();
        assert!(!said.contains(OTHER) && !said.contains(THIRD), "{said}");
    }
    assert!(env.run_with(&["secret"], b"\n").complains().contains("no secret was given"));
    // What looks odd is said, and used.
    let odd = env.run_with(&["secret"], b"'quoted-and-long-enough'\n").yes();
    assert!(odd.stderr().contains("warning: the secret is wrapped in quotation marks"), "{}", odd.stderr());
    listening.says("another process gave a secret; check it: it is wrapped in quotation marks");
    assert!(!listening.stderr().contains("quoted-and"), "{}", listening.stderr());
}

#[test]
fn a_secret_is_typed_unseen() {
    let env = TestEnv::with_secret();
    let (mut interface, address) = Person::listening(&env, Size(160, 40), &[]);
    assert_eq!(talk(address, Signed::new("{}").by(OTHER, Unit::Seconds).wire()).status, 401);
    interface.sees("mismatch");
    let mut person = Person::runs(&env, Size(100, 10), &["secret", "--label", "other"]);
    person.sees("secret (not shown):").types(OTHER).enter().sees("1 of 1 unverified deliveries verifies with it");
    assert_eq!(person.ends(), 0);
    assert!(memchr::memmem::find(&person.raw(), OTHER.as_bytes()).is_none());
    interface.sees("another process gave the secret other");
    interface.sees("1 of 1 unverified deliveries verifies with it");
    // Given up: the terminal shows again what is typed.
    let mut person = Person::runs(&env, Size(100, 10), &["secret"]);
    person.sees("secret (not shown):").types("half").types("\u{3}");
    assert_ne!(person.ends(), 0);
    person.has_the_terminal_back();
    assert_eq!(get(&env, "/secrets").json()["secrets"].as_array().unwrap().len(), 2);
    interface.types("q").ends();
}

#[test]
fn ctrl_c_ends_a_command_that_waits_after_a_secret_was_typed() {
    use rustix::process::Signal;
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    // It answers nobody.
    signal(listening.process(), Signal::STOP);
    for key in ["\u{3}", "\u{1c}"] {
        let mut person = Person::runs(&env, Size(100, 10), &["secret", "--label", "other"]);
        person.sees("secret (not shown):").types(OTHER).enter();
        // It has read the line by then; were it still reading, Ctrl-C would end it all the same.
        std::thread::sleep(std::time::Duration::from_millis(500));
        person.types(key);
        assert_ne!(person.ends(), 0);
        person.has_the_terminal_back();
    }
    signal(listening.process(), Signal::CONT);
    listening.closes();
}

#[test]
fn the_configuration_is_read_again_when_somebody_asks() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "respond = '503'\n");
    let listening = env.listen(&[]);
    let status = || talk(listening.address(), Signed::new("{}").wire()).status;
    let mut events = Events::open(&env, "", None);
    let said = env.run(&["reload"]).yes().stdout();
    assert!(said.ends_with("whyhook.toml: 1 rule is active\nnothing has changed in it\n"), "{said}");
    assert_eq!(events.next_of("change"), json!({"what": "rules", "rules": 1}));
    // A rule that was added in the run is not in the file.
    env.run(&["rules", "add", "--at", "1", "418"]).yes();
    assert_eq!(status(), 418);
    env.run(&["reload"]).yes();
    assert_eq!(status(), 503);

    env.write("whyhook.toml", "respond = 'no such answer'\n");
    let store = env.store().display().to_string();
    let wrong = ask(&socket(&env), "POST", "/reload", None).is(409).json()["detail"].to_string();
    assert!(wrong.contains("unchanged: ") && wrong.contains("whyhook.toml:1"), "{wrong}");
    assert_eq!(status(), 503);
    assert!(env.run(&["reload"]).no().stderr().contains("whyhook.toml:"));
    // A mistake in another setting keeps nobody from steering the listener.
    for text in ["respond = 'no such answer'\n", "nope = 1\n", "nope = 1\nbind = 5\n"] {
        env.write("whyhook.toml", text);
        for command in [&["status"][..], &["answer"], &["rules"], &["secret", "list"], &["list"], &["show", "1"]] {
            env.run(command).yes();
        }
        assert!(env.run(&["reload"]).no().stderr().contains("whyhook.toml:"));
    }
    // One about the store may be about another listener, and one that is named needs no configuration.
    for text in ["stroe = 'other.db'\n", "store = 5\n", "store = 'a\n"] {
        env.write("whyhook.toml", text);
        assert!(env.run(&["status"]).complains().contains("whyhook.toml:1"), "{text}");
        env.run(&["status", "--store", &store]).yes();
        env.run(&["show", "1", "--store", &store]).yes();
        env.run(&["reload"]).no();
    }
    // What needs consent gets none by being asked for.
    env.write("whyhook.toml", "respond = 'redirect 307 https://collector.example/'\n");
    let refused = env.run(&["reload", "--store", &store]).no().stderr();
    assert!(refused.contains("not applied until `whyhook trust` allows it"), "{refused}");
    assert_eq!(status(), 503);
    std::fs::remove_file(env.work().join("whyhook.toml")).unwrap();
    assert!(env.run(&["reload", "--store", &store]).no().stderr().contains("no configuration file: there is none at"));
    assert_eq!(status(), 503);
    let text = "respond = '202'\nhold_for = '3s'\nbody_limit = '1MiB'\n";
    env.write("whyhook.toml", text);
    // Whether the file's watcher has seen it before makes no difference for what is active.
    env.run(&["reload"]).yes();
    assert_eq!(status(), 202);
    listening.closes();
}

#[test]
fn what_has_changed_is_named_with_when_it_counts() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let none = ask(&socket(&env), "POST", "/reload", None).is(404).json();
    assert!(none["detail"].as_str().unwrap().contains("no configuration file"), "{none}");
    listening.closes();
    let file = env.write("whyhook.toml", "respond = '503'\n");
    // The run looks at its own file alone, which nobody changes before it is asked.
    let listening = env.listen(&["--config", &file.display().to_string()]);
    let answer: Value = ask(&socket(&env), "POST", "/reload", None).is(200).json();
    assert_eq!((&answer["changed"], &answer["at_next_start"], &answer["rules"]), (&json!([]), &json!([]), &json!(1)));
    listening.closes();
}
