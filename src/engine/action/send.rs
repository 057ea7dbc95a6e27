//! What a person can ask for that sends something.

/// One thing to do with sendings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendAction {
    /// Send a signed test event to this program's own listener.
    Test,
    /// Show the result of the last sending again.
    Last,
    /// Give up what is being sent.
    Cancel,
}

impl SendAction {
    /// What it does, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Test => "send a signed test event to this listener",
            Self::Last => "show the last sending's result",
            Self::Cancel => "cancel what is being sent",
        }
    }
}
