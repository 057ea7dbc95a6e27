//! Readers of the store for requests: a few at a time, each on a thread that may block.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::ApiProblem;
use crate::store::{Location, Reader};
use crate::system::panic::catch_panic;

/// Readers at a time. What is read may be a body of many megabytes.
pub(super) const READERS: usize = 4;

/// See the module's page.
#[derive(Debug)]
pub(super) struct ApiReaders {
    location: Location,
    places: Arc<Semaphore>,
    /// Opened before, and not in use.
    idle: Arc<Mutex<Vec<Reader>>>,
}

/// What keeps one of the places taken while a large response is being sent.
pub(super) type ReaderPlace = OwnedSemaphorePermit;

impl ApiReaders {
    pub(super) fn new(location: Location) -> Self {
        Self { location, places: Arc::new(Semaphore::new(READERS)), idle: Arc::default() }
    }

    /// Where the store is.
    pub(super) fn location(&self) -> &Location {
        &self.location
    }

    /// Reads on another thread.
    pub(super) async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, ApiProblem> + Send + 'static,
    ) -> Result<T, ApiProblem> {
        self.read_large(work).await.map(|(read, _)| read)
    }

    /// Reads as [`Self::read`] does, and returns the place that was taken for it: to be kept as long as what was read is held.
    pub(super) async fn read_large<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Reader) -> Result<T, ApiProblem> + Send + 'static,
    ) -> Result<(T, ReaderPlace), ApiProblem> {
        let ends = || ApiProblem::busy("the listener is stopping");
        let place = Arc::clone(&self.places).acquire_owned().await.map_err(|_| ends())?;
        let (location, idle) = (self.location.clone(), Arc::clone(&self.idle));
        let read = move || {
            let known = idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
            let reader = known.map_or_else(|| Reader::open(&location), Ok)?;
            // What reads changes nothing: a panic in it is this request's. Its reader is not used again.
            let done = catch_panic(|| {
                crate::system::panic::panic_for_test("api");
                work(&reader)
            })?;
            idle.lock().unwrap_or_else(PoisonError::into_inner).push(reader);
            done
        };
        let done = tokio::task::spawn_blocking(read).await.map_err(|_| ends())??;
        Ok((done, place))
    }
}
