//! What can have happened to a patient, and what it asks of departments. Stored types.

use serde::{Deserialize, Serialize};

use crate::ids::*;
use crate::owner::{Outgoing, OwnerKind, OwnerRef, Payload};
use crate::person::PatientBrief;
use crate::reach::Way;
use crate::settings::PatientLimits;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{
    AppointmentEnd, CancelAppointment, Channel, NoticeDue, OfferWord, OfferedPlace, Place, TicketNews, ToAccount,
    ToDepartment, ToPatient, WishNews,
};

use super::hear::Change;
use super::notices::{self, NoticeChange, WayStanding};
use super::offers;
use super::state::*;

/// What the patient's owner asks of a department about an appointment that it has reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wish {
    /// The hold shall become the booking.
    Confirm,
    /// It shall end.
    Cancel,
    /// What has become of it?
    Tell,
    /// It shall end whatever the time, because another one stands in its place.
    Replace,
}

impl Wish {
    /// Whether it asks for the end.
    pub fn is_end(self) -> bool {
        matches!(self, Self::Cancel | Self::Replace)
    }
}

/// A fact about a patient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The edge knows who this is.
    Identified {
        /// Brief, sealed fields, and whether the name is confirmed.
        identity: Identity,
    },
    /// That account acts for this person.
    RelationGranted {
        /// Which.
        account: AccountId,
        /// As what (`self`, `guardian`, …).
        relation: String,
    },
    /// It does so no longer.
    RelationEnded {
        /// Which.
        account: AccountId,
    },
    /// Reserved; the department is asked.
    PlaceReserved {
        /// The id made here.
        appointment: AppointmentId,
        /// The slot.
        slot: SlotId,
        /// The business day.
        date: BusinessDate,
        /// Begin of the slot.
        start: Timestamp,
        /// End of the slot.
        end: Timestamp,
        /// Who, for the department.
        brief: PatientBrief,
        /// Hold and confirm in one.
        confirm: bool,
        /// Through which channel.
        channel: Channel,
        /// What it is to replace.
        replaces: Option<AppointmentId>,
        /// The limits that it was measured by.
        limits: PatientLimits,
        /// The number of the referral by which it is asked for.
        referral: Option<String>,
    },
    /// The department is asked something about an appointment.
    DepartmentAsked {
        /// Whose.
        patient: PatientId,
        /// Which.
        appointment: AppointmentId,
        /// What.
        wish: Wish,
        /// When to ask again by ourselves, should an answer not say more.
        ask_at: Option<Timestamp>,
    },
    /// The department holds a place.
    PlaceHeld {
        /// Which.
        appointment: AppointmentId,
        /// When the hold ends by itself.
        expires_at: Timestamp,
        /// When to ask what became of it.
        ask_at: Timestamp,
    },
    /// The department has booked it.
    AppointmentBooked {
        /// Which.
        appointment: AppointmentId,
        /// The number, if given at booking.
        number: Option<String>,
        /// When to ask what became of it.
        ask_at: Timestamp,
    },
    /// The department has answered, and nothing is new.
    WishSettled {
        /// Which.
        appointment: AppointmentId,
    },
    /// It is over.
    AppointmentEnded {
        /// Which.
        appointment: AppointmentId,
        /// How.
        how: AppointmentEnd,
        /// When it was heard.
        at: Timestamp,
    },
    /// Too many no-shows: no online booking until then.
    OnlineBookingBlocked {
        /// Until when.
        until: Timestamp,
    },
    /// Long over: forgotten.
    ReservationsForgotten {
        /// Which.
        appointments: Vec<AppointmentId>,
        /// No-shows before this do not count any more.
        no_shows_before: Timestamp,
    },
    /// The hold has more time.
    HoldProlonged {
        /// Which.
        appointment: AppointmentId,
        /// When the hold ends by itself now.
        expires_at: Timestamp,
        /// When to ask what became of it.
        ask_at: Timestamp,
    },
    /// A department has said where a ticket stands.
    TicketHeard {
        /// What it said.
        news: TicketNews,
        /// What it changes here.
        change: Change,
    },
    /// It was no no-show.
    NoShowCorrected {
        /// Which.
        appointment: AppointmentId,
        /// Until when online booking is blocked by the others.
        blocked_until: Option<Timestamp>,
    },
    /// Of a claim: its account acts for the confirmed bearer. Of a document or a provisional id: it is that person's. With
    /// whose limits these places count from now on.
    ClaimJoined {
        /// Who.
        bearer: PatientId,
        /// Which.
        counts: Vec<AppointmentId>,
    },
    /// Of these: a place that counts with the bearer is live, or (none) is so no longer. The bearer is told.
    PlaceCounted {
        /// Who.
        bearer: PatientId,
        /// Which.
        appointment: AppointmentId,
        /// When it is.
        place: Option<Place>,
    },
    /// Of a bearer: a place that was taken under another id of theirs is live, or (none) is so no longer.
    ClaimedPlace {
        /// Which.
        appointment: AppointmentId,
        /// When it is.
        place: Option<Place>,
    },
    /// Proof was seen of who this is. Whoever acted by another phone on file is told.
    IdentityConfirmed {
        /// Brief and sealed fields.
        identity: Identity,
        /// The account of the phone on file.
        on_file: Option<AccountId>,
        /// Who acted when another phone came on file.
        others: Vec<AccountId>,
    },
    /// That account says that it acts by the phone on file, which is another one since: it is told.
    PhoneOffFile {
        /// For whom.
        patient: PatientId,
        /// Which.
        account: AccountId,
    },
    /// A department has said what there is to tell of a ticket.
    NoticeHeard {
        /// What it said.
        due: Box<NoticeDue>,
        /// What it changes here.
        change: NoticeChange,
    },
    /// It is to be sent by these ways, perhaps once more; a way outside is for the edge.
    NoticeSent {
        /// Whose.
        patient: PatientId,
        /// Which.
        notice: NoticeId,
        /// By which.
        ways: Vec<Way>,
        /// When the next way is taken.
        until: Timestamp,
        /// When it is sent again, should no word come of it.
        ask_at: Option<Timestamp>,
    },
    /// That way has taken it.
    NoticeTaken {
        /// Which.
        notice: NoticeId,
        /// By which.
        way: Way,
    },
    /// It has not arrived by that way, or there is nothing to send to.
    NoticeFailed {
        /// Which.
        notice: NoticeId,
        /// By which.
        way: Way,
        /// How the way stands.
        stands: WayStanding,
    },
    /// Somebody has it. Too late, or of somebody at home, the department is told.
    NoticeConfirmed {
        /// Whose.
        patient: PatientId,
        /// Which.
        notice: NoticeId,
        /// By which.
        by: Way,
        /// The department is told: it takes it to have reached nobody, or counts whom it reaches.
        is_told: bool,
        /// When.
        at: Timestamp,
    },
    /// Nothing has reached the person; where there was a way to, the department is told.
    NoticeNotReached {
        /// Whose.
        patient: PatientId,
        /// Which.
        notice: NoticeId,
        /// There was a way, or nothing else tells the person.
        is_tried: bool,
        /// When.
        at: Timestamp,
    },
    /// The department knows what has come of it.
    NoticeAnswerHeard {
        /// Which.
        notice: NoticeId,
    },
    /// By this way the person is told too.
    AddressBound {
        /// Whose address.
        account: AccountId,
        /// Of which way.
        way: Way,
        /// The address, sealed with the person's key.
        sealed: Vec<u8>,
    },
    /// By that way no longer.
    AddressUnbound {
        /// Whose address.
        account: AccountId,
        /// Of which way.
        way: Way,
    },
    /// Of a document or a provisional id: it was not that person's.
    BearerParted {
        /// Who.
        bearer: PatientId,
    },
    /// A department offers a place that was waited for: it is held here, and the person is asked.
    PlaceOffered {
        /// Which, until when.
        offer: Box<OfferedPlace>,
        /// When to ask what became of it.
        ask_at: Timestamp,
    },
    /// The department hears what is said to an offer: a limit refuses it, or it stands here already.
    OfferAnswered {
        /// What.
        word: OfferWord,
    },
    /// A department has said how a wish stands.
    WishTold {
        /// What it said.
        news: Box<WishNews>,
    },
    /// The notice that has just been heard of tells of so much money.
    NoticeOfMoney {
        /// Which.
        notice: NoticeId,
        /// How much, in fen.
        amount_fen: u32,
    },
}

