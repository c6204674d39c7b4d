//! From a client's command to its owner: who decides it, and what only the edge can add.

use jiaohao_actors::shell::{Origin, Outcome, clock};
use jiaohao_domain::vocabulary::{ClientCommand as C, *};
use jiaohao_domain::*;

use super::booking::{booked_slot, booking, channel_of};
use super::born::Born;
use super::facts::Named;
use super::pre_check::{Answers, answered};
use super::{House, SlotFacts, account, department, patient, site};
use crate::identity::tokens::Claims;
use crate::identity::{accounts, area_code, keys::KeyName};
use jiaohao_domain::redacted::Redacted;

/// Slots whose times are remembered; beyond it all are forgotten and asked again.
const SLOTS_KNOWN: usize = 100_000;

/// A command on its way.
pub(super) type Addressed = (OwnerRef, Message);

/// Where commands go that need nothing added; none when something must be read or computed first.
fn address_at_once(command: &C) -> Option<Addressed> {
    let to_department = |id: DepartmentId, message: ToDepartment| Some((department(&id), message.into()));
    let to_site = |at: OwnerRef, message: ToSite| Some((at, message.into()));
    match command.clone() {
        C::DefineSite(c) => to_site(site(c.id.as_str()), c.into()),
        C::DefineDepartment(c) => to_site(site(c.id.as_str()), c.into()),
        C::DefineServicePoint(c) => to_site(site(c.id.as_str()), ToSite::DefineServicePoint(c)),
        C::DefineBoard(c) => to_site(site(c.id.as_str()), ToSite::DefineBoard(c)),
        C::DefineQueue(c) => to_site(site(c.id.as_str()), c.into()),
        C::DefineDoctor(c) => to_site(site(c.id.as_str()), c.into()),
        C::DefineQuestions(c) => to_site(site(c.site.as_str()), ToSite::DefineQuestions(c)),
        C::RetireBoard(c) => to_site(site(c.id.as_str()), ToSite::RetireBoard(c)),
        C::ApproveScreen(c) => to_site(site(c.board.as_str()), ToSite::ApproveScreen(c)),
        C::RevokeScreen(c) => to_site(site(c.screen.as_str()), ToSite::RevokeScreen(c)),
        C::ChangeVisit(c) => to_site(site(c.site.as_str()), ToSite::ChangeVisit(c)),
        C::CancelVisit(c) => to_site(site(c.site.as_str()), ToSite::CancelVisit(c)),
        C::DefineSession(c) => to_department(c.id.department(), c.into()),
        C::DefineTemplate(c) => to_department(c.id.department(), c.into()),
        C::RetireTemplate(c) => to_department(c.id.department(), ToDepartment::RetireTemplate(c)),
        C::ExceptDays(c) => to_department(c.id.department(), ToDepartment::ExceptDays(c)),
        C::WithdrawException(c) => to_department(c.id.department(), ToDepartment::WithdrawException(c)),
        C::DefinePlanning(c) => to_department(c.department.clone(), ToDepartment::DefinePlanning(c)),
        C::DefineQuotaRules(c) => to_department(c.department.clone(), ToDepartment::DefineQuotaRules(c)),
        C::DefineReminder(c) => to_department(c.department.clone(), ToDepartment::DefineReminder(c)),
        C::DefinePayment(c) => to_department(c.department.clone(), ToDepartment::DefinePayment(c)),
        C::TakePayment(c) => to_department(c.appointment.department(), ToDepartment::TakePayment(c)),
        C::AskRefund(c) => to_department(c.appointment.department(), ToDepartment::AskRefund(c)),
        C::DecideRefund(c) => to_department(c.refund.department(), ToDepartment::DecideRefund(c)),
        C::GiveRefund(c) => to_department(c.refund.department(), ToDepartment::GiveRefund(c)),
        C::LeaveWaitlist(c) => to_department(c.wish.department(), ToDepartment::LeaveWaitlist(c)),
        C::PayAppointment(c) => to_department(c.appointment.department(), ToDepartment::PayAppointment(c)),
        C::RetryRefund(c) => to_department(c.refund.department(), ToDepartment::RetryRefund(c)),
        C::FreezeSession(c) => to_department(c.session.department(), ToDepartment::FreezeSession(c)),
        C::PlanSession(c) => to_department(c.session.department(), ToDepartment::PlanSession(c)),
        C::RetireSession(c) => to_department(c.id.department(), ToDepartment::RetireSession(c)),
        C::CancelTicket(c) => to_department(c.ticket.department(), ToDepartment::CancelTicket(c)),
        C::RateVisit(c) => to_department(c.ticket.department(), ToDepartment::RateVisit(c)),
        C::ProlongHold(c) => to_department(c.appointment.department(), ToDepartment::ProlongHold(c)),
        C::CorrectNoShow(c) => to_department(c.appointment.department(), ToDepartment::CorrectNoShow(c)),
        C::AcknowledgeAlert(c) => to_department(c.ticket.department(), ToDepartment::AcknowledgeAlert(c)),
        C::SetPriority(c) => to_department(c.ticket.department(), ToDepartment::SetPriority(c)),
        C::TransferTicket(c) => to_department(c.ticket.department(), ToDepartment::TransferTicket(c)),
        C::RecallTransfer(c) => to_department(c.ticket.department(), ToDepartment::RecallTransfer(c)),
        C::Undo(c) => {
            let ticket = TicketId::from(c.event.split('@').next().unwrap_or_default());
            to_department(ticket.department(), ToDepartment::Undo(c))
        }
        C::CloseSession(c) => to_department(c.session.department(), ToDepartment::CloseSession(c)),
        C::SettleTickets(c) => to_department(c.department.clone(), ToDepartment::SettleTickets(c)),
        C::DelaySession(c) => to_department(c.session.department(), ToDepartment::DelaySession(c)),
        C::StopSession(c) => to_department(c.session.department(), ToDepartment::StopSession(c)),
        C::ResumeSession(c) => to_department(c.session.department(), ToDepartment::ResumeSession(c)),
        C::PauseWork(c) => to_department(c.department.clone(), ToDepartment::PauseWork(c)),
        C::ResumeWork(c) => to_department(c.department.clone(), ToDepartment::ResumeWork(c)),
        C::StopWork(c) => to_department(c.department.clone(), ToDepartment::StopWork(c)),
        C::CallNextPatient(c) => to_department(c.department.clone(), ToDepartment::CallNextPatient(c)),
        C::CallTicket(c) => to_department(c.department.clone(), ToDepartment::CallTicket(c)),
        C::RecallPatient(c) => to_department(c.call.department(), ToDepartment::RecallPatient(c)),
        C::StartService(c) => to_department(c.ticket.department(), ToDepartment::StartService(c)),
        C::FinishService(c) => to_department(c.ticket.department(), ToDepartment::FinishService(c)),
        C::SendForTests(c) => to_department(c.ticket.department(), ToDepartment::SendForTests(c)),
        C::ReturnToWaiting(c) => to_department(c.ticket.department(), ToDepartment::ReturnToWaiting(c)),
        C::MarkMissed(c) => to_department(c.ticket.department(), ToDepartment::MarkMissed(c)),
        C::TakeBack(c) => to_department(c.ticket.department(), ToDepartment::TakeBack(c)),
        C::ReportShown(c) => to_board(c.announcement.board(), ToBoard::ReportShown(c)),
        C::ReportSpoken(c) => to_board(c.announcement.board(), ToBoard::ReportSpoken(c)),
        C::ConfirmNotice(c) => Some((patient(&c.patient), ToPatient::ConfirmNotice { notice: c.notice }.into())),
        C::MarkReached(c) => to_department(c.ticket.department(), ToDepartment::MarkReached(c)),
        C::DefineStaff(_)
        | C::RetireStaff(_)
        | C::RetireDepartment(_)
        | C::RetireServicePoint(_)
        | C::RetireQueue(_)
        | C::RetireDoctor(_)
        | C::HoldSlot(_)
        | C::BookSlot(_)
        | C::ConfirmAppointment(_)
        | C::RestoreAppointment(_)
        | C::CancelAppointment(_)
        | C::CheckIn(_)
        | C::ReportBack(_)
        | C::RegisterWalkIn(_)
        | C::RegisterReturn(_)
        | C::AnswerPreCheck(_)
        | C::StartWork(_)
        | C::GrantRelation(_)
        | C::EndRelation(_)
        | C::BindChannel(_)
        | C::UnbindChannel(_)
        | C::JoinWaitlist(_)
        | C::EnterRelease(_)
        | C::LeaveRelease(_)
        | C::RegisterVisit(_) => None,
    }
}

