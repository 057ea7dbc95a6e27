//! The list of suspected mistakes, made from what the diagnosis knows of senders'.

use super::{Arrival, Form, Mistake, OtherUrl, Suspect, SuspectKind};
use crate::payload::json::entries;
use crate::signature::diagnose::CauseCode;
use crate::signature::diagnose::axis::Why;
use crate::signature::diagnose::bodies::preset_why;
use crate::signature::diagnose::body_recipes::BodyRecipe;
use crate::signature::diagnose::secrets::keys;
use crate::signature::diagnose::templates::{RARE, shapes};
use crate::signature::diagnose::{frameworks, recipes, timestamps};
use crate::signature::rewrite::presets;
use crate::signature::{Algorithm, Encoding, Proof, Scheme, Secret, SignedContent};

/// Changes of frameworks that are rarer are left out: each costs a request.
const RAREST_OF_FRAMEWORKS: u16 = 6;

/// Every mistake that is known, the most common first; `sample` is a body of the sender's.
#[must_use]
pub fn suspects(scheme: &Scheme, secret: &Secret, sample: &[u8]) -> Vec<Suspect> {
    let mut all = Vec::new();
    if !matches!(scheme.proof, Proof::Token) && scheme.templates().any(SignedContent::covers_body) {
        of_body(sample, &mut all);
        of_arrival(&mut all);
    }
    of_key(scheme, secret, &mut all);
    if scheme.signs_url() {
        of_url(scheme, &mut all);
    }
    if scheme.algorithm().is_some() {
        of_time(scheme, sample, &mut all);
        of_content(scheme, &mut all);
        of_form(scheme, &mut all);
    }
    all.sort_by_key(|suspect| suspect.why.rank);
    all
}

/// A receiver behind a proxy sees another URL than the one that was called, as does one that was told a public one.
fn of_url(scheme: &Scheme, all: &mut Vec<Suspect>) {
    let (own, other) = if scheme.tls == Some(true) { ("https", "http") } else { ("http", "https") };
    for (rank, url, detail) in [
        (0, OtherUrl::Scheme, format!("the URL was hashed with {other}:// instead of {own}://")),
        (1, OtherUrl::NoPort, "the URL was hashed without its port".to_owned()),
        (
            2,
            OtherUrl::SchemeAndNoPort,
            format!("the URL was hashed with {other}:// instead of {own}://, without its port"),
        ),
    ] {
        let why = Why::new(CauseCode::UrlDiffers, rank, detail);
        all.push(Suspect { why, kind: SuspectKind::Url, mistake: Mistake::Url(url) });
    }
}

fn of_body(sample: &[u8], all: &mut Vec<Suspect>) {
    let mut add = |recipe, why: Why| {
        // Members of another body are elsewhere: they are listed by name.
        if !matches!(recipe, BodyRecipe::Part(_) | BodyRecipe::PartCompact(_)) {
            all.push(Suspect { why, kind: SuspectKind::Body, mistake: Mistake::Body(recipe) });
        }
    };
    recipes::list_edits(&mut add);
    recipes::list_parts(sample, &mut add);
    frameworks::list(sample, &mut |recipe, why| {
        if why.rank <= RAREST_OF_FRAMEWORKS {
            add(recipe, why);
        }
    });
    for preset in presets() {
        add(BodyRecipe::Preset(preset), preset_why(preset));
    }
    for entry in entries(sample).take(24) {
        let Some(key) = entry.key else { break };
        let name = crate::text::visible_bytes(&sample[key.clone()]).into_owned();
        let rank = if matches!(name.as_str(), "\"data\"" | "\"payload\"" | "\"body\"") { 2 } else { 12 };
        for (is_compact, form) in [(false, ""), (true, ", serialised as by JSON.stringify")] {
            let detail = format!("only the field {name} was signed{form}");
            let why = Why::new(CauseCode::BodyPartSigned, rank, detail);
            let mistake = Mistake::Member(sample[key.clone()].to_vec(), is_compact);
            all.push(Suspect { why, kind: SuspectKind::Body, mistake });
        }
    }
}

fn of_arrival(all: &mut Vec<Suspect>) {
    for (arrival, code, detail) in [
        (
            Arrival::DecodedPieces,
            CauseCode::BodyCharset,
            "each piece of the body was decoded on its own, so that a character cut in two became U+FFFD",
        ),
        (Arrival::FirstPiece, CauseCode::BodyTruncated, "only the first piece of the body was signed"),
        (
            Arrival::FirstPiecePadded,
            CauseCode::BodyTruncated,
            "only the first piece of the body was signed, and zeros up to its length",
        ),
        (Arrival::Nothing, CauseCode::BodyEmpty, "an empty body was signed: the rest arrived later"),
    ] {
        let why = Why::new(code, 1, detail);
        all.push(Suspect { why, kind: SuspectKind::Arrival, mistake: Mistake::Arrival(arrival) });
    }
}

