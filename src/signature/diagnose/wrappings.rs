//! What stands around a body or in the place of its characters: escapes, framing, a printed form, XML's white space.
//!
//! What arrived so shows it, and is tried first. What was signed so shows in no body: it is tried after all pairs of changes,
//! beside the serialisers with several options.

use super::CauseCode;
use super::axis::Why;
use super::body_recipes::BodyRecipe;
use super::frameworks::LONGEST;
use super::recipes::Found;
use crate::signature::rewrite::text::{self, TextEdit};
use crate::signature::rewrite::{RewriteEffect, escapes, framing, markup, presets, prints};

type Edit = (TextEdit, CauseCode, u16, &'static str);

/// Lists what this body shows.
pub(super) fn list_shown(body: &[u8], found: Found<'_>) {
    list_ends(body, found);
    if body.len() > LONGEST {
        return;
    }
    let edits: [Edit; 6] = [
        (framing::unchunked, CauseCode::BodyFramed, 0, "the body arrived with its chunk sizes; its data was signed"),
        (
            framing::without_final_zeros,
            CauseCode::BodyFramed,
            0,
            "zero bytes arrived after the body that were not signed",
        ),
        (
            escapes::html_unescaped,
            CauseCode::BodyEscaped,
            0,
            "the body arrived with HTML entities; the characters that they stand for were signed",
        ),
        (
            escapes::slashes_removed,
            CauseCode::BodyEscaped,
            0,
            "the body arrived with backslashes before its quotation marks that were not signed",
        ),
        (
            escapes::quotes_unescaped,
            CauseCode::BodyEscaped,
            1,
            "the body arrived with backslashes before its quotation marks, and before nothing else, that were not signed",
        ),
        (
            escapes::of_python_repr,
            CauseCode::BodyStringifiedObject,
            0,
            "the body arrived in quotation marks, as Python prints bytes and texts; what is within was signed",
        ),
    ];
    for (edit, code, rank, detail) in edits {
        found(BodyRecipe::Edit(edit), Why::new(code, rank, detail));
    }
    if escapes::json_of_printed(body).is_some() {
        printed(found);
    }
    for part in framing::parts(body) {
        let name = crate::text::visible(&part.name).into_owned();
        let detail = format!("only the part “{name}” of the multipart body was signed");
        found(BodyRecipe::Part(part.content), Why::new(CauseCode::BodyPartSigned, 1, detail));
    }
    if markup::is_markup(body) {
        of_markup(found);
    }
}

/// The white space around this body: where it is the only difference, no serialiser is to be named for it.
fn list_ends(body: &[u8], found: Found<'_>) {
    let (start, end) = (body.len() - body.trim_ascii_start().len(), body.trim_ascii_end().len());
    if start >= end {
        return;
    }
    let (before, after) = (spaces(&body[..start]), spaces(&body[end..]));
    let mut add = |range: std::ops::Range<usize>, detail: String| {
        found(BodyRecipe::Part(range), Why::new(CauseCode::BodyNewline, 0, detail));
    };
    // One line end after the body is what is tried of every body.
    if let Some((words, verb)) = after.filter(|_| !matches!(&body[end..], b"\n" | b"\r\n")) {
        add(0..end, format!("{words} arrived after the body that {verb} not signed"));
    }
    if let Some((words, verb)) = before.clone() {
        add(start..body.len(), format!("{words} arrived before the body that {verb} not signed"));
    }
    if let (Some((before, _)), Some((after, _))) = (before, spaces(&body[end..])) {
        add(start..end, format!("{before} before the body and {after} after it arrived that were not signed"));
    }
}

/// A run of white space in words, and the verb that fits them; `None` for none.
fn spaces(run: &[u8]) -> Option<(String, &'static str)> {
    let lines = run.iter().filter(|&&byte| byte == b'\n').count();
    match lines {
        _ if run.is_empty() => None,
        _ if lines == 0 || run.iter().any(|byte| !matches!(byte, b'\r' | b'\n')) => {
            Some(("white space".to_owned(), "was"))
        }
        1 => Some(("a line end".to_owned(), "was")),
        _ => Some((format!("{lines} line ends"), "were")),
    }
}

/// A dict or hash that was printed where JSON was signed.
fn printed(found: Found<'_>) {
    let common = presets().filter(|preset| preset.rank <= 12 && preset.effect == RewriteEffect::Reserialized);
    for preset in common {
        let recipe = BodyRecipe::Serialised(Box::new(BodyRecipe::Edit(escapes::json_of_printed)), preset);
        let detail = "the body arrived as a printed dict or hash; its JSON was signed";
        found(recipe, Why::new(CauseCode::BodyStringifiedObject, preset.rank, detail).named(preset.name));
    }
}

fn of_markup(found: Found<'_>) {
    let edits: [Edit; 7] = [
        (markup::unindented, CauseCode::BodyReserialized, 2, "the XML was signed without white space between its tags"),
        (markup::indented_by_2, CauseCode::BodyReserialized, 3, "the XML was indented by 2 before it was signed"),
        (markup::indented_by_4, CauseCode::BodyReserialized, 4, "the XML was indented by 4 before it was signed"),
        (markup::indented_by_tabs, CauseCode::BodyReserialized, 5, "the XML was indented by tabs before it was signed"),
        (markup::spaced_ends, CauseCode::BodyReserialized, 4, "the XML was signed with <a /> for <a/>"),
        (markup::tight_ends, CauseCode::BodyReserialized, 4, "the XML was signed with <a/> for <a />"),
        (markup::undeclared, CauseCode::BodyReserialized, 3, "the XML was signed without its declaration"),
    ];
    for (edit, code, rank, detail) in edits {
        found(BodyRecipe::Edit(edit), Why::new(code, rank, detail));
    }
    for (edit, _, rank, detail) in [edits[1], edits[2], edits[3]] {
        let recipe = BodyRecipe::Then(Box::new(BodyRecipe::Edit(edit)), text::add_lf);
        let why = Why::new(CauseCode::BodyReserialized, rank + 2, format!("{detail}, with a final newline"));
        found(recipe, why);
    }
}

/// Lists what was signed in the place of the body and does not show in it.
pub(super) fn list_hidden(found: Found<'_>) {
    let html = "its characters were signed as HTML entities";
    let slashes = "backslashes were signed before its quotation marks";
    let edits: [(TextEdit, CauseCode, u16, &str, &str); 13] = [
        (framing::with_final_space, CauseCode::BodyNewline, 21, "a final space was signed that did not arrive", ""),
        (framing::with_final_zero, CauseCode::BodyFramed, 21, "a final zero byte was signed that did not arrive", ""),
        (escapes::html_escaped, CauseCode::BodyEscaped, 21, html, "PHP htmlspecialchars"),
        (escapes::html_escaped_python, CauseCode::BodyEscaped, 22, html, "Python html.escape"),
        (escapes::html_escaped_decimal, CauseCode::BodyEscaped, 22, html, "Lodash escape, Rails, Java HtmlUtils"),
        (escapes::html_escaped_double, CauseCode::BodyEscaped, 23, html, "PHP htmlspecialchars before 8.1"),
        (escapes::html_escaped_go, CauseCode::BodyEscaped, 23, html, "Go html.EscapeString"),
        (escapes::html_escaped_text, CauseCode::BodyEscaped, 22, html, "only &, < and >"),
        (escapes::slashes_added, CauseCode::BodyEscaped, 21, slashes, "PHP addslashes"),
        (escapes::quotes_and_slashes_escaped, CauseCode::BodyEscaped, 22, slashes, "not before apostrophes"),
        (escapes::quotes_escaped, CauseCode::BodyEscaped, 22, slashes, "not before other backslashes"),
        (
            text::utf16_le_marked,
            CauseCode::BodyCharset,
            22,
            "its UTF-16 (little-endian) was signed, with a byte order mark",
            "",
        ),
        (
            text::utf16_be_marked,
            CauseCode::BodyCharset,
            23,
            "its UTF-16 (big-endian) was signed, with a byte order mark",
            "",
        ),
    ];
    for (edit, code, rank, detail, name) in edits {
        let why = Why::new(code, rank, detail);
        found(BodyRecipe::Edit(edit), if name.is_empty() { why } else { why.named(name) });
    }
    let printed = |rank, detail: &str| Why::new(CauseCode::BodyStringifiedObject, rank, detail);
    found(
        BodyRecipe::Print(prints::ruby_hash_spaced),
        printed(21, "Ruby's inspect of a hash was signed (from 3.4 on)"),
    );
    found(BodyRecipe::Edit(prints::go_bytes), printed(22, "Go's %v of the bytes was signed"));
    found(BodyRecipe::Print(prints::php_serialized), printed(22, "PHP's serialize of the array was signed"));
    found(BodyRecipe::Print(prints::php_print_r), printed(23, "PHP's print_r of the array was signed"));
}
