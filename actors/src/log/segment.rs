//! The log as segment files: opening, appending, the change of segments, pruning. What may be cut at opening is decided
//! in `recover`; reading is in `read`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use super::disk::{Disk, DiskFile, OsDisk, write_whole};
use super::files::{Folder, MarkFile, about, damaged};
use super::format::{
    BATCH_HEADER_BYTES, BatchChecksum, BatchHeader, Mark, SegmentHeader, encode_record, identity_to_bytes,
};
use super::keeper::{self, Job, Keeper};
use super::read::{Prunable, SegmentReader, Shape};
use super::recover::{Layout, Span, TornTail, inspect};
use super::{Commit, HistoryId, Log, LogError, LogReader, ShardId, check_commits};

/// How a log of segment files is kept.
#[derive(Clone)]
pub struct SegmentOptions {
    /// A segment that has reached this length is closed (64 MiB; a batch is never split, so a segment may be longer).
    pub segment_bytes: u64,
    /// How much of the very first segment is filled with zeros ahead (4 MiB; all later ones are filled whole).
    pub first_prepared_bytes: u64,
    /// A busy log brings its mark up to date after this time (500 ms).
    pub mark_every_ms: u64,
    /// Milliseconds of a clock that never goes back.
    pub monotonic_ms: Arc<dyn Fn() -> u64 + Send + Sync>,
    /// The history of a new log; drawn when there is none.
    pub history: Option<HistoryId>,
    /// Whether the next segment is prepared and the last one closed beside the writer.
    pub with_keeper_thread: bool,
    pub(super) disk: Arc<dyn Disk>,
}

impl SegmentOptions {
    /// The usual ones.
    pub fn new(monotonic_ms: Arc<dyn Fn() -> u64 + Send + Sync>) -> Self {
        Self {
            segment_bytes: 64 << 20,
            first_prepared_bytes: 4 << 20,
            mark_every_ms: 500,
            monotonic_ms,
            history: None,
            with_keeper_thread: true,
            disk: Arc::new(OsDisk),
        }
    }
}

/// What was found at opening.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// The log was made now.
    pub created: bool,
    /// What stood behind the last whole batch and was cut. Report it: it may have been acknowledged, in the last
    /// second before the end, if the disk lost it.
    pub torn: Option<TornTail>,
}

/// A log of segment files.
pub struct SegmentLog {
    folder: Folder,
    options: SegmentOptions,
    history: HistoryId,
    file: Arc<dyn DiskFile>,
    active: Span,
    begin: u64,
    ends: BTreeMap<ShardId, u64>,
    shape: Arc<RwLock<Shape>>,
    keeper: Keeper,
    mark: MarkFile,
    marked_at_ms: u64,
    prepare_given: bool,
    failed: Option<String>,
    buffer: Vec<u8>,
}

impl SegmentLog {
    /// Opens the log in that folder, or makes one if the folder is not there or empty. A torn tail is cut and reported;
    /// any other flaw is [`LogError::Damaged`] and nothing is changed.
    pub fn open(path: &Path, options: SegmentOptions) -> Result<(Self, Opened), LogError> {
        let folder = Folder { disk: options.disk.clone(), path: path.to_path_buf() };
        let created =
            folder.disk.list(path).map_or_else(|e| e.kind() == std::io::ErrorKind::NotFound, |names| names.is_empty());
        if created {
            create(&folder, &options)?;
        }
        let mut layout = inspect(&folder)?;
        repair(&folder, &layout)?;
        let file = folder.disk.open_to_write(&folder.segment(layout.active.segment))?;
        settle_tail(&*file, &layout)?;
        for number in &layout.without_manifest {
            if let Some(span) = layout.closed.iter().find(|span| span.segment == *number) {
                // On a full disk it stays open for another time: what it holds is safe.
                if let Err(error) = keeper::close(&folder, layout.history, span) {
                    tracing::warn!(segment = span.segment, %error, "a log segment could not be closed");
                }
            }
        }
        let torn = layout.torn.take();
        let mut log = Self {
            mark: MarkFile::open(&folder, layout.history, layout.mark)?,
            keeper: Keeper::new(folder.clone(), layout.history, options.with_keeper_thread)?,
            shape: Arc::new(RwLock::new(Shape { closed: layout.closed, active: layout.active.clone() })),
            marked_at_ms: (options.monotonic_ms)(),
            history: layout.history,
            active: layout.active,
            begin: layout.active_begin,
            ends: layout.ends,
            prepare_given: false,
            failed: None,
            buffer: Vec::new(),
            folder,
            options,
            file,
        };
        log.write_mark()?;
        Ok((log, Opened { created, torn }))
    }

