use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Instant;

use super::*;

/// A program of this name that does what `text` says, as a shell script.
fn installed(folder: &Path, program: StartableTunnel, text: &str) -> InstalledTunnel {
    let file = folder.join(program.name().code());
    std::fs::write(&file, format!("#!/bin/sh\n{text}\n")).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o755)).unwrap();
    let path = std::env::join_paths([folder]).unwrap();
    InstalledTunnel::find(program, Some(&path), address(), |_| true).unwrap()
}

fn address() -> SocketAddr {
    "127.0.0.1:3000".parse().unwrap()
}

/// Waits until `wanted` is reported, as long as a slow machine may take.
fn reported(hint: &Hint, wanted: impl Fn(&SourceAnswer) -> bool) -> SourceAnswer {
    let deadline = Instant::now() + Duration::from_secs(60);
    loop {
        match hint.started() {
            Some((_, answer)) if wanted(&answer) => return answer,
            other => assert!(Instant::now() < deadline, "{other:?}"),
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn is_open(answer: &SourceAnswer) -> bool {
    matches!(answer, SourceAnswer::Tunnels(found) if !found.is_empty())
}

fn is_running(process: u32) -> bool {
    let process = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    rustix::process::test_kill_process(process).is_ok()
}

#[test]
fn its_url_is_reported_and_it_ends_when_it_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    // What it has started ends with it.
    let text =
        "sleep 600 & echo $! > \"${0%/*}/child\"\necho \"args $*\"\necho 'INFO listening at a.example:4711'\nwait";
    let bore = installed(folder.path(), StartableTunnel::Bore, text);
    let hint = Hint::default();
    let started = bore.start(address(), &[], |_| (), &hint).unwrap();
    let SourceAnswer::Tunnels(found) = reported(&hint, is_open) else { panic!() };
    assert_eq!(found[0].words(), "http://a.example:4711 (bore)");
    let child: u32 = std::fs::read_to_string(folder.path().join("child")).unwrap().trim().parse().unwrap();
    let process = started.running.process;
    assert!(is_running(process) && is_running(child));
    drop(started);
    let deadline = Instant::now() + Duration::from_secs(60);
    while is_running(process) || is_running(child) {
        assert!(Instant::now() < deadline, "it goes on");
        std::thread::sleep(Duration::from_millis(5));
    }
    // That it was ended is no failure.
    assert!(matches!(hint.started(), Some((_, SourceAnswer::Tunnels(_)))));
}

#[test]
fn one_that_does_not_listen_to_reason_is_killed() {
    let folder = tempfile::tempdir().unwrap();
    let text = "trap '' TERM\necho 'https://box.tail1.ts.net/'\nwhile :; do sleep 1; done";
    let stubborn = installed(folder.path(), StartableTunnel::Tailscale, text);
    let hint = Hint::default();
    let started = stubborn.start(address(), &[], |_| (), &hint).unwrap();
    reported(&hint, is_open);
    let process = started.running.process;
    drop(started);
    assert!(!is_running(process));
}

#[test]
fn one_that_ends_by_itself_leaves_its_last_words() {
    let folder = tempfile::tempdir().unwrap();
    let text = "echo 'lvl=info msg=starting'\nprintf 'ERR_NGROK_4018 \\033[31mauthtoken\\n' >&2\nexit 7";
    let ngrok = installed(folder.path(), StartableTunnel::Ngrok, text);
    let hint = Hint::default();
    let _started = ngrok.start(address(), &[], |_| (), &hint).unwrap();
    let SourceAnswer::Unreadable(reason) = reported(&hint, |answer| matches!(answer, SourceAnswer::Unreadable(_)))
    else {
        panic!()
    };
    assert!(reason.starts_with("ended (exit status: 7): "), "{reason}");
    assert!(reason.contains("msg=starting") && reason.contains("ERR_NGROK_4018 ␛[31mauthtoken"), "{reason}");
}

#[test]
fn what_is_not_installed_is_said_with_what_to_do() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::join_paths([folder.path()]).unwrap();
    let find = |program| InstalledTunnel::find(program, Some(&path), address(), |_| false).unwrap_err().to_string();
    assert_eq!(
        find(StartableTunnel::Ngrok),
        "cannot start ngrok: it is not on PATH. Install it (https://ngrok.com/download), or open a tunnel elsewhere: \
         ngrok http 3000"
    );
    installed(folder.path(), StartableTunnel::Bore, "");
    assert!(find(StartableTunnel::Bore).contains("BORE_SERVER=bore.pub"));
    let folder = folder.keep();
    let gone = InstalledTunnel { program: StartableTunnel::Ngrok, path: folder.join("gone") };
    let error = gone.start(address(), &[], |_| (), &Hint::default()).unwrap_err().to_string();
    assert!(error.starts_with("cannot start /") && error.contains("No such file"), "{error}");
    std::fs::remove_dir_all(folder).unwrap();
}
