//! Single flipped bits in a folder as a crash leaves it: segments that are written and closed, manifests, archives, mark,
//! history, store. The start the program makes comes to the same state, refuses and names the place, or reports a loss
//! shorter than the last second; never another state in silence, never a panic. (500 flips with `JIAOHAO_FULL`.)
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use jiaohao::house::deadline_message;
use jiaohao::house::notices::Outlet;
use jiaohao::house::paying::Till;
use jiaohao::house::streams::HouseStreams;
use jiaohao::house::zones::Zones;
use jiaohao::kinds::kinds;
use jiaohao_actors::fanout::{CoarseClock, Hub, HubLimits};
use jiaohao_actors::log::{Log, LogError, Record, SegmentLog, SegmentOptions};
use jiaohao_actors::shell::keeper::KeeperOptions;
use jiaohao_actors::shell::kinds::Dormant;
use jiaohao_actors::shell::verify::Comparison;
use jiaohao_actors::shell::{Clock, Node, NodeOptions, Origin, StartError};
use jiaohao_actors::store::Store;
use jiaohao_domain::person::{PatientBrief, Sex};
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::{RegisterWalkIn, ToDepartment, ToSite};
use jiaohao_domain::{Message, OwnerKind, OwnerRef, PatientId, QueueId};
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use serde_json::json;

const FLIPS: usize = 500;
/// How many of them when not all are asked for.
const SHARE: usize = 60;
const SEGMENT_BYTES: u64 = 64 << 10;
const LAST_SECOND_MS: i64 = 1_000;
const CACHE_BYTES: u64 = 1 << 20;

/// Each owner's ledger and state as stored.
type States = BTreeMap<OwnerRef, Vec<u8>>;

fn segments() -> SegmentOptions {
    let began = Instant::now();
    let mut options = SegmentOptions::new(Arc::new(move || began.elapsed().as_millis() as u64));
    options.segment_bytes = SEGMENT_BYTES;
    options.first_prepared_bytes = SEGMENT_BYTES;
    options
}

fn start(folder: &Path, log: SegmentLog) -> Result<Node, StartError> {
    let zones = Arc::new(Zones::new(Zone::named("Asia/Shanghai").unwrap()));
    Node::start(NodeOptions {
        clock: Box::new(|_| Clock::wall()),
        kinds: kinds(),
        log: Box::new(log),
        store: folder.join("store"),
        store_cache_bytes: CACHE_BYTES,
        epoch: "e".into(),
        hub: Box::new(Hub::new("e", HubLimits::default(), Arc::new(CoarseClock::default()))),
        rules: Box::new(HouseStreams {
            zones,
            finder: Arc::default(),
            releases: Arc::default(),
            letting_go: Arc::default(),
            generations: Arc::default(),
            reach: Outlet::default(),
            till: Till::default(),
        }),
        deadline_message,
        owner_threads: 1,
        mailbox: 4_096,
        keeper: KeeperOptions { checkpoint_every_s: 3_600, idle_s: 3_600, prune_after_s: 0 },
        on_failure: Box::new(|why| panic!("{why}")),
        progress: std::sync::Arc::default(),
    })
}

fn opened(folder: &Path) -> Node {
    start(folder, SegmentLog::open(&folder.join("log"), segments()).unwrap().0).unwrap()
}

async fn tell(node: &Node, owner: OwnerRef, message: impl Into<Message>) {
    node.shell.ask(owner, message.into(), Origin::Shell).await.unwrap();
}

fn department() -> OwnerRef {
    OwnerRef::new(OwnerKind::Department, "h.a")
}

fn walk_in(n: u32) -> Message {
    let patient = PatientId::from(format!("p-{n}"));
    let brief =
        PatientBrief { patient: patient.clone(), masked_name: "张*".to_owned(), sex: Sex::Unknown, birth_year: None };
    let queue = QueueId::from("h.a.q");
    let command = RegisterWalkIn { queue, patient, class: None, addition_to: None, slot: None, visit: None };
    ToDepartment::RegisterWalkIn { command, brief, birth_date: None }.into()
}

/// Tickets for so many people, at once.
async fn walk_ins(node: &Node, from: u32, to: u32) {
    let begin = |n| node.shell.begin(department(), walk_in(n), Origin::Shell).unwrap();
    let asked: Vec<_> = (from..to).map(begin).collect();
    for answer in asked {
        answer.await.unwrap().unwrap();
    }
    // Each person's owner has heard: what is still owed would be decided by the next start.
    let all_heard = |state: &jiaohao_domain::department::State| state.floor.told.unheard.is_empty();
    while !node.shell.read(department(), all_heard).await.unwrap() {
        tokio::task::yield_now().await;
    }
}

