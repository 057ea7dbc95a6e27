//! Tokens, JSON and plain: each mistake is the first cause, nothing near one is a proof, and no secret is shown.

use jiff::Timestamp;
use rstest::rstest;

use super::super::*;
use super::public_keys::{private, public};
use crate::signature::public_key::{PrivateKey, PublicKeyAlgorithm};
use crate::signature::{Algorithm, Encoding, SchemeDescription, SecretOrigin, judge};

const NOW: i64 = 1_746_123_460;
const SECRET: &str = "0b1f2c3d4e5f60718293a4b5c6d7e8f9-Ab";
const BODY: &[u8] = b"{ \"id\": \"evt_1\", \"amount\": 10.50 }";

fn url64(bytes: impl AsRef<[u8]>) -> String {
    Encoding::Base64urlNopad.encode(bytes.as_ref())
}

fn unsigned(alg: &str, claims: &str) -> String {
    format!("{}.{}", url64(format!("{{\"alg\":\"{alg}\"}}")), url64(claims))
}

fn hmac(hash: Algorithm, key: &[u8], message: &str) -> Vec<u8> {
    let mut state = hash.keyed(key);
    state.update(message.as_bytes());
    state.finish()
}

/// A token of HS256 under this key.
fn token(key: &[u8], claims: &str) -> String {
    let signed = unsigned("HS256", claims);
    let signature = url64(hmac(Algorithm::Sha256, key, &signed));
    format!("{signed}.{signature}")
}

fn claims() -> String {
    let hash = hex::encode(Algorithm::Sha256.hash(|sink| sink(BODY)));
    format!("{{\"iss\":\"acme\",\"iat\":{},\"exp\":{},\"body\":\"{hash}\"}}", NOW - 5, NOW + 60)
}

fn scheme(algorithm: &str) -> Scheme {
    let toml = format!(
        "signature = \"header:X-Token\"\ntimestamp = \"none\"\nalgorithm = \"{algorithm}\"\nsettings = {{ issuer = \"acme\" }}\n\
         [[binds]]\nis = \"{{claim:iss}}\"\nequals = \"{{setting:issuer}}\"\n\
         [[binds]]\nis = \"{{claim:body}}\"\nequals = \"{{body|sha256|hex}}\""
    );
    toml::from_str::<SchemeDescription>(&toml).unwrap().scheme().unwrap()
}

fn plain(toml: &str) -> Scheme {
    toml::from_str::<SchemeDescription>(toml).unwrap().scheme().unwrap()
}

fn run_with(scheme: &Scheme, fields: &str, given: &str, other: &str) -> Diagnosis {
    let secret = |label: &str, text: &str| Secret::new(label, text.as_bytes().to_vec(), SecretOrigin::Typed);
    let (own, other) = (secret("own", given), secret("other", other));
    let head = Head::from(format!("POST /in HTTP/1.1\r\nHost: hooks.example\r\n{fields}\r\n"));
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

fn run(scheme: &Scheme, value: &str, given: &str) -> Diagnosis {
    run_with(scheme, &format!("X-Token: {value}\r\n"), given, "the secret of another webhook")
}

fn codes(diagnosis: &Diagnosis) -> Vec<&'static str> {
    let first = diagnosis.causes.first();
    first.map_or_else(Vec::new, |cause| cause.changes.iter().map(|change| change.code.code()).collect())
}

#[track_caller]
fn assert_told(diagnosis: &Diagnosis, code: &str, words: &str) {
    assert_eq!(codes(diagnosis), [code], "{diagnosis:#?}");
    assert!(diagnosis.is_proved(), "{diagnosis:#?}");
    let summary = &diagnosis.causes[0].summary;
    assert!(summary.contains(words), "{summary}");
    assert!(!format!("{diagnosis:?}").contains(SECRET), "{diagnosis:?}");
}

#[test]
fn a_right_token_has_no_cause_and_its_age_is_shown() {
    let head = Head::from(format!("POST /in HTTP/1.1\r\nX-Token: {}\r\n\r\n", token(SECRET.as_bytes(), &claims())));
    let secret = Secret::new("own", SECRET.as_bytes().to_vec(), SecretOrigin::Typed);
    let now = Timestamp::from_second(NOW).unwrap();
    let judgement = judge(&scheme("jwt:HS256"), [&secret], &head, BODY, now);
    assert_eq!(judgement.verdict.code(), "verified", "{judgement:?}");
    let facts = judgement.timestamp.unwrap();
    assert_eq!((facts.age_seconds(), facts.fresh), (Some(5), Some(true)));
    assert!(run(&scheme("jwt:HS256"), &token(SECRET.as_bytes(), &claims()), SECRET).causes.is_empty());
}

