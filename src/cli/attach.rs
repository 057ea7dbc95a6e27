//! `whyhook attach`: the interface on a listener that runs in another process on the same store.

use std::io::IsTerminal as _;
use std::process::ExitCode;
use std::sync::{Arc, mpsc};

use clap::Args;

use super::settings::LoadedSettings;
use super::{CliError, InterfaceArgs, SettingsArgs, listen};
use crate::api::{AttachError, AttachedListener};
use crate::query::Query;
use crate::server::{ListenerLink, ShownListener, StartError, forward_signals};
use crate::tui;
use crate::tui::app::model::Setup;
use crate::tui::error::TuiError;

/// Options of `attach`.
#[derive(Debug, Clone, Args)]
#[command(after_help = "Examples:\n  whyhook listen --headless &\n  whyhook attach\n  whyhook attach --plain\n  \
    docker exec -it receiver whyhook attach\n  whyhook attach --store elsewhere.db --filter verdict:bad\n\nQuitting \
    leaves the listener running. Webhooks, secrets and rules are the listener's; keys, colours, filters and columns are \
    those of the configuration here.")]
pub(super) struct AttachArgs {
    /// Take commands and print lines instead of drawing: for screen readers, plain terminals and scripts
    #[arg(long)]
    plain: bool,
    #[command(flatten)]
    interface: InterfaceArgs,
}

/// Returns when the person quits; the listener goes on.
pub(super) fn run(args: &SettingsArgs, attach: &AttachArgs) -> Result<ExitCode, CliError> {
    let has_terminal = std::io::stdout().is_terminal() && std::io::stdin().is_terminal();
    if !attach.plain && !has_terminal {
        let words = "attach draws its interface in a terminal: use `attach --plain` without one, or `list --follow`";
        return Err(CliError::Usage(words.to_owned()));
    }
    let location = args.location()?;
    let LoadedSettings { settings, warnings, gate } = args.load_for_interface()?;
    let filter = attach.interface.filter.clone().unwrap_or_default();
    let query = Query::parse_with(&filter, &settings.filters)?;
    let keymap = super::keys::keymap(settings.config.as_deref())?;
    let appearance = listen::appearance(&attach.interface, &settings, keymap)?;
    crate::system::scratch::sweep();
    let (events, received) = mpsc::channel();
    let attached = AttachedListener::attach(&location, settings, gate, events.clone())?;
    forward_signals(events).map_err(|source| StartError::System { action: "listen for signals", source })?;
    let setup = setup(&attached);
    let shown: Arc<dyn ShownListener> = Arc::new(attached);
    let ended = match attach.plain {
        true => tui::plain::run(&shown, setup, &appearance, (query, filter), received, &warnings),
        false => tui::run(&shown, setup, appearance, (query, filter), received, &warnings),
    };
    ended.map_err(|error| match error {
        TuiError::Stdout(error) => CliError::Stdout(error),
        error => CliError::Tui(error),
    })?;
    Ok(ExitCode::SUCCESS)
}

fn setup(attached: &AttachedListener) -> Setup {
    let (url, webhooks, events) = match attached.link() {
        Some(ListenerLink::Reached { url, webhooks, events, .. }) => (url, webhooks, events),
        _ => Default::default(),
    };
    let (store, ephemeral) = (attached.location().file().to_owned(), attached.is_ephemeral());
    Setup { url, store, ephemeral, has_tour: false, webhooks, events }
}

impl From<AttachError> for CliError {
    fn from(error: AttachError) -> Self {
        match error {
            AttachError::Store(error) => Self::Store(error),
            AttachError::Thread(error) => Self::Start(error.into()),
            error => Self::Usage(error.to_string()),
        }
    }
}
