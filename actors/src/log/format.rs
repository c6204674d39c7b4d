//! Format 1 of the log as bytes (`LOG.md` is normative): records, batches, segment headers, mark slots. Pure: bytes in,
//! values out, no file. Nothing here allocates from a length that was not checked against the bytes at hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiaohao_domain::{OwnerKind, OwnerRef, Timestamp};

use super::{HistoryId, MAX_META_BYTES, MAX_PAYLOAD_BYTES, Meta, Record, ShardId};

/// The format that is written.
pub const FORMAT: u8 = 1;
/// Bytes of a record before its names, meta and payload.
pub const RECORD_HEADER_BYTES: usize = 68;
/// Bytes of a batch before its records.
pub const BATCH_HEADER_BYTES: usize = 32;
/// Bytes of a mark slot.
pub const MARK_SLOT_BYTES: usize = 80;
/// Distance of the two slots of the mark file: they share no sector and no page.
pub const MARK_SLOT_DISTANCE: usize = 4096;
/// Bytes of the file that names the history.
pub const IDENTITY_BYTES: usize = 32;
/// First bytes of a batch.
pub const BATCH_MAGIC: [u8; 4] = *b"JHb1";

const SEGMENT_MAGIC: [u8; 8] = *b"JHLOGSEG";
const MARK_MAGIC: [u8; 8] = *b"JHLOGMRK";
const IDENTITY_MAGIC: [u8; 8] = *b"JHLOGHID";
const SEGMENT_FIXED_BYTES: usize = 56;
/// A segment header is never longer (about half a million shards).
pub const SEGMENT_HEADER_MAX_BYTES: usize = 16 << 20;

/// Why bytes are not what they should be.
pub type Flaw = String;

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes(array(bytes, at))
}
fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(array(bytes, at))
}
fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(array(bytes, at))
}
fn array<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    bytes[at..at + N].try_into().expect("invariant: callers check the length of a header before they read its fields")
}

/// How many bytes a record takes.
pub fn record_bytes(record: &Record) -> usize {
    RECORD_HEADER_BYTES
        + record.shard.0.len()
        + record.owner.id.len()
        + record.meta.as_ref().map_or(0, |meta| meta.bytes.len())
        + record.payload.len()
}

fn record_checksum(bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&bytes[..4]);
    hasher.update(&bytes[8..]);
    hasher.finalize()
}

/// The lowest 24 bits are the meta's length + 1; the 8 above, which were always zero while there was only one version, the
/// version − 1.
fn meta_field(version: u8, length: usize) -> u32 {
    u32::from(version - 1) << 24 | (length as u32 + 1)
}

/// Appends the record to `out` and returns its checksum. Lengths are within the limits (`check_commits`).
pub fn encode_record(record: &Record, out: &mut Vec<u8>) -> u32 {
    let start = out.len();
    let length = record_bytes(record) as u32;
    let meta = record.meta.as_ref().map_or(0, |meta| meta_field(meta.version, meta.bytes.len()));
    let mut header = [0; RECORD_HEADER_BYTES];
    header[0..4].copy_from_slice(&length.to_le_bytes());
    header[8] = FORMAT;
    header[9] = record.owner.kind as u8;
    header[10..12].copy_from_slice(&record.kind.to_le_bytes());
    header[12..14].copy_from_slice(&record.version.to_le_bytes());
    header[14..16].copy_from_slice(&record.index.to_le_bytes());
    header[16..18].copy_from_slice(&record.count.to_le_bytes());
    header[18] = record.shard.0.len() as u8;
    header[19] = record.owner.id.len() as u8;
    header[20..28].copy_from_slice(&record.owner_seq.to_le_bytes());
    header[28..36].copy_from_slice(&record.owner_instance.to_le_bytes());
    header[36..44].copy_from_slice(&record.offset.to_le_bytes());
    header[44..52].copy_from_slice(&record.commit.to_le_bytes());
    header[52..60].copy_from_slice(&record.at.0.to_le_bytes());
    header[60..64].copy_from_slice(&meta.to_le_bytes());
    header[64..68].copy_from_slice(&(record.payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&header);
    out.extend_from_slice(record.shard.0.as_bytes());
    out.extend_from_slice(record.owner.id.as_bytes());
    out.extend_from_slice(record.meta.as_ref().map_or(&[], |meta| &meta.bytes[..]));
    out.extend_from_slice(&record.payload);
    let checksum = record_checksum(&out[start..]);
    out[start + 4..start + 8].copy_from_slice(&checksum.to_le_bytes());
    checksum
}

/// One record's bytes, whole and with the right checksum, not yet taken apart.
#[derive(Clone, Copy)]
pub struct RawRecord<'a> {
    bytes: &'a [u8],
    /// Its checksum.
    pub checksum: u32,
}

