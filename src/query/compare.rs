//! What comparing the tests of filters tells of them, and joining them.
//!
//! Only plain things are found, the ones that people write by mistake: a test beside its opposite, two that exclude each
//! other, and a filter that asks for all that another asks for and more.

use super::atoms::{Test, VerdictTest};
use super::{Node, Query, flags};

/// Words of `is:` of which at most one holds.
const EXCLUSIVE: [&[&str]; 4] = [
    &["sim", "live"],
    &["fresh", "stale"],
    &["verified", "bad"],
    &["complete", "malformed", "incomplete", "truncated", "too_large", "rebuilt"],
];

impl Query {
    /// Whether two of its tests exclude each other, so that no delivery can match.
    ///
    /// ```
    /// use whyhook::query::Query;
    /// assert!(Query::parse("sim event:app live").unwrap().contradicts_itself());
    /// assert!(!Query::parse("sim | live").unwrap().contradicts_itself());
    /// ```
    #[must_use]
    pub fn contradicts_itself(&self) -> bool {
        let nodes = self.conjuncts();
        nodes.iter().enumerate().any(|(at, one)| nodes[at + 1..].iter().any(|two| exclude(one, two)))
    }

    /// Whether all that it asks for is asked for by `other` too, so that it matches whatever `other` does.
    ///
    /// ```
    /// use whyhook::query::Query;
    /// let query = |text| Query::parse(text).unwrap();
    /// assert!(query("sim").covers(&query("event:app sim")));
    /// assert!(!query("event:app sim").covers(&query("sim")));
    /// ```
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        let asked = other.conjuncts();
        self.conjuncts().iter().all(|node| asked.contains(node))
    }

    /// What must hold together; nothing in an empty filter.
    fn conjuncts(&self) -> &[Node] {
        match &self.root {
            None => &[],
            Some(Node::All(nodes)) => nodes,
            Some(node) => std::slice::from_ref(node),
        }
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
            Test::Is(flag) => {
                let is_it = |word: &&&str| word.split_once(':').is_some_and(|(_, name)| name == flag.name);
                flags::LATER.iter().find(is_it).copied()
            }
            Test::Cause(_) => Some("cause"),
            Test::Note(_) => Some("note"),
            Test::Tag(_) => Some("tag"),
            _ => None,
        },
    }
}

/// Whether the two can never hold together.
fn exclude(one: &Node, two: &Node) -> bool {
    match (one, two) {
        (Node::Not(denied), asked) | (asked, Node::Not(denied)) if **denied == *asked => true,
        (Node::Atom(one), Node::Atom(two)) => are_disjoint(&one.test, &two.test),
        _ => false,
    }
}

fn are_disjoint(one: &Test, two: &Test) -> bool {
    match (one, two) {
        (Test::Is(one), Test::Is(two)) => {
            one.name != two.name && EXCLUSIVE.iter().any(|group| group.contains(&one.name) && group.contains(&two.name))
        }
        (Test::Verdict(VerdictTest::Is(one)), Test::Verdict(VerdictTest::Is(two))) => one != two,
        (Test::Method(one), Test::Method(two)) => !one.eq_ignore_ascii_case(two),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn query(text: &str) -> Query {
        Query::parse(text).unwrap()
    }

    #[rstest]
    #[case("sim live", true)]
    #[case("sim !sim", true)]
    #[case("event:a (sim | path:/x) !(sim | path:/x)", true)]
    #[case("verdict:unsigned verdict:mismatch", true)]
    #[case("is:bad is:verified", true)]
    #[case("method:GET method:POST", true)]
    #[case("is:fresh is:stale", true)]
    #[case("is:complete is:truncated", true)]
    #[case("", false)]
    #[case("sim", false)]
    #[case("sim sim", false)]
    #[case("event:app event:screenshot", false)]
    #[case("!sim !live", false)]
    #[case("sim | live", false)]
    #[case("method:post method:POST", false)]
    fn contradictions_are_found(#[case] text: &str, #[case] contradicts: bool) {
        assert_eq!(query(text).contradicts_itself(), contradicts);
    }

    #[rstest]
    #[case("", "sim", true)]
    #[case("", "", true)]
    #[case("sim", "sim", true)]
    #[case("!sim", "event:app !sim", true)]
    #[case("(a | b)", "event:app (a | b)", true)]
    #[case("sim", "", false)]
    #[case("sim", "live", false)]
    #[case("sim event:app", "sim", false)]
    #[case("sim", "sim | live", false)]
    fn a_filter_covers_what_asks_for_more(#[case] text: &str, #[case] other: &str, #[case] covers: bool) {
        assert_eq!(query(text).covers(&query(other)), covers);
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