fn of_key(scheme: &Scheme, secret: &Secret, all: &mut Vec<Suspect>) {
    for (key, ways) in keys(scheme, &[secret], &[]).all {
        let Some(why) = ways.0.into_iter().flatten().next() else { continue };
        // A header without a value is none.
        if matches!(scheme.proof, Proof::Token) && key.bytes.is_empty() {
            continue;
        }
        all.push(Suspect { why, kind: SuspectKind::Key, mistake: Mistake::Key(key.bytes) });
    }
}

fn of_time(scheme: &Scheme, sample: &[u8], all: &mut Vec<Suspect>) {
    if scheme.timestamp.is_none() {
        return;
    }
    let own = entries(sample).find(|entry| entry.key.clone().is_some_and(|key| &sample[key] == b"\"timestamp\""));
    let own = own.and_then(|entry| sample.get(entry.value));
    for text in ["1746123456", "1746123456789"] {
        for (_, ways) in timestamps::stamps(Some(text.as_bytes()), own, None, true).all {
            let Some(why) = ways.0.into_iter().flatten().next() else { continue };
            // A neighbouring second is nobody's habit.
            let is_usual = why.code != CauseCode::TimestampDiffers || why.rank <= 1;
            let is_new = all.iter().all(|known| known.why.detail != why.detail);
            if is_usual && is_new {
                let mistake = Mistake::Stamp(why.detail.clone());
                all.push(Suspect { why, kind: SuspectKind::Timestamp, mistake });
            }
        }
    }
}

fn of_content(scheme: &Scheme, all: &mut Vec<Suspect>) {
    for (shape, ways) in shapes(scheme, scheme.id.is_some()).all {
        let Some(why) = ways.0.into_iter().flatten().next().filter(|why| why.rank < RARE) else { continue };
        let kind = if why.code == CauseCode::NotHmac { SuspectKind::Algorithm } else { SuspectKind::Content };
        all.push(Suspect { why, kind, mistake: Mistake::Shape(shape) });
    }
    for (rank, algorithm) in (2..).zip(Algorithm::ALL) {
        if scheme.algorithm() != Some(algorithm) {
            let detail = format!("{} was used", algorithm.name());
            let why = Why::new(CauseCode::SignatureAlgorithm, rank, detail);
            all.push(Suspect { why, kind: SuspectKind::Algorithm, mistake: Mistake::Algorithm(algorithm) });
        }
    }
}

fn of_form(scheme: &Scheme, all: &mut Vec<Suspect>) {
    let is_hex = matches!(scheme.encoding, Encoding::Hex | Encoding::HexUpper | Encoding::HexAny);
    let mut add = |kind, rank, form, detail: String| {
        let code = match form {
            Form::Prefix(_) | Form::Bare => CauseCode::SignaturePrefix,
            _ => CauseCode::SignatureEncoding,
        };
        all.push(Suspect { why: Why::new(code, rank, detail), kind, mistake: Mistake::Written(form) });
    };
    let usual = scheme.encoding.words();
    let instead = |written: &str| format!("the digest was written as {written} instead of {usual}");
    if is_hex {
        add(SuspectKind::Form, 1, Form::Base64, instead("base64"));
        add(SuspectKind::Form, 6, Form::Base64Url, instead("base64url without padding"));
        add(SuspectKind::Form, 6, Form::Base64UrlPadded, instead("base64url with padding"));
        add(SuspectKind::Form, 2, Form::Upper, instead("upper-case hexadecimal digits"));
        let detail = "each byte of the digest was written without its leading zero, as %x does";
        add(SuspectKind::Zeros, 1, Form::ShortBytes, detail.to_owned());
        let detail = "the digest was written as one number, whose leading zeros are lost";
        add(SuspectKind::Zeros, 2, Form::Number, detail.to_owned());
    } else {
        add(SuspectKind::Form, 1, Form::Hex, instead("hexadecimal digits"));
        add(SuspectKind::Form, 3, Form::Base64Url, instead("base64url without padding"));
        add(SuspectKind::Form, 4, Form::Base64, instead("standard base64"));
        add(SuspectKind::Form, 5, Form::Base64UrlPadded, instead("base64url with padding"));
    }
    if scheme.form().is_empty() {
        for (rank, prefix) in (2..).zip(["sha256=", "v1=", "v0=", "Bearer ", "hmac ", "v1,"]) {
            add(SuspectKind::Form, rank, Form::Prefix(prefix), format!("{prefix} was expected before the signature"));
        }
    } else {
        let detail = format!("the bare signature was expected instead of {}", scheme.form());
        add(SuspectKind::Form, 1, Form::Bare, detail);
    }
}
