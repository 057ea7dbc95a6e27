//! A comparison as text for people and as JSON.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::{
    ByteDifference, DifferenceKind, HeaderChange, JsonComparison, LineChange, LineComparison, MessageComparison,
};
use crate::http::HeaderField;
use crate::text::{grouped, visible_bytes};

impl MessageComparison {
    /// For people: `-` of the first, `+` of the second. Every line is visible text; empty when nothing
    /// differs.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        if let Some((from, to)) = &self.start {
            let _ = writeln!(text, "start line\n  - {}\n  + {}", visible_bytes(from), visible_bytes(to));
        }
        if !self.headers.is_empty() {
            text.push_str("headers\n");
            self.headers.iter().for_each(|change| push_header(&mut text, change));
        }
        if let Some(json) = &self.json {
            push_json(&mut text, json);
        }
        if let Some(lines) = &self.lines {
            push_lines(&mut text, lines);
        }
        if let Some(bytes) = &self.bytes {
            let _ = writeln!(text, "body bytes\n  {}", self.bytes_words(bytes));
            bytes.from.iter().for_each(|row| {
                let _ = writeln!(text, "  - {row}");
            });
            bytes.to.iter().for_each(|row| {
                let _ = writeln!(text, "  + {row}");
            });
        }
        text
    }

    /// How long both bodies are, and where they differ.
    pub(super) fn bytes_words(&self, bytes: &ByteDifference) -> String {
        let (from, to) = self.lengths;
        let alike = match bytes.alike_at_end {
            0 => "the last bytes differ as well".to_owned(),
            1 => "the last byte is the same".to_owned(),
            alike => format!("the last {} are the same", grouped(alike as u64)),
        };
        format!(
            "{} and {} bytes; the first difference is at byte {} (0x{:x}), {}",
            grouped(from as u64),
            grouped(to as u64),
            grouped(bytes.first as u64),
            bytes.first,
            alike,
        )
    }

    /// As documented JSON.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let lossy = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        json!({
            "same": self.is_same(),
            "start_line": self.start.as_ref().map(|(from, to)| json!({"from": lossy(from), "to": lossy(to)})),
            "headers": self.headers.iter().map(header_json).collect::<Vec<_>>(),
            "body": {
                "same": self.bytes.is_none(),
                "from_bytes": self.lengths.0,
                "to_bytes": self.lengths.1,
                "first_difference": self.bytes.as_ref().map(|bytes| bytes.first),
                "alike_at_end": self.bytes.as_ref().map(|bytes| bytes.alike_at_end),
                "json": self.json.as_ref().map(json_json),
                "lines": self.lines.as_ref().map(|lines| lines.changes.iter().map(line_json).collect::<Vec<_>>()),
                "lines_omitted": self.lines.as_ref().map(|lines| lines.omitted),
                "json_omitted": self.json.as_ref().map(|json| json.omitted),
            },
        })
    }
}

fn push_lines(text: &mut String, lines: &LineComparison) {
    text.push_str("body as text\n");
    for change in &lines.changes {
        let sign = if change.is_added { '+' } else { '-' };
        let _ = writeln!(text, "  {sign} {:>5}  {}", change.number, change.text);
    }
    if lines.omitted > 0 {
        let _ = writeln!(text, "  … and {} more lines", grouped(lines.omitted as u64));
    }
}

fn push_header(text: &mut String, change: &HeaderChange) {
    let line = |field: &HeaderField| format!("{}: {}", visible_bytes(&field.name), visible_bytes(&field.value));
    let _ = match change {
        HeaderChange::Added(field) => writeln!(text, "  + {}", line(field)),
        HeaderChange::Removed(field) => writeln!(text, "  - {}", line(field)),
        HeaderChange::Moved(field) => writeln!(text, "  ↕ {}: moved", visible_bytes(&field.name)),
        HeaderChange::Value { from, to } => writeln!(text, "  - {}\n  + {}", line(from), line(to)),
        HeaderChange::Case { from, to } => {
            writeln!(text, "  ~ {} → {}: letter case", visible_bytes(&from.name), visible_bytes(&to.name))
        }
    };
}

fn header_json(change: &HeaderChange) -> Value {
    let pair =
        |field: &HeaderField| json!([String::from_utf8_lossy(&field.name), String::from_utf8_lossy(&field.value)]);
    let (from, to) = match change {
        HeaderChange::Added(field) => (Value::Null, pair(field)),
        HeaderChange::Removed(field) => (pair(field), Value::Null),
        HeaderChange::Moved(field) => (pair(field), pair(field)),
        HeaderChange::Value { from, to } | HeaderChange::Case { from, to } => (pair(from), pair(to)),
    };
    json!({"change": change.code(), "from": from, "to": to})
}

fn push_json(text: &mut String, json: &JsonComparison) {
    text.push_str("body as JSON\n");
    if json.differences.is_empty() {
        text.push_str("  only white space differs\n");
    }
    for difference in &json.differences {
        let path = if difference.path.is_empty() { "the whole body" } else { &difference.path };
        let size =
            |bytes: usize| if bytes > 120 { format!(" ({} bytes)", grouped(bytes as u64)) } else { String::new() };
        let _ = match &difference.kind {
            DifferenceKind::Added(value) => writeln!(text, "  + {path}: {}{}", value.text, size(value.bytes)),
            DifferenceKind::Removed(value) => writeln!(text, "  - {path}: {}{}", value.text, size(value.bytes)),
            DifferenceKind::Order => writeln!(text, "  ↕ {path}: members in a different order"),
            DifferenceKind::Changed { from, to, same_value } => {
                let note = if *same_value { "   the same value, written differently" } else { "" };
                let (from_size, to_size) = (size(from.bytes), size(to.bytes));
                writeln!(text, "  ~ {path}: {}{from_size} → {}{to_size}{note}", from.text, to.text)
            }
        };
    }
    if json.omitted > 0 {
        let _ = writeln!(text, "  … and {} more", grouped(json.omitted as u64));
    }
}

fn line_json(change: &LineChange) -> Value {
    let name = if change.is_added { "added" } else { "removed" };
    json!({"change": name, "line": change.number, "text": change.text})
}

fn json_json(json: &JsonComparison) -> Value {
    let difference = |difference: &super::JsonDifference| {
        let (from, to, same_value) = match &difference.kind {
            DifferenceKind::Added(value) => (None, Some(&value.text), None),
            DifferenceKind::Removed(value) => (Some(&value.text), None, None),
            DifferenceKind::Order => (None, None, None),
            DifferenceKind::Changed { from, to, same_value } => (Some(&from.text), Some(&to.text), Some(*same_value)),
        };
        json!({
            "path": difference.path,
            "change": difference.kind.code(),
            "from": from,
            "to": to,
            "same_value": same_value,
        })
    };
    Value::Array(json.differences.iter().map(difference).collect())
}
