//! What the shell keeps of an owner beside the owner's own state: remembered answers by idempotency key, numbered
//! effects to and from other owners. It changes only by what stands in records, so a replay gives it back bit for bit.

use std::collections::{BTreeMap, VecDeque};

use jiaohao_domain::vocabulary::Answer;
use jiaohao_domain::{Code, Message, OwnerRef, Principal, Rejection, Role, Timestamp};
use serde::{Deserialize, Serialize};

/// How long an answer is remembered, in milliseconds.
pub const KEY_TTL_MS: i64 = 24 * 3600 * 1000;
/// How many answers are remembered per owner and principal; an integrator has more.
pub const KEYS_PER_PRINCIPAL: usize = 1_000;
/// How many answers are remembered for an integrator.
pub const KEYS_PER_INTEGRATOR: usize = 20_000;

/// Where a command came from: stands on the first record of the command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Origin {
    /// A client through a door.
    Client {
        /// Who.
        principal: Principal,
        /// The command's name.
        name: String,
        /// The idempotency key (UUIDv7), if the client gave one.
        key: Option<u128>,
        /// Hash of the command's body.
        body_hash: [u8; 16],
    },
    /// A numbered effect of another owner.
    Effect {
        /// Whose.
        from: OwnerRef,
        /// Dense from 1 per (from, to).
        number: u64,
    },
    /// A request of another owner, idempotent by its own id.
    Request {
        /// Whose.
        from: OwnerRef,
    },
    /// A deadline has passed.
    Deadline,
    /// The shell's own bookkeeping.
    Shell,
}

impl Origin {
    /// Who is said to ask.
    pub fn principal(&self) -> Principal {
        match self {
            Self::Client { principal, .. } => principal.clone(),
            _ => Principal::system(),
        }
    }
}

/// What is stored with the first record of a command.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommandMeta {
    /// Where it came from.
    pub origin: Origin,
    /// What a repeat is answered.
    pub remembered: Remembered,
}

/// What a repeated key gets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Remembered {
    /// The same answer.
    Answer(Answer),
    /// The answer is another owner's: the same request again (idempotent by its own id).
    Forwarded(OwnerRef, Message),
}

/// What a key is known to have been.
pub enum Seen {
    /// Never seen.
    New,
    /// The same command: this is what it was answered.
    Repeat(Remembered),
}

