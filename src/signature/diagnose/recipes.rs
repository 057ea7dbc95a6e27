//! The body's variants that are nobody's serialiser: edits, wrappings, print-outs, parts.

use std::borrow::Cow;

use super::CauseCode;
use super::axis::Why;
use super::body_recipes::BodyRecipe;
use super::subcause::{BodyObject, Subcause};
use crate::http::form;
use crate::payload::json::{BOM, entries};
use crate::signature::rewrite::text::{self, TextEdit};
use crate::signature::rewrite::{form_edits, forms, prints, wrap};

/// Bodies beyond this length are not printed byte by byte.
const PRINT_LIMIT: usize = 8 << 20;

pub(super) type Found<'f> = &'f mut dyn FnMut(BodyRecipe, Why);

/// An edit, its place among those of its cause (the likeliest is 0), and what was signed then.
type Edit = (TextEdit, u16, &'static str);

/// Edits by cause.
type Edits = &'static [(CauseCode, &'static [Edit])];

/// What is tried of every body.
const EDITS: Edits = &[
    (
        CauseCode::BodyNewline,
        &[
            (text::add_lf, 0, "a final newline was signed that did not arrive"),
            (text::drop_newline, 0, "a final newline arrived that was not signed"),
            (text::add_crlf, 2, "a final CR LF was signed that did not arrive"),
            (text::drop_all_newlines, 1, "all newlines were removed before it was signed, as curl -d @file does"),
            (text::trim, 2, "the white space around the body was not signed"),
        ],
    ),
    (
        CauseCode::BodyLineEndings,
        &[
            (text::joined_lines, 3, "the body was read line by line, and its lines were joined with LF"),
            (text::to_lf, 0, "LF was signed where CR LF arrived"),
            (text::to_crlf, 0, "CR LF was signed where LF arrived"),
        ],
    ),
    (CauseCode::BodyPartSigned, &[(text::first_line, 3, "only its first line was signed")]),
    (
        CauseCode::BodyBom,
        &[
            (text::drop_bom, 0, "a byte order mark arrived that was not signed"),
            (text::add_bom, 3, "a byte order mark was signed that did not arrive"),
        ],
    ),
    (
        CauseCode::BodyCharset,
        &[
            // Latin-1 bytes that are valid UTF-8 mean double encoding: those of ordinary text are not valid UTF-8.
            (text::undo_mojibake, 0, "the body arrived as mojibake; valid UTF-8 was signed"),
            (text::latin1, 1, "its Latin-1 bytes were signed"),
            (text::latin1_cut, 2, "its Latin-1 bytes were signed, as Node's 'latin1' and 'binary' encode them"),
            (text::windows_1252, 2, "its Windows-1252 bytes were signed"),
            (text::ascii_question, 2, "ASCII was signed, with ? for each non-ASCII character"),
            (text::ascii_question_units, 3, "ASCII was signed, with ? for each non-ASCII UTF-16 unit"),
            (text::ascii_dropped, 5, "ASCII was signed, without the other characters"),
            (text::lossy_utf8, 1, "U+FFFD was signed for each byte outside UTF-8"),
            (text::lossy_ascii, 4, "U+FFFD was signed for each byte outside ASCII"),
            (text::mojibake_latin1, 2, "mojibake was signed: UTF-8 read as Latin-1 and written as UTF-8"),
            (text::mojibake_1252, 2, "mojibake was signed: UTF-8 read as Windows-1252 and written as UTF-8"),
            (text::from_latin1, 1, "the body arrived as Latin-1 or Windows-1252; its UTF-8 was signed"),
            (text::utf16_le, 5, "its UTF-16 (little-endian) was signed"),
            (text::utf16_be, 7, "its UTF-16 (big-endian) was signed"),
        ],
    ),
    (
        CauseCode::BodyUnicodeNormalized,
        &[(text::nfc, 0, "its normal form NFC was signed"), (text::nfd, 0, "its normal form NFD was signed")],
    ),
    (CauseCode::BodyBase64, &[(wrap::from_base64, 0, "the body arrived as base64; the decoded bytes were signed")]),
    (
        CauseCode::BodyDoubleEncoded,
        &[
            (wrap::json_string_content, 0, "the body arrived as a JSON string; its content was signed"),
            (wrap::as_json_string, 1, "the body was signed as a JSON string, serialised twice"),
            (wrap::as_ascii_json_string, 2, "the body was signed as a JSON string, as Python writes it"),
            (wrap::as_php_json_string, 2, "the body was signed as a JSON string, as PHP writes it"),
            (
                wrap::as_dotnet_json_string,
                4,
                "the body was signed as a JSON string, as .NET's System.Text.Json writes it",
            ),
        ],
    ),
    (
        CauseCode::BodyFormEncoded,
        &[
            (form_payload, 2, "the form field payload=… was signed"),
            (form_whole, 3, "the percent-encoded body was signed"),
            (form_payload_component, 8, "the form field payload=… was signed, as encodeURIComponent writes it"),
            (form_whole_component, 5, "the percent-encoded body was signed, as encodeURIComponent writes it"),
            (
                form_payload_raw,
                10,
                "the form field payload=… was signed, percent-encoded as RFC 3986 has it (PHP's rawurlencode)",
            ),
            (form_whole_raw, 9, "the percent-encoded body was signed, as RFC 3986 has it (PHP's rawurlencode)"),
            (
                percent_undone,
                2,
                "the body arrived percent-encoded; the decoded bytes were signed, + as it came (decodeURIComponent)",
            ),
            (form_undone, 1, "the body arrived percent-encoded; the decoded bytes were signed"),
            (plus_undone, 1, "the form arrived with + for each space; spaces were signed"),
            (form_key, 4, "a form parser read the whole body as a key"),
        ],
    ),
    (
        CauseCode::BodyStringifiedObject,
        &[
            (print_buffer_json, 3, "the JSON of a Buffer was signed"),
            (print_bytes, 2, "Python's repr of the bytes was signed"),
        ],
    ),
];

