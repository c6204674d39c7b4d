//! Signed access tokens: who, in which role, with which relations, until when. A token is believed while its account's
//! generation has not risen (a changed relation or a revocation raises it, and every token of before ends at once) and the
//! session that it was given by has not ended.

use std::hash::Hash;

use dashmap::DashMap;
use dashmap::mapref::entry::Entry;
use jiaohao_domain::account::Issuer;
use jiaohao_domain::account::view::Standing as Known;
use jiaohao_domain::{
    AccountId, BoardId, Code, DepartmentId, DoctorId, Principal, Rejection, Role, ScreenId, ServicePointId, SiteId,
    Timestamp,
};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use tokio::sync::broadcast;

use super::keys::Key;
use crate::kept::make_room;

/// Longest token that is looked at, in bytes.
pub const TOKEN_MAX_BYTES: usize = 4096;
/// Accounts whose generation is remembered; beyond it some are forgotten and asked again.
const REMEMBERED_ACCOUNTS: usize = 200_000;
/// Changes that a listener may be behind before it has to look at all of its connections.
const CHANGES_KEPT: usize = 1024;

/// What a token says. Times are UTC seconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// The account that signed in.
    pub account: AccountId,
    /// In which role.
    pub role: Role,
    /// The site (desk, kiosk, integrator, screen, doctor; an operator without one is of all sites).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub site: Option<SiteId>,
    /// Departments (desk, kiosk); empty: all of the site.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub departments: Vec<DepartmentId>,
    /// Which doctor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doctor: Option<DoctorId>,
    /// Which screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub screen: Option<ScreenId>,
    /// The board that the screen shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub board: Option<BoardId>,
    /// The room that the screen stands at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub door: Option<ServicePointId>,
    /// May issue tokens for scripts.
    #[serde(default)]
    pub may_issue: bool,
    /// The account's generation when the token was made.
    #[serde(default)]
    pub generation: u64,
    /// The session that it belongs to; none: of a script or a screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<u64>,
    /// A script's: its id in the list of tokens.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jti: Option<String>,
    /// A script's: by whose right it was made; none: with the folder's key, or before this was written down.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued_by: Option<Issuer>,
    /// When it was made.
    pub iat: i64,
    /// Until when it holds.
    pub exp: i64,
}

impl Claims {
    /// Claims of an account in a role, with no relation yet, from `now` for `ttl_s` seconds.
    pub fn new(role: Role, account: AccountId, now: Timestamp, ttl_s: i64) -> Self {
        Self {
            account,
            role,
            site: None,
            departments: Vec::new(),
            doctor: None,
            screen: None,
            board: None,
            door: None,
            may_issue: false,
            generation: 0,
            session: None,
            jti: None,
            issued_by: None,
            iat: now.0.div_euclid(1000),
            exp: now.plus_s(ttl_s).0.div_euclid(1000),
        }
    }

    /// Who asks, as it is stored with what is decided.
    pub fn principal(&self) -> Principal {
        Principal {
            role: self.role,
            account: self.account.clone(),
            doctor: self.doctor.clone(),
            screen: self.screen.clone(),
        }
    }

    /// The doctor whose work it is for: it stands no longer than the doctor.
    pub fn works_as(&self) -> Option<&DoctorId> {
        self.doctor.as_ref().filter(|_| self.role == Role::Doctor)
    }

    /// When the token ends.
    pub fn expires_at(&self) -> Timestamp {
        Timestamp(self.exp.saturating_mul(1000))
    }
}

/// Makes and reads tokens.
pub struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
}

impl std::fmt::Debug for Tokens {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tokens(***)")
    }
}

impl Tokens {
    /// With the house's token key.
    pub fn new(key: &Key) -> Self {
        let mut validation = Validation::new(Algorithm::HS256);
        // Expiry is compared with the caller's `now` in `read`, not with a clock that nobody can hold.
        validation.validate_exp = false;
        validation.validate_aud = false;
        validation.required_spec_claims.clear();
        Self {
            encoding: EncodingKey::from_secret(key.reveal()),
            decoding: DecodingKey::from_secret(key.reveal()),
            validation,
        }
    }

