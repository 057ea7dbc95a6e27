//! The value of a `Content-Type`, and the parameters that it shares with other headers.

use super::Head;

/// A media type with its parameters (RFC 9110, section 8.3.1), read leniently.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType<'v>(&'v [u8]);

impl<'v> MediaType<'v> {
    /// That of a head: of several fields the first counts, and without one it is empty.
    #[must_use]
    pub fn of(head: &'v Head) -> Self {
        Self(head.value("content-type").unwrap_or_default())
    }

    /// That of a field's value.
    #[must_use]
    pub fn new(value: &'v (impl AsRef<[u8]> + ?Sized)) -> Self {
        Self(value.as_ref())
    }

    /// Type and subtype in lower case, without parameters: `application/json`. Empty where nothing is declared.
    #[must_use]
    pub fn essence(&self) -> String {
        String::from_utf8_lossy(self.written_essence()).trim().to_ascii_lowercase()
    }

    fn written_essence(&self) -> &'v [u8] {
        self.0.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii()
    }

    /// Whether it is this type, such as `text/html`, whatever its parameters.
    #[must_use]
    pub fn is(&self, essence: &str) -> bool {
        self.written_essence().eq_ignore_ascii_case(essence.as_bytes())
    }

    /// Whether it is a form (`application/x-www-form-urlencoded`).
    #[must_use]
    pub fn is_form(&self) -> bool {
        self.is("application/x-www-form-urlencoded")
    }

    /// Whether it is in parts (`multipart/*`).
    #[must_use]
    pub fn is_multipart(&self) -> bool {
        let essence = self.written_essence();
        essence.get(..10).is_some_and(|start| start.eq_ignore_ascii_case(b"multipart/"))
    }

    /// Whether it is JSON, or something written in it (RFC 6839, section 3.1).
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.is("application/json") || self.is("text/json") || self.has_suffix(b"+json")
    }

    /// Whether it is XML, or something written in it (RFC 7303).
    #[must_use]
    pub fn is_xml(&self) -> bool {
        self.is("application/xml") || self.is("text/xml") || self.has_suffix(b"+xml")
    }

    fn has_suffix(&self, suffix: &[u8]) -> bool {
        let essence = self.written_essence();
        let start = essence.len().saturating_sub(suffix.len());
        essence[start..].eq_ignore_ascii_case(suffix)
    }

    /// The parameter of this name, such as `charset`.
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<Vec<u8>> {
        parameter(self.0, name)
    }
}

/// The parameter `name` of a header's value such as `form-data; name="a"` (RFC 9110, section 5.6.6): a token, or a quoted
/// string with its escapes undone. Of several with one name the first counts.
#[must_use]
pub fn parameter(value: &[u8], name: &str) -> Option<Vec<u8>> {
    let rest = &value[memchr::memchr(b';', value)? + 1..];
    Parameters { rest, is_list: false }.named(name)
}

/// The parameter `name` of the first element of a `Forwarded` field, which the proxy next to the sender has written
/// (RFC 7239, section 4).
#[must_use]
pub fn forwarded(value: &[u8], name: &str) -> Option<Vec<u8>> {
    Parameters { rest: value, is_list: true }.named(name)
}

/// What is separated by semicolons; in a list it ends at a comma.
struct Parameters<'v> {
    rest: &'v [u8],
    is_list: bool,
}

impl<'v> Parameters<'v> {
    fn named(mut self, name: &str) -> Option<Vec<u8>> {
        self.find(|(own, _)| own.eq_ignore_ascii_case(name.as_bytes())).map(|(_, text)| text)
    }

    fn ends(&self, byte: u8) -> bool {
        byte == b';' || (byte == b',' && self.is_list)
    }

    /// A token or quoted string, and what comes after it.
    fn text(&self, value: &'v [u8]) -> (Vec<u8>, &'v [u8]) {
        let Some(quoted) = value.trim_ascii_start().strip_prefix(b"\"") else {
            let end = value.iter().position(|&byte| self.ends(byte)).unwrap_or(value.len());
            return (value[..end].trim_ascii().to_vec(), &value[end..]);
        };
        let mut text = Vec::new();
        let mut at = 0;
        while let Some(byte) = quoted.get(at) {
            match byte {
                b'"' => return (text, &quoted[at + 1..]),
                b'\\' if at + 1 < quoted.len() => {
                    text.push(quoted[at + 1]);
                    at += 1;
                }
                _ => text.push(*byte),
            }
            at += 1;
        }
        (text, &[])
    }
}