fn list(edits: Edits, found: Found<'_>) {
    for &(code, edits) in edits {
        for &(edit, rank, detail) in edits {
            found(BodyRecipe::Edit(edit), Why::new(code, rank, detail));
        }
    }
}

/// Lists what is tried of every body.
pub(super) fn list_edits(found: Found<'_>) {
    list(EDITS, found);
    let to_base64: [Edit; 2] =
        [(wrap::to_base64, 2, "its base64 was signed"), (wrap::to_base64_url, 5, "its base64url was signed")];
    for (edit, rank, detail) in to_base64 {
        found(BodyRecipe::Edit(edit), Why::new(CauseCode::BodyBase64, rank, detail).of(Subcause::SignedBase64));
    }
    let printed = |rank, detail: &str| Why::new(CauseCode::BodyStringifiedObject, rank, detail);
    found(BodyRecipe::Edit(prints::buffer_print), printed(3, "the printed form of a Buffer was signed").alarming());
    found(BodyRecipe::Edit(print_byte_list), printed(4, "the numbers of a byte array were signed"));
    found(BodyRecipe::Print(prints::python_dict), printed(1, "Python's repr of a dict was signed"));
    found(BodyRecipe::Print(prints::ruby_hash), printed(4, "Ruby's inspect of a hash was signed"));
    found(
        BodyRecipe::Fixed(Cow::Borrowed(b"")),
        Why::new(CauseCode::BodyEmpty, 0, "an empty body was signed").alarming(),
    );
    for (rank, word) in (0..).zip([
        "[object Object]",
        "undefined",
        "null",
        "{}",
        "None",
        "Array",
        "[object Promise]",
        "[object Blob]",
        "[]",
    ]) {
        fixed_text(word, rank, found);
    }
}

/// Lists a text that was signed instead of any body.
fn fixed_text(word: &'static str, rank: u16, found: Found<'_>) {
    let detail = format!("the text {word} was signed instead of the body");
    let mut why = Why::new(CauseCode::BodyStringifiedObject, rank, detail).alarming();
    why.subcause = BodyObject::printed_as(word).map(Subcause::BodyObject);
    found(BodyRecipe::Fixed(Cow::Borrowed(word.as_bytes())), why);
}

/// Bodies of other runtimes as text, of which nothing is covered: web streams, .NET. Each is short, and nothing goes with it.
pub(super) fn list_objects(found: Found<'_>) {
    for word in ["[object ReadableStream]", "[object ArrayBuffer]", "System.Byte[]"] {
        fixed_text(word, 21, found);
    }
}

/// Lists those that are tried after all pairs of changes.
pub(super) fn list_rare_objects(found: Found<'_>) {
    for word in [
        "[object Request]",
        "[object FormData]",
        "[object Response]",
        "[object Map]",
        "[object File]",
        "[object DataView]",
        "[object Undefined]",
        "[object Null]",
        "System.IO.MemoryStream",
        "System.IO.Stream",
        "Microsoft.AspNetCore.Server.Kestrel.Core.Internal.Http.HttpRequestStream",
        "System.Object",
        "System.Collections.Generic.Dictionary`2[System.String,System.Object]",
        "System.Collections.Generic.List`1[System.Byte]",
        "NaN",
        "nil",
        "<nil>",
        "false",
    ] {
        fixed_text(word, 21, found);
    }
}

/// What is tried of a body with a byte order mark. Where two come to the same bytes, the first is said: of a final CR LF
/// alone that is the newline, not line endings.
const EDITS_OF_MARKED: Edits = &[
    (
        CauseCode::BodyBom,
        &[
            (text::unmarked_cut, 0, "a byte order mark and a final newline arrived that were not signed"),
            (text::unmarked_trim, 1, "a byte order mark and white space around the body arrived that were not signed"),
            (
                text::unmarked_added,
                1,
                "a byte order mark arrived that was not signed, and a final newline was signed that did not arrive",
            ),
        ],
    ),
    (
        CauseCode::BodyLineEndings,
        &[
            (text::unmarked_lf, 0, "LF was signed where CR LF arrived, and without the byte order mark that arrived"),
            (
                text::unmarked_lf_cut,
                0,
                "LF was signed where CR LF arrived, and without the byte order mark and the final newline that arrived",
            ),
            (
                text::unmarked_lf_added,
                1,
                "LF was signed where CR LF arrived, without the byte order mark that arrived and with a final newline that \
             did not",
            ),
        ],
    ),
];

