//! The mouse on the screen as it was drawn: what is clicked is found by what is to be read there.

use super::*;
use crate::tui::app::areas::{Pointer, PointerKind};
use crate::tui::app::model::Focus;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::screens::answers::window::AnswerOverlay;

/// A person with a mouse, at a screen of 120 × 36.
struct Hand {
    model: Model,
    effects: Vec<Effect>,
}

impl Hand {
    fn new() -> Self {
        Self { model: model(&three(), secrets()), effects: Vec::new() }
    }

    fn screen(&mut self) -> String {
        screen(&mut self.model, 120, 36)
    }

    /// Where the words are; of several places, the first.
    fn find(&mut self, words: &str) -> (u16, u16) {
        let screen = self.screen();
        let place = screen.lines().zip(0..).find_map(|(line, row)| {
            let before = &line[..line.find(words)?];
            Some((u16::try_from(before.chars().count()).unwrap(), row))
        });
        place.unwrap_or_else(|| panic!("'{words}' is not to be seen in\n{screen}"))
    }

    fn at(&mut self, kind: PointerKind, (column, row): (u16, u16)) -> &mut Self {
        self.effects = update(&mut self.model, Message::Point(Pointer { kind, column, row }));
        self.screen();
        self
    }

    /// A click that is not the second of two.
    fn click(&mut self, words: &str) -> &mut Self {
        let place = self.find(words);
        self.model.clock += Duration::from_secs(1);
        self.at(PointerKind::Press, place).at(PointerKind::Release, place)
    }

    fn double_click(&mut self, words: &str) -> &mut Self {
        let place = self.find(words);
        self.click(words);
        self.model.clock += Duration::from_millis(200);
        self.at(PointerKind::Press, place)
    }

    fn selected(&self) -> i64 {
        self.model.list.selected().unwrap().0
    }
}

#[test]
fn a_click_selects_a_row_a_tab_and_the_focus() {
    let mut hand = Hand::new();
    hand.click("✗");
    assert_eq!((hand.selected(), hand.model.focus), (2, Focus::List));
    select(&mut hand.model, &three()[1]);
    hand.click("3 Payload");
    assert_eq!((hand.model.tab, hand.model.focus), (Tab::Payload, Focus::Detail));
    hand.click("Deliveries");
    assert_eq!(hand.model.focus, Focus::List);
    hand.click("Raw");
    assert_eq!(hand.model.tab, Tab::Raw);
}

#[test]
fn a_double_click_opens_and_two_slow_clicks_do_not() {
    let mut hand = Hand::new();
    hand.double_click("✓");
    assert_eq!((hand.selected(), hand.model.focus), (3, Focus::Detail));
    let mut hand = Hand::new();
    hand.click("✓").click("✓");
    assert_eq!(hand.model.focus, Focus::List);
}

#[test]
fn the_wheel_moves_what_is_below_it_and_leaves_the_focus() {
    let mut hand = Hand::new();
    let list = hand.find("✗");
    hand.at(PointerKind::WheelDown, list);
    assert_eq!((hand.selected(), hand.model.focus), (1, Focus::List));
    hand.at(PointerKind::WheelUp, list);
    assert_eq!(hand.selected(), 3);
    hand.click("3 Payload").click("Deliveries");
    let payload = hand.find("SIM");
    hand.at(PointerKind::WheelDown, (100, payload.1 + 8));
    let scrolled = |hand: &Hand| hand.model.detail.as_ref().unwrap().scroll[Tab::Payload.index()];
    assert!(scrolled(&hand) > 0);
    assert_eq!(hand.selected(), 3);
    hand.at(PointerKind::WheelUp, (100, payload.1 + 8));
    assert_eq!(scrolled(&hand), 0);
}

#[test]
fn the_line_between_the_panes_is_dragged() {
    let mut hand = Hand::new();
    let line = hand.find("│");
    // Without a press on it, nothing is dragged.
    hand.at(PointerKind::Drag, (60, 10));
    assert_eq!(hand.model.split, 0);
    hand.at(PointerKind::Press, (line.0, 10)).at(PointerKind::Drag, (line.0 - 12, 10));
    assert_eq!(hand.find("│").0, line.0 - 12);
    hand.at(PointerKind::Drag, (u16::MAX, u16::MAX)).at(PointerKind::Release, (0, 0));
    let widest = hand.model.split;
    assert!(widest < 0);
    hand.at(PointerKind::Drag, (10, 10));
    assert_eq!(hand.model.split, widest);
}

