//! Causes by what frameworks, encoders and second serialisers do. Every digest here was made once by Python 3.11 and
//! node 20.20 (`hmac`, `json`, `urllib.parse`, `JSON`, `URLSearchParams`, `querystring`), not by the code under test.

use super::super::*;
use super::{Case, SECRET, first, secret};
use crate::signature::{Algorithm, sign};

const T: &str = "1746123456";

/// Everything that the likeliest explanation says.
fn told(diagnosis: &Diagnosis) -> String {
    let Some(cause) = diagnosis.causes.first() else { return String::new() };
    let changes = cause.changes.iter().map(|change| format!("{} {}", change.detail, change.names.join(" · ")));
    changes.collect::<Vec<_>>().join("; ")
}

/// The code, what its explanation says, the body as received, and the signature.
const ONE: &[(&str, &str, &[u8], &str)] = &[
    (
        "body_reserialized",
        "JavaScript URLSearchParams",
        b"b=x+y~%2A%21%27%28%29%C3%A9&a=1&b=2",
        "b27cbe11075fe9cf23b5c9ef43f4024c738026ede60034a15f9b3564569425eb",
    ),
    (
        "body_reserialized",
        "Node querystring.stringify, encodeURIComponent",
        b"b=x+y~%2A%21%27%28%29%C3%A9&a=1&b=2",
        "e3054e4ddd5f04bdf380299b8227ef52cbfe63b85bc2cf96bdda05e4d7404612",
    ),
    (
        "body_reserialized",
        "Python urllib.parse.urlencode",
        b"a=x+y%7E*%27&b=%C3%A9",
        "6af3a146ddfa7bc787ac910a0eebaafa18e68ac17d9c22c399b8512ff57c8cdb",
    ),
    (
        "body_reserialized",
        "%20 was signed",
        b"z=x+y%7e&c=d",
        "ddb528363a45d1a552b1b1092268e69074ef40fc852f77974c301c937ba77c72",
    ),
    (
        "body_reserialized",
        "small digits",
        b"z=x+y%7E%2F&c=d",
        "ffb98058ab1325197e9cc0b5534db75adaa126c3ddc0d4bbc4d7a85ad47f611e",
    ),
    (
        "body_keys_sorted",
        "Go url.Values.Encode",
        b"z=x+y%7e&c=d",
        "ed7103725c9da8d067d151e1bcf7462e7168542375964692dcf55851730dd69f",
    ),
    (
        "body_reserialized",
        "written as JSON",
        b"b=x+y~%2A%21%27%28%29%C3%A9&a=1&b=2",
        "7d7079e634641813530a48efd64d137a65ee443aa0afda5d415a684645708bbd",
    ),
    (
        "body_reserialized",
        "parsed into arrays",
        b"b=x+y~%2A%21%27%28%29%C3%A9&a=1&b=2",
        "3d959a7b31a94334a9969db85106ec9a5d38206abaf4c41f2d7425346853e6d3",
    ),
    (
        "body_reserialized",
        "JavaScript new URLSearchParams(object)",
        b"{ \"b\": 1.0, \"a\": \"x y~\", \"t\": true, \"n\": null }",
        "bbce7a7c533733743ba8ed054de3672b291f089a5951c24d9507dd1996231065",
    ),
    (
        "body_reserialized",
        "written as a form",
        b"{ \"b\": 1.0, \"a\": \"x y~\", \"t\": true, \"n\": null }",
        "7fe17531297786240353b12e942e0d2502f5d74924179cfcbb0de4323097ea02",
    ),
    (
        "body_reserialized",
        "as Laravel does",
        b"{\"a\":\" x \",\"b\":\"\",\"c\":\"y/z\"}",
        "f189258d9a1a042383293e913b1324577244325bfd9ea5a9ec483c3d25ccd56f",
    ),
    (
        "body_reserialized",
        "TrimStrings",
        b"{\"a\":\" x \",\"b\":\"\",\"c\":\"y/z\"}",
        "1cd682f0b0e2491bfef6c3e4abe8a5b7813692296ddc05355ff58661d123b142",
    ),
    (
        "body_reserialized",
        "ConvertEmptyStringsToNull",
        b"{\"a\":\" x \",\"b\":\"\",\"c\":\"y/z\"}",
        "f3a69cf95978692a51ae7e5816cd3533db00ec4c3325d6df0fa9e25efa1b8f15",
    ),
    (
        "body_reserialized",
        "without the zeros",
        b"{ \"at\": \"2026-01-02T03:04:05.120Z\", \"to\": \"2026-01-02T03:04:05.000Z\", \"n\": 1.0 }",
        "36a64518173fc307f0e50da53fcb3c3381e6b5ffea6f69090a1c87353b17946e",
    ),
    (
        "body_reserialized",
        "three digits",
        b"{\"at\": \"2026-01-02T03:04:05+00:00\", \"n\": 1.0}",
        "1795985176c4420d9d83f4978fbcb1e0aa3c8e69f3727e17eaf3780ce4e37a6d",
    ),
    (
        "body_reserialized",
        "with +00:00",
        b"{\"at\":\"2026-01-02T03:04:05.5Z\"}",
        "b5e88c77e0bd1e38ce98a34689500b1e07550db6e556ac054886d40b56aabe64",
    ),
    (
        "body_reserialized",
        "only characters beyond U+FFFF",
        b"{\"a\": \"\xc3\xa9\xf0\x9f\x98\x80\"}",
        "a8cd6f5266e280a64e0373bb290cf7dad6d69d27e65b07cf7f41ef19d06b3004",
    ),
    (
        "body_reserialized",
        "Java Jackson, writeValueAsBytes",
        b"{\"a\": \"\xc3\xa9\xf0\x9f\x98\x80\"}",
        "015d5d1ce091a3d221e035f883380c22842a046a9990aa10ce858eb999bc490c",
    ),
    (
        "body_reserialized",
        "those beyond as they are",
        b"{\"a\": \"\xc3\xa9\xf0\x9f\x98\x80\"}",
        "6226ef2c583250a3a9a9d5daf76a8751d91fc38f125146a11c60196843949a25",
    ),
    (
        "body_reserialized",
        "Go json.Marshal of a json.RawMessage",
        b"{ \"a\": \"<b> &\", \"n\": 1.10 }",
        "f5c3224171cd541c913571f5b22341ca08ec58d15f0e3708ae9294cfd9f9f2a1",
    ),
    (
        "body_reserialized",
        "__v",
        b"{\"_id\": \"5f\", \"a\": 1.0, \"__v\": 0}",
        "0e19efa78c8eebe02ab07b6e9d65057d0ba7f1ac4b6e2d4a1430b3467157d7dd",
    ),
    (
        "body_reserialized",
        "controller",
        b"{\"a\": 1, \"controller\": \"hooks\", \"action\": \"create\"}",
        "938bcbe7d443f879a66dfb502bdf217b38f462e26ffda21c01b7fbd87b189758",
    ),
    (
        "body_reserialized",
        "_json",
        b"[{\"a\": 1.0}]",
        "18f7314290cd59ab954812abce611260dc18240329e283b1bbe91a40a94eae42",
    ),
    (
        "body_keys_sorted",
        "jq -S",
        b"{\"b\":1,\"a\":[2]}",
        "c021d82bd4890eab88a9fd3308d20df1f57cdaf89a06a2ec4db1f6600e177800",
    ),
    (
        "body_reserialized",
        "jq",
        b"{\"b\":1.10,\"a\":[2]}",
        "e6c13bc1144e6c16254b97af63ce19f5ada70075f771ed9a6958770184d7d4ce",
    ),
    (
        "body_reserialized",
        "Python -m json.tool",
        b"{\"b\":\"\xc3\xa9\"}",
        "a79ad2eab2de54175fb04eb3eeb98a212e6feb24a9b871e6dbcf96519e52b4fb",
    ),
];

