//! Throw-away secrets: nothing of a secret stays but what a mistake may depend on.
//!
//! White space, characters that cannot be seen, quotation marks around it, a known prefix, and that it is or is not
//! hexadecimal digits or base64, text or bytes. Every other character is drawn, whatever it was: one that always differed
//! would tell a little in each export, and in many of them all.

use std::fmt;
use std::ops::Range;

use zeroize::Zeroizing;

use super::PlaceholderKey;
use super::placeholder::{PlaceholderDice, other};

/// What secrets begin with whoever has them.
const PREFIXES: &[&str] = &[
    "whsec_",
    "whsk_",
    "whpk_",
    "sk_live_",
    "sk_test_",
    "rk_live_",
    "rk_test_",
    "pk_live_",
    "pk_test_",
    "v1,whsec_",
    "base64:",
    "hex:",
    "Bearer ",
];
/// From this length on, hexadecimal digits and base64 are taken for that.
const LEAST_ENCODED: usize = 8;
/// From this length on, a secret is known wherever a request holds it.
const LEAST_KNOWN: usize = 6;
/// Signs that no shell, no URL and no markup gives a meaning to.
const SIGNS: &[u8] = b"!*-.:;?@^_|~/+=,";
/// Signs that a shell, an environment file or a language may have given one to.
const SYNTAX: &[u8] = b"\"'`\\$#%";
/// The same beyond ASCII, by the length of their UTF-8.
const FAR_SIGNS: [&[char]; 3] =
    [&['§', '¶', '±', '¿', '¡', '¢', '£', '©'], &['‰', '†', '•', '€', '™', '→'], &['😀', '😃', '😎', '🙂']];

/// The most draws for one secret; each that resembles the real one is discarded.
const DRAWS: u8 = 64;

impl PlaceholderKey {
    /// Another secret of the same shape and length.
    pub(super) fn key_material(&self, secret: &[u8]) -> Vec<u8> {
        let drawn = (0..DRAWS).find_map(|number| {
            let dice = self.dice_of([b"\0secret", [number].as_slice(), secret].concat());
            let mut drawing = Drawing { dice, drawn: 0, same: 0 };
            let other = match std::str::from_utf8(secret) {
                Ok(text) => text_like(text, &mut drawing).into_bytes(),
                Err(_) => bytes_like(secret, &mut drawing),
            };
            drawing.is_another().then_some(other)
        });
        // None is another of one that is nothing but white space and quotation marks.
        drawn.unwrap_or_else(|| secret.iter().map(|byte| if *byte == b'x' { b'y' } else { b'x' }).collect())
    }
}

/// What draws a secret, and counts how near it comes to the real one.
struct Drawing<'k> {
    dice: PlaceholderDice<'k>,
    drawn: usize,
    same: usize,
}

impl Drawing<'_> {
    /// Takes what was drawn in the place of `own`.
    fn take<T: PartialEq>(&mut self, own: &T, drawn: T) -> T {
        self.drawn += 1;
        self.same += usize::from(*own == drawn);
        drawn
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[usize::from(self.dice.byte()) % all.len()]
    }

    fn is_another(&self) -> bool {
        self.drawn > 0 && self.same * 4 <= self.drawn
    }
}

/// Bytes that are no text either; a line end after them stays.
fn bytes_like(secret: &[u8], drawing: &mut Drawing<'_>) -> Vec<u8> {
    let (drawn, end) = secret.split_at(secret.trim_ascii_end().len());
    let mut other: Vec<u8> = Vec::with_capacity(secret.len());
    for own in drawn {
        let byte = drawing.dice.byte();
        // No text begins with one of these.
        other.push(drawing.take(own, if other.is_empty() { 0xf8 | byte } else { byte }));
    }
    other.extend_from_slice(end);
    other
}

fn text_like(text: &str, drawing: &mut Drawing<'_>) -> String {
    let core = core(text);
    let (before, after) = (&text[..core.start], &text[core.end..]);
    let core = &text[core];
    let drawn = if is_hex(core) {
        hex_like(core, drawing)
    } else if is_base64(core) {
        base64_like(core, drawing)
    } else {
        words_like(core, drawing)
    };
    [before, &drawn, after].concat()
}

/// What is within white space and quotation marks.
fn inside(text: &str) -> Range<usize> {
    let is_around = |one: char| one.is_whitespace() || is_unseen(one) || matches!(one, '"' | '\'' | '`');
    let start = text.len() - text.trim_start_matches(is_around).len();
    start..text.trim_end_matches(is_around).len().max(start)
}

/// The same behind a known prefix.
fn core(text: &str) -> Range<usize> {
    let Range { start, end } = inside(text);
    let prefix = PREFIXES.iter().find(|prefix| text[start..end].starts_with(**prefix) && end - start > prefix.len());
    start + prefix.map_or(0, |prefix| prefix.len())..end
}

