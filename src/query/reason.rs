//! Whether a filter can match at all, and what an earlier filter leaves for it.
//!
//! A filter is spread out into alternatives, each a list of tests that must hold or fail together; an
//! alternative is impossible when two of them exclude each other. That finds what people write by
//! mistake. It is not complete: what it cannot tell counts as possible.

use super::atoms::{Test, VerdictTest};
use super::needle::Needle;
use super::range::Range;
use super::{Atom, Node, Query};
use crate::delivery::Verdict;

/// Alternatives beyond this are not looked at.
const ALTERNATIVES: usize = 512;
/// Tests in one alternative beyond this, likewise.
const TESTS: usize = 64;

/// Words of `is:` of which at most one holds.
const EXCLUSIVE: [&[&str]; 3] =
    [&["sim", "live"], &["fresh", "stale"], &["complete", "malformed", "incomplete", "truncated", "too_large"]];

/// A test, and whether it must hold.
type Literal<'a> = (&'a Atom, bool);

impl Query {
    /// Whether no delivery can match this filter and none of `earlier`. `false` when it cannot be told.
    ///
    /// ```
    /// use whyhook::query::Query;
    /// let query = |text| Query::parse(text).unwrap();
    /// assert!(query("sim live").is_impossible_after(&[]));
    /// assert!(query("event:app").is_impossible_after(&[&query("sim"), &query("!sim")]));
    /// assert!(!query("event:app").is_impossible_after(&[&query("event:app sim")]));
    /// ```
    #[must_use]
    pub fn is_impossible_after(&self, earlier: &[&Self]) -> bool {
        let mut alternatives = match &self.root {
            None => vec![Vec::new()],
            Some(root) => match spread(root, true) {
                Some(alternatives) => alternatives,
                None => return false,
            },
        };
        alternatives.retain(|alternative| is_possible(alternative));
        for query in earlier {
            // An empty filter takes everything.
            let Some(root) = &query.root else { return true };
            let Some(left) = spread(root, false) else { continue };
            let Some(joined) = product(&alternatives, &left) else { continue };
            alternatives = joined;
        }
        alternatives.is_empty()
    }

    /// The name of an atom that asks what is known only once a delivery has been kept or answered.
    #[must_use]
    pub fn asks_of_answer(&self) -> Option<&'static str> {
        self.root.as_ref().and_then(asks_of_answer)
    }

    /// Both filters.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let nodes = [self.root, other.root].into_iter().flatten().flat_map(|node| match node {
            Node::All(nodes) => nodes,
            node => vec![node],
        });
        let mut nodes: Vec<Node> = nodes.collect();
        Self {
            root: match nodes.len() {
                0 => None,
                1 => nodes.pop(),
                _ => Some(Node::All(nodes)),
            },
        }
    }
}

fn asks_of_answer(node: &Node) -> Option<&'static str> {
    match node {
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().find_map(asks_of_answer),
        Node::Not(node) => asks_of_answer(node),
        Node::Atom(atom) => match &atom.test {
            Test::Status(_) => Some("status"),
            Test::Latency(_) => Some("latency"),
            Test::Rule(_) => Some("rule"),
            Test::Id(_) => Some("id"),
            Test::Is(flag) if flag.name == "answered" => Some("is:answered"),
            Test::Is(flag) if flag.name == "waiting" => Some("is:waiting"),
            Test::Is(flag) if flag.name == "gone" => Some("is:gone"),
            Test::Is(flag) if flag.name == "failed" => Some("is:failed"),
            _ => None,
        },
    }
}

/// The alternatives in which `node` holds (or fails); `None` when there are too many.
fn spread(node: &Node, holds: bool) -> Option<Vec<Vec<Literal<'_>>>> {
    match (node, holds) {
        (Node::Atom(atom), _) => Some(vec![vec![(atom, holds)]]),
        (Node::Not(node), _) => spread(node, !holds),
        // Not all is any not, and the other way about.
        (Node::All(nodes), true) | (Node::Any(nodes), false) => {
            let mut alternatives = vec![Vec::new()];
            for node in nodes {
                alternatives = product(&alternatives, &spread(node, holds)?)?;
            }
            Some(alternatives)
        }
        (Node::Any(nodes), true) | (Node::All(nodes), false) => {
            let mut alternatives = Vec::new();
            for node in nodes {
                alternatives.extend(spread(node, holds)?);
            }
            (alternatives.len() <= ALTERNATIVES).then_some(alternatives)
        }
    }
}

