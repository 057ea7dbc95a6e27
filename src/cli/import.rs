//! `whyhook import FILE…`: deliveries from files.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::json;

use super::prune::in_use;
#[cfg(unix)]
use super::running::RunningListener;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::archive::import::{
    ImportBounds, ImportError, ImportKeeper, ImportSource, Imported, Importer, KeptImports, SPOOL_BYTES,
};
use crate::config::consent::Scope;
use crate::config::shown;
use crate::delivery::DeliveryId;
use crate::payload::grouped;
use crate::store::{Location, Writer};
use crate::system::read;

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
    let location = Location::new(loaded.store);
    #[cfg(unix)]
    if let Some(listener) = RunningListener::on(&location)? {
        let kept = upload(&listener, inputs, args.judge_again)?;
        report(args.format, kept)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (writer, handle) = Writer::start_briefly(&location).map_err(in_use)?;
    output::log_losses(writer.losses());
    let mut keeper = ImportKeeper::new(handle, ImportBounds::ALONE);
    let mut read = Ok(0);
    for input in &mut inputs {
        read = input.read(&importer, &mut |imported| keeper.keep(imported));
        if read.is_err() {
            break;
        }
    }
    let (kept, outcome) = keeper.finish();
    writer.join();
    // Only a disk that fails comes so far: what was read once can be read again.
    if let Err(error) = read.map(drop).and(outcome.map_err(|error| CliError::Usage(error.to_string()))) {
        return Err(partly(&error, kept, found));
    }
    report(args.format, kept)?;
    Ok(ExitCode::SUCCESS)
}

fn partly(error: &CliError, kept: KeptImports, found: u64) -> CliError {
    CliError::Usage(format!("{error}; {} of {found} deliveries were imported before", kept.count))
}

/// Has the listener keep them, a file at a time.
#[cfg(unix)]
fn upload(listener: &RunningListener, inputs: Vec<Input>, judge_again: bool) -> Result<KeptImports, CliError> {
    let mut kept = KeptImports::default();
    for Input { name, file, source } in inputs {
        let mut file = file.into_inner();
        file.rewind().map_err(|error| CliError::Usage(format!("{name}: {error}")))?;
        let from = match source {
            ImportSource::Json => "json",
            ImportSource::Har => "har",
            ImportSource::Raw => "raw",
        };
        let target = format!("/import?wait=true&from={from}&judge_again={judge_again}");
        let result = listener.upload(&target, file).map_err(|error| match kept.count {
            0 => CliError::Usage(format!("{name}: {error}")),
            before => {
                CliError::Usage(format!("{name}: {error}; {before} deliveries of the files before were imported"))
            }
        })?;
        let id = |name: &str| result[name].as_i64().map(DeliveryId);
        let count = result["imported"].as_u64().unwrap_or_default();
        kept = kept.and(KeptImports { count, ids: id("first").zip(id("last")) });
    }
    Ok(kept)
}

fn report(format: OutputFormat, KeptImports { count, ids }: KeptImports) -> Result<(), CliError> {
    match (format, ids) {
        (OutputFormat::Json, ids) => output::print_json(&json!({
            "imported": count,
            "first": ids.map(|(first, _)| first.0),
            "last": ids.map(|(_, last)| last.0),
        })),
        (OutputFormat::Text, Some((first, last))) if last.0 - first.0 >= count as i64 => output::print(&format!(
            "imported {} deliveries, {first} to {last}, and others were received between them\n",
            grouped(count)
        )),
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
