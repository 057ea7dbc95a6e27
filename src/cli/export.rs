//! `whyhook export [FILTER]`: captured deliveries for other tools.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, ValueEnum};

use super::redact::{self, RedactArgs};
use super::select::{Selection, unless_lost};
use super::{CliError, SettingsArgs, image, output};
use crate::archive::export::curl::Curl;
use crate::archive::export::har::Har;
use crate::archive::export::json::Json;
use crate::archive::export::raw::{self, Raw};
use crate::archive::export::{ExportItem, Exporter};
use crate::archive::redaction::RedactionRun;
use crate::config::shown;
use crate::delivery::DeliveryId;
use crate::store::{DeliveryAndDiagnosis, Reader};
use crate::system::save::{UnfinishedFile, private_folder};

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook export latest --as curl -o again.sh\n  \
    whyhook export verdict:bad since:1h --as har -o bad.har\n  \
    whyhook export 7 --as json --redact -o for-the-issue.jsonl")]
pub(super) struct ExportArgs {
    /// Numbers (7, 12-40, latest), or a filter such as: verdict:bad since:1h [default: everything]
    #[arg(value_name = "ID|FILTER")]
    what: Vec<String>,
    /// Output format
    #[arg(long = "as", value_enum, value_name = "FORMAT")]
    format: ExportFormat,
    /// Write to a file (raw: of several deliveries, to a folder) instead of stdout
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
    /// With --as image: which image, counted from 1 [default: the first that has bytes]
    #[arg(long, value_name = "NUMBER")]
    index: Option<usize>,
    /// Overwrite existing files; also write raw bytes and images to a terminal
    #[arg(long)]
    force: bool,
    /// Maximum number of deliveries; the newest are taken
    #[arg(long, short = 'n', value_name = "COUNT")]
    limit: Option<usize>,
    /// Start with the newest delivery instead of the oldest
    #[arg(long)]
    newest_first: bool,
    #[command(flatten)]
    redact: RedactArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ExportFormat {
    /// One HTTP Archive 1.2, for browsers and HTTP tools
    Har,
    /// A shell script that sends the exact bytes again
    Curl,
    /// One JSON object per line; `whyhook import` reads it back
    Json,
    /// Head and body section as received, chunk framing included
    Raw,
    /// The bytes of an image of one delivery
    Image,
}

impl ExportFormat {
    /// What writes deliveries in this format; `None` for the format of a part of one.
    fn exporter(self) -> Option<Box<dyn Exporter>> {
        Some(match self {
            Self::Har => Box::new(Har::default()),
            Self::Curl => Box::new(Curl::default()),
            Self::Json => Box::new(Json::default()),
            Self::Raw => Box::new(Raw::default()),
            Self::Image => return None,
        })
    }
}

/// Exit code 1 when there is nothing to export.
pub(super) fn run(settings: &SettingsArgs, args: &ExportArgs) -> Result<ExitCode, CliError> {
    if args.index.is_some() && args.format != ExportFormat::Image {
        return Err(CliError::Usage("--index names an image: it is for --as image".to_owned()));
    }
    let selection = Selection::parse(&args.what, settings)?;
    let reader = Reader::open(&settings.location()?)?;
    let mut ids = match selection.resolve(&reader, args.limit.unwrap_or(usize::MAX))? {
        Ok(ids) => ids,
        Err(missing) => {
            output::log(&missing);
            return Ok(ExitCode::FAILURE);
        }
    };
    if ids.is_empty() {
        output::log("no delivery matches; nothing was exported");
        return Ok(ExitCode::FAILURE);
    }
    if !args.newest_first {
        ids.reverse();
    }
    let Some(exporter) = args.format.exporter() else {
        if args.redact.is_asked() {
            return Err(CliError::Usage("--as image exports the image itself: leave out --redact".to_owned()));
        }
        return image::run(&reader, &ids, args.index, args.output.as_deref(), args.force);
    };
    let redaction = args.redact.start(settings)?;
    let redaction = match redaction {
        Some(run) if args.redact.is_dry_run() => return redact::preview(run, &reader, &ids),
        redaction => redaction,
    };
    #[cfg(unix)]
    let _clearing = args.output.as_ref().map(|_| crate::system::scratch::ClearOnSignals::start());
    let mut export = Export { reader: &reader, exporter, redaction, written: 0 };
    match &args.output {
        Some(folder) if args.format == ExportFormat::Raw && (ids.len() > 1 || folder.is_dir()) => {
            export.write_folder(&ids, folder, args.force)?;
        }
        Some(path) => {
            let mut file = UnfinishedFile::begin(path, args.force)?;
            export.write(&ids, &mut file, |source| CliError::Write { path: path.clone(), source })?;
            file.finish()?;
        }
        None => {
            check_stdout(args, ids.len())?;
            let mut stdout = io::BufWriter::new(io::stdout().lock());
            export.write(&ids, &mut stdout, CliError::Stdout)?;
            stdout.flush().map_err(CliError::Stdout)?;
        }
    }
    if let Some(run) = &export.redaction {
        redact::report(run);
    }
    export.exporter.warnings().lines().for_each(|line| output::log(&format!("warning: {line}")));
    Ok(if export.written > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn check_stdout(args: &ExportArgs, count: usize) -> Result<(), CliError> {
    match args.format {
        ExportFormat::Raw if count > 1 => {
            let words = "cannot write several raw requests to stdout: give a folder with --output";
            Err(CliError::Usage(words.to_owned()))
        }
        ExportFormat::Raw => output::check_raw(args.force),
        _ => Ok(()),
    }
}

struct Export<'a> {
    reader: &'a Reader,
    exporter: Box<dyn Exporter>,
    redaction: Option<RedactionRun>,
    written: usize,
}

impl Export<'_> {
    fn write(
        &mut self,
        ids: &[DeliveryId],
        out: &mut dyn Write,
        failed: impl Fn(io::Error) -> CliError,
    ) -> Result<(), CliError> {
        for outcome in self.reader.deliveries(ids) {
            if let Some(one) = unless_lost(outcome)? {
                self.add(&one, out).map_err(&failed)?;
            }
        }
        self.exporter.end(out).map_err(failed)
    }

    fn write_folder(&mut self, ids: &[DeliveryId], folder: &Path, force: bool) -> Result<(), CliError> {
        if folder.exists() && !folder.is_dir() {
            let folder = shown(folder);
            return Err(CliError::Usage(format!(
                "{folder} is a file: several raw requests go to a folder, a file each; choose another --output"
            )));
        }
        private_folder(folder)?;
        for outcome in self.reader.deliveries(ids) {
            if let Some(one) = unless_lost(outcome)? {
                let path = folder.join(raw::file_name(&one.delivery.summary));
                let mut file = UnfinishedFile::begin(&path, force)?;
                self.add(&one, &mut file).map_err(|source| CliError::Write { path, source })?;
                file.finish()?;
            }
        }
        Ok(())
    }

    fn add(&mut self, one: &DeliveryAndDiagnosis, out: &mut dyn Write) -> io::Result<()> {
        self.written += 1;
        if let Some(run) = &mut self.redaction {
            let redacted = run.apply(&one.delivery);
            let diagnosis = redacted.diagnosis();
            let (diagnosis, note) = (diagnosis.as_ref(), Some(&redacted.note));
            let item = ExportItem { delivery: &redacted.delivery, diagnosis, redacted: note };
            return self.exporter.add(item, out);
        }
        let diagnosis = one.diagnosis.as_ref().and_then(|json| serde_json::from_str(json).ok());
        let item = ExportItem { delivery: &one.delivery, diagnosis: diagnosis.as_ref(), redacted: None };
        self.exporter.add(item, out)
    }
}
