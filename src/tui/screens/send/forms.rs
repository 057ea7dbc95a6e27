//! The forms: what can be chosen before something is sent.

use super::form::{FieldKey, FieldValue, Fields, FormField};
use super::task::{Again, CheckTask, Preview, ReplayTask, SimulateTask, Which};
use crate::delivery::DeliveryId;
use crate::payload::binary::BinaryForm;
use crate::query::{Query, SavedFilters};
use crate::send::BatchPace;
use crate::signature::SigningKind;
use crate::simulate::{SavedSimulation, SimulatedEvent};
use crate::text::visible;
use crate::tui::app::step::Neighbour;
use crate::tui::screens::send::state::{Receiver, SendState};

/// What a form is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Purpose {
    /// Sending a delivery, or all that match a filter, again.
    Replay(DeliveryId, String),
    /// Making up an event.
    Simulate,
    /// Checking a receiver.
    Check,
}

/// A form, its messages and its preview.
#[derive(Debug)]
pub struct SendForm {
    /// What for.
    pub purpose: Purpose,
    /// The fields.
    pub fields: Fields,
    /// What is wrong with it, in words.
    pub error: Option<String>,
    /// How saving went.
    pub said: Option<Result<String, String>>,
    /// What would be sent.
    pub preview: Option<Result<Preview, String>>,
    /// The first row of the preview that is shown.
    pub scroll: usize,
    pub(crate) seed: Option<u64>,
    /// Whether the delivery's webhook has no URL of its own.
    needs_target: bool,
    /// Where to it would have gone as it opened.
    to: String,
}

/// What an image can be written as, the form's own choice first.
const BY_ITSELF: &str = "default: a placeholder when simulated, base64 when live";

impl SendForm {
    fn new(purpose: Purpose, fields: Vec<FormField>) -> Self {
        let fields = Fields::new(fields);
        Self {
            purpose,
            to: fields.typed(FieldKey::To).to_owned(),
            fields,
            error: None,
            said: None,
            preview: None,
            scroll: 0,
            seed: None,
            needs_target: false,
        }
    }

    /// Where to it shall go, when something else was typed than what it began with.
    pub(crate) fn typed_to(&self) -> Option<&str> {
        Some(self.fields.typed(FieldKey::To)).filter(|typed| *typed != self.to)
    }

    /// To replay `id`, or all that match `filter`.
    pub(crate) fn replay(sending: &SendState, id: DeliveryId, filter: &str, own: Option<String>) -> Self {
        let all = if filter.is_empty() {
            "every delivery, oldest first".to_owned()
        } else {
            format!("every delivery that matches {}", visible(filter))
        };
        let has_own = own.is_some();
        let to_about = if has_own {
            "empty: the webhook's own URL; or URLs, separated by spaces"
        } else {
            "such as http://localhost:8080/webhooks/trackpilots; or URLs, separated by spaces"
        };
        let to = if sending.to.is_empty() { own.unwrap_or_default() } else { sending.to.clone() };
        let fields = vec![
            FormField::choice(FieldKey::Which, "deliveries", vec![format!("this delivery, #{id}"), all]),
            FormField::choice(FieldKey::How, "mode", Again::ALL.iter().map(|how| how.words().to_owned()).collect()),
            FormField::text(FieldKey::To, "to", &to, to_about),
            FormField::text(FieldKey::Rate, "rate", "", "empty: one after another; or such as 5/s, 30/m"),
        ];
        let mut form = Self::new(Purpose::Replay(id, filter.to_owned()), fields);
        form.needs_target = !has_own;
        // What is asked most.
        form.fields.at = 1;
        form.settle(&sending.receivers);
        form
    }