/// Splits the first record off `bytes` and checks its checksum.
pub fn split_record(bytes: &[u8]) -> Result<(RawRecord<'_>, &[u8]), Flaw> {
    let (record, rest) = split_checked_record(bytes)?;
    if record_checksum(record.bytes) != record.checksum {
        return Err("a record's checksum does not match".into());
    }
    Ok((record, rest))
}

/// Splits the first record off bytes whose checksums have been checked before.
pub fn split_checked_record(bytes: &[u8]) -> Result<(RawRecord<'_>, &[u8]), Flaw> {
    if bytes.len() < RECORD_HEADER_BYTES {
        return Err(format!("{} bytes where a record should be", bytes.len()));
    }
    let length = u32_at(bytes, 0) as usize;
    if length < RECORD_HEADER_BYTES || length > bytes.len() {
        return Err(format!("a record of {length} bytes where {} are left", bytes.len()));
    }
    let (record, rest) = bytes.split_at(length);
    Ok((RawRecord { bytes: record, checksum: u32_at(record, 4) }, rest))
}

impl RawRecord<'_> {
    /// The record's commit number.
    pub fn commit(&self) -> u64 {
        u64_at(self.bytes, 44)
    }

    /// Takes the record apart. `shards` remembers the shards seen, so that each name is allocated once.
    pub fn decode(&self, shards: &mut Vec<ShardId>) -> Result<Record, Flaw> {
        let bytes = self.bytes;
        if bytes[8] != FORMAT {
            return Err(format!("a record of format {}, not {FORMAT}", bytes[8]));
        }
        let (shard_length, owner_length) = (usize::from(bytes[18]), usize::from(bytes[19]));
        let (meta, payload_length) = (u32_at(bytes, 60), u32_at(bytes, 64) as usize);
        let (versions_above, meta) = ((meta >> 24) as u8, (meta & 0xFF_FFFF) as usize);
        let meta_length = meta.saturating_sub(1);
        let version = versions_above.checked_add(1).filter(|_| meta > 0 || versions_above == 0);
        let version = version.ok_or("a record with a meta of no version")?;
        if meta_length > MAX_META_BYTES || payload_length > MAX_PAYLOAD_BYTES {
            return Err("a record with an over-long meta or payload".into());
        }
        if RECORD_HEADER_BYTES + shard_length + owner_length + meta_length + payload_length != bytes.len() {
            return Err("a record whose parts do not add up to its length".into());
        }
        let (shard, rest) = bytes[RECORD_HEADER_BYTES..].split_at(shard_length);
        let (owner, rest) = rest.split_at(owner_length);
        let (meta_bytes, payload) = rest.split_at(meta_length);
        let name = |bytes| std::str::from_utf8(bytes).map_err(|_| "a name that is not UTF-8".to_string());
        Ok(Record {
            shard: intern(name(shard)?, shards),
            owner: OwnerRef { kind: owner_kind(bytes[9])?, id: Arc::from(name(owner)?) },
            owner_seq: u64_at(bytes, 20),
            owner_instance: u64_at(bytes, 28),
            kind: u16_at(bytes, 10),
            version: u16_at(bytes, 12),
            offset: u64_at(bytes, 36),
            commit: self.commit(),
            index: u16_at(bytes, 14),
            count: u16_at(bytes, 16),
            at: Timestamp(u64_at(bytes, 52) as i64),
            meta: (meta > 0).then(|| Meta { version, bytes: meta_bytes.to_vec() }),
            payload: payload.to_vec(),
        })
    }
}

