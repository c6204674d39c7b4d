//! Doctors at their consoles: call, see, send for tests, miss after two calls, transfer, choose, call by mistake, pause.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value, json};

use super::actor::Actor;
use super::world::World;
use crate::clients::Refusal;

/// A call is recalled and missed only after 90 s of clinic time.
const MISSED_AFTER_S: f64 = 95.0;

/// One doctor's day.
pub async fn work(world: Arc<World>, doctor: usize, console: Actor) {
    let rng = StdRng::seed_from_u64(world.seed.wrapping_add(1 + doctor as u64));
    let mut console =
        Console { world: &world, doctor, console, rng, assignment: String::new(), hand: None, day_over: false };
    console.day().await;
    world.progress.home.fetch_add(1, Ordering::AcqRel);
}

/// Who was called.
#[derive(Clone)]
struct Hand {
    ticket: String,
    call: Option<String>,
}

struct Console<'a> {
    world: &'a Arc<World>,
    doctor: usize,
    console: Actor,
    rng: StdRng,
    assignment: String,
    hand: Option<Hand>,
    day_over: bool,
}

impl Console<'_> {
    fn department(&self) -> &str {
        &self.world.city.departments[self.world.city.doctors[self.doctor].department].id
    }

    async fn day(&mut self) {
        let begins = self.world.day.start_ms - self.rng.random_range(0..300_000);
        self.world.clock.until(begins).await;
        let start = json!({ "department": self.department(),
            "service_point": self.world.city.doctors[self.doctor].service_point });
        let Ok(at_work) = self.console.give("start_work", start).await else { return };
        self.assignment = at_work["assignment"].as_str().unwrap_or_default().to_owned();
        // the department hears of the assignment a moment later
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        while !self.day_over {
            match self.hand.clone() {
                None => self.next(None).await,
                Some(hand) => self.see(&hand).await,
            }
        }
        let done = json!({ "assignment": self.assignment, "department": self.department() });
        drop(self.console.give("stop_work", done).await);
    }

    /// `看完,叫下一位`, `没来,叫下一位`, or the first one.
    async fn next(&mut self, outcome: Option<&str>) {
        let call = json!({ "department": self.department(), "assignment": self.assignment,
            "in_hand": self.hand.as_ref().map(|hand| &hand.ticket), "outcome": outcome });
        let answer = self.console.give("call_next_patient", call).await;
        if outcome == Some("seen") && answer.is_ok() {
            self.world.progress.seen.fetch_add(1, Ordering::AcqRel);
        }
        self.called(answer).await;
    }

    async fn called(&mut self, answer: Result<Value, Refusal>) {
        match answer {
            Ok(answer) => {
                self.hand = answer["called"]["ticket"].as_str().map(|ticket| Hand {
                    ticket: ticket.to_owned(),
                    call: answer["called"]["call"].as_str().map(str::to_owned),
                });
            }
            Err(why) if why.code == "queue_empty" => {
                self.hand = None;
                self.rest().await;
            }
            Err(why) if why.code == "stale_console" => self.look(&why),
            Err(_) => self.world.clock.pass_s(10.0).await,
        }
    }

    /// Nobody waits: a pause of half a minute; home when nobody is on the way any more.
    async fn rest(&mut self) {
        self.day_over = self.world.is_quiet();
        if !self.day_over {
            self.world.clock.pass_s(30.0).await;
        }
    }

    fn look(&mut self, why: &Refusal) {
        let ticket = why.valid_now.get("in_hand").and_then(serde_json::Value::as_str);
        self.hand = ticket.map(|ticket| Hand { ticket: ticket.to_owned(), call: None });
    }

    async fn see(&mut self, hand: &Hand) {
        let ticket = json!({ "ticket": hand.ticket });
        match self.rng.random_range(0..100) {
            0..6 => return self.nobody_comes(hand).await,
            6..8 => {
                let mistake = json!({ "ticket": hand.ticket, "reason": "叫错" });
                return self.settle("return_to_waiting", mistake).await;
            }
            _ => {}
        }
        if self.rng.random_bool(0.5) {
            drop(self.console.give("start_service", ticket.clone()).await);
        }
        let takes_s = self.world.service_s() * self.rng.random_range(0.5..1.4);
        self.world.clock.pass_s(takes_s).await;
        match self.rng.random_range(0..100) {
            0..8 => {
                self.settle("send_for_tests", ticket).await;
                self.follow(hand, 300.0..1200.0);
            }
            8..11 if self.elsewhere().is_some() => {
                let to = self.elsewhere();
                self.settle("transfer_ticket", json!({ "ticket": hand.ticket, "to": to, "reason": "请会诊" })).await;
            }
            11..14 => {
                self.settle("finish_service", ticket).await;
                self.world.progress.seen.fetch_add(1, Ordering::AcqRel);
                self.pause().await;
            }
            14..17 => self.choose(hand).await,
            _ => self.next(Some("seen")).await,
        }
    }

    /// Gives a command that empties the hand.
    async fn settle(&mut self, command: &str, fields: Value) {
        match self.console.give(command, fields).await {
            Err(why) if why.code == "stale_console" => self.look(&why),
            // cancelled at the desk in the meantime, or what the hand holds is settled already
            _ => self.hand = None,
        }
    }

    async fn nobody_comes(&mut self, hand: &Hand) {
        self.world.clock.pass_s(45.0).await;
        if let Some(call) = &hand.call {
            drop(self.console.give("recall_patient", json!({ "call": call })).await);
        }
        self.world.clock.pass_s(MISSED_AFTER_S - 45.0).await;
        if self.rng.random_bool(0.2) {
            self.settle("mark_missed", json!({ "ticket": hand.ticket })).await;
        } else {
            self.next(Some("not_here")).await;
        }
        if self.rng.random_bool(0.8) {
            self.follow(hand, 120.0..900.0);
        }
    }

    /// A chosen one of those who wait, with a reason: of the own queue as often as of the pool.
    async fn choose(&mut self, hand: &Hand) {
        let at = &self.world.city.departments[self.world.city.doctors[self.doctor].department];
        let own = self.world.city.own_queue(self.doctor).filter(|_| self.rng.random_bool(0.5));
        let (queue, site) = (own.unwrap_or(&at.queue), at.site);
        let path = format!("/streams/queue:{queue}");
        let shown = self.world.door.ask("GET", &path, Some(&self.world.desk_tokens[site]), None).await;
        let chosen = shown.ok().and_then(|shown| {
            let order = shown["snapshot"]["order"].as_array()?;
            Some(order.last()?.as_str()?.to_owned())
        });
        let Some(chosen) = chosen else { return self.next(Some("seen")).await };
        let call = json!({ "department": self.department(), "assignment": self.assignment, "in_hand": hand.ticket,
            "outcome": "seen", "ticket": chosen, "reason": "复诊取报告" });
        match self.console.give("call_ticket", call).await {
            // another room was quicker
            Err(why) if why.code != "stale_console" => self.next(Some("seen")).await,
            answer => self.called(answer).await,
        }
    }

    async fn pause(&mut self) {
        let work = json!({ "assignment": self.assignment, "department": self.department() });
        let mut pause = work.clone();
        pause["reason"] = json!("休息");
        if self.console.give("pause_work", pause).await.is_ok() {
            self.world.clock.pass_s(self.rng.random_range(60.0..300.0)).await;
            drop(self.console.give("resume_work", work).await);
        }
    }

    /// The pool of another department of the hospital, the next one round; none where there is no other.
    fn elsewhere(&self) -> Option<String> {
        let city = &self.world.city;
        let own = city.doctors[self.doctor].department;
        let others = (own + 1..city.departments.len()).chain(0..own);
        let at = others.map(|at| &city.departments[at]).find(|at| at.site == city.departments[own].site)?;
        Some(at.queue.clone())
    }

    /// The patient comes back after a while and reports at the desk.
    fn follow(&mut self, hand: &Hand, after_s: std::ops::Range<f64>) {
        let (world, ticket) = (self.world.clone(), hand.ticket.clone());
        let after_s = self.rng.random_range(after_s);
        let site = world.city.departments[world.city.doctors[self.doctor].department].site;
        world.progress.under_way.fetch_add(1, Ordering::AcqRel);
        tokio::spawn(async move {
            world.clock.pass_s(after_s).await;
            drop(world.desks[site].give("report_back", json!({ "ticket": ticket })).await);
            world.progress.under_way.fetch_sub(1, Ordering::AcqRel);
        });
    }
}
