//! The configuration's rules, read again when the file has changed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, mpsc};
use std::time::{Duration, SystemTime};

use super::Event;
use crate::config::AnswerFlags;
use crate::listener::Control;

/// How often the file is looked at.
const INTERVAL: Duration = Duration::from_millis(500);

/// What tells one state of a file from another.
type Stamp = Option<(SystemTime, u64)>;

/// Watches `file` for as long as the runtime lives. A file that cannot be used leaves the rules as they
/// are. What is known of other settings is read at the start only.
pub(super) async fn watch(file: PathBuf, flags: AnswerFlags, control: Arc<Control>, events: mpsc::Sender<Event>) {
    let mut known = stamp(&file);
    let mut before = known;
    let mut ticks = tokio::time::interval(INTERVAL);
    loop {
        ticks.tick().await;
        let now = stamp(&file);
        // Twice the same: it is not being written just now. A file that is gone may be about to be replaced.
        let is_settled = now == before;
        before = now;
        if now == known || now.is_none() || !is_settled {
            continue;
        }
        known = now;
        let (path, flags) = (file.clone(), flags.clone());
        let Ok(read) = tokio::task::spawn_blocking(move || flags.reload(&path)).await else { return };
        let read = read.map_err(|error| error.to_string());
        let checked = read.and_then(|rules| match control.check_rules(&rules) {
            Ok(()) => Ok(rules),
            Err(error) => Err(error.to_string()),
        });
        let event = match checked {
            Ok(rules) => {
                let count = rules.rules().len();
                control.set_rules(rules);
                Event::Rules(count)
            }
            Err(error) => Event::RulesFault(error),
        };
        if events.send(event).is_err() {
            return;
        }
    }
}

fn stamp(file: &Path) -> Stamp {
    let metadata = file.metadata().ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}
