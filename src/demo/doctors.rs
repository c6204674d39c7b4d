//! The doctors who are not you. Whoever signs in as one of them and gives a command takes over: the played one steps aside.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};

use super::town::{Town, seeded};
use crate::clients::Refusal;
use crate::clients::live::{Heard, Listener, LiveClient};

/// What only somebody at the doctor's console does.
const AT_THE_CONSOLE: &[&str] = &[
    "patient_called",
    "patient_recalled",
    "service_started",
    "service_finished",
    "patient_sent_for_tests",
    "patient_missed",
    "patient_returned",
    "work_paused",
    "work_resumed",
    "work_stopped",
];
/// A consultation, clinic seconds.
const TAKES_S: std::ops::Range<f64> = 150.0..540.0;

/// One doctor, day after day, until somebody takes over.
pub async fn work(town: Arc<Town>, doctor: usize) {
    let who = &town.city.doctors[doctor];
    let Ok(token) = town.door.sign_in(&who.account, &who.password).await else { return };
    let (own, taken_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let (acting, seen) = (own.clone(), taken_over.clone());
    let listener: Listener = Box::new(move |heard, _, _| {
        let Heard::Events { events, missed: false, .. } = heard else { return };
        let acted = events.iter().any(|event| {
            event["event"]
                .as_object()
                .is_some_and(|stem| stem.keys().any(|stem| AT_THE_CONSOLE.contains(&stem.as_str())))
        });
        if acted && acting.load(Ordering::Acquire) == 0 {
            seen.store(true, Ordering::Release);
        }
    });
    let streams = vec![format!("doctor:{}", who.id)];
    let live = LiveClient::open(town.door.clone(), town.clock.clone(), token, streams, listener);
    let rng = seeded();
    let mut player = Player { town: &town, doctor, live, rng, own, taken_over, assignment: String::new(), hand: None };
    while !player.steps_aside() {
        player.day().await;
        if !player.steps_aside() {
            town.clock.until(town.opens_ms(1)).await;
        }
    }
    town.count("doctors taken over");
    eprintln!("{} is yours now", who.name);
}

struct Player<'a> {
    town: &'a Arc<Town>,
    doctor: usize,
    live: LiveClient,
    rng: StdRng,
    /// Commands of ours under way.
    own: Arc<AtomicUsize>,
    taken_over: Arc<AtomicBool>,
    assignment: String,
    hand: Option<(String, Option<String>)>,
}

impl Player<'_> {
    fn steps_aside(&self) -> bool {
        self.taken_over.load(Ordering::Acquire)
    }

    fn department(&self) -> &str {
        &self.town.city.departments[self.town.city.doctors[self.doctor].department].id
    }

    async fn give(&self, what: &str, command: &str, fields: Value) -> Result<Value, Refusal> {
        if self.steps_aside() {
            return Err(Refusal::door("somebody else sits here"));
        }
        self.own.fetch_add(1, Ordering::AcqRel);
        let answer = self.town.give(&self.live, what, command, fields).await;
        self.own.fetch_sub(1, Ordering::AcqRel);
        answer
    }

    async fn day(&mut self) {
        self.town.clock.until(self.town.opens_ms(0) - 60_000).await;
        let start = json!({ "department": self.department(),
            "service_point": self.town.city.doctors[self.doctor].service_point });
        match self.give("doctors at work", "start_work", start).await {
            Ok(at_work) => self.assignment = at_work["assignment"].as_str().unwrap_or_default().to_owned(),
            Err(_) => return,
        }
        tokio::time::sleep(std::time::Duration::from_millis(200)).await;
        while !self.steps_aside() {
            match self.hand.clone() {
                Some((ticket, call)) => self.see(&ticket, call.as_deref()).await,
                None if self.town.clock.now_ms() > self.town.closes_ms() => break,
                None => self.next(None).await,
            }
        }
        let done = json!({ "assignment": self.assignment, "department": self.department() });
        drop(self.give("doctors gone home", "stop_work", done).await);
    }

    async fn next(&mut self, outcome: Option<&str>) {
        let what = match outcome {
            Some("seen") => "seen, next",
            Some(_) => "not here, next",
            None => "first calls",
        };
        let call = json!({ "department": self.department(), "assignment": self.assignment,
            "in_hand": self.hand.as_ref().map(|(ticket, _)| ticket), "outcome": outcome });
        let answer = self.give(what, "call_next_patient", call).await;
        self.called(answer).await;
    }

    async fn called(&mut self, answer: Result<Value, Refusal>) {
        match answer {
            Ok(answer) => {
                let call = answer["called"]["call"].as_str().map(str::to_owned);
                self.hand = answer["called"]["ticket"].as_str().map(|ticket| (ticket.to_owned(), call));
            }
            Err(why) if why.code == "stale_console" => {
                let ticket = why.valid_now.get("in_hand").and_then(serde_json::Value::as_str);
                self.hand = ticket.map(|ticket| (ticket.to_owned(), None));
            }
            Err(why) => {
                if why.code == "queue_empty" {
                    self.hand = None;
                }
                self.town.clock.pass_s(20.0).await;
            }
        }
    }

    async fn see(&mut self, ticket: &str, call: Option<&str>) {
        let one = json!({ "ticket": ticket });
        match self.rng.random_range(0..100) {
            0..7 => {
                self.town.clock.pass_s(45.0).await;
                if let Some(call) = call {
                    drop(self.give("recalls", "recall_patient", json!({ "call": call })).await);
                }
                self.town.clock.pass_s(55.0).await;
                return self.next(Some("not_here")).await;
            }
            7..9 => {
                self.town.clock.pass_s(20.0).await;
                let mistake = json!({ "ticket": ticket, "reason": "叫错" });
                return self.settle("called by mistake", "return_to_waiting", mistake).await;
            }
            _ => {}
        }
        self.town.clock.pass_s(self.rng.random_range(10.0..40.0)).await;
        drop(self.give("consultations begun", "start_service", one.clone()).await);
        self.town.clock.pass_s(self.rng.random_range(TAKES_S)).await;
        match self.rng.random_range(0..100) {
            0..9 => self.settle("sent for tests", "send_for_tests", one).await,
            9..12 => {
                let to = self.elsewhere();
                let transfer = json!({ "ticket": ticket, "to": to, "reason": "请会诊" });
                self.settle("transfers by doctors", "transfer_ticket", transfer).await;
            }
            12..14 => {
                self.settle("finished", "finish_service", one).await;
                let work = json!({ "assignment": self.assignment, "department": self.department() });
                let mut pause = work.clone();
                pause["reason"] = json!("喝口水");
                if self.give("pauses", "pause_work", pause).await.is_ok() {
                    self.town.clock.pass_s(240.0).await;
                    drop(self.give("resumed", "resume_work", work).await);
                }
            }
            _ => self.next(Some("seen")).await,
        }
    }

    async fn settle(&mut self, what: &str, command: &str, fields: Value) {
        match self.give(what, command, fields).await {
            Err(why) if why.code == "stale_console" => self.called(Err(why)).await,
            _ => self.hand = None,
        }
    }

    fn elsewhere(&mut self) -> String {
        let city = &self.town.city;
        let own = city.doctors[self.doctor].department;
        let site = city.departments[own].site;
        let others: Vec<_> =
            (0..city.departments.len()).filter(|at| city.departments[*at].site == site && *at != own).collect();
        city.departments[others[self.rng.random_range(0..others.len())]].queue.clone()
    }
}
