//! `kill -9` at bad moments: the real binary on a real folder, real clients with commands in flight, and a ledger of what
//! was acknowledged. Each kill comes while at least 32 commands are unanswered; after it they are sent again by key; in
//! the end nothing is missing and nothing is there twice. (With `JIAOHAO_FULL` 100 kills, at least 10 at each point.)
#![cfg(feature = "crash-points")]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use jiaohao::clients::clock::ClinicClock;
use jiaohao::clients::http::Door;
use jiaohao::clients::live::LiveClient;
use jiaohao::clients::people::MadeUp;
use jiaohao_domain::AppointmentId;
use program::{Program, set_up, snapshot};
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

/// Commands unanswered at the least when a kill comes.
const UNANSWERED: usize = 32;
/// Clients, each with one command at a time; half of their time goes into registering the next patient.
const CLIENTS: usize = 160;
/// How many kills, and how many when not all are asked for.
const KILLS: usize = 100;
const SHARE: usize = 20;
/// How many come to one folder: a hospital in which nobody is ever called only grows.
const A_FOLDER: usize = 10;
/// At least so many of all kills at each point.
const AT_EACH: usize = 10;
/// Where the process ends itself, and how many passings are drawn from; beside kills from outside. In `recovery` a part of
/// all that there is to replay is drawn instead, in hundredths; `recovered` is behind it: before anything runs, where effects
/// are sent again, where overdue deadlines are settled.
const POINTS: [(&str, u32); 8] = [
    ("segment_change", 2),
    ("snapshot", 3),
    ("prune", 2),
    (RECOVERY, 100),
    (RECOVERED, 3),
    ("between_booking", 40),
    ("between_transfer", 20),
    ("appended", 40),
];
/// Nobody is let in while the server is at these.
const RECOVERY: &str = "recovery";
const RECOVERED: &str = "recovered";
/// A point that has not been passed by then is given up and tried again.
const PASSED_WITHIN: Duration = Duration::from_secs(30);

/// What clients do and what they were told.
struct Load {
    door: Arc<Door>,
    desk: String,
    slot: &'static str,
    unanswered: AtomicUsize,
    /// Commands so far.
    asked: AtomicUsize,
    /// Clients in the middle of a patient.
    at_work: AtomicUsize,
    serial: AtomicUsize,
    acknowledged: Mutex<Acknowledged>,
    paused: AtomicBool,
    ended: AtomicBool,
}

/// What the clients were told.
#[derive(Default)]
struct Acknowledged {
    /// Appointment → its number.
    booked: BTreeMap<String, String>,
    /// Ticket that was moved → its number in the queue that it left.
    moved: BTreeMap<String, String>,
}

impl Load {
    async fn command(&self, live: &LiveClient, name: &str, fields: Value) -> Value {
        self.unanswered.fetch_add(1, Ordering::SeqCst);
        self.asked.fetch_add(1, Ordering::SeqCst);
        let key = Uuid::now_v7();
        let result = loop {
            match live.send(key, json!({ name: fields })).await.result {
                Err(why) if why.is_passing() => tokio::time::sleep(Duration::from_millis(50)).await,
                other => break other,
            }
        };
        self.unanswered.fetch_sub(1, Ordering::SeqCst);
        result.unwrap_or_else(|why| panic!("{name}: {why}"))
    }

    async fn person(&self, rng: &mut StdRng) -> Value {
        let serial = u32::try_from(self.serial.fetch_add(1, Ordering::SeqCst)).unwrap();
        let person = MadeUp::draw(serial, 2026, rng).registration();
        loop {
            match self.door.ask("POST", "/persons", Some(&self.desk), Some(&person)).await {
                Ok(known) => return known["patient"].clone(),
                Err(_) => tokio::time::sleep(Duration::from_millis(100)).await,
            }
        }
    }

    /// Books, and lets every fourth patient walk in and go to the other department instead.
    async fn work(self: Arc<Self>, n: usize) {
        let clock = Arc::new(ClinicClock::new(1.0));
        let live = LiveClient::open(self.door.clone(), clock, self.desk.clone(), Vec::new(), Box::new(|_, _, _| {}));
        let mut rng = StdRng::seed_from_u64(n as u64);
        while !self.ended.load(Ordering::SeqCst) {
            self.at_work.fetch_add(1, Ordering::SeqCst);
            if self.paused.load(Ordering::SeqCst) {
                self.at_work.fetch_sub(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(10)).await;
                continue;
            }
            let patient = self.person(&mut rng).await;
            if n.is_multiple_of(4) {
                let walk_in =
                    self.command(&live, "register_walk_in", json!({"queue": "h.a.q", "patient": patient})).await;
                let fields = json!({"ticket": walk_in["ticket"], "to": "h.b.q", "reason": "other department"});
                self.command(&live, "transfer_ticket", fields).await;
                self.known().moved.insert(text(&walk_in["ticket"]), text(&walk_in["number"]));
            } else {
                let fields = json!({"session": "h.a.s", "slot": self.slot, "patient": patient});
                let booked = self.command(&live, "book_slot", fields).await;
                let before = self.known().booked.insert(text(&booked["appointment"]), text(&booked["number"]));
                assert_eq!(before, None, "an appointment was given twice: {booked}");
            }
            self.at_work.fetch_sub(1, Ordering::SeqCst);
        }
    }

