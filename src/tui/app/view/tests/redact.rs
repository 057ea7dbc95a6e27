//! What redacting replaces, before anything is copied or written.

use super::*;
use crate::archive::redaction::LostCause;
use crate::redact::TallyKind;
use crate::tui::screens::redact::state::RedactionPreview;

const SIZES: [(u16, u16); 4] = [(60, 20), (80, 24), (120, 36), (200, 50)];

fn preview() -> RedactionPreview {
    let places = [
        (TallyKind::Text, "data[].tracking.user.email", 2),
        (TallyKind::Text, "data[].tracking.user.name", 2),
        (TallyKind::Picture, "data[].tracking.image.data", 1),
        (TallyKind::Header, "X-Forwarded-For", 2),
        (TallyKind::Url, "query token", 1_200),
    ];
    RedactionPreview {
        replaced: "4 texts, 1 picture, 2 headers and 1,200 parts of URLs".to_owned(),
        places: places.map(|(kind, place, count)| (kind, place.to_owned(), count)).to_vec(),
        kept: 1,
        ..RedactionPreview::default()
    }
}

fn ready(model: &mut Model, preview: RedactionPreview) {
    let number = model.redactions;
    update(model, Message::Redacted(number, Ok(Box::new(preview))));
}

#[test]
fn a_redacted_export_is_shown_before_it_is_written() {
    let mut model = model(&[delivery(3, SCREENSHOT, "another secret", "")], Vec::new());
    let export = |model: &mut Model| {
        update(model, Message::Act(Action::List(ListAction::Export)));
        update(model, Message::Edit(tui_input::InputRequest::DeleteLine));
        update(model, Message::Paste("share\u{1b}.redacted.har".to_owned().into()));
        update(model, Message::Act(Action::Accept));
    };
    export(&mut model);
    insta::assert_snapshot!("redact_waiting_80x24", screen(&mut model, 80, 24));
    ready(&mut model, preview());
    for (columns, rows) in SIZES {
        insta::assert_snapshot!(format!("redact_export_{columns}x{rows}"), screen(&mut model, columns, rows));
    }
    update(&mut model, Message::Choose('n'));

    // More places than rows, a reason that was lost, nothing to replace.
    export(&mut model);
    let many = (0..40).map(|number| (TallyKind::Text, format!("data[].field_{number}"), number)).collect();
    let lost = vec![LostCause { id: DeliveryId(3), was: "body_reserialised".to_owned(), now: String::new() }];
    ready(&mut model, RedactionPreview { places: many, lost, kept: 0, ..preview() });
    let shown = screen(&mut model, 80, 24);
    assert!(shown.contains("field_0") && shown.contains("↓ 29 more"), "{shown}");
    update(&mut model, Message::Act(Action::Move(Step::Last)));
    let shown = screen(&mut model, 80, 24);
    assert!(shown.contains("field_39") && shown.contains("y write the file"), "{shown}");
    assert!(shown.contains("body_reserialised, and is not explained"), "{shown}");
    update(&mut model, Message::Act(Action::Back));
    export(&mut model);
    ready(&mut model, RedactionPreview::default());
    assert!(screen(&mut model, 80, 24).contains("Nothing to replace was found"));
}

#[test]
fn a_redacted_copy_names_the_secret_that_it_is_signed_with() {
    let mut model = model(&[delivery(3, SCREENSHOT, "another secret", "")], Vec::new());
    update(&mut model, Message::Act(Action::CopyMenu));
    insta::assert_snapshot!("copy_menu_redacted_80x24", screen(&mut model, 80, 24));
    update(&mut model, Message::Choose('x'));
    ready(&mut model, RedactionPreview { secret: Some("k7Qm\u{1b}pXw2".to_owned()), ..preview() });
    let shown = screen(&mut model, 80, 24);
    assert!(shown.contains("throw-away secret k7Qm␛pXw2") && shown.contains("y copy it"), "{shown}");
}
