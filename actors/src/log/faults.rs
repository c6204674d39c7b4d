//! A disk in memory that fails on request and forgets what was not synced: short writes, a full disk, a failing sync, a
//! crash. After a failed sync it goes on showing the bytes and believes them clean, as Linux does.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::disk::{Disk, DiskFile};

const SECTOR_BYTES: usize = 512;

/// What happens at the chosen operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// A write puts down its first half and says that the disk is full; other operations say so and do nothing.
    Full,
    /// A sync fails and what it should have stored never is; other operations fail and do nothing.
    Sync,
    /// The machine is gone: this operation does not happen and every later one fails.
    Crash,
}

#[derive(Clone)]
enum Change {
    Write { at: usize, bytes: Vec<u8> },
    Length(usize),
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { at, bytes } => {
                content.resize(content.len().max(at + bytes.len()), 0);
                content[*at..at + bytes.len()].copy_from_slice(bytes);
            }
            Self::Length(length) => content.resize(*length, 0),
        }
    }
}

#[derive(Default)]
struct Inode {
    shown: Vec<u8>,
    durable: Vec<u8>,
    pending: Vec<Change>,
}

type Names = BTreeMap<PathBuf, usize>;

#[derive(Default)]
struct Machine {
    inodes: Vec<Inode>,
    folders: Vec<PathBuf>,
    names: Names,
    durable_names: Names,
    // Every state of the names since the last sync of a folder; a crash keeps one of them (names are journaled in order).
    names_since: Vec<Names>,
    operations: u64,
    fault: Option<(u64, Fault)>,
    down: bool,
}

/// The disk.
#[derive(Clone, Default)]
pub struct FaultDisk(Arc<Mutex<Machine>>);

struct Open {
    disk: FaultDisk,
    inode: usize,
}

impl FaultDisk {
    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.0.lock().unwrap()
    }
    /// Lets the `n`-th changing operation from now (0: the next) fail.
    pub fn fail_at(&self, n: u64, fault: Fault) {
        let mut machine = self.machine();
        let at = machine.operations + n;
        machine.fault = Some((at, fault));
    }
    /// No fault any more.
    pub fn heal(&self) {
        self.machine().fault = None;
    }
    /// How many changing operations there have been.
    pub fn operations(&self) -> u64 {
        self.machine().operations
    }
    /// The power goes and comes back: of what was not synced, any sectors may be there and any may not; names are as
    /// they were at some moment since the last sync of a folder. No fault is set any more.
    pub fn crash(&self, draw: &mut impl FnMut() -> u64) {
        let mut machine = self.machine();
        let machine = &mut *machine;
        for inode in &mut machine.inodes {
            let pending = std::mem::take(&mut inode.pending);
            let all = draw().is_multiple_of(4);
            for change in pending {
                match change {
                    Change::Length(_) if all || draw().is_multiple_of(2) => change.apply(&mut inode.durable),
                    Change::Length(_) => {}
                    Change::Write { at, bytes } => {
                        let mut from = 0;
                        while from < bytes.len() {
                            let to = ((at + from) / SECTOR_BYTES + 1) * SECTOR_BYTES - at;
                            let part = bytes[from..to.min(bytes.len())].to_vec();
                            if all || draw().is_multiple_of(2) {
                                Change::Write { at: at + from, bytes: part }.apply(&mut inode.durable);
                            }
                            from = to;
                        }
                    }
                }
            }
            inode.shown = inode.durable.clone();
        }
        machine.names_since.insert(0, machine.durable_names.clone());
        let kept = (draw() % machine.names_since.len() as u64) as usize;
        machine.names = machine.names_since.swap_remove(kept);
        machine.durable_names = machine.names.clone();
        machine.names_since.clear();
        machine.fault = None;
        machine.down = false;
    }
    /// Takes the names of files and their bytes as they are shown.
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let machine = self.machine();
        machine.names.iter().map(|(path, inode)| (path.clone(), machine.inodes[*inode].shown.clone())).collect()
    }
}

fn full() -> io::Error {
    io::Error::new(io::ErrorKind::StorageFull, "no space left (made up)")
}
fn gone() -> io::Error {
    io::Error::other("the machine is down (made up)")
}
fn missing(path: &Path) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, path.display().to_string())
}

