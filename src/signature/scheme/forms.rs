//! Forms, queries and texts as senders write them before they sign.

use std::collections::BTreeMap;

use super::parts::pairs;
use super::url::cut_query;
use crate::http::percent::{self, PercentEncoding, PlusSign};
use crate::payload::inflate::{InflateBudget, inflate};

/// Which values of a name that is there several times are signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FieldValues {
    /// All, as they came.
    InOrder,
    /// Each once, sorted.
    Unique,
    /// All, sorted.
    Sorted,
}

/// A form's fields sorted by name, each as its name and its values.
pub(super) fn fields_by_name(form: &[u8], which: FieldValues) -> Vec<u8> {
    let mut out = Vec::with_capacity(form.len());
    for (name, mut values) in grouped(form) {
        if which != FieldValues::InOrder {
            values.sort();
        }
        if which == FieldValues::Unique {
            values.dedup();
        }
        for value in values {
            out.extend_from_slice(&name);
            out.extend(value);
        }
    }
    out
}

fn grouped(form: &[u8]) -> BTreeMap<Vec<u8>, Vec<Vec<u8>>> {
    let mut groups: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for (name, value) in pairs(form) {
        groups.entry(name).or_default().push(value);
    }
    groups
}

/// A form's fields in the order in which they came.
pub(super) fn fields_in_order(form: &[u8]) -> Vec<u8> {
    pairs(form).flat_map(|(name, value)| [name, value]).collect::<Vec<_>>().concat()
}

/// A form's fields sorted by name, capitals and small letters alike; those of one name as they came.
pub(super) fn fields_ignoring_case(form: &[u8]) -> Vec<u8> {
    let mut fields: Vec<_> = pairs(form).collect();
    fields.sort_by_cached_key(|(name, _)| name.to_ascii_lowercase());
    fields.into_iter().flat_map(|(name, value)| [name, value]).collect::<Vec<_>>().concat()
}

/// The pairs sorted and joined as `a=1&b=2`, decoded.
pub(super) fn fields_joined(form: &[u8]) -> Vec<u8> {
    let mut fields: Vec<_> = pairs(form).collect();
    fields.sort();
    joined(fields)
}

/// The pairs sorted and joined as `a=1&b=2`, decoded; without empty ones and those of `names`.
pub(super) fn fields_without(form: &[u8], names: &[String]) -> Vec<u8> {
    let dropped = |name: &[u8]| names.iter().any(|own| own.as_bytes() == name);
    let mut fields: Vec<_> = pairs(form).filter(|(name, value)| !value.is_empty() && !dropped(name)).collect();
    fields.sort();
    joined(fields)
}

fn joined(fields: impl IntoIterator<Item = (Vec<u8>, Vec<u8>)>) -> Vec<u8> {
    let fields: Vec<Vec<u8>> = fields.into_iter().map(|(name, value)| [name, value].join(&b'=')).collect();
    fields.join(&b'&')
}

/// As Node's `querystring.stringify` writes a query sorted by name.
pub(super) fn sorted_query(query: &[u8]) -> Vec<u8> {
    let mut fields: Vec<_> = pairs(query).collect();
    fields.sort();
    let write = |text: &[u8]| PercentEncoding::COMPONENT.encode(text);
    joined(fields.into_iter().map(|(name, value)| (write(&name), write(&value))))
}

/// HubSpot's version 3 undoes these codes of the URL, whatever their letter case, and no others
/// (developers.hubspot.com, "Validating requests").
pub(super) fn hubspot_decoded(url: &[u8]) -> Vec<u8> {
    const DECODED: &[u8] = b":/?@!$'()*,;";
    let mut out = Vec::with_capacity(url.len());
    for (byte, written) in percent::written_bytes(url, PlusSign::Literal) {
        if DECODED.contains(&byte) {
            out.push(byte);
        } else {
            out.extend_from_slice(written);
        }
    }
    out
}

/// Contentful's library escapes the query whole, then path and query as a URI once more.
pub(super) fn contentful_target(target: &[u8]) -> Vec<u8> {
    let (path, query) = cut_query(target);
    let mut whole = path.to_vec();
    if let Some(query) = query {
        whole.push(b'?');
        PercentEncoding::COMPONENT.push(query, &mut whole);
    }
    PercentEncoding::URI.encode(&whole)
}

/// Atlassian Connect's canonical query: sorted, values of one name joined by commas, without `jwt`.
pub(super) fn atlassian_query(url: &[u8]) -> Vec<u8> {
    let write = |text: &[u8]| PercentEncoding::UNRESERVED.encode(text);
    let mut groups: BTreeMap<Vec<u8>, Vec<Vec<u8>>> = BTreeMap::new();
    for (name, value) in pairs(cut_query(url).1.unwrap_or_default()).filter(|(name, _)| name != b"jwt") {
        groups.entry(write(&name)).or_default().push(write(&value));
    }
    joined(groups.into_iter().map(|(name, mut values)| {
        values.sort();
        (name, values.join(&b','))
    }))
}

/// Plivo's version 3: the URL with its query decoded and sorted, and a question mark in any case.
pub(super) fn plivo_url(url: &[u8]) -> Vec<u8> {
    let (start, query) = cut_query(url);
    let mut fields: Vec<_> = pairs(query.unwrap_or_default()).collect();
    fields.sort();
    // A URL without a path has none here either.
    [start, b"?", &joined(fields)].concat()
}

/// As PHP's `serialize` writes an array of strings that is sorted by its keys (`ksort`), without Paddle's own signature.
pub(super) fn php_serialized(form: &[u8]) -> Vec<u8> {
    let fields: BTreeMap<Vec<u8>, Vec<u8>> = pairs(form).filter(|(name, _)| name != b"p_signature").collect();
    let mut out = format!("a:{}:{{", fields.len()).into_bytes();
    for text in fields.iter().flat_map(|(name, value)| [name, value]) {
        out.extend_from_slice(format!("s:{}:\"", text.len()).as_bytes());
        out.extend_from_slice(text);
        out.extend_from_slice(b"\";");
    }
    out.push(b'}');
    out
}

/// All keys sorted, at every depth, and no white space; numbers as they are written.
pub(super) fn sorted_json(body: &[u8]) -> Option<Vec<u8>> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    serde_json::to_vec(&sorted(value)).ok()
}

fn sorted(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> =
                members.into_iter().map(|(name, member)| (name, sorted(member))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(sorted).collect()),
        other => other,
    }
}

/// The character references that PHP's and WordPress' escaping write; others stay.
pub(super) fn html_decoded(text: &str) -> String {
    const NAMED: [(&str, &str); 7] = [
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&quot;", "\""),
        ("&#039;", "'"),
        ("&#39;", "'"),
        ("&#8217;", "\u{2019}"),
        // Last, so that nothing is undone twice.
        ("&amp;", "&"),
    ];
    NAMED.iter().fold(text.to_owned(), |text, (escaped, character)| text.replace(escaped, character))
}

/// A gzip body's content, when it is at most `limit` bytes.
pub(super) fn inflated(body: &[u8], limit: u64) -> Option<Vec<u8>> {
    let mut budget = InflateBudget::opening(body.len()).at_most(limit);
    inflate("gzip", body, &mut budget)
}
