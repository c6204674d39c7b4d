//! Persons: made known under an id derived from their document, read by whoever may, forgotten when their key is gone.
//! Clear records exist here only, between a door and the sealed bytes of the patient's owner.

use jiaohao_actors::shell::Origin;
use jiaohao_domain::patient::State;
use jiaohao_domain::person::{
    Document, DocumentKind, PatientBrief, PersonRecord, Relation, Sex, checked_birth_date, checked_name,
};
use jiaohao_domain::vocabulary::{OutsidePatient, ToAccount, ToPatient};
use jiaohao_domain::{AccountId, BusinessDate, Code, PatientId, Rejection, Role, SiteId};

use super::{House, account, patient};
use crate::http::requests::RegisterPerson;
use crate::identity::accounts;
use crate::identity::keys::{Key, KeyName};
use crate::identity::person_keys::{PersonKeyError, PersonKeys};
use crate::identity::persons::{claim_of, open, patient_id, provisional, provisional_of, seal};
use crate::identity::tokens::Claims;
use jiaohao_domain::redacted::Redacted;

const RECORD: &str = "record";
const BIRTH_DATE: &str = "birth_date";

/// Longest number on a hospital's own card, in bytes.
const CARD_MAX: usize = 64;

/// Somebody to be made known, checked.
pub(super) struct Person {
    /// Who bears the document.
    who: PatientId,
    record: PersonRecord,
    relation: Relation,
    replace: bool,
}

impl House {
    /// The brief and birth date of somebody who has been made known.
    ///
    /// # Errors
    /// `forbidden` when nobody is known under that id.
    pub(super) async fn known_person(
        &self,
        who: &PatientId,
    ) -> Result<(PatientBrief, Option<BusinessDate>), Rejection> {
        let identity = self.identity_of(who).await?.ok_or(Code::Forbidden)?;
        let birth_date = self.open_birth_date(who, &identity.birth_date_sealed).await;
        Ok((identity.brief, birth_date))
    }

    /// The birth date of somebody, when known, not forgotten and readable.
    pub(super) async fn birth_date(&self, who: &PatientId) -> Result<Option<BusinessDate>, Rejection> {
        match self.identity_of(who).await? {
            Some(identity) => Ok(self.open_birth_date(who, &identity.birth_date_sealed).await),
            None => Ok(None),
        }
    }

    async fn identity_of(&self, who: &PatientId) -> Result<Option<jiaohao_domain::patient::Identity>, Rejection> {
        self.shell.read(patient(who), |state: &State| state.identity.clone()).await
    }

    /// None also when the key cannot be had: the class is the desk's to give then, and nobody is kept out for it.
    async fn open_birth_date(&self, who: &PatientId, sealed: &[u8]) -> Option<BusinessDate> {
        let key = self.key_of_known(who).await.ok()??;
        open::<Option<BusinessDate>>(&key, who, BIRTH_DATE, sealed)?
    }

