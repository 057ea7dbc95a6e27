//! Numbers in sentences.

/// A number with its thousands set apart: `44,869`.
#[must_use]
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A number with its noun: `1 byte`, `44,869 bytes`, `2 deliveries`.
#[must_use]
pub fn counted(count: u64, noun: &str) -> String {
    let number = grouped(count);
    match noun.strip_suffix('y') {
        _ if count == 1 => format!("{number} {noun}"),
        Some(stem) if !stem.ends_with(['a', 'e', 'o', 'u']) => format!("{number} {stem}ies"),
        _ => format!("{number} {noun}s"),
    }
}

/// The number that hexadecimal digits alone stand for; `None` for anything else, and beyond 64 bits. Unlike
/// [`u64::from_str_radix`] it takes no sign.
#[must_use]
pub fn hexadecimal(digits: impl AsRef<[u8]>) -> Option<u64> {
    number(digits.as_ref(), 16)
}

/// The number that decimal digits alone stand for; unlike it, [`str::parse`] takes a sign.
#[must_use]
pub fn decimal(digits: impl AsRef<[u8]>) -> Option<u64> {
    number(digits.as_ref(), 10)
}

fn number(digits: &[u8], radix: u32) -> Option<u64> {
    let more = |value: u64, digit: &u8| {
        let digit = char::from(*digit).to_digit(radix)?;
        value.checked_mul(radix.into())?.checked_add(digit.into())
    };
    if digits.is_empty() { None } else { digits.iter().try_fold(0, more) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_set_apart() {
        for (number, shown) in [(0, "0"), (999, "999"), (1000, "1,000"), (44_869, "44,869"), (1_000_000, "1,000,000")] {
            assert_eq!(grouped(number), shown);
        }
    }

    #[test]
    fn digits_alone_are_a_number() {
        assert_eq!(hexadecimal("0fF"), Some(255));
        assert_eq!(hexadecimal("000000000000000000001"), Some(1));
        assert_eq!(hexadecimal("ffffffffffffffff"), Some(u64::MAX));
        assert_eq!(decimal(b"18446744073709551615"), Some(u64::MAX));
        for text in ["", "+1", "-1", " 1", "1 ", "0x1", "g", "\u{661}", "10000000000000000", "+"] {
            assert_eq!(hexadecimal(text), None, "{text}");
        }
        for text in ["", "+1", "-0", "a", "18446744073709551616"] {
            assert_eq!(decimal(text), None, "{text}");
        }
    }

    #[test]
    fn one_is_one() {
        for (count, noun, shown) in [
            (0, "byte", "0 bytes"),
            (1, "byte", "1 byte"),
            (1001, "byte", "1,001 bytes"),
            (1, "delivery", "1 delivery"),
            (2, "delivery", "2 deliveries"),
            (249, "key", "249 keys"),
        ] {
            assert_eq!(counted(count, noun), shown);
        }
    }
}
