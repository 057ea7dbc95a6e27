//! `whyhook demo`: a listener of its own with a dozen deliveries in it, and a tour of the interface.
//!
//! Nothing of it stays: store and configuration are in a folder that goes with the process. The deliveries are sent to the
//! listener as any sender would, so that verdicts and causes are those that it finds.

mod deliveries;

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::io::{self, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::{Arc, mpsc};
use std::time::{Duration, Instant};

use clap::Args;
use jiff::Timestamp;

use self::deliveries::DemoDelivery;
use super::listen::{appearance, setup, wants_lines};
use super::{CliError, InterfaceArgs, ListenArgs, output};
use crate::api::ApiServer;
use crate::config::consent::Gate;
use crate::config::{DEFAULT_BIND, Environment, Flags, ProcessEnvironment, Settings};
use crate::delivery::DeliveryId;
use crate::query::Query;
use crate::server::{ServerEvent, Session, ShownListener, StartError};
use crate::store::{Page, Reader, StoreError};
use crate::system::scratch;
use crate::text::counted;
use crate::tui;
use crate::tui::app::model::Setup;
use crate::tui::keymap::Keymap;

#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  whyhook demo\n  whyhook demo --no-tour\n  whyhook demo | cat\n\nNothing is kept, and no configuration, secret or store of yours is read. \
    Without a terminal it prints the deliveries, a line each."
)]
pub(super) struct DemoArgs {
    /// Address and port to listen on [default: 127.0.0.1:3000, or a free port if that is taken]
    #[arg(long, value_name = "ADDRESS:PORT")]
    bind: Option<String>,
    /// Do not show the tour
    #[arg(long)]
    no_tour: bool,
    #[command(flatten)]
    interface: InterfaceArgs,
}

/// How long a delivery of the demo may take.
const LIMIT: Duration = Duration::from_secs(10);
/// How long it may take until all causes are found: a moment, unless the machine is very busy.
const CAUSES_LIMIT: Duration = Duration::from_secs(60);
/// The most of an answer that is read, in bytes.
const ANSWER_BYTES: u64 = 64 * 1024;

pub(super) fn run(args: &DemoArgs) -> Result<ExitCode, CliError> {
    let cannot = |action| move |source| CliError::Start(StartError::System { action, source });
    scratch::sweep();
    let folder = scratch::subfolder("demo-").map_err(cannot("create a folder for the demo"))?;
    let secret = fresh_secret()?;
    let settings = settings(folder.path(), &secret, args)?;
    let appearance = appearance(&args.interface, &settings, Keymap::default())?;
    let filter = args.interface.filter.clone().unwrap_or_default();
    let query = Query::parse_with(&filter, &settings.filters)?;
    let (events, received) = mpsc::channel();
    // The file is this program's own.
    let session = Session::start(&settings, Gate::new(true, &ProcessEnvironment), events.clone())?;
    let api = ApiServer::start(&session, events, None).map_err(cannot("start threads"))?;
    let deliveries = deliveries::all(secret.as_bytes(), Timestamp::now());
    let deliveries =
        deliveries.map_err(|error| CliError::Usage(format!("cannot make the demo's deliveries: {error}")))?;
    let sent = deliveries.iter().try_for_each(|delivery| send(session.address(), delivery));
    let shown: Arc<dyn ShownListener> = Arc::new(session.feed());
    let ended = match sent {
        Err(error) => Err(CliError::Usage(format!("cannot send the demo's deliveries: {error}"))),
        Ok(()) if wants_lines(&ListenArgs::default()) => list(&session, &deliveries, &received),
        Ok(()) => {
            let setup = Setup { has_tour: !args.no_tour, ..setup(&settings, &session) };
            tui::run(&shown, setup, appearance, (query, filter), received, &[]).map_err(CliError::Tui)
        }
    };
    drop(shown);
    api.stop(session, || ());
    ended.map(|()| ExitCode::SUCCESS)
}

/// A secret that nobody else has, for this run alone.
fn fresh_secret() -> Result<String, CliError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| CliError::Usage(format!("cannot get random numbers for a secret: {error}")))?;
    Ok(format!("demo-{}", hex::encode(bytes)))
}

