//! Events and requests of Hookdeck's API, as its command line prints them (<https://hookdeck.com/docs/api>): one object, an
//! array, or a page with `models`. Headers are as they were received; a JSON body is re-serialised, and is the one that was
//! sent where its signature says so.

use std::io::BufRead;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::bounded::Bounded;
use super::built::HeadParts;
use super::sink::{ForeignRequest, Sink};
use super::{ImportError, Imported, Importer};
use crate::delivery::Intake;

#[derive(Deserialize)]
struct Page {
    models: Vec<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Item {
    data: Option<Data>,
    ingested_at: Option<String>,
    created_at: Option<String>,
}

#[derive(Deserialize)]
struct Data {
    method: Option<String>,
    path: Option<String>,
    query: Option<Value>,
    #[serde(default)]
    headers: Map<String, Value>,
    body: Option<Box<RawValue>>,
}

pub(super) fn read(sink: &mut Sink<'_, '_>, input: &mut dyn BufRead) -> Result<(), ImportError> {
    let (bounded, allowance) = Bounded::new(input);
    for value in serde_json::Deserializer::from_reader(bounded).into_iter::<Box<RawValue>>() {
        let value = value.map_err(|source| ImportError::Json { number: sink.next(), source })?;
        let text = value.get();
        let items = match text.starts_with('[') {
            true => serde_json::from_str::<Vec<Box<RawValue>>>(text).ok(),
            false => serde_json::from_str::<Page>(text).ok().map(|page| page.models),
        };
        for item in items.unwrap_or_else(|| vec![value]) {
            match request(item.get(), sink.importer) {
                Ok((imported, remarks)) => sink.foreign(imported, remarks)?,
                Err(reason) => sink.pass_over(&reason)?,
            }
        }
        allowance.renew();
    }
    Ok(())
}

fn request(text: &str, importer: &Importer<'_>) -> Result<(Imported, Vec<String>), String> {
    let item: Item =
        serde_json::from_str(text).map_err(|_| "it is not an event or a request of Hookdeck".to_owned())?;
    let data = item.data.ok_or("it holds no data: ask Hookdeck for it with include=data")?;
    let headers =
        data.headers.iter().map(|(name, value)| (name.clone().into_bytes(), plain(value).into_bytes())).collect();
    let path = data.path.as_deref().filter(|path| path.starts_with('/')).unwrap_or("/");
    let query = data.query.as_ref().map(plain).unwrap_or_default();
    let url = match query.trim_start_matches('?') {
        "" => format!("http://localhost{path}"),
        query => format!("http://localhost{path}?{query}"),
    };
    let method = data.method.as_deref().unwrap_or("POST");
    let parts = HeadParts { method, url: &url, is_http10: false, headers, ..HeadParts::default() };
    let declared = parts.value("content-length").and_then(|value| std::str::from_utf8(value).ok()?.parse::<u64>().ok());
    let head = parts.build()?;
    let (bodies, intake) = bodies(data.body.as_deref(), declared);
    let received_at = item.ingested_at.or(item.created_at).and_then(|at| at.parse::<Timestamp>().ok());
    let request =
        ForeignRequest { received_at, head: head.bytes, intake, remarks: head.remarks, ..ForeignRequest::default() };
    Ok(importer.likeliest(request, bodies, None))
}

fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => String::new(),
        other => other.to_string(),
    }
}

/// What the body may have been: a text is what was sent, a JSON value is one way to write it.
fn bodies(body: Option<&RawValue>, declared: Option<u64>) -> (Vec<Vec<u8>>, Intake) {
    let text = body.map_or("null", RawValue::get);
    if let Ok(text) = serde_json::from_str::<String>(text) {
        return (vec![text.into_bytes()], Intake::Complete);
    }
    if text == "null" {
        return match declared {
            None | Some(0) => (vec![Vec::new()], Intake::Complete),
            Some(_) => (vec![Vec::new()], Intake::Truncated("Hookdeck's data holds no body".to_owned())),
        };
    }
    let mut bodies = vec![text.as_bytes().to_vec()];
    if let Ok(value) = serde_json::from_str::<Value>(text) {
        for written in [value.to_string(), format!("{value:#}")] {
            let written = written.into_bytes();
            if !bodies.contains(&written) {
                bodies.push(written);
            }
        }
    }
    // One that is as long as the one that was sent is the likeliest.
    bodies.sort_by_key(|body| declared.is_some_and(|declared| declared != body.len() as u64));
    (bodies, Intake::Rebuilt("Hookdeck keeps a JSON body re-serialised, not in the bytes that were sent".to_owned()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::super::ImportSource;
    use super::super::tests::{captured_of, importer_with, read_noting};
    use crate::config::{Keyring, Registry};
    use crate::delivery::{Intake, Verdict};
    use crate::signature::{Scheme, Secret, SecretOrigin};

    #[test]
    fn events_requests_and_pages_are_read() {
        let event = json!({"id": "evt_1", "team_id": "tm_1", "source_id": "src_1", "created_at": "2025-05-01T12:00:00.000Z",
            "data": {"path": "/hook", "query": "a=1", "headers": {"x-a": "1", "content-length": "8"}, "body": {"a": 1}}});
        let page = json!({"pagination": {}, "count": 1, "models": [event]});
        for text in [event.to_string(), page.to_string(), json!([event]).to_string()] {
            assert_eq!(ImportSource::detect(text.as_bytes()), Some(ImportSource::Hookdeck), "{text}");
            let (all, _) = read_noting(ImportSource::Hookdeck, &text).unwrap();
            let (head, body) = captured_of(&all[0]);
            assert_eq!(
                String::from_utf8(head).unwrap(),
                "POST /hook?a=1 HTTP/1.1\r\nHost: localhost\r\nx-a: 1\r\ncontent-length: 8\r\n\r\n"
            );
            assert_eq!((&body[..], all[0].captured.intake.name()), (&b"{\"a\":1}"[..], "rebuilt"));
        }
        let text =
            json!({"team_id": "t", "source_id": "s", "data": {"headers": {"content-length": "2"}, "body": "<>"}});
        assert_eq!(
            read_noting(ImportSource::Hookdeck, text.to_string()).unwrap().0[0].captured.intake,
            Intake::Complete
        );
        let (all, findings) = read_noting(ImportSource::Hookdeck, json!([{"id": "evt_1"}]).to_string()).unwrap();
        assert!(all.is_empty() && findings.passed_over.listed()[0].words.contains("include=data"));
    }

    #[test]
    fn a_signature_proves_how_the_body_was_written() {
        let secret = Secret::new("k", b"s3cret".to_vec(), SecretOrigin::Typed);
        let body = b"{\n  \"a\": 1\n}";
        let signature = crate::signature::sign(&secret, b"1746100800", body);
        let registry = Registry::new(Vec::new(), Keyring::new(vec![secret]).unwrap(), Scheme::default());
        let headers = json!({"X-Webhook-Signature": signature, "X-Webhook-Timestamp": "1746100800"});
        let text = json!({"data": {"headers": headers, "body": {"a": 1}}}).to_string();
        let mut proved = Vec::new();
        importer_with(&registry, false)
            .read(ImportSource::Hookdeck, &mut text.as_bytes(), &mut |imported| {
                proved.push(imported.captured);
                Ok(())
            })
            .unwrap();
        assert_eq!((&proved[0].body[..], proved[0].judgement.verdict), (&body[..], Verdict::Verified));
        assert!(proved[0].intake.is_complete());
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in "[{}\\[\\]\":,a-z0-9]{0,40}") {
            let _ = read_noting(ImportSource::Hookdeck, &text);
        }
    }
}
