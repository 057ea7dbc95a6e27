//! A request as the exact bytes that go out.

use bytes::Bytes;

use super::{NoOriginForm, Target, origin_form};
use crate::http::lines::{split_at_colon, trim};
use crate::http::{Head, head_end};
use crate::text::visible_bytes;

/// One header line without its line end, exactly as it goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderLine(Bytes);

/// Bytes that cannot stand in a header line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid header '{0}': expected a name without white space, a colon, and a value without line ends and NUL")]
pub struct InvalidHeader(String);

impl HeaderLine {
    /// `name: value`.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] for an empty name, one with a colon or white space, and for CR, LF or NUL.
    pub fn new(name: impl AsRef<[u8]>, value: impl AsRef<[u8]>) -> Result<Self, InvalidHeader> {
        let (name, value) = (name.as_ref(), value.as_ref());
        if name.is_empty() || name.iter().any(|byte| matches!(byte, b':' | b' ' | b'\t')) {
            return Err(InvalidHeader(visible_bytes(name).into_owned()));
        }
        Self::raw(Bytes::from([name, b": ", value].concat()))
    }

    /// A line as it is, spaces around its value included.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] without a colon or a name, for a name with white space (at the front it continues the line before,
    /// before the colon servers read it differently: RFC 9112, sections 5.1 and 5.2), and for CR, LF or NUL.
    pub fn raw(line: Bytes) -> Result<Self, InvalidHeader> {
        let is_wrong = line.iter().any(|byte| matches!(byte, b'\r' | b'\n' | 0));
        let is_name = |name: &[u8]| !name.is_empty() && !name.iter().any(|byte| matches!(byte, b' ' | b'\t'));
        if is_wrong || split_at_colon(&line).is_none_or(|(name, _)| !is_name(name)) {
            return Err(InvalidHeader(visible_bytes(&line).into_owned()));
        }
        Ok(Self(line))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// What stands before the colon.
    #[must_use]
    pub fn name(&self) -> &[u8] {
        self.parts().0
    }

    /// What stands after it, without the white space around.
    #[must_use]
    pub fn value(&self) -> &[u8] {
        trim(self.parts().1)
    }

    /// A line has a colon: without one it is not made.
    fn parts(&self) -> (&[u8], &[u8]) {
        split_at_colon(&self.0).unwrap_or_default()
    }

    fn is(&self, name: &str) -> bool {
        self.name().eq_ignore_ascii_case(name.as_bytes())
    }
}

/// What is not sent as it was captured, and why it cannot be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RequestChange {
    /// The request goes to another path, or names the same one in another form.
    Target {
        /// The captured request target.
        from: String,
        /// The one sent.
        to: String,
    },
    /// The Host header names the new host (RFC 9110, section 7.2).
    Host {
        /// The captured value; `None` when there was none.
        from: Option<String>,
        /// The value sent.
        to: String,
    },
    /// The length header was wrong, missing, or that of another body.
    Length {
        /// The captured value; `None` when there was none.
        from: Option<String>,
        /// The value sent.
        to: u64,
    },
    /// The body came in chunks, whose boundaries are not kept: it goes out with its length.
    Unchunked {
        /// The length sent.
        length: u64,
    },
    /// A header that speaks of the first connection alone (RFC 9110, section 7.6.1).
    Removed {
        /// Its name.
        name: String,
    },
    /// A signature beside the one that is made again: it would no longer be right.
    OtherSignature {
        /// Its header's name.
        name: String,
    },
    /// A header that cannot stand in a request.
    Unsendable {
        /// The line.
        line: String,
    },
    /// It came as HTTP/1.0 and goes out as HTTP/1.1.
    Version,
    /// Its lines ended in LF alone and now end in CR LF.
    LineEnds,
}

