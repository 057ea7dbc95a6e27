//! The configuration file: where it is, what it says, and where in it a mistake is.
//!
//! ```toml
//! bind = "127.0.0.1:3000"
//! store = "~/trackpilots/whyhook.db"
//! tolerance = "5m"
//! body_limit = "64MiB"
//! respond = "auto"                    # or any rule; what [[rules]] leave
//! hold_for = "10s"                    # how long a held delivery waits
//! handshakes = true                   # complete those of the schemes' senders without a rule
//! # forward_to = ["http://127.0.0.1:8080"]   # instead of respond
//! forward_timeout = "30s"             # how long the upstream server may take
//! ngrok_api = "127.0.0.1:4040"        # or false
//! ca_file = "dev-ca.pem"              # more certificates to trust when sending
//! images = "halfblocks"               # or kitty, sixel, iterm2, auto
//! theme = "auto"                      # or dark, light, high-contrast, ansi, none; or a table [theme] of colours
//!
//! columns = ["time", "verdict", "cause", "event", "status"]   # of lists
//! mouse = true                        # or false: the terminal selects text with it
//!
//! [keys]
//! replay = ["R", "ctrl-r"]            # `whyhook keys` prints them all
//!
//! bell = "verdict:bad"                # or [notify] filter = "…", how = "bell", "osc9" or "osc777"
//!
//! [on_delivery]                       # a command, with the facts as JSON on its standard input
//! filter = "verdict:bad"
//! command = ["notify-send", "whyhook", "a delivery failed"]
//!
//! [redact]                            # of `export --redact`
//! replace = ["header:X-Team", "data[].title"]
//! keep = ["plan"]
//! [redact.profiles.public]            # in addition, by --redact-profile public
//! replace = ["text:acme"]
//!
//! [filters]
//! broken = "verdict:bad since:1d"     # used as @broken
//!
//! [retention]
//! older_than = "30d"
//! keep = 100000
//! max_size = "10GiB"
//! [limits]
//! head = "10s"
//! connections = 1024
//!
//! [secrets]
//! dev = { env = "TRACKPILOTS_DEV_SECRET" }
//! resale = { file = "~/.secrets/resale" }
//!
//! [[webhook]]
//! name = "dev"
//! path = "/webhooks/trackpilots"
//! kind = "developer"                  # or "reseller"
//! secret = "dev"                      # or several: ["dev", "old"]
//! events = ["desktop.app_tracking.captured"]
//! url = "https://example.ngrok.app/webhooks/trackpilots"
//!
//! [simulations.idle]
//! event = "screenshot"
//! set = ["data[0].screenshot.isIdle=true"]
//! [answers.later]
//! status = 503
//! headers = { "Retry-After" = "60", "X-Delivery" = "{{id}}" }
//! body = "not now, {{event}}"
//!
//! [[rules]]                           # the first that matches answers
//! when = "event:screenshot is:sim"    # a filter; or plain keys: webhook, path, event, verdict, header, simulation
//! then = "fail 3 with later then 200"
//! ```

mod error;
mod faults;
mod raw;
mod rules;
mod save;
mod scheme;
mod shape;
#[cfg(test)]
mod tests;
mod tree;
mod validate;

pub(crate) use error::syntax_words;
pub use error::{Fault, FileError};
pub use faults::{CheckedFile, PlacedFault};
pub use raw::SecretSource;
pub use save::{ConfigChange, ConfigPart, ConfigSaveError};

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use schemars::SchemaGenerator;
use serde::Deserialize as _;
use sha2::{Digest as _, Sha256};
use toml::Spanned;
use toml::de::DeTable;
use zeroize::Zeroizing;

use super::mistaken::looks_like_a_secret;
pub use super::place::Place;
use super::{
    Bounds, Environment, HookSettings, Keyring, ListColumn, NotifySettings, RedactSettings, RetentionSettings, Warning,
    Webhook,
};
use crate::config::{KeyEntry, PictureMode, ThemeSettings, TunnelSettings};
use crate::query::SavedFilters;
use crate::rules::{NamedAnswer, Rule};
use crate::signature::SchemeDescription;
use crate::simulate::SavedSimulation;
use crate::system::read;

