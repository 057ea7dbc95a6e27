//! `--tunnel`: an installed program is started with the listener and ends with it, on every way out.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use super::tunnel::{bore_server, own_loopback};
use crate::support::tools::bore;
use crate::support::{Person, Signed, Size, TestEnv, Wire, talk, until};

/// An environment whose `PATH` begins with a folder of its own, with this program in it.
fn with_program(name: &str, text: &str) -> TestEnv {
    let env = TestEnv::with_secret();
    let file = env.write(&format!("../bin/{name}"), format!("#!/bin/sh\n{text}\n"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).unwrap();
    on_path(env)
}

fn on_path(env: TestEnv) -> TestEnv {
    let folder = env.root().join("bin");
    let path = std::env::join_paths([folder, PathBuf::from("/usr/bin"), PathBuf::from("/bin")]).unwrap();
    env.set("PATH", path)
}

/// Says that it runs as ngrok does, and goes on until it is ended.
const NGROK: &str = "echo $$ > \"${0%/*}/process\"
echo \"$* ${TRACKPILOTS_WEBHOOKS_SECRET_KEY-no secret}\" > \"${0%/*}/arguments\"
echo 'lvl=info msg=\"started tunnel\" addr=x url=https://a1b2.ngrok-free.app'
while :; do sleep 1; done";

fn process(env: &TestEnv) -> u32 {
    fs::read_to_string(env.root().join("bin/process")).unwrap().trim().parse().unwrap()
}

fn ends(process: u32) {
    let id = rustix::process::Pid::from_raw(i32::try_from(process).unwrap()).unwrap();
    until(|| rustix::process::test_kill_process(id).is_err().then_some(())).expect("the tunnel's program ends");
}

#[test]
fn a_program_is_started_for_this_port_and_ends_with_the_listener() {
    let env = with_program("ngrok", NGROK);
    let listening = env.listen(&["--tunnel", "ngrok"]);
    listening.says("tunnel: https://a1b2.ngrok-free.app (ngrok)");
    let arguments = fs::read_to_string(env.root().join("bin/arguments")).unwrap();
    assert_eq!(arguments, format!("http {} --log=stdout --log-format=logfmt no secret\n", listening.address()));
    let started = process(&env);
    listening.closes();
    ends(started);
    // Also when it does not want to, and the listener has no time.
    let stubborn = with_program("ngrok", &format!("trap '' TERM INT HUP\n{NGROK}"));
    let listening = stubborn.listen(&["--tunnel", "ngrok"]);
    listening.says("tunnel: https://a1b2.ngrok-free.app (ngrok)");
    let half = Signed::new("half a body").wire();
    let mut stuck = Wire::connect(listening.address());
    stuck.send(&half[..half.len() - 5]);
    let started = process(&stubborn);
    listening.closes();
    ends(started);
    // And when nobody can end it.
    if cfg!(target_os = "linux") {
        let listening = env.listen(&["--tunnel", "ngrok"]);
        listening.says("tunnel: https://a1b2.ngrok-free.app (ngrok)");
        let started = process(&env);
        listening.kill();
        ends(started);
    }
}

#[test]
fn one_that_fails_says_why_and_the_listener_goes_on() {
    let text =
        "echo 'INF Requesting new quick Tunnel on trycloudflare.com...'\necho 'ERR no such \u{1b}[31mhost' >&2\nexit 1";
    let env = with_program("cloudflared", text);
    let (mut person, address) = Person::listening(&env, Size(160, 40), &["--tunnel", "cloudflared"]);
    person.sees("tunnel failed").sees("! cloudflared: ended (exit status: 1): ").sees("ERR no such ␛[31mhost");
    assert_eq!(talk(address, Signed::new("{}").wire()).status, 200);
    person.leaves();
}

#[test]
fn what_cannot_be_started_is_said_before_anything_listens() {
    let env = on_path(TestEnv::with_secret());
    let refused =
        env.run(&["listen", "--headless", "--bind", "127.0.0.1:0", "--tunnel", "cloudflared"]).exits(2).stderr();
    assert_eq!(
        refused,
        "whyhook: cannot start cloudflared: it is not on PATH. Install it \
         (https://developers.cloudflare.com/tunnel/downloads/), or open a tunnel elsewhere: \
         cloudflared tunnel --url http://localhost:0\n"
    );
    let env = with_program("bore", "exit 1");
    let refused = env.run(&["listen", "--headless", "--bind", "127.0.0.1:0", "--tunnel", "bore"]).exits(2).stderr();
    assert!(refused.contains("Set the environment variable BORE_SERVER"), "{refused}");
    let refused = env.run(&["listen", "--tunnel", "sish"]).exits(2).stderr();
    assert!(refused.contains("ngrok, cloudflared, bore, tailscale"), "{refused}");
}

#[test]
fn a_real_bore_carries_deliveries_and_is_gone_afterwards() {
    let Some(bore) = bore() else { return };
    let env = on_path(TestEnv::with_secret());
    let link = env.write("../bin/x", "").with_file_name("bore");
    std::os::unix::fs::symlink(&bore, &link).unwrap();
    let loopback = own_loopback(1);
    let _server = bore_server(&env, &bore, &loopback);
    let env = env.set("BORE_SERVER", &loopback);
    let listening = env.listen(&["--tunnel", "bore", "--format", "json"]);
    let line = listening.says(&format!("tunnel: http://{loopback}:"));
    let public = line.split("http://").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert_eq!(talk(public, Signed::new("{}").wire()).status, 200);
    assert_eq!(listening.json_line(1)["verdict"], "verified");
    listening.closes();
    until(|| std::net::TcpStream::connect(public).is_err().then_some(())).expect("the tunnel is closed");
}
