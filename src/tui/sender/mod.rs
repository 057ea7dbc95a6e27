//! The thread that sends: one thing at a time, off the interface's thread, given up when asked.

mod test_event;

use std::sync::{Arc, Mutex, PoisonError, mpsc};

use tokio::runtime::Runtime;
use tokio_util::sync::CancellationToken;

use crate::config::Settings;
use crate::engine::{Message, News, SendTask};
use crate::listener::Control;
use crate::sender::{Client, TlsOptions};
use crate::session::Session;
use crate::store::StoreError;

/// Bytes of a secret that is made up: as many as the digest has.
const SECRET_BYTES: usize = 32;

/// Takes what is to be sent; what comes of it comes as messages.
pub(super) struct Sender {
    jobs: mpsc::Sender<(SendTask, CancellationToken)>,
    /// Cancels what is being sent.
    cancel: Mutex<CancellationToken>,
}

impl Sender {
    /// Starts the thread.
    pub(super) fn start(session: &Session, tell: impl Fn(Message) + Send + 'static) -> Result<Self, StoreError> {
        let (control, settings) = (Arc::clone(session.control()), session.settings());
        let worker = Worker { control, settings, tell: Box::new(tell) };
        let (jobs, queue) = mpsc::channel();
        std::thread::Builder::new().name("whyhook-sender".to_owned()).spawn(move || worker.run(&queue)).map_err(
            |source| StoreError::Io {
                action: "start the sending from",
                path: session.location().file().to_owned(),
                source,
            },
        )?;
        Ok(Self { jobs, cancel: Mutex::default() })
    }

    /// Queues something, or gives up what is being sent.
    pub(super) fn take(&self, task: SendTask) {
        let mut cancel = self.cancel.lock().unwrap_or_else(PoisonError::into_inner);
        if task == SendTask::Cancel {
            cancel.cancel();
            return;
        }
        *cancel = CancellationToken::new();
        let _ = self.jobs.send((task, cancel.clone()));
    }
}

impl Drop for Sender {
    /// What is under way ends with the interface.
    fn drop(&mut self) {
        self.cancel.lock().unwrap_or_else(PoisonError::into_inner).cancel();
    }
}

/// Makes up a secret when there is none at all, so that a test event can be signed and verified. It
/// stays in memory. Returns whether it did.
pub(super) fn make_up_secret(control: &Control) -> bool {
    let registry = control.registry();
    let mut bytes = [0; SECRET_BYTES];
    if !registry.keyring().is_empty() || getrandom::fill(&mut bytes).is_err() {
        return false;
    }
    // As digits, the way such secrets look.
    let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    control.set_registry(registry.with_made_up_secret(digits.into_bytes()));
    true
}

struct Worker {
    control: Arc<Control>,
    settings: Settings,
    tell: Box<dyn Fn(Message) + Send>,
}

impl Worker {
    fn run(&self, queue: &mpsc::Receiver<(SendTask, CancellationToken)>) {
        // Only made once something is sent.
        let mut tools: Option<(Runtime, Client)> = None;
        while let Ok((task, cancel)) = queue.recv() {
            crate::panic::trap("sender");
            if tools.is_none() {
                match self.tools() {
                    Ok(made) => tools = Some(made),
                    Err(reason) => self.tell(News::NotSent(reason)),
                }
            }
            let Some((runtime, client)) = &tools else { continue };
            runtime.block_on(self.perform(task, client, &cancel));
        }
    }

    fn tools(&self) -> Result<(Runtime, Client), String> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|error| format!("cannot start sending: {error}"))?;
        let options = TlsOptions { ca_file: self.settings.ca_file.clone(), insecure: false };
        let client = Client::new(&options).map_err(|error| error.to_string())?;
        Ok((runtime, client))
    }

    async fn perform(&self, task: SendTask, client: &Client, cancel: &CancellationToken) {
        match task {
            SendTask::Test(path) => self.test(&path, client, cancel).await,
            SendTask::Cancel => {}
        }
    }

    /// The settings with the secrets of this moment.
    fn settings(&self) -> Settings {
        Settings { registry: (*self.control.registry()).clone(), ..self.settings.clone() }
    }

    fn tell(&self, news: News) {
        (self.tell)(Message::Sending(news));
    }
}
