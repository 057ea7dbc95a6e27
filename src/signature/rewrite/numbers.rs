//! How languages write numbers that they have read as their own.

use std::ops::RangeInclusive;

/// Rewrites the digits as sent; `None` when the language fails on them.
pub(super) type NumberStyle = fn(&[u8], &mut Vec<u8>) -> Option<()>;

/// The digits as sent.
pub(super) fn as_written(text: &[u8], out: &mut Vec<u8>) -> Option<()> {
    out.extend_from_slice(text);
    Some(())
}

/// Whether `text` is an integer to languages that know integers: no fraction, no exponent.
pub(super) fn is_integer(text: &[u8]) -> bool {
    text.strip_prefix(b"-").unwrap_or(text).iter().all(u8::is_ascii_digit)
}

/// Copies an integer that every language writes as received: up to 15 digits, all exact in a double.
pub(super) fn copy_small_integer(text: &[u8], out: &mut Vec<u8>) -> bool {
    let small = text.len() <= 15 && text != b"-0" && is_integer(text);
    if small {
        out.extend_from_slice(text);
    }
    small
}

/// The shortest digits that read back as the same double: `digits` × 10^(`point` − their count).
pub(super) struct Shortest {
    pub(super) negative: bool,
    pub(super) digits: Vec<u8>,
    /// Where the decimal point stands, counted from before the first digit.
    pub(super) point: i32,
}

/// Reads a double; `None` for one beyond the doubles.
pub(super) fn shortest(text: &[u8]) -> Option<Shortest> {
    let value: f64 = std::str::from_utf8(text).ok()?.parse().ok()?;
    if !value.is_finite() {
        return None;
    }
    // Rust's exponent form has the shortest digits: `1.25e-7`.
    let written = format!("{:e}", value.abs());
    let (mantissa, exponent) = written.split_once('e')?;
    let digits = mantissa.bytes().filter(|&byte| byte != b'.').collect();
    let point = if value == 0.0 { 1 } else { exponent.parse::<i32>().ok()? + 1 };
    Some(Shortest { negative: value.is_sign_negative(), digits, point })
}

/// How a language writes its floating-point numbers.
pub(super) struct NumberForm {
    /// Where the decimal point lies in numbers that are written without an exponent, counted from the first digit.
    pub(super) plain: RangeInclusive<i32>,
    /// Whether `.0` follows an integer without an exponent.
    pub(super) plain_fraction: bool,
    /// Whether `.0` follows a single digit before an exponent.
    pub(super) exponent_fraction: bool,
    /// What begins the exponent.
    pub(super) mark: u8,
    /// The sign of a positive exponent.
    pub(super) plus: &'static str,
    /// The exponent's digits, at least.
    pub(super) exponent_digits: usize,
}

impl Shortest {
    pub(super) fn sign(&self, out: &mut Vec<u8>) {
        if self.negative {
            out.push(b'-');
        }
    }

    /// The number in a language's form, without its sign.
    pub(super) fn write(&self, form: &NumberForm, out: &mut Vec<u8>) {
        if form.plain.contains(&self.point) { self.plain(form, out) } else { self.exponent(form, out) }
    }

    /// `1234`, `12.5`, `0.001`.
    fn plain(&self, form: &NumberForm, out: &mut Vec<u8>) {
        let count = self.digits.len() as i32;
        if self.point <= 0 {
            out.extend_from_slice(b"0.");
            out.extend(std::iter::repeat_n(b'0', self.point.unsigned_abs() as usize));
            return out.extend_from_slice(&self.digits);
        }
        if self.point < count {
            let (whole, rest) = self.digits.split_at(self.point as usize);
            out.extend_from_slice(whole);
            out.push(b'.');
            return out.extend_from_slice(rest);
        }
        out.extend_from_slice(&self.digits);
        out.extend(std::iter::repeat_n(b'0', (self.point - count) as usize));
        if form.plain_fraction {
            out.extend_from_slice(b".0");
        }
    }

    /// `1.25E-7`.
    fn exponent(&self, form: &NumberForm, out: &mut Vec<u8>) {
        out.push(self.digits[0]);
        if self.digits.len() > 1 {
            out.push(b'.');
            out.extend_from_slice(&self.digits[1..]);
        } else if form.exponent_fraction {
            out.extend_from_slice(b".0");
        }
        let exponent = self.point - 1;
        let width = form.exponent_digits;
        out.push(form.mark);
        out.extend_from_slice(if exponent < 0 { b"-" } else { form.plus.as_bytes() });
        out.extend_from_slice(format!("{:0width$}", exponent.unsigned_abs()).as_bytes());
    }
}
