//! From text to rules and actions. The grammar stands in the module's page.

mod written;

pub use written::{AnswerPart, InvalidAnswer, named};

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use self::written::{check_status, written};
use super::action::{
    ActionKind, Close, CloseAt, CountedBy, Fail, ForwardTarget, Hold, RuleAction, RuleResponse, SendManner,
    TimedResponse, Wait,
};
use super::answer::{AnswerChoice, CustomAnswer, NamedAnswer};
use super::cursor::{TextCursor, arrow, unclosed};
use super::error::{RuleError, RulePlace, RuleProblem};
use super::handshakes::Handshake;
use super::rule::Rule;
use super::template::Template;
use super::{BODY_LIMIT, HEADER_BYTES, is_bodyless};
use crate::query::{Query, QueryError, SavedFilters};
use crate::text::units;

/// The longest pause and the longest hold.
const LONGEST: Duration = Duration::from_secs(3600);
/// The most targets of one delivery.
const TARGET_LIMIT: usize = 8;

/// Reads rules, knowing the answers and the filters that have a name.
#[derive(Debug, Clone, Copy, Default)]
pub struct RuleReader<'a> {
    names: &'a [Arc<NamedAnswer>],
    filters: Option<&'a SavedFilters>,
}

impl<'a> RuleReader<'a> {
    /// A reader that knows these answers.
    #[must_use]
    pub fn new(names: &'a [Arc<NamedAnswer>]) -> Self {
        Self { names, filters: None }
    }

    /// The same, knowing these filters: `@name` in a condition stands for what is saved now.
    #[must_use]
    pub fn with_filters(self, filters: &'a SavedFilters) -> Self {
        Self { filters: Some(filters), ..self }
    }

    /// Reads a condition.
    ///
    /// # Errors
    ///
    /// [`QueryError`] with the place of what is wrong.
    pub fn condition(&self, text: &str) -> Result<Query, QueryError> {
        match self.filters {
            Some(filters) => Query::parse_with(text, filters),
            None => Query::parse(text),
        }
    }

    /// Reads `filter → action`, or an action alone, which is for every delivery.
    ///
    /// # Errors
    ///
    /// [`RuleError`] with the place of what is wrong.
    pub fn rule(&self, text: &str) -> Result<Rule, RuleError> {
        let Some((end, behind)) = arrow(text) else {
            unclosed(text)?;
            return Ok(Rule { when: Query::default(), then: self.action_at(text, 0)? });
        };
        let when = self.condition(&text[..end]).map_err(|error| condition(error, 0))?;
        if text[behind..].trim().is_empty() {
            return Err(RuleProblem::NoAction.at(behind));
        }
        let then = self.action_at(text, behind)?;
        let rule = Rule { when, then };
        rule.check()?;
        Ok(rule)
    }

    /// Reads an action.
    ///
    /// # Errors
    ///
    /// [`RuleError`] with the place of what is wrong.
    pub fn action(&self, text: &str) -> Result<RuleAction, RuleError> {
        self.action_at(text, 0)
    }

    fn action_at(&self, text: &str, at: usize) -> Result<RuleAction, RuleError> {
        let mut cursor = TextCursor::new(text, at);
        let wait = pause(&mut cursor)?;
        let kind = if cursor.take("hold") {
            ActionKind::Hold(self.hold(&mut cursor)?)
        } else if cursor.take("fail") {
            ActionKind::Fail(self.fail(&mut cursor)?)
        } else {
            ActionKind::Do(self.response(&mut cursor, true, RulePlace::Action)?)
        };
        if cursor.is_done() { Ok(RuleAction { wait, kind }) } else { Err(cursor.unexpected("nothing more")) }
    }

    fn hold(&self, cursor: &mut TextCursor<'_>) -> Result<Hold, RuleError> {
        let patience = if cursor.is_done() || cursor.peek().eq_ignore_ascii_case("else") {
            None
        } else {
            Some(time(cursor, Duration::from_millis(1))?)
        };
        let otherwise = if cursor.take("else") {
            self.act(cursor, true)?
        } else {
            TimedResponse::from(RuleResponse::Answer(AnswerChoice::Auto, SendManner::Whole))
        };
        Ok(Hold { patience, otherwise })
    }

