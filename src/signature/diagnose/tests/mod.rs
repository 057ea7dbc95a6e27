//! Each cause, from requests that were really signed that way.

mod any_scheme;
mod contents;
pub(super) mod copies;
mod fields;
mod frameworks;
mod messages;
mod names;
mod places;
mod public_keys;
mod schemes;
mod senders;
mod sides;
mod tokens;
mod values;
mod wrappings;

use jiff::Timestamp;
use rstest::rstest;

use super::*;
use crate::signature::{SecretOrigin, SignatureValue, sign};

pub(super) const SECRET: &str = "a webhook secret of some length";
pub(super) const BODY: &str = "{ \"event\": \"desktop.app_tracking.captured\", \"n\": 1.0, \"name\": \"Caf\u{e9} / <b>\", \"none\": null,\n  \"timestamp\": 1746123456123, \"data\": {\"b\": [1, 2.50], \"a\": \"x\"} }";

pub(super) fn secret(bytes: &[u8]) -> Secret {
    Secret::new("dev", bytes.to_vec(), SecretOrigin::Typed)
}

/// One request and what it is judged by.
pub(super) struct Case {
    pub(super) fields: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
    pub(super) secrets: Vec<Secret>,
    pub(super) others: Vec<Secret>,
    pub(super) depth: Depth,
    pub(super) target: String,
}

impl Case {
    pub(super) fn new(signature: &str, timestamp: &str, body: &[u8]) -> Self {
        Self {
            fields: vec![
                ("X-Webhook-Signature".to_owned(), signature.to_owned()),
                ("X-Webhook-Timestamp".to_owned(), timestamp.to_owned()),
            ],
            body: body.to_vec(),
            secrets: vec![secret(SECRET.as_bytes())],
            others: Vec::new(),
            depth: Depth::One,
            target: "/webhooks/trackpilots".to_owned(),
        }
    }

    pub(super) fn run(&self) -> Diagnosis {
        self.run_within(&Budget { depth: self.depth, ..Budget::default() })
    }

    pub(super) fn run_within(&self, budget: &Budget<'_>) -> Diagnosis {
        let mut text = format!("POST {} HTTP/1.1\r\nHost: hooks.example\r\n", self.target);
        for (name, value) in &self.fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        let head = Head::from(text + "\r\n");
        let secrets: Vec<&Secret> = self.secrets.iter().collect();
        let others: Vec<&Secret> = self.others.iter().collect();
        let request = Request {
            head: &head,
            body: &self.body,
            received_at: Timestamp::from_second(1_746_123_460).unwrap(),
            intake: &Intake::Complete,
            scheme: &Scheme::default(),
            secrets: &secrets,
            others: &others,
            history: &History::default(),
        };
        diagnose(&request, budget)
    }
}

const T: &str = "1746123456";

/// The codes of the first cause.
pub(super) fn first(diagnosis: &Diagnosis) -> Vec<&'static str> {
    diagnosis
        .causes
        .first()
        .map(|cause| cause.changes.iter().map(|change| change.code.code()).collect())
        .unwrap_or_default()
}

#[test]
fn a_right_delivery_has_no_cause() {
    let signature = sign(&secret(SECRET.as_bytes()), T.as_bytes(), BODY.as_bytes());
    let diagnosis = Case::new(&signature, T, BODY.as_bytes()).run();
    assert_eq!(diagnosis.verdict.code(), "verified");
    assert!(diagnosis.causes.is_empty() && diagnosis.complete);
}

