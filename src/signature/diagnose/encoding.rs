//! The received signature, decoded before anything is hashed.
//!
//! Encodings and prefixes so never multiply the search: every reading of the header is a digest to
//! compare with. Hexadecimal is read before base64, since 64 such digits are base64 as well.

use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use base64::{Engine as _, alphabet};
use subtle::ConstantTimeEq as _;

use super::axis::Why;
use super::{BytePlace, CauseCode, RequestPart};
use crate::signature::{Algorithm, Encoding, Proof, Scheme};

/// Digits of a cut signature that still prove something: 128 bits.
pub(super) const LEAST_PREFIX: usize = 16;

/// Bytes of the shortest signature under a private key: ECDSA on P-256 as DER, whose numbers have lost zeros.
const LEAST_SIGNATURE: usize = 60;

/// Hexadecimal digits that each algorithm's digest keeps at least when zeros are lost: so many bytes below 16 that
/// fewer digits are left no digest has, and a hundred bits are a proof. The ranges do not meet.
const LEAST_UNPADDED: [(Algorithm, usize); 5] = [
    (Algorithm::Md5, 25),
    (Algorithm::Sha1, 33),
    (Algorithm::Sha256, 50),
    (Algorithm::Sha384, 75),
    (Algorithm::Sha512, 100),
];

/// How a digest was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WrittenSignature {
    /// So that it could be read back: [`Received::digest`] is its bytes.
    Whole,
    /// Each byte as `%x`, where a zero before the digit is lost. Which bytes lost one is unknown; so
    /// [`Received::digest`] is the digits.
    Bytes,
    /// As one number, whose leading zeros are lost; also as digits.
    Number,
}

/// One reading of the signature header: a digest to compare with.
#[derive(Debug, Clone)]
pub(super) struct Received {
    pub(super) digest: Vec<u8>,
    pub(super) written: WrittenSignature,
    /// Of no meaning where a public key checks the signature.
    pub(super) algorithm: Algorithm,
    /// How the header's text differs from the configured scheme's.
    pub(super) whys: Vec<Why>,
    /// The `t=` next to it.
    pub(super) timestamp: Option<Vec<u8>>,
}

impl Received {
    /// Whether `computed` is this digest, or begins with it; in constant time.
    pub(super) fn matches(&self, computed: &[u8]) -> bool {
        let digits = match self.written {
            WrittenSignature::Whole => {
                return computed.get(..self.digest.len()).is_some_and(|head| bool::from(head.ct_eq(&self.digest)));
            }
            WrittenSignature::Bytes => computed.iter().map(|byte| format!("{byte:x}")).collect(),
            WrittenSignature::Number => hex::encode(computed).trim_start_matches('0').to_owned(),
        };
        digits.as_bytes().ct_eq(&self.digest).into()
    }
}

/// How the configured scheme writes a signature: what every reading is compared with.
#[derive(Debug, Clone)]
pub(super) struct UsualForm<'s> {
    pub(super) scheme: &'s Scheme,
    pub(super) encoding: Encoding,
    pub(super) algorithm: Algorithm,
    /// What surrounds it, in words; empty when nothing does.
    pub(super) form: String,
    /// Whether a public key checks it: then any length may be right.
    pub(super) is_public: bool,
}

impl<'s> UsualForm<'s> {
    /// That of a scheme; SHA-256's where it has no digest.
    pub(super) fn of(scheme: &'s Scheme) -> Self {
        let form = if scheme.signature.header_name().is_none() { String::new() } else { scheme.form() };
        let is_public = matches!(scheme.proof, Proof::PublicKey(_));
        Self { scheme, encoding: scheme.encoding, algorithm: scheme.algorithm().unwrap_or_default(), form, is_public }
    }

    /// That the value is written otherwise than the scheme writes it.
    fn unlike(&self, written: &str) -> Why {
        match self.encoding {
            Encoding::Hex => encoding(0, written),
            usual => encoding(0, format!("{written} instead of {}", usual.words())),
        }
    }
}

