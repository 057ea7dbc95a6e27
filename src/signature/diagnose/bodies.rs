//! What may have been signed in place of the body: recipes, built lazily and known by their bytes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::rc::Rc;

use super::axis::{Ways, Why};
use super::{Code, Part, Place};
use crate::payload::json::entries;
use crate::signature::rewrite::text::{self, Edit};
use crate::signature::rewrite::{Effect, Family, Preset, Tree, inflate, presets, prints, wrap};

/// The most memory that a search may hold, as a multiple of the body: its nodes take up to six, one
/// variant under construction up to [`GROWTH`].
const MEMORY: usize = 16;
/// The longest variant, as a multiple of the body; longer ones are not built.
const GROWTH: usize = 5;
/// Small bodies may grow by this much more.
const SLACK: usize = 64 << 10;
/// Bodies beyond this length are not printed byte by byte.
const PRINT_LIMIT: usize = 8 << 20;

/// A body to build from.
struct Base<'a> {
    bytes: Rc<Cow<'a, [u8]>>,
    /// What had to be undone first; empty for the body as received.
    undone: Vec<Why>,
}

/// How to build one variant.
#[derive(Clone)]
enum Recipe {
    Edit(Edit),
    Preset(&'static Preset),
    Print(fn(&Tree<'_>, usize) -> Option<Vec<u8>>),
    Fixed(Cow<'static, [u8]>),
    Part(std::ops::Range<usize>),
    PartCompact(std::ops::Range<usize>),
    FormField(usize),
    Then(Box<Recipe>, Edit),
}

struct Entry {
    base: usize,
    recipe: Recipe,
    ways: Ways,
}

/// Every body variant, each with all of its names.
pub(super) struct Bodies<'a> {
    bases: Vec<Base<'a>>,
    entries: Vec<Entry>,
    /// Entries by fingerprint and length of their bytes.
    known: HashMap<(u64, usize), usize>,
    /// The entries that stand for themselves, once all were built.
    unique: Vec<usize>,
    cached: HashMap<usize, Rc<[u8]>>,
    cached_bytes: usize,
    allowance: usize,
}

impl<'a> Bodies<'a> {
    /// Prepares the variants of `body`; nothing is rewritten yet.
    pub(super) fn new(body: &'a [u8], content_encoding: &[u8]) -> Self {
        let mut bases = vec![Base { bytes: Rc::new(Cow::Borrowed(body)), undone: Vec::new() }];
        for encoding in inflate::encodings(content_encoding, body) {
            if let Some(inflated) = inflate::inflate(encoding, body) {
                let why = Why::new(Code::BodyCompressed, 0, format!("signed before it was compressed with {encoding}"));
                bases.push(Base { bytes: Rc::new(Cow::Owned(inflated)), undone: vec![why] });
            }
        }
        let longest = bases.iter().map(|base| base.bytes.len()).max().unwrap_or_default();
        let mut bodies = Self {
            bases,
            entries: Vec::new(),
            known: HashMap::new(),
            unique: Vec::new(),
            cached: HashMap::new(),
            cached_bytes: 0,
            // What nodes and one variant under construction leave.
            allowance: (MEMORY - 6 - GROWTH) * longest + SLACK,
        };
        bodies.list();
        bodies
    }

    /// How many variants there may be at most.
    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    fn list(&mut self) {
        for base in 0..self.bases.len() {
            if base > 0 {
                self.push(base, Recipe::Edit(|body| Some(body.to_vec())), Vec::new());
            }
            list_edits(&mut |recipe, why| self.entries.push(entry(base, &self.bases[base].undone, recipe, vec![why])));
            let bytes = Rc::clone(&self.bases[base].bytes);
            let undone = self.bases[base].undone.clone();
            list_parts(&bytes, &mut |recipe, why| self.entries.push(entry(base, &undone, recipe, vec![why])));
            for preset in presets() {
                let why = preset_why(preset);
                self.entries.push(entry(base, &undone, Recipe::Preset(preset), vec![why]));
            }
        }
        self.entries.sort_by_key(|entry| (entry.ways.weight(), entry.ways.rank()));
    }

    fn push(&mut self, base: usize, recipe: Recipe, whys: Vec<Why>) {
        self.entries.push(entry(base, &self.bases[base].undone, recipe, whys));
    }

    /// Adds combinations of two changes to the body itself: serialisers and what files, editors and
    /// other serialisers do to their output.
    pub(super) fn add_combinations(&mut self) {
        let presets: Vec<usize> = (0..self.entries.len())
            .filter(|&index| {
                matches!(self.entries[index].recipe, Recipe::Preset(_)) && self.entries[index].ways.weight() == 1
            })
            .collect();
        let edits: [(Edit, Code, &str); 6] = [
            (text::add_lf, Code::BodyNewline, "a final newline was signed that did not arrive"),
            (text::to_crlf, Code::BodyLineEndings, "CR LF was signed where LF arrived"),
            (text::add_bom, Code::BodyBom, "a byte order mark was signed that did not arrive"),
            (wrap::to_base64, Code::BodyBase64, "its base64 was signed"),
            (wrap::as_json_string, Code::BodyDoubleEncoded, "its JSON string was signed"),
            (text::latin1, Code::BodyCharset, "its Latin-1 bytes were signed"),
        ];
        for (rank, (edit, code, detail)) in (0_u16..).zip(edits) {
            for &index in &presets {
                let Entry { base, recipe, ways } = &self.entries[index];
                let Some(first) = ways.0.first().and_then(|way| way.first()).cloned() else { continue };
                let whys = vec![first, Why::new(code, rank * 4, detail)];
                let made = entry(*base, &self.bases[*base].undone, Recipe::Then(Box::new(recipe.clone()), edit), whys);
                self.entries.push(made);
            }
        }
    }

    /// Builds the variants from `from` on, one after the other, and hands each new one to `each`.
    /// One that has the bytes of an earlier one only adds its names to it. Ends early when `each`
    /// says so.
    pub(super) fn build(&mut self, from: usize, mut each: impl FnMut(usize, &[u8]) -> bool) {
        let bases: Vec<Rc<Cow<'a, [u8]>>> = self.bases.iter().map(|base| Rc::clone(&base.bytes)).collect();
        let trees: Vec<Option<Tree<'_>>> = bases.iter().map(|bytes| Tree::read(bytes)).collect();
        if from == 0 {
            self.known.insert(fingerprint(&bases[0]), usize::MAX);
        }
        for index in from..self.entries.len() {
            let entry = &self.entries[index];
            let limit = bases[entry.base].len() * GROWTH + SLACK;
            let Some(bytes) = make(&entry.recipe, &bases[entry.base], trees[entry.base].as_ref(), limit) else {
                continue;
            };
            let key = fingerprint(&bytes);
            match self.known.get(&key) {
                // The body as it was received.
                Some(&usize::MAX) => {}
                Some(&first) => {
                    let ways = std::mem::take(&mut self.entries[index].ways);
                    self.entries[first].ways.join(ways);
                }
                None => {
                    self.known.insert(key, index);
                    self.unique.push(index);
                    let going = each(index, &bytes);
                    self.keep(index, bytes);
                    if !going {
                        return;
                    }
                }
            }
        }
    }

    fn keep(&mut self, index: usize, bytes: Vec<u8>) {
        if self.cached_bytes + bytes.len() <= self.allowance {
            self.cached_bytes += bytes.len();
            self.cached.insert(index, bytes.into());
        }
    }

    /// The variants that were built, the commonest first, without duplicates.
    pub(super) fn unique(&self) -> Vec<usize> {
        let mut unique = self.unique.clone();
        unique.sort_by_key(|&index| (self.entries[index].ways.weight(), self.entries[index].ways.rank()));
        unique
    }

    pub(super) fn ways(&self, index: usize) -> &Ways {
        &self.entries[index].ways
    }

    /// The bytes of a variant, from memory or built again.
    pub(super) fn bytes(&self, index: usize) -> Option<Rc<[u8]>> {
        if let Some(bytes) = self.cached.get(&index) {
            return Some(Rc::clone(bytes));
        }
        let entry = &self.entries[index];
        let base = &self.bases[entry.base].bytes;
        let tree = needs_tree(&entry.recipe).then(|| Tree::read(base)).flatten();
        make(&entry.recipe, base, tree.as_ref(), base.len() * GROWTH + SLACK).map(Into::into)
    }
}

/// The first difference between what arrived and what was signed, for marking.
pub(super) fn first_difference(received: &[u8], signed: &[u8]) -> Place {
    let offset = received.iter().zip(signed).position(|(one, other)| one != other);
    let offset = offset.unwrap_or_else(|| received.len().min(signed.len()));
    Place { part: Part::Body, offset, before: excerpt(received, offset), after: excerpt(signed, offset) }
}

/// A few bytes from `offset` on, made visible.
pub(in crate::signature) fn excerpt(bytes: &[u8], offset: usize) -> String {
    let end = bytes.len().min(offset + 16);
    match bytes.get(offset..end) {
        None | Some([]) => "the end".to_owned(),
        Some(some) => crate::text::visible_bytes(some).into_owned(),
    }
}

fn entry(base: usize, undone: &[Why], recipe: Recipe, whys: Vec<Why>) -> Entry {
    Entry { base, recipe, ways: Ways(vec![undone.iter().cloned().chain(whys).collect()]) }
}

fn fingerprint(bytes: &[u8]) -> (u64, usize) {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    (hasher.finish(), bytes.len())
}

fn needs_tree(recipe: &Recipe) -> bool {
    match recipe {
        Recipe::Preset(_) | Recipe::Print(_) => true,
        Recipe::Then(first, _) => needs_tree(first),
        _ => false,
    }
}

fn make(recipe: &Recipe, body: &[u8], tree: Option<&Tree<'_>>, limit: usize) -> Option<Vec<u8>> {
    match recipe {
        Recipe::Edit(edit) => edit(body),
        Recipe::Preset(preset) => preset.apply(tree?, limit),
        Recipe::Print(print) => print(tree?, limit),
        Recipe::Fixed(bytes) => Some(bytes.to_vec()),
        Recipe::Part(range) => Some(body.get(range.clone())?.to_vec()),
        Recipe::PartCompact(range) => {
            let part = Tree::read(body.get(range.clone())?)?;
            presets().next()?.apply(&part, limit)
        }
        Recipe::FormField(index) => Some(wrap::form_fields(body).into_iter().nth(*index)?.1),
        Recipe::Then(first, edit) => edit(&make(first, body, tree, limit)?),
    }
    .filter(|bytes| bytes.len() <= limit)
}

fn preset_why(preset: &'static Preset) -> Why {
    let (code, detail) = match preset.effect {
        Effect::Reserialized => (Code::BodyReserialized, "the body was parsed and written again before it was signed"),
        Effect::Sorted => (Code::BodyKeysSorted, "the keys were in another order when it was signed"),
        Effect::NullsDropped => (Code::BodyNullsDropped, "the members that are null were left out when it was signed"),
    };
    let _ = Family::Any;
    Why::new(code, preset.rank, detail).named(preset.name)
}

type Found<'f> = &'f mut dyn FnMut(Recipe, Why);

fn list_edits(found: Found<'_>) {
    let edits: [(Edit, Code, u16, &str); 38] = [
        (text::add_lf, Code::BodyNewline, 0, "a final newline was signed that did not arrive"),
        (text::drop_newline, Code::BodyNewline, 0, "a final newline arrived that was not signed"),
        (text::add_crlf, Code::BodyNewline, 2, "a final CR LF was signed that did not arrive"),
        (
            text::drop_all_newlines,
            Code::BodyNewline,
            1,
            "all newlines were left out when it was signed, as curl -d @file does",
        ),
        (text::trim, Code::BodyNewline, 2, "the white space around the body was not signed"),
        (text::to_lf, Code::BodyLineEndings, 0, "LF was signed where CR LF arrived"),
        (text::to_crlf, Code::BodyLineEndings, 0, "CR LF was signed where LF arrived"),
        (text::drop_bom, Code::BodyBom, 0, "a byte order mark arrived that was not signed"),
        (text::add_bom, Code::BodyBom, 3, "a byte order mark was signed that did not arrive"),
        (text::latin1, Code::BodyCharset, 1, "its Latin-1 bytes were signed"),
        (
            text::latin1_cut,
            Code::BodyCharset,
            2,
            "its Latin-1 bytes were signed, as Node's 'latin1' and 'binary' cut them",
        ),
        (text::windows_1252, Code::BodyCharset, 2, "its Windows-1252 bytes were signed"),
        (text::ascii_question, Code::BodyCharset, 2, "ASCII was signed, with ? for each other character"),
        (text::ascii_question_units, Code::BodyCharset, 3, "ASCII was signed, with ? for each other UTF-16 unit"),
        (text::ascii_dropped, Code::BodyCharset, 5, "ASCII was signed, other characters left out"),
        (text::lossy_utf8, Code::BodyCharset, 1, "U+FFFD was signed for each byte outside UTF-8"),
        (text::lossy_ascii, Code::BodyCharset, 4, "U+FFFD was signed for each byte outside ASCII"),
        (
            text::mojibake_latin1,
            Code::BodyCharset,
            2,
            "mojibake was signed: UTF-8 read as Latin-1 and written as UTF-8",
        ),
        (
            text::mojibake_1252,
            Code::BodyCharset,
            2,
            "mojibake was signed: UTF-8 read as Windows-1252 and written as UTF-8",
        ),
        (text::undo_mojibake, Code::BodyCharset, 1, "the body arrived as mojibake; what was signed is right UTF-8"),
        (text::from_latin1, Code::BodyCharset, 1, "the body arrived as Latin-1; its UTF-8 was signed"),
        (text::utf16_le, Code::BodyCharset, 5, "its UTF-16 (little-endian) was signed"),
        (text::utf16_be, Code::BodyCharset, 7, "its UTF-16 (big-endian) was signed"),
        (text::nfc, Code::BodyUnicodeNormalized, 0, "normal form C was signed"),
        (text::nfd, Code::BodyUnicodeNormalized, 0, "normal form D was signed"),
        (wrap::from_base64, Code::BodyBase64, 0, "the body arrived as base64; what it decodes to was signed"),
        (wrap::to_base64, Code::BodyBase64, 2, "its base64 was signed"),
        (wrap::to_base64_url, Code::BodyBase64, 5, "its base64url was signed"),
        (
            wrap::json_string_content,
            Code::BodyDoubleEncoded,
            0,
            "the body arrived as a JSON string; its content was signed",
        ),
        (
            wrap::as_json_string,
            Code::BodyDoubleEncoded,
            1,
            "the body was signed as a JSON string, serialised once too often",
        ),
        (
            wrap::as_ascii_json_string,
            Code::BodyDoubleEncoded,
            2,
            "the body was signed as a JSON string, as Python writes it",
        ),
        (
            wrap::as_php_json_string,
            Code::BodyDoubleEncoded,
            2,
            "the body was signed as a JSON string, as PHP writes it",
        ),
        (form_payload, Code::BodyFormEncoded, 2, "the form field payload=… was signed"),
        (form_whole, Code::BodyFormEncoded, 3, "the percent-encoded body was signed"),
        (form_undone, Code::BodyFormEncoded, 1, "the body arrived percent-encoded; what it decodes to was signed"),
        (form_key, Code::BodyFormEncoded, 4, "a form parser took the whole body for a key"),
        (print_buffer_json, Code::BodyStringifiedObject, 3, "the JSON of a Buffer was signed"),
        (print_bytes, Code::BodyStringifiedObject, 2, "Python's print-out of the bytes was signed"),
    ];
    for (edit, code, rank, detail) in edits {
        found(Recipe::Edit(edit), Why::new(code, rank, detail));
    }
    let printed = |rank, detail: &str| Why::new(Code::BodyStringifiedObject, rank, detail);
    found(Recipe::Edit(prints::buffer_print), printed(3, "the print-out of a Buffer was signed").alarming());
    found(Recipe::Edit(print_byte_list), printed(4, "the numbers of a byte array were signed"));
    found(Recipe::Print(prints::python_dict), printed(1, "Python's print-out of a dict was signed"));
    found(Recipe::Print(prints::ruby_hash), printed(4, "Ruby's print-out of a hash was signed"));
    found(Recipe::Fixed(Cow::Borrowed(b"")), Why::new(Code::BodyEmpty, 0, "an empty body was signed").alarming());
    for (rank, word) in
        (0..).zip(["[object Object]", "undefined", "null", "{}", "None", "Array", "[object Promise]", "[object Blob]"])
    {
        let why = printed(rank, &format!("the text {word} was signed instead of the body")).alarming();
        found(Recipe::Fixed(Cow::Borrowed(word.as_bytes())), why);
    }
}

fn form_payload(body: &[u8]) -> Option<Vec<u8>> {
    Some([b"payload=".as_slice(), &wrap::form_encoded(body)].concat())
}

fn form_whole(body: &[u8]) -> Option<Vec<u8>> {
    Some(wrap::form_encoded(body))
}

fn form_undone(body: &[u8]) -> Option<Vec<u8>> {
    memchr::memchr(b'%', body)?;
    Some(wrap::form_decoded(body))
}

/// What `JSON.stringify(req.body)` is after Express' `urlencoded()` was given JSON: `{"<body>":""}`.
fn form_key(body: &[u8]) -> Option<Vec<u8>> {
    Some([b"{", wrap::as_json_string(&wrap::form_decoded(body))?.as_slice(), b":\"\"}"].concat())
}

fn print_buffer_json(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() > PRINT_LIMIT { None } else { prints::buffer_json(body) }
}

fn print_byte_list(body: &[u8]) -> Option<Vec<u8>> {
    if body.len() > PRINT_LIMIT { None } else { prints::byte_list(body) }
}

fn print_bytes(body: &[u8]) -> Option<Vec<u8>> {
    prints::python_bytes(body)
}

/// The members of the body, and a form's fields.
fn list_parts(body: &[u8], found: Found<'_>) {
    for (place, member) in (0_u16..24).zip(entries(body)) {
        let Some(key) = member.key else { break };
        let name = crate::text::visible_bytes(&body[key]).into_owned();
        let rank = if matches!(name.as_str(), "\"data\"" | "\"payload\"" | "\"body\"") { 0 } else { 4 + place };
        let why = |form: &str| Why::new(Code::BodyPartSigned, rank, format!("only the member {name} was signed{form}"));
        found(Recipe::Part(member.value.clone()), why(""));
        found(Recipe::PartCompact(member.value), why(", written as JSON.stringify does"));
    }
    for (index, (name, _)) in wrap::form_fields(body).into_iter().enumerate() {
        let detail = format!("the body arrived as a form; its field {} was signed", crate::text::visible(&name));
        found(Recipe::FormField(index), Why::new(Code::BodyFormEncoded, 0, detail));
    }
}
