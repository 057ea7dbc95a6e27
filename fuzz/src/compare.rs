//! Any two messages can be compared; a message differs from itself in nothing.

use bytes::Bytes;
use whyhook::diff::{ComparedMessage, MessageComparison, compare_json};
use whyhook::http::Head;

/// Two bodies, which are their own heads too.
pub fn run(data: &[u8]) {
    let [one, other] = super::fields(data).map(message);
    assert!(MessageComparison::of(&one, &one).is_same());
    assert_eq!(MessageComparison::of(&one, &other).is_same(), one == other);
    let (forth, back) = (MessageComparison::of(&one, &other), MessageComparison::of(&other, &one));
    assert_eq!(forth.json.is_some(), back.json.is_some());
    for comparison in [forth, back] {
        super::assert_visible(&comparison.to_text());
        let _ = comparison.to_json();
    }
    if let Some(found) = compare_json(&one.body, &one.body) {
        assert!(found.differences.is_empty() && found.omitted == 0);
    }
}

fn message(body: &[u8]) -> ComparedMessage {
    let bytes = Bytes::copy_from_slice(body);
    ComparedMessage::of(&Head::read(bytes.clone()), &bytes)
}