    fn write_mark(&mut self) -> Result<(), LogError> {
        let mark = Mark {
            generation: 0,
            segment: self.active.segment,
            end: self.active.bytes,
            commit: self.active.last_commit,
            first_segment: self.mark.last.first_segment,
            checksum: self.active.checksum,
        };
        self.marked_at_ms = (self.options.monotonic_ms)();
        if (Mark { generation: self.mark.last.generation, ..mark }) == self.mark.last {
            return Ok(());
        }
        self.mark.write(mark)
    }

    /// Runs what changes the disk; after a failure nothing more is accepted.
    fn guarded<T>(&mut self, act: impl FnOnce(&mut Self) -> Result<T, LogError>) -> Result<T, LogError> {
        if let Some(cause) = &self.failed {
            return Err(LogError::Io(std::io::Error::other(format!("the log has failed before: {cause}"))));
        }
        let result = act(self);
        if let Err(error) = &result {
            self.failed = Some(error.to_string());
        }
        result
    }

    /// Writes the commits as one batch, synced.
    fn write_batch(&mut self, commits: &mut [Commit]) -> Result<(), LogError> {
        if self.active.bytes >= self.options.segment_bytes && self.active.bytes > self.begin {
            self.change_segment()?;
        }
        let mut ends = std::mem::take(&mut self.ends);
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer.resize(BATCH_HEADER_BYTES, 0);
        let mut checksums = Vec::new();
        let mut last_commit = self.active.last_commit;
        for commit in commits.iter_mut() {
            last_commit += 1;
            for record in commit {
                record.commit = last_commit;
                let end = match ends.get_mut(&record.shard) {
                    Some(end) => end,
                    None => ends.entry(record.shard.clone()).or_default(),
                };
                *end += 1;
                record.offset = *end;
                checksums.push(encode_record(record, &mut buffer));
            }
        }
        let mut header = BatchHeader {
            body_bytes: (buffer.len() - BATCH_HEADER_BYTES) as u32,
            records: checksums.len() as u32,
            previous: self.active.checksum,
            first_commit: self.active.last_commit + 1,
            commits: commits.len() as u32,
            checksum: 0,
        };
        let mut checksum = BatchChecksum::new(self.history, &header);
        checksums.iter().for_each(|record| checksum.add(*record));
        header.checksum = checksum.finish();
        buffer[..BATCH_HEADER_BYTES].copy_from_slice(&header.to_bytes());
        self.file.write_at(&buffer, self.active.bytes)?;
        self.file.sync()?;
        self.active.bytes += buffer.len() as u64;
        self.active.records += checksums.len() as u64;
        self.active.checksum = header.checksum;
        self.active.last_commit = last_commit;
        self.ends = ends;
        self.buffer = buffer;
        self.shape.write().unwrap_or_else(PoisonError::into_inner).active = self.active.clone();
        if !self.prepare_given && self.active.bytes >= self.options.segment_bytes / 2 {
            self.prepare_given = true;
            self.keeper.give(Job::Prepare(self.options.segment_bytes));
        }
        if (self.options.monotonic_ms)().saturating_sub(self.marked_at_ms) >= self.options.mark_every_ms {
            self.write_mark()?;
        }
        Ok(())
    }

