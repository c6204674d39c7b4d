//! What a clinic knows, and its invariant I1 as a check.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::ids::*;
use crate::person::PatientBrief;
use crate::time::{BusinessDate, Timestamp};
use crate::vocabulary::{ByChannel, Channel, DefineQuotaRules};

use super::channel::Places;

/// Whether a session takes anybody.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionStanding {
    /// It does.
    Open,
    /// The desk has closed it.
    Closed,
    /// The operator has retired it.
    Retired,
}

/// 出诊班次.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// The hospital-local date.
    pub date: BusinessDate,
    /// 午别.
    pub period: String,
    /// Where its tickets wait.
    pub queue: QueueId,
    /// Whose it is; none: a pool's.
    pub doctor: Option<DoctorId>,
    /// Where, if known beforehand.
    pub service_point: Option<ServicePointId>,
    /// 号别.
    pub registration_class: String,
    /// Fee in fen.
    pub fee_fen: u32,
    /// Freed places come back at random moments.
    pub high_demand: bool,
    /// From when it can be booked; none: at once.
    pub released_at: Option<Timestamp>,
    /// Announced delay in minutes.
    pub delay_min: u32,
    /// What was announced before that.
    pub delay_before_min: u32,
    /// Whether it takes anybody.
    pub standing: SessionStanding,
    /// Its slots in order of time.
    pub slots: Vec<SlotId>,
    /// 停诊, while it is.
    pub stopped: Option<Stop>,
    /// A stop or its end was too much for one command.
    pub follows: Option<Follows>,
    /// How often it has changed what a calendar shows of everybody's time in it: another delay, doctor, room or queue.
    pub changes: u32,
    /// Takes no new patients of their own accord, and why: somebody has said so.
    pub frozen: Option<String>,
    /// Takes nobody new: by the plan it ought not to be there as it is, and somebody is in it.
    pub frozen_by_plan: bool,
}

impl Session {
    /// Whether it takes no new patients of their own accord.
    pub fn is_frozen(&self) -> bool {
        self.frozen_by_plan || self.frozen.is_some()
    }
}

/// 停诊.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stop {
    /// Slots that begin then or later do not take place.
    pub from: Timestamp,
    /// Why.
    pub reason: String,
    /// In which queue those wait who were there.
    pub to: Option<QueueId>,
}

/// What of a stop, or of its end, is still to be decided.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Follows {
    /// When.
    pub at: Timestamp,
    /// Of an end: of whom it was decided last.
    pub after: Option<AppointmentId>,
}

/// 时段 with its places.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Begin.
    pub start: Timestamp,
    /// End, without the session's announced delay.
    pub end: Timestamp,
    /// Places.
    pub capacity: u32,
    /// Places held, booked or used by patients of this system. Never above `capacity` (I1).
    pub taken: u32,
    /// Places used by visits of the hospital's own system: counted, never refused.
    pub outside: u32,
    /// Freed places that are not to be had yet ([`crate::waitlist`]).
    pub kept_back: u32,
    /// How many places have ever been given, in order: the issue sequence of the last one.
    pub issued: u32,
    /// How many of them when the delay was announced last: whoever came after has seen it.
    pub issued_before_delay: u32,
    /// When somebody booked who has not come is a no-show (announced delay included), unless under a limit of the own.
    pub no_show_at: Timestamp,
    /// Held or booked, not yet come.
    pub expected: BTreeSet<AppointmentId>,
    /// How many of `expected` are booked and stand under `no_show_at`.
    pub booked: u32,
    /// So many places are kept for each channel, as somebody has said.
    pub quotas: ByChannel,
    /// Channels whose places were given back: what of them is not used is common.
    pub given_back: BTreeSet<Channel>,
    /// By which channels `taken` are.
    pub taken_by: ByChannel,
}

impl Slot {
    /// Places left.
    pub fn free(&self) -> u32 {
        self.capacity.saturating_sub(self.taken.saturating_add(self.outside).saturating_add(self.kept_back))
    }

    /// Places left for a channel.
    pub fn free_for(&self, channel: Channel) -> u32 {
        Places::of(self).free_for(channel)
    }
}

/// Where an appointment stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AppointmentState {
    /// The place counts; gone at `expires_at` unless confirmed.
    Held {
        /// When the hold ends by itself.
        expires_at: Timestamp,
    },
    /// 已预约.
    Booked,
    /// 已签到.
    CheckedIn,
    /// Seen.
    Fulfilled,
    /// Cancelled in time, or the hold was let go.
    Cancelled,
    /// Given back after the cut-off.
    GivenBack,
    /// 爽约.
    NoShow,
    /// The hold expired.
    Expired,
    /// Checked in and not seen: the number was given up, or settled at closing.
    GivenUp,
    /// 停诊.
    Stopped,
}

