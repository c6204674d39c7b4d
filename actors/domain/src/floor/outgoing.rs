//! What an event of the floor owes others: announcements to boards, answers to doctors and other departments, news to persons.

use super::event::{Event, Over, RECALLED, Say};
use super::{notices, refunds, told};
use crate::ids::*;
use crate::owner::{Outgoing, OwnerKind, OwnerRef};
use crate::vocabulary::{AlertHeard, Announce, ToBoard, ToDepartment, ToDoctor, ToPatient};

impl Event {
    /// What it owes.
    pub fn outgoing(&self, out: &mut Vec<Outgoing>) {
        match self {
            Self::PatientSummoned(summoned) => announce(&summoned.call, 1, &summoned.say, out),
            Self::PatientRecalled { call, round, say, .. } => announce(call, *round, say, out),
            Self::PatientCalled(called) => {
                call_over(called.over.as_ref(), out);
                announce(&called.call, 1, &called.say, out);
            }
            Self::SummonsWithdrawn { over, .. }
            | Self::ServiceStarted { over, .. }
            | Self::ServiceFinished { over, .. }
            | Self::PatientSentForTests { over, .. }
            | Self::PatientMissed { over, .. }
            | Self::PatientReturned { over, .. } => call_over(Some(over), out),
            Self::TicketCancelled { over, .. }
            | Self::TicketMoved { over, .. }
            | Self::TicketRescheduled { over, .. }
            | Self::TicketSettled { over, .. } => call_over(over.as_ref(), out),
            Self::StepUndone(undone) => call_over(undone.over.as_ref(), out),
            Self::TransferSent { transfer, over, .. } => {
                call_over(over.as_ref(), out);
                let to = transfer.to.department();
                to_department(&to, ToDepartment::TakeTransfer { transfer: transfer.clone() }, out);
            }
            Self::TransferRecalled { ticket, to, .. } => {
                to_department(&to.department(), ToDepartment::RecallOfTransfer { ticket: ticket.clone() }, out);
            }
            Self::TransferReceived(entry) => {
                let source = entry.opened.linked_from.as_ref().expect("a received ticket names its source");
                taken(source, &entry.opened.ticket, &entry.opened.number, out);
            }
            Self::TransferKept { source, ticket, number, .. } => taken(source, ticket, number, out),
            Self::TransferGivenBack { source, over, .. } => {
                call_over(over.as_ref(), out);
                let refused = ToDepartment::TransferRefused { ticket: source.clone(), reason: RECALLED.to_owned() };
                to_department(&source.department(), refused, out);
            }
            Self::VisitCancelled { visit, elsewhere, .. } => end_visit(visit, elsewhere, &[], out),
            Self::VisitEnded { visit, elsewhere, told, .. } => end_visit(visit, elsewhere, told, out),
            Self::TransferDeclined { ticket, reason, .. } => {
                let refused = ToDepartment::TransferRefused { ticket: ticket.clone(), reason: reason.clone() };
                to_department(&ticket.department(), refused, out);
            }
            Self::AssignmentRefused { doctor, assignment, reason, .. } => {
                let refused = ToDoctor::AssignmentRefused { assignment: assignment.clone(), reason: reason.clone() };
                to_doctor(doctor, refused, out);
            }
            Self::WorkStopped { doctor, assignment, .. } => {
                to_doctor(doctor, ToDoctor::AssignmentEnded { assignment: assignment.clone() }, out);
            }
            Self::PreCheckPassedOn { to, kept } => {
                to_department(to, ToDepartment::TakePreCheck { kept: kept.clone() }, out);
            }
            Self::AlertAcknowledged { by, at, told, .. } => {
                for (department, ticket) in told {
                    let heard = AlertHeard { ticket: ticket.clone(), by: by.clone(), at: *at };
                    to_department(department, ToDepartment::AlertHeard(heard), out);
                }
            }
            Self::TicketTold(news) => out.push(told::request(news)),
            Self::NoticeDue { due, .. } => out.push(notices::request(due)),
            Self::RefundTold { due, amount_fen } => out.push(refunds::request_of_money(due, *amount_fen)),
            Self::NoticeAnswered { ticket, n, patient, reached, .. } => {
                let notice = NoticeId::numbered(ticket, 'n', *n);
                let heard = ToPatient::NoticeAnswerHeard { notice, reached: *reached };
                out.push(Outgoing::Request(OwnerRef::new(OwnerKind::Patient, patient.as_str()), heard.into()));
            }
            Self::VisitOpened { .. }
            | Self::PatientCheckedIn(_)
            | Self::WalkInRegistered(_)
            | Self::PatientReportedBack { .. }
            | Self::PrioritySet { .. }
            | Self::TransferCompleted { .. }
            | Self::TransferReturned { .. }
            | Self::WorkBegan { .. }
            | Self::WorkPaused { .. }
            | Self::WorkResumed { .. }
            | Self::VisitRegistered { .. }
            | Self::VisitChanged { .. }
            | Self::VisitRefused { .. }
            | Self::DaysTidied { .. }
            | Self::NumberGiven { .. }
            | Self::CallNotAnnounced { .. }
            | Self::TicketHeard { .. }
            | Self::NoticeHeard { .. }
            | Self::ReachedMarked { .. }
            | Self::WaitsExpected { .. }
            | Self::VisitRated { .. }
            | Self::PreChecked(_)
            | Self::TransferNotTaken { .. }
            | Self::TellingGoesOn { .. }
            | Self::ReminderDefined { .. }
            | Self::RemindingGoesOn { .. }
            | Self::PhoneFarAway { .. }
            | Self::SentElsewhere(_) => {}
        }
    }
}

