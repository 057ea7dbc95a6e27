//! A registry taken apart, for another process of the same user on the same machine.

use std::fmt;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use super::{AdoptedSchemes, Registry, RunChanges};
use crate::config::{Keyring, Webhook};
use crate::rules::AutomaticHandshakes;
use crate::signature::{AcceptedSchemes, Secret, SecretOrigin};

/// All of a registry, with the secrets themselves: to be shown to nobody, and kept nowhere.
#[derive(Serialize, Deserialize)]
pub struct RegistryParts {
    webhooks: Vec<Webhook>,
    secrets: Vec<SecretParts>,
    replaced: Vec<SecretParts>,
    schemes: AcceptedSchemes,
    received: Vec<(Option<String>, SecretParts)>,
    adopted: Vec<(Option<String>, AcceptedSchemes)>,
}

#[derive(Serialize, Deserialize)]
struct SecretParts {
    label: String,
    origin: SecretOrigin,
    value: EncodedSecret,
}

/// A secret's bytes as base64, wiped when it is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct EncodedSecret(Zeroizing<String>);

/// The parts make no registry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidParts {
    /// A secret is not base64.
    #[error("a secret is not base64")]
    Base64,
    /// Two secrets have one label.
    #[error("two secrets have one label")]
    Labels,
}

impl EncodedSecret {
    /// These bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Zeroizing::new(STANDARD.encode(bytes)))
    }

    /// The bytes.
    ///
    /// # Errors
    ///
    /// [`InvalidParts::Base64`].
    pub fn bytes(&self) -> Result<Zeroizing<Vec<u8>>, InvalidParts> {
        STANDARD.decode(self.0.as_bytes()).map(Zeroizing::new).map_err(|_| InvalidParts::Base64)
    }
}

impl fmt::Debug for EncodedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EncodedSecret(…)")
    }
}

impl fmt::Debug for RegistryParts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RegistryParts").field("webhooks", &self.webhooks.len()).finish_non_exhaustive()
    }
}

impl Serialize for EncodedSecret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for EncodedSecret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(Zeroizing::new(text)))
    }
}

impl SecretParts {
    fn of(secret: &Secret) -> Self {
        let (label, origin) = (secret.label().to_owned(), secret.origin().clone());
        Self { label, origin, value: EncodedSecret::of(secret.expose()) }
    }

    fn secret(self) -> Result<Secret, InvalidParts> {
        Ok(Secret::new(self.label, self.value.bytes()?.to_vec(), self.origin))
    }
}

impl From<&Registry> for RegistryParts {
    fn from(registry: &Registry) -> Self {
        let run = &registry.run;
        Self {
            webhooks: registry.webhooks.to_vec(),
            secrets: registry.keyring.secrets().iter().map(SecretParts::of).collect(),
            replaced: registry.keyring.replaced().iter().map(SecretParts::of).collect(),
            schemes: (*registry.schemes).clone(),
            received: run.received.iter().map(|(of, secret)| (of.clone(), SecretParts::of(secret))).collect(),
            adopted: run.adopted.iter().map(|adopted| (adopted.webhook.clone(), adopted.schemes.clone())).collect(),
        }
    }
}

impl TryFrom<RegistryParts> for Registry {
    type Error = InvalidParts;

