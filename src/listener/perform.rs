//! Doing what was chosen for a delivery that is on disk: waiting, holding, answering, failing.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::net::TcpStream;
use tokio::time::Instant;

use super::Control;
use super::answering::{Chosen, Step, What, length};
use super::raw::Script;
use super::response::{self, Ending, Response};
use super::stream::Stream;
use super::{forward, hold};
use crate::answer::{self, Act, Deed, Facts, Hold, Manner, Reply, Wait, short};
use crate::delivery::{Answer, DeliveryId};

/// What goes back for one delivery, and what is kept of it.
pub(super) enum Performance {
    /// A whole response.
    Whole { wire: Bytes, answer: Answer },
    /// What no HTTP library would send; the connection ends with it.
    Script(Box<Script>),
    /// Nothing: the sender is gone.
    Nothing(Answer),
}

/// One delivery that waits for its answer.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub(super) id: DeliveryId,
    /// When its head was whole.
    pub(super) since: Instant,
    pub(super) ending: Ending,
    pub(super) control: &'a Arc<Control>,
}

/// Does what was chosen, up to the bytes that go back. `stream` is looked at for a sender that hangs up.
pub(super) async fn answer(exchange: Exchange<'_>, stream: &mut Stream<TcpStream>, chosen: Chosen) -> Performance {
    match chosen {
        Chosen::Auto(verdict) => exchange.whole(&answer::auto(verdict), "auto".to_owned()),
        Chosen::Refused(reply, label) => exchange.whole(&reply, label),
        Chosen::Planned(mut planned) => {
            planned.facts.id = exchange.id.0;
            let Step { wait, what, label } = exchange.control.answering.step(&planned);
            if !exchange.pause(stream, wait).await {
                return exchange.gone(label);
            }
            match what {
                What::Do(act) => exchange.act(stream, act, &planned.facts, label).await,
                What::Hold(hold, patience) => exchange.hold(stream, hold, patience, &planned.facts, label).await,
            }
        }
    }
}

impl Exchange<'_> {
    async fn act(
        self,
        stream: &mut Stream<TcpStream>,
        Act { wait, deed }: Act,
        facts: &Facts,
        label: String,
    ) -> Performance {
        if !self.pause(stream, wait).await {
            return self.gone(label);
        }
        let script = match deed {
            Deed::Answer(answer, Manner::Whole) => return self.whole(&answer.render(facts), label),
            Deed::Forward(targets) => return forward::pass_on(self, &targets, label).await,
            Deed::Answer(answer, manner) => Script::badly(manner, &answer.render(facts), self.id, label, self.since),
            Deed::Close(close) => Script::closing(&close, &close.answer.render(facts), self.id, label, self.since),
        };
        Performance::Script(Box::new(script))
    }

    async fn hold(
        self,
        stream: &mut Stream<TcpStream>,
        hold: Hold,
        patience: Duration,
        facts: &Facts,
        label: String,
    ) -> Performance {
        let ended = self.control.holding.hold(self.id, &hold, patience, stream.gone()).await;
        let default = short(&hold.otherwise);
        let (act, label) = match ended {
            hold::Ended::Decided(act) => {
                let label = format!("{label} (decided: {})", short(&act));
                (act, label)
            }
            hold::Ended::TimedOut => {
                let label = format!("{label} (not decided in {patience:?}: {default})");
                (hold.otherwise, label)
            }
            hold::Ended::Released => {
                let label = format!("{label} (let go at the end: {default})");
                (hold.otherwise, label)
            }
            hold::Ended::LetGo => {
                let label = format!("{label} (let go: {default})");
                (hold.otherwise, label)
            }
            hold::Ended::Full => {
                self.control.stats.not_held();
                let label = format!("{label} (too many held: {default})");
                (hold.otherwise, label)
            }
            hold::Ended::Gone => return self.gone(label),
        };
        self.act(stream, act, facts, label).await
    }

    /// Waits; `false` when the sender hung up meanwhile. At the program's end nothing waits.
    async fn pause(self, stream: &mut Stream<TcpStream>, wait: Option<Wait>) -> bool {
        let Some(wait) = wait else { return true };
        tokio::select! {
            () = tokio::time::sleep(length(wait)) => true,
            () = self.control.holding.quitting() => true,
            () = stream.gone() => false,
        }
    }

    pub(super) fn whole(self, reply: &Reply, label: String) -> Performance {
        let Response { wire, headers } = response::response(reply, self.ending);
        Performance::Whole { wire, answer: response::answered(reply, headers, label, self.since) }
    }

    fn gone(self, label: String) -> Performance {
        Performance::Nothing(response::unanswered(label, self.since))
    }
}
