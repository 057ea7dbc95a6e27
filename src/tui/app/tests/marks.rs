//! Pins, notes, tags, deletions and the selection of several.

use super::*;
use crate::delivery::MarksEdit;
use crate::server::MarkedElsewhere;
use crate::tui::app::message::ExportFault;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::screens::list::action::ListAction;

fn asked(person: &mut Person) -> Vec<(Vec<i64>, MarksEdit)> {
    let asked = person.effects.iter().filter_map(|effect| match effect {
        Effect::Mark(ids, edit) => Some((ids.iter().map(|id| id.0).collect(), edit.clone())),
        _ => None,
    });
    let asked = asked.collect();
    person.effects.clear();
    asked
}

fn ids(ids: &[i64]) -> Vec<DeliveryId> {
    ids.iter().copied().map(DeliveryId).collect()
}

#[test]
fn what_is_selected_is_marked_together() {
    let mut person = Person::new(5);
    person.act(Action::List(ListAction::Pin));
    assert_eq!(asked(&mut person), [(vec![5], MarksEdit::Pin(true))]);
    person.act(Action::List(ListAction::Select)).act(Action::List(ListAction::Select));
    assert_eq!((person.model.chosen.iter().map(|id| id.0).collect::<Vec<_>>(), person.selected()), (vec![4, 5], 3));
    person.act(Action::List(ListAction::Tag)).type_in("Odd, -old").act(Action::Accept);
    let (odd, old) = (MarksEdit::Tag("odd".to_owned()), MarksEdit::Untag("old".to_owned()));
    // What goes makes room for what comes.
    assert_eq!(asked(&mut person), [(vec![4, 5], old), (vec![4, 5], odd)]);
    person.act(Action::List(ListAction::Tag)).type_in("no!").act(Action::Accept);
    assert!(matches!(&person.model.overlay, Some(Overlay::Prompt(prompt)) if prompt.error.is_some()));
    person.act(Action::Back).act(Action::Back);
    assert!(person.model.chosen.is_empty());
    person.act(Action::List(ListAction::Note)).type_in("ask them").act(Action::Accept);
    assert_eq!(asked(&mut person), [(vec![3], MarksEdit::Note("ask them".to_owned()))]);
}

#[test]
fn what_was_pinned_is_pinned_before_its_row_is_read_again() {
    let mut person = Person::new(3);
    update(&mut person.model, Message::Marked(ids(&[3]), MarksEdit::Pin(true), Ok(1)));
    assert!(person.model.list.rows().iter().all(|row| row.marks.pinned == (row.id.0 == 3)));
    person.act(Action::List(ListAction::Delete));
    assert!(asked(&mut person).is_empty());
    assert!(matches!(person.model.overlay, Some(Overlay::Confirm(_))));
}

#[test]
fn a_deletion_takes_the_row_away_and_can_be_undone() {
    let mut person = Person::new(5);
    // Counted while the store was empty; five have come since.
    person.tell(Message::Counted { total: 0, last: DeliveryId(0) });
    person.act(Action::Move(crate::tui::app::step::Step::Down)).act(Action::List(ListAction::Delete));
    assert_eq!(asked(&mut person), [(vec![4], MarksEdit::Delete(true))]);
    person.tell(Message::Marked(ids(&[4]), MarksEdit::Delete(true), Ok(1))).settle();
    assert_eq!((person.selected(), person.model.total()), (3, Some(4)));
    assert!(person.model.list.rows().iter().all(|row| row.id.0 != 4));
    person.act(Action::List(ListAction::Undo));
    assert_eq!(asked(&mut person), [(vec![4], MarksEdit::Delete(false))]);
    person.tell(Message::Marked(ids(&[4]), MarksEdit::Delete(false), Ok(1))).settle();
    assert_eq!((person.selected(), person.model.total()), (4, Some(5)));
    person.act(Action::List(ListAction::Undo));
    assert!(asked(&mut person).is_empty() && person.model.notice.is_some());
}

