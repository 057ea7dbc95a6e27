//! Any edit of any body is made or refused, and JSON stays JSON.

use whyhook::payload::json::tokenize;
use whyhook::simulate::PayloadEdit;

/// An edit as it is typed, and the body.
pub fn run(data: &[u8]) {
    let [edit, body] = super::fields(data);
    let edit = String::from_utf8_lossy(edit);
    for read in [PayloadEdit::set, PayloadEdit::add, PayloadEdit::unset] {
        match read(&edit).and_then(|edit| edit.apply(body)) {
            Ok(edited) => assert!(tokenize(&edited).is_ok(), "{:?}", String::from_utf8_lossy(&edited)),
            Err(error) => super::assert_visible(&error.to_string()),
        }
    }
}
