//! Passing a delivery on: the upstream server answers, and its answer goes back to the sender.
//!
//! What goes on is the exact body and the header lines in their order and letter case, the signature's
//! verbatim. Changed is what RFC 9110 asks for: the target is sent in origin-form (RFC 9112, section 3.2.1) and
//! `Host` names the target (section 7.2), the fields of the first connection are left out (7.6.1), a chunked
//! body goes with its length, and a `Via` line is added after all others, or continued where there is one (7.6.3). No `X-Forwarded-…` is added;
//! those of a tunnel go through as received.
//!
//! A delivery whose `Via` names this very run has come back to itself and is refused with 508 (RFC 5842,
//! section 7.2); so is a target that is our own address.
//!
//! | file | what |
//! |---|---|
//! | `passing` | one delivery to its targets, within bounds |
//! | `relay` | an answer to the sender while it comes |
//! | `fields` | the head of that answer |

mod fields;
mod passing;
mod relay;

pub(super) use passing::pass_on;

use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;

use super::Control;
use crate::config::{DEFAULT_FORWARD_TIMEOUT, Settings};
use crate::delivery::DeliveryId;
use crate::http::{
    self, Client, HandedOn, Host, Latency, Outgoing, OutgoingBody, ResponsePart, SendError, Target, TlsFault,
    TlsOptions, TlsSetupError,
};
use crate::rules::{ActionKind, ForwardTarget, Rule, RuleResponse};
use crate::store::{Location, Reader, StoredDelivery};

/// How long it may still take when the program ends.
const LAST_PATIENCE: Duration = Duration::from_millis(500);
/// Forwards in flight at once at most, each with a connection of its own, whose senders wait; and those to
/// further targets, for which no sender waits. Where there is little memory they are fewer: all of them together leave most of it to what comes in.
const PLACES: usize = 256;
const BACKGROUND: usize = 32;
/// Descriptors that all of them need together: a connection and a file of the log each.
pub const FORWARD_DESCRIPTORS: usize = 2 * (PLACES + BACKGROUND);
/// Their shares of the memory.
const PLACES_SHARE: usize = 3;
const BACKGROUND_SHARE: usize = 8;
/// What a forward holds at most beside its heads: a piece of the body on its way there, pieces of the answer on
/// their way back, and what TLS keeps of both.
const BUFFERS_BYTES: usize = 256 * 1024;
/// Forwards to further targets that wait for their turn or have it.
const BACKGROUND_QUEUE: usize = 1024;
/// How long one of them waits for room in memory.
const BACKGROUND_PATIENCE: Duration = Duration::from_secs(600);
/// However slowly a server takes a request or answers it, it has an end.
const WHOLE: Duration = Duration::from_secs(600);

/// What forwarding needs to know; filled in when the run begins.
#[derive(Debug)]
pub(super) struct Forwarder {
    place: OnceLock<(Location, SocketAddr)>,
    means: OnceLock<Means>,
    /// Our name in `Via`: it tells this run from others, so that two in a row are not a loop.
    name: String,
    places: Arc<Semaphore>,
    background: Arc<Semaphore>,
    queue: Arc<Semaphore>,
}

/// With what is sent: the same for everything that a run sends.
#[derive(Debug, Clone)]
pub struct Means {
    /// The client, which knows whom to trust.
    pub client: Client,
    /// How long an upstream server may take.
    pub patience: Duration,
}

impl Means {
    /// Those that the settings name.
    ///
    /// # Errors
    ///
    /// [`TlsSetupError`] when the certificates cannot be read.
    pub fn of(settings: &Settings) -> Result<Self, TlsSetupError> {
        Ok(Self { client: Client::new(&settings.tls_options())?, patience: settings.forward_timeout })
    }
}

impl Forwarder {
    /// For a listener whose bodies have so much memory.
    pub(super) fn new(memory: usize) -> Self {
        let share = |part: usize, most: usize| Arc::new(Semaphore::new((memory / part / BUFFERS_BYTES).clamp(1, most)));
        // Without randomness the process's number tells runs on one machine apart.
        let number = getrandom::u32().unwrap_or_else(|_| std::process::id());
        Self {
            place: OnceLock::new(),
            means: OnceLock::new(),
            name: format!("whyhook-{number:08x}"),
            places: share(PLACES_SHARE, PLACES),
            background: share(BACKGROUND_SHARE, BACKGROUND),
            queue: Arc::new(Semaphore::new(BACKGROUND_QUEUE)),
        }
    }

    pub(super) fn set_place(&self, location: Location, address: SocketAddr) {
        let _ = self.place.set((location, address));
    }

