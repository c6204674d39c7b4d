//! Patients from their wish for a place to the waiting area, by the desk of their hospital: booking in one or by a hold,
//! changes of mind, early and late arrivals, walk-ins, emergencies, proofs of priority.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::world::World;

/// One patient's way into the waiting area.
pub async fn live(world: Arc<World>, patient: usize) {
    let mut rng = StdRng::seed_from_u64(world.seed ^ (patient as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    Patient { world: &world, patient, rng: &mut rng }.day().await;
    world.progress.arrived.fetch_add(1, Ordering::AcqRel);
}

struct Patient<'a> {
    world: &'a World,
    patient: usize,
    rng: &'a mut StdRng,
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
                    Some((appointment, slot)) => self.come(&appointment, slot).await,
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

    fn who(&self) -> &str {
        &self.world.people[self.patient].0
    }

    /// Tries up to four slots; the appointment and its slot.
    async fn book(&mut self) -> Option<(String, usize)> {
        let session = self.world.city.session_id(self.world.department_of(self.patient), &self.world.day.date_text());
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
                    let cancelled = self.desk().give("cancel_appointment", json!({ "appointment": appointment })).await;
                    if cancelled.is_err() {
                        return Some((appointment, slot));
                    }
                }
                Ok(Some(appointment)) => return Some((appointment, slot)),
                Ok(None) => return None,
                Err(code) if code == "slot_closed" => self.world.clock.pass_s(15.0).await,
                Err(_) => {}
            }
            attempts += 1;
        }
        None
    }

    async fn in_one(&mut self, wish: Value) -> Result<Option<String>, String> {
        let booked = self.desk().give("book_slot", wish).await.map_err(|why| why.code)?;
        Ok(booked["appointment"].as_str().map(str::to_owned))
    }

    /// Holds first; one in five lets the hold expire.
    async fn hold(&mut self, wish: Value) -> Result<Option<String>, String> {
        let held = self.desk().give("hold_slot", wish).await.map_err(|why| why.code)?;
        let Some(appointment) = held["appointment"].as_str() else { return Ok(None) };
        if self.rng.random_range(0..5) == 0 {
            return Ok(None);
        }
        self.world.clock.pass_s(self.rng.random_range(10.0..120.0)).await;
        let wish = json!({ "appointment": appointment, "patient": self.who() });
        self.desk().give("confirm_appointment", wish).await.map_err(|why| why.code)?;
        Ok(Some(appointment.to_owned()))
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
        if let Ok(waits) = self.desk().give("check_in", json!({ "appointment": appointment })).await {
            self.waits(&waits).await;
        }
    }

    async fn walk_in(&mut self, class: Option<&str>) {
        let day = &self.world.day;
        // the last of them find the doctors still there
        let last_ms = (day.end_ms() - 20 * 60_000).max(day.start_ms + 60_000);
        self.world.clock.until(self.rng.random_range(day.start_ms..last_ms)).await;
        let queue = &self.world.city.departments[self.world.department_of(self.patient)].queue;
        let wish = json!({ "queue": queue, "patient": self.who(), "class": class });
        if let Ok(waits) = self.desk().give("register_walk_in", wish).await {
            self.waits(&waits).await;
        }
    }

    /// In the waiting area: a few show a proof, a few go home.
    async fn waits(&mut self, waits: &Value) {
        let Some(ticket) = waits["ticket"].as_str() else { return };
        match self.rng.random_range(0..40) {
            0 => {
                let proof = json!({ "ticket": ticket, "class": "military", "proof": "军官证" });
                drop(self.desk().give("set_priority", proof).await);
            }
            1 => {
                self.world.clock.pass_s(self.rng.random_range(60.0..900.0)).await;
                let gone = json!({ "ticket": ticket, "reason": "不等了" });
                drop(self.desk().give("cancel_ticket", gone).await);
            }
            _ => {}
        }
    }
}
