//! Places and arrivals: what the clinic decides about an appointment and the ticket that the floor makes of it.

use std::cell::Cell;

use super::pre_check::{self, Answered, Checked, Joining};
use super::{Department, State, day, emit_clinic, return_day};
use crate::clinic::{self, Session};
use crate::floor::left_over::is_here;
use crate::floor::numbers::{self, Bearer};
use crate::floor::{self, Entry, Opened, Standing, StepKind, TicketEnd, doors};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::person::{PatientBrief, age_on};
use crate::queue::{Came, Sequence};
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{Answer, Arrived, Channel, RegisterReturn, RegisterWalkIn, ToDepartment};
use crate::{Code, Rejection, Role};

/// From the patient's owner: a hold, a booking, a confirmation, or what became of one. A number given at booking is used
/// up with it.
pub(super) fn place(
    draft: &mut Draft<'_, Department>,
    command: ToDepartment,
    context: &Context,
) -> Result<Answer, Rejection> {
    let given: Cell<Option<floor::Event>> = Cell::new(None);
    let state = draft.state();
    let (settings, zone) = (&state.config.settings.booking, state.config.zone());
    let number = |session: &Session| {
        let (shown, number_given) = number_of(state, session, context.now);
        given.set(Some(number_given));
        shown
    };
    let clinic = &state.clinic;
    let (command, referral) = match command {
        ToDepartment::RequestByReferral { appointment, slot, brief, confirm, replaces, referral } => {
            let channel = Channel::Referral;
            (ToDepartment::RequestPlace { appointment, slot, brief, confirm, channel, replaces }, Some(referral))
        }
        command => (command, None),
    };
    let decision = match command {
        ToDepartment::RequestPlace { appointment, slot, brief, confirm, channel, .. } => clinic::decide_request_place(
            clinic,
            &appointment,
            &slot,
            &brief,
            confirm,
            channel,
            context,
            settings,
            zone,
            number,
        )?,
        ToDepartment::ConfirmPlace { appointment, patient } => {
            clinic::decide_confirm(clinic, &appointment, &patient, context, settings, zone, number)?
        }
        ToDepartment::AskPlace { appointment, patient } => {
            clinic::decide_ask_place(clinic, &appointment, &patient, context, zone)?
        }
        _ => return Err(Rejection::from(Code::UnknownCommand)),
    };
    if let Some(number_given) = given.into_inner() {
        floor::emit(draft, number_given);
    }
    let placed = decision.events.iter().find_map(|event| match event {
        clinic::Event::PlaceHeld { appointment, .. } | clinic::Event::PlaceBooked { appointment, .. } => {
            Some(appointment.clone())
        }
        _ => None,
    });
    let answer = emit_clinic(draft, decision);
    if let (Some(appointment), Some(referral)) = (placed, referral) {
        draft.emit(super::Event::Clinic(clinic::Event::ReferralNoted { appointment, referral }));
    }
    Ok(answer)
}

/// The next number of a session's queue and day, and that it is given.
pub(super) fn number_of(state: &State, session: &Session, at: Timestamp) -> (String, floor::Event) {
    let (queue, date) = (session.queue.clone(), session.date);
    let n = numbers::next(state, &queue, date);
    let shown = numbers::shown(state, &queue, n);
    (shown.clone(), floor::Event::NumberGiven { queue, date, n, at, shown })
}

/// Somebody who checks in, with what only the edge knows.
pub(super) struct Arriving<'a> {
    /// That proof was seen for.
    pub birth_date: Option<BusinessDate>,
    /// In the waiting area.
    pub presence_proved: bool,
    /// Now, or earlier today where the desk has written it down.
    pub came_at: Timestamp,
    /// What was answered before.
    pub answered: Option<&'a Answered>,
}

