//! Signing in and out, screens that want to be paired, and whether a token still stands. Secrets reach owners hashed.

use std::net::IpAddr;
use std::sync::atomic::Ordering;

use jiaohao_actors::shell::{Origin, clock};
use jiaohao_domain::account::view::Standing as Tokens;
use jiaohao_domain::account::{State as AccountState, view as account_view};
use jiaohao_domain::codes::Valid;
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::site::{OFFER_MIN, Offer};
use jiaohao_domain::vocabulary::{Asker, ToAccount, ToSite};
use jiaohao_domain::{
    AccountId, BoardId, Code, Message, OwnerRef, Rejection, Role, ScreenId, ServicePointId, SiteId, Timestamp,
};
use serde_json::json;

use super::{House, account, site};
use crate::engine::{SignedIn, Visit, VisitAnswer};
use crate::http::requests::{OfferScreen, RequestCode, ScreenSignIn, SignIn};
use crate::identity::audit::AuditLine;
use crate::identity::codes::{CodeMessage, Purpose};
use crate::identity::keys::KeyName;
use crate::identity::tokens::{Claims, Standing};
use crate::identity::trades::Next;
use crate::identity::{accounts, chance, codes, marks, refresh};

/// Between the account and the secret of a refresh token.
const SEPARATOR: char = '~';
/// How many codes are drawn before a screen is told to try later.
const CODE_DRAWS: usize = 8;

impl House {
    pub(super) async fn visit(&self, address: IpAddr, visit: Visit) -> Result<VisitAnswer, Rejection> {
        match visit {
            Visit::SignIn(SignIn::Password(given)) => {
                let who = accounts::staff(&given.name).map_err(|_| Code::WrongCredentials)?;
                tokio::time::sleep(self.limits.sign_in_delay(address)).await;
                let from = self.password_from(&who, given.marks.as_deref(), address);
                let mut outcome = self.by_password(&who, Redacted::new(given.password), &from, address).await;
                if let Ok(signed_in) = &mut outcome {
                    let marks = given.marks.unwrap_or_default();
                    signed_in.marks = Some(marks::with(self.keys.get(KeyName::Hash), &who, &marks));
                }
                let shown = match self.knows(account(&who)).await {
                    true => who,
                    false => accounts::nobody(self.keys.get(KeyName::Hash), &given.name),
                };
                self.tried(shown, "sign_in", address, outcome)
            }
            Visit::SignIn(SignIn::Code(given)) => {
                let who = accounts::phone(self.keys.get(KeyName::Hash), &given.phone)?;
                tokio::time::sleep(self.limits.sign_in_delay(address)).await;
                let asker = self.asker(&given.device, address);
                let outcome = self.by_code(&who, Redacted::new(given.code), asker).await;
                if outcome.is_ok()
                    && let Some(phone) = accounts::normal_phone(&given.phone)
                {
                    self.phone_signed_in(&who, phone.into()).await;
                }
                self.tried(who, "sign_in", address, outcome)
            }
            // A screen asks again and again until it is approved; nobody guesses its secret.
            Visit::SignIn(SignIn::Screen(given)) => self.by_screen(given).await,
            Visit::RequestCode(request) => {
                let who = accounts::phone(self.keys.get(KeyName::Hash), &request.phone)?;
                let outcome = self.request_code(&who, request, address).await;
                let line_outcome = outcome.as_ref().map(drop).map_err(|why| why.code);
                let line = AuditLine::of_stranger(who, "request_code", address, line_outcome, self.machine_now());
                self.audit.note(line);
                outcome.map_err(|why| self.in_true_seconds(why))
            }
            Visit::Refresh(token) => {
                self.refresh(&token).await.map(|in_again| VisitAnswer::SignedIn(Box::new(in_again)))
            }
            Visit::SignOut { refresh_token, everywhere } => self.sign_out(&refresh_token, everywhere).await,
            Visit::OfferScreen(offer) => self.offer_screen(offer, address).await,
            Visit::PaymentNews(called) => self.take_payment_news(&called).await.map(VisitAnswer::Told),
        }
    }

