//! Who asks: the role and relations that identity has established before a command reaches its owner.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ids::{AccountId, DoctorId, ScreenId};

/// What somebody is towards the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A patient, or a family member acting for one.
    Patient,
    /// A doctor at a console.
    Doctor,
    /// The triage nurse's place.
    Desk,
    /// The self-service machine in a waiting area.
    Kiosk,
    /// A waiting-room or door screen.
    Screen,
    /// Who sets up and runs the house.
    Operator,
    /// The hospital's own information system.
    Integrator,
    /// The engine itself: deadlines, effects, requests between owners.
    System,
}

impl Role {
    /// Who of the hospital has the patient before them and can look: the desk, and the doctor who adds somebody. Not a phone
    /// or a kiosk, where people answer for themselves, nor who is elsewhere (operations, the hospital's system, the engine).
    pub fn has_the_patient_before_them(self) -> bool {
        matches!(self, Self::Desk | Self::Doctor)
    }
}

/// Who asks, as stored with the record of what was decided.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Principal {
    /// In which role.
    pub role: Role,
    /// The account that signed in (`a-system` for the engine).
    pub account: AccountId,
    /// For [`Role::Doctor`]: which doctor.
    pub doctor: Option<DoctorId>,
    /// For [`Role::Screen`]: which screen.
    pub screen: Option<ScreenId>,
}

impl Principal {
    /// The engine itself.
    pub fn system() -> Self {
        Self { role: Role::System, account: AccountId::new("a-system"), doctor: None, screen: None }
    }
    /// Somebody signed in, without a relation of their own.
    pub fn of(role: Role, account: AccountId) -> Self {
        Self { role, account, doctor: None, screen: None }
    }
}
