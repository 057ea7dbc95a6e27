//! What may have been signed in place of the body: recipes, built lazily and known by their bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _};
use std::rc::Rc;

use foldhash::quality::RandomState;

use super::axis::{Ways, Why};
use super::body_recipes::{BodyRecipe, make, needs_tree};
use super::subcause::Subcause;
use super::{BytePlace, CauseCode, RequestPart, accumulated, combinations, frameworks, recipes, wrappings};
use crate::payload::inflate::{self, InflateBudget};
use crate::signature::rewrite::options::combined;
use crate::signature::rewrite::text;
use crate::signature::rewrite::{RewriteEffect, StylePreset, Tree, presets};

/// The most memory that a search may hold, as a multiple of the body: its nodes take up to six, one
/// variant under construction up to [`GROWTH`], those that wait to be hashed up to [`WAITING`].
const MEMORY: usize = 16;
/// The longest variant, as a multiple of the body; longer ones are not built.
const GROWTH: usize = 5;
/// The most memory of variants that wait for others, as a multiple of the body, before another is made.
const WAITING: usize = 3;
/// Small bodies may grow by this much more.
const SLACK: usize = 64 << 10;
/// From this length on a body's search holds less: nodes of two and a half times the body, a variant of one and a
/// quarter, and no variant from before. Hostile bodies have more of both than real ones.
pub(super) const LARGE: usize = 16 << 20;

/// The most that a compressed body may be inflated to for the search, in bytes, in all codings that it may be in: the
/// search takes up to [`MEMORY`] times as much.
const MOST_INFLATED: u64 = 8 << 20;

/// The longest body for which serialisers with several options are tried with a final newline, too.
const MANY_LINE_ENDS: usize = 16 << 10;

/// A body to build from.
struct Base<'a> {
    bytes: Rc<Cow<'a, [u8]>>,
    /// What had to be undone first; empty for the body as received.
    undone: Vec<Why>,
}

struct Entry {
    base: usize,
    recipe: BodyRecipe,
    ways: Ways,
}

/// Every body variant, each with all of its names.
pub(super) struct Bodies<'a> {
    bases: Vec<Base<'a>>,
    entries: Vec<Entry>,
    /// Entries by fingerprint and length of their bytes.
    known: HashMap<(u64, usize), usize>,
    /// Of fingerprints: another in each search, so that no body can be made whose variants have the same.
    hashing: RandomState,
    /// The entries that are not duplicates, once all were built.
    unique: Vec<usize>,
    cached: HashMap<usize, Rc<Vec<u8>>>,
    cached_bytes: usize,
    allowance: usize,
    waiting_memory: usize,
    /// Codings that the body may be in and that were not undone.
    compressed: Vec<&'static str>,
}

impl<'a> Bodies<'a> {
    /// Prepares the variants of `body`; nothing is rewritten yet.
    pub(super) fn new(body: &'a [u8], content_encoding: &[u8]) -> Self {
        let mut bases = vec![Base { bytes: Rc::new(Cow::Borrowed(body)), undone: Vec::new() }];
        let mut budget = InflateBudget::opening(body.len()).at_most(MOST_INFLATED);
        let mut compressed = Vec::new();
        for encoding in inflate::encodings(content_encoding, body) {
            let Some(inflated) = inflate::inflate(encoding, body, &mut budget) else {
                compressed.push(encoding);
                continue;
            };
            let why =
                Why::new(CauseCode::BodyCompressed, 0, format!("signed before it was compressed with {encoding}"));
            bases.push(Base { bytes: Rc::new(Cow::Owned(inflated)), undone: vec![why] });
        }
        let longest = bases.iter().map(|base| base.bytes.len()).max().unwrap_or_default();
        let mut bodies = Self {
            bases,
            // What the nodes, one variant under construction and the allocator's own slack leave.
            allowance: if longest >= LARGE { 0 } else { (MEMORY - 7 - GROWTH - WAITING) * longest + SLACK },
            waiting_memory: if longest >= LARGE { 0 } else { WAITING * longest },
            compressed,
            ..Self::none()
        };
        bodies.list();
        bodies
    }

