//! What goes where no rule names it: everything but what is known to say nothing of anybody, by its grammar or by a list.

use super::subject::{RedactStep, RedactSubject, nearest_key};
use super::text::{is_date, is_media_type, is_of_words, is_time, is_version, words_of};

/// What stays of a header's value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HeaderValue {
    Everything,
    Nothing,
    /// The words that [`is_of_protocol`] knows.
    ProtocolWords,
    /// The same of what is in front of its parameters and of their names, and of parameters that a body is read by.
    Parameters,
    /// The name and version of a program at its beginning.
    Product,
}

fn is_one_of(list: &str, word: &str) -> bool {
    list.split(' ').any(|one| one == word)
}

/// Words of HTTP, of media types and of signatures. None of them is somebody's.
const PROTOCOL: &str = "\
    16be 16le a age alg algorithm alternative any api application ascii atom attachment audio avif base64 basic \
    bearer big5 binary bmp boundary br bytes c cache cbor charset chunked close cloudevents compress connect \
    content continue control cp1252 created css csv data date de deflate delete digest ed25519 en encoding es \
    euc event events expires filename form fr gb gb18030 gb2312 gbk get gif gmt gzip h h2c head headers heic hex \
    hmac host html http https icon identity image immutable inline iso ja javascript jis jp jpeg jpg json keep \
    keyid koi8 kr latin1 ld length live macintosh max md5 mixed mode mp4 mpeg msgpack multipart must name ndjson \
    no octet ogg options patch pdf plain png post printable private problem protobuf public put q quoted r \
    related request revalidate s sha sha1 sha256 sha384 sha512 shift sig sign signature soap store stream svg t \
    target text tiff timeout timestamp trace trailers transform ts u upgrade urlencoded us utc utf utf16 utf8 v \
    v0 v1 v1a v2 v3 version video vnd wav webm webp websocket windows www x xhtml xml z zh zip zstd";

/// Whether a word of a value is one of HTTP, of a media type or of a signature, or a number that is too short to be
/// anybody's.
pub(super) fn is_of_protocol(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    let is_number = word.len() <= 5 && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number || is_one_of(PROTOCOL, &lower)
}

/// What stays of this header's value: its name decides by its words, and then the value itself.
pub(super) fn header(name: &str, value: &str) -> HeaderValue {
    /// Those that HTTP or a tunnel needs.
    const PROTOCOL_HEADERS: &str = "\
        accept accept-charset accept-encoding accept-language allow cache-control connection content-encoding \
        content-language content-transfer-encoding digest expect keep-alive pragma priority te trailer \
        transfer-encoding upgrade vary x-forwarded-port x-forwarded-proto x-forwarded-scheme";
    let lower = name.to_ascii_lowercase();
    match lower.as_str() {
        "content-disposition" | "content-type" => return HeaderValue::Parameters,
        "user-agent" => return HeaderValue::Product,
        "content-length" if value.len() < 11 && value.bytes().all(|byte| byte.is_ascii_digit()) => {
            return HeaderValue::Everything;
        }
        "content-digest" | "retry-after" => return HeaderValue::ProtocolWords,
        name if is_one_of(PROTOCOL_HEADERS, name) => return HeaderValue::ProtocolWords,
        _ => {}
    }
    if tells_nobody(&words_of(name), value) { HeaderValue::Everything } else { HeaderValue::Nothing }
}

/// Whether a header of these words tells of an event, a time, a version or a try, and its value has that grammar.
fn tells_nobody(words: &[String], value: &str) -> bool {
    const SUBJECTS: &str =
        "action algorithm alg attempt attempts count date event num retry time timestamp topic ts type version";
    /// Before an event's own words stands who sent it.
    const PRIVATE: &str = "account auth authorization cookie email id key password secret session token tenant user";
    let Some(last) = words.last().filter(|last| is_one_of(SUBJECTS, last)) else { return false };
    if words.iter().any(|word| is_one_of(PRIVATE, word)) {
        return false;
    }
    let is_small = (1..=5).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit());
    match last.as_str() {
        "date" | "time" | "timestamp" | "ts" => is_small || is_time(value) || is_date(value) || is_http_date(value),
        "version" => is_small || is_version(value),
        "attempt" | "attempts" | "retry" | "count" | "num" => is_small,
        "algorithm" | "alg" => value.split(|one: char| !one.is_ascii_alphanumeric()).all(is_of_protocol),
        "type" => words.iter().any(|word| word == "event") && is_event(value),
        _ => is_event(value),
    }
}

/// `Thu, 01 May 2025 18:17:36 GMT` (RFC 9110, section 5.6.7)
fn is_http_date(value: &str) -> bool {
    value.len() <= 31 && !value.contains('(') && jiff::fmt::rfc2822::parse(value).is_ok()
}

/// `user.created`, `pull_request`, `orders/create`, `payment:done`
fn is_event(value: &str) -> bool {
    is_of_words(value, &['.', '_', '-', '/', ':'])
}

