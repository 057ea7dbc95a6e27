//! A simulation under a name: `[simulations.NAME]` in the configuration.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{
    Burst, Circumstances, EditError, InvalidBurst, PayloadEdit, PictureSize, Recipe, RecipeError, SimulatedEvent,
    form_named,
};
use crate::http::HeaderLine;
use crate::payload::binary::BinaryForm;
use crate::signature::SigningKind;
use crate::text::visible;

/// What `[simulations.NAME]` says. Every field may be left out.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SavedSimulation {
    /// The event; when nothing is said a screenshot, or the sample event of another scheme's sender.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub event: Option<SimulatedEvent>,
    /// The webhook that it is sent to, by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// The URL that it is sent to, instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// `developer` or `reseller`, where no webhook tells.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "kind_name")]
    pub kind: Option<SigningKind>,
    /// Like a live event.
    #[serde(skip_serializing_if = "is_default")]
    pub live: bool,
    /// How the image is written, by the name of a form: `base64`, `data-url` and so on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
    /// How large the image is: `1280x720`, or `45kB`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<String>")]
    pub image_size: Option<PictureSize>,
    /// How many items.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<usize>,
    /// Fields set, each `PATH=VALUE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub set: Vec<String>,
    /// Fields added, each `PATH=VALUE`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub add: Vec<String>,
    /// Fields taken out, each a path.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unset: Vec<String>,
    /// Headers added, each `Name: value`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub headers: Vec<String>,
    /// How many deliveries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<u32>,
    /// How many a second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Each delivery twice.
    #[serde(skip_serializing_if = "is_default")]
    pub duplicate: bool,
    /// In another order than the events happened.
    #[serde(skip_serializing_if = "is_default")]
    pub out_of_order: bool,
}

/// A key of a saved simulation that cannot be.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{fault}")]
pub struct InvalidSaved {
    /// The key.
    pub key: &'static str,
    /// The position in its array, where it has one.
    pub item: Option<usize>,
    /// What is wrong.
    pub fault: SavedFault,
}

/// What is wrong with a key of a saved simulation.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SavedFault {
    /// No form of an image.
    #[error("unknown image form '{}': expected one of {}", visible(.0), BinaryForm::ALL.map(BinaryForm::name).join(", "))]
    Image(String),
    /// No header.
    #[error("invalid header '{}': expected 'Name: value'", visible(.0))]
    Header(String),
    /// A header that is as the body is.
    #[error("cannot set the header '{}': it follows from the body", visible(.0))]
    LengthHeader(String),
    /// No change.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// No count or rate.
    #[error(transparent)]
    Burst(#[from] InvalidBurst),
    /// Not with this event.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// Two places to send to.
    #[error("it names both a webhook and a URL: keep one")]
    TwoPlaces,
}

impl SavedFault {
    fn of(self, key: &'static str) -> InvalidSaved {
        InvalidSaved { key, item: None, fault: self }
    }

    fn of_item(self, key: &'static str, item: usize) -> InvalidSaved {
        InvalidSaved { key, item: Some(item), fault: self }
    }
}

impl SavedSimulation {
    /// What is built.
    ///
    /// # Errors
    ///
    /// [`InvalidSaved`].
    pub fn recipe(&self) -> Result<Recipe, InvalidSaved> {
        let form = |name: &String| form_named(name).ok_or_else(|| SavedFault::Image(name.clone()).of("image"));
        let edits = self.edits().map(|(.., edit)| edit).collect::<Result<_, _>>()?;
        Ok(Recipe {
            event: self.event.unwrap_or_default(),
            live: self.live,
            items: self.items.unwrap_or(1),
            image: self.image.as_ref().map(form).transpose()?,
            size: self.image_size.unwrap_or_default(),
            edits,
        })
    }

