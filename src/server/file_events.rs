//! Events of a few files that may come, change, be replaced or go, without looking again and again.
//!
//! The system tells of folders, not of files: an editor that renames a new file over the old one leaves a watch of the
//! file on what nobody reads any more. So the folder is watched of everything that decides what a path means: of the file,
//! of each symbolic link on the way to it, and, where something is missing, of the first that is.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};
use tokio::sync::Notify;

use crate::system::file_systems::is_remote;

/// The longest wait where the system may not tell of everything.
const SLOW: Duration = Duration::from_secs(10);
/// The most symbolic links that are followed, as Linux has it (path_resolution(7)).
const LINKS_LIMIT: usize = 40;
/// How often the folders are looked up again because they have changed meanwhile.
const ATTEMPTS: usize = 8;

/// A watch over a few files.
pub(crate) struct FileEvents {
    /// `None` where the system has no watch left.
    watcher: Option<RecommendedWatcher>,
    heard: Arc<Heard>,
    folders: BTreeSet<PathBuf>,
    /// Whether the system tells of all that happens.
    is_reliable: bool,
}

/// What the watcher's thread and the one that waits share.
#[derive(Default)]
struct Heard {
    /// The names that matter in the folders, which may be busy with others.
    names: Mutex<BTreeSet<OsString>>,
    wake: Notify,
}

impl Heard {
    fn take(&self, told: notify::Result<Event>) {
        if told.map_or(true, |event| self.concerns(&event)) {
            self.wake.notify_one();
        }
    }

    fn concerns(&self, event: &Event) -> bool {
        // Reading changes nothing, and is done here as well.
        let is_read = matches!(event.kind, EventKind::Access(kind) if kind != AccessKind::Close(AccessMode::Write));
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        // By name alone: some systems tell paths with their links resolved.
        let is_named = |path: &PathBuf| path.file_name().is_none_or(|name| names.contains(name));
        event.need_rescan() || (!is_read && (event.paths.is_empty() || event.paths.iter().any(is_named)))
    }
}

impl FileEvents {
    /// Nothing is watched yet.
    pub(crate) fn new() -> Self {
        let heard = Arc::new(Heard::default());
        let told = Arc::clone(&heard);
        let watcher = notify::recommended_watcher(move |event| told.take(event)).ok();
        Self { watcher, heard, folders: BTreeSet::new(), is_reliable: false }
    }

    /// Watches these files, and no others any more. What happens to them from now on ends [`FileEvents::wait`]; what
    /// has happened before may not have.
    pub(crate) fn watch(&mut self, files: &[PathBuf]) {
        self.is_reliable = false;
        for _ in 0..ATTEMPTS {
            let points = Points::of(files);
            *self.heard.names.lock().unwrap_or_else(PoisonError::into_inner) = points.names;
            let is_watched = self.watch_folders(points.folders);
            // What has come before its folder was watched may be a folder that is nearer.
            if Points::of(files).folders == self.folders {
                self.is_reliable = is_watched && !self.folders.iter().any(|folder| is_remote(folder));
                return;
            }
        }
    }

    /// Whether all of them could be.
    fn watch_folders(&mut self, folders: BTreeSet<PathBuf>) -> bool {
        let former = std::mem::replace(&mut self.folders, folders);
        let Some(watcher) = &mut self.watcher else { return false };
        // A folder of the same name may be another one by now.
        for folder in &former {
            let _ = watcher.unwatch(folder);
        }
        let watched = self.folders.iter().filter(|folder| watcher.watch(folder, RecursiveMode::NonRecursive).is_ok());
        watched.count() == self.folders.len()
    }

    /// Waits until something has happened to the files since they are watched, or for a while where the system may not
    /// tell of it.
    pub(crate) async fn wait(&self) {
        let told = self.heard.wake.notified();
        if self.is_reliable {
            told.await;
        } else {
            let _ = tokio::time::timeout(SLOW, told).await;
        }
    }
}

/// The folders to watch, and the names in them that matter.
#[derive(Default)]
struct Points {
    folders: BTreeSet<PathBuf>,
    names: BTreeSet<OsString>,
}

impl Points {
    fn of(files: &[PathBuf]) -> Self {
        let mut points = Self::default();
        for file in files {
            let file = std::path::absolute(file).unwrap_or_else(|_| file.clone());
            points.follow(&file, &mut LINKS_LIMIT.clone());
        }
        points
    }

