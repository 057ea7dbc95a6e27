//! What lies over the panes: prompts, pickers, help.

use std::ops::Range;

use tui_input::{Input, InputRequest};
use zeroize::Zeroize as _;

use crate::archive::export::snippet::SnippetLanguage;
use crate::delivery::DeliveryId;
use crate::tui::app::effect::Effect;
use crate::tui::one_line::paste_into;
use crate::tui::screens::answers::window::AnswerOverlay;
use crate::tui::screens::help::state::HelpView;
use crate::tui::screens::image::state::ImageCopy;
use crate::tui::screens::list::filter_assist::FilterAssist;
use crate::tui::screens::redact::state::{PendingRedaction, RedactedCopy};
use crate::tui::screens::saving::state::PendingSave;
use crate::tui::screens::signature::adopt::AdoptMenu;
use crate::tui::screens::signature::trial::Trial;
use crate::tui::screens::status::state::StatusView;

/// The one thing on top of the panes. `Back` closes it.
#[derive(Debug)]
pub enum Overlay {
    /// Every key, or the filter reference.
    Help(Box<HelpView>),
    /// The messages of this run, scrolled to a row.
    Messages(usize),
    /// A window about answers.
    Answers(Box<AnswerOverlay>),
    /// What can be copied, with the cursor's place.
    Copy(usize),
    /// The orders of the list, with the cursor's place.
    Order(usize),
    /// The next key says how to fold the payload.
    Folding,
    /// Something is being typed.
    Prompt(Prompt),
    /// A question to be answered before something is done.
    Confirm(Box<Confirm>),
    /// What saving would write, before it does.
    Saving(Box<PendingSave>),
    /// What redacting replaces, before it is copied or written.
    Redacting(Box<PendingRedaction>),
    /// Other secrets, headers and templates are being tried on the shown delivery.
    Try(Box<Trial>),
    /// Schemes and a secret to be adopted for this run.
    Adopt(Box<AdoptMenu>),
    /// A screen of [`crate::tui::screens::send::state::SendState`].
    Sending,
    /// The listener's status.
    Status(Box<StatusView>),
}

impl Overlay {
    /// Whether there is nothing to choose in it.
    #[must_use]
    pub fn is_only_read(&self) -> bool {
        matches!(self, Self::Help(_) | Self::Status(_) | Self::Messages(_))
    }
}

/// A yes-or-no question. Enter and `y` mean yes, anything that goes back means no.
#[derive(Debug)]
pub struct Confirm {
    /// The question in a few words.
    pub title: String,
    /// The question with what hangs on it; visible text.
    pub question: String,
    /// What yes does, such as "replace it".
    pub yes: String,
    /// What is done then.
    pub effect: Effect,
}

/// A line being typed.
#[derive(Debug)]
pub struct Prompt {
    /// What for.
    pub kind: PromptKind,
    /// The text and its cursor. For a secret it is wiped when the prompt closes.
    pub input: Input,
    /// What is wrong with it, in words.
    pub error: Option<String>,
    /// Whether a line end was left out of what was pasted.
    pub was_cut: bool,
    /// The chosen suggestion, where there are any.
    pub cursor: usize,
    /// What helps with a filter.
    pub assist: Option<Box<FilterAssist>>,
    /// The text that it began with, to go back to.
    pub(crate) before: String,
    /// The delivery that was selected then, unless the newest is followed.
    pub(crate) selected: Option<DeliveryId>,
    /// The deliveries that it is about: those of when it opened, whatever comes meanwhile.
    pub(crate) about: Vec<DeliveryId>,
}

/// What a prompt is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PromptKind {
    /// A filter over the list.
    Filter,
    /// The name under which a filter is saved.
    FilterName,
    /// A note on the selected deliveries.
    Note,
    /// Tags for them.
    Tag,
    /// The list's columns.
    Columns,
    /// The file to export deliveries to.
    Export,
    /// A secret, shown as dots.
    Secret,
    /// A command by its name.
    Command,
    /// A text in the payload.
    Search,
    /// A jq program.
    Query,
    /// A digest, or a log line with one, that another server printed.
    Digest,
    /// Bytes or text to look for in the shown image.
    Bytes,
    /// An offset in the shown image.
    Offset,
    /// The file to save the shown image to.
    SaveImage,
}

impl Prompt {
    pub(crate) fn new(kind: PromptKind, text: String) -> Self {
        Self {
            kind,
            input: Input::new(text.clone()),
            error: None,
            was_cut: false,
            cursor: 0,
            assist: None,
            before: text,
            selected: None,
            about: Vec::new(),
        }
    }

    /// This prompt, about these deliveries.
    pub(crate) fn about(mut self, about: Vec<DeliveryId>) -> Self {
        self.about = about;
        self
    }

    /// What has been typed.
    #[must_use]
    pub fn text(&self) -> &str {
        self.input.value()
    }

    pub(crate) fn edit(&mut self, request: InputRequest) {
        self.input.handle(request);
        self.cursor = 0;
    }

    pub(crate) fn paste(&mut self, text: &str) {
        // A prompt is one line; a pasted secret's final newline is not part of it.
        self.was_cut |= text.contains(['\r', '\n']);
        paste_into(&mut self.input, text);
    }
}

impl Drop for Prompt {
    fn drop(&mut self) {
        if self.kind == PromptKind::Secret {
            let mut typed = self.input.value_and_reset();
            typed.zeroize();
        }
    }
}

/// Something that can be copied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CopyItem {
    /// The key that copies it straight from the menu.
    pub key: char,
    /// What it is, such as "the path".
    pub what: &'static str,
    /// The beginning of the text, for the menu; all of it when `whole` is `None`.
    pub text: String,
    /// What of the payload it is, when that is made only once it is copied.
    pub(crate) whole: Option<CopyWhole>,
}

/// A part of the payload to copy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum CopyWhole {
    /// All of it, as sent.
    Body,
    /// These bytes of what can be read of it.
    Bytes(Range<usize>),
    /// What the string token there means.
    Decoded(Range<usize>),
    /// The value on this row, re-indented.
    Indented(usize),
    /// The delivery as a command or code that sends it.
    Snippet(SnippetLanguage),
    /// The request as it came over the wire.
    Request,
    /// The diagnosis as Markdown.
    Diagnosis,
    /// The shown image, in this way.
    Image(ImageCopy),
    /// The delivery without private values.
    Redacted(RedactedCopy),
}

/// The prompt's cursor as a byte offset (tui-input counts characters).
pub(crate) fn byte_cursor(prompt: &Prompt) -> usize {
    let text = prompt.text();
    text.char_indices().nth(prompt.input.cursor()).map_or(text.len(), |(at, _)| at)
}
