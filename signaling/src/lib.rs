//! Online consultations: the room's state machine and the offer/answer/candidate machine of its calls. Both pure.

pub mod call;
pub mod room;
