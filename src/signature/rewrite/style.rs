//! One serialiser as data, and the one writer that follows it.

use std::borrow::Cow;
use std::collections::HashSet;

use super::numbers::NumberStyle;
use super::strings::{StringWriter, Strings};
use super::tree::{Tree, array_index};

/// In which order an object's members are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As received.
    AsWritten,
    /// Integer-like keys first, ascending; then the others as received.
    IntegersFirst,
    /// By the bytes of their UTF-8.
    Bytes,
    /// By their UTF-16 code units, as JavaScript sorts; integer-like keys are first even then.
    Utf16,
    /// The outermost object's by their bytes, as PHP's `ksort` sorts; those within as received.
    TopBytes,
    /// The outermost object's as JavaScript sorts; those within as it keeps them.
    TopUtf16,
    /// Those of the outermost object alone, at every level, as a sorted list of them given to `JSON.stringify` as its
    /// replacer leaves them (ECMA-262, section 25.5.2).
    Listed,
}

impl Order {
    /// How the members of `object` are ordered, by its node.
    fn within(self, object: u32) -> Self {
        match self {
            Self::TopBytes if object == 0 => Self::Bytes,
            Self::TopBytes => Self::AsWritten,
            Self::TopUtf16 if object == 0 => Self::Utf16,
            Self::TopUtf16 => Self::IntegersFirst,
            other => other,
        }
    }

    /// How JavaScript compares texts: by their UTF-16 units.
    pub(super) fn compare_utf16(one: &[u8], other: &[u8]) -> std::cmp::Ordering {
        String::from_utf8_lossy(one).encode_utf16().cmp(String::from_utf8_lossy(other).encode_utf16())
    }
}

/// How an empty object or array is written when indented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Empty {
    /// `{}` and `[]`
    Tight,
    /// `{ }` and `[ ]`
    Spaced,
    /// Over several lines, as Ruby's json gem did before 2.8.
    Broken,
}

/// Where white space is written.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layout {
    pub(super) comma: &'static str,
    pub(super) colon: &'static str,
    /// One level's indentation; `None` for a single line.
    pub(super) indent: Option<&'static str>,
    /// What ends a line.
    pub(super) newline: &'static str,
    /// Whether arrays stay on one line, as Jackson's do.
    pub(super) flat_arrays: bool,
    pub(super) empty: Empty,
}

/// `{"a":1,"b":2}`
pub(super) const COMPACT: Layout =
    Layout { comma: ",", colon: ":", indent: None, newline: "\n", flat_arrays: false, empty: Empty::Tight };
/// `{"a": 1, "b": 2}`
pub(super) const SPACED: Layout = Layout { comma: ", ", colon: ": ", ..COMPACT };
pub(super) const INDENT_2: Layout = Layout { colon: ": ", indent: Some("  "), ..COMPACT };
pub(super) const INDENT_4: Layout = Layout { indent: Some("    "), ..INDENT_2 };
pub(super) const INDENT_TAB: Layout = Layout { indent: Some("\t"), ..INDENT_2 };

/// A serialiser.
#[derive(Clone, Copy)]
pub(super) struct Style {
    pub(super) order: Order,
    /// Whether the last of several equal keys replaces all of them, in the place of the first.
    pub(super) merge_duplicates: bool,
    pub(super) numbers: NumberStyle,
    /// `None` copies strings as sent.
    pub(super) strings: Option<&'static Strings>,
    pub(super) layout: Layout,
    pub(super) drop_nulls: bool,
    /// Whether objects with the keys 0, 1, 2 … (or none) become arrays, as PHP's do.
    pub(super) lists: bool,
    pub(super) tail: &'static str,
    /// Whether strings that are copied as sent still have their `<`, `>`, `&` and line separators escaped, as Go's
    /// encoder does with a `json.RawMessage`.
    pub(super) html_safe: bool,
}

/// Only white space differs: every token as sent.
pub(super) const VERBATIM: Style = Style {
    order: Order::AsWritten,
    merge_duplicates: false,
    numbers: super::numbers::as_written,
    strings: None,
    layout: COMPACT,
    drop_nulls: false,
    lists: false,
    tail: "",
    html_safe: false,
};

