//! Secrets given where a name was asked for. What names nothing is repeated in the message about it, and a
//! message goes to logs and screenshots; so what looks like a secret is not.

use crate::text::visible;

/// How secrets of Standard Webhooks and of some providers begin.
const PREFIXES: [&str; 5] = ["whsec_", "sk_live_", "sk_test_", "shpss_", "secret_"];
/// Shorter ones are guessed anyway, and names are mostly shorter.
const LONG: usize = 16;
/// Hexadecimal digits that are no word, no date and no colour.
const LONG_HEX: usize = 24;

/// Whether `text` is rather a secret than a label or a file's name.
pub(crate) fn looks_like_a_secret(text: &str) -> bool {
    let has = |is: fn(&char) -> bool| text.chars().any(|character| is(&character));
    let is_base64 = |character: char| character.is_ascii_alphanumeric() || "+/=_-".contains(character);
    let is_hex = text.chars().all(|character| character.is_ascii_hexdigit());
    let is_mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase) && has(char::is_ascii_digit);
    PREFIXES.iter().any(|prefix| text.len() > prefix.len() && text.starts_with(prefix))
        || (text.len() >= LONG && is_mixed && text.chars().all(is_base64))
        || (text.len() >= LONG_HEX && is_hex && has(char::is_ascii_alphabetic) && has(char::is_ascii_digit))
}

/// The same of what should name an environment variable, and cannot: any letters, digits and underscores
/// may.
pub(crate) fn is_no_variable(text: &str) -> bool {
    let may = |character: char| character.is_ascii_alphanumeric() || character == '_';
    looks_like_a_secret(text) || !text.chars().all(may)
}

/// A name for a message: visible text, and nothing of what looks like a secret.
pub(crate) fn named(text: &str) -> String {
    if looks_like_a_secret(text) {
        "(not repeated: it looks like a secret)".to_owned()
    } else {
        visible(text).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("whsec_5f0c", true)]
    #[case("whsec_", false)]
    #[case("MIIEvQIBADANBgkq4+/=", true)]
    #[case("9f86d081884c7d659a2feaa0c55ad015", true)]
    #[case("TRACKPILOTS_WEBHOOKS_SECRET_KEY_2", false)]
    #[case("my-new-webhook.key", false)]
    #[case("20250101", false)]
    #[case("20250101000000000000000000", false)]
    #[case("production", false)]
    fn secrets_are_told_from_names(#[case] text: &str, #[case] is_secret: bool) {
        assert_eq!(looks_like_a_secret(text), is_secret);
        assert_eq!(named(text) != text, is_secret);
    }

    #[test]
    fn a_variable_is_letters_digits_and_underscores() {
        assert!(!is_no_variable("MY_KEY2") && !is_no_variable("hunter2"));
        assert!(is_no_variable("correct horse battery staple") && is_no_variable("p4ss-w0rd!"));
    }
}
