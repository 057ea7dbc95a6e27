//! Very small and very large: terminals, and what is in a header.

use super::*;
use crate::http::WireFramingBuilder;
use crate::tui::screens::send::action::SendAction;

fn tab(delivery: &Delivery, tab: Tab) -> String {
    let mut model = model(std::slice::from_ref(delivery), secrets());
    update(&mut model, Message::Act(Action::Show(tab)));
    screen(&mut model, 100, 60)
}

#[test]
fn trailers_are_shown_apart_from_the_headers() {
    let mut delivery = delivery(1, b"{}", "a webhook secret", "");
    assert!(!tab(&delivery, Tab::Headers).contains("Trailers"));
    let mut framing = WireFramingBuilder::default();
    framing.framing(b"2\r\n");
    framing.data(2);
    framing.framing(b"\r\n0\r\nX-Checksum: ab\x1b[2J\r\n\r\n");
    delivery.framing = framing.finish();
    let shown = tab(&delivery, Tab::Headers);
    let (headers, trailers) = shown.split_once("Trailers").unwrap();
    assert!(headers.contains("X-Webhook-Signature") && !headers.contains("X-Checksum"), "{shown}");
    assert!(trailers.contains("X-Checksum") && trailers.contains("ab␛[2J"), "{shown}");
}

#[test]
fn a_long_header_leaves_room_for_those_after_it() {
    let more = format!("X-Long: {}\r\nX-After: here\r\n", "é".repeat(30_000));
    let shown = tab(&delivery(1, b"{}", "a webhook secret", &more), Tab::Headers);
    assert!(shown.contains("X-After") && shown.contains("here"), "{shown}");
    assert!(shown.contains("(60,000") && shown.contains("bytes in all: tab Raw"), "{shown}");
    let shown =
        tab(&delivery(1, b"{}", "a webhook secret", &format!("X-Long: {}\r\n", "a".repeat(1_200))), Tab::Headers);
    assert_eq!(shown.matches('a').count() / 100, 12, "{shown}");
}

#[test]
fn what_is_chosen_or_typed_is_seen_in_any_terminal() {
    for (columns, rows) in [(10, 3), (20, 4), (20, 5), (20, 6), (30, 8), (40, 10)] {
        let mut model = model(&three(), secrets());
        update(&mut model, Message::Act(Action::PickAnswer));
        let shown = screen(&mut model, columns, rows);
        assert!(shown.contains("auto"), "{columns}x{rows}: {shown}");
        update(&mut model, Message::Act(Action::Back));
        update(&mut model, Message::Act(Action::CopyMenu));
        let shown = screen(&mut model, columns, rows);
        assert!(shown.contains("the"), "{columns}x{rows}: {shown}");
    }
    let mut model = model(&three(), secrets());
    update(&mut model, Message::Act(Action::Send(SendAction::Check)));
    let fields = screen(&mut model, 20, 6).lines().filter(|line| line.starts_with(' ') && line.len() > 3).count();
    assert!(fields >= 3, "{}", screen(&mut model, 20, 6));
}

#[test]
fn hints_are_about_what_is_on_the_screen() {
    let has = |model: &Model, word: &str| crate::tui::keymap::hints(model).iter().any(|(_, hint)| *hint == word);
    let mut model = model(&three(), secrets());
    update(&mut model, Message::Act(Action::Show(Tab::Signature)));
    screen(&mut model, 30, 24);
    assert!(has(&model, "reveal"));
    // The list alone has room: what a tab's keys do could not be seen.
    let shown = screen(&mut model, 30, 8);
    assert!(!shown.contains("Signature") && !has(&model, "reveal"), "{shown}");
    // A tab that is asked for is shown.
    update(&mut model, Message::Act(Action::Show(Tab::Signature)));
    let shown = screen(&mut model, 30, 8);
    assert!(shown.contains("Signature") && has(&model, "reveal"), "{shown}");
}