    /// Goes along `path` to where it leads; `None` where something is missing.
    fn follow(&mut self, path: &Path, links: &mut usize) -> Option<PathBuf> {
        let mut here = PathBuf::new();
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            match component {
                Component::CurDir => {}
                // What is before it has been followed already.
                Component::ParentDir => drop(here.pop()),
                Component::Prefix(_) | Component::RootDir => here.push(component),
                Component::Normal(name) => {
                    let folder = here.clone();
                    here.push(name);
                    let kind = here.symlink_metadata().ok().map(|metadata| metadata.file_type());
                    let is_link = kind.is_some_and(|kind| kind.is_symlink());
                    if kind.is_none() || is_link || components.peek().is_none() {
                        self.add(&folder, name.to_owned());
                    }
                    kind?;
                    if is_link {
                        *links = links.checked_sub(1)?;
                        here = self.follow(&folder.join(here.read_link().ok()?), links)?;
                    }
                }
            }
        }
        Some(here)
    }

    fn add(&mut self, folder: &Path, name: OsString) {
        self.names.insert(name);
        // That it has gone itself is told by its own name.
        self.names.extend(folder.file_name().map(ToOwned::to_owned));
        self.folders.insert(folder.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// The folder's own name is unlike any other.
    fn folder() -> tempfile::TempDir {
        tempfile::Builder::new().prefix("file-events-").tempdir().unwrap()
    }

    /// Waits for an event, and watches again as the reader of the events does.
    async fn told(events: &mut FileEvents, files: &[PathBuf]) {
        let patience = Duration::from_secs(60);
        assert!(events.is_reliable, "the system has no watch left");
        tokio::time::timeout(patience, events.wait()).await.expect("no event");
        events.watch(files);
        // One change is told several times.
        while tokio::time::timeout(Duration::from_millis(50), events.wait()).await.is_ok() {
            events.watch(files);
        }
    }

    #[tokio::test]
    async fn a_file_is_told_of_in_a_folder_that_is_not_there_yet() {
        let home = folder();
        let place = home.path().join("config/whyhook/config.toml");
        let files = [home.path().join("whyhook.toml"), place.clone()];
        let mut events = FileEvents::new();
        events.watch(&files);
        fs::create_dir(home.path().join("config")).unwrap();
        told(&mut events, &files).await;
        fs::create_dir(home.path().join("config/whyhook")).unwrap();
        told(&mut events, &files).await;
        fs::write(&place, "").unwrap();
        told(&mut events, &files).await;
        // The folder is another one, with another file.
        fs::rename(home.path().join("config/whyhook"), home.path().join("config/old")).unwrap();
        told(&mut events, &files).await;
        fs::create_dir(home.path().join("config/whyhook")).unwrap();
        told(&mut events, &files).await;
        fs::write(&place, "a").unwrap();
        told(&mut events, &files).await;
    }

    #[tokio::test]
    async fn a_file_that_is_written_renamed_or_removed_is_told_of_and_its_neighbours_are_not() {
        let home = folder();
        let files = [home.path().join("whyhook.toml")];
        fs::write(&files[0], "a").unwrap();
        let mut events = FileEvents::new();
        events.watch(&files);
        fs::write(&files[0], "b").unwrap();
        told(&mut events, &files).await;
        fs::write(home.path().join("new"), "c").unwrap();
        fs::read(&files[0]).unwrap();
        assert!(tokio::time::timeout(Duration::from_millis(100), events.wait()).await.is_err());
        fs::rename(home.path().join("new"), &files[0]).unwrap();
        told(&mut events, &files).await;
        fs::remove_file(&files[0]).unwrap();
        told(&mut events, &files).await;
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_link_on_the_way_is_told_of_wherever_it_is() {
        use std::os::unix::fs::symlink;
        let home = folder();
        let at = |path: &str| home.path().join(path);
        // As a mounted volume is updated as a whole, and a link to it from elsewhere.
        for version in ["volume/..1", "volume/..2", "work"] {
            fs::create_dir_all(at(version)).unwrap();
        }
        fs::write(at("volume/..1/whyhook.toml"), "a").unwrap();
        fs::write(at("volume/..2/whyhook.toml"), "b").unwrap();
        symlink("..1", at("volume/..data")).unwrap();
        symlink("..data/whyhook.toml", at("volume/whyhook.toml")).unwrap();
        symlink(at("volume/whyhook.toml"), at("work/whyhook.toml")).unwrap();
        let files = [at("work/whyhook.toml")];
        let mut events = FileEvents::new();
        events.watch(&files);
        symlink("..2", at("volume/new")).unwrap();
        fs::rename(at("volume/new"), at("volume/..data")).unwrap();
        told(&mut events, &files).await;
        fs::write(at("volume/..2/whyhook.toml"), "c").unwrap();
        told(&mut events, &files).await;
        // One that leads in a circle leads nowhere.
        fs::remove_file(at("work/whyhook.toml")).unwrap();
        symlink("whyhook.toml", at("work/whyhook.toml")).unwrap();
        told(&mut events, &files).await;
        fs::remove_file(at("work/whyhook.toml")).unwrap();
        told(&mut events, &files).await;
    }

    #[tokio::test(start_paused = true)]
    async fn without_a_watch_the_wait_ends_by_itself() {
        let home = folder();
        let mut events = FileEvents::new();
        events.watcher = None;
        events.watch(&[home.path().join("whyhook.toml")]);
        assert!(!events.is_reliable);
        events.wait().await;
    }
}
