//! Payloads that are hard to show: deep, long, broken, or hardly JSON at all.

use crate::support::{House, Person, Signed, Size, talk};

/// A payload, and what must be seen of it: first on the Payload tab, and at its end.
struct Hard {
    what: &'static str,
    body: Vec<u8>,
    first: &'static str,
    last: &'static str,
}

fn hard() -> Vec<Hard> {
    let hard = |what, body: Vec<u8>, first, last| Hard { what, body, first, last };
    let lines: String = (0..400_000).map(|number| format!("{number},\n")).collect();
    vec![
        hard("5,000 levels", [vec![b'['; 5000], vec![b']'; 5000]].concat(), "[", "]"),
        hard("5,000 objects", ["{\"a\":".repeat(5000), "1".into(), "}".repeat(5000)].concat().into(), "\"a\"", "}"),
        hard("400,000 lines", format!("[{lines}null]").into_bytes(), "  17,", "null"),
        hard("a string of 16 MB", [b"{\"s\":\"", &vec![b'x'; 16 << 20][..], b"\"}"].concat(), "xxxx", "}"),
        hard("16 MB without an end", [b"{\"s\":\"", &vec![b'x'; 16 << 20][..]].concat(), "Invalid JSON", "xxxx"),
        hard("lone surrogates", br#"{"a":"\ud83d","b":"\ude00\ud83d x"}"#.to_vec(), r"\ud83d", "}"),
        hard("bad UTF-8", b"{\"a\":\"\xff\xc3(\xed\xa0\x80\"}".to_vec(), "\u{27e8}ff\u{27e9}", "c3"),
        hard("duplicate keys", br#"{"a":1,"a":2,"a":{"a":3,"a":4}}"#.to_vec(), "\"a\": 1,", "\"a\": 4"),
        hard("NaN", br#"{"a":NaN}"#.to_vec(), "Invalid JSON", "NaN"),
        hard("Infinity", br#"[-Infinity]"#.to_vec(), "Invalid JSON", "-Infinity"),
        hard("a BOM", b"\xef\xbb\xbf{\"after\":\"the mark\"}".to_vec(), "\"after\": \"the mark\"", "}"),
        hard("trailing garbage", br#"{"a":1} and more"#.to_vec(), "Invalid JSON", "and more"),
        hard("numbers that no float holds", br#"[1e999,-0.0,12345678901234567890123]"#.to_vec(), "1e999", "890123"),
    ]
}

#[test]
fn hard_payloads_are_shown_in_the_interface_and_never_hang_it() {
    let house = House::with_secret();
    let (mut person, address) = Person::listening(&house, Size(120, 30), &[]);
    for Hard { what, body, first, last } in hard() {
        let path = format!("/{}", what.replace(' ', "-").to_lowercase());
        assert_eq!(talk(address, Signed::new(body).to(&path).wire()).status, 200, "{what}");
        person.types("g1").sees(&path[..path.len().min(16)]);
        // Its bytes are the newest delivery's: the list follows.
        person.types("3\r").sees(first);
        person.types("G").sees(last);
        // Half-way, back, and every other tab answers too.
        for key in ["g", "\u{4}", "7", "G", "5", "2", "\u{1b}"] {
            person.types(key).settles();
        }
        assert!(person.is_running(), "{what}");
    }
    person.types("q");
    assert_eq!(person.ends(), 0);
}

#[test]
fn hard_payloads_are_printed_whole_and_valid() {
    let house = House::with_secret();
    let listening = house.listen(&["--format", "json"]);
    for (id, Hard { what, body, .. }) in (1..).zip(hard()) {
        assert_eq!(talk(listening.address(), Signed::new(body.clone()).wire()).status, 200, "{what}");
        listening.json_line(usize::try_from(id).unwrap());
        assert!(house.bytes(id, "body") == body, "{what}");
        let shown = house.show(id);
        match std::str::from_utf8(&body) {
            Ok(text) => assert!(shown["body"] == text, "{what}"),
            Err(_) => assert!(shown["body_base64"].is_string(), "{what}"),
        }
        let text = house.run(&["show", &id.to_string()]).yes().stdout;
        // Deep JSON is indented, but not to the square of its depth.
        assert!(text.len() < 3 * body.len() + 1_500_000, "{what}: {} bytes", text.len());
        assert!(std::str::from_utf8(&text).is_ok_and(|text| !text.contains(['\u{feff}', '\u{1b}'])), "{what}");
        house.run(&["verify", &id.to_string()]).yes();
    }
}

/// The most that is taken with the default limit, all of it one string.
#[cfg(target_os = "linux")]
#[test]
#[cfg_attr(debug_assertions, ignore = "twenty seconds; cargo test -- --ignored a_string_of_64_mb")]
fn a_string_of_64_mb_is_shown_searched_and_exported_within_five_times_its_size() {
    use crate::support::tools::peak_memory;
    let body = [b"{\"s\":\"", &vec![b'x'; (64 << 20) - 6 - 9][..], b"the end\"}"].concat();
    let house = House::with_secret();
    let (mut person, address) = Person::listening(&house, Size(120, 30), &[]);
    assert_eq!(talk(address, Signed::new(&body[..]).to("/large").wire()).status, 200);
    person.sees("/large").types("1").sees("67,108,864 bytes, JSON");
    // As a row of the tree, and in a view of its own.
    person.types("3\r").sees("characters)").types("jo").sees("67,108,856 characters, ").types("G").sees("the en");
    person.types("\u{1b}").no_longer_sees("the en").types("/the en\r").sees("1 of 1").types("\u{1b}").settles();
    person.types("r").sees("xxxx").types("G").sees("the en").types("7").sees("POST /large").types("G").sees("the en");
    person.types("2").sees("verified");
    let peak = peak_memory(person.process());
    assert!(peak < 5 * body.len() as u64, "{} MiB", peak >> 20);
    assert!(house.run(&["list", "body:\"the en\""]).yes().stdout().contains("/large"));
    assert!(house.bytes(1, "body") == body);
    let exported = house.run(&["export", "1", "--as", "raw"]).yes().stdout;
    assert!(exported.ends_with(&body));
    person.types("q");
    assert_eq!(person.ends(), 0);
}
