//! The Image tab: bytes, pictures, and what is no image any more.

use super::*;
use crate::tui::app::update::update;
use crate::tui::picture::{Colours, FontSize, Picture, PictureMethod};
use crate::tui::screens::image::action::ImageAction;

const JPEG: &[u8] = include_bytes!("../../../../../assets/samples/screenshot.jpg");

/// A screenshot event with these buffers.
fn event(buffers: &[serde_json::Value]) -> Delivery {
    let items: Vec<_> =
        buffers.iter().map(|buffer| serde_json::json!({"screenshot": {"imageBuffer": buffer}})).collect();
    let event = serde_json::json!({"event": "desktop.screenshot_tracking.captured", "version": "v1", "data": items});
    delivery(1, event.to_string().as_bytes(), "a webhook secret", "")
}

fn act(model: &mut Model, action: ImageAction) -> Vec<Effect> {
    update(model, Message::Act(Action::Image(action)))
}

/// A model with the details in focus on the Image tab, once drawn.
fn image_tab(delivery: &Delivery, columns: u16, rows: u16) -> Model {
    let mut model = model(std::slice::from_ref(delivery), secrets());
    update(&mut model, Message::Act(Action::Show(Tab::Image)));
    update(&mut model, Message::Act(Action::Open));
    screen(&mut model, columns, rows);
    model
}

/// Draws until the picture that is asked for is there.
fn paint(model: &mut Model, columns: u16, rows: u16, colours: Colours) -> String {
    let mut terminal = Terminal::new(TestBackend::new(columns, rows)).unwrap();
    let mut viewport = Viewport::default();
    terminal.draw(|frame| viewport = draw(frame, model, &look())).unwrap();
    for effect in update(model, Message::Drawn(viewport)) {
        let Effect::Picture(request) = effect else { continue };
        let made = Picture::make(
            &request.image.binary.bytes,
            request.key.room,
            PictureMethod::Cells(colours),
            FontSize::default(),
        );
        update(model, Message::Picture(request.key, made.map_err(|error| error.to_string())));
    }
    screen(model, columns, rows)
}

/// A picture of `width` × `height` pixels with a bright disc on a dark ground.
fn disc(width: u32, height: u32) -> Vec<u8> {
    use ::image::ImageEncoder as _;
    let inside = |x: u32, y: u32| {
        let (x, y) = (i64::from(x) - i64::from(width / 2), i64::from(y) - i64::from(height / 2));
        x * x + y * y < i64::from(height * height / 6)
    };
    let pixels = ::image::GrayImage::from_fn(width, height, |x, y| {
        ::image::Luma([if inside(x, y) { 250 } else { u8::try_from(x * 120 / width).unwrap() }])
    });
    let mut bytes = Vec::new();
    let encoder = ::image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 90);
    encoder.write_image(pixels.as_raw(), width, height, ::image::ExtendedColorType::L8).unwrap();
    bytes
}

#[rstest]
#[case(60, 20)]
#[case(80, 24)]
#[case(120, 36)]
#[case(200, 50)]
fn images(#[case] columns: u16, #[case] rows: u16) {
    let name = |what: &str| format!("image_{what}_{columns}x{rows}");
    let two = event(&[serde_json::json!(JPEG), serde_json::json!("<Buffer ff d8 ff ... 7 more bytes>")]);
    let mut model = image_tab(&two, columns, rows);
    for _ in 0..4 {
        act(&mut model, ImageAction::NextSegment);
    }
    insta::assert_snapshot!(name("bytes"), screen(&mut model, columns, rows));

    let mut model = image_tab(&event(&[serde_json::json!(disc(320, 200))]), columns, rows);
    act(&mut model, ImageAction::Picture);
    insta::assert_snapshot!(name("picture"), paint(&mut model, columns, rows, Colours::None));

    let mut model =
        image_tab(&event(&["[simulation-placeholder: binary image buffer not included]".into()]), columns, rows);
    insta::assert_snapshot!(name("placeholder"), screen(&mut model, columns, rows));

    let mut model = image_tab(&event(&[String::from_utf8_lossy(JPEG).into()]), columns, rows);
    insta::assert_snapshot!(name("destroyed"), screen(&mut model, columns, rows));
}

