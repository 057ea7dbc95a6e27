//! What fails at each stage, or has no room: nothing that stays is lost, then or later.

use super::*;

#[test]
fn cut_off_at_any_stage_nothing_that_stays_is_missing_then_or_later() {
    let doomed = ids([1, 2, 5, 6, 7, 8, 9, 12]);
    let stays = [3, 4, 10, 11];
    for at in 0.. {
        let fixture = filled(12, 4);
        let mut stages = 0;
        let mut pruner = Pruner::open(&fixture.location).unwrap();
        let cut = pruner.prune(&doomed, Thoroughness::Exact, &mut |_: PruneStage| {
            stages += 1;
            if stages > at { Err(StoreError::Stopped) } else { Ok(()) }
        });
        drop(pruner);
        let whole = cut.is_ok();
        // As a reader finds it before any writer has come.
        let now = readable(&fixture);
        assert!(stays.iter().all(|id| now.contains(id)), "cut at {at}: {now:?}");
        assert_eq!(keep_one_more(&fixture), 13, "cut at {at}");
        assert!(!fixture.location.log().join("00000001.log.new").exists());
        prune(&fixture, &ids([13])).unwrap();
        let later = readable(&fixture);
        assert_eq!(later, now, "cut at {at}: what is gone does not come back");
        prune(&fixture, &doomed).unwrap();
        assert_eq!(readable(&fixture), stays, "cut at {at}");
        assert_eq!(keep_one_more(&fixture), 14);
        if whole {
            assert_eq!(stages, 9, "three stages in each of three segments");
            break;
        }
    }
}

/// Whatever fails at whichever stage: what stays is there, then, after the same writer prunes that segment once more, and
/// for the next one.
#[test]
fn what_fails_at_any_stage_takes_nothing_that_stays_from_the_next_pruning() {
    use std::io::ErrorKind;
    let doomed = ids([1, 2, 5, 6, 7, 8, 9, 12]);
    let stays = [3, 4, 10, 11];
    for kind in [ErrorKind::StorageFull, ErrorKind::Other] {
        for at in 1..=9 {
            let fixture = filled(12, 4);
            let mut pruner = Pruner::open(&fixture.location).unwrap();
            let mut stages = 0;
            let outcome = pruner.prune(&doomed, Thoroughness::Exact, &mut |_: PruneStage| {
                stages += 1;
                if stages == at { Err(StoreError::io("log".as_ref(), "replace", kind.into())) } else { Ok(()) }
            });
            let case = format!("{kind} at {at}: {outcome:?}");
            let now = readable(&fixture);
            assert!(stays.iter().all(|id| now.contains(id)), "{case}: {now:?}");
            // Where the disk was full, it is done in place: whoever is told that all is well finds it so.
            assert!(outcome.is_err() || now == stays, "{case}: {now:?}");
            // Of each segment something more goes, or all that is left of it.
            pruner.prune(&ids([4, 10]), Thoroughness::Exact, &mut |_| Ok(())).unwrap();
            let now = readable(&fixture);
            assert!(now.contains(&3) && now.contains(&11) && !now.contains(&4), "{case}: {now:?}");
            pruner.prune(&doomed, Thoroughness::Exact, &mut |_| Ok(())).unwrap();
            assert_eq!(readable(&fixture), [3, 11], "{case}");
            drop(pruner);
            assert_eq!(keep_one_more(&fixture), 13, "{case}");
            std::fs::remove_file(fixture.location.file()).unwrap();
            assert_eq!(keep_one_more(&fixture), 14, "{case}");
            let rows = fixture.reader().page(Page::Newest, 100).unwrap();
            let found: Vec<i64> = rows.iter().map(|row| row.id.0).collect();
            assert_eq!(found, [14, 13, 11, 3], "{case}: the log alone says the same");
        }
    }
}

#[test]
fn a_copy_that_cannot_take_its_place_is_kept_until_it_can() {
    let fixture = filled(12, 4);
    let (segment, aside) = (fixture.location.segment(1), fixture.folder.path().join("aside"));
    let mut pruner = Pruner::open(&fixture.location).unwrap();
    // Nothing is renamed over a folder.
    let outcome = pruner.prune(&ids([1]), Thoroughness::Exact, &mut |stage| {
        if stage == PruneStage::Committed {
            std::fs::rename(&segment, &aside).unwrap();
            std::fs::create_dir(&segment).unwrap();
        }
        Ok(())
    });
    assert!(outcome.is_err());
    assert_eq!(readable(&fixture), (2..=12).collect::<Vec<_>>(), "from the copy");
    // For as long as it cannot, nothing more of the segment goes.
    assert!(pruner.prune(&ids([2]), Thoroughness::Exact, &mut |_| Ok(())).is_err());
    assert_eq!(readable(&fixture), (2..=12).collect::<Vec<_>>());
    std::fs::remove_dir(&segment).unwrap();
    std::fs::rename(&aside, &segment).unwrap();
    pruner.prune(&ids([2]), Thoroughness::Exact, &mut |_| Ok(())).unwrap();
    assert_eq!(readable(&fixture), (3..=12).collect::<Vec<_>>());
    drop(pruner);
    assert_eq!(keep_one_more(&fixture), 13);
    prune(&fixture, &ids([13])).unwrap();
    assert_eq!(readable(&fixture), (3..=12).collect::<Vec<_>>());
}