    /// A try to sign in is on the audit, and a failed one is counted against its address.
    fn tried(
        &self,
        who: AccountId,
        what: &str,
        address: IpAddr,
        outcome: Result<SignedIn, Rejection>,
    ) -> Result<VisitAnswer, Rejection> {
        let line_outcome = outcome.as_ref().map(drop).map_err(|why| why.code);
        self.audit.note(AuditLine::of_stranger(who, what, address, line_outcome, self.machine_now()));
        if line_outcome == Err(Code::WrongCredentials) {
            self.limits.sign_in_failed(address);
        }
        outcome.map(|signed_in| VisitAnswer::SignedIn(Box::new(signed_in))).map_err(|why| self.in_true_seconds(why))
    }

    /// Accounts count in clinic time; who has to wait is told in seconds of the clock on the wall.
    pub(super) fn in_true_seconds(&self, mut why: Rejection) -> Rejection {
        let speed = self.shell.clock.speed().max(1.0);
        for (name, value) in &mut why.valid_now {
            if let ("retry_after_s", Valid::Number(clinic_s)) = (name.as_str(), &mut *value) {
                *clinic_s = (*clinic_s as f64 / speed).ceil() as i64;
            }
        }
        why
    }

    fn from(&self, address: IpAddr) -> String {
        accounts::place(self.keys.get(KeyName::Hash), address)
    }

    async fn tell(&self, who: &AccountId, message: ToAccount) -> Result<(), Rejection> {
        self.shell.ask(account(who), Message::from(message), Origin::Shell).await.map(drop)
    }

    /// Where a password is tried from: a browser in which the account has signed in before, else the network.
    fn password_from(&self, who: &AccountId, shown: Option<&str>, address: IpAddr) -> String {
        let key = self.keys.get(KeyName::Hash);
        let own = shown.and_then(|marks| marks::own(key, who, marks));
        own.map_or_else(|| self.from(address), |mark| accounts::device(key, mark))
    }

    async fn by_password(
        &self,
        who: &AccountId,
        password: Redacted<String>,
        from: &str,
        address: IpAddr,
    ) -> Result<SignedIn, Rejection> {
        let password_phc = |state: &AccountState| {
            state.staff.as_ref().filter(|_| !state.retired).map(|staff| staff.password_phc.clone())
        };
        let stored = match self.knows(account(who)).await {
            true if self.is_of_retired_doctor(who).await? => None,
            true => self.shell.read(account(who), password_phc).await?,
            false => None,
        };
        let (is_known, from) = (stored.is_some(), from.to_owned());
        let matched = self.passwords.matches(password, stored, address).await?;
        if !is_known {
            return Err(self.strangers.try_name(who.as_str(), &from, self.shell.clock.clinic()));
        }
        let (refresh_hash, token) = self.draw_refresh(who);
        let session = refresh_hash.clone();
        self.tell(who, ToAccount::TryPassword { matched, refresh_hash, from }).await?;
        let signed_in = self.signed_in(who.clone(), session, token).await?;
        if signed_in.claims.role == Role::Operator && signed_in.claims.site.is_none() {
            self.end_first_operator().await?;
        }
        Ok(signed_in)
    }

    /// The token of an empty folder is for making the first operator; when one of all sites is there, it ends.
    async fn end_first_operator(&self) -> Result<(), Rejection> {
        let first = accounts::first_operator();
        if self.shell.read(account(&first), |state: &AccountState| state.generation).await? == 0 {
            self.tell(&first, ToAccount::Revoke { refresh_hash: None }).await?;
            self.relearn(&first).await?;
        }
        Ok(())
    }

    /// Until when a one-time code of this moment holds, in clinic time, in which accounts count: whoever types it does not live
    /// faster with an accelerated clock.
    pub(super) fn code_ends_at(&self, now: Timestamp) -> Timestamp {
        let ttl_s = self.settings.identity.code_ttl_s as f64;
        now.plus_ms((ttl_s * 1000.0 * self.shell.clock.speed().max(1.0)) as i64)
    }

