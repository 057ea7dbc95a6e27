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
    /// Remarks that `--strict` does not count: what is left out of every request of this format.
    pub(super) notes: Vec<String>,
}

/// Bytes of all bodies together that are judged to find the one that a request had.
const TRIED_BYTES: usize = 16 * 1024 * 1024;

impl Importer<'_> {
    /// Judges a request with each of the bodies that it may have had, and takes the one that its signature proves, else
    /// the first. `remark` is what is to be said of its body.
    pub(super) fn likeliest(
        &self,
        request: ForeignRequest,
        mut bodies: Vec<Vec<u8>>,
        remark: Option<String>,
    ) -> (Imported, Vec<String>) {
        let at = request.received_at.unwrap_or(self.now);
        let judge = |body: Vec<u8>| {
            let (head, framing, intake) = (request.head.clone(), request.framing.clone(), request.intake.clone());
            self.judged(at, &request.remote, head, body, framing, intake)
        };
        let likeliest = if bodies.is_empty() { Vec::new() } else { bodies.remove(0) };
        let mut left = TRIED_BYTES.saturating_sub(likeliest.len());
        let mut captured = judge(likeliest);
        for body in bodies {
            left = left.saturating_sub(body.len());
            if captured.intake.is_complete() || left == 0 {
                break;
            }
            let other = judge(body);
            if other.intake.is_complete() {
                captured = other;
            }
        }
        if let Some(remark) = &remark {
            captured.judgement.note.get_or_insert_with(|| remark.clone());
        }
        let remarks = request.remarks.into_iter().chain(remark).collect();
        let marks = Marks::default();
        (Imported { captured, answer: request.answer, diagnosis: None, marks, is_foreign: true }, remarks)
    }
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

    /// Adds remarks on an entry that `--strict` does not count.
    pub(super) fn note(&mut self, entry: u64, words: impl IntoIterator<Item = String>) {
        words.into_iter().for_each(|words| self.findings.remarks.add(entry, words));
    }

    /// Judges the next entry as if it had come when the file says, and hands it over.
    pub(super) fn request(&mut self, request: ForeignRequest) -> Result<(), ImportError> {
        let mut request = request;
        let (body, notes) = (std::mem::take(&mut request.body), std::mem::take(&mut request.notes));
        let entry = self.next();
        let (imported, remarks) = self.importer.likeliest(request, vec![body], None);
        self.foreign(imported, remarks)?;
        self.note(entry, notes);
        Ok(())
    }

    /// Hands over the next entry, which has been judged.
    pub(super) fn foreign(&mut self, imported: Imported, mut remarks: Vec<String>) -> Result<(), ImportError> {
        let intake = &imported.captured.intake;
        if !intake.is_complete() {
            remarks.push(match intake {
                Intake::Rebuilt(reason) => reason.clone(),
                _ => format!("{}: {}", intake.name(), intake.reason()),
            });
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
