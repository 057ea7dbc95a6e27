//! Keys as DER (ITU-T X.690): which structure it is, and the key in it.
//!
//! Structures are told apart by the tags of what they hold, since DER does not say which it is. Lengths and tags are
//! read by the `der` crate, strictly: what is not DER, or goes on after its end, is refused.

use der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use der::{Decode as _, Reader as _, SliceReader, Tag, TagNumber, Tagged as _};
use rsa::traits::PublicKeyParts as _;

use super::material::KeyMaterial;
use super::{PublicKey, PublicKeyError, PublicKeyKind, PublicKeyRemark};

/// RFC 8410, section 3.
pub(super) const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 5480, section 2.1.1.
pub(super) const EC_PUBLIC_KEY: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
/// RFC 8017, appendix A.1.
pub(super) const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
/// RFC 5480, section 2.1.1.1.
const CURVES: [(ObjectIdentifier, PublicKeyKind); 3] = [
    (ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7"), PublicKeyKind::P256),
    (ObjectIdentifier::new_unwrap("1.3.132.0.34"), PublicKeyKind::P384),
    (ObjectIdentifier::new_unwrap("1.3.132.0.35"), PublicKeyKind::P521),
];

/// What a DER structure is, by the tags in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DerForm {
    Spki,
    Certificate,
    Pkcs1Public,
    Pkcs8,
    EncryptedPkcs8,
    Pkcs1Private,
    Sec1,
}

impl DerForm {
    /// The structure's name.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Spki => "DER of a SubjectPublicKeyInfo",
            Self::Certificate => "a certificate",
            Self::Pkcs1Public => "DER of an RSAPublicKey (PKCS#1)",
            Self::Pkcs8 => "PKCS#8",
            Self::EncryptedPkcs8 => "encrypted PKCS#8",
            Self::Pkcs1Private => "PKCS#1",
            Self::Sec1 => "SEC 1",
        }
    }

    /// Whether it holds a private key.
    pub(super) fn is_private(self) -> bool {
        matches!(self, Self::Pkcs8 | Self::EncryptedPkcs8 | Self::Pkcs1Private | Self::Sec1)
    }
}

/// Which structure `bytes` are; none where they are DER of another one.
///
/// # Errors
/// When they are not DER: in words that repeat nothing of them.
pub(super) fn form(bytes: &[u8]) -> Result<Option<DerForm>, String> {
    let tags = child_tags(bytes).map_err(|error| in_words(&error))?;
    Ok(match tags.as_slice() {
        [Tag::Sequence, Tag::BitString] => Some(DerForm::Spki),
        [Tag::Sequence, Tag::Sequence, Tag::BitString] => Some(DerForm::Certificate),
        [Tag::Integer, Tag::Integer] => Some(DerForm::Pkcs1Public),
        [Tag::Integer, Tag::Sequence, Tag::OctetString, ..] => Some(DerForm::Pkcs8),
        [Tag::Sequence, Tag::OctetString] => Some(DerForm::EncryptedPkcs8),
        [Tag::Integer, Tag::Integer, Tag::Integer, ..] => Some(DerForm::Pkcs1Private),
        [Tag::Integer, Tag::OctetString, ..] => Some(DerForm::Sec1),
        _ => None,
    })
}

