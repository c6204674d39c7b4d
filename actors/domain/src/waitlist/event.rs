//! What can have happened in a waitlist. Stored types: append only.

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::department::versions::Versions;
use crate::ids::*;
use crate::owner::{Outgoing, OwnerKind, OwnerRef};
use crate::person::PatientBrief;
use crate::time::Timestamp;
use crate::vocabulary::{Channel, OfferedPlace, ToPatient, WishNews};

/// Why a place was not offered to somebody who waits for it and was before the one whom it was offered to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Why {
    /// It has gone past them before: the record of then says why.
    WasAsked,
    /// Another place is offered to them now.
    HasOffer,
    /// They have a place in this department that day.
    BookedThatDay,
    /// They have let a place of this slot go.
    LetGo,
    /// What is left is kept for another channel than theirs.
    KeptForOthers,
}

/// Somebody in line whom a place has passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedOver {
    /// Whose wish.
    pub wish: WishId,
    /// Why.
    pub why: Why,
}

/// How an offer came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OfferEnd {
    /// It is booked.
    Taken,
    /// No, thank you.
    Declined,
    /// Nobody has answered in time.
    Expired,
    /// A limit of the patient's refuses it.
    Refused(Code),
    /// The clinic does not take place.
    Stopped,
    /// The patient's owner had not answered by its end: nobody was told of it.
    Unheard,
}

/// A fact about who waits for places.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Somebody waits for a place. The wish's number is the place in line.
    WishJoined {
        /// Which, whose, what for.
        news: WishNews,
        /// Who.
        brief: PatientBrief,
        /// Through which channel.
        channel: Channel,
    },
    /// No longer.
    WishEnded {
        /// Which, and how.
        news: WishNews,
        /// When.
        at: Timestamp,
    },
    /// The patient's owner knows how the wish stands.
    WishHeard {
        /// Which.
        wish: WishId,
        /// It knows of the end.
        ended: bool,
    },
    /// A place is kept for the first in line whom it can be offered to: the hold of the same command.
    PlaceOffered {
        /// To whom, where, until when.
        offer: OfferedPlace,
        /// Whose place it was; none: nobody's (the slot has got more places, or they were kept for others).
        freed: Option<AppointmentId>,
        /// Who was before in the line of those who wait for it, each, and why it has passed them over.
        passed: Vec<PassedOver>,
        /// When.
        at: Timestamp,
    },
    /// The patient's owner has reserved the offered place, or refuses it by a limit.
    OfferAnswered {
        /// Which.
        appointment: AppointmentId,
        /// By which limit; none: it is reserved.
        refused: Option<Code>,
        /// When.
        at: Timestamp,
    },
    /// An offer is over.
    OfferEnded {
        /// Which.
        appointment: AppointmentId,
        /// By which wish.
        wish: WishId,
        /// How.
        how: OfferEnd,
        /// When.
        at: Timestamp,
    },
    /// A place that somebody waits for has passed over all of them.
    PlaceUntaken {
        /// Where.
        slot: SlotId,
        /// Whose it was.
        freed: Option<AppointmentId>,
        /// Who waits for it, and why it is not offered to them.
        passed: Vec<PassedOver>,
        /// When.
        at: Timestamp,
    },
    /// A freed place is not to be had yet.
    PlaceKept {
        /// Whose it was.
        freed: AppointmentId,
        /// Where.
        slot: SlotId,
        /// Until then: a random moment, or the morning.
        until: Timestamp,
        /// Somebody waits for it, and places are offered from the morning on.
        for_line: bool,
        /// It has gone past everybody up to this number in line.
        after: u64,
        /// When.
        at: Timestamp,
    },
    /// It is to be had, or goes to who waits.
    PlaceBack {
        /// Whose it was.
        freed: AppointmentId,
        /// Where.
        slot: SlotId,
        /// When.
        at: Timestamp,
    },
}

/// The stable number (280–288) and the stem name of an event's kind.
pub fn event_kind(event: &Event) -> (u16, &'static str) {
    match event {
        Event::WishJoined { .. } => (280, "wish_joined"),
        Event::WishEnded { .. } => (281, "wish_ended"),
        Event::WishHeard { .. } => (282, "wish_heard"),
        Event::PlaceOffered { .. } => (283, "place_offered"),
        Event::OfferAnswered { .. } => (284, "offer_answered"),
        Event::OfferEnded { .. } => (285, "offer_ended"),
        Event::PlaceUntaken { .. } => (286, "place_untaken"),
        Event::PlaceKept { .. } => (287, "place_kept"),
        Event::PlaceBack { .. } => (288, "place_back"),
    }
}

/// What an event owes: the patient's owner is asked for its limits, and hears how a wish stands.
pub fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
    match event {
        Event::PlaceOffered { offer, .. } => out.push(ask(offer)),
        Event::WishJoined { news, .. } | Event::WishEnded { news, .. } => out.push(tell(news)),
        _ => {}
    }
}

/// The request that an offer is.
pub(super) fn ask(offer: &OfferedPlace) -> Outgoing {
    request(&offer.patient, ToPatient::Offer(Box::new(offer.clone())))
}

/// The request that a wish's news is.
pub(super) fn tell(news: &WishNews) -> Outgoing {
    request(&news.patient, ToPatient::WishTold(Box::new(news.clone())))
}

fn request(patient: &PatientId, message: ToPatient) -> Outgoing {
    Outgoing::Request(OwnerRef::new(OwnerKind::Patient, patient.as_str()), message.into())
}

impl Versions for Event {}
