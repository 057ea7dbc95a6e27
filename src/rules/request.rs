//! What an answer can take from the request itself: `query.NAME`, `header.NAME`, `body.PATH`, each as text, as JSON or
//! under an HMAC. With these an answer completes a sender's handshake.
//!
//! Values are read once, when the answer is chosen, and only those that it asks for. An HMAC is made of tokens alone, as
//! handshakes send them: whoever sends a request chooses the text, and an HMAC of any text would be a signature of it.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use super::answer::AnswerChoice;
use crate::http::Head;
use crate::payload::lookup::{BodyPath, NamedValue, parameter};
use crate::signature::{self, Algorithm, Scheme, Secret, SecretOrigin};

/// The most bytes of one value; a longer one is not written in part, since half a challenge answers nothing.
pub(super) const VALUE_BYTES: usize = 8 * 1024;
/// The most bytes of all values of one answer, which may wait for a while.
const VALUES_BYTES: usize = 64 * 1024;
/// The longest name of a parameter or header.
const NAME_BYTES: usize = 256;
/// The longest text under an HMAC. The tokens of Zoom, X and LinkedIn have less than a hundred bytes.
const TOKEN_BYTES: usize = 512;

/// How what is within parentheses is written, by name.
const FUNCTIONS: [(&str, ValueForm); 4] = [
    ("json", ValueForm::Json),
    ("hmac_sha256_hex", ValueForm::HmacHex(Algorithm::Sha256)),
    ("hmac_sha256_base64", ValueForm::HmacBase64(Algorithm::Sha256)),
    ("hmac_sha1_hex", ValueForm::HmacHex(Algorithm::Sha1)),
];

/// What can be asked for, as an error lists it.
pub(super) const USAGE: &str = "query.NAME, header.NAME, body.PATH, param.NAME, json(…), hmac_sha256_hex(…), \
                                hmac_sha256_base64(…), hmac_sha1_hex(…)";

/// A value of the request, and how it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestFact {
    place: ValuePlace,
    form: ValueForm,
}

/// Where a value is.
#[derive(Debug, Clone, PartialEq, Eq)]
enum ValuePlace {
    Query(String),
    Header(String),
    Body(BodyPath),
    /// Not of the request, but what the scheme's `settings` say of the receiver.
    Param(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ValueForm {
    Text,
    /// A string with its quotation marks and escapes, other JSON as it was written.
    Json,
    HmacHex(Algorithm),
    HmacBase64(Algorithm),
}

/// Why a value cannot be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum NoValue {
    Missing,
    /// A setting of the scheme that nobody has given.
    NotSet,
    TooLong,
    NoToken,
    NoSecret,
    Unread(UnreadRequest),
}

/// Why a request that is on disk could not be read again for an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnreadRequest {
    /// The store does not give it.
    Store,
    /// There is no room in memory for it.
    NoRoom,
}

/// The request that is answered.
#[derive(Debug, Clone, Copy)]
pub struct AnsweredRequest<'a> {
    /// Its head.
    pub head: &'a Head,
    /// Its body.
    pub body: &'a [u8],
    /// How it is signed, which says what makes a key of a secret.
    pub scheme: &'a Scheme,
    /// For HMACs.
    pub secret: Option<&'a Secret>,
}

/// The values of one request that an answer asks for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RequestValues(Vec<(RequestFact, Result<String, NoValue>)>);

/// The secret under which a handshake is answered: the one that verified the request, else the first. A temporary one
/// is known to nobody else.
#[must_use]
pub fn handshake_secret<'a>(
    secrets: impl Iterator<Item = &'a Secret> + Clone,
    verified: Option<&str>,
) -> Option<&'a Secret> {
    let mut known = secrets.filter(|secret| *secret.origin() != SecretOrigin::MadeUp);
    let first = known.clone().next();
    known.find(|secret| Some(secret.label()) == verified).or(first)
}

