//! What real languages printed of `HMAC-SHA256("whyhook", "body")` (Node 20, Python 3.11, Java 17; Go, Ruby and Elixir
//! by their documentation), and what no text may do.

use proptest::prelude::*;

use super::*;

const HEX: &str = "a584f1396be5ecd85159b2e0267fc6ab143c71018cce9b0233a55cd29b171da6";
/// Of the same with SHA-512.
const LONG: &str = "3cc79cf2fbe692a8df8d1e2e676a013ea8cfe85ed87f0e06f165b30d8c74d34142a869925535cc9ada1715cb9e7127407b3a9d63e4518e50fbd386d252b48b23";
/// `HMAC-SHA256("whyhook", "16")`, which begins with a zero.
const ZERO: &str = "00a83f7c64ced5e213c52f717aab699ef37debd4e968b324b16a77fff601ca9b";

fn bytes() -> Vec<u8> {
    hex::decode(HEX).unwrap()
}

/// What was read, whole, and how.
fn whole(text: &str) -> (Vec<u8>, String) {
    let printed = PrintedDigest::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    match printed.content {
        DigestContent::Whole(bytes, _) => (bytes, printed.how.into_owned()),
        DigestContent::Beginning(..) | DigestContent::Digits(..) => panic!("{text}: {}", printed.words()),
    }
}

fn refused(text: &str) -> NotADigest {
    PrintedDigest::read(text).map(|printed| printed.words()).expect_err(text)
}

fn joined(separator: &str, byte: impl Fn(&u8) -> String) -> String {
    bytes().iter().map(byte).collect::<Vec<_>>().join(separator)
}

#[test]
fn digits_are_read_with_whatever_is_between_and_around_them() {
    let upper = HEX.to_uppercase();
    let pairs = |separator: &str| joined(separator, |byte| format!("{byte:02x}"));
    for (text, how) in [
        (HEX.to_owned(), "64 hexadecimal digits"),
        (upper.clone(), "64 upper-case hexadecimal digits"),
        (format!("0x{HEX}"), "64 hexadecimal digits"),
        (format!("\\x{HEX}"), "64 hexadecimal digits"),
        (format!("sha256={HEX}"), "64 hexadecimal digits"),
        (format!("v1={HEX}"), "64 hexadecimal digits"),
        (format!("v1_{HEX}"), "64 hexadecimal digits"),
        (format!("t=1746123456,v1={HEX}"), "64 hexadecimal digits"),
        (format!("\"{HEX}\""), "64 hexadecimal digits"),
        (format!("b'{HEX}'"), "64 hexadecimal digits"),
        (format!("SHA2-256(stdin)= {HEX}\n"), "64 hexadecimal digits"),
        (format!("{HEX}  -"), "64 hexadecimal digits"),
        (format!("2026-05-04T12:00:01Z [warn] req=7f3a computed: {HEX}, refused"), "64 hexadecimal digits"),
        (format!("trace_id=4bf92f3577b34da6a3ce929d0e0e4736 computed={HEX}"), "64 hexadecimal digits"),
        (format!("id 123e4567-e89b-12d3-a456-426614174000 {HEX}"), "64 hexadecimal digits"),
        (format!("got {HEX}; computed {upper}"), "64 hexadecimal digits"),
        (format!("{{\"msg\":\"computed \\\"{HEX}\\\"\\n\"}}"), "64 hexadecimal digits"),
        (pairs(":"), "64 hexadecimal digits with colons between them"),
        (format!("12:00:01 computed: {}", pairs(":")), "64 hexadecimal digits with colons between them"),
        (pairs(" "), "64 hexadecimal digits with spaces between them"),
        (pairs("_"), "64 hexadecimal digits with underscores between them"),
        (pairs("-").to_uppercase(), "64 upper-case hexadecimal digits with dashes between them"),
        (
            joined(" ", |byte| format!("{byte:x}")),
            "64 hexadecimal digits with spaces between them, without each byte's leading zero",
        ),
        (joined(", ", |byte| format!("0x{byte:02x}")), "64 hexadecimal digits, each byte with a prefix"),
        (joined(" ", |byte| format!("0x{byte:02X}")), "64 upper-case hexadecimal digits, each byte with a prefix"),
        (joined("", |byte| format!("\\x{byte:02x}")), "64 hexadecimal digits, each byte with a prefix"),
        (
            "a584 f139 6be5 ecd8 5159 b2e0 267f c6ab 143c 7101 8cce 9b02 33a5 5cd2 9b17 1da6".to_owned(),
            "64 hexadecimal digits with spaces between them",
        ),
        (hex::encode(HEX), "hexadecimal digits, encoded twice"),
        (hex::encode("pYTxOWvl7NhRWbLgJn/GqxQ8cQGMzpsCM6Vc0psXHaY="), "base64 written as hexadecimal digits"),
    ] {
        assert_eq!(whole(&text), (bytes(), how.to_owned()), "{text}");
    }
}

