//! `whyhook openapi`: the control interface as an OpenAPI document.

use std::process::ExitCode;

use super::{CliError, output};
use crate::api::openapi_document;

pub(super) fn run() -> Result<ExitCode, CliError> {
    output::print(&format!("{:#}\n", openapi_document()))?;
    Ok(ExitCode::SUCCESS)
}
