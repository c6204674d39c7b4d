//! What can have happened at a site, and to whom it is told. Stored types: append only.

use serde::{Deserialize, Serialize};

use crate::ids::*;
use crate::owner::{Message, Outgoing, OwnerKind, OwnerRef};
use crate::person::PatientBrief;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::*;

use super::state::*;

/// A fact about a site. Each states all that the owners it reaches must know.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// The site is this; its departments are told when the zone has changed.
    SiteDefined {
        /// The site.
        definition: DefineSite,
        /// Who must learn of the zone.
        departments: Vec<DefineDepartment>,
    },
    /// A department is this.
    DepartmentDefined {
        /// The site's zone.
        time_zone: String,
        /// The department.
        definition: DefineDepartment,
    },
    /// A service point is this.
    ServicePointDefined {
        /// The service point.
        definition: DefineServicePoint,
    },
    /// A queue is this.
    QueueDefined {
        /// The queue.
        definition: DefineQueue,
    },
    /// A doctor is this.
    DoctorDefined {
        /// The doctor.
        definition: DefineDoctor,
        /// Departments where the doctor does not work any more.
        left: Vec<DepartmentId>,
    },
    /// A board is this.
    BoardDefined {
        /// The board.
        definition: DefineBoard,
        /// Departments of which it shows nothing any more.
        left: Vec<DepartmentId>,
    },
    /// No more of a department, with its queues and service points.
    DepartmentRetired {
        /// Which.
        id: DepartmentId,
    },
    /// No more of a service point.
    ServicePointRetired {
        /// Which.
        id: ServicePointId,
    },
    /// No more of a queue.
    QueueRetired {
        /// Which.
        id: QueueId,
    },
    /// No more of a doctor.
    DoctorRetired {
        /// Which.
        id: DoctorId,
        /// Who must know.
        departments: Vec<DepartmentId>,
    },
    /// No more of a board; its screens are not paired any more.
    BoardRetired {
        /// Which.
        id: BoardId,
        /// Who must know.
        departments: Vec<DepartmentId>,
    },
    /// A screen shows a code.
    ScreenOffered {
        /// The six digits.
        code: String,
        /// The screen, its secret's hash and its end.
        offer: Offer,
    },
    /// Codes that nobody approved in time.
    ScreenOffersExpired {
        /// Which.
        codes: Vec<String>,
    },
    /// A screen is paired with a board.
    ScreenPaired {
        /// The code that it showed.
        code: String,
        /// Which screen.
        screen: ScreenId,
        /// What it shows and signs in with.
        paired: Screen,
    },
    /// A screen is one no longer.
    ScreenRevoked {
        /// Which.
        screen: ScreenId,
    },
    /// A visit of the hospital's own system is taken and sent on. The command carries neither the hospital's patient
    /// number nor name nor birth date here.
    VisitRegistered {
        /// The command, without what is the person's own.
        command: RegisterVisit,
        /// The visit here.
        visit: VisitId,
        /// Where its ticket waits.
        queue: QueueId,
        /// Who.
        brief: PatientBrief,
        /// Digest of the command as it was sent.
        body: u128,
    },
    /// It changed.
    VisitChanged {
        /// The command.
        command: ChangeVisit,
        /// The visit here.
        visit: VisitId,
        /// Where its ticket waits now.
        queue: QueueId,
        /// Digest of the command as it was sent.
        body: u128,
    },
    /// It is off.
    VisitCancelled {
        /// The command.
        command: CancelVisit,
        /// The visit here.
        visit: VisitId,
        /// Digest of the command as it was sent.
        body: u128,
    },
    /// Visits of earlier business days are forgotten.
    VisitsForgotten {
        /// The first day that is still known.
        before: BusinessDate,
    },
    /// The screen that shows a code stands at this room.
    ScreenDoorNamed {
        /// Which screen.
        screen: ScreenId,
        /// Which room.
        door: ServicePointId,
    },
    /// This is asked before somebody joins a queue; these departments are told. Said again when a department is new.
    QuestionsDefined {
        /// What.
        definition: DefineQuestions,
        /// Who must know.
        departments: Vec<DepartmentId>,
        /// When.
        at: Timestamp,
    },
    /// What a queue or a doctor has beside its definition.
    MoreDefined {
        /// Its id.
        id: String,
        /// What.
        more: More,
        /// Who must know.
        departments: Vec<DepartmentId>,
    },
    /// What the site, a department or a doctor says to whoever looks for one.
    Described {
        /// Its id.
        id: String,
        /// What.
        described: Described,
    },
}

/// Whether an event changes what whoever looks for a hospital, a department or a doctor finds.
pub fn is_of_directory(event: &Event) -> bool {
    matches!(
        event,
        Event::SiteDefined { .. }
            | Event::DepartmentDefined { .. }
            | Event::DoctorDefined { .. }
            | Event::MoreDefined { .. }
            | Event::Described { .. }
            | Event::DepartmentRetired { .. }
            | Event::DoctorRetired { .. }
    )
}

