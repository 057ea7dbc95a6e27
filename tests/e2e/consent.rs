//! A `whyhook.toml` that merely lies in the current folder does nothing far-reaching unasked.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use crate::support::{House, Person, Signed, Size, talk, until};

const FORWARDS: &str = "forward_to = ['https://collector.example/in']\n";
const WORDS: &str = "forward deliveries to https://collector.example/in";
const HEADLESS: [&str; 3] = ["--headless", "--bind", "127.0.0.1:0"];

fn planted(text: &str) -> House {
    let house = House::with_secret();
    house.write("whyhook.toml", text);
    house
}

fn trusted(house: &House) -> PathBuf {
    house.home().join(".local/state/whyhook/trusted")
}

#[test]
fn without_a_terminal_it_is_refused_in_one_line_that_says_everything() {
    let house = planted(&format!(
        "bind = '0.0.0.0:0'\n{FORWARDS}ca_file = 'ca.pem'\nstore = '/srv/shared.db'\n[secrets]\na = {{ file = '~/key' }}\n\
         [retention]\nkeep = 1\n"
    ));
    let line = house.run(&HEADLESS).complains();
    for words in [
        "whyhook.toml was found in the current folder and would",
        "listen on 0.0.0.0:0, where other hosts can reach it",
        WORDS,
        "trust the certificates in",
        "keep deliveries in /srv/shared.db",
        "read the secret 'a' from",
        "permanently delete deliveries: the newest 1",
        "`whyhook trust`",
        "--yes",
    ] {
        assert!(line.contains(words), "'{words}' is not in {line}");
    }
    assert!(!trusted(&house).exists() && !house.store().exists());
    // Every command, as far as it is concerned.
    for command in [
        &["list"][..],
        &["show", "latest"],
        &["export", "--as", "json"],
        &["wait", "--timeout", "0s"],
        &["prune", "--keep", "1", "--dry-run"],
        &["verify", "latest"],
        &["import", "whyhook.toml"],
        &["replay", "latest"],
        &["simulate", "app", "--dry-run"],
        &["check", "--to", "http://127.0.0.1:9"],
        &["trust"],
    ] {
        let line = house.run(command).complains();
        assert!(line.contains("was found in the current folder"), "{command:?}: {line}");
        let advice = if command == ["trust"] { "allow it with `whyhook trust --yes`" } else { "`whyhook trust`, or" };
        assert!(line.contains(advice), "{command:?}: {line}");
    }
    // What does not concern it goes on.
    house.run(&["completions", "bash"]).yes();
    house.run(&["check", "--list"]).yes();
}

#[test]
fn what_only_a_listener_would_do_stops_only_what_listens_or_sends() {
    let house = planted(FORWARDS);
    house.write("body", "{}");
    house.run(&["sign", "--body", "body"]).yes();
    house.run(&["wait", "--timeout", "0s"]).no();
    assert!(house.run(&["simulate", "app", "--dry-run"]).complains().contains(WORDS));
    assert!(house.run(&HEADLESS).complains().contains(WORDS));
}

#[test]
fn yes_is_for_one_run_and_a_named_file_is_a_choice() {
    let house = planted(FORWARDS);
    let listening = house.listen(&["--yes"]);
    listening.says("configuration: ");
    listening.stop();
    assert!(house.run(&HEADLESS).complains().contains(WORDS));
    assert!(!trusted(&house).exists());

    house.listen(&["--config", "whyhook.toml"]).stop();
    let path = house.work().join("whyhook.toml");
    let named = House::with_secret().set("WHYHOOK_CONFIG", &path);
    named.listen(&[]).stop();
    // The person's own is theirs.
    let own = House::with_secret();
    let folder = own.home().join("config/whyhook");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("config.toml"), FORWARDS).unwrap();
    own.listen(&[]).stop();
}

#[test]
fn a_yes_is_remembered_until_the_file_changes() {
    let house = planted(FORWARDS);
    let mut person = Person::sits_down(&house, Size(120, 40), &[]);
    person.sees("was found in the current folder and would").sees(WORDS).sees("Use it?");
    assert!(!person.raw().contains(&0x1b), "the interface has not started");
    person.types("yes\r").sees("following");
    person.types("I").sees("config file").sees("whyhook.toml");
    person.types("\u{1b}").settles().types("q").ends();
    person.has_the_terminal_back();

    let mode = |path: &std::path::Path| path.metadata().unwrap().permissions().mode() & 0o777;
    let list = trusted(&house);
    assert_eq!((mode(&list), mode(list.parent().unwrap())), (0o600, 0o700));
    // Neither the interface nor a log asks again …
    let (mut person, _) = Person::listening(&house, Size(120, 40), &[]);
    assert!(!person.screen().contains("Use it?"));
    person.types("q").ends();
    house.listen(&[]).stop();
    // … until the file changes, if only by a byte, or lies elsewhere.
    house.write("whyhook.toml", format!("{FORWARDS}#"));
    assert!(house.run(&HEADLESS).complains().contains(WORDS));
    house.write("whyhook.toml", FORWARDS);
    house.listen(&[]).stop();
    let copied = house.write("copy/whyhook.toml", FORWARDS);
    let mut command = house.command(&HEADLESS);
    command.current_dir(copied.parent().unwrap());
    assert!(crate::support::finish(command, b"").complains().contains(WORDS));
}

