//! What a person can ask for about answers.

/// One thing to do with what goes back to senders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerAction {
    /// Answer with the chosen one, for the next delivery only.
    Once,
    /// Clear the chosen answer, so that the rules decide.
    Clear,
    /// Write a custom answer, starting from the chosen one.
    Write,
    /// The rules.
    Rules,
    /// Answer the shown delivery, which is held.
    Decide,
    /// Answer all held deliveries.
    DecideAll,
    /// Forward the shown delivery, which is held, to the upstream server.
    Forward,
    /// Close the connection of the shown delivery, which is held.
    Drop,
    /// Send the default answer to the shown delivery, which is held.
    LetGo,
    /// Forward the shown delivery to the upstream server again.
    SendAgain,
    /// Ask the upstream server of the shown delivery whether it checks the signature.
    Probe,
    /// The sender's next attempt at the same delivery.
    NextAttempt,
    /// The sender's previous attempt.
    PreviousAttempt,
    /// Go to the next answer with a status of this hundred.
    ToStatus(u8),
    /// Scroll the preview down.
    PreviewDown,
    /// Scroll the preview up.
    PreviewUp,
    /// Add a rule after the chosen one.
    AddRule,
    /// Change the chosen rule.
    EditRule,
    /// Delete the chosen rule.
    DeleteRule,
    /// Bring back the rule that was deleted last.
    UndoRule,
    /// Switch the chosen rule off, or on.
    SwitchRule,
    /// Move the chosen rule up.
    RaiseRule,
    /// Move the chosen rule down.
    LowerRule,
    /// Copy the rules as a configuration file has them.
    CopyRules,
    /// Save the rules in the configuration file.
    SaveRules,
    /// Save the answer being written under its name.
    Save,
    /// Answer with what is being written, until it is cleared.
    Use,
}

impl AnswerAction {
    /// Whether it is about what was sent of a delivery, or about the sender's other attempts at it.
    pub(crate) fn needs_story(self) -> bool {
        matches!(self, Self::SendAgain | Self::Probe | Self::NextAttempt | Self::PreviousAttempt)
    }

    /// What it does, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Once => "use it for the next delivery only",
            Self::Clear => "clear the chosen answer",
            Self::Write => "write an answer of your own",
            Self::Rules => "edit the rules …",
            Self::Decide => "answer a held delivery; open an attempt",
            Self::DecideAll => "answer all held deliveries",
            Self::Forward => "forward the held delivery",
            Self::Drop => "drop the held delivery's connection",
            Self::LetGo => "send the default answer",
            Self::SendAgain => "forward it to the upstream server again",
            Self::Probe => "probe whether the upstream server checks the signature",
            Self::NextAttempt => "select the sender's next attempt",
            Self::PreviousAttempt => "select the sender's previous attempt",
            Self::ToStatus(_) => "go to the next answer with such a status",
            Self::PreviewDown => "scroll the preview down",
            Self::PreviewUp => "scroll the preview up",
            Self::AddRule => "add a rule",
            Self::EditRule => "edit the rule",
            Self::DeleteRule => "delete the rule",
            Self::UndoRule => "bring back the deleted rule",
            Self::SwitchRule => "switch the rule on or off",
            Self::RaiseRule => "move the rule up",
            Self::LowerRule => "move the rule down",
            Self::CopyRules => "copy the rules as TOML",
            Self::SaveRules => "save the rules in the configuration",
            Self::Save => "save it under its name",
            Self::Use => "use it until cleared",
        }
    }
}