    fn fail(&self, cursor: &mut TextCursor<'_>) -> Result<Fail, RuleError> {
        let times = number(cursor, "a count from 1 to 1000000", 1..=1_000_000)?;
        let per = match (cursor.take("per"), cursor.at()) {
            (false, _) => CountedBy::All,
            (true, _) if cursor.take("body") => CountedBy::Body,
            (true, _) if cursor.take("event") => CountedBy::Event,
            (true, _) => return Err(cursor.unexpected("body or event")),
        };
        cursor.expect("with")?;
        let with = self.act(cursor, false)?;
        cursor.expect("then")?;
        let then = self.act(cursor, true)?;
        Ok(Fail { times, per, with, then })
    }

    fn act(&self, cursor: &mut TextCursor<'_>, is_last: bool) -> Result<TimedResponse, RuleError> {
        let wait = pause(cursor)?;
        for word in ["hold", "fail"] {
            if cursor.peek().eq_ignore_ascii_case(word) {
                return Err(RuleProblem::Nested(word).at(cursor.at()));
            }
        }
        Ok(TimedResponse { wait, response: self.response(cursor, is_last, RulePlace::Response)? })
    }

    /// `is_last` when nothing of the rule follows, so that a body needs no quotation marks; `place` is where it is written.
    fn response(
        &self,
        cursor: &mut TextCursor<'_>,
        is_last: bool,
        place: RulePlace,
    ) -> Result<RuleResponse, RuleError> {
        for (word, reset) in [("drop", false), ("reset", true)] {
            if cursor.take(word) {
                return self.close(cursor, reset, is_last).map(RuleResponse::Close);
            }
        }
        if cursor.take("forward") {
            return forward(cursor);
        }
        if cursor.take("trickle") {
            let bytes = number(cursor, "the bytes per piece, from 1 to 1048576", 1..=1 << 20)? as usize;
            cursor.expect("per")?;
            let every = time(cursor, Duration::from_millis(1))?;
            let answer = self.with_body(cursor, 1, "at least 1 byte", is_last)?;
            return Ok(RuleResponse::Answer(answer, SendManner::Trickle { bytes, every }));
        }
        if cursor.take("length") {
            return self.wrong_length(cursor, is_last);
        }
        let answer = self.answer(cursor, is_last).map_err(|error| error.in_place(place))?;
        Ok(RuleResponse::Answer(answer, SendManner::Whole))
    }

    fn close(&self, cursor: &mut TextCursor<'_>, reset: bool, is_last: bool) -> Result<Close, RuleError> {
        let places = [("before", CloseAt::BeforeHead), ("in", CloseAt::InHead), ("after", CloseAt::AfterHead)];
        let Some((_, at)) = places.into_iter().find(|(word, _)| cursor.take(word)) else {
            return Ok(Close { at: CloseAt::BeforeHead, reset, answer: AnswerChoice::Auto });
        };
        cursor.expect("head")?;
        let ends = cursor.is_done() || (!is_last && cursor.peek().eq_ignore_ascii_case("then"));
        let answer = match at {
            _ if ends => AnswerChoice::Auto,
            CloseAt::BeforeHead => return Err(cursor.unexpected("nothing more: before the head there is no answer")),
            CloseAt::InHead => self.answer(cursor, is_last)?,
            CloseAt::AfterHead => self.with_body(cursor, 2, "at least 2 bytes", is_last)?,
        };
        Ok(Close { at, reset, answer })
    }

    fn wrong_length(&self, cursor: &mut TextCursor<'_>, is_last: bool) -> Result<RuleResponse, RuleError> {
        let (at, word) = (cursor.at(), cursor.word());
        let by = word.parse::<i32>().ok().filter(|by| *by != 0 && word.starts_with(['+', '-']));
        let by = by.filter(|by| by.unsigned_abs() as usize <= BODY_LIMIT).ok_or_else(|| {
            let expected = "a difference in bytes, such as +10 or -5";
            RuleProblem::Number { found: word.to_owned(), expected }.at(at)
        })?;
        let least = if by < 0 { by.unsigned_abs() as usize } else { 0 };
        let answer = self.with_body(cursor, least, "at least as many bytes as the length leaves out", is_last)?;
        Ok(RuleResponse::Answer(answer, SendManner::WrongLength(by)))
    }

