//! What headers, lengths and encodings say before anything is hashed.

use subtle::ConstantTimeEq as _;

use super::axis::{Axis, Ways, Why};
use super::encoding::{self, Received, UsualForm, WrittenSignature};
use super::header_names::{ID_NAMES, SIGNATURE_NAMES, TIMESTAMP_NAMES, absent, ids_like, named_values, which_of};
use super::printed::PrintedDigest;
use super::subcause::Subcause;
use super::{CauseCode, Evidence, Request, surroundings, timestamps, value_lists};
use crate::delivery::Intake;
use crate::http::MediaType;
use crate::payload::json::{decode_string, entries, fault};
use crate::signature::rewrite::form_edits::percent_decoded;
use crate::signature::scheme::{Parts, ReadSignature, signed_url};
use crate::signature::{Algorithm, Proof, Scheme, Source, TemplatePiece};
use crate::text::grouped;

/// What was read of one request.
pub(super) struct Structure {
    /// What stands beside the signature in its value.
    pub(super) value: ReadSignature,
    /// Every digest that the signature header may mean.
    pub(super) received: Vec<Received>,
    /// Every timestamp to try; the first is the header's.
    pub(super) stamps: Axis<Vec<u8>>,
    /// The delivery's id, when a header carries one.
    pub(super) id: Option<Vec<u8>>,
    /// Every URL to try; the first is the one that the scheme signs.
    pub(super) urls: Axis<Vec<u8>>,
    pub(super) content_encoding: Vec<u8>,
    /// Causes that are seen, not proved.
    pub(super) seen: Vec<Why>,
    /// An alarm that needs no search.
    pub(super) is_secret: Option<(usize, Why)>,
    pub(super) evidence: Vec<Evidence>,
    /// The header's text, for the deep search.
    pub(super) timestamp: Option<Vec<u8>>,
}

/// Reads a request.
pub(super) fn read(request: &Request<'_>) -> Structure {
    let head = request.head;
    let url = signed_url(request.scheme, head);
    let parts = Parts::of(request.scheme, head, &url, request.body);
    let mut structure = Structure {
        value: request.scheme.signature.read(&parts, head).unwrap_or_default(),
        received: Vec::new(),
        stamps: Axis::new(),
        id: None,
        urls: super::urls::variants(request.scheme, head),
        content_encoding: head.value("Content-Encoding").map(|value| value.to_vec()).unwrap_or_default(),
        seen: Vec::new(),
        is_secret: None,
        evidence: Vec::new(),
        timestamp: None,
    };
    read_id(request, &mut structure);
    read_signatures(request, &mut structure);
    read_timestamps(request, &mut structure);
    read_body(request, &mut structure);
    read_surroundings(request, &mut structure);
    structure
}

