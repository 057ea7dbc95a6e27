//! What is known of all tunnels at a moment, and which is ours.

use std::cmp::Reverse;
use std::fmt;

use super::found::{FoundTunnel, SourceAnswer, TunnelEnd};
use crate::config::TunnelName;

/// All that is known of the tunnels of this machine. All text in it is safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Tunnels {
    /// Each public URL once; those that lead here first, the best of them at the front.
    found: Vec<FoundTunnel>,
    /// The programs that run and have nothing open.
    idle: Vec<TunnelName>,
    /// What is wrong with a program, in words.
    troubles: Vec<(TunnelName, String)>,
    /// Whose tunnel this run has started.
    started: Option<TunnelName>,
}

impl Tunnels {
    /// Puts together what each program says, the URL that a person has given and the one that was learnt. The same
    /// answers in another order mean the same.
    ///
    /// The person's URL comes first, then what leads here, `https` before `http`, then what may, then what was learnt, and
    /// at last what leads elsewhere. A tunnel that does not say where it leads does lead here once a delivery came by its host.
    #[must_use]
    pub fn decide(answers: Vec<(TunnelName, SourceAnswer)>, given: Option<&str>, learnt: Option<&str>) -> Self {
        let mut all = Self::default();
        let here = |name, url: Option<&str>| url.and_then(|url| FoundTunnel::new(name, url, TunnelEnd::Here));
        let learnt = here(TunnelName::Learnt, learnt);
        all.found.extend(here(TunnelName::Given, given));
        for (name, answer) in answers {
            match answer {
                SourceAnswer::Absent => {}
                SourceAnswer::Tunnels(found) if found.is_empty() => all.idle.push(name),
                SourceAnswer::Tunnels(found) => all.found.extend(found),
                SourceAnswer::Unreadable(reason) => all.troubles.push((name, reason)),
            }
        }
        for found in all.found.iter_mut().filter(|found| found.end == TunnelEnd::Unknown) {
            if learnt.as_ref().is_some_and(|learnt| learnt.authority() == found.authority()) {
                found.end = TunnelEnd::Here;
            }
        }
        all.found.extend(learnt);
        all.found.sort_by(|left, right| order(left).cmp(&order(right)));
        let mut listed: Vec<FoundTunnel> = Vec::new();
        for found in all.found {
            // What was learnt says nothing new of a host that is listed.
            let is_learnt = found.name == TunnelName::Learnt;
            let is_same = |other: &FoundTunnel| {
                other.public_url == found.public_url || is_learnt && other.authority() == found.authority()
            };
            if !listed.iter().any(is_same) {
                listed.push(found);
            }
        }
        all.found = listed;
        all.idle.sort_unstable();
        all.idle.dedup();
        all.troubles.sort();
        all
    }

    /// These tunnels, where this run has started one of `name`.
    #[must_use]
    pub fn with_started(self, name: Option<TunnelName>) -> Self {
        Self { started: name, ..self }
    }

    /// Every tunnel, those that lead here first.
    #[must_use]
    pub fn found(&self) -> &[FoundTunnel] {
        &self.found
    }

    /// What is wrong with a program, in words.
    #[must_use]
    pub fn troubles(&self) -> &[(TunnelName, String)] {
        &self.troubles
    }

    /// What is wrong with a tunnel that this run has started.
    pub fn failed(&self) -> impl Iterator<Item = &(TunnelName, String)> {
        self.troubles.iter().filter(|(name, _)| Some(*name) == self.started)
    }

    /// The tunnel whose URL is given to senders.
    #[must_use]
    pub fn best(&self) -> Option<&FoundTunnel> {
        self.found.first().filter(|found| found.may_lead_here())
    }

    /// The tunnel that leads to another port, where none leads here.
    #[must_use]
    pub fn elsewhere(&self) -> Option<&FoundTunnel> {
        self.found.first().filter(|found| !found.may_lead_here())
    }

    /// Whether a program itself says that its tunnel leads here, or the person does.
    pub(super) fn is_certain(&self) -> bool {
        self.best().is_some_and(|best| best.end == TunnelEnd::Here && best.name != TunnelName::Learnt)
    }

    /// The public URL of `path` when a tunnel leads to this listener.
    #[must_use]
    pub fn url_for(&self, path: &str) -> Option<String> {
        self.best().map(|best| public_url_for(&best.public_url, path))
    }

