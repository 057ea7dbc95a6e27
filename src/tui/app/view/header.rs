//! The top line: where it listens, the public URL, which secret, which answer, which configuration; and alerts below it.

use std::path::Path;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::Look;
use super::footer::within;
use crate::config::{MADE_UP_LABEL, TYPED_LABEL, TunnelName};
use crate::server::tunnel::TunnelEnd;
use crate::text::{self, counted, grouped};
use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::app::{attachment, jobs};
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::send::action::SendAction;
use crate::tui::widgets::put;

/// Columns for a name where the line is too short for all of it; the default secret's label is long.
const NAME_COLUMNS: usize = 20;
const SHORT_NAME_COLUMNS: usize = 12;
/// Columns for a tunnel's host where the line is short, and where it is very short.
const HOST_COLUMNS: usize = 24;
const SHORT_HOST_COLUMNS: usize = 10;

/// What must not be missed, the most urgent first.
pub(super) fn alerts(model: &Model) -> Vec<String> {
    let mut alerts: Vec<String> = attachment::alert(model).into_iter().collect();
    if let Some(fault) = &model.fault {
        alerts.push(format!("not stored: {fault}"));
    }
    if let Some(tunnel) = model.tunnel.elsewhere()
        && let TunnelEnd::Elsewhere { addr, .. } = &tunnel.end
    {
        let (url, name) = (&tunnel.public_url, tunnel.name.title());
        alerts.push(format!("{name}: {url} points to {addr}, not to this listener: {}", run_words(model)));
    }
    alerts.extend(model.tunnel.failed().map(|(name, reason)| format!("{}: {reason}", name.title())));
    if model.stats.not_forwarded > 0 {
        alerts.push(format!("{} not forwarded: too many at once", grouped(model.stats.not_forwarded)));
    }
    if model.stats.not_held > 0 {
        alerts
            .push(format!("{} not held, but sent the default answer: too many at once", grouped(model.stats.not_held)));
    }
    if model.stats.refused > 0 {
        alerts.push(format!("{} rejected with 503: too many at once", counted(model.stats.refused, "request")));
    }
    alerts
}

/// Draws the line, and the first alert under it when there is room.
///
/// Returns where the facts are that more can be shown of.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    model: &Model,
    look: &Look,
    alerts: &[String],
) -> Vec<(Rect, Action)> {
    let theme = &look.theme;
    let line = Rect { height: 1, ..area };
    frame.buffer_mut().set_style(line, theme.bar);
    let (spans, places) = fit(parts(model, look), area.width.into());
    put(frame, area, 0, Line::from(spans));
    let mut areas: Vec<(Rect, Action)> =
        places.into_iter().map(|(first, columns, action)| (within(line, first, columns), action)).collect();
    if let Some(alert) = alerts.first() {
        let shown = text::visible(alert);
        let more = match alerts.len() - 1 {
            0 => String::new(),
            more => format!("  (+{more}: {})", model.keymap.press(Action::Status)),
        };
        let clipped = text::clip(&shown, usize::from(area.width).saturating_sub(4 + more.width()));
        put(frame, area, 1, Line::styled(format!(" ! {clipped}{more}"), theme.bad));
        areas.push((Rect { y: area.y + 1, height: area.height.saturating_sub(1), ..area }, Action::Status));
    }
    areas
}

/// One fact: its mark, and its words from the longest form to the shortest. Only what is no fact has an empty one.
struct Part {
    glyph: &'static str,
    style: Style,
    forms: Vec<Form>,
    /// What shows more of it.
    action: Option<Action>,
}

/// Words for a fact, and how soon the line does without the longer ones before them.
struct Form {
    rank: u8,
    words: String,
}

impl Part {
    fn new(glyph: &'static str, style: Style, words: impl Into<String>) -> Self {
        Self { glyph, style, forms: Vec::new(), action: None }.or(0, words)
    }

    /// With what shows more of it.
    fn opens(self, action: Action) -> Self {
        Self { action: Some(action), ..self }
    }

