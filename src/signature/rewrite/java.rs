//! `Double.toString`, which Java's libraries share.

use super::numbers::{NumberForm, copy_small_integer, is_integer, shortest};

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

const NUMBERS: NumberForm = NumberForm {
    plain: -2..=7,
    plain_fraction: true,
    exponent_fraction: true,
    mark: b'E',
    plus: "",
    exponent_digits: 1,
};

/// As [`doubles`], for readers that make every number a double.
pub(super) fn all_doubles(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut number = shortest(text)?;
    if number.point == -323 {
        // Double.toString writes two digits at least: 4.9E-324 is the smallest double.
        number.digits = b"49".to_vec();
    }
    number.sign(out);
    number.write(&NUMBERS, out);
    Some(())
}