#[test]
fn how_a_token_came_is_named() {
    let right = token(SECRET.as_bytes(), &claims());
    let told = |value: &str| run(&scheme("jwt:HS256"), value, SECRET);
    assert_told(&told(&format!("Bearer {right}")), "signature_prefix", "the prefix Bearer");
    assert_told(&told(&format!("\"{right}\"")), "signature_encoding", "quotation marks");
    let (start, end) = right.split_at(30);
    assert_told(&told(&format!("{start} {end}")), "signature_encoding", "white space inside");
    assert_told(&told(&right.replace('.', "%2E")), "signature_encoding", "percent-encoded");
    assert_told(&told(&format!("{right}=")), "signature_encoding", "padding");
    assert_told(&told(&right[..right.len() - 10]), "signature_truncated", "of 32 bytes arrived");
    let (head, _) = right.rsplit_once('.').unwrap();
    let cut = told(head);
    assert_eq!((codes(&cut), cut.is_proved()), (vec!["signature_truncated"], false));
    let bearer = plain(
        "signature = \"header:Authorization\"\nprefix = \"Bearer \"\ntimestamp = \"none\"\nalgorithm = \"jwt:HS256\"",
    );
    let bare = run_with(&bearer, &format!("Authorization: {right}\r\n"), SECRET, "x");
    assert_told(&bare, "signature_prefix", "without");
    let elsewhere = run_with(&scheme("jwt:HS256"), &format!("Authorization: Bearer {right}\r\n"), SECRET, "x");
    assert_eq!(codes(&elsewhere), ["signature_header_missing", "signature_prefix"], "{elsewhere:#?}");
}

#[test]
fn with_what_a_token_is_signed_is_named() {
    let told = |value: &str| run(&scheme("jwt:HS256"), value, SECRET);
    assert_told(&told(&token(b"the secret of another webhook", &claims())), "wrong_secret", "another webhook");
    assert_told(&told(&token(format!("{SECRET}\n").as_bytes(), &claims())), "secret_whitespace", "a newline");
    let signed = unsigned("HS512", &claims());
    let other = format!("{signed}.{}", url64(hmac(Algorithm::Sha512, SECRET.as_bytes(), &signed)));
    assert_told(&told(&other), "signature_algorithm", "HS512 instead of HS256");
    let signed = unsigned("HS256", &claims());
    let lying = format!("{signed}.{}", url64(hmac(Algorithm::Sha512, SECRET.as_bytes(), &signed)));
    assert_told(&told(&lying), "signature_algorithm", "HS512");
    let none = told(&format!("{}.", unsigned("none", &claims())));
    assert_eq!(
        (codes(&none), none.causes[0].kind, none.causes.len()),
        (vec!["signature_algorithm"], CauseKind::Alarm, 1)
    );
    let stripped = told(&format!("{}.", unsigned("HS256", &claims())));
    assert_eq!((codes(&stripped), stripped.causes[0].kind), (vec!["signature_algorithm"], CauseKind::Alarm));
    let base64 = Encoding::Base64.encode(b"0123456789abcdef0123456789");
    let decoded = run(&scheme("jwt:HS256"), &token(b"0123456789abcdef0123456789", &claims()), &base64);
    assert_eq!(codes(&decoded), ["secret_base64"]);
    let stranger = told(&token(b"who knows", &claims()));
    assert_eq!((codes(&stranger), stranger.is_proved()), (vec!["unexplained"], false));
    assert!(stranger.evidence.iter().any(|told| told.code == "token_claims" && told.text.contains("5 s before")));
}

fn verdict_of(scheme: &Scheme, value: &str) -> (&'static str, String) {
    let head = Head::from(format!("POST /in HTTP/1.1\r\nX-Token: {value}\r\n\r\n"));
    let secret = Secret::new("own", SECRET.as_bytes().to_vec(), SecretOrigin::Typed);
    let judgement = judge(scheme, [&secret], &head, BODY, Timestamp::from_second(NOW).unwrap());
    (judgement.verdict.code(), judgement.note.unwrap_or_default())
}

