//! Placeholders: for each word another of the same shape, always the same one under one key.
//!
//! A letter becomes a letter of its kind and case, a digit a digit, and everything else stays: so lengths, escapes,
//! separators, and what a serialiser, an encoder or a normaliser does to the text stay as well. What a word becomes is
//! drawn from HMAC-SHA256 of it under a key: nobody without the key can try out which word it was.

use std::net::{Ipv4Addr, Ipv6Addr};

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::{compose, is_combining_mark};
use zeroize::Zeroizing;

use crate::signature::new_hmac;

/// From this length on, a word of hexadecimal digits alone is taken for an id in hexadecimal digits.
const LEAST_HEX: usize = 8;
/// Words of programs, by which mistakes are known, and of schemes: they say nothing of anybody.
const WORDS: [&str; 26] = [
    "Basic",
    "Bearer",
    "Buffer",
    "Digest",
    "Infinity",
    "NaN",
    "None",
    "Object",
    "base64",
    "bearer",
    "ed25519",
    "false",
    "hmac",
    "json",
    "md5",
    "nil",
    "null",
    "object",
    "sha1",
    "sha256",
    "sha384",
    "sha512",
    "true",
    "undefined",
    "v1",
    "v1a",
];
/// Characters of a UUID: 32 digits and four hyphens (RFC 9562, section 4).
const UUID_LENGTH: usize = 36;
/// Where its hyphens, its version and its variant are.
const UUID_HYPHENS: [usize; 4] = [8, 13, 18, 23];
const UUID_KEPT: [usize; 2] = [14, 19];
/// Characters of a hardware address such as `00:1a:2b:3c:4d:5e`.
const MAC_LENGTH: usize = 17;
/// The longest text of an IPv6 address, with an IPv4 address at its end.
const IPV6_LENGTH: usize = 45;
/// Code points of a block: letters of one alphabet are neighbours, and within a block UTF-8 has the same length.
const BLOCK: u32 = 64;

/// What the placeholders of one export are drawn from.
pub struct PlaceholderKey {
    bytes: Zeroizing<Vec<u8>>,
}

impl std::fmt::Debug for PlaceholderKey {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("PlaceholderKey")
    }
}

impl PlaceholderKey {
    /// A key of these bytes: whoever has them can try out what a placeholder stands for.
    #[must_use]
    pub fn new(bytes: Vec<u8>) -> Self {
        Self { bytes: Zeroizing::new(bytes) }
    }

    /// Replaces every word of `text` by its placeholder.
    #[must_use]
    pub fn text(&self, text: &str) -> String {
        self.text_but(text, &|_| false)
    }

    fn text_but(&self, text: &str, stays: &dyn Fn(&str) -> bool) -> String {
        let mut characters: Vec<char> = text.chars().collect();
        let mut at = 0;
        while at < characters.len() {
            at += self.replace_at(&mut characters, at, stays).max(1);
        }
        characters.into_iter().collect()
    }

    /// The same for bytes, some of which may be no text, and but for the words that `stays` knows. As many bytes as before.
    pub(super) fn words(&self, bytes: &[u8], stays: &dyn Fn(&str) -> bool) -> Vec<u8> {
        let mut written = Vec::with_capacity(bytes.len());
        let mut run: Vec<&[u8]> = Vec::new();
        for chunk in bytes.utf8_chunks() {
            if !chunk.valid().is_empty() {
                self.no_text(&std::mem::take(&mut run), &mut written);
                written.extend_from_slice(self.text_but(chunk.valid(), stays).as_bytes());
            }
            run.push(chunk.invalid());
        }
        self.no_text(&run, &mut written);
        written
    }

    /// Bytes that are no UTF-8, such as a word in another character set: others that are none either, and that are read
    /// as so many characters.
    fn no_text(&self, run: &[&[u8]], written: &mut Vec<u8>) {
        /// Bytes that UTF-8 never has (RFC 3629, section 1).
        const NEVER: [u8; 13] = [0xc0, 0xc1, 0xf5, 0xf6, 0xf7, 0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff];
        let mut dice = self.dice_of(run.concat());
        for piece in run {
            match piece.len() {
                0 => {}
                1 => written.push(NEVER[usize::from(dice.byte()) % NEVER.len()]),
                // The beginning of a longer character.
                length => {
                    written.push(if length == 2 { 0xe1 + dice.byte() % 12 } else { 0xf1 + dice.byte() % 3 });
                    written.extend(piece[1..].iter().map(|_| 0x80 + dice.byte() % 64));
                }
            }
        }
    }