impl RequestChange {
    /// The stable name that JSON output uses.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Target { .. } => "target",
            Self::Host { .. } => "host",
            Self::Length { .. } => "length",
            Self::Unchunked { .. } => "unchunked",
            Self::Removed { .. } => "removed",
            Self::OtherSignature { .. } => "other_signature",
            Self::Unsendable { .. } => "unsendable",
            Self::Version => "version",
            Self::LineEnds => "line_ends",
        }
    }

    /// In words for people; visible text.
    #[must_use]
    pub fn words(&self) -> String {
        let or_none = |from: &Option<String>| from.clone().unwrap_or_else(|| "none".to_owned());
        match self {
            Self::Target { from, to } => format!("target {from} → {to}"),
            Self::Host { from, to } => format!("Host {} → {to}", or_none(from)),
            Self::Length { from, to } => format!("Content-Length {} → {to}", or_none(from)),
            Self::Unchunked { length } => format!("Transfer-Encoding: chunked → Content-Length: {length}"),
            Self::Removed { name } => format!("{name} removed: it applied only to the first connection"),
            Self::OtherSignature { name } => format!("{name} removed: only the other signature is made again"),
            Self::Unsendable { line } => format!("'{line}' removed: not a header"),
            Self::Version => "HTTP/1.0 → HTTP/1.1".to_owned(),
            Self::LineEnds => "line ends LF → CR LF".to_owned(),
        }
    }
}

/// Why nothing can be asked of a server with a captured head.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoRequest {
    /// The head has no request line.
    #[error("no request line")]
    NoRequestLine,
    /// No server can be asked for its target.
    #[error(transparent)]
    NoOriginForm(#[from] NoOriginForm),
}

/// A request to send: everything goes out as it stands here, in this order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// The method.
    pub method: Bytes,
    /// The request target.
    pub target: Bytes,
    /// The header lines.
    pub lines: Vec<HeaderLine>,
    /// The body.
    pub body: Bytes,
    /// The bytes of a capture that go out in the place of these parts.
    captured: CapturedBytes,
}

/// Bytes that go out as they were captured.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
struct CapturedBytes {
    /// In the place of the request line and the header lines.
    head: Option<Head>,
    /// In the place of the body: the body in its chunks.
    section: Option<Bytes>,
}

impl Outgoing {
    /// A POST of JSON with the headers that every receiver needs: Host, Content-Type and
    /// Content-Length.
    ///
    /// # Errors
    ///
    /// None that a [`Target`] can cause.
    pub fn post(target: &Target, body: impl Into<Bytes>) -> Result<Self, InvalidHeader> {
        let body = body.into();
        Ok(Self {
            method: Bytes::from_static(b"POST"),
            target: Bytes::from(target.request_target()),
            lines: vec![
                HeaderLine::new("Host", target.authority())?,
                HeaderLine::new("Content-Type", "application/json")?,
                HeaderLine::new("Content-Length", body.len().to_string())?,
            ],
            body,
            captured: CapturedBytes::default(),
        })
    }

    /// A captured request for `target`: its exact header lines, in their order and letter case, and its exact body; in
    /// the chunks in which it came, where `section` holds them. Changed is only what would be wrong otherwise, and what
    /// was is returned.
    ///
    /// A target without a path of its own keeps the request's, as a server is asked for it.
    ///
    /// # Errors
    ///
    /// [`NoRequest`] when no server can be asked for it.
    pub fn of_capture(
        head: &Head,
        body: Bytes,
        section: Option<Bytes>,
        target: &Target,
    ) -> Result<(Self, Vec<RequestChange>), NoRequest> {
        let keeps_chunks = section.is_some();
        let (mut request, mut changes) = Self::without_length(head, target, keeps_chunks)?;
        if !keeps_chunks {
            request.set_length(body.len() as u64, &mut changes);
        }
        request.body = body;
        request.captured.section = section;
        Ok((request, changes))
    }

    /// Bytes exactly as they were captured, whatever they are: nothing is changed, not even what names the server.
    #[must_use]
    pub fn exact(head: &Head, body_section: Bytes) -> Self {
        let (method, target) = request_line(head);
        let bytes = head.bytes();
        // Of what was no request, everything that came was kept as its head.
        let (head, body) = match head_end(bytes, 0).filter(|end| *end < bytes.len()) {
            Some(end) => (Head::read(bytes.slice(..end)), Bytes::from([&bytes[end..], &body_section].concat())),
            None => (head.clone(), body_section),
        };
        let captured = CapturedBytes { head: Some(head), section: None };
        Self { method, target, lines: Vec::new(), body, captured }
    }

