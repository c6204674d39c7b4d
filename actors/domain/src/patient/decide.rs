//! The patient's decisions: limits first, then the department.

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::owner::{Context, Draft, OwnerKind, OwnerRef};
use crate::person::Relation;
use crate::principal::Role;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{Answer, AppointmentEnd, Channel, OfferedPlace, RestoreAppointment, ToDepartment, ToPatient};

use super::Patient;
use super::claims;
use super::event::{Event, Wish};
use super::file;
use super::moved;
use super::notices;
use super::offers;
use super::state::*;
use super::view::state_name;
use crate::settings::PatientLimits;

const DAY_S: i64 = 24 * 60 * 60;
/// After a hold's end the department has this long to say so before it is asked.
pub(super) const HOLD_WORD_S: i64 = 10;
/// After a slot's end the department has this long to say what became of the booking, and again after each answer.
pub(super) const BOOKING_WORD_S: i64 = DAY_S;
/// So many places of one day that a patient has taken online and let go: more are had at the desk. Whoever looks for another
/// time needs a few; a program that takes and lets go uses up numbers and room for ever.
const LET_GO_MAX: usize = 20;
/// A person holds so many places at once at most, by phone: what is to be kept is confirmed.
const HOLDS_MAX: usize = 3;
/// So many refused reservations are remembered: at the release minute one person may ask for many full slots.
const REFUSED_MAX: usize = 50;
/// How long ended reservations are kept after their slot.
const KEPT_S: i64 = 31 * DAY_S;

type Outcome = Result<Answer, Rejection>;

pub(super) fn decide(draft: &mut Draft<'_, Patient>, command: ToPatient, context: &Context) -> Outcome {
    match command {
        ToPatient::Identify { brief, birth_date_sealed, sealed, real_name } => {
            if brief.patient != draft.state().id {
                return Err(Code::Forbidden.into());
            }
            file::identify(draft, Identity { brief, birth_date_sealed, sealed, real_name })
        }
        ToPatient::ConfirmIdentity { identity, replaces, on_file } => {
            if identity.brief.patient != draft.state().id || !identity.real_name {
                return Err(Code::Forbidden.into());
            }
            file::confirm(draft, identity, replaces, on_file)
        }
        ToPatient::RelateOnFile { account, relation } => file::relate_on_file(draft, account, relation),
        ToPatient::Relate { account, relation, granted } => relate(draft, account, relation, granted),
        ToPatient::Reserve { slot, date, slot_start, slot_end, confirm, channel, replaces, limits } => {
            let (start, end, referral) = (slot_start, slot_end, None);
            let asked = Asked { slot, date, start, end, confirm, channel, replaces, limits, referral };
            reserve(draft, asked, context)
        }
        ToPatient::ReserveByReferral { slot, date, slot_start, slot_end, confirm, replaces, limits, referral } => {
            let (start, end, channel, referral) = (slot_start, slot_end, Channel::Referral, Some(referral));
            let asked = Asked { slot, date, start, end, confirm, channel, replaces, limits, referral };
            reserve(draft, asked, context)
        }
        ToPatient::Confirm { appointment } => confirm(draft, appointment),
        ToPatient::Cancel(command) => cancel(draft, command.appointment),
        ToPatient::Restore { command, limits } => restore(draft.state(), command, limits, context),
        ToPatient::PlaceHeld { appointment, expires_at } => {
            held(draft, appointment, expires_at, context);
            Ok(Answer::Done)
        }
        ToPatient::PlaceBooked { appointment, number, .. } => {
            let before = draft.state().reservations.get(&appointment).map(|known| known.standing);
            booked(draft, &appointment, number, context);
            moved::heard(draft, &appointment, before);
            Ok(Answer::Done)
        }
        ToPatient::PlaceKept { appointment } => {
            moved::kept(draft, appointment);
            Ok(Answer::Done)
        }
        ToPatient::PlaceEnded { appointment, how } => {
            ended(draft, appointment, how, context);
            Ok(Answer::Done)
        }
        ToPatient::TicketTold(news) => {
            let known = news.appointment.as_ref().and_then(|id| draft.state().reservations.get_key_value(id));
            let before = known.map(|(id, known)| (id.clone(), known.standing));
            super::hear::hear(draft, news, context);
            if let Some((appointment, before)) = before {
                moved::heard(draft, &appointment, Some(before));
            }
            Ok(Answer::Done)
        }
        ToPatient::Join { bearer } => claims::join(draft, bearer),
        ToPatient::Part { bearer } => claims::part(draft, bearer),
        ToPatient::CountPlace { appointment, place } => claims::heard(draft, appointment, place),
        ToPatient::DeadlineReached => {
            let due: Vec<AppointmentId> = draft
                .state()
                .reservations
                .iter()
                .filter(|(_, r)| r.wish.is_none() && r.ask_at.is_some_and(|at| at <= context.now))
                .map(|(id, _)| id.clone())
                .collect();
            for appointment in due {
                let patient = draft.state().id.clone();
                let ask_at = Some(context.now.plus_s(BOOKING_WORD_S));
                draft.emit(Event::DepartmentAsked { patient, appointment, wish: Wish::Tell, ask_at });
            }
            notices::look(draft, context.now);
            Ok(Answer::Done)
        }
        ToPatient::Notify(due) => Ok(notices::notify(draft, due, None, context)),
        ToPatient::NotifyOfMoney { due, amount_fen } => Ok(notices::notify(draft, *due, Some(amount_fen), context)),
        ToPatient::ConfirmNotice { notice } => notices::confirm(draft, notice, context),
        ToPatient::NoticeOutcome { notice, way, outcome } => {
            Ok(notices::outcome(draft, (notice, way), outcome, context))
        }
        ToPatient::BindAddress { account, way, sealed } => notices::bind(draft, account, way, sealed),
        ToPatient::UnbindAddress { account, way } => Ok(notices::unbind(draft, account, way)),
        ToPatient::Offer(offer) => Ok(offers::offered(draft, *offer, context)),
        ToPatient::WishTold(news) => Ok(offers::told(draft, *news)),
        ToPatient::NoticeAnswerHeard { notice, reached } => Ok(notices::answer_heard(draft, notice, reached)),
    }
}

