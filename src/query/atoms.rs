//! The atoms: each with its name, its help, and the code that reads its value.

use super::Problem;
use super::flags::{FLAGS, Flag, flag};
use super::named::{self, Wanted};
use super::needle::Needle;
use super::range::{self, DayEnd, Moment, Range};
use crate::delivery::Verdict;
use crate::payload::lookup::BodyPath;
use crate::text::nearest;

/// What an atom asks of a delivery.
#[derive(Debug, Clone)]
pub(super) enum Test {
    Word(Needle),
    Event(Needle),
    Verdict(VerdictTest),
    Is(&'static Flag),
    Path(Needle),
    Method(String),
    Status(Range),
    Webhook(Needle),
    Secret(Needle),
    Id(Range),
    Size(Range),
    Items(Range),
    /// In nanoseconds.
    Latency(Range),
    /// In milliseconds.
    Age(Range),
    Since(Moment),
    Until(Moment),
    Image(Needle),
    Rule(Needle),
    Remote(Needle),
    Body(Needle),
    Header(String, Option<Needle>),
    /// Of the target's query.
    Parameter(String, Wanted),
    /// Of a body in JSON or of a form.
    Field(BodyPath, Wanted),
}

/// What `verdict:` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VerdictTest {
    /// This verdict; verified is of complete requests only.
    Is(Verdict),
    /// Any verdict but verified.
    Bad,
    /// Verified, but with a timestamp outside the tolerance.
    Stale,
    /// A valid signature over a request of which only a part arrived: the name of its intake.
    Part(&'static str),
}

/// The cost of parsing a body as JSON, relative to searching it for one string.
const FIELD_WEIGHT: usize = 8;

/// The intakes that a list shows in place of "verified".
const PARTS: [&str; 3] = ["truncated", "too_large", "incomplete"];

/// An atom's place in the language.
#[derive(Debug)]
pub(super) struct Spec {
    name: &'static str,
    usage: &'static str,
    help: &'static str,
    /// Reads the value, which is never empty; an error says what was expected.
    read: fn(&str) -> Result<Test, String>,
}

/// Every `name:` atom, in the order in which help lists them.
static SPECS: [Spec; 22] = [
    Spec {
        name: "event",
        usage: "event:TEXT",
        help: "the event's name contains TEXT",
        read: |text| Ok(Test::Event(Needle::new(text))),
    },
    Spec {
        name: "verdict",
        usage: "verdict:WORD",
        help: "the verdict as the list shows it: verified, stale, mismatch, unsigned, no-time, malformed, ambiguous, no-secret, broken, truncated, too_large, incomplete; bad is any but verified; JSON's names work too",
        read: verdict,
    },
    Spec {
        name: "is",
        usage: "is:WORD",
        help: "sim, live, verified, bad, fresh, stale, complete, malformed, incomplete, truncated, too_large, answered, waiting, gone (the sender hung up), failed (on purpose), image",
        read: is,
    },
    Spec { name: "status", usage: "status:N", help: "the answered status: 503, 4xx, >=500, 200..299", read: status },
    Spec {
        name: "path",
        usage: "path:TEXT",
        help: "the request target contains TEXT",
        read: |text| Ok(Test::Path(Needle::new(text))),
    },
    Spec {
        name: "method",
        usage: "method:NAME",
        help: "the request's method",
        read: |text| Ok(Test::Method(text.to_owned())),
    },
    Spec {
        name: "webhook",
        usage: "webhook:TEXT",
        help: "the webhook's name contains TEXT",
        read: |text| Ok(Test::Webhook(Needle::new(text))),
    },
    Spec {
        name: "secret",
        usage: "secret:TEXT",
        help: "the label of the secret that matched contains TEXT",
        read: |text| Ok(Test::Secret(Needle::new(text))),
    },
    Spec {
        name: "id",
        usage: "id:N",
        help: "the delivery's number: 42, >100, 10..20",
        read: |text| numbers(text.strip_prefix('#').unwrap_or(text), Test::Id),
    },
    Spec { name: "size", usage: "size:>N", help: "the body's length: >10kb, <=1MiB, 100..200", read: size },
    Spec {
        name: "items",
        usage: "items:N",
        help: "number of items in the event's data: 1, >10",
        read: |text| numbers(text, Test::Items),
    },
    Spec {
        name: "latency",
        usage: "latency:>TIME",
        help: "time until the answer was complete: >100ms, <2s, 1s..5s",
        read: latency,
    },
    Spec {
        name: "age",
        usage: "age:>TIME",
        help: "age of the signed timestamp on arrival: >5m; <0s is in the future",
        read: age,
    },
    Spec {
        name: "since",
        usage: "since:WHEN",
        help: "arrived at or after WHEN: 1h (ago), 2026-01-28, an RFC 3339 time",
        read: |text| moment(text, DayEnd::First, Test::Since),
    },
    Spec {
        name: "until",
        usage: "until:WHEN",
        help: "arrived at or before WHEN; a date includes its whole day",
        read: |text| moment(text, DayEnd::Last, Test::Until),
    },
    Spec {
        name: "image",
        usage: "image:TEXT",
        help: "the image's form or format contains TEXT: node_print, jpeg",
        read: |text| Ok(Test::Image(Needle::new(text))),
    },
    Spec {
        name: "rule",
        usage: "rule:TEXT",
        help: "the rule that chose the answer contains TEXT",
        read: |text| Ok(Test::Rule(Needle::new(text))),
    },
    Spec {
        name: "remote",
        usage: "remote:TEXT",
        help: "the peer's address contains TEXT",
        read: |text| Ok(Test::Remote(Needle::new(text))),
    },
    Spec {
        name: "body",
        usage: "body:\"TEXT\"",
        help: "the body contains TEXT (reads every body)",
        read: |text| Ok(Test::Body(Needle::new(text))),
    },
    Spec {
        name: "header",
        usage: "header:NAME[=TEXT]",
        help: "the header exists, and contains TEXT (reads every head)",
        read: named::header,
    },
    Spec {
        name: "query",
        usage: "query:NAME[=TEXT]",
        help: "the target's query has the parameter, and it contains TEXT; == for exactly TEXT",
        read: named::parameter,
    },
    Spec {
        name: "field",
        usage: "field:PATH[=TEXT]",
        help: "the body has this JSON member or form field, and it contains TEXT; == for exactly TEXT (reads every body up to 1 MiB)",
        read: named::field,
    },
];

/// What the language understands, each as usage and explanation, for a person.
#[must_use]
pub fn help() -> Vec<(&'static str, &'static str)> {
    const GRAMMAR: [(&str, &str); 6] = [
        ("word", "number, method, path, event, verdict, status, peer, webhook or secret label contains it"),
        ("\"some words\"", "the same for text with spaces or special characters"),
        ("sim, live", "short for is:sim and is:live; #42 for id:42"),
        ("a b", "both (also: a and b)"),
        ("a | b", "either (also: a or b)"),
        ("!a, -a, not a", "not; ( ) group"),
    ];
    GRAMMAR.into_iter().chain(SPECS.iter().map(|spec| (spec.usage, spec.help))).collect()
}

/// The atom called `name`, in any letter case.
pub(super) fn spec(name: &str) -> Option<&'static Spec> {
    SPECS.iter().find(|spec| spec.name.eq_ignore_ascii_case(name))
}

