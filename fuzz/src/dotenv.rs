//! Any text is a `.env` file.

use whyhook::config::dotenv::lookup;

/// A name and a file.
pub fn run(data: &[u8]) {
    let [name, text] = super::fields(data).map(|field| String::from_utf8_lossy(field));
    let (name, text) = (&*name, &*text);
    for name in [name, "", "A", "TRACKPILOTS_WEBHOOK_SECRET"] {
        if let Some(value) = lookup(text, name) {
            assert!(value.len() <= text.len());
        }
    }
    let _ = lookup(&format!("A={text}"), "A");
}
