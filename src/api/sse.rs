//! Server-sent events as a client reads them: <https://html.spec.whatwg.org/multipage/server-sent-events.html>.

use zeroize::Zeroizing;

/// The longest line that is held unless told: a delivery's row, with room.
const LINE_LIMIT: usize = 1024 * 1024;

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
    /// A reader that holds lines of so many bytes.
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

    const STREAM: &str = ": hello\n\nretry: 1000\n\nevent: delivery\nid: 7\ndata: {\"id\":7}\n\ndata:one\r\ndata: two\r\n\r\n\
                          event: change\n\nid\ndata\n\n";

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
