//! Asking a filter about a delivery.

use std::cell::OnceCell;

use bytes::Bytes;
use jiff::Timestamp;

use super::atoms::{Test, VerdictTest};
use super::needle::Needle;
use super::{Node, Query, shown};
use crate::delivery::{Delivery, Summary, Verdict};
use crate::http::Head;
use crate::payload::lookup;

/// A delivery's head and body, fetched only when a filter's answer hangs on them.
pub trait SearchedContent {
    /// The head as received; `None` when it cannot be read.
    fn head(&self) -> Option<Head>;

    /// The body as it was kept; `None` when it cannot be read.
    fn body(&self) -> Option<Bytes>;

    /// Whether a compressed body may be inflated for it: not while a sender waits.
    fn may_inflate(&self) -> bool {
        true
    }
}

impl SearchedContent for Delivery {
    fn head(&self) -> Option<Head> {
        Some(self.head.clone())
    }

    fn body(&self) -> Option<Bytes> {
        Some(self.body.clone())
    }
}

impl Query {
    /// Whether the delivery matches at the moment `now` (from which `since:1h` counts back).
    ///
    /// `content` is asked only when the summary does not settle the matter. When it is needed and
    /// missing, nothing matches.
    #[must_use]
    pub fn matches(&self, summary: &Summary, content: Option<&dyn SearchedContent>, now: Timestamp) -> bool {
        self.settled(summary, now).unwrap_or_else(|| {
            let asked = Asked::new(summary, content, now);
            self.root.as_ref().and_then(|root| asked.node(root)).unwrap_or(false)
        })
    }

    /// Whether the delivery matches as far as its summary tells: `None` when head or body decide.
    #[must_use]
    pub fn settled(&self, summary: &Summary, now: Timestamp) -> Option<bool> {
        match &self.root {
            None => Some(true),
            Some(root) => Asked::new(summary, None, now).node(root),
        }
    }

    /// Whether a delivery matches that may still be answered: `None` when its answer decides. "Not answered yet" is not
    /// "answered otherwise": `status:503` and `!status:503` both wait, and `is:waiting` does not.
    #[must_use]
    pub fn so_far(&self, summary: &Summary, content: Option<&dyn SearchedContent>, now: Timestamp) -> Option<bool> {
        let Some(root) = self.root.as_ref().filter(|_| summary.answer.is_none()) else {
            return Some(self.matches(summary, content, now));
        };
        let asked = Asked { is_open: true, ..Asked::new(summary, content, now) };
        let known = asked.node(root);
        // Who asks for what waits is told while it waits.
        let waits = known.is_none() && root.asks_whether_answered() && self.matches(summary, content, now);
        if waits { Some(true) } else { known }
    }
}

struct Asked<'a> {
    summary: &'a Summary,
    /// Whether what hangs on the answer is not known: it is still to come.
    is_open: bool,
    content: Option<&'a dyn SearchedContent>,
    now: Timestamp,
    /// Head and body, once some atom has asked for them: they may be read from a disk.
    head: OnceCell<Option<Head>>,
    body: OnceCell<Option<Bytes>>,
}

impl<'a> Asked<'a> {
    fn new(summary: &'a Summary, content: Option<&'a dyn SearchedContent>, now: Timestamp) -> Self {
        Self { summary, is_open: false, content, now, head: OnceCell::new(), body: OnceCell::new() }
    }

    fn head(&self) -> Option<&Head> {
        self.head.get_or_init(|| self.content?.head()).as_ref()
    }

    fn body(&self) -> Option<&Bytes> {
        self.body.get_or_init(|| self.content?.body()).as_ref()
    }

    /// Three-valued: `None` is "not known without the content", as in Kleene's logic.
    fn node(&self, node: &Node) -> Option<bool> {
        match node {
            Node::All(nodes) => self.first_or(nodes, false),
            Node::Any(nodes) => self.first_or(nodes, true),
            Node::Not(node) => self.node(node).map(|holds| !holds),
            Node::Atom(atom) => self.test(&atom.test),
        }
    }

    /// `decisive` if some node says so, else unknown if some node is, else its opposite.
    fn first_or(&self, nodes: &[Node], decisive: bool) -> Option<bool> {
        let mut outcome = Some(!decisive);
        for node in nodes {
            match self.node(node) {
                Some(holds) if holds == decisive => return Some(decisive),
                Some(_) => {}
                None => outcome = None,
            }
        }
        outcome
    }

