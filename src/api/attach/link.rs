//! The two threads that speak with a listener of another process: one follows its state, one asks.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, mpsc};
use std::time::Duration;

use serde_json::Value;
use zeroize::Zeroizing;

use super::mirror::{Changed, Mirror, other_release};
use super::snapshot::{RunPart, Snapshot};
use super::{AskedPart, FORMAT, ReplyPart, SNAPSHOT_EVENT};
use crate::api::client::{ApiClient, ApiClientError};
use crate::config::Settings;
use crate::config::consent::Gate;
use crate::delivery::DeliveryId;
use crate::server::listener::Means;
use crate::server::{
    Changes, InterfaceNumber, ListenerLink, ListenerRequest, RequestError, RequestOutcome, RunningJobs, ServerEvent,
    Watched,
};
use crate::store::Location;

/// Between two looks for a listener that has ended.
const RETRY: Duration = Duration::from_millis(500);
/// The longest line of the stream: all rules and keys of a listener, with room.
const LINE_LIMIT: usize = 64 * 1024 * 1024;
/// What is said of a listener that is there no more.
const ENDED: &str = "the listener has ended";

/// A request, and who waits for its outcome.
pub(super) type AskedJob = (ListenerRequest, Box<dyn FnOnce(RequestOutcome) + Send>);

/// What both threads and the interface know.
#[derive(Debug)]
pub(super) struct AttachedState {
    pub(super) location: Location,
    /// How this interface looks, and what else is its own.
    pub(super) settings: Settings,
    pub(super) watched: OnceLock<Arc<Watched>>,
    pub(super) gate: Arc<Gate>,
    pub(super) last_before_run: DeliveryId,
    pub(super) interface: InterfaceNumber,
    pub(super) mirror: Mutex<Mirror>,
    pub(super) means: OnceLock<Means>,
    pub(super) own_jobs: RunningJobs,
    pub(super) stored: Changes,
    pub(super) held: Changes,
    pub(super) refused: Changes,
    pub(super) secrets: Changes,
    pub(super) answers: Changes,
    pub(super) jobs: Changes,
    pub(super) events: mpsc::Sender<ServerEvent>,
}

impl Mirror {
    pub(super) fn link(&self) -> ListenerLink {
        match (&self.lost, &self.run) {
            (None, Some(run)) => {
                let webhooks = self.registry.webhooks();
                ListenerLink::Reached {
                    url: format!("http://{}", run.address),
                    process: self.process,
                    webhooks: webhooks
                        .iter()
                        .map(|webhook| (webhook.name.clone(), webhook.path.clone(), webhook.kind.name().to_owned()))
                        .collect(),
                    events: webhooks.iter().map(|webhook| webhook.events.clone()).collect(),
                }
            }
            (lost, _) => ListenerLink::Lost(lost.clone().unwrap_or_default()),
        }
    }
}

impl AttachedState {
    pub(super) fn lock(&self) -> MutexGuard<'_, Mirror> {
        self.mirror.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the listener, and each that comes after it; says to `first` how it began.
    pub(super) fn follow(&self, client: ApiClient, first: &mpsc::Sender<Result<(), String>>) {
        let mut client = Some(client);
        let mut first = Some(first);
        loop {
            let found = client.take().map_or_else(|| on_socket(&self.location), |client| Ok(Some(client)));
            let words = match found {
                Ok(Some(client)) => self.follow_one(&client, &mut first),
                Ok(None) => ENDED.to_owned(),
                Err(error) => error.to_string(),
            };
            if let Some(first) = first {
                let _ = first.send(Err(words));
                return;
            }
            self.lose(words);
            std::thread::sleep(RETRY);
        }
    }

    /// Follows one listener until it ends; why it cannot be followed any further.
    fn follow_one(&self, client: &ApiClient, first: &mut Option<&mpsc::Sender<Result<(), String>>>) -> String {
        let target = format!("/attach?format={FORMAT}&interface={}", self.interface.0);
        let followed = client.follow_lines(&target, LINE_LIMIT, |event| {
            if event.event != SNAPSHOT_EVENT {
                return ControlFlow::Continue(());
            }
            // It holds secrets.
            let data = Zeroizing::new(event.data);
            let taken = match serde_json::from_str::<Snapshot>(&data) {
                Ok(snapshot) => self.take(snapshot),
                // Not the error's words: they may repeat a value.
                Err(_) => Err("what answers on the store's socket sends a state that cannot be read".to_owned()),
            };
            match taken {
                Ok(()) => {
                    if let Some(first) = first.take() {
                        let _ = first.send(Ok(()));
                    }
                    ControlFlow::Continue(())
                }
                Err(words) => ControlFlow::Break(words),
            }
        });
        match followed {
            Ok(ControlFlow::Break(words)) => words,
            Ok(ControlFlow::Continue(())) => ENDED.to_owned(),
            // A release from before interfaces could attach.
            Err(ApiClientError::Refused { status: 404, .. }) => other_release(&version_of(client)),
            Err(error) => error.to_string(),
        }
    }

