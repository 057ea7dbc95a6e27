//! Every binary of a body, each with its path.

use std::ops::Range;

use super::super::json::scan::means;
use super::super::json::{Token, TokenKind, path, tokens};
use super::{Binary, ValueContext, decode_at};

/// The maximum number of binaries found in one body.
pub const FOUND_LIMIT: usize = 256;

/// The maximum number of bytes decoded from one body, all its binaries together.
pub const DECODED_LIMIT: usize = 64 * 1024 * 1024;

/// Levels that a search follows by their keys: what is deeper is not at a documented place, and is named by its
/// parent.
const FOLLOWED: usize = 10_000;

/// No string token shorter than this holds a picture, in any form.
const SHORTEST: u32 = 24;

/// A binary and where it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundBinary {
    /// Its path, such as `data[0].screenshot.imageBuffer`; visible text.
    pub path: String,
    /// The place of its value in the body.
    pub range: Range<usize>,
    /// Whether it is in the documented field.
    pub context: ValueContext,
    /// What it is.
    pub binary: Binary,
}

/// Finds the binaries of a body in their order: those of the documented field by their shape, others
/// by a picture's magic number. In a body that is not JSON, those before the fault.
#[must_use]
pub fn find_all(body: &[u8]) -> Vec<FoundBinary> {
    let mut search = Search::new(body, DECODED_LIMIT);
    let mut found = Vec::new();
    let mut skip_to = 0;
    let mut tokens = tokens(body);
    while let Some(Ok(token)) = tokens.next() {
        if token.range().start < skip_to {
            continue;
        }
        if let Some(Hit { range, context, binary }) = search.take(token, tokens.is_key()) {
            skip_to = range.end;
            search.limit = search.limit.saturating_sub(binary.bytes.len());
            found.push(FoundBinary { path: search.path(), range, context, binary });
            if found.len() >= FOUND_LIMIT || search.limit == 0 {
                break;
            }
        }
    }
    found
}

/// Decodes the binaries at places where the beginning of one was recognised: the same as [`find_all`],
/// for who has gone through the body already. A path is asked for once there is something to name.
pub(in crate::payload) fn decode_all<P: FnOnce() -> String>(
    body: &[u8],
    places: impl Iterator<Item = (usize, ValueContext, P)>,
) -> Vec<FoundBinary> {
    let mut limit = DECODED_LIMIT;
    let mut found = Vec::new();
    for (start, context, path) in places {
        let Some(decoded) = decode_at(body, start, context, limit) else { continue };
        limit = limit.saturating_sub(decoded.binary.bytes.len());
        found.push(FoundBinary {
            path: path::shortened(path()),
            range: start..decoded.end,
            context,
            binary: decoded.binary,
        });
        if found.len() >= FOUND_LIMIT || limit == 0 {
            break;
        }
    }
    found
}

/// Where the binaries of a body are that is not JSON to its end, so that nobody looks for them again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinaryPlaces(Vec<(usize, ValueContext, String)>);

impl BinaryPlaces {
    /// Notes as many as are decoded at most.
    pub(in crate::payload) fn of<P: FnOnce() -> String>(
        places: impl Iterator<Item = (usize, ValueContext, P)>,
    ) -> Self {
        Self(places.take(FOUND_LIMIT).map(|(start, context, path)| (start, context, path())).collect())
    }

    /// Decodes them: what [`find_all`] finds in the body.
    #[must_use]
    pub fn decode(&self, body: &[u8]) -> Vec<FoundBinary> {
        decode_all(body, self.0.iter().map(|(start, context, path)| (*start, *context, || path.clone())))
    }
}

/// Follows a body's tokens and recognises the binaries among its values. The tokens within a binary
/// are not to be shown to it.
pub(in crate::payload) struct Search<'a> {
    body: &'a [u8],
    /// The open objects and arrays, the outermost [`FOLLOWED`] of them.
    frames: Vec<Frame>,
    /// How many more are open.
    deeper: usize,
    /// How many bytes of a binary are decoded.
    limit: usize,
}

/// A binary at the token that was taken last.
pub(in crate::payload) struct Hit {
    pub(in crate::payload) range: Range<usize>,
    pub(in crate::payload) context: ValueContext,
    pub(in crate::payload) binary: Binary,
}

/// An open object or array.
struct Frame {
    place: Place,
    object: bool,
    /// The last key, in an object.
    key: Option<Token>,
    /// The current index, in an array.
    index: u64,
}

/// What the documented contract calls a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Envelope,
    Data,
    Item,
    Screenshot,
    ImageBuffer,
    Other,
}

