//! The actions of the interface, independent of the keys for them.

use crate::tui::app::lent::LentTo;
use crate::tui::app::step::Step;
use crate::tui::screens::answers::action::AnswerAction;
use crate::tui::screens::image::action::ImageAction;
use crate::tui::screens::list::action::ListAction;
use crate::tui::screens::payload::action::PayloadAction;
use crate::tui::screens::send::action::SendAction;
/// One thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Move the selection, or scroll, depending on the focus.
    Move(Step),
    /// Scroll the detail pane whatever has the focus.
    Scroll(Step),
    /// Something on the Image tab.
    Image(ImageAction),
    /// Show a tab.
    Show(Tab),
    /// The tab to the right.
    NextTab,
    /// The tab to the left.
    PreviousTab,
    /// Give the detail pane the focus.
    Open,
    /// Close what is on top, or go back to the list, or clear the filter.
    Back,
    /// Enter a filter.
    Filter,
    /// Something about the selected deliveries of the list.
    List(ListAction),
    /// Save the filter under a name.
    SaveFilter,
    /// Keep the chosen columns in the configuration.
    SaveColumns,
    /// Keep the newest delivery selected.
    Follow,
    /// Stop the list from changing.
    Pause,
    /// Something about answers.
    Answer(AnswerAction),
    /// Choose the answer to the next deliveries.
    PickAnswer,
    /// Enter a secret for this run.
    TypeSecret,
    /// Choose whose scheme verifies deliveries for this run.
    Adopt,
    /// Something on the Payload tab.
    Payload(PayloadAction),
    /// Something about sending.
    Send(SendAction),
    /// Choose something to copy.
    CopyMenu,
    /// Copy the public URL with the webhook's path.
    CopyPublicUrl,
    /// Show or hide the expected digest.
    Reveal,
    /// Search deeper for why the signature does not match.
    Deeper,
    /// Stop the search.
    StopLooking,
    /// Try another secret, header or template on the shown delivery.
    Try,
    /// Give the digest that another server computed, to learn what it hashed.
    Compare,
    /// The next field of a form.
    NextField,
    /// The previous field.
    PreviousField,
    /// Switch the timestamp of a form between seconds and milliseconds.
    TurnUnit,
    /// Fold or unfold the event's summary, above its payload.
    FoldEvent,
    /// Show the listener's status.
    Status,
    /// Show the messages of this run again.
    Messages,
    /// Give the pane in focus the whole screen, or share it again.
    Zoom,
    /// Move the split between the panes: wider details, or a wider list.
    Split(bool),
    /// List every key.
    Help,
    /// Look for something in the help.
    SearchHelp,
    /// Show the filter reference in the help, or the keys again.
    TurnHelp,
    /// Find a command by its name.
    Commands,
    /// Accept what is chosen or entered in the overlay.
    Accept,
    /// Close what is on top.
    Cancel,
    /// Open what is shown in the pager, or in the editor without keeping changes.
    Lend(LentTo),
    /// Redraw everything.
    Redraw,
    /// Turn the mouse off, or on.
    Mouse,
    /// Suspend the program to the shell.
    Suspend,
    /// End the program.
    Quit,
}

impl Action {
    /// Whether it means the same whichever delivery is selected.
    #[must_use]
    pub(crate) fn is_general(self) -> bool {
        matches!(
            self,
            Self::Show(_)
                | Self::NextTab
                | Self::PreviousTab
                | Self::Back
                | Self::Filter
                | Self::SaveFilter
                | Self::Follow
                | Self::Pause
                | Self::PickAnswer
                | Self::TypeSecret
                | Self::CopyPublicUrl
                | Self::StopLooking
                | Self::Status
                | Self::Messages
                | Self::Zoom
                | Self::Split(_)
                | Self::Help
                | Self::Redraw
                | Self::Mouse
                | Self::Suspend
                | Self::Quit
        )
    }

