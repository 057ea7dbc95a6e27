//! What frameworks make of a body before the program that they serve sees it: a form parsed, strings trimmed, dates read
//! and written, members added.

use super::CauseCode;
use super::axis::Why;
use super::bodies::LARGE;
use super::body_recipes::BodyRecipe;
use super::recipes::Found;
use super::subcause::Subcause;
use crate::signature::rewrite::form_edits;
use crate::signature::rewrite::form_of_json::FORMS_OF_JSON;
use crate::signature::rewrite::forms::{self, FORM_PRESETS, LONGEST_FORM};
use crate::signature::rewrite::members::{self, ADDED_MEMBERS};
use crate::signature::rewrite::text::TextEdit;
use crate::signature::rewrite::values::{DateFraction, DateZone, ValueEdit, may_have_dates};
use crate::signature::rewrite::{Family, RewriteEffect, StylePreset, Tree, presets};

/// Bodies beyond this length have their values changed in place alone, and are no forms.
pub(super) const LONGEST: usize = LONGEST_FORM;

/// Lists what is tried of `body`.
pub(super) fn list(body: &[u8], found: Found<'_>) {
    if let Some(is_sorted) = forms::order_of_form(body) {
        forms_again(is_sorted, found);
        forms_as_json(found);
        forms_parsed(body, found);
    }
    if forms::is_decoded_form(body) {
        decoded_forms(found);
    }
    if body.len() >= LARGE || !matches!(body.trim_ascii().first(), Some(b'{' | b'[')) {
        return;
    }
    let is_short = body.len() <= LONGEST;
    if is_short {
        for preset in &FORMS_OF_JSON {
            let detail = "the JSON was parsed and written as a form before it was signed";
            let why = Why::new(CauseCode::BodyReserialized, preset.rank, detail).named(preset.name);
            found(BodyRecipe::FormOfJson(preset), why);
        }
    }
    // Large bodies are written by no serialiser after such a change: each costs a digest of all of it.
    let rarest = |rank: u16| is_short.then_some(rank);
    texts(rarest(13), found);
    if may_have_dates(body) {
        dates(rarest(9), found);
    }
    added_members(rarest(9), found);
}

/// A form that was decoded on its way, such as `payload={"id":…}` where `payload=%7B…` was signed.
fn decoded_forms(found: Found<'_>) {
    for (rank, (name, one, many)) in (0..).zip(&forms::ENCODERS_OF_DECODED) {
        for edit in [many, one] {
            let detail = "the form arrived decoded; it was signed as it is encoded";
            found(BodyRecipe::Edit(*edit), Why::new(CauseCode::BodyFormEncoded, rank, detail).named(*name));
        }
    }
}

fn forms_again(is_sorted: bool, found: Found<'_>) {
    let edits: [(TextEdit, CauseCode, u16, &str); 5] = [
        (forms::plus_as_percent, CauseCode::BodyReserialized, 2, "%20 was signed where + arrived"),
        (forms::percent_as_plus, CauseCode::BodyReserialized, 2, "+ was signed where %20 arrived"),
        (
            forms::upper_escapes,
            CauseCode::BodyReserialized,
            3,
            "the form's escapes had capital digits when it was signed",
        ),
        (
            forms::lower_escapes,
            CauseCode::BodyReserialized,
            3,
            "the form's escapes had small digits when it was signed",
        ),
        (forms::sorted_pairs, CauseCode::BodyKeysSorted, 3, "the form's fields were sorted by name when it was signed"),
    ];
    for (edit, code, rank, detail) in edits {
        found(BodyRecipe::Edit(edit), Why::new(code, rank, detail));
    }
    for preset in &FORM_PRESETS {
        if preset.is_sorted && is_sorted && !preset.always_sorts {
            continue;
        }
        let (code, detail) = if preset.is_sorted && !is_sorted {
            (CauseCode::BodyKeysSorted, "the form was re-serialised, sorted by name, before it was signed")
        } else {
            (CauseCode::BodyReserialized, "the form was re-serialised before it was signed")
        };
        found(BodyRecipe::Form(preset), Why::new(code, preset.rank, detail).named(preset.name));
    }
}

/// The commonest encoders, which write what is left of a form after a parser dropped some of it.
const RAREST_ENCODER: u16 = 6;

