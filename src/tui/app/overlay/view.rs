//! What lies over the panes: help, menus, prompts.

use ratatui::Frame;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::config::ListColumn;
use crate::signature::{Secret, SecretOrigin, SecretRemark};
use crate::text::{self, counted, wrap};
use crate::tui::app::action::Action;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::commands;
use crate::tui::app::overlay::state::{Confirm, Overlay, Prompt, PromptKind, byte_cursor};
use crate::tui::pane::Drawn;
use crate::tui::screens::image::state::save_words;
use crate::tui::screens::list::order_menu;
use crate::tui::screens::signature::trial::{Trial, TrialField};
use crate::tui::theme::Look;
use crate::tui::widgets::{put, secret_words, shown};
use crate::tui::window::{draw_lines, draw_menu, typing, window};

/// Columns of the command prompt.
const COMMAND_COLUMNS: u16 = 64;

/// Draws the overlay over `body`.
pub(crate) fn draw(frame: &mut Frame<'_>, body: Rect, overlay: &Overlay, model: &Model, look: &Look) -> Drawn {
    match overlay {
        Overlay::Help(view) => crate::tui::screens::help::view::draw(frame, body, view, model, look),
        Overlay::Messages(first) => crate::tui::app::view::draw_log(frame, body, *first, model, look),
        Overlay::Answers(window) => crate::tui::screens::answers::view::draw(frame, body, window, model, look),
        Overlay::Copy(cursor) => {
            let items = model.copy_items();
            // At least two columns between the longest name and the text.
            let names = items.iter().map(|item| item.what.width() + 2).max().unwrap_or(0);
            let lines: Vec<Line<'static>> = items
                .iter()
                .map(|item| {
                    let start: String = item.text.chars().take(200).collect();
                    Line::from(vec![
                        Span::styled(format!(" {}  ", item.key), look.theme.title),
                        Span::raw(format!("{:<names$}", item.what)),
                        Span::styled(shown(&start), look.theme.dim),
                    ])
                })
                .collect();
            let area = window(frame, body, "Copy", 72, lines.len(), look);
            draw_menu(frame, area, &lines, *cursor, look)
        }
        Overlay::Order(cursor) => {
            let lines = order_menu::lines(model, look);
            let area = window(frame, body, "Sort the list", 56, lines.len(), look);
            draw_menu(frame, area, &lines, *cursor, look)
        }
        Overlay::Prompt(prompt) => match prompt.kind {
            // Typed in the bottom line.
            PromptKind::Filter | PromptKind::Search | PromptKind::Query => Drawn::default(),
            PromptKind::FilterName | PromptKind::Note | PromptKind::Tag | PromptKind::Columns | PromptKind::Export => {
                draw_small_prompt(frame, body, prompt, model, look)
            }
            PromptKind::Secret => draw_secret(frame, body, prompt, look),
            PromptKind::Command => draw_commands(frame, body, prompt, model, look),
            PromptKind::Digest => draw_digest(frame, body, prompt, look),
            PromptKind::Bytes | PromptKind::Offset | PromptKind::SaveImage => {
                draw_image_prompt(frame, body, prompt, model, look)
            }
        },
        Overlay::Confirm(confirm) => draw_confirm(frame, body, confirm, look),
        Overlay::Folding => crate::tui::screens::payload::view::draw_folding(frame, body, look),
        Overlay::Status(view) => crate::tui::screens::status::view::draw(frame, body, view, model, look),
        Overlay::Adopt(menu) => crate::tui::screens::signature::view::adopt::draw(frame, body, menu, look),
        Overlay::Sending => crate::tui::screens::send::view::draw(frame, body, model, look),
        Overlay::Saving(saving) => crate::tui::screens::saving::view::draw(frame, body, saving, look),
        Overlay::Redacting(pending) => crate::tui::screens::redact::view::draw(frame, body, pending, look),
        Overlay::Try(trial) => draw_trial(frame, body, trial, look),
    }
}

