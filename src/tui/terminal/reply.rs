//! What a terminal replies when it is asked for its background, among what a person types meanwhile. Pure.

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};

use crate::text::hexadecimal;

/// Asks for the background (OSC 11), and then what every terminal answers at once (DA1): whoever does not know the
/// first has still answered the second.
pub(crate) const QUESTION: &[u8] = b"\x1b]11;?\x1b\\\x1b[c";

/// Red, green and blue.
type Rgb = (u8, u8, u8);

/// What was read so far.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct TerminalReply {
    /// The background.
    pub(crate) background: Option<Rgb>,
    /// Whether the second question was answered: nothing more comes.
    pub(crate) is_whole: bool,
    /// What was typed or pasted.
    pub(crate) typed: Vec<u8>,
}

impl TerminalReply {
    /// Tells replies from keys. What is cut off counts as typed.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let mut reply = Self::default();
        let mut rest = bytes;
        while !rest.is_empty() {
            if let Some((colour, length)) = osc_11(rest) {
                reply.background = colour.or(reply.background);
                rest = &rest[length..];
            } else if let Some(length) = device_attributes(rest) {
                reply.is_whole = true;
                rest = &rest[length..];
            } else {
                reply.typed.push(rest[0]);
                rest = &rest[1..];
            }
        }
        reply
    }
}

/// The reply to OSC 11 at the beginning: its colour, if it has one, and its length.
fn osc_11(bytes: &[u8]) -> Option<(Option<Rgb>, usize)> {
    const BEGINNING: &[u8] = b"\x1b]11;";
    /// More than any colour takes; what is longer is something else.
    const LONGEST: usize = 64;
    let body = bytes.strip_prefix(BEGINNING)?;
    let end = body.iter().take(LONGEST).position(|byte| matches!(byte, 0x07 | 0x1b))?;
    let terminator = match (body[end], body.get(end + 1)) {
        (0x07, _) => 1,
        (_, Some(b'\\')) => 2,
        _ => return None,
    };
    let colour = std::str::from_utf8(&body[..end]).ok().and_then(colour);
    Some((colour, BEGINNING.len() + end + terminator))
}

/// The reply to DA1, `ESC [ ? … c`, at the beginning: its length.
fn device_attributes(bytes: &[u8]) -> Option<usize> {
    const BEGINNING: &[u8] = b"\x1b[?";
    let body = bytes.strip_prefix(BEGINNING)?;
    let end = body.iter().position(|byte| !matches!(byte, b'0'..=b'9' | b';'))?;
    (body[end] == b'c').then_some(BEGINNING.len() + end + 1)
}

/// A colour as X11 writes it (XParseColor): `rgb:RR/GG/BB` with one to four digits each, `rgba:` with a fourth, or `#`
/// and one to four digits for each of three.
fn colour(text: &str) -> Option<Rgb> {
    let parts: Vec<&str> = match text.strip_prefix('#') {
        Some(digits) if digits.is_ascii() && matches!(digits.len(), 3 | 6 | 9 | 12) => {
            let each = digits.len() / 3;
            vec![&digits[..each], &digits[each..2 * each], &digits[2 * each..]]
        }
        Some(_) => return None,
        None => {
            let values = text.strip_prefix("rgb:").or_else(|| text.strip_prefix("rgba:"))?;
            values.split('/').collect()
        }
    };
    match parts[..] {
        [red, green, blue] | [red, green, blue, _] => Some((channel(red)?, channel(green)?, channel(blue)?)),
        _ => None,
    }
}

/// One to four hexadecimal digits, of which all `f` is the brightest, as a byte.
fn channel(digits: &str) -> Option<u8> {
    if digits.len() > 4 {
        return None;
    }
    let value = u32::try_from(hexadecimal(digits)?).ok()?;
    let brightest = (1 << (4 * digits.len())) - 1;
    u8::try_from(value * 255 / brightest).ok()
}

/// What was typed, as the events that it would have been. Only what a person types in a moment counts: characters,
/// control keys, arrows and a paste.
pub(crate) fn events(typed: &[u8]) -> Vec<Event> {
    const PASTE: (&str, &str) = ("\x1b[200~", "\x1b[201~");
    let text = String::from_utf8_lossy(typed);
    let (mut events, mut rest) = (Vec::new(), &*text);
    while let Some(first) = rest.chars().next() {
        let pasted = rest.strip_prefix(PASTE.0).and_then(|after| after.split_once(PASTE.1));
        if let Some((text, after)) = pasted {
            events.push(Event::Paste(text.to_owned()));
            rest = after;
        } else if let Some((code, length)) = sequence(rest) {
            events.extend(code.map(|code| Event::Key(KeyEvent::new(code, KeyModifiers::NONE))));
            rest = &rest[length..];
        } else {
            events.push(Event::Key(key(first)));
            rest = &rest[first.len_utf8()..];
        }
    }
    events
}

