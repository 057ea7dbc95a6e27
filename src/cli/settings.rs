//! Options that every command takes, and the settings that come of them.

use std::path::{Path, PathBuf};

use clap::Args;

use super::scheme::SchemeArgs;
use super::{CliError, ListenArgs, output, trust};
use crate::config::consent::{Gate, Scope};
use crate::config::{
    AnswerFlags, Flags, ListColumn, PUBLIC_KEY_LABEL, ProcessEnvironment, Settings, SettingsSource, shown,
};
use crate::query::Query;
use crate::signature::Scheme;
use crate::store::Location;
use crate::system::log::{self, FILTER_VARIABLE};

/// Where settings, secrets and the store come from.
#[derive(Debug, Clone, Default, Args)]
pub struct SettingsArgs {
    /// Configuration file [default: ./whyhook.toml, else ~/.config/whyhook/config.toml]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    config: Option<PathBuf>,
    /// Store file [default: whyhook/whyhook.db in the user's data folder]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    store: Option<PathBuf>,
    /// Read a secret from an environment variable; may be repeated
    #[arg(long, global = true, value_name = "[LABEL=]VARIABLE", help_heading = "Settings")]
    secret_env: Vec<String>,
    /// Read a secret from a file; may be repeated
    #[arg(long, global = true, value_name = "[LABEL=]PATH", help_heading = "Settings")]
    secret_file: Vec<String>,
    /// Maximum age before a delivery counts as stale [default: each scheme's own, mostly 5m]
    #[arg(long, global = true, value_name = "DURATION", help_heading = "Settings")]
    tolerance: Option<String>,
    /// Log what whyhook does to this file, without secrets, headers and bodies; at 16 MiB it is moved to FILE.1. The
    /// environment variable WHYHOOK_LOG says what, such as debug or info,whyhook::server=trace [default: info]
    #[arg(long, global = true, value_name = "FILE", help_heading = "Settings")]
    log: Option<PathBuf>,
    /// Answer every question with yes: allow what the configuration of the current folder asks for, send to
    /// other hosts, delete
    #[arg(long, short = 'y', global = true, help_heading = "Settings")]
    yes: bool,
    /// The scheme, of commands that take one.
    #[arg(skip)]
    scheme: SchemeArgs,
}

/// The merged settings of a command.
pub(super) struct LoadedSettings {
    pub(super) settings: Settings,
    pub(super) warnings: Vec<String>,
    /// What of a configuration that changes later may be used.
    pub(super) gate: Gate,
}

impl SettingsArgs {
    /// Refuses values that no command would take.
    pub(super) fn check(&self) -> Result<(), CliError> {
        Ok(Flags { tolerance: self.tolerance.clone(), ..Flags::default() }.check_common()?)
    }

    /// Starts the log, where one was asked for.
    pub(super) fn start_log(&self, command: &str) -> Result<(), CliError> {
        let Some(path) = &self.log else { return Ok(()) };
        let filter = std::env::var_os(FILTER_VARIABLE);
        // What is not UTF-8 is not a filter either.
        let filter = filter.as_ref().map(|filter| filter.to_string_lossy());
        Ok(log::start(path, filter.as_deref(), command)?)
    }

    /// The same settings with this scheme.
    pub(super) fn under(&self, scheme: &SchemeArgs) -> Self {
        Self { scheme: scheme.clone(), ..self.clone() }
    }

    /// The same settings under these schemes of the catalogue, unless a scheme was named on the command line.
    pub(super) fn with_schemes(&self, names: Vec<String>) -> Self {
        Self { scheme: self.scheme.or_named(names), ..self.clone() }
    }

    /// The scheme of the command line, by which what is made is signed; Trackpilots' unless told.
    pub(super) fn asked_scheme(&self) -> Result<Scheme, CliError> {
        let schemes = self.scheme.choice().schemes(&ProcessEnvironment)?;
        Ok(schemes.map(|schemes| schemes.first().clone()).unwrap_or_default())
    }

    /// Whether the command line names the store.
    pub(super) fn names_store(&self) -> bool {
        self.store.is_some()
    }

    /// Whether questions are answered already.
    pub(super) fn yes(&self) -> bool {
        self.yes
    }

    /// The configuration file that `--config` names.
    pub(super) fn named_config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// What the options say of secrets, for who reads nothing else of them.
    pub(super) fn secret_flags(&self) -> Flags {
        Flags {
            config: self.config.clone(),
            store: self.store.clone(),
            tolerance: self.tolerance.clone(),
            secret_env: self.secret_env.clone(),
            secret_file: self.secret_files(),
            ..Flags::default()
        }
    }

    /// The active configuration file, before anybody was asked about it.
    pub(super) fn source(&self) -> Result<SettingsSource, CliError> {
        Ok(SettingsSource::read(&Flags { config: self.config.clone(), ..Flags::default() }, &ProcessEnvironment)?)
    }