    /// To simulate an event.
    pub(crate) fn simulate(sending: &SendState, own: &str) -> Self {
        let mut receivers = vec![format!("this listener: {own}")];
        receivers.extend(sending.receivers.iter().map(|receiver| {
            let url = receiver.url.as_deref().unwrap_or("this listener");
            format!("{}: {}, {}", visible(&receiver.name), visible(url), receiver.kind)
        }));
        receivers.push("a URL".to_owned());
        let forms = std::iter::once(BY_ITSELF.to_owned()).chain(BinaryForm::ALL.map(BinaryForm::name));
        let fields = vec![
            FormField::choice(FieldKey::Receiver, "webhook", receivers),
            FormField::text(FieldKey::To, "URL", "", "such as http://localhost:8080/webhooks/trackpilots"),
            FormField::choice(FieldKey::Kind, "timestamp", vec!["in seconds".to_owned(), "in milliseconds".to_owned()]),
            FormField::choice(FieldKey::Event, "event", Vec::new()),
            FormField::choice(
                FieldKey::Like,
                "payload",
                vec!["a simulation".to_owned(), "like a live event".to_owned()],
            ),
            FormField::choice(FieldKey::Image, "image", forms.collect()),
            FormField::text(FieldKey::Size, "image size", "", "empty: 1280x720; or such as 640x360, 45kB"),
            FormField::text(FieldKey::Items, "items", "", "empty: 1 item"),
            FormField::text(FieldKey::Set, "set", "", "PATH=VALUE, such as data[0].screenshot.isIdle=true"),
            FormField::text(FieldKey::Add, "add", "", "new fields, PATH=VALUE, such as data[0].extra=1"),
            FormField::text(FieldKey::Unset, "unset", "", "fields to leave out, PATH, such as data[0].screenshot"),
            FormField::text(FieldKey::Count, "count", "", "empty: 1 delivery"),
            FormField::choice(
                FieldKey::Copies,
                "copies",
                vec!["one".to_owned(), "two: a sender's duplicate".to_owned()],
            ),
            FormField::choice(FieldKey::Order, "order", vec!["in order".to_owned(), "out of order".to_owned()]),
            FormField::text(FieldKey::Rate, "rate", "", "empty: one after another; or such as 5/s"),
            FormField::text(FieldKey::Name, "save as", "", "a name; ^S saves it in the configuration"),
        ];
        let mut form = Self::new(Purpose::Simulate, fields);
        form.settle(&sending.receivers);
        form
    }

    /// To check a receiver.
    pub(crate) fn check(sending: &SendState) -> Self {
        let webhook = || sending.receivers.iter().find_map(|receiver| receiver.url.clone());
        let to = if sending.checked.is_empty() { webhook().unwrap_or_default() } else { sending.checked.clone() };
        let fields = vec![
            FormField::text(FieldKey::To, "URL", &to, "such as http://localhost:8080/webhooks/trackpilots"),
            FormField::choice(FieldKey::Kind, "timestamp", vec!["in seconds".to_owned(), "in milliseconds".to_owned()]),
            FormField::text(
                FieldKey::MaxAge,
                "max age",
                "",
                "empty: not checked; or such as 5m: older requests must be refused",
            ),
        ];
        Self::new(Purpose::Check, fields)
    }

    /// Shows and hides what depends on what was chosen.
    pub(crate) fn settle(&mut self, receivers: &[Receiver]) {
        match &self.purpose {
            Purpose::Replay(..) => {
                let one = self.fields.chosen(FieldKey::Which) == 0;
                self.hide(FieldKey::Rate, one);
            }
            Purpose::Simulate => {
                let place = self.fields.chosen(FieldKey::Receiver);
                let is_url = place == receivers.len() + 1;
                let receiver = place.checked_sub(1).and_then(|place| receivers.get(place));
                self.hide(FieldKey::To, !is_url);
                self.hide(FieldKey::Kind, !is_url);
                self.offer_events(receiver);
                let event = self.event(receiver);
                self.hide(FieldKey::Image, event != SimulatedEvent::Screenshot);
                let has_image = event == SimulatedEvent::Screenshot
                    && (self.fields.chosen(FieldKey::Image) > 0 || self.fields.chosen(FieldKey::Like) == 1);
                self.hide(FieldKey::Size, !has_image);
                self.hide(FieldKey::Items, event == SimulatedEvent::Activity);
                let is_one = matches!(self.fields.typed(FieldKey::Count), "" | "1");
                self.hide(FieldKey::Order, is_one);
                self.hide(FieldKey::Rate, is_one && self.fields.chosen(FieldKey::Copies) == 0);
            }
            Purpose::Check => {}
        }
        if self.fields.all.get(self.fields.at).is_some_and(|field| field.hidden) {
            self.fields.turn(Neighbour::Next);
        }
    }