#[test]
fn what_another_process_changes_is_shown_and_moves_nothing_else() {
    let mut person = Person::new(5);
    person.tell(Message::Counted { total: 5, last: DeliveryId(5) });
    person.act(Action::Move(crate::tui::app::step::Step::Down));
    let elsewhere = |edit, numbers: &[i64]| {
        Message::MarkedElsewhere(MarkedElsewhere { ids: ids(numbers), edit, changed: numbers.len() })
    };
    person.tell(elsewhere(MarksEdit::Delete(true), &[5, 2])).settle();
    assert_eq!((person.selected(), person.model.total()), (4, Some(3)));
    assert!(person.model.list.rows().iter().all(|row| row.id.0 != 2));
    // It is not for the interface to undo.
    person.act(Action::List(ListAction::Undo));
    assert!(asked(&mut person).is_empty());
    person.tell(elsewhere(MarksEdit::Delete(false), &[5, 2])).settle();
    assert_eq!((person.selected(), person.model.total()), (4, Some(5)));
    person.effects.clear();
    person.tell(elsewhere(MarksEdit::Pin(true), &[3, 99]));
    let read: Vec<_> = person.effects.iter().filter(|effect| matches!(effect, Effect::Reread(_))).collect();
    assert!(matches!(read[..], [Effect::Reread(read)] if *read == ids(&[3])), "{read:?}");
}

#[test]
fn several_are_deleted_only_after_a_yes() {
    let mut person = Person::new(5);
    person.act(Action::List(ListAction::SelectAll)).act(Action::List(ListAction::Delete));
    assert!(asked(&mut person).is_empty() && matches!(person.model.overlay, Some(Overlay::Confirm(_))));
    person.act(Action::Accept);
    assert_eq!(asked(&mut person), [(vec![1, 2, 3, 4, 5], MarksEdit::Delete(true))]);
    person.tell(Message::Marked(ids(&[1, 2]), MarksEdit::Delete(true), Err("the disk is full".to_owned())));
    assert_eq!(person.model.list.rows().len(), 5);
    assert!(person.model.notice.as_ref().is_some_and(|notice| notice.is_error));
}

#[test]
fn columns_are_chosen_by_name() {
    let mut person = Person::new(2);
    person.act(Action::List(ListAction::Columns)).type_in("cause idd").act(Action::Accept);
    assert!(matches!(&person.model.overlay, Some(Overlay::Prompt(prompt)) if prompt.error.is_some()));
    person.tell(Message::Edit(tui_input::InputRequest::DeletePrevChar)).act(Action::Accept);
    assert_eq!(person.model.columns.as_ref().map(Vec::len), Some(2));
    person.act(Action::List(ListAction::Columns));
    person.tell(Message::Edit(tui_input::InputRequest::DeleteLine)).act(Action::Accept);
    assert_eq!((person.model.columns.clone(), person.model.overlay.is_none()), (None, true));
}

#[test]
fn what_is_selected_is_exported_to_a_file_whose_name_says_the_format() {
    let mut person = Person::new(3);
    let export = Action::List(ListAction::Export);
    person.act(export);
    let prompt = |person: &Person| match &person.model.overlay {
        Some(Overlay::Prompt(prompt)) => (prompt.text().to_owned(), prompt.error.clone()),
        _ => panic!("no prompt"),
    };
    assert_eq!(prompt(&person), ("delivery-3.har".to_owned(), None));
    for _ in 0..4 {
        person.tell(Message::Edit(tui_input::InputRequest::DeletePrevChar));
    }
    person.act(Action::Accept);
    assert!(prompt(&person).1.unwrap().contains(".har, .sh or .jsonl") && person.effects.is_empty());
    for character in ".sh".chars() {
        person.tell(Message::Edit(tui_input::InputRequest::InsertChar(character)));
    }
    person.act(Action::Accept);
    assert_eq!(person.effects.pop(), Some(Effect::Export(vec![DeliveryId(3)], "delivery-3.sh".to_owned())));
    assert!(person.model.overlay.is_none());
    person.act(Action::List(ListAction::SelectAll)).act(export);
    assert_eq!(prompt(&person).0, "deliveries.har");
    person.act(Action::Accept);
    let all = [1, 2, 3].map(DeliveryId).to_vec();
    assert_eq!(person.effects.pop(), Some(Effect::Export(all, "deliveries.har".to_owned())));
    person.tell(Message::Exported(Err("cannot write deliveries.har: the disk is full".to_owned())));
    assert!(person.model.notice.as_ref().is_some_and(|notice| notice.text.contains("the disk is full")));
}

