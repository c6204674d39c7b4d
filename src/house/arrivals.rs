//! What somebody who stands at a kiosk has today. Everybody can walk up to it, so it finds by what only they have: the code
//! of their slip or phone, their document, or their number together with the birthday.

use jiaohao_domain::department::State;
use jiaohao_domain::floor::Standing;
use jiaohao_domain::person::{Document, DocumentKind};
use jiaohao_domain::redacted::Redacted;
use jiaohao_domain::{BusinessDate, Code, DepartmentId, PatientId, Rejection, TicketId};
use serde_json::{Value, json};

use super::find::{self, Typed, is_said_as};
use super::{House, department};
use crate::http::requests::FindArrivals;
use crate::identity::audit::AuditLine;
use crate::identity::keys::KeyName;
use crate::identity::ticket_code;
use crate::identity::tokens::Claims;

/// Nobody types or scans more than this, in characters.
const TEXT_MAX_CHARS: usize = 100;
/// A picture with more is too fine for a slip's printer.
const QR_MAX_BYTES: usize = 300;
/// Its smallest side, in units of the picture.
const QR_SIDE: u32 = 200;

impl House {
    /// Today's appointments and tickets of who stands there. What does not fit finds nothing, and says no more: a number
    /// with the wrong birthday is answered like one that nobody has.
    ///
    /// # Errors
    /// `invalid_field`; `back_off` after some wrong birthdays for one number.
    pub(super) async fn find_arrivals(
        &self,
        claims: &Claims,
        at: &DepartmentId,
        asked: FindArrivals,
    ) -> Result<Value, Rejection> {
        let zone = self.learn_zone(at.prefix(1)).await?;
        let today = zone.date(self.shell.clock.clinic());
        let typed = match asked {
            FindArrivals::Code { code } => self.arrival_by_code(at, &code),
            FindArrivals::Document { document_number } => Some(self.arrival_by_document(&document_number)?),
            FindArrivals::Number { number, birthday } => {
                self.arrival_by_number(at, today, &number, &Redacted::new(birthday)).await?
            }
        };
        let Some(typed) = typed else { return Ok(json!({ "appointments": [], "tickets": [] })) };
        let (appointments, tickets) = self
            .shell
            .read(department(at), move |state: &State| {
                let expected = find::appointments(state, &typed, today, zone);
                (expected, find::tickets(state, &typed, today, zone))
            })
            .await?;
        let appointments: Vec<Value> =
            appointments.into_iter().filter(|one| one["state"] == "booked" && one["date"] == json!(today)).collect();
        let found = appointments.iter().chain(&tickets);
        let whom: Vec<String> = found.filter_map(|one| one["patient"].as_str()).map(str::to_owned).collect();
        self.audit.note(AuditLine::new(claims, "find_arrivals", whom, Ok(()), self.machine_now()));
        Ok(json!({ "appointments": appointments, "tickets": tickets }))
    }

    /// What is scanned of a ticket.
    pub(super) fn ticket_code(&self, ticket: &TicketId) -> Value {
        json!({ "code": ticket_code::of(self.keys.get(KeyName::Area), ticket) })
    }

    fn arrival_by_code(&self, at: &DepartmentId, code: &str) -> Option<Typed> {
        let ticket = ticket_code::read(self.keys.get(KeyName::Area), code)?;
        (ticket.department() == *at).then(|| Typed::one(&ticket))
    }

    fn arrival_by_document(&self, number: &str) -> Result<Typed, Rejection> {
        let is_one = DocumentKind::ALL.into_iter().any(|kind| Document::checked(kind, number).is_ok());
        if !is_one || number.chars().count() > TEXT_MAX_CHARS {
            return Err(Rejection::new(Code::InvalidField, "document_number: not a document's number"));
        }
        Ok(Typed::bearer(self.bearers(number)))
    }

    /// Who has that number today and was born on that day of a year.
    async fn arrival_by_number(
        &self,
        at: &DepartmentId,
        today: BusinessDate,
        number: &str,
        birthday: &Redacted<String>,
    ) -> Result<Option<Typed>, Rejection> {
        let said = number.trim().to_uppercase();
        let birthday = birthday.reveal().trim();
        if said.is_empty() || said.chars().count() > TEXT_MAX_CHARS {
            return Err(Rejection::new(Code::InvalidField, "number has 1 to 100 characters"));
        }
        if birthday.len() != 4 || !birthday.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Rejection::new(Code::InvalidField, "birthday: month and day, four digits"));
        }
        let guessed = format!("{at}\n{said}");
        let now = self.machine_now();
        self.strangers.may_try_area(&[&guessed], now)?;
        let asked = said.clone();
        let bearers = self.shell.read(department(at), move |state: &State| bearers_of(state, today, &asked)).await?;
        let mut own = Vec::new();
        for (ticket, who) in bearers {
            let born = self.readable_record(&who).await?.and_then(|record| record.birth_date);
            if born.is_some_and(|born| born.0.format("%m%d").to_string() == birthday) {
                own.push(ticket);
            }
        }
        self.strangers.tried_area(&[&guessed], !own.is_empty(), now);
        // Two of them would be two persons: the desk looks at both.
        Ok(if let [ticket] = own.as_slice() { Some(Typed::one(ticket)) } else { None })
    }
}

/// A text as a picture that scanners and phones read.
///
/// # Errors
/// `too_large`.
pub(super) fn qr_code(text: &str) -> Result<Value, Rejection> {
    if text.len() > QR_MAX_BYTES {
        return Err(Rejection::new(Code::TooLarge, format!("text: {QR_MAX_BYTES} bytes at most")));
    }
    let drawn = qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::M).map_err(|_| Code::TooLarge)?;
    let svg = drawn.render::<qrcode::render::svg::Color>().min_dimensions(QR_SIDE, QR_SIDE).build();
    Ok(json!({ "svg": svg }))
}

/// Whose number it is today: who is booked, and who has a ticket that has not ended.
fn bearers_of(state: &State, today: BusinessDate, said: &str) -> Vec<(TicketId, PatientId)> {
    let is_it = |number: &str| number == said || is_said_as(number, said);
    let booked = state.clinic.appointments.iter().filter(|(_, one)| {
        one.state == jiaohao_domain::clinic::AppointmentState::Booked
            && one.number.as_deref().is_some_and(is_it)
            && state.clinic.session_of(&one.slot).is_some_and(|session| session.date == today)
    });
    let here = state.floor.tickets.values().filter(|ticket| {
        ticket.opened.date == today
            && is_it(&ticket.opened.number)
            && !matches!(ticket.standing, Standing::Ended { .. })
    });
    let booked = booked.map(|(id, one)| (id.ticket(), one.brief.patient.clone()));
    booked.chain(here.map(|ticket| (ticket.id().clone(), ticket.opened.brief.patient.clone()))).collect()
}
