//! Capacity by channel: what of a slot is kept for whom, what of it is left for each, and when what is kept is given back.
//!
//! A place has no colour: a slot counts how many places each channel has taken. What a channel has taken counts against
//! what is kept for it first, and only beyond that against what is common, so that whatever comes back goes back to where
//! it is missing.

use std::collections::BTreeMap;

use crate::codes::{Code, Rejection};
use crate::ids::*;
use crate::time::{AHEAD_DAYS, Timestamp, Zone};
use crate::vocabulary::{ByChannel, Channel, DefineQuotaRules, DefineSlot};

use super::Decision;
use super::event::{Event, SlotQuotas};
use super::state::*;

/// What is kept is given back so long before its slot at most, in minutes.
const BACK_MIN_MAX: i64 = 30 * 24 * 60;

/// The places of a slot as a channel sees them.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    capacity: u32,
    taken: u32,
    outside: u32,
    kept: ByChannel,
    taken_by: ByChannel,
}

impl Places {
    /// Those of a slot as it stands.
    pub fn of(slot: &Slot) -> Self {
        let mut kept = slot.quotas;
        for channel in &slot.given_back {
            if let Some(kept) = kept.of_mut(*channel) {
                *kept = 0;
            }
        }
        let outside = slot.outside.saturating_add(slot.kept_back);
        Self { capacity: slot.capacity, taken: slot.taken, outside, kept, taken_by: slot.taken_by }
    }

    /// Places left for a channel: of what is kept for it, and of what is common. Never more than there are: visits from
    /// outside, and a quota that came late, may have used what was to be kept.
    pub fn free_for(&self, channel: Channel) -> u32 {
        let left = |of: Channel| u64::from(self.kept.of(of).saturating_sub(self.taken_by.of(of)));
        let kept: u64 = ByChannel::CHANNELS.into_iter().map(left).sum();
        let free = u64::from(self.capacity).saturating_sub(u64::from(self.taken) + u64::from(self.outside));
        let may_have = (left(channel) + free.saturating_sub(kept)).min(free);
        u32::try_from(may_have).unwrap_or(u32::MAX)
    }

    /// One more is taken.
    pub fn take(&mut self, channel: Channel) {
        self.taken += 1;
        if let Some(taken) = self.taken_by.of_mut(channel) {
            *taken += 1;
        }
    }
}

impl Clinic {
    /// When what a slot keeps for a channel is given back; none: it keeps nothing for it, or never gives it back.
    pub(super) fn gives_back_at(&self, slot: &Slot, channel: Channel) -> Option<Timestamp> {
        let is_kept = slot.quotas.of(channel) > 0 && !slot.given_back.contains(&channel);
        let back_min = self.quota_rules.as_ref().filter(|_| is_kept)?.back_min(channel)?;
        Some(slot.start.plus_min(-i64::from(back_min)))
    }

    /// When what is kept is given back, and from when referrals may book.
    pub fn quota_rules(&self) -> DefineQuotaRules {
        self.quota_rules.clone().unwrap_or_else(|| DefineQuotaRules::of(self.department.clone()))
    }

    /// From when a channel can book in a session; none: at once. Referrals never later than all others.
    pub fn released_at(&self, session: &Session, channel: Channel, zone: Zone) -> Option<Timestamp> {
        let released_at = session.released_at?;
        let earlier = self.quota_rules.as_ref().filter(|_| channel == Channel::Referral).and_then(|rules| {
            let on = session.date.plus_days(-i64::from(rules.referral_release_days?));
            Some(zone.at_minute(on, u32::from(rules.referral_release_min)))
        });
        Some(earlier.map_or(released_at, |at| at.min(released_at)))
    }

    /// What of a session's slots is kept, as the event that would define it.
    fn quotas(&self, session: &Session) -> Vec<SlotQuotas> {
        let slots = session.slots.iter().filter_map(|id| Some((id, self.slots.get(id)?.quotas)));
        let kept = slots.filter(|(_, quotas)| !quotas.is_none());
        kept.map(|(slot, quotas)| SlotQuotas { slot: slot.clone(), quotas }).collect()
    }
}

/// Whether no slot keeps more than it has. `quotas` in the order of the slots. Rejects `invalid_field`.
pub fn check_quotas(slots: &[DefineSlot], quotas: &[ByChannel]) -> Result<(), Rejection> {
    if quotas.len() > slots.len() {
        return Err(Rejection::field("quotas", "quotas stand in the slots where those are listed"));
    }
    let is_too_many = |(slot, quotas): &(&DefineSlot, &ByChannel)| quotas.sum() > u64::from(slot.capacity);
    match slots.iter().zip(quotas).find(is_too_many) {
        Some((slot, _)) => {
            Err(Rejection::field("quotas", "a slot keeps no more places than it has").with("slot", slot.start.clone()))
        }
        None => Ok(()),
    }
}