/// The department of a command that says how one is run: whether there is such a one its site says.
fn run_so(command: &C) -> Option<DepartmentId> {
    match command {
        C::DefinePlanning(c) => Some(c.department.clone()),
        C::DefineQuotaRules(c) => Some(c.department.clone()),
        C::DefineReminder(c) => Some(c.department.clone()),
        C::DefinePayment(c) => Some(c.department.clone()),
        C::ExceptDays(c) => Some(c.id.department()),
        _ => None,
    }
}

fn to_board(board: BoardId, message: ToBoard) -> Option<Addressed> {
    Some((OwnerRef::new(OwnerKind::Board, board.as_str()), message.into()))
}

impl House {
    /// Where a command goes, with everything that must be read or computed first.
    pub(super) async fn address(
        &self,
        claims: &Claims,
        command: C,
        answers: Option<Answers>,
    ) -> Result<Addressed, Rejection> {
        if let Some(at) = run_so(&command) {
            self.there_is(&at).await?;
        }
        self.puts_nobody_twice(&command).await?;
        if let Some(addressed) = address_at_once(&command) {
            return Ok(addressed);
        }
        match command {
            C::DefineStaff(mut c) => {
                let owner = account(&accounts::staff(&c.id)?);
                let (departments, doctor) = (c.departments.clone(), c.doctor.clone());
                self.check_named(Named { site: c.site.clone(), departments, doctor, ..Named::default() }).await?;
                let password_phc = match c.password.take() {
                    Some(password) => Some(self.passwords.hash(Redacted::new(password)).await?),
                    None => None,
                };
                let is_new = c.new;
                let command = c.into();
                let told = match is_new {
                    true => ToAccount::MakeStaff { command, password_phc },
                    false => ToAccount::DefineStaff { command, password_phc },
                };
                Ok((owner, told.into()))
            }
            C::RetireStaff(c) => Ok((account(&accounts::staff(&c.id)?), ToAccount::RetireStaff.into())),
            C::RetireDepartment(c) => {
                self.known(&c.id, |site, id| site.departments.contains_key(id)).await?;
                Ok(retire_unused(&c.id, RetiredKind::Department, &c.id))
            }
            C::RetireServicePoint(c) => {
                self.known(&c.id, |site, id| site.service_points.contains_key(id)).await?;
                Ok(retire_unused(&c.id.department(), RetiredKind::ServicePoint, &c.id))
            }
            C::RetireQueue(c) => {
                self.known(&c.id, |site, id| site.queues.contains_key(id)).await?;
                Ok(retire_unused(&c.id.department(), RetiredKind::Queue, &c.id))
            }
            C::RetireDoctor(c) => {
                self.known(&c.id, |site, id| site.doctors.contains_key(id)).await?;
                Ok((OwnerRef::new(OwnerKind::Doctor, c.id.as_str()), ToDoctor::RetireUnused.into()))
            }
            C::HoldSlot(ref c) => self.address_slot(claims, &command, (&c.session, &c.slot), &c.patient).await,
            C::BookSlot(ref c) => self.address_slot(claims, &command, (&c.session, &c.slot), &c.patient).await,
            C::ConfirmAppointment(c) => {
                let who = match c.patient {
                    Some(who) => who,
                    None => self.patient_of_appointment(&c.appointment).await?.ok_or(Code::Forbidden)?,
                };
                Ok((patient(&who), ToPatient::Confirm { appointment: c.appointment }.into()))
            }
            C::RestoreAppointment(c) => {
                let asked = c.appointment.clone();
                let known = move |state: &jiaohao_domain::department::State| {
                    let known = state.clinic.appointments.get(&asked)?;
                    Some((known.brief.patient.clone(), state.config.settings.booking.limits))
                };
                let at = department(&c.appointment.department());
                let (who, limits) = self.shell.read(at, known).await?.ok_or(Code::Forbidden)?;
                self.is_not_erased(&who).await?;
                Ok((patient(&who), ToPatient::Restore { command: c, limits }.into()))
            }
            C::CancelAppointment(c) => match self.patient_of_appointment(&c.appointment).await? {
                Some(who) if claims.role == Role::Patient => Ok((patient(&who), ToPatient::Cancel(c).into())),
                _ => Ok((department(&c.appointment.department()), ToDepartment::CancelAppointment(c).into())),
            },
            C::CheckIn(c) => {
                let at = c.appointment.department();
                let presence_proved = self.is_present(claims, &at, c.code.as_deref(), c.appointment.as_str())?;
                let born = match self.who_arrives(&c.appointment).await? {
                    Some(who) => self.born(&who).await?,
                    None => Born::default(),
                };
                self.arrives_once(&c.appointment).await?;
                let birth_date = born.seen();
                let command = Arrived { appointment: c.appointment, code: c.code };
                let told = match c.came_at {
                    None => ToDepartment::CheckIn { command, birth_date, presence_proved },
                    Some(came_at) => ToDepartment::CheckInOfThen { command, birth_date, came_at },
                };
                let told = answered(told, c.pre_check, answers, born);
                Ok((department(&at), self.with_distance(claims, &at, c.position, told).await.into()))
            }
            C::ReportBack(c) => {
                let at = c.ticket.department();
                let presence_proved = self.is_present(claims, &at, c.code.as_deref(), c.ticket.as_str())?;
                self.comes_back_once(&c.ticket).await?;
                let (command, position) = c.parts();
                let told = ToDepartment::ReportBack { command, presence_proved };
                Ok((department(&at), self.with_distance(claims, &at, position, told).await.into()))
            }
            C::RegisterWalkIn(c) => {
                // A visit that was begun under another id goes on under it.
                if c.visit.is_none() {
                    self.is_known_by(&c.patient).await?;
                    self.waits_by_no_other_id(&c.patient, &c.queue).await?;
                }
                let (brief, born) = self.known_person(&c.patient).await?;
                let to = department(&c.queue.department());
                let (command, pre_check) = c.parts();
                let told = ToDepartment::RegisterWalkIn { command, brief, birth_date: born.seen() };
                Ok((to, answered(told, pre_check, answers, born).into()))
            }
            C::RegisterReturn(c) => {
                let (brief, born) = self.known_person(&c.patient).await?;
                let to = department(&c.at());
                let (command, pre_check) = c.parts();
                let told = ToDepartment::RegisterReturn { command, brief, birth_date: born.seen() };
                Ok((to, answered(told, pre_check, answers, born).into()))
            }
            C::AnswerPreCheck(c) => self.address_answers(c, answers).await,
            C::JoinWaitlist(c) => self.address_wish(claims, c).await,
            C::StartWork(c) => {
                let doctor = claims.doctor.as_ref().ok_or(Code::Forbidden)?;
                Ok((OwnerRef::new(OwnerKind::Doctor, doctor.as_str()), ToDoctor::StartWork(c).into()))
            }
            C::GrantRelation(c) => self.address_grant(c).await,
            C::EndRelation(c) => self.address_end(claims, c).await,
            C::BindChannel(c) => self.address_bind(claims, c).await,
            C::UnbindChannel(c) => {
                let (account, way) = (claims.account.clone(), c.channel.into());
                Ok((patient(&c.patient), ToPatient::UnbindAddress { account, way }.into()))
            }
            C::RegisterVisit(c) => {
                let (brief, birth_date) = self.outside_person(&c.site, &c.patient).await?;
                let to = site(c.site.as_str());
                Ok((to, ToSite::RegisterVisit { command: without_person(c), brief, birth_date }.into()))
            }
            _ => Err(Code::Internal.into()),
        }
    }

