//! Any text is a filter or a fault with its place, and a filter's own text is the same filter.

use whyhook::query::Query;

/// The filter.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
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
}