#[rstest]
#[case("test", "found 4 bytes")]
#[case("undefined", "found 9 bytes")]
#[case("sha256=", "found 7 bytes")]
#[case("8f14e45fceea167a5a36dedd4bea2543", "the length of HMAC-MD5")]
#[case("da39a3ee5e6b4b0d3255bfef95601890afd80709", "the length of HMAC-SHA1")]
#[case("0f4c1a7e-3a70-4cf7-9d7d-1c4a2f3b9d10", "found 36 bytes")]
#[case(&"zz".repeat(32), "not a hexadecimal digit")]
fn what_can_be_no_signature_is_said_to_be_none(#[case] value: &str, #[case] words: &str) {
    let diagnosis = Case::new(value, T, BODY.as_bytes()).run();
    assert_eq!(first(&diagnosis), ["signature_malformed"], "{value}");
    assert!(diagnosis.causes[0].summary.contains(words), "{:#?}", diagnosis.causes);
    assert!(diagnosis.causes.len() == 1 && !diagnosis.is_proved());
}

#[test]
fn a_digest_in_any_form_may_be_another_secret_s() {
    use base64::Engine as _;
    let bytes = [0xd7; 32];
    let digits = hex::encode(bytes);
    let standard = base64::prelude::BASE64_STANDARD.encode(bytes);
    let with_prefix = format!("sha256={digits}");
    for value in [&digits, &digits.to_uppercase(), &standard, &with_prefix] {
        assert_eq!(first(&Case::new(value, T, BODY.as_bytes()).run()), ["unexplained"], "{value}");
    }
}

#[test]
fn a_stranger_is_unexplained() {
    let signature = sign(&secret(b"who knows"), T.as_bytes(), BODY.as_bytes());
    let diagnosis = Case { depth: Depth::Pairs, ..Case::new(&signature, T, BODY.as_bytes()) }.run();
    assert_eq!(first(&diagnosis), ["unexplained"]);
    assert!(diagnosis.complete && !diagnosis.is_proved());
}

#[test]
fn what_the_size_of_a_body_keeps_from_being_tried_is_said() {
    let signature = sign(&secret(b"who knows"), T.as_bytes(), b"another body");
    let not_tried = |body: &[u8], coding: &str| {
        let mut case = Case::new(&signature, T, body);
        case.fields.push(("Content-Encoding".to_owned(), coding.to_owned()));
        let diagnosis = case.run_within(&Budget { depth: Depth::One, max_candidates: 2, ..Budget::default() });
        let said = diagnosis.evidence.into_iter().filter(|evidence| evidence.code == "not_tried");
        said.map(|evidence| evidence.text).collect::<Vec<_>>()
    };
    assert_eq!(not_tried(b"{}", "identity"), Vec::<String>::new());
    let large = not_tried(&vec![b'x'; 16 << 20], "identity");
    assert!(large.len() == 1 && large[0].contains("larger than 16 MiB"), "{large:?}");
    let packed = not_tried(b"\x1f\x8b\x08 no such thing", "gzip");
    assert!(packed.len() == 1 && packed[0].contains("inflated as gzip within 8 MiB"), "{packed:?}");
}

#[test]
fn json_stringify_is_found() {
    let compact = r#"{"event":"desktop.app_tracking.captured","n":1,"name":"Café / <b>","none":null,"timestamp":1746123456123,"data":{"b":[1,2.5],"a":"x"}}"#;
    let signature = sign(&secret(SECRET.as_bytes()), T.as_bytes(), compact.as_bytes());
    let diagnosis = Case::new(&signature, T, BODY.as_bytes()).run();
    assert_eq!(first(&diagnosis), ["body_reserialized"], "{diagnosis:#?}");
    let change = &diagnosis.causes[0].changes[0];
    assert_eq!(change.names[0], "JavaScript JSON.stringify");
    assert_eq!(change.at.as_ref().map(|place| place.offset), Some(1));
}

