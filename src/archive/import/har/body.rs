//! The body of an entry. HAR has it as text, as the fields of a form, or not at all; what it was on the wire is certain
//! only where the lengths agree.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
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

/// What the headers and the archive say of the bytes that were sent.
struct Declared {
    /// What Content-Length says.
    content_length: Option<u64>,
    /// What the archive says, where it says something.
    body_size: Option<u64>,
    is_chunked: bool,
    /// The content coding, unless it is `identity`.
    coding: Option<String>,
    /// The charset, unless it is UTF-8.
    charset: Option<String>,
}

impl Declared {
    fn of(request: &HarRequest) -> Self {
        let value = |name: &str| {
            let mut named = request.headers.iter().flatten().filter(|pair| pair.name.0.eq_ignore_ascii_case(name));
            named.next().map(|pair| pair.value.0.trim().to_owned())
        };
        let charset = MediaType::new(&content_type(request)).parameter("charset");
        let charset = charset.map(|charset| String::from_utf8_lossy(&charset).into_owned());
        Self {
            coding: value("content-encoding")
                .filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case("identity")),
            charset: charset.filter(|charset| Encoding::for_label(charset.as_bytes()) != Some(UTF_8)),
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

/// The content of a body, as the archive has it.
pub(super) enum ArchivedContent {
    /// In Base64: the bytes themselves.
    Bytes(Vec<u8>),
    /// What some program made of the bytes.
    Text(String),
}

impl ArchivedContent {
    /// The bytes that it is in UTF-8.
    pub(super) fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Text(text) => text.into_bytes(),
        }
    }

    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Text(text) => text.len() as u64,
        }
    }

    /// Why these need not be the bytes that were sent, by what was declared of them besides their length.
    fn doubt(&self, declared: &Declared) -> Option<String> {
        if let Some(coding) = declared.coding.as_ref().filter(|coding| !self.may_be_coded(coding)) {
            let coding = quoted(coding);
            return Some(format!("it was sent with the content coding {coding}, and the archive has it decoded"));
        }
        let Self::Text(text) = self else { return None };
        if let Some(charset) = declared.charset.as_ref().filter(|charset| !text.is_ascii() || is_utf16(charset)) {
            return Some(format!("the archive has it as text, which was sent in the charset {}", quoted(charset)));
        }
        text.contains(char::REPLACEMENT_CHARACTER)
            .then(|| "its text has U+FFFD, which stands for bytes that the archive could not read".to_owned())
    }

    /// Whether it may be in this content coding: text never is.
    fn may_be_coded(&self, coding: &str) -> bool {
        match (self, coding.to_ascii_lowercase().as_str()) {
            (Self::Text(_), _) => false,
            (Self::Bytes(bytes), "gzip" | "x-gzip") => bytes.starts_with(b"\x1f\x8b"),
            (Self::Bytes(bytes), "zstd") => bytes.starts_with(b"\x28\xb5\x2f\xfd"),
            (Self::Bytes(_), _) => true,
        }
    }

    /// What was sent, where it was another thing than this, the likeliest first, with what is to be said of it.
    fn readings(&self, declared: &Declared) -> Vec<(Vec<u8>, &'static str)> {
        let Self::Text(text) = self else { return Vec::new() };
        let charset = declared.charset.as_ref().and_then(|charset| in_charset(text, charset));
        let charset = charset.map(|bytes| (bytes, "the archive has it as text: it is in the declared charset again"));
        let bytes =
            as_bytes(text).map(|bytes| (bytes, "the archive wrote its bytes as characters: they are bytes again"));
        let lines = with_line_ends(text.as_bytes())
            .map(|lines| (lines, "the archive wrote its line ends as LF: they are CR LF again, as declared"));
        charset.into_iter().chain(bytes).chain(lines).collect()
    }
}