    /// An answer whose body has at least this many bytes, and may have one at all.
    fn with_body(
        &self,
        cursor: &mut TextCursor<'_>,
        least: usize,
        words: &'static str,
        is_last: bool,
    ) -> Result<AnswerChoice, RuleError> {
        let at = cursor.at();
        let answer = self.answer(cursor, is_last)?;
        let status = match &answer {
            AnswerChoice::Written(written) => written.status,
            AnswerChoice::Named(named) => named.written.status,
            AnswerChoice::Handshake(handshake) => handshake.written.status,
            AnswerChoice::RetryAfter { status, .. } | AnswerChoice::Redirect { status, .. } => *status,
            AnswerChoice::Auto => 200,
        };
        if is_bodyless(status) {
            return Err(RuleProblem::Bodyless(status).at(at));
        }
        if answer.least_body_bytes() < least && !answer.body_varies() {
            return Err(RuleProblem::NeedsBody(words).at(at));
        }
        Ok(answer)
    }

    fn answer(&self, cursor: &mut TextCursor<'_>, is_last: bool) -> Result<AnswerChoice, RuleError> {
        let (at, word) = (cursor.at(), cursor.peek());
        if cursor.take("auto") {
            return Ok(AnswerChoice::Auto);
        }
        if cursor.take("redirect") {
            return redirect(cursor);
        }
        if cursor.take("retry-after") {
            let status = optional_status(cursor)?.unwrap_or(429);
            let wait = time(cursor, Duration::ZERO)?;
            return Ok(AnswerChoice::RetryAfter { status, seconds: wait.as_secs() });
        }
        if word.len() == 3 && word.bytes().all(|byte| byte.is_ascii_digit()) {
            cursor.word();
            return written(word, at, cursor, is_last).map(AnswerChoice::Written);
        }
        if let Some(handshake) = Handshake::named(word) {
            let handshake = handshake.map_err(|problem| problem.at(at))?;
            cursor.word();
            return Ok(AnswerChoice::Handshake(handshake));
        }
        match self.names.iter().find(|named| named.name.eq_ignore_ascii_case(word)) {
            Some(named) => {
                cursor.word();
                Ok(AnswerChoice::Named(Arc::clone(named)))
            }
            None if cursor.is_quoted() => {
                let mut ahead = *cursor;
                ahead.quoted()?;
                Err(RuleProblem::QuotedAction.at(at))
            }
            None => {
                let names = self.names.iter().map(|named| named.name.clone()).collect();
                Err(RuleProblem::Unknown { word: word.to_owned(), place: RulePlace::Answer, names }.at(at))
            }
        }
    }
}

/// An answer that is written down with its status.
pub(super) fn answer_of(cursor: &mut TextCursor<'_>) -> Result<CustomAnswer, RuleError> {
    let (at, word) = (cursor.at(), cursor.word());
    written(word, at, cursor, true)
}

fn redirect(cursor: &mut TextCursor<'_>) -> Result<AnswerChoice, RuleError> {
    let at = cursor.at();
    let status = optional_status(cursor)?.unwrap_or(302);
    if !matches!(status, 301 | 302 | 303 | 307 | 308) {
        let expected = "301, 302, 303, 307 or 308";
        return Err(RuleProblem::Number { found: status.to_string(), expected }.at(at));
    }
    let place = cursor.at();
    let location = if cursor.is_quoted() { cursor.quoted()? } else { cursor.word().to_owned() };
    let template = Template::parse(&location).map_err(|error| RuleProblem::from(error).at(place))?;
    let is_url = template.texts().all(|text| text.bytes().all(|byte| matches!(byte, b'!'..=b'~')));
    if location.is_empty() || location.len() > HEADER_BYTES || !is_url {
        return Err(RuleProblem::BadHeader(format!("location: {location}")).at(place));
    }
    Ok(AnswerChoice::Redirect { status, location: template })
}

