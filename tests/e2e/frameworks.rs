//! `whyhook check` against receivers in real frameworks: the rows of `tests/receivers/table.txt` that are marked for
//! these tests. `tests/receivers/run all` tries every row.

use crate::receivers::{Expected, FAILS, PASSES, check};
use crate::support::tools::{frameworks, tool};
use crate::support::{Receiver, TestEnv};

/// A row of the table: framework, mode, the required faults, the options of the check.
struct FrameworkRow<'t> {
    framework: &'t str,
    mode: &'t str,
    faults: Vec<&'t str>,
    options: Vec<&'t str>,
}

/// The rows of these tests, each with its name.
fn rows() -> Vec<(String, FrameworkRow<'static>)> {
    let lines =
        include_str!("../receivers/table.txt").lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let rows = lines.map(|line| line.split_whitespace().collect::<Vec<_>>()).filter(|columns| columns[3] == "e2e");
    rows.map(|columns| {
        let faults = columns[2].split(',').filter(|fault| *fault != "passed").collect();
        let row = FrameworkRow { framework: columns[0], mode: columns[1], faults, options: columns[4..].to_vec() };
        (format!("{}/{}", row.framework, row.mode), row)
    })
    .collect()
}

#[test]
fn each_framework_s_mistake_is_named_and_no_other() {
    let (Some(python), Some(cache)) = (tool("python3"), frameworks()) else { return };
    let env = TestEnv::with_secret();
    let rows = rows();
    let expected: Vec<Expected<'_>> = rows
        .iter()
        .map(|(name, row)| {
            let code = if row.faults.is_empty() { PASSES } else { FAILS };
            (&**name, &row.options[..], &row.faults[..], code)
        })
        .collect();
    check(&env, &expected, |name| {
        let (framework, mode) = name.split_once('/').unwrap();
        let receiver = Receiver::in_framework(&env, &python, &cache, framework, mode);
        (receiver.url(), receiver)
    });
}
