//! Decisions about what the house has no more of. Retiring again changes nothing. The screens of what is retired are revoked
//! with it: theirs is a right that ends.

use std::collections::BTreeMap;

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::Draft;
use crate::vocabulary::Answer;

use super::Site;
use super::event::Event;
use super::state::*;

type Outcome = Result<Answer, Rejection>;

/// The thing, unless it has been retired already.
fn living<'a, I: Ord, T>(things: &'a BTreeMap<I, Kept<T>>, id: &I) -> Result<Option<&'a T>, Rejection> {
    let known = things.get(id).ok_or(Code::Forbidden)?;
    Ok((!known.retired).then_some(&known.definition))
}

/// Revokes the paired screens that are of what is retired, each by its room, if it has one.
fn revoke_screens(draft: &mut Draft<'_, Site>, is_of: impl Fn(&Screen, Option<&ServicePointId>) -> bool) {
    let state = draft.state();
    let of = state.screens.iter().filter(|(id, screen)| is_of(screen, state.doors.get(*id)));
    for screen in of.map(|(id, _)| id.clone()).collect::<Vec<ScreenId>>() {
        draft.emit(Event::ScreenRevoked { screen });
    }
}

pub(super) fn department(draft: &mut Draft<'_, Site>, id: DepartmentId) -> Outcome {
    if living(&draft.state().departments, &id)?.is_some() {
        revoke_screens(draft, |_, room| room.is_some_and(|room| room.department() == id));
        draft.emit(Event::DepartmentRetired { id });
    }
    Ok(Answer::Done)
}

pub(super) fn service_point(draft: &mut Draft<'_, Site>, id: ServicePointId) -> Outcome {
    if living(&draft.state().service_points, &id)?.is_some() {
        revoke_screens(draft, |_, room| room == Some(&id));
        draft.emit(Event::ServicePointRetired { id });
    }
    Ok(Answer::Done)
}

pub(super) fn queue(draft: &mut Draft<'_, Site>, id: QueueId) -> Outcome {
    if living(&draft.state().queues, &id)?.is_some() {
        draft.emit(Event::QueueRetired { id });
    }
    Ok(Answer::Done)
}

pub(super) fn doctor(draft: &mut Draft<'_, Site>, id: DoctorId) -> Outcome {
    if let Some(doctor) = living(&draft.state().doctors, &id)? {
        let departments = doctor.departments.clone();
        draft.emit(Event::DoctorRetired { id, departments });
    }
    Ok(Answer::Done)
}

pub(super) fn board(draft: &mut Draft<'_, Site>, id: BoardId) -> Outcome {
    if let Some(board) = living(&draft.state().boards, &id)? {
        let departments = State::departments_of(board).into_iter().collect();
        revoke_screens(draft, |screen, _| screen.board == id);
        draft.emit(Event::BoardRetired { id, departments });
    }
    Ok(Answer::Done)
}
