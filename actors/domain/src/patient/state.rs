//! What a patient's owner knows.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::*;
use crate::person::PatientBrief;
use crate::reach::Way;
use crate::settings::PatientLimits;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{AppointmentEnd, Channel, Place, TicketNews, WishNews};

use super::event::Wish;
use super::notices::Notices;

/// Who the person is: the brief in clear, all else sealed by the edge with the person's key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// What departments may carry.
    pub brief: PatientBrief,
    /// Birth date, sealed.
    pub birth_date_sealed: Vec<u8>,
    /// [`crate::person::PersonRecord`], sealed.
    pub sealed: Vec<u8>,
    /// Confirmed by a port or by proof seen, not by a checksum alone.
    pub real_name: bool,
}

/// Where an appointment stands, as far as the patient's owner has heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    /// Reserved here; the department has not answered.
    Asked,
    /// Held until then.
    Held {
        /// When the hold ends by itself.
        expires_at: Timestamp,
    },
    /// Booked.
    Booked,
    /// Over.
    Ended(AppointmentEnd),
    /// The patient has come.
    CheckedIn,
}

/// What the patient has reserved for one appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reservation {
    /// The slot.
    pub slot: SlotId,
    /// The business day.
    pub date: BusinessDate,
    /// Begin of the slot.
    pub start: Timestamp,
    /// End of the slot.
    pub end: Timestamp,
    /// How it was asked for.
    pub channel: Channel,
    /// The appointment that is given up once this one is booked.
    pub replaces: Option<AppointmentId>,
    /// Where it stands.
    pub standing: Standing,
    /// The number, if given at booking.
    pub number: Option<String>,
    /// What the department has been asked and has not answered yet.
    pub wish: Option<Wish>,
    /// When to ask the department, should its word have been lost.
    pub ask_at: Option<Timestamp>,
    /// The hold has had its ten more minutes.
    pub prolonged: bool,
    /// The number of the last news of its ticket; 0: none yet.
    pub heard: u64,
    /// The limits that it was measured by.
    pub limits: PatientLimits,
    /// The wish by which it was offered; none: it was asked for.
    pub offered: Option<WishId>,
}

impl Reservation {
    /// Whether it counts in the limits.
    pub fn is_live(&self) -> bool {
        !matches!(self.standing, Standing::Ended(_))
    }
}

/// When a place is that counts in the limits.
#[derive(Clone, Copy, Debug)]
pub struct Taken<'a> {
    /// The slot.
    pub slot: &'a SlotId,
    /// The business day.
    pub date: BusinessDate,
    /// Begin of the slot.
    pub start: Timestamp,
    /// End of the slot.
    pub end: Timestamp,
}

/// A patient.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Who.
    pub id: PatientId,
    /// Known once identified.
    pub identity: Option<Identity>,
    /// Accounts that act for this person, and as what.
    pub accounts: BTreeMap<AccountId, String>,
    /// By appointment; ended ones until a month after their day.
    pub reservations: BTreeMap<AppointmentId, Reservation>,
    /// No-shows that may still count, by time.
    pub no_shows: BTreeSet<(Timestamp, AppointmentId)>,
    /// Until when online booking is blocked.
    pub blocked_until: Option<Timestamp>,
    /// How many bookings were given back after the cut-off (counted apart from no-shows).
    pub given_back: u32,
    /// Tickets of no reservation here (walk-ins, visits from outside, what came by transfer), of the last day heard of.
    pub tickets: BTreeMap<TicketId, TicketNews>,
    /// Of a claim: the confirmed bearer for whom its account acts, or has acted. Of a document or a provisional id: whose it is,
    /// where that is somebody who is known by another id.
    pub bearer: Option<PatientId>,
    /// Of these: its places that count with the bearer, and whether the bearer was last told that they are live.
    pub counted: BTreeMap<AppointmentId, bool>,
    /// Of a bearer: live places that were taken under other ids of theirs.
    pub claimed: BTreeMap<AppointmentId, Place>,
    /// How often proof has been seen of who the person is: the number of the confirmation that stands; 0: none.
    pub confirmed: u64,
    /// The account of the phone that the desk has put on the person's file; none: there is none, or nobody has confirmed the
    /// person since it is kept here.
    pub on_file: Option<AccountId>,
    /// What the person is told.
    pub notices: Notices,
    /// Addresses outside of the accounts that act for the person, sealed with the person's key.
    pub addresses: BTreeMap<(AccountId, Way), Vec<u8>>,
    /// Places that the person waits for, and those of them that have ended lately.
    pub wishes: BTreeMap<WishId, WishNews>,
}

impl State {
    pub(super) fn new(id: PatientId) -> Self {
        Self {
            id,
            identity: None,
            accounts: BTreeMap::new(),
            reservations: BTreeMap::new(),
            no_shows: BTreeSet::new(),
            blocked_until: None,
            given_back: 0,
            tickets: BTreeMap::new(),
            bearer: None,
            counted: BTreeMap::new(),
            claimed: BTreeMap::new(),
            confirmed: 0,
            on_file: None,
            notices: Notices::default(),
            addresses: BTreeMap::new(),
            wishes: BTreeMap::new(),
        }
    }

    /// Everything that counts in the limits.
    pub fn live(&self) -> impl Iterator<Item = (&AppointmentId, &Reservation)> {
        self.reservations.iter().filter(|(_, reservation)| reservation.is_live())
    }

    /// When everything that counts in the limits is, by appointment: also what was taken under claims of this person.
    pub fn taken(&self) -> impl Iterator<Item = (&AppointmentId, Taken<'_>)> {
        let own = self.live().map(|(id, r)| (id, Taken { slot: &r.slot, date: r.date, start: r.start, end: r.end }));
        let claimed = self.claimed.iter();
        own.chain(claimed.map(|(id, p)| (id, Taken { slot: &p.slot, date: p.date, start: p.start, end: p.end })))
    }

    /// The live reservation that is to take the place of this appointment.
    pub fn replaced_by(&self, appointment: &AppointmentId) -> Option<(&AppointmentId, &Reservation)> {
        self.live().find(|(_, r)| r.replaces.as_ref() == Some(appointment))
    }
}
