//! Secrets given where a name was asked for. What names nothing is repeated in the message about it, and a
//! message goes to logs and screenshots; so what may be a secret is not.
//!
//! The rule, in two halves:
//!
//! - **A message repeats only what is plainly a name** ([`is_name`], [`is_variable`], [`is_path`]): up to three
//!   words of at most sixteen letters, each perhaps with up to four digits after it, joined by `-`, `_` or
//!   `.`. Everything else is told by its length. An unknown label of a secret is never repeated at all.
//! - **A label that looks like a secret is refused** ([`looks_like_a_secret`]), because labels are shown
//!   everywhere: a provider's prefix, long digits of hexadecimal, Base64, a UUID or a JSON Web Token.

use crate::text::visible;

/// How secrets of Standard Webhooks and of some providers begin.
const PREFIXES: [&str; 20] = [
    "whsec_",
    "sk_",
    "pk_",
    "rk_",
    "shpss_",
    "shpat_",
    "secret_",
    "ghp_",
    "gho_",
    "ghs_",
    "github_pat_",
    "glpat-",
    "xoxb-",
    "xoxp-",
    "xapp-",
    "akia",
    "eyj",
    "sg.",
    "key-",
    "bearer ",
];
/// Shorter ones are guessed anyway, and names are mostly shorter.
const LONG: usize = 16;
/// Hexadecimal digits that are neither a word, a date nor a colour.
const LONG_HEX: usize = 20;
/// Words of a name in a message.
const WORDS: usize = 3;
/// Letters of a word in one, and digits after them.
const LETTERS: usize = 16;
const DIGITS: usize = 4;
/// Characters of a variable's name.
const VARIABLE: usize = 60;

/// Whether `text` is rather a secret than a label or a file's name.
pub(crate) fn looks_like_a_secret(text: &str) -> bool {
    let is_base64 = |character: char| character.is_ascii_alphanumeric() || "+/=_-".contains(character);
    let is_long = |part: &str| {
        let has = |is: fn(&char) -> bool| part.chars().any(|character| is(&character));
        let is_mixed = has(char::is_ascii_lowercase) && has(char::is_ascii_uppercase) && has(char::is_ascii_digit);
        part.len() >= LONG && is_mixed && part.chars().all(is_base64)
    };
    let digits: String = text.chars().filter(|character| *character != '-').collect();
    let is_hex = digits.len() >= LONG_HEX
        && digits.chars().all(|character| character.is_ascii_hexdigit())
        && digits.contains(|character: char| character.is_ascii_alphabetic())
        && digits.contains(|character: char| character.is_ascii_digit());
    let has_prefix = |prefix: &str| {
        let begins = text.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix));
        let rest = text.get(prefix.len()..).unwrap_or_default();
        // A word after it is a name such as `secret_key`, and nobody's key is a word.
        begins && !rest.is_empty() && (prefix == "whsec_" || rest.contains(|c: char| c.is_ascii_digit()))
    };
    PREFIXES.iter().any(|prefix| has_prefix(prefix)) || is_hex || text.split('.').any(is_long)
}

/// Whether `text` is plainly a name, so that a message may repeat it.
pub(crate) fn is_name(text: &str) -> bool {
    let words: Vec<&str> = text.split(['-', '_', '.']).collect();
    !looks_like_a_secret(text) && words.len() <= WORDS && words.into_iter().all(is_word)
}

/// Letters and a few digits after them, or a few digits alone. `camelCase` has few changes of case.
fn is_word(word: &str) -> bool {
    let letters = word.trim_end_matches(|character: char| character.is_ascii_digit());
    let digits = word.len() - letters.len();
    let cases: Vec<bool> = letters.chars().map(char::is_uppercase).collect();
    let humps = cases.windows(2).filter(|pair| !pair[0] && pair[1]).count();
    !word.is_empty()
        && letters.chars().all(char::is_alphabetic)
        && letters.chars().count() <= LETTERS
        && digits <= if letters.is_empty() { 2 * DIGITS } else { DIGITS }
        && humps <= 2
}

/// Whether `text` is plainly an environment variable's name: words in capitals, joined by `_`.
pub(crate) fn is_variable(text: &str) -> bool {
    let is_capital = |character: char| character.is_ascii_uppercase() || character.is_ascii_digit();
    let starts_right = text.starts_with(|character: char| character.is_ascii_uppercase() || character == '_');
    starts_right
        && text.len() <= VARIABLE
        && !looks_like_a_secret(text)
        && text.split('_').all(|word| word.is_empty() || (is_word(word) && word.chars().all(is_capital)))
}

/// Whether `text` is plainly a path: it has a folder or an extension, and every part of it is a name.
pub(crate) fn is_path(text: &str) -> bool {
    let is_part = |part: &str| matches!(part, "" | "." | ".." | "~") || is_name(part.strip_prefix('.').unwrap_or(part));
    let has_extension = text.rsplit_once('.').is_some_and(|(stem, extension)| {
        !stem.is_empty() && extension.len() <= DIGITS && extension.chars().all(|c| c.is_ascii_alphanumeric())
    });
    (text.contains('/') || has_extension || text.starts_with('.')) && text.split('/').all(is_part)
}

/// A name for a message: itself in quotation marks, or its length.
pub(crate) fn named(text: &str) -> String {
    if is_name(text) { format!("'{}'", visible(text)) } else { unnamed(text) }
}

/// What is said of a value that is not repeated.
pub(crate) fn unnamed(text: &str) -> String {
    match text.chars().count() {
        1 => "(1 character, not shown)".to_owned(),
        count => format!("({count} characters, not shown)"),
    }
}

