//! What is sent from the interface: what can be chosen, what is under way, and what came of it.

mod panel;

pub use panel::{Content, Panel};

/// Everything that has to do with sending.
#[derive(Debug, Default)]
pub struct Sending {
    /// What lies over the panes while [`super::Overlay::Sending`] does, the topmost last.
    pub screens: Vec<Screen>,
    /// What is being sent.
    pub progress: Option<Progress>,
    /// What came of the last sending.
    pub last: Option<Box<Panel>>,
}

/// One screen over the panes.
#[derive(Debug)]
pub enum Screen {
    /// What came of the last sending.
    Panel,
}

/// How a sending goes.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Progress {
    /// What is being sent, in words.
    pub what: String,
    /// Sendings in all.
    pub total: usize,
    /// Those that were delivered.
    pub delivered: usize,
    /// Those that were not.
    pub failed: usize,
}

/// Something to be sent, or to be looked up for it. What comes of it comes as [`News`].
#[derive(Debug, Clone, PartialEq)]
pub enum SendTask {
    /// A signed test event to this program's own listener, at this path.
    Test(String),
    /// Give up what is being sent.
    Cancel,
}

/// What the thread that sends tells.
#[derive(Debug)]
pub enum News {
    /// A sending has begun.
    Began(Progress),
    /// A test event was sent; whether a secret was made up for it.
    Tested(Box<Panel>, bool),
    /// Nothing was sent, for this reason.
    NotSent(String),
}
