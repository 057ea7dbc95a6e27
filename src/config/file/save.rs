//! Writing an answer of one's own into the file, and leaving the rest of it as it is.
//!
//! The table is put in the place of the one of that name, or behind all others. What comes of it is read
//! again before it is written: a file in which anything else would have changed is left alone.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::{ConfigFile, FileError};
use crate::answer::{Named, Written};
use crate::config::shown;

/// Why an answer cannot be saved.
#[derive(Debug, thiserror::Error)]
pub enum SaveError {
    /// The file as it is cannot be used, or the answer cannot be.
    #[error(transparent)]
    File(#[from] FileError),
    /// The table of that name is written in a way that is not touched here.
    #[error("{} has an answer '{name}' that cannot be replaced here: change it in an editor", shown(file))]
    Entangled {
        /// The file.
        file: PathBuf,
        /// The answer's name.
        name: String,
    },
    /// It cannot be written.
    #[error("cannot write the configuration {}: {source}", shown(file))]
    Unwritable {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
}

impl ConfigFile {
    /// Saves an answer by its name in the file `path`, which is made when it is not there. The file is replaced
    /// as a whole, with the permissions that it had; a listener reads it again by itself.
    ///
    /// # Errors
    ///
    /// [`SaveError`]; the file is as it was then.
    pub fn save_answer(path: &Path, answer: &Named) -> Result<(), SaveError> {
        let unwritable = |source| SaveError::Unwritable { file: path.to_owned(), source };
        // A link stays one: what it leads to is replaced.
        let place = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let before = match std::fs::read_to_string(&place) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(source) => return Err(FileError::Unreadable { file: path.to_owned(), source }.into()),
        };
        let after = with_answer(path, &before, answer)?;
        let folder = place.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(unwritable)?;
        if let Ok(metadata) = place.metadata() {
            file.as_file().set_permissions(metadata.permissions()).map_err(unwritable)?;
        }
        file.write_all(after.as_bytes()).and_then(|()| file.as_file().sync_all()).map_err(unwritable)?;
        file.persist(&place).map_err(|error| unwritable(error.error))?;
        Ok(())
    }
}

/// The file's text with the answer in it.
///
/// # Errors
///
/// [`SaveError`] when the text cannot be read, before or after.
pub(super) fn with_answer(path: &Path, text: &str, answer: &Named) -> Result<String, SaveError> {
    let before = ConfigFile::parse(path, text)?;
    let table = table(answer);
    let after = match place_of(text, &answer.name) {
        Some(range) => format!("{}{table}{}", &text[..range.start], &text[range.end..]),
        None => {
            let gap = if text.is_empty() || text.ends_with("\n\n") {
                ""
            } else if text.ends_with('\n') {
                "\n"
            } else {
                "\n\n"
            };
            format!("{text}{gap}{table}")
        }
    };
    let entangled = || SaveError::Entangled { file: path.to_owned(), name: answer.name.clone() };
    // A second table of one name is the usual way in which the text was not understood here.
    let read = ConfigFile::parse(path, &after).map_err(|_| entangled())?;
    let others = |file: &ConfigFile| {
        let others = file.answers.iter().filter(|named| !named.name.eq_ignore_ascii_case(&answer.name));
        others.cloned().collect::<Vec<_>>()
    };
    let is_there =
        read.answers.iter().any(|named| named.name == answer.name && is_same(&named.written, &answer.written));
    let is_right = is_there
        && others(&read) == others(&before)
        && read.rules.len() == before.rules.len()
        && read.webhooks == before.webhooks
        && read.secrets.len() == before.secrets.len()
        && (read.bind, &read.store, read.hold_for) == (before.bind, &before.store, before.hold_for);
    if is_right { Ok(after) } else { Err(entangled()) }
}

/// Headers in a table have no order of their own.
fn is_same(one: &Written, two: &Written) -> bool {
    let sorted = |written: &Written| {
        let mut headers: Vec<_> =
            written.headers.iter().map(|(name, value)| (name.clone(), value.source().to_owned())).collect();
        headers.sort();
        headers
    };
    one.status == two.status && one.body == two.body && sorted(one) == sorted(two)
}

/// From the line `[answers.NAME]` to the next table.
fn place_of(text: &str, name: &str) -> Option<std::ops::Range<usize>> {
    let header = format!("[answers.{name}]");
    let mut start = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim();
        match start {
            None if trimmed == header => start = Some(at),
            Some(start) if trimmed.starts_with('[') => return Some(start..at),
            _ => {}
        }
        at += line.len();
    }
    start.map(|start| start..text.len())
}

