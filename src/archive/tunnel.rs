//! A delivery that came through ngrok, against what the agent itself holds of it: is every byte of the body here that went
//! into the tunnel?

use serde_json::{Value, json};

use super::import::{AgentCapture, is_near, is_same_body};
use crate::delivery::Delivery;
use crate::diff::{ComparedMessage, HeaderChange, MessageComparison};
use crate::http::Head;
use crate::text::{grouped, visible};

/// Headers that a tunnel adds or rewrites, in lower case; and those that begin with `x-forwarded-` or `ngrok-`.
const REWRITTEN: [&str; 7] =
    ["host", "connection", "accept-encoding", "content-length", "transfer-encoding", "via", "forwarded"];

/// The two captures of one request.
#[derive(Debug, Clone)]
pub struct TunnelComparison {
    /// The agent's name of the request.
    pub id: String,
    /// What differs: the agent's capture first, ours second; of the bodies what both hold.
    pub differences: MessageComparison,
    /// Bytes of the body that were compared, and that we hold.
    pub bytes: (usize, usize),
    /// Headers that differ as a tunnel changes them.
    pub expected: Vec<String>,
    /// Headers that differ though no tunnel has reason to.
    pub unexpected: Vec<String>,
}

/// The capture of an agent that is this delivery, compared with it; `None` where the agent holds none.
///
/// A request is known by its body, or where that is another one by everything else: its method, its path and its headers but
/// for those that a tunnel rewrites.
#[must_use]
pub fn compare(delivery: &Delivery, captures: &[AgentCapture]) -> Option<TunnelComparison> {
    let summary = &delivery.summary;
    let mut near: Vec<&AgentCapture> = captures
        .iter()
        .filter(|capture| capture.at.is_some_and(|at| is_near(summary.received_at, at)))
        .filter(|capture| {
            capture.head.method() == delivery.head.method() && capture.head.target() == delivery.head.target()
        })
        .collect();
    let distance = |capture: &AgentCapture| capture.at.map(|at| summary.received_at.duration_since(at).abs());
    near.sort_by_key(|capture| distance(capture));
    let kept = lasting(&delivery.head);
    let has_body = |capture: &&&AgentCapture| is_same_body(&capture.body, &capture.intake, &delivery.body);
    let has_headers = |capture: &&&AgentCapture| lasting(&capture.head) == kept;
    let same = |capture: &&&AgentCapture| has_body(capture) && has_headers(capture);
    let capture =
        near.iter().find(same).or_else(|| near.iter().find(has_headers)).or_else(|| near.iter().find(has_body))?;
    Some(compared(delivery, capture))
}

fn compared(delivery: &Delivery, capture: &AgentCapture) -> TunnelComparison {
    let ours = match capture.intake.is_complete() {
        true => delivery.body.clone(),
        // What the agent did not keep cannot be compared.
        false => delivery.body.slice(..capture.body.len().min(delivery.body.len())),
    };
    let compared = if capture.intake.is_complete() { ours.len().max(capture.body.len()) } else { capture.body.len() };
    let from = ComparedMessage::of(&capture.head, &capture.body);
    let to = ComparedMessage::of(&delivery.head, &ours);
    let differences = MessageComparison::of(&from, &to);
    let names = differences.headers.iter().map(|change| {
        let (HeaderChange::Added(field)
        | HeaderChange::Removed(field)
        | HeaderChange::Moved(field)
        | HeaderChange::Value { from: field, .. }
        | HeaderChange::Case { from: field, .. }) = change;
        // The letter case and the order of headers mean nothing (RFC 9110, section 5.1 and 5.3).
        let is_expected =
            is_rewritten(&field.name) || matches!(change, HeaderChange::Case { .. } | HeaderChange::Moved(_));
        (is_expected, String::from_utf8_lossy(&field.name).into_owned())
    });
    let (mut expected, mut unexpected) = (Vec::new(), Vec::new());
    for (is_expected, name) in names {
        let list = if is_expected { &mut expected } else { &mut unexpected };
        if !list.contains(&name) {
            list.push(name);
        }
    }
    let bytes = (compared, delivery.body.len());
    TunnelComparison { id: capture.id.clone(), differences, bytes, expected, unexpected }
}

/// Headers that no tunnel rewrites, in any order.
fn lasting(head: &Head) -> Vec<(Vec<u8>, Vec<u8>)> {
    let pairs = head.pairs().filter(|(name, _)| !is_rewritten(name));
    let mut lasting: Vec<_> = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.to_vec())).collect();
    lasting.sort();
    lasting
}

