//! The merged settings of a run.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::answers::parse_forward_timeout;
use super::file::{self, CheckedFile, ConfigFile, FileError, PlacedFault, expand_home};
use super::keyring::{self, Requests};
use super::{
    AnswerFlags, BadSetting, Bounds, ConfigError, Environment, HookSettings, Keyring, NotifySettings, RedactSettings,
    Registry, RetentionSettings, SchemeChoice, Warning,
};
use crate::config::{ListColumn, PictureMode, ThemeSettings, TunnelName, TunnelProbe, TunnelSettings, read_public_url};
use crate::http::TlsOptions;
use crate::query::SavedFilters;
use crate::rules::RuleSet;
use crate::signature::AcceptedSchemes;
use crate::simulate::SavedSimulation;
use crate::text::units;

/// Where the listener binds unless told otherwise: the port of Trackpilots' `ngrok http 3000`.
pub const DEFAULT_BIND: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 3000);
/// The largest body accepted unless told otherwise, in bytes.
pub const DEFAULT_BODY_LIMIT: u64 = 64 * 1024 * 1024;
/// How long an upstream server may take unless told otherwise; a sender has usually given up before.
pub const DEFAULT_FORWARD_TIMEOUT: Duration = Duration::from_secs(30);
/// Where an ngrok agent serves its own API unless told otherwise.
pub const DEFAULT_NGROK_API: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 4040);

/// What the command line says; `None` and empty for what it does not.
#[derive(Debug, Clone, Default)]
pub struct Flags {
    /// `--config`: the configuration file, relative to the current directory.
    pub config: Option<PathBuf>,
    /// `--bind`: address and port; see [`Settings::bind`].
    pub bind: Option<String>,
    /// `--store`: the store's file, relative to the current directory.
    pub store: Option<PathBuf>,
    /// `--ephemeral`: keep nothing beyond this run.
    pub ephemeral: bool,
    /// `--respond`, `--forward-to` and `--hold-for`.
    pub answers: AnswerFlags,
    /// `--tolerance`: how far a timestamp may be off, such as `5m`.
    pub tolerance: Option<String>,
    /// `--body-limit`: the largest body, such as `64MiB`.
    pub body_limit: Option<String>,
    /// `--secret-env`, each `[LABEL=]VARIABLE`.
    pub secret_env: Vec<String>,
    /// `--secret-file`, each `[LABEL=]PATH`.
    pub secret_file: Vec<String>,
    /// `--scheme` and what belongs to it.
    pub scheme: SchemeChoice,
    /// `--ca-file`: certificates to trust, relative to the current directory.
    pub ca_file: Option<PathBuf>,
    /// `--insecure`: send to whoever answers.
    pub insecure: bool,
    /// `--forward-timeout`: how long an upstream server may take.
    pub forward_timeout: Option<String>,
    /// `--public-url`: the URL by which others reach the listener.
    pub public_url: Option<String>,
}

