//! What a running listener sends and compares when other processes ask it: jobs, images, differences.

use serde_json::{Value, json};

use crate::support::control::{Events, ask, get, socket};
use crate::support::{SECRET, Signed, TestEnv, Unit, sample, talk};

/// The result of a job that is waited for.
#[track_caller]
fn done(env: &TestEnv, target: &str, members: &Value) -> Value {
    let job = ask(&socket(env), "POST", &format!("{target}?wait=true"), Some(members)).is(200).json();
    assert_eq!(job["state"], "done", "{job}");
    job["result"].clone()
}

#[track_caller]
fn refused(env: &TestEnv, target: &str, members: &Value, status: u16) -> String {
    let problem = ask(&socket(env), "POST", target, Some(members)).is(status).json();
    problem["detail"].as_str().unwrap().to_owned()
}

#[test]
fn deliveries_are_replayed_by_the_listener() {
    let env = TestEnv::with_secret();
    let receiver = TestEnv::with_secret();
    let (listening, other) = (env.listen(&[]), receiver.listen(&["--format", "json"]));
    for number in 1..=3 {
        talk(listening.address(), Signed::new(format!("{{\"n\":{number}}}")).to("/a").wire());
    }
    talk(listening.address(), Signed::new("{}").by("wrong", Unit::Seconds).to("/b").wire());
    let mut events = Events::open(&env, "", None);
    let to = other.url("");
    let one = done(&env, "/replay", &json!({"ids": [2], "to": [to]}));
    assert_eq!((&one["total"], &one["delivered"], &one["failed"]), (&json!(1), &json!(1), &json!(0)));
    let attempt = &one["attempts"][0];
    assert_eq!(
        (&attempt["status"], &attempt["mode"], &attempt["body"]),
        (&json!(200), &json!("as_captured"), &json!("{\"n\":2}"))
    );
    assert_eq!(other.json_line(1)["path"], "/a");
    // What a change says is read when it is told, so a job this short may be done by then.
    let mut told = events.next_change("job");
    assert_eq!(told["kind"], "replay");
    while told["state"] != "done" {
        assert_eq!(told["state"], "running");
        told = events.next_change("job");
    }
    // It is kept beside its delivery, and found by its number.
    let number = attempt["attempt"].as_i64().unwrap();
    assert_eq!(get(&env, "/deliveries/2/attempts").json()[0]["id"], number);
    let stored = get(&env, &format!("/attempts/{number}")).is(200).json();
    assert_eq!((&stored["target"], &stored["response"]), (&attempt["target"], &attempt["response"]));
    get(&env, "/attempts/99").is(404);

    // The order of the numbers, and for a filter the oldest first.
    let many = done(&env, "/replay", &json!({"ids": [3, "1-2", "latest"], "to": [to], "resign": true}));
    let order: Vec<&Value> = many["attempts"].as_array().unwrap().iter().map(|row| &row["delivery"]).collect();
    assert_eq!(order, [3, 1, 2, 4]);
    assert_eq!((&many["delivered"], &many["attempts"][0]["body"]), (&json!(4), &Value::Null));
    let bad = done(&env, "/replay", &json!({"filter": "verdict:bad", "to": [to]}));
    assert_eq!((&bad["sent"], &bad["failed"], &bad["attempts"][0]["status"]), (&json!(1), &json!(1), &json!(401)));
    let edited = done(&env, "/replay", &json!({"ids": [1], "to": [to], "body": "{\"n\":0}"}));
    assert_eq!((&edited["attempts"][0]["status"], &edited["attempts"][0]["body"]), (&json!(200), &json!("{\"n\":0}")));

    // Nothing goes to another machine by itself, and what cannot be is refused before anything is sent.
    other.line(7);
    let before = other.stdout().lines().count();
    let words = refused(&env, "/replay", &json!({"ids": [1, 2], "to": [to, "https://collector.example/"]}), 403);
    assert!(words.contains("cannot send 4 deliveries to collector.example without confirmation"), "{words}");
    assert!(refused(&env, "/replay", &json!({"ids": [1, 9], "to": [to]}), 404).contains("no delivery 9"));
    assert!(refused(&env, "/replay", &json!({"to": [to]}), 400).contains("expected ids or filter"));
    assert!(refused(&env, "/replay", &json!({"ids": [1], "two": [to]}), 400).contains("unknown field `two`"));
    assert!(refused(&env, "/replay", &json!({"ids": [1]}), 400).contains("to: expected a URL"));
    assert_eq!(other.stdout().lines().count(), before);
}

