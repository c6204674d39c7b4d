//! What is kept of a ticket's pre-check, and the desk's word that an alert has been heard.

use serde::{Deserialize, Serialize};

use super::event::Event;
use super::state::{Floor, Standing, Ticket, TicketEnd};
use super::{emit, ticket_of};
use crate::department::{Department, State};
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::person::PatientBrief;
use crate::pre_check::Found;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{AcknowledgeAlert, AlertHeard, AlertLevel, Answer, Does, Words};
use crate::{Code, Rejection};

/// So many whom the pre-check has sent away without a ticket are remembered in a department: of more, the newest.
pub const SENT_MAX: usize = 500;

/// The pre-check of an arrival that was given a ticket. Stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreChecked {
    /// The ticket.
    pub ticket: TicketId,
    /// The version of the questions that the site had.
    pub version: u32,
    /// What was answered, and the desk's reasons: sealed with the person's own key before it came here. Empty: it was not
    /// kept, because there was no such key.
    pub sealed: Vec<u8>,
    /// Nothing was asked.
    pub not_asked: bool,
    /// The rule that held.
    pub found: Option<Found>,
    /// It sends elsewhere, and the desk has let the patient join the queue.
    pub all_the_same: bool,
    /// The same person was sent elsewhere earlier that day, and has answered otherwise since, not at the desk.
    pub sent_before: Option<SentBefore>,
    /// When.
    pub at: Timestamp,
}

/// What came of an earlier pre-check of the same day. Stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentBefore {
    /// Where the rule sent.
    pub to: DepartmentId,
    /// The rule.
    pub rule: String,
    /// When.
    pub at: Timestamp,
}

/// The pre-check of an arrival that was sent to another department. Stored.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentElsewhere {
    /// Who.
    pub brief: PatientBrief,
    /// The appointment; none: a walk-in, or a visit of the hospital's.
    pub appointment: Option<AppointmentId>,
    /// The queue that was to be joined.
    pub queue: QueueId,
    /// The version of the questions.
    pub version: u32,
    /// What was answered, as in [`PreChecked`].
    pub sealed: Vec<u8>,
    /// The rule that held.
    pub found: Found,
    /// The business day.
    pub date: BusinessDate,
    /// When.
    pub at: Timestamp,
}

impl SentElsewhere {
    /// Where it sends.
    pub fn to(&self) -> DepartmentId {
        match &self.found.does {
            Does::SendTo { department } => department.clone(),
            _ => self.queue.department(),
        }
    }
}

/// Who was sent elsewhere, as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SentKept {
    /// The last time.
    pub sent: SentElsewhere,
    /// Has been given a ticket here since.
    pub joined: bool,
}

/// A ticket's pre-check as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PreCheckKept {
    /// What was answered, and what followed.
    pub checked: PreChecked,
    /// Who has heard its alert, and when.
    pub acknowledged: Option<(AccountId, Timestamp)>,
    /// Where the rule sends has refused the ticket; since when. It counts as long as the ticket is in transit.
    pub not_taken: Option<Timestamp>,
}

/// What an alert at a ticket is about.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AlertAbout<'a> {
    /// A rule of the site says so.
    Rule(AlertLevel, &'a Words),
    /// Where the rule sends has not taken the patient, who stands in no line. Urgent.
    NotTaken,
    /// The patient was sent elsewhere before, and has answered otherwise since. A notice.
    SentBefore,
}

impl PreCheckKept {
    /// The alert at its ticket, heard or not, and since when.
    pub fn alert(&self, ticket: &Ticket) -> Option<(AlertAbout<'_>, Timestamp)> {
        if let Some(since) = self.not_taken.filter(|_| matches!(ticket.standing, Standing::InTransit { .. })) {
            return Some((AlertAbout::NotTaken, since));
        }
        let about = match self.checked.found.as_ref().map(|found| &found.does) {
            Some(Does::Alert { level, text }) => AlertAbout::Rule(*level, text),
            _ if self.checked.sent_before.is_some() => AlertAbout::SentBefore,
            _ => return None,
        };
        Some((about, self.checked.at))
    }