    /// Whether the site has that thing. Unknown is `forbidden`: who would decide about it does not know what there is.
    async fn known<I: AsRef<str> + Clone + Send + 'static>(
        &self,
        id: &I,
        has: fn(&jiaohao_domain::site::State, &I) -> bool,
    ) -> Result<(), Rejection> {
        let asked = id.clone();
        let found = self.shell.read(site(id.as_ref()), move |state| has(state, &asked)).await?;
        if found { Ok(()) } else { Err(Code::Forbidden.into()) }
    }

    /// Where a command goes when nothing has to be asked first: also a booking of a slot whose times are known.
    pub(super) fn address_known(&self, claims: &Claims, command: &C) -> Option<Addressed> {
        match booked_slot(command) {
            Some(slot) if self.full.contains_key(slot) => None,
            Some(slot) => booking(claims, command, self.known_facts(slot)?),
            None if matches!(command, C::Undo(_) | C::TransferTicket(_)) || run_so(command).is_some() => None,
            None => address_at_once(command),
        }
    }

    /// Learns a slot's times, then it is as [`Self::address_known`].
    async fn address_slot(
        &self,
        claims: &Claims,
        command: &C,
        (session, slot): (&SessionId, &SlotId),
        who: &PatientId,
    ) -> Result<Addressed, Rejection> {
        if slot.session() != *session {
            return Err(Rejection::new(Code::IdNotUnderParent, "the slot is not one of that session"));
        }
        self.is_not_confirmed_since(claims, who).await?;
        // Nobody acts any more for whom nobody knows.
        if claims.role != Role::Patient {
            self.is_not_erased(who).await?;
        }
        let facts = self.slot_facts(slot).await?;
        self.let_in(claims, &slot.department(), facts, who).await?;
        if self.full.contains_key(slot) {
            self.still_free(slot, who, channel_of(claims, command)).await?;
        }
        booking(claims, command, facts).ok_or_else(|| Code::Internal.into())
    }

    /// Step 0 of a booking: a slot that its department knows to be full is answered at once and leaves nothing behind.
    /// Asked only of slots that were full a moment ago: a booking of any other slot is spared the question. Who has had a
    /// place of it may be repeating the command that took it: that is the person's own owner to answer.
    async fn still_free(&self, slot: &SlotId, who: &PatientId, by: Channel) -> Result<(), Rejection> {
        let asked = slot.clone();
        let has_had = move |state: &jiaohao_domain::patient::State| {
            state.reservations.values().any(|reservation| reservation.slot == asked)
        };
        if self.shell.read(patient(who), has_had).await? {
            self.full.remove(slot);
            return Ok(());
        }
        let (asked, now) = (slot.clone(), self.shell.clock.clinic());
        let free = move |state: &jiaohao_domain::department::State| {
            state.clinic.place_free(&asked, by, now, state.config.zone())
        };
        self.shell.read(department(&slot.department()), free).await??;
        self.full.remove(slot);
        Ok(())
    }

    /// A slot has answered that it is full.
    pub(super) fn note_full(&self, slot: &SlotId) {
        if self.full.len() >= SLOTS_KNOWN {
            self.full.clear();
        }
        self.full.insert(slot.clone(), ());
    }

    fn known_facts(&self, slot: &SlotId) -> Option<SlotFacts> {
        self.slots.get(slot).map(|known| *known).filter(SlotFacts::is_believed)
    }

    /// The slot's day, times and limits, asked of its department when they were not a moment ago. A slot that is not there
    /// is `slot_closed`.
    pub(super) async fn slot_facts(&self, slot: &SlotId) -> Result<SlotFacts, Rejection> {
        if let Some(known) = self.known_facts(slot) {
            return Ok(known);
        }
        let (asked, now) = (slot.clone(), clock::monotonic());
        let facts = self
            .shell
            .read(department(&slot.department()), move |state: &jiaohao_domain::department::State| {
                let (slot, session) = (state.clinic.slots.get(&asked)?, state.clinic.session_of(&asked)?);
                let limits = state.config.settings.booking.limits;
                let release = session.released_at.filter(|at| state.releases.lots.contains_key(at));
                Some(SlotFacts { date: session.date, start: slot.start, end: slot.end, limits, release, asked: now })
            })
            .await?
            .ok_or(Code::SlotClosed)?;
        if self.slots.len() >= SLOTS_KNOWN {
            self.slots.clear();
        }
        self.slots.insert(slot.clone(), facts);
        Ok(facts)
    }

    pub(super) async fn patient_of_appointment(&self, id: &AppointmentId) -> Result<Option<PatientId>, Rejection> {
        let asked = id.clone();
        self.shell
            .read(department(&id.department()), move |state: &jiaohao_domain::department::State| {
                state.clinic.appointments.get(&asked).map(|appointment| appointment.brief.patient.clone())
            })
            .await
    }

    /// Whose the appointment is, or the visit from outside that it names.
    pub(super) async fn who_arrives(&self, id: &AppointmentId) -> Result<Option<PatientId>, Rejection> {
        let asked = id.clone();
        let known = move |state: &jiaohao_domain::department::State| match state.clinic.appointments.get(&asked) {
            Some(appointment) => Some(appointment.brief.patient.clone()),
            None => jiaohao_domain::department::patient_of_visit(state, &asked).cloned(),
        };
        self.shell.read(department(&id.department()), known).await
    }

    /// Whether the patient is in the waiting area: staff and kiosks stand there; a phone shows the area's code.
    /// Wrong codes are counted by account and by what they are for, once it is known that they are no repeat.
    fn is_present(
        &self,
        claims: &Claims,
        at: &DepartmentId,
        code: Option<&str>,
        about: &str,
    ) -> Result<bool, Rejection> {
        if claims.role != Role::Patient {
            return Ok(true);
        }
        let typed = code.ok_or(Code::WrongAreaCode)?;
        let (now, counted) = (self.machine_now(), [claims.account.as_str(), about]);
        self.strangers.may_try_area(&counted, now)?;
        if !area_code::accepts(self.keys.get(KeyName::Area), at, typed, now) {
            return Err(Code::WrongAreaCode.into());
        }
        self.strangers.tried_area(&counted, true, now);
        Ok(true)
    }

    /// What a command comes to that the edge does not let through: the repeat of an accepted one gets its answer again,
    /// though a code is out of date or a slot is gone by now. Only what is new counts as a wrong code.
    pub(super) async fn recall(&self, claims: &Claims, command: &C, origin: Origin, why: Rejection) -> Outcome {
        let Some(owner) = self.answers(claims, command) else { return Err(why) };
        let outcome = self.shell.recall(owner, origin, why).await;
        let typed = match command {
            C::CheckIn(CheckIn { code: Some(_), appointment, .. }) => appointment.as_str(),
            C::ReportBack(sent::ReportBack { code: Some(_), ticket, .. }) => ticket.as_str(),
            _ => return outcome,
        };
        if matches!(&outcome, Err(why) if why.code == Code::WrongAreaCode) {
            self.strangers.tried_area(&[claims.account.as_str(), typed], false, self.machine_now());
        }
        outcome
    }

    /// Who would answer a command, as far as it says so itself.
    fn answers(&self, claims: &Claims, command: &C) -> Option<OwnerRef> {
        Some(match command {
            C::DefineStaff(DefineStaff { id, .. }) | C::RetireStaff(RetireStaff { id }) => {
                account(&accounts::staff(id).ok()?)
            }
            C::RetireDepartment(c) => department(&c.id),
            C::RetireServicePoint(c) => department(&c.id.department()),
            C::RetireQueue(c) => department(&c.id.department()),
            C::RetireDoctor(c) => OwnerRef::new(OwnerKind::Doctor, c.id.as_str()),
            C::HoldSlot(c) => patient(&c.patient),
            C::BookSlot(c) => patient(&c.patient),
            C::ConfirmAppointment(c) => patient(c.patient.as_ref()?),
            C::CheckIn(c) => department(&c.appointment.department()),
            C::ReportBack(c) => department(&c.ticket.department()),
            C::RegisterWalkIn(c) => department(&c.queue.department()),
            C::RegisterReturn(c) => department(&c.at()),
            C::JoinWaitlist(c) => department(&c.wanted.department()),
            C::AnswerPreCheck(c) => department(&c.ticket.department()),
            C::StartWork(_) => OwnerRef::new(OwnerKind::Doctor, claims.doctor.as_ref()?.as_str()),
            C::GrantRelation(c) => account(&accounts::phone(self.keys.get(KeyName::Hash), &c.phone).ok()?),
            C::EndRelation(c) => account(c.account.as_ref().unwrap_or(&claims.account)),
            C::RegisterVisit(c) => site(c.site.as_str()),
            _ => return address_at_once(command).map(|(owner, _)| owner),
        })
    }
}

