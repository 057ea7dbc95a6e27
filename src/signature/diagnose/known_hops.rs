//! The relays, tunnels and gateways that leave headers of their own, as data.

/// Something between the sender and here.
#[derive(Debug)]
pub(super) struct Hop {
    /// As a sentence has it.
    pub(super) name: &'static str,
    /// Any of these shows it.
    pub(super) marks: &'static [HopMark],
    /// What it is known to do at times; empty when it passes on what it gets.
    pub(super) habits: &'static [HopHabit],
}

/// What a hop leaves in a request. Texts are in lower case.
#[derive(Debug, Clone, Copy)]
pub(super) enum HopMark {
    /// A header of this name.
    Header(&'static str),
    /// Two headers together; the first is shown.
    Together(&'static str, &'static str),
    /// The first header without the second.
    Without(&'static str, &'static str),
    /// A header whose name begins so.
    Prefix(&'static str),
    /// A header with this text in its value.
    Contains(&'static str, &'static str),
    /// A header whose value begins so.
    Begins(&'static str, &'static str),
    /// A host that ends so.
    Suffix(&'static str),
    /// A header called `timestamp` with milliseconds, on a forwarded request: smee.io adds `timestamp: Date.now()` to the
    /// event, and its client sends each of the event's keys as a header.
    SmeeTimestamp,
}

/// What a hop may do to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum HopHabit {
    /// Parses bodies and writes them again.
    Parses,
    /// Encodes bodies as base64.
    Base64,
    /// Drops, renames or joins headers.
    Headers,
    /// Reads a body whole and sends it with other framing.
    Framing,
}

use HopHabit::{Base64, Framing, Headers, Parses};
use HopMark::{Begins, Contains, Header, Prefix, SmeeTimestamp, Suffix, Together, Without};

const fn hop(name: &'static str, marks: &'static [HopMark], habits: &'static [HopHabit]) -> Hop {
    Hop { name, marks, habits }
}

/// Relays first, then what runs functions, tunnels, delivery networks, and proxies.
pub(super) const HOPS: &[Hop] = &[
    // Relays and automation: they read a body and make a request of their own.
    hop("smee.io", &[SmeeTimestamp], &[Parses]),
    hop("Hookdeck", &[Prefix("x-hookdeck-")], &[Parses]),
    hop(
        "webhook.site",
        // Its redirect is sent by the browser.
        &[Contains("Origin", "webhook.site"), Contains("Referer", "webhook.site"), Suffix("webhook.site")],
        &[Headers],
    ),
    hop("Svix Play", &[Suffix("play.svix.com")], &[]),
    hop("Zapier", &[Begins("User-Agent", "zapier")], &[Parses]),
    hop("n8n", &[Begins("User-Agent", "n8n")], &[Parses]),
    hop("Make", &[Begins("User-Agent", "make/"), Begins("User-Agent", "integromat/")], &[Parses]),
    hop("Pipedream", &[Begins("User-Agent", "pipedream/")], &[Parses]),
    hop(
        "Azure Logic Apps or Power Automate",
        &[Begins("User-Agent", "azure-logic-apps/"), Header("x-ms-workflow-id")],
        &[Parses, Base64],
    ),
    // What hands a request to a function or rewrites it by rules.
    hop(
        "Amazon API Gateway",
        &[
            Begins("User-Agent", "amazonapigateway_"),
            Header("X-Amzn-Apigateway-Api-Id"),
            Contains("Via", "amazonapigateway"),
        ],
        &[Base64, Headers],
    ),
    hop("Amazon's load balancer or API Gateway", &[Header("X-Amzn-Trace-Id")], &[Base64]),
    hop("Amazon CloudFront", &[Contains("Via", "cloudfront"), Header("X-Amz-Cf-Id")], &[Headers, Base64]),
    hop("Azure API Management", &[Prefix("ocp-apim-")], &[Parses]),
    hop("a Cloudflare Worker", &[Header("CF-Worker")], &[Parses]),
    hop("Vercel", &[Header("x-vercel-id"), Header("x-vercel-forwarded-for")], &[Parses]),
    hop("Netlify", &[Header("x-nf-request-id"), Header("x-nf-client-connection-ip")], &[Base64]),
    // Tunnels.
    hop(
        "ngrok",
        &[
            Prefix("ngrok-"),
            Suffix(".ngrok.io"),
            Suffix(".ngrok.app"),
            Suffix(".ngrok.dev"),
            Suffix(".ngrok-free.app"),
            Suffix(".ngrok-free.dev"),
        ],
        &[],
    ),
    hop("localtunnel", &[Suffix(".loca.lt"), Suffix(".localtunnel.me")], &[]),
    hop("Tailscale Funnel", &[Header("Tailscale-Funnel-Request"), Suffix(".ts.net")], &[]),
    hop(
        "a dev tunnel of Microsoft's",
        &[Suffix(".devtunnels.ms"), Suffix(".app.github.dev"), Suffix(".githubpreview.dev")],
        &[],
    ),
    hop("a Cloudflare tunnel", &[Suffix(".trycloudflare.com"), Header("Cf-Warp-Tag-Id")], &[]),
    // Delivery networks and the front ends of hosts.
    hop("Cloudflare", &[Header("CF-Ray"), Header("CF-Connecting-IP")], &[Framing]),
    hop("Azure Front Door", &[Prefix("x-azure-")], &[Headers]),
    hop("Azure App Service", &[Header("X-ARR-LOG-ID"), Header("X-ARR-SSL")], &[]),
    hop("Google's front end", &[Contains("Via", "1.1 google"), Header("X-Cloud-Trace-Context")], &[Framing]),
    hop("Heroku's router", &[Contains("Via", "vegur"), Contains("Via", "heroku-router")], &[Framing]),
    hop("Fastly", &[Prefix("fastly-")], &[]),
    hop("Akamai", &[Prefix("akamai-"), Prefix("x-akamai-"), Contains("Via", "akamai")], &[]),
    hop("Fly.io", &[Header("Fly-Request-Id"), Header("Fly-Client-IP"), Contains("Via", "fly.io")], &[]),
    hop("Render", &[Prefix("rndr-"), Prefix("x-render-")], &[]),
    hop("Railway", &[Prefix("x-railway-")], &[]),
    // Proxies that people run themselves.
    hop("Envoy", &[Prefix("x-envoy-")], &[Framing, Headers]),
    hop("Kong", &[Prefix("x-kong-"), Contains("Via", "kong/")], &[Headers]),
    hop("Traefik", &[Together("X-Forwarded-Server", "X-Real-Ip")], &[]),
    hop("Apache's mod_proxy", &[Without("X-Forwarded-Server", "X-Real-Ip")], &[]),
    hop("nginx, or a proxy that is set up like it", &[Without("X-Real-IP", "X-Forwarded-Server")], &[Headers, Framing]),
    hop("HAProxy", &[Prefix("x-haproxy-"), Contains("Via", "haproxy")], &[]),
    hop("Caddy", &[Contains("Via", "caddy")], &[]),
    hop("Varnish", &[Header("X-Varnish"), Contains("Via", "varnish")], &[]),
];