/// A file to begin with, in which every setting is a comment: a line without the `#` at its beginning is one.
pub const TEMPLATE: &str = include_str!("template.toml");

/// Looked for in the current directory.
const LOCAL_NAME: &str = "whyhook.toml";
/// Larger files are not configuration.
const SIZE_LIMIT: u64 = 1024 * 1024;

/// A labelled secret of `[secrets]`, not read yet.
#[derive(Debug, Clone)]
pub struct SecretEntry {
    /// The label.
    pub label: String,
    /// Where the secret is.
    pub source: SecretSource,
    /// Where the entry stands.
    pub place: Place,
}

/// What a configuration file says; `None` for what it does not say.
#[derive(Debug, Clone)]
pub struct ConfigFile {
    /// The file.
    pub path: PathBuf,
    /// SHA-256 of path, NUL and content: another for every other state of the file.
    pub fingerprint: [u8; 32],
    /// Where to listen.
    pub bind: Option<SocketAddr>,
    /// The store, as written: see [`ConfigFile::resolve`].
    pub store: Option<String>,
    /// Certificates to trust for `https` targets, likewise.
    pub ca_file: Option<String>,
    /// How long an upstream server may take.
    pub forward_timeout: Option<Duration>,
    /// How far a timestamp may be off.
    pub tolerance: Option<Duration>,
    /// The largest body, in bytes.
    pub body_limit: Option<u64>,
    /// `[limits]`, with the defaults for what it does not say.
    pub bounds: Bounds,
    /// How long a held delivery waits.
    pub hold_for: Option<Duration>,
    /// Whether handshakes are answered without a rule.
    pub handshakes: Option<bool>,
    /// `[answers.NAME]`, sorted by name.
    pub answers: Vec<Arc<NamedAnswer>>,
    /// `[[rules]]` in the order of the file; after them `respond`, or `forward_to`, as a rule for the rest.
    pub rules: Vec<Rule>,
    /// The ngrok agent's address; `Some(None)` when switched off.
    pub ngrok_api: Option<Option<SocketAddr>>,
    /// The URL by which others reach the listener, without a slash at its end.
    pub public_url: Option<String>,
    /// Which tunnels are looked for.
    pub tunnels: TunnelSettings,
    /// What a listener deletes automatically.
    pub retention: RetentionSettings,
    /// How pictures are drawn in the terminal.
    pub images: Option<PictureMode>,
    /// Whether the interface takes the mouse.
    pub mouse: Option<bool>,
    /// `[keys]`, in the order of the file.
    pub keys: Vec<KeyEntry>,
    /// Which deliveries the terminal notifies of.
    pub notify: Option<NotifySettings>,
    /// The command for each delivery.
    pub on_delivery: Option<HookSettings>,
    /// What redacted exports replace and keep.
    pub redact: RedactSettings,
    /// How the interface looks.
    pub theme: Option<ThemeSettings>,
    /// `[secrets]`, in the order of the file.
    pub secrets: Vec<SecretEntry>,
    /// Every `[[webhook]]`, in the order of the file.
    pub webhooks: Vec<Webhook>,
    /// `[simulations.NAME]`, each found to make a recipe.
    pub simulations: BTreeMap<String, SavedSimulation>,
    /// `[filters]`, each readable.
    pub filters: SavedFilters,
    /// The columns of lists, in their order.
    pub columns: Option<Vec<ListColumn>>,
    /// Where each webhook names each of its secrets.
    label_places: Vec<Vec<Place>>,
    /// What looks like a mistake.
    pub warnings: Vec<Warning>,
}

