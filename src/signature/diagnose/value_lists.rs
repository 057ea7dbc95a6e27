//! A signature in a list of named values: `t=1,v1=…` (Stripe), `ts=1;h1=…` (Paddle), `v1,… v1,…` (Standard Webhooks), and
//! how such a list differs from the scheme's.

use super::axis::Why;
use super::encoding::{Received, UsualForm, read_value, shown};
use super::layers::layers;
use super::{BytePlace, CauseCode, RequestPart};
use crate::signature::scheme::ReadSignature;
use crate::signature::{Scheme, Source};

/// Values of one list that are looked at.
const MOST_VALUES: usize = 16;

/// What timestamps are called in lists.
const TIMESTAMPS: [&[u8]; 3] = [b"t", b"ts", b"timestamp"];

/// A named value of a list, as loosely as it may be written.
struct ListItem<'v> {
    /// What separates it from the one before; empty for the first.
    gap: &'v [u8],
    name: &'v [u8],
    /// Between name and value, with white space around it.
    mark: &'v [u8],
    value: &'v [u8],
}

/// The named values of a text. Words without a name are passed over.
fn items(text: &[u8]) -> Vec<ListItem<'_>> {
    let is_gap = |byte: &u8| b",;& \t".contains(byte);
    let is_mark = |byte: &u8| b"=:".contains(byte);
    let mut all: Vec<ListItem<'_>> = Vec::new();
    let mut at = 0;
    while at < text.len() && all.len() < MOST_VALUES {
        let gap = text[at..].iter().take_while(|byte| is_gap(byte)).count();
        let start = at + gap;
        let name = text[start..].iter().take_while(|byte| !is_gap(byte) && !is_mark(byte)).count();
        let blanks = |from: usize| text[from..].iter().take_while(|byte| b" \t".contains(byte)).count();
        let before_mark = start + name + blanks(start + name);
        if name == 0 || !text.get(before_mark).is_some_and(is_mark) {
            at = (start + name).max(at + 1);
            continue;
        }
        let value = before_mark + 1 + blanks(before_mark + 1);
        let end = value + text[value..].iter().take_while(|byte| !is_gap(byte)).count();
        all.push(ListItem {
            gap: &text[at..start],
            name: &text[start..start + name],
            mark: &text[start + name..value],
            value: &text[value..end],
        });
        at = end;
    }
    all
}

/// The scheme's names, where it has a list of named values such as these.
struct OwnNames<'s> {
    signatures: Vec<&'s str>,
    timestamp: Option<&'s str>,
}

impl<'s> OwnNames<'s> {
    fn of(scheme: &'s Scheme) -> Self {
        let form = &scheme.signature;
        let is_list = form.pair.as_deref().is_some_and(|pair| matches!(pair.trim(), "=" | ":"));
        let names = form.take.iter().filter(|name| is_list && !name.contains('{'));
        let timestamp = scheme.timestamp.as_ref().and_then(|place| match &place.source {
            Source::Pair(name) => Some(name.as_str()),
            _ => None,
        });
        Self { signatures: names.map(String::as_str).collect(), timestamp }
    }

    /// The scheme's name for this one, whatever its letter case.
    fn signature(&self, name: &[u8]) -> Option<&'s str> {
        self.signatures.iter().find(|own| own.as_bytes().eq_ignore_ascii_case(name)).copied()
    }

    fn is_timestamp(&self, name: &[u8]) -> bool {
        self.timestamp.is_some_and(|own| own.as_bytes().eq_ignore_ascii_case(name)) || TIMESTAMPS.contains(&name)
    }
}

/// Every value of the scheme's timestamp in a list, each once: under its own name, or else under a usual one.
pub(super) fn timestamps(text: &[u8], scheme: &Scheme) -> Vec<Vec<u8>> {
    let own = OwnNames::of(scheme);
    let Some(wanted) = own.timestamp else { return Vec::new() };
    let all = items(text);
    let named = |is_it: &dyn Fn(&[u8]) -> bool| {
        let mut values: Vec<Vec<u8>> = Vec::new();
        for item in all.iter().filter(|item| is_it(item.name)) {
            let value = layers(item.value, "", false).pop().map_or(item.value, |inner| inner.bytes);
            if !value.is_empty() && !values.iter().any(|known| known == value) {
                values.push(value.to_vec());
            }
        }
        values
    };
    let exact = named(&|name| name == wanted.as_bytes());
    if exact.is_empty() { named(&|name| own.is_timestamp(name)) } else { exact }
}

/// Whether what the scheme reads of a value has its timestamp, as far as there is one in the value.
pub(super) fn has_own_timestamp(read: &ReadSignature, value: &[u8], scheme: &Scheme) -> bool {
    let Some(own) = OwnNames::of(scheme).timestamp else { return true };
    read.pairs.iter().any(|(name, _)| name == own.as_bytes()) || timestamps(value, scheme).is_empty()
}

