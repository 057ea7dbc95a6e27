//! What is said of a signature's value, and of what stands beside it: only what really differs.

use jiff::Timestamp;
use rstest::rstest;

use super::super::*;
use crate::signature::{Algorithm, Scheme, SecretOrigin, catalogue, sign_request};

const NOW: i64 = 1_795_874_400;
const BODY: &[u8] = b"{\"id\":\"evt_1\",\"amount\":1.50}";

fn secret(text: &str) -> Secret {
    Secret::new("dev", text.as_bytes().to_vec(), SecretOrigin::Typed)
}

fn key(scheme: &Scheme) -> Secret {
    let is_text = scheme.key == crate::signature::SignedContent::secret();
    secret(if is_text { "a webhook secret of some length" } else { "whsec_c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0" })
}

/// The fields of a right delivery, the signature's value as `change` makes it.
fn fields(scheme: &Scheme, change: impl Fn(&str) -> String) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    fields.extend(scheme.id_header().map(|name| (name.to_owned(), "msg_1".to_owned())));
    if !scheme.timestamp_header().is_empty() {
        fields.push((scheme.timestamp_header().to_owned(), NOW.to_string()));
    }
    let value = sign_request(scheme, &key(scheme), &head(&fields), &NOW.to_string(), BODY).unwrap();
    fields.push((scheme.signature_header().to_owned(), change(&value)));
    fields
}

fn head(fields: &[(String, String)]) -> Head {
    let fields: String = fields.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    Head::from(format!("POST /hook HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n{fields}\r\n"))
}

fn diagnosed(scheme: &Scheme, fields: &[(String, String)], body: &[u8]) -> Diagnosis {
    diagnosed_with(scheme, &key(scheme), fields, body)
}

fn diagnosed_with(scheme: &Scheme, own: &Secret, fields: &[(String, String)], body: &[u8]) -> Diagnosis {
    let head = head(fields);
    let request = Request {
        head: &head,
        body,
        received_at: Timestamp::from_second(NOW + 3).unwrap(),
        intake: &Intake::Complete,
        scheme,
        secrets: &[own],
        others: &[],
        history: &History::default(),
    };
    diagnose(&request, &Budget { depth: Depth::One, ..Budget::default() })
}

fn told(name: &str, change: impl Fn(&str) -> String) -> Diagnosis {
    let scheme = catalogue::named(name).unwrap();
    diagnosed(&scheme, &fields(&scheme, change), BODY)
}

fn details(cause: &Cause) -> String {
    cause.changes.iter().map(|change| change.detail.as_str()).collect::<Vec<_>>().join("; ")
}

