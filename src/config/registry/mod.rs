//! Which webhook, and which secrets, a request's path belongs to.

mod given;
mod parts;

pub use given::{SecretNotRemoved, SecretScope};

use std::slice;
use std::sync::Arc;

pub use parts::{EncodedSecret, InvalidParts, RegistryParts};

use super::{Keyring, Webhook};
use crate::rules::AutomaticHandshakes;
use crate::signature::{AcceptedSchemes, Scheme, Secret, SecretOrigin, catalogue};

/// The webhooks, every secret, and the schemes. Cloning shares them; asking it allocates nothing.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    webhooks: Arc<[Webhook]>,
    keyring: Keyring,
    schemes: Arc<AcceptedSchemes>,
    /// For each webhook, and last for every other request: what its schemes' senders ask for.
    handshakes: Arc<[AutomaticHandshakes]>,
    /// What holds for this run alone.
    run: Arc<RunChanges>,
}

/// What a run has learnt, and what a person has chosen for it: in memory only.
#[derive(Debug, Clone, Default)]
struct RunChanges {
    /// Secrets that arrived by a handshake, each for the requests of one webhook, or of none.
    received: Vec<(Option<String>, Secret)>,
    /// Schemes that were adopted.
    adopted: Vec<AdoptedSchemes>,
}

/// The schemes that the requests of one webhook, or of none, are verified by in place of the configured ones.
#[derive(Debug, Clone)]
struct AdoptedSchemes {
    webhook: Option<String>,
    schemes: AcceptedSchemes,
    handshakes: AutomaticHandshakes,
}

/// Why a secret that arrived by a handshake is not used.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum NotReceived {
    /// It is known already.
    Known,
    /// The webhook has a secret that a person has given; its label.
    Configured(String),
    /// Another one arrived before.
    Another,
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
    /// What the schemes' senders ask for before they deliver.
    pub handshakes: &'a AutomaticHandshakes,
}

/// Iterates over the secrets of a [`Route`]; cheap to clone.
#[derive(Debug, Clone)]
pub struct Secrets<'a> {
    keyring: &'a [Secret],
    /// The webhook's own labels, or `None` for the whole keyring.
    labels: Option<slice::Iter<'a, String>>,
    /// The one that arrived by a handshake, which comes last.
    received: Option<&'a Secret>,
}

impl<'a> Iterator for Secrets<'a> {
    type Item = &'a Secret;

    fn next(&mut self) -> Option<&'a Secret> {
        let configured = match &mut self.labels {
            Some(labels) => labels.find_map(|label| self.keyring.iter().find(|secret| secret.label() == label)),
            None => self.keyring.split_first().map(|(first, rest)| {
                self.keyring = rest;
                first
            }),
        };
        configured.or_else(|| self.received.take())
    }
}

impl Registry {
    /// Puts the parts together. A webhook's label without a secret in `keyring` stands for nothing;
    /// [`super::Settings::load`] refuses such labels.
    #[must_use]
    pub fn new(webhooks: Vec<Webhook>, keyring: Keyring, schemes: impl Into<AcceptedSchemes>) -> Self {
        let schemes = schemes.into();
        let of_webhooks = webhooks.iter().map(|webhook| webhook.schemes.as_ref().unwrap_or(&schemes));
        let handshakes = of_webhooks.chain([&schemes]).map(|schemes| AutomaticHandshakes::of(schemes.iter())).collect();
        Self { webhooks: webhooks.into(), keyring, schemes: Arc::new(schemes), handshakes, run: Arc::default() }
    }

