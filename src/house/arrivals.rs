//! What somebody who stands at a kiosk has today. Everybody can walk up to it, so it finds by what only they have: the code
//! of their slip or phone, their document, or their number together with the birthday.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiaohao_domain::department::{State, expected_visits};
use jiaohao_domain::floor::left_over::is_here;
use jiaohao_domain::person::{Document, DocumentKind, PersonRecord};
use jiaohao_domain::time::Zone;
use jiaohao_domain::{AccountId, Code, DepartmentId, PatientId, Rejection, Role, TicketId, Timestamp};
use serde_json::{Value, json};

use super::find::{self, Typed, is_said_as};
use super::{House, OWNER_WITHIN, department};
use crate::engine::in_time;
use crate::http::requests::{ArrivalKey, FindArrivals, NumberAndBirthday};
use crate::identity::audit::AuditLine;
use crate::identity::keys::KeyName;
use crate::identity::strangers::Missed;
use crate::identity::ticket_code;
use crate::identity::tokens::Claims;

/// Nobody types or scans more than this, in characters.
const TEXT_MAX_CHARS: usize = 100;
/// A kiosk is for one hall.
const DEPARTMENTS_MAX: usize = 50;
/// A picture with more is too fine for a slip's printer.
const QR_MAX_BYTES: usize = 300;
/// Its smallest side, in units of the picture.
const QR_SIDE: u32 = 200;

impl House {
    /// Today's appointments and tickets of who stands there. What does not fit finds nothing, and says no more: a number
    /// with the wrong birthday is answered like one that nobody has.
    ///
    /// # Errors
    /// `invalid_field`; `back_off` after some wrong birthdays for somebody's number, and after some documents that nobody
    /// has, or numbers with a birthday that is not theirs, at this kiosk within a minute.
    pub(super) async fn find_arrivals(&self, claims: &Claims, asked: FindArrivals) -> Result<Value, Rejection> {
        let places = asked.departments;
        if places.is_empty() || places.len() > DEPARTMENTS_MAX {
            return Err(Rejection::field("departments", format!("departments: 1 to {DEPARTMENTS_MAX}")));
        }
        let now = self.machine_now();
        let is_document = matches!(asked.by, ArrivalKey::Document(_));
        let mut silent = BTreeSet::new();
        let typed = match asked.by {
            ArrivalKey::Code(code) => ticket_code::read(self.keys.get(KeyName::Area), &code).map(|it| Typed::one(&it)),
            ArrivalKey::Document(number) => {
                self.strangers.may_miss(Missed::Document, &claims.account, now)?;
                Some(self.arrival_by_document(&number).await?)
            }
            ArrivalKey::Number(given) => self.arrival_by_number(claims, &places, &given, &mut silent).await?,
        };
        let (mut appointments, mut tickets) = (Vec::new(), Vec::new());
        if let Some(typed) = typed.map(Arc::new) {
            let looks = places.iter().map(|at| in_time(OWNER_WITHIN, self.arrivals_at(at, typed.clone())));
            for (at, found) in places.iter().zip(futures_util::future::join_all(looks).await) {
                match found {
                    Ok((expected, here)) => {
                        appointments.extend(expected);
                        tickets.extend(here);
                    }
                    // It keeps nobody from what the others know of them.
                    Err(_) => {
                        silent.insert(at);
                    }
                }
            }
        }
        let found = appointments.iter().chain(&tickets);
        let whom: Vec<String> = found.filter_map(|one: &Value| one["patient"].as_str()).map(str::to_owned).collect();
        if whom.is_empty() && is_document && silent.is_empty() {
            self.strangers.missed(Missed::Document, &claims.account, now);
        }
        let how = whom.is_empty().then_some("nothing_found");
        self.audit.look(AuditLine::new(claims, "find_arrivals", whom, Ok(()), now).by(how)).await?;
        Ok(json!({ "appointments": appointments, "tickets": tickets, "silent": silent }))
    }

    /// A machine that makes persons known could ask of any document whether the city knows it, and whose it is: that counts
    /// with the documents that nobody has.
    pub(super) fn kiosk_asks(&self, claims: &Claims) -> Result<(), Rejection> {
        if claims.role == Role::Kiosk {
            let now = self.machine_now();
            self.strangers.may_miss(Missed::Document, &claims.account, now)?;
            self.strangers.missed(Missed::Document, &claims.account, now);
        }
        Ok(())
    }

    /// Whoever makes persons known without seeing proof (a doctor, a hospital's system) could try documents: the answer
    /// says whose one is. Those who are known by that very name are not counted.
    pub(super) fn tries_document(
        &self,
        claims: &Claims,
        sent: &PersonRecord,
        known: Option<&PersonRecord>,
    ) -> Result<(), Rejection> {
        let limits = &self.settings.limits;
        if sent.documents.is_empty() || known.is_some_and(|known| known.name == sent.name) {
            return Ok(());
        }
        let a_minute = match claims.role {
            Role::Doctor => limits.persons_of_doctor_per_min,
            Role::Integrator => limits.persons_of_integrator_per_min,
            _ => return Ok(()),
        };
        // A doctor is one who tries, by however many accounts.
        let doctor = claims.doctor.as_ref().filter(|_| claims.role == Role::Doctor);
        let who = doctor.map_or_else(|| claims.account.clone(), |doctor| AccountId::from(doctor.as_str()));
        self.strangers.one_more_person(a_minute, &who, self.machine_now())
    }

