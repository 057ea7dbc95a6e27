//! A value beside what is documented of it, member by member.

use super::drift::{DriftCode, DriftPlace, Drifts, Severity};
use super::fields::{self, DocumentedEvent, DocumentedField, FieldShape};
use super::ids::is_uuid;
use super::object::{MemberValue, Object, shortened};
use crate::payload::binary::{Binary, BinaryForm, ValueContext, recognise_prefix};
use crate::payload::json::scan::means;

/// Bytes of an image that are decoded to say what it is.
const IMAGE_BYTES: usize = 2048;
/// Images of one array that are looked at.
const IMAGE_LIMIT: usize = 16;

/// What a comparison needs to know of the envelope.
pub(super) struct SchemaComparison<'d> {
    pub(super) drifts: &'d mut Drifts,
    pub(super) simulation: bool,
}

impl SchemaComparison<'_> {
    /// Compares one item of `data`.
    pub(super) fn item(&mut self, value: &MemberValue<'_>, event: Option<&DocumentedEvent>, place: &DriftPlace<'_>) {
        let Some(item) = value.object() else {
            return self.drifts.add(Severity::Breaks, DriftCode::OtherType, place, "an object", value.words());
        };
        let documented = event.map_or(fields::PEOPLE, |event| event.item);
        self.object(&item, documented, event.is_some(), place);
    }

    /// Compares an object's members; `is_closed` when no other member is documented.
    fn object(&mut self, object: &Object<'_>, documented: &[DocumentedField], is_closed: bool, place: &DriftPlace<'_>) {
        self.duplicates(object, place);
        for field in documented {
            match object.get(field.name) {
                Some(value) => self.field(value, field, &place.name(field.name)),
                None if !object.is_whole => {}
                None => {
                    let expected = field.shape.words();
                    self.drifts.add(
                        Severity::Breaks,
                        DriftCode::MissingField,
                        &place.name(field.name),
                        expected,
                        "no such field",
                    );
                }
            }
        }
        let names = |key: &[u8]| documented.iter().any(|field| means(key, field.name));
        for member in object.members.iter().filter(|member| is_closed && !names(member.key)) {
            let found = member.value.words();
            self.drifts.add(Severity::Differs, DriftCode::UnknownField, &place.key(member.key), "no such field", found);
        }
    }

    /// Reports duplicate keys: parsers disagree on which of them counts.
    pub(super) fn duplicates(&mut self, object: &Object<'_>, place: &DriftPlace<'_>) {
        for (index, member) in object.members.iter().enumerate() {
            let Some(earlier) = object.members[..index].iter().find(|earlier| earlier.key == member.key) else {
                continue;
            };
            let is_same = earlier.value.raw() == member.value.raw();
            let severity = if is_same { Severity::Note } else { Severity::Breaks };
            let found = if is_same {
                format!("the same value twice: {}", member.value.words())
            } else {
                format!("{}, then {}", earlier.value.words(), member.value.words())
            };
            self.drifts.add(severity, DriftCode::DuplicateKey, &place.key(member.key), "one value", found);
        }
    }

    fn field(&mut self, value: &MemberValue<'_>, field: &DocumentedField, place: &DriftPlace<'_>) {
        let is_right = match field.shape {
            FieldShape::Text | FieldShape::Id | FieldShape::Date => value.is_text(),
            FieldShape::Integer => value.number().is_some(),
            FieldShape::Boolean => value.boolean().is_some(),
            FieldShape::Image => return self.image(value, place),
            FieldShape::Object(inner) => {
                if let Some(object) = value.object() {
                    return self.object(&object, inner, true, place);
                }
                false
            }
        };
        if !is_right {
            let expected = field.shape.words();
            return self.drifts.add(Severity::Breaks, DriftCode::OtherType, place, expected, value.words());
        }
        match field.shape {
            FieldShape::Id => self.id(value, place),
            FieldShape::Date => self.date(value, place),
            _ if !field.seen.is_empty() => {
                let text = value.text();
                if text.is_none_or(|text| !field.seen.contains(&&*text)) {
                    let expected = field.seen.join(" or ");
                    self.drifts.add(Severity::Note, DriftCode::UnseenValue, place, expected, value.words());
                }
            }
            _ => {}
        }
    }

    fn id(&mut self, value: &MemberValue<'_>, place: &DriftPlace<'_>) {
        if !value.text().is_some_and(|text| is_uuid(&text)) {
            self.drifts.add(Severity::Differs, DriftCode::NoUuid, place, "a UUID", value.words());
        }
    }

    fn date(&mut self, value: &MemberValue<'_>, place: &DriftPlace<'_>) {
        let expected = FieldShape::Date.words();
        let Some(text) = value.text().filter(|text| text.parse::<jiff::Timestamp>().is_ok()) else {
            return self.drifts.add(Severity::Breaks, DriftCode::NoDate, place, expected, value.words());
        };
        if text.len() != 24 || !text.ends_with('Z') {
            self.drifts.add(Severity::Note, DriftCode::DateFormat, place, expected, value.words());
        }
    }

    fn image(&mut self, value: &MemberValue<'_>, place: &DriftPlace<'_>) {
        if let Some(image) = recognise_prefix(value.raw(), ValueContext::KnownField, IMAGE_BYTES) {
            return self.image_form(&image, place);
        }
        // "One or more": an array of them is documented.
        match value.items() {
            Some(items) => {
                for (index, item) in (0..).zip(items.take(IMAGE_LIMIT)) {
                    self.one_image(&item, &place.index(index));
                }
            }
            None => self.one_image(value, place),
        }
    }

    fn one_image(&mut self, value: &MemberValue<'_>, place: &DriftPlace<'_>) {
        let expected = FieldShape::Image.words();
        match recognise_prefix(value.raw(), ValueContext::KnownField, IMAGE_BYTES) {
            Some(image) => self.image_form(&image, place),
            None if value.is_text() => {
                self.drifts.add(Severity::Differs, DriftCode::ImageForm, place, expected, value.words());
            }
            None => self.drifts.add(Severity::Breaks, DriftCode::OtherType, place, expected, value.words()),
        }
    }

    fn image_form(&mut self, image: &Binary, place: &DriftPlace<'_>) {
        const DOCUMENTED: &str = "base64 or Node's print-out of a Buffer";
        const PLACEHOLDER: &str = "the placeholder in a simulation, an image in a live event";
        let found = image.form.words();
        let mut add = |severity, code, expected| self.drifts.add(severity, code, place, expected, found);
        match (image.form, self.simulation) {
            (BinaryForm::Placeholder, true) | (BinaryForm::NodePrint | BinaryForm::Base64, false) => {}
            (BinaryForm::Placeholder, false) => add(Severity::Breaks, DriftCode::PlaceholderLive, PLACEHOLDER),
            (form, true) if !form.is_empty() => add(Severity::Differs, DriftCode::ImageInSimulation, PLACEHOLDER),
            // "A raw binary image buffer", as JSON writes one by itself.
            (BinaryForm::BufferJson, _) => add(Severity::Note, DriftCode::ImageForm, DOCUMENTED),
            (form, _) if form.is_empty() => add(Severity::Breaks, DriftCode::ImageForm, DOCUMENTED),
            _ => add(Severity::Differs, DriftCode::ImageForm, DOCUMENTED),
        }
    }
}

/// An item's image in a few words.
pub(super) fn image_words(value: &MemberValue<'_>) -> String {
    if let Some(image) = recognise_prefix(value.raw(), ValueContext::KnownField, IMAGE_BYTES) {
        return image.summary();
    }
    let Some(items) = value.items() else { return format!("not a known image form: {}", value.words()) };
    let images: Vec<Option<Binary>> = items
        .take(IMAGE_LIMIT)
        .map(|item| recognise_prefix(item.raw(), ValueContext::KnownField, IMAGE_BYTES))
        .collect();
    match (images.len(), images.first()) {
        (1, Some(Some(image))) => image.summary(),
        (count @ 2.., Some(Some(image))) => format!("{count} images, the first {}", image.summary()),
        (0, _) => "an empty array".to_owned(),
        _ => shortened("an array without a known image"),
    }
}
