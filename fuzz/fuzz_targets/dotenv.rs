//! Any text is a `.env` file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use whyhook::config::dotenv::lookup;

fuzz_target!(|input: (&str, &str)| {
    let (name, text) = input;
    for name in [name, "", "A", "TRACKPILOTS_WEBHOOK_SECRET"] {
        if let Some(value) = lookup(text, name) {
            assert!(value.len() <= text.len());
        }
    }
    let _ = lookup(&format!("A={text}"), "A");
});
