//! `whyhook import FILE…`: deliveries from files.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::json;

use super::prune::in_use;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::archive::import::{ImportError, ImportSource, Imported, Importer};
use crate::config::consent::Scope;
use crate::config::shown;
use crate::delivery::{DeliveryId, Marks, MarksEdit};
use crate::payload::grouped;
use crate::store::{Keeping, Location, Writer, WriterHandle};
use crate::system::read;

/// Bytes of deliveries that may wait for the disk at once.
const WAITING_BYTES: usize = 64 * 1024 * 1024;
/// Deliveries that may; fewer than the writer's queue takes.
const WAITING_DELIVERIES: usize = 2048;
/// The most that is taken from a pipe. A file of any length is read where it lies.
const SPOOL_BYTES: u64 = 16 * 1024 * 1024 * 1024;
/// Bytes in which a file shows what it is.
const BEGINNING_BYTES: usize = 4096;

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook export --as json | whyhook import - --store elsewhere.db\n  \
    whyhook import session.har request.http")]
pub(super) struct ImportArgs {
    /// Files to import, or - for stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Input format [default: detected from the content]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<ImportFormat>,
    /// Verify deliveries from whyhook's own JSON again with the current secrets (other formats always are)
    #[arg(long)]
    judge_again: bool,
    /// Output: text for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ImportFormat {
    /// JSON of `whyhook export --as json` and `show --format json`
    Json,
    /// An HTTP archive
    Har,
    /// One raw HTTP request
    Raw,
}

/// Every file is read to its end before anything is kept: all of them are taken in, or nothing.
pub(super) fn run(settings: &SettingsArgs, args: &ImportArgs) -> Result<ExitCode, CliError> {
    let loaded = settings.load_quietly(Scope::Secrets)?;
    let importer = Importer { registry: &loaded.registry, judge_again: args.judge_again, now: Timestamp::now() };
    let mut inputs = args.files.iter().map(|path| Input::open(path, args.from)).collect::<Result<Vec<_>, _>>()?;
    let mut found = 0;
    for input in &mut inputs {
        found += input.read(&importer, &mut |_| Ok(()))?;
    }
    if found == 0 {
        output::log("no delivery found: nothing was imported");
        return Ok(ExitCode::FAILURE);
    }
    let mut keeper = Keeper::start(&Location::new(loaded.store))?;
    let mut kept = Ok(0);
    for input in &mut inputs {
        kept = input.read(&importer, &mut |imported| keeper.keep(imported));
        if kept.is_err() {
            break;
        }
    }
    let taken = keeper.finish();
    // Only a disk that fails comes so far: what was read once can be read again.
    if let Err(error) = kept.map(drop).and(taken.outcome) {
        let all = format!("{error}; {} of {found} deliveries were imported before", taken.count);
        return Err(CliError::Usage(all));
    }
    report(args.format, taken.count, taken.ids)?;
    Ok(ExitCode::SUCCESS)
}

fn report(format: OutputFormat, count: u64, ids: Option<(DeliveryId, DeliveryId)>) -> Result<(), CliError> {
    match (format, ids) {
        (OutputFormat::Json, ids) => output::print_json(&json!({
            "imported": count,
            "first": ids.map(|(first, _)| first.0),
            "last": ids.map(|(_, last)| last.0),
        })),
        (OutputFormat::Text, Some((first, last))) if first != last => {
            output::print(&format!("imported {} deliveries, {first} to {last}\n", grouped(count)))
        }
        (OutputFormat::Text, Some((first, _))) => output::print(&format!("imported delivery {first}\n")),
        (OutputFormat::Text, None) => Ok(()),
    }
}

/// A file that can be read twice.
struct Input {
    name: String,
    file: BufReader<File>,
    source: ImportSource,
}

