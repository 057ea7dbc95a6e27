//! Asking the agent again and again, less and less often while there is none.

use crate::http::Head;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use super::interpret::shown;
use super::{TunnelState, interpret};
use crate::http::{BodyEnd, Client, ClientLimits, HttpResponse, Outgoing, SendError, SendStage, Target, TlsOptions};

/// The longest list that is read, in bytes.
const ANSWER_LIMIT: u64 = 256 * 1024;
/// The longest response head that is read, in bytes.
const HEAD_LIMIT: usize = 16 * 1024;

/// How often to ask and how long to wait.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Between two questions while an agent answers, and after the first that is not answered.
    shortest: Duration,
    /// Between two questions when many have not been answered.
    longest: Duration,
    /// For one question, from connecting to the answer's last byte.
    limit: Duration,
}

const PACE: Pace =
    Pace { shortest: Duration::from_secs(2), longest: Duration::from_secs(30), limit: Duration::from_secs(1) };

impl Pace {
    /// The pause when the last `unanswered` questions had no answer: twice as long for each after the first.
    fn pause_after(self, unanswered: u32) -> Duration {
        let factor = 2_u32.saturating_pow(unanswered.saturating_sub(1));
        self.shortest.saturating_mul(factor).min(self.longest)
    }
}

/// Whether an agent has answered.
fn is_answer(state: &TunnelState) -> bool {
    match state {
        TunnelState::None | TunnelState::Unreadable(_) => false,
        TunnelState::NoTunnel | TunnelState::Ours { .. } | TunnelState::Elsewhere { .. } => true,
    }
}

/// A sign that the tunnels may have changed: a delivery that came through one, a person at the keyboard. The watch then
/// asks soon, however long it had meant to wait. Cheap to clone and to give.
#[derive(Debug, Clone, Default)]
pub struct Hint(Arc<Notify>);

impl Hint {
    /// Gives the sign; any number of them before the next question count as one.
    pub fn give(&self) {
        self.0.notify_one();
    }
}

/// Asks the agent at `agent_addr` for its endpoints, or where it has no such list for its tunnels, until the future is dropped, and calls `on_change`
/// with the first state and with each one that differs from the last.
///
/// It asks every 2 seconds while an agent answers. While none does it backs off to 30 seconds, and asks sooner
/// when a `hint` is given; two questions are never less than 2 seconds apart. One question takes at most a
/// second and reads at most 256 KiB, on a connection of its own. Needs a tokio runtime with
/// I/O and time. It ends by itself only when `agent_addr` is this listener's own port, where the
/// questions would arrive as deliveries.
pub async fn watch(
    agent_addr: SocketAddr,
    our_port: u16,
    hint: Hint,
    on_change: impl Fn(TunnelState) + Send + 'static,
) {
    if agent_addr.port() == our_port && agent_addr.ip().to_canonical().is_loopback() {
        let reason = format!("{agent_addr} is this listener itself: set ngrok_api to the agent's address");
        return on_change(TunnelState::Unreadable(reason));
    }
    watch_at(PACE, agent_addr, our_port, hint, on_change).await;
}

async fn watch_at(
    pace: Pace,
    agent_addr: SocketAddr,
    our_port: u16,
    hint: Hint,
    on_change: impl Fn(TunnelState) + Send + 'static,
) {
    let mut agent = match Agent::at(agent_addr, pace.limit) {
        Ok(agent) => agent,
        Err(reason) => return on_change(TunnelState::Unreadable(reason)),
    };
    let mut last = None;
    let mut unanswered = 0;
    loop {
        crate::system::panic::trap("tunnel");
        let asked = Instant::now();
        let state = agent.ask(our_port).await;
        unanswered = if is_answer(&state) { 0 } else { unanswered + 1 };
        tracing::trace!(agent = %agent_addr, state = state.name(), unanswered, "agent asked");
        if last.as_ref() != Some(&state) {
            state.log(agent_addr);
            on_change(state.clone());
            last = Some(state);
        }
        if timeout(pace.pause_after(unanswered), hint.0.notified()).await.is_ok() {
            unanswered = 0;
            sleep_until(asked + pace.shortest).await;
        }
    }
}

