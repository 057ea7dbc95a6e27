//! What a text looks like, whatever its name: the grammars of what says nothing of anybody, and of what does.

use std::borrow::Cow;

use crate::http::percent::{self, PlusSign};

/// Digits in a row that are an id, a telephone number or a card.
const LONG_NUMBER: usize = 6;
/// Characters from which on a word of letters and digits is a token.
const LONG_TOKEN: usize = 8;
/// The longest name, word of an event, or status that is taken for one.
const LONGEST_NAME: usize = 60;
/// Seconds from 2000 to 2040 since 1970: of such a number nobody knows whether it is a telephone's, and so its name
/// decides.
const SECONDS: std::ops::Range<u64> = 946_684_800..2_208_988_800;

/// Whether a name is somebody's by its looks: an address, an id, a token. It is decoded first.
pub(super) fn is_somebody(text: &str) -> bool {
    let text = decoded(text);
    is_address(&text) || is_id(&text) || is_token(&text)
}

fn decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    Cow::Owned(String::from_utf8_lossy(&percent::decode(text.as_bytes(), PlusSign::Space)).into_owned())
}

fn is_address(text: &str) -> bool {
    text.contains('@') || text.parse::<std::net::IpAddr>().is_ok()
}

/// A UUID, or a long number, whatever is around it.
fn is_id(text: &str) -> bool {
    let hexadecimal = text.chars().filter(char::is_ascii_hexdigit).count();
    let is_uuid = text.len() == 36 && hexadecimal == 32;
    let digits = text.chars().filter(char::is_ascii_digit).count();
    let is_long = text.split(|one: char| !one.is_ascii_digit()).any(|run| run.len() >= LONG_NUMBER);
    is_uuid || is_long || (digits >= LONG_NUMBER && digits * 2 > text.chars().count())
}

/// A word that has several digits among its letters, as keys and session ids have.
fn is_token(text: &str) -> bool {
    text.split(|one: char| !one.is_ascii_alphanumeric()).any(|word| {
        let digits = word.bytes().filter(u8::is_ascii_digit).count();
        // `sha256` and `iso8601date` end, or go on, with letters once.
        let turns = word.as_bytes().windows(2).filter(|two| two[0].is_ascii_digit() != two[1].is_ascii_digit()).count();
        word.len() >= LONG_TOKEN && digits > 0 && turns > 2
    })
}

/// Whether this is a name as programs have them, and not somebody's: `user[first_name]`, `X-Request-Id`.
pub(super) fn is_plain_name(name: &str) -> bool {
    let is_of_name = |one: char| one.is_ascii_alphanumeric() || matches!(one, '_' | '-' | '.' | '[' | ']' | ':');
    name.len() <= LONGEST_NAME && name.chars().all(is_of_name) && !is_somebody(name)
}

/// Words of small letters alone, put together by one of `joints`: `user.created`, `pull_request`.
pub(super) fn is_of_words(text: &str, joints: &[char]) -> bool {
    let is_word = |word: &str| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase());
    text.len() <= LONGEST_NAME && text.split(joints).all(is_word)
}

/// `v1`, `2.1.0`, `v2024-01` and dates.
pub(super) fn is_version(text: &str) -> bool {
    let number = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = text.strip_prefix(['v', 'V']).unwrap_or(text);
    (numbers.len() < 12 && numbers.split('.').all(number)) || is_month(numbers) || is_date(numbers)
}

/// `2024-01`
pub(super) fn is_month(text: &str) -> bool {
    text.len() == 7 && is_date(&format!("{text}-01"))
}

/// A number of seconds since 1970, or of milliseconds, microseconds or nanoseconds, also with a fraction.
pub(super) fn is_time(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(whole) || !is_number(fraction) || fraction.len() > 9 || !matches!(whole.len(), 9 | 10 | 13 | 16 | 19)
    {
        return false;
    }
    whole[..whole.len().min(10)].parse().is_ok_and(|seconds| SECONDS.contains(&seconds))
}

/// `2025-05-01`, and the time of a day behind a `T` or a space, with an offset or without (RFC 3339, section 5.6).
pub(super) fn is_date(text: &str) -> bool {
    let Some((date, rest)) = text.split_at_checked(10) else { return false };
    date.parse::<jiff::civil::Date>().is_ok_and(|date| (1900..2200).contains(&date.year()))
        && date.bytes().filter(|byte| *byte == b'-').count() == 2
        && (rest.is_empty() || rest.strip_prefix(['T', 't', ' ']).is_some_and(is_time_of_day))
}