/// Lists what undoes the marks of a Windows file that this body has: where several are there, a serialiser is the
/// lesser explanation of their being gone.
pub(super) fn list_marked(body: &[u8], found: Found<'_>) {
    if memchr::memmem::find(body, b"\r\n").is_some() {
        let detail = "LF was signed where CR LF arrived, and a final newline that did not arrive";
        found(BodyRecipe::Edit(text::lf_added), Why::new(CauseCode::BodyLineEndings, 1, detail));
    }
    if !body.starts_with(BOM) {
        return;
    }
    list(EDITS_OF_MARKED, found);
}

/// Percent-encoded, a body may be three times as long: a large one is not tried.
fn is_encodable(body: &[u8]) -> bool {
    body.len() < super::bodies::LARGE
}

fn form_payload(body: &[u8]) -> Option<Vec<u8>> {
    is_encodable(body).then_some(())?;
    Some([b"payload=".as_slice(), &wrap::form_encoded(body)].concat())
}

fn form_whole(body: &[u8]) -> Option<Vec<u8>> {
    is_encodable(body).then_some(())?;
    Some(wrap::form_encoded(body))
}

fn form_payload_component(body: &[u8]) -> Option<Vec<u8>> {
    Some([b"payload=".as_slice(), &form_whole_component(body)?].concat())
}

fn form_whole_component(body: &[u8]) -> Option<Vec<u8>> {
    is_encodable(body).then_some(())?;
    Some(form_edits::component_encoded(body))
}

fn form_payload_raw(body: &[u8]) -> Option<Vec<u8>> {
    Some([b"payload=".as_slice(), &form_whole_raw(body)?].concat())
}

fn form_whole_raw(body: &[u8]) -> Option<Vec<u8>> {
    is_encodable(body).then_some(())?;
    Some(form_edits::raw_encoded(body))
}

/// Without a plus it is what [`form_undone`] makes of it.
fn percent_undone(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'+', body)?;
    form_edits::percent_decoded(body)
}

fn form_undone(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'%', body)?;
    Some(form::decode(body))
}

/// With a percent sign it is what [`form_undone`] makes of it.
fn plus_undone(body: &[u8]) -> Option<Vec<u8>> {
    let is_plain = memchr::memchr(b'+', body).is_some() && memchr::memchr(b'%', body).is_none();
    (is_plain && forms::order_of_form(body).is_some()).then(|| form::decode(body))
}

/// What `JSON.stringify(req.body)` is after Express' `urlencoded()` was given JSON: `{"<body>":""}`.
fn form_key(body: &[u8]) -> Option<Vec<u8>> {
    Some([b"{", wrap::as_json_string(&form::decode(body))?.as_slice(), b":\"\"}"].concat())
}

fn print_buffer_json(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() > PRINT_LIMIT { None } else { prints::buffer_json(body) }
}

fn print_byte_list(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() > PRINT_LIMIT { None } else { prints::byte_list(body) }
}

fn print_bytes(body: &[u8]) -> Option<Vec<u8>> {
    prints::python_bytes(body)
}

/// Lists the members of this body, and a form's fields.
pub(super) fn list_parts(body: &[u8], found: Found<'_>) {
    for (place, member) in (0_u16..24).zip(entries(body)) {
        let Some(key) = member.key else { break };
        let name = crate::text::visible_bytes(&body[key]).into_owned();
        let is_usual = matches!(name.as_str(), "\"data\"" | "\"payload\"" | "\"body\"");
        // A constant is signed by whoever has nothing to sign: that it is some field's value, too, explains nothing.
        if !is_usual && matches!(&body[member.value.clone()], b"{}" | b"[]" | b"null" | b"\"\"") {
            continue;
        }
        let rank = if is_usual { 0 } else { 4 + place };
        let why =
            |form: &str| Why::new(CauseCode::BodyPartSigned, rank, format!("only the field {name} was signed{form}"));
        found(BodyRecipe::Part(member.value.clone()), why(""));
        found(BodyRecipe::PartCompact(member.value), why(", serialised as by JSON.stringify"));
    }
    // An empty field is nothing: that nothing was signed has a cause of its own.
    let fields = wrap::form_fields(body).into_iter().enumerate().filter(|(_, (_, value))| !value.is_empty());
    for (index, (name, _)) in fields {
        let detail = format!("the body arrived as a form; its field {} was signed", crate::text::visible(&name));
        found(BodyRecipe::FormField(index), Why::new(CauseCode::BodyFormEncoded, 0, detail));
    }
}
