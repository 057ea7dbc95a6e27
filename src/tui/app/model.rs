//! All that the interface knows.

use std::any::Any;
use std::collections::{BTreeSet, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use super::areas::{PointerState, ScreenAreas};
use super::notices::Notice;
use super::viewport::Viewport;
use crate::config::ListColumn;
use crate::delivery::DeliveryId;
use crate::inspect::Sightings;
use crate::payload::raw::RawRows;
use crate::query::{Query, SavedFilters};
use crate::server::JobProgress;
use crate::server::listener::StatsSnapshot;
use crate::server::tunnel::Tunnels;
use crate::tui::app::action::{Action, Tab};
use crate::tui::app::effect::Effect;
use crate::tui::app::overlay::state::Overlay;
use crate::tui::keymap::table::Keymap;
use crate::tui::screens::answers::state::Answers;
use crate::tui::screens::details::rows::Making;
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::image::state::ImageView;
use crate::tui::screens::list::state::List;
use crate::tui::screens::list::tagging::Tagging;
use crate::tui::screens::payload::state::PayloadView;
use crate::tui::screens::send::state::SendState;
use crate::tui::screens::signature::state::{Inquiry, Rejudged};
use crate::tui::screens::tour::state::Tour;

/// The path that Trackpilots' documentation uses, shown when no webhook is configured.
const CONVENTIONAL_PATH: &str = "/webhooks/trackpilots";

/// What is known when the program starts and does not change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setup {
    /// The base URL that it listens on.
    pub url: String,
    /// The store's file.
    pub store: PathBuf,
    /// Whether the store is deleted when the program ends.
    pub ephemeral: bool,
    /// Whether the person is shown around.
    pub has_tour: bool,
    /// Each configured webhook: name, path, kind.
    pub webhooks: Vec<(String, String, String)>,
    /// Each webhook's subscribed events, in the order of `webhooks`; empty for all.
    pub events: Vec<Vec<String>>,
}

impl Setup {
    /// The path that a sender should be given: the first webhook's, else the conventional one.
    #[must_use]
    pub fn path(&self) -> &str {
        self.webhooks.first().map_or(CONVENTIONAL_PATH, |(_, path, _)| path)
    }
}

/// The listener of another process that this interface is attached to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// The number of its process.
    pub process: u32,
    /// Why it cannot be asked any more, in words.
    pub lost: Option<String>,
}

/// Which pane the keys go to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Focus {
    /// The list.
    #[default]
    List,
    /// The detail pane.
    Detail,
}

/// The delivery in the detail pane.
#[derive(Debug)]
pub struct Detail {
    /// Which it is.
    pub id: DeliveryId,
    /// The delivery, or why it cannot be shown.
    pub content: Result<Box<LoadedDelivery>, String>,
    /// The first row shown of each tab.
    pub scroll: [usize; Tab::ALL.len()],
    /// The request in rows for the Raw tab, or the body for the Payload tab when it is not JSON; made
    /// when first needed, for the width of the pane.
    pub(crate) raw: Option<(Tab, RawRows)>,
    /// Rows that a thread is making.
    pub(crate) making: Option<Making>,
    /// How the Payload tab shows it.
    pub view: PayloadView,
    /// Why its signature does not match, as far as is known.
    pub inquiry: Inquiry,
    /// Earlier deliveries with its ids; `None` until they were searched for.
    pub sightings: Option<Sightings>,
    /// What the Image tab shows.
    pub image: ImageView,
}

impl Detail {
    /// A delivery that has just been read, seen from its beginning.
    pub(crate) fn new(id: DeliveryId, content: Result<Box<LoadedDelivery>, String>, inquiry: Inquiry) -> Self {
        Self {
            id,
            content,
            scroll: [0; Tab::ALL.len()],
            raw: None,
            making: None,
            inquiry,
            sightings: None,
            image: ImageView::default(),
            view: PayloadView::default(),
        }
    }

    /// Whether it is complete.
    pub(crate) fn is_whole(&self) -> bool {
        self.content.as_ref().is_ok_and(|loaded| loaded.is_read) || self.content.is_err()
    }

    /// Whether earlier deliveries with the event's ids were searched for: once is enough.
    pub(crate) fn ask_for_sightings(&self) -> Option<Effect> {
        let event = self.content.as_ref().ok()?.reading.event.as_ref()?;
        let is_open = self.sightings.is_none() && !event.ids.is_empty();
        is_open.then(|| Effect::Recall(self.id, event.ids.clone()))
    }

