//! HTTP archives: the requests of their entries. An entry of ours holds the head byte for byte; of another's
//! the head is put together from method, URL and headers, and refused when it is none that could have come.

use std::fmt;
use std::io::BufRead;

use jiff::Timestamp;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::bounded::{Allowance, Bounded};
use super::json::decoded;
use super::{ImportError, Imported, Importer, Taker};
use crate::delivery::{Captured, Intake, Marks};
use crate::http::framing;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    started_date_time: String,
    request: Request,
    #[serde(rename = "_whyhook")]
    ours: Option<Ours>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request {
    method: String,
    url: String,
    #[serde(default)]
    http_version: String,
    #[serde(default)]
    headers: Vec<Pair>,
    post_data: Option<PostData>,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct PostData {
    text: Option<String>,
    encoding: Option<String>,
    #[serde(default)]
    params: Vec<IgnoredAny>,
}

#[derive(Deserialize)]
struct Ours {
    head_base64: String,
    received_us: i64,
    intake: String,
}

/// What is read, how far, and where it goes.
struct State<'a, 'b> {
    importer: &'a Importer<'a>,
    take: Taker<'b>,
    allowance: Allowance,
    count: u64,
    /// Why it ended, when that was no fault of the JSON.
    ended: Option<ImportError>,
}

pub(super) fn read(importer: &Importer<'_>, input: &mut dyn BufRead, take: Taker<'_>) -> Result<u64, ImportError> {
    let (bounded, allowance) = Bounded::new(input);
    let mut state = State { importer, take, allowance, count: 0, ended: None };
    let mut deserializer = serde_json::Deserializer::from_reader(bounded);
    let read = Level::File(&mut state).deserialize(&mut deserializer).and_then(|()| deserializer.end());
    match (state.ended, read) {
        (Some(ended), _) => Err(ended),
        (None, Err(source)) => Err(ImportError::Json { number: state.count + 1, source }),
        (None, Ok(())) => Ok(state.count),
    }
}

/// Where in `{"log": {"entries": [ … ]}}` the reader is. Everything else there is passed over.
enum Level<'s, 'a, 'b> {
    File(&'s mut State<'a, 'b>),
    Log(&'s mut State<'a, 'b>),
    Entries(&'s mut State<'a, 'b>),
}

impl<'de> DeserializeSeed<'de> for Level<'_, '_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self {
            Self::Entries(_) => deserializer.deserialize_seq(self),
            _ => deserializer.deserialize_map(self),
        }
    }
}

impl<'de> Visitor<'de> for Level<'_, '_, '_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::File(_) => "an HTTP archive: an object with the field 'log'",
            Self::Log(_) => "the archive's log: an object with the field 'entries'",
            Self::Entries(_) => "an array of entries",
        })
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<(), M::Error> {
        let (wanted, state, is_file) = match self {
            Self::File(state) => ("log", state, true),
            Self::Log(state) | Self::Entries(state) => ("entries", state, false),
        };
        let mut found = false;
        while let Some(key) = map.next_key::<String>()? {
            if key != wanted {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            found = true;
            map.next_value_seed(if is_file { Level::Log(&mut *state) } else { Level::Entries(&mut *state) })?;
        }
        if found { Ok(()) } else { Err(M::Error::custom(format_args!("missing field `{wanted}`"))) }
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut entries: S) -> Result<(), S::Error> {
        let (Self::File(state) | Self::Log(state) | Self::Entries(state)) = self;
        while let Some(entry) = entries.next_element::<Entry>()? {
            let number = state.count + 1;
            let taken = captured(state.importer, entry)
                .map_err(|reason| ImportError::Content { number, reason })
                .and_then(|captured| {
                    (state.take)(Imported { captured, answer: None, diagnosis: None, marks: Marks::default() })
                });
            if let Err(error) = taken {
                state.ended = Some(error);
                return Err(S::Error::custom("ended"));
            }
            state.allowance.renew();
            state.count = number;
        }
        Ok(())
    }
}

fn captured(importer: &Importer<'_>, entry: Entry) -> Result<Captured, String> {
    let body = body(entry.request.post_data.as_ref())?;
    if let Some(ours) = &entry.ours {
        let received_at = Timestamp::from_microsecond(ours.received_us).map_err(|error| error.to_string())?;
        let intake = Intake::from_parts(&ours.intake, "as the archive says").ok_or_else(|| {
            format!(
                "unknown intake '{}': expected complete, truncated, too_large, incomplete or malformed",
                ours.intake
            )
        })?;
        return Ok(importer.judged(received_at, decoded("head_base64", &ours.head_base64)?, body, intake));
    }
    let received_at = entry.started_date_time.parse().map_err(|error| format!("startedDateTime: {error}"))?;
    Ok(importer.judged(received_at, head(&entry.request)?, body, Intake::Complete))
}

fn body(data: Option<&PostData>) -> Result<Vec<u8>, String> {
    match data {
        None => Ok(Vec::new()),
        Some(PostData { text: None, params, .. }) if params.is_empty() => Ok(Vec::new()),
        Some(PostData { text: None, .. }) => {
            Err("the body is given only as fields (postData.params), not as sent".to_owned())
        }
        Some(PostData { text: Some(text), encoding, .. }) => match encoding.as_deref() {
            Some("base64") => decoded("postData.text", text),
            None | Some("") => Ok(text.clone().into_bytes()),
            Some(other) => Err(format!("unknown postData.encoding '{other}': expected base64")),
        },
    }
}

/// The head that such a request has in HTTP/1.1.
fn head(request: &Request) -> Result<Vec<u8>, String> {
    let after = request.url.split_once("://").ok_or("url: expected one such as http://host/path")?.1;
    let at = after.find(['/', '?']).unwrap_or(after.len());
    let (host, target) = after.split_at(at);
    // A fragment stays with the browser (RFC 9110, section 4.2.5).
    let target = target.split('#').next().unwrap_or_default();
    let slash = if target.starts_with('/') { "" } else { "/" };
    let version = if request.http_version.eq_ignore_ascii_case("HTTP/1.0") { "HTTP/1.0" } else { "HTTP/1.1" };
    let mut head = format!("{} {slash}{target} {version}\r\n", request.method);
    if !request.headers.iter().any(|pair| pair.name.eq_ignore_ascii_case("host")) {
        head.push_str(&format!("Host: {host}\r\n"));
    }
    // HTTP/2 has what stands in the request line as headers whose names begin with a colon.
    for pair in request.headers.iter().filter(|pair| !pair.name.starts_with(':')) {
        if pair.name.contains(['\r', '\n']) || pair.value.contains(['\r', '\n', '\0']) {
            return Err(format!("the header '{}' contains a line end or NUL", crate::text::visible(&pair.name)));
        }
        head.push_str(&format!("{}: {}\r\n", pair.name, pair.value));
    }
    head.push_str("\r\n");
    let head = head.into_bytes();
    // One end, and it is the last: nothing smuggled in another field.
    if framing::head_end(&head, 0) != Some(head.len()) {
        return Err("the method or the URL contains a line end".to_owned());
    }
    framing::inspect(&head).map_err(|fault| fault.reason)?;
    Ok(head)
}
