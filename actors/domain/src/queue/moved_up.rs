//! Rule 4: moved up n.

use super::line::{Key, Line};
use super::lines::{Lines, Mark};
use super::settings::{OrdinaryKey, QueueSettings};
use super::why::Why;
use crate::ids::TicketId;

/// The place of a moved-up ticket.
pub(super) struct MovedUp {
    pub(super) key: Key,
    /// By how many places.
    pub(super) by: u32,
    /// Whom it passes, the nearest first: who stands behind it already has been passed before.
    pub(super) passes: Vec<TicketId>,
}

impl Lines {
    /// The place just before the n-th waiting ordinary ticket ahead of `key`, of whatever slot, stopping behind a ticket
    /// of a class that is moved up (whether or not it needed to move itself: the first of two seniors stays the first)
    /// or one at its limit. Of a ratio's two lines only its own is looked at.
    pub(super) fn moved_up(&self, settings: &QueueSettings, key: Key, n: u32, own: &TicketId) -> MovedUp {
        let mut moved = MovedUp { key, by: 0, passes: Vec::new() };
        let stands = self.get(own).filter(|held| held.service_point.is_none() && held.place.line == Line::Ordinary);
        let stands_at = stands.map(|held| held.place.key);
        let two_lines = matches!(settings.ordinary, OrdinaryKey::Ratio { .. });
        let others = self.ordinary.range(..key).rev().filter(|(_, place)| place.ticket != *own);
        for (other, place) in others.take(n as usize) {
            let stops = other.is_moved_up()
                || matches!(place.why, Why::MovedUp(..))
                || self.mark(other.serial).is_some_and(Mark::is_at_limit)
                || (two_lines && other.walk_in != key.walk_in);
            if stops {
                break;
            }
            moved.key = Key { own_place: false, serial: key.serial, ..*other };
            moved.by += 1;
            if stands_at.is_none_or(|own| *other < own) {
                moved.passes.push(place.ticket.clone());
            }
        }
        moved
    }
}
