//! What a text looks like, whatever its name.

/// Digits in a row that are an id, a telephone number or a card.
const LONG_NUMBER: usize = 6;
/// Characters from which on a word of letters and digits is a token.
const LONG_TOKEN: usize = 20;

/// Whether a text is somebody's by its looks: an address, an id, a token. Where names alone would let it stay, it goes.
pub(super) fn is_somebody(text: &str) -> bool {
    is_address(text) || is_id(text) || is_token(text)
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(before, after)| !before.is_empty() && after.contains('.'))
        || text.parse::<std::net::IpAddr>().is_ok()
}

/// A UUID, or a long number with at most a sign or a few letters around it.
fn is_id(text: &str) -> bool {
    let hexadecimal = text.chars().filter(char::is_ascii_hexdigit).count();
    let is_uuid = text.len() == 36 && hexadecimal == 32;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_number = digits >= LONG_NUMBER && digits * 2 > text.chars().count() && !text.contains([':', 'T']);
    is_uuid || is_number
}

/// A long word that has letters and digits, as keys and session ids have.
fn is_token(text: &str) -> bool {
    let is_of_token = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '+' | '/' | '=');
    text.len() >= LONG_TOKEN
        && text.chars().all(is_of_token)
        && text.chars().any(|one| one.is_ascii_digit())
        && text.chars().any(|one| one.is_ascii_alphabetic())
        && !text.contains('/')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ada@example.com", true)]
    #[case("203.0.113.7", true)]
    #[case("2001:db8::1", true)]
    #[case("0f4c1a7e-3a70-4cf7-9d7d-1c4a2f3b9d10", true)]
    #[case("+49 171 1234567", true)]
    #[case("sk_live_51Hb3mVJ9x2QqTfZ8", true)]
    #[case("user.created", false)]
    #[case("desktop.app_tracking.captured", false)]
    #[case("2025-05-01", true)]
    #[case("v1", false)]
    #[case("", false)]
    fn it_is_known_by_its_looks(#[case] text: &str, #[case] is: bool) {
        // A date as a key is data too; as a value it stays by its own rule.
        assert_eq!(is_somebody(text), is);
    }
}
