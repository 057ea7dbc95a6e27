//! The fuzz targets of `fuzz/`, run on what lies under `fuzz/seeds/`: inputs chosen by hand, and each that a fuzzer
//! once found a fault with.
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test that cannot go on fails")]

#[path = "../fuzz/src/lib.rs"]
pub mod targets;

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use targets::TARGETS;

#[test]
fn every_seed_holds() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for (name, run) in TARGETS {
        let folder = fs::read_dir(seeds.join(name)).unwrap_or_else(|error| panic!("seeds of {name}: {error}"));
        let mut count = 0;
        for seed in folder {
            let path = seed.unwrap().path();
            // Printed only when it fails: then it is the last.
            println!("{}", path.display());
            run(&fs::read(&path).unwrap());
            count += 1;
        }
        assert!(count > 0, "{name} has no seeds");
    }
}

#[test]
fn every_target_is_in_the_fuzzers_manifest() {
    let manifest = include_str!("../fuzz/Cargo.toml");
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"")), "{name}");
    }
    assert_eq!(manifest.matches("[[bin]]").count(), TARGETS.len());
}

#[test]
fn no_seed_is_without_a_target() {
    let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds");
    for folder in fs::read_dir(seeds).unwrap() {
        let name = folder.unwrap().file_name();
        assert!(TARGETS.iter().any(|(target, _)| name == *target), "{name:?}");
    }
}

/// A piece of a request line, a field, or chunk framing: mostly right, sometimes what readers disagree about.
fn piece(right: &'static [&'static str], odd: &'static [&'static str]) -> impl Strategy<Value = String> {
    let pick = |from: &'static [&'static str]| proptest::sample::select(from).prop_map(str::to_owned);
    prop_oneof![9 => pick(right), 1 => pick(odd)]
}

fn request() -> impl Strategy<Value = String> {
    let end = || piece(&["\r\n"], &["\n", "\r", "\r\r\n", " \r\n", "\0\r\n"]);
    let method = piece(&["GET", "POST", "OPTIONS", "x-Y"], &["CONNECT", "P(", "", "HEAD"]);
    let target = piece(&["/", "/a?b=c", "http://x/y", "*"], &["x", "/a#b", "/ b", "x:80", "/\u{e4}", "//"]);
    let version = piece(&["HTTP/1.1", "HTTP/1.0"], &["HTTP/1.2", "http/1.1", "HTTP/1.1 "]);
    let field = piece(
        &[
            "Host: x",
            "A: b",
            "Content-Length: 5",
            "Transfer-Encoding: chunked",
            "Connection: close",
            "Connection: keep-alive",
            "Expect: 100-continue",
            "A:\tb ",
        ],
        &[
            "Content-Length: 05",
            "Content-Length: 5, 5",
            "Content-Length: +5",
            "Content-Length:",
            "Transfer-Encoding:",
            "Transfer-Encoding: identity",
            "Transfer-Encoding: chunked, chunked",
            "Transfer-Encoding : chunked",
            "\tfolded",
            "A: \u{e4}\u{1b}",
            "A",
            ": b",
            "Host: y",
            "A: b\rc",
        ],
    );
    let body = piece(
        &["hello", "5\r\nhello\r\n0\r\n\r\n", "2;a=b\r\nhe\r\n3\r\nllo\r\n0\r\nA: b\r\n\r\n", ""],
        &[
            "5\nhello\r\n0\r\n\r\n",
            "5\r\nhello\n0\r\n\r\n",
            "5 \r\nhello\r\n0\r\n\r\n",
            "5;\r\nhello\r\n0\r\n\r\n",
            "5;a\rb\r\nhello\r\n0\r\n\r\n",
            "+5\r\nhello\r\n0\r\n\r\n",
            "5\r\nhello\r\n0\r\nContent-Length: 9\r\n\r\n",
            "5\r\nhello\r\n0\r\n\n",
            "00000005\r\nhello\r\n000\r\n\r\n",
        ],
    );
    let fields = proptest::collection::vec((field, end()), 0..5);
    (piece(&[""], &["\r\n", "\n", "\r", " "]), method, target, version, end(), fields, end(), body).prop_map(
        |(before, method, target, version, line_end, fields, end, body)| {
            let fields: String = fields.into_iter().map(|(field, end)| field + &end).collect();
            format!("{before}{method} {target} {version}{line_end}Host: x\r\n{fields}{end}{body}")
        },
    )
}

/// A request of the control interface, mostly one that is understood: its line, and its body.
#[cfg(unix)]
fn controlled() -> impl Strategy<Value = String> {
    let secret = "whsec_fuzz_8Vq2Lm5Rk9Xc4Zt7";
    let id = piece(&["1", "2", "latest"], &["0", "-1", "x", "99999999999999999999", "%2e", ""]);
    let of_id =
        piece(&["", "/body", "/raw", "/diagnosis", "/attempts", "/images", "/images/1"], &["/", "/images/x", "/%00"]);
    let query = piece(
        &["", "?filter=verdict:bad", "?filter=is:live&limit=1", "?left=1&right=2", "?values=false", "?values=true"],
        &["?filter=verdct:x", "?limit=0", "?before=x", "?filter=%ff", "?a=b", "?values=", "?"],
    );
    let place = piece(
        &["/status", "/deliveries", "/secrets", "/rules", "/held", "/answer", "/jobs", "/deleted", "/diff", "/filter"],
        &["/", "/nowhere", "/secrets/typed", "/attempts/1", "/jobs/1", "/rules/1/move", "//status"],
    );
    let target = prop_oneof![
        (id, of_id).prop_map(|(id, rest)| format!("/deliveries/{id}{rest}")),
        (place, query).prop_map(|(place, query)| place + &query),
        piece(&["/marks", "/delete", "/undelete", "/prune", "/reload"], &["/stop"]),
    ];
    let value = prop_oneof![
        piece(&["1", "true", "\"503\"", "\"dev\"", "[1, 2]", "[\"503\"]"], &["null", "{}", "[[", "\"\\u009b\""]),
        Just(format!("\"{secret}\"")),
        Just(format!("[\"{secret}\"]")),
    ];
    let name = piece(
        &[
            "label",
            "secret",
            "secret_base64",
            "rule",
            "rules",
            "ids",
            "filter",
            "note",
            "add_tags",
            "to",
            "default",
            "dry_run",
        ],
        &["x", "", "whsec_fuzz_8Vq2Lm5Rk9Xc4Zt7"],
    );
    let body = proptest::collection::vec((name, value), 0..3).prop_map(|members| {
        let members: Vec<String> = members.into_iter().map(|(name, value)| format!("\"{name}\": {value}")).collect();
        format!("{{{}}}", members.join(", "))
    });
    let method = piece(&["GET", "POST", "PUT", "DELETE"], &["HEAD", "OPTIONS", "PATCH", "get"]);
    (method, target, body).prop_map(|(method, target, body)| format!("{method} {target}\n{body}"))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    /// Bytes at random are hardly ever a request of the control interface; these are, or nearly.
    #[cfg(unix)]
    #[test]
    fn the_control_interface_shows_no_secret(requests in proptest::collection::vec(controlled(), 1..4)) {
        for request in requests {
            targets::api::run(request.as_bytes());
        }
    }

    /// Bytes at random are hardly ever a request; these are, or nearly.
    #[test]
    fn connections_are_read_as_others_read_them(requests in proptest::collection::vec(request(), 1..4)) {
        targets::reader::run(requests.concat().as_bytes());
    }
}
