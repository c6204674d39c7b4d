//! Persons: made known under an id derived from their document, read by whoever may, forgotten when their key is gone.
//! Clear records exist here only, between a door and the sealed bytes of the patient's owner.

use std::collections::BTreeSet;

use jiaohao_actors::shell::Origin;
use jiaohao_actors::shell::ledger::KEY_TTL_MS;
use jiaohao_domain::patient::{Identity, State};
use jiaohao_domain::person::{
    Document, DocumentKind, PatientBrief, PersonRecord, Relation, Sex, checked_birth_date, checked_name,
};
use jiaohao_domain::vocabulary::{OutsidePatient, Proof, ToAccount, ToPatient, is_outside_number};
use jiaohao_domain::{AccountId, BusinessDate, Code, PatientId, Principal, Rejection, Role, SiteId};
use uuid::Uuid;

use super::bearers::Confirms;
use super::family::{acts_for, as_identifier};
use super::{House, account, patient};
use crate::http::requests::RegisterPerson;
use crate::identity::accounts;
use crate::identity::audit::AuditLine;
use crate::identity::keys::{Key, KeyName};
use crate::identity::person_keys::{PersonKeyError, PersonKeys};
use crate::identity::persons::{open, patient_id, provisional, provisional_by, provisional_of, seal};
use crate::identity::tokens::Claims;
use jiaohao_domain::redacted::Redacted;

/// What making a person known is called on the record and on the audit.
pub(super) const IDENTIFY: &str = "identify_person";

/// How often a door begins anew, where a person's file was changed while it asked.
pub(super) const FILE_ROUNDS: usize = 3;

const RECORD: &str = "record";
const BIRTH_DATE: &str = "birth_date";

/// Somebody to be made known, checked.
pub(super) struct Person {
    /// Who bears the document.
    pub(super) who: PatientId,
    pub(super) record: PersonRecord,
    pub(super) relation: Relation,
    /// What was sent to the person's own phone.
    pub(super) code: Option<Redacted<String>>,
    replace: bool,
    /// The number of the confirmation that it replaces; none: the one that stands.
    replaces: Option<u64>,
    keyed: Option<Keyed>,
}

impl Person {
    /// Whether somebody of that role has a document of the person in hand.
    pub(super) fn is_seen_by(&self, role: Role) -> bool {
        role == Role::Desk && !self.record.documents.is_empty()
    }
}

/// The idempotency key under which somebody is made known.
pub(super) struct Keyed {
    principal: Principal,
    key: Uuid,
    /// What was asked, for its digest.
    asked: Vec<u8>,
}

impl Keyed {
    /// The digest is made with the person's own key: it says nothing once that is gone.
    fn origin(&self, key: &Key) -> Origin {
        let mut body_hash = [0; 16];
        body_hash.copy_from_slice(&key.mac(&[b"asked", &self.asked])[..16]);
        let (principal, name) = (self.principal.clone(), IDENTIFY.to_owned());
        Origin::Client { principal, name, key: Some(self.key.as_u128()), body_hash }
    }
}

impl House {
    pub(super) async fn identity_of(&self, who: &PatientId) -> Result<Option<Identity>, Rejection> {
        self.shell.read(patient(who), |state: &State| state.identity.clone()).await
    }

    /// None also when the key cannot be had: the class is the desk's to give then, and nobody is kept out for it.
    pub(super) async fn open_birth_date(&self, who: &PatientId, sealed: &[u8]) -> Option<BusinessDate> {
        let key = self.key_of_known(who).await.ok()??;
        open::<Option<BusinessDate>>(&key, who, BIRTH_DATE, sealed)?
    }

