//! What the values of the signature and timestamp headers look like, when they are not what the scheme has there.
//!
//! Only what is seen in the header that the scheme reads, or where that is missing, in one like it.

use super::structure::Structure;
use super::{Evidence, Request};
use crate::delivery::TimestampUnit;
use crate::payload::json::scan::Walker;
use crate::payload::json::unescape;
use crate::signature::{Proof, StampUnit, read_timestamp};

/// Values that are looked at.
const MOST_VALUES: usize = 4;
/// Unix times from here on are in microseconds, and from there on in nanoseconds.
const FIRST_MICROSECOND: i128 = 100_000_000_000_000;
const FIRST_NANOSECOND: i128 = 100_000_000_000_000_000;

/// What the values are, as far as they can be named.
pub(super) fn evidence(request: &Request<'_>, structure: &Structure) -> Vec<Evidence> {
    let mut told: Vec<Evidence> = Vec::new();
    let mut say = |code: &'static str, text: String| {
        if !told.iter().any(|known| known.code == code) {
            told.push(Evidence { code, text });
        }
    };
    for (name, value) in signature_values(request).into_iter().take(MOST_VALUES) {
        let name = crate::text::clip(&crate::text::visible_bytes(name), 60).into_owned();
        if let Some((code, words)) = signature_form(request, structure, value) {
            say(code, format!("{name} is {words}"));
        }
    }
    if request.scheme.proof != Proof::MessageSignature && request.head.value("Signature-Input").is_some() {
        let text = "it has an HTTP Message Signature (RFC 9421: Signature-Input): try --scheme http-message-signatures";
        say("is_message_signature", text.to_owned());
    }
    if let Some(text) = body_form(request) {
        say("odd_body", text);
    }
    if let Some(text) = structure.timestamp.as_deref().and_then(|stamp| stamp_form(request, stamp)) {
        say("timestamp_form", text);
    }
    told
}

/// A body that is empty, or what is printed in place of one: what something on the way left of it.
fn body_form(request: &Request<'_>) -> Option<String> {
    if !request.scheme.covers_body() {
        return None;
    }
    let bare = request.body.trim_ascii();
    let bare = bare.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(bare);
    Some(match bare {
        b"" => {
            "its body is empty, as it is after a redirect that makes a GET of a POST, or where a proxy or a middleware \
                has read it before"
                .to_owned()
        }
        b"[object Object]" | b"[object Undefined]" | b"undefined" | b"null" | b"None" | b"nil" | b"NaN" => format!(
            "its body is only “{}”, what a program prints in place of a value: something on the way has read the body, and \
             written this",
            crate::text::visible_bytes(bare)
        ),
        b"{}" | b"[]" if request.scheme.signs_form() => {
            "its body is an empty JSON value, and the scheme signs a form".to_owned()
        }
        _ => return None,
    })
}

/// The scheme's own headers; where none is there, those that are called alike.
fn signature_values<'a>(request: &Request<'a>) -> Vec<(&'a [u8], &'a [u8])> {
    let own: Vec<&str> = request.scheme.signature.header_names().collect();
    let head = request.head;
    let all = || head.pairs().filter(|(_, value)| !value.is_empty());
    let is_own = |name: &[u8]| own.iter().any(|own| own.as_bytes().eq_ignore_ascii_case(name));
    let exact: Vec<_> = all().filter(|(name, _)| is_own(name)).collect();
    if !exact.is_empty() {
        return exact;
    }
    let is_near = |name: &[u8]| {
        let name = String::from_utf8_lossy(name).to_ascii_lowercase();
        name == "authorization" || (name.contains("signature") && name != "signature-input") || name.contains("hmac")
    };
    all().filter(|(name, _)| is_near(name)).collect()
}

/// The code of what a value is, and what it is in words.
fn signature_form(request: &Request<'_>, structure: &Structure, value: &[u8]) -> Option<(&'static str, String)> {
    let proof = &request.scheme.proof;
    let text = std::str::from_utf8(value).ok()?.trim();
    let lower = text.to_ascii_lowercase();
    if matches!(lower.as_str(), "no-secret-provided" | "no-secret") {
        let words = format!("“{text}”: the sender has no secret configured, and signs nothing");
        return Some(("no_secret_provided", words));
    }
    if is_certificate(text) {
        return Some(("is_certificate", "a certificate or key in PEM, and not a signature".to_owned()));
    }
    let bare = lower.strip_prefix("bearer ").map_or(text, |rest| text[text.len() - rest.len()..].trim());
    if let Some(alg) = jwt_algorithm(bare) {
        let is_own = matches!(proof, Proof::Jwt { .. });
        let words = format!("a JSON Web Token (alg {alg}), which has its own signed content");
        return (!is_own).then_some(("is_jwt", words));
    }
    for (prefix, kind) in [("basic ", "Basic"), ("bearer ", "Bearer")] {
        // What follows it may be the signature that is looked for.
        let is_own = request.scheme.signature.prefix.to_ascii_lowercase().starts_with(prefix);
        if lower.starts_with(prefix) && !is_own && structure.received.is_empty() {
            return Some(("is_credential", format!("a {kind} credential, and not a signature")));
        }
    }
    if is_uuid(text) {
        return Some(("is_uuid", "a UUID: the id of something, and not a signature".to_owned()));
    }
    let is_plain = (8..=128).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    let is_token = is_plain && structure.received.is_empty() && structure.is_secret.is_none();
    (is_token && *proof != Proof::Token).then(|| {
        let words = format!(
            "a text of {} characters and not a digest: perhaps a token that is sent as it is (algorithm = \"token\")",
            text.len()
        );
        ("is_token", words)
    })
}

