//! Reading `.env` in the dialect of Node's `dotenv` package, because the documented receivers are
//! Node programs: the secret must come out with the same bytes as theirs.
//!
//! That dialect is defined by one regular expression with backtracking (`LINE` in the package's
//! `lib/main.js`, the same in versions 16 to 18). This is that expression by hand, its corners
//! included: an unclosed quote is part of the value, `\n` and `\r` are expanded only when the value
//! begins with a double quote, `$` means nothing, a value may span lines inside quotes, and the last
//! of several assignments wins.
//!
//! ```text
//! (?:^|^)\s*(?:export\s+)?([\w.-]+)(?:\s*=\s*?|:\s+?)
//! (\s*'(?:\\'|[^'])*'|\s*"(?:\\"|[^"])*"|\s*`(?:\\`|[^`])*`|[^#\r\n]+)?\s*(?:#.*)?(?:$|$)
//! ```

/// The value that `text`, the content of a `.env` file, gives to the variable `name`; `None` when it
/// gives none.
///
/// ```
/// use whyhook::config::dotenv::lookup;
/// assert_eq!(lookup("export KEY='a b' # note", "KEY").as_deref(), Some("a b"));
/// assert_eq!(lookup("# KEY=x", "KEY"), None);
/// ```
#[must_use]
pub fn lookup(text: &str, name: &str) -> Option<String> {
    let lines = with_line_feeds(text);
    let (raw, _) = last_assignment(&lines, name)?;
    Some(unquote(raw.trim_matches(is_space)))
}

/// The variables that `text` sets, in its order.
#[must_use]
pub(super) fn names(text: &str) -> Vec<String> {
    let lines = with_line_feeds(text);
    let mut names: Vec<String> = Vec::new();
    each_assignment(&lines, |assignment| {
        if !names.iter().any(|name| name == assignment.name) {
            names.push(assignment.name.to_owned());
        }
    });
    names
}

/// What looks like a mistake in how `text` sets the variable `name`, in words that follow `.env sets NAME`.
#[must_use]
pub(super) fn oddity(text: &str, name: &str) -> Option<String> {
    let lines = with_line_feeds(text);
    let (raw, times) = last_assignment(&lines, name)?;
    if times > 1 {
        return Some(format!("{times} times: the last one is used"));
    }
    let raw = raw.trim_matches(is_space);
    let is_unclosed =
        raw.starts_with(['\'', '"', '`']) && unquote(raw).starts_with(|first: char| raw.starts_with(first));
    is_unclosed.then(|| {
        "to a value that begins with a quotation mark which is not closed: it is part of the secret".to_owned()
    })
}

/// The package turns CRLF and lone CR into LF before anything else.
fn with_line_feeds(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

/// The last value that `lines` assign to `name`, with its quotes, and how often they do.
fn last_assignment<'a>(lines: &'a str, name: &str) -> Option<(&'a str, usize)> {
    let mut found: Option<(&str, usize)> = None;
    each_assignment(lines, |assignment| {
        if assignment.name == name {
            found = Some((assignment.value, found.map_or(1, |(_, times)| times + 1)));
        }
    });
    found
}

fn each_assignment<'a>(lines: &'a str, mut found: impl FnMut(&Assignment<'a>)) {
    let mut position = Some(0);
    while let Some(start) = position {
        let key = skip_space(lines, start);
        match assignment(lines, key) {
            Some(assignment) => {
                found(&assignment);
                position = line_start_from(lines, assignment.end);
            }
            // Every line start up to `key` skips to the same place and fails the same way.
            None => position = line_start_from(lines, key + lines[key..].chars().next().map_or(1, char::len_utf8)),
        }
    }
}

struct Assignment<'a> {
    name: &'a str,
    /// The expression's second group: with the quotes and the space around them.
    value: &'a str,
    end: usize,
}

/// Matches from the optional `export` on; `start` is not white space.
fn assignment(text: &str, start: usize) -> Option<Assignment<'_>> {
    let exported = text[start..]
        .strip_prefix("export")
        .filter(|rest| rest.starts_with(is_space))
        .map(|rest| skip_space(text, text.len() - rest.len()));
    // Without the prefix second: `export = 1` assigns to a variable called "export".
    exported.into_iter().chain([start]).find_map(|key| after_export(text, key))
}

