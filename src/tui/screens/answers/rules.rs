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
    /// The rule that it takes the place of; `None` for a new one.
    pub changes: Option<usize>,
    /// The text and its cursor.
    pub input: Input,
    /// What is wrong with it: where, as a byte offset, and what.
    pub problem: Option<(usize, String)>,
}

impl RuleLine {
    pub(crate) fn new(changes: Option<usize>, text: String) -> Self {
        Self { changes, input: Input::new(text), problem: None }
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