    /// No variants, of nothing.
    pub(super) fn none() -> Self {
        Self {
            bases: Vec::new(),
            entries: Vec::new(),
            known: HashMap::new(),
            hashing: RandomState::default(),
            unique: Vec::new(),
            cached: HashMap::new(),
            cached_bytes: 0,
            allowance: 0,
            waiting_memory: 0,
            compressed: Vec::new(),
        }
    }

    /// Bytes that variants may take which wait for others.
    pub(super) fn waiting_memory(&self) -> usize {
        self.waiting_memory
    }

    /// What its size kept from being tried, in words; nothing for most bodies.
    pub(super) fn left_out(&self) -> Vec<String> {
        let mut left_out = Vec::new();
        let is_long = |bytes: usize| (frameworks::LONGEST + 1..LARGE).contains(&bytes);
        if self.bases.iter().any(|base| is_long(base.bytes.len())) {
            left_out.push(
                "the body is larger than 1 MiB: forms by other encoders, serialisers with several options, and changed values \
                 by other serialisers, were not tried"
                    .to_owned(),
            );
        }
        if self.bases.iter().any(|base| base.bytes.len() >= LARGE) {
            left_out.push(
                "the body is larger than 16 MiB: percent-encoding it, variants longer than 1.25 times its length, changed \
                 values and rewriting JSON with very many keys or levels were not tried"
                    .to_owned(),
            );
        }
        for coding in &self.compressed {
            left_out.push(format!(
                "the body could not be inflated as {coding} within 8 MiB: its uncompressed form was not tried"
            ));
        }
        left_out
    }

