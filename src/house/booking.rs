//! Bookings on their way: the slot that is meant, through which channel, by whose decision first.

use jiaohao_domain::patient::{State as PatientState, may_wait};
use jiaohao_domain::vocabulary::{Channel, ClientCommand as C, JoinWaitlist, ToDepartment, ToPatient};
use jiaohao_domain::{AppointmentId, Code, PatientId, Rejection, Role, SlotId};

use super::commands::Addressed;
use super::{House, SlotFacts, department, patient};
use crate::identity::tokens::Claims;

impl House {
    /// Whoever would be refused each offer does not wait for one; of what may change meanwhile the patient decides when a place
    /// is offered.
    pub(super) async fn address_wish(&self, claims: &Claims, command: JoinWaitlist) -> Result<Addressed, Rejection> {
        let (channel, now) = (channel(claims, None), self.shell.clock.clinic());
        let asked = move |state: &PatientState| {
            may_wait(state, channel == Channel::Online, now)?;
            state.identity.as_ref().map(|identity| identity.brief.clone()).ok_or(Rejection::from(Code::Forbidden))
        };
        let brief = self.shell.read(patient(&command.patient), asked).await??;
        self.is_not_erased(&command.patient).await?;
        let to = department(&command.wanted.department());
        Ok((to, ToDepartment::JoinWaitlist { command, brief, channel }.into()))
    }
}

/// The slot that a command wants a place of; none where its session is another one, which is said later.
pub(super) fn booked_slot(command: &C) -> Option<&SlotId> {
    match command {
        C::HoldSlot(c) if c.slot.session() == c.session => Some(&c.slot),
        C::BookSlot(c) if c.slot.session() == c.session => Some(&c.slot),
        _ => None,
    }
}

/// Where a booking goes.
pub(super) fn booking(claims: &Claims, command: &C, facts: SlotFacts) -> Option<Addressed> {
    match command {
        C::HoldSlot(c) => Some(reserve(claims, c.slot.clone(), &c.patient, facts, false, None, c.referral.clone())),
        C::BookSlot(c) => {
            let (slot, replaces, referral) = (c.slot.clone(), c.replaces.clone(), c.referral.clone());
            Some(reserve(claims, slot, &c.patient, facts, true, replaces, referral))
        }
        _ => None,
    }
}

/// The number of the referral by which a place is asked for.
fn referral_of(command: &C) -> Option<&String> {
    match command {
        C::HoldSlot(c) => c.referral.as_ref(),
        C::BookSlot(c) => c.referral.as_ref(),
        _ => None,
    }
}

/// Through which channel a command asks for a place.
pub(super) fn channel_of(claims: &Claims, command: &C) -> Channel {
    channel(claims, referral_of(command))
}

/// Through which channel somebody asks for a place. (Phones ask by no referral: that is refused before.)
fn channel(claims: &Claims, referral: Option<&String>) -> Channel {
    match (claims.role, referral) {
        (Role::Patient, _) => Channel::Online,
        (_, Some(_)) => Channel::Referral,
        (_, None) => Channel::Desk,
    }
}

/// The patient decides first (limits), then the department is asked.
fn reserve(
    claims: &Claims,
    slot: SlotId,
    who: &PatientId,
    facts: SlotFacts,
    confirm: bool,
    replaces: Option<AppointmentId>,
    referral: Option<String>,
) -> Addressed {
    let channel = channel(claims, referral.as_ref());
    let SlotFacts { date, start: slot_start, end: slot_end, limits, .. } = facts;
    let reserve = match referral {
        Some(referral) => {
            ToPatient::ReserveByReferral { slot, date, slot_start, slot_end, confirm, replaces, limits, referral }
        }
        None => ToPatient::Reserve { slot, date, slot_start, slot_end, confirm, channel, replaces, limits },
    };
    (patient(who), reserve.into())
}
