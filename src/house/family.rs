//! Who acts for whom, as doors ask it: a grown-up's own phone is asked for its word, the desk gives a word for who stands
//! there, and everybody sees who acts for them. What is decided, the account's owner decides.

use std::collections::BTreeSet;

use jiaohao_actors::shell::Origin;
use jiaohao_domain::account::{Account, Acts, Agreed, State as AccountState};
use jiaohao_domain::owner::{Context, Draft, Owner};
use jiaohao_domain::patient::State as PatientState;
use jiaohao_domain::person::{Document, PatientBrief, PersonRecord, Relation, comes_of_age};
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::{EndRelation, GrantRelation, Proof, ToAccount, ToPatient};
use jiaohao_domain::{AccountId, BusinessDate, Code, PatientId, Rejection, Role, Timestamp};
use serde_json::{Value, json};

use super::commands::Addressed;
use super::persons::{IDENTIFY, Keyed, Person, kind_name};
use super::{House, account, patient};
use crate::identity::accounts;
use crate::identity::audit::AuditLine;
use crate::identity::codes::{self, CodeMessage, Purpose};
use crate::identity::keys::KeyName;
use crate::identity::persons::claim_of;
use crate::identity::tokens::Claims;

impl House {
    /// The first moment of somebody's 18th birthday, where the house stands.
    pub(super) fn comes_of_age(&self, birth_date: Option<BusinessDate>) -> Option<Timestamp> {
        birth_date.map(|born| self.zone_of(None).moment(comes_of_age(born), chrono::NaiveTime::MIN))
    }

    /// The day where the house stands.
    pub(super) fn today(&self) -> BusinessDate {
        self.zone_of(None).date(self.shell.clock.clinic())
    }

    /// Whom a phone means by a document, and what speaks for it. Only whose phone is on the bearer's file acts for the
    /// bearer, or who has the word of that phone; anybody else is, or acts for, a claim of the account's own.
    pub(super) async fn meant(&self, claims: &Claims, person: &Person) -> Result<(PatientId, Proof), Rejection> {
        let is_own_file = self.has_phone_on_file(&person.who, &claims.account).await?;
        let is_theirs = match &person.code {
            Some(_) if !is_own_file => self.has_phone_on_file(&person.who, &self.own_phone_of(person)?).await?,
            _ => is_own_file,
        };
        let who = match self.claim_by(&claims.account, &person.record.documents) {
            Some(claim) if !is_theirs => claim,
            _ => person.who.clone(),
        };
        let proof = match &person.code {
            Some(code) => Proof::Code { hash: self.hash_of_consent(claims, &who, code) },
            None if is_own_file => Proof::OnFile,
            None => Proof::Said,
        };
        Ok((who, proof))
    }

    /// When somebody comes of age: the confirmed bearer by what proof was seen for, anybody else by what is said.
    pub(super) async fn whose_age(&self, who: &PatientId, person: &Person) -> Result<Option<Timestamp>, Rejection> {
        let confirmed = match *who == person.who {
            true => self.clear_record(who).await?.and_then(|record| record.birth_date),
            false => None,
        };
        Ok(self.comes_of_age(confirmed.or(person.record.birth_date)))
    }

    /// One person takes places, and a position in a line, under one id: a claim whose bearer is confirmed is refused, and
    /// told who it is.
    pub(super) async fn is_not_confirmed_since(&self, claims: &Claims, who: &PatientId) -> Result<(), Rejection> {
        let Some(bearer) = self.confirmed_instead(claims, who).await? else { return Ok(()) };
        // Again, should it have been lost when the bearer was confirmed.
        self.shell.ask(patient(who), ToPatient::Join { bearer: bearer.clone() }.into(), Origin::Shell).await?;
        let why = "the person is confirmed since: book for them and no longer by the number alone";
        Err(Rejection::new(Code::AlreadyExists, why).with("patient", bearer.as_str()))
    }