    /// How many variants there may be at most.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn list(&mut self) {
        for base in 0..self.bases.len() {
            if base > 0 {
                self.push(base, BodyRecipe::Edit(|body| Some(body.to_vec())), Vec::new());
            }
            let bytes = Rc::clone(&self.bases[base].bytes);
            let undone = self.bases[base].undone.clone();
            let mut add = |recipe, why| self.entries.push(entry(base, &undone, recipe, vec![why]));
            wrappings::list_shown(&bytes, &mut add);
            recipes::list_edits(&mut add);
            recipes::list_marked(&bytes, &mut add);
            recipes::list_objects(&mut add);
            accumulated::list(&bytes, &mut add);
            recipes::list_parts(&bytes, &mut add);
            frameworks::list(&bytes, &mut add);
            for preset in presets() {
                let why = preset_why(preset);
                self.entries.push(entry(base, &undone, BodyRecipe::Preset(preset), vec![why]));
            }
        }
        self.entries.sort_by_key(|entry| (entry.ways.weight(), entry.ways.rank()));
    }

    /// Adds what is signed in the place of a form's fields, under a scheme that signs these.
    pub(super) fn add_fields(&mut self) {
        for base in 0..self.bases.len() {
            let undone = self.bases[base].undone.clone();
            frameworks::list_fields(&mut |recipe, why| self.entries.push(entry(base, &undone, recipe, vec![why])));
        }
        self.entries.sort_by_key(|entry| (entry.ways.weight(), entry.ways.rank()));
    }

    fn push(&mut self, base: usize, recipe: BodyRecipe, whys: Vec<Why>) {
        self.entries.push(entry(base, &self.bases[base].undone, recipe, whys));
    }

    /// Adds what is too rare to go with another change: serialisers with several options, and what a body was wrapped in
    /// before it was signed. None for large bodies.
    fn add_rare(&mut self) {
        for base in 0..self.bases.len() {
            let (bytes, undone) = (Rc::clone(&self.bases[base].bytes), self.bases[base].undone.clone());
            let length = bytes.len();
            if length > frameworks::LONGEST {
                continue;
            }
            let mut add = |recipe, whys: Vec<Why>| self.entries.push(entry(base, &undone, recipe, whys));
            wrappings::list_hidden(&mut |recipe, why| add(recipe, vec![why]));
            recipes::list_rare_objects(&mut |recipe, why| add(recipe, vec![why]));
            accumulated::list_rare(&bytes, &mut |recipe, why| add(recipe, vec![why]));
            for preset in combined() {
                add(BodyRecipe::Preset(preset), vec![preset_why(preset)]);
            }
            for preset in combined().filter(|_| length <= MANY_LINE_ENDS) {
                let end = Why::new(CauseCode::BodyNewline, 0, "a final newline was signed that did not arrive");
                let recipe = BodyRecipe::Then(Box::new(BodyRecipe::Preset(preset)), text::add_lf);
                add(recipe, vec![preset_why(preset), end]);
            }
        }
    }

    /// Adds combinations of two changes to the body itself: serialisers and what files, editors and
    /// other serialisers do to their output.
    pub(super) fn add_combinations(&mut self) {
        let presets: Vec<usize> = (0..self.entries.len())
            .filter(|&index| {
                matches!(self.entries[index].recipe, BodyRecipe::Preset(_)) && self.entries[index].ways.weight() == 1
            })
            .collect();
        self.add_rare();
        for (rank, (edit, code, detail)) in (0_u16..).zip(combinations::AFTER_SERIALISER) {
            // Only a final newline is common enough to go with every serialiser.
            let rarest = if rank == 0 { u16::MAX } else { 10 };
            let usual = |&&index: &&usize| self.entries[index].ways.rank() <= rarest;
            for index in presets.iter().filter(usual).copied().collect::<Vec<_>>() {
                let Entry { base, recipe, ways } = &self.entries[index];
                let Some(first) = ways.0.first().and_then(|way| way.first()).cloned() else { continue };
                let mut second = Why::new(code, rank * 4, detail);
                second.subcause = (code == CauseCode::BodyBase64).then_some(Subcause::SignedBase64);
                let whys = vec![first, second];
                let made =
                    entry(*base, &self.bases[*base].undone, BodyRecipe::Then(Box::new(recipe.clone()), edit), whys);
                self.entries.push(made);
            }
        }
        let body = Rc::clone(&self.bases[0].bytes);
        combinations::list(&body, &mut |recipe, whys| self.entries.push(entry(0, &[], recipe, whys)));
    }

    /// Builds the variants from `from` on, one after the other, and hands each new one to `each`.
    /// One that has the bytes of an earlier one only adds its names to it. Ends early when `each`
    /// says so.
    pub(super) fn build(&mut self, from: usize, mut each: impl FnMut(usize, &Rc<Vec<u8>>) -> bool) {
        let bases: Vec<Rc<Cow<'a, [u8]>>> = self.bases.iter().map(|base| Rc::clone(&base.bytes)).collect();
        let trees: Vec<Option<Tree<'_>>> = bases.iter().map(|bytes| read_tree(bytes)).collect();
        // Each change of values is listed as such before it is with serialisers: where it changes nothing, they need not
        // look again.
        let mut barren = Vec::new();
        for index in from..self.entries.len() {
            let entry = &self.entries[index];
            if entry.recipe.values().is_some_and(|edit| barren.contains(&(entry.base, edit))) {
                continue;
            }
            let limit = longest(bases[entry.base].len());
            let Some(bytes) = make(&entry.recipe, &bases[entry.base], trees[entry.base].as_ref(), limit) else {
                if let BodyRecipe::Values(edit) = entry.recipe {
                    barren.push((entry.base, edit));
                }
                continue;
            };
            // Most serialisers write a compact body as it was received: then there is nothing to explain. And nothing is
            // no part of a body, nor any writing of it.
            if bytes == **bases[0] || (bytes.is_empty() && !entry.recipe.may_be_empty()) {
                continue;
            }
            let key = (self.fingerprint(&bytes), bytes.len());
            match self.known.get(&key) {
                // A rare serialiser that writes what a common one does is not named beside it.
                Some(&first)
                    if first < from && self.entries[index].ways.weight() >= self.entries[first].ways.weight() => {}
                Some(&first) => {
                    let ways = std::mem::take(&mut self.entries[index].ways);
                    self.entries[first].ways.join(ways);
                }
                None => {
                    self.known.insert(key, index);
                    self.unique.push(index);
                    let bytes = self.keep(index, bytes);
                    if !each(index, &bytes) {
                        return;
                    }
                }
            }
        }
    }

    fn fingerprint(&self, bytes: &[u8]) -> u64 {
        let mut hasher = self.hashing.build_hasher();
        hasher.write(bytes);
        hasher.finish()
    }

    /// Keeps a variant where there is room.
    fn keep(&mut self, index: usize, mut bytes: Vec<u8>) -> Rc<Vec<u8>> {
        let is_kept = self.cached_bytes + bytes.len() <= self.allowance;
        if is_kept {
            self.cached_bytes += bytes.len();
            bytes.shrink_to_fit();
        }
        let bytes = Rc::new(bytes);
        if is_kept {
            self.cached.insert(index, Rc::clone(&bytes));
        }
        bytes
    }

    /// The variants that were built, the most common first, without duplicates.
    pub(super) fn unique(&self) -> Vec<usize> {
        let mut unique = self.unique.clone();
        unique.sort_by_key(|&index| (self.entries[index].ways.weight(), self.entries[index].ways.rank()));
        unique
    }

    pub(super) fn ways(&self, index: usize) -> &Ways {
        &self.entries[index].ways
    }

    /// The bytes of a variant, from memory or built again.
    pub(super) fn bytes(&self, index: usize) -> Option<Rc<Vec<u8>>> {
        if let Some(bytes) = self.cached.get(&index) {
            return Some(Rc::clone(bytes));
        }
        let entry = &self.entries[index];
        let base = &self.bases[entry.base].bytes;
        let tree = needs_tree(&entry.recipe).then(|| read_tree(base)).flatten();
        make(&entry.recipe, base, tree.as_ref(), longest(base.len())).map(Rc::new)
    }
}