/// `12:00`, `12:00:00.123456Z`, `12:00:00 +02:00`
fn is_time_of_day(text: &str) -> bool {
    let end = text.find(['Z', 'z', '+', '-', ' ']).unwrap_or(text.len());
    let (time, offset) = text.split_at(end);
    let (time, fraction) = time.split_once(['.', ',']).unwrap_or((time, "0"));
    let is_number =
        |part: &str, most: usize| (1..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    let of_clock =
        |text: &str| (2..=3).contains(&text.split(':').count()) && text.split(':').all(|part| is_number(part, 2));
    let offset = offset.trim_start();
    let is_offset = matches!(offset, "" | "Z" | "z" | "UTC" | "GMT")
        || offset.strip_prefix(['+', '-']).is_some_and(|hours| is_number(hours, 4) || of_clock(hours));
    of_clock(time) && is_number(fraction, 9) && is_offset
}

/// A media type that is registered, or in wide use, without parameters.
pub(super) fn is_media_type(text: &str) -> bool {
    const TYPES: &[&str] = &["application", "audio", "font", "image", "message", "model", "multipart", "text", "video"];
    const SUBTYPES: &[&str] = &[
        "aac",
        "alternative",
        "avif",
        "bmp",
        "calendar",
        "cbor",
        "cloudevents+json",
        "css",
        "csv",
        "flac",
        "form-data",
        "geo+json",
        "gif",
        "gzip",
        "heic",
        "heif",
        "html",
        "icon",
        "javascript",
        "jose",
        "jpeg",
        "jpg",
        "json",
        "jwt",
        "ld+json",
        "markdown",
        "mixed",
        "mp3",
        "mp4",
        "mpeg",
        "msgpack",
        "ndjson",
        "octet-stream",
        "ogg",
        "otf",
        "pdf",
        "plain",
        "png",
        "problem+json",
        "protobuf",
        "quicktime",
        "related",
        "rfc822",
        "rtf",
        "soap+xml",
        "svg+xml",
        "tiff",
        "wav",
        "webm",
        "webp",
        "woff",
        "woff2",
        "x-ndjson",
        "x-www-form-urlencoded",
        "xml",
        "zip",
    ];
    text.split_once('/').is_some_and(|(kind, sub)| TYPES.contains(&kind) && SUBTYPES.contains(&sub))
}

/// The words of a name in small letters: `userIds` and `user_ids` are `user` and `ids`.
pub(super) fn words_of(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut was_small = false;
    for one in name.chars() {
        let begins = !one.is_ascii_alphanumeric() || (one.is_ascii_uppercase() && was_small);
        if begins && words.last().is_some_and(|word| !word.is_empty()) {
            words.push(String::new());
        }
        if let (true, Some(word)) = (one.is_ascii_alphanumeric(), words.last_mut()) {
            word.push(one.to_ascii_lowercase());
        }
        was_small = one.is_ascii_lowercase() || one.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("ada@example.com", true)]
    #[case("ada%40example.com", true)]
    #[case("203.0.113.7", true)]
    #[case("2001:db8::1", true)]
    #[case("0f4c1a7e-3a70-4cf7-9d7d-1c4a2f3b9d10", true)]
    #[case("+49 171 1234567", true)]
    #[case("sk_live_51Hb3mVJ9x2QqTfZ8", true)]
    #[case("bot123456789:AAH-Token", true)]
    #[case("a1b2c3d4e5f6a7b8", true)]
    #[case("user.created", false)]
    #[case("desktop.app_tracking.captured", false)]
    #[case("2025-05-01", true)]
    #[case("oauth2_client", false)]
    #[case("address_line1", false)]
    #[case("iso8601date", false)]
    #[case("v1", false)]
    #[case("", false)]
    fn it_is_known_by_its_looks(#[case] text: &str, #[case] is: bool) {
        // A date as a key is data too; as a value it stays by its own rule.
        assert_eq!(is_somebody(text), is);
    }

    #[rstest]
    #[case("2025-05-01", true)]
    #[case("2025-05-01T12:00:00.000Z", true)]
    #[case("2025-05-01 12:00:00 +02:00", true)]
    #[case("2025-05-01T12:00-0700", true)]
    #[case("0422-23-4567", false)]
    #[case("1234-56-7890123456", false)]
    #[case("2025-05-01 4111", false)]
    #[case("2025-13-01", false)]
    #[case("2025-05-01 Ada", false)]
    fn a_date_is_one_by_its_grammar(#[case] text: &str, #[case] is: bool) {
        assert_eq!(is_date(text), is);
    }

    #[rstest]
    #[case("1746123456", true)]
    #[case("1746123456.789", true)]
    #[case("1746123456789", true)]
    #[case("4915112345678", false)]
    #[case("19801231", false)]
    #[case("999887777", true)]
    #[case("x", false)]
    fn a_time_is_within_this_age(#[case] text: &str, #[case] is: bool) {
        assert_eq!(is_time(text), is);
    }

    #[test]
    fn grammars_take_no_more_than_their_own() {
        assert!(is_media_type("image/png") && is_media_type("application/json"));
        assert!(
            !is_media_type("image/upload/ada.png")
                && !is_media_type("text/ada@example.com")
                && !is_media_type("text/ada")
        );
        assert!(is_version("v1") && is_version("2.1.0") && is_version("2024-01") && is_version("v2020-08-27"));
        assert!(!is_version("v1234567") && !is_version("ada") && !is_version(""));
        assert!(
            is_of_words("pull_request", &['_', '.'])
                && !is_of_words("pull_request", &['.'])
                && !is_of_words("", &['.'])
        );
        assert!(is_plain_name("user[first_name]") && !is_plain_name("user[ada@example.com]") && !is_plain_name("a b"));
        assert_eq!(words_of("X-GitHub-Event"), ["x", "git", "hub", "event"]);
        assert_eq!(words_of("userIDs_of taxNumber2"), ["user", "ids", "of", "tax", "number2"]);
    }
}
