//! The listener of another process: reached, lost, and reached again.

use super::effect::Effect;
use super::model::{Attachment, Model};
use crate::server::ListenerLink;

/// What a person can do without the listener, and what comes by itself.
const LOST: &str = "stored deliveries stay readable, and this attaches again once a listener runs on the store";

/// Takes in whether the listener can be asked.
pub(crate) fn changed(model: &mut Model, link: ListenerLink) -> Vec<Effect> {
    match link {
        ListenerLink::Reached { url, process, webhooks, events } => {
            let before = model.attachment.replace(Attachment { process, lost: None });
            (model.setup.url, model.setup.webhooks, model.setup.events) = (url, webhooks, events);
            if before.is_none_or(|before| before.lost.is_none()) {
                return Vec::new();
            }
            model.say(format!("attached again, to {} (process {process})", model.setup.url));
            // What was marked or deleted meanwhile, nobody has told.
            model.list.retired().into_iter().collect()
        }
        ListenerLink::Lost(words) => {
            model.warn(format!("{words}: {LOST}"));
            let process = model.attachment.as_ref().map_or(0, |attachment| attachment.process);
            model.attachment = Some(Attachment { process, lost: Some(words) });
            Vec::new()
        }
    }
}

/// What stays on the screen while the listener is lost.
pub(super) fn alert(model: &Model) -> Option<String> {
    model.lost().map(|words| format!("not attached: {words}"))
}
