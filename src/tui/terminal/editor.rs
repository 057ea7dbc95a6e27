//! A body in the person's own editor.

use std::io::Write as _;
use std::process::Command;

use bytes::Bytes;

use crate::config::Keyring;
use crate::system::{read, scratch};
use crate::text::visible;

/// Why nothing was edited.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EditorError {
    /// The file for the editor.
    #[error("cannot {0} the file to edit: {1}")]
    File(&'static str, std::io::Error),
    /// The editor cannot be started.
    #[error("cannot run the editor '{0}': {1}: set EDITOR")]
    Start(String, std::io::Error),
    /// The editor says that it failed.
    #[error("the editor '{0}' failed ({1}): nothing was sent")]
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

fn run_editor(path: &std::path::Path, keyring: &Keyring) -> Result<(), EditorError> {
    let named = |name: &str| std::env::var(name).ok().filter(|editor| !editor.trim().is_empty());
    let editor = named("VISUAL").or_else(|| named("EDITOR")).unwrap_or_else(|| "vi".to_owned());
    // Through the shell, as git does it: EDITOR may hold options and quoted paths.
    let mut command = Command::new("sh");
    command.arg("-c").arg(format!("{editor} \"$1\"")).arg("sh").arg(path);
    keyring.hide_from(&mut command);
    let status = command.status();
    let shown = visible(&editor).into_owned();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(EditorError::Failed(shown, status)),
        Err(error) => Err(EditorError::Start(shown, error)),
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
