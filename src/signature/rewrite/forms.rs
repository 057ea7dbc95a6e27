//! Forms (`application/x-www-form-urlencoded`) read and written again by other encoders, and forms as JSON.

use std::collections::HashMap;

use super::text::TextEdit;
use super::wrap::as_json_string;
use crate::http::form::{self, FormPair, push_pair};
use crate::http::percent::PercentEncoding;
use crate::text::replace_bytes;

/// Forms beyond this length are not written again: no form is that long, and it takes three times as much.
pub const LONGEST_FORM: usize = 1 << 20;
/// The most fields of a form that is looked at.
const MOST_FIELDS: usize = 4096;

pub(super) const WHATWG: PercentEncoding = PercentEncoding::WHATWG_FORM;
pub(super) const PLUS: PercentEncoding = PercentEncoding::UNRESERVED_PLUS;
pub(super) const PHP: PercentEncoding = PercentEncoding::PHP_FORM;
pub(super) const RFC_3986: PercentEncoding = PercentEncoding::UNRESERVED;
pub(super) const COMPONENT: PercentEncoding = PercentEncoding::COMPONENT;
/// The qs package with `format: 'RFC1738'`.
const QS_PLUS: PercentEncoding = PLUS.keeping(b"()");
const DOT_NET: PercentEncoding = PHP.keeping(b"!*()");
const DOT_NET_LOWER: PercentEncoding = DOT_NET.in_lower_case();

/// One way to write a form.
#[derive(Debug)]
pub struct FormPreset {
    /// What a person calls it.
    pub name: &'static str,
    /// How common it is: 0 is the most common.
    pub rank: u16,
    /// Whether fields are sorted by their names.
    pub is_sorted: bool,
    /// Whether it always sorts, so that it may have written a form whose names are sorted anyway.
    pub always_sorts: bool,
    encoder: &'static PercentEncoding,
}

const fn preset(name: &'static str, rank: u16, encoder: &'static PercentEncoding) -> FormPreset {
    FormPreset { name, rank, encoder, is_sorted: false, always_sorts: false }
}

const fn sorted(preset: FormPreset) -> FormPreset {
    FormPreset { is_sorted: true, ..preset }
}

const fn always_sorted(preset: FormPreset) -> FormPreset {
    FormPreset { is_sorted: true, always_sorts: true, ..preset }
}

/// Every known way to write a form.
pub static FORM_PRESETS: [FormPreset; 19] = [
    preset("JavaScript URLSearchParams", 1, &WHATWG),
    preset("Java URLEncoder", 3, &WHATWG),
    preset("Ruby URI.encode_www_form, Rack build_query", 4, &WHATWG),
    preset("Python urllib.parse.urlencode", 1, &PLUS),
    preset(".NET FormUrlEncodedContent", 4, &PLUS),
    preset("PHP http_build_query", 1, &PHP),
    preset("PHP http_build_query, PHP_QUERY_RFC3986", 4, &RFC_3986),
    preset("qs.stringify", 2, &RFC_3986),
    preset("Python urllib.parse.urlencode, quote_via=quote", 6, &RFC_3986),
    preset("Node querystring.stringify, encodeURIComponent", 3, &COMPONENT),
    preset("qs.stringify, format RFC1738", 8, &QS_PLUS),
    preset(".NET WebUtility.UrlEncode", 8, &DOT_NET),
    preset(".NET HttpUtility.UrlEncode", 7, &DOT_NET_LOWER),
    always_sorted(preset("Go url.Values.Encode", 3, &PLUS)),
    always_sorted(preset("Ruby on Rails to_query", 5, &PLUS)),
    sorted(preset("JavaScript URLSearchParams, sorted", 5, &WHATWG)),
    sorted(preset("PHP http_build_query after ksort", 5, &PHP)),
    sorted(preset("PHP http_build_query after ksort, PHP_QUERY_RFC3986", 7, &RFC_3986)),
    sorted(preset("encodeURIComponent, sorted", 8, &COMPONENT)),
];

