//! The payload's text: the documentation's structure and key order, compact as `JSON.stringify`
//! writes it.

use jiff::{SignedDuration, Timestamp};

use super::dice::Dice;
use super::scene::{self, App};
use super::written::quoted;
use super::{Recipe, SimulatedEvent};

/// Who the payload is about; the same in each of its items.
struct Person {
    organisation: String,
    team: String,
    user: String,
}

/// Writes the payload of `recipe` as of `moment`; `image` makes the raw JSON of one image.
pub(super) fn compose(
    recipe: &Recipe,
    moment: Timestamp,
    dice: &mut Dice,
    mut image: impl FnMut(&mut Dice) -> String,
) -> String {
    let person = Person { organisation: dice.uuid(), team: dice.uuid(), user: dice.uuid() };
    let data = match recipe.event {
        SimulatedEvent::Activity => {
            let mode = dice.chance(70);
            format!(r#"{{{},"activity":{{"workMode":{mode}}}}}"#, who(&person))
        }
        SimulatedEvent::App => array(tracked(recipe.items, moment, dice, &person)),
        SimulatedEvent::Screenshot => {
            let times = capture_times(recipe.items, moment, dice);
            let items = times.into_iter().map(|at| screenshot(&person, at, dice, &mut image));
            array(items.collect())
        }
    };
    let simulation = if recipe.live { "" } else { r#""simulation":true,"# };
    format!(
        r#"{{"event":{},"version":"v1","agent":"desktop-agent",{simulation}"timestamp":{},"data":{data}}}"#,
        quoted(recipe.event.name()),
        moment.as_millisecond(),
    )
}

fn array(items: Vec<String>) -> String {
    format!("[{}]", items.join(","))
}

fn who(person: &Person) -> String {
    format!(
        r#""organisation":{{"organisationId":{}}},"team":{{"teamId":{}}},"user":{{"userId":{}}}"#,
        quoted(&person.organisation),
        quoted(&person.team),
        quoted(&person.user)
    )
}

fn app(app: App) -> String {
    format!(
        r#"{{"name":{},"type":{},"category":{},"iconUrl":{},"domain":{},"fullUrl":{},"productivityStatus":{}}}"#,
        quoted(app.name),
        quoted(app.kind),
        quoted(app.category),
        quoted(&format!("https://{}/favicon.ico", app.host)),
        quoted(app.domain),
        quoted(&format!("https://{}", app.host)),
        quoted(app.productivity)
    )
}

/// One stretch after the other, the last of them just over at `moment`.
fn tracked(items: usize, moment: Timestamp, dice: &mut Dice, person: &Person) -> Vec<String> {
    let mut end = before(moment, dice.between(300, 2_500));
    let mut all = Vec::with_capacity(items);
    for _ in 0..items {
        let seconds = dice.between(5, 240);
        let start = before(end, seconds * 1_000);
        let time = format!(r#"{{"startDate":{},"endDate":{},"durationInSeconds":{seconds}}}"#, iso(start), iso(end));
        all.push(format!(
            r#"{{{},"tracking":{{"trackingId":{},"app":{},"time":{time},"trackingMode":"online","operatingSystem":{}}}}}"#,
            who(person),
            quoted(&dice.uuid()),
            app(scene::any_app(dice)),
            quoted(scene::operating_system(dice))
        ));
        end = before(start, dice.between(0, 900));
    }
    all.reverse();
    all
}

/// Moments in their order, the last of them just before `moment`.
fn capture_times(items: usize, moment: Timestamp, dice: &mut Dice) -> Vec<Timestamp> {
    let mut at = before(moment, dice.between(300, 4_000));
    let mut times = Vec::with_capacity(items);
    for _ in 0..items {
        times.push(at);
        at = before(at, dice.between(55_000, 65_000));
    }
    times.reverse();
    times
}

fn screenshot(person: &Person, at: Timestamp, dice: &mut Dice, image: &mut impl FnMut(&mut Dice) -> String) -> String {
    let id = quoted(&dice.uuid());
    let app = app(scene::any_app(dice));
    let system = quoted(scene::operating_system(dice));
    let work = quoted(scene::work_type(dice));
    let idle = dice.chance(20);
    format!(
        r#"{{{},"screenshot":{{"screenshotId":{id},"imageBuffer":{},"app":{app},"time":{{"capturedAt":{}}},"operatingSystem":{system},"workType":{work},"isIdle":{idle}}}}}"#,
        who(person),
        image(dice),
        iso(at)
    )
}

/// `milliseconds` before `moment`; the beginning of time for a moment that has none before it.
fn before(moment: Timestamp, milliseconds: u32) -> Timestamp {
    moment.checked_sub(SignedDuration::from_millis(i64::from(milliseconds))).unwrap_or(Timestamp::MIN)
}

/// ISO 8601 in milliseconds with a `Z`, quoted: what `toISOString` gives.
fn iso(moment: Timestamp) -> String {
    quoted(&format!("{moment:.3}"))
}
