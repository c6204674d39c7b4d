//! The day before: whoever is booked for the next day is told once more when they are expected. A department says at what time
//! of day, or has nobody reminded. What is told is decided as everything that people at home are told ([`super::at_home`]).

use serde::{Deserialize, Serialize};

use super::at_home::{self, TOLD_AT_ONCE};
use super::emit;
use super::event::Event;
use super::state::Floor;
use crate::Rejection;
use crate::department::{Department, State};
use crate::ids::AppointmentId;
use crate::owner::{Context, Draft};
use crate::reach::{About, is_quiet};
use crate::time::{BusinessDate, Timestamp, Zone};
use crate::vocabulary::{Answer, DefineReminder};

/// When people are reminded, and who is next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Reminders {
    /// At this minute after midnight; none: nobody is.
    pub at_min: Option<u16>,
    /// The next round.
    pub next: Option<Round>,
}

/// Whoever is booked for one day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Round {
    /// For which.
    pub date: BusinessDate,
    /// They are reminded at this time, the next part of them too.
    pub at: Timestamp,
}

impl Round {
    /// The one of that day, for the next.
    fn of(day: BusinessDate, at_min: u16, zone: Zone) -> Self {
        Self { date: day.plus_days(1), at: zone.at_minute(day, at_min.into()) }
    }
}

/// A department says when people are reminded.
pub(crate) fn define(
    draft: &mut Draft<'_, Department>,
    command: &DefineReminder,
    context: &Context,
) -> Result<Answer, Rejection> {
    let State { config, floor, .. } = draft.state();
    if config.retired {
        return Err(crate::Code::Retired.into());
    }
    let at_min = command.at_min;
    if at_min.is_some_and(is_quiet) {
        return Err(Rejection::field("at_min", "420 to 1319: nobody is reminded in the quiet hours"));
    }
    if floor.notices.reminders.at_min != at_min {
        let (now, zone) = (context.now, config.zone());
        let of = |at_min| {
            let today = zone.date(now);
            let first = Round::of(today, at_min, zone);
            if first.at > now { first } else { Round::of(today.plus_days(1), at_min, zone) }
        };
        let next = at_min.map(of);
        emit(draft, Event::ReminderDefined { at_min, next, at: now });
    }
    Ok(Answer::Done)
}

/// When the next part is reminded.
pub(crate) fn next_deadline(floor: &Floor) -> Option<Timestamp> {
    floor.notices.reminders.next.map(|round| round.at)
}

/// Whoever is to be reminded now, [`TOLD_AT_ONCE`] at most. Of a day that has begun, and in the quiet hours, nobody is: the
/// house was closed at the time, and it is too late.
pub(crate) fn go_on(draft: &mut Draft<'_, Department>, now: Timestamp) {
    let state = draft.state();
    let Reminders { at_min: Some(at_min), next: Some(round) } = state.floor.notices.reminders else { return };
    if now < round.at {
        return;
    }
    let zone = state.config.zone();
    let today = zone.date(now);
    let minute = u16::try_from(now.ms_since(zone.at_minute(today, 0)) / 60_000).unwrap_or(u16::MAX);
    let is_over = round.date <= today || is_quiet(minute);
    let expected: Vec<AppointmentId> = if is_over { Vec::new() } else { expected_on(state, round.date, zone) };
    let mut dues = expected.iter().filter_map(|id| at_home::due(state, id, Some(About::Reminder), now));
    let part: Vec<_> = dues.by_ref().take(TOLD_AT_ONCE).collect();
    let more = dues.next().is_some();
    // That of today too, which may have come while the house was closed.
    let next = if more { Round { at: now, ..round } } else { Round::of(round.date.max(today), at_min, zone) };
    at_home::state_all(draft, part);
    emit(draft, Event::RemindingGoesOn { next, at: now });
}

/// Whoever is booked for that day, and knew it before today: what was booked today is fresh in mind.
fn expected_on(state: &State, date: BusinessDate, zone: Zone) -> Vec<AppointmentId> {
    let sessions = state.clinic.sessions.values().filter(|session| session.date == date);
    let slots = sessions.flat_map(|session| &session.slots).filter_map(|slot| state.clinic.slots.get(slot));
    let known = slots.flat_map(|slot| &slot.expected).filter(|id| {
        let booked = state.clinic.appointments.get(*id).and_then(|known| known.booked_at);
        booked.is_some_and(|at| zone.date(at).plus_days(1) < date)
    });
    known.cloned().collect()
}
