//! What printing an object instead of serialising it leaves.

use std::borrow::Cow;

use super::Tree;
use crate::payload::json::unescape;

/// `{"type":"Buffer","data":[123,34]}`: `JSON.stringify` of a Node Buffer.
#[must_use]
pub fn buffer_json(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = b"{\"type\":\"Buffer\",\"data\":[".to_vec();
    push_numbers(body, &mut out);
    out.extend_from_slice(b"]}");
    Some(out)
}

/// `123,34`: a `Uint8Array` made into a string.
#[must_use]
pub fn byte_list(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    push_numbers(body, &mut out);
    Some(out)
}

/// `<Buffer 7b 22 … 12 more bytes>`: what `util.inspect` prints of a Node Buffer.
#[must_use]
pub fn buffer_print(body: &[u8]) -> Option<Vec<u8>> {
    let mut out = String::from("<Buffer");
    for byte in body.iter().take(50) {
        out.push_str(&format!(" {byte:02x}"));
    }
    match body.len().saturating_sub(50) {
        0 => {}
        1 => out.push_str(" ... 1 more byte"),
        more => out.push_str(&format!(" ... {more} more bytes")),
    }
    Some((out + ">").into_bytes())
}

/// `b'{"a":1}'`: what Python's `str()` makes of bytes.
#[must_use]
pub fn python_bytes(body: &[u8]) -> Option<Vec<u8>> {
    let quote = if body.contains(&b'\'') && !body.contains(&b'"') { b'"' } else { b'\'' };
    let mut out = vec![b'b', quote];
    out.reserve(body.len());
    for run in body.chunk_by(|one, other| is_plain(*one) == is_plain(*other)) {
        if is_plain(run[0]) {
            out.extend_from_slice(run);
            continue;
        }
        for &byte in run {
            match byte {
                b'\\' => out.extend_from_slice(b"\\\\"),
                b'\n' => out.extend_from_slice(b"\\n"),
                b'\r' => out.extend_from_slice(b"\\r"),
                b'\t' => out.extend_from_slice(b"\\t"),
                _ if byte == quote => out.extend_from_slice(&[b'\\', byte]),
                0x20..=0x7e => out.push(byte),
                _ => out.extend_from_slice(format!("\\x{byte:02x}").as_bytes()),
            }
        }
    }
    out.push(quote);
    Some(out)
}

/// `{'a': 1, 'b': None}`: what Python's `str()` makes of the parsed body.
#[must_use]
pub fn python_dict(tree: &Tree<'_>, limit: usize) -> Option<Vec<u8>> {
    if !matches!(tree.first_byte(0), b'{' | b'[') {
        return None;
    }
    let spaced = super::style::write(tree, &super::python::REPR, limit)?;
    reword(&spaced, limit, &PYTHON)
}

/// `{"a"=>1, "b"=>nil}`: what Ruby's `inspect` makes of the parsed body (Ruby 3.3 and earlier).
#[must_use]
pub fn ruby_hash(tree: &Tree<'_>, limit: usize) -> Option<Vec<u8>> {
    let spaced = super::style::write(tree, &super::ruby::INSPECT, limit)?;
    reword(&spaced, limit, &RUBY)
}

/// `{"a" => 1, "b" => nil}`: the same from Ruby 3.4 on.
#[must_use]
pub fn ruby_hash_spaced(tree: &Tree<'_>, limit: usize) -> Option<Vec<u8>> {
    let spaced = super::style::write(tree, &super::ruby::INSPECT_SPACED, limit)?;
    reword(&spaced, limit, &RUBY)
}

/// `[123 34]`: Go's `%v` of bytes.
#[must_use]
pub fn go_bytes(body: &[u8]) -> Option<Vec<u8>> {
    let numbers: Vec<String> = body.iter().map(u8::to_string).collect();
    Some(format!("[{}]", numbers.join(" ")).into_bytes())
}

/// `a:1:{s:1:"a";i:1;}`: PHP's `serialize` of the array.
#[must_use]
pub fn php_serialized(tree: &Tree<'_>, limit: usize) -> Option<Vec<u8>> {
    let text = |bytes: &[u8], out: &mut Vec<u8>| {
        out.extend_from_slice(format!("s:{}:\"", bytes.len()).as_bytes());
        out.extend_from_slice(bytes);
        out.extend_from_slice(b"\";");
    };
    let visit = |step: Step<'_>, out: &mut Vec<u8>| {
        match step {
            Step::Open { count, .. } => out.extend_from_slice(format!("a:{count}:{{").as_bytes()),
            Step::Close { .. } => out.push(b'}'),
            Step::Key { key: PhpKey::Text(key), .. } => text(&key, out),
            Step::Key { key: PhpKey::Number(number), .. } => {
                out.extend_from_slice(format!("i:{number};").as_bytes());
            }
            Step::Text(bytes) => text(&bytes, out),
            Step::Word(b"null") => out.extend_from_slice(b"N;"),
            Step::Word(word) => out.extend_from_slice(if word == b"true" { b"b:1;" } else { b"b:0;" }),
            Step::Number(sent) => {
                let is_whole = super::numbers::is_integer(sent);
                out.extend_from_slice(if is_whole { b"i:" } else { b"d:" });
                super::php::numbers(sent, out)?;
                out.push(b';');
            }
        }
        Some(())
    };
    walk(tree, limit, visit)
}

