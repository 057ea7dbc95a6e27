//! `whyhook import FILE…`: deliveries from files.

mod input;
mod report;

use std::collections::HashSet;
use std::io::{self, BufWriter, Seek as _, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, ValueEnum};
use jiff::Timestamp;

use super::prune::in_use;
#[cfg(unix)]
use super::running::RunningListener;
use super::sending::cancelled_by_signals;
use super::{CliError, OutputFormat, SettingsArgs, agent, output};
#[cfg(unix)]
use crate::archive::import::write_transfer;
use crate::archive::import::{
    ImportBounds, ImportEnd, ImportError, ImportKeeper, ImportSource, Imported, Importer, KeptImports, KnownDeliveries,
    ReceivedBefore,
};
use crate::config::consent::Scope;
use crate::delivery::DeliveryId;
use crate::store::{Location, Reader, Writer};
use crate::text::{counted, grouped};
use input::ImportInput;
use report::{Progress, Report};

#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook export --as json | whyhook import - --store elsewhere.db\n  \
    whyhook import session.har request.http\n  \
    pbpaste | whyhook import -            # a curl command that a browser has copied\n  \
    whyhook import --from ngrok           # what came through the tunnel before\n  \
    whyhook import captures/ --strict")]
pub(super) struct ImportArgs {
    /// Files or folders to import, or - for stdin; none with --from ngrok, which asks the agent
    #[arg(value_name = "FILE", required_unless_present = "from")]
    files: Vec<PathBuf>,
    /// Input format [default: detected from the content]
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<ImportFormat>,
    /// Address of ngrok's agent [default: ngrok_api of the configuration, else 127.0.0.1:4040]
    #[arg(long, value_name = "ADDRESS", requires = "from", conflicts_with = "files")]
    agent: Option<String>,
    /// Read the files that a curl command or an .http file names, from the folder of that file and below
    #[arg(long)]
    read_files: bool,
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
    /// curl commands, pasted or in a script
    Curl,
    /// An .http or .rest file of an editor
    Http,
    /// A flow file of mitmproxy
    Mitmproxy,
    /// What ngrok's agent holds: asked for, or its JSON in a file
    Ngrok,
    /// Events that Stripe's command line printed
    Stripe,
    /// Events or requests that Hookdeck's command line printed
    Hookdeck,
}

impl ImportFormat {
    fn source(self) -> ImportSource {
        match self {
            Self::Json => ImportSource::Json,
            Self::Har => ImportSource::Har,
            Self::Raw => ImportSource::Raw,
            Self::Curl => ImportSource::Curl,
            Self::Http => ImportSource::Http,
            Self::Mitmproxy => ImportSource::Mitmproxy,
            Self::Ngrok => ImportSource::Ngrok,
            Self::Stripe => ImportSource::Stripe,
            Self::Hookdeck => ImportSource::Hookdeck,
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
        files: None,
    };
    let location = Location::new(loaded.store);
    let mut report = Report::default();
    let inputs = inputs(settings, args, &mut report)?;
    let progress = Progress::new();
    let (found, doubled, known) = (0, 0, HashSet::new());
    let mut import = Import { importer, inputs, progress, found, doubled, known, reads_files: args.read_files };
    import.check(&location, &mut report)?;
    report.warn();
    if import.found == 0 && import.known.is_empty() {
        output::log("no delivery found: nothing was imported");
        return Ok(ExitCode::FAILURE);
    }
    if import.found == 0 {
        output::log("nothing new: every request is in the store");
        report.print(args.format, KeptImports::default())?;
        return Ok(ExitCode::SUCCESS);
    }
    #[cfg(unix)]
    if let Some(listener) = RunningListener::on(&location)? {
        let doubled = import.doubled_words();
        let kept = import.upload(&listener)?;
        doubled.iter().for_each(|words| output::log(words));
        report.print(args.format, kept)?;
        return Ok(ExitCode::SUCCESS);
    }
    let doubled = import.doubled_words();
    let kept = import.keep(&location)?;
    doubled.iter().for_each(|words| output::log(words));
    report.print(args.format, kept)?;
    Ok(ExitCode::SUCCESS)
}

/// The files that are named, or what ngrok's agent answers.
fn inputs(settings: &SettingsArgs, args: &ImportArgs, report: &mut Report) -> Result<Vec<ImportInput>, CliError> {
    if !args.files.is_empty() {
        return input::open_all(&args.files, args.from.map(ImportFormat::source), report);
    }
    if args.from != Some(ImportFormat::Ngrok) {
        return Err(CliError::Usage("name a file or a folder, or - for stdin".to_owned()));
    }
    let (address, answer) = agent::requests(settings, args.agent.as_deref())?;
    Ok(vec![ImportInput::of_answer(format!("ngrok's agent at {address}"), &answer)?])
}

/// Files that are imported together.
struct Import<'a> {
    importer: Importer<'a>,
    inputs: Vec<ImportInput>,
    progress: Progress,
    /// Deliveries in all of them that are to be kept.
    found: u64,
    /// How many of these look like deliveries that the store has.
    doubled: u64,
    /// Which of the others, counted over all inputs, the store has already.
    known: HashSet<u64>,
    reads_files: bool,
}

