//! What the answers show when they are taken together: one cause behind several refused deliveries.

use super::case::CaseManner;
use super::findings::CheckEvidence;
use super::judge::{CheckRow, Observed};

impl CheckEvidence<'_> {
    /// Whether the same JSON written otherwise is refused, and nothing else explains it.
    pub(super) fn hashes_reserialised(&self) -> bool {
        // Neither of these has a field that is not documented.
        let rewritten = ["json-indented", "json-spaced", "json-escapes"].iter().any(|name| self.rejected(name));
        let extra = ["json-numbers", "json-key-order"].iter().any(|name| self.rejected(name));
        // All of these are the usual event, written otherwise.
        let says_something = self.plain().is_none_or(|plain| !plain.is_rejected());
        says_something && !self.changes_bytes() && (rewritten || (extra && !self.rejected("unknown-field")))
    }

    /// Whether bytes are lost that no serialiser is the reason for: none writes both of two different white spaces, and
    /// line breaks or backslashes are not taken as they are.
    pub(super) fn changes_bytes(&self) -> bool {
        let keeps_spaces = self.accepted("json-spaced") && self.plain().is_some_and(CheckRow::is_accepted);
        let as_forged = |name: &&str| self.row(name).is_some_and(|row| self.is_as_forged(row));
        keeps_spaces && ["json-indented", "json-escapes"].iter().any(as_forged)
    }

    /// The usual event with nothing peculiar about it.
    fn plain(&self) -> Option<&CheckRow> {
        self.row("app-simulated").or_else(|| self.row("sample"))
    }

    /// Whether all that is refused as forged, and nothing that is accepted, has characters beyond ASCII.
    pub(super) fn loses_characters(&self) -> bool {
        let rows = || self.rows.iter().filter(|row| row.case.is_valid() && !row.came.is_no_verdict());
        let beyond = |row: &&CheckRow| row.case.body.is_beyond_ascii();
        let is_explained =
            |row: &&CheckRow| self.mistakes.iter().any(|mistake| mistake.explains.contains(&row.case.name));
        let disputed = rows().filter(|row| self.is_as_forged(row) && !is_explained(row));
        let all_are = disputed.clone().all(|row| beyond(&row)) && disputed.count() > 0;
        all_are && !rows().filter(beyond).any(CheckRow::is_accepted)
    }

    /// Whether a forged delivery has ended the receiver: what was sent on its connection has no answer, nor has any
    /// other forged one.
    pub(super) fn ended_by_forged(&self, row: &CheckRow) -> bool {
        let is_nothing = |row: &CheckRow| matches!(row.came, Observed::Nothing { .. }) && !row.came.timed_out();
        let place = self.rows.iter().position(|row| row.case.manner == CaseManner::AfterForged && is_nothing(row));
        let is_after =
            place.is_some_and(|place| self.rows[place..].iter().any(|later| later.case.name == row.case.name));
        let is_answered = |row: &CheckRow| !row.case.is_valid() && matches!(row.came, Observed::Answer { .. });
        is_after && is_nothing(row) && !self.rows.iter().any(is_answered)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use rstest::rstest;

    use super::super::judge::{CaseVerdict, CheckRow, Observed};
    use super::super::tests::{Seen, required, rows};
    use crate::signature::Scheme;

    /// What a receiver is called that hashes what this makes of a body.
    fn hashing(change: fn(&[u8]) -> Vec<u8>) -> Vec<&'static str> {
        required(&rows(false, |seen| seen.answer_over(change)))
    }

    #[rstest]
    #[case::seven_bits(|body: &[u8]| body.iter().map(|byte| byte & 0x7f).collect())]
    #[case::question_marks(|body: &[u8]| body.iter().map(|byte| if byte.is_ascii() { *byte } else { b'?' }).collect())]
    #[case::left_out(|body: &[u8]| body.iter().copied().filter(u8::is_ascii).collect())]
    fn lost_characters_are_one_fault(#[case] change: fn(&[u8]) -> Vec<u8>) {
        assert_eq!(hashing(change), ["rejects_unicode"]);
    }

    #[rstest]
    #[case::first_line(|body: &[u8]| body.split_inclusive(|byte| *byte == b'\n').next().unwrap_or_default().to_vec())]
    #[case::joined_lines(|body: &[u8]| body.iter().copied().filter(|byte| !b"\r\n".contains(byte)).collect())]
    #[case::without_backslashes(|body: &[u8]| body.iter().copied().filter(|byte| *byte != b'\\').collect())]
    fn lost_bytes_are_not_called_re_serialised(#[case] change: fn(&[u8]) -> Vec<u8>) {
        assert_eq!(hashing(change), ["hashes_other_bytes"]);
    }

    #[test]
    fn what_is_the_usual_event_says_nothing_more_where_that_is_refused() {
        let is_simulated = |seen: &Seen| seen.body.windows(12).any(|part| part == b"\"simulation\"");
        let rows = rows(false, |seen| if seen.answer() == 200 && is_simulated(seen) { 401 } else { seen.answer() });
        assert_eq!(required(&rows), ["signature_disagreement"]);
    }

    #[test]
    fn a_forged_delivery_that_ends_the_receiver_is_what_is_wrong() {
        let mut rows = rows(false, Seen::answer);
        let place = rows.iter().position(|row| row.case.name == "kept-connection").unwrap();
        let nothing = |code: &str| Observed::Nothing {
            code: code.to_owned(),
            reason: "connection refused".to_owned(),
            latency: Duration::ZERO,
        };
        for (at, row) in rows.iter_mut().enumerate().skip(place) {
            // After three without an answer nothing more is sent.
            let came = match at - place {
                0 => nothing("closed"),
                1 | 2 => nothing("refused"),
                _ => Observed::NotSent,
            };
            *row = CheckRow::judge(row.case, &Scheme::default(), came, false);
        }
        assert_eq!(required(&rows), ["errors_instead_of_refusing"]);
        assert_eq!(rows.iter().filter(|row| row.mark == CaseVerdict::Fail).count(), 3);
    }
}
