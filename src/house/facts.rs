//! Answers to what the table of who may what has to know, from the owners' durable states.

use jiaohao_domain::floor::Ticket;
use jiaohao_domain::{AccountId, DepartmentId, PatientId, Rejection};

use super::{House, account, department, patient, site};
use crate::identity::access::{Fact, FactAnswer, Facts, Shown, Workplace};

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
        use jiaohao_domain::{account as who_signs_in, department as dept, site as hospital};
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
                // The account's word counts; the patient's owner only shows it.
                let acts = move |state: &who_signs_in::State| state.relations.contains_key(&whom);
                yes(self.shell.read(account(&who), acts).await?)
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
            Fact::PatientOf(place, whom) => yes(self.is_patient_of(place, whom).await?),
            Fact::Shows(shown, departments) => yes(self.shows(shown, departments).await?),
            Fact::SiteOfStaff(name) => {
                let id: AccountId = crate::identity::accounts::staff(&name)?;
                let place = |state: &who_signs_in::State| {
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

    /// Just made known by that account, or with an appointment or a ticket there that is live or of today.
    async fn is_patient_of(&self, place: Workplace, whom: PatientId) -> Result<bool, Rejection> {
        if self.newly_known.get(&whom).is_some_and(|known| *known == place.account) {
            return Ok(true);
        }
        let today = self.learn_zone(place.site.as_str()).await?.date(self.shell.clock.clinic());
        let Workplace { site: at, departments, doctor, .. } = place;
        let of_place = move |state: &jiaohao_domain::site::State| match doctor {
            Some(doctor) => {
                let known = state.doctors.get(&doctor).filter(|known| !known.retired);
                known.map(|known| known.definition.departments.clone()).unwrap_or_default()
            }
            None if departments.is_empty() => state.departments.keys().cloned().collect(),
            None => departments,
        };
        let places: Vec<DepartmentId> = self.shell.read(site(at.as_str()), of_place).await?;
        let booked_at = places.clone();
        let booked = move |state: &jiaohao_domain::patient::State| {
            state.reservations.values().any(|reservation| {
                (reservation.is_live() || reservation.date == today)
                    && booked_at.contains(&reservation.slot.department())
            })
        };
        if self.shell.read(patient(&whom), booked).await? {
            return Ok(true);
        }
        for id in places {
            let who = whom.clone();
            let has_ticket = move |state: &jiaohao_domain::department::State| {
                let of_today = |ticket: &Ticket| ticket.is_live() || ticket.opened.date == today;
                state.floor.tickets.values().any(|ticket| ticket.opened.brief.patient == who && of_today(ticket))
            };
            if self.shell.read(department(&id), has_ticket).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a board, or the board of a screen, shows a queue of one of these departments (of any, when there are none).
    async fn shows(&self, shown: Shown, departments: Vec<DepartmentId>) -> Result<bool, Rejection> {
        let of = match &shown {
            Shown::Board(board) => site(board.as_str()),
            Shown::Screen(screen) => site(screen.as_str()),
        };
        let shows = move |state: &jiaohao_domain::site::State| {
            let board = match &shown {
                Shown::Board(board) => Some(board),
                Shown::Screen(screen) => state.screens.get(screen).map(|screen| &screen.board),
            };
            let queues = board.and_then(|board| state.boards.get(board)).map(|known| &known.definition.queues);
            queues.is_some_and(|queues| {
                departments.is_empty() || queues.iter().any(|queue| departments.contains(&queue.department()))
            })
        };
        self.shell.read(of, shows).await
    }
}
