use super::*;

fn is_given_up(place: &ConnectionPlace) -> bool {
    place.seat.given_up.is_cancelled()
}

async fn pass(millis: u64) {
    tokio::time::advance(Duration::from_millis(millis)).await;
}

#[tokio::test(start_paused = true)]
async fn who_waits_idle_longest_gives_way_first() {
    let places = Places::new(3);
    let first = places.take().unwrap();
    pass(600).await;
    let second = places.take().unwrap();
    second.enter(Phase::Head);
    let third = places.take().unwrap();
    pass(600).await;
    let newcomer = places.take().unwrap();
    assert_eq!([&first, &second, &third].map(is_given_up), [true, false, false]);
    let another = places.take().unwrap();
    assert_eq!([&second, &third, &newcomer].map(is_given_up), [false, true, false]);
    // The second has sent nothing of a head; the newcomers are too new.
    let last = places.take().unwrap();
    assert!(is_given_up(&second));
    assert!(places.take().is_none(), "three that leave, and nobody who could");
    drop((first, second, third));
    pass(600).await;
    assert!(places.take().is_some());
    drop((newcomer, another, last));
    assert_eq!(places.taken(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_newcomer_waits_until_somebody_can_give_way() {
    let places = Places::new(2);
    let (first, second) = (places.take().unwrap(), places.take().unwrap());
    assert!(places.take().is_none(), "both are new");
    let (one, another) = (places.wait().await.unwrap(), places.wait().await.unwrap());
    assert_eq!([&first, &second].map(is_given_up), [true, true]);
    assert_eq!([&one, &another].map(is_given_up), [false, false]);
    one.enter(Phase::Ours);
    another.enter(Phase::Ours);
    assert!(places.wait().await.is_none(), "nobody can");
}

#[tokio::test(start_paused = true)]
async fn nobody_overtakes_the_line_and_a_place_that_comes_free_is_the_first_one_s() {
    let places = Places::new(1);
    let only = places.take().unwrap();
    only.enter(Phase::Ours);
    let mut line = two_in_line(&places);
    pass(30).await;
    drop(only);
    assert!(places.take().is_none(), "others came first");
    let first = line.remove(0).await.unwrap().unwrap();
    first.enter(Phase::Ours);
    pass(1000).await;
    assert!(line.remove(0).await.unwrap().is_none(), "in vain");
    drop(first);
    assert!(places.take().is_some(), "nobody waits");
}

/// Two that stand in line.
fn two_in_line(places: &Arc<Places>) -> Vec<tokio::task::JoinHandle<Option<ConnectionPlace>>> {
    let stand = |places: Arc<Places>| tokio::spawn(async move { places.wait().await });
    vec![stand(Arc::clone(places)), stand(Arc::clone(places))]
}

#[tokio::test(start_paused = true)]
async fn who_sends_or_waits_for_us_keeps_its_place() {
    let places = Places::new(2);
    let (sends, waits) = (places.take().unwrap(), places.take().unwrap());
    sends.enter(Phase::Body);
    waits.enter(Phase::Ours);
    for _ in 0..20 {
        pass(500).await;
        sends.note(600);
        assert!(places.take().is_none());
    }
    // It falls silent.
    pass(2000).await;
    assert!(places.take().is_some());
    assert_eq!((is_given_up(&sends), is_given_up(&waits)), (true, false));
}

#[tokio::test(start_paused = true)]
async fn of_those_who_send_slowly_the_slowest_gives_way() {
    let places = Places::new(3);
    let all: Vec<ConnectionPlace> = (0..3).map(|_| places.take().unwrap()).collect();
    all.iter().for_each(|place| place.enter(Phase::Body));
    for _ in 0..8 {
        pass(500).await;
        all[0].note(100);
        all[1].note(1);
        all[2].note(300);
    }
    let _newcomer = places.take().unwrap();
    assert_eq!([&all[0], &all[1], &all[2]].map(is_given_up), [false, true, false]);
}

#[tokio::test(start_paused = true)]
async fn room_is_given_up_by_who_withholds_it() {
    let places = Places::new(9);
    let (small, large, phone) = (places.take().unwrap(), places.take().unwrap(), places.take().unwrap());
    for (place, room) in [(&small, 0), (&large, 64 << 20), (&phone, 1 << 20)] {
        place.enter(Phase::Body);
        place.holds(room);
    }
    for _ in 0..6 {
        pass(500).await;
        // 4 KB a second are little for 64 MiB, and enough for one.
        large.note(2000);
        phone.note(2000);
    }
    assert!(places.relieve());
    assert_eq!([&small, &large, &phone].map(is_given_up), [false, true, false]);
    assert!(!places.relieve(), "the phone sends, and the other holds nothing");
}
