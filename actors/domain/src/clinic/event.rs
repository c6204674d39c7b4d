//! What can have happened in a clinic, and what it owes to the patients' owners. Stored types: append only.

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::department::versions::Versions;
use crate::ids::*;
use crate::owner::{Outgoing, OwnerKind, OwnerRef, Payload};
use crate::person::PatientBrief;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{AppointmentEnd, ByChannel, Channel, DefineQuotaRules, ToPatient};

/// A slot as it stands after the definition of its session.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SlotDefined {
    /// Which.
    pub slot: SlotId,
    /// Begin.
    pub start: Timestamp,
    /// End.
    pub end: Timestamp,
    /// Places.
    pub capacity: u32,
    /// When somebody who has not come is a no-show.
    pub no_show_at: Timestamp,
}

/// What of a slot is kept for whom.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SlotQuotas {
    /// Which.
    pub slot: SlotId,
    /// So many places for each channel.
    pub quotas: ByChannel,
}

/// What a patient's owner is told about an appointment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Standing {
    /// Held until then.
    Held {
        /// When the hold ends by itself.
        expires_at: Timestamp,
    },
    /// Booked.
    Booked {
        /// The number, if given at booking.
        number: Option<String>,
        /// Begin of the slot.
        slot_start: Timestamp,
    },
    /// Over.
    Ended {
        /// How.
        how: AppointmentEnd,
    },
    /// What was asked to end stays as it is: booked, or checked in.
    Kept,
}

