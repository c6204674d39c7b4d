//! Identifiers. Opaque to the outside; inside, an id begins with its owner's id, so that finding the owner of
//! anything is a pure function of its id (no index to keep in step, on one machine or on many).
//!
//! `site` · `site.department` · `site.department.queue` (session, service point, ticket, appointment, visit, call
//! alike) · `site.doctor` · `site.board`. Patients (`p-…`) and accounts (`a-…`) belong to slices.

use std::fmt;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::time::BusinessDate;

/// Longest id that any door accepts, in bytes.
pub const ID_MAX_BYTES: usize = 96;

/// Whether `text` may be an id: 1 to [`ID_MAX_BYTES`] of `a-z 0-9 - _ .`, no empty part between dots.
pub fn is_well_formed(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= ID_MAX_BYTES
        && text.split('.').all(|part| {
            !part.is_empty()
                && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_')
        })
}

/// Whether `id` is exactly one part under `parent`.
pub fn is_directly_under(id: &str, parent: &str) -> bool {
    let own = id.strip_prefix(parent).and_then(|rest| rest.strip_prefix('.'));
    own.is_some_and(|own| !own.is_empty() && !own.contains('.'))
}

/// The first `n` parts of an id (the first of `s.d.q` is `s`, its site), at least one; the whole id when it has fewer.
pub fn prefix(id: &str, n: usize) -> &str {
    let mut dots = id.bytes().enumerate().filter(|(_, byte)| *byte == b'.');
    dots.nth(n.saturating_sub(1)).map_or(id, |(at, _)| &id[..at])
}

/// Made for each ticket and call: without the machinery of `format!`.
fn numbered(owner: &str, letter: char, n: u64) -> Arc<str> {
    let mut digits = itoa::Buffer::new();
    let digits = digits.format(n);
    let mut id = String::with_capacity(owner.len() + 2 + digits.len());
    id.push_str(owner);
    id.push('.');
    id.push(letter);
    id.push_str(digits);
    Arc::from(id)
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Makes the id from text that is known to be well formed (ids read from outside are checked by `Deserialize`).
            pub fn new(text: impl Into<Arc<str>>) -> Self { Self(text.into()) }
            /// The id as text.
            pub fn as_str(&self) -> &str { &self.0 }
            /// The first `n` parts of the id (`prefix(2)` of `s.d.q` is `s.d`); the whole id when it has fewer.
            pub fn prefix(&self, n: usize) -> &str { prefix(&self.0, n) }
            /// The `n`-th thing of its kind under an owner: the owner's id, a dot, the kind's letter, `n` (`s.d.t17`).
            pub fn numbered(owner: impl AsRef<str>, letter: char, n: u64) -> Self {
                Self(numbered(owner.as_ref(), letter, n))
            }
        }
        impl fmt::Debug for $name { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) } }
        impl fmt::Display for $name { fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { f.write_str(&self.0) } }
        impl AsRef<str> for $name { fn as_ref(&self) -> &str { &self.0 } }
        impl std::borrow::Borrow<str> for $name { fn borrow(&self) -> &str { &self.0 } }
        impl From<&str> for $name { fn from(text: &str) -> Self { Self(Arc::from(text)) } }
        impl From<String> for $name { fn from(text: String) -> Self { Self(Arc::from(text)) } }
        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                let text = String::deserialize(d)?;
                if is_well_formed(&text) { Ok(Self(Arc::from(text))) }
                else { Err(serde::de::Error::custom(concat!("not a well-formed ", stringify!($name)))) }
            }
        }
    )+};
}

ids! {
    /// 医院/院区: the unit of ownership in a cluster.
    SiteId,
    /// 科室: `site.department`.
    DepartmentId,
    /// 医生: `site.doctor`.
    DoctorId,
    /// 出诊班次: `site.department.session`.
    SessionId,
    /// 时段: `site.department.session.0900`: the session and the slot's start as hospital-local HHMM.
    SlotId,
    /// 候诊队列: `site.department.queue`.
    QueueId,
    /// 诊室/窗口/检查室: `site.department.point`.
    ServicePointId,
    /// 候诊区大屏: `site.board`.
    BoardId,
    /// A paired screen: `site.screen`.
    ScreenId,
    /// A person, derived from the document (`p-…`), or what an account claims to be (`pc-…`).
    PatientId,
    /// 预约, also the booking id: `site.department.b20261123-…`; carries the business day.
    AppointmentId,
    /// 号: `site.department.t…`.
    TicketId,
    /// One act of calling: `site.department.c…`.
    CallId,
    /// 就诊: `site.department.v…`.
    VisitId,
    /// A doctor's numbered place of work: `site.doctor.n…`.
    AssignmentId,
    /// Who signs in (`a-…`).
    AccountId,
    /// An announcement on a board's line: `site.board.n…`.
    AnnouncementId,
    /// 线上诊室: a consultation's room.
    RoomId,
    /// What a person is told of a ticket: `site.department.t….n…`.
    NoticeId,
    /// 出诊模板: `site.department.template`.
    TemplateId,
    /// Days on which it is otherwise than the templates say: `site.department.exception`.
    ExceptionId,
    /// A fee that was paid: `site.department.b….o…`.
    OrderId,
    /// Money that goes back: `site.department.b….o….r…`.
    RefundId,
    /// Somebody's waiting for a place that is given back: `site.department.w…`.
    WishId,
}