/// Reads the signatures of a list; `around` says what was taken off it.
pub(super) fn read_list(text: &[u8], usual: &UsualForm<'_>, around: &[Why], all: &mut Vec<Received>) {
    let (items, own) = (items(text), OwnNames::of(usual.scheme));
    let timestamp = items.iter().find(|item| own.is_timestamp(item.name)).map(|item| item.value);
    let in_place = |rank, detail| {
        Why::new(CauseCode::SignaturePrefix, rank, detail).at(BytePlace {
            part: RequestPart::Signature,
            offset: 0,
            before: shown(text),
            after: usual.form.clone(),
        })
    };
    for item in items.iter().filter(|item| !own.is_timestamp(item.name)) {
        let own_name = own.signature(item.name);
        if timestamp.is_none() && items.len() < 2 && own_name.is_none() {
            continue;
        }
        let differs = own_name.map(|name| differences(&items, item, name, usual.scheme)).filter(|all| !all.is_empty());
        let inner = layers(item.value, "", false);
        for layer in &inner {
            let own_whys = layer.around();
            let detail = match (&differs, own_name) {
                (Some(differs), _) => format!("{}: the scheme has {}", differs.join(", "), usual.form),
                // What surrounds the value is the whole difference.
                (None, Some(_)) if !own_whys.is_empty() => String::new(),
                _ => other_list(item.name, timestamp.is_some(), &usual.form),
            };
            // Of the scheme's own list something else is to be said, if anything is.
            let rank = if differs.is_none() && own_name.is_some() { 5 } else { 0 };
            let list = (!detail.is_empty()).then(|| in_place(rank, detail));
            let whys: Vec<Why> = around.iter().cloned().chain(list).chain(own_whys).collect();
            read_value(layer.bytes, usual, &whys, timestamp, all);
        }
    }
    let joined = joined_by_commas(text);
    for signature in joined.iter().filter(|_| joined.len() > 1) {
        let is_own = usual.scheme.signature.split.iter().any(|mark| mark == " ");
        let detail = if is_own {
            "the signatures of the list are joined by “,” and not by a space".to_owned()
        } else {
            with_form("a list of signatures, v1,…".to_owned(), &usual.form)
        };
        let whys: Vec<Why> = around.iter().cloned().chain([in_place(0, detail)]).collect();
        read_value(signature, usual, &whys, None, all);
    }
    for entry in text.split(|&byte| byte == b' ').take(MOST_VALUES) {
        if let Some(signature) = entry.strip_prefix(b"v1,")
            && entry.len() < text.len()
        {
            let detail = with_form("a list of signatures, v1,…".to_owned(), &usual.form);
            let whys: Vec<Why> = around.iter().cloned().chain([in_place(0, detail)]).collect();
            read_value(signature, usual, &whys, None, all);
        }
    }
}

/// The signatures of `v1,…,v1,…`; one for what is not joined so.
fn joined_by_commas(text: &[u8]) -> Vec<&[u8]> {
    let mut all = Vec::new();
    let Some(mut rest) = text.strip_prefix(b"v1,") else { return all };
    while all.len() < MOST_VALUES {
        // A space may be after the comma.
        let places = [&b",v1,"[..], b", v1,"].map(|mark| memchr::memmem::find(rest, mark).map(|at| (at, mark.len())));
        let Some((at, length)) = places.into_iter().flatten().min() else { break };
        all.push(&rest[..at]);
        rest = &rest[at + length..];
    }
    all.push(rest);
    all
}

fn other_list(name: &[u8], has_timestamp: bool, form: &str) -> String {
    let list = if has_timestamp { "a list with the timestamp" } else { "a list of values" };
    with_form(format!("{list}, {}=…", crate::text::visible_bytes(name)), form)
}

fn with_form(detail: String, form: &str) -> String {
    if form.is_empty() { detail } else { format!("{detail} instead of {form}") }
}

/// How a list that has the scheme's names is written otherwise than the scheme reads it.
fn differences(items: &[ListItem<'_>], item: &ListItem<'_>, name: &str, scheme: &Scheme) -> Vec<String> {
    let form = &scheme.signature;
    let visible = |bytes: &[u8]| crate::text::visible_bytes(bytes).into_owned();
    let mut all = Vec::new();
    let is_own_gap = |gap: &[u8]| {
        let own = |gap: &[u8]| form.split.iter().any(|mark| mark.as_bytes() == gap);
        own(gap) || (form.trim && own(gap.trim_ascii()))
    };
    if let Some(gap) = items.iter().skip(1).map(|item| item.gap).find(|gap| !is_own_gap(gap)) {
        let bare = gap.trim_ascii();
        let own = form.split.first().map_or("", String::as_str);
        all.push(if !bare.is_empty() && is_own_gap(bare) {
            format!("white space after “{}”", visible(bare))
        } else {
            format!("“{}” between the values and not “{own}”", visible(gap))
        });
    }
    if item.name != name.as_bytes() {
        all.push(format!("{} and not {name}", visible(item.name)));
    }
    let own_stamp = scheme.timestamp.as_ref().and_then(|place| match &place.source {
        Source::Pair(name) => Some(name.as_str()),
        _ => None,
    });
    if let Some(own) = own_stamp
        && !items.iter().any(|item| item.name == own.as_bytes())
        && let Some(other) = items.iter().find(|item| OwnNames::of(scheme).is_timestamp(item.name))
    {
        all.push(format!("{} and not {own}", visible(other.name)));
    }
    let mark = form.pair.as_deref().unwrap_or_default();
    if item.mark != mark.as_bytes() {
        let bare = item.mark.trim_ascii();
        all.push(if bare == mark.as_bytes() {
            format!("white space beside “{mark}”")
        } else {
            format!("“{}” after {name} and not “{mark}”", visible(bare))
        });
    }
    all
}
