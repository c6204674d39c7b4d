//! Where a person is reached outside the pages: the telephone on file, else that of an account that acts for them; what an
//! account has bound for WeChat and notifications. All of it lies sealed with the person's key and is opened for one sending.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiaohao_actors::shell::{Origin, clock};
use jiaohao_domain::account::State as AccountState;
use jiaohao_domain::patient::State as PatientState;
use jiaohao_domain::reach::Way;
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::vocabulary::{BindChannel, ChannelAddress, Language, ToPatient};
use jiaohao_domain::{AccountId, Code, PatientId, Rejection};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::time::{Duration, Instant};

use super::commands::Addressed;
use super::{House, account, patient};
use crate::identity::accounts;
use crate::identity::keys::KeyName;
use crate::identity::persons::{open, seal};
use crate::identity::tokens::Claims;
use crate::kept::make_room;
use crate::reach::port::{Address, PushSubscription};

pub(super) const ADDRESS: &str = "address";
/// An account's own phone is at hand for so long after its sign-in: time to say who one is.
const SIGNED_IN_FOR: Duration = Duration::from_secs(30 * 60);
/// So many of them; beyond, the oldest is forgotten.
const SIGNED_IN: usize = 10_000;

/// Phones that have just signed in (machine time).
pub(crate) type SignedInPhones = dashmap::DashMap<AccountId, (Redacted<String>, Instant)>;

/// An address as it is sealed.
#[derive(Serialize, Deserialize)]
pub(super) enum Kept {
    Phone(String),
    WeChat {
        openid: String,
        language: Language,
        /// In which sign-in of the account WeChat has said it; none: from before this was kept.
        #[serde(default)]
        session: Option<u64>,
    },
    Bound {
        to: ChannelAddress,
        language: Language,
    },
}

/// An address of a person, and whose it is.
pub(super) struct Reached {
    /// None: the person's own, on file.
    pub(super) account: Option<AccountId>,
    pub(super) to: Address,
    pub(super) language: Language,
}

fn reached(account: AccountId, kept: Kept) -> Reached {
    let account = Some(account);
    match kept {
        Kept::Phone(phone) => Reached { account, to: Address::Phone(phone.into()), language: Language::Zh },
        Kept::WeChat { openid, language, .. } => Reached { account, to: Address::WeChat(openid.into()), language },
        Kept::Bound { to: ChannelAddress::Push { endpoint, p256dh, auth }, language } => {
            Reached { account, to: Address::Push(PushSubscription { endpoint, p256dh, auth }.into()), language }
        }
    }
}

impl House {
    /// Seals an address for its person. One that can never be told anything is refused: whoever binds it would rely on it.
    pub(super) async fn address_bind(&self, claims: &Claims, c: BindChannel) -> Result<Addressed, Rejection> {
        self.check_address(&c.channel)?;
        let key = self.key_of_known(&c.patient).await?.ok_or(Code::Forbidden)?;
        let (account, way) = (claims.account.clone(), c.channel.way());
        let sealed = seal(&key, &c.patient, ADDRESS, &Kept::Bound { to: c.channel, language: c.language });
        Ok((patient(&c.patient), ToPatient::BindAddress { account, way, sealed }.into()))
    }

    fn check_address(&self, channel: &ChannelAddress) -> Result<(), Rejection> {
        let ChannelAddress::Push { endpoint, p256dh, auth } = channel.clone();
        let refused = |why: &str| Err(Rejection::field("channel", format!("channel: {why}")));
        match &self.reach.push {
            None => refused("the hospital does not have it"),
            Some(push) if !push.takes(&PushSubscription { endpoint, p256dh, auth }) => {
                refused("no subscription of a browser")
            }
            Some(_) => Ok(()),
        }
    }

    /// A phone has proved itself by its code: text messages for those for whom its account acts go there, unless they have a
    /// phone on file. Without it they are told all the same, by the other ways.
    pub(super) async fn phone_signed_in(&self, who: &AccountId, phone: Redacted<String>) {
        let now = clock::monotonic();
        make_room(
            &self.phones,
            SIGNED_IN,
            |(_, since)| now.duration_since(*since) >= SIGNED_IN_FOR,
            |(_, since)| *since,
        );
        self.phones.insert(who.clone(), (phone, now));
        let acts_for = |state: &jiaohao_domain::account::State| state.relations.keys().cloned().collect::<Vec<_>>();
        for person in self.shell.read(account(who), acts_for).await.unwrap_or_default() {
            self.bind_phone(who, &person).await;
        }
    }

    /// The same for one person, while the phone is at hand.
    pub(super) async fn bind_phone(&self, who: &AccountId, person: &PatientId) {
        let known = self.phones.get(who).filter(|known| known.1.elapsed() < SIGNED_IN_FOR).map(|known| known.0.clone());
        let Some(phone) = known else { return };
        if let Err(why) = self.try_bind_phone(who, person, phone).await {
            tracing::warn!(code = why.code.wire(), patient = %person, "a phone was not bound to whom it acts for");
        }
    }

