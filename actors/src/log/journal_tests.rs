//! Tests of `verify`, `stats`, `export` and `import`, of pruning measured on the disk, and of the stored format.

use std::path::{Path, PathBuf};

use super::contract::{Factory, commit, prune, read, record};
use super::journal::{Damage, export, import_archives, stats, verify};
use super::tests::{InFolder, small};
use super::{Log, LogError, Meta, Record, SegmentLog};

/// A log with archives, closed segments and a live one.
pub(super) fn filled(pruned: bool) -> (InFolder, Vec<Record>) {
    let mut factory = InFolder::new(small(2000));
    let mut log = factory.open();
    let mut written = Vec::new();
    for n in 1..=60_u64 {
        let mut records = vec![record("site:a", "a", n, &[n as u8; 90])];
        if n % 3 == 0 {
            records.push(record("slice:9", "p", n / 3, b"second"));
        }
        records[0].kind = (n % 2) as u16;
        let mut commits = vec![commit(records)];
        commits[0][0].meta = (n % 5 > 0).then(|| Meta { version: 1 + (n % 3) as u8, bytes: b"meta".to_vec() });
        log.append(&mut commits).unwrap();
        written.extend(commits.into_iter().flatten());
    }
    if pruned {
        prune(&mut log, 40).unwrap();
        assert!(!factory.path().join("0000000002.seg").exists());
    }
    (factory, written)
}

pub(super) fn sound(_: &Record) -> Result<(), String> {
    Ok(())
}

