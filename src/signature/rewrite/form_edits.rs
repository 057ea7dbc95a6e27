//! What parsers and encoders make of a form beside writing it again: fields dropped, trimmed, left encoded, printed.

use super::Tree;
use super::forms::{PLUS, as_object_of_arrays, as_object_of_last, fields, pairs, replaced};
use super::wrap::as_json_string;
use crate::http::form::{FormPair, push_pair};
use crate::http::percent::{self, PercentEncoding, PlusSign};

/// As JavaScript's `encodeURIComponent` writes a text.
#[must_use]
pub fn component_encoded(text: &[u8]) -> Vec<u8> {
    PercentEncoding::COMPONENT.encode(text)
}

/// As PHP's `rawurlencode` and Python's `quote` write a text.
#[must_use]
pub fn raw_encoded(text: &[u8]) -> Vec<u8> {
    PercentEncoding::UNRESERVED.encode(text)
}

/// Percent-encoding undone, `+` as it is: JavaScript's `decodeURIComponent`.
#[must_use]
pub fn percent_decoded(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'%', body)?;
    let decoded = percent::decode(body, PlusSign::Literal);
    (decoded != body).then_some(decoded)
}

fn has_no_value(pair: FormPair<'_>) -> bool {
    pair.split().1.is_none_or(<[u8]>::is_empty)
}

/// Whether the form has a field without a value.
#[must_use]
pub fn has_empty_field(body: &[u8]) -> bool {
    pairs(body).is_some_and(|mut pairs| pairs.any(has_no_value))
}

/// The fields that have a value, as Python's `parse_qsl` reads them.
#[must_use]
pub fn without_empty_fields(body: &[u8]) -> Option<Vec<u8>> {
    let mut kept: Vec<FormPair<'_>> = pairs(body)?.collect();
    let all = kept.len();
    kept.retain(|pair| !has_no_value(*pair));
    let kept: Vec<&[u8]> = kept.into_iter().map(FormPair::written).collect();
    (kept.len() < all && !kept.is_empty()).then(|| kept.join(&b'&'))
}

/// The white space around each value left out, as frameworks trim what they parse.
#[must_use]
pub fn trimmed_values(body: &[u8]) -> Option<Vec<u8>> {
    const SPACES: [&[u8]; 5] = [b"+", b"%20", b"%09", b"%0A", b"%0D"];
    let trimmed: Vec<Vec<u8>> = pairs(body)?
        .map(|pair| {
            let (name, Some(mut value)) = pair.split() else { return pair.written().to_vec() };
            let space_at = |text: &[u8]| {
                SPACES.iter().find(|space| text.get(..space.len()).is_some_and(|own| own.eq_ignore_ascii_case(space)))
            };
            while let Some(space) = space_at(value) {
                value = &value[space.len()..];
            }
            let ends = |text: &[u8]| {
                let tail = |space: &&&[u8]| {
                    text.len().checked_sub(space.len()).is_some_and(|at| text[at..].eq_ignore_ascii_case(space))
                };
                SPACES.iter().find(tail).map(|space| space.len())
            };
            while let Some(length) = ends(value) {
                value = &value[..value.len() - length];
            }
            [name, b"=", value].concat()
        })
        .collect();
    let trimmed = trimmed.join(&b'&');
    (trimmed != body).then_some(trimmed)
}

/// The form so that decoding it gives the fields as they were sent, still encoded.
#[must_use]
pub fn undecoded(body: &[u8]) -> Option<Vec<u8>> {
    let percent = replaced(body, b"%", b"%25");
    let plus = replaced(percent.as_deref().unwrap_or(body), b"+", b"%2B");
    plus.or(percent)
}

/// The form so that decoding it leaves each `+` as it is.
#[must_use]
pub fn plus_kept(body: &[u8]) -> Option<Vec<u8>> {
    replaced(body, b"+", b"%2B")
}

/// What Python prints of the parsed form: `str(dict(parse_qsl(body)))`.
#[must_use]
pub fn python_dict(body: &[u8]) -> Option<Vec<u8>> {
    python_print(&as_object_of_last(body)?)
}

/// The same without the fields that have no value, which `parse_qsl` leaves out.
#[must_use]
pub fn python_dict_of_full(body: &[u8]) -> Option<Vec<u8>> {
    python_dict(&without_empty_fields(body)?)
}

/// What Python prints of a form that was parsed into lists: `str(parse_qs(body))`.
#[must_use]
pub fn python_dict_of_lists(body: &[u8]) -> Option<Vec<u8>> {
    let full = without_empty_fields(body);
    python_print(&as_object_of_arrays(full.as_deref().unwrap_or(body))?)
}