fn draw_secret(frame: &mut Frame<'_>, body: Rect, prompt: &Prompt, look: &Look) -> Drawn {
    let theme = &look.theme;
    let about = "Verifies deliveries from now on; those that are stored are judged again. Kept in memory only, and discarded when whyhook \
                 exits.";
    let columns = usize::from(body.width.min(64)).saturating_sub(4);
    let odd = odd_words(prompt);
    let (about, style) = match (&prompt.error, &odd) {
        (Some(error), _) => (wrap(error, columns), theme.bad),
        (None, Some(odd)) => (wrap(odd, columns), theme.warn),
        (None, None) => (wrap(about, columns), theme.dim),
    };
    let area = window(frame, body, "The webhook's secret, for this run", 64, about.len() + 3, look);
    // Dots, and nothing of the text: neither its characters nor their widths.
    let typed = prompt.text().chars().count();
    let dots = "•".repeat(typed.min(columns.saturating_sub(20)));
    let count = if typed == 0 { String::new() } else { format!("  {}", counted(typed as u64, "character")) };
    put(
        frame,
        area,
        1,
        Line::from(vec![Span::styled(" › ", theme.title), Span::raw(dots.clone()), Span::styled(count, theme.dim)]),
    );
    for (row, part) in (3..).zip(about) {
        put(frame, area, row, Line::styled(format!(" {part}"), style));
    }
    let column = u16::try_from(3 + dots.width()).unwrap_or(u16::MAX).min(area.width.saturating_sub(1));
    if area.height > 1 {
        frame.set_cursor_position(Position { x: area.x + column, y: area.y + 1 });
    }
    Drawn { rows: area.height.into(), ..Drawn::default() }
}

/// What looks odd about a secret that is being entered: often a mistake, and yet it is used as it is.
fn odd_words(prompt: &Prompt) -> Option<String> {
    if prompt.text().is_empty() {
        return None;
    }
    let secret = Secret::new("entered", prompt.text().as_bytes().to_vec(), SecretOrigin::Typed);
    let mut words: Vec<&str> = secret.remarks().into_iter().map(SecretRemark::words).collect();
    if prompt.was_cut {
        words.push("was pasted with a line end, which is left out");
    }
    (!words.is_empty()).then(|| format!("It {}. It is used exactly as it is.", words.join(", ")))
}

fn draw_digest(frame: &mut Frame<'_>, body: Rect, prompt: &Prompt, look: &Look) -> Drawn {
    let about = "Paste the digest that your server computed, in any form it prints, or the log line that shows it. whyhook finds \
         what was hashed.";
    let columns = usize::from(body.width.min(78)).saturating_sub(4);
    let (about, style) = match &prompt.error {
        Some(error) => (wrap(&shown(error), columns), look.theme.bad),
        None => (wrap(about, columns), look.theme.dim),
    };
    let area = window(frame, body, "What did your server compute?", 78, about.len() + 3, look);
    typing(frame, Rect { y: area.y + 1, height: 1, ..area }, &shown(prompt.text()), prompt.input.cursor(), look);
    for (row, part) in (3..).zip(about) {
        put(frame, area, row, Line::styled(format!(" {part}"), style));
    }
    Drawn { rows: area.height.into(), ..Drawn::default() }
}

