//! What the persons' owners are told of tickets, and of appointments that are cancelled, missed or restored: each arrival,
//! end and undoing; kept until it is heard and asked again until then. One news of a ticket at a time: the newest, whole.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::state::{Floor, Standing, StepKind, Ticket, TicketEnd};
use crate::clinic::{self, Appointment, AppointmentState, Clinic, TicketFate};
use crate::department::{self, Department, State};
use crate::ids::*;
use crate::owner::{Context, Draft, Outgoing, OwnerKind, OwnerRef};
use crate::vocabulary::{Answer, AppointmentEnd, TicketNews, TicketStands, ToPatient};

/// News under way.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The number of the last news.
    pub n: u64,
    /// By ticket, until heard.
    pub unheard: BTreeMap<TicketId, TicketNews>,
}

impl Told {
    pub(super) fn tell(&mut self, news: &TicketNews) {
        self.n = news.n;
        self.unheard.insert(news.ticket.clone(), news.clone());
    }

    pub(super) fn heard(&mut self, ticket: &TicketId) {
        self.unheard.remove(ticket);
    }

    /// Forgets what nobody has heard of days before this one.
    pub(super) fn tidy(&mut self, before: crate::BusinessDate) {
        self.unheard.retain(|_, news| news.date >= before);
    }
}

/// The request that a news is.
pub(crate) fn request(news: &TicketNews) -> Outgoing {
    Outgoing::Request(
        OwnerRef::new(OwnerKind::Patient, news.patient.as_str()),
        ToPatient::TicketTold(news.clone()).into(),
    )
}

/// The person's owner has it.
pub(crate) fn heard(draft: &mut Draft<'_, Department>, ticket: TicketId, n: u64, context: &Context) -> Answer {
    if draft.state().floor.told.unheard.get(&ticket).is_some_and(|news| news.n <= n) {
        super::emit(draft, Event::TicketHeard { ticket, n, at: context.now });
    }
    Answer::Done
}

/// After a decision: the appointments of the tickets that came, ended or were undone by it follow them, and the persons'
/// owners are told.
pub(crate) fn tell(draft: &mut Draft<'_, Department>) {
    let mut tickets: Vec<TicketId> = Vec::new();
    let floor = &draft.state().floor;
    for ticket in draft.events().iter().filter_map(|event| subject(floor, event)) {
        if !tickets.contains(&ticket) {
            tickets.push(ticket);
        }
    }
    for id in tickets {
        let ticket = draft.state().floor.tickets.get(&id);
        let fate = ticket.and_then(|ticket| Some((ticket.opened.appointment.clone()?, fate(&ticket.standing))));
        if let Some((appointment, fate)) = fate {
            let decision = clinic::decide_follow_ticket(&draft.state().clinic, &appointment, fate);
            department::emit_clinic(draft, decision);
        }
        if let Some(news) = news(draft.state(), &id) {
            super::emit(draft, Event::TicketTold(Box::new(news)));
        }
    }
}

/// The ticket whose person is to hear of an event.
fn subject(floor: &Floor, event: &department::Event) -> Option<TicketId> {
    match event {
        department::Event::Clinic(
            clinic::Event::AppointmentCancelled { appointment, .. }
            | clinic::Event::AppointmentGivenBack { appointment, .. }
            | clinic::Event::AppointmentRestored { appointment, .. }
            | clinic::Event::NoShowRecorded { appointment, .. }
            | clinic::Event::NoShowCorrected { appointment, .. }
            | clinic::Event::AppointmentStopped { appointment, .. },
        ) => Some(appointment.ticket()),
        // Asked after what may be undone: only the number of a news says which of two words is the newer.
        department::Event::Clinic(clinic::Event::StandingRepeated {
            appointment,
            standing: clinic::Standing::Ended { how },
            ..
        }) if !matches!(how, AppointmentEnd::Refused | AppointmentEnd::Expired) => Some(appointment.ticket()),
        department::Event::Floor(event) => match event {
            Event::PatientCheckedIn(entry) | Event::WalkInRegistered(entry) | Event::TransferReceived(entry) => {
                Some(entry.opened.ticket.clone())
            }
            Event::ServiceFinished { ticket, .. }
            | Event::TicketCancelled { ticket, .. }
            | Event::TicketSettled { ticket, .. }
            | Event::TicketMoved { ticket, .. }
            | Event::TicketRescheduled { ticket, .. }
            | Event::TransferCompleted { ticket, .. }
            | Event::TransferRecalled { ticket, .. }
            | Event::TransferReturned { ticket, .. }
            | Event::TransferGivenBack { ticket, .. } => Some(ticket.clone()),
            Event::StepUndone(undone) => {
                let step = floor.tickets.get(&undone.ticket)?.steps.get(undone.step as usize - 1)?;
                let matters = matches!(
                    step.what,
                    StepKind::CheckedIn
                        | StepKind::Registered
                        | StepKind::Finished
                        | StepKind::Cancelled
                        | StepKind::Settled
                        | StepKind::Moved
                );
                matters.then(|| undone.ticket.clone())
            }
            _ => None,
        },
        _ => None,
    }
}

