//! The state machine of the interface: a message and a model in, effects out.
//!
//! ```text
//! keys, store, tunnel, loader ─▶ Message ─▶ update(&mut Model) ─▶ Effect ─▶ threads, disk, clipboard
//!                                               │
//!                                               └─▶ Model ─▶ draw
//! ```
//!
//! [`update`] does no I/O, reads no clock and starts no thread; so a session can be replayed in a
//! test from its messages alone.

mod action;
mod answers;
mod detail;
mod effect;
mod image;
mod inquiry;
mod list;
mod message;
mod model;
mod overlay;
mod payload;
mod rows;
mod saving;
mod sending;
mod status;
#[cfg(test)]
mod tests;
mod trial;
mod update;

pub use action::{Action, AnswerAction, ImageAction, PayloadAction, SendAction, Step, Tab};
pub use answers::{
    AnswerOverlay, AnswerStory, Answers, AnswersEffect, AnswersNews, AnswersState, Choice, Editor, EditorField, Group,
    Picked, Picker, RuleLine, RuleRow, RulesView, StoryView, as_toml,
};
pub use detail::{Contents, Expected, Loaded, Payload, Unread};
pub use effect::{Edge, Effect, PageRequest, Place};
pub use image::{
    ImageCopy, ImageView, ImageViewport, LoadedImage, PictureKey, PictureRequest, PictureView, SaveRequest, save_words,
};
pub use inquiry::{Finding, Inquiry, Question, Report};
pub use list::List;
pub use message::{Message, PageResult};
pub use model::{Detail, Focus, Model, Notice, Setup, Viewport};
pub use overlay::{Confirm, CopyItem, Overlay, Prompt, PromptKind};
pub use payload::{
    PayloadAnswer, PayloadOutcome, PayloadRequest, PayloadTask, PayloadView, Query, QueryResult, Search, StringView,
};
pub use rows::{MadeRows, RowsTask};
pub use saving::{ConfigEffect, ConfigNews, Saving, ToSave};
pub use sending::{
    Again, CheckTask, CheckView, Content, Field, FieldKey, Fields, Form, News, Panel, Preview, Progress, Purpose,
    Receiver, ReplayTask, Screen, SendTask, Sending, Sent, SimulateTask, Value, Which,
};
pub use status::{Memory, Sizes, Status, StatusView};
pub use trial::{Trial, TrialField};
pub use update::update;