    /// A shorter form. Of all parts, that with the lowest rank is taken first.
    fn or(mut self, rank: u8, words: impl Into<String>) -> Self {
        self.forms.push(Form { rank, words: text::visible(&words.into()).into_owned() });
        self
    }
}

/// What shortens first has the lowest rank: what is said elsewhere too goes before what is only said here.
fn parts(model: &Model, look: &Look) -> Vec<Part> {
    let theme = &look.theme;
    let mut parts = vec![
        Part::new("", theme.brand, "whyhook").or(1, ""),
        place(model, look),
        tunnel(model, look).opens(Action::CopyPublicUrl),
        secret(model, look).opens(Action::TypeSecret),
        answers(model, look).opens(Action::PickAnswer),
    ];
    match &model.adopted[..] {
        [] => {}
        [(_, name)] => parts.push(Part::new("§", theme.info, format!("{name}, this run")).or(3, name)),
        many => parts.push(Part::new("§", theme.info, format!("{} schemes, this run", many.len())).or(3, "schemes")),
    }
    if !model.answers.held.is_empty() {
        let held = model.answers.held.len();
        parts.push(
            Part::new("◷", theme.warn, format!("{held} held"))
                .or(13, held.to_string())
                .opens(Action::Answer(AnswerAction::DecideAll)),
        );
    }
    if let Some(running) = model.sending.running() {
        let progress = format!("{}/{}", grouped(running.done as u64), grouped(running.total as u64));
        let words = format!("{} {progress}", running.what);
        let short = text::clip(&running.what, SHORT_NAME_COLUMNS).into_owned();
        parts.push(
            Part::new("↻", theme.info, words)
                .or(3, format!("{short} {progress}"))
                .or(12, progress)
                .opens(Action::Send(SendAction::Last)),
        );
    }
    if !model.jobs.is_empty() {
        let (words, progress) = (jobs::in_words(&model.jobs), jobs::how_far(&model.jobs));
        let cancelled = model.jobs.iter().all(|job| job.is_cancelled);
        let words = if cancelled { format!("cancelling {words}") } else { words };
        let shortest = if progress.is_empty() { words.clone() } else { progress.clone() };
        parts.push(
            Part::new("↻", theme.info, format!("{words} {progress}").trim_end()).or(12, shortest).opens(Action::Status),
        );
    }
    let turned_away = model.stats.refused + model.stats.not_held + model.stats.not_forwarded;
    if turned_away > 0 {
        let count = grouped(turned_away);
        parts.push(Part::new("!", theme.bad, format!("{count} turned away")).or(11, count).opens(Action::Status));
    }
    // A file that somebody else has put here should be seen at every width; `I` has the whole path.
    if let Some(name) = model.answers.config.as_deref().and_then(Path::file_name) {
        let name = name.to_string_lossy().into_owned();
        let short = text::clip(&text::visible(&name), NAME_COLUMNS).into_owned();
        parts.push(Part::new("⚙", theme.text, name).or(2, short).or(10, "").opens(Action::Status));
    }
    if model.setup.ephemeral {
        parts.push(Part::new("○", theme.warn, "ephemeral").or(5, "temp"));
    }
    parts
}

/// Where it listens; when that is in another process, which.
fn place(model: &Model, look: &Look) -> Part {
    let (theme, url, port) = (&look.theme, &model.setup.url, port(model));
    let Some(attachment) = &model.attachment else { return Part::new("●", theme.good, url.clone()).or(9, port) };
    let process = attachment.process;
    match attachment.lost {
        None => Part::new("●", theme.good, format!("attached to {url}, process {process}"))
            .or(9, format!("attached to {port}, process {process}"))
            .or(10, format!("attached {port} ({process})"))
            .or(16, format!("attached {port}")),
        Some(_) => Part::new("○", theme.bad, format!("listener gone: {url}, process {process}"))
            .or(9, format!("listener gone: {port}, process {process}"))
            .or(10, format!("gone {port} ({process})"))
            .or(16, format!("gone {port}")),
    }
}

