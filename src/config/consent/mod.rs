//! What a configuration in the current folder may not do without consent.
//!
//! A folder can come from anywhere: a clone, an archive, a colleague. Its `whyhook.toml` is used because it is
//! there, so everything in it that contacts other hosts, exposes the listener, reads elsewhere or deletes needs
//! consent: once for each content of the file ([`trust`]). A file named by `--config` or `WHYHOOK_CONFIG`,
//! and the person's own in `~/.config`, need none.
//!
//! | setting | needs consent when |
//! |---|---|
//! | `on_delivery` | always: it runs a program |
//! | `bind` | other hosts can reach the listener |
//! | `forward_to`, `forward` in a rule | it leads to another host: captures leave this machine |
//! | `redirect` in a rule; `Location`, `Content-Location`, `Refresh`, `Link` or `Alt-Svc` in an answer | likewise: senders go there, or a template decides where |
//! | `url` of a webhook, `to` of a simulation | likewise, when something is sent |
//! | an answer, or the `scheme` of a webhook | requests are answered with HMACs under a secret |
//! | `ca_file` | always: the holder of its key can impersonate any `https` target |
//! | `ngrok_api`, an address in `[tunnels]` | another host is asked, and trusted about the public URL |
//! | `store`, a secret's `file` | it lies outside the file's own folder, links followed |
//! | `retention` | the store lies outside that folder: captures of other projects would go |
//! | `[redact]` | it keeps what would be replaced |
//! | `[keys]` | always: a harmless key could send, or drop a connection |
//! | `[theme]` | it chooses colours: text in the background's colour is hidden. A theme by its name needs none |
//!
//! The rest changes how deliveries are shown, verified and answered, and stays on this machine. In particular
//! an `env` secret is only ever a key of an HMAC, and leaves in a signature only by one of the ways above.

mod gate;
mod leads;
pub mod trust;

pub use gate::Gate;

use std::path::{Component, Path, PathBuf};

use crate::config::file::{ConfigFile, SecretSource};
use crate::config::{Environment, Webhook, named, shown};
use crate::http::Target;
use crate::rules::{ActionKind, AnswerChoice, AutomaticHandshakes, CustomAnswer, Rule, RuleResponse, TimedResponse};
use crate::text::{clip, visible};

/// Which commands a need concerns. Each concerns those of the ones before it, too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Whatever opens the store.
    Store,
    /// Whatever reads secrets.
    Secrets,
    /// Whatever listens or sends.
    Network,
}

/// One action that a configuration asks for and that needs consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// Whom it concerns.
    pub scope: Scope,
    /// What it is, on one visible line.
    pub words: String,
}

/// Everything in `file` that needs consent, in the order of the table above. `real` follows links: the path of
/// what is there, or would be.
#[must_use]
pub fn needs(file: &ConfigFile, environment: &dyn Environment, real: &dyn Fn(&Path) -> PathBuf) -> Vec<Need> {
    let mut needs = Vec::new();
    let mut add = |scope, words: String| {
        let need = Need { scope, words: visible(&words).into_owned() };
        if !needs.contains(&need) {
            needs.push(need);
        }
    };
    if let Some(hook) = &file.on_delivery {
        add(Scope::Network, format!("run a program for deliveries: {}", hook.command.join(" ")));
    }
    if let Some(bind) = file.bind.filter(|bind| !bind.ip().to_canonical().is_loopback()) {
        add(Scope::Network, format!("listen on {bind}, where other hosts can reach it"));
    }
    for rule in &file.rules {
        rule_needs(rule, &mut |words| add(Scope::Network, words));
    }
    // What a scheme's sender asks for is answered without a rule.
    let makes_hmacs = |webhook: &Webhook| {
        webhook.schemes.as_ref().is_some_and(|schemes| AutomaticHandshakes::of(schemes.iter()).make_hmacs())
    };
    if file.handshakes != Some(false) && file.webhooks.iter().any(makes_hmacs) {
        add(Scope::Network, HMACS.to_owned());
    }
    for named in &file.answers {
        written_needs(&named.written, &mut |words| add(Scope::Network, words));
    }
    for webhook in &file.webhooks {
        if let Some(url) = webhook.url.as_deref().filter(|url| leads_away(url)) {
            add(Scope::Network, format!("send the events of the webhook '{}' to {url}", webhook.name));
        }
    }
    for (name, saved) in &file.simulations {
        if let Some(url) = saved.to.as_deref().filter(|url| leads_away(url)) {
            add(Scope::Network, format!("send the simulation '{name}' to {url}"));
        }
    }
    if let Some(path) = &file.ca_file {
        let path = shown(&file.resolve(path, environment));
        add(Scope::Network, format!("trust the certificates in {path} for every https target"));
    }
    let agents = file.ngrok_api.flatten().into_iter().chain(file.tunnels.addresses());
    for agent in agents.filter(|agent| !agent.ip().to_canonical().is_loopback()) {
        add(Scope::Network, format!("ask {agent} for the public URL"));
    }
    let folder = real(file.path.parent().unwrap_or(Path::new("")));
    let is_outside = |path: &str| !real(&file.resolve(path, environment)).starts_with(&folder);
    for entry in &file.secrets {
        if let SecretSource::File(path) = &entry.source
            && is_outside(path)
        {
            let (label, path) = (named(&entry.label), shown(&file.resolve(path, environment)));
            add(Scope::Secrets, format!("read the secret {label} from {path}"));
        }
    }
    let is_own_store = file.store.as_deref().is_some_and(|store| !is_outside(store));
    if let Some(store) = file.store.as_deref().filter(|_| !is_own_store) {
        add(Scope::Store, format!("keep deliveries in {}", shown(&file.resolve(store, environment))));
    }
    if file.retention != Default::default() && !is_own_store {
        add(Scope::Network, format!("permanently delete deliveries: {}", file.retention.words()));
    }
    if let [first, others @ ..] = &file.keys[..] {
        let more = if others.is_empty() { String::new() } else { format!(" and {} more", others.len()) };
        let (keys, action) = (first.keys.join(" "), named(&first.action));
        add(Scope::Network, format!("change the keys of the interface: {keys} for {action}{more}"));
    }
    if file.redact.keeps_more() {
        add(Scope::Secrets, "keep values in redacted exports that would be replaced".to_owned());
    }
    if file.theme.as_ref().is_some_and(|theme| !theme.colours.is_empty()) {
        add(Scope::Network, "choose the colours of the interface, which can hide text".to_owned());
    }
    needs
}

