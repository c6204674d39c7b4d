//! Small rules of slots: who is late, which slot a walk-in or an addition belongs to.

use crate::time::Timestamp;

/// Whether a check-in is late: after the slot's end plus the delay announced by then. A walk-in is never late.
pub fn is_late(checked_in_at: Timestamp, slot_end: Timestamp, announced_delay_min: i64, walk_in: bool) -> bool {
    !walk_in && checked_in_at > slot_end.plus_min(announced_delay_min)
}

/// A walk-in's slot: the one running at `now`, else the next, else (after the session's end) the last. `slots` are
/// (slot, start, end), sorted by start. Also the slot that `end_of_slot` means.
pub fn walk_in_slot<S: Copy>(slots: &[(S, Timestamp, Timestamp)], now: Timestamp) -> Option<S> {
    slots.iter().find(|(_, _, end)| now < *end).or(slots.last()).map(|(slot, _, _)| *slot)
}

/// An addition's slot: the one named, else the session's last. `slots` are sorted by start.
pub fn addition_slot<S: Copy + PartialEq>(slots: &[S], named: Option<S>) -> Option<S> {
    named.filter(|slot| slots.contains(slot)).or(slots.last().copied())
}