    /// The edits in their order, each with its key and its position there.
    fn edits(&self) -> impl Iterator<Item = (&'static str, usize, Result<PayloadEdit, InvalidSaved>)> {
        type ReadEdit = fn(&str) -> Result<PayloadEdit, EditError>;
        let lists: [(&'static str, &[String], ReadEdit); 3] = [
            ("set", &self.set, PayloadEdit::set),
            ("add", &self.add, PayloadEdit::add),
            ("unset", &self.unset, PayloadEdit::unset),
        ];
        lists.into_iter().flat_map(|(key, texts, read)| {
            let texts = texts.iter().enumerate();
            texts.map(move |(at, text)| (key, at, read(text).map_err(|error| SavedFault::from(error).of_item(key, at))))
        })
    }

    /// Checks every key.
    ///
    /// # Errors
    ///
    /// [`InvalidSaved`], of the first that cannot be.
    pub fn check(&self) -> Result<(), InvalidSaved> {
        self.recipe()?;
        self.headers()?;
        self.burst().sendings(0).map_err(|error| {
            let key = match error {
                InvalidBurst::Count(_) => "count",
                InvalidBurst::Rate(_) => "rate",
            };
            SavedFault::from(error).of(key)
        })?;
        match (&self.webhook, &self.to) {
            (Some(_), Some(_)) => Err(SavedFault::TwoPlaces.of("to")),
            _ => Ok(()),
        }
    }

    /// What its event does not have, so that it cannot be sent as it is. Without an event it may be a sample of another
    /// sender's.
    #[must_use]
    pub fn doubt(&self) -> Option<InvalidSaved> {
        let event = self.event?;
        let mut recipe = self.recipe().ok()?;
        recipe.edits.clear();
        if event == SimulatedEvent::Screenshot {
            // Drawing one takes time, and decides nothing here.
            recipe.image = Some(BinaryForm::Placeholder);
        }
        let mut body = match recipe.build(&Circumstances { moment: Timestamp::UNIX_EPOCH, seed: 0 }) {
            Ok(body) => body,
            Err(error @ RecipeError::NoImage(_)) => return Some(SavedFault::from(error).of("image")),
            Err(error) => return Some(SavedFault::from(error).of("items")),
        };
        for (key, at, edit) in self.edits() {
            match edit.ok()?.apply(&body) {
                Ok(edited) => body = edited,
                Err(error) => return Some(SavedFault::from(error).of_item(key, at)),
            }
        }
        None
    }

    /// The headers that are added, as names and values.
    ///
    /// # Errors
    ///
    /// [`InvalidSaved`].
    pub fn headers(&self) -> Result<Vec<(String, String)>, InvalidSaved> {
        let read = |(at, text): (usize, &String)| {
            let invalid = || SavedFault::Header(text.clone()).of_item("headers", at);
            let (name, value) = text.split_once(':').ok_or_else(invalid)?;
            let (name, value) = (name.trim().to_owned(), value.trim().to_owned());
            if ["content-length", "transfer-encoding"].iter().any(|own| name.eq_ignore_ascii_case(own)) {
                return Err(SavedFault::LengthHeader(name).of_item("headers", at));
            }
            HeaderLine::new(&name, &value).map_err(|_| invalid())?;
            Ok((name, value))
        };
        self.headers.iter().enumerate().map(read).collect()
    }

    /// How often it is sent.
    #[must_use]
    pub fn burst(&self) -> Burst {
        Burst {
            count: self.count.unwrap_or(1),
            rate: self.rate,
            duplicate: self.duplicate,
            out_of_order: self.out_of_order,
        }
    }

    /// The lines to put into the configuration.
    #[must_use]
    pub fn to_toml(&self, name: &str) -> String {
        let table = toml::Table::try_from(self).unwrap_or_default();
        let named = toml::Table::from_iter([(name.to_owned(), toml::Value::Table(table))]);
        toml::Table::from_iter([("simulations".to_owned(), toml::Value::Table(named))]).to_string()
    }
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

#[expect(clippy::ref_option, reason = "serde hands a reference to the field")]
fn kind_name<S: serde::Serializer>(kind: &Option<SigningKind>, serializer: S) -> Result<S::Ok, S::Error> {
    kind.map(SigningKind::name).serialize(serializer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_is_read_again() {
        let saved = SavedSimulation {
            event: Some(SimulatedEvent::Screenshot),
            to: Some("http://127.0.0.1:8080/hook".to_owned()),
            kind: Some(SigningKind::Reseller),
            live: true,
            image: Some("data-url".to_owned()),
            image_size: Some(PictureSize::Pixels(640, 360)),
            headers: vec!["X-Trace: a:b".to_owned()],
            set: vec!["data[0].screenshot.app.name=\"a \\\"b\\\"\"".to_owned()],
            count: Some(3),
            rate: Some(1.5),
            ..SavedSimulation::default()
        };
        let text = saved.to_toml("odd name");
        assert!(text.contains("[simulations.\"odd name\"]"), "{text}");
        let read: toml::Table = text.parse().unwrap();
        let read: SavedSimulation = read["simulations"]["odd name"].clone().try_into().unwrap();
        assert_eq!(read, saved);
        assert_eq!(read.recipe().unwrap().form(), BinaryForm::DataUrl);
        assert_eq!(read.headers().unwrap(), [("X-Trace".to_owned(), "a:b".to_owned())]);
    }

    #[test]
    fn what_its_event_does_not_have_is_doubted() {
        let of = |event: Option<SimulatedEvent>| SavedSimulation { event, ..SavedSimulation::default() };
        let list = |path: &str| vec![path.to_owned()];
        let (app, activity) = (Some(SimulatedEvent::App), Some(SimulatedEvent::Activity));
        for (saved, place) in [
            (SavedSimulation { unset: list("nope"), ..of(app) }, Some(("unset", Some(0)))),
            (SavedSimulation { set: list("nope=1"), ..of(app) }, Some(("set", Some(0)))),
            (SavedSimulation { add: list("version=1"), ..of(app) }, Some(("add", Some(0)))),
            (SavedSimulation { unset: list("version"), add: list("version=1"), ..of(app) }, Some(("add", Some(0)))),
            (SavedSimulation { image: Some("base64".to_owned()), ..of(app) }, Some(("image", None))),
            (SavedSimulation { items: Some(2), ..of(activity) }, Some(("items", None))),
            (SavedSimulation { items: Some(0), ..of(app) }, Some(("items", None))),
            (SavedSimulation { unset: list("version"), ..of(app) }, None),
            (SavedSimulation { add: list("nope=1"), unset: list("nope"), ..of(app) }, None),
            // It may be another sender's sample.
            (SavedSimulation { unset: list("nope"), ..of(None) }, None),
            (SavedSimulation { image: Some("data-url".to_owned()), ..of(Some(SimulatedEvent::Screenshot)) }, None),
        ] {
            assert_eq!(saved.check(), Ok(()), "{saved:?}");
            let doubt = saved.doubt();
            assert_eq!(doubt.as_ref().map(|doubt| (doubt.key, doubt.item)), place, "{saved:?}: {doubt:?}");
        }
    }

    #[test]
    fn what_means_nothing_is_refused() {
        let unknown = toml::from_str::<SavedSimulation>("event = 'app'\ncolour = 1").unwrap_err();
        assert!(unknown.to_string().contains("unknown field `colour`"), "{unknown}");
        assert!(toml::from_str::<SavedSimulation>("event = 'login'").is_err());
        let image =
            SavedSimulation { image: Some("webp".to_owned()), ..SavedSimulation::default() }.recipe().unwrap_err();
        for (header, words) in [
            ("X-Trace", "expected 'Name: value'"),
            (": x", "expected 'Name: value'"),
            ("A: b\r\nC: d", "expected 'Name: value'"),
            ("content-length: 1", "follows from the body"),
        ] {
            let saved = SavedSimulation { headers: vec![header.to_owned()], ..SavedSimulation::default() };
            let error = saved.headers().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
        assert!(image.to_string().contains("'webp'") && image.to_string().contains("base64"), "{image}");
    }
}