pub(super) fn relate(draft: &mut Draft<'_, Patient>, account: AccountId, relation: Relation, granted: bool) -> Outcome {
    let relation = relation.wire().to_owned();
    let known = draft.state().accounts.get(&account);
    if granted && known != Some(&relation) {
        draft.emit(Event::RelationGranted { account, relation });
    } else if !granted && known.is_some() {
        draft.emit(Event::RelationEnded { account });
    }
    Ok(Answer::Done)
}

struct Asked {
    slot: SlotId,
    date: BusinessDate,
    start: Timestamp,
    end: Timestamp,
    confirm: bool,
    channel: Channel,
    replaces: Option<AppointmentId>,
    limits: PatientLimits,
    referral: Option<String>,
}

fn reserve(draft: &mut Draft<'_, Patient>, asked: Asked, context: &Context) -> Outcome {
    let state = draft.state();
    if let Some(bearer) = claims::bound_to(state) {
        return Err(claims::bound(bearer));
    }
    let Some(identity) = &state.identity else {
        return Err(Rejection::field("patient", "the patient has not been identified"));
    };
    if asked.end <= asked.start {
        return Err(Rejection::new(Code::InvalidField, "a slot ends after it begins"));
    }
    if let Some(replaces) = &asked.replaces {
        let old = state.reservations.get(replaces).ok_or(Code::Forbidden)?;
        let given_up = old.wish.is_some_and(Wish::is_end) || state.replaced_by(replaces).is_some();
        if !matches!(old.standing, Standing::Booked | Standing::Held { .. }) || given_up {
            return Err(Code::WrongAppointmentState.into());
        }
        // As with a cancel; of an announced delay the department alone knows.
        if old.end <= context.now && !is_by_staff(&asked, context) {
            return Err(Code::CancelCutOff.into());
        }
    }
    check_limits(state, &asked, context)?;
    let brief = identity.brief.clone();
    let appointment = new_appointment_id(state, &asked, context);
    forget(draft, context.now);
    draft.emit(Event::PlaceReserved {
        appointment,
        slot: asked.slot,
        date: asked.date,
        start: asked.start,
        end: asked.end,
        brief,
        confirm: asked.confirm,
        channel: asked.channel,
        replaces: asked.replaces,
        limits: asked.limits,
        referral: asked.referral,
    });
    Ok(Answer::Done)
}

