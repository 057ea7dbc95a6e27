//! Headers by name: the one that is wanted, and those that may stand for it.

use crate::http::Head;

pub(super) const SIGNATURE_NAMES: [&str; 26] = [
    "X-Webhook-Signature",
    "X-Signature",
    "Signature",
    "X-Hub-Signature-256",
    "X-Hub-Signature",
    "Stripe-Signature",
    "X-Slack-Signature",
    "webhook-signature",
    "svix-signature",
    "X-Shopify-Hmac-SHA256",
    "X-Signature-256",
    "X-Webhook-Hmac",
    "X-Hmac-Signature",
    "X-Hmac-SHA256",
    "Paddle-Signature",
    "Linear-Signature",
    "WorkOS-Signature",
    "X-HubSpot-Signature-v3",
    "X-Zendesk-Webhook-Signature",
    "x-square-hmacsha256-signature",
    "x-zm-signature",
    "X-Trackpilots-Signature",
    "Webhook-Signature-256",
    "X-Webhook-Signature-256",
    "X-Request-Signature",
    "Authorization",
];
pub(super) const TIMESTAMP_NAMES: [&str; 12] = [
    "X-Webhook-Timestamp",
    "X-Timestamp",
    "Timestamp",
    "webhook-timestamp",
    "svix-timestamp",
    "X-Slack-Request-Timestamp",
    "X-Signature-Timestamp",
    "X-Request-Timestamp",
    "x-zm-request-timestamp",
    "X-HubSpot-Request-Timestamp",
    "X-Zendesk-Webhook-Signature-Timestamp",
    "X-Trackpilots-Timestamp",
];
pub(super) const ID_NAMES: [&str; 10] = [
    "webhook-id",
    "svix-id",
    "X-Webhook-Id",
    "X-Request-Id",
    "X-Delivery-Id",
    "X-GitHub-Delivery",
    "X-Event-Id",
    "X-Message-Id",
    "X-Webhook-Delivery",
    "X-Trackpilots-Delivery",
];

/// The names of ids in two standards that differ in nothing else.
const STANDARD_IDS: [&str; 2] = ["webhook-id", "svix-id"];

/// The names under which an id may be that the scheme has as `wanted`. Other ids are the business of proxies.
pub(super) fn ids_like(wanted: &str) -> &'static [&'static str] {
    if STANDARD_IDS.iter().any(|name| name.eq_ignore_ascii_case(wanted)) { &STANDARD_IDS } else { &[] }
}

/// The values of one header, and those of headers with names near it.
type Values<'a> = (Vec<&'a [u8]>, Vec<(String, &'a [u8])>);

/// Values of the header `wanted`, otherwise of one with a similar name: the name and the value.
pub(super) fn named_values<'a>(head: &'a Head, wanted: &'a str, known: &[&str]) -> Values<'a> {
    let exact: Vec<&[u8]> = head.values(wanted).filter(|value| !value.is_empty()).collect();
    let plain = |name: &[u8]| -> String {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase().replace('_', "-");
        name.trim_start_matches("http-").trim_start_matches("x-").trim().to_owned()
    };
    let near = head.pairs().filter(|(name, value)| {
        !value.is_empty()
            && !name.eq_ignore_ascii_case(wanted.as_bytes())
            && (plain(name) == plain(wanted.as_bytes())
                || known.iter().any(|known| plain(known.as_bytes()) == plain(name)))
    });
    let near = near.map(|(name, value)| (crate::text::visible_bytes(name).into_owned(), value));
    (exact, near.collect())
}

/// That a header is not there, or has no value.
pub(super) fn absent(head: &Head, name: &str) -> String {
    match head.values(name).next() {
        Some(_) => format!("{name} is empty"),
        None => format!("missing header {name}"),
    }
}

/// Which of several values of a header is meant, where they differ; nothing of values that are all the same.
pub(super) fn which_of(values: &[&[u8]], place: usize, what: &str) -> String {
    match values.iter().all(|value| *value == values[0]) {
        true => ", with the same value".to_owned(),
        false => format!("; value {place} {what}"),
    }
}