    fn hide(&mut self, key: FieldKey, hidden: bool) {
        if let Some(field) = self.fields.get_mut(key) {
            field.hidden = hidden;
        }
    }

    /// Only what the webhook subscribes to.
    fn offer_events(&mut self, receiver: Option<&Receiver>) {
        let names: Vec<String> = offered(receiver).iter().map(|event| event.name().to_owned()).collect();
        if let Some(FormField { value: FieldValue::Choice(options, chosen), .. }) = self.fields.get_mut(FieldKey::Event)
            && *options != names
        {
            let before = options.get(*chosen).and_then(|name| names.iter().position(|other| other == name));
            *chosen = before.unwrap_or(0);
            *options = names;
        }
    }

    fn event(&self, receiver: Option<&Receiver>) -> SimulatedEvent {
        offered(receiver).get(self.fields.chosen(FieldKey::Event)).copied().unwrap_or_default()
    }

    /// To the field of the URL, where none is there or it cannot be read.
    pub(crate) fn point_at_url(&mut self) {
        let typed = self.fields.typed(FieldKey::To);
        let is_optional = match self.purpose {
            Purpose::Replay(..) => !self.needs_target || self.fields.chosen(FieldKey::Which) != 0,
            Purpose::Simulate | Purpose::Check => false,
        };
        let is_readable = typed.split_whitespace().all(|url| url.parse::<crate::http::Target>().is_ok());
        if !is_readable || (typed.is_empty() && !is_optional) {
            self.fields.go_to(FieldKey::To);
        }
    }

    /// What to replay, or what is wrong with the form.
    pub(crate) fn replay_task(&self, id: DeliveryId, filter: &str, saved: &SavedFilters) -> Result<ReplayTask, String> {
        let is_one = self.fields.chosen(FieldKey::Which) == 0;
        let how = Again::ALL[self.fields.chosen(FieldKey::How).min(Again::ALL.len() - 1)];
        if how.edits() && !is_one {
            return Err("only one delivery at a time can be edited".to_owned());
        }
        let to: Vec<String> = self.fields.typed(FieldKey::To).split_whitespace().map(str::to_owned).collect();
        if is_one && to.is_empty() && self.needs_target {
            return Err("enter the URL to replay to, such as http://localhost:8080/webhooks/trackpilots".to_owned());
        }
        for url in &to {
            url.parse::<crate::http::Target>().map_err(|error| error.to_string())?;
        }
        let pace = match self.fields.typed(FieldKey::Rate) {
            "" => BatchPace::InOrder,
            rate => rate.parse().map_err(|error: crate::send::InvalidRate| error.to_string())?,
        };
        let which = match is_one {
            true => Which::One(id),
            false => Which::Matching(Query::parse_with(filter, saved).map_err(|error| error.to_string())?),
        };
        Ok(ReplayTask { which, how, body: None, to, pace })
    }

