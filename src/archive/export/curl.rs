//! A POSIX shell script that sends deliveries again with curl, byte for byte.
//!
//! curl writes a few headers by itself; those that the captured request did not have are taken away
//! (`-H 'Accept:'`), all others are given in their order and letter case. The body comes from `printf`,
//! which every POSIX shell has: as it is when it is plain text, else as octal escapes, so that NUL and bytes
//! outside UTF-8 survive and nothing in the script can steer a terminal that shows it.
//!
//! A HEAD request with a body needs a way of its own. `curl --head` sends no body, and with `--request HEAD` curl
//! waits for the body of the answer, which never comes (RFC 9110, section 9.3.2). So curl gives up after some
//! seconds of silence, and that counts as success once there is an answer.

use std::io::{self, Write};

use memchr::memchr;

use super::{ExportItem, Exporter, Warnings, raw, warn_of_credentials, warn_of_intake};
use crate::delivery::{Delivery, DeliveryId};
use crate::http::Head;
use crate::text;

/// Where the script sends to unless it is told otherwise.
const DEFAULT_BASE: &str = "http://127.0.0.1:3000";
/// Headers that curl adds by default.
const OWN_HEADERS: [&str; 5] = ["Host", "User-Agent", "Accept", "Content-Type", "Expect"];
/// Bytes in one `printf`, which keeps lines readable by tools that bound them.
const PRINTF_BYTES: usize = 16 * 1024;

