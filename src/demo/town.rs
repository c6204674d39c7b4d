//! What all who play share: the doors, the clock, the city, its desks, and the count of what has happened.

use std::collections::HashSet;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use chrono::NaiveTime;
use jiaohao_domain::Timestamp;
use jiaohao_domain::time::{BusinessDate, Zone};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::record::{HOUR_MS, Record};
use super::scenes::LAST_HOUR_MS;
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
    /// Has been missed so often.
    pub missed_times: u64,
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
    /// Tickets whose patients stand at the door again each time they were missed.
    pub at_the_door: Mutex<HashSet<String>>,
    changed: Mutex<Option<mpsc::Receiver<Changed>>>,
    people: AtomicU32,
    /// The serial of the first of them.
    first: u32,
    record: Arc<Record>,
    /// When playing began, clinic time, UTC ms.
    began_ms: AtomicI64,
}

impl Town {
    /// Sets the city up.
    ///
    /// # Errors
    /// The first thing that did not work.
    pub async fn open(door: Arc<Door>, operator: &str, outbox: Arc<Outbox>) -> Result<Arc<Self>, String> {
        #[expect(clippy::disallowed_methods, reason = "a client's own chance")]
        let secret = format!("{:016x}", rand::random::<u64>());
        let city = City::plan(DOCTORS, "", &secret, 1);
        city.set_up(&door, operator).await.map_err(|why| format!("setting up the city: {why}"))?;
        let speed = door.test_speed().await.map_err(|why| why.to_string())?.unwrap_or(1.0);
        let clock = Arc::new(ClinicClock::new(speed));
        let (tell, changed) = mpsc::channel(4096);
        let record = Arc::new(Record::default());
        let (mut desks, mut desk_tokens) = (Vec::new(), Vec::new());
        for (n, (id, _)) in city.sites.iter().enumerate() {
            let wish = json!({ "name": format!("desk-{id}"), "role": "desk", "site": id, "ttl_s": 86_400 });
            let issued = door.insist("POST", "/tokens", Some(operator), &wish).await;
            let token = issued.and_then(|issued| token_of(&issued)).map_err(|why| format!("desk: {why}"))?;
            let queues = city.departments.iter().filter(|at| at.site == n).flat_map(|at| at.queues());
            let queues = queues.map(|queue| format!("queue:{queue}")).collect();
            let (counting, now) = (record.clone(), clock.clone());
            let summoned = move || counting.count(n, "summonses to a door", now.now_ms());
            let listener = tickets_listener(tell.clone(), summoned);
            desks.push(LiveClient::open(door.clone(), clock.clone(), token.clone(), queues, listener));
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
            at_the_door: Mutex::default(),
            changed: Mutex::new(Some(changed)),
            people: AtomicU32::new(first),
            first,
            record,
            began_ms: AtomicI64::new(0),
        });
        while town.clock.now_ms() < 1_000_000_000_000 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        town.sessions().await.map_err(|why| format!("sessions: {why}"))?;
        Ok(town)
    }

    /// Everybody plays until the program ends.
    pub async fn play(self: Arc<Self>) {
        self.began_ms.store(self.clock.now_ms(), Ordering::Release);
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

    /// Id of a session that a department has for once, and when it begins, `HH:MM`: in a minute.
    pub fn in_a_minute(&self, department: &str) -> Option<(String, String)> {
        let start = Zone::named(ZONE)?.clock(Timestamp(self.clock.now_ms()).plus_min(1));
        let id = format!("{department}.x{}t{}", self.date().replace('-', ""), start.replace(':', ""));
        Some((id, start))
    }

    /// The day's sessions: one of each queue.
    async fn sessions(&self) -> Result<(), Refusal> {
        let lines = |n: usize| (0..self.city.departments[n].queues().len()).map(move |line| (n, line));
        for (n, line) in (0..self.city.departments.len()).flat_map(lines) {
            let at = &self.city.departments[n];
            let half_hours = (OPENS_H * 2..CLOSES_H * 2).map(|half| {
                let start = format!("{:02}:{:02}", half / 2, half % 2 * 30);
                json!({ "start": start, "capacity": at.share(line) * PLACES })
            });
            let session = json!({
                "id": self.city.session_id(n, line, &self.date()),
                "date": self.date(),
                "period": "day",
                "queue": at.queues()[line],
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

    /// Somebody new, of 80 and over if that is wished.
    pub fn somebody(&self, is_senior: bool) -> MadeUp {
        let serial = self.people.fetch_add(1, Ordering::Relaxed);
        let year = self.date().get(..4).and_then(|year| year.parse().ok()).unwrap_or(2026);
        let draw = if is_senior { MadeUp::draw_senior } else { MadeUp::draw };
        draw(serial, year, &mut seeded())
    }

    /// Something happened in a hospital.
    pub fn count(&self, site: usize, what: &str) {
        self.record.count(site, what, self.clock.now_ms());
    }

    /// Whether a thing of the tour is to happen now in a hospital, whatever chance says: who asks does it.
    pub fn is_due(&self, site: usize, what: &'static str) -> bool {
        self.record.is_due(site, what, self.clock.now_ms())
    }

    /// Waits until so many whole hours of the clinic are over.
    pub async fn hours_are_over(&self, hours: i64) {
        while self.began_ms.load(Ordering::Acquire) == 0 {
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        self.clock.until(self.first_hour_ms() + hours * HOUR_MS).await;
    }

    /// Start of the first hour that is whole, UTC ms.
    fn first_hour_ms(&self) -> i64 {
        let began_ms = self.began_ms.load(Ordering::Acquire);
        (began_ms + HOUR_MS - 1).div_euclid(HOUR_MS).max(self.opens_ms(0).div_euclid(HOUR_MS)) * HOUR_MS
    }

    /// Gives a command in a hospital; what is done is counted under `what`.
    ///
    /// # Errors
    /// What the server said instead.
    pub async fn give(
        &self,
        site: usize,
        live: &LiveClient,
        what: &str,
        command: &str,
        fields: Value,
    ) -> Result<Value, Refusal> {
        let answer = live.give(command, fields).await;
        match &answer {
            Ok(_) => self.count(site, what),
            Err(why) => tracing::debug!(command, code = why.code, "refused"),
        }
        answer
    }

    /// As [`Town::give`], at a hospital's desk.
    ///
    /// # Errors
    /// What the server said instead.
    pub async fn at_desk(&self, site: usize, what: &str, command: &str, fields: Value) -> Result<Value, Refusal> {
        self.give(site, &self.desks[site], what, command, fields).await
    }

    /// How it was.
    pub fn summary(&self) -> String {
        let zone = Zone::named(ZONE).expect("invariant: it is in the database");
        let people = self.people.load(Ordering::Relaxed) - self.first;
        let now_ms = self.clock.now_ms();
        let clock = |at_ms: i64| zone.clock(Timestamp(at_ms));
        let mut text =
            format!("\nIt was {} in the city at the end. {people} people came, and this was done:\n", clock(now_ms));
        for (what, times) in self.record.counts() {
            text.push_str(&format!("  {times:>6}  {what}\n"));
        }
        let ends_ms = now_ms.min(self.closes_ms() - LAST_HOUR_MS);
        let mut hour_ms = self.first_hour_ms();
        while hour_ms + HOUR_MS <= ends_ms {
            let missing = self.city.sites.iter().enumerate().flat_map(|(site, (id, _))| {
                self.record.missing(site, hour_ms).into_iter().map(move |rule| format!("{rule} ({id})"))
            });
            let missing: Vec<String> = missing.collect();
            let all = "everything that a queue knows, in each hospital".to_owned();
            let said = if missing.is_empty() { all } else { format!("not seen: {}", missing.join(", ")) };
            text.push_str(&format!("  {}–{}  {said}\n", clock(hour_ms), clock(hour_ms + HOUR_MS)));
            hour_ms += HOUR_MS;
        }
        text
    }
}

/// Chance of one's own: a demonstration need not be the same twice.
#[expect(clippy::disallowed_methods, reason = "a client's own chance")]
pub fn seeded() -> rand::rngs::StdRng {
    use rand::SeedableRng;
    rand::rngs::StdRng::seed_from_u64(rand::random())
}

fn tickets_listener(
    tell: mpsc::Sender<Changed>,
    summoned: impl Fn() + Send + 'static,
) -> crate::clients::live::Listener {
    Box::new(move |heard, _, _| {
        let Heard::Events { events, .. } = heard else { return };
        for event in events {
            for (name, parts) in event["event"].as_object().into_iter().flatten() {
                if name == "patient_summoned" {
                    summoned();
                }
                for (ticket, is) in parts["tickets"].as_object().into_iter().flatten() {
                    let missed_times = is["missed_times"].as_u64().unwrap_or_default();
                    if let Some(state @ ("missed" | "away")) = is["state"].as_str() {
                        let (ticket, state) = (ticket.clone(), state.to_owned());
                        // a full channel: nobody looks after this one, as on a busy day
                        let _ = tell.try_send(Changed { ticket, state, missed_times });
                    }
                }
            }
        }
    })
}