fn is_certificate(text: &str) -> bool {
    let text = text.trim_start_matches('"');
    // As proxies pass client certificates on: as lines, joined, or percent-encoded.
    ["-----BEGIN ", "-----BEGIN%20", "-----BEGIN+"].iter().any(|start| text.starts_with(start))
}

/// The algorithm that a token's head names; `None` for what is no token (RFC 7519, section 3).
fn jwt_algorithm(text: &str) -> Option<String> {
    use base64::Engine as _;
    let parts: Vec<&str> = text.split('.').collect();
    let [head, _, _] = parts[..] else { return None };
    let decoded = base64::prelude::BASE64_URL_SAFE_NO_PAD.decode(head).ok()?;
    let mut alg = None;
    Walker::new(&decoded).members(|inner, key| {
        let raw = inner.take()?;
        if let (b"\"alg\"", [b'"', text @ .., b'"']) = (key, raw) {
            alg = Some(crate::text::clip(&crate::text::visible_bytes(&unescape(text)), 20).into_owned());
        }
        Some(())
    })?;
    alg
}

fn is_uuid(text: &str) -> bool {
    let groups: Vec<usize> = text.split('-').map(str::len).collect();
    groups == [8, 4, 4, 4, 12] && text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

/// What a timestamp is, when the scheme has another form there.
fn stamp_form(request: &Request<'_>, stamp: &[u8]) -> Option<String> {
    // A timestamp that the scheme does not have may be written as it likes.
    request.scheme.timestamp.as_ref()?;
    let text = std::str::from_utf8(stamp).ok()?.trim();
    let wanted = request.scheme.timestamp_unit;
    let form = form_of(request, text)?;
    let is_wanted = match wanted {
        None => matches!(form, StampForm::Seconds | StampForm::Milliseconds),
        Some(StampUnit::Seconds) => form == StampForm::Seconds,
        Some(StampUnit::Milliseconds) => form == StampForm::Milliseconds,
        Some(StampUnit::Iso8601) => form == StampForm::Iso8601,
        Some(StampUnit::HttpDate) => form == StampForm::HttpDate,
    };
    if is_wanted {
        return None;
    }
    let wanted = wanted.map_or("Unix seconds or milliseconds", |unit| match unit {
        StampUnit::Seconds => "Unix seconds",
        StampUnit::Milliseconds => "Unix milliseconds",
        other => other.words(),
    });
    let shown = crate::text::clip(&crate::text::visible(text), 40).into_owned();
    Some(format!("its timestamp “{shown}” is {}, and the scheme has {wanted}", form.words()))
}

/// How a moment is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum StampForm {
    Seconds,
    Milliseconds,
    Microseconds,
    Nanoseconds,
    Fraction,
    Iso8601,
    LocalIso8601,
    HttpDate,
}

impl StampForm {
    fn words(self) -> &'static str {
        match self {
            Self::Seconds => "in Unix seconds",
            Self::Milliseconds => "in Unix milliseconds",
            Self::Microseconds => "in Unix microseconds",
            Self::Nanoseconds => "in Unix nanoseconds",
            Self::Fraction => "in Unix seconds with a fraction",
            Self::Iso8601 => "an ISO 8601 date",
            Self::LocalIso8601 => "an ISO 8601 date without a time zone",
            Self::HttpDate => "an HTTP date",
        }
    }
}

