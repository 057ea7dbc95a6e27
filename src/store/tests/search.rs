//! Searching by a filter: only some columns are read, and what is found is the same.

use super::*;
use crate::query::Query;
use crate::store::{StoreScan, StoredContent};

/// Deliveries of many kinds, a third of them not answered and a few pruned.
pub(super) fn mixed() -> Fixture {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    for number in 0..60_usize {
        let mut delivery = captured(format!("{{\"body\":{number}}}"));
        delivery.received_at = Timestamp::from_second(1_769_590_000 + number as i64).unwrap();
        delivery.judgement.verdict = Verdict::ALL[number % Verdict::ALL.len()];
        delivery.path = format!("/path/{}", number % 7);
        if number % 2 == 0 {
            delivery.intake = Intake::Complete;
            delivery.image = None;
            delivery.webhook = None;
        }
        if number % 3 == 0 {
            delivery.event = EventFacts::default();
            delivery.judgement.secret = None;
            delivery.judgement.timestamp = None;
        }
        delivery.event.items = (number % 5 > 0).then_some(number as u64);
        let id = keep(&handle, delivery);
        if number % 3 > 0 {
            let status = 200 + 100 * (number as u16 % 4);
            handle.answered(id, Answer { status, latency: Duration::from_millis(number as u64), ..answer() });
        }
    }
    drop(handle);
    writer.join();
    let mut pruner = super::super::Pruner::open(&fixture.location).unwrap();
    let gone: Vec<DeliveryId> = [1, 20, 21, 22, 23, 40].map(DeliveryId).to_vec();
    pruner.prune(&gone, super::super::Thoroughness::Exact, &mut |_| Ok(())).unwrap();
    fixture
}

/// The same by looking at every row whole.
fn plainly(reader: &Reader, query: &Query, now: Timestamp, page: Page, limit: usize, budget: usize) -> StoreScan {
    let matches = |summary: &crate::delivery::Summary, reader: &Reader| {
        Ok(query.matches(summary, Some(&StoredContent::new(reader, summary.id)), now))
    };
    reader.scan(page, limit, budget, matches).unwrap()
}

#[rstest]
#[case("")]
#[case("post")]
#[case("4")]
#[case("200")]
#[case("500 | \"not judged\"")]
#[case("nothing-has-this")]
#[case("!path/3")]
#[case("event:app")]
#[case("verdict:bad sim")]
#[case("is:live | is:stale")]
#[case("is:fresh")]
#[case("is:complete is:waiting")]
#[case("is:truncated is:answered")]
#[case("is:image")]
#[case("method:post path:/path/1")]
#[case("status:4xx since:2026-01-28T08:46:50Z")]
#[case("status:5xx !(id:10..30)")]
#[case("webhook:dev secret:dev")]
#[case("size:>=10 items:>3")]
#[case("latency:>20ms")]
#[case("age:<0s")]
#[case("until:2026-01-28T08:46:50Z")]
#[case("image:node")]
#[case("rule:auto")]
#[case("remote:50000")]
#[case("body:7")]
#[case("header:host id:>30")]
#[case("id:18..24 | id:3")]
#[case("id:>70")]
#[case("id:5 id:6")]
#[case("size:>=10 status:4xx")]
#[case("cause:wrong_secret | tag:a | note:b | latency:>20ms")]
#[case(
    "post size:>=10 is:image is:stale items:>3 cause:wrong_secret | is:pinned | webhook:dev secret:dev since:2026-01-28T08:46:50Z"
)]
fn what_is_found_is_the_same(#[case] filter: &str) {
    let fixture = mixed();
    let (reader, now) = (fixture.reader(), Timestamp::from_second(1_769_591_000).unwrap());
    let query = Query::parse(filter).unwrap();
    let pages = [
        Page::Newest,
        Page::Before(DeliveryId(24)),
        Page::Before(DeliveryId(1)),
        Page::After(DeliveryId(19)),
        Page::After(DeliveryId(0)),
        Page::After(DeliveryId(60)),
    ];
    for page in pages {
        let whole = plainly(&reader, &query, now, page, usize::MAX, usize::MAX).rows;
        assert_eq!(reader.search(&query, now, page, usize::MAX, usize::MAX).unwrap().rows, whole, "{page:?}");
        // In parts, each going on where the last one ended.
        for (limit, budget) in [(2, 1000), (1000, 7)] {
            let is_upwards = matches!(page, Page::After(_));
            let (mut edge, mut found) = (page, Vec::new());
            loop {
                let scan = reader.search(&query, now, edge, limit, budget).unwrap();
                assert!(scan.rows.len() <= limit.min(budget));
                found = if is_upwards { [scan.rows, found].concat() } else { [found, scan.rows].concat() };
                match scan.next {
                    Some(next) => edge = if is_upwards { Page::After(next) } else { Page::Before(next) },
                    None => break,
                }
            }
            assert_eq!(found, whole, "{page:?}, {limit} of {budget}");
        }
    }
    let all: Vec<DeliveryId> =
        plainly(&reader, &query, now, Page::Newest, usize::MAX, usize::MAX).rows.iter().map(|row| row.id).collect();
    for limit in [0, 1, 5, usize::MAX] {
        assert_eq!(reader.matching(&query, now, limit).unwrap(), all[..all.len().min(limit)], "{limit}");
    }
}

