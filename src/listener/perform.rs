//! Doing what was chosen for a delivery that is on disk: waiting, holding, answering, failing.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use http_body_util::Full;
use hyper::Response;
use tokio::time::Instant;

use super::Control;
use super::answering::{Chosen, Step, What, length};
use super::exchange::{self, Ended};
use super::raw::Script;
use super::tee::SharedHandle;
use super::{forward, hold};
use crate::answer::{self, Act, Deed, Facts, Hold, Manner, Reply, Wait, short};
use crate::delivery::{Answer, DeliveryId, Outcome};

/// What hyper sends, or that it sends nothing.
type Responded = Result<Response<Full<Bytes>>, Ended>;

/// One delivery that waits for its answer.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub(super) id: DeliveryId,
    /// When its head was whole.
    pub(super) since: Instant,
    pub(super) shared: &'a SharedHandle,
    pub(super) control: &'a Arc<Control>,
}

/// Answers as chosen, and records what was sent.
pub(super) async fn answer(exchange: Exchange<'_>, chosen: Chosen) -> Responded {
    match chosen {
        Chosen::Auto(verdict) => Ok(exchange.whole(&answer::auto(verdict), "auto".to_owned(), false)),
        Chosen::Refused(reply, label) => Ok(exchange.whole(&reply, label, true)),
        Chosen::Planned(mut planned) => {
            planned.facts.id = exchange.id.0;
            let Step { wait, what, label } = exchange.control.answering.step(&planned);
            if !exchange.pause(wait).await {
                return Err(exchange.gone(label));
            }
            match what {
                What::Do(act) => exchange.act(act, &planned.facts, label).await,
                What::Hold(hold, patience) => exchange.hold(hold, patience, &planned.facts, label).await,
            }
        }
    }
}

impl Exchange<'_> {
    async fn act(self, Act { wait, deed }: Act, facts: &Facts, label: String) -> Responded {
        if !self.pause(wait).await {
            return Err(self.gone(label));
        }
        match deed {
            Deed::Answer(answer, Manner::Whole) => Ok(self.whole(&answer.render(facts), label, false)),
            Deed::Answer(answer, manner) => {
                Err(self.play(Script::badly(manner, &answer.render(facts), self.id, label, self.since)))
            }
            Deed::Close(close) => {
                let reply = close.answer.render(facts);
                Err(self.play(Script::closing(&close, &reply, self.id, label, self.since)))
            }
            Deed::Forward(targets) => Ok(forward::pass_on(self, &targets, label).await),
        }
    }

    async fn hold(self, hold: Hold, patience: Duration, facts: &Facts, label: String) -> Responded {
        let ended = self.control.holding.hold(self.id, &hold, patience, self.shared.gone()).await;
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
            hold::Ended::Gone => return Err(self.gone(label)),
        };
        self.act(act, facts, label).await
    }

    /// Waits; `false` when the sender hung up meanwhile. At the program's end nothing waits.
    async fn pause(self, wait: Option<Wait>) -> bool {
        let Some(wait) = wait else { return true };
        tokio::select! {
            () = tokio::time::sleep(length(wait)) => true,
            () = self.control.holding.quitting() => true,
            () = self.shared.gone() => false,
        }
    }

    pub(super) fn whole(self, reply: &Reply, label: String, close: bool) -> Response<Full<Bytes>> {
        let (response, headers) = exchange::response(reply, SystemTime::now(), close);
        self.control.record(self.id, reply, headers, label, self.since);
        response
    }

    fn play(self, script: Script) -> Ended {
        self.shared.lock().script = Some(Box::new(script));
        Ended
    }

    fn gone(self, label: String) -> Ended {
        let nothing = exchange::sent(&Reply::text(0, ""), Vec::new(), label, self.since);
        self.control.writer().answered(self.id, Answer { outcome: Outcome::SenderGone, ..nothing });
        Ended
    }
}
