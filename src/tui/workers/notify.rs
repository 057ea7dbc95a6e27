//! Deliveries of which the terminal notifies, looked for on a thread of its own: one notification a second at most.

use std::sync::mpsc;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::NotifySettings;
use crate::delivery::Summary;
use crate::server::ShownListener;
use crate::store::{AnsweredBatch, AnsweredRows, StoredContent};
use crate::system::priority;
use crate::system::thread;
use crate::tui::error::TuiError;

/// Between two notifications: a burst rings once.
const PAUSE: Duration = Duration::from_secs(1);

/// Tells the thread that the store has grown.
pub(crate) struct NotifyWorker(mpsc::Sender<()>);

impl NotifyWorker {
    /// Starts the thread; `ring` gets what to notify of, in our own words.
    pub(crate) fn start(
        listener: &dyn ShownListener,
        settings: NotifySettings,
        ring: impl Fn(String) + Send + 'static,
    ) -> Result<Self, TuiError> {
        let mut rows = AnsweredRows::after(listener.location(), listener.last_before_run())?;
        let (poke, pokes) = mpsc::channel();
        let look = move || {
            priority::give_way();
            while rows.wait(&pokes) {
                crate::system::panic::panic_for_test("notify");
                let mut found = Vec::new();
                loop {
                    let AnsweredBatch { ready: answered, faults, more } = rows.take();
                    faults.iter().for_each(|fault| tracing::warn!(reason = %fault, "notifications: not read"));
                    let matches = |summary: &Summary| {
                        let content = StoredContent::new(rows.reader(), summary.id);
                        // What is imported while this runs was delivered at another time.
                        !summary.is_imported() && settings.filter.matches(summary, Some(&content), Timestamp::now())
                    };
                    found.extend(answered.into_iter().filter(matches));
                    if !more {
                        break;
                    }
                }
                if let Some(words) = words(&found) {
                    ring(words);
                    std::thread::sleep(PAUSE);
                }
            }
        };
        thread::spawn("whyhook-notify", look)?;
        Ok(Self(poke))
    }

    /// The store has grown.
    pub(crate) fn poke(&self) {
        let _ = self.0.send(());
    }
}

/// Nothing that a sender has chosen is in it: a notification leaves the terminal.
fn words(found: &[Summary]) -> Option<String> {
    match found {
        [] => None,
        [one] => Some(format!("whyhook: delivery {}, {}", one.id, one.judgement.verdict.words())),
        [.., last] => Some(format!("whyhook: {} deliveries, the newest {}", found.len(), last.id)),
    }
}
