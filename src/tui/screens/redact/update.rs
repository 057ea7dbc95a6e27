//! Asking for redacted deliveries, and saying yes or no to them.

use std::path::Path;

use crate::archive::export::is_redacted;
use crate::delivery::DeliveryId;
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::screens::redact::state::{PendingRedaction, RedactGoal, RedactRequest, RedactedCopy, RedactionPreview};

/// Writes these deliveries into a file; first says what is replaced, where its name asks for a redacted one.
pub(crate) fn export(model: &mut Model, ids: Vec<DeliveryId>, path: String) -> Vec<Effect> {
    if is_redacted(Path::new(&path)) {
        begin(model, ids, RedactGoal::File(path))
    } else {
        vec![Effect::Export(ids, path)]
    }
}

/// Copies the shown delivery without its private values.
pub(crate) fn copy(model: &mut Model, what: RedactedCopy) -> Vec<Effect> {
    let shown = model.loaded().map(|loaded| loaded.delivery.summary.id);
    shown.map_or_else(Vec::new, |id| begin(model, vec![id], RedactGoal::Copy(what)))
}

fn begin(model: &mut Model, ids: Vec<DeliveryId>, goal: RedactGoal) -> Vec<Effect> {
    model.redactions += 1;
    let request = RedactRequest { number: model.redactions, ids, goal, url: model.setup.url.clone() };
    let pending = PendingRedaction { request: request.clone(), preview: None, scroll: 0 };
    model.overlay = Some(Overlay::Redacting(Box::new(pending)));
    vec![Effect::Redact(request)]
}

/// What was asked for is known, if it is still wanted.
pub(crate) fn made(model: &mut Model, number: u64, made: Result<Box<RedactionPreview>, String>) {
    let Some(Overlay::Redacting(pending)) = &mut model.overlay else { return };
    if pending.request.number != number {
        return;
    }
    match made {
        Ok(preview) => pending.preview = Some(preview),
        Err(words) => {
            model.overlay = None;
            model.warn(words);
        }
    }
}

/// A key while a redaction waits for a yes.
pub(crate) fn act(model: &mut Model, action: Action) -> Vec<Effect> {
    let viewport = model.viewport;
    let Some(Overlay::Redacting(pending)) = &mut model.overlay else { return Vec::new() };
    match action {
        Action::Move(step) => {
            let places = viewport.overlay_lines.saturating_sub(viewport.overlay_rows) + 1;
            pending.scroll = step.apply(pending.scroll.min(places - 1), places, viewport.overlay_rows);
            Vec::new()
        }
        Action::Back => {
            model.overlay = None;
            vec![Effect::StopRedacting]
        }
        // Before it is known what is replaced there is nothing to agree to.
        Action::Accept if pending.preview.is_some() => accept(model),
        _ => Vec::new(),
    }
}

fn accept(model: &mut Model) -> Vec<Effect> {
    let Some(Overlay::Redacting(pending)) = model.overlay.take() else { return Vec::new() };
    let PendingRedaction { request, preview, .. } = *pending;
    match request.goal {
        RedactGoal::File(path) => vec![Effect::Export(request.ids, path)],
        RedactGoal::Copy(what) => {
            let text = preview.map(|preview| preview.text).unwrap_or_default();
            vec![Effect::Copy { what: what.what().to_owned(), text }]
        }
    }
}
