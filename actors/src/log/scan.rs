//! Goes through the bytes of one segment, batch by batch, checking every checksum and the chain. Streams: no more than
//! one batch is in memory.

use std::io::{BufReader, Read};

use super::format::{
    BATCH_HEADER_BYTES, BatchChecksum, BatchHeader, Flaw, SegmentHeader, split_checked_record, split_record,
};
use super::{HistoryId, LogError, MAX_BATCH_BYTES, Record, ShardId};

/// What comes next in a segment.
pub enum Step {
    /// A whole batch; its records are in [`Scan::visit`].
    Batch,
    /// Nothing: the limit, or zeros.
    End,
    /// Bytes that are no batch of this chain.
    Flaw(Flaw),
}

/// A segment being read.
pub struct Scan<R> {
    input: BufReader<R>,
    limit: u64,
    history: HistoryId,
    body: Vec<u8>,
    /// Where the next batch begins.
    pub at: u64,
    /// The checksum of the last batch so far.
    pub checksum: u32,
    /// The last commit so far.
    pub last_commit: u64,
    /// How many records so far.
    pub records: u64,
}

impl<R: Read> Scan<R> {
    /// Reads the header of a segment of at most `limit` bytes. The inner error says what is wrong with it.
    pub fn begin(
        input: R,
        limit: u64,
        history: HistoryId,
        segment: u64,
    ) -> std::io::Result<Result<(SegmentHeader, Self), Flaw>> {
        let mut input = BufReader::with_capacity(256 << 10, input);
        let mut start = [0; 12];
        if limit < 12 || !filled(&mut input, &mut start)? {
            return Ok(Err("a segment without a header".into()));
        }
        let length = match SegmentHeader::length(&start) {
            Ok(length) if length as u64 <= limit => length,
            Ok(length) => return Ok(Err(format!("a header of {length} bytes in {limit}"))),
            Err(flaw) => return Ok(Err(flaw)),
        };
        let mut bytes = vec![0; length];
        bytes[..12].copy_from_slice(&start);
        if !filled(&mut input, &mut bytes[12..])? {
            return Ok(Err("a segment header cut short".into()));
        }
        let header = match SegmentHeader::from_bytes(&bytes) {
            Ok(header) => header,
            Err(flaw) => return Ok(Err(flaw)),
        };
        if header.history != history {
            return Ok(Err(format!("a segment of the history {}", header.history)));
        }
        if header.segment != segment {
            return Ok(Err(format!("this is segment {}", header.segment)));
        }
        let (checksum, last_commit) = (header.previous, header.last_commit);
        let scan =
            Self { input, limit, history, body: Vec::new(), at: length as u64, checksum, last_commit, records: 0 };
        Ok(Ok((header, scan)))
    }

    /// Goes one batch on. After anything but a batch the scan stands where it was and is over.
    pub fn step(&mut self) -> std::io::Result<Step> {
        let left = self.limit.saturating_sub(self.at);
        let mut bytes = [0; BATCH_HEADER_BYTES];
        let whole = left >= BATCH_HEADER_BYTES as u64;
        let seen = if whole { BATCH_HEADER_BYTES } else { left as usize };
        if !filled(&mut self.input, &mut bytes[..seen])? {
            return Ok(Step::Flaw("the file ends here".into()));
        }
        if bytes.iter().all(|byte| *byte == 0) {
            return Ok(Step::End);
        }
        if !whole {
            return Ok(Step::Flaw(format!("{left} bytes where a batch should be")));
        }
        let header = match BatchHeader::from_bytes(&bytes) {
            Ok(header) => header,
            Err(flaw) => return Ok(Step::Flaw(flaw)),
        };
        if header.previous != self.checksum || Some(header.first_commit) != self.last_commit.checked_add(1) {
            return Ok(Step::Flaw("the chain is broken: this batch does not follow the one before".into()));
        }
        let body_bytes = header.body_bytes as usize;
        if body_bytes > MAX_BATCH_BYTES || body_bytes as u64 > left - BATCH_HEADER_BYTES as u64 {
            return Ok(Step::Flaw(format!("a batch of {body_bytes} bytes does not fit here")));
        }
        self.body.resize(body_bytes, 0);
        if !filled(&mut self.input, &mut self.body)? {
            return Ok(Step::Flaw("the file ends within a batch".into()));
        }
        if let Err(flaw) = check_batch(self.history, &header, &self.body) {
            return Ok(Step::Flaw(flaw));
        }
        self.at += (BATCH_HEADER_BYTES + body_bytes) as u64;
        self.checksum = header.checksum;
        self.last_commit += u64::from(header.commits);
        self.records += u64::from(header.records);
        Ok(Step::Batch)
    }