impl FormPreset {
    /// The form as this encoder writes it; `None` for what is not a form.
    #[must_use]
    pub fn apply(&self, body: &[u8]) -> Option<Vec<u8>> {
        let mut fields = fields(body)?;
        if self.is_sorted {
            fields.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        let mut out = Vec::with_capacity(body.len() + body.len() / 8);
        for (name, value) in fields {
            push_pair(self.encoder, &name, &value, &mut out);
        }
        Some(out)
    }
}

/// Encoders of a form that arrived decoded, with what people call them.
pub static ENCODERS_OF_DECODED: [(&str, TextEdit, TextEdit); 5] = [
    ("JavaScript URLSearchParams", encoded_again::<0, false>, encoded_again::<0, true>),
    ("Python urllib.parse.urlencode", encoded_again::<1, false>, encoded_again::<1, true>),
    ("PHP http_build_query", encoded_again::<2, false>, encoded_again::<2, true>),
    ("qs.stringify", encoded_again::<3, false>, encoded_again::<3, true>),
    ("encodeURIComponent", encoded_again::<4, false>, encoded_again::<4, true>),
];

/// Whether the body is a form whose values arrived decoded: a name, an equals sign, and what no form has as it is.
#[must_use]
pub fn is_decoded_form(body: &[u8]) -> bool {
    let is_raw = |byte: &u8| byte.is_ascii_control() || !byte.is_ascii() || matches!(byte, b'{' | b'"' | b'<' | b' ');
    let name = name_length(body);
    name.is_some_and(|name| body.len() <= LONGEST_FORM && body[name + 1..].iter().any(is_raw))
}

/// Bytes of the name that a pair begins with; `None` where there is no equals sign after one.
fn name_length(pair: &[u8]) -> Option<usize> {
    let at = memchr::memchr(b'=', &pair[..pair.len().min(64)]).filter(|&at| at > 0)?;
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || b"_-.[]".contains(byte);
    pair[..at].iter().all(is_name).then_some(at)
}

/// A form that arrived decoded, encoded: as one pair or, where `SPLIT`, as many as seem to be there.
fn encoded_again<const ENCODER: usize, const SPLIT: bool>(body: &[u8]) -> Option<Vec<u8>> {
    const ENCODERS: [&PercentEncoding; 5] = [&WHATWG, &PLUS, &PHP, &RFC_3986, &COMPONENT];
    is_decoded_form(body).then_some(())?;
    let mut starts = vec![0];
    if SPLIT {
        let ampersands = memchr::memchr_iter(b'&', body).map(|at| at + 1);
        starts.extend(ampersands.filter(|&at| name_length(&body[at..]).is_some()));
        (starts.len() > 1).then_some(())?;
    }
    let ends = starts.iter().skip(1).map(|start| start - 1).chain([body.len()]);
    let mut out = Vec::with_capacity(body.len() + body.len() / 2);
    for (start, end) in starts.iter().zip(ends) {
        let pair = &body[*start..end];
        let name = name_length(pair)?;
        push_pair(ENCODERS[ENCODER], &pair[..name], &pair[name + 1..], &mut out);
    }
    Some(out)
}

/// Whether the body is a form, and whether its fields are sorted by their names.
#[must_use]
pub fn order_of_form(body: &[u8]) -> Option<bool> {
    Some(fields(body)?.is_sorted_by(|(one, _), (other, _)| one <= other))
}

/// The fields of a form, decoded; `None` for what is not a form.
pub(super) fn fields(body: &[u8]) -> Option<Vec<(Vec<u8>, Vec<u8>)>> {
    Some(pairs(body)?.map(FormPair::decoded).collect())
}

/// A form's pairs, as far as it is one.
pub(super) fn pairs(body: &[u8]) -> Option<impl Iterator<Item = FormPair<'_>>> {
    let is_other = |byte: &u8| byte.is_ascii_control() || matches!(byte, b'{' | b'"' | b'<' | b' ');
    let equals = memchr::memchr(b'=', body)?;
    // The padding of base64 is not a form's sign of equality.
    let named = equals > 0 && !body[equals..].iter().all(|&byte| byte == b'=');
    let plausible = named && body.len() <= LONGEST_FORM && !body.iter().any(is_other);
    let pairs = || form::pairs(body).filter(|pair| !pair.is_empty());
    (plausible && pairs().nth(MOST_FIELDS).is_none()).then(pairs)
}

