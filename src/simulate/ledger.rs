//! The outside ledger: it knows only what was acknowledged on the wire and what streams have shown, and judges by that.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use serde_json::Value;

use super::figures::Figures;
use super::verdict::Verdicts;
use crate::clients::live::Answered;

/// Where a ticket may be found after an acknowledged act.
pub type States = &'static [&'static str];

const WAITS: States = &["waiting", "summoned"];
const IN_HAND: States = &["called", "serving"];
const ENDED: States = &["ended"];
const MISSED: States = &["missed"];
const AWAY: States = &["away"];
const MOVED: States = &["in_transit", "ended", "waiting", "summoned"];

/// Commands after which a ticket may be in another's hand.
const EMPTY_THE_HAND: [&str; 8] = [
    "call_next_patient",
    "call_ticket",
    "return_to_waiting",
    "transfer_ticket",
    "cancel_ticket",
    "finish_service",
    "send_for_tests",
    "mark_missed",
];

/// One acknowledged act on a ticket.
pub struct Act {
    sent_at: Instant,
    answered_at: Instant,
    /// Where the ticket is after it.
    pub leaves_in: States,
}

/// A ticket as acknowledged.
#[derive(Default)]
pub struct Ticket {
    /// Its number.
    pub number: String,
    /// What was done with it.
    pub acts: Vec<Act>,
}

impl Ticket {
    /// The states that it may be in now: those after each act that may have been the last (acts of several clients whose
    /// times overlap may have been decided in either order).
    pub fn may_be_in(&self) -> Vec<&'static str> {
        let is_last = |act: &&Act| !self.acts.iter().any(|other| other.sent_at > act.answered_at);
        self.acts.iter().filter(is_last).flat_map(|act| act.leaves_in.iter().copied()).collect()
    }
}

/// An appointment as acknowledged.
pub struct Appointment {
    /// The slot.
    pub slot: String,
    /// The number, once booked.
    pub number: Option<String>,
    /// Acknowledged as booked.
    pub booked: bool,
    /// A cancellation was sent (from then on it does not count) …
    pub cancelling: bool,
    /// … and acknowledged.
    pub cancelled: bool,
}

/// What is known.
#[derive(Default)]
pub struct Known {
    /// Capacity of each slot, as defined.
    pub capacity: HashMap<String, usize>,
    /// Queue of each session.
    pub queue_of: HashMap<String, String>,
    /// Live bookings of each slot.
    pub live: HashMap<String, usize>,
    /// By id.
    pub appointments: BTreeMap<String, Appointment>,
    /// By id.
    pub tickets: BTreeMap<String, Ticket>,
    /// Number of a queue → the ticket that it was given to.
    numbers: HashMap<(String, String), String>,
    /// Call → ticket.
    calls: HashMap<String, String>,
    /// Ticket in hand → doctor.
    hands: HashMap<String, String>,
    /// Call → when the doctor pressed the key; none when the way was interrupted.
    pub pressed: HashMap<String, Option<Instant>>,
    /// Calls seen on a screen before their answer came.
    pub seen: HashMap<String, Vec<Instant>>,
    /// Full names, which no screen may show.
    pub names: HashSet<String>,
    /// Acts that ended without an answer: what they name is judged no more.
    pub unclear: HashSet<String>,
}

/// See the module.
#[derive(Default)]
pub struct Ledger {
    known: Mutex<Known>,
    unanswered: AtomicUsize,
    /// The judgement so far.
    pub verdicts: Verdicts,
    /// Latencies and counts.
    pub figures: Figures,
}

impl Ledger {
    /// What is known, locked. Never over an await.
    pub fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many commands are without an answer now.
    pub fn unanswered_now(&self) -> usize {
        self.unanswered.load(Ordering::Acquire)
    }

    /// A command is about to be sent: what it ends no longer counts from now on.
    pub fn sends(&self, command: &str, fields: &Value) {
        self.unanswered.fetch_add(1, Ordering::AcqRel);
        let mut known = self.known();
        if command == "cancel_appointment"
            && let Some(id) = fields["appointment"].as_str()
        {
            known.no_longer_counts(id);
        }
        if EMPTY_THE_HAND.contains(&command) {
            for id in ["ticket", "in_hand"].iter().filter_map(|field| fields[*field].as_str()) {
                known.hands.remove(id);
            }
        }
    }

