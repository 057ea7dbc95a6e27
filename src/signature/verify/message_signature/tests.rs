//! RFC 9421's own examples (appendix B.2, and those of section 2), and what is refused.

use rstest::rstest;

use super::*;
use crate::signature::{MessageRules, SchemeDescription, SecretOrigin, judge};

const RSA_PSS: &str = "-----BEGIN PUBLIC KEY-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2\n+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+\noAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq\ngDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W\nUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4\naOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI\n2wIDAQAB\n-----END PUBLIC KEY-----";
const ED25519: &str = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=\n-----END PUBLIC KEY-----";
const SHARED: &str = "uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==";
const BODY: &[u8] = b"{\"hello\": \"world\"}";
const CREATED: i64 = 1_618_884_473;

/// Appendix B.2's request, with these fields after its own.
fn request(fields: &str) -> Head {
    Head::from(format!(
        "POST /foo?param=Value&Pet=dog HTTP/1.1\r\nHost: example.com\r\nDate: Tue, 20 Apr 2021 02:07:55 GMT\r\n\
         Content-Type: application/json\r\nContent-Digest: sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+\
         AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:\r\nContent-Length: 18\r\n{fields}\r\n"
    ))
}

fn scheme(components: &[&str]) -> Scheme {
    let described: SchemeDescription =
        toml::from_str("signature = \"header:Signature\"\nalgorithm = \"rfc9421\"").unwrap();
    let components = components.iter().map(|&name| name.to_owned()).collect();
    Scheme { message: MessageRules { components, tag: None }, ..described.scheme().unwrap() }
}

fn secret(text: &[u8]) -> Secret {
    Secret::new("dev", text.to_vec(), SecretOrigin::Typed)
}

fn judged(scheme: &Scheme, key: &[u8], fields: &str, body: &[u8]) -> crate::delivery::Judgement {
    let now = Timestamp::from_second(CREATED + 7).unwrap();
    judge(scheme, [&secret(key)], &request(fields), body, now)
}

fn shared() -> Vec<u8> {
    base64::Engine::decode(&base64::prelude::BASE64_STANDARD, SHARED).unwrap()
}

const B_2_1: &str = "Signature-Input: sig-b21=();created=1618884473;keyid=\"test-key-rsa-pss\";nonce=\"b3k2pp5k7z-50gnwp.yemd\"\r\nSignature: sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:\r\n";
const B_2_2: &str = "Signature-Input: sig-b22=(\"@authority\" \"content-digest\" \"@query-param\";name=\"Pet\");created=1618884473;keyid=\"test-key-rsa-pss\";tag=\"header-example\"\r\nSignature: sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:\r\n";
const B_2_3: &str = "Signature-Input: sig-b23=(\"date\" \"@method\" \"@path\" \"@query\" \"@authority\" \"content-type\" \"content-digest\" \"content-length\");created=1618884473;keyid=\"test-key-rsa-pss\"\r\nSignature: sig-b23=:bbN8oArOxYoyylQQUU6QYwrTuaxLwjAC9fbY2F6SVWvh0yBiMIRGOnMYwZ/5MR6fb0Kh1rIRASVxFkeGt683+qRpRRU5p2voTp768ZrCUb38K0fUxN0O0iC59DzYx8DFll5GmydPxSmme9v6ULbMFkl+V5B1TP/yPViV7KsLNmvKiLJH1pFkh/aYA2HXXZzNBXmIkoQoLd7YfW91kE9o/CCoC1xMy7JA1ipwvKvfrs65ldmlu9bpG6A9BmzhuzF8Eim5f8ui9eH8LZH896+QIF61ka39VBrohr9iyMUJpvRX2Zbhl5ZJzSRxpJyoEZAFL2FUo5fTIztsDZKEgM4cUA==:\r\n";
const B_2_5: &str = "Signature-Input: sig-b25=(\"date\" \"@authority\" \"content-type\");created=1618884473;keyid=\"test-shared-secret\"\r\nSignature: sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:\r\n";
const B_2_6: &str = "Signature-Input: sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"\r\nSignature: sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:\r\n";