fn form_of(request: &Request<'_>, text: &str) -> Option<StampForm> {
    if let Some((whole, fraction)) = text.split_once('.') {
        let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_digits(whole) && is_digits(fraction) {
            return Some(StampForm::Fraction);
        }
    }
    if let Ok(number) = text.parse::<i128>() {
        return Some(match number.abs() {
            FIRST_NANOSECOND.. => StampForm::Nanoseconds,
            FIRST_MICROSECOND.. => StampForm::Microseconds,
            _ => match read_timestamp(text.as_bytes(), request.received_at, request.scheme.age_limit()).unit {
                TimestampUnit::Milliseconds => StampForm::Milliseconds,
                _ => StampForm::Seconds,
            },
        });
    }
    if text.parse::<jiff::Timestamp>().is_ok() {
        return Some(StampForm::Iso8601);
    }
    if httpdate::parse_http_date(text).is_ok() {
        return Some(StampForm::HttpDate);
    }
    text.parse::<jiff::civil::DateTime>().is_ok().then_some(StampForm::LocalIso8601)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::super::tests::Case;

    const T: &str = "1746123456";
    const ZEROS: &str = "0000000000000000000000000000000000000000000000000000000000000000";

    fn told(case: &Case) -> Vec<(&'static str, String)> {
        let known = ["is_", "no_secret_provided", "timestamp_form"];
        let all = case.run().evidence.into_iter().map(|told| (told.code, told.text));
        all.filter(|(code, _)| known.iter().any(|known| code.starts_with(known))).collect()
    }

    #[rstest]
    #[case("eyJhbGciOiJSUzI1NiJ9.e30.AAAA", "is_jwt", "a JSON Web Token (alg RS256)")]
    #[case("Bearer eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.e30.AAAA", "is_jwt", "(alg HS256)")]
    #[case("Basic dXNlcjpwYXNz", "is_credential", "a Basic credential")]
    #[case("Bearer abc", "is_credential", "a Bearer credential")]
    #[case("6f1c1f2e-8f1b-4b63-9a51-0e5f4a1b2c3d", "is_uuid", "a UUID")]
    #[case("-----BEGIN CERTIFICATE-----MIIB", "is_certificate", "in PEM")]
    #[case("-----BEGIN%20CERTIFICATE-----%0A", "is_certificate", "in PEM")]
    #[case("no-secret-provided", "no_secret_provided", "the sender has no secret configured")]
    #[case("letmein-2024", "is_token", "a text of 12 characters")]
    fn a_value_is_called_what_it_is(#[case] value: &str, #[case] code: &str, #[case] words: &str) {
        let told = told(&Case::new(value, T, b"{}"));
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].0 == code && told[0].1.contains(words), "{told:?}");
        assert!(told[0].1.starts_with("X-Webhook-Signature is "), "{told:?}");
    }

    #[rstest]
    #[case(ZEROS)]
    #[case("a.b.c")]
    #[case("")]
    #[case("sha256=00000000000000000000000000000000000000000000000000000000000000")]
    #[case("short")]
    #[case("not one word")]
    fn what_is_nothing_known_is_not_called_anything(#[case] value: &str) {
        assert_eq!(told(&Case::new(value, T, b"{}")), []);
    }

    #[test]
    fn other_headers_are_looked_at_only_where_the_schemes_own_is_missing() {
        let token = ("Authorization".to_owned(), "Bearer eyJhbGciOiJSUzI1NiJ9.e30.AAAA".to_owned());
        let mut case = Case::new(ZEROS, T, b"{}");
        case.fields.push(token);
        assert_eq!(told(&case), []);
        case.fields.remove(0);
        assert_eq!(told(&case)[0].0, "is_jwt");
        case.fields[1].0 = "X-Unrelated".to_owned();
        assert_eq!(told(&case), []);
    }

    #[test]
    fn an_http_message_signature_is_named_by_its_input() {
        let mut case = Case::new(ZEROS, T, b"{}");
        case.fields.push(("Signature-Input".to_owned(), "sig1=(\"@method\");created=1".to_owned()));
        assert_eq!(told(&case)[0].0, "is_message_signature");
    }

    #[rstest]
    #[case("", "its body is empty")]
    #[case(" \r\n", "its body is empty")]
    #[case("[object Object]", "only “[object Object]”")]
    #[case("\"undefined\"", "only “undefined”")]
    #[case("null\n", "only “null”")]
    #[case("{}", "")]
    #[case("nullable", "")]
    fn a_body_that_something_has_eaten_is_told(#[case] body: &str, #[case] words: &str) {
        let found = Case::new(ZEROS, T, body.as_bytes()).run();
        let told: Vec<String> =
            found.evidence.into_iter().filter(|told| told.code == "odd_body").map(|told| told.text).collect();
        assert_eq!(told.len(), usize::from(!words.is_empty()), "{told:?}");
        assert!(told.iter().all(|text| text.contains(words)), "{told:?}");
    }

    #[test]
    fn what_has_a_digest_after_bearer_is_no_credential() {
        assert_eq!(told(&Case::new(&format!("Bearer {ZEROS}"), T, b"{}")), []);
    }

    #[rstest]
    #[case("2025-05-01T18:17:36Z", Some("an ISO 8601 date"))]
    #[case("2025-05-01T18:17:36", Some("without a time zone"))]
    #[case("Thu, 01 May 2025 18:17:36 GMT", Some("an HTTP date"))]
    #[case("1746123456.25", Some("with a fraction"))]
    #[case("1746123456000000", Some("microseconds"))]
    #[case("1746123456000000000", Some("nanoseconds"))]
    #[case("1746123456", None)]
    #[case("1746123456000", None)]
    #[case("soon", None)]
    fn a_timestamp_in_another_form_is_named(#[case] stamp: &str, #[case] words: Option<&str>) {
        let told = told(&Case::new(ZEROS, stamp, b"{}"));
        match words {
            Some(words) => assert!(told.len() == 1 && told[0].1.contains(words), "{told:?}"),
            None => assert_eq!(told, []),
        }
    }
}