fn intern(name: &str, shards: &mut Vec<ShardId>) -> ShardId {
    match shards.binary_search_by(|shard| (*shard.0).cmp(name)) {
        Ok(at) => shards[at].clone(),
        Err(at) => {
            let shard = ShardId(Arc::from(name));
            shards.insert(at, shard.clone());
            shard
        }
    }
}

/// Every kind of owner with its name in exports.
const OWNER_KINDS: [(OwnerKind, &str); 8] = [
    (OwnerKind::Site, "site"),
    (OwnerKind::Department, "department"),
    (OwnerKind::Doctor, "doctor"),
    (OwnerKind::Patient, "patient"),
    (OwnerKind::Account, "account"),
    (OwnerKind::Board, "board"),
    (OwnerKind::Room, "room"),
    (OwnerKind::Probe, "probe"),
];

/// The owner kind of a number in the log.
pub fn owner_kind(number: u8) -> Result<OwnerKind, Flaw> {
    let found = OWNER_KINDS.iter().find(|(kind, _)| *kind as u8 == number);
    found.map(|(kind, _)| *kind).ok_or_else(|| format!("an owner of the unknown kind {number}"))
}

/// The name of a kind of owner.
pub fn owner_kind_name(kind: OwnerKind) -> &'static str {
    OWNER_KINDS.iter().find(|(known, _)| *known == kind).map_or("unknown", |(_, name)| name)
}

/// The kind of owner of that name.
pub fn owner_kind_named(name: &str) -> Option<OwnerKind> {
    OWNER_KINDS.iter().find(|(_, known)| *known == name).map(|(kind, _)| *kind)
}

/// What a batch says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BatchHeader {
    /// Bytes of its records.
    pub body_bytes: u32,
    /// How many records.
    pub records: u32,
    /// The checksum of the batch before.
    pub previous: u32,
    /// The number of its first commit.
    pub first_commit: u64,
    /// How many commits.
    pub commits: u32,
    /// Its checksum: over the history, this header and the checksums of its records.
    pub checksum: u32,
}

/// Goes over a batch's header and its records' checksums.
pub struct BatchChecksum(crc32fast::Hasher);

impl BatchChecksum {
    /// Begins with the header (its checksum field is not read).
    pub fn new(history: HistoryId, header: &BatchHeader) -> Self {
        let mut hasher = crc32fast::Hasher::new();
        hasher.update(&history.0.to_le_bytes());
        hasher.update(&header.to_bytes()[..28]);
        Self(hasher)
    }
    /// Adds a record's checksum.
    pub fn add(&mut self, record_checksum: u32) {
        self.0.update(&record_checksum.to_le_bytes())
    }
    /// The batch's checksum.
    pub fn finish(self) -> u32 {
        self.0.finalize()
    }
}

impl BatchHeader {
    /// As bytes.
    pub fn to_bytes(self) -> [u8; BATCH_HEADER_BYTES] {
        let mut bytes = [0; BATCH_HEADER_BYTES];
        bytes[0..4].copy_from_slice(&BATCH_MAGIC);
        bytes[4..8].copy_from_slice(&self.body_bytes.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.records.to_le_bytes());
        bytes[12..16].copy_from_slice(&self.previous.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.first_commit.to_le_bytes());
        bytes[24..28].copy_from_slice(&self.commits.to_le_bytes());
        bytes[28..32].copy_from_slice(&self.checksum.to_le_bytes());
        bytes
    }
    /// From bytes; nothing but the magic is checked here.
    pub fn from_bytes(bytes: &[u8; BATCH_HEADER_BYTES]) -> Result<Self, Flaw> {
        if bytes[0..4] != BATCH_MAGIC {
            return Err("no batch begins here".into());
        }
        Ok(Self {
            body_bytes: u32_at(bytes, 4),
            records: u32_at(bytes, 8),
            previous: u32_at(bytes, 12),
            first_commit: u64_at(bytes, 16),
            commits: u32_at(bytes, 24),
            checksum: u32_at(bytes, 28),
        })
    }
}

