//! Escapes that templates, sanitisers, shells and logs put into a text, and their undoing.

use super::strings::{PLAIN, StringWriter, bytes_of};
use crate::text::{decimal, hexadecimal};

/// HTML's entities as PHP's `htmlspecialchars` writes them; `None` where nothing is to be escaped.
#[must_use]
pub fn html_escaped(body: &[u8]) -> Option<Vec<u8>> {
    replaced(body, |byte| html_entity(byte, "&quot;", Some("&#039;")))
}

/// The same with `&#x27;`, as Python's `html.escape` writes it; `None` without an apostrophe.
#[must_use]
pub fn html_escaped_python(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'\'', body)?;
    replaced(body, |byte| html_entity(byte, "&quot;", Some("&#x27;")))
}

/// The same with `&#39;`, as Lodash, Rails and Java's `HtmlUtils` write it; `None` without an apostrophe.
#[must_use]
pub fn html_escaped_decimal(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'\'', body)?;
    replaced(body, |byte| html_entity(byte, "&quot;", Some("&#39;")))
}

/// The same with the apostrophe as it is, as PHP before 8.1 writes it; `None` without an apostrophe.
#[must_use]
pub fn html_escaped_double(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'\'', body)?;
    replaced(body, |byte| html_entity(byte, "&quot;", None))
}

/// With `&#34;` and `&#39;`, as Go's `html.EscapeString` writes them.
#[must_use]
pub fn html_escaped_go(body: &[u8]) -> Option<Vec<u8>> {
    replaced(body, |byte| html_entity(byte, "&#34;", Some("&#39;")))
}

/// Quotation marks as they are, as in the text between two tags.
#[must_use]
pub fn html_escaped_text(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr3(b'&', b'<', b'>', body)?;
    replaced(body, |byte| if byte == b'"' { None } else { html_entity(byte, "", None) })
}

fn html_entity(byte: u8, quote: &'static str, apostrophe: Option<&'static str>) -> Option<&'static str> {
    match byte {
        b'&' => Some("&amp;"),
        b'<' => Some("&lt;"),
        b'>' => Some("&gt;"),
        b'"' => Some(quote),
        b'\'' => apostrophe,
        _ => None,
    }
}

fn replaced(body: &[u8], replacement: impl Fn(u8) -> Option<&'static str>) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len() + body.len() / 8);
    for &byte in body {
        match replacement(byte) {
            Some(text) => out.extend_from_slice(text.as_bytes()),
            None => out.push(byte),
        }
    }
    (out.len() > body.len()).then_some(out)
}

/// The entities that `htmlspecialchars` and its relatives write undone; `None` where there are none.
#[must_use]
pub fn html_unescaped(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len());
    let (mut rest, mut is_changed) = (body, false);
    while let Some(at) = memchr::memchr(b'&', rest) {
        out.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let length = memchr::memchr(b';', &rest[..rest.len().min(10)]).map_or(0, |end| end + 1);
        let length = match entity(&rest[..length]) {
            Some(character) => {
                is_changed = true;
                out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                length
            }
            None => {
                out.push(b'&');
                1
            }
        };
        rest = &rest[length..];
    }
    out.extend_from_slice(rest);
    is_changed.then_some(out)
}

fn entity(text: &[u8]) -> Option<char> {
    Some(match text {
        b"&amp;" => '&',
        b"&lt;" => '<',
        b"&gt;" => '>',
        b"&quot;" => '"',
        b"&apos;" => '\'',
        _ => {
            let digits = std::str::from_utf8(text.strip_prefix(b"&#")?.strip_suffix(b";")?).ok()?;
            let number = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => hexadecimal(digits),
                None => decimal(digits),
            };
            char::from_u32(u32::try_from(number?).ok()?)?
        }
    })
}

/// A backslash before each quotation mark, apostrophe and backslash, as PHP's `addslashes` writes them.
#[must_use]
pub fn slashes_added(body: &[u8]) -> Option<Vec<u8>> {
    backslashed(body, b"\"'\\")
}

/// A backslash before each quotation mark and backslash, as within a string of a shell or of a program.
#[must_use]
pub fn quotes_and_slashes_escaped(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'\'', body)?;
    backslashed(body, b"\"\\")
}

/// A backslash before each quotation mark alone, as a replacement of text does it.
#[must_use]
pub fn quotes_escaped(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr2(b'\'', b'\\', body)?;
    backslashed(body, b"\"")
}

fn backslashed(body: &[u8], escaped: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(body.len() + body.len() / 8);
    for &byte in body {
        if escaped.contains(&byte) {
            out.push(b'\\');
        }
        out.push(byte);
    }
    (out.len() > body.len()).then_some(out)
}

