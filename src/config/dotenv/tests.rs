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
        let is_end = |end: &usize| value[*end] == value[at] && value.get(end + 1).is_none_or(|&next| is_line_end(next));
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
