//! The redb file: verified when it is opened, and opened again by itself after a failed write.
//!
//! redb refuses everything after its first I/O error, because it cannot know what reached the disk. Opening again finds the
//! last transaction whole or not at all, so a full disk costs one look through the file and no restart.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, RwLock};

use naba_stage::log::LogError;
use redb::backends::FileBackend;
use redb::{Database, DatabaseError};

use crate::watched::{Cause, Watched};

/// Name of the file in the log's folder.
const FILE: &str = "log.redb";
/// Memory for pages, bytes.
const CACHE: usize = 128 * 1024 * 1024;

/// Opens the database, as often as it is needed, with its failures watched.
pub(crate) type Opener = Box<dyn Fn(&Cause) -> Result<Database, DatabaseError> + Send + Sync>;

/// The file of a log.
pub(crate) struct DataFile {
    path: PathBuf,
    opener: Opener,
    cause: Cause,
    /// Shared by operations, exclusive while it is opened again or made smaller.
    open: RwLock<Open>,
    /// Held by one writer at a time, until memory says what the file says.
    pub(crate) writing: Mutex<()>,
}

/// What an operation failed with, and the opening of the file that it ran on.
#[derive(Debug)]
pub(crate) struct Failed {
    pub(crate) generation: u64,
    pub(crate) error: redb::Error,
}

struct Open {
    /// Counts openings, so that of many who saw a failure one opens again.
    generation: u64,
    database: Option<Database>,
}

impl DataFile {
    /// Opens or makes the file in a folder. An existing file is never taken for a new one.
    pub(crate) fn in_folder(folder: &Path) -> Result<Self, LogError> {
        let path = folder.join(FILE);
        if !path.exists() {
            create(folder, &path)?;
        }
        let file = path.clone();
        let opener = move |cause: &Cause| {
            let file = File::options().read(true).write(true).open(&file)?;
            if file.metadata()?.len() == 0 {
                return Err(std::io::Error::new(std::io::ErrorKind::InvalidData, "it is empty").into());
            }
            // Verifies every page, so that a damaged file is an error now and no surprise later.
            let backend = Watched::new(FileBackend::new(file)?, cause);
            Database::builder().set_cache_size(CACHE).set_check_integrity_on_open(true).create_with_backend(backend)
        };
        Self::open(path, Box::new(opener))
    }

    /// Opens a file by an opener of one's own; `path` is for messages.
    pub(crate) fn open(path: PathBuf, opener: Opener) -> Result<Self, LogError> {
        let open = RwLock::new(Open { generation: 0, database: None });
        let file = Self { path, opener, cause: Cause::default(), open, writing: Mutex::new(()) };
        file.open_again(0).map_err(|e| file.failed(e))?;
        Ok(file)
    }

    /// Returns the path, for messages.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Runs an operation that may be repeated: when an earlier failure has closed the file, it is opened again first.
    pub(crate) fn read<T>(&self, act: impl Fn(&Database) -> Result<T, redb::Error>) -> Result<T, LogError> {
        match self.once(&act) {
            Err(Failed { generation, error: redb::Error::PreviousIo | redb::Error::DatabaseClosed }) => {
                self.open_again(generation).map_err(|e| self.failed(e))?;
                self.once(act).map_err(|failed| self.failed(failed.error))
            }
            done => done.map_err(|failed| self.failed(failed.error)),
        }
    }

    /// Runs an operation once. After an error the file has to be [opened again](Self::open_again): what is still in memory may
    /// not be what the operation left on the disk.
    pub(crate) fn once<T>(&self, act: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T, Failed> {
        let open = self.open.read().unwrap_or_else(PoisonError::into_inner);
        let generation = open.generation;
        let Some(database) = &open.database else { return Err(Failed { generation, error: redb::Error::PreviousIo }) };
        caught(|| act(database)).map_err(|error| Failed { generation, error })
    }

    /// Opens the file again, unless somebody else has since it was open for the `seen` time.
    pub(crate) fn open_again(&self, seen: u64) -> Result<(), redb::Error> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        if open.generation != seen {
            return Ok(());
        }
        // The old one first: it holds the lock of the file.
        open.database = None;
        self.cause.clear();
        open.database = Some(caught(|| Ok((self.opener)(&self.cause)?))?);
        open.generation += 1;
        Ok(())
    }