impl Import<'_> {
    /// What is to be said of deliveries that the store had before.
    fn doubled_words(&self) -> Option<String> {
        let found = counted(self.found, "delivery");
        let words = || {
            format!(
                "warning: {} of {found} {} in the store before: the same time, head and body",
                grouped(self.doubled),
                if self.doubled == 1 { "was" } else { "were" }
            )
        };
        (self.doubled > 0).then(words)
    }

    /// Reads everything once, without keeping anything of it.
    fn check(&mut self, location: &Location, report: &mut Report) -> Result<(), CliError> {
        let several = self.inputs.len() > 1;
        // What an agent holds is asked for again and again, and may be what came through it to this very store.
        let is_asked = self.inputs.iter().any(|input| input.source == ImportSource::Ngrok) && location.file().exists();
        let reader = is_asked.then(|| Reader::open(location)).transpose()?;
        // Any other file is taken as often as it is given. A store that cannot be read says so when it is written to.
        let own = Some(location).filter(|location| location.file().exists()).and_then(|own| Reader::open(own).ok());
        let before = own.as_ref().and_then(|own| ReceivedBefore::of(own).ok());
        let held = reader.as_ref().map(|reader| KnownDeliveries::since(reader, Timestamp::MIN)).transpose()?;
        let mut at = 0;
        let mut refused = Vec::new();
        for (index, input) in self.inputs.iter_mut().enumerate() {
            let (progress, found, known) = (&mut self.progress, &mut self.found, &mut self.known);
            let (doubled, before) =
                (&mut self.doubled, before.as_ref().filter(|_| input.source != ImportSource::Ngrok));
            let held = held.as_ref().filter(|_| input.source == ImportSource::Ngrok);
            let (folder, mut skipped) = (input.folder.clone(), Vec::new());
            let importer = Importer {
                files: folder.as_ref().filter(|_| self.reads_files).map(|folder| folder as _),
                ..self.importer
            };
            let findings = input.read(&importer, &mut |imported| {
                at += 1;
                let already = held.map(|held| held.find(&imported)).transpose();
                match already.map_err(|error| ImportError::Taken(error.to_string()))?.flatten() {
                    Some(already) => {
                        known.insert(at);
                        skipped.push(format!(
                            "{} {}: {}",
                            imported.captured.method,
                            imported.captured.path,
                            already.words()
                        ));
                    }
                    None => {
                        *found += 1;
                        *doubled += u64::from(before.is_some_and(|before| before.find(&imported).is_some()));
                    }
                }
                progress.tell(|| format!("{at} read"));
                Ok(())
            });
            progress.end();
            let findings = match findings {
                // Such as a malformed request among those that were exported.
                Err(error @ ImportError::Request(_)) if input.is_found && !self.importer.strict => {
                    report.pass_over_file(&input.name, &error.to_string());
                    refused.push(index);
                    continue;
                }
                Err(error @ ImportError::Request(_)) if input.is_unknown => {
                    let (name, known) = (&input.name, ImportSource::names());
                    return Err(CliError::Usage(format!(
                        "{name}: {error}; it is of no known format ({known}): --from names the format"
                    )));
                }
                findings => findings.map_err(|error| CliError::Usage(format!("{}: {error}", input.name)))?,
            };
            report.add(several.then_some(&*input.name), &findings);
            report.skip(skipped);
        }
        refused.into_iter().rev().for_each(|index| drop(self.inputs.remove(index)));
        Ok(())
    }

    /// Reads everything again, and hands on what is to be kept.
    fn read(&mut self, take: &mut dyn FnMut(Imported) -> Result<(), ImportError>) -> Result<(), ImportError> {
        let (progress, found, known) = (&mut self.progress, self.found, &self.known);
        let (mut at, mut done) = (0, 0);
        let mut read = Ok(());
        for input in &mut self.inputs {
            let folder = input.folder.clone();
            let importer = Importer {
                files: folder.as_ref().filter(|_| self.reads_files).map(|folder| folder as _),
                ..self.importer
            };
            let findings = input.read(&importer, &mut |imported| {
                at += 1;
                if !known.contains(&at) {
                    take(imported)?;
                    done += 1;
                    progress.tell(|| format!("{done} of {found}"));
                }
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
        // From the first delivery on that is kept, the end of this process leaves some of them.
        let cancel = cancelled_by_signals();
        let read = self.read(&mut |imported| match cancel.is_cancelled() {
            true => Err(ImportError::Cancelled),
            false => keeper.keep(imported),
        });
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