/// B.2.4 is a response, which no receiver of webhooks has.
#[test]
fn the_rfcs_examples_verify_and_changed_ones_do_not() {
    let shared = shared();
    for (fields, key, name) in [
        (B_2_1, RSA_PSS.as_bytes(), "B.2.1"),
        (B_2_2, RSA_PSS.as_bytes(), "B.2.2"),
        (B_2_3, RSA_PSS.as_bytes(), "B.2.3"),
        (B_2_5, &shared, "B.2.5"),
        (B_2_6, ED25519.as_bytes(), "B.2.6"),
    ] {
        let judgement = judged(&scheme(&[]), key, fields, BODY);
        assert_eq!(judgement.verdict, Verdict::Verified, "{name}: {judgement:?}");
        let facts = judgement.timestamp.unwrap();
        assert_eq!((facts.age_seconds(), facts.fresh), (Some(7), Some(true)), "{name}");
        let later = fields.replace("created=1618884473", "created=1618884474");
        assert_eq!(judged(&scheme(&[]), key, &later, BODY).verdict, Verdict::Mismatch, "{name}");
        assert_eq!(judged(&scheme(&[]), b"another", fields, BODY).verdict, Verdict::Mismatch, "{name}");
    }
}

#[test]
fn what_must_be_covered_is_the_schemes_choice() {
    let note = |components: &[&str], fields: &str, body: &[u8]| {
        let judgement = judged(&scheme(components), RSA_PSS.as_bytes(), fields, body);
        (judgement.verdict, judgement.note.unwrap_or_default())
    };
    assert_eq!(note(&["content-digest"], B_2_2, BODY).0, Verdict::Verified);
    assert_eq!(note(&["@method", "@query", "content-digest"], B_2_3, BODY).0, Verdict::Verified);
    assert_eq!(note(&["@query-param;name=\"Pet\""], B_2_2, BODY).0, Verdict::Verified);
    for (components, fields, missing) in [
        (&["content-digest"][..], B_2_1, "content-digest, and so not the body"),
        (&["content-digest", "@method"], B_2_2, "does not cover @method"),
        (&["@query"], B_2_2, "does not cover @query"),
        (&["@query-param;name=\"Cat\""], B_2_2, "does not cover @query-param"),
    ] {
        let (verdict, note) = note(components, fields, BODY);
        assert!(verdict == Verdict::MalformedSignature && note.contains(missing), "{note}");
    }
    // A digest that is covered is compared with the body, whatever is required.
    let (verdict, note) = note(&[], B_2_2, b"{}");
    assert!(verdict == Verdict::Mismatch && note.contains("Content-Digest is not the body's"), "{note}");
}

#[test]
fn any_label_with_the_coverage_verifies_and_a_tag_chooses() {
    let both = format!(
        "Signature-Input: {}, {}\r\nSignature: {}, {}\r\n",
        &B_2_1[17..B_2_1.find("\r\n").unwrap()],
        &B_2_2[17..B_2_2.find("\r\n").unwrap()],
        &B_2_1[B_2_1.find("Signature: ").unwrap() + 11..B_2_1.len() - 2],
        &B_2_2[B_2_2.find("Signature: ").unwrap() + 11..B_2_2.len() - 2],
    );
    assert_eq!(judged(&scheme(&["content-digest"]), RSA_PSS.as_bytes(), &both, BODY).verdict, Verdict::Verified);
    let tagged = |tag: &str| {
        let mut scheme = scheme(&["content-digest"]);
        scheme.message.tag = Some(tag.to_owned());
        judged(&scheme, RSA_PSS.as_bytes(), &both, BODY)
    };
    assert_eq!(tagged("header-example").verdict, Verdict::Verified);
    let other = tagged("webhook");
    assert!(other.note.as_deref().is_some_and(|note| note.contains("no signature has the tag 'webhook'")), "{other:?}");
}

/// A signature of our own over these components, under the shared secret.
fn signed(components: &str, parameters: &str, fields: &str) -> String {
    signed_with(&shared(), components, parameters, fields)
}

/// The same, with any text as the key of the HMAC.
fn signed_with(key: &[u8], components: &str, parameters: &str, fields: &str) -> String {
    let input = format!("({components});created={CREATED}{parameters}");
    let InnerListOf(list) = inner_list(&input);
    let head = request(fields);
    let bare = scheme(&[]);
    let url = crate::signature::scheme::signed_url(&bare, &head);
    let base = signature_base(&list, &Parts::of(&bare, &head, &url, BODY), &head).unwrap();
    let value = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, hmac_sha256(key, base.as_bytes()));
    format!("{fields}Signature-Input: s={input}\r\nSignature: s=:{value}:\r\n")
}

struct InnerListOf(InnerList);

