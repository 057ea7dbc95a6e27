//! The delivery at a glance.

use ratatui::style::Style;
use ratatui::text::Line;

use super::event;
use crate::config::MissingSecret;
use crate::delivery::{ChosenBy, Judgement, Outcome, TimestampFacts, TimestampUnit, Verdict};
use crate::payload::contract::EventReport;
use crate::text::units::age_words;
use crate::text::{self, counted, grouped};
use crate::tui::app::action::{Action, Tab};
use crate::tui::pane::Pane;
use crate::tui::screens::signature::view::diagnosis;
use crate::tui::widgets::{NAME_COLUMNS, date_time, field, paragraph, secret_words, short_latency, shown};

/// Images that are named one by one.
const FEW_IMAGES: usize = 3;

/// The lines of the Overview tab.
pub(crate) fn lines(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, columns) = (pane.look, pane.columns);
    let mut lines = verdict(pane);
    lines.extend(diagnosis::headline(pane));
    lines.push(Line::default());
    lines.extend(remarks(pane));
    let mut add = |name: &str, value: String, style: Style| lines.extend(field(name, &value, style, columns, look));
    event_fields(pane, &mut add);
    request_fields(pane, &mut add);
    body_fields(pane, &mut add);
    answer_field(pane, &mut add);
    mark_fields(pane, &mut add);
    for block in [event::drift(pane), event::seen(pane), event::overview(pane)] {
        if !block.is_empty() {
            lines.push(Line::default());
            lines.extend(block);
        }
    }
    lines
}

/// What takes a field: its name, its value, and how that is drawn.
type Add<'a> = &'a mut dyn FnMut(&str, String, Style);

/// The event, by what was known at capture or by what its reading says.
fn event_fields(pane: &Pane<'_>, add: Add<'_>) {
    let theme = &pane.look.theme;
    let event = &pane.loaded.delivery.summary.event;
    let report = pane.loaded.reading.event.as_ref();
    // Of a body in deflate or br nothing was known at capture.
    if let Some(name) = event.event.clone().map(|name| shown(&name)).or_else(|| report?.event.clone()) {
        add("event", briefly(&name, pane.columns), theme.title);
        let is_simulation = event.is_simulation() || report.is_some_and(|report| report.simulation);
        let kind = if is_simulation { "SIM  a simulation" } else { "live" };
        add("kind", kind.to_owned(), if is_simulation { theme.simulation } else { theme.text });
        let of_report = |part: fn(&EventReport) -> Option<String>| report.and_then(part);
        let version = event.version.as_deref().map(shown).or_else(|| of_report(|report| report.version.clone()));
        let agent = event.agent.as_deref().map(shown).or_else(|| of_report(|report| report.agent.clone()));
        let items = event.items.or_else(|| report.map(|report| report.item_count)).map(|items| counted(items, "item"));
        let about: Vec<String> = [version, agent, items].into_iter().flatten().collect();
        if !about.is_empty() {
            add("envelope", about.join(", "), theme.text);
        }
    }
    if let Some((report, worst)) = report.and_then(|report| Some((report, report.drift.first()?))) {
        let style = event::severity_style(theme, worst.severity);
        add("schema", format!("{}, listed below", report.drift_words()), style);
    }
}

/// What was asked for, when and by whom.
fn request_fields(pane: &Pane<'_>, add: Add<'_>) {
    let (look, theme) = (pane.look, &pane.look.theme);
    let summary = &pane.loaded.delivery.summary;
    let request = shown(&format!("{} {}", summary.method, summary.path));
    add("request", briefly(&request, pane.columns), theme.text);
    if let Some(webhook) = &summary.webhook {
        add("webhook", shown(webhook), theme.text);
    }
    add("received", format!("{}  from {}", date_time(summary.received_at, look), shown(&summary.remote)), theme.text);
    if let Some(timestamp) = &summary.judgement.timestamp {
        let (words, is_odd) = timestamp_words(timestamp);
        add("timestamp", words, if is_odd { theme.warn } else { theme.text });
    }
}

