//! Where the readers of all formats hand over what they find: an entry is kept, kept with remarks, or passed over.

use jiff::Timestamp;

use super::findings::ImportFindings;
use super::{ImportError, Imported, Importer, Taker};
use crate::delivery::{Answer, Intake, Marks};
use crate::http::WireFraming;

/// A request that another program wrote down.
#[derive(Debug, Clone, Default)]
pub(super) struct ForeignRequest {
    /// When it was received, where the file says so.
    pub(super) received_at: Option<Timestamp>,
    /// The peer's address, where the file says so.
    pub(super) remote: String,
    pub(super) head: Vec<u8>,
    pub(super) body: Vec<u8>,
    pub(super) framing: WireFraming,
    pub(super) intake: Intake,
    pub(super) answer: Option<Answer>,
    /// What could not be kept, besides what `intake` says.
    pub(super) remarks: Vec<String>,
}

/// Takes the entries of one file.
pub(super) struct Sink<'a, 'b> {
    pub(super) importer: &'a Importer<'a>,
    take: Taker<'b>,
    findings: ImportFindings,
    /// Entries that were seen so far.
    entries: u64,
}

impl<'a, 'b> Sink<'a, 'b> {
    pub(super) fn new(importer: &'a Importer<'a>, take: Taker<'b>) -> Self {
        Self { importer, take, findings: ImportFindings::default(), entries: 0 }
    }

    /// The number of the entry that comes next, from 1.
    pub(super) fn next(&self) -> u64 {
        self.entries + 1
    }

    /// What there was in all.
    pub(super) fn finish(self) -> ImportFindings {
        self.findings
    }

    /// Takes the next entry, or passes over it for the reason why it cannot be taken.
    pub(super) fn entry(&mut self, read: Result<ForeignRequest, String>) -> Result<(), ImportError> {
        match read {
            Ok(request) => self.request(request),
            Err(reason) => self.pass_over(&reason),
        }
    }

    /// Judges the next entry as if it had come when the file says, and hands it over.
    pub(super) fn request(&mut self, request: ForeignRequest) -> Result<(), ImportError> {
        let ForeignRequest { received_at, remote, head, body, framing, intake, answer, remarks } = request;
        let at = received_at.unwrap_or(self.importer.now);
        let captured = self.importer.judged(at, &remote, head, body, framing, intake);
        self.foreign(Imported { captured, answer, diagnosis: None, marks: Marks::default(), is_foreign: true }, remarks)
    }

    /// Hands over the next entry, which has been judged.
    pub(super) fn foreign(&mut self, imported: Imported, mut remarks: Vec<String>) -> Result<(), ImportError> {
        let intake = &imported.captured.intake;
        if !intake.is_complete() {
            remarks.push(format!("{}: {}", intake.name(), intake.reason()));
        }
        let entry = self.next();
        if let Some(reason) = remarks.first().filter(|_| self.importer.strict) {
            return Err(ImportError::Content { number: entry, reason: reason.clone() });
        }
        self.whole(imported)?;
        remarks.into_iter().for_each(|words| self.findings.remarks.add(entry, words));
        Ok(())
    }

    /// Hands over the next entry, of which nothing is to be said.
    pub(super) fn whole(&mut self, imported: Imported) -> Result<(), ImportError> {
        (self.take)(imported)?;
        self.entries += 1;
        self.findings.deliveries += 1;
        Ok(())
    }

    /// The next entry is not a request that could have been received.
    ///
    /// # Errors
    ///
    /// [`ImportError::Content`] where nothing may be passed over.
    pub(super) fn pass_over(&mut self, reason: &str) -> Result<(), ImportError> {
        let entry = self.next();
        if self.importer.strict {
            return Err(ImportError::Content { number: entry, reason: reason.to_owned() });
        }
        self.entries += 1;
        self.findings.passed_over.add(entry, reason);
        Ok(())
    }
}
