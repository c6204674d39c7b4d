//! A small owner that does each thing the shell must carry: events, answers, rejections, effects, requests, deadlines,
//! panics of every sort, snapshots that cannot be read back.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use jiaohao_domain::vocabulary::Answer;
use jiaohao_domain::{
    Code, Context, Draft, Message, Outgoing, Owner, OwnerKind, OwnerRef, Payload, Rejection, Timestamp,
};
use serde::{Deserialize, Serialize};

use crate::codec;

/// `V` is the version of its snapshots.
pub(super) struct ProbeOf<const V: u16>;

pub(super) type Probe = ProbeOf<1>;

/// What a snapshot of it cannot be read from when set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Unreadable(pub(super) bool);

/// What [`Event::Drifted`] adds: another number at another time.
pub(super) static APPLIED: AtomicU64 = AtomicU64::new(0);

/// The names of the threads that read snapshots.
pub(super) static READ_ON: Mutex<Vec<String>> = Mutex::new(Vec::new());

impl Serialize for Unreadable {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(self.0)
    }
}

impl<'de> Deserialize<'de> for Unreadable {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        READ_ON.lock().unwrap().push(std::thread::current().name().unwrap_or_default().to_owned());
        if bool::deserialize(deserializer)? { Err(serde::de::Error::custom("planted")) } else { Ok(Self(false)) }
    }
}

/// How often [`Event::Counted`] was applied.
pub(super) static COUNTED: AtomicU64 = AtomicU64::new(0);

/// What was asked of any probe, in order, as often as it was.
pub(super) static ASKED: Mutex<Vec<u64>> = Mutex::new(Vec::new());

/// Deadlines that found nothing to do.
pub(super) static LOOKS: AtomicU64 = AtomicU64::new(0);

/// A deadline that finds nothing to do and stays where it is: an owner's fault.
pub(super) const STANDS_STILL: Timestamp = Timestamp(50_003);

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct State {
    pub(super) sum: u64,
    pub(super) from_others: Vec<u64>,
    pub(super) deadline: Option<Timestamp>,
    pub(super) reached: u64,
    pub(super) asking: Vec<(OwnerRef, u64)>,
    pub(super) unreadable: Unreadable,
    pub(super) notes: Vec<Note>,
}

/// What is stored of a note today: the third version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Note {
    pub(super) number: u64,
    pub(super) text: String,
    pub(super) urgent: bool,
}

/// The second version knew no urgency …
#[derive(Serialize, Deserialize)]
pub(super) struct NoteV2 {
    pub(super) number: u64,
    pub(super) text: String,
}

/// … and the first no text.
#[derive(Serialize, Deserialize)]
pub(super) struct NoteV1 {
    pub(super) number: u64,
}

/// The number of [`Event::Noted`] among the variants: it stands before the fields.
pub(super) const NOTED_VARIANT: u32 = 9;
pub(super) const NOTED: u16 = 901;

fn with_text(old: NoteV1) -> NoteV2 {
    NoteV2 { number: old.number, text: format!("note {}", old.number) }
}

