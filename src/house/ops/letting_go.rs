//! Accounts that take places and let them go: what a scalper's phone looks like from here. Holds that end unconfirmed,
//! bookings that are cancelled, and places that the same account takes again, above all for somebody else. That a hold has
//! become the booking its department says, whoever has brought it about: the phone, the desk, or the word that it is paid.
//! In memory, of a day: it is a list for people to look at, and keeps nobody out.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiaohao_actors::shell::message::Outcome;
use jiaohao_domain::vocabulary::{Answer, ClientCommand};
use jiaohao_domain::{AccountId, AppointmentId, PatientId, Role, SlotId, Timestamp, clinic};
use serde::Serialize;

use crate::identity::tokens::Claims;

/// So many accounts are remembered; beyond it those go that have let nothing go.
const ACCOUNTS_MAX: usize = 50_000;
/// So many holds are remembered of which their departments may say that they are booked; one more never counts as ended.
const HOLDS_MAX: usize = 100_000;
/// So many places of one account, taken or let go.
const PLACES_MAX: usize = 40;
/// A place that was let go and is taken again within so long is the same place, in seconds.
const AGAIN_S: i64 = 30 * 60;
/// What is older is forgotten, in seconds.
const DAY_S: i64 = 24 * 60 * 60;
/// From so many places let go on an account is shown.
const SHOWN_FROM: u32 = 3;
/// So many accounts are shown.
const SHOWN: usize = 20;

/// A place that an account has.
struct Taken {
    appointment: AppointmentId,
    slot: SlotId,
    patient: PatientId,
    /// Of a hold, when it ends unless it is booked.
    expires_at: Option<Timestamp>,
}

/// A place that an account had.
struct Gone {
    appointment: AppointmentId,
    slot: SlotId,
    patient: PatientId,
    at: Timestamp,
}

/// What one account has done.
#[derive(Default)]
struct Account {
    held: u32,
    expired: u32,
    cancelled: u32,
    again: u32,
    passed_on: u32,
    taken: VecDeque<Taken>,
    let_go: VecDeque<Gone>,
    last: Timestamp,
}

/// An account as operations see it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Shown {
    account: AccountId,
    held: u32,
    expired: u32,
    cancelled: u32,
    again: u32,
    passed_on: u32,
}

/// What a command may come to here; none: it is none of these.
pub struct Noted(AccountId, What);

enum What {
    Take(SlotId, PatientId),
    Prolong,
    Cancel(AppointmentId),
}

/// See the module.
#[derive(Default)]
pub struct LettingGo {
    seen: Mutex<Seen>,
}

#[derive(Default)]
struct Seen {
    accounts: HashMap<AccountId, Account>,
    /// Whose a hold is, and until when that may matter: what is paid may be said when the hold is over.
    holds: HashMap<AppointmentId, (AccountId, Timestamp)>,
}

impl LettingGo {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A department has said something of its places, durably.
    pub fn heard(&self, event: &clinic::Event) {
        if let clinic::Event::AppointmentConfirmed { appointment, .. } = event {
            self.seen().booked(appointment);
        }
    }

    /// Before a command of a phone.
    pub fn noting(&self, claims: &Claims, command: &ClientCommand) -> Option<Noted> {
        if claims.role != Role::Patient {
            return None;
        }
        let what = match command {
            ClientCommand::HoldSlot(c) => What::Take(c.slot.clone(), c.patient.clone()),
            ClientCommand::BookSlot(c) => What::Take(c.slot.clone(), c.patient.clone()),
            ClientCommand::ProlongHold(_) => What::Prolong,
            ClientCommand::CancelAppointment(c) => What::Cancel(c.appointment.clone()),
            _ => return None,
        };
        Some(Noted(claims.account.clone(), what))
    }