/// A line with a sentence about it, or what is wrong with it.
fn draw_small_prompt(frame: &mut Frame<'_>, body: Rect, prompt: &Prompt, model: &Model, look: &Look) -> Drawn {
    let columns = usize::from(body.width.min(70)).saturating_sub(4);
    let of = match &prompt.about[..] {
        [id] => format!("#{id}"),
        ids => format!("{} deliveries", ids.len()),
    };
    let (title, about) = match prompt.kind {
        PromptKind::Note => (format!("Note on {of}"), "An empty text removes the note. note:TEXT finds it.".to_owned()),
        PromptKind::Tag => (
            format!("Tags for {of}"),
            "Names with spaces between them; -name removes one. tag:name finds it.".to_owned(),
        ),
        PromptKind::Export => (
            format!("Export {of} to a file"),
            "By its name: .har for an HTTP Archive, .sh for a curl script, .jsonl for what `whyhook import` reads back; \
             .redacted.har without private values. Readable only by you."
                .to_owned(),
        ),
        PromptKind::Columns => {
            let names = ListColumn::ALL.map(ListColumn::name).join(", ");
            ("Columns".to_owned(), format!("In their order, from: {names}. Empty for the usual ones."))
        }
        _ => {
            let filter = text::clip(&shown(model.list.filter()), columns * 2).into_owned();
            ("Save the filter as".to_owned(), format!("A name, such as broken: @broken then stands for {filter}"))
        }
    };
    let (about, style) = match &prompt.error {
        Some(error) => (shown(error), look.theme.bad),
        None => (about, look.theme.dim),
    };
    let about = wrap(&about, columns);
    let area = window(frame, body, &title, 70, about.len() + 3, look);
    typing(frame, Rect { y: area.y + 1, height: 1, ..area }, &shown(prompt.text()), prompt.input.cursor(), look);
    for (row, part) in (3..).zip(about) {
        put(frame, area, row, Line::styled(format!(" {part}"), style));
    }
    Drawn { rows: area.height.into(), ..Drawn::default() }
}

fn draw_image_prompt(frame: &mut Frame<'_>, body: Rect, prompt: &Prompt, model: &Model, look: &Look) -> Drawn {
    let (title, about) = match prompt.kind {
        PromptKind::Bytes => {
            ("Find", "Bytes such as ff d8, or text such as JFIF; \"face\" in quotation marks is text.".to_owned())
        }
        PromptKind::Offset => ("Go to offset", "162, 0xa2, or +16 and -0x10 from here.".to_owned()),
        _ => ("Save the image as", model.shown_image().map_or(String::new(), |(image, _)| save_words(&image.found))),
    };
    let columns = usize::from(body.width.min(78)).saturating_sub(4);
    let (about, style) = match &prompt.error {
        Some(error) => (shown(error), look.theme.bad),
        None if about.starts_with("Partial") => (about, look.theme.warn),
        None => (about, look.theme.dim),
    };
    let about = wrap(&about, columns);
    let area = window(frame, body, title, 78, about.len() + 3, look);
    typing(frame, Rect { y: area.y + 1, height: 1, ..area }, &shown(prompt.text()), prompt.input.cursor(), look);
    for (row, part) in (3..).zip(about) {
        put(frame, area, row, Line::styled(format!(" {part}"), style));
    }
    Drawn { rows: area.height.into(), ..Drawn::default() }
}

fn draw_confirm(frame: &mut Frame<'_>, body: Rect, confirm: &Confirm, look: &Look) -> Drawn {
    let theme = &look.theme;
    let columns = usize::from(body.width.min(70)).saturating_sub(4);
    let question = wrap(&confirm.question, columns);
    let area = window(frame, body, &confirm.title, 70, question.len() + 3, look);
    let last = u16::try_from(question.len() + 2).unwrap_or(u16::MAX);
    for (row, part) in (1..).zip(question) {
        put(frame, area, row, Line::raw(format!(" {part}")));
    }
    let answers = vec![
        Span::styled(" y", theme.title),
        Span::styled(format!(" {}   ", confirm.yes), theme.dim),
        Span::styled("n", theme.title),
        Span::styled(" cancel", theme.dim),
    ];
    put(frame, area, last, Line::from(answers));
    Drawn { rows: area.height.into(), ..Drawn::default() }
}

