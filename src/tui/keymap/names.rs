//! The names of keys, actions and places in `[keys]` of the configuration.

use std::borrow::Cow;

use crossterm::event::KeyCode;

use super::binding::BoundKey;
use super::context::KeyContext;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::lent::LentTo;
use crate::tui::app::step::Step;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::image::action::ImageAction;
use crate::tui::screens::list::action::ListAction;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::send::action::SendAction;

/// Keys that are no characters: by the name that is written, then others that are understood.
const KEYS: [(KeyCode, &[&str]); 14] = [
    (KeyCode::Up, &["up"]),
    (KeyCode::Down, &["down"]),
    (KeyCode::Left, &["left"]),
    (KeyCode::Right, &["right"]),
    (KeyCode::Enter, &["enter", "return"]),
    (KeyCode::Esc, &["esc", "escape"]),
    (KeyCode::Tab, &["tab"]),
    (KeyCode::BackTab, &["shift-tab", "backtab"]),
    (KeyCode::PageUp, &["pageup", "pgup"]),
    (KeyCode::PageDown, &["pagedown", "pgdn"]),
    (KeyCode::Home, &["home"]),
    (KeyCode::End, &["end"]),
    (KeyCode::Delete, &["delete", "del"]),
    (KeyCode::Backspace, &["backspace"]),
];

/// Ctrl with these is another key to a terminal.
const SAME_KEY: [(char, &str); 3] = [('i', "tab"), ('m', "enter"), ('[', "esc")];

impl BoundKey {
    /// The key as the configuration writes it.
    #[must_use]
    pub fn name(self) -> String {
        match self {
            Self::Char(' ') => "space".to_owned(),
            Self::Char(character) => character.to_string(),
            Self::Ctrl(character) => format!("ctrl-{character}"),
            Self::Alt(character) => format!("alt-{character}"),
            Self::Code(KeyCode::F(number)) => format!("f{number}"),
            Self::Code(code) => match KEYS.iter().find(|(of, _)| *of == code) {
                Some((_, names)) => names[0].to_owned(),
                None => format!("{code:?}").to_lowercase(),
            },
        }
    }

    /// Reads a key's name.
    ///
    /// # Errors
    ///
    /// In words, why it is none.
    pub fn read(name: &str) -> Result<Self, String> {
        let mut characters = name.chars();
        if let (Some(character), None) = (characters.next(), characters.next()) {
            return match character {
                ' ' => Ok(Self::Char(' ')),
                character if character.is_control() || character.is_whitespace() => Err(unknown(name)),
                character => Ok(Self::Char(character)),
            };
        }
        let name = &*hyphenated(name);
        let lower = name.to_lowercase();
        if lower == "space" {
            return Ok(Self::Char(' '));
        }
        let with = |prefixes: [&'static str; 3]| prefixes.into_iter().find_map(|prefix| strip(name, prefix));
        if let Some(rest) = with(["ctrl-", "c-", "^"]) {
            return control(name, &rest);
        }
        if let Some(rest) = with(["alt-", "a-", "m-"]) {
            return single(&rest).map(Self::Alt).ok_or_else(|| unknown(name));
        }
        if let Some(number) = lower.strip_prefix('f').and_then(|number| number.parse().ok()) {
            return if (1..=12).contains(&number) { Ok(Self::Code(KeyCode::F(number))) } else { Err(unknown(name)) };
        }
        let known = KEYS.iter().find(|(_, names)| names.contains(&lower.as_str()));
        known.map(|(code, _)| Self::Code(*code)).ok_or_else(|| unknown(name))
    }
}

/// `ctrl-r` for `ctrl+r`, as others write it.
fn hyphenated(name: &str) -> Cow<'_, str> {
    match name.split_once(|character: char| !character.is_ascii_alphabetic()) {
        Some((modifier, key)) if !key.is_empty() && name[modifier.len()..].starts_with('+') => {
            format!("{modifier}-{key}").into()
        }
        _ => name.into(),
    }
}

/// What follows a prefix, which may be written in capitals.
fn strip(name: &str, prefix: &str) -> Option<String> {
    let begins = name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
    begins.then(|| name[prefix.len()..].to_owned()).filter(|rest| !rest.is_empty())
}