/// So long curl waits for the body of an answer to HEAD.
const SILENCE_SECONDS: u32 = 3;
/// Curl's exit codes 18 (a part of the file) and 28 (too slow) are not failures once the head of an answer is there.
const AFTER_HEAD: &str = r#") || {
  code=$?
  case "$code:$answer" in 18:HTTP/* | 28:HTTP/*) ;; *) echo "curl failed with exit code $code" >&2; exit "$code" ;; esac
}
printf '%s\n' "$answer"
echo
"#;

/// See the module.
#[derive(Debug, Default)]
pub struct Curl {
    warnings: Warnings,
    begun: bool,
}

impl Exporter for Curl {
    fn add(&mut self, item: ExportItem<'_>, out: &mut dyn Write) -> io::Result<()> {
        self.begin(out)?;
        let delivery = item.delivery;
        let id = delivery.summary.id;
        let what = delivery.summary.event.short_event().unwrap_or("request");
        writeln!(out, "\n# delivery {id}: {}", text::visible(what))?;
        if !delivery.summary.intake.is_whole() {
            let intake = delivery.summary.intake.name();
            self.warnings.add(
                id,
                format!("is left out: its request is incomplete ({intake}), and curl sends only complete ones"),
            );
            return writeln!(out, "# left out: {intake}");
        }
        warn_of_credentials(item, &mut self.warnings);
        warn_of_intake(delivery, &mut self.warnings);
        if delivery.summary.judgement.timestamp.is_some() {
            self.warnings
                .add(id, "is sent with its original signature and timestamp, which a receiver may reject as stale");
        }
        let head = &delivery.head;
        let is_odd = is_head_with_body(delivery, head);
        if is_odd {
            self.warnings.add(id, "is a HEAD request with a body: curl waits for an answer's body, and gives up on it");
            writeln!(
                out,
                "# HEAD with a body: curl gives up on the answer's body after {SILENCE_SECONDS} s of silence"
            )?;
            out.write_all(b"answer=$(")?;
        }
        if !delivery.body.is_empty() {
            body(&delivery.body, out)?;
            out.write_all(b" | ")?;
        }
        let errors = if is_odd { "" } else { " --show-error" };
        write!(out, "curl --disable --silent{errors} --include --noproxy '*'")?;
        self.command(delivery, head, out)?;
        write!(out, " \\\n  \"$base/\"")?;
        out.write_all(if is_odd { AFTER_HEAD } else { "\necho\n" }.as_bytes())
    }

    fn end(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.begin(out)
    }

    fn warnings(&self) -> &Warnings {
        &self.warnings
    }
}

impl Curl {
    fn begin(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if self.begun {
            return Ok(());
        }
        self.begun = true;
        write!(
            out,
            "#!/bin/sh\n# Deliveries captured by whyhook, to be replayed byte for byte.\n\
             # usage: sh THIS_FILE [BASE_URL]\nset -e\nbase=${{1:-{DEFAULT_BASE}}}\nbase=${{base%/}}\n"
        )
    }

    /// Everything after curl's own options: method, target, version, headers, and where the body is.
    fn command(&mut self, delivery: &Delivery, head: &Head, out: &mut dyn Write) -> io::Result<()> {
        let id = delivery.summary.id;
        let version = if head.version() == b"HTTP/1.0" { "--http1.0" } else { "--http1.1" };
        write!(out, " {version} ")?;
        if head.method() == b"HEAD" && delivery.body.is_empty() {
            out.write_all(b"--head")?;
        } else {
            write!(out, "--request {}", word(head.method()))?;
        }
        write!(out, " --request-target {}", word(head.target()))?;
        if !delivery.body.is_empty() {
            out.write_all(b" --data-binary @-")?;
        }
        if is_head_with_body(delivery, head) {
            write!(out, " --speed-limit 1 --speed-time {SILENCE_SECONDS}")?;
        }
        for name in OWN_HEADERS {
            if head.value(name).is_none() {
                write!(out, " \\\n  -H '{name}:'")?;
            }
        }
        for line in head.field_lines() {
            self.header(id, &line, out)?;
        }
        self.warn(delivery, head);
        Ok(())
    }

    fn header(&mut self, id: DeliveryId, line: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let colon = memchr(b':', line).filter(|colon| *colon > 0 && line[0] != b'@');
        let Some(colon) = colon else {
            self.warnings.add(id, "a header line that curl cannot send is left out");
            return Ok(());
        };
        let argument = if line[colon + 1..].iter().all(|byte| matches!(byte, b' ' | b'\t')) {
            // curl takes a header away that has no value; a semicolon sends it empty.
            if colon + 1 < line.len() {
                self.warnings.add(id, "white space after the colon of an empty header is not sent");
            }
            [&line[..colon], b";"].concat()
        } else {
            line.to_vec()
        };
        write!(out, " \\\n  -H {}", word(&argument))
    }

    fn warn(&mut self, delivery: &Delivery, head: &Head) {
        let id = delivery.summary.id;
        if raw::is_chunked(delivery) {
            self.warnings.add(id, "arrived in chunks; curl splits the body into chunks of its own");
        }
        if head.value("expect").is_some() {
            self.warnings
                .add(id, "has an Expect header, on which curl waits for the receiver before it sends the body");
        }
        let host = head.fields().position(|field| field.name.eq_ignore_ascii_case(b"host"));
        if host.is_some_and(|at| at > 0) {
            self.warnings.add(id, "its Host header comes first when curl sends it");
        }
        if head.values("host").count() > 1 {
            self.warnings.add(id, "has several Host headers, of which curl sends one");
        }
        if head.lines().any(|line| line.is_bare && !line.text.is_empty()) {
            self.warnings.add(id, "has lines that end in LF only; curl ends them in CR LF");
        }
    }
}

/// What curl has no option for.
fn is_head_with_body(delivery: &Delivery, head: &Head) -> bool {
    head.method() == b"HEAD" && !delivery.body.is_empty()
}

/// A command whose output is `bytes`.
fn body(bytes: &[u8], out: &mut dyn Write) -> io::Result<()> {
    if is_plain(bytes) {
        write!(out, "printf '%s' ")?;
        return out.write_all(&quoted(bytes));
    }
    out.write_all(b"{\n")?;
    for part in bytes.chunks(PRINTF_BYTES) {
        writeln!(out, "  printf '{}'", octal(part))?;
    }
    out.write_all(b"}")
}

/// The same in memory.
pub(super) fn printing(bytes: &[u8]) -> String {
    let mut command = Vec::new();
    // Memory takes every write.
    let _ = body(bytes, &mut command);
    String::from_utf8_lossy(&command).into_owned()
}

/// One word of a shell command that stands for exactly these bytes, NUL excepted, which no argument can hold.
#[must_use]
pub fn word(bytes: &[u8]) -> String {
    match std::str::from_utf8(&quoted(bytes)) {
        Ok(quoted) if is_plain(bytes) => quoted.to_owned(),
        // (A substitution drops line ends from its end; no part of a head has any.)
        _ => format!("\"$(printf '{}')\"", octal(bytes)),
    }
}

/// Text in which nothing is hidden: it may stand in a script as it is.
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes)
        .is_ok_and(|text| text.chars().all(|character| matches!(character, '\n' | '\t') || !text::is_hidden(character)))
}

/// Within single quotation marks everything but one of them stands for itself (POSIX.1-2017, XCU 2.2.2).
fn quoted(bytes: &[u8]) -> Vec<u8> {
    let mut quoted = vec![b'\''];
    for byte in bytes {
        match byte {
            b'\'' => quoted.extend_from_slice(b"'\\''"),
            other => quoted.push(*other),
        }
    }
    quoted.push(b'\'');
    quoted
}

/// A format of `printf` for these bytes: `\ddd` is all that POSIX promises in it for any byte.
fn octal(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut format = String::with_capacity(bytes.len() * 2);
    for (at, byte) in bytes.iter().enumerate() {
        // A format that begins with a hyphen looks like an option to some.
        let is_special = matches!(byte, b'\'' | b'\\' | b'%') || (at == 0 && *byte == b'-');
        if matches!(byte, b' '..=b'~') && !is_special {
            format.push(char::from(*byte));
        } else {
            let _ = write!(format, "\\{byte:03o}");
        }
    }
    format
}

#[cfg(test)]
mod tests;
