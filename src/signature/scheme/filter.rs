//! What is done to a part of a request before it is signed or becomes a key.

use std::borrow::Cow;
use std::fmt;

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE};
use unicode_normalization::UnicodeNormalization as _;

use super::forms;
use super::parts::{Parts, Source};
use super::url::cut_query;
use crate::http::percent::{self, PlusSign};
use crate::signature::Algorithm;
use crate::text::replace_bytes;

/// The most bytes that a body is inflated to before its sender has its answer.
const INFLATE_LIMIT: u64 = 8 * 1024 * 1024;

/// One filter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum Filter {
    /// The hash's bytes.
    Hash(Algorithm),
    /// A fixed function of the bytes.
    Plain(PlainFilter),
    /// Without this at the front, where it is there.
    Strip(String),
    /// What follows the last of these.
    After(String),
    /// What precedes the first of these.
    Before(String),
    /// This in place of what is missing.
    Or(String),
    /// Between these two, and nothing at all when it is missing.
    Wrap(String, String),
    /// A form's fields, sorted by name as `a=1&b=2`, decoded, without empty ones and these.
    FieldsWithout(Vec<String>),
    /// With one source's text replaced by another's.
    Replace(Box<(Source, Source)>),
}

macro_rules! plain_filters {
    ($($variant:ident $name:literal $doc:literal;)*) => {
        /// A fixed function of bytes.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum PlainFilter {
            $(#[doc = $doc] $variant,)*
        }

        impl PlainFilter {
            const ALL: &'static [(Self, &'static str, &'static str)] = &[$((Self::$variant, $name, $doc),)*];
        }
    };
}

plain_filters! {
    Hex "hex" "Lower-case hexadecimal digits.";
    Unhex "unhex" "The bytes of hexadecimal digits.";
    Base64 "base64" "Standard base64, padded.";
    Base64Url "base64url" "Base64 for URLs, padded.";
    Unbase64 "unbase64" "The bytes of standard base64, read strictly.";
    NoPadding "nopad" "Without padding (`=`) at the end.";
    Upper "upper" "In capital letters (ASCII).";
    Lower "lower" "In small letters (ASCII).";
    Trim "trim" "Without white space at both ends.";
    NotEmpty "not_empty" "Missing when it is empty.";
    Crc32 "crc32" "The CRC-32 as a decimal number.";
    Inflate "inflate" "Inflated when it is gzip, as it is otherwise.";
    JsonString "json_string" "As a JSON string, with its quotation marks.";
    SortedJson "sorted_json" "JSON with all keys sorted and no white space, as JavaScript writes it.";
    Nfkd "nfkd" "In Unicode's normalisation form KD.";
    HtmlDecode "html_decode" "With HTML's character references undone.";
    PercentDecode "percent_decode" "With percent-encoding undone.";
    NoQuery "no_query" "A URL without its query.";
    SortedQuery "sorted_query" "A query sorted by name and encoded again, as Node's querystring does.";
    FieldsByName "fields_by_name" "A form's fields sorted by name, names and values joined by nothing.";
    FieldsByNameUnique "fields_by_name_unique" "The same, each value of a name once and sorted.";
    FieldsByNameSorted "fields_by_name_sorted" "The same, the values of a name sorted.";
    FieldsInOrder "fields_in_order" "A form's fields as they came, names and values joined by nothing.";
    FieldsIgnoringCase "fields_ignoring_case" "The same, sorted by name, whatever its letter case.";
    FieldsJoined "fields_joined" "A form's fields sorted by name as `a=1&b=2`, decoded.";
    HubspotDecode "hubspot_decode" "HubSpot: twelve percent codes of the URL undone.";
    ContentfulTarget "contentful_target" "Contentful: path and query with the query escaped whole.";
    AtlassianQuery "atlassian_query" "Atlassian Connect: the canonical query, without jwt.";
    PlivoUrl "plivo_url" "Plivo: the URL with its query decoded and sorted.";
    PhpSerialized "php_serialized" "Paddle Classic: a form's fields as PHP's serialize writes them.";
}

/// A word that is no filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnknownFilter;

