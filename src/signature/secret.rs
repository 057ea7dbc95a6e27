//! A webhook secret: labelled, never printed, with remarks on what looks odd about it.

use std::fmt;
use std::path::PathBuf;

use hmac::{Hmac, KeyInit as _};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Where a secret was read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SecretOrigin {
    /// An environment variable, by its name.
    Environment(String),
    /// A variable in a `.env` file.
    Dotenv {
        /// The file.
        file: PathBuf,
        /// The variable's name.
        variable: String,
    },
    /// A file that holds the secret alone.
    File(PathBuf),
    /// The configuration file itself.
    Config(PathBuf),
    /// Typed into the interface for this run; in memory only.
    Typed,
    /// Made up by this program for its own test events of this run; in memory only.
    MadeUp,
}

impl fmt::Display for SecretOrigin {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(variable) => write!(formatter, "environment variable {variable}"),
            Self::Dotenv { file, variable } => write!(formatter, "{variable} in {}", file.display()),
            Self::File(file) => write!(formatter, "file {}", file.display()),
            Self::Config(file) => write!(formatter, "config {}", file.display()),
            Self::Typed => formatter.write_str("entered for this run"),
            Self::MadeUp => formatter.write_str("temporary, for this run"),
        }
    }
}

/// Something about a secret that often turns out to be a mistake. The secret is used as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Remark {
    /// It is empty.
    Empty,
    /// It ends in a newline.
    TrailingNewline,
    /// It begins or ends with other white space.
    OuterWhitespace,
    /// It is wrapped in quotation marks.
    Quoted,
    /// It holds a literal backslash-n or backslash-r.
    EscapedNewline,
    /// It holds control, zero-width or other invisible characters.
    HiddenCharacters,
    /// It is shorter than 16 bytes.
    Short,
    /// It reads like a value that was never filled in.
    Placeholder,
}

impl Remark {
    /// The remark in words, to follow "the secret … ".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Empty => "is empty",
            Self::TrailingNewline => "ends in a newline",
            Self::OuterWhitespace => "begins or ends with white space",
            Self::Quoted => "is wrapped in quotation marks",
            Self::EscapedNewline => "contains a literal \\n or \\r",
            Self::HiddenCharacters => "contains invisible characters",
            Self::Short => "is unusually short",
            Self::Placeholder => "looks like a placeholder",
        }
    }
}

/// A secret with its label. The bytes are wiped from memory when the last copy is dropped, and
/// neither `Debug` nor any other output shows them.
#[derive(Clone)]
pub struct Secret {
    label: String,
    origin: SecretOrigin,
    bytes: Zeroizing<Vec<u8>>,
    /// HMAC's state after the key, cloned for every message.
    keyed: Hmac<Sha256>,
}

impl Secret {
    /// A secret of exactly these bytes.
    #[must_use]
    pub fn new(label: impl Into<String>, bytes: Vec<u8>, origin: SecretOrigin) -> Self {
        let bytes = Zeroizing::new(bytes);
        #[expect(clippy::expect_used, reason = "RFC 2104: HMAC takes a key of any length, so that this cannot fail")]
        let keyed = Hmac::new_from_slice(&bytes).expect("HMAC accepts every key length");
        Self { label: label.into(), origin, bytes, keyed }
    }

    /// The name that the person gave it, shown instead of the secret.
    #[must_use]
    pub fn label(&self) -> &str {
        &self.label
    }

    /// Where it was read from.
    #[must_use]
    pub fn origin(&self) -> &SecretOrigin {
        &self.origin
    }

    /// The key's bytes. Never print them.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.bytes
    }

    /// HMAC-SHA256 that has taken in the key and nothing else.
    #[must_use]
    pub fn mac(&self) -> Hmac<Sha256> {
        self.keyed.clone()
    }

    /// What looks odd about it, worst first.
    #[must_use]
    pub fn remarks(&self) -> Vec<Remark> {
        let bytes = &self.bytes[..];
        if bytes.is_empty() {
            return vec![Remark::Empty];
        }
        let mut remarks = Vec::new();
        let inner = bytes.trim_ascii();
        if bytes.ends_with(b"\n") {
            remarks.push(Remark::TrailingNewline);
        } else if inner.len() != bytes.len() {
            remarks.push(Remark::OuterWhitespace);
        }
        if is_quoted(inner) {
            remarks.push(Remark::Quoted);
        }
        if memchr::memmem::find(bytes, b"\\n").is_some() || memchr::memmem::find(bytes, b"\\r").is_some() {
            remarks.push(Remark::EscapedNewline);
        }
        let text = String::from_utf8_lossy(inner);
        if text.chars().any(|character| crate::text::is_hidden(character) || character == '\u{a0}') {
            remarks.push(Remark::HiddenCharacters);
        }
        if is_placeholder(&text) {
            remarks.push(Remark::Placeholder);
        } else if bytes.len() < 16 {
            remarks.push(Remark::Short);
        }
        remarks
    }

    /// One line for a person: label, origin, length and remarks, without the secret.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut line = format!("{} ({}, {} bytes", self.label, self.origin, self.bytes.len());
        for remark in self.remarks() {
            line.push_str(", ");
            line.push_str(remark.words());
        }
        line.push(')');
        crate::text::visible(&line).into_owned()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Secret({:?}, {} bytes)", self.label, self.bytes.len())
    }
}

fn is_quoted(bytes: &[u8]) -> bool {
    matches!(bytes, [first @ (b'"' | b'\'' | b'`'), .., last] if first == last)
}

fn is_placeholder(text: &str) -> bool {
    const WORDS: [&str; 8] =
        ["undefined", "null", "changeme", "your-secret", "your_secret", "secret", "xxx", "webhook_secret"];
    let lower = text.to_ascii_lowercase();
    WORDS.contains(&lower.as_str())
        || lower.starts_with("your_")
        || lower.starts_with("your-")
        || (lower.starts_with('<') && lower.ends_with('>'))
        || lower.starts_with("${")
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn secret(bytes: &[u8]) -> Secret {
        Secret::new("dev", bytes.to_vec(), SecretOrigin::Typed)
    }

    #[rstest]
    #[case(b"0123456789abcdef0123", &[])]
    #[case(b"", &[Remark::Empty])]
    #[case(b"0123456789abcdef\n", &[Remark::TrailingNewline])]
    #[case(b" 0123456789abcdef", &[Remark::OuterWhitespace])]
    #[case(b"\"0123456789abcdef\"", &[Remark::Quoted])]
    #[case(b"0123456789abcdef\\n", &[Remark::EscapedNewline])]
    #[case("0123456789\u{200b}abcdef".as_bytes(), &[Remark::HiddenCharacters])]
    #[case(b"short", &[Remark::Short])]
    #[case(b"YOUR_WEBHOOK_SECRET", &[Remark::Placeholder])]
    #[case(b"undefined", &[Remark::Placeholder])]
    fn odd_secrets_are_pointed_out(#[case] bytes: &[u8], #[case] expected: &[Remark]) {
        assert_eq!(secret(bytes).remarks(), expected);
    }

    #[test]
    fn no_output_shows_the_secret() {
        let secret = secret(b"hunter2-hunter2-hunter2\n");
        for shown in [format!("{secret:?}"), format!("{secret:#?}"), secret.describe()] {
            assert!(!shown.contains("hunter2"), "{shown}");
            assert!(shown.contains("24 bytes"), "{shown}");
        }
    }
}
