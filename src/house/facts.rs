//! Answers to what the table of who may what has to know, from the owners' durable states.

use jiaohao_domain::{AccountId, DepartmentId, PatientId, Rejection, SiteId};

use super::{House, account, department, patient, site};
use crate::identity::access::{Fact, FactAnswer, Facts};

impl House {
    /// Asks the owners for these facts.
    pub(super) async fn learn(&self, facts: &mut Facts, needed: Vec<Fact>) -> Result<(), Rejection> {
        for fact in needed {
            let answer = self.answer(&fact).await?;
            facts.learn(fact, answer);
        }
        Ok(())
    }

    async fn answer(&self, fact: &Fact) -> Result<FactAnswer, Rejection> {
        use jiaohao_domain::{account, department as dept, patient as person, site as hospital};
        let yes = |so: bool| if so { FactAnswer::Yes } else { FactAnswer::No };
        Ok(match fact.clone() {
            Fact::PatientOfAppointment(id) => {
                self.patient_of_appointment(&id).await?.map_or(FactAnswer::No, FactAnswer::Patient)
            }
            Fact::PatientOfTicket(id) => {
                let at = department(&id.department());
                let found = self
                    .shell
                    .read(at, move |state: &dept::State| {
                        let ticket = state.floor.tickets.get(&id).map(|ticket| ticket.opened.brief.patient.clone());
                        // Before check-in a ticket is its appointment.
                        ticket.or_else(|| {
                            let booked = state.clinic.appointments.get(&id.appointment()?)?;
                            Some(booked.brief.patient.clone())
                        })
                    })
                    .await?;
                found.map_or(FactAnswer::No, FactAnswer::Patient)
            }
            Fact::ActsFor(who, whom) => {
                let of = patient(&whom);
                yes(self.shell.read(of, move |state: &person::State| state.accounts.contains_key(&who)).await?)
            }
            Fact::WorksIn(doctor, at) => {
                let wanted: DepartmentId = at;
                let of = site(doctor.as_str());
                let works = move |state: &hospital::State| {
                    state
                        .doctors
                        .get(&doctor)
                        .is_some_and(|known| !known.retired && known.definition.departments.contains(&wanted))
                };
                yes(self.shell.read(of, works).await?)
            }
            Fact::KnownAt(at, whom) => yes(self.is_known_at(at, whom).await?),
            Fact::SiteOfStaff(name) => {
                let id: AccountId = crate::identity::accounts::staff(&name)?;
                let place = |state: &account::State| {
                    state
                        .staff
                        .as_ref()
                        .map(|staff| staff.site.clone().or_else(|| staff.doctor.as_ref().map(|d| d.site())))
                };
                match self.shell.read(account(&id), place).await? {
                    None => FactAnswer::No,
                    Some(None) => FactAnswer::Yes,
                    Some(Some(site)) => FactAnswer::Site(site),
                }
            }
        })
    }

    /// Just made known there, or with an appointment or a ticket there.
    async fn is_known_at(&self, at: SiteId, whom: PatientId) -> Result<bool, Rejection> {
        if self.newly_known.get(&whom).is_some_and(|known| *known == at) {
            return Ok(true);
        }
        let booked_at = at.clone();
        let booked = move |state: &jiaohao_domain::patient::State| {
            state.reservations.values().any(|reservation| reservation.slot.department().site() == booked_at)
        };
        if self.shell.read(patient(&whom), booked).await? {
            return Ok(true);
        }
        let of_site = |state: &jiaohao_domain::site::State| state.departments.keys().cloned().collect::<Vec<_>>();
        for id in self.shell.read(site(at.as_str()), of_site).await? {
            let who = whom.clone();
            let has_ticket = move |state: &jiaohao_domain::department::State| {
                state.floor.tickets.values().any(|ticket| ticket.opened.brief.patient == who)
            };
            if self.shell.read(department(&id), has_ticket).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