/// What a disk says that has no room for a copy.
fn full(stage: PruneStage) -> Result<(), StoreError> {
    match stage {
        PruneStage::Copied => Err(StoreError::io("copy".as_ref(), "write to", std::io::ErrorKind::StorageFull.into())),
        _ => Ok(()),
    }
}

#[test]
fn without_room_for_a_copy_what_goes_becomes_blank_where_it_lies() {
    let fixture = filled(30, 12);
    let before = std::fs::metadata(fixture.location.segment(1)).unwrap().len();
    let (writer, handle) = Writer::start_briefly(&fixture.location).unwrap();
    drop(handle);
    writer.join();
    assert!(fixture.location.reserve().exists());
    // The whole third segment, the newest among them, needs only the note of its number.
    let doomed = ids([1, 2, 3, 4, 7, 12, 17].into_iter().chain(25..=30));
    let mut pruner = Pruner::open(&fixture.location).unwrap();
    let mut copies = 0;
    let freed = pruner
        .prune(&doomed, Thoroughness::Exact, &mut |stage| {
            copies += usize::from(stage == PruneStage::Copied);
            if copies > 3 { Ok(()) } else { full(stage) }
        })
        .unwrap();
    drop(pruner);
    assert!(!fixture.location.reserve().exists(), "it is given up first");
    assert!(freed.deliveries == 13 && freed.bytes > 0, "{freed:?}");
    assert_eq!(std::fs::metadata(fixture.location.segment(1)).unwrap().len(), before, "in its place");
    let stays: Vec<i64> = (1..=24).filter(|id| !doomed.contains(&DeliveryId(*id))).collect();
    assert_eq!(readable(&fixture), stays);
    let log = log_bytes(&fixture);
    for gone in [b"4 4 4 4 4 ".as_slice(), b"12 12 12 12 ", b"17 17 17 17 "] {
        assert!(!log.windows(gone.len()).any(|part| part == gone), "{}", String::from_utf8_lossy(gone));
    }
    // The log alone says the same.
    std::fs::remove_file(fixture.location.file()).unwrap();
    let (writer, handle, _events) = fixture.open();
    // But for what `filled` has left torn.
    assert!(of_log(writer.losses()).iter().all(|loss| loss.bytes == 4), "{:?}", writer.losses());
    assert_eq!(keep(&handle, captured("one more")), DeliveryId(31));
    drop(handle);
    writer.join();
    let found: Vec<i64> = fixture.reader().page(Page::Newest, 100).unwrap().iter().rev().map(|row| row.id.0).collect();
    assert_eq!(found, [&stays[..], &[31]].concat());
    // With room again, what is blank goes as well.
    prune(&fixture, &ids([5])).unwrap();
    assert!(std::fs::metadata(fixture.location.segment(1)).unwrap().len() < before / 2);
}

#[test]
fn cut_off_between_the_rows_and_the_blanks_the_next_writer_finishes_it() {
    for doomed in [vec![2, 3, 5], vec![10, 11, 12], vec![1, 12]] {
        let fixture = filled(12, 12);
        let mut pruner = Pruner::open(&fixture.location).unwrap();
        let cut = pruner.prune(&ids(doomed.clone()), Thoroughness::Exact, &mut |stage| match stage {
            PruneStage::Committed => Err(StoreError::Stopped),
            stage => full(stage),
        });
        assert!(cut.is_err());
        drop(pruner);
        let stays: Vec<i64> = (1..=12).filter(|id| !doomed.contains(id)).collect();
        assert_eq!(readable(&fixture), stays);
        assert_eq!(keep_one_more(&fixture), 13, "{doomed:?}");
        let gone = body(doomed[1]).into_bytes();
        assert!(!log_bytes(&fixture).windows(gone.len()).any(|part| part == gone), "{doomed:?}");
        std::fs::remove_file(fixture.location.file()).unwrap();
        assert_eq!(keep_one_more(&fixture), 14);
        let found: Vec<i64> =
            fixture.reader().page(Page::Newest, 100).unwrap().iter().rev().map(|row| row.id.0).collect();
        assert_eq!(found, [&stays[..], &[13, 14]].concat(), "{doomed:?}");
    }
}