    /// The bearer of a document for whom the account acts by now, where it once claimed the same number.
    pub(super) async fn confirmed_instead(
        &self,
        claims: &Claims,
        claim: &PatientId,
    ) -> Result<Option<PatientId>, Rejection> {
        if !claim.is_claim() || claims.role != Role::Patient {
            return Ok(None);
        }
        let bearers = |state: &AccountState| {
            state.relations.keys().filter(|who| !who.is_claim()).cloned().collect::<Vec<PatientId>>()
        };
        for bearer in self.shell.read(account(&claims.account), bearers).await? {
            let documents = self.readable_record(&bearer).await?.map(|record| record.documents).unwrap_or_default();
            if documents.chunks(1).any(|one| self.claim_by(&claims.account, one).as_ref() == Some(claim)) {
                return Ok(Some(bearer));
            }
        }
        Ok(None)
    }

    /// What that account has booked by the number of these documents alone counts with their confirmed bearer from now on.
    pub(super) async fn join_claim(
        &self,
        who: &AccountId,
        bearer: &PatientId,
        documents: &[Document],
    ) -> Result<(), Rejection> {
        match self.claim_by(who, documents).filter(|claim| claim != bearer) {
            Some(claim) if self.knows(patient(&claim)).await => {
                let join = ToPatient::Join { bearer: bearer.clone() };
                self.shell.ask(patient(&claim), join.into(), Origin::Shell).await.map(drop)
            }
            _ => Ok(()),
        }
    }

    /// The desk's word was taken: what the account of that phone has booked by the number counts, too, and WeChat tells it.
    pub(super) async fn join_granted(&self, bearer: &PatientId, phone: &str) -> Result<(), Rejection> {
        let who = accounts::phone(self.keys.get(KeyName::Hash), phone)?;
        self.bind_known_openid(&who, bearer).await;
        let documents = self.readable_record(bearer).await?.map(|record| record.documents).unwrap_or_default();
        if bearer.is_claim() { Ok(()) } else { self.join_claim(&who, bearer, &documents).await }
    }

    /// A code is good for one account, one person.
    fn hash_of_consent(&self, claims: &Claims, who: &PatientId, code: &Redacted<String>) -> String {
        let of = AccountId::from(format!("{}/{who}", claims.account));
        codes::hash(self.keys.get(KeyName::Hash), &of, code)
    }

    /// The account of the phone that somebody gives as the person's own.
    fn own_phone_of(&self, person: &Person) -> Result<AccountId, Rejection> {
        let missing = || Rejection::field("phone", "phone: the person's own is asked");
        accounts::phone(self.keys.get(KeyName::Hash), person.record.phone.as_deref().ok_or_else(missing)?)
    }

    /// Sends a code to the own phone of a grown-up for whom somebody wants to act.
    pub(super) async fn ask_consent(&self, claims: &Claims, mut person: Person) -> Result<Value, Rejection> {
        let code = codes::draw();
        person.code = Some(code.clone());
        let member = self.own_phone_of(&person)?;
        self.phone_for_code(person.record.phone.as_deref().unwrap_or_default())?;
        let (who, _) = self.meant(claims, &person).await?;
        let comes_of_age = self.whose_age(&who, &person).await?;
        let ask = ToAccount::AskConsent {
            relation: person.relation,
            comes_of_age,
            code_hash: self.hash_of_consent(claims, &who, &code),
            patient: who,
            member: member.clone(),
            expires_at: self.code_ends_at(self.shell.clock.clinic()),
        };
        // What the owner would refuse takes nobody's turn; what the phone's limit refuses leaves the code before it good.
        self.would_decide(claims, ask.clone()).await.map_err(|why| self.in_true_seconds(why))?;
        self.limits.consent(&member)?;
        let asked = self.shell.ask(account(&claims.account), ask.into(), as_client(claims, "ask_consent")).await;
        asked.map_err(|why| self.in_true_seconds(why))?;
        let phone = Redacted::new(person.record.phone.unwrap_or_default());
        let ttl_s = self.settings.identity.code_ttl_s;
        let expires_at = self.machine_now().plus_s(ttl_s);
        self.send_code(CodeMessage { phone, code, expires_at, purpose: Purpose::Consent })?;
        self.audit.note(AuditLine::new(claims, "ask_consent", [&member], Ok(()), self.machine_now()));
        Ok(json!({ "expires_in_s": ttl_s, "sent_to": self.codes.sends_to() }))
    }

