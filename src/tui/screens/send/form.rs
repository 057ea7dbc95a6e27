//! A form of several fields, each a choice or a line of text.

use tui_input::{Input, InputRequest};

use crate::tui::app::step::Neighbour;

/// What a field is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldKey {
    /// Which deliveries are sent again.
    Which,
    /// In which of the ways.
    How,
    /// The URLs to send to.
    To,
    /// How many each second or minute.
    Rate,
    /// Whom an event is simulated for.
    Receiver,
    /// Which event.
    Event,
    /// Simulated, or like a live one.
    Like,
    /// How the image is written.
    Image,
    /// How large the image is.
    Size,
    /// How many items.
    Items,
    /// Fields with other values.
    Set,
    /// Fields that are added.
    Add,
    /// Fields that are taken out.
    Unset,
    /// How many deliveries.
    Count,
    /// Each once, or twice.
    Copies,
    /// In the order of the events, or in another.
    Order,
    /// The name to save it under.
    Name,
    /// Developer or reseller.
    Kind,
    /// The age that a receiver must refuse.
    MaxAge,
}

/// One field.
#[derive(Debug)]
pub struct FormField {
    /// What it is for.
    pub key: FieldKey,
    /// Its name.
    pub name: &'static str,
    /// What it holds.
    pub value: FieldValue,
    /// The hint in an empty field.
    pub about: &'static str,
    /// Whether it does not apply now.
    pub hidden: bool,
}

/// What a field holds.
#[derive(Debug)]
pub enum FieldValue {
    /// One of these; visible text.
    Choice(Vec<String>, usize),
    /// A line of text.
    Text(Box<Input>),
}

impl FormField {
    pub(crate) fn choice(key: FieldKey, name: &'static str, options: Vec<String>) -> Self {
        Self { key, name, value: FieldValue::Choice(options, 0), about: "", hidden: false }
    }

    pub(crate) fn text(key: FieldKey, name: &'static str, text: &str, about: &'static str) -> Self {
        Self { key, name, value: FieldValue::Text(Box::new(Input::new(text.to_owned()))), about, hidden: false }
    }

    /// What was typed; empty for a choice.
    #[must_use]
    pub fn typed(&self) -> &str {
        match &self.value {
            FieldValue::Text(input) => input.value().trim(),
            FieldValue::Choice(..) => "",
        }
    }

    /// The place of what was chosen; 0 for a text.
    #[must_use]
    pub fn chosen(&self) -> usize {
        match &self.value {
            FieldValue::Choice(_, chosen) => *chosen,
            FieldValue::Text(_) => 0,
        }
    }
}

/// The fields with a cursor.
#[derive(Debug)]
pub struct Fields {
    /// From top to bottom.
    pub all: Vec<FormField>,
    /// The one that keys go to.
    pub at: usize,
}

impl Fields {
    pub(crate) fn new(all: Vec<FormField>) -> Self {
        Self { all, at: 0 }
    }

    /// The field for `key`, if it applies.
    #[must_use]
    pub fn get(&self, key: FieldKey) -> Option<&FormField> {
        self.all.iter().find(|field| field.key == key && !field.hidden)
    }

    pub(crate) fn get_mut(&mut self, key: FieldKey) -> Option<&mut FormField> {
        self.all.iter_mut().find(|field| field.key == key)
    }

    /// What was typed into a field; empty where it does not apply.
    #[must_use]
    pub fn typed(&self, key: FieldKey) -> &str {
        self.get(key).map_or("", FormField::typed)
    }

    /// The place of what was chosen; 0 where it does not apply.
    #[must_use]
    pub fn chosen(&self, key: FieldKey) -> usize {
        self.get(key).map_or(0, FormField::chosen)
    }

    /// To a field, if it applies.
    pub(crate) fn go_to(&mut self, key: FieldKey) {
        if let Some(at) = self.all.iter().position(|field| field.key == key && !field.hidden) {
            self.at = at;
        }
    }

    /// To the next field that applies, or the previous one.
    pub(crate) fn turn(&mut self, to: Neighbour) {
        let count = self.all.len();
        for _ in 0..count {
            self.at = to.beside(self.at, count);
            if !self.all[self.at].hidden {
                return;
            }
        }
    }

    /// The next choice, or the previous one; in a text it moves the cursor.
    pub(crate) fn side(&mut self, to: Neighbour) {
        match self.all.get_mut(self.at).map(|field| &mut field.value) {
            Some(FieldValue::Choice(options, chosen)) if !options.is_empty() => {
                *chosen = to.beside(*chosen, options.len());
            }
            Some(FieldValue::Text(input)) => {
                input.handle(match to {
                    Neighbour::Next => InputRequest::GoToNextChar,
                    Neighbour::Previous => InputRequest::GoToPrevChar,
                });
            }
            _ => {}
        }
    }

    /// An edit of the text that has the cursor. A space turns a choice; what is typed there otherwise begins the next text
    /// that is empty. `false` where there is none.
    pub(crate) fn edit(&mut self, request: InputRequest) -> bool {
        let is_typed = matches!(request, InputRequest::InsertChar(_));
        if let Some(FieldValue::Choice(..)) = self.all.get(self.at).map(|field| &field.value) {
            if request == InputRequest::InsertChar(' ') {
                self.side(Neighbour::Next);
                return true;
            }
            let is_open = |field: &FormField| {
                !field.hidden && matches!(&field.value, FieldValue::Text(input) if input.value().is_empty())
            };
            match self.all.iter().skip(self.at).position(is_open) {
                Some(below) if is_typed => self.at += below,
                _ => return !is_typed,
            }
        }
        if let Some(FieldValue::Text(input)) = self.all.get_mut(self.at).map(|field| &mut field.value) {
            input.handle(request);
        }
        true
    }

    /// The cursor's place in the text that has it, in characters.
    #[must_use]
    pub fn cursor(&self) -> Option<usize> {
        match &self.all.get(self.at)?.value {
            FieldValue::Text(input) => Some(input.cursor()),
            FieldValue::Choice(..) => None,
        }
    }
}
