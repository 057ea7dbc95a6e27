//! The mouse in a real terminal: reports as xterm sends them (SGR, 1006), and a terminal that gets its mouse back.

use rustix::process::Signal;

use crate::support::{Person, Signed, Size, TestEnv, talk, tools};

const SIZE: Size = Size(120, 36);

/// Where the words are on the screen, from 1 as terminals count.
fn find(person: &Person, words: &str) -> (usize, usize) {
    let screen = person.screen();
    let place = screen.lines().zip(1..).find_map(|(line, row)| {
        let before = &line[..line.find(words)?];
        Some((before.chars().count() + 1, row))
    });
    place.unwrap_or_else(|| panic!("'{words}' is not in\n{screen}"))
}

fn clicks(person: &mut Person, words: &str) {
    let (column, row) = find(person, words);
    person.types(&format!("\u{1b}[<0;{column};{row}M\u{1b}[<0;{column};{row}m"));
}

/// Whether the terminal reports the mouse, by the last that it was told.
fn reports_mouse(person: &Person) -> bool {
    let raw = String::from_utf8_lossy(&person.raw()).into_owned();
    let modes = ["1000", "1002", "1006"].map(|mode| {
        let last = |end: &str| raw.rfind(&format!("\u{1b}[?{mode}{end}"));
        last("h") > last("l")
    });
    assert!(modes == [true; 3] || modes == [false; 3], "{modes:?}");
    modes[0]
}

#[test]
fn clicks_the_wheel_and_a_drag_do_what_keys_do() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SIZE, &[]);
    for number in 1..=5 {
        talk(address, Signed::new("{}").to(&format!("/n/{number}")).wire());
    }
    person.sees("/n/5 ").settles();
    assert!(reports_mouse(&person));
    clicks(&mut person, "/n/3 ");
    person.sees("3 of 5");
    clicks(&mut person, "5 Headers");
    person.sees("Esc list").sees("X-Webhook-Signature");
    clicks(&mut person, "? help");
    person.sees("Keys").settles();
    let before = person.screen();
    person.types("\u{1b}[<65;60;18M").sees_that("the help moved", |screen| screen != before);
    clicks(&mut person, "Esc back");
    person.no_longer_sees("Keys").settles();
    let (column, _) = find(&person, "│");
    let to = column - 12;
    person.types(&format!("\u{1b}[<0;{column};10M\u{1b}[<32;{to};10M\u{1b}[<0;{to};10m"));
    person.sees_that("the line moved", |screen| {
        screen.lines().nth(9).is_some_and(|line| line.find('│').is_some_and(|at| line[..at].chars().count() + 1 == to))
    });
    person.types("\u{1b}").sees("Enter open").types("q");
    assert_eq!(person.ends(), 0);
    assert!(!reports_mouse(&person));
    person.has_the_terminal_back();
    // It stays for the next run.
    let (mut person, _) = Person::listening(&env, SIZE, &[]);
    person.sees("/n/5 ").settles();
    assert_eq!(find(&person, "│").0, to);
    person.types("q").ends();
}

#[test]
fn no_report_of_a_mouse_ends_the_program() {
    let env = TestEnv::with_secret();
    let (mut person, _) = Person::listening(&env, SIZE, &[]);
    person.sees("? help");
    for report in [
        "<0;0;0M",
        "<0;0;0m",
        "<64;0;0M",
        "<0;500;500M",
        "<0;65535;65535M",
        "<0;65536;1M",
        "<0;99999999999;1M",
        "<999;1;1M",
        "<3;5;5M",
        "<35;5;5M",
        "<2;5;5M",
        "<0;;M",
        "M\u{0}\u{0}\u{0}",
        "M !!",
        "0;1;1M",
    ] {
        person.types(&format!("\u{1b}[{report}"));
    }
    person.types("?").sees("Keys").types("q").no_longer_sees("Keys").types("q");
    assert_eq!(person.ends(), 0);
}

#[test]
fn the_terminal_gets_its_mouse_back_however_it_ends() {
    let env = TestEnv::with_secret();
    let (mut person, _) = Person::listening(&env, SIZE, &[]);
    person.sees("? help");
    assert!(reports_mouse(&person));
    // Suspended, and back.
    person.types("\u{1a}").sees_that("the mouse given back", |_| true);
    crate::support::until(|| (!reports_mouse(&person)).then_some(())).unwrap();
    tools::signal(person.process(), Signal::CONT);
    crate::support::until(|| reports_mouse(&person).then_some(())).unwrap();
    tools::signal(person.process(), Signal::TERM);
    person.ends();
    assert!(!reports_mouse(&person));

    // A panic of a thread.
    let trap = env.work().join("trap");
    let env = TestEnv::with_secret().set("WHYHOOK_DEBUG_PANIC", format!("main={}", trap.display()));
    let (mut person, _) = Person::listening(&env, SIZE, &[]);
    person.sees("? help");
    std::fs::write(&trap, "").unwrap();
    person.types("j");
    assert_eq!(person.ends(), 101);
    assert!(!reports_mouse(&person));
}

#[test]
fn a_person_can_do_without_the_mouse() {
    let env = TestEnv::with_secret();
    let (mut person, _) = Person::listening(&env, SIZE, &["--no-mouse"]);
    person.sees("? help");
    assert!(!reports_mouse(&person));
    person.types(":mouse").sees("turn the mouse off or on").enter().sees("the mouse is on");
    assert!(reports_mouse(&person));
    person.types("q").ends();

    let config = env.write("own.toml", "mouse = false\n");
    let mut person =
        Person::runs(&env, SIZE, &["--config", config.to_str().unwrap(), "listen", "--bind", "127.0.0.1:0"]);
    person.sees("? help");
    assert!(!reports_mouse(&person));
    person.types("q").ends();
}
