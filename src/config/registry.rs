//! Which webhook, and which secrets, a request's path belongs to.

use std::slice;
use std::sync::Arc;

use super::{Keyring, Webhook};
use crate::signature::{AcceptedSchemes, Scheme, Secret};

/// The webhooks, every secret, and the schemes. Cloning shares them; asking it allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    webhooks: Arc<[Webhook]>,
    keyring: Keyring,
    schemes: Arc<AcceptedSchemes>,
}

/// What is configured for one request.
#[derive(Debug, Clone)]
pub struct Route<'a> {
    /// The webhook whose path it is, if any.
    pub webhook: Option<&'a Webhook>,
    /// The secrets that may have signed it, in their configured order.
    pub secrets: Secrets<'a>,
    /// The schemes that they may have signed it by.
    pub schemes: &'a AcceptedSchemes,
}

/// Iterates over the secrets of a [`Route`]; cheap to clone.
#[derive(Debug, Clone)]
pub struct Secrets<'a> {
    keyring: &'a [Secret],
    /// The webhook's own labels, or `None` for the whole keyring.
    labels: Option<slice::Iter<'a, String>>,
}

impl<'a> Iterator for Secrets<'a> {
    type Item = &'a Secret;

    fn next(&mut self) -> Option<&'a Secret> {
        match &mut self.labels {
            Some(labels) => labels.find_map(|label| self.keyring.iter().find(|secret| secret.label() == label)),
            None => {
                let (first, rest) = self.keyring.split_first()?;
                self.keyring = rest;
                Some(first)
            }
        }
    }
}

impl Registry {
    /// Puts the parts together. A webhook's label without a secret in `keyring` stands for nothing;
    /// [`super::Settings::load`] refuses such labels.
    #[must_use]
    pub fn new(webhooks: Vec<Webhook>, keyring: Keyring, schemes: impl Into<AcceptedSchemes>) -> Self {
        Self { webhooks: webhooks.into(), keyring, schemes: Arc::new(schemes.into()) }
    }

