//! What every owner is: a state, a pure decision, a pure application of events. The shell (`jiaohao-actors`) runs it.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

use crate::codes::Rejection;
use crate::principal::Principal;
use crate::time::Timestamp;
use crate::vocabulary::Answer;

/// The kinds of owners. The numbers stand in the log: append only, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum OwnerKind {
    /// 医院: configuration.
    Site = 1,
    /// 科室: sessions, slots, queues, tickets.
    Department = 2,
    /// 医生: presence and place of work.
    Doctor = 3,
    /// A person: limits across departments.
    Patient = 4,
    /// Who signs in.
    Account = 5,
    /// A board's announcement line.
    Board = 6,
    /// An online consultation room.
    Room = 7,
    /// Only in the shell's own tests.
    Probe = 250,
}

/// Which owner: kind and id.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct OwnerRef {
    /// What it is.
    pub kind: OwnerKind,
    /// Its id.
    pub id: std::sync::Arc<str>,
}

impl std::fmt::Display for OwnerRef {
    /// In words for operators: it stands in what `journal verify` and the logs say.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kind = match self.kind {
            OwnerKind::Site => "site",
            OwnerKind::Department => "department",
            OwnerKind::Doctor => "doctor",
            OwnerKind::Patient => "patient",
            OwnerKind::Account => "account",
            OwnerKind::Board => "board",
            OwnerKind::Room => "room",
            OwnerKind::Probe => "probe",
        };
        write!(f, "{kind} {}", self.id)
    }
}

impl OwnerRef {
    /// Names an owner.
    pub fn new(kind: OwnerKind, id: impl Into<std::sync::Arc<str>>) -> Self {
        Self { kind, id: id.into() }
    }
}

/// What a decision may know beside the state and the command. Made by the shell.
#[derive(Clone, Debug)]
pub struct Context {
    /// max(clinic clock, time of the owner's last event).
    pub now: Timestamp,
    /// Who asks.
    pub principal: Principal,
    /// Seed drawn by the shell for this one command; see [`Context::draw`].
    pub seed: u64,
}

impl Context {
    /// The `n`-th random number of this command (SplitMix64 of the seed): chance as an argument.
    pub fn draw(&self, n: u64) -> u64 {
        let mut z = self.seed.wrapping_add(n.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The `n`-th random number of this command for one purpose. Those of another purpose cannot be worked out from it:
    /// numbers that everybody sees say nothing of one that is secret.
    pub fn draw_for(&self, purpose: &str, n: u64) -> u64 {
        let drawn = Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(n.to_be_bytes());
        let drawn = drawn.chain_update(purpose).finalize();
        drawn.iter().take(8).fold(0, |number, byte| (number << 8) | u64::from(*byte))
    }
}

/// A decision being made: each emitted event is applied at once, so that later parts of the same decision see it.
/// Rule: every check that can reject comes before the first `emit`. The shell treats a rejection after an event as a
/// broken invariant (the owner is rebuilt from the log).
pub struct Draft<'a, O: Owner> {
    state: &'a mut O::State,
    events: Vec<O::Event>,
}

impl<'a, O: Owner> Draft<'a, O> {
    /// Starts a decision on `state`.
    pub fn new(state: &'a mut O::State) -> Self {
        Self { state, events: Vec::new() }
    }
    /// The state with everything emitted so far.
    pub fn state(&self) -> &O::State {
        self.state
    }
    /// States a fact: applies it and keeps it for the log.
    pub fn emit(&mut self, event: O::Event) {
        O::apply(self.state, &event);
        self.events.push(event);
    }
    /// What has been emitted so far.
    pub fn events(&self) -> &[O::Event] {
        &self.events
    }
    /// Ends the decision.
    pub fn into_events(self) -> Vec<O::Event> {
        self.events
    }
}

/// Something that an event owes another owner. Stated by the event, so that a replay owes the same.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Outgoing {
    /// Numbered per (from, to), in order, at least once, acknowledged (between sites, departments, doctors, boards, rooms).
    Effect(OwnerRef, Message),
    /// Unnumbered, idempotent by its own id, asked again until the asking state no longer wants it (patient, department).
    Request(OwnerRef, Message),
}

/// What owners say to each other: the receiving owner's command, encoded by the sender with the one codec of the shell.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Message {
    /// To a site.
    Site(Box<crate::vocabulary::ToSite>),
    /// To a department.
    Department(Box<crate::vocabulary::ToDepartment>),
    /// To a doctor.
    Doctor(Box<crate::vocabulary::ToDoctor>),
    /// To a patient.
    Patient(Box<crate::vocabulary::ToPatient>),
    /// To an account.
    Account(Box<crate::vocabulary::ToAccount>),
    /// To a board.
    Board(Box<crate::vocabulary::ToBoard>),
    /// To an owner whose commands another crate knows (rooms): encoded by that crate.
    Foreign(Vec<u8>),
}

