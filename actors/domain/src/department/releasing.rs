//! The lot of a release: its seed is drawn five minutes before and its hash published, it is published itself at the
//! moment, and what the order of those who were there came to is put on record.

use super::{Department, Event};
use crate::owner::{Context, Draft};
use crate::release::{self, LOTS_KEPT, PRESENT_MIN, lot};
use crate::time::Timestamp;
use crate::vocabulary::Answer;

/// At its deadline: lots that are due are prepared, and those whose moment has come drawn.
pub(super) fn go_on(draft: &mut Draft<'_, Department>, context: &Context) {
    let now = context.now;
    if draft.state().releases.due_at().is_none_or(|at| now < at) {
        return;
    }
    follow(draft, context);
    let mut drawn = 0;
    while let Some(released_at) = next(draft, now) {
        let seed = lot::seed(|n| context.draw_for("release", drawn + n));
        drawn += 4;
        let lots = &draft.state().releases.lots;
        let forgotten = lots.keys().take((lots.len() + 1).saturating_sub(LOTS_KEPT)).copied().collect();
        draft.emit(Event::Release(release::Event::ReleasePrepared { released_at, seed, forgotten }));
    }
    let mut come: Vec<Timestamp> =
        draft.state().releases.undrawn().map(|(at, _)| *at).filter(|released_at| *released_at <= now).collect();
    come.sort_unstable();
    for released_at in come {
        draft.emit(Event::Release(release::Event::ReleaseDrawn { released_at, at: now }));
    }
}

/// After every decision: sessions whose moment has passed without a lot can be booked as they are, since nobody was told
/// that there would be one.
pub(super) fn follow(draft: &mut Draft<'_, Department>, context: &Context) {
    if let Some(until) = draft.state().releases.ahead.range(..=context.now).next_back().copied() {
        draft.emit(Event::Release(release::Event::ReleasesPassed { until }));
    }
}

/// The first moment whose lot is due to be prepared.
fn next(draft: &Draft<'_, Department>, now: Timestamp) -> Option<Timestamp> {
    draft.state().releases.ahead.first().copied().filter(|at| at.plus_min(-PRESENT_MIN) <= now)
}

/// What the edge says of an order. Once: what has been said stays.
pub(super) fn order(
    draft: &mut Draft<'_, Department>,
    released_at: Timestamp,
    present: u32,
    order_sha256: String,
) -> Answer {
    let lot = draft.state().releases.lots.get(&released_at);
    if lot.is_some_and(|lot| lot.drawn_at.is_some() && lot.order.is_none()) {
        draft.emit(Event::Release(release::Event::ReleaseOrdered { released_at, present, order_sha256 }));
    }
    Answer::Done
}
