//! Keys as JSON (RFC 7517, 7518 and 8037), and sets of them.

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::material::KeyMaterial;
use super::{KeyLookupError, PublicKey, PublicKeyError, PublicKeyKind};

/// Characters of a `kid` that an error shows, and kids that it lists.
const MOST_SHOWN: usize = 64;
const MOST_LISTED: usize = 8;

/// The name of the form in errors.
const JWK: &str = "a JWK";

/// Public keys of one sender, by the `kid` that it gives them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKeySet {
    entries: Vec<(Option<String>, PublicKey)>,
}

impl PublicKeySet {
    /// A key that came alone, without a name.
    pub(super) fn of_one(key: PublicKey) -> Self {
        Self { entries: vec![(None, key)] }
    }

    /// Its keys, each with its `kid` if it has one. Never empty.
    pub fn keys(&self) -> impl Iterator<Item = (Option<&str>, &PublicKey)> {
        self.entries.iter().map(|(kid, key)| (kid.as_deref(), key))
    }

    /// The key that a signature names; the only one if it names none. A key that is alone and has no `kid` itself
    /// answers to any.
    ///
    /// # Errors
    /// When no key or more than one is meant.
    pub fn lookup(&self, kid: Option<&str>) -> Result<&PublicKey, KeyLookupError> {
        if let [(own, key)] = self.entries.as_slice()
            && (own.is_none() || kid.is_none())
        {
            return Ok(key);
        }
        let meant: Vec<_> = self.keys().filter(|(own, _)| kid.is_none() || *own == kid).map(|(_, key)| key).collect();
        match (meant.as_slice(), kid) {
            ([key], _) => Ok(key),
            ([], Some(kid)) => {
                let kids = self.keys().filter_map(|(kid, _)| kid).take(MOST_LISTED).map(shown).collect();
                Err(KeyLookupError::Unknown { kid: shown(kid), kids })
            }
            (several, kid) => Err(KeyLookupError::Ambiguous { kid: kid.map(shown), count: several.len() }),
        }
    }

    /// The key, if there is but one.
    pub(super) fn into_only(self) -> Result<PublicKey, PublicKeyError> {
        let keys = self.entries.len();
        let [(_, key)] = <[_; 1]>::try_from(self.entries).map_err(|_| PublicKeyError::SeveralKeys { keys })?;
        Ok(key)
    }

    /// A JWK or JWKS.
    pub(super) fn read_json(text: &str) -> Result<Self, PublicKeyError> {
        let outer: Outer<'_> = parse(text, "JSON")?;
        match (outer.keys, outer.kty) {
            (Some(_), Some(_)) => Err(malformed(JWK, "it has both kty and keys")),
            (None, None) => {
                let found = "JSON without kty (a JWK) or keys (a JWKS)".to_owned();
                Err(PublicKeyError::Unrecognised { found })
            }
            (None, Some(_)) => parse::<Jwk>(text, JWK)?.read().map(|entry| Self { entries: vec![entry] }),
            (Some(keys), None) => Self::read_set(&keys),
        }
    }

    fn read_set(keys: &[&RawValue]) -> Result<Self, PublicKeyError> {
        let mut entries = Vec::new();
        let mut refused = None;
        for key in keys {
            match parse::<Jwk>(key.get(), JWK).and_then(Jwk::read) {
                Ok(entry) => entries.push(entry),
                Err(error @ (PublicKeyError::PrivateKey { .. } | PublicKeyError::SharedSecret { .. })) => {
                    return Err(error);
                }
                Err(error) => refused = refused.or(Some(error)),
            }
        }
        if entries.is_empty() {
            let reason = refused.map_or_else(|| "it is empty".to_owned(), |error| error.to_string());
            return Err(PublicKeyError::NoKeyInSet { reason });
        }
        Ok(Self { entries })
    }
}

/// What tells a key from a set.
#[derive(Deserialize)]
struct Outer<'a> {
    #[serde(borrow)]
    keys: Option<Vec<&'a RawValue>>,
    kty: Option<IgnoredAny>,
}

