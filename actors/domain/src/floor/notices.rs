//! What people are told beside the screens: "three before you" once in each waiting, and "called". The department says what
//! there is to tell, one notice of a ticket at a time, and asks again until the person's owner knows; which way it takes is
//! decided there ([`crate::patient`]). Whoever nothing has reached is marked for the desk as long as the notice stands.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use foldhash::fast::FixedState;
use serde::{Deserialize, Serialize};

use super::event::Event;
use super::left_over::Today;
use super::reminders::Reminders;
use super::state::{Floor, Standing, Ticket};
use super::{emit, ticket_of};
use crate::Rejection;
use crate::by_id;
use crate::department::{self, Department, State, view};
use crate::ids::*;
use crate::owner::{Context, Draft, Outgoing, OwnerKind, OwnerRef};
use crate::queue::Queues;
use crate::reach::{About, NEARING};
use crate::time::Timestamp;
use crate::vocabulary::{Answer, ClinicNews, MarkReached, NoticeDue, ReachedHow, ToPatient};

/// What has been told of tickets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Notices {
    /// The number of the last notice.
    pub n: u64,
    /// By number, until the person's owner knows: of a ticket the newest.
    pub unheard: BTreeMap<u64, Arc<NoticeDue>>,
    /// By ticket, while it waits or is called; and of who is at home, while they are to come. Found by hash: each call asks
    /// for several.
    #[serde(serialize_with = "by_id::in_order")]
    pub told: HashMap<TicketId, Told, FixedState>,
    /// Sessions of which more people at home are to be told, from when on.
    pub telling: BTreeMap<SessionId, Timestamp>,
    /// Who is told once more the day before.
    pub reminders: Reminders,
}

/// What has been told of one ticket last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// The notice's number.
    pub n: u64,
    /// What stands now; none: it is over.
    pub about: Option<About>,
    /// The call that it tells of.
    pub call: Option<CallId>,
    /// "Three before you" has been told in this waiting ([`Notices::waits_anew`] begins another).
    pub nearing: bool,
    /// Since when it is known that nothing has reached the person.
    pub not_reached: Option<Timestamp>,
    /// The person was reached after all: no later word takes that back.
    pub reached: bool,
    /// The desk has told the person.
    pub marked: Option<ReachedHow>,
    /// It is not sent before this.
    pub not_before: Option<Timestamp>,
    /// Of somebody at home ([`super::at_home`]).
    pub clinic: Option<Box<ClinicNews>>,
}

/// Of what somebody has not been told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotReached {
    /// What they were to be told.
    pub about: About,
    /// Since when it is known that nothing has reached them.
    pub since: Timestamp,
    /// What came of the desk's try, if it has tried.
    pub tried: Option<ReachedHow>,
}

impl Told {
    /// Nothing has reached the person, nor has the desk.
    pub(super) fn is_missed(&self) -> bool {
        self.not_reached.is_some() && !self.is_told_by_desk()
    }

    /// The desk has told the person, and not only tried to.
    pub(super) fn is_told_by_desk(&self) -> bool {
        self.marked.is_some_and(ReachedHow::is_told)
    }

    pub(super) fn not_reached(&self) -> Option<NotReached> {
        let (about, since) = (self.about?, self.not_reached?);
        self.is_missed().then_some(NotReached { about, since, tried: self.marked })
    }
}

impl Notices {
    pub(super) fn due(&mut self, due: &Arc<NoticeDue>, nearing: bool) {
        self.n = due.n;
        self.unheard.insert(due.n, due.clone());
        let before = if due.about.is_none() && !nearing {
            self.told.remove(&due.ticket)
        } else {
            let told = Told {
                n: due.n,
                about: due.about,
                call: due.call.clone(),
                nearing,
                not_reached: None,
                reached: false,
                marked: None,
                not_before: due.not_before,
                clinic: due.clinic.clone(),
            };
            self.told.insert(due.ticket.clone(), told)
        };
        if let Some(before) = before {
            self.unheard.remove(&before.n);
        }
    }

    /// The ticket waits anew: at another place, or after it has been away. What stands of it stays until it is told over.
    pub(super) fn waits_anew(&mut self, ticket: &TicketId) {
        if let Some(told) = self.told.get_mut(ticket) {
            told.nearing = false;
        }
    }

    pub(super) fn heard(&mut self, n: u64) {
        self.unheard.remove(&n);
    }

