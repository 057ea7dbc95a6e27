//! Events that differ from what is documented.

use super::*;

/// A live event with every severity of drift, three items, and a header of its own time.
fn drifted() -> Delivery {
    let text = String::from_utf8_lossy(SCREENSHOT).into_owned();
    let text =
        text.replace("1769591066292", "1746123455").replace("\"isIdle\": true", "\"isIdle\": \"yes\", \"cpu\": \"m1\"");
    let text = text.replace("\"windows\"", "\"linux\"");
    let (start, end) = (text.find('[').unwrap(), text.rfind(']').unwrap());
    let item = &text[start + 1..end];
    let body = format!("{}[{item},{item},{item}]}}", &text[..start]);
    delivery(7, body.as_bytes(), "a webhook secret", "")
}

/// With what was found of its ids in earlier deliveries.
fn drifted_model() -> Model {
    let mut model = model(&[drifted()], secrets());
    let ids = model.loaded().unwrap().reading.event.as_ref().unwrap().ids.clone();
    let seen = ids[2..].iter().map(|id| Seen { id: id.clone(), count: 2, first: DeliveryId(3), last: DeliveryId(5) });
    let sightings = Sightings { seen: seen.collect(), looked_at: 6, is_all: true };
    update(&mut model, Message::Recalled(DeliveryId(7), sightings));
    model
}

#[rstest]
#[case(60, 20)]
#[case(80, 24)]
#[case(120, 36)]
#[case(200, 50)]
fn an_event_that_drifts(#[case] columns: u16, #[case] rows: u16) {
    let mut model = drifted_model();
    insta::assert_snapshot!(format!("drift_overview_{columns}x{rows}"), screen(&mut model, columns, rows));
    update(&mut model, Message::Act(Action::Show(Tab::Payload)));
    update(&mut model, Message::Act(Action::Open));
    insta::assert_snapshot!(format!("drift_payload_{columns}x{rows}"), screen(&mut model, columns, rows));
}

#[test]
fn the_events_summary_folds_and_gives_way() {
    let mut model = drifted_model();
    update(&mut model, Message::Act(Action::Show(Tab::Payload)));
    assert!(screen(&mut model, 120, 36).contains("error   timestamp"));
    update(&mut model, Message::Act(Action::FoldEvent));
    let folded = screen(&mut model, 120, 36);
    assert!(folded.contains("i unfolds") && !folded.contains("error   timestamp"), "{folded}");
    update(&mut model, Message::Act(Action::FoldEvent));
    let tiny = screen(&mut model, 100, 8);
    assert!(tiny.contains("\"event\"") && !tiny.contains("schema:"), "{tiny}");
}
