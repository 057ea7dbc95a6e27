//! The interface without its threads: what they would do is done at once. The bytes of a frame go to
//! nowhere, so that the figure is ours and not a terminal's.

use std::io;
use std::path::PathBuf;

use jiff::tz::TimeZone;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Terminal, TerminalOptions, Viewport as Area};
use whyhook::config::Registry;
use whyhook::delivery::DeliveryId;
use whyhook::query::Query;
use whyhook::store::{Page, Reader};
use whyhook::tui::app::effect::Effect;
use whyhook::tui::app::message::Message;
use whyhook::tui::app::model::{Model, Setup};
use whyhook::tui::app::update::update;
use whyhook::tui::app::view::draw;
use whyhook::tui::screens::answers::state::Answers;
use whyhook::tui::screens::details::state::LoadedDelivery;
use whyhook::tui::screens::list::page::{Edge, PageResult};
use whyhook::tui::screens::payload::state::{PayloadAnswer, PayloadOutcome, PayloadRequest, PayloadTask};
use whyhook::tui::theme::palette::ThemePalette;
use whyhook::tui::theme::{Face, Look, Theme};

use super::Failure;
use super::terminal::SIZE;

/// The interface over a store.
pub(crate) struct Session {
    reader: Reader,
    registry: Registry,
    model: Model,
    screen: Terminal<CrosstermBackend<io::Sink>>,
    look: Look,
    /// Rows of text that a thread would make.
    asked: Vec<PayloadRequest>,
}

impl Session {
    /// With the first page read, and nothing drawn yet.
    pub(crate) fn new(reader: Reader) -> Result<Self, Failure> {
        let setup = Setup {
            url: "http://127.0.0.1:3000".to_owned(),
            store: PathBuf::new(),
            ephemeral: false,
            has_tour: false,
            webhooks: Vec::new(),
            events: Vec::new(),
        };
        let options = TerminalOptions { viewport: Area::Fixed(Rect::new(0, 0, SIZE.0, SIZE.1)) };
        let mut session = Self {
            reader,
            registry: Registry::default(),
            model: Model::new(setup, Answers::default(), Vec::new(), Query::default(), String::new()),
            screen: Terminal::with_options(CrosstermBackend::new(io::sink()), options)?,
            look: Look { theme: Theme::new(ThemePalette::Dark), zone: TimeZone::UTC, face: Face::Screen },
            asked: Vec::new(),
        };
        let first = session.model.list_reload();
        first.into_iter().try_for_each(|effect| session.perform(effect))?;
        Ok(session)
    }

    /// Draws a frame.
    pub(crate) fn frame(&mut self) -> Result<(), Failure> {
        let mut viewport = self.model.viewport;
        let (model, look) = (&self.model, &self.look);
        self.screen.draw(|frame| viewport = draw(frame, model, look))?;
        self.update(Message::Drawn(viewport))
    }

    /// Hands a message over, and does what comes of it.
    pub(crate) fn update(&mut self, message: Message) -> Result<(), Failure> {
        update(&mut self.model, message).into_iter().try_for_each(|effect| self.perform(effect))
    }

    /// Frees what is shown no more, which a thread would do.
    pub(crate) fn free(&mut self) {
        drop(self.model.take_discarded());
    }

    /// Makes the rows of text that were asked for, which a thread would do; the message is to be handed
    /// over.
    pub(crate) fn rows(&mut self) -> Option<Message> {
        let PayloadRequest { id, number, body, task } = self.asked.pop()?;
        let PayloadTask::Rows(task) = task else { return None };
        let outcome = PayloadOutcome::Rows(task.make(&body));
        Some(Message::Payload(PayloadAnswer { id, number, outcome }))
    }

    fn perform(&mut self, effect: Effect) -> Result<(), Failure> {
        match effect {
            Effect::LoadPage(request) => {
                let page = match request.edge {
                    Edge::Newest => Page::Newest,
                    Edge::Oldest => Page::After(DeliveryId(0)),
                    Edge::Before(id) => Page::Before(id),
                    Edge::After(id) => Page::After(id),
                    Edge::Around(..) => return Err("these screens are not sorted".into()),
                };
                let scan = self.reader.scan(page, request.limit, usize::MAX, |_, _| Ok(true))?;
                self.update(Message::Page(PageResult {
                    generation: request.generation,
                    newest: scan.rows.first().map(|row| row.id),
                    at_end: scan.next.is_none(),
                    rows: scan.rows,
                    ..PageResult::default()
                }))
            }
            Effect::Load(id) => {
                let loaded = self.load(id)?;
                self.update(Message::Loaded(id, Ok(loaded)))
            }
            Effect::Payload(request) => {
                self.asked.push(request);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn load(&self, id: DeliveryId) -> Result<Box<LoadedDelivery>, Failure> {
        let delivery = self.reader.load(id)?.ok_or("the delivery is gone")?;
        Ok(Box::new(LoadedDelivery::prepare(delivery, &self.registry)))
    }
}