    /// A command was answered for the first time.
    pub fn answered(&self, who: &str, command: &str, fields: &Value, answered: &Answered) {
        self.unanswered.fetch_sub(1, Ordering::AcqRel);
        self.figures.answered(command, answered);
        let mut known = self.known();
        match &answered.result {
            Ok(result) => self.done(&mut known, who, command, fields, result, answered),
            Err(_) => known.refused(command, fields),
        }
    }

    /// Nobody will ever know whether this was done.
    pub fn unanswered(&self, fields: &Value) {
        self.unanswered.fetch_sub(1, Ordering::AcqRel);
        let mut known = self.known();
        let named = ["ticket", "in_hand", "appointment"].iter().filter_map(|field| fields[*field].as_str());
        known.unclear.extend(named.map(str::to_owned));
    }

    /// The same command under the same key was answered again.
    pub fn repeated(&self, command: &str, first: &Value, again: &Answered) {
        let same = again.result.as_ref().is_ok_and(|again| again == first);
        self.verdicts.check("I4", same, || format!("{command} again: {:?} after {first}", again.result));
    }

    fn done(&self, known: &mut Known, who: &str, command: &str, fields: &Value, result: &Value, answered: &Answered) {
        let field = |name: &str| fields[name].as_str().unwrap_or_default().to_owned();
        match command {
            "hold_slot" | "book_slot" => {
                let id = result["appointment"].as_str().unwrap_or_default();
                let slot = field("slot");
                known.place(id, &slot);
                if command == "book_slot" {
                    self.booked(known, id, result);
                }
            }
            "confirm_appointment" => self.booked(known, &field("appointment"), result),
            "cancel_appointment" => {
                if let Some(place) = known.appointments.get_mut(&field("appointment")) {
                    place.cancelled = true;
                }
            }
            "check_in" | "register_walk_in" | "report_back" => self.waits(known, fields, result, answered),
            "call_next_patient" | "call_ticket" => self.called(known, who, fields, result, answered),
            "send_for_tests" => known.act(&field("ticket"), answered, AWAY),
            "finish_service" | "cancel_ticket" => known.act(&field("ticket"), answered, ENDED),
            "start_service" => known.act(&field("ticket"), answered, IN_HAND),
            "return_to_waiting" => known.act(&field("ticket"), answered, WAITS),
            "transfer_ticket" => known.act(&field("ticket"), answered, MOVED),
            "mark_missed" => known.act(&field("ticket"), answered, MISSED),
            _ => {}
        }
    }

    fn booked(&self, known: &mut Known, id: &str, result: &Value) {
        let Some(place) = known.appointments.get_mut(id) else { return };
        place.booked = true;
        place.number = result["number"].as_str().map(str::to_owned);
        let (slot, number) = (place.slot.clone(), place.number.clone());
        let taken = known.live.entry(slot.clone()).or_default();
        *taken += 1;
        let (taken, capacity) = (*taken, known.capacity.get(&slot).copied().unwrap_or_default());
        self.verdicts.check("I1", taken <= capacity, || format!("{slot}: {taken} of {capacity}"));
        let session = slot.rsplit_once('.').map_or("", |(session, _)| session);
        if let (Some(number), Some(queue)) = (number, known.queue_of.get(session).cloned()) {
            self.number(known, &queue, &number, suffix(id));
        }
    }

    fn number(&self, known: &mut Known, queue: &str, number: &str, given_to: &str) {
        let first = known.numbers.entry((queue.to_owned(), number.to_owned())).or_insert_with(|| given_to.to_owned());
        let unique = first == given_to;
        self.verdicts.check("I2", unique, || format!("{queue}: {number} given twice"));
    }

