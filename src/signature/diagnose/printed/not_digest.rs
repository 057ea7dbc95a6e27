//! What is printed in place of a digest by mistake, and what to print instead.

use std::ops::Range;

use crate::signature::Algorithm;

/// Why a text holds no digest to compare with. Nothing of the text is repeated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotADigest {
    /// Nothing in it looks like one.
    #[error(
        "no digest in this text: paste the hexadecimal digits or base64 that the server computed, or the log line with them"
    )]
    Absent,
    /// More than one, and they differ.
    #[error("{0} digests are in this text: paste only the one that your server computed")]
    Several(usize),
    /// The beginning of a digest, with its number of bytes.
    #[error("the beginning of a digest proves something from 16 hexadecimal digits on, and this one has {}: print all of it", 2 * *.0)]
    TooShort(usize),
    /// The number of bytes that were found, which no digest has.
    #[error("{}", wrong_length(*.0))]
    WrongLength(usize),
    /// `null`, `undefined`, `None`, or an empty text.
    #[error("this is an empty value: the digest was not computed, or was printed before it was")]
    Nothing,
    /// Java's `[B@6d06d69c`.
    #[error(
        "this is the identity of a Java array, not its bytes: print HexFormat.of().formatHex(bytes), or Hex.encodeHexString(bytes)"
    )]
    JavaArray,
    /// Java's `javax.crypto.Mac@1b6d3586`.
    #[error("this is a Java Mac object, not its digest: print HexFormat.of().formatHex(mac.doFinal(body))")]
    JavaMac,
    /// `System.Byte[]`.
    #[error("this is the name of a .NET type, not its bytes: print Convert.ToHexString(bytes)")]
    DotNetArray,
    /// `System.Security.Cryptography.HMACSHA256`.
    #[error("this is a .NET HMAC object, not its digest: print Convert.ToHexString(hmac.ComputeHash(body))")]
    DotNetHmac,
    /// `[object ArrayBuffer]`.
    #[error("this is a JavaScript ArrayBuffer as text, without its bytes: print Buffer.from(buffer).toString('hex')")]
    ArrayBuffer,
    /// `[object Object]` and others.
    #[error(
        "this is a JavaScript object as text, without its content: print digest.toString('hex') of the Buffer itself"
    )]
    JavaScriptObject,
    /// `Promise { <pending> }`, `[object Promise]`, a coroutine.
    #[error("this is a promise, not its result: await it before you print the digest")]
    Promise,
    /// `Hmac { … }`.
    #[error("this is a Node Hmac object, not its digest: end the chain with .digest('hex')")]
    NodeHmac,
    /// `<hmac.HMAC object at 0x…>`.
    #[error("this is a Python hash object, not its digest: print its .hexdigest()")]
    PythonHash,
    /// A bound method, such as `<built-in method hexdigest …>`.
    #[error("this is the method, not its result: call it with (), as in .hexdigest()")]
    PythonMethod,
    /// `<memory at 0x…>`.
    #[error("this is a Python object, not its bytes: print bytes(value).hex()")]
    PythonMemory,
    /// `#<OpenSSL::HMAC:0x…>`.
    #[error("this is a Ruby hash object, not its digest: print its .hexdigest")]
    RubyHmac,
    /// Go's `&{[54 54 …] …}`.
    #[error(
        "this is the inner state of a Go hash, which holds the key: print hex.EncodeToString(mac.Sum(nil)) instead"
    )]
    GoHash,
    /// Rust's `Hmac<Sha256> { .. }`.
    #[error("this is a Rust Hmac value, not its digest: print hex::encode(mac.finalize().into_bytes())")]
    RustHmac,
    /// `object(HashContext)#1 (0) {}`.
    #[error("this is a PHP HashContext, not its digest: print hash_final($context)")]
    PhpHash,
    /// `#Reference<0.1.2.3>`.
    #[error("this is a reference to an Erlang hash, not its digest: print Base.encode16(:crypto.mac_final(state))")]
    ErlangReference,
    /// Three parts of base64url with dots between them.
    #[error("this is a JSON Web Token, not a digest: print the digest that your server computed for this body")]
    JsonWebToken,
}

impl NotADigest {
    /// The object whose print-out this is; `None` for any other text.
    pub(in crate::signature::diagnose) fn of_object(text: &str) -> Option<Self> {
        state_of_hash(text).or_else(|| object(text))
    }
}

/// What else is so long, and how long digests are.
fn wrong_length(bytes: usize) -> String {
    let what = match bytes {
        4 => "the length of CRC-32",
        28 => "the length of SHA-224",
        70..=72 => "the length of an ECDSA signature, which is made with a key pair",
        256 | 384 | 512 => "the length of an RSA signature, which is made with a key pair",
        _ => "the length of no digest",
    };
    let mut known = Algorithm::ALL;
    known.sort_by_key(|algorithm| algorithm.digest_bytes());
    let known = known.map(|algorithm| format!("{} {}", algorithm.name(), algorithm.digest_bytes()));
    format!("this has {bytes} bytes, {what}: {}", known.join(", "))
}

