//! Looking for tunnels again and again, less and less often while nothing is new.

mod lookout;
mod places;
mod questions;

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::found::SourceAnswer;
use super::hint::Hint;
use super::tunnels::Tunnels;
use crate::config::{TunnelName, TunnelProbe};
use lookout::Lookout;
pub use places::TunnelPlaces;
use places::{PACES, Paces};

/// Looks for tunnels until the future is dropped, and calls `on_change` with the first state and with each one that
/// differs from the last.
///
/// What answers with a tunnel is asked every 2 seconds for two minutes; everything else at most every 2, and a program is run at
/// most every 30. While nothing is new it backs off to one question a minute, and to one in four where a tunnel is there; it looks
/// sooner when a `hint` is given. One question over HTTP takes at most a second and reads at most 256 KiB, on a connection of its
/// own. This listener is never asked. Needs a tokio runtime with I/O and time, alone on its thread, which it blocks between
/// the questions; to stop it, drop the future after a hint.
pub async fn watch(places: TunnelPlaces, hint: Hint, on_change: impl Fn(Tunnels) + Send + 'static) {
    watch_at(PACES, Waits::InThread, places, PathBuf::from("/proc"), hint, on_change).await;
}

/// What is known of the tunnels after each was asked once; `None` when that takes longer than `limit`. Needs a runtime as
/// [`watch`] does, and blocks nobody.
pub async fn look_once(places: TunnelPlaces, limit: Duration) -> Option<Tunnels> {
    let mut lookout = match Lookout::new(PACES, places, PathBuf::from("/proc")) {
        Ok(lookout) => lookout,
        Err(reason) => return Some(unasked(reason)),
    };
    tokio::time::timeout(limit, lookout.round()).await.ok()?;
    Some(lookout.known(&Hint::default()))
}

/// What is known where nobody can be asked.
fn unasked(reason: String) -> Tunnels {
    Tunnels::decide(vec![(TunnelName::Ngrok, SourceAnswer::Unreadable(reason))], None, None)
}

/// How the time until the next question is spent.
#[derive(Debug, Clone, Copy)]
enum Waits {
    /// Asleep, with the whole thread, in one piece.
    InThread,
    /// As a task among others.
    #[cfg(test)]
    AsTask,
}

impl Waits {
    /// Waits for a hint until `next`; without end for `None`. Whether one was given.
    async fn until(self, next: Option<Instant>, hint: &Hint) -> bool {
        match (self, next) {
            (Self::InThread, _) => {
                let is_given = hint.given_within(next.map(|next| next.saturating_duration_since(Instant::now())));
                // Whoever wants to stop has only now a chance to.
                tokio::task::yield_now().await;
                is_given
            }
            #[cfg(test)]
            (Self::AsTask, Some(next)) => tokio::time::timeout_at(next, hint.given()).await.is_ok(),
            #[cfg(test)]
            (Self::AsTask, None) => {
                hint.given().await;
                true
            }
        }
    }
}

async fn watch_at(
    paces: Paces,
    waits: Waits,
    places: TunnelPlaces,
    proc: PathBuf,
    hint: Hint,
    on_change: impl Fn(Tunnels) + Send + 'static,
) {
    hint.set_learns(places.settings.probe(TunnelName::Learnt) != TunnelProbe::Off);
    let mut lookout = match Lookout::new(paces, places, proc) {
        Ok(lookout) => lookout,
        Err(reason) => return on_change(unasked(reason)),
    };
    let mut last = None;
    loop {
        crate::system::panic::panic_for_test("tunnel");
        let round = Instant::now();
        lookout.round().await;
        let known = lookout.known(&hint);
        let is_certain = known.is_certain();
        lookout.is_certain = is_certain;
        if last.as_ref() != Some(&known) {
            known.log();
            on_change(known.clone());
            last = Some(known);
        }
        if waits.until(lookout.next(), &hint).await {
            lookout.hurry(is_certain);
            // What was learnt or started is shown soon, and a burst of signs is one.
            sleep_until(round + paces.limit.min(paces.ngrok.shortest) / 4).await;
        }
    }
}

#[cfg(test)]
mod tests;
