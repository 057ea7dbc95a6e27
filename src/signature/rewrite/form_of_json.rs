//! JSON written as a form (`application/x-www-form-urlencoded`).

use super::forms::{COMPONENT, PHP, PLUS, RFC_3986, WHATWG};
use super::numbers::NumberStyle;
use super::tree::Tree;
use super::{go, javascript, php, python, ruby};
use crate::http::form::push_pair;
use crate::http::percent::PercentEncoding;
use crate::payload::json::unescape;

/// Levels beyond which an object is not written as a form: every name repeats the path to its value.
const LEVELS: usize = 16;

/// What becomes of a value that is not a single one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Nested {
    /// It does not become a form.
    Refused,
    /// An array's items each under the same name; objects are refused.
    Repeated,
    /// The same, what is nested deeper being nothing, as Node writes it.
    Emptied,
    /// `a[b]=1`, `c[0]=2`
    Indexed,
    /// `a[b]=1`, `c[]=2`
    Listed,
}

/// One way to write an object as a form.
pub struct FormOfJson {
    /// What a person calls it.
    pub name: &'static str,
    /// How common it is: 0 is the most common.
    pub rank: u16,
    encoder: &'static PercentEncoding,
    numbers: NumberStyle,
    /// What `null` (`None` leaves it out), `true` and `false` are written as.
    words: (Option<&'static str>, &'static str, &'static str),
    nested: Nested,
    is_sorted: bool,
}

/// Every known way to write an object as a form.
pub static FORMS_OF_JSON: [FormOfJson; 8] = [
    FormOfJson {
        name: "JavaScript new URLSearchParams(object)",
        rank: 14,
        encoder: &WHATWG,
        numbers: javascript::numbers,
        words: (Some("null"), "true", "false"),
        nested: Nested::Refused,
        is_sorted: false,
    },
    FormOfJson {
        name: "Node querystring.stringify",
        rank: 16,
        encoder: &COMPONENT,
        numbers: javascript::numbers,
        words: (Some(""), "true", "false"),
        nested: Nested::Emptied,
        is_sorted: false,
    },
    FormOfJson {
        name: "qs.stringify",
        rank: 15,
        encoder: &RFC_3986,
        numbers: javascript::numbers,
        words: (Some(""), "true", "false"),
        nested: Nested::Indexed,
        is_sorted: false,
    },
    FormOfJson {
        name: "PHP http_build_query",
        rank: 14,
        encoder: &PHP,
        numbers: php::numbers,
        words: (None, "1", "0"),
        nested: Nested::Indexed,
        is_sorted: false,
    },
    FormOfJson {
        name: "PHP http_build_query, PHP_QUERY_RFC3986",
        rank: 17,
        encoder: &RFC_3986,
        numbers: php::numbers,
        words: (None, "1", "0"),
        nested: Nested::Indexed,
        is_sorted: false,
    },
    FormOfJson {
        name: "Python urllib.parse.urlencode",
        rank: 14,
        encoder: &PLUS,
        numbers: python::numbers,
        words: (Some("None"), "True", "False"),
        nested: Nested::Repeated,
        is_sorted: false,
    },
    FormOfJson {
        name: "Ruby on Rails to_query",
        rank: 16,
        encoder: &PLUS,
        numbers: ruby::numbers,
        words: (Some(""), "true", "false"),
        nested: Nested::Listed,
        is_sorted: true,
    },
    FormOfJson {
        name: "Go url.Values.Encode",
        rank: 16,
        encoder: &PLUS,
        numbers: go::numbers,
        words: (Some(""), "true", "false"),
        nested: Nested::Repeated,
        is_sorted: true,
    },
];

/// An object or array that is being written.
struct OpenContainer {
    /// The name that its values' names begin with; empty for the outermost.
    path: Vec<u8>,
    /// The first node after it.
    end: u32,
    /// How many items of an array were written; `None` for an object.
    items: Option<usize>,
}

impl FormOfJson {
    /// The body's object as this encoder writes it; `None` for what is not an object, or where this encoder would not
    /// make one form of it, or one of more than `limit` bytes.
    #[must_use]
    pub fn apply(&self, tree: &Tree<'_>, limit: usize) -> Option<Vec<u8>> {
        if tree.first_byte(0) != b'{' {
            return None;
        }
        let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = Vec::new();
        let mut length = 0;
        let mut open = vec![OpenContainer { path: Vec::new(), end: tree.nodes[0].next, items: None }];
        let mut at = 1;
        while let Some(OpenContainer { path, end, items }) = open.last_mut() {
            if at >= *end {
                open.pop();
                continue;
            }
            let (step, value) = match items {
                Some(items) => {
                    *items += 1;
                    let is_indexed = self.nested == Nested::Indexed;
                    (if is_indexed { (*items - 1).to_string().into_bytes() } else { Vec::new() }, at)
                }
                None => (tree.key(at).into_owned(), at + 1),
            };
            let name = match items {
                Some(_) if matches!(self.nested, Nested::Repeated | Nested::Emptied) => path.clone(),
                None if path.is_empty() => step,
                _ => [path.as_slice(), b"[", &step, b"]"].concat(),
            };
            at = tree.nodes[value as usize].next;
            match tree.first_byte(value) {
                first @ (b'{' | b'[') if self.nested == Nested::Emptied && (first == b'{' || open.len() > 1) => {
                    length += name.len() + 2;
                    pairs.push((name, Vec::new()));
                }
                first @ (b'{' | b'[') => {
                    let is_refused = match self.nested {
                        Nested::Refused => true,
                        Nested::Repeated | Nested::Emptied => first == b'{' || open.len() > 1,
                        Nested::Indexed | Nested::Listed => open.len() == LEVELS,
                    };
                    if is_refused {
                        return None;
                    }
                    open.push(OpenContainer { path: name, end: at, items: (first == b'[').then_some(0) });
                    at = value + 1;
                }
                _ => {
                    let Some(text) = self.text(tree, value)? else { continue };
                    length += name.len() + text.len() + 2;
                    pairs.push((name, text));
                }
            }
            if length > limit {
                return None;
            }
        }
        if self.is_sorted {
            pairs.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        let mut out = Vec::with_capacity(length + length / 4);
        for (name, value) in pairs {
            push_pair(self.encoder, &name, &value, &mut out);
        }
        (!out.is_empty() && out.len() <= limit).then_some(out)
    }

    /// A single value's text; `Some(None)` for a null that is left out.
    fn text(&self, tree: &Tree<'_>, value: u32) -> Option<Option<Vec<u8>>> {
        Some(match tree.first_byte(value) {
            b'"' => Some(unescape(tree.inner(value)).into_owned()),
            b'n' => self.words.0.map(|word| word.as_bytes().to_vec()),
            b't' => Some(self.words.1.as_bytes().to_vec()),
            b'f' => Some(self.words.2.as_bytes().to_vec()),
            _ => {
                let mut out = Vec::new();
                (self.numbers)(tree.text(value), &mut out)?;
                Some(out)
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(name: &str, body: &str) -> Option<String> {
        let preset = FORMS_OF_JSON.iter().find(|preset| preset.name == name).unwrap();
        let bytes = preset.apply(&Tree::read(body.as_bytes()).unwrap(), 1 << 16)?;
        Some(String::from_utf8(bytes).unwrap())
    }

    /// Node 20.20 and Python 3.11 wrote the first four; PHP, qs and Rails are from their documentation.
    #[test]
    fn objects_become_forms() {
        let flat = r#"{ "b": 1.0, "a": "x y~", "t": true, "n": null }"#;
        assert_eq!(written("JavaScript new URLSearchParams(object)", flat).unwrap(), "b=1&a=x+y%7E&t=true&n=null");
        assert_eq!(written("Node querystring.stringify", flat).unwrap(), "b=1&a=x%20y~&t=true&n=");
        assert_eq!(written("Python urllib.parse.urlencode", flat).unwrap(), "b=1.0&a=x+y~&t=True&n=None");
        let listed = r#"{"a":["x","y"],"b":"z"}"#;
        assert_eq!(written("Node querystring.stringify", listed).unwrap(), "a=x&a=y&b=z");
        let nested = r#"{"b":{"c":"d","e":[1,{"f":false}]},"a":""}"#;
        let deeper = r#"{"b":{"c":"d"},"a":[1,{"f":false},[2]],"e":[]}"#;
        assert_eq!(written("Node querystring.stringify", deeper).unwrap(), "b=&a=1&a=&a=");
        assert_eq!(
            written("PHP http_build_query", nested).unwrap(),
            "b%5Bc%5D=d&b%5Be%5D%5B0%5D=1&b%5Be%5D%5B1%5D%5Bf%5D=0&a="
        );
        assert_eq!(
            written("qs.stringify", nested).unwrap(),
            "b%5Bc%5D=d&b%5Be%5D%5B0%5D=1&b%5Be%5D%5B1%5D%5Bf%5D=false&a="
        );
        assert_eq!(written("PHP http_build_query", flat).unwrap(), "b=1&a=x+y%7E&t=1");
        assert_eq!(written("Ruby on Rails to_query", listed).unwrap(), "a%5B%5D=x&a%5B%5D=y&b=z");
        assert_eq!(written("Go url.Values.Encode", r#"{"b":"1","a":"2"}"#).unwrap(), "a=2&b=1");
        for (name, body) in [
            ("JavaScript new URLSearchParams(object)", nested),
            ("Python urllib.parse.urlencode", nested),
            ("qs.stringify", "[1]"),
            ("qs.stringify", "{}"),
        ] {
            assert_eq!(written(name, body), None, "{name} {body}");
        }
        let deep = "{\"a\":".repeat(40) + "1" + &"}".repeat(40);
        assert_eq!(written("qs.stringify", &deep), None);
    }
}