impl RequestFact {
    /// Reads what stands between the braces; `None` when it asks for nothing of a request.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (form, place) = match text.strip_suffix(')').and_then(|text| text.split_once('(')) {
            Some((name, place)) => (FUNCTIONS.iter().find(|(known, _)| *known == name)?.1, place.trim()),
            None => (ValueForm::Text, text),
        };
        Some(Self { place: ValuePlace::read(place)?, form })
    }

    /// The text in its place, as it is; `None` where there is none.
    pub(super) fn text_in(&self, request: &AnsweredRequest<'_>) -> Option<String> {
        match self.place.find(request)? {
            NamedValue::Text(text) => Some(text).filter(|text| text.len() <= VALUE_BYTES),
            NamedValue::Json(_) => None,
        }
    }

    /// Where the value is, in words: `the header X-Hook-Secret`.
    pub(super) fn place_words(&self) -> String {
        match &self.place {
            ValuePlace::Query(name) => format!("the query's {name}"),
            ValuePlace::Header(name) => format!("the header {name}"),
            ValuePlace::Body(path) => format!("the body's {path}"),
            ValuePlace::Param(name) => format!("the setting {name}"),
        }
    }

    /// Whether it is JSON that stays so without quotation marks around it.
    pub(super) fn is_json(&self) -> bool {
        self.form == ValueForm::Json
    }

    /// Whether the scheme's settings say it, and not the request.
    pub(super) fn is_param(&self) -> bool {
        matches!(self.place, ValuePlace::Param(_))
    }

    /// Whether a body is looked into for it.
    pub(super) fn is_of_body(&self) -> bool {
        matches!(self.place, ValuePlace::Body(_))
    }

    /// Whether it is made with a secret.
    pub(super) fn is_hmac(&self) -> bool {
        matches!(self.form, ValueForm::HmacHex(_) | ValueForm::HmacBase64(_))
    }

    fn value(&self, request: &AnsweredRequest<'_>) -> Result<String, NoValue> {
        let absent = if matches!(self.place, ValuePlace::Param(_)) { NoValue::NotSet } else { NoValue::Missing };
        let found = self.place.find(request).ok_or(absent)?;
        if found.text().len() > VALUE_BYTES {
            return Err(NoValue::TooLong);
        }
        let value = match (self.form, found) {
            (ValueForm::HmacHex(algorithm), found) => hex::encode(digest(algorithm, found.text(), request)?),
            (ValueForm::HmacBase64(algorithm), found) => {
                BASE64_STANDARD.encode(digest(algorithm, found.text(), request)?)
            }
            // A string can always be written as JSON.
            (ValueForm::Json, NamedValue::Text(text)) => serde_json::to_string(&text).unwrap_or_default(),
            (_, NamedValue::Text(text) | NamedValue::Json(text)) => text,
        };
        if value.len() > VALUE_BYTES { Err(NoValue::TooLong) } else { Ok(value) }
    }
}

fn digest(algorithm: Algorithm, text: &str, request: &AnsweredRequest<'_>) -> Result<Vec<u8>, NoValue> {
    if !is_token(text) {
        return Err(NoValue::NoToken);
    }
    let secret = request.secret.ok_or(NoValue::NoSecret)?;
    signature::hmac(algorithm, request.scheme, secret, text.as_bytes()).ok_or(NoValue::NoSecret)
}

/// What a handshake sends: letters, digits and `-._~+/`, with `=` at its end. No JSON has only these, and nothing with a
/// colon or an ampersand, so that an HMAC of one signs no payload. What a JSON Web Token signs has only these, too, and is
/// none: its head is a JSON object in base64url, before a dot.
fn is_token(text: &str) -> bool {
    let is_jwt = matches!(text.as_bytes(), [b'e', b'w'..=b'z', ..]) && text.contains('.');

    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'+' | b'/');
    let inner = text.trim_end_matches('=');
    !is_jwt && !inner.is_empty() && text.len() <= TOKEN_BYTES && inner.bytes().all(is_plain)
}

