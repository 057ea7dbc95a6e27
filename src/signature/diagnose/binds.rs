//! The signature is right, and what it signs does not fit the request: which value, and what it fits.

use std::borrow::Cow;

use subtle::ConstantTimeEq as _;

use super::axis::Why;
use super::bodies::Bodies;
use super::explain::Explanation;
use super::structure::Structure;
use super::subcause::Subcause;
use super::{Budget, CauseCode, Request};
use crate::signature::scheme::Parts;
use crate::signature::{Bind, Encoding, Source};

/// Bytes of a value that are shown.
const SHOWN: usize = 80;

/// Explains the first bind that does not hold; `parts` are those under which the signature is right. Nothing when all
/// hold.
pub(super) fn explain(
    request: &Request<'_>,
    structure: &Structure,
    parts: &Parts<'_>,
    secret: Option<String>,
    budget: &Budget<'_>,
) -> Vec<Explanation> {
    if let Some(untied) = request.scheme.untied(parts) {
        let why = Why::new(CauseCode::SignedValueDiffers, 0, format!("{untied}; it must be listed"));
        return vec![(vec![why.of(Subcause::NotListed)], secret)];
    }
    let fits = |bind: &Bind, parts: &Parts<'_>| -> bool {
        let both = (bind.is.bytes(parts), bind.equals.bytes(parts));
        matches!(both, (Some(is), Some(equals)) if bool::from(is.ct_eq(&equals)))
    };
    let Some(bind) = request.scheme.binds.iter().find(|bind| !fits(bind, parts)) else { return Vec::new() };
    let mut found: Vec<Explanation> = Vec::new();
    if bind.equals.covers_body() && !bind.is.covers_body() {
        let mut bodies = Bodies::new(request.body, &structure.content_encoding);
        let mut matched = None;
        bodies.build(0, |index, bytes| {
            if fits(bind, &Parts { body: bytes, ..*parts }) {
                matched = Some(index);
            }
            matched.is_none() && (budget.go_on)()
        });
        let ways = matched.map(|index| bodies.ways(index).0.clone()).unwrap_or_default();
        found.extend(ways.into_iter().map(|way| (way, secret.clone())));
    }
    if found.is_empty() {
        let other =
            structure.urls.all.iter().find(|(url, ways)| ways.weight() > 0 && fits(bind, &Parts { url, ..*parts }));
        found.extend(other.into_iter().flat_map(|(_, ways)| &ways.0).map(|way| (way.clone(), secret.clone())));
    }
    if found.is_empty() {
        found.extend(other_encoding(bind, parts).map(|why| (vec![why], secret.clone())));
    }
    if found.is_empty() {
        found.push((vec![differs(bind, parts)], secret));
    }
    found
}

/// The same bytes in another encoding.
fn other_encoding(bind: &Bind, parts: &Parts<'_>) -> Option<Why> {
    let (is, equals) = (bind.is.bytes(parts)?, bind.equals.bytes(parts)?);
    let all = [Encoding::HexAny, Encoding::Base64, Encoding::Base64url, Encoding::Base64urlNopad];
    let read = |text: &[u8]| {
        all.into_iter()
            .find_map(|encoding| encoding.decode(text).filter(|bytes| bytes.len() >= 16).map(|bytes| (encoding, bytes)))
    };
    let (is_text, equals_text) = (is, equals);
    let ((own, is), (wanted, equals)) = (read(&is_text)?, read(&equals_text)?);
    bool::from(is.ct_eq(&equals)).then(|| {
        // Of digits, the letter case may be all that differs.
        let words = |encoding: Encoding, text: &[u8]| match encoding {
            Encoding::HexAny => letter_case(text),
            other => other.words(),
        };
        let (own, wanted) = (words(own, &is_text), words(wanted, &equals_text));
        Why::new(CauseCode::SignatureEncoding, 2, format!("{} is written as {own} instead of {wanted}", bind.is))
            .of(Subcause::ValueEncoding { value: bind.is.clone(), wanted })
    })
}

/// How hexadecimal digits are written.
fn letter_case(digits: &[u8]) -> &'static str {
    match (digits.iter().any(u8::is_ascii_uppercase), digits.iter().any(u8::is_ascii_lowercase)) {
        (true, true) => "hexadecimal digits in mixed letter case",
        (true, false) => "upper-case hexadecimal digits",
        (false, _) => "lower-case hexadecimal digits",
    }
}

/// What the two are, where they may be shown.
fn differs(bind: &Bind, parts: &Parts<'_>) -> Why {
    let missing = bind.is.missing(parts).or_else(|| bind.equals.missing(parts));
    let is_secret = |source: &Source| matches!(source, Source::Secret | Source::Variable(_));
    let shown = |bytes: Option<Vec<u8>>| -> String {
        let bytes = bytes.unwrap_or_default();
        crate::text::clip(&crate::text::visible_bytes(&bytes), SHOWN).into_owned()
    };
    let holds_secret = [&bind.is, &bind.equals].into_iter().flat_map(|template| template.sources()).any(is_secret);
    let detail: Cow<'_, str> = match missing {
        Some(part) => format!("{part} is missing").into(),
        None if holds_secret => format!("{} is not {}", bind.is, bind.equals).into(),
        None => format!(
            "{} is “{}”, expected “{}” ({})",
            bind.is,
            shown(bind.is.bytes(parts)),
            shown(bind.equals.bytes(parts)),
            bind.equals
        )
        .into(),
    };
    Why::new(CauseCode::SignedValueDiffers, 0, detail)
}