impl AppointmentState {
    /// Whether the appointment uses a place of its slot.
    pub fn takes_place(self) -> bool {
        !matches!(self, Self::Cancelled | Self::GivenBack | Self::Expired | Self::Stopped)
    }
    /// Its name in views.
    pub fn name(self) -> &'static str {
        match self {
            Self::Held { .. } => "held",
            Self::Booked => "booked",
            Self::CheckedIn => "checked_in",
            Self::Fulfilled => "fulfilled",
            Self::Cancelled => "cancelled",
            Self::GivenBack => "given_back",
            Self::NoShow => "no_show",
            Self::Expired => "expired",
            Self::GivenUp => "given_up",
            Self::Stopped => "stopped",
        }
    }
}

/// 预约.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Which slot.
    pub slot: SlotId,
    /// Who.
    pub brief: PatientBrief,
    /// Where it stands.
    pub state: AppointmentState,
    /// How it was asked for.
    pub channel: Channel,
    /// Issue sequence within the slot.
    pub sequence: u32,
    /// The number, if given at booking.
    pub number: Option<String>,
    /// When it was booked.
    pub booked_at: Option<Timestamp>,
    /// Until when the place was held first; none: booked at once. (What the request is answered when it comes again.)
    pub held_until: Option<Timestamp>,
    /// The hold has had its ten more minutes.
    pub prolonged: bool,
    /// Booked, and until when the patient may come in place of the slot's `no_show_at`, which is earlier.
    pub come_until: Option<Timestamp>,
    /// The patient has come, and the pre-check has sent to that department first.
    pub sent_to: Option<DepartmentId>,
    /// How often its place was given up or taken again.
    pub changes: u32,
    /// The number of the referral by which it was asked for.
    pub referral: Option<String>,
}

impl Appointment {
    /// Whether the slot's limit makes it a no-show.
    pub(super) fn is_under_slot_limit(&self) -> bool {
        self.state == AppointmentState::Booked && self.come_until.is_none()
    }
}

/// What the clinic waits for, besides somebody's command.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Deadline {
    /// A hold ends.
    Hold(AppointmentId),
    /// Whoever is booked in the slot and has not come is a no-show, unless under a limit of the own.
    NoShow(SlotId),
    /// Who was to come again and has not is a no-show.
    ComeAgain(AppointmentId),
    /// More appointments of a session that was stopped, or resumed.
    Follows(SessionId),
    /// What a slot keeps for a channel is given back.
    GiveBack(SlotId, Channel),
    /// A session is over ([`Clinic::over_at`]): screens that speak of it are told.
    Over(SessionId),
}

/// Sessions, slots and appointments of one department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Clinic {
    /// Whose.
    pub department: DepartmentId,
    /// By id.
    pub sessions: BTreeMap<SessionId, Session>,
    /// By id.
    pub slots: BTreeMap<SlotId, Slot>,
    /// By id; the ended ones too, until their day is forgotten.
    pub appointments: BTreeMap<AppointmentId, Appointment>,
    /// Ids that were refused, and why: a late request with such an id fails.
    pub refused: BTreeMap<AppointmentId, Code>,
    /// Everything of earlier business days has been forgotten.
    pub forgotten_before: Option<BusinessDate>,
    /// When what is kept for channels is given back, and from when referrals may book; none: as for everybody.
    pub quota_rules: Option<DefineQuotaRules>,
    pub(super) deadlines: BTreeSet<(Timestamp, Deadline)>,
}

impl Clinic {
    /// A clinic without sessions.
    pub fn new(department: DepartmentId) -> Self {
        Self {
            department,
            sessions: BTreeMap::new(),
            slots: BTreeMap::new(),
            appointments: BTreeMap::new(),
            refused: BTreeMap::new(),
            forgotten_before: None,
            quota_rules: None,
            deadlines: BTreeSet::new(),
        }
    }

    /// The earliest moment at which [`super::decide_deadline`] has something to do.
    pub fn next_deadline(&self) -> Option<Timestamp> {
        self.deadlines.first().map(|(at, _)| *at)
    }

    /// All deadlines that have passed at `now`, in order.
    pub(super) fn overdue(&self, now: Timestamp) -> impl Iterator<Item = &Deadline> {
        self.deadlines.iter().take_while(move |(at, _)| *at <= now).map(|(_, deadline)| deadline)
    }

    /// The session that a slot is a part of.
    pub fn session_of(&self, slot: &SlotId) -> Option<&Session> {
        self.sessions.get(slot.prefix(3))
    }

    /// The announced delay of a slot's session, in minutes.
    pub fn delay_min(&self, slot: &SlotId) -> i64 {
        self.session_of(slot).map_or(0, |s| i64::from(s.delay_min))
    }

