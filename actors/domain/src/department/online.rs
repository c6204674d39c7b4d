//! Fees that are paid through a provider. The order is on the record before the provider is asked for anything; what it says
//! may come late, twice, or never, and is decided here once: money either pays for a place or goes back.

use super::{Department, Event, State, arrival, emit_clinic, paying, waiting_list};
use crate::clinic::{self, Appointment, AppointmentState, Decision};
use crate::floor;
use crate::ids::*;
use crate::owner::{Context, Draft};
use crate::payment::provider::{
    Asked, AskedStanding, Asking, Matter, REFUND_TRIES_MAX, again_at, again_before, place_of,
};
use crate::payment::{self, ORDERS_MAX, RefundCause, RefundStanding, Settled, Way};
use crate::time::Timestamp;
use crate::vocabulary::{Answer, Channel, OrderWord, PaymentWhen, RefundWord, ToDepartment};
use crate::{Code, Rejection};

/// For so long an order of a booking can be paid; that of a hold ends with the hold.
const PAY_WITHIN_S: i64 = 30 * 60;
/// Most payments of one appointment that are taken from the provider: each is money that has to go back.
const PAYMENTS_MAX: usize = 100;
/// So many matters are put to the provider by one decision at most; what is left, by the next one.
const ASKED_AT_ONCE: usize = 100;

/// A command about what goes through the provider, or its word.
pub(super) fn decide(
    draft: &mut Draft<'_, Department>,
    command: ToDepartment,
    context: &Context,
) -> Result<Answer, Rejection> {
    match command {
        ToDepartment::PayAppointment(command) => pay(draft, &command.appointment, context),
        ToDepartment::RetryRefund(command) => {
            let (order, refund) = draft.state().payments.refund(&command.refund).ok_or(Code::Forbidden)?;
            // A refusal stands: were the provider asked again, the money could come from it and from the drawer.
            if order.way != Way::Online || !refund.is_stuck() || refund.refused.is_some() {
                return Err(paying::wrong(refund));
            }
            let how = Settled::Retried { by: context.principal.account.clone() };
            settle(draft, command.refund, how, context.now);
            Ok(Answer::Done)
        }
        ToDepartment::OrderSaid { order, word: OrderWord::Paid { transaction, amount_fen } } => {
            paid(draft, order, transaction, amount_fen, context)
        }
        ToDepartment::OrderSaid { order, word: OrderWord::Closed } => {
            let asked = draft.state().payments.at_provider.order(&order);
            if asked.is_some_and(|asked| asked.standing == AskedStanding::Open) {
                draft.emit(Event::Payment(payment::Event::OrderClosed { order, at: context.now }));
            }
            Ok(Answer::Done)
        }
        ToDepartment::RefundSaid { refund, word } => {
            let known = draft.state().payments.refund(&refund).map(|(_, known)| known);
            let known = known.ok_or_else(|| unknown(refund.as_str(), "nobody has such a refund"))?;
            let how = match word {
                RefundWord::Given { reference } => Settled::Given { reference },
                RefundWord::Refused { code } => Settled::Refused { code },
            };
            let is_news = match how {
                Settled::Given { .. } => known.standing == RefundStanding::Owed,
                _ => known.standing == RefundStanding::Owed && known.refused.is_none(),
            };
            if is_news {
                settle(draft, refund, how, context.now);
            }
            Ok(Answer::Done)
        }
        _ => Err(Code::UnknownCommand.into()),
    }
}

fn unknown(id: &str, what: &str) -> Rejection {
    Rejection::new(Code::UnknownId, what).with("unknown", vec![id.to_owned()])
}

fn settle(draft: &mut Draft<'_, Department>, refund: RefundId, how: Settled, at: Timestamp) {
    draft.emit(Event::Payment(payment::Event::RefundSettled { refund, how, at }));
}

/// Whether a phone's place has to be paid before it is the booking.
pub(super) fn is_at_booking(state: &State) -> bool {
    state.payments.defined.as_ref().is_some_and(|defined| defined.when == PaymentWhen::AtBooking)
}

