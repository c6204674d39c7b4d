//! Waiting for a place that somebody gives back: what a patient wishes, and what owners say to each other about it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Channel;
use crate::codes::Code;
use crate::ids::*;
use crate::settings::PatientLimits;
use crate::time::{BusinessDate, Timestamp};

/// What somebody waits for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wanted {
    /// A place in that session.
    Session(SessionId),
    /// A place with any doctor of a class on one of these days.
    AnyOf(AnyOf),
}

/// Any session of a class in a department, on some days.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AnyOf {
    /// Which department.
    pub department: DepartmentId,
    /// 号别.
    pub registration_class: String,
    /// That doctor's alone.
    #[serde(default)]
    pub doctor: Option<DoctorId>,
    /// The days, 1 to 14.
    pub dates: Vec<BusinessDate>,
}

impl Wanted {
    /// The department in which it is waited.
    pub fn department(&self) -> DepartmentId {
        match self {
            Self::Session(session) => session.department(),
            Self::AnyOf(any) => any.department.clone(),
        }
    }
}

/// Tell me when a place is free: the first in line is offered it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinWaitlist {
    /// For whom.
    pub patient: PatientId,
    /// What for.
    pub wanted: Wanted,
}

/// No longer. A place that is just offered goes to the next in line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveWaitlist {
    /// Whose.
    pub patient: PatientId,
    /// Which.
    pub wish: WishId,
}

/// How somebody's waiting came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum WishEnd {
    /// An offered place was taken.
    Taken,
    /// Left, by the patient or the desk.
    Left,
    /// The patient has a place there in another way.
    Booked,
    /// The last slot that it was for has begun.
    Over,
    /// So many offers were not taken.
    NotTaken,
    /// The session is closed or retired.
    Closed,
}

impl WishEnd {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Taken => "taken",
            Self::Left => "left",
            Self::Booked => "booked",
            Self::Over => "over",
            Self::NotTaken => "not_taken",
            Self::Closed => "closed",
        }
    }
}

/// What a department tells a patient's owner of a wish: told again until it is heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WishNews {
    /// Which.
    pub wish: WishId,
    /// Whose.
    pub patient: PatientId,
    /// What for.
    pub wanted: Wanted,
    /// The days that it is for.
    pub dates: Vec<BusinessDate>,
    /// When it ends by itself.
    pub until: Timestamp,
    /// When it was made.
    pub joined_at: Timestamp,
    /// How it ended; none: it waits.
    pub ended: Option<WishEnd>,
}

/// A place is kept for a patient, whose owner decides the limits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferedPlace {
    /// The hold, as which the place is kept.
    pub appointment: AppointmentId,
    /// By which wish.
    pub wish: WishId,
    /// Whose.
    pub patient: PatientId,
    /// Where.
    pub slot: SlotId,
    /// The business day.
    pub date: BusinessDate,
    /// Begin of the slot.
    pub slot_start: Timestamp,
    /// End of the slot.
    pub slot_end: Timestamp,
    /// Through which channel the wish was made.
    pub channel: Channel,
    /// When the hold ends by itself.
    pub expires_at: Timestamp,
    /// The department's limits.
    pub limits: PatientLimits,
}

/// What the patient's owner says to an offer: it is reserved there, or a limit refuses it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfferWord {
    /// Which.
    pub appointment: AppointmentId,
    /// Whose.
    pub patient: PatientId,
    /// By which limit; none: it is reserved.
    pub refused: Option<Code>,
}