    /// Replaces what begins at `at`; returns how many characters that was.
    fn replace_at(&self, characters: &mut [char], at: usize, stays: &dyn Fn(&str) -> bool) -> usize {
        let begins = at == 0 || !is_of_word(characters[at - 1]);
        let rest = &mut characters[at..];
        if begins {
            if let Some(length) = scheme_length(rest).or_else(|| loopback_length(rest)) {
                return length;
            }
            if let Some(length) = uuid_length(rest).or_else(|| mac_length(rest)) {
                self.hexadecimal(&mut rest[..length], length == UUID_LENGTH);
                return length;
            }
            if let Some(length) = ipv4_length(rest) {
                self.ipv4(&mut rest[..length]);
                return length;
            }
            if let Some(length) = ipv6_length(rest) {
                self.hexadecimal(&mut rest[..length], false);
                return length;
            }
        }
        if matches!(rest, ['\\', 'n' | 'r' | 't', ..]) {
            return 2;
        }
        let length = rest.iter().take_while(|&&character| is_of_word(character)).count();
        self.word(&mut rest[..length], stays);
        length
    }

    fn word(&self, word: &mut [char], stays: &dyn Fn(&str) -> bool) {
        let text: String = word.iter().collect();
        if WORDS.contains(&text.as_str()) || stays(&text) {
            return;
        }
        let is_hex = word.len() >= LEAST_HEX
            && word.iter().all(char::is_ascii_hexdigit)
            && word.iter().any(char::is_ascii_digit);
        if is_hex {
            return self.hexadecimal(word, false);
        }
        let mut dice = self.dice(word);
        for at in 0..word.len() {
            let mark = word.get(at + 1).copied().filter(|&next| is_combining_mark(next));
            word[at] = other(word[at], at == 0, mark, &mut dice);
        }
    }

    /// Hexadecimal digits stay such; of a UUID also its version and its variant.
    fn hexadecimal(&self, word: &mut [char], is_uuid: bool) {
        let mut dice = self.dice(word);
        for (at, character) in word.iter_mut().enumerate() {
            if is_uuid && UUID_KEPT.contains(&at) {
                continue;
            }
            *character = match *character {
                '0'..='9' => dice.digit(*character, at == 0),
                'a'..='f' => dice.between('a', 6),
                'A'..='F' => dice.between('A', 6),
                other => other,
            };
        }
    }

    /// Each number of an address becomes one of as many digits, up to 255.
    fn ipv4(&self, address: &mut [char]) {
        let mut dice = self.dice(address);
        for part in address.split_mut(|&character| character == '.') {
            let (least, count) = match part.len() {
                1 => (1, 9),
                2 => (10, 90),
                _ => (100, 156),
            };
            let digits = (least + dice.below(count)).to_string();
            part.iter_mut().zip(digits.chars()).for_each(|(character, digit)| *character = digit);
        }
    }

    fn dice(&self, word: &[char]) -> PlaceholderDice<'_> {
        self.dice_of(word.iter().collect::<String>().into_bytes())
    }

    pub(super) fn dice_of(&self, word: Vec<u8>) -> PlaceholderDice<'_> {
        PlaceholderDice { key: self, word: Zeroizing::new(word), block: Vec::new(), blocks: 0 }
    }

    /// Bytes that nobody can foretell, for this purpose.
    pub(super) fn bytes(&self, purpose: &str, length: usize) -> Vec<u8> {
        let mut dice = self.dice_of(format!("\0{purpose}").into_bytes());
        (0..length).map(|_| dice.byte()).collect()
    }
}

/// Numbers that follow from one word and the key.
pub(super) struct PlaceholderDice<'k> {
    key: &'k PlaceholderKey,
    word: Zeroizing<Vec<u8>>,
    block: Vec<u8>,
    blocks: u64,
}