/// A cancelled booking is to stand again: as long as nothing has taken its place, and within the limits of today.
fn restore(state: &State, command: RestoreAppointment, limits: PatientLimits, context: &Context) -> Outcome {
    let id = &command.appointment;
    // One that is not remembered any more is of so long ago that nothing stands beside it.
    if let Some(known) = state.reservations.get(id) {
        if let Some((other, _)) = state.replaced_by(id) {
            return Err(Rejection::from(Code::WrongAppointmentState).with("replaced_by", other.as_str()));
        }
        // One that stands has been counted all along; whether it does is the department's to say.
        if !known.is_live() {
            let (slot, date, start, end) = (known.slot.clone(), known.date, known.start, known.end);
            let (confirm, channel, replaces, referral) = (true, Channel::Desk, None, None);
            let asked = Asked { slot, date, start, end, confirm, channel, replaces, limits, referral };
            check_limits(state, &asked, context)?;
        }
    }
    let department = OwnerRef::new(OwnerKind::Department, id.department().as_str());
    Ok(Answer::AskedOf(department, ToDepartment::RestoreAppointment(command).into()))
}

fn is_by_staff(asked: &Asked, context: &Context) -> bool {
    context.principal.role == Role::Desk || asked.channel != Channel::Online
}

/// What keeps nobody from the desk.
fn check_online(state: &State, date: BusinessDate, now: Timestamp) -> Result<(), Rejection> {
    use AppointmentEnd::{Cancelled, Expired, GivenBack};
    if state.blocked_until.is_some_and(|until| now < until) {
        return Err(Code::OnlineBookingBlocked.into());
    }
    let is_let_go = |r: &&Reservation| {
        r.date == date
            && r.channel == Channel::Online
            && r.offered.is_none()
            && matches!(r.standing, Standing::Ended(Cancelled | Expired | GivenBack))
    };
    if state.reservations.values().filter(is_let_go).count() >= LET_GO_MAX {
        return Err(Rejection::new(Code::LimitDay, "too many places of that day were let go: the desk books more"));
    }
    Ok(())
}

/// Every limit on a place that is offered, as on one that is asked for.
pub(super) fn may_take(state: &State, offer: &OfferedPlace, context: &Context) -> Result<(), Rejection> {
    let OfferedPlace { slot, date, slot_start: start, slot_end: end, channel, limits, .. } = offer.clone();
    let (confirm, replaces, referral) = (false, None, None);
    let asked = Asked { slot, date, start, end, confirm, channel, replaces, limits, referral };
    check_limits(state, &asked, context)
}

/// Every limit on booking; what was taken under a claim of the person counts too. What the new appointment replaces does not count against it; against any other one both the
/// old and the new one count, because either may stand in the end (on one day they are one).
fn check_limits(state: &State, asked: &Asked, context: &Context) -> Result<(), Rejection> {
    if !is_by_staff(asked, context) {
        check_online(state, asked.date, context.now)?;
        let may_be_held = |r: &&Reservation| {
            matches!(r.standing, Standing::Asked | Standing::Held { .. }) && r.wish != Some(Wish::Cancel)
        };
        if !asked.confirm && state.reservations.values().filter(may_be_held).count() >= HOLDS_MAX {
            return Err(Rejection::new(Code::LimitExceeded, "too many places are held: confirm one or let it go"));
        }
    }
    let others = || state.taken().filter(|(id, _)| asked.replaces.as_ref() != Some(*id));
    let department = asked.slot.department();
    if let Some((id, _)) = others().find(|(_, r)| r.date == asked.date && r.slot.department() == department) {
        return Err(Rejection::from(Code::LimitDepartmentDay).with("appointment", id.as_str()));
    }
    let that_day = others()
        .filter(|(id, r)| r.date == asked.date && state.replaced_by(id).is_none_or(|(_, new)| new.date != asked.date));
    if that_day.count() >= asked.limits.per_day as usize {
        return Err(Code::LimitDay.into());
    }
    if let Some((id, _)) = others().find(|(_, r)| r.start < asked.end && asked.start < r.end) {
        // Where else somebody is treated is the person's own to know.
        let may_know = context.principal.role == Role::Patient || id.department() == department;
        let why = Rejection::from(Code::LimitOverlap);
        return Err(if may_know { why.with("appointment", id.as_str()) } else { why });
    }
    Ok(())
}