#[test]
fn no_is_the_default_and_starts_nothing() {
    for answer in ["\r", "n\r", "what\r"] {
        let house = planted(FORWARDS);
        let mut person = Person::sits_down(&house, Size(120, 40), &[]);
        person.sees("Use it?").types(answer).sees("was not allowed, so nothing was done");
        assert_eq!(person.ends(), 2, "{answer:?}");
        assert!(!person.raw().contains(&0x1b) && !trusted(&house).exists() && !house.store().exists());
    }
}

#[test]
fn trust_allows_it_beforehand() {
    let house = planted(FORWARDS);
    let mut person = Person::runs(&house, Size(120, 40), &["trust"]);
    person.sees(WORDS).types("n\r");
    assert_eq!(person.ends(), 1);
    let said = house.run(&["trust", "--yes"]).yes().stderr();
    assert!(said.contains(WORDS), "{said}");
    assert!(house.run(&["trust"]).yes().stderr().contains("is already allowed"));
    house.listen(&[]).stop();
    assert!(House::new().run(&["trust"]).yes().stderr().contains("nothing to allow"));
}

#[test]
fn a_change_while_it_runs_is_not_applied_until_it_is_allowed() {
    let house = planted("respond = '503'\n");
    let listening = house.listen(&[]);
    let status = || talk(listening.address(), Signed::new("{}").wire()).status;
    assert_eq!(status(), 503);
    // What needs no yes is taken at once.
    house.write("whyhook.toml", "respond = '418'\n");
    listening.says("1 active");
    assert_eq!(status(), 418);

    let planted = "respond = 'redirect 307 https://collector.example/'\n";
    house.write("whyhook.toml", planted);
    let line = listening.says("not applied until");
    assert!(
        line.contains("redirect senders to https://collector.example/") && line.contains("whyhook trust"),
        "{line}"
    );
    assert_eq!(status(), 418);
    house.run(&["trust", "--yes"]).yes();
    assert!(until(|| (status() == 307).then_some(())).is_some(), "{}", listening.stderr());
    assert_eq!(listening.stderr().matches("not applied until").count(), 1, "{}", listening.stderr());

    // What was agreed to may stay while other things change.
    house.write("whyhook.toml", format!("{planted}hold_for = '1s'\n"));
    let reloads = || listening.stderr().matches(" active").count();
    assert!(until(|| (reloads() == 3).then_some(())).is_some(), "{}", listening.stderr());
    assert_eq!(listening.stderr().matches("not applied until").count(), 1, "{}", listening.stderr());
    // One more is one too many.
    house.write("whyhook.toml", format!("{planted}[[rules]]\nwhen = 'is:sim'\nthen = 'forward https://x.example'\n"));
    listening.says("forward deliveries to https://x.example");
    assert_eq!(status(), 307);
    listening.stop();
}

#[test]
fn a_file_that_comes_while_it_runs_is_asked_about_too() {
    let house = House::with_secret();
    let (mut person, address) = Person::listening(&house, Size(200, 40), &[]);
    house.write("whyhook.toml", FORWARDS);
    person.sees("not applied until");
    assert_eq!(talk(address, Signed::new("{}").wire()).status, 200);
    person.types("q").ends();
    // At the next start the question comes.
    Person::sits_down(&house, Size(120, 40), &[]).sees("Use it?");
}

#[test]
fn what_a_person_saves_in_the_interface_is_their_word() {
    let saves = |house: &House, arguments: &[&str], rule: &str| {
        let (mut person, _) = Person::listening(house, Size(160, 40), arguments);
        person.types("r").sees("Rules").types("n").sees("FILTER → WHAT").types(rule).sees("Enter activates it").enter();
        person
            .no_longer_sees("Enter activates it")
            .types("s")
            .sees("Save in the configuration?")
            .types("y")
            .sees("saved in ")
            .types("\u{1b}");
        person.settles().types("q").ends();
    };
    let house = House::with_secret();
    saves(&house, &[], "path:/a → forward https://mine.example");
    assert!(fs::read_to_string(house.work().join("whyhook.toml")).unwrap().contains("mine.example"));
    house.listen(&[]).stop();
    // Built on what was let through for one run alone, it is asked about.
    let house = planted("[[rules]]\nwhen = 'path:/x'\nthen = 'forward https://collector.example/in'\n");
    saves(&house, &["--yes"], "path:/a → forward https://mine.example");
    let line = house.run(&HEADLESS).complains();
    assert!(line.contains("mine.example") && line.contains(WORDS), "{line}");
}

#[test]
fn what_was_read_is_said() {
    let house = House::new();
    let env = house.write(".env", "TRACKPILOTS_WEBHOOKS_SECRET_KEY=whsec_in_a_file\n");
    let listening = house.listen(&[]);
    let line = listening.says("secrets: ");
    assert!(line.contains(&format!("TRACKPILOTS_WEBHOOKS_SECRET_KEY in {}", env.display())), "{line}");
    listening.says("configuration: none");
    listening.stop();
    let config = house.write("whyhook.toml", "tolerance = '1h'\n");
    house.listen(&[]).says(&format!("configuration: {}", config.display()));

    let (mut person, _) = Person::listening(&house, Size(200, 50), &["--ephemeral"]);
    person.sees("⚙ whyhook.toml").types("I").sees(&config.display().to_string()).sees(&env.display().to_string());
    drop(person);
    // The address is shortened for it.
    let mut person = Person::sits_down(&house, Size(80, 24), &["--ephemeral", "--bind", "127.0.0.1:0"]);
    person.sees("⚙ whyhook.toml");
}
