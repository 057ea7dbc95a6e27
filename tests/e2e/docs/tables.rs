//! Tables are tables: a row that has lost its table is read as text full of bars.

use super::all_pages;

/// The numbers of the lines, from 1, on which a table begins without a head.
fn torn(page: &str) -> Vec<usize> {
    let (mut torn, mut is_code, mut before) = (Vec::new(), false, "");
    let lines: Vec<&str> = page.lines().collect();
    for (at, line) in lines.iter().enumerate() {
        is_code ^= line.trim_start().starts_with("```");
        let begins = line.starts_with('|') && !before.starts_with('|');
        let is_delimiter =
            |line: &&&str| line.starts_with('|') && line.chars().all(|character| "|-: ".contains(character));
        if begins && !is_code && (!before.trim().is_empty() || lines.get(at + 1).filter(is_delimiter).is_none()) {
            torn.push(at + 1);
        }
        before = line;
    }
    torn
}

#[test]
fn every_table_has_a_head_and_a_line_before_it() {
    assert!(torn("a\n\n| b |\n|---|\n| c |\n").is_empty());
    assert_eq!(torn("a\n| b |\n|---|\n| c |\n\n```\n| d |\n```\n\n| e |\n| f |\n"), [2, 10]);
    for (path, page) in all_pages() {
        assert_eq!(torn(&page), Vec::<usize>::new(), "{path}");
    }
}