    /// Whether the own account's owner would decide so now: its very decision, on a copy.
    async fn would_decide(&self, claims: &Claims, command: ToAccount) -> Result<(), Rejection> {
        let context = Context { now: self.shell.clock.clinic(), principal: claims.principal(), seed: 0 };
        let would = move |state: &AccountState| {
            let mut copy = state.clone();
            Account::decide(&mut Draft::new(&mut copy), command, &context).map(drop)
        };
        self.shell.read(account(&claims.account), would).await?
    }

    /// A phone that a code may be sent to. By text message those of the countries that the hospital has named: a message to
    /// others costs what a stranger likes, and who has such a number is the desk's.
    pub(super) fn phone_for_code(&self, number: &str) -> Result<String, Rejection> {
        let phone =
            accounts::normal_phone(number).ok_or_else(|| Rejection::field("phone", "phone: not a phone number"))?;
        let Some(sms) = Some(&self.settings.sms).filter(|sms| sms.url.is_some()) else { return Ok(phone) };
        let is_of =
            |country: &String| phone.strip_prefix('+').is_some_and(|digits| digits.starts_with(country.as_str()));
        match sms.countries.iter().any(is_of) {
            true => Ok(phone),
            false => {
                let why = "phone: no codes are sent to that country; the desk helps";
                Err(Rejection::field("phone", why).with("what", "country"))
            }
        }
    }

    /// Hands a code over for sending.
    pub(super) fn send_code(&self, message: CodeMessage) -> Result<(), Rejection> {
        self.codes.send(message).map_err(|why| {
            tracing::warn!(%why, "a one-time code could not be sent");
            Rejection::new(Code::Overloaded, "the code could not be sent; try again shortly")
        })
    }

    /// Where the desk's word goes: to the account of the phone of who is to act.
    pub(super) async fn address_grant(&self, c: GrantRelation) -> Result<Addressed, Rejection> {
        let who = accounts::phone(self.keys.get(KeyName::Hash), &c.phone)?;
        let record = self.clear_record(&c.patient).await?;
        let comes_of_age = self.comes_of_age(record.as_ref().and_then(|record| record.birth_date));
        let GrantRelation { patient, relation, .. } = c;
        let claim = record.and_then(|record| self.claim_by(&who, &record.documents));
        Ok((account(&who), acts_for(patient, relation, claim, comes_of_age, Proof::AtDesk).into()))
    }

    /// What an account calls the bearer of these documents by the number alone.
    pub(super) fn claim_by(&self, who: &AccountId, documents: &[Document]) -> Option<PatientId> {
        let document = documents.first()?;
        let number = Redacted::new(document.number.clone());
        Some(claim_of(self.keys.get(KeyName::SiteGroup), who, kind_name(document.kind), &number))
    }

    /// Of a phone it is decided by the own account: it gives up what it is to somebody, or takes its own word back. What
    /// somebody else is to the confirmed person whose own phone it is ends there, by whoever's word it was.
    pub(super) async fn address_end(&self, claims: &Claims, c: EndRelation) -> Result<Addressed, Rejection> {
        let EndRelation { patient, account: whose } = c;
        match whose {
            Some(whose) if claims.role != Role::Patient || self.is_bearers_to_end(claims, &patient, &whose).await? => {
                Ok((account(&whose), ToAccount::EndRelation { patient }.into()))
            }
            Some(other) if other != claims.account => {
                let message = ToAccount::WithdrawAgreement { account: other, patient };
                Ok((account(&claims.account), message.into()))
            }
            _ if claims.role == Role::Patient => {
                Ok((account(&claims.account), ToAccount::EndRelation { patient }.into()))
            }
            _ => Err(Rejection::field("account", "account: whose right ends")),
        }
    }

