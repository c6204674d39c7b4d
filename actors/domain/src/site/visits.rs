//! Decisions about visits from outside: idempotent by hospital visit id and version, sent on to their department with
//! nothing of the person but the brief.

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::{Context, Draft, OwnerKind, OwnerRef};
use crate::person::{PatientBrief, age_on};
use crate::queue::SENIOR;
use crate::time::{AHEAD_DAYS, BusinessDate};
use crate::vocabulary::*;

use super::event::Event;
use super::state::*;
use super::{Site, VISIT_REMEMBERED_DAYS};

type Outcome = Result<Answer, Rejection>;

/// The visit's department answers, behind the effect that has just been owed to it: the ticket, or its refusal.
fn asked_of_department(visit: VisitId, version: u64) -> Answer {
    let department = OwnerRef::new(OwnerKind::Department, visit.department().as_str());
    Answer::AskedOf(department, ToDepartment::TellVisit { visit, version }.into())
}

pub(super) fn register(
    draft: &mut Draft<'_, Site>,
    mut command: RegisterVisit,
    brief: PatientBrief,
    birth_date: Option<BusinessDate>,
    context: &Context,
) -> Outcome {
    let state = draft.state();
    if command.site != state.id {
        return Err(Code::Forbidden.into());
    }
    let body = digest(&("register_visit", &command, &brief, birth_date));
    let known = state.visits.get(&command.visit_id);
    if let Some(known) = known
        && command.version <= known.version
    {
        return repeated(known, command.version, body);
    }
    let today = state.zone().date(context.now);
    if command.date < today || command.date > today.plus_days(AHEAD_DAYS) {
        return Err(Rejection::field("date", "date is from today to a year ahead"));
    }
    let resolved = resolve_queue(state, &command)?;
    let standing = known.filter(|known| is_the_same(known, &command, &brief, &resolved));
    let queue = standing.and_then(|known| kept_queue(state, &command, known)).unwrap_or(resolved);
    command.slot = command.slot.filter(|slot| slot.department() == queue.department());
    check_class(state, &queue, command.class.as_deref())?;
    check_number(state, &command.visit_id, &queue, command.date, command.number.as_deref())?;
    let moved_away = known.filter(|known| !known.cancelled && standing.is_none()).cloned();
    let standing = standing.map(|known| known.visit.clone());
    if command.class.is_none() {
        let birth_date = birth_date.or(command.patient.birth_date);
        command.class = birth_date.and_then(|birth| class_by_age(state, &queue, birth, command.date));
    }
    command.patient = OutsidePatient { number: String::new(), name: None, sex: command.patient.sex, birth_date: None };
    command.queue = Some(queue.clone());
    command.department = Some(queue.department());
    let visit = standing.unwrap_or_else(|| new_visit_id(&queue, &command, context));
    let version = command.version;
    forget(draft, today);
    if let Some(old) = moved_away {
        let cancelled = CancelVisit { visit_id: command.visit_id.clone(), version, site: command.site.clone() };
        draft.emit(Event::VisitCancelled { command: cancelled, visit: old.visit, body });
    }
    draft.emit(Event::VisitRegistered { command, visit: visit.clone(), queue, brief, body });
    Ok(asked_of_department(visit, version))
}

/// Whether a visit that is said whole once more is the one that stands, so that its department takes what is new in it for a
/// change and the ticket keeps its place: all that is said of the person, day, department and number are the same.
fn is_the_same(known: &OutsideVisit, command: &RegisterVisit, brief: &PatientBrief, queue: &QueueId) -> bool {
    let is_its_number = command.number.is_none() || command.number == known.number;
    let is_its_person = known.brief == *brief && known.date == command.date;
    !known.cancelled && is_its_person && is_its_number && queue.department() == known.visit.department()
}

/// Where a visit that stands waits on: nobody is moved who names no queue, as long as the own one is one of what is named.
fn kept_queue(state: &State, command: &RegisterVisit, known: &OutsideVisit) -> Option<QueueId> {
    let own = state.queues.get(&known.queue).filter(|own| !own.retired)?;
    let is_of_doctor = command.doctor.as_ref().is_none_or(|doctor| own.definition.doctors.contains(doctor));
    (command.queue.is_none() && is_of_doctor).then(|| known.queue.clone())
}

pub(super) fn change(draft: &mut Draft<'_, Site>, command: ChangeVisit) -> Outcome {
    let state = draft.state();
    let body = digest(&("change_visit", &command));
    let known = state.visits.get(&command.visit_id).filter(|_| command.site == state.id).ok_or(Code::Forbidden)?;
    if command.version <= known.version {
        return repeated(known, command.version, body);
    }
    if known.cancelled {
        return Err(
            Rejection::new(Code::WrongAppointmentState, "the visit has been cancelled").with("state", "cancelled")
        );
    }
    let department = known.visit.department();
    let queue = command.queue.clone().unwrap_or_else(|| known.queue.clone());
    if queue.department() != department {
        return Err(Rejection::field("queue", "a visit changes within its department; register it anew"));
    }
    check_queue(state, &queue)?;
    check_class(state, &queue, command.class.as_deref())?;
    check_number(state, &command.visit_id, &queue, known.date, known.number.as_deref())?;
    let (visit, version) = (known.visit.clone(), command.version);
    draft.emit(Event::VisitChanged { command, visit: visit.clone(), queue, body });
    Ok(asked_of_department(visit, version))
}

