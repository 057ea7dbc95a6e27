//! Causes, pins, notes, tags, deletions and saved filters, by the command line and at a terminal.

use std::time::{Duration, Instant};

use serde_json::json;

use crate::support::control::{ask, socket};
use crate::support::{Person, Signed, Size, TestEnv, Unit, talk};

/// Only a hang reaches it.
const LIMIT: Duration = Duration::from_secs(60);

fn ids(env: &TestEnv, filter: &[&str]) -> Vec<i64> {
    let ran = env.run(&[&["list", "--format", "json"], filter].concat());
    let lines = ran.stdout();
    lines.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_i64().unwrap()).collect()
}

#[test]
fn a_cause_is_found_while_nobody_looks() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{\"a\":1}").wire());
    talk(listening.address(), Signed::new("{\"a\":1}").by("not_the_secret", Unit::Seconds).wire());
    let begun = Instant::now();
    while ids(&env, &["has:cause"]).is_empty() {
        assert!(begun.elapsed() < LIMIT);
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(ids(&env, &["cause:unexplained"]), [2]);
    assert_eq!(env.show(2)["cause"], "unexplained");
    let table = env.run(&["list", "--columns", "id,cause", "--sort", "cause"]).yes().stdout();
    let words: Vec<&str> = table.split_whitespace().collect();
    assert_eq!(words, ["2", "unexplained", "1", "-"]);
    listening.stop();
    assert!(env.run(&["list", "cause:nonsense"]).complains().contains("unknown cause 'nonsense'"));
    assert!(env.run(&["list", "--columns", "caus"]).complains().contains("did you mean 'cause'?"));
}

#[test]
fn what_a_person_adds_is_found_and_kept() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for number in 1..=4 {
        talk(listening.address(), Signed::new(format!("{{\"n\":{number}}}")).wire());
    }
    listening.stop();
    env.run(&["pin", "1"]).yes();
    env.run(&["note", "2", "ask \"them\""]).yes();
    env.run(&["tag", "--add", "Odd", "2-3"]).yes();
    env.run(&["tag", "--remove", "odd", "3"]).yes();
    assert!(env.run(&["tag", "--add", "a b", "3"]).complains().contains("invalid tag 'a b'"));
    env.run(&["pin", "99"]).no();
    assert_eq!(
        (ids(&env, &["is:pinned"]), ids(&env, &["tag:odd"]), ids(&env, &["note:them"])),
        (vec![1], vec![2], vec![2])
    );
    env.write("whyhook.toml", "[filters]\nmine = \"has:note | is:pinned\"\n");
    assert_eq!(ids(&env, &["@mine"]), [2, 1]);
    assert!(env.run(&["list", "@min"]).complains().contains("did you mean '@mine'?"));
    assert_eq!(ids(&env, &["--sort", "oldest"]), [1, 2, 3, 4]);
    assert_eq!(ids(&env, &["--sort", "oldest", "--reverse"]), [4, 3, 2, 1]);
    assert_eq!(ids(&env, &["--sort", "newest", "--reverse", "-n", "2"]), [1, 2]);
    assert_eq!(ids(&env, &["--sort", "size", "size:>1", "status:200"]), [4, 3, 2, 1], "of equal ones the newest first");
    assert!(env.run(&["list", "--sort", "siz"]).complains().contains("expected one of newest"));

    let exported = env.run(&["export", "--as", "json"]).yes().stdout;
    let other = TestEnv::with_secret();
    other.run_with(&["import", "-"], &exported).yes();
    let notes: Vec<String> = [1, 2, 3, 4].iter().map(|id| other.show(*id)["user_note"].to_string()).collect();
    assert_eq!(notes.iter().filter(|note| note.contains("them")).count(), 1, "{notes:?}");
    assert_eq!(ids(&other, &["is:pinned"]).len(), 1);

    env.run(&["prune", "--keep", "0", "--yes"]).yes();
    assert_eq!(ids(&env, &[]), [1]);
    env.run(&["prune", "1", "--yes"]);
    assert_eq!(ids(&env, &[]), [1]);
    env.run(&["prune", "--keep", "0", "--pinned", "--yes"]).yes();
    assert!(ids(&env, &[]).is_empty());
}