/// What stands at the beginning of a segment: all that an append needs to know of the segments before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SegmentHeader {
    /// Which history.
    pub history: HistoryId,
    /// The segment's number, from 1.
    pub segment: u64,
    /// The checksum of the last batch before (0: none).
    pub previous: u32,
    /// The last commit before (0: none).
    pub last_commit: u64,
    /// The last offset of every shard before.
    pub ends: BTreeMap<ShardId, u64>,
}

impl SegmentHeader {
    /// As bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(4096);
        out.extend_from_slice(&SEGMENT_MAGIC);
        out.extend_from_slice(&[0; 4]);
        out.extend_from_slice(&u16::from(FORMAT).to_le_bytes());
        out.extend_from_slice(&[0; 2]);
        out.extend_from_slice(&self.history.0.to_le_bytes());
        out.extend_from_slice(&self.segment.to_le_bytes());
        out.extend_from_slice(&self.last_commit.to_le_bytes());
        out.extend_from_slice(&self.previous.to_le_bytes());
        out.extend_from_slice(&(self.ends.len() as u32).to_le_bytes());
        for (shard, end) in &self.ends {
            out.push(shard.0.len() as u8);
            out.extend_from_slice(shard.0.as_bytes());
            out.extend_from_slice(&end.to_le_bytes());
        }
        let length = out.len() as u32 + 4;
        out[8..12].copy_from_slice(&length.to_le_bytes());
        out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
        out
    }

    /// How long the header is, by its first 12 bytes.
    pub fn length(start: &[u8; 12]) -> Result<usize, Flaw> {
        if start[0..8] != SEGMENT_MAGIC {
            return Err("not a segment of a log".into());
        }
        let length = u32_at(start, 8) as usize;
        if !(SEGMENT_FIXED_BYTES + 4..=SEGMENT_HEADER_MAX_BYTES).contains(&length) {
            return Err(format!("a segment header of {length} bytes"));
        }
        Ok(length)
    }

    /// From exactly its bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Flaw> {
        let start = bytes.first_chunk().ok_or("a segment header cut short")?;
        if Self::length(start)? != bytes.len() {
            return Err("a segment header cut short".into());
        }
        let (body, checksum) = bytes.split_at(bytes.len() - 4);
        if crc32fast::hash(body) != u32_at(checksum, 0) {
            return Err("the segment header's checksum does not match".into());
        }
        if u16_at(body, 12) != u16::from(FORMAT) {
            return Err(format!("a segment of format {}, not {FORMAT}", u16_at(body, 12)));
        }
        let mut ends = BTreeMap::new();
        let mut rest = &body[SEGMENT_FIXED_BYTES..];
        for _ in 0..u32_at(body, 52) {
            let (&length, after) = rest.split_first().ok_or("a shard table cut short")?;
            let length = usize::from(length);
            if after.len() < length + 8 {
                return Err("a shard table cut short".into());
            }
            let (name, after) = after.split_at(length);
            let name = std::str::from_utf8(name).map_err(|_| "a shard's name is not UTF-8")?;
            ends.insert(ShardId(Arc::from(name)), u64_at(after, 0));
            rest = &after[8..];
        }
        if !rest.is_empty() {
            return Err("bytes left over behind the shard table".into());
        }
        Ok(Self {
            history: HistoryId(u128::from_le_bytes(array(body, 16))),
            segment: u64_at(body, 32),
            last_commit: u64_at(body, 40),
            previous: u32_at(body, 48),
            ends,
        })
    }
}

