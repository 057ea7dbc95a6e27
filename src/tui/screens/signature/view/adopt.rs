//! The menu of schemes to adopt: each with how it was recognised, and what choosing it means.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::text;
use crate::text::wrap;
use crate::tui::pane::Drawn;
use crate::tui::screens::signature::adopt::{AdoptChoice, AdoptMenu};
use crate::tui::theme::Look;
use crate::tui::widgets::{put, shown};
use crate::tui::window::{draw_menu, window};

/// Columns of the window.
const COLUMNS: u16 = 96;

pub(crate) fn draw(frame: &mut Frame<'_>, body: Rect, menu: &AdoptMenu, look: &Look) -> Drawn {
    let theme = &look.theme;
    let columns = usize::from(COLUMNS.min(body.width)).saturating_sub(4);
    let mut rows: Vec<Line<'static>> = rows(menu, columns, look);
    match &menu.candidates {
        None => rows
            .push(Line::styled(format!(" {}", look.marked("◌", "looking for schemes with these headers")), theme.info)),
        Some(found) if found.is_empty() => {
            rows.push(Line::styled(" No scheme of the catalogue has these headers.", theme.dim));
        }
        Some(_) => {}
    }
    let about: Vec<String> = about(menu).iter().flat_map(|words| wrap(words, columns)).collect();
    let area =
        window(frame, body, "Verify as another sender, for this run", COLUMNS, rows.len() + about.len() + 1, look);
    let below = u16::try_from(about.len() + 1).unwrap_or(u16::MAX).min(area.height.saturating_sub(1));
    let list = Rect { height: area.height - below, ..area };
    let drawn = draw_menu(frame, list, &rows, menu.cursor, look);
    for (row, part) in (list.height + 1..area.height).zip(about) {
        put(frame, area, row, Line::styled(format!(" {part}"), theme.dim));
    }
    drawn
}

fn rows(menu: &AdoptMenu, columns: usize, look: &Look) -> Vec<Line<'static>> {
    let theme = &look.theme;
    let choices = menu.choices();
    let name = |choice: &AdoptChoice<'_>| match choice {
        AdoptChoice::Secret(_) => "secret".to_owned(),
        AdoptChoice::TakeBack(_) => "as configured".to_owned(),
        AdoptChoice::Scheme(candidate) => shown(&candidate.name),
    };
    let names = choices.iter().map(|choice| name(choice).width() + 2).max().unwrap_or(0);
    let row = |choice: &AdoptChoice<'_>| {
        let (glyph, words, style) = match choice {
            AdoptChoice::Secret(secret) if menu.is_secret_used => {
                ("●", format!("the secret that this handshake of {} brings is in use", secret.sender), theme.text)
            }
            AdoptChoice::Secret(secret) => {
                ("◆", format!("use the secret that this handshake of {} brings", secret.sender), theme.text)
            }
            AdoptChoice::TakeBack(adopted) => ("↩", format!("no longer by {adopted}"), theme.text),
            AdoptChoice::Scheme(candidate) => {
                let style = if candidate.verified.is_some() { theme.good } else { theme.dim };
                let glyph = match (candidate.is_current, &candidate.verified) {
                    (true, _) => "●",
                    (false, Some(_)) => "✓",
                    (false, None) => " ",
                };
                (glyph, format!("{}: {}", candidate.sender, candidate.words()), style)
            }
        };
        Line::from(vec![
            Span::styled(format!(" {}", look.marked(glyph, "")), style),
            Span::styled(format!("{:<names$}", name(choice)), theme.title),
            Span::styled(text::clip(&shown(&words), columns.saturating_sub(names + 1)).into_owned(), style),
        ])
    };
    choices.iter().map(row).collect()
}

/// What the chosen row does.
fn about(menu: &AdoptMenu) -> Vec<String> {
    match menu.chosen() {
        Some(AdoptChoice::Secret(secret)) if menu.is_secret_used => {
            let place = &secret.place;
            vec![
                format!("Later {} are verified with it until whyhook exits.", menu.scope()),
                format!("To keep it, copy {place} into your environment or configuration: docs/answers.md says how."),
            ]
        }
        Some(AdoptChoice::Secret(secret)) => vec![
            format!(
                "This delivery and later {} are verified with it. Anyone who knows the URL can send a handshake: accept it \
                 if you have just created the webhook at {}.",
                menu.scope(),
                secret.sender
            ),
            format!("Kept in memory only. To keep it, copy {} into your configuration.", secret.place),
        ],
        Some(AdoptChoice::TakeBack(_)) => vec![format!("Later {} are verified as configured.", menu.scope())],
        Some(AdoptChoice::Scheme(candidate)) => vec![
            format!("This delivery and later {} are verified by it. Nothing is written.", menu.scope()),
            format!("To keep it, in the configuration: scheme = \"{}\"", candidate.name),
        ],
        None => vec!["whyhook schemes lists all of them.".to_owned()],
    }
}