    /// Whether somebody is still to hear its alert here. Of a ticket that goes on in another department, or has gone back
    /// there, it is heard there; who has been seen has been looked at by a doctor.
    pub fn is_unheard(&self, ticket: &Ticket) -> bool {
        let is_over = matches!(
            ticket.standing,
            Standing::Ended { how: TicketEnd::Transferred | TicketEnd::GivenBack | TicketEnd::Seen, .. }
        );
        self.acknowledged.is_none() && !is_over && self.alert(ticket).is_some()
    }
}

pub(super) fn keep(floor: &mut Floor, checked: &PreChecked) {
    let kept = PreCheckKept { checked: checked.clone(), acknowledged: None, not_taken: None };
    floor.pre_checks.insert(checked.ticket.clone(), kept);
    let patient = floor.tickets.get(&checked.ticket).map(|ticket| &ticket.opened.brief.patient);
    if let Some(sent) = patient.and_then(|patient| floor.sent_elsewhere.get_mut(patient)) {
        sent.joined = true;
    }
}

pub(super) fn acknowledged(floor: &mut Floor, ticket: &TicketId, by: &AccountId, at: Timestamp) {
    if let Some(kept) = floor.pre_checks.get_mut(ticket) {
        kept.acknowledged = Some((by.clone(), at));
    }
}

/// Refused where the rule sends, which is news to be heard; none: on its way again.
pub(super) fn not_taken(floor: &mut Floor, ticket: &TicketId, since: Option<Timestamp>) {
    if let Some(kept) = floor.pre_checks.get_mut(ticket) {
        kept.not_taken = since;
        if since.is_some() {
            kept.acknowledged = None;
        }
    }
}

pub(super) fn sent(floor: &mut Floor, sent: &SentElsewhere) {
    let known = &mut floor.sent_elsewhere;
    known.retain(|_, kept| kept.sent.date >= sent.date);
    let patient = &sent.brief.patient;
    if known.len() >= SENT_MAX && !known.contains_key(patient) {
        let oldest = known.iter().min_by_key(|(_, kept)| kept.sent.at).map(|(patient, _)| patient.clone());
        oldest.and_then(|oldest| known.remove(&oldest));
    }
    known.insert(patient.clone(), SentKept { sent: sent.clone(), joined: false });
}

/// Whether the site asks, and nothing stands at a ticket that has not ended: of who was written down while the server was
/// away, of an emergency, of whom the hospital's own system has checked in, of who came before the questions.
pub fn is_unasked(state: &State, ticket: &Ticket) -> bool {
    let asks = state.config.questions.as_ref().is_some_and(|asked| !asked.questions.is_empty());
    asks && ticket.is_live() && !state.floor.pre_checks.contains_key(ticket.id())
}

/// Whether a ticket stands in no line because the department where the pre-check sends has refused it: what becomes of the
/// patient is for the desk to say.
pub fn is_not_taken(state: &State, ticket: &Ticket) -> bool {
    let kept = state.floor.pre_checks.get(ticket.id());
    kept.and_then(|kept| kept.alert(ticket)).is_some_and(|(about, _)| about == AlertAbout::NotTaken)
}

/// Whether a refused ticket is of somebody whom the pre-check sends elsewhere and whom the desk has not let join here.
pub(super) fn stays_out(state: &State, ticket: &Ticket) -> bool {
    let is_asked_back = matches!(ticket.standing, Standing::InTransit { recalled: true, .. });
    let kept = state.floor.pre_checks.get(ticket.id()).filter(|kept| !kept.checked.all_the_same);
    let does = kept.and_then(|kept| kept.checked.found.as_ref()).map(|found| &found.does);
    !is_asked_back && matches!(does, Some(Does::SendTo { department }) if *department != state.config.id)
}

