//! The detail pane: the tabs' titles and the shown tab.

use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::tui::app::action::{Action, Tab};
use crate::tui::app::model::{Focus, Model};
use crate::tui::pane::{Drawn, Pane, TabContent};
use crate::tui::screens::list::welcome;
use crate::tui::screens::{answer, headers, image, overview, payload, raw, signature};
use crate::tui::theme::Look;
use crate::tui::widgets::{focus_rule, put, scrollbar, shown};

/// Draws the tabs' titles and the shown tab. How far it is scrolled shows in its last column.
pub(crate) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model, look: &Look) -> Drawn {
    put(frame, area, 0, title_line(model, look, area.width.into()));
    let own = own_number(model);
    let width = u16::try_from(own.width()).unwrap_or(0).min(area.width);
    put(frame, Rect { x: area.right() - width, width, ..area }, 0, Line::styled(own, look.theme.title));
    put(frame, area, 1, Line::from(focus_rule(model.focus == Focus::Detail, area.width.into(), look)));
    let inner = Rect {
        x: area.x + 1,
        y: area.y + 2.min(area.height),
        width: area.width.saturating_sub(2),
        height: area.height.saturating_sub(2),
    };
    let columns = usize::from(inner.width);
    // A blank before the scroll bar. Bytes are in columns of their own, which end before it or need it.
    let of_text = columns.saturating_sub(1);
    let first = model.detail.as_ref().map_or(0, |detail| detail.scroll[model.tab.index()]);
    let bar = Rect { x: area.right().saturating_sub(1), y: inner.y, width: 1, height: inner.height };
    if model.tab == Tab::Payload
        && let Some(detail) = model.detail.as_ref().filter(|detail| model.list.selected() == Some(detail.id))
        && let Ok(loaded) = &detail.content
    {
        let drawn = payload::view::draw(frame, inner, &Pane { model, detail, loaded, look, columns }, first);
        let first = detail.view.string.as_ref().map_or(first, |string| string.scroll);
        scrollbar(frame, Rect { height: bar.height.min(drawn.height()), ..bar }, first, drawn.lines, look);
        return drawn;
    }
    let content = match &model.detail {
        None if model.list.filter().is_empty() => TabContent::Whole(welcome::lines(model, of_text, look)),
        None => TabContent::Whole(vec![Line::styled("No delivery is selected.", look.theme.dim)]),
        // Never one delivery's verdict beside another one's row.
        Some(detail) if model.list.selected() != Some(detail.id) => {
            TabContent::Whole(vec![Line::styled("reading the delivery …", look.theme.dim)])
        }
        Some(detail) => match &detail.content {
            Ok(loaded) if model.tab == Tab::Image => {
                let pane = Pane { model, detail, loaded, look, columns };
                let first = detail.scroll[Tab::Image.index()];
                let drawn = image::view::draw(frame, inner, &pane, first);
                scrollbar(frame, bar, first, drawn.lines, look);
                return Drawn { rows: drawn.rows, lines: drawn.lines, columns, image: drawn.image, ..Drawn::default() };
            }
            Err(error) => TabContent::Whole(crate::tui::widgets::paragraph(&shown(error), look.theme.bad, of_text)),
            Ok(loaded) if model.tab == Tab::Raw => tab(&Pane { model, detail, loaded, look, columns }),
            Ok(loaded) => tab(&Pane { model, detail, loaded, look, columns: of_text }),
        },
    };
    let lines = content.draw(frame, inner, first);
    scrollbar(frame, bar, first, lines, look);
    Drawn { rows: inner.height.into(), lines, columns, ..Drawn::default() }
}

fn tab<'a>(pane: &Pane<'a>) -> TabContent<'a> {
    match pane.model.tab {
        Tab::Payload => TabContent::Whole(Vec::new()),
        Tab::Overview => TabContent::Whole(overview::view::lines(pane)),
        Tab::Signature => TabContent::Whole(signature::view::lines(pane)),
        // Drawn by itself, for it has lines that do not scroll.
        Tab::Image => TabContent::Whole(Vec::new()),
        Tab::Headers => TabContent::Whole(headers::view::lines(pane)),
        Tab::Answer => TabContent::Whole(answer::view::lines(pane)),
        Tab::Raw => raw::view::content(pane),
    }
}

/// Which delivery it is, where no list beside it says so.
fn own_number(model: &Model) -> String {
    let detail = model.detail.as_ref().filter(|_| model.viewport.list_rows == 0 && model.focus == Focus::Detail);
    detail.map_or(String::new(), |detail| format!(" #{} ", detail.id))
}

/// The tabs with the keys that show them, as far as there is room: each with its title and its first column.
fn titles(model: &Model, columns: usize) -> Vec<(Tab, String, usize)> {
    let columns = columns.saturating_sub(own_number(model).width());
    let all: usize = Tab::ALL.iter().map(|tab| tab.title().len() + 2).sum();
    let keys = 2 * Tab::ALL.len();
    // With one blank between them instead of two.
    let close = all - Tab::ALL.len() + 1;
    let mut first = 1;
    let title = |tab: Tab| {
        let key = model.keymap.label(Action::Show(tab)).unwrap_or_default();
        // Where not every title fits, the others are the keys that show them.
        let title = match tab.title() {
            title if columns > all + keys && !key.is_empty() => format!(" {key} {title} "),
            title if columns <= all && columns > close => format!("{title} "),
            title if columns > all || tab == model.tab || key.is_empty() => format!(" {title} "),
            _ => format!(" {key} "),
        };
        let at = first;
        first += title.width();
        (tab, title, at)
    };
    Tab::ALL.map(title).into()
}

/// Where the titles of the tabs are in the pane.
pub(crate) fn tab_areas(area: Rect, model: &Model) -> Vec<(Rect, Tab)> {
    let column = |columns: usize| u16::try_from(columns).unwrap_or(u16::MAX);
    let line = Rect { height: area.height.min(1), ..area };
    let of = |(tab, title, first): (Tab, String, usize)| {
        let part = Rect { x: area.x.saturating_add(column(first)), width: column(title.width()), ..line };
        (part.intersection(line), tab)
    };
    titles(model, area.width.into()).into_iter().map(of).collect()
}

fn title_line(model: &Model, look: &Look, columns: usize) -> Line<'static> {
    let theme = &look.theme;
    let mut spans = vec![Span::raw(" ")];
    for (tab, title, _) in titles(model, columns) {
        let style = match (tab == model.tab, model.focus) {
            (true, Focus::Detail) => theme.selected,
            (true, Focus::List) => theme.selected_unfocused.add_modifier(ratatui::style::Modifier::UNDERLINED),
            (false, _) => theme.dim,
        };
        spans.push(Span::styled(title, style));
    }
    Line::from(spans)
}