/// The tags of what the outermost sequence holds.
fn child_tags(bytes: &[u8]) -> der::Result<Vec<Tag>> {
    // RSAPrivateKey has the most members, ten (RFC 8017, appendix A.1.2).
    const MOST: usize = 10;
    let outer = AnyRef::from_der(bytes)?;
    outer.tag().assert_eq(Tag::Sequence)?;
    let mut reader = SliceReader::new(outer.value())?;
    let mut tags = Vec::new();
    while !reader.is_finished() && tags.len() < MOST {
        tags.push(reader.decode::<AnyRef<'_>>()?.tag());
    }
    Ok(tags)
}

/// What is wrong with DER, in words.
pub(super) fn in_words(error: &der::Error) -> String {
    match error.kind() {
        der::ErrorKind::Incomplete { expected_len, actual_len } => {
            format!("it ends too early: {actual_len} of {expected_len} bytes are there")
        }
        der::ErrorKind::TrailingData { .. } => "bytes follow after its end".to_owned(),
        _ => format!("it is not the DER that it should be ({error})"),
    }
}

/// The public key in DER of any known structure.
///
/// # Errors
/// When it is not DER, of another structure, or holds no key that can be used; a private key is an error of its own.
pub(super) fn read_public(bytes: &[u8]) -> Result<PublicKey, PublicKeyError> {
    let malformed = |form: &'static str| move |reason: String| PublicKeyError::Malformed { form, reason };
    let Some(form) = form(bytes).map_err(malformed("DER"))? else {
        return Err(PublicKeyError::Unrecognised { found: "DER of something else".to_owned() });
    };
    let malformed = malformed(form.name());
    let der = |error: der::Error| malformed(in_words(&error));
    match form {
        DerForm::Spki => read_spki(bytes, form.name()).map(PublicKey::new),
        DerForm::Certificate => {
            let spki = spki_of_certificate(bytes).map_err(der)?;
            Ok(PublicKey::new(read_spki(spki, form.name())?).remarked(PublicKeyRemark::Certificate))
        }
        DerForm::Pkcs1Public => read_rsa(bytes, form.name()).map(PublicKey::new),
        DerForm::Pkcs8 | DerForm::EncryptedPkcs8 | DerForm::Pkcs1Private | DerForm::Sec1 => {
            Err(PublicKeyError::PrivateKey { form: form.name() })
        }
    }
}

/// The `subjectPublicKeyInfo` of a certificate (RFC 5280, section 4.1). What stands before it is passed over by its tags.
fn spki_of_certificate(bytes: &[u8]) -> der::Result<&[u8]> {
    let to_be_signed = SliceReader::new(AnyRef::from_der(bytes)?.value())?.decode::<AnyRef<'_>>()?;
    let mut reader = SliceReader::new(to_be_signed.value())?;
    // The version is left out by certificates of version 1.
    if Tag::peek(&reader)? == (Tag::ContextSpecific { constructed: true, number: TagNumber(0) }) {
        reader.tlv_bytes()?;
    }
    // serialNumber, signature, issuer, validity, subject
    for expected in [Tag::Integer, Tag::Sequence, Tag::Sequence, Tag::Sequence, Tag::Sequence] {
        reader.decode::<AnyRef<'_>>()?.tag().assert_eq(expected)?;
    }
    reader.tlv_bytes()
}

fn read_spki(bytes: &[u8], form: &'static str) -> Result<KeyMaterial, PublicKeyError> {
    let der = |error: der::Error| PublicKeyError::Malformed { form, reason: in_words(&error) };
    let malformed = |reason: &str| PublicKeyError::Malformed { form, reason: reason.to_owned() };
    let outer = AnyRef::from_der(bytes).map_err(der)?;
    outer.tag().assert_eq(Tag::Sequence).map_err(der)?;
    let mut reader = SliceReader::new(outer.value()).map_err(der)?;
    let algorithm = reader.decode::<AnyRef<'_>>().map_err(der)?;
    let key = reader.decode::<BitStringRef<'_>>().map_err(der)?;
    reader.finish().map_err(der)?;
    let (oid, parameters) = algorithm_identifier(algorithm).map_err(der)?;
    let key = key.as_bytes().ok_or_else(|| malformed("the key in it is not whole bytes"))?;
    match oid {
        ED25519 => {
            if parameters.is_some() {
                return Err(malformed("Ed25519 has parameters, which RFC 8410, section 3 forbids"));
            }
            let key = key.try_into().map_err(|_| malformed("the Ed25519 key in it is not 32 bytes long"))?;
            KeyMaterial::ed25519(key)
        }
        EC_PUBLIC_KEY => KeyMaterial::point(curve_of(parameters)?, key),
        RSA_ENCRYPTION => read_rsa(key, form),
        other => Err(PublicKeyError::Unsupported { found: name_of(&other) }),
    }
}

/// An `AlgorithmIdentifier` (RFC 5280, section 4.1.1.2): the OID, and parameters if there are any.
pub(super) fn algorithm_identifier(any: AnyRef<'_>) -> der::Result<(ObjectIdentifier, Option<AnyRef<'_>>)> {
    any.tag().assert_eq(Tag::Sequence)?;
    let mut reader = SliceReader::new(any.value())?;
    let oid = reader.decode()?;
    let parameters = if reader.is_finished() { None } else { Some(reader.decode()?) };
    reader.finish()?;
    Ok((oid, parameters))
}

/// The curve that the parameters name. Curves in numbers ("explicit parameters") are refused: they made CVE-2020-0601.
pub(super) fn curve_of(parameters: Option<AnyRef<'_>>) -> Result<PublicKeyKind, PublicKeyError> {
    let unsupported = |found: String| PublicKeyError::Unsupported { found };
    let Some(parameters) = parameters else { return Err(unsupported("ECDSA on a curve without a name".to_owned())) };
    let oid = parameters
        .decode_as::<ObjectIdentifier>()
        .map_err(|_| unsupported("ECDSA on a curve that is given in numbers".to_owned()))?;
    let known = CURVES.into_iter().find(|(known, _)| *known == oid);
    known.map(|(_, curve)| curve).ok_or_else(|| unsupported(name_of(&oid)))
}

fn read_rsa(bytes: &[u8], form: &'static str) -> Result<KeyMaterial, PublicKeyError> {
    let der = |error: der::Error| PublicKeyError::Malformed { form, reason: in_words(&error) };
    let outer = AnyRef::from_der(bytes).map_err(der)?;
    outer.tag().assert_eq(Tag::Sequence).map_err(der)?;
    let mut reader = SliceReader::new(outer.value()).map_err(der)?;
    let modulus = reader.decode::<UintRef<'_>>().map_err(der)?;
    let exponent = reader.decode::<UintRef<'_>>().map_err(der)?;
    reader.finish().map_err(der)?;
    KeyMaterial::rsa(modulus.as_bytes(), exponent.as_bytes())
}

/// What an OID stands for, for those that people meet in place of a key of ours.
pub(super) fn name_of(oid: &ObjectIdentifier) -> String {
    let name = match oid.to_string().as_str() {
        "1.2.840.113549.1.1.10" => "RSASSA-PSS alone (convert it to a plain RSA key)",
        "1.3.101.110" => "X25519, which does not sign",
        "1.3.101.113" => "Ed448",
        "1.2.840.10040.4.1" => "DSA",
        "1.3.132.0.10" => "ECDSA on secp256k1",
        "1.3.132.0.33" => "ECDSA on P-224",
        "1.2.840.113549.1.3.1" => "Diffie-Hellman",
        other => return format!("the algorithm or curve with OID {other}"),
    };
    name.to_owned()
}

/// DER of the `SubjectPublicKeyInfo` of a key; points are uncompressed.
pub(super) fn write_spki(material: &KeyMaterial) -> Vec<u8> {
    let curve = |kind| CURVES.into_iter().find(|(_, known)| *known == kind).map(|(oid, _)| write(6, &[oid.as_bytes()]));
    let (oid, parameters, key) = match material {
        KeyMaterial::Ed25519(key) => (ED25519, None, key.as_bytes().to_vec()),
        KeyMaterial::P256(key) => {
            (EC_PUBLIC_KEY, curve(PublicKeyKind::P256), key.to_sec1_point(false).as_bytes().into())
        }
        KeyMaterial::P384(key) => {
            (EC_PUBLIC_KEY, curve(PublicKeyKind::P384), key.to_sec1_point(false).as_bytes().into())
        }
        KeyMaterial::P521(key) => {
            (EC_PUBLIC_KEY, curve(PublicKeyKind::P521), key.to_sec1_point(false).as_bytes().into())
        }
        KeyMaterial::Rsa(key) => {
            let numbers = write(0x30, &[&write_number(&key.n_bytes()), &write_number(&key.e_bytes())]);
            (RSA_ENCRYPTION, Some(write(5, &[])), numbers)
        }
    };
    let algorithm = write(0x30, &[&write(6, &[oid.as_bytes()]), &parameters.unwrap_or_default()]);
    write(0x30, &[&algorithm, &write(3, &[&[0], &key])])
}

/// An INTEGER of a positive number: without leading zeros, but with one before a set sign bit (X.690, section 8.3).
fn write_number(number: &[u8]) -> Vec<u8> {
    let number = &number[number.iter().take_while(|&&byte| byte == 0).count()..];
    let sign: &[u8] = if number.first().is_none_or(|first| first & 0x80 != 0) { &[0] } else { &[] };
    write(2, &[sign, number])
}

/// Tag, length (X.690, section 8.1.3) and content.
fn write(tag: u8, content: &[&[u8]]) -> Vec<u8> {
    let length: usize = content.iter().map(|part| part.len()).sum();
    let bytes = length.to_be_bytes();
    let significant = &bytes[bytes.iter().take_while(|&&byte| byte == 0).count()..];
    let mut written = vec![tag];
    match significant {
        [] => written.push(0),
        [short @ 0..0x80] => written.push(*short),
        long => {
            written.push(0x80 | u8::try_from(long.len()).unwrap_or(u8::MAX));
            written.extend_from_slice(long);
        }
    }
    content.iter().for_each(|part| written.extend_from_slice(part));
    written
}