fn optional_status(cursor: &mut TextCursor<'_>) -> Result<Option<u16>, RuleError> {
    let (at, word) = (cursor.at(), cursor.peek());
    if word.is_empty() || !word.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    let status = word.parse().unwrap_or(0);
    check_status(status).map_err(|problem| problem.at(at))?;
    cursor.word();
    Ok(Some(status))
}

fn forward(cursor: &mut TextCursor<'_>) -> Result<RuleResponse, RuleError> {
    let mut targets = Vec::new();
    while cursor.peek().contains("://") || targets.is_empty() {
        let at = cursor.at();
        let target = target(cursor.word()).map_err(|problem| problem.at(at))?;
        targets.push(target);
        if targets.len() > TARGET_LIMIT {
            let expected = "at most 8 targets";
            return Err(RuleProblem::Number { found: targets.len().to_string(), expected }.at(at));
        }
    }
    Ok(RuleResponse::Forward(targets))
}

/// Reads a URL to forward to.
///
/// # Errors
///
/// [`RuleProblem::BadUrl`].
pub fn target(url: &str) -> Result<ForwardTarget, RuleProblem> {
    ForwardTarget::read(url).map_err(|reason| RuleProblem::BadUrl { url: url.to_owned(), reason })
}

fn pause(cursor: &mut TextCursor<'_>) -> Result<Option<Wait>, RuleError> {
    if !cursor.take("wait") {
        return Ok(None);
    }
    let at = cursor.at();
    let word = time_word(cursor);
    let (min, max) = word.split_once("..").unwrap_or((&word, &word));
    let (min, max) = (duration(min, at, Duration::ZERO)?, duration(max, at, Duration::ZERO)?);
    if min > max {
        let expected = "the shorter time first, such as 1s..3s";
        return Err(RuleProblem::Time { found: word.into_owned(), expected }.at(at));
    }
    Ok(Some(Wait { min, max }))
}

fn time(cursor: &mut TextCursor<'_>, least: Duration) -> Result<Duration, RuleError> {
    let at = cursor.at();
    duration(&time_word(cursor), at, least)
}

/// The next word, and with it the unit that somebody has written apart from the number: no time, but what was meant.
fn time_word<'a>(cursor: &mut TextCursor<'a>) -> Cow<'a, str> {
    let word = cursor.word();
    let apart = format!("{word} {}", cursor.peek());
    let is_number = word.bytes().all(|byte| byte.is_ascii_digit());
    if is_number && units::meant_duration(&apart).is_some() { Cow::Owned(apart) } else { Cow::Borrowed(word) }
}

/// Times here are whole microseconds.
fn duration(text: &str, at: usize, least: Duration) -> Result<Duration, RuleError> {
    let read = units::parse_duration(text).ok().filter(|time| (least..=LONGEST).contains(time));
    let expected = if least.is_zero() { "0s to 1h, such as 250ms or 30s" } else { "1ms to 1h, such as 250ms or 30s" };
    let time = read.ok_or_else(|| RuleProblem::Time { found: text.to_owned(), expected }.at(at))?;
    Ok(Duration::from_micros(u64::try_from(time.as_micros()).unwrap_or(u64::MAX)))
}

fn number(
    cursor: &mut TextCursor<'_>,
    expected: &'static str,
    range: std::ops::RangeInclusive<u32>,
) -> Result<u32, RuleError> {
    let (at, word) = (cursor.at(), cursor.word());
    let read =
        word.parse().ok().filter(|number| word.bytes().all(|byte| byte.is_ascii_digit()) && range.contains(number));
    read.ok_or_else(|| RuleProblem::Number { found: word.to_owned(), expected }.at(at))
}

pub(super) fn condition(error: QueryError, start: usize) -> RuleError {
    RuleProblem::Condition(error.problem).at(start + error.at)
}
