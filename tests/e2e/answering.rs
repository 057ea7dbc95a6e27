//! Answers chosen by a person at the screen, from the side of real clients.

use std::fs;
use std::net::SocketAddr;
use std::process::{Child, Stdio};

use crate::support::{House, Person, Signed, Size, finish, sample, talk, tools};

const SIZE: Size = Size(120, 36);

fn send(address: SocketAddr) -> String {
    let wire = Signed::new(sample("screenshot-live.json")).with("Connection: close\r\n").wire();
    String::from_utf8_lossy(&talk(address, &wire)).into_owned()
}

fn status(address: SocketAddr) -> String {
    send(address).split(' ').nth(1).unwrap_or_default().to_owned()
}

/// curl with a signed delivery, whose answer is read later.
fn curl(house: &House, address: SocketAddr) -> Child {
    let signed = Signed::new(sample("app.json"));
    let file = house.work().join("body.json");
    fs::write(&file, &signed.body).unwrap();
    let mut curl = tools::command("curl");
    curl.args(["-s", "-w", "|%{http_code}", "--data-binary", &format!("@{}", file.display())]);
    for header in signed.headers() {
        curl.args(["-H", &header]);
    }
    curl.arg(format!("http://{address}/webhooks/trackpilots"));
    curl.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}
