//! Simulated deliveries: a payload as the documentation describes it, or like a live one, made from a
//! recipe, a moment and a seed.
//!
//! | part | what it does |
//! |---|---|
//! | [`Recipe`] | which event, simulated or like a live one, how many items, which image, what is changed |
//! | [`PayloadEdit`] | a field set, added or removed by its path; the rest stays byte for byte |
//! | [`picture()`], [`picture_like()`], [`written()`] | a JPEG of a chosen size, a picture in place of another, and bytes as JSON in every form |
//! | [`Burst`] | several deliveries: how many, how fast, twice, out of order |
//! | [`SampleEvent`] | a sample event of another sender, as data |
//! | [`SavedSimulation`] | all of that under a name in the configuration |
//!
//! Everything here but [`fresh_seed`] is a pure function of its arguments: no input, no output, no clock.
//!
//! ```
//! use whyhook::simulate::{Circumstances, Recipe, SimulatedEvent};
//!
//! let circumstances = Circumstances { moment: "2026-05-04T09:10:00Z".parse()?, seed: 1 };
//! let body = Recipe::new(SimulatedEvent::Activity).build(&circumstances)?;
//! assert!(body.starts_with(br#"{"event":"desktop.activity_tracking.captured","version":"v1""#));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod burst;
mod compose;
mod dice;
mod edit;
mod event;
mod picture;
mod samples;
mod saved;
mod scene;
#[cfg(test)]
mod tests;
mod written;

pub use burst::{Burst, BurstSending, COUNT_LIMIT, InvalidBurst, LOWEST_RATE, RATE_LIMIT, is_rate};
pub use edit::{EditError, EditPath, InvalidPath, PathStep, PayloadEdit, RawValue};
pub use event::{SimulatedEvent, UnknownEvent};
pub use picture::{InvalidPictureSize, PictureSize, picture, picture_like};
pub use samples::{BuiltSample, SIGNATURE_MARK, SampleEvent, fresh_header};
pub use saved::{InvalidSaved, SavedFault, SavedSimulation};
pub use written::{PLACEHOLDER, written};

use jiff::Timestamp;

use crate::payload::binary::BinaryForm;
use dice::Dice;

/// The most items of one payload.
pub const ITEMS_LIMIT: usize = 1_000;
/// The most bytes that the images of one payload may have together, before they are written as JSON.
pub const IMAGES_LIMIT: usize = 64 * 1024 * 1024;

/// The recipe of a payload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recipe {
    /// The event.
    pub event: SimulatedEvent,
    /// Like a live one: without the `simulation` field.
    pub live: bool,
    /// How many items an array of data has, 1 to [`ITEMS_LIMIT`]; an activity has one.
    pub items: usize,
    /// The encoding of a screenshot's image. The default is base64 in a live-like event, and the placeholder in
    /// a simulation.
    pub image: Option<BinaryForm>,
    /// How large the image is.
    pub size: PictureSize,
    /// Edits that are applied last, in this order.
    pub edits: Vec<PayloadEdit>,
}

/// What a payload depends on in addition to its recipe.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// When the event happens.
    pub moment: Timestamp,
    /// The seed of everything that varies; see [`fresh_seed`].
    pub seed: u64,
}

/// Why a recipe is invalid.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecipeError {
    /// None, or too many.
    #[error("invalid item count {0}: expected 1 to {ITEMS_LIMIT}")]
    Items(usize),
    /// An activity's data is an object.
    #[error("an activity event has no items: its data is one object, not an array")]
    NoItems,
    /// The event has no image.
    #[error("event {0} has no image: only screenshot has one")]
    NoImage(SimulatedEvent),
    /// The images together are too large.
    #[error("{items} images of {bytes} bytes are more than 64 MiB: ask for fewer or smaller ones")]
    TooLarge {
        /// How many.
        items: usize,
        /// How large one is.
        bytes: usize,
    },
    /// An edit that cannot be applied.
    #[error(transparent)]
    Edit(#[from] EditError),
}

impl Recipe {
    /// A plain simulation of `event`.
    #[must_use]
    pub fn new(event: SimulatedEvent) -> Self {
        Self { event, live: false, items: 1, image: None, size: PictureSize::default(), edits: Vec::new() }
    }

    /// A simulation of `event` like a live one.
    #[must_use]
    pub fn live(event: SimulatedEvent) -> Self {
        Self { live: true, ..Self::new(event) }
    }

    /// How a screenshot's image is written.
    #[must_use]
    pub fn form(&self) -> BinaryForm {
        self.image.unwrap_or(if self.live { BinaryForm::Base64 } else { BinaryForm::Placeholder })
    }

    /// The payload's exact bytes.
    ///
    /// # Errors
    ///
    /// [`RecipeError`].
    pub fn build(&self, circumstances: &Circumstances) -> Result<Vec<u8>, RecipeError> {
        if !(1..=ITEMS_LIMIT).contains(&self.items) {
            return Err(RecipeError::Items(self.items));
        }
        if self.event == SimulatedEvent::Activity && self.items > 1 {
            return Err(RecipeError::NoItems);
        }
        if self.event != SimulatedEvent::Screenshot && self.image.is_some() {
            return Err(RecipeError::NoImage(self.event));
        }
        let mut dice = Dice::new(circumstances.seed);
        let image = self.written_image(&mut dice)?;
        let body = compose::compose(self, circumstances.moment, &mut dice, |_| image.clone());
        Ok(edited(body.into_bytes(), &self.edits)?)
    }

    /// The image of every item; drawing one is most of the work.
    fn written_image(&self, dice: &mut Dice) -> Result<String, RecipeError> {
        let form = self.form();
        let seed = dice.number();
        if self.event != SimulatedEvent::Screenshot || matches!(form, BinaryForm::Placeholder | BinaryForm::Lost) {
            return Ok(written(b"", form));
        }
        let bytes = picture(self.size, seed);
        if bytes.len().saturating_mul(self.items) > IMAGES_LIMIT {
            return Err(RecipeError::TooLarge { items: self.items, bytes: bytes.len() });
        }
        Ok(written(&bytes, form))
    }
}

/// A fresh seed, from the system's random numbers.
///
/// # Errors
///
/// The system's reason when it has none; then nothing can be simulated.
pub fn fresh_seed() -> Result<u64, getrandom::Error> {
    getrandom::u64()
}

/// Applies every edit, in order.
///
/// # Errors
///
/// The first [`EditError`].
pub fn edited(body: Vec<u8>, edits: &[PayloadEdit]) -> Result<Vec<u8>, EditError> {
    edits.iter().try_fold(body, |body, edit| edit.apply(&body))
}

/// The form that `name` means: its code in either spelling, or a shorter name.
///
/// ```
/// use whyhook::payload::binary::BinaryForm;
/// assert_eq!(whyhook::simulate::form_named("data-url"), Some(BinaryForm::DataUrl));
/// ```
#[must_use]
pub fn form_named(name: &str) -> Option<BinaryForm> {
    let code = name.trim().to_ascii_lowercase().replace('-', "_");
    BinaryForm::from_code(&code).or(match code.as_str() {
        "array" => Some(BinaryForm::NumberArray),
        "print_out" | "print" | "buffer_print" => Some(BinaryForm::NodePrint),
        "buffer" => Some(BinaryForm::BufferJson),
        "destroyed" => Some(BinaryForm::DestroyedUtf8),
        "uint8array" => Some(BinaryForm::Uint8ArrayPrint),
        "python" => Some(BinaryForm::PythonBytes),
        "number_list" => Some(BinaryForm::NumberListText),
        _ => None,
    })
}
