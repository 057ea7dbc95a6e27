//! `whyhook doctor`: what is in the way of a first delivery, and nothing that is somebody's.

use std::net::TcpListener;

use crate::support::{SECRET, Signed, TestEnv, Unit, now, signature, talk};

fn check<'a>(report: &'a serde_json::Value, name: &str) -> &'a serde_json::Value {
    let checks = report["checks"].as_array().unwrap();
    checks.iter().find(|check| check["check"] == name).unwrap_or_else(|| panic!("{name}: {report}"))
}

#[test]
fn it_tells_what_is_wrong_and_what_to_do_and_names_nobody() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let env = TestEnv::with_secret().set("USER", "somebody");
    env.write(".env", "TRACKPILOTS_WEBHOOKS_SECRET_KEY=quite-another-secret-of-old\n");
    let text = env.run(&["doctor", "--bind", &address]).no().stdout();
    let lines = |name: &str| text.lines().filter(|line| line.contains(name)).map(str::to_owned).collect::<Vec<_>>();
    assert!(
        lines("port")[0].starts_with("problem  port") && lines("port")[0].contains("choose another port"),
        "{text}"
    );
    assert!(lines("env file")[0].starts_with("warning  env file"), "{text}");
    assert!(lines("store")[0].contains("is created at the first start"), "{text}");
    assert!(text.lines().last().is_some_and(|line| line.starts_with("1 problem, ")), "{text}");
    for private in [SECRET, "quite-another", "somebody", env.home().to_str().unwrap(), env.work().to_str().unwrap()] {
        assert!(!text.contains(private), "{private}: {text}");
    }

    env.write("whyhook.toml", "mouse = 2\n");
    let broken = env.run(&["doctor", "--bind", &address, "--format", "json"]).no().json();
    let port = check(&broken, "port");
    assert!(port["found"].as_str().is_some_and(|found| found.contains(&address)), "{port}");
    std::fs::remove_file(env.work().join("whyhook.toml")).unwrap();

    // Without what is in the way, there is no problem, and the exit code says so.
    let report = env.run(&["doctor", "--bind", "127.0.0.1:0", "--format", "json"]).yes().json();
    assert_eq!(report["outcome"], "warning", "{report}");
    assert_eq!(check(&report, "port")["outcome"], "ok");
    let page = include_str!("../../docs/doctor.md");
    for named in report["checks"].as_array().unwrap() {
        let row = format!("\n| `{}` | ", named["check"].as_str().unwrap());
        assert!(page.contains(&row), "{row} is not in docs/doctor.md");
    }
    for key in ["check", "outcome", "found", "next"] {
        assert!(check(&report, "secrets").get(key).is_some(), "{key}");
    }
}

#[test]
fn it_knows_the_running_listener_and_a_clock_that_is_off() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let timestamp = (now(Unit::Seconds).parse::<u64>().unwrap() - 3600).to_string();
    let signed = signature(SECRET.as_bytes(), &timestamp, b"{}");
    let old = format!(
        "POST /webhooks/trackpilots HTTP/1.1\r\nHost: localhost\r\nX-Webhook-Signature: {signed}\r\n\
         X-Webhook-Timestamp: {timestamp}\r\nContent-Length: 2\r\n\r\n{{}}"
    );
    talk(listening.address(), old);
    let report = env.run(&["doctor", "--format", "json"]).no().json();
    assert!(
        check(&report, "port")["found"].as_str().unwrap().contains("a listener of this store runs at http"),
        "{report}"
    );
    let clock = check(&report, "clock");
    assert!(
        clock["outcome"] == "problem" && clock["found"].as_str().unwrap().contains("before this machine's time"),
        "{clock}"
    );
    assert!(check(&report, "store")["found"].as_str().unwrap().contains("1 delivery"), "{report}");
    // A delivery of this minute shows that the clock is right and the others are old.
    talk(listening.address(), Signed::new("{}").wire());
    let report = env.run(&["doctor", "--format", "json"]).yes().json();
    assert_eq!(check(&report, "clock")["outcome"], "ok", "{report}");
}