#[test]
fn digits_without_leading_zeros_are_kept_as_digits() {
    let each = joined("", |byte| format!("{byte:x}"));
    assert_eq!(each, "a584f1396be5ecd85159b2e0267fc6ab143c7118cce9b233a55cd29b171da6", "Java's Integer.toHexString");
    for (text, digest) in [(each, HEX), (ZERO.trim_start_matches('0').to_uppercase(), ZERO)] {
        let printed = PrintedDigest::read(&format!("computed: {text}")).unwrap();
        let words = printed.words();
        assert_eq!(words, "read as 62 of 64 hexadecimal digits, without leading zeros: the length of HMAC-SHA256");
        let digest = hex::decode(digest).unwrap();
        assert!(printed.received(Algorithm::Sha256).iter().any(|received| received.matches(&digest)));
        assert!(!printed.received(Algorithm::Sha256).iter().any(|received| received.matches(&[7; 32])));
    }
}

#[test]
fn base64_is_read_in_both_alphabets() {
    for (text, how) in [
        ("pYTxOWvl7NhRWbLgJn/GqxQ8cQGMzpsCM6Vc0psXHaY=", "base64"),
        ("pYTxOWvl7NhRWbLgJn/GqxQ8cQGMzpsCM6Vc0psXHaY", "base64 without padding"),
        ("pYTxOWvl7NhRWbLgJn_GqxQ8cQGMzpsCM6Vc0psXHaY", "base64url without padding"),
        ("b'pYTxOWvl7NhRWbLgJn_GqxQ8cQGMzpsCM6Vc0psXHaY='", "base64url"),
        ("v1,pYTxOWvl7NhRWbLgJn/GqxQ8cQGMzpsCM6Vc0psXHaY=", "base64"),
        ("sha256-pYTxOWvl7NhRWbLgJn/GqxQ8cQGMzpsCM6Vc0psXHaY=", "base64"),
        ("InvalidSignatureException: computed=pYTxOWvl7NhRWbLgJn/GqxQ8cQGMzpsCM6Vc0psXHaY=", "base64"),
        ("pYTxOWvl7NhRWbLgJn%2FGqxQ8cQGMzpsCM6Vc0psXHaY%3D", "base64, percent-encoded"),
        (
            "YTU4NGYxMzk2YmU1ZWNkODUxNTliMmUwMjY3ZmM2YWIxNDNjNzEwMThjY2U5YjAyMzNhNTVjZDI5YjE3MWRhNg==",
            "base64 of hexadecimal digits",
        ),
    ] {
        assert_eq!(whole(text), (bytes(), how.to_owned()), "{text}");
    }
}