    async fn try_bind_phone(
        &self,
        who: &AccountId,
        person: &PatientId,
        phone: Redacted<String>,
    ) -> Result<(), Rejection> {
        // The account's id says which phone it is: what is bound once stays right.
        let bound = (who.clone(), Way::Sms);
        let is_bound = move |state: &PatientState| state.addresses.contains_key(&bound);
        if self.shell.read(patient(person), is_bound).await? {
            return Ok(());
        }
        let Some(key) = self.key_of_known(person).await? else { return Ok(()) };
        let sealed = seal(&key, person, ADDRESS, &Kept::Phone(phone.into_revealed()));
        let bind = ToPatient::BindAddress { account: who.clone(), way: Way::Sms, sealed };
        self.shell.ask(patient(person), bind.into(), Origin::Shell).await.map(drop)
    }

    /// Where a person is reached by a way. By text message that is one phone: the own on file, where more stands behind it than
    /// the word of who typed it, else that of the account that is the person's own, else another's who acts for them.
    pub(super) async fn addresses(&self, who: &PatientId, way: Way) -> Result<Vec<Reached>, Rejection> {
        if way == Way::Sms
            && let Some(phone) = self.phone_on_file(who).await?
        {
            let to = Address::Phone(phone.into());
            return Ok(vec![Reached { account: None, to, language: Language::Zh }]);
        }
        let bound = move |state: &PatientState| {
            let of_way = state.addresses.iter().filter(|((_, bound), _)| *bound == way);
            let mut of_way: Vec<_> = of_way.map(|((account, _), sealed)| (account.clone(), sealed.clone())).collect();
            of_way.sort_by_key(|(account, _)| state.accounts.get(account).is_none_or(|relation| relation != "self"));
            of_way
        };
        let bound = self.shell.read(patient(who), bound).await?;
        if bound.is_empty() {
            return Ok(Vec::new());
        }
        let Some(key) = self.key_of_known(who).await? else { return Ok(Vec::new()) };
        let opened = bound
            .into_iter()
            .filter_map(|(account, sealed)| Some(reached(account, open(&key, who, ADDRESS, &sealed)?)));
        let most = if way == Way::Sms { 1 } else { usize::MAX };
        Ok(opened.take(most).collect())
    }

    /// The phone on somebody's file that is known to be theirs: the hospital has put it there, or it has said so itself, by a
    /// code. Who makes a claim by a number alone types any phone beside it. A guardian's, put there for a child, is no longer
    /// told of the grown-up.
    async fn phone_on_file(&self, who: &PatientId) -> Result<Option<String>, Rejection> {
        let is_confirmed = self.shell.read(patient(who), |state: &PatientState| state.confirmed > 0).await?;
        let record = self.readable_record(who).await?;
        let record = record.filter(|record| !is_confirmed || record.phone_speaks(self.today()));
        let Some(phone) = record.and_then(|record| record.phone) else { return Ok(None) };
        if !who.is_claim() {
            return Ok(Some(phone));
        }
        let Ok(member) = accounts::phone(self.keys.get(KeyName::Hash), &phone) else { return Ok(None) };
        let asked = who.clone();
        let has_agreed = move |state: &AccountState| state.agreements.values().any(|whom| whom.contains_key(&asked));
        Ok(self.shell.read(account(&member), has_agreed).await?.then_some(phone))
    }

    /// What an account has bound for a person of a way. None: there is nothing, or it cannot be read.
    pub(super) async fn kept(&self, by: &AccountId, who: &PatientId, way: Way) -> Result<Option<Kept>, Rejection> {
        let bound = (by.clone(), way);
        let sealed = self.shell.read(patient(who), move |state: &PatientState| state.addresses.get(&bound).cloned());
        let Some(sealed) = sealed.await? else { return Ok(None) };
        let key = self.key_of_known(who).await.ok().flatten();
        Ok(key.and_then(|key| open(&key, who, ADDRESS, &sealed)))
    }

    /// By what a browser knows the subscription that an account has bound for a person as its own: SHA-256 of the endpoint,
    /// base64url. None: there is none, or it cannot be read.
    pub(super) async fn push_bound(&self, by: &AccountId, who: &PatientId) -> Result<Option<String>, Rejection> {
        Ok(match self.kept(by, who, Way::Push).await? {
            Some(Kept::Bound { to: ChannelAddress::Push { endpoint, .. }, .. }) => {
                Some(URL_SAFE_NO_PAD.encode(Sha256::digest(endpoint)))
            }
            _ => None,
        })
    }
}
