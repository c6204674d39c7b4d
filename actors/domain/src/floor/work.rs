//! Doctors at work in the department: begin under a numbered assignment, pause, resume, stop.

use super::event::Event;
use super::state::Pause;
use super::{calls, doors, emit};
use crate::department::{Department, State};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::time::Timestamp;
use crate::vocabulary::*;
use crate::{Code, Rejection};

/// From the doctor's owner: the doctor works here now, under that number. Total: what cannot be is answered by an
/// effect ([`Event::AssignmentRefused`]).
pub fn begin(
    draft: &mut Draft<'_, Department>,
    doctor: DoctorId,
    assignment: AssignmentId,
    service_point: ServicePointId,
    context: &Context,
) -> Answer {
    let state = draft.state();
    if state.floor.work.get(&doctor).is_some_and(|work| work.assignment == assignment) {
        return Answer::AtWork { assignment };
    }
    if let Some(reason) = refusal(state, &doctor, &service_point) {
        let reason = reason.to_owned();
        emit(draft, Event::AssignmentRefused { doctor, assignment, reason, at: context.now });
        return Answer::Done;
    }
    let date = state.config.today(context.now);
    emit(draft, Event::WorkBegan { doctor, assignment: assignment.clone(), service_point, date, at: context.now });
    doors::fill(draft, context.now);
    Answer::AtWork { assignment }
}

fn refusal(state: &State, doctor: &DoctorId, service_point: &ServicePointId) -> Option<&'static str> {
    if state.config.retired {
        return Some("the department is retired");
    }
    if state.config.doctors.get(doctor).is_none_or(|known| known.retired) {
        return Some("the doctor does not work in this department");
    }
    if state.config.service_points.get(service_point).is_none_or(|point| point.retired) {
        return Some("there is no such service point");
    }
    if state.floor.work.contains_key(doctor) {
        return Some("the doctor is at work here under another number");
    }
    state.floor.rooms.contains_key(service_point).then_some("another doctor has the room")
}

/// No calls for a while; who stands at the door goes back to the old place.
pub fn pause(draft: &mut Draft<'_, Department>, command: &PauseWork, context: &Context) -> Result<Answer, Rejection> {
    let (doctor, _) = calls::at_work(draft.state(), &command.assignment, context)?;
    let doctor = doctor.clone();
    let today = draft.state().config.today(context.now);
    let is_later_today = |at: Timestamp| at > context.now && draft.state().config.today(at) == today;
    if command.back_at.is_some_and(|at| !is_later_today(at)) {
        return Err(Rejection::field("back_at", "back_at is later on this day"));
    }
    let pause = Pause { reason: command.reason.clone(), back_at: command.back_at };
    emit(draft, Event::WorkPaused { doctor: doctor.clone(), pause, at: context.now });
    empty_door(draft, &doctor, context.now);
    doors::fill(draft, context.now);
    Ok(Answer::Done)
}

/// Calls go on.
pub fn resume(draft: &mut Draft<'_, Department>, command: &ResumeWork, context: &Context) -> Result<Answer, Rejection> {
    let (doctor, work) = calls::at_work(draft.state(), &command.assignment, context)?;
    if work.pause.is_none() {
        return Ok(Answer::Done);
    }
    let doctor = doctor.clone();
    emit(draft, Event::WorkResumed { doctor, at: context.now });
    doors::fill(draft, context.now);
    Ok(Answer::Done)
}

/// Done here. Rejects `patient_in_hand`.
pub fn stop(draft: &mut Draft<'_, Department>, command: &StopWork, context: &Context) -> Result<Answer, Rejection> {
    let (doctor, work) = calls::at_work(draft.state(), &command.assignment, context)?;
    if let Some(in_hand) = &work.in_hand {
        return Err(Rejection::from(Code::PatientInHand).with("in_hand", in_hand.as_str()));
    }
    let (doctor, service_point) = (doctor.clone(), work.service_point.clone());
    empty_door(draft, &doctor, context.now);
    let assignment = command.assignment.clone();
    emit(draft, Event::WorkStopped { doctor, assignment, service_point, at: context.now });
    doors::fill(draft, context.now);
    Ok(Answer::Done)
}

/// Everybody at this doctor's door goes back to the old place, the last one first.
fn empty_door(draft: &mut Draft<'_, Department>, doctor: &DoctorId, at: Timestamp) {
    let at_door = draft.state().floor.work.get(doctor).map(|work| work.at_door.clone()).unwrap_or_default();
    all_back(draft, at_door, at);
}

/// Who stands at the door of a doctor who does not call from that queue any more goes back to the old place: the
/// configuration has taken the queue away.
pub(crate) fn step_back(draft: &mut Draft<'_, Department>, at: Timestamp) {
    let floor = &draft.state().floor;
    let strays = floor.work.values().flat_map(|work| {
        let called_from = |ticket: &&TicketId| work.queues.contains(&floor.tickets[*ticket].opened.queue);
        work.at_door.iter().filter(move |ticket| !called_from(ticket)).cloned()
    });
    let strays = strays.collect();
    all_back(draft, strays, at);
}

fn all_back(draft: &mut Draft<'_, Department>, at_door: Vec<TicketId>, at: Timestamp) {
    for ticket in at_door.into_iter().rev() {
        doors::withdraw(draft, &ticket, at);
    }
}
