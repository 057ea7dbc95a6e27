//! What a newcomer does at a terminal of 80 columns and 24 rows, with nothing read beforehand: what is needed is in sight, and
//! every key is answered.

use super::tunnel::Agent;
use crate::support::{Person, SECRET, Signed, Size, TestEnv, Unit, Wire, sample, talk};

const SMALL: Size = Size(80, 24);

/// A line of the screen, from the bottom.
fn from_bottom(screen: &str, line: usize) -> String {
    screen.lines().rev().nth(line).unwrap_or_default().to_owned()
}

#[test]
fn the_selected_row_stays_in_sight_at_every_size() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SMALL, &[]);
    for number in 1..=35 {
        talk(address, Signed::new("{}").to(&format!("/n/{number}")).wire());
    }
    person.sees("/n/35 ").types("jjjjj");
    let selected = |screen: &str| screen.lines().any(|line| line.starts_with('▌') && line.contains("/n/30 "));
    person.sees_that("/n/30 selected", selected).enter();
    person.sees("Esc list").sees_that("/n/30 still in sight", selected);
    for size in [Size(60, 20), Size(120, 36), Size(80, 18), SMALL] {
        person.resizes(size).sees_that(&format!("/n/30 at {size:?}"), selected);
    }
    // What was drawn for one size may be read at another: drawn again, it is whole.
    person
        .types("\u{c}")
        .sees("6 of 35")
        .types("\u{1b}")
        .sees("Enter open")
        .types("/n")
        .sees("35 of 35 match")
        .types("\u{3}");
    person.sees("6 of 35").sees_that("/n/30 after a filter", selected);
    person.types("g").sees("following").types("q").ends();
}

#[test]
fn the_list_is_sorted_while_deliveries_come() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SMALL, &[]);
    let send = |number: usize, bytes: usize| {
        let body = format!("\"{}\"", "x".repeat(bytes - 2));
        talk(address, Signed::new(body).to(&format!("/n/{number}")).wire());
    };
    for (number, bytes) in [(1, 300), (2, 900), (3, 10), (4, 500)] {
        send(number, bytes);
    }
    let rows = |expected: &'static [usize]| {
        move |screen: &str| {
            let places: Vec<Option<usize>> =
                expected.iter().map(|number| screen.find(&format!(" /n/{number} "))).collect();
            places.iter().all(Option::is_some) && places.is_sorted()
        }
    };
    person.sees_that("the newest first", rows(&[4, 3, 2, 1])).types("$").sees("Sort the list").sees("largest first");
    person.types("s").sees("largest first").sees_that("the largest first", rows(&[2, 4, 1, 3])).sees("1 of 4");
    person.types("j").sees("2 of 4");
    send(5, 700);
    // It comes between the two, and the selected one stays selected.
    person.sees_that("sorted in", rows(&[2, 5, 4, 1, 3])).sees("3 of 5");
    person.sees_that("/n/4 selected", |screen| {
        screen.lines().any(|line| line.starts_with('▌') && line.contains("/n/4 "))
    });
    person.types("$").sees("smallest first").enter().sees_that("the smallest first", rows(&[3, 1, 4, 5, 2]));
    person.types(":sort").sees("sort the list").types("\u{3}");
    person.types("f").sees("following").sees_that("as they came", rows(&[5, 4, 3, 2, 1])).types("q").ends();
}

#[test]
fn why_it_failed_another_secret_and_my_server_s_digest_are_three_keys_away() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SMALL, &[]);
    let request = Signed::new("{\"a\":1}").by("not_the_secret", Unit::Seconds);
    assert_eq!(talk(address, request.wire()).status, 401);
    person
        .sees("mismatch")
        .sees("2 why")
        .sees("t try secret")
        .sees("R replay")
        .sees("C check")
        .sees(": more")
        .sees("? help");
    person.types("2").sees("Why").sees("c compare digest").sees("t try secret");
    // Another secret is tried, is right, and is kept for the run.
    person.types("t").sees("Try other values").pastes("not_the_secret").sees("Enter uses it for the run").enter();
    person.sees("1 of 1 unverified").sees("With the current secrets: verified");
    person.sees("Verdict at capture: signature mismatch").sees("2 secrets").sees_row(&["✗ ✓", "401"]);
    // What no digest is in stays to be mended; what has one is explained, in sight.
    person.types("c").sees("What did your server compute?").pastes("nothing here").enter().sees("nothing here");
    person.types("\u{15}").pastes(&"ab".repeat(32)).enter().sees("What your server hashed").sees("Esc list");
    person.types("q").ends();
}

