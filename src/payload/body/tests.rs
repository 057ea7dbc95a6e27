use proptest::prelude::*;
use rstest::rstest;

use super::*;
use crate::payload::inflate::tests::gzip;

fn opened(headers: &str, body: &[u8]) -> OpenedBody {
    let head = Head::from(format!("POST / HTTP/1.1\r\n{headers}\r\n"));
    OpenedBody::of(&head, Bytes::copy_from_slice(body))
}

fn body(headers: &str, body: &[u8]) -> Body {
    let opened = opened(headers, body);
    let rows = Pretty::new(opened.bytes.clone());
    opened.describe(rows)
}

fn remarks(body: &Body) -> Vec<&str> {
    body.remarks.iter().map(|remark| &*remark.words).collect()
}

const BR: &[u8] = b"\x0b\x03\x80{\"a\":1}\x03";

#[test]
fn a_form_is_read_in_its_charset() {
    let read = body("Content-Type: application/x-www-form-urlencoded; charset=windows-1252\r\n", b"name=Ren%E9&b=%20");
    let Kind::Form(form) = &read.kind else { panic!("{:?}", read.kind) };
    assert_eq!(form.pairs[0].value(&read.bytes, usize::MAX).unwrap().text, "René");
    assert_eq!((remarks(&read), read.is_as_sent), (vec!["windows-1252, decoded for display"], false));
}

#[rstest]
#[case("application/json", b"{\"a\":1}", "json", &[])]
#[case("application/cloudevents+json; charset=utf-8", b"[1]", "json", &[])]
#[case("text/plain", b"{\"a\":1}", "json", &["declared text/plain, but the body is JSON"])]
#[case("application/json", b"12", "json", &[])]
#[case("text/plain", b"12", "text", &[])]
#[case("application/x-ndjson", b"{\"a\":1}\n{\"a\":2}\n", "json_lines", &[])]
#[case("application/x-www-form-urlencoded", b"a=1&b=2", "form", &[])]
#[case("application/x-www-form-urlencoded", b"no equals sign", "form", &[])]
#[case("application/x-www-form-urlencoded", b"a=1&b=Ren%E9", "form", &["invalid UTF-8 in field 2: no charset is declared"])]
#[case("application/x-www-form-urlencoded; charset=UTF-8", b"b=Ren%E9", "form", &["invalid UTF-8 in field 1: declared utf-8"])]
#[case("application/json", b"a=1&b=2", "form", &["declared application/json, but the body is a form"])]
#[case("application/yaml", b"a: 1\n", "text", &[])]
#[case("application/x-yaml", b"{\"a\":1}", "json", &[])]
#[case("application/x-ndjson", b"{\"a\":1}\n", "json", &[])]
#[case("application/graphql", b"query { a }", "text", &[])]
#[case("application/javascript", b"f()", "text", &[])]
#[case("application/secevent+jwt", b"eyJhbGciOiJub25lIn0.e30.", "text", &[])]
#[case("application/octet-stream", b"hello", "text", &["declared application/octet-stream, but the body is text"])]
#[case("image/png", b"hello", "text", &["declared image/png, but the body is text"])]
#[case("multipart/form-data", b"hello", "text", &["multipart/form-data declares no boundary (RFC 2046, section 5.1.1)"])]
#[case("text/plain", b"a=1&b=2", "text", &[])]
#[case("multipart/form-data; boundary=x", b"--x\r\n\r\na\r\n--x--", "multipart", &[])]
#[case("multipart/form-data; boundary=x", b"--x\r\n\r\na\r\n", "multipart", &["the final boundary is missing: the body may be cut off"])]
#[case("multipart/form-data", b"--x\r\nContent-Type: a/b\r\n\r\na\r\n--x--", "multipart", &[])]
#[case("text/plain", b"--x\r\nContent-Type: a/b\r\n\r\na\r\n--x--", "multipart", &["declared text/plain, but the body is multipart"])]
#[case("text/xml", b"<a><b>1</b></a>", "xml", &[])]
#[case("application/json", b"<?xml version=\"1.0\"?><a/>", "xml", &["declared application/json, but the body is XML"])]
#[case("text/html", b"<p>hello</p>", "text", &[])]
#[case("image/jpeg", b"\xff\xd8\xff\xdb\0\x43\0\x03\x02\x02\x03\x02\x02\x03\x03\x03\x03\x04\x03\x03\x04\x05", "binary", &[])]
#[case("text/plain", b"\0\x01\x02", "binary", &["declared text/plain, but the body is not text"])]
#[case("application/json", b"{\"a\":", "text", &["Invalid JSON: line 1, column 6 (byte 5): expected a value, found the end"])]
#[case("text/plain", b"words", "text", &[])]
#[case("application/json", b"", "empty", &[])]
fn each_kind_is_told(#[case] media: &str, #[case] bytes: &[u8], #[case] code: &str, #[case] expected: &[&str]) {
    let body = body(&format!("Content-Type: {media}\r\n"), bytes);
    assert_eq!((body.code(), remarks(&body)), (code, expected.to_vec()));
    assert!(body.is_as_sent && !body.words().is_empty());
}

