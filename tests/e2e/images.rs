//! Screenshots in the forms that senders give them: what is said of them, what comes back, what is seen.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::{Value, json};

use crate::support::tools::tool;
use crate::support::{Person, Signed, Size, TestEnv, sample, talk, until};

fn event(buffers: &[Value]) -> Vec<u8> {
    let items: Vec<Value> = buffers.iter().map(|buffer| json!({"screenshot": {"imageBuffer": buffer}})).collect();
    let event = json!({"event": "desktop.screenshot_tracking.captured", "version": "v1", "timestamp": 1769591066292_u64, "data": items});
    event.to_string().into_bytes()
}

/// The sample picture as Node writes it in each form; as it was once recorded, where there is no Node.
fn forms() -> Vec<(String, Value)> {
    let Some(node) = tool("node") else {
        let recorded: Vec<Value> =
            serde_json::from_str(include_str!("../../assets/fixtures/image-forms.json")).unwrap();
        return recorded.iter().map(|row| (row["form"].as_str().unwrap().to_owned(), row["value"].clone())).collect();
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let printed = std::process::Command::new(node)
        .arg(folder.join("tests/support/forms.mjs"))
        .arg(folder.join("assets/samples/screenshot.jpg"))
        .output()
        .unwrap();
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    serde_json::from_slice(&printed.stdout).unwrap()
}

#[test]
fn every_form_is_known_for_what_it_is_and_comes_back_byte_for_byte() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let picture = sample("screenshot.jpg");
    let forms = forms();
    assert!(forms.len() >= 10);
    let buffers: Vec<Value> = forms.iter().map(|(_, value)| value.clone()).collect();
    assert_eq!(talk(listening.address(), Signed::new(event(&buffers)).wire()).status, 200);
    let shown = env.show(1);
    let images = shown["images"].as_array().unwrap();
    assert_eq!(images.len(), forms.len());
    let mut whole = 0;
    for (number, ((form, _), image)) in forms.iter().zip(images).enumerate() {
        assert_eq!(image["form"], **form, "{image}");
        assert_eq!(image["path"], format!("data[{number}].screenshot.imageBuffer"));
        let index = (number + 1).to_string();
        let ran = env.run(&["export", "1", "--as", "image", "--index", &index]);
        let present = usize::try_from(image["bytes"].as_u64().unwrap()).unwrap();
        if present == 0 && ran.status.code() == Some(1) {
            assert!(ran.stderr().contains("no image bytes at"), "{}", ran.stderr());
            assert!(ran.stdout.is_empty());
            continue;
        }
        let ran = ran.yes();
        assert_eq!(ran.stdout, picture[..present], "{form}");
        if image["total"].as_u64() == Some(picture.len() as u64) && present == picture.len() {
            whole += 1;
            assert_eq!((&image["width"], &image["height"], &image["complete"]), (&json!(16), &json!(9), &json!(true)));
            assert_eq!(ran.stderr(), "", "{form}");
        } else {
            assert_eq!(image["complete"], json!(false), "{image}");
        }
        if *form == "node_print" && image["total"] == 270 && present == 50 {
            assert!(ran.stderr().contains("partial: Node's print-out of a Buffer: the first 50 of 270 bytes"));
        }
    }
    assert!(whole >= 9, "{whole}");
    assert_eq!(shown["image"]["form"], images[0]["form"]);
}

#[test]
fn an_image_is_written_to_a_file_that_was_not_there() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&[]);
    let picture = sample("screenshot.jpg");
    talk(listening.address(), Signed::new(event(&[json!(null), json!(picture)])).wire());
    talk(listening.address(), Signed::new(sample("screenshot-simulation.json")).wire());
    talk(listening.address(), Signed::new("{}").wire());
    let export = |id: &str, more: &[&str]| env.run(&[&["export", id, "--as", "image"], more].concat());
    export("1", &["--output", "a.jpg"]).yes();
    let path = env.work().join("a.jpg");
    assert_eq!(std::fs::read(&path).unwrap(), picture);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert!(export("1", &["--output", "a.jpg"]).complains().contains("overwrite it with --force"));
    export("1", &["--output", "a.jpg", "--force"]).yes();
    assert!(export("1", &["--output", "none/a.jpg"]).complains().contains("the folder none does not exist"));
    assert!(export("2", &["--output", "b.jpg"]).no().stderr().contains("a simulation sends no image"));
    assert!(!env.work().join("b.jpg").exists());
    assert!(export("3", &[]).no().stderr().contains("delivery 3 contains no image"));
    assert!(export("1", &["--index", "9"]).no().stderr().contains("no image 9 in delivery 1: it contains "));
    assert!(export("77", &[]).no().stderr().contains("no delivery 77"));
}

