//! Server-sent events as a listener writes them and as a client reads them:
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use std::fmt::Write as _;
use std::time::Duration;

use bytes::Bytes;
use zeroize::Zeroizing;

use super::following::ResumePoint;

/// The longest line that is held unless told: a delivery's row, with room.
const LINE_LIMIT: usize = 1024 * 1024;

/// Events as text, many in one piece: each piece costs a system call, and wakes whoever reads.
#[derive(Debug, Default)]
pub(super) struct EventText(String);

impl EventText {
    /// Adds an event of this kind.
    pub(super) fn event(&mut self, kind: &str, id: Option<&ResumePoint>, data: &str) {
        // Writing to a String cannot fail.
        let _ = writeln!(self.0, "event: {kind}");
        if let Some(id) = id {
            let _ = writeln!(self.0, "id: {id}");
        }
        for line in data.split(['\r', '\n']) {
            let _ = writeln!(self.0, "data: {line}");
        }
        self.0.push('\n');
    }

    /// Adds when a client that lost its connection should come again.
    pub(super) fn retry_after(&mut self, time: Duration) {
        let _ = write!(self.0, ": whyhook\nretry: {}\n\n", time.as_millis());
    }

    /// Adds what is no event, and keeps the connection alive.
    pub(super) fn comment(&mut self) {
        self.0.push_str(":\n\n");
    }

    /// In bytes.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of it; what is added from now on is the next piece.
    pub(super) fn take(&mut self) -> Bytes {
        std::mem::take(&mut self.0).into()
    }
}

/// One event.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SseEvent {
    /// Its kind, `message` unless told.
    pub event: String,
    /// What it says.
    pub data: String,
    /// The id that it came with.
    pub id: Option<String>,
}

/// The stream is not what a listener sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event stream has a line longer than {0} bytes")]
pub struct EventTooLong(usize);

/// Bytes to events, a piece at a time.
#[derive(Debug)]
pub struct EventReader {
    limit: usize,
    line: Vec<u8>,
    event: SseEvent,
    has_data: bool,
}

impl Default for EventReader {
    fn default() -> Self {
        Self::with_limit(LINE_LIMIT)
    }
}

impl EventReader {
    /// A reader of lines of up to `limit` bytes.
    #[must_use]
    pub fn with_limit(limit: usize) -> Self {
        Self { limit, line: Vec::new(), event: SseEvent::default(), has_data: false }
    }

    /// Takes in a piece; returns the events that end in it. Comments are nothing.
    ///
    /// # Errors
    ///
    /// [`EventTooLong`]; the stream is of no use then.
    pub fn read(&mut self, piece: &[u8]) -> Result<Vec<SseEvent>, EventTooLong> {
        let mut events = Vec::new();
        for &byte in piece {
            if byte == b'\n' {
                // It may hold a secret.
                let line = Zeroizing::new(std::mem::take(&mut self.line));
                let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line));
                events.extend(self.take_line(&text));
            } else if self.line.len() < self.limit {
                self.line.push(byte);
            } else {
                return Err(EventTooLong(self.limit));
            }
        }
        Ok(events)
    }

    fn take_line(&mut self, line: &str) -> Option<SseEvent> {
        if line.is_empty() {
            let event = std::mem::take(&mut self.event);
            return std::mem::take(&mut self.has_data).then(|| SseEvent {
                event: if event.event.is_empty() { "message".to_owned() } else { event.event },
                ..event
            });
        }
        let (name, value) = line.split_once(':').unwrap_or((line, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "event" => value.clone_into(&mut self.event.event),
            "data" => {
                if self.has_data {
                    self.event.data.push('\n');
                }
                self.event.data.push_str(value);
                self.has_data = true;
            }
            "id" if !value.contains('\0') => self.event.id = Some(value.to_owned()),
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::DeliveryId;

    const STREAM: &str = ": hello\n\nretry: 1000\n\nevent: delivery\nid: 7\ndata: {\"id\":7}\n\ndata:one\r\ndata: two\r\n\r\n\
                          event: change\n\nid\ndata\n\n";

    #[test]
    fn what_is_written_is_read() {
        let mut text = EventText::default();
        text.retry_after(Duration::from_secs(1));
        text.event("delivery", Some(&ResumePoint::after(DeliveryId(7))), "{\"id\":7}");
        text.comment();
        text.event("change", None, "one\ntwo\r\n");
        let (length, piece) = (text.len(), text.take());
        assert!(text.is_empty() && piece.len() == length && piece.starts_with(b": whyhook\nretry: 1000\n\n"));
        let read = EventReader::default().read(&piece).unwrap();
        let told: Vec<_> =
            read.iter().map(|event| (event.event.as_str(), event.id.as_deref(), event.data.as_str())).collect();
        assert_eq!(told, [("delivery", Some("7"), "{\"id\":7}"), ("change", None, "one\ntwo\n\n")]);
    }

    #[test]
    fn events_are_read_however_the_stream_is_cut() {
        let event = |event: &str, data: &str, id: Option<&str>| SseEvent {
            event: event.to_owned(),
            data: data.to_owned(),
            id: id.map(str::to_owned),
        };
        let expected = [
            event("delivery", "{\"id\":7}", Some("7")),
            event("message", "one\ntwo", None),
            event("message", "", Some("")),
        ];
        for size in 1..=STREAM.len() {
            let mut reader = EventReader::default();
            let read: Vec<SseEvent> =
                STREAM.as_bytes().chunks(size).flat_map(|piece| reader.read(piece).unwrap()).collect();
            assert_eq!(read, expected, "pieces of {size}");
        }
        assert_eq!(EventReader::default().read(&vec![b'a'; LINE_LIMIT + 1]), Err(EventTooLong(LINE_LIMIT)));
    }
}
