//! An interface whose listener is in another process.

use super::*;
use crate::delivery::MarksEdit;
use crate::server::{ATTACHED_JOBS, JobKind, JobProgress, ListenerLink};
use crate::tui::app::attachment::alert;
use crate::tui::app::model::Attachment;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::app::view::tests::screen;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::list::action::ListAction;

fn reached(port: u16, process: u32) -> Message {
    Message::Listener(ListenerLink::Reached {
        url: format!("http://127.0.0.1:{port}"),
        process,
        webhooks: vec![("one".to_owned(), "/one".to_owned(), "developer".to_owned())],
        events: vec![Vec::new()],
    })
}

fn lost() -> Message {
    Message::Listener(ListenerLink::Lost("the listener has ended".to_owned()))
}

#[test]
fn a_listener_that_is_lost_is_said_once_and_greeted_when_it_comes_back() {
    let mut person = Person::new(2);
    person.tell(reached(3000, 7));
    assert!(person.model.notice.is_none() && alert(&person.model).is_none());
    person.tell(lost());
    assert!(person.model.notice.as_ref().is_some_and(|notice| notice.text.contains("has ended") && notice.is_error));
    assert!(alert(&person.model).is_some_and(|alert| alert.contains("not attached: the listener has ended")));
    person.effects.clear();
    person.tell(reached(4000, 8));
    assert_eq!((person.model.setup.url.as_str(), person.model.setup.path()), ("http://127.0.0.1:4000", "/one"));
    assert_eq!(person.model.attachment, Some(Attachment { process: 8, lost: None }));
    assert!(person.model.notice.as_ref().is_some_and(|notice| notice.text.contains("process 8")));
    assert!(alert(&person.model).is_none());
    assert!(matches!(person.effects[..], [Effect::LoadPage(_)]), "what was deleted meanwhile, nobody has told");
}

#[test]
fn what_was_typed_stays_while_the_listener_is_lost() {
    let mut person = Person::new(2);
    person.tell(reached(3000, 7));
    person.act(Action::List(ListAction::Note)).type_in("a long note");
    person.tell(lost());
    person.effects.clear();
    person.act(Action::Accept);
    assert!(person.effects.is_empty());
    let Some(Overlay::Prompt(prompt)) = &person.model.overlay else { panic!("the note is gone") };
    assert_eq!((prompt.text(), prompt.error.as_deref()), ("a long note", Some("not changed: the listener has ended")));
    person.tell(reached(3000, 8)).act(Action::Accept);
    assert!(
        person
            .effects
            .iter()
            .any(|effect| matches!(effect, Effect::Mark(_, MarksEdit::Note(text)) if text == "a long note"))
    );
    // A rule, and an answer of one's own.
    person.act(Action::Answer(AnswerAction::Rules)).act(Action::Answer(AnswerAction::AddRule)).type_in("503");
    person.tell(lost());
    person.effects.clear();
    person.act(Action::Accept);
    let shown = screen(&mut person.model, 100, 30);
    assert!(shown.contains("› 503") && shown.contains("not changed: the listener has ended"), "{shown}");
    person.act(Action::Back).act(Action::Back);
    person.act(Action::Answer(AnswerAction::Write)).act(Action::Answer(AnswerAction::Use));
    assert!(matches!(person.model.overlay, Some(Overlay::Answers(_))) && person.effects.is_empty());
}

#[test]
fn what_is_saved_goes_where_the_listener_reads_it() {
    let mut answers = Answers::default();
    assert_eq!(answers.file(), std::path::Path::new("whyhook.toml"));
    answers.place = Some("/of/the/listener/whyhook.toml".into());
    assert_eq!(answers.file(), std::path::Path::new("/of/the/listener/whyhook.toml"));
    answers.config = Some("/its/own.toml".into());
    assert_eq!(answers.file(), std::path::Path::new("/its/own.toml"));
}

#[test]
fn quitting_asks_only_about_what_runs_here() {
    let job = |number| JobProgress { number, kind: JobKind::Prune, done: 0, total: 0, is_cancelled: false };
    let mut person = Person::new(1);
    person.tell(Message::Jobs(vec![job(3)]));
    person.model.answers.saved = Some(Vec::new());
    person.act(Action::Quit);
    assert!(matches!(person.model.overlay, Some(Overlay::Confirm(_))), "all of it ends with this process");
    person.act(Action::Back).tell(reached(3000, 7));
    person.effects.clear();
    person.act(Action::Quit);
    assert_eq!(person.effects, [Effect::Quit], "the listener prunes on, with its rules");
    person.tell(Message::Jobs(vec![job(3), job(ATTACHED_JOBS + 1)])).act(Action::Quit);
    let Some(Overlay::Confirm(confirm)) = &person.model.overlay else { panic!("the second is cut off") };
    assert_eq!(confirm.question, "Prune is still running: it is cut off.");
}
