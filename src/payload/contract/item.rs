//! One item of an event, in the pages' own terms.

use unicode_width::UnicodeWidthStr as _;

use super::compare::image_words;
use super::fields;
use super::ids::handle;
use super::object::{MemberValue, Object};

/// Bytes of a date up to its time of day: `2026-11-22T`.
const DAY: usize = 11;

/// Facts that a narrow place can do without, the first to go first.
const EXPENDABLE: [&str; 8] = ["system", "work", "mode", "to", "from", "domain", "productivity", "captured"];

/// One item. All text is visible already.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventItem {
    /// Its place in `data`; `None` when `data` is the item itself.
    pub index: Option<u64>,
    /// Organisation, team and user, each a whole id.
    pub people: [Option<String>; 3],
    /// What it says, by name, in the order in which a person wants it.
    pub facts: Vec<(&'static str, String)>,
}

impl EventItem {
    /// The fact called `name`.
    #[must_use]
    pub fn fact(&self, name: &str) -> Option<&str> {
        self.facts.iter().find(|(known, _)| *known == name).map(|(_, value)| &**value)
    }

    /// The whole item on one line: `Brave Browser · dev.trackpilots.com · productive · …`
    #[must_use]
    pub fn words(&self) -> String {
        let values = self.facts.iter().map(|(name, value)| match *name {
            "idle" => if value == "yes" { "idle" } else { "not idle" }.to_owned(),
            "captured" => format!("captured {value}"),
            "from" => format!("from {value}"),
            "to" => format!("to {value}"),
            "tracking" | "screenshot" => handle(value),
            _ => value.clone(),
        });
        values.collect::<Vec<_>>().join(" · ")
    }

    /// The item's words for a narrow place: times on the day of `date` without it, and no id. What can be done without is
    /// left out where there are no more than `columns`, so that the app and the image stay.
    #[must_use]
    pub fn short_words(&self, date: Option<&str>, columns: usize) -> String {
        let day = date.and_then(|date| date.get(..DAY)).filter(|day| day.ends_with('T'));
        let shorten = |(name, value): &(&'static str, String)| {
            let value = match (*name, day) {
                ("captured" | "from" | "to", Some(day)) => value.strip_prefix(day).unwrap_or(value),
                _ => value,
            };
            (*name, value.to_owned())
        };
        let facts = self.facts.iter().filter(|(name, _)| !matches!(*name, "tracking" | "screenshot")).map(shorten);
        let mut short = Self { facts: facts.collect(), ..Self::default() };
        for name in EXPENDABLE {
            if short.words().width() <= columns {
                break;
            }
            short.facts.retain(|(known, _)| *known != name);
        }
        short.words()
    }

    /// Reads an item of the event called `event`.
    pub(super) fn read(value: &MemberValue<'_>, index: Option<u64>, event: &str) -> Self {
        let Some(object) = value.object() else { return Self { index, ..Self::default() } };
        let id = |name, field| object.object(name).and_then(|inner| inner.shown(field));
        let people = [id("organisation", "organisationId"), id("team", "teamId"), id("user", "userId")];
        let mut item = Self { index, people, facts: Vec::new() };
        match event {
            fields::ACTIVITY => item.activity(&object),
            fields::APP_TRACKING => item.app_tracking(&object),
            fields::SCREENSHOT => item.screenshot(&object),
            _ => {}
        }
        item
    }

    fn add(&mut self, name: &'static str, value: Option<String>) {
        self.facts.extend(value.filter(|value| !value.is_empty()).map(|value| (name, value)));
    }

    fn activity(&mut self, item: &Object<'_>) {
        let mode = item.object("activity").and_then(|activity| activity.get("workMode")?.boolean());
        self.add(
            "mode",
            mode.map(|work| {
                if work { "Work Mode, tracking active" } else { "Privacy Mode, tracking paused" }.to_owned()
            }),
        );
    }

    fn app(&mut self, holder: &Object<'_>) {
        let Some(app) = holder.object("app") else { return };
        let kind = app.shown("type").map_or(String::new(), |kind| format!(" ({kind})"));
        self.add("app", app.shown("name").map(|name| format!("{name}{kind}")));
        self.add("domain", app.shown("domain"));
        self.add("productivity", app.shown("productivityStatus"));
    }

    fn app_tracking(&mut self, item: &Object<'_>) {
        let Some(tracking) = item.object("tracking") else { return };
        self.app(&tracking);
        let time = tracking.object("time").unwrap_or_default();
        self.add(
            "duration",
            time.get("durationInSeconds").and_then(MemberValue::number).map(|seconds| format!("{seconds} s")),
        );
        self.add("mode", tracking.shown("trackingMode"));
        self.add("system", tracking.shown("operatingSystem"));
        self.add("from", time.shown("startDate"));
        self.add("to", time.shown("endDate"));
        self.add("tracking", tracking.shown("trackingId"));
    }

    fn screenshot(&mut self, item: &Object<'_>) {
        let Some(screenshot) = item.object("screenshot") else { return };
        self.app(&screenshot);
        let idle = screenshot.get("isIdle").and_then(MemberValue::boolean);
        self.add("idle", idle.map(|idle| if idle { "yes" } else { "no" }.to_owned()));
        self.add("captured", screenshot.object("time").and_then(|time| time.shown("capturedAt")));
        self.add("work", screenshot.shown("workType"));
        self.add("system", screenshot.shown("operatingSystem"));
        self.add("image", screenshot.get("imageBuffer").map(image_words));
        self.add("screenshot", screenshot.shown("screenshotId"));
    }
}