impl ConfigFile {
    /// The keys that say something else in `other`: by name, since a value may be a secret.
    pub(crate) fn changed(&self, other: &Self) -> Vec<&'static str> {
        // As their texts, which go nowhere: not all of the types can be compared.
        let values = |file: &Self| {
            [
                ("bind", format!("{:?}", file.bind)),
                ("store", format!("{:?}", file.store)),
                ("ca_file", format!("{:?}", file.ca_file)),
                ("forward_timeout", format!("{:?}", file.forward_timeout)),
                ("tolerance", format!("{:?}", file.tolerance)),
                ("body_limit", format!("{:?}", file.body_limit)),
                ("limits", format!("{:?}", file.bounds)),
                ("hold_for", format!("{:?}", file.hold_for)),
                ("handshakes", format!("{:?}", file.handshakes)),
                ("answers", format!("{:?}", file.answers)),
                ("rules", format!("{:?}", file.rules)),
                ("ngrok_api", format!("{:?}", file.ngrok_api)),
                ("public_url", format!("{:?}", file.public_url)),
                ("tunnels", format!("{:?}", file.tunnels)),
                ("retention", format!("{:?}", file.retention)),
                ("images", format!("{:?}", file.images)),
                ("notify", format!("{:?}", file.notify)),
                ("on_delivery", format!("{:?}", file.on_delivery)),
                ("redact", format!("{:?}", file.redact)),
                ("theme", format!("{:?}", file.theme)),
                ("mouse", format!("{:?}", file.mouse)),
                ("keys", format!("{:?}", file.keys)),
                (
                    "secrets",
                    format!("{:?}", file.secrets.iter().map(|entry| (&entry.label, &entry.source)).collect::<Vec<_>>()),
                ),
                ("webhook", format!("{:?}", file.webhooks)),
                ("simulations", format!("{:?}", file.simulations)),
                ("filters", format!("{:?}", file.filters)),
                ("columns", format!("{:?}", file.columns)),
            ]
        };
        let (before, after) = (values(self), values(other));
        before.iter().zip(&after).filter(|(before, after)| before != after).map(|((key, _), _)| *key).collect()
    }
}

/// Finds the file: `explicit` (from `--config` or `WHYHOOK_CONFIG`), else `./whyhook.toml`, else
/// `$XDG_CONFIG_HOME/whyhook/config.toml`. `None` when there is neither.
#[must_use]
pub fn locate(explicit: Option<&Path>, environment: &dyn Environment) -> Option<PathBuf> {
    if let Some(path) = explicit {
        return Some(environment.current_dir().join(path));
    }
    // Present and unreadable is an error later on, which is better than being passed over.
    places(environment).into_iter().find(|path| path.symlink_metadata().is_ok())
}

/// The file of the current folder, which is there by chance, by choice, or by somebody else's.
#[must_use]
pub fn local_place(environment: &dyn Environment) -> PathBuf {
    environment.current_dir().join(LOCAL_NAME)
}

/// Where the file is searched for when none is named; the first that exists counts.
#[must_use]
pub fn places(environment: &dyn Environment) -> Vec<PathBuf> {
    let local = local_place(environment);
    let personal = environment.config_home().map(|home| home.join("whyhook").join("config.toml"));
    [Some(local), personal].into_iter().flatten().collect()
}

impl ConfigFile {
    /// Reads and checks the file `path`.
    ///
    /// # Errors
    ///
    /// [`FileError`], with the place of what is wrong. It never repeats a secret.
    pub fn read(path: &Path) -> Result<Self, FileError> {
        Self::parse(path, &read_text(path)?)
    }

    /// Reads and checks `text` as the content of `path`.
    ///
    /// # Errors
    ///
    /// [`FileError::Invalid`].
    pub fn parse(path: &Path, text: &str) -> Result<Self, FileError> {
        let tree = DeTable::parse(text).map_err(|error| fault_of_syntax(&error));
        tree.and_then(|tree| read_tree(&tree, path, text)).map_err(|(offset, fault)| FileError::Invalid {
            file: path.to_owned(),
            place: Place::of(text, offset),
            fault,
        })
    }

    /// Makes a path that is written in the file absolute: `~/` is the home directory, and a relative
    /// path starts from the file's own directory.
    #[must_use]
    pub fn resolve(&self, path: &str, environment: &dyn Environment) -> PathBuf {
        let directory = self.path.parent().unwrap_or(Path::new(""));
        environment.current_dir().join(directory).join(expand_home(path, environment))
    }