#[test]
fn a_secret_that_comes_later_is_said_to_verify_what_came_before() {
    let env = TestEnv::new();
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    for _ in 0..3 {
        assert_eq!(talk(address, Signed::new("{}").wire()).status, 401);
    }
    talk(address, Signed::new("{}").by("somebody else's", Unit::Seconds).wire());
    person.sees_row(&["?", "401"]).sees("s enter the secret").types("s").enter().sees("nothing entered yet");
    person.pastes("x\n").sees("It is unusually short").sees("was pasted with a line end").enter();
    person.sees("none of 4 unverified").sees("check it: it is unusually short");
    person.types("s").pastes(SECRET).enter().sees("in place of the one before");
    person.sees("3 of 4 unverified").sees_row(&["? ✓", "401"]).sees_row(&["? ✗", "401"]);
    person.types("j").sees("With the current secrets: verified with the secret you entered");
    // The message is gone, and can be read again.
    person.types("jk").no_longer_sees("3 of 4").types("M").sees("Messages").sees("3 of 4");
    person.types("\u{3}").no_longer_sees("Messages").types("q").ends();
}

#[test]
fn what_the_pane_names_as_a_key_works_and_quitting_asks_while_a_sender_waits() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SMALL, &["--respond", "hold 1h else 503"]);
    let mut sender = Wire::connect(address);
    sender.send(Signed::new(sample("app.json")).wire());
    person.sees("1 held").sees("6 decide").types("6").sees("Enter answer it").sees("X drop").sees("L default");
    person.types("q").sees("Quit whyhook?").sees("1 delivery is held").types("n").no_longer_sees("Quit whyhook?");
    person.types("\u{3}").sees("Quit whyhook?").types("\u{1b}").no_longer_sees("Quit whyhook?");
    // From the list, without giving the details the focus.
    person.enter().sees("Answer held delivery").types("\u{3}").no_longer_sees("Answer held delivery");
    person.types("L").sees("1 delivery no longer held").no_longer_sees("1 held ");
    // Before it, a held sender is asked whether it is still there.
    let mut answer = sender.answer();
    while answer.status == 100 {
        answer = sender.answer();
    }
    assert_eq!(answer.status, 503);
    person.types("q");
    assert_eq!(person.ends(), 0);
}

#[test]
fn answering_503_and_every_dead_key_explain_themselves() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, SMALL, &[]);
    person
        .sees("T send a test event")
        .types("a")
        .sees("Answer the next deliveries with")
        .types("5")
        .sees("HTTP/1.1 500");
    person.types("55").enter().sees("answers 5");
    assert!((500..600).contains(&talk(address, Signed::new("{}").wire()).status));
    person.types(";").sees("; does nothing here").types("v").sees("works on the Image tab: 4 shows it");
    // The message is above the hints, which stay.
    person.sees_that("the hints below the message", |screen| from_bottom(screen, 0).contains("? help"));
    person.types(":resend").sees("replay it").types("\u{15}xyzzy").sees("no match").enter().sees("no match");
    person.types("\u{15}delete").sees("delete it").types("\u{3}").no_longer_sees("Command");
    person.types("q").ends();
}

#[test]
fn the_top_line_drops_no_fact() {
    let agent = Agent::starts();
    let env = TestEnv::with_secret().set("WHYHOOK_NGROK_API", agent.address.to_string());
    let (mut person, address) = Person::listening(&env, Size(200, 50), &[]);
    let port = address.port();
    agent.opens("https://a1b2c3d4e5f6.ngrok-free.app", &format!("http://localhost:{port}"));
    person.types("M\u{1b}").sees("https://a1b2c3d4e5f6.ngrok-free.app/webhooks/trackpilots");
    person.sees("secret TRACKPILOTS_WEBHOOKS_SECRET_KEY").sees("answers auto");
    person.resizes(Size(120, 36)).sees("a1b2c3d4e5f6.ngrok-free.app").sees("secret TRACKPILOTS").sees("auto");
    let top = |words: &'static [&'static str]| {
        move |screen: &str| {
            let line = screen.lines().next().unwrap_or_default().to_owned();
            words.iter().all(|word| line.contains(word))
        }
    };
    person.resizes(SMALL).sees_that("all facts at 80", top(&["●", "⇄ a1b2", "◆ ", "secret", "↩", "auto"]));
    person.sees(&format!(":{port}"));
    person.resizes(Size(40, 10)).sees_that("all facts at 40", top(&["●", "⇄ a1b2…", "◆", "↩"]));
    person.types("q").ends();
}
