//! A signed test event to this program's own listener.

use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use super::Worker;
use crate::config::{MADE_UP_LABEL, MissingSecret, Settings};
use crate::delivery::{AttemptKind, AttemptMode};
use crate::http::{Client, ClientLimits};
use crate::send::{Destination, NotSent, Origin, SimulatedBody, Simulation, attempt};
use crate::simulate::{self, Burst, Recipe, SimulatedEvent};
use crate::tui::screens::send::panel::Panel;
use crate::tui::screens::send::state::SendProgress;
use crate::tui::screens::send::task::News;

impl Worker {
    /// Sends a simulation to the listener's `path`, signed as that path expects.
    pub(super) async fn test(&self, path: &str, client: &Client, cancel: &CancellationToken) {
        self.tell(News::Began(SendProgress {
            what: "a test event".to_owned(),
            total: 1,
            is_quiet: true,
            ..SendProgress::default()
        }));
        let simulation = match test_event(&self.settings(), path) {
            Ok(simulation) => simulation,
            Err(error) => return self.tell(News::NotSent(error.to_string())),
        };
        let request = match simulation.request(0, Timestamp::now()) {
            Ok(request) => request,
            Err(error) => return self.tell(News::NotSent(error.to_string())),
        };
        let Destination { target, scheme, secret, .. } = &simulation.destination;
        let sent = client.send(target, &request, &ClientLimits::default(), cancel).await;
        let origin = Origin { delivery: None, kind: AttemptKind::Simulation, mode: AttemptMode::Made };
        let attempt = attempt(origin, target, &request, None, sent);
        self.listener.keep_attempt(attempt.clone());
        let label = secret.as_ref().map_or("", |secret| secret.label());
        let remarks = vec![("Signed with", format!("the secret {}", crate::text::visible(label)))];
        let panel = Panel::new(attempt, request.body, scheme, remarks);
        self.tell(News::Tested(Box::new(panel), label == MADE_UP_LABEL));
    }
}

/// A plain simulation of the first event that the path's webhook subscribes to, or another sender's sample.
fn test_event(settings: &Settings, path: &str) -> Result<Simulation, NotSent> {
    let registry = &settings.registry;
    let mut address = settings.bind;
    if address.ip().is_unspecified() {
        address.set_ip(std::net::Ipv4Addr::LOCALHOST.into());
    }
    let url = format!("http://{address}{path}");
    let target = url.parse().map_err(|reason| NotSent::Url { whose: "the listener's address".to_owned(), reason })?;
    let route = registry.route(path.as_bytes());
    let events = route.webhook.map(|webhook| webhook.events.clone()).unwrap_or_default();
    let missing = || NotSent::NoSecret(MissingSecret::of(route.schemes.first()));
    let secret = route.secrets.clone().next().ok_or_else(missing)?.clone();
    let destination = Destination {
        target,
        kind: route.webhook.map(|webhook| webhook.kind).unwrap_or_default(),
        scheme: route.schemes.first().clone(),
        secret: Some(secret),
        events: events.clone(),
    };
    // In the order of the documentation's usefulness: a screenshot has the most to look at.
    let is_subscribed = |event: &SimulatedEvent| events.is_empty() || events.iter().any(|name| name == event.name());
    let event = SimulatedEvent::ALL.into_iter().rev().find(is_subscribed).unwrap_or_default();
    let seed = simulate::fresh_seed()
        .map_err(|error| NotSent::ServiceUnavailable { reason: format!("no random numbers: {error}") })?;
    let simulation = Simulation {
        recipe: Recipe::new(event),
        burst: Burst::default(),
        body: SimulatedBody::usual(&destination.scheme),
        headers: Vec::new(),
        destination,
        seed,
    };
    simulation.sendings()?;
    Ok(simulation)
}
