//! One word of a shell command: its quotes, and what its dollar signs stand for.

use std::rc::Rc;

use super::super::printf;
use super::{Shell, Word};

/// Substitutions within substitutions.
const DEPTH_LIMIT: usize = 8;

/// What variables and substitutions may expand to in a whole text, in bytes: each may hold the ones before several times.
pub(super) const EXPANSION_LIMIT: usize = 64 * 1024 * 1024;

/// What a word holds that would be longer than that.
pub(in crate::archive::import::curl) const EXPANDED: &str = "variables that expand to more than 64 MiB";

/// What a word holds whose quotation mark is not closed: where it ends is not known either.
pub(in crate::archive::import::curl) const UNCLOSED: &str = "a quotation mark that is not closed";

impl Shell<'_> {
    /// One word, quotes and all.
    pub(super) fn word(&mut self) -> Word {
        let mut word = Word::default();
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' | b'|' | b'&' | b';' | b'<' | b'>' | b'(' | b')' => break,
                b'\'' => {
                    self.at += 1;
                    let closed = memchr::memchr(b'\'', self.rest());
                    if closed.is_none() {
                        word.unknown = Some(UNCLOSED.to_owned());
                    }
                    let length = closed.unwrap_or(self.rest().len());
                    word.bytes.extend_from_slice(&self.text[self.at..self.at + length]);
                    self.at = (self.at + length + 1).min(self.text.len());
                }
                b'"' => self.double_quoted(&mut word),
                b'\\' => {
                    self.at += 1;
                    if !self.take(b"\n") && !self.take(b"\r\n") {
                        self.push(&mut word);
                    }
                }
                b'$' if self.take(b"$'") => self.ansi_c(&mut word),
                b'$' if self.take(b"$\"") => {
                    self.at -= 1;
                    self.double_quoted(&mut word);
                }
                b'$' => self.expansion(&mut word),
                b'`' => self.backquoted(&mut word),
                _ => self.push(&mut word),
            }
        }
        word
    }

    /// The next byte as it is.
    fn push(&mut self, word: &mut Word) {
        if let Some(byte) = self.peek() {
            word.bytes.push(byte);
            self.at += 1;
        }
    }

    fn double_quoted(&mut self, word: &mut Word) {
        self.at += 1;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => {
                    self.at += 1;
                    return;
                }
                b'\\' => match self.text.get(self.at + 1) {
                    Some(b'\n') => self.at += 2,
                    Some(b'$' | b'`' | b'"' | b'\\') => {
                        self.at += 1;
                        self.push(word);
                    }
                    _ => self.push(word),
                },
                b'$' => self.expansion(word),
                b'`' => self.backquoted(word),
                _ => self.push(word),
            }
        }
        word.unknown = Some(UNCLOSED.to_owned());
    }

    /// `$'…'`, as bash and zsh have it, and browsers write it.
    fn ansi_c(&mut self, word: &mut Word) {
        let start = self.at;
        while let Some(byte) = self.peek() {
            match byte {
                b'\'' => break,
                b'\\' => self.at = (self.at + 2).min(self.text.len()),
                _ => self.at += 1,
            }
        }
        if self.at == self.text.len() {
            word.unknown = Some(UNCLOSED.to_owned());
        }
        word.bytes.extend(printf::unescaped(&self.text[start..self.at], printf::Escapes::AnsiC));
        self.at = (self.at + 1).min(self.text.len());
    }

    fn backquoted(&mut self, word: &mut Word) {
        self.at += 1;
        let length = memchr::memchr(b'`', self.rest()).unwrap_or(self.rest().len());
        self.at = (self.at + length + 1).min(self.text.len());
        word.unknown = Some("the output of a command".to_owned());
    }

    /// What a dollar sign stands for.
    fn expansion(&mut self, word: &mut Word) {
        self.at += 1;
        match self.peek() {
            Some(b'(') => {
                self.at += 1;
                self.substitution(word);
            }
            Some(b'{') => {
                self.at += 1;
                let length = memchr::memchr(b'}', self.rest()).unwrap_or(self.rest().len());
                let inside = self.text[self.at..self.at + length].to_vec();
                self.at = (self.at + length + 1).min(self.text.len());
                self.parameter(&inside, word);
            }
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' => {
                let length = self.rest().iter().take_while(|byte| is_name_byte(**byte)).count();
                let name = self.text[self.at..self.at + length].to_vec();
                self.at += length;
                self.parameter(&name, word);
            }
            Some(byte) if byte.is_ascii_digit() || b"?#@*!$-".contains(&byte) => {
                self.at += 1;
                word.unknown = Some(format!("${}", char::from(byte)));
            }
            _ => word.bytes.push(b'$'),
        }
    }

    /// The output of commands, where they only print.
    fn substitution(&mut self, word: &mut Word) {
        if self.depth >= DEPTH_LIMIT {
            self.at = self.text.len();
            word.unknown = Some("the output of commands within commands".to_owned());
            return;
        }
        let before = std::mem::take(&mut self.all);
        self.depth += 1;
        self.read(Some(b')'));
        self.depth -= 1;
        let inside = std::mem::replace(&mut self.all, before);
        match inside.iter().map(printf::output).collect::<Option<Vec<_>>>() {
            Some(printed) => {
                let printed = printed.concat();
                let end = printed.iter().rposition(|byte| *byte != b'\n').map_or(0, |at| at + 1);
                self.expand(word, &printed[..end]);
            }
            None => {
                self.all.extend(inside);
                word.unknown = Some("the output of a command".to_owned());
            }
        }
    }

    /// `name`, `name:-default` and `name%/`: what scripts do with the address they send to.
    fn parameter(&mut self, inside: &[u8], word: &mut Word) {
        let length = inside.iter().take_while(|byte| is_name_byte(**byte)).count();
        let (name, rest) = inside.split_at(length);
        // A value is shared, not copied, until it is known that there is room for it.
        let variable = self.variables.get(name).map(Rc::clone);
        let known = variable.as_ref().map(|value| (&*value.bytes, &value.unknown));
        let value = match (known, rest) {
            (known, b"") => known,
            (known, [b':', b'-', default @ ..] | [b'-', default @ ..]) => known.or(Some((default, &None))),
            (Some((bytes, unknown)), [b'%', suffix @ ..]) => {
                Some((bytes.strip_suffix(suffix).unwrap_or(bytes), unknown))
            }
            _ => None,
        };
        match value {
            Some((bytes, unknown)) => {
                self.expand(word, bytes);
                word.unknown = word.unknown.take().or_else(|| unknown.clone());
            }
            None => word.unknown = Some(format!("${}", String::from_utf8_lossy(name))),
        }
    }

    /// Adds to a word what something stands for, while there is room for it.
    fn expand(&mut self, word: &mut Word, bytes: &[u8]) {
        self.expanded = self.expanded.saturating_add(bytes.len());
        if self.expanded > EXPANSION_LIMIT {
            word.unknown = Some(EXPANDED.to_owned());
        } else {
            word.bytes.extend_from_slice(bytes);
        }
    }
}

pub(super) fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}