/// What parsers make of a form, printed, trimmed, or without its empty fields.
fn forms_parsed(body: &[u8], found: Found<'_>) {
    let printed: [(TextEdit, u16, &str); 3] = [
        (form_edits::python_dict, 2, "Python's repr of the form's dict was signed"),
        (
            form_edits::python_dict_of_full,
            3,
            "Python's repr of the form's dict was signed, without the fields that have no value",
        ),
        (form_edits::python_dict_of_lists, 3, "Python's repr of the form's dict of lists was signed (parse_qs)"),
    ];
    for (edit, rank, detail) in printed {
        found(BodyRecipe::Edit(edit), Why::new(CauseCode::BodyStringifiedObject, rank, detail));
    }
    let why = |rank, detail: &str| Why::new(CauseCode::BodyReserialized, rank, detail);
    let lists =
        "the form was parsed into lists, and these were written as its values (Python's urlencode without doseq)";
    found(BodyRecipe::Edit(form_edits::encoded_lists), why(4, lists));
    let trimmed = "the form's values were trimmed before it was signed";
    found(BodyRecipe::Edit(form_edits::trimmed_values), why(2, trimmed));
    if !form_edits::has_empty_field(body) {
        return;
    }
    let dropped = "the form's fields without a value were left out before it was signed, as Python's parse_qsl does";
    found(BodyRecipe::Edit(form_edits::without_empty_fields), why(1, dropped));
    for preset in FORM_PRESETS.iter().filter(|preset| preset.rank <= RAREST_ENCODER && !preset.is_sorted) {
        let written = BodyRecipe::Then(Box::new(BodyRecipe::Form(preset)), form_edits::without_empty_fields);
        let detail = "the form was re-serialised, without its fields that have no value, before it was signed";
        found(written, why(1 + preset.rank, detail).named(preset.name));
    }
    let objects: [(TextEdit, &str); 2] = [
        (
            form_edits::as_object_of_full,
            "the form was parsed and written as JSON, without its fields that have no value",
        ),
        (
            form_edits::as_object_of_full_arrays,
            "the form was parsed into arrays and written as JSON, without its fields that have no value",
        ),
    ];
    for (edit, detail) in objects {
        for preset in
            presets().filter(|preset| preset.rank <= 20 && preset.family == Family::Python && is_language(preset))
        {
            let recipe = BodyRecipe::Serialised(Box::new(BodyRecipe::Edit(edit)), preset);
            found(recipe, why(2 + preset.rank, detail).named(preset.name));
        }
    }
}

/// What a program signs in the place of a form's fields, under a scheme that signs them decoded.
pub(super) fn list_fields(found: Found<'_>) {
    let edits: [(TextEdit, u16, &str); 2] = [
        (form_edits::undecoded, 1, "names and values were signed as they are encoded, not decoded"),
        (form_edits::plus_kept, 2, "+ was signed where a space is meant"),
    ];
    for (edit, rank, detail) in edits {
        found(BodyRecipe::Edit(edit), Why::new(CauseCode::ContentTemplate, rank, detail));
    }
}

/// A form as JSON: what a program signs that has only the object which a parser made.
fn forms_as_json(found: Found<'_>) {
    let objects: [(TextEdit, u16, &str); 3] = [
        (forms::as_object, 0, "the form was parsed and written as JSON before it was signed"),
        (
            forms::as_object_of_last,
            2,
            "the form was parsed, the last of each name kept, and written as JSON before it was signed",
        ),
        (forms::as_object_of_arrays, 4, "the form was parsed into arrays and written as JSON before it was signed"),
    ];
    for (edit, rank, detail) in objects {
        for preset in presets().filter(|preset| preset.rank <= 20 && is_language(preset)) {
            let recipe = BodyRecipe::Serialised(Box::new(BodyRecipe::Edit(edit)), preset);
            found(recipe, Why::new(CauseCode::BodyReserialized, rank + preset.rank, detail).named(preset.name));
        }
    }
}

fn texts(rarest: Option<u16>, found: Found<'_>) {
    let texts = [
        (
            ValueEdit::TrimmedAndEmptyAsNull,
            "strings were trimmed and empty ones made null before it was signed, as Laravel does",
        ),
        (ValueEdit::Trimmed, "strings were trimmed before it was signed, as Laravel's TrimStrings does"),
        (
            ValueEdit::EmptyAsNull,
            "empty strings were made null before it was signed, as Laravel's ConvertEmptyStringsToNull does",
        ),
    ];
    for (edit, detail) in texts {
        written(BodyRecipe::Values(edit), 4, detail, rarest, found);
    }
}