/// The body's content; `None` where the archive has none.
pub(super) fn content_of(data: Option<&PostData>) -> Result<Option<ArchivedContent>, String> {
    let Some(data) = data else { return Ok(None) };
    let Some(text) = &data.text else { return Ok(None) };
    match data.encoding.as_ref().map(|encoding| &*encoding.0) {
        Some("base64") => decoded("postData.text", &text.0).map(|bytes| Some(ArchivedContent::Bytes(bytes))),
        None | Some("") => Ok(Some(ArchivedContent::Text(text.0.clone()))),
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
    if let Some(content) = content_of(data)?.filter(|content| content.len() > 0) {
        return Ok(with_content(content, &declared));
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

/// The content, against what was declared of it. The head's length alone proves it: some tools count `bodySize` from the
/// text that they write.
fn with_content(content: ArchivedContent, declared: &Declared) -> FoundBody {
    let present = content.len();
    if declared.content_length == Some(present) {
        return FoundBody::whole(content.into_bytes());
    }
    let mut readings = content.readings(declared);
    let fitting = |length: u64| move |(body, _): &(Vec<u8>, &str)| body.len() as u64 == length;
    if let Some(at) = declared.content_length.and_then(|length| readings.iter().position(fitting(length))) {
        let (body, remark) = readings.swap_remove(at);
        return FoundBody::certain(body, remark);
    }
    let length = declared.length().filter(|(length, _)| *length != present);
    let reason = match (content.doubt(declared), length) {
        (None, None) => return FoundBody::whole(content.into_bytes()),
        (None, Some((length, who))) if length > present && !readings.iter().any(fitting(length)) => {
            let (present, length) = (grouped(present), grouped(length));
            let reason = format!("the archive has {present} of the {length} bytes that {who} declares");
            return FoundBody::truncated(content.into_bytes(), reason);
        }
        (None, Some((length, who))) => {
            format!("the archive has {} bytes of text, and {who} says {}", grouped(present), grouped(length))
        }
        (Some(doubt), _) => doubt,
    };
    // In UTF-16 every text is other bytes than in UTF-8; what else it may have been is less likely than what it is.
    let others = usize::from(declared.charset.as_deref().is_some_and(is_utf16));
    let mut bodies: Vec<Vec<u8>> = readings.into_iter().map(|(body, _)| body).collect();
    bodies.insert(others.min(bodies.len()), content.into_bytes());
    bodies.sort_by_key(|body| length.is_some_and(|(length, _)| length != body.len() as u64));
    FoundBody::rebuilt(bodies, reason)
}

fn is_utf16(charset: &str) -> bool {
    Encoding::for_label(charset.as_bytes()).is_some_and(|charset| charset == UTF_16LE || charset == UTF_16BE)
}

/// A text in a charset; `None` where that has no such characters, or is not known.
fn in_charset(text: &str, charset: &str) -> Option<Vec<u8>> {
    let encoding = Encoding::for_label(charset.as_bytes())?;
    // The standard of that crate writes UTF-8 where UTF-16 is asked for.
    if encoding == UTF_16LE {
        return Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    }
    if encoding == UTF_16BE {
        return Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect());
    }
    let (bytes, _, has_unknown) = encoding.encode(text);
    (!has_unknown).then(|| bytes.into_owned())
}

/// Characters up to U+00FF as the bytes that they may have been.
fn as_bytes(text: &str) -> Option<Vec<u8>> {
    text.chars().map(|character| u8::try_from(u32::from(character)).ok()).collect()
}

/// The text with CR LF for each LF; `None` where it has one already.
fn with_line_ends(text: &[u8]) -> Option<Vec<u8>> {
    (!text.contains(&b'\r')).then(|| text.iter().flat_map(line_end).copied().collect())
}

fn line_end(byte: &u8) -> &[u8] {
    if *byte == b'\n' { b"\r\n" } else { std::slice::from_ref(byte) }
}

/// The media type: that of the head, else the archive's own word.
fn content_type(request: &HarRequest) -> String {
    let header = request.headers.iter().flatten().find(|pair| pair.name.0.eq_ignore_ascii_case("content-type"));
    let own = request.post_data.as_ref().and_then(|data| data.mime_type.as_ref());
    let mut kinds = header.map(|pair| &pair.value).into_iter().chain(own).map(|kind| kind.0.clone());
    kinds.find(|kind| !kind.is_empty()).unwrap_or_default()
}

/// A form of which only the fields are there.
fn of_fields(request: &HarRequest, params: &[Param], declared: &Declared) -> FoundBody {
    let kind = content_type(request);
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