impl Machine {
    /// Counts a changing operation and says whether a fault strikes it.
    fn strike(&mut self) -> io::Result<Option<Fault>> {
        if self.down {
            return Err(gone());
        }
        let now = self.operations;
        self.operations += 1;
        match self.fault {
            Some((at, Fault::Crash)) if at == now => {
                self.down = true;
                Err(gone())
            }
            Some((at, fault)) if at == now => Ok(Some(fault)),
            _ => Ok(None),
        }
    }
    fn change_names(&mut self, change: impl FnOnce(&mut Names)) -> io::Result<()> {
        if self.strike()?.is_some() {
            return Err(full());
        }
        change(&mut self.names);
        self.names_since.push(self.names.clone());
        Ok(())
    }
}

impl DiskFile for Open {
    fn write_at(&self, bytes: &[u8], at: u64) -> io::Result<()> {
        let mut machine = self.disk.machine();
        let struck = machine.strike()?.is_some();
        let bytes = if struck { &bytes[..bytes.len() / 2] } else { bytes };
        let change = Change::Write { at: at as usize, bytes: bytes.to_vec() };
        let inode = &mut machine.inodes[self.inode];
        change.apply(&mut inode.shown);
        inode.pending.push(change);
        if struck { Err(full()) } else { Ok(()) }
    }
    fn read_at(&self, buffer: &mut [u8], at: u64) -> io::Result<usize> {
        let machine = self.disk.machine();
        if machine.down {
            return Err(gone());
        }
        let from = &machine.inodes[self.inode].shown;
        let from = &from[from.len().min(at as usize)..];
        let read = buffer.len().min(from.len());
        buffer[..read].copy_from_slice(&from[..read]);
        Ok(read)
    }
    fn sync(&self) -> io::Result<()> {
        let mut machine = self.disk.machine();
        let struck = machine.strike()?;
        let inode = &mut machine.inodes[self.inode];
        let pending = std::mem::take(&mut inode.pending);
        match struck {
            // Believed clean from now on: a later sync says nothing.
            Some(_) => Err(io::Error::other("the sync failed (made up)")),
            None => {
                pending.iter().for_each(|change| change.apply(&mut inode.durable));
                Ok(())
            }
        }
    }
    fn set_len(&self, bytes: u64) -> io::Result<()> {
        let mut machine = self.disk.machine();
        if machine.strike()?.is_some() {
            return Err(full());
        }
        let inode = &mut machine.inodes[self.inode];
        let change = Change::Length(bytes as usize);
        change.apply(&mut inode.shown);
        inode.pending.push(change);
        Ok(())
    }
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.machine().inodes[self.inode].shown.len() as u64)
    }
}

impl Disk for FaultDisk {
    fn create_dir(&self, path: &Path) -> io::Result<()> {
        self.machine().folders.push(path.to_path_buf());
        Ok(())
    }
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let mut machine = self.machine();
        let inode = machine.inodes.len();
        machine.inodes.push(Inode::default());
        machine.change_names(|names| {
            names.insert(path.to_path_buf(), inode);
        })?;
        Ok(Arc::new(Open { disk: self.clone(), inode }))
    }
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let machine = self.machine();
        let inode = *machine.names.get(path).ok_or_else(|| missing(path))?;
        Ok(Arc::new(Open { disk: self.clone(), inode }))
    }
    fn open_to_write(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.open(path)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.machine().change_names(|names| {
            let moved: Vec<PathBuf> = names.keys().filter(|path| path.starts_with(from)).cloned().collect();
            for path in moved {
                let inode = names.remove(&path).expect("just seen");
                let rest = path.strip_prefix(from).expect("just checked");
                names.insert(if rest.as_os_str().is_empty() { to.to_path_buf() } else { to.join(rest) }, inode);
            }
        })
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut machine = self.machine();
        if !machine.names.contains_key(path) {
            return Err(missing(path));
        }
        machine.change_names(|names| {
            names.remove(path);
        })
    }
    fn list(&self, path: &Path) -> io::Result<Vec<String>> {
        let machine = self.machine();
        let within =
            machine.names.keys().filter_map(|name| name.strip_prefix(path).ok()).filter_map(|rest| rest.iter().next());
        let mut names: Vec<String> = within.map(|name| name.to_string_lossy().into_owned()).collect();
        names.dedup();
        if names.is_empty() && !machine.folders.iter().any(|folder| folder == path) {
            Err(missing(path))
        } else {
            Ok(names)
        }
    }
    fn sync_dir(&self, _path: &Path) -> io::Result<()> {
        let mut machine = self.machine();
        if machine.strike()?.is_some() {
            return Err(io::Error::other("the sync of a folder failed (made up)"));
        }
        machine.durable_names = machine.names.clone();
        machine.names_since.clear();
        Ok(())
    }
    fn taken_bytes(&self, path: &Path) -> io::Result<u64> {
        self.open(path)?.len()
    }
}
