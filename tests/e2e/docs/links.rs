//! Every relative link of every page leads to a file, and its anchor to a heading there; every page is in the book.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

use super::{all_pages, blocks, pages, root};

#[test]
fn every_link_leads_somewhere() {
    let pages: BTreeMap<PathBuf, String> = all_pages().into_iter().map(|(path, text)| (path.into(), text)).collect();
    let mut broken = Vec::new();
    let mut count = 0;
    for (path, text) in &pages {
        for (line, target) in links(text) {
            count += 1;
            if let Some(reason) = fault(&pages, path, &target) {
                broken.push(format!("{}:{line}: {target}: {reason}", path.display()));
            }
        }
    }
    assert!(count > 200, "only {count} links found");
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_page_is_in_the_book_once() {
    let pages = pages();
    let (_, summary) = pages.iter().find(|(path, _)| path == "docs/SUMMARY.md").unwrap();
    let listed: Vec<String> = links(summary).into_iter().map(|(_, target)| target).collect();
    let unique: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(unique.len(), listed.len(), "a page is twice in docs/SUMMARY.md");
    for (path, text) in &pages {
        let name = path.strip_prefix("docs/").map_or_else(|| format!("../{path}"), str::to_owned);
        assert!(name == "SUMMARY.md" || unique.contains(&name), "{path} is not in docs/SUMMARY.md");
        assert!(text.starts_with("# "), "{path} has no title");
    }
}

/// What is wrong with a link of `page`; `None` for one that is right or leads to another host.
fn fault(pages: &BTreeMap<PathBuf, String>, page: &Path, target: &str) -> Option<String> {
    if target.contains("://") || target.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = target.split_once('#').map_or((target, None), |(file, anchor)| (file, Some(anchor)));
    let path = match file {
        "" => page.to_owned(),
        file => match normal(&page.parent().unwrap_or(Path::new("")).join(file)) {
            Some(path) => path,
            None => return Some("it leaves the repository".to_owned()),
        },
    };
    if !root().join(&path).exists() {
        return Some("no such file".to_owned());
    }
    let anchor = anchor?;
    match pages.get(&path) {
        None => Some("an anchor in what is not a page".to_owned()),
        Some(text) if headings(text).contains(anchor) => None,
        Some(_) => Some("no such heading".to_owned()),
    }
}

/// A path without `.` and `..`; `None` where it leads out of the repository.
fn normal(path: &Path) -> Option<PathBuf> {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => normal.push(name),
            Component::ParentDir if normal.pop() => {}
            Component::CurDir => {}
            _ => return None,
        }
    }
    Some(normal)
}

/// The targets of links and pictures with their lines: what is within `](…)`, outside of code.
fn links(page: &str) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    for line in blocks::lines(page).into_iter().filter(|line| line.block.is_none()) {
        let mut text = line.text.to_owned();
        for span in blocks::code_spans(line.text) {
            text = text.replace(&format!("`{span}`"), "code");
        }
        let mut rest = text.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let Some((target, after)) = after.split_once(')') else { break };
            found.push((line.number, target.to_owned()));
            rest = after;
        }
    }
    found
}

/// The anchors of a page's headings, as git hosts and mdBook make them: in lower case, without punctuation, hyphens for
/// spaces, and a number for each repetition.
fn headings(page: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for line in blocks::lines(page).into_iter().filter(|line| line.block.is_none()) {
        let Some(heading) = line.text.strip_prefix('#').map(|rest| rest.trim_start_matches('#')) else { continue };
        let Some(heading) = heading.strip_prefix(' ') else { continue };
        let anchor: String = heading
            .trim()
            .to_lowercase()
            .chars()
            .filter_map(|character| match character {
                ' ' => Some('-'),
                '-' | '_' => Some(character),
                other if other.is_alphanumeric() => Some(other),
                _ => None,
            })
            .collect();
        let mut unique = anchor.clone();
        let mut repetition = 0;
        while !anchors.insert(unique.clone()) {
            repetition += 1;
            unique = format!("{anchor}-{repetition}");
        }
    }
    anchors
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let text = "# A page\n[a](#a-page) ![b](docs/filters.md) `[c](nowhere.md)` [d](docs/filters.md#the-language)\n\
                ```\n[e](nowhere.md)\n```\n## Twice, `x` & y\n## Twice, `x` & y\n";
    let mut pages: BTreeMap<PathBuf, String> = [("README.md".into(), text.to_owned())].into();
    pages.insert("docs/filters.md".into(), "# F\n\n## The language\n".to_owned());
    let targets: Vec<String> = links(text).into_iter().map(|(_, target)| target).collect();
    assert_eq!(targets, ["#a-page", "docs/filters.md", "docs/filters.md#the-language"]);
    assert_eq!(headings(text), ["a-page", "twice-x--y", "twice-x--y-1"].map(str::to_owned).into());
    let fault = |page: &str, target: &str| fault(&pages, Path::new(page), target);
    for target in
        targets.iter().map(String::as_str).chain(["https://example.com/x", "Cargo.toml", "src/main.rs", "docs"])
    {
        assert_eq!(fault("README.md", target), None, "{target}");
    }
    assert_eq!(fault("docs/filters.md", "../README.md#a-page"), None);
    for target in ["nowhere.md", "docs/filters.md#no-heading", "#a-pag", "Cargo.toml#x", "../elsewhere.md", "readme.md"]
    {
        assert!(fault("README.md", target).is_some(), "{target}");
    }
}