#[test]
fn a_name_that_is_taken_can_be_mended() {
    let mut person = Person::new(3);
    person.act(Action::List(ListAction::Export)).act(Action::Accept);
    person.effects.clear();
    let fault = || ExportFault {
        ids: ids(&[3]),
        name: "delivery-3-2.har".to_owned(),
        reason: "/a/delivery-3.har already exists; delivery-3-2.har is free".to_owned(),
    };
    // What has come since is not what was to be exported.
    person.deliveries_arrive(1).tell(Message::NotExported(fault()));
    let Some(Overlay::Prompt(prompt)) = &person.model.overlay else { panic!("{:?}", person.model.overlay) };
    assert_eq!((prompt.text(), prompt.error.as_deref()), ("delivery-3-2.har", Some(&*fault().reason)));
    person.act(Action::Accept);
    assert_eq!(person.effects.pop(), Some(Effect::Export(ids(&[3]), "delivery-3-2.har".to_owned())));
    // Something else that is open stays open.
    person.act(Action::Status).tell(Message::NotExported(fault()));
    assert!(matches!(person.model.overlay, Some(Overlay::Status(_))));
    assert!(person.model.notice.as_ref().is_some_and(|notice| notice.text.contains("already exists")));
}

#[test]
fn a_prompt_is_about_what_was_selected_when_it_opened() {
    for (action, edit) in
        [(ListAction::Note, MarksEdit::Note("odd".to_owned())), (ListAction::Tag, MarksEdit::Tag("odd".to_owned()))]
    {
        let mut person = Person::new(3);
        person.act(Action::List(action)).type_in("odd").deliveries_arrive(2);
        assert_eq!(person.selected(), 5, "the newest is followed");
        person.act(Action::Accept);
        assert_eq!(asked(&mut person), [(vec![3], edit)]);
    }
}

fn pinned(person: &mut Person, numbers: &[i64]) {
    let marks = crate::delivery::Marks { pinned: true, ..Default::default() };
    person.tell(Message::Reread(numbers.iter().map(|id| Summary { marks: marks.clone(), ..row(*id) }).collect()));
}

fn question(person: &Person) -> String {
    match &person.model.overlay {
        Some(Overlay::Confirm(confirm)) => confirm.question.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn what_is_pinned_is_not_deleted_unasked() {
    let delete = Action::List(ListAction::Delete);
    let mut person = Person::new(3);
    pinned(&mut person, &[3]);
    person.act(delete);
    assert!(question(&person).contains("#3, which is pinned") && asked(&mut person).is_empty());
    person.act(Action::Accept);
    assert_eq!(asked(&mut person), [(vec![3], MarksEdit::Delete(true))]);
    // Of several, what is pinned stays.
    person.act(Action::List(ListAction::SelectAll)).act(delete);
    assert!(question(&person).starts_with("Delete 2 deliveries? 1 pinned delivery is kept."), "{}", question(&person));
    person.act(Action::Accept);
    assert_eq!(asked(&mut person), [(vec![1, 2], MarksEdit::Delete(true))]);
    pinned(&mut person, &[1, 2]);
    person.act(delete);
    assert!(person.model.overlay.is_none() && asked(&mut person).is_empty());
    let said = person.model.notice.as_ref().map(|notice| notice.text.clone()).unwrap();
    assert_eq!(said, "nothing deleted: 3 pinned deliveries are kept; b unpins");
}

#[test]
fn several_tags_are_one_message() {
    let mut person = Person::new(3);
    let said = |person: &Person| person.model.notice.as_ref().map(|notice| notice.text.clone()).unwrap_or_default();
    person.act(Action::List(ListAction::Tag)).type_in("a,b -c -d").act(Action::Accept);
    for (_, edit) in asked(&mut person) {
        let changed = usize::from(edit != MarksEdit::Untag("c".to_owned()));
        person.tell(Message::Marked(ids(&[3]), edit, Ok(changed)));
    }
    assert_eq!(said(&person), "tagged #3 #a #b; removed the tag #d of #3; #3 has no tag #c");
    let before = person.model.said;
    person.act(Action::List(ListAction::Tag)).type_in("a").act(Action::Accept);
    for (_, edit) in asked(&mut person) {
        person.tell(Message::Marked(ids(&[3]), edit, Ok(1)));
    }
    assert_eq!((said(&person).as_str(), person.model.said), ("tagged #3 #a", before + 1));
    person.tell(Message::Marked(ids(&[9]), MarksEdit::Pin(true), Ok(0)));
    assert_eq!(said(&person), "there is no delivery 9");
}
