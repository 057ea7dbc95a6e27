//! Where a made delivery goes, and how it is signed: a configured webhook, or a URL.

use crate::config::{MissingSecret, Settings, Webhook};
use crate::http::Target;
use crate::send::NotSent;
use crate::signature::{Scheme, Secret, SigningKind, unsignable};
use crate::text::visible;

/// The path that the documentation's receivers listen on.
const DOCUMENTED_PATH: &str = "/webhooks/trackpilots";

/// What a person picked; nothing of it means this program's own listener.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DestinationChoice {
    /// A URL, which stands for the webhook's own.
    pub to: Option<String>,
    /// A configured webhook, by name.
    pub webhook: Option<String>,
    /// The timestamp's unit; the webhook's, or seconds, unless told.
    pub kind: Option<SigningKind>,
    /// The label of a secret; the webhook's first, or the first of all, unless told.
    pub secret: Option<String>,
}

/// A receiver, and what it expects.
#[derive(Debug, Clone)]
pub struct Destination {
    /// Its URL.
    pub target: Target,
    /// The timestamp's unit.
    pub kind: SigningKind,
    /// How it is signed.
    pub scheme: Scheme,
    /// With what; `None` when no secret is known.
    pub secret: Option<Secret>,
    /// The full names of the events that the webhook subscribes to; empty when any may be sent.
    pub events: Vec<String>,
}

impl Destination {
    /// Finds the receiver that was picked.
    ///
    /// # Errors
    ///
    /// [`NotSent`] when there is no such webhook or secret, or the URL is none.
    pub fn find(settings: &Settings, choice: &DestinationChoice) -> Result<Self, NotSent> {
        let registry = &settings.registry;
        let named = choice.webhook.as_deref().map(|name| webhook(settings, name)).transpose()?;
        // An origin alone means its webhook's path: nobody listens at the root by chance.
        let path = match named {
            Some(webhook) => webhook.path.as_str(),
            None if registry.signing_scheme(None).is_trackpilots() => DOCUMENTED_PATH,
            None => "",
        };
        let target = match (&choice.to, named) {
            (Some(url), _) => read_target(url, "the URL to send to")?.with_path_unless_given(path),
            (None, Some(Webhook { url: Some(url), name, .. })) => {
                read_target(url, &format!("the webhook '{}'", visible(name)))?.with_path_unless_given(path)
            }
            (None, Some(webhook)) => own_listener(settings, &webhook.path)?,
            (None, None) => own_listener(settings, DOCUMENTED_PATH)?,
        };
        // Our own listener judges by path; whoever sends to it signs as it expects.
        let routed =
            if choice.to.is_none() { registry.route(target.request_target().as_bytes()).webhook } else { None };
        let webhook = named.or(routed);
        let kind = choice.kind.or_else(|| webhook.map(|webhook| webhook.kind)).unwrap_or_default();
        let scheme = registry.signing_scheme(webhook).clone();
        let events = webhook.map(|webhook| webhook.events.clone()).unwrap_or_default();
        Ok(Self { target, kind, scheme, secret: secret(settings, choice, webhook)?, events })
    }

    /// The secret to sign with.
    ///
    /// # Errors
    ///
    /// [`NotSent::NoSecret`], and [`NotSent::Sign`] for a scheme that no secret signs.
    pub fn signing_secret(&self) -> Result<&Secret, NotSent> {
        unsignable(&self.scheme).map_or(Ok(()), Err)?;
        self.secret.as_ref().ok_or_else(|| NotSent::NoSecret(MissingSecret::of(&self.scheme)))
    }
}

fn webhook<'a>(settings: &'a Settings, name: &str) -> Result<&'a Webhook, NotSent> {
    settings.registry.webhook(name).ok_or_else(|| {
        let known = settings.registry.webhooks().iter().map(|webhook| webhook.name.clone()).collect();
        NotSent::WebhookNotFound { name: name.to_owned(), known }
    })
}

fn secret(
    settings: &Settings,
    choice: &DestinationChoice,
    webhook: Option<&Webhook>,
) -> Result<Option<Secret>, NotSent> {
    let keyring = settings.registry.keyring();
    let Some(label) = &choice.secret else {
        return Ok(settings.registry.secrets_for(webhook).next().cloned());
    };
    keyring.get(label).cloned().map(Some).ok_or_else(|| {
        let known = keyring.secrets().iter().map(|secret| secret.label().to_owned()).collect();
        NotSent::UnknownSecret { label: label.clone(), known }
    })
}

fn read_target(url: &str, whose: &str) -> Result<Target, NotSent> {
    url.parse().map_err(|reason| NotSent::Url { whose: whose.to_owned(), reason })
}

/// `path` on this program's own listener.
fn own_listener(settings: &Settings, path: &str) -> Result<Target, NotSent> {
    let mut bind = settings.bind;
    if bind.ip().is_unspecified() {
        bind.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    read_target(&format!("http://{bind}{path}"), "the listener's address")
}

/// The hosts among these that are other machines, each once: before captures are sent there, whoever asked agrees to it.
pub fn other_machines<'a>(targets: impl IntoIterator<Item = &'a Target>) -> Vec<String> {
    let elsewhere = targets.into_iter().filter(|target| !target.is_loopback());
    let mut hosts: Vec<String> = elsewhere.map(|target| target.host().to_string()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    hosts
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::config::Flags;
    use crate::config::testing::Surroundings;

    #[test]
    fn other_machines_are_named_once() {
        let targets =
            ["http://b.example/x", "http://localhost:1", "http://a.example", "http://b.example:81", "http://[::1]"];
        let targets: Vec<Target> = targets.map(|target| target.parse().unwrap()).into();
        assert_eq!(other_machines(&targets), ["a.example", "b.example"]);
    }

    #[rstest]
    #[case("http://localhost:8080", "http://localhost:8080/webhooks/trackpilots")]
    #[case("http://localhost:8080/", "http://localhost:8080/")]
    #[case("http://localhost:8080/hook", "http://localhost:8080/hook")]
    fn an_origin_alone_gets_the_path_of_its_webhook(#[case] to: &str, #[case] target: &str) {
        let settings = Settings::load(&Flags::default(), &Surroundings::new()).unwrap().0;
        let choice = DestinationChoice { to: Some(to.to_owned()), ..DestinationChoice::default() };
        assert_eq!(Destination::find(&settings, &choice).unwrap().target.to_string(), target);
    }
}
