//! What could stand where the cursor is: names of filters, and the values that each takes.

use std::ops::Range;

use super::SavedFilters;
use super::atoms::{SPECS, spec};
use super::flags::{FLAGS, PARTS};
use super::values::VERDICT_WORDS;
use crate::signature::diagnose::CauseCode;

/// The most suggestions.
const MOST: usize = 50;

/// What deliveries have had, each the most frequent or the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KnownValues {
    /// Names of events.
    pub events: Vec<String>,
    /// Names of webhooks.
    pub webhooks: Vec<String>,
    /// Methods.
    pub methods: Vec<String>,
    /// Senders' addresses, without their ports.
    pub remotes: Vec<String>,
    /// Labels of secrets.
    pub secrets: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
}

/// One thing that could stand there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    /// The text, as it is typed.
    pub text: String,
    /// What it means, where that is known.
    pub help: String,
}

/// What could stand in a place of a filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The bytes of the text that a suggestion replaces.
    pub range: Range<usize>,
    /// The likeliest first.
    pub suggestions: Vec<Suggestion>,
}

/// What could stand at byte `cursor` of `text`, by what stands before it.
///
/// ```
/// use whyhook::query::{KnownValues, SavedFilters, complete};
/// let found = complete("sim verdict:un", 14, &KnownValues::default(), &SavedFilters::default());
/// assert_eq!((found.range, &*found.suggestions[0].text), (12..14, "unsigned"));
/// ```
#[must_use]
pub fn complete(text: &str, cursor: usize, known: &KnownValues, saved: &SavedFilters) -> Completion {
    let cursor = (0..=cursor.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    let start = term_start(&text[..cursor]);
    let term = &text[start..cursor];
    let letters = term.bytes().take_while(u8::is_ascii_alphabetic).count();
    let (from, suggestions) = match term[letters..].strip_prefix(':') {
        Some(value) if letters > 0 => {
            let typed = value.trim_start_matches('"');
            (start + letters + 1, ranked(values(&term[..letters], known), typed, quoted))
        }
        _ if term.starts_with('@') => {
            let names = saved.iter().map(|(name, filter)| (format!("@{name}"), filter.to_owned()));
            (start, ranked(names.collect(), term, str::to_owned))
        }
        _ => {
            let atoms = SPECS.iter().map(|spec| (format!("{}:", spec.name), spec.help.to_owned()));
            let words = ["sim", "live"].map(|word| (word.to_owned(), format!("short for is:{word}")));
            let names = saved.iter().map(|(name, filter)| (format!("@{name}"), filter.to_owned()));
            (start, ranked(atoms.chain(words).chain(names).collect(), term, str::to_owned))
        }
    };
    Completion { range: from..cursor, suggestions }
}

/// Where the term begins in which `text` ends.
fn term_start(text: &str) -> usize {
    let (mut start, mut is_quoted, mut is_fresh) = (0, false, true);
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        let separates = character.is_whitespace() || matches!(character, '(' | ')' | '|');
        match character {
            '\\' if is_quoted => drop(characters.next()),
            '"' => (is_quoted, is_fresh) = (!is_quoted, false),
            _ if is_quoted => {}
            _ if separates || (is_fresh && matches!(character, '!' | '-')) => {
                (start, is_fresh) = (at + character.len_utf8(), true);
            }
            _ => is_fresh = false,
        }
    }
    start
}

/// What the atom takes, each with its meaning.
fn values(name: &str, known: &KnownValues) -> Vec<(String, String)> {
    let plain = |words: &[&str]| words.iter().map(|word| ((*word).to_owned(), String::new())).collect();
    let seen = |words: &[String]| words.iter().map(|word| (word.clone(), String::new())).collect();
    match spec(name).map_or("", |spec| spec.name) {
        "verdict" => plain(&VERDICT_WORDS),
        "cause" => CauseCode::ALL.iter().map(|code| (code.code().to_owned(), code.title().to_owned())).collect(),
        "is" => FLAGS.iter().map(|flag| (flag.name.to_owned(), String::new())).collect(),
        "has" => PARTS.iter().map(|part| (part.name.to_owned(), String::new())).collect(),
        "event" => seen(&known.events),
        "webhook" => seen(&known.webhooks),
        "method" => seen(&known.methods),
        "remote" => seen(&known.remotes),
        "secret" => seen(&known.secrets),
        "tag" => seen(&known.tags),
        "status" => plain(&["2xx", "3xx", "4xx", "5xx", ">=500"]),
        "size" => plain(&[">10kb", ">1MiB", "0"]),
        "latency" => plain(&[">100ms", ">1s", ">10s"]),
        "age" => plain(&[">5m", "<0s"]),
        "since" | "until" => plain(&["10m", "1h", "1d", "7d"]),
        _ => Vec::new(),
    }
}