/// A folder as a crash leaves it: pruned segments with their archives, closed ones, a live one with commits beyond the
/// mark, a store that is behind the log.
async fn crashed(folder: &Path) {
    let running = folder.join("running");
    let node = opened(&running);
    let site = OwnerRef::new(OwnerKind::Site, "h");
    let site_command =
        |name: &str, fields: serde_json::Value| -> ToSite { serde_json::from_value(json!({ name: fields })).unwrap() };
    for command in [
        site_command("DefineSite", json!({"id": "h", "name": "医院", "time_zone": "Asia/Shanghai"})),
        site_command("DefineDepartment", json!({"id": "h.a", "name": "内科"})),
        site_command("DefineQueue", json!({"id": "h.a.q", "name": "内科", "prefix": "A"})),
    ] {
        tell(&node, site.clone(), command).await;
    }
    // The department hears of its queue by an effect.
    while node.shell.ask(department(), walk_in(0), Origin::Shell).await.is_err() {
        tokio::task::yield_now().await;
    }
    for n in 0..6 {
        walk_ins(&node, 1 + n * 100, 101 + n * 100).await;
    }
    node.checkpoint().await.unwrap();
    drop(node.stop().await);
    let node = opened(&running);
    walk_ins(&node, 601, 801).await;
    node.checkpoint().await.unwrap();
    drop(node.stop().await);
    copy(&running.join("store"), &folder.join("store"));
    let node = opened(&running);
    for n in 0..15 {
        walk_ins(&node, 801 + n * 20, 821 + n * 20).await;
    }
    copy(&running.join("log"), &folder.join("log"));
    drop(node.stop().await);
    std::fs::remove_dir_all(running).unwrap();
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for path in std::fs::read_dir(from).unwrap().map(|entry| entry.unwrap().path()) {
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() {
            copy(&path, &to);
        } else if let Err(error) = std::fs::copy(&path, to) {
            // The log's keeper renames its unfinished files meanwhile.
            assert!(path.extension().is_some_and(|name| name == "new"), "{}: {error}", path.display());
        }
    }
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.metadata().unwrap().len() > 0 {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn records(log: &dyn Log) -> Result<Vec<Record>, LogError> {
    let mut records = Vec::new();
    log.replay(0, &mut |record| records.push(record))?;
    Ok(records)
}

/// What those records come to, by the kinds alone.
fn replayed(records: &[Record]) -> States {
    let kinds = kinds();
    let mut owners: BTreeMap<OwnerRef, Dormant> = BTreeMap::new();
    for record in records {
        let kind = kinds.get(record.owner.kind).unwrap();
        let owner = owners.entry(record.owner.clone()).or_insert_with(|| kind.begin(&record.owner));
        kind.replay(owner, record).unwrap();
    }
    let state = |owner: &OwnerRef, dormant: &Dormant| kinds.get(owner.kind).unwrap().store(dormant).unwrap();
    owners.iter().map(|(owner, dormant)| (owner.clone(), state(owner, dormant))).collect()
}

/// What a start came to.
struct Came {
    states: States,
    last_commit: u64,
    lost_is_reported: bool,
    store_is_set_aside: bool,
}

/// Starts as the program does, stops gracefully, and looks at what it then knows. The error is what it refused with.
async fn come_up(folder: &Path) -> Result<Came, String> {
    let (log, opened) = SegmentLog::open(&folder.join("log"), segments()).map_err(|e| e.to_string())?;
    let last_commit = log.last_commit();
    let history = log.history_id().to_string();
    let node = start(folder, log).map_err(|e| e.to_string())?;
    let store_is_set_aside = node.report.store_set_aside.is_some();
    let log = node.stop().await.expect("the writer gives the log back");
    let ended = log.last_commit();
    // What was asked and whose answer is lost is asked again: that is decided anew, and stored like everything else.
    let all = records(&*log).map_err(|e| e.to_string())?;
    drop(log);
    let store = Store::open(&folder.join("store"), &history, ended, CACHE_BYTES).map_err(|e| e.to_string())?;
    // Each snapshot is what the log gives at its record: what was decided after the last checkpoint is in the log alone.
    let kinds = kinds();
    let mut comparison = Comparison::new(&kinds, Some(&store)).map_err(|e| e.to_string())?;
    all.iter().try_for_each(|record| comparison.check(record)).expect("the store is what the log gives");
    let (compared, ahead) = comparison.finish();
    assert!(compared.compared > 0 && ahead.is_empty(), "{compared:?}, ahead: {ahead:?}");
    let found = all.iter().take_while(|record| record.commit <= last_commit).count();
    let states = replayed(&all[..found]);
    Ok(Came { states, last_commit, lost_is_reported: opened.torn.is_some(), store_is_set_aside })
}

#[test]
fn a_flipped_bit_leaves_the_state_is_refused_or_is_a_reported_loss_of_the_last_second() {
    let seed: u64 = std::env::var("JIAOHAO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let flips = if std::env::var_os("JIAOHAO_FULL").is_some() { FLIPS } else { SHARE };
    println!("seed {seed}, {flips} flips");
    let mut rng = StdRng::seed_from_u64(seed);
    let system = actix::System::new();
    let made = tempfile::tempdir().unwrap();
    let base = made.path().join("base");
    system.block_on(crashed(&base));
    let sound = made.path().join("sound");
    copy(&base, &sound);
    let (log, _) = SegmentLog::open(&sound.join("log"), segments()).unwrap();
    let all = records(&log).unwrap();
    drop(log);
    let whole = replayed(&all);
    assert!(system.block_on(come_up(&sound)).unwrap().states == whole, "sound before");
    let every = files(&base);
    for part in ["store/", "log/archive/", ".manifest", ".seg", "log/mark", "log/history"] {
        assert!(every.iter().any(|path| path.to_string_lossy().contains(part)), "no {part} in the folder");
    }
    let mut by_answer: BTreeMap<&str, usize> = BTreeMap::new();
    for round in 0..flips {
        let folder = made.path().join("flipped");
        copy(&base, &folder);
        // Without its store a folder is replayed from its archives on: every byte of the log counts.
        let from_the_log = rng.random_bool(0.5);
        if from_the_log {
            std::fs::remove_dir_all(folder.join("store")).unwrap();
        }
        // A file, then a place in it: a small file is as likely as a long one. Half of the places are near its end.
        let there = files(&folder);
        let path = there.choose(&mut rng).unwrap();
        let mut bytes = std::fs::read(path).unwrap();
        let used = bytes.iter().rposition(|byte| *byte != 0).map_or(bytes.len(), |last| last + 1);
        let from = if rng.random_bool(0.5) { used.saturating_sub(400) } else { 0 };
        let at = rng.random_range(from..used);
        let bit = rng.random_range(0..8);
        bytes[at] ^= 1 << bit;
        std::fs::write(path, bytes).unwrap();
        let name = path.strip_prefix(&folder).unwrap().display().to_string();
        let what = format!("round {round}: {name}, byte {at}, bit {bit}, store {}", !from_the_log);
        let came = catch_unwind(AssertUnwindSafe(|| system.block_on(come_up(&folder))))
            .unwrap_or_else(|_| panic!("panicked: {what}"));
        let answer = match came {
            Err(why) => {
                assert!(why.contains("damaged at") || why.contains("format"), "{what}: nothing is named: {why}");
                assert!(!name.starts_with("store"), "{what}: the store can be made again: {why}");
                "refused"
            }
            Ok(came) if came.states == whole => {
                if came.store_is_set_aside {
                    "the same, store made again"
                } else {
                    "the same"
                }
            }
            Ok(came) => {
                assert!(came.lost_is_reported, "{what}: another state in silence");
                let kept = all.iter().take_while(|record| record.commit <= came.last_commit).count();
                assert!(came.states == replayed(&all[..kept]), "{what}: what is left is no beginning of what was");
                let lost_ms = all[all.len() - 1].at.ms_since(all[kept].at);
                assert!(lost_ms <= LAST_SECOND_MS, "{what}: {lost_ms} ms are lost");
                "a reported loss"
            }
        };
        *by_answer.entry(answer).or_default() += 1;
        std::fs::remove_dir_all(&folder).unwrap();
    }
    println!("{flips} flips: {by_answer:?}");
    assert!(by_answer.contains_key("the same") && by_answer.contains_key("refused"), "{by_answer:?}");
}
