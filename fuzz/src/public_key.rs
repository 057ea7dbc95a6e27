//! Any bytes are a public or private key or none, and any others a signature under it or none.

use whyhook::signature::public_key::{PrivateKey, PublicKey, PublicKeyAlgorithm, PublicKeySet};

/// A signature and a key.
pub fn run(data: &[u8]) {
    let [signature, key] = super::fields(data);
    match PublicKeySet::read(key) {
        Ok(set) => {
            for (kid, key) in set.keys() {
                check(key, signature);
                let _ = set.lookup(kid).map_err(|error| super::assert_visible(&error.to_string()));
            }
            let _ = set.lookup(Some("\u{1b}")).map_err(|error| super::assert_visible(&error.to_string()));
        }
        Err(error) => super::assert_visible(&error.to_string()),
    }
    match PrivateKey::read(key) {
        Ok(key) => check(key.public_key(), signature),
        Err(error) => super::assert_visible(&error.to_string()),
    }
}

fn check(key: &PublicKey, signature: &[u8]) {
    super::assert_visible(&key.describe());
    assert_eq!(PublicKey::read(&key.to_spki_der()).as_ref(), Ok(key));
    assert_eq!(PublicKey::read(key.to_pem().as_bytes()).as_ref(), Ok(key));
    for algorithm in PublicKeyAlgorithm::all() {
        if let Err(rejection) = key.verify(algorithm, &[b"a message"], signature) {
            super::assert_visible(&rejection.to_string());
        }
    }
}