    /// After it.
    pub fn note(&self, noted: Option<Noted>, outcome: &Outcome, now: Timestamp) {
        let (Some(Noted(account, what)), Ok(answer)) = (noted, outcome) else { return };
        let mut seen = self.seen();
        let Seen { accounts, holds } = &mut *seen;
        if accounts.len() >= ACCOUNTS_MAX && !accounts.contains_key(&account) {
            accounts.retain(|_, one| one.expired + one.cancelled > 0 && now < one.last.plus_s(DAY_S));
            if accounts.len() >= ACCOUNTS_MAX {
                return;
            }
        }
        let one = accounts.entry(account.clone()).or_default();
        one.look(now);
        match (what, answer) {
            (What::Take(slot, patient), Answer::Held { appointment, expires_at }) => {
                one.held += 1;
                if holds.len() >= HOLDS_MAX {
                    holds.retain(|_, (_, until)| now < *until);
                }
                let is_known = holds.len() < HOLDS_MAX;
                if is_known {
                    holds.insert(appointment.clone(), (account, now.plus_s(DAY_S)));
                }
                let expires_at = is_known.then_some(*expires_at);
                one.take(Taken { appointment: appointment.clone(), slot, patient, expires_at }, now);
            }
            (What::Take(slot, patient), Answer::Booked { appointment, .. }) => {
                one.take(Taken { appointment: appointment.clone(), slot, patient, expires_at: None }, now);
            }
            (What::Prolong, Answer::Held { appointment, expires_at }) => {
                let taken = one.taken.iter_mut().find(|taken| taken.appointment == *appointment);
                if let Some(expires) = taken.and_then(|taken| taken.expires_at.as_mut()) {
                    *expires = *expires_at;
                }
            }
            (What::Cancel(appointment), Answer::Done) => {
                holds.remove(&appointment);
                one.cancel(&appointment, now);
            }
            _ => {}
        }
    }

    /// The accounts to look at, the worst first.
    pub fn shown(&self, now: Timestamp) -> Vec<Shown> {
        let mut seen = self.seen();
        let mut shown = Vec::new();
        for (account, one) in &mut seen.accounts {
            one.look(now);
            if SHOWN_FROM <= one.expired + one.cancelled || 0 < one.passed_on {
                let Account { held, expired, cancelled, again, passed_on, .. } = *one;
                shown.push(Shown { account: account.clone(), held, expired, cancelled, again, passed_on });
            }
        }
        shown.sort_by_key(|one| {
            std::cmp::Reverse((one.passed_on, one.again, one.expired + one.cancelled, one.account.clone()))
        });
        shown.truncate(SHOWN);
        shown
    }
}

impl Seen {
    /// A hold has become the booking, in its time or after it: nobody has let it go.
    fn booked(&mut self, appointment: &AppointmentId) {
        let Some((account, _)) = self.holds.remove(appointment) else { return };
        let Some(one) = self.accounts.get_mut(&account) else { return };
        if let Some(taken) = one.taken.iter_mut().find(|taken| taken.appointment == *appointment) {
            taken.expires_at = None;
        } else if let Some(at) = one.let_go.iter().position(|gone| gone.appointment == *appointment) {
            one.let_go.remove(at);
            one.expired = one.expired.saturating_sub(1);
        }
    }
}

impl Account {
    /// What has passed by itself: holds that have ended, and a day without anything.
    fn look(&mut self, now: Timestamp) {
        if self.last.plus_s(DAY_S) <= now {
            let last = now;
            *self = Self { last, ..Self::default() };
        }
        while let Some(at) = self.taken.iter().position(|one| one.expires_at.is_some_and(|ends| ends <= now)) {
            let Some(ended) = self.taken.remove(at) else { return };
            self.expired += 1;
            self.gone(ended, now);
        }
    }

    fn take(&mut self, taken: Taken, now: Timestamp) {
        self.last = now;
        // The answer of before, once more.
        if self.taken.iter().any(|one| one.appointment == taken.appointment) {
            return;
        }
        let again = |gone: &&Gone| gone.slot == taken.slot && now < gone.at.plus_s(AGAIN_S);
        if let Some(gone) = self.let_go.iter().rev().find(again) {
            match gone.patient == taken.patient {
                true => self.again += 1,
                false => self.passed_on += 1,
            }
        }
        if self.taken.len() >= PLACES_MAX {
            self.taken.pop_front();
        }
        self.taken.push_back(taken);
    }

    fn cancel(&mut self, appointment: &AppointmentId, now: Timestamp) {
        if let Some(at) = self.taken.iter().position(|one| one.appointment == *appointment)
            && let Some(ended) = self.taken.remove(at)
        {
            self.cancelled += 1;
            self.gone(ended, now);
        }
    }

    fn gone(&mut self, ended: Taken, now: Timestamp) {
        self.last = now;
        if self.let_go.len() >= PLACES_MAX {
            self.let_go.pop_front();
        }
        let Taken { appointment, slot, patient, .. } = ended;
        self.let_go.push_back(Gone { appointment, slot, patient, at: now });
    }
}

#[cfg(test)]
mod tests {
    use jiaohao_domain::vocabulary::{CancelAppointment, HoldSlot};

