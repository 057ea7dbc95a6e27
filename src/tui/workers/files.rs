//! Images as files: saved where a person says, or lent to the system's viewer. Each on a thread of its
//! own, since disks and viewers take their time.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use tempfile::TempDir;

use crate::archive::export::image::extension;
use crate::config::Keyring;
use crate::payload::binary::FoundBinary;
use crate::system::save::{save, typed_path};
use crate::system::scratch;
use crate::system::thread::run_aside;
use crate::text;
use crate::tui::app::message::Message;
use crate::tui::screens::image::state::SaveRequest;

/// What is lent to viewers, for as long as the program runs.
#[derive(Default)]
pub(crate) struct Files {
    /// A folder for this person alone (0700), made when first needed and removed at the end.
    lent: Arc<Mutex<Option<TempDir>>>,
}

impl Files {
    /// Saves an image.
    pub(crate) fn save(&self, request: SaveRequest, send: impl Fn(Message) + Send + 'static) {
        run_aside("whyhook-save", move || {
            let path = typed_path(&request.path, etcetera::home_dir().ok().as_deref());
            let outcome = save(&path, &request.image.binary.bytes, request.overwrite);
            let shown = std::path::absolute(&path).unwrap_or(path);
            let outcome = outcome.map(|()| text::visible(&shown.to_string_lossy()).into_owned());
            send(Message::Saved(request, outcome));
        });
    }

    /// Opens an image with the system's viewer.
    pub(crate) fn open(&self, image: Arc<FoundBinary>, keyring: Keyring, send: impl Fn(Message) + Send + 'static) {
        let lent = Arc::clone(&self.lent);
        run_aside("whyhook-viewer", move || {
            let opened = viewer().and_then(|viewer| {
                let path =
                    lend(&lent, &image).map_err(|error| format!("cannot write a file for the viewer: {error}"))?;
                start(viewer, &path, &keyring)
            });
            let words =
                "opened in the system's viewer, as a private file that is deleted when whyhook exits".to_owned();
            send(Message::Opened(opened.map(|()| words)));
        });
    }
}

impl Drop for Files {
    /// A thread that still waits for a viewer must not keep the folder.
    fn drop(&mut self) {
        self.lent.lock().unwrap_or_else(PoisonError::into_inner).take();
    }
}

/// The program that opens files, or why none can.
fn viewer() -> Result<&'static str, String> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if is_set("SSH_CONNECTION") || is_set("SSH_TTY") {
        return Err(
            "no viewer over SSH: it would open on the other machine; save the image to a file instead".to_owned()
        );
    }
    if cfg!(target_os = "macos") {
        return Ok("open");
    }
    if cfg!(windows) {
        return Ok("explorer");
    }
    if !is_set("DISPLAY") && !is_set("WAYLAND_DISPLAY") {
        return Err("no display to open a viewer on: show the picture here, or save it to a file".to_owned());
    }
    Ok("xdg-open")
}

/// Writes a file (0600) whose extension says what its bytes are, whatever the sender calls them.
fn lend(lent: &Mutex<Option<TempDir>>, image: &FoundBinary) -> std::io::Result<PathBuf> {
    if image.binary.format().is_none() {
        return Err(std::io::Error::other("unknown picture format; S saves the bytes"));
    }
    let mut folder = lent.lock().unwrap_or_else(PoisonError::into_inner);
    let folder = match &mut *folder {
        Some(folder) => folder,
        none => none.insert(scratch::subfolder("view-")?),
    };
    let suffix = format!(".{}", extension(&image.binary));
    let mut file = tempfile::Builder::new().prefix("image-").suffix(&suffix).tempfile_in(folder.path())?;
    file.write_all(&image.binary.bytes)?;
    let (_, path) = file.keep()?;
    Ok(path)
}

/// Starts the viewer without a shell, and waits until it has opened the file or failed.
fn start(viewer: &str, path: &Path, keyring: &Keyring) -> Result<(), String> {
    let mut command = Command::new(viewer);
    keyring.hide_from(&mut command);
    command.arg(path).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() || viewer == "explorer" => Ok(()),
        Ok(_) => Err(format!("{viewer} could not open the image; S saves it to a file")),
        Err(error) => Err(format!("cannot start {viewer}: {error}; S saves the image to a file")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn what_is_lent_is_private_named_by_its_bytes_and_goes_again() {
        use std::os::unix::fs::PermissionsExt as _;
        // The sender calls it a PNG.
        let body = br#"{"data":{"screenshot":{"imageBuffer":"data:image/png;base64,/9j/2wBDAAMC"}}}"#;
        let found = crate::payload::binary::find_all(body).remove(0);
        let files = Files::default();
        let path = lend(&files.lent, &found).unwrap();
        assert_eq!(path.extension().unwrap(), "jpg");
        let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
        let folder = path.parent().unwrap().to_owned();
        assert_eq!((mode(&path), mode(&folder)), (0o600, 0o700));
        assert_eq!(std::fs::read(&path).unwrap(), found.binary.bytes);
        assert_ne!(lend(&files.lent, &found).unwrap(), path);
        // A thread that waits for a viewer has the folder too.
        let waiting = Arc::clone(&files.lent);
        drop(files);
        assert!(!folder.exists());
        drop(waiting);
    }

    #[test]
    fn unrecognised_bytes_are_lent_to_nobody() {
        let body = br#"{"data":{"screenshot":{"imageBuffer":[1,2,3]}}}"#;
        let found = crate::payload::binary::find_all(body).remove(0);
        assert!(lend(&Files::default().lent, &found).unwrap_err().to_string().contains("unknown picture format"));
    }

    #[test]
    fn a_viewer_that_is_not_there_is_an_answer() {
        let said = start("whyhook-no-such-viewer", Path::new("/x.jpg"), &Keyring::default()).unwrap_err();
        assert!(said.contains("cannot start whyhook-no-such-viewer") && said.contains("S saves"), "{said}");
    }
}