/// How far the log is known to be durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Rises with each writing; the valid slot with the higher one counts.
    pub generation: u64,
    /// The segment that was written last.
    pub segment: u64,
    /// Where its last durable batch ends.
    pub end: u64,
    /// The last durable commit.
    pub commit: u64,
    /// The first segment that is not pruned.
    pub first_segment: u64,
    /// The checksum of the last durable batch.
    pub checksum: u32,
}

impl Mark {
    /// As bytes of one slot.
    pub fn to_bytes(self, history: HistoryId) -> [u8; MARK_SLOT_BYTES] {
        let mut bytes = [0; MARK_SLOT_BYTES];
        bytes[0..8].copy_from_slice(&MARK_MAGIC);
        bytes[8..24].copy_from_slice(&history.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.generation.to_le_bytes());
        bytes[32..40].copy_from_slice(&self.segment.to_le_bytes());
        bytes[40..48].copy_from_slice(&self.end.to_le_bytes());
        bytes[48..56].copy_from_slice(&self.commit.to_le_bytes());
        bytes[56..64].copy_from_slice(&self.first_segment.to_le_bytes());
        bytes[64..68].copy_from_slice(&self.checksum.to_le_bytes());
        bytes[68..70].copy_from_slice(&u16::from(FORMAT).to_le_bytes());
        let checksum = crc32fast::hash(&bytes[..76]);
        bytes[76..80].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// From a slot's bytes; `None` when the slot is not valid (torn, damaged, never written, of another history).
    pub fn from_bytes(bytes: &[u8], history: HistoryId) -> Option<Self> {
        if bytes.len() != MARK_SLOT_BYTES
            || bytes[0..8] != MARK_MAGIC
            || crc32fast::hash(&bytes[..76]) != u32_at(bytes, 76)
            || bytes[8..24] != history.0.to_le_bytes()
            || u16_at(bytes, 68) != u16::from(FORMAT)
        {
            return None;
        }
        Some(Self {
            generation: u64_at(bytes, 24),
            segment: u64_at(bytes, 32),
            end: u64_at(bytes, 40),
            commit: u64_at(bytes, 48),
            first_segment: u64_at(bytes, 56),
            checksum: u32_at(bytes, 64),
        })
    }
}

/// The file that names the history, as bytes.
pub fn identity_to_bytes(history: HistoryId) -> [u8; IDENTITY_BYTES] {
    let mut bytes = [0; IDENTITY_BYTES];
    bytes[0..8].copy_from_slice(&IDENTITY_MAGIC);
    bytes[8..10].copy_from_slice(&u16::from(FORMAT).to_le_bytes());
    bytes[12..28].copy_from_slice(&history.0.to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..28]);
    bytes[28..32].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

/// The format that a sound `history` names, this one or another.
pub fn identity_version(bytes: &[u8]) -> Option<u16> {
    let is_sound = bytes.len() == IDENTITY_BYTES
        && bytes[0..8] == IDENTITY_MAGIC
        && crc32fast::hash(&bytes[..28]) == u32_at(bytes, 28);
    is_sound.then(|| u16_at(bytes, 8))
}

/// Reads [`identity_to_bytes`] back.
pub fn identity_from_bytes(bytes: &[u8]) -> Result<HistoryId, Flaw> {
    if bytes.len() != IDENTITY_BYTES || bytes[0..8] != IDENTITY_MAGIC {
        return Err("this does not name the history of a log".into());
    }
    if crc32fast::hash(&bytes[..28]) != u32_at(bytes, 28) {
        return Err("its checksum does not match".into());
    }
    if u16_at(bytes, 8) != u16::from(FORMAT) {
        return Err(format!("a log of format {}, not {FORMAT}", u16_at(bytes, 8)));
    }
    Ok(HistoryId(u128::from_le_bytes(array(bytes, 12))))
}