    /// The rows made for `tab`, if it shows any.
    #[must_use]
    pub fn raw_rows(&self, tab: Tab) -> Option<&RawRows> {
        self.raw.as_ref().filter(|(made_for, _)| *made_for == tab).map(|(_, rows)| rows)
    }
}

/// The interface's state.
#[derive(Debug)]
pub struct Model {
    /// What does not change.
    pub setup: Setup,
    /// Where the listener is, when it is in another process.
    pub attachment: Option<Attachment>,
    /// The list.
    pub list: List,
    /// The delivery that is shown; it may lag behind the selection by one read.
    pub detail: Option<Detail>,
    /// What was found out about deliveries shown earlier, the latest last.
    pub(crate) inquiries: VecDeque<(DeliveryId, Inquiry)>,
    /// The delivery being read for the detail pane, until all of it is there.
    pub(crate) loading: Option<DeliveryId>,
    /// Whose tab's end was asked for with the last key, until it has been drawn.
    pub(crate) to_end: Option<(DeliveryId, Tab)>,
    /// What is no longer shown.
    pub(crate) discarded: Option<Box<dyn Any + Send>>,
    /// The tab that is shown.
    pub tab: Tab,
    /// Which pane the keys go to.
    pub focus: Focus,
    /// Whether the pane in focus has the whole screen.
    pub is_zoomed: bool,
    /// How far the split between the panes was moved; positive for wider details.
    pub split: i16,
    /// The overlay over the panes.
    pub overlay: Option<Overlay>,
    /// What senders are answered.
    pub answers: Answers,
    /// The current secrets, one line each, without the secrets themselves.
    pub secrets: Vec<String>,
    /// What the secrets of today say of deliveries that came before them.
    pub rejudged: Rejudged,
    /// The schemes that are adopted for this run, each with its webhook's name.
    pub adopted: Vec<(Option<String>, String)>,
    /// What ngrok's agent says.
    pub tunnel: Tunnels,
    /// Deliveries in the store when they were counted, and the newest at that moment.
    pub(crate) counted: Option<(u64, DeliveryId)>,
    /// The newest delivery.
    pub(crate) last: DeliveryId,
    /// The listener's counters.
    pub stats: StatsSnapshot,
    /// Why the last delivery could not be stored, until one is.
    pub fault: Option<String>,
    /// What is sent from here.
    pub sending: SendState,
    /// Long work that is not a sending, whoever has begun it.
    pub jobs: Vec<JobProgress>,
    /// The message that is shown.
    pub notice: Option<Notice>,
    /// The messages of this run, the latest last.
    pub notices: VecDeque<Notice>,
    /// How many there were.
    pub(crate) said: u64,
    /// Whether a key is being acted on.
    pub(crate) acting: bool,
    /// This moment, as the edge knows it: told before each message.
    pub clock: Timestamp,
    /// Whether the expected digest is shown.
    pub revealed: bool,
    /// Whether the event's summary above the payload is folded to a line.
    pub event_folded: bool,
    /// Every key and what it does.
    pub keymap: Arc<Keymap>,
    /// The list's columns, where they were chosen.
    pub columns: Option<Vec<ListColumn>>,
    /// The deliveries that are selected, where there are several.
    pub chosen: BTreeSet<DeliveryId>,
    /// Changes of tags whose outcomes are still to come.
    pub(crate) tagging: Tagging,
    /// What was deleted in this run, the latest last.
    pub(crate) deletions: Vec<Vec<DeliveryId>>,
    /// Filters under their names.
    pub filters: SavedFilters,
    /// Filters that were used, the latest last.
    pub filter_history: Vec<String>,
    /// The filter that is being saved, and its name before it.
    pub(crate) saving_filter: Option<(String, String)>,
    /// How often deliveries were redacted in this run.
    pub(crate) redactions: u64,
    /// Whether the terminal reports the mouse.
    pub has_mouse: bool,
    /// What is remembered of the mouse.
    pub(crate) pointer: PointerState,
    /// Where what can be pointed at was drawn.
    pub areas: ScreenAreas,
    /// What was drawn last.
    pub viewport: Viewport,
    /// The tour, until the person leaves it.
    pub tour: Option<Tour>,
}

