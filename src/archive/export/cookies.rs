//! The cookies of a request and of a response, as HAR 1.2 lists them. A value stays as it was sent, quotation marks included.

use jiff::Timestamp;
use serde_json::{Value, json};

/// The cookies of a request's `Cookie` headers (RFC 6265, section 4.2.1).
pub(super) fn of_request<'a>(headers: impl Iterator<Item = &'a [u8]>) -> Vec<Value> {
    headers
        .flat_map(|value| value.split(|byte| *byte == b';'))
        .map(<[u8]>::trim_ascii)
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = split(pair);
            json!({"name": name, "value": value})
        })
        .collect()
}

/// The cookies of a response's `Set-Cookie` headers (RFC 6265, section 4.1.1), with what they say of themselves.
pub(super) fn of_response<'a>(headers: impl Iterator<Item = &'a [u8]>) -> Vec<Value> {
    headers.map(of_set_cookie).collect()
}

fn of_set_cookie(value: &[u8]) -> Value {
    let mut parts = value.split(|byte| *byte == b';').map(<[u8]>::trim_ascii);
    let (name, value) = split(parts.next().unwrap_or_default());
    let mut cookie = json!({"name": name, "value": value});
    for part in parts {
        let (name, value) = split(part);
        match &*name.to_ascii_lowercase() {
            "path" => cookie["path"] = json!(value),
            "domain" => cookie["domain"] = json!(value),
            "httponly" => cookie["httpOnly"] = json!(true),
            "secure" => cookie["secure"] = json!(true),
            "samesite" => cookie["sameSite"] = json!(value),
            "expires" => {
                // HAR wants ISO 8601; what is not a date of HTTP is left out.
                let at = httpdate::parse_http_date(&value).ok().and_then(|at| Timestamp::try_from(at).ok());
                if let Some(at) = at {
                    cookie["expires"] = json!(format!("{at:.3}"));
                }
            }
            _ => {}
        }
    }
    cookie
}

/// Name and value; what has no `=` is a name.
fn split(pair: &[u8]) -> (String, String) {
    let at = memchr::memchr(b'=', pair).unwrap_or(pair.len());
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes.trim_ascii()).into_owned();
    (text(&pair[..at]), text(pair.get(at + 1..).unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cookies_are_listed_as_har_wants_them() {
        let sent = of_request([&b"a=1; b=\"x=y\" ;flag"[..], b"c=2"].into_iter());
        assert_eq!(
            json!(sent),
            json!([{"name": "a", "value": "1"}, {"name": "b", "value": "\"x=y\""}, {"name": "flag", "value": ""}, {"name": "c", "value": "2"}])
        );
        let set =
            b"s=1; Path=/x; Domain=h; Expires=Wed, 21 Oct 2026 07:28:00 GMT; Secure; HttpOnly; SameSite=Lax; Max-Age=9";
        assert_eq!(
            json!(of_response([&set[..], b"t=; expires=soon"].into_iter())),
            json!([{"name": "s", "value": "1", "path": "/x", "domain": "h", "expires": "2026-10-21T07:28:00.000Z", "secure": true,
                "httpOnly": true, "sameSite": "Lax"}, {"name": "t", "value": ""}])
        );
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes: Vec<u8>) {
            of_request([&bytes[..]].into_iter());
            of_response([&bytes[..]].into_iter());
        }
    }
}
