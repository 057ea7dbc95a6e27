//! Any text is a configuration or a fault that can be shown on one line.

use std::path::Path;

use whyhook::config::file::ConfigFile;

/// The text after nothing, after a webhook and after a table of secrets.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let path = Path::new("whyhook.toml");
    for text in
        [text.to_owned(), format!("[[webhook]]\nname = \"a\"\npath = \"/a\"\n{text}"), format!("[secrets]\n{text}")]
    {
        match ConfigFile::parse(path, &text) {
            Ok(config) => config.warnings.iter().for_each(|warning| visible(&warning.to_string())),
            Err(error) => visible(&error.to_string()),
        }
    }
}

/// What is said of a file goes to a terminal.
fn visible(text: &str) {
    assert!(!text.contains('\n'), "{text:?}");
    super::assert_visible(text);
}
