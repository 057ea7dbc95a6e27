//! The body of an entry. HAR has it as text, as the fields of a form, or not at all; what it was on the wire is certain
//! only where the lengths agree.

use serde_json::Value;

use super::entry::{HarRequest, Param, PostData};
use crate::archive::import::built::quoted;
use crate::archive::import::forms::{self, ArchivedField};
use crate::archive::import::json::decoded;
use crate::delivery::Intake;
use crate::http::MediaType;
use crate::text::grouped;

/// What is known of a body.
pub(super) struct FoundBody {
    /// What it may have been, the likeliest first.
    pub(super) bodies: Vec<Vec<u8>>,
    pub(super) intake: Intake,
    /// What is to be said of one that is taken as complete.
    pub(super) remark: Option<String>,
}

impl FoundBody {
    fn whole(body: Vec<u8>) -> Self {
        Self { bodies: vec![body], intake: Intake::Complete, remark: None }
    }

    fn certain(body: Vec<u8>, remark: &str) -> Self {
        Self { remark: Some(remark.to_owned()), ..Self::whole(body) }
    }

    fn truncated(body: Vec<u8>, reason: String) -> Self {
        Self { bodies: vec![body], intake: Intake::Truncated(reason), remark: None }
    }

    fn rebuilt(bodies: Vec<Vec<u8>>, reason: String) -> Self {
        Self { bodies, intake: Intake::Rebuilt(reason), remark: None }
    }
}

/// What the headers and `bodySize` say of the length.
struct Declared {
    /// What Content-Length says.
    content_length: Option<u64>,
    /// What the archive says, where it says something.
    body_size: Option<u64>,
    is_chunked: bool,
}

impl Declared {
    fn of(request: &HarRequest) -> Self {
        let value = |name: &str| {
            let mut named = request.headers.iter().flatten().filter(|pair| pair.name.0.eq_ignore_ascii_case(name));
            named.next().map(|pair| pair.value.0.trim().to_owned())
        };
        Self {
            content_length: value("content-length").and_then(|length| length.parse().ok()),
            // -1 where it is not known; some tools write 0 for that.
            body_size: request.body_size.as_ref().and_then(Value::as_u64).filter(|size| *size > 0),
            is_chunked: value("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked")),
        }
    }

    /// The length, and who says so.
    fn length(&self) -> Option<(u64, &'static str)> {
        let by_header = self.content_length.map(|length| (length, "Content-Length"));
        by_header.or(self.body_size.map(|size| (size, "bodySize")))
    }
}

/// The body as the archive's text has it; `None` where it has none.
pub(super) fn text_of(data: Option<&PostData>) -> Result<Option<Vec<u8>>, String> {
    let Some(data) = data else { return Ok(None) };
    let Some(text) = &data.text else { return Ok(None) };
    match data.encoding.as_ref().map(|encoding| &*encoding.0) {
        Some("base64") => decoded("postData.text", &text.0).map(Some),
        None | Some("") => Ok(Some(text.0.clone().into_bytes())),
        Some(other) => Err(format!("unknown postData.encoding {}: expected base64", quoted(other))),
    }
}

/// Finds the body of a request.
///
/// # Errors
///
/// What of it cannot be read.
pub(super) fn of(request: &HarRequest) -> Result<FoundBody, String> {
    let declared = Declared::of(request);
    let data = request.post_data.as_ref();
    if let Some(text) = text_of(data)?.filter(|text| !text.is_empty()) {
        return Ok(with_text(text, &declared));
    }
    let params = data.and_then(|data| data.params.as_deref()).unwrap_or_default();
    if !params.is_empty() {
        return Ok(of_fields(request, params, &declared));
    }
    Ok(without_text(data, &declared))
}

/// Nothing is there: was there nothing?
fn without_text(data: Option<&PostData>, declared: &Declared) -> FoundBody {
    match declared.length() {
        Some((0, _)) => return FoundBody::whole(Vec::new()),
        Some((length, who)) => {
            let reason = format!("the archive left the body out ({who} says {})", grouped(length));
            return FoundBody::truncated(Vec::new(), reason);
        }
        None => {}
    }
    let has_type = |data: &PostData| data.mime_type.as_ref().is_some_and(|kind| !kind.0.is_empty());
    if declared.is_chunked {
        let reason = "the archive left the body out (it was sent in chunks)";
        FoundBody::truncated(Vec::new(), reason.to_owned())
    } else if data.is_some_and(|data| data.text.is_none() && has_type(data)) {
        FoundBody::truncated(Vec::new(), "the archive left the body out (postData has a type and no text)".to_owned())
    } else {
        FoundBody::whole(Vec::new())
    }
}