/// The values where a signature is looked for: the scheme's header, or where it is missing those called alike, then with
/// why it is not the header's.
pub(super) fn signature_values<'a>(request: &'a Request<'a>) -> (Vec<&'a [u8]>, Option<Why>) {
    let Some(name) = request.scheme.signature.header_name() else { return (Vec::new(), None) };
    let (own, near) = signature_headers(request);
    let exact: Vec<&[u8]> = own.into_iter().flat_map(|(_, values)| values).collect();
    match near.first() {
        Some((near_name, _)) if exact.is_empty() => {
            let detail = format!("{}; the signature was sent as {near_name}", absent(request.head, name));
            let why = Why::new(CauseCode::SignatureHeaderMissing, 0, detail);
            let same = |(own, _): &&(String, &'a [u8])| own == near_name;
            (near.iter().filter(same).map(|(_, value)| *value).collect(), Some(why))
        }
        _ => (exact, None),
    }
}

/// Headers by their names, each with its values.
type OwnHeaders<'a> = Vec<(&'a str, Vec<&'a [u8]>)>;

/// The scheme's headers that a request has; and values of those that are called like the usual one.
fn signature_headers<'a>(request: &'a Request<'a>) -> (OwnHeaders<'a>, Vec<(String, &'a [u8])>) {
    let signature = &request.scheme.signature;
    let values = |name: &'a str| named_values(request.head, name, &SIGNATURE_NAMES);
    let own = signature.header_names().map(|name| (name, values(name).0)).filter(|(_, own)| !own.is_empty());
    let mut near = values(request.scheme.signature_header()).1;
    near.retain(|(name, _)| !signature.is_header(name.as_bytes()));
    (own.collect(), near)
}

fn read_signatures(request: &Request<'_>, structure: &mut Structure) {
    let name = request.scheme.signature_header();
    let (own, near) = signature_headers(request);
    let exact: Vec<&[u8]> = own.iter().flat_map(|(_, values)| values.iter().copied()).collect();
    let usual = UsualForm::of(request.scheme);
    let timestamp = beside(request, &structure.value);
    if request.scheme.algorithm().is_none() && !matches!(request.scheme.proof, Proof::PublicKey(_)) {
        // Nothing to compare a computed digest with, or to check.
        return read_unreadable(request, structure, &exact, &near);
    }
    if request.scheme.signature.header_name().is_none() {
        let texts = structure.value.candidates.clone();
        for text in &texts {
            structure.received.extend(encoding::readings_in_place(text, &usual));
        }
    }
    let mut add = |value: &[u8], before: Option<Why>| {
        let mut read = ReadSignature::default();
        let parts = Parts { scheme: Some(request.scheme), ..Parts::default() };
        request.scheme.signature.read_value(value, &parts, &mut read);
        // Where its timestamp is written otherwise, the value as a whole is not in the scheme's form.
        let is_form = value_lists::has_own_timestamp(&read, value, request.scheme);
        let candidates = read.candidates.iter().filter(|_| is_form);
        let in_place = candidates.flat_map(|text| encoding::readings_in_place(text, &usual));
        let own = beside(request, &read).or_else(|| timestamp.clone());
        let in_place = in_place.map(|received| Received { timestamp: own.clone(), ..received });
        for mut received in in_place.chain(surroundings::readings(value, &usual)) {
            received.whys.splice(0..0, before.clone());
            structure.received.push(received);
        }
    };
    for value in &exact {
        let Some(decoded) = percent_decoded(value) else { continue };
        add(&decoded, Some(encoding::encoding(2, "percent-encoded")));
    }
    for (name, values) in &own {
        for (place, value) in (1..).zip(values) {
            let twice = (values.len() > 1).then(|| {
                let which = which_of(values, place, "is valid");
                Why::new(CauseCode::HeaderDuplicated, 0, format!("{name} was sent {} times{which}", values.len()))
            });
            add(value, twice);
            let parts: Vec<&[u8]> = value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii).collect();
            let joined = parts.len() > 1 && parts.iter().all(|part| part.len() >= 20 && !part.contains(&b'='));
            for (place, part) in (1..).zip(parts).filter(|_| joined) {
                let detail = format!("{name} has several values joined by commas; value {place} is valid");
                add(part, Some(Why::new(CauseCode::HeaderDuplicated, 1, detail)));
            }
        }
    }
    if exact.is_empty() {
        for (near, value) in &near {
            let detail = format!("{}; the signature was sent as {near}", absent(request.head, name));
            add(value, Some(Why::new(CauseCode::SignatureHeaderMissing, 0, detail)));
        }
    }
    structure.received = encoding::distinct(std::mem::take(&mut structure.received));
    let is_digest = |received: &Received| {
        received.written == WrittenSignature::Whole && received.digest.len() == usual.algorithm.digest_bytes()
    };
    if !structure.received.iter().any(is_digest) && request.scheme.algorithm().is_some() {
        structure.received.extend(exact.iter().filter_map(|value| printed_in(value, usual.algorithm, &timestamp)));
    }
    read_unreadable(request, structure, &exact, &near);
}

/// A digest that a program printed into the header: its bytes as a list, an object, a string with escapes.
fn printed_in(value: &[u8], usual: Algorithm, timestamp: &Option<Vec<u8>>) -> Option<Received> {
    let printed = PrintedDigest::read(std::str::from_utf8(value).ok()?).ok()?;
    let (digest, how) = printed.whole(usual)?;
    let detail = format!("the digest was sent as a program prints its bytes ({how})");
    let whys = vec![Why::new(CauseCode::SignatureEncoding, 5, detail)];
    let timestamp = timestamp.clone();
    Some(Received { digest: digest.to_vec(), written: WrittenSignature::Whole, algorithm: usual, whys, timestamp })
}