/// The readings of a signature that stands where the scheme has it, the plainest first.
pub(super) fn readings_in_place(text: &[u8], usual: &UsualForm<'_>) -> Vec<Received> {
    let mut all = Vec::new();
    read_value(text, usual, &[], None, &mut all);
    distinct(all)
}

/// The plainest first, and each digest once.
pub(super) fn distinct(mut all: Vec<Received>) -> Vec<Received> {
    all.sort_by_key(|received| (received.whys.len(), received.whys.iter().map(|why| why.rank).sum::<u16>()));
    let mut seen: Vec<(Vec<u8>, Algorithm, WrittenSignature)> = Vec::new();
    all.retain(|received| {
        let key = (received.digest.clone(), received.algorithm, received.written);
        let fresh = !seen.contains(&key);
        seen.push(key);
        fresh
    });
    all
}

/// Whether the value reads as a public-key signature; its reason in words.
pub(super) fn asymmetric(value: &[u8]) -> Option<String> {
    if value.starts_with(b"v1a,") {
        return Some("v1a is the Standard Webhooks tag for Ed25519 signatures".to_owned());
    }
    let length = hex::decode(value).ok().or_else(|| from_base64(value)).map_or(0, |bytes| bytes.len());
    match length {
        64 => Some("it is 64 bytes long, as an Ed25519 or ECDSA signature is (or HMAC-SHA512)".to_owned()),
        256 | 384 | 512 => Some(format!("it is {length} bytes long, as an RSA signature is")),
        70..=72 if !value.is_ascii() || value.starts_with(b"ME") => {
            Some("it looks like an ECDSA signature in DER".to_owned())
        }
        _ => None,
    }
}

pub(super) fn shown(value: &[u8]) -> String {
    crate::text::clip(&crate::text::visible_bytes(value), 24).into_owned()
}

/// A difference in how the value is written as a whole.
pub(super) fn encoding(rank: u16, detail: impl Into<String>) -> Why {
    Why::new(CauseCode::SignatureEncoding, rank, detail)
}

/// A difference that a character at `offset` may show, which does not belong there.
pub(super) fn stray(rank: u16, detail: &str, value: &[u8], offset: usize) -> Why {
    let why = encoding(rank, detail);
    match value.get(offset) {
        Some(byte) if !byte.is_ascii_alphanumeric() => {
            let before = shown(&value[offset..=offset]);
            why.at(BytePlace { part: RequestPart::Signature, offset, before, after: String::new() })
        }
        _ => why,
    }
}

/// That digits are in upper case, the first at `offset`.
fn upper_case(value: &[u8], offset: usize) -> Why {
    let rest = &value[offset..];
    let (before, after) = (shown(rest), shown(&rest.to_ascii_lowercase()));
    encoding(0, "upper-case hexadecimal digits").at(BytePlace { part: RequestPart::Signature, offset, before, after })
}

pub(super) fn unquoted(value: &[u8]) -> Option<&[u8]> {
    match value {
        [first @ (b'"' | b'\'' | b'`' | b'<' | b'['), inner @ .., last] => {
            let closing = match first {
                b'<' => b'>',
                b'[' => b']',
                other => *other,
            };
            (*last == closing).then_some(inner)
        }
        _ => None,
    }
}