    /// Signs claims.
    pub fn issue(&self, claims: &Claims) -> String {
        jsonwebtoken::encode(&Header::new(Algorithm::HS256), claims, &self.encoding)
            .expect("invariant: claims are plain JSON and the key is HMAC's")
    }

    /// Reads a token: signed here, not expired at `now`. Whether its generation still stands is [`Generations`]' answer.
    pub fn read(&self, token: &str, now: Timestamp) -> Result<Claims, Rejection> {
        if token.len() > TOKEN_MAX_BYTES {
            return Err(Rejection::new(Code::Unauthenticated, "not a token of this house"));
        }
        let claims = jsonwebtoken::decode::<Claims>(token, &self.decoding, &self.validation)
            .map_err(|_| Rejection::new(Code::Unauthenticated, "not a token of this house"))?
            .claims;
        if now >= claims.expires_at() {
            return Err(Rejection::new(Code::Unauthenticated, "the token has expired"));
        }
        if claims.role == Role::System {
            return Err(Rejection::new(Code::Unauthenticated, "nobody signs in as the engine"));
        }
        Ok(claims)
    }
}

/// Whether a token still stands. Of what it hangs on, the one that is worst counts: the order is that of the variants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// It does.
    Current,
    /// This node has not heard of the account, its issuer or its doctor since it started: ask their owners,
    /// [`Generations::learn`] and [`Generations::learn_doctor`].
    Unknown,
    /// It was ended by a revocation, a changed right of the staff or of its issuer, the end of its session or its doctor's
    /// retirement.
    Ended,
}

/// Whose rights may have changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Changed {
    /// An account's: its tokens of before may have ended, and those that it issued.
    Account(AccountId),
    /// A doctor's: the site has said where the doctor works, or that the doctor is retired.
    Doctor(DoctorId),
}

impl Changed {
    /// Whether it is about whoever has these claims.
    pub fn concerns(&self, claims: &Claims) -> bool {
        match self {
            Self::Account(account) => {
                claims.account == *account || claims.issued_by.as_ref().is_some_and(|by| by.account == *account)
            }
            Self::Doctor(doctor) => claims.doctor.as_ref() == Some(doctor),
        }
    }
}

/// Which tokens of which accounts stand, in memory. What is not here is asked of the account's owner, so that a restart
/// forgets nothing.
#[derive(Debug)]
pub struct Generations {
    known: DashMap<AccountId, Known>,
    /// Doctors in whose name somebody has asked, and whether they are retired: that is for good.
    doctors: DashMap<DoctorId, bool>,
    changes: broadcast::Sender<Changed>,
}

impl Default for Generations {
    fn default() -> Self {
        Self { known: DashMap::new(), doctors: DashMap::new(), changes: broadcast::channel(CHANGES_KEPT).0 }
    }
}

impl Generations {
    /// How the claims stand.
    pub fn standing(&self, claims: &Claims) -> Standing {
        self.of_account(claims).max(self.of_issuer(claims)).max(self.of_doctor(claims))
    }

    fn of_issuer(&self, claims: &Claims) -> Standing {
        let Some(by) = &claims.issued_by else { return Standing::Current };
        match self.known.get(&by.account) {
            None => Standing::Unknown,
            Some(known) if by.issuing_lost < known.issuing_lost => Standing::Ended,
            Some(_) => Standing::Current,
        }
    }

    fn of_doctor(&self, claims: &Claims) -> Standing {
        let Some(doctor) = claims.works_as() else { return Standing::Current };
        match self.doctors.get(doctor).map(|retired| *retired) {
            None => Standing::Unknown,
            Some(false) => Standing::Current,
            Some(true) => Standing::Ended,
        }
    }

    fn of_account(&self, claims: &Claims) -> Standing {
        let Some(known) = self.known.get(&claims.account) else { return Standing::Unknown };
        match claims.session {
            _ if claims.generation < known.generation => Standing::Ended,
            Some(session) if session > known.sessions_opened => Standing::Unknown,
            Some(session) if !known.sessions.contains(&session) => Standing::Ended,
            _ => Standing::Current,
        }
    }