/// Whether a value goes that no rule names.
pub(super) fn goes(subject: RedactSubject<'_>, value: &str) -> bool {
    match subject {
        RedactSubject::Header(name) => header(name, value) == HeaderValue::Nothing,
        RedactSubject::Parameter(_) => true,
        RedactSubject::Text(path) => !value.is_empty() && !is_harmless(path, value),
        RedactSubject::Number(path) => is_number_of_somebody(path, value),
    }
}

/// Whether a text of a body says nothing of anybody: what kind of event it is, when, and in which format.
fn is_harmless(path: &[RedactStep], value: &str) -> bool {
    let words = words_of(nearest_key(path));
    let is_private = words.iter().any(|word| is_one_of(SECRETS, word) || is_one_of(PERSONAL, word));
    matches!(value, "true" | "false" | "null")
        || tells_the_kind(&words.concat(), value)
        || (!is_private && (is_date(value) || is_media_type(value)))
}

/// Whether a member of this name says what an event is about, and not whom, and its value is a word for that.
fn tells_the_kind(key: &str, value: &str) -> bool {
    const CURRENCIES: &str = "\
        aed ars aud bgn brl cad chf clp cny cop czk dkk eur gbp hkd huf idr ils inr jpy krw mxn myr nok nzd php pln \
        ron sek sgd thb try usd zar";
    match key {
        "event" | "events" | "eventname" | "eventtype" | "type" | "topic" | "kind" | "action" | "object" => {
            is_event(value)
        }
        "status" | "level" | "severity" | "unit" | "units" | "format" | "livemode" | "mode" => {
            is_of_words(value, &['_'])
        }
        "version" | "apiversion" | "specversion" | "eventversion" => is_version(value),
        "currency" => is_one_of(CURRENCIES, &value.to_ascii_lowercase()),
        "algorithm" | "encoding" | "charset" => {
            value.split(|one: char| !one.is_ascii_alphanumeric()).all(is_of_protocol)
        }
        _ => false,
    }
}

/// Names of secrets: whatever is below them goes.
const SECRETS: &str =
    "code csrf cvc cvv key mfa nonce otp passcode passphrase passwd password pin pwd secret ssn token totp";
/// Names of what belongs to a person.
const PERSONAL: &str = "\
    account address age bank birth birthdate birthday caller card cell dob email fax from gender iban id ids ip \
    license mobile msisdn name number passport person phone phones plate postal postcode routing salary sender \
    social tax tel telephone to user vat zip";
/// Names of places on the Earth.
const PLACES: &str = "\
    altitude bbox center coordinate coordinates coords east geo geometry lat latitude lng location lon long \
    longitude north position south west";
/// Names of times.
const TIMES: &str = "\
    at created date datetime end exp expires expiry iat modified nbf occurred on received sent since start t time \
    timestamp ts until updated";
/// Names of sizes and counts.
const SIZES: &str = "bytes count duration height length limit ms offset page seconds sequence size total width";
/// Digits from which on a whole number may be an id.
const LONG_NUMBER: usize = 6;

/// Whether a number is somebody's: by its name, or because it is long and nothing says that it is a time or a size.
fn is_number_of_somebody(path: &[RedactStep], number: &str) -> bool {
    let own = words_of(nearest_key(path));
    let is_of = |words: &[String], list: &str| words.iter().any(|word| is_one_of(list, word));
    let ends_as_id =
        own.last().is_some_and(|last| last.ends_with("id") || last.ends_with("ids") || last.contains("phone"));
    let is_time_by_name = own.last().is_some_and(|last| is_one_of(TIMES, last) || last.ends_with("time"));
    let whole = number.trim_start_matches('-');
    if is_of(&own, SECRETS) || is_of(&own, PERSONAL) || ends_as_id {
        // A status has a code, a page a number.
        return !(is_of(&own, "code from key name number to") && whole.len() < 4);
    }
    if is_time_by_name {
        return !is_time(whole) && whole.len() >= LONG_NUMBER;
    }
    // `x` within `location` is of a place.
    let is_of_place = path.iter().any(|step| matches!(step, RedactStep::Key(key) if is_of(&words_of(key), PLACES)));
    let digits = whole.find(|one: char| !one.is_ascii_digit()).unwrap_or(whole.len());
    (is_of_place && number.contains(['.', 'e', 'E']))
        || is_of(&own, PLACES)
        || (digits >= LONG_NUMBER && !is_of(&own, SIZES))
}

