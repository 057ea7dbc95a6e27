//! Saving into the configuration file: what would be written is shown before it is.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::ListColumn;
use crate::config::file::ConfigChange;
use crate::rules::RuleSet;
use crate::simulate::SavedSimulation;
use crate::tui::screens::answers::window::AnswerOverlay;

/// What is to be saved.
#[derive(Debug, Clone, PartialEq)]
pub enum ToSave {
    /// The active rules.
    Rules(Arc<RuleSet>),
    /// A simulation under its name.
    Simulation(String, Box<SavedSimulation>),
    /// A filter under its name.
    Filter(String, String),
    /// The columns of the list.
    Columns(Vec<ListColumn>),
}

/// What is asked of the configuration file. Each answers with [`ConfigNews`].
#[derive(Debug, Clone, PartialEq)]
pub enum ConfigEffect {
    /// Make a change of this file, and write nothing yet.
    Make(PathBuf, ToSave),
    /// Write a change.
    Write(Arc<ConfigChange>),
}

/// What comes back.
#[derive(Debug)]
pub enum ConfigNews {
    /// What would be written, or why nothing can be.
    Made(Result<Arc<ConfigChange>, String>),
    /// How writing went.
    Written(Arc<ConfigChange>, Result<(), String>),
}

/// A change that waits for a yes.
#[derive(Debug)]
pub struct PendingSave {
    /// The change.
    pub change: Arc<ConfigChange>,
    /// The first line shown.
    pub scroll: usize,
    /// What it lies over, and goes back to.
    pub(crate) below: Below,
}

/// The window that a change was made in.
#[derive(Debug)]
pub(crate) enum Below {
    /// A window about answers.
    Answers(Box<AnswerOverlay>),
    /// A screen of sendings.
    Sending,
    /// Only the panes.
    Nothing,
}
