//! What is entered in place of a key where the interface is shown in lines.

use crate::tui::app::action::{Action, Tab};
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::list::action::ListAction;
use crate::tui::screens::send::action::SendAction;

/// The command that does what an action does. Not every action has one: some only move on a screen.
pub(super) fn command(action: Action) -> Option<&'static str> {
    Some(match action {
        Action::Show(Tab::Overview) => "show",
        Action::Show(Tab::Signature) => "why",
        Action::Show(Tab::Payload) => "payload",
        Action::Show(Tab::Headers) => "headers",
        Action::Show(Tab::Answer) => "response",
        Action::Show(Tab::Image) => "image",
        Action::Show(Tab::Raw) => "raw",
        Action::Filter => "filter",
        Action::TypeSecret => "secret",
        Action::Adopt => "adopt",
        Action::Try => "try",
        Action::Compare => "compare",
        Action::Reveal => "reveal",
        Action::Deeper => "deeper",
        Action::StopLooking | Action::Send(SendAction::Cancel) => "cancel",
        Action::PickAnswer => "answer",
        Action::CopyMenu => "copy",
        Action::Help => "help",
        Action::Messages => "messages",
        Action::Status => "status",
        Action::Quit => "quit",
        Action::List(action) => return of_list(action),
        Action::Answer(action) => return of_answers(action),
        Action::Send(action) => return of_sending(action),
        _ => return None,
    })
}

fn of_list(action: ListAction) -> Option<&'static str> {
    Some(match action {
        ListAction::Pin => "pin",
        ListAction::Note => "note",
        ListAction::Tag => "tag",
        ListAction::Delete => "delete",
        ListAction::Undo => "undo",
        ListAction::Sort => "sort",
        ListAction::Export => "export",
        _ => return None,
    })
}

fn of_answers(action: AnswerAction) -> Option<&'static str> {
    Some(match action {
        AnswerAction::Clear => "answer clear",
        AnswerAction::Rules => "rules",
        AnswerAction::DecideAll => "release all",
        AnswerAction::Drop => "drop",
        AnswerAction::LetGo => "release",
        AnswerAction::AddRule => "rules add",
        AnswerAction::DeleteRule => "rules delete",
        AnswerAction::UndoRule => "rules undo",
        AnswerAction::SwitchRule => "rules switch",
        AnswerAction::SaveRules => "rules save",
        _ => return None,
    })
}

fn of_sending(action: SendAction) -> Option<&'static str> {
    Some(match action {
        SendAction::Test => "test",
        SendAction::Replay => "replay",
        SendAction::Simulate => "simulate",
        SendAction::Check => "check",
        SendAction::Last => "last",
        SendAction::Attempts => "attempts",
        SendAction::Compare => "diff",
        _ => return None,
    })
}