pub(super) fn cancel(draft: &mut Draft<'_, Site>, command: CancelVisit) -> Outcome {
    let state = draft.state();
    let body = digest(&("cancel_visit", &command));
    let known = state.visits.get(&command.visit_id).filter(|_| command.site == state.id).ok_or(Code::Forbidden)?;
    if command.version <= known.version {
        return repeated(known, command.version, body);
    }
    let visit = known.visit.clone();
    if !known.cancelled {
        draft.emit(Event::VisitCancelled { command, visit: visit.clone(), body });
    }
    Ok(Answer::VisitTaken { visit, ticket: None })
}

/// The same version again is answered as before, unless it says something else; an older one is told so.
fn repeated(known: &OutsideVisit, version: u64, body: u128) -> Outcome {
    if version < known.version {
        return Err(Rejection::from(Code::OldVersion).with("version", known.version));
    }
    if body != known.body {
        return Err(Rejection::new(Code::IdempotencyKeyReused, "this version has said something else"));
    }
    Ok(match known.cancelled {
        true => Answer::VisitTaken { visit: known.visit.clone(), ticket: None },
        false => asked_of_department(known.visit.clone(), version),
    })
}

/// FNV-1a, 128 bits, of the body as JSON: it only has to tell a repeat from another body.
fn digest(body: &impl serde::Serialize) -> u128 {
    let json = serde_json::to_vec(body).expect("invariant: commands are plain JSON");
    let mixed = |hash: u128, byte: &u8| (hash ^ u128::from(*byte)).wrapping_mul(0x0100_0000_0000_0000_0000_013b);
    json.iter().fold(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d, mixed)
}

fn check_queue(state: &State, queue: &QueueId) -> Result<(), Rejection> {
    match state.queues.get(queue) {
        Some(known) if known.retired => Err(Code::Retired.into()),
        Some(_) => Ok(()),
        None => Err(Code::Forbidden.into()),
    }
}

/// A class that the department knows.
fn check_class(state: &State, queue: &QueueId, class: Option<&str>) -> Result<(), Rejection> {
    let rules = state.departments.get(queue.prefix(2)).map(|department| &department.definition.settings.queue);
    match class.filter(|class| !rules.is_some_and(|rules| rules.knows(class))) {
        Some(_) => Err(Rejection::field("class", "no such priority class")),
        None => Ok(()),
    }
}

/// A number of the hospital is used once in a queue and day.
fn check_number(
    state: &State,
    visit_id: &str,
    queue: &QueueId,
    date: BusinessDate,
    number: Option<&str>,
) -> Result<(), Rejection> {
    let Some(number) = number else { return Ok(()) };
    let holder = state.numbers.get(&(queue.clone(), date, as_heard(number)));
    if holder.is_some_and(|other| other != visit_id) { Err(Code::NumberTaken.into()) } else { Ok(()) }
}

/// Where the visit waits: the queue named; else the doctor's queue; else the department's first pool, or its first queue.
fn resolve_queue(state: &State, command: &RegisterVisit) -> Result<QueueId, Rejection> {
    if let Some(queue) = &command.queue {
        check_queue(state, queue)?;
        if command.department.as_ref().is_some_and(|department| *department != queue.department()) {
            let why = "queue: of another department than the one that is named";
            return Err(Rejection::field("queue", why));
        }
        return Ok(queue.clone());
    }
    let living = || state.queues.iter().filter(|(_, queue)| !queue.retired);
    let first = |found: Option<(&QueueId, &Kept<DefineQueue>)>| found.map(|(id, _)| id.clone());
    let in_department = |id: &QueueId| command.department.as_ref().is_none_or(|d| id.prefix(2) == d.as_str());
    let found = if let Some(doctor) = &command.doctor {
        let doctor_known = state.doctors.get(doctor).filter(|d| !d.retired).ok_or(Code::Forbidden)?;
        let works_at = |id: &QueueId| doctor_known.definition.departments.iter().any(|d| id.prefix(2) == d.as_str());
        let own = living().find(|(id, q)| in_department(id) && q.definition.doctors.contains(doctor));
        let pool = || living().find(|(id, q)| in_department(id) && works_at(id) && q.definition.doctors.is_empty());
        first(own.or_else(pool))
    } else if command.department.is_some() {
        let pool = living().find(|(id, q)| in_department(id) && q.definition.doctors.is_empty());
        first(pool.or_else(|| living().find(|(id, _)| in_department(id))))
    } else {
        return Err(Rejection::field("department", "department, doctor or queue must be given"));
    };
    found.ok_or_else(|| Code::Forbidden.into())
}

/// The class that age alone gives by the department's rules. The birth date itself stays at the door.
fn class_by_age(state: &State, queue: &QueueId, birth: BusinessDate, date: BusinessDate) -> Option<String> {
    let rules = &state.departments.get(queue.prefix(2))?.definition.settings.queue;
    let is_senior = age_on(birth, date)? >= rules.senior_age && rules.class(SENIOR).is_some();
    is_senior.then(|| SENIOR.to_owned())
}

/// `site.department.v20261123-…`: a ticket of it may carry the same suffix.
fn new_visit_id(queue: &QueueId, command: &RegisterVisit, context: &Context) -> VisitId {
    VisitId::from(format!("{}.v{}-{:016x}", queue.prefix(2), command.date.compact(), context.draw(0)))
}

fn forget(draft: &mut Draft<'_, Site>, today: BusinessDate) {
    let before = today.plus_days(-VISIT_REMEMBERED_DAYS);
    if draft.state().visits_by_day.first_key_value().is_some_and(|(day, _)| *day < before) {
        draft.emit(Event::VisitsForgotten { before });
    }
}
