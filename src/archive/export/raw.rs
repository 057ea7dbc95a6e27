//! The bytes of a request exactly as received over the wire, chunk framing included.

use std::io::{self, Write};

use super::{ExportItem, Exporter, Warnings, warn_of_credentials, warn_of_intake};
use crate::delivery::{Delivery, Summary};

/// See the module. Several deliveries go to a file each, since nothing could tell them apart in one.
#[derive(Debug, Default)]
pub struct Raw {
    warnings: Warnings,
}

impl Exporter for Raw {
    fn add(&mut self, item: ExportItem<'_>, out: &mut dyn Write) -> io::Result<()> {
        let delivery = item.delivery;
        warn_of_credentials(item, &mut self.warnings);
        // One that was refused for its head has no body here that came in chunks.
        let has_body = delivery.summary.intake.is_whole() && !delivery.body.is_empty();
        if is_chunked(delivery) && delivery.framing.is_empty() && has_body {
            // As stores of earlier releases and imports have it.
            self.warnings.add(
                delivery.summary.id,
                "arrived in chunks, whose framing is not exported: the head still declares it, and the body is the \
                content of the chunks",
            );
        }
        warn_of_intake(delivery, &mut self.warnings);
        out.write_all(&delivery.head)?;
        out.write_all(&delivery.body_section())
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn warnings(&self) -> &Warnings {
        &self.warnings
    }
}

/// Whether the body came in chunks.
pub(super) fn is_chunked(delivery: &Delivery) -> bool {
    let head = &delivery.head;
    head.values("transfer-encoding").any(|value| value.to_ascii_lowercase().ends_with(b"chunked"))
}

/// A file name for a delivery: `000012-screenshot.http`. Of the event's name, which the sender chose, only
/// letters, digits, `-` and `_` remain.
#[must_use]
pub fn file_name(summary: &Summary) -> String {
    /// Enough for every name that is in use, and far below what any file system takes.
    const NAME_LIMIT: usize = 40;
    let safe = |character: char| if character.is_ascii_alphanumeric() || character == '_' { character } else { '-' };
    let name: String = summary.event.short_event().unwrap_or("request").chars().take(NAME_LIMIT).map(safe).collect();
    let name = name.trim_matches('-');
    format!("{:06}-{}.http", summary.id.0, if name.is_empty() { "request" } else { name })
}
