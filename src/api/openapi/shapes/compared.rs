//! Comparisons.

use schemars::JsonSchema;

use super::HeaderPair;

/// What differs between two messages.
#[derive(JsonSchema)]
#[schemars(rename = "Comparison")]
pub(in crate::api) struct MessageDifferences {
    same: bool,
    start_line: Option<ChangedTextShape>,
    headers: Vec<HeaderChangeShape>,
    body: BodyChangeShape,
}

#[derive(JsonSchema)]
#[schemars(rename = "ChangedText")]
struct ChangedTextShape {
    from: String,
    to: String,
}

#[derive(JsonSchema)]
#[schemars(rename = "HeaderChange")]
struct HeaderChangeShape {
    change: HeaderChangeCode,
    from: Option<HeaderPair>,
    to: Option<HeaderPair>,
}

#[derive(JsonSchema)]
#[schemars(rename = "HeaderChangeKind", rename_all = "snake_case")]
enum HeaderChangeCode {
    Added,
    Removed,
    Value,
    Case,
    Moved,
}

#[derive(JsonSchema)]
#[schemars(rename = "BodyChange")]
struct BodyChangeShape {
    same: bool,
    from_bytes: u64,
    to_bytes: u64,
    first_difference: Option<u64>,
    alike_at_end: Option<u64>,
    /// At most 500; null when a body is not JSON.
    json: Option<Vec<JsonChangeShape>>,
    /// At most 200; null unless they are compared as text.
    lines: Option<Vec<LineChangeShape>>,
    lines_omitted: Option<u64>,
    json_omitted: Option<u64>,
}

#[derive(JsonSchema)]
#[schemars(rename = "JsonChange")]
struct JsonChangeShape {
    path: String,
    change: JsonChangeCode,
    /// As written, at most 120 bytes.
    from: Option<String>,
    to: Option<String>,
    /// Whether only the notation differs.
    same_value: Option<bool>,
}

#[derive(JsonSchema)]
#[schemars(rename = "JsonChangeKind", rename_all = "snake_case")]
enum JsonChangeCode {
    Added,
    Removed,
    Changed,
    Order,
}

#[derive(JsonSchema)]
#[schemars(rename = "LineChange")]
struct LineChangeShape {
    change: LineChangeCode,
    line: u64,
    text: String,
}

#[derive(JsonSchema)]
#[schemars(rename = "LineChangeKind", rename_all = "snake_case")]
enum LineChangeCode {
    Added,
    Removed,
}