/// The merged settings.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where to listen; port 0 picks a free one.
    pub bind: SocketAddr,
    /// The store's file. Empty only when `ephemeral` is set and no home directory is known.
    pub store: PathBuf,
    /// Keep nothing beyond this run, whatever `store` says.
    pub ephemeral: bool,
    /// How far a timestamp may be off in either direction; the registry's scheme has it too.
    pub tolerance: Duration,
    /// The largest body accepted, in bytes; at least 1.
    pub body_limit: u64,
    /// How long and how much senders may take.
    pub bounds: Bounds,
    /// The rules that answer deliveries.
    pub rules: RuleSet,
    /// What the command line says of them, for when the file has changed.
    pub answers: AnswerFlags,
    /// How pictures are drawn in the terminal.
    pub images: PictureMode,
    /// Whether the interface takes the mouse.
    pub mouse: bool,
    /// Which deliveries the terminal notifies of.
    pub notify: Option<NotifySettings>,
    /// The command for each delivery.
    pub on_delivery: Option<HookSettings>,
    /// What redacted exports replace and keep.
    pub redact: RedactSettings,
    /// How the interface looks.
    pub theme: ThemeSettings,
    /// Where to ask an ngrok agent for its tunnels; `None` when switched off.
    pub ngrok_api: Option<SocketAddr>,
    /// Which other tunnels are looked for.
    pub tunnels: TunnelSettings,
    /// The URL by which others reach the listener, without a slash at its end, where a person has said it.
    pub public_url: Option<String>,
    /// What a listener deletes automatically.
    pub retention: RetentionSettings,
    /// PEM certificates to trust for `https` targets, beside the system's.
    pub ca_file: Option<PathBuf>,
    /// Send to `https` targets without checking who they are. Only ever when the command line says so.
    pub insecure: bool,
    /// How long an upstream server may take.
    pub forward_timeout: Duration,
    /// Webhooks, secrets and the scheme.
    pub registry: Registry,
    /// Simulations under their names.
    pub simulations: BTreeMap<String, SavedSimulation>,
    /// Filters under their names.
    pub filters: SavedFilters,
    /// The columns of lists, where they were chosen.
    pub columns: Option<Vec<ListColumn>>,
    /// The configuration file as it was read, if any.
    pub config: Option<Arc<ConfigFile>>,
    /// Whether the person has named it.
    pub config_is_named: bool,
    /// Where one may come to be: the one that was read, or else where it is looked for.
    pub config_places: Vec<PathBuf>,
}

impl Settings {
    /// Merges defaults < file < environment < flags and reads the secrets.
    ///
    /// The file is `--config`, else `WHYHOOK_CONFIG`, else `./whyhook.toml`, else
    /// `$XDG_CONFIG_HOME/whyhook/config.toml`. `WHYHOOK_BIND`, `WHYHOOK_STORE`,
    /// `WHYHOOK_NGROK_API` and `WHYHOOK_TUNNELS` override it; a variable set to nothing counts as not set.
    ///
    /// # Errors
    ///
    /// [`ConfigError`]: one line that says what was tried, on what, and what to do.
    pub fn load(flags: &Flags, environment: &dyn Environment) -> Result<(Self, Vec<Warning>), ConfigError> {
        Self::load_with(flags, &SettingsSource::read(flags, environment)?, environment)
    }

    /// The same with a file that was read, and perhaps looked at, before.
    ///
    /// # Errors
    ///
    /// As [`Settings::load`].
    pub fn load_with(
        flags: &Flags,
        source: &SettingsSource,
        environment: &dyn Environment,
    ) -> Result<(Self, Vec<Warning>), ConfigError> {
        Self::merge(flags, source, environment, true)
    }

    /// The same for an interface whose listener is in another process and knows the webhooks and secrets: none is read
    /// here.
    ///
    /// # Errors
    ///
    /// As [`Settings::load`].
    pub fn load_without_secrets(
        flags: &Flags,
        source: &SettingsSource,
        environment: &dyn Environment,
    ) -> Result<(Self, Vec<Warning>), ConfigError> {
        Self::merge(flags, source, environment, false)
    }

