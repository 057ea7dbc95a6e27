//! `whyhook export ID --as image`.

use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;

use super::{CliError, output};
use crate::archive::export::image;
use crate::delivery::{Delivery, DeliveryId};
use crate::payload::body::Body;
use crate::store::Reader;
use crate::system::save;

/// Writes an image of the one delivery that was chosen.
pub(super) fn run(
    reader: &Reader,
    ids: &[DeliveryId],
    index: Option<usize>,
    output: Option<&Path>,
    force: bool,
) -> Result<ExitCode, CliError> {
    let [id] = ids else {
        let words = format!("{} deliveries match, but an image belongs to one: give its number", ids.len());
        return Err(CliError::Usage(words));
    };
    match reader.load(*id)? {
        Some(delivery) => write(&delivery, index, output, force),
        None => {
            super::output::log(&format!("no delivery {id}: `whyhook list` shows the captured deliveries"));
            Ok(ExitCode::FAILURE)
        }
    }
}

/// Writes one image's bytes, and says on stderr when they are not all of it.
fn write(delivery: &Delivery, index: Option<usize>, output: Option<&Path>, force: bool) -> Result<ExitCode, CliError> {
    let id = delivery.summary.id;
    let body = Body::open(&delivery.head, delivery.body.clone());
    let found = match image::choose(id, &body, index) {
        Ok(found) => found,
        Err(none) => {
            output::log(&none.to_string());
            return Ok(ExitCode::FAILURE);
        }
    };
    match output {
        Some(path) => save::save(path, &found.binary.bytes, force)?,
        None if std::io::stdout().is_terminal() && !force => {
            let name = image::file_name(id, &found);
            return Err(CliError::Usage(format!(
                "binary data could control the terminal: add --output {name}, redirect stdout, or add --force"
            )));
        }
        None => output::print_bytes(&found.binary.bytes)?,
    }
    if image::is_partial(&found.binary) {
        output::log(&format!("partial: {}", found.binary.explanation()));
    }
    Ok(ExitCode::SUCCESS)
}