    /// What the account's owner says of its tokens. A late answer brings nothing back. True when it is news that ends
    /// something: everybody who listens is told.
    pub fn learn(&self, account: &AccountId, said: Known) -> bool {
        remember_room(&self.known, account);
        let has_ended = match self.known.entry(account.clone()) {
            Entry::Vacant(vacant) => {
                vacant.insert(said);
                false
            }
            Entry::Occupied(mut occupied) => {
                let before = occupied.get().clone();
                let now = both(&before, &said);
                let has_ended = now.generation > before.generation
                    || now.issuing_lost > before.issuing_lost
                    || before.sessions.iter().any(|one| !now.sessions.contains(one));
                occupied.insert(now);
                has_ended
            }
        };
        if has_ended {
            // Nobody listening is no fault: then there is no connection to end.
            let _ = self.changes.send(Changed::Account(account.clone()));
        }
        has_ended
    }

    /// What the site says of a doctor. A late answer brings nobody back. Everybody who listens is told of a retirement.
    pub fn learn_doctor(&self, doctor: &DoctorId, retired: bool) {
        remember_room(&self.doctors, doctor);
        let is_news = {
            let mut known = self.doctors.entry(doctor.clone()).or_insert(false);
            let is_news = retired && !*known;
            *known |= retired;
            is_news
        };
        if is_news {
            self.doctor_changed(doctor.clone());
        }
    }

    /// What was known of an account may be out of date: it is asked again, for open connections too.
    pub fn forget(&self, account: &AccountId) {
        self.known.remove(account);
        // Nobody listening is no fault: then there is no connection to ask about.
        let _ = self.changes.send(Changed::Account(account.clone()));
    }

    /// The site says something else of a doctor: what open connections may is asked again. The doctor's tokens hold unless
    /// the doctor is retired.
    pub fn doctor_changed(&self, doctor: DoctorId) {
        // Nobody listening is no fault: then there is no connection to ask about.
        let _ = self.changes.send(Changed::Doctor(doctor));
    }

    /// Tells whose rights may have changed. Who is told `Lagged` looks at all of its connections.
    pub fn changes(&self) -> broadcast::Receiver<Changed> {
        self.changes.subscribe()
    }
}

/// What two answers of an owner say together, whichever was first: a session of which either has heard that it ended has.
fn both(one: &Known, other: &Known) -> Known {
    let lives = |session: &u64, said: &Known| *session > said.sessions_opened || said.sessions.contains(session);
    let of_any = one.sessions.union(&other.sessions).copied();
    Known {
        generation: one.generation.max(other.generation),
        sessions_opened: one.sessions_opened.max(other.sessions_opened),
        sessions: of_any.filter(|session| lives(session, one) && lives(session, other)).collect(),
        issuing_lost: one.issuing_lost.max(other.issuing_lost),
    }
}

