//! What is shown, in the person's pager and editor: the terminal is handed over and taken back.

use std::fs;

use whyhook::text::is_hidden;

use crate::replay::editor;
use crate::support::{Person, Signed, Size, TestEnv, sample, talk};

/// A program that notes what it is given, and how its file and the terminal are, and says how often it has run: what it
/// said before comes back to the screen with the terminal's own page.
const NOTES: &str = "cat \"$1\" > seen; stat -c '%a %n' \"$1\" > how; stty -a > modes
    echo . >> times; echo run $(grep -c . times); read line";

fn program(env: &TestEnv) -> String {
    editor(env, NOTES)
}

#[test]
fn the_pager_gets_visible_text_and_the_editor_the_exact_bytes() {
    let env = TestEnv::with_secret();
    let pager = program(&env);
    let env = env.set("PAGER", &pager).set("EDITOR", &pager);
    let (mut person, address) = Person::listening(&env, Size(100, 30), &[]);
    let body = b"{\"a\": \"\\u001b[2J\", \"b\": 1}".to_vec();
    talk(address, Signed::new(body.clone()).wire());
    let hostile = b"plain \x1b]0;owned\x07\x9b\xff".to_vec();
    talk(address, Signed::new(hostile.clone()).wire());
    let read = |name: &str| fs::read(env.work().join(name)).unwrap();

    person.sees("200").types("\u{f}").sees("run 1").enter().sees("the body was shown in the pager");
    let seen = String::from_utf8(read("seen")).unwrap();
    assert!(seen.contains("plain") && !seen.contains(|shown| shown != '\n' && is_hidden(shown)), "{seen:?}");
    let how = String::from_utf8(read("how")).unwrap();
    assert!(how.starts_with("400 ") && how.trim().ends_with(".txt"), "{how}");
    let file = how.split_once(' ').unwrap().1.trim().to_owned();
    assert!(!std::path::Path::new(&file).exists(), "{file} is left");
    let modes = String::from_utf8(read("modes")).unwrap();
    assert!(modes.contains(" icanon") && modes.contains(" echo "), "{modes}");

    person.types("\u{5}").sees("run 2").enter().sees("changes to it are not kept");
    assert_eq!(read("seen"), hostile);
    person.types("j\u{5}").sees("run 3");
    assert_eq!(read("seen"), body);
    person.enter().sees("changes to it are not kept");
    assert!(String::from_utf8(read("how")).unwrap().trim().ends_with(".json"));
    // The diagnosis, by its name in the palette.
    person.types("2").types(":pager").enter().sees("run 4").enter().sees("the diagnosis was shown");
    assert!(String::from_utf8(read("seen")).unwrap().contains("## Delivery 1"));
    // A comparison of two.
    person.types("mkD").sees("Content-Length: 26").types("\u{f}");
    person.sees("run 5").enter().sees("the comparison was shown");
    assert!(String::from_utf8(read("seen")).unwrap().contains("headers"));
    person.types("\u{1b}").no_longer_sees("Content-Length: 26").types("q");
    assert_eq!(person.ends(), 0);
    person.has_the_terminal_back();
}

#[test]
fn a_program_that_is_missing_or_fails_and_nothing_to_show_are_said() {
    let env = TestEnv::with_secret().set("PAGER", "no-such-pager --fancy").set("EDITOR", "false");
    let (mut person, address) = Person::listening(&env, Size(120, 30), &[]);
    person.types("\u{f}").sees("select a delivery to open");
    talk(address, Signed::new("").wire());
    person.sees_row(&["POST"]).types("\u{f}").sees("the body is empty");
    talk(address, Signed::new(sample("app.json")).wire());
    person.sees("app_tracking").types("\u{f}").sees("cannot run 'no-such-pager --fancy'").sees("set PAGER");
    person.types("\u{5}").sees("'false' failed").types("q");
    assert_eq!(person.ends(), 0);
    person.has_the_terminal_back();
}
