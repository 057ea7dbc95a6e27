//! Bodies that have a row, a level, a pair or a tag for nearly every byte: seen to their last byte, within a few times
//! their size.
#![cfg(target_os = "linux")]

use std::path::Path;

use crate::support::tools::peak_memory;
use crate::support::{Person, Ran, Size, TestEnv, finish, talk};

/// Bytes of each body, or four times as many: enough to tell it from the program, and little enough for a debug build.
const SIZE: usize = 4 << 20;
/// What the program may take for itself meanwhile, in bytes.
const ITSELF: u64 = 2 << 20;

/// A body, its type, what is said of it, and what is seen at its beginning and at its end.
struct Shape {
    name: &'static str,
    media: &'static str,
    body: Vec<u8>,
    said: &'static str,
    first: &'static str,
    last: &'static str,
}

fn shapes(size: usize) -> Vec<Shape> {
    let filled = |unit: &str, before: &str, after: &str| {
        let count = (size - before.len() - after.len()) / unit.len();
        [before, &unit.repeat(count), after].concat().into_bytes()
    };
    let json = "application/json";
    let form = "application/x-www-form-urlencoded";
    let shape = |name, media, body, said, first, last| Shape { name, media, body, said, first, last };
    let levels = [vec![b'['; size / 2], vec![b']'; size / 2]].concat();
    vec![
        shape("brackets", json, filled("[", "", ""), "Invalid JSON", "[[[", "[[["),
        shape("objects", json, filled("{\"a\":", "", ""), "Invalid JSON", "{\"a\":{", "\"a\":"),
        shape("levels", json, levels, "deeper than 10,000 levels", "[[[", "]]]"),
        shape("arrays", json, filled("[1],", "[", "\"the end\"]"), "", "▾ [", "the end"),
        shape("keys", json, filled("\"\":0,", "{", "\"the end\":1}"), "", "\"\": 0", "the end"),
        shape("ones", json, filled("1,", "[", "\"the end\"]"), "", "1,", "the end"),
        shape("lines", "text/plain", filled("\n", "first", "the end"), "", "first", "the end"),
        shape("tags", "application/xml", filled("<a>", "", "<z/>"), "not closed", "<a>", "<z/>"),
        shape("pairs", form, filled("&", "first=1", "z=the+end"), "", "first", "more bytes on the Raw tab"),
        shape(
            "parts",
            "multipart/mixed; boundary=x",
            filled("--x\r\n\r\n", "", "--x--"),
            "more than 1000 parts",
            "part 1",
            "part 1000",
        ),
    ]
}

fn wire(name: &str, media: &str, body: &[u8]) -> Vec<u8> {
    let head =
        format!("POST /{name} HTTP/1.1\r\nHost: x\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body].concat()
}

/// As much as the interface has taken in so far, once a small delivery has been looked at in every way.
fn looked_at_all(person: &mut Person) -> u64 {
    for keys in ["3\r", "zmzr", "G", "r", "G", "r", "7", "G", "1"] {
        person.types(keys).settles();
    }
    peak_memory(person.process())
}

#[test]
fn a_row_for_every_byte_is_shown_within_five_times_the_body() {
    for shape in shapes(SIZE) {
        let env = TestEnv::with_secret();
        let (mut person, address) = Person::listening(&env, Size(100, 30), &[]);
        talk(address, wire("small", "application/json", br#"{"small":[true]}"#));
        person.sees("/small");
        let before = looked_at_all(&mut person);
        talk(address, wire(shape.name, shape.media, &shape.body));
        person
            .types("\u{1b}")
            .settles()
            .types("\u{1b}")
            .settles()
            .types("g1")
            .sees(&format!("/{}", shape.name))
            .types("3\r")
            .sees(shape.first)
            .sees(shape.said);
        person.types("zmzr").settles().types("G").sees(shape.last);
        looked_at_all(&mut person);
        let more = peak_memory(person.process()) - before;
        assert!(more < 5 * shape.body.len() as u64 + ITSELF, "{}: {} MiB more", shape.name, more >> 20);
        person.types("q");
        assert_eq!(person.ends(), 0, "{}", shape.name);
    }
}

#[test]
fn a_row_for_every_byte_is_printed_within_five_times_the_body() {
    let env = TestEnv::with_secret();
    let listening = env.listen(&["--format", "json"]);
    // The program itself takes some, which a delivery that is as good as empty shows.
    talk(listening.address(), wire("small", "application/json", br#"{"small":[true]}"#));
    listening.json_line(1);
    let fits = |limit: &usize| show_within(&env, 1, "json", *limit).status.success();
    let itself = (20_000..400_000).step_by(500).collect::<Vec<_>>();
    let itself = itself[itself.partition_point(|limit| !fits(limit))];
    // Of most of these every byte becomes a line.
    for (id, shape) in (2..).zip(shapes(SIZE / 4)) {
        talk(listening.address(), wire(shape.name, shape.media, &shape.body));
        listening.json_line(id);
        let limit = itself + (ITSELF as usize + 5 * shape.body.len()) / 1024;
        for format in ["text", "json"] {
            let printed = show_within(&env, id, format, limit).yes().stdout;
            assert!(printed.len() > 1000, "{}: {} bytes", shape.name, printed.len());
        }
    }
}

/// Shows a delivery within so many kibibytes of addresses.
fn show_within(env: &TestEnv, id: usize, format: &str, limit: usize) -> Ran {
    let mut command = env.other(Path::new("sh"));
    command.args(["-c", &format!("ulimit -v {limit} && exec \"$@\""), "sh"]);
    command.args([env!("CARGO_BIN_EXE_whyhook"), "show", &id.to_string(), "--format", format]);
    finish(command, b"")
}