/// Lemon Squeezy's published digest is that of the body as PHP writes it, with `\/`. Its scheme signs
/// no timestamp, so that none is missed.
#[test]
fn slashes_that_php_escaped_are_found() {
    let received = br#"{"links":{"self":"https://api.lemonsqueezy.com/v1/subscriptions/xyz"}}"#;
    let digest = "fcf1dea9cb1cf586e990dd7b481feeb36cd17548eac0180882c97a5949146679";
    let (configured, stranger) = (secret(b"abd1285d"), secret(b"who knows"));
    let head = Head::from(format!("POST / HTTP/1.1\r\nX-Signature: {digest}\r\n\r\n"));
    let scheme = Scheme {
        signature: SignatureValue::header("X-Signature"),
        timestamp: None,
        content: "{body}".parse().unwrap(),
        ..Scheme::default()
    };
    let request = Request {
        head: &head,
        body: received,
        received_at: Timestamp::UNIX_EPOCH,
        intake: &Intake::Complete,
        scheme: &scheme,
        secrets: &[&configured],
        others: &[],
        history: &History::default(),
    };
    let diagnosis = diagnose(&request, &Budget { depth: Depth::One, ..Budget::default() });
    assert_eq!(first(&diagnosis), ["body_reserialized"], "{diagnosis:#?}");
    let change = &diagnosis.causes[0].changes[0];
    assert!(change.names[0].starts_with("PHP json_encode"), "{:?}", change.names);
    assert_eq!(change.at.as_ref().map(|place| place.offset), Some(24));

    let unexplained = diagnose(&Request { secrets: &[&stranger], ..request }, &Budget::default());
    assert_eq!(unexplained.causes.len(), 1, "{:#?}", unexplained.causes);
    assert_eq!(first(&unexplained), ["unexplained"]);
}

#[test]
fn two_changes_are_told_as_a_list() {
    let compact = r#"{"event":"desktop.app_tracking.captured","n":1,"name":"Café / <b>","none":null,"timestamp":1746123456123,"data":{"b":[1,2.5],"a":"x"}}"#;
    let signature = sign(&secret(SECRET.as_bytes()), T.as_bytes(), compact.as_bytes());
    let diagnosis = Case { depth: Depth::Pairs, ..Case::new(&signature, "1746123456789", BODY.as_bytes()) }.run();
    assert_eq!(first(&diagnosis), ["timestamp_unit", "body_reserialized"], "{diagnosis:#?}");
}

#[derive(serde::Deserialize)]
struct Vector {
    code: String,
    signer: String,
    headers: Vec<(String, String)>,
    body: String,
    secret: String,
    others: Vec<String>,
    kind: String,
    target: String,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("../../../../assets/fixtures/signature-vectors.json")).unwrap()
}

fn decoded(text: &str) -> Vec<u8> {
    base64::Engine::decode(&base64::prelude::BASE64_STANDARD, text).unwrap()
}

fn case_of(vector: &Vector) -> Case {
    let other = |text: &String| Secret::new("other", decoded(text), SecretOrigin::Typed);
    Case {
        fields: vector.headers.clone(),
        secrets: vec![secret(&decoded(&vector.secret))],
        others: vector.others.iter().map(other).collect(),
        target: vector.target.clone(),
        ..Case::new("", "", &decoded(&vector.body))
    }
}

