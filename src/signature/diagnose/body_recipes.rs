//! How one variant of a body is built.

use std::borrow::Cow;

use super::bodies::read_tree;
use crate::signature::rewrite::form_of_json::FormOfJson;
use crate::signature::rewrite::forms::FormPreset;
use crate::signature::rewrite::members::AddedMembers;
use crate::signature::rewrite::text::{self, TextEdit};
use crate::signature::rewrite::values::ValueEdit;
use crate::signature::rewrite::{StylePreset, Tree, presets, wrap};

/// How to build one variant.
#[derive(Clone)]
pub(super) enum BodyRecipe {
    Edit(TextEdit),
    Preset(&'static StylePreset),
    Print(fn(&Tree<'_>, usize) -> Option<Vec<u8>>),
    Fixed(Cow<'static, [u8]>),
    /// The body between two texts.
    Around(&'static [u8], &'static [u8]),
    /// The body as two pieces, each decoded on its own.
    Cut(usize),
    Part(std::ops::Range<usize>),
    PartCompact(std::ops::Range<usize>),
    FormField(usize),
    Form(&'static FormPreset),
    FormOfJson(&'static FormOfJson),
    /// Values changed, everything else as sent.
    Values(ValueEdit),
    Members(&'static AddedMembers),
    Then(Box<BodyRecipe>, TextEdit),
    /// What another recipe makes, read and written by a serialiser.
    Serialised(Box<BodyRecipe>, &'static StylePreset),
}

impl BodyRecipe {
    /// Whether making nothing of a body is what it is for.
    pub(super) fn may_be_empty(&self) -> bool {
        matches!(self, Self::Fixed(_) | Self::Edit(_))
    }

    /// Whether it is tried without a serialiser after it as well.
    fn is_listed_alone(&self) -> bool {
        matches!(self, Self::Values(_) | Self::Members(_) | Self::Print(_))
    }

    /// The change of values that it begins with.
    pub(super) fn values(&self) -> Option<ValueEdit> {
        match self {
            Self::Values(edit) => Some(*edit),
            Self::Serialised(first, _) => first.values(),
            _ => None,
        }
    }
}

pub(super) fn needs_tree(recipe: &BodyRecipe) -> bool {
    match recipe {
        BodyRecipe::Preset(_)
        | BodyRecipe::Print(_)
        | BodyRecipe::FormOfJson(_)
        | BodyRecipe::Values(_)
        | BodyRecipe::Members(_) => true,
        BodyRecipe::Then(first, _) | BodyRecipe::Serialised(first, _) => needs_tree(first),
        _ => false,
    }
}

pub(super) fn make(recipe: &BodyRecipe, body: &[u8], tree: Option<&Tree<'_>>, limit: usize) -> Option<Vec<u8>> {
    match recipe {
        BodyRecipe::Edit(edit) => edit(body),
        BodyRecipe::Preset(preset) => {
            let tree = tree.filter(|tree| preset.shows(tree))?;
            preset.apply(tree, limit)
        }
        BodyRecipe::Print(print) => print(tree?, limit),
        // What the body says itself was not signed instead of it.
        BodyRecipe::Fixed(bytes) => (!says_only(body, bytes)).then(|| bytes.to_vec()),
        BodyRecipe::Around(before, after) => Some([*before, body, *after].concat()),
        BodyRecipe::Cut(cut) => text::decoded_in_two(body, *cut),
        BodyRecipe::Part(range) => Some(body.get(range.clone())?.to_vec()),
        BodyRecipe::PartCompact(range) => {
            let part = read_tree(body.get(range.clone())?)?;
            presets().next()?.apply(&part, limit)
        }
        BodyRecipe::FormField(index) => Some(wrap::form_fields(body).into_iter().nth(*index)?.1),
        BodyRecipe::Form(preset) => preset.apply(body),
        BodyRecipe::FormOfJson(preset) => preset.apply(tree?, limit),
        BodyRecipe::Values(edit) => edit.apply(tree?),
        BodyRecipe::Members(added) => added.removed(tree?),
        BodyRecipe::Serialised(first, preset) => {
            let made = make(first, body, tree, limit)?;
            let written = {
                let tree = read_tree(&made).filter(|tree| preset.shows(tree))?;
                preset.apply(&tree, limit)
            };
            // A change of values is listed alone, too: a serialiser that writes the same has no part in it.
            written.filter(|written| !first.is_listed_alone() || *written != made)
        }
        BodyRecipe::Then(first, edit) => {
            let written = edit(&make(first, body, tree, limit)?);
            let is_encoder = matches!(**first, BodyRecipe::Form(_));
            written.filter(|written| !is_encoder || edit(body).as_ref() != Some(written))
        }
    }
    .filter(|bytes| bytes.len() <= limit)
}

/// Whether `body` is `word` but for white space.
fn says_only(body: &[u8], word: &[u8]) -> bool {
    let mut letters = body.iter().filter(|byte| !byte.is_ascii_whitespace());
    word.iter().all(|byte| letters.next() == Some(byte)) && letters.next().is_none()
}