    fn merge(
        flags: &Flags,
        source: &SettingsSource,
        environment: &dyn Environment,
        reads_secrets: bool,
    ) -> Result<(Self, Vec<Warning>), ConfigError> {
        let file = source.file.as_ref();
        let mut warnings = file.map(|file| file.warnings.clone()).unwrap_or_default();

        let bind = bind(flags, environment)?.or_else(|| file?.bind).unwrap_or(DEFAULT_BIND);
        if !bind.ip().to_canonical().is_loopback() {
            warnings.push(Warning::BeyondLoopback(bind));
        }
        let tolerance = flags.tolerance()?;
        // One that is asked for holds for all; otherwise each scheme has its own.
        let asked_tolerance = tolerance.or_else(|| file?.tolerance);
        let mut schemes = flags.scheme.schemes(environment)?.unwrap_or_default();
        let body_limit = flag("--body-limit", flags.body_limit.as_deref(), parse_body_limit)?;
        let forward_timeout = flag("--forward-timeout", flags.forward_timeout.as_deref(), parse_forward_timeout)?;
        let public_url = flag("--public-url", flags.public_url.as_deref(), read_public_url)?;
        let tunnels = file.map(|file| file.tunnels.clone()).unwrap_or_default();
        let tunnels = match variable_text("WHYHOOK_TUNNELS", environment)? {
            Some(text) => flag("WHYHOOK_TUNNELS", Some(&text), |text| tunnels.only(text))?.unwrap_or_default(),
            None => tunnels,
        };
        let ngrok_api = match variable_text("WHYHOOK_NGROK_API", environment)? {
            Some(text) => flag("WHYHOOK_NGROK_API", Some(&text), parse_ngrok_api)?,
            None if tunnels.probe(TunnelName::Ngrok) == TunnelProbe::Off => Some(None),
            None => file.and_then(|file| file.ngrok_api),
        };

        let own_variables = flags.scheme.variables(&schemes);
        let requests =
            Requests { env: &flags.secret_env, file: &flags.secret_file, of_schemes: &own_variables, config: file };
        let keyring = match reads_secrets {
            true => {
                let (keyring, remarks) = keyring::load(&requests, environment)?;
                warnings.extend(remarks);
                file.map_or(Ok(()), |file| file.check_labels(&keyring))?;
                keyring
            }
            false => Keyring::default(),
        };
        let mut webhooks = file.map(|file| file.webhooks.clone()).unwrap_or_default();
        if let Some(asked) = asked_tolerance {
            let configured = webhooks.iter_mut().filter_map(|webhook| webhook.schemes.as_mut());
            let all = configured.chain([&mut schemes]).flat_map(AcceptedSchemes::iter_mut);
            all.for_each(|scheme| scheme.tolerance = asked);
        }
        let settings = Self {
            bind,
            store: store(flags, file, environment)?,
            ephemeral: flags.ephemeral,
            tolerance: schemes.first().tolerance,
            body_limit: body_limit.or_else(|| file?.body_limit).unwrap_or(DEFAULT_BODY_LIMIT),
            bounds: file.map(|file| file.bounds).unwrap_or_default(),
            images: file.and_then(|file| file.images).unwrap_or_default(),
            mouse: file.and_then(|file| file.mouse).unwrap_or(true),
            notify: file.and_then(|file| file.notify.clone()),
            on_delivery: file.and_then(|file| file.on_delivery.clone()),
            redact: file.map(|file| file.redact.clone()).unwrap_or_default(),
            theme: file.and_then(|file| file.theme.clone()).unwrap_or_default(),
            rules: flags.answers.rules(file)?,
            answers: flags.answers.clone(),
            ngrok_api: ngrok_api.unwrap_or(Some(DEFAULT_NGROK_API)),
            tunnels,
            public_url: public_url.or_else(|| file?.public_url.clone()),
            retention: file.map(|file| file.retention).unwrap_or_default(),
            ca_file: match &flags.ca_file {
                Some(path) => Some(environment.current_dir().join(path)),
                None => file.and_then(|file| Some(file.resolve(file.ca_file.as_ref()?, environment))),
            },
            insecure: flags.insecure,
            forward_timeout: forward_timeout.or_else(|| file?.forward_timeout).unwrap_or(DEFAULT_FORWARD_TIMEOUT),
            registry: Registry::new(webhooks, keyring, schemes),
            simulations: file.map(|file| file.simulations.clone()).unwrap_or_default(),
            filters: file.map(|file| file.filters.clone()).unwrap_or_default(),
            columns: file.and_then(|file| file.columns.clone()),
            config_places: file.map_or_else(|| file::places(environment), |file| vec![file.path.clone()]),
            config: file.cloned().map(Arc::new),
            config_is_named: source.is_named,
        };
        warnings.extend(settings.rules.remarks().into_iter().map(Warning::Rule));
        Ok((settings, warnings))
    }
}

impl Settings {
    /// Whom an `https` target must prove to be, for everything that is sent.
    #[must_use]
    pub fn tls_options(&self) -> TlsOptions {
        TlsOptions { ca_file: self.ca_file.clone(), insecure: self.insecure }
    }