#[test]
fn codings_are_undone_and_said() {
    let sent = gzip(b"{\"a\":1}");
    let read = body("Content-Encoding: gzip\r\nContent-Type: application/json\r\n", &sent);
    assert_eq!((&read.bytes[..], read.code(), read.is_as_sent), (&b"{\"a\":1}"[..], "json", false));
    assert_eq!(
        remarks(&read),
        [format!("gzip: {} bytes inflated to 7; the signature is over the bytes as sent", sent.len())]
    );

    let undeclared = body("Content-Type: application/json\r\n", &sent);
    assert!(remarks(&undeclared)[0].starts_with("gzip, not declared: "), "{:?}", undeclared.remarks);

    let stacked = body("Content-Encoding: br, GZIP\r\nContent-Type: application/json\r\n", &gzip(BR));
    assert_eq!((&stacked.bytes[..], stacked.remarks.len()), (&b"{\"a\":1}"[..], 2));
    assert!(stacked.remarks[0].words.starts_with("gzip: ") && stacked.remarks[1].words.starts_with("br: "));
}

#[test]
fn what_cannot_be_undone_is_shown_with_the_reason() {
    let json = "Content-Type: application/json\r\n";
    let unknown = body(&format!("{json}Content-Encoding: snappy\r\n"), b"{}");
    assert_eq!(remarks(&unknown), ["unknown content coding “snappy”: shown as sent"]);
    let untrue = body(&format!("{json}Content-Encoding: gzip\r\n"), b"{}");
    assert!(untrue.is_as_sent && untrue.code() == "json");
    assert!(untrue.remarks[0].words.contains("cannot be inflated") && untrue.remarks[0].is_warning);

    let text: String = (0..5_000).map(|number| number.to_string()).collect();
    let sent = gzip(text.as_bytes());
    let cut = body("Content-Type: text/plain\r\nContent-Encoding: gzip\r\n", &sent[..sent.len() - 40]);
    assert!(cut.bytes.len() > 1_000 && text.as_bytes().starts_with(&cut.bytes));
    assert!(
        cut.remarks[0].words.contains("damaged: ") && cut.remarks[0].words.ends_with("the output up to there is shown")
    );

    let nested = (0..5).fold(b"{}".to_vec(), |inner, _| gzip(&inner));
    let nested = body(json, &nested);
    assert!(nested.remarks.iter().any(|remark| remark.words.starts_with("more than 3 content codings")));
    assert_eq!(nested.code(), "binary");
}

#[test]
fn a_bomb_of_bombs_stays_within_the_bounds() {
    let bomb = gzip(&gzip(&vec![b' '; 64 << 20]));
    let read = opened("Content-Encoding: gzip, gzip\r\n", &bomb);
    assert!(
        read.bytes.len() <= bomb.len() * 200 && read.remarks.iter().any(|remark| remark.is_warning),
        "{:?}",
        read.remarks
    );
}

#[test]
fn utf16_json_is_json() {
    let utf16: Vec<u8> = "{\"event\":\"é\"}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let read = body("Content-Type: application/json\r\n", &utf16);
    assert_eq!((read.code(), read.is_as_sent), ("json", false));
    assert_eq!(remarks(&read), ["UTF-16, little-endian, not declared: decoded for display"]);
    let marked = body("Content-Type: application/json\r\n", b"\xef\xbb\xbf{}");
    assert_eq!(remarks(&marked), ["begins with a byte order mark, which JSON parsers may refuse"]);
}

