//! What the engine asks the world to do.

use std::sync::Arc;

use zeroize::Zeroizing;

use crate::delivery::{DeliveryId, MarksEdit};
use crate::payload::binary::FoundBinary;
use crate::payload::contract::Id;
use crate::tui::app::lent::LentText;
use crate::tui::screens::answers::state::AnswersEffect;
use crate::tui::screens::image::state::{PictureRequest, SaveRequest};
use crate::tui::screens::list::page::PageRequest;
use crate::tui::screens::payload::state::PayloadRequest;
use crate::tui::screens::redact::state::RedactRequest;
use crate::tui::screens::saving::state::ConfigEffect;
use crate::tui::screens::send::task::SendTask;
use crate::tui::screens::signature::state::Question;

/// One thing to do outside the engine. Each that has a result answers with a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Read a page of the list. A newer request cancels an older one.
    LoadPage(PageRequest),
    /// Read these rows again: their answers may be there now.
    Reread(Vec<DeliveryId>),
    /// Count the deliveries in the store again.
    Recount,
    /// Read a delivery whole and prepare it for its tabs. Cancels the previous read.
    Load(DeliveryId),
    /// Read the answer of the selected delivery: all that changes of a delivery once it is kept.
    LoadAnswer(DeliveryId),
    /// Start an inquiry into a delivery. Cancels the previous one.
    Inquire(DeliveryId, Question),
    /// Cancel the inquiry.
    StopInquiry,
    /// Search for an event's ids in earlier deliveries.
    Recall(DeliveryId, Vec<Id>),
    /// Search or query a payload. Cancels the previous request of the same kind.
    Payload(PayloadRequest),
    /// Something about answers.
    Answers(AnswersEffect),
    /// Something about the configuration file.
    Config(ConfigEffect),
    /// Judge stored deliveries again that did not verify; the number tells the newest request, the label which secret
    /// the ones that verify are counted of.
    Rejudge(u64, String),
    /// Verify with this secret too, from now on; keep it in memory only.
    UseSecret(Zeroizing<Vec<u8>>),
    /// Find the schemes whose headers the shown delivery has.
    FindSchemes(DeliveryId),
    /// Verify the requests of a webhook, or of none, by this scheme from now on; by the configured one without a name.
    AdoptScheme {
        /// The webhook's name.
        webhook: Option<String>,
        /// The target of a request of it.
        target: Vec<u8>,
        /// The scheme's name.
        name: Option<String>,
    },
    /// Verify the requests of this target's webhook with this secret of a handshake, in place of an earlier one.
    AcceptSecret {
        /// The target.
        target: Vec<u8>,
        /// The secret.
        secret: Zeroizing<Vec<u8>>,
    },
    /// Put `text` on the clipboard; `what` says what it is, for the notice.
    Copy {
        /// Such as "the path".
        what: String,
        /// The text itself, unescaped.
        text: String,
    },
    /// Make a picture. A newer request cancels an older one.
    Picture(PictureRequest),
    /// Write an image to a file.
    SaveImage(SaveRequest),
    /// Open an image with the system's viewer.
    OpenImage(Arc<FoundBinary>),
    /// Lend the terminal to a program that shows this.
    Lend(Box<LentText>),
    /// Send something, or look something up for it.
    Send(SendTask),
    /// Change what was added to deliveries, or delete them.
    Mark(Vec<DeliveryId>, MarksEdit),
    /// Keep these filters for the next run, the latest last.
    RememberFilters(Vec<String>),
    /// Redact deliveries, and say what was replaced. Cancels the previous request.
    Redact(RedactRequest),
    /// Cancel redacting.
    StopRedacting,
    /// Write these deliveries into a file, whose name says the format.
    Export(Vec<DeliveryId>, String),
    /// Ask these jobs to end.
    CancelJobs(Vec<u64>),
    /// Report the listener's status now.
    Observe,
    /// Have the terminal report the mouse, or not.
    Mouse(bool),
    /// Clear the terminal and redraw everything.
    Redraw,
    /// Restore the terminal and stop, until the shell resumes the program.
    Suspend,
    /// End the program.
    Quit,
}
