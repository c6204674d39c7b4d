//! What all who play share: the doors, the clock, the city, its desks, and the count of what has happened.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveTime;
use jiaohao_domain::Timestamp;
use jiaohao_domain::time::{BusinessDate, Zone};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::{Outbox, doctors, patients, scenes, screens};
use crate::clients::Refusal;
use crate::clients::city::City;
use crate::clients::clock::ClinicClock;
use crate::clients::http::{Door, token_of};
use crate::clients::live::{Heard, LiveClient};
use crate::clients::people::MadeUp;

/// Where the city lies.
pub const ZONE: &str = "Asia/Shanghai";
/// Machine seconds that setting up takes at most, about.
pub const SET_UP_S: f64 = 7.0;
/// Phones of those who are played begin like this.
pub const PLAYED_PHONES: &str = "+86100";
/// The clinic's hours.
const OPENS_H: u32 = 8;
const CLOSES_H: u32 = 22;
const DOCTORS: usize = 40;
/// Places in a half-hour, for each doctor of a pool.
const PLACES: usize = 5;

/// A ticket that has changed, as the desk sees it.
pub struct Changed {
    /// Which.
    pub ticket: String,
    /// Its state now.
    pub state: String,
}

/// See the module.
pub struct Town {
    /// The doors.
    pub door: Arc<Door>,
    /// Clinic time.
    pub clock: Arc<ClinicClock>,
    /// The city.
    pub city: City,
    /// Each hospital's desk.
    pub desks: Vec<LiveClient>,
    /// Their tokens.
    pub desk_tokens: Vec<String>,
    /// Codes of the phones that are played.
    pub(super) outbox: Arc<Outbox>,
    /// An operator's token.
    pub operator: String,
    /// Tickets whose patients have no phone: the desk looks after them.
    pub by_desk: Mutex<HashSet<String>>,
    changed: Mutex<Option<mpsc::Receiver<Changed>>>,
    people: AtomicU32,
    /// The serial of the first of them.
    first: u32,
    counts: Mutex<BTreeMap<String, u64>>,
    /// Something was done that had not been done before.
    first_time: tokio::sync::Notify,
}

impl Town {
    /// Sets the city up.
    ///
    /// # Errors
    /// The first thing that did not work.
    pub async fn open(door: Arc<Door>, operator: &str, outbox: Arc<Outbox>) -> Result<Arc<Self>, String> {
        let city = City::plan(DOCTORS, "", &format!("{:016x}", rand::random::<u64>()), 1);
        city.set_up(&door, operator).await.map_err(|why| format!("setting up the city: {why}"))?;
        let speed = door.test_speed().await.map_err(|why| why.to_string())?.unwrap_or(1.0);
        let clock = Arc::new(ClinicClock::new(speed));
        let (tell, changed) = mpsc::channel(4096);
        let (mut desks, mut desk_tokens) = (Vec::new(), Vec::new());
        for (n, (id, _)) in city.sites.iter().enumerate() {
            let wish = json!({ "name": format!("desk-{id}"), "role": "desk", "site": id, "ttl_s": 86_400 });
            let issued = door.insist("POST", "/tokens", Some(operator), &wish).await;
            let token = issued.and_then(|issued| token_of(&issued)).map_err(|why| format!("desk: {why}"))?;
            let queues = city.departments.iter().filter(|at| at.site == n).map(|at| format!("queue:{}", at.queue));
            let listener = tickets_listener(tell.clone());
            desks.push(LiveClient::open(door.clone(), clock.clone(), token.clone(), queues.collect(), listener));
            desk_tokens.push(token);
        }
        // A hundred a second: a later run on a kept folder begins beyond everybody whom this one will make up.
        let first = (jiaohao_actors::shell::clock::wall_ms() / 10 % 90_000_000) as u32;
        let town = Arc::new(Self {
            door,
            clock,
            city,
            desks,
            desk_tokens,
            outbox,
            operator: operator.to_owned(),
            by_desk: Mutex::default(),
            changed: Mutex::new(Some(changed)),
            people: AtomicU32::new(first),
            first,
            counts: Mutex::default(),
            first_time: tokio::sync::Notify::new(),
        });
        while town.clock.now_ms() < 1_000_000_000_000 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        town.sessions().await.map_err(|why| format!("sessions: {why}"))?;
        Ok(town)
    }

    /// Everybody plays until the program ends.
    pub async fn play(self: Arc<Self>) {
        for board in 0..self.city.boards.len() {
            tokio::spawn(screens::hang(self.clone(), board));
        }
        for doctor in 0..self.city.doctors.len() {
            tokio::spawn(doctors::work(self.clone(), doctor));
        }
        for department in 0..self.city.departments.len() {
            tokio::spawn(patients::stream_in(self.clone(), department));
        }
        for site in 0..self.city.sites.len() {
            tokio::spawn(scenes::run(self.clone(), site));
        }
        if let Some(changed) = self.changed.lock().unwrap_or_else(PoisonError::into_inner).take() {
            tokio::spawn(patients::looked_after(self.clone(), changed));
        }
        loop {
            self.clock.until(self.opens_ms(1)).await;
            drop(self.sessions().await);
        }
    }