/// The backslashes of a body whose first quotation mark has one before it undone, as PHP's `stripslashes` does: JSON
/// has none there.
#[must_use]
pub fn slashes_removed(body: &[u8]) -> Option<Vec<u8>> {
    is_backslashed(body).then_some(())?;
    let mut out = Vec::with_capacity(body.len());
    let mut bytes = body.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'\\' => out.extend(bytes.next()),
            _ => out.push(byte),
        }
    }
    Some(out)
}

/// Those before quotation marks alone undone.
#[must_use]
pub fn quotes_unescaped(body: &[u8]) -> Option<Vec<u8>> {
    is_backslashed(body).then_some(())?;
    let mut out = Vec::with_capacity(body.len());
    let mut bytes = body.iter().peekable();
    while let Some(&byte) = bytes.next() {
        if byte != b'\\' || bytes.peek() != Some(&&b'"') {
            out.push(byte);
        }
    }
    Some(out)
}

fn is_backslashed(body: &[u8]) -> bool {
    let first = memchr::memchr(b'"', body);
    first.is_some_and(|at| at > 1 && body[at - 1] == b'\\')
}

/// What Python's repr of bytes or of a text, `b'…'` or `'…'`, is of; `None` for what is no such literal.
#[must_use]
pub fn of_python_repr(body: &[u8]) -> Option<Vec<u8>> {
    let text = body.trim_ascii();
    let is_bytes = text.starts_with(b"b");
    let quoted = text.strip_prefix(b"b").unwrap_or(text);
    // A JSON string has quotation marks of its own kind.
    let quote = *quoted.first().filter(|&&first| first == b'\'' || (is_bytes && first == b'"'))?;
    let mut out = Vec::with_capacity(text.len());
    let rest = python_string(&quoted[1..], quote, is_bytes, &mut out)?;
    rest.is_empty().then_some(out)
}

/// Reads a literal's content up to its `quote`, and returns what is after it.
fn python_string<'b>(mut rest: &'b [u8], quote: u8, is_bytes: bool, out: &mut Vec<u8>) -> Option<&'b [u8]> {
    loop {
        let at = memchr::memchr2(quote, b'\\', rest)?;
        out.extend_from_slice(&rest[..at]);
        let after = &rest[at + 1..];
        if rest[at] == quote {
            return Some(after);
        }
        let (&letter, after) = after.split_first()?;
        let digits = match letter {
            b'x' => 2,
            b'u' => 4,
            b'U' => 8,
            _ => 0,
        };
        let character = match letter {
            b'n' => '\n',
            b'r' => '\r',
            b't' => '\t',
            b'\\' | b'\'' | b'"' => char::from(letter),
            b'x' | b'u' | b'U' => {
                let number = hexadecimal(after.get(..digits)?)?;
                char::from_u32(u32::try_from(number).ok()?)?
            }
            _ => return None,
        };
        match u8::try_from(u32::from(character)) {
            Ok(byte) if is_bytes => out.push(byte),
            _ => out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = &after[digits..];
    }
}

