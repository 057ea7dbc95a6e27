//! Deliveries judged again once a secret was entered: what they are now, beside what they were at capture.

use std::collections::BTreeMap;

use super::state::{EnteredSecret, Inquiry, RejudgeReport, Rejudged};
use crate::config::TYPED_LABEL;
use crate::server::{GivenSecret, given_words};
use crate::text::grouped;
use crate::tui::app::action::Action;
use crate::tui::app::effect::Effect;
use crate::tui::app::model::Model;

/// A secret was entered: what came before it is judged again.
pub(crate) fn entered(model: &mut Model, secret: &EnteredSecret) -> Vec<Effect> {
    let what = if secret.replaces { "secret entered in place of the one before" } else { "secret entered" };
    let remarks = match &secret.remarks[..] {
        [] => String::new(),
        remarks => format!("; check it: it {}", remarks.join(", ")),
    };
    judge_again(model, format!("{what}{remarks}"), !secret.remarks.is_empty(), TYPED_LABEL)
}

/// Another process has given a secret, or taken one back: the same.
pub(crate) fn elsewhere(model: &mut Model, given: &Result<GivenSecret, String>) -> Vec<Effect> {
    match given {
        Ok(given) => {
            let about = format!("another process {}", given.words());
            judge_again(model, about, !given.remarks.is_empty(), &given.label)
        }
        Err(label) => {
            model.say(format!("another process took back {}", given_words(label)));
            // What others verify is shown again; that is no news of any of them.
            ask(model, String::new(), false, label)
        }
    }
}

fn judge_again(model: &mut Model, about: String, is_odd: bool, label: &str) -> Vec<Effect> {
    model.notify(format!("{about}; judging stored deliveries again …"), is_odd);
    ask(model, about, is_odd, label)
}

fn ask(model: &mut Model, about: String, is_odd: bool, label: &str) -> Vec<Effect> {
    let number = model.rejudged.number + 1;
    model.rejudged = Rejudged { verdicts: BTreeMap::new(), number, about, is_odd };
    vec![Effect::Rejudge(number, label.to_owned())]
}

/// Takes in results.
pub(crate) fn judged(model: &mut Model, report: RejudgeReport) {
    if report.number != model.rejudged.number {
        return;
    }
    model.rejudged.verdicts.extend(report.verdicts);
    if !report.is_done {
        return;
    }
    let about = std::mem::take(&mut model.rejudged.about);
    if about.is_empty() {
        return;
    }
    let is_odd = model.rejudged.is_odd;
    let other = model.keymap.press(Action::Try);
    let (words, is_bad) = result(report.judged, report.verified, report.is_all, &other);
    model.notify(format!("{about}; {words}"), is_bad || is_odd);
}

/// What came of it, in words, and whether that asks for a second look.
/// `other` tries another secret on one.
fn result(judged: u64, verified: u64, is_all: bool, other: &str) -> (String, bool) {
    let newest = if is_all { "" } else { "newest " };
    match (judged, verified) {
        (0, _) => ("it verifies deliveries from now on".to_owned(), false),
        (1, 0) => (format!("the {newest}delivery that was not verified does not verify with it either"), true),
        (judged, 0) => {
            let of = grouped(judged);
            (format!("none of {of} {newest}unverified deliveries verifies with it: {other} on one tries another"), true)
        }
        (judged, verified) => {
            let of = grouped(judged);
            let verb = if verified == 1 { "verifies" } else { "verify" };
            let verified = grouped(verified);
            (format!("{verified} of {of} {newest}unverified deliveries {verb} with it"), false)
        }
    }
}

/// Secrets are others than before: what was found out under them is forgotten.
pub(crate) fn forget(model: &mut Model) {
    model.inquiries.clear();
    if let Some(detail) = &mut model.detail {
        detail.inquiry = Inquiry::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_is_one_line() {
        let words = |judged, verified| result(judged, verified, true, "t").0;
        assert_eq!(words(12, 3), "3 of 12 unverified deliveries verify with it");
        assert_eq!(words(2, 1), "1 of 2 unverified deliveries verifies with it");
        assert_eq!(words(2034, 0), "none of 2,034 unverified deliveries verifies with it: t on one tries another");
        assert_eq!(words(1, 0), "the delivery that was not verified does not verify with it either");
        assert_eq!(words(0, 0), "it verifies deliveries from now on");
        assert_eq!(result(2000, 7, false, "t").0, "7 of 2,000 newest unverified deliveries verify with it");
    }
}
