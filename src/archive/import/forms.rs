//! The bytes that a form may have had, of which only the fields are known.
//!
//! Every client writes the same fields a little differently: whether a space is `+` or `%20`, in which letter case the
//! digits of `%2F` are, which characters stay as they are. Each way that browsers and common clients have is tried;
//! which of them it was can be told by the declared length, or by a signature.

use crate::http::MediaType;
use crate::http::form::push_pair;
use crate::http::percent::{PercentEncoding, PlusSign};

/// A field of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ArchivedField {
    pub(super) name: String,
    pub(super) value: String,
    /// Of a file in a multipart form.
    pub(super) file_name: Option<String>,
    pub(super) content_type: Option<String>,
}

/// What encoders keep; each is tried with either way to write a space and digits.
const ENCODINGS: [PercentEncoding; 6] = [
    PercentEncoding::WHATWG_FORM,
    PercentEncoding::UNRESERVED,
    PercentEncoding::COMPONENT,
    PercentEncoding::PHP_FORM,
    // What keeps all that a query may hold (RFC 3986, section 3.4), but for the separators of a form.
    PercentEncoding::COMPONENT.keeping(b"$,;:@/?"),
    // Python's quote, which keeps the slashes of a path unless it is told not to.
    PercentEncoding::UNRESERVED.keeping(b"/"),
];

/// Every distinct body that `application/x-www-form-urlencoded` may be of these fields, the likeliest first.
pub(super) fn urlencoded(fields: &[ArchivedField]) -> Vec<Vec<u8>> {
    let mut bodies = Vec::new();
    let mut add = |body: Vec<u8>| {
        if !bodies.contains(&body) {
            bodies.push(body);
        }
    };
    let in_capitals: fn(PercentEncoding) -> PercentEncoding = |encoding| encoding;
    for digits in [in_capitals, PercentEncoding::in_lower_case] {
        for plus in [PlusSign::Space, PlusSign::Literal] {
            for encoding in ENCODINGS {
                add(encoded(fields, &digits(encoding.with_plus(plus))));
            }
        }
    }
    // Some archives hold the fields as they were sent, encoded.
    let is_encoded = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'&' | b'#'));
    if fields.iter().all(|field| is_encoded(&field.name) && !field.name.contains('=') && is_encoded(&field.value)) {
        // All that they hold stays as it is.
        add(encoded(fields, &PercentEncoding::GRAPHIC));
    }
    bodies
}

fn encoded(fields: &[ArchivedField], encoding: &PercentEncoding) -> Vec<u8> {
    let mut body = Vec::new();
    for field in fields {
        push_pair(encoding, field.name.as_bytes(), field.value.as_bytes(), &mut body);
    }
    body
}

/// Every distinct body that `multipart/form-data` may be of these fields (RFC 7578), the likeliest first.
pub(super) fn multipart(fields: &[ArchivedField], boundary: &str) -> Vec<Vec<u8>> {
    let mut bodies: Vec<Vec<u8>> = Vec::new();
    for end in ["\r\n", ""] {
        for has_types in [true, false] {
            let mut body = String::new();
            for field in fields {
                body.push_str(&format!(
                    "--{boundary}\r\nContent-Disposition: form-data; name=\"{}\"",
                    in_quotes(&field.name)
                ));
                if let Some(name) = &field.file_name {
                    body.push_str(&format!("; filename=\"{}\"", in_quotes(name)));
                }
                if let Some(kind) = field.content_type.as_ref().filter(|_| has_types || field.file_name.is_some()) {
                    body.push_str(&format!("\r\nContent-Type: {kind}"));
                }
                body.push_str(&format!("\r\n\r\n{}\r\n", field.value));
            }
            body.push_str(&format!("--{boundary}--{end}"));
            let body = body.into_bytes();
            if !bodies.contains(&body) {
                bodies.push(body);
            }
        }
    }
    bodies
}

/// As browsers write names (WHATWG HTML, "multipart form data").
fn in_quotes(name: &str) -> String {
    name.replace('\n', "%0A").replace('\r', "%0D").replace('"', "%22")
}

/// The boundary that a media type declares (RFC 2046, section 5.1.1).
pub(super) fn boundary(content_type: &str) -> Option<String> {
    let boundary = String::from_utf8(MediaType::new(content_type).parameter("boundary")?).ok()?;
    Some(boundary).filter(|boundary| !boundary.is_empty() && !boundary.contains(['\r', '\n']))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::http::form::decode;

    fn field(name: &str, value: &str) -> ArchivedField {
        ArchivedField { name: name.to_owned(), value: value.to_owned(), ..ArchivedField::default() }
    }

    #[test]
    fn plain_fields_have_one_form() {
        assert_eq!(urlencoded(&[field("a", "1"), field("b", "")]), [b"a=1&b=".to_vec()]);
    }

    #[test]
    fn every_common_encoder_is_among_them() {
        let fields = [field("a b", "~*(é)/")];
        let bodies = urlencoded(&fields);
        for made_elsewhere in [
            // new URLSearchParams, urllib.parse.quote_plus, encodeURIComponent, PHP's urlencode, .NET's lower case.
            "a+b=%7E*%28%C3%A9%29%2F",
            "a+b=~%2A%28%C3%A9%29%2F",
            "a%20b=~*(%C3%A9)%2F",
            "a+b=%7E%2A%28%C3%A9%29%2F",
            "a+b=%7e*%28%c3%a9%29%2f",
        ] {
            assert!(bodies.contains(&made_elsewhere.as_bytes().to_vec()), "{made_elsewhere}");
        }
    }

    #[test]
    fn multipart_is_as_browsers_write_it() {
        let file = ArchivedField {
            file_name: Some("x\".txt".to_owned()),
            content_type: Some("text/plain".to_owned()),
            ..field("f", "hi")
        };
        let bodies = multipart(&[field("a", "1"), file], "B");
        let expected = "--B\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--B\r\nContent-Disposition: form-data; \
            name=\"f\"; filename=\"x%22.txt\"\r\nContent-Type: text/plain\r\n\r\nhi\r\n--B--\r\n";
        assert_eq!(String::from_utf8(bodies[0].clone()).unwrap(), expected);
        assert_eq!(boundary("multipart/form-data; charset=x; boundary=\"B\"").as_deref(), Some("B"));
        assert_eq!(boundary("multipart/form-data; boundary=\"a;b\"").as_deref(), Some("a;b"));
        assert_eq!(boundary("multipart/form-data; boundary=\"\""), None);
        assert_eq!(boundary("multipart/form-data"), None);
    }

    proptest! {
        /// Whatever way it is encoded, the fields can be read from it again.
        #[test]
        fn fields_come_back(name in "\\PC{0,6}", value in "\\PC{0,12}") {
            let is_encoded = |text: &str| text.contains(['%', '+']);
            for body in urlencoded(&[field(&name, &value)]) {
                let text = String::from_utf8(body).unwrap();
                let (read_name, read_value) = text.split_once('=').unwrap();
                prop_assert!(!read_name.contains(['&', '=']) && !read_value.contains('&'));
                if !is_encoded(&name) && !is_encoded(&value) {
                    prop_assert_eq!(decode(read_name.as_bytes()), name.as_bytes());
                    prop_assert_eq!(decode(read_value.as_bytes()), value.as_bytes());
                }
            }
        }
    }
}
