//! Finding a day's appointments for the desk: by number, name, document, phone or id. What was typed is kept nowhere.

use jiaohao_domain::clinic::{AppointmentState, Clinic};
use jiaohao_domain::person::{Document, DocumentKind, masked_name};
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::time::Zone;
use jiaohao_domain::{BusinessDate, Code, DepartmentId, PatientId, Rejection};
use serde_json::{Value, json};

use super::{House, account, department};
use crate::identity::accounts;
use crate::identity::audit::AuditLine;
use crate::identity::keys::KeyName;
use crate::identity::persons::{claims_of, patient_id};
use crate::identity::tokens::Claims;

/// So many are shown at most.
const FOUND_MAX: usize = 20;
/// Nobody types more than this, in characters.
const TEXT_MAX_CHARS: usize = 100;

impl House {
    /// Appointments of the department's today, and no-shows of the days that it remembers, that fit `text`: the beginning of a number, a name (whole, or its beginning
    /// as far as it is not masked), a resident identity number, a phone, or the id of an appointment.
    pub(super) async fn find_appointments(
        &self,
        claims: &Claims,
        at: &DepartmentId,
        text: &str,
    ) -> Result<Value, Rejection> {
        let text = text.trim().to_owned();
        if text.is_empty() || text.chars().count() > TEXT_MAX_CHARS {
            return Err(Rejection::new(Code::InvalidField, "text has 1 to 100 characters"));
        }
        let (meant, claims_of_number) = self.persons_meant(&text).await?;
        let zone = self.learn_zone(at.prefix(1)).await?;
        let today = zone.date(self.shell.clock.clinic());
        let found = self
            .shell
            .read(department(at), move |state: &jiaohao_domain::department::State| {
                matching(&state.clinic, &text, &meant, claims_of_number.as_deref(), today, zone)
            })
            .await?;
        let whom: Vec<String> = found.iter().filter_map(|one| one["patient"].as_str()).map(str::to_owned).collect();
        self.audit.note(AuditLine::new(claims, "find_appointments", whom, Ok(()), self.machine_now()));
        Ok(json!({ "appointments": found }))
    }

    /// The persons that a document's number or a phone means, and what the claims of that number begin with.
    async fn persons_meant(&self, text: &str) -> Result<(Vec<PatientId>, Option<String>), Rejection> {
        let (mut meant, mut claims) = (Vec::new(), None);
        if let Ok(document) = Document::checked(DocumentKind::ResidentId, text) {
            let (group, number) = (self.keys.get(KeyName::SiteGroup), Redacted::new(document.number));
            meant.push(patient_id(group, "resident_id", &number));
            claims = Some(claims_of(group, "resident_id", &number));
        }
        if let Ok(who) = accounts::phone(self.keys.get(KeyName::Hash), text) {
            let of = |state: &jiaohao_domain::account::State| state.relations.keys().cloned().collect::<Vec<_>>();
            meant.extend(self.shell.read(account(&who), of).await?);
        }
        Ok((meant, claims))
    }
}

fn matching(
    clinic: &Clinic,
    text: &str,
    meant: &[PatientId],
    claims: Option<&str>,
    today: BusinessDate,
    zone: Zone,
) -> Vec<Value> {
    let number = text.to_uppercase();
    let masked = masked_name(text);
    let is_one_character = text.chars().count() == 1;
    let fits = |id: &str, given: Option<&str>, brief: &jiaohao_domain::person::PatientBrief| {
        id == text
            || given.is_some_and(|given| given.starts_with(&number))
            || meant.contains(&brief.patient)
            || claims.is_some_and(|claims| brief.patient.as_str().starts_with(claims))
            || (is_one_character && brief.masked_name.starts_with(text))
            || (!is_one_character && brief.masked_name == masked)
    };
    let mut found: Vec<_> = clinic
        .appointments
        .iter()
        .filter(|(id, one)| fits(id.as_str(), one.number.as_deref(), &one.brief))
        .filter_map(|(id, one)| {
            let (slot, session) = (clinic.slots.get(&one.slot)?, clinic.session_of(&one.slot)?);
            let is_found = match one.state {
                AppointmentState::Booked | AppointmentState::Held { .. } => session.date == today,
                // To be corrected, as long as it is known.
                AppointmentState::NoShow => true,
                _ => false,
            };
            is_found.then_some((slot.start, session.date, id, one))
        })
        .collect();
    // Today's first, then what is longer ago.
    found.sort_by_key(|(start, date, id, _)| (*date != today, *start, (*id).clone()));
    let shown = found.into_iter().take(FOUND_MAX).map(|(start, date, id, one)| {
        json!({
            "appointment": id,
            "ticket": id.ticket(),
            "patient": one.brief.patient,
            "masked_name": one.brief.masked_name,
            "number": one.number,
            "date": date,
            "slot_start": zone.rfc3339(start),
            "session": one.slot.session(),
            "state": one.state.name(),
        })
    });
    shown.collect()
}