    /// When a session is over: at its last slot's end with the announced delay. None: it has no slots.
    pub fn over_at(&self, session: &Session) -> Option<Timestamp> {
        let ends = session.slots.iter().filter_map(|slot| self.slots.get(slot)).map(|slot| slot.end);
        ends.max().map(|end| end.plus_min(i64::from(session.delay_min)))
    }

    /// Whether a session is over: nobody is late for it any more, and it is not to come.
    pub fn is_over(&self, session: &Session, now: Timestamp) -> bool {
        self.over_at(session).is_none_or(|over_at| over_at <= now)
    }

    /// Whether none of a session takes place.
    pub fn is_stopped_whole(&self, session: &Session) -> bool {
        session.slots.first().is_some_and(|first| self.is_stopped(first))
    }

    /// I1 and the counts that it rests on, recomputed from the appointments. The error names the place.
    pub fn check(&self) -> Result<(), String> {
        let mut counted: BTreeMap<&str, (u32, u32, BTreeSet<&AppointmentId>)> = BTreeMap::new();
        let mut by_channel: BTreeMap<&str, ByChannel> = BTreeMap::new();
        for (id, appointment) in &self.appointments {
            let entry = counted.entry(appointment.slot.as_str()).or_default();
            entry.0 += u32::from(appointment.state.takes_place());
            entry.1 += u32::from(appointment.is_under_slot_limit());
            let by_channel = by_channel.entry(appointment.slot.as_str()).or_default();
            if let Some(count) = by_channel.of_mut(appointment.channel) {
                *count += u32::from(appointment.state.takes_place());
            }
            if let Some(at) = appointment.come_until {
                let waits = self.deadlines.contains(&(at, Deadline::ComeAgain(id.clone())));
                let is_later = self.slots.get(&appointment.slot).is_none_or(|slot| slot.no_show_at < at);
                if appointment.state != AppointmentState::Booked || !waits || !is_later {
                    return Err(format!("{id}: a limit of its own that is none"));
                }
            }
            if matches!(appointment.state, AppointmentState::Held { .. } | AppointmentState::Booked) {
                entry.2.insert(id);
            }
            let is_here = self.is_stopped(&appointment.slot) && !self.is_followed(&appointment.slot);
            if is_here && (entry.2.contains(id) || appointment.state == AppointmentState::NoShow) {
                return Err(format!("{id}: {} in a slot that does not take place", appointment.state.name()));
            }
            if let AppointmentState::Held { expires_at } = appointment.state
                && !self.deadlines.contains(&(expires_at, Deadline::Hold(id.clone())))
            {
                return Err(format!("{id}: held without a deadline"));
            }
        }
        let mut to_give_back = 0;
        for (id, slot) in &self.slots {
            if slot.taken > slot.capacity {
                return Err(format!("I1 {id}: {} places taken of {}", slot.taken, slot.capacity));
            }
            let taken_by = by_channel.get(id.as_str()).copied().unwrap_or_default();
            if taken_by != slot.taken_by {
                return Err(format!("{id}: {taken_by:?} by channel, stands {:?}", slot.taken_by));
            }
            for channel in ByChannel::CHANNELS {
                let Some(at) = self.gives_back_at(slot, channel) else { continue };
                to_give_back += 1;
                if !self.deadlines.contains(&(at, Deadline::GiveBack(id.clone(), channel))) {
                    return Err(format!("{id}: nothing waits to give back what is kept for {channel:?}"));
                }
            }
            let (taken, booked, expected) = counted.remove(id.as_str()).unwrap_or_default();
            if taken != slot.taken || booked != slot.booked || !expected.into_iter().eq(&slot.expected) {
                return Err(format!("{id}: counts {taken}/{booked}, stands {}/{}", slot.taken, slot.booked));
            }
            let waits = self.deadlines.contains(&(slot.no_show_at, Deadline::NoShow(id.clone())));
            if waits != (booked > 0) {
                return Err(format!("{id}: {booked} booked, no-show deadline {waits}"));
            }
        }
        for (at, due) in &self.deadlines {
            let Deadline::Over(id) = due else { continue };
            let session = self.sessions.get(id).filter(|session| session.standing == SessionStanding::Open);
            if session.and_then(|session| self.over_at(session)) != Some(*at) {
                return Err(format!("{id}: over at a moment that is not its end"));
            }
        }
        let waiting = self.deadlines.iter().filter(|(_, due)| matches!(due, Deadline::GiveBack(..))).count();
        if waiting != to_give_back {
            return Err(format!("{waiting} quotas wait to be given back, {to_give_back} are to be"));
        }
        match counted.into_iter().find(|(_, (taken, _, _))| *taken > 0) {
            Some((slot, _)) => Err(format!("{slot}: appointments without a slot")),
            None => Ok(()),
        }
    }
}