fn single(text: &str) -> Option<char> {
    let mut characters = text.chars();
    let first = characters.next().filter(|character| !character.is_control() && !character.is_whitespace())?;
    characters.next().is_none().then_some(first)
}

fn control(name: &str, rest: &str) -> Result<BoundKey, String> {
    let character = single(&rest.to_lowercase()).ok_or_else(|| unknown(name))?;
    if let Some((_, same)) = SAME_KEY.iter().find(|(of, _)| *of == character) {
        return Err(format!("'{}' is '{same}' to a terminal: choose another key", crate::text::visible(name)));
    }
    if character.is_ascii_lowercase() { Ok(BoundKey::Ctrl(character)) } else { Err(unknown(name)) }
}

fn unknown(name: &str) -> String {
    let names = KEYS.iter().flat_map(|(_, names)| names.iter().copied()).chain(["space"]);
    let meant = crate::text::suggestion(&name.to_lowercase(), names);
    format!(
        "unknown key {}: expected a character, or a name such as ctrl-r, alt-x, enter, space or f5{meant}",
        crate::config::named(name)
    )
}

impl KeyContext {
    /// The table below `[keys]`; `None` for `[keys]` itself.
    #[must_use]
    pub fn section(self) -> Option<&'static str> {
        Some(match self {
            Self::Anywhere => return None,
            Self::List => "list",
            Self::Detail => "details",
            Self::Signature => "signature",
            Self::Payload => "payload",
            Self::Folding => "folding",
            Self::Image => "image",
            Self::Answer => "answer",
            Self::Menu => "menu",
            Self::Help => "help_window",
            Self::Prompt => "prompt",
            Self::Filter => "filtering",
            Self::Columns => "choosing_columns",
            Self::Form => "form",
            Self::Sending => "result",
            Self::SendForm => "send",
            Self::Picker => "picker",
            Self::Rules => "rules",
            Self::Writing => "editor",
        })
    }

    /// Whether characters are text there.
    #[must_use]
    pub(super) fn is_typing(self) -> bool {
        matches!(self, Self::Prompt | Self::Filter | Self::Columns | Self::Form | Self::SendForm | Self::Writing)
    }
}

fn step(step: Step) -> &'static str {
    match step {
        Step::Up => "up",
        Step::Down => "down",
        Step::HalfUp => "half_page_up",
        Step::HalfDown => "half_page_down",
        Step::PageUp => "page_up",
        Step::PageDown => "page_down",
        Step::First => "first",
        Step::Last => "last",
    }
}

/// The name of an action in the configuration.
#[must_use]
pub fn action(action: Action) -> Cow<'static, str> {
    Cow::Borrowed(match action {
        Action::Move(to) => step(to),
        Action::Scroll(to) => return format!("scroll_{}", step(to)).into(),
        Action::Image(action) => return image(action),
        Action::Show(tab) => match tab {
            Tab::Overview => "show_overview",
            Tab::Signature => "show_signature",
            Tab::Payload => "show_payload",
            Tab::Image => "show_image",
            Tab::Headers => "show_headers",
            Tab::Answer => "show_answer",
            Tab::Raw => "show_raw",
        },
        Action::NextTab => "next_tab",
        Action::PreviousTab => "previous_tab",
        Action::Open => "open",
        Action::Back => "back",
        Action::Filter => "filter",
        Action::Follow => "follow",
        Action::Pause => "pause",
        Action::Answer(action) => return answer(action),
        Action::PickAnswer => "choose_answer",
        Action::TypeSecret => "secret",
        Action::Adopt => "adopt_scheme",
        Action::Payload(action) => return payload(action),
        Action::Send(action) => send(action),
        Action::CopyMenu => "copy",
        Action::CopyPublicUrl => "copy_public_url",
        Action::Reveal => "reveal",
        Action::Deeper => "search_deeper",
        Action::StopLooking => "cancel",
        Action::Try => "try_secret",
        Action::Compare => "explain_digest",
        Action::NextField => "next_field",
        Action::PreviousField => "previous_field",
        Action::TurnUnit => "switch_unit",
        Action::FoldEvent => "fold_event",
        Action::Status => "status",
        Action::Messages => "messages",
        Action::Zoom => "zoom",
        Action::Split(true) => "wider_details",
        Action::Split(false) => "wider_list",
        Action::Help => "help",
        Action::SearchHelp => "search_help",
        Action::TurnHelp => "filter_help",
        Action::Commands => "commands",
        Action::Accept => "accept",
        Action::Cancel => "close",
        Action::Redraw => "redraw",
        Action::Lend(LentTo::Pager) => "open_in_pager",
        Action::Lend(LentTo::Editor) => "open_in_editor",
        Action::Mouse => "mouse",
        Action::Suspend => "suspend",
        Action::SaveFilter => "save_filter",
        Action::SaveColumns => "save_columns",
        Action::List(list) => match list {
            ListAction::Pin => "pin",
            ListAction::Note => "note",
            ListAction::Tag => "tag",
            ListAction::Delete => "delete",
            ListAction::Undo => "undo_delete",
            ListAction::Select => "select",
            ListAction::SelectAll => "select_all",
            ListAction::Columns => "columns",
            ListAction::Sort => "sort",
            ListAction::Export => "export",
        },
        Action::Quit => "quit",
    })
}