#[test]
fn print_outs_of_javascript_are_read() {
    let buffer =
        "<Buffer a5 84 f1 39 6b e5 ec d8 51 59 b2 e0 26 7f c6 ab 14 3c 71 01 8c ce 9b 02 33 a5 5c d2 9b 17 1d a6>";
    let data = "[165,132,241,57,107,229,236,216,81,89,178,224,38,127,198,171,20,60,113,1,140,206,155,2,51,165,92,210,155,23,29,166]";
    let spaced = "[\n  165, 132, 241,  57, 107, 229, 236, 216,\n   81,  89, 178, 224,  38, 127, 198, 171,\n   20,  60, 113,   1, 140, 206, 155,   2,\n   51, 165,  92, 210, 155,  23,  29, 166\n]";
    let keyed = "{\"0\":165,\"1\":132,\"2\":241,\"3\":57,\"4\":107,\"5\":229,\"6\":236,\"7\":216,\"8\":81,\"9\":89,\"10\":178,\"11\":224,\"12\":38,\"13\":127,\"14\":198,\"15\":171,\"16\":20,\"17\":60,\"18\":113,\"19\":1,\"20\":140,\"21\":206,\"22\":155,\"23\":2,\"24\":51,\"25\":165,\"26\":92,\"27\":210,\"28\":155,\"29\":23,\"30\":29,\"31\":166}";
    let contents = buffer.replace("Buffer ", "");
    for (text, how) in [
        (buffer.to_owned(), "Node's Buffer"),
        (format!("{{\n  got: {buffer}\n}}"), "Node's Buffer"),
        (format!("{{\"type\":\"Buffer\",\"data\":{data}}}"), "Node's Buffer as JSON"),
        (format!("{{\"got\":{{\"type\":\"Buffer\",\"data\":{data}}}}}"), "Node's Buffer as JSON"),
        (format!("Uint8Array(32) {spaced}"), "a JavaScript typed array"),
        (format!("ArrayBuffer {{\n  [Uint8Contents]: {contents},\n  byteLength: 32\n}}"), "Node's ArrayBuffer"),
        (keyed.to_owned(), "a JavaScript Uint8Array as JSON"),
        (keyed.replace(':', ": ").replace(',', ", "), "a JavaScript Uint8Array as JSON"),
        (spaced.to_owned(), "a list of byte values"),
        (data[1..data.len() - 1].to_owned(), "byte values, as JavaScript joins a Uint8Array"),
        (
            "{\"words\":[-1518014151,1810230488,1364832992,645908139,339505409,-1932616958,866475218,-1692983898],\"sigBytes\":32}"
                .to_owned(),
            "a CryptoJS WordArray",
        ),
    ] {
        assert_eq!(whole(&text), (bytes(), how.to_owned()), "{text}");
    }
}

#[test]
fn print_outs_of_other_languages_are_read() {
    let decimal = |separator: &str| joined(separator, u8::to_string);
    for (text, how) in [
        (format!("[{}]", decimal(" ")), "byte values, as Go prints a []byte"),
        (format!("[]byte{{{}}}", joined(", ", |byte| format!("0x{byte:x}"))), "a Go []byte"),
        (format!("[32]uint8{{{}}}", joined(", ", |byte| format!("0x{byte:x}"))), "a Go []byte"),
        (
            "[-91, -124, -15, 57, 107, -27, -20, -40, 81, 89, -78, -32, 38, 127, -58, -85, 20, 60, 113, 1, -116, -50, -101, 2, 51, \
             -91, 92, -46, -101, 23, 29, -90]"
                .to_owned(),
            "signed byte values, as Java prints them",
        ),
        (format!("[{}]", decimal(", ")), "a list of byte values"),
        (format!("({})", decimal(", ")), "a list of byte values"),
        (format!("[{}]", joined(", ", |byte| format!("{byte:x}"))), "a list of hexadecimal byte values"),
        (format!("[{}]", joined(", ", |byte| format!("'{byte:#x}'"))), "a list of hexadecimal byte values"),
        (format!("{{ {} }}", joined(", ", |byte| format!("(byte) 0x{byte:02X}"))), "a list of hexadecimal byte values"),
        (format!("<<{}>>", decimal(", ")), "an Elixir or Erlang binary"),
        (format!("<<{}>>", decimal(",")), "an Elixir or Erlang binary"),
        (
            r"b'\xa5\x84\xf19k\xe5\xec\xd8QY\xb2\xe0&\x7f\xc6\xab\x14<q\x01\x8c\xce\x9b\x023\xa5\\\xd2\x9b\x17\x1d\xa6'".to_owned(),
            "Python bytes, b'…'",
        ),
        (
            r"bytearray(b'\xa5\x84\xf19k\xe5\xec\xd8QY\xb2\xe0&\x7f\xc6\xab\x14<q\x01\x8c\xce\x9b\x023\xa5\\\xd2\x9b\x17\x1d\xa6')"
                .to_owned(),
            "a Python bytearray",
        ),
        (
            r#""\xA5\x84\xF19k\xE5\xEC\xD8QY\xB2\xE0&\x7F\xC6\xAB\x14<q\x01\x8C\xCE\x9B\x023\xA5\\\xD2\x9B\x17\x1D\xA6""#.to_owned(),
            "a string with escapes, as Ruby prints bytes",
        ),
    ] {
        assert_eq!(whole(&text), (bytes(), how.to_owned()), "{text}");
    }
    let quoted =
        r#"b"\xce\x1d_\rc'f\x80\x9c\xf5\x1e<|\t\x9a\xd3\x19\xfb\\\xcd5\xd1\xb8\x9b\x0b\x12\x90_\x13\xd5\x87\n""#;
    assert_eq!(hex::encode(whole(quoted).0), "ce1d5f0d632766809cf51e3c7c099ad319fb5ccd35d1b89b0b12905f13d5870a");
    let long = r#"b"<\xc7\x9c\xf2\xfb\xe6\x92\xa8\xdf\x8d\x1e.gj\x01>\xa8\xcf\xe8^\xd8\x7f\x0e\x06\xf1e\xb3\r\x8ct\xd3AB\xa8i\x92U5\xcc\x9a\xda\x17\x15\xcb\x9eq'@{:\x9dc\xe4Q\x8eP\xfb\xd3\x86\xd2R\xb4\x8b#""#;
    assert_eq!(hex::encode(whole(long).0), LONG);
    let ruby = r##""\a\b\t\n\v\f\r\e\#{\u0000\"\\\x7F\xFF\u00E9""##;
    let expected = [7, 8, 9, 10, 11, 12, 13, 27, b'#', b'{', 0, b'"', b'\\', 0x7f, 0xff, 0xc3, 0xa9];
    assert_eq!(refused(ruby), NotADigest::WrongLength(expected.len()));
    let ruby = ruby.replace(r"\#", "");
    assert_eq!(whole(&ruby).0, [&expected[..8], &expected[9..]].concat());
}