    /// What to simulate, or what is wrong with the form.
    pub(crate) fn simulate_task(&self, receivers: &[Receiver]) -> Result<SimulateTask, String> {
        let place = self.fields.chosen(FieldKey::Receiver);
        let receiver = place.checked_sub(1).and_then(|place| receivers.get(place));
        let is_url = place == receivers.len() + 1;
        let fields = &self.fields;
        let image = fields.chosen(FieldKey::Image).checked_sub(1).map(|place| BinaryForm::ALL[place].name());
        let saved = SavedSimulation {
            event: Some(self.event(receiver)),
            webhook: receiver.map(|receiver| receiver.name.clone()),
            to: is_url.then(|| fields.typed(FieldKey::To).to_owned()),
            kind: is_url.then(|| kind(fields)),
            live: fields.chosen(FieldKey::Like) == 1,
            image,
            image_size: optional(
                fields,
                FieldKey::Size,
                "image size",
                "pixels such as 640x360, a size such as 45kB, or both",
            )?,
            items: optional(fields, FieldKey::Items, "number of items", "a number such as 3")?,
            set: parts(fields.typed(FieldKey::Set)),
            add: parts(fields.typed(FieldKey::Add)),
            unset: parts(fields.typed(FieldKey::Unset)),
            headers: Vec::new(),
            duplicate: fields.chosen(FieldKey::Copies) == 1,
            out_of_order: fields.chosen(FieldKey::Order) == 1,
            count: optional(fields, FieldKey::Count, "count", "a number such as 10")?,
            rate: optional(fields, FieldKey::Rate, "rate", "a number per second or minute, such as 5/s or 30/m")?,
        };
        saved.recipe().map_err(|error| error.to_string())?;
        if is_url && saved.to.as_deref() == Some("") {
            return Err("enter the URL to send to".to_owned());
        }
        Ok(SimulateTask { saved: Box::new(saved), seed: self.seed })
    }

    /// The simulation under its name, or what is wrong with it.
    pub(crate) fn named(&mut self, receivers: &[Receiver]) -> Result<(String, SavedSimulation), String> {
        let task = self.simulate_task(receivers)?;
        let name = self.fields.typed(FieldKey::Name).to_owned();
        if name.is_empty() {
            self.fields.go_to(FieldKey::Name);
            return Err("enter a name to save it under".to_owned());
        }
        Ok((name, *task.saved))
    }

    /// What to check, or what is wrong with the form.
    pub(crate) fn check_task(&self) -> Result<CheckTask, String> {
        let to = self.fields.typed(FieldKey::To).to_owned();
        if to.is_empty() {
            return Err("enter the URL of the receiver".to_owned());
        }
        to.parse::<crate::http::Target>().map_err(|error| error.to_string())?;
        let max_age = self.fields.typed(FieldKey::MaxAge).to_owned();
        if !max_age.is_empty() {
            crate::text::units::parse_duration(&max_age).map_err(|error| format!("max age: {error}"))?;
        }
        Ok(CheckTask { to, kind: kind(&self.fields), max_age })
    }
}

fn kind(fields: &Fields) -> SigningKind {
    if fields.chosen(FieldKey::Kind) == 1 { SigningKind::Reseller } else { SigningKind::Developer }
}

/// Splits at semicolons, except inside a JSON string.
fn parts(text: &str) -> Vec<String> {
    let (mut parts, mut part) = (Vec::new(), String::new());
    let (mut is_quoted, mut is_escaped) = (false, false);
    for character in text.chars() {
        if character == ';' && !is_quoted {
            parts.push(std::mem::take(&mut part));
            continue;
        }
        is_quoted ^= character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        part.push(character);
    }
    parts.push(part);
    parts.into_iter().map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

/// A number or size that may be left out.
fn optional<T: std::str::FromStr>(
    fields: &Fields,
    key: FieldKey,
    name: &str,
    expected: &str,
) -> Result<Option<T>, String> {
    match fields.typed(key) {
        "" => Ok(None),
        typed => {
            typed.parse().map(Some).map_err(|_| format!("invalid {name} '{}': expected {expected}", visible(typed)))
        }
    }
}

/// The events that can be picked: a screenshot first, which has the most to look at.
fn offered(receiver: Option<&Receiver>) -> Vec<SimulatedEvent> {
    let events = receiver.map(|receiver| &receiver.events[..]).unwrap_or_default();
    let is_offered = |event: &SimulatedEvent| events.is_empty() || events.iter().any(|name| name == event.name());
    SimulatedEvent::ALL.into_iter().rev().filter(is_offered).collect()
}