fn dates(rarest: Option<u16>, found: Found<'_>) {
    let fractions = [
        (DateFraction::AsSent, ""),
        (DateFraction::Shortest, "without the zeros at the end of a second's fraction"),
        (DateFraction::Three, "with three digits of a second's fraction"),
        (DateFraction::Dropped, "without a second's fraction"),
        (DateFraction::Six, "with six digits of a second's fraction"),
    ];
    let zones = [(DateZone::AsSent, ""), (DateZone::Zulu, "with Z for UTC"), (DateZone::Offset, "with +00:00 for UTC")];
    for (place, (zone, zone_words)) in (0_u16..).zip(zones) {
        for (fraction, fraction_words) in fractions {
            let words = [fraction_words, zone_words].into_iter().filter(|words| !words.is_empty()).collect::<Vec<_>>();
            if words.is_empty() {
                continue;
            }
            let detail =
                format!("dates were written {}{} when it was signed", words.join(" and "), writers(fraction, zone));
            let (recipe, rank) = (BodyRecipe::Values(ValueEdit::Dates(fraction, zone)), 6 + place * 2);
            if fraction == DateFraction::Shortest && zone == DateZone::AsSent && rarest.is_some() {
                of_models(&recipe, rank, &detail, found);
            }
            written(recipe, rank, &detail, rarest, found);
        }
    }
}

/// Who writes dates so: no serialiser of a parsed body does, as long as it keeps them as texts.
fn writers(fraction: DateFraction, zone: DateZone) -> &'static str {
    match (fraction, zone) {
        (DateFraction::Shortest, DateZone::AsSent) => {
            ", as .NET's DateTime (also Newtonsoft.Json's) and Go's time.Time do,"
        }
        (DateFraction::Three, DateZone::Zulu) => ", as JavaScript's toISOString() does,",
        (DateFraction::Six, DateZone::Offset) => ", as Python's isoformat() does,",
        (DateFraction::Dropped, DateZone::Offset) => ", as PHP's DATE_ATOM does,",
        _ => "",
    }
}

/// .NET's serialisers, which write the dates of a model so themselves.
fn of_models(recipe: &BodyRecipe, rank: u16, detail: &str, found: Found<'_>) {
    let all = presets().filter(|preset| preset.family == Family::DotNet && preset.rank <= COMMON_DOTNET);
    for preset in all {
        found(BodyRecipe::Serialised(Box::new(recipe.clone()), preset), then_serialised(detail, rank, preset));
    }
}

/// The rarest of .NET's serialisers that is tried with dates of a model.
const COMMON_DOTNET: u16 = 12;

/// A change of values, and a serialiser after it: only the latter has a name.
fn then_serialised(detail: &str, rank: u16, preset: &StylePreset) -> Why {
    let detail = format!("{detail}; and it was re-serialised");
    Why::new(CauseCode::BodyReserialized, rank + preset.rank, detail).of(Subcause::ThenReserialised).named(preset.name)
}

fn added_members(rarest: Option<u16>, found: Found<'_>) {
    for added in &ADDED_MEMBERS {
        let detail = format!("the body was signed without {}, added later", added.name);
        written(BodyRecipe::Members(added), 5, &detail, rarest, found);
    }
    type Put = fn(&Tree<'_>, usize) -> Option<Vec<u8>>;
    let put: [(Put, &str); 2] = [
        (|tree, _| members::with_version(tree), "the body was signed with Mongoose's __v, which did not arrive"),
        (
            |tree, _| members::in_rails_json(tree),
            "the array was signed as the object with _json that Rails makes of it",
        ),
    ];
    for (put, detail) in put {
        written(BodyRecipe::Print(put), 7, detail, rarest, found);
    }
}

/// A change alone, and then by the languages' serialisers that are no rarer than `rarest`.
fn written(recipe: BodyRecipe, rank: u16, detail: &str, rarest: Option<u16>, found: Found<'_>) {
    found(recipe.clone(), Why::new(CauseCode::BodyReserialized, rank, detail));
    for preset in presets().filter(|preset| rarest.is_some_and(|rarest| preset.rank <= rarest) && is_language(preset)) {
        found(BodyRecipe::Serialised(Box::new(recipe.clone()), preset), then_serialised(detail, rank, preset));
    }
}

/// Whether a language's own serialiser wrote it, without an option that changes the data.
fn is_language(preset: &&StylePreset) -> bool {
    (preset.family != Family::Any || preset.rank <= 3) && preset.effect == RewriteEffect::Reserialized
}
