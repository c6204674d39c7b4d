//! What was stored is read by every later version: a golden file for each kind and version of event, for the shell's own
//! records and for every owner's snapshot, under `tests/fixtures/stored/`. Each line of a file is one value: its stored
//! bytes in hexadecimal, and what they mean. The bytes must be read as that meaning and the meaning written as those bytes.
//!
//! `JIAOHAO_WRITE_GOLDEN=1 cargo test --test golden` makes the files that are missing (a new kind, a new version) and
//! touches none that is there.
#![allow(clippy::unwrap_used, reason = "what fails in a test, fails it")]

mod specimen;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::path::{Path, PathBuf};

use jiaohao_actors::codec;
use jiaohao_actors::log::{Meta, Record, ShardId};
use jiaohao_actors::shell::ledger::{self, CommandMeta, Ledger};
use jiaohao_actors::shell::{meta, stored};
use jiaohao_actors::store::Snapshot;
use jiaohao_domain::account::Account;
use jiaohao_domain::department::Department;
use jiaohao_domain::doctor::Doctor;
use jiaohao_domain::patient::Patient;
use jiaohao_domain::site::Site;
use jiaohao_domain::{Owner, OwnerRef, Timestamp};
use jiaohao_queue_display::announce::rules::Board;
use jiaohao_signaling::room::rules::Room;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use self::specimen::Inventor;

/// More values than it takes until every variant has come up: one that is four enums deep comes up once in as many values
/// as the variants of all four multiplied.
const VALUES_MAX: usize = 200_000;

fn folder(owner: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/stored").join(owner)
}

fn is_writing() -> bool {
    std::env::var_os("JIAOHAO_WRITE_GOLDEN").is_some()
}

