//! Persons: made known under an id derived from their document, read by whoever may, forgotten when their key is gone.
//! Clear records exist here only, between a door and the sealed bytes of the patient's owner.

use jiaohao_actors::shell::Origin;
use jiaohao_domain::patient::State;
use jiaohao_domain::person::{Document, DocumentKind, PatientBrief, PersonRecord, Sex};
use jiaohao_domain::vocabulary::{OutsidePatient, ToPatient};
use jiaohao_domain::{BusinessDate, Code, PatientId, Rejection, SiteId};

use super::{House, patient};
use crate::http::requests::RegisterPerson;
use crate::identity::keys::KeyName;
use crate::identity::persons::{open, patient_id, provisional, provisional_of, seal};
use jiaohao_domain::redacted::Redacted;

const RECORD: &str = "record";
const BIRTH_DATE: &str = "birth_date";

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
        let birth_date = self.open_birth_date(who, &identity.birth_date_sealed)?;
        Ok((identity.brief, birth_date))
    }

    /// The birth date of somebody, when known and not forgotten.
    pub(super) async fn birth_date(&self, who: &PatientId) -> Result<Option<BusinessDate>, Rejection> {
        match self.identity_of(who).await? {
            Some(identity) => self.open_birth_date(who, &identity.birth_date_sealed),
            None => Ok(None),
        }
    }

    async fn identity_of(&self, who: &PatientId) -> Result<Option<jiaohao_domain::patient::Identity>, Rejection> {
        self.shell.read(patient(who), |state: &State| state.identity.clone()).await
    }

    fn open_birth_date(&self, who: &PatientId, sealed: &[u8]) -> Result<Option<BusinessDate>, Rejection> {
        let key = self.person_keys.get(who).map_err(|_| Code::Internal)?;
        Ok(key.and_then(|key| open::<Option<BusinessDate>>(&key, who, BIRTH_DATE, sealed)).flatten())
    }

    /// The clear record, for a door that has been allowed to show it.
    pub(super) async fn clear_record(&self, who: &PatientId) -> Result<Option<PersonRecord>, Rejection> {
        let Some(identity) = self.identity_of(who).await? else { return Ok(None) };
        let key = self.person_keys.get(who).map_err(|_| Code::Internal)?;
        Ok(key.and_then(|key| open(&key, who, RECORD, &identity.sealed)))
    }

    /// The id that a person's document gives, and the document in normal form. Chance for who has none (at the desk only).
    pub(super) fn id_of_document(
        &self,
        person: &RegisterPerson,
        seen_at_desk: bool,
    ) -> Result<(PatientId, Option<Document>), Rejection> {
        let group = self.keys.get(KeyName::SiteGroup);
        match (person.document_kind.as_str(), person.site.as_ref()) {
            ("none", _) if seen_at_desk => Ok((provisional(), None)),
            ("hospital_card", Some(site)) if seen_at_desk => {
                Ok((provisional_of(group, site.as_str(), &person.document_number), None))
            }
            (kind, _) => {
                let kind: DocumentKind = serde_json::from_value(serde_json::Value::String(kind.to_owned()))
                    .map_err(|_| Rejection::new(Code::InvalidField, "unknown kind of document"))?;
                let document = Document::checked(kind, &person.document_number)?;
                if document.birth_date().is_some_and(|date| Some(date) != person.birth_date) {
                    return Err(Rejection::new(Code::InvalidField, "the birth date is not the document's"));
                }
                let number = Redacted::new(document.number.clone());
                Ok((patient_id(group, kind_name(kind), &number), Some(document)))
            }
        }
    }

    /// Makes a person known; the same document is the same person.
    pub(super) async fn register(&self, person: RegisterPerson, seen_at_desk: bool) -> Result<PatientBrief, Rejection> {
        if person.name.trim().is_empty()
            || person.name.chars().count() > 100
            || person.name.chars().any(char::is_control)
        {
            return Err(Rejection::new(Code::InvalidField, "a name has 1 to 100 characters"));
        }
        let (who, document) = self.id_of_document(&person, seen_at_desk)?;
        if document.is_some() && person.birth_date.is_none() {
            return Err(Rejection::new(Code::InvalidField, "whoever has a document has a birth date"));
        }
        let record = PersonRecord {
            name: person.name.trim().to_owned(),
            phone: person.phone,
            documents: document.into_iter().collect(),
            birth_date: person.birth_date,
            sex: person.sex,
        };
        self.identify(who, record, seen_at_desk).await
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
                Ok((identity.brief.clone(), self.open_birth_date(&who, &identity.birth_date_sealed)?))
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

    /// Seals the record with the person's key and tells the person's owner. The key is on disk before.
    async fn identify(&self, who: PatientId, record: PersonRecord, real_name: bool) -> Result<PatientBrief, Rejection> {
        if self.clear_record(&who).await?.is_some_and(|known| known == record) {
            return Ok(record.brief(who));
        }
        let key = self.person_keys.make(&who).map_err(|_| Code::Internal)?;
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

fn kind_name(kind: DocumentKind) -> &'static str {
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
