//! What is shown, for the person's pager or editor.

use crate::payload::body::Kind;
use crate::payload::hex::{self, HexLayout};
use crate::payload::json::Pretty;
use crate::text::{grouped, visible_bytes};
use crate::tui::app::action::Tab;
use crate::tui::app::effect::Effect;
use crate::tui::app::lent::{LentText, LentTo};
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::send::state::SendScreen;

/// More than this is not handed over: what is shown may be several times as long as what arrived.
const LIMIT: usize = 16 * 1024 * 1024;
/// Columns of hexadecimal rows.
const HEX_COLUMNS: usize = 80;

/// What is to be done to show the topmost thing in another program; says why there is nothing to show.
pub(crate) fn lend(model: &mut Model, to: LentTo) -> Vec<Effect> {
    match content(model, to) {
        Ok(lent) => vec![Effect::Lend(Box::new(lent))],
        Err(reason) => {
            model.warn(reason);
            Vec::new()
        }
    }
}

fn content(model: &Model, to: LentTo) -> Result<LentText, String> {
    if matches!(model.overlay, Some(Overlay::Sending)) {
        return match model.sending.screens.last() {
            Some(SendScreen::Comparison(view)) => {
                Ok(LentText { what: "the comparison", extension: ".diff", bytes: view.lines.join("\n").into(), to })
            }
            _ => Err("only a comparison can be opened from here".to_owned()),
        };
    }
    let Some(loaded) = model.loaded() else { return Err("select a delivery to open".to_owned()) };
    if model.tab == Tab::Signature {
        let text = model.diagnosis_markdown().unwrap_or_default();
        return Ok(LentText { what: "the diagnosis", extension: ".md", bytes: text.into(), to });
    }
    body(loaded, to)
}

fn body(loaded: &LoadedDelivery, to: LentTo) -> Result<LentText, String> {
    let body = &loaded.delivery.body;
    let id = loaded.delivery.summary.id;
    if body.is_empty() {
        return Err("the body is empty: there is nothing to open".to_owned());
    }
    let readable = &loaded.reading.body.bytes;
    if body.len().max(readable.len()) > LIMIT {
        let bytes = grouped(body.len().max(readable.len()) as u64);
        return Err(format!(
            "the body has {bytes} bytes, more than 16 MiB: run `whyhook show {id} --format body > FILE` instead"
        ));
    }
    let (bytes, extension) = match to {
        LentTo::Editor => (body.clone(), extension(&loaded.reading.body.kind, readable == body)),
        LentTo::Pager => (shown(loaded).into(), ".txt"),
    };
    Ok(LentText { what: "the body", extension, bytes, to })
}

/// By what the body is; one that is compressed is none of these as it arrived.
fn extension(kind: &Kind, is_as_it_came: bool) -> &'static str {
    match kind {
        _ if !is_as_it_came => ".bin",
        Kind::Json(_) => ".json",
        Kind::JsonLines(_) => ".jsonl",
        Kind::Xml(_) => ".xml",
        Kind::Binary(_) => ".bin",
        _ => ".txt",
    }
}

/// The body as it can be read: JSON indented, binary in hexadecimal, the rest line by line; visible text.
fn shown(loaded: &LoadedDelivery) -> String {
    let readable = &loaded.reading.body.bytes;
    if let (Some(rows), false) = (loaded.body().rows(), matches!(loaded.reading.body.kind, Kind::Binary(_))) {
        return escaped(Pretty::value_text(rows, 0).as_bytes());
    }
    if matches!(loaded.reading.body.kind, Kind::Binary(_)) {
        let layout = HexLayout::for_width(HEX_COLUMNS);
        let rows = readable.len().div_ceil(layout.bytes_per_row());
        return hex::rows(readable, layout, 0..rows).into_iter().map(|row| format!("{row}\n")).collect();
    }
    escaped(readable)
}

fn escaped(text: &[u8]) -> String {
    let mut shown = String::with_capacity(text.len());
    for line in text.split(|byte| *byte == b'\n') {
        shown.push_str(&visible_bytes(line));
        shown.push('\n');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pager_gets_nothing_that_a_terminal_would_act_on() {
        let shown = escaped(b"a\x1b[2J\r\nb\x9b\xff\n");
        assert!(!shown.chars().any(|character| character != '\n' && crate::text::is_hidden(character)), "{shown:?}");
        assert!(shown.starts_with("a␛[2J") && shown.contains("\nb"), "{shown:?}");
    }
}
