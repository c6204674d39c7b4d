//! How a department stands, as operations see it: numbers, and no patient. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use super::planned::{PlannedSession, planned};
use crate::clinic::SessionStanding;
use crate::department::State;
use crate::floor::left_over::is_left_over;
use crate::floor::{Standing, receipts};
use crate::ids::*;
use crate::report::{self, Today};
use crate::time::Timestamp;

/// A department in numbers. Nothing in it says who.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Load {
    /// Which.
    pub department: DepartmentId,
    /// Its name.
    pub name: String,
    /// In English.
    pub name_en: String,
    /// Sessions of today.
    pub sessions: usize,
    /// Of these, still taking people.
    pub sessions_open: usize,
    /// Doctors at work.
    pub doctors: usize,
    /// Of these, paused.
    pub doctors_paused: usize,
    /// Tickets that wait, at doors too, without those left over from earlier days.
    pub waiting: usize,
    /// Tickets called or with a doctor.
    pub in_hand: usize,
    /// Tickets missed today that nobody has called again, as the boards show them.
    pub missed: usize,
    /// Tickets of earlier days that nobody will be called by and that the desk has not settled.
    pub of_earlier_days: usize,
    /// How long those who wait have waited, in minutes of clinic time: the median.
    pub wait_p50_min: Option<i64>,
    /// … and what a tenth of them exceed.
    pub wait_p90_min: Option<i64>,
    /// What today has come to.
    pub today: Today,
    /// Calls under way that no screen has shown or spoken in time.
    pub calls_not_announced: usize,
    /// The same by queue, for the boards that show it.
    #[serde(skip)]
    pub not_announced: BTreeMap<QueueId, usize>,
    /// Sessions from today on, for the boards that announce them.
    #[serde(skip)]
    pub planned: Vec<PlannedSession>,
    /// How long each who waits has waited, in seconds: for quantiles over several departments.
    #[serde(skip)]
    pub waited_s: Vec<i64>,
}

/// The department in numbers at a moment; none while it is not defined.
pub fn load(state: &State, now: Timestamp) -> Option<Load> {
    let definition = state.config.definition.as_ref()?;
    let today = state.config.today(now);
    let mut load = Load {
        department: state.config.id.clone(),
        name: definition.name.clone(),
        name_en: definition.name_en.clone(),
        sessions: 0,
        sessions_open: 0,
        doctors: state.floor.work.len(),
        doctors_paused: state.floor.work.values().filter(|work| work.pause.is_some()).count(),
        waiting: 0,
        in_hand: 0,
        missed: 0,
        of_earlier_days: 0,
        wait_p50_min: None,
        wait_p90_min: None,
        today: report::today(state, now),
        calls_not_announced: 0,
        not_announced: BTreeMap::new(),
        planned: planned(state, now),
        waited_s: Vec::new(),
    };
    for session in state.clinic.sessions.values().filter(|session| session.date == today) {
        load.sessions += 1;
        load.sessions_open += usize::from(session.standing == SessionStanding::Open);
    }
    for ticket in state.floor.tickets.values() {
        match &ticket.standing {
            Standing::Waiting | Standing::Summoned(_) if is_left_over(state, ticket, now) => load.of_earlier_days += 1,
            Standing::Waiting | Standing::Summoned(_) => {
                load.waiting += 1;
                load.waited_s.push(now.ms_since(ticket.opened.checked_in_at).max(0) / 1000);
            }
            Standing::Called(_) | Standing::Serving { .. } => load.in_hand += 1,
            Standing::Missed { since } if state.config.today(*since) == today => load.missed += 1,
            Standing::Missed { .. } => load.of_earlier_days += 1,
            Standing::Away { .. } if ticket.opened.date < today => load.of_earlier_days += 1,
            Standing::Away { .. } | Standing::InTransit { .. } | Standing::Ended { .. } => {}
        }
        if receipts::problem(&state.floor, ticket).is_some() {
            load.calls_not_announced += 1;
            *load.not_announced.entry(ticket.opened.queue.clone()).or_default() += 1;
        }
    }
    load.waited_s.sort_unstable();
    load.wait_p50_min = quantile(&load.waited_s, 50).map(|s| s / 60);
    load.wait_p90_min = quantile(&load.waited_s, 90).map(|s| s / 60);
    Some(load)
}

/// The value that so many of a hundred do not exceed; none of nothing. `sorted` rises.
pub fn quantile(sorted: &[i64], percent: usize) -> Option<i64> {
    let last = sorted.len().checked_sub(1)?;
    sorted.get((sorted.len() * percent / 100).min(last)).copied()
}
