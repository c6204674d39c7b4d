//! What the person is told, and by which way: the phone's page and what is bound (WeChat, push) at once, and whoever
//! confirms first ends it; unconfirmed, a text message; still nothing, and the department marks them as not reached. Who has
//! no way at all (a paper slip and no telephone) is the screens' alone.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Patient;
use super::event::Event;
use super::state::State;
use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::{Context, Draft, Outgoing, OwnerKind, OwnerRef};
use crate::reach::{
    ADDRESSES_MAX, About, CONFIRM_WITHIN_S, NOTICES_KEPT, READ_WITHIN_S, SendOutcome, WORD_WITHIN_S, Way,
};
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{Answer, NoticeDue, ToDepartment};

/// The person's notices.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notices {
    /// The last ones, oldest first.
    pub list: Vec<Notice>,
    /// The highest number heard of each ticket, and its day.
    pub heard: BTreeMap<TicketId, (BusinessDate, u64)>,
}

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// Which.
    pub id: NoticeId,
    /// What it tells.
    pub due: NoticeDue,
    /// Where it stands.
    pub standing: NoticeStanding,
    /// The ways taken so far.
    pub ways: BTreeMap<Way, WayStanding>,
    /// When the next way is taken, unless somebody confirms.
    pub until: Option<Timestamp>,
    /// When it is sent again where no word has come of it.
    pub ask_at: Option<Timestamp>,
    /// What the department does not know yet: whether it was reached.
    pub unheard: Option<bool>,
    /// Of money: how much, in fen.
    pub amount_fen: Option<u32>,
}

/// Where a notice stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeStanding {
    /// It waits for the morning.
    Held,
    /// On its ways.
    Telling,
    /// Confirmed.
    Reached {
        /// By which way.
        by: Way,
        /// When.
        at: Timestamp,
    },
    /// Nothing has reached the person.
    NotReached {
        /// Since when that is known.
        at: Timestamp,
    },
    /// There is nothing to tell any more, or no way to.
    Over,
}

/// Where a notice stands on one of its ways.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum WayStanding {
    /// To be sent; no word of it yet.
    Asked,
    /// Sent.
    Taken,
    /// It did not arrive.
    Failed,
    /// There is nothing to send to.
    NoAddress,
}

impl WayStanding {
    fn is_over(self) -> bool {
        matches!(self, Self::Failed | Self::NoAddress)
    }
}

/// What a notice heard of changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoticeChange {
    /// Nothing: it is old.
    Nothing,
    /// What was told of the ticket before is over, and it is told, perhaps not before a moment.
    Newest {
        /// Until when it is held back.
        held_until: Option<Timestamp>,
    },
}

impl Notice {
    /// Whether it may still reach somebody by itself.
    pub fn is_live(&self) -> bool {
        matches!(self.standing, NoticeStanding::Held | NoticeStanding::Telling)
    }

    fn is_to_be_read(&self) -> bool {
        self.due.about.is_some_and(About::is_to_be_read)
    }

    /// Nothing of what was tried last can arrive any more.
    fn is_at_an_end(&self) -> bool {
        match self.ways.get(&Way::Sms) {
            Some(text) => text.is_over(),
            None => self.ways.values().all(|way| way.is_over()),
        }
    }

    /// When something is to be done about it.
    pub(super) fn deadline(&self) -> Option<Timestamp> {
        if self.is_live() { self.until.into_iter().chain(self.ask_at).min() } else { None }
    }
}

impl Notices {
    /// The notice, if it is kept.
    pub fn get(&self, id: &NoticeId) -> Option<&Notice> {
        self.list.iter().find(|notice| notice.id == *id)
    }

    fn with(&mut self, id: &NoticeId, change: impl FnOnce(&mut Notice)) {
        if let Some(notice) = self.list.iter_mut().find(|notice| notice.id == *id) {
            change(notice);
        }
    }
}

