//! A body in the person's own editor, to be changed or only read, and anything in their pager.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use bytes::Bytes;

use crate::config::Keyring;
use crate::system::{read, scratch};
use crate::text::visible;
use crate::tui::app::lent::{LentText, LentTo};

/// Why nothing was edited.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditorError {
    /// The file for the editor.
    #[error("cannot {0} the file to edit: {1}")]
    File(&'static str, std::io::Error),
    /// The program cannot be started.
    #[error("cannot run '{program}': {source}: set {variable}")]
    Start {
        /// As the person has named it.
        program: String,
        /// Where it can be named.
        variable: &'static str,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The shell knows no such program.
    #[error("cannot run '{program}': it is not installed, or not on the PATH: set {variable}")]
    Missing {
        /// As the person has named it.
        program: String,
        /// Where it can be named.
        variable: &'static str,
    },
    /// The program says that it failed.
    #[error("'{0}' failed ({1})")]
    Failed(String, std::process::ExitStatus),
}

/// Opens `body` in `$VISUAL`, `$EDITOR` or vi, in a file that only its owner may read and that is
/// gone afterwards. `None` when it was not changed.
///
/// Many editors add a line end to the last line; a single one that only they can have added is
/// removed. The editor's environment holds none of the secrets.
///
/// # Errors
///
/// [`EditorError`].
pub(crate) fn edit(name: &str, body: &Bytes, keyring: &Keyring) -> Result<Option<Bytes>, EditorError> {
    let failed = EditorError::File;
    let mut file = scratch::file(&format!("{name}-"), ".json").map_err(|error| failed("create", error))?;
    file.write_all(body).and_then(|()| file.flush()).map_err(|error| failed("write", error))?;
    // Some editors write a new file in the old one's place: only the path is sure to be the same.
    let path = file.into_temp_path();
    run_editor(&path, keyring)?;
    let edited = read::whole(&path, read::BODY_LIMIT).map_err(|error| failed("read", error))?;
    Ok(changed(body, edited))
}

fn changed(body: &Bytes, mut edited: Vec<u8>) -> Option<Bytes> {
    if edited.ends_with(b"\n") && !body.ends_with(b"\n") {
        edited.pop();
    }
    (edited != body[..]).then(|| Bytes::from(edited))
}

fn run_editor(path: &Path, keyring: &Keyring) -> Result<(), EditorError> {
    run(&chosen(&["VISUAL", "EDITOR"], "vi"), "EDITOR", path, keyring)
}

/// Shows something in `$PAGER` (by default `less`), or in the editor, in a file that only its owner may read, that
/// nobody may write, and that is gone afterwards. Returns what to tell the person.
///
/// # Errors
///
/// [`EditorError`].
pub(crate) fn show(lent: &LentText, keyring: &Keyring) -> Result<String, EditorError> {
    let failed = EditorError::File;
    let mut file = scratch::file("whyhook-", lent.extension).map_err(|error| failed("create", error))?;
    file.write_all(&lent.bytes).and_then(|()| file.flush()).map_err(|error| failed("write", error))?;
    let mut permissions = file.as_file().metadata().map_err(|error| failed("read", error))?.permissions();
    permissions.set_readonly(true);
    file.as_file().set_permissions(permissions).map_err(|error| failed("protect", error))?;
    let path = file.into_temp_path();
    match lent.to {
        LentTo::Pager => run(&chosen(&["PAGER"], "less"), "PAGER", &path, keyring)?,
        LentTo::Editor => run_editor(&path, keyring)?,
    }
    Ok(match lent.to {
        LentTo::Pager => format!("{} was shown in the pager", lent.what),
        LentTo::Editor => format!("{} was shown in the editor: changes to it are not kept", lent.what),
    })
}

/// What the first of these variables names.
fn chosen(variables: &[&str], otherwise: &str) -> String {
    let named = |name: &&str| std::env::var(name).ok().filter(|program| !program.trim().is_empty());
    variables.iter().find_map(named).unwrap_or_else(|| otherwise.to_owned())
}

/// How a shell says that there is no such program.
const NOT_FOUND: i32 = 127;

fn run(program: &str, variable: &'static str, path: &Path, keyring: &Keyring) -> Result<(), EditorError> {
    // Through the shell, as git does it: the variable may hold options and quoted paths.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{program} \"$1\"")).arg("sh").arg(path);
    keyring.hide_from(&mut command);
    let status = command.status();
    let program = visible(program).into_owned();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) if status.code() == Some(NOT_FOUND) => Err(EditorError::Missing { program, variable }),
        Ok(status) => Err(EditorError::Failed(program, status)),
        Err(source) => Err(EditorError::Start { program, variable, source }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_editors_own_line_end_is_no_change() {
        let body = Bytes::from_static(b"{}");
        assert_eq!(changed(&body, b"{}".to_vec()), None);
        assert_eq!(changed(&body, b"{}\n".to_vec()), None);
        assert_eq!(changed(&body, b"{}\n\n".to_vec()).unwrap(), "{}\n");
        assert_eq!(changed(&body, b"{ }\n".to_vec()).unwrap(), "{ }");
        assert_eq!(changed(&Bytes::from_static(b"{}\n"), b"{}".to_vec()).unwrap(), "{}");
        assert_eq!(changed(&Bytes::from_static(b"{}\n"), b"{ }\n".to_vec()).unwrap(), "{ }\n");
    }
}
