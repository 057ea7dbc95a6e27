//! What a filter needs to know of a delivery.

use rstest::rstest;

use super::*;

#[rstest]
#[case("", i64::MIN..=i64::MAX)]
#[case("post", i64::MIN..=i64::MAX)]
#[case("id:<=1000 post", i64::MIN..=1000)]
#[case("id:5..9 id:>7", 8..=9)]
#[case("#3 | id:7..9", 3..=9)]
#[case("#3 | post", i64::MIN..=i64::MAX)]
#[case("!#3", i64::MIN..=i64::MAX)]
#[case("(#1 #2) | #9", 9..=9)]
fn numbers_bound_a_filter(#[case] text: &str, #[case] expected: std::ops::RangeInclusive<i64>) {
    assert_eq!(Query::parse(text).unwrap().ids(), expected);
}

#[test]
fn a_filter_asks_for_no_more_than_it_needs() {
    let fields = |text: &str| Query::parse(text).unwrap().fields();
    // Only what is whole is verified.
    assert_eq!(
        fields("verdict:bad (is:live | is:verified) #5"),
        [QueriedField::Intake, QueriedField::Event, QueriedField::Verdict]
    );
    assert_eq!(fields("verdict:unsigned"), [QueriedField::Intake, QueriedField::Verdict]);
    assert!(fields("verdict:stale").contains(&QueriedField::Timestamp));
    assert_eq!(fields("body:x | header:y | id:>4"), []);
    assert!(fields("503").contains(&QueriedField::Answer) && !fields("ten").contains(&QueriedField::Answer));
}