#[test]
fn a_beginning_is_read_when_it_proves_something() {
    let beginning = |text: &str| match PrintedDigest::read(text).map(|printed| printed.content) {
        Ok(DigestContent::Beginning(bytes, algorithm)) => (hex::encode(bytes), algorithm),
        Ok(_) => panic!("{text}: not a beginning"),
        Err(error) => panic!("{text}: {error}"),
    };
    for text in [
        "a584f1396be5ecd8…",
        "computed=a584f1396be5ecd8... (cut)",
        "a584f1396be5ecd85…",
        "A5:84:F1:39:6B:E5:EC:D8:…",
        "a5 84 f1 39 6b e5 ec d8 ...",
        "a584f1396be5ecd8…1da6",
        "[165 132 241 57 107 229 236 216 ...]",
        "<<165, 132, 241, 57, 107, 229, 236, 216, ...>>",
    ] {
        assert_eq!(beginning(text), ("a584f1396be5ecd8".to_owned(), None), "{text}");
    }
    let cut = "<Buffer 3c c7 9c f2 fb e6 92 a8 df 8d 1e 2e 67 6a 01 3e a8 cf e8 5e d8 7f 0e 06 f1 65 b3 0d 8c 74 d3 41 42 a8 69 92 55 35 cc 9a da 17 15 cb 9e 71 27 40 7b 3a ... 14 more bytes>";
    assert_eq!(beginning(cut), (LONG[..100].to_owned(), Some(Algorithm::Sha512)));
    assert_eq!(refused("<Buffer 3c c7 9c f2 fb e6 92 a8 ... 15 more bytes>"), NotADigest::WrongLength(23));
    let read = PrintedDigest::read("a584f1396be5ecd8…").unwrap();
    assert_eq!(read.words(), "read as 16 hexadecimal digits: the first 8 bytes");
    assert!(
        read.received(Algorithm::Sha256)[0].matches(&bytes()) && !read.received(Algorithm::Sha256)[0].matches(&[7; 32])
    );
    for text in ["a584f1396be5ec…", "computed: a584f1396be5ec...", "a584f1396be5ecd…"] {
        assert_eq!(refused(text), NotADigest::TooShort(7), "{text}");
    }
    assert!(refused("a584f1396be5ec…").to_string().contains("has 14"));
}