/// What the values say without being hashed.
fn read_unreadable(request: &Request<'_>, structure: &mut Structure, exact: &[&[u8]], near: &[(String, &[u8])]) {
    let name = request.scheme.signature_header();
    if request.scheme.signature.header_name().is_none() {
        if structure.value.candidates.is_empty() {
            let place = request.scheme.signature.places.first();
            let place = place.map(|place| format!("no signature at {}", place.words())).unwrap_or_default();
            structure.seen.push(Why::new(CauseCode::SignatureHeaderMissing, 0, place));
        }
    } else if exact.is_empty() {
        let is_empty = request.head.values(name).next().is_some();
        let mut detail = absent(request.head, name);
        if let Some((near, _)) = near.first() {
            detail.push_str(&format!("; {near} was sent instead, but its value does not match either"));
        }
        // A variable that was not set, and no proxy, leaves a header without a value.
        structure.seen.push(match is_empty {
            true => Why::new(CauseCode::SignatureMalformed, 0, detail).of(Subcause::EmptySignature),
            false => Why::new(CauseCode::SignatureHeaderMissing, 0, detail),
        });
    }
    let is_token = request.scheme.proof == Proof::Token;
    let all = exact.iter().copied().chain(near.iter().map(|(_, value)| *value));
    for value in all {
        if request.scheme.algorithm().is_some()
            && let Some(reason) = encoding::asymmetric(value)
        {
            structure.seen.push(Why::new(CauseCode::SignatureAsymmetric, 1, reason));
        }
        if structure.is_secret.is_none() && !is_token {
            structure.is_secret = carries_secret(request, value);
        }
    }
}

/// The timestamp beside the signature in its value, where the scheme has it there.
fn beside(request: &Request<'_>, value: &ReadSignature) -> Option<Vec<u8>> {
    let place =
        request.scheme.timestamp.as_ref().filter(|place| matches!(place.source, Source::Pair(_) | Source::Item(_)))?;
    place.value(&Parts { value: Some(value), ..Parts::default() }).map(|text| text.into_owned())
}

/// Whether the header's value is a secret itself, plainly or encoded.
fn carries_secret(request: &Request<'_>, value: &[u8]) -> Option<(usize, Why)> {
    let bare = [&b"Bearer "[..], b"sha256=", b"Basic "].iter().find_map(|prefix| value.strip_prefix(*prefix));
    let known = request.secrets.iter().chain(request.others);
    for (place, secret) in known.enumerate() {
        let bytes = secret.expose();
        if bytes.len() < 4 {
            continue;
        }
        let trimmed = bytes.trim_ascii();
        let forms = [
            (bytes.to_vec(), ""),
            (trimmed.to_vec(), ""),
            (hex::encode(bytes).into_bytes(), ", in hexadecimal digits"),
            (base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes).into_bytes(), ", as base64"),
        ];
        for (form, words) in forms {
            if [Some(value), bare].into_iter().flatten().any(|value| bool::from(value.ct_eq(&form))) {
                let detail = format!(
                    "the signature header contains the secret {} itself{words}",
                    crate::text::visible(secret.label())
                );
                return Some((place, Why::new(CauseCode::SignatureIsSecret, 0, detail).alarming()));
            }
        }
    }
    None
}

