//! Actions and rules as the text that reads as the same.

use std::fmt::{self, Display, Formatter, Write as _};
use std::time::Duration;

use super::action::{
    ActionKind, Close, CloseAt, CountedBy, Fail, ForwardTarget, Hold, RuleAction, RuleResponse, SendManner,
    TimedResponse, Wait,
};
use super::answer::{AnswerChoice, CustomAnswer};
use super::handshakes::PREFIX;
use super::rule::Rule;
use crate::text::is_hidden;

impl Display for Rule {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        if !self.when.is_empty() {
            write!(formatter, "{} → ", self.when)?;
        }
        self.then.fmt(formatter)
    }
}

impl Display for RuleAction {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        pause(formatter, self.wait)?;
        match &self.kind {
            ActionKind::Do(response) => response.fmt(formatter),
            ActionKind::Hold(hold) => hold.fmt(formatter),
            ActionKind::Fail(fail) => fail.fmt(formatter),
        }
    }
}

impl Display for Hold {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str("hold")?;
        if let Some(patience) = self.patience {
            write!(formatter, " {}", Time(patience))?;
        }
        let is_auto =
            self.otherwise == TimedResponse::from(RuleResponse::Answer(AnswerChoice::Auto, SendManner::Whole));
        if is_auto { Ok(()) } else { write!(formatter, " else {}", self.otherwise) }
    }
}

impl Display for Fail {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let per = match self.per {
            CountedBy::All => "",
            CountedBy::Body => " per body",
            CountedBy::Event => " per event",
        };
        write!(formatter, "fail {}{per} with {} then {}", self.times, self.with, self.then)
    }
}

impl Display for TimedResponse {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        pause(formatter, self.wait)?;
        self.response.fmt(formatter)
    }
}

impl Display for RuleResponse {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Answer(answer, SendManner::Whole) => answer.fmt(formatter),
            Self::Answer(answer, SendManner::Trickle { bytes, every }) => {
                write!(formatter, "trickle {bytes} per {} {answer}", Time(*every))
            }
            Self::Answer(answer, SendManner::WrongLength(by)) => write!(formatter, "length {by:+} {answer}"),
            Self::Close(close) => close.fmt(formatter),
            Self::Forward(targets) => {
                formatter.write_str("forward")?;
                targets.iter().try_for_each(|target| write!(formatter, " {}", target.url()))
            }
        }
    }
}

impl Display for Close {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.reset { "reset" } else { "drop" })?;
        formatter.write_str(match self.at {
            CloseAt::BeforeHead => return Ok(()),
            CloseAt::InHead => " in head",
            CloseAt::AfterHead => " after head",
        })?;
        if self.answer == AnswerChoice::Auto { Ok(()) } else { write!(formatter, " {}", self.answer) }
    }
}

impl Display for AnswerChoice {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => formatter.write_str("auto"),
            Self::Written(written) => written.fmt(formatter),
            Self::Named(named) => formatter.write_str(&named.name),
            Self::Handshake(handshake) => write!(formatter, "{PREFIX}{}", handshake.name),
            Self::Redirect { status, location } => {
                write!(formatter, "redirect {status} ")?;
                quoted(formatter, location.source())
            }
            Self::RetryAfter { status, seconds } => write!(formatter, "retry-after {status} {seconds}s"),
        }
    }
}

impl Display for CustomAnswer {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.status)?;
        for (name, value) in &self.headers {
            formatter.write_str(" header ")?;
            quoted(formatter, &format!("{name}: {value}"))?;
        }
        match &self.body {
            None => Ok(()),
            Some(body) => {
                formatter.write_char(' ')?;
                quoted(formatter, body.source())
            }
        }
    }
}

impl Display for ForwardTarget {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.url())
    }
}

fn pause(formatter: &mut Formatter<'_>, wait: Option<Wait>) -> fmt::Result {
    match wait {
        None => Ok(()),
        Some(Wait { min, max }) if min == max => write!(formatter, "wait {} ", Time(min)),
        Some(Wait { min, max }) => write!(formatter, "wait {}..{} ", Time(min), Time(max)),
    }
}

/// A duration in the largest unit that holds it exactly; nothing here is finer than a microsecond.
pub(super) struct Time(pub(super) Duration);

impl Display for Time {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self.0.as_micros() {
            micros if micros % 1_000_000 == 0 => write!(formatter, "{}s", micros / 1_000_000),
            micros if micros % 1_000 == 0 => write!(formatter, "{}ms", micros / 1_000),
            micros => write!(formatter, "{micros}us"),
        }
    }
}

/// Writes `text` in quotation marks, as [`super::cursor`] reads it.
fn quoted(formatter: &mut Formatter<'_>, text: &str) -> fmt::Result {
    formatter.write_char('"')?;
    for character in text.chars() {
        match character {
            '"' | '\\' => write!(formatter, "\\{character}")?,
            '\n' => formatter.write_str("\\n")?,
            '\r' => formatter.write_str("\\r")?,
            '\t' => formatter.write_str("\\t")?,
            hidden if is_hidden(hidden) => write!(formatter, "\\u{{{:x}}}", u32::from(hidden))?,
            plain => formatter.write_char(plain)?,
        }
    }
    formatter.write_char('"')
}
