//! A body against the length that its head declares: requests of every format are held to it here.

use crate::delivery::Intake;
use crate::http::{Head, WireFraming};
use crate::text::{counted, grouped};

/// A body that cannot be all of what was sent with its head, and nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LengthMismatch {
    present: u64,
    declared: u64,
}

/// What Content-Length says, where it is a number.
pub(super) fn declared(head: &Head) -> Option<u64> {
    std::str::from_utf8(head.value("content-length")?).ok()?.trim().parse().ok()
}

impl LengthMismatch {
    /// Compares a body with its head. One that was sent in chunks has no declared length.
    pub(super) fn of(head: &Head, body: &[u8], framing: &WireFraming) -> Option<Self> {
        let declared = declared(head)?;
        let present = body.len() as u64;
        let is_chunked = !framing.is_empty() || head.value("transfer-encoding").is_some();
        (!is_chunked && declared != present).then_some(Self { present, declared })
    }

    /// Both lengths, in words.
    pub(super) fn words(self) -> String {
        let (present, declared) = (counted(self.present, "byte"), grouped(self.declared));
        format!("the file has a body of {present}, and Content-Length says {declared}")
    }

    /// What such a request counts as: too short a body lacks something, too long a one is not what was received.
    pub(super) fn intake(self) -> Intake {
        if self.present < self.declared { Intake::Truncated(self.words()) } else { Intake::Rebuilt(self.words()) }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ImportSource;
    use super::super::tests::read_noting;

    #[test]
    fn no_format_has_a_body_of_another_length_than_its_head_declares() {
        let har = |length: u8| {
            serde_json::json!({"log": {"entries": [{"startedDateTime": "2025-05-01T12:00:00Z", "request": {
                "method": "POST", "url": "http://h/", "postData": {"text": "hello"},
                "headers": [{"name": "Content-Length", "value": length.to_string()}]}}]}})
            .to_string()
        };
        let http = |length: u8| format!("POST http://h/\nContent-Length: {length}\n\nhello\n");
        let curl = |length: u8| format!("curl http://h/ -H 'Content-Length: {length}' -d hello");
        let hookdeck = |length: u8| {
            let data = serde_json::json!({"headers": {"content-length": length.to_string()}, "body": "hello"});
            serde_json::json!({"team_id": "t", "source_id": "s", "data": data}).to_string()
        };
        for (length, intake) in [(5, "complete"), (9, "truncated"), (3, "rebuilt")] {
            for (source, text) in [
                (ImportSource::Har, har(length)),
                (ImportSource::Http, http(length)),
                (ImportSource::Curl, curl(length)),
                (ImportSource::Hookdeck, hookdeck(length)),
            ] {
                let (all, findings) = read_noting(source, &text).unwrap();
                assert_eq!((all.len(), all[0].captured.intake.name()), (1, intake), "{text}");
                let is_said = findings.remarks.listed().iter().any(|remark| remark.words.contains("Content-Length"));
                assert_eq!(is_said, length != 5, "{findings:?}");
            }
        }
    }
}