/// Reads what a text may be once nothing surrounds it; `before` says what was taken off.
pub(super) fn read_value(
    text: &[u8],
    usual: &UsualForm<'_>,
    before: &[Why],
    timestamp: Option<&[u8]>,
    all: &mut Vec<Received>,
) {
    let mut push = |digest: Vec<u8>, why: Option<Why>| {
        let mut whys = before.to_vec();
        whys.extend(why);
        add_by_length(digest, usual, whys, timestamp, all);
    };
    if let Some(digest) = usual.encoding.decode(text) {
        let is_whole = !usual.is_public && digest.len() == usual.algorithm.digest_bytes();
        push(digest, None);
        if is_whole {
            return;
        }
    }
    let trimmed = text.trim_ascii();
    if let Some((digest, why)) = from_hex(text, trimmed) {
        let is_usual = matches!(usual.encoding, Encoding::Hex | Encoding::HexUpper | Encoding::HexAny);
        push(digest, if is_usual { why } else { Some(usual.unlike("written as hexadecimal digits")) });
    }
    if let Some(bytes) = from_base64(trimmed) {
        let is_for_urls = trimmed.iter().any(|byte| b"-_".contains(byte));
        let written = match (is_for_urls, usual.encoding) {
            (true, _) => "written as base64url",
            (false, Encoding::Base64) => "written as base64 without its padding",
            (false, _) => "written as base64",
        };
        // Some encode the hexadecimal digits instead of the bytes.
        if let Some((inner, InnerText::Hex)) = encoded_again(&bytes) {
            push(inner, Some(encoding(3, "written as base64 of hexadecimal digits")));
        }
        push(bytes, Some(usual.unlike(written)));
    }
    if memchr::memchr(b'%', text).is_some() {
        let decoded = crate::http::form::decode(text);
        if let Some(bytes) = from_base64(&decoded).or_else(|| hex::decode(&decoded).ok()) {
            push(bytes, Some(encoding(2, "percent-encoded")));
        }
    }
    // Hexadecimal digits of a text: the digits encoded twice.
    if let Some((bytes, inner)) = hex::decode(trimmed).ok().and_then(|decoded| encoded_again(&decoded)) {
        push(bytes, Some(encoding(4, inner.within_hex())));
    }
    if let Some(algorithm) = unpadded(trimmed).filter(|_| !usual.is_public) {
        read_unpadded(trimmed, algorithm, usual, before, timestamp, all);
    }
}

/// What the decoded bytes of a digest turn out to be once more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InnerText {
    Hex,
    Base64,
}

impl InnerText {
    /// What hexadecimal digits of it are, in words.
    pub(super) fn within_hex(self) -> &'static str {
        match self {
            Self::Hex => "hexadecimal digits, encoded twice",
            Self::Base64 => "base64 written as hexadecimal digits",
        }
    }
}

/// The bytes behind a text that was encoded as if it were bytes: a digest that was encoded twice.
pub(super) fn encoded_again(decoded: &[u8]) -> Option<(Vec<u8>, InnerText)> {
    if !decoded.is_ascii() {
        return None;
    }
    match hex::decode(decoded) {
        Ok(bytes) => Some((bytes, InnerText::Hex)),
        Err(_) => from_base64(decoded).map(|bytes| (bytes, InnerText::Base64)),
    }
}

/// The algorithm whose digest these hexadecimal digits are, when zeros were lost.
pub(super) fn unpadded(digits: &[u8]) -> Option<Algorithm> {
    let is_near =
        |&(algorithm, least): &(Algorithm, usize)| (least..2 * algorithm.digest_bytes()).contains(&digits.len());
    let (algorithm, _) = LEAST_UNPADDED.into_iter().find(is_near)?;
    digits.iter().all(u8::is_ascii_hexdigit).then_some(algorithm)
}

/// Digits that may have lost zeros.
fn read_unpadded(
    digits: &[u8],
    algorithm: Algorithm,
    usual: &UsualForm<'_>,
    before: &[Why],
    timestamp: Option<&[u8]>,
    all: &mut Vec<Received>,
) {
    for (written, detail) in [
        (WrittenSignature::Bytes, "hexadecimal digits without each byte's leading zero"),
        (WrittenSignature::Number, "hexadecimal digits of a number, without its leading zeros"),
    ] {
        let mut whys = [before, &[encoding(2, detail)]].concat();
        whys.extend(other_algorithm(algorithm, usual));
        let (digest, timestamp) = (digits.to_ascii_lowercase(), timestamp.map(<[u8]>::to_vec));
        all.push(Received { digest, written, algorithm, whys, timestamp });
    }
}

/// That it was not the usual algorithm.
fn other_algorithm(algorithm: Algorithm, usual: &UsualForm<'_>) -> Option<Why> {
    let detail = || format!("{} instead of {}", algorithm.name(), usual.algorithm.name());
    (algorithm != usual.algorithm).then(|| Why::new(CauseCode::SignatureAlgorithm, 1, detail()))
}