/// A hash's inner state as Go prints it; its lists of bytes are not digests, and would give the key away.
pub(super) fn state_of_hash(text: &str) -> Option<NotADigest> {
    // Two lists, the pads of the key, and the addresses of two hashes.
    ["&{[", "] [", " 0xc0"].iter().all(|part| text.contains(part)).then_some(NotADigest::GoHash)
}

/// Where a JSON Web Token is: its signature is as long as a digest, but none of the body.
pub(super) fn json_web_token(text: &str) -> Option<Range<usize>> {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_".contains(byte);
    // `{"` in base64.
    let bytes = text.as_bytes();
    let begins = |&start: &usize| start == 0 || !is_part(&bytes[start - 1]);
    memchr::memmem::find_iter(bytes, b"eyJ").filter(begins).find_map(|start| {
        let mut end = start;
        for part in 0..3 {
            if part > 0 {
                (bytes.get(end) == Some(&b'.')).then(|| end += 1)?;
            }
            let length = bytes[end..].iter().take_while(|byte| is_part(byte)).count();
            (length >= 8).then(|| end += length)?;
        }
        Some(start..end)
    })
}

/// The object that was printed in place of its digest.
pub(super) fn object(text: &str) -> Option<NotADigest> {
    // The more telling ones come first: an object's print-out contains `undefined` and `[object …]`.
    const MARKS: [(&str, NotADigest); 31] = [
        ("Promise {", NotADigest::Promise),
        ("[object Promise]", NotADigest::Promise),
        ("<coroutine object", NotADigest::Promise),
        ("Task`1[", NotADigest::Promise),
        ("System.Byte[]", NotADigest::DotNetArray),
        ("System.Security.Cryptography.", NotADigest::DotNetHmac),
        ("javax.crypto.Mac@", NotADigest::JavaMac),
        ("HeapByteBuffer[", NotADigest::JavaArray),
        ("OpenSSL::HMAC", NotADigest::RubyHmac),
        ("#<OpenSSL::Digest", NotADigest::RubyHmac),
        ("#<Digest::", NotADigest::RubyHmac),
        ("HashContext", NotADigest::PhpHash),
        ("#Reference<", NotADigest::ErlangReference),
        ("#Ref<", NotADigest::ErlangReference),
        ("method hexdigest", NotADigest::PythonMethod),
        ("method digest", NotADigest::PythonMethod),
        ("method HMAC.hexdigest", NotADigest::PythonMethod),
        ("method HMAC.digest", NotADigest::PythonMethod),
        ("hmac.HMAC object", NotADigest::PythonHash),
        ("_hashlib.HMAC object", NotADigest::PythonHash),
        ("_hashlib.HASH object", NotADigest::PythonHash),
        ("<memory at 0x", NotADigest::PythonMemory),
        ("<_io.BytesIO object", NotADigest::PythonMemory),
        ("Hmac<", NotADigest::RustHmac),
        ("CoreWrapper {", NotADigest::RustHmac),
        ("<Hmac", NotADigest::NodeHmac),
        ("Hmac {", NotADigest::NodeHmac),
        ("[object Hmac]", NotADigest::NodeHmac),
        ("[object ArrayBuffer]", NotADigest::ArrayBuffer),
        ("[object Uint8Array]", NotADigest::ArrayBuffer),
        ("[object ", NotADigest::JavaScriptObject),
    ];
    let found = MARKS.into_iter().find(|(mark, _)| text.contains(mark)).map(|(_, object)| object);
    found.or_else(|| is_java_array(text).then_some(NotADigest::JavaArray))
}

/// `[B@6d06d69c`, with the letter of any element type.
fn is_java_array(text: &str) -> bool {
    text.match_indices('@').any(|(at, _)| {
        let before = &text.as_bytes()[..at];
        let is_array = matches!(before, [.., b'[', b'B' | b'C' | b'I' | b'J' | b'S']);
        is_array && text[at + 1..].starts_with(|character: char| character.is_ascii_hexdigit())
    })
}

/// A text, or the end of a log line, that says there is no value.
pub(super) fn nothing(text: &str) -> Option<NotADigest> {
    const EMPTY: [&str; 19] = [
        "",
        "null",
        "undefined",
        "none",
        "nil",
        "<nil>",
        "nan",
        "true",
        "false",
        "\"\"",
        "''",
        "b''",
        "b\"\"",
        "[]",
        "{}",
        "<<>>",
        "<buffer >",
        "<buffer>",
        "(null)",
    ];
    let text = text.trim().to_lowercase();
    let after = [':', '='].into_iter().filter_map(|mark| text.rsplit_once(mark)).map(|(_, after)| after.trim());
    std::iter::once(text.as_str()).chain(after).any(|value| EMPTY.contains(&value)).then_some(NotADigest::Nothing)
}
