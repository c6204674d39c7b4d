//! Applies the floor's events. There is one way for every change of a ticket's state: [`super::change`].

use super::change::{Change, In, Out, Places};
use super::event::{Called, Entry, Event, Undone};
use super::reminders::Reminders;
use super::state::*;
use super::visit::*;
use super::waits;
use crate::ids::*;
use crate::queue::Summons as Told;
use crate::time::Timestamp;
use crate::vocabulary::{SettlementKind, as_heard};

/// Applies one event.
pub fn apply(floor: &mut Floor, event: &Event) {
    match event {
        Event::VisitOpened { visit, brief, date, open_until, .. } => {
            let opened = Visit {
                brief: brief.clone(),
                date: *date,
                open_until: *open_until,
                tickets: Vec::new(),
                outside: None,
            };
            floor.visits.insert(visit.clone(), opened);
        }
        Event::PatientCheckedIn(entry) => enter(floor, entry, StepKind::CheckedIn),
        Event::WalkInRegistered(entry) => enter(floor, entry, StepKind::Registered),
        Event::TransferReceived(entry) => {
            let source = entry.opened.linked_from.clone().expect("a received ticket names its source");
            floor.received.insert(source, Some(entry.opened.ticket.clone()));
            enter(floor, entry, StepKind::Received);
        }
        Event::TransferDeclined { ticket, .. } => {
            floor.received.insert(ticket.clone(), None);
        }
        Event::PatientSummoned(summoned) => {
            floor.serial = summoned.serial;
            let Told { picked, service_point, queue, .. } = &summoned.summons;
            remember_queue(floor, service_point, queue);
            let (call, since) = (summoned.call.clone(), summoned.at);
            let standing = Standing::Summoned(Summons { call, service_point: service_point.clone(), since });
            let change = Change::of(&picked.ticket, StepKind::Summoned, standing, since);
            Change { out: Out::Summoned(&summoned.summons), ..change }.make(floor);
            stand_by_turn(floor, &summoned.summons);
        }
        Event::SummonsWithdrawn { ticket, returned, at, .. } => {
            Change::of(ticket, StepKind::SummonsWithdrawn, Standing::Waiting, *at).back(returned).make(floor);
        }
        Event::PatientCalled(called) => call(floor, called),
        Event::PatientRecalled { ticket, round, at, .. } => recall(floor, ticket, *round, *at),
        Event::ServiceStarted { ticket, at, .. } => start(floor, ticket, *at),
        Event::ServiceFinished { ticket, doctor, service_s, at, .. } => {
            count(floor, doctor, |pace| {
                pace.seen += 1;
                if pace.service_s.len() == PACE_SAMPLES {
                    pace.service_s.remove(0);
                }
                pace.service_s.push(*service_s);
            });
            let ended = Standing::Ended { how: TicketEnd::Seen, at: *at };
            Change::of(ticket, StepKind::Finished, ended, *at).make(floor);
        }
        Event::PatientSentForTests { ticket, at, .. } => {
            Change::of(ticket, StepKind::SentForTests, Standing::Away { since: *at }, *at).make(floor);
        }
        Event::PatientMissed { ticket, doctor, at, .. } => {
            count(floor, doctor, |pace| pace.missed += 1);
            Change::of(ticket, StepKind::Missed, Standing::Missed { since: *at }, *at).make(floor);
            of_event(floor, ticket).missed_times += 1;
        }
        Event::PatientReturned { ticket, reason, returned, at, .. } => {
            Change::of(ticket, StepKind::Returned, Standing::Waiting, *at).back(returned).because(reason).make(floor);
        }
        Event::PatientReportedBack { ticket, placement, at } => {
            Change::of(ticket, StepKind::ReportedBack, Standing::Waiting, *at).placed(placement).make(floor);
            floor.far_away.remove(ticket);
            floor.notices.waits_anew(ticket);
        }
        Event::PrioritySet { ticket, class, proof, placement, at } => {
            let mut opened = of_event(floor, ticket).opened.clone();
            opened.class.clone_from(class);
            let change = Change::of(ticket, StepKind::Prioritised, Standing::Waiting, *at);
            change.placed(placement).because(proof).reopened(opened).make(floor);
        }
        Event::TicketCancelled { ticket, reason, at, .. } => {
            let ended = Standing::Ended { how: TicketEnd::Cancelled, at: *at };
            Change::of(ticket, StepKind::Cancelled, ended, *at).because(reason).make(floor);
        }
        Event::TicketMoved { ticket, queue, session, number, serial, reason, sequence, placement, at, .. } => {
            let mut opened = of_event(floor, ticket).opened.clone();
            floor.serial = *serial;
            opened.queue = queue.clone();
            opened.session.clone_from(session);
            opened.sequence = *sequence;
            if let Some(number) = number {
                opened.number.clone_from(&number.shown);
            }
            remember_number(floor, &opened, number.as_ref().map(|number| number.n));
            let change = Change::of(ticket, StepKind::Moved, Standing::Waiting, *at);
            change.placed(placement).because(reason).reopened(opened).make(floor);
            floor.notices.waits_anew(ticket);
        }
        Event::TicketRescheduled {
            ticket,
            queue,
            session,
            slot_start,
            walk_in,
            number,
            serial,
            sequence,
            placement,
            at,
            ..
        } => {
            let mut opened = of_event(floor, ticket).opened.clone();
            floor.serial = *serial;
            opened.queue = queue.clone();
            opened.session.clone_from(session);
            (opened.slot_start, opened.walk_in, opened.sequence) = (*slot_start, *walk_in, *sequence);
            if let Some(number) = number {
                opened.number.clone_from(&number.shown);
            }
            remember_number(floor, &opened, number.as_ref().map(|number| number.n));
            let change = Change::of(ticket, StepKind::Rescheduled, Standing::Waiting, *at);
            change.placed(placement).reopened(opened).make(floor);
            floor.notices.waits_anew(ticket);
        }
        Event::TransferSent { transfer, at, .. } => {
            let standing = Standing::InTransit { to: transfer.to.clone(), since: *at, recalled: false };
            Change::of(&transfer.ticket, StepKind::TransferSent, standing, *at).because(&transfer.reason).make(floor);
            super::pre_check::not_taken(floor, &transfer.ticket, None);
        }
        Event::TransferRecalled { ticket, to, at } => {
            let since = match of_event(floor, ticket).standing {
                Standing::InTransit { since, .. } => since,
                _ => *at,
            };
            let standing = Standing::InTransit { to: to.clone(), since, recalled: true };
            Change::of(ticket, StepKind::TransferRecalled, standing, *at).make(floor);
        }
        Event::TransferCompleted { ticket, new_ticket, at, .. } => {
            let ended = Standing::Ended { how: TicketEnd::Transferred, at: *at };
            Change::of(ticket, StepKind::TransferTaken, ended, *at).make(floor);
            of_event(floor, ticket).linked_to = Some(new_ticket.clone());
        }
        Event::TransferGivenBack { ticket, source, at, .. } => {
            let ended = Standing::Ended { how: TicketEnd::GivenBack, at: *at };
            Change::of(ticket, StepKind::GivenBack, ended, *at).make(floor);
            floor.received.insert(source.clone(), None);
        }
        Event::TransferKept { .. } => {}
        Event::TransferReturned { ticket, reason, returned, at } => {
            let change = Change::of(ticket, StepKind::TransferRefused, Standing::Waiting, *at);
            change.back(returned).because(reason).make(floor);
            of_event(floor, ticket).linked_to = None;
        }
        Event::StepUndone(undone) => undo(floor, undone),
        Event::TicketSettled { ticket, how, at, .. } => {
            let how = match how {
                SettlementKind::Seen => TicketEnd::Seen,
                SettlementKind::Refund => TicketEnd::Refund,
                SettlementKind::ReturnDay | SettlementKind::Move => TicketEnd::ReturnDay,
            };
            Change::of(ticket, StepKind::Settled, Standing::Ended { how, at: *at }, *at).make(floor);
        }
        Event::WorkBegan { doctor, assignment, service_point, date, at } => {
            begin(floor, doctor, assignment, service_point, *date, *at)
        }
        Event::WorkPaused { doctor, pause, at } => {
            waits::touch_of(floor, doctor, *at);
            if let Some(work) = floor.work.get_mut(doctor) {
                work.pause = Some(pause.clone());
            }
        }
        Event::WorkResumed { doctor, at } => {
            waits::touch_of(floor, doctor, *at);
            if let Some(work) = floor.work.get_mut(doctor) {
                work.pause = None;
            }
        }
        Event::WorkStopped { doctor, at, .. } => {
            waits::touch_of(floor, doctor, *at);
            if let Some(work) = floor.work.remove(doctor) {
                floor.rooms.remove(&work.service_point);
            }
        }
        Event::AssignmentRefused { .. } => {}
        Event::VisitRefused { visit, version, code, date, .. } => {
            floor.refused.insert(visit.clone(), RefusedVisit { version: *version, code: *code, date: *date });
        }
        Event::VisitRegistered { visit, brief, open_until, outside, .. } => {
            remember_outside(floor, visit, outside);
            let (brief, date) = (brief.clone(), outside.date);
            let opened =
                Visit { brief, date, open_until: *open_until, tickets: Vec::new(), outside: Some(outside.clone()) };
            floor.visits.insert(visit.clone(), opened);
        }
        Event::VisitChanged { visit, outside, .. } => {
            remember_outside(floor, visit, outside);
            if let Some(visit) = floor.visits.get_mut(visit) {
                visit.outside = Some(outside.clone());
            }
        }
        Event::VisitCancelled { visit, version, .. } => {
            if let Some(outside) = floor.visits.get_mut(visit).and_then(|visit| visit.outside.as_mut()) {
                outside.version = *version;
                outside.cancelled = true;
            }
        }
        Event::VisitEnded { visit, .. } => drop(floor.off.insert(visit.clone())),
        Event::NumberGiven { queue, date, n, shown, .. } => {
            let numbers = floor.numbers.entry((*date, queue.clone())).or_default();
            numbers.last = *n;
            numbers.shown.insert(as_heard(shown), None);
        }
        Event::DaysTidied { before, .. } => tidy(floor, *before),
        Event::CallNotAnnounced { call, round, problem, .. } => super::receipts::mark(floor, call, *round, *problem),
        Event::TicketTold(news) => floor.told.tell(news),
        Event::TicketHeard { ticket, .. } => floor.told.heard(ticket),
        Event::PreChecked(checked) => super::pre_check::keep(floor, checked),
        Event::AlertAcknowledged { ticket, by, at, .. } => super::pre_check::acknowledged(floor, ticket, by, *at),
        Event::SentElsewhere(sent) => super::pre_check::sent(floor, sent),
        Event::TransferNotTaken { ticket, reason, at } => {
            let standing = of_event(floor, ticket).standing.clone();
            Change::of(ticket, StepKind::TransferRefused, standing, *at).because(reason).make(floor);
            super::pre_check::not_taken(floor, ticket, Some(*at));
        }
        Event::PreCheckPassedOn { .. } => {}
        Event::NoticeDue { due, nearing } => floor.notices.due(due, *nearing),
        Event::RefundTold { due, .. } => floor.notices.due(due, false),
        Event::NoticeHeard { n, .. } => floor.notices.heard(*n),
        Event::NoticeAnswered { ticket, n, reached, at, .. } => floor.notices.answered(ticket, *n, *reached, *at),
        Event::ReachedMarked { ticket, how, .. } => floor.notices.marked(ticket, *how),
        Event::PhoneFarAway { ticket, km, .. } => drop(floor.far_away.insert(ticket.clone(), *km)),
        Event::ReminderDefined { at_min, next, .. } => {
            floor.notices.reminders = Reminders { at_min: *at_min, next: *next };
        }
        Event::RemindingGoesOn { next, .. } => floor.notices.reminders.next = Some(*next),
        Event::TellingGoesOn { session, more, at } => super::at_home::goes_on(floor, session, *more, *at),
        Event::WaitsExpected { queue, newcomer, changed, until, at } => {
            waits::said(floor, queue, *newcomer, changed, *until, *at);
        }
        // Of the days' figures (`crate::report`), not of the floor.
        Event::VisitRated { .. } => {}
    }
}