    /// Takes in a snapshot, and wakes whom it concerns.
    fn take(&self, snapshot: Snapshot) -> Result<(), String> {
        crate::system::panic::panic_for_test("attached");
        let (changed, link) = {
            let mut mirror = self.lock();
            let changed = mirror.take(snapshot)?;
            let run = mirror.run.clone();
            self.watched.get_or_init(|| Arc::new(self.watched_of(run.as_ref())));
            let link = changed.run.then(|| mirror.link());
            (changed, link)
        };
        self.tell(changed);
        if let Some(link) = link {
            tracing::info!("attached to a listener");
            let _ = self.events.send(ServerEvent::Listener(link));
        }
        Ok(())
    }

    fn lose(&self, words: String) {
        let (changed, link) = {
            let mut mirror = self.lock();
            let Some(changed) = mirror.lose(words) else { return };
            (changed, mirror.link())
        };
        tracing::warn!("the listener cannot be reached");
        self.tell(changed);
        let _ = self.events.send(ServerEvent::Listener(link));
    }

    fn tell(&self, changed: Changed) {
        let told = [
            (changed.secrets, &self.secrets),
            (changed.answers, &self.answers),
            (changed.held, &self.held),
            (changed.stored, &self.stored),
            (changed.refused, &self.refused),
            (changed.jobs, &self.jobs),
        ];
        told.into_iter().filter(|(is_changed, _)| *is_changed).for_each(|(_, changes)| changes.tell());
        if changed.tunnel {
            let tunnel = self.lock().tunnel.clone();
            let _ = self.events.send(ServerEvent::Tunnel(tunnel));
        }
        for news in changed.news {
            let _ = self.events.send(ServerEvent::News(Box::new(news)));
        }
    }

    /// The configuration of the listener, for what is saved here.
    pub(super) fn watched_of(&self, run: Option<&RunPart>) -> Watched {
        let path = |text: &Option<String>| text.as_ref().map(PathBuf::from);
        let (file, place) = run.map_or((None, None), |run| (path(&run.config), path(&run.config_place)));
        Watched::of_other(file, place, Arc::clone(&self.gate))
    }

    /// Asks one thing after another.
    pub(super) fn ask_all(&self, queue: &mpsc::Receiver<AskedJob>) {
        for (request, later) in queue {
            crate::system::panic::panic_for_test("asking");
            later(self.ask_now(&request));
        }
    }

    fn ask_now(&self, request: &ListenerRequest) -> RequestOutcome {
        let failed = |error: ApiClientError| RequestError::Elsewhere(error.to_string());
        let client = on_socket(&self.location).map_err(failed)?.ok_or_else(|| self.gone())?;
        let part = serde_json::to_string(&AskedPart::from(request))
            .map_err(|error| RequestError::Elsewhere(error.to_string()))?;
        let target = format!("/attach?format={FORMAT}&interface={}", self.interface.0);
        // What is sent may hold a secret.
        let reply = client.ask_secretly("POST", &target, Zeroizing::new(part)).map_err(failed)?;
        let mut reply: ReplyPart = serde_json::from_value(reply).map_err(|_| {
            let words = "the listener's reply cannot be read: is it another release of whyhook?";
            RequestError::Elsewhere(words.to_owned())
        })?;
        if let Some(snapshot) = reply.snapshot.take() {
            self.take(snapshot).map_err(RequestError::Elsewhere)?;
        }
        reply.outcome()
    }

    /// That nobody can be asked, after what was not done for it.
    pub(super) fn gone(&self) -> RequestError {
        let why = self.lock().lost.clone().unwrap_or_else(|| ENDED.to_owned());
        RequestError::Elsewhere(format!("{why}; this attaches again once one runs on the store"))
    }
}

/// The listener of a store, where its socket reaches it: a port is not told the secrets.
fn on_socket(location: &Location) -> Result<Option<ApiClient>, ApiClientError> {
    Ok(ApiClient::find(location)?.filter(ApiClient::is_on_socket))
}

/// What a listener says that it is.
fn version_of(client: &ApiClient) -> String {
    let status = client.ask("GET", "/status", None).unwrap_or(Value::Null);
    status["version"].as_str().unwrap_or("unknown").to_owned()
}