fn fate(standing: &Standing) -> TicketFate {
    match standing {
        Standing::Ended { how: TicketEnd::Seen | TicketEnd::Transferred, .. } => TicketFate::Seen,
        Standing::Ended { how: TicketEnd::Cancelled | TicketEnd::ReturnDay | TicketEnd::Refund, .. } => {
            TicketFate::GivenUp
        }
        Standing::Ended { how: TicketEnd::Undone, at } => TicketFate::Undone { at: *at },
        Standing::Ended { how: TicketEnd::GivenBack, .. } => TicketFate::GivenBack,
        _ => TicketFate::Here,
    }
}

/// Where a ticket stands, for its person; before check-in it is its appointment.
fn news(state: &State, id: &TicketId) -> Option<TicketNews> {
    let n = state.floor.told.n + 1;
    let Some(ticket) = state.floor.tickets.get(id) else { return news_of_appointment(state, id, n) };
    let opened = &ticket.opened;
    Some(TicketNews {
        ticket: id.clone(),
        n,
        patient: opened.brief.patient.clone(),
        appointment: opened.appointment.clone(),
        queue: opened.queue.clone(),
        date: opened.date,
        number: Some(opened.number.clone()),
        slot_start: opened.slot_start,
        linked_from: opened.linked_from.clone(),
        linked_to: ticket.linked_to.clone(),
        stands: stands(ticket, &state.clinic),
    })
}

fn stands(ticket: &Ticket, clinic: &Clinic) -> TicketStands {
    match (fate(&ticket.standing), &ticket.opened.appointment) {
        (TicketFate::Here, _) => TicketStands::CheckedIn,
        (TicketFate::Seen, _) => TicketStands::Ended(AppointmentEnd::Fulfilled),
        (TicketFate::GivenUp, _) => TicketStands::Ended(AppointmentEnd::GivenUp),
        (TicketFate::GivenBack, _) => TicketStands::Ended(AppointmentEnd::GivenBack),
        (TicketFate::Undone { .. }, Some(appointment)) => before_check_in(clinic.appointments.get(appointment)),
        (TicketFate::Undone { .. }, None) => TicketStands::Ended(AppointmentEnd::Cancelled),
    }
}

fn before_check_in(appointment: Option<&Appointment>) -> TicketStands {
    use AppointmentState::{Cancelled, GivenBack, NoShow, Stopped};
    match appointment.map(|known| known.state) {
        Some(state @ (Cancelled | GivenBack | NoShow | Stopped)) => of_appointment(state),
        _ => TicketStands::Booked,
    }
}

fn of_appointment(state: AppointmentState) -> TicketStands {
    match state {
        AppointmentState::Booked => TicketStands::Booked,
        AppointmentState::Fulfilled => TicketStands::Ended(AppointmentEnd::Fulfilled),
        AppointmentState::GivenUp => TicketStands::Ended(AppointmentEnd::GivenUp),
        AppointmentState::Cancelled => TicketStands::Ended(AppointmentEnd::Cancelled),
        AppointmentState::NoShow => TicketStands::Ended(AppointmentEnd::NoShow),
        AppointmentState::Stopped => TicketStands::Ended(AppointmentEnd::Stopped),
        _ => TicketStands::Ended(AppointmentEnd::GivenBack),
    }
}

/// A cancellation, a no-show, either of them undone, or what has become of a ticket that is forgotten.
fn news_of_appointment(state: &State, ticket: &TicketId, n: u64) -> Option<TicketNews> {
    let id = ticket.appointment()?;
    let known = state.clinic.appointments.get(&id)?;
    let (slot, session) = (state.clinic.slots.get(&known.slot)?, state.clinic.session_of(&known.slot)?);
    Some(TicketNews {
        ticket: ticket.clone(),
        n,
        patient: known.brief.patient.clone(),
        appointment: Some(id),
        queue: session.queue.clone(),
        date: session.date,
        number: known.number.clone(),
        slot_start: Some(slot.start),
        linked_from: None,
        linked_to: None,
        stands: of_appointment(known.state),
    })
}
