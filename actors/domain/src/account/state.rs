//! What an account's owner knows: hashes, failures, sessions, relations.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::ids::*;
use crate::person::Relation;
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

impl Staff {
    /// Whether it may issue tokens where `other` may not.
    pub(super) fn issues_where_not(&self, other: &Self) -> bool {
        let issues = |staff: &Self| staff.may_issue && staff.role == Role::Operator;
        let covers = issues(other) && (other.site.is_none() || other.site == self.site);
        issues(self) && !covers
    }
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

/// That a code was sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// When.
    pub at: Timestamp,
    /// Whom it counts for: the device that the account knows, else the network that asked.
    pub by: String,
    /// Whether the account knows that device.
    pub is_known: bool,
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

/// By whose right a token was made: it holds as long as that right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issuer {
    /// The account that made it.
    pub account: AccountId,
    /// How often that account had lost a right to issue by then ([`State::issuing_lost`]).
    pub issuing_lost: u64,
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

/// By whose word an account acts for somebody.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Agreed {
    /// The account's own: it is that person, or the guardian of that child.
    Own,
    /// The desk has put this account's phone on the person's file.
    OnFile,
    /// The person stood at the desk and agreed.
    AtDesk,
    /// By a code sent to the person's own phone, whose account this is.
    ByPhone(AccountId),
}

/// That an account acts for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acts {
    /// As what.
    pub relation: String,
    /// By whose word.
    pub agreed: Agreed,
    /// Since when; none: from before this was recorded.
    pub since: Option<Timestamp>,
    /// A guardian's right ends by itself: the first moment of the child's 18th birthday.
    pub ends_at: Option<Timestamp>,
}

impl Acts {
    /// Of before its end and whose word it was were recorded, and not judged since: nobody knows whether the person was a
    /// child then, or has agreed.
    pub fn is_unjudged(&self) -> bool {
        self.since.is_none() && self.ends_at.is_none() && self.relation != Relation::Own.wire()
    }
}

/// A person's own phone has been asked whether the account may act for the person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consent {
    /// As what.
    pub relation: String,
    /// The account of the phone that was asked.
    pub member: AccountId,
    /// The code that was sent there.
    pub code: Code,
}

/// What this account's phone has agreed to: that another account acts for the person whose phone it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Agreement {
    /// What the person is to that account.
    pub relation: String,
    /// Since when.
    pub since: Timestamp,
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
    /// Codes that were sent, each by the device that asked for it.
    pub codes: BTreeMap<String, Code>,
    /// Codes sent, for a day, the oldest first.
    pub codes_sent: Vec<Sent>,
    /// Devices that have signed in by a code, and when last.
    pub devices: BTreeMap<String, Timestamp>,
    /// Failures in a row, by where they came from.
    pub failures: Failures,
    /// Sessions by number.
    pub families: BTreeMap<u64, Family>,
    /// How many sessions there have been.
    pub sessions_opened: u64,
    /// Patients it may act for, and as what.
    pub relations: BTreeMap<PatientId, Acts>,
    /// When family members were given up, for a year.
    pub given_up: BTreeSet<Timestamp>,
    /// Children of this guardian who have come of age and have not agreed since, and when.
    pub grown: BTreeMap<PatientId, Timestamp>,
    /// Persons whose own phones have been asked and have not agreed yet.
    pub consents: BTreeMap<PatientId, Consent>,
    /// When phones were asked, for a day.
    pub consents_sent: BTreeSet<Timestamp>,
    /// Who acts by this phone's word, and for which person.
    pub agreements: BTreeMap<AccountId, BTreeMap<PatientId, Agreement>>,
    /// Scripts that were given tokens before each was listed for itself, by name: only of the account that lists them.
    pub scripts: BTreeMap<String, Script>,
    /// Tokens of scripts by their id: only of the account that lists them.
    pub tokens: BTreeMap<String, IssuedToken>,
    /// Rises when a right is lost: access tokens of before end at once.
    pub generation: u64,
    /// By whose right the tokens of the list were made; none: from before this was recorded.
    pub issuers: BTreeMap<String, Issuer>,
    /// Rises when somebody of the staff may issue tokens no more, or not everywhere any more: what was issued before ends.
    pub issuing_lost: u64,
}

impl State {
    pub(super) fn new(id: AccountId) -> Self {
        Self {
            id,
            staff: None,
            retired: false,
            codes: BTreeMap::new(),
            codes_sent: Vec::new(),
            devices: BTreeMap::new(),
            failures: Failures::default(),
            families: BTreeMap::new(),
            sessions_opened: 0,
            relations: BTreeMap::new(),
            given_up: BTreeSet::new(),
            grown: BTreeMap::new(),
            consents: BTreeMap::new(),
            consents_sent: BTreeSet::new(),
            agreements: BTreeMap::new(),
            scripts: BTreeMap::new(),
            tokens: BTreeMap::new(),
            generation: 0,
            issuers: BTreeMap::new(),
            issuing_lost: 0,
        }
    }

    /// Whether it is this person's own account, and the person is the confirmed bearer of a document.
    pub fn is_bearer(&self, whom: &PatientId) -> bool {
        !whom.is_claim() && self.relations.get(whom).is_some_and(|acts| acts.relation == Relation::Own.wire())
    }

    /// Whether that account acts for the person by the word of this account's phone.
    pub fn has_agreed(&self, by: &AccountId, whom: &PatientId) -> bool {
        self.agreements.get(by).is_some_and(|persons| persons.contains_key(whom))
    }
}
