//! Which streams an event of the floor changes.

use crate::clinic;
use crate::department::State;
use crate::floor::{Event, Standing, Work};
use crate::ids::*;

/// What an event has changed, as far as streams show it.
#[derive(Default)]
pub(super) struct Touched<'a> {
    /// The ticket.
    pub ticket: Option<&'a TicketId>,
    /// Queues in which the ticket is or was: order and rooms.
    pub queues: Vec<QueueId>,
    /// Further queues that the doctors call from: rooms.
    pub rooms_of: Vec<QueueId>,
    /// Doctors whose hand or door has changed.
    pub doctors: Vec<DoctorId>,
    /// Rooms whose door screens may have changed.
    pub doors: Vec<ServicePointId>,
    /// Who calls has changed: told to those who wait for `rooms_of`, too.
    pub rooms: bool,
}

impl<'a> Touched<'a> {
    /// By an event, in the state after it.
    pub fn by(state: &State, event: &'a Event) -> Self {
        let mut touched = Self { ticket: ticket_of(event), ..Self::default() };
        match event {
            Event::WorkBegan { doctor, .. } | Event::WorkStopped { doctor, .. } => {
                touched.doctors.push(doctor.clone());
                // Whether a queue is one room's own changes for the others too, and whether a clinic of it is awaited
                // elsewhere.
                touched.doors.extend(state.config.service_points.keys().cloned());
                touched.rooms_of.extend(state.config.queues.keys().cloned());
                touched.rooms = true;
            }
            Event::WorkPaused { doctor, .. } | Event::WorkResumed { doctor, .. } => {
                touched.doctor(state, doctor);
                touched.rooms = true;
            }
            Event::StepUndone(undone) => {
                state.floor.work.keys().chain(&undone.doctor).for_each(|doctor| touched.doctor(state, doctor));
                if undone.opened.is_some() {
                    touched.queues.extend(state.config.queues.keys().cloned());
                }
            }
            _ => {}
        }
        if let Some(ticket) = touched.ticket.and_then(|id| state.floor.tickets.get(id)) {
            touched.queue(state, &ticket.opened.queue);
            touched.doors.extend(awaited_at(state, ticket.opened.session.as_ref()));
            touched.standing(state, &ticket.standing);
            // The state is the one after the whole command: it may have taken more steps than this event's.
            let last = ticket.steps.last().map(|step| step.at);
            for step in ticket.steps.iter().rev().take_while(|step| Some(step.at) == last) {
                let Some(before) = &step.before else { continue };
                touched.standing(state, &before.standing);
                if let Some(opened) = &before.opened {
                    touched.queue(state, &opened.queue);
                    touched.doors.extend(awaited_at(state, opened.session.as_ref()));
                }
            }
        }
        let Self { queues, rooms_of, doctors, doors, .. } = &mut touched;
        queues.sort();
        queues.dedup();
        rooms_of.retain(|queue| queues.binary_search(queue).is_err());
        rooms_of.sort();
        rooms_of.dedup();
        doctors.sort();
        doctors.dedup();
        doors.sort();
        doors.dedup();
        touched
    }

    fn standing(&mut self, state: &State, standing: &Standing) {
        match standing {
            Standing::Called(call) | Standing::Serving { call, .. } => self.doctor(state, &call.doctor),
            Standing::Summoned(summons) => {
                if let Some(doctor) = state.floor.rooms.get(&summons.service_point) {
                    self.doctor(state, doctor);
                }
            }
            _ => {}
        }
    }

    fn doctor(&mut self, state: &State, doctor: &DoctorId) {
        self.doctors.push(doctor.clone());
        if let Some(work) = state.floor.work.get(doctor) {
            self.doors.push(work.service_point.clone());
            self.rooms_of.extend(work.queues.iter().cloned());
        }
    }

    /// The queue, and every doctor and door that shows how many wait in it.
    fn queue(&mut self, state: &State, queue: &QueueId) {
        self.queues.push(queue.clone());
        let calls_from = |(_, work): &(&DoctorId, &Work)| work.queues.contains(queue);
        for (doctor, work) in state.floor.work.iter().filter(calls_from) {
            self.doctors.push(doctor.clone());
            self.doors.push(work.service_point.clone());
        }
    }
}

/// The door at which a ticket's clinic is awaited: whoever calls it, from then on it is not.
fn awaited_at(state: &State, session: Option<&SessionId>) -> Option<ServicePointId> {
    state.clinic.sessions.get(session?)?.service_point.clone()
}