/// What an agent is asked for: what those from 3.30 on have, and what all had before and newer ones may not have.
const LISTS: [&str; 2] = ["/api/endpoints", "/api/tunnels"];

/// Whom to ask, and how.
struct Agent {
    address: SocketAddr,
    client: Client,
    /// Of [`LISTS`], each.
    questions: Vec<(Target, Outgoing)>,
    /// The one of them that was answered last.
    answered: usize,
    limits: ClientLimits,
}

impl Agent {
    fn at(address: SocketAddr, limit: Duration) -> Result<Self, String> {
        let client = Client::new(&TlsOptions::default()).map_err(|error| error.to_string())?;
        let question = |path: &&str| {
            let target: Target = format!("http://{address}{path}").parse().map_err(|error| format!("{error}"))?;
            // Agents of version 2 answer in XML unless told otherwise.
            let head = format!(
                "GET {} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nContent-Type: application/json\r\n\
                 Connection: close\r\n\r\n",
                target.request_target(),
                target.authority()
            );
            let request = Outgoing::exact(&Head::read(Bytes::from(head)), Bytes::new());
            Ok::<_, String>((target, request))
        };
        let questions = LISTS.iter().map(question).collect::<Result<_, _>>()?;
        let limits = ClientLimits { head_bytes: HEAD_LIMIT, body_bytes: ANSWER_LIMIT, ..ClientLimits::within(limit) };
        Ok(Self { address, client, questions, answered: 0, limits })
    }

    /// Asks once; a second time for the other list where the agent does not have the first. Nothing that listens is
    /// [`TunnelState::None`]; everything else that goes wrong is [`TunnelState::Unreadable`].
    async fn ask(&mut self, our_port: u16) -> TunnelState {
        let (state, lacks) = self.question(self.answered, our_port).await;
        if !lacks {
            return state;
        }
        let other = 1 - self.answered;
        let (second, lacks) = self.question(other, our_port).await;
        self.answered = if lacks { 0 } else { other };
        second
    }

    /// Asks for one of [`LISTS`]; also, whether the agent does not have it.
    async fn question(&self, list: usize, our_port: u16) -> (TunnelState, bool) {
        let Some((target, request)) = self.questions.get(list) else { return (TunnelState::None, false) };
        let sent = self.client.send(target, request, &self.limits, &CancellationToken::new()).await;
        let lacks = sent.result.as_ref().is_ok_and(|reply| matches!(reply.status, 404 | 405 | 410));
        (self.state(sent.result, our_port), lacks)
    }

    fn state(&self, result: Result<HttpResponse, SendError>, our_port: u16) -> TunnelState {
        let list = match result {
            Ok(reply) => self.list(reply),
            Err(
                SendError::Refused { .. }
                | SendError::Unreachable { .. }
                | SendError::Timeout { stage: SendStage::Connect, .. },
            ) => return TunnelState::None,
            Err(SendError::Timeout { .. }) => Err(self.is_late()),
            Err(error) => Err(NoList::Http(error)),
        };
        match list {
            Ok(list) => interpret(&list, our_port),
            Err(reason) => TunnelState::Unreadable(format!("{} {reason}", self.address)),
        }
    }

    fn list(&self, reply: HttpResponse) -> Result<Bytes, NoList> {
        match (reply.status, reply.end) {
            (200, BodyEnd::Complete) => Ok(reply.body),
            (200, BodyEnd::TimedOut) => Err(self.is_late()),
            (200, _) => Err(NoList::Body),
            (status, _) => Err(NoList::Status(status)),
        }
    }

    fn is_late(&self) -> NoList {
        NoList::Late(self.limits.whole)
    }
}

/// Why there is no list; the words follow the agent's address.
#[derive(Debug, thiserror::Error)]
enum NoList {
    #[error("does not answer as HTTP: {}", shown(&.0.to_string()))]
    Http(SendError),
    #[error("answered with status {0}: is it ngrok's agent?")]
    Status(u16),
    #[error("answered with a broken body or more than 256 KiB: is it ngrok's agent?")]
    Body,
    #[error("did not answer within {0:?}")]
    Late(Duration),
}

#[cfg(test)]
mod tests;