    fn test(&self, test: &Test) -> Option<bool> {
        let summary = self.summary;
        if self.is_open && test.asks_for_answer() {
            return match test {
                Test::Word(needle) => self.any_field(needle).then_some(true),
                _ => None,
            };
        }
        let answer = summary.answer.as_ref();
        Some(match test {
            Test::Word(needle) => self.any_field(needle),
            Test::Event(needle) => is_in(needle, summary.event.event.as_deref()),
            Test::Verdict(VerdictTest::Is(Verdict::Verified)) => summary.is_verified(),
            Test::Verdict(VerdictTest::Is(verdict)) => {
                summary.judgement.verdict == *verdict
                    && !(*verdict == Verdict::NotJudged && summary.intake.is_rebuilt())
            }
            Test::Verdict(VerdictTest::Bad) => !summary.is_verified(),
            Test::Verdict(VerdictTest::Stale) => summary.is_verified_but_stale(),
            Test::Verdict(VerdictTest::Future) => {
                let age = summary.judgement.timestamp.as_ref().and_then(|timestamp| timestamp.age_ms);
                summary.is_verified_but_stale() && age.is_some_and(|age| age < 0)
            }
            Test::Verdict(VerdictTest::Part(name)) => {
                let replaced = if summary.intake.is_rebuilt() { Verdict::NotJudged } else { Verdict::Verified };
                summary.judgement.verdict == replaced && summary.intake.name() == *name
            }
            Test::Is(flag) => (flag.holds)(summary),
            Test::Path(needle) => needle.is_in(&summary.path),
            Test::Method(method) => summary.method.eq_ignore_ascii_case(method),
            Test::Status(range) => self.status().is_some_and(|status| range.holds(status.into())),
            Test::Webhook(needle) => is_in(needle, summary.webhook.as_deref()),
            Test::Secret(needle) => is_in(needle, summary.judgement.secret.as_deref()),
            Test::Id(range) => range.holds(summary.id.0),
            Test::Size(range) => range.holds(saturated(summary.body_bytes)),
            Test::Items(range) => summary.event.items.is_some_and(|items| range.holds(saturated(items))),
            Test::Latency(range) => answer.is_some_and(|answer| range.holds(saturated(answer.latency.as_nanos()))),
            Test::Age(range) => {
                let age = summary.judgement.timestamp.as_ref().and_then(|timestamp| timestamp.age_ms);
                age.is_some_and(|age| range.holds(age))
            }
            Test::Since(moment) => summary.received_at >= moment.resolve(self.now),
            Test::Until(moment) => summary.received_at <= moment.resolve(self.now),
            Test::Image(needle) => summary
                .image
                .as_ref()
                .is_some_and(|image| needle.is_in(&image.form) || is_in(needle, image.format.as_deref())),
            Test::Rule(needle) => answer.is_some_and(|answer| needle.is_in(answer.rule.as_str())),
            Test::Remote(needle) => needle.is_in(&summary.remote),
            Test::Body(needle) => {
                let (head, body) = (self.head()?, self.body()?);
                shown::is_in_shown(needle, head, body, self.content.is_some_and(SearchedContent::may_inflate))
            }
            Test::RawBytes(needle) => return Some(needle.is_in_bytes(self.body()?)),
            Test::Cause(needle) => is_in(needle, summary.cause.as_deref()),
            Test::Note(needle) => is_in(needle, summary.marks.note.as_deref()),
            Test::Tag(tag) => summary.marks.tags.binary_search(tag).is_ok(),
            Test::Header(name, value) => {
                let head = self.head()?;
                head.values(name).any(|field| value.as_ref().is_none_or(|value| value.is_in_bytes(field)))
            }
            Test::Parameter(name, wanted) => {
                lookup::parameter(summary.path.as_bytes(), name).is_some_and(|value| wanted.holds(&value))
            }
            Test::Field(path, wanted) => {
                let (head, body) = (self.head()?, self.body()?);
                path.find(head, body).is_some_and(|value| wanted.holds(value.text()))
            }
        })
    }

    fn any_field(&self, needle: &Needle) -> bool {
        let summary = self.summary;
        let verdict =
            Some(summary.judgement.verdict).filter(|verdict| *verdict != Verdict::Verified || summary.is_verified());
        needle.is_in(&summary.path)
            || is_in(needle, summary.event.event.as_deref())
            || verdict.is_some_and(|verdict| is_in_verdict(needle, verdict))
            || needle.is_in(&summary.method)
            || needle.is_in(&summary.remote)
            || is_in(needle, summary.webhook.as_deref())
            || is_in(needle, summary.judgement.secret.as_deref())
            || is_in(needle, summary.marks.note.as_deref())
            || summary.marks.tags.iter().any(|tag| needle.is_in(tag))
            || needle.is_in_number(summary.id.0.unsigned_abs())
            || self.status().is_some_and(|status| needle.is_in_number(status.into()))
    }

    /// The status answered; a sender that hung up was answered nothing.
    fn status(&self) -> Option<u16> {
        self.summary.answer.as_ref().map(|answer| answer.status).filter(|&status| status != 0)
    }
}

fn is_in_verdict(needle: &Needle, verdict: Verdict) -> bool {
    [verdict.code(), verdict.label(), verdict.words()].into_iter().any(|name| needle.is_in(name))
}

fn is_in(needle: &Needle, text: Option<&str>) -> bool {
    text.is_some_and(|text| needle.is_in(text))
}

fn saturated(number: impl TryInto<i64>) -> i64 {
    number.try_into().unwrap_or(i64::MAX)
}
