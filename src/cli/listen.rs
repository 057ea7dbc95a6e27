//! `whyhook` and `whyhook listen`: the interface, or a line per delivery.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};

use jiff::tz::TimeZone;

use super::sending::INSECURE;
use super::settings::LoadedSettings;
use super::tunnel;
use super::{CliError, InterfaceArgs, ListenArgs, OutputFormat, SettingsArgs, output};
use crate::api::{ApiPort, ApiServer};
use crate::cli::headless::{self, LineFormat};
use crate::config::consent::Scope;
use crate::config::{
    MissingSecret, PictureMode, ProcessEnvironment, Settings, ThemeSettings, UnknownPictureMode, UnknownTheme, shown,
};
use crate::query::Query;
use crate::server::{Session, ShownListener, StartError};
use crate::signature::Secret;
use crate::store::Reader;
use crate::tui::app::model::Setup;
use crate::tui::error::TuiError;
use crate::tui::keymap::Keymap;
use crate::tui::picture::{PictureMethod, TerminalFacts};
use crate::tui::{self, Appearance};

pub(super) fn run(args: &SettingsArgs, listen: &ListenArgs) -> Result<ExitCode, CliError> {
    if listen.ephemeral && args.names_store() {
        return Err(CliError::Usage("--ephemeral stores nothing beyond this run: leave out --store".to_owned()));
    }
    let LoadedSettings { settings, mut warnings, gate } = args.load(listen, Scope::Network)?;
    let filter = listen.interface.filter.clone().unwrap_or_default();
    let query = Query::parse_with(&filter, &settings.filters)?;
    if settings.insecure {
        warnings.push(INSECURE.to_owned());
    }
    let keymap = super::keys::keymap(settings.config.as_deref())?;
    let port = api_port(listen, &settings)?;
    crate::system::scratch::sweep();
    let (events, received) = mpsc::channel();
    let tunnel = listen.tunnel.as_deref().map(|name| tunnel::find(name, settings.bind)).transpose()?;
    let mut session = Session::start(&settings, gate, events.clone())?;
    if let Some(installed) = &tunnel {
        tunnel::open(&mut session, installed)?;
    }
    let api = ApiServer::start(&session, events.clone(), port)
        .map_err(|source| StartError::System { action: "start threads", source })?;
    // Once, and before the interface takes the terminal.
    if let Some((url, token)) = api.port() {
        output::log(&format!("control interface: {url} with the token {}", token.expose()));
    }
    let warnings = all_warnings(listen, &session, &api, warnings);
    if !listen.plain && wants_lines(listen) {
        log_start(listen, (&settings, &warnings), &session, &api);
        let format = match listen.format.unwrap_or_default() {
            OutputFormat::Text => LineFormat::Text,
            OutputFormat::Json => LineFormat::Json,
        };
        headless::run(session, api, (events, received), format, &query).map_err(|error| match error {
            headless::HeadlessError::Store(error) => CliError::Store(error),
        })?;
        return Ok(ExitCode::SUCCESS);
    }
    let appearance = appearance(&listen.interface, &settings, keymap)?;
    let (setup, shown): (_, Arc<dyn ShownListener>) = (setup(&settings, &session), Arc::new(session.feed()));
    let ended = match listen.plain {
        true => tui::plain::run(&shown, setup, &appearance, (query, filter), received, &warnings),
        false => tui::run(&shown, setup, appearance, (query, filter), received, &warnings),
    };
    drop(shown);
    api.stop(session, || ());
    ended.map_err(|error| match error {
        TuiError::Stdout(error) => {
            output::log("nothing can be written to stdout any more: the listener has ended");
            CliError::Stdout(error)
        }
        error => CliError::Tui(error),
    })?;
    Ok(ExitCode::SUCCESS)
}

/// The port of the control interface, where one is asked for; it is bound before anything else is begun.
fn api_port(listen: &ListenArgs, settings: &Settings) -> Result<Option<ApiPort>, CliError> {
    if listen.api.is_some_and(|api| api.port() != 0 && api == settings.bind) {
        let words = "--api: senders have this address and port (--bind): choose another port for the control interface";
        return Err(CliError::Usage(words.to_owned()));
    }
    let port = listen.api.map(|address| ApiPort::bind(address, listen.api_anywhere)).transpose();
    port.map_err(|error| CliError::Usage(error.to_string()))
}

