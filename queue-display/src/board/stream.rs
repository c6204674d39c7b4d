//! What goes on `board:{id}`: the snapshot, and with each event the parts of the screen that it replaces, ready to be
//! shown. Pure; the shell's projector calls it.

use jiaohao_domain::department;
use jiaohao_domain::floor::Event as Floor;
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::RetiredKind;
use jiaohao_domain::{BoardId, DepartmentId, Owner, Timestamp, clinic};
use serde_json::{Map, Value, json};

use super::{input, rules};
use crate::announce::{Board, Event, State};

/// The departments whose queues a board shows, in the order in which it names them.
pub fn departments_of(line: &State) -> Vec<DepartmentId> {
    let mut departments = Vec::new();
    for queue in line.definition.iter().flat_map(|board| &board.queues) {
        let department = queue.department();
        if !departments.contains(&department) {
            departments.push(department);
        }
    }
    departments
}

/// The boards on which a department's events may change something.
pub fn boards_shown_by(department: &department::State) -> impl Iterator<Item = &BoardId> {
    department.config.boards.iter().filter(|(_, board)| !board.retired).map(|(id, _)| id)
}

/// The whole screen (`board:{id}`); none while the board is not defined. `departments` are those of
/// [`departments_of`], in that order.
pub fn snapshot(line: &State, departments: &[&department::State], now: Timestamp, zone: Zone) -> Option<Value> {
    let queues = &line.definition.as_ref()?.queues;
    let view = rules::view(line, &input::read(departments, queues, now), now, zone)?;
    Some(serde_json::to_value(view).expect("a board's view is plain data"))
}

/// What an event of the board's own line puts on its stream; none when the screen stays as it is.
pub fn board_emission(
    line: &State,
    departments: &[&department::State],
    event: &Event,
    at: Timestamp,
    zone: Zone,
) -> Option<Value> {
    let stem = Board::event_kind(event).1;
    let announcements = || json!(rules::announcements(line, zone));
    match event {
        Event::AnnouncementScheduled(one) => {
            let one = rules::announcement(line, one, zone);
            Some(
                json!({ stem: { "announcement": one.announcement, "scheduled": one, "announcements": announcements() } }),
            )
        }
        Event::AnnouncementDropped { announcement, call, .. } => {
            Some(json!({ stem: { "announcement": announcement, "call": call, "announcements": announcements() } }))
        }
        Event::BoardConfigured(_) => emission(line, departments, stem, Parts::ALL, at, zone),
        Event::VoiceChanged { voice } => {
            let version = voice.as_ref().map(|voice| &voice.version);
            Some(json!({ stem: { "voice": version, "announcements": announcements() } }))
        }
        Event::BoardRetired => {
            Some(json!({ stem: { "announcements": [], "calls": [], "rooms": [], "missed": [], "notices": [] } }))
        }
        Event::ClockSpeedChanged { .. }
        | Event::AnnouncementShown { .. }
        | Event::AnnouncementSpoken { .. }
        | Event::AnnouncementNotConfirmed { .. }
        | Event::AnnouncementRefused { .. } => None,
    }
}

/// What an event of a department puts on a board's stream; none when the screen stays as it is.
pub fn department_emission(
    line: &State,
    departments: &[&department::State],
    event: &department::Event,
    at: Timestamp,
    zone: Zone,
) -> Option<Value> {
    emission(line, departments, department::view::name(event), Parts::of(event)?, at, zone)
}

fn emission(
    line: &State,
    departments: &[&department::State],
    stem: &str,
    parts: Parts,
    at: Timestamp,
    zone: Zone,
) -> Option<Value> {
    let input = input::read(departments, &line.definition.as_ref()?.queues, at);
    let mut payload = Map::new();
    let mut put = |wanted: bool, name: &str, value: &dyn Fn() -> Value| {
        if wanted {
            payload.insert(name.to_owned(), value());
        }
    };
    put(parts.head, "board", &|| json!(rules::head(line, &input)));
    put(parts.calls, "calls", &|| json!(rules::calls(&input, zone)));
    put(parts.rooms, "rooms", &|| json!(rules::rooms(&input, zone)));
    put(parts.missed, "missed", &|| json!(rules::missed(&input)));
    put(parts.notices, "notices", &|| json!(rules::notices(&input)));
    Some(json!({ stem: payload }))
}

/// The parts of a screen that an event may change.
#[derive(Clone, Copy, Default)]
struct Parts {
    head: bool,
    calls: bool,
    rooms: bool,
    missed: bool,
    notices: bool,
}

