//! What the shell keeps of an owner beside the owner's own state: remembered answers by idempotency key, numbered
//! effects to and from other owners. It changes only by what stands in records, so a replay gives it back bit for bit.

use std::collections::{BTreeMap, VecDeque};

use jiaohao_domain::vocabulary::Answer;
use jiaohao_domain::{Code, Message, OwnerRef, Principal, Rejection, Role, Timestamp};
use serde::{Deserialize, Serialize};

/// How long an answer is remembered, in milliseconds.
pub const KEY_TTL_MS: i64 = 24 * 3600 * 1000;
/// Answers older than that are looked for and forgotten at this pace, in milliseconds of the owner's records.
pub const FORGET_EVERY_MS: i64 = 3600 * 1000;
/// The version of the ledger's format in snapshots.
pub const VERSION: u16 = 2;
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
    /// Whether a repeat is to get the same answer again.
    pub fn has_key(&self) -> bool {
        matches!(self, Self::Client { key: Some(_), .. })
    }

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
    /// When keys were last looked through for old ones.
    forgot_at: Timestamp,
    outbound: BTreeMap<OwnerRef, Outbound>,
    inbound: BTreeMap<OwnerRef, u64>,
}

/// What is remembered of one principal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Keys {
    /// Keys up to this one that are not remembered have been forgotten.
    low_water: u128,
    answers: BTreeMap<u128, ([u8; 16], Timestamp, Remembered)>,
}

impl Keys {
    fn forget_first(&mut self) {
        if let Some((key, _)) = self.answers.pop_first() {
            self.low_water = self.low_water.max(key);
        }
    }

    /// Forgets the answers that are too old. Whether anything is left to know: the low-water mark is no longer needed
    /// once every key up to it is too old by its own time.
    fn forget_before(&mut self, now: Timestamp) -> bool {
        let low_water = &mut self.low_water;
        self.answers.retain(|key, (_, noted_at, _)| {
            let is_fresh = now.ms_since(*noted_at) <= KEY_TTL_MS;
            *low_water = if is_fresh { *low_water } else { (*low_water).max(*key) };
            is_fresh
        });
        !self.answers.is_empty() || !is_too_old(*low_water, now)
    }
}