    /// Asks the keys of persons where blocking is allowed: they are files. What cannot be had is named for the operator,
    /// with its file; nobody else is the worse for it.
    async fn ask_keys<T: Send + 'static>(
        &self,
        who: &PatientId,
        ask: impl FnOnce(&PersonKeys, &PatientId) -> Result<T, PersonKeyError> + Send + 'static,
    ) -> Result<T, Rejection> {
        let (keys, asked) = (self.person_keys.clone(), who.clone());
        let answer = tokio::task::spawn_blocking(move || ask(&keys, &asked)).await.map_err(|_| Code::Internal)?;
        answer.map_err(|error| unreadable(who, &error))
    }

    /// The key of somebody who is known; none when it has been destroyed.
    async fn key_of_known(&self, who: &PatientId) -> Result<Option<Key>, Rejection> {
        self.ask_keys(who, PersonKeys::of_known).await
    }

    /// The clear record, for a door that has been allowed to show it.
    pub(super) async fn clear_record(&self, who: &PatientId) -> Result<Option<PersonRecord>, Rejection> {
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

    /// Everything of somebody as it may be kept: the name can be read, the dates are of people who live, the phone is one.
    pub(super) fn checked_person(&self, claims: &Claims, asked: RegisterPerson) -> Result<Person, Rejection> {
        let today = self.zone_of(claims.site.as_ref().map(SiteId::as_str)).date(self.shell.clock.clinic());
        let name = checked_name(&asked.name)?;
        if let Some(birth_date) = asked.birth_date {
            checked_birth_date(birth_date, today)?;
        }
        let phone = match asked.phone.as_deref().map(str::trim).filter(|phone| !phone.is_empty()) {
            Some(phone) => {
                let normal = accounts::normal_phone(phone);
                Some(normal.ok_or_else(|| Rejection::new(Code::InvalidField, "phone: not a phone number"))?)
            }
            None => None,
        };
        let (who, document) = self.id_of_document(claims, &asked)?;
        if document.is_some() && asked.birth_date.is_none() {
            return Err(Rejection::new(Code::InvalidField, "birth_date: whoever has a document has one"));
        }
        let record = PersonRecord {
            name,
            phone,
            documents: document.into_iter().collect(),
            birth_date: asked.birth_date,
            sex: asked.sex,
        };
        Ok(Person { who, record, relation: asked.relation.unwrap_or(Relation::Own), replace: asked.replace })
    }

    /// The id that a person's document gives, and the document in normal form. A hospital's own number is for its staff,
    /// somebody without any document for its desk: chance.
    fn id_of_document(
        &self,
        claims: &Claims,
        person: &RegisterPerson,
    ) -> Result<(PatientId, Option<Document>), Rejection> {
        let group = self.keys.get(KeyName::SiteGroup);
        let refused = |why: &str| Err(Rejection::new(Code::InvalidField, why));
        match person.document_kind.as_str() {
            "none" if claims.role == Role::Desk => Ok((provisional(), None)),
            "hospital_card" if claims.role != Role::Patient => match &person.site {
                Some(at) if claims.site.as_ref() != Some(at) => refused("site: the card is of another site"),
                None => refused("site: needed with a hospital's card"),
                Some(_) if !(1..=CARD_MAX).contains(&person.document_number.trim().len()) => {
                    refused("document_number: 1 to 64 characters on a hospital's card")
                }
                Some(at) => Ok((provisional_of(group, at.as_str(), &person.document_number), None)),
            },
            kind => {
                let kind: DocumentKind = serde_json::from_value(serde_json::Value::String(kind.to_owned()))
                    .map_err(|_| Rejection::new(Code::InvalidField, "unknown kind of document"))?;
                let document = Document::checked(kind, &person.document_number)?;
                if document.birth_date().is_some_and(|date| Some(date) != person.birth_date) {
                    return refused("the birth date is not the document's");
                }
                let number = Redacted::new(document.number.clone());
                Ok((patient_id(group, kind_name(kind), &number), Some(document)))
            }
        }
    }

    /// What a phone says: somebody claims to be, or to act for, the bearer of a document. Known and unknown numbers are
    /// answered alike, because the bearer's owner is not touched: a number alone makes a claim of the account's own. Only
    /// whose phone the desk has put on the bearer's file acts for the bearer.
    pub(super) async fn register_own(&self, claims: &Claims, person: Person) -> Result<PatientBrief, Rejection> {
        let Person { who: bearer, record, relation, .. } = person;
        let is_proved = self.has_phone_on_file(&bearer, &claims.account).await?;
        let who = match record.documents.first() {
            Some(document) if !is_proved => {
                let number = Redacted::new(document.number.clone());
                claim_of(self.keys.get(KeyName::SiteGroup), &claims.account, kind_name(document.kind), &number)
            }
            _ => bearer,
        };
        // Its limits first: what they refuse leaves nothing behind.
        let origin = if is_proved {
            Origin::Shell
        } else {
            let (principal, name) = (claims.principal(), "identify_person".to_owned());
            Origin::Client { principal, name, key: None, body_hash: [0; 16] }
        };
        let to_account = ToAccount::Relate { patient: who.clone(), relation, granted: true };
        self.shell.ask(account(&claims.account), to_account.into(), origin).await?;
        let brief = if is_proved { record.brief(who) } else { self.identify(who, record, false).await? };
        let to_patient = ToPatient::Relate { account: claims.account.clone(), relation, granted: true };
        self.shell.ask(patient(&brief.patient), to_patient.into(), Origin::Shell).await?;
        Ok(brief)
    }

    /// Whether the person was confirmed with proof seen, and this account's phone was put on file.
    async fn has_phone_on_file(&self, bearer: &PatientId, who: &AccountId) -> Result<bool, Rejection> {
        if !self.identity_of(bearer).await?.is_some_and(|identity| identity.real_name) {
            return Ok(false);
        }
        let phone = self.readable_record(bearer).await?.and_then(|record| record.phone);
        let on_file = phone.and_then(|phone| accounts::phone(self.keys.get(KeyName::Hash), &phone).ok());
        Ok(on_file.as_ref() == Some(who))
    }

    /// Makes a person known at a hospital; the same document is the same person. Only the desk sees proof, and only of a
    /// document. Something else than what proof was seen for is a conflict, unless the desk says that it replaces it.
    pub(super) async fn register_here(&self, claims: &Claims, person: Person) -> Result<PatientBrief, Rejection> {
        let Person { who, mut record, replace, .. } = person;
        let is_seen = claims.role == Role::Desk && !record.documents.is_empty();
        let is_confirmed = self.identity_of(&who).await?.is_some_and(|identity| identity.real_name);
        if is_seen
            && is_confirmed
            && let Some(known) = self.readable_record(&who).await?
        {
            let differs = [
                ("name", known.name != record.name),
                ("sex", known.sex != record.sex),
                ("birth_date", known.birth_date != record.birth_date),
            ];
            let differs: Vec<String> =
                differs.into_iter().filter(|(_, differs)| *differs).map(|(what, _)| what.to_owned()).collect();
            if !differs.is_empty() && !replace {
                let why = "this document's bearer was confirmed otherwise; `replace` says that the old was wrong";
                return Err(Rejection::new(Code::AlreadyExists, why).with("differs", differs));
            }
            record.phone = record.phone.or(known.phone);
        }
        self.identify(who, record, is_seen).await
    }

    /// Somebody whom the hospital's own system names by its patient number.
    pub(super) async fn outside_person(
        &self,
        site: &SiteId,
        person: &OutsidePatient,
    ) -> Result<(PatientBrief, Option<BusinessDate>), Rejection> {
        let who = provisional_of(self.keys.get(KeyName::SiteGroup), site.as_str(), &person.number);
        let known = self.identity_of(&who).await?;
        match (&person.name, known) {
            (None, Some(identity)) => {
                let birth_date = self.open_birth_date(&who, &identity.birth_date_sealed).await;
                Ok((identity.brief, birth_date))
            }
            (name, _) => {
                let record = PersonRecord {
                    name: name.clone().unwrap_or_default(),
                    phone: None,
                    documents: Vec::new(),
                    birth_date: person.birth_date,
                    sex: person.sex.unwrap_or(Sex::Unknown),
                };
                Ok((self.identify(who, record, false).await?, person.birth_date))
            }
        }
    }

    /// Seals the record with the person's key and tells the person's owner. The key is on disk before. Where a known
    /// person's key cannot be had there is no second one beside it: what is known stays, and lets the person in.
    async fn identify(&self, who: PatientId, record: PersonRecord, real_name: bool) -> Result<PatientBrief, Rejection> {
        // Before the key is written: a full disk is answered by its name.
        self.shell.check_writable()?;
        if let Some(known) = self.identity_of(&who).await? {
            let Ok(key) = self.key_of_known(&who).await else { return Ok(known.brief) };
            let kept = key.and_then(|key| open::<PersonRecord>(&key, &who, RECORD, &known.sealed));
            if (known.real_name || !real_name) && kept.is_some_and(|kept| kept == record) {
                return Ok(record.brief(who));
            }
        }
        let key = self.ask_keys(&who, PersonKeys::make).await?;
        let brief = record.brief(who.clone());
        let message = ToPatient::Identify {
            brief: brief.clone(),
            birth_date_sealed: seal(&key, &who, BIRTH_DATE, &record.birth_date),
            sealed: seal(&key, &who, RECORD, &record),
            real_name,
        };
        self.shell.ask(patient(&who), message.into(), Origin::Shell).await?;
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