fn read_timestamps(request: &Request<'_>, structure: &mut Structure) {
    let name = request.scheme.timestamp_header();
    let place = request.scheme.timestamp_place();
    let (exact, near) = named_values(request.head, name, &TIMESTAMP_NAMES);
    let beside = beside_values(request);
    let tagged = structure.received.iter().find_map(|received| received.timestamp.clone());
    let tagged = tagged.or_else(|| beside.first().cloned());
    let header = exact.first().copied();
    let date = request.head.value("Date");
    let body = body_timestamp(request.body);
    let elsewhere = elsewhere(request);
    let first = header.or(elsewhere.as_deref()).or(tagged.as_deref());
    let is_signed = request.scheme.content.covers(&TemplatePiece::Timestamp);
    let hashed = first.map(|sent| request.scheme.timestamp_reading.hashed(sent).unwrap_or(sent));
    let mut axis = timestamps::stamps(hashed, body, date, is_signed);
    if let (Some(sent), Some(hashed)) = (first, hashed)
        && sent != hashed
    {
        let shown = [sent, hashed].map(crate::text::visible_bytes);
        let detail = format!("the text {} was signed, where the sender's own libraries hash {}", shown[0], shown[1]);
        axis.add(sent.to_vec(), Ways::of(Why::new(CauseCode::TimestampUnit, 0, detail)));
    }
    if exact.len() > 1 {
        repeated(&exact, &format!("{name} was sent"), &mut axis);
    } else if first.is_some() && beside.len() > 1 {
        let values: Vec<&[u8]> = beside.iter().map(Vec::as_slice).collect();
        repeated(&values, &format!("{place} is there"), &mut axis);
    }
    if let (Some(_), Some(tagged)) = (header, &tagged) {
        let why = Why::new(
            CauseCode::TimestampDiffers,
            0,
            "the t= value next to the signature was signed, not the timestamp header",
        );
        axis.add(tagged.clone(), Ways::of(why));
    }
    if let Some(joined) = header.filter(|value| value.contains(&b',')) {
        for part in joined.split(|&byte| byte == b',').map(<[u8]>::trim_ascii) {
            let detail = format!("{name} has several values joined by commas; one of them was signed");
            axis.add(part.to_vec(), Ways::of(Why::new(CauseCode::HeaderDuplicated, 1, detail)));
        }
    }
    if first.is_none() && !is_signed {
        // What the scheme does not sign cannot be missing; other templates are tried with what there is.
        let value = near.first().map(|(_, value)| value.to_vec()).unwrap_or_default();
        axis.all.insert(0, (value, Ways::unchanged()));
    } else if first.is_none() {
        for (near, value) in &near {
            let detail = format!("missing {place}; the timestamp was sent as {near}");
            axis.all.insert(0, (value.to_vec(), Ways::of(Why::new(CauseCode::TimestampHeaderMissing, 0, detail))));
        }
        let is_empty = !name.is_empty() && request.head.values(name).next().is_some();
        let detail = if is_empty { format!("{place} is empty") } else { format!("missing {place}") };
        let why = Why::new(CauseCode::TimestampHeaderMissing, 0, detail);
        if near.is_empty() {
            // The others keep their own explanation, which already covers the missing header.
            axis.all.insert(0, (Vec::new(), Ways::of(why.clone())));
        }
        structure.seen.push(why);
    }
    structure.timestamp = hashed.or_else(|| near.first().map(|(_, value)| *value)).map(<[u8]>::to_vec);
    structure.stamps = axis;
}

/// Each of several timestamps may have been signed, and none is the one that the scheme reads.
fn repeated(values: &[&[u8]], what: &str, axis: &mut Axis<Vec<u8>>) {
    for (place, value) in (1..).zip(values) {
        let detail = format!("{what} {} times{}", values.len(), which_of(values, place, "was signed"));
        let ways = Ways::of(Why::new(CauseCode::HeaderDuplicated, 0, detail));
        match axis.all.iter_mut().find(|(known, _)| known == value) {
            Some((_, known)) => *known = ways,
            None => axis.all.push((value.to_vec(), ways)),
        }
    }
}

/// The timestamps that stand in the signature's value, where the scheme has its own there: each once, whatever else the
/// value is.
fn beside_values(request: &Request<'_>) -> Vec<Vec<u8>> {
    let (values, _) = signature_values(request);
    let mut all: Vec<Vec<u8>> = Vec::new();
    for value in values.iter().flat_map(|value| value_lists::timestamps(value, request.scheme)) {
        if !all.contains(&value) {
            all.push(value);
        }
    }
    all
}

/// The delivery's id; where the scheme signs one, that it is missing, or was sent under another name.
fn read_id(request: &Request<'_>, structure: &mut Structure) {
    let Some(name) = request.scheme.id_header() else {
        structure.id = ID_NAMES.into_iter().find_map(|name| request.head.value(name)).map(<[u8]>::to_vec);
        return;
    };
    let (exact, near) = named_values(request.head, name, ids_like(name));
    // Any other id is tried, and nothing said of it.
    let other = || ID_NAMES.into_iter().find_map(|name| request.head.value(name));
    let id = exact.first().copied().or(near.first().map(|(_, id)| *id)).or_else(other);
    structure.id = id.map(<[u8]>::to_vec);
    if !request.scheme.content.covers(&TemplatePiece::Id) || !exact.is_empty() {
        return;
    }
    match near.first() {
        Some((near, _)) => structure.evidence.push(Evidence {
            code: "id_header",
            text: format!("missing header {name}, which the scheme signs; the id was sent as {near}"),
        }),
        None => structure.seen.push(Why::new(
            CauseCode::SignedPartMissing,
            0,
            match request.head.values(name).next() {
                Some(_) => format!("{name} is empty, and the scheme signs it"),
                None => format!("missing header {name}, which the scheme signs"),
            },
        )),
    }
}

