//! Rows for the shown tab: made at once, or by a thread.

use bytes::Bytes;

use super::rows::{MadeRows, Making, Of, RowsTask};
use crate::http::WireFraming;
use crate::payload::raw::RawRows;
use crate::tui::app::action::Tab;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::{Detail, Model};
use crate::tui::screens::payload::state::{PayloadRequest, PayloadTask};

/// Up to here it takes less than a millisecond, and is done at once.
const AT_ONCE: usize = 64 * 1024;

impl Model {
    /// Makes the rows that the shown tab needs, or has them made.
    pub(crate) fn prepare_rows(&mut self) -> Option<Effect> {
        let (of, task, body) = self.missing_rows()?;
        if task.head.len() + task.framing.as_bytes().len() + body.len() <= AT_ONCE {
            self.take_rows(of, task.make(&body));
            return None;
        }
        let detail = self.detail.as_mut()?;
        if detail.making.as_ref().is_some_and(|making| making.of == of && making.columns == task.columns) {
            return None;
        }
        let number = detail.view.ask();
        detail.making = Some(Making { of, columns: task.columns, number });
        Some(Effect::Payload(PayloadRequest { id: detail.id, number, body, task: PayloadTask::Rows(task) }))
    }

    /// Whether the shown tab is about to have other rows: its delivery is being read, or its lines are being broken.
    pub(crate) fn is_preparing(&self) -> bool {
        let Some(detail) = self.detail.as_ref().filter(|detail| self.list.selected() == Some(detail.id)) else {
            return true;
        };
        let is_made = |making: &Making| making.of == Of::Tab(self.tab) && detail.raw_rows(self.tab).is_none();
        !detail.is_whole() || detail.making.as_ref().is_some_and(is_made)
    }

    /// Which rows the shown tab lacks, and what they are made from.
    fn missing_rows(&self) -> Option<(Of, RowsTask, Bytes)> {
        let (columns, tab) = (self.viewport.detail_columns, self.tab);
        let detail = self.detail.as_ref().filter(|_| columns > 0)?;
        let loaded = detail.content.as_ref().ok()?;
        let task = |decode, columns| RowsTask {
            head: Bytes::new(),
            framing: WireFraming::NONE,
            decode,
            columns,
            count: false,
        };
        if let Some(string) = detail.view.string.as_ref().filter(|_| tab == Tab::Payload) {
            let of = Of::String { start: string.token.start, as_sent: string.as_sent };
            return match &string.rows {
                Some(rows) if rows.is_for(columns) => None,
                Some(rows) => Some((of, task(false, Some(columns)), rows.bytes().clone())),
                None => {
                    let task = RowsTask { count: true, ..task(!string.as_sent, Some(columns)) };
                    Some((of, task, string.raw.clone()))
                }
            };
        }
        let unwrapped = detail.view.unwrapped && tab == Tab::Payload;
        let is_made = |rows: &RawRows| if unwrapped { rows.is_unwrapped() } else { rows.is_for(columns) };
        if detail.raw_rows(tab).is_some_and(is_made) {
            return None;
        }
        let task = task(false, (!unwrapped).then_some(columns));
        let delivery = &loaded.delivery;
        let (task, body) = match (tab, loaded.body().rows()) {
            (Tab::Raw, _) => {
                let (head, framing) = (delivery.head.bytes().clone(), delivery.framing.clone());
                (RowsTask { head, framing, ..task }, delivery.body.clone())
            }
            (Tab::Payload, None) if loaded.body().is_lines() => (task, loaded.body().bytes.clone()),
            (Tab::Payload, Some(rows)) if detail.view.as_sent => (task, rows.body().clone()),
            _ => return None,
        };
        Some((Of::Tab(tab), task, body))
    }

    /// Takes rows that a thread has made, if they are still wanted.
    pub(crate) fn rows_made(&mut self, number: u64, rows: MadeRows) {
        let making = self.detail.as_mut().and_then(|detail| detail.making.take_if(|making| making.number == number));
        if let Some(making) = making {
            self.take_rows(making.of, rows);
        }
    }

    fn take_rows(&mut self, of: Of, MadeRows { rows, characters }: MadeRows) {
        let Some(Detail { raw, view, .. }) = &mut self.detail else { return };
        match of {
            Of::Tab(tab) => {
                *raw = Some((tab, rows));
                if tab == Tab::Payload
                    && let Some(offset) = view.go_to.take()
                {
                    crate::tui::screens::payload::update::show_offset(self, offset);
                }
            }
            Of::String { start, as_sent } => {
                if let Some(string) = &mut view.string
                    && (string.token.start, string.as_sent) == (start, as_sent)
                {
                    string.take(rows, characters);
                }
            }
        }
    }
}