fn is_rewritten(name: &[u8]) -> bool {
    let name = String::from_utf8_lossy(name).to_ascii_lowercase();
    REWRITTEN.contains(&&*name) || name.starts_with("x-forwarded-") || name.starts_with("ngrok-")
}

impl TunnelComparison {
    /// Whether the body is the same as far as the agent kept it, and no header differs but as tunnels change them.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.differences.bytes.is_none() && self.differences.start.is_none() && self.unexpected.is_empty()
    }

    /// The first byte of the body that differs.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        self.differences.bytes.as_ref().map(|difference| difference.first)
    }

    /// For people: what is the same of the body and of the headers, and which request of the agent it is; a line each.
    #[must_use]
    pub fn about(&self) -> [String; 3] {
        let (compared, ours) = self.bytes;
        let count = grouped(compared as u64);
        let body = match &self.differences.bytes {
            Some(difference) => format!("differs at byte {}", grouped(difference.first as u64)),
            None if compared < ours => {
                format!("the same in the first {count} of {} bytes: the agent kept no more", grouped(ours as u64))
            }
            None => format!("the same {count} bytes"),
        };
        let list = |names: &[String]| visible(&names.join(", ")).into_owned();
        let headers = match (&self.unexpected[..], &self.expected[..]) {
            ([], []) => "the same".to_owned(),
            ([], expected) => format!("differ as a tunnel changes them: {}", list(expected)),
            (unexpected, _) => format!("differ: {}", list(unexpected)),
        };
        let id = visible(&self.id);
        [format!("body     {body}"), format!("headers  {headers}"), format!("agent    {id}")]
    }

    /// For people: [`Self::about`], and then what differs, `-` of the agent's capture and `+` of ours.
    #[must_use]
    pub fn to_text(&self) -> String {
        format!("{}\n{}", self.about().join("\n"), self.differences.to_text())
    }

    /// As documented in `docs/json.md`.
    #[must_use]
    pub fn to_json(&self) -> Value {
        json!({
            "same": self.is_same(),
            "offset": self.offset(),
            "compared_bytes": self.bytes.0,
            "body_bytes": self.bytes.1,
            "agent_id": self.id,
            "headers_expected": self.expected,
            "headers_unexpected": self.unexpected,
            "differences": self.differences.to_json(),
        })
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::delivery::Intake;

    fn capture(id: &str, head: &str, body: &str) -> AgentCapture {
        let at = Some("2025-05-01T18:17:36Z".parse().unwrap());
        let (head, body) = (Head::from(head.to_owned()), Bytes::from(body.to_owned()));
        AgentCapture { id: id.to_owned(), at, head, body, intake: Intake::Complete }
    }

    const OURS: &str = "POST /a HTTP/1.1\r\nHost: localhost:3000\r\nX-Id: 1\r\nX-Forwarded-For: 203.0.113.9\r\n\r\n";

    fn delivery() -> Delivery {
        crate::archive::import::tests_delivery(OURS.as_bytes(), b"{\"a\":1}")
    }

    #[test]
    fn the_same_body_is_said_to_be_the_same() {
        let theirs = OURS.replace("localhost:3000", "a.ngrok.app");
        let found = compare(&delivery(), &[capture("1", &theirs, "{\"a\":1}")]).unwrap();
        assert!(found.is_same());
        assert_eq!((&found.expected[..], found.unexpected.len()), (&["Host".to_owned()][..], 0));
        assert!(
            found.to_text().starts_with("body     the same 7 bytes\nheaders  differ as a tunnel changes them: Host\n")
        );
    }

    #[test]
    fn a_difference_is_shown_with_its_place() {
        let captures = [capture("other", &OURS.replace("X-Id: 1", "X-Id: 2"), "{}"), capture("1", OURS, "{\"a\":2}")];
        let found = compare(&delivery(), &captures).unwrap();
        assert_eq!((found.is_same(), found.to_json()["offset"].as_u64(), &*found.id), (false, Some(5), "1"));
        let added = compare(&delivery(), &[capture("1", &OURS.replace("X-Id: 1\r\n", ""), "{\"a\":1}")]).unwrap();
        assert_eq!((added.is_same(), &added.unexpected[..]), (false, &["X-Id".to_owned()][..]));
        // Neither its body nor its headers: another request.
        assert!(compare(&delivery(), &captures[..1]).is_none());
    }

    #[test]
    fn of_a_cut_body_the_beginning_is_compared() {
        let cut = AgentCapture { intake: Intake::Truncated(String::new()), ..capture("1", OURS, "{\"a") };
        let found = compare(&delivery(), &[cut]).unwrap();
        assert!(found.is_same() && found.to_text().contains("the same in the first 3 of 7 bytes"));
    }
}
