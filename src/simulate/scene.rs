//! What a simulated person's desktop is made of.
//!
//! Only what has a fixed set of values in the documentation keeps to the values seen there; names,
//! domains and times vary.

use super::dice::Dice;

/// An application as a payload describes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct App {
    pub(super) name: &'static str,
    pub(super) kind: &'static str,
    pub(super) category: &'static str,
    /// The host that `iconUrl` and `fullUrl` name.
    pub(super) host: &'static str,
    pub(super) domain: &'static str,
    pub(super) productivity: &'static str,
}

const fn app(
    name: &'static str,
    kind: &'static str,
    host: &'static str,
    domain: &'static str,
    productivity: &'static str,
) -> App {
    App { name, kind, category: "Unknown Category", host, domain, productivity }
}

const APPS: [App; 10] = [
    app("Google Chrome", "website", "www.google.com", "google.com", "neutral"),
    app("Brave Browser", "application", "dev.trackpilots.com", "dev.trackpilots.com", "productive"),
    app("Google Chrome", "website", "github.com", "github.com", "productive"),
    app("Firefox", "website", "developer.mozilla.org", "developer.mozilla.org", "productive"),
    app("Microsoft Edge", "website", "www.office.com", "office.com", "productive"),
    app("Safari", "website", "www.figma.com", "figma.com", "productive"),
    app("Google Chrome", "website", "mail.google.com", "mail.google.com", "neutral"),
    app("Firefox", "website", "news.ycombinator.com", "news.ycombinator.com", "neutral"),
    app("Microsoft Edge", "website", "www.wikipedia.org", "wikipedia.org", "neutral"),
    app("Brave Browser", "application", "calendar.google.com", "calendar.google.com", "productive"),
];

pub(super) fn any_app(dice: &mut Dice) -> App {
    *dice.pick(&APPS)
}

pub(super) fn operating_system(dice: &mut Dice) -> &'static str {
    dice.pick::<&str>(&["macos", "windows"])
}

pub(super) fn work_type(dice: &mut Dice) -> &'static str {
    dice.pick::<&str>(&["hybrid", "remote"])
}
