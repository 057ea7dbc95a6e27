//! The Answer tab: what was answered or is pending, what the upstream server answered, and the sender's
//! other attempts.

mod forwards;
mod retries;

use bytes::Bytes;
use ratatui::text::{Line, Span};

use crate::delivery::{Answer, Outcome};
use crate::payload::body::{Declared, OpenedBody};
use crate::payload::inflate::InflateBudget;
use crate::rules::Held;
use crate::text;
use crate::tui::app::action::Action;
use crate::tui::pane::Pane;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::widgets::{clock, field, heading, kept_words, paragraph, short_latency, shown};

/// The part of a server's body that is shown, and of any compressed one.
const BODY_BYTES: usize = 16 * 1024;

pub(crate) fn lines(pane: &Pane<'_>) -> Vec<Line<'static>> {
    let id = pane.loaded.delivery.summary.id;
    let answers = &pane.model.answers;
    let mut lines = match (&pane.loaded.delivery.answer, answers.held_one(id)) {
        (Some(answer), _) => answered(answer, pane),
        (None, Some(held)) => waiting(held, pane),
        (None, None) => paragraph("Not answered yet.", pane.look.theme.dim, pane.columns),
    };
    match answers.story.of(id) {
        Some(Ok(story)) => {
            // The upstream answer comes first where it contradicts our verdict: that is what people look for.
            let forwards = forwards::lines(story, pane);
            if forwards::contradicts(&story.sent, pane) {
                let heading = heading("Answer to the sender", pane.look);
                lines.splice(0..0, forwards.into_iter().chain([Line::default(), heading]));
            } else if !forwards.is_empty() {
                lines.push(Line::default());
                lines.extend(forwards);
            }
            lines.extend(retries::lines(&story.retries, pane));
        }
        Some(Err(error)) => {
            lines.push(Line::default());
            lines.extend(paragraph(&shown(error), pane.look.theme.bad, pane.columns));
        }
        None => {}
    }
    lines
}

/// A held delivery: how long it still waits, and what happens then.
fn waiting(held: &Held, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, columns, answers) = (pane.look, pane.columns, &pane.model.answers);
    let theme = &look.theme;
    let left = answers.seconds_left(held);
    let whole = held.until.duration_since(held.since).as_secs().max(1).unsigned_abs();
    let bar_columns = columns.saturating_sub(14).min(40);
    let full = usize::try_from(left.min(whole) * bar_columns as u64 / whole).unwrap_or(0);
    let mut lines = vec![
        Line::styled(look.marked("◷", "held: the sender waits for your answer"), theme.warn),
        Line::default(),
        Line::from(vec![
            Span::styled(format!("{left:>4} s left  "), theme.title),
            Span::styled(look.bar("━", full), theme.warn),
            Span::styled(look.bar("─", bar_columns - full), theme.rule),
        ]),
        Line::default(),
    ];
    lines.extend(field("default", &shown(&held.default), theme.text, columns, look));
    lines.extend(field("held at", &clock(held.since, look), theme.text, columns, look));
    lines.push(Line::default());
    let does = [
        (AnswerAction::Decide, "answer it with …".to_owned()),
        (
            AnswerAction::Forward,
            answers.targets().first().map_or(String::new(), |to| format!("forward it to {}", to.url())),
        ),
        (AnswerAction::Drop, "drop the connection".to_owned()),
        (AnswerAction::LetGo, "send the default answer".to_owned()),
        (
            AnswerAction::DecideAll,
            match answers.held.len() {
                0 | 1 => String::new(),
                all => format!("answer all {all} held deliveries"),
            },
        ),
    ];
    for (action, words) in does.into_iter().filter(|(_, words)| !words.is_empty()) {
        let Some(key) = pane.model.keymap.hint(Action::Answer(action)) else { continue };
        let key = Span::styled(format!("{key:>6}  "), theme.title);
        lines.push(Line::from(vec![key, Span::raw(shown(&words))]));
    }
    lines
}

fn answered(answer: &Answer, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let (look, columns) = (pane.look, pane.columns);
    let theme = &look.theme;
    let mut lines = Vec::new();
    if answer.outcome == Outcome::SenderGone {
        let words = "Nothing was sent: the sender hung up before the answer. The delivery is stored.";
        lines.extend(paragraph(words, theme.warn, columns));
    } else if answer.status == 0 {
        let words = format!("No complete answer: {}. The delivery is stored.", answer.outcome.words());
        lines.extend(paragraph(&words, theme.warn, columns));
    } else {
        let reason = http::StatusCode::from_u16(answer.status).ok().and_then(|status| status.canonical_reason());
        let status = format!("{} {}", answer.status, reason.unwrap_or_default());
        lines.push(Line::styled(status, theme.status(answer.status)));
        if answer.outcome != Outcome::Sent {
            lines.extend(paragraph(answer.outcome.words(), theme.warn, columns));
        }
        lines.push(Line::default());
    }
    lines.extend(field("rule", &shown(answer.rule.as_str()), theme.text, columns, look));
    lines.extend(field("latency", &short_latency(answer.latency), theme.text, columns, look));
    if let Some(words) = answer.interim_words() {
        lines.extend(field("interim", &shown(&words), theme.text, columns, look));
    }
    if answer.status == 0 {
        return lines;
    }
    lines.push(Line::default());
    lines.push(heading("Headers", look));
    for (name, value) in &answer.headers {
        let line = format!("{}: {}", shown(name), text::visible_bytes(value));
        lines.extend(paragraph(&line, theme.text, columns));
    }
    lines.push(Line::default());
    let size = kept_words(answer.body_bytes, answer.body.len() as u64);
    lines.push(heading(format!("Body  {size}"), look));
    let fields = answer.headers.iter().map(|(name, value)| (name.as_bytes(), &value[..]));
    let opened = opened(Declared::of_fields(fields), &answer.body);
    lines.extend(remarks(&opened, pane));
    lines.extend(paragraph(&text::visible_bytes(&opened.bytes), theme.text, columns));
    lines
}

/// A response's body as it can be read. It is opened whenever the tab is drawn, so that little of it is inflated.
fn opened(declared: Declared, body: &Bytes) -> OpenedBody {
    OpenedBody::of_response(declared, body.clone(), &mut InflateBudget::facts().at_most(BODY_BYTES as u64))
}

/// What had to be done to read a body.
fn remarks(opened: &OpenedBody, pane: &Pane<'_>) -> Vec<Line<'static>> {
    let theme = &pane.look.theme;
    let style = |is_warning| if is_warning { theme.warn } else { theme.dim };
    let remarks = opened.remarks.iter();
    remarks.flat_map(|remark| paragraph(&remark.words, style(remark.is_warning), pane.columns)).collect()
}