    pub(super) fn answered(&mut self, ticket: &TicketId, n: u64, reached: bool, at: Timestamp) {
        let Some(told) = self.told.get_mut(ticket).filter(|told| told.n == n && !told.reached) else { return };
        told.reached = reached;
        told.not_reached = (!reached).then_some(at);
    }

    pub(super) fn marked(&mut self, ticket: &TicketId, how: ReachedHow) {
        if let Some(told) = self.told.get_mut(ticket) {
            told.marked = Some(how).filter(|how| *how != ReachedHow::NotReached);
        }
    }

    /// Forgets tickets that are not known any more, and what nobody has heard of days before this one.
    pub(super) fn tidy(&mut self, before: crate::BusinessDate, is_known: impl Fn(&TicketId) -> bool) {
        self.told.retain(|ticket, _| is_known(ticket));
        self.unheard.retain(|_, due| due.date >= before);
    }
}

/// Of what the person has not been told, if nothing has reached them and the desk has not told them. Of who is at home see
/// [`super::at_home::not_reached`].
pub fn not_reached(floor: &Floor, ticket: &TicketId) -> Option<NotReached> {
    floor.notices.told.get(ticket).filter(|told| told.clinic.is_none())?.not_reached()
}

/// How the desk has told the person, who was not reached.
pub fn marked(floor: &Floor, ticket: &TicketId) -> Option<ReachedHow> {
    let told = floor.notices.told.get(ticket).filter(|told| told.not_reached.is_some() && told.clinic.is_none());
    told?.marked.filter(|how| how.is_told())
}

/// The request that a notice is.
pub(crate) fn request(due: &NoticeDue) -> Outgoing {
    Outgoing::Request(OwnerRef::new(OwnerKind::Patient, due.patient.as_str()), ToPatient::Notify(due.clone()).into())
}

/// After a decision: whoever it has called or brought near is told, and of whom what was told is over. Nobody is near before
/// somebody is at work who calls from there.
pub(crate) fn tell(draft: &mut Draft<'_, Department>, now: Timestamp) {
    let floor = draft.events().iter().filter_map(|event| match event {
        department::Event::Floor(event) => view::ticket_of(event),
        _ => None,
    });
    let mut touched: Vec<&TicketId> = floor.collect();
    touched.sort_unstable();
    touched.dedup();
    let begun = draft.events().iter().filter_map(|event| match event {
        department::Event::Floor(Event::WorkBegan { doctor, .. }) => draft.state().floor.work.get(doctor),
        _ => None,
    });
    let begun: Vec<&QueueId> = begun.flat_map(|work| &work.queues).collect();
    if touched.is_empty() && begun.is_empty() {
        return;
    }
    let state = draft.state();
    let mut queues: Vec<&QueueId> =
        touched.iter().filter_map(|id| Some(&state.floor.tickets.get(*id)?.opened.queue)).chain(begun).collect();
    queues.sort_unstable();
    queues.dedup();
    queues.retain(|queue| state.floor.work.values().any(|work| work.queues.contains(*queue)));
    // Who has been told in this waiting that they are near need not be looked at.
    let is_told = |id: &TicketId| state.floor.notices.told.get(id).is_some_and(|told| told.nearing);
    let mut near: Vec<TicketId> = Vec::with_capacity(NEARING + 1);
    for queue in queues {
        let today = Today::of_queue(state, queue, now);
        let Some(lines) = today.lines(queue) else { continue };
        let first = lines.first(&state.config.settings.queue, NEARING + 1).into_iter();
        near.extend(first.filter(|id| !is_told(id)).cloned());
    }
    let mut asked: Vec<(TicketId, bool)> = Vec::with_capacity(touched.len() + near.len());
    asked.extend(touched.iter().map(|id| ((*id).clone(), near.contains(id))));
    near.retain(|id| touched.binary_search(&id).is_err());
    asked.extend(near.into_iter().map(|id| (id, true)));
    for (id, is_near) in asked {
        if let Some((due, nearing)) = due(draft.state(), &id, is_near, now) {
            leave(draft, due, nearing);
        }
    }
}

/// Numbered as it leaves: of two the later one is the newer.
pub(super) fn leave(draft: &mut Draft<'_, Department>, due: NoticeDue, nearing: bool) {
    let due = Arc::new(NoticeDue { n: draft.state().floor.notices.n + 1, ..due });
    emit(draft, Event::NoticeDue { due, nearing });
}

