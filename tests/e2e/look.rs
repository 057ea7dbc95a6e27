//! The interface's colours in a real terminal: what it asks, what it takes from the answer, and what it leaves behind.

use crate::support::{Person, Size, TestEnv};

const SIZE: Size = Size(120, 36);
const LISTEN: [&str; 3] = ["listen", "--bind", "127.0.0.1:0"];
/// The question for the background.
const QUESTION: &str = "\u{1b}]11;?";

/// Whether the program has used one of the 256 colours for text.
fn has_drawn(person: &Person, colour: u8) -> bool {
    let raw = String::from_utf8_lossy(&person.raw()).into_owned();
    raw.contains(&format!("38;5;{colour}m")) || raw.contains(&format!("38;5;{colour};"))
}

fn asked(person: &Person) -> bool {
    String::from_utf8_lossy(&person.raw()).contains(QUESTION)
}

/// Waits for the first frame, checks which green is in it, and ends.
fn has_green(mut person: Person, green: u8) {
    person.sees("whyhook").sees("? help").settles();
    for other in [78, 22, 29, 2].into_iter().filter(|other| *other != green) {
        assert!(!has_drawn(&person, other), "{other} beside {green}");
    }
    assert!(has_drawn(&person, green), "no {green} in {:?}", String::from_utf8_lossy(&person.raw()));
    // Nothing of the answer was taken for keys.
    person.sees("no deliveries yet").types("q");
    assert_eq!(person.ends(), 0);
    person.has_the_terminal_back();
}

#[test]
fn the_colours_follow_the_background_that_the_terminal_tells() {
    let env = TestEnv::with_secret();
    let on = |background: &str| Person::runs_on(&env, SIZE, &LISTEN, background);
    has_green(on("rgb:2828/2a2a/3636"), 78);
    has_green(on("rgb:fdfd/f6f6/e3e3"), 22);
    // A terminal that answers only the second question, or nothing, or with nonsense.
    has_green(Person::runs(&env, SIZE, &LISTEN), 29);
    has_green(Person::runs_in(&env, SIZE, &LISTEN, ""), 29);
    has_green(on("rgb:what/is/this"), 29);
    // What it says counts more than a variable that another terminal has left.
    let env = TestEnv::with_secret().set("COLORFGBG", "0;15");
    has_green(Person::runs_on(&env, SIZE, &LISTEN, "rgb:0/0/0"), 78);
    has_green(Person::runs(&env, SIZE, &LISTEN), 22);
}

#[test]
fn a_terminal_is_only_asked_where_the_answer_counts() {
    let env = TestEnv::with_secret().set("TERM", "linux");
    let person = Person::runs(&env, SIZE, &LISTEN);
    has_green(person, 2);
    for (variable, value, arguments) in [
        ("TERM", "xterm", &LISTEN[..]),
        ("NO_COLOR", "1", &LISTEN[..]),
        ("X", "", &["listen", "--bind", "127.0.0.1:0", "--theme", "dark"][..]),
        ("X", "", &["listen", "--bind", "127.0.0.1:0", "--theme", "none"][..]),
    ] {
        let env = TestEnv::with_secret().set(variable, value);
        let mut person = Person::runs(&env, SIZE, arguments);
        person.sees("? help").settles();
        assert!(!asked(&person), "{variable}={value} {arguments:?}");
        person.types("q").ends();
    }
}

#[test]
fn what_is_typed_while_the_terminal_is_asked_is_not_lost() {
    let env = TestEnv::with_secret();
    // Typed before the answer, between its parts and after it.
    let mut person = Person::runs_in(&env, SIZE, &LISTEN, "?\u{1b}]11;rgb:0/0/0\u{7}/\u{1b}[?62cworld");
    person.sees("› world").types("\u{1b}").no_longer_sees("world").settles();
    person.sees("Keys").types("q").no_longer_sees("Keys").types("q").ends();
}

#[test]
fn an_answer_that_comes_late_is_not_taken_for_keys() {
    let env = TestEnv::with_secret();
    let mut person = Person::runs_in(&env, SIZE, &LISTEN, "");
    person.sees("? help").settles();
    person.types("\u{1b}]11;rgb:0000/2b2b/3636\u{1b}\\").types("\u{1b}[?62;22c").types("?").sees("Keys");
    person.types("q").no_longer_sees("Keys").settles();
    person.sees("no deliveries yet").types("q");
    assert_eq!(person.ends(), 0);
}

#[test]
fn the_configuration_names_a_theme_and_colours() {
    let env = TestEnv::with_secret();
    let config = env.write("look.toml", "[theme]\nbase = \"light\"\nverified = 40\n");
    let arguments = ["--config", config.to_str().unwrap(), "listen", "--bind", "127.0.0.1:0"];
    let mut person = Person::runs(&env, SIZE, &arguments);
    person.sees("? help").settles();
    assert!(has_drawn(&person, 40) && has_drawn(&person, 240) && !has_drawn(&person, 22));
    person.types("q").ends();
    // The flag takes the place of all of it.
    let mut person = Person::runs(&env, SIZE, &[&arguments[..], &["--theme", "dark"]].concat());
    person.sees("? help").settles();
    assert!(has_drawn(&person, 78) && !has_drawn(&person, 40));
    person.types("q").ends();
}
