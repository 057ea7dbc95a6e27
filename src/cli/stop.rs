//! `whyhook stop`: ends the listener that runs on the store.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::running::RunningListener;
use super::{CliError, SettingsArgs, output};
use crate::api::ApiClient;

/// How long its end is waited for. It gives itself a second.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks.
const POLL: Duration = Duration::from_millis(20);

/// Returns once it is gone; exit code 1 when it is still there.
pub(super) fn run(settings: &SettingsArgs) -> Result<ExitCode, CliError> {
    let location = settings.location()?;
    if let Err(code) = RunningListener::find(settings)?.ask("POST", "/stop", None)? {
        return Ok(code);
    }
    let deadline = Instant::now() + PATIENCE;
    while !matches!(ApiClient::find(&location), Ok(None)) || location.is_in_use() {
        if Instant::now() >= deadline {
            output::log("the listener was asked to stop, and has not yet");
            return Ok(ExitCode::FAILURE);
        }
        std::thread::sleep(POLL);
    }
    Ok(ExitCode::SUCCESS)
}
