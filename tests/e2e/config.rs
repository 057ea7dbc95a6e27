//! Configuration, `.env`, ports and stores: what is right works, what is wrong is one clear line.

use std::fs;
use std::net::TcpListener;
use std::path::Path;

use serde_json::json;

use crate::support::{SECRET, Signed, TestEnv, Unit, talk};

const TWO_WEBHOOKS: &str = r#"
bind = "127.0.0.1:0"
tolerance = "10m"

[secrets]
dev = { env = "DEV_KEY" }
resale = { file = "resale.key" }

[[webhook]]
name = "dev"
path = "/webhooks/trackpilots"
kind = "developer"
secret = "dev"
events = ["desktop.app_tracking.captured"]

[[webhook]]
name = "resale"
path = "/resale"
kind = "reseller"
secret = "resale"
"#;

#[test]
fn two_webhooks_on_one_listener_have_secrets_of_their_own() {
    let env = TestEnv::new().set("DEV_KEY", SECRET);
    env.write("whyhook.toml", TWO_WEBHOOKS);
    env.write("resale.key", "the_resellers_own_secret\n");
    let listening = env.listen(&["--format", "json"]);
    let dev = Signed::new("{}").by(SECRET, Unit::Seconds);
    let resale = Signed::new("{}").by("the_resellers_own_secret", Unit::Milliseconds);
    let cases = [
        (dev.clone(), "/webhooks/trackpilots", 200, json!("dev"), json!("dev")),
        (resale.clone(), "/resale", 200, json!("resale"), json!("resale")),
        (resale.clone(), "/resale/?again=1", 200, json!("resale"), json!("resale")),
        (dev.clone(), "/resale", 401, json!("resale"), json!(null)),
        (resale.clone(), "/webhooks/trackpilots", 401, json!("dev"), json!(null)),
        // A path of no webhook: any secret may have signed.
        (resale, "/elsewhere", 200, json!(null), json!("resale")),
        (dev, "/", 200, json!(null), json!("dev")),
    ];
    for (number, (request, path, status, webhook, secret)) in (1..).zip(cases) {
        assert_eq!(talk(listening.address(), request.to(path).wire()).status, status, "{path}");
        let line = listening.json_line(number);
        assert_eq!((&line["webhook"], &line["secret"]), (&webhook, &secret), "{path}");
    }
}

#[test]
fn a_bad_line_is_placed_and_nothing_is_begun() {
    let env = TestEnv::with_secret();
    for (text, words) in [
        (
            "bind = 3000",
            "whyhook.toml:1:8: invalid type: expected a string, found a whole number: put it in quotation marks",
        ),
        ("bindd = '127.0.0.1:1'", "did you mean `bind`?"),
        ("\nport = 1", "whyhook.toml:2:1: unknown field `port`, expected one of `bind`"),
        ("bind = \"nowhere\"", "whyhook.toml:1:8: invalid listening address 'nowhere': expected an address and a port"),
        ("tolerance = \"5\"", "whyhook.toml:1:13: invalid duration '5'"),
        ("[secrets]\na = { env = \"NOT_SET\" }", "'NOT_SET'"),
        ("[secrets]\na = { env = \"NOT_SET\" }", "whyhook.toml:2"),
        (
            "[[webhook]]\nname = \"a\"\npath = \"a\"",
            "whyhook.toml:3:8: invalid path 'a': expected '/' at the beginning",
        ),
        ("[[webhook]]\nname = \"a\"\npath = \"/a\"\nsecret = \"who\"", "whyhook.toml:4:"),
        ("bind = \"\u{1b}\u{202e}", "whyhook.toml:1:"),
    ] {
        env.write("whyhook.toml", text);
        let line = env.run(&["--headless"]).complains();
        assert!(line.contains(words), "{text}: {line}");
        assert!(!line.contains(['\u{1b}', '\u{202e}']), "{line:?}");
    }
    fs::remove_file(env.work().join("whyhook.toml")).unwrap();
    let line = env.run(&["--headless", "--config", "other.toml"]).complains();
    assert!(line.contains("other.toml") && line.contains("No such file"), "{line}");
    let line = env.run(&["--headless", "--bind", "here"]).complains();
    assert!(line.contains("--bind: invalid listening address 'here'"), "{line}");
    assert!(!env.store().exists());
}

#[test]
fn an_env_file_beside_it_is_read_as_node_reads_it() {
    let env = TestEnv::new();
    env.write(
        ".env",
        format!("# the webhook\nexport TRACKPILOTS_WEBHOOKS_SECRET_KEY=\"{SECRET}\" # secret\r\nB=2\r\n"),
    );
    let listening = env.listen(&["--format", "json"]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    assert_eq!(listening.json_line(1)["secret"], "TRACKPILOTS_WEBHOOKS_SECRET_KEY");
    assert!(!listening.stderr().contains("no secret"), "{}", listening.stderr());

    // What is exported wins.
    let env = TestEnv::new().set("TRACKPILOTS_WEBHOOKS_SECRET_KEY", "the_exported_secret");
    env.write(".env", format!("TRACKPILOTS_WEBHOOKS_SECRET_KEY={SECRET}\n"));
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 401);
    let exported = Signed::new("{}").by("the_exported_secret", Unit::Seconds);
    assert_eq!(talk(listening.address(), exported.wire()).status, 200);
}

