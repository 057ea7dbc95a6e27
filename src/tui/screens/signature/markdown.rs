//! The diagnosis of the shown delivery as Markdown, for an issue or a chat. It holds no secret and no expected digest.

use std::fmt::Write as _;

use crate::archive::redaction::RedactedDelivery;
use crate::delivery::{Delivery, Judgement};
use crate::signature::Scheme;
use crate::signature::diagnose::{CauseKind, Diagnosis};
use crate::text::{counted, grouped};
use crate::tui::app::model::Model;
use crate::tui::widgets::{secret_words, shown};

/// Explanations beside the likeliest.
const OTHERS: usize = 4;

impl Model {
    /// The verdict on the shown delivery and why, as Markdown.
    #[must_use]
    pub fn diagnosis_markdown(&self) -> Option<String> {
        let (detail, loaded) = (self.detail.as_ref()?, self.loaded()?);
        let mut text = markdown(
            &loaded.delivery,
            loaded.rejudged.as_ref().unwrap_or_else(|| loaded.judgement()),
            &loaded.scheme,
            detail.inquiry.why.as_ref().map(|(_, why)| &**why),
        );
        if let Some(explained) = &detail.inquiry.explain_digest {
            text.push_str(&section("What the server hashed", explained));
        }
        Some(text)
    }
}

/// The verdict on a redacted delivery and why, with the secret that it is explained by, as Markdown.
pub(crate) fn redacted_markdown(redacted: &RedactedDelivery) -> String {
    let judgement = &redacted.delivery.summary.judgement;
    let mut text = markdown(&redacted.delivery, judgement, &redacted.scheme, redacted.why.as_ref());
    text.push_str("\nRedacted: every private value is a placeholder, and the signature is made again from them.");
    if let Some(secret) = redacted.secret() {
        let _ = write!(text, " The throw-away secret is {}.", code(secret));
    }
    text.push('\n');
    text
}

fn markdown(delivery: &Delivery, judgement: &Judgement, scheme: &Scheme, why: Option<&Diagnosis>) -> String {
    let summary = &delivery.summary;
    let with = judgement.secret.as_ref().map_or(String::new(), |label| format!(" with {}", secret_words(label)));
    let mut text = format!("## Delivery {}: {}{with}\n\n", summary.id, judgement.verdict.words());
    let mut add = |name: &str, value: &str| {
        let _ = writeln!(text, "- **{name}**: {}", escaped(value));
    };
    let request = match summary.method.is_empty() {
        // It had no request line that could be read.
        true => String::from_utf8_lossy(delivery.head.start_line().trim_ascii_end()).into_owned(),
        false => format!("{} {}", summary.method, summary.path),
    };
    add("Request", &if request.is_empty() { "none".to_owned() } else { code(&request) });
    if !summary.intake.is_complete() {
        add("Intake", &format!("{}: {}", summary.intake.words(), summary.intake.reason()));
    }
    add("Received", &summary.received_at.to_string());
    add("Body", &counted(summary.body_bytes, "byte"));
    for (name, header) in [("Signature", scheme.signature_header()), ("Timestamp", scheme.timestamp_header())] {
        if let Some(value) = delivery.head.value(header).filter(|_| !header.is_empty()) {
            add(name, &code(&format!("{header}: {}", String::from_utf8_lossy(value))));
        }
    }
    if let Some(why) = why {
        text.push_str(&section("Why", why));
    }
    text
}

fn section(title: &str, diagnosis: &Diagnosis) -> String {
    let mut text = format!("\n### {title}\n\n");
    if let Some(cause) = diagnosis.causes.first() {
        let kind = match cause.kind {
            CauseKind::Proof => "Proved: ",
            CauseKind::Alarm => "ALARM: ",
            CauseKind::Evidence => "",
        };
        let _ = writeln!(text, "{kind}{}\n", escaped(&cause.summary));
        if !cause.fix.is_empty() {
            let _ = writeln!(text, "**Fix**: {}\n", escaped(&cause.fix));
        }
        for change in &cause.changes {
            let _ = writeln!(text, "- code: {}", code(change.code.code()));
            if let Some(place) = &change.at {
                let _ = writeln!(text, "- place: {}", code(&crate::inspect::diagnosis::place_words(place)));
            }
        }
    }
    for cause in diagnosis.others().take(OTHERS) {
        let _ = writeln!(text, "- also possible: {}", escaped(&cause.summary));
    }
    for evidence in &diagnosis.evidence {
        let _ = writeln!(text, "- note: {}", escaped(&evidence.text));
    }
    if diagnosis.tried > 0 {
        let _ = writeln!(text, "- {} tried", counted(diagnosis.tried, "digest"));
    }
    if let Some(of) = diagnosis.of.filter(|_| !diagnosis.complete) {
        let _ = writeln!(text, "- the search was stopped; {} digests in all", grouped(of));
    }
    text
}

/// Visible text as code; a grave accent would end it.
fn code(text: &str) -> String {
    format!("`{}`", shown(text).replace('`', "'"))
}

/// Visible text in which nothing but code spans is markup: what came from outside makes no links and no images.
fn escaped(text: &str) -> String {
    let shown = shown(text);
    let mut escaped = String::with_capacity(shown.len());
    let mut is_code = false;
    for character in shown.chars() {
        is_code ^= character == '`';
        if !is_code && matches!(character, '<' | '>' | '[' | ']' | '*' | '_' | '#' | '|' | '!' | '\\' | '@') {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_request_says_why() {
        let mut delivery = crate::archive::import::tests_delivery(b"POST  HTTP/1.1\r\n\r\n", b"");
        delivery.summary.intake = crate::delivery::Intake::Malformed("the request line has no target".to_owned());
        (delivery.summary.method, delivery.summary.path) = (String::new(), String::new());
        let text = markdown(&delivery, &delivery.summary.judgement, &Scheme::default(), None);
        assert!(text.contains("- **Request**: `POST  HTTP/1.1`\n"), "{text}");
        assert!(text.contains("- **Intake**: malformed: the request line has no target\n"), "{text}");
    }

    #[test]
    fn what_came_from_outside_is_no_markup() {
        assert_eq!(escaped("![x](http://a) <b> @all `a*b` c*d"), "\\!\\[x\\](http://a) \\<b\\> \\@all `a*b` c\\*d");
        assert_eq!(code("a`b\u{1b}[31m"), "`a'b␛[31m`");
    }
}
