//! What is somebody's, taken out of a report that will be pasted into an issue.

use std::path::Path;

use crate::config::Environment;

/// Shorter user names are not looked for outside the home directory: they are words too often.
const TELLING: usize = 3;

/// Replaces folders and names of this machine.
#[derive(Debug, Clone)]
pub(super) struct Anonymous {
    /// Each with what takes its place, the longest first.
    folders: Vec<(String, &'static str)>,
    users: Vec<String>,
}

impl Anonymous {
    /// The current folder becomes `.`, the home directory `~`, and a user's name in a path or an address `USER`.
    pub(super) fn of(current: &Path, home: Option<&Path>, users: &[String]) -> Self {
        let named = [Some((current, ".")), home.map(|home| (home, "~"))];
        let text = |path: &Path| crate::config::shown(path);
        let mut folders: Vec<(String, &'static str)> = named
            .into_iter()
            .flatten()
            .map(|(path, mark)| (text(path), mark))
            .filter(|(path, _)| path.len() > 1)
            .collect();
        // Also as the system names them behind links.
        let real: Vec<_> = [Some((current, ".")), home.map(|home| (home, "~"))]
            .into_iter()
            .flatten()
            .filter_map(|(path, mark)| Some((text(&path.canonicalize().ok()?), mark)))
            .filter(|(path, _)| path.len() > 1)
            .collect();
        folders.extend(real);
        folders.sort_by_key(|(path, _)| std::cmp::Reverse(path.len()));
        let last = home.and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
        let mut users: Vec<String> = users.iter().cloned().chain(last).filter(|name| name.len() >= TELLING).collect();
        users.sort();
        users.dedup();
        Self { folders, users }
    }

    /// Of this process.
    pub(super) fn of_process(environment: &dyn Environment) -> Self {
        let variable = |name: &str| environment.variable(name).and_then(|value| value.into_string().ok());
        let users: Vec<String> = ["USER", "LOGNAME", "USERNAME"].into_iter().filter_map(variable).collect();
        Self::of(&environment.current_dir(), environment.home().as_deref(), &users)
    }

    /// The text without them.
    pub(super) fn text(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for (folder, mark) in &self.folders {
            text = replaced(&text, folder, mark, |before, after| {
                // `/home/ann` is no part of `/home/anna`, and no folder of another.
                !before.is_some_and(is_of_a_name) && !after.is_some_and(is_of_a_name)
            });
        }
        for user in &self.users {
            text = replaced(&text, user, "USER", |before, after| {
                let begins = before.is_none_or(|character| matches!(character, '/' | '\\' | ' ' | '\'' | '"' | '('));
                let is_whole = begins && !after.is_some_and(is_of_a_name);
                let is_in_path = before.is_some_and(|character| matches!(character, '/' | '\\'));
                is_whole && (is_in_path || after == Some('@'))
            });
        }
        text
    }
}

fn is_of_a_name(character: char) -> bool {
    character.is_alphanumeric() || matches!(character, '_' | '-' | '.')
}

/// The text with each `what` that is between characters that fit replaced.
fn replaced(text: &str, what: &str, by: &str, fits: impl Fn(Option<char>, Option<char>) -> bool) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut before = None;
    while let Some(at) = rest.find(what) {
        let (head, tail) = rest.split_at(at);
        let after = &tail[what.len()..];
        out.push_str(head);
        out.push_str(if fits(head.chars().next_back().or(before), after.chars().next()) { by } else { what });
        before = what.chars().next_back();
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn anonymous() -> Anonymous {
        Anonymous::of("/home/ann/work/shop".as_ref(), Some("/home/ann".as_ref()), &["ann".to_owned()])
    }

    #[rstest]
    #[case("cannot read /home/ann/work/shop/whyhook.toml", "cannot read ./whyhook.toml")]
    #[case("/home/ann/.local/share/whyhook.db (asked for by x)", "~/.local/share/whyhook.db (asked for by x)")]
    #[case("in /home/ann", "in ~")]
    #[case("/home/anna/x", "/home/anna/x")]
    #[case("/run/user/ann/x and /var/ann", "/run/user/USER/x and /var/USER")]
    #[case("ann@host", "USER@host")]
    #[case("ann of annotations", "ann of annotations")]
    #[case("/home/ann/work/shopping", "~/work/shopping")]
    fn folders_and_names_are_replaced(#[case] text: &str, #[case] clean: &str) {
        assert_eq!(anonymous().text(text), clean);
    }

    #[test]
    fn a_machine_without_a_home_has_nothing_to_hide() {
        assert_eq!(Anonymous::of("/".as_ref(), None, &[]).text("/etc/passwd"), "/etc/passwd");
    }

    proptest! {
        #[test]
        fn the_home_directory_is_never_left(text in "(/home/ann|/work|/x| |ann|\\PC){0,12}") {
            let clean = anonymous().text(&text);
            for (at, _) in clean.match_indices("/home/ann") {
                let (before, after) = (clean[..at].chars().next_back(), clean[at + 9..].chars().next());
                prop_assert!(before.is_some_and(is_of_a_name) || after.is_some_and(is_of_a_name), "{}", clean);
            }
        }
    }
}
