//! Variables of an `.http` file: `@name = value`, and `{{name}}` in a request.

use std::collections::HashMap;

/// Variables within variables.
const DEPTH_LIMIT: usize = 8;
/// What variables may add to the text of one request, in bytes.
const FILLED_LIMIT: usize = 64 * 1024 * 1024;

/// `@name = value`.
pub(super) fn variable(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.strip_prefix('@')?.split_once('=')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.chars().all(|letter| letter.is_alphanumeric() || "_-.".contains(letter));
    is_name.then(|| (name, value.trim()))
}

/// The variables of a file while the text of one request is made.
pub(super) struct Filling<'a> {
    variables: &'a HashMap<&'a str, &'a str>,
    /// Bytes that they may still add, in all lines together; `None` once they would have added more.
    left: Option<usize>,
    /// The first that the file does not have.
    pub(super) unknown: Option<String>,
}

impl<'a> Filling<'a> {
    /// For the text of one request.
    pub(super) fn new(variables: &'a HashMap<&'a str, &'a str>) -> Self {
        Self { variables, left: Some(FILLED_LIMIT), unknown: None }
    }

    /// Whether the variables have made the request too long.
    pub(super) fn is_too_long(&self) -> bool {
        self.left.is_none()
    }

    /// A text with the file's variables filled in; those that it does not have stay as they are. Nothing once the request
    /// has become too long.
    pub(super) fn fill(&mut self, text: &str) -> String {
        let Some(left) = self.left else { return String::new() };
        let limit = text.len().saturating_add(left);
        let mut filled = text.to_owned();
        for _ in 0..DEPTH_LIMIT {
            let Some((next, has_changed)) = filled_once(&filled, self.variables, limit) else {
                self.left = None;
                return String::new();
            };
            filled = next;
            if !has_changed {
                break;
            }
        }
        self.left = Some(left - filled.len().saturating_sub(text.len()));
        if self.unknown.is_none()
            && let Some(start) = filled.find("{{")
            && let Some(length) = filled[start..].find("}}")
        {
            self.unknown = Some(filled[start..start + length + 2].to_owned());
        }
        filled
    }
}

/// Fills in each variable once, and says whether there was one; `None` when the text would be longer than `limit`.
fn filled_once(text: &str, variables: &HashMap<&str, &str>, limit: usize) -> Option<(String, bool)> {
    let (mut out, mut rest, mut has_changed) = (String::with_capacity(text.len()), text, false);
    while let Some(start) = rest.find("{{") {
        let Some(length) = rest[start..].find("}}") else { break };
        let (name, end) = (rest[start + 2..start + length].trim(), start + length + 2);
        match variables.get(name) {
            Some(value) => {
                out.push_str(&rest[..start]);
                out.push_str(value);
                has_changed = true;
            }
            None => out.push_str(&rest[..end]),
        }
        if out.len() > limit {
            return None;
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    (out.len() <= limit).then_some((out, has_changed))
}