    /// Who asks for a code and tries it: a device by its mark, which nobody guesses, and its network.
    fn asker(&self, mark: &str, address: IpAddr) -> Asker {
        Asker { device: accounts::device(self.keys.get(KeyName::Hash), mark), network: self.from(address) }
    }

    async fn by_code(&self, who: &AccountId, code: Redacted<String>, asker: Asker) -> Result<SignedIn, Rejection> {
        let code_hash = codes::hash(self.keys.get(KeyName::Hash), who, &code);
        let (refresh_hash, token) = self.draw_refresh(who);
        let session = refresh_hash.clone();
        let try_code = ToAccount::UseCode { code_hash: code_hash.clone(), refresh_hash, asker: asker.clone() };
        if !self.has_signed_in(who).await? {
            let now = self.shell.clock.clinic();
            self.strangers.decide(who, try_code.clone(), now)?;
            self.strangers.forget(who);
            // The account begins with the code that was used.
            self.tell(who, ToAccount::SendCode { code_hash, expires_at: now.plus_min(1), asker }).await?;
        }
        self.tell(who, try_code).await?;
        self.signed_in(who.clone(), session, token).await
    }

    /// Whether the account's owner knows it: until then whoever has the phone is a stranger, of whom nothing is kept.
    async fn has_signed_in(&self, who: &AccountId) -> Result<bool, Rejection> {
        if !self.knows(account(who)).await {
            return Ok(false);
        }
        self.shell.read(account(who), |state: &AccountState| state.sessions_opened > 0).await
    }

    /// Whether there is such an owner: a stranger's word wakes none that was never told anything.
    pub(super) async fn knows(&self, owner: OwnerRef) -> bool {
        let shell = self.shell.clone();
        tokio::task::spawn_blocking(move || shell.knows(&owner)).await.unwrap_or(false)
    }

    async fn request_code(
        &self,
        who: &AccountId,
        request: RequestCode,
        address: IpAddr,
    ) -> Result<VisitAnswer, Rejection> {
        // A code that nobody could sign in with is not sent.
        self.shell.check_writable()?;
        self.limits.code(address)?;
        let phone = self.phone_for_code(&request.phone)?;
        let code = codes::draw();
        let now = self.shell.clock.clinic();
        // What the server did not make is as none.
        let shown = request.device.filter(|mark| refresh::is_drawn(mark));
        let mark = shown.unwrap_or_else(|| refresh::draw().reveal().clone());
        let issue = ToAccount::SendCode {
            code_hash: codes::hash(self.keys.get(KeyName::Hash), who, &code),
            expires_at: self.code_ends_at(now),
            asker: self.asker(&mark, address),
        };
        if self.has_signed_in(who).await? {
            self.tell(who, issue).await?;
        } else {
            self.strangers.decide(who, issue, now)?;
        }
        let ttl_s = self.settings.identity.code_ttl_s;
        let expires_at = self.machine_now().plus_s(ttl_s);
        self.send_code(CodeMessage { phone: Redacted::new(phone), code, expires_at, purpose: Purpose::SignIn })?;
        Ok(VisitAnswer::Told(json!({ "expires_in_s": ttl_s, "sent_to": self.codes.sends_to(), "device": mark })))
    }

