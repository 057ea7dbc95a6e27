//! Arbitrary Unicode and bytes in every place that a sender can write to: no line, list, delivery or
//! frame holds anything that a terminal would act on.

use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use whyhook::text::is_hidden;

use crate::support::{Person, Signed, Size, TestEnv, talk};

/// Deliveries of this kind in one run.
const COUNT: usize = 60;

/// Bytes that are text more often than not, and then harmful text.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let harm = proptest::sample::select(vec![
        "\u{1b}[2J",
        "\u{1b}]0;x\u{7}",
        "\u{9b}31m",
        "\u{85}",
        "\u{202e}",
        "\u{2066}",
        "\u{200b}",
        "\u{200d}",
        "\u{feff}",
        "\u{2028}",
        "\u{e0041}",
        "\u{301}\u{301}\u{301}\u{301}",
        "日本",
        "\u{1f469}\u{200d}\u{1f469}",
        "\0",
        "\t",
        "\\u001b",
        "\\u202e",
    ]);
    let piece = prop_oneof![
        harm.prop_map(|text| text.as_bytes().to_vec()),
        any::<char>().prop_map(|character| character.to_string().into_bytes()),
        proptest::collection::vec(any::<u8>(), 0..4),
        "[ -~]{0,6}".prop_map(String::into_bytes),
    ];
    proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// A request with such bytes in its target, a header's name and value, the timestamp, and the body.
fn request() -> impl Strategy<Value = Vec<u8>> {
    (bytes(), bytes(), bytes(), bytes(), 0_u8..4).prop_map(|(target, name, value, body, kind)| {
        let line =
            |bytes: &[u8]| -> Vec<u8> { bytes.iter().copied().filter(|b| !matches!(b, b'\r' | b'\n')).collect() };
        let value = line(&value);
        let text = String::from_utf8_lossy(&body).into_owned();
        let body = match kind {
            0 => body,
            1 => serde_json::json!({"event": text, "version": text, "agent": text, &text: [&text]})
                .to_string()
                .into_bytes(),
            _ => format!("{{\"event\":\"{}\",\"data\":[]}}", text.replace('"', "")).into_bytes(),
        };
        // Control characters make a header malformed; with and without is wanted.
        let value: Vec<u8> =
            if kind == 3 { value } else { value.into_iter().filter(|b| *b >= 0x20 && *b != 0x7f).collect() };
        let target: Vec<u8> =
            line(&target).into_iter().filter(|b| kind == 3 || !b.is_ascii_control() && *b != b' ').collect();
        let name = if kind == 3 { line(&name) } else { b"X-Odd".to_vec() };
        let signed = Signed::new(body).with([b"X-Odd: ", &value[..], b"\r\n", &name[..], b": x\r\n"].concat());
        let wire = signed.to("/PLACE").wire();
        let at = wire.windows(6).position(|window| window == b"/PLACE").unwrap_or(0);
        [&wire[..=at], &target[..], &wire[at + 6..]].concat()
    })
}

/// The same requests each time: what fails, fails again.
fn requests() -> Vec<Vec<u8>> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    (0..COUNT).map(|_| request().new_tree(&mut runner).unwrap().current()).collect()
}

#[track_caller]
fn is_plain(what: &str, text: &str) {
    let found = text.chars().find(|c| *c != '\n' && is_hidden(*c));
    assert!(found.is_none(), "{what}: {found:?} in {text:?}");
}

#[test]
fn whatever_is_sent_no_output_acts_on_a_terminal() {
    let env = TestEnv::with_secret();
    for format in ["text", "json"] {
        let store = format!("{format}.db");
        let listening = env.listen(&["--format", format, "--store", &store]);
        for request in requests() {
            talk(listening.address(), request);
        }
        listening.line(COUNT);
        is_plain("the lines", &listening.stdout());
        is_plain("the log", &listening.stderr());
        is_plain("list", &env.run(&["list", "--format", format, "--store", &store]).yes().stdout());
        for id in 1..=COUNT {
            let id = id.to_string();
            is_plain(&id, &env.run(&["show", &id, "--format", format, "--store", &store]).yes().stdout());
        }
    }
}

#[test]
fn whatever_is_sent_no_frame_acts_on_the_terminal() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(150, 45), &[]);
    for (number, request) in requests().into_iter().enumerate() {
        talk(address, request);
        person.types(["1", "2", "3", "5", "6", "7"][number % 6]);
    }
    person.sees(&COUNT.to_string());
    for number in 0..COUNT {
        person.types("j").types(["7", "3", "5", "2", "6", "1"][number % 6]).settles();
    }
    person.types("q").ends();
    // Broken bytes of ours would be found here; a replacement character that was sent may be shown.
    let raw = String::from_utf8(person.raw()).expect("what is written to the terminal is UTF-8");
    assert_eq!(
        crate::hostile::violations(raw.replace(char::REPLACEMENT_CHARACTER, "?").as_bytes()),
        Vec::<String>::new()
    );
}
