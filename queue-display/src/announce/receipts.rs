//! Receipts of screens: which are waited for, and which did not come. Pure.

use jiaohao_domain::vocabulary::AnnouncementProblem;
use jiaohao_domain::{AnnouncementId, Code, Draft, Rejection, Timestamp};

use super::rules::{Announcement, Board, Event, Receipt, State};

/// States what no screen has confirmed in time.
pub(super) fn not_confirmed(draft: &mut Draft<'_, Board>, now: Timestamp) {
    let mut events = Vec::new();
    for one in &draft.state().line {
        let mut missing = |problem| {
            events.push(Event::AnnouncementNotConfirmed {
                announcement: one.id.clone(),
                call: one.request.call.clone(),
                round: one.request.round,
                problem,
            });
        };
        if one.shown == Receipt::Awaited && one.shown_by <= now {
            missing(AnnouncementProblem::NotShown);
        }
        if one.spoken == Receipt::Awaited && one.spoken_by <= now {
            missing(AnnouncementProblem::NotSpoken);
        }
    }
    events.into_iter().for_each(|event| draft.emit(event));
}

/// Whether a screen's report is the first for an announcement that waits for it. A repeated or late report is fine and
/// changes nothing; one for another board, one that was never made, or one before its time is not.
pub(super) fn is_awaited(
    state: &State,
    id: &AnnouncementId,
    now: Timestamp,
    receipt: impl Fn(&Announcement) -> Receipt,
    not_before: impl Fn(&Announcement) -> Timestamp,
) -> Result<bool, Rejection> {
    if let Some(one) = state.find(id) {
        if now < not_before(one) {
            return Err(Rejection::new(Code::InvalidField, "its turn has not come"));
        }
        return Ok(receipt(one) == Receipt::Awaited);
    }
    let serial = id.as_str().strip_prefix(state.board.as_str()).and_then(|rest| rest.strip_prefix(".n"));
    match serial.and_then(|serial| serial.parse::<u64>().ok()) {
        Some(serial) if (1..=state.last_serial).contains(&serial) => Ok(false),
        _ => Err(Code::Forbidden.into()),
    }
}