/// The body and the images in it.
fn body_fields(pane: &Pane<'_>, add: Add<'_>) {
    let theme = &pane.look.theme;
    let body = &pane.loaded.reading.body;
    let length = counted(pane.loaded.delivery.summary.body_bytes, "byte");
    add("body", format!("{length}, {}", body.words()), theme.text);
    for remark in &body.remarks {
        add("", remark.words.clone(), if remark.is_warning { theme.warn } else { theme.dim });
    }
    if !pane.loaded.is_read {
        add("", "reading what is in it …".to_owned(), theme.dim);
    }
    let images = &pane.loaded.images;
    for (index, image) in images.iter().take(FEW_IMAGES).enumerate() {
        let name = match (index, images.len()) {
            (0, 1) => "image".to_owned(),
            (0, count) => format!("{count} images"),
            _ => String::new(),
        };
        add(&name, image.found.binary.summary(), theme.text);
    }
    if images.len() > FEW_IMAGES {
        let rest = images.len() - FEW_IMAGES;
        add("", format!("and {rest} more: {}", pane.model.keymap.tab(Tab::Image)), theme.dim);
    }
}

/// What was answered, and whether it arrived.
fn answer_field(pane: &Pane<'_>, add: Add<'_>) {
    let theme = &pane.look.theme;
    let (words, style) = match &pane.loaded.delivery.summary.answer {
        None => ("not answered yet".to_owned(), theme.dim),
        Some(answer) if answer.outcome == Outcome::SenderGone => {
            ("none: the sender hung up first".to_owned(), theme.warn)
        }
        Some(answer) if answer.outcome != Outcome::Sent => {
            let status = if answer.status == 0 { "none".to_owned() } else { answer.status.to_string() };
            (format!("{status} by {}: {}", by_words(&answer.rule), answer.outcome.words()), theme.warn)
        }
        Some(answer) => {
            let (rule, latency) = (by_words(&answer.rule), short_latency(answer.latency));
            (format!("{} by {rule} after {latency}", answer.status), theme.status(answer.status))
        }
    };
    add("answer", words, style);
}

/// What people have said about it, and its number.
fn mark_fields(pane: &Pane<'_>, add: Add<'_>) {
    let (look, theme) = (pane.look, &pane.look.theme);
    let summary = &pane.loaded.delivery.summary;
    if let Some(note) = &summary.marks.note {
        add("note", shown(note), theme.info);
    }
    if !summary.marks.tags.is_empty() {
        let tags: Vec<String> = summary.marks.tags.iter().map(|tag| format!("#{}", shown(tag))).collect();
        add("tags", tags.join(" "), theme.info);
    }
    let pinned = if summary.marks.pinned { format!("  {}", look.marked("◆", "pinned")) } else { String::new() };
    add("id", format!("#{}{pinned}", summary.id), theme.dim);
}

/// What an answer was chosen by.
fn by_words(chosen_by: &ChosenBy) -> String {
    match chosen_by.action_of_person() {
        Some(action) => format!("the chosen answer ({})", shown(action)),
        None => shown(chosen_by.as_str()),
    }
}

/// A long value in two lines: all of it is on the Raw tab.
fn briefly(value: &str, columns: usize) -> String {
    let width = columns.saturating_sub(NAME_COLUMNS + 1).max(8);
    text::clip(value, 2 * width - 1).into_owned()
}

/// The verdict as a glyph and words.
pub(crate) fn verdict(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let judgement = pane.loaded.judgement();
    let summary = &pane.loaded.delivery.summary;
    if let Some(now) = &pane.loaded.rejudged {
        return judged_again(now, judgement, pane);
    }
    let (glyph, _, style) = pane.look.theme.verdict_of(summary);
    let mut words = match (&judgement.secret, judgement.verdict) {
        (_, Verdict::Verified) if !summary.is_verified() => {
            format!("not verified: the signature matches what arrived, but the request is {}", summary.intake.words())
        }
        (Some(label), Verdict::Verified) => {
            let stale = judgement.timestamp.as_ref().and_then(stale_words).unwrap_or_default();
            format!("verified with {}{stale}", secret_words(label))
        }
        _ => judgement.verdict.words().to_owned(),
    };
    if let Some(note) = &judgement.note {
        words = format!("{words}: {}", shown(note));
    }
    paragraph(&pane.look.marked(glyph, &words), style, pane.columns)
}