/// The timestamp of a scheme that has it in no header, nor beside the signature: in the body, in the query.
fn elsewhere(request: &Request<'_>) -> Option<Vec<u8>> {
    let place = request
        .scheme
        .timestamp
        .as_ref()
        .filter(|place| place.header().is_none() && !matches!(place.source, Source::Pair(_) | Source::Item(_)))?;
    let url = signed_url(request.scheme, request.head);
    place.value(&Parts::of(request.scheme, request.head, &url, request.body)).map(|text| text.into_owned())
}

/// The envelope's own `timestamp`, as written there.
fn body_timestamp(body: &[u8]) -> Option<&[u8]> {
    let named = entries(body)
        .take(64)
        .find(|entry| entry.key.clone().is_some_and(|key| decode_string(&body[key]).text == "timestamp"))?;
    let text = &body[named.value];
    let inner = text.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(text);
    (inner.len() < 64).then_some(inner)
}

fn read_body(request: &Request<'_>, structure: &mut Structure) {
    let declared =
        request.head.value("Content-Length").and_then(|value| std::str::from_utf8(value).ok()?.parse::<u64>().ok());
    let seen = request.body.len() as u64;
    if let Intake::Malformed(_) | Intake::Incomplete(_) = request.intake {
        // What never became a request has no body that could be cut.
    } else if let Intake::TooLarge(reason) = request.intake {
        let detail = crate::text::visible(reason).into_owned();
        structure.seen.push(Why::new(CauseCode::BodyTruncated, 0, detail));
    } else if let Some(declared) = declared.filter(|&declared| declared > seen) {
        let detail = format!("{} bytes were declared, {} arrived", grouped(declared), grouped(seen));
        structure.seen.push(Why::new(CauseCode::BodyTruncated, 0, detail));
    } else if !request.intake.is_complete() {
        structure.seen.push(Why::new(
            CauseCode::BodyTruncated,
            0,
            crate::text::visible(request.intake.reason()).into_owned(),
        ));
    } else if let Some(fault) = fault(request.body)
        && fault.offset >= request.body.trim_ascii_end().len()
        && matches!(request.body.trim_ascii_start().first(), Some(b'{' | b'['))
    {
        let detail = format!("the JSON ends after {} bytes: expected {}", grouped(seen), fault.expected);
        structure.seen.push(Why::new(CauseCode::BodyTruncated, 1, detail));
    }
}

/// Whether bodies of the scheme have this type: JSON, or where its fields are signed, a form.
fn is_usual_type(scheme: &Scheme, kind: &[u8]) -> bool {
    let kind = MediaType::new(kind);
    // Express and most frameworks take no `text/json` for JSON.
    (kind.is_json() && !kind.is("text/json"))
        || ((scheme.signs_form() || sends_forms(scheme)) && (kind.is_form() || kind.is("multipart/form-data")))
}

/// Whether the sender lets people choose forms, or sends some of its webhooks as forms, and signs their bytes.
fn sends_forms(scheme: &Scheme) -> bool {
    matches!(scheme.name.as_str(), "github" | "github-sha1" | "slack")
}

fn read_surroundings(request: &Request<'_>, structure: &mut Structure) {
    let mut say = |code: &'static str, text: String| structure.evidence.push(Evidence { code, text });
    let head = request.head;
    let proxies = ["Via", "X-Forwarded-For", "X-Forwarded-Host", "CF-Ray", "X-Amzn-Trace-Id", "X-Original-Host"];
    let passed: Vec<&str> = proxies.into_iter().filter(|name| head.value(name).is_some()).collect();
    if !passed.is_empty() {
        say("proxy", format!("it passed a proxy or tunnel, which may have changed it ({})", passed.join(", ")));
    }
    if let Some(encoding) = head.value("Content-Encoding") {
        say("content_encoding", format!("it was sent with Content-Encoding {}", crate::text::visible_bytes(encoding)));
    }
    if let Some(kind) = head.value("Content-Type").filter(|kind| !is_usual_type(request.scheme, kind)) {
        say("content_type", format!("its Content-Type is {}, not application/json", crate::text::visible_bytes(kind)));
    }
    if !request.body.is_empty() && std::str::from_utf8(request.body).is_err() {
        say("not_utf8", "its body is not UTF-8".to_owned());
    }
    for secret in request.secrets {
        for remark in secret.remarks() {
            say("odd_secret", format!("the secret {} {}", crate::text::visible(secret.label()), remark.words()));
        }
    }
    if request.secrets.is_empty() {
        say("no_secret", "no secret is configured for this path, so only literal keys were tried".to_owned());
    }
}