    /// Checks that every label which a webhook names is one of `keyring`.
    ///
    /// # Errors
    ///
    /// [`Fault::UnknownLabel`] at the webhook's `secret`.
    pub fn check_labels(&self, keyring: &Keyring) -> Result<(), FileError> {
        let labels: Vec<&str> = keyring.secrets().iter().map(crate::signature::Secret::label).collect();
        match self.unknown_labels(&labels).next() {
            None => Ok(()),
            Some((place, fault)) => Err(FileError::Invalid { file: self.path.clone(), place, fault }),
        }
    }

    /// Each label of a webhook that is not one of these, with its place.
    pub(super) fn unknown_labels(&self, labels: &[&str]) -> impl Iterator<Item = (Place, Fault)> {
        // A label that is refused for its looks is not repeated.
        let told: Vec<&str> = labels.iter().copied().filter(|label| !looks_like_a_secret(label)).collect();
        let known = if told.is_empty() { "none".to_owned() } else { told.join(", ") };
        let places = self.webhooks.iter().zip(&self.label_places);
        let named =
            places.flat_map(|(webhook, places)| webhook.secrets.iter().zip(places).map(move |own| (webhook, own)));
        named.filter(|(_, (label, _))| !labels.contains(&label.as_str())).map(move |(webhook, (_, place))| {
            (*place, Fault::UnknownLabel { webhook: webhook.name.clone(), known: known.clone() })
        })
    }
}

/// The content of the file `path`, which may hold secrets.
fn read_text(path: &Path) -> Result<Zeroizing<String>, FileError> {
    let bytes = Zeroizing::new(read::whole(path, SIZE_LIMIT).map_err(|source| match source.kind() {
        std::io::ErrorKind::FileTooLarge => FileError::TooLarge { file: path.to_owned() },
        _ => FileError::Unreadable { file: path.to_owned(), source },
    })?);
    match std::str::from_utf8(&bytes) {
        Ok(text) => Ok(Zeroizing::new(text.to_owned())),
        Err(error) => {
            let valid = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
            let place = Place::of(&valid, valid.len());
            Err(FileError::Invalid { file: path.to_owned(), place, fault: Fault::NotText })
        }
    }
}

/// Reads and checks what `text` says, once that is a tree. An error carries the byte offset in `text`.
fn read_tree(tree: &Spanned<DeTable<'_>>, path: &Path, text: &str) -> Result<ConfigFile, (usize, Fault)> {
    shape::check(tree.get_ref())?;
    let reader = toml::Deserializer::from(tree.clone());
    let raw = raw::RawFile::deserialize(reader).map_err(|error| fault_of_syntax(&error))?;
    validate::check(raw, tree.get_ref(), path, text)
}

/// Reads a file that holds the table of one scheme.
///
/// # Errors
///
/// The first [`Fault`] and its place.
pub(super) fn read_scheme(text: &str) -> Result<SchemeDescription, (Place, Fault)> {
    let tree = DeTable::parse(text).map_err(|error| fault_of_syntax(&error));
    let read = |tree: Spanned<DeTable<'_>>| {
        shape::check_scheme(tree.get_ref())?;
        SchemeDescription::deserialize(toml::Deserializer::from(tree)).map_err(|error| fault_of_syntax(&error))
    };
    tree.and_then(read).map_err(|(offset, fault)| (Place::of(text, offset), fault))
}

/// What the TOML reader has found, with its byte offset.
fn fault_of_syntax(error: &toml::de::Error) -> (usize, Fault) {
    (error.span().map_or(0, |span| span.start), Fault::of_syntax(error.message()))
}

/// What the file may say, as a JSON Schema.
pub(super) fn schema_of_file(generator: SchemaGenerator) -> serde_json::Value {
    generator.into_root_schema_for::<raw::RawFile>().to_value()
}

/// See [`ConfigFile::fingerprint`]. No path holds a NUL.
fn fingerprint(path: &Path, text: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(path.as_os_str().as_encoded_bytes());
    hash.update([0]);
    hash.update(text.as_bytes());
    hash.finalize().into()
}

/// Replaces a leading `~/` by the home directory, when there is one.
pub(super) fn expand_home(path: &str, environment: &dyn Environment) -> PathBuf {
    match (path.strip_prefix("~/"), environment.home()) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(path),
    }
}