#[test]
fn what_a_job_counts_is_what_is_there() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for _ in 0..4 {
        talk(listening.address(), Signed::new("{}").wire());
    }
    env.run(&["prune", "2", "--yes"]).yes();
    // Several changes of one delivery are one.
    let marked = done(&env, "/marks", &json!({"ids": [1], "pinned": true, "note": "x", "add_tags": ["a"]}));
    assert_eq!(marked, json!({"matched": 1, "changed": 1}));
    let kept = env.show(1);
    assert_eq!((&kept["pinned"], &kept["user_note"], &kept["tags"]), (&json!(true), &json!("x"), &json!(["a"])));
    for (pinned, matched) in [(true, 3), (false, 2)] {
        let dry = done(&env, "/prune", &json!({"ids": ["1-9", 4], "pinned": pinned, "dry_run": true}));
        assert_eq!((&dry["matched"], &dry["deleted"]), (&json!(matched), &json!(0)));
    }
    let job = ask(&socket(&env), "POST", "/prune?wait=true", Some(&json!({"ids": ["3-9"]}))).is(200).json();
    assert_eq!((&job["result"]["deleted"], &job["progress"]), (&json!(2), &json!({"done": 2, "total": 2})), "{job}");
    // However often one is named: what a request takes of memory is bounded.
    let many = vec![1; 20_001];
    let words = refused(&env, "/replay", &json!({"ids": many, "to": [listening.url("/")]}), 400);
    assert!(words.contains("at most 20,000"), "{words}");
    let two = [listening.url("/a"), listening.url("/b")];
    assert!(refused(&env, "/replay", &json!({"ids": many[..10_001], "to": two}), 400).contains("at most 10,000"));
}

#[test]
fn a_job_is_seen_and_cancelled_by_its_number() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for _ in 0..3 {
        talk(listening.address(), Signed::new("{}").wire());
    }
    // One in a minute: whoever waits for all of them waits for the cancellation.
    let members = json!({"ids": ["1-3"], "to": [listening.url("/again")], "rate": "1/m"});
    let job = ask(&socket(&env), "POST", "/replay", Some(&members)).is(202).json();
    let number = job["job"].to_string();
    let listed = env.run(&["jobs"]).yes().stdout();
    assert!(listed.contains("replay  running, "), "{listed}");
    assert_eq!(get(&env, "/status").json()["jobs"], json!([job["job"]]));
    crate::support::until(|| (get(&env, &format!("/jobs/{number}")).json()["progress"]["done"] == 1).then_some(()));
    env.run(&["jobs", "cancel", &number]).yes();
    let ended = get(&env, &format!("/jobs/{number}?wait=true")).is(200).json();
    assert_eq!((&ended["state"], &ended["result"]["sent"]), (&json!("cancelled"), &json!(1)), "{ended}");
    let listed = env.run(&["jobs", "--format", "json"]).yes().json();
    assert_eq!(listed["state"], "cancelled");
    assert!(env.run(&["jobs", "cancel", "99"]).no().stderr().contains("no job 99"));
    listening.closes();
}

#[test]
fn deliveries_are_made_and_receivers_are_checked() {
    let env = TestEnv::with_secret();
    env.write("whyhook.toml", "[simulations.busy]\nevent = 'app'\ncount = 3\n");
    let listening = env.listen(&["--format", "json"]);
    let one = done(&env, "/simulate", &json!({"event": "screenshot", "live": true, "image_size": "64x64", "seed": 7}));
    assert_eq!((&one["delivered"], &one["attempts"][0]["kind"]), (&json!(1), &json!("simulation")), "{one}");
    let line = listening.json_line(1);
    assert_eq!(
        (&line["verdict"], &line["event"]),
        (&json!("verified"), &json!("desktop.screenshot_tracking.captured"))
    );
    let many = done(&env, "/simulate", &json!({"saved": "busy", "set": ["data[0].tracking.app.name=Mail"]}));
    assert_eq!((&many["total"], &many["delivered"]), (&json!(3), &json!(3)));
    assert_eq!(listening.json_line(4)["event"], "desktop.app_tracking.captured");
    // A copy is the same to the byte. How they arrive is the machine's affair.
    let paced = json!({"event": "app", "count": 3, "rate": 200, "duplicate": true});
    let paced = done(&env, "/simulate", &paced);
    assert_eq!((&paced["total"], &paced["delivered"]), (&json!(6), &json!(6)));
    let mut sent: Vec<Vec<u8>> = (5..=10).map(|id| env.bytes(id, "raw")).collect();
    sent.sort_unstable();
    for pair in sent.chunks(2) {
        assert!(pair[0] == pair[1]);
    }
    sent.dedup();
    assert_eq!(sent.len(), 3);
    let given = done(&env, "/simulate", &json!({"body": "{\"a\":1}", "headers": ["X-A: b"]}));
    assert_eq!(given["delivered"], 1);
    assert_eq!(get(&env, "/deliveries/latest/body").body, b"{\"a\":1}");
    let again = done(&env, "/simulate", &json!({"from": "latest", "duplicate": true}));
    assert_eq!((&again["total"], &again["delivered"]), (&json!(2), &json!(2)));
    for (members, words) in [
        (json!({}), "no event"),
        (json!({"event": "nothing"}), "body: "),
        (json!({"event": "app", "body": "{}"}), "event cannot be combined"),
        (json!({"event": "app", "secret": "none"}), "secret"),
        (json!({"event": "app", "set": ["nowhere"]}), "nowhere"),
        (json!({"event": "app", "set": ["data[7].tracking=1"]}), "data[7]"),
        (json!({"event": "app", "items": 0}), "item count 0"),
        (json!({"event": "activity", "items": 2}), "has no items"),
    ] {
        assert!(refused(&env, "/simulate", &members, 400).contains(words), "{members}");
    }
    assert!(
        refused(&env, "/simulate", &json!({"event": "app", "to": "https://collector.example/"}), 403)
            .contains("collector.example")
    );

    let report = done(
        &env,
        "/check",
        &json!({"to": listening.url("/webhooks/trackpilots"), "only": ["app-simulated", "app-live"]}),
    );
    assert_eq!((&report["result"], &report["counts"]["pass"]), (&json!("pass"), &json!(2)), "{report}");
    let reference = env.run(&["check", &listening.url("/webhooks/trackpilots"), "--format", "json"]).stdout();
    let reference: Value = serde_json::from_str(&reference).unwrap();
    assert_eq!(
        report.as_object().unwrap().keys().collect::<Vec<_>>(),
        reference.as_object().unwrap().keys().collect::<Vec<_>>()
    );
    assert!(refused(&env, "/check", &json!({}), 400).contains("no receiver to check"));
    assert!(
        refused(&env, "/check", &json!({"to": "http://localhost:1/", "only": ["nonsense"]}), 400)
            .contains("unknown case")
    );
    assert!(refused(&env, "/check", &json!({"to": "http://localhost:1/", "jobs": 99}), 400).contains("1 to 16"));
    listening.closes();
}