/// The members that matter; a second one of a name is refused, since two readers could take either.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    #[serde(rename = "use")]
    purpose: Option<String>,
    key_ops: Option<Vec<String>>,
    crv: Option<String>,
    x: Option<String>,
    y: Option<String>,
    n: Option<String>,
    e: Option<String>,
    /// The private half, of every kind but `oct` (RFC 7518, sections 6.2.2 and 6.3.2; RFC 8037, section 2).
    d: Option<IgnoredAny>,
}

impl Jwk {
    fn read(self) -> Result<(Option<String>, PublicKey), PublicKeyError> {
        if self.kty == "oct" {
            return Err(PublicKeyError::SharedSecret { form: "JWK with kty oct" });
        }
        if self.d.is_some() {
            return Err(PublicKeyError::PrivateKey { form: "JWK with d" });
        }
        let other_use = self.purpose.as_deref().is_some_and(|purpose| purpose != "sig");
        if other_use || self.key_ops.as_ref().is_some_and(|ops| !ops.iter().any(|op| op == "verify")) {
            let found = "something else than signatures, by its use or key_ops".to_owned();
            return Err(PublicKeyError::Unsupported { found });
        }
        let crv = self.crv.as_deref().unwrap_or_default();
        let material = match (self.kty.as_str(), crv) {
            ("OKP", "Ed25519") => {
                let key = number("x", self.x.as_deref())?;
                let key = key.as_slice().try_into().map_err(|_| malformed(JWK, "its x is not 32 bytes long"))?;
                KeyMaterial::ed25519(key)?
            }
            ("EC", "P-256") => self.point(PublicKeyKind::P256, 32)?,
            ("EC", "P-384") => self.point(PublicKeyKind::P384, 48)?,
            ("EC", "P-521") => self.point(PublicKeyKind::P521, 66)?,
            ("RSA", _) => KeyMaterial::rsa(&number("n", self.n.as_deref())?, &number("e", self.e.as_deref())?)?,
            (kty, crv) => {
                return Err(PublicKeyError::Unsupported {
                    found: format!("kty '{}', crv '{}'", shown(kty), shown(crv)),
                });
            }
        };
        Ok((self.kid, PublicKey::new(material)))
    }

    /// Both numbers have the curve's whole length (RFC 7518, section 6.2.1.2).
    fn point(&self, curve: PublicKeyKind, bytes: usize) -> Result<KeyMaterial, PublicKeyError> {
        let (x, y) = (number("x", self.x.as_deref())?, number("y", self.y.as_deref())?);
        if x.len() != bytes || y.len() != bytes {
            return Err(malformed(JWK, &format!("its x and y are not {bytes} bytes long each")));
        }
        KeyMaterial::point(curve, &[&[4], x.as_slice(), &y].concat())
    }
}

fn number(name: &str, text: Option<&str>) -> Result<Vec<u8>, PublicKeyError> {
    let text = text.ok_or_else(|| malformed(JWK, &format!("it has no {name}")))?;
    let decoded = BASE64_URL_SAFE_NO_PAD.decode(text);
    decoded.map_err(|_| malformed(JWK, &format!("its {name} is not base64url without padding")))
}

/// The library's own messages may repeat what they read, so that only the place is told.
fn parse<'a, T: Deserialize<'a>>(text: &'a str, form: &'static str) -> Result<T, PublicKeyError> {
    serde_json::from_str(text).map_err(|error| {
        let what = if error.is_data() {
            "a member is missing, twice there or of another type"
        } else {
            "it is not whole JSON"
        };
        malformed(form, &format!("{what} (line {}, column {})", error.line(), error.column()))
    })
}

fn malformed(form: &'static str, reason: &str) -> PublicKeyError {
    PublicKeyError::Malformed { form, reason: reason.to_owned() }
}

fn shown(text: &str) -> String {
    let cut: String = text.chars().take(MOST_SHOWN).collect();
    crate::text::visible(&cut).into_owned()
}
