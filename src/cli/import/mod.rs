//! `whyhook import FILE…`: deliveries from files.

mod input;
mod report;

use std::io::{self, BufWriter, Seek as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::prune::in_use;
#[cfg(unix)]
use super::running::RunningListener;
use super::{CliError, OutputFormat, SettingsArgs, output};
use crate::archive::import::{
    ImportBounds, ImportEnd, ImportError, ImportKeeper, ImportSource, Imported, Importer, KeptImports,
};
#[cfg(unix)]
use crate::archive::import::write_transfer;
use crate::config::consent::Scope;
use crate::delivery::DeliveryId;
use crate::store::{Location, Writer};
use input::Input;
use report::{Progress, Report};

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook export --as json | whyhook import - --store elsewhere.db\n  \
    whyhook import session.har request.http\n  \
    whyhook import captures/ --strict")]
pub(super) struct ImportArgs {
    /// Files or folders to import, or - for stdin
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Input format [default: detected from the content]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<ImportFormat>,
    /// Import nothing if an entry cannot be kept exactly [default: import it with a remark, or pass over it]
    #[arg(long)]
    strict: bool,
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

impl ImportFormat {
    fn source(self) -> ImportSource {
        match self {
            Self::Json => ImportSource::Json,
            Self::Har => ImportSource::Har,
            Self::Raw => ImportSource::Raw,
        }
    }
}

/// Every file is read to its end before anything is kept: all of them are taken in, or nothing.
pub(super) fn run(settings: &SettingsArgs, args: &ImportArgs) -> Result<ExitCode, CliError> {
    let loaded = settings.load_quietly(Scope::Secrets)?;
    let importer = Importer {
        registry: &loaded.registry,
        judge_again: args.judge_again,
        now: Timestamp::now(),
        strict: args.strict,
    };
    let mut report = Report::default();
    let inputs = input::open_all(&args.files, args.from.map(ImportFormat::source), &mut report)?;
    let mut import = Import { importer, inputs, progress: Progress::new(), found: 0 };
    import.check(&mut report)?;
    report.warn();
    if import.found == 0 {
        output::log("no delivery found: nothing was imported");
        return Ok(ExitCode::FAILURE);
    }
    let location = Location::new(loaded.store);
    #[cfg(unix)]
    if let Some(listener) = RunningListener::on(&location)? {
        let kept = import.upload(&listener)?;
        report.print(args.format, kept)?;
        return Ok(ExitCode::SUCCESS);
    }
    let kept = import.keep(&location)?;
    report.print(args.format, kept)?;
    Ok(ExitCode::SUCCESS)
}

/// Files that are imported together.
struct Import<'a> {
    importer: Importer<'a>,
    inputs: Vec<Input>,
    progress: Progress,
    /// Deliveries in all of them.
    found: u64,
}

impl Import<'_> {
    /// Reads everything once, without keeping anything of it.
    fn check(&mut self, report: &mut Report) -> Result<(), CliError> {
        let (progress, found) = (&mut self.progress, &mut self.found);
        let several = self.inputs.len() > 1;
        for input in &mut self.inputs {
            let findings = input.read(&self.importer, &mut |_| {
                *found += 1;
                progress.tell(|| format!("{found} read"));
                Ok(())
            });
            progress.end();
            let findings = findings.map_err(|error| CliError::Usage(format!("{}: {error}", input.name)))?;
            report.add(several.then_some(&*input.name), &findings);
        }
        Ok(())
    }

    /// Reads everything again, and hands it on.
    fn read(&mut self, take: &mut dyn FnMut(Imported) -> Result<(), ImportError>) -> Result<(), ImportError> {
        let (progress, found) = (&mut self.progress, self.found);
        let mut done = 0;
        let mut read = Ok(());
        for input in &mut self.inputs {
            let findings = input.read(&self.importer, &mut |imported| {
                take(imported)?;
                done += 1;
                progress.tell(|| format!("{done} of {found}"));
                Ok(())
            });
            read = findings.map(drop);
            if read.is_err() {
                break;
            }
        }
        progress.end();
        read
    }

    /// Keeps everything, or nothing, in a store that nobody writes to.
    fn keep(&mut self, location: &Location) -> Result<KeptImports, CliError> {
        let (writer, handle) = Writer::start_briefly(location).map_err(in_use)?;
        output::log_losses(writer.losses());
        let mut keeper = ImportKeeper::new(handle, ImportBounds::ALONE);
        let read = self.read(&mut |imported| keeper.keep(imported));
        let end = keeper.finish(read);
        writer.join();
        match end {
            ImportEnd::Kept(kept) => Ok(kept),
            ImportEnd::TakenBack(error) => Err(CliError::Usage(format!("{error}; nothing was imported"))),
            ImportEnd::Partly(error, kept) => Err(CliError::Usage(format!(
                "{error}; {} of {} deliveries were imported before, and could not be removed",
                kept.count, self.found
            ))),
        }
    }

    /// Has the listener keep everything, or nothing.
    #[cfg(unix)]
    fn upload(&mut self, listener: &RunningListener) -> Result<KeptImports, CliError> {
        let failed = |error: io::Error| CliError::Usage(format!("cannot write to a temporary file: {error}"));
        let mut spool = BufWriter::with_capacity(64 * 1024, tempfile::tempfile().map_err(failed)?);
        let judge_again = self.importer.judge_again;
        self.read(&mut |imported| Ok(write_transfer(&imported, &mut spool)?))
            .map_err(|error| CliError::Usage(error.to_string()))?;
        spool.flush().map_err(failed)?;
        let mut file = spool.into_inner().map_err(|error| failed(error.into_error()))?;
        file.rewind().map_err(failed)?;
        let result = listener.upload(&format!("/import?wait=true&from=json&judge_again={judge_again}"), file)?;
        let id = |name: &str| result[name].as_i64().map(DeliveryId);
        Ok(KeptImports { count: result["imported"].as_u64().unwrap_or_default(), ids: id("first").zip(id("last")) })
    }
}
