//! Saving rules and simulations in the configuration from the interface, and a configuration that comes later.

use std::fs;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Person, Signed, Size, TestEnv, sample, talk};

const SIZE: Size = Size(120, 36);
const FILE: &str = "# ours\ntolerance = \"5m\" # as documented\n\n# when the queue is full\n[[rules]]\n\
    when = \"path:/full\"\nthen = \"503\"\n\n[secrets]\nhr = { value = \"never-on-a-screen\" }\n";

fn status(address: SocketAddr, path: &str) -> u16 {
    talk(address, Signed::new(sample("app.json")).to(path).wire()).status
}

/// Adds a rule in the window of rules.
fn add(person: &mut Person, rule: &str) {
    person.types("n").sees("FILTER → WHAT").types(rule).sees("Enter activates it").enter();
    person.no_longer_sees("Enter activates it");
}

#[test]
fn rules_are_saved_beside_what_is_there() {
    let env = TestEnv::with_secret();
    let file = env.write("whyhook.toml", FILE);
    let (mut person, address) = Person::listening(&env, SIZE, &[]);
    person.types("r").sees("path:/full");
    add(&mut person, "event:app -> 429");
    person.types("s").sees("Save in the configuration?").sees("whyhook.toml").sees("+ then = \"429\"");
    assert!(!person.screen().contains("never-on-a-screen"));
    person.types("n").no_longer_sees("Save in the configuration?").sees("Rules: the first");
    assert_eq!(fs::read_to_string(&file).unwrap(), FILE, "nothing is written without a yes");
    person.types("s").sees("Save in the configuration?").types("y").sees("saved in ");
    let rule = "\n[[rules]]\nwhen = \"event:app\"\nthen = \"429\"\n\n[secrets]";
    assert_eq!(fs::read_to_string(&file).unwrap(), FILE.replace("\n[secrets]", rule));
    person.types("s").sees("already has this").types("\u{1b}");
    assert_eq!((status(address, "/full"), status(address, "/a")), (503, 429));

    // By hand, which is read again; what is saved behind it is built on that.
    fs::write(&file, FILE.replace("\"503\"", "\"504\"")).unwrap();
    person.sees("configuration reloaded: 1 rule");
    assert_eq!(status(address, "/full"), 504);
    person.types("r");
    add(&mut person, "event:app -> 418");
    person.types("s").sees("+ then = \"418\"");
    fs::write(&file, FILE).unwrap();
    person.types("y").sees("has changed since it was read");
    assert_eq!(fs::read_to_string(&file).unwrap(), FILE);
}

#[test]
fn without_a_file_one_is_made_that_holds_at_the_next_start() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SIZE, &[]);
    person.types("r").sees("No rules: every delivery");
    add(&mut person, "is:sim -> 202");
    person.types("s").sees("A new file").types("y").sees("saved in ").types("\u{1b}");
    let file = env.work().join("whyhook.toml");
    assert_eq!(fs::read_to_string(&file).unwrap(), "[[rules]]\nwhen = \"is:sim\"\nthen = \"202\"\n");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    // From now on it is watched.
    fs::write(&file, "respond = \"418\"\n").unwrap();
    person.sees("configuration reloaded: 1 rule");
    assert_eq!(status(address, "/"), 418);
    person.types("q");
    assert_eq!(person.ends(), 0);
    assert_eq!(status(env.listen(&[]).address(), "/"), 418);
}

#[test]
fn what_a_flag_says_is_not_saved() {
    let env = TestEnv::with_secret();
    let (mut person, _) = Person::listening(&env, SIZE, &["--respond", "path:/flag -> 418"]);
    person.types("r").sees("path:/flag");
    person.types("j");
    add(&mut person, "is:sim -> 202");
    person.types("s").sees("+ then = \"202\"").types("y").sees("saved in ");
    let written = fs::read_to_string(env.work().join("whyhook.toml")).unwrap();
    assert_eq!(written, "[[rules]]\nwhen = \"is:sim\"\nthen = \"202\"\n");
}

#[test]
fn a_configuration_that_comes_later_is_taken() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SIZE, &[]);
    let listening = env.listen(&["--ephemeral"]);
    assert_eq!((status(address, "/"), status(listening.address(), "/")), (200, 200));
    // Written beside and renamed, as editors do.
    let beside = env.write("new.toml", "respond = \"503\"\n");
    fs::rename(beside, env.work().join("whyhook.toml")).unwrap();
    person.sees("configuration reloaded: 1 rule");
    listening.says("rules: configuration reloaded, 1 active");
    assert_eq!((status(address, "/"), status(listening.address(), "/")), (503, 503));
}

#[test]
fn a_simulation_is_saved_under_its_name_and_sent_by_it() {
    let env = TestEnv::with_secret();
    let file = env.write("whyhook.toml", "# ours\n");
    let (mut person, address) = Person::listening(&env, SIZE, &[]);
    person.types("E").sees("Simulate an event").types("\u{13}").sees("enter a name");
    // The cursor has gone to the name; up from there is how often each is sent.
    person.types("twice").types("\u{1b}[A").types("\u{1b}[C").sees("two: a sender's duplicate");
    person.types("\u{13}").sees("+ [simulations.twice]").sees("+ duplicate = true").types("y").sees("saved in ");
    let written = fs::read_to_string(&file).unwrap();
    assert!(written.starts_with("# ours\n"), "{written}");
    let url = format!("http://{address}/saved");
    env.run(&["simulate", "twice", "--to", &url]).yes();
    person.types("\u{1b}").sees(" of 2 ");
}
