//! `whyhook config schema`: the JSON Schema of the configuration.

use std::collections::BTreeMap;
use std::process::ExitCode;

use serde_json::Value;

use crate::cli::{CliError, output};
use crate::config::schema;
use crate::tui::keymap::Keymap;

pub(super) fn run() -> Result<ExitCode, CliError> {
    output::print(&text())?;
    Ok(ExitCode::SUCCESS)
}

/// The schema as the text of a file.
pub(super) fn text() -> String {
    format!("{:#}\n", document())
}

fn document() -> Value {
    let keymap = Keymap::default();
    let mut actions: Vec<String> = Vec::new();
    let mut sections: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (section, action) in keymap.names() {
        if !actions.contains(&action) {
            actions.push(action.clone());
        }
        if let Some(section) = section {
            sections.entry(section.to_owned()).or_default().push(action);
        }
    }
    actions.sort();
    schema(&actions, &sections)
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::config::file::ConfigFile;

    #[test]
    fn every_key_that_is_printed_is_in_the_schema() {
        let printed: toml::Table = Keymap::default().toml().parse().unwrap();
        let schema = document();
        let mut count = 0;
        for (name, value) in printed["keys"].as_table().unwrap() {
            let known = &schema["properties"]["keys"]["properties"][name];
            assert!(known.is_object(), "{name}");
            for action in value.as_table().into_iter().flatten().map(|(action, _)| action) {
                assert!(known["properties"][action].is_object(), "{name}.{action}");
                count += 1;
            }
        }
        assert!(count > 100, "{count}");
    }

    #[test]
    fn every_key_in_the_schema_is_one_that_can_be_chosen() {
        let schema = document();
        let keys = schema["properties"]["keys"]["properties"].as_object().unwrap();
        let reads = |text: &str| {
            let file = ConfigFile::parse(Path::new("x"), text).unwrap();
            match Keymap::with(&file.keys) {
                Ok(_) => true,
                // A key that is taken is another matter: the name is known.
                Err(error) => !error.words.starts_with("unknown") && !error.words.contains("does nothing there"),
            }
        };
        for (name, value) in keys {
            match value["properties"].as_object() {
                None => assert!(reads(&format!("[keys]\n{name} = 'f12'")), "{name}"),
                Some(actions) => {
                    for action in actions.keys() {
                        assert!(reads(&format!("[keys.{name}]\n{action} = 'f12'")), "{name}.{action}");
                    }
                }
            }
        }
    }
}