#[rstest]
#[case("github", |value: &str| value.replace("sha256=", "sha256=\"") + "\"", "wrapped in quotation marks")]
#[case("github", |value: &str| format!("\"{value}\""), "wrapped in quotation marks")]
#[case("github", |value: &str| value.replace("sha256=", "sha256=b'") + "'", "wrapped in b'…', as Python prints bytes")]
#[case("github", |value: &str| value.replace("sha256=", "sha256=0x"), "the additional prefix 0x")]
#[case("github", |value: &str| format!("Bearer {value}"), "the additional prefix Bearer ")]
#[case("github", |value: &str| value.replace("sha256=", "SHA256="), "the prefix is written SHA256=, with other letter case than sha256=")]
#[case("github", |value: &str| value.replace("sha256=", ""), "sent without sha256=SIGNATURE")]
#[case("github", |value: &str| value.replace("sha256=", "v1="), "the prefix v1= instead of sha256=SIGNATURE")]
#[case("github", |value: &str| value.replace("sha256=", "sha256= SHA2-256(-)= "), "other text around the hexadecimal digits")]
#[case("slack", |value: &str| value.replace("v0=", "v0=\"") + "\"", "wrapped in quotation marks")]
#[case("stripe", |value: &str| value.replace(',', ", "), "white space after “,”: the scheme has t=TIMESTAMP,v1=SIGNATURE")]
#[case("stripe", |value: &str| value.replace(',', ";"), "“;” between the values and not “,”: the scheme has t=TIMESTAMP,v1=SIGNATURE")]
#[case("stripe", |value: &str| value.replace("v1=", "V1="), "V1 and not v1: the scheme has t=TIMESTAMP,v1=SIGNATURE")]
#[case("stripe", |value: &str| value.replace("t=", "ts="), "ts and not t: the scheme has t=TIMESTAMP,v1=SIGNATURE")]
#[case("stripe", |value: &str| value.replace("v1=", "v1:"), "“:” after v1 and not “=”: the scheme has t=TIMESTAMP,v1=SIGNATURE")]
#[case("stripe", |value: &str| value.replace("v1=", "v1=\"") + "\"", "wrapped in quotation marks")]
#[case("stripe", |value: &str| format!("\"{value}\""), "wrapped in quotation marks")]
#[case("stripe", |value: &str| format!("Bearer {value}"), "the additional prefix Bearer ")]
#[case("stripe", |value: &str| value.replace("v1=", "sig="), "a list with the timestamp, sig=… instead of t=TIMESTAMP,v1=SIGNATURE")]
#[case("paddle", |value: &str| value.replace("h1=", "h1=\"") + "\"", "wrapped in quotation marks")]
#[case("paddle", |value: &str| value.replace(';', ","), "“,” between the values and not “;”: the scheme has ts=TIMESTAMP;h1=SIGNATURE")]
#[case("standard-webhooks", |value: &str| format!("\"{value}\""), "wrapped in quotation marks")]
#[case("shopify", |value: &str| format!("b'{value}'"), "wrapped in b'…', as Python prints bytes")]
#[case("vercel", |value: &str| format!("b\"{value}\""), "wrapped in b'…', as Python prints bytes")]
#[case("intercom", |value: &str| value.replace("sha1=", "sha1=b'") + "'", "wrapped in b'…', as Python prints bytes")]
#[case("paystack", |value: &str| format!("b'{value}'"), "wrapped in b'…', as Python prints bytes")]
fn only_what_differs_is_named(#[case] name: &str, #[case] change: impl Fn(&str) -> String, #[case] detail: &str) {
    let diagnosis = told(name, change);
    assert!(diagnosis.is_proved(), "{diagnosis:#?}");
    assert_eq!(details(&diagnosis.causes[0]), detail, "{diagnosis:#?}");
}

#[test]
fn a_prefix_and_digits_in_capitals_are_two_differences() {
    let diagnosis = told("github", |value| value.to_uppercase());
    assert_eq!(
        details(&diagnosis.causes[0]),
        "the prefix is written SHA256=, with other letter case than sha256=; upper-case hexadecimal digits"
    );
}

#[rstest]
#[case("stripe", "v1", "undefined", ": it is undefined")]
#[case("stripe", "v1", "", ": it is empty")]
#[case("paddle", "h1", "undefined", ": it is undefined")]
#[case("mux", "v1", "[object Object]", "")]
#[case("calendly", "v1", "none of your business", "")]
fn a_list_without_a_digest_is_malformed_and_has_its_timestamp(
    #[case] scheme: &str,
    #[case] name: &str,
    #[case] value: &str,
    #[case] words: &str,
) {
    let change = |right: &str| {
        let at = right.find(&format!("{name}=")).unwrap() + name.len() + 1;
        // Another value of a digest's length is nobody's.
        let separator = if right.contains(';') { ';' } else { ',' };
        format!("{}{value}{separator}v0={}", &right[..at], "0".repeat(64))
    };
    let diagnosis = told(scheme, change);
    let codes: Vec<_> = diagnosis.causes.iter().flat_map(|cause| &cause.changes).map(|change| change.code).collect();
    assert_eq!(codes, [CauseCode::SignatureMalformed], "{diagnosis:#?}");
    assert!(diagnosis.causes[0].summary.contains(words), "{}", diagnosis.causes[0].summary);
    let is_of_empty = diagnosis.causes[0].fix.starts_with("Find why the sender leaves the header empty");
    assert_eq!(is_of_empty, value.is_empty(), "{}", diagnosis.causes[0].fix);
}

#[test]
fn a_timestamp_that_is_there_twice_is_not_missing() {
    for extra in ["t=123,", "t=123,t=456,"] {
        let diagnosis = told("stripe", |value| value.replace("v1=", &format!("{extra}v1=")));
        let codes: Vec<_> = diagnosis.causes[0].changes.iter().map(|change| change.code).collect();
        assert_eq!(codes, [CauseCode::HeaderDuplicated], "{diagnosis:#?}");
        let count = extra.matches("t=").count() + 1;
        assert_eq!(
            details(&diagnosis.causes[0]),
            format!("t in Stripe-Signature is there {count} times; value 1 was signed")
        );
    }
    let unknown = told("stripe", |value| format!("t=123,{}", value.replace("v1=", "v1=00")));
    assert!(!format!("{unknown:?}").contains("missing t"), "{unknown:#?}");
}