    /// Takes the records of the last batch apart, those with a commit number above `after`.
    pub fn visit(&self, after: u64, shards: &mut Vec<ShardId>, visit: &mut dyn FnMut(Record)) -> Result<(), Flaw> {
        if self.last_commit <= after {
            return Ok(());
        }
        let mut rest = &self.body[..];
        while !rest.is_empty() {
            let (record, after_it) = split_checked_record(rest)?;
            if record.commit() > after {
                visit(record.decode(shards)?);
            }
            rest = after_it;
        }
        Ok(())
    }
}

/// Checks a batch's records and its own checksum, and that its commits are numbered as its header says.
fn check_batch(history: HistoryId, header: &BatchHeader, body: &[u8]) -> Result<(), Flaw> {
    let mut checksum = BatchChecksum::new(history, header);
    let (mut rest, mut records) = (body, 0_u32);
    let mut commit = header.first_commit.checked_sub(1).ok_or("a batch with commit 0")?;
    while !rest.is_empty() {
        let (record, after_it) = split_record(rest)?;
        checksum.add(record.checksum);
        match record.commit().checked_sub(commit) {
            Some(0) if records > 0 => {}
            Some(1) => commit += 1,
            _ => return Err("a batch whose commits are not in order".into()),
        }
        records += 1;
        rest = after_it;
    }
    if checksum.finish() != header.checksum {
        return Err("a batch's checksum does not match".into());
    }
    if records != header.records
        || commit != (header.first_commit - 1).saturating_add(u64::from(header.commits))
        || records == 0
    {
        return Err("a batch does not hold what it says".into());
    }
    Ok(())
}

/// Fills the buffer; `false` when the input ends first.
fn filled(input: &mut impl Read, buffer: &mut [u8]) -> std::io::Result<bool> {
    match input.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// Whether a batch that follows later in the chain stands whole at the beginning of `input`: then what is before it is
/// a hole, not a torn tail.
pub fn later_batch(input: impl Read, left: u64, history: HistoryId, last_commit: u64) -> std::io::Result<bool> {
    let mut input = BufReader::new(input);
    let mut bytes = [0; BATCH_HEADER_BYTES];
    if left < BATCH_HEADER_BYTES as u64 || !filled(&mut input, &mut bytes)? {
        return Ok(false);
    }
    let Ok(header) = BatchHeader::from_bytes(&bytes) else { return Ok(false) };
    let body_bytes = header.body_bytes as usize;
    if header.first_commit <= last_commit
        || body_bytes > MAX_BATCH_BYTES
        || body_bytes as u64 > left - BATCH_HEADER_BYTES as u64
    {
        return Ok(false);
    }
    let mut body = vec![0; body_bytes];
    Ok(filled(&mut input, &mut body)? && check_batch(history, &header, &body).is_ok())
}

/// The error of a read that failed where the file is expected to be sound.
pub fn flaw_or_io<T>(result: std::io::Result<Result<T, Flaw>>, path: &std::path::Path, at: u64) -> Result<T, LogError> {
    match result {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(flaw)) => Err(super::files::damaged(path, at, flaw)),
        Err(error) => Err(super::files::about(path, error)),
    }
}