    use super::*;

    const NOW: Timestamp = Timestamp(1_795_393_800_000);

    struct Phone<'a>(&'a LettingGo, Claims, u32);

    impl Phone<'_> {
        fn of<'a>(seen: &'a LettingGo, account: &str) -> Phone<'a> {
            Phone(seen, Claims::new(Role::Patient, AccountId::from(account), NOW, 600), 0)
        }

        fn hold(&mut self, slot: &str, patient: &str, now: Timestamp) -> AppointmentId {
            self.2 += 1;
            let appointment = AppointmentId::from(format!("s.d.b20261124-{}{}", patient, self.2));
            let slot = SlotId::from(slot);
            let command = HoldSlot { session: slot.session(), slot, patient: patient.into(), referral: None };
            let noted = self.0.noting(&self.1, &ClientCommand::HoldSlot(command));
            let held = Answer::Held { appointment: appointment.clone(), expires_at: now.plus_min(10) };
            self.0.note(noted, &Ok(held), now);
            appointment
        }

        fn cancel(&self, appointment: AppointmentId, now: Timestamp) {
            let command = ClientCommand::CancelAppointment(CancelAppointment { appointment, reason: None });
            self.0.note(self.0.noting(&self.1, &command), &Ok(Answer::Done), now);
        }
    }

    #[test]
    fn holds_that_end_and_are_taken_for_somebody_else_are_shown_and_one_change_of_mind_is_not() {
        let seen = LettingGo::default();
        let mut scalper = Phone::of(&seen, "a-scalper");
        let mut somebody = Phone::of(&seen, "a-somebody");
        let first = somebody.hold("s.d.m.0930", "p-9", NOW);
        somebody.cancel(first, NOW.plus_min(1));
        somebody.hold("s.d.m.1000", "p-9", NOW.plus_min(2));
        scalper.hold("s.d.m.0900", "p-1", NOW);
        assert!(seen.shown(NOW.plus_min(9)).is_empty(), "nothing is over yet");
        // The hold ends by itself, and the next patient of the account has the place at once.
        scalper.hold("s.d.m.0900", "p-2", NOW.plus_min(10));
        let held = scalper.hold("s.d.m.1000", "p-2", NOW.plus_min(11));
        scalper.cancel(held, NOW.plus_min(12));
        scalper.hold("s.d.m.1000", "p-2", NOW.plus_min(13));
        let shown = seen.shown(NOW.plus_min(14));
        let account = AccountId::from("a-scalper");
        assert_eq!(shown, [Shown { account, held: 4, expired: 1, cancelled: 1, again: 1, passed_on: 1 }]);
        assert!(seen.shown(NOW.plus_s(DAY_S + 60 * 60)).is_empty(), "of a day");
    }

    #[test]
    fn a_hold_that_is_booked_by_whomever_has_not_ended() {
        let seen = LettingGo::default();
        let confirmed = |appointment: &AppointmentId, at| {
            let (appointment, patient, slot_start) = (appointment.clone(), "p-1".into(), NOW.plus_min(60));
            seen.heard(&clinic::Event::AppointmentConfirmed { appointment, patient, number: None, slot_start, at });
        };
        let mut family = Phone::of(&seen, "a-family");
        // Paid while they are held: the provider says so to the department.
        for n in 0..3 {
            let held = family.hold(&format!("s.d.m.{n}"), &format!("p-{n}"), NOW);
            confirmed(&held, NOW.plus_min(2));
        }
        assert!(seen.shown(NOW.plus_min(30)).is_empty(), "all are booked");
        // Paid too late, and taken again for them.
        let late: Vec<_> = (3..6).map(|n| family.hold(&format!("s.d.m.{n}"), &format!("p-{n}"), NOW)).collect();
        assert_eq!(seen.shown(NOW.plus_min(11)).len(), 1, "they have ended");
        late.iter().for_each(|held| confirmed(held, NOW.plus_min(12)));
        assert!(seen.shown(NOW.plus_min(13)).is_empty(), "and are booked after all");
        assert!(seen.seen().holds.is_empty());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let seen = LettingGo::default();
        let mut phone = Phone::of(&seen, "a-1");
        for n in 0..200 {
            phone.hold(&format!("s.d.m.{n}"), "p-1", NOW);
        }
        let seen = seen.seen();
        let one = seen.accounts.values().next().expect("one");
        assert!(one.taken.len() <= PLACES_MAX && one.let_go.len() <= PLACES_MAX);
    }
}