#[test]
fn the_same_header_twice_is_not_two_values() {
    let scheme = catalogue::named("slack").unwrap();
    let own = fields(&scheme, str::to_owned);
    let mut twice = own.clone();
    twice.extend(own);
    let diagnosis = diagnosed(&scheme, &twice, BODY);
    let said = details(&diagnosis.causes[0]);
    assert!(said.contains("X-Slack-Signature was sent 2 times, with the same value"), "{said}");
    assert!(said.contains("X-Slack-Request-Timestamp was sent 2 times, with the same value"), "{said}");
    assert!(!said.contains("value 1") && !said.contains("value 2"), "{said}");
}

#[test]
fn an_empty_header_is_not_missing() {
    let diagnosis = told("github", |_| String::new());
    assert_eq!(diagnosis.causes[0].changes[0].code, CauseCode::SignatureMalformed);
    assert!(diagnosis.causes[0].summary.contains("X-Hub-Signature-256 is empty"), "{}", diagnosis.causes[0].summary);
    assert_eq!(diagnosis.causes.len(), 1, "{diagnosis:#?}");
    assert!(diagnosis.causes[0].fix.starts_with("Find why the sender leaves the header empty"), "{diagnosis:#?}");
    let scheme = catalogue::named("slack").unwrap();
    let mut fields = fields(&scheme, str::to_owned);
    fields[0].1.clear();
    let diagnosis = diagnosed(&scheme, &fields, BODY);
    assert!(diagnosis.causes[0].summary.contains("X-Slack-Request-Timestamp is empty"), "{diagnosis:#?}");
}

#[test]
fn headers_that_a_proxy_wrote_with_underscores_are_all_found() {
    let scheme = catalogue::named("standard-webhooks").unwrap();
    let fields: Vec<(String, String)> =
        fields(&scheme, str::to_owned).into_iter().map(|(name, value)| (name.replace('-', "_"), value)).collect();
    let diagnosis = diagnosed(&scheme, &fields, BODY);
    let codes: Vec<_> = diagnosis.causes[0].changes.iter().map(|change| change.code).collect();
    assert!(diagnosis.is_proved(), "{diagnosis:#?}");
    assert_eq!(codes, [CauseCode::SignatureHeaderMissing, CauseCode::TimestampHeaderMissing], "{diagnosis:#?}");
    let told = diagnosis.evidence.iter().find(|told| told.code == "id_header").unwrap();
    assert!(told.text.ends_with("the id was sent as webhook_id"), "{}", told.text);
}

#[test]
fn an_id_that_is_missing_is_the_cause_and_the_secret_is_not_suspected() {
    let scheme = catalogue::named("standard-webhooks").unwrap();
    for empty in [false, true] {
        let mut fields = fields(&scheme, str::to_owned);
        if empty {
            fields[0].1.clear();
        } else {
            fields.remove(0);
        }
        // The id of a proxy is not the sender's.
        fields.push(("X-Request-Id".to_owned(), "1f2e".to_owned()));
        let diagnosis = diagnosed(&scheme, &fields, BODY);
        let codes: Vec<_> = diagnosis.causes.iter().flat_map(|cause| &cause.changes).map(|one| one.code).collect();
        assert_eq!(codes, [CauseCode::SignedPartMissing], "{diagnosis:#?}");
        assert!(diagnosis.causes[0].summary.contains("webhook-id"), "{}", diagnosis.causes[0].summary);
    }
}

#[test]
fn quotation_marks_around_a_timestamp_are_no_date() {
    let scheme = catalogue::named("slack").unwrap();
    let mut fields = fields(&scheme, str::to_owned);
    fields[0].1 = format!("\"{NOW}\"");
    let said = details(&diagnosed(&scheme, &fields, BODY).causes[0]);
    assert_eq!(said, "the header is in quotation marks, seconds were signed");
}