impl PatientId {
    /// What the ids of claims begin with.
    pub const CLAIM: &str = "pc-";

    /// Whether it is only what an account says of itself by a document's number (`pc-…`), and not the bearer of that
    /// document: nobody else puts anything there, and it sees nothing of the bearer's.
    pub fn is_claim(&self) -> bool {
        self.as_str().starts_with(Self::CLAIM)
    }

    /// Whose position in a line it is: of claims the document's, the same for all phones that have claimed its number
    /// (`pc-…` without the phone's part); of anybody else the own.
    pub fn position(&self) -> PatientId {
        let end = self.as_str().rfind('-').filter(|end| self.is_claim() && *end > Self::CLAIM.len());
        end.map_or_else(|| self.clone(), |end| PatientId::from(&self.as_str()[..end]))
    }
}

impl DepartmentId {
    /// The site it belongs to.
    pub fn site(&self) -> SiteId {
        SiteId::from(self.prefix(1))
    }
}

macro_rules! in_department {
    ($($name:ident),+) => {$(impl $name {
        /// The department that owns it (the id's first two parts).
        pub fn department(&self) -> DepartmentId { DepartmentId::from(self.prefix(2)) }
    })+};
}
in_department!(
    SessionId,
    SlotId,
    QueueId,
    ServicePointId,
    AppointmentId,
    TicketId,
    CallId,
    VisitId,
    NoticeId,
    TemplateId,
    ExceptionId,
    OrderId,
    RefundId,
    WishId
);

macro_rules! of_appointment {
    ($($name:ident),+) => {$(impl $name {
        /// The appointment that was paid (the id's first three parts).
        pub fn appointment(&self) -> AppointmentId { AppointmentId::from(self.prefix(3)) }
    })+};
}
of_appointment!(OrderId, RefundId);

impl RefundId {
    /// Under what a person is told of it: the ticket of its appointment with the refund's own parts
    /// (`site.department.t….o….r…`), which is no ticket.
    pub fn told_as(&self) -> TicketId {
        let appointment = self.appointment();
        let own = self.as_str().get(appointment.as_str().len()..).unwrap_or_default();
        TicketId::from(format!("{}{own}", appointment.ticket()))
    }
}

impl AppointmentId {
    /// The business day that the id carries (`site.department.b20261123-…`).
    pub fn date(&self) -> Option<BusinessDate> {
        let own = self.as_str().get(self.prefix(2).len() + 2..)?;
        BusinessDate::from_compact(own.get(..8)?)
    }
    /// The ticket that check-in makes of it: same department, same suffix.
    pub fn ticket(&self) -> TicketId {
        let department = self.prefix(2);
        let own = self.as_str().get(department.len() + 2..).unwrap_or_default();
        TicketId::from(format!("{department}.t{own}"))
    }
}
impl SlotId {
    /// The clinic session it is a part of.
    pub fn session(&self) -> SessionId {
        SessionId::from(self.prefix(3))
    }
}
impl TemplateId {
    /// Its session of that day: `site.department.template-d20261123`. (A part of digits alone might be somebody's number: the
    /// audit leaves those out.)
    pub fn session(&self, date: BusinessDate) -> SessionId {
        SessionId::from(format!("{self}-d{}", date.compact()))
    }
}
impl SessionId {
    /// The template and the day that it would be a session of (see [`TemplateId::session`]).
    pub fn planned(&self) -> Option<(TemplateId, BusinessDate)> {
        let (template, date) = self.as_str().rsplit_once("-d")?;
        Some((TemplateId::from(template), BusinessDate::from_compact(date)?))
    }
}
impl DoctorId {
    /// The site the doctor works at.
    pub fn site(&self) -> SiteId {
        SiteId::from(self.prefix(1))
    }
}
impl TicketId {
    /// The appointment that this would be the ticket of (see [`AppointmentId::ticket`]); none for other tickets.
    pub fn appointment(&self) -> Option<AppointmentId> {
        let (department, own) = self.as_str().rsplit_once('.')?;
        Some(AppointmentId::from(format!("{department}.b{}", own.strip_prefix('t')?)))
    }
    /// The refund that is told of under this (see [`RefundId::told_as`]); none for tickets.
    pub fn refund(&self) -> Option<RefundId> {
        let ticket = TicketId::from(self.prefix(3));
        let own = self.as_str().strip_prefix(ticket.as_str()).filter(|own| !own.is_empty())?;
        Some(RefundId::from(format!("{}{own}", ticket.appointment()?)))
    }
    /// The appointment that a notice under this is about.
    pub fn told_of(&self) -> Option<AppointmentId> {
        self.refund().map_or_else(|| self.appointment(), |refund| Some(refund.appointment()))
    }
}
impl AssignmentId {
    /// Whose assignment it is.
    pub fn doctor(&self) -> DoctorId {
        DoctorId::from(self.prefix(2))
    }
}
impl BoardId {
    /// The site it hangs in.
    pub fn site(&self) -> SiteId {
        SiteId::from(self.prefix(1))
    }
}
impl AnnouncementId {
    /// The board whose line it is on.
    pub fn board(&self) -> BoardId {
        BoardId::from(self.prefix(2))
    }
}