fn table(answer: &Named) -> String {
    let quoted = |text: &str| toml::Value::from(text).to_string();
    let Named { name, written } = answer;
    let mut table = format!("[answers.{name}]\nstatus = {}\n", written.status);
    if !written.headers.is_empty() {
        let pairs: Vec<String> = written
            .headers
            .iter()
            .map(|(name, value)| format!("{} = {}", quoted(name), quoted(value.source())))
            .collect();
        table.push_str(&format!("headers = {{ {} }}\n", pairs.join(", ")));
    }
    if let Some(body) = &written.body {
        table.push_str(&format!("body = {}\n", quoted(body.source())));
    }
    table.push('\n');
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::answer::named;
    use proptest::prelude::*;

    const FILE: &str = "# mine\nrespond = \"later\"\n\n[answers.later] \nstatus = 503 # for now\n\n[[webhook]]\n\
        name = \"a\"\npath = \"/a\"\n";

    fn saved(text: &str, answer: &Named) -> Result<String, SaveError> {
        with_answer(Path::new("whyhook.toml"), text, answer)
    }

    #[test]
    fn an_answer_is_added_or_replaced_and_nothing_else() {
        let teapot = named("teapot", 418, &[("X-A".to_owned(), "\"{{id}}\"".to_owned())], Some("a\nb")).unwrap();
        let added = saved(FILE, &teapot).unwrap();
        assert!(added.starts_with(FILE), "{added}");
        assert!(added[FILE.len()..].starts_with("\n[answers.teapot]\nstatus = 418\nheaders = { "), "{added}");
        assert_eq!(saved(&added, &teapot).unwrap(), added, "saved again");
        let replaced = saved(FILE, &named("later", 500, &[], None).unwrap()).unwrap();
        assert_eq!(
            replaced,
            FILE.replace("[answers.later] \nstatus = 503 # for now\n\n", "[answers.later]\nstatus = 500\n\n")
        );
        assert_eq!(saved("", &named("later", 500, &[], None).unwrap()).unwrap(), "[answers.later]\nstatus = 500\n\n");
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        let later = named("later", 500, &[], None).unwrap();
        let inline = "[answers]\nlater = { status = 503 }\n";
        assert!(matches!(saved(inline, &later), Err(SaveError::Entangled { .. })));
        assert!(matches!(saved("respond = \"odd\"\n", &later), Err(SaveError::File(_))));
    }

    #[test]
    fn a_file_keeps_its_permissions_and_its_link() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("real.toml"), folder.path().join("whyhook.toml"));
        std::fs::write(&file, FILE).unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        ConfigFile::save_answer(&link, &named("mine", 201, &[], Some("x")).unwrap()).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(ConfigFile::read(&link).unwrap().answers.len(), 2);
    }

    proptest! {
        #[test]
        fn any_body_is_saved_as_it_is(body in "\\PC{0,40}|[\\x00-\\x7f]{0,40}", value in "[!-~]{0,12}") {
            if let Ok(answer) = named("mine", 200, &[("X-A".to_owned(), value)], Some(&body)) {
                let text = saved(FILE, &answer).unwrap();
                let read = ConfigFile::parse(Path::new("whyhook.toml"), &text).unwrap();
                prop_assert!(read.answers.contains(&answer), "{text}");
            }
        }
    }
}