/// Every possible pairing; `None` when there are too many.
fn product<'a>(left: &[Vec<Literal<'a>>], right: &[Vec<Literal<'a>>]) -> Option<Vec<Vec<Literal<'a>>>> {
    if left.len().saturating_mul(right.len()) > 16 * ALTERNATIVES {
        return None;
    }
    let mut joined = Vec::new();
    for (one, other) in left.iter().flat_map(|one| right.iter().map(move |other| (one, other))) {
        let both: Vec<Literal<'a>> = one.iter().chain(other).copied().collect();
        if is_possible(&both) {
            joined.push(both);
        }
        if joined.len() > ALTERNATIVES || joined.last().is_some_and(|both| both.len() > TESTS) {
            return None;
        }
    }
    Some(joined)
}

fn is_possible(alternative: &[Literal<'_>]) -> bool {
    let pairs =
        alternative.iter().enumerate().flat_map(|(at, one)| alternative[at..].iter().map(move |two| (one, two)));
    pairs.into_iter().all(|(one, two)| !excludes(one, two) && !excludes(two, one))
}

/// Whether the two can never hold together.
fn excludes((one, holds): &Literal<'_>, (two, also): &Literal<'_>) -> bool {
    match (holds, also) {
        (true, true) => are_disjoint(&one.test, &two.test),
        (true, false) => implies(&one.test, &two.test),
        (false, true) => implies(&two.test, &one.test),
        // Every delivery is verified or is not.
        (false, false) => {
            matches!((verdict(&one.test), verdict(&two.test)), (Some(None), Some(Some(Verdict::Verified))))
        }
    }
}

/// The verdict that a test asks for; the inner `None` is "any but verified".
fn verdict(test: &Test) -> Option<Option<Verdict>> {
    match test {
        Test::Verdict(VerdictTest::Is(verdict)) => Some(Some(*verdict)),
        Test::Verdict(VerdictTest::Bad) => Some(None),
        Test::Is(flag) if flag.name == "verified" => Some(Some(Verdict::Verified)),
        Test::Is(flag) if flag.name == "bad" => Some(None),
        _ => None,
    }
}

fn are_disjoint(one: &Test, two: &Test) -> bool {
    if let (Some(one), Some(two)) = (verdict(one), verdict(two)) {
        return match (one, two) {
            (Some(one), Some(two)) => one != two,
            (None, Some(other)) | (Some(other), None) => other == Verdict::Verified,
            (None, None) => false,
        };
    }
    match (one, two) {
        (Test::Is(one), Test::Is(two)) => {
            one.name != two.name && EXCLUSIVE.iter().any(|group| group.contains(&one.name) && group.contains(&two.name))
        }
        (Test::Method(one), Test::Method(two)) => !one.eq_ignore_ascii_case(two),
        _ => ranges(one, two).is_some_and(|(one, two)| one.low.max(two.low) > one.high.min(two.high)),
    }
}

/// Whether `two` holds wherever `one` does.
fn implies(one: &Test, two: &Test) -> bool {
    if let (Some(one), Some(two)) = (verdict(one), verdict(two)) {
        return one == two || (two.is_none() && one != Some(Verdict::Verified));
    }
    let within = |one: &Needle, two: &Needle| one.holds(two);
    match (one, two) {
        (Test::Word(one), Test::Word(two))
        | (Test::Event(one), Test::Event(two))
        | (Test::Path(one), Test::Path(two))
        | (Test::Webhook(one), Test::Webhook(two))
        | (Test::Secret(one), Test::Secret(two))
        | (Test::Image(one), Test::Image(two))
        | (Test::Remote(one), Test::Remote(two))
        | (Test::Body(one), Test::Body(two)) => within(one, two),
        (Test::Header(one, value), Test::Header(two, wanted)) => {
            one.eq_ignore_ascii_case(two)
                && match (value, wanted) {
                    (_, None) => true,
                    (None, Some(_)) => false,
                    (Some(value), Some(wanted)) => within(value, wanted),
                }
        }
        (Test::Is(one), Test::Is(two)) => one.name == two.name,
        (Test::Method(one), Test::Method(two)) => one.eq_ignore_ascii_case(two),
        _ => ranges(one, two).is_some_and(|(one, two)| two.low <= one.low && one.high <= two.high),
    }
}

/// Two ranges of the same quantity.
fn ranges(one: &Test, two: &Test) -> Option<(Range, Range)> {
    match (one, two) {
        (Test::Size(one), Test::Size(two))
        | (Test::Items(one), Test::Items(two))
        | (Test::Age(one), Test::Age(two))
        | (Test::Id(one), Test::Id(two))
        | (Test::Status(one), Test::Status(two))
        | (Test::Latency(one), Test::Latency(two)) => Some((*one, *two)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn query(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    #[rstest]
    #[case("sim live")]
    #[case("sim !sim")]
    #[case("event:screenshot_tracking !event:Screenshot")]
    #[case("verdict:verified verdict:mismatch")]
    #[case("verdict:bad is:verified")]
    #[case("verdict:unsigned verdict:missing_timestamp")]
    #[case("!is:bad !verdict:verified")]
    #[case("method:GET method:POST")]
    #[case("size:>10kb size:<5kb")]
    #[case("items:5 !items:>2")]
    #[case("is:fresh is:stale")]
    #[case("header:X=ab !header:x=a")]
    #[case("header:X=ab !header:x")]
    #[case("(sim | event:a) live !event:a")]
    #[case("is:complete is:truncated")]
    #[case("size:9..5")]
    fn contradictions_are_found(#[case] text: &str) {
        assert!(query(text).is_impossible_after(&[]), "{text}");
    }

    #[rstest]
    #[case("")]
    #[case("sim")]
    #[case("event:app event:screenshot")]
    #[case("path:/a path:/b")]
    #[case("webhook:a !webhook:ab")]
    #[case("!sim !live")]
    #[case("!verdict:verified !verdict:mismatch")]
    #[case("header:X=a header:X=b")]
    #[case("size:>5 size:<10")]
    fn what_can_match_is_let_be(#[case] text: &str) {
        assert!(!query(text).is_impossible_after(&[]), "{text}");
    }

    #[rstest]
    #[case("sim", &["sim"], true)]
    #[case("sim event:app", &["event:ap"], true)]
    #[case("event:app", &["sim", "!sim"], true)]
    #[case("event:app", &["sim", "live"], false)]
    #[case("verdict:mismatch", &["verdict:bad"], true)]
    #[case("", &["sim | !sim"], true)]
    #[case("sim", &[""], true)]
    #[case("sim", &["sim event:app"], false)]
    fn earlier_filters_take_what_they_take(#[case] text: &str, #[case] earlier: &[&str], #[case] impossible: bool) {
        let earlier: Vec<Query> = earlier.iter().map(|text| query(text)).collect();
        assert_eq!(query(text).is_impossible_after(&earlier.iter().collect::<Vec<_>>()), impossible);
    }

    #[test]
    fn what_is_too_large_counts_as_possible() {
        let many = (0..20).map(|n| format!("(event:a{n} | path:b{n})")).collect::<Vec<_>>().join(" ");
        assert!(!query(&format!("{many} sim live")).is_impossible_after(&[]));
    }

    #[test]
    fn what_is_known_only_later_is_named() {
        assert_eq!(query("sim (event:a | !status:503)").asks_of_answer(), Some("status"));
        assert_eq!(query("is:gone").asks_of_answer(), Some("is:gone"));
        assert_eq!(query("sim event:a header:x=b").asks_of_answer(), None);
    }

    #[test]
    fn filters_are_joined() {
        assert_eq!(query("a b").and(query("c | d")).to_string(), "a b (c | d)");
        assert_eq!(query("").and(query("sim")), query("sim"));
        assert_eq!(query("").and(query("")), query(""));
    }
}
