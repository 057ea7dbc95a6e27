//! Any text is a rule or a fault with its place, and a rule's own text is the same rule.

use whyhook::rules::RuleReader;

/// The rule.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match RuleReader::default().rule(text) {
        Ok(rule) => {
            let written = rule.to_string();
            assert_eq!(RuleReader::default().rule(&written).as_ref(), Ok(&rule), "{written:?}");
        }
        Err(error) => {
            assert!(error.at <= text.len());
            let _ = error.to_string();
        }
    }
}
