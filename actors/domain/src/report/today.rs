//! How today goes, for who looks every second: only what is of today is gone through.

use serde::Serialize;

use super::count::{Crowds, of_appointment, of_ticket};
use super::figures::Figures;
use crate::department::State;
use crate::floor::{Standing, TicketEnd};
use crate::ids::AppointmentId;
use crate::time::Timestamp;

/// What today has come to.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Today {
    /// Tickets of patients who came.
    pub came: u32,
    /// Of these seen.
    pub seen: u32,
    /// Calls that nobody came to.
    pub missed: u32,
    /// 爽约.
    pub no_shows: u32,
    /// Half of those who were called had waited no longer, in minutes.
    pub waited_p50_min: Option<u16>,
    /// … and nine of ten.
    pub waited_p90_min: Option<u16>,
    /// How many were seen in each hour of the day, from midnight on.
    pub seen_by_hour: Vec<u32>,
}

/// Of a department, at a moment.
pub fn today(state: &State, now: Timestamp) -> Today {
    let (today, zone) = (state.config.today(now), state.config.zone());
    let (mut all, mut seen_by_hour) = (Figures::default(), vec![0; 24]);
    let crowds = Crowds::default();
    for ticket in state.floor.tickets.values().filter(|ticket| ticket.opened.date == today) {
        all.add(&of_ticket(state, &crowds, ticket).map(|(_, figures)| figures).unwrap_or_default());
        if let Standing::Ended { how: TicketEnd::Seen, at } = ticket.standing
            && let Some(hour) = zone.clock(at).get(..2).and_then(|hour| hour.parse::<usize>().ok())
        {
            seen_by_hour[hour.min(23)] += 1;
        }
    }
    // An appointment's id carries its day.
    let first = |day: &str| AppointmentId::from(format!("{}.b{day}", state.config.id));
    let of_today = state.clinic.appointments.range(first(&today.compact())..first(&today.plus_days(1).compact()));
    for (_, appointment) in of_today {
        all.add(&of_appointment(state, appointment).map(|(_, figures)| figures).unwrap_or_default());
    }
    Today {
        came: all.came,
        seen: all.seen,
        missed: all.missed,
        no_shows: all.no_shows,
        waited_p50_min: all.waits.quantile_min(50),
        waited_p90_min: all.waits.quantile_min(90),
        seen_by_hour,
    }
}