impl Model {
    /// The state at the start, before anything was read.
    #[must_use]
    pub fn new(setup: Setup, answers: Answers, secrets: Vec<String>, query: Query, filter: String) -> Self {
        let tour = setup.has_tour.then(Tour::default);
        Self {
            setup,
            attachment: None,
            list: List::new(query, filter),
            detail: None,
            inquiries: VecDeque::new(),
            loading: None,
            to_end: None,
            discarded: None,
            tab: Tab::default(),
            focus: Focus::default(),
            is_zoomed: false,
            split: 0,
            overlay: None,
            answers,
            secrets,
            rejudged: Rejudged::default(),
            adopted: Vec::new(),
            tunnel: Tunnels::default(),
            counted: None,
            last: DeliveryId(0),
            stats: StatsSnapshot::default(),
            fault: None,
            sending: SendState::default(),
            jobs: Vec::new(),
            notice: None,
            notices: VecDeque::new(),
            said: 0,
            acting: false,
            clock: Timestamp::UNIX_EPOCH,
            revealed: false,
            event_folded: false,
            keymap: Arc::default(),
            columns: None,
            chosen: BTreeSet::new(),
            tagging: Tagging::default(),
            deletions: Vec::new(),
            filters: SavedFilters::default(),
            filter_history: Vec::new(),
            saving_filter: None,
            redactions: 0,
            has_mouse: true,
            pointer: PointerState::default(),
            areas: ScreenAreas::default(),
            viewport: Viewport::default(),
            tour,
        }
    }

    /// The shown delivery, when it could be read.
    #[must_use]
    pub fn loaded(&self) -> Option<&LoadedDelivery> {
        self.detail.as_ref()?.content.as_ref().ok().map(|loaded| &**loaded)
    }

    /// The scheme that is adopted for the requests of a webhook, or of none.
    #[must_use]
    pub fn adopted_by(&self, webhook: Option<&str>) -> Option<&str> {
        self.adopted.iter().find(|(of, _)| of.as_deref() == webhook).map(|(_, name)| name.as_str())
    }

    /// Whether the selected delivery is still being read for the detail pane.
    #[must_use]
    pub fn is_reading(&self) -> bool {
        self.loading.is_some() && self.loading != self.detail.as_ref().map(|detail| detail.id)
    }

    /// Whether `action` is about the selected delivery while another is still shown: it has to wait, or it would be done
    /// to that one.
    #[must_use]
    pub(crate) fn is_early(&self, action: Action) -> bool {
        let moves_the_list = matches!(action, Action::Move(_)) && self.focus == Focus::List;
        let is_unread = self.is_reading() && !action.is_general() && !moves_the_list;
        // To whom it was sent, and the sender's other attempts, are read once the Answer tab is shown.
        let needs_story = matches!(action, Action::Answer(action) if action.needs_story());
        self.overlay.is_none() && (is_unread || (needs_story && self.answers.story.is_asking))
    }

    /// Why the listener that this is attached to cannot be asked; `None` while it can.
    #[must_use]
    pub(crate) fn lost(&self) -> Option<&str> {
        self.attachment.as_ref()?.lost.as_deref()
    }

    /// Whether the list is on the screen and the details are not.
    #[must_use]
    pub(crate) fn hides_details(&self) -> bool {
        self.focus == Focus::List && self.viewport.list_rows > 0 && self.viewport.detail_rows == 0
    }

    /// How far the list and the details are scrolled.
    #[must_use]
    pub(crate) fn placed(&self) -> (usize, Option<[usize; Tab::ALL.len()]>) {
        (self.list.top(), self.detail.as_ref().map(|detail| detail.scroll))
    }

    /// What is no longer shown. Freeing it takes time in proportion to its size, so another thread does it.
    pub fn take_discarded(&mut self) -> Option<Box<dyn Any + Send>> {
        self.discarded.take()
    }

    /// Deliveries in the store; `None` until counted.
    #[must_use]
    pub fn total(&self) -> Option<u64> {
        let (total, last) = self.counted?;
        Some(total + (self.last.0 - last.0).max(0).unsigned_abs())
    }

    /// That there are `change` more, or fewer, than followed from what was counted and what has come since.
    pub(crate) fn recount(&mut self, change: i64) {
        if let (Some(total), Some((_, last))) = (self.total(), self.counted) {
            self.counted = Some((total.saturating_add_signed(change), self.last.max(last)));
        }
    }

    /// The public URL with the webhook's path, when a tunnel points to this listener.
    #[must_use]
    pub fn public_url(&self) -> Option<String> {
        self.tunnel.url_for(self.setup.path())
    }

    /// The URL of this listener on this machine, with the webhook's path.
    #[must_use]
    pub fn local_url(&self) -> String {
        format!("{}{}", self.setup.url, self.setup.path())
    }
}