#[test]
fn marks_are_looked_at_once_there_are_any() {
    let fixture = mixed();
    let (reader, query) = (fixture.reader(), Query::parse("tag:late").unwrap());
    let found = || reader.matching(&query, Timestamp::UNIX_EPOCH, usize::MAX).unwrap();
    assert_eq!(found(), []);
    let (writer, handle, _events) = fixture.open();
    let edit = crate::delivery::MarksEdit::Tag("late".to_owned());
    handle.mark(vec![DeliveryId(5), DeliveryId(50)], edit).blocking_recv().unwrap().unwrap();
    assert_eq!(found(), [DeliveryId(50), DeliveryId(5)]);
    drop(handle);
    writer.join();
}

#[test]
fn numbers_bound_what_is_looked_at() {
    let fixture = mixed();
    let query = Query::parse("id:<=3 post").unwrap();
    // One row more than are there would be asked to go on.
    let scan = fixture.reader().search(&query, Timestamp::UNIX_EPOCH, Page::Newest, 10, 3).unwrap();
    assert_eq!((scan.rows.len(), scan.next), (2, None));
}

#[test]
fn deliveries_are_counted_in_parts() {
    let fixture = mixed();
    let reader = fixture.reader();
    let (mut reached, mut total) = (DeliveryId(0), 0);
    while let (count, Some(highest)) = reader.count_from(reached, DeliveryId(50), 9).unwrap() {
        assert!(count <= 9 && highest > reached);
        (reached, total) = (highest, total + count);
    }
    assert_eq!((reached, total), (DeliveryId(50), 44));
    assert_eq!(reader.count_from(DeliveryId(19), DeliveryId(23), 9).unwrap(), (0, None));
    assert_eq!(reader.count().unwrap(), 54);
}

/// SQLite would plan a lookup again for each number, which costs more than the lookup.
#[test]
fn a_lookup_is_planned_once() {
    let fixture = mixed();
    let reader = fixture.reader();
    let sql = "SELECT d.id FROM deliveries d LEFT JOIN answers a ON a.id = d.id WHERE d.id = ?1";
    for id in 2..9 {
        let mut lookup = reader.connection().unwrap().prepare_cached(sql).unwrap();
        assert_eq!(lookup.query_row([id], |row| row.get::<_, i64>(0)).unwrap(), id);
        assert_eq!(lookup.get_status(rusqlite::StatementStatus::RePrepare), 0);
    }
}