pub(super) fn kind(event: &Event) -> (u16, &'static str) {
    match event {
        Event::Identified { .. } => (450, "identified"),
        Event::RelationGranted { .. } => (451, "relation_granted"),
        Event::RelationEnded { .. } => (452, "relation_ended"),
        Event::PlaceReserved { .. } => (PLACE_RESERVED, "place_reserved"),
        Event::DepartmentAsked { .. } => (454, "department_asked"),
        Event::PlaceHeld { .. } => (455, "place_held"),
        Event::AppointmentBooked { .. } => (456, "appointment_booked"),
        Event::WishSettled { .. } => (457, "wish_settled"),
        Event::AppointmentEnded { .. } => (458, "appointment_ended"),
        Event::OnlineBookingBlocked { .. } => (459, "online_booking_blocked"),
        Event::ReservationsForgotten { .. } => (460, "reservations_forgotten"),
        Event::HoldProlonged { .. } => (461, "hold_prolonged"),
        Event::TicketHeard { .. } => (462, "ticket_heard"),
        Event::NoShowCorrected { .. } => (463, "no_show_corrected"),
        Event::ClaimJoined { .. } => (464, "claim_joined"),
        Event::PlaceCounted { .. } => (465, "place_counted"),
        Event::ClaimedPlace { .. } => (466, "claimed_place"),
        Event::IdentityConfirmed { .. } => (490, "identity_confirmed"),
        Event::PhoneOffFile { .. } => (491, "phone_off_file"),
        Event::NoticeHeard { .. } => (470, "notice_heard"),
        Event::NoticeSent { .. } => (471, "notice_sent"),
        Event::NoticeTaken { .. } => (472, "notice_taken"),
        Event::NoticeFailed { .. } => (473, "notice_failed"),
        Event::NoticeConfirmed { .. } => (474, "notice_confirmed"),
        Event::NoticeNotReached { .. } => (475, "notice_not_reached"),
        Event::NoticeAnswerHeard { .. } => (476, "notice_answer_heard"),
        Event::NoticeOfMoney { .. } => (479, "notice_of_money"),
        Event::AddressBound { .. } => (477, "address_bound"),
        Event::AddressUnbound { .. } => (478, "address_unbound"),
        Event::BearerParted { .. } => (495, "bearer_parted"),
        Event::PlaceOffered { .. } => (480, "place_offered"),
        Event::OfferAnswered { .. } => (481, "offer_answered"),
        Event::WishTold { .. } => (482, "wish_told"),
    }
}