impl<'v> Iterator for Parameters<'v> {
    type Item = (&'v [u8], Vec<u8>);

    fn next(&mut self) -> Option<Self::Item> {
        let start = self.rest.iter().position(|byte| !matches!(byte, b' ' | b'\t' | b';'))?;
        let rest = &self.rest[start..];
        if self.ends(rest[0]) {
            return None;
        }
        let end = rest.iter().position(|&byte| byte == b'=' || self.ends(byte)).unwrap_or(rest.len());
        let (text, after) = match rest.get(end) {
            Some(b'=') => self.text(&rest[end + 1..]),
            _ => (Vec::new(), &rest[end..]),
        };
        self.rest = after;
        Some((rest[..end].trim_ascii(), text))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn types_have_no_case_and_any_parameters() {
        let form = MediaType::new("Application/X-WWW-Form-Urlencoded ; charset=utf-8");
        assert!(form.is_form() && !form.is_json() && !form.is_multipart());
        assert_eq!(form.essence(), "application/x-www-form-urlencoded");
        assert!(!MediaType::new("application/x-www-form-urlencodedly").is_form());
        for json in ["application/json", "TEXT/Json;x", "application/problem+JSON; charset=utf-8"] {
            assert!(MediaType::new(json).is_json() && !MediaType::new(json).is_xml(), "{json}");
        }
        for xml in ["text/xml", "image/SVG+xml"] {
            assert!(MediaType::new(xml).is_xml() && !MediaType::new(xml).is_json(), "{xml}");
        }
        assert!(MediaType::new("Multipart/Mixed; boundary=x").is_multipart());
        let none = MediaType::new(" ;");
        assert!(none.essence().is_empty() && !none.is_form() && !none.is_json() && !none.is_multipart());
    }

    #[test]
    fn parameters_are_tokens_or_quoted() {
        let named =
            |value: &str, name: &str| parameter(value.as_bytes(), name).map(|text| String::from_utf8(text).unwrap());
        assert_eq!(named("a/b; boundary=\"a;b\"; x=1", "boundary").as_deref(), Some("a;b"));
        assert_eq!(named("a/b; boundary=\"a;b\"; x=1", "X").as_deref(), Some("1"));
        assert_eq!(named("a/b; boundary=\"a \\\" b\"", "boundary").as_deref(), Some("a \" b"));
        assert_eq!(named("x; name=\"un;closed", "name").as_deref(), Some("un;closed"));
        assert_eq!(named("x; a; name = b ", "name").as_deref(), Some("b"));
        assert_eq!(named("x; name=a,b", "name").as_deref(), Some("a,b"));
        assert_eq!(named("boundary=x", "boundary"), None);
    }

    #[test]
    fn of_forwarded_the_first_element_counts() {
        let named =
            |value: &str, name: &str| forwarded(value.as_bytes(), name).map(|text| String::from_utf8(text).unwrap());
        let value = "for=\"_a;b,c\" ; Host=\"example.com:8\";proto=https, host=other;by=x";
        assert_eq!(named(value, "host").as_deref(), Some("example.com:8"));
        assert_eq!(named(value, "for").as_deref(), Some("_a;b,c"));
        assert_eq!(named(value, "proto").as_deref(), Some("https"));
        assert_eq!(named(value, "by"), None);
        assert_eq!(named("for=\"a\" , host=x", "host"), None);
        assert_eq!(named(", host=x", "host"), None);
        assert_eq!(named("host=\"a", "host").as_deref(), Some("a"));
        assert_eq!(named("", "host"), None);
    }

    proptest! {
        #[test]
        fn any_value_is_read(value in proptest::collection::vec(any::<u8>(), 0..60), tail in "[a-z;,= \" \\\\]{0,30}") {
            for value in [&value[..], tail.as_bytes()] {
                let essence = MediaType::new(value).essence();
                prop_assert_eq!(essence.trim().to_ascii_lowercase(), essence);
                let _ = (parameter(value, "a"), forwarded(value, "a"));
            }
        }

        /// As RFC 9110, section 5.6.6, has them written; of several with one name the first counts.
        #[test]
        fn what_is_written_is_read(
            media in "[A-Za-z]{1,8}/[a-z+.-]{1,8}",
            parameters in proptest::collection::vec(
                ("charset|boundary|[a-z]{1,8}", "[a-z0-9]{1,6}|[ -~]{0,12}", "[ \t;]{0,3}"), 0..4),
        ) {
            let quoted = |text: &str| format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
            let is_token = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
            let written: String = parameters.iter().map(|(name, text, space)| {
                let text = if is_token(text) { text.clone() } else { quoted(text) };
                format!(";{space}{name}={text}")
            }).collect();
            let value = format!("{media}{written}");
            let list = format!("{written}, of-no-one=1");
            for (name, ..) in &parameters {
                let first = parameters.iter().find(|parameter| parameter.0 == *name).map(|found| found.1.as_bytes());
                let name = name.to_ascii_uppercase();
                let (found, of_list) = (parameter(value.as_bytes(), &name), forwarded(list.as_bytes(), &name));
                prop_assert_eq!(found.as_deref(), first, "{}", value);
                prop_assert_eq!(of_list.as_deref(), first, "{}", list);
            }
            prop_assert_eq!(parameter(value.as_bytes(), "of-no-one"), None);
            prop_assert_eq!(forwarded(list.as_bytes(), "of-no-one"), None);
            prop_assert_eq!(MediaType::new(&value).essence(), media.to_ascii_lowercase());
        }
    }
}
