//! What the log costs above the unavoidable: batches of records of 512 bytes of payload into segment files, against a
//! bare append and `fdatasync` of the same bytes into a file prepared the same way. Both in turn in one run, so that they
//! meet the same disk; medians. Aim: at least 0.7 of the bare append's rate at every batch size.
//!
//! `cargo bench -p jiaohao-actors --bench log [-- FOLDER]`

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use jiaohao_actors::log::{Commit, Log, LogError, Meta, Record, SegmentLog, SegmentOptions, ShardId};
use jiaohao_actors::shell::clock::monotonic;
use jiaohao_domain::{OwnerKind, OwnerRef, Timestamp};

const PAYLOAD_BYTES: usize = 512;
const SEGMENT_BYTES: u64 = 64 << 20;

fn main() -> Result<(), LogError> {
    let asked = std::env::args().skip(1).find(|argument| !argument.starts_with("--"));
    let base = asked.map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let folder = base.join(format!("log-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    println!("records of {PAYLOAD_BYTES} bytes of payload; log and bare append in turn");
    println!(
        "batch | rounds | bytes a batch | log p50 | bare p50 | log records/s | bare records/s | ratio p50 | ratio total"
    );
    let result = [(1, 3000), (16, 2000), (64, 1200), (128, 800), (256, 400), (1024, 160)]
        .into_iter()
        .try_for_each(|(batch, rounds)| measure(&folder.join(batch.to_string()), batch, rounds));
    std::fs::remove_dir_all(&folder)?;
    result
}

fn measure(folder: &std::path::Path, batch: u64, rounds: u64) -> Result<(), LogError> {
    let began = monotonic();
    let clock = move || began.elapsed().as_millis() as u64;
    let mut options = SegmentOptions::new(Arc::new(clock));
    options.segment_bytes = SEGMENT_BYTES;
    options.first_prepared_bytes = SEGMENT_BYTES;
    let (mut log, _) = SegmentLog::open(&folder.join("log"), options)?;
    let mut commits: Vec<Commit> = (0..batch).map(|n| vec![record(n)]).collect();
    let record_bytes = 68 + "site:renmin".len() + "renmin.neike".len() + 24 + PAYLOAD_BYTES;
    let bytes = vec![0x5A; 32 + record_bytes * batch as usize];
    let bare = prepared(&folder.join("bare"), bytes.len() as u64 * rounds)?;
    let (mut of_log, mut of_bare) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        let start = monotonic();
        log.append(&mut commits)?;
        of_log.push(start.elapsed());
        let start = monotonic();
        bare.write_all_at(&bytes, round * bytes.len() as u64)?;
        bare.sync_data()?;
        of_bare.push(start.elapsed());
    }
    let rate = |times: &[Duration]| (batch * rounds) as f64 / times.iter().sum::<Duration>().as_secs_f64();
    let (log_rate, bare_rate) = (rate(&of_log), rate(&of_bare));
    let (log_p50, bare_p50) = (median(&mut of_log), median(&mut of_bare));
    println!(
        "{batch:5} | {rounds:6} | {:13} | {:4} µs | {:5} µs | {log_rate:13.0} | {bare_rate:14.0} | {:9.2} | {:11.2}",
        bytes.len(),
        log_p50.as_micros(),
        bare_p50.as_micros(),
        bare_p50.as_secs_f64() / log_p50.as_secs_f64(),
        log_rate / bare_rate,
    );
    Ok(())
}

fn record(n: u64) -> Record {
    Record {
        shard: ShardId(Arc::from("site:renmin")),
        owner: OwnerRef::new(OwnerKind::Department, "renmin.neike"),
        owner_seq: n + 1,
        owner_instance: 1,
        kind: 300,
        version: 1,
        offset: 0,
        commit: 0,
        index: 0,
        count: 1,
        at: Timestamp(1_700_000_000_000),
        meta: Some(Meta { version: 1, bytes: vec![1; 24] }),
        payload: (0..PAYLOAD_BYTES as u64).map(|i| (i * 31 + n) as u8).collect(),
    }
}

/// A file written with zeros before.
fn prepared(path: &std::path::Path, bytes: u64) -> std::io::Result<File> {
    let file = File::options().read(true).write(true).create(true).truncate(true).open(path)?;
    let zeros = vec![0; 1 << 20];
    let mut at = 0;
    while at < bytes {
        file.write_all_at(&zeros, at)?;
        at += zeros.len() as u64;
    }
    file.sync_all()?;
    Ok(file)
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}