fn with_head(head: &str, claims: &str) -> String {
    let signed = format!("{}.{}", url64(head), url64(claims));
    let signature = url64(hmac(Algorithm::Sha256, SECRET.as_bytes(), &signed));
    format!("{signed}.{signature}")
}

#[rstest]
#[case(r#"{"alg":"HS256","crit":["b64"],"b64":true}"#, "crit [\"b64\"]")]
#[case(r#"{"alg":"HS256","crit":["exp"],"exp":1}"#, "crit [\"exp\"]")]
#[case(r#"{"alg":"HS256","crit":[]}"#, "crit []")]
#[case(r#"{"alg":"HS256","crit":"x"}"#, "crit \"x\"")]
#[case(r#"{"alg":"HS256","b64":false}"#, "b64 false")]
#[case(r#"{"alg":"HS256","b64":true,"b64":false}"#, "b64 false")]
fn a_head_that_demands_more_is_refused(#[case] head: &str, #[case] words: &str) {
    let value = with_head(head, &claims());
    let (verdict, note) = verdict_of(&scheme("jwt:HS256"), &value);
    assert_eq!(verdict, "malformed_signature");
    assert!(note.contains(words) && note.contains("not supported"), "{note}");
    assert_told(&run(&scheme("jwt:HS256"), &value, SECRET), "signed_value_differs", words);
}

