//! The listener that runs on the store of a command, asked over its socket.

use std::fs::File;
use std::net::SocketAddr;
use std::process::ExitCode;

use serde_json::Value;
use zeroize::Zeroizing;

use super::{CliError, SettingsArgs, output};
use crate::api::{ApiClient, ApiClientError};
use crate::config::Settings;
use crate::store::Location;
use crate::text::grouped;

/// The running listener.
pub(super) struct RunningListener(ApiClient);

/// What it said: its JSON, or that it cannot be done, which has been printed.
pub(super) type ListenerReply = Result<Value, ExitCode>;

impl RunningListener {
    /// Finds the listener of this command's store.
    pub(super) fn find(settings: &SettingsArgs) -> Result<Self, CliError> {
        let location = settings.location()?;
        Self::on(&location)?.ok_or_else(|| CliError::Usage(Self::missing_words(&location)))
    }

    /// That none runs on this store.
    pub(super) fn missing_words(location: &Location) -> String {
        let store = location.file().display();
        format!("no listener runs on store {store}: start one with `whyhook`, or give its --store")
    }

    /// The listener of this store, where one runs.
    pub(super) fn on(location: &Location) -> Result<Option<Self>, CliError> {
        Ok(ApiClient::find(location).map_err(usage)?.map(Self))
    }

    /// Where it listens, if that is told.
    fn address(&self) -> Option<SocketAddr> {
        let status = self.0.ask("GET", "/status", None).ok()?;
        status["listening"].as_str()?.strip_prefix("http://")?.parse().ok()
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
    pub(super) fn result(&self, mut job: Value) -> Result<Value, CliError> {
        loop {
            match job["state"].as_str() {
                Some("done") => return Ok(job["result"].take()),
                Some("cancelled") => {
                    return Err(CliError::Usage(cancelled_words(&job["result"])));
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

    /// Sends a body that holds a secret, and wipes it.
    pub(super) fn ask_secretly(
        &self,
        method: &str,
        target: &str,
        body: Zeroizing<String>,
    ) -> Result<ListenerReply, CliError> {
        answered(self.0.ask_secretly(method, target, body))
    }

    /// Asks; exit code 1 when the listener cannot do it any more, such as for a delivery that is not held.
    pub(super) fn ask(&self, method: &str, target: &str, body: Option<&Value>) -> Result<ListenerReply, CliError> {
        answered(self.0.ask(method, target, body))
    }
}

/// The settings with the address of the listener that runs on the store, where one does: what is sent to "this
/// program's own listener" goes to that one, and not to where a new one would be.
pub(super) fn at_running_listener(settings: Settings) -> Settings {
    match running_address(&settings) {
        Some(bind) => Settings { bind, ..settings },
        None => settings,
    }
}

/// Where the listener of the store is, if one runs and says so.
pub(super) fn running_address(settings: &Settings) -> Option<SocketAddr> {
    RunningListener::on(&Location::new(settings.store.clone())).ok().flatten()?.address()
}

fn answered(said: Result<Value, ApiClientError>) -> Result<ListenerReply, CliError> {
    match said {
        Ok(json) => Ok(Ok(json)),
        Err(ApiClientError::Refused { status: 404 | 409, detail }) => {
            output::log(&detail);
            Ok(Err(ExitCode::FAILURE))
        }
        Err(error) => Err(usage(error)),
    }
}

/// How far a job was when somebody cancelled it.
fn cancelled_words(result: &Value) -> String {
    let done = ["deleted", "changed", "restored", "imported", "judged", "sent"]
        .iter()
        .find_map(|name| Some((result[name].as_u64()?, *name)));
    match done {
        Some((done, name)) => format!("cancelled in the running listener: {} {name} by then", grouped(done)),
        None => "cancelled in the running listener".to_owned(),
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn usage(error: ApiClientError) -> CliError {
    CliError::Usage(error.to_string())
}