const PLACE_RESERVED: u16 = 453;

/// The version in which events of that kind are written.
pub(super) fn version(kind: u16) -> u16 {
    if kind == PLACE_RESERVED { 2 } else { 1 }
}

/// [`Event::PlaceReserved`] as it was at first: before there were referrals.
#[derive(Deserialize)]
struct PlaceReservedV1 {
    appointment: AppointmentId,
    slot: SlotId,
    date: BusinessDate,
    start: Timestamp,
    end: Timestamp,
    brief: PatientBrief,
    confirm: bool,
    channel: Channel,
    replaces: Option<AppointmentId>,
    limits: PatientLimits,
}

impl From<(u32, PlaceReservedV1)> for Event {
    fn from((_, old): (u32, PlaceReservedV1)) -> Self {
        let PlaceReservedV1 { appointment, slot, date, start, end, brief, confirm, channel, replaces, limits } = old;
        let referral = None;
        Self::PlaceReserved { appointment, slot, date, start, end, brief, confirm, channel, replaces, limits, referral }
    }
}

/// An event of an earlier version as today's.
pub(super) fn upcast<P: Payload>(kind: u16, version: u16, payload: &P) -> Option<Result<Event, String>> {
    match (kind, version) {
        (PLACE_RESERVED, 1) => Some(payload.read::<(u32, PlaceReservedV1)>().map(Event::from)),
        _ => None,
    }
}

