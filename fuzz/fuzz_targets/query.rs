//! Any text is a filter or a fault with its place, and a filter's own text is the same filter.

#![no_main]

use libfuzzer_sys::fuzz_target;
use whyhook::query::Query;

fuzz_target!(|text: &str| {
    match Query::parse(text) {
        Ok(query) => {
            let _ = (query.is_empty(), query.needs_content());
            let written = query.to_string();
            assert_eq!(Query::parse(&written).as_ref(), Ok(&query), "{written:?}");
        }
        Err(error) => {
            let _ = error.to_string();
        }
    }
});