    /// A captured head for `target` without its body, of which `length` bytes are sent after it.
    ///
    /// # Errors
    ///
    /// Those of [`Outgoing::of_capture`].
    pub fn of_head(head: &Head, length: u64, target: &Target) -> Result<(Self, Vec<RequestChange>), NoRequest> {
        let (mut request, mut changes) = Self::without_length(head, target, false)?;
        request.set_length(length, &mut changes);
        Ok((request, changes))
    }

    /// A request for `target`, with the length headers as received.
    fn without_length(
        head: &Head,
        target: &Target,
        keeps_chunks: bool,
    ) -> Result<(Self, Vec<RequestChange>), NoRequest> {
        let mut changes = Vec::new();
        let (method, captured) = request_line(head);
        if !head.version().eq_ignore_ascii_case(b"HTTP/1.1") {
            changes.push(RequestChange::Version);
        }
        let request_target = match origin_form(&method, &captured) {
            // Whatever path it is sent to, CONNECT asks for no path.
            Err(reason @ NoOriginForm::Connect) => return Err(reason.into()),
            _ if target.has_path() => Bytes::from(target.request_target()),
            own => own?,
        };
        // A kept head was inspected when it came; this holds for one that was made otherwise.
        if method.is_empty() || !is_request_target(&request_target) {
            return Err(NoRequest::NoRequestLine);
        }
        if request_target != captured {
            changes.push(RequestChange::Target { from: shown(&captured), to: shown(&request_target) });
        }
        let lines = header_lines(head, &mut changes);
        let captured = CapturedBytes::default();
        let mut request = Self { method, target: request_target, lines, body: Bytes::new(), captured };
        request.drop_connection_fields(keeps_chunks, &mut changes);
        request.set_host(target, &mut changes);
        Ok((request, changes))
    }

    /// The first line called `name`, in any letter case.
    #[must_use]
    pub fn line(&self, name: &str) -> Option<&HeaderLine> {
        self.lines.iter().find(|line| line.is(name))
    }

    /// Gives the header `name` this value: in the place and letter case of the first line of that
    /// name, others of it removed, or after all others.
    ///
    /// # Errors
    ///
    /// [`InvalidHeader`] when they cannot stand in a header.
    pub fn set(&mut self, name: &str, value: impl AsRef<[u8]>) -> Result<(), InvalidHeader> {
        let value = value.as_ref();
        let Some(first) = self.lines.iter().position(|line| line.is(name)) else {
            self.lines.push(HeaderLine::new(name, value)?);
            return Ok(());
        };
        self.lines[first] = HeaderLine::new(self.lines[first].name(), value)?;
        let mut index = 0;
        self.lines.retain(|line| {
            index += 1;
            index - 1 <= first || !line.is(name)
        });
        Ok(())
    }

    /// Removes every line called `name`.
    pub fn remove(&mut self, name: &str) {
        self.lines.retain(|line| !line.is(name));
    }

    /// Puts another body into it, and its length.
    pub fn set_body(&mut self, body: Bytes) {
        self.captured.section = None;
        self.body = body;
        self.set_length(self.body.len() as u64, &mut Vec::new());
    }

    /// The body as it goes out, in its chunks where it came in some.
    #[must_use]
    pub fn body_section(&self) -> &Bytes {
        self.captured.section.as_ref().unwrap_or(&self.body)
    }

    /// Request line and headers as they go out, the final empty line included.
    #[must_use]
    pub fn head(&self) -> Head {
        if let Some(head) = &self.captured.head {
            return head.clone();
        }
        let mut head = Vec::with_capacity(256);
        head.extend_from_slice(&self.method);
        head.push(b' ');
        head.extend_from_slice(&self.target);
        head.extend_from_slice(b" HTTP/1.1\r\n");
        for line in &self.lines {
            head.extend_from_slice(&line.0);
            head.extend_from_slice(b"\r\n");
        }
        head.extend_from_slice(b"\r\n");
        Head::from(head)
    }