#[test]
fn a_malformed_request_is_not_judged() {
    let scheme = catalogue::named("github").unwrap();
    let (head, own) = (head(&[("Content-Length".to_owned(), "178".to_owned())]), key(&scheme));
    let request = Request {
        head: &head,
        body: b"",
        received_at: Timestamp::UNIX_EPOCH,
        intake: &Intake::Malformed("a header line is folded".to_owned()),
        scheme: &scheme,
        secrets: &[&own],
        others: &[],
        history: &History::default(),
    };
    let diagnosis = diagnose(&request, &Budget::default());
    assert_eq!((diagnosis.verdict.code(), diagnosis.causes.len(), diagnosis.tried), ("not_judged", 0, 0));
    assert!(diagnosis.evidence[0].text.ends_with("a header line is folded"), "{diagnosis:#?}");
}

#[rstest]
#[case("calendly", "stripe")]
#[case("zoom", "slack")]
#[case("shopify", "woocommerce")]
#[case("svix", "standard-webhooks")]
#[case("github", "bitbucket")]
#[case("bitbucket", "github")]
#[case("intercom", "github")]
fn another_senders_delivery_is_called_so_first(#[case] signed: &str, #[case] judged: &str) {
    let (signed, judged) = (catalogue::named(signed).unwrap(), catalogue::named(judged).unwrap());
    let diagnosis = diagnosed_with(&judged, &key(&signed), &fields(&signed, str::to_owned), BODY);
    let place = diagnosis.causes.iter().position(|cause| cause.has(CauseCode::OtherScheme));
    let place = place.unwrap_or_else(|| panic!("{diagnosis:#?}"));
    // One header under another name explains it as well.
    assert!(place == 0 || (place == 1 && diagnosis.causes[0].changes.len() == 1), "{diagnosis:#?}");
    // Several sign alike under a common name: GitHub's older header is Intercom's.
    let expected = if signed.name == "intercom" { "github-sha1" } else { &signed.name };
    assert!(diagnosis.causes[place].summary.ends_with(&format!("use --scheme {expected}.")), "{diagnosis:#?}");
}

#[test]
fn a_form_is_no_odd_type_of_a_scheme_that_signs_one() {
    let types = |name: &str, kind: &str| {
        let scheme = catalogue::named(name).unwrap();
        let head = format!("POST / HTTP/1.1\r\nContent-Type: {kind}\r\nX-Twilio-Signature: x\r\n\r\n");
        let (head, own) = (Head::from(head), key(&scheme));
        let request = Request {
            head: &head,
            body: b"a=1",
            received_at: Timestamp::UNIX_EPOCH,
            intake: &Intake::Complete,
            scheme: &scheme,
            secrets: &[&own],
            others: &[],
            history: &History::default(),
        };
        let diagnosis = diagnose(&request, &Budget { depth: Depth::One, ..Budget::default() });
        diagnosis.evidence.iter().filter(|told| told.code == "content_type").count()
    };
    assert_eq!(types("twilio-form", "application/x-www-form-urlencoded; charset=UTF-8"), 0);
    assert_eq!(types("mandrill", "application/x-www-form-urlencoded"), 0);
    assert_eq!(types("twilio-form", "text/plain"), 1);
    // GitHub lets people choose a form, whose bytes it signs.
    assert_eq!(types("github", "application/x-www-form-urlencoded"), 0);
    assert_eq!(types("shopify", "application/x-www-form-urlencoded"), 1);
    assert_eq!(types("github", "application/cloudevents+json"), 0);
}

/// The advice for a delivery under `scheme` that was signed with `signing`, where `configured` is the secret.
fn advice(name: &str, configured: &str, signing: &[u8]) -> String {
    let scheme = Scheme { key: catalogue::named(name).unwrap().key, ..Scheme::default() };
    let own = secret(configured);
    let value = crate::signature::sign(
        &Secret::new("x", signing.to_vec(), SecretOrigin::Typed),
        NOW.to_string().as_bytes(),
        BODY,
    );
    let head = head(&[("X-Webhook-Signature".to_owned(), value), ("X-Webhook-Timestamp".to_owned(), NOW.to_string())]);
    let request = Request {
        head: &head,
        body: BODY,
        received_at: Timestamp::from_second(NOW + 3).unwrap(),
        intake: &Intake::Complete,
        scheme: &scheme,
        secrets: &[&own],
        others: &[],
        history: &History::default(),
    };
    let diagnosis = diagnose(&request, &Budget { depth: Depth::One, ..Budget::default() });
    assert!(diagnosis.is_proved(), "{diagnosis:#?}");
    diagnosis.causes[0].fix.clone()
}

