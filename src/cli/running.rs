//! The listener that runs on the store of a command, asked over its socket.

use std::fs::File;
use std::process::ExitCode;

use serde_json::Value;

use super::{CliError, SettingsArgs, output};
use crate::api::{ApiClient, ApiClientError};
use crate::payload::grouped;
use crate::store::Location;

/// The running listener.
pub(super) struct RunningListener(ApiClient);

/// What it said: its JSON, or that it cannot be done, which has been printed.
pub(super) type ListenerReply = Result<Value, ExitCode>;

impl RunningListener {
    /// Finds the listener of this command's store.
    pub(super) fn find(settings: &SettingsArgs) -> Result<Self, CliError> {
        let location = settings.location()?;
        Self::on(&location)?.ok_or_else(|| {
            let store = location.file().display();
            CliError::Usage(format!("no listener runs on store {store}: start one with `whyhook`, or give its --store"))
        })
    }

    /// The listener of this store, where one runs.
    pub(super) fn on(location: &Location) -> Result<Option<Self>, CliError> {
        Ok(ApiClient::find(location).map_err(usage)?.map(Self))
    }

    /// Has a job done, and waits for its result.
    pub(super) fn job(&self, target: &str, body: &Value) -> Result<Value, CliError> {
        let job = self.0.ask("POST", target, Some(body)).map_err(usage)?;
        self.result(job)
    }

    /// Has a job done with a file.
    pub(super) fn upload(&self, target: &str, file: File) -> Result<Value, CliError> {
        let job = self.0.upload(target, file).map_err(usage)?;
        self.result(job)
    }

    /// Waits for a job's result; says now and then how far it is.
    fn result(&self, mut job: Value) -> Result<Value, CliError> {
        loop {
            match job["state"].as_str() {
                Some("done") => return Ok(job["result"].take()),
                Some("cancelled") => {
                    let done = job["result"]["deleted"].as_u64().unwrap_or_default();
                    let words = format!("cancelled in the running listener: {done} deliveries were deleted by then");
                    return Err(CliError::Usage(words));
                }
                Some("failed") => return Err(CliError::Usage(job["error"].as_str().unwrap_or("failed").to_owned())),
                _ => {}
            }
            if let (Some(done), Some(total)) = (job["progress"]["done"].as_u64(), job["progress"]["total"].as_u64()) {
                output::log(&format!("{} of {} so far", grouped(done), grouped(total)));
            }
            let target = format!("/jobs/{}?wait=true", job["job"]);
            job = self.0.ask("GET", &target, None).map_err(usage)?;
        }
    }

    /// Asks; exit code 1 when the listener cannot do it any more, such as for a delivery that is not held.
    pub(super) fn ask(&self, method: &str, target: &str, body: Option<&Value>) -> Result<ListenerReply, CliError> {
        match self.0.ask(method, target, body) {
            Ok(json) => Ok(Ok(json)),
            Err(ApiClientError::Refused { status: 404 | 409, detail }) => {
                output::log(&detail);
                Ok(Err(ExitCode::FAILURE))
            }
            Err(error) => Err(usage(error)),
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn usage(error: ApiClientError) -> CliError {
    CliError::Usage(error.to_string())
}
