//! One JSON object a line, with the fields of `whyhook show --format json`. Nothing is lost on the way:
//! `whyhook import` makes the same delivery of it, except for its number.

use std::io::{self, Write};

use super::{ExportItem, Exporter, Warnings, warn_of_credentials};
use crate::delivery::detail_text;
use crate::text;

/// See the module.
#[derive(Debug, Default)]
pub struct Json {
    warnings: Warnings,
}

impl Exporter for Json {
    fn add(&mut self, item: ExportItem<'_>, out: &mut dyn Write) -> io::Result<()> {
        warn_of_credentials(item, &mut self.warnings);
        let mut line = detail_text(item.delivery, item.diagnosis);
        if let (Some(note), true) = (item.redacted, line.ends_with('}')) {
            line.pop();
            line.push_str(&format!(",\"redaction\":{note}}}"));
        }
        writeln!(out, "{}", text::safe_json(&line))
    }

    fn end(&mut self, _: &mut dyn Write) -> io::Result<()> {
        Ok(())
    }

    fn warnings(&self) -> &Warnings {
        &self.warnings
    }
}