/// The longest variant that is built of a body of `bytes` bytes.
fn longest(bytes: usize) -> usize {
    if bytes >= LARGE { bytes + bytes / 4 } else { bytes * GROWTH + SLACK }
}

/// The values of a body, where they do not take too much memory.
pub(super) fn read_tree(body: &[u8]) -> Option<Tree<'_>> {
    if body.len() >= LARGE { Tree::read_large(body, body.len() / 2 * 5) } else { Tree::read(body) }
}

/// The first difference between what arrived and what was signed, for marking.
pub(super) fn first_difference(received: &[u8], signed: &[u8]) -> BytePlace {
    let offset = received.iter().zip(signed).position(|(one, other)| one != other);
    let offset = offset.unwrap_or_else(|| received.len().min(signed.len()));
    BytePlace { part: RequestPart::Body, offset, before: excerpt(received, offset), after: excerpt(signed, offset) }
}

/// A few bytes from `offset` on, made visible.
pub(in crate::signature) fn excerpt(bytes: &[u8], offset: usize) -> String {
    let end = bytes.len().min(offset + 16);
    match bytes.get(offset..end) {
        None | Some([]) => "the end".to_owned(),
        Some(some) => crate::text::visible_bytes(some).into_owned(),
    }
}

fn entry(base: usize, undone: &[Why], recipe: BodyRecipe, whys: Vec<Why>) -> Entry {
    Entry { base, recipe, ways: Ways(vec![undone.iter().cloned().chain(whys).collect()]) }
}

pub(super) fn preset_why(preset: &'static StylePreset) -> Why {
    let (code, detail) = match preset.effect {
        RewriteEffect::Reserialized => (CauseCode::BodyReserialized, "the body was re-serialised before it was signed"),
        RewriteEffect::Sorted => {
            (CauseCode::BodyKeysSorted, "the body's keys were in another order when it was signed")
        }
        RewriteEffect::NullsDropped => {
            (CauseCode::BodyNullsDropped, "null fields were left out when the body was signed")
        }
    };
    Why::new(code, preset.rank, detail).named(preset.name)
}
