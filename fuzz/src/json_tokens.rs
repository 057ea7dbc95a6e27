//! Tokens and the white space between them are the body, byte for byte; its rows never panic.

use whyhook::payload::event;
use whyhook::payload::json::{BOM, NoRows, decode_string, pretty, tokenize, tokens};

/// More rows than these say nothing new.
const ROWS: usize = 200;

/// The body.
pub fn run(body: &[u8]) {
    let mut lazy = tokens(body);
    let mut joined = Vec::with_capacity(body.len());
    let mut end = if lazy.has_bom() { BOM.len() } else { 0 };
    joined.extend_from_slice(&body[..end]);
    for token in lazy.by_ref().map_while(Result::ok) {
        let gap = &body[end..token.range().start];
        assert!(gap.iter().all(|byte| b" \t\r\n".contains(byte)), "something between tokens was passed over");
        joined.extend_from_slice(gap);
        joined.extend_from_slice(token.text(body));
        end = token.range().end;
        let _ = decode_string(token.text(body));
    }
    assert_eq!(joined, body[..end]);

    let whole = tokenize(body);
    let rows = pretty(body);
    let is_json = !matches!(rows, Err(NoRows::Fault(..)));
    assert_eq!(whole.is_ok(), is_json, "the tokenizer and the rows differ on what is JSON");
    if whole.is_ok() {
        joined.extend_from_slice(&body[end..]);
        assert_eq!(joined, body);
        assert!(body[end..].iter().all(|byte| b" \t\r\n".contains(byte)));
    }
    if let Ok(rows) = rows {
        let count = rows.line_count();
        for row in (0..count.min(ROWS)).chain(count.saturating_sub(3)..count + 2) {
            let _ = rows.line(row).to_string();
            let _ = rows.line_within(row, row % 7).to_string();
            let _ = (rows.binary(row), rows.depth(row), rows.value_range(row), rows.block_end(row), rows.path(row));
            let _ = rows.line_at(rows.range(row).start);
        }
        let _ = rows.to_text();
    }
    let _ = event::facts(body);
}
