//! Secrets that a person gives a run, and takes back.

use super::Registry;
use crate::config::HANDSHAKE_LABEL;
use crate::config::keyring::{self, GivenSecretError};
use crate::signature::{Secret, SecretOrigin};

/// Why a secret cannot be taken back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SecretNotRemoved {
    /// There is none. The label is not repeated: it may be a secret.
    #[error("no secret has this label: `whyhook secret list` shows them")]
    Unknown,
    /// It is not of this run alone.
    #[error("the secret {label} is configured ({origin}), not given for this run: remove it there, and restart")]
    Configured {
        /// Its label.
        label: String,
        /// Where it was read from.
        origin: SecretOrigin,
    },
}

/// The requests that are verified with a secret.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SecretScope<'a> {
    /// Their webhooks, by name.
    pub webhooks: Vec<&'a str>,
    /// Whether those of no webhook are as well.
    pub others: bool,
}

impl Registry {
    /// The same registry with a secret given for this run: in place of the one with its label, else as the last.
    ///
    /// # Errors
    ///
    /// [`GivenSecretError`].
    pub fn with_given_secret(&self, label: &str, bytes: &[u8]) -> Result<Self, GivenSecretError> {
        keyring::check_given(label, bytes)?;
        if !self.keyring.has_room_for(label) {
            return Err(GivenSecretError::TooMany);
        }
        Ok(Self { keyring: self.keyring.with_given(label, bytes), ..self.clone() })
    }

    /// The same registry without a secret that was given, made up or received for this run. A configured one that it has
    /// replaced is back.
    ///
    /// # Errors
    ///
    /// [`SecretNotRemoved`].
    pub fn without_secret(&self, label: &str) -> Result<Self, SecretNotRemoved> {
        if label == HANDSHAKE_LABEL && !self.run.received.is_empty() {
            let mut run = (*self.run).clone();
            run.received.clear();
            return Ok(Self { run: run.into(), ..self.clone() });
        }
        let secret = self.keyring.get(label).ok_or(SecretNotRemoved::Unknown)?;
        if !keyring::is_of_the_run(secret) {
            let (label, origin) = (label.to_owned(), secret.origin().clone());
            return Err(SecretNotRemoved::Configured { label, origin });
        }
        Ok(Self { keyring: self.keyring.without(label), ..self.clone() })
    }

    /// Which requests a secret of the keyring verifies.
    #[must_use]
    pub fn scope_of(&self, label: &str) -> SecretScope<'_> {
        let uses = |secrets: &[String]| secrets.is_empty() || secrets.iter().any(|own| own == label);
        let webhooks = self.webhooks.iter().filter(|webhook| uses(&webhook.secrets));
        SecretScope { webhooks: webhooks.map(|webhook| webhook.name.as_str()).collect(), others: true }
    }

    /// Whether the same secrets are in use as in `other`, for the same requests.
    #[must_use]
    pub fn has_secrets_of(&self, other: &Self) -> bool {
        let same = |left: &Secret, right: &Secret| {
            (left.label(), left.origin(), left.expose()) == (right.label(), right.origin(), right.expose())
        };
        let (keys, others) = (self.keyring.secrets(), other.keyring.secrets());
        let (received, theirs) = (&self.run.received, &other.run.received);
        keys.len() == others.len()
            && keys.iter().zip(others).all(|(left, right)| same(left, right))
            && received.len() == theirs.len()
            && received.iter().zip(theirs).all(|(left, right)| left.0 == right.0 && same(&left.1, &right.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Keyring, Webhook};
    use crate::signature::{Scheme, SigningKind};

    fn registry() -> Registry {
        let configured = |label: &str| {
            Secret::new(label, label.as_bytes().to_vec(), SecretOrigin::Environment(label.to_uppercase()))
        };
        let webhook = |name: &str, secrets: &[&str]| Webhook {
            name: name.to_owned(),
            path: format!("/{name}"),
            kind: SigningKind::Developer,
            secrets: secrets.iter().map(|&label| label.to_owned()).collect(),
            events: Vec::new(),
            url: None,
            schemes: None,
        };
        let keyring = Keyring::new(vec![configured("one"), configured("two")]).unwrap();
        Registry::new(vec![webhook("own", &["two"]), webhook("any", &[])], keyring, Scheme::default())
    }

    fn secrets(registry: &Registry, target: &[u8]) -> Vec<String> {
        let shown = |secret: &Secret| format!("{}={}", secret.label(), String::from_utf8_lossy(secret.expose()));
        registry.route(target).secrets.map(shown).collect()
    }

    #[test]
    fn one_that_is_given_replaces_the_one_with_its_label_until_it_is_taken_back() {
        let before = registry();
        let given = before.with_given_secret("two", b"other").unwrap().with_given_secret("new", b"third").unwrap();
        assert_eq!(secrets(&given, b"/own"), ["two=other"]);
        assert_eq!(secrets(&given, b"/any"), ["one=one", "two=other", "new=third"]);
        assert!(!given.has_secrets_of(&before));
        let again = given.with_given_secret("two", b"again").unwrap();
        assert_eq!(secrets(&again, b"/own"), ["two=again"]);
        // The configured one is back, where it was.
        let back = again.without_secret("two").unwrap();
        assert_eq!(secrets(&back, b"/any"), ["one=one", "two=two", "new=third"]);
        assert!(back.without_secret("new").unwrap().has_secrets_of(&before));
        let refused = back.without_secret("two").unwrap_err();
        assert!(refused.to_string().contains("environment variable TWO"), "{refused}");
        assert_eq!(back.without_secret("nobody").unwrap_err(), SecretNotRemoved::Unknown);
    }

    #[test]
    fn one_that_was_made_up_typed_or_received_is_taken_back_as_well() {
        let before = registry();
        let typed = before.with_typed_secret(b"typed".to_vec()).with_made_up_secret(b"made".to_vec());
        let all = typed.with_accepted_secret(b"/any", b"received");
        let without = ["typed", "made-up", "by handshake"]
            .iter()
            .fold(all, |registry, label| registry.without_secret(label).unwrap());
        assert!(without.has_secrets_of(&before));
        assert_eq!(without.without_secret("by handshake").unwrap_err(), SecretNotRemoved::Unknown);
    }

    #[test]
    fn a_secret_is_of_the_webhooks_that_name_it_and_of_those_that_name_none() {
        let registry = registry();
        assert_eq!(registry.scope_of("two"), SecretScope { webhooks: vec!["own", "any"], others: true });
        assert_eq!(registry.scope_of("one"), SecretScope { webhooks: vec!["any"], others: true });
    }

    #[test]
    fn the_variable_of_one_that_is_replaced_stays_hidden_from_other_programs() {
        let given = registry().with_given_secret("two", b"other").unwrap();
        let mut command = std::process::Command::new("true");
        command.env("TWO", "two");
        let all = [("TWO", "two"), ("ONE", "one"), ("PATH", "/bin")];
        let all = all.map(|(name, value)| (name.into(), value.into()));
        assert_eq!(given.keyring().variables(all), ["TWO", "ONE"]);
    }
}