#[test]
fn a_picture_is_shown_on_request_only_and_for_one_delivery() {
    let mut other = event(&[serde_json::json!(disc(64, 40))]);
    other.summary.id = DeliveryId(2);
    let mut model = model(&[event(&[serde_json::json!(disc(64, 40))]), other.clone()], secrets());
    update(&mut model, Message::Act(Action::Show(Tab::Image)));
    assert!(!paint(&mut model, 120, 36, Colours::True).contains('▀'));
    act(&mut model, ImageAction::Picture);
    let shown = paint(&mut model, 120, 36, Colours::True);
    assert!(shown.contains("JPEG · 64 × 40 pixels") && shown.contains('▀'), "{shown}");
    // Another size of the pane is another picture.
    let narrow = paint(&mut model, 60, 30, Colours::True);
    assert!(narrow.contains('▀'), "{narrow}");
    // Another delivery begins with its bytes.
    update(&mut model, Message::Act(Action::Move(Step::Down)));
    select(&mut model, &other);
    let detail = model.detail.as_ref().unwrap();
    assert!(detail.id == DeliveryId(2) && detail.image.picture.is_none());
}

#[test]
fn a_part_of_a_picture_is_said_to_be_one() {
    let whole = disc(320, 200);
    let part = &whole[..whole.len() * 3 / 4];
    let digits: Vec<String> = part.iter().map(|byte| format!("{byte:02x}")).collect();
    let print = format!("<Buffer {} ... {} more bytes>", digits.join(" "), whole.len() - part.len());
    let mut model = image_tab(&event(&[print.into()]), 120, 36);
    act(&mut model, ImageAction::Picture);
    let shown = paint(&mut model, 120, 36, Colours::True);
    assert!(shown.contains("partial: the first 7") && shown.contains('▀'), "{shown}");

    let mut model = image_tab(&event(&["<Buffer ff d8 ff db 00 43 ... 44863 more bytes>".into()]), 120, 36);
    act(&mut model, ImageAction::Picture);
    let shown = paint(&mut model, 120, 36, Colours::True);
    assert!(shown.contains("No picture: the bytes stop before"), "{shown}");
}

#[test]
fn the_end_says_what_is_missing_and_nothing_is_made_up() {
    let mut model = image_tab(&delivery(1, SCREENSHOT, "a webhook secret", ""), 80, 24);
    act(&mut model, ImageAction::Move(Step::Last));
    let shown = screen(&mut model, 80, 24);
    assert!(shown.contains("… 44,819 bytes are not in the payload"), "{shown}");
    assert!(shown.contains("49 of 50 · 0b = 11"), "{shown}");
    assert!(!shown.contains("00 00 00"), "{shown}");
}

#[test]
fn prompts_and_questions_stand_over_the_image() {
    let mut model = image_tab(&delivery(1, SCREENSHOT, "a webhook secret", ""), 100, 24);
    act(&mut model, ImageAction::Save);
    insta::assert_snapshot!("image_save", screen(&mut model, 100, 24));
    let Some(Effect::SaveImage(request)) = update(&mut model, Message::Act(Action::Accept)).pop() else { panic!() };
    assert_eq!((&*request.path, request.overwrite), ("whyhook-1-data0.partial.jpg", false));
    let taken = crate::system::save::SaveError::Exists("/home/a/whyhook-1-data0.partial.jpg".into());
    update(&mut model, Message::Saved(request, Err(taken)));
    insta::assert_snapshot!("image_replace", screen(&mut model, 100, 24));
    let effects = update(&mut model, Message::Choose('y'));
    assert!(matches!(&effects[..], [Effect::SaveImage(request)] if request.overwrite), "{effects:?}");
    update(&mut model, Message::Act(Action::CopyMenu));
    insta::assert_snapshot!("image_copy", screen(&mut model, 100, 24));
}

#[test]
fn a_picture_that_is_no_longer_wanted_is_dropped() {
    let mut model = image_tab(&event(&[serde_json::json!(disc(64, 40)), serde_json::json!(disc(40, 64))]), 120, 36);
    act(&mut model, ImageAction::Picture);
    let mut terminal = Terminal::new(TestBackend::new(120, 36)).unwrap();
    let mut viewport = Viewport::default();
    terminal.draw(|frame| viewport = draw(frame, &model, &look())).unwrap();
    let Some(Effect::Picture(request)) = update(&mut model, Message::Drawn(viewport)).pop() else { panic!() };
    // Asked once, however often it is drawn.
    assert_eq!(update(&mut model, Message::Drawn(viewport)), []);
    let made = Picture::make(
        &request.image.binary.bytes,
        request.key.room,
        PictureMethod::Cells(Colours::True),
        FontSize::default(),
    );
    act(&mut model, ImageAction::NextImage);
    update(&mut model, Message::Picture(request.key, made.map_err(|error| error.to_string())));
    let shown = screen(&mut model, 120, 36);
    assert!(shown.contains("2 of 2") && shown.contains("decoding …"), "{shown}");
}

