//! What is understood of a delivery's body, as text.

use std::io;

use crate::inspect::{Reading, Sightings};
use crate::payload::body::{Body, Kind, xml};
use crate::payload::contract::EventReport;
use crate::payload::hex::{self, HexLayout};
use crate::text::{self, counted, grouped};

/// Items named one by one.
const ITEMS: usize = 20;
/// Rows of hexadecimal; the rest is printed with `--format body`.
const HEX_ROWS: usize = 64;

/// One line for each thing that is known, visible.
pub(super) fn lines(reading: &Reading, seen: Option<&Sightings>) -> Vec<String> {
    let body = &reading.body;
    let mut lines = Vec::new();
    if body.kind != Kind::Empty {
        lines.push(format!("body      {}", body.words()));
    }
    lines.extend(body.remarks.iter().map(|remark| format!("          {}", remark.words)));
    let Some(event) = &reading.event else { return lines };
    push_event(&mut lines, event);
    for drift in &event.drift {
        lines.push(format!("schema    {} {:<7} {drift}", drift.severity.glyph(), drift.severity.word()));
    }
    if event.drift.is_empty() {
        lines.push("schema    as documented".to_owned());
    } else if event.more_drift > 0 {
        lines.push(format!("          and {} more", grouped(event.more_drift)));
    }
    let Some(seen) = seen else { return lines };
    lines.extend(seen.repeat(event.simulation).map(|words| format!("seen      {words}")));
    for id in seen.seen.iter().filter(|seen| !seen.is_repeat()) {
        lines.push(format!("seen      {} {}", id.words(), seen.scope()).trim_end().to_owned());
    }
    lines
}

fn push_event(lines: &mut Vec<String>, event: &EventReport) {
    let kind = if event.simulation { "simulation" } else { "live" };
    let name = event.event.as_deref().unwrap_or("none");
    let about = [event.version.as_deref(), event.agent.as_deref()].into_iter().flatten();
    let about: String = about.map(|part| format!(", {part}")).collect();
    lines.push(format!("event     {name}, {kind}{about}, {}", counted(event.item_count, "item")));
    if let Some(date) = event.times.event_date() {
        let words = event.times.words();
        lines.push(format!("time      {date}{}{words}", if words.is_empty() { "" } else { ", " }));
    }
    for (name, id) in ["organisation", "team", "user"].into_iter().zip(event.people()) {
        lines.extend(id.map(|id| format!("          {name} {id}")));
    }
    for item in event.items.iter().take(ITEMS) {
        let index = item.index.map_or(String::new(), |index| format!("[{index}] "));
        lines.push(format!("item      {index}{}", item.words()));
    }
    let rest = event.item_count.saturating_sub(ITEMS as u64);
    if rest > 0 && !event.items.is_empty() {
        lines.push(format!("          and {} more items", grouped(rest)));
    }
}

/// Writes the readable body: JSON and XML re-indented, a form's pairs decoded, binary in hexadecimal. A body may be
/// many times as long once it is shown: it is written a piece at a time.
pub(super) fn write_body(out: &mut dyn io::Write, body: &Body) -> io::Result<()> {
    let bytes = &body.bytes[..];
    match &body.kind {
        Kind::Empty => Ok(()),
        Kind::Json(Some(rows)) => rows.write_lines(out),
        Kind::Xml(xml) => xml.rows_from(bytes, 0).try_for_each(|row| {
            out.write_all(&[b' '; 2 * xml::INDENT_LIMIT][..2 * row.indent()])?;
            write_line(out, &bytes[row.range()])
        }),
        Kind::Form(form) => {
            for pair in &form.pairs {
                for piece in pair.name_pieces(bytes) {
                    out.write_all(text::visible(&piece).as_bytes())?;
                }
                for (number, piece) in pair.value_pieces(bytes).enumerate() {
                    out.write_all(if number == 0 { b" = " } else { b"" })?;
                    out.write_all(text::visible(&piece).as_bytes())?;
                }
                out.write_all(b"\n")?;
            }
            if form.rest < bytes.len() { write_lines(out, &bytes[form.rest..]) } else { Ok(()) }
        }
        Kind::Binary(_) => {
            let layout = HexLayout::for_width(80);
            for row in hex::rows(bytes, layout, 0..HEX_ROWS) {
                writeln!(out, "{row}")?;
            }
            match bytes.len().saturating_sub(HEX_ROWS * layout.bytes_per_row()) {
                0 => Ok(()),
                rest => writeln!(out, "… {} more bytes: use --format body", grouped(rest as u64)),
            }
        }
        Kind::Json(None) | Kind::JsonLines(_) | Kind::Multipart(_) | Kind::Text => write_lines(out, bytes),
    }
}

fn write_lines(out: &mut dyn io::Write, bytes: &[u8]) -> io::Result<()> {
    bytes.split(|byte| *byte == b'\n').try_for_each(|line| write_line(out, line))
}

fn write_line(out: &mut dyn io::Write, line: &[u8]) -> io::Result<()> {
    text::pieces(line).try_for_each(|piece| out.write_all(text::visible_bytes(piece).as_bytes()))?;
    out.write_all(b"\n")
}