/// What of the slots of a session that is defined is kept from now on, in their order; in the others nothing. What was
/// given back stays so where the same is kept as before. (Whether it fits: [`check_quotas`].)
pub fn decide_quotas(clinic: &Clinic, id: &SessionId, quotas: &[ByChannel]) -> Decision {
    let Some(session) = clinic.sessions.get(id) else { return Decision::done(Vec::new()) };
    let listed = session.slots.iter().zip(quotas).filter(|(_, quotas)| !quotas.is_none());
    let quotas: Vec<_> = listed.map(|(slot, quotas)| SlotQuotas { slot: slot.clone(), quotas: *quotas }).collect();
    if clinic.quotas(session) == quotas {
        return Decision::done(Vec::new());
    }
    Decision::done(vec![Event::QuotasDefined { session: id.clone(), quotas }])
}

/// Whether that is kept in the slots of a session, in their order.
pub fn is_kept_as(clinic: &Clinic, id: &SessionId, quotas: &[ByChannel]) -> bool {
    decide_quotas(clinic, id, quotas).events.is_empty()
}

/// When what is kept is given back, and from when referrals may book. Rejects `id_not_under_parent`, `invalid_field`. What
/// was given back stays so.
pub fn decide_quota_rules(clinic: &Clinic, command: &DefineQuotaRules) -> Result<Decision, Rejection> {
    if command.department != clinic.department {
        return Err(Code::IdNotUnderParent.into());
    }
    let back = |min: Option<u32>| i64::from(min.unwrap_or(0));
    let figures = [
        ("online_back_min", back(command.online_back_min), 0..=BACK_MIN_MAX),
        ("desk_back_min", back(command.desk_back_min), 0..=BACK_MIN_MAX),
        ("referral_back_min", back(command.referral_back_min), 0..=BACK_MIN_MAX),
        ("referral_release_days", i64::from(command.referral_release_days.unwrap_or(0)), 0..=AHEAD_DAYS),
        ("referral_release_min", i64::from(command.referral_release_min), 0..=1439),
    ];
    if let Some((field, _, range)) = figures.iter().find(|(_, value, range)| !range.contains(value)) {
        let what = format!("`{field}` is allowed from {} to {}", range.start(), range.end());
        return Err(Rejection::field(field, what));
    }
    let defined = (clinic.quota_rules() != *command).then(|| Event::QuotaRulesDefined(command.clone()));
    Ok(Decision::done(defined.into_iter().collect()))
}

/// What is kept for that channel in a slot is due to be given back.
pub(super) fn given_back(slot: &SlotId, channel: Channel) -> Event {
    Event::QuotaGivenBack { slot: slot.clone(), channel }
}

/// Applies [`Event::QuotasDefined`].
pub(super) fn keep(clinic: &mut Clinic, session: &SessionId, quotas: &[SlotQuotas]) {
    let kept: BTreeMap<&SlotId, ByChannel> = quotas.iter().map(|kept| (&kept.slot, kept.quotas)).collect();
    let Some(session) = clinic.sessions.get(session) else { return };
    for id in session.slots.clone() {
        unwatch(clinic, &id);
        if let Some(slot) = clinic.slots.get_mut(&id) {
            let quotas = kept.get(&id).copied().unwrap_or_default();
            if slot.quotas != quotas {
                slot.given_back.clear();
                slot.quotas = quotas;
            }
        }
        watch(clinic, &id);
    }
}

/// Applies [`Event::QuotaGivenBack`].
pub(super) fn give_back(clinic: &mut Clinic, id: &SlotId, channel: Channel) {
    unwatch(clinic, id);
    if let Some(slot) = clinic.slots.get_mut(id) {
        slot.given_back.insert(channel);
    }
    watch(clinic, id);
}

/// Applies [`Event::QuotaRulesDefined`].
pub(super) fn define(clinic: &mut Clinic, rules: &DefineQuotaRules) {
    let keeping = clinic.slots.iter().filter(|(_, slot)| !slot.quotas.is_none());
    let slots: Vec<SlotId> = keeping.map(|(id, _)| id.clone()).collect();
    slots.iter().for_each(|id| unwatch(clinic, id));
    clinic.quota_rules = Some(rules.clone());
    slots.iter().for_each(|id| watch(clinic, id));
}

/// Before anything changes by which a slot gives back what it keeps.
pub(super) fn unwatch(clinic: &mut Clinic, id: &SlotId) {
    for deadline in due(clinic, id) {
        clinic.deadlines.remove(&deadline);
    }
}

/// After that.
pub(super) fn watch(clinic: &mut Clinic, id: &SlotId) {
    let due = due(clinic, id);
    clinic.deadlines.extend(due);
}

fn due(clinic: &Clinic, id: &SlotId) -> Vec<(Timestamp, Deadline)> {
    let Some(slot) = clinic.slots.get(id) else { return Vec::new() };
    let at = |channel| Some((clinic.gives_back_at(slot, channel)?, Deadline::GiveBack(id.clone(), channel)));
    ByChannel::CHANNELS.into_iter().filter_map(at).collect()
}