    /// Merges these options with the listener's, the environment and the configuration file, once that may be
    /// used for `scope`. Warnings are returned, not printed: the interface shows them itself.
    pub(super) fn load(&self, listen: &ListenArgs, scope: Scope) -> Result<LoadedSettings, CliError> {
        let source = self.source()?;
        let gate = trust::admit(&source, scope, self.yes)?;
        let flags = Flags {
            config: self.config.clone(),
            bind: listen.bind.clone(),
            store: self.store.clone(),
            ephemeral: listen.ephemeral,
            answers: AnswerFlags {
                respond: listen.respond.clone(),
                forward_to: listen.forward_to.clone(),
                hold_for: listen.hold_for.clone(),
                no_handshakes: listen.no_handshakes,
            },
            tolerance: self.tolerance.clone(),
            body_limit: listen.body_limit.clone(),
            secret_env: self.secret_env.clone(),
            secret_file: self.secret_files(),
            scheme: self.scheme.choice(),
            ca_file: listen.ca_file.clone(),
            insecure: listen.insecure,
            forward_timeout: listen.forward_timeout.clone(),
            public_url: listen.public_url.clone(),
        };
        let (settings, warnings) = Settings::load_with(&flags, &source, &ProcessEnvironment)?;
        note(&settings, warnings.len());
        Ok(LoadedSettings { settings, warnings: warnings.iter().map(ToString::to_string).collect(), gate })
    }

    /// What an interface needs whose listener is in another process: how it looks, and what it sends with. No secret has to
    /// be set for that.
    #[cfg(unix)]
    pub(super) fn load_for_interface(&self) -> Result<LoadedSettings, CliError> {
        let source = self.source()?;
        let gate = trust::admit(&source, Scope::Network, self.yes)?;
        let flags = Flags { config: self.config.clone(), store: self.store.clone(), ..Flags::default() };
        let (settings, warnings) = Settings::load_without_secrets(&flags, &source, &ProcessEnvironment)?;
        note(&settings, warnings.len());
        Ok(LoadedSettings { settings, warnings: warnings.iter().map(ToString::to_string).collect(), gate })
    }

    /// The files that hold secrets, and the one that holds the sender's public key in their place.
    fn secret_files(&self) -> Vec<String> {
        let key = self.scheme.public_key.as_ref().map(|file| format!("{PUBLIC_KEY_LABEL}={}", file.display()));
        self.secret_file.iter().cloned().chain(key).collect()
    }

    /// Loads the settings of a command that does not listen; warnings go to stderr.
    pub(super) fn load_quietly(&self, scope: Scope) -> Result<Settings, CliError> {
        let LoadedSettings { settings, warnings, .. } = self.load(&ListenArgs::default(), scope)?;
        warnings.iter().for_each(|warning| output::log(&format!("warning: {warning}")));
        Ok(settings)
    }

    /// The filter that words make, with the saved ones of the configuration.
    pub(super) fn filter(&self, words: &[String]) -> Result<Query, CliError> {
        let text = words.join(" ");
        if !text.contains('@') {
            return Ok(Query::parse(&text)?);
        }
        let saved = self.source()?.file.map(|file| file.filters).unwrap_or_default();
        Ok(Query::parse_with(&text, &saved)?)
    }

    /// The store's place alone. Unset secrets, mistakes in other settings and the like do not matter to who only reads, or
    /// steers a listener.
    pub(super) fn location(&self) -> Result<Location, CliError> {
        let flags = Flags { config: self.config.clone(), store: self.store.clone(), ..Flags::default() };
        let source = SettingsSource::read_for_store(&flags, &ProcessEnvironment)?;
        trust::admit(&source, Scope::Store, self.yes)?;
        Ok(Location::new(Settings::locate_store(&flags, &source, &ProcessEnvironment)?))
    }

    /// The columns that the configuration chooses, where it can be read.
    pub(super) fn columns(&self) -> Option<Vec<ListColumn>> {
        let flags = Flags { config: self.config.clone(), ..Flags::default() };
        SettingsSource::read_what_is_right(&flags, &ProcessEnvironment).ok()?.file?.columns
    }
}

/// Logs what a run is set to: how many of each, and no value that could be a secret or a rule's text.
fn note(settings: &Settings, warnings: usize) {
    let registry = &settings.registry;
    tracing::info!(
        file = settings.config.as_ref().map(|file| shown(&file.path)),
        secrets = registry.keyring().secrets().len(),
        webhooks = registry.webhooks().len(),
        rules = settings.rules.rules().len(),
        simulations = settings.simulations.len(),
        insecure = settings.insecure,
        warnings,
        "configuration loaded"
    );
}
