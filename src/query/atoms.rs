//! The atoms: each with its name, its help, and the code that reads its value.

use super::flags::Flag;
use super::named::{self, Wanted};
use super::needle::Needle;
use super::range::{self, DayEnd, Moment, Range};
use super::values::{age, cause, has, is, latency, moment, numbers, size, status, verdict};
use super::{Problem, shown};
use crate::delivery::{Verdict, tag_of};
use crate::payload::lookup::BodyPath;

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
    /// As a person sees it.
    Body(Needle),
    /// As it was sent.
    RawBytes(Needle),
    Cause(Needle),
    Note(Needle),
    Tag(String),
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
    /// Likewise, and the timestamp is in the future.
    Future,
    /// A valid signature over a request of which only a part arrived: the name of its intake.
    Part(&'static str),
}

/// The cost of parsing a body as JSON, relative to searching it for one string.
const FIELD_WEIGHT: usize = 8;

/// An atom's place in the language.
#[derive(Debug)]
pub(super) struct Spec {
    pub(super) name: &'static str,
    usage: &'static str,
    pub(super) help: &'static str,
    /// Reads the value, which is never empty; an error says what was expected.
    read: fn(&str) -> Result<Test, String>,
}

/// Every `name:` atom, in the order in which help lists them.
pub(super) static SPECS: [Spec; 27] = [
    Spec {
        name: "event",
        usage: "event:TEXT",
        help: "the event's name contains TEXT",
        read: |text| Ok(Test::Event(Needle::new(text))),
    },
    Spec {
        name: "verdict",
        usage: "verdict:WORD",
        help: "the verdict as the list shows it: verified, stale, mismatch, unsigned, no-time, malformed, ambiguous, no-secret, broken, truncated, too_large, incomplete, rebuilt; bad is any but verified; future is stale by a timestamp in the future; JSON's names work too",
        read: verdict,
    },
    Spec {
        name: "cause",
        usage: "cause:CODE",
        help: "the likeliest cause of a mismatch has CODE, or it is a part of it: body_reserialized, secret, stale; code: is the same",
        read: cause,
    },
    Spec {
        name: "is",
        usage: "is:WORD",
        help: "sim, live, verified, bad, fresh, stale, complete, malformed, incomplete, truncated, too_large, rebuilt, answered, waiting, gone (the sender hung up), failed (on purpose), image, pinned",
        read: is,
    },
    Spec {
        name: "has",
        usage: "has:WORD",
        help: "body, event, items, image, signature, timestamp, secret (that matched), webhook, query, answer, cause, note, tag, pin",
        read: has,
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
        name: "note",
        usage: "note:TEXT",
        help: "your note contains TEXT",
        read: |text| Ok(Test::Note(Needle::new(text))),
    },
    Spec {
        name: "tag",
        usage: "tag:NAME",
        help: "it has your tag NAME",
        read: |text| tag_of(text).map(Test::Tag).ok_or_else(|| "a tag: letters, digits and . _ - / :".to_owned()),
    },
    Spec {
        name: "body",
        usage: "body:\"TEXT\"",
        help: "the body contains TEXT, as sent or as shown: inflated, escapes undone, forms decoded (reads every body)",
        read: |text| Ok(Test::Body(Needle::new(text))),
    },
    Spec {
        name: "bytes",
        usage: "bytes:\"TEXT\"",
        help: "the body as sent contains TEXT, compressed or not (reads every body)",
        read: |text| Ok(Test::RawBytes(Needle::new(text))),
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
    const GRAMMAR: [(&str, &str); 7] = [
        ("word", "number, method, path, event, verdict, status, peer, webhook, secret label, note or tag contains it"),
        ("\"some words\"", "the same for text with spaces or special characters"),
        ("sim, live", "short for is:sim and is:live; #42 for id:42"),
        ("@name", "the saved filter of that name, from [filters] of the configuration"),
        ("a b", "both (also: a and b)"),
        ("a | b", "either (also: a or b)"),
        ("!a, -a, not a", "not; ( ) group"),
    ];
    GRAMMAR.into_iter().chain(SPECS.iter().map(|spec| (spec.usage, spec.help))).collect()
}

/// The atom called `name`, in any letter case.
pub(super) fn spec(name: &str) -> Option<&'static Spec> {
    let name = if name.eq_ignore_ascii_case("code") { "cause" } else { name };
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
            Test::Body(needle) => needle.weight() * shown::WEIGHT,
            Test::RawBytes(needle) => needle.weight(),
            Test::Field(..) => FIELD_WEIGHT,
            _ => 0,
        }
    }

    /// Whether it looks into the head or the body.
    pub(super) fn needs_content(&self) -> bool {
        matches!(self.test, Test::Body(_) | Test::RawBytes(_) | Test::Header(..) | Test::Field(..))
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
