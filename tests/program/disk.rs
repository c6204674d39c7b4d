//! A small disk that a test fills up.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A disk of its own, in memory.
pub struct Disk(tempfile::TempDir);

impl Disk {
    /// An empty one.
    pub fn of_mib(mib: u64) -> Self {
        let disk = Self(tempfile::tempdir().unwrap());
        disk.mount(&format!("size={mib}m"));
        disk
    }

    fn mount(&self, options: &str) {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", options, "none"]).arg(self.0.path()).output();
        let mounted = mounted.unwrap();
        assert!(mounted.status.success(), "a small disk needs root: {}", String::from_utf8_lossy(&mounted.stderr));
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    fn filler(&self) -> PathBuf {
        self.path().join("filler")
    }

    /// Fills it until so much is free. A server that runs takes and gives of the same disk meanwhile.
    pub fn leave_mib(&self, free_mib: u64) {
        loop {
            self.empty();
            let there = rustix::fs::statvfs(self.path()).unwrap();
            let bytes = (there.f_bavail * there.f_frsize).saturating_sub(free_mib << 20);
            let filler = std::fs::File::create(self.filler()).unwrap();
            match rustix::fs::fallocate(&filler, rustix::fs::FallocateFlags::empty(), 0, bytes) {
                Ok(()) => return,
                Err(error) => assert_eq!(error, rustix::io::Errno::NOSPC),
            }
        }
    }

    /// As it was before it was filled.
    pub fn empty(&self) {
        if self.filler().exists() {
            std::fs::remove_file(self.filler()).unwrap();
        }
    }

    /// With another option: `ro`, `rw`.
    pub fn mount_again(&self, how: &str) {
        let again = Command::new("mount").args(["-o", &format!("remount,{how}")]).arg(self.path()).output().unwrap();
        assert!(again.status.success(), "{}", String::from_utf8_lossy(&again.stderr));
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // What stays mounted is a temporary folder in memory.
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).output();
    }
}
