//! Writes bytes into JSON in every form of [`payload::binary`](crate::payload::binary): the reverse
//! of recognising them.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

use crate::payload::binary::BinaryForm;

/// What a simulation sends instead of an image, word for word.
pub const PLACEHOLDER: &str = "[simulation-placeholder: binary image buffer not included]";

/// How many bytes Node prints of a Buffer.
const NODE_SHOWN: usize = 50;
/// How many items Node prints of a typed array, and how many a row.
const NODE_ITEMS: usize = 100;
const NODE_ROW: usize = 12;

/// `bytes` as a raw JSON value of the form `form`.
#[must_use]
pub fn written(bytes: &[u8], form: BinaryForm) -> String {
    match form {
        BinaryForm::NodePrint => quoted(&node_print(bytes)),
        BinaryForm::Placeholder => quoted(PLACEHOLDER),
        BinaryForm::BufferJson => buffer_json(bytes),
        BinaryForm::NumericKeys => numeric_keys(bytes),
        BinaryForm::NumberArray => format!("[{}]", numbers(bytes)),
        BinaryForm::Base64 => quoted(&STANDARD.encode(bytes)),
        BinaryForm::Base64Url => quoted(&URL_SAFE_NO_PAD.encode(bytes)),
        BinaryForm::DataUrl => quoted(&format!("data:image/jpeg;base64,{}", STANDARD.encode(bytes))),
        BinaryForm::Hex => quoted(&hex::encode(bytes)),
        // JSON holds no bytes as they are: this comes nearest, and is never offered.
        BinaryForm::Latin1 | BinaryForm::AsItIs => {
            quoted(&bytes.iter().map(|&byte| char::from(byte)).collect::<String>())
        }
        BinaryForm::DestroyedUtf8 => quoted(&String::from_utf8_lossy(bytes)),
        BinaryForm::NumberListText => quoted(&numbers(bytes)),
        BinaryForm::Uint8ArrayPrint => quoted(&typed_array_print(bytes)),
        BinaryForm::Lost => "{}".to_owned(),
        BinaryForm::PythonBytes => quoted(&python_bytes(bytes)),
        BinaryForm::Superjson => {
            format!(r#"{{"json":[{}],"meta":{{"values":[["typed-array","Uint8Array"]]}}}}"#, numbers(bytes))
        }
        BinaryForm::Ejson => format!(r#"{{"$binary":{{"base64":"{}","subType":"00"}}}}"#, STANDARD.encode(bytes)),
        BinaryForm::NestedJson => quoted(&buffer_json(bytes)),
    }
}

/// `text` as a JSON string, escaped no more than JSON asks for, as `JSON.stringify` does.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn numbers(bytes: &[u8]) -> String {
    let mut list = String::with_capacity(bytes.len() * 4);
    for (index, byte) in bytes.iter().enumerate() {
        let comma = if index == 0 { "" } else { "," };
        let _ = write!(list, "{comma}{byte}");
    }
    list
}

fn buffer_json(bytes: &[u8]) -> String {
    format!(r#"{{"type":"Buffer","data":[{}]}}"#, numbers(bytes))
}

fn numeric_keys(bytes: &[u8]) -> String {
    let members: Vec<String> = bytes.iter().enumerate().map(|(key, byte)| format!("\"{key}\":{byte}")).collect();
    format!("{{{}}}", members.join(","))
}

/// `s` when there are several.
fn plural(count: usize) -> &'static str {
    if count == 1 { "" } else { "s" }
}

fn node_print(bytes: &[u8]) -> String {
    let mut print = "<Buffer".to_owned();
    for byte in bytes.iter().take(NODE_SHOWN) {
        let _ = write!(print, " {byte:02x}");
    }
    if let Some(more @ 1..) = bytes.len().checked_sub(NODE_SHOWN) {
        let _ = write!(print, " ... {more} more byte{}", plural(more));
    }
    print.push('>');
    print
}

fn typed_array_print(bytes: &[u8]) -> String {
    let shown = &bytes[..bytes.len().min(NODE_ITEMS)];
    let mut rows: Vec<String> = shown
        .chunks(NODE_ROW)
        .map(|row| row.iter().map(|byte| format!("{byte:>3}")).collect::<Vec<_>>().join(", "))
        .collect();
    if let Some(more @ 1..) = bytes.len().checked_sub(NODE_ITEMS) {
        rows.push(format!("... {more} more item{}", plural(more)));
    }
    format!("Uint8Array({}) [\n  {}\n]", bytes.len(), rows.join(",\n  "))
}

/// As `repr()` prints them: single quotes unless only these occur.
fn python_bytes(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let mut print = format!("b{quote}");
    for &byte in bytes {
        match byte {
            b'\\' => print.push_str("\\\\"),
            b'\n' => print.push_str("\\n"),
            b'\r' => print.push_str("\\r"),
            b'\t' => print.push_str("\\t"),
            b'\'' | b'"' if char::from(byte) == quote => {
                print.push('\\');
                print.push(quote);
            }
            0x20..=0x7e => print.push(char::from(byte)),
            _ => {
                let _ = write!(print, "\\x{byte:02x}");
            }
        }
    }
    print.push(quote);
    print
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::payload::binary::{ValueContext, recognise};

    const JPEG: &[u8] = include_bytes!("../../assets/samples/screenshot.jpg");

    #[test]
    fn every_form_is_recognised_as_itself() {
        for form in BinaryForm::ALL {
            let value = written(JPEG, form);
            let binary = recognise(value.as_bytes(), ValueContext::KnownField).unwrap_or_else(|| panic!("{form:?}"));
            assert_eq!(binary.form, form);
            match form {
                _ if form.is_empty() => assert!(binary.bytes.is_empty(), "{form:?}"),
                BinaryForm::NodePrint | BinaryForm::Uint8ArrayPrint => {
                    assert!(JPEG.starts_with(&binary.bytes), "{form:?}");
                    assert_eq!(binary.total, Some(JPEG.len() as u64), "{form:?}");
                }
                _ => assert_eq!(binary.bytes, JPEG, "{form:?}"),
            }
        }
    }

    #[test]
    fn a_print_out_reads_as_node_s_own() {
        let short = written(&[0xff, 0xd8], BinaryForm::NodePrint);
        assert_eq!(short, r#""<Buffer ff d8>""#);
        let bytes = vec![7; 51];
        assert!(written(&bytes, BinaryForm::NodePrint).ends_with(r#" 07 ... 1 more byte>""#));
        assert_eq!(written(b"", BinaryForm::NodePrint), r#""<Buffer>""#);
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(tail in proptest::collection::vec(any::<u8>(), 0..400)) {
            let bytes = [&JPEG[..64], &tail].concat();
            for form in BinaryForm::ALL.into_iter().filter(|form| !form.is_empty()) {
                if matches!(form, BinaryForm::NodePrint | BinaryForm::Uint8ArrayPrint) {
                    continue;
                }
                let binary = recognise(written(&bytes, form).as_bytes(), ValueContext::KnownField).unwrap();
                prop_assert_eq!((binary.form, &binary.bytes), (form, &bytes));
            }
        }
    }
}
