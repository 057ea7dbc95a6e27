//! `whyhook config check`: every fault of the configuration, in the words in which a listener would refuse it.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use serde_json::{Value, json};

use crate::cli::{CliError, OutputFormat, SettingsArgs, output};
use crate::config::consent::{Gate, Scope};
use crate::config::file::{CheckedFile, ConfigFile, PlacedFault, places};
use crate::config::{Environment as _, Flags, ProcessEnvironment, Settings, SettingsSource, Warning, shown};
use crate::http::{Client, TlsOptions};
use crate::store::{Location, Reader, StoreError};
use crate::text::{counted, visible};
use crate::tui::keymap::Keymap;

#[derive(Debug, Clone, Args)]
pub(super) struct CheckConfigArgs {
    /// The file [default: the one that would be used, by --config, WHYHOOK_CONFIG or the usual places]
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,
    /// Output: lines for people, or one JSON object
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: OutputFormat,
}

/// What was found.
struct ConfigReport {
    file: PathBuf,
    /// With their places; what concerns no line of the file has none.
    faults: Vec<(Option<(usize, usize)>, String)>,
    warnings: Vec<String>,
    /// What needs consent and has none.
    needs: Vec<String>,
    /// Whether these are all faults.
    is_whole: bool,
    /// What the file configures, when it has no fault.
    summary: String,
}

