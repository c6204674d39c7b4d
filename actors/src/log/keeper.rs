//! Work that the writer does not wait for, on a thread of its own: preparing the next segment (filled with zeros, so that
//! a sync need not also store the file's growth), and closing the last one (cut, hashed, archived, manifest).

use std::io::{self, Read, Write};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use sha2::{Digest, Sha256};

use super::disk::{DiskFile, ReadFrom};
use super::files::{Folder, Manifest, about, damaged};
use super::format::FORMAT;
use super::recover::Span;
use super::{HistoryId, LogError};

const ZEROS_BYTES: usize = 1 << 20;
const COMPRESSION_LEVEL: i32 = 3;

/// Something to be done.
pub enum Job {
    /// Make the next segment's file ready, that long.
    Prepare(u64),
    /// Close this segment.
    Close(Span),
}

/// Does jobs in order. A job that fails is reported and loses nothing: without a prepared file the next segment begins
/// empty, and a segment without its manifest is closed again by the next pruning or start.
pub struct Keeper {
    folder: Folder,
    history: HistoryId,
    thread: Option<Worker>,
    outstanding: usize,
}

struct Worker {
    jobs: Sender<Job>,
    done: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Keeper {
    /// With a thread, or (for tests that need one order of things) doing every job when it is given.
    pub fn new(folder: Folder, history: HistoryId, with_thread: bool) -> Result<Self, LogError> {
        let thread = if with_thread {
            let (jobs, to_do) = channel();
            let (finished, done) = channel();
            let folder = folder.clone();
            let work = move || {
                for job in to_do {
                    run(&folder, history, job);
                    if finished.send(()).is_err() {
                        return;
                    }
                }
            };
            let thread = std::thread::Builder::new().name("log-keeper".into()).spawn(work)?;
            Some(Worker { jobs, done, thread })
        } else {
            None
        };
        Ok(Self { folder, history, thread, outstanding: 0 })
    }

    /// Gives a job.
    pub fn give(&mut self, job: Job) {
        match &self.thread {
            Some(worker) => match worker.jobs.send(job) {
                Ok(()) => self.outstanding += 1,
                Err(_) => tracing::error!("the log's keeper thread is gone"),
            },
            None => run(&self.folder, self.history, job),
        }
    }

    /// Waits until every job is done.
    pub fn settle(&mut self) {
        if let Some(worker) = &self.thread {
            while self.outstanding > 0 && worker.done.recv().is_ok() {
                self.outstanding -= 1;
            }
            self.outstanding = 0;
        }
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        if let Some(Worker { jobs, thread, .. }) = self.thread.take() {
            drop(jobs);
            // A panic of the thread has nothing left to spoil: what it did is checked at the next start.
            let _ = thread.join();
        }
    }
}

fn run(folder: &Folder, history: HistoryId, job: Job) {
    match job {
        Job::Prepare(bytes) => {
            if let Err(error) = prepare(folder, bytes) {
                tracing::warn!(%error, "the next log segment could not be prepared");
            }
        }
        Job::Close(span) => {
            if let Err(error) = close(folder, history, &span) {
                tracing::warn!(segment = span.segment, %error, "a log segment could not be closed; it is tried again");
            }
        }
    }
}

fn prepare(folder: &Folder, bytes: u64) -> io::Result<()> {
    fill(&*folder.disk.create(&folder.next())?, bytes)
}

/// Fills a new file with zeros, in parts: synced each, so that the writer's own sync never waits for much; and of a size in
/// which the kernel caches the file well. Written as one piece of 64 MiB (or page by page) it is cached in single pages, and
/// a later batch of 160 KiB takes three times as long to write and half as long again to sync.
pub fn fill(file: &dyn DiskFile, bytes: u64) -> io::Result<()> {
    let zeros = vec![0; ZEROS_BYTES.min(bytes as usize)];
    let mut at = 0;
    while at < bytes {
        let part = zeros.len().min((bytes - at) as usize);
        file.write_at(&zeros[..part], at)?;
        file.sync()?;
        at += part as u64;
    }
    Ok(())
}

/// Cuts a segment's zeros, archives it and writes its manifest. Can be repeated; a segment that is no longer what its
/// manifest says takes no archive's place.
pub fn close(folder: &Folder, history: HistoryId, span: &Span) -> Result<(), LogError> {
    let path = folder.segment(span.segment);
    let io = |error| about(&path, error);
    let file = folder.disk.open_to_write(&path).map_err(io)?;
    if file.len().map_err(io)? != span.bytes {
        file.set_len(span.bytes).map_err(io)?;
        file.sync().map_err(io)?;
    }
    let manifest = Manifest {
        format: FORMAT,
        history: history.to_string(),
        segment: span.segment,
        first_commit: span.before + 1,
        last_commit: span.last_commit,
        records: span.records,
        bytes: span.bytes,
        previous: span.previous,
        checksum: span.checksum,
        sha256: archive(folder, span, known_hash(folder, history, span))?,
    };
    folder.write_manifest(&folder.archived_manifest(span.segment), &manifest)?;
    folder.disk.sync_dir(&folder.archive()).map_err(io)?;
    folder.write_manifest(&folder.manifest(span.segment), &manifest)?;
    folder.disk.sync_dir(&folder.path).map_err(io)
}

/// The SHA-256 that an earlier closing of the segment found.
fn known_hash(folder: &Folder, history: HistoryId, span: &Span) -> Option<String> {
    let manifests = [folder.manifest(span.segment), folder.archived_manifest(span.segment)];
    let mut sound = manifests.iter().filter_map(|path| folder.read_manifest(path).ok().flatten());
    sound.find(|manifest| manifest.history == history.to_string() && manifest.span() == *span).map(|known| known.sha256)
}

/// Writes the compressed copy of a closed segment (durable but for its name) and returns the SHA-256 of its bytes, which
/// must be the known one.
fn archive(folder: &Folder, span: &Span, known_hash: Option<String>) -> Result<String, LogError> {
    let from = folder.segment(span.segment);
    let to = folder.archived_segment(span.segment);
    let beside = to.with_added_extension("new");
    let write = || -> io::Result<(String, u64)> {
        folder.disk.create_dir(&folder.archive())?;
        let file = folder.disk.create(&beside)?;
        let mut at = 0;
        let mut hash = Sha256::new();
        let mut input = ReadFrom::new(folder.disk.open(&from)?, 0, span.bytes);
        let sink = WriteOn { file: &*file, at: &mut at };
        let mut encoder = zstd::stream::write::Encoder::new(sink, COMPRESSION_LEVEL)?;
        encoder.include_checksum(true)?;
        let mut buffer = vec![0; 256 << 10];
        let mut read = 0;
        loop {
            match input.read(&mut buffer)? {
                0 => break,
                part => {
                    hash.update(&buffer[..part]);
                    encoder.write_all(&buffer[..part])?;
                    read += part as u64;
                }
            }
        }
        encoder.finish()?;
        file.sync()?;
        Ok((hexadecimal(&hash.finalize()), read))
    };
    let (hash, read) = write().map_err(|error| about(&to, error))?;
    let flaw = if read != span.bytes {
        Some(damaged(&from, read, format!("the closed segment ends here, {} bytes were written", span.bytes)))
    } else if known_hash.is_some_and(|known| known != hash) {
        Some(damaged(&from, 0, "its content does not have the manifest's hash; its archive is left as it is"))
    } else {
        None
    };
    let is_sound = flaw.is_none();
    let put = if is_sound { folder.disk.rename(&beside, &to) } else { folder.disk.remove(&beside) };
    put.map_err(|error| about(&to, error))?;
    flaw.map_or(Ok(hash), Err)
}

/// Bytes as hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Writes one part behind the other.
struct WriteOn<'a> {
    file: &'a dyn super::disk::DiskFile,
    at: &'a mut u64,
}

impl Write for WriteOn<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write_at(bytes, *self.at)?;
        *self.at += bytes.len() as u64;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