/// 签到: the clinic says whether the appointment may, the floor makes the ticket. Phones prove by the area's code that
/// they are there (`wrong_area_code`). A visit from outside checks in by the same command.
pub(super) fn check_in(
    draft: &mut Draft<'_, Department>,
    command: &Arrived,
    arriving: Arriving<'_>,
    context: &Context,
) -> Result<Answer, Rejection> {
    let Arriving { birth_date, presence_proved, came_at, answered } = arriving;
    if !presence_proved {
        return Err(Rejection::from(Code::WrongAreaCode));
    }
    let now = context.now;
    let state = draft.state();
    if let Some(visit) = super::outside::visit_of(state, &command.appointment) {
        return super::outside::check_in(draft, visit, &arriving, context);
    }
    let (settings, zone) = (&state.config.settings.booking, state.config.zone());
    let decide = if came_at < now { clinic::decide_check_in_of_then } else { clinic::decide_check_in };
    let (arrival, decision) = decide(&state.clinic, &command.appointment, came_at, settings, zone)?;
    state.config.queue(&arrival.queue)?;
    let ticket = command.appointment.ticket();
    let before = state.floor.tickets.get(&ticket);
    if let Some(before) =
        before.filter(|before| !matches!(before.standing, Standing::Ended { how: TicketEnd::Undone, .. }))
    {
        return Err(floor::wrong_state(before));
    }
    floor::once::waits_once(state, &arrival.queue, &arrival.brief.patient, None, now)?;
    let date = arrival.date;
    let who = Joining {
        brief: &arrival.brief,
        appointment: Some(&arrival.appointment),
        queue: &arrival.queue,
        date,
        is_spared: came_at < now,
    };
    let checked = match pre_check::check(state, answered, &who, context)? {
        Checked::Sent(sent) => return Ok(pre_check::send(draft, sent)),
        checked => checked,
    };
    let bearer = match before {
        Some(before) => Bearer::Visit(&before.opened.visit),
        None => Bearer::Appointment(&arrival.appointment),
    };
    // The session may have another queue by now than when the number was given.
    let given = arrival.number.clone().or_else(|| before.map(|before| before.opened.number.clone()));
    let given = given.filter(|number| !numbers::is_taken(state, &arrival.queue, date, number, bearer));
    let n = given.is_none().then(|| numbers::next(state, &arrival.queue, date));
    let number = given.or_else(|| n.map(|n| numbers::shown(state, &arrival.queue, n)));
    let new_visit = VisitId::numbered(&state.config.id, 'v', state.floor.serial + 1);
    let serial = state.floor.serial + 1;
    let opened = Opened {
        visit: before.map_or(new_visit, |before| before.opened.visit.clone()),
        appointment: Some(arrival.appointment),
        session: Some(arrival.session),
        queue: arrival.queue,
        date,
        number: number.expect("a number was given at booking, before, or now"),
        brief: arrival.brief,
        class: None,
        walk_in: false,
        addition: false,
        slot_start: Some(arrival.slot_start),
        sequence: Sequence { place: arrival.sequence, issue: serial },
        checked_in_at: came_at,
        linked_from: None,
        ticket,
    };
    let came = if arrival.late { Came::Late } else { Came::CheckIn };
    emit_clinic(draft, decision);
    let how = Opening { came, class: None, birth_date, number: n, serial, what: StepKind::CheckedIn };
    let ticket = enter(draft, opened, how, now);
    Ok(pre_check::joined(draft, &ticket, checked, context))
}

/// 签到 of somebody whom the desk wrote down while the server could not be reached. Who was there in time is not late because
/// the network was away; nobody else may say when somebody came (`invalid_field`).
pub(super) fn check_in_of_then(
    draft: &mut Draft<'_, Department>,
    command: &Arrived,
    birth_date: Option<BusinessDate>,
    came_at: Timestamp,
    answered: Option<&Answered>,
    context: &Context,
) -> Result<Answer, Rejection> {
    let config = &draft.state().config;
    let is_today = config.today(came_at) == config.today(context.now);
    if context.principal.role != Role::Desk || came_at > context.now || !is_today {
        return Err(Rejection::field("came_at", "came_at: earlier today, and the desk's to say"));
    }
    check_in(draft, command, Arriving { birth_date, presence_proved: true, came_at, answered }, context)
}

/// An arrival like any other, whose ticket the desk may look at.
pub(super) fn from_afar(
    draft: &mut Draft<'_, Department>,
    arrival: ToDepartment,
    km: u32,
    context: &Context,
) -> Result<Answer, Rejection> {
    let answer = super::decide(draft, arrival, context)?;
    floor::far_away::mark(draft, &answer, km, context.now);
    Ok(answer)
}

