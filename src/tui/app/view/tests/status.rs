//! The overlay that says how the listener stands.

use super::*;
use crate::server::listener::{ListenerLimits, Load};
use crate::tui::app::update::update;
use crate::tui::screens::status::state::{Memory, Sizes, Status};

/// Nearly every connection is open, no more body fits, and each kind of refusal has happened.
fn busy() -> Status {
    let stats = StatsSnapshot { refused: 1_241, no_place: 1_234, no_room: 7, not_kept: 3, ..StatsSnapshot::default() };
    let limits = ListenerLimits::default();
    Status {
        load: Load { limits, connections: 900, in_flight_bytes: limits.in_flight_bytes, waiting: 17, held: 1, stats },
        uptime: Duration::from_secs(3_723),
        memory: Some(Memory { now: 301 << 20, most: 412 << 20 }),
        retention: "none older than 30 days, the newest 100000; looked at hourly, when deliveries come".to_owned(),
    }
}

#[rstest]
#[case(60, 20)]
#[case(80, 24)]
#[case(120, 36)]
#[case(200, 50)]
fn how_the_listener_stands(#[case] columns: u16, #[case] rows: u16) {
    let mut model = model(&three(), secrets());
    assert_eq!(update(&mut model, Message::Act(Action::Status)), [Effect::Observe]);
    update(&mut model, Message::Status(Box::new(busy())));
    update(&mut model, Message::Measured(Sizes { index: 12 << 20, log: 4_300_000_000 }));
    insta::assert_snapshot!(format!("status_{columns}x{rows}"), screen(&mut model, columns, rows));
}

#[test]
fn it_scrolls_where_it_does_not_fit_and_is_forgotten_when_it_closes() {
    let mut model = model(&three(), secrets());
    update(&mut model, Message::Act(Action::Status));
    assert!(screen(&mut model, 80, 24).contains("on disk      reading …"));
    update(&mut model, Message::Status(Box::new(busy())));
    assert!(!screen(&mut model, 60, 12).contains("retention"));
    update(&mut model, Message::Act(Action::Move(Step::Last)));
    assert!(screen(&mut model, 60, 12).contains("retention"));
    update(&mut model, Message::Act(Action::Back));
    // What was still on its way opens nothing.
    update(&mut model, Message::Status(Box::new(busy())));
    assert!(model.overlay.is_none());
}
