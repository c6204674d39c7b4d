//! The house: the engine with everything around it that a door needs. Commands are checked against the table, given
//! what the edge alone can add (a brief, a birth date, proof of presence), and sent to their owners.

mod addresses;
mod arrivals;
mod bearers;
mod booking;
mod born;
mod calendar;
mod commands;
mod deeds;
mod distance;
mod engine;
pub(crate) mod facts;
mod family;
mod figures;
mod find;
pub mod finding;
pub mod fitness;
pub mod folder;
mod health;
mod lanes;
mod lost_keys;
mod not_reached;
pub mod notices;
mod ops;
pub mod paying;
mod payments;
mod persons;
mod place;
mod plan;
mod pre_check;
pub mod release;
pub mod serve;
mod sign_in;
mod spelt;
mod staff;
mod standing;
pub mod streams;
#[cfg(test)]
mod tests;
pub(crate) mod voices;
mod wechat;
mod wishes;
pub mod zones;

use std::sync::Arc;
use std::time::{Duration, Instant};

use dashmap::DashMap;
use jiaohao_actors::shell::{Clock, Shell, clock};
use jiaohao_domain::settings::PatientLimits;
use jiaohao_domain::vocabulary::*;
use jiaohao_domain::{AccountId, BusinessDate, Message, OwnerKind, OwnerRef, SlotId, Timestamp, prefix};

use crate::config::Settings;
use crate::identity::audit::Audit;
use crate::identity::codes::CodeSender;
use crate::identity::keys::Keys;
use crate::identity::limits::Limits;
use crate::identity::passwords::Passwords;
use crate::identity::person_keys::PersonKeys;
use crate::identity::strangers::Strangers;
use crate::identity::tokens::{Generations, Tokens};
use crate::identity::trades::Trades;
use crate::pay::port::Provider;
use crate::reach::Reach;

/// Everything behind the doors.
pub struct House {
    pub(crate) shell: Arc<Shell>,
    pub(crate) settings: Settings,
    pub(crate) keys: Keys,
    pub(crate) person_keys: Arc<PersonKeys>,
    pub(crate) passwords: Passwords,
    pub(crate) tokens: Tokens,
    pub(crate) generations: Arc<Generations>,
    /// Only for strangers who sign in: what a person may send is counted at the doors.
    pub(crate) limits: Limits,
    pub(crate) audit: Audit,
    pub(crate) codes: Arc<dyn CodeSender>,
    /// The outside channels that the hospital has.
    pub reach: Arc<Reach>,
    /// The party through which fees are paid, if the hospital has one.
    pub(crate) provider: Option<Arc<dyn Provider>>,
    pub(crate) ops: ops::Ops,
    /// What boards speak with.
    pub(crate) voices: Arc<voices::Voices>,
    /// In which zone a time is told.
    pub(crate) zones: Arc<zones::Zones>,
    /// What there is in the city, for whoever looks for it.
    pub(crate) finder: Arc<finding::Finder>,
    /// What bookings have to know of slots, asked now and then; forgotten when their session is defined anew.
    pub(crate) slots: DashMap<SlotId, SlotFacts>,
    /// Slots that were full when last heard of: their department is asked before anybody reserves.
    pub(crate) full: DashMap<SlotId, ()>,
    /// Persons whom somebody of the staff has just made known and who may have no ticket there yet: by whom, who, and when
    /// (machine time).
    pub(crate) newly_known: DashMap<(AccountId, jiaohao_domain::PatientId), Instant>,
    /// Who may be an operator of all sites no more, is so one after the other: what is asked before it of the accounts (is
    /// it the last one?) stands behind every earlier such change in its account's mailbox. Held until the change is in it,
    /// too.
    pub(crate) operators_leave: tokio::sync::Mutex<()>,
    /// Who is there for releases.
    pub(crate) releases: Arc<release::Releases>,
    /// Phones that have just signed in.
    pub(crate) phones: addresses::SignedInPhones,
    /// Accounts whose phone is on its way to WeChat and back.
    pub(crate) asked_wechat: wechat::Asked,
    /// Notices that were sent outside.
    pub(crate) tellings: notices::Tellings,
    /// Refresh tokens that were just traded.
    pub(crate) trades: Trades,
    /// What is kept of those whom nobody knows.
    pub(crate) strangers: Strangers,
    /// Names the house: its folder's own name, which no other folder has.
    pub(crate) id: String,
    /// Somebody has set up a hospital here; not looked for again once there is one.
    pub(crate) has_site: std::sync::atomic::AtomicBool,
    /// The folder was made for test.
    pub(crate) for_test: bool,
    pub(crate) stopping: std::sync::atomic::AtomicBool,
}