    async fn by_screen(&self, given: ScreenSignIn) -> Result<VisitAnswer, Rejection> {
        if !self.knows(site(given.screen.as_str())).await {
            return Err(Code::WrongCredentials.into());
        }
        let screen = given.screen.clone();
        let hash = refresh::hash(self.keys.get(KeyName::Hash), &given.secret);
        let offered = hash.clone();
        let (known, is_offered) = self
            .shell
            .read(site(given.screen.as_str()), move |state: &jiaohao_domain::site::State| {
                let door = state.doors.get(&screen).cloned();
                let paired = state.screens.get(&screen);
                let known = paired.map(|paired| (paired.board.clone(), door, paired.secret_hash.clone()));
                let is_its = |offer: &Offer| offer.screen == screen && offer.secret_hash == offered;
                (known, state.offers.values().any(is_its))
            })
            .await?;
        match known {
            Some((board, door, secret_hash)) if secret_hash == hash => {
                let now = self.machine_now();
                let who = accounts::screen(&given.screen);
                let mut claims = Claims::new(Role::Screen, who.clone(), now, self.settings.identity.access_token_ttl_s);
                claims.site = Some(board.site());
                claims.screen = Some(given.screen);
                claims.board = Some(board.clone());
                claims.door = door;
                self.generations.learn(&who, Tokens::default());
                let access_token = self.tokens.issue(&claims);
                let about = json!({ "board": board });
                let signed_in =
                    SignedIn { access_token, claims, refresh_token: None, refresh_expires_at: now, marks: None, about };
                Ok(VisitAnswer::SignedIn(Box::new(signed_in)))
            }
            // Its code stands on its glass, and nobody has approved it yet: no try to sign in has failed.
            _ if is_offered => Ok(VisitAnswer::NotYet(Code::WrongCredentials.into())),
            _ => Err(Code::WrongCredentials.into()),
        }
    }

    async fn offer_screen(&self, offer: OfferScreen, address: IpAddr) -> Result<VisitAnswer, Rejection> {
        let offered = (offer.board.clone(), offer.door.clone());
        let (at, shows) = match (offer.board, &offer.door, offer.site) {
            (Some(board), _, _) => (board.site(), board.to_string()),
            (None, Some(door), _) => {
                let at = door.department().site();
                let room = door.as_str().strip_prefix(&format!("{at}.")).unwrap_or_default().replace('.', "-");
                (at.clone(), format!("{at}.door-{room}"))
            }
            (None, None, Some(at)) => (at.clone(), format!("{at}.screen")),
            _ => return Err(Rejection::new(Code::InvalidField, "a board, a door or a site")),
        };
        self.limits.screen(address)?;
        if !self.knows(site(at.as_str())).await || !self.has_place(&at, offered).await? {
            return Err(Code::Forbidden.into());
        }
        // Whoever lists the screens sees by its id where each of them hangs.
        let screen = ScreenId::new(format!("{shows}-{}", hex(chance::bytes::<4>())));
        let secret = refresh::draw();
        let secret_hash = refresh::hash(self.keys.get(KeyName::Hash), secret.reveal());
        let instead_of = self.strangers.screen_waits(&at, address, &screen, self.shell.clock.clinic());
        for _ in 0..CODE_DRAWS {
            let code = format!("{:06}", chance::below(1_000_000));
            let message = ToSite::OfferScreen {
                code: code.clone(),
                screen: screen.clone(),
                secret_hash: secret_hash.clone(),
                door: offer.door.clone(),
                instead_of: instead_of.clone(),
            };
            match self.shell.ask(site(at.as_str()), Message::from(message), Origin::Shell).await {
                Ok(_) => {
                    let expires_at = self.shell.clock.clinic().plus_min(OFFER_MIN);
                    return Ok(VisitAnswer::Told(json!({
                        "screen": screen,
                        "secret": secret.reveal(),
                        "code": code,
                        "expires_at": self.learn_zone(at.as_str()).await?.rfc3339(expires_at),
                    })));
                }
                Err(why) if why.code == Code::AlreadyExists => {}
                Err(why) => return Err(why),
            }
        }
        Err(Code::Overloaded.into())
    }

    /// Whether the site has the board or room at whose address a screen asks; none is asked for where it has neither yet.
    async fn has_place(
        &self,
        at: &SiteId,
        place: (Option<BoardId>, Option<ServicePointId>),
    ) -> Result<bool, Rejection> {
        let has = move |site: &jiaohao_domain::site::State| match &place {
            (Some(board), _) => site.boards.get(board).is_some_and(|board| !board.retired),
            (None, Some(room)) => site.service_points.get(room).is_some_and(|room| !room.retired),
            (None, None) => true,
        };
        self.shell.read(site(at.as_str()), has).await
    }