/// Signed by the languages themselves; `tests/fixtures-src/signature/vectors.py` recorded them.
#[test]
fn every_way_to_sign_wrongly_is_explained() {
    let mut wrong = Vec::new();
    for (number, vector) in vectors().iter().enumerate() {
        let diagnosis = case_of(vector).run();
        let codes = first(&diagnosis);
        let kind = diagnosis.causes.first().map_or("none", |cause| cause.kind.code());
        let kind_fits = kind == vector.kind || (vector.signer != "Python" && kind == "alarm");
        if !codes.contains(&vector.code.as_str()) || !kind_fits {
            let headers = &vector.headers;
            wrong.push(format!(
                "{number} {} by {}, {}: {codes:?} {kind} {headers:?}",
                vector.code, vector.signer, vector.kind
            ));
        }
    }
    assert!(wrong.is_empty(), "{} differ:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn every_code_has_a_vector() {
    let vectors = vectors();
    for code in CauseCode::ALL {
        // The vectors' scheme signs no URL, and has no public key and no claims: those are tried under schemes that do. A
        // secret that is miscopied here is no sender's.
        let is_of_others = matches!(
            code,
            CauseCode::UrlDiffers
                | CauseCode::SignedPartMissing
                | CauseCode::OtherScheme
                | CauseCode::PublicKeyUnusable
                | CauseCode::PrivateKeyGiven
                | CauseCode::SignedValueDiffers
                | CauseCode::SecretMiscopied
        );
        let is_tried = is_of_others || vectors.iter().any(|vector| vector.code == code.code());
        assert!(is_tried, "{code:?}");
    }
}

/// Neither the configured secrets nor any digest they would yield are in what is said.
#[test]
fn nothing_said_gives_a_secret_or_a_digest_away() {
    for vector in vectors() {
        let case = case_of(&vector);
        let diagnosis = case.run();
        let said = format!("{diagnosis:?}{}", serde_json::to_string(&diagnosis).unwrap());
        let key = String::from_utf8_lossy(case.secrets[0].expose()).trim().to_owned();
        assert!(!said.contains(&key), "{}", vector.code);
        let right = sign(&case.secrets[0], T.as_bytes(), &case.body);
        let received = vector.headers.iter().any(|(_, value)| value.contains(&right));
        assert!(received || !said.contains(&right), "{}", vector.code);
    }
}

#[test]
fn pairs_of_every_two_parts_are_found() {
    let key = secret(SECRET.as_bytes());
    let run = |signature: &str, timestamp: &str, configured: &[u8], body: &[u8]| {
        let case =
            Case { depth: Depth::Pairs, secrets: vec![secret(configured)], ..Case::new(signature, timestamp, body) };
        first(&case.run())
    };
    let body = BODY.as_bytes();
    let newline = [body, b"\n"].concat();
    let with_newline = sign(&key, T.as_bytes(), &newline);
    assert_eq!(
        run(&with_newline, T, b"a webhook secret of some length\n", body),
        ["secret_whitespace", "body_newline"]
    );
    let right = sign(&key, T.as_bytes(), body);
    assert_eq!(
        run(&right, "1746123456789", b"a webhook secret of some length\n", body),
        ["secret_whitespace", "timestamp_unit"]
    );
    let slack = key.mac();
    let joined = hmac::Mac::chain_update(slack, [b"v0:1746123456:", &newline[..]].concat());
    let signature = hex::encode(hmac::Mac::finalize(joined).into_bytes());
    assert_eq!(run(&signature, T, SECRET.as_bytes(), body), ["body_newline", "content_template"]);
    assert_eq!(
        run(&right.to_uppercase(), "1746123456789", SECRET.as_bytes(), body),
        ["signature_encoding", "timestamp_unit"]
    );
    let dumped = b"{\"a\": 1}\n";
    assert_eq!(
        run(&sign(&key, T.as_bytes(), dumped), T, SECRET.as_bytes(), b"{\"a\":1}"),
        ["body_reserialized", "body_newline"]
    );
}

#[test]
fn triples_and_near_clock_readings_are_found_on_request() {
    let key = secret(SECRET.as_bytes());
    let signature = sign(&key, T.as_bytes(), b"{\"a\": 1}");
    let mut case = Case::new(&signature, "1746123456789", b"{\"a\":1}");
    case.secrets = vec![secret(b"a webhook secret of some length\n")];
    case.depth = Depth::Pairs;
    assert_eq!(first(&case.run()), ["unexplained"]);
    case.depth = Depth::Triples;
    assert_eq!(first(&case.run()), ["secret_whitespace", "timestamp_unit", "body_reserialized"]);
    let near = |signed: &str, depth| {
        let mut case = Case::new(&sign(&key, signed.as_bytes(), b"{}"), T, b"{}");
        case.depth = depth;
        case.run()
    };
    assert_eq!(first(&near("1746123300", Depth::Deep)), ["timestamp_differs"]);
    // `Date.now()` signed, its seconds sent: found without being asked to.
    assert_eq!(first(&near("1746123456417", Depth::Pairs)), ["timestamp_unit"]);
}

#[test]
fn a_tools_whole_output_in_the_header_is_read() {
    let key = secret(SECRET.as_bytes());
    let digits = sign(&key, T.as_bytes(), b"{}");
    for header in [format!("SHA2-256(stdin)= {digits}"), format!("{digits} *stdin"), format!("b'{digits}'")] {
        assert_eq!(first(&Case::new(&header, T, b"{}").run()), ["signature_encoding"], "{header}");
    }
}

#[test]
fn digits_that_lost_their_zeroes_are_read() {
    let key = secret(SECRET.as_bytes());
    let bytes = |signature: &str| hex::decode(signature).unwrap();
    // A body whose digest begins with a zero, and has another byte that does.
    let body = (0..).map(|number| format!("[{number}]")).find(|body| {
        let digest = bytes(&sign(&key, T.as_bytes(), body.as_bytes()));
        (1..16).contains(&digest[0]) && digest[1] >= 16 && digest[2..].iter().any(|byte| *byte < 16)
    });
    let body = body.unwrap();
    let whole = sign(&key, T.as_bytes(), body.as_bytes());
    let each: String = bytes(&whole).iter().map(|byte| format!("{byte:x}")).collect();
    for header in [each.clone(), each.to_uppercase(), whole[1..].to_owned(), format!("sha256={each}")] {
        let found = Case::new(&header, T, body.as_bytes()).run();
        assert!(first(&found).contains(&"signature_encoding"), "{header}: {found:?}");
    }
    let other = Case::new(&each.chars().rev().collect::<String>(), T, body.as_bytes()).run();
    assert!(!other.is_proved(), "{other:?}");
}

#[test]
fn a_proof_is_not_blurred_by_history_and_a_timestamp_without_time_is_told() {
    let key = secret(SECRET.as_bytes());
    let found = Case::new(&sign(&key, b"undefined", b"{}"), "undefined", b"{}").run();
    assert_eq!((found.causes.len(), found.evidence.len()), (0, 1), "{found:?}");
    assert_eq!(found.evidence[0].code, "timestamp_literal");
}

#[test]
fn a_budget_ends_the_search_and_the_report_says_so() {
    let case = Case { depth: Depth::Pairs, ..Case::new(&"0".repeat(64), T, BODY.as_bytes()) };
    let diagnosis = case.run_within(&Budget { max_candidates: 50, ..Budget::default() });
    assert!(!diagnosis.complete && diagnosis.tried == 50 && diagnosis.of.unwrap() > 1000);
    assert!(diagnosis.causes[0].summary.contains("stopped after 50 of"), "{}", diagnosis.causes[0].summary);
    let told = std::cell::Cell::new(0);
    let diagnosis = case.run_within(&Budget {
        go_on: &|| told.get() < 3,
        progress: &|progress| {
            assert!(progress.tried <= progress.of);
            told.set(told.get() + 1);
        },
        ..Budget::default()
    });
    assert!(!diagnosis.complete && told.get() >= 3);
}

/// Whatever is wrong beyond repair yields no proof.
#[test]
fn strangers_and_edits_yield_not_one_proof() {
    let key = secret(SECRET.as_bytes());
    let samples: [&[u8]; 6] = [
        BODY.as_bytes(),
        include_bytes!("../../../../assets/samples/app.json"),
        include_bytes!("../../../../assets/samples/activity.json"),
        b"{}",
        b"",
        b"\xff\x00 not JSON {",
    ];
    for (number, body) in samples.into_iter().enumerate() {
        let mut edited = body.to_vec();
        match edited.iter().position(u8::is_ascii_alphabetic) {
            Some(at) => edited[at] ^= 1,
            None => edited.push(b'x'),
        }
        let strange = sign(&secret(format!("unknown {number}").as_bytes()), T.as_bytes(), body);
        let random = hex::encode(crate::signature::Algorithm::Sha256.hash(|sink| sink(&[b'r', number as u8])));
        for signature in [strange, sign(&key, T.as_bytes(), &edited), random.clone(), random[..40].to_owned()] {
            let depth = if body.len() > 1000 { Depth::One } else { Depth::Pairs };
            let case = Case { depth, ..Case::new(&signature, T, body) };
            let diagnosis = case.run();
            assert!(!diagnosis.is_proved(), "{number} {:?}", first(&diagnosis));
            let code = diagnosis.causes.last().unwrap().changes[0].code;
            let is_whole = signature.len() == 64;
            assert_eq!(code, if is_whole { CauseCode::Unexplained } else { CauseCode::SignatureMalformed });
        }
    }
}

#[test]
fn hostile_bodies_end_in_time_and_memory() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let many = format!("{{{}\"a\":1}}", "\"a\":1,".repeat(20_000));
    let broken = format!("{{\"a\":{}", "[1,".repeat(30_000));
    for body in [deep.as_bytes(), many.as_bytes(), broken.as_bytes(), &[0xff; 70_000]] {
        let diagnosis = Case::new(&"0".repeat(64), T, body).run();
        assert!(!diagnosis.is_proved() && diagnosis.complete);
    }
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(24))]
    #[test]
    fn any_request_is_diagnosed(
        signature in "[0-9a-f]{0,70}|[ -~]{0,90}",
        timestamp in "[0-9]{0,20}|[ -~]{0,30}",
        body in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..120),
    ) {
        let diagnosis = Case::new(&signature, &timestamp, &body).run();
        proptest::prop_assert!(!diagnosis.is_proved());
    }
}