/// Until when the place is held that `known` has; none: it is not, or no longer.
pub(super) fn held_until(state: &State, known: &Appointment, now: Timestamp) -> Option<Timestamp> {
    match known.state {
        AppointmentState::Held { expires_at } if now < expires_at => {
            (!state.clinic.is_stopped(&known.slot)).then_some(expires_at)
        }
        _ => None,
    }
}

/// What a request of the patient's owner comes to that wants a booking by phone without its fee: refused on the record, the
/// hold stays as it is. The desk books whom it wants. None: nothing is in its way.
pub(super) fn unpaid(state: &State, command: &ToDepartment, context: &Context) -> Option<Decision> {
    if !is_at_booking(state) {
        return None;
    }
    let clinic = &state.clinic;
    let due = |due_fen: u32| Rejection::from(Code::PaymentDue).with("due_fen", due_fen);
    match command {
        ToDepartment::RequestPlace { appointment, slot, brief, confirm: true, channel: Channel::Online, .. } => {
            let is_known = clinic.appointments.contains_key(appointment) || clinic.refused.contains_key(appointment);
            let fee_fen = clinic.session_of(slot).map(|session| session.fee_fen).filter(|fee| *fee > 0)?;
            (!is_known).then(|| clinic::decide_refuse(appointment, &brief.patient, due(fee_fen)))
        }
        ToDepartment::ConfirmPlace { appointment, patient } => {
            let known = clinic.appointments.get(appointment)?;
            let expires_at = held_until(state, known, context.now)?;
            if known.brief.patient != *patient || known.channel != Channel::Online {
                return None;
            }
            let answer = Answer::Refused(due(paying::due_fen(state, appointment)?));
            let (appointment, patient) = (appointment.clone(), patient.clone());
            let standing = clinic::Standing::Held { expires_at };
            Some(Decision { events: vec![clinic::Event::StandingRepeated { appointment, patient, standing }], answer })
        }
        _ => None,
    }
}

/// The order of what is due: the one that can still be paid, or a new one.
fn pay(draft: &mut Draft<'_, Department>, id: &AppointmentId, context: &Context) -> Result<Answer, Rejection> {
    let (state, now) = (draft.state(), context.now);
    let known = state.clinic.appointments.get(id).ok_or(Code::Forbidden)?;
    let expires_at = match known.state {
        AppointmentState::Held { .. } if is_at_booking(state) => match held_until(state, known, now) {
            Some(expires_at) => expires_at,
            None => return Err(Code::HoldExpired.into()),
        },
        AppointmentState::Booked | AppointmentState::CheckedIn => now.plus_s(PAY_WITHIN_S),
        AppointmentState::Expired => return Err(Code::HoldExpired.into()),
        state => return Err(Rejection::from(Code::WrongAppointmentState).with("state", state.name())),
    };
    let amount_fen = paying::due_fen(state, id).ok_or(Code::NothingDue)?;
    let orders = state.payments.at_provider.of(id);
    // An order of before the hold was prolonged ends with the old end: whoever comes to its page late would find it closed.
    let lasts = match known.state {
        AppointmentState::Held { .. } => expires_at,
        _ => now.plus_ms(1),
    };
    let can_be_paid = |asked: &&Asked| {
        asked.standing == AskedStanding::Open && asked.amount_fen == amount_fen && lasts <= asked.expires_at
    };
    if let Some(asked) = orders.iter().rfind(can_be_paid) {
        return Ok(Answer::Payable { order: asked.id.clone(), amount_fen, expires_at: asked.expires_at });
    }
    if orders.len() >= ORDERS_MAX {
        return Err(Rejection::new(Code::LimitExceeded, "too many orders of one appointment"));
    }
    let order = state.payments.next_order(id);
    let answer = Answer::Payable { order: order.clone(), amount_fen, expires_at };
    let ask_at = ask_at(state, id, expires_at, now, 1);
    draft.emit(Event::Payment(payment::Event::OrderCreated { order, amount_fen, expires_at, ask_at, at: now }));
    Ok(answer)
}

