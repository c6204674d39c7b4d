//! The patient's owner: who the person is (sealed), which accounts act for them, and every limit on booking. It reserves
//! first and then asks the department; it asks again until it is answered.

mod apply;
mod claims;
mod decide;
mod event;
mod file;
mod hear;
mod moved;
mod notices;
mod offers;
mod state;
#[cfg(test)]
mod tests;
pub mod view;

pub use claims::bound;
pub use event::{Event, Wish};
pub use hear::Change;
pub use notices::{Notice, NoticeChange, NoticeStanding, Notices, WayStanding};
pub use offers::may_wait;
pub use state::{Identity, Reservation, Standing, State, Taken};

use crate::codes::Rejection;
use crate::ids::PatientId;
use crate::owner::*;
use crate::time::Timestamp;
use crate::vocabulary::{Answer, AppointmentEnd, ToDepartment, ToPatient};

/// Tickets of no reservation that are kept; beyond it the oldest go.
pub const TICKETS_KEPT: usize = 32;

/// A person.
pub struct Patient;

impl Owner for Patient {
    const KIND: OwnerKind = OwnerKind::Patient;
    const STATE_VERSION: u16 = 7;
    const ANSWERED_BY_REQUEST: bool = true;
    type State = State;
    type Command = ToPatient;
    type Event = Event;

    fn new_state(id: &str) -> State {
        State::new(PatientId::from(id))
    }

    fn decide(draft: &mut Draft<'_, Self>, command: ToPatient, context: &Context) -> Result<Answer, Rejection> {
        let answer = decide::decide(draft, command, context)?;
        claims::tell_bearer(draft);
        Ok(answer)
    }

    fn apply(state: &mut State, event: &Event) {
        apply::apply(state, event)
    }

    fn event_kind(event: &Event) -> (u16, &'static str) {
        event::kind(event)
    }

    fn event_version(kind: u16) -> u16 {
        event::version(kind)
    }

    fn upcast<P: Payload>(kind: u16, version: u16, payload: &P) -> Option<Result<Event, String>> {
        event::upcast(kind, version, payload)
    }

    fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
        event::outgoing(event, out)
    }

    fn open_requests(state: &State, out: &mut Vec<Outgoing>) {
        for (appointment, reservation) in &state.reservations {
            let wish = match (reservation.standing, reservation.wish) {
                (Standing::Ended(_), _) | (Standing::Held { .. } | Standing::Booked | Standing::CheckedIn, None) => {
                    continue;
                }
                (Standing::Asked, Some(Wish::Cancel | Wish::Replace) | None) => Wish::Tell,
                (_, Some(wish)) => wish,
            };
            out.push(event::request(&state.id, appointment, wish));
        }
        let unheard = state.notices.list.iter().filter_map(|notice| Some((&notice.id, notice.unheard?)));
        out.extend(unheard.filter_map(|(notice, reached)| notices::answer(&state.id, notice, reached)));
    }

    /// A notice is sent, and has reached somebody or nobody: the one leaves by a channel, the other is counted.
    fn leaves(event: &Event) -> bool {
        matches!(event, Event::NoticeSent { .. } | Event::NoticeConfirmed { .. } | Event::NoticeNotReached { .. })
    }

    /// A request that was refused, or whose hold is over, is let go: the command that made it is decided anew.
    fn has_let_go(state: &State, request: &Message) -> bool {
        let Message::Department(request) = request else { return false };
        let (ToDepartment::RequestPlace { appointment, .. }
        | ToDepartment::RequestByReferral { appointment, .. }
        | ToDepartment::ConfirmPlace { appointment, .. }) = &**request
        else {
            return false;
        };
        let is_confirm = matches!(**request, ToDepartment::ConfirmPlace { .. });
        let ended_so = |reservation: &Reservation| match reservation.standing {
            Standing::Ended(AppointmentEnd::Refused) => true,
            Standing::Ended(AppointmentEnd::Expired) => is_confirm,
            _ => false,
        };
        state.reservations.get(appointment).is_none_or(ended_so)
    }

    fn is_asked_by_key(question: &Message) -> bool {
        matches!(question, Message::Department(to) if matches!(**to, ToDepartment::RestoreAppointment(_)))
    }

    fn next_deadline(state: &State) -> Option<Timestamp> {
        let asked = state.reservations.values().filter(|r| r.wish.is_none()).filter_map(|r| r.ask_at);
        asked.chain(state.notices.list.iter().filter_map(Notice::deadline)).min()
    }

    fn deadline_command() -> Option<ToPatient> {
        Some(ToPatient::DeadlineReached)
    }

    fn receive(message: Message) -> Option<ToPatient> {
        match message {
            Message::Patient(command) => Some(*command),
            _ => None,
        }
    }
}

fn department_of(appointment: &crate::ids::AppointmentId) -> OwnerRef {
    OwnerRef::new(OwnerKind::Department, appointment.prefix(2))
}

fn to_department(appointment: &crate::ids::AppointmentId, message: ToDepartment) -> Outgoing {
    Outgoing::Request(department_of(appointment), message.into())
}