fn inner_list(text: &str) -> InnerListOf {
    let list: sfv::List = Parser::new(text).parse().unwrap();
    let Some(ListEntry::InnerList(list)) = list.into_iter().next() else { panic!("{text}") };
    InnerListOf(list)
}

fn base_of(components: &str, fields: &str) -> String {
    let head = request(fields);
    let bare = scheme(&[]);
    let url = crate::signature::scheme::signed_url(&bare, &head);
    signature_base(&inner_list(&format!("({components})")).0, &Parts::of(&bare, &head, &url, BODY), &head).unwrap()
}

/// Sections 2.1.1 to 2.1.3 and 2.2.8.
#[rstest]
#[case("\"example-dict\";sf", "Example-Dict:  a=1,    b=2;x=1;y=2,   c=(a   b   c)\r\n", "a=1, b=2;x=1;y=2, c=(a b c)")]
#[case("\"example-dict\";key=\"a\"", "Example-Dict:  a=1, b=2;x=1;y=2, c=(a   b    c), d\r\n", "1")]
#[case("\"example-dict\";key=\"d\"", "Example-Dict:  a=1, b=2;x=1;y=2, c=(a   b    c), d\r\n", "?1")]
#[case("\"example-dict\";key=\"b\"", "Example-Dict:  a=1, b=2;x=1;y=2, c=(a   b    c), d\r\n", "2;x=1;y=2")]
#[case("\"example-dict\";key=\"c\"", "Example-Dict:  a=1, b=2;x=1;y=2, c=(a   b    c), d\r\n", "(a b c)")]
#[case(
    "\"example-header\";bs",
    "Example-Header: value, with, lots\r\nExample-Header: of, commas\r\n",
    ":dmFsdWUsIHdpdGgsIGxvdHM=:, :b2YsIGNvbW1hcw==:"
)]
#[case(
    "\"cache-control\"",
    "Cache-Control: max-age=60\r\nCache-Control:    must-revalidate\r\n",
    "max-age=60, must-revalidate"
)]
#[case("\"@query-param\";name=\"param\"", "", "Value")]
#[case("\"@query\"", "", "?param=Value&Pet=dog")]
#[case("\"@target-uri\"", "", "https://example.com/foo?param=Value&Pet=dog")]
#[case("\"@scheme\"", "", "https")]
#[case("\"@request-target\"", "", "/foo?param=Value&Pet=dog")]
fn a_component_has_the_rfcs_value(#[case] component: &str, #[case] fields: &str, #[case] value: &str) {
    let base = base_of(component, fields);
    assert_eq!(base.lines().next(), Some(format!("{component}: {value}").as_str()));
}

#[rstest]
#[case("(\"@method\";req)", "cannot have it")]
#[case("(\"@status\")", "no status")]
#[case("(\"@unknown\")", "is not known")]
#[case("(\"date\";tr)", "trailers are not verified")]
#[case("(\"date\";odd)", "the parameter odd")]
#[case("(\"@method\";sf)", "the parameter sf")]
#[case("(\"date\" \"date\")", "listed twice")]
#[case("(\"x-missing\")", "missing header x-missing")]
#[case("(\"@query-param\")", "has no name")]
#[case("(\"@query-param\";name=\"cat\")", "is not in the query")]
#[case("(\"content-digest\";key=\"md5\")", "has no member md5")]
#[case("(\"content-digest\";bs;sf)", "another form at once")]
#[case("(\"host\";sf)", "")]
#[case("(date)", "is not a text")]
#[case("date", "not a list of components")]
fn what_cannot_be_checked_is_refused_with_the_reason(#[case] input: &str, #[case] reason: &str) {
    let fields = format!("Signature-Input: s={input}\r\nSignature: s=:AAAA:\r\n");
    let judgement = judged(&scheme(&[]), &shared(), &fields, BODY);
    let note = judgement.note.unwrap_or_default();
    assert_ne!(judgement.verdict, Verdict::Verified);
    assert!(note.contains(reason), "{note}");
}

#[rstest]
#[case("Signature-Input: s=(\r\nSignature: s=:AAAA:\r\n", Verdict::MalformedSignature)]
#[case("Signature-Input: s=()\r\nSignature: s=AAAA\r\n", Verdict::MalformedSignature)]
#[case("Signature-Input: s=()\r\nSignature: t=:AAAA:\r\n", Verdict::MalformedSignature)]
#[case("Signature-Input: s=()\r\n", Verdict::MissingSignature)]
#[case("Signature: s=:AAAA:\r\n", Verdict::MissingSignature)]
#[case("Signature-Input: s=();alg=\"none\"\r\nSignature: s=:AAAA:\r\n", Verdict::MalformedSignature)]
#[case("Signature-Input: s=();alg=5\r\nSignature: s=:AAAA:\r\n", Verdict::MalformedSignature)]
fn fields_are_read_strictly(#[case] fields: &str, #[case] verdict: Verdict) {
    assert_eq!(judged(&scheme(&[]), &shared(), fields, BODY).verdict, verdict);
}

