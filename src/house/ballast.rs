//! Room kept for a start on a disk that is full: the store cannot be opened without writing. A file of zeros lies in the
//! data folder and is let go when a start finds less than that free; it is made again when there is room.

use std::fs::File;
use std::path::{Path, PathBuf};

/// What opening the store and the log may take.
const START_BYTES: u64 = 4 << 20;
/// How much is kept: several times as much, for a store that has grown.
const BALLAST_BYTES: u64 = 16 << 20;

fn free(dir: &Path) -> std::io::Result<u64> {
    let disk = rustix::fs::statvfs(dir)?;
    Ok(disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Bytes that are left of the disk that `dir` is on; what the ballast lacks is not free.
///
/// # Errors
/// The disk's.
pub(super) fn free_bytes(dir: &Path) -> std::io::Result<u64> {
    let lacking = if file(dir).exists() { 0 } else { BALLAST_BYTES };
    Ok(free(dir)?.saturating_sub(lacking))
}

fn file(dir: &Path) -> PathBuf {
    dir.join("ballast")
}

/// Lets go of the ballast if the disk is full.
///
/// # Errors
/// The disk's.
pub(super) fn let_go_if_full(dir: &Path) -> std::io::Result<()> {
    if free(dir)? >= START_BYTES || !file(dir).exists() {
        return Ok(());
    }
    tracing::error!("the disk is full: the ballast is let go for this start");
    std::fs::remove_file(file(dir))
}

/// Takes the ballast on, unless it is there or would bring the disk below `reserve_bytes`.
pub(super) fn take_on(dir: &Path, reserve_bytes: u64) {
    let has_room = free(dir).is_ok_and(|free| free > reserve_bytes.saturating_add(BALLAST_BYTES));
    if !has_room || file(dir).exists() {
        return;
    }
    let taken = File::create(file(dir)).and_then(|ballast| {
        rustix::fs::fallocate(&ballast, rustix::fs::FallocateFlags::empty(), 0, BALLAST_BYTES)?;
        Ok(())
    });
    if let Err(error) = taken {
        // A disk that keeps no room in advance: a start on it when it is full is refused, with the cause.
        tracing::debug!(%error, "no ballast");
    }
}
