use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use proptest::prelude::*;

use super::super::json::scan::Entries;
use super::super::json::{NoRows, decode_string, entries};
use super::*;

const JPEG: &[u8] = include_bytes!("../../../assets/samples/screenshot.jpg");
const LIVE: &str = include_str!("../../../assets/samples/screenshot-live.json");

/// What Node 20 (with superjson 2 and bson 6) and Python 3.11 made of the sample picture: each form
/// with the bytes that can be had from it.
const FORMS: &[u8] = include_bytes!("../../../assets/fixtures/image-forms.json");

/// More than there are; the rest starts again.
const FORM_COUNT: usize = 64;

struct Recorded {
    form: BinaryForm,
    from: String,
    present: u64,
    total: Option<u64>,
    value: &'static [u8],
}

fn recorded() -> Vec<Recorded> {
    entries(FORMS)
        .map(|row| {
            let fields: Vec<&[u8]> = Entries::at(FORMS, row.value.start).map(|field| &FORMS[field.value]).collect();
            let number = |raw: &[u8]| std::str::from_utf8(raw).unwrap().parse().ok();
            Recorded {
                form: BinaryForm::from_code(&decode_string(fields[0]).text).unwrap(),
                from: decode_string(fields[1]).text.into_owned(),
                present: number(fields[2]).unwrap(),
                total: number(fields[3]),
                value: fields[4],
            }
        })
        .collect()
}

/// The live sample with another value in its `imageBuffer`.
fn event_with(value: &str) -> String {
    let start = LIVE.find("\"<Buffer").unwrap();
    let end = LIVE.find("bytes>\"").unwrap() + "bytes>\"".len();
    format!("{}{value}{}", &LIVE[..start], &LIVE[end..])
}

#[test]
fn a_buffer_of_any_bytes_does_not_hide_what_follows() {
    let body = br#"{"data":[{"a":{"type":"Buffer","data":[1,2]},"screenshot":{"imageBuffer":"<Buffer ff d8 ff>"}}]}"#;
    let rows = crate::payload::json::pretty(body).unwrap();
    let images = rows.binaries();
    assert_eq!(images.iter().map(|image| &*image.path).collect::<Vec<_>>(), ["data[0].screenshot.imageBuffer"]);
    assert_eq!(images, find_all(body));
}

#[test]
fn a_picture_of_which_only_the_end_is_wrapped_is_recognised_by_its_beginning() {
    let mut text = BASE64_STANDARD.encode(&JPEG[..267]);
    text.insert_str(350, " \r\n\t");
    let token = serde_json::to_vec(&text).unwrap();
    let whole = recognise(&token, ValueContext::Elsewhere).unwrap();
    let prefix = recognise_prefix(&token, ValueContext::Elsewhere, 0).unwrap();
    assert_eq!((whole.present, prefix.present), (267, 267));
    assert!(prefix.bytes.len() < 267);
}

#[test]
fn every_recorded_form_is_read_in_the_known_field() {
    for recorded in recorded() {
        let name = format!("{:?}, {}", recorded.form, recorded.from);
        let binary = recognise(recorded.value, ValueContext::KnownField).unwrap_or_else(|| panic!("{name}"));
        assert_eq!(
            (binary.form, binary.present, binary.total),
            (recorded.form, recorded.present, recorded.total),
            "{name}"
        );
        assert_eq!(binary.bytes, &JPEG[..binary.bytes.len()], "{name}");
        assert_eq!(binary.bytes.len() as u64, binary.present, "{name}");
        assert!(!binary.summary().is_empty() && binary.explanation().ends_with('.'), "{name}");
    }
    let seen: Vec<BinaryForm> = recorded().iter().map(|recorded| recorded.form).collect();
    assert!(BinaryForm::ALL.iter().all(|form| seen.contains(form)));
}

#[test]
fn elsewhere_only_pictures_are_binaries() {
    for recorded in recorded() {
        let name = format!("{:?}, {}", recorded.form, recorded.from);
        let binary = recognise(recorded.value, ValueContext::Elsewhere);
        assert_eq!(binary.is_some(), recorded.present >= 5, "{name}");
        assert!(binary.is_none_or(|binary| binary.form == recorded.form), "{name}");
    }
}