fn python_print(json: &[u8]) -> Option<Vec<u8>> {
    let tree = Tree::read(json)?;
    super::prints::python_dict(&tree, json.len() * 3 + 64)
}

/// What `urlencode(parse_qs(body))` gives without `doseq`: each value is a printed list.
#[must_use]
pub fn encoded_lists(body: &[u8]) -> Option<Vec<u8>> {
    let full = without_empty_fields(body);
    let mut names: Vec<(Vec<u8>, Vec<Vec<u8>>)> = Vec::new();
    for (name, value) in fields(full.as_deref().unwrap_or(body))? {
        // Few names come more than once; a form of very many fields is none of a webhook.
        match names.iter_mut().take(64).find(|(known, _)| *known == name) {
            Some((_, values)) => values.push(value),
            None => names.push((name, vec![value])),
        }
    }
    let mut out = Vec::with_capacity(body.len() * 2);
    for (name, values) in names {
        let items: Option<Vec<Vec<u8>>> = values.iter().map(|value| as_json_string(value)).collect();
        let list = python_print(&[b"[", items?.join(&b',').as_slice(), b"]"].concat())?;
        push_pair(&PLUS, &name, &list, &mut out);
    }
    Some(out)
}

/// The form as an object of strings without the fields that have no value: `json.dumps(dict(parse_qsl(body)))`.
#[must_use]
pub fn as_object_of_full(body: &[u8]) -> Option<Vec<u8>> {
    as_object_of_last(&without_empty_fields(body)?)
}

/// The form as an object of arrays without the fields that have no value: `json.dumps(parse_qs(body))`.
#[must_use]
pub fn as_object_of_full_arrays(body: &[u8]) -> Option<Vec<u8>> {
    as_object_of_arrays(&without_empty_fields(body)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: Option<Vec<u8>>) -> String {
        String::from_utf8(bytes.unwrap()).unwrap()
    }

    /// What node 20.20 and Python 3.11 (`urllib.parse`) made of them.
    #[test]
    fn encoders_and_parsers_are_followed() {
        let json = b"{\"a b\":\"x!*'()~&\xc3\xa9\"}";
        assert_eq!(text(Some(component_encoded(json))), "%7B%22a%20b%22%3A%22x!*'()~%26%C3%A9%22%7D");
        assert_eq!(text(Some(raw_encoded(json))), "%7B%22a%20b%22%3A%22x%21%2A%27%28%29~%26%C3%A9%22%7D");
        let form = b"a=1+2&b=%2B3%27&c=&a=%20x+";
        assert_eq!(text(percent_decoded(form)), "a=1+2&b=+3'&c=&a= x+");
        assert_eq!(text(without_empty_fields(form)), "a=1+2&b=%2B3%27&a=%20x+");
        assert_eq!(text(trimmed_values(form)), "a=1+2&b=%2B3%27&c=&a=x");
        assert_eq!(text(python_dict(form)), "{'a': ' x ', 'b': \"+3'\", 'c': ''}");
        assert_eq!(text(python_dict_of_full(form)), "{'a': ' x ', 'b': \"+3'\"}");
        assert_eq!(text(python_dict_of_lists(form)), "{'a': ['1 2', ' x '], 'b': [\"+3'\"]}");
        assert_eq!(text(encoded_lists(b"a=1&b=x+y&c=")), "a=%5B%271%27%5D&b=%5B%27x+y%27%5D");
        assert_eq!(text(as_object_of_full_arrays(b"a=1&c=")), r#"{"a":["1"]}"#);
    }

    #[test]
    fn what_was_not_decoded_is_decoded_once_less() {
        let form = b"a=1+2&b=%2B3";
        let decoded = |bytes: Option<Vec<u8>>| fields(&bytes.unwrap()).unwrap();
        let pair = |name: &[u8], value: &[u8]| (name.to_vec(), value.to_vec());
        assert_eq!(decoded(undecoded(form)), [pair(b"a", b"1+2"), pair(b"b", b"%2B3")]);
        assert_eq!(decoded(plus_kept(form)), [pair(b"a", b"1+2"), pair(b"b", b"+3")]);
        assert_eq!(undecoded(b"a=1"), None);
        assert_eq!(plus_kept(b"a=%20"), None);
    }

    #[test]
    fn what_has_nothing_to_drop_is_left_alone() {
        for body in [&b"a=1&b=2"[..], b"{\"a\":\"\"}", b"", b"a"] {
            assert_eq!(without_empty_fields(body), None, "{body:?}");
            assert_eq!(trimmed_values(body), None, "{body:?}");
        }
        assert!(has_empty_field(b"a=1&b=") && has_empty_field(b"a=1&b") && !has_empty_field(b"a=1"));
        // Nothing at all was signed has a cause of its own.
        assert_eq!(without_empty_fields(b"a=&b="), None);
    }
}
