//! Saving into the configuration file.

use std::sync::Arc;

use crate::config::file::ConfigChange;
use crate::text::visible;
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::{Overlay, PromptKind};
use crate::tui::screens::answers::rules::off_words;
use crate::tui::screens::answers::state::AnswersEffect;
use crate::tui::screens::answers::window::AnswerOverlay;
use crate::tui::screens::saving::state::{Below, ConfigEffect, ConfigNews, PendingSave, ToSave};
use crate::tui::screens::send::state::SendScreen;

/// Asks what saving would write.
pub(crate) fn ask(model: &Model, part: ToSave) -> Vec<Effect> {
    vec![Effect::Config(ConfigEffect::Make(model.answers.file(), part))]
}

/// A key while a change waits for a yes.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let viewport = model.viewport;
    match (&mut model.overlay, action) {
        (Some(Overlay::Saving(saving)), Action::Move(step)) => {
            let places = viewport.overlay_lines.saturating_sub(viewport.overlay_rows) + 1;
            saving.scroll = step.apply(saving.scroll.min(places - 1), places, viewport.overlay_rows);
            Vec::new()
        }
        (_, Action::Back) => {
            drop(leave(model));
            Vec::new()
        }
        (_, Action::Accept) => {
            let change = leave(model);
            change.map(|change| Effect::Config(ConfigEffect::Write(change))).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

/// Goes back to what is below.
fn leave(model: &mut Model) -> Option<Arc<ConfigChange>> {
    match model.overlay.take() {
        Some(Overlay::Saving(saving)) => {
            model.overlay = match saving.below {
                Below::Answers(window) => Some(Overlay::Answers(window)),
                Below::Sending => Some(Overlay::Sending),
                Below::Nothing => None,
            };
            Some(saving.change)
        }
        other => {
            model.overlay = other;
            None
        }
    }
}

/// What has been read or written.
pub(crate) fn news(model: &mut Model, news: ConfigNews) -> Vec<Effect> {
    let mut effects = Vec::new();
    match news {
        ConfigNews::Made(Err(problem)) => say(model, Err(problem)),
        // A new file with nothing in it would save nothing.
        ConfigNews::Made(Ok(change)) if change.is_new() && change.lines().changes.is_empty() => {
            let off = match &model.overlay {
                Some(Overlay::Answers(_)) => off_words(&model.answers.rules),
                _ => String::new(),
            };
            say(model, Err(if off.is_empty() { "nothing to save".to_owned() } else { off }));
        }
        ConfigNews::Made(Ok(change)) if change.is_empty() => {
            let words = format!("{} already has this", shown(&change));
            let words = rules_saved(model, words);
            say(model, Ok(words));
        }
        ConfigNews::Made(Ok(change)) => match model.overlay.take() {
            Some(Overlay::Answers(window)) => show(model, change, Below::Answers(window)),
            Some(Overlay::Sending) => show(model, change, Below::Sending),
            Some(Overlay::Prompt(prompt)) if is_saved_from(prompt.kind) => show(model, change, Below::Nothing),
            // The person has gone on to something else.
            other => model.overlay = other,
        },
        ConfigNews::Written(change, Ok(())) => {
            effects.extend(keep_filter(model));
            model.answers.config.get_or_insert_with(|| change.file().to_owned());
            let words = format!("saved in {}", shown(&change));
            let words = rules_saved(model, words);
            say(model, Ok(words));
        }
        ConfigNews::Written(_, Err(problem)) => say(model, Err(problem)),
    }
    effects
}

/// The configuration has the rules that are on, where it is they that were saved. Of the others it is said that it has not.
fn rules_saved(model: &mut Model, words: String) -> String {
    if !matches!(model.overlay, Some(Overlay::Answers(_))) {
        return words;
    }
    model.answers.saved = None;
    match off_words(&model.answers.rules) {
        off if off.is_empty() => words,
        off => format!("{words}; {off}"),
    }
}

/// The configuration has the filter that is being saved: the list knows it, and rules that are written from now on.
fn keep_filter(model: &mut Model) -> Option<Effect> {
    let (name, filter) = model.saving_filter.take()?;
    let known = model.filters.iter().map(|(name, filter)| (name.to_owned(), filter.to_owned()));
    model.filters = crate::query::SavedFilters::new(known.chain([(name, filter)])).ok()?;
    let rules = (*model.answers.set).clone().with_filters(model.filters.clone());
    Some(Effect::Answers(AnswersEffect::SetRules(Arc::new(rules))))
}

/// Shows a change before it is written.
fn show(model: &mut Model, change: Arc<ConfigChange>, below: Below) {
    model.overlay = Some(Overlay::Saving(Box::new(PendingSave { change, scroll: 0, below })));
}

fn shown(change: &ConfigChange) -> String {
    visible(&change.file().to_string_lossy()).into_owned()
}

/// Whether what is typed there is saved in the configuration.
fn is_saved_from(kind: PromptKind) -> bool {
    matches!(kind, PromptKind::FilterName | PromptKind::Columns)
}

/// Shows it where the person looks: in the open window, else in the bottom line.
fn say(model: &mut Model, said: Result<String, String>) {
    match &mut model.overlay {
        Some(Overlay::Answers(window)) => {
            if let AnswerOverlay::Rules(rules) = &mut **window {
                rules.said = Some(said);
                return;
            }
        }
        Some(Overlay::Prompt(prompt)) if is_saved_from(prompt.kind) => {
            if let Err(problem) = said {
                prompt.error = Some(problem);
                return;
            }
            model.overlay = None;
        }
        Some(Overlay::Sending) => {
            if let Some(SendScreen::Form(form)) = model.sending.screens.last_mut() {
                form.said = Some(said);
                return;
            }
        }
        _ => {}
    }
    model.say_outcome(said);
}
