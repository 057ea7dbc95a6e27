//! What is said once the screen is given back, where it was not the person who has ended the interface.

use std::io::{self, Write as _};

use crate::server::StopReason;
use crate::text::counted;
use crate::tui::app::model::Model;

/// Who has ended it, and what becomes of what is held; `None` where the person has.
pub(super) fn words(reason: Option<StopReason>, model: &Model) -> Option<String> {
    let by = match reason? {
        StopReason::Signal(name) => name,
        StopReason::ControlInterface => "`whyhook stop`",
    };
    // A listener in another process goes on.
    let held = match (model.attachment.is_none(), model.answers.held.len() as u64) {
        (false, _) | (_, 0) => String::new(),
        (true, 1) => "; 1 held delivery gets its default answer".to_owned(),
        (true, many) => format!("; {} get their default answers", counted(many, "held delivery")),
    };
    Some(format!("stopped by {by}{held}"))
}

/// Says it on stderr, if anybody can still read that.
pub(super) fn say(words: Option<&str>) {
    if let Some(words) = words {
        let _ = writeln!(io::stderr().lock(), "whyhook: {words}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tui::app::view::tests::{model, secrets};

    #[test]
    fn who_has_stopped_it_is_said_and_what_becomes_of_what_is_held() {
        let mut model = model(&[], secrets());
        assert_eq!(words(None, &model), None);
        assert_eq!(words(Some(StopReason::Signal("SIGTERM")), &model).as_deref(), Some("stopped by SIGTERM"));
        let held = |id| crate::rules::Held {
            id: crate::delivery::DeliveryId(id),
            since: jiff::Timestamp::UNIX_EPOCH,
            until: jiff::Timestamp::UNIX_EPOCH,
            default: "401".to_owned(),
        };
        model.answers.held = vec![held(1)];
        let by_command = words(Some(StopReason::ControlInterface), &model).unwrap();
        assert_eq!(by_command, "stopped by `whyhook stop`; 1 held delivery gets its default answer");
        model.answers.held = vec![held(1), held(2)];
        assert!(
            words(Some(StopReason::ControlInterface), &model)
                .unwrap()
                .ends_with("2 held deliveries get their default answers")
        );
    }
}
