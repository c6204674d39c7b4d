//! One person under several ids: a further document, a hospital's card, or a provisional id that the desk has found to be
//! somebody's. Under which id somebody is known is asked here alone. And the end of a person: the key destroyed, nothing that
//! was sealed with it can be read again.

use std::collections::BTreeSet;

use futures_util::future::join_all;
use jiaohao_actors::shell::Origin;
use jiaohao_domain::department::{State as DepartmentState, queue_today, waiting_in, waits_by};
use jiaohao_domain::floor::undo::puts_in_line;
use jiaohao_domain::patient::{State, bound};
use jiaohao_domain::person::{Document, PatientBrief, PersonRecord, Sex};
use jiaohao_domain::vocabulary::{ClientCommand, ToAccount, ToPatient};
use jiaohao_domain::{AccountId, AppointmentId, Code, DepartmentId, PatientId, QueueId, Rejection, TicketId};
use serde_json::{Value, json};

use super::persons::FILE_ROUNDS;
use super::{House, account, department, patient};
use crate::http::requests::{BindPerson, ErasePerson};
use crate::identity::accounts;
use crate::identity::audit::AuditLine;
use crate::identity::keys::KeyName;
use crate::identity::person_keys::PersonKeys;
use crate::identity::tokens::Claims;

/// So many ids one after the other are followed at most. Each is bound to one that was bound to none: a row of more is none
/// that anybody has made on purpose.
const HOPS: usize = 8;

/// Proof that the desk has seen.
pub(super) struct Confirms {
    /// The number of the confirmation that it takes the place of; 0: there is none.
    pub(super) replaces: u64,
    /// The account of the phone on file.
    pub(super) on_file: Option<AccountId>,
}

impl House {
    /// Under which id the person is known whose document or provisional id this is: most often this one itself. Should two
    /// desks at once have bound two ids to each other, the smaller one is it, whichever is asked.
    pub(super) async fn bearer_of(&self, id: PatientId) -> Result<PatientId, Rejection> {
        let (mut seen, mut at) = (BTreeSet::new(), id);
        while seen.len() < HOPS && !at.is_claim() {
            let bound = self.shell.read(patient(&at), |state: &State| state.bearer.clone()).await?;
            seen.insert(at.clone());
            match bound {
                Some(next) if !seen.contains(&next) => at = next,
                Some(_) => return Ok(seen.into_iter().next().unwrap_or(at)),
                None => break,
            }
        }
        Ok(at)
    }

    /// Refuses another id of somebody with `already_exists`, and the one that the person is known by.
    pub(super) async fn is_known_by(&self, who: &PatientId) -> Result<(), Rejection> {
        match self.bearer_of(who.clone()).await? {
            bearer if bearer == *who => Ok(()),
            bearer => Err(bound(&bearer)),
        }
    }

    /// One person waits once in a queue, by whatever id. Whether by this very one they wait there already the department says;
    /// here it is asked of the others who wait there and may be the same person by sex and year of birth, since no department
    /// knows what is one person's.
    ///
    /// # Errors
    /// `already_exists` with the ticket and the visit.
    pub(super) async fn waits_by_no_other_id(&self, who: &PatientId, queue: &QueueId) -> Result<(), Rejection> {
        let brief = |state: &State| state.identity.as_ref().map(|identity| identity.brief.clone());
        let Some(own) = self.shell.read(patient(who), brief).await? else { return Ok(()) };
        let (asked, now) = (queue.clone(), self.shell.clock.clinic());
        let others = move |state: &DepartmentState| {
            let others = waiting_in(state, &asked, now).filter(|ticket| {
                let other = &ticket.opened.brief;
                other.patient != own.patient && may_be_one(&own, other)
            });
            let named = others
                .map(|ticket| (ticket.opened.brief.patient.clone(), ticket.id().clone(), ticket.opened.visit.clone()));
            named.collect::<Vec<_>>()
        };
        let others = self.shell.read(department(&queue.department()), others).await?;
        if others.is_empty() {
            return Ok(());
        }
        let bearer = self.bearer_of(who.clone()).await?;
        let bearers = join_all(others.iter().map(|(other, ..)| self.bearer_of(other.clone()))).await;
        for ((_, ticket, visit), of_it) in others.iter().zip(bearers) {
            // One that cannot be asked now keeps nobody from the line.
            if of_it.is_ok_and(|of_it| of_it == bearer) {
                return Err(waits_by(ticket, visit));
            }
        }
        Ok(())
    }

    /// … of who checks in. A visit from outside is the hospital's, and always taken.
    pub(super) async fn arrives_once(&self, id: &AppointmentId) -> Result<(), Rejection> {
        let asked = id.clone();
        let expected = move |state: &DepartmentState| {
            let known = state.clinic.appointments.get(&asked)?;
            Some((known.brief.patient.clone(), state.clinic.session_of(&known.slot)?.queue.clone()))
        };
        match self.shell.read(department(&id.department()), expected).await? {
            Some((who, queue)) => self.waits_by_no_other_id(&who, &queue).await,
            None => Ok(()),
        }
    }