fn tunnel(model: &Model, look: &Look) -> Part {
    let theme = &look.theme;
    let tunnels = &model.tunnel;
    if let Some(best) = tunnels.best() {
        let url = model.public_url().unwrap_or_default();
        let host = url.split_once("://").map_or(&*url, |(_, rest)| rest);
        let host = host.split(['/', '?']).next().unwrap_or_default();
        // Whoever sends a delivery chooses the host that is learnt from it: that it is a guess is said at every width.
        let (mark, style) = match best.name {
            TunnelName::Learnt => (" (learnt)", theme.warn),
            _ => ("", theme.info),
        };
        let more = match tunnels.found().len() - 1 {
            0 => String::new(),
            more => format!(" +{more}"),
        };
        let short = if mark.is_empty() { "" } else { "?" };
        return Part::new("⇄", style, format!("{url}{mark}{more}"))
            .or(1, format!("{url}{mark}"))
            .or(4, format!("{host}{mark}"))
            .or(7, format!("{}{mark}", elided(host, HOST_COLUMNS)))
            .or(14, format!("{}{short}", elided(host, SHORT_HOST_COLUMNS)));
    }
    if tunnels.elsewhere().is_some() {
        Part::new("⇄", theme.bad, "tunnel points elsewhere").or(6, "elsewhere").or(14, "!")
    } else if tunnels.failed().next().is_some() {
        Part::new("⇄", theme.bad, "tunnel failed").or(6, "failed").or(14, "!")
    } else if tunnels.is_starting() {
        Part::new("⇄", theme.info, "tunnel starting").or(6, "starting").or(14, "…")
    } else if !tunnels.troubles().is_empty() {
        Part::new("⇄", theme.warn, "tunnel unknown").or(6, "unknown").or(14, "?")
    } else {
        Part::new("⇄", theme.dim, "no tunnel").or(6, "none").or(14, "-")
    }
}

fn secret(model: &Model, look: &Look) -> Part {
    let theme = &look.theme;
    let label = |described: &str| described.split(" (").next().unwrap_or_default().to_owned();
    match &model.secrets[..] {
        [] => {
            let key = model.keymap.press(Action::TypeSecret);
            Part::new("◆", theme.warn, format!("no secret: press {key}")).or(3, format!("no secret: {key}"))
        }
        [one] => match label(one) {
            // Deliveries of others cannot be verified with it.
            label if label == MADE_UP_LABEL => Part::new("◆", theme.warn, "temporary secret").or(3, "temporary"),
            label if label == TYPED_LABEL => Part::new("◆", theme.text, "secret entered").or(3, "entered"),
            label => {
                let clip = |columns| text::clip(&label, columns).into_owned();
                Part::new("◆", theme.text, format!("secret {label}"))
                    .or(2, format!("secret {}", clip(NAME_COLUMNS)))
                    .or(5, format!("secret {}", clip(SHORT_NAME_COLUMNS)))
                    .or(8, "1 secret")
            }
        },
        many => {
            let count = many.len();
            Part::new("◆", theme.text, format!("{count} secrets")).or(14, count.to_string())
        }
    }
}

fn answers(model: &Model, look: &Look) -> Part {
    let style = if model.answers.is_auto() { look.theme.text } else { look.theme.warn };
    let (answers, briefly) = model.answers.words();
    let shortest = text::clip(&text::visible(&briefly), SHORT_NAME_COLUMNS).into_owned();
    Part::new("↩", style, answers).or(6, briefly).or(15, shortest)
}

/// The shortest way to a tunnel that points here.
fn run_words(model: &Model) -> String {
    format!("run `ngrok http {}`", model.setup.url.rsplit(':').next().unwrap_or_default())
}

/// `:3000`: a tunnel must point to it.
fn port(model: &Model) -> String {
    format!(":{}", model.setup.url.rsplit(':').next().unwrap_or_default())
}

/// A host cut to `columns`: its beginning, which tells it from others, and its end, which tells whose it is.
fn elided(host: &str, columns: usize) -> String {
    const BEGINNING: usize = 4;
    if host.width() <= columns {
        return host.to_owned();
    }
    let labels: Vec<&str> = host.split('.').collect();
    let first = labels.first().copied().unwrap_or_default();
    let beginning: String = first.chars().take(BEGINNING).collect();
    // As many whole labels of the end as fit.
    let mut ending = String::new();
    for label in labels.iter().skip(1).rev() {
        let longer = if ending.is_empty() { (*label).to_owned() } else { format!("{label}.{ending}") };
        if beginning.width() + 1 + longer.width() > columns {
            break;
        }
        ending = longer;
    }
    format!("{beginning}…{ending}")
}