    fn waits(&self, known: &mut Known, fields: &Value, result: &Value, answered: &Answered) {
        let (Some(id), Some(number)) = (result["ticket"].as_str(), result["number"].as_str()) else { return };
        if let Some(queue) = fields["queue"].as_str() {
            self.number(known, queue, number, suffix(id));
        }
        if let Some(place) = fields["appointment"].as_str().and_then(|id| known.appointments.get(id)) {
            let given = place.number.clone();
            let same = given.as_deref().is_none_or(|given| given == number);
            self.verdicts.check("I2", same, || format!("{id}: booked as {given:?}, checked in as {number}"));
        }
        known.act(id, answered, WAITS);
        if let Some(ticket) = known.tickets.get_mut(id) {
            ticket.number = number.to_owned();
        }
    }

    fn called(&self, known: &mut Known, who: &str, fields: &Value, result: &Value, answered: &Answered) {
        if let Some(id) = result["settled"].as_str() {
            let states = if fields["outcome"] == "not_here" { MISSED } else { ENDED };
            known.act(id, answered, states);
        }
        let called = &result["called"];
        let (Some(id), Some(call)) = (called["ticket"].as_str(), called["call"].as_str()) else { return };
        let known_as = known.calls.entry(call.to_owned()).or_insert_with(|| id.to_owned());
        let one = known_as == id;
        self.verdicts.check("I4", one, || format!("{call} called two patients"));
        let other = known.hands.insert(id.to_owned(), who.to_owned()).filter(|other| other != who);
        self.verdicts.check("I4", other.is_none(), || format!("{id} is in two hands"));
        known.act(id, answered, IN_HAND);
        let pressed = (!answered.resent).then_some(answered.sent_at);
        let seen = known.seen.remove(call).unwrap_or_default();
        known.pressed.insert(call.to_owned(), pressed);
        for at in seen {
            self.figures.shown(pressed, at);
        }
    }

    /// A screen shows a call.
    pub fn shown(&self, call: &str, at: Instant) {
        let mut known = self.known();
        match known.pressed.get(call).copied() {
            Some(pressed) => self.figures.shown(pressed, at),
            None => known.seen.entry(call.to_owned()).or_default().push(at),
        }
    }
}

impl Known {
    /// A session was defined.
    pub fn session(&mut self, fields: &Value) {
        let id = fields["id"].as_str().unwrap_or_default();
        self.queue_of.insert(id.to_owned(), fields["queue"].as_str().unwrap_or_default().to_owned());
        for slot in fields["slots"].as_array().into_iter().flatten() {
            let start = slot["start"].as_str().unwrap_or_default().replace(':', "");
            let capacity = usize::try_from(slot["capacity"].as_u64().unwrap_or_default()).unwrap_or_default();
            self.capacity.insert(format!("{id}.{start}"), capacity);
        }
    }

    fn place(&mut self, id: &str, slot: &str) {
        let fresh =
            Appointment { slot: slot.to_owned(), number: None, booked: false, cancelling: false, cancelled: false };
        self.appointments.entry(id.to_owned()).or_insert(fresh);
    }

    fn no_longer_counts(&mut self, id: &str) {
        if let Some(place) = self.appointments.get_mut(id)
            && !place.cancelling
        {
            place.cancelling = true;
            if place.booked
                && let Some(live) = self.live.get_mut(&place.slot)
            {
                *live = live.saturating_sub(1);
            }
        }
    }

    fn refused(&mut self, command: &str, fields: &Value) {
        // the cancellation was not done: it counts again (it may be one too few until now, never one too many)
        if command == "cancel_appointment"
            && let Some(place) = fields["appointment"].as_str().and_then(|id| self.appointments.get_mut(id))
            && !place.cancelled
        {
            place.cancelling = false;
            if place.booked {
                *self.live.entry(place.slot.clone()).or_default() += 1;
            }
        }
    }

    fn act(&mut self, id: &str, answered: &Answered, leaves_in: States) {
        let (sent_at, answered_at) = (answered.sent_at, answered.answered_at);
        let acts = &mut self.tickets.entry(id.to_owned()).or_default().acts;
        acts.push(Act { sent_at, answered_at, leaves_in });
    }
}

/// What an appointment and its ticket have in common.
fn suffix(id: &str) -> &str {
    id.rsplit_once('.').map_or(id, |(_, own)| own.get(1..).unwrap_or_default())
}
