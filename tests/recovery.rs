//! `kill -9` at bad moments: the real binary on a real folder, real clients with commands in flight, and a ledger of what
//! was acknowledged. After every kill the unanswered commands are sent again by key; at the end nothing is missing and
//! nothing is there twice. (`JIAOHAO_KILLS` kills; the full check does 100.)
#![cfg(feature = "crash-points")]
#![allow(clippy::disallowed_methods, clippy::unwrap_used, reason = "a test in machine time; what fails, fails it")]

use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use jiaohao::clients::clock::ClinicClock;
use jiaohao::clients::http::Door;
use jiaohao::clients::live::LiveClient;
use jiaohao::clients::people::MadeUp;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};
use uuid::Uuid;

/// Commands in flight at the least when a kill comes from outside.
const IN_FLIGHT: usize = 32;
/// Clients, each with one command at a time.
const CLIENTS: usize = 48;
/// How many kills, unless `JIAOHAO_KILLS` says otherwise.
const KILLS: usize = 10;
/// Where the process ends itself, in turn with a kill from outside.
const POINTS: &[&str] =
    &["outside", "segment_change", "snapshot", "prune", "recovery", "between_booking", "between_transfer", "appended"];

struct Server {
    folder: tempfile::TempDir,
    port: u16,
    child: Option<Child>,
}

impl Server {
    fn new() -> Self {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        Self { folder: tempfile::tempdir().unwrap(), port, child: None }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_jiaohao"));
        command
            .env("JIAOHAO_DATA__DIR", self.folder.path().join("data"))
            .env("JIAOHAO_DATA__SEGMENT_MIB", "1")
            .env("JIAOHAO_DATA__CHECKPOINT_EVERY_S", "1")
            .env("JIAOHAO_DATA__PRUNE_WINDOW_H", "0")
            .env("JIAOHAO_DATA__RESERVE_MIB", "2")
            .env("JIAOHAO_DATA__LAST_RESERVE_MIB", "1")
            .env("JIAOHAO_LOG__LEVEL", "error")
            .env("JIAOHAO_SERVER__LISTEN", format!("127.0.0.1:{}", self.port));
        command
    }

    fn start(&mut self, crash_at: Option<String>) {
        let mut command = self.command();
        command.arg("serve").stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(crash_at) = crash_at {
            command.env("JIAOHAO_CRASH_AT", crash_at);
        }
        self.child = Some(command.spawn().unwrap());
    }

    fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            // It may have ended itself at its crash point.
            let _ = child.kill();
            child.wait().unwrap();
        }
    }

    fn has_ended(&mut self) -> bool {
        self.child.as_mut().is_none_or(|child| child.try_wait().unwrap().is_some())
    }

    fn run(&self, arguments: &[&str]) -> String {
        let data = self.folder.path().join("data");
        let out = self.command().args(arguments).arg("--data").arg(data).output().unwrap();
        assert!(out.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

async fn ready(door: &Door) {
    let began = Instant::now();
    while !door.is_ready().await {
        assert!(began.elapsed() < Duration::from_secs(60), "the server does not come up");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What clients do and what they were told.
struct Load {
    door: Arc<Door>,
    desk: String,
    slot: String,
    in_flight: AtomicUsize,
    /// Clients in the middle of a patient.
    at_work: AtomicUsize,
    serial: AtomicUsize,
    booked: AtomicUsize,
    moved: AtomicUsize,
    paused: AtomicBool,
    ended: AtomicBool,
}

impl Load {
    async fn command(&self, live: &LiveClient, name: &str, fields: Value) -> Value {
        self.in_flight.fetch_add(1, Ordering::SeqCst);
        let key = Uuid::now_v7();
        let result = loop {
            match live.send(key, json!({ name: fields })).await.result {
                Err(why) if why.is_passing() => tokio::time::sleep(Duration::from_millis(50)).await,
                other => break other,
            }
        };
        self.in_flight.fetch_sub(1, Ordering::SeqCst);
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
                self.moved.fetch_add(1, Ordering::SeqCst);
            } else {
                let fields = json!({"session": "h.a.s", "slot": self.slot, "patient": patient});
                let booked = self.command(&live, "book_slot", fields).await;
                assert!(booked["appointment"].is_string());
                self.booked.fetch_add(1, Ordering::SeqCst);
            }
            self.at_work.fetch_sub(1, Ordering::SeqCst);
        }
    }

    async fn settle(&self) {
        self.paused.store(true, Ordering::SeqCst);
        let began = Instant::now();
        while self.at_work.load(Ordering::SeqCst) > 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "a command is never answered");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn snapshot(&self, stream: &str) -> Value {
        self.door.insist("GET", &format!("/streams/{stream}"), Some(&self.desk), &Value::Null).await.unwrap()["snapshot"].clone()
    }

    /// The ledger against the house: every place taken was acknowledged once, every moved ticket is in one place.
    async fn compare(&self) {
        let booked = self.booked.load(Ordering::SeqCst);
        let moved = self.moved.load(Ordering::SeqCst);
        let session = self.snapshot("session:h.a.s").await;
        let slot = &session["slots"][0];
        let taken = slot["capacity"].as_u64().unwrap() - slot["free"].as_u64().unwrap();
        assert_eq!(taken as usize, booked, "places taken and bookings acknowledged");
        for _ in 0..200 {
            let target = self.snapshot("queue:h.b.q").await;
            let arrived = target["order"].as_array().unwrap().len();
            if arrived == moved {
                let numbers: std::collections::BTreeSet<String> =
                    target["tickets"].as_object().unwrap().values().map(|t| t["number"].to_string()).collect();
                assert_eq!(numbers.len(), target["tickets"].as_object().unwrap().len(), "a number was given twice");
                return;
            }
            assert!(arrived < moved, "a transferred ticket arrived twice: {arrived} > {moved}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("transferred tickets are missing at the target");
    }
}

async fn set_up(door: &Door, operator: &str) -> String {
    let put = async |path: &str, body: Value| door.insist("PUT", path, Some(operator), &body).await.unwrap();
    put("/sites", json!({"id": "h", "name": "医院", "time_zone": "Asia/Shanghai"})).await;
    for (department, prefix) in [("a", "A"), ("b", "B")] {
        put("/departments", json!({"id": format!("h.{department}"), "name": department})).await;
        put("/queues", json!({"id": format!("h.{department}.q"), "name": department, "prefix": prefix})).await;
    }
    let zone = jiaohao_domain::time::Zone::named("Asia/Shanghai").unwrap();
    let today = zone.date(jiaohao_domain::Timestamp(jiaohao_actors::shell::clock::wall_ms()));
    let session = json!({"id": "h.a.s", "date": today.plus_days(1), "period": "morning", "queue": "h.a.q",
        "registration_class": "普通", "slots": [{"start": "09:00", "capacity": 100_000}]});
    put("/sessions", session).await;
    "h.a.s.0900".to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_nothing_and_double_nothing() {
    let seed: u64 = std::env::var("JIAOHAO_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(1);
    let full = std::env::var_os("JIAOHAO_FULL").is_some();
    let kills =
        std::env::var("JIAOHAO_KILLS").ok().and_then(|n| n.parse().ok()).unwrap_or(if full { 100 } else { KILLS });
    println!("seed {seed}, {kills} kills");
    let mut rng = StdRng::seed_from_u64(seed);
    let mut server = Server::new();
    let door = Arc::new(Door::at(&format!("http://127.0.0.1:{}", server.port)).unwrap());
    server.start(None);
    ready(&door).await;
    let operator = server.run(&["token", "issue", "--role", "operator", "--account", "setup"]);
    let slot = set_up(&door, &operator).await;
    let desk = server.run(&["token", "issue", "--role", "desk", "--site", "h", "--account", "desk"]);
    let load = Arc::new(Load {
        door: door.clone(),
        desk,
        slot,
        in_flight: AtomicUsize::new(0),
        at_work: AtomicUsize::new(0),
        serial: AtomicUsize::new(0),
        booked: AtomicUsize::new(0),
        moved: AtomicUsize::new(0),
        paused: AtomicBool::new(false),
        ended: AtomicBool::new(false),
    });
    let clients: Vec<_> = (0..CLIENTS).map(|n| tokio::spawn(load.clone().work(n))).collect();
    let mut by_point = std::collections::BTreeMap::new();
    for kill in 0..kills {
        let point = POINTS[kill % POINTS.len()];
        server.kill();
        match point {
            "outside" => server.start(None),
            "recovery" => server.start(Some(format!("recovery:{}", rng.random_range(1..50)))),
            point => server.start(Some(format!("{point}:{}", rng.random_range(1..4)))),
        }
        let began = Instant::now();
        let wait = Duration::from_millis(rng.random_range(300..1_500));
        loop {
            tokio::time::sleep(Duration::from_millis(5)).await;
            if server.has_ended() {
                *by_point.entry(point).or_insert(0) += 1;
                break;
            }
            let busy = load.in_flight.load(Ordering::SeqCst) >= IN_FLIGHT;
            let waited = if point == "outside" { wait } else { Duration::from_secs(12) };
            if (busy && began.elapsed() > waited) || began.elapsed() > Duration::from_secs(20) {
                *by_point.entry("outside").or_insert(0) += 1;
                break;
            }
        }
        server.kill();
        if kill % 5 == 4 {
            server.start(None);
            ready(&door).await;
            load.settle().await;
            load.compare().await;
            load.paused.store(false, Ordering::SeqCst);
        }
    }
    server.kill();
    server.start(None);
    ready(&door).await;
    load.settle().await;
    load.compare().await;
    load.ended.store(true, Ordering::SeqCst);
    for client in clients {
        client.await.unwrap();
    }
    let (booked, moved) = (load.booked.load(Ordering::SeqCst), load.moved.load(Ordering::SeqCst));
    server.kill();
    let verified: Value = serde_json::from_str(&server.run(&["journal", "verify", "--full"])).unwrap();
    assert_eq!(verified["damaged"], json!([]));
    println!("{kills} kills {by_point:?}: {booked} bookings and {moved} transfers, none missing, none twice");
    assert!(booked > 0 && moved > 0);
}
