//! What a department tells a person's owner of a ticket.

use super::*;

/// Where a ticket stands, whole; before check-in a ticket is its appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketNews {
    /// Which.
    pub ticket: TicketId,
    /// Rises with each news of the department: of two about one ticket the higher one is the newer.
    pub n: u64,
    /// Whose.
    pub patient: PatientId,
    /// The appointment it is of.
    pub appointment: Option<AppointmentId>,
    /// Where it waits.
    pub queue: QueueId,
    /// The business day.
    pub date: BusinessDate,
    /// As shown, once one is given.
    pub number: Option<String>,
    /// Start of its slot.
    pub slot_start: Option<Timestamp>,
    /// The ticket in another department that it goes on from.
    pub linked_from: Option<TicketId>,
    /// The ticket in another department that goes on from it.
    pub linked_to: Option<TicketId>,
    /// Where it stands.
    pub stands: TicketStands,
}

/// Where a ticket stands, as far as it matters to the person beyond the place in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketStands {
    /// Booked, and not checked in: the check-in was undone, or a no-show corrected.
    Booked,
    /// Checked in, and not ended.
    CheckedIn,
    /// Over.
    Ended(AppointmentEnd),
}