/// Zero-width characters, marks of direction and of byte order.
fn is_unseen(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}' | '\u{feff}')
}

fn is_hex(text: &str) -> bool {
    let has = |kind: fn(&u8) -> bool| text.bytes().any(|byte| kind(&byte));
    text.len() >= LEAST_ENCODED
        && text.bytes().all(|byte| byte.is_ascii_hexdigit())
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_alphabetic)
}

fn hex_like(text: &str, drawing: &mut Drawing<'_>) -> String {
    let is_upper = text.bytes().any(|byte| byte.is_ascii_uppercase());
    let digits: &[u8; 16] = if is_upper { b"0123456789ABCDEF" } else { b"0123456789abcdef" };
    let digit = |own: u8| {
        let drawn = drawing.one_of(digits);
        char::from(drawing.take(&own, drawn))
    };
    text.bytes().map(digit).collect()
}

fn is_base64(text: &str) -> bool {
    let plain = text.trim_end_matches('=');
    plain.len() >= LEAST_ENCODED
        && plain.len() % 4 != 1
        && text.len() - plain.len() < 3
        && (plain.bytes().all(|byte| base64_value(byte, b"+/").is_some())
            || plain.bytes().all(|byte| base64_value(byte, b"-_").is_some()))
}

fn base64_value(byte: u8, last: &[u8; 2]) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        _ => last.iter().position(|one| *one == byte).map(|at| if at == 0 { 62 } else { 63 }),
    }
}

/// The last character decides whether it can be decoded: some of its bits must be zero (RFC 4648, section 3.5). They are
/// again, or again are not.
fn base64_like(text: &str, drawing: &mut Drawing<'_>) -> String {
    const ALPHABET: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let plain = text.trim_end_matches('=');
    let unused = match plain.len() % 4 {
        2 => 0b1111,
        3 => 0b11,
        _ => 0,
    };
    let value = |byte: u8| base64_value(byte, b"+/").or(base64_value(byte, b"-_"));
    let fits = |byte: u8| value(byte).is_some_and(|value| value & unused == 0);
    let mut written = String::with_capacity(text.len());
    for (at, own) in plain.bytes().enumerate() {
        let is_last = at + 1 == plain.len();
        let drawn = match own {
            b'+' | b'/' if !is_last => drawing.one_of(b"+/"),
            b'-' | b'_' if !is_last => drawing.one_of(b"-_"),
            _ if is_last => {
                let fitting: Vec<u8> = ALPHABET.iter().copied().filter(|one| fits(*one) == fits(own)).collect();
                if fitting.is_empty() { drawing.one_of(ALPHABET) } else { drawing.one_of(&fitting) }
            }
            _ => drawing.one_of(ALPHABET),
        };
        written.push(char::from(drawing.take(&own, drawn)));
    }
    written + &text[plain.len()..]
}

fn words_like(text: &str, drawing: &mut Drawing<'_>) -> String {
    let of_words = text.chars().filter(|one| one.is_alphanumeric() || one.is_whitespace()).count();
    // A sign or two within words may be where a shell has cut it; a secret of signs is made of them.
    let is_of_words = of_words * 4 >= text.chars().count() * 3;
    let mut is_escaped = false;
    let mut drawn = String::with_capacity(text.len());
    for own in text.chars() {
        let stays = own.is_whitespace()
            || is_unseen(own)
            || (is_escaped && matches!(own, 'n' | 'r' | 't'))
            || (is_of_words && own.is_ascii() && SYNTAX.contains(&(own as u8)));
        is_escaped = stays && own == '\\' && !is_escaped;
        if stays {
            drawn.push(own);
        } else {
            let other = character_like(own, drawing);
            drawn.push(drawing.take(&own, other));
        }
    }
    drawn
}

fn character_like(own: char, drawing: &mut Drawing<'_>) -> char {
    match own {
        '0'..='9' => drawing.dice.between('0', 10),
        _ if own.is_alphanumeric() => other(own, false, None, &mut drawing.dice),
        _ if own.is_ascii() => char::from(drawing.one_of(SIGNS)),
        _ => drawing.one_of(FAR_SIGNS[own.len_utf8() - 2]),
    }
}

/// Secrets that a request may hold, each with the throw-away one.
#[derive(Default)]
pub(super) struct KnownSecrets(Vec<(Zeroizing<Vec<u8>>, Vec<u8>)>);

impl KnownSecrets {
    /// Takes in a secret: as it is configured, and as it is meant.
    pub(super) fn add(&mut self, secret: &[u8], throw_away: &[u8]) {
        let whole = 0..secret.len();
        let text = std::str::from_utf8(secret).ok();
        let places = [Some(whole), text.map(inside), text.map(core)];
        for place in places.into_iter().flatten().filter(|place| place.len() >= LEAST_KNOWN) {
            self.0.push((secret[place.clone()].to_vec().into(), throw_away[place].to_vec()));
        }
        // The longest of those that begin at one place is the one that is meant.
        self.0.sort_by_key(|(secret, _)| std::cmp::Reverse(secret.len()));
    }

