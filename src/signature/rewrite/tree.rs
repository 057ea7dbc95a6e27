//! A body's values with their places: what every re-serialisation starts from.

use std::borrow::Cow;
use std::collections::HashSet;

use super::strings::{ByteSet, bytes_of};
use crate::payload::json::{TokenKind, tokens, unescape};
use crate::text::count_bytes;

/// Levels of a large body, and keys of one of its objects, beyond which it is not re-serialised.
const LEVELS: usize = 10_000;
const KEYS: usize = 100_000;

/// One value, or one key of an object: where it is, and where the next one after it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    pub(super) start: u32,
    pub(super) end: u32,
    /// The index of the first node that is not within this one.
    pub(super) next: u32,
}

/// The values of a JSON body in their order, each object's keys and values alternating.
///
/// Twelve bytes for each value or key and nothing else, so that a hostile body (`[0,0,0…`) costs at
/// most six times itself. Nothing recurses.
#[derive(Debug)]
pub struct Tree<'a> {
    pub(super) body: &'a [u8],
    pub(super) nodes: Vec<Node>,
    /// Objects with a repeated key, or one that JavaScript would move (`"1"`), by node.
    unusual: HashSet<u32>,
    pub(super) utf8: bool,
    pub(super) in_strings: ByteSet,
}

impl<'a> Tree<'a> {
    /// Reads `body`; `None` when it is not JSON. A byte order mark is passed over.
    #[must_use]
    pub fn read(body: &'a [u8]) -> Option<Self> {
        let mut tree = Self::read_within(body, usize::MAX, usize::MAX)?;
        tree.look_at_keys();
        Some(tree)
    }

    /// Reads a large body as [`Tree::read`] does; `None` as well when its nodes might take more than `limit` bytes, or when it is so
    /// deep, or one of its objects has so many keys, that to re-serialise it would take much more.
    #[must_use]
    pub fn read_large(body: &'a [u8], limit: usize) -> Option<Self> {
        let mut tree = Self::read_within(body, limit, LEVELS)?;
        if tree.objects().any(|object| tree.keys(object).nth(KEYS).is_some()) {
            return None;
        }
        tree.look_at_keys();
        Some(tree)
    }

    fn read_within(body: &'a [u8], limit: usize, levels: usize) -> Option<Self> {
        // Room for every value at once: growing by doubling would hold three times as much for a moment.
        let is_separator = |byte: u8| (byte == b',') | (byte == b':') | (byte == b'[') | (byte == b'{');
        let separators = count_bytes(body, is_separator);
        if separators.saturating_mul(size_of::<Node>()) > limit {
            return None;
        }
        let mut nodes: Vec<Node> = Vec::with_capacity(separators.min(body.len() / 2) + 2);
        let mut open: Vec<u32> = Vec::new();
        for token in tokens(body) {
            let token = token.ok()?;
            let place = token.range();
            let (start, end) = (u32::try_from(place.start).ok()?, u32::try_from(place.end).ok()?);
            let index = u32::try_from(nodes.len()).ok()?;
            match token.kind {
                TokenKind::Colon | TokenKind::Comma => {}
                TokenKind::ObjectClose | TokenKind::ArrayClose => {
                    let node = nodes.get_mut(open.pop()? as usize)?;
                    (node.end, node.next) = (end, index);
                }
                kind => {
                    if matches!(kind, TokenKind::ObjectOpen | TokenKind::ArrayOpen) {
                        if open.len() == levels {
                            return None;
                        }
                        open.push(index);
                    }
                    nodes.push(Node { start, end, next: index + 1 });
                }
            }
        }
        let utf8 = std::str::from_utf8(body).is_ok();
        let mut tree = Self { body, nodes, unusual: HashSet::new(), utf8, in_strings: [false; 256] };
        let strings = (0..tree.nodes.len() as u32).filter(|&index| tree.first_byte(index) == b'"');
        tree.in_strings = bytes_of(strings.map(|index| tree.inner(index)));
        (!tree.nodes.is_empty()).then_some(tree)
    }

    /// Bytes of memory that the nodes hold.
    #[must_use]
    pub fn memory(&self) -> usize {
        self.nodes.capacity() * size_of::<Node>()
    }

    /// The value's text as sent.
    pub(super) fn text(&self, index: u32) -> &'a [u8] {
        let node = self.nodes[index as usize];
        &self.body[node.start as usize..node.end as usize]
    }

    pub(super) fn first_byte(&self, index: u32) -> u8 {
        self.body[self.nodes[index as usize].start as usize]
    }

    /// A key's or string's content without its quotation marks, escapes as sent.
    pub(super) fn inner(&self, index: u32) -> &'a [u8] {
        let text = self.text(index);
        &text[1..text.len() - 1]
    }

    /// What a key means: escapes undone.
    pub(super) fn key(&self, index: u32) -> Cow<'a, [u8]> {
        unescape(self.inner(index))
    }

    pub(super) fn is_unusual(&self, object: u32) -> bool {
        self.unusual.contains(&object)
    }

    /// The indices of the keys of `object`, each followed by its value's node.
    pub(super) fn keys(&self, object: u32) -> impl Iterator<Item = u32> + '_ {
        let end = self.nodes[object as usize].next;
        let mut at = object + 1;
        std::iter::from_fn(move || {
            if at >= end {
                return None;
            }
            let key = at;
            at = self.nodes[key as usize + 1].next;
            Some(key)
        })
    }

    /// The nodes of an array's items.
    pub(super) fn items(&self, array: u32) -> impl Iterator<Item = u32> + '_ {
        let end = self.nodes[array as usize].next;
        let mut at = array + 1;
        std::iter::from_fn(move || {
            let item = (at < end).then_some(at)?;
            at = self.nodes[item as usize].next;
            Some(item)
        })
    }

    pub(super) fn objects(&self) -> impl Iterator<Item = u32> + '_ {
        (0..self.nodes.len() as u32).filter(|&index| self.first_byte(index) == b'{')
    }

    fn look_at_keys(&mut self) {
        self.unusual = self.objects().filter(|&object| self.has_unusual_keys(object)).collect();
    }

    fn has_unusual_keys(&self, object: u32) -> bool {
        // Most objects are small: comparing a few keys is cheaper than hashing them.
        let mut few: [&[u8]; 12] = [&[]; 12];
        for (count, key) in self.keys(object).enumerate() {
            let raw = self.inner(key);
            if raw.first().is_some_and(u8::is_ascii_digit) || memchr::memchr(b'\\', raw).is_some() || count == 12 {
                let mut seen = HashSet::new();
                return self.keys(object).any(|key| {
                    let key = self.key(key);
                    array_index(&key).is_some() || !seen.insert(key)
                });
            }
            if few[..count].contains(&raw) {
                return true;
            }
            few[count] = raw;
        }
        false
    }
}

/// The number that `key` is to JavaScript, which keeps such keys in ascending order before all
/// others (ECMA-262, section 10.1.11, OrdinaryOwnPropertyKeys).
pub(super) fn array_index(key: &[u8]) -> Option<u32> {
    let canonical = key == b"0" || (!key.starts_with(b"0") && key.len() <= 10);
    if !canonical || key.is_empty() || !key.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number = key.iter().fold(0_u64, |number, digit| number * 10 + u64::from(digit - b'0'));
    u32::try_from(number).ok().filter(|&index| index != u32::MAX)
}