#[test]
fn several_digests_are_counted() {
    for text in [
        format!("expected: {HEX} got {ZERO}"),
        format!("expected {HEX}, computed pYTxOWvl7NhRWbLgJn/GqxQ8cQGMzpsCM6Vc0psXHac="),
        format!("expected {ZERO}, computed a584f1396be5ecd8…"),
        format!("expected {ZERO}, computed [{}]", joined(" ", u8::to_string)),
    ] {
        assert_eq!(refused(&text), NotADigest::Several(2), "{text}");
    }
    assert_eq!(whole(&format!("{HEX} is pYTxOWvl7NhRWbLgJn/GqxQ8cQGMzpsCM6Vc0psXHaY=")).0, bytes());
}

#[test]
fn an_id_before_a_digest_is_not_joined_with_it() {
    let trace = "4bf92f3577b34da6a3ce929d0e0e4736";
    for text in [
        format!("{trace} {HEX}"),
        format!("{HEX} {trace}"),
        format!("trace {trace}\n{HEX}"),
        format!("{trace}, {HEX}"),
        format!("da39a3ee5e6b4b0d-{HEX}"),
        format!("{trace} 00f067aa0b1902b7 {HEX}"),
    ] {
        assert_eq!(whole(&text).0, bytes(), "{text}");
    }
    assert_eq!(refused(&format!("{HEX} {ZERO}")), NotADigest::Several(2), "and not one of SHA-512");
    // The halves of one, as some tools break lines.
    assert_eq!(whole(&format!("{} {}", &HEX[..32], &HEX[32..])).0, bytes());
}

#[test]
fn colours_of_a_terminal_are_passed_over() {
    for text in [
        format!("computed \u{1b}[31m{HEX}\u{1b}[0m"),
        format!("\\u001b[1m{HEX}\\u001b[22m"),
        format!("{}\u{1b}[31m{}\u{1b}[0m{}", &HEX[..20], &HEX[20..22], &HEX[22..]),
    ] {
        assert_eq!(whole(&text).0, bytes(), "{text:?}");
    }
}

/// A column or a log that cuts says nothing of it.
#[test]
fn what_is_cut_without_dots_is_compared_as_a_beginning_too() {
    let standard = "pYTxOWvl7NhRWbLgJn/GqxQ8cQGMzpsCM6Vc0psXHaY=";
    let cut: Vec<&str> = [62, 61, 50, 48, 47, 40, 36, 34, 32]
        .into_iter()
        .map(|length| &HEX[..length])
        .chain([41, 40, 38, 30, 24].into_iter().map(|length| &standard[..length]))
        .collect();
    for text in cut {
        let read = PrintedDigest::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let received = read.received(Algorithm::Sha256);
        assert!(received.iter().any(|one| one.whys.is_empty() && one.matches(&bytes())), "{text}: {}", read.words());
        assert!(read.is(&bytes()) || received.len() > 1, "{text}");
        assert!(!received.iter().any(|one| one.matches(&[7; 32])), "{text}");
    }
    for text in ["pYTxOWvl7NhRWbLgJn/GqxQ8c…", "computed: pYTxOWvl7NhRWbLgJn/GqxQ8c... refused"] {
        let read = PrintedDigest::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read.words(), "read as base64: the first 18 bytes", "{text}");
        assert!(read.is(&bytes()) && !read.is(&[7; 32]));
    }
    let sha1 = PrintedDigest::read(&HEX[..40]).unwrap();
    assert_eq!(sha1.words(), "read as 40 hexadecimal digits: 20 bytes, the length of HMAC-SHA1");
    assert_eq!(sha1.words_of(Some(Algorithm::Sha256)), "read as 40 hexadecimal digits: the first 20 of 32 bytes");
    // Something better in the same text is preferred.
    assert_eq!(whole(&format!("id {} computed {HEX}", &ZERO[..48])).0, bytes());
}

#[test]
fn spaces_in_base64_were_plus_signs() {
    let digest = [0xfb; 32];
    let text = base64::Engine::encode(&base64::prelude::BASE64_STANDARD, digest);
    assert!(text.starts_with("+/v7+/v7"), "{text}");
    for text in [
        text.replace('+', " "),
        format!("computed {}", text.replace('+', " ")),
        format!("sig={}", text.replace('+', " ")),
    ] {
        let (bytes, how) = whole(&text);
        assert_eq!((bytes.as_slice(), how.as_str()), (&digest[..], "base64 with spaces in place of +"), "{text}");
    }
    assert_eq!(refused("a server computed something = else"), NotADigest::Absent);
}