fn is_form(body: &[u8]) -> bool {
    pairs(body).is_some()
}

/// The pairs as sent, sorted by name.
#[must_use]
pub fn sorted_pairs(body: &[u8]) -> Option<Vec<u8>> {
    let mut pairs: Vec<FormPair<'_>> = pairs(body)?.collect();
    if pairs.is_sorted_by_key(|pair| pair.name()) {
        return None;
    }
    pairs.sort_by_cached_key(|pair| pair.name());
    Some(pairs.into_iter().map(FormPair::written).collect::<Vec<_>>().join(&b'&'))
}

/// Percent escapes with capital digits.
#[must_use]
pub fn upper_escapes(body: &[u8]) -> Option<Vec<u8>> {
    escapes(body, |digit| digit.to_ascii_uppercase())
}

/// Percent escapes with small digits.
#[must_use]
pub fn lower_escapes(body: &[u8]) -> Option<Vec<u8>> {
    escapes(body, |digit| digit.to_ascii_lowercase())
}

fn escapes(body: &[u8], digit: fn(&u8) -> u8) -> Option<Vec<u8>> {
    is_form(body).then_some(())?;
    let mut edited = body.to_vec();
    for at in memchr::memchr_iter(b'%', body) {
        for place in edited.iter_mut().skip(at + 1).take(2) {
            *place = digit(place);
        }
    }
    (edited != body).then_some(edited)
}

/// `+` as `%20`.
#[must_use]
pub fn plus_as_percent(body: &[u8]) -> Option<Vec<u8>> {
    replaced(body, b"+", b"%20")
}

/// `%20` as `+`.
#[must_use]
pub fn percent_as_plus(body: &[u8]) -> Option<Vec<u8>> {
    replaced(body, b"%20", b"+")
}

pub(super) fn replaced(body: &[u8], from: &[u8], to: &[u8]) -> Option<Vec<u8>> {
    is_form(body).then_some(())?;
    memchr::memmem::find(body, from)?;
    Some(replace_bytes(body, from, to))
}

/// What a parser makes of a name that comes more than once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Repeated {
    /// An array: Express, and every parser for `name[]`.
    Array,
    /// The last one wins: PHP, Rack.
    Last,
    /// Every name has an array: Python's `parse_qs`, Go's `url.Values`.
    Always,
}

/// The form as an object of strings, repeated names as arrays: `JSON.stringify(req.body)` after Express' `urlencoded()`.
#[must_use]
pub fn as_object(body: &[u8]) -> Option<Vec<u8>> {
    json(body, Repeated::Array)
}

/// The same, the last of a repeated name alone: `json_encode($_POST)`.
#[must_use]
pub fn as_object_of_last(body: &[u8]) -> Option<Vec<u8>> {
    json(body, Repeated::Last)
}

/// The form as an object of arrays: `json.dumps(parse_qs(body))`.
#[must_use]
pub fn as_object_of_arrays(body: &[u8]) -> Option<Vec<u8>> {
    json(body, Repeated::Always)
}

