//! 科室: the owner of sessions, slots, queues and tickets, and of which ticket each doctor has in hand. Its parts decide
//! ([`crate::clinic`], [`crate::floor`]); here they are put together into one decision and one record.

pub(crate) mod arrival;
pub mod calendar;
mod closing;
pub mod config;
mod day;
mod follow;
pub mod not_sitting;
mod online;
pub(crate) mod outside;
mod paying;
mod planning;
mod pre_check;
mod quota_rules;
mod releasing;
mod retire;
mod return_day;
mod stop;
#[cfg(test)]
pub(crate) mod tests;
pub mod to_come;
pub(crate) mod versions;
pub mod view;
mod waiting_list;

use serde::{Deserialize, Serialize};

pub use crate::floor::once::{waiting_in, waits_by};
pub use config::{Config, ConfigEvent, Defined};
pub use outside::{expected_visits, patient_of_visit, visit_opens_at};
pub use planning::rehearse;
pub use return_day::{ToReturn, queue_today, to_return};
pub use waiting_list::place_of as place_of_wish;

use crate::clinic::{self, Clinic};
use crate::floor::{self, Floor};
use crate::ids::*;
use crate::owner::{Context, Draft, Message, Outgoing, Owner, OwnerKind, Payload};
use crate::payment::{self, Payments};
use crate::plan::{self, Plan};
use crate::principal::Role;
use crate::release::{self, Releases};
use crate::report::{self, Reports};
use crate::time::Timestamp;
use crate::vocabulary::{Answer, ByChannel, CorrectNoShow, DefineSession, RestoreAppointment, ToDepartment};
use crate::waitlist::{self, Waitlist};
use crate::{Code, Rejection, wait};

/// The department as an owner.
#[derive(Debug)]
pub struct Department;

/// Everything that a department knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// What the site has said.
    pub config: Config,
    /// Sessions, slots, appointments.
    pub clinic: Clinic,
    /// Tickets, calls, doctors at work.
    pub floor: Floor,
    /// What its days came to.
    pub reports: Reports,
    /// Which sessions there ought to be.
    pub plan: Plan,
    /// What was paid for appointments.
    pub payments: Payments,
    /// Who waits for a place that is given back.
    pub waitlist: Waitlist,
    /// Lots of the minutes at which sessions are released.
    pub releases: Releases,
}

/// What can have happened in a department. Append only.
// An event is moved once, into the list of its command: a box would cost more than the room it saves.
#[allow(clippy::large_enum_variant)]
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Configuration (200–206, 295, 297).
    Config(ConfigEvent),
    /// Sessions, slots, appointments (230–233, 250–277, 296).
    Clinic(clinic::Event),
    /// Tickets, calls, work (300–399).
    Floor(floor::Event),
    /// Which sessions there ought to be (220–228, 234).
    Plan(plan::Event),
    /// Fees (240–249, 278, 279).
    Payment(payment::Event),
    /// Waiting for places that are given back (280–288).
    Waitlist(waitlist::Event),
    /// Lots (290–293).
    Release(release::Event),
}

impl Owner for Department {
    const KIND: OwnerKind = OwnerKind::Department;
    const STATE_VERSION: u16 = 13;
    type State = State;
    type Command = ToDepartment;
    type Event = Event;

    fn new_state(id: &str) -> State {
        let clinic = Clinic::new(DepartmentId::from(id));
        let (config, floor) = (Config::new(id), Floor::default());
        let (reports, plan, payments) = (Reports::default(), Plan::default(), Payments::default());
        let (waitlist, releases) = (Waitlist::default(), Releases::default());
        State { config, clinic, floor, reports, plan, payments, waitlist, releases }
    }

    fn decide(draft: &mut Draft<'_, Self>, command: ToDepartment, context: &Context) -> Result<Answer, Rejection> {
        let answer = decide(draft, command, context)?;
        planning::follow(draft, context);
        releasing::follow(draft, context);
        floor::told::tell(draft);
        // Only now it is said what becomes of the appointment of a ticket that has ended.
        paying::follow(draft, context);
        // What is free now goes to who waits, and they are told of it.
        waiting_list::follow(draft, context);
        online::ask(draft, context.now);
        floor::notices::tell(draft, context.now);
        floor::at_home::tell(draft, context);
        floor::refunds::tell(draft, context.now);
        Ok(answer)
    }

