//! What programs that whyhook starts get to see, and what a run leaves behind.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;

use crate::support::tools::signal;
use crate::support::{DEFAULT_VARIABLE, KillOnDrop, Person, SECRET, Signed, Size, TestEnv, sample, talk, until};

const OTHER: &str = "whsec_other_8hWq2LmZx7Tc";
const COPIED: &str = "whsec_copied_3kVb6NpYd1Rf";

/// An environment whose `name` is a program that writes its environment and arguments down, and then runs `then`.
fn with_program(env: TestEnv, name: &str, then: &str) -> TestEnv {
    let folder = env.root().join("bin");
    fs::create_dir_all(&folder).unwrap();
    let path = folder.join(name);
    let seen = env.root().join(format!("seen-{name}"));
    // Written elsewhere and renamed: whoever looks sees all of it.
    let script = format!(
        "#!/bin/sh\nenv > {seen}.new\necho \"arguments: $*\" >> {seen}.new\n\
         mv {seen}.new {seen}\n{then}\n",
        seen = seen.display()
    );
    fs::write(&path, script).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
    let paths = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    env.set("PATH", paths)
}

fn seen(env: &TestEnv, name: &str) -> String {
    let path = env.root().join(format!("seen-{name}"));
    until(|| fs::read_to_string(&path).ok()).unwrap_or_else(|| panic!("{name} was never started"))
}

#[track_caller]
fn holds_no_secret(env: &TestEnv, name: &str) {
    let seen = seen(env, name);
    assert!(seen.contains("HOME=") && seen.contains("arguments: "), "{seen}");
    for secret in [SECRET, OTHER, DEFAULT_VARIABLE, "OTHER_SECRET", "COPIED_SECRET"] {
        assert!(!seen.contains(secret), "{name} sees {secret}: {seen}");
    }
}

/// Secrets in the documented variable, in one that the configuration names, and once more under a name of which
/// nothing is known.
fn secretive() -> TestEnv {
    let env = TestEnv::with_secret().set("OTHER_SECRET", OTHER).set("COPIED_SECRET", COPIED);
    let env = env.set("BACKUP_OF_IT", SECRET).set("BACKUP_OF_OTHER", OTHER);
    let text = "[secrets]\nother = { env = \"OTHER_SECRET\" }\n";
    env.write("whyhook.toml", text);
    env
}

#[test]
fn no_child_inherits_a_secret() {
    let env = secretive();
    let env = with_program(env, "tmux", "cat > /dev/null");
    let env = with_program(env, "xdg-open", "exit 0");
    let env = with_program(env, "editor", "exit 0").set("EDITOR", "editor");
    let env = env.set("TMUX", "/nowhere,1,0").set("DISPLAY", ":99");
    let arguments = ["--secret-env", "a=COPIED_SECRET"];
    let (mut person, address) = Person::listening(&env, Size(160, 50), &arguments);
    assert_eq!(
        talk(address, Signed::new(sample("screenshot-live.json")).by(COPIED, crate::support::Unit::Seconds).wire())
            .status,
        200
    );
    person.sees("screenshot").types("y").sees("the body").types("b").sees("tmux's buffer");
    holds_no_secret(&env, "tmux");
    person.enter().types("4").sees("JPEG").types("V").sees("opened in the system's viewer");
    holds_no_secret(&env, "xdg-open");
    person.types("q").ends();

    env.run(&["replay", "1", "--edit", "--to", &format!("http://{address}"), arguments[0], arguments[1]]).no();
    holds_no_secret(&env, "editor");
}

/// Everything below the folder for temporary files.
fn left(env: &TestEnv) -> Vec<PathBuf> {
    fn below(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            found.push(entry.path());
            if entry.path().is_dir() {
                below(&entry.path(), found);
            }
        }
    }
    let mut found = Vec::new();
    below(&env.root().join("tmp"), &mut found);
    found
}

/// A run with a store, a file for the viewer and one that found no clipboard, all of them for a while.
fn untidy(env: &TestEnv) -> Person {
    let (mut person, address) = Person::listening(env, Size(160, 50), &["--ephemeral"]);
    talk(address, Signed::new(sample("screenshot-live.json")).wire());
    person.sees("screenshot").types("y").sees("the body").types("b").sees("until whyhook exits");
    person.enter().types("4").sees("JPEG").types("V").sees("opened in the system's viewer");
    let names = left(env);
    for part in ["/ephemeral-", "/copy-", "/view-", "/image-", "/whyhook.db"] {
        assert!(names.iter().any(|path| path.to_str().unwrap().contains(part)), "{part}: {names:?}");
    }
    for path in names {
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, expected, "{}", path.display());
    }
    person
}

/// With a viewer, and without a clipboard.
fn env_with_viewer(env: TestEnv) -> TestEnv {
    with_program(env, "xdg-open", "exit 0").set("WAYLAND_DISPLAY", "whyhook-none")
}

