//! Following what is answered, over rows and stores that cannot be read.

use super::*;
use crate::store::AnsweredRows;

/// Deliveries, and who follows them from the first on; `answered` of them have their answers.
fn followed(count: i64, answered: &[i64]) -> (Fixture, AnsweredRows) {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    for id in 1..=count {
        assert_eq!(keep(&handle, captured("x")), DeliveryId(id));
    }
    answered.iter().for_each(|id| handle.answered(DeliveryId(*id), answer()));
    drop(handle);
    writer.join();
    let rows = AnsweredRows::after(&fixture.location, DeliveryId(0)).unwrap();
    (fixture, rows)
}

/// The numbers that come, and what cannot be read.
fn taken(rows: &mut AnsweredRows) -> (Vec<i64>, Vec<String>) {
    let (mut ready, mut faults) = (Vec::new(), Vec::new());
    loop {
        let batch = rows.take();
        ready.extend(batch.ready.iter().map(|summary| summary.id.0));
        faults.extend(batch.faults.iter().map(ToString::to_string));
        if !batch.more {
            return (ready, faults);
        }
    }
}

#[test]
fn one_row_that_cannot_be_read_spoils_no_other_and_is_told_once() {
    let (fixture, mut rows) = followed(6, &[1, 2, 3, 4, 5]);
    change(&fixture, "UPDATE deliveries SET verdict = 'odd' WHERE id = 2");
    change(&fixture, "UPDATE deliveries SET path = CAST(x'ff' AS TEXT) WHERE id = 4");
    let (ready, faults) = taken(&mut rows);
    assert_eq!(ready, [1, 3, 5]);
    assert_eq!(faults.len(), 2, "{faults:?}");
    assert!(
        faults[0].contains("delivery 2: column verdict") && faults[1].contains("delivery 4: its row"),
        "{faults:?}"
    );
    assert_eq!((taken(&mut rows), rows.retry(), rows.has_open()), ((vec![], vec![]), None, true));
    // One that was seen before.
    change(&fixture, "UPDATE deliveries SET intake = 'odd' WHERE id = 6");
    let (ready, faults) = taken(&mut rows);
    assert!(ready.is_empty() && faults.len() == 1 && faults[0].contains("delivery 6"), "{faults:?}");
    assert_eq!((taken(&mut rows), rows.has_open()), ((vec![], vec![]), false));
}

#[test]
fn a_row_that_should_not_be_there_hides_none_of_those_to_come() {
    let (fixture, mut rows) = followed(1, &[1]);
    change(
        &fixture,
        "CREATE TEMP TABLE odd AS SELECT * FROM deliveries; UPDATE odd SET id = 50, verdict = 'odd';
        INSERT INTO deliveries SELECT * FROM odd",
    );
    assert_eq!(taken(&mut rows).1.len(), 1);
    change(&fixture, "CREATE TEMP TABLE odd AS SELECT * FROM deliveries WHERE id = 1; UPDATE odd SET id = 2;
        INSERT INTO deliveries SELECT * FROM odd; INSERT INTO answers SELECT 2, outcome, status, rule, latency_us, headers,
        body, interim, body_bytes FROM answers");
    assert_eq!(taken(&mut rows), (vec![2], vec![]));
    // Pages of nothing else come to an end.
    let many = "WITH RECURSIVE n(i) AS (SELECT 100 UNION ALL SELECT i + 1 FROM n WHERE i < 1300)
        INSERT INTO more SELECT * FROM odd, n";
    change(
        &fixture,
        &format!(
            "CREATE TEMP TABLE odd AS SELECT * FROM deliveries WHERE id = 50;
        CREATE TEMP TABLE more AS SELECT *, 0 AS i FROM odd WHERE 0; {many}; UPDATE more SET id = i;
        ALTER TABLE more DROP COLUMN i; INSERT INTO deliveries SELECT * FROM more"
        ),
    );
    let (ready, faults) = taken(&mut rows);
    assert_eq!((ready.len(), faults.len()), (0, 1201));
    assert_eq!(taken(&mut rows), (vec![], vec![]));
}

#[test]
fn nothing_is_lost_while_the_store_cannot_be_read() {
    let (fixture, mut rows) = followed(3, &[2]);
    assert_eq!(taken(&mut rows), (vec![2], vec![]));
    let (writer, handle, _events) = fixture.open();
    [1, 3].into_iter().for_each(|id| handle.answered(DeliveryId(id), answer()));
    handle.answered(keep(&handle, captured("x")), answer());
    drop(handle);
    writer.join();
    // Not all of what a look reads can be read: what it has read by then must come again.
    change(&fixture, "ALTER TABLE causes RENAME TO gone");
    let (ready, faults) = taken(&mut rows);
    assert_eq!((ready.len(), faults.len()), (0, 1), "{faults:?}");
    assert!(faults[0].contains("cannot read") && rows.retry().is_some(), "{faults:?}");
    assert_eq!(taken(&mut rows), (vec![], vec![]), "the same is told once");
    // It is worth asking again before anybody pokes.
    let (poke, pokes) = mpsc::channel();
    assert!(rows.wait(&pokes));
    change(&fixture, "ALTER TABLE gone RENAME TO causes");
    assert_eq!((taken(&mut rows), rows.retry()), ((vec![1, 3, 4], vec![]), None));
    poke.send(()).unwrap();
    drop(poke);
    assert!(rows.wait(&pokes) && !rows.wait(&pokes));
}
