//! A run of the listener: store, writer, listener, tunnel watch and signals, started together and
//! stopped in order. Both front ends (interface and lines) use it.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError, mpsc};
use std::time::{Duration, Instant};

use tokio::runtime::Runtime;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::config::consent::Gate;
use crate::config::{Bounds, Settings};
use crate::delivery::DeliveryId;
use crate::http::TlsSetupError;
use crate::query::Query;
use crate::server::causes::CauseFinder;
use crate::server::feed::{Growth, RunFacts, SessionFeed, SessionWatch};
use crate::server::hook::DeliveryHook;
use crate::server::listener::{
    Control, Deadlines, FORWARD_DESCRIPTORS, InvalidForward, ListenError, Listener, ListenerLimits, Means,
};
use crate::server::tunnel::{self, InstalledTunnel, StartedTunnel, TunnelPlaces, TunnelStartError, Tunnels};
use crate::server::{
    EventSender, GivenSecret, ListenerLink, ListenerNews, MarkedElsewhere, NewsBoard, Watched, reload, signals,
};
use crate::store::{
    Freed, Location, Loss, Pruner, RETENTION_INTERVAL, Reader, Retention, StoreError, StoreEvent, StoreLock,
    Thoroughness, Writer,
};
use crate::system::thread::{self, ThreadError};

/// Who has asked a run to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopReason {
    /// A signal, by its name.
    Signal(&'static str),
    /// Another process, over the control interface.
    ControlInterface,
}

/// Events that a run sends to its front end.
#[derive(Debug)]
pub enum ServerEvent {
    /// The store has grown; [`SessionFeed::newest`](crate::server::SessionFeed::newest) says how far. Once until [`SessionWatch::stored`] is looked at.
    Stored,
    /// Deliveries could not be kept.
    StoreFault(Arc<StoreError>),
    /// A sender was refused, or a delivery not kept: [`Control::stats`] says how many. Once until
    /// [`SessionWatch::refused`] is looked at.
    Refused,
    /// The retention has deleted deliveries.
    Retired(Freed),
    /// Somebody has deleted deliveries over the control interface.
    Pruned(Freed),
    /// Somebody has changed marks, deleted or brought back over the control interface.
    Marked(MarkedElsewhere),
    /// Somebody has given a secret for this run over the control interface.
    SecretGiven(GivenSecret),
    /// Somebody has taken back the secret with this label over the control interface.
    SecretRemoved(String),
    /// A delivery is held, or no longer: [`Control::held`] says which are. Once until [`SessionWatch::held`] is
    /// looked at.
    Held,
    /// A secret arrived by a sender's handshake: [`Control::secret_news`] says more. Once until [`SessionWatch::secrets`] is
    /// looked at.
    Secrets,
    /// The rules, or the answer chosen over them, are others: [`Control::rules`], [`Control::chosen`]. Once until
    /// [`SessionWatch::answers`] is looked at.
    Answers,
    /// Long work has begun, come further or ended: [`Control::jobs`] says what runs. Once until [`SessionWatch::jobs`] is
    /// looked at.
    Jobs,
    /// The configuration file was reloaded, or has appeared; the number of rules that are active now
    /// ([`Control::rules`]).
    Rules(usize, PathBuf),
    /// Something about the configuration that was reloaded looks like a mistake, in words; it is active.
    RulesRemark(String),
    /// The configuration file has changed and is invalid, for this reason; the rules are unchanged.
    RulesFault(String),
    /// The tunnels have changed.
    Tunnel(Tunnels),
    /// A listener in another process says something.
    News(Box<ListenerNews>),
    /// A listener in another process can be asked, or no longer.
    Listener(ListenerLink),
    /// The terminal has another size.
    Resized,
    /// The command of `on_delivery` failed, or deliveries were skipped for it, in words.
    Hook(String),
    /// A request to suspend the program (SIGTSTP).
    Suspend,
    /// A request to end the program.
    Stop(StopReason),
}

