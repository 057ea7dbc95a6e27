//! What a person has pasted, where text is asked for: almost everywhere that is one line.

use std::borrow::Cow;

use super::effect::Effect;
use super::model::Model;
use crate::tui::app::overlay::state::{Overlay, PromptKind};
use crate::tui::app::overlay::update::{retry, typed};
use crate::tui::one_line::in_one_line;
use crate::tui::screens::answers::window::AnswerOverlay;
use crate::tui::screens::signature::trial::TrialField;
use crate::tui::screens::{answers, send};

/// What becomes of the line ends within a pasted text. Those around it are left out in any case.
enum LineEnds {
    /// Words stay apart.
    Blanks,
    /// The first line is taken: each is a thing of its own.
    FirstLine(&'static str),
    /// They could be part of it, and cannot be entered.
    Refused(&'static str),
    /// They are taken as they are.
    Kept,
}

/// A person pasted.
pub(super) fn pasted(model: &mut Model, text: &str) -> Vec<Effect> {
    let is_one_line = !text.trim_matches(['\r', '\n']).contains(['\r', '\n']);
    let text = match line_ends(model) {
        LineEnds::Kept => Cow::Borrowed(text),
        _ if is_one_line => Cow::Borrowed(text),
        LineEnds::Blanks => Cow::Owned(in_one_line(text)),
        LineEnds::FirstLine(what) => {
            model.warn(format!("only the first line was pasted: {what} is one line"));
            Cow::Borrowed(text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default())
        }
        LineEnds::Refused(why) => {
            model.warn(format!("not pasted: {why}"));
            return Vec::new();
        }
    };
    enter(model, &text)
}

fn line_ends(model: &Model) -> LineEnds {
    let of_secret =
        "there is a line end inside, and a secret is entered as one line; `whyhook secret --file PATH` takes it";
    match &model.overlay {
        Some(Overlay::Prompt(prompt)) if prompt.kind == PromptKind::Secret => LineEnds::Refused(of_secret),
        Some(Overlay::Try(trial)) if trial.field == TrialField::Secret => LineEnds::Refused(of_secret),
        Some(Overlay::Answers(window)) => match &**window {
            AnswerOverlay::Rules(_) => LineEnds::FirstLine("a rule"),
            // A body and headers have lines; its other fields see to it themselves.
            AnswerOverlay::Editor(_) | AnswerOverlay::Picker(_) => LineEnds::Kept,
        },
        _ => LineEnds::Blanks,
    }
}

fn enter(model: &mut Model, text: &str) -> Vec<Effect> {
    match &mut model.overlay {
        Some(Overlay::Prompt(prompt)) => {
            prompt.paste(text);
            typed(model)
        }
        Some(Overlay::Help(view)) => {
            view.paste(text);
            Vec::new()
        }
        Some(Overlay::Try(_)) => retry(model, |trial| trial.paste(text)),
        Some(Overlay::Sending) => send::update::paste(model, text),
        Some(Overlay::Answers(_)) => answers::update::paste(model, text),
        _ => Vec::new(),
    }
}
