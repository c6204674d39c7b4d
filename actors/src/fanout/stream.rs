//! The kinds of streams: how each is kept, in which lane it goes, how its name reads.

/// How a stream treats somebody who falls behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamClass {
    /// Loses nothing; under pressure a snapshot with reason `slow` replaces what was queued.
    Event,
    /// May be replaced by a snapshot at any time (reason `coalesced`).
    State,
    /// As [`StreamClass::State`], and at most one frame a second.
    Paced,
}

/// In which order a connection sends what waits. Lanes belong to streams, never to events: the order inside a stream
/// is never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Calls, places in line, answers to commands.
    Calls = 0,
    /// Consultation rooms' signaling.
    Signaling = 1,
    /// Consultation rooms' chat.
    Chat = 2,
    /// Lists: sessions, a site's feed, operations.
    Lists = 3,
}

/// How many lanes there are.
pub const LANES: usize = 4;

/// What a stream is about; the part of its name before the colon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StreamKind {
    /// A waiting-room screen.
    Board,
    /// A room's screen.
    Door,
    /// A queue, for staff.
    Queue,
    /// A clinic session's slots.
    Session,
    /// A doctor's console.
    Doctor,
    /// A person's own things.
    Patient,
    /// A place in line.
    Ticket,
    /// A consultation room.
    Room,
    /// The feed for the hospital's own system.
    Site,
    /// Operations; node-local, no resume.
    Ops,
}

impl StreamKind {
    /// Every kind with its name on the wire.
    pub const ALL: &'static [(StreamKind, &'static str)] = &[
        (Self::Board, "board"),
        (Self::Door, "door"),
        (Self::Queue, "queue"),
        (Self::Session, "session"),
        (Self::Doctor, "doctor"),
        (Self::Patient, "patient"),
        (Self::Ticket, "ticket"),
        (Self::Room, "room"),
        (Self::Site, "site"),
        (Self::Ops, "ops"),
    ];

    /// Takes a stream's name apart: `board:renmin.b3` is a board and `renmin.b3`; `ops` has no id.
    pub fn parse(stream: &str) -> Option<(Self, &str)> {
        if stream == "ops" {
            return Some((Self::Ops, ""));
        }
        let (kind, id) = stream.split_once(':')?;
        let kind = Self::ALL.iter().find(|(k, name)| *name == kind && *k != Self::Ops)?.0;
        jiaohao_domain::ids::is_well_formed(id).then_some((kind, id))
    }

    /// How it treats somebody who falls behind.
    pub fn class(self) -> StreamClass {
        match self {
            Self::Doctor | Self::Patient | Self::Room | Self::Queue | Self::Site => StreamClass::Event,
            Self::Session => StreamClass::Paced,
            Self::Board | Self::Door | Self::Ticket | Self::Ops => StreamClass::State,
        }
    }

    /// In which lane it goes.
    pub fn lane(self) -> Lane {
        match self {
            Self::Board | Self::Door | Self::Queue | Self::Doctor | Self::Ticket | Self::Patient => Lane::Calls,
            Self::Room => Lane::Signaling,
            Self::Session | Self::Site | Self::Ops => Lane::Lists,
        }
    }
}
