//! The deliveries of the demo: one that is right, and eleven that a person should have seen once.

use jiff::{SignedDuration, Timestamp};

use crate::http::Head;
use crate::payload::binary::BinaryForm;
use crate::signature::{Scheme, Secret, SecretOrigin, SignError, Signing, SigningKind, catalogue};
use crate::simulate::{Circumstances, Recipe, RecipeError, SimulatedEvent};

/// The path of the demo's webhook.
pub(super) const PATH: &str = "/webhooks/trackpilots";
/// How old the stale one is, in seconds.
const STALE: i64 = 2 * 3600;

/// A delivery of the demo.
#[derive(Debug)]
pub(super) struct DemoDelivery {
    /// What is the matter with it.
    pub(super) title: &'static str,
    /// The whole request, as it is sent.
    pub(super) wire: Vec<u8>,
}

/// Why one cannot be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum DemoError {
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    #[error(transparent)]
    Sign(#[from] SignError),
    #[error(transparent)]
    Scheme(#[from] catalogue::UnknownScheme),
}

/// What signs, and when.
struct DemoSender<'a> {
    secret: &'a [u8],
    moment: Timestamp,
}

/// Every delivery, in the order in which they are sent. The last is selected first: it has the commonest mistake, and its
/// cause is proved.
pub(super) fn all(secret: &[u8], moment: Timestamp) -> Result<Vec<DemoDelivery>, DemoError> {
    use SimulatedEvent::{Activity, App, Screenshot};
    let sender = DemoSender { secret, moment };
    let seconds = moment.as_second().to_string();
    let milliseconds = moment.as_millisecond().to_string();
    let old = (moment.as_second() - STALE).to_string();
    let newline = [secret, b"\n"].concat();
    let live = |event, seed| sender.body(&Recipe::live(event), seed);
    let image = Recipe { image: Some(BinaryForm::Base64), ..Recipe::live(Screenshot) };

    let app = live(App, 1)?;
    let simulation = sender.body(&Recipe::new(Activity), 2)?;
    let screenshot = sender.body(&image, 3)?;
    let (stranger, padded, bare, encoded) = (live(Activity, 4)?, live(App, 5)?, live(Activity, 6)?, live(App, 7)?);
    let (stale, mixed, cut, foreign, printed) =
        (live(App, 8)?, live(Activity, 9)?, live(App, 10)?, live(App, 11)?, live(App, 12)?);

    let signature = |secret: &[u8], timestamp: &str, body: &[u8]| sender.signature(secret, timestamp, body);
    let base64 = base64_of(&signature(secret, &seconds, &encoded)?);
    let half = cut.len() / 2;
    let whole = posted(&trackpilots(&signature(secret, &seconds, &cut)?, &seconds), &cut);
    let delivery = |title, headers: &str, body: &[u8]| DemoDelivery { title, wire: posted(headers, body) };
    Ok(vec![
        delivery("a live event, rightly signed", &trackpilots(&signature(secret, &seconds, &app)?, &seconds), &app),
        delivery("a simulation", &trackpilots(&signature(secret, &seconds, &simulation)?, &seconds), &simulation),
        delivery("a screenshot", &trackpilots(&signature(secret, &seconds, &screenshot)?, &seconds), &screenshot),
        delivery(
            "signed with another secret",
            &trackpilots(&signature(b"the-secret-of-another-webhook", &seconds, &stranger)?, &seconds),
            &stranger,
        ),
        delivery(
            "signed with the secret and a line end",
            &trackpilots(&signature(&newline, &seconds, &padded)?, &seconds),
            &padded,
        ),
        delivery(
            "without a timestamp",
            &format!("X-Webhook-Signature: {}\r\n", signature(secret, &seconds, &bare)?),
            &bare,
        ),
        delivery("a digest in base64, not hexadecimal", &trackpilots(&base64, &seconds), &encoded),
        delivery("two hours late", &trackpilots(&signature(secret, &old, &stale)?, &old), &stale),
        delivery(
            "seconds signed, milliseconds sent",
            &trackpilots(&signature(secret, &seconds, &mixed)?, &milliseconds),
            &mixed,
        ),
        DemoDelivery { title: "a body cut short", wire: whole[..whole.len() - half].to_vec() },
        delivery("signed as GitHub signs", &sender.github(&foreign)?, &foreign),
        delivery(
            "a body that was serialised again after it was signed",
            &trackpilots(&signature(secret, &seconds, &printed)?, &seconds),
            &spaced(&printed),
        ),
    ])
}

