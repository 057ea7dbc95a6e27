//! Every serialiser and every edit takes any bytes, and keeps to its limit.

use whyhook::payload::inflate::{self, InflateBudget};
use whyhook::signature::rewrite::options::combined;
use whyhook::signature::rewrite::{Tree, escapes, framing, markup, presets, prints, text, wrap};

const LIMIT: usize = 1 << 16;
/// A writer looks at its limit between tokens, so that one token may pass it.
const OVER: usize = 6;

type Edit = fn(&[u8]) -> Option<Vec<u8>>;

const EDITS: &[Edit] = &[
    text::add_lf,
    text::add_crlf,
    text::drop_newline,
    text::trim,
    text::drop_all_newlines,
    text::to_lf,
    text::to_crlf,
    text::add_bom,
    text::drop_bom,
    text::nfc,
    text::nfd,
    text::latin1_cut,
    text::latin1,
    text::windows_1252,
    text::ascii_question,
    text::ascii_question_units,
    text::ascii_dropped,
    text::lossy_utf8,
    text::lossy_ascii,
    text::mojibake_latin1,
    text::mojibake_1252,
    text::undo_mojibake,
    text::from_latin1,
    text::utf16_le,
    text::utf16_be,
    wrap::to_base64,
    wrap::to_base64_url,
    wrap::from_base64,
    wrap::as_json_string,
    wrap::as_ascii_json_string,
    wrap::as_php_json_string,
    wrap::json_string_content,
    prints::buffer_json,
    prints::byte_list,
    prints::buffer_print,
    prints::python_bytes,
    escapes::html_escaped,
    escapes::html_unescaped,
    escapes::slashes_added,
    escapes::slashes_removed,
    escapes::quotes_unescaped,
    escapes::of_python_repr,
    escapes::json_of_printed,
    framing::unchunked,
    framing::without_final_zeros,
    markup::unindented,
    markup::indented_by_4,
    markup::spaced_ends,
    markup::tight_ends,
    markup::undeclared,
];

/// The body.
pub fn run(body: &[u8]) {
    if let Some(tree) = Tree::read(body) {
        let written = presets().chain(combined()).filter_map(|preset| preset.apply(&tree, LIMIT));
        let printers = [prints::python_dict, prints::ruby_hash, prints::php_serialized, prints::php_print_r];
        let printed = printers.iter().filter_map(|print| print(&tree, LIMIT));
        for bytes in written.chain(printed) {
            assert!(bytes.len() <= LIMIT + OVER * body.len() + 1024, "{} bytes", bytes.len());
        }
    }
    for edit in EDITS {
        let _ = edit(body);
    }
    assert_eq!(whyhook::http::form::decode(&wrap::form_encoded(body)), body);
    let _ = wrap::form_fields(body);
    for part in framing::parts(body) {
        assert!(body.get(part.content).is_some());
    }
    for encoding in inflate::encodings(body.get(..12).unwrap_or_default(), body) {
        let _ = inflate::inflate(encoding, body, &mut InflateBudget::opening(body.len()));
    }
    for encoding in ["gzip", "deflate", "br", "zstd"] {
        let _ = inflate::inflate(encoding, body, &mut InflateBudget::opening(body.len()));
    }
}