/// Takes shorter forms, in the order of their ranks, until the line fits. No fact is left out.
///
/// With the spans come the facts that more can be shown of: the first column, how many, and what shows it.
fn fit(mut parts: Vec<Part>, columns: usize) -> (Vec<Span<'static>>, Vec<(usize, usize, Action)>) {
    let mut gap = 3;
    while width(&parts, gap) > columns {
        let next = |part: &Part| part.forms.get(1).map(|form| form.rank);
        let shorter = parts.iter().enumerate().filter_map(|(index, part)| Some((next(part)?, index))).min();
        match shorter {
            Some((_, index)) => drop(parts[index].forms.remove(0)),
            None if gap > 1 => gap -= 1,
            None => break,
        }
    }
    let mut spans = vec![Span::raw(" ")];
    let (mut places, mut used) = (Vec::new(), 1);
    for part in parts.iter().filter(|part| columns_of(part) > 0) {
        if spans.len() > 1 {
            spans.push(Span::raw(" ".repeat(gap)));
            used += gap;
        }
        places.extend(part.action.map(|action| (used, columns_of(part), action)));
        used += columns_of(part);
        let words = &part.forms[0].words;
        if !part.glyph.is_empty() {
            let space = if words.is_empty() { "" } else { " " };
            spans.push(Span::styled(format!("{}{space}", part.glyph), part.style));
        }
        spans.push(Span::styled(words.clone(), part.style));
    }
    (spans, places)
}

fn columns_of(part: &Part) -> usize {
    let (glyph, words) = (part.glyph.width(), part.forms[0].words.width());
    glyph + words + usize::from(glyph > 0 && words > 0)
}

fn width(parts: &[Part], gap: usize) -> usize {
    let shown: Vec<usize> = parts.iter().map(columns_of).filter(|columns| *columns > 0).collect();
    1 + shown.iter().sum::<usize>() + gap * shown.len().saturating_sub(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_keeps_its_beginning_and_whose_it_is() {
        assert_eq!(elided("a1b2c3d4e5f6.ngrok-free.app", 24), "a1b2…ngrok-free.app");
        assert_eq!(elided("a1b2c3d4e5f6.ngrok-free.app", 10), "a1b2…app");
        assert_eq!(elided("short.example", 24), "short.example");
        assert_eq!(elided("one-very-long-label-without-any-dot", 10), "one-…");
        assert_eq!(elided("", 10), "");
    }

    #[test]
    fn a_line_that_is_too_short_shortens_and_leaves_no_fact_out() {
        let style = Style::new();
        let parts = || {
            vec![
                Part::new("", style, "whyhook").or(1, ""),
                Part::new("●", style, "http://127.0.0.1:3000").or(9, ":3000"),
                Part::new("⇄", style, "https://a1b2.example/path").or(4, "a1b2.example"),
                Part::new("◷", style, "2 held").or(13, "2"),
            ]
        };
        let words = |columns| fit(parts(), columns).0.iter().map(|span| span.content.to_string()).collect::<String>();
        assert_eq!(words(80), " whyhook   ● http://127.0.0.1:3000   ⇄ https://a1b2.example/path   ◷ 2 held");
        assert_eq!(words(70), " ● http://127.0.0.1:3000   ⇄ https://a1b2.example/path   ◷ 2 held");
        assert_eq!(words(55), " ● http://127.0.0.1:3000   ⇄ a1b2.example   ◷ 2 held");
        assert_eq!(words(40), " ● :3000   ⇄ a1b2.example   ◷ 2 held");
        assert_eq!(words(30), " ● :3000  ⇄ a1b2.example  ◷ 2");
        for columns in 0..80 {
            let words = words(columns);
            assert!(words.contains(":3000") && words.contains("a1b2") && words.contains('2'), "{columns}: {words}");
        }
    }
}
