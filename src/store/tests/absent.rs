//! A log, or a part of it, that is not there.

use super::*;

/// A store with nine deliveries in the segments 1, 3 and 4, as after others were pruned.
fn in_three_segments() -> Fixture {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    for number in 0..9 {
        keep(&handle, captured(format!("body {number}")));
    }
    drop(handle);
    writer.join();
    let update = "UPDATE deliveries SET segment = CASE WHEN id < 4 THEN 1 WHEN id < 7 THEN 3 ELSE 4 END";
    rusqlite::Connection::open(fixture.location.file()).unwrap().execute_batch(update).unwrap();
    for segment in [3, 4] {
        std::fs::copy(fixture.location.segment(1), fixture.location.segment(segment)).unwrap();
    }
    fixture
}

fn absent_words(fixture: &Fixture) -> String {
    let folder = fixture.location.log().display().to_string();
    fixture.reader().absent().unwrap().map_or_else(String::new, |absent| absent.to_string().replace(&folder, "LOG"))
}

#[test]
fn files_that_are_missing_are_told_with_what_was_in_them() {
    let fixture = in_three_segments();
    assert_eq!(absent_words(&fixture), "");
    let [one, three, four] = [1, 3, 4].map(|segment| fixture.location.segment(segment));
    let away = fixture.folder.path().join("away");
    std::fs::rename(&three, &away).unwrap();
    assert_eq!(
        absent_words(&fixture),
        "LOG/00000003.log is missing: the requests of 3 deliveries (4 to 6) are lost, unless the log is put back \
         beside the index"
    );
    // A copy that is about to take its place has what stays.
    std::fs::rename(&away, fixture.location.segment_copy(3)).unwrap();
    assert_eq!(absent_words(&fixture), "");
    std::fs::remove_file(fixture.location.segment_copy(3)).unwrap();
    std::fs::remove_file(&four).unwrap();
    let words = absent_words(&fixture);
    assert!(
        words.starts_with("LOG/00000003.log is missing, and 1 more file of the log is missing or damaged: "),
        "{words}"
    );
    assert!(words.contains("6 deliveries (4 to 9)"), "{words}");
    std::fs::remove_dir_all(fixture.location.log()).unwrap();
    let words = absent_words(&fixture);
    assert!(words.starts_with("LOG is missing: the requests of 9 deliveries (1 to 9) are lost"), "{words}");
    assert!(!one.exists());
}

#[test]
fn a_newest_file_that_is_cut_short_is_told() {
    let fixture = in_three_segments();
    let newest = fixture.location.segment(4);
    let end = written(&newest);
    std::fs::OpenOptions::new().write(true).open(&newest).unwrap().set_len(end).unwrap();
    assert_eq!(absent_words(&fixture), "");
    std::fs::OpenOptions::new().write(true).open(&newest).unwrap().set_len(end - 100).unwrap();
    let words = absent_words(&fixture);
    assert!(words.starts_with("LOG/00000004.log is cut short: the request of delivery 9 is lost"), "{words}");
}

/// Whatever is kept afterwards, and whichever file it is.
#[test]
fn a_file_that_lost_its_last_records_is_told_as_long_as_its_rows_are_there() {
    let fixture = in_three_segments();
    let place = |id: i64| {
        let sql = "SELECT position, position + record_bytes FROM deliveries WHERE id = ?1";
        let connection = rusqlite::Connection::open(fixture.location.file()).unwrap();
        connection.query_row(sql, [id], |row| Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as u64))).unwrap()
    };
    let whole = std::fs::read(fixture.location.segment(1)).unwrap();
    let one = fixture.location.segment(1);
    for (length, expected) in [
        (place(2).1 - 1, "is cut short: the requests of 2 deliveries (2 to 3) are lost, "),
        (place(2).1, "is cut short: the request of delivery 3 is lost, "),
        (0, "is cut short: the requests of 3 deliveries (1 to 3) are lost, "),
    ] {
        std::fs::write(&one, &whole[..length as usize]).unwrap();
        assert!(
            absent_words(&fixture).starts_with(&format!("LOG/00000001.log {expected}")),
            "{}",
            absent_words(&fixture)
        );
    }
    for other in [vec![0; whole.len()], [b"else", &whole[..]].concat()] {
        std::fs::write(&one, other).unwrap();
        let words = absent_words(&fixture);
        assert!(words.starts_with("LOG/00000001.log is damaged: the request of delivery 3 is lost, and"), "{words}");
    }
    std::fs::remove_file(fixture.location.segment(3)).unwrap();
    let words = absent_words(&fixture);
    assert!(words.contains("and 1 more file of the log is missing or damaged: the requests of 4 deliveries (3 to 6)"));
    // The newest is whole, and one more is kept after it.
    let (writer, handle, _events) = fixture.open();
    keep(&handle, captured("one more"));
    drop(handle);
    writer.join();
    assert_eq!(absent_words(&fixture), words);
    std::fs::write(&one, &whole).unwrap();
    std::fs::write(fixture.location.segment(3), &whole).unwrap();
    assert_eq!(absent_words(&fixture), "");
}

#[test]
fn an_empty_store_misses_nothing() {
    let fixture = Fixture::new();
    let (writer, handle, _events) = fixture.open();
    drop(handle);
    writer.join();
    std::fs::remove_dir_all(fixture.location.log()).unwrap();
    assert_eq!(absent_words(&fixture), "");
}

#[test]
fn a_record_is_missing_or_damaged_or_cannot_be_read() {
    let fixture = in_three_segments();
    let path = fixture.location.segment(3);
    let words = || {
        let reader = fixture.reader();
        let error = reader.load(DeliveryId(5)).unwrap_err().to_string();
        assert_eq!(error, reader.open_body(DeliveryId(5)).unwrap_err().to_string());
        error.replace(&path.display().to_string(), "FILE")
    };
    std::fs::write(&path, vec![7; 9000]).unwrap();
    assert_eq!(words(), "delivery 5: its record is lost: FILE is damaged");
    std::fs::remove_file(&path).unwrap();
    assert_eq!(words(), "delivery 5: its record is lost: FILE is missing");
    // As a file of another user: it may be whole.
    std::fs::create_dir(&path).unwrap();
    assert_eq!(words(), "delivery 5: cannot read its record in FILE: it is a directory, not a file");
}

#[test]
fn an_index_that_is_damaged_is_made_again_from_its_log() {
    let fixture = in_three_segments();
    let whole = std::fs::read(fixture.location.file()).unwrap();
    // Its first bytes, what says that it is a store, and something within.
    for at in [0, 68, 100, 4096] {
        let mut damaged = whole.clone();
        damaged[at..at + 16].fill(0x5a);
        if at == 4096 {
            damaged[at..].fill(0x5a);
        }
        std::fs::write(fixture.location.file(), &damaged).unwrap();
        let read = Reader::open(&fixture.location).and_then(|reader| reader.page(Page::Newest, 10));
        for error in [read.unwrap_err(), fixture.open_error()] {
            assert!(matches!(error, StoreError::IndexDamaged { .. }), "{at}: {error}");
            assert!(error.advises() && error.to_string().contains("to rebuild it from the log"), "{error}");
        }
    }
    // Without a log it may be anybody's.
    std::fs::write(fixture.location.file(), vec![0x5a; 9000]).unwrap();
    std::fs::remove_dir_all(fixture.location.log()).unwrap();
    assert!(matches!(fixture.open_error(), StoreError::NotAStore { .. }));
}