    /// Ends the active segment and begins the next. The mark is at the end before the next one exists, so that of all
    /// segments only the last can have a torn tail.
    fn change_segment(&mut self) -> Result<(), LogError> {
        self.keeper.settle();
        self.write_mark()?;
        let header = SegmentHeader {
            history: self.history,
            segment: self.active.segment + 1,
            previous: self.active.checksum,
            last_commit: self.active.last_commit,
            ends: self.ends.clone(),
        };
        let next = self.folder.next();
        let disk = &self.folder.disk;
        let file = if self.prepare_given {
            disk.open_to_write(&next).or_else(|_| disk.create(&next))?
        } else {
            disk.create(&next)?
        };
        let bytes = header.to_bytes();
        file.write_at(&bytes, 0)?;
        file.sync()?;
        disk.rename(&next, &self.folder.segment(header.segment))?;
        disk.sync_dir(&self.folder.path)?;
        let closed = std::mem::replace(&mut self.active, fresh_span(&header, bytes.len() as u64));
        self.begin = bytes.len() as u64;
        self.file = file;
        self.prepare_given = false;
        {
            let mut shape = self.shape.write().unwrap_or_else(PoisonError::into_inner);
            shape.closed.push(closed.clone());
            shape.active = self.active.clone();
        }
        self.keeper.give(Job::Close(closed));
        crate::crash::at("segment_change");
        // Before anything in the new segment is acknowledged: a start that does not find it must miss it.
        self.write_mark()
    }

    /// Both slots of the mark know the new beginning before anything is removed: whichever is read, nothing is missed.
    fn mark_beginning(&mut self, first_segment: u64) -> Result<(), LogError> {
        for _ in 0..2 {
            self.mark.write(Mark { first_segment, ..self.mark.last })?;
        }
        Ok(())
    }

    fn remove(&mut self, spans: &[Span]) -> Result<u64, LogError> {
        let (mut given_back, mut kept) = (0, 0);
        self.shape.write().unwrap_or_else(PoisonError::into_inner).closed.drain(..spans.len());
        for span in spans {
            let segment = self.folder.segment(span.segment);
            given_back += self.folder.disk.taken_bytes(&segment)?;
            kept += self.folder.disk.taken_bytes(&self.folder.archived_segment(span.segment))?;
            self.folder.disk.remove(&segment)?;
            self.folder.disk.remove(&self.folder.manifest(span.segment))?;
        }
        self.folder.disk.sync_dir(&self.folder.path)?;
        Ok(given_back.saturating_sub(kept))
    }
}

impl Drop for SegmentLog {
    fn drop(&mut self) {
        if let Err(error) = self.mark() {
            tracing::warn!(%error, "the log's mark could not be brought up to date at the end");
        }
    }
}

impl Log for SegmentLog {
    fn append(&mut self, commits: &mut [Commit]) -> Result<(), LogError> {
        check_commits(commits)?;
        self.guarded(|log| if commits.is_empty() { Ok(()) } else { log.write_batch(commits) })
    }
    fn last_commit(&self) -> u64 {
        self.active.last_commit
    }
    fn shard_ends(&self) -> BTreeMap<ShardId, u64> {
        self.ends.clone()
    }
    fn history_id(&self) -> HistoryId {
        self.history
    }
    fn reader(&self) -> Arc<dyn LogReader> {
        Arc::new(SegmentReader { folder: self.folder.clone(), history: self.history, shape: self.shape.clone() })
    }
    fn mark(&mut self) -> Result<(), LogError> {
        self.guarded(Self::write_mark)
    }
    fn prune(&mut self, prunable: Prunable) -> Result<u64, LogError> {
        if let Some(span) = prunable.unclosed {
            self.keeper.give(Job::Close(span));
        }
        let spans: Vec<Span> = {
            let shape = self.shape.read().unwrap_or_else(PoisonError::into_inner);
            shape.closed.iter().take_while(|span| prunable.checked.contains(span)).cloned().collect()
        };
        let Some(last) = spans.last() else { return Ok(0) };
        let first_segment = last.segment + 1;
        self.guarded(|log| log.mark_beginning(first_segment))?;
        crate::crash::at("prune");
        self.remove(&spans)
    }
}

