//! Where a ticket stands, and why.

use serde_json::{Value, json};

use crate::floor::Ticket;
use crate::queue::Place;

/// The line in which a ticket stands or stood last; none once it has ended.
pub(super) fn line_of<'a>(ticket: &Ticket, place: Option<&'a Place>) -> Option<&'a str> {
    place.filter(|_| ticket.is_live()).map(|place| place.line.name())
}

/// The answer to "why does she go before me?", from the event that placed the ticket.
pub(super) fn why(ticket: &Ticket, place: Option<&Place>) -> Option<Value> {
    let place = place.filter(|_| ticket.is_live())?;
    Some(json!({ "zh": place.why.zh(), "en": place.why.en() }))
}
