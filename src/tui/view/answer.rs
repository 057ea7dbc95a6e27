//! What was sent back.

use ratatui::text::Line;

use super::detail::Pane;
use super::widgets::{counted, field, heading, paragraph, short_latency, shown};
use crate::delivery::Outcome;
use crate::text;

pub(super) fn lines(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, columns) = (pane.look, pane.columns);
    let theme = &look.theme;
    let Some(answer) = &pane.loaded.delivery.answer else {
        return paragraph("Not answered yet.", theme.dim, columns);
    };
    if answer.outcome == Outcome::SenderGone {
        let words = "Nothing was sent: the sender hung up before there was an answer. The delivery was kept.";
        return paragraph(words, theme.warn, columns);
    }
    if answer.status == 0 {
        let words = format!("No whole answer: {}. The delivery was kept.", answer.outcome.words());
        let mut lines = paragraph(&words, theme.warn, columns);
        lines.extend(field("rule", &shown(&answer.rule), theme.text, columns, look));
        return lines;
    }
    let reason = http::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
    let status = format!("{} {}", answer.status, reason.unwrap_or_default());
    let mut lines = vec![Line::styled(status, theme.status(answer.status)), Line::default()];
    lines.extend(field("rule", &shown(&answer.rule), theme.text, columns, look));
    lines.extend(field("after", &short_latency(answer.latency), theme.text, columns, look));
    lines.push(Line::default());
    lines.push(heading("Headers", look));
    for (name, value) in &answer.headers {
        lines.extend(paragraph(&shown(&format!("{name}: {value}")), theme.text, columns));
    }
    lines.push(Line::default());
    lines.push(heading(format!("Body  {}", counted(answer.body.len() as u64, "byte")), look));
    lines.extend(paragraph(&text::visible_bytes(&answer.body), theme.text, columns));
    lines
}