#[test]
fn what_the_listener_refuses_gets_no_answer_of_a_rule() {
    let mut refused = delivery(1, b"{}", "a webhook secret", "");
    let reason = "more than 64 MiB; the first 64 KiB are kept";
    refused.summary.intake = Intake::TooLarge(reason.to_owned());
    let answer = refused.answer.as_mut().unwrap();
    (answer.status, answer.body) = (413, Bytes::from(format!("Content Too Large: {reason}")));
    let preview = |delivery: &Delivery| {
        let mut model = model(std::slice::from_ref(delivery), secrets());
        update(&mut model, Message::Act(Action::PickAnswer));
        screen(&mut model, 140, 40)
    };
    let shown = preview(&refused);
    assert!(shown.contains("refused before any rule (too large)") && shown.contains("HTTP/1.1 413"), "{shown}");
    assert!(!shown.contains("HTTP/1.1 401") && shown.contains("Content Too Large: more than 64 MiB"), "{shown}");
    // A sender that hung up within the head got nothing.
    refused.summary.intake = Intake::Incomplete("the sender hung up".to_owned());
    let answer = refused.answer.as_mut().unwrap();
    (answer.status, answer.outcome) = (0, Outcome::SenderGone);
    assert!(preview(&refused).contains("no response"), "{}", preview(&refused));
    refused.answer = None;
    assert!(preview(&refused).contains("HTTP/1.1 400"), "{}", preview(&refused));
    assert!(!preview(&delivery(1, b"{}", "a webhook secret", "")).contains("refused before any rule"));
}

#[test]
fn a_long_payload_scrolls_past_line_65535() {
    let body = format!("[{}]", vec!["1"; 100_000].join(","));
    let mut model = model(&[delivery(1, body.as_bytes(), "a webhook secret", "")], secrets());
    update(&mut model, Message::Act(Action::Show(Tab::Payload)));
    update(&mut model, Message::Act(Action::Open));
    screen(&mut model, 80, 24);
    update(&mut model, Message::Act(Action::Move(Step::Last)));
    let shown = screen(&mut model, 80, 24);
    assert!(shown.contains("▌  ]"), "{shown}");
}

#[test]
fn every_size_is_drawn() {
    let mut model = model(&three(), secrets());
    for tab in Tab::ALL {
        update(&mut model, Message::Act(Action::Show(tab)));
        for (columns, rows) in
            [(1, 1), (2, 9), (4, 3), (5, 4), (9, 9), (20, 6), (39, 17), (99, 15), (100, 16), (500, 200)]
        {
            for action in [Action::Open, Action::Back, Action::Help, Action::Back, Action::PickAnswer, Action::Back] {
                update(&mut model, Message::Act(action));
                screen(&mut model, columns, rows);
            }
        }
    }
}

#[test]
fn details_without_a_list_say_which_delivery_they_are_of() {
    let mut model = model(&three(), secrets());
    let first = |model: &mut Model, columns: u16, rows: u16| {
        screen(model, columns, rows).lines().find(|line| line.contains("Overview")).unwrap_or_default().to_owned()
    };
    assert!(!first(&mut model, 80, 24).contains("#3"), "the list says it");
    update(&mut model, Message::Act(Action::Open));
    update(&mut model, Message::Act(Action::Zoom));
    for columns in [40, 60, 80, 100, 120, 200] {
        let line = first(&mut model, columns, 24);
        assert!(line.ends_with(" #3"), "{columns}: {line}");
    }
    // Nor is there a list beside them where only one pane has room.
    update(&mut model, Message::Act(Action::Zoom));
    assert!(first(&mut model, 60, 10).ends_with(" #3"));
}

#[test]
fn tabs_have_names_wherever_there_is_room_for_them() {
    let mut model = model(&three(), secrets());
    for columns in 100..=130 {
        let shown = screen(&mut model, columns, 30);
        assert!(Tab::ALL.iter().all(|tab| shown.contains(tab.title())), "{columns}: {shown}");
    }
}