/// Writes the body as `style` would; `None` when that serialiser fails on it, or the result would be
/// longer than `limit`.
pub(super) fn write(tree: &Tree<'_>, style: &Style, limit: usize) -> Option<Vec<u8>> {
    let strings = style.strings.map(|strings| StringWriter::new(strings, tree.utf8, &tree.in_strings));
    let out = Vec::with_capacity((tree.body.len() + tree.body.len() / 8).min(limit) + 16);
    let listed = listed_keys(tree, style)?;
    let mut job = Job { tree, style, strings, listed, out, stack: Vec::new(), depth: 0 };
    job.value(0)?;
    while let Some(frame) = job.stack.last_mut() {
        let next = frame.next(tree, style.drop_nulls);
        let (shape, first) = (frame.shape, frame.first);
        frame.first = first && next.is_none();
        match next {
            None => job.close(),
            Some(child) => {
                job.separate(shape, first);
                if shape == Shape::Object {
                    job.string(child)?;
                    job.out.extend_from_slice(style.layout.colon.as_bytes());
                }
                // A key's value is the node after it.
                job.value(if shape == Shape::Array { child } else { child + 1 })?;
            }
        }
        if job.out.len() > limit {
            return None;
        }
    }
    job.out.extend_from_slice(style.tail.as_bytes());
    Some(job.out)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    Object,
    Array,
    /// An object written as an array.
    List,
}

struct Frame {
    shape: Shape,
    first: bool,
    /// Nodes still to come: keys for objects, values for arrays.
    rest: Rest,
}

enum Rest {
    InPlace { at: u32, end: u32 },
    Chosen(std::vec::IntoIter<u32>),
}

impl Frame {
    fn next(&mut self, tree: &Tree<'_>, drop_nulls: bool) -> Option<u32> {
        loop {
            let keyed = self.shape != Shape::Array;
            let child = match &mut self.rest {
                Rest::Chosen(chosen) => chosen.next()?,
                Rest::InPlace { at, end } => {
                    let child = *at;
                    if child >= *end {
                        return None;
                    }
                    *at = tree.nodes[child as usize + usize::from(keyed)].next;
                    child
                }
            };
            if !(drop_nulls && keyed && tree.first_byte(child + 1) == b'n') {
                return Some(child);
            }
        }
    }
}

struct Job<'t, 'a> {
    tree: &'t Tree<'a>,
    style: &'t Style,
    strings: Option<StringWriter<'t>>,
    /// The only keys that are written; any where there are none.
    listed: Option<Keys<'a>>,
    out: Vec<u8>,
    stack: Vec<Frame>,
    /// Open brackets that indent.
    depth: usize,
}

impl Job<'_, '_> {
    fn value(&mut self, index: u32) -> Option<()> {
        match self.tree.first_byte(index) {
            b'{' => self.open(index, Shape::Object),
            b'[' => self.open(index, Shape::Array),
            b'"' => self.string(index)?,
            b'-' | b'0'..=b'9' => (self.style.numbers)(self.tree.text(index), &mut self.out)?,
            _ => self.out.extend_from_slice(self.tree.text(index)),
        }
        Some(())
    }

    fn string(&mut self, index: u32) -> Option<()> {
        match &self.strings {
            Some(writer) => writer.write(self.tree.inner(index), &mut self.out),
            None if self.style.html_safe => {
                push_html_safe(self.tree.text(index), &mut self.out);
                Some(())
            }
            None => {
                self.out.extend_from_slice(self.tree.text(index));
                Some(())
            }
        }
    }

    fn open(&mut self, index: u32, mut shape: Shape) {
        let (tree, style) = (self.tree, self.style);
        let mut rest = Rest::InPlace { at: index + 1, end: tree.nodes[index as usize].next };
        if shape == Shape::Object {
            let sorted = matches!(style.order.within(index), Order::Bytes | Order::Utf16 | Order::Listed);
            if sorted || tree.is_unusual(index) {
                rest = Rest::Chosen(members(tree, style, index, self.listed.as_ref()).into_iter());
            }
            if style.lists && is_list(tree, index) {
                shape = Shape::List;
            }
        }
        self.out.push(if shape == Shape::Object { b'{' } else { b'[' });
        self.depth += usize::from(self.indents(shape));
        self.stack.push(Frame { shape, first: true, rest });
    }

    fn close(&mut self) {
        let Some(frame) = self.stack.pop() else { return };
        let indents = self.indents(frame.shape);
        self.depth -= usize::from(indents);
        let layout = &self.style.layout;
        match (frame.first, layout.empty) {
            (true, _) if layout.indent.is_none() => {}
            (true, Empty::Tight) => {}
            (true, Empty::Spaced) => self.out.push(b' '),
            (true, Empty::Broken) => {
                if frame.shape != Shape::Object {
                    self.out.extend_from_slice(layout.newline.as_bytes());
                }
                self.line();
            }
            (false, _) if indents => self.line(),
            (false, _) if layout.indent.is_some() => self.out.push(b' '),
            (false, _) => {}
        }
        self.out.push(if frame.shape == Shape::Object { b'}' } else { b']' });
    }

    fn separate(&mut self, shape: Shape, first: bool) {
        let layout = &self.style.layout;
        if !first {
            self.out.extend_from_slice(layout.comma.as_bytes());
        }
        if self.indents(shape) {
            self.line();
        } else if layout.indent.is_some() {
            self.out.push(b' ');
        }
    }