/// `Array\n(\n    [a] => 1\n)\n`: PHP's `print_r` of the array.
#[must_use]
pub fn php_print_r(tree: &Tree<'_>, limit: usize) -> Option<Vec<u8>> {
    let pad = |depth: usize, out: &mut Vec<u8>| out.resize(out.len() + depth * 8, b' ');
    let visit = |step: Step<'_>, out: &mut Vec<u8>| {
        match step {
            Step::Open { depth, .. } => {
                out.extend_from_slice(b"Array\n");
                pad(depth, out);
                out.extend_from_slice(b"(\n");
                return Some(());
            }
            Step::Close { depth } => {
                pad(depth, out);
                out.extend_from_slice(b")\n");
                return_line(depth, out);
                return Some(());
            }
            Step::Key { key, depth } => {
                pad(depth, out);
                out.extend_from_slice(b"    [");
                match key {
                    PhpKey::Text(key) => out.extend_from_slice(&key),
                    PhpKey::Number(number) => out.extend_from_slice(number.to_string().as_bytes()),
                }
                out.extend_from_slice(b"] => ");
                return Some(());
            }
            Step::Text(bytes) => out.extend_from_slice(&bytes),
            Step::Word(word) => out.extend_from_slice(if word == b"true" { b"1" } else { b"" }),
            Step::Number(sent) => super::php::numbers(sent, out)?,
        }
        out.push(b'\n');
        Some(())
    };
    walk(tree, limit, visit)
}

/// An array within another is followed by an empty line.
fn return_line(depth: usize, out: &mut Vec<u8>) {
    if depth > 0 {
        out.push(b'\n');
    }
}

