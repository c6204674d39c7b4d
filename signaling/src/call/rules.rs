//! The offer/answer/candidate machine of one connection between two sides. Pure: signals in, signals out, time is an
//! argument. After the first exchange one side offers (no glare); each exchange has a negotiation id, one higher than
//! the last; what belongs to another one is refused or left out, never applied.

use jiaohao_domain::{Code, Rejection, Timestamp};

/// An offer that is not answered within this time is given up and asked for anew, milliseconds: twice the worst round
/// trip of a bad mobile line with a device prompt that is already answered.
pub const ANSWER_WITHIN_MS: i64 = 10_000;
/// Largest session description, bytes.
pub const SDP_MAX_BYTES: usize = 48 * 1024;
/// Largest candidate line, bytes.
pub const CANDIDATE_MAX_BYTES: usize = 1024;
/// Most candidates of one side in one negotiation.
pub const CANDIDATES_MAX: u32 = 64;

/// The two ends of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The one that offers after the first exchange (the server, or the side it has named).
    Offerer,
    /// The other.
    Answerer,
}

impl Side {
    /// The one at the other end.
    pub fn other(self) -> Self {
        match self {
            Side::Offerer => Side::Answerer,
            Side::Answerer => Side::Offerer,
        }
    }
}

/// What a side says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A session description to begin a negotiation.
    Offer { negotiation: u64, sdp: String },
    /// The session description that ends it.
    Answer { negotiation: u64, sdp: String },
    /// A way to reach this side.
    Candidate { negotiation: u64, candidate: String },
    /// Something has changed (a track, a network): a new negotiation is needed.
    ChangeNeeded,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Give this to that side.
    Relay(Side, Input),
    /// Ask that side for an offer with this negotiation id.
    AskOffer(Side, u64),
}

/// Why a signal was not taken. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Not the negotiation that is due.
    #[error("the negotiation that is due is {due}")]
    Stale {
        /// What would be valid now.
        due: u64,
    },
    /// Only the other side offers now, or this side has offered itself and cannot answer.
    #[error("it is the other side's turn")]
    OtherSidesTurn,
    /// Larger or more than allowed.
    #[error("too large or too many")]
    TooLarge,
}

impl From<CallError> for Rejection {
    fn from(error: CallError) -> Self {
        match error {
            CallError::Stale { due } => Rejection::from(Code::StaleNegotiation).with("negotiation", due),
            CallError::OtherSidesTurn => Code::NotTheOfferer.into(),
            CallError::TooLarge => Code::TooLarge.into(),
        }
    }
}

/// Where an exchange stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// Nothing is open.
    Stable,
    /// An offer of this side waits for its answer until then.
    Offered { by: Side, answer_by: Timestamp },
}

/// One connection between two sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    negotiation: u64,
    phase: Phase,
    first_is_done: bool,
    change_needed: bool,
    candidates: [u32; 2],
}

impl Default for Exchange {
    fn default() -> Self {
        Self::new()
    }
}

impl Exchange {
    /// A connection before its first offer, which may come from either side.
    pub fn new() -> Self {
        Self { negotiation: 0, phase: Phase::Stable, first_is_done: false, change_needed: false, candidates: [0, 0] }
    }

    /// The id of the last offer that was taken (0: none yet).
    pub fn negotiation(&self) -> u64 {
        self.negotiation
    }

    /// Whether both sides have the same descriptions.
    pub fn is_stable(&self) -> bool {
        self.first_is_done && self.phase == Phase::Stable
    }

    /// When [`Exchange::deadline_reached`] is to be called.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        match self.phase {
            Phase::Offered { answer_by, .. } => Some(answer_by),
            Phase::Stable => None,
        }
    }

    /// A signal from a side.
    pub fn take(&mut self, from: Side, input: Input, now: Timestamp) -> Result<Vec<Output>, CallError> {
        match input {
            Input::Offer { negotiation, sdp } => self.offer(from, negotiation, sdp, now),
            Input::Answer { negotiation, sdp } => self.answer(from, negotiation, sdp),
            Input::Candidate { negotiation, candidate } => self.candidate(from, negotiation, candidate),
            Input::ChangeNeeded => Ok(self.change()),
        }
    }

    /// The answer did not come in time: the offer is given up, and the offerer asked for another.
    pub fn deadline_reached(&mut self, now: Timestamp) -> Vec<Output> {
        match self.phase {
            Phase::Offered { by, answer_by } if answer_by <= now => {
                self.phase = Phase::Stable;
                self.change_needed = false;
                vec![self.ask(by)]
            }
            _ => Vec::new(),
        }
    }

    fn offer(&mut self, from: Side, negotiation: u64, sdp: String, now: Timestamp) -> Result<Vec<Output>, CallError> {
        if sdp.len() > SDP_MAX_BYTES {
            return Err(CallError::TooLarge);
        }
        if self.first_is_done && from == Side::Answerer {
            return Err(CallError::OtherSidesTurn);
        }
        if let Phase::Offered { by, .. } = self.phase {
            // Both began at once: the offer that came first stands, the other side answers it.
            return Err(if by == from {
                CallError::Stale { due: self.negotiation }
            } else {
                CallError::OtherSidesTurn
            });
        }
        let due = self.negotiation + 1;
        if negotiation != due {
            return Err(CallError::Stale { due });
        }
        self.negotiation = negotiation;
        self.phase = Phase::Offered { by: from, answer_by: now.plus_ms(ANSWER_WITHIN_MS) };
        self.candidates = [0, 0];
        Ok(vec![Output::Relay(from.other(), Input::Offer { negotiation, sdp })])
    }

    fn answer(&mut self, from: Side, negotiation: u64, sdp: String) -> Result<Vec<Output>, CallError> {
        if sdp.len() > SDP_MAX_BYTES {
            return Err(CallError::TooLarge);
        }
        let Phase::Offered { by, .. } = self.phase else { return Err(CallError::Stale { due: self.negotiation + 1 }) };
        if by == from {
            return Err(CallError::OtherSidesTurn);
        }
        if negotiation != self.negotiation {
            return Err(CallError::Stale { due: self.negotiation });
        }
        self.phase = Phase::Stable;
        self.first_is_done = true;
        let mut outputs = vec![Output::Relay(by, Input::Answer { negotiation, sdp })];
        if std::mem::take(&mut self.change_needed) {
            outputs.push(self.ask(Side::Offerer));
        }
        Ok(outputs)
    }

    fn candidate(&mut self, from: Side, negotiation: u64, candidate: String) -> Result<Vec<Output>, CallError> {
        if negotiation > self.negotiation || negotiation == 0 {
            return Err(CallError::Stale { due: self.negotiation });
        }
        // A candidate of an earlier negotiation was on its way when the next began: left out, nobody is to blame.
        if negotiation < self.negotiation {
            return Ok(Vec::new());
        }
        let taken = &mut self.candidates[from as usize];
        if candidate.len() > CANDIDATE_MAX_BYTES || *taken >= CANDIDATES_MAX {
            return Err(CallError::TooLarge);
        }
        *taken += 1;
        Ok(vec![Output::Relay(from.other(), Input::Candidate { negotiation, candidate })])
    }

    fn change(&mut self) -> Vec<Output> {
        if self.phase == Phase::Stable {
            return vec![self.ask(Side::Offerer)];
        }
        self.change_needed = true;
        Vec::new()
    }

    fn ask(&self, side: Side) -> Output {
        Output::AskOffer(side, self.negotiation + 1)
    }
}
