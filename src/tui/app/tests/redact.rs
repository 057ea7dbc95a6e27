//! Redacted copies and exports: nothing leaves before what was replaced has been seen.

use super::*;
use crate::redact::TallyKind;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::screens::list::action::ListAction;
use crate::tui::screens::redact::state::{RedactGoal, RedactedCopy, RedactionPreview};

#[test]
fn what_is_redacted_is_shown_before_anything_is_written_or_copied() {
    let mut person = Person::new(3);
    let preview = |text: &str| {
        let places = vec![(TallyKind::Text, "data.user".to_owned(), 2)];
        Box::new(RedactionPreview { places, text: text.to_owned(), ..RedactionPreview::default() })
    };
    let asked = |person: &mut Person| match person.effects.pop() {
        Some(Effect::Redact(request)) => request,
        other => panic!("{other:?}"),
    };
    let export = |person: &mut Person| {
        person.act(Action::List(ListAction::Export));
        person.tell(Message::Edit(tui_input::InputRequest::DeleteLine)).type_in("a.redacted.har").act(Action::Accept);
    };
    export(&mut person);
    let request = asked(&mut person);
    assert_eq!(
        (&request.ids[..], &request.goal),
        (&[DeliveryId(3)][..], &RedactGoal::File("a.redacted.har".to_owned()))
    );
    // Nothing is known yet, so a yes means nothing.
    person.tell(Message::Choose('y')).act(Action::Accept);
    assert!(person.effects.is_empty() && matches!(person.model.overlay, Some(Overlay::Redacting(_))));
    person.tell(Message::Redacted(request.number, Ok(preview(""))));
    person.tell(Message::Choose('z'));
    assert!(person.effects.is_empty());
    person.tell(Message::Choose('y'));
    assert_eq!(person.effects.pop(), Some(Effect::Export(vec![DeliveryId(3)], "a.redacted.har".to_owned())));
    assert!(person.model.overlay.is_none());

    // A no, and what comes late of it.
    export(&mut person);
    let request = asked(&mut person);
    person.act(Action::Back);
    assert_eq!((person.effects.pop(), person.model.overlay.is_none()), (Some(Effect::StopRedacting), true));
    person.tell(Message::Redacted(request.number, Ok(preview(""))));
    assert!(person.model.overlay.is_none());
    export(&mut person);
    let later = asked(&mut person);
    assert_ne!(request.number, later.number);
    person.tell(Message::Redacted(request.number, Err("late".to_owned())));
    assert!(matches!(person.model.overlay, Some(Overlay::Redacting(_))));
    person.tell(Message::Redacted(later.number, Err("delivery 3 is no longer in the store".to_owned())));
    assert!(person.model.overlay.is_none() && person.model.notice.as_ref().is_some_and(|notice| notice.is_error));

    // Copies of the shown one.
    person.act(Action::CopyMenu).tell(Message::Choose('x'));
    let request = asked(&mut person);
    assert_eq!(request.goal, RedactGoal::Copy(RedactedCopy::Curl));
    person.tell(Message::Redacted(request.number, Ok(preview("curl …")))).act(Action::Accept);
    let copied = Effect::Copy { what: "as redacted curl".to_owned(), text: "curl …".to_owned() };
    assert_eq!(person.effects.pop(), Some(copied));
}