    /// Finds what belongs to a request target as sent, such as `/webhooks/trackpilots?x=1`.
    ///
    /// A webhook is found by exactly its path, one trailing slash tolerated. It is judged by its own
    /// secrets if it names any, everything else by the whole keyring.
    #[must_use]
    pub fn route(&self, target: &[u8]) -> Route<'_> {
        let path = memchr::memchr(b'?', target).map_or(target, |query| &target[..query]);
        let webhook = self.webhooks.iter().find(|webhook| webhook.answers_to(path));
        let secrets = webhook.map_or_else(|| self.all_secrets(), |webhook| self.secrets_of(webhook));
        Route { webhook, secrets, schemes: self.schemes_of(webhook) }
    }

    /// The secrets that may sign `webhook`: its own if it names any, else the whole keyring.
    #[must_use]
    pub fn secrets_of<'a>(&'a self, webhook: &'a Webhook) -> Secrets<'a> {
        let labels = (!webhook.secrets.is_empty()).then(|| webhook.secrets.iter());
        Secrets { keyring: self.keyring.secrets(), labels }
    }

    fn all_secrets(&self) -> Secrets<'_> {
        Secrets { keyring: self.keyring.secrets(), labels: None }
    }

    /// The same registry with a secret typed for this run, labelled [`super::TYPED_LABEL`]. It
    /// replaces an earlier typed one and comes last; webhooks with secrets of their own ignore it.
    #[must_use]
    pub fn with_typed_secret(&self, bytes: Vec<u8>) -> Self {
        Self { keyring: self.keyring.with_typed(bytes), ..self.clone() }
    }

    /// The same registry with a secret that was made up for this run's own test events, labelled
    /// [`super::MADE_UP_LABEL`].
    #[must_use]
    pub fn with_made_up_secret(&self, bytes: Vec<u8>) -> Self {
        Self { keyring: self.keyring.with_made_up(bytes), ..self.clone() }
    }

    /// Every webhook in its configured order.
    #[must_use]
    pub fn webhooks(&self) -> &[Webhook] {
        &self.webhooks
    }

    /// The webhook called `name`.
    #[must_use]
    pub fn webhook(&self, name: &str) -> Option<&Webhook> {
        self.webhooks.iter().find(|webhook| webhook.name == name)
    }

    /// Every secret.
    #[must_use]
    pub fn keyring(&self) -> &Keyring {
        &self.keyring
    }

    /// The schemes of `webhook`; without one, or when it has none of its own, those of every other request.
    #[must_use]
    pub fn schemes_of<'a>(&'a self, webhook: Option<&'a Webhook>) -> &'a AcceptedSchemes {
        webhook.and_then(|webhook| webhook.schemes.as_ref()).unwrap_or(&self.schemes)
    }

    /// The scheme by which what is made for `webhook` is signed.
    #[must_use]
    pub fn signing_scheme<'a>(&'a self, webhook: Option<&'a Webhook>) -> &'a Scheme {
        self.schemes_of(webhook).first()
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::signature::{SecretOrigin, SigningKind};

    fn webhook(name: &str, path: &str, secrets: &[&str]) -> Webhook {
        Webhook {
            name: name.to_owned(),
            path: path.to_owned(),
            kind: SigningKind::Developer,
            secrets: secrets.iter().map(|&label| label.to_owned()).collect(),
            events: Vec::new(),
            url: None,
            schemes: None,
        }
    }

    fn registry() -> Registry {
        let secret = |label: &str| Secret::new(label, label.as_bytes().to_vec(), SecretOrigin::Typed);
        let keyring = Keyring::new(vec![secret("one"), secret("two"), secret("three")]).unwrap();
        let webhooks = vec![
            webhook("dev", "/webhooks/trackpilots", &["three", "one"]),
            webhook("any", "/any/", &[]),
            webhook("root", "/", &["two"]),
        ];
        Registry::new(webhooks, keyring, Scheme::default())
    }

    #[rstest]
    #[case("/webhooks/trackpilots", Some("dev"), &["three", "one"])]
    #[case("/webhooks/trackpilots/", Some("dev"), &["three", "one"])]
    #[case("/webhooks/trackpilots?a=/any", Some("dev"), &["three", "one"])]
    #[case("/webhooks/trackpilots//", None, &["one", "two", "three"])]
    #[case("/Webhooks/trackpilots", None, &["one", "two", "three"])]
    #[case("/any", Some("any"), &["one", "two", "three"])]
    #[case("/", Some("root"), &["two"])]
    #[case("", None, &["one", "two", "three"])]
    #[case("/other", None, &["one", "two", "three"])]
    fn paths_find_their_webhook(#[case] target: &str, #[case] name: Option<&str>, #[case] secrets: &[&str]) {
        let registry = registry();
        let route = registry.route(target.as_bytes());
        assert_eq!(route.webhook.map(|webhook| webhook.name.as_str()), name);
        assert_eq!(route.secrets.map(Secret::label).collect::<Vec<_>>(), secrets);
    }

    #[test]
    fn a_typed_secret_joins_the_shared_ones() {
        let registry = registry().with_typed_secret(b"first".to_vec()).with_typed_secret(b"second".to_vec());
        let labels = |target: &[u8]| registry.route(target).secrets.map(Secret::label).collect::<Vec<_>>();
        assert_eq!(labels(b"/other"), ["one", "two", "three", "typed"]);
        assert_eq!(labels(b"/webhooks/trackpilots"), ["three", "one"]);
        let typed = registry.keyring().get("typed").unwrap();
        assert_eq!((typed.expose(), typed.origin()), (&b"second"[..], &SecretOrigin::Typed));
    }

    #[test]
    fn it_may_be_shared_between_threads() {
        fn shared<T: Send + Sync + Clone>() {}
        shared::<Registry>();
    }
}
