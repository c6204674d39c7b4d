//! Patients from their wish for a place to the waiting area, by a phone of their own (one in five) or by the desk of their
//! hospital: booking in one or by a hold, changes of mind, early and late arrivals, walk-ins, emergencies, proofs of
//! priority.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::phones::{self, Phone};
use super::world::World;
use crate::clients::Refusal;

/// How often an area's code is asked for while the server is down.
const CODE_TRIES: usize = 20;

/// What becomes of some of those who wait, by the share that it has become of so far and not by chance: whoever was called
/// before it could happen leaves it to the next.
#[derive(Default)]
pub struct Acts {
    waiting: AtomicUsize,
    shown: AtomicUsize,
    gone: AtomicUsize,
    moved: AtomicUsize,
}

/// One in forty shows a proof, one in fifteen goes home soon, one in thirty is in the wrong department.
const SHOWS: usize = 40;
const GOES: usize = 15;
const MOVES: usize = 30;

/// Whether it is somebody's turn: half of a share after the beginning, a share after each that was done.
fn is_due(done: &AtomicUsize, one_in: usize, waiting: usize) -> bool {
    done.load(Ordering::Acquire) * one_in + one_in / 2 <= waiting
}

/// One patient's way into the waiting area.
pub async fn live(world: Arc<World>, patient: usize) {
    let mut rng = StdRng::seed_from_u64(world.seed ^ (patient as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let mut one = Patient { world: &world, patient, rng: &mut rng, phone: None };
    if patient.is_multiple_of(phones::EVERY) {
        // whose phone does not come up goes to the desk like the others; the refusal stands in the server's metrics
        one.phone = Phone::open(&world, patient).await.ok();
    }
    one.day().await;
    world.phones.lock().unwrap_or_else(PoisonError::into_inner).extend(one.phone);
    world.progress.arrived.fetch_add(1, Ordering::AcqRel);
}

struct Patient<'a> {
    world: &'a Arc<World>,
    patient: usize,
    rng: &'a mut StdRng,
    phone: Option<Phone>,
}

impl Patient<'_> {
    async fn day(&mut self) {
        let day = &self.world.day;
        // most of the city arrives at the minute of the release, some a little before it
        let at_ms = day.released_ms + self.rng.random_range(-30_000..120_000);
        match self.rng.random_range(0..100) {
            0..84 => {
                self.world.clock.until(at_ms).await;
                match self.book().await {
                    Some((appointment, slot)) => {
                        if let Some(phone) = &mut self.phone {
                            // without a new token it goes on as it was
                            let _ = phone.watch(self.world, self.patient, &appointment).await;
                        }
                        self.come(&appointment, slot).await;
                    }
                    None if self.rng.random_range(0..3) == 0 => self.walk_in(None).await,
                    None => {}
                }
            }
            84..86 => self.walk_in(Some("emergency")).await,
            _ => self.walk_in(None).await,
        }
    }

    fn desk(&self) -> &super::actor::Actor {
        let site = self.world.city.departments[self.world.department_of(self.patient)].site;
        &self.world.desks[site]
    }

    /// By the own phone, else at the desk.
    async fn give(&self, command: &str, fields: Value) -> Result<Value, Refusal> {
        match &self.phone {
            Some(phone) => phone.give(command, fields).await,
            None => self.desk().give(command, fields).await,
        }
    }

    fn who(&self) -> &str {
        &self.world.people[self.patient].0
    }

    /// Tries up to four slots; the appointment and its slot.
    async fn book(&mut self) -> Option<(String, usize)> {
        let (department, line) = (self.world.department_of(self.patient), self.world.line_of(self.patient));
        let session = self.world.city.session_id(department, line, &self.world.day.date_text());
        let mut attempts = 0;
        while attempts < 4 {
            let slot = self.rng.random_range(0..self.world.day.slots);
            let clock = self.world.day.slot_clock(slot).replace(':', "");
            let wish = json!({ "session": session, "slot": format!("{session}.{clock}"), "patient": self.who() });
            let by_hold = self.rng.random_range(0..8) == 0;
            let booked = if by_hold { self.hold(wish).await } else { self.in_one(wish).await };
            match booked {
                Ok(Some(appointment)) if self.rng.random_range(0..20) == 0 => {
                    self.world.clock.pass_s(60.0).await;
                    let cancelled = self.give("cancel_appointment", json!({ "appointment": appointment })).await;
                    if cancelled.is_err() {
                        return Some((appointment, slot));
                    }
                }
                Ok(Some(appointment)) => return Some((appointment, slot)),
                Ok(None) => return None,
                Err(code) if code == "slot_closed" || code == "in_line" => self.world.clock.pass_s(15.0).await,
                Err(_) => {}
            }
            attempts += 1;
        }
        None
    }

    async fn in_one(&mut self, wish: Value) -> Result<Option<String>, String> {
        let booked = self.give("book_slot", wish).await.map_err(|why| why.code)?;
        Ok(booked["appointment"].as_str().map(str::to_owned))
    }

    /// Holds first; one in five lets the hold expire.
    async fn hold(&mut self, wish: Value) -> Result<Option<String>, String> {
        let held = self.give("hold_slot", wish).await.map_err(|why| why.code)?;
        let Some(appointment) = held["appointment"].as_str() else { return Ok(None) };
        if self.rng.random_range(0..5) == 0 {
            return Ok(None);
        }
        self.world.clock.pass_s(self.rng.random_range(10.0..120.0)).await;
        let wish = json!({ "appointment": appointment, "patient": self.who() });
        self.give("confirm_appointment", wish).await.map_err(|why| why.code)?;
        Ok(Some(appointment.to_owned()))
    }

    /// What hangs on the wall of the waiting area.
    async fn area_code(&self) -> Value {
        let at = &self.world.city.departments[self.world.department_of(self.patient)];
        let path = format!("/departments/{}/area-code", at.id);
        for _ in 0..CODE_TRIES {
            match self.world.door.ask("GET", &path, Some(&self.world.desk_tokens[at.site]), None).await {
                Ok(shown) => return shown["code"].clone(),
                Err(why) if why.is_passing() => tokio::time::sleep(Duration::from_millis(200)).await,
                Err(_) => break,
            }
        }
        Value::Null
    }

    /// Comes about the time of the slot: most early, some late, a few never.
    async fn come(&mut self, appointment: &str, slot: usize) {
        let start_ms = self.world.day.slot_ms(slot);
        let minutes: i64 = match self.rng.random_range(0..100) {
            0..4 => return,
            4..10 => self.rng.random_range(31..45),
            _ => self.rng.random_range(-35..20),
        };
        self.world.clock.until(start_ms + minutes * 60_000 + self.rng.random_range(0..60_000)).await;
        let mut check_in = json!({ "appointment": appointment });
        if self.phone.is_some() {
            check_in["code"] = self.area_code().await;
        }
        if let Ok(waits) = self.give("check_in", check_in).await {
            self.waits(&waits).await;
        }
    }

    async fn walk_in(&mut self, class: Option<&str>) {
        let day = &self.world.day;
        // the last of them find the doctors still there
        let last_ms = (day.end_ms() - 20 * 60_000).max(day.start_ms + 60_000);
        self.world.clock.until(self.rng.random_range(day.start_ms..last_ms)).await;
        let queue = self.world.queue_of(self.patient);
        let wish = json!({ "queue": queue, "patient": self.who(), "class": class });
        if let Ok(waits) = self.desk().give("register_walk_in", wish).await {
            self.waits(&waits).await;
        }
    }

    /// In the waiting area: see [`Acts`].
    async fn waits(&mut self, waits: &Value) {
        let Some(ticket) = waits["ticket"].as_str() else { return };
        let acts = &self.world.acts;
        let waiting = acts.waiting.fetch_add(1, Ordering::AcqRel);
        let (done, happened) = if is_due(&acts.shown, SHOWS, waiting) {
            let proof = json!({ "ticket": ticket, "class": "military", "proof": "军官证" });
            (&acts.shown, self.desk().give("set_priority", proof).await)
        } else if is_due(&acts.gone, GOES, waiting) {
            self.world.clock.pass_s(self.rng.random_range(2.0..15.0)).await;
            (&acts.gone, self.give("cancel_ticket", json!({ "ticket": ticket, "reason": "不等了" })).await)
        } else if is_due(&acts.moved, MOVES, waiting) {
            let city = &self.world.city;
            let own = self.world.department_of(self.patient);
            let is_other = |at: &&crate::clients::city::Department| {
                at.site == city.departments[own].site && at.id != city.departments[own].id
            };
            let Some(other) = city.departments.iter().find(is_other) else { return };
            let to = json!({ "ticket": ticket, "to": other.queue, "reason": "分诊错误" });
            (&acts.moved, self.desk().give("transfer_ticket", to).await)
        } else {
            return;
        };
        if happened.is_ok() {
            done.fetch_add(1, Ordering::AcqRel);
        }
    }
}
