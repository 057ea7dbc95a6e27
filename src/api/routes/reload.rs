//! `POST /reload`: the configuration, read again now.

use axum::extract::State;
use axum::http::StatusCode;
use serde_json::json;

use super::Shared;
use crate::api::ApiProblem;
use crate::api::extract::SafeJson;
use crate::config::shown;
use crate::server::ReloadReport;

pub(super) async fn reload(State(state): Shared) -> Result<SafeJson, ApiProblem> {
    let report = state.feed.watched().reload().await;
    match report.map_err(|_| ApiProblem::busy("the listener is stopping"))? {
        ReloadReport::Applied { file, changed, at_next_start, rules, remarks } => Ok(SafeJson(json!({
            "file": shown(&file),
            "changed": changed,
            "at_next_start": at_next_start,
            "rules": rules,
            "remarks": remarks,
        }))),
        ReloadReport::Refused(reason) => Err(ApiProblem::new(StatusCode::CONFLICT, format!("unchanged: {reason}"))),
        ReloadReport::NoFile(places) => {
            let places: Vec<String> = places.iter().map(|place| shown(place)).collect();
            Err(ApiProblem::missing(format!("no configuration file: there is none at {}", places.join(" or "))))
        }
    }
}
