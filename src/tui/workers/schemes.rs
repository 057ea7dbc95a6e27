//! Finds the schemes that a delivery may have been signed by, on a thread of its own.

use std::sync::Arc;

use crate::config::Registry;
use crate::inspect::candidates;
use crate::system::thread::run_aside;
use crate::tui::app::message::Message;
use crate::tui::screens::details::state::LoadedDelivery;

/// Begins to look; the body is hashed for each scheme.
pub(crate) fn find(loaded: &LoadedDelivery, registry: Arc<Registry>, tell: impl Fn(Message) + Send + 'static) {
    let summary = &loaded.delivery.summary;
    let (id, received_at) = (summary.id, summary.received_at);
    let (head, body) = (loaded.delivery.head.clone(), loaded.delivery.body.clone());
    let finding = move || {
        crate::system::panic::panic_for_test("schemes");
        tell(Message::SchemesFound(id, candidates(&head, &body, received_at, &registry)));
    };
    run_aside("whyhook-schemes", finding);
}

/// All schemes that are adopted, each with its webhook's name.
pub(crate) fn adopted(registry: &Registry) -> Vec<(Option<String>, String)> {
    registry.adopted_schemes().map(|(of, scheme)| (of.map(str::to_owned), scheme.name.clone())).collect()
}