impl Filter {
    /// Reads a filter such as `hex` or `strip:whsec_`.
    pub(super) fn read(text: &str) -> Result<Self, UnknownFilter> {
        if let Some(algorithm) = Algorithm::of_hash_name(text) {
            return Ok(Self::Hash(algorithm));
        }
        if let Some((plain, ..)) = PlainFilter::ALL.iter().find(|(_, name, _)| *name == text) {
            return Ok(Self::Plain(*plain));
        }
        let (name, argument) = text.split_once(':').ok_or(UnknownFilter)?;
        let owned = argument.to_owned();
        Ok(match name {
            "strip" => Self::Strip(owned),
            "after" if !argument.is_empty() => Self::After(owned),
            "before" if !argument.is_empty() => Self::Before(owned),
            "or" => Self::Or(owned),
            "wrap" => {
                let (before, after) = argument.split_once('~').ok_or(UnknownFilter)?;
                Self::Wrap(before.to_owned(), after.to_owned())
            }
            "fields_without" => Self::FieldsWithout(argument.split(',').map(str::to_owned).collect()),
            "replace" => {
                let (old, new) = argument.split_once("=>").ok_or(UnknownFilter)?;
                let read = |name: &str| Source::read(name).map_err(|_| UnknownFilter);
                Self::Replace(Box::new((read(old)?, read(new)?)))
            }
            _ => return Err(UnknownFilter),
        })
    }

    /// Whether it reads the fields of a form.
    pub(super) fn reads_form(&self) -> bool {
        match self {
            Self::FieldsWithout(_) => true,
            Self::Plain(plain) => plain.reads_form(),
            _ => false,
        }
    }

    /// Whether two values stay two, but for white space and other spellings of the same. Of hexadecimal digits, the
    /// letter case says nothing.
    pub(super) fn keeps_value(&self, of_digits: bool) -> bool {
        use PlainFilter::{AtlassianQuery, Crc32, Lower, NoQuery, Upper};
        match self {
            Self::After(_) | Self::Before(_) | Self::Strip(_) => false,
            // A member that is replaced is a small part; a whole that is replaced is gone.
            Self::Replace(both) => both.0.is_member() || matches!(both.0, Source::Form(_) | Source::FormJson(..)),
            Self::Plain(Lower | Upper) => of_digits,
            Self::Plain(AtlassianQuery | Crc32 | NoQuery) => false,
            Self::Hash(_) | Self::Plain(_) | Self::Or(_) | Self::Wrap(..) | Self::FieldsWithout(_) => true,
        }
    }

    /// Whether what it gives is hexadecimal digits.
    pub(super) fn gives_digits(&self) -> bool {
        matches!(self, Self::Plain(PlainFilter::Hex))
    }

    /// The value after the filter; `None` when it is not in the form that the filter reads.
    pub(super) fn apply<'a>(&self, value: Cow<'a, [u8]>, parts: &Parts<'a>) -> Option<Cow<'a, [u8]>> {
        Some(match self {
            Self::Hash(algorithm) => Cow::Owned(algorithm.hash(|sink| sink(&value))),
            Self::Plain(plain) => Cow::Owned(plain.apply(&value)?),
            Self::Strip(prefix) => match value.strip_prefix(prefix.as_bytes()) {
                Some(rest) => Cow::Owned(rest.to_vec()),
                None => value,
            },
            Self::After(mark) => match memchr::memmem::rfind(&value, mark.as_bytes()) {
                Some(at) => Cow::Owned(value[at + mark.len()..].to_vec()),
                None => value,
            },
            Self::Before(mark) => match memchr::memmem::find(&value, mark.as_bytes()) {
                Some(at) => Cow::Owned(value[..at].to_vec()),
                None => value,
            },
            Self::FieldsWithout(names) => Cow::Owned(forms::fields_without(&value, names)),
            Self::Replace(both) => {
                let (old, new) = (parts.get(&both.0)?, parts.get(&both.1)?);
                Cow::Owned(replace_bytes(&value, &old, &new))
            }
            // What they do to a missing value is the expression's business.
            Self::Or(_) | Self::Wrap(..) => value,
        })
    }
}