    fn try_from(parts: RegistryParts) -> Result<Self, InvalidParts> {
        let secrets = parts.secrets.into_iter().map(SecretParts::secret).collect::<Result<_, _>>()?;
        let replaced = parts.replaced.into_iter().map(SecretParts::secret).collect::<Result<_, _>>()?;
        let keyring = Keyring::new(secrets).map_err(|_| InvalidParts::Labels)?.with_replaced(replaced);
        let received = parts.received.into_iter().map(|(of, secret)| Ok((of, secret.secret()?)));
        let adopted = |(webhook, schemes): (Option<String>, AcceptedSchemes)| {
            let handshakes = AutomaticHandshakes::of(schemes.iter());
            AdoptedSchemes { webhook, schemes, handshakes }
        };
        let run = RunChanges {
            received: received.collect::<Result<_, InvalidParts>>()?,
            adopted: parts.adopted.into_iter().map(adopted).collect(),
        };
        Ok(Self { run: Arc::new(run), ..Self::new(parts.webhooks, keyring, parts.schemes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::signature::{Scheme, SigningKind, catalogue};

    fn through_json(registry: &Registry) -> Registry {
        let json = serde_json::to_string(&RegistryParts::from(registry)).unwrap();
        Registry::try_from(serde_json::from_str::<RegistryParts>(&json).unwrap()).unwrap()
    }

    #[test]
    fn every_scheme_of_the_catalogue_arrives_as_it_is() {
        for name in catalogue::names() {
            let scheme = catalogue::named(name).unwrap();
            let json = serde_json::to_string(&scheme).unwrap();
            assert_eq!(serde_json::from_str::<Scheme>(&json).unwrap(), scheme, "{name}");
        }
    }

    #[test]
    fn a_registry_arrives_with_all_that_its_run_has_learnt() {
        let webhook = |name: &str, schemes: Option<&str>| Webhook {
            name: name.to_owned(),
            path: format!("/{name}"),
            kind: SigningKind::Reseller,
            secrets: vec!["bytes".to_owned()],
            events: vec!["one.event".to_owned()],
            url: Some("http://127.0.0.1:8080".to_owned()),
            schemes: schemes.map(|name| catalogue::named(name).unwrap().into()),
        };
        let bytes = Secret::new("bytes", vec![0, 255, b'\n'], SecretOrigin::File("/a/b".into()));
        let webhooks = vec![webhook("own", Some("stripe")), webhook("other", None)];
        let registry = Registry::new(webhooks, Keyring::new(vec![bytes]).unwrap(), Scheme::default())
            .with_given_secret("bytes", b"given in its place")
            .unwrap()
            .with_typed_secret(b"typed one".to_vec())
            .with_accepted_secret(b"/other", b"of a handshake")
            .with_adopted_scheme(None, Some(catalogue::named("slack").unwrap()));
        let arrived = through_json(&registry);
        assert!(arrived.has_secrets_of(&registry));
        assert_eq!(arrived.webhooks(), registry.webhooks());
        assert_eq!(arrived.described_secrets(), registry.described_secrets());
        for target in [&b"/own"[..], b"/other", b"/x"] {
            assert_eq!(arrived.route(target).schemes, registry.route(target).schemes);
            assert_eq!(arrived.route(target).secrets.count(), registry.route(target).secrets.count());
        }
        assert!(!arrived.route(b"/x").handshakes.is_empty());
        assert_eq!(arrived.without_secret("bytes").unwrap().keyring().get("bytes").unwrap().expose(), [0, 255, b'\n']);
        assert!(!arrived.has_secrets_of(&registry.with_typed_secret(b"typed two".to_vec())));
    }

    #[test]
    fn parts_that_make_no_registry_are_refused_and_none_is_printed() {
        let parts = RegistryParts::from(&Registry::default().with_typed_secret(b"hunter2-hunter2".to_vec()));
        assert!(!format!("{parts:?} {:?}", parts.secrets[0].value).contains("aHVudGVy"));
        let broken = serde_json::to_string(&parts).unwrap().replace("aHVudGVy", "%%%%");
        let broken: RegistryParts = serde_json::from_str(&broken).unwrap();
        assert_eq!(Registry::try_from(broken).unwrap_err(), InvalidParts::Base64);
        let secret = || SecretParts::of(&Secret::new("one", Vec::new(), SecretOrigin::Typed));
        let twice = RegistryParts { secrets: vec![secret(), secret()], ..parts };
        assert_eq!(Registry::try_from(twice).unwrap_err(), InvalidParts::Labels);
    }
}