    /// Moves pages to the front and gives the rest of the file back to the disk. Everybody waits meanwhile.
    pub(crate) fn shrink(&self) -> Result<(), Failed> {
        let mut open = self.open.write().unwrap_or_else(PoisonError::into_inner);
        let generation = open.generation;
        let Some(database) = &mut open.database else { return Ok(()) };
        let done = caught(|| database.compact().map_err(redb::Error::from));
        done.map(|_| ()).map_err(|error| Failed { generation, error })
    }

    /// Returns the bytes that the file takes on the disk.
    pub(crate) fn bytes_on_disk(&self) -> u64 {
        use std::os::unix::fs::MetadataExt;
        std::fs::metadata(&self.path).map_or(0, |m| m.blocks() * 512)
    }

    /// Sorts an error by what has to happen next.
    pub(crate) fn failed(&self, error: impl Into<redb::Error>) -> LogError {
        use std::io::ErrorKind;
        let path = self.path.display();
        let error = match error.into() {
            redb::Error::PreviousIo => self.cause.get().map_or(redb::Error::PreviousIo, redb::Error::Io),
            error => error,
        };
        let damaged = |why: &dyn std::fmt::Display| {
            LogError::Fatal(format!(
                "{path} is damaged ({why}): move its folder away and start with an empty log, or put a copy of the folder \
                 in its place; docs/local-log.md says what each costs"
            ))
        };
        match &error {
            redb::Error::Io(io) => match io.kind() {
                ErrorKind::StorageFull | ErrorKind::QuotaExceeded => LogError::NoSpace(path.to_string()),
                ErrorKind::InvalidData | ErrorKind::UnexpectedEof => damaged(io),
                _ => LogError::Fatal(format!("{path}: {io}: look at the disk, then start again")),
            },
            redb::Error::Corrupted(why) => damaged(why),
            redb::Error::RepairAborted | redb::Error::UpgradeRequired(_) => damaged(&error),
            redb::Error::PreviousIo | redb::Error::DatabaseClosed => {
                LogError::Unavailable(format!("{path} is opened again after a failed write"))
            }
            redb::Error::DatabaseAlreadyOpen => in_use(&self.path),
            _ => LogError::Fatal(format!("{path}: {error}")),
        }
    }
}

/// Says that another process has the log open.
pub(crate) fn in_use(path: &Path) -> LogError {
    LogError::Fatal(format!(
        "{} is in use by another process: stop it, or use the commands that work while it runs",
        path.display()
    ))
}

/// Makes an empty database under another name, and names it when it is whole: a file of the right name is never half made.
fn create(folder: &Path, path: &Path) -> Result<(), LogError> {
    let failed = |e: std::io::Error| match e.kind() {
        std::io::ErrorKind::StorageFull => LogError::NoSpace(path.display().to_string()),
        _ => LogError::Fatal(format!("{} cannot be made: {e}", path.display())),
    };
    let new = folder.join(format!("{FILE}.new"));
    // Of a process that was killed here; the folder's lock keeps others out.
    let _ = std::fs::remove_file(&new);
    let made = Database::builder().create(&new).and_then(Database::close);
    made.map_err(|error| match redb::Error::from(error) {
        redb::Error::Io(io) => failed(io),
        error => LogError::Fatal(format!("{} cannot be made: {error}", path.display())),
    })?;
    std::fs::rename(&new, path).map_err(failed)?;
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

/// Turns a panic of the database over a damaged page into an error.
fn caught<T>(act: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, redb::Error> {
    catch_unwind(AssertUnwindSafe(act)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str);
        let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("an impossible page");
        Err(redb::Error::Corrupted(text.to_owned()))
    })
}