#[test]
fn a_signature_of_our_own_verifies_expires_and_has_an_age() {
    let fields = signed("\"content-digest\" \"@method\"", ";alg=\"hmac-sha256\"", "");
    assert_eq!(judged(&scheme(&["content-digest"]), &shared(), &fields, BODY).verdict, Verdict::Verified);
    let expired = signed("\"content-digest\"", &format!(";expires={}", CREATED + 2), "");
    let judgement = judged(&scheme(&["content-digest"]), &shared(), &expired, BODY);
    assert!(judgement.note.as_deref().is_some_and(|note| note.contains("expired 5 s before")), "{judgement:?}");
    // Another algorithm than the key's is refused before anything is checked.
    let named = B_2_6.replace(";keyid", ";alg=\"rsa-pss-sha512\";keyid");
    let judgement = judged(&scheme(&[]), ED25519.as_bytes(), &named, BODY);
    assert!(judgement.note.as_deref().is_some_and(|note| note.contains("takes a key of RSA")), "{judgement:?}");
}

/// Whoever knows the public key, and so its text, has signed with that as a shared secret.
#[test]
fn a_public_key_is_never_a_shared_secret() {
    let scheme = scheme(&["content-digest"]);
    let pem = ED25519.to_owned();
    let faulty = ED25519.replace("MCow", "MCox");
    let prefixed = "ed25519:JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=".to_owned();
    let jwk = "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs\"}".to_owned();
    for text in [pem, faulty, prefixed, jwk, RSA_PSS.to_owned()] {
        for text in [text.clone(), format!("{text}\n"), format!("\u{feff}{text}")] {
            for parameters in ["", ";alg=\"hmac-sha256\""] {
                let fields = signed_with(text.as_bytes(), "\"content-digest\"", parameters, "");
                let judgement = judged(&scheme, text.as_bytes(), &fields, BODY);
                assert_ne!(judgement.verdict, Verdict::Verified, "{text} {parameters}");
            }
        }
    }
    // The 32 bytes alone have no form: what they are is said by how they were given.
    let raw = "JrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=";
    let named = B_2_6.replace(";keyid", ";alg=\"ed25519\";keyid");
    let forged = signed_with(raw.as_bytes(), "\"content-digest\"", ";alg=\"hmac-sha256\"", "");
    let now = Timestamp::from_second(CREATED + 7).unwrap();
    let public = secret(raw.as_bytes()).given_as_public_key();
    assert_eq!(judge(&scheme, [&public], &request(&forged), BODY, now).verdict, Verdict::Mismatch);
    let given = judge(&self::scheme(&[]), [&secret(raw.as_bytes())], &request(&named), BODY, now);
    assert!(given.note.as_deref().is_some_and(|note| note.contains("is a shared secret")), "{given:?}");
}

/// A request that lists many components of one long field is refused before the field is read for each.
#[test]
fn a_list_of_components_is_bounded() {
    let keys: Vec<String> = (0..2000).map(|number| format!("k{number}")).collect();
    let items: Vec<String> = keys.iter().map(|key| format!("\"x\";key=\"{key}\"")).collect();
    let fields = |count: usize| {
        let field = keys.iter().map(|key| format!("{key}=1")).collect::<Vec<_>>().join(", ");
        signed(&items[..count].join(" "), "", &format!("X: {field}\r\n"))
    };
    assert_eq!(judged(&scheme(&[]), &shared(), &fields(MOST_COMPONENTS), BODY).verdict, Verdict::Verified);
    let many = format!(
        "X: k=1\r\nSignature-Input: s=({});created={CREATED}\r\nSignature: s=:AAAA:\r\n",
        vec!["\"x\";key=\"k\""; MOST_COMPONENTS + 1].join(" ")
    );
    let judgement = judged(&scheme(&[]), &shared(), &many, BODY);
    assert_eq!(judgement.verdict, Verdict::MalformedSignature);
    assert!(judgement.note.as_deref().is_some_and(|note| note.contains("65 components are listed")), "{judgement:?}");
}
