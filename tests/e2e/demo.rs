//! `whyhook demo`: a dozen deliveries, each with its verdict and cause, and a tour.

use std::fs;

use crate::support::{Person, Size, TestEnv};

#[test]
fn each_delivery_fails_in_its_own_way_and_nothing_is_left() {
    let env = TestEnv::with_secret();
    // Nothing of the person's is read.
    env.write("whyhook.toml", "bind = 'nowhere'\n");
    let text = env.run(&["demo"]).yes().stdout();
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split_whitespace().collect()).collect();
    let found: Vec<(&str, &str)> = rows.iter().map(|row| (row[1], row[row.len() - 1])).collect();
    assert_eq!(found.len(), 12, "{text}");
    assert!(found[..3].iter().all(|row| *row == ("verified", "-")), "{text}");
    for (number, cause) in
        [(5, "secret_"), (7, "signature_"), (8, "stale"), (9, "timestamp_unit"), (12, "body_reserialized")]
    {
        assert!(found[number - 1].1.starts_with(cause), "{number} {cause}: {text}");
    }
    assert!(found.iter().skip(3).map(|row| row.1).filter(|cause| *cause != "-").count() >= 6, "{text}");
    assert_eq!(fs::read_dir(env.root().join("tmp")).unwrap().count(), 0, "nothing is left");
    assert!(!env.store().exists());
}

#[test]
fn the_tour_goes_through_five_steps() {
    let env = TestEnv::new();
    let mut person = Person::runs(&env, Size(100, 30), &["demo", "--bind", "127.0.0.1:0"]);
    person.sees("Tour 1 of 5").types("2").sees("Tour 2 of 5").sees("re-serialised").types("3").sees("Tour 3 of 5");
    person.types("a").sees("Tour 4 of 5").types("\u{1b}").sees("Next: R replays");
    // Re-signed, it is verified here.
    person.types("R").sees("Tour 5 of 5").types("\u{1b}[C").sees("re-signed").enter().sees("200 OK");
    person.types("\u{1b}").sees("That was the tour").sees("of 13");
    person.types("\u{1b}").no_longer_sees("Tour 5 of 5").types("q");
    assert_eq!(person.ends(), 0);
}
