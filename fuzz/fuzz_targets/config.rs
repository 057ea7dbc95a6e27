//! Any text is a configuration or a fault that can be shown on one line.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use whyhook::config::file::ConfigFile;

fuzz_target!(|text: &str| {
    let path = Path::new("whyhook.toml");
    for text in
        [text.to_owned(), format!("[[webhook]]\nname = \"a\"\npath = \"/a\"\n{text}"), format!("[secrets]\n{text}")]
    {
        match ConfigFile::parse(path, &text) {
            Ok(config) => config.warnings.iter().for_each(|warning| visible(&warning.to_string())),
            Err(error) => visible(&error.to_string()),
        }
    }
});

/// What is said of a file goes to a terminal.
fn visible(text: &str) {
    assert!(!text.chars().any(char::is_control), "{text:?}");
}