impl Input {
    fn open(path: &Path, from: Option<ImportFormat>) -> Result<Self, CliError> {
        let unreadable = |source| CliError::Read { path: path.to_owned(), source };
        let (name, file) = if path == Path::new("-") {
            ("stdin".to_owned(), spooled(io::stdin().lock()).map_err(unreadable)?)
        } else {
            let name = shown(path);
            let file = read::open(path).map_err(|source| match source.kind() {
                io::ErrorKind::IsADirectory => CliError::Usage(format!("{name} is a folder: name the files in it")),
                _ => unreadable(source),
            })?;
            let is_file = file.metadata().map_err(unreadable)?.is_file();
            (name, if is_file { file } else { spooled(file).map_err(unreadable)? })
        };
        let mut file = BufReader::with_capacity(64 * 1024, file);
        let source = match from {
            Some(ImportFormat::Json) => ImportSource::Json,
            Some(ImportFormat::Har) => ImportSource::Har,
            Some(ImportFormat::Raw) => ImportSource::Raw,
            None => {
                let beginning = file.fill_buf().map_err(unreadable)?;
                ImportSource::detect(&beginning[..beginning.len().min(BEGINNING_BYTES)])
            }
        };
        Ok(Self { name, file, source })
    }

    /// Reads it from its beginning.
    fn read(
        &mut self,
        importer: &Importer<'_>,
        take: &mut dyn FnMut(Imported) -> Result<(), ImportError>,
    ) -> Result<u64, CliError> {
        let failed = |error: &dyn std::fmt::Display| CliError::Usage(format!("{}: {error}", self.name));
        self.file.rewind().map_err(|error| failed(&error))?;
        importer.read(self.source, &mut self.file, take).map_err(|error| failed(&error))
    }
}

/// All of a pipe in a file without a name, which goes with the process.
fn spooled(pipe: impl io::Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    if io::copy(&mut pipe.take(SPOOL_BYTES + 1), &mut file)? > SPOOL_BYTES {
        return Err(read::too_large(SPOOL_BYTES));
    }
    file.rewind()?;
    Ok(file)
}

/// Hands deliveries to the writer, a bounded number ahead of the disk.
struct Keeper {
    writer: Writer,
    handle: WriterHandle,
    waiting: VecDeque<Waiting>,
    waiting_bytes: usize,
    taken: Taken,
}

struct Waiting {
    keeping: Keeping,
    bytes: usize,
    answer: Option<crate::delivery::Answer>,
    diagnosis: Option<String>,
    marks: Marks,
}

/// What has been kept.
struct Taken {
    count: u64,
    ids: Option<(DeliveryId, DeliveryId)>,
    outcome: Result<(), CliError>,
}

impl Keeper {
    fn start(location: &Location) -> Result<Self, CliError> {
        let (writer, handle) = Writer::start(location, |_| {}).map_err(in_use)?;
        output::log_losses(writer.losses());
        let taken = Taken { count: 0, ids: None, outcome: Ok(()) };
        Ok(Self { writer, handle, waiting: VecDeque::new(), waiting_bytes: 0, taken })
    }

    fn keep(&mut self, imported: Imported) -> Result<(), ImportError> {
        let Imported { captured, answer, diagnosis, marks } = imported;
        let bytes = captured.head.len() + captured.body.len();
        while self.waiting.len() >= WAITING_DELIVERIES
            || (!self.waiting.is_empty() && self.waiting_bytes + bytes > WAITING_BYTES)
        {
            self.settle()?;
        }
        let keeping = self.handle.keep(captured).map_err(|error| ImportError::Taken(error.to_string()))?;
        self.waiting_bytes += bytes;
        self.waiting.push_back(Waiting { keeping, bytes, answer, diagnosis, marks });
        Ok(())
    }

    /// Waits for the one that has waited longest.
    fn settle(&mut self) -> Result<(), ImportError> {
        let Some(Waiting { keeping, bytes, answer, diagnosis, marks }) = self.waiting.pop_front() else {
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
        self.taken.count += 1;
        self.taken.ids = Some(self.taken.ids.map_or((id, id), |(first, _)| (first, id)));
        Ok(())
    }

    /// Waits until everything is on disk.
    fn finish(mut self) -> Taken {
        while !self.waiting.is_empty() {
            if let Err(error) = self.settle() {
                self.taken.outcome = Err(CliError::Usage(error.to_string()));
            }
        }
        let Self { writer, handle, taken, .. } = self;
        drop(handle);
        writer.join();
        taken
    }
}
