//! The top line: where it listens, the public URL, which secret, which answer, which configuration; and alerts below it.

use std::path::Path;

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use super::Look;
use crate::config::MADE_UP_LABEL;
use crate::payload::grouped;
use crate::server::tunnel::TunnelState;
use crate::text;
use crate::tui::app::model::Model;
use crate::tui::widgets::{counted, put};

/// Columns for a name; the default secret's label is long.
const NAME_COLUMNS: usize = 20;

/// What must not be missed, the most urgent first.
pub(super) fn alerts(model: &Model) -> Vec<String> {
    let mut alerts = Vec::new();
    if let Some(fault) = &model.fault {
        alerts.push(format!("not stored: {fault}"));
    }
    if let TunnelState::Elsewhere { public_url, addr, .. } = &model.tunnel {
        let ours = model.setup.url.rsplit(':').next().unwrap_or_default();
        alerts.push(format!("the tunnel {public_url} points to {addr}, not to this listener: run `ngrok http {ours}`"));
    }
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
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, look: &Look, alerts: &[String]) {
    let theme = &look.theme;
    frame.buffer_mut().set_style(Rect { height: 1, ..area }, theme.bar);
    put(frame, area, 0, Line::from(fit(parts(model, look), area.width.into())));
    if let Some(alert) = alerts.first() {
        let shown = text::visible(alert);
        let clipped = text::clip(&shown, usize::from(area.width).saturating_sub(4));
        put(frame, area, 1, Line::styled(format!(" ! {clipped}"), theme.bad));
    }
}

/// One part of the line: its spans, and how soon it goes when the line is too narrow.
struct Part {
    spans: Vec<Span<'static>>,
    rank: u8,
    /// Its words when there is no room for all of them; such a part goes last.
    short: Option<String>,
}

impl Part {
    fn or(mut self, short: &str) -> Self {
        self.short = Some(text::visible(short).into_owned());
        self
    }
}

fn parts(model: &Model, look: &Look) -> Vec<Part> {
    let theme = &look.theme;
    let part = |rank, glyph: &'static str, words: String, style: Style| {
        let words = text::visible(&words).into_owned();
        Part {
            spans: vec![Span::styled(format!("{glyph} "), theme.dim), Span::styled(words, style)],
            rank,
            short: None,
        }
    };
    let (tunnel, tunnel_style) = match &model.tunnel {
        TunnelState::Ours { .. } => (model.public_url().unwrap_or_default(), theme.info),
        TunnelState::Elsewhere { .. } => ("tunnel points elsewhere".to_owned(), theme.bad),
        TunnelState::None | TunnelState::NoTunnel => ("no tunnel".to_owned(), theme.dim),
        TunnelState::Unreadable(_) => ("tunnel unknown".to_owned(), theme.warn),
    };
    let (secret, secret_style, secret_rank) = match &model.secrets[..] {
        [] => ("no secret: press s".to_owned(), theme.warn, 0),
        // Deliveries of others cannot be verified with it.
        [one] if one.starts_with(&format!("{MADE_UP_LABEL} (")) => ("temporary secret".to_owned(), theme.warn, 1),
        [one] => {
            let label = text::clip(one.split(" (").next().unwrap_or_default(), NAME_COLUMNS).into_owned();
            (format!("secret {label}"), theme.text, 2)
        }
        many => (format!("{} secrets", many.len()), theme.text, 2),
    };
    let secret = part(secret_rank, "◆", secret, secret_style);
    let tunnel_rank = if matches!(model.tunnel, TunnelState::Ours { .. }) { 1 } else { 4 };
    let answer_style = if model.answers.is_auto() { theme.text } else { theme.warn };
    let (answers, briefly) = model.answers.words();
    let mut parts = vec![
        Part { spans: vec![Span::styled("whyhook", theme.brand)], rank: 5, short: None },
        part(3, "●", model.setup.url.clone(), theme.good).or(&port(model)),
        part(tunnel_rank, "⇄", tunnel, tunnel_style),
        match (model.secrets.is_empty(), secret_rank) {
            (true, _) => secret.or("no secret: s"),
            (false, 1) => secret.or("temporary"),
            (false, _) => secret,
        },
        part(0, "↩", answers, answer_style).or(&briefly),
    ];
    match &model.adopted[..] {
        [] => {}
        [(_, name)] => parts.push(part(2, "§", format!("{name}, this run"), theme.info).or(name)),
        many => parts.push(part(2, "§", format!("{} schemes, this run", many.len()), theme.info).or("schemes")),
    }
    if !model.answers.held.is_empty() {
        parts.push(part(0, "◷", format!("{} held", model.answers.held.len()), theme.warn));
    }
    // A file that somebody else has put here should be seen at every width; `I` has the whole path.
    if let Some(name) = model.answers.config.as_deref().and_then(Path::file_name) {
        parts.push(part(3, "⚙", text::clip(&name.to_string_lossy(), NAME_COLUMNS).into_owned(), theme.text));
    }
    if model.setup.ephemeral {
        parts.push(part(6, "○", "ephemeral".to_owned(), theme.warn));
    }
    parts
}

/// `:3000`: a tunnel must point to it.
fn port(model: &Model) -> String {
    format!(":{}", model.setup.url.rsplit(':').next().unwrap_or_default())
}

/// Shortens and drops the parts that matter least until the line fits.
fn fit(mut parts: Vec<Part>, columns: usize) -> Vec<Span<'static>> {
    let width = |parts: &[Part]| -> usize {
        let words: usize = parts.iter().flat_map(|part| &part.spans).map(|span| span.content.width()).sum();
        1 + words + 3 * parts.len().saturating_sub(1)
    };
    while parts.len() > 1 && width(&parts) > columns {
        let matters_least = |(_, part): &(usize, &Part)| (part.rank, part.short.is_some());
        let least = parts.iter().enumerate().max_by_key(matters_least).map_or(0, |(index, _)| index);
        let part = &mut parts[least];
        match (part.short.take(), part.spans.last_mut()) {
            (Some(short), Some(words)) => {
                words.content = short.into();
                part.rank = 0;
            }
            _ => drop(parts.remove(least)),
        }
    }
    let mut spans = vec![Span::raw(" ")];
    for (index, part) in parts.into_iter().enumerate() {
        if index > 0 {
            spans.push(Span::raw("   "));
        }
        spans.extend(part.spans);
    }
    spans
}