/// A department has something to tell of a ticket, or of that much money.
pub(super) fn notify(
    draft: &mut Draft<'_, Patient>,
    due: NoticeDue,
    amount_fen: Option<u32>,
    context: &Context,
) -> Answer {
    let is_old = draft.state().notices.heard.get(&due.ticket).is_some_and(|(_, n)| *n >= due.n);
    let (id, is_told) = (due.id(), due.about.is_some());
    let held_until = due.not_before.filter(|at| *at > context.now);
    let change = if is_old { NoticeChange::Nothing } else { NoticeChange::Newest { held_until } };
    draft.emit(Event::NoticeHeard { due: Box::new(due), change });
    if let Some(amount_fen) = amount_fen.filter(|_| !is_old && is_told) {
        draft.emit(Event::NoticeOfMoney { notice: id.clone(), amount_fen });
    }
    if !is_old && is_told && held_until.is_none() {
        begin(draft, id, context.now);
    }
    Answer::Done
}

/// The first ways of a person: the page, where somebody's phone acts for them, and what is bound.
fn first_ways(state: &State) -> Vec<Way> {
    let page = (!state.accounts.is_empty()).then_some(Way::App);
    let is_bound = |way: &Way| state.addresses.keys().any(|(_, bound)| bound == way);
    page.into_iter().chain([Way::WeChat, Way::Push].into_iter().filter(is_bound)).collect()
}

fn begin(draft: &mut Draft<'_, Patient>, notice: NoticeId, now: Timestamp) {
    let ways = first_ways(draft.state());
    let ways = if ways.is_empty() { vec![Way::Sms] } else { ways };
    send(draft, notice, ways, now);
}

fn send(draft: &mut Draft<'_, Patient>, notice: NoticeId, ways: Vec<Way>, now: Timestamp) {
    let known = draft.state().notices.get(&notice);
    let is_last = ways.contains(&Way::Sms);
    let until = match known {
        Some(known) if is_last && known.is_to_be_read() => {
            now.plus_s(if known.ways.is_empty() { READ_WITHIN_S } else { READ_WITHIN_S - CONFIRM_WITHIN_S })
        }
        _ => now.plus_s(CONFIRM_WITHIN_S),
    };
    let is_outside = ways.iter().any(|way| *way != Way::App);
    let ask_at = is_outside.then(|| now.plus_s(WORD_WITHIN_S));
    let patient = draft.state().id.clone();
    draft.emit(Event::NoticeSent { patient, notice, ways, until, ask_at });
}

/// Nobody has confirmed in time, or nothing of what was tried can arrive: the text message, and after it the desk.
fn go_on(draft: &mut Draft<'_, Patient>, notice: &Notice, now: Timestamp) {
    if !notice.ways.contains_key(&Way::Sms) {
        return send(draft, notice.id.clone(), vec![Way::Sms], now);
    }
    // That there is a booking knows who came or rang for it, unless they have heard before that it is off; whoever is
    // reminded has heard of it.
    let is_known = match notice.due.about {
        Some(About::Booked) => notice.due.clinic.as_ref().is_none_or(|clinic| !clinic.known_before),
        about => about == Some(About::Reminder),
    };
    // Whom no screen tells is not reached by no way either.
    let is_owed = notice.due.clinic.is_some() || notice.ways.values().any(|way| *way != WayStanding::NoAddress);
    let is_tried = is_owed && !is_known;
    let (patient, notice) = (draft.state().id.clone(), notice.id.clone());
    draft.emit(Event::NoticeNotReached { patient, notice, is_tried, at: now });
}

/// What came of sending it by a way.
pub(super) fn outcome(
    draft: &mut Draft<'_, Patient>,
    (notice, way): (NoticeId, Way),
    outcome: SendOutcome,
    context: &Context,
) -> Answer {
    let Some(known) = draft.state().notices.get(&notice) else { return Answer::Done };
    let Some(stands) = known.ways.get(&way).copied() else { return Answer::Done };
    match outcome {
        SendOutcome::Arrived if !known.is_to_be_read() => reached(draft, notice, way, context),
        SendOutcome::Arrived | SendOutcome::Taken if stands == WayStanding::Asked => {
            draft.emit(Event::NoticeTaken { notice, way })
        }
        SendOutcome::Failed | SendOutcome::NoAddress if known.is_live() && !stands.is_over() => {
            let stands = match outcome {
                SendOutcome::NoAddress => WayStanding::NoAddress,
                _ => WayStanding::Failed,
            };
            draft.emit(Event::NoticeFailed { notice: notice.clone(), way, stands });
            let known = draft.state().notices.get(&notice).cloned();
            if let Some(known) = known.filter(Notice::is_at_an_end) {
                go_on(draft, &known, context.now);
            }
        }
        SendOutcome::Arrived | SendOutcome::Taken | SendOutcome::Failed | SendOutcome::NoAddress => {}
    }
    Answer::Done
}

