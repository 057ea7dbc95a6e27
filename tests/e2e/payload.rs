//! Reading a payload: by keys, in a real terminal, with the real threads and the process of a query.

use crate::support::{Person, Signed, Size, TestEnv, sample, talk};

#[test]
fn a_payload_is_folded_searched_copied_and_queried() {
    // Where copying goes to the terminal, whatever this machine has.
    let env = TestEnv::with_secret().set("SSH_CONNECTION", "127.0.0.1 1 127.0.0.1 22");
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    assert_eq!(talk(address, Signed::new(sample("screenshot-live.json")).wire()).status, 200);
    person.types("3").sees("(the whole body)").enter().sees("Space fold");

    // Folds, with a window that says what the next key does.
    person.types("z").sees("fold below this level").types("1").sees("\"data\": […] 1 item  {…}");
    person.types("zr").sees("\"category\": \"Unknown Category\",");

    // A search opens what hides its match, and the path says where it is.
    person.types("zm/domain").sees("1 of ").enter().sees("data[0].screenshot.app.domain");
    person.types("yv").sees("sent the value to");
    person.types("y").sees("the path to it").types(".").sees("sent the path to it to");

    // As sent, and back.
    person.types("r").sees("\"name\": \"Brave Browser\",␊").sees("1 of 1 · as sent").types("r").no_longer_sees("␊");

    // A string in a view of its own.
    person.types("o").sees("r shows it as sent").types("\u{1b}").no_longer_sees("r shows it as sent");

    // jq, as it is typed.
    person.types("|.data[0].screenshot.app.do").sees("1 value").types("main").sees("jq .data[0].screenshot.app.domain");
    person.enter().sees("Space fold").types("\u{1b}").no_longer_sees("jq .data[0]");
    person.types("q");
    assert_eq!(person.ends(), 0);
}

#[test]
fn a_query_can_neither_read_this_machine_nor_take_it_over() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(160, 40), &[]);
    assert_eq!(talk(address, Signed::new("{\"a\":1.10}").wire()).status, 200);
    person
        .types("3")
        .sees("(the whole body)")
        .enter()
        .sees("Space fold")
        .types("|.a, env, $ENV")
        .sees("3 values")
        .sees("1.10")
        .types("\u{15}");
    // For ever, too deep, and too much: each ends, and the interface goes on.
    person.types("def f: f; f").sees("stopped after 2 seconds").types("\u{15}");
    person
        .types("def f: 1 + f; f")
        .sees_that("an end", |screen| screen.contains("time, memory or nesting") || screen.contains("stopped after"));
    person
        .types("\u{15}[range(1e12)]")
        .sees_that("an end", |screen| screen.contains("time, memory or nesting") || screen.contains("stopped after"));
    person.types("\u{15}.a").sees("1 value").types("\u{1b}").no_longer_sees("1 value");
    assert!(person.is_running());
    person.types("q");
    assert_eq!(person.ends(), 0);
}
