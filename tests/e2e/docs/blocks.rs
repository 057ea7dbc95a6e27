//! Markdown as far as these tests need it: lines inside and outside of code, code spans, commands with what they print.

/// A line of a page with its number, from 1, and the language of the code block that it is in.
pub(super) struct Line<'a> {
    pub(super) number: usize,
    pub(super) text: &'a str,
    /// `None` outside of a block; empty for one without a language.
    pub(super) block: Option<&'a str>,
}

/// The lines of a page without the fences of its code blocks.
pub(super) fn lines(page: &str) -> Vec<Line<'_>> {
    let mut block = None;
    let mut lines = Vec::new();
    for (index, text) in page.lines().enumerate() {
        match text.trim_start().strip_prefix("```") {
            Some(language) if block.is_none() => block = Some(language.trim()),
            Some(_) => block = None,
            None => lines.push(Line { number: index + 1, text, block }),
        }
    }
    lines
}

/// The code spans of a line: what is between backticks, of which as many end a span as have begun it.
pub(super) fn code_spans(line: &str) -> Vec<&str> {
    let mut spans = Vec::new();
    let mut rest = line;
    while let Some(start) = rest.find('`') {
        let fence = rest[start..].bytes().take_while(|byte| *byte == b'`').count();
        let inner = &rest[start + fence..];
        let ticks = "`".repeat(fence);
        let Some(end) = inner.find(&ticks) else { break };
        spans.push(&inner[..end]);
        rest = &inner[end + fence..];
    }
    spans
}

/// A command line of a `sh` or `console` block.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Shown {
    /// The number of its line in the page.
    pub(super) number: usize,
    /// What the block has exported before it, a line each.
    pub(super) exports: Vec<String>,
    pub(super) line: String,
    /// What the page says that it prints; `None` in a block of commands alone.
    pub(super) printed: Option<Vec<String>>,
}

/// The command lines of a page.
pub(super) fn commands(page: &str) -> Vec<Shown> {
    let mut shown: Vec<Shown> = Vec::new();
    let mut exports = Vec::new();
    let (mut before, mut goes_on) = (0, false);
    for Line { number, text, block } in lines(page) {
        // A fence has a line of its own: another block begins after it.
        if number != before + 1 {
            exports.clear();
            goes_on = false;
        }
        before = number;
        let Some(language @ ("sh" | "console")) = block else { continue };
        let text = text.trim_end();
        let command = match language {
            "sh" => Some(text.trim_start()),
            _ => text.trim_start().strip_prefix("$ "),
        };
        match (command, shown.last_mut()) {
            (_, Some(last)) if goes_on => {
                last.line = format!("{} {}", last.line.trim_end_matches('\\'), text.trim_start())
            }
            (Some(command), _) if command.is_empty() || command.starts_with('#') => continue,
            (Some(command), _) if command.starts_with("export ") => {
                exports.push(command.to_owned());
                continue;
            }
            (Some(command), _) => {
                let printed = (language == "console").then(Vec::new);
                shown.push(Shown { number, exports: exports.clone(), line: command.to_owned(), printed });
            }
            (None, Some(Shown { printed: Some(printed), .. })) => printed.push(text.to_owned()),
            (None, _) => {}
        }
        goes_on = shown.last().is_some_and(|last| last.line.ends_with('\\'));
    }
    shown
}

/// Where the printed lines differ from those of the page, in which `…` alone means any lines and `…` at the end of a line
/// any words; `None` where they agree.
pub(super) fn difference(page: &[String], printed: &str) -> Option<String> {
    let mut actual = printed.lines();
    let mut skips = false;
    for expected in page {
        if expected.trim() == "…" {
            skips = true;
            continue;
        }
        let agrees = |line: &&str| match expected.strip_suffix('…') {
            Some(beginning) => line.starts_with(beginning.trim_end()),
            None => line.trim_end() == expected,
        };
        let found = if skips { actual.find(agrees) } else { actual.next().filter(agrees) };
        if found.is_none() {
            return Some(format!("the page has\n{expected}\nwhich is not printed there:\n{printed}"));
        }
        skips = false;
    }
    match actual.next() {
        Some(more) if !skips => Some(format!("the page ends before\n{more}")),
        _ => None,
    }
}

#[test]
fn commands_are_found_with_what_they_print() {
    let page = "Text `whyhook a`\n\n```sh\nexport A=1\n# nothing\nwhyhook one \\\n  --two\n\n```\n\n```sh\nwhyhook three\n```\n\n   \
                ```console\n   $ whyhook four\n   out\n   …\n   $ whyhook five\n```\n```toml\nwhyhook = 6\n```\n";
    let found = commands(page);
    let seen: Vec<_> = found.iter().map(|shown| (shown.number, shown.line.as_str(), shown.exports.len())).collect();
    assert_eq!(
        seen,
        [(6, "whyhook one  --two", 1), (12, "whyhook three", 0), (16, "whyhook four", 0), (19, "whyhook five", 0)]
    );
    assert_eq!(found[0].printed, None);
    assert_eq!(found[2].printed.as_deref(), Some(&["   out".to_owned(), "   …".to_owned()][..]));
    assert_eq!(code_spans("a `b` ``c`d`` `e"), ["b", "c`d"]);
}

#[test]
fn what_is_printed_is_compared_with_the_page() {
    let agree = |page: &[&str], printed: &str| {
        difference(&page.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>(), printed).is_none()
    };
    assert!(agree(&["a", "b"], "a\nb\n"));
    assert!(agree(&["a", "…"], "a\nb\nc\n") && agree(&["…", "c"], "a\nb\nc\n") && agree(&["a b …"], "a b c\n"));
    assert!(
        !agree(&["a"], "a\nb\n") && !agree(&["a", "b"], "a\n") && !agree(&["…", "d"], "a\n") && !agree(&["b…"], "a\n")
    );
    assert!(!agree(&["a", "…", "c"], "a\nc\nd\n"));
}
