//! `--form`: the parts of a multipart body. curl draws its boundary, so that the bytes which were sent are not known.

use std::borrow::Cow;

use super::request::{CurlBody, CurlFiles, check_length};
use crate::delivery::Intake;

/// What stands in the place of the boundary that curl draws, as long as that is.
const BOUNDARY: &str = "------------------------0000000000000000000000";

/// The body of a form.
///
/// # Errors
///
/// A part without a name, or a body that is longer than a delivery may be.
pub(super) fn body(parts: &[(Vec<u8>, bool)], files: &CurlFiles<'_>) -> Result<CurlBody, String> {
    let mut bytes = Vec::new();
    let mut intake =
        Intake::Rebuilt("curl draws the boundary of a form when it sends it: another one is here".to_owned());
    for (part, is_literal) in parts {
        let at = memchr::memchr(b'=', part).ok_or("a part of the form has no name")?;
        let (name, value) = (&part[..at], &part[at + 1..]);
        bytes.extend_from_slice(format!("--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"").as_bytes());
        bytes.extend_from_slice(&escaped(name));
        bytes.push(b'"');
        let mark = value.first().copied().filter(|mark| !is_literal && matches!(mark, b'@' | b'<'));
        let value = if mark.is_some() { &value[1..] } else { value };
        let (value, options) = if *is_literal { (Cow::Borrowed(value), &b""[..]) } else { split_options(value) };
        let option = |wanted: &str| find_option(options, wanted);
        let content = match mark {
            Some(mark) => {
                let path = &*value;
                if mark == b'@' {
                    let base = path.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default();
                    let shown = option("filename").unwrap_or(base);
                    bytes.extend_from_slice(b"; filename=\"");
                    bytes.extend_from_slice(&escaped(shown));
                    bytes.push(b'"');
                    let kind = option("type").unwrap_or_else(|| media_type(base));
                    bytes.extend_from_slice(b"\r\nContent-Type: ");
                    bytes.extend(kind.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')));
                }
                match files.read(path) {
                    Ok(content) => content,
                    Err(reason) => {
                        intake = Intake::Truncated(reason);
                        Vec::new()
                    }
                }
            }
            None => {
                if let Some(kind) = option("type") {
                    bytes.extend_from_slice(b"\r\nContent-Type: ");
                    bytes.extend(kind.iter().filter(|byte| !matches!(byte, b'\r' | b'\n')));
                }
                value.into_owned()
            }
        };
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(&content);
        bytes.extend_from_slice(b"\r\n");
        check_length(&bytes)?;
    }
    bytes.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    Ok(CurlBody { bytes, content_type: Some(format!("multipart/form-data; boundary={BOUNDARY}")), intake })
}

/// As curl writes names since 7.81: percent-encoded where they would end the value.
fn escaped(name: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(name.len());
    for byte in name {
        match byte {
            b'"' => out.extend_from_slice(b"%22"),
            b'\r' => out.extend_from_slice(b"%0D"),
            b'\n' => out.extend_from_slice(b"%0A"),
            byte => out.push(*byte),
        }
    }
    out
}

/// A value, and what follows its first semicolon.
fn split_options(value: &[u8]) -> (Cow<'_, [u8]>, &[u8]) {
    // A quoted value may hold one.
    if let Some((content, options)) = quoted(value) {
        return (Cow::Owned(content), options);
    }
    let (value, options) = value.split_at(memchr::memchr(b';', value).unwrap_or(value.len()));
    (Cow::Borrowed(value), options)
}

/// What a value in quotation marks holds, and what follows them. As curl has it, a mark that is not closed is a character
/// like any other.
fn quoted(value: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut rest = value.strip_prefix(b"\"")?;
    let mut content = Vec::new();
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match (byte, after.first()) {
            (b'\\', Some(escaped @ (b'\\' | b'"'))) => {
                content.push(*escaped);
                rest = &after[1..];
            }
            (b'"', _) => return Some((content, after)),
            _ => content.push(*byte),
        }
    }
    None
}

fn find_option<'a>(options: &'a [u8], wanted: &str) -> Option<&'a [u8]> {
    options.split(|byte| *byte == b';').find_map(|option| {
        let value = option.trim_ascii().strip_prefix(wanted.as_bytes())?.strip_prefix(b"=")?;
        Some(value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\"")).unwrap_or(value))
    })
}

/// What curl takes a file for by its name.
fn media_type(name: &[u8]) -> &'static [u8] {
    let extension = name.rsplit(|byte| *byte == b'.').next().unwrap_or_default().to_ascii_lowercase();
    match &*extension {
        b"gif" => b"image/gif",
        b"jpg" | b"jpeg" => b"image/jpeg",
        b"png" => b"image/png",
        b"svg" => b"image/svg+xml",
        b"txt" => b"text/plain",
        b"htm" | b"html" => b"text/html",
        b"pdf" => b"application/pdf",
        b"xml" => b"application/xml",
        _ => b"application/octet-stream",
    }
}
