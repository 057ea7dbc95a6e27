//! What a person most likely meant by a word that is not known.

use std::fmt::Display;

/// A longer word is no mistyped name.
const LONGEST: usize = 32;

/// The one of `names` that `written` most likely means; `None` when none is near. Letter case does not matter.
#[must_use]
pub fn nearest<'n>(written: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let written = written.to_ascii_lowercase();
    if written.chars().count() > LONGEST {
        return None;
    }
    // Swapped neighbours count as one edit.
    let distance = |name: &str| strsim::osa_distance(&written, name);
    let near = |name: &str| distance(name) <= 1 + name.len() / 4;
    let extends = |name: &str| written.len() > 1 && (name.starts_with(&written) || written.starts_with(name));
    names.filter(|name| near(name) || extends(name)).min_by_key(|name| distance(name))
}

/// `; did you mean 'event'?`, as a message about `written` ends; empty when none of `names` is near.
#[must_use]
pub fn suggestion<'n>(written: &str, names: impl Iterator<Item = &'n str>) -> String {
    nearest(written, names).map_or_else(String::new, did_you_mean)
}

/// `; did you mean 'event'?` about a name that was found to be near.
#[must_use]
pub fn did_you_mean(name: impl Display) -> String {
    format!("; did you mean '{name}'?")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_near_is_suggested() {
        let suggested = |written| nearest(written, ["event", "status", "size"].into_iter());
        for (written, expected) in
            [("evnet", "event"), ("EVENTS", "event"), ("state", "status"), ("siz", "size"), ("stat", "status")]
        {
            assert_eq!(suggested(written), Some(expected), "{written}");
        }
        for written in ["", "x", "latency", &"event".repeat(7)] {
            assert_eq!(suggested(written), None, "{written}");
        }
    }
}
