//! What a person can ask for that sends something.

/// One thing to do with sendings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendAction {
    /// Send a signed test event to this program's own listener.
    Test,
    /// Replay the selected delivery, or all that match the filter.
    Replay,
    /// Simulate an event and send it.
    Simulate,
    /// Check a receiver.
    Check,
    /// Show the result of the last sending again.
    Last,
    /// List the replays of the selected delivery.
    Attempts,
    /// Mark the selected delivery, to compare another one with it.
    Mark,
    /// Compare the marked delivery with the selected one, or two responses.
    Compare,
    /// Compare the selected delivery with what ngrok's agent has captured of it.
    CompareTunnel,
    /// Cancel sending.
    Cancel,
    /// Copy the report, or the simulation as TOML.
    Copy,
    /// Save the simulation in the configuration file, under its name.
    Save,
    /// The next choice of a field, or its cursor to the right.
    Right,
    /// The previous choice, or the cursor to the left.
    Left,
}

impl SendAction {
    /// What it does, in a few words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Test => "send a signed test event to this listener",
            Self::Replay => "replay it …",
            Self::Simulate => "simulate an event …",
            Self::Check => "check a receiver …",
            Self::Last => "show the last result",
            Self::Attempts => "list its replays",
            Self::Mark => "mark it for a comparison",
            Self::Compare => "compare it with the marked one",
            Self::CompareTunnel => "compare it with the tunnel's capture",
            Self::Cancel => "cancel sending",
            Self::Copy => "copy the report, or the form as TOML",
            Self::Save => "save the simulation in the configuration",
            Self::Right => "select the next choice",
            Self::Left => "select the previous choice",
        }
    }
}