#[test]
fn every_way_to_copy_gives_the_whole_and_large_images_are_refused() {
    use crate::tui::screens::image::state::{ImageCopy, LoadedImage};
    let of = |bytes: &[u8]| {
        let body = serde_json::json!({"data": {"screenshot": {"imageBuffer": bytes}}}).to_string();
        LoadedImage::new(crate::payload::binary::find_all(body.as_bytes()).remove(0))
    };
    let image = of(JPEG);
    let text = |way: ImageCopy| way.text(&image, 145).unwrap();
    assert_eq!(text(ImageCopy::Hex), hex::encode(JPEG));
    assert!(text(ImageCopy::Base64).starts_with("/9j/2wBD") && text(ImageCopy::Base64).ends_with("//Z"));
    assert_eq!(text(ImageCopy::DataUrl), format!("data:image/jpeg;base64,{}", text(ImageCopy::Base64)));
    assert!(text(ImageCopy::CArray).starts_with("static const unsigned char image[270] = {\n    0xff, 0xd8,"));
    assert_eq!(text(ImageCopy::CArray).matches("0x").count(), 270);
    assert_eq!(text(ImageCopy::Path), "data.screenshot.imageBuffer");
    assert_eq!(text(ImageCopy::Segment), "ffc00011080009001003012200021101031101");
    let large = of(&[JPEG, &vec![0; ImageCopy::LIMIT]].concat());
    assert_eq!(ImageCopy::Hex.text(&large, 0), None);
    assert_eq!(ImageCopy::Segment.text(&large, 0).unwrap(), "ffd8");
    let mut model = image_tab(&event(&[serde_json::json!(large.bytes())]), 100, 24);
    update(&mut model, Message::Act(Action::CopyMenu));
    assert_eq!(update(&mut model, Message::Choose('X')), []);
    assert!(model.notice.is_some_and(|notice| notice.text.contains("S saves it to a file")));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn no_walk_leaves_the_bytes(
        length in 1_usize..400,
        steps in proptest::collection::vec(0_usize..14, 1..40),
        columns in 30_u16..160,
        rows in 8_u16..40,
    ) {
        let bytes: Vec<u8> = JPEG.iter().copied().cycle().take(length).collect();
        let mut model = image_tab(&event(&[serde_json::json!(bytes)]), columns, rows);
        for step in steps {
            let action = match step {
                0 => ImageAction::Move(Step::Up),
                1 => ImageAction::Move(Step::Down),
                2 => ImageAction::Move(Step::HalfUp),
                3 => ImageAction::Move(Step::HalfDown),
                4 => ImageAction::Move(Step::PageUp),
                5 => ImageAction::Move(Step::PageDown),
                6 => ImageAction::Move(Step::First),
                7 => ImageAction::Move(Step::Last),
                8 => ImageAction::Left,
                9 => ImageAction::Right,
                10 => ImageAction::NextSegment,
                11 => ImageAction::PreviousSegment,
                12 => ImageAction::NextMatch,
                _ => ImageAction::PreviousImage,
            };
            act(&mut model, action);
            screen(&mut model, columns, rows);
            let cursor = model.detail.as_ref().unwrap().image.cursor;
            prop_assert!(cursor < length);
            // The row under the cursor is on the screen.
            let viewport = model.viewport;
            let line = viewport.image.top + cursor / viewport.image.row_bytes.max(1);
            let first = model.detail.as_ref().unwrap().scroll[Tab::Image.index()];
            let first = first.min(viewport.detail_lines.saturating_sub(viewport.detail_rows));
            let is_at_rest = cursor == 0 && step != 6;
            prop_assert!(is_at_rest || (first <= line && line < first + viewport.detail_rows), "{cursor} {step}");
        }
    }
}

#[test]
fn each_way_to_copy_has_a_key_of_its_own() {
    for tab in Tab::ALL {
        let mut model = image_tab(&event(&[serde_json::json!(JPEG)]), 120, 36);
        update(&mut model, Message::Act(Action::Show(tab)));
        let keys: Vec<char> = model.copy_items().iter().map(|item| item.key).collect();
        let distinct: std::collections::HashSet<char> = keys.iter().copied().collect();
        assert_eq!(keys.len(), distinct.len(), "{tab:?}: {keys:?}");
    }
}

#[test]
fn a_short_pane_still_shows_bytes() {
    for (columns, rows) in [(40, 10), (80, 12), (80, 24)] {
        let mut model = image_tab(&event(&[serde_json::json!(JPEG)]), columns, rows);
        let seen = screen(&mut model, columns, rows);
        assert!(seen.contains("000010  "), "{seen}");
    }
}
