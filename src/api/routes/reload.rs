//! `POST /reload`: the configuration, read again now.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::Shared;
use crate::api::ApiProblem;
use crate::api::extract::SafeJson;
use crate::config::shown;
use crate::server::ReloadReport;

pub(super) async fn reload(State(state): Shared) -> Result<SafeJson, ApiProblem> {
    let report = state.feed.watched().reload().await;
    match report.map_err(|_| ApiProblem::busy("the listener is stopping"))? {
        ReloadReport::Applied { file, changed, rules, remarks } => {
            let keys = |active| -> Value {
                let changed = changed.as_ref().map(|keys| keys.iter().filter(|key| key.1 == active).map(|key| key.0));
                changed.map_or(Value::Null, Iterator::collect)
            };
            Ok(SafeJson(json!({
                "file": shown(&file),
                "changed": keys(true),
                "at_next_start": keys(false),
                "rules": rules,
                "remarks": remarks,
            })))
        }
        ReloadReport::Refused(reason) => Err(ApiProblem::new(StatusCode::CONFLICT, format!("unchanged: {reason}"))),
        ReloadReport::NoFile(places) => {
            let places: Vec<String> = places.iter().map(|place| shown(place)).collect();
            Err(ApiProblem::missing(format!("no configuration file: there is none at {}", places.join(" or "))))
        }
    }
}
