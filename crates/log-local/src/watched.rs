//! A storage backend that remembers why it failed first: redb may report only that something failed before.

use std::io::Error;
use std::ops::Bound;
use std::sync::{Arc, Mutex, PoisonError};

use redb::{BackendError, StorageBackend};

/// The first failure since the file was opened.
#[derive(Debug, Clone, Default)]
pub(crate) struct Cause(Arc<Mutex<Option<Error>>>);

impl Cause {
    /// Forgets it.
    pub(crate) fn clear(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// Returns it.
    pub(crate) fn get(&self) -> Option<Error> {
        let cause = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        cause.as_ref().map(|error| Error::new(error.kind(), error.to_string()))
    }

    fn note<T>(&self, done: Result<T, Error>) -> Result<T, Error> {
        if let Err(error) = &done {
            let mut cause = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            cause.get_or_insert_with(|| Error::new(error.kind(), error.to_string()));
        }
        done
    }
}

/// A backend under watch.
#[derive(Debug)]
pub(crate) struct Watched<B> {
    backend: B,
    cause: Cause,
}

impl<B> Watched<B> {
    pub(crate) fn new(backend: B, cause: &Cause) -> Self {
        Self { backend, cause: cause.clone() }
    }
}

impl<B: StorageBackend> StorageBackend for Watched<B> {
    fn len(&self) -> Result<u64, Error> {
        self.cause.note(self.backend.len())
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), Error> {
        self.cause.note(self.backend.read(offset, out))
    }

    fn set_len(&self, len: u64) -> Result<(), Error> {
        self.cause.note(self.backend.set_len(len))
    }

    fn sync_data(&self) -> Result<(), Error> {
        self.cause.note(self.backend.sync_data())
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), Error> {
        self.cause.note(self.backend.write(offset, data))
    }

    fn close(&self) -> Result<(), Error> {
        self.backend.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.unlock_range(start, end)
    }
}