fn draw_trial(frame: &mut Frame<'_>, body: Rect, trial: &Trial, look: &Look) -> Drawn {
    let theme = &look.theme;
    let area = window(frame, body, "Try other values (not saved)", 86, TrialField::ALL.len() + 6, look);
    for (row, field) in (1..).zip(TrialField::ALL) {
        let is_typed = field == trial.field;
        let text = match (field, trial.text(field)) {
            (TrialField::Secret, "") if !is_typed => "(the configured secrets)".to_owned(),
            (TrialField::Secret, typed) => "•".repeat(typed.chars().count()),
            (_, typed) => shown(typed),
        };
        let name = format!(" {:<14}", field.name());
        put(frame, area, row, Line::styled(name, if is_typed { theme.title } else { theme.dim }));
        let value = Rect { x: area.x + 15, y: area.y + row, width: area.width.saturating_sub(15), height: 1 };
        if row >= area.height {
            continue;
        }
        if is_typed {
            typing(frame, value, &text, trial.cursor(), look);
        } else {
            put(frame, value, 0, Line::styled(format!("   {text}"), theme.text));
        }
    }
    let (verdict, style) = match &trial.verdict {
        Err(error) => (shown(error), theme.warn),
        Ok(judgement) => {
            let (glyph, _, style) = theme.verdict(judgement.verdict);
            let with =
                judgement.secret.as_ref().map_or(String::new(), |label| format!(" with {}", secret_words(label)));
            let keep = if trial.found().is_some() { "; Enter uses it for the run" } else { "" };
            let note = judgement.note.as_ref().map_or(String::new(), |note| format!(": {}", shown(note)));
            (format!("{glyph} {}{with}{note}{keep}", judgement.verdict.words()), style)
        }
    };
    let first = u16::try_from(TrialField::ALL.len() + 2).unwrap_or(u16::MAX);
    for (row, part) in (first..).zip(wrap(&verdict, usize::from(area.width).saturating_sub(2))) {
        put(frame, area, row, Line::styled(format!(" {part}"), style));
    }
    Drawn { rows: area.height.into(), ..Drawn::default() }
}

fn draw_commands(frame: &mut Frame<'_>, body: Rect, prompt: &Prompt, model: &Model, look: &Look) -> Drawn {
    let theme = &look.theme;
    let commands = prompt.commands(&model.keymap);
    let elsewhere = commands::elsewhere(prompt.text());
    let area = window(frame, body, "Command", COMMAND_COLUMNS, Action::COMMANDS.len() + 2, look);
    let typed = shown(prompt.text());
    let before = text::visible(&prompt.text()[..byte_cursor(prompt)]).width();
    put(frame, area, 0, Line::from(vec![Span::styled(" : ", theme.title), Span::raw(typed)]));
    let columns = usize::from(area.width);
    let row = |action: &Action| {
        let key = model.keymap.label(*action).unwrap_or_default();
        let words = columns.saturating_sub(key.width() + 3);
        let name = text::clip(action.words(), words.saturating_sub(1));
        let space = words.saturating_sub(name.width());
        Line::from(vec![Span::raw(format!(" {name}{:space$}", "")), Span::styled(key, theme.dim)])
    };
    let mut lines: Vec<Line<'static>> = commands.iter().map(row).collect();
    if commands.is_empty() {
        lines.push(Line::styled(" no match", theme.warn));
    }
    for advice in elsewhere {
        for part in wrap(advice, columns.saturating_sub(4)) {
            lines.push(Line::styled(format!("   {part}"), theme.info));
        }
    }
    let menu = Rect { y: area.y + 2.min(area.height), height: area.height.saturating_sub(2), ..area };
    let column = u16::try_from(3 + before).unwrap_or(u16::MAX).min(area.width.saturating_sub(1));
    frame.set_cursor_position(Position { x: area.x + column, y: area.y });
    match commands.is_empty() {
        true => draw_lines(frame, menu, &lines, 0, look),
        false => draw_menu(frame, menu, &lines, prompt.cursor, look),
    }
}