/// A ticket's pre-check, and whose it is, for who may read what was answered: the desk; of doctors only the one whose call it
/// has followed, while the patient is there. Rejects `forbidden`, or `wrong_ticket_state` where none stands at the ticket.
pub fn to_read<'a>(
    state: &'a State,
    ticket: &TicketId,
    doctor: Option<&DoctorId>,
) -> Result<(&'a PatientId, &'a PreChecked), Rejection> {
    let ticket = ticket_of(state, ticket)?;
    let with = match &ticket.standing {
        Standing::Called(call) | Standing::Serving { call, .. } => Some(&call.doctor),
        _ => None,
    };
    if doctor.is_some() && doctor != with {
        return Err(Code::Forbidden.into());
    }
    let kept = state.floor.pre_checks.get(ticket.id());
    let kept = kept.ok_or_else(|| Rejection::new(Code::WrongTicketState, "no pre-check stands at this ticket"))?;
    Ok((&ticket.opened.brief.patient, &kept.checked))
}

/// With a ticket that has just been sent on: what was answered, and whether its alert was heard.
pub(super) fn pass_on(draft: &mut Draft<'_, Department>, ticket: &TicketId, to: DepartmentId) {
    if let Some(kept) = draft.state().floor.pre_checks.get(ticket).cloned() {
        emit(draft, Event::PreCheckPassedOn { to, kept: Box::new(kept) });
    }
}

/// From another department, behind the ticket: it stands at the one that goes on here. A ticket that was refused has none.
pub fn take(draft: &mut Draft<'_, Department>, kept: PreCheckKept) -> Answer {
    let taken = draft.state().floor.received.get(&kept.checked.ticket).cloned().flatten();
    let Some(ticket) = taken.filter(|ticket| !draft.state().floor.pre_checks.contains_key(ticket)) else {
        return Answer::Done;
    };
    emit(draft, Event::PreChecked(Box::new(PreChecked { ticket: ticket.clone(), ..kept.checked })));
    if let Some((by, at)) = kept.acknowledged {
        emit(draft, Event::AlertAcknowledged { ticket, by, at, told: Vec::new() });
    }
    Answer::Done
}

/// The desk has heard an alert, wherever its ticket stands by now. Heard already: nothing new. Rejects
/// `wrong_ticket_state` where there is none.
pub fn acknowledge(
    draft: &mut Draft<'_, Department>,
    command: &AcknowledgeAlert,
    context: &Context,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    let ticket = ticket_of(state, &command.ticket)?;
    let kept = state.floor.pre_checks.get(&command.ticket).filter(|kept| kept.alert(ticket).is_some());
    let kept = kept.ok_or_else(|| Rejection::new(Code::WrongTicketState, "no alert stands at this ticket"))?;
    if kept.acknowledged.is_none() {
        hear(draft, &command.ticket, context.principal.account.clone(), context.now);
    }
    Ok(Answer::Done)
}

/// Heard in another department: here too, once.
pub fn heard(draft: &mut Draft<'_, Department>, heard: AlertHeard) -> Answer {
    let AlertHeard { ticket, by, at } = heard;
    let state = draft.state();
    let here = if state.floor.tickets.contains_key(&ticket) {
        Some(ticket)
    } else {
        state.floor.received.get(&ticket).cloned().flatten()
    };
    let is_unheard = |ticket: &TicketId| {
        let kept = state.floor.pre_checks.get(ticket).filter(|kept| kept.acknowledged.is_none());
        kept.zip(state.floor.tickets.get(ticket)).is_some_and(|(kept, ticket)| kept.alert(ticket).is_some())
    };
    if let Some(ticket) = here.filter(is_unheard) {
        hear(draft, &ticket, by, at);
    }
    Answer::Done
}

/// Heard, and where the ticket came from and goes on they are told: there each knows it by the name that it has had in both.
fn hear(draft: &mut Draft<'_, Department>, ticket: &TicketId, by: AccountId, at: Timestamp) {
    let known = &draft.state().floor.tickets[ticket];
    let on = match &known.standing {
        Standing::InTransit { to, .. } => Some(to.department()),
        _ => known.linked_to.as_ref().map(TicketId::department),
    };
    let back = known.opened.linked_from.iter().map(|from| (from.department(), from.clone()));
    let told = back.chain(on.map(|department| (department, ticket.clone()))).collect();
    emit(draft, Event::AlertAcknowledged { ticket: ticket.clone(), by, at, told });
}