/// The request that a wish is.
pub(super) fn request(patient: &PatientId, appointment: &AppointmentId, wish: Wish) -> Outgoing {
    let (id, patient) = (appointment.clone(), patient.clone());
    let message = match wish {
        Wish::Confirm => ToDepartment::ConfirmPlace { appointment: id, patient },
        Wish::Cancel => ToDepartment::CancelAppointment(CancelAppointment { appointment: id, reason: None }),
        Wish::Tell => ToDepartment::AskPlace { appointment: id, patient },
        Wish::Replace => ToDepartment::ReplacePlace { appointment: id, patient },
    };
    super::to_department(appointment, message)
}

fn another_phone(patient: &PatientId, account: &AccountId) -> Outgoing {
    let message = ToAccount::AnotherPhoneOnFile { patient: patient.clone() };
    Outgoing::Effect(OwnerRef::new(OwnerKind::Account, account.as_str()), message.into())
}

pub(super) fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
    match event {
        Event::PlaceReserved { appointment, slot, brief, confirm, channel, replaces, referral, .. } => {
            let (id, slot, brief, replaces) = (appointment.clone(), slot.clone(), brief.clone(), replaces.clone());
            let (confirm, channel) = (*confirm, *channel);
            let message = match referral.clone() {
                Some(referral) => {
                    ToDepartment::RequestByReferral { appointment: id, slot, brief, confirm, replaces, referral }
                }
                None => ToDepartment::RequestPlace { appointment: id, slot, brief, confirm, channel, replaces },
            };
            out.push(super::to_department(appointment, message));
        }
        Event::DepartmentAsked { patient, appointment, wish, .. } => out.push(request(patient, appointment, *wish)),
        Event::TicketHeard { news, .. } => {
            let to = OwnerRef::new(OwnerKind::Department, news.ticket.prefix(2));
            let message = ToDepartment::TicketHeard { ticket: news.ticket.clone(), n: news.n };
            out.push(Outgoing::Request(to, message.into()));
        }
        Event::PlaceCounted { bearer, appointment, place } => {
            let to = OwnerRef::new(OwnerKind::Patient, bearer.as_str());
            let message = ToPatient::CountPlace { appointment: appointment.clone(), place: place.clone() };
            out.push(Outgoing::Effect(to, message.into()));
        }
        Event::IdentityConfirmed { identity, others, .. } => {
            out.extend(others.iter().map(|other| another_phone(&identity.brief.patient, other)));
        }
        Event::PhoneOffFile { patient, account } => out.push(another_phone(patient, account)),
        Event::NoticeHeard { .. }
        | Event::NoticeSent { .. }
        | Event::NoticeTaken { .. }
        | Event::NoticeFailed { .. }
        | Event::NoticeConfirmed { .. }
        | Event::NoticeNotReached { .. }
        | Event::NoticeAnswerHeard { .. } => out.extend(notices::outgoing(event)),
        Event::PlaceOffered { .. } | Event::OfferAnswered { .. } | Event::WishTold { .. } => {
            out.extend(offers::outgoing(event));
        }
        Event::Identified { .. }
        | Event::NoticeOfMoney { .. }
        | Event::AddressBound { .. }
        | Event::AddressUnbound { .. }
        | Event::ClaimJoined { .. }
        | Event::BearerParted { .. }
        | Event::ClaimedPlace { .. }
        | Event::RelationGranted { .. }
        | Event::RelationEnded { .. }
        | Event::PlaceHeld { .. }
        | Event::AppointmentBooked { .. }
        | Event::WishSettled { .. }
        | Event::AppointmentEnded { .. }
        | Event::OnlineBookingBlocked { .. }
        | Event::ReservationsForgotten { .. }
        | Event::HoldProlonged { .. }
        | Event::NoShowCorrected { .. } => {}
    }
}