/// What there is to tell of a ticket beside what has been told, and whether "three before you" has been told by then.
fn due(state: &State, id: &TicketId, is_near: bool, now: Timestamp) -> Option<(NoticeDue, bool)> {
    let ticket = state.floor.tickets.get(id)?;
    let told = state.floor.notices.told.get(id);
    // A check-in that was undone: at home again.
    if !ticket.is_live() && told.is_some_and(|told| told.clinic.is_some()) {
        return None;
    }
    let (before, was_near) = (told.and_then(|told| told.about), told.is_some_and(|told| told.nearing));
    let (about, call, nearing) = match &ticket.standing {
        Standing::Called(call) => (Some(About::Called), Some(&call.call), was_near),
        // A notice of the waiting stands until it is over; a call taken back does.
        Standing::Waiting | Standing::Summoned(_) if was_near => {
            (before.filter(|about| *about == About::ThreeBefore), None, true)
        }
        Standing::Waiting | Standing::Summoned(_) if is_near || is_at_door(ticket) => {
            (Some(About::ThreeBefore), None, true)
        }
        // Back from there at the old place is the same waiting.
        Standing::Serving { .. } | Standing::InTransit { .. } => (None, None, was_near),
        _ => (None, None, false),
    };
    // Near in another waiting is told again, also while the notice of the one before stands: the place may be another.
    let is_told = was_near || !nearing;
    if is_told && (about, call) == (before, told.and_then(|told| told.call.as_ref())) {
        return None;
    }
    let (place, place_en) = place(state, ticket);
    let due = NoticeDue {
        ticket: id.clone(),
        n: 0,
        patient: ticket.opened.brief.patient.clone(),
        about,
        call: call.cloned(),
        date: ticket.opened.date,
        number: ticket.opened.number.clone(),
        place,
        place_en,
        not_before: None,
        at: now,
        clinic: None,
    };
    Some((due, nearing))
}

fn is_at_door(ticket: &Ticket) -> bool {
    matches!(ticket.standing, Standing::Summoned(_))
}

/// The room that somebody is to go to; else the department, by its neutral name where it bears one.
fn place(state: &State, ticket: &Ticket) -> (String, String) {
    let room = match &ticket.standing {
        Standing::Summoned(summons) => Some(&summons.service_point),
        standing => standing.call().map(|call| &call.service_point),
    };
    if let Some(room) = room.and_then(|room| state.config.service_points.get(room)) {
        return (room.is.name.clone(), room.is.name_en.clone());
    }
    department_name(state)
}

/// By the name that its screens bear.
pub(super) fn department_name(state: &State) -> (String, String) {
    let Some(definition) = &state.config.definition else { return Default::default() };
    match &definition.neutral_name {
        Some(neutral) => (neutral.clone(), String::new()),
        None => (definition.name.clone(), definition.name_en.clone()),
    }
}

/// The person's owner knows what is to be told.
pub(crate) fn heard(draft: &mut Draft<'_, Department>, ticket: TicketId, n: u64, context: &Context) -> Answer {
    if draft.state().floor.notices.unheard.contains_key(&n) {
        emit(draft, Event::NoticeHeard { ticket, n, at: context.now });
    }
    Answer::Done
}

/// The person's owner says what has come of it. Said again it changes nothing, and is answered all the same.
pub(crate) fn answered(
    draft: &mut Draft<'_, Department>,
    (ticket, n): (TicketId, u64),
    patient: PatientId,
    reached: bool,
    context: &Context,
) -> Answer {
    emit(draft, Event::NoticeAnswered { ticket, n, patient, reached, at: context.now });
    Answer::Done
}

/// The desk has told somebody who was not reached, here or at home, or has tried to, or takes that back. Who is reached
/// meanwhile needs no mark.
pub(crate) fn mark(
    draft: &mut Draft<'_, Department>,
    command: &MarkReached,
    context: &Context,
) -> Result<Answer, Rejection> {
    let (ticket, how) = (command.ticket.clone(), command.how);
    let told = draft.state().floor.notices.told.get(&ticket);
    // Of who is at home there is no ticket yet.
    if told.is_none_or(|told| told.clinic.is_none()) {
        ticket_of(draft.state(), &ticket)?;
    }
    let told = told.filter(|told| told.about.is_some() && told.not_reached.is_some());
    let stands = told.and_then(|told| told.marked).unwrap_or(ReachedHow::NotReached);
    if told.is_some() && stands != how {
        emit(draft, Event::ReachedMarked { ticket, how, at: context.now });
    }
    Ok(Answer::Done)
}