fn new_appointment_id(state: &State, asked: &Asked, context: &Context) -> AppointmentId {
    let (department, day) = (asked.slot.prefix(2), asked.date.compact());
    (0..)
        .map(|n| AppointmentId::from(format!("{department}.b{day}-{:016x}", context.draw(n))))
        .find(|id| !state.reservations.contains_key(id))
        .expect("invariant: a patient has fewer reservations than there are draws")
}

/// What is over for a month goes when something new comes, and what was refused when there is much of it: the department
/// keeps its word without us.
fn forget(draft: &mut Draft<'_, Patient>, now: Timestamp) {
    let reservations = &draft.state().reservations;
    let is_refused = |r: &Reservation| r.standing == Standing::Ended(AppointmentEnd::Refused);
    let is_much = reservations.values().filter(|r| is_refused(r)).count() >= REFUSED_MAX;
    let is_old = |r: &Reservation| !r.is_live() && (r.end.plus_s(KEPT_S) < now || (is_much && is_refused(r)));
    let appointments: Vec<_> = reservations.iter().filter(|(_, r)| is_old(r)).map(|(id, _)| id.clone()).collect();
    if !appointments.is_empty() {
        let no_shows_before = now.plus_s(-PatientLimits::NO_SHOW_DAYS_MAX * DAY_S);
        draft.emit(Event::ReservationsForgotten { appointments, no_shows_before });
    }
}

/// The department holds the place: first heard of, repeated, or prolonged (a hold only ever gets more time).
fn held(draft: &mut Draft<'_, Patient>, appointment: AppointmentId, expires_at: Timestamp, context: &Context) {
    let Some(reservation) = draft.state().reservations.get(&appointment) else { return };
    let ask_at = expires_at.max(context.now).plus_s(HOLD_WORD_S);
    match reservation.standing {
        Standing::Held { expires_at: before } if before < expires_at => {
            draft.emit(Event::HoldProlonged { appointment, expires_at, ask_at });
        }
        // To be confirmed, and still only held: its fee is to be paid first.
        Standing::Held { expires_at: before } if before == expires_at && reservation.wish == Some(Wish::Confirm) => {
            draft.emit(Event::WishSettled { appointment });
        }
        Standing::Held { expires_at: before } if before > expires_at || reservation.wish != Some(Wish::Tell) => {}
        Standing::Asked | Standing::Held { .. } => draft.emit(Event::PlaceHeld { appointment, expires_at, ask_at }),
        Standing::Booked | Standing::CheckedIn | Standing::Ended(_) => {}
    }
}

fn confirm(draft: &mut Draft<'_, Patient>, appointment: AppointmentId) -> Outcome {
    let reservation = draft.state().reservations.get(&appointment).ok_or(Code::Forbidden)?;
    match reservation.standing {
        Standing::Booked | Standing::CheckedIn => {
            return Ok(Answer::Booked {
                number: reservation.number.clone(),
                slot_start: reservation.start,
                appointment,
            });
        }
        Standing::Ended(AppointmentEnd::Expired) => return Err(Code::HoldExpired.into()),
        Standing::Ended(_) => return Err(Code::WrongAppointmentState.into()),
        Standing::Asked | Standing::Held { .. } => {}
    }
    if reservation.wish.is_some_and(Wish::is_end) {
        return Err(Code::WrongAppointmentState.into());
    }
    ask(draft, appointment, Wish::Confirm);
    Ok(Answer::Done)
}