#[test]
fn without_a_secret_it_runs_and_says_how_to_give_one() {
    let env = TestEnv::new();
    let listening = env.listen(&["--format", "json"]);
    listening.says("no secret: set TRACKPILOTS_WEBHOOKS_SECRET_KEY in the environment or .env");
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 401);
    assert_eq!(listening.json_line(1)["verdict"], "no_secret");
}

#[test]
fn a_quoted_secret_is_taken_as_it_is_and_pointed_out_when_listening() {
    let quoted = format!("'{SECRET}'");
    let env = TestEnv::new().set("TRACKPILOTS_WEBHOOKS_SECRET_KEY", &quoted);
    let listening = env.listen(&[]);
    listening.says("is wrapped in quotation marks, and is used exactly as it is");
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 401);
    assert_eq!(talk(listening.address(), Signed::new("{}").by(&quoted, Unit::Seconds).wire()).status, 200);
}

#[test]
fn a_port_in_use_is_said_with_the_way_out() {
    let env = TestEnv::with_secret();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let line = env.run(&["--headless", "--bind", &address.to_string()]).complains();
    assert!(
        line.contains(&format!("{address} is in use by another program: stop it, or choose another port")),
        "{line}"
    );
    assert!(!env.store().exists());
}

#[test]
fn deliveries_outlive_the_run_unless_ephemeral() {
    let env = TestEnv::with_secret();
    for run in 1..=2 {
        let listening = env.listen(&[]);
        assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
        listening.closes();
        assert_eq!(env.run(&["list", "--format", "json"]).yes().stdout().lines().count(), run);
    }
    let listening = env.listen(&["--ephemeral"]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    assert!(listening.line(1).ends_with(" | #1"));
    listening.stop();
    assert_eq!(env.run(&["list"]).yes().stdout().lines().count(), 2);
    assert_eq!(fs::read_dir(env.root().join("tmp")).unwrap().count(), 0, "nothing is left of an ephemeral run");
}

#[test]
fn what_is_kept_is_its_owner_s_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new(vec![b' '; 200_000]).wire());
    let mut files = 0;
    let mut folders = vec![env.store().parent().unwrap().to_owned()];
    while let Some(folder) = folders.pop() {
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700, "{}", folder.display());
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files += 1;
                assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600, "{}", path.display());
            }
        }
    }
    assert!(files >= 3, "{files}");
}

/// A mounted volume is updated as a whole: what is linked to is another folder at once.
#[test]
fn a_configuration_behind_links_is_reloaded_when_they_lead_elsewhere() {
    use std::os::unix::fs::symlink;
    let env = TestEnv::with_secret();
    let work = env.work();
    for (version, status) in [("one", 503), ("two", 418)] {
        fs::create_dir_all(work.join("volume").join(version)).unwrap();
        env.write(&format!("volume/{version}/whyhook.toml"), format!("respond = '{status}'\n"));
    }
    symlink("one", work.join("volume/..data")).unwrap();
    symlink("volume/..data/whyhook.toml", work.join("whyhook.toml")).unwrap();
    let listening = env.listen(&[]);
    let status = || talk(listening.address(), Signed::new("{}").wire()).status;
    assert_eq!(status(), 503);
    symlink("two", work.join("volume/new")).unwrap();
    fs::rename(work.join("volume/new"), work.join("volume/..data")).unwrap();
    listening.says("rules: configuration reloaded, 1 active");
    assert_eq!(status(), 418);
    // Removed, and there again.
    fs::remove_file(work.join("whyhook.toml")).unwrap();
    env.write("whyhook.toml", "respond = '202'\n[[rules]]\nwhen = 'path:/a'\nthen = '429'\n");
    listening.says("rules: configuration reloaded, 2 active");
    assert_eq!(status(), 202);
}

/// Every command that would touch the store says the same kind of thing, and nothing is changed.
#[track_caller]
fn refuses(env: &TestEnv, store: &Path, words: &str) {
    let before = fs::read(store).ok();
    let path = store.to_str().unwrap();
    for arguments in [
        &["--headless", "--bind", "127.0.0.1:0", "--store", path][..],
        &["list", "--store", path],
        &["show", "1", "--store", path],
        &["verify", "1", "--store", path],
    ] {
        let line = env.run(arguments).complains();
        assert!(line.contains(words) && line.contains(path), "{arguments:?}: {line}");
    }
    assert!(before == fs::read(store).ok(), "{path} was changed");
}