impl DemoSender<'_> {
    fn body(&self, recipe: &Recipe, seed: u64) -> Result<Vec<u8>, RecipeError> {
        // Each event happened a moment before it was sent.
        let moment = self.moment.checked_sub(SignedDuration::from_secs(2)).unwrap_or(self.moment);
        recipe.build(&Circumstances { moment, seed })
    }

    /// The value of Trackpilots' signature header.
    fn signature(&self, secret: &[u8], timestamp: &str, body: &[u8]) -> Result<String, SignError> {
        signed(&Scheme::default(), secret, timestamp, body)
    }

    /// GitHub's headers for a body.
    fn github(&self, body: &[u8]) -> Result<String, DemoError> {
        let value = signed(&catalogue::named("github")?, self.secret, &self.moment.as_second().to_string(), body)?;
        Ok(format!("X-GitHub-Event: push\r\nX-Hub-Signature-256: {value}\r\n"))
    }
}

/// What a scheme writes into its signature header.
fn signed(scheme: &Scheme, secret: &[u8], timestamp: &str, body: &[u8]) -> Result<String, SignError> {
    let secret = Secret::new("demo", secret.to_vec(), SecretOrigin::MadeUp);
    let head = Head::from(format!("POST {PATH} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes());
    let headers = Signing { kind: SigningKind::Developer, scheme, secret: &secret }.headers(&head, body, timestamp)?;
    Ok(headers.into_iter().next().map(|(_, value)| value).unwrap_or_default())
}

fn trackpilots(signature: &str, timestamp: &str) -> String {
    format!("X-Webhook-Signature: {signature}\r\nX-Webhook-Timestamp: {timestamp}\r\n")
}

fn posted(headers: &str, body: &[u8]) -> Vec<u8> {
    let head = format!(
        "POST {PATH} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: whyhook-demo\r\nContent-Type: application/json\r\n{headers}\
         Content-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// A digest in hexadecimal as base64.
fn base64_of(digest: &str) -> String {
    use base64::Engine as _;
    base64::prelude::BASE64_STANDARD.encode(hex::decode(digest).unwrap_or_default())
}

/// JSON as a serialiser writes it that puts a space after each colon and comma: outside of strings, and nothing else.
fn spaced(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let (mut is_string, mut is_escaped) = (false, false);
    for &byte in json {
        out.push(byte);
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if is_string => is_escaped = true,
            b'"' => is_string = !is_string,
            b':' | b',' if !is_string => out.push(b' '),
            _ => {}
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_a_dozen_and_each_is_a_request() {
        let all = all(b"demo-secret", Timestamp::now()).unwrap();
        assert_eq!(all.len(), 12);
        for delivery in &all {
            let row = format!("\n| {} | ", delivery.title);
            assert!(include_str!("../../../docs/demo.md").contains(&row), "{row} is not in docs/demo.md");
            assert!(delivery.wire.starts_with(b"POST /webhooks/trackpilots HTTP/1.1\r\n"), "{}", delivery.title);
        }
    }

    #[test]
    fn what_is_serialised_again_means_the_same() {
        let json = br#"{"a":"x, \\\":y","b":[1,2]}"#;
        let again = spaced(json);
        assert_eq!(again, br#"{"a": "x, \\\":y", "b": [1, 2]}"#);
        let value = |text: &[u8]| serde_json::from_slice::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&again), value(json));
    }
}