    async fn refresh(&self, token: &str) -> Result<SignedIn, Rejection> {
        let (who, secret) = split(token)?;
        if !self.knows(account(&who)).await || self.is_of_retired_doctor(&who).await? {
            return Err(Code::Unauthenticated.into());
        }
        let refresh_hash = refresh::hash(self.keys.get(KeyName::Hash), secret);
        if self.shell.check_writable().is_err() && self.would_trade(&who, &refresh_hash).await? {
            // Nothing can be traded, so the same one goes on: reading does too.
            return self.signed_in(who, refresh_hash, token.to_owned()).await;
        }
        let (refresh_hash, Next { hash: next_hash, token: next }) = self.next_of(&who, refresh_hash).await?;
        let (session, next) = (next_hash.clone(), next.into_revealed());
        if let Err(why) = self.tell(&who, ToAccount::Refresh { refresh_hash, next_hash }).await {
            // An old token shown again ends the sign-in that it was copied from; its access tokens end with it, no others.
            self.relearn(&who).await?;
            return Err(why);
        }
        self.signed_in(who, session, next).await
    }

    /// The token that is traded, by its hash, and for what. Shown within the grace of its trade it is given what it was
    /// traded for, however many show it, and however often that has been traded since.
    async fn next_of(&self, who: &AccountId, refresh_hash: String) -> Result<(String, Next), Rejection> {
        let (hash, token) = self.draw_refresh(who);
        let drawn = Next { hash, token: Redacted::new(token) };
        if self.would_trade(who, &refresh_hash).await? {
            let next = self.trades.trade(&refresh_hash, drawn, clock::monotonic());
            return Ok((refresh_hash, next));
        }
        Ok(self.trades.last_of(&refresh_hash, clock::monotonic()).unwrap_or((refresh_hash, drawn)))
    }

    async fn would_trade(&self, who: &AccountId, refresh_hash: &str) -> Result<bool, Rejection> {
        let (hash, now) = (refresh_hash.to_owned(), self.shell.clock.clinic());
        self.shell.read(account(who), move |state: &AccountState| account_view::would_trade(state, &hash, now)).await
    }

    async fn sign_out(&self, token: &str, everywhere: bool) -> Result<VisitAnswer, Rejection> {
        let (who, secret) = split(token)?;
        if !self.knows(account(&who)).await {
            return Ok(VisitAnswer::SignedOut);
        }
        let refresh_hash = refresh::hash(self.keys.get(KeyName::Hash), secret);
        let known = refresh_hash.clone();
        let is_known = self
            .shell
            .read(account(&who), move |state: &AccountState| account_view::session_that_knew(state, &known).is_some())
            .await?;
        if !is_known {
            return Ok(VisitAnswer::SignedOut);
        }
        self.tell(&who, ToAccount::Revoke { refresh_hash: (!everywhere).then_some(refresh_hash) }).await?;
        self.relearn(&who).await?;
        Ok(VisitAnswer::SignedOut)
    }

    fn draw_refresh(&self, who: &AccountId) -> (String, String) {
        let secret = refresh::draw();
        let hash = refresh::hash(self.keys.get(KeyName::Hash), secret.reveal());
        (hash, format!("{who}{SEPARATOR}{}", secret.reveal()))
    }

