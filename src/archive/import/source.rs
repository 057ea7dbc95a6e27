//! Which format a file is in: told, or detected from its beginning.

use crate::http::is_token;

/// The format of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ImportSource {
    /// One object after another, as `whyhook export --as json` and `show --format json` print them.
    Json,
    /// An HTTP Archive.
    Har,
    /// One request: head and body.
    Raw,
}

impl ImportSource {
    /// Every format.
    pub const ALL: [Self; 3] = [Self::Json, Self::Har, Self::Raw];

    /// The name that `--from` and the control interface take.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Har => "har",
            Self::Raw => "raw",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source| source.name() == name)
    }

    /// Every name, as messages list them.
    #[must_use]
    pub fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }

    /// Detects the format of a file from its beginning; `None` where it is of no known one.
    #[must_use]
    pub fn detect(beginning: &[u8]) -> Option<Self> {
        let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning).trim_ascii_start();
        match text.strip_prefix(b"{").map(<[u8]>::trim_ascii_start) {
            Some(inside) if inside.starts_with(b"\"log\"") => Some(Self::Har),
            Some(_) => Some(Self::Json),
            None => is_request(text).then_some(Self::Raw),
        }
    }
}

/// Whether it begins with a request line.
fn is_request(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default().trim_ascii_end();
    let version = line.rsplit(|byte| *byte == b' ').next().unwrap_or_default();
    line.first().copied().is_some_and(is_token) && version.starts_with(b"HTTP/")
}