impl ValuePlace {
    fn read(text: &str) -> Option<Self> {
        let (kind, name) = text.split_at(text.find(['.', '['])?);
        let inner = name.strip_prefix('.');
        let is_name =
            |name: &&str| (1..=NAME_BYTES).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_graphic());
        match kind {
            "query" => inner.filter(is_name).map(|name| Self::Query(name.to_owned())),
            "param" => inner.filter(is_name).map(|name| Self::Param(name.to_owned())),
            "header" => {
                let name = inner.filter(is_name).filter(|name| http::HeaderName::try_from(*name).is_ok())?;
                Some(Self::Header(name.to_owned()))
            }
            "body" => BodyPath::read(inner.unwrap_or(name)).map(Self::Body),
            _ => None,
        }
    }

    fn find(&self, request: &AnsweredRequest<'_>) -> Option<NamedValue> {
        match self {
            Self::Query(name) => parameter(request.head.target(), name).map(NamedValue::Text),
            Self::Header(name) => {
                let value = request.head.value(name)?;
                Some(NamedValue::Text(String::from_utf8_lossy(value).into_owned()))
            }
            Self::Body(path) => path.find(request.head, request.body),
            Self::Param(name) => request.scheme.settings.get(name).cloned().map(NamedValue::Text),
        }
    }
}

impl fmt::Display for ValuePlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Query(name) => write!(formatter, "query.{name}"),
            Self::Header(name) => write!(formatter, "header.{name}"),
            Self::Body(path) => write!(formatter, "body.{path}"),
            Self::Param(name) => write!(formatter, "param.{name}"),
        }
    }
}