/// The JSON of what was printed: a Python dict or list (`{'a': True}`), or a Ruby hash (`{"a"=>nil}`). `None` for what
/// has no sign of being one.
#[must_use]
pub fn json_of_printed(body: &[u8]) -> Option<Vec<u8>> {
    let text = body.trim_ascii();
    let is_printed = matches!(text, [b'{', .., b'}'] | [b'[', .., b']'])
        && (memchr::memchr(b'\'', text).is_some() || memchr::memmem::find(text, b"=>").is_some());
    is_printed.then_some(())?;
    let writer = StringWriter::new(&PLAIN, false, &bytes_of([text]));
    let mut out = Vec::with_capacity(text.len());
    let (mut rest, mut is_changed) = (text, false);
    while let Some((&byte, after)) = rest.split_first() {
        match byte {
            b'\'' | b'"' => {
                let mut string = Vec::new();
                rest = python_string(after, byte, false, &mut string)?;
                is_changed |= byte == b'\'';
                out.push(b'"');
                for (place, piece) in string.split(|&byte| byte == b'\\').enumerate() {
                    if place > 0 {
                        out.extend_from_slice(b"\\\\");
                    }
                    writer.run(piece, &mut out);
                }
                out.push(b'"');
            }
            b'=' if after.starts_with(b">") => {
                is_changed = true;
                out.push(b':');
                rest = &after[1..];
            }
            b'a'..=b'z' | b'A'..=b'Z' => {
                let length = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                out.extend_from_slice(match &rest[..length] {
                    b"None" | b"nil" => b"null",
                    b"True" => b"true",
                    b"False" => b"false",
                    word => word,
                });
                rest = &rest[length..];
            }
            _ => {
                out.push(byte);
                rest = after;
            }
        }
    }
    is_changed.then_some(out)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Tree, prints};
    use super::*;

    #[test]
    fn escapes_are_those_of_the_languages() {
        // PHP 8.2, Python 3.11.
        let text = br#"{"a":"x & <b> it's"}"#;
        let shown = |bytes: Option<Vec<u8>>| String::from_utf8(bytes.unwrap()).unwrap();
        assert_eq!(shown(html_escaped(text)), "{&quot;a&quot;:&quot;x &amp; &lt;b&gt; it&#039;s&quot;}");
        assert_eq!(shown(html_escaped_python(text)), "{&quot;a&quot;:&quot;x &amp; &lt;b&gt; it&#x27;s&quot;}");
        assert_eq!(shown(html_escaped_text(text)), r#"{"a":"x &amp; &lt;b&gt; it's"}"#);
        assert_eq!(shown(slashes_added(text)), r#"{\"a\":\"x & <b> it\'s\"}"#);
        assert_eq!(shown(slashes_removed(br#"{\"a\":\"\\n\"}"#)), r#"{"a":"\n"}"#);
        assert_eq!(html_escaped(b"[1]"), None);
        assert_eq!(shown(html_unescaped(b"&#65;&#x42;&#X43;")), "ABC");
        assert_eq!(html_unescaped(b"a & b &unknown; &#xD800; &#+65; &#x+41; &#;"), None);
        assert_eq!(shown(of_python_repr(b"b'\\x41'")), "A");
        assert_eq!(of_python_repr(b"b'\\x+5'"), None);
        assert_eq!(slashes_removed(br#"{"a":"\"b\""}"#), None);
        assert_eq!(slashes_removed(br#""\"b\"""#), None);
    }

    #[test]
    fn what_was_printed_is_read() {
        let json = |text: &str| json_of_printed(text.as_bytes()).map(|json| String::from_utf8(json).unwrap());
        let dict = r#"{'a': True, "b'": [None, 1.5, 'x"\\y'], 'c': False}"#;
        assert_eq!(json(dict).unwrap(), r#"{"a": true, "b'": [null, 1.5, "x\"\\y"], "c": false}"#);
        assert_eq!(json(r#"{"a"=>nil, "b"=>[true]}"#).unwrap(), r#"{"a":null, "b":[true]}"#);
        for other in [r#"{"a":"it's"}"#, "it's", "{'a", "b'x'", r#"{"a":"=>"}"#] {
            assert_eq!(json(other), None, "{other}");
        }
    }

    proptest! {
        #[test]
        fn what_is_escaped_is_undone(body in prop_oneof![
            "[a-z&<>\"'\\\\;#é]{0,30}".prop_map(String::into_bytes), prop::collection::vec(any::<u8>(), 0..40),
        ]) {
            type Edit = fn(&[u8]) -> Option<Vec<u8>>;
            let all: [Edit; 6] = [html_escaped, html_escaped_python, html_escaped_decimal, html_escaped_double, html_escaped_go, html_escaped_text];
            for escape in all {
                if let Some(escaped) = escape(&body) {
                    prop_assert_eq!(html_unescaped(&escaped).unwrap(), &body[..]);
                }
            }
            if let Some(undone) = slashes_added(&body).and_then(|escaped| slashes_removed(&escaped)) {
                prop_assert_eq!(undone, &body[..]);
            }
            let printed = prints::python_bytes(&body).unwrap();
            prop_assert_eq!(of_python_repr(&printed).unwrap(), body);
        }

        #[test]
        fn a_printed_dict_is_the_json_that_it_was(text in "[a-zé\"'\u{1f600}/ ]{0,12}", number: i32, truth: bool) {
            let body = serde_json::json!({ "a'": text, "b": [number, truth, serde_json::Value::Null] }).to_string();
            let printed = prints::python_dict(&Tree::read(body.as_bytes()).unwrap(), 1 << 16).unwrap();
            let again = json_of_printed(&printed).unwrap();
            let read: serde_json::Value = serde_json::from_slice(&again).unwrap();
            prop_assert_eq!(read, serde_json::from_str::<serde_json::Value>(&body).unwrap());
        }

        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = (html_unescaped(&body), slashes_removed(&body), quotes_unescaped(&body), of_python_repr(&body));
            let _ = json_of_printed(&[b"{'", &body[..], b"'}"].concat());
        }
    }
}