fn cancel(draft: &mut Draft<'_, Patient>, appointment: AppointmentId) -> Outcome {
    use AppointmentEnd::{Cancelled, Expired, GivenBack, Stopped};
    let reservation = draft.state().reservations.get(&appointment).ok_or(Code::Forbidden)?;
    match reservation.standing {
        Standing::Ended(Cancelled | GivenBack | Expired | Stopped) => return Ok(Answer::Done),
        standing @ (Standing::Ended(_) | Standing::CheckedIn) => {
            return Err(Rejection::from(Code::WrongAppointmentState).with("state", state_name(standing)));
        }
        Standing::Asked | Standing::Held { .. } | Standing::Booked => {}
    }
    // What is to end in any case stays so.
    let wish = reservation.wish.filter(|wish| wish.is_end()).unwrap_or(Wish::Cancel);
    ask(draft, appointment, wish);
    Ok(Answer::Done)
}

/// Asks the department, and again until it has answered.
pub(super) fn ask(draft: &mut Draft<'_, Patient>, appointment: AppointmentId, wish: Wish) {
    let ask_at = draft.state().reservations.get(&appointment).and_then(|reservation| reservation.ask_at);
    let patient = draft.state().id.clone();
    draft.emit(Event::DepartmentAsked { patient, appointment, wish, ask_at });
}

/// The department has booked, or says once more that it stands. That takes no wish to end it back: the answer to that is a
/// word of its own ([`moved::kept`]).
fn booked(draft: &mut Draft<'_, Patient>, appointment: &AppointmentId, number: Option<String>, context: &Context) {
    let Some(reservation) = draft.state().reservations.get(appointment) else { return };
    let appointment = appointment.clone();
    match reservation.standing {
        Standing::Ended(_) => return,
        // After check-in only news of the ticket says where it stands.
        Standing::CheckedIn => {}
        Standing::Booked if reservation.number == number => {}
        Standing::Asked | Standing::Held { .. } | Standing::Booked => {
            let ask_at = reservation.end.max(context.now).plus_s(BOOKING_WORD_S);
            return draft.emit(Event::AppointmentBooked { appointment, number, ask_at });
        }
    }
    if reservation.wish.is_some_and(|wish| !wish.is_end()) {
        draft.emit(Event::WishSettled { appointment });
    }
}

fn ended(draft: &mut Draft<'_, Patient>, appointment: AppointmentId, how: AppointmentEnd, context: &Context) {
    let known = draft.state().reservations.get(&appointment).filter(|known| known.is_live());
    // Of a hold that was paid late the news may be here before the word that it had expired.
    if known.is_some_and(|known| how != AppointmentEnd::Expired || known.heard == 0) {
        end(draft, appointment, how, context);
    }
}

/// It ends here, with all that such an end counts for.
pub(super) fn end(draft: &mut Draft<'_, Patient>, appointment: AppointmentId, how: AppointmentEnd, context: &Context) {
    let known = draft.state().reservations.get(&appointment);
    let Some(limits) = known.map(|reservation| reservation.limits) else { return };
    draft.emit(Event::AppointmentEnded { appointment, how, at: context.now });
    if how == AppointmentEnd::NoShow
        && let Some(until) = blocked_until(draft.state().no_shows.iter().map(|(at, _)| *at), limits)
        && draft.state().blocked_until.is_none_or(|before| before < until)
    {
        draft.emit(Event::OnlineBookingBlocked { until });
    }
}

/// Until when these no-shows, by time, block online booking: so long from each that is one too many within the time in
/// which they count.
pub(super) fn blocked_until(no_shows: impl Iterator<Item = Timestamp>, limits: PatientLimits) -> Option<Timestamp> {
    let at: Vec<Timestamp> = no_shows.collect();
    let (most, lasting_s) = ((limits.no_shows as usize).max(1), limits.no_show_days * DAY_S);
    let too_many = |window: &&[Timestamp]| window[most - 1].plus_s(-lasting_s) < window[0];
    at.windows(most).rev().find(too_many).map(|window| window[most - 1].plus_s(lasting_s))
}
