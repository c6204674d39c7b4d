//! The doctor's owner: presence, and where the doctor works now: at most one department in the house, under a numbered
//! assignment that ends only when the department says so.

#[cfg(test)]
mod tests;
pub mod view;

use serde::{Deserialize, Serialize};

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::*;
use crate::time::Timestamp;
use crate::vocabulary::{Answer, DefineDoctor, RetireDoctor, StartWork, ToDepartment, ToDoctor, ToSite};

/// A place of work.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// Its number.
    pub assignment: AssignmentId,
    /// The department.
    pub department: DepartmentId,
    /// The room or window.
    pub service_point: ServicePointId,
    /// Since when.
    pub since: Timestamp,
}

/// A doctor.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Who.
    pub id: DoctorId,
    /// Known once the site has said so.
    pub definition: Option<DefineDoctor>,
    /// Begins nothing any more.
    pub retired: bool,
    /// How many assignments there have been.
    pub assignments: u64,
    /// Where the doctor works now.
    pub at_work: Option<Work>,
    /// Why the last assignment was refused, until the next one.
    pub refused: Option<String>,
}

/// A fact about a doctor. Stored types: append only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The site says who this is.
    DoctorConfigured {
        /// The doctor.
        definition: DefineDoctor,
    },
    /// The site says: no more.
    DoctorRetired,
    /// Work begins; the department is told.
    WorkStarted {
        /// Who.
        doctor: DoctorId,
        /// Where, under which number.
        work: Work,
    },
    /// The department has ended the assignment: nothing is in hand.
    WorkEnded {
        /// Which.
        assignment: AssignmentId,
    },
    /// The department has refused the assignment.
    WorkRefused {
        /// Which.
        assignment: AssignmentId,
        /// Why.
        reason: String,
    },
    /// Begins nothing any more, and is at work nowhere; the site is told.
    RetirementDecided {
        /// Who.
        doctor: DoctorId,
    },
}

/// A doctor.
pub struct Doctor;

impl Owner for Doctor {
    const KIND: OwnerKind = OwnerKind::Doctor;
    const STATE_VERSION: u16 = 1;
    type State = State;
    type Command = ToDoctor;
    type Event = Event;

    fn new_state(id: &str) -> State {
        State { id: DoctorId::from(id), definition: None, retired: false, assignments: 0, at_work: None, refused: None }
    }

    fn decide(draft: &mut Draft<'_, Self>, command: ToDoctor, context: &Context) -> Result<Answer, Rejection> {
        match command {
            ToDoctor::Configure(definition) => {
                if draft.state().definition.as_ref() != Some(&definition) {
                    draft.emit(Event::DoctorConfigured { definition });
                }
            }
            ToDoctor::Retire => {
                if !draft.state().retired {
                    draft.emit(Event::DoctorRetired);
                }
            }
            ToDoctor::RetireUnused => return retire(draft),
            ToDoctor::StartWork(command) => return start_work(draft, command, context),
            ToDoctor::AssignmentEnded { assignment } => {
                if is_current(draft.state(), &assignment) {
                    draft.emit(Event::WorkEnded { assignment });
                }
            }
            ToDoctor::AssignmentRefused { assignment, reason } => {
                if is_current(draft.state(), &assignment) {
                    draft.emit(Event::WorkRefused { assignment, reason });
                }
            }
            ToDoctor::DeadlineReached => {}
        }
        Ok(Answer::Done)
    }

    fn apply(state: &mut State, event: &Event) {
        match event {
            Event::DoctorConfigured { definition } => state.definition = Some(definition.clone()),
            Event::DoctorRetired | Event::RetirementDecided { .. } => state.retired = true,
            Event::WorkStarted { work, .. } => {
                state.assignments += 1;
                state.at_work = Some(work.clone());
                state.refused = None;
            }
            Event::WorkEnded { .. } => state.at_work = None,
            Event::WorkRefused { reason, .. } => {
                state.at_work = None;
                state.refused = Some(reason.clone());
            }
        }
    }

    fn event_kind(event: &Event) -> (u16, &'static str) {
        match event {
            Event::DoctorConfigured { .. } => (400, "doctor_configured"),
            Event::DoctorRetired => (401, "doctor_retired"),
            Event::WorkStarted { .. } => (402, "work_started"),
            Event::WorkEnded { .. } => (403, "work_ended"),
            Event::WorkRefused { .. } => (404, "work_refused"),
            Event::RetirementDecided { .. } => (405, "retirement_decided"),
        }
    }

    fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
        if let Event::WorkStarted { doctor, work } = event {
            let to = OwnerRef::new(OwnerKind::Department, work.department.as_str());
            let begin = ToDepartment::BeginAssignment {
                doctor: doctor.clone(),
                assignment: work.assignment.clone(),
                service_point: work.service_point.clone(),
            };
            out.push(Outgoing::Effect(to, begin.into()));
        }
        if let Event::RetirementDecided { doctor } = event {
            let to = OwnerRef::new(OwnerKind::Site, doctor.site().as_str());
            out.push(Outgoing::Effect(to, ToSite::RetireDoctor(RetireDoctor { id: doctor.clone() }).into()));
        }
    }

    fn next_deadline(_state: &State) -> Option<Timestamp> {
        None
    }

    fn receive(message: Message) -> Option<ToDoctor> {
        match message {
            Message::Doctor(command) => Some(*command),
            _ => None,
        }
    }
}

/// Rejects `in_use` while at work: says where. Retiring again changes nothing.
fn retire(draft: &mut Draft<'_, Doctor>) -> Result<Answer, Rejection> {
    if let Some(work) = &draft.state().at_work {
        return Err(Rejection::from(Code::InUse)
            .with("assignment", work.assignment.as_str())
            .with("department", work.department.as_str())
            .with("service_point", work.service_point.as_str()));
    }
    if !draft.state().retired {
        let doctor = draft.state().id.clone();
        draft.emit(Event::RetirementDecided { doctor });
    }
    Ok(Answer::Done)
}

fn is_current(state: &State, assignment: &AssignmentId) -> bool {
    state.at_work.as_ref().is_some_and(|work| work.assignment == *assignment)
}

fn start_work(draft: &mut Draft<'_, Doctor>, command: StartWork, context: &Context) -> Result<Answer, Rejection> {
    let state = draft.state();
    let definition = state.definition.as_ref().ok_or(Code::Forbidden)?;
    if state.retired {
        return Err(Code::Retired.into());
    }
    if !definition.departments.contains(&command.department) {
        return Err(Code::Forbidden.into());
    }
    if command.service_point.department() != command.department {
        return Err(Rejection::field("service_point", "the service point is another department's"));
    }
    if let Some(work) = &state.at_work {
        return Err(Rejection::from(Code::AlreadyWorking)
            .with("assignment", work.assignment.as_str())
            .with("department", work.department.as_str())
            .with("service_point", work.service_point.as_str()));
    }
    let assignment = AssignmentId::numbered(&state.id, 'n', state.assignments + 1);
    let work = Work {
        assignment: assignment.clone(),
        department: command.department,
        service_point: command.service_point,
        since: context.now,
    };
    let doctor = state.id.clone();
    draft.emit(Event::WorkStarted { doctor, work });
    Ok(Answer::AtWork { assignment })
}