    /// Finds what belongs to a request target as sent, such as `/webhooks/trackpilots?x=1`.
    ///
    /// A webhook is found by exactly its path, one trailing slash tolerated. It is judged by its own
    /// secrets if it names any, everything else by the whole keyring.
    #[must_use]
    pub fn route(&self, target: &[u8]) -> Route<'_> {
        static NONE: AutomaticHandshakes = AutomaticHandshakes::NONE;
        let path = memchr::memchr(b'?', target).map_or(target, |query| &target[..query]);
        let at = self.webhooks.iter().position(|webhook| webhook.answers_to(path));
        let webhook = at.map(|at| &self.webhooks[at]);
        let handshakes = match self.adopted(webhook) {
            Some(adopted) => &adopted.handshakes,
            None => self.handshakes.get(at.unwrap_or(self.webhooks.len())).unwrap_or(&NONE),
        };
        Route { webhook, secrets: self.secrets_for(webhook), schemes: self.schemes_of(webhook), handshakes }
    }

    /// The secrets that may sign the requests of a webhook, or of none: the webhook's own if it names any, else the whole
    /// keyring; and the one that arrived by a handshake of theirs.
    #[must_use]
    pub fn secrets_for<'a>(&'a self, webhook: Option<&'a Webhook>) -> Secrets<'a> {
        let labels = webhook.map(|webhook| webhook.secrets.iter()).filter(|labels| labels.len() > 0);
        Secrets { keyring: self.keyring.secrets(), labels, received: self.received(webhook) }
    }

    fn received(&self, webhook: Option<&Webhook>) -> Option<&Secret> {
        let name = webhook.map(|webhook| webhook.name.as_str());
        self.run.received.iter().find(|(of, _)| of.as_deref() == name).map(|(_, secret)| secret)
    }

    fn adopted(&self, webhook: Option<&Webhook>) -> Option<&AdoptedSchemes> {
        let name = webhook.map(|webhook| webhook.name.as_str());
        self.run.adopted.iter().find(|adopted| adopted.webhook.as_deref() == name)
    }

    fn configured_schemes<'a>(&'a self, webhook: Option<&'a Webhook>) -> &'a AcceptedSchemes {
        webhook.and_then(|webhook| webhook.schemes.as_ref()).unwrap_or(&self.schemes)
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

    /// The same registry with a secret that arrived by a handshake of the requests of `target`, labelled
    /// [`super::HANDSHAKE_LABEL`]: for these requests alone, and for this run.
    ///
    /// # Errors
    ///
    /// [`NotReceived`] when a secret of these requests is configured or entered, or when one arrived before: whoever knows
    /// the URL can send one.
    pub fn with_received_secret(&self, target: &[u8], bytes: &[u8]) -> Result<Self, NotReceived> {
        let Route { webhook, mut secrets, .. } = self.route(target);
        if secrets.clone().any(|secret| secret.expose() == bytes) {
            return Err(NotReceived::Known);
        }
        if self.received(webhook).is_some() {
            return Err(NotReceived::Another);
        }
        let is_given = |secret: &&Secret| {
            !matches!(secret.origin(), SecretOrigin::MadeUp | SecretOrigin::Handshake)
                && !self.is_of_another(secret, webhook)
        };
        match secrets.find(is_given) {
            Some(secret) => Err(NotReceived::Configured(secret.label().to_owned())),
            None => Ok(self.with_accepted_secret(target, bytes)),
        }
    }

    /// The same, as a person has chosen it: in place of one that arrived before.
    #[must_use]
    pub fn with_accepted_secret(&self, target: &[u8], bytes: &[u8]) -> Self {
        let name = self.route(target).webhook.map(|webhook| webhook.name.clone());
        let secret = Secret::new(super::HANDSHAKE_LABEL, bytes.to_vec(), SecretOrigin::Handshake);
        let mut run = (*self.run).clone();
        run.received.retain(|(of, _)| *of != name);
        run.received.push((name, secret));
        Self { run: Arc::new(run), ..self.clone() }
    }

    /// The same registry with every secret replaced by what `change` makes of it, labels kept.
    #[must_use]
    pub fn with_other_secrets(&self, change: &dyn Fn(&Secret) -> Secret) -> Self {
        let mut run = (*self.run).clone();
        run.received.iter_mut().for_each(|(_, secret)| *secret = change(secret));
        Self { keyring: self.keyring.with_others(change), run: Arc::new(run), ..self.clone() }
    }

    /// Whether a secret is there for other webhooks alone: one names it, and this one does not.
    fn is_of_another(&self, secret: &Secret, webhook: Option<&Webhook>) -> bool {
        let names = |webhook: &Webhook| webhook.secrets.iter().any(|label| label == secret.label());
        self.webhooks.iter().any(names) && !webhook.is_some_and(names)
    }

    /// The secrets that arrived by handshakes, each with its webhook's name.
    pub fn received_secrets(&self) -> impl Iterator<Item = (Option<&str>, &Secret)> {
        self.run.received.iter().map(|(of, secret)| (of.as_deref(), secret))
    }

    /// A scheme of the catalogue as it would be adopted for the requests of `target`: with the URL and the settings that
    /// were given for them. `None` where the catalogue has none of this name.
    #[must_use]
    pub fn adoptable(&self, name: &str, target: &[u8]) -> Option<Scheme> {
        let webhook = self.route(target).webhook;
        let mut scheme = catalogue::named(name).ok()?;
        for configured in self.configured_schemes(webhook).iter() {
            scheme.url = scheme.url.or_else(|| configured.url.clone());
            for (name, value) in &configured.settings {
                scheme.settings.entry(name.clone()).or_insert_with(|| value.clone());
            }
        }
        Some(scheme)
    }

    /// The same registry with another scheme for the requests of a webhook, or of those that belong to none, for this
    /// run; `None` takes it back.
    #[must_use]
    pub fn with_adopted_scheme(&self, webhook: Option<&str>, scheme: Option<Scheme>) -> Self {
        let mut run = (*self.run).clone();
        run.adopted.retain(|adopted| adopted.webhook.as_deref() != webhook);
        if let Some(scheme) = scheme {
            let (webhook, handshakes) = (webhook.map(str::to_owned), AutomaticHandshakes::of([&scheme]));
            run.adopted.push(AdoptedSchemes { webhook, schemes: scheme.into(), handshakes });
        }
        Self { run: Arc::new(run), ..self.clone() }
    }

    /// The schemes that were adopted for this run, each with its webhook's name.
    pub fn adopted_schemes(&self) -> impl Iterator<Item = (Option<&str>, &Scheme)> {
        self.run.adopted.iter().map(|adopted| (adopted.webhook.as_deref(), adopted.schemes.first()))
    }

    /// Every secret of this run in words, those of handshakes with their webhooks.
    #[must_use]
    pub fn described_secrets(&self) -> Vec<String> {
        let configured = self.keyring.secrets().iter().map(Secret::describe);
        let received = self.received_secrets().map(|(of, secret)| match of {
            Some(name) => format!("{} for {name}", secret.describe()),
            None => secret.describe(),
        });
        configured.chain(received).collect()
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

    /// The schemes of `webhook`: those that were adopted for this run, else the configured ones; without one, or when it
    /// has none of its own, those of every other request.
    #[must_use]
    pub fn schemes_of<'a>(&'a self, webhook: Option<&'a Webhook>) -> &'a AcceptedSchemes {
        match self.adopted(webhook) {
            Some(adopted) => &adopted.schemes,
            None => self.configured_schemes(webhook),
        }
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
    use crate::signature::SigningKind;

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
    fn a_secret_of_a_handshake_is_its_webhooks_alone_and_the_first() {
        let bare = Registry::new(
            vec![webhook("asana", "/asana", &[]), webhook("own", "/own", &["mine"])],
            Keyring::new(vec![Secret::new("mine", b"mine".to_vec(), SecretOrigin::Typed)]).unwrap(),
            Scheme::default(),
        );
        let labels = |registry: &Registry, target: &[u8]| {
            registry.route(target).secrets.map(|secret| secret.label().to_owned()).collect::<Vec<_>>()
        };
        // A secret that another webhook names is no reason against it.
        let first = bare.with_received_secret(b"/asana?x", b"the first secret").unwrap();
        assert_eq!(labels(&first, b"/asana"), ["mine", "by handshake"]);
        assert_eq!(labels(&first, b"/own"), ["mine"]);
        assert_eq!(labels(&first, b"/other"), ["mine"]);
        let refused = |target: &[u8], bytes: &[u8]| first.with_received_secret(target, bytes).unwrap_err();
        assert_eq!(refused(b"/asana", b"another secret"), NotReceived::Another);
        assert_eq!(refused(b"/asana", b"the first secret"), NotReceived::Known);
        assert_eq!(refused(b"/own", b"another secret"), NotReceived::Configured("mine".to_owned()));
        let accepted = first.with_accepted_secret(b"/asana", b"another secret");
        let secret = accepted.route(b"/asana").secrets.last().unwrap();
        assert_eq!((secret.expose(), secret.origin()), (&b"another secret"[..], &SecretOrigin::Handshake));
        assert_eq!(accepted.received_secrets().count(), 1);
        let shown = format!("{accepted:?} {:?}", accepted.described_secrets());
        assert!(!shown.contains("another secret") && !shown.contains("the first secret"), "{shown}");
        // A typed one is a person's, and so is one that nobody names.
        let typed = bare.with_typed_secret(b"typed".to_vec());
        assert_eq!(
            typed.with_received_secret(b"/asana", b"the first secret").unwrap_err(),
            NotReceived::Configured("typed".to_owned())
        );
    }

    #[test]
    fn an_adopted_scheme_is_for_its_webhook_and_can_be_taken_back() {
        let slack = catalogue::named("slack").unwrap();
        let registry = registry().with_adopted_scheme(Some("any"), Some(slack.clone()));
        let name = |registry: &Registry, target: &[u8]| registry.route(target).schemes.first().name.clone();
        assert_eq!((name(&registry, b"/any"), name(&registry, b"/")), ("slack".to_owned(), String::new()));
        assert!(!registry.route(b"/any").handshakes.is_empty());
        assert!(registry.route(b"/other").handshakes.is_empty());
        let everywhere = registry.with_adopted_scheme(None, Some(catalogue::named("github").unwrap()));
        assert_eq!((name(&everywhere, b"/any"), name(&everywhere, b"/x")), ("slack".to_owned(), "github".to_owned()));
        assert_eq!(name(&everywhere, b"/"), "");
        assert_eq!(everywhere.adopted_schemes().count(), 2);
        let back = everywhere.with_adopted_scheme(None, None);
        assert_eq!((name(&back, b"/any"), name(&back, b"/x")), ("slack".to_owned(), String::new()));
    }

    #[test]
    fn each_of_several_schemes_has_its_handshakes() {
        let schemes: Vec<Scheme> = ["github", "zoom", "slack"].map(|name| catalogue::named(name).unwrap()).into();
        let accepted = AcceptedSchemes::try_from(schemes).unwrap();
        let registry = Registry::new(Vec::new(), Keyring::default(), accepted);
        let handshakes = registry.route(b"/").handshakes;
        assert!(!handshakes.is_empty() && handshakes.make_hmacs());
        let adopted = registry.with_adopted_scheme(None, registry.adoptable("slack", b"/"));
        assert!(!adopted.route(b"/").handshakes.make_hmacs());
        assert!(adopted.route(b"/").schemes.only().is_some());
    }

    #[test]
    fn it_may_be_shared_between_threads() {
        fn shared<T: Send + Sync + Clone>() {}
        shared::<Registry>();
    }
}