#[test]
fn what_is_deleted_on_the_files_comes_back_until_a_listener_ends() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for _ in 1..=5 {
        talk(listening.address(), Signed::new("{}").wire());
    }
    listening.stop();
    env.run(&["pin", "2"]).yes();
    let ran = env.run(&["delete", "1-3"]).yes();
    assert_eq!(ran.stdout(), "deleted 2 deliveries\n");
    assert!(ran.stderr().contains("1 pinned delivery is kept"), "{}", ran.stderr());
    env.run(&["delete", "2"]).no();
    env.run(&["delete", "--pinned", "2"]).yes();
    assert_eq!(ids(&env, &[]), [5, 4]);
    // Another change, or an import, takes nothing of it away for good.
    env.run(&["tag", "--add", "odd", "4"]).yes();
    assert!(env.run(&["delete", "--undo", "4"]).no().stderr().contains("delivery 4 is not deleted"));
    assert!(env.run(&["delete", "--undo", "is:sim"]).complains().contains("give numbers"));
    assert_eq!(env.run(&["delete", "--undo", "3"]).yes().stdout(), "brought back #3\n");
    assert_eq!(env.run(&["delete", "--undo", "--format", "json"]).yes().json()["restored"], 2);
    assert_eq!((ids(&env, &[]), ids(&env, &["is:pinned"])), (vec![5, 4, 3, 2, 1], vec![2]));
    assert!(env.run(&["delete", ""]).complains().contains("nothing selected"));
    env.run(&["delete", "tag:odd"]).yes();
    env.run(&["delete", "99"]).no();
    env.listen(&[]).stop();
    env.run(&["delete", "--undo"]).no();
    assert_eq!(ids(&env, &[]), [5, 3, 2, 1]);
}

#[test]
fn one_tag_takes_the_place_of_another_and_too_many_change_nothing() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").wire());
    listening.closes();
    let full: Vec<String> = (0..16).map(|number| format!("t{number}")).collect();
    for runs in [false, true] {
        let _listening = runs.then(|| env.listen(&[]));
        let add = full.iter().flat_map(|tag| ["--add", tag]);
        env.run(&[&["tag", "1"], &add.collect::<Vec<_>>()[..]].concat()).yes();
        env.run(&["tag", "1", "--add", "new", "--remove", "t3"]).yes();
        assert!(env.run(&["tag", "1", "--add", "one-more", "--remove", "nothing"]).complains().contains("16 tags"));
        let tags = env.show(1)["tags"].as_array().unwrap().clone();
        assert!(tags.len() == 16 && tags.contains(&json!("new")) && !tags.contains(&json!("t3")), "{tags:?}");
        env.run(&["tag", "1", "--add", "t3", "--remove", "new"]).yes();
        if runs {
            let many: Vec<String> = (0..17).map(|number| format!("u{number}")).collect();
            let asked = ask(&socket(&env), "POST", "/marks?wait=true", Some(&json!({"ids": [1], "add_tags": many})));
            assert_eq!(asked.is(400).json()["detail"], "17 tags are too many: a delivery has at most 16");
        }
    }
}

#[test]
fn keys_pin_tag_delete_and_bring_back() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    for number in 1..=3 {
        talk(address, Signed::new("{}").to(&format!("/n/{number}")).wire());
    }
    person.sees("1 of 3").types("b").sees("pinned #3").types("jb").sees("pinned #2");
    person.types("@").sees("Tags for #2").types("odd").enter().sees("tagged #2 #odd").sees("#odd");
    person.types("\u{1b}[3~").sees("Delete #2, which is pinned?").types("y").sees("deleted #2").sees("of 2");
    person.types("U").sees("brought back #2").sees("of 3");
    person.types("/tag:").sees("odd").types("\t").sees("1 of 3 match").enter();
    person.types("\u{1b}").sees("of 3").no_longer_sees("match");
    person.types("/verdict:nonsense").sees("^").sees("unknown verdict 'nonsense'").sees("The list shows");
    person.types("\u{1b}").no_longer_sees("nonsense");
    person.types("&").sees("3 selected").types("\u{1b}[3~").sees("2 pinned deliveries are kept");
    person.types("y").sees("deleted #1").types("\u{1b}[3~").sees("nothing deleted: 2 pinned deliveries are kept");
    person.types("b").sees("unpinned 2").types("\u{1b}[3~").sees("Delete 2 deliveries").types("y").sees("deleted 2");
    person.types("q").ends();
    assert!(ids(&env, &[]).is_empty());
}

#[test]
fn what_is_selected_is_exported_from_the_interface() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(100, 30), &[]);
    for number in 1..=3 {
        talk(address, Signed::new(format!("{{\"n\":{number}}}")).wire());
    }
    person.sees("of 3");
    let file = env.write("taken.jsonl", "mine");
    let folder = file.parent().unwrap();
    // A file that is there stays.
    person.types("Y").sees("Export #3 to a file").types("\u{15}").types(&format!("{}\r", file.display()));
    person.sees("already exists").sees("taken-2.jsonl").types("\u{1b}").no_longer_sees("Export #3 to a file");
    let all = folder.join("all.jsonl");
    person.types("&").sees("3 selected").types("Y").sees("Export 3 deliveries").types("\u{15}");
    person.types(&format!("{}\r", all.display())).sees("3 deliveries exported to");
    let lines = std::fs::read_to_string(&all).unwrap();
    let numbers: Vec<i64> = lines
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["id"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}