#[test]
fn nothing_said_steers_a_terminal() {
    let odd = "17\u{1b}[31m46\u{202e}";
    let mut case = Case::new("\u{1b}]0;x\u{7}", odd, b"\x1b[2J{\"\xe2\x80\xae\":1}");
    case.fields.push(("X_Webhook\u{1b}Signature".to_owned(), "\u{9b}".to_owned()));
    case.others = vec![Secret::new("la\u{1b}bel", b"other secret".to_vec(), SecretOrigin::Typed)];
    let diagnosis = case.run();
    let mut said: Vec<&str> = diagnosis.evidence.iter().map(|told| told.text.as_str()).collect();
    for cause in &diagnosis.causes {
        said.extend([cause.summary.as_str(), cause.fix.as_str()]);
        for change in &cause.changes {
            said.push(&change.detail);
            said.extend(change.at.iter().flat_map(|place| [place.before.as_str(), place.after.as_str()]));
        }
    }
    assert!(!said.iter().any(|text| text.chars().any(crate::text::is_hidden)), "{said:?}");
}

#[test]
fn json_has_the_documented_names() {
    let signature = sign(&secret(SECRET.as_bytes()), b"1746123456", BODY.as_bytes());
    let json = serde_json::to_value(Case::new(&signature, "1746123456789", BODY.as_bytes()).run()).unwrap();
    assert_eq!((json["complete"].as_bool(), json["verdict"].as_str()), (Some(true), Some("mismatch")));
    assert!(json["tried"].as_u64().is_some_and(|tried| tried > 50));
    let cause = &json["causes"][0];
    assert_eq!(cause["kind"], "proof");
    assert_eq!(cause["changes"][0]["code"], "timestamp_unit");
    assert_eq!(cause["changes"][0]["detail"], "the header is in ms, seconds were signed");
    assert!(cause["summary"].is_string() && cause["fix"].is_string() && cause["secret"] == "dev");
}