/// The text, against the length that was declared.
fn with_text(text: Vec<u8>, declared: &Declared) -> FoundBody {
    let Some(length) = declared.content_length else { return FoundBody::whole(text) };
    let present = text.len() as u64;
    if present == length {
        return FoundBody::whole(text);
    }
    let is_right = |body: &Vec<u8>| body.len() as u64 == length;
    if let Some(bytes) = as_bytes(&text).filter(is_right) {
        return FoundBody::certain(bytes, "the archive wrote its bytes as characters: they are bytes again");
    }
    if let Some(lines) = with_line_ends(&text).filter(is_right) {
        return FoundBody::certain(lines, "the archive wrote its line ends as LF: they are CR LF again, as declared");
    }
    let (present, length) = (grouped(present), grouped(length));
    if text.len() as u64 > declared.content_length.unwrap_or_default() {
        let reason = format!("the archive has {present} bytes of text, and Content-Length says {length}");
        return FoundBody::rebuilt(vec![text], reason);
    }
    FoundBody::truncated(text, format!("the archive has {present} of the {length} bytes that Content-Length declares"))
}

/// Characters up to U+00FF as the bytes that they may have been.
fn as_bytes(text: &[u8]) -> Option<Vec<u8>> {
    std::str::from_utf8(text).ok()?.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

/// The text with CR LF for each LF; `None` where it has one already.
fn with_line_ends(text: &[u8]) -> Option<Vec<u8>> {
    (!text.contains(&b'\r')).then(|| text.iter().flat_map(line_end).copied().collect())
}

fn line_end(byte: &u8) -> &[u8] {
    if *byte == b'\n' { b"\r\n" } else { std::slice::from_ref(byte) }
}

/// A form of which only the fields are there.
fn of_fields(request: &HarRequest, params: &[Param], declared: &Declared) -> FoundBody {
    let header = request.headers.iter().flatten().find(|pair| pair.name.0.eq_ignore_ascii_case("content-type"));
    let own = request.post_data.as_ref().and_then(|data| data.mime_type.as_ref());
    let kind =
        header.map(|pair| &pair.value).into_iter().chain(own).map(|kind| kind.0.clone()).find(|kind| !kind.is_empty());
    let kind = kind.unwrap_or_default();
    let text =
        |value: &Option<super::entry::Loose>| value.as_ref().map(|text| text.0.clone()).filter(|text| !text.is_empty());
    let fields: Vec<ArchivedField> = params
        .iter()
        .map(|param| ArchivedField {
            name: param.name.0.clone(),
            value: text(&param.value).unwrap_or_default(),
            file_name: text(&param.file_name),
            content_type: text(&param.content_type),
        })
        .collect();
    let is_multipart = MediaType::new(&kind).is("multipart/form-data");
    let bodies = match (is_multipart, forms::boundary(&kind)) {
        (false, _) => forms::urlencoded(&fields),
        (true, Some(boundary)) => forms::multipart(&fields, &boundary),
        (true, None) => {
            let reason = "the archive has its fields only, and no boundary of its parts".to_owned();
            return FoundBody::truncated(Vec::new(), reason);
        }
    };
    let Some((length, who)) = declared.length() else {
        return FoundBody::rebuilt(
            bodies,
            "only the fields of its form are there, and no length was declared".to_owned(),
        );
    };
    let (mut right, mut others): (Vec<_>, Vec<_>) = bodies.into_iter().partition(|body| body.len() as u64 == length);
    match right.len() {
        1 => FoundBody::certain(
            right.remove(0),
            "the body was rebuilt from the fields of its form, and has the declared length",
        ),
        0 => {
            let lacks = fields.iter().any(|field| field.file_name.is_some() && field.value.is_empty());
            let file = if lacks { ", without the content of its files" } else { "" };
            let length = grouped(length);
            others.sort_by_key(|body| (body.len() as u64).abs_diff(declared.content_length.unwrap_or_default()));
            let reason = format!(
                "only the fields of its form are there{file}; no encoding of them has the {length} bytes that {who} declares"
            );
            FoundBody::rebuilt(others, reason)
        }
        count => {
            let reason =
                format!("only the fields of its form are there; {count} encodings of them have the declared length");
            FoundBody::rebuilt(right, reason)
        }
    }
}
