//! Replaying, simulating and checking: the interface's forms, filled in.

use tui_input::Input;

use crate::text::visible;
use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::plain::conversation::Conversation;
use crate::tui::screens::send::action::SendAction;
use crate::tui::screens::send::state::{FieldKey, FieldValue, SendForm, SendScreen};
use crate::tui::screens::send::task::Again;

impl Conversation {
    pub(in crate::tui::plain) fn replay(&mut self, model: &mut Model, how: Again, to: &[String]) {
        self.act(model, Action::Send(SendAction::Replay));
        let place = Again::ALL.iter().position(|way| *way == how).unwrap_or(0);
        let _ = self.fill_form(model, |form| {
            choose(form, FieldKey::How, place);
            if !to.is_empty() {
                write(form, FieldKey::To, &to.join(" "));
            }
            Ok(())
        });
    }

    pub(in crate::tui::plain) fn check(&mut self, model: &mut Model, url: &str) {
        self.act(model, Action::Send(SendAction::Check));
        let is_sent = self.fill_form(model, |form| {
            write(form, FieldKey::To, url);
            Ok(())
        });
        if is_sent {
            self.say(&format!("checking {}; cancel stops it", visible(url)));
        }
    }

    pub(in crate::tui::plain) fn simulate(&mut self, model: &mut Model, event: &str, to: Option<&str>) {
        self.act(model, Action::Send(SendAction::Simulate));
        let receivers = model.sending.receivers.clone();
        let _ = self.fill_form(model, |form| {
            if let Some(url) = to {
                choose(form, FieldKey::Receiver, receivers.len() + 1);
                form.settle(&receivers);
                write(form, FieldKey::To, url);
            }
            if event.is_empty() {
                return Ok(());
            }
            let Some(FieldValue::Choice(events, _)) = form.fields.get(FieldKey::Event).map(|field| &field.value) else {
                return Ok(());
            };
            // The whole name, else the first that holds the word.
            let exact = events.iter().position(|name| name == event);
            let near: Vec<usize> = (0..events.len()).filter(|at| events[*at].contains(event)).collect();
            match exact.or(near.first().copied()) {
                Some(at) => choose(form, FieldKey::Event, at),
                None => {
                    return Err(format!("unknown event '{}': expected {}", visible(event), events.join(", ")));
                }
            }
            form.settle(&receivers);
            Ok(())
        });
    }

    /// Fills in the form that has opened and sends it; what is wrong with it is said, and it is closed. Returns whether it
    /// was sent.
    fn fill_form(&mut self, model: &mut Model, fill: impl FnOnce(&mut SendForm) -> Result<(), String>) -> bool {
        let receivers = model.sending.receivers.clone();
        let Some(SendScreen::Form(form)) = model.sending.screens.last_mut() else { return false };
        let filled = fill(form);
        form.settle(&receivers);
        if let Err(problem) = filled {
            self.say(&problem);
            self.close(model);
            return false;
        }
        self.act(model, Action::Accept);
        if let Some(SendScreen::Form(form)) = model.sending.screens.last() {
            let problem = form.error.clone();
            let is_sent = problem.is_none();
            if let Some(problem) = problem {
                self.say(&problem);
            }
            // The form of a sending that has begun is not needed any more.
            self.close(model);
            return is_sent;
        }
        true
    }
}

fn choose(form: &mut SendForm, key: FieldKey, place: usize) {
    if let Some(field) = form.fields.get_mut(key)
        && let FieldValue::Choice(_, chosen) = &mut field.value
    {
        *chosen = place;
    }
}

fn write(form: &mut SendForm, key: FieldKey, text: &str) {
    if let Some(field) = form.fields.get_mut(key) {
        field.value = FieldValue::Text(Box::new(Input::new(text.to_owned())));
    }
}