    /// Everything on lines of their own: tunnels, and what is wrong. None when nothing is known.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let troubles = self.troubles.iter().map(|(name, reason)| format!("{}: {reason}", name.title()));
        self.found.iter().map(FoundTunnel::words).chain(troubles).collect()
    }

    /// What is to be said after `before` was: each line that was not there, or that nothing is left.
    #[must_use]
    pub fn news_since(&self, before: &Self) -> Vec<String> {
        let (lines, known) = (self.lines(), before.lines());
        if lines.is_empty() {
            let line = self.to_string();
            return if line == before.to_string() { Vec::new() } else { vec![line] };
        }
        lines.into_iter().filter(|line| !known.contains(line)).collect()
    }

    /// Whether a tunnel that this run has started has no public URL yet.
    #[must_use]
    pub fn is_starting(&self) -> bool {
        self.started.is_some_and(|name| {
            self.found.iter().all(|found| found.name != name) && self.troubles.iter().all(|(other, _)| *other != name)
        })
    }

    /// Logs that it is so now. Where another tunnel leads is an address of somebody else's, which may hold a password: its
    /// port is enough.
    pub(super) fn log(&self) {
        for found in &self.found {
            let (name, public_url) = (found.name.code(), &found.public_url);
            match &found.end {
                TunnelEnd::Here => tracing::info!(name, public_url, "tunnel"),
                TunnelEnd::Elsewhere { port, .. } => tracing::info!(name, public_url, port, "tunnel leads elsewhere"),
                TunnelEnd::Unknown => tracing::info!(name, public_url, "tunnel leads to an unknown address"),
            }
        }
        for name in &self.idle {
            tracing::info!(name = name.code(), "no tunnel open");
        }
        for (name, reason) in &self.troubles {
            tracing::warn!(name = name.code(), reason, "tunnel unknown");
        }
        if *self == Self::default() {
            tracing::info!("no tunnel");
        }
    }
}

/// What comes first. Beyond what matters any fixed order, since the programs' own may change.
fn order(found: &FoundTunnel) -> (u8, Reverse<bool>, TunnelName, &str) {
    let rank = match (&found.end, found.name) {
        (TunnelEnd::Elsewhere { .. }, _) => 4,
        (_, TunnelName::Given) => 0,
        (_, TunnelName::Learnt) => 3,
        (TunnelEnd::Here, _) => 1,
        (TunnelEnd::Unknown, _) => 2,
    };
    (rank, Reverse(found.is_https()), found.name, &found.public_url)
}

impl fmt::Display for Tunnels {
    /// One line for a person.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.found.first() {
            formatter.write_str(&first.words())?;
            return match self.found.len() - 1 {
                0 => Ok(()),
                more => write!(formatter, ", and {more} more"),
            };
        }
        match (&self.troubles[..], &self.idle[..]) {
            ([(_, reason), ..], _) => write!(formatter, "tunnel unknown: {reason}"),
            ([], [name, ..]) if self.is_starting() => {
                write!(formatter, "no tunnel yet: {} is starting", self.started.unwrap_or(*name).title())
            }
            ([], [TunnelName::Ngrok, ..]) => formatter.write_str("no tunnel: the ngrok agent has no open tunnel"),
            ([], [name, ..]) => write!(formatter, "no tunnel: {} has no public URL", name.title()),
            ([], []) => formatter.write_str("no tunnel found"),
        }
    }
}