fn with_urgency(old: NoteV2) -> Note {
    Note { number: old.number, text: old.text, urgent: false }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Command {
    Add(u64),
    /// So many times one, each an event of its own.
    AddOnes(usize),
    /// To this number, if it is another one.
    Set(u64),
    Refuse,
    RefuseAfterEvent,
    Panic,
    PanicInApply,
    PanicInOutgoing,
    PanicInDeadline,
    BecomeUnreadable,
    Drift,
    Count,
    Send(OwnerRef, u64),
    Take(u64),
    Ask(OwnerRef, u64),
    Asked(OwnerRef, u64),
    Answered(u64),
    WakeAt(Timestamp),
    Deadline,
    /// Send, if it is new, and let the other answer whether it has it.
    Forward(OwnerRef, u64),
    Tell(u64),
    Note(Note),
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) enum Event {
    Added(u64),
    Sent(OwnerRef, u64),
    Taken(u64),
    Asking(OwnerRef, u64),
    WasAsked(OwnerRef, u64),
    GotAnswer(u64),
    WakePlanned(Timestamp),
    Reached,
    Bad,
    Noted(Note),
    BadOutgoing,
    BadDeadline,
    BecameUnreadable,
    Drifted,
    BecameSum(u64),
    Counted,
}

impl Command {
    pub(super) fn message(&self) -> Message {
        Message::Foreign(codec::encode(self).expect("encodes"))
    }
}

impl<const V: u16> Owner for ProbeOf<V> {
    const KIND: OwnerKind = OwnerKind::Probe;
    const STATE_VERSION: u16 = V;
    type State = State;
    type Command = Command;
    type Event = Event;

    fn new_state(_: &str) -> State {
        State::default()
    }

    fn decide(draft: &mut Draft<'_, Self>, command: Command, context: &Context) -> Result<Answer, Rejection> {
        match command {
            Command::Add(n) => draft.emit(Event::Added(n)),
            Command::AddOnes(times) => (0..times).for_each(|_| draft.emit(Event::Added(1))),
            Command::Set(n) if draft.state().sum == n => {}
            Command::Set(n) => draft.emit(Event::BecameSum(n)),
            Command::Refuse => return Err(Code::SlotFull.into()),
            Command::RefuseAfterEvent => {
                draft.emit(Event::Added(1_000));
                return Err(Code::SlotFull.into());
            }
            Command::Panic => panic!("planted"),
            Command::PanicInApply => draft.emit(Event::Bad),
            Command::PanicInOutgoing => draft.emit(Event::BadOutgoing),
            Command::PanicInDeadline => draft.emit(Event::BadDeadline),
            Command::Drift => draft.emit(Event::Drifted),
            Command::Count => draft.emit(Event::Counted),
            Command::BecomeUnreadable => draft.emit(Event::BecameUnreadable),
            Command::Send(to, n) => draft.emit(Event::Sent(to, n)),
            Command::Take(n) => draft.emit(Event::Taken(n)),
            Command::Ask(to, n) => draft.emit(Event::Asking(to, n)),
            Command::Asked(by, n) => {
                ASKED.lock().unwrap().push(n);
                if !draft.state().from_others.contains(&n) {
                    draft.emit(Event::WasAsked(by, n));
                }
            }
            Command::Answered(n) => {
                if draft.state().asking.iter().any(|(_, asked)| *asked == n) {
                    draft.emit(Event::GotAnswer(n));
                }
            }
            Command::Forward(to, n) => {
                if !draft.state().from_others.contains(&n) {
                    draft.emit(Event::Taken(n));
                    draft.emit(Event::Sent(to.clone(), n));
                }
                return Ok(Answer::AskedOf(to, Command::Tell(n).message()));
            }
            Command::Tell(n) if draft.state().from_others.contains(&n) => return Ok(Answer::Number(n * 10)),
            Command::Tell(_) => return Err(Code::TimedOut.into()),
            Command::Note(note) => draft.emit(Event::Noted(note)),
            Command::WakeAt(at) => draft.emit(Event::WakePlanned(at)),
            Command::Deadline if draft.state().deadline == Some(STANDS_STILL) => {}
            // At an odd millisecond there is nothing to do: it only looks.
            Command::Deadline if draft.state().deadline.is_some_and(|at| at.0 % 2 == 1) => {
                LOOKS.fetch_add(1, Ordering::Relaxed);
            }
            Command::Deadline => {
                if draft.state().deadline.is_some_and(|at| at <= context.now) {
                    draft.emit(Event::Reached);
                }
            }
        }
        Ok(Answer::Number(draft.state().sum))
    }

    fn apply(state: &mut State, event: &Event) {
        match event {
            Event::Added(n) => state.sum += n,
            Event::BecameSum(n) => state.sum = *n,
            Event::Sent(..) => {}
            Event::Counted => drop(COUNTED.fetch_add(1, Ordering::Relaxed)),
            Event::Taken(n) => state.from_others.push(*n),
            Event::Asking(to, n) => state.asking.push((to.clone(), *n)),
            Event::WasAsked(_, n) => state.from_others.push(*n),
            Event::GotAnswer(n) => state.asking.retain(|(_, asked)| asked != n),
            Event::WakePlanned(at) => state.deadline = Some(*at),
            Event::Reached => {
                state.deadline = None;
                state.reached += 1;
            }
            Event::Noted(note) => state.notes.push(note.clone()),
            Event::Bad => panic!("planted in apply"),
            Event::BadOutgoing => {}
            Event::BadDeadline => state.deadline = Some(Timestamp(i64::MIN)),
            Event::Drifted => state.sum += APPLIED.load(Ordering::Relaxed),
            Event::BecameUnreadable => state.unreadable = Unreadable(true),
        }
    }

    fn event_kind(event: &Event) -> (u16, &'static str) {
        match event {
            Event::Noted(_) => (NOTED, "noted"),
            _ => (900, "probed"),
        }
    }

    fn event_version(kind: u16) -> u16 {
        if kind == NOTED { 3 } else { 1 }
    }

    fn upcast<P: Payload>(kind: u16, version: u16, payload: &P) -> Option<Result<Event, String>> {
        let v2 = match (kind, version) {
            (NOTED, 1) => payload.read().map(|(_, old): (u32, NoteV1)| with_text(old)),
            (NOTED, 2) => payload.read().map(|(_, old): (u32, NoteV2)| old),
            _ => return None,
        };
        Some(v2.map(with_urgency).map(Event::Noted))
    }

    fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
        match event {
            Event::Sent(to, n) => out.push(Outgoing::Effect(to.clone(), Command::Take(*n).message())),
            Event::Asking(to, n) => {
                out.push(Outgoing::Request(to.clone(), Command::Asked(probe("asker"), *n).message()));
            }
            Event::WasAsked(by, n) => out.push(Outgoing::Request(by.clone(), Command::Answered(*n).message())),
            Event::BadOutgoing => panic!("planted in outgoing"),
            _ => {}
        }
    }

    /// Notes are for somebody outside.
    fn leaves(event: &Event) -> bool {
        matches!(event, Event::Noted(_))
    }

    fn open_requests(state: &State, out: &mut Vec<Outgoing>) {
        let asked =
            |(to, n): &(OwnerRef, u64)| Outgoing::Request(to.clone(), Command::Asked(probe("asker"), *n).message());
        out.extend(state.asking.iter().map(asked));
    }

    fn next_deadline(state: &State) -> Option<Timestamp> {
        assert_ne!(state.deadline, Some(Timestamp(i64::MIN)), "planted in next_deadline");
        state.deadline
    }

    fn next_deadline_after(state: &State, looked: Timestamp) -> Option<Timestamp> {
        let is_fault = |at: Timestamp| at == STANDS_STILL;
        Self::next_deadline(state).map(|at| if at <= looked && !is_fault(at) { looked.plus_s(60) } else { at })
    }

    fn receive(message: Message) -> Option<Command> {
        match message {
            Message::Foreign(bytes) => codec::decode(&bytes).ok(),
            _ => None,
        }
    }
}

pub(super) fn probe(id: &str) -> OwnerRef {
    OwnerRef::new(OwnerKind::Probe, id)
}

pub(super) fn deadline_message(owner: &OwnerRef) -> Option<Message> {
    (owner.kind == OwnerKind::Probe).then(|| Command::Deadline.message())
}