/// Those that begin with `typed`, then those that hold it.
fn ranked(words: Vec<(String, String)>, typed: &str, write: fn(&str) -> String) -> Vec<Suggestion> {
    let typed = typed.to_lowercase();
    let place = |word: &str| {
        let word = word.to_lowercase();
        if word.starts_with(&typed) { Some(0) } else { word.contains(&typed).then_some(1) }
    };
    let mut found: Vec<(u8, Suggestion)> = words
        .into_iter()
        .filter_map(|(word, help)| Some((place(&word)?, Suggestion { text: write(&word), help })))
        .collect();
    found.sort_by_key(|(place, _)| *place);
    found.truncate(MOST);
    found.into_iter().map(|(_, suggestion)| suggestion).collect()
}

/// A value as a filter takes it.
fn quoted(value: &str) -> String {
    let is_plain = |character: char| !character.is_whitespace() && !"()|\"".contains(character);
    if !value.is_empty() && value.chars().all(is_plain) {
        return value.to_owned();
    }
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;
    use crate::query::Query;

    fn known() -> (KnownValues, SavedFilters) {
        let saved = SavedFilters::new([("broken".to_owned(), "verdict:bad".to_owned())]).unwrap();
        let events = vec!["invoice.paid".to_owned(), "charge (late)".to_owned()];
        (KnownValues { events, methods: vec!["POST".to_owned()], ..KnownValues::default() }, saved)
    }

    fn first(text: &str) -> Option<String> {
        let (known, saved) = known();
        let found = complete(text, text.len(), &known, &saved);
        let first = found.suggestions.first()?;
        Some(format!("{}{}", &text[..found.range.start], first.text))
    }

    #[rstest]
    #[case("ver", "verdict:")]
    #[case("sim !(ca", "sim !(cause:")]
    #[case("verdict:uns", "verdict:unsigned")]
    #[case("-verdict:uns", "-verdict:unsigned")]
    #[case("cause:reser", "cause:body_reserialized")]
    #[case("code:reser", "code:body_reserialized")]
    #[case("event:late", "event:\"charge (late)\"")]
    #[case("event:\"ch", "event:\"charge (late)\"")]
    #[case("event:PAID", "event:invoice.paid")]
    #[case("a @b", "a @broken")]
    #[case("\"a b\" has:im", "\"a b\" has:image")]
    #[case("tag", "tag:")]
    fn the_likeliest_comes_first(#[case] text: &str, #[case] expected: &str) {
        assert_eq!(first(text).as_deref(), Some(expected));
    }

    #[test]
    fn nothing_is_suggested_where_nothing_fits() {
        assert_eq!((first("verdict:qq"), first("path:/x"), first("\"in quot")), (None, None, None));
        let (known, saved) = known();
        assert_eq!(complete("", 0, &known, &saved).suggestions.len(), SPECS.len() + 3);
        assert_eq!(complete("sim ver x", 7, &known, &saved).range, 4..7);
    }

    proptest! {
        #[test]
        fn any_text_is_completed_at_any_place(text in "\\PC{0,20}|[a-z:\"()!@ ]{0,20}", at in 0_usize..24) {
            let (known, saved) = known();
            let found = complete(&text, at, &known, &saved);
            prop_assert!(found.range.start <= found.range.end && text.get(found.range.clone()).is_some());
        }
    }

    #[test]
    fn what_is_suggested_can_be_read() {
        let (known, saved) = known();
        for spec in &SPECS {
            let text = format!("{}:", spec.name);
            for suggestion in complete(&text, text.len(), &known, &saved).suggestions {
                let filter = format!("{text}{}", suggestion.text);
                assert!(Query::parse(&filter).is_ok(), "{filter}");
            }
        }
    }
}