/// One thing that is printed of an array.
enum Step<'a> {
    Open { count: usize, depth: usize },
    Close { depth: usize },
    Key { key: PhpKey<'a>, depth: usize },
    Text(Cow<'a, [u8]>),
    Number(&'a [u8]),
    Word(&'a [u8]),
}

/// A key of a PHP array: what looks like an integer is one.
enum PhpKey<'a> {
    Text(Cow<'a, [u8]>),
    Number(usize),
}

/// Hands what is in an object or array to `visit` in its order; nothing recurses. `None` for a single value, where a key
/// is repeated, and where more than `limit` bytes come of it.
fn walk<'a>(tree: &Tree<'a>, limit: usize, visit: impl Fn(Step<'a>, &mut Vec<u8>) -> Option<()>) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    let visit = |step: Step<'a>, out: &mut Vec<u8>| {
        visit(step, out)?;
        (out.len() <= limit).then_some(())
    };
    // The nodes after each open container, and the items that were printed of an array.
    let mut open: Vec<(u32, Option<usize>)> = Vec::new();
    let mut at = 0;
    loop {
        while let Some(&(end, _)) = open.last().filter(|(end, _)| at >= *end) {
            debug_assert_eq!(end, at);
            open.pop();
            visit(Step::Close { depth: open.len() }, &mut out)?;
        }
        if open.is_empty() && at > 0 {
            return Some(out);
        }
        let depth = open.len().saturating_sub(1);
        match open.last_mut() {
            Some((_, Some(items))) => {
                visit(Step::Key { key: PhpKey::Number(*items), depth }, &mut out)?;
                *items += 1;
            }
            Some((_, None)) => {
                let key = tree.key(at);
                let key = match super::tree::array_index(&key) {
                    Some(number) => PhpKey::Number(number as usize),
                    None => PhpKey::Text(key),
                };
                visit(Step::Key { key, depth }, &mut out)?;
                at += 1;
            }
            None => {}
        }
        let next = tree.nodes[at as usize].next;
        match tree.first_byte(at) {
            first @ (b'{' | b'[') => {
                let items = (first == b'[').then_some(0);
                let count = if items.is_some() { tree.items(at).count() } else { tree.keys(at).count() };
                visit(Step::Open { count, depth: open.len() }, &mut out)?;
                open.push((next, items));
                at += 1;
            }
            _ if open.is_empty() => return None,
            b'"' => {
                visit(Step::Text(unescape(tree.inner(at))), &mut out)?;
                at = next;
            }
            b'-' | b'0'..=b'9' => {
                visit(Step::Number(tree.text(at)), &mut out)?;
                at = next;
            }
            _ => {
                visit(Step::Word(tree.text(at)), &mut out)?;
                at = next;
            }
        }
    }
}

/// How one language prints what JSON calls a string and `null`, `true`, `false`.
struct Wording {
    words: [&'static str; 3],
    string: fn(&[u8], &mut Vec<u8>),
}

const PYTHON: Wording = Wording { words: ["None", "True", "False"], string: python_string };
const RUBY: Wording = Wording { words: ["nil", "true", "false"], string: ruby_string };

/// Replaces the strings and words of `json`, which must be JSON except for its separators.
fn reword(json: &[u8], limit: usize, wording: &Wording) -> Option<Vec<u8>> {
    use crate::payload::json::scan::skip_string;

    let mut out = Vec::with_capacity(json.len() + 16);
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        let end = match byte {
            b'"' => {
                let end = skip_string(json, at)?;
                (wording.string)(&unescape(&json[at + 1..end - 1]), &mut out);
                end
            }
            b'I' => {
                out.extend_from_slice(b"inf");
                at + "Infinity".len()
            }
            b'n' | b't' | b'f' => {
                let (word, length) = match byte {
                    b'n' => (wording.words[0], 4),
                    b't' => (wording.words[1], 4),
                    _ => (wording.words[2], 5),
                };
                out.extend_from_slice(word.as_bytes());
                at + length
            }
            _ => {
                out.push(byte);
                at + 1
            }
        };
        if out.len() > limit {
            return None;
        }
        at = end;
    }
    Some(out)
}

/// `repr()` of a text; characters that Python holds for unprintable are escaped as far as they are
/// controls or invisible.
fn python_string(bytes: &[u8], out: &mut Vec<u8>) {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut shown = String::from(quote);
    each_character(bytes, &mut shown, |character, shown| match (character, u32::from(character)) {
        ('\\', _) => shown.push_str("\\\\"),
        ('\n', _) => shown.push_str("\\n"),
        ('\r', _) => shown.push_str("\\r"),
        ('\t', _) => shown.push_str("\\t"),
        (character, _) if character == quote => shown.extend(['\\', quote]),
        (_, code @ (..0x20 | 0x7f..=0xa0 | 0xad)) => shown.push_str(&format!("\\x{code:02x}")),
        (character, code) if crate::text::is_hidden(character) && !(0xfe00..=0xfe0f).contains(&code) => {
            let width = if code > 0xffff { 8 } else { 4 };
            shown.push_str(&format!("\\{}{code:0width$x}", if width == 8 { 'U' } else { 'u' }));
        }
        (character, _) => shown.push(character),
    });
    shown.push(quote);
    out.extend_from_slice(shown.as_bytes());
}

fn ruby_string(bytes: &[u8], out: &mut Vec<u8>) {
    let mut shown = String::from('"');
    each_character(bytes, &mut shown, |character, shown| match character {
        '"' | '\\' => shown.extend(['\\', character]),
        '\n' => shown.push_str("\\n"),
        '\r' => shown.push_str("\\r"),
        '\t' => shown.push_str("\\t"),
        '\u{1b}' => shown.push_str("\\e"),
        '\u{8}' => shown.push_str("\\b"),
        '\u{c}' => shown.push_str("\\f"),
        character
            if u32::from(character) != 0xad && u32::from(character) < 0x1_0000 && crate::text::is_hidden(character) =>
        {
            shown.push_str(&format!("\\u{:04X}", u32::from(character)));
        }
        character => shown.push(character),
    });
    shown.push('"');
    // Ruby escapes the beginning of an interpolation.
    if memchr::memchr(b'#', shown.as_bytes()).is_some() {
        shown = shown.replace("#{", "\\#{").replace("#$", "\\#$").replace("#@", "\\#@");
    }
    out.extend_from_slice(shown.as_bytes());
}

/// Printable ASCII that no language escapes in a text between quotation marks.
fn is_plain(byte: u8) -> bool {
    matches!(byte, 0x20..=0x7e) && !matches!(byte, b'"' | b'\'' | b'\\')
}

/// Copies what [`is_plain`], and lets `other` write every other character; bytes outside UTF-8 are U+FFFD.
fn each_character(bytes: &[u8], shown: &mut String, mut other: impl FnMut(char, &mut String)) {
    let text = String::from_utf8_lossy(bytes);
    shown.reserve(text.len() + 1);
    let mut rest = &*text;
    loop {
        let (plain, after) = rest.split_at(rest.bytes().position(|byte| !is_plain(byte)).unwrap_or(rest.len()));
        shown.push_str(plain);
        let mut characters = after.chars();
        let Some(character) = characters.next() else { return };
        other(character, shown);
        rest = characters.as_str();
    }
}

/// `123,34`; four bytes are written for each number, of which the next one overwrites those too many.
fn push_numbers(body: &[u8], out: &mut Vec<u8>) {
    let written: [([u8; 4], usize); 256] = std::array::from_fn(|number| {
        let text = format!("{number},");
        let mut bytes = [0; 4];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        (bytes, text.len())
    });
    let mut at = out.len();
    out.resize(at + body.len() * 4, 0);
    for &byte in body {
        let (bytes, length) = written[usize::from(byte)];
        out[at..at + 4].copy_from_slice(&bytes);
        at += length;
    }
    // The last comma is one too many.
    out.truncate(at.saturating_sub(usize::from(!body.is_empty())));
}
