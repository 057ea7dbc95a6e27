//! The words of commands as a POSIX shell reads them (POSIX.1-2017, XCU 2), as far as that needs nothing to be run: all
//! quoting, `$'…'`, here-documents, pipes, variables that the text itself sets, and `$(printf …)`.

mod word;

use std::collections::HashMap;
use std::rc::Rc;

use self::word::is_name_byte;
pub(super) use self::word::{EXPANDED, UNCLOSED};

/// One word of a command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) bytes: Vec<u8>,
    /// What of it only the machine knows on which the command runs.
    pub(super) unknown: Option<String>,
}

/// What follows a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum CommandEnd {
    /// The next command has nothing to do with it.
    #[default]
    Done,
    /// The next command reads what it writes.
    Pipe,
}

/// One simple command.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ShellCommand {
    pub(super) words: Vec<Word>,
    /// A here-document or here-string.
    pub(super) input: Option<Vec<u8>>,
    pub(super) end: CommandEnd,
}

/// Reads all commands of a text. What a shell would refuse is read as far as it goes.
pub(super) fn commands(text: &[u8]) -> Vec<ShellCommand> {
    let mut shell = Shell { text, at: 0, variables: HashMap::new(), depth: 0, expanded: 0, all: Vec::new() };
    shell.read(None);
    shell.all
}

struct Shell<'a> {
    text: &'a [u8],
    at: usize,
    variables: HashMap<Vec<u8>, Rc<Word>>,
    depth: usize,
    /// Bytes that expansions have made.
    expanded: usize,
    all: Vec<ShellCommand>,
}

/// A here-document that begins with the next line.
struct HereDocument {
    delimiter: Vec<u8>,
    strips_tabs: bool,
}

impl Shell<'_> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take(&mut self, prefix: &[u8]) -> bool {
        let is_there = self.rest().starts_with(prefix);
        if is_there {
            self.at += prefix.len();
        }
        is_there
    }

    /// Reads commands up to the end, or to `close`.
    fn read(&mut self, close: Option<u8>) {
        let mut command = ShellCommand::default();
        let mut here: Option<HereDocument> = None;
        while let Some(byte) = self.peek() {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\\' if self.take(b"\\\n") || self.take(b"\\\r\n") => {}
                b'#' => self.at += memchr::memchr(b'\n', self.rest()).unwrap_or(self.rest().len()),
                b'\n' => {
                    self.at += 1;
                    if let Some(here) = here.take() {
                        command.input = Some(self.here_document(&here));
                    }
                    self.end(&mut command, CommandEnd::Done);
                }
                b')' => {
                    self.at += 1;
                    self.end(&mut command, CommandEnd::Done);
                    if close == Some(b')') {
                        return;
                    }
                }
                b'|' => {
                    let end = if self.take(b"||") { CommandEnd::Done } else { CommandEnd::Pipe };
                    if end == CommandEnd::Pipe {
                        self.at += 1;
                    }
                    self.end(&mut command, end);
                    self.skip_lines();
                }
                b'&' | b';' | b'(' => {
                    self.at += 1;
                    self.end(&mut command, CommandEnd::Done);
                }
                b'<' | b'>' => {
                    if let Some(document) = self.redirection(&mut command) {
                        here = Some(document);
                    }
                }
                _ => {
                    let word = self.word();
                    self.add(&mut command, word);
                }
            }
        }
        self.end(&mut command, CommandEnd::Done);
    }

    /// After a pipe, line ends are blanks.
    fn skip_lines(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    fn end(&mut self, command: &mut ShellCommand, end: CommandEnd) {
        let mut done = std::mem::take(command);
        done.end = end;
        if !done.words.is_empty() {
            self.all.push(done);
        }
    }

    /// A word of a command, or what it sets before one.
    fn add(&mut self, command: &mut ShellCommand, word: Word) {
        let name = memchr::memchr(b'=', &word.bytes).map(|at| &word.bytes[..at]);
        let is_assignment = name.is_some_and(is_name) && command.words.is_empty();
        match name.filter(|_| is_assignment) {
            Some(name) => {
                let value = Word { bytes: word.bytes[name.len() + 1..].to_vec(), unknown: word.unknown.clone() };
                self.variables.insert(name.to_vec(), Rc::new(value));
            }
            None => command.words.push(word),
        }
    }

    /// `<`, `>` and what follows them; a here-document is read later.
    fn redirection(&mut self, command: &mut ShellCommand) -> Option<HereDocument> {
        // The number of a stream before it is not a word of the command.
        if command.words.last().is_some_and(|word| matches!(&*word.bytes, b"1" | b"2"))
            && self.at > 0
            && self.text.get(self.at - 1).is_some_and(u8::is_ascii_digit)
        {
            command.words.pop();
        }
        if self.take(b"<<<") {
            self.skip_blanks();
            let mut input = self.word().bytes;
            input.push(b'\n');
            command.input = Some(input);
            return None;
        }
        if self.take(b"<<") {
            let strips_tabs = self.take(b"-");
            self.skip_blanks();
            return Some(HereDocument { delimiter: self.word().bytes, strips_tabs });
        }
        while matches!(self.peek(), Some(b'<' | b'>' | b'&' | b'|')) {
            self.at += 1;
        }
        self.skip_blanks();
        self.word();
        None
    }

    fn skip_blanks(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t')) {
            self.at += 1;
        }
    }

    fn here_document(&mut self, here: &HereDocument) -> Vec<u8> {
        let mut input = Vec::new();
        while self.at < self.text.len() {
            let length = memchr::memchr(b'\n', self.rest()).map_or(self.rest().len(), |at| at + 1);
            let mut line = &self.text[self.at..self.at + length];
            self.at += length;
            while here.strips_tabs && line.starts_with(b"\t") {
                line = &line[1..];
            }
            if line.trim_ascii_end() == here.delimiter {
                break;
            }
            input.extend_from_slice(line);
        }
        input
    }
}