/// A fact about sessions, slots and appointments.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// A session is now this. Slots that it had and that are not listed are gone.
    SessionDefined {
        /// Which.
        session: SessionId,
        /// The hospital-local date.
        date: BusinessDate,
        /// 午别.
        period: String,
        /// Where its tickets wait.
        queue: QueueId,
        /// Whose it is.
        doctor: Option<DoctorId>,
        /// Where.
        service_point: Option<ServicePointId>,
        /// 号别.
        registration_class: String,
        /// Fee in fen.
        fee_fen: u32,
        /// Freed places come back at random moments.
        high_demand: bool,
        /// From when it can be booked.
        released_at: Option<Timestamp>,
        /// Its slots in order of time.
        slots: Vec<SlotDefined>,
    },
    /// No more of it.
    SessionRetired {
        /// Which.
        session: SessionId,
    },
    /// The desk has closed it.
    SessionClosed {
        /// Which.
        session: SessionId,
    },
    /// The announced delay is now this, which moves the no-show limits.
    SessionDelayed {
        /// Which.
        session: SessionId,
        /// In all, minutes.
        minutes: u32,
        /// The new limit of each slot.
        no_show_at: Vec<(SlotId, Timestamp)>,
    },
    /// A place is held.
    PlaceHeld {
        /// Which.
        appointment: AppointmentId,
        /// Where.
        slot: SlotId,
        /// Who.
        brief: PatientBrief,
        /// Through which channel.
        channel: Channel,
        /// Issue sequence within the slot.
        sequence: u32,
        /// When the hold ends by itself.
        expires_at: Timestamp,
    },
    /// A place is booked without a hold before it.
    PlaceBooked {
        /// Which.
        appointment: AppointmentId,
        /// Where.
        slot: SlotId,
        /// Who.
        brief: PatientBrief,
        /// Through which channel.
        channel: Channel,
        /// Issue sequence within the slot.
        sequence: u32,
        /// The number, if given at booking.
        number: Option<String>,
        /// Begin of the slot.
        slot_start: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// A hold has become the booking.
    AppointmentConfirmed {
        /// Which.
        appointment: AppointmentId,
        /// Whose.
        patient: PatientId,
        /// The number, if given at booking.
        number: Option<String>,
        /// Begin of the slot.
        slot_start: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// This id gets no place, now or later.
    PlaceRefused {
        /// Which.
        appointment: AppointmentId,
        /// Whose.
        patient: PatientId,
        /// Why.
        code: Code,
    },
    /// A hold has ended by itself; the place is back.
    HoldExpired {
        /// Which.
        appointment: AppointmentId,
        /// Whose.
        patient: PatientId,
    },
    /// Cancelled in time, or a hold let go; the place is back.
    AppointmentCancelled {
        /// Which.
        appointment: AppointmentId,
        /// Whose.
        patient: PatientId,
        /// Why, if said.
        reason: Option<String>,
    },
    /// Given back after the cut-off; the place is back.
    AppointmentGivenBack {
        /// Which.
        appointment: AppointmentId,
        /// Whose.
        patient: PatientId,
        /// Why, if said.
        reason: Option<String>,
    },
    /// The patient has come.
    AppointmentCheckedIn {
        /// Which.
        appointment: AppointmentId,
    },
    /// The check-in was a mistake: booked again.
    CheckInUndone {
        /// Which.
        appointment: AppointmentId,
        /// Until when the patient may come, if that is later than the slot's own limit.
        come_until: Option<Timestamp>,
    },
    /// Seen.
    AppointmentFulfilled {
        /// Which.
        appointment: AppointmentId,
        /// Whose.
        patient: PatientId,
    },
    /// 爽约.
    NoShowRecorded {
        /// Which.
        appointment: AppointmentId,
        /// Whose.
        patient: PatientId,
    },
    /// The patient's owner has asked again and is told again.
    StandingRepeated {
        /// Which.
        appointment: AppointmentId,
        /// Whose.
        patient: PatientId,
        /// What it is told.
        standing: Standing,
    },
    /// A visit from outside counts in a slot.
    OutsidePlaced {
        /// Where.
        slot: SlotId,
        /// Issue sequence within the slot.
        sequence: u32,
    },
    /// It does so no longer.
    OutsideGone {
        /// Where it counted.
        slot: SlotId,
    },
    /// Everything of earlier business days is forgotten.
    DaysForgotten {
        /// The first day that is still known.
        before: BusinessDate,
    },
    /// A hold has ten more minutes.
    HoldProlonged {
        /// Which.
        appointment: AppointmentId,
        /// Whose.
        patient: PatientId,
        /// When the hold ends by itself now.
        expires_at: Timestamp,
    },
    /// Checked in and not seen; the place stays used.
    AppointmentGivenUp {
        /// Which.
        appointment: AppointmentId,
    },
    /// That it was seen or given up was a mistake: checked in again.
    AppointmentReopened {
        /// Which.
        appointment: AppointmentId,
    },
    /// It was no no-show: booked again while the patient may still come, else given back.
    NoShowCorrected {
        /// Which.
        appointment: AppointmentId,
        /// Why.
        reason: String,
        /// Booked again.
        booked: bool,
    },
    /// A cancellation was undone: booked again, with its place and number.
    AppointmentRestored {
        /// Which.
        appointment: AppointmentId,
        /// Why.
        reason: String,
    },
    /// The patient has come, and the pre-check sends to another department first: nobody is a no-show by that.
    AppointmentSentElsewhere {
        /// Which.
        appointment: AppointmentId,
        /// Where to.
        to: DepartmentId,
    },
    /// 停诊: it does not take place from then on. Said again with the last part of those whom one record could not hold.
    SessionStopped {
        /// Which.
        session: SessionId,
        /// Slots that begin then or later.
        from: Timestamp,
        /// Why.
        reason: String,
        /// Where those wait who were there.
        to: Option<QueueId>,
        /// When.
        at: Timestamp,
        /// More appointments follow.
        more: bool,
    },
    /// It takes place after all.
    SessionResumed {
        /// Which.
        session: SessionId,
        /// When.
        at: Timestamp,
        /// More appointments follow, after this one.
        after: Option<AppointmentId>,
    },
    /// The clinic of a booking does not take place; the place is back.
    AppointmentStopped {
        /// Which.
        appointment: AppointmentId,
        /// Whose.
        patient: PatientId,
    },
    /// It takes no new patients of their own accord, or does so again: by somebody's word, or because it ought not to be
    /// there by the plan. Each of the two is undone by itself.
    SessionFrozen {
        /// Which.
        session: SessionId,
        /// Frozen, or no longer.
        frozen: bool,
        /// By the plan.
        by_plan: bool,
        /// Why, if somebody said.
        reason: String,
    },
    /// What of a session's slots is kept for whom; in those that are not listed nothing.
    QuotasDefined {
        /// Which.
        session: SessionId,
        /// Slots in which something is kept.
        quotas: Vec<SlotQuotas>,
    },
    /// What was kept in a slot for a channel and is not used is common from now on.
    QuotaGivenBack {
        /// Which.
        slot: SlotId,
        /// For which it was kept.
        channel: Channel,
    },
    /// When places that are kept are given back, and from when referrals may book.
    QuotaRulesDefined(DefineQuotaRules),
    /// A place was asked for by a referral.
    ReferralNoted {
        /// Which.
        appointment: AppointmentId,
        /// The number of the referral.
        referral: String,
    },
    /// The last slot of a session has ended, the announced delay included: nothing is decided by it, screens are told.
    SessionOver {
        /// Which.
        session: SessionId,
        /// When.
        at: Timestamp,
    },
}

/// The stable number (230–233, 235, 250–277, 296) and the stem name of an event's kind.
pub fn event_kind(event: &Event) -> (u16, &'static str) {
    match event {
        Event::SessionDefined { .. } => (250, "session_defined"),
        Event::SessionRetired { .. } => (251, "session_retired"),
        Event::SessionClosed { .. } => (252, "session_closed"),
        Event::SessionDelayed { .. } => (253, "session_delayed"),
        Event::PlaceHeld { .. } => (254, "place_held"),
        Event::PlaceBooked { .. } => (255, "place_booked"),
        Event::AppointmentConfirmed { .. } => (256, "appointment_confirmed"),
        Event::PlaceRefused { .. } => (257, "place_refused"),
        Event::HoldExpired { .. } => (258, "hold_expired"),
        Event::AppointmentCancelled { .. } => (259, "appointment_cancelled"),
        Event::AppointmentGivenBack { .. } => (260, "appointment_given_back"),
        Event::AppointmentCheckedIn { .. } => (261, "appointment_checked_in"),
        Event::CheckInUndone { .. } => (CHECK_IN_UNDONE, "check_in_undone"),
        Event::AppointmentFulfilled { .. } => (263, "appointment_fulfilled"),
        Event::NoShowRecorded { .. } => (264, "no_show_recorded"),
        Event::StandingRepeated { .. } => (265, "standing_repeated"),
        Event::OutsidePlaced { .. } => (266, "outside_placed"),
        Event::OutsideGone { .. } => (267, "outside_gone"),
        Event::DaysForgotten { .. } => (268, "days_forgotten"),
        Event::HoldProlonged { .. } => (269, "hold_prolonged"),
        Event::AppointmentGivenUp { .. } => (270, "appointment_given_up"),
        Event::AppointmentReopened { .. } => (271, "appointment_reopened"),
        Event::NoShowCorrected { .. } => (272, "no_show_corrected"),
        Event::AppointmentRestored { .. } => (273, "appointment_restored"),
        Event::AppointmentSentElsewhere { .. } => (296, "appointment_sent_elsewhere"),
        Event::SessionStopped { .. } => (274, "session_stopped"),
        Event::SessionResumed { .. } => (275, "session_resumed"),
        Event::AppointmentStopped { .. } => (276, "appointment_stopped"),
        Event::SessionFrozen { .. } => (277, "session_frozen"),
        Event::QuotasDefined { .. } => (230, "quotas_defined"),
        Event::QuotaGivenBack { .. } => (231, "quota_given_back"),
        Event::QuotaRulesDefined(_) => (232, "quota_rules_defined"),
        Event::ReferralNoted { .. } => (233, "referral_noted"),
        Event::SessionOver { .. } => (235, "session_over"),
    }
}

const CHECK_IN_UNDONE: u16 = 262;

/// [`Event::CheckInUndone`] as it was at first: under the slot's limit alone.
#[derive(Deserialize)]
struct CheckInUndoneV1 {
    appointment: AppointmentId,
}

impl Versions for Event {
    fn event_version(kind: u16) -> u16 {
        if kind == CHECK_IN_UNDONE { 2 } else { 1 }
    }

    fn upcast<P: Payload>(kind: u16, version: u16, payload: &P) -> Option<Result<Self, String>> {
        let of_today = |(_, _, old): (u32, u32, CheckInUndoneV1)| Self::CheckInUndone {
            appointment: old.appointment,
            come_until: None,
        };
        match (kind, version) {
            (CHECK_IN_UNDONE, 1) => Some(payload.read().map(of_today)),
            _ => None,
        }
    }
}

/// What an event owes: the patient's owner hears of what becomes of its requests: held, booked, refused, expired. Of all
/// that can be undone (cancellations, no-shows, and everything from check-in on) it hears by news of the ticket
/// ([`crate::floor::told`]), also when it asks: those have a number and are said again until they are heard.
pub fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
    let mut tell = |patient: &PatientId, message: ToPatient| {
        out.push(Outgoing::Request(OwnerRef::new(OwnerKind::Patient, patient.as_str()), message.into()));
    };
    let ended = |appointment: &AppointmentId, how| ToPatient::PlaceEnded { appointment: appointment.clone(), how };
    match event {
        Event::PlaceHeld { appointment, brief, expires_at, .. } => {
            tell(&brief.patient, ToPatient::PlaceHeld { appointment: appointment.clone(), expires_at: *expires_at });
        }
        Event::PlaceBooked { appointment, brief: PatientBrief { patient, .. }, number, slot_start, .. }
        | Event::AppointmentConfirmed { appointment, patient, number, slot_start, .. } => tell(
            patient,
            ToPatient::PlaceBooked {
                appointment: appointment.clone(),
                number: number.clone(),
                slot_start: *slot_start,
            },
        ),
        Event::PlaceRefused { appointment, patient, .. } => tell(patient, ended(appointment, AppointmentEnd::Refused)),
        Event::HoldExpired { appointment, patient } => tell(patient, ended(appointment, AppointmentEnd::Expired)),
        Event::HoldProlonged { appointment, patient, expires_at } => {
            tell(patient, ToPatient::PlaceHeld { appointment: appointment.clone(), expires_at: *expires_at });
        }
        Event::StandingRepeated { appointment, patient, standing } => {
            let appointment = appointment.clone();
            let message = match standing {
                Standing::Held { expires_at } => ToPatient::PlaceHeld { appointment, expires_at: *expires_at },
                Standing::Booked { number, slot_start } => {
                    ToPatient::PlaceBooked { appointment, number: number.clone(), slot_start: *slot_start }
                }
                Standing::Kept => ToPatient::PlaceKept { appointment },
                Standing::Ended { how: how @ (AppointmentEnd::Refused | AppointmentEnd::Expired) } => {
                    ToPatient::PlaceEnded { appointment, how: *how }
                }
                Standing::Ended { .. } => return,
            };
            tell(patient, message);
        }
        Event::SessionDefined { .. }
        | Event::SessionRetired { .. }
        | Event::SessionClosed { .. }
        | Event::SessionDelayed { .. }
        | Event::AppointmentCheckedIn { .. }
        | Event::CheckInUndone { .. }
        | Event::AppointmentFulfilled { .. }
        | Event::AppointmentGivenUp { .. }
        | Event::AppointmentReopened { .. }
        | Event::AppointmentCancelled { .. }
        | Event::AppointmentGivenBack { .. }
        | Event::NoShowRecorded { .. }
        | Event::NoShowCorrected { .. }
        | Event::AppointmentRestored { .. }
        | Event::AppointmentSentElsewhere { .. }
        | Event::SessionStopped { .. }
        | Event::SessionResumed { .. }
        | Event::AppointmentStopped { .. }
        | Event::SessionFrozen { .. }
        | Event::QuotasDefined { .. }
        | Event::QuotaGivenBack { .. }
        | Event::QuotaRulesDefined(_)
        | Event::ReferralNoted { .. }
        | Event::SessionOver { .. }
        | Event::OutsidePlaced { .. }
        | Event::OutsideGone { .. }
        | Event::DaysForgotten { .. } => {}
    }
}
