//! Where the signature is, and how its value is built.

use super::Expression;
use super::parts::Parts;
use crate::http::Head;

/// Signatures in one request beyond this many are not looked at.
const MOST_SIGNATURES: usize = 128;

/// A value of more bytes holds no signature, nor a token, even where the whole body is one.
const LONGEST_VALUE: usize = 1024 * 1024;

/// A place that may hold a signature.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum SignaturePlace {
    /// A header, which must be there once.
    Header(String),
    /// A header that may be there several times, a signature each.
    Headers(String),
    /// Headers that differ in a number at their end: `X-Signature-1`, `X-Signature-2`.
    Numbered(String),
    /// Anywhere else: a form's field, a JSON member, a query parameter, or the whole body.
    Part(Expression),
}

impl SignaturePlace {
    /// The place in words: `header X-Signature`.
    #[must_use]
    pub fn words(&self) -> String {
        match self {
            Self::Header(name) | Self::Headers(name) => format!("header {name}"),
            Self::Numbered(name) => format!("headers {name}1, {name}2 and so on"),
            Self::Part(part) => part.to_string(),
        }
    }
}

/// How a signature is found in its value, and the value in the request.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct SignatureValue {
    /// The places, the usual one first.
    pub places: Vec<SignaturePlace>,
    /// What stands before it.
    pub prefix: String,
    /// Whether the prefix's letter case does not matter.
    pub any_case: bool,
    /// Whether a value without the prefix is one as well.
    pub optional_prefix: bool,
    /// What separates items; any of these. Empty when the value is one item.
    pub split: Vec<String>,
    /// Whether white space around an item is no part of it.
    pub trim: bool,
    /// Items at the front that are no signatures.
    pub drop: usize,
    /// What separates an item's name from its value, where items are named.
    pub pair: Option<String>,
    /// The names of items that are signatures; templates of settings are filled in.
    pub take: Vec<String>,
    /// Whether an item without a name has the name before it.
    pub continues: bool,
    /// Whether values stand in quotation marks.
    pub unquote: bool,
}

/// What was read of the places.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ReadSignature {
    /// The texts of signatures, in their order.
    pub(crate) candidates: Vec<Vec<u8>>,
    /// Named values, signatures among them.
    pub(crate) pairs: Vec<(Vec<u8>, Vec<u8>)>,
    /// Items by their places.
    pub(crate) items: Vec<Vec<u8>>,
}

/// Why no signature was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoSignature<'s> {
    /// None of the places is there.
    Missing,
    /// A header that may be there once was sent so often.
    Repeated(&'s str, usize),
    /// A place is there, and nothing in it has the scheme's form.
    Malformed,
}

impl ReadSignature {
    /// The value under a name; `None` when it has several that differ, since receivers differ in which they take.
    pub(crate) fn pair(&self, name: &str) -> Option<&[u8]> {
        let mut values = self.pairs.iter().filter(|(own, _)| own == name.as_bytes()).map(|(_, value)| value);
        let value = values.next()?;
        values.all(|other| other == value).then_some(value)
    }
}

impl SignatureValue {
    /// A bare signature in a header.
    #[must_use]
    pub fn header(name: &str) -> Self {
        Self { places: vec![SignaturePlace::Header(name.to_owned())], ..Self::default() }
    }

    /// Whether nothing surrounds the signature in its one header.
    #[must_use]
    pub fn is_bare(&self) -> bool {
        matches!(self.places[..], [SignaturePlace::Header(_)])
            && self.prefix.is_empty()
            && self.split.is_empty()
            && self.drop == 0
            && self.pair.is_none()
    }

    /// The first header that may hold a signature; `None` when none does.
    #[must_use]
    pub fn header_name(&self) -> Option<&str> {
        self.header_names().next()
    }