/// The stable number (100–199) and the stem name of an event's kind.
pub fn event_kind(event: &Event) -> (u16, &'static str) {
    match event {
        Event::SiteDefined { .. } => (100, "site_defined"),
        Event::DepartmentDefined { .. } => (101, "department_defined"),
        Event::ServicePointDefined { .. } => (102, "service_point_defined"),
        Event::QueueDefined { .. } => (103, "queue_defined"),
        Event::DoctorDefined { .. } => (104, "doctor_defined"),
        Event::BoardDefined { .. } => (105, "board_defined"),
        Event::DepartmentRetired { .. } => (106, "department_retired"),
        Event::ServicePointRetired { .. } => (107, "service_point_retired"),
        Event::QueueRetired { .. } => (108, "queue_retired"),
        Event::DoctorRetired { .. } => (109, "doctor_retired"),
        Event::BoardRetired { .. } => (110, "board_retired"),
        Event::ScreenOffered { .. } => (111, "screen_offered"),
        Event::ScreenOffersExpired { .. } => (112, "screen_offers_expired"),
        Event::ScreenPaired { .. } => (113, "screen_paired"),
        Event::ScreenRevoked { .. } => (114, "screen_revoked"),
        Event::VisitRegistered { .. } => (115, "visit_registered"),
        Event::VisitChanged { .. } => (116, "visit_changed"),
        Event::VisitCancelled { .. } => (117, "visit_cancelled"),
        Event::VisitsForgotten { .. } => (118, "visits_forgotten"),
        Event::ScreenDoorNamed { .. } => (119, "screen_door_named"),
        Event::QuestionsDefined { .. } => (120, "questions_defined"),
        Event::MoreDefined { .. } => (121, "more_defined"),
        Event::Described { .. } => (122, "described"),
    }
}

fn department(id: &DepartmentId, message: ToDepartment) -> Outgoing {
    Outgoing::Effect(OwnerRef::new(OwnerKind::Department, id.as_str()), message.into())
}

fn other(kind: OwnerKind, id: &str, message: impl Into<Message>) -> Outgoing {
    Outgoing::Effect(OwnerRef::new(kind, id), message.into())
}

fn retire(kind: RetiredKind, id: &str) -> ToDepartment {
    ToDepartment::Retire { kind, id: id.to_owned() }
}

/// Who is told: a department of everything in it and of every doctor and board that concerns it, a doctor and a board of
/// themselves.
pub(super) fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
    match event {
        Event::SiteDefined { definition: site, departments } => {
            out.extend(departments.iter().map(|definition| {
                let (time_zone, definition) = (site.time_zone.clone(), definition.clone());
                department(&definition.id.clone(), ToDepartment::Configure { time_zone, definition })
            }));
        }
        Event::DepartmentDefined { time_zone, definition } => {
            let message = ToDepartment::Configure { time_zone: time_zone.clone(), definition: definition.clone() };
            out.push(department(&definition.id, message));
        }
        Event::ServicePointDefined { definition } => {
            let message = ToDepartment::ConfigureServicePoint(definition.clone());
            out.push(department(&definition.id.department(), message));
        }
        Event::QueueDefined { definition } => {
            out.push(department(&definition.id.department(), ToDepartment::ConfigureQueue(definition.clone())));
        }
        Event::DoctorDefined { definition, left } => {
            let told = |id| department(id, ToDepartment::ConfigureDoctor(definition.clone()));
            out.extend(definition.departments.iter().map(told));
            out.extend(left.iter().map(|id| department(id, retire(RetiredKind::Doctor, definition.id.as_str()))));
            out.push(other(OwnerKind::Doctor, definition.id.as_str(), ToDoctor::Configure(definition.clone())));
        }
        Event::BoardDefined { definition, left } => {
            let told = |id| department(id, ToDepartment::ConfigureBoard(definition.clone()));
            out.extend(State::departments_of(definition).iter().map(told));
            out.extend(left.iter().map(|id| department(id, retire(RetiredKind::Board, definition.id.as_str()))));
            out.push(other(OwnerKind::Board, definition.id.as_str(), ToBoard::Configure(definition.clone())));
        }
        Event::DepartmentRetired { id } => out.push(department(id, retire(RetiredKind::Department, id.as_str()))),
        Event::ServicePointRetired { id } => {
            out.push(department(&id.department(), retire(RetiredKind::ServicePoint, id.as_str())));
        }
        Event::QueueRetired { id } => {
            out.push(department(&id.department(), retire(RetiredKind::Queue, id.as_str())));
        }
        Event::DoctorRetired { id, departments } => {
            out.extend(departments.iter().map(|to| department(to, retire(RetiredKind::Doctor, id.as_str()))));
            out.push(other(OwnerKind::Doctor, id.as_str(), ToDoctor::Retire));
        }
        Event::BoardRetired { id, departments } => {
            out.extend(departments.iter().map(|to| department(to, retire(RetiredKind::Board, id.as_str()))));
            out.push(other(OwnerKind::Board, id.as_str(), ToBoard::Retire));
        }
        Event::QuestionsDefined { definition, departments, .. } => {
            let told = |id| department(id, ToDepartment::ConfigureQuestions(definition.clone()));
            out.extend(departments.iter().map(told));
        }
        Event::MoreDefined { id, more, departments } => {
            let told = |to| department(to, ToDepartment::ConfigureMore { id: id.clone(), more: more.clone() });
            out.extend(departments.iter().map(told));
        }
        Event::VisitRegistered { command, visit, brief, .. } => {
            let (command, visit, brief) = (command.clone(), visit.clone(), brief.clone());
            let to = visit.department();
            out.push(department(&to, ToDepartment::RegisterVisit { command, visit, brief, birth_date: None }));
        }
        Event::VisitChanged { command, visit, .. } => {
            let message = ToDepartment::ChangeVisit { command: command.clone(), visit: visit.clone() };
            out.push(department(&visit.department(), message));
        }
        Event::VisitCancelled { command, visit, .. } => {
            let message = ToDepartment::CancelVisit { command: command.clone(), visit: visit.clone() };
            out.push(department(&visit.department(), message));
        }
        Event::ScreenOffered { .. }
        | Event::ScreenOffersExpired { .. }
        | Event::ScreenPaired { .. }
        | Event::ScreenRevoked { .. }
        | Event::ScreenDoorNamed { .. }
        | Event::Described { .. }
        | Event::VisitsForgotten { .. } => {}
    }
}
