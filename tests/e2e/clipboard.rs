//! The clipboard, read back by other programs: of a desktop (an X server without a screen), and of tmux.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use crate::support::{KillOnDrop, Person, Ran, Signed, Size, TestEnv, finish, talk, tools, until};

const SIZE: Size = Size(120, 36);
/// Longer than X hands over at once.
const LONG: usize = 700_000;

/// An X server of the test's own, and the name of its display.
fn desktop(env: &TestEnv, server: &Path) -> (KillOnDrop, String) {
    let mut command = env.other(server);
    command.args(["-displayfd", "1", "-screen", "0", "320x200x24", "-nolisten", "tcp"]).stderr(Stdio::null());
    let mut child = KillOnDrop(command.spawn().unwrap());
    let mut number = String::new();
    BufReader::new(child.0.stdout.take().unwrap()).read_line(&mut number).unwrap();
    assert!(!number.trim().is_empty(), "the X server did not start");
    (child, format!(":{}", number.trim()))
}

#[test]
fn a_copy_is_on_the_desktop_s_clipboard() {
    let (Some(server), Some(xclip), Some(xsel)) = (tools::tool("Xvfb"), tools::tool("xclip"), tools::tool("xsel"))
    else {
        return;
    };
    let env = TestEnv::with_secret();
    let (_server, display) = desktop(&env, &server);
    let env = env.set("DISPLAY", display);
    let pasted = || {
        let by_xclip = finish(with(&env, &xclip, &["-selection", "clipboard", "-o"]), b"").yes().stdout;
        let by_xsel = finish(with(&env, &xsel, &["--clipboard", "--output"]), b"").yes().stdout;
        assert!(by_xclip == by_xsel, "{} and {} bytes", by_xclip.len(), by_xsel.len());
        String::from_utf8(by_xclip).unwrap()
    };
    let (mut person, address) = Person::listening(&env, SIZE, &[]);
    let body = format!("{{\"copied\":\"grüße\\n\u{1b}[31m \u{1f980}\", \"long\":\"{}\"}}", "x".repeat(LONG));
    talk(address, Signed::new(body.clone()).to("/copied/path").wire());
    person.sees("/copied/path").types("yp").sees("copied the path");
    assert_eq!(pasted(), "/copied/path");
    person.types("yb").sees("copied the body");
    let copied = pasted();
    assert!(copied == body, "{} of {} bytes", copied.len(), body.len());
    person.types("yi").sees("copied the id");
    assert_eq!(pasted(), "1");
    person.types("q").ends();
}

#[test]
fn a_desktop_that_is_gone_is_no_clipboard() {
    let Some(server) = tools::tool("Xvfb") else { return };
    let env = TestEnv::with_secret();
    let (gone, display) = desktop(&env, &server);
    drop(gone);
    let env = env.set("DISPLAY", display);
    let (mut person, address) = Person::listening(&env, SIZE, &[]);
    talk(address, Signed::new("{}").to("/copied/path").wire());
    person.sees("/copied/path").types("yp").sees("no clipboard: the path is in ");
    person.types("q").ends();
}

#[test]
fn a_copy_in_a_pane_is_in_tmux_s_buffer() {
    let Some(tmux) = tools::tool("tmux") else { return };
    let env = TestEnv::with_secret().set("TERM", "tmux-256color");
    let server = Tmux { env: &env, program: tmux };
    let ask = |words: &[&str]| server.ask(words);
    let program = env!("CARGO_BIN_EXE_whyhook");
    ask(&["new-session", "-d", "-x", "120", "-y", "36", program, "--bind", "127.0.0.1:0"]).yes();
    let sees = |words: &str| {
        let screen = || ask(&["capture-pane", "-p"]).yes().stdout();
        until(|| Some(screen()).filter(|screen| screen.contains(words)))
            .unwrap_or_else(|| panic!("'{words}' is not in\n{}", screen()))
    };
    let screen = sees("http://127.0.0.1:");
    let address = screen.split("http://").nth(1).unwrap().split_whitespace().next().unwrap();
    let body = "{\"copied\":\"grüße \\u001b]52;c;no\\u0007\"}";
    talk(address.parse().unwrap(), Signed::new(body).to("/copied/path").wire());
    sees("/copied/path");
    for (key, what, text) in [("p", "the path", "/copied/path"), ("b", "the body", body)] {
        ask(&["send-keys", "-l", &format!("y{key}")]).yes();
        sees(&format!("copied {what} to tmux's buffer"));
        assert_eq!(ask(&["show-buffer"]).yes().stdout(), text);
    }
}

/// A tmux server of the test's own, which ends with it.
struct Tmux<'a> {
    env: &'a TestEnv,
    program: PathBuf,
}

impl Tmux<'_> {
    fn ask(&self, words: &[&str]) -> Ran {
        let socket = self.env.root().join("tmux");
        let arguments = [&["-S", socket.to_str().unwrap(), "-f", "/dev/null"], words].concat();
        finish(with(self.env, &self.program, &arguments), b"")
    }
}

impl Drop for Tmux<'_> {
    fn drop(&mut self) {
        self.ask(&["kill-server"]);
    }
}

fn with(env: &TestEnv, program: &Path, arguments: &[&str]) -> std::process::Command {
    let mut command = env.other(program);
    command.args(arguments);
    command
}