/// A message of a parser, without the values in backquotes or quotation marks that are not names.
pub(crate) fn without_values(message: &str) -> String {
    let mut shown = String::with_capacity(message.len());
    let mut rest = message;
    while let Some(at) = rest.find(['`', '"', '\'']) {
        let quote = &rest[at..=at];
        let Some(end) = rest[at + 1..].rfind(quote).filter(|_| quote == "\"").or_else(|| rest[at + 1..].find(quote))
        else {
            break;
        };
        let value = &rest[at + 1..at + 1 + end];
        shown.push_str(&rest[..at]);
        // Our own messages repeat addresses, durations and the like.
        // And a parser's those characters that it expects.
        let is_sign = value.chars().count() == 1 && !value.contains(char::is_alphanumeric);
        let may_be_shown = is_sign || if quote == "'" { !looks_like_a_secret(value) } else { is_name(value) };
        if may_be_shown {
            shown.push_str(&rest[at..=at + 1 + end]);
        } else {
            shown.push_str(&unnamed(value));
        }
        rest = &rest[at + 2 + end..];
    }
    shown.push_str(rest);
    visible(&shown).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    /// Secrets of many shapes.
    const SECRETS: [&str; 22] = [
        "whsec_5f0c",
        "whsec_abcdefgh",
        "sk_live_51H8xK2",
        "MIIEvQIBADANBgkq4+/=",
        "K7x/pQ2m",
        "9f86d081884c7d659a2feaa0c55ad015",
        "9F86D081884C7D659A2FEAA0C55AD015",
        "550e8400-e29b-41d4-a716-446655440000",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N",
        "correct horse battery staple",
        "correct_horse_battery_staple",
        "https://user:hunter2@example.com/hook",
        "p4ss-w0rd!",
        "p4ssw0rd",
        "line\nbreak",
        "tab\tbed",
        "JBSWY3DPEHPK3PXP",
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_16C7e42F292c6912E7710c838347Ae178B4a",
        "zQpLmXoWnEiRuTyB",
        "pässwört☃",
        "",
    ];

    #[test]
    fn a_secret_is_neither_name_nor_variable_nor_path() {
        for secret in SECRETS {
            assert!(!is_name(secret) && !is_variable(secret) && !is_path(secret), "{secret}");
            let shown = named(secret);
            assert!(secret.is_empty() || !shown.contains(secret), "{shown}");
        }
    }

    #[rstest]
    #[case("whsec_5f0c", true)]
    #[case("whsec_", false)]
    #[case("secret_key", false)]
    #[case("secret_5f0c", true)]
    #[case("key-old", false)]
    #[case("MIIEvQIBADANBgkq4+/=", true)]
    #[case("9f86d081884c7d659a2feaa0c55ad015", true)]
    #[case("550e8400-e29b-41d4-a716-446655440000", true)]
    #[case("eyJhbGciOiJIUzI1NiJ9.e30.", true)]
    #[case("TRACKPILOTS_WEBHOOKS_SECRET_KEY_2", false)]
    #[case("my-new-webhook.key", false)]
    #[case("20250101", false)]
    #[case("20250101000000000000000000", false)]
    #[case("production", false)]
    #[case("my old dev secret", false)]
    fn labels_that_look_like_secrets_are_refused(#[case] text: &str, #[case] is_secret: bool) {
        assert_eq!(looks_like_a_secret(text), is_secret);
    }

    #[test]
    fn names_are_repeated() {
        for name in ["dev", "live-2", "résale", "oldKey", "a.b", "2026", "x", "webhook_dev"] {
            assert!(is_name(name), "{name}");
            assert_eq!(named(name), format!("'{name}'"));
        }
        for variable in ["TRACKPILOTS_WEBHOOKS_SECRET_KEY", "KEY2", "_A", "A"] {
            assert!(is_variable(variable), "{variable}");
        }
        for no_variable in ["hunter2", "abc", "2A", "A-B", "A B", ""] {
            assert!(!is_variable(no_variable), "{no_variable}");
        }
        for path in ["./key", "~/.secrets/live", "/run/secrets/hook", "dev.key", "../a/b.txt", ".secret"] {
            assert!(is_path(path), "{path}");
        }
        for no_path in ["hunter2", "abc", "K7x/pQ2m", "a b/c", "https://a/b"] {
            assert!(!is_path(no_path), "{no_path}");
        }
    }

    #[rstest]
    #[case(
        "unknown field `port`, expected one of `bind`, `store`",
        "unknown field `port`, expected one of `bind`, `store`"
    )]
    #[case("unknown field `whsec_5f0c`, expected `a`", "unknown field (10 characters, not shown), expected `a`")]
    #[case(
        "invalid type: string \"a\"b c\", expected a map",
        "invalid type: string (5 characters, not shown), expected a map"
    )]
    #[case("invalid duration '5 parsecs'", "invalid duration '5 parsecs'")]
    #[case("invalid duration 'whsec_5f0c'", "invalid duration (10 characters, not shown)")]
    #[case("unclosed array table, expected `]`", "unclosed array table, expected `]`")]
    #[case("invalid basic string, expected `\"`", "invalid basic string, expected `\"`")]
    #[case("expected one of { env = 'VARIABLE' }", "expected one of { env = 'VARIABLE' }")]
    #[case("it's all \u{1b}", "it's all ␛")]
    fn a_parsers_message_loses_values(#[case] message: &str, #[case] shown: &str) {
        assert_eq!(without_values(message), shown);
    }

    proptest! {
        #[test]
        fn any_text_can_be_told(text in "\\PC*|[`'\"a-z0-9\\n_.-]{0,40}") {
            let (name, message) = (named(&text), without_values(&text));
            prop_assert!(!name.contains(crate::text::is_hidden) && !message.contains(crate::text::is_hidden));
            let _ = (is_path(&text), is_variable(&text));
        }
    }
}