#[test]
fn a_prefix_tells_the_same_lengths() {
    for recorded in recorded() {
        for limit in [1, 257, 260] {
            let name = format!("{:?}, {}, {limit}", recorded.form, recorded.from);
            let binary =
                recognise_prefix(recorded.value, ValueContext::KnownField, limit).unwrap_or_else(|| panic!("{name}"));
            assert_eq!((binary.form, binary.present), (recorded.form, recorded.present), "{name}");
            assert!(JPEG.starts_with(&binary.bytes), "{name}");
        }
    }
}

#[test]
fn damage_that_is_far_behind_the_beginning_gives_the_form_of_the_whole() {
    let damaged = |text: String, at: usize, by: &str| {
        let mut text = text;
        let at = text.char_indices().map(|(place, _)| place).nth(text.chars().count() - at).unwrap();
        let end = at + text[at..].chars().next().unwrap().len_utf8();
        text.replace_range(at..end, by);
        text
    };
    let base64 = BASE64_STANDARD.encode(JPEG.repeat(3));
    let values = [
        damaged(hex::encode(JPEG.repeat(3)), 40, "G"),
        damaged(format!("b'{base64}'"), 40, "#"),
        damaged(base64, 40, "#"),
        damaged("GIF89a\u{1}\u{ff}".to_owned() + &"\u{e9}".repeat(600), 40, "\u{fffd}"),
    ];
    for value in values {
        let value = serde_json::to_vec(&value).unwrap();
        let form =
            |limit| recognise_prefix(&value, ValueContext::KnownField, limit).map(|found| (found.form, found.present));
        assert_eq!(form(1), form(usize::MAX), "{}", String::from_utf8_lossy(&value[..60]));
    }
}

#[test]
fn facts_come_from_the_event() {
    let (event, image) = crate::payload::capture_facts(LIVE.as_bytes());
    assert_eq!(event.short_event(), Some("screenshot"));
    let image = image.unwrap();
    assert_eq!((&*image.form, image.bytes, image.total), ("node_print", 50, Some(44_869)));
    assert_eq!((image.format.as_deref(), image.width), (Some("jpeg"), None));

    for recorded in recorded() {
        let body = event_with(std::str::from_utf8(recorded.value).unwrap());
        let image = crate::payload::capture_facts(body.as_bytes()).1.unwrap();
        assert_eq!((&*image.form, image.bytes, image.total), (recorded.form.code(), recorded.present, recorded.total));
        let size = (recorded.present >= 149).then_some((16, 9)).unzip();
        assert_eq!((image.width, image.height), size, "{}", recorded.from);
        let found = find_all(body.as_bytes());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].path, "data[0].screenshot.imageBuffer");
        assert_eq!(&body.as_bytes()[found[0].range.clone()], recorded.value);
        assert_eq!(found[0].context, ValueContext::KnownField);
    }
}

#[test]
fn an_array_of_forms_is_each_of_them() {
    use base64::Engine as _;
    let base64 = base64::prelude::BASE64_STANDARD.encode(JPEG);
    let body = event_with(&format!("[null, \"{base64}\", {{}}, \"<Buffer ff d8 ff ... 7 more bytes>\"]"));
    let paths: Vec<String> = find_all(body.as_bytes()).into_iter().map(|found| found.path).collect();
    let expected = [1, 2, 3].map(|index| format!("data[0].screenshot.imageBuffer[{index}]"));
    assert_eq!(paths, expected);
    assert_eq!(crate::payload::capture_facts(body.as_bytes()).1.unwrap().form, "base64");
}