    /// … of who reports back.
    pub(super) async fn comes_back_once(&self, id: &TicketId) -> Result<(), Rejection> {
        let asked = id.clone();
        let left = move |state: &DepartmentState| {
            let opened = &state.floor.tickets.get(&asked)?.opened;
            Some((opened.brief.patient.clone(), opened.queue.clone()))
        };
        match self.shell.read(department(&id.department()), left).await? {
            Some((who, queue)) => self.waits_by_no_other_id(&who, &queue).await,
            None => Ok(()),
        }
    }

    /// … of a ticket that comes into a line again or into another one, of a visit that has a further one. (Who arrives is looked
    /// at later: where the area's code is wrong, that is the answer.) Nor does an undo bring anybody back who was erased.
    pub(super) async fn puts_nobody_twice(&self, command: &ClientCommand) -> Result<(), Rejection> {
        let now = self.shell.clock.clinic();
        let put = match command {
            ClientCommand::Undo(c) => {
                let ticket = TicketId::from(c.event.split('@').next().unwrap_or_default());
                let at = department(&ticket.department());
                if let Some(who) = self.whose_ticket(ticket).await? {
                    self.is_not_erased(&who).await?;
                }
                let undo = c.clone();
                self.shell.read(at, move |state: &DepartmentState| puts_in_line(state, &undo, now)).await?
            }
            ClientCommand::TransferTicket(c) => {
                self.whose_ticket(c.ticket.clone()).await?.map(|who| (who, c.to.clone()))
            }
            ClientCommand::RegisterReturn(c) => {
                let visit = c.visit.clone();
                let queue = move |state: &DepartmentState| queue_today(state, &visit, now);
                self.shell.read(department(&c.at()), queue).await?.map(|queue| (c.patient.clone(), queue))
            }
            _ => None,
        };
        match put {
            Some((who, queue)) => self.waits_by_no_other_id(&who, &queue).await,
            None => Ok(()),
        }
    }

    /// Nobody is put into a line, on a list or into a place whose data were erased: they would be called by no name. What was
    /// called under another id of theirs is theirs.
    ///
    /// # Errors
    /// `forbidden`: nobody is known by that id any more.
    pub(super) async fn is_not_erased(&self, who: &PatientId) -> Result<(), Rejection> {
        let bearer = self.bearer_of(who.clone()).await?;
        // A key that cannot be had is none that was destroyed.
        if self.identity_of(&bearer).await?.is_some() && matches!(self.key_of_known(&bearer).await, Ok(None)) {
            let why = "the person's data were erased: make them known anew, by a document";
            return Err(Rejection::new(Code::Forbidden, why));
        }
        Ok(())
    }

    /// The desk has seen that both are one person: a document, a card or a provisional id is from now on that of somebody who
    /// is known; or, undone, no more. What was booked or called under it keeps its id, and counts with the person.
    pub(super) async fn bind_person(&self, claims: &Claims, asked: BindPerson) -> Result<Value, Rejection> {
        let who = self.bearer_of(asked.patient.clone()).await?;
        let known = self.own_record(&who).await?.ok_or(Code::Forbidden)?;
        if who.is_claim() {
            let what = "patient: what a phone alone has said; the person first, by a document seen";
            return Err(Rejection::field("patient", what));
        }
        let (other, document) = match (&asked.document, &asked.provisional) {
            (Some(document), None) => {
                let (kind, number) = (&document.document_kind, &document.document_number);
                self.id_of_number(claims, kind, number, document.site.as_ref())?
            }
            (None, Some(provisional)) => (provisional.clone(), None),
            _ => return Err(Rejection::new(Code::InvalidField, "either `document` or `provisional`")),
        };
        if other == who {
            return Err(Rejection::new(Code::InvalidField, "that is what the person is known by"));
        }
        let told = match asked.undo {
            true => ToPatient::Part { bearer: who.clone() },
            false => {
                self.may_be_one(&known, &other, document.as_ref(), asked.provisional.is_some()).await?;
                ToPatient::Join { bearer: who.clone() }
            }
        };
        self.shell.ask(patient(&other), told.into(), Origin::Shell).await?;
        if let Some(document) = document {
            self.note_document(&who, document, asked.undo).await?;
        }
        let line = AuditLine::new(claims, "bind_person", [&who, &other], Ok(()), self.machine_now());
        self.audit.note(line.by(asked.undo.then_some("undo")));
        Ok(json!({ "patient": who, "bound": other, "masked_name": known.brief(who.clone()).masked_name }))
    }

