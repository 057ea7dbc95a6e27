//! The help at every size, and what is looked for in it.

use super::*;
use crate::tui::app::overlay::state::Overlay;

fn helped() -> Model {
    let mut model = model(&three(), secrets());
    update(&mut model, Message::Act(Action::Help));
    model
}

fn look_for(model: &mut Model, text: &str) {
    update(model, Message::Act(Action::SearchHelp));
    for character in text.chars() {
        update(model, Message::Edit(tui_input::InputRequest::InsertChar(character)));
    }
}

#[rstest]
#[case(60, 20)]
#[case(80, 24)]
#[case(120, 36)]
#[case(200, 50)]
fn the_help_uses_the_columns_that_there_are(#[case] columns: u16, #[case] rows: u16) {
    let mut model = helped();
    insta::assert_snapshot!(format!("help_{columns}x{rows}"), screen(&mut model, columns, rows));
    update(&mut model, Message::Act(Action::TurnHelp));
    insta::assert_snapshot!(format!("help_filters_{columns}x{rows}"), screen(&mut model, columns, rows));
    update(&mut model, Message::Act(Action::TurnHelp));
    look_for(&mut model, "pay search");
    insta::assert_snapshot!(format!("help_search_{columns}x{rows}"), screen(&mut model, columns, rows));
    look_for(&mut model, "nonsense");
    let shown = screen(&mut model, columns, rows);
    assert!(shown.contains("no match"), "{shown}");
}

#[test]
fn every_line_of_the_help_can_be_scrolled_to() {
    let all = screen(&mut helped(), 80, 400);
    let words: Vec<&str> =
        all.lines().filter_map(|line| line.strip_prefix('│')?.split('│').next()).map(str::trim).collect();
    for (columns, rows) in [(60, 20), (80, 24), (120, 36), (200, 50), (200, 12)] {
        let mut model = helped();
        let mut seen = String::new();
        loop {
            seen.push_str(&screen(&mut model, columns, rows));
            let Some(Overlay::Help(before)) = &model.overlay else { panic!("closed") };
            let before = before.first;
            update(&mut model, Message::Act(Action::Move(Step::PageDown)));
            let Some(Overlay::Help(after)) = &model.overlay else { panic!("closed") };
            if after.first == before {
                break;
            }
        }
        for line in words.iter().filter(|line| line.len() < 50) {
            assert!(seen.contains(line), "{columns}x{rows}: {line}");
        }
    }
}

#[test]
fn esc_leaves_what_is_looked_for_before_the_help() {
    let mut model = helped();
    look_for(&mut model, "jq");
    let shown = screen(&mut model, 80, 24);
    assert!(shown.contains("jq") && !shown.contains("Anywhere"), "{shown}");
    // Enter keeps what was found, so that letters are keys again.
    update(&mut model, Message::Act(Action::Accept));
    update(&mut model, Message::Edit(tui_input::InputRequest::InsertChar('x')));
    assert!(screen(&mut model, 80, 24).contains("/ jq "));
    update(&mut model, Message::Act(Action::Back));
    assert!(screen(&mut model, 80, 24).contains("In the list"));
    update(&mut model, Message::Act(Action::Back));
    assert!(model.overlay.is_none());
}