/// A key that sends an escape sequence, and the sequence's length. One that is not known is passed over.
fn sequence(text: &str) -> Option<(Option<KeyCode>, usize)> {
    let body = text.strip_prefix("\x1b[").or_else(|| text.strip_prefix("\x1bO"))?;
    let end = body.find(|character: char| !matches!(character, '0'..='9' | ';' | '?' | '<'))?;
    let last = body[end..].chars().next()?;
    let code = match (&body[..end], last) {
        (_, 'A') => Some(KeyCode::Up),
        (_, 'B') => Some(KeyCode::Down),
        (_, 'C') => Some(KeyCode::Right),
        (_, 'D') => Some(KeyCode::Left),
        (_, 'H') => Some(KeyCode::Home),
        (_, 'F') => Some(KeyCode::End),
        (_, 'Z') => Some(KeyCode::BackTab),
        ("3", '~') => Some(KeyCode::Delete),
        ("5", '~') => Some(KeyCode::PageUp),
        ("6", '~') => Some(KeyCode::PageDown),
        _ => None,
    };
    Some((code, 2 + end + last.len_utf8()))
}

fn key(character: char) -> KeyEvent {
    let plain = |code| KeyEvent::new(code, KeyModifiers::NONE);
    match character {
        '\r' => plain(KeyCode::Enter),
        '\t' => plain(KeyCode::Tab),
        '\x1b' => plain(KeyCode::Esc),
        '\x7f' => plain(KeyCode::Backspace),
        '\x01'..='\x1a' => {
            let letter = char::from_u32(u32::from(character) + u32::from('a') - 1).unwrap_or(' ');
            KeyEvent::new(KeyCode::Char(letter), KeyModifiers::CONTROL)
        }
        other => plain(KeyCode::Char(other)),
    }
}

/// Takes a reply that came too late out of the keys. crossterm knows no OSC and reads one as Alt-] and characters.
#[derive(Debug, Clone, Default)]
pub(crate) struct LateReply {
    /// What may be the beginning of one.
    held: Vec<Event>,
}

impl LateReply {
    /// What crossterm makes of the beginning of a reply.
    const BEGINNING: [(char, KeyModifiers); 4] =
        [(']', KeyModifiers::ALT), ('1', KeyModifiers::NONE), ('1', KeyModifiers::NONE), (';', KeyModifiers::NONE)];
    /// More keys than any reply has.
    const LONGEST: usize = 80;