/// Why a run could not start. Each is one clear line.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The address.
    #[error(transparent)]
    Listen(#[from] ListenError),
    /// The address is taken, and so is the store, most likely by the same run.
    #[error(
        "{address} is in use, and another whyhook has the store {}: `whyhook attach` shows it; or stop it, or choose another \
         port and --store",
        store.display()
    )]
    Running {
        /// The address.
        address: SocketAddr,
        /// The store.
        store: PathBuf,
    },
    /// A rule that forwards to where it cannot.
    #[error(transparent)]
    Forward(#[from] InvalidForward),
    /// Whom to trust.
    #[error(transparent)]
    Tls(#[from] TlsSetupError),
    /// The system gives no thread.
    #[error(transparent)]
    Thread(#[from] ThreadError),
    /// The system refused a runtime, a folder or a signal handler.
    #[error("cannot {action}: {source}")]
    System {
        /// What was tried.
        action: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
}

/// Why the address cannot be had: where the store is taken as well, whyhook itself has it.
fn in_use(error: ListenError, settings: &Settings) -> StartError {
    let location = Location::new(settings.store.clone());
    match error {
        ListenError::InUse { address } if !settings.ephemeral && StoreLock::is_taken(&location) => {
            StartError::Running { address, store: location.file().to_owned() }
        }
        error => error.into(),
    }
}

/// Takes in what the store's writer tells.
fn observer(growth: Arc<Growth>, events: EventSender) -> impl Fn(StoreEvent) + Send + 'static {
    move |event| match event {
        StoreEvent::Committed { last, .. } => {
            growth.newest.store(last.0, Ordering::Release);
            growth.commits.fetch_add(1, Ordering::Release);
            growth.changes.tell();
        }
        StoreEvent::Fault(error) => drop(events.send(ServerEvent::StoreFault(error))),
        StoreEvent::Retired(freed) => drop(events.send(ServerEvent::Retired(freed))),
        StoreEvent::Pruned(freed) => drop(events.send(ServerEvent::Pruned(freed))),
        StoreEvent::Marked => growth.marks.tell(),
    }
}

/// So long after it was asked to end, a run lets no tunnel that it has started go on: a signal ends the program a little
/// later, ready or not.
const TUNNEL_END: Duration = Duration::from_millis(750);

/// A run in progress.
#[derive(Debug)]
pub struct Session {
    feed: SessionFeed,
    losses: Vec<Loss>,
    writer: Writer,
    runtime: Runtime,
    serving: JoinHandle<()>,
    causes: CauseFinder,
    stop: watch::Sender<bool>,
    hook: Option<DeliveryHook>,
    tunnel: Option<StartedTunnel>,
    _ephemeral: Option<tempfile::TempDir>,
}

impl Session {
    /// Opens the store, binds the address and starts to listen. `events` is what the face reads, apart from what it
    /// watches ([`Session::watch`]); `gate` says what of a changed configuration may be used.
    ///
    /// # Errors
    ///
    /// [`StartError`]; nothing is left running then.
    pub fn start(settings: &Settings, gate: Gate, events: mpsc::Sender<ServerEvent>) -> Result<Self, StartError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("whyhook-listener")
            .build()
            .map_err(|source| StartError::System { action: "start threads", source })?;
        allow_descriptors(settings.bounds.connections);
        // The address first: a second whyhook on the same port should hear of the port.
        let listener = runtime.block_on(Listener::bind(settings.bind)).map_err(|error| in_use(error, settings))?;
        let address = listener.address();

        let ephemeral = settings.ephemeral.then(ephemeral_folder).transpose()?;
        let file = ephemeral.as_ref().map_or_else(|| settings.store.clone(), |folder| folder.path().join("whyhook.db"));
        let location = Location::new(file);
        let growth = Arc::new(Growth::default());
        let news = Arc::new(NewsBoard::default());
        let events = EventSender::new(events, Arc::clone(&news));
        let observer = observer(Arc::clone(&growth), events.clone());
        let (retired, mut losses) = retire(settings, &location)?;
        let (writer, handle) = Writer::start_retaining(&location, retention(settings), RETENTION_INTERVAL, observer)?;
        losses.extend_from_slice(writer.losses());

        let limits = limits(settings);
        let control = Control::new(settings.registry.clone(), settings.rules.clone(), limits, handle);
        control.set_place(location.clone(), address);
        control.check_rules(&settings.rules)?;
        control.set_means(Means::of(settings)?);
        control.set_news(Arc::clone(&news));
        let watched = Arc::new(Watched::new(settings, Arc::new(gate)));
        let (flags, told) = (settings.answers.clone(), events.clone());
        runtime.spawn(reload::watch(Arc::clone(&watched), settings.config.clone(), flags, Arc::clone(&control), told));
        let (stop, stopping) = watch::channel(false);
        let serving = runtime.spawn(listener.serve(Arc::clone(&control), stopping.clone()));
        watch_tunnels(settings, address, &control, &growth, (events.clone(), stopping))?;
        tracing::info!(
            %address,
            ephemeral = settings.ephemeral,
            connections = limits.connections,
            memory = limits.in_flight_bytes,
            body_limit = limits.body_bytes,
            retired = retired.deliveries,
            "listening"
        );
        let hook = settings.on_delivery.as_ref().map(|hook| {
            let (registry, events) = (Arc::clone(&control), events.clone());
            let keyring = move || registry.registry().keyring().clone();
            let told = move |words| drop(events.send(ServerEvent::Hook(words)));
            DeliveryHook::start(hook, (&location, writer.last_before_run()), &growth.changes, keyring, told)
        });
        let hook = hook.transpose()?;
        signals::forward(events.into_sender())
            .map_err(|source| StartError::System { action: "listen for signals", source })?;
        let causes = CauseFinder::start(&location, Arc::clone(&control), &growth.changes)?;
        let facts = Arc::new(RunFacts {
            settings: settings.clone(),
            started: Instant::now(),
            address,
            location,
            watched,
            retired,
            last_before_run: writer.last_before_run(),
        });
        Ok(Self {
            feed: SessionFeed::new(control, growth, facts, news),
            losses,
            writer,
            runtime,
            serving,
            causes,
            stop,
            hook,
            tunnel: None,
            _ephemeral: ephemeral,
        })
    }

    /// Starts a tunnel to this listener, which ends with the run. See [`InstalledTunnel::start`] for `within`.
    ///
    /// # Errors
    ///
    /// [`TunnelStartError`] when the program cannot be started.
    pub fn open_tunnel(&mut self, installed: &InstalledTunnel, within: &[OsString]) -> Result<(), TunnelStartError> {
        let control = self.feed.control();
        let registry = control.registry();
        let conceal = |command: &mut std::process::Command| registry.keyring().hide_from(command);
        self.tunnel = Some(installed.start(self.address(), within, conceal, control.tunnel_hint())?);
        Ok(())
    }

    /// Where it listens, with the port that was picked.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.feed.address()
    }

    /// The base URL that reaches it from this machine.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address())
    }

    /// The store.
    #[must_use]
    pub fn location(&self) -> &Location {
        self.feed.location()
    }

    /// What the retention has deleted at the start.
    #[must_use]
    pub fn retired(&self) -> Freed {
        self.feed.retired()
    }

    /// Losses of the store's log that were first found at the start.
    #[must_use]
    pub fn losses(&self) -> &[Loss] {
        &self.losses
    }

    /// The newest delivery from before this run: 0 when there was none.
    #[must_use]
    pub fn last_before_run(&self) -> DeliveryId {
        self.feed.last_before_run()
    }

    /// Secrets, webhooks and the answer, to be changed while it runs.
    #[must_use]
    pub fn control(&self) -> &Arc<Control> {
        self.feed.control()
    }

    /// Calls `tell` when the store has grown, something is held or no longer, somebody was refused, a secret arrived, or the answers are others: with
    /// [`ServerEvent::Stored`], `Held`, `Refused`, `Secrets` or `Answers`, on the thread where it happened,
    /// and with each only once until it is looked at. It must not block ([`Changes::subscribe`](crate::server::Changes::subscribe)). There may be any
    /// number of watches. What has happened before is not told: watch first, then read.
    #[must_use = "what is dropped is told no longer"]
    pub fn watch(&self, tell: impl Fn(ServerEvent) + Clone + Send + Sync + 'static) -> SessionWatch {
        self.feed.watch(tell)
    }

    /// The run as other threads know it, which must let go of it before [`Session::stop`] can return.
    #[must_use]
    pub fn feed(&self) -> SessionFeed {
        self.feed.clone()
    }

    /// Begins to stop, and waits for nothing: no connection is accepted any more, held deliveries get their default
    /// answer, and what searches gives up. [`Session::stop`] does the same, and waits.
    pub fn close(&self) {
        if self.stop.send_replace(true) {
            return;
        }
        tracing::info!("stopping");
        self.causes.tell_to_stop();
        // Its thread sleeps until it is woken.
        self.feed.control().tunnel_hint().give();
    }

    /// Stops accepting, sends the default answer to held deliveries, lets answers in progress finish (all within a
    /// second), and waits until everything received is on disk. `last` is called once the last answer has been given
    /// and before the store is closed. (A reader that is still open while the store is closed would keep SQLite from
    /// cleaning up.)
    pub fn stop(self, last: impl FnOnce()) {
        self.close();
        let deadline = Instant::now() + TUNNEL_END;
        let Self { feed, writer, runtime, serving, causes, hook, tunnel, .. } = self;
        // It bounds itself; a runtime that is shut down would drop what is being answered.
        let _ = runtime.block_on(serving);
        // By it come the last answers.
        if let Some(tunnel) = tunnel {
            tunnel.end_by(deadline);
        }
        runtime.shutdown_timeout(Duration::from_millis(50));
        drop(hook);
        causes.stop();
        last();
        drop(feed);
        writer.join();
        tracing::info!("stopped");
    }
}