/// The ticket of a visit by which somebody is here.
fn here_by<'a>(state: &'a State, visit: &VisitId, now: Timestamp) -> Option<&'a floor::Ticket> {
    let mut tickets = state.floor.tickets.values();
    tickets.find(|ticket| ticket.opened.visit == *visit && is_here(state, ticket, now))
}

/// The new ticket of a return day, in the queue that the department finds; once in that queue.
pub(super) fn register_return(
    draft: &mut Draft<'_, Department>,
    command: &RegisterReturn,
    brief: PatientBrief,
    birth_date: Option<BusinessDate>,
    answered: Option<&Answered>,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let date = state.config.today(context.now);
    let visit = open_visit(state, &command.visit, &brief, date)?;
    if let Some(here) = here_by(state, &visit, context.now) {
        let why = "the visit has a ticket by which the patient is here, and comes back by `report_back`";
        return Err(Rejection::new(Code::AlreadyExists, why)
            .with("ticket", here.id().as_str())
            .with("visit", visit.as_str())
            .with("state", here.standing.name()));
    }
    let queue = return_day::queue(state, &visit, date, context.now)?;
    floor::once::waits_once(state, &queue, &brief.patient, None, context.now)?;
    let patient = command.patient.clone();
    let walk_in = RegisterWalkIn { queue, patient, class: None, addition_to: None, slot: None, visit: Some(visit) };
    register_walk_in(draft, &walk_in, brief, birth_date, answered, context)
}

/// 现场号 / 加号, and the ticket of a return day in a queue that the desk names. A doctor adds to the own sessions, and gives no
/// class.
pub(super) fn register_walk_in(
    draft: &mut Draft<'_, Department>,
    command: &RegisterWalkIn,
    brief: PatientBrief,
    birth_date: Option<BusinessDate>,
    answered: Option<&Answered>,
    context: &Context,
) -> Result<Answer, Rejection> {
    let now = context.now;
    let state = draft.state();
    state.config.queue(&command.queue)?;
    if brief.patient != command.patient {
        return Err(Rejection::new(Code::InvalidField, "the brief is of another patient"));
    }
    if command.class.as_deref().is_some_and(|class| !state.config.settings.queue.knows(class)) {
        return Err(Rejection::field("class", "no such priority class"));
    }
    if command.slot.is_some() && command.addition_to.is_none() {
        return Err(Rejection::field("slot", "slot goes with addition_to: a walk-in's is the one running"));
    }
    if context.principal.role == Role::Doctor {
        let session = command.addition_to.as_ref().and_then(|id| state.clinic.sessions.get(id));
        let whose = session.and_then(|session| session.doctor.as_ref());
        if whose.is_none() || whose != context.principal.doctor.as_ref() || command.class.is_some() {
            return Err(Rejection::new(Code::Forbidden, "a doctor adds to the own sessions; classes are the desk's"));
        }
    }
    let date = state.config.today(now);
    if command.visit.is_none() {
        floor::once::waits_once(state, &command.queue, &brief.patient, None, now)?;
    }
    let (session, slot_start) = match &command.addition_to {
        Some(session) => addition(state, session, command, date)?,
        None => match doors::slot_at(state, &command.queue, date, now) {
            Some(slot) => (Some(slot.session.clone()), Some(slot.start)),
            None => (None, None),
        },
    };
    let serial = state.floor.serial + 2;
    let visit = match &command.visit {
        Some(visit) => open_visit(state, visit, &brief, date)?,
        None => VisitId::numbered(&state.config.id, 'v', serial - 1),
    };
    let who = Joining {
        brief: &brief,
        appointment: None,
        queue: &command.queue,
        date,
        is_spared: command.class.as_deref() == Some(crate::queue::EMERGENCY),
    };
    let checked = match pre_check::check(state, answered, &who, context)? {
        Checked::Sent(sent) => return Ok(pre_check::send(draft, sent)),
        checked => checked,
    };
    let n = numbers::next(state, &command.queue, date);
    let opened = Opened {
        ticket: TicketId::numbered(&state.config.id, 't', serial),
        visit,
        appointment: None,
        session,
        number: numbers::shown(state, &command.queue, n),
        queue: command.queue.clone(),
        date,
        brief,
        class: None,
        walk_in: command.addition_to.is_none(),
        addition: command.addition_to.is_some(),
        slot_start,
        sequence: doors::new_sequence(serial),
        checked_in_at: now,
        linked_from: None,
    };
    let class = command.class.as_deref();
    let how = Opening { came: Came::CheckIn, class, birth_date, number: Some(n), serial, what: StepKind::Registered };
    let ticket = enter(draft, opened, how, now);
    Ok(pre_check::joined(draft, &ticket, checked, context))
}

