//! A POSIX shell script that sends deliveries again with curl, byte for byte.
//!
//! curl writes a few headers by itself; those that the captured request did not have are taken away
//! (`-H 'Accept:'`), all others are given in their order and letter case. The body comes from `printf`,
//! which every POSIX shell has: as it is when it is plain text, else as octal escapes, so that NUL and bytes
//! outside UTF-8 survive and nothing in the script can steer a terminal that shows it.
//!
//! After a HEAD request with a body curl gives up on the answer's body once it was silent for some seconds, and that
//! counts as success once there is an answer.

use std::io::{self, Write};

use memchr::memchr;

use super::curl_request::{
    self as request, SILENCE_SECONDS, has_body, is_empty_value, is_head_with_body, without_header,
};
use super::{ExportItem, Exporter, Warnings, raw, shell, warn_of_credentials, warn_of_intake};
use crate::delivery::{Delivery, DeliveryId};
use crate::http::Head;
use crate::text;

/// How a script begins, by which it is known again.
pub(in crate::archive) const SCRIPT_HEADING: &str = "#!/bin/sh\n# Deliveries captured by whyhook";

/// Where the script sends to unless it is told otherwise.
const DEFAULT_BASE: &str = "http://127.0.0.1:3000";
/// Headers that curl adds by default.
const OWN_HEADERS: [&str; 5] = ["Host", "User-Agent", "Accept", "Content-Type", "Expect"];
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
        let is_odd = is_head_with_body(delivery, has_body(delivery));
        if is_odd {
            self.warnings.add(id, "is a HEAD request with a body: curl waits for an answer's body, and gives up on it");
            writeln!(
                out,
                "# HEAD with a body: curl gives up on the answer's body after {SILENCE_SECONDS} s of silence"
            )?;
            out.write_all(b"answer=$(")?;
        }
        if !delivery.body.is_empty() {
            shell::print(&delivery.body, out)?;
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
            "{SCRIPT_HEADING}, to be replayed byte for byte.\n\
             # usage: sh THIS_FILE [BASE_URL]\nset -e\nbase=${{1:-{DEFAULT_BASE}}}\nbase=${{base%/}}\n"
        )
    }

    /// Everything after curl's own options: method, target, version, headers, and where the body is.
    fn command(&mut self, delivery: &Delivery, head: &Head, out: &mut dyn Write) -> io::Result<()> {
        let id = delivery.summary.id;
        let version = if head.version() == b"HTTP/1.0" { "--http1.0" } else { "--http1.1" };
        let has_body = has_body(delivery);
        write!(out, " {version} {}", request::method(delivery, has_body))?;
        write!(out, " {}", request::target(head.target()))?;
        if has_body {
            out.write_all(if delivery.body.is_empty() { b" --data-binary ''" } else { b" --data-binary @-" })?;
        }
        for name in OWN_HEADERS {
            if head.value(name).is_none() {
                write!(out, " \\\n  {}", without_header(name))?;
            }
        }
        let loses_trailers = delivery.framing.trailers().next().is_some();
        for line in head.field_lines() {
            if !(loses_trailers && is_trailer_header(&line)) {
                self.header(id, &line, out)?;
            }
        }
        self.warn(delivery, head);
        Ok(())
    }

    fn header(&mut self, id: DeliveryId, line: &[u8], out: &mut dyn Write) -> io::Result<()> {
        let Some(argument) = request::header(line) else {
            self.warnings.add(id, "a header line that curl cannot send is left out");
            return Ok(());
        };
        let (_, value) = line.split_at(memchr(b':', line).map_or(line.len(), |colon| colon + 1));
        if !value.is_empty() && is_empty_value(value) {
            self.warnings.add(id, "white space after the colon of an empty header is not sent");
        }
        write!(out, " \\\n  {argument}")
    }

    fn warn(&mut self, delivery: &Delivery, head: &Head) {
        let id = delivery.summary.id;
        if raw::is_chunked(delivery) {
            self.warnings.add(id, "arrived in chunks; curl splits the body into chunks of its own");
        }
        if delivery.framing.trailers().next().is_some() {
            self.warnings
                .add(id, "has trailers, which curl cannot send: they are left out, and so is the header Trailer");
        }
        if head.value("expect").is_some() {
            self.warnings
                .add(id, "has an Expect header, on which curl waits for the receiver before it sends the body");
        }
        let host = head.fields().position(|field| field.name.eq_ignore_ascii_case(b"host"));
        if host.is_some_and(|at| at > 0) {
            self.warnings.add(id, "its Host header comes first when curl sends it");
        }
        if head.fields().any(|field| field.name.eq_ignore_ascii_case(b"host") && &field.name[..] != b"Host") {
            self.warnings.add(id, "curl writes the name of its Host header as Host, in that letter case");
        }
        if head.values("host").count() > 1 {
            self.warnings.add(id, "has several Host headers, of which curl sends one");
        }
        if head.lines().any(|line| line.is_bare && !line.text.is_empty()) {
            self.warnings.add(id, "has lines that end in LF only; curl ends them in CR LF");
        }
    }
}

/// Whether a header line announces trailers (RFC 9110, section 6.6.2).
fn is_trailer_header(line: &[u8]) -> bool {
    memchr(b':', line).is_some_and(|colon| line[..colon].trim_ascii_end().eq_ignore_ascii_case(b"trailer"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::archive::import::tests_delivery;

    #[test]
    fn the_letter_case_of_host_is_said_to_change() {
        let is_said = |host: &str| {
            let delivery = tests_delivery(format!("GET / HTTP/1.1\r\n{host}: h\r\n\r\n").as_bytes(), b"");
            let mut export = Curl::default();
            export.warn(&delivery, &delivery.head);
            format!("{:?}", export.warnings).contains("letter case")
        };
        assert!(is_said("host") && is_said("HOST") && !is_said("Host"));
    }
}
