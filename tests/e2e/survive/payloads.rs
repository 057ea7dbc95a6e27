//! Payloads that are hard to show: deep, long, broken, or hardly JSON at all.

use crate::support::{Person, Signed, Size, TestEnv, talk};

/// A payload, and what must be seen of it on the Payload tab: what is said of it, its first rows, and its last ones.
/// A row that ends in `…` is the beginning of one.
struct Hard {
    what: &'static str,
    body: Vec<u8>,
    said: &'static str,
    first: Vec<&'static str>,
    last: Vec<&'static str>,
}

fn hard() -> Vec<Hard> {
    let hard = |what, body: Vec<u8>, first: &[&'static str], last: &[&'static str]| {
        let said = if first[0].starts_with(['[', '{']) && first[0].len() == 1 {
            ""
        } else {
            "! Invalid JSON: line 1, column …"
        };
        Hard { what, body, said, first: first.to_vec(), last: last.to_vec() }
    };
    let lines: String = (0..400_000).map(|number| format!("{number},\n")).collect();
    let long = "\"s\": \"xxxxxxxxxxxxxxxxxxxxxxxxxxxx…";
    let mut hard = vec![
        hard("5,000 levels", [vec![b'['; 5000], vec![b']'; 5000]].concat(), &["[", "[", "["], &["]", "]", "]"]),
        hard(
            "5,000 objects",
            ["{\"a\":".repeat(5000), "1".into(), "}".repeat(5000)].concat().into(),
            &["{", "\"a\": {", "\"a\": {"],
            &["}", "}", "}"],
        ),
        hard("400,000 lines", format!("[{lines}null]").into_bytes(), &["[", "0,", "1,"], &["399999,", "null", "]"]),
        hard(
            "a string of 16 MB",
            [b"{\"s\":\"", &vec![b'x'; 16 << 20][..], b"\"}"].concat(),
            &["{", long, "}"],
            &[long, "}"],
        ),
        hard(
            "16 MB without an end",
            [b"{\"s\":\"", &vec![b'x'; 16 << 20][..]].concat(),
            &["{\"s\":\"xxxx…"],
            &["xxxx…"],
        ),
        hard(
            "lone surrogates",
            br#"{"a":"\ud83d","b":"\ude00\ud83d x"}"#.to_vec(),
            &["{", r#""a": "\ud83d","#],
            &[r#""b": "\ude00\ud83d x""#, "}"],
        ),
        hard(
            "bad UTF-8",
            b"{\"a\":\"\xff\xc3(\xed\xa0\x80\"}".to_vec(),
            &["{", "\"a\": \"⟨ff⟩⟨c3⟩(⟨ed⟩⟨a0⟩⟨80⟩\"", "}"],
            &["}"],
        ),
        hard(
            "duplicate keys",
            br#"{"a":1,"a":2,"a":{"a":3,"a":4}}"#.to_vec(),
            &["{", "\"a\": 1,", "\"a\": 2, (duplicate key)", "\"a\": { (duplicate key)", "\"a\": 3,"],
            &["\"a\": 4 (duplicate key)", "}", "}"],
        ),
        hard("NaN", br#"{"a":NaN}"#.to_vec(), &[r#"{"a":NaN}"#], &[r#"{"a":NaN}"#]),
        hard("Infinity", br#"[-Infinity]"#.to_vec(), &["[-Infinity]"], &["[-Infinity]"]),
        hard("a BOM", b"\xef\xbb\xbf{\"after\":\"the mark\"}".to_vec(), &["{", "\"after\": \"the mark\"", "}"], &["}"]),
        hard("trailing garbage", br#"{"a":1} and more"#.to_vec(), &[r#"{"a":1} and more"#], &[r#"{"a":1} and more"#]),
        hard(
            "numbers that no float holds",
            br#"[1e999,-0.0,12345678901234567890123]"#.to_vec(),
            &["[", "1e999,", "-0.0,", "12345678901234567890123"],
            &["]"],
        ),
    ];
    let mark = hard.iter_mut().find(|hard| hard.what == "a BOM").unwrap();
    mark.said = "· begins with a byte order mark, which JSON parsers may refuse";
    hard
}

/// The rows beside the list, without the selected one's mark, guides and folds.
fn rows(screen: &str) -> Vec<&str> {
    let pane = screen.lines().filter_map(|line| Some(line.split_once(['│', '┃'])?.1));
    // The scroll bar is at the right, and a heavy rule under the tabs' names.
    let rows = pane.map(|row| row.trim_matches([' ', '▌', '│', '┃', '⋯', '▾', '◂']));
    rows.filter(|row| !row.trim_matches('━').is_empty()).collect()
}

fn is(row: &str, expected: &str) -> bool {
    match expected.strip_suffix('…') {
        Some(beginning) => row.starts_with(beginning),
        None => row == expected,
    }
}

/// Whether the pane's body, below a rule where anything is said of it, begins so.
fn begins(screen: &str, Hard { said, first, .. }: &Hard) -> bool {
    let rows = rows(screen);
    // The tabs' names come first.
    let (above, body) = match rows.iter().position(|row| row.starts_with("───")) {
        Some(rule) => (&rows[1..rule], &rows[rule + 1..]),
        None => (&[][..], rows.get(1..).unwrap_or_default()),
    };
    let is_said = said.is_empty() || above.iter().any(|row| is(row, said));
    is_said && body.len() >= first.len() && body.iter().zip(first).all(|(row, first)| is(row, first))
}

/// Whether its last rows, above what is said of its size, are these.
fn ends(screen: &str, Hard { last, .. }: &Hard) -> bool {
    let rows = rows(screen);
    let Some((size, body)) = rows.split_last() else { return false };
    let is_size = *size == "(the whole body)" || size.ends_with(" bytes as sent");
    is_size && body.iter().rev().zip(last.iter().rev()).filter(|(row, last)| is(row, last)).count() == last.len()
}

#[test]
fn hard_payloads_are_shown_in_the_interface_and_never_hang_it() {
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 30), &[]);
    for hard in hard() {
        let what = hard.what;
        let path = format!("/{}", what.replace(' ', "-").to_lowercase());
        assert_eq!(talk(address, Signed::new(&hard.body[..]).to(&path).wire()).status, 200, "{what}");
        // Its bytes are the newest delivery's: the list follows.
        let shown = format!("POST {path} ");
        person.types("g1").sees_that(&shown, |screen| rows(screen).join(" ").contains(&shown));
        person.types("3\r").sees_that(&format!("{what}'s beginning"), |screen| begins(screen, &hard));
        person.types("G").sees_that(&format!("{what}'s end"), |screen| ends(screen, &hard));
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
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    for (id, Hard { what, body, .. }) in (1..).zip(hard()) {
        assert_eq!(talk(listening.address(), Signed::new(body.clone()).wire()).status, 200, "{what}");
        listening.json_line(usize::try_from(id).unwrap());
        assert!(env.bytes(id, "body") == body, "{what}");
        let shown = env.show(id);
        match std::str::from_utf8(&body) {
            Ok(text) => assert!(shown["body"] == text, "{what}"),
            Err(_) => assert!(shown["body_base64"].is_string(), "{what}"),
        }
        let text = env.run(&["show", &id.to_string()]).yes().stdout;
        // Deep JSON is indented, but not to the square of its depth.
        assert!(text.len() < 3 * body.len() + 1_500_000, "{what}: {} bytes", text.len());
        assert!(std::str::from_utf8(&text).is_ok_and(|text| !text.contains(['\u{feff}', '\u{1b}'])), "{what}");
        env.run(&["verify", &id.to_string()]).yes();
    }
}

/// The most that is taken with the default limit, all of it one string.
#[cfg(target_os = "linux")]
#[test]
#[cfg_attr(debug_assertions, ignore = "twenty seconds without optimisation: `.ci/run` runs it optimised")]
fn a_string_of_64_mb_is_shown_searched_and_exported_within_five_times_its_size() {
    use crate::support::tools::peak_memory;
    let body = [b"{\"s\":\"", &vec![b'x'; (64 << 20) - 6 - 9][..], b"the end\"}"].concat();
    let env = TestEnv::with_secret();
    let (mut person, address) = Person::listening(&env, Size(120, 30), &[]);
    assert_eq!(talk(address, Signed::new(&body[..]).to("/large").wire()).status, 200);
    person.sees("/large").types("1").sees("67,108,864 bytes, JSON");
    // As a row of the tree, and in a view of its own.
    person.types("3\r").sees("characters)").types("jo").sees("67,108,856 characters, ").types("G").sees("the en");
    person.types("\u{1b}").no_longer_sees("the en").types("/the en\r").sees("1 of 1").types("\u{1b}").settles();
    // As sent, a body of this size is a window of its line; the request is wrapped.
    person.types("r").sees("as sent, from column 1").types("7G").sees("the en");
    person.types("2").sees("verified");
    let peak = peak_memory(person.process());
    assert!(peak < 5 * body.len() as u64, "{} MiB", peak >> 20);
    assert!(env.run(&["list", "body:\"the en\""]).yes().stdout().contains("/large"));
    assert!(env.bytes(1, "body") == body);
    let exported = env.run(&["export", "1", "--as", "raw"]).yes().stdout;
    assert!(exported.ends_with(&body));
    person.types("q");
    assert_eq!(person.ends(), 0);
}
