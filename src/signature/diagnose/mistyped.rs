//! Secrets that went through something that changed single characters: an encoder for URLs or pages, another alphabet of
//! base64, a column that was too short, a keyboard with other letters.
//!
//! Each try needs its evidence in the configured text: a secret of plain letters and digits costs none.

use zeroize::Zeroizing;

use super::CauseCode;
use super::axis::Why;
use super::secrets::{FoundKey, replace};
use crate::http::percent::PercentEncoding;

/// Where a text is cut that is longer: bcrypt's limit, and usual widths of columns.
const WIDTHS: [usize; 6] = [72, 64, 32, 128, 255, 256];

/// Bytes that are cut off at least.
const LEAST_CUT: usize = 4;

/// Lists the texts that the signing side may have had.
pub(super) fn list(key: &[u8], found: FoundKey<'_>) {
    for_pages(key, found);
    other_alphabet(key, found);
    let why = |rank, detail: String| Why::new(CauseCode::SecretMiscopied, rank, detail);
    // What is only surrounded by white space or quotation marks has other causes.
    let length = key.trim_ascii().len().saturating_sub(LEAST_CUT);
    for (rank, width) in (4..).zip(WIDTHS).filter(|(_, width)| *width <= length) {
        let detail =
            format!("the signing key was the first {width} of the {} bytes of the configured secret", key.len());
        found(key[..width].to_vec().into(), why(rank, detail));
    }
    // Mailgun showed its keys with this prefix, and shows them without.
    let is_bare = key.len() == 32 && key.iter().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if is_bare {
        let detail = "the signing key began with key-, which the configured secret does not have".to_owned();
        found([b"key-", key].concat().into(), Why::new(CauseCode::SecretPrefix, 6, detail));
    }
    if let Some(plain) = std::str::from_utf8(key).ok().and_then(in_latin_letters) {
        let detail = "the configured secret has letters of another alphabet that look like Latin ones, which the signing \
                      key has";
        found(plain.into_bytes().into(), Why::new(CauseCode::SecretHiddenChars, 1, detail));
    }
}

/// Characters that are taken for each other where a secret is read from a screen and typed.
const ALIKE: [&[u8]; 2] = [b"O0", b"lI1"];
/// The most texts with other characters; beyond that, each character alone and all of a kind together.
const MOST_ALIKE: usize = 48;

/// The texts that were meant by one that was typed, or copied without its first or last character. There is no evidence
/// for them in the text, so that they are tried last, and alone.
pub(super) fn retyped(key: &[u8], found: FoundKey<'_>) {
    let why = |detail: &str| Why::new(CauseCode::SecretMiscopied, 8, detail);
    let is_hex = key.iter().all(u8::is_ascii_hexdigit);
    if !is_hex {
        for text in with_others_alike(key) {
            found(
                text,
                why("the signing key has other characters in the place of those that look alike (O and 0; l, I and 1)"),
            );
        }
    }
    // Digits come in pairs: an even number of them has lost none.
    if key.len() < 8 || (is_hex && key.len().is_multiple_of(2)) || !key.iter().all(u8::is_ascii_graphic) {
        return;
    }
    let letters: &[u8] = match is_hex {
        true => b"0123456789abcdef",
        false => b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=",
    };
    for &letter in letters {
        let first = why("the configured secret has lost its first character in copying");
        found([&[letter], key].concat().into(), first);
        let last = why("the configured secret has lost its last character in copying");
        found([key, &[letter]].concat().into(), last);
    }
}

/// The text with other characters that look alike.
fn with_others_alike(key: &[u8]) -> Vec<Zeroizing<Vec<u8>>> {
    let group = |byte: u8| ALIKE.into_iter().find(|group| group.contains(&byte));
    let places: Vec<(usize, &[u8])> =
        key.iter().enumerate().filter_map(|(at, byte)| Some((at, group(*byte)?))).collect();
    let all = places.iter().try_fold(1_usize, |all, (_, group)| all.checked_mul(group.len()));
    let own = Zeroizing::new(key.to_vec());
    let mut texts = vec![own.clone()];
    if all.is_some_and(|all| all <= MOST_ALIKE) {
        for (at, group) in places {
            texts = texts
                .into_iter()
                .flat_map(|text| {
                    group.iter().map(move |&other| {
                        let mut text = text.clone();
                        text[at] = other;
                        text
                    })
                })
                .collect();
        }
    } else {
        for group in ALIKE {
            for (&one, &other) in group.iter().flat_map(|one| group.iter().map(move |other| (one, other))) {
                let mut text = own.clone();
                text.iter_mut().filter(|byte| **byte == one).for_each(|byte| *byte = other);
                texts.push(text);
            }
        }
        for (at, group) in places.into_iter().take(MOST_ALIKE / 3) {
            texts.extend(group.iter().map(|&other| {
                let mut text = own.clone();
                text[at] = other;
                text
            }));
        }
    }
    texts.retain(|text| *text != own);
    texts
}