fn after_export(text: &str, start: usize) -> Option<Assignment<'_>> {
    let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-');
    let name_end = start + text[start..].find(|character| !is_name(character)).unwrap_or(text.len() - start);
    if name_end == start {
        return None;
    }
    let separator = skip_space(text, name_end);
    let value_start = if text[separator..].starts_with('=') {
        separator + 1
    } else {
        // `NAME: value`; exactly one character of white space belongs to the separator.
        let after = text[name_end..].strip_prefix(':')?;
        let space = after.chars().next().filter(|&character| is_space(character))?;
        name_end + 1 + space.len_utf8()
    };
    let (value_end, end) = value(text, value_start);
    Some(Assignment { name: &text[start..name_end], value: &text[value_start..value_end], end })
}

/// Where the value that begins at `start` ends, and where the whole match does.
fn value(text: &str, start: usize) -> (usize, usize) {
    let quote_at = skip_space(text, start);
    if let Some(quote @ ('\'' | '"' | '`')) = text[quote_at..].chars().next()
        && let Some(ends) = closing_quotes(text, quote_at, quote)
    {
        return ends;
    }
    let end = start + text[start..].find(['#', '\n']).unwrap_or(text.len() - start);
    // The tail cannot fail here: `end` is at a comment, a line break or the end of the text.
    (end, tail(text, end).unwrap_or(end))
}

/// The close of a quoted value, such that only a comment follows it on its line. Tried in the order
/// of a greedy, backtracking search: the first quote without a backslash, then those with one, from
/// the last to the first.
fn closing_quotes(text: &str, open: usize, quote: char) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let mut escaped = Vec::new();
    let mut plain = None;
    for (offset, _) in text[open + 1..].match_indices(quote) {
        let at = open + 1 + offset;
        if bytes[at - 1] == b'\\' {
            escaped.push(at);
        } else {
            plain = Some(at);
            break;
        }
    }
    let candidates = plain.into_iter().chain(escaped.into_iter().rev());
    candidates.map(|at| at + 1).find_map(|end| tail(text, end).map(|whole| (end, whole)))
}

/// `\s*(?:#.*)?$` from `start`: where it ends, if it matches.
fn tail(text: &str, start: usize) -> Option<usize> {
    let end = skip_space(text, start);
    if text[end..].starts_with('#') {
        return Some(end + text[end..].find(is_line_end).unwrap_or(text.len() - end));
    }
    if end == text.len() {
        return Some(end);
    }
    // White space may be given back until a line ends.
    text[start..end].rfind(is_line_end).map(|offset| start + offset)
}

/// Removes the quotes around a value and expands `\n` and `\r` when it began with a double quote.
fn unquote(value: &str) -> String {
    let mut unquoted = String::with_capacity(value.len());
    let mut copied = 0;
    let mut position = Some(0);
    while let Some(start) = position {
        let quote = value[start..].chars().next().filter(|character| matches!(character, '\'' | '"' | '`'));
        match quote.and_then(|quote| last_at_line_end(value, start + 1, quote)) {
            Some(end) => {
                unquoted.push_str(&value[copied..start]);
                unquoted.push_str(&value[start + 1..end]);
                copied = end + 1;
                position = line_start_from(value, copied);
            }
            None => position = line_start_from(value, start + 1),
        }
    }
    unquoted.push_str(&value[copied..]);
    if value.starts_with('"') { unquoted.replace("\\n", "\n").replace("\\r", "\r") } else { unquoted }
}

fn last_at_line_end(value: &str, from: usize, quote: char) -> Option<usize> {
    let ends_line = |at: usize| value[at + 1..].chars().next().is_none_or(is_line_end);
    value[from..].rmatch_indices(quote).map(|(offset, _)| from + offset).find(|&at| ends_line(at))
}

/// The first line start at or after `from`, which may lie inside a character.
fn line_start_from(text: &str, from: usize) -> Option<usize> {
    if from == 0 {
        return Some(0);
    }
    // The character before `from` may be the line's end.
    let before = (0..from.min(text.len())).rev().find(|&at| text.is_char_boundary(at))?;
    let ends = text[before..].char_indices().filter(|(_, character)| is_line_end(*character));
    ends.map(|(offset, character)| before + offset + character.len_utf8()).find(|&start| start >= from)
}

fn skip_space(text: &str, start: usize) -> usize {
    start + text[start..].find(|character| !is_space(character)).unwrap_or(text.len() - start)
}

/// JavaScript's `\s`, which unlike Unicode's white space holds the byte-order mark and not U+0085.
fn is_space(character: char) -> bool {
    matches!(
        character,
        '\t'..='\r' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}'
            | '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}'
    )
}

/// What `^` and `$` see as the end of a line.
fn is_line_end(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests;