/// Somebody has seen it on the phone.
pub(super) fn confirm(
    draft: &mut Draft<'_, Patient>,
    notice: NoticeId,
    context: &Context,
) -> Result<Answer, Rejection> {
    if draft.state().notices.get(&notice).is_none() {
        return Err(Code::Forbidden.into());
    }
    reached(draft, notice, Way::App, context);
    Ok(Answer::Done)
}

/// The first who confirms; also who does so too late, which the department hears.
fn reached(draft: &mut Draft<'_, Patient>, notice: NoticeId, by: Way, context: &Context) {
    let Some(known) = draft.state().notices.get(&notice) else { return };
    let is_late = match known.standing {
        NoticeStanding::Held | NoticeStanding::Telling => false,
        NoticeStanding::NotReached { .. } => true,
        NoticeStanding::Reached { .. } | NoticeStanding::Over => return,
    };
    // Of those at home the desk sees how many were reached.
    let is_told = is_late || known.due.clinic.is_some();
    let patient = draft.state().id.clone();
    draft.emit(Event::NoticeConfirmed { patient, notice, by, is_told, at: context.now });
}

/// The department knows.
pub(super) fn answer_heard(draft: &mut Draft<'_, Patient>, notice: NoticeId, reached: bool) -> Answer {
    if draft.state().notices.get(&notice).is_some_and(|known| known.unheard == Some(reached)) {
        draft.emit(Event::NoticeAnswerHeard { notice });
    }
    Answer::Done
}

/// An account that acts for the person has an address. Each has one of a way, the newest.
pub(super) fn bind(
    draft: &mut Draft<'_, Patient>,
    account: AccountId,
    way: Way,
    sealed: Vec<u8>,
) -> Result<Answer, Rejection> {
    let state = draft.state();
    if !state.accounts.contains_key(&account) {
        return Err(Code::Forbidden.into());
    }
    let is_known = state.addresses.contains_key(&(account.clone(), way));
    if !is_known && state.addresses.len() >= ADDRESSES_MAX {
        return Err(Code::TooLarge.into());
    }
    draft.emit(Event::AddressBound { account, way, sealed });
    Ok(Answer::Done)
}

/// It has none any more.
pub(super) fn unbind(draft: &mut Draft<'_, Patient>, account: AccountId, way: Way) -> Answer {
    if draft.state().addresses.contains_key(&(account.clone(), way)) {
        draft.emit(Event::AddressUnbound { account, way });
    }
    Answer::Done
}

/// A deadline has passed: what was held begins, what nobody has confirmed goes on, what no word has come of is sent again.
pub(super) fn look(draft: &mut Draft<'_, Patient>, now: Timestamp) {
    let is_due = |notice: &&Notice| notice.deadline().is_some_and(|at| at <= now);
    let due: Vec<Notice> = draft.state().notices.list.iter().filter(is_due).cloned().collect();
    for notice in due {
        if notice.standing == NoticeStanding::Held {
            begin(draft, notice.id, now);
        } else if notice.until.is_some_and(|until| until <= now) {
            go_on(draft, &notice, now);
        } else {
            let unheard = notice.ways.iter().filter(|(_, stands)| **stands == WayStanding::Asked);
            let ways = unheard.map(|(way, _)| *way).collect();
            let (patient, notice, until) = (draft.state().id.clone(), notice.id, notice.until.unwrap_or(now));
            draft.emit(Event::NoticeSent { patient, notice, ways, until, ask_at: Some(now.plus_s(WORD_WITHIN_S)) });
        }
    }
}