/// A visit's number is in use from its registration on.
fn remember_outside(floor: &mut Floor, visit: &VisitId, outside: &OutsideVisit) {
    let numbers = floor.numbers.entry((outside.date, outside.queue.clone())).or_default();
    numbers.shown.insert(as_heard(&outside.number), Some(visit.clone()));
}

/// A ticket's number is in use in the queue where it stands. `n`: it is an own one of that queue, given now.
fn remember_number(floor: &mut Floor, opened: &Opened, n: Option<u32>) {
    let numbers = floor.numbers.entry((opened.date, opened.queue.clone())).or_default();
    numbers.last = n.unwrap_or(numbers.last);
    numbers.shown.insert(as_heard(&opened.number), Some(opened.visit.clone()));
}

fn of_event<'a>(floor: &'a mut Floor, ticket: &TicketId) -> &'a mut Ticket {
    floor.tickets.get_mut(ticket).expect("an event names a ticket of its department")
}

fn count(floor: &mut Floor, doctor: &DoctorId, with: impl FnOnce(&mut Pace)) {
    if let Some(pace) = floor.pace.get_mut(doctor) {
        with(pace);
    }
}

/// Those at a door stand in the order of their turns: who has just come, and is the last, goes before whoever has a
/// later one.
fn stand_by_turn(floor: &mut Floor, came: &Told) {
    let (lines, tickets) = (&floor.lines, &floor.tickets);
    if let Some(work) = floor.rooms.get(&came.service_point).and_then(|doctor| floor.work.get_mut(doctor))
        && let Some((_, before)) = work.at_door.split_last()
    {
        let turn = |id: &TicketId| lines.get(&tickets.get(id)?.opened.queue)?.turn(id);
        let at = before.partition_point(|id| turn(id) <= Some(came.turn));
        work.at_door[at..].rotate_right(1);
    }
}