#[test]
fn a_person_walks_the_bytes_sees_the_picture_and_saves_it() {
    let env = TestEnv::with_secret().set("COLORTERM", "truecolor");
    let (mut person, address) = Person::listening(&env, Size(120, 36), &[]);
    let picture = sample("screenshot.jpg");
    let hex = picture.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    talk(address, Signed::new(event(&[json!(picture), json!(hex), json!({})])).wire());
    person.sees("live").types("4").sees("1 of 3 · data[0].screenshot.imageBuffer").enter().sees("v picture");
    person.sees("0 of 270").types("]").sees("2 of 270").sees("quantization tables +0");
    person.types("#0x8c\r").sees("140 of 270").sees("SOF0");
    person.types("/ff c4\r").sees("DHT").sees("159 of 270").types("n").sees("182 of 270");
    person.types("#999\r").sees("beyond the end").types("\u{1b}").no_longer_sees("beyond the end");
    person.types("G").sees("269 of 270").sees("EOI").types("g").sees("0 of 270");
    // Nothing of the picture is on the screen until it is asked for.
    assert!(!person.screen().contains('▀'));
    person.types("v").sees("▀").sees("16 × 9 pixels").types("v").no_longer_sees("▀");
    person.types(".").sees("2 of 3").sees("hexadecimal").types(".").sees("3 of 3").sees("lost by the sender");
    person.types(".").sees("1 of 3").types("yX").no_longer_sees("image as hex");
    person.types("S").sees("Save the image as").sees("whyhook-1-data0.jpg").enter().sees("saved ");
    let path = env.work().join("whyhook-1-data0.jpg");
    assert_eq!(std::fs::read(&path).unwrap(), picture);
    assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    std::fs::write(&path, "precious").unwrap();
    person.types("S").sees("Save the image as").enter().sees("Replace the file?").types("n");
    person.no_longer_sees("Replace the file?");
    assert_eq!(std::fs::read(&path).unwrap(), b"precious");
    person.types("S").sees("Save the image as").enter().sees("Replace the file?").types("y").sees("saved ");
    assert_eq!(std::fs::read(&path).unwrap(), picture);
    // No display here, and it says so.
    person.types("V").sees("no display to open a viewer on");
    person.types("q");
    assert_eq!(person.ends(), 0);
    person.has_the_terminal_back();
}

#[test]
fn a_terminals_own_graphics_are_drawn_when_asked_for_and_taken_away_again() {
    for (mode, begins) in [("kitty", "\u{1b}_G"), ("sixel", "\u{1b}P"), ("iterm2", "\u{1b}]1337;")] {
        let env = TestEnv::with_secret();
        let (mut person, address) = Person::listening(&env, Size(100, 30), &["--images", mode]);
        talk(address, Signed::new(event(&[json!(sample("screenshot.jpg"))])).wire());
        person.sees("live").types("4").sees("0 of 270").enter().sees("v picture");
        let has = |person: &Person, text: &str| memchr::memmem::find(&person.raw(), text.as_bytes()).is_some();
        assert!(!has(&person, begins), "{mode}");
        person.types("v").no_longer_sees("0 of 270").no_longer_sees("decoding");
        assert!(until(|| has(&person, begins).then_some(())).is_some(), "{mode}");
        // What the terminal understands is not shown as text.
        let screen = person.screen();
        assert!(!screen.contains("1337") && !screen.contains("_G") && !screen.contains("q=2"), "{mode}: {screen}");
        person.types("1").sees("received").types("4").no_longer_sees("received").types("v").sees("0 of 270");
        assert_eq!(has(&person, "\u{1b}_Ga=d"), mode == "kitty");
        assert!(!person.screen().contains('\u{10eeee}'), "{mode}");
        person.types("q");
        assert_eq!(person.ends(), 0);
        person.has_the_terminal_back();
    }
}