/// Joins a public URL and a webhook's path.
///
/// ```
/// use whyhook::server::tunnel::public_url_for;
/// let url = public_url_for("https://a1b2.ngrok-free.app", "/webhooks/trackpilots");
/// assert_eq!(url, "https://a1b2.ngrok-free.app/webhooks/trackpilots");
/// ```
#[must_use]
pub fn public_url_for(public_url: &str, path: &str) -> String {
    format!("{}/{}", public_url.trim_end_matches('/'), path.strip_prefix('/').unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn found(name: TunnelName, url: &str, end: TunnelEnd) -> FoundTunnel {
        FoundTunnel::new(name, url, end).unwrap()
    }

    fn urls(tunnels: &Tunnels) -> Vec<&str> {
        tunnels.found().iter().map(|found| &*found.public_url).collect()
    }

    fn elsewhere() -> TunnelEnd {
        TunnelEnd::Elsewhere { addr: "http://localhost:8080".to_owned(), port: Some(8080) }
    }

    fn several() -> Vec<(TunnelName, SourceAnswer)> {
        let ngrok = [
            found(TunnelName::Ngrok, "http://plain.ngrok.app", TunnelEnd::Here),
            found(TunnelName::Ngrok, "https://0.ngrok.app", elsewhere()),
        ];
        vec![
            (TunnelName::Ngrok, SourceAnswer::Tunnels(ngrok.to_vec())),
            (TunnelName::Zrok, SourceAnswer::Tunnels(Vec::new())),
            (
                TunnelName::Pinggy,
                SourceAnswer::Tunnels(vec![found(TunnelName::Pinggy, "https://p.app", TunnelEnd::Unknown)]),
            ),
            (
                TunnelName::Cloudflared,
                SourceAnswer::Tunnels(vec![found(TunnelName::Cloudflared, "https://c.app", TunnelEnd::Here)]),
            ),
            (TunnelName::Devtunnel, SourceAnswer::Unreadable("no answer".to_owned())),
            (TunnelName::Tailscale, SourceAnswer::Absent),
        ]
    }

    #[test]
    fn one_is_ours_and_all_are_listed() {
        let tunnels = Tunnels::decide(several(), Some("https://mine.example"), Some("https://learnt.example"));
        assert_eq!(
            urls(&tunnels),
            [
                "https://mine.example",
                "https://c.app",
                "http://plain.ngrok.app",
                "https://p.app",
                "https://learnt.example",
                "https://0.ngrok.app"
            ]
        );
        assert_eq!(tunnels.url_for("/hook").as_deref(), Some("https://mine.example/hook"));
        assert_eq!(tunnels.to_string(), "https://mine.example (configured), and 5 more");
        let lines = tunnels.lines();
        assert_eq!(lines[3], "https://p.app (Pinggy, target unknown)");
        assert_eq!(lines[4], "https://learnt.example (learnt from a delivery)");
        assert_eq!(lines[5], "https://0.ngrok.app leads to http://localhost:8080, not here (ngrok)");
        assert_eq!(lines[6], "dev tunnels: no answer");
        let mut other = several();
        other.reverse();
        assert_eq!(Tunnels::decide(other, Some("https://mine.example"), Some("https://learnt.example")), tunnels);
    }

    #[test]
    fn a_delivery_says_where_a_tunnel_leads_that_does_not_say_it_itself() {
        let tunnels = Tunnels::decide(several(), None, Some("https://p.app"));
        assert_eq!(urls(&tunnels), ["https://c.app", "https://p.app", "http://plain.ngrok.app", "https://0.ngrok.app"]);
        assert_eq!(tunnels.lines()[1], "https://p.app (Pinggy)");
    }

    #[test]
    fn only_what_leads_here_is_given_away() {
        let answer = |found| vec![(TunnelName::Ngrok, SourceAnswer::Tunnels(vec![found]))];
        let other = Tunnels::decide(answer(found(TunnelName::Ngrok, "https://a.app", elsewhere())), None, None);
        assert_eq!((other.best(), other.url_for("/x")), (None, None));
        assert_eq!(other.elsewhere().map(|found| &*found.public_url), Some("https://a.app"));
        // What a delivery came by leads here, by way of whatever listens on that other port.
        let learnt = Tunnels::decide(
            answer(found(TunnelName::Ngrok, "https://a.app", elsewhere())),
            None,
            Some("https://a.app"),
        );
        assert_eq!(learnt.lines(), ["https://a.app (learnt from a delivery)"]);
        assert!(!learnt.is_certain() && learnt.elsewhere().is_none());
    }

    #[test]
    fn nothing_is_said_of_what_is_not_there() {
        let none = Tunnels::decide(Vec::new(), None, None);
        assert_eq!((none.to_string(), none.lines()), ("no tunnel found".to_owned(), Vec::new()));
        let idle = |name| Tunnels::decide(vec![(name, SourceAnswer::Tunnels(Vec::new()))], None, None).to_string();
        assert_eq!(idle(TunnelName::Ngrok), "no tunnel: the ngrok agent has no open tunnel");
        assert_eq!(idle(TunnelName::Tailscale), "no tunnel: Tailscale Funnel has no public URL");
        let broken = vec![(TunnelName::Zrok, SourceAnswer::Unreadable("127.0.0.1:9 is odd".to_owned()))];
        assert_eq!(Tunnels::decide(broken, None, None).to_string(), "tunnel unknown: 127.0.0.1:9 is odd");
    }

    #[test]
    fn only_what_is_new_is_said() {
        let tunnels = Tunnels::decide(several(), None, None);
        assert_eq!(tunnels.news_since(&Tunnels::default()), tunnels.lines());
        let more = Tunnels::decide(several(), Some("https://mine.example"), None);
        assert_eq!(more.news_since(&tunnels), ["https://mine.example (configured)"]);
        assert_eq!(Tunnels::default().news_since(&more), ["no tunnel found"]);
        assert!(Tunnels::default().news_since(&Tunnels::default()).is_empty());
        let starting = Tunnels::decide(vec![(TunnelName::Bore, SourceAnswer::Tunnels(Vec::new()))], None, None);
        let starting = starting.with_started(Some(TunnelName::Bore));
        assert_eq!(starting.news_since(&Tunnels::default()), ["no tunnel yet: bore is starting"]);
    }

    proptest! {
        #[test]
        fn any_urls_are_safe_to_show(given in "\\PC{0,20}", learnt in "https://\\PC{0,20}") {
            let tunnels = Tunnels::decide(several(), Some(&given), Some(&learnt));
            prop_assert!(!tunnels.to_string().contains(crate::text::is_hidden));
            prop_assert!(tunnels.lines().iter().all(|line| !line.contains(crate::text::is_hidden)));
        }
    }
}
