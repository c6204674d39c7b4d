//! Test only: bugs planted at the edge, one for each invariant, to see that the simulation's judge finds them. Which one is
//! said by `JIAOHAO_PLANT=I1 … I10` (I10 is in the engine: see [`Drifting`]). And for the pages, `deaf`: see [`Faulty`]; for
//! what a broken house answers, `broken:<folder>`: see [`is_broken`].

use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use jiaohao_actors::log::{Commit, HistoryId, Log, LogError, LogReader, Prunable, Record, ShardId};
use jiaohao_domain::department::{self, Department};
use jiaohao_domain::doctor::{self, Doctor};
use jiaohao_domain::owner::Payload;
use jiaohao_domain::vocabulary::{Answer, ClientCommand, ToDepartment, ToDoctor};
use jiaohao_domain::{
    AppointmentId, Code, Context, Draft, Message, Outgoing, Owner, OwnerKind, Rejection, SlotId, TicketId, Timestamp,
};
use serde_json::{Value, json};

fn planted() -> Option<&'static str> {
    static PLANTED: OnceLock<Option<String>> = OnceLock::new();
    PLANTED.get_or_init(|| std::env::var("JIAOHAO_PLANT").ok()).as_deref()
}

/// Whether this bug is planted.
pub fn is(name: &str) -> bool {
    planted() == Some(name)
}

/// Whether anything may be broken: `broken:<folder>`.
pub fn may_break() -> bool {
    planted().is_some_and(|planted| planted.starts_with("broken:"))
}

/// Whether this is broken now: for as long as a file of that name lies in the folder. `log`: it hangs, read or written;
/// `department`: it hangs at a session's delay; `decision`: a walk-in makes it panic.
pub fn is_broken(what: &str) -> bool {
    planted()
        .and_then(|planted| planted.strip_prefix("broken:"))
        .is_some_and(|folder| Path::new(folder).join(what).exists())
}