impl PlaceholderDice<'_> {
    pub(super) fn byte(&mut self) -> u8 {
        loop {
            if let Some(byte) = self.block.pop() {
                return byte;
            }
            let mut state: Hmac<Sha256> = new_hmac(&self.key.bytes);
            state.update(&self.blocks.to_be_bytes());
            state.update(&self.word);
            self.block = state.finalize().into_bytes().to_vec();
            self.blocks += 1;
        }
    }

    pub(super) fn below(&mut self, count: u32) -> u32 {
        u32::from_be_bytes([0, self.byte(), self.byte(), self.byte()]) % count
    }

    pub(super) fn between(&mut self, first: char, count: u32) -> char {
        let drawn = u32::from(first) + self.below(count);
        char::from_u32(drawn).unwrap_or(first)
    }

    /// A leading zero stays one, and no other digit becomes one.
    fn digit(&mut self, digit: char, is_first: bool) -> char {
        match (is_first, digit) {
            (true, '0') => '0',
            (true, _) => self.between('1', 9),
            (false, _) => self.between('0', 10),
        }
    }
}

fn is_of_word(character: char) -> bool {
    character.is_alphanumeric() || is_combining_mark(character)
}

/// A character of the same kind. Before a combining mark, one that the mark composes with where it did before.
pub(super) fn other(character: char, is_first: bool, mark: Option<char>, dice: &mut PlaceholderDice<'_>) -> char {
    let draw = |dice: &mut PlaceholderDice<'_>| match character {
        'a'..='z' => dice.between('a', 26),
        'A'..='Z' => dice.between('A', 26),
        '0'..='9' => dice.digit(character, is_first),
        _ if character.is_ascii() || is_combining_mark(character) => character,
        _ => dice.between(char::from_u32(u32::from(character) / BLOCK * BLOCK).unwrap_or(character), BLOCK),
    };
    if character.is_ascii() && mark.is_none() {
        return draw(dice);
    }
    let kind = |character: char| {
        (
            character.is_alphabetic(),
            character.is_numeric(),
            character.is_lowercase(),
            character.is_uppercase(),
            [character].into_iter().nfd().count(),
            [character].into_iter().nfkc().eq([character]),
            mark.map(|mark| compose(character, mark).is_some()),
        )
    };
    let wanted = kind(character);
    // Every kind has itself at least; what is alone in its block stays.
    (0..256).map(|_| draw(dice)).find(|&drawn| kind(drawn) == wanted).unwrap_or(character)
}

/// The scheme of a URL says nothing of anybody.
fn scheme_length(text: &[char]) -> Option<usize> {
    const SCHEMES: [&str; 6] = ["https://", "http://", "wss://", "ws://", "mailto:", "tel:"];
    SCHEMES.iter().find(|scheme| begins(text, scheme)).map(|scheme| scheme.len())
}

/// Nor does this machine's own name.
fn loopback_length(text: &[char]) -> Option<usize> {
    let name = ["localhost", "127.0.0.1", "0.0.0.0"].into_iter().find(|name| begins(text, name))?;
    let is_whole = text.get(name.len()).is_none_or(|&next| !is_of_word(next) && next != '.');
    is_whole.then_some(name.len())
}

fn begins(text: &[char], with: &str) -> bool {
    text.len() >= with.len() && text.iter().zip(with.chars()).all(|(one, other)| one.eq_ignore_ascii_case(&other))
}

fn ends(text: &[char], length: usize) -> bool {
    text.get(length).is_none_or(|&next| !is_of_word(next))
}

fn uuid_length(text: &[char]) -> Option<usize> {
    let uuid = text.get(..UUID_LENGTH)?;
    let fits = |(at, &character): (usize, &char)| match UUID_HYPHENS.contains(&at) {
        true => character == '-',
        false => character.is_ascii_hexdigit(),
    };
    (uuid.iter().enumerate().all(fits) && ends(text, UUID_LENGTH)).then_some(UUID_LENGTH)
}

fn mac_length(text: &[char]) -> Option<usize> {
    let mac = text.get(..MAC_LENGTH)?;
    let fits = |(at, &character): (usize, &char)| match at % 3 {
        2 => matches!(character, ':' | '-'),
        _ => character.is_ascii_hexdigit(),
    };
    (mac.iter().enumerate().all(fits) && ends(text, MAC_LENGTH)).then_some(MAC_LENGTH)
}