/// Looks for tunnels to `address` until the run is stopped, and tells of them. On a thread of its own: looking which programs run takes
/// milliseconds, in which no delivery should wait, and one thread wakes up less often than several.
fn watch_tunnels(
    settings: &Settings,
    address: SocketAddr,
    control: &Arc<Control>,
    growth: &Arc<Growth>,
    (events, mut stopping): (EventSender, watch::Receiver<bool>),
) -> Result<(), StartError> {
    let cannot = |source| StartError::System { action: "start the watch of tunnels", source };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(cannot)?;
    let (registry, growth) = (Arc::clone(control), Arc::clone(growth));
    let places = TunnelPlaces {
        ngrok: settings.ngrok_api,
        settings: settings.tunnels.clone(),
        given: settings.public_url.clone(),
        listener: address,
        path: std::env::var_os("PATH"),
        conceal: Arc::new(move |command| registry.registry().keyring().hide_from(command)),
    };
    let watching = tunnel::watch(places, control.tunnel_hint().clone(), move |state: Tunnels| {
        growth.tunnel.lock().unwrap_or_else(PoisonError::into_inner).clone_from(&state);
        growth.tunnel_changes.tell();
        let _ = events.send(ServerEvent::Tunnel(state));
    });
    let run = move || {
        runtime.block_on(async {
            tokio::select! {
                // The watch blocks the thread: whether to stop is asked each time before it goes on.
                biased;
                // Also when nobody is left to stop it.
                _ = stopping.wait_for(|stops| *stops) => {}
                () = watching => {}
            }
        });
    };
    thread::spawn("whyhook-tunnel", run)?;
    Ok(())
}

