//! Deliveries followed as they come: over the control interface, and by `whyhook list --follow`.

use std::io::{BufRead as _, BufReader};

use serde_json::{Value, json};

use crate::support::control::{Events, ask, socket};
use crate::support::{KillOnDrop, SECRET, Signed, TestEnv, Unit, talk, until};

#[test]
fn a_stream_tells_each_delivery_once_and_goes_on_where_it_was_cut_off() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let address = listening.address();
    let send = |path: &str, by: &str| talk(address, Signed::new("{}").to(path).by(by, Unit::Seconds).wire()).status;
    send("/before", SECRET);
    let mut all = Events::open(&env, "", None);
    let mut bad = Events::open(&env, "?filter=verdict:bad&answered=true&after=0", None);
    assert_eq!((send("/a", SECRET), send("/b", "wrong"), send("/c", SECRET)), (200, 401, 200));
    let mut ids = Vec::new();
    let mut answered = Vec::new();
    while ids.len() < 3 || answered.len() < 3 {
        let (event, id, data) = all.next();
        match &*event {
            "delivery" => {
                assert_eq!(data["id"], id.unwrap());
                ids.push(id.unwrap());
                if !data["answer"].is_null() {
                    answered.push(data["id"].as_i64().unwrap());
                }
            }
            "answered" => {
                assert_eq!(id, None);
                answered.push(data["id"].as_i64().unwrap());
            }
            other => panic!("{other}"),
        }
    }
    assert_eq!(ids, [2, 3, 4], "in the order of their numbers");
    answered.sort_unstable();
    assert_eq!(answered, [2, 3, 4]);
    let (event, id, data) = bad.next();
    assert_eq!(
        (&*event, id, &data["path"], &data["answer"]["status"]),
        ("delivery", Some(3), &json!("/b"), &json!(401))
    );

    // The id of the header wins.
    let mut again = Events::open(&env, "?after=0", Some(3));
    assert_eq!(again.next().1, Some(4));
    // A new listener on the same store goes on as well.
    drop((all, bad, again));
    listening.closes();
    let listening = env.listen(&[]);
    let mut again = Events::open(&env, "", Some(4));
    talk(listening.address(), Signed::new("{}").wire());
    assert_eq!(again.next().1, Some(5));
    ask(&socket(&env), "GET", "/events?filter=evnt:a", None).is(400);
}

#[test]
fn what_was_passed_untold_is_told_after_a_stream_was_cut_off_as_well() {
    let env = TestEnv::with_secret();
    let rules = ["--respond", "path:/held → hold 5m else 503", "--respond", "503"];
    let listening = env.listen(&rules);
    let address = listening.address();
    let hold = || std::thread::spawn(move || talk(address, Signed::new("{}").to("/held").wire()).status);
    let mut events = Events::open(&env, "?filter=status:503", None);
    let (first, second) = (hold(), {
        listening.says("held: #1 until");
        hold()
    });
    listening.says("held: #2 until");
    assert_eq!(talk(address, Signed::new("{}").wire()).status, 503);
    assert_eq!(events.next_of("delivery")["id"], 3);
    assert_eq!(events.last_id(), "3;1,2");
    let cut_off = events.last_id().to_owned();
    drop(events);
    for (id, sender) in [("2", second), ("1", first)] {
        env.run(&["release", id, "503"]).yes();
        assert_eq!(sender.join().unwrap(), 503);
    }
    let mut again = Events::resume(&env, "?filter=status:503", &cut_off);
    assert_eq!((again.next_of("delivery")["id"].clone(), again.last_id()), (json!(1), "3;2"));
    // Cut off between the two.
    let mut again = Events::resume(&env, "?filter=status:503", "3;2");
    assert_eq!((again.next_of("delivery")["id"].clone(), again.last_id()), (json!(2), "3"));

    // One that was told without its answer is told to be answered.
    let mut again = Events::resume(&env, "", "3");
    let third = hold();
    assert_eq!(again.next_of("delivery")["id"], 4);
    listening.says("held: #4 until");
    let cut_off = again.last_id().to_owned();
    drop(again);
    let mut again = Events::resume(&env, "", &cut_off);
    env.run(&["release", "4", "503"]).yes();
    assert_eq!(third.join().unwrap(), 503);
    assert_eq!(again.next_of("answered")["id"], 4);
}

#[test]
fn a_stream_begins_behind_what_there_is() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{}").wire());
    let refused = |target: &str| ask(&socket(&env), "GET", target, None).is(400).json()["detail"].clone();
    let words = "no delivery 7 yet: 1 is the newest, so this is of another store";
    assert_eq!(refused("/events?after=7"), words);
    assert!(refused("/events?after=-1").as_str().unwrap().contains("after"));
    // Those that were deleted count.
    env.run(&["delete", "1"]).yes();
    Events::open(&env, "?after=1", None);
}

