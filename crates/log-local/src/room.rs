//! A full disk: noticed once, asked for room without touching the log, and said on the readiness of the process.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use naba_stage::Latch;

/// Written at once while asking for room.
const STEP: usize = 1024 * 1024;

/// Whether there is room for the next write.
pub(crate) struct Room {
    /// Written and removed to ask for room; `None` where there is no disk.
    probe: Option<PathBuf>,
    full: AtomicBool,
    /// Whether room was made inside the log, which a file beside it cannot find.
    made: AtomicBool,
    latch: Option<Latch>,
}

impl Room {
    /// Watches the disk of a folder. The latch is held while the disk is full.
    pub(crate) fn new(folder: Option<&Path>, latch: Option<Latch>) -> Self {
        let probe = folder.map(|folder| folder.join("log.room"));
        if let Some(probe) = &probe {
            // Of a process that was killed while it asked.
            let _ = std::fs::remove_file(probe);
        }
        if let Some(latch) = &latch {
            latch.release();
        }
        Self { probe, full: AtomicBool::new(false), made: AtomicBool::new(false), latch }
    }

    /// Tells whether a write of so many bytes may be tried. After a full disk it asks with a file of that size first: a write
    /// that fails inside the log costs a look through all of it, each time.
    pub(crate) fn allows(&self, bytes: usize) -> bool {
        if !self.full.load(Ordering::Relaxed) || self.made.swap(false, Ordering::Relaxed) {
            return true;
        }
        let Some(probe) = &self.probe else { return true };
        let room = fill(probe, bytes.saturating_mul(2).saturating_add(STEP)).is_ok();
        let _ = std::fs::remove_file(probe);
        room
    }

    /// Notes that a write found no room.
    pub(crate) fn is_full(&self, path: &Path) {
        if !self.full.swap(true, Ordering::Relaxed) {
            tracing::error!(path = %path.display(), "the disk is full: nothing is written until there is room, then it goes on");
        }
        if let Some(latch) = &self.latch {
            latch.hold();
        }
    }

    /// Notes that records were deleted.
    pub(crate) fn was_made(&self) {
        self.made.store(true, Ordering::Relaxed);
    }

    /// Notes that a write went well.
    pub(crate) fn is_there(&self) {
        if self.full.swap(false, Ordering::Relaxed) {
            tracing::info!("the disk has room again");
            if let Some(latch) = &self.latch {
                latch.release();
            }
        }
    }
}

fn fill(path: &Path, bytes: usize) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = std::fs::File::create(path)?;
    // Not zeros, which some file systems keep for nothing.
    let noise: Vec<u8> = (0..STEP).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let mut left = bytes;
    while left > 0 {
        let part = noise.get(..left.min(STEP)).unwrap_or(&noise);
        file.write_all(part)?;
        left -= part.len();
    }
    Ok(())
}