    /// Leaves out what speaks of one connection alone. `Connection: close` and `keep-alive` change
    /// nothing here and stay: the fewer bytes differ, the better.
    fn drop_connection_fields(&mut self, keeps_trailers: bool, changes: &mut Vec<RequestChange>) {
        const ALONE: [&str; 5] = ["Keep-Alive", "Proxy-Connection", "Proxy-Authorization", "TE", "Upgrade"];
        let named: Vec<Vec<u8>> = self
            .lines
            .iter()
            .filter(|line| line.is("Connection"))
            .flat_map(|line| line.value().split(|byte| *byte == b','))
            .map(|name| name.trim_ascii().to_ascii_lowercase())
            .filter(|name| !matches!(name.as_slice(), b"close" | b"keep-alive" | b""))
            .collect();
        self.lines.retain(|line| {
            // Whatever Connection says, without these there is no request to send.
            let is_needed = ["Host", "Content-Length", "Transfer-Encoding"].iter().any(|name| line.is(name));
            let is_named = named.iter().any(|name| line.name().eq_ignore_ascii_case(name));
            let is_dropped = ALONE.iter().any(|name| line.is(name))
                || (line.is("Trailer") && !keeps_trailers)
                || (line.is("Connection") && !named.is_empty())
                || (is_named && !is_needed);
            if is_dropped {
                changes.push(RequestChange::Removed { name: shown(line.name()) });
            }
            !is_dropped
        });
    }

    fn set_host(&mut self, target: &Target, changes: &mut Vec<RequestChange>) {
        let to = target.authority();
        let from = self.line("Host").map(|line| shown(line.value()));
        let count = self.lines.iter().filter(|line| line.is("Host")).count();
        if count == 1 && self.line("Host").is_some_and(|line| line.value().eq_ignore_ascii_case(to.as_bytes())) {
            return;
        }
        if count == 0 {
            // First, as RFC 9110, section 7.2, asks for.
            self.lines.insert(0, HeaderLine(Bytes::from(format!("Host: {to}"))));
        } else {
            // A target's authority is plain ASCII.
            let _ = self.set("Host", &to);
        }
        changes.push(RequestChange::Host { from, to });
    }

    /// Makes the length headers say what is sent.
    fn set_length(&mut self, length: u64, changes: &mut Vec<RequestChange>) {
        let text = length.to_string();
        if self.line("Transfer-Encoding").is_some() {
            self.remove("Content-Length");
            if let Some(line) = self.lines.iter_mut().find(|line| line.is("Transfer-Encoding")) {
                *line = HeaderLine(Bytes::from(format!("Content-Length: {text}")));
            }
            self.remove("Transfer-Encoding");
            changes.push(RequestChange::Unchunked { length });
            return;
        }
        let mut lengths = self.lines.iter().filter(|line| line.is("Content-Length")).peekable();
        let from = lengths.peek().map(|line| shown(line.value()));
        // A request without a body needs no length (RFC 9110, section 8.6).
        if (from.is_some() || length == 0) && lengths.all(|line| line.value() == text.as_bytes()) {
            return;
        }
        let _ = self.set("Content-Length", &text);
        changes.push(RequestChange::Length { from, to: length });
    }
}

/// Method and target as received.
fn request_line(head: &Head) -> (Bytes, Bytes) {
    (head.bytes().slice_ref(head.method()), head.bytes().slice_ref(head.target()))
}

/// The header lines of a kept head, each as received.
fn header_lines(head: &Head, changes: &mut Vec<RequestChange>) -> Vec<HeaderLine> {
    let mut lines = Vec::new();
    for line in head.field_lines() {
        match HeaderLine::raw(line) {
            Ok(line) => lines.push(line),
            Err(InvalidHeader(line)) => changes.push(RequestChange::Unsendable { line }),
        }
    }
    if head.has_bare_line() {
        changes.push(RequestChange::LineEnds);
    }
    lines
}

fn is_request_target(target: &[u8]) -> bool {
    !target.is_empty() && target.iter().all(|byte| matches!(byte, 0x21..=0x7e | 0x80..))
}

fn shown(bytes: &[u8]) -> String {
    visible_bytes(bytes).into_owned()
}