/// Every atom's name.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    SPECS.iter().map(|spec| spec.name)
}

/// One test of a filter, with the text that it was read from.
#[derive(Debug, Clone)]
pub(super) struct Atom {
    /// `None` for a word.
    spec: Option<&'static Spec>,
    text: String,
    pub(super) test: Test,
}

/// The test follows from name and text.
impl PartialEq for Atom {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name() && self.text == other.text
    }
}

impl Eq for Atom {}

impl Atom {
    /// Reads the value `text` of `spec`.
    pub(super) fn new(spec: &'static Spec, text: String) -> Result<Self, Problem> {
        let read = if text.is_empty() { Err(format!("one, as in {}", spec.usage)) } else { (spec.read)(&text) };
        match read {
            Ok(test) => Ok(Self { spec: Some(spec), text, test }),
            Err(expected) => Err(Problem::BadValue { atom: spec.name, value: text, expected }),
        }
    }

    /// Reads a word that is not a `name:value`.
    pub(super) fn word(text: String, quoted: bool) -> Result<Self, Problem> {
        if text.is_empty() {
            return Err(Problem::ExpectedTerm);
        }
        let short = if quoted { None } else { shorthand(&text) };
        match short {
            Some((name, value)) => match spec(name) {
                Some(spec) => Self::new(spec, value),
                None => Err(Problem::ExpectedTerm),
            },
            None => Ok(Self { spec: None, test: Test::Word(Needle::new(&text)), text }),
        }
    }