/// When the provider is asked again of an order, after so many questions: of a held place once more before the hold ends,
/// since who has paid keeps it only if that is known by then.
fn ask_at(state: &State, id: &AppointmentId, expires_at: Timestamp, now: Timestamp, tries: u32) -> Timestamp {
    let known = state.clinic.appointments.get(id);
    match known.is_some_and(|known| held_until(state, known, now).is_some()) {
        true => again_before(now, tries, expires_at),
        false => again_at(now, tries),
    }
}

/// What a payment comes to.
enum Comes {
    /// The place is held: it is the booking.
    Confirms(PatientId),
    /// The hold is over: a place of the same slot, if there is one.
    TooLate,
    /// It was booked before.
    Pays,
    Back(RefundCause),
}

/// The provider has the money. It pays for the appointment, or all of it goes back.
fn paid(
    draft: &mut Draft<'_, Department>,
    of: OrderId,
    transaction: String,
    amount_fen: u32,
    context: &Context,
) -> Result<Answer, Rejection> {
    let (state, id, at) = (draft.state(), of.appointment(), context.now);
    let is_here = state.config.definition.is_some() && id.department() == state.config.id;
    let day = id.date().filter(|_| is_here && place_of(&of).is_some());
    let day = day.ok_or_else(|| unknown(of.as_str(), "no order has such a number"))?;
    match state.payments.by_transaction(&transaction) {
        Some(paid) if paid.id.appointment() == id => return Ok(Answer::Done),
        Some(paid) => {
            let why = Rejection::new(Code::AlreadyExists, "that payment has paid another order");
            return Err(why.with("order", paid.id.as_str()));
        }
        None => {}
    }
    let is_known = state.clinic.appointments.contains_key(&id) || !state.payments.of(&id).is_empty();
    if !is_known && clinic::is_forgotten(&state.clinic, day, at, state.config.zone()) {
        return Err(unknown(of.as_str(), "of a day that is forgotten"));
    }
    if amount_fen == 0 || state.payments.of(&id).len() >= PAYMENTS_MAX {
        return Err(Rejection::new(Code::LimitExceeded, "nothing was paid, or too often"));
    }
    let order = match state.payments.of(&id).iter().any(|order| order.id == of) {
        true => state.payments.next_order(&id),
        false => of.clone(),
    };
    let comes = comes(state, &of, amount_fen, at);
    let cause = match comes {
        Comes::Back(cause) => Some(cause),
        Comes::TooLate => {
            let is_again = take_again(draft, &id, context);
            (!is_again).then_some(RefundCause::NoPlace)
        }
        Comes::Confirms(_) | Comes::Pays => None,
    };
    draft.emit(Event::Payment(payment::Event::OrderPaid { order: order.clone(), of, amount_fen, transaction, at }));
    if let Some(cause) = cause {
        let refund = RefundId::numbered(&order, 'r', 1);
        draft.emit(Event::Payment(payment::Event::RefundOwed { refund, amount_fen, cause, at }));
    }
    if let Comes::Confirms(patient) = comes {
        arrival::place(draft, ToDepartment::ConfirmPlace { appointment: id, patient }, context)?;
    }
    Ok(Answer::Done)
}

fn comes(state: &State, of: &OrderId, amount_fen: u32, now: Timestamp) -> Comes {
    let id = of.appointment();
    let asked = state.payments.at_provider.order(of);
    let is_what_was_asked = |asked: &Asked| asked.standing != AskedStanding::Paid && asked.amount_fen == amount_fen;
    if !asked.is_some_and(is_what_was_asked) || state.payments.paid(&id).is_some() {
        return Comes::Back(RefundCause::Surplus);
    }
    let Some(known) = state.clinic.appointments.get(&id) else { return Comes::Back(RefundCause::NoPlace) };
    match known.state {
        AppointmentState::Held { .. } if held_until(state, known, now).is_some() => {
            Comes::Confirms(known.brief.patient.clone())
        }
        AppointmentState::Held { .. } | AppointmentState::Expired => Comes::TooLate,
        AppointmentState::Booked | AppointmentState::CheckedIn | AppointmentState::Fulfilled => Comes::Pays,
        _ => Comes::Back(RefundCause::NoPlace),
    }
}