fn image(action: ImageAction) -> Cow<'static, str> {
    Cow::Borrowed(match action {
        ImageAction::Move(to) => return format!("row_{}", step(to)).into(),
        ImageAction::Left => "previous_byte",
        ImageAction::Right => "next_byte",
        ImageAction::NextImage => "next_image",
        ImageAction::PreviousImage => "previous_image",
        ImageAction::NextSegment => "next_segment",
        ImageAction::PreviousSegment => "previous_segment",
        ImageAction::Search => "find_bytes",
        ImageAction::NextMatch => "next_found_bytes",
        ImageAction::PreviousMatch => "previous_found_bytes",
        ImageAction::GoTo => "go_to_offset",
        ImageAction::Picture => "picture",
        ImageAction::Save => "save_image",
        ImageAction::OpenElsewhere => "open_image",
    })
}

fn answer(action: AnswerAction) -> Cow<'static, str> {
    Cow::Borrowed(match action {
        AnswerAction::Once => "use_once",
        AnswerAction::Clear => "clear_answer",
        AnswerAction::Write => "write_answer",
        AnswerAction::Rules => "show_rules",
        AnswerAction::Decide => "answer_held",
        AnswerAction::DecideAll => "answer_all_held",
        AnswerAction::Forward => "forward_held",
        AnswerAction::Drop => "drop_held",
        AnswerAction::LetGo => "default_answer",
        AnswerAction::SendAgain => "forward_again",
        AnswerAction::Probe => "probe_upstream",
        AnswerAction::NextAttempt => "next_attempt",
        AnswerAction::PreviousAttempt => "previous_attempt",
        AnswerAction::ToStatus(hundred) => return format!("status_{hundred}xx").into(),
        AnswerAction::PreviewDown => "preview_down",
        AnswerAction::PreviewUp => "preview_up",
        AnswerAction::AddRule => "add_rule",
        AnswerAction::EditRule => "edit_rule",
        AnswerAction::DeleteRule => "delete_rule",
        AnswerAction::UndoRule => "undo_delete_rule",
        AnswerAction::SwitchRule => "switch_rule",
        AnswerAction::RaiseRule => "rule_up",
        AnswerAction::LowerRule => "rule_down",
        AnswerAction::CopyRules => "copy_rules",
        AnswerAction::SaveRules => "save_rules",
        AnswerAction::Save => "save_answer",
        AnswerAction::Use => "use_answer",
    })
}

fn payload(action: PayloadAction) -> Cow<'static, str> {
    Cow::Borrowed(match action {
        PayloadAction::Out => "fold_or_parent",
        PayloadAction::In => "unfold_or_child",
        PayloadAction::Toggle => "fold",
        PayloadAction::NextSibling => "next_sibling",
        PayloadAction::PreviousSibling => "previous_sibling",
        PayloadAction::Mate => "matching_bracket",
        PayloadAction::FoldMenu => "fold_menu",
        PayloadAction::Level(level) => return format!("fold_level_{level}").into(),
        PayloadAction::FoldAll => "fold_all",
        PayloadAction::OpenAll => "unfold_all",
        PayloadAction::FoldSiblings => "fold_siblings",
        PayloadAction::OpenSiblings => "unfold_siblings",
        PayloadAction::OpenDeep => "unfold_below",
        PayloadAction::Search => "search",
        PayloadAction::NextMatch => "next_match",
        PayloadAction::PreviousMatch => "previous_match",
        PayloadAction::Fault => "json_fault",
        PayloadAction::AsSent => "as_sent",
        PayloadAction::Wrap => "wrap",
        PayloadAction::Left => "scroll_left",
        PayloadAction::Right => "scroll_right",
        PayloadAction::Open => "open_string",
        PayloadAction::Query => "jq",
    })
}