    /// An access token of the session that was just given the refresh token of that hash.
    async fn signed_in(
        &self,
        who: AccountId,
        refresh_hash: String,
        refresh_token: String,
    ) -> Result<SignedIn, Rejection> {
        let known = self
            .shell
            .read(account(&who), move |state: &AccountState| {
                let name = state.staff.as_ref().map(|staff| staff.name.clone());
                // Also one that was traded on meanwhile, by who was given it too.
                let session = account_view::session_that_knew(state, &refresh_hash);
                account_view::signed_in(state).zip(session).map(|known| (known, name, account_view::standing(state)))
            })
            .await?;
        let ((known, session), name, standing) = known.ok_or(Code::WrongCredentials)?;
        let now = self.machine_now();
        let mut claims = Claims::new(known.role, who.clone(), now, self.settings.identity.access_token_ttl_s);
        claims.site = known.site.or_else(|| known.doctor.as_ref().map(|doctor| doctor.site()));
        claims.departments = known.departments;
        claims.doctor = known.doctor;
        claims.may_issue = known.may_issue;
        claims.generation = known.generation;
        claims.session = Some(session);
        self.generations.learn(&who, standing);
        let patients: Vec<_> = known
            .patients
            .iter()
            .map(|(patient, relation)| json!({ "patient": patient, "relation": relation }))
            .collect();
        let about = json!({ "name": name, "patients": patients });
        let refresh_expires_at: Timestamp = now.plus_s(self.settings.identity.refresh_token_ttl_s);
        let refresh_token = Some(refresh_token);
        let access_token = self.tokens.issue(&claims);
        Ok(SignedIn { access_token, claims, refresh_token, refresh_expires_at, marks: None, about })
    }

    /// Whether the account's tokens of this generation are still good, its doctor still there, and the right by which it was made;
    /// asks the owners once after a start.
    pub(super) async fn stands(&self, claims: &Claims) -> Result<(), Rejection> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(Rejection::new(Code::Overloaded, "the server is stopping"));
        }
        if claims.expires_at() <= self.machine_now() {
            return Err(Rejection::new(Code::Unauthenticated, "the token has expired"));
        }
        match self.generations.standing(claims) {
            Standing::Current => Ok(()),
            Standing::Ended => Err(Rejection::new(Code::Unauthenticated, "the token was ended")),
            Standing::Unknown => {
                match &claims.screen {
                    // A paired screen's own token; one issued for a script stands by itself.
                    Some(screen) if claims.account == accounts::screen(screen) => self.relearn_screen(screen).await?,
                    _ => self.relearn(&claims.account).await?,
                }
                if let Some(by) = &claims.issued_by {
                    self.relearn(&by.account).await?;
                }
                if let Some(doctor) = claims.works_as() {
                    self.relearn_doctor(doctor).await?;
                }
                match self.generations.standing(claims) {
                    Standing::Ended => Err(Rejection::new(Code::Unauthenticated, "the token was ended")),
                    Standing::Current | Standing::Unknown => Ok(()),
                }
            }
        }
    }

    /// A screen that is not paired (any more) has no token that stands.
    async fn relearn_screen(&self, screen: &ScreenId) -> Result<(), Rejection> {
        let asked = screen.clone();
        let paired = self
            .shell
            .read(site(screen.as_str()), move |state: &jiaohao_domain::site::State| state.screens.contains_key(&asked))
            .await?;
        let generation = u64::from(!paired);
        self.generations.learn(&accounts::screen(screen), Tokens { generation, ..Tokens::default() });
        Ok(())
    }

    /// Asks the account's owner which tokens stand: a risen generation ends tokens and connections of before, an ended
    /// session its own.
    pub(super) async fn relearn(&self, who: &AccountId) -> Result<(), Rejection> {
        let standing = self.shell.read(account(who), account_view::standing).await?;
        self.generations.learn(who, standing);
        Ok(())
    }
}

fn split(token: &str) -> Result<(AccountId, &str), Rejection> {
    let (who, secret) = token.split_once(SEPARATOR).ok_or(Code::Unauthenticated)?;
    if !jiaohao_domain::ids::is_well_formed(who) {
        return Err(Code::Unauthenticated.into());
    }
    Ok((AccountId::from(who), secret))
}

fn hex(bytes: [u8; 4]) -> String {
    data_encoding::HEXLOWER.encode(&bytes)
}
