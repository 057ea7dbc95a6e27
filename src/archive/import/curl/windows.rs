//! The words of commands as the command prompt of Windows and PowerShell read them: what browsers copy there, as far as it
//! needs nothing to be run.

use super::shell::{ShellCommand, Word};

/// Commands of the command prompt: a caret takes the meaning from what follows it, and the C library of the program splits
/// the line (<https://learn.microsoft.com/en-us/cpp/c-language/parsing-c-command-line-arguments>).
pub(super) fn prompt_commands(text: &[u8]) -> Vec<ShellCommand> {
    let mut lines = vec![Vec::new()];
    let (mut at, mut is_quoted) = (0, false);
    while let Some(&byte) = text.get(at) {
        at += 1;
        let Some(line) = lines.last_mut() else { break };
        match byte {
            b'^' if !is_quoted => {
                // It hides a line end, and gives the byte after it as it is.
                at += match text.get(at..).unwrap_or_default() {
                    [b'\r', b'\n', ..] => 2,
                    [b'\n', ..] => 1,
                    _ => 0,
                };
                let is_break = text.get(at..).unwrap_or_default().starts_with(b"\r\n");
                at += usize::from(is_break);
                line.extend(text.get(at));
                at += 1;
            }
            b'"' => {
                is_quoted = !is_quoted;
                line.push(byte);
            }
            b'\n' if !is_quoted => lines.push(Vec::new()),
            _ => line.push(byte),
        }
    }
    lines.iter().map(|line| arguments(line)).filter(|command| !command.words.is_empty()).collect()
}

/// The arguments of a line as the C library splits it.
fn arguments(line: &[u8]) -> ShellCommand {
    let mut command = ShellCommand::default();
    let (mut word, mut is_word, mut is_quoted) = (Vec::new(), false, false);
    let mut rest = line;
    while let Some((&byte, more)) = rest.split_first() {
        rest = more;
        match byte {
            b'\\' => {
                let count = 1 + more.iter().take_while(|byte| **byte == b'\\').count();
                rest = &more[count - 1..];
                let is_before_quote = rest.first() == Some(&b'"');
                word.resize(word.len() + if is_before_quote { count / 2 } else { count }, b'\\');
                if is_before_quote && count % 2 == 1 {
                    word.push(b'"');
                    rest = &rest[1..];
                }
                is_word = true;
            }
            b'"' if is_quoted && more.first() == Some(&b'"') => {
                word.push(b'"');
                rest = &more[1..];
            }
            b'"' => (is_quoted, is_word) = (!is_quoted, true),
            b' ' | b'\t' | b'\r' if !is_quoted => {
                if std::mem::take(&mut is_word) {
                    command.words.push(Word { bytes: std::mem::take(&mut word), unknown: None });
                }
            }
            _ => {
                word.push(byte);
                is_word = true;
            }
        }
    }
    if is_word {
        command.words.push(Word { bytes: word, unknown: None });
    }
    command
}

/// Commands of PowerShell (about_Quoting_Rules). Quotation marks within a word are escaped for the program once more,
/// which older releases need.
pub(super) fn powershell_commands(text: &[u8]) -> Vec<ShellCommand> {
    let mut all = vec![ShellCommand::default()];
    let (mut word, mut is_word, mut quote) = (Word::default(), false, None);
    let mut rest = text;
    loop {
        let next = rest.split_first();
        let is_blank = matches!(next, None | Some((b' ' | b'\t' | b'\r' | b'\n' | b';' | b'|', _)));
        if is_blank
            && (quote.is_none() || next.is_none())
            && std::mem::take(&mut is_word)
            && let Some(command) = all.last_mut()
        {
            command.words.push(std::mem::take(&mut word));
        }
        let Some((&byte, more)) = next else { break };
        rest = more;
        match (quote, byte) {
            (None, b' ' | b'\t' | b'\r') => {}
            (None, b'\n' | b';' | b'|') => all.push(ShellCommand::default()),
            (None, b'\'' | b'"') => (quote, is_word) = (Some(byte), true),
            (Some(open), _) if byte == open && more.first() == Some(&open) => {
                word.bytes.push(byte);
                rest = &more[1..];
            }
            (Some(open), _) if byte == open => quote = None,
            (None | Some(b'"'), b'`') => {
                let (escaped, length) = backtick(more);
                word.bytes.extend(escaped);
                is_word |= escaped.is_some();
                rest = more.get(length..).unwrap_or_default();
            }
            (None | Some(b'"'), b'$') if more.first().is_some_and(u8::is_ascii_alphabetic) => {
                word.unknown = Some("a variable".to_owned());
                is_word = true;
            }
            (Some(_), b'\\') if more.first() == Some(&b'"') => {}
            _ => {
                word.bytes.push(byte);
                is_word = true;
            }
        }
    }
    all.retain(|command| !command.words.is_empty());
    all
}

/// What a backtick and the bytes after it stand for, and how many these are.
fn backtick(more: &[u8]) -> (Option<u8>, usize) {
    match more {
        [b'\r', b'\n', ..] => (None, 2),
        [b'\n', ..] => (None, 1),
        [b'n', ..] => (Some(b'\n'), 1),
        [b'r', ..] => (Some(b'\r'), 1),
        [b't', ..] => (Some(b'\t'), 1),
        [b'0', ..] => (Some(0), 1),
        [byte, ..] => (Some(*byte), 1),
        [] => (None, 0),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(commands: &[ShellCommand]) -> Vec<Vec<String>> {
        let text = |word: &Word| String::from_utf8_lossy(&word.bytes).into_owned();
        commands.iter().map(|command| command.words.iter().map(text).collect()).collect()
    }

    #[test]
    fn both_forms_of_browsers_are_read() {
        let newer = "curl ^\"https://h/^\" ^\r\n  -H ^\"a: b^\" ^\r\n  --data-raw ^\"^{^\\^\"x^\\^\":1^}^\"";
        let older = "curl \"https://h/\" ^\n  -H \"a: b\" --data-raw \"{\\\"x\\\":1}\"\n";
        for text in [newer, older] {
            let read = prompt_commands(text.as_bytes());
            assert_eq!(words(&read), [["curl", "https://h/", "-H", "a: b", "--data-raw", "{\"x\":1}"]]);
        }
        assert_eq!(words(&prompt_commands(b"a ^\"b^\n\nc^\" \"d\"\"e\" f\\g")), [["a", "b\nc", "d\"e", "f\\g"]]);
    }

    #[test]
    fn powershell_is_read() {
        let text = "curl.exe 'http://h/' `\r\n -H \"a: `\"b`\"\" -d '{\"x\": ''y''}'; other";
        let read = powershell_commands(text.as_bytes());
        assert_eq!(
            words(&read),
            [vec!["curl.exe", "http://h/", "-H", "a: \"b\"", "-d", "{\"x\": 'y'}"], vec!["other"]]
        );
        assert_eq!(words(&powershell_commands(br#"curl -d '{\"a\":1}'"#)), [["curl", "-d", "{\"a\":1}"]]);
    }

    proptest! {
        #[test]
        fn any_text_is_read(text in "[a-c^`'\"\\\\|;$\r\n ]{0,40}") {
            prompt_commands(text.as_bytes());
            powershell_commands(text.as_bytes());
        }
    }
}
