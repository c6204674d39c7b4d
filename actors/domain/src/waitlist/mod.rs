//! 候补: who waits in a department for a place that somebody gives back, to whom one is offered just now, and which freed
//! places are not to be had yet. What becomes of a freed place the department decides ([`crate::department`]).

mod event;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::clinic::{Clinic, Session};
use crate::ids::*;
use crate::owner::Outgoing;
use crate::person::PatientBrief;
use crate::time::{BusinessDate, Timestamp, Zone};
use crate::vocabulary::{Channel, OfferedPlace, Wanted, WishNews};

pub use event::{Event, OfferEnd, PassedOver, Why, event_kind, outgoing};

/// An offer is a hold of so many minutes.
pub const OFFER_MIN: i64 = 15;
/// From when to when on the site's wall clock places are offered, in minutes after midnight.
pub const OFFER_HOURS: (u32, u32) = (7 * 60, 22 * 60);
/// Whoever has let so many offers go waits no longer.
pub const OFFERS_MAX: u32 = 3;
/// So many wishes of one patient stand in a department.
pub const WISHES_OF_PATIENT: usize = 3;
/// So many wishes stand in a department: more offers than that are never made by one decision.
pub const LINE_MAX: usize = 500;
/// One wish is for so many days at most.
pub const DATES_MAX: usize = 14;

/// Somebody in line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wish {
    /// Which, whose, what for.
    pub news: WishNews,
    /// Who.
    pub brief: PatientBrief,
    /// Through which channel.
    pub channel: Channel,
    /// The place that is offered now.
    pub offered: Option<AppointmentId>,
    /// Offers that were not taken.
    pub untaken: u32,
    /// Slots of them.
    pub let_go: BTreeSet<SlotId>,
}

impl Wish {
    /// Whether a place in that session is what is waited for.
    pub fn is_for(&self, id: &SessionId, session: &Session) -> bool {
        is_for(&self.news.wanted, id, session)
    }
}

/// Whether a place in that session is wanted.
pub fn is_for(wanted: &Wanted, id: &SessionId, session: &Session) -> bool {
    match wanted {
        Wanted::Session(wanted) => wanted == id,
        Wanted::AnyOf(any) => {
            any.registration_class == session.registration_class
                && any.dates.contains(&session.date)
                && any.doctor.as_ref().is_none_or(|doctor| session.doctor.as_ref() == Some(doctor))
        }
    }
}

/// A place that is offered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Offered {
    /// To whom, where, until when.
    pub offer: OfferedPlace,
    /// The patient's owner has answered.
    pub heard: bool,
    /// By which limit it refuses the place.
    pub refused: Option<crate::Code>,
}

impl Offered {
    /// It is reserved there, and the patient is asked.
    pub fn is_open(&self) -> bool {
        self.heard && self.refused.is_none()
    }
}

/// A freed place that is not to be had yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Where.
    pub slot: SlotId,
    /// Until when.
    pub until: Timestamp,
    /// For who waits, until the morning.
    pub for_line: bool,
    /// It has gone past everybody up to this number.
    pub after: u64,
}

/// What is to be done at a time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Due {
    /// A place that was kept comes back.
    Back(AppointmentId),
    /// A wish is over.
    Over(u64),
}

/// The waitlist of a department.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Waitlist {
    /// The number of the last wish.
    pub last: u64,
    /// In line, by number.
    pub line: BTreeMap<u64, Wish>,
    /// Offered now, by the hold.
    pub offers: BTreeMap<AppointmentId, Offered>,
    /// Freed and not to be had yet, by whose place it was.
    pub kept: BTreeMap<AppointmentId, Kept>,
    /// Of wishes, what the patients' owners have not heard.
    pub unheard: BTreeMap<WishId, WishNews>,
    of_patient: BTreeMap<PatientId, BTreeSet<u64>>,
    due: BTreeSet<(Timestamp, Due)>,
}

impl WishId {
    /// Its number in the department's line.
    pub fn number(&self) -> u64 {
        self.as_str().rsplit_once(".w").and_then(|(_, n)| n.parse().ok()).unwrap_or(0)
    }
}

impl Waitlist {
    /// The wish, while it stands.
    pub fn get(&self, id: &WishId) -> Option<&Wish> {
        self.line.get(&id.number()).filter(|wish| wish.news.wish == *id)
    }