fn is_name(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| !first.is_ascii_digit()) && bytes.iter().all(|byte| is_name_byte(*byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::word::EXPANSION_LIMIT;
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        let word = |word: &Word| match &word.unknown {
            None => String::from_utf8_lossy(&word.bytes).into_owned(),
            Some(unknown) => format!("?{unknown}"),
        };
        commands(text.as_bytes()).iter().map(|command| command.words.iter().map(word).collect()).collect()
    }

    #[test]
    fn every_kind_of_quoting_is_read() {
        assert_eq!(words(r#"a 'b c' "d \" e" f\ g 'h'\''i'"#), [["a", "b c", "d \" e", "f g", "h'i"]]);
        assert_eq!(words("a \\\n  b # c\nd;e && f | g"), [vec!["a", "b"], vec!["d"], vec!["e"], vec!["f"], vec!["g"]]);
        assert_eq!(words(r"a $'\n\x41\u0041\101\''"), [["a", "\nAAA'"]]);
        assert_eq!(words("b=${1:-http://h/}\nb=${b%/}\nc \"$b/x\" $d"), [["c", "http://h/x", "?$d"]]);
        assert_eq!(
            words(r#"a "$(printf 'x\012')" $(date)"#),
            [vec!["date"], vec!["a", "x", "?the output of a command"]]
        );
        assert_eq!(words("a 2>/dev/null > b < c d"), [["a", "d"]]);
        assert_eq!(words("a 'unfinished"), [["a", "?a quotation mark that is not closed"]]);
    }

    #[test]
    fn here_documents_are_input() {
        let all = commands(b"curl -d @- h <<'END'\n{\n}\nEND\nnext <<< word\n");
        assert_eq!(all[0].input.as_deref(), Some(&b"{\n}\n"[..]));
        assert_eq!(all[1].input.as_deref(), Some(&b"word\n"[..]));
    }

    #[test]
    fn variables_within_variables_have_a_limit() {
        for step in
            ["$a$a$a$a$a$a$a$a", "$(echo $a$a$a$a)$(printf '%s' $a$a$a$a)", "${a:-b}${a%x}${a}${a-b}${b:-$a}$a$a$a"]
        {
            // Nested so deep that the last would be longer than any memory.
            let text = format!("a=0123456789\n{}curl h -d $a\ncurl h -d b\n", format!("a={step}\n").repeat(60));
            let all = commands(text.as_bytes());
            let total: usize = all.iter().flat_map(|command| &command.words).map(|word| word.bytes.len()).sum();
            assert!(total <= 2 * EXPANSION_LIMIT, "{step}: {total}");
            let curl: Vec<_> = all.iter().filter(|command| command.words[0].bytes == b"curl").collect();
            assert_eq!(curl.len(), 2, "{step}");
            assert!(step.contains('(') || curl[0].words[3].unknown.as_deref() == Some(EXPANDED), "{step}");
            assert!(curl[0].words[3].unknown.is_some() && curl[1].words[3].bytes == b"b", "{step}");
        }
        // Also where each is small and there are many.
        let text = format!("a={}\n{}", "x".repeat(1 << 16), "curl h -d $a\n".repeat(1_100));
        let all = commands(text.as_bytes());
        assert!(all.iter().map(|command| command.words[3].bytes.len()).sum::<usize>() <= EXPANSION_LIMIT);
        assert!(all[1_000].words[3].unknown.is_none() && all[1_099].words[3].unknown.is_some());
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[a-z$'\"\\\\(){}`|<>#\n= ]{0,40}") {
            commands(text.as_bytes());
        }

        #[test]
        fn what_the_export_quotes_comes_back(word in proptest::collection::vec(1_u8.., 0..20)) {
            let end = word.iter().rposition(|byte| *byte != b'\n').map_or(0, |at| at + 1);
            let text = format!("a {}", crate::archive::export::shell::word(&word[..end]));
            let read = commands(text.as_bytes());
            prop_assert_eq!(&read[0].words[1].bytes, &word[..end].to_vec());
        }
    }
}