    fn indents(&self, shape: Shape) -> bool {
        self.style.layout.indent.is_some() && (shape == Shape::Object || !self.style.layout.flat_arrays)
    }

    fn line(&mut self) {
        self.out.extend_from_slice(self.style.layout.newline.as_bytes());
        for _ in 0..self.depth {
            self.out.extend_from_slice(self.style.layout.indent.unwrap_or_default().as_bytes());
        }
    }
}

/// Copies a string as sent, with what matters inside HTML escaped (Go's `json.Compact` with `escape`).
fn push_html_safe(text: &[u8], out: &mut Vec<u8>) {
    let mut rest = text;
    while let Some(at) = rest.iter().position(|byte| matches!(byte, b'<' | b'>' | b'&' | 0xe2)) {
        out.extend_from_slice(&rest[..at]);
        let (escape, length): (&[u8], usize) = match rest[at..] {
            [b'<', ..] => (b"\\u003c", 1),
            [b'>', ..] => (b"\\u003e", 1),
            [b'&', ..] => (b"\\u0026", 1),
            [0xe2, 0x80, 0xa8, ..] => (b"\\u2028", 3),
            [0xe2, 0x80, 0xa9, ..] => (b"\\u2029", 3),
            _ => (&rest[at..=at], 1),
        };
        out.extend_from_slice(escape);
        rest = &rest[at + length..];
    }
    out.extend_from_slice(rest);
}

type Keys<'a> = HashSet<Cow<'a, [u8]>>;

/// The outermost object's keys, where only these are written; `None` where there is no such object.
fn listed_keys<'a>(tree: &Tree<'a>, style: &Style) -> Option<Option<Keys<'a>>> {
    if style.order != Order::Listed {
        return Some(None);
    }
    (tree.first_byte(0) == b'{').then(|| Some(tree.keys(0).map(|key| tree.key(key)).collect()))
}

/// The keys of `object` as `style` would have them: merged, then ordered.
fn members(tree: &Tree<'_>, style: &Style, object: u32, listed: Option<&Keys<'_>>) -> Vec<u32> {
    let mut keys: Vec<(Cow<'_, [u8]>, u32)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for index in tree.keys(object) {
        let key = tree.key(index);
        if listed.is_some_and(|listed| !listed.contains(&key)) {
            continue;
        }
        if style.merge_duplicates {
            if let Some(&place) = places.get(&key) {
                let entry: &mut (_, u32) = &mut keys[place];
                entry.1 = index;
                continue;
            }
            places.insert(key.clone(), keys.len());
        }
        keys.push((key, index));
    }
    let units = |key: &[u8]| String::from_utf8_lossy(key).encode_utf16().collect::<Vec<u16>>();
    match style.order.within(object) {
        Order::AsWritten | Order::TopBytes | Order::TopUtf16 => {}
        Order::IntegersFirst => keys.sort_by_key(|(key, _)| array_index(key).map_or(u64::MAX, u64::from)),
        Order::Bytes => keys.sort_by(|(one, _), (other, _)| one.cmp(other)),
        Order::Utf16 => {
            keys.sort_by_cached_key(|(key, _)| (array_index(key).map_or(u64::MAX, u64::from), units(key)));
        }
        // The order of the list, which is sorted as texts are.
        Order::Listed => keys.sort_by_cached_key(|(key, _)| units(key)),
    }
    keys.into_iter().map(|(_, index)| index).collect()
}

fn is_list(tree: &Tree<'_>, object: u32) -> bool {
    tree.keys(object)
        .enumerate()
        .all(|(place, key)| array_index(&tree.key(key)).is_some_and(|key| key as usize == place))
}

/// Rewrites numbers and strings in their places and leaves all white space, order and duplicates
/// as they are.
pub(super) fn edit_in_place(
    tree: &Tree<'_>,
    numbers: NumberStyle,
    strings: Option<&'static Strings>,
    limit: usize,
) -> Option<Vec<u8>> {
    let writer = strings.map(|strings| StringWriter::new(strings, tree.utf8, &tree.in_strings));
    let mut out = Vec::with_capacity(tree.body.len() + 16);
    let mut copied = 0;
    for (index, node) in (0..).zip(&tree.nodes) {
        let start = node.start as usize;
        match (tree.first_byte(index), &writer) {
            (b'"', Some(writer)) => {
                out.extend_from_slice(&tree.body[copied..start]);
                writer.write(tree.inner(index), &mut out)?;
            }
            (b'-' | b'0'..=b'9', _) => {
                out.extend_from_slice(&tree.body[copied..start]);
                numbers(tree.text(index), &mut out)?;
            }
            _ => continue,
        }
        copied = node.end as usize;
        if out.len() > limit {
            return None;
        }
    }
    out.extend_from_slice(&tree.body[copied..]);
    Some(out)
}