impl<'a> Search<'a> {
    pub(in crate::payload) fn new(body: &'a [u8], limit: usize) -> Self {
        Self { body, frames: Vec::new(), deeper: 0, limit }
    }

    /// Takes the next token; what it returns begins with it.
    #[inline]
    fn take(&mut self, token: Token, is_key: bool) -> Option<Hit> {
        match token.kind {
            TokenKind::ObjectClose | TokenKind::ArrayClose => self.leave(),
            TokenKind::Comma => self.innermost()?.index += 1,
            TokenKind::String if is_key => self.key(token),
            TokenKind::String if self.may_be_binary(token.start, token.end) => return self.recognise(token),
            TokenKind::ObjectOpen | TokenKind::ArrayOpen => return self.enter(token),
            _ => {}
        }
        None
    }

    /// Takes a member's key.
    #[inline]
    pub(in crate::payload) fn key(&mut self, token: Token) {
        if let Some(frame) = self.innermost() {
            frame.key = Some(token);
        }
    }

    /// The innermost object or array, if it is followed.
    #[inline]
    fn innermost(&mut self) -> Option<&mut Frame> {
        if self.deeper == 0 { self.frames.last_mut() } else { None }
    }

    /// Takes an opening bracket. What it returns has been left already.
    pub(in crate::payload) fn enter(&mut self, token: Token) -> Option<Hit> {
        let place = self.place();
        let hit = self.recognise_at(token, place);
        if hit.is_none() {
            self.push(token, place);
        }
        hit
    }

    /// Takes an opening bracket that is not to be recognised as anything.
    pub(in crate::payload) fn descend(&mut self, token: Token) {
        self.push(token, self.place());
    }

    fn push(&mut self, token: Token, place: Place) {
        if self.frames.len() < FOLLOWED {
            let object = token.kind == TokenKind::ObjectOpen;
            self.frames.push(Frame { place, object, key: None, index: 0 });
        } else {
            self.deeper += 1;
        }
    }

    /// Leaves the object or array that was entered last, as its closing bracket does.
    #[inline]
    pub(in crate::payload) fn leave(&mut self) {
        match self.deeper.checked_sub(1) {
            Some(deeper) => self.deeper = deeper,
            None => drop(self.frames.pop()),
        }
    }

    /// Whether a string is long enough, or is where any length is accepted.
    #[inline]
    pub(in crate::payload) fn may_be_binary(&self, start: u32, end: u32) -> bool {
        let is_near = || {
            let outer = self.frames.last().map_or(Place::Envelope, |frame| frame.place);
            self.deeper == 0 && matches!(outer, Place::Screenshot | Place::ImageBuffer)
        };
        end - start >= SHORTEST || is_near()
    }

    /// The binary that a string is.
    pub(in crate::payload) fn recognise(&self, token: Token) -> Option<Hit> {
        self.recognise_at(token, self.place())
    }

    /// The place of the value that comes next.
    fn place(&self) -> Place {
        let Some(frame) = self.frames.last() else {
            return Place::Envelope;
        };
        if frame.place == Place::Other || self.deeper > 0 {
            return Place::Other;
        }
        let is_key = |name: &str| frame.key.is_some_and(|key| means(key.text(self.body), name));
        match (frame.place, frame.object) {
            (Place::Envelope, true) if is_key("data") => Place::Data,
            (Place::Data, false) => Place::Item,
            (Place::Data | Place::Item, true) if is_key("screenshot") => Place::Screenshot,
            (Place::Screenshot, true) if is_key("imageBuffer") => Place::ImageBuffer,
            (Place::ImageBuffer, false) => Place::ImageBuffer,
            _ => Place::Other,
        }
    }

    fn recognise_at(&self, token: Token, place: Place) -> Option<Hit> {
        let Range { start, .. } = token.range();
        let context = match place {
            Place::ImageBuffer => ValueContext::KnownField,
            _ if token.kind == TokenKind::String && token.end - token.start < SHORTEST => return None,
            _ => ValueContext::Elsewhere,
        };
        let decoded = decode_at(self.body, start, context, self.limit)?;
        Some(Hit { range: start..decoded.end, context, binary: decoded.binary })
    }

    /// The path of the token that was taken last.
    fn path(&self) -> String {
        let mut path = String::new();
        for frame in &self.frames {
            match frame.key.filter(|_| frame.object) {
                Some(key) => path::push_key(&mut path, key.text(self.body)),
                None => path::push_index(&mut path, frame.index),
            }
        }
        if self.deeper > 0 {
            path.push('…');
        }
        path::shortened(path)
    }
}
