//! Hostile text that does not come from a sender: names in the configuration, files, arguments, what
//! ngrok's agent says. It is shown as symbols like a sender's.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;

use whyhook::text::is_hidden;

use crate::support::{DEFAULT_VARIABLE, Person, SECRET, Signed, Size, TestEnv, talk};

/// Acts on a terminal, and is allowed in a file's name and (escaped) in TOML.
const ODD: &str = "a\u{1b}]0;owned\u{7}\u{9b}31m\u{202e}\u{200b}b";

#[track_caller]
fn is_plain(what: &str, text: &str) {
    let found = text.chars().find(|c| *c != '\n' && is_hidden(*c));
    assert!(found.is_none(), "{what}: {found:?} in {text:?}");
}

fn configured() -> TestEnv {
    let env = TestEnv::new();
    let escaped: String =
        ODD.chars().map(|c| if is_hidden(c) { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }).collect();
    env.write(
        "whyhook.toml",
        format!(
            "[secrets]\n\"{escaped}\" = {{ value = \"{SECRET}\" }}\n[[webhook]]\nname = \"{escaped}\"\npath = \"/hook\"\n\
             secret = \"{escaped}\"\nevents = [\"{escaped}\"]\n"
        ),
    );
    env
}

#[test]
fn names_in_lines_lists_and_messages_are_plain_text() {
    let env = configured();
    let store = format!("{ODD}.db");
    let listening = env.listen(&["--store", &store, "--format", "json"]);
    assert_eq!(talk(listening.address(), Signed::new("{}").to("/hook").wire()).status, 200);
    listening.line(1);
    is_plain("stdout", &listening.stdout());
    is_plain("stderr", &listening.stderr());
    listening.says("subscribes to the unknown event");
    for arguments in [
        &["list", "--store", &store][..],
        &["list", "--store", &store, "--format", "json"],
        &["show", "1", "--store", &store],
        &["show", "1", "--store", &store, "--format", "json"],
        &["verify", "1", "--store", &store],
        &["list", ODD, "--store", &store],
        &["list", "--store", &format!("none/{ODD}")],
        &["show", ODD, "--store", &store],
        &["--headless", "--bind", ODD],
        &["--headless", "--respond", ODD, "--bind", "127.0.0.1:0"],
        &["--headless", "--config", ODD],
        &["--headless", "--secret-env", ODD],
        &["--headless", "--secret-file", ODD],
        &["verify", "--body", ODD],
        &["sign", "--body", ODD],
        &["verify", "--body", "whyhook.toml", "-H", ODD],
        &["completions", "bash"],
        &["man"],
    ] {
        let ran = env.run(arguments);
        // The manual page and the completions are for other programs, and hold nothing of ours to hide.
        is_plain(&format!("stdout of {arguments:?}"), &ran.stdout().replace('\t', " "));
        is_plain(&format!("stderr of {arguments:?}"), &ran.stderr());
    }
}

#[test]
fn names_on_the_screen_and_the_tunnel_s_words_are_plain_text() {
    // An agent, or something in its place, that answers with an attack.
    let agent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = agent.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for mut socket in agent.incoming().map_while(Result::ok) {
            let _ = socket.read(&mut [0; 4096]);
            let url = serde_json::json!(format!("https://{ODD}.example"));
            let body =
                format!("{{\"tunnels\":[{{\"public_url\":{url},\"proto\":\"https\",\"config\":{{\"addr\":{url}}}}}]}}");
            let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n";
            let _ = write!(socket, "{head}Content-Length: {}\r\n\r\n{body}", body.len());
        }
    });
    let env = configured().set("WHYHOOK_NGROK_API", address).set(DEFAULT_VARIABLE, ODD);
    let (mut person, address) = Person::listening(&env, Size(160, 40), &["--store", &format!("{ODD}.db")]);
    assert_eq!(talk(address, Signed::new("{}").to("/hook").wire()).status, 200);
    person.sees("/hook");
    for keys in ["2", "3", "5", "6", "7", "1", "u", "yp", "?", "q", "a", "\u{1b}"] {
        person.types(keys).settles();
    }
    person.types(":").pastes(ODD).settles();
    person.types("\u{1b}").settles();
    person.types("q").ends();
    let raw = person.raw();
    assert_eq!(crate::hostile::violations(&raw), Vec::<String>::new());
    assert!(String::from_utf8_lossy(&raw).contains("⟨U+202E⟩"), "the odd name was never shown");
}