/// Columns of one need in a message; the host that something goes to comes first.
const COLUMNS: usize = 300;
/// Needs in a message of one line.
const SHOWN: usize = 8;

/// Needs on one line: `forward deliveries to https://…; listen on …`.
#[must_use]
pub fn words(needs: &[Need]) -> String {
    let mut words: Vec<String> = needs.iter().take(SHOWN).map(Need::clipped).collect();
    if needs.len() > SHOWN {
        words.push(format!("and {} more", needs.len() - SHOWN));
    }
    words.join("; ")
}

impl Need {
    /// The words, cut off where they are very long.
    #[must_use]
    pub fn clipped(&self) -> String {
        clip(&self.words, COLUMNS).into_owned()
    }
}

fn rule_needs(rule: &Rule, add: &mut dyn FnMut(String)) {
    match &rule.then.kind {
        ActionKind::Do(response) => response_needs(response, add),
        ActionKind::Hold(hold) => act_needs(&hold.otherwise, add),
        ActionKind::Fail(fail) => {
            act_needs(&fail.with, add);
            act_needs(&fail.then, add);
        }
    }
}

fn act_needs(act: &TimedResponse, add: &mut dyn FnMut(String)) {
    response_needs(&act.response, add);
}

fn response_needs(response: &RuleResponse, add: &mut dyn FnMut(String)) {
    let answer = match response {
        RuleResponse::Forward(targets) => {
            let away = targets.iter().filter(|target| !target.target().is_loopback());
            return away.for_each(|target| add(format!("forward deliveries to {}", target.url())));
        }
        RuleResponse::Answer(answer, _) => answer,
        RuleResponse::Close(close) => &close.answer,
    };
    match answer {
        AnswerChoice::Redirect { location, .. } => {
            leads::header_need("location", location).into_iter().for_each(&mut *add);
            hmac_need(answer.makes_hmac(), add);
        }
        AnswerChoice::Written(written) => written_needs(written, add),
        AnswerChoice::Named(named) => written_needs(&named.written, add),
        AnswerChoice::Handshake(handshake) => written_needs(&handshake.written, add),
        AnswerChoice::Auto | AnswerChoice::RetryAfter { .. } => {}
    }
}

const HMACS: &str = "answer requests with HMACs under a secret";

fn written_needs(written: &CustomAnswer, add: &mut dyn FnMut(String)) {
    written.headers.iter().filter_map(|(name, value)| leads::header_need(name, value)).for_each(&mut *add);
    hmac_need(written.makes_hmac(), add);
}

/// Whoever can reach the listener gets the HMACs that it answers.
fn hmac_need(makes_hmac: bool, add: &mut dyn FnMut(String)) {
    if makes_hmac {
        add(HMACS.to_owned());
    }
}

/// Whether a URL leads to another host. An invalid one counts as such.
fn leads_away(url: &str) -> bool {
    !url.parse::<Target>().is_ok_and(|target| target.is_loopback())
}

/// The most links that are followed, as Linux has it (path_resolution(7)).
const LINKS_LIMIT: usize = 40;

/// Where a path leads: links followed as the system follows them, also for what is not there yet.
#[must_use]
pub fn real_path(path: &Path) -> PathBuf {
    let mut links = LINKS_LIMIT;
    follow(path, &mut links)
}

fn follow(path: &Path, links: &mut usize) -> PathBuf {
    let mut real = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => continue,
            // What is before it has been followed already.
            Component::ParentDir => {
                real.pop();
                continue;
            }
            other => real.push(other),
        }
        if let Ok(there) = real.canonicalize() {
            real = there;
        } else if let Ok(target) = real.read_link()
            && *links > 0
        {
            // A link that leads nowhere leads there once there is something.
            *links -= 1;
            real.pop();
            real = follow(&real.join(target), links);
        }
    }
    real
}

#[cfg(test)]
mod tests;