/// What the store has lost comes first, since the interface has room for one line; then `warnings` of the settings.
fn all_warnings(listen: &ListenArgs, session: &Session, api: &ApiServer, warnings: Vec<String>) -> Vec<String> {
    // What cannot be read at all is said by the session.
    let absent = Reader::open(session.location()).ok().and_then(|reader| output::absent_words(&reader));
    let open = listen.api.filter(|address| !address.ip().to_canonical().is_loopback() && api.port().is_some());
    let open = open.map(|address| {
        format!(
            "control interface on {address}: other hosts can reach it, and its token crosses the network unencrypted"
        )
    });
    let lost = session.losses().iter().map(ToString::to_string).chain(absent);
    lost.chain(warnings).chain(api.remarks().iter().cloned()).chain(open).collect()
}

/// Says where the listener is and what it has, before the first line about a delivery.
fn log_start(listen: &ListenArgs, (settings, warnings): (&Settings, &[String]), session: &Session, api: &ApiServer) {
    if !listen.headless && listen.format.is_none() && is_dumb() && std::io::stdin().is_terminal() {
        output::log("no interface on this terminal (TERM=dumb): deliveries are listed; --plain takes commands as well");
    }
    warnings.iter().for_each(|warning| output::log(&format!("warning: {warning}")));
    output::log(&format!("listening on {}", session.url()));
    output::log(&format!("keeping deliveries in {}", session.location().file().display()));
    log_socket(settings, session, api);
    log_sources(settings);
    let retired = session.retired();
    if retired.deliveries > 0 {
        output::log(&headless::retired_words(retired));
    }
    if settings.registry.keyring().is_empty() {
        let missing = MissingSecret::of(settings.registry.signing_scheme(None));
        output::log(&missing.to_verify());
        missing.of_another(&ProcessEnvironment).iter().for_each(|words| output::log(words));
    }
}

/// The socket of the control interface, where nobody could tell it from the store's name.
#[cfg(unix)]
fn log_socket(settings: &Settings, session: &Session, api: &ApiServer) {
    let socket = session.location().socket();
    if let Some(path) = api.hidden_socket().or(settings.ephemeral.then_some(&*socket)) {
        output::log(&format!("control interface: {}", path.display()));
    }
}

#[cfg(not(unix))]
fn log_socket(_: &Settings, _: &Session, _: &ApiServer) {}

/// What was read to make these settings: a file that somebody else has put here should be seen.
fn log_sources(settings: &Settings) {
    let config = match &settings.config {
        None => "none".to_owned(),
        Some(file) => shown(&file.path),
    };
    output::log(&format!("configuration: {config}"));
    let secrets: Vec<String> = settings.registry.keyring().secrets().iter().map(Secret::describe).collect();
    if !secrets.is_empty() {
        output::log(&format!("secrets: {}", secrets.join(", ")));
    }
}

/// Lines instead of the interface: when asked for, or when there is no terminal that can show it.
pub(super) fn wants_lines(listen: &ListenArgs) -> bool {
    listen.headless
        || listen.format.is_some()
        || !std::io::stdout().is_terminal()
        || !std::io::stdin().is_terminal()
        || is_dumb()
}

/// Whether the terminal cannot move its cursor.
fn is_dumb() -> bool {
    std::env::var_os("TERM").is_some_and(|term| term == "dumb")
}

/// How the interface looks: the flags, else the configuration. A theme that is named takes the place of all that the
/// configuration says of colours: they may not fit it.
pub(super) fn appearance(
    interface: &InterfaceArgs,
    settings: &Settings,
    keymap: Keymap,
) -> Result<Appearance, CliError> {
    let terminal = TerminalFacts::of_process();
    let theme = match &interface.theme {
        None => settings.theme.clone(),
        Some(name) => {
            let base = name.parse().map_err(|error: UnknownTheme| CliError::Usage(error.to_string()))?;
            ThemeSettings { base, ..ThemeSettings::default() }
        }
    };
    let pictures = PictureMethod::choose(pictures(interface, settings)?, &terminal);
    let has_mouse = !interface.no_mouse && settings.mouse;
    Ok(Appearance { keymap, has_mouse, theme, terminal, zone: TimeZone::system(), pictures })
}

/// How pictures shall be drawn: the flag, else the configuration.
fn pictures(interface: &InterfaceArgs, settings: &Settings) -> Result<PictureMode, CliError> {
    match &interface.images {
        Some(name) => name.parse().map_err(|error: UnknownPictureMode| CliError::Usage(error.to_string())),
        None => Ok(settings.images),
    }
}

pub(super) fn setup(settings: &Settings, session: &Session) -> Setup {
    let webhooks = settings.registry.webhooks();
    Setup {
        url: session.url(),
        store: session.location().file().to_owned(),
        ephemeral: settings.ephemeral,
        has_tour: false,
        webhooks: webhooks
            .iter()
            .map(|webhook| (webhook.name.clone(), webhook.path.clone(), webhook.kind.name().to_owned()))
            .collect(),
        events: webhooks.iter().map(|webhook| webhook.events.clone()).collect(),
    }
}