fn hangs_while_broken(what: &str) {
    while is_broken(what) {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn every(counter: &AtomicU64, n: u64) -> bool {
    counter.fetch_add(1, Ordering::Relaxed) % n == n - 1
}

/// The slot that a command wants to book.
pub fn wanted(command: &ClientCommand) -> Option<SlotId> {
    match command {
        ClientCommand::BookSlot(book) if is("I1") => Some(book.slot.clone()),
        _ => None,
    }
}

/// I1: a full slot is answered as booked. I2: a number is given twice. I5: acknowledged under an id that is nowhere.
pub fn answer(outcome: Result<Answer, Rejection>, wanted: Option<SlotId>) -> Result<Answer, Rejection> {
    static SERIAL: AtomicU64 = AtomicU64::new(0);
    static FIRST: Mutex<Option<HashMap<String, String>>> = Mutex::new(None);
    match (outcome, wanted) {
        (Err(why) | Ok(Answer::Refused(why)), Some(slot)) if why.code == Code::SlotFull => {
            let serial = SERIAL.fetch_add(1, Ordering::Relaxed);
            let appointment = AppointmentId::new(format!("{}.b20260101-{serial:016x}", slot.department()));
            Ok(Answer::Booked { appointment, number: Some(format!("X{serial}")), slot_start: Timestamp(0) })
        }
        (Ok(Answer::Waiting { ticket, visit, number, line, position }), _) if is("I2") => {
            let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
            let department = ticket.department().to_string();
            let number = first.get_or_insert_default().entry(department).or_insert(number).clone();
            Ok(Answer::Waiting { ticket, visit, number, line, position })
        }
        (Ok(Answer::Waiting { ticket, visit, number, line, position }), _) if is("I5") && every(&SERIAL, 4) => {
            let ticket = TicketId::new(format!("{ticket}9"));
            Ok(Answer::Waiting { ticket, visit, number, line, position })
        }
        (outcome, _) => outcome,
    }
}

/// I3: a ticket waits twice. I7: a name is not masked. I8: a voice does not end before the next begins.
pub fn view(stream: &str, value: &mut Value) {
    let parts: Vec<&mut Value> = match value {
        Value::Object(object) if object.len() == 1 => object.values_mut().collect(),
        whole => vec![whole],
    };
    for parts in parts {
        if is("I3")
            && stream.starts_with("queue:")
            && let Some(order) = parts["order"].as_array_mut()
            && let Some(first) = order.first().cloned()
        {
            order.push(first);
        }
        if !stream.starts_with("board:") {
            continue;
        }
        if is("I7") {
            for call in parts.get_mut("calls").and_then(Value::as_array_mut).into_iter().flatten() {
                if let Some(name) = call["name"].as_str() {
                    call["name"] = json!(name.replace('*', "某"));
                }
            }
        }
        if is("I8") {
            if let Some(one) = parts.get_mut("scheduled").filter(|one| one.is_object()) {
                one["ends_at"] = json!("2999-01-01T00:00:00.000+08:00");
            }
            for one in parts.get_mut("announcements").and_then(Value::as_array_mut).into_iter().flatten() {
                one["ends_at"] = json!("2999-01-01T00:00:00.000+08:00");
            }
        }
    }
}

/// I6: a frame is lost on its way.
pub fn loses(frame: &[u8]) -> bool {
    static FRAMES: AtomicU64 = AtomicU64::new(0);
    let events = br#""type":"events""#;
    is("I6") && frame.windows(events.len()).any(|window| window == events) && every(&FRAMES, 40)
}

/// I9: a connection that reads well is taken for a slow one.
pub fn takes_for_slow() -> bool {
    static FRAMES: AtomicU64 = AtomicU64::new(0);
    is("I9") && every(&FRAMES, 200)
}

/// I10: a doctor whose application of an event looks at the process that runs it, so that no replay gives the same.
pub struct Drifting;

impl Owner for Drifting {
    const KIND: OwnerKind = Doctor::KIND;
    const STATE_VERSION: u16 = Doctor::STATE_VERSION;
    type State = doctor::State;
    type Command = ToDoctor;
    type Event = doctor::Event;

    fn new_state(id: &str) -> doctor::State {
        Doctor::new_state(id)
    }

    fn decide(draft: &mut Draft<'_, Self>, command: ToDoctor, context: &Context) -> Result<Answer, Rejection> {
        let mut state = draft.state().clone();
        let mut sound = Draft::<Doctor>::new(&mut state);
        let outcome = Doctor::decide(&mut sound, command, context);
        sound.into_events().into_iter().for_each(|event| draft.emit(event));
        outcome
    }

    fn apply(state: &mut doctor::State, event: &doctor::Event) {
        Doctor::apply(state, event);
        if let (doctor::Event::DoctorConfigured { .. }, Some(definition)) = (event, &mut state.definition) {
            definition.title.push_str(&std::process::id().to_string());
        }
    }

    fn event_kind(event: &doctor::Event) -> (u16, &'static str) {
        Doctor::event_kind(event)
    }

    fn outgoing(event: &doctor::Event, out: &mut Vec<Outgoing>) {
        Doctor::outgoing(event, out);
    }

    fn next_deadline(state: &doctor::State) -> Option<Timestamp> {
        Doctor::next_deadline(state)
    }

    fn receive(message: Message) -> Option<ToDoctor> {
        Doctor::receive(message)
    }
}

/// `deaf`: a department that does not hear of the tickets that others send it, so that they stay on their way until they are
/// asked back. Broken (see [`is_broken`]), one that hangs or panics.
pub struct Faulty;

impl Owner for Faulty {
    const KIND: OwnerKind = Department::KIND;
    const STATE_VERSION: u16 = Department::STATE_VERSION;
    type State = department::State;
    type Command = ToDepartment;
    type Event = department::Event;

    fn new_state(id: &str) -> department::State {
        Department::new_state(id)
    }

    fn decide(draft: &mut Draft<'_, Self>, command: ToDepartment, context: &Context) -> Result<Answer, Rejection> {
        match &command {
            ToDepartment::TakeTransfer { .. } if is("deaf") => return Ok(Answer::Done),
            ToDepartment::DelaySession(_) => hangs_while_broken("department"),
            ToDepartment::RegisterWalkIn { .. } if is_broken("decision") => panic!("planted"),
            _ => {}
        }
        let mut state = draft.state().clone();
        let mut sound = Draft::<Department>::new(&mut state);
        let outcome = Department::decide(&mut sound, command, context);
        sound.into_events().into_iter().for_each(|event| draft.emit(event));
        outcome
    }

    fn apply(state: &mut department::State, event: &department::Event) {
        Department::apply(state, event);
    }

    fn event_kind(event: &department::Event) -> (u16, &'static str) {
        Department::event_kind(event)
    }

    fn event_version(kind: u16) -> u16 {
        Department::event_version(kind)
    }

    fn upcast<P: Payload>(kind: u16, version: u16, payload: &P) -> Option<Result<department::Event, String>> {
        Department::upcast(kind, version, payload)
    }

    fn outgoing(event: &department::Event, out: &mut Vec<Outgoing>) {
        Department::outgoing(event, out);
    }

    fn open_requests(state: &department::State, out: &mut Vec<Outgoing>) {
        Department::open_requests(state, out);
    }

    fn next_deadline(state: &department::State) -> Option<Timestamp> {
        Department::next_deadline(state)
    }

    fn next_deadline_after(state: &department::State, looked: Timestamp) -> Option<Timestamp> {
        Department::next_deadline_after(state, looked)
    }

    fn deadline_command() -> Option<ToDepartment> {
        Department::deadline_command()
    }

    fn receive(message: Message) -> Option<ToDepartment> {
        Department::receive(message)
    }
}

/// A log that hangs while it is broken (see [`is_broken`]).
pub struct HangingLog(pub Box<dyn Log>);

struct HangingReader(Arc<dyn LogReader>);

impl Log for HangingLog {
    fn append(&mut self, commits: &mut [Commit]) -> Result<(), LogError> {
        hangs_while_broken("log");
        self.0.append(commits)
    }
    fn last_commit(&self) -> u64 {
        self.0.last_commit()
    }
    fn shard_ends(&self) -> BTreeMap<ShardId, u64> {
        self.0.shard_ends()
    }
    fn history_id(&self) -> HistoryId {
        self.0.history_id()
    }
    fn reader(&self) -> Arc<dyn LogReader> {
        Arc::new(HangingReader(self.0.reader()))
    }
    fn mark(&mut self) -> Result<(), LogError> {
        self.0.mark()
    }
    fn prune(&mut self, prunable: Prunable) -> Result<u64, LogError> {
        self.0.prune(prunable)
    }
}

impl LogReader for HangingReader {
    fn last_commit(&self) -> u64 {
        self.0.last_commit()
    }
    fn replay(&self, after: u64, visit: &mut dyn FnMut(Record)) -> Result<(), LogError> {
        self.0.replay(after, &mut |record| {
            hangs_while_broken("log");
            visit(record);
        })
    }
    fn prunable(&self, up_to_commit: u64) -> Result<Prunable, LogError> {
        self.0.prunable(up_to_commit)
    }
}
