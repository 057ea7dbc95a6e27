//! The signature base (RFC 9421, section 2.5): each covered component with its value, and the parameters.

use std::collections::{HashMap, HashSet};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use sfv::{Dictionary, FieldType as _, InnerList, Item, List, ListEntry, Parser};

use super::super::described::Rejection;
use crate::http::Head;
use crate::http::percent::{PercentEncoding, PlusSign};
use crate::signature::Source;
use crate::signature::scheme::{Parts, query_pairs};

/// Components of one signature. A request of a sender has some ten.
pub(super) const MOST_COMPONENTS: usize = 64;
/// How a parameter of the query is written (section 2.2.8): as a form's, with `%20` for a space.
const QUERY_VALUE: PercentEncoding = PercentEncoding::WHATWG_FORM.with_plus(PlusSign::Literal);

/// Fields that are dictionaries: a repeated key counts once.
const DICTIONARIES: [&str; 5] = ["content-digest", "repr-digest", "signature", "signature-input", "priority"];

/// The base of one signature.
pub(in crate::signature) fn signature_base(
    input: &InnerList,
    parts: &Parts<'_>,
    head: &Head,
) -> Result<String, Rejection> {
    // The request chooses components and fields: what it costs must not be the product of both.
    if input.items.len() > MOST_COMPONENTS {
        let count = crate::text::grouped(input.items.len() as u64);
        return Err(Rejection::malformed(format!("{count} components are listed: at most {MOST_COMPONENTS} are read")));
    }
    let mut base = String::new();
    let mut seen = HashSet::new();
    let mut fields = StructuredFields { head, dictionaries: HashMap::new() };
    for item in &input.items {
        let identifier = item.serialize();
        if seen.contains(&identifier) {
            return Err(Rejection::malformed(format!("the component {} is listed twice", visible(&identifier))));
        }
        base.push_str(&format!("{identifier}: {}\n", value(item, &identifier, parts, &mut fields)?));
        seen.insert(identifier);
    }
    let parameters = vec![ListEntry::InnerList(input.clone())].serialize().unwrap_or_default();
    base.push_str(&format!("\"@signature-params\": {parameters}"));
    Ok(base)
}

/// The fields of a request, of which each is read as a dictionary once.
struct StructuredFields<'h> {
    head: &'h Head,
    dictionaries: HashMap<String, Dictionary>,
}

impl StructuredFields<'_> {
    /// The member `key` of the field `name`, whose whole value is `text`.
    fn member(&mut self, name: &str, text: &str, key: &str) -> Result<Option<ListEntry>, sfv::Error> {
        if !self.dictionaries.contains_key(name) {
            self.dictionaries.insert(name.to_owned(), Parser::new(text).parse()?);
        }
        Ok(self.dictionaries.get(name).and_then(|members| members.get(key)).cloned())
    }
}

/// A component in words, for people.
pub(in crate::signature) fn component_words(item: &Item) -> String {
    visible(&item.serialize().replace('"', ""))
}

/// Whether a covered component is the required one, such as `@method` or `content-digest`. One without parameters is
/// covered by a field's whole value in any form.
pub(super) fn is_component(item: &Item, required: &str) -> bool {
    let (name, parameters) = required.split_once(';').unwrap_or((required, ""));
    let is_named = item.bare_item.as_string().is_some_and(|own| own.as_str() == name.trim_matches('"'));
    let is_whole = item.params.keys().all(|name| matches!(name.as_str(), "sf" | "bs"));
    let written = || item.serialize().split_once(';').map(|(_, own)| own.to_owned()).unwrap_or_default();
    is_named && if parameters.is_empty() { is_whole } else { written() == parameters }
}

fn visible(text: &str) -> String {
    crate::text::clip(&crate::text::visible(text), 80).into_owned()
}

/// The value of a component.
fn value(
    item: &Item,
    identifier: &str,
    parts: &Parts<'_>,
    fields: &mut StructuredFields<'_>,
) -> Result<String, Rejection> {
    let refuse = |why: &str| Err(Rejection::malformed(format!("the component {} {why}", visible(identifier))));
    let Some(name) = item.bare_item.as_string().map(sfv::StringRef::as_str) else {
        return refuse("is not a text");
    };
    for parameter in item.params.keys() {
        match parameter.as_str() {
            "req" => {
                return refuse("has ;req, which means the request of a response: a request's signature cannot have it");
            }
            "tr" => return refuse("has ;tr: trailers are not verified here"),
            "sf" | "key" | "bs" if !name.starts_with('@') => {}
            "name" if name == "@query-param" => {}
            other => return refuse(&format!("has the parameter {}, which it cannot have", visible(other))),
        }
    }
    if name.starts_with('@') {
        derived(name, item, parts).or_else(|why| refuse(&why))
    } else {
        field(name, item, fields)
    }
}