    /// A delivery as it is on disk: nothing of its body is read into memory. The error is its reason in words.
    pub(super) async fn open(&self, id: DeliveryId) -> Result<StoredDelivery, String> {
        let Some((location, _)) = self.place.get().cloned() else {
            return Err("no store is known".to_owned());
        };
        let read = tokio::task::spawn_blocking(move || Reader::open(&location)?.open_body(id)).await;
        match read {
            Ok(Ok(Some(stored))) => Ok(stored),
            Ok(Ok(None)) => Err("it is not there".to_owned()),
            Ok(Err(error)) => Err(error.to_string()),
            Err(failed) => std::panic::resume_unwind(failed.into_panic()),
        }
    }

    pub(super) fn set_means(&self, means: Means) {
        let _ = self.means.set(means);
    }

    /// Those that were set, else the defaults.
    pub(super) fn means(&self) -> Result<Means, TlsSetupError> {
        match self.means.get() {
            Some(means) => Ok(means.clone()),
            None => {
                let client = Client::new(&TlsOptions::default())?;
                Ok(self.means.get_or_init(|| Means { client, patience: DEFAULT_FORWARD_TIMEOUT }).clone())
            }
        }
    }

    /// Says why one of these rules cannot be carried out.
    pub(super) fn check(&self, rules: &[Rule]) -> Result<(), InvalidForward> {
        for url in rules.iter().flat_map(|rule| targets(&rule.then.kind)) {
            self.check_target(url)?;
        }
        Ok(())
    }

    fn check_target(&self, url: &ForwardTarget) -> Result<(), InvalidForward> {
        match self.place.get() {
            Some((_, address)) if is_ourself(url.target(), *address) => Err(InvalidForward::Loop(url.url().to_owned())),
            _ => Ok(()),
        }
    }

    /// Sends a request, and hands on its answer.
    async fn send(
        &self,
        target: &Target,
        request: &Outgoing,
        body: OutgoingBody,
        control: &Control,
        parts: mpsc::Sender<ResponsePart>,
    ) -> HandedOn {
        let cancel = CancellationToken::new();
        let Means { client, patience } = match self.means() {
            Ok(means) => means,
            Err(error) => return unsendable(TlsFault::Other(error.to_string()), target),
        };
        let limits = http::ClientLimits::handing_on(patience, WHOLE, control.limits().body_bytes);
        let sending = client.hand_on(target, request, body, &limits, &cancel, parts);
        tokio::pin!(sending);
        tokio::select! {
            handed = &mut sending => return handed,
            () = control.holding.quitting() => {}
        }
        if let Ok(handed) = tokio::time::timeout(LAST_PATIENCE, &mut sending).await {
            return handed;
        }
        cancel.cancel();
        sending.await
    }

    /// Resolves once nothing is passed on behind the senders' backs.
    pub(super) async fn finished(&self) {
        let all = u32::try_from(BACKGROUND_QUEUE).unwrap_or(u32::MAX);
        let _ = self.queue.acquire_many(all).await;
    }
}

fn unsendable(fault: TlsFault, target: &Target) -> HandedOn {
    let error = SendError::Tls { host: target.host().to_string(), fault };
    HandedOn { at: Timestamp::now(), peer: None, latency: Latency::default(), result: Err(error) }
}

/// A target that cannot be forwarded to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidForward {
    /// It is where we listen ourselves.
    #[error("cannot forward to {}: whyhook itself listens there, and every delivery would come back; name your server's port", crate::text::visible(.0))]
    Loop(String),
}

/// Every target in an action, those of its parts too.
fn targets(kind: &ActionKind) -> Vec<&ForwardTarget> {
    let responses: Vec<&RuleResponse> = match kind {
        ActionKind::Do(response) => vec![response],
        ActionKind::Hold(hold) => vec![&hold.otherwise.response],
        ActionKind::Fail(fail) => vec![&fail.with.response, &fail.then.response],
    };
    responses
        .into_iter()
        .flat_map(|response| if let RuleResponse::Forward(targets) = response { &targets[..] } else { &[] })
        .collect()
}

/// Whether the target is the address that we listen on. Other ways back to us are seen by `Via`.
fn is_ourself(target: &Target, address: SocketAddr) -> bool {
    let is_address = match target.host() {
        Host::Address(host) => *host == address.ip(),
        Host::Name(_) => false,
    };
    let is_local = target.is_loopback() && (address.ip().is_loopback() || address.ip().is_unspecified());
    target.port() == address.port() && (is_address || is_local)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("http://127.0.0.1:3000", true)]
    #[case("http://localhost:3000/x", true)]
    #[case("http://[::1]:3000", true)]
    #[case("http://0.0.0.0:3000", true)]
    #[case("http://127.0.0.1:3001", false)]
    #[case("http://example.com:3000", false)]
    fn our_own_address_is_known(#[case] url: &str, #[case] is_us: bool) {
        assert_eq!(is_ourself(&url.parse().unwrap(), "127.0.0.1:3000".parse().unwrap()), is_us);
    }
}
