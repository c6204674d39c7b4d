//! When a doctor was not there though patients were to be seen: late starts and pauses. Nobody else keeps them.

use serde::{Deserialize, Serialize};

use super::figures::Figures;
use crate::clinic::SessionStanding;
use crate::department::State;
use crate::ids::{DoctorId, SlotId};
use crate::time::{BusinessDate, Timestamp};

/// A start up to so much after the session's is none that is late, milliseconds.
const LATE_FROM_MS: i64 = 5 * 60 * 1000;
/// So many late starts and pauses of a day are kept one by one; the rest is only counted.
const SPANS_MAX: usize = 24;

/// From when to when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Since.
    pub from: Timestamp,
    /// Until.
    pub to: Timestamp,
}

impl Span {
    /// How much of it lies in another one, milliseconds.
    pub fn within_ms(self, other: Self) -> i64 {
        self.to.min(other.to).ms_since(self.from.max(other.from)).max(0)
    }
}

/// A doctor's day.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Attendance {
    late_starts: u32,
    late_s: u32,
    pauses: u32,
    paused_s: u32,
    /// Late starts, from when it should have been.
    pub(super) late: Vec<Span>,
    /// Pauses that are over.
    pub(super) paused: Vec<Span>,
    paused_since: Option<Timestamp>,
    /// The doctor was at work here last until then; none while at work, or before.
    left_at: Option<Timestamp>,
}

/// When the doctor's session that runs at a moment began; none: none of the doctor's runs.
pub(super) fn due(state: &State, doctor: &DoctorId, date: BusinessDate, at: Timestamp) -> Option<Timestamp> {
    let own = state.clinic.sessions.values().filter(|session| {
        session.date == date
            && session.standing != SessionStanding::Retired
            && super::count::doctor_of(state, session.doctor.as_ref(), &session.queue).as_ref() == Some(doctor)
    });
    let running = own.filter_map(|session| {
        let takes_place = |slot: &&SlotId| !state.clinic.is_stopped(slot);
        let slots = || session.slots.iter().filter(takes_place).filter_map(|slot| state.clinic.slots.get(slot));
        let (from, to) = (slots().map(|slot| slot.start).min()?, slots().map(|slot| slot.end).max()?);
        (from <= at && at < to).then_some(from)
    });
    running.min()
}

impl Attendance {
    /// `due`: when the session that runs began. Whoever has been at work in it before is not late again.
    pub(super) fn begin(&mut self, due: Option<Timestamp>, at: Timestamp) {
        let due = due.filter(|due| self.left_at.is_none_or(|left| left <= *due));
        if let Some(from) = due.filter(|due| at.ms_since(*due) >= LATE_FROM_MS) {
            self.late_starts += 1;
            self.late_s += seconds(Span { from, to: at });
            keep(&mut self.late, Span { from, to: at });
        }
    }

    pub(super) fn pause(&mut self, at: Timestamp) {
        self.paused_since.get_or_insert(at);
    }

    /// A pause has not ended.
    pub(super) fn is_paused(&self) -> bool {
        self.paused_since.is_some()
    }

    pub(super) fn resume(&mut self, at: Timestamp) {
        if let Some(from) = self.paused_since.take() {
            self.pauses += 1;
            self.paused_s += seconds(Span { from, to: at });
            keep(&mut self.paused, Span { from, to: at });
        }
    }

    /// A pause has been ended before.
    pub(super) fn stop(&mut self, at: Timestamp) {
        self.left_at = Some(at);
    }

    /// Its figures at a moment, with the pause that runs then.
    pub(super) fn figures(&self, now: Timestamp) -> Figures {
        let running = self.paused_since.map(|from| Span { from, to: now });
        Figures {
            late_starts: self.late_starts,
            late_s: self.late_s,
            pauses: self.pauses + u32::from(running.is_some()),
            paused_s: self.paused_s + running.map_or(0, seconds),
            ..Figures::default()
        }
    }
}

fn seconds(span: Span) -> u32 {
    u32::try_from(span.within_ms(span) / 1000).unwrap_or(u32::MAX)
}

fn keep(spans: &mut Vec<Span>, span: Span) {
    if spans.len() < SPANS_MAX {
        spans.push(span);
    }
}