    async fn busy(&self) {
        let began = Instant::now();
        while self.unanswered.load(Ordering::SeqCst) < UNANSWERED {
            assert!(began.elapsed() < program::PATIENCE, "nobody asks for anything");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    async fn settle(&self) {
        self.paused.store(true, Ordering::SeqCst);
        let began = Instant::now();
        while self.at_work.load(Ordering::SeqCst) > 0 {
            assert!(began.elapsed() < program::PATIENCE, "a command is never answered");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn known(&self) -> MutexGuard<'_, Acknowledged> {
        self.acknowledged.lock().unwrap()
    }

    /// The ledger against the house: as many places are taken as were acknowledged, and at the other department is each
    /// ticket that was moved, once, and no other.
    async fn compare(&self) {
        let (booked, moved): (usize, BTreeSet<String>) = {
            let known = self.known();
            (known.booked.len(), known.moved.keys().cloned().collect())
        };
        let session = snapshot(&self.door, &self.desk, "session:h.a.s").await;
        let slot = &session["slots"][0];
        let taken = slot["capacity"].as_u64().unwrap() - slot["free"].as_u64().unwrap();
        assert_eq!(taken as usize, booked, "places taken and bookings acknowledged");
        let began = Instant::now();
        loop {
            let target = snapshot(&self.door, &self.desk, "queue:h.b.q").await;
            let tickets = target["tickets"].as_object().unwrap();
            let came: BTreeSet<String> = tickets.values().map(|ticket| text(&ticket["linked_from"])).collect();
            assert_eq!(came.len(), tickets.len(), "a ticket arrived twice");
            let numbers: BTreeSet<String> = tickets.values().map(|ticket| text(&ticket["number"])).collect();
            assert_eq!(numbers.len(), tickets.len(), "a number was given twice");
            let strange: Vec<_> = came.difference(&moved).collect();
            assert!(strange.is_empty(), "nobody moved these: {strange:?}");
            if came == moved {
                return;
            }
            let missing: Vec<_> = moved.difference(&came).collect();
            assert!(began.elapsed() < program::PATIENCE, "missing at the target: {missing:?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Each booking is asked for by itself: it is there under the number that was acknowledged, and no number stands for two.
    async fn compare_each(&self) {
        let booked: Vec<(String, String)> = self.known().booked.clone().into_iter().collect();
        // The booked session is tomorrow's, the walk-ins are today's: each day counts for itself.
        let moved: Vec<String> = self.known().moved.values().cloned().collect();
        for given in [booked.iter().map(|(_, number)| number).collect::<Vec<_>>(), moved.iter().collect()] {
            let once: BTreeSet<&String> = given.iter().copied().collect();
            assert_eq!(once.len(), given.len(), "a number was given twice (I2)");
        }
        let asked = booked.iter().map(async |(appointment, number)| {
            let ticket = AppointmentId::from(appointment.as_str()).ticket();
            let is = snapshot(&self.door, &self.desk, &format!("ticket:{ticket}")).await;
            assert_eq!(is["number"].as_str(), Some(number.as_str()), "{appointment}: acknowledged, and now {is}");
        });
        futures_util::stream::iter(asked).for_each_concurrent(8, async |one| one.await).await;
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

/// The points of all kills in the order in which they come: each as often as it must, the rest from outside.
fn plan(kills: usize, rng: &mut StdRng) -> Vec<(&'static str, u32)> {
    let at_each = (kills * AT_EACH).div_ceil(KILLS);
    let mut plan: Vec<_> = POINTS.iter().flat_map(|point| std::iter::repeat_n(*point, at_each)).collect();
    plan.resize(plan.len().max(kills), ("outside", 0));
    plan.shuffle(rng);
    plan
}

/// Starts the server and lets it run until it ends at the point, or until a kill from outside; in either case with enough
/// commands unanswered: passings count from then on. False when the point was not passed, or too few were unanswered then.
async fn killed_at(server: &mut Program, load: &Load, (point, passings): (&str, u32), rng: &mut StdRng) -> bool {
    let outside = point == "outside";
    let before_anybody = [RECOVERY, RECOVERED].contains(&point);
    server.kill();
    if before_anybody && load.unanswered.load(Ordering::SeqCst) < UNANSWERED {
        // Nobody can ask for anything while the server recovers: they have asked before.
        server.start(None);
        server.ready().await;
        load.busy().await;
        server.kill();
    }
    // What was asked before is sent again at once, and answered before the next is asked: that is no load yet.
    let asked = load.asked.load(Ordering::SeqCst);
    let mut counts = before_anybody;
    let folder = tempfile::tempdir().unwrap();
    let from = folder.path().join("busy");
    server.set("JIAOHAO_CRASH_FROM", from.display());
    if counts {
        std::fs::write(&from, "").unwrap();
    }
    let part = if point == RECOVERY { "%" } else { "" };
    server.start((!outside).then(|| format!("{point}:{}{part}", rng.random_range(1..=passings))));
    let began = Instant::now();
    let run_for = Duration::from_millis(rng.random_range(300..1_200));
    let mut unanswered = load.unanswered.load(Ordering::SeqCst);
    while began.elapsed() < PASSED_WITHIN {
        if let Some(status) = server.status() {
            assert!(!outside && status.signal() == Some(9), "it has ended by itself: {status}, {}", server.said());
            return unanswered >= UNANSWERED;
        }
        if outside && began.elapsed() > run_for && unanswered >= UNANSWERED {
            return true;
        }
        let is_busy = load.asked.load(Ordering::SeqCst) >= asked + CLIENTS && unanswered >= UNANSWERED;
        if is_busy && !counts {
            counts = true;
            std::fs::write(&from, "").unwrap();
        }
        unanswered = load.unanswered.load(Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    false
}

/// What a round of kills on one folder came to.
#[derive(Default)]
struct Tally {
    by_point: BTreeMap<&'static str, usize>,
    /// Ends with fewer commands unanswered, or whose point was not passed.
    not_counted: usize,
    booked: usize,
    moved: usize,
}

/// So many kills on one fresh folder, with the ledger compared after every fifth and at the end.
async fn a_round(kills: usize, rng: &mut StdRng, tally: &mut Tally) {
    let folder = tempfile::tempdir().unwrap();
    let mut server = Program::on(folder.path());
    server.set("JIAOHAO_DATA__CHECKPOINT_EVERY_S", 1);
    server.set("JIAOHAO_DATA__PRUNE_WINDOW_H", 0);
    server.start(None);
    server.ready().await;
    let operator = server.token("operator", &["--account", "setup"]);
    let slot = set_up(&server.door, &operator).await;
    let load = Arc::new(Load {
        door: Arc::new(server.door.clone()),
        desk: server.token("desk", &["--site", "h", "--account", "desk"]),
        slot,
        unanswered: AtomicUsize::new(0),
        asked: AtomicUsize::new(0),
        at_work: AtomicUsize::new(0),
        serial: AtomicUsize::new(0),
        acknowledged: Mutex::default(),
        paused: AtomicBool::new(false),
        ended: AtomicBool::new(false),
    });
    let clients: Vec<_> = (0..CLIENTS).map(|n| tokio::spawn(load.clone().work(n))).collect();
    for (kill, point) in plan(kills, rng).into_iter().enumerate() {
        while !killed_at(&mut server, &load, point, rng).await {
            tally.not_counted += 1;
            assert!(tally.not_counted <= 2 * KILLS, "{}: too few unanswered, or never passed", point.0);
        }
        *tally.by_point.entry(point.0).or_default() += 1;
        server.kill();
        if kill % 5 == 4 {
            server.start(None);
            server.ready().await;
            load.settle().await;
            load.compare().await;
            load.paused.store(false, Ordering::SeqCst);
        }
    }
    server.kill();
    server.start(None);
    server.ready().await;
    load.settle().await;
    load.compare().await;
    load.compare_each().await;
    load.ended.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    server.kill();
    let verified: Value = serde_json::from_str(&server.run(&["journal", "verify", "--full"])).unwrap();
    assert_eq!(verified["damaged"], json!([]));
    tally.booked += load.known().booked.len();
    tally.moved += load.known().moved.len();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_and_double_nothing() {
    let seed: u64 = std::env::var("JIAOHAO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let kills = if std::env::var_os("JIAOHAO_FULL").is_some() { KILLS } else { SHARE };
    println!("seed {seed}, {kills} kills");
    let mut rng = StdRng::seed_from_u64(seed);
    let (began, mut tally) = (Instant::now(), Tally::default());
    let mut left = kills;
    while left > 0 {
        let now = left.min(A_FOLDER);
        a_round(now, &mut rng, &mut tally).await;
        left -= now;
        println!("{left} kills left after {} s", began.elapsed().as_secs());
    }
    let Tally { by_point, not_counted, booked, moved } = tally;
    println!(
        "{kills} kills in {} s {by_point:?}, each with at least {UNANSWERED} commands unanswered ({not_counted} more came \
         with fewer): {booked} bookings and {moved} transfers, none missing, none twice",
        began.elapsed().as_secs()
    );
    assert_eq!(by_point.values().sum::<usize>(), kills);
    assert!(POINTS.iter().all(|(point, _)| by_point[point] >= kills * AT_EACH / KILLS), "{by_point:?}");
    assert!(booked > 0 && moved > 0);
}