    /// Every mistake of the secrets that `file` names, and of the labels that its webhooks name, each at its place; and
    /// what looks odd about the secrets.
    #[must_use]
    pub fn check_secrets(
        flags: &Flags,
        file: &ConfigFile,
        environment: &dyn Environment,
    ) -> (Vec<PlacedFault>, Vec<Warning>) {
        let schemes = flags.scheme.schemes(environment).ok().flatten().unwrap_or_default();
        let own_variables = flags.scheme.variables(&schemes);
        let requests =
            Requests { env: &flags.secret_env, file: &flags.secret_file, of_schemes: &own_variables, config: None };
        keyring::check_configured(&requests, file, environment)
    }

    /// Only where the store lies, for commands that read it: no secret has to be set for that.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when no place is known.
    pub fn locate_store(
        flags: &Flags,
        source: &SettingsSource,
        environment: &dyn Environment,
    ) -> Result<PathBuf, ConfigError> {
        store(flags, source.file.as_ref(), environment)
    }
}

/// The active configuration file, if there is one.
#[derive(Debug, Clone)]
pub struct SettingsSource {
    /// What it says.
    pub file: Option<ConfigFile>,
    /// Whether the person has named it, with `--config` or `WHYHOOK_CONFIG`.
    pub is_named: bool,
}

impl SettingsSource {
    /// Reads it: `--config`, else `WHYHOOK_CONFIG`, else the usual places.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] when it cannot be read or says what it may not.
    pub fn read(flags: &Flags, environment: &dyn Environment) -> Result<Self, ConfigError> {
        let (path, is_named) = Self::locate(flags, environment);
        Ok(Self { file: path.as_deref().map(ConfigFile::read).transpose()?, is_named })
    }

    /// Reads it for where the store lies, and for how a list looks: mistakes in other settings do not matter to that. None is
    /// read where the store is named.
    ///
    /// # Errors
    ///
    /// As [`SettingsSource::read`], where the mistake may be about the store.
    pub fn read_for_store(flags: &Flags, environment: &dyn Environment) -> Result<Self, ConfigError> {
        if named_store(flags, environment).is_some() {
            return Ok(Self { file: None, is_named: false });
        }
        Self::read_what_is_right(flags, environment)
    }

    /// Reads what is right in it.
    ///
    /// # Errors
    ///
    /// As [`SettingsSource::read`], where nothing can be told of it, or the mistake may be about the store.
    pub fn read_what_is_right(flags: &Flags, environment: &dyn Environment) -> Result<Self, ConfigError> {
        let (path, is_named) = Self::locate(flags, environment);
        let read = |path: &Path| match ConfigFile::read(path) {
            Err(error @ FileError::Invalid { .. }) => {
                let checked = CheckedFile::read(path)?;
                // Another store than the one that is meant has another listener and other deliveries.
                let store = checked.faults.iter().any(|fault| fault.is_of("store"));
                checked.file.filter(|_| !store).ok_or(error)
            }
            read => read,
        };
        Ok(Self { file: path.as_deref().map(read).transpose()?, is_named })
    }

    /// Where it is, if there is one, and whether the person has named it.
    #[must_use]
    pub fn locate(flags: &Flags, environment: &dyn Environment) -> (Option<PathBuf>, bool) {
        let named = flags.config.clone().or_else(|| variable_path("WHYHOOK_CONFIG", environment));
        (file::locate(named.as_deref(), environment), named.is_some())
    }
}

impl Settings {
    /// Where a listener would bind, and its store, whatever else of a run's settings is wrong.
    ///
    /// # Errors
    ///
    /// [`ConfigError`] of these two alone.
    pub fn places(
        flags: &Flags,
        file: Option<&ConfigFile>,
        environment: &dyn Environment,
    ) -> Result<(SocketAddr, PathBuf), ConfigError> {
        let bind = bind(flags, environment)?.or_else(|| file?.bind).unwrap_or(DEFAULT_BIND);
        Ok((bind, store(flags, file, environment)?))
    }
}