#[test]
fn the_first_item_with_an_image_counts() {
    let item = |value: &str| format!("{{\"screenshot\":{{\"imageBuffer\":{value}}}}}");
    let body = |data: &str| format!("{{\"data\":{data}}}");
    let form = |data: &str| crate::payload::capture_facts(body(data).as_bytes()).1.map(|image| image.form);
    assert_eq!(form(&format!("[1,{},{},{}]", item("null"), item("{}"), item("[1,2]"))).as_deref(), Some("lost"));
    assert_eq!(form(&item("[1,2]")).as_deref(), Some("number_array"));
    let twice = r#"{"screenshot":{"imageBuffer":{},"imageBuffer":[1,2]}}"#;
    assert_eq!(form(twice).as_deref(), Some("number_array"));
    assert_eq!(form(r#"{"screenshot":{"imageBuffer":{}},"screenshot":1}"#), None);
}

#[test]
fn words_numbers_and_digests_are_no_images() {
    let values = [
        r#""""#,
        r#""hello""#,
        r#""/9j/photos""#,
        r#""screenshot_not_available""#,
        r#""BMW is a make of car, and this is a sentence""#,
        r#""GIF89a is a format that a sentence may begin with""#,
        r#""3c90c3cc-0d44-4b50-8888-8dd25736052a""#,
        r#""https://dev.trackpilots.com/favicon.ico""#,
        r#""<Buffer>>""#,
        r#""<Buffer ff d8 zz>""#,
        r#""<Buffered ff d8>""#,
        r#""Uint8Array(3) [ 1, 2 ]""#,
        r#""b'unfinished""#,
        r#""1,234""#,
        "[]",
        "[256]",
        "[1.5]",
        "[01]",
        "[-1]",
        r#"{"0":1,"2":3}"#,
        r#"{"type":"Other","data":[1]}"#,
        r#"{"type":"Buffer"}"#,
        r#"{"json":[1]}"#,
        "null",
        "7",
    ];
    for value in values {
        assert_eq!(recognise(value.as_bytes(), ValueContext::KnownField), None, "{value}");
    }
    let digest = format!("\"{}\"", "ab".repeat(32));
    assert_eq!(recognise(digest.as_bytes(), ValueContext::Elsewhere), None);
    let unrecognised = recognise(digest.as_bytes(), ValueContext::KnownField).unwrap();
    assert!(unrecognised.explanation().contains("not a known image format"));
}

#[test]
fn what_was_printed_is_explained() {
    let live = &find_all(LIVE.as_bytes())[0];
    assert_eq!(live.binary.summary(), "50 of 44,869 bytes, JPEG, Node's print-out of a Buffer");
    assert_eq!(
        live.binary.explanation(),
        "Node's print-out of a Buffer: the first 50 of 44,869 bytes; the sender must send base64 to deliver the image."
    );
    assert_eq!(live.binary.missing(), Some(44_819));
}

#[test]
fn keys_may_be_sorted_as_text_or_come_twice() {
    let mut keys: Vec<usize> = (0..JPEG.len()).collect();
    keys.sort_by_key(usize::to_string);
    let members: Vec<String> = keys.iter().map(|&key| format!("\"{key}\":{}", JPEG[key])).collect();
    let sorted = format!("{{{}}}", members.join(", "));
    assert_eq!(recognise(sorted.as_bytes(), ValueContext::KnownField).unwrap().bytes, JPEG);
    let twice = recognise(br#"{"0":1,"1":2,"0":3}"#, ValueContext::KnownField).unwrap();
    assert_eq!(twice.bytes, [3, 2]);
}

#[test]
fn an_image_may_stand_anywhere_at_any_depth() {
    let value = serde_json::to_string(JPEG).unwrap();
    let body = format!("{}{{\"a b\":{value}}}{}", "[".repeat(5000), "]".repeat(5000));
    let found = find_all(body.as_bytes());
    assert_eq!(found.len(), 1);
    assert!(found[0].path.ends_with("[0][\"a b\"]"));
    assert_eq!(found[0].binary.bytes, JPEG);
}

#[test]
fn what_is_found_is_bounded() {
    let item = format!("{},", serde_json::to_string(&JPEG[..60]).unwrap()).repeat(FOUND_LIMIT + 10);
    let body = format!("[{}0]", item);
    assert_eq!(find_all(body.as_bytes()).len(), FOUND_LIMIT);
}

/// Nested beginnings of forms must not be read again at each level.
#[test]
fn hostile_nesting_takes_linear_time() {
    let openings = [
        r#"{"type":"Buffer","data":["#,
        r#"{"data":[255,216,255,224,0,16,"#,
        "[255,216,255,224,0,16,",
        r#"{"0":255,"1":"#,
        r#"{"json":[1],"meta":"#,
        r#"{"$binary":"#,
        "{\"type\":",
    ];
    for opening in openings {
        let body = opening.repeat(10_000);
        assert_eq!(find_all(body.as_bytes()), []);
        assert_eq!(recognise(body.as_bytes(), ValueContext::KnownField), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn bytes_come_back_from_every_encoding(tail in prop::collection::vec(any::<u8>(), 0..600), limit in 1_usize..600) {
        use base64::prelude::{BASE64_STANDARD, BASE64_STANDARD_NO_PAD, BASE64_URL_SAFE, Engine as _};
        let bytes = [&JPEG[..32], &tail].concat();
        let latin1: String = bytes.iter().map(|&byte| char::from(byte)).collect();
        let printed: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let decimal: Vec<String> = bytes.iter().map(u8::to_string).collect();
        let python: String = bytes.iter().map(|byte| format!("\\x{byte:02x}")).collect();
        let keyed: serde_json::Map<_, _> = bytes.iter().enumerate().map(|(key, &byte)| (key.to_string(), byte.into())).collect();
        let text = |text: String| serde_json::Value::from(text);
        let values = [
            text(BASE64_STANDARD.encode(&bytes)),
            text(BASE64_STANDARD_NO_PAD.encode(&bytes)),
            text(BASE64_URL_SAFE.encode(&bytes)),
            text(format!("data:image/jpeg;base64,{}", BASE64_STANDARD.encode(&bytes))),
            text(hex::encode(&bytes)),
            text(latin1),
            text(decimal.join(",")),
            text(format!("<Buffer {}>", printed.join(" "))),
            text(format!("Uint8Array({}) [ {} ]", bytes.len(), decimal.join(", "))),
            text(format!("b'{python}'")),
            serde_json::json!({"type": "Buffer", "data": bytes}),
            text(serde_json::json!({"type": "Buffer", "data": bytes}).to_string()),
            serde_json::json!({"json": bytes, "meta": {"values": [["typed-array", "Uint8Array"]]}}),
            serde_json::json!({"$binary": {"base64": BASE64_STANDARD.encode(&bytes), "subType": "00"}}),
            serde_json::json!(bytes),
            keyed.into(),
        ];
        for value in values {
            for raw in [serde_json::to_vec(&value).unwrap(), serde_json::to_vec_pretty(&value).unwrap()] {
                let binary = recognise(&raw, ValueContext::Elsewhere).unwrap();
                prop_assert_eq!(&binary.bytes, &bytes);
                prop_assert_eq!(binary.total, Some(bytes.len() as u64));
                let prefix = recognise_prefix(&raw, ValueContext::KnownField, limit).unwrap();
                prop_assert_eq!((prefix.form, prefix.present), (binary.form, binary.present));
                prop_assert!(bytes.starts_with(&prefix.bytes));
            }
        }
    }

    #[test]
    fn prose_is_no_image(words in prop::collection::vec("[A-Za-z]{1,12}", 1..12), glue in "[ ,/_-]") {
        let token = serde_json::to_vec(&words.join(&glue)).unwrap();
        prop_assert_eq!(recognise(&token, ValueContext::Elsewhere), None);
    }

    /// Words, paths, identifiers, digests and tokens: much of it decodes as base64 or hexadecimal.
    #[test]
    fn what_looks_like_base64_is_no_image(
        text in prop_oneof![
            "[A-Za-z0-9+/]{24,400}={0,2}",
            "[A-Za-z0-9_-]{24,400}",
            "([A-Z][a-z]{2,9}){3,20}",
            "(/[a-z0-9.]{2,12}){3,20}",
            "[0-9a-f]{24,200}",
            "eyJ[A-Za-z0-9_-]{20,80}\\.[A-Za-z0-9_-]{20,80}\\.[A-Za-z0-9_-]{43}",
            "(BM|GIF|RIFF|MM|II|Qk|R0|iV|UklGR|SUkq|AAAB|/9j)[A-Za-z ]{22,200}",
            "[0-9]{1,3}(,[0-9]{1,3}){10,60}",
            "\\PC{24,80}",
        ],
    ) {
        let token = serde_json::to_vec(&text).unwrap();
        let binary = recognise(&token, ValueContext::Elsewhere);
        // By chance some begin as a picture does, in all that a format fixes of its beginning.
        let strict = binary.as_ref().map(|binary| image::strict_format(&binary.bytes).is_some());
        prop_assert!(strict.unwrap_or(true), "{text}");
        let by_chance = text.starts_with("/9j/") || text.starts_with("AAAB") || text.starts_with("SUkq");
        prop_assert!(binary.is_none() || by_chance, "{text}: {binary:?}");
        prop_assert_eq!(find_all(&[b"[".as_slice(), &token, b"]"].concat()).len(), usize::from(binary.is_some()));
    }

    /// Who has the rows of a body finds its binaries at their places, without reading the body again.
    #[test]
    fn rows_know_where_binaries_are(
        forms in prop::collection::vec((0_usize..FORM_COUNT, 0_usize..6, any::<bool>()), 1..6),
        damage in prop::option::of((any::<prop::sample::Index>(), "[ -~]")),
    ) {
        let recorded = recorded();
        let items = forms.iter().map(|(form, place, padded)| {
            let value = String::from_utf8_lossy(recorded[form % recorded.len()].value).into_owned();
            let value = if *padded { value.replacen(',', " ,\n ", 400) } else { value };
            match place {
                0 => format!(r#"{{"screenshot":{{"imageBuffer":{value}}}}}"#),
                1 => format!(r#"{{"screenshot":{{"imageBuffer":[{value},{value}]}}}}"#),
                2 => format!(r#"{{"a":{{"type":"Buffer","data":[1,2]}},"screenshot":{{"imageBuffer":{value}}}}}"#),
                3 => format!(r#"{{"else where":[1,{value}]}}"#),
                4 => format!(r#"[{value},{{"x":"{}"}}]"#, "4".repeat(40)),
                _ => value,
            }
        });
        let mut body = format!(r#"{{"data":[{}]}}"#, items.collect::<Vec<_>>().join(",")).into_bytes();
        if let Some((at, byte)) = damage {
            let at = at.index(body.len());
            body[at] = byte.as_bytes()[0];
        }
        match crate::payload::json::pretty(&body) {
            Ok(rows) => prop_assert_eq!(rows.binaries(), find_all(&body)),
            Err(NoRows::Fault(_, places)) => prop_assert_eq!(places.unwrap().decode(&body), find_all(&body)),
            Err(NoRows::TooDeep) => prop_assert!(false, "nothing here is deep"),
        }
    }

    #[test]
    fn any_bytes_are_survived(
        value in prop_oneof![begun(), damaged()],
        limit in 0_usize..400,
    ) {
        for context in [ValueContext::KnownField, ValueContext::Elsewhere] {
            let binary = recognise(&value, context);
            if let Some(binary) = &binary {
                prop_assert_eq!(binary.present, binary.bytes.len() as u64);
                let words = binary.summary() + &binary.explanation();
                prop_assert!(!words.contains(crate::text::is_hidden), "{words:?}");
            }
            // Who asks for less gets the beginning of it, and all lengths.
            let prefix = recognise_prefix(&value, context, limit);
            if let (Some(prefix), Some(binary)) = (&prefix, &binary) {
                prop_assert!(binary.bytes.starts_with(&prefix.bytes));
                prop_assert_eq!((prefix.form, prefix.present, prefix.total), (binary.form, binary.present, binary.total));
            }
            prop_assert!(prefix.is_some() || binary.is_none());
        }
        let body = [b"{\"data\":{\"screenshot\":{\"imageBuffer\":".as_slice(), &value, b"}}}"].concat();
        let mut before = 0;
        for FoundBinary { range, context, binary, .. } in find_all(&body) {
            prop_assert!(before <= range.start && range.start < range.end && range.end <= body.len());
            before = range.end;
            prop_assert_eq!(recognise(&body[range], context), Some(binary));
        }
        // The list says of the documented field what is found in it.
        if let Some(known) = recognise(&value, ValueContext::KnownField) {
            let (_, image) = crate::payload::capture_facts(&body);
            let facts = image.map(|image| (image.form, image.bytes, image.total));
            prop_assert_eq!(facts, Some((known.form.code().to_owned(), known.present, known.total)));
        }
    }
}

/// Values that begin as one of the forms and go on as anything.
fn begun() -> impl Strategy<Value = Vec<u8>> {
    let start = prop::sample::select(vec![
        "",
        "\"<Buffer ",
        "\"Uint8Array(3) [",
        "\"ArrayBuffer { [Uint8Contents]: <",
        "\"data:",
        "\"b'",
        "\"bytearray(b\\\"",
        "\"/9j/",
        "{\"type\":\"Buffer\",\"data\":",
        "{\"0\":",
        "[255,216,",
        "{\"json\":[",
        "{\"$binary\":",
        "\"{\\\"0\\\":",
        "\"\u{ff}\u{d8}\u{ff}",
    ]);
    let rest = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..60),
        "[0-9a-f ,.\\[\\]{}:\"\\\\<>=more bytsi()x-]{0,60}".prop_map(String::into_bytes),
    ];
    (start, rest).prop_map(|(start, rest)| [start.as_bytes(), &rest].concat())
}

/// Values of every form as they were recorded, one in two with a byte changed somewhere.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let damage = prop::option::of((any::<prop::sample::Index>(), "[ -~]"));
    (0..FORM_COUNT, damage).prop_map(|(form, damage)| {
        let recorded = recorded();
        let mut value = recorded[form % recorded.len()].value.to_vec();
        if let Some((at, byte)) = damage {
            let at = at.index(value.len());
            value[at] = byte.as_bytes()[0];
        }
        value
    })
}