    fn apply(state: &mut State, event: &Event) {
        let leaving = report::leaving(state, event);
        match event {
            Event::Config(event) => {
                config::apply(&mut state.config, event);
                sign_in(state);
                floor::waits::touch_all(&mut state.floor);
            }
            Event::Clinic(event) => {
                clinic::apply(&mut state.clinic, event);
                if let clinic::Event::DaysForgotten { .. } = event {
                    let State { clinic, payments, .. } = state;
                    payments.forget(|appointment| !clinic.appointments.contains_key(appointment));
                }
                if let clinic::Event::SessionDefined { released_at: Some(released_at), .. } = event {
                    state.releases.foresee(*released_at);
                }
            }
            Event::Plan(event) => plan::apply(&mut state.plan, event),
            Event::Payment(event) => payment::apply(&mut state.payments, event),
            Event::Waitlist(event) => waitlist::apply(&mut state.waitlist, &mut state.clinic, event),
            Event::Release(event) => release::apply(&mut state.releases, event),
            Event::Floor(event) => {
                wait::learn(&mut state.floor, &state.config, event);
                floor::apply(&mut state.floor, event);
                if let floor::Event::WorkBegan { doctor, at, .. } = event {
                    sign_in(state);
                    floor::waits::touch_of(&mut state.floor, doctor, *at);
                }
            }
        }
        report::learn(state, event, leaving);
    }

    fn event_kind(event: &Event) -> (u16, &'static str) {
        match event {
            Event::Config(event) => config::event_kind(event),
            Event::Clinic(event) => clinic::event_kind(event),
            Event::Floor(event) => event.kind(),
            Event::Plan(event) => plan::event_kind(event),
            Event::Payment(event) => payment::event_kind(event),
            Event::Waitlist(event) => waitlist::event_kind(event),
            Event::Release(event) => release::event_kind(event),
        }
    }

    fn event_version(kind: u16) -> u16 {
        versions::event_version(kind)
    }

    fn upcast<P: Payload>(kind: u16, version: u16, payload: &P) -> Option<Result<Event, String>> {
        versions::upcast(kind, version, payload)
    }

    fn outgoing(event: &Event, out: &mut Vec<Outgoing>) {
        match event {
            Event::Config(event) => config::outgoing(event, out),
            Event::Clinic(event) => clinic::outgoing(event, out),
            Event::Floor(event) => event.outgoing(out),
            Event::Waitlist(event) => waitlist::outgoing(event, out),
            Event::Plan(_) | Event::Payment(_) | Event::Release(_) => {}
        }
    }

    /// The provider is asked by the edge, and who is there for a release is known to it: it draws by what the department
    /// has decided. It also keeps in mind which phones let holds go, and a hold that is booked by whomever was not let go.
    fn leaves(event: &Event) -> bool {
        let is_asked = matches!(event, Event::Payment(payment::Event::ProviderAsked { .. }) | Event::Release(_));
        is_asked || matches!(event, Event::Clinic(clinic::Event::AppointmentConfirmed { .. }))
    }

    fn open_requests(state: &State, out: &mut Vec<Outgoing>) {
        out.extend(state.floor.told.unheard.values().map(floor::told::request));
        out.extend(state.floor.notices.unheard.values().filter_map(|due| floor::refunds::open_request(state, due)));
        state.waitlist.open_requests(out);
    }

    fn next_deadline(state: &State) -> Option<Timestamp> {
        next_deadline(state, None)
    }

    fn next_deadline_after(state: &State, looked: Timestamp) -> Option<Timestamp> {
        next_deadline(state, Some(looked))
    }

    fn deadline_command() -> Option<ToDepartment> {
        Some(ToDepartment::DeadlineReached)
    }

    fn receive(message: Message) -> Option<ToDepartment> {
        match message {
            Message::Department(command) => Some(*command),
            _ => None,
        }
    }
}

fn next_deadline(state: &State, looked: Option<Timestamp>) -> Option<Timestamp> {
    let waits = floor::waits::look_at(state, looked);
    let tells =
        floor::at_home::next_deadline(&state.floor).into_iter().chain(floor::reminders::next_deadline(&state.floor));
    let (plan, provider) = (planning::due_at(state), state.payments.at_provider.next_deadline());
    let own = state.clinic.next_deadline().into_iter().chain(day::ends_at(state)).chain(provider);
    let due = plan.into_iter().chain(state.waitlist.next_deadline()).chain(state.releases.due_at());
    own.chain(waits).chain(tells).chain(due).min()
}