/// The codes, the body as received, and the signature.
const TWO: &[(&[&str], &[u8], &str)] = &[
    (
        &["body_newline", "body_charset"],
        b"{\"a\": \"\xc3\xa9\"}\n",
        "a1d4232a3ea24e6f60baffca02f5d8ecc6dc9f857350cb9383cb089e5080473d",
    ),
    (
        &["body_line_endings", "body_charset"],
        b"{\"a\": \"5 \xe2\x82\xac\",\r\n \"b\": 1}",
        "6edfbfe5213d152b2c1c79506d0792881da730bd81e519a4ab62e2b45439101c",
    ),
    (
        &["body_part_signed", "body_reserialized"],
        b"{\"event\":\"x\",\"data\":{\"b\":\"\xc3\xa9\",\"c\":1}}",
        "550b338d3c6e0382edf03b20e315f6e003f0d03e4fa44e81d69ac3975b686396",
    ),
    (
        &["body_part_signed", "body_newline"],
        b"{\"event\":\"x\",\"data\":{\"b\": 1}}",
        "232795a13704b870188cb22dd2da5cd9b0a1290a3514c1515c0db3aa65afbac2",
    ),
    (
        &["body_compressed", "body_reserialized"],
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xabVJT\xb22\xd4QJR\xb2RJV\xaa\x05\x00\xc5k\x0c\xe2\x0f\x00\x00\x00",
        "1b275930248e2c31bc8a7671f7c21be08cc9942d16f92fec5e47296b7ed5ffe1",
    ),
    (
        &["body_form_encoded", "body_reserialized"],
        b"payload=%7B%22a%22%3A1%2C%22b%22%3A%22%2F%22%7D",
        "15a8e7e40e1a8cf7536f0cfc6158f897966c213b120319d901115b748a0330ca",
    ),
    (
        &["body_double_encoded", "body_reserialized"],
        b"\"{\\\"a\\\":1}\"",
        "938bcbe7d443f879a66dfb502bdf217b38f462e26ffda21c01b7fbd87b189758",
    ),
    (
        &["body_base64", "body_reserialized"],
        b"eyJhIjoxLCJiIjoyfQ==",
        "5d376314f46cd584f064a833b1b91f171243f3fe369035e75cd7f43630fa837e",
    ),
];