fn remember_queue(floor: &mut Floor, service_point: &ServicePointId, queue: &QueueId) {
    if let Some(work) = floor.rooms.get(service_point).and_then(|doctor| floor.work.get_mut(doctor)) {
        work.last_queue = Some(queue.clone());
    }
}

fn enter(floor: &mut Floor, entry: &Entry, what: StepKind) {
    let opened = &entry.opened;
    floor.serial = entry.serial;
    floor.far_away.remove(&opened.ticket);
    remember_number(floor, opened, entry.number);
    let steps = match floor.tickets.get_mut(&opened.ticket) {
        Some(undone) => std::mem::take(&mut undone.steps),
        None => {
            if let Some(visit) = floor.visits.get_mut(&opened.visit) {
                visit.tickets.push(opened.ticket.clone());
            }
            Vec::new()
        }
    };
    let mut ticket = Ticket {
        opened: opened.clone(),
        place: None,
        put_before: entry.placement.passes.clone(),
        standing: Standing::Waiting,
        missed_times: 0,
        linked_to: None,
        steps,
    };
    ticket.steps.push(Step { what, at: entry.at, reason: None, undone: false, before: None });
    let (tickets, mut places) = Places::of(floor, entry.at);
    places.stand(&ticket, In::Placed(&entry.placement));
    tickets.insert(opened.ticket.clone(), ticket);
}