    /// Whether somebody else acts for the person who this account is, and not by the word of its phone, which it takes back
    /// itself.
    async fn is_bearers_to_end(&self, claims: &Claims, whom: &PatientId, other: &AccountId) -> Result<bool, Rejection> {
        let (asked, by) = (whom.clone(), other.clone());
        let is_so = move |state: &AccountState| state.is_bearer(&asked) && !state.has_agreed(&by, &asked);
        let may_end = *other != claims.account && self.shell.read(account(&claims.account), is_so).await?;
        Ok(may_end && self.acting_for(whom).await?.contains(other))
    }

    /// For whom this account acts, whose guardian it was, who acts by this phone's word, and who else acts for the confirmed
    /// person whose own account it is.
    pub(super) async fn read_family(&self, claims: &Claims) -> Result<Value, Rejection> {
        self.judge_of_before(&claims.account).await?;
        let state = self.shell.read(account(&claims.account), AccountState::clone).await?;
        let zone = self.zone_of(None);
        let mut family = Vec::new();
        for (who, acts) in &state.relations {
            let mut one = shown(who, acts, zone);
            one["push"] = json!(self.push_bound(&claims.account, who).await?);
            one["wechat"] = json!(self.is_told_by_wechat(&claims.account, who).await?);
            family.push(one);
        }
        let mut grown = Vec::new();
        for (who, since) in &state.grown {
            let masked_name = self.masked_name(who).await?;
            grown.push(json!({ "patient": who, "masked_name": masked_name, "since": zone.rfc3339(*since) }));
        }
        let mut agreements = Vec::new();
        for (other, persons) in &state.agreements {
            let masked_name = self.own_name(other).await?;
            agreements.extend(persons.iter().map(|(who, agreement)| {
                json!({
                    "patient": who,
                    "account": other,
                    "masked_name": masked_name,
                    "relation": agreement.relation,
                    "since": zone.rfc3339(agreement.since),
                })
            }));
        }
        let mut acting = Vec::new();
        for own in state.relations.keys().filter(|whom| state.is_bearer(whom)) {
            let is_another = |other: &AccountId| *other != state.id && !state.has_agreed(other, own);
            acting.extend(self.acting(own, zone, is_another).await?);
        }
        Ok(json!({ "family": family, "grown": grown, "agreements": agreements, "acting": acting }))
    }

    /// Who acts for a person, for the desk.
    pub(super) async fn read_acting(&self, claims: &Claims, who: &PatientId) -> Result<Value, Rejection> {
        let by = self.only_registered(claims, who).await?;
        self.audit.look(AuditLine::new(claims, "read_acting", [who], Ok(()), self.machine_now()).by(by)).await?;
        let zone = self.zone_of(claims.site.as_ref().map(AsRef::as_ref));
        Ok(json!({ "acting": self.acting(who, zone, |_| true).await? }))
    }

    /// Which of the accounts that count act for a person, and how.
    async fn acting(
        &self,
        who: &PatientId,
        zone: Zone,
        counts: impl Fn(&AccountId) -> bool,
    ) -> Result<Vec<Value>, Rejection> {
        let mut accounts = Vec::new();
        for other in self.acting_for(who).await?.into_iter().filter(counts) {
            self.judge_of_before(&other).await?;
            let asked = who.clone();
            // The account's word counts; the person's owner only shows it.
            let acts = move |state: &AccountState| state.relations.get(&asked).cloned();
            let Some(acts) = self.shell.read(account(&other), acts).await? else { continue };
            let mut one = shown(who, &acts, zone);
            one["masked_name"] = json!(self.own_name(&other).await?);
            one["account"] = json!(other);
            accounts.push(one);
        }
        Ok(accounts)
    }

    /// What an account is to somebody who was born then, judged anew.
    pub(super) async fn judge_right(
        &self,
        who: &AccountId,
        whom: &PatientId,
        born: Option<BusinessDate>,
    ) -> Result<(), Rejection> {
        let judge = ToAccount::BirthDateCorrected { patient: whom.clone(), comes_of_age: self.comes_of_age(born) };
        self.shell.ask(account(who), judge.into(), Origin::Shell).await?;
        self.relearn(who).await
    }