/// The ticket that an event is about.
pub(crate) fn ticket_of(event: &Event) -> Option<&TicketId> {
    match event {
        Event::PatientCheckedIn(entry) | Event::WalkInRegistered(entry) | Event::TransferReceived(entry) => {
            Some(&entry.opened.ticket)
        }
        Event::PatientSummoned(summoned) => Some(&summoned.summons.picked.ticket),
        Event::PatientCalled(called) => Some(&called.ticket),
        Event::StepUndone(undone) => Some(&undone.ticket),
        Event::TransferSent { transfer, .. } => Some(&transfer.ticket),
        Event::PreChecked(checked) => Some(&checked.ticket),
        Event::SummonsWithdrawn { ticket, .. }
        | Event::AlertAcknowledged { ticket, .. }
        | Event::PatientRecalled { ticket, .. }
        | Event::CallNotAnnounced { ticket, .. }
        | Event::ServiceStarted { ticket, .. }
        | Event::ServiceFinished { ticket, .. }
        | Event::PatientSentForTests { ticket, .. }
        | Event::PatientMissed { ticket, .. }
        | Event::PatientReturned { ticket, .. }
        | Event::PatientReportedBack { ticket, .. }
        | Event::PrioritySet { ticket, .. }
        | Event::TicketCancelled { ticket, .. }
        | Event::TicketMoved { ticket, .. }
        | Event::TicketRescheduled { ticket, .. }
        | Event::TransferRecalled { ticket, .. }
        | Event::TransferCompleted { ticket, .. }
        | Event::TransferReturned { ticket, .. }
        | Event::TransferNotTaken { ticket, .. }
        | Event::TransferGivenBack { ticket, .. }
        | Event::NoticeAnswered { ticket, .. }
        | Event::ReachedMarked { ticket, .. }
        | Event::PhoneFarAway { ticket, .. }
        | Event::TicketSettled { ticket, .. } => Some(ticket),
        Event::VisitOpened { .. }
        | Event::TransferDeclined { .. }
        | Event::WorkBegan { .. }
        | Event::AssignmentRefused { .. }
        | Event::WorkPaused { .. }
        | Event::WorkResumed { .. }
        | Event::WorkStopped { .. }
        | Event::VisitRegistered { .. }
        | Event::VisitChanged { .. }
        | Event::VisitCancelled { .. }
        | Event::VisitRefused { .. }
        | Event::DaysTidied { .. }
        | Event::NumberGiven { .. }
        | Event::TicketTold(_)
        | Event::TicketHeard { .. }
        | Event::NoticeDue { .. }
        | Event::RefundTold { .. }
        | Event::NoticeHeard { .. }
        | Event::TellingGoesOn { .. }
        | Event::ReminderDefined { .. }
        | Event::RemindingGoesOn { .. }
        | Event::TransferKept { .. }
        | Event::SentElsewhere(_)
        | Event::PreCheckPassedOn { .. }
        | Event::VisitEnded { .. }
        | Event::WaitsExpected { .. }
        | Event::VisitRated { .. } => None,
    }
}

/// The appointment that an event of the clinic is about: its phone may watch the ticket that it will be.
pub(super) fn appointment(event: &clinic::Event) -> Option<&AppointmentId> {
    match event {
        clinic::Event::PlaceHeld { appointment, .. }
        | clinic::Event::PlaceBooked { appointment, .. }
        | clinic::Event::AppointmentConfirmed { appointment, .. }
        | clinic::Event::HoldExpired { appointment, .. }
        | clinic::Event::AppointmentCancelled { appointment, .. }
        | clinic::Event::AppointmentGivenBack { appointment, .. }
        | clinic::Event::CheckInUndone { appointment, .. }
        | clinic::Event::NoShowRecorded { appointment, .. }
        | clinic::Event::NoShowCorrected { appointment, .. }
        | clinic::Event::AppointmentStopped { appointment, .. }
        | clinic::Event::AppointmentRestored { appointment, .. } => Some(appointment),
        _ => None,
    }
}

/// The appointment with which somebody is to come, again or only now, that an event of the clinic is about.
pub(super) fn to_come_again(event: &clinic::Event) -> Option<&AppointmentId> {
    match event {
        clinic::Event::AppointmentConfirmed { appointment, .. }
        | clinic::Event::CheckInUndone { appointment, .. }
        | clinic::Event::NoShowCorrected { appointment, .. }
        | clinic::Event::AppointmentRestored { appointment, .. } => Some(appointment),
        _ => None,
    }
}