#[test]
fn what_is_not_a_digest_is_named() {
    let hmac = "Hmac {\n  _options: undefined,\n  [Symbol(kHandle)]: Hmac {},\n  [Symbol(kState)]: { [Symbol(kFinalized)]: false }\n}";
    for (text, expected) in [
        ("[B@579bb367", NotADigest::JavaArray),
        ("java.nio.HeapByteBuffer[pos=0 lim=32 cap=32]", NotADigest::JavaArray),
        ("javax.crypto.Mac@1de0aca6", NotADigest::JavaMac),
        ("System.Byte[]", NotADigest::DotNetArray),
        ("System.Security.Cryptography.HMACSHA256", NotADigest::DotNetHmac),
        ("[object ArrayBuffer]", NotADigest::ArrayBuffer),
        ("[object Object]", NotADigest::JavaScriptObject),
        ("[object Promise]", NotADigest::Promise),
        ("Promise { <pending> }", NotADigest::Promise),
        (hmac, NotADigest::NodeHmac),
        ("<Hmac object>", NotADigest::NodeHmac),
        ("<hmac.HMAC object at 0x7f389d3e2200>", NotADigest::PythonHash),
        ("<sha256 _hashlib.HASH object @ 0x7f389d36d6f0>", NotADigest::PythonHash),
        ("<bound method HMAC.hexdigest of <hmac.HMAC object at 0x7f389d3e2200>>", NotADigest::PythonMethod),
        ("<built-in method hexdigest of _hashlib.HASH object at 0x7f389d36d690>", NotADigest::PythonMethod),
        ("<memory at 0x7f389cc4e2c0>", NotADigest::PythonMemory),
        ("#<OpenSSL::HMAC:0x000078e1f2b3c4d5>", NotADigest::RubyHmac),
        ("&{[92 92 92 92 92 92 92 92] [54 54 54 54 54 54 54 54] 0xc000118000 0xc000118080 true}", NotADigest::GoHash),
        ("object(HashContext)#1 (0) {\n}", NotADigest::PhpHash),
        ("#Reference<0.1867046017.3812229121.99154>", NotADigest::ErlangReference),
        ("null", NotADigest::Nothing),
        ("computed: undefined", NotADigest::Nothing),
        ("None", NotADigest::Nothing),
        ("  ", NotADigest::Nothing),
        ("b''", NotADigest::Nothing),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.pYTxOWvl7NhRWbLgJn_GqxQ8cQGMzpsCM6Vc0psXHaY", NotADigest::JsonWebToken),
        (&HEX[..56], NotADigest::WrongLength(28)),
        ("[165 132 241 57 107 229 236 216 81]", NotADigest::WrongLength(9)),
        ("no digest in here", NotADigest::Absent),
        ("dead... and 2026-05-04 12:00:01 id=7f3a", NotADigest::Absent),
        ("InvalidSignatureException at signature-verification in WebhookSignatureVerifier", NotADigest::Absent),
    ] {
        let refused = refused(text);
        assert_eq!(refused, expected, "{text}");
        assert!(!refused.to_string().is_empty());
    }
    assert!(refused(&HEX[..56]).to_string().starts_with("this has 28 bytes, the length of SHA-224: HMAC-MD5 16, "));
    let line = format!(
        "session eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.pYTxOWvl7NhRWbLgJn_GqxQ8cQGMzpsCM6Vc0psXHaY computed {ZERO}"
    );
    assert_eq!(hex::encode(whole(&line).0), ZERO, "a token beside a digest is left alone");
}

#[test]
fn a_digest_is_in_no_debug_output() {
    let shown = format!("{:?}", PrintedDigest::read(HEX).unwrap());
    assert!(!shown.contains("a584") && !shown.contains("165"), "{shown}");
}

