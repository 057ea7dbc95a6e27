//! Doing what was chosen for a delivery that is on disk: waiting, holding, answering, failing. What was answered
//! is kept with it.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::Instant;

use super::answering::{AnswerStep, Chosen, What, length};
use super::exchange::{Next, written};
use super::raw::{RecordKey, Script};
use super::received::OfferedSecret;
use super::response::{self, Ending};
use super::stats::Refusal;
use super::stream::Stream;
use super::{Control, asked, forward, hold, overloaded_reply, room};
use crate::delivery::{Answer, ChosenBy, DeliveryId, Outcome};
use crate::rules::{self, Facts, Hold, Reply, RuleResponse, SendManner, TimedResponse, Wait, short};

/// A body up to this length is written together with its head; a longer one is not copied for it.
const COPIED_BYTES: usize = 16 * 1024;

/// One delivery that waits for its answer.
#[derive(Clone, Copy)]
pub(super) struct Exchange<'a> {
    pub(super) id: DeliveryId,
    /// When its head was whole.
    pub(super) since: Instant,
    pub(super) ending: Ending,
    pub(super) control: &'a Arc<Control>,
    /// The secret that the request offers, to be used once the sender is told yes.
    pub(super) offered: Option<&'a OfferedSecret>,
}

/// Does what was chosen, up to the last byte that goes back, or to a script that is played where the connection
/// ends with it.
pub(super) async fn answer(exchange: Exchange<'_>, stream: &mut Stream<TcpStream>, chosen: Chosen) -> Next {
    match chosen {
        Chosen::Auto(verdict) => exchange.whole(stream, &rules::auto(verdict), ChosenBy::auto()).await,
        Chosen::Handshake(handshake) => exchange.whole(stream, &handshake.reply, handshake.label).await,
        Chosen::Refused(reply, label) => exchange.whole(stream, &reply, label).await,
        Chosen::Planned(mut planned) => {
            planned.facts.id = exchange.id.0;
            let AnswerStep { wait, what, label } = exchange.control.answering.step(&planned);
            tracing::trace!(waits = wait.is_some(), holds = matches!(what, What::Hold(..)), "response planned");
            if !exchange.pause(stream, wait).await {
                return exchange.gone(stream, label);
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
        TimedResponse { wait, response }: TimedResponse,
        facts: &Facts,
        label: ChosenBy,
    ) -> Next {
        if !self.pause(stream, wait).await {
            return self.gone(stream, label);
        }
        let script = match response {
            RuleResponse::Forward(targets) => return forward::pass_on(self, stream, &targets, label).await,
            RuleResponse::Answer(answer, manner) => {
                let (reply, label) = self.render(&answer, facts, label).await;
                if manner == SendManner::Whole {
                    return self.whole(stream, &reply, label).await;
                }
                self.says(reply.status);
                Script::badly(manner, &reply, self.ending, self.record_key(label))
            }
            RuleResponse::Close(close) => {
                let (reply, label) = self.render(&close.answer, facts, label).await;
                Script::closing(&close, &reply, self.ending, self.record_key(label))
            }
        };
        Next::Play(Box::new(script.behind(stream.take_interim())))
    }

    /// The reply to the delivery. A large body that is made for it takes room in memory first, and keeps it until
    /// the record of it is written; where there is none, the sender is asked to come back.
    async fn render(self, answer: &rules::AnswerChoice, facts: &Facts, label: ChosenBy) -> (Reply, ChosenBy) {
        let label = answer.label(label, facts);
        let bytes = answer.made_bytes(facts);
        if bytes <= COPIED_BYTES {
            return (answer.render(facts), label);
        }
        let mut room = self.control.room();
        if room.grow(bytes, room::PATIENCE).await.is_err() {
            self.control.stats().refused(Refusal::Memory);
            return (overloaded_reply(), label.noting("failed: memory limit reached"));
        }
        let mut reply = answer.render(facts);
        reply.body = room.over(reply.body);
        (reply, label)
    }

    async fn hold(
        self,
        stream: &mut Stream<TcpStream>,
        hold: Hold,
        patience: Duration,
        facts: &Facts,
        label: ChosenBy,
    ) -> Next {
        tracing::debug!(?patience, "held");
        let ended = self.control.holding.hold(self.id, &hold, patience, stream.gone()).await;
        tracing::debug!(why = ended.name(), "no longer held");
        let default = short(&hold.otherwise);
        let is_decided = matches!(ended, hold::Ended::Decided(_));
        let (act, label) = match ended {
            hold::Ended::Decided(act) => {
                let label = label.noting(format_args!("decided: {}", short(&act)));
                (act, label)
            }
            hold::Ended::TimedOut => {
                let label = label.noting(format_args!("no decision within {patience:?}: {default}"));
                (hold.otherwise, label)
            }
            hold::Ended::Released => {
                let label = label.noting(format_args!("default at shutdown: {default}"));
                (hold.otherwise, label)
            }
            hold::Ended::LetGo => {
                let label = label.noting(format_args!("released: {default}"));
                (hold.otherwise, label)
            }
            hold::Ended::Full => {
                self.control.stats().not_held();
                let label = label.noting(format_args!("too many held: {default}"));
                (hold.otherwise, label)
            }
            hold::Ended::Gone => return self.gone(stream, label),
        };
        // What was decided meanwhile may ask of the request what nobody had asked for when it came.
        match act.response.answer().filter(|answer| is_decided && answer.asks_request()) {
            Some(answer) => {
                let facts = asked::of_kept(self.id, answer, facts.clone(), self.control).await;
                self.act(stream, act, &facts, label).await
            }
            None => self.act(stream, act, facts, label).await,
        }
    }

    /// Takes in the secret that the request offers, when what goes back says yes to it: before it does, since the next
    /// delivery may follow at once.
    pub(super) fn says(self, status: u16) {
        if let Some(offered) = self.offered.filter(|_| (200..=299).contains(&status)) {
            self.control.receive_secret(self.id, offered);
        }
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

    /// Sends a whole answer, and keeps it.
    pub(super) async fn whole(self, stream: &mut Stream<TcpStream>, reply: &Reply, label: ChosenBy) -> Next {
        self.says(reply.status);
        let headers = response::headers(reply, self.ending);
        let mut wire = response::head(reply.status, &headers);
        let body = response::sent_body(reply, self.ending);
        let mut answer = response::answered(reply.status, headers, body.clone(), label, self.since);
        let is_written = if body.len() <= COPIED_BYTES {
            wire.extend_from_slice(&body);
            stream.write(&wire).await.is_ok()
        } else {
            stream.write(&wire).await.is_ok() && stream.write(&body).await.is_ok()
        };
        if !is_written {
            answer.outcome = Outcome::SenderGone;
        }
        self.keep(stream, answer);
        written(is_written, self.ending)
    }

    fn record_key(self, label: ChosenBy) -> RecordKey {
        RecordKey { id: self.id, label, since: self.since }
    }

    /// Keeps an answer, with the interim ones before it.
    pub(super) fn keep(self, stream: &mut Stream<TcpStream>, answer: Answer) {
        let answer = Answer { interim: stream.take_interim(), ..answer };
        self.control.keep_answer(self.id, answer);
    }

    fn gone(self, stream: &mut Stream<TcpStream>, label: ChosenBy) -> Next {
        self.keep(stream, response::unanswered(label, self.since));
        Next::Close
    }
}