fn json(body: &[u8], repeated: Repeated) -> Option<Vec<u8>> {
    let mut members: Vec<(Vec<u8>, Vec<Vec<u8>>, bool)> = Vec::new();
    let mut places: HashMap<Vec<u8>, usize> = HashMap::new();
    for (name, value) in fields(body)? {
        let bare = name.strip_suffix(b"[]").filter(|bare| repeated != Repeated::Always && !bare.is_empty());
        let (name, is_list) = (bare.map_or_else(|| name.clone(), <[u8]>::to_vec), bare.is_some());
        let place = *places.entry(name.clone()).or_insert_with(|| {
            members.push((name, Vec::new(), is_list || repeated == Repeated::Always));
            members.len() - 1
        });
        members[place].1.push(value);
    }
    let mut out = vec![b'{'];
    for (place, (name, values, is_list)) in members.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        out.extend(as_json_string(name)?);
        out.push(b':');
        let is_list = *is_list || (repeated == Repeated::Array && values.len() > 1);
        let kept = if is_list { &values[..] } else { &values[values.len() - 1..] };
        let written: Option<Vec<Vec<u8>>> = kept.iter().map(|value| as_json_string(value)).collect();
        let (open, close): (&[u8], &[u8]) = if is_list { (b"[", b"]") } else { (b"", b"") };
        out.extend([open, &written?.join(&b','), close].concat());
    }
    out.push(b'}');
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each encoder really writes of `b=x y~*!'()é&a=1&b=2`: node 20.20, Python 3.11; PHP, Go, Ruby, .NET and qs
    /// from their documentation.
    #[test]
    fn encoders_are_told_apart() {
        let body = b"b=x+y~*!'()%c3%a9&a=1&b=2";
        let written = |name: &str| {
            let preset = FORM_PRESETS.iter().find(|preset| preset.name == name).unwrap();
            String::from_utf8(preset.apply(body).unwrap()).unwrap()
        };
        assert_eq!(written("JavaScript URLSearchParams"), "b=x+y%7E*%21%27%28%29%C3%A9&a=1&b=2");
        assert_eq!(written("Python urllib.parse.urlencode"), "b=x+y~%2A%21%27%28%29%C3%A9&a=1&b=2");
        assert_eq!(written("Python urllib.parse.urlencode, quote_via=quote"), "b=x%20y~%2A%21%27%28%29%C3%A9&a=1&b=2");
        assert_eq!(written("Node querystring.stringify, encodeURIComponent"), "b=x%20y~*!'()%C3%A9&a=1&b=2");
        assert_eq!(written("PHP http_build_query"), "b=x+y%7E%2A%21%27%28%29%C3%A9&a=1&b=2");
        assert_eq!(written(".NET HttpUtility.UrlEncode"), "b=x+y%7e*!%27()%c3%a9&a=1&b=2");
        assert_eq!(written("Go url.Values.Encode"), "a=1&b=x+y~%2A%21%27%28%29%C3%A9&b=2");
        assert_eq!(sorted_pairs(body).unwrap(), b"a=1&b=x+y~*!'()%c3%a9&b=2");
        assert_eq!(upper_escapes(body).unwrap(), b"b=x+y~*!'()%C3%A9&a=1&b=2");
        assert_eq!(plus_as_percent(body).unwrap(), b"b=x%20y~*!'()%c3%a9&a=1&b=2");
    }

    #[test]
    fn forms_become_objects() {
        let text = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap()).unwrap();
        let body = b"a=1&b=x+%22y%22&a=2&c[]=3&d=";
        assert_eq!(text(as_object(body)), r#"{"a":["1","2"],"b":"x \"y\"","c":["3"],"d":""}"#);
        assert_eq!(text(as_object_of_last(body)), r#"{"a":"2","b":"x \"y\"","c":["3"],"d":""}"#);
        assert_eq!(text(as_object_of_arrays(body)), r#"{"a":["1","2"],"b":["x \"y\""],"c[]":["3"],"d":[""]}"#);
    }

    #[test]
    fn what_is_not_a_form_is_left_alone() {
        for body in [&b"{\"a\":\"b=c\"}"[..], b"", b"no form", b"YWJjZA==", b"a=1\n", b"=x", b"<a b=c>"] {
            assert_eq!(order_of_form(body), None, "{body:?}");
            assert_eq!(as_object(body), None);
        }
        assert_eq!(order_of_form(b"a=1&b=2"), Some(true));
        assert_eq!(sorted_pairs(b"a=1&b=2"), None);
        assert_eq!(upper_escapes(b"a=%C3"), None);
        assert_eq!(percent_as_plus(b"a=+"), None);
    }
}