    /// A patient's wishes here, in the order in which they were made.
    pub fn of_patient<'a>(&'a self, patient: &PatientId) -> impl Iterator<Item = &'a Wish> + use<'a> {
        self.of_patient.get(patient).into_iter().flatten().filter_map(|number| self.line.get(number))
    }

    /// Who waits for a place in that session and comes after this number, in line.
    pub fn for_session<'a>(
        &'a self,
        after: u64,
        id: &'a SessionId,
        session: &'a Session,
    ) -> impl Iterator<Item = (u64, &'a Wish)> {
        let behind = self.line.range(after + 1..).map(|(number, wish)| (*number, wish));
        behind.filter(move |(_, wish)| wish.is_for(id, session))
    }

    /// When something is to be done.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.due.first().map(|(at, _)| *at)
    }

    /// What is to be done at `now`, in order.
    pub fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &Due> {
        self.due.iter().take_while(move |(at, _)| *at <= now).map(|(_, due)| due)
    }

    /// What is asked of patients' owners and not answered.
    pub fn open_requests(&self, out: &mut Vec<Outgoing>) {
        out.extend(self.offers.values().filter(|offered| !offered.heard).map(|offered| event::ask(&offered.offer)));
        out.extend(self.unheard.values().map(event::tell));
    }

    /// The next moment at which places are offered; `now` within the hours.
    pub fn offers_from(now: Timestamp, zone: Zone) -> Timestamp {
        let (from, to) = OFFER_HOURS;
        let today: BusinessDate = zone.date(now);
        match zone.at_minute(today, from) {
            morning if now < morning => morning,
            _ if now < zone.at_minute(today, to) => now,
            _ => zone.at_minute(today.plus_days(1), from),
        }
    }

    fn end(&mut self, number: u64) {
        let Some(wish) = self.line.remove(&number) else { return };
        self.due.remove(&(wish.news.until, Due::Over(number)));
        let patient = &wish.brief.patient;
        if let Some(own) = self.of_patient.get_mut(patient) {
            own.remove(&number);
            if own.is_empty() {
                self.of_patient.remove(patient);
            }
        }
    }

    /// What must always be so; the error names what is not.
    pub fn check(&self, clinic: &Clinic) -> Result<(), String> {
        let mut kept: BTreeMap<&SlotId, u32> = BTreeMap::new();
        for place in self.kept.values() {
            *kept.entry(&place.slot).or_default() += 1;
        }
        for (id, slot) in &clinic.slots {
            let counted = kept.remove(id).unwrap_or(0);
            if slot.kept_back != counted {
                return Err(format!("{id}: {counted} places kept back, stands {}", slot.kept_back));
            }
        }
        let takes_place = |id: &AppointmentId| clinic.appointments.get(id).is_some_and(|one| one.state.takes_place());
        if let Some((id, _)) = self.kept.iter().find(|(id, kept)| !kept.for_line && takes_place(id)) {
            return Err(format!("{id}: has a place, and one is kept back"));
        }
        let back = self.kept.iter().map(|(freed, kept)| (kept.until, Due::Back(freed.clone())));
        let over = self.line.iter().map(|(number, wish)| (wish.news.until, Due::Over(*number)));
        let due: BTreeSet<_> = back.chain(over).collect();
        if due != self.due {
            return Err(format!("{:?} are due, {due:?} are to be", self.due));
        }
        for (id, offered) in &self.offers {
            let is_held = clinic.appointments.get(id).is_some_and(|known| {
                matches!(known.state, crate::clinic::AppointmentState::Held { .. }) && known.slot == offered.offer.slot
            });
            if !is_held {
                return Err(format!("{id}: offered and not held"));
            }
        }
        let mut offered = self.line.values().filter_map(|wish| wish.offered.as_ref());
        match offered.find(|id| !self.offers.contains_key(*id)) {
            Some(id) => Err(format!("{id}: an offer that is over")),
            None => Ok(()),
        }
    }
}

/// Applies one event.
pub fn apply(waitlist: &mut Waitlist, clinic: &mut Clinic, event: &Event) {
    match event {
        Event::WishJoined { news, brief, channel } => {
            let number = news.wish.number();
            waitlist.last = number;
            waitlist.due.insert((news.until, Due::Over(number)));
            waitlist.of_patient.entry(brief.patient.clone()).or_default().insert(number);
            waitlist.unheard.insert(news.wish.clone(), news.clone());
            let (news, brief, channel) = (news.clone(), brief.clone(), *channel);
            let wish = Wish { news, brief, channel, offered: None, untaken: 0, let_go: BTreeSet::new() };
            waitlist.line.insert(number, wish);
        }
        Event::WishEnded { news, .. } => {
            waitlist.end(news.wish.number());
            waitlist.unheard.insert(news.wish.clone(), news.clone());
        }
        Event::WishHeard { wish, ended } => {
            if waitlist.unheard.get(wish).is_some_and(|news| *ended || news.ended.is_none()) {
                waitlist.unheard.remove(wish);
            }
        }
        Event::PlaceOffered { offer, .. } => {
            if let Some(wish) = waitlist.line.get_mut(&offer.wish.number()) {
                wish.offered = Some(offer.appointment.clone());
            }
            let offered = Offered { offer: offer.clone(), heard: false, refused: None };
            waitlist.offers.insert(offer.appointment.clone(), offered);
        }
        Event::OfferAnswered { appointment, refused, .. } => {
            if let Some(offered) = waitlist.offers.get_mut(appointment) {
                (offered.heard, offered.refused) = (true, *refused);
            }
        }
        Event::OfferEnded { appointment, wish, how, .. } => {
            let slot = waitlist.offers.remove(appointment).map(|offered| offered.offer.slot);
            if let Some(wish) = waitlist.line.get_mut(&wish.number()) {
                wish.offered = None;
                if matches!(how, OfferEnd::Declined | OfferEnd::Expired) {
                    wish.untaken += 1;
                    wish.let_go.extend(slot);
                }
            }
        }
        Event::PlaceUntaken { .. } => {}
        Event::PlaceKept { freed, slot, until, for_line, after, .. } => {
            let kept = Kept { slot: slot.clone(), until: *until, for_line: *for_line, after: *after };
            waitlist.due.insert((kept.until, Due::Back(freed.clone())));
            waitlist.kept.insert(freed.clone(), kept);
            if let Some(slot) = clinic.slots.get_mut(slot) {
                slot.kept_back += 1;
            }
        }
        Event::PlaceBack { freed, slot, .. } => {
            let back = Due::Back(freed.clone());
            let until = match waitlist.kept.remove(freed) {
                Some(kept) => Some(kept.until),
                // A moment that was left over: the first one.
                None => waitlist.due.iter().find(|(_, due)| *due == back).map(|(at, _)| *at),
            };
            if let Some(until) = until {
                waitlist.due.remove(&(until, back));
            }
            if let Some(slot) = clinic.slots.get_mut(slot) {
                slot.kept_back = slot.kept_back.saturating_sub(1);
            }
        }
    }
}