#[test]
fn of_a_repeated_member_the_last_counts() {
    let jwt = scheme("jwt:HS256");
    let twice = |name: &str, value: i64| claims().replace("}", &format!(",\"{name}\":{value}}}"));
    assert_eq!(verdict_of(&jwt, &token(SECRET.as_bytes(), &twice("exp", NOW - 3600))).0, "mismatch");
    assert_eq!(verdict_of(&jwt, &token(SECRET.as_bytes(), &twice("exp", NOW + 3600))).0, "verified");
    let none = with_head(r#"{"alg":"HS256","alg":"none"}"#, &claims());
    assert_eq!(verdict_of(&jwt, &none).0, "malformed_signature");
    assert_eq!(verdict_of(&jwt, &with_head(r#"{"alg":"none","alg":"HS256","b64":true}"#, &claims())).0, "verified");
    // A receiver that ignores the claim would accept an expired token.
    let (verdict, note) = verdict_of(&jwt, &token(SECRET.as_bytes(), &claims().replace("}", ",\"exp\":\"x\"}")));
    assert_eq!(verdict, "mismatch");
    assert!(note.contains("the signature is valid, but the token's exp is not a number"), "{note}");
}

#[test]
fn times_in_milliseconds_are_pointed_out() {
    let milliseconds = claims()
        .replace(&format!("{}", NOW - 5), &format!("{}000", NOW - 5))
        .replace(&format!("{}", NOW + 60), &format!("{}000", NOW + 60));
    let found = run(&scheme("jwt:HS256"), &token(SECRET.as_bytes(), &milliseconds), SECRET);
    assert_eq!((found.verdict.code(), found.causes.len()), ("verified", 0), "{found:#?}");
    let told: Vec<&str> = found
        .evidence
        .iter()
        .filter(|told| told.code == "timestamp_unit")
        .map(|told| told.text.split(',').next().unwrap_or_default())
        .collect();
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("exp is in the year 57") && told[1].starts_with("iat is in the year 57"), "{told:?}");
    assert!(run(&scheme("jwt:HS256"), &token(SECRET.as_bytes(), &claims()), SECRET).evidence.is_empty());
}

fn signed_by(key: &str, alg: &str, algorithm: PublicKeyAlgorithm) -> String {
    let signed = unsigned(alg, &claims());
    let key = PrivateKey::read(private(key).as_bytes()).unwrap();
    let signature = key.sign(algorithm, &[signed.as_bytes()]).unwrap();
    format!("{signed}.{}", url64(signature))
}

#[test]
fn tokens_under_a_private_key_are_explained() {
    let rs = scheme("jwt:RS256");
    let es = scheme("jwt:ES256");
    let right = signed_by("RSA", "RS256", PublicKeyAlgorithm::RsaSha256);
    assert!(run(&rs, &right, &public("RSA")).causes.is_empty());
    let pss = signed_by("RSA", "PS256", PublicKeyAlgorithm::RsaPssSha256);
    assert_told(&run(&rs, &pss, &public("RSA")), "signature_algorithm", "PS256 instead of RS256");
    let der = signed_by("P-256", "ES256", PublicKeyAlgorithm::EcdsaSha256);
    assert_told(&run(&es, &der, &public("P-256")), "signature_encoding", "DER instead of two numbers");
    let given = run(&rs, &right, &private("RSA"));
    assert_eq!((codes(&given), given.causes[0].kind), (vec!["private_key_given"], CauseKind::Alarm));
    // The public key as a secret: everybody has it.
    for key in [public("RSA"), public("RSA").trim_end().to_owned()] {
        let forged = run(&rs, &token(key.as_bytes(), &claims()), &public("RSA"));
        assert_eq!(
            (codes(&forged), forged.causes[0].kind),
            (vec!["signature_algorithm"], CauseKind::Alarm),
            "{forged:#?}"
        );
        assert!(forged.causes[0].summary.contains("anyone who has that key"), "{forged:?}");
        // Nor where the token may choose between both kinds.
        let head = Head::from(format!("POST /in HTTP/1.1\r\nX-Token: {}\r\n\r\n", token(key.as_bytes(), &claims())));
        let secret = Secret::new("own", key.as_bytes().to_vec(), SecretOrigin::Typed);
        let both = scheme("jwt:RS256,HS256");
        let judgement = judge(&both, [&secret], &head, BODY, Timestamp::from_second(NOW).unwrap());
        assert_eq!(judgement.verdict.code(), "mismatch", "{judgement:?}");
        let right = judge(
            &both,
            [&secret],
            &Head::from(format!("POST /in HTTP/1.1\r\nX-Token: {right}\r\n\r\n")),
            BODY,
            Timestamp::from_second(NOW).unwrap(),
        );
        assert_eq!(right.verdict.code(), "verified", "{right:?}");
    }
    let mut changed = right.clone();
    changed.replace_range(40..41, if &right[40..41] == "A" { "B" } else { "A" });
    let found = run(&rs, &changed, &public("RSA"));
    assert!(!found.is_proved() && found.evidence.iter().any(|told| told.code == "key_fits"), "{found:#?}");
}

#[test]
fn a_right_signature_over_what_does_not_fit_is_said_so() {
    let told = |claims: &str| run(&scheme("jwt:HS256"), &token(SECRET.as_bytes(), claims), SECRET);
    let expired = told(&claims().replace(&format!("{}", NOW + 60), &format!("{}", NOW - 3600)));
    assert_told(&expired, "stale", "expired 1 h before it arrived");
    let summary = &expired.causes[0].summary;
    assert!(summary.contains("was issued 5 s before") && !summary.contains("expires"), "{summary}");
    let early = told(&claims().replace("\"iss\"", &format!("\"nbf\":{},\"iss\"", NOW + 7200)));
    assert_told(&early, "clock_skew", "another 2 h");
    for (name, wrong) in [("exp", "\"never\""), ("exp", "1e999"), ("exp", "[1]"), ("nbf", "null"), ("nbf", "\"1\"")] {
        let claims = claims().replace("}", &format!(",\"{name}\":{wrong}}}"));
        assert_told(&told(&claims), "signed_value_differs", &format!("{name} is not a number of seconds"));
    }
    assert_told(&told(&claims().replace("acme", "evil")), "signed_value_differs", "“evil”, expected “acme”");
    assert_told(&told(&claims().replace("\"iss\":\"acme\",", "")), "signed_value_differs", "claim:iss is missing");
    let hash = |body: &[u8]| hex::encode(Algorithm::Sha256.hash(|sink| sink(body)));
    let compact = claims().replace(&hash(BODY), &hash(b"{\"id\":\"evt_1\",\"amount\":10.5}"));
    assert_told(&told(&compact), "body_reserialized", "re-serialised");
    let newline = claims().replace(&hash(BODY), &hash(&[BODY, b"\n"].concat()));
    assert_told(&told(&newline), "body_newline", "newline");
    assert_told(&told(&claims().replace(&hash(BODY), &hash(b"another"))), "signed_value_differs", "claim:body");
    let base64 = Encoding::Base64.encode(&Algorithm::Sha256.hash(|sink| sink(BODY)));
    let written = told(&claims().replace(&hash(BODY), &base64));
    assert_told(&written, "signature_encoding", "{claim:body} is written as base64 instead of");
    assert_eq!(written.causes[0].fix, "Write {claim:body} as lower-case hexadecimal digits.");
    let upper = told(&claims().replace(&hash(BODY), &hash(BODY).to_uppercase()));
    let words = "is written as upper-case hexadecimal digits instead of lower-case hexadecimal digits";
    assert_told(&upper, "signature_encoding", words);
    assert_eq!(upper.causes[0].fix, "Write {claim:body} as lower-case hexadecimal digits.");
}

const TOKEN: &str = "signature = \"header:X-Token\"\ntimestamp = \"none\"\ncontent = \"{secret}\"\ncovers_body = false\nalgorithm = \"token\"";

#[rstest]
#[case("Bearer 0b1f2c3d4e5f60718293a4b5c6d7e8f9-Ab", "signature_prefix", "the prefix Bearer")]
#[case("\"0b1f2c3d4e5f60718293a4b5c6d7e8f9-Ab\"", "signature_encoding", "quotation marks")]
#[case("MGIxZjJjM2Q0ZTVmNjA3MTgyOTNhNGI1YzZkN2U4ZjktQWI=", "signature_encoding", "base64")]
#[case(
    "Basic dXNlcjowYjFmMmMzZDRlNWY2MDcxODI5M2E0YjVjNmQ3ZThmOS1BYg==",
    "signature_encoding",
    "the password of a Basic"
)]
#[case("0b1f2c3d4e5f60718293a4b5c6d7e8f9%2DAb", "signature_encoding", "percent-encoded")]
#[case("the secret of another webhook", "wrong_secret", "belongs to another webhook")]
#[case("0b1f2c3d4e5f60718293a4b5c6d7e8f9-ab", "secret_hidden_chars", "in lower case")]
#[case("whsec_0b1f2c3d4e5f60718293a4b5c6d7e8f9-Ab", "secret_prefix", "whsec_")]
#[case("undefined", "secret_unset", "the literal text undefined was sent")]
fn how_a_plain_token_was_written_is_named(#[case] value: &str, #[case] code: &str, #[case] words: &str) {
    let found = run(&plain(TOKEN), value, SECRET);
    assert_told(&found, code, words);
    assert!(!found.causes[0].summary.contains("signing key"), "{}", found.causes[0].summary);
}

#[test]
fn a_hash_of_the_secret_and_a_secret_with_a_newline_are_named() {
    let hash = hex::encode(Algorithm::Sha256.hash(|sink| sink(SECRET.as_bytes())));
    assert_told(&run(&plain(TOKEN), &hash, SECRET), "secret_hashed", "the SHA256 of the secret");
    let configured = format!("{SECRET}\n");
    assert_told(&run(&plain(TOKEN), SECRET, &configured), "secret_whitespace", "which was not sent");
    assert_told(&run(&plain(TOKEN), SECRET, &format!("\"{SECRET}\"")), "secret_quoted", "which was not sent");
    let basic = plain(
        &TOKEN
            .replace("X-Token", "Authorization")
            .replace("{secret}", "{secret|base64}")
            .replace("timestamp = ", "prefix = \"Basic \"\ntimestamp = "),
    );
    let found = run_with(&basic, "Authorization: Basic user:pass-of-some-length\r\n", "user:pass-of-some-length", "x");
    assert_told(&found, "signature_encoding", "instead of the scheme's form");
}

#[test]
fn what_is_near_a_plain_token_is_evidence() {
    let evidence = |value: &str| {
        let found = run(&plain(TOKEN), value, SECRET);
        assert_eq!((codes(&found), found.is_proved()), (vec!["unexplained"], false), "{value}: {found:#?}");
        let told =
            found.evidence.iter().find(|told| told.code == "token_differs").unwrap_or_else(|| panic!("{found:#?}"));
        assert!(!found.evidence.iter().any(|told| told.text.contains(&SECRET[..12])));
        told.text.clone()
    };
    assert!(evidence(&SECRET[..20]).contains("20 of 35 bytes"));
    assert!(evidence(&format!("{SECRET}more")).contains("4 bytes more"));
    assert!(evidence("0B1f2c3d4e5f60718293a4b5c6d7e8f9-AB").contains("letter case"));
    assert!(evidence("something else entirely").contains("23 bytes, the expected one 35"));
    assert!(evidence("xb1f2c3d4e5f60718293a4b5c6d7e8f9-Ab").contains("as long as"));
    for value in ["-", "\"\"", "Bearer", "Basic eA=="] {
        assert!(!run(&plain(TOKEN), value, SECRET).is_proved(), "{value}");
    }
}