    /// What speaks against it: a document that says otherwise, somebody confirmed otherwise under the other id, and an id that
    /// is neither provisional nor named by its document.
    async fn may_be_one(
        &self,
        known: &PersonRecord,
        other: &PatientId,
        document: Option<&Document>,
        is_provisional: bool,
    ) -> Result<(), Rejection> {
        if other.is_claim() {
            return Err(Rejection::field("provisional", "provisional: what a phone alone has said is none"));
        }
        let mut differs = Vec::new();
        if let Some(document) = document {
            differs.extend(document.birth_date().filter(|date| Some(*date) != known.birth_date).map(|_| "birth_date"));
            let said = document.sex().filter(|sex| *sex != known.sex);
            differs.extend(said.map(|_| "sex"));
        }
        if let Some(theirs) = self.own_record(other).await? {
            let is_confirmed = self.identity_of(other).await?.is_some_and(|identity| identity.real_name);
            if is_provisional && !theirs.documents.is_empty() {
                return Err(Rejection::field("provisional", "provisional: who has a document is named by it"));
            }
            if is_confirmed && theirs.birth_date != known.birth_date && !differs.contains(&"birth_date") {
                differs.push("birth_date");
            }
        } else if is_provisional {
            return Err(Code::Forbidden.into());
        }
        if differs.is_empty() {
            return Ok(());
        }
        let differs: Vec<String> = differs.into_iter().map(str::to_owned).collect();
        Err(Rejection::new(Code::AlreadyExists, "these are two persons").with("differs", differs))
    }

    /// Proof seen of what a record says, in the place of that confirmation.
    pub(super) fn confirms(&self, replaces: u64, record: &PersonRecord) -> Result<Confirms, Rejection> {
        let account_of = |phone: &String| accounts::phone(self.keys.get(KeyName::Hash), phone);
        Ok(Confirms { replaces, on_file: record.phone.as_ref().map(account_of).transpose()? })
    }

    /// The person's record names all documents that were seen.
    async fn note_document(&self, who: &PatientId, document: Document, gone: bool) -> Result<(), Rejection> {
        for _ in 0..FILE_ROUNDS {
            let number = self.shell.read(patient(who), |state: &State| state.confirmed).await?;
            let Some(mut record) = self.own_record(who).await? else { return Ok(()) };
            record.documents.retain(|one| *one != document);
            if !gone {
                record.documents.push(document.clone());
            }
            let confirms = (number > 0).then(|| self.confirms(number, &record)).transpose()?;
            match self.identify(who.clone(), &record, None, confirms).await {
                Err(why) if why.code == Code::AlreadyExists => {}
                noted => return noted.map(drop),
            }
        }
        Err(Code::Overloaded.into())
    }

    /// Destroys the person's key: name, documents, phone, addresses and answers that were sealed with it can be read by nobody
    /// again. Not while the person is expected, waits for a place or is here (`not_settled`). Nobody acts for them any more.
    pub(super) async fn erase_person(&self, claims: &Claims, asked: ErasePerson) -> Result<Value, Rejection> {
        let who = asked.patient;
        let stands = |state: &State| (state.identity.is_some(), expected_in(state));
        let (is_known, expected_in) = self.shell.read(patient(&who), stands).await?;
        if !is_known {
            let unknown = vec![who.to_string()];
            return Err(Rejection::new(Code::UnknownId, "nobody is known by that id").with("unknown", unknown));
        }
        if !expected_in.is_empty() {
            let says = "the person is booked, waits or is here: settle or cancel that first";
            return Err(Rejection::new(Code::NotSettled, says).with("departments", expected_in));
        }
        // On the audit before anything is gone.
        let line = AuditLine::new(claims, "erase_person", [&who], Ok(()), self.machine_now());
        self.audit.look(line).await?;
        for other in self.acting_for(&who).await? {
            let end = ToAccount::EndRelation { patient: who.clone() };
            self.shell.ask(account(&other), end.into(), Origin::Shell).await?;
            self.relearn(&other).await?;
        }
        let erased = self.ask_keys(&who, PersonKeys::destroy).await?;
        Ok(json!({ "erased": erased }))
    }
}

/// In which departments they have places to come, wait for one, or have a ticket that has not ended, each once.
fn expected_in(state: &State) -> Vec<String> {
    use jiaohao_domain::vocabulary::TicketStands::{Booked, CheckedIn};
    let here = state.tickets.iter().filter(|(_, ticket)| matches!(ticket.stands, Booked | CheckedIn));
    let places = state.taken().map(|(appointment, _)| appointment.department());
    let waits = state.wishes.values().filter(|wish| wish.ended.is_none()).map(|wish| wish.wish.department());
    let all: BTreeSet<DepartmentId> = places.chain(here.map(|(ticket, _)| ticket.department())).chain(waits).collect();
    all.iter().map(DepartmentId::to_string).collect()
}

/// Whether two ids can be one person's by what departments know of both.
fn may_be_one(one: &PatientBrief, other: &PatientBrief) -> bool {
    let same_sex = one.sex == other.sex || one.sex == Sex::Unknown || other.sex == Sex::Unknown;
    same_sex && one.birth_year.zip(other.birth_year).is_none_or(|(one, other)| one == other)
}