#[test]
fn verify_counts_what_is_there() {
    for pruned in [false, true] {
        let (factory, written) = filled(pruned);
        let mut seen = Vec::new();
        let found = verify(&factory.path(), &mut |record| {
            seen.push(record.clone());
            Ok(())
        })
        .unwrap();
        assert_eq!(seen, written, "pruned {pruned}: every record in order");
        assert!(found.segments > 3);
        assert_eq!((found.records, found.owners), (80, 2));
        assert_eq!((found.torn_tail_bytes, found.first_commit, found.last_commit), (0, 1, 60));
        assert_eq!(found.damaged, []);
        let json = serde_json::to_string(&found).unwrap();
        assert!(json.contains(r#""torn_tail_bytes":0,"damaged":[]"#), "{json}");
    }
}

#[test]
fn verify_names_every_damage_and_changes_nothing() {
    let (factory, _) = filled(true);
    let flip = |name: &str, at: usize| {
        let path = factory.path().join(name);
        let mut bytes = std::fs::read(&path).unwrap();
        let at = at.min(bytes.len() - 1);
        bytes[at] ^= 4;
        std::fs::write(&path, bytes).unwrap();
    };
    flip("archive/0000000002.seg.zst", 300);
    let live = factory.path().read_dir().unwrap().map(|e| e.unwrap().file_name().into_string().unwrap());
    let mut live: Vec<String> = live.filter(|name| name.ends_with(".seg")).collect();
    live.sort();
    flip(&live[0], 1500);
    let before = snapshot(&factory.path());
    let found = verify(&factory.path(), &mut sound).unwrap();
    let places: Vec<&str> = found.damaged.iter().map(|damage| &damage.place[..]).collect();
    assert!(places.iter().any(|place| place.starts_with("archive/0000000002.seg.zst byte")), "{places:?}");
    assert!(places.iter().any(|place| place.starts_with(&format!("{} byte", live[0]))), "{places:?}");
    assert!(found.records > 20, "what is sound is read: {}", found.records);
    assert!(before == snapshot(&factory.path()));
}

pub(super) fn flip(path: &Path, at: usize) {
    let mut bytes = std::fs::read(path).unwrap();
    bytes[at] ^= 4;
    std::fs::write(path, bytes).unwrap();
}

#[test]
fn one_damaged_place_is_told_once_and_read_from_its_archive() {
    let (factory, written) = filled(false);
    let closed = factory.path().join("0000000002.seg");
    flip(&closed, 700);
    let found = verify(&factory.path(), &mut sound).unwrap();
    assert_eq!((found.damaged.len(), found.records), (1, 80), "{:?}", found.damaged);
    assert!(found.damaged[0].what.contains("its archive is sound"), "{:?}", found.damaged);
    let (log, _) = SegmentLog::open(&factory.path(), factory.options.clone()).unwrap();
    assert_eq!(read(&log, 0), written, "a start goes on with the archive");
    drop(log);
    flip(&factory.path().join("archive/0000000002.seg.zst"), 60);
    let mut reached = std::collections::HashMap::new();
    let found = verify(&factory.path(), &mut |record| {
        let before = reached.insert(record.owner.clone(), record.owner_seq).unwrap_or(0);
        if before + 1 == record.owner_seq { Ok(()) } else { Err(format!("record {} after {before}", record.owner_seq)) }
    })
    .unwrap();
    let told: Vec<&str> = found.damaged.iter().map(|damage| &damage.what[..]).collect();
    let of_gaps = told.iter().filter(|what| what.contains("follows") || what.contains("after")).count();
    assert_eq!(of_gaps, 0, "gaps are no damage of their own: {told:?}");
    assert!(told.last().unwrap().contains("owners have records behind it"), "{told:?}");
    let (log, _) = SegmentLog::open(&factory.path(), factory.options.clone()).unwrap();
    assert!(matches!(log.replay(0, &mut drop), Err(LogError::Damaged { .. })));
}

#[test]
fn what_stands_before_the_damage_of_the_last_segment_is_counted() {
    let (factory, _) = filled(false);
    let segments = std::fs::read_dir(factory.path()).unwrap().map(|e| e.unwrap().path());
    let last = segments.filter(|path| path.extension().is_some_and(|e| e == "seg")).max().unwrap();
    let whole = verify(&factory.path(), &mut sound).unwrap();
    assert!(!whole.ends_in_damage);
    let bytes = std::fs::read(&last).unwrap();
    flip(&last, bytes.iter().rposition(|byte| *byte != 0).unwrap() * 2 / 3);
    let before = snapshot(&factory.path());
    let found = verify(&factory.path(), &mut sound).unwrap();
    assert_eq!((found.damaged.len(), found.segments, found.first_commit), (1, whole.segments, 1), "{found:?}");
    let told = export(&factory.path(), &mut std::io::sink(), &|_| None).unwrap();
    assert!(found.ends_in_damage && told.damage.is_some(), "{found:?}");
    assert_eq!((found.records, found.last_commit), (told.records, told.last_commit), "as an export has them");
    assert!((1..whole.records).contains(&found.records), "{found:?}");
    assert!(before == snapshot(&factory.path()));
}

#[test]
fn a_damaged_manifest_is_made_again() {
    let (factory, written) = filled(false);
    let manifest = factory.path().join("0000000002.manifest");
    let sound_one = std::fs::read(&manifest).unwrap();
    flip(&manifest, 30);
    assert_eq!(verify(&factory.path(), &mut sound).unwrap().damaged.len(), 1, "named while it stands");
    let (log, _) = SegmentLog::open(&factory.path(), factory.options.clone()).unwrap();
    assert_eq!(read(&log, 0), written);
    assert_eq!(std::fs::read(&manifest).unwrap(), sound_one);
}

#[test]
fn a_damaged_archive_holds_up_its_own_segment_only_and_is_made_again() {
    let (factory, written) = filled(false);
    let (mut log, _) = SegmentLog::open(&factory.path(), factory.options.clone()).unwrap();
    let [segment, next] = ["0000000003.seg", "0000000004.seg"].map(|name| factory.path().join(name));
    flip(&factory.path().join("archive/0000000003.seg.zst"), 60);
    prune(&mut log, 40).unwrap();
    assert!(!factory.path().join("0000000002.seg").exists(), "the sound ones before it were kept");
    assert!(segment.exists(), "removed without a sound archive");
    prune(&mut log, 40).unwrap();
    assert!(!segment.exists() && !next.exists(), "its archive was not made again");
    assert_eq!(read(&log, 0), written);
    drop(log);
    assert_eq!(verify(&factory.path(), &mut sound).unwrap().damaged, []);
}

#[test]
fn a_damaged_segment_takes_no_archives_place() {
    let (factory, _) = filled(false);
    let (mut log, _) = SegmentLog::open(&factory.path(), factory.options.clone()).unwrap();
    flip(&factory.path().join("archive/0000000003.seg.zst"), 60);
    flip(&factory.path().join("0000000003.seg"), 700);
    let of_third = || {
        let files = snapshot(&factory.path()).into_iter();
        files.filter(|(path, _)| path.to_string_lossy().contains("0000000003")).collect::<Vec<_>>()
    };
    let before = of_third();
    for _ in 0..2 {
        prune(&mut log, 40).unwrap();
    }
    assert!(of_third() == before, "what is left of both was written over");
}

#[test]
fn a_missing_segment_is_named_with_its_archive_and_another_format_is_no_damage() {
    let (factory, _) = filled(false);
    let segment = factory.path().join("0000000002.seg");
    let aside = factory.path().join("aside");
    std::fs::rename(&segment, &aside).unwrap();
    let refused = SegmentLog::open(&factory.path(), factory.options.clone()).err().unwrap().to_string();
    assert!(refused.contains("0000000002.seg") && refused.contains("zstd -d "), "{refused}");
    std::fs::rename(&aside, &segment).unwrap();
    let history = factory.path().join("history");
    let mut bytes = std::fs::read(&history).unwrap();
    bytes[8] = 2;
    let checksum = crc32fast::hash(&bytes[..28]);
    bytes[28..32].copy_from_slice(&checksum.to_le_bytes());
    std::fs::write(&history, bytes).unwrap();
    let refused = SegmentLog::open(&factory.path(), factory.options.clone()).err().unwrap();
    assert!(matches!(&refused, LogError::Format(what) if what.contains("format 2")), "{refused}");
}

#[test]
fn verify_reports_a_torn_tail_and_leaves_it() {
    let (factory, _) = filled(false);
    let last = std::fs::read_dir(factory.path()).unwrap().map(|e| e.unwrap().path());
    let last = last.filter(|path| path.extension().is_some_and(|e| e == "seg")).max().unwrap();
    let mut bytes = std::fs::read(&last).unwrap();
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap() + 1;
    bytes.resize(end.max(bytes.len()) + 10, 0);
    bytes[end..end + 7].copy_from_slice(b"garbage");
    std::fs::write(&last, bytes).unwrap();
    for _ in 0..2 {
        let found = verify(&factory.path(), &mut sound).unwrap();
        assert_eq!((found.torn_tail_bytes, found.records), (7, 80));
        assert_eq!(found.damaged, []);
    }
    let (_, opened) = SegmentLog::open(&factory.path(), factory.options.clone()).unwrap();
    assert_eq!(opened.torn.map(|torn| (torn.at, torn.bytes)), Some((end as u64, 7)));
    assert_eq!(verify(&factory.path(), &mut sound).unwrap().torn_tail_bytes, 0);
}

#[test]
fn verify_finds_gaps_of_owners_and_what_a_replay_refuses() {
    let mut factory = InFolder::new(small(2000));
    let mut log = factory.open();
    let mut old = record("site:a", "a", 4, b"");
    old.owner_instance = 0;
    log.append(&mut [commit(vec![record("site:a", "a", 1, b""), record("site:a", "a", 3, b""), old])]).unwrap();
    drop(log);
    let found = verify(&factory.path(), &mut |record| {
        if record.owner_seq == 4 { Err("the state differs".into()) } else { Ok(()) }
    })
    .unwrap();
    let damage = |index: u16, what: &str| Damage { place: format!("commit 1 record {index} of a"), what: what.into() };
    let expected = [
        damage(1, "number 3 of its owner follows 1"),
        damage(2, "instance 0 of its owner wrote after instance 1"),
        damage(2, "the state differs"),
    ];
    assert_eq!(found.damaged, expected);
}

#[test]
fn stats_add_up() {
    let (factory, written) = filled(true);
    let stats = stats(&factory.path(), &|_| None).unwrap();
    assert_eq!((stats.records, stats.commits), (80, 60));
    assert_eq!(stats.first_at, Some(written[0].at));
    assert_eq!(stats.last_at, written.last().map(|record| record.at));
    let kinds: Vec<_> = stats.kinds.iter().map(|kind| (kind.owner_kind, kind.kind, kind.records)).collect();
    assert_eq!(kinds, [("probe", 0, 30), ("probe", 1, 30), ("probe", 7, 20)]);
    assert_eq!(stats.kinds.iter().map(|kind| kind.bytes).sum::<u64>(), stats.bytes);
    assert_eq!(stats.kinds[2].payload_bytes, 20 * 6);
}

#[test]
fn archives_are_imported_up_to_their_end() {
    let (factory, written) = filled(false);
    let target = InFolder::new(small(5000));
    let archives = factory.path().join("archive");
    let imported = import_archives(&target.path(), &archives, small(5000)).unwrap();
    let log = SegmentLog::open(&target.path(), small(5000)).unwrap().0;
    assert_eq!(read(&log, 0), written[..imported.records as usize]);
    assert!(imported.records > 40);
    std::fs::remove_file(archives.join("0000000002.manifest")).unwrap();
    let target = InFolder::new(small(5000));
    let error = import_archives(&target.path(), &archives, small(5000)).unwrap_err();
    assert!(matches!(error, LogError::Damaged { .. }), "{error}");
}

fn blocks(folder: &Path) -> u64 {
    use std::os::unix::fs::MetadataExt;
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| {
            if entry.file_type().unwrap().is_dir() {
                blocks(&entry.path())
            } else {
                entry.metadata().unwrap().blocks() * 512
            }
        })
        .sum()
}

#[test]
fn pruning_gives_the_disk_back() {
    let mut factory = InFolder::new(small(256 << 10));
    let mut log = factory.open();
    for n in 1..=400 {
        log.append(&mut [commit(vec![record("site:a", "a", n, &[n as u8; 4000])])]).unwrap();
    }
    let before = blocks(&factory.path());
    let archives = blocks(&factory.path().join("archive"));
    let given_back = prune(&mut log, 400).unwrap();
    let after = blocks(&factory.path());
    assert!(archives < before / 20, "these records compress well: {archives} of {before}");
    assert!(before - after > 1 << 20, "{before} -> {after}");
    assert!((before - after).abs_diff(given_back + archives) < 100_000, "{before} -> {after}, said {given_back}");
    assert_eq!(prune(&mut log, 400).unwrap(), 0);
}

fn snapshot(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .flat_map(
            |path| if path.is_dir() { snapshot(&path) } else { vec![(path.clone(), std::fs::read(&path).unwrap())] },
        )
        .collect();
    files.sort();
    files
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap()) {
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn fixture() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/log-v1")
}

/// What the fixture holds: an archived segment, closed ones, a live one.
fn write_fixture(folder: &Path) -> Vec<Record> {
    let (mut log, _) = SegmentLog::open(folder, small(1500)).unwrap();
    let mut written = Vec::new();
    for n in 1..=24_u64 {
        let mut records = vec![record("site:renmin", "renmin.neike", n, format!("event {n}").as_bytes())];
        if n % 4 == 0 {
            records.push(record("slice:17", "p-0123", n / 4, &[n as u8; 20]));
        }
        let mut commits = vec![commit(records)];
        log.append(&mut commits).unwrap();
        written.extend(commits.into_iter().flatten());
    }
    prune(&mut log, 14).unwrap();
    assert!(!folder.join("0000000001.seg").exists());
    drop(log);
    std::fs::remove_file(folder.join("next.new")).unwrap();
    written
}

#[test]
fn format_1_is_read_by_every_version_and_written_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let fresh = folder.path().join("fresh");
    let written = write_fixture(&fresh);
    if std::env::var_os("JIAOHAO_WRITE_FIXTURE").is_some() {
        copy(&fresh, &fixture());
    }
    let old = folder.path().join("old");
    copy(&fixture(), &old);
    assert_eq!(verify(&old, &mut sound).unwrap().damaged, []);
    let (log, opened) = SegmentLog::open(&old, small(1500)).unwrap();
    assert_eq!(opened, super::Opened::default());
    assert_eq!(read(&log, 0), written);
    drop(log);
    let relative = |root: &Path| -> Vec<(PathBuf, Vec<u8>)> {
        let strip = |(path, bytes): (PathBuf, Vec<u8>)| (path.strip_prefix(root).unwrap().to_path_buf(), bytes);
        // Another version of the compressor may choose other bytes for the same content.
        snapshot(root).into_iter().map(strip).filter(|(path, _)| path.extension().is_none_or(|e| e != "zst")).collect()
    };
    assert!(relative(&fresh) == relative(&fixture()), "format 1 is written as it was");
}
