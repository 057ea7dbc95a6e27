//! Hands imported deliveries to the writer of a store, a bounded number ahead of the disk.

use std::collections::VecDeque;
use std::time::Duration;

use super::{ImportError, Imported};
use crate::delivery::{Answer, DeliveryId, Marks, MarksEdit};
use crate::store::{Keeping, WriterHandle};

/// Between two looks at a queue that is too long.
const QUEUE_POLL: Duration = Duration::from_millis(2);

/// How far an import may be ahead of the disk.
#[derive(Debug, Clone, Copy)]
pub struct ImportBounds {
    /// Deliveries that may wait.
    pub deliveries: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Deliveries in the writer's queue, of anybody, beyond which nothing is added.
    pub queue: usize,
}

impl ImportBounds {
    /// Of an import that has the store for itself.
    pub const ALONE: Self = Self { deliveries: 2048, bytes: 64 * 1024 * 1024, queue: usize::MAX };
    /// Of one while deliveries are received: what comes meanwhile waits for few of the imported ones.
    pub const BESIDE_OTHERS: Self = Self { deliveries: 32, bytes: 2 * 1024 * 1024, queue: 64 };
}

/// Hands deliveries to the writer.
#[derive(Debug)]
pub struct ImportKeeper {
    handle: WriterHandle,
    bounds: ImportBounds,
    waiting: VecDeque<WaitingImport>,
    waiting_bytes: usize,
    kept: KeptImports,
    /// What is taken back when something fails.
    ids: Vec<DeliveryId>,
}

#[derive(Debug)]
struct WaitingImport {
    keeping: Keeping,
    bytes: usize,
    answer: Option<Answer>,
    diagnosis: Option<String>,
    marks: Marks,
}

/// What is on disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct KeptImports {
    /// How many.
    pub count: u64,
    /// The first and the last number.
    pub ids: Option<(DeliveryId, DeliveryId)>,
}

/// How an import ended that should have been kept whole.
#[derive(Debug)]
pub enum ImportEnd {
    /// Everything is on disk.
    Kept(KeptImports),
    /// Something could not be kept, and nothing of it is in the store.
    TakenBack(ImportError),
    /// Something could not be kept, nor could what was kept be removed again.
    Partly(ImportError, KeptImports),
}

impl KeptImports {
    /// What this and a later import have kept.
    #[must_use]
    pub fn and(self, later: Self) -> Self {
        let ids = match (self.ids, later.ids) {
            (Some((first, _)), Some((_, last))) => Some((first, last)),
            (own, other) => own.or(other),
        };
        Self { count: self.count + later.count, ids }
    }
}

impl ImportKeeper {
    /// Keeps with the writer behind `handle`.
    #[must_use]
    pub fn new(handle: WriterHandle, bounds: ImportBounds) -> Self {
        Self {
            handle,
            bounds,
            waiting: VecDeque::new(),
            waiting_bytes: 0,
            kept: KeptImports::default(),
            ids: Vec::new(),
        }
    }

    /// What is on disk so far.
    #[must_use]
    pub fn kept(&self) -> KeptImports {
        self.kept
    }

    /// Hands over one delivery, once there is room for it.
    ///
    /// # Errors
    ///
    /// [`ImportError::Taken`] when the writer could not keep an earlier one, or takes no more.
    pub fn keep(&mut self, imported: Imported) -> Result<(), ImportError> {
        let Imported { captured, answer, diagnosis, marks, .. } = imported;
        let bytes = captured.head.len() + captured.body.len();
        while self.waiting.len() >= self.bounds.deliveries
            || (!self.waiting.is_empty() && self.waiting_bytes + bytes > self.bounds.bytes)
        {
            self.settle()?;
        }
        while self.handle.waiting() > self.bounds.queue {
            std::thread::sleep(QUEUE_POLL);
        }
        let keeping = self.handle.keep(captured).map_err(|error| ImportError::Taken(error.to_string()))?;
        self.waiting_bytes += bytes;
        self.waiting.push_back(WaitingImport { keeping, bytes, answer, diagnosis, marks });
        Ok(())
    }

    /// Waits for the one that has waited longest.
    fn settle(&mut self) -> Result<(), ImportError> {
        let Some(WaitingImport { keeping, bytes, answer, diagnosis, marks }) = self.waiting.pop_front() else {
            return Ok(());
        };
        self.waiting_bytes -= bytes;
        let stopped = || ImportError::Taken("the store's writer has stopped".to_owned());
        let kept = keeping.blocking_recv().map_err(|_| stopped())?;
        let id = kept.map_err(|error| ImportError::Taken(error.to_string()))?;
        if let Some(answer) = answer {
            self.handle.answered(id, answer);
        }
        if !marks.is_empty() {
            // The writer tells of its own trouble; the delivery itself is kept.
            drop(self.handle.mark(vec![id], MarksEdit::Replace(marks)));
        }
        if let Some(diagnosis) = diagnosis {
            self.handle.diagnosed(id, diagnosis);
        }
        self.kept = self.kept.and(KeptImports { count: 1, ids: Some((id, id)) });
        self.ids.push(id);
        Ok(())
    }