fn call(floor: &mut Floor, called: &Called) {
    floor.serial = called.serial;
    let standing = Standing::Called(Call {
        call: called.call.clone(),
        doctor: called.doctor.clone(),
        assignment: called.assignment.clone(),
        service_point: called.service_point.clone(),
        first_called_at: called.at,
        rounds: 1,
    });
    remember_queue(floor, &called.service_point, &called.queue);
    let mut change = Change::of(&called.ticket, StepKind::Called, standing, called.at);
    change.reason = called.chosen.as_deref();
    if let Some(picked) = &called.picked {
        change.out = Out::Called(picked);
    }
    change.make(floor);
}

/// The call that the ticket stands by gets another round; who has it in hand stays.
fn recall(floor: &mut Floor, ticket: &TicketId, round: u32, at: Timestamp) {
    let ticket = of_event(floor, ticket);
    if let Standing::Called(call) = &mut ticket.standing {
        call.rounds = round;
    }
    ticket.steps.push(Step { what: StepKind::Recalled, at, reason: None, undone: false, before: None });
}

/// From called to serving; who has it in hand stays.
fn start(floor: &mut Floor, id: &TicketId, at: Timestamp) {
    let ticket = of_event(floor, id);
    if let Standing::Called(call) = &ticket.standing {
        let serving = Standing::Serving { call: call.clone(), started_at: at };
        Change::of(id, StepKind::Started, serving, at).make(floor);
    }
}