    /// The first of these headers that a request has with a value, or else the first.
    #[must_use]
    pub fn header_in<'s>(&'s self, head: &Head) -> Option<&'s str> {
        let has_value = |name: &&str| head.values(name).any(|value| !value.is_empty());
        self.header_names().find(has_value).or(self.header_name())
    }

    /// The headers that may hold a signature, but for those that differ in a number.
    pub fn header_names(&self) -> impl Iterator<Item = &str> {
        self.places.iter().filter_map(|place| match place {
            SignaturePlace::Header(name) | SignaturePlace::Headers(name) => Some(name.as_str()),
            SignaturePlace::Numbered(_) => None,
            SignaturePlace::Part(part) => part.header(),
        })
    }

    /// Whether a header of this name may hold a signature.
    #[must_use]
    pub fn is_header(&self, name: &[u8]) -> bool {
        self.places.iter().any(|place| match place {
            SignaturePlace::Numbered(prefix) => is_numbered(prefix, name),
            SignaturePlace::Header(own) | SignaturePlace::Headers(own) => own.as_bytes().eq_ignore_ascii_case(name),
            SignaturePlace::Part(part) => part.header().is_some_and(|own| own.as_bytes().eq_ignore_ascii_case(name)),
        })
    }

    /// Reads every signature of a request.
    pub(crate) fn read<'s>(&'s self, parts: &Parts<'_>, head: &Head) -> Result<ReadSignature, NoSignature<'s>> {
        let mut read = ReadSignature::default();
        let mut is_there = false;
        for place in &self.places {
            for value in values(place, parts, head)? {
                is_there = true;
                self.read_value(&value, parts, &mut read);
            }
        }
        read.candidates.truncate(MOST_SIGNATURES);
        match (is_there, read.candidates.is_empty()) {
            (false, _) => Err(NoSignature::Missing),
            (true, true) => Err(NoSignature::Malformed),
            (true, false) => Ok(read),
        }
    }

    /// Reads one value.
    pub(crate) fn read_value(&self, value: &[u8], parts: &Parts<'_>, read: &mut ReadSignature) {
        let Some(value) = self.without_prefix(value) else { return };
        let items: Vec<&[u8]> = self.items(value);
        if read.items.is_empty() {
            read.items = items.iter().map(|item| item.to_vec()).collect();
        }
        let Some(pair) = &self.pair else {
            return read.candidates.extend(items.iter().skip(self.drop).map(|item| item.to_vec()));
        };
        let taken: Vec<Vec<u8>> = self.take.iter().filter_map(|name| taken_name(name, parts)).collect();
        let mut last: Option<&[u8]> = None;
        for item in items {
            let (name, text) = match (memchr::memmem::find(item, pair.as_bytes()), last) {
                (Some(at), _) => (&item[..at], &item[at + pair.len()..]),
                (None, Some(last)) if self.continues => (last, item),
                (None, _) => (item, &b""[..]),
            };
            last = Some(name);
            let text = if self.unquote { unquoted(text) } else { text };
            read.pairs.push((name.to_vec(), text.to_vec()));
        }
        for name in taken {
            read.candidates.extend(read.pairs.iter().filter(|(own, _)| *own == name).map(|(_, text)| text.clone()));
        }
    }

    fn without_prefix<'v>(&self, value: &'v [u8]) -> Option<&'v [u8]> {
        let prefix = self.prefix.as_bytes();
        let rest = value.split_at_checked(prefix.len()).and_then(|(front, rest)| {
            (front == prefix || (self.any_case && front.eq_ignore_ascii_case(prefix))).then_some(rest)
        });
        rest.or(self.optional_prefix.then_some(value))
    }

    fn items<'v>(&self, value: &'v [u8]) -> Vec<&'v [u8]> {
        let mut items = Vec::new();
        let mut rest = value;
        loop {
            let next = self.split.iter().filter(|mark| !mark.is_empty()).filter_map(|mark| {
                memchr::memmem::find(rest, mark.as_bytes()).map(|at| (at, std::cmp::Reverse(mark.len())))
            });
            // The longest of those that begin first: `, ` before `,`.
            let Some((at, std::cmp::Reverse(length))) = next.min().filter(|_| items.len() < MOST_SIGNATURES) else {
                break;
            };
            items.push(&rest[..at]);
            rest = &rest[at + length..];
        }
        items.push(rest);
        if self.trim { items.into_iter().map(<[u8]>::trim_ascii).collect() } else { items }
    }

    /// The value that holds this signature, as its sender writes it; `None` when the form holds more than a timestamp
    /// and a signature.
    pub(crate) fn written(
        &self,
        signature: &str,
        timestamp: Option<(&str, &str)>,
        place: Option<usize>,
    ) -> Option<String> {
        let separator = || {
            let mark = self.split.first().map_or("", String::as_str);
            if self.trim && !mark.ends_with(' ') { format!("{mark} ") } else { mark.to_owned() }
        };
        let text = match (&self.pair, place, self.drop) {
            (Some(pair), ..) => {
                let name = self.take.first().filter(|name| !name.contains('{'))?;
                let quoted = |text: &str| if self.unquote { format!("\"{text}\"") } else { text.to_owned() };
                let own = format!("{name}{pair}{}", quoted(signature));
                match timestamp {
                    Some((name, text)) => format!("{name}{pair}{}{}{own}", quoted(text), separator()),
                    None => own,
                }
            }
            (None, Some(0), 1) => format!("{}{}{signature}", timestamp?.1, separator()),
            (None, _, 0) => signature.to_owned(),
            _ => return None,
        };
        Some(format!("{}{text}", self.prefix))
    }
}

/// A name, or the setting that it stands for: `{setting:key_id}`.
fn taken_name(name: &str, parts: &Parts<'_>) -> Option<Vec<u8>> {
    match name.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')) {
        Some(inner) => inner.parse::<Expression>().ok()?.value(parts).map(std::borrow::Cow::into_owned),
        None => Some(name.as_bytes().to_vec()),
    }
}

fn unquoted(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(text)
}

/// Whether a header's name is this and a number.
fn is_numbered(prefix: &str, name: &[u8]) -> bool {
    name.split_at_checked(prefix.len()).is_some_and(|(front, number)| {
        front.eq_ignore_ascii_case(prefix.as_bytes()) && !number.is_empty() && number.iter().all(u8::is_ascii_digit)
    })
}

/// What is at a place; empty values count as missing, as they do for receivers.
fn values<'s>(place: &'s SignaturePlace, parts: &Parts<'_>, head: &Head) -> Result<Vec<Vec<u8>>, NoSignature<'s>> {
    let all = |name: &'s str| -> Vec<Vec<u8>> {
        head.values(name).filter(|value| !value.is_empty()).map(<[u8]>::to_vec).collect()
    };
    Ok(match place {
        SignaturePlace::Header(name) => match head.values(name).count() {
            0 | 1 => all(name),
            count => return Err(NoSignature::Repeated(name, count)),
        },
        SignaturePlace::Headers(name) => all(name),
        SignaturePlace::Numbered(prefix) => {
            head.pairs().filter(|(name, _)| is_numbered(prefix, name)).map(|(_, value)| value.to_vec()).collect()
        }
        SignaturePlace::Part(part) => part
            .value(parts)
            .filter(|value| (1..=LONGEST_VALUE).contains(&value.len()))
            .map(|value| value.into_owned())
            .into_iter()
            .collect(),
    })
}
