//! The header of an interface whose listener is in another process.

use super::*;
use crate::server::ListenerLink;

fn attached() -> Model {
    let mut model = model(&[], vec!["main (environment variable X, 20 bytes)".to_owned()]);
    let link = ListenerLink::Reached {
        url: "http://127.0.0.1:3000".to_owned(),
        process: 4711,
        webhooks: Vec::new(),
        events: Vec::new(),
    };
    update(&mut model, Message::Listener(link));
    model
}

fn heads(model: &mut Model) -> String {
    let head = |columns| {
        let screen = screen(model, columns, 12);
        let lines: Vec<&str> = screen.lines().take(3).collect();
        format!("{columns}\n{}", lines.join("\n"))
    };
    [120, 80, 40].map(head).join("\n")
}

#[test]
fn the_header_says_to_which_process_it_is_attached() {
    insta::assert_snapshot!("attached", heads(&mut attached()));
}

#[test]
fn the_header_says_that_the_listener_is_gone() {
    let mut model = attached();
    update(&mut model, Message::Listener(ListenerLink::Lost("the listener has ended".to_owned())));
    insta::assert_snapshot!("gone", heads(&mut model));
}