/// What an answer named, for the audit.
pub(super) fn outcome_ids(outcome: &Result<Answer, Rejection>) -> Vec<String> {
    let Ok(answer) = outcome else { return Vec::new() };
    match answer {
        Answer::Held { appointment, .. } | Answer::Booked { appointment, .. } => vec![appointment.to_string()],
        Answer::Waiting { ticket, .. } | Answer::Transferred { ticket, .. } => vec![ticket.to_string()],
        Answer::Called { called: Some(called), .. } => vec![called.ticket.to_string(), called.call.to_string()],
        Answer::VisitTaken { visit, .. } => vec![visit.to_string()],
        Answer::Wished { wish, .. } => vec![wish.to_string()],
        Answer::Payable { order, .. } | Answer::PayAt { order, .. } => vec![order.to_string()],
        _ => Vec::new(),
    }
}

/// The department decides: it knows who waits and works there.
fn retire_unused(at: &DepartmentId, kind: RetiredKind, id: &impl AsRef<str>) -> Addressed {
    (department(at), ToDepartment::RetireUnused { kind, id: id.as_ref().to_owned() }.into())
}

/// The command without what belongs only into the person's own sealed record.
fn without_person(mut command: RegisterVisit) -> RegisterVisit {
    command.patient.name = None;
    command.patient.birth_date = None;
    command
}
