//! curl's arguments for one request: what the script of an export and a copied command both say.
//!
//! A target and a header are a sender's text. curl reads patterns in a URL (`[1-99999]` is as many requests), takes
//! dot segments out of a path, and a header that begins with `@` names a file; none of that may happen here.

use memchr::{memchr, memchr3};

use super::raw;
use super::shell::word;
use crate::delivery::Delivery;

/// So long curl waits for the body of an answer to HEAD.
pub(super) const SILENCE_SECONDS: u32 = 3;

/// Whether a body is sent: one of no bytes too, if it came in chunks, since the last chunk is to be sent then.
pub(super) fn has_body(delivery: &Delivery) -> bool {
    !delivery.body.is_empty() || raw::is_chunked(delivery)
}

/// What curl has no option for: `--head` sends no body, and with `--request HEAD` curl waits for the body of the answer,
/// which never comes (RFC 9110, section 9.3.2).
pub(super) fn is_head_with_body(delivery: &Delivery, has_body: bool) -> bool {
    has_body && delivery.head.method() == b"HEAD"
}

/// The arguments that say the method; after HEAD with a body also when to give up on the answer's.
pub(super) fn method(delivery: &Delivery, has_body: bool) -> String {
    let method = delivery.head.method();
    if is_head_with_body(delivery, has_body) {
        format!("--request 'HEAD' --speed-limit 1 --speed-time {SILENCE_SECONDS}")
    } else if method == b"HEAD" {
        "--head".to_owned()
    } else {
        format!("--request {}", word(method))
    }
}

/// The argument that sends exactly this target, whatever the URL says.
pub(super) fn target(target: &[u8]) -> String {
    format!("--request-target {}", word(target))
}

/// The options under which curl sends the path and query of `url` as they are, each only where it is needed.
pub(super) fn url_options(url: &str) -> String {
    let mut options = String::new();
    if url.contains(['[', ']', '{', '}']) {
        options.push_str(" --globoff");
    }
    let path = url.split_once('?').map_or(url, |(path, _)| path).to_ascii_lowercase();
    if path.contains("/.") || path.contains("/%2e") {
        options.push_str(" --path-as-is");
    }
    options
}

/// The argument that sends a header line. `None` for one that curl cannot send.
pub(super) fn header(line: &[u8]) -> Option<String> {
    let colon = memchr(b':', line).filter(|colon| *colon > 0 && line[0] != b'@')?;
    // An argument holds no NUL, and curl ends the value at a line end.
    if memchr3(b'\0', b'\r', b'\n', line).is_some() {
        return None;
    }
    if is_empty_value(&line[colon + 1..]) {
        // curl takes a header away that has no value; a semicolon sends it empty.
        return Some(format!("-H {}", word(&[&line[..colon], b";"].concat())));
    }
    Some(format!("-H {}", word(line)))
}

/// Whether a header's value is white space alone.
pub(super) fn is_empty_value(value: &[u8]) -> bool {
    value.iter().all(|byte| matches!(byte, b' ' | b'\t'))
}

/// The argument that keeps curl from writing a header by itself.
pub(super) fn without_header(name: &str) -> String {
    format!("-H '{name}:'")
}