/// A derived component (section 2.2).
fn derived(name: &str, item: &Item, parts: &Parts<'_>) -> Result<String, String> {
    let text = |source: Source| String::from_utf8_lossy(&parts.get(&source).unwrap_or_default()).into_owned();
    Ok(match name {
        "@method" => text(Source::Method),
        "@target-uri" => text(Source::Url),
        "@authority" => authority(&text(Source::Url), &text(Source::Host)),
        "@scheme" => {
            text(Source::Url).split_once("://").map_or(String::new(), |(scheme, _)| scheme.to_ascii_lowercase())
        }
        "@request-target" => text(Source::Target),
        "@path" => match text(Source::Path) {
            path if path.is_empty() => "/".to_owned(),
            path => path,
        },
        "@query" => format!("?{}", text(Source::Query)),
        "@query-param" => {
            let wanted = item.params.get("name").and_then(|name| name.as_string()).map(sfv::StringRef::as_str);
            let wanted = wanted.ok_or("has no name")?;
            let query = text(Source::Query);
            let encoded = |text: &[u8]| QUERY_VALUE.encode(text);
            let mut values = query_pairs(query.as_bytes()).filter(|(name, _)| encoded(name) == wanted.as_bytes());
            let (_, value) = values.next().ok_or("is not in the query")?;
            if values.next().is_some() {
                return Err("is in the query more than once: section 2.2.8 forbids to sign it".to_owned());
            }
            String::from_utf8_lossy(&encoded(&value)).into_owned()
        }
        "@status" => return Err("is a response's: a request has no status".to_owned()),
        _ => return Err("is not known".to_owned()),
    })
}

/// In small letters, without its scheme's default port (section 2.2.3).
fn authority(url: &str, host: &str) -> String {
    let port = if url.starts_with("http://") { ":80" } else { ":443" };
    host.strip_suffix(port).unwrap_or(host).to_ascii_lowercase()
}

/// A field (section 2.1).
fn field(name: &str, item: &Item, fields: &mut StructuredFields<'_>) -> Result<String, Rejection> {
    let head = fields.head;
    let shown = || visible(name);
    let malformed = |why: String| Rejection::malformed(format!("the header {} {why}", shown()));
    let text = joined(head, name)
        .ok_or_else(|| Rejection::malformed(format!("missing header {}, which is signed", shown())))?;
    let has = |parameter: &str| item.params.get(parameter).is_some();
    let not_structured = |error: sfv::Error| malformed(format!("is not a structured field: {error}"));
    if has("bs") {
        if has("sf") || has("key") {
            return Err(malformed("is signed with ;bs and another form at once".to_owned()));
        }
        let lines = head.values(name).map(|line| format!(":{}:", BASE64_STANDARD.encode(line.trim_ascii())));
        return Ok(lines.collect::<Vec<_>>().join(", "));
    }
    if let Some(key) = item.params.get("key") {
        let key = key.as_string().map(sfv::StringRef::as_str).unwrap_or_default();
        let member = fields.member(name, &text, key).map_err(not_structured)?;
        let member = member.ok_or_else(|| malformed(format!("has no member {}", visible(key))))?;
        return Ok(vec![member].serialize().unwrap_or_default());
    }
    if !has("sf") {
        return Ok(text);
    }
    let as_dictionary = || Parser::new(&text).parse::<Dictionary>().map(|own| own.serialize().unwrap_or_default());
    if DICTIONARIES.contains(&name) {
        return as_dictionary().map_err(not_structured);
    }
    // An item is a list of one, and a dictionary without repeated keys is written as a list would be.
    let as_list = Parser::new(&text).parse::<List>().map(|own| own.serialize().unwrap_or_default());
    as_list.or_else(|_| as_dictionary()).map_err(not_structured)
}

/// The lines of a field, joined, each without white space around it (section 2.1).
pub(super) fn joined(head: &Head, name: &str) -> Option<String> {
    let values: Vec<String> =
        head.values(name).map(|value| String::from_utf8_lossy(value.trim_ascii()).into_owned()).collect();
    (!values.is_empty()).then(|| values.join(", "))
}
