//! Keys by their `kid`.

use super::super::{KeyLookupError, PublicKeyKind, PublicKeySet};
use super::*;

fn with_kid(key: &str, kid: &str) -> String {
    RecordedKey::named(key).forms["JWK"].replacen('{', &format!(r#"{{"kid":"{kid}","#), 1)
}

fn set(keys: &[String]) -> PublicKeySet {
    PublicKeySet::read(format!(r#"{{"keys":[{}]}}"#, keys.join(",")).as_bytes()).unwrap()
}

#[test]
fn a_key_is_found_by_its_kid() {
    let set = set(&[with_kid("Ed25519", "a"), with_kid("P-256", "b"), RecordedKey::named("RSA").forms["JWK"].clone()]);
    assert_eq!(set.keys().map(|(kid, _)| kid).collect::<Vec<_>>(), [Some("a"), Some("b"), None]);
    assert_eq!(set.lookup(Some("a")).unwrap().kind(), PublicKeyKind::Ed25519);
    assert_eq!(set.lookup(Some("b")).unwrap().kind(), PublicKeyKind::P256);
    let error = set.lookup(Some("c\u{1b}[31m")).unwrap_err();
    assert!(error.to_string().starts_with("no key has the kid 'c␛[31m' (there are 'a', 'b')"), "{error}");
    assert_eq!(set.lookup(None), Err(KeyLookupError::Ambiguous { kid: None, count: 3 }));
    assert!(matches!(set.lookup(Some("A")), Err(KeyLookupError::Unknown { .. })));
}

#[test]
fn two_keys_of_one_kid_are_ambiguous() {
    let set = set(&[with_kid("Ed25519", "a"), with_kid("P-256", "a")]);
    let error = set.lookup(Some("a")).unwrap_err();
    assert_eq!(error, KeyLookupError::Ambiguous { kid: Some("a".to_owned()), count: 2 });
    assert!(error.to_string().starts_with("2 keys of the set have the kid 'a'"), "{error}");
}

#[test]
fn a_lonely_key_answers_unless_it_has_another_kid() {
    let alone = PublicKeySet::read(RecordedKey::named("RSA").forms["PEM"].as_bytes()).unwrap();
    assert!(alone.lookup(None).is_ok());
    assert!(alone.lookup(Some("any")).is_ok());
    let named = set(&[with_kid("RSA", "a")]);
    assert!(named.lookup(None).is_ok());
    assert!(named.lookup(Some("a")).is_ok());
    let error = named.lookup(Some("b")).unwrap_err();
    assert!(error.to_string().contains("(there is 'a')"), "{error}");
}

#[test]
fn shown_kids_are_few_and_short() {
    let keys: Vec<_> = (0..20).map(|number| with_kid("P-256", &format!("{number}{}", "k".repeat(500)))).collect();
    let error = set(&keys).lookup(Some(&"x".repeat(5000))).unwrap_err();
    assert!(error.to_string().len() < 1000, "{error}");
}