/// As Python's `repr(bytes)` writes them.
fn python(bytes: &[u8]) -> String {
    let quote = if bytes.contains(&b'\'') && !bytes.contains(&b'"') { '"' } else { '\'' };
    let escaped = bytes.iter().map(|&byte| match byte {
        b'\n' => "\\n".to_owned(),
        b'\r' => "\\r".to_owned(),
        b'\t' => "\\t".to_owned(),
        b'\\' => "\\\\".to_owned(),
        b'\'' if quote == '\'' => "\\'".to_owned(),
        0x20..=0x7e => char::from(byte).to_string(),
        _ => format!("\\x{byte:02x}"),
    });
    format!("b{quote}{}{quote}", escaped.collect::<String>())
}

/// As Ruby's `String#inspect` writes binary strings.
fn ruby(bytes: &[u8]) -> String {
    let mut text = String::from('"');
    for (index, &byte) in bytes.iter().enumerate() {
        match byte {
            7..=13 => text.extend(['\\', char::from(b"abtnvfr"[usize::from(byte - 7)])]),
            27 => text.push_str("\\e"),
            b'"' | b'\\' => text.extend(['\\', char::from(byte)]),
            b'#' if matches!(bytes.get(index + 1), Some(b'{' | b'$' | b'@')) => text.push_str("\\#"),
            0x20..=0x7e => text.push(char::from(byte)),
            _ => text.push_str(&format!("\\x{byte:02X}")),
        }
    }
    text + "\""
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(bytes in proptest::collection::vec(any::<u8>(), 32)) {
        let each = |separator: &str, byte: fn(&u8) -> String| bytes.iter().map(byte).collect::<Vec<_>>().join(separator);
        let decimal = |separator: &str| each(separator, u8::to_string);
        let hexadecimal = |separator: &str| each(separator, |byte| format!("{byte:02x}"));
        let encode = |engine: base64::engine::GeneralPurpose| base64::Engine::encode(&engine, &bytes);
        for text in [
            hex::encode(&bytes),
            hex::encode_upper(&bytes),
            format!("sha256=0x{}", hex::encode(&bytes)),
            hexadecimal(":"),
            hexadecimal(" "),
            hexadecimal("-"),
            hexadecimal("_"),
            each(":", |byte| format!("{byte:x}")),
            each(" ", |byte| format!("0x{byte:x}")),
            format!("<Buffer {}>", hexadecimal(" ")),
            format!("ArrayBuffer {{ [Uint8Contents]: <{}>, byteLength: 32 }}", hexadecimal(" ")),
            format!("{{\"type\":\"Buffer\",\"data\":[{}]}}", decimal(",")),
            format!("Uint8Array(32) [ {} ]", decimal(", ")),
            format!("[{}]", decimal(" ")),
            format!("[]byte{{{}}}", each(", ", |byte| format!("0x{byte:x}"))),
            format!("[{}]", each(", ", |byte| byte.cast_signed().to_string())),
            format!("<<{}>>", decimal(", ")),
            format!("bytearray({})", python(&bytes)),
            format!("computed {}", python(&bytes)),
            ruby(&bytes),
            encode(base64::engine::general_purpose::STANDARD),
            encode(base64::engine::general_purpose::STANDARD_NO_PAD),
            encode(base64::engine::general_purpose::URL_SAFE),
            format!("\"{}\"", encode(base64::engine::general_purpose::URL_SAFE_NO_PAD)),
        ] {
            let read = PrintedDigest::read(&text).map(|printed| printed.content);
            let is_same = matches!(&read, Ok(DigestContent::Whole(read, Algorithm::Sha256)) if *read == bytes);
            prop_assert!(is_same, "{}", text);
        }
        let cut = PrintedDigest::read(&format!("{}…", &hex::encode(&bytes)[..20])).map(|printed| printed.content);
        prop_assert!(matches!(cut, Ok(DigestContent::Beginning(read, None)) if read == bytes[..10]));
    }

    #[test]
    fn any_text_is_read_or_refused(
        text in ".{0,200}",
        near in "[\\[\\]{}()<>b'\"\\\\x0-9a-f:, .…%=+/_@-]{0,200}",
    ) {
        for text in [text, near] {
            match PrintedDigest::read(&text) {
                Ok(printed) => prop_assert!(!printed.words().is_empty() && !printed.received(Algorithm::Sha256).is_empty()),
                Err(error) => prop_assert!(!error.to_string().is_empty()),
            }
        }
    }
}