fn decide(draft: &mut Draft<'_, Department>, command: ToDepartment, context: &Context) -> Result<Answer, Rejection> {
    use ToDepartment as To;
    let (command, answered) = match command {
        To::Answered { arrival, pre_check, said, sealed } => {
            (*arrival, Some(pre_check::Answered { pre_check, said, sealed }))
        }
        command => (command, None),
    };
    let answered = answered.as_ref();
    let (command, quotas) = match command {
        To::WithQuotas { definition, quotas } => (*definition, quotas),
        command => (command, Vec::new()),
    };
    match command {
        To::Configure { .. }
        | To::ConfigureServicePoint(_)
        | To::ConfigureQueue(_)
        | To::ConfigureDoctor(_)
        | To::ConfigureBoard(_)
        | To::ConfigureQuestions(_)
        | To::ConfigureMore { .. }
        | To::Retire { .. } => {
            if let Some(event) = config::decide(&draft.state().config, command) {
                draft.emit(Event::Config(event));
                floor::work::step_back(draft, context.now);
                floor::doors::fill(draft, context.now);
            }
            Ok(Answer::Done)
        }
        To::DefineSession(command) => define_session(draft, &command, &quotas, context),
        To::RetireSession(command) => {
            retire::nobody_waits(draft.state(), &command.id)?;
            let decision = clinic::decide_retire_session(&draft.state().clinic, &command.id)?;
            let has_changed = !decision.events.is_empty();
            let answer = emit_clinic(draft, decision);
            planning::take_over(draft, &command.id, has_changed);
            Ok(answer)
        }
        To::FreezeSession(command) => {
            let decision = clinic::decide_freeze(&draft.state().clinic, &command)?;
            Ok(emit_clinic(draft, decision))
        }
        To::DefineTemplate(_)
        | To::RetireTemplate(_)
        | To::ExceptDays(_)
        | To::WithdrawException(_)
        | To::DefinePlanning(_)
        | To::PlanSession(_) => planning::decide(draft, command, quotas, context),
        To::DefineQuotaRules(command) => quota_rules::define(draft, &command, context),
        To::DefineReminder(command) => floor::reminders::define(draft, &command, context),
        To::RequestPlace { .. } | To::RequestByReferral { .. } | To::AskPlace { .. } | To::ConfirmPlace { .. } => {
            match online::unpaid(draft.state(), &command, context) {
                Some(decision) => Ok(emit_clinic(draft, decision)),
                None => arrival::place(draft, command, context),
            }
        }
        To::CancelAppointment(command) => {
            let State { config, clinic, .. } = draft.state();
            let (settings, zone) = (&config.settings.booking, config.zone());
            let reason = command.reason.as_deref();
            let decision = clinic::decide_cancel(clinic, &command.appointment, reason, context, settings, zone)?;
            Ok(emit_clinic(draft, decision))
        }
        To::ReplacePlace { appointment, patient } => {
            let State { config, clinic, .. } = draft.state();
            let (settings, zone) = (&config.settings.booking, config.zone());
            let decision = clinic::decide_replace(clinic, &appointment, &patient, context, settings, zone)?;
            Ok(emit_clinic(draft, decision))
        }
        To::DefinePayment(_) | To::TakePayment(_) | To::AskRefund(_) | To::DecideRefund(_) | To::GiveRefund(_) => {
            paying::decide(draft, command, context)
        }
        To::PayAppointment(_) | To::RetryRefund(_) | To::OrderSaid { .. } | To::RefundSaid { .. } => {
            online::decide(draft, command, context)
        }
        To::CheckIn { command, birth_date, presence_proved } => {
            paying::may_check_in(draft.state(), &command.appointment, context)?;
            let came = arrival::Arriving { birth_date, presence_proved, came_at: context.now, answered };
            arrival::check_in(draft, &command, came, context)
        }
        To::CheckInOfThen { command, birth_date, came_at } => {
            arrival::check_in_of_then(draft, &command, birth_date, came_at, answered, context)
        }
        To::FromAfar { arrival, km } => arrival::from_afar(draft, *arrival, km, context),
        To::RegisterWalkIn { command, brief, birth_date } => {
            arrival::register_walk_in(draft, &command, brief, birth_date, answered, context)
        }
        To::RegisterReturn { command, brief, birth_date } => {
            arrival::register_return(draft, &command, brief, birth_date, answered, context)
        }
        To::AnswerPreCheck { ticket } => pre_check::answer(draft, &ticket, answered, context),
        To::Answered { .. } | To::WithQuotas { .. } => Err(Code::UnknownCommand.into()),
        To::AcknowledgeAlert(command) => floor::pre_check::acknowledge(draft, &command, context),
        To::TakePreCheck { kept } => Ok(floor::pre_check::take(draft, *kept)),
        To::AlertHeard(heard) => Ok(floor::pre_check::heard(draft, heard)),
        To::ReportBack { command, presence_proved } => {
            floor::tickets::report_back(draft, &command, presence_proved, context)
        }
        To::CancelTicket(command) => floor::tickets::cancel(draft, &command, context),
        To::RateVisit(command) => report::rate(draft, &command, context),
        To::SetPriority(command) => floor::tickets::set_priority(draft, &command, context),
        To::TransferTicket(command) => floor::transfer::transfer(draft, &command, context),
        To::RecallTransfer(command) => floor::transfer::recall(draft, &command, context),
        To::Undo(command) => floor::undo::undo(draft, &command, context),
        To::CloseSession(command) => closing::close_session(draft, &command, context),
        To::SettleTickets(command) => closing::settle_tickets(draft, &command, context),
        // The next in line waits for it.
        To::ProlongHold(command) if draft.state().waitlist.offers.contains_key(&command.appointment) => {
            Err(Code::AlreadyProlonged.into())
        }
        To::ProlongHold(command) => {
            let State { config, clinic, .. } = draft.state();
            let settings = &config.settings.booking;
            let decision = clinic::decide_prolong(clinic, &command.appointment, context.now, settings)?;
            Ok(emit_clinic(draft, decision))
        }
        To::CorrectNoShow(command) => {
            let CorrectNoShow { appointment, reason } = &command;
            let decision = clinic::decide_correct_no_show(&draft.state().clinic, appointment, reason, context.now)?;
            Ok(emit_clinic(draft, decision))
        }
        To::RestoreAppointment(command) => {
            let RestoreAppointment { appointment, reason } = &command;
            let State { config, clinic, waitlist, .. } = draft.state();
            let is_kept = waitlist.kept.contains_key(appointment);
            let decision = clinic::decide_restore(clinic, appointment, reason, context, config.zone(), is_kept)?;
            waiting_list::take_out(draft, appointment, context.now);
            Ok(emit_clinic(draft, decision))
        }
        To::TicketHeard { ticket, n } => Ok(floor::told::heard(draft, ticket, n, context)),
        To::NoticeHeard { ticket, n } => Ok(floor::notices::heard(draft, ticket, n, context)),
        To::NoticeAnswered { ticket, n, patient, reached } => {
            Ok(floor::notices::answered(draft, (ticket, n), patient, reached, context))
        }
        To::MarkReached(command) => floor::notices::mark(draft, &command, context),
        To::RetireUnused { kind, id } => retire::decide(draft, kind, id, context),
        To::DelaySession(command) => {
            let State { config, clinic, .. } = draft.state();
            let decision = clinic::decide_delay(clinic, &command.session, command.minutes, &config.settings.booking)?;
            Ok(emit_clinic(draft, decision))
        }
        To::StopSession(command) => stop::stop_session(draft, &command, context),
        To::ResumeSession(command) => {
            let decision = clinic::decide_resume(&draft.state().clinic, &command.session, context)?;
            Ok(emit_clinic(draft, decision))
        }
        To::BeginAssignment { doctor, assignment, service_point } => {
            Ok(floor::work::begin(draft, doctor, assignment, service_point, context))
        }
        To::PauseWork(command) => floor::work::pause(draft, &command, context),
        To::ResumeWork(command) => floor::work::resume(draft, &command, context),
        To::StopWork(command) => floor::work::stop(draft, &command, context),
        To::CallNextPatient(command) => floor::calls::call_next(draft, &command, context),
        To::CallTicket(command) => {
            let doctor = DoctorId::from(command.assignment.prefix(2));
            if !draft.state().config.works_here(&doctor) {
                return Err(Rejection::new(Code::Forbidden, "the doctor does not work in this department"));
            }
            floor::calls::call_ticket(draft, &command, context)
        }
        To::RecallPatient(command) => floor::calls::recall(draft, &command, context),
        To::StartService(command) => floor::calls::start(draft, &command, context),
        To::FinishService(command) => floor::calls::finish(draft, &command, context),
        To::SendForTests(command) => floor::calls::send_for_tests(draft, &command, context),
        To::ReturnToWaiting(command) => floor::calls::return_to_waiting(draft, &command, context),
        To::MarkMissed(command) => floor::calls::mark_missed(draft, &command, context),
        To::TakeBack(command) => floor::calls::take_back(draft, &command, context),
        To::TakeTransfer { transfer } => Ok(floor::transfer::take(draft, transfer, context)),
        To::TransferTaken { ticket, new_ticket, new_number } => {
            Ok(floor::transfer::taken(draft, ticket, new_ticket, new_number, context))
        }
        To::TransferRefused { ticket, reason } => Ok(floor::transfer::refused(draft, ticket, reason, context)),
        To::RecallOfTransfer { ticket } => Ok(floor::transfer::recalled(draft, ticket, context)),
        To::RegisterVisit { command, visit, brief, birth_date } => {
            Ok(outside::register(draft, &command, visit, brief, birth_date, context))
        }
        To::ChangeVisit { command, visit } => Ok(outside::change(draft, &command, visit, context)),
        To::CancelVisit { command, visit } => Ok(outside::cancel(draft, &command, visit, context)),
        To::EndVisit { visit, told } => Ok(outside::end(draft, visit, told, context)),
        To::TellVisit { visit, version } => outside::tell(draft.state(), visit, version),
        To::OrderRelease { released_at, present, order_sha256 } => {
            Ok(releasing::order(draft, released_at, present, order_sha256))
        }
        To::CallNotAnnounced { call, round, board, problem } => {
            Ok(floor::receipts::not_announced(draft, call, round, board, problem, context))
        }
        To::JoinWaitlist { command, brief, channel } => waiting_list::join(draft, command, brief, channel, context),
        To::LeaveWaitlist(command) => waiting_list::leave(draft, &command, context),
        To::OfferAnswered(word) => Ok(waiting_list::answered(draft, word, context)),
        To::WishHeard { wish, ended } => Ok(waiting_list::heard(draft, wish, ended)),
        To::DeadlineReached => {
            if day::ends_at(draft.state()).is_some_and(|midnight| midnight <= context.now) {
                day::tidy(draft, draft.state().config.today(context.now), context.now);
            }
            let decision = clinic::decide_deadline(&draft.state().clinic, context);
            let answer = emit_clinic(draft, decision);
            planning::go_on(draft, context);
            waiting_list::go_on(draft, context);
            releasing::go_on(draft, context);
            floor::at_home::go_on(draft, context.now);
            floor::reminders::go_on(draft, context.now);
            floor::waits::say(draft, context.now);
            Ok(answer)
        }
    }
}

