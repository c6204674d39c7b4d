//! A patient says how the visit was: stars and, from a fixed list, what they are about. No free words: what nobody can
//! write nobody has to protect, and nobody is recognised by it.

use serde::{Deserialize, Serialize};

use crate::department::{Department, State};
use crate::floor::{self, Standing, TicketEnd};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{Answer, RateVisit, RatedAbout};
use crate::{Code, Rejection};

/// So many days after the visit's last a rating is taken or changed.
pub const RATE_DAYS: i64 = 7;
/// Everything that a rating can be about, in the order in which it is counted.
pub(super) const ABOUTS: [RatedAbout; 4] =
    [RatedAbout::Waiting, RatedAbout::Explanation, RatedAbout::Kindness, RatedAbout::Place];

/// What a patient has said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rating {
    /// 1 to 5.
    pub stars: u8,
    /// What it is about, each once.
    pub about: Vec<RatedAbout>,
    /// When last.
    pub at: Timestamp,
}

/// A ticket that was seen, is known no more, and may still be rated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rated {
    /// Whose.
    pub patient: PatientId,
    /// Its day.
    pub date: BusinessDate,
    /// By whom seen.
    pub doctor: Option<DoctorId>,
    /// The last day on which it may be rated.
    pub until: BusinessDate,
    /// As it was rated.
    pub rating: Option<Rating>,
}

/// The last day on which a ticket may be rated.
pub(super) fn until(state: &State, opened: &floor::Opened) -> BusinessDate {
    let visit = state.floor.visits.get(&opened.visit).map(|visit| visit.open_until);
    visit.unwrap_or(opened.date).max(opened.date).plus_days(RATE_DAYS)
}

/// Takes or changes a rating. Rejects `wrong_ticket_state` for who was not seen and when it is too late, `invalid_field`
/// for stars that are not 1 to 5.
pub fn rate(draft: &mut Draft<'_, Department>, command: &RateVisit, context: &Context) -> Result<Answer, Rejection> {
    let RateVisit { ticket: id, stars, about } = command;
    if !(1..=5).contains(stars) {
        return Err(Rejection::field("stars", "stars are 1 to 5"));
    }
    let state = draft.state();
    let (until, known) = match (state.floor.tickets.get(id), state.reports.rated.get(id)) {
        (Some(ticket), _) => {
            if !matches!(ticket.standing, Standing::Ended { how: TicketEnd::Seen, .. }) {
                return Err(floor::wrong_state(ticket));
            }
            (until(state, &ticket.opened), state.reports.ratings.get(id))
        }
        (None, Some(rated)) => (rated.until, rated.rating.as_ref()),
        (None, None) => return Err(Rejection::new(Code::Forbidden, "no such ticket")),
    };
    if state.config.today(context.now) > until {
        return Err(Rejection::new(Code::WrongTicketState, "the time for rating it is over"));
    }
    let about: Vec<RatedAbout> = ABOUTS.into_iter().filter(|one| about.contains(one)).collect();
    if known.is_some_and(|known| (known.stars, &known.about) == (*stars, &about)) {
        return Ok(Answer::Done);
    }
    floor::emit(draft, floor::Event::VisitRated { ticket: id.clone(), stars: *stars, about, at: context.now });
    Ok(Answer::Done)
}