/// The settings of the demo: a configuration of its own, and nothing of the person's.
fn settings(folder: &Path, secret: &str, args: &DemoArgs) -> Result<Settings, CliError> {
    let file = folder.join("whyhook.toml");
    let text = format!(
        "# Of `whyhook demo`: it goes with the demo.\nngrok_api = false\n\n[tunnels]\ncloudflared = false\ntailscale = false\n\
         zrok = false\npinggy = false\ndevtunnel = false\ncodespaces = false\nlearnt = false\n\n[secrets]\ndemo = {{ value = \"{secret}\" }}\n\n\
         [[webhook]]\nname = \"demo\"\npath = \"{}\"\nsecret = \"demo\"\n",
        deliveries::PATH
    );
    let mut made = crate::system::save::UnfinishedFile::begin(&file, false)?;
    made.write_all(text.as_bytes()).map_err(|source| CliError::Write { path: file.clone(), source })?;
    made.finish()?;
    let bind = args.bind.clone().unwrap_or_else(|| free_address().to_string());
    let flags = Flags { config: Some(file), bind: Some(bind), ephemeral: true, ..Flags::default() };
    Ok(Settings::load(&flags, &DemoEnvironment { folder: folder.to_owned() })?.0)
}

/// The usual address, or one with a free port where that is taken.
fn free_address() -> SocketAddr {
    match TcpListener::bind(DEFAULT_BIND) {
        Ok(_) => DEFAULT_BIND,
        Err(_) => SocketAddr::new(DEFAULT_BIND.ip(), 0),
    }
}

/// Surroundings without a variable and without a home.
struct DemoEnvironment {
    folder: PathBuf,
}

impl Environment for DemoEnvironment {
    fn variable(&self, _: &str) -> Option<OsString> {
        None
    }

    fn current_dir(&self) -> PathBuf {
        self.folder.clone()
    }

    fn home(&self) -> Option<PathBuf> {
        None
    }

    fn config_home(&self) -> Option<PathBuf> {
        None
    }

    fn data_home(&self) -> Option<PathBuf> {
        None
    }

    fn state_home(&self) -> Option<PathBuf> {
        None
    }
}

/// Sends a delivery as its sender would, and waits for the answer: then it is stored.
fn send(address: SocketAddr, delivery: &DemoDelivery) -> io::Result<()> {
    let mut stream = TcpStream::connect_timeout(&address, LIMIT)?;
    stream.set_read_timeout(Some(LIMIT))?;
    stream.set_write_timeout(Some(LIMIT))?;
    stream.write_all(&delivery.wire)?;
    // One that ends before its length is cut short.
    stream.shutdown(Shutdown::Write)?;
    let mut answer = Vec::new();
    stream.take(ANSWER_BYTES).read_to_end(&mut answer)?;
    if answer.is_empty() { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(()) }
}

/// Without a terminal: each delivery with its verdict and its cause, once those are found.
fn list(session: &Session, deliveries: &[DemoDelivery], events: &mpsc::Receiver<ServerEvent>) -> Result<(), CliError> {
    output::log(&format!("{} received; looking for the causes", counted(deliveries.len() as u64, "delivery")));
    let reader = Reader::open(session.location())?;
    if is_told_to_stop_before_causes(&reader, events)? {
        return Ok(());
    }
    let mut text = String::new();
    for summary in reader.page(Page::Newest, deliveries.len())?.iter().rev() {
        let title =
            usize::try_from(summary.id.0 - 1).ok().and_then(|at| deliveries.get(at)).map_or("", |one| one.title);
        let cause = summary.cause.as_deref().unwrap_or("-");
        let _ = writeln!(text, "#{:<3} {:<10} {title:<53} {cause}", summary.id, summary.verdict_word());
    }
    output::print(&text)
}

/// Waits until each delivery that has to be explained is, for a while; or until somebody has the program end.
fn is_told_to_stop_before_causes(reader: &Reader, events: &mpsc::Receiver<ServerEvent>) -> Result<bool, StoreError> {
    let deadline = Instant::now() + CAUSES_LIMIT;
    let none: BTreeSet<DeliveryId> = BTreeSet::new();
    while Instant::now() < deadline
        && !reader.unexplained((DeliveryId(0), u64::from(u32::MAX)), u64::from(u32::MAX), &none, 1)?.is_empty()
    {
        if let Ok(ServerEvent::Stop(_)) = events.recv_timeout(Duration::from_millis(20)) {
            return Ok(true);
        }
    }
    Ok(false)
}