    /// Waits until everything is on disk, after a reading that came to `read`: all of it stays, or nothing does.
    pub fn finish(mut self, read: Result<(), ImportError>) -> ImportEnd {
        let settled = self.settle_all();
        match read.and(settled) {
            Ok(()) => ImportEnd::Kept(self.kept),
            Err(error) => self.take_back(error),
        }
    }

    /// Waits until everything is on disk that was handed over: what is, and why not all.
    pub fn stop(mut self) -> (KeptImports, Result<(), ImportError>) {
        let settled = self.settle_all();
        (self.kept, settled)
    }

    fn settle_all(&mut self) -> Result<(), ImportError> {
        let mut outcome = Ok(());
        while !self.waiting.is_empty() {
            if let Err(error) = self.settle() {
                outcome = Err(error);
            }
        }
        outcome
    }

    /// Removes what was kept. Where the disk has no room for that either, it is hidden, which takes a few bytes, and goes
    /// when the store is next pruned.
    fn take_back(self, error: ImportError) -> ImportEnd {
        let count = self.ids.len() as u64;
        let is_removed = |ids: &[DeliveryId]| {
            let removed = self.handle.prune(ids.to_vec()).blocking_recv();
            removed.is_ok_and(|freed| freed.is_ok_and(|freed| freed.deliveries >= count))
        };
        let is_hidden = |ids: &[DeliveryId]| {
            let hidden = self.handle.mark(ids.to_vec(), MarksEdit::Delete(true)).blocking_recv();
            hidden.is_ok_and(|hidden| hidden.is_ok())
        };
        if count == 0 || is_removed(&self.ids) || is_hidden(&self.ids) {
            return ImportEnd::TakenBack(error);
        }
        ImportEnd::Partly(error, self.kept)
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::super::{ImportSource, Importer};
    use super::*;
    use crate::config::Registry;
    use crate::store::{Location, Reader, Writer};

    fn keeper(folder: &std::path::Path) -> (Location, Writer, ImportKeeper) {
        let location = Location::new(folder.join("s.db"));
        let (writer, handle) = Writer::start_briefly(&location).unwrap();
        (location, writer, ImportKeeper::new(handle, ImportBounds::ALONE))
    }

    fn imported(body: u8) -> Imported {
        let registry = Registry::default();
        let files = None;
        let importer =
            Importer { registry: &registry, judge_again: false, now: Timestamp::UNIX_EPOCH, strict: false, files };
        let text = [b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\n".as_slice(), &[body]].concat();
        let mut all = Vec::new();
        let mut take = |imported| {
            all.push(imported);
            Ok(())
        };
        importer.read(ImportSource::Raw, &mut &text[..], &mut take).unwrap();
        all.remove(0)
    }

    #[test]
    fn what_cannot_be_kept_whole_is_taken_back() {
        let folder = tempfile::tempdir().unwrap();
        let (location, writer, mut first) = keeper(folder.path());
        first.keep(imported(b'1')).unwrap();
        assert!(matches!(first.finish(Ok(())), ImportEnd::Kept(KeptImports { count: 1, .. })));
        writer.join();
        let (_, writer, mut second) = keeper(folder.path());
        (b'2'..b'9').for_each(|body| second.keep(imported(body)).unwrap());
        let failed = Err(ImportError::Taken("no space left".to_owned()));
        assert!(matches!(second.finish(failed), ImportEnd::TakenBack(_)));
        writer.join();
        let left = Reader::open(&location).unwrap().page(crate::store::Page::Newest, 10).unwrap();
        assert_eq!(left.iter().map(|summary| summary.id.0).collect::<Vec<_>>(), [1]);
        // Its number is given to nobody else.
        let (_, writer, mut third) = keeper(folder.path());
        third.keep(imported(b'x')).unwrap();
        let ImportEnd::Kept(kept) = third.finish(Ok(())) else { panic!() };
        assert!(kept.ids.is_some_and(|(first, _)| first.0 > 1));
        writer.join();
    }

    #[test]
    fn what_several_imports_have_kept_is_added_up() {
        let kept = |count, first, last| KeptImports { count, ids: Some((DeliveryId(first), DeliveryId(last))) };
        let nothing = KeptImports::default();
        assert_eq!(nothing.and(kept(2, 5, 9)).and(nothing), kept(2, 5, 9));
        assert_eq!(kept(2, 5, 9).and(kept(1, 12, 12)), kept(3, 5, 12));
    }
}