/// Where as many are remembered as may be, some are forgotten before another one comes: they are asked again.
fn remember_room<K: Eq + Hash + Clone, V>(remembered: &DashMap<K, V>, coming: &K) {
    if !remembered.contains_key(coming) {
        make_room(remembered, REMEMBERED_ACCOUNTS, |_| false, |_| ());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp(1_790_000_000_000);

    fn claims() -> Claims {
        let mut claims = Claims::new(Role::Desk, AccountId::new("a-staff-li"), NOW, 600);
        claims.site = Some(SiteId::new("renmin"));
        claims.departments = vec![DepartmentId::new("renmin.internal")];
        claims
    }

    #[test]
    fn a_token_says_what_was_signed_until_it_expires() {
        let tokens = Tokens::new(&Key::from_bytes([1; 32]));
        let token = tokens.issue(&claims());
        assert_eq!(tokens.read(&token, NOW).expect("holds"), claims());
        assert!(tokens.read(&token, NOW.plus_ms(599_999)).is_ok());
        assert_eq!(tokens.read(&token, NOW.plus_s(600)).expect_err("expired").code, Code::Unauthenticated);
    }

    #[test]
    fn a_forged_token_is_refused() {
        let tokens = Tokens::new(&Key::from_bytes([1; 32]));
        let token = tokens.issue(&claims());
        assert!(Tokens::new(&Key::from_bytes([2; 32])).read(&token, NOW).is_err(), "another house's key");
        let mut parts: Vec<String> = token.split('.').map(str::to_owned).collect();
        let mut forged = claims();
        forged.role = Role::Operator;
        parts[1] = data_encoding::BASE64URL_NOPAD.encode(&serde_json::to_vec(&forged).expect("JSON"));
        assert!(tokens.read(&parts.join("."), NOW).is_err(), "another body");
        parts[0] = data_encoding::BASE64URL_NOPAD.encode(br#"{"alg":"none","typ":"JWT"}"#);
        assert!(tokens.read(&format!("{}.{}.", parts[0], parts[1]), NOW).is_err(), "no signature");
        for nonsense in ["", ".", "..", "a.b.c", &"x".repeat(TOKEN_MAX_BYTES + 1)] {
            assert!(tokens.read(nonsense, NOW).is_err());
        }
    }

    #[test]
    fn nobody_signs_in_as_the_engine() {
        let tokens = Tokens::new(&Key::from_bytes([1; 32]));
        let token = tokens.issue(&Claims::new(Role::System, AccountId::new("a-system"), NOW, 600));
        assert!(tokens.read(&token, NOW).is_err());
    }

    #[test]
    fn a_raised_generation_ends_the_tokens_of_before() {
        let generations = Generations::default();
        let mut changes = generations.changes();
        let mut token = claims();
        assert_eq!(generations.standing(&token), Standing::Unknown);
        let learn = |generation| generations.learn(&claims().account, Known { generation, ..Known::default() });
        assert!(!learn(0));
        assert_eq!(generations.standing(&token), Standing::Current);
        assert!(learn(1));
        assert_eq!(generations.standing(&token), Standing::Ended);
        assert_eq!(changes.try_recv().expect("told"), Changed::Account(token.account.clone()));
        assert!(!learn(0), "a late answer does not bring it back");
        assert_eq!(generations.standing(&token), Standing::Ended);
        token.generation = 1;
        assert_eq!(generations.standing(&token), Standing::Current);
        assert!(changes.try_recv().is_err(), "told once");
    }

    #[test]
    fn a_retired_doctors_tokens_have_ended_for_good() {
        let (generations, doctor) = (Generations::default(), DoctorId::new("renmin.li"));
        let mut changes = generations.changes();
        let mut token = claims();
        generations.learn(&token.account, Known::default());
        (token.role, token.doctor) = (Role::Doctor, Some(doctor.clone()));
        assert_eq!(generations.standing(&token), Standing::Unknown);
        generations.learn_doctor(&doctor, false);
        assert_eq!(generations.standing(&token), Standing::Current);
        generations.learn_doctor(&doctor, true);
        generations.learn_doctor(&doctor, false);
        assert_eq!(generations.standing(&token), Standing::Ended, "a late answer");
        assert_eq!(changes.try_recv().expect("told"), Changed::Doctor(doctor));
        assert!(changes.try_recv().is_err(), "told once");
        assert_eq!(generations.standing(&claims()), Standing::Current, "a token of no doctor");
    }

    #[test]
    fn a_session_that_ends_takes_its_own_tokens_along() {
        let generations = Generations::default();
        let mut changes = generations.changes();
        let of = |session| Claims { session: Some(session), ..claims() };
        let learn = |opened, live: &[u64]| {
            let sessions = live.iter().copied().collect();
            let said = Known { sessions_opened: opened, sessions, ..Known::default() };
            generations.learn(&claims().account, said)
        };
        assert!(!learn(2, &[1, 2]));
        assert_eq!(
            [1, 2, 3].map(|n| generations.standing(&of(n))),
            [Standing::Current, Standing::Current, Standing::Unknown]
        );
        assert!(!learn(3, &[1, 2, 3]) && changes.try_recv().is_err(), "one more ends nothing");
        assert!(learn(3, &[2, 3]));
        assert_eq!(changes.try_recv().expect("told"), Changed::Account(claims().account));
        assert_eq!(
            [1, 2, 3].map(|n| generations.standing(&of(n))),
            [Standing::Ended, Standing::Current, Standing::Current]
        );
        assert!(!learn(2, &[1, 2]), "a late answer");
        assert_eq!(
            [1, 2, 3].map(|n| generations.standing(&of(n))),
            [Standing::Ended, Standing::Current, Standing::Current]
        );
        assert_eq!(generations.standing(&claims()), Standing::Current, "a token of no session");
    }
}