/// Whether a key (UUIDv7) says itself that it is older than anything remembered.
fn is_too_old(key: u128, now: Timestamp) -> bool {
    let made_at = Timestamp(i64::try_from(key >> 80).unwrap_or(i64::MAX));
    now.ms_since(made_at) > KEY_TTL_MS
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Outbound {
    last: u64,
    pending: VecDeque<(u64, Message)>,
}

/// Effects that somebody is owed.
#[derive(Default)]
pub struct Waiting {
    /// The first ones, each with its number.
    pub first: Vec<(u64, Message)>,
    /// How many with those behind them.
    pub in_all: usize,
}

impl Waiting {
    /// The number of the last of the first ones, if more wait behind it.
    pub fn up_to(&self) -> Option<u64> {
        self.first.last().filter(|_| self.in_all > self.first.len()).map(|(number, _)| *number)
    }
}

impl Ledger {
    /// What is known of this key. `now` is the time by which clients make keys: of a principal that has been forgotten
    /// as a whole, and of one never seen, the key's own time tells whether it could have been remembered.
    pub fn look_up(&self, origin: &Origin, now: Timestamp) -> Result<Seen, Rejection> {
        let Origin::Client { principal, key: Some(key), body_hash, .. } = origin else { return Ok(Seen::New) };
        let keys = self.keys.get(principal.account.as_str());
        match keys.and_then(|keys| keys.answers.get(key)) {
            Some((hash, _, remembered)) if hash == body_hash => Ok(Seen::Repeat(remembered.clone())),
            Some(_) => Err(Code::IdempotencyKeyReused.into()),
            None if keys.is_some_and(|keys| *key <= keys.low_water) || is_too_old(*key, now) => {
                Err(Code::IdempotencyKeyExpired.into())
            }
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
                while keys.answers.len() > most {
                    keys.forget_first();
                }
                if at.ms_since(self.forgot_at) >= FORGET_EVERY_MS {
                    self.forgot_at = at;
                    self.keys.retain(|_, keys| keys.forget_before(at));
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

    /// Who has not acknowledged everything.
    pub fn owing(&self) -> impl Iterator<Item = &OwnerRef> {
        self.outbound.iter().filter(|(_, outbound)| !outbound.pending.is_empty()).map(|(to, _)| to)
    }

    /// How many effects that receiver is owed.
    pub fn owed(&self, to: &OwnerRef) -> usize {
        self.outbound.get(to).map_or(0, |outbound| outbound.pending.len())
    }

    /// Whether anything is owed to anybody.
    pub fn is_owing(&self) -> bool {
        self.owing().next().is_some()
    }

    /// What that receiver is owed above a number: the first ones, in order.
    pub fn waiting(&self, to: &OwnerRef, above: u64, at_most: usize) -> Waiting {
        let Some(Outbound { pending, .. }) = self.outbound.get(to) else { return Waiting::default() };
        let from = pending.partition_point(|(number, _)| *number <= above);
        Waiting { first: pending.range(from..).take(at_most).cloned().collect(), in_all: pending.len() - from }
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

    /// A key made at that moment (UUIDv7: the milliseconds stand in front).
    fn made_at(ms: i64, n: u128) -> u128 {
        (u128::from(ms.unsigned_abs()) << 80) + n
    }

    #[test]
    fn a_repeat_gets_the_first_answer_and_another_body_is_refused() {
        let mut ledger = Ledger::default();
        let now = Timestamp(0);
        note(&mut ledger, 7, 0);
        assert!(matches!(ledger.look_up(&origin(7, 1), now), Ok(Seen::Repeat(Remembered::Answer(Answer::Number(7))))));
        assert!(matches!(ledger.look_up(&origin(7, 2), now), Err(r) if r.code == Code::IdempotencyKeyReused));
        assert!(matches!(ledger.look_up(&origin(8, 1), now), Ok(Seen::New)));
    }

    #[test]
    fn eviction_raises_the_low_water_mark() {
        for (role, most) in [(Role::Desk, 1_000), (Role::Integrator, 20_000)] {
            let by = |key| {
                let mut by = origin(key, 1);
                if let Origin::Client { principal, .. } = &mut by {
                    principal.role = role;
                }
                by
            };
            let mut ledger = Ledger::default();
            let now = Timestamp(0);
            let note = |ledger: &mut Ledger, key, at| {
                let meta = CommandMeta { origin: by(key), remembered: Remembered::Answer(Answer::Done) };
                ledger.note_command(&meta, Timestamp(at));
            };
            for key in 1..=most + 5 {
                note(&mut ledger, key, 0);
            }
            let is_expired = |ledger: &Ledger, key| matches!(ledger.look_up(&by(key), now), Err(r) if r.code == Code::IdempotencyKeyExpired);
            assert!(is_expired(&ledger, 5), "{role:?}");
            assert!(matches!(ledger.look_up(&by(6), now), Ok(Seen::Repeat(_))), "{role:?}");
            note(&mut ledger, 99_999, KEY_TTL_MS + 1);
            assert!(is_expired(&ledger, 6), "{role:?}");
        }
    }

    #[test]
    fn a_principal_that_never_comes_again_is_forgotten_and_its_keys_are_too_old() {
        let mut ledger = Ledger::default();
        let hour = 3_600_000;
        for n in 0..1_000 {
            let at = n * hour;
            let key = made_at(at, 1);
            let mut of_one = origin(key, 1);
            if let Origin::Client { principal, .. } = &mut of_one {
                *principal = Principal::of(Role::Patient, AccountId::new(format!("a-{n}")));
            }
            assert!(matches!(ledger.look_up(&of_one, Timestamp(at)), Ok(Seen::New)));
            let meta = CommandMeta { origin: of_one.clone(), remembered: Remembered::Answer(Answer::Done) };
            ledger.note_command(&meta, Timestamp(at));
            assert!(matches!(ledger.look_up(&of_one, Timestamp(at)), Ok(Seen::Repeat(_))));
            let later = Timestamp(at + 27 * hour);
            let mut kept = ledger.clone();
            kept.note_command(&CommandMeta { origin: origin(made_at(later.0, 2), 1), ..meta }, later);
            let again = kept.look_up(&of_one, later);
            assert!(
                matches!(again, Err(r) if r.code == Code::IdempotencyKeyExpired),
                "{n}: a forgotten key counts twice"
            );
        }
        assert!(ledger.keys.len() <= 26, "{} principals are remembered", ledger.keys.len());
    }

    #[test]
    fn a_key_from_the_future_stays_expired_until_its_own_time_has_passed() {
        let mut ledger = Ledger::default();
        let future = made_at(3 * KEY_TTL_MS, 1);
        note(&mut ledger, future, 0);
        for at in [KEY_TTL_MS + 1, 2 * KEY_TTL_MS, 3 * KEY_TTL_MS] {
            ledger.note_command(
                &CommandMeta { origin: other(at), remembered: Remembered::Answer(Answer::Done) },
                Timestamp(at),
            );
            assert!(
                matches!(ledger.look_up(&origin(future, 1), Timestamp(at)), Err(r) if r.code == Code::IdempotencyKeyExpired)
            );
        }
        let late = 4 * KEY_TTL_MS + 1;
        ledger.note_command(
            &CommandMeta { origin: other(late), remembered: Remembered::Answer(Answer::Done) },
            Timestamp(late),
        );
        assert_eq!(ledger.keys.len(), 1, "only who has just come is known");
    }

    fn other(at: i64) -> Origin {
        Origin::Client {
            principal: Principal::of(Role::Desk, AccountId::new("a-other")),
            name: "check_in".into(),
            key: Some(made_at(at, 1)),
            body_hash: [1; 16],
        }
    }

    #[test]
    fn effects_are_numbered_densely_and_acknowledged_in_order() {
        let mut ledger = Ledger::default();
        let to = OwnerRef::new(jiaohao_domain::OwnerKind::Doctor, "s.d");
        assert_eq!((1..=3).map(|n| ledger.owe(&to, Message::Foreign(vec![n]))).collect::<Vec<_>>(), [1, 2, 3]);
        let waiting = ledger.waiting(&to, 1, 1);
        assert_eq!((waiting.first[0].0, waiting.in_all, waiting.up_to()), (2, 2, Some(2)));
        ledger.acknowledged(&to, 2);
        let waiting = ledger.waiting(&to, 0, 9);
        assert_eq!((waiting.first[0].0, waiting.in_all, waiting.up_to()), (3, 1, None));
        ledger.acknowledged(&to, 3);
        assert!(!ledger.is_owing() && ledger.waiting(&to, 0, 9).first.is_empty());
    }
}
