//! Bytes as words and commands of a POSIX shell: no byte is lost, and none can steer a terminal that shows the text.

use std::io::{self, Write};

use crate::text;

/// Bytes in one `printf`, which keeps lines readable by tools that bound them.
const PRINTF_BYTES: usize = 16 * 1024;

/// A command whose output is `bytes`.
pub(super) fn print(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    if is_plain(bytes) {
        write!(out, "printf '%s' ")?;
        return out.write_all(&quoted(bytes));
    }
    out.write_all(b"{\n")?;
    for part in bytes.chunks(PRINTF_BYTES) {
        writeln!(out, "  printf '{}'", octal(part))?;
    }
    out.write_all(b"}")
}

/// The same in memory.
pub(super) fn printing(bytes: &[u8]) -> String {
    let mut command = Vec::new();
    // Memory takes every write.
    let _ = print(bytes, &mut command);
    String::from_utf8_lossy(&command).into_owned()
}

/// One word of a shell command that stands for exactly these bytes, NUL excepted, which no argument can hold.
#[must_use]
pub(in crate::archive) fn word(bytes: &[u8]) -> String {
    match std::str::from_utf8(&quoted(bytes)) {
        Ok(quoted) if is_plain(bytes) => quoted.to_owned(),
        // (A substitution drops line ends from its end; no part of a head has any.)
        _ => format!("\"$(printf '{}')\"", octal(bytes)),
    }
}

/// Text in which nothing is hidden: it may stand in a script as it is.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| text.chars().all(|character| matches!(character, '\n' | '\t') || !text::is_hidden(character)))
}

/// Within single quotation marks everything but one of them stands for itself (POSIX.1-2017, XCU 2.2.2).
fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in bytes {
        match byte {
            b'\'' => quoted.extend_from_slice(b"'\\''"),
            other => quoted.push(*other),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// A format of `printf` for these bytes: `\ddd` is all that POSIX promises in it for any byte.
fn octal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut format = String::with_capacity(bytes.len() * 2);
    for (at, byte) in bytes.iter().enumerate() {
        // A format that begins with a hyphen looks like an option to some.
        let is_special = matches!(byte, b'\'' | b'\\' | b'%') || (at == 0 && *byte == b'-');
        if matches!(byte, b' '..=b'~') && !is_special {
            format.push(char::from(*byte));
        } else {
            let _ = write!(format, "\\{byte:03o}");
        }
    }
    format
}

#[cfg(test)]
mod tests;
