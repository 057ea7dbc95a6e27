//! What the world tells the engine.

use zeroize::Zeroizing;

use crate::delivery::{Answer, DeliveryId, MarksEdit, Summary};
use crate::inspect::{SchemeCandidate, Sightings};
use crate::server::listener::{SecretNews, StatsSnapshot};
use crate::server::tunnel::Tunnels;
use crate::server::{GivenSecret, JobProgress, ListenerLink, MarkedElsewhere};
use crate::system::save::SaveError;
use crate::tui::app::action::Action;
use crate::tui::app::areas::Pointer;
use crate::tui::app::viewport::Viewport;
use crate::tui::picture::Picture;
use crate::tui::screens::answers::state::AnswersNews;
use crate::tui::screens::details::state::{Contents, LoadedDelivery};
use crate::tui::screens::image::state::{PictureKey, SaveRequest};
use crate::tui::screens::list::page::PageResult;
use crate::tui::screens::payload::state::PayloadAnswer;
use crate::tui::screens::redact::state::RedactionPreview;
use crate::tui::screens::saving::state::ConfigNews;
use crate::tui::screens::send::task::News;
use crate::tui::screens::signature::state::{EnteredSecret, InquiryReport, RejudgeReport};
use crate::tui::screens::status::state::{Sizes, Status};

/// Why an export has not begun its file: another name may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportFault {
    /// The deliveries.
    pub ids: Vec<DeliveryId>,
    /// The name that was typed; where that is taken, one like it that is free.
    pub name: String,
    /// What is wrong with the one that was typed, in words.
    pub reason: String,
}

/// One thing that happened.
#[derive(Debug)]
pub enum Message {
    /// A person asked for something.
    Act(Action),
    /// A person typed into the open prompt.
    Edit(tui_input::InputRequest),
    /// A person pasted into the open prompt.
    Paste(Zeroizing<String>),
    /// The mouse did something.
    Point(Pointer),
    /// A person pressed the key of an item in the open menu.
    Choose(char),
    /// A person pressed a key that means nothing here; its name.
    Unbound(String),
    /// The message with this number has been shown long enough.
    Shown(u64),
    /// The store has grown.
    Stored {
        /// The newest delivery.
        last: DeliveryId,
        /// The listener's counters at this moment.
        stats: StatsSnapshot,
    },
    /// Deliveries could not be stored; in words.
    StoreFault(String),
    /// The retention has deleted deliveries: how many, and how many bytes that freed.
    Retired(u64, u64),
    /// Somebody has deleted deliveries over the control interface: how many, and how many bytes that freed.
    Pruned(u64, u64),
    /// Somebody has changed marks, deleted or brought back over the control interface.
    MarkedElsewhere(MarkedElsewhere),
    /// How many deliveries the store held when `last` was the newest.
    Counted {
        /// How many.
        total: u64,
        /// The newest.
        last: DeliveryId,
    },
    /// Rows of the list.
    Page(PageResult),
    /// Earlier deliveries with the ids of an event.
    Recalled(DeliveryId, Sightings),
    /// Rows read again.
    Reread(Vec<Summary>),
    /// A delivery for the detail pane, or why it cannot be shown. The event and images of a large one
    /// follow in a message of their own.
    Loaded(DeliveryId, Result<Box<LoadedDelivery>, String>),
    /// The summary and the answer of the selected delivery.
    Answered(Box<Summary>, Option<Answer>),
    /// The event and images of the last delivery.
    Read(DeliveryId, Box<Contents>),
    /// The progress of an inquiry into a delivery.
    Inquiry(DeliveryId, InquiryReport),
    /// The result of a search or query of a payload.
    Payload(PayloadAnswer),
    /// Something about answers.
    Answers(AnswersNews),
    /// Something about the configuration file.
    Config(ConfigNews),
    /// The long work that is being done, apart from sendings.
    Jobs(Vec<JobProgress>),
    /// What the request with this number replaces, or why nothing can be redacted.
    Redacted(u64, Result<Box<RedactionPreview>, String>),
    /// The result of an export, in words.
    Exported(Result<String, String>),
    /// An export could not begin its file.
    NotExported(ExportFault),
    /// What ngrok's agent says.
    Tunnel(Tunnels),
    /// The current secrets, one line each, without the secrets themselves.
    Secrets(Vec<String>),
    /// A secret was entered and is in use.
    SecretEntered(EnteredSecret),
    /// Another process has given this secret, or taken back the one with this label.
    SecretElsewhere(Result<GivenSecret, String>),
    /// Stored deliveries were judged again.
    Rejudged(RejudgeReport),
    /// The schemes that a delivery may have been signed by.
    SchemesFound(DeliveryId, Vec<SchemeCandidate>),
    /// The schemes that are adopted for this run, each with its webhook's name.
    Adopted(Vec<(Option<String>, String)>),
    /// A secret arrived by a sender's handshake.
    SecretReceived(SecretNews),
    /// The result of copying, in words.
    Copied(Result<String, String>),
    /// A picture, or why it cannot be shown.
    Picture(PictureKey, Result<Picture, String>),
    /// The result of saving an image: its path, in visible text.
    Saved(SaveRequest, Result<String, SaveError>),
    /// The result of opening an image in the system's viewer, in words.
    Opened(Result<String, String>),
    /// The progress of a sending.
    Sending(News),
    /// The listener's status.
    Status(Box<Status>),
    /// The store's sizes on disk.
    Measured(Sizes),
    /// The result of a change of what was added to deliveries: how many it has changed.
    Marked(Vec<DeliveryId>, MarksEdit, Result<usize, String>),
    /// The listener of another process can be asked, or no longer.
    Listener(ListenerLink),
    /// Something a person should know, in words.
    Warn(String),
    /// What was drawn last, so that scrolling knows the ends.
    Drawn(Viewport),
}
