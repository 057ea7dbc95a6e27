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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_those_of_the_package() {
        for (text, expected) in RECORDED {
            assert_eq!(lookup(text, "KEY").as_deref(), expected, "{text:?}");
        }
    }

    /// Every place up to which `one`, taken as often as it can be, matches from `at` on: the longest first.
    fn greedy(text: &[char], at: usize, one: fn(char) -> bool) -> Vec<usize> {
        let end = (at..text.len()).find(|&place| !one(text[place])).unwrap_or(text.len());
        (at..=end).rev().collect()
    }

    /// The same of `(?:\\Q|[^Q])*` with the quote `Q`.
    fn quoted(text: &[char], at: usize, quote: char) -> Vec<usize> {
        let mut ends = Vec::new();
        if text[at..].starts_with(&['\\', quote]) {
            ends.extend(quoted(text, at + 2, quote));
        }
        if text.get(at).is_some_and(|&character| character != quote) {
            ends.extend(quoted(text, at + 1, quote));
        }
        ends.push(at);
        ends
    }

    /// The ends of the expression's second group from `at` on, its absence last.
    fn values(text: &[char], at: usize) -> Vec<Option<usize>> {
        let in_quotes = |quote: char| {
            let opens = greedy(text, at, is_space).into_iter().filter(move |&open| text.get(open) == Some(&quote));
            let ends = opens.flat_map(move |open| quoted(text, open + 1, quote));
            ends.filter(move |&end| text.get(end) == Some(&quote)).map(|end| Some(end + 1)).collect::<Vec<_>>()
        };
        let plain = greedy(text, at, |character| !matches!(character, '#' | '\r' | '\n'));
        let plain = plain.into_iter().filter(|&end| end > at).map(Some);
        ['\'', '"', '`'].into_iter().flat_map(in_quotes).chain(plain).chain([None]).collect()
    }

    /// The expression at the start of a line: the name, the second group, and the end, all as a backtracking search
    /// finds them first.
    fn line_at(text: &[char], start: usize) -> Option<(String, String, usize)> {
        let is_name = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-');
        let ends_line = |at: usize| text.get(at).is_none_or(|&character| is_line_end(character));
        for begin in greedy(text, start, is_space) {
            let mut names = Vec::new();
            if text[begin..].starts_with(&['e', 'x', 'p', 'o', 'r', 't']) {
                names.extend(greedy(text, begin + 6, is_space).into_iter().filter(|&end| end > begin + 6));
            }
            names.push(begin);
            let named =
                names.into_iter().flat_map(|name| greedy(text, name, is_name).into_iter().map(move |end| (name, end)));
            for (name, name_end) in named.filter(|(name, end)| end > name) {
                let mut begins = Vec::new();
                for equals in greedy(text, name_end, is_space) {
                    if text.get(equals) == Some(&'=') {
                        begins.extend(greedy(text, equals + 1, is_space).into_iter().rev());
                    }
                }
                if text.get(name_end) == Some(&':') {
                    begins.extend(greedy(text, name_end + 1, is_space).into_iter().rev().skip(1));
                }
                for begin in begins {
                    for value in values(text, begin) {
                        for space in greedy(text, value.unwrap_or(begin), is_space) {
                            let mut ends = Vec::new();
                            if text.get(space) == Some(&'#') {
                                ends.extend(greedy(text, space, |character| !is_line_end(character)));
                            }
                            ends.push(space);
                            if let Some(end) = ends.into_iter().find(|&end| ends_line(end)) {
                                let value = text[begin..value.unwrap_or(begin)].iter().collect();
                                return Some((text[name..name_end].iter().collect(), value, end));
                            }
                        }
                    }
                }
            }
        }
        None
    }

    /// `replace(/^(['"`])([\s\S]*)\1$/mg, '$2')`.
    fn without_quotes(value: &[char]) -> String {
        let (mut at, mut left) = (0, String::new());
        while at < value.len() {
            let starts = at == 0 || is_line_end(value[at - 1]);
            let is_end =
                |end: &usize| value[*end] == value[at] && value.get(end + 1).is_none_or(|&next| is_line_end(next));
            let end = (at + 1..value.len()).rev().find(is_end);
            match end.filter(|_| starts && matches!(value[at], '\'' | '"' | '`')) {
                Some(end) => {
                    left.extend(&value[at + 1..end]);
                    at = end + 1;
                }
                None => {
                    left.push(value[at]);
                    at += 1;
                }
            }
        }
        left
    }

    /// What the package does, its expressions taken at their word and tried in their order.
    fn by_the_expressions(text: &str, wanted: &str) -> Option<String> {
        let text: Vec<char> = text.replace("\r\n", "\n").replace('\r', "\n").chars().collect();
        let (mut from, mut found) = (0, None);
        while from <= text.len() {
            let starts = from == 0 || is_line_end(text[from - 1]);
            match starts.then(|| line_at(&text, from)).flatten() {
                Some((name, value, end)) => {
                    if name == wanted {
                        found = Some(value);
                    }
                    from = end;
                }
                None => from += 1,
            }
        }
        let value: Vec<char> = found?.trim_matches(is_space).chars().collect();
        let left = without_quotes(&value);
        Some(if value.first() == Some(&'"') { left.replace("\\n", "\n").replace("\\r", "\r") } else { left })
    }

    #[test]
    fn the_expressions_are_those_of_the_package() {
        for (text, expected) in RECORDED {
            assert_eq!(by_the_expressions(text, "KEY").as_deref(), expected, "{text:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]

        #[test]
        fn any_text_is_read_as_the_expressions_read_it(
            text in prop_oneof![
                "\\PC{0,40}",
                "([KEY='\"`#:\\\\ nr\r\n\u{2028}é]|export ){0,40}",
                "((export )?(KEY|K) ?[=:] ?['\"`]?(\\\\?['\"]|[a# \n]|\\\\n){0,9}['\"`]?( #['a]{0,3})?\r?\n){0,4}",
                "(KEY='(\\\\'|[a# \n]){0,8}'?\n){1,2}",
            ],
        ) {
            prop_assert_eq!(lookup(&text, "KEY"), by_the_expressions(&text, "KEY"));
        }
    }

    /// What `require('dotenv').parse(text).KEY` returned in Node 20, alike in 16 and 18.0.10.
    #[rustfmt::skip]
    const RECORDED: [(&str, Option<&str>); 99] = [
        ("KEY=abc", Some("abc")),
        ("KEY = abc ", Some("abc")),
        ("export KEY=abc", Some("abc")),
        ("  export   KEY = abc", Some("abc")),
        ("KEY: abc", Some("abc")),
        ("KEY:abc", None),
        ("KEY:\nabc", Some("abc")),
        ("export = KEY=1\nKEY=2", Some("2")),
        ("KEY=\"a b\"", Some("a b")),
        ("KEY='a b'", Some("a b")),
        ("KEY=`a b`", Some("a b")),
        ("KEY=\"a\\nb\\rc\"", Some("a\nb\rc")),
        ("KEY='a\\nb'", Some("a\\nb")),
        ("KEY=`a\\nb`", Some("a\\nb")),
        ("KEY=a\\nb", Some("a\\nb")),
        ("KEY=\"a\\\\nb\"", Some("a\\\nb")),
        ("KEY=abc # note", Some("abc")),
        ("KEY=abc#note", Some("abc")),
        ("KEY=\"abc # no\" # yes", Some("abc # no")),
        ("KEY='abc#no'#yes", Some("abc#no")),
        ("KEY=#x", Some("")),
        ("KEY=", Some("")),
        ("KEY", None),
        ("KEY=\nOTHER=1", Some("")),
        ("KEY=\"\"", Some("")),
        ("KEY=''", Some("")),
        ("KEY=$HOME", Some("$HOME")),
        ("KEY=${HOME}x", Some("${HOME}x")),
        ("KEY=\"$HOME\"", Some("$HOME")),
        ("KEY=\"a$$b\"", Some("a$$b")),
        ("KEY=a\r\nB=c\r\n", Some("a")),
        ("A=1\rKEY=b\rC=3", Some("b")),
        ("\u{feff}KEY=abc", Some("abc")),
        ("\u{feff}export KEY=\"abc\"", Some("abc")),
        ("KEY=\"line1\nline2\"", Some("line1\nline2")),
        ("KEY='line1\r\nline2'", Some("line1\nline2")),
        ("KEY=`line1\nline2`", Some("line1\nline2")),
        ("KEY=\"unclosed", Some("\"unclosed")),
        ("KEY=\"unclosed\nB=2", Some("\"unclosed")),
        ("KEY='unclosed # c", Some("'unclosed")),
        ("KEY=\"a\"b", Some("\"a\"b")),
        ("KEY=\"a\"b\"", Some("a\"b")),
        ("KEY=\"a\"b\"c\"", Some("a\"b\"c")),
        ("KEY=\"a\\\"b\"", Some("a\\\"b")),
        ("KEY='a\\'b'", Some("a\\'b")),
        ("KEY=\"a\\\"", Some("a\\")),
        ("KEY=\"a\\\" b", Some("\"a\\\" b")),
        ("KEY=\"a\\\" # \"b\"", Some("a\\")),
        ("KEY=\"a\"\nKEY=b", Some("b")),
        ("KEY=a\nKEY=", Some("")),
        ("KEY=\n\"next line\"", Some("next line")),
        ("KEY\n=\nx", Some("")),
        ("# KEY=x", None),
        ("#KEY=x\nKEY=y", Some("y")),
        (" # c\n\n\n  KEY=v", Some("v")),
        ("KEY=a b c", Some("a b c")),
        ("KEY=a=b==", Some("a=b==")),
        ("KEY=  \"  spaced  \"  ", Some("  spaced  ")),
        ("KEY=\u{a0}x\u{a0}", Some("x")),
        ("KEY=caf\u{e9} \u{1f600}", Some("caf\u{e9} \u{1f600}")),
        ("KEY-2=a\nKEY.3=b\nKEY=c", Some("c")),
        ("1KEY=a\nKEY=b", Some("b")),
        ("MY KEY=a", None),
        ("KEY==x", Some("=x")),
        ("KEY= =x", Some("=x")),
        ("KEY=\"'x'\"", Some("'x'")),
        ("KEY='\"x\"'", Some("\"x\"")),
        ("KEY=\"x'", Some("\"x'")),
        ("KEY=\\\"x\\\"", Some("\\\"x\\\"")),
        ("KEY=\"a\n# not a comment\nb\"", Some("a\n# not a comment\nb")),
        ("KEY=\"a\" \"b\"", Some("a\" \"b")),
        ("KEY=\"a\" 'b'", Some("\"a\" 'b'")),
        ("KEY=x\u{2028}y", Some("x\u{2028}y")),
        ("KEY=x\u{2028}\"y\"", Some("x\u{2028}y")),
        ("KEY=\"\\t\\\\\"", Some("\\t\\\\")),
        ("KEY=abc\\", Some("abc\\")),
        ("KEY=a;B=c", Some("a;B=c")),
        ("foo\nKEY=x", Some("x")),
        ("KEY=whsec_abc+/=", Some("whsec_abc+/=")),
        ("KEY=\"whsec_abc\n\"", Some("whsec_abc\n")),
        ("KEY=\t't'\t#", Some("t")),
        ("KEY=a\u{85}", Some("a\u{85}")),
        ("KEY=\"a\\r\\nb\"", Some("a\r\nb")),
        ("export\nKEY=v", Some("v")),
        ("exportKEY=1\nKEY=2", Some("2")),
        ("KEY=1\n\"KEY\"=2", Some("1")),
        ("KEY=\"a\nKEY=b", Some("b")),
        ("KEY='a\nKEY=b'", Some("a\nKEY=b")),
        ("KEY='it's'", Some("it's")),
        ("KEY=\"{\"a\":\"b\"}\"", Some("{\"a\":\"b\"}")),
        ("KEY={\"a\":\"b\"}", Some("{\"a\":\"b\"}")),
        ("KEY=\\n", Some("\\n")),
        ("KEY= # note\nOTHER=x", Some("")),
        ("KEY=`a\"b'c`", Some("a\"b'c")),
        ("KEY=\"a\u{2028}\"b", Some("\"a\u{2028}\"b")),
        ("KEY='\\'", Some("\\")),
        ("KEY='a\\'\nB='c'", Some("a\\")),
        ("KEY=\u{c} x", Some("x")),
        ("KEY\u{a0}=\u{a0}x", Some("x")),
    ];
}