pub(super) fn apply(notices: &mut Notices, event: &Event) {
    match event {
        Event::NoticeHeard { due, change: NoticeChange::Newest { held_until } } => {
            for before in notices.list.iter_mut().filter(|before| before.due.ticket == due.ticket) {
                if !matches!(before.standing, NoticeStanding::Reached { .. }) {
                    before.standing = NoticeStanding::Over;
                }
                before.unheard = None;
            }
            notices.heard.retain(|_, (date, _)| *date >= due.date);
            notices.heard.insert(due.ticket.clone(), (due.date, due.n));
            if due.about.is_some() {
                if notices.list.len() >= NOTICES_KEPT {
                    notices.list.remove(0);
                }
                let (standing, ways) = (NoticeStanding::Held, BTreeMap::new());
                let due = NoticeDue::clone(due);
                let (until, ask_at, unheard) = (*held_until, None, None);
                let amount_fen = None;
                notices.list.push(Notice { id: due.id(), due, standing, ways, until, ask_at, unheard, amount_fen });
            }
        }
        Event::NoticeOfMoney { notice, amount_fen } => {
            notices.with(notice, |notice| notice.amount_fen = Some(*amount_fen));
        }
        Event::NoticeSent { notice, ways, until, ask_at, .. } => notices.with(notice, |notice| {
            notice.standing = NoticeStanding::Telling;
            (notice.until, notice.ask_at) = (Some(*until), *ask_at);
            for way in ways {
                // The page shows it without being asked.
                let stands = if *way == Way::App { WayStanding::Taken } else { WayStanding::Asked };
                notice.ways.insert(*way, stands);
            }
        }),
        Event::NoticeTaken { notice, way } => notices.with(notice, |notice| {
            notice.ways.insert(*way, WayStanding::Taken);
            notice.ask_at = notice.ask_at.filter(|_| notice.ways.values().any(|way| *way == WayStanding::Asked));
        }),
        Event::NoticeFailed { notice, way, stands } => notices.with(notice, |notice| {
            notice.ways.insert(*way, *stands);
            notice.ask_at = notice.ask_at.filter(|_| notice.ways.values().any(|way| *way == WayStanding::Asked));
        }),
        Event::NoticeConfirmed { notice, by, is_told, at, .. } => notices.with(notice, |notice| {
            notice.standing = NoticeStanding::Reached { by: *by, at: *at };
            notice.unheard = is_told.then_some(true);
        }),
        Event::NoticeNotReached { notice, is_tried, at, .. } => notices.with(notice, |notice| {
            notice.standing = if *is_tried { NoticeStanding::NotReached { at: *at } } else { NoticeStanding::Over };
            notice.unheard = is_tried.then_some(false);
        }),
        Event::NoticeAnswerHeard { notice } => notices.with(notice, |notice| notice.unheard = None),
        _ => {}
    }
}

/// What the department is told, and again until it knows.
pub(super) fn answer(patient: &PatientId, notice: &NoticeId, reached: bool) -> Option<Outgoing> {
    let (ticket, n) = notice.as_str().rsplit_once(".n")?;
    let to = OwnerRef::new(OwnerKind::Department, notice.prefix(2));
    let (ticket, n, patient) = (TicketId::from(ticket), n.parse().ok()?, patient.clone());
    Some(Outgoing::Request(to, ToDepartment::NoticeAnswered { ticket, n, patient, reached }.into()))
}

/// What the events of notices owe the departments.
pub(super) fn outgoing(event: &Event) -> Option<Outgoing> {
    match event {
        Event::NoticeHeard { due, .. } => {
            let to = OwnerRef::new(OwnerKind::Department, due.ticket.prefix(2));
            let heard = ToDepartment::NoticeHeard { ticket: due.ticket.clone(), n: due.n };
            Some(Outgoing::Request(to, heard.into()))
        }
        Event::NoticeConfirmed { patient, notice, is_told: true, .. } => answer(patient, notice, true),
        Event::NoticeNotReached { patient, notice, is_tried: true, .. } => answer(patient, notice, false),
        _ => None,
    }
}
