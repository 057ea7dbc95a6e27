//! Two changes of the body at once: the common ones, each with the common ones that go with it.

use super::CauseCode;
use super::axis::Why;
use super::bodies::preset_why;
use super::body_recipes::BodyRecipe;
use crate::payload::json::entries;
use crate::signature::rewrite::text::{self, TextEdit};
use crate::signature::rewrite::{RewriteEffect, StylePreset, presets, wrap};

/// Bodies beyond this length have one member alone written by the commonest serialisers only.
const MANY_SERIALISERS: usize = 64 << 10;

/// What files, editors and other serialisers do to a serialiser's output, the commonest first.
pub(super) const AFTER_SERIALISER: [(TextEdit, CauseCode, &str); 6] = [
    (text::add_lf, CauseCode::BodyNewline, "a final newline was signed that did not arrive"),
    (text::to_crlf, CauseCode::BodyLineEndings, "CR LF was signed where LF arrived"),
    (text::add_bom, CauseCode::BodyBom, "a byte order mark was signed that did not arrive"),
    (wrap::to_base64, CauseCode::BodyBase64, "its base64 was signed"),
    (wrap::as_json_string, CauseCode::BodyDoubleEncoded, "its JSON string was signed"),
    (text::latin1, CauseCode::BodyCharset, "its Latin-1 bytes were signed"),
];

/// What is undone before a serialiser writes the rest.
const BEFORE_SERIALISER: [(TextEdit, CauseCode, &str); 3] = [
    (
        wrap::json_string_content,
        CauseCode::BodyDoubleEncoded,
        "the body arrived as a JSON string; its content was read",
    ),
    (wrap::from_base64, CauseCode::BodyBase64, "the body arrived as base64; the decoded bytes were read"),
    (text::from_latin1, CauseCode::BodyCharset, "the body arrived as Latin-1 or Windows-1252; its UTF-8 was read"),
];