fn undo(floor: &mut Floor, undone: &Undone) {
    if let Some(doctor) = &undone.doctor {
        let step = &of_event(floor, &undone.ticket).steps[undone.step as usize - 1];
        let before = step.before.as_ref().filter(|_| step.what == StepKind::Finished);
        let served = before.map(|before| before.standing.service_s(step.at));
        count(floor, doctor, |pace| {
            if let Some(service_s) = served {
                pace.seen = pace.seen.saturating_sub(1);
                if let Some(at) = pace.service_s.iter().rposition(|known| *known == service_s) {
                    pace.service_s.remove(at);
                }
            } else {
                pace.missed = pace.missed.saturating_sub(1);
            }
        });
        waits::touch_of(floor, doctor, undone.at);
    }
    let (tickets, mut places) = Places::of(floor, undone.at);
    let ticket = tickets.get_mut(&undone.ticket).expect("an event names a ticket of its department");
    places.leave(ticket, Out::Leaves);
    let step = &mut ticket.steps[undone.step as usize - 1];
    step.undone = true;
    ticket.put_before = step.before.as_ref().map(|before| before.put_before.clone()).unwrap_or_default();
    ticket.standing = undone.standing.clone();
    ticket.place = undone.place.clone().map(Box::new);
    ticket.missed_times = undone.missed_times;
    if let Some(opened) = &undone.opened {
        ticket.opened = Opened::clone(opened);
    }
    let reason = Some(undone.reason.clone());
    ticket.steps.push(Step { what: StepKind::Undid, at: undone.at, reason, undone: false, before: None });
    places.stand(ticket, undone.returned.as_ref().map_or(In::Nowhere, In::Back));
}

fn begin(
    floor: &mut Floor,
    doctor: &DoctorId,
    assignment: &AssignmentId,
    service_point: &ServicePointId,
    date: crate::BusinessDate,
    at: Timestamp,
) {
    let work = Work {
        assignment: assignment.clone(),
        service_point: service_point.clone(),
        began_at: at,
        room_order: 0,
        door_cap: None,
        queues: Vec::new(),
        last_queue: None,
        pause: None,
        in_hand: None,
        at_door: Vec::new(),
    };
    floor.work.insert(doctor.clone(), work);
    floor.rooms.insert(service_point.clone(), doctor.clone());
    if floor.pace.get(doctor).is_none_or(|pace| pace.date != date) {
        floor.pace.insert(doctor.clone(), Pace { date, seen: 0, missed: 0, service_s: Vec::new() });
    }
}

/// Forgets days before `before`: visits that are over and have no live ticket, with their tickets, calls and numbers.
fn tidy(floor: &mut Floor, before: crate::BusinessDate) {
    let tickets = &floor.tickets;
    floor.visits.retain(|_, visit| {
        visit.open_until >= before || visit.tickets.iter().any(|id| tickets.get(id).is_some_and(Ticket::is_live))
    });
    let visits = &floor.visits;
    floor.tickets.retain(|_, ticket| {
        ticket.is_live() || ticket.opened.date >= before || visits.contains_key(&ticket.opened.visit)
    });
    let waits = |ticket: &&Ticket| matches!(ticket.standing, Standing::Waiting | Standing::Summoned(_));
    floor.waiting_from = floor.tickets.values().filter(waits).map(|ticket| ticket.opened.date).min();
    let tickets = &floor.tickets;
    floor.off.retain(|visit| tickets.values().any(|ticket| ticket.opened.visit == *visit));
    floor.received.retain(|_, taken| taken.as_ref().is_some_and(|ticket| tickets.contains_key(ticket)));
    floor.numbers.retain(|(date, _), _| *date >= before);
    floor.told.tidy(before);
    let tickets = &floor.tickets;
    floor.pre_checks.retain(|ticket, _| tickets.contains_key(ticket));
    floor.far_away.retain(|ticket, _| tickets.contains_key(ticket));
    floor.sent_elsewhere.retain(|_, kept| kept.sent.date >= before);
    let is_to_come = |ticket: &TicketId| ticket.told_of().and_then(|id| id.date()).is_some_and(|day| day >= before);
    floor.notices.tidy(before, |ticket| tickets.contains_key(ticket) || is_to_come(ticket));
    floor.refused.retain(|_, refused| refused.date >= before);
    floor.tidied_to = Some(before);
}