fn define_session(
    draft: &mut Draft<'_, Department>,
    command: &DefineSession,
    quotas: &[ByChannel],
    context: &Context,
) -> Result<Answer, Rejection> {
    let State { config, clinic, .. } = draft.state();
    if context.principal.role == Role::Desk && command.date != config.today(context.now) {
        return Err(Rejection::new(Code::Forbidden, "the desk opens sessions of today"));
    }
    config.may_sit(&command.queue, command.doctor.as_ref(), command.service_point.as_ref())?;
    let decide = match planning::has_gone(draft.state(), &command.id) {
        true => clinic::decide_put_back,
        false => clinic::decide_define_session,
    };
    let decision = decide(clinic, command, context, &config.settings.booking, config.zone())?;
    clinic::check_quotas(&command.slots, quotas)?;
    let mut has_changed = decision.events.iter().any(|event| matches!(event, clinic::Event::SessionDefined { .. }));
    let answer = emit_clinic(draft, decision);
    let kept = clinic::decide_quotas(&draft.state().clinic, &command.id, quotas);
    has_changed |= !kept.events.is_empty();
    emit_clinic(draft, kept);
    planning::take_over(draft, &command.id, has_changed);
    Ok(answer)
}

/// Emits what the clinic has decided and answers as it says.
pub(crate) fn emit_clinic(draft: &mut Draft<'_, Department>, decision: clinic::Decision) -> Answer {
    for event in decision.events {
        draft.emit(Event::Clinic(event));
    }
    decision.answer
}

/// Keeps with each doctor at work what the configuration says of the room and of the queues to call from: those that
/// name the doctor first, then the pools; none for a doctor who works here no more.
fn sign_in(state: &mut State) {
    let State { config, floor, .. } = state;
    for (doctor, work) in &mut floor.work {
        let is_here = config.works_here(doctor);
        let open = || config.queues.values().filter(|queue| is_here && !queue.retired).map(|queue| &queue.is);
        let own = open().filter(|queue| queue.doctors.contains(doctor));
        let pools = open().filter(|queue| queue.doctors.is_empty());
        work.queues = own.chain(pools).map(|queue| queue.id.clone()).collect();
        let point = config.service_points.get(&work.service_point).map(|point| &point.is);
        work.room_order = point.map_or(0, |point| point.order);
        work.door_cap = point.and_then(|point| point.door_cap);
    }
}
