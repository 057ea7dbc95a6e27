//! The menu of the orders in which deliveries can be listed.

use ratatui::text::{Line, Span};
use unicode_width::UnicodeWidthStr as _;

use crate::query::{ListOrder, Sorting};
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::theme::Look;

/// The key that chooses an order straight away.
fn key(order: ListOrder) -> char {
    match order {
        ListOrder::Newest => 'n',
        ListOrder::Oldest => 'o',
        ListOrder::Size => 's',
        ListOrder::Latency => 'l',
        ListOrder::Cause => 'c',
        ListOrder::Event => 'e',
        ListOrder::Verdict => 'v',
        ListOrder::Status => 't',
        ListOrder::Path => 'p',
    }
}

/// Opens the menu on the current order.
pub(crate) fn open(model: &mut Model) -> Vec<Effect> {
    let current = model.list.sorting().order;
    let cursor = ListOrder::ALL.iter().position(|order| *order == current).unwrap_or(0);
    model.overlay = Some(Overlay::Order(cursor));
    Vec::new()
}

/// Chooses the order under the cursor.
pub(crate) fn accept(model: &mut Model, cursor: usize) -> Vec<Effect> {
    ListOrder::ALL.get(cursor).map_or_else(Vec::new, |order| choose(model, *order))
}

/// Chooses the order with this key.
pub(crate) fn press(model: &mut Model, pressed: char) -> Vec<Effect> {
    let order = ListOrder::ALL.into_iter().find(|order| key(*order) == pressed);
    order.map_or_else(Vec::new, |order| choose(model, order))
}

/// Lists in this order; in the current one, the other way round.
fn choose(model: &mut Model, order: ListOrder) -> Vec<Effect> {
    model.overlay = None;
    sort(model, chosen(model, order))
}

fn chosen(model: &Model, order: ListOrder) -> Sorting {
    let current = model.list.sorting();
    // The other way round, the newest first is the oldest first, which has an order of its own.
    let can_turn = !matches!(order, ListOrder::Newest | ListOrder::Oldest);
    Sorting { order, reversed: can_turn && current.order == order && !current.reversed }
}

/// Lists in this order.
pub(crate) fn sort(model: &mut Model, sorting: Sorting) -> Vec<Effect> {
    model.list.sort(sorting).into_iter().collect()
}

/// The menu's lines: what each choice would do.
pub(crate) fn lines(model: &Model, look: &Look) -> Vec<Line<'static>> {
    let current = model.list.sorting();
    let width = ListOrder::ALL.map(|order| chosen(model, order).words().width()).into_iter().max().unwrap_or(0);
    let line = |order: ListOrder| {
        let words = chosen(model, order).words();
        let now = match () {
            () if current.order != order => String::new(),
            () if current.words() == words => "  now".to_owned(),
            () => format!("  now {}", current.words()),
        };
        Line::from(vec![
            Span::styled(format!(" {}  ", key(order)), look.theme.title),
            Span::raw(format!("{words:<width$}")),
            Span::styled(now, look.theme.dim),
        ])
    };
    ListOrder::ALL.into_iter().map(line).collect()
}