    /// What it does, in a few words, for the help and the command prompt.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Move(step) => step.words(),
            Self::Scroll(Step::Up | Step::HalfUp | Step::PageUp | Step::First) => "scroll the details up",
            Self::Scroll(_) => "scroll the details down",
            Self::Image(action) => action.words(),
            Self::Show(tab) => match tab {
                Tab::Overview => "show the Overview tab",
                Tab::Signature => "show the Signature tab",
                Tab::Payload => "show the Payload tab",
                Tab::Image => "show the Image tab",
                Tab::Headers => "show the Headers tab",
                Tab::Answer => "show the Answer tab",
                Tab::Raw => "show the Raw tab",
            },
            Self::NextTab => "show the next tab",
            Self::PreviousTab => "show the previous tab",
            Self::Open => "open the details",
            Self::Back => "go back",
            Self::Filter => "filter the list",
            Self::List(action) => action.words(),
            Self::SaveFilter => "save the filter under a name",
            Self::SaveColumns => "keep the columns in the configuration",
            Self::Follow => "follow the newest delivery",
            Self::Pause => "pause the list",
            Self::Answer(action) => action.words(),
            Self::PickAnswer => "choose the answer",
            Self::TypeSecret => "enter a secret for this run",
            Self::Adopt => "adopt a sender's scheme for this run",
            Self::Payload(action) => action.words(),
            Self::Send(action) => action.words(),
            Self::CopyMenu => "copy …",
            Self::CopyPublicUrl => "copy the public URL",
            Self::Reveal => "reveal or hide the expected digest",
            Self::Deeper => "search deeper for the cause",
            Self::StopLooking => "stop the search, or cancel what is running",
            Self::Try => "try a secret, header or template",
            Self::Compare => "explain another server's digest",
            Self::NextField => "go to the next field",
            Self::PreviousField => "go to the previous field",
            Self::TurnUnit => "switch the timestamp's unit",
            Self::FoldEvent => "fold or unfold the event's summary",
            Self::Status => "show the listener's status",
            Self::Help => "show the keys",
            Self::SearchHelp => "search the help",
            Self::TurnHelp => "show the filters, or the keys",
            Self::Commands => "find a command",
            Self::Messages => "show the messages again",
            Self::Zoom => "zoom the pane in focus",
            Self::Split(true) => "make the details larger",
            Self::Split(false) => "make the list larger",
            Self::Cancel => "close it",
            Self::Accept => "accept",
            Self::Lend(LentTo::Pager) => "open it in $PAGER",
            Self::Lend(LentTo::Editor) => "open it in $EDITOR, to read",
            Self::Redraw => "redraw the screen",
            Self::Mouse => "turn the mouse off or on",
            Self::Suspend => "suspend to the shell",
            Self::Quit => "quit",
        }
    }

    /// What the command prompt offers: everything but moves and keys that only make sense pressed.
    pub const COMMANDS: &[Self] = &[
        Self::PickAnswer,
        Self::Answer(AnswerAction::Clear),
        Self::Answer(AnswerAction::Rules),
        Self::Answer(AnswerAction::Write),
        Self::Answer(AnswerAction::Decide),
        Self::Answer(AnswerAction::DecideAll),
        Self::Answer(AnswerAction::Forward),
        Self::Answer(AnswerAction::Drop),
        Self::Answer(AnswerAction::LetGo),
        Self::Answer(AnswerAction::SendAgain),
        Self::Answer(AnswerAction::Probe),
        Self::TypeSecret,
        Self::Adopt,
        Self::Send(SendAction::Test),
        Self::Send(SendAction::Replay),
        Self::Send(SendAction::Simulate),
        Self::Send(SendAction::Check),
        Self::Send(SendAction::Attempts),
        Self::Send(SendAction::Last),
        Self::Send(SendAction::Mark),
        Self::Send(SendAction::Compare),
        Self::Send(SendAction::CompareTunnel),
        Self::Filter,
        Self::SaveFilter,
        Self::List(ListAction::Pin),
        Self::List(ListAction::Note),
        Self::List(ListAction::Tag),
        Self::List(ListAction::Delete),
        Self::List(ListAction::Undo),
        Self::List(ListAction::Select),
        Self::List(ListAction::SelectAll),
        Self::List(ListAction::Columns),
        Self::List(ListAction::Sort),
        Self::List(ListAction::Export),
        Self::Follow,
        Self::Pause,
        Self::CopyMenu,
        Self::CopyPublicUrl,
        Self::Deeper,
        Self::StopLooking,
        Self::Try,
        Self::Compare,
        Self::Reveal,
        Self::FoldEvent,
        Self::Show(Tab::Overview),
        Self::Show(Tab::Signature),
        Self::Show(Tab::Payload),
        Self::Show(Tab::Image),
        Self::Show(Tab::Headers),
        Self::Show(Tab::Answer),
        Self::Show(Tab::Raw),
        Self::Payload(PayloadAction::Search),
        Self::Payload(PayloadAction::Query),
        Self::Payload(PayloadAction::AsSent),
        Self::Payload(PayloadAction::Wrap),
        Self::Payload(PayloadAction::Fault),
        Self::Payload(PayloadAction::FoldAll),
        Self::Payload(PayloadAction::OpenAll),
        Self::Image(ImageAction::Picture),
        Self::Image(ImageAction::Save),
        Self::Image(ImageAction::OpenElsewhere),
        Self::Status,
        Self::Messages,
        Self::Zoom,
        Self::Split(true),
        Self::Split(false),
        Self::Lend(LentTo::Pager),
        Self::Lend(LentTo::Editor),
        Self::Redraw,
        Self::Mouse,
        Self::Help,
        Self::Suspend,
        Self::Quit,
    ];
}

/// The detail pane's tabs, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Tab {
    /// The delivery at a glance.
    #[default]
    Overview,
    /// The verdict with its evidence.
    Signature,
    /// The payload, re-indented from its own tokens.
    Payload,
    /// The image buffer.
    Image,
    /// The headers as they came.
    Headers,
    /// What was sent back.
    Answer,
    /// The request as it came over the wire.
    Raw,
}

impl Tab {
    /// Every tab, from left to right.
    pub const ALL: [Self; 7] =
        [Self::Overview, Self::Signature, Self::Payload, Self::Image, Self::Headers, Self::Answer, Self::Raw];

    /// The tab's title.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Overview => "Overview",
            Self::Signature => "Signature",
            Self::Payload => "Payload",
            Self::Image => "Image",
            Self::Headers => "Headers",
            Self::Answer => "Answer",
            Self::Raw => "Raw",
        }
    }

    /// The tab's place from the left, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }

    /// The tab `offset` places to the right (or, negative, to the left), around the ends.
    #[must_use]
    pub fn turned(self, offset: isize) -> Self {
        let count = Self::ALL.len().cast_signed();
        Self::ALL[(self.index().cast_signed() + offset).rem_euclid(count).unsigned_abs()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tabs_turn_around_the_ends() {
        assert_eq!(Tab::Raw.turned(1), Tab::Overview);
        assert_eq!(Tab::Overview.turned(-1), Tab::Raw);
    }
}
