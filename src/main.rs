//! The `whyhook` command.

fn main() {}