    /// What fits in one department.
    async fn arrivals_at(&self, at: &DepartmentId, typed: Arc<Typed>) -> Result<(Vec<Value>, Vec<Value>), Rejection> {
        let zone = self.learn_zone(at.prefix(1)).await?;
        let now = self.shell.clock.clinic();
        let fits =
            move |state: &State| (find::to_come(state, &typed, now, zone), find::tickets(state, &typed, now, zone));
        self.shell.read(department(at), fits).await
    }

    async fn bearers_at(&self, at: &DepartmentId, said: String) -> Result<Vec<(TicketId, PatientId)>, Rejection> {
        let zone = self.learn_zone(at.prefix(1)).await?;
        let now = self.shell.clock.clinic();
        self.shell.read(department(at), move |state: &State| bearers_of(state, now, zone, &said)).await
    }

    /// What is scanned of a ticket that there is, or of one that an appointment or a visit of the hospital's will have. One of
    /// whatever id is asked would, scanned, say which there are.
    ///
    /// # Errors
    /// `forbidden`.
    pub(super) async fn read_ticket_code(&self, ticket: TicketId) -> Result<Value, Rejection> {
        let to_come = match ticket.appointment() {
            Some(to_come) => self.who_arrives(&to_come).await?,
            None => None,
        };
        if to_come.is_none() && self.whose_ticket(ticket.clone()).await?.is_none() {
            return Err(Code::Forbidden.into());
        }
        Ok(self.ticket_code(&ticket))
    }

    /// What is scanned of a ticket.
    pub(super) fn ticket_code(&self, ticket: &TicketId) -> Value {
        json!({ "code": ticket_code::of(self.keys.get(KeyName::Area), ticket) })
    }

    async fn arrival_by_document(&self, number: &str) -> Result<Typed, Rejection> {
        let is_one = DocumentKind::ALL.into_iter().any(|kind| Document::checked(kind, number).is_ok());
        if !is_one || number.chars().count() > TEXT_MAX_CHARS {
            return Err(Rejection::field("document", "document: not a document's number"));
        }
        Ok(Typed::bearer(self.bearers(number).await?))
    }

    /// Who has that number today and was born on that day of a year. Wrong birthdays are counted by whose number it is,
    /// however it is written, and by the kiosk, at which somebody may go through the numbers; there one that nobody has counts
    /// too, so that the count does not say which there are.
    async fn arrival_by_number<'a>(
        &self,
        claims: &Claims,
        places: &'a [DepartmentId],
        given: &NumberAndBirthday,
        silent: &mut BTreeSet<&'a DepartmentId>,
    ) -> Result<Option<Typed>, Rejection> {
        let said = given.number.trim().to_uppercase();
        let birthday = given.birthday.trim();
        if said.is_empty() || said.chars().count() > TEXT_MAX_CHARS {
            return Err(Rejection::field("number", "number has 1 to 100 characters"));
        }
        let day = format!("2000-{}-{}", birthday.get(..2).unwrap_or_default(), birthday.get(2..).unwrap_or_default());
        if birthday.len() != 4 || day.parse::<chrono::NaiveDate>().is_err() {
            return Err(Rejection::field("birthday", "birthday: month and day, four digits"));
        }
        let mut bearers = Vec::new();
        let looks = places.iter().map(|at| in_time(OWNER_WITHIN, self.bearers_at(at, said.clone())));
        for (at, of_department) in places.iter().zip(futures_util::future::join_all(looks).await) {
            match of_department {
                Ok(of_department) => bearers.extend(of_department),
                Err(_) => {
                    silent.insert(at);
                }
            }
        }
        let now = self.machine_now();
        let counted: Vec<&str> = bearers.iter().map(|(ticket, _)| ticket.as_str()).collect();
        self.strangers.may_try_area(&counted, now)?;
        self.strangers.may_miss(Missed::Birthday, &claims.account, now)?;
        let mut own = Vec::new();
        for (ticket, who) in &bearers {
            let born = self.readable_record(who).await?.and_then(|record| record.birth_date);
            if born.is_some_and(|born| born.0.format("%m%d").to_string() == birthday) {
                own.push(ticket);
            }
        }
        self.strangers.tried_area(&counted, !own.is_empty(), now);
        if own.is_empty() && silent.is_empty() {
            self.strangers.missed(Missed::Birthday, &claims.account, now);
        }
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

/// Whose number it is now: who is booked for today, and who is here by it.
fn bearers_of(state: &State, now: Timestamp, zone: Zone, said: &str) -> Vec<(TicketId, PatientId)> {
    let today = zone.date(now);
    let is_it = |number: &str| number == said || is_said_as(number, said);
    let booked = state.clinic.appointments.iter().filter(|(_, one)| {
        one.state == jiaohao_domain::clinic::AppointmentState::Booked
            && one.number.as_deref().is_some_and(is_it)
            && state.clinic.session_of(&one.slot).is_some_and(|session| session.date == today)
    });
    let here = state.floor.tickets.values();
    let here = here.filter(|ticket| is_it(&ticket.opened.number) && is_here(state, ticket, now));
    let booked = booked.map(|(id, one)| (id.ticket(), one.brief.patient.clone()));
    let to_come = expected_visits(state, today).filter(|(_, _, outside)| is_it(&outside.number));
    let to_come = to_come.map(|(id, visit, _)| (id.ticket(), visit.brief.patient.clone()));
    let here = here.map(|ticket| (ticket.id().clone(), ticket.opened.brief.patient.clone()));
    booked.chain(here).chain(to_come).collect()
}
