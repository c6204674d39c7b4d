//! What a consultation room knows. Values only.

use std::collections::BTreeMap;

use jiaohao_domain::{RoomId, Timestamp};
use serde::{Deserialize, Serialize};

/// Who somebody is in a room: the id of a patient, of a doctor or of an account.
pub type ParticipantId = String;

/// What kind of consultation (DOMAIN, Online consultations).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ConsultationKind {
    /// 健康咨询: no diagnosis, no prescription.
    Advice,
    /// 复诊.
    FollowUp,
    /// 会诊.
    Joint,
}

/// What the patient asked for. Text goes on in a video consultation too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Medium {
    /// Text with pictures.
    Text,
    /// Sound and picture.
    Video,
}

/// What somebody is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Part {
    /// Whose consultation it is.
    Patient,
    /// Who answers for it: one at any time.
    Doctor,
    /// Who did, before a hand-over: reads on, and is no longer in the call.
    FormerDoctor,
    /// Family or guardian.
    Family,
    /// 口译.
    Interpreter,
    /// A second specialist.
    Specialist,
    /// A primary doctor with the patient beside.
    PrimaryDoctor,
}

/// Whether the site records this kind of consultation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum RecordingPolicy {
    /// No sound or picture without it: refused, the consultation goes on in text or becomes a visit.
    Required,
    /// The doctor may begin one; everybody is asked.
    Offered,
    /// Never.
    Off,
}

/// Where the recording stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Recording {
    /// Nothing is recorded.
    Idle,
    /// Everybody in the room is asked.
    Asking,
    /// It records; all in the call have agreed.
    Running,
    /// Required and refused: no sound or picture any more.
    Refused,
}

/// An answer to the question whether one may be recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// Yes or no.
    pub granted: bool,
    /// Version of the text that was agreed to or refused.
    pub text_version: String,
    /// When.
    pub at: Timestamp,
}

/// Somebody who may be in the room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Participant {
    /// What for.
    pub part: Part,
    /// Devices that are connected now, with the time since when. Empty: not in the room, still of it.
    pub devices: BTreeMap<String, Timestamp>,
    /// The answer to the recording question, if asked and answered.
    pub consent: Option<Consent>,
    /// All messages to this number have reached one of the person's devices.
    pub delivered_to: u64,
    /// … and have been read.
    pub read_to: u64,
}

impl Participant {
    /// Somebody new.
    pub fn new(part: Part) -> Self {
        Self { part, devices: BTreeMap::new(), consent: None, delivered_to: 0, read_to: 0 }
    }
    /// Whether any device is connected.
    pub fn is_present(&self) -> bool {
        !self.devices.is_empty()
    }
    /// Whether the person has agreed to be recorded.
    pub fn has_agreed(&self) -> bool {
        self.consent.as_ref().is_some_and(|consent| consent.granted)
    }
    /// Whether the person takes part in sound and picture at all.
    pub fn is_in_calls(&self) -> bool {
        self.part != Part::FormerDoctor
    }
}

/// What a message holds. Sealed at the edge with the consultation's key: the room orders it and cannot read it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum MessageBody {
    /// Sealed text.
    Text(Vec<u8>),
    /// A stored picture or file by its content address; type and size were checked when it was uploaded.
    Blob { address: String, media_type: String },
}

/// One message, in the one order that everybody sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredMessage {
    /// Its place in the order, from 1, without gap.
    pub number: u64,
    /// Who sent it.
    pub sender: ParticipantId,
    /// The sender's own id for it: sent again, it is this message and no second one.
    pub retry_id: String,
    /// What.
    pub body: MessageBody,
    /// When it was stored.
    pub at: Timestamp,
}

/// How a consultation ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ending {
    /// The doctor has ended it.
    Done,
    /// The doctor has ended it: needs a visit.
    NeedsVisit,
    /// The patient was silent for 48 h in a text consultation.
    PatientSilent,
}

/// Everything a room knows. `opening` is absent before the department's accept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Which room (the consultation's id).
    pub room: RoomId,
    /// What it was opened as.
    pub opening: Option<Opening>,
    /// Who may be in it.
    pub participants: BTreeMap<ParticipantId, Participant>,
    /// What was said.
    pub messages: Vec<StoredMessage>,
    /// Per sender: the sender's id of a message → its number.
    pub retries: BTreeMap<ParticipantId, BTreeMap<String, u64>>,
    /// Where the recording stands.
    pub recording: Recording,
    /// Since when it is the patient's turn to write: the doctor's last message after the patient's.
    pub patient_silent_since: Option<Timestamp>,
    /// How and when it ended.
    pub ended: Option<(Ending, Timestamp)>,
}

/// What a room was opened as.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// What kind.
    pub kind: ConsultationKind,
    /// Text or video.
    pub medium: Medium,
    /// Whether it is recorded.
    pub recording: RecordingPolicy,
    /// The patient.
    pub patient: ParticipantId,
    /// The doctor who was given it.
    pub doctor: ParticipantId,
}

impl State {
    /// The number of the last message (0: none).
    pub fn last_message(&self) -> u64 {
        self.messages.len() as u64
    }
    /// The doctor who answers for it now.
    pub fn doctor(&self) -> Option<&ParticipantId> {
        self.participants.iter().find(|(_, one)| one.part == Part::Doctor).map(|(id, _)| id)
    }
}