/// Shell state of one owner.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// Sequence number of the owner's last record.
    pub owner_seq: u64,
    /// Time of the owner's last event.
    pub last_at: Timestamp,
    keys: BTreeMap<String, Keys>,
    outbound: BTreeMap<OwnerRef, Outbound>,
    inbound: BTreeMap<OwnerRef, u64>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Keys {
    low_water: u128,
    answers: BTreeMap<u128, ([u8; 16], Timestamp, Remembered)>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Outbound {
    last: u64,
    pending: VecDeque<(u64, Message)>,
}

impl Ledger {
    /// What is known of this key.
    pub fn look_up(&self, origin: &Origin) -> Result<Seen, Rejection> {
        let Origin::Client { principal, key: Some(key), body_hash, .. } = origin else { return Ok(Seen::New) };
        let Some(keys) = self.keys.get(principal.account.as_str()) else { return Ok(Seen::New) };
        match keys.answers.get(key) {
            Some((hash, _, remembered)) if hash == body_hash => Ok(Seen::Repeat(remembered.clone())),
            Some(_) => Err(Code::IdempotencyKeyReused.into()),
            None if *key <= keys.low_water => Err(Code::IdempotencyKeyExpired.into()),
            None => Ok(Seen::New),
        }
    }

    /// The next number that an effect from `from` must have.
    pub fn expected_from(&self, from: &OwnerRef) -> u64 {
        self.inbound.get(from).copied().unwrap_or(0) + 1
    }

    /// Notes the command that a commit's first record carries.
    pub fn note_command(&mut self, meta: &CommandMeta, at: Timestamp) {
        match &meta.origin {
            Origin::Client { principal, key: Some(key), body_hash, .. } => {
                let keys = self.keys.entry(principal.account.as_str().to_owned()).or_default();
                keys.answers.insert(*key, (*body_hash, at, meta.remembered.clone()));
                let most = if principal.role == Role::Integrator { KEYS_PER_INTEGRATOR } else { KEYS_PER_PRINCIPAL };
                while let Some((oldest, (_, noted_at, _))) = keys.answers.first_key_value() {
                    if keys.answers.len() <= most && at.ms_since(*noted_at) <= KEY_TTL_MS {
                        break;
                    }
                    keys.low_water = keys.low_water.max(*oldest);
                    keys.answers.pop_first();
                }
            }
            Origin::Effect { from, number } => {
                self.inbound.insert(from.clone(), *number);
            }
            _ => {}
        }
    }

    /// Numbers an effect that an event owes; returns the number.
    pub fn owe(&mut self, to: &OwnerRef, message: Message) -> u64 {
        let outbound = self.outbound.entry(to.clone()).or_default();
        outbound.last += 1;
        outbound.pending.push_back((outbound.last, message));
        outbound.last
    }

    /// The receiver has everything up to this number.
    pub fn acknowledged(&mut self, by: &OwnerRef, up_to: u64) {
        if let Some(outbound) = self.outbound.get_mut(by) {
            while outbound.pending.front().is_some_and(|(number, _)| *number <= up_to) {
                outbound.pending.pop_front();
            }
        }
    }

    /// Whether an acknowledgement would change anything.
    pub fn awaits(&self, by: &OwnerRef, up_to: u64) -> bool {
        self.outbound.get(by).is_some_and(|o| o.pending.front().is_some_and(|(number, _)| *number <= up_to))
    }

    /// Every effect that nobody has acknowledged, in order per receiver.
    pub fn pending(&self) -> impl Iterator<Item = (&OwnerRef, u64, &Message)> {
        self.outbound.iter().flat_map(|(to, o)| o.pending.iter().map(move |(number, message)| (to, *number, message)))
    }

    /// Whether anything is owed to anybody.
    pub fn is_owing(&self) -> bool {
        self.outbound.values().any(|o| !o.pending.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiaohao_domain::AccountId;

    fn origin(key: u128, hash: u8) -> Origin {
        Origin::Client {
            principal: Principal::of(Role::Desk, AccountId::new("a-x")),
            name: "check_in".into(),
            key: Some(key),
            body_hash: [hash; 16],
        }
    }

    fn note(ledger: &mut Ledger, key: u128, at: i64) {
        let meta = CommandMeta { origin: origin(key, 1), remembered: Remembered::Answer(Answer::Number(key as u64)) };
        ledger.note_command(&meta, Timestamp(at));
    }

    #[test]
    fn a_repeat_gets_the_first_answer_and_another_body_is_refused() {
        let mut ledger = Ledger::default();
        note(&mut ledger, 7, 0);
        assert!(matches!(ledger.look_up(&origin(7, 1)), Ok(Seen::Repeat(Remembered::Answer(Answer::Number(7))))));
        assert!(matches!(ledger.look_up(&origin(7, 2)), Err(r) if r.code == Code::IdempotencyKeyReused));
        assert!(matches!(ledger.look_up(&origin(8, 1)), Ok(Seen::New)));
    }

    #[test]
    fn eviction_raises_the_low_water_mark() {
        let mut ledger = Ledger::default();
        for key in 1..=(KEYS_PER_PRINCIPAL as u128 + 5) {
            note(&mut ledger, key, 0);
        }
        assert!(matches!(ledger.look_up(&origin(5, 1)), Err(r) if r.code == Code::IdempotencyKeyExpired));
        assert!(matches!(ledger.look_up(&origin(6, 1)), Ok(Seen::Repeat(_))));
        note(&mut ledger, 9_999, KEY_TTL_MS + 1);
        assert!(matches!(ledger.look_up(&origin(6, 1)), Err(r) if r.code == Code::IdempotencyKeyExpired));
    }

    #[test]
    fn effects_are_numbered_densely_and_acknowledged_in_order() {
        let mut ledger = Ledger::default();
        let to = OwnerRef::new(jiaohao_domain::OwnerKind::Doctor, "s.d");
        assert_eq!((1..=3).map(|n| ledger.owe(&to, Message::Foreign(vec![n]))).collect::<Vec<_>>(), [1, 2, 3]);
        ledger.acknowledged(&to, 2);
        assert_eq!(ledger.pending().map(|(_, number, _)| number).collect::<Vec<_>>(), [3]);
    }
}