fn hexadecimal(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Values of a type that together show every variant of every enum in it.
fn specimens<T: DeserializeOwned>() -> Vec<T> {
    let mut inventor = Inventor::default();
    let mut telling = Vec::new();
    for _ in 0..VALUES_MAX {
        let before = inventor.variants_shown();
        let value = inventor.invent();
        if telling.is_empty() || inventor.variants_shown() > before {
            telling.push(value);
        }
        if inventor.has_shown_all() {
            return telling;
        }
    }
    panic!("of {} never comes up: {:?}", std::any::type_name::<T>(), inventor.not_shown());
}

/// The lines of a golden file: stored bytes and meaning. A missing one is made when writing is asked for.
fn golden(path: &Path, make: impl FnOnce() -> Vec<(Vec<u8>, String)>) -> Vec<(Vec<u8>, String)> {
    if !path.exists() {
        assert!(is_writing(), "{} is missing: JIAOHAO_WRITE_GOLDEN=1 makes it", path.display());
        let lines =
            make().iter().map(|(bytes, meaning)| format!("{} {meaning}\n", hexadecimal(bytes))).collect::<String>();
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::File::create_new(path)
            .and_then(|mut file| std::io::Write::write_all(&mut file, lines.as_bytes()))
            .unwrap();
    }
    let text = std::fs::read_to_string(path).unwrap();
    let line = |line: &str| {
        let (bytes, meaning) = line.split_once(' ').unwrap();
        (data_encoding::HEXLOWER.decode(bytes.as_bytes()).unwrap(), meaning.to_owned())
    };
    let lines: Vec<_> = text.lines().map(line).collect();
    assert!(!lines.is_empty(), "{} is empty", path.display());
    lines
}

fn record(owner: &OwnerRef, kind: u16, version: u16, payload: Vec<u8>) -> Record {
    Record {
        shard: ShardId("site:golden".into()),
        owner: owner.clone(),
        owner_seq: 1,
        owner_instance: 1,
        kind,
        version,
        offset: 1,
        commit: 1,
        index: 0,
        count: 1,
        at: Timestamp(0),
        meta: None,
        payload,
    }
}

/// Every kind of event of an owner, in every version.
fn events<O: Owner>(owner: &str) -> BTreeMap<u16, &'static str> {
    let named = OwnerRef::new(O::KIND, "golden");
    let mut by_kind: BTreeMap<u16, (&'static str, Vec<O::Event>)> = BTreeMap::new();
    for event in specimens::<O::Event>() {
        let (kind, name) = O::event_kind(&event);
        by_kind.entry(kind).or_insert((name, Vec::new())).1.push(event);
    }
    for (kind, (name, values)) in &by_kind {
        let today = O::event_version(*kind);
        for version in 1..=today {
            let path = folder(owner).join(format!("{kind}-{name}.v{version}"));
            let make = || {
                assert_eq!(version, today, "{}: an old version's file cannot be made any more", path.display());
                let line = |event| (codec::encode(event).unwrap(), serde_json::to_string(event).unwrap());
                values.iter().map(line).collect()
            };
            let old = golden(&path, make);
            // What an old version means today stands in a file of its own.
            let read = |bytes: &[u8]| {
                stored::event::<O>(&record(&named, *kind, version, bytes.to_vec()))
                    .unwrap_or_else(|why| panic!("{}: {why}", path.display()))
            };
            let meant = if version == today {
                old
            } else {
                let as_today = path.with_added_extension(format!("as-v{today}"));
                golden(&as_today, || {
                    old.iter().map(|(bytes, _)| (bytes.clone(), serde_json::to_string(&read(bytes)).unwrap())).collect()
                })
            };
            for (bytes, meaning) in meant {
                assert_eq!(serde_json::to_string(&read(&bytes)).unwrap(), meaning, "{}", path.display());
                if version == today {
                    let event: O::Event = serde_json::from_str(&meaning).unwrap();
                    assert_eq!(hexadecimal(&codec::encode(&event).unwrap()), hexadecimal(&bytes), "{}", path.display());
                }
            }
        }
    }
    by_kind.into_iter().map(|(kind, (name, _))| (kind, name)).collect()
}

fn meaning_of(value: &impl Debug) -> String {
    hexadecimal(&Sha256::digest(format!("{value:?}")))
}

/// A stored type that is no event, and long: its meaning is the hash of its `Debug`, which every field shows in.
fn values<T: Serialize + DeserializeOwned + Debug>(path: &Path) {
    let make = || specimens::<T>().iter().map(|value| (codec::encode(value).unwrap(), meaning_of(value))).collect();
    for (bytes, meaning) in golden(path, make) {
        let value: T = codec::decode(&bytes).unwrap_or_else(|why| {
            panic!(
                "{}: {why}; a changed type needs another version (STATE_VERSION, for metas that of shell/meta.rs) and a golden \
                 file of its own",
                path.display()
            )
        });
        assert_eq!(meaning_of(&value), meaning, "{}: read as another value: {value:?}", path.display());
        assert_eq!(hexadecimal(&codec::encode(&value).unwrap()), hexadecimal(&bytes), "{}", path.display());
    }
}

/// What stands beside commands, in every version.
fn metas() {
    for version in 1..=meta::VERSION {
        let path = folder("shell").join(format!("command_meta.v{version}"));
        if version == meta::VERSION {
            values::<CommandMeta>(&path);
            continue;
        }
        let old = golden(&path, || panic!("{}: an old version's file cannot be made any more", path.display()));
        let read = |bytes: &[u8]| {
            let stored = Meta { version, bytes: bytes.to_vec() };
            meaning_of(&meta::read(&stored).unwrap_or_else(|why| panic!("{}: {why}", path.display())))
        };
        let as_today = path.with_added_extension(format!("as-v{}", meta::VERSION));
        let make = || old.iter().map(|(bytes, _)| (bytes.clone(), read(bytes))).collect();
        for (bytes, meaning) in golden(&as_today, make) {
            assert_eq!(read(&bytes), meaning, "{}", path.display());
        }
    }
}

fn state<O: Owner>(owner: &str)
where
    O::State: Debug,
{
    values::<O::State>(&folder(owner).join(format!("state.v{}", O::STATE_VERSION)));
}

#[test]
fn every_event_is_read_as_it_was_written_and_written_as_it_was() {
    let mut kinds = events::<Site>("site");
    kinds.extend(events::<Department>("department"));
    kinds.extend(events::<Doctor>("doctor"));
    kinds.extend(events::<Patient>("patient"));
    kinds.extend(events::<Account>("account"));
    kinds.extend(events::<Board>("board"));
    kinds.extend(events::<Room>("room"));
    assert!(kinds.len() > 100, "only {} kinds were found", kinds.len());
    // A file whose kind is gone: kinds stay for ever, their records stand in logs.
    for owner in ["site", "department", "doctor", "patient", "account", "board", "room"] {
        for entry in std::fs::read_dir(folder(owner)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let kind = name.split_once('-').and_then(|(kind, _)| kind.parse::<u16>().ok());
            let stem = name.split_once('-').and_then(|(_, rest)| rest.split('.').next());
            if let (Some(kind), Some(stem)) = (kind, stem) {
                assert_eq!(kinds.get(&kind).copied(), Some(stem), "{owner}/{name}: that kind is gone or renamed");
            }
        }
    }
}

#[test]
fn every_snapshot_is_read_as_it_was_written_and_written_as_it_was() {
    state::<Site>("site");
    state::<Department>("department");
    state::<Doctor>("doctor");
    state::<Patient>("patient");
    state::<Account>("account");
    state::<Board>("board");
    state::<Room>("room");
}

#[test]
fn what_the_shell_stores_is_read_as_it_was_written_and_written_as_it_was() {
    values::<Ledger>(&folder("shell").join(format!("ledger.v{}", ledger::VERSION)));
    metas();
    values::<(OwnerRef, u64)>(&folder("shell").join("1-effects_acknowledged.v1"));
    values::<Snapshot>(&folder("shell").join("row.v2"));
}
