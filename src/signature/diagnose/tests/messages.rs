//! HTTP Message Signatures: what is not covered, the body's digest, and which other value was signed.

use jiff::Timestamp;

use super::super::axis::Why;
use super::super::*;
use crate::signature::{Algorithm, Encoding, SchemeDescription, SecretOrigin};

const NOW: i64 = 1_618_884_480;
const SECRET: &str = "a shared secret of some length";
const BODY: &[u8] = b"{ \"hello\": \"world\" }";

fn scheme(more: &str) -> Scheme {
    let toml = format!("signature = \"header:Signature\"\nalgorithm = \"rfc9421\"\n{more}");
    toml::from_str::<SchemeDescription>(&toml).unwrap().scheme().unwrap()
}

fn digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", Encoding::Base64.encode(&Algorithm::Sha256.hash(|sink| sink(body))))
}

fn sign(key: &str, base: &str) -> String {
    let mut state = Algorithm::Sha256.keyed(key.as_bytes());
    state.update(base.as_bytes());
    Encoding::Base64.encode(&state.finish())
}

const INPUT: &str = "(\"@method\" \"@target-uri\" \"content-type\" \"content-digest\");created=1618884473";

/// The base of a request as it arrives.
fn base(body: &[u8]) -> String {
    format!(
        "\"@method\": POST\n\"@target-uri\": https://hooks.example/in?a=1\n\"content-type\": application/json\n\
         \"content-digest\": {}\n\"@signature-params\": {INPUT}",
        digest(body)
    )
}

/// The diagnosis where this base was signed, and this digest sent.
fn run(scheme: &Scheme, base: &str, sent: &str, key: &str) -> Diagnosis {
    let secret = |label: &str, text: &str| Secret::new(label, text.as_bytes().to_vec(), SecretOrigin::Typed);
    let (own, other) = (secret("own", SECRET), secret("other", "the secret of another webhook"));
    let head = Head::from(format!(
        "POST /in?a=1 HTTP/1.1\r\nHost: hooks.example\r\nX-Forwarded-Host: public.example\r\n\
         Content-Type: application/json\r\nContent-Digest: {sent}\r\nSignature-Input: s={INPUT}\r\n\
         Signature: s=:{}:\r\n\r\n",
        sign(key, base)
    ));
    let request = Request {
        head: &head,
        body: BODY,
        received_at: Timestamp::from_second(NOW).unwrap(),
        intake: &Intake::Complete,
        scheme,
        secrets: &[&own],
        others: &[&other],
        history: &History::default(),
    };
    diagnose(&request, &Budget::default())
}

#[track_caller]
fn assert_told(found: &Diagnosis, code: &str, words: &str) {
    let cause = found.causes.first().unwrap_or_else(|| panic!("{found:#?}"));
    let codes: Vec<&str> = cause.changes.iter().map(|change| change.code.code()).collect();
    assert_eq!(codes, [code], "{found:#?}");
    assert!(found.is_proved() && cause.summary.contains(words), "{}", cause.summary);
}

#[test]
fn what_was_signed_instead_is_named() {
    let plain = scheme("");
    let told = |base: &str| run(&plain, base, &digest(BODY), SECRET);
    assert!(told(&base(BODY)).causes.is_empty());
    let own = base(BODY);
    assert_told(&told(&own.replace("hooks.example", "public.example")), "url_differs", "https://public.example/in");
    assert_told(&told(&own.replace("https:", "http:")), "url_differs", "http://hooks.example/in");
    assert_told(&told(&own.replace("/in?a=1", "/in")), "url_differs", "without the query");
    assert_told(&told(&own.replace("POST", "post")), "content_template", "@method was signed as “post”");
    assert_told(
        &told(&own.replace("application/json", "application/json; charset=utf-8")),
        "content_template",
        "content-type was signed as",
    );
    assert_told(&told(&format!("{own}\n")), "content_template", "a line end after it");
    let unquoted: Vec<String> = own.lines().map(|line| line.replacen('"', "", 1).replacen("\": ", ": ", 1)).collect();
    assert_told(&told(&unquoted.join("\n")), "content_template", "without quotation marks");
    assert_told(&told(&unquoted[..4].join("\n")), "content_template", "without @signature-params");
    let labelled = own.replace("@signature-params\": ", "@signature-params\": s=");
    assert_told(&told(&labelled), "content_template", "with the label of the signature");
    assert_told(
        &run(&plain, &own, &digest(BODY), "the secret of another webhook"),
        "wrong_secret",
        "belongs to another webhook",
    );
    assert_told(&run(&plain, &own, &digest(BODY), &format!("{SECRET}\n")), "secret_whitespace", "a newline");
    let stranger = run(&plain, &own, &digest(BODY), "who knows");
    assert!(!stranger.is_proved() && stranger.causes[0].changes[0].code == CauseCode::Unexplained, "{stranger:#?}");
    assert!(!told(&own.replace("hooks", "elsewhere")).is_proved());
}