/// A place of the slot whose hold is over, if it has one. False: it has none.
fn take_again(draft: &mut Draft<'_, Department>, id: &AppointmentId, context: &Context) -> bool {
    let state = draft.state();
    if let Some(known) = state.clinic.appointments.get(id)
        && matches!(known.state, AppointmentState::Held { .. })
    {
        if state.clinic.is_stopped(&known.slot) {
            return false;
        }
        let (appointment, patient) = (id.clone(), known.brief.patient.clone());
        draft.emit(Event::Clinic(clinic::Event::HoldExpired { appointment, patient }));
    }
    let state = draft.state();
    let mut given = None;
    let number = |session: &clinic::Session| {
        let gives = state.config.settings.booking.number_at_booking;
        gives.then(|| arrival::number_of(state, session, context.now)).map(|(number, event)| {
            given = Some(event);
            number
        })
    };
    // Its own place, while that is kept back for nobody.
    let is_kept = state.waitlist.kept.get(id).is_some_and(|kept| !kept.for_line);
    let taken = clinic::decide_take_again(&state.clinic, id, context, state.config.zone(), is_kept, number);
    let Some(events) = taken else { return false };
    if is_kept {
        waiting_list::take_out(draft, id, context.now);
    }
    if let Some(number_given) = given {
        floor::emit(draft, number_given);
    }
    emit_clinic(draft, Decision { events, answer: Answer::Done });
    true
}

/// Whether the money of an order that was not paid would still pay for its appointment.
fn is_wanted(state: &State, asked: &Asked, now: Timestamp) -> bool {
    let id = asked.id.appointment();
    let Some(known) = state.clinic.appointments.get(&id) else { return false };
    let is_in_time = match known.state {
        AppointmentState::Held { .. } => held_until(state, known, now).is_some(),
        AppointmentState::Booked | AppointmentState::CheckedIn => true,
        _ => false,
    };
    is_in_time && now < asked.expires_at && state.payments.paid(&id).is_none()
}

/// Orders of these appointments that nobody wants paid any more are closed at the provider.
pub(super) fn close(draft: &mut Draft<'_, Department>, ids: impl Iterator<Item = AppointmentId>, now: Timestamp) {
    let state = draft.state();
    let is_over = |asked: &&Asked| asked.standing == AskedStanding::Open;
    let mut over = Vec::new();
    for id in ids {
        let open = state.payments.at_provider.of(&id).iter().filter(is_over);
        over.extend(open.filter(|asked| !is_wanted(state, asked, now)).map(|asked| Matter::Order(asked.id.clone())));
    }
    for matter in over {
        put(draft, matter, now);
    }
}

/// What is due to be asked by now leaves for the provider.
pub(super) fn ask(draft: &mut Draft<'_, Department>, now: Timestamp) {
    for matter in draft.state().payments.at_provider.overdue(now, ASKED_AT_ONCE) {
        put(draft, matter, now);
    }
}

/// Puts one matter to the provider, and says when it is put again: of an order as long as its day is remembered, for money
/// that nobody hears of is nobody's.
fn put(draft: &mut Draft<'_, Department>, matter: Matter, at: Timestamp) {
    let state = draft.state();
    let (close, asking) = match &matter {
        Matter::Order(order) => {
            let Some(asked) = state.payments.at_provider.order(order) else { return };
            let (id, tries) = (order.appointment(), asked.asking.tries.saturating_add(1));
            let zone = state.config.zone();
            let is_over = id.date().is_none_or(|day| clinic::is_forgotten(&state.clinic, day, at, zone));
            let again = (!is_over).then(|| ask_at(state, &id, asked.expires_at, at, tries));
            (!is_wanted(state, asked, at), Asking { tries, at: again })
        }
        Matter::Refund(refund) => {
            let Some((_, refund)) = state.payments.refund(refund) else { return };
            let tries = refund.asking.tries + 1;
            (false, Asking { tries, at: (tries < REFUND_TRIES_MAX).then(|| again_at(at, tries)) })
        }
    };
    draft.emit(Event::Payment(payment::Event::ProviderAsked { matter, close, asking, at }));
}