/// The session and slot that an addition belongs to. A ticket is of today: in a session of another day it would stand behind
/// or before everybody of today, and that session could not be closed without it.
fn addition(
    state: &State,
    id: &SessionId,
    command: &RegisterWalkIn,
    date: BusinessDate,
) -> Result<(Option<SessionId>, Option<Timestamp>), Rejection> {
    let session = state.clinic.sessions.get(id).ok_or_else(|| Rejection::new(Code::Forbidden, "no such session"))?;
    if session.standing != clinic::SessionStanding::Open {
        return Err(Rejection::from(Code::SessionClosed));
    }
    if session.queue != command.queue {
        return Err(Rejection::field("addition_to", "the session's tickets wait in another queue"));
    }
    if session.date != date {
        return Err(Rejection::field("addition_to", "the session is of another day"));
    }
    if command.slot.as_ref().is_some_and(|slot| !session.slots.contains(slot)) {
        return Err(Rejection::field("slot", "the session has no such slot"));
    }
    let slots: Vec<&SlotId> = session.slots.iter().collect();
    let slot = crate::queue::addition_slot(&slots, command.slot.as_ref());
    if slot.is_some_and(|slot| state.clinic.is_stopped(slot)) {
        return Err(Rejection::from(Code::SessionClosed));
    }
    let start = slot.and_then(|slot| state.clinic.slots.get(slot)).map(|slot| slot.start);
    Ok((Some(id.clone()), start))
}

/// The visit, if it is open for this patient on this day.
fn open_visit(state: &State, id: &VisitId, brief: &PatientBrief, date: BusinessDate) -> Result<VisitId, Rejection> {
    let is_open = return_day::open_until(state, id, &brief.patient).is_some_and(|until| until >= date);
    if !is_open {
        return Err(Rejection::new(Code::Forbidden, "no such open visit of this patient"));
    }
    Ok(id.clone())
}

/// How a ticket is opened.
pub(super) struct Opening<'a> {
    pub came: Came,
    /// The class given at the desk, if one was.
    pub class: Option<&'a str>,
    pub birth_date: Option<BusinessDate>,
    /// The own number that is used up.
    pub number: Option<u32>,
    pub serial: u64,
    pub what: StepKind,
}

/// Opens the ticket, and its visit, if it is a new one. The doors are still to be filled.
pub(super) fn enter(
    draft: &mut Draft<'_, Department>,
    mut opened: Opened,
    how: Opening<'_>,
    at: Timestamp,
) -> TicketId {
    day::tidy(draft, opened.date, at);
    let state = draft.state();
    let booking = &state.config.settings.booking;
    if opened.visit.department() == state.config.id && !state.floor.visits.contains_key(&opened.visit) {
        let event = floor::Event::VisitOpened {
            visit: opened.visit.clone(),
            brief: opened.brief.clone(),
            date: opened.date,
            open_until: opened.date.plus_days((booking.visit_days - 1).max(0)),
            at,
        };
        floor::emit(draft, event);
    }
    let age = how.birth_date.and_then(|birth| age_on(birth, opened.date));
    let placement = doors::place(draft.state(), &opened.queue, &opened, how.came, how.class, age, at);
    opened.class = match how.class {
        Some(crate::queue::EMERGENCY) => how.class.map(str::to_owned),
        _ => placement.place.class.as_ref().map(|class| class.name.to_string()),
    };
    let ticket = opened.ticket.clone();
    let entry = Entry { opened, placement, number: how.number, serial: how.serial, at };
    floor::emit(
        draft,
        match how.what {
            StepKind::Registered => floor::Event::WalkInRegistered(entry),
            _ => floor::Event::PatientCheckedIn(entry),
        },
    );
    ticket
}
