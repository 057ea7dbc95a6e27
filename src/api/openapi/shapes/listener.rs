//! The running listener: its state, answers, rules, secrets and events.

use std::collections::BTreeMap;

use schemars::JsonSchema;

use super::jobs::{JobReport, JobStateCode, RejudgedResult};
use crate::signature::SigningKind;

/// What runs here.
#[derive(JsonSchema)]
#[schemars(rename = "Status")]
pub(in crate::api) struct ListenerReport {
    /// Of whyhook.
    version: String,
    process: u32,
    uptime_seconds: u64,
    /// The URL on which deliveries are received.
    listening: String,
    public_urls: Vec<PublicUrlShape>,
    webhooks: Vec<WebhookShape>,
    /// Their labels.
    secrets: Vec<String>,
    answer: Option<ChosenAnswer>,
    held: Vec<HeldReport>,
    /// The newest delivery.
    newest: Option<i64>,
    /// The numbers of those that are running.
    jobs: Vec<u64>,
    /// Deliveries by verdict.
    counts: BTreeMap<String, u64>,
}

#[derive(JsonSchema)]
#[schemars(rename = "PublicUrl")]
struct PublicUrlShape {
    url: String,
    /// Whose tunnel it is, or how the URL is known.
    tunnel: TunnelCode,
    /// Where it leads, as far as its program says.
    port: Option<u16>,
    /// Whether requests to it may arrive here.
    here: bool,
    /// Whether it is only the host that a delivery was sent to.
    learnt: bool,
}

#[derive(JsonSchema)]
#[schemars(rename = "Tunnel", rename_all = "lowercase")]
enum TunnelCode {
    Given,
    Ngrok,
    Cloudflared,
    Tailscale,
    Zrok,
    Pinggy,
    Devtunnel,
    Codespaces,
    Bore,
    Learnt,
}

#[derive(JsonSchema)]
#[schemars(rename = "Webhook")]
struct WebhookShape {
    name: String,
    path: String,
    kind: SigningKind,
    scheme: String,
    /// The labels of the secrets that sign it; empty when any may.
    secrets: Vec<String>,
    events: Vec<String>,
}

/// The answer that was chosen over the rules.
#[derive(JsonSchema)]
pub(in crate::api) struct ChosenAnswer {
    rule: String,
    /// For the next delivery alone.
    once: bool,
}

/// A delivery that waits for a decision.
#[derive(JsonSchema)]
#[schemars(rename = "HeldDelivery")]
pub(in crate::api) struct HeldReport {
    id: i64,
    #[schemars(extend("format" = "date-time"))]
    since: String,
    #[schemars(extend("format" = "date-time"))]
    until: String,
    /// The answer that it gets then.
    default: String,
}

/// The answer that a held delivery got.
#[derive(JsonSchema)]
pub(in crate::api) struct DecidedAnswer {
    id: i64,
    answer: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "Rules")]
pub(in crate::api) struct RulesReport {
    rules: Vec<RuleShape>,
    /// What looks like a mistake.
    remarks: Vec<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "Rule")]
struct RuleShape {
    /// From 1.
    number: u64,
    rule: String,
    /// How many deliveries it has answered.
    answered: u64,
}

#[derive(JsonSchema)]
#[schemars(rename = "Secrets")]
pub(in crate::api) struct SecretsReport {
    secrets: Vec<SecretShape>,
}

#[derive(JsonSchema)]
#[schemars(rename = "Secret")]
struct SecretShape {
    label: String,
    origin: SecretOriginCode,
    variable: Option<String>,
    file: Option<String>,
    /// The origin in words.
    source: String,
    /// Its length.
    bytes: u64,
    /// What looks odd about it.
    remarks: Vec<String>,
    /// The names of the webhooks that are verified with it.
    webhooks: Vec<String>,
    /// Whether requests of no webhook are.
    other_requests: bool,
    /// The secret itself, over the Unix socket and where it was asked for.
    #[schemars(skip_serializing_if = "Option::is_none")]
    secret: Option<String>,
    /// The same where it is not UTF-8.
    #[schemars(skip_serializing_if = "Option::is_none")]
    secret_base64: Option<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "SecretOrigin", rename_all = "snake_case")]
enum SecretOriginCode {
    Environment,
    Dotenv,
    File,
    Config,
    Given,
    Temporary,
    Handshake,
}

/// A secret that is in use now.
#[derive(JsonSchema)]
#[schemars(rename = "GivenSecret")]
pub(in crate::api) struct GivenSecretReport {
    label: String,
    /// Whether another of this label was replaced.
    replaced: bool,
    bytes: u64,
    remarks: Vec<String>,
    /// It judges stored deliveries again; null when too many jobs are in progress.
    job: Option<JobReport<RejudgedResult>>,
}

#[derive(JsonSchema)]
#[schemars(rename = "RemovedSecret")]
pub(in crate::api) struct TakenSecretReport {
    label: String,
    /// Whether a configured secret of this label is in use again.
    restored: bool,
}

/// The configuration that was read again.
#[derive(JsonSchema)]
#[schemars(rename = "Reload")]
pub(in crate::api) struct ReloadedReport {
    file: String,
    /// Keys that say something else than before and are active now; null where no file was read before.
    changed: Option<Vec<String>>,
    /// Keys that say something else than what is in force, and count from the next start on.
    at_next_start: Vec<String>,
    /// How many rules are active.
    rules: u64,
    /// What looks like a mistake.
    remarks: Vec<String>,
}

#[derive(JsonSchema)]
#[schemars(rename = "Stopping")]
pub(in crate::api) struct StoppingReport {
    #[schemars(extend("const" = true))]
    stopping: bool,
}

/// The data of a change event.
#[derive(JsonSchema)]
#[schemars(rename = "Change", tag = "what", rename_all = "snake_case")]
pub(in crate::api) enum EventStreamChange {
    /// A delivery waits for a decision.
    Held { id: i64 },
    /// It no longer waits.
    Released { id: i64 },
    /// Another answer is chosen over the rules, or none.
    Answer { answer: Option<ChosenAnswer> },
    /// Pins, notes, tags or deletions changed.
    Marks,
    /// Secrets changed.
    Secrets,
    /// A scheme was adopted or taken back.
    Registry,
    /// Others are active: so many.
    Rules { rules: u64 },
    /// A job began or ended.
    Job {
        job: u64,
        #[schemars(skip_serializing_if = "Option::is_none")]
        kind: Option<String>,
        state: JobStateCode,
    },
}

/// The data of a missed event: these numbers, both included, are no longer in the store, or were lost.
#[derive(JsonSchema)]
#[schemars(rename = "Missed")]
pub(in crate::api) struct MissedDeliveries {
    from: i64,
    to: i64,
}

/// Why a request was not done: RFC 9457.
#[derive(JsonSchema)]
#[schemars(rename = "Problem")]
pub(in crate::api) struct ProblemDetails {
    #[schemars(extend("const" = "about:blank"))]
    r#type: String,
    title: String,
    status: u16,
    detail: String,
    /// The byte of a filter or rule at which the mistake is.
    #[schemars(skip_serializing_if = "Option::is_none")]
    at: Option<u64>,
}
