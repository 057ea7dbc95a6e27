//! The rules on the screen: some of them may be switched off.

use std::fmt::Write as _;

use tui_input::Input;

use crate::rules::{Rule, RuleReader, check_count};

/// A rule, active or switched off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleRow {
    /// The rule.
    pub rule: Rule,
    /// Whether it is active.
    pub on: bool,
    /// How many deliveries it was chosen for in this run.
    pub answered: u64,
}

impl RuleRow {
    /// An active rule that has answered nothing yet.
    #[must_use]
    pub fn new(rule: Rule) -> Self {
        Self { rule, on: true, answered: 0 }
    }
}

/// The window of rules.
#[derive(Debug, Default)]
pub struct RulesView {
    /// The chosen rule.
    pub cursor: usize,
    /// A rule being typed.
    pub line: Option<RuleLine>,
    /// Why the last change could not be made.
    pub problem: Option<String>,
    /// How saving went.
    pub said: Option<Result<String, String>>,
}

/// A rule being typed.
#[derive(Debug)]
pub struct RuleLine {
    /// The rule that it takes the place of, as it was when this began; `None` for a new one.
    pub changes: Option<Box<Rule>>,
    /// The text and its cursor.
    pub input: Input,
    /// What is wrong with it: where, as a byte offset, and what.
    pub problem: Option<(usize, String)>,
}

impl RuleLine {
    /// For a rule that comes besides the others.
    pub(crate) fn added() -> Self {
        Self { changes: None, input: Input::default(), problem: None }
    }

    /// For one that takes the place of `rule`.
    pub(crate) fn of(rule: &Rule) -> Self {
        Self { changes: Some(Box::new(rule.clone())), input: Input::new(rule.to_string()), problem: None }
    }

    /// Reads what is typed, among the other rules.
    pub(crate) fn read(&mut self, reader: RuleReader<'_>) -> Option<Rule> {
        let text = self.input.value();
        if text.trim().is_empty() {
            self.problem = None;
            return None;
        }
        match reader.rule(text) {
            Ok(rule) => {
                self.problem = None;
                Some(rule)
            }
            Err(error) => {
                self.problem = Some((error.at.min(text.len()), error.problem.to_string()));
                None
            }
        }
    }
}

/// The rows of `shared`, the rules that are active for everybody, and of those rows of `before` that are switched off, each
/// below the rule that it stood below. What is active again is no longer off.
pub(crate) fn merged(before: &[RuleRow], shared: &[Rule]) -> Vec<RuleRow> {
    let mut rows: Vec<RuleRow> = shared.iter().cloned().map(RuleRow::new).collect();
    let mut place = 0;
    for row in before {
        if row.on {
            let below = rows.iter().skip(place).position(|now| now.on && now.rule == row.rule);
            place += below.map_or(0, |below| below + 1);
        } else if !shared.contains(&row.rule) {
            rows.insert(place, row.clone());
            place += 1;
        }
    }
    rows
}

/// Checks that there are not too many rules.
pub(crate) fn check(rows: &[RuleRow]) -> Result<(), String> {
    let on: Vec<&Rule> = rows.iter().filter(|row| row.on).map(|row| &row.rule).collect();
    check_count(&on).map_err(|(at, problem)| match on.get(at) {
        Some(rule) => format!("'{rule}': {problem}"),
        None => problem.to_string(),
    })
}

/// What is said of the rules that are off, since a configuration has only those that are on; empty when there are none.
#[must_use]
pub fn off_words(rows: &[RuleRow]) -> String {
    match rows.iter().filter(|row| !row.on).count() {
        0 => String::new(),
        1 => "1 rule that is off is not saved".to_owned(),
        off => format!("{off} rules that are off are not saved"),
    }
}

/// The active rules as a configuration file has them.
#[must_use]
pub fn as_toml(rows: &[RuleRow]) -> String {
    let mut text = String::new();
    for row in rows.iter().filter(|row| row.on) {
        let quoted = |text: String| toml::Value::from(text).to_string();
        text.push_str("[[rules]]\n");
        if !row.rule.when.is_empty() {
            let _ = writeln!(text, "when = {}", quoted(row.rule.when.to_string()));
        }
        let _ = writeln!(text, "then = {}\n", quoted(row.rule.then.to_string()));
    }
    text
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;
    use crate::rules::RuleReader;

    /// `-` before a rule that is switched off.
    fn rows(texts: &str) -> Vec<RuleRow> {
        let read = |text: &str| {
            let (text, on) = text.strip_prefix('-').map_or((text, true), |text| (text, false));
            let rule = RuleReader::default().rule(&format!("event:{text} -> 500")).unwrap();
            RuleRow { rule, on, answered: 0 }
        };
        texts.split_whitespace().map(read).collect()
    }

    #[rstest]
    #[case("-a b", "b c", "-a b c")]
    #[case("a -b c", "a c", "a -b c")]
    #[case("a -b c", "c a", "c a -b")]
    #[case("a -b -c d", "d", "-b -c d")]
    #[case("a -b", "", "-b")]
    #[case("a -b", "b a", "b a")]
    #[case("", "a b", "a b")]
    fn what_is_off_stays_where_others_change_the_rules(
        #[case] before: &str,
        #[case] shared: &str,
        #[case] expected: &str,
    ) {
        let shared: Vec<Rule> = rows(shared).into_iter().map(|row| row.rule).collect();
        assert_eq!(merged(&rows(before), &shared), rows(expected));
    }
}