/// Deletes what the retention settings no longer keep. This runs before anything is received, since nobody waits
/// then. Returns the losses that were found before, one of which may be that nobody knows what is pinned: then nothing goes.
fn retire(settings: &Settings, location: &Location) -> Result<(Freed, Vec<Loss>), StoreError> {
    let retention = retention(settings);
    if retention.is_empty() || !location.file().exists() {
        return Ok((Freed::default(), Vec::new()));
    }
    let mut pruner = Pruner::open(location)?;
    let plan = retention.plan(&Reader::open(location)?, &Query::default(), jiff::Timestamp::now())?;
    let freed = match pruner.prune_planned(&plan, Thoroughness::Lazy) {
        Err(StoreError::MarksInDoubt(_)) => Freed::default(),
        pruned => pruned?,
    };
    Ok((freed, pruner.losses().to_vec()))
}

fn retention(settings: &Settings) -> Retention {
    let bounds = settings.retention;
    Retention { older_than: bounds.older_than, keep: bounds.keep, max_bytes: bounds.max_size, pinned: false }
}

/// Descriptors for all but connections and forwards: the store, its readers, the terminal.
#[cfg(unix)]
const OTHER_DESCRIPTORS: u64 = 128;

/// Lets this process open as many files as its connections need, where its user may: macOS begins
/// with 256, a shell on Linux with 1024. Where that is not possible, connections wait to be accepted.
#[cfg(unix)]
fn allow_descriptors(connections: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = (connections + FORWARD_DESCRIPTORS) as u64 + OTHER_DESCRIPTORS;
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    // macOS refuses more than OPEN_MAX (sys/syslimits.h), whatever the maximum is: setrlimit(2), "COMPATIBILITY".
    let wanted = if cfg!(target_vendor = "apple") { wanted.min(10_240) } else { wanted };
    if current.is_some_and(|current| current < wanted) {
        let current = Some(maximum.map_or(wanted, |maximum| maximum.min(wanted)));
        let _ = setrlimit(Resource::Nofile, Rlimit { current, maximum });
    }
}

#[cfg(not(unix))]
fn allow_descriptors(_: usize) {}

/// The listener's limits from the settings.
fn limits(settings: &Settings) -> ListenerLimits {
    let Bounds { connections, memory, .. } = settings.bounds;
    // A body that may be kept must find room, or it would be refused as too much for now, again and again.
    let memory = memory.max(settings.body_limit);
    ListenerLimits {
        body_bytes: settings.body_limit,
        in_flight_bytes: usize::try_from(memory).unwrap_or(usize::MAX),
        connections,
        deadlines: Deadlines::from(&settings.bounds),
    }
}

fn ephemeral_folder() -> Result<tempfile::TempDir, StartError> {
    crate::system::scratch::subfolder("ephemeral-")
        .map_err(|source| StartError::System { action: "create a folder for this run", source })
}