fn announce(call: &CallId, round: u32, say: &Say, out: &mut Vec<Outgoing>) {
    for board in &say.boards {
        let announce = Announce {
            board: board.clone(),
            call: call.clone(),
            round,
            kind: say.kind,
            number: say.number.clone(),
            masked_name: say.masked_name.clone(),
            place: say.place.clone(),
            place_en: say.place_en.clone(),
        };
        let to = OwnerRef::new(OwnerKind::Board, board.as_str());
        out.push(Outgoing::Effect(to, ToBoard::Announce(announce).into()));
    }
}

fn call_over(over: Option<&Over>, out: &mut Vec<Outgoing>) {
    for over in over.into_iter() {
        for board in &over.boards {
            let to = OwnerRef::new(OwnerKind::Board, board.as_str());
            out.push(Outgoing::Effect(to, ToBoard::CallOver { call: over.call.clone() }.into()));
        }
    }
}

/// Tells the source under which ticket it goes on here.
fn taken(source: &TicketId, ticket: &TicketId, number: &str, out: &mut Vec<Outgoing>) {
    let taken = ToDepartment::TransferTaken {
        ticket: source.clone(),
        new_ticket: ticket.clone(),
        new_number: number.to_owned(),
    };
    to_department(&source.department(), taken, out);
}

/// Nobody is left waiting elsewhere in a visit that is off. Each department is told once, however the tickets went round.
fn end_visit(visit: &VisitId, elsewhere: &[DepartmentId], told: &[DepartmentId], out: &mut Vec<Outgoing>) {
    for department in elsewhere {
        let told = told.iter().chain(elsewhere).cloned().collect();
        to_department(department, ToDepartment::EndVisit { visit: visit.clone(), told }, out);
    }
}

fn to_department(id: &DepartmentId, message: ToDepartment, out: &mut Vec<Outgoing>) {
    out.push(Outgoing::Effect(OwnerRef::new(OwnerKind::Department, id.as_str()), message.into()));
}

fn to_doctor(id: &DoctorId, message: ToDoctor, out: &mut Vec<Outgoing>) {
    out.push(Outgoing::Effect(OwnerRef::new(OwnerKind::Doctor, id.as_str()), message.into()));
}