proptest! {
    #[test]
    fn any_body_is_described(
        bytes in proptest::collection::vec(any::<u8>(), 0..120),
        text in "[<>{}&=%a-c\"\r\n -]{0,40}",
        media in "(application/json|text/xml|multipart/form-data; boundary=a|application/x-www-form-urlencoded|text/plain|\\PC{0,8})",
        coding in "(gzip|br|deflate|zstd|x|)",
    ) {
        for bytes in [&bytes[..], text.as_bytes()] {
            let read = body(&format!("Content-Type: {media}\r\nContent-Encoding: {coding}\r\n"), bytes);
            prop_assert!(read.bytes.len() <= bytes.len() * 200);
            for words in read.remarks.iter().map(|remark| &remark.words).chain([&read.words()]) {
                prop_assert!(!words.chars().any(text::is_hidden), "{words:?}");
            }
        }
    }
}

const JPEG: &[u8] = include_bytes!("../../../assets/samples/screenshot.jpg");

/// Where each image is, and how it was sent.
fn places(body: &Body) -> Vec<(String, &'static str, usize)> {
    body.images().into_iter().map(|image| (image.path, image.binary.form.code(), image.binary.bytes.len())).collect()
}

#[test]
fn a_body_that_is_a_picture_is_one_image() {
    let image = body("Content-Type: image/jpeg\r\n", JPEG);
    assert_eq!(places(&image), [("(the whole body)".to_owned(), "as_it_is", JPEG.len())]);
    let image = image.images().remove(0);
    assert_eq!((image.binary.is_complete(), image.range), (Some(true), 0..JPEG.len()));
    assert_eq!(places(&body("Content-Type: application/octet-stream\r\n", &gzip(JPEG))).len(), 1);
    assert_eq!(places(&body("Content-Type: image/jpeg\r\n", b"\0\xff\xfe no picture \0")), []);
    assert_eq!(places(&body("Content-Type: text/plain\r\n", b"plain")), []);
}

#[test]
fn the_files_of_a_form_are_images_and_so_are_those_in_its_json() {
    let json = format!("{{\"data\":[{{\"screenshot\":{{\"imageBuffer\":\"{}\"}}}}]}}", hex::encode(JPEG));
    let head = |name: &str| format!("--x\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n").into_bytes();
    let parts =
        [head("payload"), json.into_bytes(), b"\r\n".to_vec(), head("file\x1b"), JPEG.to_vec(), b"\r\n--x--".to_vec()];
    let form = body("Content-Type: multipart/form-data; boundary=x\r\n", &parts.concat());
    let seen = places(&form);
    assert_eq!(
        seen,
        [
            ("part 1 “payload”: data[0].screenshot.imageBuffer".to_owned(), "hex", JPEG.len()),
            ("part 2 “file␛”".to_owned(), "as_it_is", JPEG.len()),
        ]
    );
    for image in form.images() {
        let at = &form.bytes[image.range];
        assert!(at == JPEG || at.starts_with(b"\"ffd8"), "the range is the body's");
    }
}

#[rstest]
#[case("application/json", b"{\"name\":\"M\xfcller\"}", &["invalid UTF-8 at byte 10: JSON is UTF-8 (RFC 8259, section 8.1)"])]
#[case("application/cloudevents+json", b"[\"\xe9\"]", &["invalid UTF-8 at byte 2: JSON is UTF-8 (RFC 8259, section 8.1)"])]
#[case("application/x-ndjson", b"{\"a\":1}\n{\"a\":\"\xff\"}\n", &["invalid UTF-8 at byte 14: JSON is UTF-8 (RFC 8259, section 8.1)"])]
#[case("application/json; charset=utf-8", b"{\"name\":\"M\xfcller\"}", &["declared UTF-8, but invalid at byte 10"])]
#[case("application/json", "{\"name\":\"M\u{fc}ller\"}".as_bytes(), &[])]
#[case("text/xml", b"<?xml version=\"1.0\" encoding=\"iso-8859-1\"?><a>\xfc</a>", &[])]
fn bytes_that_are_not_utf8_are_said_where_no_charset_explains_them(
    #[case] media: &str,
    #[case] bytes: &[u8],
    #[case] expected: &[&str],
) {
    assert_eq!(remarks(&body(&format!("Content-Type: {media}\r\n"), bytes)), expected);
}
