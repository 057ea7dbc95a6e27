//! What of a payload can be copied. A body may have megabytes: the menu shows how each text begins, and
//! only the one that is chosen is made.

use std::ops::Range;

use crate::archive::export::snippet::{SnippetLanguage, SnippetUrl};
use crate::payload::json::{Pretty, decode_string};
use crate::tui::app::action::Tab;
use crate::tui::app::model::Model;
use crate::tui::app::overlay::state::{CopyItem, CopyWhole};
use crate::tui::screens::details::state::LoadedDelivery;
use crate::tui::screens::redact::state::RedactedCopy;

/// Bytes of a text that the menu shows.
const BEGINNING: usize = 400;

impl Model {
    /// What of the payload can be copied while its tab is shown: the query's result, then what is at the
    /// cursor.
    pub(crate) fn payload_items(&self) -> Vec<CopyItem> {
        let mut items = Vec::new();
        let (Some(detail), Some(loaded)) = (&self.detail, self.loaded()) else { return items };
        if self.tab != Tab::Payload {
            return items;
        }
        let mut add = |key, what, text: String, whole| items.push(CopyItem { key, what, text, whole });
        if let Some(Ok(result)) = detail.view.query.as_ref().map(|query| &query.result)
            && result.count() > 0
        {
            add('o', "the jq result", result.text.clone(), None);
        }
        if let Some(string) = &detail.view.string {
            add('v', "the string", string_beginning(string), Some(string_part(string)));
            return items;
        }
        let Some(rows) = loaded.body().rows() else { return items };
        let row = rows.opening(detail.view.cursor);
        let Some(value) = rows.value_range(row) else { return items };
        let raw = &rows.body()[value.clone()];
        if raw.first() == Some(&b'"') {
            let shown = decode_string(&raw[..raw.len().min(BEGINNING)]).text.into_owned();
            add('v', "the value", shown, Some(CopyWhole::Decoded(value.clone())));
        }
        add('r', "the value as sent", beginning(raw), Some(CopyWhole::Bytes(value)));
        if rows.block_end(row).is_some() {
            add('f', "the value indented", beginning(raw), Some(CopyWhole::Indented(row)));
        }
        if let Some(key) = rows.key(row) {
            add('n', "the key", decode_string(&rows.body()[key]).text.into_owned(), None);
        }
        let path = rows.path(row);
        if !path.is_empty() {
            // As jq takes it.
            add('.', "the path to it", format!(".{path}"), None);
        }
        items
    }

    /// The body, whole, as sent and re-indented.
    pub(crate) fn body_items(loaded: &LoadedDelivery) -> Vec<CopyItem> {
        let body = &loaded.delivery.body;
        if body.is_empty() {
            return Vec::new();
        }
        let text = beginning(body);
        let whole = Some(CopyWhole::Body);
        let mut items = vec![CopyItem { key: 'b', what: "the body", text: text.clone(), whole }];
        if loaded.body().rows().is_some() {
            items.push(CopyItem { key: 'B', what: "the body indented", text, whole: Some(CopyWhole::Indented(0)) });
        }
        items
    }

    /// The delivery as something that sends it, whole as it came, and what is known of its signature; then the same without
    /// private values.
    pub(crate) fn delivery_items(&self, loaded: &LoadedDelivery) -> Vec<CopyItem> {
        let item = |key, what, text: String, whole| CopyItem { key, what, text, whole: Some(whole) };
        let url = self.snippet_url(loaded);
        let url = url.as_str();
        let method = String::from_utf8_lossy(loaded.delivery.head.method()).into_owned();
        let snippet = |key, what, begins: String, language| item(key, what, begins, CopyWhole::Snippet(language));
        vec![
            snippet('c', "as curl", format!("curl --request {method} {url} …"), SnippetLanguage::Curl),
            snippet('F', "as JavaScript fetch", format!("await fetch(\"{url}\", …"), SnippetLanguage::Fetch),
            snippet('R', "as Python requests", format!("requests.request(\"{method}\", …"), SnippetLanguage::Requests),
            item('w', "the raw request", beginning(loaded.delivery.head.bytes()), CopyWhole::Request),
            item('m', "the diagnosis as Markdown", "## Delivery …".to_owned(), CopyWhole::Diagnosis),
        ]
        .into_iter()
        .chain(RedactedCopy::ALL.map(|copy| {
            let words = "placeholders, shown before it is copied".to_owned();
            item(copy.key(), copy.what(), words, CopyWhole::Redacted(copy))
        }))
        .collect()
    }

    /// Where a snippet sends to: where the person has replayed to last, else this listener.
    fn snippet_url(&self, loaded: &LoadedDelivery) -> SnippetUrl {
        let last = self.sending.to.split_whitespace().next().map(str::to_owned);
        last.map_or_else(|| SnippetUrl::of(&loaded.delivery, &self.setup.url), SnippetUrl::from)
    }

    /// The whole text of an item.
    pub(crate) fn copy_text(&self, item: &CopyItem) -> String {
        let (Some(whole), Some(loaded)) = (&item.whole, self.loaded()) else { return item.text.clone() };
        // What can be read of the body: ranges are within it, and the same bytes unless it was compressed.
        let body = &loaded.reading.body.bytes;
        let bytes = |range: &Range<usize>| body.get(range.clone()).unwrap_or_default();
        match (whole, loaded.body().rows()) {
            (CopyWhole::Snippet(language), _) => language.write(&loaded.delivery, &self.snippet_url(loaded)),
            (CopyWhole::Request, _) => {
                let wire = loaded.delivery.framing.wire(&loaded.delivery.body);
                String::from_utf8_lossy(&[&loaded.delivery.head.bytes()[..], &wire[..]].concat()).into_owned()
            }
            (CopyWhole::Diagnosis, _) => self.diagnosis_markdown().unwrap_or_default(),
            (CopyWhole::Body, _) => String::from_utf8_lossy(&loaded.delivery.body).into_owned(),
            (CopyWhole::Bytes(range), _) => String::from_utf8_lossy(bytes(range)).into_owned(),
            (CopyWhole::Decoded(range), _) => decode_string(bytes(range)).text.into_owned(),
            (CopyWhole::Indented(row), Some(rows)) => Pretty::value_text(rows, *row),
            (CopyWhole::Indented(_) | CopyWhole::Image(_) | CopyWhole::Redacted(_), _) => item.text.clone(),
        }
    }
}

fn string_part(string: &crate::tui::screens::payload::state::StringView) -> CopyWhole {
    if string.as_sent { CopyWhole::Bytes(string.token.clone()) } else { CopyWhole::Decoded(string.token.clone()) }
}

fn string_beginning(string: &crate::tui::screens::payload::state::StringView) -> String {
    let raw = &string.raw[..string.raw.len().min(BEGINNING)];
    if string.as_sent { beginning(raw) } else { decode_string(raw).text.into_owned() }
}

fn beginning(bytes: &[u8]) -> String {
    String::from_utf8_lossy(&bytes[..bytes.len().min(BEGINNING)]).into_owned()
}