/// The code, what its explanation says, the configured secret, and the signature of `{}` under the key that was used.
const KEYS: &[(&str, &str, &[u8], &str)] = &[
    (
        "secret_hashed",
        "SHA-256, as bytes",
        b"a webhook secret of some length",
        "bb56244fad471420cf15dd142b6084a69d50e4db00540cb28471422d5d560869",
    ),
    (
        "secret_hashed",
        "SHA-256, as hexadecimal",
        b"a webhook secret of some length",
        "c962bc93e2f5fa10b29230c4119cc277979e37711d07d280ec6cf8d698b4cb63",
    ),
    (
        "secret_hashed",
        "SHA-1",
        b"a webhook secret of some length",
        "dd72c78608124fa541e6d9e686a96bd8d4548eaf5f7dd937af506b23955c4678",
    ),
    (
        "secret_hashed",
        "MD5",
        b"a webhook secret of some length",
        "c33f44e007ba3f905bbea1669bd57cc1c67604f6c3a605439bb47a697022383b",
    ),
    (
        "secret_base64",
        "Node's Buffer.from",
        b"a webhook secret of some length",
        "160f6f6774d814913eeddab29d383d6741a17d6117c76a7b35228b1a911062d7",
    ),
    (
        "secret_base64",
        "was decoded from base64",
        b"sk-live_abc-def_ghi-jkl_mnop",
        "4eccfec0771406b8b7b2f666d1730c8edc55f3c3c5ada608d0b76dbe99365d53",
    ),
    (
        "secret_base64",
        "Python",
        b"sk-live_abc-def_ghi-jkl_mnop",
        "52c454a2e52ef33c73f039a2f31ec1cc0fedb9efec0914413b92f178c15fea89",
    ),
    (
        "secret_base64",
        "without its prefix",
        b"v1,whsec_BwgJCgsMDQ4PEBESExQVFhcYGRobHB0eHyAhIiMkJQ==",
        "348dce9a2223a14508f557193c29d81f7fe28f1153f99af51e7ceb43b1e1751e",
    ),
];

