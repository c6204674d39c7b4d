//! The doctors who are not you. Whoever signs in as one of them and gives a command takes over: the played one steps aside.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError};

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
    let mut shown = Shown::default();
    let (counting, site) = (town.clone(), town.city.departments[who.department].site);
    let listener: Listener = Box::new(move |heard, _, _| {
        let acted = match heard {
            Heard::Snapshot { snapshot, .. } => {
                shown.is_now(snapshot);
                false
            }
            // what was missed may be our own
            Heard::Events { events, missed, .. } => {
                if let Some(own) = counting.city.own_queue(doctor) {
                    called_from(events).for_each(|queue| {
                        let from_own = queue == own;
                        let what = if from_own { "calls from an own queue" } else { "calls from the pool beside it" };
                        counting.count(site, what);
                    });
                }
                shown.changes_at_the_console(events) && !missed
            }
            _ => false,
        };
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
    town.count(site, "doctors taken over");
    eprintln!("{} is yours now", who.name);
}

/// The queues of those who were called, on a doctor's stream.
fn called_from(events: &[Value]) -> impl Iterator<Item = &str> {
    events.iter().filter_map(|event| event["event"]["patient_called"]["in_hand"]["queue"].as_str())
}

/// What a console shows that only its own doctor (or a desk) changes. Events of colleagues who call from the same queue
/// come on the same stream, because they change how many wait; they change nothing of this.
#[derive(Default, PartialEq, Clone)]
struct Shown {
    in_hand: Option<(String, String, u64)>,
    assignment: Option<String>,
    is_paused: bool,
}

impl Shown {
    /// Takes over the parts that are there.
    fn is_now(&mut self, parts: &Value) {
        if let Some(hand) = parts.get("in_hand") {
            let text = |field: &str| hand[field].as_str().map(str::to_owned);
            self.in_hand = text("ticket")
                .map(|ticket| (ticket, text("state").unwrap_or_default(), hand["rounds"].as_u64().unwrap_or_default()));
        }
        if let Some(work) = parts.get("at_work") {
            self.assignment = work["assignment"].as_str().map(str::to_owned);
            self.is_paused = work["paused"].as_bool().unwrap_or_default();
        }
    }

    /// Whether one of these events was given at this console: its name is of such, and it has changed what is shown.
    fn changes_at_the_console(&mut self, events: &[Value]) -> bool {
        let mut acted = false;
        for (stem, parts) in events.iter().filter_map(|event| event["event"].as_object()).flatten() {
            let before = self.clone();
            self.is_now(parts);
            acted |= AT_THE_CONSOLE.contains(&stem.as_str()) && *self != before;
        }
        acted
    }
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

    fn site(&self) -> usize {
        self.town.city.departments[self.town.city.doctors[self.doctor].department].site
    }

    /// Whether this doctor is to do it now, of all of the hospital's.
    fn is_due(&self, what: &'static str) -> bool {
        self.town.is_due(self.site(), what)
    }

    fn department(&self) -> &str {
        &self.town.city.departments[self.town.city.doctors[self.doctor].department].id
    }

    async fn give(&self, what: &str, command: &str, fields: Value) -> Result<Value, Refusal> {
        if self.steps_aside() {
            return Err(Refusal::door("somebody else sits here"));
        }
        self.own.fetch_add(1, Ordering::AcqRel);
        let answer = self.town.give(self.site(), &self.live, what, command, fields).await;
        self.own.fetch_sub(1, Ordering::AcqRel);
        answer
    }

    async fn day(&mut self) {
        self.town.clock.until(self.town.opens_ms(0) - 60_000).await;
        let start = json!({ "department": self.department(),
            "service_point": self.town.city.doctors[self.doctor].service_point });
        match self.give("doctors at work", "start_work", start).await {
            Ok(at_work) => self.assignment = at_work["assignment"].as_str().unwrap_or_default().to_owned(),
            Err(why) if why.code == "already_working" => self.go_on(&why).await,
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

    /// Of a kept folder: goes on where the run before left the console. Who is in hand is heard with the next call.
    async fn go_on(&mut self, why: &Refusal) {
        self.assignment = why.valid_now.get("assignment").and_then(Value::as_str).unwrap_or_default().to_owned();
        let work = json!({ "assignment": self.assignment, "department": self.department() });
        // Only who has paused can.
        drop(self.give("resumed", "resume_work", work).await);
        self.town.count(self.site(), "doctors still at work");
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
        if call.is_some() && self.is_due("third missed, back by the desk") {
            return self.never_quite_there(ticket, call).await;
        }
        let chance = self.rng.random_range(0..100);
        if chance < 7 || self.is_due("missed and back") {
            self.call_again(call).await;
            return self.next(Some("not_here")).await;
        }
        if chance < 9 || self.is_due("called by mistake") {
            self.town.clock.pass_s(20.0).await;
            let mistake = json!({ "ticket": ticket, "reason": "叫错" });
            return self.settle("called by mistake", "return_to_waiting", mistake).await;
        }
        self.town.clock.pass_s(self.rng.random_range(10.0..40.0)).await;
        drop(self.give("consultations begun", "start_service", one.clone()).await);
        self.town.clock.pass_s(self.rng.random_range(TAKES_S)).await;
        let chance = self.rng.random_range(0..100);
        if chance < 9 || self.is_due("sent for tests") {
            self.settle("sent for tests", "send_for_tests", one).await;
        } else if chance < 12 || self.is_due("transfers by doctors") {
            let to = self.elsewhere();
            let transfer = json!({ "ticket": ticket, "to": to, "reason": "请会诊" });
            self.settle("transfers by doctors", "transfer_ticket", transfer).await;
        } else if chance < 14 || self.is_due("pauses") {
            self.settle("finished", "finish_service", one).await;
            self.pause().await;
        } else if chance < 16 || self.is_due("chosen calls") {
            self.choose(ticket).await;
        } else {
            self.next(Some("seen")).await;
        }
    }

    /// Calls a second time, and waits until the patient may be missed.
    async fn call_again(&self, call: Option<&str>) {
        self.town.clock.pass_s(45.0).await;
        if let Some(call) = call {
            drop(self.give("recalls", "recall_patient", json!({ "call": call })).await);
        }
        self.town.clock.pass_s(55.0).await;
    }

    /// Comes to the door each time just after having been missed, until the third missed stands.
    async fn never_quite_there(&mut self, ticket: &str, call: Option<&str>) {
        self.town.at_the_door.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket.to_owned());
        let one = json!({ "ticket": ticket });
        let mut call = call.map(str::to_owned);
        loop {
            self.call_again(call.as_deref()).await;
            self.settle("missed", "mark_missed", one.clone()).await;
            if self.hand.is_some() || self.steps_aside() {
                return;
            }
            self.town.clock.pass_s(10.0).await;
            match self.give("taken back at the door", "take_back", one.clone()).await {
                Ok(back) => call = back["called"]["call"].as_str().map(str::to_owned),
                // the third: only the desk can
                Err(_) => return,
            }
        }
    }

    async fn pause(&self) {
        let work = json!({ "assignment": self.assignment, "department": self.department() });
        let mut pause = work.clone();
        pause["reason"] = json!("喝口水");
        if self.give("pauses", "pause_work", pause).await.is_ok() {
            self.town.clock.pass_s(240.0).await;
            drop(self.give("resumed", "resume_work", work).await);
        }
    }

    /// The last of those who wait, in the own queue or else in the pool, with a reason.
    async fn choose(&mut self, in_hand: &str) {
        let city = &self.town.city;
        let at = &city.departments[city.doctors[self.doctor].department];
        let queue = city.own_queue(self.doctor).filter(|_| self.rng.random_bool(0.5)).unwrap_or(&at.queue);
        let path = format!("/streams/queue:{queue}");
        let shown = self.town.door.ask("GET", &path, Some(&self.town.desk_tokens[at.site]), None).await;
        let shown = shown.unwrap_or_default();
        let Some(chosen) = shown["snapshot"]["order"].as_array().and_then(|order| order.last()) else {
            return self.next(Some("seen")).await;
        };
        let call = json!({ "department": self.department(), "assignment": self.assignment, "in_hand": in_hand,
            "outcome": "seen", "ticket": chosen, "reason": "结果已出" });
        match self.give("chosen calls", "call_ticket", call).await {
            // another room was quicker
            Err(why) if why.code != "stale_console" => self.next(Some("seen")).await,
            answer => self.called(answer).await,
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

#[cfg(test)]
mod tests {
    use super::*;

    fn event(stem: &str, hand: Option<(&str, &str, u64)>, paused: bool) -> Value {
        let hand = hand.map(|(ticket, state, rounds)| json!({ "ticket": ticket, "state": state, "rounds": rounds }));
        let work = json!({ "assignment": "s.x.n1", "paused": paused });
        json!({ "offset": 1, "event": { stem: { "at_work": work, "in_hand": hand, "today": { "waiting": 3 } } } })
    }

    #[test]
    fn a_colleague_s_call_from_the_same_pool_is_nobody_at_this_console() {
        let mut shown = Shown::default();
        let hand = Some(("s.d.t1", "called", 1));
        shown.is_now(&event("", hand, false)["event"][""]);
        for stem in AT_THE_CONSOLE {
            assert!(!shown.changes_at_the_console(&[event(stem, hand, false)]), "{stem}");
        }
        assert!(!shown.changes_at_the_console(&[event("ticket_cancelled", None, false)]), "the desk's");
    }

    #[test]
    fn who_acts_at_this_console_is_seen() {
        let called = Some(("s.d.t1", "called", 1));
        let acts = [
            ("patient_called", None, called, false),
            ("patient_recalled", called, Some(("s.d.t1", "called", 2)), false),
            ("service_started", called, Some(("s.d.t1", "serving", 1)), false),
            ("service_finished", called, None, false),
            ("work_paused", None, None, true),
        ];
        for (stem, before, after, paused) in acts {
            let mut shown = Shown::default();
            shown.is_now(&event("", before, false)["event"][""]);
            assert!(shown.changes_at_the_console(&[event(stem, after, paused)]), "{stem}");
        }
    }
}