/// Written for a URL or a page of HTML, and taken so.
fn for_pages(key: &[u8], found: FoundKey<'_>) {
    let why = |rank, detail: &str| Why::new(CauseCode::SecretEscaped, rank, detail);
    let encoding = &PercentEncoding::UNRESERVED;
    if key.iter().all(|&byte| encoding.is_plain(byte)) {
        return;
    }
    let encoded = Zeroizing::new(encoding.encode(key));
    let small = in_small_digits(&encoded);
    found(encoded, why(3, "the signing key was the configured secret, percent-encoded"));
    found(small, why(4, "the signing key was the configured secret, percent-encoded with small letters"));
    if key.contains(&b'+') {
        let spaced = replace(key, b"+", b" ");
        found(spaced, why(3, "the signing side read each + of the configured secret as a space, as in a form"));
    }
    if key.contains(&b' ') {
        found(replace(key, b" ", b"+"), why(4, "the signing key had a + for each space of the configured secret"));
    }
    const MARKS: [(&[u8], &[u8]); 4] = [(b"&", b"&amp;"), (b"<", b"&lt;"), (b">", b"&gt;"), (b"\"", b"&quot;")];
    if key.iter().any(|byte| b"&<>\"'".contains(byte)) {
        let own = Zeroizing::new(key.to_vec());
        let escaped = MARKS.iter().fold(own, |text, (from, to)| replace(&text, from, to));
        for apostrophe in [&b"&#39;"[..], b"&#x27;", b"'"] {
            let text = replace(&escaped, b"'", apostrophe);
            found(text, why(3, "the signing key was the configured secret with the character references of HTML"));
        }
    }
}

/// `%2B` as `%2b`.
fn in_small_digits(encoded: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut text = Zeroizing::new(encoded.to_vec());
    for at in memchr::memchr_iter(b'%', encoded) {
        text.iter_mut().skip(at).take(3).for_each(|byte| byte.make_ascii_lowercase());
    }
    text
}

/// The same base64 in the other alphabet, or without its padding.
fn other_alphabet(key: &[u8], found: FoundKey<'_>) {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/-_=".contains(byte);
    if !key.iter().all(is_base64) {
        return;
    }
    let why = |detail: &str| Why::new(CauseCode::SecretMiscopied, 3, detail);
    let swapped = |from: &[u8; 2], to: &[u8; 2]| -> Zeroizing<Vec<u8>> {
        let swap = |byte: u8| from.iter().position(|own| *own == byte).map_or(byte, |place| to[place]);
        Zeroizing::new(key.iter().map(|byte| swap(*byte)).collect())
    };
    if key.iter().any(|byte| b"+/".contains(byte)) {
        found(
            swapped(b"+/", b"-_"),
            why("the signing key had - and _ of base64url where the configured secret has + and /"),
        );
    }
    // A prefix such as `whsec_` and a name in parts have such characters as well; base64url is long.
    let first = key.iter().take_while(|byte| byte.is_ascii_lowercase()).count();
    let has_prefix = first > 1 && key.get(first).is_some_and(|byte| b"-_".contains(byte));
    if key.len() >= 20 && !has_prefix && key.iter().any(|byte| b"-_".contains(byte)) {
        found(
            swapped(b"-_", b"+/"),
            why("the signing key had + and / of base64 where the configured secret has - and _"),
        );
    }
    let bare = key.iter().rposition(|&byte| byte != b'=').map_or(0, |last| last + 1);
    if bare < key.len() && bare > 0 {
        found(
            key[..bare].to_vec().into(),
            why("the configured secret ends in =, which was not part of the signing key"),
        );
        let both = swapped(b"+/", b"-_");
        found(
            both[..bare].to_vec().into(),
            why("the signing key was base64url without padding, the configured secret is base64"),
        );
    }
}

