//! A person's own keys, from the configuration to the screen.

use crate::support::{Person, Size, TestEnv};

#[test]
fn a_persons_keys_work_and_are_shown_everywhere() {
    let env = TestEnv::with_secret();
    let config = env.write("own.toml", "[keys]\nhelp = \"f1\"\nzoom = [\"ctrl-e\", \"Z\"]\nfilter = [\"/\", \"f\"]\n");
    let config = ["--config", config.to_str().unwrap()];
    let arguments = [&config[..], &["listen", "--bind", "127.0.0.1:0"]].concat();
    let mut person = Person::runs(&env, Size(120, 300), &arguments);
    person.sees("F1 help").types("f").sees("Tab complete").types("\u{3}").no_longer_sees("Tab complete");
    person.types("?").sees("? does nothing here: F1 shows the keys");
    // F1, as xterm sends it.
    person.types("\u{1b}OP").sees("Keys").sees("^E Z").types("q").no_longer_sees("^E Z");
    person.types(":zoom").sees("^E").types("\u{3}").no_longer_sees("Command");
    person.types("\u{5}").no_longer_sees("Waiting for the first delivery").types("q");
    assert_eq!(person.ends(), 0);
    // What is printed is what works, and says so again.
    let printed = env.run(&[&config[..], &["keys"]].concat()).yes().stdout();
    assert!(printed.contains("help = \"f1\"") && printed.contains("follow = []"), "{printed}");
    let whole = env.write("whole.toml", &printed);
    assert_eq!(env.run(&["--config", whole.to_str().unwrap(), "keys"]).yes().stdout(), printed);
    let default = env.run(&[&config[..], &["keys", "--default"]].concat()).yes().stdout();
    assert!(default.contains("help = \"?\"") && default.contains("follow = \"f\""), "{default}");
}

#[test]
fn keys_that_cannot_be_are_refused_before_anything_listens() {
    let env = TestEnv::with_secret();
    let config = env.write("wrong.toml", "[keys]\nreplya = \"x\"\n");
    for command in [&["listen", "--headless"][..], &["keys"][..]] {
        let line = env.run(&[&["--config", config.to_str().unwrap()], command].concat()).complains();
        assert!(line.contains("wrong.toml:2:1: unknown action 'replya'"), "{line}");
        assert!(line.contains("did you mean 'replay'?"), "{line}");
    }
}

#[test]
fn keys_of_a_found_configuration_need_consent() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[keys]\nreplay = \"j\"\n");
    let refused = env.run(&["listen", "--headless"]).exits(2).stderr();
    assert!(refused.contains("change the keys of the interface: j for 'replay'"), "{refused}");
}
