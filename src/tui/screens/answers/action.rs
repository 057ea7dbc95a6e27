//! What a person can ask for about answers.

/// One thing to do with what goes back to senders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AnswerAction {
    /// Answer with the chosen one, for the next delivery only.
    Once,
    /// Take back the choice over the rules.
    Clear,
    /// Write an answer of one's own, beginning with the chosen one.
    Write,
    /// The rules.
    Rules,
    /// Decide about the shown delivery, which is held.
    Decide,
    /// Decide about everything that is held.
    DecideAll,
    /// Pass the shown delivery, which is held, on to the server behind.
    Forward,
    /// Close the connection of the shown delivery, which is held.
    Drop,
    /// Let the shown delivery, which is held, go with its default.
    LetGo,
    /// Send the shown delivery to the server behind again.
    SendAgain,
    /// The sender's next attempt at the same delivery.
    NextAttempt,
    /// The one before.
    PreviousAttempt,
    /// Scroll what would be sent.
    PreviewDown,
    /// Scroll it back.
    PreviewUp,
    /// Add a rule behind the chosen one.
    AddRule,
    /// Change the chosen rule.
    EditRule,
    /// Take the chosen rule out.
    DeleteRule,
    /// Switch the chosen rule off, or on.
    SwitchRule,
    /// Move the chosen rule up.
    RaiseRule,
    /// Move the chosen rule down.
    LowerRule,
    /// Copy the rules as they stand in a configuration file.
    CopyRules,
    /// Save the rules in the configuration file.
    SaveRules,
    /// Save the answer being written under its name.
    Save,
    /// Answer with what is being written, until it is cleared.
    Use,
}

impl AnswerAction {
    /// What it does, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Once => "use it for the next delivery only",
            Self::Clear => "clear the chosen answer",
            Self::Write => "write an answer of your own",
            Self::Rules => "rules …",
            Self::Decide => "decide about a held delivery; go to an attempt",
            Self::DecideAll => "decide about all that is held",
            Self::Forward => "forward the held delivery",
            Self::Drop => "drop the held delivery's connection",
            Self::LetGo => "let the held delivery go with its default",
            Self::SendAgain => "send it to the server behind again",
            Self::NextAttempt => "the sender's next attempt",
            Self::PreviousAttempt => "the attempt before",
            Self::PreviewDown => "scroll what would be sent",
            Self::PreviewUp => "scroll it back",
            Self::AddRule => "add a rule",
            Self::EditRule => "change the rule",
            Self::DeleteRule => "delete the rule",
            Self::SwitchRule => "switch the rule off or on",
            Self::RaiseRule => "move the rule up",
            Self::LowerRule => "move the rule down",
            Self::CopyRules => "copy the rules for a configuration",
            Self::SaveRules => "save the rules in the configuration",
            Self::Save => "save it under its name",
            Self::Use => "answer with it from now on",
        }
    }
}