#[test]
fn what_is_deleted_before_it_was_told_is_told_as_missed() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for _ in 0..4 {
        talk(listening.address(), Signed::new("{}").wire());
    }
    listening.closes();
    env.run(&["prune", "2-3", "--yes"]).yes();
    let _listening = env.listen(&[]);
    let mut events = Events::open(&env, "?after=1", None);
    assert_eq!(events.next_of("missed"), json!({"from": 2, "to": 3}));
    assert_eq!(events.next_of("delivery")["id"], 4);
}

#[test]
fn a_list_says_nothing_of_what_was_gone_when_it_began() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for _ in 0..4 {
        talk(listening.address(), Signed::new("{}").wire());
    }
    env.run(&["prune", "2-3", "--yes"]).yes();
    let mut follower = KillOnDrop(env.command(&["list", "--follow", "--format", "json"]).spawn().unwrap());
    let mut lines = BufReader::new(follower.0.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!((next()["id"].clone(), next()["id"].clone()), (json!(1), json!(4)));
    talk(listening.address(), Signed::new("{}").wire());
    assert_eq!(next()["id"], 5);
    let mut stderr = follower.0.stderr.take().unwrap();
    drop(follower);
    let mut said = String::new();
    std::io::Read::read_to_string(&mut stderr, &mut said).unwrap();
    assert_eq!(said, "");
}

#[test]
fn a_list_that_nobody_reads_any_more_ends_by_itself() {
    let env = TestEnv::with_secret();
    for runs in [false, true] {
        let _listening = runs.then(|| env.listen(&[]));
        let mut follower = KillOnDrop(env.command(&["list", "--follow", "-n", "0"]).spawn().unwrap());
        drop(follower.0.stdout.take());
        let ended = until(|| follower.0.try_wait().unwrap()).expect("it ends");
        assert!(ended.success(), "{ended}");
    }
}

#[test]
fn a_store_that_is_made_anew_is_followed_from_its_first_delivery() {
    let env = TestEnv::with_secret();
    env.write("one.http", Signed::new("{}").to("/old").wire());
    let many = ["new", "newer"].map(|name| {
        env.write(&format!("{name}.http"), Signed::new("{}").to(&format!("/{name}")).wire());
        format!("{name}.http")
    });
    env.run(&["import", "one.http"]).yes();
    let mut follower = KillOnDrop(env.command(&["list", "--follow", "--format", "json"]).spawn().unwrap());
    let mut lines = BufReader::new(follower.0.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    assert_eq!(next()["path"], "/old");
    let waits = ["wait", "path:/newer", "--timeout", "60s", "--format", "json"];
    let mut waiter = KillOnDrop(env.command(&waits).spawn().unwrap());
    // Its store is open: proc_pid_fd(5).
    let folder = env.store().parent().unwrap().to_owned();
    let has_opened = || {
        let files = std::fs::read_dir(format!("/proc/{}/fd", waiter.0.id())).ok()?;
        files.flatten().any(|file| std::fs::read_link(file.path()).is_ok_and(|to| to == env.store())).then_some(())
    };
    if cfg!(target_os = "linux") {
        until(has_opened).unwrap();
    }
    std::fs::remove_dir_all(folder).unwrap();
    for file in &many {
        env.run(&["import", file]).yes();
    }
    assert_eq!((next()["path"].clone(), next()["path"].clone()), (json!("/new"), json!("/newer")));
    assert!(until(|| waiter.0.try_wait().unwrap()).expect("it ends").success());
    let mut said = String::new();
    std::io::Read::read_to_string(&mut waiter.0.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("the store was replaced"), "{said}");
}

#[test]
fn a_list_follows_from_listener_to_listener() {
    let env = TestEnv::with_secret();
    let mut follower = env.command(&["list", "--follow", "--format", "json"]);
    // Before there is a store.
    let mut follower = KillOnDrop(follower.spawn().unwrap());
    let mut lines = BufReader::new(follower.0.stdout.take().unwrap()).lines();
    let mut next = || -> Value { serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap() };
    for round in 0..2 {
        let listening = env.listen(&["--respond", "path:/held → hold 5m else 202", "--respond", "204"]);
        for number in 1..=3 {
            assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 204);
            let row = next();
            assert_eq!((&row["id"], &row["answer"]["status"]), (&json!(round * 4 + number), &json!(204)));
        }
        // A delivery that is held has its line at once.
        let address = listening.address();
        let held = std::thread::spawn(move || talk(address, Signed::new("{}").to("/held").wire()).status);
        let row = next();
        assert_eq!((&row["id"], &row["answer"]), (&json!(round * 4 + 4), &Value::Null));
        env.run(&["release", "latest", "410"]).yes();
        assert_eq!(held.join().unwrap(), 410);
        listening.closes();
    }
    let ran = env.run(&["list", "--follow", "verdict:nonsense"]).complains();
    assert!(ran.contains("unknown verdict 'nonsense'"), "{ran}");
}
