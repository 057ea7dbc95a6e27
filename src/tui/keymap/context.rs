//! The places where keys work, each with the table of its keys.

use crate::tui::app::{self, overlay};
use crate::tui::keymap::binding::Binding;
use crate::tui::screens::{answer, answers, details, help, image, list, payload, send, signature};

/// Where a key works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum KeyContext {
    /// With nothing on top, wherever the focus is.
    Anywhere,
    /// With nothing on top and the list in focus.
    List,
    /// With nothing on top and the details in focus.
    Detail,
    /// On the Signature tab: its keys work wherever the focus is, as on every tab.
    Signature,
    /// On the Payload tab. Keys that move through it need the focus.
    Payload,
    /// After `z` on the Payload tab: the next key says how to fold.
    Folding,
    /// On the Image tab.
    Image,
    /// On the Answer tab.
    Answer,
    /// In a menu or the help.
    Menu,
    /// In the help, which is a menu too.
    Help,
    /// While typing.
    Prompt,
    /// While a filter is typed.
    Filter,
    /// While the list's columns are typed.
    Columns,
    /// In a form of several fields.
    Form,
    /// In a result, or while sending.
    Sending,
    /// In a form that describes what to send.
    SendForm,
    /// In the picker of answers, which is a menu too.
    Picker,
    /// In the rules, which are a menu too.
    Rules,
    /// Writing an answer.
    Writing,
}

impl KeyContext {
    /// The heading in the help.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Anywhere => "Anywhere",
            Self::List => "In the list",
            Self::Detail => "In the details",
            Self::Signature => "On the Signature tab",
            Self::Payload => "On the Payload tab",
            Self::Folding => "On the Payload tab, after z",
            Self::Image => "On the Image tab",
            Self::Answer => "On the Answer tab",
            Self::Menu => "In a menu",
            Self::Help => "In the help",
            Self::Prompt => "While typing",
            Self::Filter => "While typing a filter",
            Self::Columns => "While choosing columns",
            Self::Form => "In a form",
            Self::Sending => "In a result",
            Self::SendForm => "In a form to send",
            Self::Picker => "Choosing an answer",
            Self::Rules => "In the rules",
            Self::Writing => "Writing an answer",
        }
    }

    /// Every context, in the help's order.
    pub const ALL: [Self; 19] = [
        Self::Anywhere,
        Self::List,
        Self::Detail,
        Self::Signature,
        Self::Payload,
        Self::Folding,
        Self::Image,
        Self::Answer,
        Self::Menu,
        Self::Help,
        Self::Prompt,
        Self::Filter,
        Self::Columns,
        Self::Form,
        Self::Sending,
        Self::SendForm,
        Self::Picker,
        Self::Rules,
        Self::Writing,
    ];

    /// Its keys, unless a person has chosen others ([`crate::tui::keymap::Keymap::rows`]).
    #[must_use]
    pub fn bindings(self) -> &'static [Binding] {
        match self {
            Self::Anywhere => app::keys::ANYWHERE,
            Self::List => list::keys::LIST,
            Self::Detail => details::keys::DETAIL,
            Self::Signature => signature::keys::SIGNATURE,
            Self::Payload => payload::keys::PAYLOAD,
            Self::Folding => payload::keys::FOLDING,
            Self::Image => image::keys::IMAGE,
            Self::Answer => answer::keys::ANSWER,
            Self::Menu => overlay::keys::MENU,
            Self::Help => help::keys::HELP,
            Self::Prompt => overlay::keys::PROMPT,
            Self::Filter => overlay::keys::FILTER,
            Self::Columns => overlay::keys::COLUMNS,
            Self::Form => signature::keys::TRIAL,
            Self::Sending => send::keys::SENDING,
            Self::SendForm => send::keys::SEND_FORM,
            Self::Picker => answers::keys::PICKER,
            Self::Rules => answers::keys::RULES,
            Self::Writing => answers::keys::WRITING,
        }
    }
}
