//! What the conversation prints: messages, what is held, progress, what has opened over the panes, and what a line asked for
//! once it is there.

use super::{Asked, Awaited, Conversation};
use crate::delivery::DeliveryId;
use crate::send::conformance::report_text;
use crate::text::{Palette, counted, grouped, visible};
use crate::tui::app::action::Tab;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::plain::{announce, screen_text};
use crate::tui::screens::answers::state::{AnswerOverlay, RulesView};
use crate::tui::screens::send::state::SendScreen;

/// Parts of a sending of many after which its progress is told.
const PARTS: usize = 4;
/// A sending of fewer tells no progress.
const FEW: usize = 20;

impl Conversation {
    pub(super) fn tell_notices(&mut self, model: &Model) {
        let news: Vec<String> = model
            .notices
            .iter()
            .filter(|notice| notice.number > self.told)
            .map(|notice| visible(&notice.text).into_owned())
            .collect();
        // An answer to a look-up may be that there is nothing.
        if !news.is_empty() && self.awaited == Some(Awaited::Screen) {
            self.awaited = None;
        }
        self.lines.extend(news);
        self.told = model.said;
    }

    pub(super) fn tell_held(&mut self, model: &Model) {
        for held in &model.answers.held {
            if !self.held.contains(&held.id) {
                let (id, seconds) = (held.id, model.answers.seconds_left(held));
                let seconds = counted(seconds, "second");
                let words = format!(
                    "delivery {id} is held for {seconds}, then {}: release {id} 200, or drop {id}",
                    held.default
                );
                self.lines.push(visible(&words).into_owned());
            }
        }
        self.held = model.answers.held.iter().map(|held| held.id).collect();
    }

    pub(super) fn tell_progress(&mut self, model: &Model) {
        let Some(running) = model.sending.running() else {
            self.part = 0;
            return;
        };
        if running.total < FEW {
            return;
        }
        let part = running.done * PARTS / running.total;
        if part > self.part && part < PARTS {
            let (done, total) = (grouped(running.done as u64), grouped(running.total as u64));
            self.say(&format!("{}: {done} of {total}", running.what));
        }
        self.part = part;
    }

    /// Prints what has opened over the panes, and closes it, unless it asks something or is not complete.
    pub(super) fn show_overlay(&mut self, model: &mut Model) {
        let is_shown = match &model.overlay {
            None => return,
            Some(Overlay::Confirm(_) | Overlay::Saving(_) | Overlay::Redacting(_)) => return self.ask_yes_or_no(model),
            Some(Overlay::Sending) => self.sending_lines(model),
            Some(overlay @ Overlay::Status(view)) if view.status.is_some() && view.sizes.is_some() => {
                Some(screen_text::of_overlay(model, overlay, &self.look))
            }
            Some(overlay @ Overlay::Adopt(menu)) if menu.candidates.is_some() => {
                Some(screen_text::of_overlay(model, overlay, &self.look))
            }
            // Saving has ended, or could not begin.
            Some(Overlay::Answers(window)) => match &**window {
                AnswerOverlay::Rules(RulesView { said: Some(said), .. }) => {
                    let words = said.as_ref().unwrap_or_else(|words| words);
                    Some(vec![visible(words).into_owned()])
                }
                _ => None,
            },
            Some(overlay @ Overlay::Messages(_)) => Some(screen_text::of_overlay(model, overlay, &self.look)),
            Some(_) => None,
        };
        if let Some(lines) = is_shown {
            self.lines.extend(lines);
            self.close(model);
            if matches!(self.awaited, Some(Awaited::Screen | Awaited::Overlay)) {
                self.awaited = None;
            }
        }
    }

    /// Prints a question that has opened over the panes, once; the next line is its answer.
    fn ask_yes_or_no(&mut self, model: &Model) {
        if self.asked == Asked::YesOrNo {
            return;
        }
        match &model.overlay {
            Some(Overlay::Confirm(confirm)) => {
                self.say(&format!("{} {} Enter yes to {}, or no.", confirm.title, confirm.question, confirm.yes));
            }
            Some(overlay @ Overlay::Saving(_)) => {
                self.lines.extend(screen_text::of_overlay(model, overlay, &self.look));
                self.lines.push("Enter yes to write this, or no.".to_owned());
            }
            Some(overlay @ Overlay::Redacting(pending)) if pending.preview.is_some() => {
                self.lines.extend(screen_text::of_overlay(model, overlay, &self.look));
                self.lines.push(format!("Enter yes to {}, or no.", pending.yes()));
            }
            _ => return,
        }
        self.asked = Asked::YesOrNo;
        self.awaited = None;
    }

    /// What the topmost screen of sendings says, once it is complete.
    fn sending_lines(&mut self, model: &Model) -> Option<Vec<String>> {
        let overlay = Overlay::Sending;
        match model.sending.screens.last()? {
            SendScreen::Panel | SendScreen::Comparison(..) | SendScreen::Attempts(..) => {
                Some(screen_text::of_overlay(model, &overlay, &self.look))
            }
            SendScreen::Progress(_) if !model.sending.is_busy() => {
                Some(screen_text::of_overlay(model, &overlay, &self.look))
            }
            SendScreen::Check(check) => match check.report.as_ref()? {
                Ok(report) => {
                    let text = report_text(report, Palette::Unmarked, None);
                    Some(text.lines().map(str::to_owned).collect())
                }
                Err(reason) => Some(vec![visible(&format!("the check failed: {reason}")).into_owned()]),
            },
            SendScreen::Form(form) => {
                let reason = form.error.clone()?;
                Some(vec![visible(&reason).into_owned()])
            }
            SendScreen::Progress(_) => None,
        }
    }