/// How long one owner may keep those waiting who ask for others too.
pub(crate) const OWNER_WITHIN: Duration = Duration::from_secs(5);

/// How many newly known persons are remembered; beyond it the oldest is forgotten.
pub(crate) const NEWLY_KNOWN: usize = 10_000;
/// For so long: time to give a number to who has just shown a document.
pub(crate) const NEWLY_KNOWN_FOR: Duration = Duration::from_secs(15 * 60);

/// What a booking must know of a slot before the department is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SlotFacts {
    pub(crate) date: BusinessDate,
    pub(crate) start: Timestamp,
    pub(crate) end: Timestamp,
    /// What one patient may book in that department.
    pub(crate) limits: PatientLimits,
    /// When it was, or is to be, released with a lot; none: without.
    pub(crate) release: Option<Timestamp>,
    /// Machine time of the asking.
    pub(crate) asked: Instant,
}

impl SlotFacts {
    /// For so long they are believed: limits change with the department's definition, which comes by the site.
    pub(crate) const BELIEVED_FOR: Duration = Duration::from_secs(5);

    pub(crate) fn is_believed(&self) -> bool {
        self.asked.elapsed() < Self::BELIEVED_FOR
    }
}

impl House {
    /// The clinic's and the machine's clock.
    pub fn clock(&self) -> &Clock {
        &self.shell.clock
    }

    pub(crate) fn machine_now(&self) -> Timestamp {
        Timestamp(clock::wall_ms())
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// No new command is taken from now on.
    pub fn begin_stop(&self) {
        self.stopping.store(true, std::sync::atomic::Ordering::Relaxed);
    }
}

/// How an owner is told that its earliest deadline has passed.
pub fn deadline_message(owner: &OwnerRef) -> Option<Message> {
    Some(match owner.kind {
        OwnerKind::Site => ToSite::DeadlineReached.into(),
        OwnerKind::Department => ToDepartment::DeadlineReached.into(),
        OwnerKind::Doctor => ToDoctor::DeadlineReached.into(),
        OwnerKind::Patient => ToPatient::DeadlineReached.into(),
        OwnerKind::Account => ToAccount::DeadlineReached.into(),
        OwnerKind::Board => ToBoard::DeadlineReached.into(),
        OwnerKind::Room | OwnerKind::Probe => return None,
    })
}

pub(crate) fn site(id: &str) -> OwnerRef {
    OwnerRef::new(OwnerKind::Site, prefix(id, 1))
}
/// The site of exactly this id, which an id of something in it is not.
pub(crate) fn site_itself(id: &jiaohao_domain::SiteId) -> Result<OwnerRef, jiaohao_domain::Rejection> {
    if id.as_str().contains('.') { Err(jiaohao_domain::Code::Forbidden.into()) } else { Ok(site(id.as_str())) }
}
pub(crate) fn department(id: &jiaohao_domain::DepartmentId) -> OwnerRef {
    OwnerRef::new(OwnerKind::Department, id.as_str())
}
pub(crate) fn patient(id: &jiaohao_domain::PatientId) -> OwnerRef {
    OwnerRef::new(OwnerKind::Patient, id.as_str())
}
pub(crate) fn account(id: &jiaohao_domain::AccountId) -> OwnerRef {
    OwnerRef::new(OwnerKind::Account, id.as_str())
}