#[test]
fn panes_one_below_the_other_are_divided_by_the_mouse_as_well() {
    let mut model = model(&three(), secrets());
    let line = |model: &mut Model| -> u16 {
        let shown = screen(model, 80, 24);
        shown.lines().position(|line| line.starts_with("────")).unwrap().try_into().unwrap()
    };
    let at = |model: &mut Model, kind: PointerKind, row: u16| {
        update(model, Message::Point(Pointer { kind, column: 30, row }));
    };
    let before = line(&mut model);
    at(&mut model, PointerKind::Press, before);
    for moved in [before + 3, before - 2, before] {
        at(&mut model, PointerKind::Drag, moved);
        assert_eq!(line(&mut model), moved);
    }
    at(&mut model, PointerKind::Drag, 23);
    at(&mut model, PointerKind::Release, 23);
    let lowest = line(&mut model);
    assert!(lowest > before + 3 && lowest < 20, "{lowest}");
    at(&mut model, PointerKind::Drag, 5);
    assert_eq!(line(&mut model), lowest);
}

#[test]
fn a_hint_is_the_key_that_it_names() {
    let mut hand = Hand::new();
    hand.click("? help");
    assert!(matches!(hand.model.overlay, Some(Overlay::Help(_))));
    hand.click("Esc back");
    assert!(hand.model.overlay.is_none());
    hand.click("a answer");
    assert!(matches!(hand.model.overlay, Some(Overlay::Answers(_))));
    hand.click("n write");
    assert!(
        matches!(&hand.model.overlay, Some(Overlay::Answers(window)) if matches!(**window, AnswerOverlay::Editor(_)))
    );
}

#[test]
fn a_fact_of_the_top_line_opens_what_shows_more_of_it() {
    let mut hand = Hand::new();
    hand.click("answers auto");
    assert!(matches!(hand.model.overlay, Some(Overlay::Answers(_))));
    // Beside a window that nothing is entered in, a click closes it.
    let mut hand = Hand::new();
    hand.click("secret dev");
    assert!(matches!(hand.model.overlay, Some(Overlay::Prompt(_))));
    hand.at(PointerKind::Press, (1, 1));
    assert!(matches!(hand.model.overlay, Some(Overlay::Prompt(_))), "what is typed is not lost");
    let mut hand = Hand::new();
    hand.click("? help").at(PointerKind::Press, (0, 0));
    assert!(hand.model.overlay.is_none());
}

#[test]
fn a_click_in_a_menu_chooses() {
    let mut hand = Hand::new();
    hand.click("y copy").click("the id");
    assert_eq!(hand.effects, []);
    assert!(hand.model.overlay.is_none());
    let mut hand = Hand::new();
    hand.click(": more").click("enter a secret for this run");
    assert!(matches!(hand.model.overlay, Some(Overlay::Prompt(_))));
    // Where a choice has a preview, the first click selects and the second accepts.
    let mut hand = Hand::new();
    hand.click("a answer").click("drop in head");
    let shown = hand.screen();
    assert!(shown.lines().any(|line| line.contains("drop in head")), "{shown}");
    let Some(Overlay::Answers(window)) = &hand.model.overlay else { panic!("{shown}") };
    let AnswerOverlay::Picker(picker) = &**window else { panic!() };
    let choices = hand.model.answers.choices(false);
    assert!(choices[picker.cursor].words(&hand.model.answers).starts_with("drop in head"));
    hand.double_click("drop in head");
    assert!(hand.model.overlay.is_none());
}

#[test]
fn a_mouse_that_points_beyond_the_screen_does_nothing() {
    let kinds =
        [PointerKind::Press, PointerKind::Drag, PointerKind::Release, PointerKind::WheelUp, PointerKind::WheelDown];
    let mut hand = Hand::new();
    let before = hand.screen();
    for kind in kinds {
        for place in [(u16::MAX, u16::MAX), (120, 0), (0, 36), (u16::MAX, 0), (0, u16::MAX)] {
            hand.at(kind, place);
        }
    }
    assert_eq!(hand.screen(), before);
    // Every third column of every row, with everything that can lie on top, one after the other.
    for (columns, rows) in [(120, 36), (40, 10), (1, 1)] {
        for action in [Action::Help, Action::CopyMenu, Action::Commands, Action::PickAnswer, Action::Status] {
            let mut model = model(&three(), secrets());
            for (column, row) in (0..columns).step_by(3).flat_map(|column| (0..rows).map(move |row| (column, row))) {
                if model.overlay.is_none() {
                    update(&mut model, Message::Act(action));
                    screen(&mut model, columns, rows);
                }
                update(&mut model, Message::Point(Pointer { kind: PointerKind::Press, column, row }));
            }
        }
    }
}