impl Message {
    /// Whether it takes or confirms a place: what a disk that fills up refuses first.
    pub fn is_booking(&self) -> bool {
        use crate::vocabulary::ToPatient;
        let is_booking = |told: &ToPatient| {
            matches!(told, ToPatient::Reserve { .. } | ToPatient::ReserveByReferral { .. } | ToPatient::Confirm { .. })
        };
        matches!(self, Self::Patient(told) if is_booking(told))
    }
}

/// A stored event's bytes, before anybody knows what they mean. The shell has the one codec.
pub trait Payload {
    /// Reads them as a `T`. An event is stored as its variant's number, then its fields: `(u32, Fields)`; where an event
    /// stands in an enum within an enum, `(u32, u32, Fields)`.
    ///
    /// # Errors
    /// They are no such value.
    fn read<T: DeserializeOwned>(&self) -> Result<T, String>;
}

/// An owner: decides alone about its own state, one message at a time.
pub trait Owner: Sized + Send + Sync + Unpin + 'static {
    /// Its kind in the log.
    const KIND: OwnerKind;
    /// Version of the snapshot format of `State`; a snapshot of another version is discarded and replayed.
    const STATE_VERSION: u16;
    /// Whether a client's command that makes a request is answered by the owner that the (first) request goes to.
    const ANSWERED_BY_REQUEST: bool = false;
    /// Everything that it knows. Equal states serialise to equal bytes (ordered maps only).
    type State: Serialize + DeserializeOwned + Clone + Send + Sync + Unpin + 'static;
    /// What it can be asked: client commands, messages from other owners, deadlines.
    type Command: Send + 'static;
    /// What can have happened. Append only: these are the stored types (see docs/decisions.md).
    type Event: Serialize + DeserializeOwned + Clone + Send + 'static;

    /// The state before the first event.
    fn new_state(id: &str) -> Self::State;
    /// Decides. Pure.
    fn decide(draft: &mut Draft<'_, Self>, command: Self::Command, context: &Context) -> Result<Answer, Rejection>;
    /// Applies. No rule, no clock: the event states results.
    fn apply(state: &mut Self::State, event: &Self::Event);
    /// The stable number of an event's kind (in the log; never reused) and its stem name (`patient_called`).
    fn event_kind(event: &Self::Event) -> (u16, &'static str);
    /// The version in which events of that kind are written. Another one than 1 needs an [`Owner::upcast`] from each
    /// earlier one and a golden file of its own.
    fn event_version(_kind: u16) -> u16 {
        1
    }
    /// An event of an earlier version as today's: read as the type of then, taken from version to version by a pure
    /// function a step. None: there never was such a version.
    fn upcast<P: Payload>(_kind: u16, _version: u16, _payload: &P) -> Option<Result<Self::Event, String>> {
        None
    }
    /// What this event owes to others.
    fn outgoing(event: &Self::Event, out: &mut Vec<Outgoing>);
    /// Whether this event ends rights of before: doors are told of it wherever it came from, also by a deadline.
    fn ends_rights(_event: &Self::Event) -> bool {
        false
    }
    /// Whether the edge is told of this event though nobody follows its owner: something leaves the house for outside with
    /// it, or the edge itself goes by what it says.
    fn leaves(_event: &Self::Event) -> bool {
        false
    }
    /// Requests that the state still waits for; the shell asks them again until they are gone.
    fn open_requests(_state: &Self::State, _out: &mut Vec<Outgoing>) {}
    /// The earliest moment at which the state wants [`Owner::deadline_command`], if any.
    fn next_deadline(state: &Self::State) -> Option<Timestamp>;
    /// The same while it is known that at `looked` the command had nothing to do: what was only looked at then need not be
    /// looked at again at once. The shell remembers that moment in memory; nothing of it is on the record.
    fn next_deadline_after(state: &Self::State, _looked: Timestamp) -> Option<Timestamp> {
        Self::next_deadline(state)
    }
    /// The command that tells the owner that its earliest deadline has passed.
    fn deadline_command() -> Option<Self::Command> {
        None
    }
    /// The command that a message is, if it is addressed to this kind.
    fn receive(message: Message) -> Option<Self::Command>;
    /// Whether the state has let go of that request of its own (it was refused): a repeat of the command that made it
    /// is then decided anew.
    fn has_let_go(_state: &Self::State, _request: &Message) -> bool {
        false
    }
    /// Whether the owner that is asked this in the own place ([`Answer::AskedOf`](crate::vocabulary::Answer::AskedOf)) can
    /// know a repeat only by the client's key, because the question says nothing that tells it from another one.
    fn is_asked_by_key(_question: &Message) -> bool {
        false
    }
}
