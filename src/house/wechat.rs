//! As whom WeChat knows an account: its phone goes to WeChat and comes back with a code, which WeChat itself answers with the
//! openid. That is bound for everybody for whom the account acts, who comes later too while that sign-in stands, and stands sealed with their keys like any other address.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use data_encoding::HEXLOWER;
use jiaohao_actors::shell::{Origin, clock};
use jiaohao_domain::account::{State as AccountState, view as account_view};
use jiaohao_domain::reach::Way;
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::vocabulary::ToPatient;
use jiaohao_domain::{AccountId, Code, PatientId, Rejection};
use serde_json::{Value, json};

use super::addresses::{ADDRESS, Kept};
use super::{House, account, patient};
use crate::http::requests::BindWechat;
use crate::identity::audit::AuditLine;
use crate::identity::chance;
use crate::identity::persons::seal;
use crate::identity::tokens::Claims;
use crate::reach::wechat::authorize::NoOpenid;

/// The page to which WeChat's browser comes back.
const BACK: &str = "/patient";
/// WeChat asks nothing, and its code holds for five minutes: whoever takes longer begins again.
const ASKED_FOR: Duration = Duration::from_secs(10 * 60);
/// So long after an account has come to act for somebody the person is new to it, in ms of clinic time.
const NEW_FOR_MS: i64 = 60_000;
/// So many accounts on their way at once.
const ASKED: usize = 10_000;

/// Accounts whose phone is on its way: each has one state, the newest, good once. In memory alone: after a restart a page
/// begins again.
#[derive(Default)]
pub(crate) struct Asked(Mutex<HashMap<AccountId, (String, Instant)>>);

impl Asked {
    fn all(&self) -> MutexGuard<'_, HashMap<AccountId, (String, Instant)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A state for the account.
    fn begin(&self, who: &AccountId, now: Instant) -> Result<String, Rejection> {
        let mut all = self.all();
        if all.len() >= ASKED {
            all.retain(|_, (_, began)| now.duration_since(*began) < ASKED_FOR);
        }
        if all.len() >= ASKED && !all.contains_key(who) {
            return Err(Code::Overloaded.into());
        }
        let state = HEXLOWER.encode(&chance::bytes::<16>());
        all.insert(who.clone(), (state.clone(), now));
        Ok(state)
    }

    /// Whether it is the account's, and of now; it is none any more after this.
    fn take(&self, who: &AccountId, state: &str, now: Instant) -> bool {
        let mut all = self.all();
        let is_own = all.get(who).is_some_and(|(own, _)| own == state);
        is_own && all.remove(who).is_some_and(|(_, began)| now.duration_since(began) < ASKED_FOR)
    }
}

fn off() -> Rejection {
    Rejection::new(Code::UnknownCommand, "this channel is not set up here")
}

impl House {
    /// Where the account's phone goes to, so that WeChat says as whom it knows it.
    pub(super) fn ask_wechat(&self, claims: &Claims, origin: &str) -> Result<Value, Rejection> {
        let wechat = self.reach.wechat.as_ref().ok_or_else(off)?;
        let state = self.asked_wechat.begin(&claims.account, clock::monotonic())?;
        Ok(json!({ "url": wechat.authorize_url(&format!("{origin}{BACK}"), &state) }))
    }

    /// The phone is back: WeChat says the openid, and everybody for whom the account acts is told by it too.
    pub(super) async fn bind_wechat(&self, claims: &Claims, back: BindWechat) -> Result<Value, Rejection> {
        let wechat = self.reach.wechat.as_ref().ok_or_else(off)?;
        let (who, code) = (&claims.account, Redacted::new(back.code));
        // Whoever else's browser this way was begun in is nobody here.
        if !self.asked_wechat.take(who, &back.state, clock::monotonic()) {
            return Err(Code::AuthorizationOver.into());
        }
        let openid = wechat.openid(&code).await.map_err(|why| match why {
            NoOpenid::Over => Code::AuthorizationOver,
            NoOpenid::Failed => Code::ChannelFailed,
        })?;
        let (mut bound, mut failed) = (Vec::new(), None);
        let kept = Kept::WeChat { openid: openid.into_revealed(), language: back.language, session: claims.session };
        for person in self.acts_for(who).await? {
            match self.bind_openid(who, &person, &kept).await {
                Ok(()) => bound.push(person),
                Err(why) => failed = Some(why),
            }
        }
        if let (true, Some(why)) = (bound.is_empty(), failed) {
            return Err(why);
        }
        self.audit.note(AuditLine::new(claims, "bind_wechat", &bound, Ok(()), self.machine_now()));
        Ok(json!({ "patients": bound }))
    }

