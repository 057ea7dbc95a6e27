//! curl command lines, pasted or in a script: what such a command would send.
//!
//! Read as the shell reads it in which it was copied: a POSIX shell, the command prompt of Windows, or PowerShell. Nothing
//! is run, and no file is read that was not allowed. What curl adds by itself and nobody can know is said.
//!
//! | subject | file |
//! |---|---|
//! | the words of a POSIX shell, and what `printf` prints into a pipe | `shell`, `printf` |
//! | the words of the command prompt and of PowerShell | `windows` |
//! | curl's options | `options` |
//! | the request of a command, its URL and its form | `request`, `url`, `form` |

mod form;
mod names;
mod options;
mod printf;
mod request;
mod shell;
mod url;
mod windows;

use std::io::{BufRead, Read as _};

use self::options::CurlCommand;
use self::shell::{CommandEnd, ShellCommand};
use super::ImportError;
use super::sink::Sink;
use crate::archive::export::curl::SCRIPT_HEADING;

/// The longest script, in bytes: a body may be in it as octal digits.
const SCRIPT_LIMIT: u64 = 512 * 1024 * 1024;
/// Bytes outside of quotes by which the shell of a text is known.
const SHELL_BYTES: usize = 64 * 1024;

/// Whether a text begins with a curl command, or is a script that has one early on, or is an export of whyhook, whose first
/// body may come before it.
pub(super) fn is_curl(beginning: &[u8]) -> bool {
    if beginning.starts_with(SCRIPT_HEADING.as_bytes()) {
        return true;
    }
    beginning.split(|byte| *byte == b'\n').take(60).any(|line| {
        let line = line.trim_ascii_start();
        let line = [&b"$ "[..], b"> ", b"% "].iter().find_map(|prompt| line.strip_prefix(*prompt)).unwrap_or(line);
        is_command(line) || (line.contains(&b'|') && line.windows(6).any(|part| part == b"| curl"))
    })
}

fn is_command(line: &[u8]) -> bool {
    [&b"curl"[..], b"curl.exe"].iter().any(|name| {
        line.strip_prefix(*name)
            .is_some_and(|rest| rest.first().is_some_and(|byte| matches!(byte, b' ' | b'\t' | b'\\')))
    })
}

/// Reads all curl commands of a text.
pub(super) fn read(sink: &mut Sink<'_, '_>, input: &mut dyn BufRead) -> Result<(), ImportError> {
    let mut text = Vec::new();
    input.take(SCRIPT_LIMIT + 1).read_to_end(&mut text)?;
    if text.len() as u64 > SCRIPT_LIMIT {
        return Err(ImportError::Request(format!("it is longer than {SCRIPT_LIMIT} bytes")));
    }
    let mut found = 0;
    let mut room = url::GLOB_ROOM;
    let mut printed = Vec::new();
    let (mut is_group, mut is_piped) = (false, false);
    for mut command in words(&text) {
        if command.words.first().is_some_and(|word| matches!(&*word.bytes, b"{" | b"}")) {
            is_group = command.words.remove(0).bytes == b"{";
            if is_group {
                printed.clear();
            }
        }
        let input = command.input.take();
        let words = without_prompt(&command);
        if words.first().is_some_and(|word| is_curl_name(&word.bytes)) {
            let piped = std::mem::take(&mut printed);
            let stdin = input.or_else(|| is_piped.then_some(piped));
            for request in options::requests(&words[1..], &mut room) {
                found += 1;
                let read =
                    request.and_then(|command: CurlCommand| request::of(&command, stdin.as_deref(), sink.importer));
                sink.entry(read)?;
            }
        } else if let Some(output) = printf::output(&command) {
            if !is_group {
                printed.clear();
            }
            printed.extend_from_slice(&output);
        }
        is_piped = command.end == CommandEnd::Pipe;
    }
    if found == 0 {
        return Err(ImportError::Request("no curl command in it".to_owned()));
    }
    Ok(())
}

/// The commands of a text, by the shell that it was written for. What is within single quotes is somebody's data, and says
/// nothing of that.
fn words(text: &[u8]) -> Vec<ShellCommand> {
    if text.starts_with(b"#!") {
        return shell::commands(text);
    }
    let outside = outside_quotes(text);
    let has = |part: &[u8]| memchr::memmem::find(&outside, part).is_some();
    if has(b"^\n") || has(b"^\r\n") || has(b" ^\"") {
        windows::prompt_commands(text)
    } else if has(b"`\n") || has(b"`\r\n") {
        windows::powershell_commands(text)
    } else {
        shell::commands(text)
    }
}

/// A beginning of what is not within single quotes, as a POSIX shell and PowerShell have them, nor in lines of comments.
/// The prompt of Windows has no such quotes: what shows its commands comes before any.
fn outside_quotes(text: &[u8]) -> Vec<u8> {
    let mut outside = Vec::new();
    let (mut rest, mut is_line_start) = (text, true);
    while let [first, after @ ..] = rest {
        if outside.len() >= SHELL_BYTES {
            break;
        }
        rest = after;
        match first {
            b'#' if is_line_start => {
                rest = memchr::memchr(b'\n', after).map_or(&[][..], |end| &after[end..]);
                continue;
            }
            b'\'' => {
                rest = memchr::memchr(b'\'', after).map_or(&[][..], |end| &after[end + 1..]);
                outside.push(b'\'');
            }
            // In a POSIX shell that is a quotation mark and no quote.
            b'\\' if after.first() == Some(&b'\'') => {
                rest = &after[1..];
                outside.push(b'\'');
            }
            byte => outside.push(*byte),
        }
        is_line_start = *first == b'\n' || (is_line_start && matches!(first, b' ' | b'\t'));
    }
    outside
}

/// The words without what a terminal shows before them.
fn without_prompt(command: &ShellCommand) -> &[shell::Word] {
    match &command.words[..] {
        [first, rest @ ..] if matches!(&*first.bytes, b"$" | b"%" | b"!" | b"time" | b"sudo") => rest,
        words => words,
    }
}

fn is_curl_name(word: &[u8]) -> bool {
    let name = word.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default();
    name == b"curl" || name == b"curl.exe"
}

#[cfg(test)]
mod certain_tests;
#[cfg(test)]
mod tests;