#[test]
fn what_to_sign_is_said_although_there_is_no_template() {
    let found = run(&scheme(""), &format!("{}\n", base(BODY)), &digest(BODY), SECRET);
    let fix = &found.causes[0].fix;
    assert!(fix.starts_with("Sign the signature base (RFC 9421, section 2.5)") && fix.contains("line feeds"), "{fix}");
    for code in CauseCode::ALL {
        let why = Why::new(*code, 0, "");
        for mistaken in [fixes::Mistaken::Sender, fixes::Mistaken::Server] {
            let context = fixes::AdviceContext { scheme: &scheme(""), is_form: false, mistaken };
            let advice = fixes::advice(&why, context);
            assert!(!advice.contains(" ,") && !advice.contains(" ;"), "{code:?}: {advice}");
        }
    }
}

#[test]
fn an_older_digest_in_place_of_the_covered_one_is_named() {
    let secret = Secret::new("own", SECRET.as_bytes().to_vec(), SecretOrigin::Typed);
    let head = Head::from(format!(
        "POST /in?a=1 HTTP/1.1\r\nHost: hooks.example\r\nContent-Type: application/json\r\nDigest: {}\r\n\
         Signature-Input: s={INPUT}\r\nSignature: s=:{}:\r\n\r\n",
        digest(BODY),
        sign(SECRET, &base(BODY))
    ));
    let request = Request {
        head: &head,
        body: BODY,
        received_at: Timestamp::from_second(NOW).unwrap(),
        intake: &Intake::Complete,
        scheme: &scheme(""),
        secrets: &[&secret],
        others: &[],
        history: &History::default(),
    };
    let found = diagnose(&request, &Budget::default());
    assert_eq!(found.causes.len(), 1, "{found:#?}");
    assert_eq!(found.causes[0].changes[0].code, CauseCode::SignedPartMissing);
    assert!(found.causes[0].summary.contains("the request has Digest (RFC 3230)"), "{}", found.causes[0].summary);
}

#[test]
fn a_valid_signature_over_what_does_not_fit_is_said_so() {
    let plain = scheme("");
    let compact = b"{\"hello\":\"world\"}";
    assert_told(&run(&plain, &base(compact), &digest(compact), SECRET), "body_reserialized", "re-serialised");
    assert_told(&run(&plain, &base(b"other"), &digest(b"other"), SECRET), "signed_value_differs", "Content-Digest");
    let hash = Algorithm::Sha256.hash(|sink| sink(BODY));
    for written in [hex::encode(&hash), hex::encode_upper(&hash)] {
        let sent = format!("sha-256=:{written}:");
        let signed = base(BODY).replace(&digest(BODY), &sent);
        assert_told(
            &run(&plain, &signed, &sent, SECRET),
            "signed_value_differs",
            "in hexadecimal digits, not in base64",
        );
    }
    let strict = scheme("components = [\"content-digest\", \"@path\"]");
    let found = run(&strict, &base(BODY), &digest(BODY), SECRET);
    assert_told(&found, "content_template", "does not cover @path");
    assert_eq!(found.causes[0].kind, CauseKind::Alarm);
}