#[test]
fn a_store_that_cannot_be_used_is_said_and_left_alone() {
    let env = TestEnv::with_secret();
    let folder = env.work().join("folder");
    fs::create_dir(&folder).unwrap();
    refuses(&env, &folder, "is a folder: give a file, such as --store");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);

    let text = env.write("notes.txt", "Dear diary,\n");
    refuses(&env, &text, "is not a whyhook store (not a SQLite file): nothing was changed");

    let other = env.work().join("other.db");
    rusqlite::Connection::open(&other)
        .unwrap()
        .execute_batch("CREATE TABLE mine (x); INSERT INTO mine VALUES (1);")
        .unwrap();
    refuses(&env, &other, "is not a whyhook store (another SQLite database): nothing was changed");

    let garbage = env.write("garbage.db", [b"SQLite format 3\0".to_vec(), vec![0xa5; 40_000]].concat());
    refuses(&env, &garbage, "is not a whyhook store");
}

fn captured(env: &TestEnv, name: &str) -> std::path::PathBuf {
    let store = env.work().join(name);
    let listening = env.listen(&["--store", name]);
    for number in 0..20 {
        talk(listening.address(), Signed::new(format!("{{\"number\":{number},\"pad\":\"{:4000}\"}}", "")).wire());
    }
    listening.stop();
    store
}

#[test]
fn a_newer_or_damaged_store_is_said_and_left_alone() {
    let env = TestEnv::with_secret();
    let newer = captured(&env, "newer.db");
    rusqlite::Connection::open(&newer).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let known = whyhook::store::SCHEMA_VERSION;
    refuses(&env, &newer, &format!("has schema version 99, this whyhook supports up to {known}: nothing was changed"));

    let damaged = captured(&env, "damaged.db");
    let mut bytes = fs::read(&damaged).unwrap();
    bytes[100..16_000].fill(0x5a);
    fs::write(&damaged, &bytes).unwrap();
    refuses(&env, &damaged, "is damaged");
}

#[test]
fn a_damaged_record_is_said_and_the_rest_stays_readable() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let large = vec![b'x'; 3_000_000];
    talk(listening.address(), Signed::new("{}").wire());
    talk(listening.address(), Signed::new(large.clone()).wire());
    listening.stop();
    assert!(env.bytes(2, "body") == large);
    let log = env.store().with_file_name("whyhook.db-log").join("00000001.log");
    let mut bytes = fs::read(&log).unwrap();
    *bytes.last_mut().unwrap() ^= 1;
    fs::write(&log, bytes).unwrap();
    let line = env.run(&["show", "2"]).complains();
    assert!(line.contains("delivery 2:") && line.contains("damaged"), "{line}");
    assert_eq!(env.run(&["list"]).yes().stdout().lines().count(), 2);
    assert_eq!(env.bytes(1, "body"), b"{}");
}

#[test]
fn a_store_without_permission_is_said() {
    use std::os::unix::fs::PermissionsExt as _;
    let env = TestEnv::with_secret();
    let file = env.write("a-file", "x");
    let below = file.join("whyhook.db");
    let line = env.run(&["--headless", "--bind", "127.0.0.1:0", "--store", below.to_str().unwrap()]).complains();
    assert!(line.contains("a-file") && line.contains("cannot "), "{line}");
    if rustix::process::geteuid().is_root() {
        return; // Root may read and write everything.
    }
    let store = captured(&env, "closed.db");
    fs::set_permissions(&store, fs::Permissions::from_mode(0o000)).unwrap();
    refuses(&env, &store, "cannot read");
    fs::set_permissions(&store, fs::Permissions::from_mode(0o400)).unwrap();
    let line = env.run(&["--headless", "--bind", "127.0.0.1:0", "--store", store.to_str().unwrap()]).complains();
    assert!(line.contains("cannot write to"), "{line}");
}

#[test]
fn one_store_has_one_writer() {
    let env = TestEnv::with_secret();
    let first = env.listen(&[]);
    let line = env.run(&["--headless", "--bind", "127.0.0.1:0"]).complains();
    assert!(line.contains(&format!("is in use by another whyhook (process {})", first.process())), "{line}");
    // On the same port it is most likely the same run that is wanted.
    let line = env.run(&["--headless", "--bind", &first.address().to_string()]).complains();
    assert!(line.contains("`whyhook attach` shows it") && !line.contains("another program"), "{line}");
    assert_eq!(talk(first.address(), Signed::new("{}").wire()).status, 200);
}

#[test]
fn a_store_deleted_under_a_running_listener_is_never_a_false_200() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    assert_eq!(talk(listening.address(), Signed::new("{}").wire()).status, 200);
    fs::remove_dir_all(env.store().parent().unwrap()).unwrap();
    let answer = talk(listening.address(), Signed::new("{}").wire());
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    listening.says("was deleted or replaced while whyhook was running");
}