    async fn acts_for(&self, who: &AccountId) -> Result<Vec<PatientId>, Rejection> {
        self.shell.read(account(who), |state: &AccountState| state.relations.keys().cloned().collect()).await
    }

    async fn bind_openid(&self, who: &AccountId, person: &PatientId, kept: &Kept) -> Result<(), Rejection> {
        let key = self.key_of_known(person).await?.ok_or(Code::Forbidden)?;
        let sealed = seal(&key, person, ADDRESS, kept);
        let bind = ToPatient::BindAddress { account: who.clone(), way: Way::WeChat, sealed };
        self.shell.ask(patient(person), bind.into(), Origin::Shell).await.map(drop)
    }

    /// Of whom the account acts for from now on it is told by WeChat too, where WeChat has said who holds the phone in a sign-in
    /// that still stands: who reads everything on the account hears of it. Without it they are told all the same.
    pub(super) async fn bind_known_openid(&self, who: &AccountId, person: &PatientId) {
        if let Err(why) = self.try_bind_known_openid(who, person).await {
            tracing::warn!(code = why.code.wire(), patient = %person, "an openid was not bound to whom its account acts for");
        }
    }

    async fn try_bind_known_openid(&self, who: &AccountId, person: &PatientId) -> Result<(), Rejection> {
        if self.reach.wechat.is_none() {
            return Ok(());
        }
        let (now, new) = (self.shell.clock.clinic(), person.clone());
        let known = move |state: &AccountState| {
            let since = state.relations.get(&new).and_then(|acts| acts.since);
            // What was turned off since stays off, however often the person is made known again.
            let is_new = since.is_some_and(|since| now.ms_since(since) < NEW_FOR_MS);
            let others: Vec<PatientId> =
                state.relations.keys().filter(|other| is_new && **other != new).cloned().collect();
            (others, account_view::standing_at(state, now))
        };
        let (others, standing) = self.shell.read(account(who), known).await?;
        let mut newest = None;
        for other in others {
            let kept = self.kept(who, &other, Way::WeChat).await?;
            if let Some(Kept::WeChat { session: Some(session), .. }) = &kept
                && standing.contains(session)
                && newest.as_ref().is_none_or(|(before, _)| before < session)
            {
                newest = Some((*session, kept));
            }
        }
        match newest {
            Some((_, Some(kept))) => self.bind_openid(who, person, &kept).await,
            _ => Ok(()),
        }
    }

    /// Whether an account is told of a person by WeChat.
    pub(super) async fn is_told_by_wechat(&self, by: &AccountId, who: &PatientId) -> Result<bool, Rejection> {
        let bound = (by.clone(), Way::WeChat);
        let is_bound = move |state: &jiaohao_domain::patient::State| state.addresses.contains_key(&bound);
        self.shell.read(patient(who), is_bound).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_good_once_for_its_account_and_for_ten_minutes() {
        let (asked, now) = (Asked::default(), clock::monotonic());
        let (li, wu) = (AccountId::from("a-li"), AccountId::from("a-wu"));
        let first = asked.begin(&li, now).expect("there is room");
        let of_wu = asked.begin(&wu, now).expect("there is room");
        assert!(!asked.take(&wu, &first, now), "another account's");
        assert!(asked.take(&wu, &of_wu, now), "and its own still stands");
        assert!(asked.take(&li, &first, now));
        assert!(!asked.take(&li, &first, now), "a second time");
        let second = asked.begin(&li, now).expect("there is room");
        let third = asked.begin(&li, now).expect("there is room");
        assert!(!asked.take(&li, &second, now), "the newest stands");
        assert!(!asked.take(&li, &third, now + ASKED_FOR), "too late");
        assert!(!asked.take(&li, &third, now), "and that was its end");
    }

    #[test]
    fn accounts_on_their_way_are_bounded_and_make_room_by_time() {
        let (asked, now) = (Asked::default(), clock::monotonic());
        for number in 0..ASKED {
            asked.begin(&AccountId::from(format!("a-{number}")), now).expect("there is room");
        }
        let more = AccountId::from("a-more");
        assert_eq!(asked.begin(&more, now).expect_err("full").code, Code::Overloaded);
        asked.begin(&AccountId::from("a-0"), now).expect("in its own place");
        asked.begin(&more, now + ASKED_FOR).expect("those are over");
    }
}
