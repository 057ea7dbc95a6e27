//! Deliveries redacted on a thread of its own, to say what is replaced before anything is copied or written. It is a job of
//! the run: seen and cancelled as any other.

use tokio_util::sync::{CancellationToken, DropGuard};

use crate::archive::export::snippet::{SnippetLanguage, SnippetUrl};
use crate::archive::redaction::{RedactedDelivery, RedactionRun};
use crate::config::Settings;
use crate::server::JobTicket;
use crate::store::{Location, Reader};
use crate::system::thread::run_aside;
use crate::tui::app::message::Message;
use crate::tui::screens::redact::state::{RedactGoal, RedactRequest, RedactedCopy, RedactionPreview};
use crate::tui::screens::signature::markdown::redacted_markdown;

/// Starts it. Once the guard is dropped, it ends, and nothing comes of it.
pub(crate) fn start(
    location: Location,
    ticket: JobTicket,
    request: RedactRequest,
    settings: Settings,
    send: impl FnOnce(Message) + Send + 'static,
) -> DropGuard {
    let cancel = CancellationToken::new();
    let guard = cancel.clone().drop_guard();
    run_aside("whyhook-redact", move || {
        crate::system::panic::panic_for_test("redact");
        let go_on = |done: usize| ticket.advance(done as u64, request.ids.len() as u64) && !cancel.is_cancelled();
        let made = preview(&location, &request, &settings, go_on);
        drop(ticket);
        send(Message::Redacted(request.number, made.map(Box::new)));
    });
    guard
}

fn preview(
    location: &Location,
    request: &RedactRequest,
    settings: &Settings,
    go_on: impl Fn(usize) -> bool,
) -> Result<RedactionPreview, String> {
    let mut run = RedactionRun::begin(settings.redact.usual.clone(), &settings.registry)?;
    let reader = Reader::open(location).map_err(|error| error.to_string())?;
    let mut preview = RedactionPreview::default();
    for (done, id) in request.ids.iter().enumerate() {
        if !go_on(done) {
            return Err("redaction cancelled: nothing was copied or written".to_owned());
        }
        match reader.load(*id) {
            Ok(Some(delivery)) => {
                let redacted = run.apply(&delivery);
                if let RedactGoal::Copy(what) = &request.goal {
                    preview.secret = redacted.secret().map(str::to_owned);
                    preview.text = text(*what, &redacted, &request.url);
                }
            }
            // An export leaves them out, and says so.
            Ok(None) if request.ids.len() > 1 => {}
            Err(error) if error.leaves_one_out() && request.ids.len() > 1 => {}
            Ok(None) => return Err(format!("delivery {id} is no longer in the store")),
            Err(error) => return Err(error.to_string()),
        }
    }
    if run.tally().total() > 0 {
        preview.replaced = run.tally().to_string();
    }
    preview.places = run.tally().places().map(|(kind, place, count)| (kind, place.to_owned(), count)).collect();
    (preview.kept, preview.lost) = (run.kept(), run.lost().to_vec());
    Ok(preview)
}

/// What is copied.
fn text(what: RedactedCopy, redacted: &RedactedDelivery, url: &str) -> String {
    let delivery = &redacted.delivery;
    match what {
        RedactedCopy::Curl => {
            let secret = redacted.secret().filter(|secret| secret.chars().all(|character| !character.is_control()));
            let about =
                secret.map_or(String::new(), |secret| format!("# Redacted; the throw-away secret is {secret}\n"));
            format!("{about}{}", SnippetLanguage::Curl.write(delivery, &SnippetUrl::of(delivery, url)))
        }
        RedactedCopy::Request => {
            String::from_utf8_lossy(&[&delivery.head[..], &delivery.body[..]].concat()).into_owned()
        }
        RedactedCopy::Diagnosis => redacted_markdown(redacted),
    }
}
