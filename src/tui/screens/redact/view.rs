//! What redacting replaces, before anything is copied or written.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::archive::redaction::LostCause;
use crate::redact::TallyKind;
use crate::text::{clip, counted, grouped, wrap};
use crate::tui::pane::Drawn;
use crate::tui::screens::redact::state::{PendingRedaction, RedactGoal, RedactionPreview};
use crate::tui::theme::{Look, Theme};
use crate::tui::widgets::{put, shown};
use crate::tui::window::window;

/// Columns of the window.
const COLUMNS: u16 = 96;

pub(crate) fn draw(frame: &mut Frame<'_>, body: Rect, pending: &PendingRedaction, look: &Look) -> Drawn {
    let theme = &look.theme;
    let columns = usize::from(COLUMNS.min(body.width)).saturating_sub(4);
    let mut head: Vec<Line<'static>> = Vec::new();
    let mut say = |words: &str, style: Style| {
        head.extend(wrap(words, columns).into_iter().map(|part| Line::styled(format!(" {part}"), style)));
    };
    say(&shown(&pending.what()), theme.text);
    let mut rows = Vec::new();
    match pending.preview.as_deref() {
        None => say("Private values are being replaced …", theme.dim),
        Some(preview) => {
            for (words, style) in sentences(preview, &pending.request.goal, theme) {
                say(&words, style);
            }
            rows = places(preview, columns, theme);
        }
    }
    // An empty row before the places and one before the question.
    let gap = usize::from(!rows.is_empty());
    let area = window(frame, body, "Without private values", COLUMNS, head.len() + rows.len() + gap + 2, look);
    let top = u16::try_from(head.len() + gap).unwrap_or(u16::MAX).min(area.height);
    for (row, line) in (0..).zip(head) {
        put(frame, area, row, line);
    }
    let list = Rect { y: area.y + top, height: area.height.saturating_sub(top + 2), ..area };
    let first = pending.scroll.min(rows.len().saturating_sub(usize::from(list.height)));
    for (row, line) in (0..list.height).zip(rows.iter().skip(first)) {
        put(frame, list, row, line.clone());
    }
    let mut answers = Vec::new();
    if pending.preview.is_some() {
        answers.extend([Span::styled(" y", theme.title), Span::styled(format!(" {}  ", pending.yes()), theme.dim)]);
    }
    answers.extend([Span::styled(" n", theme.title), Span::styled(" cancel", theme.dim)]);
    let below = rows.len().saturating_sub(first + usize::from(list.height));
    if below > 0 {
        answers.push(Span::styled(
            format!("   {}", look.marked("↓", &format!("{} more", grouped(below as u64)))),
            theme.warn,
        ));
    }
    put(frame, area, area.height.saturating_sub(1), Line::from(answers));
    Drawn { rows: list.height.into(), lines: rows.len(), ..Drawn::default() }
}

/// How much was replaced, whether what is wrong stays so, and how whoever gets it can try that out.
fn sentences(preview: &RedactionPreview, goal: &RedactGoal, theme: &Theme) -> Vec<(String, Style)> {
    let mut said = vec![match preview.replaced.is_empty() {
        true => ("Nothing to replace was found.".to_owned(), theme.warn),
        false => (format!("Replaced by placeholders: {}.", preview.replaced), theme.good),
    }];
    match (preview.kept, preview.lost.len() as u64) {
        (0, 0) => {}
        (1, 0) => said.push(("It still fails for the same reason.".to_owned(), theme.good)),
        (kept, 0) => said.push((format!("{} still fail for the same reason.", grouped(kept)), theme.good)),
        (_, lost) => {
            let first = preview.lost.first().map_or(String::new(), |LostCause { id, was, now }| {
                let now = if now.is_empty() { "not explained" } else { now };
                format!(": delivery {id} was {was}, and is {now}")
            });
            let of = counted(lost, "delivery");
            said.push((format!("{of} will no longer show the same reason{first}."), theme.warn));
        }
    }
    match (goal, &preview.secret) {
        (RedactGoal::File(_), _) => {
            said.push((
                "Signed with throw-away secrets, which the file names. Readable only by you.".to_owned(),
                theme.dim,
            ));
        }
        (RedactGoal::Copy(_), Some(secret)) => {
            said.push((format!("Signed with the throw-away secret {}.", shown(secret)), theme.dim));
        }
        (RedactGoal::Copy(_), None) => {}
    }
    said
}

fn places(preview: &RedactionPreview, columns: usize, theme: &Theme) -> Vec<Line<'static>> {
    let row = |(kind, place, count): &(TallyKind, String, usize)| {
        let count = grouped(*count as u64);
        Line::from(vec![
            Span::styled(format!(" {count:>6} "), theme.text),
            Span::styled(format!("{:<8}", kind.code()), theme.dim),
            Span::styled(clip(&shown(place), columns.saturating_sub(16)).into_owned(), theme.text),
        ])
    };
    preview.places.iter().map(row).collect()
}
