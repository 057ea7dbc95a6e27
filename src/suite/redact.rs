//! Credentials, which are taken from a delivery before it goes into a file that others may read.

use crate::delivery::{CREDENTIAL_HEADERS, CREDENTIAL_PARAMETERS, Delivery};
use crate::http::{Head, form};

/// What makes a delivery fit to be committed: a pure function, through which every delivery of a suite goes.
pub type CaseRedaction<'a> = &'a dyn Fn(&Delivery) -> Delivery;

/// The delivery without its credentials: their headers are left out, and the values of their query parameters.
#[must_use]
pub fn without_credentials(delivery: &Delivery) -> Delivery {
    let head = &delivery.head;
    let start = head.start_line();
    let target = head.target();
    let mut bytes = Vec::with_capacity(head.bytes().len());
    match start.windows(target.len().max(1)).position(|window| window == target) {
        Some(at) => {
            bytes.extend_from_slice(&start[..at]);
            bytes.extend(without_values(target));
            bytes.extend_from_slice(&start[at + target.len()..]);
        }
        None => bytes.extend_from_slice(start),
    }
    bytes.extend_from_slice(b"\r\n");
    for (line, (name, _)) in head.field_lines().zip(head.pairs()) {
        if !CREDENTIAL_HEADERS.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes())) {
            bytes.extend_from_slice(&line);
            bytes.extend_from_slice(b"\r\n");
        }
    }
    bytes.extend_from_slice(b"\r\n");
    let mut redacted = delivery.clone();
    redacted.head = Head::from(bytes);
    redacted.summary.path = String::from_utf8_lossy(redacted.head.target()).into_owned();
    redacted
}

/// A request target without the values of credentials.
fn without_values(target: &[u8]) -> Vec<u8> {
    let Some(query) = memchr::memchr(b'?', target) else { return target.to_vec() };
    let parameters = form::pairs(&target[query + 1..]).map(|pair| {
        let (name, value) = pair.split();
        let is_credential = CREDENTIAL_PARAMETERS.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        if is_credential && value.is_some() { &pair.written()[..=name.len()] } else { pair.written() }
    });
    [&target[..=query], &parameters.collect::<Vec<_>>().join(&b'&')].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::suite::testing::delivery;

    fn redacted(head: &str) -> String {
        let delivery = without_credentials(&delivery(head, b"{}"));
        String::from_utf8(delivery.head.bytes().to_vec()).unwrap()
    }

    #[test]
    fn credentials_are_left_out_and_nothing_else() {
        assert_eq!(
            redacted(
                "POST /a?x=1&Token=abc&key&y=a=b&secret= HTTP/1.1\r\nHost:  a\r\nAUTHORIZATION: Bearer x\r\nX-A:1\r\ncookie: a\r\nx-a: 2\r\n\r\n"
            ),
            "POST /a?x=1&Token=&key&y=a=b&secret= HTTP/1.1\r\nHost:  a\r\nX-A:1\r\nx-a: 2\r\n\r\n"
        );
        let plain = "POST /token=1 HTTP/1.0\r\n\r\n";
        assert_eq!(redacted(plain), plain);
    }
}
