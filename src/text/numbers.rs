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
