//! Keys and signatures of Node and Python (`tests/fixtures-src/public-keys/`), of RFC 8032, and mistakes by hand.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde::Deserialize;

use super::{PrivateKey, PublicKey, PublicKeyAlgorithm};

mod forms;
mod hostile;
mod private;
mod sets;
mod signatures;

#[derive(Deserialize)]
struct Recorded {
    message: String,
    keys: BTreeMap<String, RecordedKey>,
    refused: BTreeMap<String, String>,
    locked: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct RecordedKey {
    spki: String,
    forms: BTreeMap<String, String>,
    private_forms: BTreeMap<String, String>,
    private_jwk: String,
    signatures: Vec<(String, String)>,
}

static RECORDED: LazyLock<Recorded> =
    LazyLock::new(|| serde_json::from_str(include_str!("../../../../assets/fixtures/public-keys.json")).unwrap());

impl RecordedKey {
    fn named(name: &str) -> &'static Self {
        &RECORDED.keys[name]
    }

    fn spki(&self) -> Vec<u8> {
        BASE64_STANDARD.decode(&self.spki).unwrap()
    }

    fn public(&self) -> PublicKey {
        PublicKey::read(&self.spki()).unwrap()
    }

    fn private(&self) -> PrivateKey {
        PrivateKey::read(self.private_forms["PKCS#8"].as_bytes()).unwrap()
    }

    fn signatures(&self) -> impl Iterator<Item = (PublicKeyAlgorithm, Vec<u8>)> {
        self.signatures.iter().map(|(algorithm, signature)| {
            (PublicKeyAlgorithm::named(algorithm).unwrap(), BASE64_STANDARD.decode(signature).unwrap())
        })
    }

    fn signature(&self, algorithm: PublicKeyAlgorithm) -> Vec<u8> {
        self.signatures().find(|(known, _)| *known == algorithm).unwrap().1
    }
}

fn message() -> &'static [u8] {
    RECORDED.message.as_bytes()
}
