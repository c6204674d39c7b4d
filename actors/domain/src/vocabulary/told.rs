//! What a department tells a person's owner of a ticket.

use super::*;
use crate::reach::{About, Way};

/// Where a ticket stands, whole; before check-in a ticket is its appointment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketNews {
    /// Which.
    pub ticket: TicketId,
    /// Rises with each news of the department: of two about one ticket the higher one is the newer.
    pub n: u64,
    /// Whose.
    pub patient: PatientId,
    /// The appointment it is of.
    pub appointment: Option<AppointmentId>,
    /// Where it waits.
    pub queue: QueueId,
    /// The business day.
    pub date: BusinessDate,
    /// As shown, once one is given.
    pub number: Option<String>,
    /// Start of its slot.
    pub slot_start: Option<Timestamp>,
    /// The ticket in another department that it goes on from.
    pub linked_from: Option<TicketId>,
    /// The ticket in another department that goes on from it.
    pub linked_to: Option<TicketId>,
    /// Where it stands.
    pub stands: TicketStands,
}

/// Where a ticket stands, as far as it matters to the person beyond the place in line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TicketStands {
    /// Booked, and not checked in: the check-in was undone, or a no-show corrected.
    Booked,
    /// Checked in, and not ended.
    CheckedIn,
    /// Over.
    Ended(AppointmentEnd),
}

/// When whoever is booked for the next day is reminded of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefineReminder {
    /// Of which department.
    pub department: DepartmentId,
    /// At this minute after midnight of the wall clock (18:00 = 1080), 420 to 1319: in the quiet hours nobody is. Absent:
    /// nobody is reminded.
    #[serde(default)]
    pub at_min: Option<u16>,
}

/// What a person is to be told of a ticket: the newest takes the place of what was told before. Before check-in a ticket is
/// its appointment. A refund stands beside its ticket, under what [`RefundId::told_as`] makes of it: that money is back takes
/// the place of no word about the clinic.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeDue {
    /// Of which.
    pub ticket: TicketId,
    /// Rises with each of the department.
    pub n: u64,
    /// Whom.
    pub patient: PatientId,
    /// What; none: what was told last is over.
    pub about: Option<About>,
    /// The call that it tells of.
    pub call: Option<CallId>,
    /// The business day: the ticket's, or the one on which somebody at home is told.
    pub date: BusinessDate,
    /// The ticket's number, as shown; empty: none is given yet.
    pub number: String,
    /// Where: the room, else the department by the name that its screens bear.
    pub place: String,
    /// In English.
    pub place_en: String,
    /// Not sent before this.
    pub not_before: Option<Timestamp>,
    /// Since when it is so.
    pub at: Timestamp,
    /// Of somebody at home: of which clinic. None: of somebody who has come, whom the screens tell too.
    pub clinic: Option<Box<ClinicNews>>,
}

/// A clinic, as somebody is told of it who is booked there and has not come.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClinicNews {
    /// The booked slot.
    pub slot: SlotId,
    /// Its begin.
    pub slot_start: Timestamp,
    /// The announced delay in all, minutes.
    pub delay_min: u32,
    /// When the person is expected now.
    pub expected_at: Timestamp,
    /// Whose it is; empty: a pool's.
    pub doctor: String,
    /// In English.
    pub doctor_en: String,
    /// The person may know by an earlier word of a delay, or that it is off: what was held back until it was over is none.
    pub known_before: bool,
}

impl NoticeDue {
    /// The notice's id: it is the same however often it is told.
    pub fn id(&self) -> NoticeId {
        NoticeId::numbered(&self.ticket, 'n', self.n)
    }
}

/// The phone's page: this notice has been seen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmNotice {
    /// Whose.
    pub patient: PatientId,
    /// Which.
    pub notice: NoticeId,
}

/// A phone: by this way the person is told too, as long as the account acts for them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindChannel {
    /// Whom.
    pub patient: PatientId,
    /// Where to.
    pub channel: ChannelAddress,
    /// In which language: `zh` (default) or `en`.
    #[serde(default)]
    pub language: Language,
}

/// By that way no longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnbindChannel {
    /// Whom.
    pub patient: PatientId,
    /// Which.
    pub channel: ChannelKind,
}

/// An address outside that whoever has it may say. On the record it is sealed with the person's key. As whom WeChat knows
/// somebody is none: WeChat says it, to the house.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "snake_case")]
pub enum ChannelAddress {
    /// A browser that may show notifications.
    Push {
        /// Where its push service takes messages.
        endpoint: String,
        /// Its public key, base64url.
        p256dh: String,
        /// Its secret, base64url.
        auth: String,
    },
}

/// What an address is must not be seen by accident.
impl std::fmt::Debug for ChannelAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl ChannelAddress {
    /// The way it is of.
    pub fn way(&self) -> Way {
        match self {
            Self::Push { .. } => Way::Push,
        }
    }

    /// Whether it can be an address at all: within its bounds, and nothing in it that is not seen.
    pub fn is_sound(&self) -> bool {
        let fits = |text: &str, most: usize| {
            (1..=most).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
        };
        match self {
            Self::Push { endpoint, p256dh, auth } => {
                fits(endpoint, 1024) && endpoint.contains("://") && fits(p256dh, 128) && fits(auth, 64)
            }
        }
    }
}

/// The ways that are bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChannelKind {
    /// WeChat.
    #[serde(rename = "wechat")]
    WeChat,
    /// Notifications of the browser.
    Push,
}

impl From<ChannelKind> for Way {
    fn from(kind: ChannelKind) -> Self {
        match kind {
            ChannelKind::WeChat => Self::WeChat,
            ChannelKind::Push => Self::Push,
        }
    }
}

/// The languages of the pages, in which somebody is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    /// Chinese.
    #[default]
    Zh,
    /// English.
    En,
}

impl Language {
    /// As it stands on the wire.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
        }
    }
}

/// Desk: somebody who was not reached has been told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MarkReached {
    /// The ticket.
    pub ticket: TicketId,
    /// How.
    pub how: ReachedHow,
}

/// How the desk has told somebody, or what came of its try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ReachedHow {
    /// Here.
    InPerson,
    /// By telephone.
    ByPhone,
    /// Not at all: the mark is taken back.
    NotReached,
    /// Nobody has answered the telephone.
    NoAnswer,
    /// The number on file is not theirs, or none any more.
    WrongNumber,
}

impl ReachedHow {
    /// Whether the person knows. Who was only tried stays on the list.
    pub fn is_told(self) -> bool {
        matches!(self, Self::InPerson | Self::ByPhone)
    }
}
