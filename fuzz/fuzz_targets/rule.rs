//! Any text is a rule or a fault with its place, and a rule's own text is the same rule.

#![no_main]

use libfuzzer_sys::fuzz_target;
use whyhook::answer::Reader;

fuzz_target!(|text: &str| {
    match Reader::default().rule(text) {
        Ok(rule) => {
            let written = rule.to_string();
            assert_eq!(Reader::default().rule(&written).as_ref(), Ok(&rule), "{written:?}");
        }
        Err(error) => {
            assert!(error.at <= text.len());
            let _ = error.to_string();
        }
    }
});