/// The text with letters that look alike in the Latin alphabet, and those of full width; `None` without such letters.
fn in_latin_letters(text: &str) -> Option<String> {
    const CYRILLIC: [(char, char); 26] = [
        ('\u{430}', 'a'),
        ('\u{435}', 'e'),
        ('\u{43e}', 'o'),
        ('\u{440}', 'p'),
        ('\u{441}', 'c'),
        ('\u{443}', 'y'),
        ('\u{445}', 'x'),
        ('\u{456}', 'i'),
        ('\u{458}', 'j'),
        ('\u{455}', 's'),
        ('\u{4bb}', 'h'),
        ('\u{501}', 'd'),
        ('\u{410}', 'A'),
        ('\u{412}', 'B'),
        ('\u{415}', 'E'),
        ('\u{41a}', 'K'),
        ('\u{41c}', 'M'),
        ('\u{41d}', 'H'),
        ('\u{41e}', 'O'),
        ('\u{420}', 'P'),
        ('\u{421}', 'C'),
        ('\u{422}', 'T'),
        ('\u{425}', 'X'),
        ('\u{406}', 'I'),
        ('\u{405}', 'S'),
        ('\u{408}', 'J'),
    ];
    const GREEK: [(char, char); 14] = [
        ('\u{3bf}', 'o'),
        ('\u{391}', 'A'),
        ('\u{392}', 'B'),
        ('\u{395}', 'E'),
        ('\u{396}', 'Z'),
        ('\u{397}', 'H'),
        ('\u{399}', 'I'),
        ('\u{39a}', 'K'),
        ('\u{39c}', 'M'),
        ('\u{39d}', 'N'),
        ('\u{39f}', 'O'),
        ('\u{3a1}', 'P'),
        ('\u{3a4}', 'T'),
        ('\u{3a7}', 'X'),
    ];
    if text.is_ascii() {
        return None;
    }
    let latin = |character: char| {
        let alike = CYRILLIC.iter().chain(&GREEK).find(|(other, _)| *other == character).map(|(_, latin)| *latin);
        let full = u32::from(character).checked_sub(0xfee0).filter(|code| (0x21..0x7f).contains(code));
        alike.or_else(|| full.and_then(char::from_u32)).unwrap_or(character)
    };
    let plain: String = text.chars().map(latin).collect();
    (plain != text).then_some(plain)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn texts(key: &[u8]) -> Vec<Vec<u8>> {
        let mut all = Vec::new();
        list(key, &mut |text, why| {
            assert!(!why.detail.is_empty());
            all.push(text.to_vec());
        });
        all
    }

    #[rstest]
    #[case("abc+def/gh=", "abc%2Bdef%2Fgh%3D")]
    #[case("abc+def/gh=", "abc%2bdef%2fgh%3d")]
    #[case("abc+def/gh=", "abc def/gh=")]
    #[case("abc def", "abc+def")]
    #[case("abc&def", "abc&amp;def")]
    #[case("a<b>'\"", "a&lt;b&gt;&#39;&quot;")]
    #[case("abc+def/gh==", "abc-def_gh==")]
    #[case("abc+def/gh==", "abc+def/gh")]
    #[case("AbCdefghij-klmno_pqrs", "AbCdefghij+klmno/pqrs")]
    #[case("whsec_abcdefghijklmnopqrs+", "whsec_abcdefghijklmnopqrs ")]
    #[case("gh\u{441}ret", "ghcret")]
    #[case("\u{ff47}\u{ff48}12", "gh12")]
    #[case("3ax6xnjp29jd6fds4gc373sgvjxteol0", "key-3ax6xnjp29jd6fds4gc373sgvjxteol0")]
    fn what_the_signer_had_is_tried(#[case] configured: &str, #[case] signed: &str) {
        assert!(texts(configured.as_bytes()).contains(&signed.as_bytes().to_vec()), "{configured}");
    }

    #[test]
    fn a_long_secret_is_cut() {
        let long = "x".repeat(100);
        assert!(texts(long.as_bytes()).contains(&b"x".repeat(72)));
    }

    #[rstest]
    #[case("0b1f2c3d4e5f60718293a4b5c6d7e8f9AB")]
    #[case("secret-of-mine_12")]
    fn a_plain_secret_costs_little(#[case] configured: &str) {
        assert!(texts(configured.as_bytes()).len() <= 1, "{configured}");
    }

    #[rstest]
    #[case("ghO123", "gh0123")]
    #[case("ghl12I", "ghI12l")]
    #[case("hsecret123", "ghsecret123")]
    #[case("ghsecret12", "ghsecret123")]
    #[case("0b1f2c3d4e5f607", "0b1f2c3d4e5f607a")]
    #[case("O0O0O0O0O0O0O0O0xx", "O0O0O0O0O0O0O0O0xx=")]
    #[case("O0O0O0O0O0O0O0O0xx", "OOOOOOOOOOOOOOOOxx")]
    fn what_was_typed_is_tried(#[case] configured: &str, #[case] signed: &str) {
        let mut all = Vec::new();
        retyped(configured.as_bytes(), &mut |text, _| all.push(text.to_vec()));
        assert!(all.contains(&signed.as_bytes().to_vec()), "{configured}");
        assert!(all.len() <= 200, "{}", all.len());
    }

    #[test]
    fn an_even_number_of_digits_is_whole() {
        retyped(b"0b1f2c3d4e5f60718293a4b5c6d7e8f9", &mut |_, why| panic!("{why:?}"));
    }

    proptest! {
        #[test]
        fn no_secret_is_too_odd(key in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert!(texts(&key).len() < 24);
        }
    }
}