fn send(action: SendAction) -> &'static str {
    match action {
        SendAction::Test => "test_event",
        SendAction::Replay => "replay",
        SendAction::Simulate => "simulate",
        SendAction::Check => "check",
        SendAction::Last => "last_result",
        SendAction::Attempts => "replays",
        SendAction::Mark => "mark",
        SendAction::Compare => "compare",
        SendAction::CompareTunnel => "compare_tunnel",
        SendAction::Cancel => "cancel_sending",
        SendAction::Copy => "copy_report",
        SendAction::Save => "save_simulation",
        SendAction::Right => "next_choice",
        SendAction::Left => "previous_choice",
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("a", BoundKey::Char('a'), "a")]
    #[case("A", BoundKey::Char('A'), "A")]
    #[case("é", BoundKey::Char('é'), "é")]
    #[case("^", BoundKey::Char('^'), "^")]
    #[case(" ", BoundKey::Char(' '), "space")]
    #[case("Space", BoundKey::Char(' '), "space")]
    #[case("ctrl-r", BoundKey::Ctrl('r'), "ctrl-r")]
    #[case("Ctrl-R", BoundKey::Ctrl('r'), "ctrl-r")]
    #[case("^R", BoundKey::Ctrl('r'), "ctrl-r")]
    #[case("ctrl+r", BoundKey::Ctrl('r'), "ctrl-r")]
    #[case("Ctrl+R", BoundKey::Ctrl('r'), "ctrl-r")]
    #[case("alt+x", BoundKey::Alt('x'), "alt-x")]
    #[case("alt++", BoundKey::Alt('+'), "alt-+")]
    #[case("alt-+", BoundKey::Alt('+'), "alt-+")]
    #[case("+", BoundKey::Char('+'), "+")]
    #[case("shift+tab", BoundKey::Code(KeyCode::BackTab), "shift-tab")]
    #[case("C-r", BoundKey::Ctrl('r'), "ctrl-r")]
    #[case("alt-X", BoundKey::Alt('X'), "alt-X")]
    #[case("enter", BoundKey::Code(KeyCode::Enter), "enter")]
    #[case("Escape", BoundKey::Code(KeyCode::Esc), "esc")]
    #[case("pgdn", BoundKey::Code(KeyCode::PageDown), "pagedown")]
    #[case("F12", BoundKey::Code(KeyCode::F(12)), "f12")]
    fn keys_are_read_and_written(#[case] name: &str, #[case] key: BoundKey, #[case] written: &str) {
        assert_eq!(BoundKey::read(name), Ok(key));
        assert_eq!(key.name(), written);
        assert_eq!(BoundKey::read(written), Ok(key));
    }

    #[rstest]
    #[case("", "unknown key")]
    #[case("\t", "unknown key")]
    #[case("entr", "did you mean 'enter'?")]
    #[case("f13", "unknown key")]
    #[case("ctrl-", "unknown key")]
    #[case("ctrl-ab", "unknown key")]
    #[case("ctrl+", "unknown key")]
    #[case("ctrl+i", "'ctrl-i' is 'tab' to a terminal")]
    #[case("ctrl-5", "unknown key")]
    #[case("ctrl-i", "'ctrl-i' is 'tab' to a terminal")]
    #[case("ctrl-M", "is 'enter' to a terminal")]
    #[case("ctrl-[", "is 'esc' to a terminal")]
    fn what_is_no_key_says_what_is(#[case] name: &str, #[case] words: &str) {
        let error = BoundKey::read(name).unwrap_err();
        assert!(error.contains(words), "{error}");
    }
}
