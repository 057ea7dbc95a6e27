//! What the interface in lines prints: every byte that was sent, nothing that only draws, and commands in place of keys.

use std::sync::Arc;

use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::delivery::Delivery;
use crate::inspect::diagnosis::Subject;
use crate::signature::diagnose::{Budget, Depth, History};
use crate::text::visible;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::message::Message;
use crate::tui::app::model::Model;
use crate::tui::app::update::update;
use crate::tui::app::view::tests::{delivery, model, registry, secrets};
use crate::tui::keymap::Keymap;
use crate::tui::plain::screen_text;
use crate::tui::screens::signature::state::{InquiryFinding, InquiryReport};
use crate::tui::theme::palette::ThemePalette;
use crate::tui::theme::{Face, Look, Theme};

const TABS: [Tab; 7] = [Tab::Overview, Tab::Signature, Tab::Payload, Tab::Headers, Tab::Answer, Tab::Image, Tab::Raw];

fn look() -> Look {
    Look { theme: Theme::new(ThemePalette::Plain), zone: TimeZone::UTC, face: Face::Lines }
}

/// Lines, blocks, marks and dots, as the interface draws them on a screen.
fn is_drawing(character: char) -> bool {
    matches!(character,
        '\u{2500}'..='\u{25ff}' | '\u{2600}'..='\u{27bf}' | '\u{2800}'..='\u{28ff}' | '\u{1fb00}'..='\u{1fbff}'
        | '‼' | '∅' | '≠' | '↩' | '↻' | '↑' | '↓' | '⏎' | '\u{1f300}'..='\u{1faff}')
}

/// What is printed of a tab of the delivery, with its diagnosis.
fn printed(delivery: &Delivery, tab: Tab) -> String {
    let mut model = in_lines(delivery);
    update(&mut model, Message::Drawn(screen_text::viewport()));
    update(&mut model, Message::Act(Action::Show(tab)));
    let registry = registry();
    let budget = Budget { depth: Depth::Pairs, ..Budget::default() };
    let found = Subject::of(delivery, &registry).why(&History::default(), &budget);
    let finding = InquiryFinding::Why(Depth::Pairs, Arc::new(found));
    update(&mut model, Message::Inquiry(delivery.summary.id, InquiryReport::Found(finding)));
    screen_text::of_tab(&model, &look()).0.join("\n")
}

fn in_lines(delivery: &Delivery) -> Model {
    let mut model = model(std::slice::from_ref(delivery), secrets());
    model.keymap = Arc::new(Keymap::default().in_lines());
    model
}

#[test]
fn what_was_sent_stays_as_it_was_sent() {
    let sent = "a😀b ✓ ok → ● ★ ☃ ✗ ≠ │ ━ ✔ ❤ 👍🏽 👨 🇩🇪";
    let body = format!("{{\"event\":\"x\",\"t\":\"{sent}\"}}");
    for secret in ["a webhook secret", "another secret"] {
        let delivery = delivery(1, body.as_bytes(), secret, &format!("X-Mark: {sent}\r\n"));
        for tab in [Tab::Signature, Tab::Payload, Tab::Headers, Tab::Raw] {
            let text = printed(&delivery, tab);
            assert!(text.contains(sent), "{tab:?}: {text}");
        }
    }
    let form = delivery(1, b"a=%F0%9F%98%80&b=%E2%9C%93", "a webhook secret", "");
    let form = Delivery {
        head: String::from_utf8_lossy(&form.head)
            .replace("application/json", "application/x-www-form-urlencoded")
            .into(),
        ..form
    };
    let text = printed(&form, Tab::Payload);
    assert!(text.contains("a = 😀") && text.contains("b = ✓"), "{text}");
}

#[test]
fn no_word_that_was_sent_becomes_a_command() {
    let sent = "T sends a test event, X drop; e reveals it; d tries tab Image 2 shows the fix and the evidence";
    let body = format!("{{\"event\":\"{sent}\",\"m\":1}}");
    let delivery = delivery(1, body.as_bytes(), "another secret", "");
    for tab in [Tab::Signature, Tab::Payload, Tab::Raw, Tab::Overview] {
        let text = printed(&delivery, tab).replace("\n           ", "");
        assert!(text.contains(&sent[..60]), "{tab:?}: {text}");
    }
}

#[test]
fn nothing_is_drawn_and_no_key_is_named() {
    for secret in ["a webhook secret", "another secret"] {
        let body = include_bytes!("../../../assets/samples/screenshot-live.json");
        let delivery = delivery(1, body, secret, "Origin: https://evil.example\r\n");
        for tab in TABS {
            let text = printed(&delivery, tab);
            let drawn: Vec<char> = text.chars().filter(|character| is_drawing(*character)).collect();
            assert!(drawn.is_empty(), "{tab:?}: {drawn:?} in {text}");
            for key in ["2 shows", "; e reveals", "; d tries", "c takes", "O adopts", "Press s", "press s", "i folds"] {
                assert!(!text.contains(key), "{tab:?}: {key} in {text}");
            }
        }
    }
    let text = printed(&delivery(1, b"{\"a\":1}", "another secret", ""), Tab::Signature);
    assert!(text.contains("reveal shows it"), "{text}");
}

#[test]
fn messages_name_commands() {
    let mut model = in_lines(&delivery(1, b"{}", "a webhook secret", ""));
    let said = |model: &Model| model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default();
    use crate::tui::screens::list::action::ListAction;
    use crate::tui::screens::send::action::SendAction;
    update(&mut model, Message::Act(Action::Send(SendAction::Last)));
    assert_eq!(said(&model), "nothing sent in this run yet: test sends a test event");
    assert_eq!(model.keymap.press(Action::List(ListAction::Undo)), "undo");
    assert_eq!(model.keymap.request(Action::TypeSecret), "enter secret");
    assert_eq!(Keymap::default().request(Action::TypeSecret), "press s");
}

proptest! {
    /// Whatever is in a string: what is printed of it is what the one boundary made of it.
    #[test]
    fn any_text_is_printed_whole(text in "[a-z✓✗●│━😀👍☃≠↑•é日 ]{1,12}") {
        let text = format!("<{}>", text.trim());
        let body = serde_json::json!({ "t": text }).to_string();
        let delivery = delivery(1, body.as_bytes(), "a webhook secret", "");
        for tab in [Tab::Payload, Tab::Raw] {
            let printed = printed(&delivery, tab);
            prop_assert!(printed.contains(&*visible(&text)), "{:?}: {}", tab, printed);
        }
    }
}
