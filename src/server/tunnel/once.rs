//! A single look at the tunnels, for who does not watch them.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::timeout;

use super::{Hint, TunnelPlaces, Tunnels, watch};

/// What is known of the tunnels after each was asked once; `None` when that takes longer than `limit`.
///
/// It asks what [`watch`] asks first, and needs a runtime like it.
pub async fn look_once(places: TunnelPlaces, limit: Duration) -> Option<Tunnels> {
    let (tell, mut told) = mpsc::unbounded_channel();
    let watching = watch(places, Hint::default(), move |state| drop(tell.send(state)));
    let first = async {
        tokio::select! {
            state = told.recv() => state,
            () = watching => None,
        }
    };
    timeout(limit, first).await.ok().flatten()
}