impl PlainFilter {
    /// The names of all of them.
    pub fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|(_, name, _)| *name)
    }

    fn reads_form(self) -> bool {
        matches!(
            self,
            Self::FieldsByName
                | Self::FieldsByNameUnique
                | Self::FieldsByNameSorted
                | Self::FieldsInOrder
                | Self::FieldsIgnoringCase
                | Self::FieldsJoined
                | Self::PhpSerialized
        )
    }

    fn apply(self, value: &[u8]) -> Option<Vec<u8>> {
        let text = || std::str::from_utf8(value).ok();
        Some(match self {
            Self::Hex => hex::encode(value).into_bytes(),
            Self::Unhex => not_empty(hex::decode(value).ok()?)?,
            Self::Base64 => BASE64_STANDARD.encode(value).into_bytes(),
            Self::Base64Url => BASE64_URL_SAFE.encode(value).into_bytes(),
            Self::Unbase64 => not_empty(BASE64_STANDARD.decode(value).ok()?)?,
            Self::NoPadding => {
                let end = value.iter().rposition(|&byte| byte != b'=').map_or(0, |at| at + 1);
                value[..end].to_vec()
            }
            Self::Upper => value.to_ascii_uppercase(),
            Self::Lower => value.to_ascii_lowercase(),
            Self::Trim => value.trim_ascii().to_vec(),
            Self::NotEmpty => not_empty(value.to_vec())?,
            Self::Crc32 => crc32fast::hash(value).to_string().into_bytes(),
            Self::Inflate if value.starts_with(&[0x1f, 0x8b]) => forms::inflated(value, INFLATE_LIMIT)?,
            Self::Inflate => value.to_vec(),
            Self::JsonString => serde_json::to_vec(text()?).ok()?,
            Self::SortedJson => forms::sorted_json(value)?,
            Self::Nfkd => text()?.nfkd().collect::<String>().into_bytes(),
            Self::HtmlDecode => forms::html_decoded(text()?).into_bytes(),
            Self::PercentDecode => percent::decode(value, PlusSign::Literal),
            Self::NoQuery => cut_query(value).0.to_vec(),
            Self::SortedQuery => forms::sorted_query(value),
            Self::FieldsByName => forms::fields_by_name(value, forms::FieldValues::InOrder),
            Self::FieldsByNameUnique => forms::fields_by_name(value, forms::FieldValues::Unique),
            Self::FieldsByNameSorted => forms::fields_by_name(value, forms::FieldValues::Sorted),
            Self::FieldsInOrder => forms::fields_in_order(value),
            Self::FieldsIgnoringCase => forms::fields_ignoring_case(value),
            Self::FieldsJoined => forms::fields_joined(value),
            Self::HubspotDecode => forms::hubspot_decoded(value),
            Self::ContentfulTarget => forms::contentful_target(value),
            Self::AtlassianQuery => forms::atlassian_query(value),
            Self::PlivoUrl => forms::plivo_url(value),
            Self::PhpSerialized => forms::php_serialized(value),
        })
    }
}

/// `bytes` unless they are empty: anyone can sign with an empty key.
fn not_empty(bytes: Vec<u8>) -> Option<Vec<u8>> {
    (!bytes.is_empty()).then_some(bytes)
}

impl fmt::Display for Filter {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hash(algorithm) => formatter.write_str(algorithm.hash_name()),
            Self::Plain(plain) => {
                let name = PlainFilter::ALL.iter().find(|(known, ..)| known == plain).map_or("", |(_, name, _)| name);
                formatter.write_str(name)
            }
            Self::Strip(text) => write!(formatter, "strip:{text}"),
            Self::After(text) => write!(formatter, "after:{text}"),
            Self::Before(text) => write!(formatter, "before:{text}"),
            Self::Or(text) => write!(formatter, "or:{text}"),
            Self::Wrap(before, after) => write!(formatter, "wrap:{before}~{after}"),
            Self::FieldsWithout(names) => write!(formatter, "fields_without:{}", names.join(",")),
            Self::Replace(both) => write!(formatter, "replace:{}=>{}", both.0, both.1),
        }
    }
}
