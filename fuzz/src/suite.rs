//! Any bytes are a suite or a fault on one line, and a suite's own text is the same suite.

use whyhook::suite::file::{read, write};

/// The file.
pub fn run(data: &[u8]) {
    match read(data) {
        Ok(suite) => {
            let written = write(&suite);
            assert_eq!(read(written.as_bytes()).as_ref(), Ok(&suite), "{written:?}");
        }
        Err(fault) => assert_eq!(fault.to_string().lines().count(), 1),
    }
}
