//! What is in what owners say to each other, and how it becomes a message.

use std::collections::BTreeMap;

use super::*;

/// An alert has been heard in another department.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AlertHeard {
    /// The ticket: of the department that is told, or of the one that tells it and has sent it there.
    pub ticket: TicketId,
    /// Who has heard.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
}

/// When somebody has a place, as limits count it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The slot.
    pub slot: SlotId,
    /// The business day.
    pub date: BusinessDate,
    /// Begin of the slot.
    pub start: Timestamp,
    /// End of the slot.
    pub end: Timestamp,
}

/// Who asks for a code and tries it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Asker {
    /// The keyed hash of the mark that the device was given, which nobody else can guess.
    pub device: String,
    /// The keyed hash of its network.
    pub network: String,
}

/// What speaks for an account that wants to act for somebody.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Proof {
    /// Its own word.
    Said,
    /// Its phone is on the person's file.
    OnFile,
    /// The person stands at the desk and agrees.
    AtDesk,
    /// The code that was sent to the person's own phone, as its keyed hash.
    Code { hash: String },
}

/// The clips of a site's voice pack as its boards know them: what each says, and how long it is in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct VoicePack {
    /// Which pack: another content has another version.
    pub version: String,
    /// Chinese clips by what they say (`请`, `三`, `号诊室`).
    pub zh: BTreeMap<String, u32>,
    /// English clips by what they say, in small letters (`please go to`, `three`, `room`).
    pub en: BTreeMap<String, u32>,
}

impl From<ToSite> for crate::Message {
    fn from(m: ToSite) -> Self {
        Self::Site(Box::new(m))
    }
}
impl From<ToDepartment> for crate::Message {
    fn from(m: ToDepartment) -> Self {
        Self::Department(Box::new(m))
    }
}
impl From<ToDoctor> for crate::Message {
    fn from(m: ToDoctor) -> Self {
        Self::Doctor(Box::new(m))
    }
}
impl From<ToPatient> for crate::Message {
    fn from(m: ToPatient) -> Self {
        Self::Patient(Box::new(m))
    }
}
impl From<ToAccount> for crate::Message {
    fn from(m: ToAccount) -> Self {
        Self::Account(Box::new(m))
    }
}
impl From<ToBoard> for crate::Message {
    fn from(m: ToBoard) -> Self {
        Self::Board(Box::new(m))
    }
}
