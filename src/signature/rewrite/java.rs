//! `Double.toString`, which Java's libraries share.

use super::numbers::{copy_small_integer, is_integer, shortest};

/// Integers of any size; doubles as `Double.toString` writes them from JDK 19 on. Before, a few
/// doubles had more digits than needed (JDK-4511638).
pub(super) fn doubles(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    if copy_small_integer(text, out) {
        return Some(());
    }
    if is_integer(text) {
        out.extend_from_slice(if text == b"-0" { b"0" } else { text });
        return Some(());
    }
    // Jackson writes what is not a number as text.
    if shortest(text).is_none() {
        out.extend_from_slice(if text.starts_with(b"-") { b"\"-Infinity\"" } else { b"\"Infinity\"" });
        return Some(());
    }
    all_doubles(text, out)
}

/// As [`doubles`], for readers that make every number a double.
pub(super) fn all_doubles(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut number = shortest(text)?;
    if number.point == -323 {
        // Double.toString writes two digits at least: 4.9E-324 is the smallest double.
        number.digits = b"49".to_vec();
    }
    number.sign(out);
    if (-2..=7).contains(&number.point) {
        number.plain(true, out);
    } else {
        number.exponent(b'E', "", true, 1, out);
    }
    Some(())
}
