//! What a person writes on a command line: a URL, a pace, a template, an event, a length of time, a size. Each is read
//! or refused in visible words, and what it prints is the same one.

use std::fmt::{Debug, Display};
use std::str::FromStr;

use whyhook::http::Target;
use whyhook::send::BatchPace;
use whyhook::signature::SignedContent;
use whyhook::text::units::{parse_duration, parse_size};

use super::assert_visible;

/// The text.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    comes_back::<Target>(text);
    // A template is printed for a person: what cannot be seen, or not well, is shown by its symbol.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        comes_back::<SignedContent>(text);
    }
    said(text.parse::<SignedContent>().map(|content| assert_visible(&content.to_string())));
    said(text.parse::<BatchPace>());
    said(parse_duration(text));
    said(parse_size(text));
    if let Ok(target) = text.parse::<Target>() {
        let _ = (target.is_loopback(), target.port(), target.authority());
        assert!(!target.request_target().contains(char::is_whitespace));
    }
}

fn comes_back<T>(text: &str)
where
    T: FromStr<Err: Display> + Display + PartialEq + Debug,
{
    if let Some(read) = said(text.parse::<T>()) {
        let written = read.to_string();
        assert_eq!(said(written.parse::<T>()), Some(read), "{written:?}");
    }
}

fn said<T>(read: Result<T, impl Display>) -> Option<T> {
    read.map_err(|error| assert_visible(&error.to_string())).ok()
}