fn ipv4_length(text: &[char]) -> Option<usize> {
    let run: String = text.iter().take(16).take_while(|&&one| one.is_ascii_digit() || one == '.').collect();
    let address = run.trim_end_matches('.');
    (address.parse::<Ipv4Addr>().is_ok() && ends(text, address.len())).then_some(address.len())
}

fn ipv6_length(text: &[char]) -> Option<usize> {
    let is_of_address = |one: char| one.is_ascii_hexdigit() || one == ':';
    let run: String = text.iter().take(IPV6_LENGTH + 1).take_while(|&&one| is_of_address(one)).collect();
    // `::` alone is punctuation, and `a::b` may be a path of C++ or Rust.
    let is_long = run.bytes().filter(|&byte| byte == b':').count() >= 3;
    (is_long && run.parse::<Ipv6Addr>().is_ok() && ends(text, run.len())).then_some(run.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key() -> PlaceholderKey {
        PlaceholderKey::new(b"a key of tests".to_vec())
    }

    /// What of a character stays.
    fn shape(character: char) -> (bool, bool, bool, bool, usize) {
        let kinds = [char::is_alphabetic, char::is_numeric, char::is_uppercase, char::is_lowercase];
        let [alphabetic, numeric, upper, lower] = kinds.map(|kind| kind(character));
        (alphabetic, numeric, upper, lower, character.len_utf8())
    }

    #[test]
    fn a_word_has_one_placeholder() {
        let key = key();
        let text = key.text("Ada Lovelace <ada@example.com> Ada");
        let words: Vec<&str> = text.split(' ').collect();
        assert_eq!(words[0], words[3]);
        assert!(!text.contains("Ada") && !text.contains("example"), "{text}");
        assert_eq!(key.text("Ada"), words[0]);
        assert_ne!(PlaceholderKey::new(b"another".to_vec()).text("Ada Lovelace"), key.text("Ada Lovelace"));
    }

    #[test]
    fn ids_and_addresses_stay_what_they_are() {
        let key = key();
        let uuid = key.text("0f4c1a7e-3a70-4cf7-9d7d-1c4a2f3b9d10");
        assert!(
            uuid_length(&uuid.chars().collect::<Vec<_>>()).is_some() && &uuid[14..15] == "4" && &uuid[19..20] == "9"
        );
        for id in ["507f1f77bcf86cd799439011", "00:1a:2b:3c:4d:5e", "2001:db8:0:1::17"] {
            let other = key.text(id);
            assert!(other != id && other.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b':'), "{other}");
        }
        assert!(key.text("from 203.0.113.7.").strip_suffix('.').unwrap()[5..].parse::<Ipv4Addr>().is_ok());
        assert!(key.text("[2001:db8:0:1::17]")[1..17].parse::<Ipv6Addr>().is_ok());
        for kept in ["http://localhost:", "https://127.0.0.1", "…", "--"] {
            assert_eq!(key.text(kept), kept);
        }
        assert!(key.text("https://hooks.example/a").starts_with("https://"));
        let number = key.text("9007199254740993");
        assert!(number.len() == 16 && !number.starts_with('0') && number.bytes().all(|byte| byte.is_ascii_digit()));
    }

    #[test]
    fn normal_forms_differ_as_before() {
        let key = key();
        for text in ["Zoë Café", "Ångström", "Zoe\u{308} Cafe\u{301}", "한국어", "ﬁn"] {
            let other = key.text(text);
            assert_ne!(other, text);
            assert_eq!(other.nfc().eq(other.chars()), text.nfc().eq(text.chars()), "{text} {other}");
            assert_eq!(other.nfd().eq(other.chars()), text.nfd().eq(text.chars()), "{text} {other}");
            assert_eq!(other.nfc().count(), text.nfc().count(), "{text} {other}");
        }
    }

    proptest! {
        #[test]
        fn every_shape_stays(text in "\\PC{0,60}") {
            let other = key().text(&text);
            prop_assert_eq!(&other, &key().text(&text));
            prop_assert_eq!(other.len(), text.len());
            prop_assert!(other.chars().map(shape).eq(text.chars().map(shape)), "{} {}", text, other);
        }

        #[test]
        fn no_word_survives(words in proptest::collection::vec("[a-z]{6,12}", 1..8)) {
            let text = words.join(" ");
            let other = key().text(&text);
            for word in words {
                prop_assert!(!other.contains(&word), "{} {}", text, other);
            }
        }
    }
}