#[test]
fn nothing_stays_behind_however_it_is_told_to_end() {
    let env = env_with_viewer(TestEnv::with_secret());
    untidy(&env).types("q").ends();
    assert_eq!(left(&env), Vec::<PathBuf>::new(), "after q");
    for told in [Signal::TERM, Signal::INT, Signal::HUP, Signal::QUIT] {
        let mut person = untidy(&env);
        signal(person.process(), told);
        person.ends();
        assert_eq!(left(&env), Vec::<PathBuf>::new(), "after {told:?}");
    }
    let mut person = untidy(&env);
    person.leaves().ends();
    assert_eq!(left(&env), Vec::<PathBuf>::new(), "after its terminal has gone");
}

#[cfg(debug_assertions)]
#[test]
fn nothing_stays_behind_after_a_panic() {
    for thread in ["main", "writer", "worker"] {
        let env = TestEnv::with_secret();
        let trigger = env.root().join("trigger");
        let env = env_with_viewer(env.set("WHYHOOK_DEBUG_PANIC", format!("{thread}={}", trigger.display())));
        let mut person = untidy(&env);
        let address = person.address();
        fs::write(&trigger, "").unwrap();
        let _ = crate::support::Wire::connect(address).send(Signed::new("{}").wire()).try_answer();
        assert_eq!(person.ends(), 101, "{thread}");
        assert_eq!(left(&env), Vec::<PathBuf>::new(), "{thread}");
    }
}

#[test]
fn what_a_kill_leaves_behind_the_next_start_removes() {
    let env = env_with_viewer(TestEnv::with_secret());
    let mut person = untidy(&env);
    signal(person.process(), Signal::KILL);
    person.ends();
    // It is there, and nobody else's to read: `untidy` has looked.
    assert!(left(&env).iter().any(|path| path.to_str().unwrap().ends_with("whyhook.db")));
    // What belongs to a run under way stays.
    let mut other = untidy(&env);
    let ours = left(&env);
    env.listen(&[]).stop();
    assert_eq!(left(&env), ours);
    other.types("q").ends();
    assert_eq!(left(&env), Vec::<PathBuf>::new());
}

#[test]
fn an_editor_s_file_goes_with_a_signal() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new("{\"private\":1}").wire());
    // It stays open until the program is told to end.
    let env = with_program(env, "editor", "exec sleep 80").set("EDITOR", "editor");
    for told in [Signal::TERM, Signal::HUP, Signal::QUIT] {
        let _ = fs::remove_file(env.root().join("seen-editor"));
        let mut command = env.command(&["replay", "1", "--edit", "--to", &listening.url("/")]);
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = KillOnDrop(command.spawn().unwrap());
        let editor = seen(&env, "editor");
        assert!(editor.contains(".json") && left(&env).len() == 3, "{editor} {:?}", left(&env));
        // Ctrl-C is the editor's.
        signal(child.0.id(), Signal::INT);
        signal(child.0.id(), told);
        assert!(until(|| child.0.try_wait().unwrap()).is_some(), "{told:?}");
        assert_eq!(left(&env), Vec::<PathBuf>::new(), "{told:?}");
        let group = rustix::process::Pid::from_raw(i32::try_from(child.0.id()).unwrap()).unwrap();
        // The editor itself, which nobody has told.
        let _ = rustix::process::kill_process_group(group, Signal::KILL);
    }
}

#[test]
fn an_export_that_is_ended_leaves_no_part_behind() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    talk(listening.address(), Signed::new(vec![0; 8_000_000]).wire());
    listening.stop();
    for told in [Signal::TERM, Signal::INT, Signal::KILL] {
        fs::create_dir(env.work().join("out")).unwrap();
        let mut command = env.command(&["export", "1", "1", "--as", "curl", "--output", "out/script"]);
        let mut child = KillOnDrop(command.spawn().unwrap());
        // Under way: it has the file open. One that is quicker has written all of it.
        let open = format!("/proc/{}/fd", child.0.id());
        let writes = || {
            let files = fs::read_dir(&open).into_iter().flatten().flatten();
            files
                .filter_map(|file| fs::read_link(file.path()).ok())
                .any(|file| file.to_string_lossy().contains("/out/"))
        };
        until(|| (child.0.try_wait().unwrap().is_some() || writes()).then_some(()));
        if child.0.try_wait().unwrap().is_none() {
            signal(child.0.id(), told);
        }
        let ended = until(|| child.0.try_wait().unwrap()).unwrap();
        let names: Vec<_> = env.work().join("out").read_dir().unwrap().map(|e| e.unwrap().file_name()).collect();
        let expected: &[&str] = if ended.success() { &["script"] } else { &[] };
        assert_eq!(names, expected, "{told:?}");
        fs::remove_dir_all(env.work().join("out")).unwrap();
    }
}
