//! What the hospital's own system is shown: what becomes of its visits, and of each ticket from the check-in on.

use serde_json::{Value, json};

use super::parts::View;
use super::touched::ticket_of;
use crate::department::State;
use crate::floor::{Event, Standing, StepKind, Ticket};
use crate::ids::*;
use crate::time::Timestamp;

impl View<'_> {
    /// What the hospital's own system is told: who checked in, was called, started, missed, finished.
    pub fn for_the_hospital(&self, event: &Event) -> Option<Value> {
        match event {
            Event::VisitRegistered { visit, outside, .. } | Event::VisitChanged { visit, outside, .. } => {
                return self.visit_for_the_hospital(visit, &outside.visit_id);
            }
            Event::VisitRefused { visit, visit_id, .. } => return self.visit_for_the_hospital(visit, visit_id),
            Event::VisitCancelled { visit, .. } => {
                let outside = self.state.floor.visits.get(visit)?.outside.as_ref()?;
                return self.visit_for_the_hospital(visit, &outside.visit_id);
            }
            Event::PatientCheckedIn(_)
            | Event::WalkInRegistered(_)
            | Event::TransferReceived(_)
            | Event::PatientCalled(_)
            | Event::ServiceStarted { .. }
            | Event::ServiceFinished { .. }
            | Event::PatientSentForTests { .. }
            | Event::PatientMissed { .. }
            | Event::PatientReturned { .. }
            | Event::PatientReportedBack { .. }
            | Event::TicketCancelled { .. }
            | Event::TicketMoved { .. }
            | Event::TicketRescheduled { .. }
            | Event::TransferSent { .. }
            | Event::TransferRecalled { .. }
            | Event::TransferCompleted { .. }
            | Event::TransferReturned { .. }
            | Event::TransferGivenBack { .. }
            | Event::StepUndone(_)
            | Event::TicketSettled { .. } => {}
            // Doors, screens and the order in the line are this house's own affair.
            Event::PatientSummoned(_)
            | Event::SummonsWithdrawn { .. }
            | Event::PatientRecalled { .. }
            | Event::CallNotAnnounced { .. }
            | Event::PrioritySet { .. } => return None,
            Event::VisitOpened { .. }
            | Event::VisitEnded { .. }
            | Event::TransferDeclined { .. }
            | Event::TransferKept { .. }
            | Event::WorkBegan { .. }
            | Event::AssignmentRefused { .. }
            | Event::WorkPaused { .. }
            | Event::WorkResumed { .. }
            | Event::WorkStopped { .. }
            | Event::NumberGiven { .. }
            | Event::DaysTidied { .. }
            | Event::TicketTold(_)
            | Event::TicketHeard { .. }
            | Event::NoticeDue { .. }
            | Event::RefundTold { .. }
            | Event::NoticeHeard { .. }
            | Event::NoticeAnswered { .. }
            | Event::ReachedMarked { .. }
            | Event::TellingGoesOn { .. }
            | Event::ReminderDefined { .. }
            | Event::RemindingGoesOn { .. }
            | Event::PhoneFarAway { .. }
            | Event::WaitsExpected { .. }
            | Event::VisitRated { .. }
            // Answers about somebody's health stay in the department.
            | Event::PreChecked(_)
            | Event::AlertAcknowledged { .. }
            | Event::SentElsewhere(_)
            | Event::TransferNotTaken { .. }
            | Event::PreCheckPassedOn { .. } => return None,
        }
        let ticket = self.state.floor.tickets.get(ticket_of(event)?)?;
        Some(self.ticket_for_the_hospital(ticket, self.now))
    }

    fn visit_for_the_hospital(&self, visit: &VisitId, visit_id: &str) -> Option<Value> {
        let mut told = visit_as_told(self.state, visit, visit_id)?;
        told["at"] = json!(self.at(self.now));
        Some(told)
    }

    /// The tickets that are shown, as the hospital's own system has been told of them; `at` is the last step told.
    pub fn tickets_for_the_hospital(&self) -> Value {
        let shown = self.state.floor.tickets.values().filter(|ticket| self.is_shown(ticket));
        let told = shown.map(|ticket| {
            let heard = ticket.steps.iter().rfind(|step| is_heard_by_the_hospital(step.what));
            let at = heard.map_or(ticket.opened.checked_in_at, |step| step.at);
            (ticket.id().to_string(), self.ticket_for_the_hospital(ticket, at))
        });
        Value::Object(told.collect())
    }

    fn ticket_for_the_hospital(&self, ticket: &Ticket, at: Timestamp) -> Value {
        let opened = &ticket.opened;
        let visit = self.state.floor.visits.get(&opened.visit);
        let call = ticket.standing.call();
        json!({
            "ticket": ticket.id(),
            "visit": opened.visit,
            "visit_id": visit.and_then(|visit| visit.outside.as_ref()).map(|outside| &outside.visit_id),
            "appointment": opened.appointment,
            "patient": opened.brief.patient,
            "department": self.state.config.id,
            "queue": opened.queue,
            "number": opened.number,
            "state": match &ticket.standing {
                Standing::Summoned(_) => Standing::Waiting.name(),
                standing => standing.name(),
            },
            "doctor": call.map(|call| &call.doctor),
            "service_point": call.map(|call| &call.service_point),
            "linked_to": ticket.linked_to,
            "at": self.at(at),
        })
    }
}

/// Whether the step's event goes to the hospital's own system, see [`View::for_the_hospital`].
fn is_heard_by_the_hospital(what: StepKind) -> bool {
    !matches!(what, StepKind::Summoned | StepKind::SummonsWithdrawn | StepKind::Recalled | StepKind::Prioritised)
}

/// How a visit from outside stands, as the hospital's own system has been told of it last; none while this department has
/// not heard of it. A change that was refused leaves the visit where it was, under the version that was refused.
pub fn visit_as_told(state: &State, visit: &VisitId, visit_id: &str) -> Option<Value> {
    let outside = state.floor.visits.get(visit).and_then(|known| known.outside.as_ref());
    let refused = state.floor.refused.get(visit);
    let refused = refused.filter(|refused| outside.is_none_or(|outside| refused.version > outside.version));
    let (version, date) = match (refused, outside) {
        (Some(refused), _) => (refused.version, refused.date),
        (None, Some(outside)) => (outside.version, outside.date),
        (None, None) => return None,
    };
    Some(json!({
        "visit": visit,
        "visit_id": visit_id,
        "version": version,
        "department": state.config.id,
        "queue": outside.map(|outside| &outside.queue),
        "number": outside.map(|outside| &outside.number),
        "date": outside.map_or(date, |outside| outside.date),
        "state": match (refused, outside) {
            (Some(_), _) => "refused",
            (None, Some(outside)) if outside.cancelled => "cancelled",
            (None, _) => "registered",
        },
        "code": refused.map(|refused| refused.code.wire()),
    }))
}
