//! The identity of a delivery within one store.

use std::fmt;
use std::str::FromStr;

/// A delivery's number in its store: 1 for the first, ascending in the order in which deliveries
/// were kept. Order is by this number and never by a clock, which may be set back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub struct DeliveryId(pub i64);

impl fmt::Display for DeliveryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // With the width that is asked for, unlike write!.
        self.0.fmt(formatter)
    }
}

/// The text is not a delivery id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid delivery id '{0}': expected a number such as 42 (the first column of `whyhook list`)")]
pub struct InvalidDeliveryId(String);

impl FromStr for DeliveryId {
    type Err = InvalidDeliveryId;

    /// Reads `42` or `#42`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix('#').unwrap_or(text);
        match digits.parse::<i64>() {
            Ok(number) if number > 0 && digits.bytes().all(|byte| byte.is_ascii_digit()) => Ok(Self(number)),
            _ => Err(InvalidDeliveryId(crate::text::visible(text).into_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_it_prints() {
        assert_eq!(format!("{:>4}", DeliveryId(42)), "  42");
        assert_eq!(DeliveryId(42).to_string().parse(), Ok(DeliveryId(42)));
        assert_eq!("#7".parse(), Ok(DeliveryId(7)));
    }

    #[test]
    fn refuses_the_rest() {
        for text in ["", "#", "0", "-1", "+1", "1 ", "abc", "99999999999999999999"] {
            assert!(text.parse::<DeliveryId>().is_err(), "{text}");
        }
    }
}
