//! Payloads beside the documentation's.

use serde_json::Value;

use super::*;
use crate::payload::{capture_facts, event};

fn circumstances(seed: u64) -> Circumstances {
    Circumstances { moment: Timestamp::from_millisecond(1_746_123_456_789).unwrap(), seed }
}

fn text(recipe: &Recipe, seed: u64) -> String {
    String::from_utf8(recipe.build(&circumstances(seed)).unwrap()).unwrap()
}

/// Every path of a value with the kind of what is there, in the order of the text.
fn shape(value: &Value, path: &str, shapes: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| shape(value, &format!("{path}.{key}"), shapes));
        }
        Value::Array(items) => items.iter().for_each(|item| shape(item, &format!("{path}[]"), shapes)),
        Value::String(_) => shapes.push(format!("{path} string")),
        Value::Number(_) => shapes.push(format!("{path} number")),
        Value::Bool(_) => shapes.push(format!("{path} bool")),
        Value::Null => shapes.push(format!("{path} null")),
    }
}

fn shape_of(body: &[u8]) -> Vec<String> {
    let mut shapes = Vec::new();
    shape(&serde_json::from_slice(body).unwrap(), "", &mut shapes);
    shapes
}

#[test]
fn structure_and_key_order_are_the_documentation_s() {
    let documented: [(&[u8], Recipe); 4] = [
        (include_bytes!("../../assets/samples/activity.json"), Recipe::new(SimulatedEvent::Activity)),
        (include_bytes!("../../assets/samples/app.json"), Recipe::new(SimulatedEvent::App)),
        (include_bytes!("../../assets/samples/screenshot-simulation.json"), Recipe::new(SimulatedEvent::Screenshot)),
        (include_bytes!("../../assets/samples/screenshot-live.json"), Recipe::live(SimulatedEvent::Screenshot)),
    ];
    for (sample, recipe) in documented {
        for seed in 0..20 {
            let small = Recipe { size: PictureSize::Pixels(16, 9), ..recipe.clone() };
            assert_eq!(shape_of(text(&small, seed).as_bytes()), shape_of(sample), "{:?}", recipe.event);
        }
    }
}

#[test]
fn a_seed_and_a_moment_give_exact_bytes() {
    insta::assert_snapshot!("activity", text(&Recipe::new(SimulatedEvent::Activity), 1));
    insta::assert_snapshot!("app", text(&Recipe { items: 2, ..Recipe::new(SimulatedEvent::App) }, 2));
    insta::assert_snapshot!("screenshot", text(&Recipe::new(SimulatedEvent::Screenshot), 3));
    let live = Recipe {
        image: Some(BinaryForm::NodePrint),
        size: PictureSize::Bytes(44_869),
        ..Recipe::live(SimulatedEvent::Screenshot)
    };
    insta::assert_snapshot!("screenshot_live", text(&live, 4));
}

#[test]
fn the_envelope_reads_as_documented() {
    for event in SimulatedEvent::ALL {
        let facts = event::facts(text(&Recipe::new(event), 5).as_bytes());
        assert_eq!(facts.event.as_deref(), Some(event.name()));
        assert_eq!((facts.simulation, facts.timestamp_ms), (Some(true), Some(1_746_123_456_789)));
        let live = Recipe { size: PictureSize::Pixels(16, 9), ..Recipe::live(event) };
        assert_eq!(event::facts(text(&live, 5).as_bytes()).simulation, None);
    }
    assert!(text(&Recipe::new(SimulatedEvent::Screenshot), 1).contains(&format!("\"imageBuffer\":\"{PLACEHOLDER}\"")));
}

#[test]
fn times_make_sense() {
    let moment = circumstances(0).moment;
    for seed in 0..50 {
        let body: Value =
            serde_json::from_str(&text(&Recipe { items: 3, ..Recipe::new(SimulatedEvent::App) }, seed)).unwrap();
        let mut before = Timestamp::MIN;
        for item in body["data"].as_array().unwrap() {
            let time = &item["tracking"]["time"];
            let read = |key: &str| time[key].as_str().unwrap().parse::<Timestamp>().unwrap();
            let (start, end) = (read("startDate"), read("endDate"));
            assert!(before <= start && start < end && end <= moment, "{time}");
            assert_eq!(end.duration_since(start).as_secs(), time["durationInSeconds"].as_i64().unwrap());
            before = end;
        }
    }
}

#[test]
fn every_form_of_an_image_is_recognised_in_its_payload() {
    for form in BinaryForm::ALL {
        let recipe = Recipe {
            image: Some(form),
            size: PictureSize::Pixels(64, 36),
            items: 2,
            ..Recipe::live(SimulatedEvent::Screenshot)
        };
        let (facts, image) = capture_facts(text(&recipe, 6).as_bytes());
        assert_eq!(facts.items, Some(2));
        let image = image.unwrap_or_else(|| panic!("{form:?}"));
        assert_eq!(image.form, form.code());
        if !form.is_empty() && form != BinaryForm::NodePrint && form != BinaryForm::Uint8ArrayPrint {
            assert_eq!((image.width, image.height), (Some(64), Some(36)), "{form:?}");
        }
    }
}

#[test]
fn impossible_recipes_say_why() {
    let error = |recipe: Recipe| recipe.build(&circumstances(0)).unwrap_err();
    assert_eq!(error(Recipe { items: 0, ..Recipe::new(SimulatedEvent::App) }), RecipeError::Items(0));
    assert_eq!(error(Recipe { items: 2, ..Recipe::new(SimulatedEvent::Activity) }), RecipeError::NoItems);
    let image = Some(BinaryForm::Base64);
    assert_eq!(error(Recipe { image, ..Recipe::new(SimulatedEvent::App) }), RecipeError::NoImage(SimulatedEvent::App));
    let large = Recipe { items: 1000, size: PictureSize::Bytes(100_000), ..Recipe::live(SimulatedEvent::Screenshot) };
    assert_eq!(error(large), RecipeError::TooLarge { items: 1000, bytes: 100_000 });
    let edits = vec![PayloadEdit::set("data[0].screenshot.isIdel=true").unwrap()];
    let words = error(Recipe { edits, ..Recipe::new(SimulatedEvent::Screenshot) }).to_string();
    assert!(words.contains("data[0].screenshot contains screenshotId, imageBuffer"), "{words}");
}

#[test]
fn an_edit_changes_its_field_alone() {
    let plain = text(&Recipe::new(SimulatedEvent::Screenshot), 7);
    let edits = vec![PayloadEdit::set("data[0].screenshot.app.name=Ünïcode 😀").unwrap()];
    let changed = text(&Recipe { edits, ..Recipe::new(SimulatedEvent::Screenshot) }, 7);
    let name: Value = serde_json::from_str(&plain).unwrap();
    let name = name["data"][0]["screenshot"]["app"]["name"].to_string();
    assert_eq!(changed, plain.replacen(&name, "\"Ünïcode 😀\"", 1));
}