impl Parts {
    const NONE: Self = Self { head: false, calls: false, rooms: false, missed: false, notices: false };
    const ALL: Self = Self { head: true, calls: true, rooms: true, missed: true, notices: true };
    const CALLS: Self = Self { calls: true, ..Self::NONE };
    const ROOMS: Self = Self { rooms: true, ..Self::NONE };
    const CALLS_ROOMS: Self = Self { calls: true, rooms: true, ..Self::NONE };
    const PEOPLE: Self = Self { missed: true, ..Self::CALLS_ROOMS };
    const DAY: Self = Self { notices: true, ..Self::PEOPLE };
    const WORK: Self = Self { notices: true, ..Self::CALLS_ROOMS };
    const TO_COME: Self = Self { notices: true, ..Self::ROOMS };

    /// None: the screen stays as it is.
    fn of(event: &department::Event) -> Option<Self> {
        match event {
            department::Event::Config(department::ConfigEvent::Retired { kind: RetiredKind::Board, .. }) => None,
            department::Event::Config(department::ConfigEvent::QuestionsConfigured(_)) => None,
            department::Event::Config(_) => Some(Self::ALL),
            department::Event::Clinic(clinic::Event::SessionDelayed { .. } | clinic::Event::SessionClosed { .. })
            | department::Event::Clinic(clinic::Event::SessionStopped { .. } | clinic::Event::SessionResumed { .. })
            | department::Event::Clinic(clinic::Event::SessionDefined { .. } | clinic::Event::SessionRetired { .. })
            | department::Event::Clinic(clinic::Event::SessionOver { .. }) => Some(Self::TO_COME),
            department::Event::Clinic(_)
            | department::Event::Waitlist(_)
            | department::Event::Plan(_)
            | department::Event::Payment(_)
            | department::Event::Release(_) => None,
            department::Event::Floor(event) => Self::of_floor(event),
        }
    }

    fn of_floor(event: &Floor) -> Option<Self> {
        match event {
            Floor::PatientCheckedIn(_)
            | Floor::WalkInRegistered(_)
            | Floor::TransferReceived(_)
            | Floor::PrioritySet { .. }
            | Floor::WaitsExpected { .. }
            | Floor::TransferReturned { .. } => Some(Self::ROOMS),
            Floor::PatientRecalled { .. } | Floor::ServiceStarted { .. } | Floor::PatientSentForTests { .. } => {
                Some(Self::CALLS)
            }
            Floor::ServiceFinished { .. }
            | Floor::PatientSummoned(_)
            | Floor::SummonsWithdrawn { .. }
            | Floor::PatientReturned { .. } => Some(Self::CALLS_ROOMS),
            Floor::WorkBegan { .. }
            | Floor::WorkPaused { .. }
            | Floor::WorkResumed { .. }
            | Floor::WorkStopped { .. } => Some(Self::WORK),
            Floor::VisitOpened { .. }
            | Floor::VisitRated { .. }
            | Floor::TransferNotTaken { .. }
            | Floor::PreCheckPassedOn { .. }
            | Floor::TransferDeclined { .. }
            | Floor::TransferRecalled { .. }
            | Floor::TransferCompleted { .. }
            | Floor::AssignmentRefused { .. }
            | Floor::VisitRegistered { .. }
            | Floor::VisitChanged { .. }
            | Floor::VisitCancelled { .. }
            | Floor::VisitRefused { .. }
            | Floor::NumberGiven { .. }
            | Floor::TicketTold(_)
            | Floor::TicketHeard { .. }
            | Floor::NoticeDue { .. }
            | Floor::RefundTold { .. }
            | Floor::NoticeHeard { .. }
            | Floor::NoticeAnswered { .. }
            | Floor::ReachedMarked { .. }
            | Floor::TellingGoesOn { .. }
            | Floor::ReminderDefined { .. }
            | Floor::RemindingGoesOn { .. }
            | Floor::PhoneFarAway { .. }
            | Floor::TransferKept { .. }
            | Floor::VisitEnded { .. }
            | Floor::PreChecked(_)
            | Floor::AlertAcknowledged { .. }
            | Floor::SentElsewhere(_)
            | Floor::CallNotAnnounced { .. } => None,
            Floor::PatientCalled(_)
            | Floor::PatientMissed { .. }
            | Floor::PatientReportedBack { .. }
            | Floor::TicketCancelled { .. }
            | Floor::TicketMoved { .. }
            | Floor::TicketRescheduled { .. }
            | Floor::TicketSettled { .. }
            | Floor::TransferSent { .. }
            | Floor::TransferGivenBack { .. }
            | Floor::StepUndone(_) => Some(Self::PEOPLE),
            Floor::DaysTidied { .. } => Some(Self::DAY),
        }
    }
}