    /// Where the first of them is in a text, and what takes its place.
    pub(super) fn first_in(&self, text: &[u8]) -> Option<(Range<usize>, &[u8])> {
        let places = self.0.iter().filter_map(|(secret, other)| {
            memchr::memmem::find(text, secret).map(|at| (at..at + secret.len(), other.as_slice()))
        });
        places.min_by_key(|(place, _)| place.start)
    }
}

impl fmt::Debug for KnownSecrets {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "KnownSecrets({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn throw_away(secret: &[u8]) -> Vec<u8> {
        PlaceholderKey::new(b"a key of tests".to_vec()).key_material(secret)
    }

    fn text(secret: &str) -> String {
        String::from_utf8(throw_away(secret.as_bytes())).unwrap()
    }

    #[rstest]
    #[case("test-secret", "")]
    #[case("whsec_placeholder", "whsec_")]
    #[case("§§+*#-/%&!§+*#", "")]
    #[case("undefined", "")]
    #[case("sk_live_live", "sk_live_")]
    #[case("пароль", "")]
    #[case("a", "")]
    fn nothing_stays_but_a_known_prefix(#[case] secret: &str, #[case] prefix: &str) {
        let other = text(secret);
        assert!(other.starts_with(prefix) && other.len() == secret.len(), "{other}");
        let same = other[prefix.len()..].chars().zip(secret[prefix.len()..].chars()).filter(|(one, own)| one == own);
        assert!(same.count() * 4 <= secret.len() - prefix.len(), "{other}");
    }

    #[test]
    fn what_a_mistake_depends_on_stays() {
        for (secret, is_same) in [
            ("\u{feff}\" one two\\n\"\r\n", [0, 3, 4, 8, 12, 13, 14, 15, 16].as_slice()),
            ("a webhook$secret of some", &[1, 9, 16, 19]),
            ("a webhook secret#of", &[1, 9, 16]),
        ] {
            let other = text(secret);
            for at in is_same {
                assert_eq!(other.as_bytes()[*at], secret.as_bytes()[*at], "{at} of {other:?}");
            }
        }
        assert_eq!(throw_away(b"\xff\xfe\x00\x01\n").last(), Some(&b'\n'));
        assert_ne!(text("  \" "), "  \" ");
    }

    #[test]
    fn a_secret_is_known_as_it_is_meant() {
        let mut known = KnownSecrets::default();
        let secret = b"\"whsec_abcdefgh\"\n";
        let other = throw_away(secret);
        known.add(secret, &other);
        assert_eq!(known.first_in(b"x abcdefgh"), Some((2..10, &other[7..15])));
        assert_eq!(known.first_in(secret), Some((0..17, &other[..])));
        assert_eq!(known.first_in(b"nothing"), None);
        assert!(!format!("{known:?}").contains("abcd"));
    }

    proptest! {
        #[test]
        fn any_text_becomes_another(secret in "\\PC{1,60}") {
            let other = text(&secret);
            prop_assert!(other.len() == secret.len() && other != secret, "{}", other);
        }

        #[test]
        fn words_share_no_more_than_chance(secret in "[A-Za-z0-9]{1,60}") {
            let other = text(&secret);
            let same = other.bytes().zip(secret.bytes()).filter(|(one, own)| one == own).count();
            prop_assert!(same * 4 <= secret.len(), "{}", other);
        }

        #[test]
        fn bytes_share_no_more_than_chance(secret in proptest::collection::vec(any::<u8>(), 24..64)) {
            let other = throw_away(&secret);
            let same = other.iter().zip(&secret).filter(|(one, own)| one == own).count();
            prop_assert!(same * 4 < secret.len() && other.len() == secret.len(), "{:?}", other);
            prop_assert_eq!(std::str::from_utf8(&other).is_ok(), std::str::from_utf8(&secret).is_ok());
            type Decode = fn(&str) -> Vec<u8>;
            let codings: [(String, Decode); 3] = [
                (BASE64_STANDARD.encode(&secret), |text| BASE64_STANDARD.decode(text).unwrap()),
                (BASE64_URL_SAFE_NO_PAD.encode(&secret), |text| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap()),
                (hex::encode(&secret), |text| hex::decode(text).unwrap()),
            ];
            for (secret, decode) in codings {
                let (own, other) = (decode(&secret), decode(&text(&secret)));
                let same = own.iter().zip(&other).filter(|(one, own)| one == own).count();
                prop_assert!(same * 4 < own.len(), "{:?} {:?}", own, other);
            }
        }
    }
}