impl RequestValues {
    /// What these answers ask for.
    #[must_use]
    pub fn read<'a>(answers: impl IntoIterator<Item = &'a AnswerChoice>, request: &AnsweredRequest<'_>) -> Self {
        let mut values = Self::default();
        let mut bytes = 0;
        for fact in answers.into_iter().flat_map(AnswerChoice::asked) {
            if values.found(fact).is_some() {
                continue;
            }
            let value = fact.value(request).and_then(|value| {
                bytes += value.len();
                if bytes > VALUES_BYTES { Err(NoValue::TooLong) } else { Ok(value) }
            });
            values.0.push((fact.clone(), value));
        }
        values
    }

    /// What these answers ask for, none of which could be read.
    pub(super) fn unread<'a>(answers: impl IntoIterator<Item = &'a AnswerChoice>, why: UnreadRequest) -> Self {
        let asked = answers.into_iter().flat_map(AnswerChoice::asked);
        Self(asked.map(|fact| (fact.clone(), Err(NoValue::Unread(why)))).collect())
    }

    fn found(&self, fact: &RequestFact) -> Option<&Result<String, NoValue>> {
        self.0.iter().find(|(known, _)| known == fact).map(|(_, value)| value)
    }

    /// The value as it is written; empty where there is none.
    pub(super) fn text(&self, fact: &RequestFact) -> &str {
        self.found(fact).and_then(|value| value.as_deref().ok()).unwrap_or_default()
    }

    /// Whether the request has something there, however it can be written.
    pub(super) fn is_there(&self, fact: &RequestFact) -> bool {
        match self.found(fact) {
            Some(Ok(text)) => !text.is_empty(),
            Some(Err(reason)) => *reason != NoValue::Missing,
            None => false,
        }
    }

    /// Why there is none, in words.
    pub(super) fn absence(&self, fact: &RequestFact) -> Option<String> {
        let place = &fact.place;
        match self.found(fact).map_or(Err(NoValue::Missing), |value| value.as_ref().map_err(|reason| *reason)) {
            Ok(_) => None,
            Err(NoValue::Missing) => Some(format!("the request has no {place}")),
            Err(NoValue::NotSet) => {
                Some(format!("{place} is not set: give it with --param, or in the scheme's settings"))
            }
            Err(NoValue::TooLong) => Some(format!("{place} is too long")),
            Err(NoValue::NoToken) => Some(format!("no HMAC: {place} is not a token")),
            Err(NoValue::NoSecret) => Some("no HMAC: no secret is configured".to_owned()),
            Err(NoValue::Unread(UnreadRequest::Store)) => Some("the delivery cannot be read again".to_owned()),
            Err(NoValue::Unread(UnreadRequest::NoRoom)) => Some("memory limit reached".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::super::{Facts, Reply, RuleReader, preset};
    use super::*;
    use crate::delivery::Verdict;
    use crate::signature::catalogue;

    fn secret(label: &str, text: &str) -> Secret {
        Secret::new(label, text.as_bytes().to_vec(), SecretOrigin::Typed)
    }

    /// What this answer is to a request, and why it is the automatic one.
    fn answer(text: &str, head: &Head, body: &[u8], secret: Option<&Secret>) -> (Reply, Option<String>) {
        let action = RuleReader::default().action(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let request = AnsweredRequest { head, body, scheme: &Scheme::default(), secret };
        let facts = Facts { verdict: Some(Verdict::Verified), ..Facts::default() };
        let facts = facts.with_request(action.answers(), &request);
        let answer = action.answers().next().unwrap();
        let reply = answer.render(&facts);
        let made = answer.made_bytes(&facts);
        assert!(answer.obstacle(&facts).is_some() || made == 0 || made >= reply.body.len(), "{text}");
        (reply, answer.obstacle(&facts))
    }

    fn body_of(template: &str) -> String {
        let head = Head::from(
            "POST /hook?hub.challenge=a%20b%2Bc&crc_token=MDI4YmE5NjctYzg2Mi00&x=a%26b HTTP/1.1\r\nHost: x\r\nX-Hook-Secret:  s3cret \r\n\r\n",
        );
        let body =
            br#"{"token":"qgg8vlvZRS6UYooatFL8Aw","event":{"text":"a\n\"b\""},"items":[{"id":1.50}],"quote":"a: {}"}"#;
        let (reply, obstacle) =
            answer(&format!("200 {template}"), &head, body, Some(&secret("dev", "a webhook secret")));
        obstacle.unwrap_or_else(|| String::from_utf8(reply.body.to_vec()).unwrap())
    }

    /// The HMACs are Node's: `crypto.createHmac("sha256", key).update(text).digest(…)`.
    #[rstest]
    #[case("{{query.hub.challenge}}", "a b+c")]
    #[case("{{ query.x }}!", "a&b!")]
    #[case("{{header.X-Hook-Secret}}", "s3cret")]
    #[case("{{header.x-hook-secret}}", "s3cret")]
    #[case("{{body.event.text}}", "a\n\"b\"")]
    #[case("{{body.items.0.id}}", "1.50")]
    #[case("{{body.items[0].id}}", "1.50")]
    #[case("{{body[\"items\"]}}", "[{\"id\":1.50}]")]
    #[case("{\"a\":{{json(body.event.text)}}}", "{\"a\":\"a\\n\\\"b\\\"\"}")]
    #[case("{{json(body.items)}}", "[{\"id\":1.50}]")]
    #[case("{{json(header.X-Hook-Secret)}}", "\"s3cret\"")]
    #[case("{{hmac_sha256_hex(body.token)}}", "580a346735dc765c4381be3f56db105c417fa55f2e5c4e49e3eb5f5abee675da")]
    #[case("sha256={{hmac_sha256_base64( query.crc_token )}}", "sha256=sNQ8JqcQGPH4GLCZginUKEyOE5KJlpv2h2x6PanVneE=")]
    #[case("{{query.absent}}", "the request has no query.absent")]
    #[case("{{header.Absent}} {{query.x}}", "the request has no header.Absent")]
    #[case("{{body.items.1.id}}", "the request has no body.items.1.id")]
    #[case("{{hmac_sha256_hex(body.absent)}}", "the request has no body.absent")]
    #[case("{{hmac_sha256_hex(body.quote)}}", "no HMAC: body.quote is not a token")]
    #[case("{{hmac_sha256_hex(query.x)}}", "no HMAC: query.x is not a token")]
    #[case("{{hmac_sha256_hex(body.items)}}", "no HMAC: body.items is not a token")]
    fn what_a_request_says_is_answered(#[case] template: &str, #[case] expected: &str) {
        assert_eq!(body_of(template), expected);
    }

    #[rstest]
    #[case("query")]
    #[case("query.")]
    #[case("query.a b")]
    #[case("header.a:b")]
    #[case("body.")]
    #[case("body..a")]
    #[case("body")]
    #[case("cookie.a")]
    #[case("json()")]
    #[case("json(id)")]
    #[case("md5(body.a)")]
    #[case("json(json(body.a))")]
    #[case("hmac_sha256_hex(body.a")]
    fn what_asks_for_nothing_known_is_refused(#[case] text: &str) {
        assert_eq!(RequestFact::read(text), None);
    }

    #[test]
    fn what_a_request_lacks_makes_the_answer_automatic() {
        let head = Head::from("POST / HTTP/1.1\r\n\r\n");
        let (reply, obstacle) = answer("202 header \"X-A: {{query.a}}\" hello", &head, b"", None);
        assert_eq!((reply, obstacle.as_deref()), (preset(200), Some("the request has no query.a")));
        let head = Head::from("GET /?a=token HTTP/1.1\r\n\r\n");
        let (reply, obstacle) = answer("202 {{hmac_sha256_hex(query.a)}}", &head, b"", None);
        assert_eq!((reply, obstacle.as_deref()), (preset(200), Some("no HMAC: no secret is configured")));
    }

    #[test]
    fn lengths_are_bounded_and_nothing_is_cut() {
        let of = |bytes: usize| {
            let body = format!("{{\"a\":\"{}\"}}", "x".repeat(bytes));
            answer("200 header \"X-A: {{body.a}}\" ok", &Head::default(), body.as_bytes(), None)
        };
        let (reply, obstacle) = of(VALUE_BYTES);
        assert_eq!((reply.header("x-a").map(str::len), obstacle), (Some(VALUE_BYTES), None));
        assert_eq!(of(VALUE_BYTES + 1).1.as_deref(), Some("body.a is too long"));
        let many = serde_json::json!((0..9).map(|_| "y".repeat(VALUE_BYTES)).collect::<Vec<_>>()).to_string();
        let all: String = (0..9).map(|at| format!("{{{{body.v[{at}]}}}}")).collect();
        let body = format!("{{\"v\":{many}}}");
        let (_, obstacle) = answer(&format!("200 {all}"), &Head::default(), body.as_bytes(), None);
        assert_eq!(obstacle.as_deref(), Some("body.v[8] is too long"));
        let head = Head::from(format!("GET /?t={} HTTP/1.1\r\n\r\n", "x".repeat(TOKEN_BYTES + 1)));
        let (_, obstacle) = answer("200 {{hmac_sha256_hex(query.t)}}", &head, b"", Some(&secret("a", "b")));
        assert_eq!(obstacle.as_deref(), Some("no HMAC: query.t is not a token"));
    }

    #[test]
    fn the_secret_is_that_of_the_request_else_the_first_and_never_a_temporary_one() {
        let made_up = Secret::new("made-up", b"x".to_vec(), SecretOrigin::MadeUp);
        let secrets = [made_up.clone(), secret("old", "1"), secret("new", "2")];
        let chosen = |verified| handshake_secret(secrets.iter(), verified).map(Secret::label);
        assert_eq!(chosen(None), Some("old"));
        assert_eq!(chosen(Some("new")), Some("new"));
        assert_eq!(chosen(Some("made-up")), Some("old"));
        assert!(handshake_secret([&made_up].into_iter(), None).is_none());
    }

    /// The key is what the webhook's scheme makes of the secret.
    #[test]
    fn a_scheme_with_keys_in_base64_has_them_here_too() {
        let scheme = catalogue::named("standard-webhooks").unwrap();
        assert_eq!(scheme.key.to_string(), "{secret|strip:whsec_|unbase64}");
        let digest =
            |text: &str| signature::hmac(Algorithm::Sha256, &scheme, &secret("a", text), b"qgg8vlvZRS6UYooatFL8Aw");
        let expected = "72cef096bfd47c0b8664df30d07721641e4abd7e885ba432204260db477a9a3e";
        assert_eq!(digest("whsec_c2VjcmV0").map(hex::encode).as_deref(), Some(expected));
        assert_eq!(digest("not base64!"), None);
    }

    /// Nothing that a sender signs for a payload is a token: JSON, forms, and what schemes put before a body.
    #[test]
    fn no_payload_is_a_token() {
        for payload in ["eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0", "ewogICJhbGciOjF9.e30"] {
            assert!(!is_token(payload), "{payload}");
        }
        for payload in
            ["{}", "[1]", "\"a\"", "a=1&b=2", "a=b", "v0:123:{}", "1746123456.{\"a\":1}", "", "=", "a b", "é", "a\n"]
        {
            assert!(!is_token(payload), "{payload}");
        }
        for token in ["qgg8vlvZRS6UYooatFL8Aw", "890e4665-4dfe-4ab1-b689-ed553bceeed0", "a+b/c==", "a_b~c.d"] {
            assert!(is_token(token), "{token}");
        }
    }

    fn hostile() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            "[\\x00-\\x7f]{0,60}",
            Just("a\r\nX-Injected: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n".to_owned()),
            Just("\",\"admin\":true,\"x\":\"".to_owned()),
            Just("\0\u{1b}[2J\u{202e}\u{7f}".to_owned()),
            Just("{{id}}{{body.b}}".to_owned()),
        ]
    }

    proptest! {
        #[test]
        fn no_value_leaves_its_place(value in hostile()) {
            let escaped: String = value.bytes().map(|byte| format!("%{byte:02x}")).collect();
            let head = Head::from(format!("GET /?q={escaped} HTTP/1.1\r\n\r\n"));
            let body = serde_json::json!({ "b": value, "s": "1" }).to_string();
            let secret = secret("dev", "a webhook secret");
            let answer = |text: &str| answer(text, &head, body.as_bytes(), Some(&secret)).0;
            let headers = answer("200 header \"X-Q: {{query.q}}\" header \"X-B: {{body.b}}\" header \"X-J: {{json(body.b)}}\" \"\"").headers;
            prop_assert_eq!(headers.len(), 3);
            for (_, value) in headers {
                prop_assert!(value.bytes().all(|byte| matches!(byte, b' '..=b'~')), "{value:?}");
            }
            let plain = answer("200 {{query.q}}|{{body.b}}").body;
            prop_assert_eq!(plain, format!("{value}|{value}"));
            let json = answer("200 header \"Content-Type: application/json\" {\"q\":\"{{query.q}}\",\"b\":{{json(body.b)}},\"s\":{{json(body.s)}}}").body;
            let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
            prop_assert_eq!(json, serde_json::json!({ "q": value, "b": value, "s": "1" }));
            let markup = answer("200 header \"Content-Type: text/html\" <p title=\"{{body.b}}\">").body;
            prop_assert_eq!(markup.iter().filter(|byte| matches!(byte, b'<' | b'>' | b'"')).count(), 4);
        }

        #[test]
        fn any_fact_is_read_or_refused(text in "(query|header|body|json\\(body)[.a-z\\[\\]()\"0-9 -]{0,20}|\\PC*") {
            if let Some(fact) = RequestFact::read(&text) {
                prop_assert!(!fact.place.to_string().contains(crate::text::is_hidden), "{text:?}");
            }
        }
    }

    #[test]
    fn what_cannot_be_read_again_is_not_called_missing() {
        let action = RuleReader::default().action("200 {{body.challenge}}").unwrap();
        let answer = action.answers().next().unwrap();
        for (why, words) in [
            (UnreadRequest::Store, "the delivery cannot be read again"),
            (UnreadRequest::NoRoom, "memory limit reached"),
        ] {
            let facts = Facts::default().without_request([answer], why);
            assert_eq!(answer.obstacle(&facts).as_deref(), Some(words));
        }
    }
}