    fn today(&self) -> BusinessDate {
        let zone = Zone::named(ZONE).expect("invariant: it is in the database");
        zone.date(Timestamp(self.clock.now_ms()))
    }

    /// `YYYY-MM-DD` of today.
    pub fn date(&self) -> String {
        self.today().0.to_string()
    }

    /// When the clinic opens, so many days from today, UTC ms.
    pub fn opens_ms(&self, days: i64) -> i64 {
        self.moment(days, OPENS_H)
    }

    /// When it closes today, UTC ms.
    pub fn closes_ms(&self) -> i64 {
        self.moment(0, CLOSES_H)
    }

    fn moment(&self, days: i64, hour: u32) -> i64 {
        let zone = Zone::named(ZONE).expect("invariant: it is in the database");
        let time = NaiveTime::from_hms_opt(hour, 0, 0).expect("invariant: an hour of the day");
        zone.moment(self.today().plus_days(days), time).0
    }

    /// Start of a half-hour of today that lies `ahead` after the running one, UTC ms, with its `HHMM`; none after hours.
    pub fn slot(&self, ahead: i64) -> Option<(i64, String)> {
        let half_hour_ms = 30 * 60_000;
        let since = (self.clock.now_ms() - self.opens_ms(0)).max(0);
        let start = self.opens_ms(0) + (since.div_euclid(half_hour_ms) + ahead) * half_hour_ms;
        let zone = Zone::named(ZONE)?;
        (start < self.closes_ms()).then(|| (start, zone.clock(Timestamp(start)).replace(':', "")))
    }

    /// The day's sessions: one pool's in each department.
    async fn sessions(&self) -> Result<(), Refusal> {
        for (n, at) in self.city.departments.iter().enumerate() {
            let half_hours = (OPENS_H * 2..CLOSES_H * 2).map(|half| {
                let start = format!("{:02}:{:02}", half / 2, half % 2 * 30);
                json!({ "start": start, "capacity": at.doctors.len() * PLACES })
            });
            let session = json!({
                "id": self.city.session_id(n, &self.date()),
                "date": self.date(),
                "period": "day",
                "queue": at.queue,
                "registration_class": "普通",
                "fee_fen": 1000,
                "slots": half_hours.collect::<Vec<_>>(),
            });
            match self.door.insist("PUT", "/sessions", Some(&self.operator), &session).await {
                Err(why) if why.code != "already_exists" => return Err(why),
                _ => {}
            }
        }
        Ok(())
    }

    /// Somebody new.
    pub fn somebody(&self) -> MadeUp {
        let serial = self.people.fetch_add(1, Ordering::Relaxed);
        MadeUp::draw(serial, self.date().get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026), &mut seeded())
    }

    /// Something happened.
    pub fn count(&self, what: &str) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let times = counts.entry(what.to_owned()).or_default();
        *times += 1;
        if *times == 1 {
            self.first_time.notify_one();
        }
    }

    /// Waits until each of these has been done at least once.
    pub async fn has_seen(&self, what: &[&str]) {
        let is_done = |one: &&str| self.counts.lock().unwrap_or_else(PoisonError::into_inner).contains_key(*one);
        while !what.iter().all(&is_done) {
            self.first_time.notified().await;
        }
    }

    /// Gives a command; what is done is counted under `what`.
    ///
    /// # Errors
    /// What the server said instead.
    pub async fn give(&self, live: &LiveClient, what: &str, command: &str, fields: Value) -> Result<Value, Refusal> {
        let answer = live.give(command, fields).await;
        match &answer {
            Ok(_) => self.count(what),
            Err(why) => tracing::debug!(command, code = why.code, "refused"),
        }
        answer
    }

    /// How it was.
    pub fn summary(&self) -> String {
        let zone = Zone::named(ZONE).expect("invariant: it is in the database");
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let people = self.people.load(Ordering::Relaxed) - self.first;
        let clock = zone.clock(Timestamp(self.clock.now_ms()));
        let mut text = format!("\nIt was {clock} in the city at the end. {people} people came, and this was done:\n");
        for (what, times) in counts.iter() {
            text.push_str(&format!("  {times:>6}  {what}\n"));
        }
        text
    }
}

/// Chance of one's own: a demonstration need not be the same twice.
pub fn seeded() -> rand::rngs::StdRng {
    use rand::SeedableRng;
    rand::rngs::StdRng::seed_from_u64(rand::random())
}

fn tickets_listener(tell: mpsc::Sender<Changed>) -> crate::clients::live::Listener {
    Box::new(move |heard, _, _| {
        let Heard::Events { events, .. } = heard else { return };
        for event in events {
            for parts in event["event"].as_object().into_iter().flat_map(|stem| stem.values()) {
                for (ticket, is) in parts["tickets"].as_object().into_iter().flatten() {
                    if let Some(state @ ("missed" | "away")) = is["state"].as_str() {
                        // a full channel: nobody looks after this one, as on a busy day
                        let _ = tell.try_send(Changed { ticket: ticket.clone(), state: state.to_owned() });
                    }
                }
            }
        }
    })
}