#[test]
fn images_and_differences_are_as_the_commands_have_them() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new(sample("screenshot-live.json")).wire());
    talk(listening.address(), Signed::new("{\"a\": 1}").wire());
    talk(listening.address(), Signed::new("{\"a\": 2}").by(SECRET, Unit::Seconds).wire());
    let images = get(&env, "/deliveries/1/images").is(200).json();
    assert_eq!(images["images"], env.show(1)["images"]);
    let image = get(&env, "/deliveries/1/images/1").is(200);
    assert_eq!(image.body, env.run(&["export", "1", "--as", "image"]).yes().stdout);
    let format = images["images"][0]["format"].as_str().unwrap();
    assert_eq!(image.header("content-type"), Some(&*format!("image/{format}")));
    assert_eq!(image.header("x-content-type-options"), Some("nosniff"));
    assert!(image.header("content-disposition").unwrap().starts_with("attachment; filename=whyhook-1"));
    assert_eq!(get(&env, "/deliveries/2/images").is(200).json(), json!({"id": 2, "images": []}));
    get(&env, "/deliveries/2/images/1").is(404);
    get(&env, "/deliveries/1/images/99").is(404);
    get(&env, "/deliveries/1/images/first").is(400);
    let diff = get(&env, "/diff?left=2&right=latest").is(200).json();
    let printed = env.run(&["diff", "2", "3", "--format", "json"]).no().stdout();
    assert_eq!(diff, serde_json::from_str::<Value>(&printed).unwrap());
    assert_eq!(diff["same"], false);
    get(&env, "/diff?left=2&right=77").is(404);
    get(&env, "/diff?left=2").is(400);
}

/// A debug build panics in the thread that is named (`WHYHOOK_DEBUG_PANIC`, see `src/system/panic.rs`).
#[cfg(debug_assertions)]
#[test]
fn a_panic_in_a_job_fails_it_alone() {
    let env = TestEnv::with_secret();
    let trigger = env.root().join("trigger");
    let env = env.set("WHYHOOK_DEBUG_PANIC", format!("api={}", trigger.display()));
    let log = env.work().join("log");
    let listening = env.listen(&["--log", log.to_str().unwrap()]);
    talk(listening.address(), Signed::new("{}").wire());
    let file = env.write("one.http", "POST http://h/one\n");
    let import = || env.run(&["import", file.to_str().unwrap()]);
    std::fs::write(&trigger, "").unwrap();
    let said = import().stderr();
    assert!(said.contains("internal error at src") && said.contains("this is a fault of whyhook"), "{said}");
    // So does what a request reads.
    let problem = get(&env, "/deliveries/1").is(500).json();
    assert!(problem["detail"].as_str().unwrap().starts_with("internal error at src"), "{problem}");
    std::fs::remove_file(&trigger).unwrap();
    assert!(std::fs::read_to_string(&log).unwrap().contains("panic caught"));
    // The listener goes on, and nothing of it is kept.
    talk(listening.address(), Signed::new("{}").wire());
    get(&env, "/deliveries/2").is(200);
    get(&env, "/deliveries/3").is(404);
    import().yes();
    get(&env, "/deliveries/3").is(200);
    listening.stop();
}

#[test]
fn a_rate_that_no_clock_reaches_is_refused() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    for rate in [1e-20, 1e-300, 0.0, -1.0, 1e300] {
        let members = json!({"event": "app", "to": listening.url("/"), "count": 2, "rate": rate});
        let said = refused(&env, "/simulate", &members, 400);
        assert!(said.contains("invalid rate") && said.contains("at least one delivery a day"), "{said}");
    }
    let said = env.run(&["simulate", "app", &listening.url("/"), "--count", "2", "--rate", "1e-20"]).stderr();
    assert!(said.contains("invalid rate"), "{said}");
    listening.stop();
}
