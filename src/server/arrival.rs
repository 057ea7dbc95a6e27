//! Waiting for a file that is not there yet, without looking again and again where the system tells of it.

#[cfg(target_os = "linux")]
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// How often is looked where the system tells nothing.
const INTERVAL: Duration = Duration::from_secs(2);

/// A watch over the folders where files may come to be.
pub(crate) struct Arrival {
    #[cfg(target_os = "linux")]
    inotify: Option<tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>>,
}

impl Arrival {
    /// Watches the places. What comes from now on is told by [`Arrival::wait`]; what is there is not.
    pub(crate) fn watch(places: &[PathBuf]) -> Self {
        #[cfg(target_os = "linux")]
        {
            let arrival = Self { inotify: linux::open() };
            arrival.renew(places);
            arrival
        }
        #[cfg(not(target_os = "linux"))]
        {
            let _ = places;
            Self {}
        }
    }

    /// Waits until something has happened in their folders, or for a while.
    pub(crate) async fn wait(&self, places: &[PathBuf]) {
        #[cfg(target_os = "linux")]
        if let Some(inotify) = &self.inotify
            && let Ok(mut ready) = inotify.readable().await
        {
            linux::drain(inotify.get_ref());
            ready.clear_ready();
            // A folder that has come may be nearer to its place.
            self.renew(places);
            return;
        }
        let _ = places;
        tokio::time::sleep(INTERVAL).await;
    }

    #[cfg(target_os = "linux")]
    fn renew(&self, places: &[PathBuf]) {
        let Some(inotify) = &self.inotify else { return };
        places.iter().filter_map(|place| nearest(place)).for_each(|folder| linux::add(inotify.get_ref(), folder));
    }
}

/// The nearest folder above a place that is there.
#[cfg(target_os = "linux")]
fn nearest(place: &Path) -> Option<&Path> {
    place.ancestors().skip(1).find(|folder| folder.is_dir())
}

#[cfg(target_os = "linux")]
mod linux {
    use std::mem::MaybeUninit;
    use std::os::fd::OwnedFd;
    use std::path::Path;

    use rustix::fs::inotify::{CreateFlags, Reader, WatchFlags, add_watch, init};
    use tokio::io::Interest;
    use tokio::io::unix::AsyncFd;

    /// `None` when the system has no watch left (`fs.inotify.max_user_instances`).
    pub(crate) fn open() -> Option<AsyncFd<OwnedFd>> {
        let inotify = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).ok()?;
        // Its successor is unsafe, for descriptors that are closed elsewhere; this one is owned here alone.
        #[allow(deprecated, reason = "the descriptor is owned and given to nobody")]
        AsyncFd::with_interest(inotify, Interest::READABLE).ok()
    }

    /// A folder that cannot be watched cannot be read either; the others are.
    pub(crate) fn add(inotify: &OwnedFd, folder: &Path) {
        let flags = WatchFlags::CREATE | WatchFlags::MOVED_TO | WatchFlags::CLOSE_WRITE | WatchFlags::ONLYDIR;
        let _ = add_watch(inotify, folder, flags);
    }

    /// Reads what was told away: that something was is enough.
    pub(crate) fn drain(inotify: &OwnedFd) {
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut told = Reader::new(inotify, &mut buffer);
        while told.next().is_ok() {}
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_told_of_in_a_folder_that_is_not_there_yet() {
        let home = tempfile::tempdir().unwrap();
        let place = home.path().join("config/whyhook/config.toml");
        let places = [home.path().join("whyhook.toml"), place.clone()];
        let arrival = Arrival::watch(&places);
        assert!(arrival.inotify.is_some());
        std::fs::create_dir(home.path().join("config")).unwrap();
        arrival.wait(&places).await;
        std::fs::create_dir(home.path().join("config/whyhook")).unwrap();
        arrival.wait(&places).await;
        std::fs::write(&place, "").unwrap();
        arrival.wait(&places).await;
        assert!(place.exists());
    }
}
