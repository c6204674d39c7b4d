//! The site's owner: what the house consists of, its screens, and the index of visits from outside. Departments, doctors
//! and boards learn of it by numbered effects.

mod apply;
mod configure;
mod event;
mod retire;
mod screens;
mod state;
#[cfg(test)]
mod tests;
pub mod view;
mod visits;

pub use event::{Event, event_kind, is_of_directory};
pub use state::{AskedSince, Kept, Offer, OutsideVisit, Screen, State};

use crate::codes::{Code, Rejection};
use crate::ids::SiteId;
use crate::owner::*;
use crate::time::Timestamp;
use crate::vocabulary::{Answer, More, ToSite};

/// For how long a screen's code can be approved, in minutes.
pub const OFFER_MIN: i64 = 10;
/// How many screens may show a code at once.
pub const OFFERS_MAX: usize = 200;
/// For how many days after its day a visit from outside is known by its hospital visit id.
pub const VISIT_REMEMBERED_DAYS: i64 = 30;

/// A hospital or campus.
pub struct Site;

impl Owner for Site {
    const KIND: OwnerKind = OwnerKind::Site;
    const STATE_VERSION: u16 = 4;
    type State = State;
    type Command = ToSite;
    type Event = Event;

    fn new_state(id: &str) -> State {
        State::new(SiteId::from(id))
    }

    fn decide(draft: &mut Draft<'_, Self>, command: ToSite, context: &Context) -> Result<Answer, Rejection> {
        let is_new = draft.state().definition.is_none();
        match command {
            ToSite::DefineSite(definition) => configure::site(draft, definition),
            ToSite::DefineDescribed { definition, described } if matches!(*definition, ToSite::DefineSite(_)) => {
                configure::described(draft, *definition, described, context)
            }
            _ if is_new => Err(Code::Forbidden.into()),
            ToSite::DefineDepartment(definition) => configure::department(draft, definition, context),
            ToSite::DefineServicePoint(definition) => configure::service_point(draft, definition),
            ToSite::DefineBoard(definition) => configure::board(draft, definition),
            ToSite::DefineQueue(definition) => configure::queue(draft, definition, More::default()),
            ToSite::DefineDoctor(definition) => configure::doctor(draft, definition, More::default()),
            ToSite::DefineMore { definition, more } => match *definition {
                ToSite::DefineQueue(definition) => configure::queue(draft, definition, more),
                ToSite::DefineDoctor(definition) => configure::doctor(draft, definition, more),
                _ => Err(Code::UnknownCommand.into()),
            },
            ToSite::DefineDescribed { definition, described } => {
                configure::described(draft, *definition, described, context)
            }
            ToSite::RetireDepartment(command) => retire::department(draft, command.id),
            ToSite::RetireServicePoint(command) => retire::service_point(draft, command.id),
            ToSite::RetireBoard(command) => retire::board(draft, command.id),
            ToSite::RetireQueue(command) => retire::queue(draft, command.id),
            ToSite::RetireDoctor(command) => retire::doctor(draft, command.id),
            ToSite::OfferScreen { code, screen, secret_hash, door, instead_of } => {
                let asked = screens::Asked { code, screen, secret_hash, door, instead_of };
                screens::offer(draft, asked, context)
            }
            ToSite::ApproveScreen(command) => screens::approve(draft, &command.code, command.board, context),
            ToSite::RevokeScreen(command) => screens::revoke(draft, command.screen),
            ToSite::RegisterVisit { command, brief, birth_date } => {
                visits::register(draft, command, brief, birth_date, context)
            }
            ToSite::ChangeVisit(command) => visits::change(draft, command),
            ToSite::CancelVisit(command) => visits::cancel(draft, command),
            ToSite::DefineQuestions(definition) => configure::questions(draft, definition, context),
            ToSite::DeadlineReached => screens::expire(draft, context),
        }
    }

    fn apply(state: &mut State, event: &Event) {
        apply::apply(state, event)
    }

    fn event_kind(event: &Event) -> (u16, &'static str) {
        event::event_kind(event)
    }

    fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
        event::outgoing(event, out)
    }

    /// A screen that is revoked has no right any more, nor has a doctor who is retired.
    fn ends_rights(event: &Event) -> bool {
        matches!(event, Event::ScreenRevoked { .. } | Event::DoctorRetired { .. })
    }

    /// In which zone times are told is the site's to say, and what whoever looks for a hospital, a department or a doctor
    /// finds.
    fn leaves(event: &Event) -> bool {
        event::is_of_directory(event)
    }

    fn next_deadline(state: &State) -> Option<Timestamp> {
        state.offers.values().map(|offer| offer.expires_at).min()
    }

    fn deadline_command() -> Option<ToSite> {
        Some(ToSite::DeadlineReached)
    }

    fn receive(message: Message) -> Option<ToSite> {
        match message {
            Message::Site(command) => Some(*command),
            _ => None,
        }
    }
}