    /// Whether `text`, written as a word without quotation marks, is read as that word.
    pub(super) fn reads_as_itself(text: &str) -> bool {
        let plain = |character: char| character.is_alphanumeric() || matches!(character, '.' | '_' | '/' | '-');
        let keyword = ["and", "or", "not"].iter().any(|keyword| text.eq_ignore_ascii_case(keyword));
        !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) && !keyword && shorthand(text).is_none()
    }

    /// The atom's name; `None` for a word.
    pub(super) fn name(&self) -> Option<&'static str> {
        self.spec.map(|spec| spec.name)
    }

    /// The value's text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// How much work it is to ask for a byte of a body.
    pub(super) fn body_weight(&self) -> usize {
        match &self.test {
            Test::Body(needle) => needle.weight(),
            Test::Field(..) => FIELD_WEIGHT,
            _ => 0,
        }
    }

    /// Whether it looks into the head or the body.
    pub(super) fn needs_content(&self) -> bool {
        matches!(self.test, Test::Body(_) | Test::Header(..) | Test::Field(..))
    }
}

/// The atom and value that a bare word stands for.
fn shorthand(text: &str) -> Option<(&'static str, String)> {
    if ["sim", "live"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
        return Some(("is", text.to_ascii_lowercase()));
    }
    let digits = text.strip_prefix('#').filter(|digits| range::number(digits).is_some())?;
    Some(("id", digits.to_owned()))
}

fn verdict(text: &str) -> Result<Test, String> {
    let word = text.to_ascii_lowercase().replace(['-', ' '], "_");
    let part = PARTS.into_iter().find(|part| *part == word).map(VerdictTest::Part);
    let test = match &*word {
        "bad" => Some(VerdictTest::Bad),
        "stale" => Some(VerdictTest::Stale),
        _ => part.or_else(|| Verdict::from_name(text).map(VerdictTest::Is)),
    };
    test.map(Test::Verdict).ok_or_else(|| one_of(&word, || VERDICT_WORDS.into_iter()))
}

/// What a list shows for a verdict, as a filter takes it without quotation marks, and "bad".
const VERDICT_WORDS: [&str; 13] = [
    "verified",
    "stale",
    "mismatch",
    "unsigned",
    "no-time",
    "malformed",
    "ambiguous",
    "no-secret",
    "broken",
    "truncated",
    "too_large",
    "incomplete",
    "bad",
];

fn is(text: &str) -> Result<Test, String> {
    flag(text).map(Test::Is).ok_or_else(|| one_of(text, || FLAGS.iter().map(|flag| flag.name)))
}

/// "one of …", and the nearest of them.
fn one_of<I: Iterator<Item = &'static str>>(written: &str, words: impl Fn() -> I) -> String {
    let all = words().collect::<Vec<_>>().join(", ");
    match nearest(written, words()) {
        Some(word) => format!("one of {all}; did you mean '{word}'?"),
        None => format!("one of {all}"),
    }
}

fn status(text: &str) -> Result<Test, String> {
    range::status(text).map(Test::Status).ok_or_else(|| "a status such as 503, 4xx, >=500 or 200..299".to_owned())
}

fn numbers(text: &str, test: fn(Range) -> Test) -> Result<Test, String> {
    Range::parse(text, range::number).map(test).ok_or_else(|| "a number such as 42, >100 or 10..20".to_owned())
}

fn size(text: &str) -> Result<Test, String> {
    Range::parse(text, range::size).map(Test::Size).ok_or_else(|| "a size such as >10kb, <=1MiB or 100..200".to_owned())
}

fn latency(text: &str) -> Result<Test, String> {
    compared(text, range::nanoseconds, Test::Latency)
        .ok_or_else(|| "a comparison or range such as >100ms, <2s or 1s..5s".to_owned())
}

fn age(text: &str) -> Result<Test, String> {
    compared(text, range::signed_milliseconds, Test::Age)
        .ok_or_else(|| "a comparison or range such as >5m, <0s or 1m..1h".to_owned())
}

/// A comparison or range; a single duration would ask for the very nanosecond.
fn compared(text: &str, read: fn(&str) -> Option<i64>, test: fn(Range) -> Test) -> Option<Test> {
    Range::parse(text, read).filter(|range| range.low != range.high || text.contains("..")).map(test)
}

fn moment(text: &str, end: DayEnd, test: fn(Moment) -> Test) -> Result<Test, String> {
    let expected = || "an age (90s, 1h), a date (2026-01-28) or an RFC 3339 time".to_owned();
    Moment::parse(text, end).map(test).ok_or_else(expected)
}