/// Hexadecimal digits with whatever people put between and around them.
fn from_hex(text: &[u8], trimmed: &[u8]) -> Option<(Vec<u8>, Option<Why>)> {
    let is_separator = |byte: &u8| matches!(byte, b':' | b' ' | b'-' | b'\t' | b'_' | b',');
    let digits: Vec<u8> = trimmed.iter().copied().filter(|byte| !is_separator(byte)).collect();
    if digits.len() < 2 * LEAST_PREFIX || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    // A cut may leave half a byte.
    let whole = &digits[..digits.len() & !1];
    let digest = hex::decode(whole).ok()?;
    let why = if digits.len() != trimmed.len() {
        let offset = text.iter().position(is_separator).unwrap_or_default();
        let end = trimmed.len() - trimmed.iter().rev().take_while(|byte| is_separator(byte)).count();
        let start = trimmed.iter().take_while(|byte| is_separator(byte)).count();
        // Those around the digits alone are what somebody left of a list.
        let detail = match (end - start == digits.len(), start > 0) {
            (false, _) => "hexadecimal digits with separators between them".to_owned(),
            (true, false) => format!("“{}” after the digits", shown(&trimmed[end..])),
            (true, true) => format!("“{}” before the digits", shown(&trimmed[..start])),
        };
        Some(stray(1, &detail, text, offset))
    } else if text.len() != trimmed.len() {
        Some(stray(1, "white space around the digits", text, 0))
    } else {
        text.iter().position(u8::is_ascii_uppercase).map(|offset| upper_case(text, offset))
    };
    Some((digest, why))
}

/// Base64 of either alphabet, with or without padding. A cut text loses its last, incomplete group.
pub(super) fn from_base64(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii();
    let trimmed = text.strip_suffix(b"=").map_or(text, |rest| rest.strip_suffix(b"=").unwrap_or(rest));
    if trimmed.len() < 20 {
        return None;
    }
    let config = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let whole = if trimmed.len() % 4 == 1 { &trimmed[..trimmed.len() - 1] } else { trimmed };
    let alphabet = if whole.iter().any(|byte| b"-_".contains(byte)) { alphabet::URL_SAFE } else { alphabet::STANDARD };
    GeneralPurpose::new(&alphabet, config).decode(whole).ok()
}

/// Gives the digest the algorithms that its length allows: a whole digest, or the beginning of one.
fn add_by_length(
    digest: Vec<u8>,
    usual: &UsualForm<'_>,
    whys: Vec<Why>,
    timestamp: Option<&[u8]>,
    all: &mut Vec<Received>,
) {
    let timestamp = timestamp.map(<[u8]>::to_vec);
    if usual.is_public {
        if digest.len() >= LEAST_SIGNATURE {
            all.push(Received {
                digest,
                written: WrittenSignature::Whole,
                algorithm: usual.algorithm,
                whys,
                timestamp,
            });
        }
        return;
    }
    if let Some(algorithm) = Algorithm::of_length(digest.len()) {
        let mut whys = whys.clone();
        whys.extend(other_algorithm(algorithm, usual));
        let (digest, timestamp) = (digest.clone(), timestamp.clone());
        all.push(Received { digest, written: WrittenSignature::Whole, algorithm, whys, timestamp });
    }
    let whole = usual.algorithm.digest_bytes();
    if (LEAST_PREFIX..whole).contains(&digest.len()) {
        let mut whys = whys;
        let detail = format!("only the first {} of {whole} bytes arrived", digest.len());
        whys.push(Why::new(CauseCode::SignatureTruncated, 0, detail).at(BytePlace {
            part: RequestPart::Signature,
            offset: digest.len() * 2,
            before: "the end".to_owned(),
            after: format!("{} more hexadecimal digits", (whole - digest.len()) * 2),
        }));
        all.push(Received { digest, written: WrittenSignature::Whole, algorithm: usual.algorithm, whys, timestamp });
    }
}