    /// What a phone says of whom it calls the bearer of a document: of another birth date every right to that claim is judged
    /// anew.
    pub(super) async fn claim(
        &self,
        who: PatientId,
        said: &PersonRecord,
        key: Option<&Keyed>,
    ) -> Result<PatientBrief, Rejection> {
        let before = self.own_record(&who).await.ok().flatten().map(|record| record.birth_date);
        let brief = self.identify(who, said, key, None).await?;
        if before.is_some_and(|before| before != said.birth_date) {
            self.judge_rights_anew(&brief.patient, said.birth_date).await?;
        }
        Ok(brief)
    }

    /// Every right to somebody whose birth date was another one, with the connections that hang on it.
    pub(super) async fn judge_rights_anew(&self, who: &PatientId, born: Option<BusinessDate>) -> Result<(), Rejection> {
        for other in self.acting_for(who).await? {
            self.judge_right(&other, who, born).await?;
        }
        Ok(())
    }

    /// Judges what an account is to others since before ends were recorded, as far as their birth dates can be read: before
    /// it is used or shown.
    pub(super) async fn judge_of_before(&self, who: &AccountId) -> Result<(), Rejection> {
        let unjudged = |state: &AccountState| {
            let unjudged = state.relations.iter().filter(|(_, acts)| acts.is_unjudged());
            unjudged.map(|(whom, _)| whom.clone()).collect::<Vec<PatientId>>()
        };
        for whom in self.shell.read(account(who), unjudged).await? {
            if let Some(born) = self.readable_record(&whom).await?.and_then(|record| record.birth_date) {
                self.judge_right(who, &whom, Some(born)).await?;
            }
        }
        Ok(())
    }

    /// Accounts that act for a person, as the person's owner shows them.
    pub(super) async fn acting_for(&self, who: &PatientId) -> Result<BTreeSet<AccountId>, Rejection> {
        self.shell.read(patient(who), |state: &PatientState| state.accounts.keys().cloned().collect()).await
    }

    /// The masked name of whose account it is.
    async fn own_name(&self, who: &AccountId) -> Result<Option<String>, Rejection> {
        let own = |state: &AccountState| {
            let own = |(_, acts): &(&PatientId, &Acts)| acts.relation == Relation::Own.wire();
            // The confirmed person's, where there is one.
            state.relations.iter().filter(own).map(|(who, _)| who.clone()).min_by_key(PatientId::is_claim)
        };
        match self.shell.read(account(who), own).await? {
            Some(own) => self.masked_name(&own).await,
            None => Ok(None),
        }
    }

    async fn masked_name(&self, who: &PatientId) -> Result<Option<String>, Rejection> {
        let masked = |state: &PatientState| state.identity.as_ref().map(|known| known.brief.masked_name.clone());
        self.shell.read(patient(who), masked).await
    }
}

/// How an account is told for whom it acts. `claim` is what it has called the bearer by the number alone.
pub(super) fn acts_for(
    patient: PatientId,
    relation: Relation,
    claim: Option<PatientId>,
    comes_of_age: Option<Timestamp>,
    proof: Proof,
) -> ToAccount {
    match claim.filter(|claim| relation == Relation::Own && *claim != patient) {
        Some(claim) => ToAccount::BeBearer { patient, claim, comes_of_age, proof },
        None => ToAccount::ActFor { patient, relation, comes_of_age, proof },
    }
}

/// An account's own word, in its name.
pub(super) fn as_client(claims: &Claims, what: &str) -> Origin {
    Origin::Client { principal: claims.principal(), name: what.to_owned(), key: None, body_hash: [0; 16] }
}

/// As who makes somebody known.
pub(super) fn as_identifier(claims: &Claims) -> Origin {
    as_client(claims, IDENTIFY)
}

fn shown(who: &PatientId, acts: &Acts, zone: Zone) -> Value {
    let agreed = match acts.agreed {
        Agreed::Own => "own",
        Agreed::OnFile => "on_file",
        Agreed::AtDesk => "at_desk",
        Agreed::ByPhone(_) => "by_phone",
    };
    json!({
        "patient": who,
        "relation": acts.relation,
        "agreed": agreed,
        "since": acts.since.map(|at| zone.rfc3339(at)),
        "ends_at": acts.ends_at.map(|at| zone.rfc3339(at)),
    })
}