fn fresh_span(header: &SegmentHeader, bytes: u64) -> Span {
    Span {
        segment: header.segment,
        before: header.last_commit,
        last_commit: header.last_commit,
        previous: header.previous,
        checksum: header.previous,
        bytes,
        records: 0,
    }
}

/// Makes the folder beside its place, then gives it its name: it is there whole or not at all.
fn create(folder: &Folder, options: &SegmentOptions) -> Result<(), LogError> {
    let disk = &*options.disk;
    #[expect(clippy::disallowed_methods, reason = "a log's own name is chance of the shell")]
    let history = options.history.unwrap_or_else(|| HistoryId(rand::random()));
    let beside = Folder { disk: folder.disk.clone(), path: with_suffix(&folder.path, ".new") };
    let parent = parent_of(&folder.path);
    let make = || -> Result<(), LogError> {
        disk.create_dir(parent)?;
        disk.create_dir(&beside.path)?;
        let header = SegmentHeader { history, segment: 1, previous: 0, last_commit: 0, ends: BTreeMap::new() };
        let bytes = header.to_bytes();
        let file = disk.create(&beside.segment(1))?;
        keeper::fill(&*file, options.first_prepared_bytes.min(options.segment_bytes))?;
        file.write_at(&bytes, 0)?;
        file.sync()?;
        let first =
            Mark { generation: 1, segment: 1, end: bytes.len() as u64, commit: 0, first_segment: 1, checksum: 0 };
        MarkFile::create(&beside, history, first)?;
        write_whole(disk, &beside.history(), &identity_to_bytes(history))?;
        disk.sync_dir(&beside.path)?;
        disk.rename(&beside.path, &folder.path)?;
        Ok(disk.sync_dir(parent)?)
    };
    make().map_err(|error| match error {
        LogError::Io(error) => about(&folder.path, error),
        other => other,
    })
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(suffix);
    PathBuf::from(name)
}

/// Removes what an interrupted change or pruning left: files that are no part of the log. Then makes the names durable:
/// one that is seen may be so new that a crash would take it back.
fn repair(folder: &Folder, layout: &Layout) -> Result<(), LogError> {
    let mut leftover: Vec<PathBuf> = layout.left_behind.iter().map(|number| folder.segment(*number)).collect();
    for name in folder.disk.list(&folder.path)? {
        let number = name.strip_suffix(".manifest").and_then(|number| number.parse::<u64>().ok());
        if name.ends_with(".new") || number.is_some_and(|number| number < layout.mark.first_segment) {
            leftover.push(folder.path.join(name));
        }
    }
    for path in &leftover {
        folder.disk.remove(path).map_err(|error| about(path, error))?;
    }
    folder.disk.sync_dir(&folder.path)?;
    Ok(folder.disk.sync_dir(parent_of(&folder.path))?)
}

fn parent_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes the end of the active segment what `inspect` saw. What lies beyond the mark is written once more before it
/// counts as durable: after a failed sync the system may show bytes that are not on the disk and believe them clean.
fn settle_tail(file: &dyn DiskFile, layout: &Layout) -> Result<(), LogError> {
    let end = layout.active.bytes;
    let mut at = if layout.mark.segment == layout.active.segment { layout.mark.end } else { 0 };
    let mut changed = false;
    let mut window = vec![0; 1 << 20];
    while at < end {
        let most = (window.len() as u64).min(end - at) as usize;
        let read = file.read_at(&mut window[..most], at)?;
        if read == 0 {
            return Err(damaged(Path::new("the last segment"), at, "it became shorter while it was opened"));
        }
        file.write_at(&window[..read], at)?;
        at += read as u64;
        changed = true;
    }
    if let Some(torn) = &layout.torn {
        window.fill(0);
        let until = torn.at + torn.bytes;
        while at < until {
            let part = (window.len() as u64).min(until - at) as usize;
            file.write_at(&window[..part], at)?;
            at += part as u64;
        }
        changed = true;
    }
    if changed {
        file.sync()?;
    }
    Ok(())
}
