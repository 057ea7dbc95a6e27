//! A signature as bytes and the way they are written: what is changed on purpose is changed here.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};

use super::case::{CaseDigest, CaseSigning, DigestEnd, SignaturePart};
use crate::signature::{Encoding, Proof, Scheme};

/// The bytes of a signature, and how they become its text.
#[derive(Debug, Clone)]
pub(super) struct ChangeableSignature {
    bytes: Vec<u8>,
    form: Form,
}

#[derive(Debug, Clone)]
enum Form {
    /// A digest.
    Encoded(Encoding),
    /// A public-key signature, whose bytes are as they come.
    PublicKey(Encoding),
    /// The text itself: a token.
    Plain,
    /// What stands before a JSON Web Token's signature, its dot included.
    Token(String),
}

impl ChangeableSignature {
    /// Reads a signature of `scheme` that was just made.
    pub(super) fn read(scheme: &Scheme, text: &str) -> Self {
        let plain = || Self { bytes: text.as_bytes().to_vec(), form: Form::Plain };
        match scheme.proof {
            Proof::Token => plain(),
            Proof::Jwt { .. } => {
                let Some((before, last)) = text.rsplit_once('.') else { return plain() };
                let Ok(bytes) = BASE64_URL_SAFE_NO_PAD.decode(last) else { return plain() };
                Self { bytes, form: Form::Token(format!("{before}.")) }
            }
            _ => match scheme.encoding.decode(text.as_bytes()) {
                Some(bytes) if matches!(scheme.proof, Proof::PublicKey(_)) => {
                    Self { bytes, form: Form::PublicKey(scheme.encoding) }
                }
                Some(bytes) => Self { bytes, form: Form::Encoded(scheme.encoding) },
                None => plain(),
            },
        }
    }

    fn is_hex(&self) -> bool {
        let (Form::Encoded(encoding) | Form::PublicKey(encoding)) = self.form else { return false };
        matches!(encoding, Encoding::Hex | Encoding::HexUpper | Encoding::HexAny)
    }

    pub(super) fn text(&self) -> String {
        self.text_of(&self.bytes)
    }

    fn text_of(&self, bytes: &[u8]) -> String {
        match &self.form {
            Form::Encoded(encoding) | Form::PublicKey(encoding) => encoding.encode(bytes),
            Form::Plain => String::from_utf8_lossy(bytes).into_owned(),
            Form::Token(before) => format!("{before}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)),
        }
    }

    /// The text as a case changes it; as it is where the case changes something else. `None` where this form of
    /// signature cannot be changed so.
    pub(super) fn changed(&self, signing: CaseSigning) -> Option<String> {
        let bytes = &self.bytes;
        let half = bytes.len() / 2;
        let with = |place: usize| {
            let other = |byte: &u8| if matches!(self.form, Form::Plain) { other_character(*byte) } else { byte ^ 0x01 };
            let changed = bytes.iter().enumerate().map(|(at, byte)| if at == place { other(byte) } else { *byte });
            self.text_of(&changed.collect::<Vec<_>>())
        };
        Some(match signing {
            CaseSigning::FlippedDigit(DigestEnd::First) => with(0),
            CaseSigning::FlippedDigit(DigestEnd::Last) => with(bytes.len().checked_sub(1)?),
            // An odd number of digits is a mistake of its own.
            CaseSigning::Cut(SignaturePart::AllButOne) if self.is_hex() => {
                let mut text = self.text();
                text.pop()?;
                text
            }
            CaseSigning::Cut(SignaturePart::AllButOne) => self.text_of(&bytes[..bytes.len().checked_sub(1)?]),
            CaseSigning::Cut(SignaturePart::Half) => self.text_of(&bytes[..half]),
            CaseSigning::Cut(SignaturePart::FourBytes) => self.text_of(bytes.get(..4).filter(|_| bytes.len() > 8)?),
            CaseSigning::HalfRight => {
                let other = |byte: &u8| if matches!(self.form, Form::Plain) { other_character(*byte) } else { !byte };
                let rest: Vec<u8> = bytes[half..].iter().map(other).collect();
                self.text_of(&[&bytes[..half], &rest].concat())
            }
            CaseSigning::Appended if self.is_hex() => format!("{}00", self.text()),
            CaseSigning::Appended => self.text_of(&[bytes.as_slice(), b"0"].concat()),
            CaseSigning::UpperCase => match self.form {
                Form::Encoded(Encoding::Hex) | Form::PublicKey(Encoding::Hex) => hex::encode_upper(bytes),
                _ => return None,
            },
            CaseSigning::OtherEncoding => match self.form {
                Form::Plain | Form::Token(_) => return None,
                _ if self.is_hex() => BASE64_STANDARD.encode(bytes),
                _ => hex::encode(bytes),
            },
            _ => self.text(),
        })
    }

    /// A signature that nobody's key made, of the same length.
    pub(super) fn made_up(&self, seed: u64) -> String {
        let mut dice = seed;
        let bytes = self.bytes.iter().map(|byte| {
            dice = dice.rotate_left(7).wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ u64::from(*byte);
            if matches!(self.form, Form::Plain) { b'a' + (dice >> 32) as u8 % 26 } else { (dice >> 32) as u8 }
        });
        self.text_of(&bytes.collect::<Vec<_>>())
    }

    /// Whether it is peculiar in this way.
    pub(super) fn is(&self, digest: CaseDigest) -> bool {
        let Form::Encoded(encoding) = self.form else { return digest == CaseDigest::Plain };
        let Some((first, rest)) = self.bytes.split_first() else { return false };
        let has = |character: char| encoding.encode(&self.bytes).contains(character);
        match (digest, self.is_hex()) {
            (CaseDigest::Plain, true) => self.bytes.iter().all(|byte| *byte >= 16),
            (CaseDigest::Plain, false) => ['+', '/', '-', '_'].iter().all(|sign| !has(*sign)),
            (CaseDigest::LeadingZero, is_hex) => is_hex && *first < 16,
            (CaseDigest::InnerZero, is_hex) => is_hex && *first >= 16 && rest.iter().any(|byte| *byte < 16),
            (CaseDigest::PlusAndSlash, is_hex) => !is_hex && (has('+') || has('-')) && (has('/') || has('_')),
        }
    }

    /// Whether a digest may be peculiar in this way at all.
    pub(super) fn may_be(&self, digest: CaseDigest) -> bool {
        match (digest, &self.form) {
            (CaseDigest::Plain, _) => true,
            (CaseDigest::LeadingZero | CaseDigest::InnerZero, Form::Encoded(_)) => self.is_hex(),
            (CaseDigest::PlusAndSlash, Form::Encoded(_)) => !self.is_hex(),
            (_, Form::Plain | Form::Token(_) | Form::PublicKey(_)) => false,
        }
    }
}

fn other_character(byte: u8) -> u8 {
    if byte == b'0' { b'1' } else { b'0' }
}
