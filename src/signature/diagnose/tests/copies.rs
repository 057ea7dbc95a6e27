//! A sender that is right, and a secret that was configured in another way than it is: what is odd about the secret is the
//! cause, and not what the scheme does anyway.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use jiff::Timestamp;
use proptest::prelude::*;

use super::super::*;
use crate::signature::{Algorithm, SecretOrigin, catalogue};

const BODY: &[u8] = br#"{"id":"evt_1","amount":1.10}"#;
const KEY: &[u8] = b"0123456789abcdef0123456789abcdef";

/// What is said of this value of the scheme's header under a secret.
pub(in crate::signature::diagnose) fn told(
    scheme: &str,
    secret: &[u8],
    fields: &[(&str, &str)],
    body: &[u8],
) -> Diagnosis {
    at_depth(Depth::Pairs, scheme, secret, fields, body)
}

pub(in crate::signature::diagnose) fn at_depth(
    depth: Depth,
    scheme: &str,
    secret: &[u8],
    fields: &[(&str, &str)],
    body: &[u8],
) -> Diagnosis {
    let mut scheme = catalogue::named(scheme).unwrap();
    if scheme.signs_url() {
        scheme.url = Some("https://app.example.com/hook?x=1".to_owned());
    }
    let mut text = "POST /hook?x=1 HTTP/1.1\r\nHost: app.example.com\r\n".to_owned();
    for (name, value) in fields {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    let head = Head::from(text + "\r\n");
    let secret = Secret::new("dev", secret.to_vec(), SecretOrigin::Typed);
    let request = Request {
        head: &head,
        body,
        received_at: Timestamp::from_second(1_795_953_605).unwrap(),
        intake: &Intake::Complete,
        scheme: &scheme,
        secrets: &[&secret],
        others: &[],
        history: &History::default(),
    };
    diagnose(&request, &Budget { depth, ..Budget::default() })
}

pub(in crate::signature::diagnose) fn mac(algorithm: Algorithm, key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut state = algorithm.keyed(key);
    state.update(message);
    state.finish()
}

/// Every cause, as its codes and its words.
pub(in crate::signature::diagnose) fn causes(diagnosis: &Diagnosis) -> Vec<String> {
    let told = |cause: &Cause| {
        let codes: Vec<&str> = cause.changes.iter().map(|change| change.code.code()).collect();
        format!("{}: {}", codes.join("+"), cause.summary)
    };
    diagnosis.causes.iter().map(told).collect()
}

fn teams(secret: &[u8]) -> Diagnosis {
    let value = format!("HMAC {}", BASE64_STANDARD.encode(mac(Algorithm::Sha256, KEY, BODY)));
    told("teams-outgoing", secret, &[("Authorization", &value)], BODY)
}

fn github(secret: &[u8]) -> Diagnosis {
    let value = format!("sha256={}", hex::encode(mac(Algorithm::Sha256, b"s3cr3t-Key-0123456789abcdef", BODY)));
    told("github", secret, &[("X-Hub-Signature-256", &value)], BODY)
}

#[test]
fn a_damaged_secret_that_is_decoded_is_said_to_be_damaged() {
    let right = BASE64_STANDARD.encode(KEY);
    assert!(right.ends_with('='));
    for (secret, words) in [
        (right.trim_end_matches('=').to_owned(), "its padding (=) is missing"),
        (format!("{right}="), "it has too much padding"),
        (format!("{right},"), "it has `,` at byte 45"),
        (format!("{right};"), "it has `;` at byte 45"),
        (format!("{}.{}", &right[..8], &right[8..]), "it has `.` at byte 9"),
        (format!("{},", right.trim_end_matches('=')), "its padding (=) is missing"),
        // 0x66 ends in two bits of a third character: `Y` and `Z` decode to the same byte.
        (right.replace("Y=", "Z="), "its last character has bits"),
    ] {
        let all = causes(&teams(secret.as_bytes()));
        assert!(
            all.len() == 1 && all[0].starts_with("secret_miscopied: ") && all[0].contains(words),
            "{secret}: {all:#?}"
        );
    }
    for (secret, code) in [
        (format!("\"{right}\""), "secret_quoted"),
        (format!("{right}\n"), "secret_whitespace"),
        (format!("\u{201c}{right}\u{201d}"), "secret_quoted"),
        (format!("\u{feff}{right}"), "secret_hidden_chars"),
    ] {
        let all = causes(&teams(secret.as_bytes()));
        assert!(all.len() == 1 && all[0].starts_with(code), "{secret}: {all:#?}");
    }
}

#[test]
fn a_secret_for_urls_is_said_to_be_one() {
    let key = b"\xfb\xef\xbe\xff\xff\xff\x01\x02\x03\x04\x05\x06";
    let secret = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(key);
    assert!(secret.contains(['-', '_']));
    let stamp = "1795953600";
    let content = [b"msg_1.", stamp.as_bytes(), b".", BODY].concat();
    let value = format!("v1,{}", BASE64_STANDARD.encode(mac(Algorithm::Sha256, key, &content)));
    let fields = [("webhook-id", "msg_1"), ("webhook-timestamp", stamp), ("webhook-signature", value.as_str())];
    for secret in [format!("whsec_{secret}"), format!("whsec_{secret},")] {
        let all = causes(&told("standard-webhooks", secret.as_bytes(), &fields, BODY));
        let is_told = all[0].starts_with("secret_miscopied: ") && all[0].contains("base64url");
        assert!(all.len() == 1 && is_told, "{secret}: {all:#?}");
    }
}

#[test]
fn what_surrounds_a_secret_is_taken_off() {
    const TEXT: &str = "s3cr3t-Key-0123456789abcdef";
    let utf16 = |text: &str, mark: &[u8]| -> Vec<u8> {
        mark.iter().copied().chain(text.encode_utf16().flat_map(u16::to_le_bytes)).collect()
    };
    for (secret, code, words) in [
        (format!("{TEXT},").into_bytes(), "secret_miscopied", "ends in a comma"),
        (format!("{TEXT};\n").into_bytes(), "secret_miscopied", "ends in a semicolon"),
        (format!("\"{TEXT}\",").into_bytes(), "secret_miscopied", "is wrapped in \""),
        (format!("'{TEXT}';").into_bytes(), "secret_miscopied", "ends in a semicolon"),
        (format!("GITHUB_SECRET={TEXT}").into_bytes(), "secret_miscopied", "the name of a variable"),
        (format!("export GITHUB_SECRET=\"{TEXT}\"\n").into_bytes(), "secret_miscopied", "the name of a variable"),
        (format!("$env:GITHUB_SECRET = '{TEXT}'").into_bytes(), "secret_miscopied", "the name of a variable"),
        (format!("\"githubSecret\": \"{TEXT}\",").into_bytes(), "secret_miscopied", "the name of a variable"),
        (format!("github_secret: {TEXT}\n").into_bytes(), "secret_miscopied", "the name of a variable"),
        (format!("const secret = \"{TEXT}\";").into_bytes(), "secret_miscopied", "the name of a variable"),
        (format!("<{TEXT}>").into_bytes(), "secret_miscopied", "is wrapped in < >"),
        (format!("# ours\n{TEXT}\n").into_bytes(), "secret_miscopied", "has several lines"),
        (format!("A=1\nSECRET='{TEXT}'\n").into_bytes(), "secret_miscopied", "has several lines"),
        (format!("{{\"id\": 1, \"secret\": \"{TEXT}\"}}").into_bytes(), "secret_miscopied", "is a JSON object"),
        (TEXT.repeat(2).into_bytes(), "secret_miscopied", "has its text twice"),
        (format!("\u{201c}{TEXT}\u{201d}").into_bytes(), "secret_quoted", "\u{201c} \u{201d}"),
        (format!("\\\"{TEXT}\\\"").into_bytes(), "secret_quoted", "is wrapped in \\\""),
        (utf16(&format!("{TEXT}\r\n"), b"\xff\xfe"), "secret_hidden_chars", "UTF-16 text with a byte order mark"),
        (utf16(TEXT, b""), "secret_hidden_chars", "is UTF-16 text"),
        (format!("\u{feff}{TEXT}\r\n").into_bytes(), "secret_hidden_chars", "begins with a byte order mark"),
    ] {
        let shown = String::from_utf8_lossy(&secret).into_owned();
        let all = causes(&github(&secret));
        assert!(all[0].starts_with(&format!("{code}: ")) && all[0].contains(words), "{shown:?}: {all:#?}");
        assert!(!all[0].contains("s3cr3t") && !all[0].contains("GITHUB"), "{all:#?}");
    }
    // A text that means itself and something else.
    let value = format!("sha256={}", hex::encode(mac(Algorithm::Sha256, b"a/b+c&d=e f", BODY)));
    let fields = [("X-Hub-Signature-256", value.as_str())];
    for (secret, words) in [("a%2Fb%2bc%26d%3De%20f", "is percent-encoded"), ("a/b+c&amp;d=e f", "of HTML")] {
        let all = causes(&told("github", secret.as_bytes(), &fields, BODY));
        assert!(all[0].starts_with("secret_escaped: ") && all[0].contains(words), "{secret}: {all:#?}");
    }
}

/// What changes nothing explains nothing.
#[test]
fn letter_case_is_no_cause_where_there_is_none() {
    let secret = "abcd1234abcd1234abcd1234abcd1234abcd1234abc=";
    for secret in [secret.to_owned(), secret.to_uppercase()] {
        let value = format!("HMAC {}", BASE64_STANDARD.encode(mac(Algorithm::Sha256, secret.as_bytes(), BODY)));
        let diagnosis = told("teams-outgoing", secret.as_bytes(), &[("Authorization", &value)], BODY);
        let all = causes(&diagnosis);
        assert!(all.len() == 1 && all[0].starts_with("secret_base64: "), "{all:#?}");
    }
}

proptest! {
    /// No text makes it fail, nor take long: what is within is shorter than what is around it.
    #[test]
    fn any_secret_is_looked_at(
        secret in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..60),
            "[\"'`<>=,;: \\\\%a-z\n\u{201c}\u{201d}]{0,60}".prop_map(String::into_bytes),
        ]
    ) {
        let mut texts = 0;
        miscopied::list(&secret, &mut |text, why| {
            texts += 1;
            assert!(text.len() <= 3 * secret.len() && !why.detail.is_empty());
        });
        prop_assert!(texts <= 100, "{texts}");
    }

    /// A clean secret costs nothing.
    #[test]
    fn a_clean_secret_has_nothing_within(secret in "[A-Za-z0-9_+/-]{1,60}={0,2}") {
        let is_twice = |text: &[u8]| text[..text.len() / 2] == text[text.len() / 2..];
        prop_assume!(!is_twice(secret.as_bytes()));
        miscopied::list(secret.as_bytes(), &mut |_, why| panic!("{}", why.detail));
    }
}
