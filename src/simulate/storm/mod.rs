//! `jiaohao simulate --release-storm`: the minute of a release. So many signed-in people for so many places, by sockets from
//! several addresses, on a server of its own that runs in real time; what came to each of them, and what a doctor who calls
//! meanwhile notices of it.

mod beside;
mod lots;
mod machine;
mod person;
mod ready;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use jiaohao_actors::shell::clock::monotonic;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use serde_json::{Value, json};
use tokio::sync::Semaphore;

use super::own_server::OwnServer;
use super::process::Memory;
use crate::clients::clock::ClinicClock;
use crate::clients::http::Door;
use beside::Beside;
use machine::Watch;
use person::Outcome;

pub use machine::give_way;
pub use table::table;

/// From so many addresses of this machine the sockets come.
const ADDRESSES: u8 = 16;
/// Files that each process needs beside its sockets.
const FILES: u64 = 1_000;
/// No more sockets than a server takes by default, with room for its staff.
const SOCKETS_MAX: u64 = 18_000;
/// The sessions are defined within this, in ms, before the first comes: one of which the moment has passed has no lot.
const DEFINED_WITHIN_MS: i64 = 5_000;
/// A doctor's call takes no longer beside the storm than so many times what it takes without.
const CALLS_RATIO_MAX: f64 = 2.0;

/// What to run.
pub struct Options {
    /// Signed-in people who want a place.
    pub people: usize,
    /// Places that are released.
    pub places: usize,
    /// How long it is looked at, in seconds.
    pub minute_s: u64,
    /// `limits.release_at_once` of the server.
    pub at_once: usize,
    /// Who comes when, and wants what.
    pub seed: u64,
}

/// What all people of a storm share.
struct Storm {
    door: Arc<Door>,
    clock: Arc<ClinicClock>,
    sessions: Vec<ready::Released>,
    /// When the sessions are released, UTC ms of clinic time.
    released_ms: i64,
    /// From when people are there, so long before it.
    before_ms: i64,
    minute_ms: i64,
    /// Sockets that are kept to the end, and those that are opened for a word.
    kept: Arc<Semaphore>,
    passing: Arc<Semaphore>,
    open: AtomicUsize,
    open_max: AtomicUsize,
    asked: AtomicUsize,
    broken: AtomicUsize,
    seed: u64,
}

impl Storm {
    fn address(&self, n: usize) -> IpAddr {
        let last = u8::try_from(n % usize::from(ADDRESSES)).unwrap_or(0) + 1;
        Ipv4Addr::new(127, 0, 0, last).into()
    }

    /// To which session the nth of the people comes.
    fn of(&self, n: usize) -> usize {
        n % self.sessions.len()
    }

    fn opened(&self) {
        let now = self.open.fetch_add(1, Ordering::AcqRel) + 1;
        self.open_max.fetch_max(now, Ordering::AcqRel);
    }

