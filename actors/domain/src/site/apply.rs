//! Applies the site's events.

use std::collections::BTreeMap;

use super::event::Event;
use super::state::*;
use crate::vocabulary::as_heard;

pub(super) fn apply(state: &mut State, event: &Event) {
    match event {
        Event::SiteDefined { definition, .. } => state.definition = Some(definition.clone()),
        Event::DepartmentDefined { definition, .. } => keep(&mut state.departments, &definition.id, definition),
        Event::ServicePointDefined { definition } => keep(&mut state.service_points, &definition.id, definition),
        Event::QueueDefined { definition } => keep(&mut state.queues, &definition.id, definition),
        Event::DoctorDefined { definition, .. } => keep(&mut state.doctors, &definition.id, definition),
        Event::BoardDefined { definition, .. } => keep(&mut state.boards, &definition.id, definition),
        Event::DepartmentRetired { id } => {
            retire(&mut state.departments, id);
            for (_, queue) in state.queues.iter_mut().filter(|(queue, _)| queue.prefix(2) == id.as_str()) {
                queue.retired = true;
            }
            for (_, point) in state.service_points.iter_mut().filter(|(point, _)| point.prefix(2) == id.as_str()) {
                point.retired = true;
            }
        }
        Event::ServicePointRetired { id } => retire(&mut state.service_points, id),
        Event::QueueRetired { id } => retire(&mut state.queues, id),
        Event::DoctorRetired { id, .. } => retire(&mut state.doctors, id),
        Event::BoardRetired { id, .. } => {
            retire(&mut state.boards, id);
            state.screens.retain(|_, screen| screen.board != *id);
            forget_doors(state);
        }
        Event::ScreenOffered { code, offer } => {
            state.offers.retain(|_, other| other.screen != offer.screen);
            state.offers.insert(code.clone(), offer.clone());
        }
        Event::ScreenOffersExpired { codes } => {
            state.offers.retain(|code, _| !codes.contains(code));
            forget_doors(state);
        }
        Event::ScreenDoorNamed { screen, door } => {
            state.doors.insert(screen.clone(), door.clone());
        }
        Event::ScreenPaired { code, screen, paired } => {
            state.offers.remove(code);
            state.screens.insert(screen.clone(), paired.clone());
        }
        Event::ScreenRevoked { screen } => {
            state.screens.remove(screen);
            forget_doors(state);
        }
        Event::QuestionsDefined { definition, at, .. } => {
            // Told again to a new department: the same questions.
            if state.questions.last().is_none_or(|last| last.definition != *definition) {
                state.questions.push(AskedSince { definition: definition.clone(), at: *at });
                let surplus = state.questions.len().saturating_sub(QUESTIONS_KEPT + 1);
                state.questions.drain(..surplus);
            }
        }
        Event::MoreDefined { id, more, .. } => {
            state.more.insert(id.clone(), more.clone());
        }
        Event::Described { id, described } => {
            state.described.insert(id.clone(), described.clone());
        }
        Event::VisitRegistered { command, visit, queue, brief, body } => {
            let known = OutsideVisit {
                version: command.version,
                visit: visit.clone(),
                brief: brief.clone(),
                queue: queue.clone(),
                date: command.date,
                number: command.number.clone(),
                cancelled: false,
                body: *body,
            };
            if let Some(before) = state.visits.insert(command.visit_id.clone(), known)
                && let Some(day) = state.visits_by_day.get_mut(&before.date)
            {
                day.remove(&command.visit_id);
                if day.is_empty() {
                    state.visits_by_day.remove(&before.date);
                }
            }
            state.visits_by_day.entry(command.date).or_default().insert(command.visit_id.clone());
            take_number(state, &command.visit_id);
        }
        Event::VisitChanged { command, queue, body, .. } => {
            if let Some(known) = state.visits.get_mut(&command.visit_id) {
                known.version = command.version;
                known.queue = queue.clone();
                known.body = *body;
            }
            take_number(state, &command.visit_id);
        }
        Event::VisitCancelled { command, body, .. } => {
            if let Some(known) = state.visits.get_mut(&command.visit_id) {
                known.version = command.version;
                known.cancelled = true;
                known.body = *body;
            }
        }
        Event::VisitsForgotten { before } => {
            let kept = state.visits_by_day.split_off(before);
            for visit_id in std::mem::replace(&mut state.visits_by_day, kept).into_values().flatten() {
                state.visits.remove(&visit_id);
            }
            state.numbers.retain(|(_, date, _), _| date >= before);
        }
    }
}

fn keep<I: Ord + Clone, T: Clone>(things: &mut BTreeMap<I, Kept<T>>, id: &I, definition: &T) {
    things.insert(id.clone(), Kept { definition: definition.clone(), retired: false });
}

fn retire<I: Ord, T>(things: &mut BTreeMap<I, Kept<T>>, id: &I) {
    if let Some(thing) = things.get_mut(id) {
        thing.retired = true;
    }
}

/// Screens that are neither offered nor paired stand nowhere.
fn forget_doors(state: &mut State) {
    let State { doors, screens, offers, .. } = state;
    doors.retain(|screen, _| screens.contains_key(screen) || offers.values().any(|offer| offer.screen == *screen));
}

/// A number stays taken when its visit is cancelled or moves: it is never given twice.
fn take_number(state: &mut State, visit_id: &str) {
    if let Some(OutsideVisit { queue, date, number: Some(number), .. }) = state.visits.get(visit_id) {
        state.numbers.insert((queue.clone(), *date, as_heard(number)), visit_id.to_owned());
    }
}
