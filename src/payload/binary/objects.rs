//! Objects that represent bytes. Each is left at its first member that does not fit.

use super::super::json::scan::{Walker, means, skip_space, skip_string, skip_value};
use super::{Binary, BinaryForm, Decoded, ValueContext, encodings, numbers};

/// superjson's `meta` of one typed array is some sixty bytes.
const META_LIMIT: usize = 256;

/// The object that opens at `at`.
pub(super) fn decode(body: &[u8], at: usize, context: ValueContext, limit: usize) -> Option<Decoded> {
    let first = skip_space(body, at + 1);
    if body.get(first)? == &b'}' {
        let lost = context == ValueContext::KnownField;
        return lost.then(|| Decoded { binary: Binary::nothing(BinaryForm::Lost), end: first + 1 });
    }
    // The first character of a key that one of them has, asked of every object of a body.
    if body[first] != b'"' || !matches!(body.get(first + 1)?, b'0'..=b'9' | b't' | b'd' | b'j' | b'$' | b'\\') {
        return None;
    }
    let key_end = skip_string(body, first)?;
    let key = &body[first..key_end];
    if key[1].is_ascii_digit() {
        let run = numbers::numeric_keys(body, at, context, limit)?;
        return Some(Decoded { end: run.end, binary: run.into_binary(BinaryForm::NumericKeys) });
    }
    if means(key, "type") || means(key, "data") {
        buffer(body, at, limit)
    } else if means(key, "json") {
        superjson(body, at, limit)
    } else if means(key, "$binary") || means(key, "$type") {
        ejson(body, at, limit)
    } else {
        None
    }
}

/// The Buffer's JSON that opens at `at`, of whatever bytes: where it ends, and how many there are.
pub(in crate::payload) fn is_buffer(body: &[u8], at: usize) -> Option<(usize, u64)> {
    /// The bytes themselves are not asked for.
    const LIMIT: usize = 256;
    let decoded = decode(body, at, ValueContext::Elsewhere, LIMIT)?;
    (decoded.binary.form == BinaryForm::BufferJson).then_some((decoded.end, decoded.binary.present))
}

/// `{"type":"Buffer","data":…}` in either order; `data` is an array, base64, or `base64:` and that.
fn buffer(body: &[u8], at: usize, limit: usize) -> Option<Decoded> {
    let mut walker = Walker { body, at };
    let (mut is_buffer, mut data) = (false, None);
    walker.members(|walker, key| {
        if means(key, "type") {
            is_buffer = means(string(walker)?, "Buffer");
            return is_buffer.then_some(());
        }
        if !means(key, "data") {
            return None;
        }
        data = Some(if walker.peek()? == b'"' {
            encodings::buffer_string(&string(walker)?[1..], limit)?
        } else {
            bytes_or_empty(walker, limit)?.into_binary(BinaryForm::BufferJson)
        });
        Some(())
    })?;
    let binary = data.filter(|_| is_buffer)?;
    Some(Decoded { binary: Binary { form: BinaryForm::BufferJson, ..binary }, end: walker.at })
}

/// `{"json":[255],"meta":{"values":[["typed-array","Uint8Array"]]}}`
fn superjson(body: &[u8], at: usize, limit: usize) -> Option<Decoded> {
    let mut walker = Walker { body, at };
    let (mut typed, mut data) = (false, None);
    walker.members(|walker, key| {
        if means(key, "json") {
            data = Some(bytes_or_empty(walker, limit)?);
        } else if means(key, "meta") && data.is_some() {
            let near = &body[..body.len().min(walker.at + META_LIMIT)];
            let end = skip_value(near, walker.at)?;
            let meta = &body[walker.at..end];
            typed = memchr::memmem::find(meta, b"\"typed-array\"").is_some();
            walker.at = end;
        } else {
            return None;
        }
        Some(())
    })?;
    let run = data.filter(|_| typed)?;
    Some(Decoded { binary: run.into_binary(BinaryForm::Superjson), end: walker.at })
}

/// `{"$binary":{"base64":"…","subType":"00"}}`, `{"$binary":"…","$type":"00"}`, `{"$binary":"…"}`
fn ejson(body: &[u8], at: usize, limit: usize) -> Option<Decoded> {
    let mut walker = Walker { body, at };
    let mut data = None;
    walker.members(|walker, key| {
        if means(key, "$type") {
            return string(walker).map(drop);
        }
        if !means(key, "$binary") {
            return None;
        }
        if walker.peek()? == b'"' {
            data = Some(string(walker)?);
            return Some(());
        }
        walker.members(|walker, key| {
            let value = string(walker)?;
            if means(key, "base64") {
                data = Some(value);
                return Some(());
            }
            means(key, "subType").then_some(())
        })
    })?;
    let binary = encodings::buffer_string(&data?[1..], limit)?;
    Some(Decoded { binary: Binary { form: BinaryForm::Ejson, inner: None, ..binary }, end: walker.at })
}

/// The string here, with its quotation marks; nothing else will do.
fn string<'a>(walker: &mut Walker<'a>) -> Option<&'a [u8]> {
    if walker.peek()? != b'"' {
        return None;
    }
    walker.take()
}

/// The array of byte values here. Within these shapes an empty one is an empty Buffer.
fn bytes_or_empty(walker: &mut Walker<'_>, limit: usize) -> Option<numbers::Run> {
    if walker.peek()? != b'[' {
        return None;
    }
    let inside = skip_space(walker.body, walker.at + 1);
    let run = if walker.body.get(inside)? == &b']' {
        numbers::Run { bytes: Vec::new(), count: 0, end: inside + 1 }
    } else {
        // The shape is evidence enough to read on; the caller asks for a magic number if need be.
        numbers::array(walker.body, walker.at, ValueContext::KnownField, limit)?
    };
    walker.at = run.end;
    Some(run)
}