#[test]
fn what_frameworks_make_of_a_body_is_found_first() {
    let mut wrong = Vec::new();
    for (code, words, body, signature) in ONE {
        let diagnosis = Case::new(signature, T, body).run();
        let says = told(&diagnosis);
        if first(&diagnosis) != [*code] || !says.contains(words) {
            wrong.push(format!("{words}: {:?} {says}", first(&diagnosis)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn two_changes_of_the_body_are_found_first() {
    let mut wrong = Vec::new();
    for (codes, body, signature) in TWO {
        let diagnosis = Case { depth: Depth::Pairs, ..Case::new(signature, T, body) }.run();
        if first(&diagnosis) != *codes {
            wrong.push(format!("{codes:?}: {:?} {}", first(&diagnosis), told(&diagnosis)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn keys_made_of_the_secret_are_found_first() {
    let mut wrong = Vec::new();
    for (code, words, configured, signature) in KEYS {
        let case = Case { secrets: vec![secret(configured)], ..Case::new(signature, T, b"{}") };
        let diagnosis = case.run();
        if first(&diagnosis) != [*code] || !told(&diagnosis).contains(words) {
            wrong.push(format!("{words}: {:?} {}", first(&diagnosis), told(&diagnosis)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Another signature, and none of it is claimed.
#[test]
fn none_of_it_is_found_where_it_is_not() {
    for (_, words, body, signature) in ONE {
        let other: String = signature.chars().rev().collect();
        let diagnosis = Case::new(&other, T, body).run();
        assert!(!diagnosis.is_proved(), "{words}: {}", told(&diagnosis));
    }
    for (codes, body, signature) in TWO {
        let other: String = signature.chars().rev().collect();
        let diagnosis = Case { depth: Depth::Pairs, ..Case::new(&other, T, body) }.run();
        assert!(!diagnosis.is_proved(), "{codes:?}: {}", told(&diagnosis));
    }
    for (_, words, configured, signature) in KEYS {
        let other: String = signature.chars().rev().collect();
        let case = Case { secrets: vec![secret(configured)], ..Case::new(&other, T, b"{}") };
        assert!(!case.run().is_proved(), "{words}");
    }
}

/// A body as received, what was signed, the codes of the likeliest cause, and words that no cause may say.
type Untold<'a> = (&'a [u8], &'a [u8], &'a [&'a str], &'a [&'a str]);

/// A change is told by its own name, not by one that would have changed something else as well.
#[test]
fn nothing_is_told_that_did_not_happen() {
    let key = secret(SECRET.as_bytes());
    let packed: &[u8] = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\x03\xab\x56\x4a\x54\xb2\x52\x30\xac\x05\x00\x97\x8e\xa1\xfb\x08\x00\x00\x00";
    let cases: [Untold<'_>; 9] = [
        (
            b"{\"a\": 1, \"b\": \"x\"}",
            b"{\"a\":1,\"b\":\"x\"}",
            &["body_reserialized"],
            &["null", "sort", "slash", "escape", "Laravel", "dates", "__v", "U+FFFF", "integer-like"],
        ),
        (b"{\"a\": 1}\n", b"{\"a\":1}", &["body_reserialized"], &["null", "sort", "Laravel"]),
        (b"{\"a\": null, \"b\": 1}", b"{\"b\":1}", &["body_nulls_dropped"], &["sort"]),
        (b"{\"b\": 1, \"a\": 2}", b"{\"a\":2,\"b\":1}", &["body_reserialized"], &["null"]),
        (b"{\"2\": 1, \"1\": 2}", b"{\"1\":2,\"2\":1}", &["body_reserialized"], &["null", "by JavaScript"]),
        (b"{ }", b"{}", &["body_reserialized"], &["instead of the body"]),
        (b"\n", b"", &["body_newline"], &["empty body"]),
        (b"a=x+y&b=1", b"a=x+y&b=1\n", &["body_newline"], &["sort"]),
        (b"a=x+y&b=%7E", b"a=x%20y&b=~", &["body_reserialized"], &["sort", "ksort"]),
    ];
    for (body, signed, codes, absent) in cases {
        let diagnosis = Case::new(&sign(&key, T.as_bytes(), signed), T, body).run();
        let body = String::from_utf8_lossy(body);
        assert_eq!(first(&diagnosis), codes, "{body}: {diagnosis:#?}");
        let says = format!("{:?}", diagnosis.causes);
        for word in absent {
            let except = matches!(*word, "sort" | "null") && codes[0].contains(word);
            assert!(except || !says.contains(word), "{body}: {word} in {says}");
        }
    }
    let unpacked = br#"{"a": 1}"#;
    let diagnosis = Case::new(&sign(&key, T.as_bytes(), unpacked), T, packed).run();
    let all: Vec<usize> = diagnosis.causes.iter().map(|cause| cause.changes.len()).collect();
    assert_eq!((first(&diagnosis), all), (vec!["body_compressed"], vec![1]), "{diagnosis:#?}");
}

/// Zeros are lost within a prefix, a list and a tool's output too, and from the digests of other algorithms.
#[test]
fn digits_without_zeros_are_read_wherever_they_are() {
    let key = secret(SECRET.as_bytes());
    let without = |digest: &[u8]| digest.iter().map(|byte| format!("{byte:x}")).collect::<String>();
    let has_zeros = |digest: &[u8]| digest[0] >= 16 && digest.iter().any(|byte| *byte < 16);
    let bodies = || (0..).map(|number| format!("[{number}]"));
    let digest = |body: &str| hex::decode(sign(&key, T.as_bytes(), body.as_bytes())).unwrap();
    let body = bodies().find(|body| has_zeros(&digest(body))).unwrap();
    let digits = without(&digest(&body));
    for header in [
        format!("sha256={digits}"),
        format!("t={T},v1={digits}"),
        format!("t={T},v0=abc,v1={digits}"),
        format!("v1,abc v1,{digits}"),
        format!("SHA2-256(stdin)= {digits}"),
        format!("\"{digits}\""),
    ] {
        let found = Case::new(&header, T, body.as_bytes()).run();
        assert!(found.is_proved() && first(&found).contains(&"signature_encoding"), "{header}: {found:?}");
    }
    let long = |body: &str| {
        let mut state = Algorithm::Sha512.keyed(SECRET.as_bytes());
        state.update(format!("{T}.{body}").as_bytes());
        state.finish()
    };
    let body = bodies().find(|body| has_zeros(&long(body))).unwrap();
    let found = Case::new(&format!("sha512={}", without(&long(&body))), T, body.as_bytes()).run();
    assert_eq!(first(&found), ["signature_prefix", "signature_encoding", "signature_algorithm"], "{found:?}");
    let other = Case::new(&format!("sha256={}", digits.chars().rev().collect::<String>()), T, body.as_bytes()).run();
    assert!(!other.is_proved(), "{other:?}");
}
