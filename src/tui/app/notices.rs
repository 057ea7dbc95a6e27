//! What is said to the person: the message that is shown, and those before it.

use std::time::Duration;

use jiff::Timestamp;

use crate::tui::app::model::Model;

/// Messages that can be read again.
const KEPT: usize = 200;
/// Keys that a message survives when no key had asked for it: whoever is typing should see it.
const KEYS: u8 = 3;
/// The shortest and the longest time that a message is shown.
const SHORTEST: Duration = Duration::from_secs(5);
const LONGEST: Duration = Duration::from_secs(20);
/// The time that a character takes to read.
const A_CHARACTER: Duration = Duration::from_millis(70);

/// One message for the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// What to say.
    pub text: String,
    /// Whether something went wrong.
    pub is_error: bool,
    /// When it was said.
    pub at: Timestamp,
    /// How often it was said in a row.
    pub times: u32,
    /// Its place among all that were said.
    pub number: u64,
    /// The keys after which it goes.
    keys: u8,
}

impl Notice {
    /// How long it is shown. What went wrong takes longer to understand.
    #[must_use]
    pub fn lasts(&self) -> Duration {
        let characters = u32::try_from(self.text.chars().count()).unwrap_or(u32::MAX);
        let reading = A_CHARACTER.saturating_mul(characters.saturating_mul(1 + u32::from(self.is_error)));
        reading.clamp(SHORTEST, LONGEST)
    }
}

impl Model {
    /// Shows a message, and keeps it to be read again.
    pub(crate) fn say(&mut self, text: impl Into<String>) {
        self.notify(text, false);
    }

    /// Like [`Model::say`], for something that went wrong.
    pub(crate) fn warn(&mut self, text: impl Into<String>) {
        self.notify(text, true);
    }

    /// Says what came of something, or warns of why nothing did.
    pub(crate) fn say_outcome(&mut self, outcome: Result<String, String>) {
        match outcome {
            Ok(text) => self.say(text),
            Err(problem) => self.warn(problem),
        }
    }

    /// Shows a message of which the caller has found out whether something went wrong.
    pub(crate) fn notify(&mut self, text: impl Into<String>, is_error: bool) {
        let text = text.into();
        self.said += 1;
        let times = match self.notices.back() {
            Some(last) if last.text == text => self.notices.pop_back().map_or(1, |last| last.times + 1),
            _ => 1,
        };
        let keys = if self.acting { 0 } else { KEYS };
        let notice = Notice { text, is_error, at: self.clock, times, number: self.said, keys };
        self.notices.push_back(notice.clone());
        if self.notices.len() > KEPT {
            self.notices.pop_front();
        }
        self.notice = Some(notice);
    }

    /// A key was pressed: what the key before it had caused has been read.
    pub(crate) fn turn_notice(&mut self) {
        self.notice = self.notice.take().filter(|notice| notice.keys > 0).map(|mut notice| {
            notice.keys -= 1;
            notice
        });
    }

    /// The message with this number has been there long enough.
    pub(crate) fn end_notice(&mut self, number: u64) {
        self.notice.take_if(|notice| notice.number == number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(text: &str, is_error: bool) -> Notice {
        Notice { text: text.to_owned(), is_error, at: Timestamp::UNIX_EPOCH, times: 1, number: 1, keys: 0 }
    }

    #[test]
    fn a_message_stays_as_long_as_it_takes_to_read() {
        assert_eq!(notice("copied", false).lasts(), SHORTEST);
        let sentence = "a".repeat(100);
        assert_eq!(notice(&sentence, false).lasts(), Duration::from_secs(7));
        assert_eq!(notice(&sentence, true).lasts(), Duration::from_secs(14));
        assert_eq!(notice(&"a".repeat(10_000), true).lasts(), LONGEST);
    }
}
