//! What `header:`, `query:` and `field:` ask: a value by its name, and what it is.

use super::atoms::Test;
use super::needle::Needle;
use crate::payload::lookup::BodyPath;

/// What a named value must be.
#[derive(Debug, Clone)]
pub(super) enum Wanted {
    /// There, whatever it is.
    Any,
    /// With this text in it.
    With(Needle),
    /// This text.
    Exactly(Needle),
}

impl Wanted {
    /// What follows a name, from its equals sign on.
    fn read(text: Option<&str>) -> Self {
        match text.map(|text| (text, text.strip_prefix('='))) {
            None => Self::Any,
            Some((_, Some(text))) => Self::Exactly(Needle::new(text)),
            Some((text, None)) => Self::With(Needle::new(text)),
        }
    }

    pub(super) fn holds(&self, value: &str) -> bool {
        match self {
            Self::Any => true,
            Self::With(needle) => needle.is_in(value),
            Self::Exactly(needle) => needle.is_all_of(value),
        }
    }
}

/// The name, and what follows its equals sign.
fn split(text: &str) -> (&str, Option<&str>) {
    text.split_once('=').map_or((text, None), |(name, value)| (name, Some(value)))
}

pub(super) fn header(text: &str) -> Result<Test, String> {
    let (name, value) = split(text);
    if name.is_empty() {
        return Err("a header name, as in header:User-Agent or header:User-Agent=axios".to_owned());
    }
    Ok(Test::Header(name.to_owned(), value.map(Needle::new)))
}

pub(super) fn parameter(text: &str) -> Result<Test, String> {
    let (name, value) = split(text);
    if name.is_empty() {
        return Err("a parameter's name, as in query:challenge or query:hub.mode==subscribe".to_owned());
    }
    Ok(Test::Parameter(name.to_owned(), Wanted::read(value)))
}

pub(super) fn field(text: &str) -> Result<Test, String> {
    let (path, value) = split(text);
    let path = BodyPath::read(path)
        .ok_or_else(|| "a path in the body, as in field:challenge or field:event.type==ping".to_owned())?;
    Ok(Test::Field(path, Wanted::read(value)))
}
