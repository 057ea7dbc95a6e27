//! Finds the schemes that a delivery may have been signed by, on a thread of its own, and adopts one.

use crate::inspect::candidates;
use crate::server::listener::Control;
use crate::tui::app::message::Message;
use crate::tui::screens::details::state::LoadedDelivery;

/// Begins to look; the body is hashed for each scheme. Returns why it cannot, in words.
pub(crate) fn find(
    loaded: &LoadedDelivery,
    control: &Control,
    tell: impl Fn(Message) + Send + 'static,
) -> Option<String> {
    let summary = &loaded.delivery.summary;
    let (id, received_at, registry) = (summary.id, summary.received_at, control.registry());
    let (head, body) = (loaded.delivery.head.clone(), loaded.delivery.body.clone());
    let finding = move || {
        crate::system::panic::trap("schemes");
        tell(Message::SchemesFound(id, candidates(&head, &body, received_at, &registry)));
    };
    let spawned = std::thread::Builder::new().name("whyhook-schemes".to_owned()).spawn(finding);
    spawned.err().map(|error| format!("cannot look for schemes: {error}"))
}

/// Has the requests of a webhook, or of none, verified by the scheme of this name, or as configured; returns all schemes
/// that are adopted then.
pub(crate) fn adopt(
    control: &Control,
    webhook: Option<&str>,
    target: &[u8],
    name: Option<&str>,
) -> Vec<(Option<String>, String)> {
    control.change_registry(|registry| {
        let scheme = name.and_then(|name| registry.adoptable(name, target));
        registry.with_adopted_scheme(webhook, scheme)
    });
    let registry = control.registry();
    registry.adopted_schemes().map(|(of, scheme)| (of.map(str::to_owned), scheme.name.clone())).collect()
}