fn bind(flags: &Flags, environment: &dyn Environment) -> Result<Option<SocketAddr>, ConfigError> {
    match flag("--bind", flags.bind.as_deref(), parse_bind)? {
        Some(bind) => Ok(Some(bind)),
        None => flag("WHYHOOK_BIND", variable_text("WHYHOOK_BIND", environment)?.as_deref(), parse_bind),
    }
}

/// The store that the command line or the environment names.
fn named_store(flags: &Flags, environment: &dyn Environment) -> Option<PathBuf> {
    flags.store.clone().or_else(|| variable_path("WHYHOOK_STORE", environment))
}

fn store(flags: &Flags, file: Option<&ConfigFile>, environment: &dyn Environment) -> Result<PathBuf, ConfigError> {
    if let Some(path) = named_store(flags, environment) {
        // A shell expands `~` in a flag; in a variable it may still stand there.
        let path = path.to_str().map_or_else(|| path.clone(), |text| expand_home(text, environment));
        return Ok(environment.current_dir().join(path));
    }
    if let Some((file, path)) = file.and_then(|file| Some((file, file.store.as_ref()?))) {
        return Ok(file.resolve(path, environment));
    }
    match environment.data_home() {
        Some(home) => Ok(home.join("whyhook").join("whyhook.db")),
        None if flags.ephemeral => Ok(PathBuf::new()),
        None => Err(ConfigError::NoDataHome),
    }
}

impl Flags {
    /// Checks what every command takes, also the commands that have no use for it.
    ///
    /// # Errors
    ///
    /// [`ConfigError::Setting`], as [`Settings::load`] has it.
    pub fn check_common(&self) -> Result<(), ConfigError> {
        self.tolerance().map(drop)
    }

    fn tolerance(&self) -> Result<Option<Duration>, ConfigError> {
        flag("--tolerance", self.tolerance.as_deref(), |text| Ok(units::parse_duration(text)?))
    }
}

fn flag<T>(
    origin: &'static str,
    text: Option<&str>,
    parse: impl FnOnce(&str) -> Result<T, BadSetting>,
) -> Result<Option<T>, ConfigError> {
    text.map(parse).transpose().map_err(|reason| ConfigError::Setting { origin, reason })
}

fn variable_path(name: &str, environment: &dyn Environment) -> Option<PathBuf> {
    environment.variable(name).filter(|value| !value.is_empty()).map(PathBuf::from)
}

fn variable_text(name: &'static str, environment: &dyn Environment) -> Result<Option<String>, ConfigError> {
    let value = environment.variable(name).filter(|value| !value.is_empty());
    value.map(std::ffi::OsString::into_string).transpose().map_err(|_| ConfigError::NotText(name))
}

/// Reads `127.0.0.1:3000`, `[::1]:3000`, `localhost:3000`, or a port alone, which is loopback's.
pub(super) fn parse_bind(text: &str) -> Result<SocketAddr, BadSetting> {
    let trimmed = text.trim();
    let port = trimmed.strip_prefix("localhost:").unwrap_or(trimmed);
    let loopback = |port: u16| SocketAddr::new(DEFAULT_BIND.ip(), port);
    trimmed.parse().or_else(|_| port.parse().map(loopback)).map_err(|_| BadSetting::Bind(text.to_owned()))
}

/// Reads an agent's address: `host:port`, or a port of the loopback; `None` for `false`, `off` and `0`.
///
/// # Errors
///
/// [`BadSetting::NgrokApi`] for anything else.
pub fn parse_ngrok_api(text: &str) -> Result<Option<SocketAddr>, BadSetting> {
    if matches!(text.trim(), "false" | "off" | "0") {
        return Ok(None);
    }
    parse_bind(text).map(Some).map_err(|_| BadSetting::NgrokApi(text.to_owned()))
}

pub(super) fn parse_body_limit(text: &str) -> Result<u64, BadSetting> {
    match units::parse_size(text)? {
        0 => Err(BadSetting::NoBody),
        bytes => Ok(bytes),
    }
}

#[cfg(test)]
mod tests;
