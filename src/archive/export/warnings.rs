//! What an export could not say exactly.

use crate::delivery::DeliveryId;

/// Deliveries named with each warning; more are counted.
const NAMED: usize = 3;

/// Warnings, each once, with the deliveries that it concerns.
#[derive(Debug, Clone, Default)]
pub struct Warnings {
    entries: Vec<Entry>,
}

#[derive(Debug, Clone)]
struct Entry {
    words: String,
    named: Vec<DeliveryId>,
    count: usize,
}

impl Warnings {
    /// Notes that `words` hold for the delivery `id`.
    pub fn add(&mut self, id: DeliveryId, words: impl Into<String>) {
        let words = words.into();
        let known = self.entries.iter().position(|entry| entry.words == words);
        let at = known.unwrap_or_else(|| {
            self.entries.push(Entry { words, named: Vec::new(), count: 0 });
            self.entries.len() - 1
        });
        let entry = &mut self.entries[at];
        entry.count += 1;
        if entry.named.len() < NAMED {
            entry.named.push(id);
        }
    }

    /// One line for each.
    pub fn lines(&self) -> impl Iterator<Item = String> {
        self.entries.iter().map(|entry| {
            let named: Vec<String> = entry.named.iter().map(|id| format!("#{id}")).collect();
            let more = match entry.count - entry.named.len() {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!("{}{more}: {}", named.join(", "), entry.words)
        })
    }

    /// Whether there is nothing to warn of.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_warning_is_said_once() {
        let mut warnings = Warnings::default();
        for id in 1..=5 {
            warnings.add(DeliveryId(id), "chunked");
        }
        warnings.add(DeliveryId(9), "cut off");
        assert_eq!(warnings.lines().collect::<Vec<_>>(), ["#1, #2, #3 and 2 more: chunked", "#9: cut off"]);
    }
}
