//! What an account's owner knows: hashes, failures, sessions, relations.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::*;
use crate::principal::Role;
use crate::time::Timestamp;

use super::failures::Failures;

/// Somebody of the staff. Prints without the password's hash.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Staff {
    /// The name to sign in with.
    pub name: String,
    /// As what.
    pub role: Role,
    /// The password as an argon2id PHC string.
    pub password_phc: String,
    /// The site.
    pub site: Option<SiteId>,
    /// Departments; empty: all of the site.
    pub departments: Vec<DepartmentId>,
    /// Which doctor.
    pub doctor: Option<DoctorId>,
    /// May issue tokens for scripts.
    pub may_issue: bool,
}

impl std::fmt::Debug for Staff {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Staff({}, {:?}, ***)", self.name, self.role)
    }
}

/// A one-time code that was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Code {
    /// Its keyed hash.
    pub hash: String,
    /// Until when it holds.
    pub expires_at: Timestamp,
    /// Wrong tries at it.
    pub tries: u32,
}

/// A session: a family of refresh tokens, of which only the newest is good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Family {
    /// Hash of the token that is good.
    pub current: String,
    /// Hashes of its predecessors: whoever shows one is a thief or was robbed.
    pub used: Vec<String>,
    /// The one before was traded twice within the grace: this token of the first trade is as good as the newest, until
    /// either is traded.
    pub twin: Option<String>,
    /// When the session began.
    pub opened_at: Timestamp,
    /// When it ends unless refreshed.
    pub expires_at: Timestamp,
}

/// A token that was made for a script.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedToken {
    /// The script's name.
    pub name: String,
    /// As what it acts.
    pub role: Role,
    /// Of which site; none: of all sites.
    pub site: Option<SiteId>,
    /// Departments; empty: all of the site.
    pub departments: Vec<DepartmentId>,
    /// Which doctor.
    pub doctor: Option<DoctorId>,
    /// Which screen.
    pub screen: Option<ScreenId>,
    /// Which board.
    pub board: Option<BoardId>,
    /// When it was made (machine time).
    pub issued_at: Timestamp,
    /// When it ends by itself (machine time).
    pub expires_at: Timestamp,
    /// When it was ended (machine time).
    pub revoked_at: Option<Timestamp>,
}

/// A script that was given a token, before each token was listed for itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Script {
    /// As what it acts.
    pub role: Role,
    /// When its latest token was made (machine time).
    pub issued_at: Timestamp,
    /// When its latest token ends (machine time).
    pub expires_at: Timestamp,
}

/// An account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    /// Which.
    pub id: AccountId,
    /// Of the staff; none: a phone.
    pub staff: Option<Staff>,
    /// Signs in no more.
    pub retired: bool,
    /// The code that was sent last.
    pub code: Option<Code>,
    /// When codes were sent, for a day.
    pub codes_sent: BTreeSet<Timestamp>,
    /// Failures in a row, by where they came from.
    pub failures: Failures,
    /// Sessions by number.
    pub families: BTreeMap<u64, Family>,
    /// How many sessions there have been.
    pub sessions_opened: u64,
    /// Patients it may act for, and as what.
    pub relations: BTreeMap<PatientId, String>,
    /// When family members were given up, for a year.
    pub given_up: BTreeSet<Timestamp>,
    /// Scripts that were given tokens before each was listed for itself, by name: only of the account that lists them.
    pub scripts: BTreeMap<String, Script>,
    /// Tokens of scripts by their id: only of the account that lists them.
    pub tokens: BTreeMap<String, IssuedToken>,
    /// Rises when a right is lost: access tokens of before end at once.
    pub generation: u64,
}

impl State {
    pub(super) fn new(id: AccountId) -> Self {
        Self {
            id,
            staff: None,
            retired: false,
            code: None,
            codes_sent: BTreeSet::new(),
            failures: Failures::default(),
            families: BTreeMap::new(),
            sessions_opened: 0,
            relations: BTreeMap::new(),
            given_up: BTreeSet::new(),
            scripts: BTreeMap::new(),
            tokens: BTreeMap::new(),
            generation: 0,
        }
    }
}
