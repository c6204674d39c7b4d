//! Who is next in one queue (DOMAIN, rules 0 to 8): pure, in two steps.
//!
//! 1. A rule looks at [`Lines`] and the [`QueueSettings`] and states a result: it changes nothing.
//! 2. The department's event carries that result (all are serde, `Clone`, `PartialEq`), and its `apply` hands it to the
//!    method that does what the value says, without any rule or setting.
//!
//! | what happens | rule (decide) | value in the event | application (apply) |
//! |---|---|---|---|
//! | check-in, report back, transfer in, change of class | [`Lines::place`] with an [`Arrival`] | [`Placement`] | [`Lines::enter`] |
//! | "call next" in a room | [`next_call`] | [`Next`] (queue, [`Picked`]) | [`Lines::take`] of that queue |
//! | `call_ticket` of a waiting or summoned ticket | [`Lines::choose`] | [`Picked`] | [`Lines::take`] |
//! | a door has a free place | [`next_summons`], again until `None` | [`Summons`] | [`Lines::summon`] of that queue |
//! | called by mistake from a door | [`last_at_full_door`], then [`summons_in_front`] | [`Summons`] | [`Lines::summon`] of that queue |
//! | the room pauses or closes, the doctor leaves the queue | for each at the door, the last first, as below | | |
//! | mistake, wrong person, undo, transfer refused | [`Lines::return_to_old_place`] with the kept [`Place`] | [`Returned`] | [`Lines::come_back`] |
//! | cancel, transfer out, settled, missed at the door | nothing to decide | the ticket's id | [`Lines::leave`] |
//!
//! [`Lines::take`] and [`Lines::leave`] hand the ticket's [`Place`] back; the floor keeps it with the ticket as long as
//! a way to the old place is open. While a ticket is here, [`Lines::get`] shows its place, how often it was passed and
//! its door. [`Lines::order`] is what the screens show. A ticket that was called out of `missed` or taken back is in no
//! line: nothing here is asked.
//!
//! After every event that leaves a place at a door or brings a ticket, the floor repeats: `next_summons` → event →
//! apply, until `None`. [`Room`]s given to it are the open, unpaused ones; the caller resolves `door_cap` (the room's
//! own, else [`QueueSettings::door_cap`]).
//!
//! Cost: `next_call`, `choose` and `take` are O(log n) but for one run over the waiting ordinary tickets' 16-byte marks
//! when an insertion is taken; `place` and `order` go through the line.

mod doors;
mod line;
mod lines;
mod moved_up;
mod order;
mod pick;
mod place;
mod placement;
mod settings;
mod slots;
#[cfg(test)]
mod tests;
mod why;

pub use doors::{Queues, Room, last_at_full_door, next_call, next_summons, summons_in_front};
pub use line::{Key, Line, Rank, Sequence};
pub use lines::{Held, Lines};
pub use placement::{Arrival, Came, LineCounter, Next, Picked, Place, Placement, Returned, Round, Rule, Summons};
pub use settings::{
    EMERGENCY, InsertionRule, NO_CLASS, OrdinaryKey, PriorityClass, QueueSettings, SENIOR, SeveralQueues, Treatment,
};
pub use slots::{addition_slot, is_late, walk_in_slot};
pub use why::{Cause, ClassLabel, Why};
