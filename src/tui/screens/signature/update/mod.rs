//! Asking why, and taking in what is found.

pub(crate) mod adopt;

use crate::delivery::DeliveryId;
use crate::inspect::diagnosis;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::model::{Detail, Focus, Model};
use crate::tui::screens::signature::state::{Inquiry, InquiryReport, Question, asks_why};

/// Deliveries whose inquiries are remembered.
const INQUIRIES: usize = 64;

/// Stores what was found out about the delivery shown `before`, and restores what is known about
/// `id`. The next search cancels the running one.
pub(crate) fn switch_inquiry(model: &mut Model, before: Option<Detail>, id: DeliveryId) -> Inquiry {
    let known = model.inquiries.iter().position(|(known, _)| *known == id).and_then(|at| model.inquiries.remove(at));
    if let Some(Detail { id, inquiry, .. }) = before {
        model.inquiries.push_back((id, Inquiry { running: None, ..inquiry }));
        if model.inquiries.len() > INQUIRIES {
            model.inquiries.pop_front();
        }
    }
    known.map(|(_, inquiry)| inquiry).unwrap_or_default()
}

/// Begins an inquiry.
pub(crate) fn ask(inquiry: &mut Inquiry, id: DeliveryId, question: Question) -> Effect {
    inquiry.running = Some((question.clone(), None));
    Effect::Inquire(id, question)
}

/// Asks what re-serialisations would change in a verified delivery, once its Signature tab is
/// shown.
pub(crate) fn ask_for_rewritings(model: &mut Model) -> Option<Effect> {
    let detail = model.detail.as_mut().filter(|_| model.tab == Tab::Signature)?;
    let loaded = detail.content.as_ref().ok()?;
    let is_open = detail.inquiry.running.is_none() && detail.inquiry.rewritings.is_none();
    let is_small = loaded.delivery.body.len() <= diagnosis::REWRITTEN_BODY_BYTES;
    (is_open && is_small && loaded.is_verified()).then(|| ask(&mut detail.inquiry, detail.id, Question::Rewritings))
}

/// Asks something about the shown delivery. What is found comes first on its tab, which is shown from the top and gets
/// the focus, and with it the room.
pub(crate) fn ask_shown(model: &mut Model, question: Question) -> Vec<Effect> {
    model.tab = Tab::Signature;
    model.focus = Focus::Detail;
    if let Some(detail) = &mut model.detail {
        detail.scroll[Tab::Signature.index()] = 0;
    }
    match &mut model.detail {
        Some(detail) if detail.content.is_ok() => vec![ask(&mut detail.inquiry, detail.id, question)],
        _ => Vec::new(),
    }
}

pub(crate) fn look_deeper(model: &mut Model) -> Vec<Effect> {
    let inquiry = model.detail.as_ref().map(|detail| &detail.inquiry);
    if inquiry.is_none() {
        model.warn("select a delivery to search for its cause");
        return Vec::new();
    }
    if inquiry.is_some_and(|inquiry| inquiry.running.is_some()) {
        let stop = model.keymap.press(Action::StopLooking);
        model.warn(format!("a search is running already: {stop} stops it"));
        return Vec::new();
    }
    if model.loaded().is_some_and(|loaded| !asks_why(loaded)) {
        model.warn("nothing to search for: this delivery raises no question");
        return Vec::new();
    }
    match inquiry.and_then(Inquiry::deeper) {
        Some(depth) => ask_shown(model, Question::Why(depth)),
        None => {
            model.say("this was the deepest search: there is nothing more to try");
            Vec::new()
        }
    }
}

pub(crate) fn stop_looking(model: &mut Model) -> Vec<Effect> {
    match model.detail.as_mut().and_then(|detail| detail.inquiry.running.take()) {
        Some(_) => vec![Effect::StopInquiry],
        None => Vec::new(),
    }
}

pub(crate) fn report(model: &mut Model, id: DeliveryId, report: InquiryReport) {
    let Some(detail) = model.detail.as_mut().filter(|detail| detail.id == id) else { return };
    match report {
        InquiryReport::Progress(progress) => {
            if let Some((_, last)) = &mut detail.inquiry.running {
                *last = Some(progress);
            }
        }
        InquiryReport::Found(finding) => detail.inquiry.found(finding),
        InquiryReport::Failed(text) => {
            detail.inquiry.running = None;
            model.warn(text);
        }
    }
}
