//! Filters that look into heads and bodies.

use rstest::rstest;

use super::*;

#[rstest]
#[case("body:\"google chrome\"", true, 2)]
#[case("body:firefox", false, 2)]
#[case("!body:firefox", true, 2)]
#[case("bytes:firefox", false, 1)]
#[case("bytes:\"google chrome\"", true, 1)]
#[case("header:user-agent", true, 1)]
#[case("header:User-Agent=AXIOS", true, 1)]
#[case("header:x-two=\"b c\"", true, 1)]
#[case("header:X-Three", false, 1)]
#[case("header:X-Two=", true, 1)]
#[case("field:app", true, 2)]
#[case("field:app=chrome", true, 2)]
#[case("field:app==\"google chrome\"", true, 2)]
#[case("field:app==chrome", false, 2)]
#[case("field:apps", false, 2)]
#[case("query:x sim field:app", true, 2)]
#[case("body:firefox | sim", true, 0)]
#[case("body:chrome live", false, 0)]
#[case("body:chrome header:x-two sim", true, 2)]
fn content_is_fetched_only_when_it_decides(#[case] text: &str, #[case] expected: bool, #[case] asked: u32) {
    let query = Query::parse(text).unwrap();
    assert!(query.needs_content());
    let stored = Stored { asked: Cell::new(0), readable: true };
    assert_eq!(query.matches(&screenshot(), Some(&stored), now()), expected);
    assert_eq!(stored.asked.get(), asked);
    assert_eq!(query.settled(&screenshot(), now()).is_some(), asked == 0);
}

#[test]
fn content_that_cannot_be_read_matches_neither_way() {
    let stored = Stored { asked: Cell::new(0), readable: false };
    for text in ["body:x", "!body:x", "header:x", "!header:x"] {
        let query = Query::parse(text).unwrap();
        assert!(!query.matches(&screenshot(), Some(&stored), now()), "{text}");
        assert!(!query.matches(&screenshot(), None, now()), "{text}");
    }
}