/// Whether a segment of a path is one of a program, and of nobody: words in small letters, versions, well-known files.
pub(super) fn is_plain_segment(segment: &str) -> bool {
    const ENDS: &str = "action asp aspx cgi do html json jsp php py xml";
    let (name, end) = segment.rsplit_once('.').unwrap_or((segment, "html"));
    let is_file = is_one_of(ENDS, end) && is_of_words(name, &['-', '_']);
    let is_numbered = segment.starts_with(['v', 'V']) || segment.contains('-');
    segment.is_empty() || is_file || matches!(segment, ".well-known" | "*") || (is_numbered && is_version(segment))
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("X-Event-Token", "sk", HeaderValue::Nothing)]
    #[case("X-Event-User", "ada", HeaderValue::Nothing)]
    #[case("X-Retry-Secret", "1", HeaderValue::Nothing)]
    #[case("X-Event-Authorization", "bearer", HeaderValue::Nothing)]
    #[case("X-Conversion-Id", "4111", HeaderValue::Nothing)]
    #[case("X-Amz-Sns-Topic-Arn", "arn", HeaderValue::Nothing)]
    #[case("X-GitHub-Event", "pull_request", HeaderValue::Everything)]
    #[case("X-GitHub-Event", "Ada Lovelace", HeaderValue::Nothing)]
    #[case("X-Shopify-Topic", "orders/create", HeaderValue::Everything)]
    #[case("X-Webhook-Timestamp", "1746123456", HeaderValue::Everything)]
    #[case("X_Webhook_Timestamp", "Thu, 01 May 2025 18:17:36 GMT", HeaderValue::Everything)]
    #[case("X-Webhook-Timestamp", "4915112345678", HeaderValue::Nothing)]
    #[case("X-Api-Version", "2024-01", HeaderValue::Everything)]
    #[case("X-Slack-Retry-Num", "2", HeaderValue::Everything)]
    #[case("Authorization", "x", HeaderValue::Nothing)]
    #[case("Content-Language", "x", HeaderValue::ProtocolWords)]
    #[case("Date", "Thu, 01 May 2025 18:17:36 GMT", HeaderValue::Everything)]
    #[case("Date", "May Jansen", HeaderValue::Nothing)]
    #[case("Content-Length", "1234567", HeaderValue::Everything)]
    fn a_header_stays_by_its_words_and_its_value(#[case] name: &str, #[case] value: &str, #[case] stays: HeaderValue) {
        assert_eq!(header(name, value), stays);
    }

    fn of(key: &str) -> Vec<RedactStep> {
        vec![RedactStep::Key("data".to_owned()), RedactStep::Key(key.to_owned()), RedactStep::Index(0)]
    }

    #[rstest]
    #[case("state", "csrf")]
    #[case("type", "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln")]
    #[case("object", "cus_9s6XKzkNRiz8i3")]
    #[case("action", "https://x.example/confirm?token=tok")]
    #[case("agent", "Lovelace")]
    #[case("category", "flu")]
    #[case("businessUnit", "Smith")]
    #[case("mode", "p@ssw0rd")]
    #[case("status", "ada.lovelace")]
    #[case("dob", "1980-12-31")]
    #[case("path", "image/upload/ada.png")]
    #[case("currency", "Ada")]
    #[case("secret", "")]
    fn words_stay_for_names_of_events_alone(#[case] key: &str, #[case] value: &str) {
        assert_eq!(goes(RedactSubject::Text(&of(key)), value), !value.is_empty());
    }

    #[rstest]
    #[case("user_ids", "11223344", true)]
    #[case("ids", "8", true)]
    #[case("coordinates", "13.404954", true)]
    #[case("cvv", "731", true)]
    #[case("otp", "4839", true)]
    #[case("password", "314", true)]
    #[case("number", "4111111111111111", true)]
    #[case("tel", "15551234567", true)]
    #[case("from", "15551234567", true)]
    #[case("msisdn", "491711234567", true)]
    #[case("dob", "19801231", true)]
    #[case("taxNumber", "999887777", true)]
    #[case("ip", "3405803783", true)]
    #[case("unheardOf", "123456", true)]
    #[case("unheardOf", "1746123456", true)]
    #[case("createdAt", "1746123456", false)]
    #[case("timestamp", "1746123456123", false)]
    #[case("timestamp", "4915112345678", true)]
    #[case("size", "1234567", false)]
    #[case("count", "3", false)]
    #[case("n", "1.25", false)]
    fn numbers_go_by_their_name_and_length(#[case] key: &str, #[case] number: &str, #[case] is: bool) {
        assert_eq!(goes(RedactSubject::Number(&of(key)), number), is);
    }

    #[rstest]
    #[case("hook", true)]
    #[case("track-pilots", true)]
    #[case("v1", true)]
    #[case("2024-01", true)]
    #[case("hook.php", true)]
    #[case("ada.lovelace", false)]
    #[case("ada%40example.com", false)]
    #[case("bot123456789:AAH-TokenOfTelegram", false)]
    #[case("12345", false)]
    #[case("x;jsessionid=9a", false)]
    #[case("x#part", false)]
    fn a_segment_stays_by_its_grammar(#[case] segment: &str, #[case] stays: bool) {
        assert_eq!(is_plain_segment(segment), stays);
    }
}