/// The verdict with the secrets of today, and below it that at capture.
fn judged_again(now: &Judgement, then: &Judgement, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let (glyph, _, style) = match now.verdict {
        Verdict::Verified if !pane.loaded.is_verified() => ("!", "", theme.bad),
        verdict => theme.verdict(verdict),
    };
    let with = now.secret.as_ref().map_or(String::new(), |label| format!(" with {}", secret_words(label)));
    let words = format!("With {}: {}{with}", current_words(pane), now.verdict.words());
    let mut lines = paragraph(&pane.look.marked(glyph, &words), style, pane.columns);
    let (glyph, _, _) = theme.verdict(then.verdict);
    let words = format!("Verdict at capture: {}", then.verdict.words());
    lines.extend(paragraph(&pane.look.marked(glyph, &words), theme.dim, pane.columns));
    lines
}

/// How far the timestamp is out of the tolerance, as the end of a sentence.
fn stale_words(timestamp: &TimestampFacts) -> Option<String> {
    let age = timestamp.age_ms.filter(|_| timestamp.fresh == Some(false))?;
    let side = if age < 0 { "ahead of our clock" } else { "old on arrival" };
    Some(format!(", but stale: {} {side}", age_words(age)))
}

/// What deliveries are judged by now: the secrets, and the scheme if one was adopted.
pub(crate) fn current_words(pane: &Pane<'_>) -> String {
    match pane.model.adopted_by(pane.loaded.webhook.as_deref()) {
        Some(name) => format!("the adopted scheme {name} and the current secrets"),
        None => "the current secrets".to_owned(),
    }
}

/// What a person should not miss about this delivery.
fn remarks(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let summary = &pane.loaded.delivery.summary;
    let mut remarks = Vec::new();
    if summary.intake.is_rebuilt() {
        // Where it is the reason for the verdict, the line above has it.
        let reason = Some(summary.intake.reason()).filter(|_| summary.judgement.verdict != Verdict::NotJudged);
        remarks.extend(reason.map(|reason| (format!("rebuilt: {}", shown(reason)), theme.warn)));
    } else if !summary.intake.is_complete() {
        remarks.push((format!("{}: {}", summary.intake.words(), shown(summary.intake.reason())), theme.bad));
    } else {
        // For an incomplete request the reason above covers it.
        remarks.extend(pane.loaded.delivery.framing_words().map(|words| (words, theme.warn)));
    }
    if summary.is_noise() {
        let words = "without a body and without a signature, to a path of no webhook: a browser or a scanner.";
        remarks.push((format!("A {} {words}", shown(&summary.method)), theme.dim));
    }
    if pane.loaded.rejudged.is_none() && summary.judgement.verdict == Verdict::NoSecret {
        let variable = MissingSecret::variable(&pane.loaded.scheme.name);
        let request = pane.model.keymap.request(Action::TypeSecret);
        remarks.push((format!("{request} to give the webhook's secret, or set {variable} in .env"), theme.warn));
    }
    if let Some(origin) = pane.loaded.delivery.head.value("origin") {
        let words = format!("sent by a web page: Origin {}", crate::text::visible_bytes(origin));
        remarks.push((words, theme.warn));
    }
    let mut lines: Vec<Line<'static>> =
        remarks.into_iter().flat_map(|(words, style)| paragraph(&words, style, pane.columns)).collect();
    if !lines.is_empty() {
        lines.push(Line::default());
    }
    lines
}

/// The header's text with its unit and age, and whether something about it is odd.
pub(crate) fn timestamp_words(timestamp: &TimestampFacts) -> (String, bool) {
    let raw = shown(&timestamp.raw);
    let Some(age) = timestamp.age_ms else {
        return (format!("{raw}  not a Unix timestamp"), true);
    };
    let unit = match timestamp.unit {
        TimestampUnit::Seconds => "seconds",
        TimestampUnit::Milliseconds => "milliseconds",
        TimestampUnit::Other => "other",
    };
    let side = if age < 0 { "ahead of our clock" } else { "old on arrival" };
    let is_stale = timestamp.fresh == Some(false);
    let stale = match (is_stale, age < 0) {
        (false, _) => "",
        (true, false) => ", stale",
        (true, true) => ", from the future",
    };
    let words = match age_words(age) {
        age if is_stale => format!("{raw}  {unit}, {age} {side}{stale}"),
        age => format!("{raw}  {unit}, {age} {side}, fresh"),
    };
    (words, is_stale)
}

/// A byte count with its thousands set apart.
pub(crate) fn bytes(count: usize) -> String {
    grouped(count as u64)
}