/// Exit code 1 when there is a fault.
pub(super) fn run(settings: &SettingsArgs, args: &CheckConfigArgs) -> Result<ExitCode, CliError> {
    let environment = ProcessEnvironment;
    let flags = Flags {
        config: args.file.clone().or_else(|| settings.named_config().map(Path::to_owned)),
        ..settings.secret_flags()
    };
    let (Some(path), is_named) = SettingsSource::locate(&flags, &environment) else {
        return none_found(args.format);
    };
    let report = check(&path, is_named, settings.yes(), &flags)?;
    match args.format {
        OutputFormat::Json => output::print_json(&report.json())?,
        OutputFormat::Text => output::print(&output::fitted(report.text()))?,
    }
    Ok(if report.faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Reads the file as a listener would, and goes on after each fault.
fn check(path: &Path, is_named: bool, yes: bool, flags: &Flags) -> Result<ConfigReport, CliError> {
    let environment = ProcessEnvironment;
    let CheckedFile { mut faults, is_whole, file } =
        CheckedFile::read(path).map_err(crate::config::ConfigError::from)?;
    let mut report = ConfigReport {
        file: path.to_owned(),
        faults: Vec::new(),
        warnings: Vec::new(),
        needs: Vec::new(),
        is_whole,
        summary: String::new(),
    };
    if let Some(file) = &file {
        faults.extend(key_faults(file));
        let gate = Gate::new(is_named, &environment);
        let needs = if yes { Vec::new() } else { gate.missing(file, Scope::Network) };
        report.needs = needs.iter().map(|need| need.clipped()).collect();
        let mut warnings: Vec<Warning> = file.warnings.clone();
        // Secrets may lie anywhere: without consent none is read.
        if !needs.iter().any(|need| need.scope <= Scope::Secrets) {
            let (of_secrets, remarks) = Settings::check_secrets(flags, file, &environment);
            faults.extend(of_secrets);
            warnings.extend(remarks);
            if faults.is_empty() {
                let source = SettingsSource { file: Some(file.clone()), is_named };
                match Settings::load_with(flags, &source, &environment) {
                    Ok((_, all)) => warnings = all,
                    Err(error) => report.faults.push((None, error.to_string())),
                }
            }
        }
        // What may not be used unasked is not looked at.
        if needs.is_empty() {
            report.faults.extend(unusable(flags, file).into_iter().map(|words| (None, words)));
        }
        report.warnings = warnings.iter().map(ToString::to_string).collect();
        report.summary = summary(file);
    }
    faults.sort_by_key(|fault| (fault.place.line, fault.place.column));
    let placed = faults.into_iter().map(|fault| (Some((fault.place.line, fault.place.column)), fault.words));
    report.faults.splice(0..0, placed);
    Ok(report)
}

/// Files that the configuration names and a listener could not start with.
fn unusable(flags: &Flags, file: &ConfigFile) -> Vec<String> {
    let environment = ProcessEnvironment;
    let mut faults = Vec::new();
    if let Some(name) = &file.ca_file {
        let options = TlsOptions { ca_file: Some(file.resolve(name, &environment)), insecure: false };
        faults.extend(Client::new(&options).err().map(|error| format!("ca_file: {error}")));
    }
    if let Some(name) = file.store.as_ref().filter(|_| flags.store.is_none()) {
        match Reader::open(&Location::new(file.resolve(name, &environment))) {
            // A listener makes it.
            Ok(_) | Err(StoreError::Missing { .. } | StoreError::Unindexed { .. }) => {}
            Err(error) => faults.push(format!("store: {error}")),
        }
    }
    faults
}

/// Every entry of `[keys]` that is refused.
fn key_faults(file: &ConfigFile) -> Vec<PlacedFault> {
    let mut entries = file.keys.clone();
    let mut faults: Vec<PlacedFault> = Vec::new();
    while let Err(error) = Keymap::with(&entries) {
        let before = entries.len();
        entries.retain(|entry| entry.place != error.place && entry.section_place != error.place);
        faults.push(PlacedFault::new(error.place, error.words));
        if entries.len() == before {
            break;
        }
    }
    faults
}

/// What is configured, in a few words.
fn summary(file: &ConfigFile) -> String {
    let counts = [
        (file.webhooks.len(), "webhook"),
        (file.secrets.len(), "secret"),
        (file.rules.len(), "rule"),
        (file.answers.len(), "answer"),
        (file.simulations.len(), "simulation"),
        (file.keys.len(), "key"),
    ];
    let words: Vec<String> =
        counts.into_iter().filter(|(count, _)| *count > 0).map(|(count, noun)| counted(count as u64, noun)).collect();
    words.join(", ")
}

impl ConfigReport {
    fn text(&self) -> String {
        let name = shown_near(&self.file);
        let mut text = String::new();
        for (place, words) in &self.faults {
            let place = place.map_or(String::new(), |(line, column)| format!("{name}:{line}:{column}: "));
            let _ = writeln!(text, "{}", visible(&format!("{place}{words}")));
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "warning: {}", visible(warning));
        }
        if !self.needs.is_empty() {
            let _ = writeln!(
                text,
                "warning: {name} was found in the current folder and is used only after `whyhook trust`, since it would"
            );
            for need in &self.needs {
                let _ = writeln!(text, "  - {}", visible(need));
            }
        }
        let _ = match (self.faults.len(), self.summary.as_str()) {
            (0, "") => writeln!(text, "{name} is valid"),
            (0, summary) => writeln!(text, "{name} is valid: {summary}"),
            (count, _) => {
                let more = if self.is_whole { "" } else { ", and perhaps more once these are mended" };
                writeln!(text, "{} in {name}{more}", counted(count as u64, "fault"))
            }
        };
        text
    }

    fn json(&self) -> Value {
        let fault = |(place, words): &(Option<(usize, usize)>, String)| json!({"line": place.map(|(line, _)| line), "column": place.map(|(_, column)| column), "message": words});
        json!({
            "file": shown(&self.file),
            "valid": self.faults.is_empty(),
            "complete": self.is_whole,
            "faults": self.faults.iter().map(fault).collect::<Vec<_>>(),
            "warnings": self.warnings,
            "needs_consent": self.needs,
        })
    }
}

/// The path as it is seen from the current folder.
fn shown_near(path: &Path) -> String {
    shown(path.strip_prefix(ProcessEnvironment.current_dir()).unwrap_or(path))
}

/// No file is not a fault: a run has its defaults.
fn none_found(format: OutputFormat) -> Result<ExitCode, CliError> {
    match format {
        OutputFormat::Json => output::print_json(&json!({
            "file": null, "valid": true, "complete": true, "faults": [], "warnings": [], "needs_consent": [],
        }))?,
        OutputFormat::Text => {
            let looked: Vec<String> = places(&ProcessEnvironment).iter().map(|path| shown_near(path)).collect();
            output::print(&output::fitted(format!(
                "no configuration found in {}: the defaults are used; `whyhook config init` writes one\n",
                looked.join(" or ")
            )))?;
        }
    }
    Ok(ExitCode::SUCCESS)
}