    /// Asks the keys of persons where blocking is allowed: they are files. What cannot be had is named for the operator,
    /// with its file; nobody else is the worse for it.
    pub(super) async fn ask_keys<T: Send + 'static>(
        &self,
        who: &PatientId,
        ask: impl FnOnce(&PersonKeys, &PatientId) -> Result<T, PersonKeyError> + Send + 'static,
    ) -> Result<T, Rejection> {
        let (keys, asked) = (self.person_keys.clone(), who.clone());
        let answer = tokio::task::spawn_blocking(move || ask(&keys, &asked)).await.map_err(|_| Code::Internal)?;
        answer.map_err(|error| unreadable(who, &error))
    }

    /// The key of somebody who is known; none when it has been destroyed.
    pub(super) async fn key_of_known(&self, who: &PatientId) -> Result<Option<Key>, Rejection> {
        self.ask_keys(who, PersonKeys::of_known).await
    }

    /// The clear record, for a door that has been allowed to show it; under another id of somebody the one of the person.
    pub(super) async fn clear_record(&self, who: &PatientId) -> Result<Option<PersonRecord>, Rejection> {
        self.own_record(&self.bearer_of(who.clone()).await?).await
    }

    /// What was said under that very id.
    pub(super) async fn own_record(&self, who: &PatientId) -> Result<Option<PersonRecord>, Rejection> {
        let Some(identity) = self.identity_of(who).await? else { return Ok(None) };
        Ok(self.key_of_known(who).await?.and_then(|key| open(&key, who, RECORD, &identity.sealed)))
    }

    /// As [`Self::clear_record`]; none also when this one person's record cannot be read.
    pub(super) async fn readable_record(&self, who: &PatientId) -> Result<Option<PersonRecord>, Rejection> {
        match self.clear_record(who).await {
            Err(why) if matches!(why.code, Code::Internal | Code::OwnerFailed) => Ok(None),
            read => read,
        }
    }

    /// Everything of somebody as it may be kept: the name can be read, the dates are of people who live, the phone is one. Who
    /// is known by another document is that person.
    pub(super) async fn checked_person(
        &self,
        claims: &Claims,
        asked: RegisterPerson,
        key: Option<Uuid>,
    ) -> Result<Person, Rejection> {
        self.check_fresh(key)?;
        let today = self.zone_of(claims.site.as_ref().map(SiteId::as_str)).date(self.shell.clock.clinic());
        let name = checked_name(&asked.name)?;
        if let Some(birth_date) = asked.birth_date {
            checked_birth_date(birth_date, today)?;
        }
        // At a kiosk nobody looks who types: a phone beside somebody's document would be told of their calls.
        let typed = asked.phone.as_deref().filter(|_| claims.role != Role::Kiosk);
        let phone = match typed.map(str::trim).filter(|phone| !phone.is_empty()) {
            Some(phone) => {
                let normal = accounts::normal_phone(phone);
                Some(normal.ok_or_else(|| Rejection::field("phone", "phone: not a phone number"))?)
            }
            None => None,
        };
        let (who, document) = self.id_of_document(claims, &asked, key)?;
        let who = self.bearer_of(who).await?;
        if document.is_some() && asked.birth_date.is_none() {
            return Err(Rejection::field("birth_date", "birth_date: whoever has a document has one"));
        }
        let keyed = key.map(|key| Keyed {
            principal: claims.principal(),
            key,
            asked: serde_json::to_vec(&asked).expect("invariant: what was asked is plain JSON"),
        });
        let record = PersonRecord {
            name,
            phone,
            phone_since: None,
            documents: document.into_iter().collect(),
            birth_date: asked.birth_date,
            sex: asked.sex,
        };
        let (relation, replace, replaces) = (asked.relation.unwrap_or(Relation::Own), asked.replace, asked.replaces);
        Ok(Person { who, record, relation, code: asked.code.map(Redacted::new), replace, replaces, keyed })
    }

    /// A key that a command could have too, and not so old that it may have been forgotten.
    fn check_fresh(&self, key: Option<Uuid>) -> Result<(), Rejection> {
        self.check_key(key)?;
        // Clients go by clinic or machine time; the earlier one counts.
        let now_ms = self.shell.clock.clinic().min(self.machine_now()).0;
        let made_ms = key.map(|key| i64::try_from(key.as_u128() >> 80).unwrap_or(i64::MAX));
        match made_ms {
            Some(made_ms) if now_ms.saturating_sub(made_ms) > KEY_TTL_MS => Err(Code::IdempotencyKeyExpired.into()),
            _ => Ok(()),
        }
    }

    /// The id that a person's document gives, and the document in normal form. A hospital's own number is for its staff,
    /// somebody without any document for its desk: chance, or the key under which it asks.
    fn id_of_document(
        &self,
        claims: &Claims,
        person: &RegisterPerson,
        key: Option<Uuid>,
    ) -> Result<(PatientId, Option<Document>), Rejection> {
        if person.document_kind == "none" && claims.role == Role::Desk {
            // The answer may be lost on the way: the same key is the same person.
            let asked_as = |key: Uuid| provisional_by(self.keys.get(KeyName::SiteGroup), &claims.account, key);
            return Ok((key.map_or_else(provisional, asked_as), None));
        }
        let (kind, number) = (&person.document_kind, &person.document_number);
        let (who, document) = self.id_of_number(claims, kind, number, person.site.as_ref())?;
        if let Some(document) = &document {
            if document.birth_date().is_some_and(|date| Some(date) != person.birth_date) {
                return Err(Rejection::field("birth_date", "the birth date is not the document's"));
            }
            if person.sex != Sex::Unknown && document.sex().is_some_and(|sex| sex != person.sex) {
                return Err(Rejection::field("sex", "the sex is not the document's"));
            }
        }
        Ok((who, document))
    }

    /// The id that a number of that kind gives, and the document in normal form; a hospital's card is none.
    pub(super) fn id_of_number(
        &self,
        claims: &Claims,
        kind: &str,
        number: &str,
        site: Option<&SiteId>,
    ) -> Result<(PatientId, Option<Document>), Rejection> {
        let group = self.keys.get(KeyName::SiteGroup);
        match kind {
            "hospital_card" if claims.role != Role::Patient => match site {
                Some(at) if claims.site.as_ref() != Some(at) => {
                    Err(Rejection::field("site", "site: the card is of another site"))
                }
                None => Err(Rejection::field("site", "site: needed with a hospital's card")),
                Some(_) if !is_outside_number(number.trim()) => Err(Rejection::field(
                    "document_number",
                    "document_number: 1 to 64 visible characters on a hospital's card",
                )),
                Some(at) => Ok((provisional_of(group, at.as_str(), number), None)),
            },
            kind => {
                let kind: DocumentKind = serde_json::from_value(serde_json::Value::String(kind.to_owned()))
                    .map_err(|_| Rejection::field("document_kind", "unknown kind of document"))?;
                let document = Document::checked(kind, number)?;
                let number = Redacted::new(document.number.clone());
                Ok((patient_id(group, kind_name(kind), &number), Some(document)))
            }
        }
    }

    /// What a phone says: somebody claims to be, or to act for, the bearer of a document. Known and unknown numbers are
    /// answered alike, because the bearer's owner is not touched: a number alone makes a claim of the account's own. Only
    /// whose phone the desk has put on the bearer's file acts for the bearer.
    pub(super) async fn register_own(&self, claims: &Claims, person: Person) -> Result<PatientBrief, Rejection> {
        for _ in 0..FILE_ROUNDS {
            if let Some(brief) = self.register_as_meant(claims, &person).await? {
                return Ok(brief);
            }
        }
        Err(Code::Overloaded.into())
    }

    /// None: the phone was taken off the person's file meanwhile.
    async fn register_as_meant(&self, claims: &Claims, person: &Person) -> Result<Option<PatientBrief>, Rejection> {
        let (who, proof) = self.meant(claims, person).await?;
        let comes_of_age = self.whose_age(&who, person).await?;
        let Person { who: bearer, record, relation, keyed, .. } = person;
        let is_by_file = proof == Proof::OnFile;
        // Its limits first: what they refuse leaves nothing behind.
        let claim = self.claim_by(&claims.account, &record.documents);
        let to_account = acts_for(who.clone(), *relation, claim, comes_of_age, proof);
        self.shell.ask(account(&claims.account), to_account.into(), as_identifier(claims)).await?;
        if is_by_file && !self.is_still_on_file(&claims.account, &who, *relation).await? {
            return Ok(None);
        }
        let brief = if who == *bearer {
            self.join_claim(&claims.account, bearer, &record.documents).await?;
            record.brief(who)
        } else {
            self.claim(who, record, keyed.as_ref()).await?
        };
        if !is_by_file {
            let to_patient = ToPatient::Relate { account: claims.account.clone(), relation: *relation, granted: true };
            self.shell.ask(patient(&brief.patient), to_patient.into(), Origin::Shell).await?;
        }
        self.bind_phone(&claims.account, &brief.patient).await;
        self.bind_known_openid(&claims.account, &brief.patient).await;
        Ok(Some(brief))
    }

    /// Asks the person's owner once more, after the account acts by the file. Where another phone is on it by now, the right
    /// has ended when this returns; should the door die before it asks, the two owners end it between them.
    async fn is_still_on_file(&self, by: &AccountId, who: &PatientId, relation: Relation) -> Result<bool, Rejection> {
        let relate = ToPatient::RelateOnFile { account: by.clone(), relation };
        match self.shell.ask(patient(who), relate.into(), Origin::Shell).await {
            Err(why) if why.code == Code::Forbidden => {}
            other => return other.map(|_| true),
        }
        let end = ToAccount::AnotherPhoneOnFile { patient: who.clone() };
        self.shell.ask(account(by), end.into(), Origin::Shell).await?;
        self.relearn(by).await?;
        Ok(false)
    }

    /// Whether the person was confirmed with proof seen, and this account's phone was put on file as the person's own word.
    pub(super) async fn has_phone_on_file(&self, bearer: &PatientId, who: &AccountId) -> Result<bool, Rejection> {
        if !self.identity_of(bearer).await?.is_some_and(|identity| identity.real_name) {
            return Ok(false);
        }
        let record = self.readable_record(bearer).await?;
        let phone = record.filter(|record| record.phone_speaks(self.today())).and_then(|record| record.phone);
        let on_file = phone.and_then(|phone| accounts::phone(self.keys.get(KeyName::Hash), &phone).ok());
        Ok(on_file.as_ref() == Some(who))
    }

    /// Makes a person known at a hospital; the same document is the same person. Only the desk sees proof, and only of a
    /// document. Something else than what proof was seen for is a conflict, unless the desk says that it replaces it. So is
    /// another phone: it takes the place of the one on file, and nobody else's phone acts for the person any more.
    pub(super) async fn register_here(&self, claims: &Claims, person: Person) -> Result<PatientBrief, Rejection> {
        if !person.is_seen_by(claims.role) {
            self.kiosk_asks(claims)?;
            let known = self.readable_record(&person.who).await?;
            self.tries_document(claims, &person.record, known.as_ref())?;
            let record = person.record.with_documents_of(known.as_ref());
            let brief = self.identify(person.who, &record, person.keyed.as_ref(), None).await?;
            // Who was confirmed keeps the name: whoever has mistyped the number is told another than they have sent.
            let is_confirmed = self.identity_of(&brief.patient).await?.is_some_and(|identity| identity.real_name);
            return Ok(match known.filter(|_| is_confirmed) {
                Some(bearer) => bearer.brief(brief.patient),
                None => brief,
            });
        }
        for round in 0..FILE_ROUNDS {
            // What another desk has confirmed meanwhile is nothing that this one has said to be wrong.
            let may_replace = person.replace && round == 0;
            if let Some(brief) = self.confirm(claims, &person, may_replace).await? {
                return Ok(brief);
            }
        }
        Err(Code::Overloaded.into())
    }

    /// None: another desk has confirmed the person meanwhile.
    async fn confirm(
        &self,
        claims: &Claims,
        person: &Person,
        may_replace: bool,
    ) -> Result<Option<PatientBrief>, Rejection> {
        let who = &person.who;
        let number = self.shell.read(patient(who), |state: &State| state.confirmed).await?;
        let is_confirmed = number > 0;
        let known = if is_confirmed { self.readable_record(who).await? } else { None };
        let (mut phone_before, mut born_before) = (None, None);
        let record = person.record.clone().with_phone_on_file(known.as_ref(), self.today());
        let record = record.with_documents_of(known.as_ref());
        if let Some(known) = known {
            let is_another_phone = known.phone.is_some() && known.phone != record.phone;
            let differs = [
                ("name", known.name != record.name),
                ("sex", known.sex != record.sex),
                ("birth_date", known.birth_date != record.birth_date),
                ("phone", is_another_phone),
            ];
            let differs: Vec<String> =
                differs.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what.to_owned()).collect();
            let is_meant = may_replace && person.replaces.is_none_or(|seen| seen == number);
            if !differs.is_empty() && !is_meant {
                let why = "this document's bearer was confirmed otherwise; `replace` says that the old was wrong";
                let refused = Rejection::new(Code::AlreadyExists, why).with("differs", differs);
                return Err(refused.with("confirmed", i64::try_from(number).unwrap_or(i64::MAX)));
            }
            (phone_before, born_before) = (known.phone, Some(known.birth_date));
        }
        let confirms = self.confirms(number, &record)?;
        let brief = match self.identify(who.clone(), &record, person.keyed.as_ref(), Some(confirms)).await {
            Err(why) if why.code == Code::AlreadyExists => return Ok(None),
            confirmed => confirmed?,
        };
        let PersonRecord { phone, birth_date: born, documents, .. } = record;
        if born_before.is_some_and(|before| before != born) {
            self.judge_rights_anew(&brief.patient, born).await?;
        }
        if let Some(phone) = phone {
            let on_file = accounts::phone(self.keys.get(KeyName::Hash), &phone)?;
            self.join_claim(&on_file, &brief.patient, &documents).await?;
            let ended = self.end_other_phones(&brief.patient, &phone, phone_before.as_deref()).await?;
            if is_confirmed && (!ended.is_empty() || phone_before.as_ref() != Some(&phone)) {
                let about = std::iter::once(brief.patient.to_string()).chain(ended.iter().map(ToString::to_string));
                self.audit.note(AuditLine::new(claims, "change_phone", about, Ok(()), self.machine_now()));
            }
        }
        Ok(Some(brief))
    }

    /// Whom a phone on file lets act for a person, only that phone does: what other phones' accounts were to the person by
    /// the file ends, with their connections; what the person has agreed to stands. Again at each confirmation, should an end have been lost between two owners.
    async fn end_other_phones(
        &self,
        who: &PatientId,
        on_file: &str,
        before: Option<&str>,
    ) -> Result<BTreeSet<AccountId>, Rejection> {
        let hash_key = self.keys.get(KeyName::Hash);
        let mut others = self.acting_for(who).await?;
        others.extend(before.and_then(|before| accounts::phone(hash_key, before).ok()));
        others.remove(&accounts::phone(hash_key, on_file)?);
        let mut ended = BTreeSet::new();
        for other in &others {
            let end = ToAccount::AnotherPhoneOnFile { patient: who.clone() };
            self.shell.ask(account(other), end.into(), Origin::Shell).await?;
            let asked = who.clone();
            let acts = move |state: &jiaohao_domain::account::State| state.relations.contains_key(&asked);
            if self.shell.read(account(other), acts).await? {
                continue;
            }
            self.relearn(other).await?;
            let (relation, granted) = (Relation::Own, false);
            let shown = ToPatient::Relate { account: other.clone(), relation, granted };
            self.shell.ask(patient(who), shown.into(), Origin::Shell).await?;
            ended.insert(other.clone());
        }
        Ok(ended)
    }

    /// Somebody whom the hospital's own system names by its patient number.
    pub(super) async fn outside_person(
        &self,
        site: &SiteId,
        person: &OutsidePatient,
    ) -> Result<(PatientBrief, Option<BusinessDate>), Rejection> {
        let named = provisional_of(self.keys.get(KeyName::SiteGroup), site.as_str(), &person.number);
        let who = self.bearer_of(named.clone()).await?;
        let known = self.identity_of(&who).await?;
        // Who is known by a document is not renamed by the hospital's system.
        match (person.name.as_ref().filter(|_| who == named), known) {
            (None, Some(identity)) => {
                let birth_date = self.open_birth_date(&who, &identity.birth_date_sealed).await;
                Ok((identity.brief, birth_date))
            }
            (name, _) => {
                let record = PersonRecord {
                    name: name.cloned().unwrap_or_default(),
                    phone: None,
                    phone_since: None,
                    documents: Vec::new(),
                    birth_date: person.birth_date,
                    sex: person.sex.unwrap_or(Sex::Unknown),
                };
                Ok((self.identify(who, &record, None, None).await?, person.birth_date))
            }
        }
    }

    /// Seals the record with the person's key and tells the person's owner, with proof seen or as it was said. The key is on disk before. Where a known
    /// person's key cannot be had there is no second one beside it: what is known stays, and lets the person in.
    pub(super) async fn identify(
        &self,
        who: PatientId,
        record: &PersonRecord,
        keyed: Option<&Keyed>,
        confirms: Option<Confirms>,
    ) -> Result<PatientBrief, Rejection> {
        // Before the key is written: a full disk is answered by its name.
        self.shell.check_writable()?;
        if let Some(known) = self.identity_of(&who).await? {
            let Ok(key) = self.key_of_known(&who).await else { return Ok(known.brief) };
            let kept = key.and_then(|key| open::<PersonRecord>(&key, &who, RECORD, &known.sealed));
            if (known.real_name || confirms.is_none()) && kept.is_some_and(|kept| kept == *record) {
                return Ok(record.brief(who));
            }
        }
        let key = self.ask_keys(&who, PersonKeys::make).await?;
        let (brief, real_name) = (record.brief(who.clone()), confirms.is_some());
        let birth_date_sealed = seal(&key, &who, BIRTH_DATE, &record.birth_date);
        let sealed = seal(&key, &who, RECORD, record);
        let message = match confirms {
            Some(Confirms { replaces, on_file }) => {
                let identity = Identity { brief: brief.clone(), birth_date_sealed, sealed, real_name };
                ToPatient::ConfirmIdentity { identity, replaces, on_file }
            }
            None => ToPatient::Identify { brief: brief.clone(), birth_date_sealed, sealed, real_name },
        };
        let origin = keyed.map_or(Origin::Shell, |keyed| keyed.origin(&key));
        self.shell.ask(patient(&who), message.into(), origin).await?;
        Ok(brief)
    }
}

fn unreadable(who: &PatientId, error: &PersonKeyError) -> Rejection {
    metrics::counter!("person_keys_unreadable_total").increment(1);
    tracing::error!(patient = %who, %error, "a person's key cannot be used");
    Rejection::new(Code::Internal, "this person's key cannot be used; the operator's log names the file")
}

pub(super) fn kind_name(kind: DocumentKind) -> &'static str {
    match kind {
        // The number in the household register is the child's resident identity number: the same person.
        DocumentKind::ResidentId | DocumentKind::HouseholdRegister => "resident_id",
        DocumentKind::BirthCertificate => "birth_certificate",
        DocumentKind::HongKongMacaoPermit => "hong_kong_macao_permit",
        DocumentKind::TaiwanPermit => "taiwan_permit",
        DocumentKind::PermanentResidence => "permanent_residence",
        DocumentKind::Passport => "passport",
    }
}