type LineEdit = (TextEdit, CauseCode, &'static str);

/// What editors, files and shells do to the ends of a text and of its lines.
const LINES: [LineEdit; 7] = [
    (text::drop_newline, CauseCode::BodyNewline, "a final newline arrived that was not signed"),
    (text::add_lf, CauseCode::BodyNewline, "a final newline was signed that did not arrive"),
    (text::drop_all_newlines, CauseCode::BodyNewline, "all newlines were removed before it was signed"),
    (text::to_lf, CauseCode::BodyLineEndings, "LF was signed where CR LF arrived"),
    (text::to_crlf, CauseCode::BodyLineEndings, "CR LF was signed where LF arrived"),
    (text::drop_bom, CauseCode::BodyBom, "a byte order mark arrived that was not signed"),
    (text::trim, CauseCode::BodyNewline, "the white space around the body was not signed"),
];

/// Two of them at once: what a program on Windows does to a file, or what undoes it. The second is done to what the first
/// makes.
const TWO_OF_LINES: [(LineEdit, LineEdit); 13] = {
    let add_bom: LineEdit = (text::add_bom, CauseCode::BodyBom, "a byte order mark was signed that did not arrive");
    let add_crlf: LineEdit = (text::add_crlf, CauseCode::BodyNewline, "a final CR LF was signed that did not arrive");
    let [drop_newline, add_lf, drop_all, to_lf, to_crlf, drop_bom, trim] = LINES;
    [
        (to_crlf, add_bom),
        (add_lf, add_bom),
        (add_crlf, add_bom),
        (drop_newline, add_bom),
        (to_lf, add_bom),
        (trim, add_bom),
        (drop_bom, to_crlf),
        (drop_bom, add_crlf),
        (drop_bom, drop_all),
        (drop_newline, to_crlf),
        (drop_newline, to_lf),
        (add_crlf, to_crlf),
        (to_lf, add_lf),
    ]
};

/// What is done to its characters. Each leaves a body of ASCII as it is, but for the last two.
const CHARACTERS: [(TextEdit, CauseCode, &str); 10] = [
    (text::latin1, CauseCode::BodyCharset, "its Latin-1 bytes were signed"),
    (text::windows_1252, CauseCode::BodyCharset, "its Windows-1252 bytes were signed"),
    (text::from_latin1, CauseCode::BodyCharset, "the body arrived as Latin-1 or Windows-1252; its UTF-8 was signed"),
    (text::ascii_question, CauseCode::BodyCharset, "ASCII was signed, with ? for each non-ASCII character"),
    (text::undo_mojibake, CauseCode::BodyCharset, "the body arrived as mojibake; valid UTF-8 was signed"),
    (
        text::mojibake_1252,
        CauseCode::BodyCharset,
        "mojibake was signed: UTF-8 read as Windows-1252 and written as UTF-8",
    ),
    (text::lossy_utf8, CauseCode::BodyCharset, "U+FFFD was signed for each byte outside UTF-8"),
    (text::nfc, CauseCode::BodyUnicodeNormalized, "its normal form NFC was signed"),
    (text::nfd, CauseCode::BodyUnicodeNormalized, "its normal form NFD was signed"),
    (text::utf16_le, CauseCode::BodyCharset, "its UTF-16 (little-endian) was signed"),
];

/// Lists pairs of changes of `body`, apart from those that begin with a serialiser.
pub(super) fn list(body: &[u8], found: &mut dyn FnMut(BodyRecipe, Vec<Why>)) {
    let why = |rank: usize, (code, detail): (CauseCode, &str)| Why::new(code, rank as u16, detail);
    for (place, (lines, code, detail)) in LINES.into_iter().enumerate() {
        let first = why(place, (code, detail));
        for (place, (characters, code, detail)) in CHARACTERS.into_iter().enumerate() {
            let recipe = BodyRecipe::Then(Box::new(BodyRecipe::Edit(lines)), characters);
            found(recipe, vec![first.clone(), why(place, (code, detail))]);
        }
    }
    for ((first, code, detail), (second, other, other_detail)) in TWO_OF_LINES {
        let recipe = BodyRecipe::Then(Box::new(BodyRecipe::Edit(first)), second);
        found(recipe, vec![Why::new(code, 0, detail), Why::new(other, 0, other_detail)]);
    }
    for (undo, code, detail) in BEFORE_SERIALISER {
        for preset in common(12) {
            let recipe = BodyRecipe::Serialised(Box::new(BodyRecipe::Edit(undo)), preset);
            found(recipe, vec![Why::new(code, 0, detail), preset_why(preset)]);
        }
    }
    for (place, member) in (0_u16..24).zip(entries(body)) {
        let Some(key) = member.key else { break };
        // A single value is written by most as it was.
        if !matches!(body.get(member.value.start), Some(b'{' | b'[')) {
            continue;
        }
        let name = crate::text::visible_bytes(&body[key]).into_owned();
        let is_usual = matches!(name.as_str(), "\"data\"" | "\"payload\"" | "\"body\"");
        let part = || Box::new(BodyRecipe::Part(member.value.clone()));
        let rank = if is_usual { 0 } else { 4 + place };
        let only = Why::new(CauseCode::BodyPartSigned, rank, format!("only the field {name} was signed"));
        let rarest = if is_usual || body.len() <= MANY_SERIALISERS { 15 } else { 3 };
        for preset in common(rarest) {
            found(BodyRecipe::Serialised(part(), preset), vec![only.clone(), preset_why(preset)]);
        }
        for (edit, code, detail) in [AFTER_SERIALISER[0], AFTER_SERIALISER[5]] {
            found(BodyRecipe::Then(part(), edit), vec![only.clone(), Why::new(code, 0, detail)]);
        }
    }
    for (index, (name, _)) in wrap::form_fields(body).into_iter().enumerate() {
        let detail = format!("the body arrived as a form; its field {} was read", crate::text::visible(&name));
        for preset in common(12) {
            let recipe = BodyRecipe::Serialised(Box::new(BodyRecipe::FormField(index)), preset);
            found(recipe, vec![Why::new(CauseCode::BodyFormEncoded, 0, detail.clone()), preset_why(preset)]);
        }
    }
}

/// The serialisers that are at least so common, and change no data.
fn common(rarest: u16) -> impl Iterator<Item = &'static StylePreset> {
    presets().filter(move |preset| preset.rank <= rarest && preset.effect == RewriteEffect::Reserialized)
}
