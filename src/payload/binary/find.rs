//! Every binary of a body, each with its path.

use std::ops::Range;

use super::super::json::{Token, TokenKind, path, tokens};
use super::{Binary, Context, decode_at};

/// At most so many binaries are found in one body.
pub const FOUND_LIMIT: usize = 256;

/// At most so many bytes are decoded of one body, all its binaries together.
pub const DECODED_LIMIT: usize = 64 * 1024 * 1024;

/// A binary and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its path, such as `data[0].screenshot.imageBuffer`; visible text.
    pub path: String,
    /// The place of its value in the body.
    pub range: Range<usize>,
    /// Whether it stands in the documented field.
    pub context: Context,
    /// What it is.
    pub binary: Binary,
}

/// Finds the binaries of a body in their order: those of the documented field by their shape, others
/// by a picture's magic number. Of a body that is no JSON, those before the fault.
#[must_use]
pub fn find_all(body: &[u8]) -> Vec<Found> {
    let mut search = Search { body, frames: Vec::new(), found: Vec::new(), budget: DECODED_LIMIT, skip_to: 0 };
    for token in tokens(body) {
        let Ok(token) = token else { break };
        if search.found.len() >= FOUND_LIMIT || search.budget == 0 {
            break;
        }
        search.take(token);
    }
    search.found
}

struct Search<'a> {
    body: &'a [u8],
    frames: Vec<Frame>,
    found: Vec<Found>,
    /// How many bytes may still be decoded.
    budget: usize,
    /// Tokens before this offset belong to a binary that was found.
    skip_to: usize,
}

/// An open object or array.
struct Frame {
    place: Place,
    object: bool,
    /// The last key, in an object.
    key: Option<Token>,
    /// The key's value is awaited.
    after_colon: bool,
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

impl Search<'_> {
    fn take(&mut self, token: Token) {
        let inside = token.range().start < self.skip_to;
        match token.kind {
            _ if inside => {}
            TokenKind::ObjectClose | TokenKind::ArrayClose => {
                self.frames.pop();
            }
            TokenKind::Comma => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.after_colon = false;
                    frame.index += 1;
                }
            }
            TokenKind::Colon => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.after_colon = true;
                }
            }
            TokenKind::String if self.frames.last().is_some_and(|frame| frame.object && !frame.after_colon) => {
                if let Some(frame) = self.frames.last_mut() {
                    frame.key = Some(token);
                }
            }
            TokenKind::String => {
                self.try_value(token, self.place());
            }
            TokenKind::ObjectOpen | TokenKind::ArrayOpen => {
                let place = self.place();
                if !self.try_value(token, place) {
                    let object = token.kind == TokenKind::ObjectOpen;
                    self.frames.push(Frame { place, object, key: None, after_colon: false, index: 0 });
                }
            }
            _ => {}
        }
    }

    /// The place of the value that comes next.
    fn place(&self) -> Place {
        let Some(frame) = self.frames.last() else {
            return Place::Envelope;
        };
        let is_key =
            |name: &str| frame.key.is_some_and(|key| super::super::json::scan::means(key.text(self.body), name));
        match (frame.place, frame.object) {
            (Place::Envelope, true) if is_key("data") => Place::Data,
            (Place::Data, false) => Place::Item,
            (Place::Data | Place::Item, true) if is_key("screenshot") => Place::Screenshot,
            (Place::Screenshot, true) if is_key("imageBuffer") => Place::ImageBuffer,
            (Place::ImageBuffer, false) => Place::ImageBuffer,
            _ => Place::Other,
        }
    }

    fn try_value(&mut self, token: Token, place: Place) -> bool {
        let context = if place == Place::ImageBuffer { Context::KnownField } else { Context::Elsewhere };
        let start = token.range().start;
        // A body that is one value, and is no envelope, has no documented field.
        let Some(decoded) = decode_at(self.body, start, context, self.budget) else {
            return false;
        };
        self.budget = self.budget.saturating_sub(decoded.binary.bytes.len());
        self.skip_to = decoded.end;
        self.found.push(Found { path: self.path(), range: start..decoded.end, context, binary: decoded.binary });
        true
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for frame in &self.frames {
            match frame.key.filter(|_| frame.object) {
                Some(key) => path::push_key(&mut path, key.text(self.body)),
                None => path::push_index(&mut path, frame.index),
            }
        }
        path
    }
}