    fn closed(&self) {
        self.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Runs it.
///
/// # Errors
/// What kept it from running to its end.
pub async fn run(options: Options) -> Result<super::Outcome, String> {
    let files = raise_files();
    let say = |what: &str| eprintln!("{what}");
    say(&format!("RLIMIT_NOFILE {files}: {} sockets at a time", sockets(files)));
    let settings = vec![
        ("JIAOHAO_LIMITS__RELEASE_AT_ONCE", options.at_once.to_string()),
        ("JIAOHAO_LIMITS__UNAUTHENTICATED_PER_ADDRESS", "10000".to_owned()),
        ("JIAOHAO_LIMITS__CONNECTIONS_PER_ADDRESS", "20000".to_owned()),
    ];
    let mut server = OwnServer::start_with(super::setup::clinic_start(), 1.0, settings).await?;
    let outcome = storm(&options, &server, files, &say).await;
    server.stop().await;
    let verified = server.verify().await;
    let mut json = outcome?;
    let mut faults = faults(&json, &options);
    if let Err(why) = verified {
        faults.push(format!("journal verify --full: {why}"));
    }
    json["broken"] = json!(faults);
    if faults.is_empty() {
        server.forget();
    } else {
        say(&format!("the folder is kept: {}", server.folder().display()));
    }
    Ok(super::Outcome { json, broken: !faults.is_empty() })
}

async fn storm(options: &Options, server: &OwnServer, files: u64, say: &dyn Fn(&str)) -> Result<Value, String> {
    let operator = server.operator().await?;
    say("a city, and everybody known and signed in");
    let began = monotonic();
    let ready = ready::ready(server, &operator, options).await?;
    say(&format!("{} people after {:.0} s", ready.people.len(), began.elapsed().as_secs_f64()));
    let beside = Beside::open(&ready).await?;
    let quiet_s = (options.minute_s / 2).max(2);
    say(&format!("a doctor calls for {quiet_s} s, without anything beside it"));
    let without = beside.calls(Duration::from_secs(quiet_s)).await?;
    let memory_before = server.memory();
    // Half of all are there before; they come over half of that time, at least.
    let before_ms = i64::try_from(options.people / 2).unwrap_or(0).clamp(3_000, 120_000);
    let released_ms = ready.clock.now_ms() + before_ms + DEFINED_WITHIN_MS;
    let sessions = ready::release(&ready, options, released_ms).await?;
    let sockets = sockets(files);
    let passing = (sockets / 4).max(1);
    let storm = Arc::new(Storm {
        door: server.door.clone(),
        clock: ready.clock.clone(),
        sessions,
        released_ms,
        before_ms,
        minute_ms: i64::try_from(options.minute_s).unwrap_or(60) * 1_000,
        kept: Arc::new(Semaphore::new(sockets - passing)),
        passing: Arc::new(Semaphore::new(passing)),
        open: AtomicUsize::new(0),
        open_max: AtomicUsize::new(0),
        asked: AtomicUsize::new(0),
        broken: AtomicUsize::new(0),
        seed: options.seed,
    });
    say(&format!("they come; in {:.0} s it is released", before_ms as f64 / 1_000.0));
    let people: Vec<_> = ready
        .people
        .iter()
        .enumerate()
        .map(|(n, who)| tokio::spawn(person::live(storm.clone(), n, who.clone())))
        .collect();
    storm.clock.until(released_ms).await;
    say("released");
    let watch = Watch::begin(server)?;
    let with = beside.calls(Duration::from_secs(options.minute_s)).await?;
    let machine = watch.told().await?;
    let mut outcomes = Vec::with_capacity(people.len());
    for one in people {
        outcomes.push(one.await.map_err(|e| format!("somebody failed: {e}"))?);
    }
    let mut served = BTreeMap::new();
    for slot in outcomes.iter().filter_map(|one| one.slot.as_deref()) {
        *served.entry(slot).or_insert(0) += 1;
    }
    let (taken, over) = ready::taken(&ready, &storm.sessions, &served).await?;
    let capacity: u64 = storm.sessions.iter().map(|session| session.places as u64).sum();
    let mut seen = vec![Vec::new(); storm.sessions.len()];
    outcomes.iter().enumerate().for_each(|(n, one)| seen[storm.of(n)].push(&one.seen));
    let lots = ready::releases(&ready, &storm.sessions, &seen).await?;
    let booked: BTreeSet<&String> = outcomes.iter().filter_map(|one| one.appointment.as_ref()).collect();
    let mib = |memory: Option<Memory>| memory.map(|memory| (memory.now_kib / 1024, memory.max_kib / 1024));
    let (memory, memory_max) = mib(server.memory()).unwrap_or_default();
    let (memory_before, _) = mib(memory_before).unwrap_or_default();
    let counted = |outcome: Outcome| outcomes.iter().filter(|one| one.outcome == outcome).count();
    let waits = |outcome: Outcome| {
        let mut ms: Vec<u64> = outcomes.iter().filter(|one| one.outcome == outcome).map(|one| one.wait_ms).collect();
        ms.sort_unstable();
        let at = |percent: usize| ms.get((ms.len() * percent / 100).min(ms.len().saturating_sub(1))).copied();
        json!({ "people": counted(outcome), "wait_ms": { "p50": at(50), "p90": at(90), "p99": at(99), "max": ms.last() } })
    };
    let ratio = if without.p99_ms > 0.0 { with.p99_ms / without.p99_ms } else { 0.0 };
    Ok(json!({
        "seed": options.seed,
        "people": ready.people.len(),
        "places": capacity,
        "minute_s": options.minute_s,
        "departments": storm.sessions.len(),
        "release_at_once": options.at_once,
        "rlimit_nofile": files,
        "addresses": (0..usize::from(ADDRESSES)).map(|n| storm.address(n).to_string()).collect::<Vec<_>>(),
        "sockets_max": storm.open_max.load(Ordering::Relaxed),
        "asked": storm.asked.load(Ordering::Relaxed),
        "connections_lost": storm.broken.load(Ordering::Relaxed),
        "present_before": lots.present,
        "served": waits(Outcome::Served),
        "queued": waits(Outcome::Queued),
        "refused": waits(Outcome::Refused),
        "refused_with": person::codes(&outcomes),
        "sum": outcomes.len(),
        "appointments": booked.len(),
        "taken": taken,
        "over_capacity": over,
        "lots_as_promised": lots.as_promised,
        "lots_unsure": lots.unsure,
        "lots_wrong": lots.wrong,
        "machine": machine,
        "memory_mib": { "before": memory_before, "after": memory, "max": memory_max },
        "calls": { "without": without, "beside": with, "p99_ratio": (ratio * 100.0).round() / 100.0, "p99_ratio_max": CALLS_RATIO_MAX },
    }))
}

/// What must not be, whatever the machine.
fn faults(json: &Value, options: &Options) -> Vec<String> {
    let number = |value: &Value| value.as_u64().unwrap_or(u64::MAX);
    let of = |name: &str| number(&json[name]["people"]);
    let mut faults = Vec::new();
    let sum = of("served") + of("queued") + of("refused");
    if sum != options.people as u64 {
        faults.push(format!("served, queued and refused are {sum}, people {}", options.people));
    }
    if of("served") != number(&json["appointments"]) || of("served") != number(&json["taken"]) {
        let [appointments, taken] = ["appointments", "taken"].map(|name| &json[name]);
        faults.push(format!("{} were served, by {appointments} appointments; {taken} places are taken", of("served")));
    }
    if json["over_capacity"] != 0 {
        faults.push(format!("{} slots have more people than places", json["over_capacity"]));
    }
    let wrong = json["lots_wrong"].as_array().into_iter().flatten();
    faults.extend(wrong.map(|why| format!("a lot is not as promised: {}", why.as_str().unwrap_or_default())));
    if json["lots_as_promised"] == 0 {
        faults.push("of no lot it can be said whether it is as promised".to_owned());
    }
    faults
}

/// How many sockets there may be at a time: the server has as many files, of which each takes it two.
fn sockets(files: u64) -> usize {
    usize::try_from((files.saturating_sub(FILES) / 2).clamp(16, SOCKETS_MAX)).unwrap_or(16)
}

/// As many files as this process may have; how many that is.
fn raise_files() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).map_or(current, |()| maximum);
    raised.unwrap_or(u64::MAX)
}