#[test]
fn advice_about_a_prefix_knows_which_side_has_it() {
    let text = "0123456789abcdef0123";
    assert_eq!(
        advice("github", &format!("Bearer {text}"), text.as_bytes()),
        "Remove `Bearer ` from the secret that is configured here."
    );
    assert!(advice("github", &format!("whsec_{text}"), text.as_bytes()).starts_with("Remove `whsec_` from the secret"));
    assert_eq!(
        advice("github", text, format!("whsec_{text}").as_bytes()),
        "Configure the secret with its prefix `whsec_`, as the signing side has it."
    );
    let encoded = "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0";
    let fix = advice("standard-webhooks", &format!("whsec_{encoded}"), encoded.as_bytes());
    assert!(fix.contains("what follows `whsec_` is not the key as it stands"), "{fix}");
    let fix = advice("standard-webhooks", encoded, encoded.as_bytes());
    assert!(fix.starts_with("Decode the secret on the signing side, as the scheme does: "), "{fix}");
    let fix = advice("standard-webhooks", &format!("Bearer {encoded}"), b"secretsecretsecretsecret");
    assert_eq!(fix, "Remove `Bearer ` from the secret that is configured here.");
}

#[test]
fn no_sentence_of_advice_is_repeated() {
    let diagnosis = told("shopify", |value| {
        let bytes = base64::Engine::decode(&base64::prelude::BASE64_STANDARD, value).unwrap();
        format!("\"{}\"", hex::encode(bytes))
    });
    assert_eq!(diagnosis.causes[0].changes.len(), 2, "{diagnosis:#?}");
    assert_eq!(diagnosis.causes[0].fix, "Write the signature as base64.");
}

/// A digest as programs print its bytes, in the sender's header.
#[test]
fn a_digest_that_was_printed_into_the_header_is_read() {
    let body = br#"{"id":7}"#;
    let digest = super::copies::mac(Algorithm::Sha256, b"s3cr3t-Key-0123456789abcdef", body);
    let list = |between: &str, format: fn(u8) -> String| {
        digest.iter().map(|&byte| format(byte)).collect::<Vec<_>>().join(between)
    };
    let plain = |byte: u8| byte.to_string();
    for (value, how) in [
        (format!("<Buffer {}>", list(" ", |byte| format!("{byte:02x}"))), "Node's Buffer"),
        (format!("{{\"type\":\"Buffer\",\"data\":[{}]}}", list(",", plain)), "Node's Buffer as JSON"),
        (list(",", plain), ""),
        (format!("[{}]", list(" ", plain)), ""),
        (format!("[{}]", list(", ", |byte| (byte as i8).to_string())), ""),
        (format!("b'{}'", list("", |byte| format!("\\x{byte:02x}"))), "Python bytes"),
        (format!("sha256=<Buffer {}>", list(" ", |byte| format!("{byte:02x}"))), "Node's Buffer"),
    ] {
        let told =
            super::copies::told("github", b"s3cr3t-Key-0123456789abcdef", &[("X-Hub-Signature-256", &value)], body);
        let all = super::copies::causes(&told);
        let is_named = all[0].starts_with("signature_encoding: ") && all[0].contains("as a program prints its bytes");
        assert!(is_named && all[0].contains(how), "{value}: {all:#?}");
        assert!(told.is_proved());
    }
}

#[test]
fn an_object_in_the_place_of_the_digest_is_named_with_what_to_print() {
    for (value, words) in [
        ("[object Promise]", "await it"),
        ("[object ArrayBuffer]", "Buffer.from(buffer).toString('hex')"),
        ("[B@6d06d69c", "HexFormat"),
        ("System.Byte[]", "Convert.ToHexString"),
        ("sha256=[object Promise]", "await it"),
    ] {
        let told = super::copies::told("github", b"key-of-github", &[("X-Hub-Signature-256", value)], b"{}");
        let all = super::copies::causes(&told);
        assert!(all[0].starts_with("signature_malformed: ") && all[0].contains(words), "{value}: {all:#?}");
    }
}