    /// Passes events on that belong to no reply.
    pub(crate) fn pass(&mut self, event: Event) -> Vec<Event> {
        let pressed = match &event {
            Event::Key(key) => match key.code {
                KeyCode::Char(character) => Some((character, key.modifiers)),
                _ => None,
            },
            _ => None,
        };
        let place = self.held.len();
        let goes_on = match Self::BEGINNING.get(place) {
            Some(expected) => pressed == Some(*expected),
            None => pressed.is_some() && place < Self::LONGEST,
        };
        let is_end = pressed == Some(('\\', KeyModifiers::ALT)) || pressed == Some(('g', KeyModifiers::CONTROL));
        if place >= Self::BEGINNING.len() && is_end {
            self.held.clear();
            return Vec::new();
        }
        self.held.push(event);
        if goes_on { Vec::new() } else { std::mem::take(&mut self.held) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("rgb:0000/2b2b/3636", (0x00, 0x2b, 0x36))]
    #[case("rgb:ff/ff/ff", (255, 255, 255))]
    #[case("rgb:f/0/8", (255, 0, 136))]
    #[case("rgb:fff/000/800", (255, 0, 127))]
    #[case("rgba:2828/2a2a/3636/ffff", (0x28, 0x2a, 0x36))]
    #[case("#fdf6e3", (0xfd, 0xf6, 0xe3))]
    #[case("#fff", (255, 255, 255))]
    #[case("#ffff00008080", (255, 0, 128))]
    fn colours_are_read_as_x11_writes_them(#[case] text: &str, #[case] rgb: Rgb) {
        assert_eq!(colour(text), Some(rgb));
    }

    #[rstest]
    #[case("")]
    #[case("rgb:")]
    #[case("rgb:1/2")]
    #[case("rgb:1/2/3/4/5")]
    #[case("rgb:12345/0/0")]
    #[case("rgb:+f/0/0")]
    #[case("rgb:g/0/0")]
    #[case("#12345")]
    #[case("?")]
    fn anything_else_is_no_colour(#[case] text: &str) {
        assert_eq!(colour(text), None);
    }

    #[rstest]
    #[case(b"\x1b]11;rgb:0000/0000/0000\x1b\\\x1b[?62;22c", Some((0, 0, 0)), true, b"")]
    #[case(b"\x1b]11;rgb:ffff/ffff/ffff\x07\x1b[?6c", Some((255, 255, 255)), true, b"")]
    #[case(b"\x1b[?1;2c", None, true, b"")]
    #[case(b"q\x1b]11;rgb:0/0/0\x07j\x1b[?6ck", Some((0, 0, 0)), true, b"qjk")]
    #[case(b"\x1b[A\x1b[?6c\r", None, true, b"\x1b[A\r")]
    #[case(b"\x1b]11;nonsense\x07", None, false, b"")]
    #[case(b"\x1b]11;rgb:0/0/0", None, false, b"\x1b]11;rgb:0/0/0")]
    #[case(b"", None, false, b"")]
    fn a_reply_is_told_from_what_is_typed(
        #[case] bytes: &[u8],
        #[case] background: Option<Rgb>,
        #[case] is_whole: bool,
        #[case] typed: &[u8],
    ) {
        assert_eq!(TerminalReply::read(bytes), TerminalReply { background, is_whole, typed: typed.to_vec() });
    }

    fn late(bytes: &[u8]) -> Vec<Event> {
        // As crossterm reads them: ESC and a character is that character with Alt.
        let mut filter = LateReply::default();
        let mut passed = Vec::new();
        let text = String::from_utf8_lossy(bytes);
        let mut characters = text.chars();
        while let Some(character) = characters.next() {
            let event = match character {
                '\x1b' => {
                    let next = characters.next().unwrap_or('?');
                    KeyEvent::new(KeyCode::Char(next), KeyModifiers::ALT)
                }
                other => key(other),
            };
            passed.extend(filter.pass(Event::Key(event)));
        }
        passed
    }

    #[test]
    fn a_reply_that_comes_late_is_no_key() {
        assert_eq!(late(b"\x1b]11;rgb:0000/2b2b/3636\x1b\\"), []);
        assert_eq!(late(b"j\x1b]11;rgb:00/00/00\x07q"), events(b"jq"));
        // What is not one is passed on whole.
        assert_eq!(late(b"\x1b]12"), late(b"\x1b]12"));
        assert_eq!(late(b"\x1b]12").len(), 3);
        assert_eq!(late(format!("\x1b]11;{}", "x".repeat(100)).as_bytes()).len(), 104);
    }

    #[test]
    fn what_was_typed_meanwhile_becomes_keys() {
        let code = |event: &Event| event.as_key_event().map(|key| key.code);
        let codes: Vec<_> = events("jé\r\t\x1b\x7f\x1b[A\x1bOB\x1b[5~".as_bytes()).iter().map(code).collect();
        let expected = [
            KeyCode::Char('j'),
            KeyCode::Char('é'),
            KeyCode::Enter,
            KeyCode::Tab,
            KeyCode::Esc,
            KeyCode::Backspace,
            KeyCode::Up,
            KeyCode::Down,
            KeyCode::PageUp,
        ];
        assert_eq!(codes, expected.map(Some));
        assert_eq!(events(b"\x03"), [Event::Key(KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL))]);
        assert_eq!(events(b"\x1b[200~a\nb\x1b[201~"), [Event::Paste("a\nb".to_owned())]);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_and_none_is_lost(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let reply = TerminalReply::read(&bytes);
            prop_assert!(reply.typed.len() <= bytes.len());
            let _ = events(&bytes);
            if reply.background.is_none() && !reply.is_whole && !bytes.contains(&0x1b) {
                prop_assert_eq!(reply.typed, bytes);
            }
        }

        #[test]
        fn a_reply_is_found_wherever_it_comes(
            before in "[a-z:/\r]{0,12}",
            after in "[a-z:/\r]{0,12}",
            red: u16, green: u16, blue: u16,
            bell: bool,
        ) {
            let end = if bell { "\x07" } else { "\x1b\\" };
            let text = format!("{before}\x1b]11;rgb:{red:04x}/{green:04x}/{blue:04x}{end}{after}\x1b[?64;1;9c");
            let reply = TerminalReply::read(text.as_bytes());
            let byte = |value: u16| u8::try_from(u32::from(value) * 255 / 0xffff).unwrap();
            prop_assert_eq!(reply.background, Some((byte(red), byte(green), byte(blue))));
            prop_assert!(reply.is_whole);
            prop_assert_eq!(String::from_utf8(reply.typed).unwrap(), format!("{before}{after}"));
        }
    }
}