    pub(super) fn show_awaited(&mut self, model: &mut Model) {
        match self.awaited.clone() {
            Some(Awaited::Tab(id, tab)) if self.has_come(model, id) && is_complete(model, tab) => {
                self.awaited = None;
                self.print_tab(model);
            }
            Some(Awaited::Delivery(id, command)) if self.has_come(model, id) => {
                self.awaited = None;
                self.about(model, id, command);
            }
            Some(Awaited::Idle) if !self.is_busy(model) => self.awaited = Some(Awaited::Settled),
            Some(Awaited::Said(told)) if model.said > told && model.jobs.is_empty() => self.awaited = None,
            Some(Awaited::Judged(told)) if model.said > told && !model.rejudged.is_awaited() => self.awaited = None,
            Some(Awaited::Rows(count)) if model.list.is_settled() => {
                self.awaited = None;
                self.print_list(model, count);
                if let Some(id) = self.left.take().filter(|id| model.list.selected() != Some(*id)) {
                    self.effects.extend(model.list.bring_back(id));
                }
            }
            _ => {}
        }
    }

    /// Whether the delivery is there. One that does not come is said to be missing, and no longer waited for.
    fn has_come(&mut self, model: &Model, id: DeliveryId) -> bool {
        if model.list.is_loading() {
            return false;
        }
        if model.list.selected() != Some(id) {
            self.awaited = None;
            let hidden =
                if model.list.filter().is_empty() { "" } else { ", or the filter hides it: filter alone clears it" };
            self.say(&format!("no delivery {id} in the list{hidden}"));
            return false;
        }
        match model.detail.as_ref().filter(|detail| detail.id == id && model.loading.is_none()) {
            Some(detail) => match &detail.content {
                Ok(loaded) => loaded.is_read,
                Err(reason) => {
                    let reason = reason.clone();
                    self.awaited = None;
                    self.say(&reason);
                    false
                }
            },
            None => false,
        }
    }

    /// The shown tab from where it is scrolled to.
    pub(in crate::tui::plain) fn print_tab(&mut self, model: &Model) {
        let (lines, total) = screen_text::of_tab(model, &self.look);
        self.lines.extend(lines);
        let first = model.detail.as_ref().map_or(0, |detail| detail.scroll[model.tab.index()]);
        let rest = total.saturating_sub(first + usize::from(screen_text::ROWS));
        if rest > 0 {
            self.lines.push(format!("{} more lines: more shows them", grouped(rest as u64)));
        }
    }

    /// Prints the first rows as soon as they are there. The window of rows may be around a delivery that was asked about, and
    /// goes back to it.
    pub(in crate::tui::plain) fn list(&mut self, model: &mut Model, count: usize) {
        if !model.list.begins_with_first() {
            self.left = model.list.selected();
            self.effects.extend(model.list.reload());
        }
        self.awaited = Some(Awaited::Rows(count));
    }

    fn print_list(&mut self, model: &Model, count: usize) {
        let list = &model.list;
        let filter = visible(list.filter()).into_owned();
        if let Some(error) = list.error() {
            self.say(error);
        }
        let shown = list.rows().len().min(count);
        let is_arrival = list.sorting().is_arrival();
        let first = if is_arrival { "the newest" } else { "the first" };
        let of = |verb: &str| {
            let matching = if filter.is_empty() { String::new() } else { format!(" that {verb} {filter}") };
            let sorted = if is_arrival { String::new() } else { format!(", {}", list.sorting().words()) };
            matching + &sorted
        };
        match (list.matches(), shown) {
            (_, 0) if filter.is_empty() && model.last.0 == 0 => {
                self.say("no deliveries yet: test sends one to this listener");
            }
            (_, 0) if filter.is_empty() && !model.deletions.is_empty() => {
                self.say("no deliveries: undo brings back what was deleted last");
            }
            (_, 0) => self.say(&format!("no deliveries{}", of("match"))),
            (Some(all), shown) if all as usize > shown => {
                self.say(&format!("{first} {shown} of {} deliveries{}", grouped(all), of("match")));
            }
            // There may be more.
            (None, 1) if count == 1 => self.say(&format!("{first} delivery{}", of("matches"))),
            (_, 1) => self.say(&format!("1 delivery{}", of("matches"))),
            (_, shown) => self.say(&format!("{first} {shown} deliveries{}", of("match"))),
        }
        let rows = list.rows().iter().take(count);
        self.lines.extend(rows.map(|summary| announce::delivery_line(summary, None)));
    }
}

/// Whether everything that a tab shows is there.
fn is_complete(model: &Model, tab: Tab) -> bool {
    let Some(detail) = &model.detail else { return false };
    let is_searched = detail.inquiry.running.is_none();
    match tab {
        Tab::Overview => is_searched && detail.ask_for_sightings().is_none(),
        Tab::Signature => is_searched,
        Tab::Answer => !model.answers.story.is_asking,
        Tab::Payload | Tab::Raw => detail.making.is_none(),
        Tab::Image | Tab::Headers => true,
    }
}
