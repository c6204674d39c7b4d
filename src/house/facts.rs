//! Answers to what the table of who may what has to know, from the owners' durable states.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiaohao_domain::account::Acts;
use jiaohao_domain::floor::Ticket;
use jiaohao_domain::{
    AccountId, BoardId, Code, DepartmentId, DoctorId, OwnerKind, OwnerRef, PatientId, Rejection, Role, ScreenId,
    SiteId, TicketId, prefix,
};

use super::{House, NEWLY_KNOWN_FOR, account, department, patient, site};
use crate::identity::access::{Fact, FactAnswer, Facts, Shown, Workplace};
use crate::identity::tokens::Claims;

/// Why a desk sees somebody in part, on the audit: the same account has just made them known.
pub(super) const JUST_REGISTERED: &str = "just_registered";
/// … or they wait for a place there.
pub(super) const WAITS: &str = "waits";

/// What a token or a member of the staff is to be of.
#[derive(Default)]
pub(crate) struct Named {
    pub(crate) site: Option<SiteId>,
    pub(crate) departments: Vec<DepartmentId>,
    pub(crate) doctor: Option<DoctorId>,
    pub(crate) board: Option<BoardId>,
    pub(crate) screen: Option<ScreenId>,
}

impl Named {
    /// Those that their sites do not have (any more).
    pub(crate) fn unknown_at(&self, at: &SiteId, state: &jiaohao_domain::site::State) -> Vec<String> {
        let mut unknown = Vec::new();
        let mut look = |id: &str, is_known: bool| {
            if prefix(id, 1) == at.as_str() && !is_known {
                unknown.push(id.to_owned());
            }
        };
        look(at.as_str(), state.definition.is_some());
        for id in &self.departments {
            look(id.as_str(), state.departments.get(id).is_some_and(|known| !known.retired));
        }
        for id in self.doctor.iter() {
            look(id.as_str(), state.doctors.get(id).is_some_and(|known| !known.retired));
        }
        for id in self.board.iter() {
            look(id.as_str(), state.boards.get(id).is_some_and(|known| !known.retired));
        }
        for id in self.screen.iter() {
            look(id.as_str(), state.screens.contains_key(id));
        }
        unknown
    }
}

/// What a setting of a department is answered that is not there.
pub(crate) fn no_department(at: &DepartmentId) -> Rejection {
    Rejection::new(Code::UnknownId, "there is no such department").with("unknown", vec![at.to_string()])
}

impl House {
    /// What the doctor may is asked again, when the site knows: who decides to retire tells it by an effect, which is on its
    /// way before a later answer of that owner is.
    pub(super) async fn recheck_doctor(&self, doctor: DoctorId) {
        let owner = OwnerRef::new(OwnerKind::Doctor, doctor.as_str());
        let is_told = self.shell.read(owner, |_: &jiaohao_domain::doctor::State| ()).await;
        if let Err(why) = is_told.and(self.relearn_doctor(&doctor).await) {
            tracing::warn!(code = why.code.wire(), %doctor, "a doctor's owner or site could not be asked");
        }
        self.generations.doctor_changed(doctor);
    }

    /// Nobody is made of something that does not exist: `unknown_id`, with which.
    pub(super) async fn check_named(&self, named: Named) -> Result<(), Rejection> {
        let of_parts = named.departments.iter().map(DepartmentId::site);
        let of_parts = of_parts.chain(named.doctor.iter().map(DoctorId::site));
        let of_parts = of_parts.chain(named.board.iter().map(BoardId::site));
        let sites: BTreeSet<SiteId> = named.site.iter().cloned().chain(of_parts).collect();
        let named = Arc::new(named);
        let mut unknown = Vec::new();
        for at in sites {
            let named = named.clone();
            let asked = site(at.as_str());
            unknown.extend(self.shell.read(asked, move |state| named.unknown_at(&at, state)).await?);
        }
        match unknown.is_empty() {
            true => Ok(()),
            false => Err(Rejection::new(Code::UnknownId, unknown.join(", ")).with("unknown", unknown)),
        }
    }

    /// Settings are of a department that there is; what a retired one answers is its own to say.
    pub(super) async fn there_is(&self, at: &DepartmentId) -> Result<(), Rejection> {
        let asked = at.clone();
        let is_there = move |state: &jiaohao_domain::site::State| state.departments.contains_key(&asked);
        match self.shell.read(site(at.as_str()), is_there).await? {
            true => Ok(()),
            false => Err(no_department(at)),
        }
    }

    /// Asks the owners for these facts.
    pub(super) async fn learn(&self, facts: &mut Facts, needed: Vec<Fact>) -> Result<(), Rejection> {
        for fact in needed {
            let answer = self.answer(&fact).await?;
            facts.learn(fact, answer);
        }
        Ok(())
    }

    async fn answer(&self, fact: &Fact) -> Result<FactAnswer, Rejection> {
        use jiaohao_domain::{account as who_signs_in, site as hospital};
        let yes = |so: bool| if so { FactAnswer::Yes } else { FactAnswer::No };
        Ok(match fact.clone() {
            Fact::PatientOfAppointment(id) => {
                self.patient_of_appointment(&id).await?.map_or(FactAnswer::No, FactAnswer::Patient)
            }
            Fact::PatientOfTicket(id) => self.whose_ticket(id).await?.map_or(FactAnswer::No, FactAnswer::Patient),
            Fact::ActsFor(who, whom) => {
                // The account's word counts; the patient's owner only shows it.
                let acts = move |state: &who_signs_in::State| state.relations.get(&whom).map(Acts::is_unjudged);
                let acts_now = self.shell.read(account(&who), acts.clone()).await?;
                if acts_now == Some(true) {
                    self.judge_of_before(&who).await?;
                    return Ok(yes(self.shell.read(account(&who), acts).await?.is_some()));
                }
                yes(acts_now.is_some())
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
            Fact::IsOpen(at) => {
                let of = site(at.as_str());
                let is_open =
                    move |state: &hospital::State| state.departments.get(&at).is_some_and(|known| !known.retired);
                yes(self.shell.read(of, is_open).await?)
            }
            Fact::PatientOf(place, whom) => yes(self.is_patient_of(place, whom).await?),
            Fact::WaitsAt(place, whom) => yes(place.doctor.is_none() && self.waits_here(place, whom).await?),
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
            Fact::StaffIssues(name) => {
                let id: AccountId = crate::identity::accounts::staff(&name)?;
                let issues = |state: &who_signs_in::State| state.staff.as_ref().is_some_and(|staff| staff.may_issue);
                yes(self.shell.read(account(&id), issues).await?)
            }
        })
    }

    /// Whose the ticket is; before check-in it is its appointment.
    pub(super) async fn whose_ticket(&self, id: TicketId) -> Result<Option<PatientId>, Rejection> {
        let at = department(&id.department());
        let whose = move |state: &jiaohao_domain::department::State| {
            let ticket = state.floor.tickets.get(&id).map(|ticket| ticket.opened.brief.patient.clone());
            let ticket = ticket.or_else(|| state.reports.patient_of(&id).cloned());
            ticket.or_else(|| Some(state.clinic.appointments.get(&id.appointment()?)?.brief.patient.clone()))
        };
        self.shell.read(at, whose).await
    }

    async fn is_patient_of(&self, place: Workplace, whom: PatientId) -> Result<bool, Rejection> {
        // A doctor who makes somebody known knows what was said, and sees more with the ticket.
        let is_desk = place.doctor.is_none();
        Ok(is_desk && self.is_newly_known(&place.account, &whom) || self.has_been_here(place, whom).await?)
    }

    /// Just made known by that account, a desk's.
    fn is_newly_known(&self, by: &AccountId, whom: &PatientId) -> bool {
        let known = self.newly_known.get(&(by.clone(), whom.clone()));
        known.is_some_and(|known| known.elapsed() < NEWLY_KNOWN_FOR)
    }

    /// What the audit says of a desk that has to do with a person only because it has just made the person known.
    pub(super) async fn only_registered(
        &self,
        claims: &Claims,
        whom: &PatientId,
    ) -> Result<Option<&'static str>, Rejection> {
        if claims.role != Role::Desk || !self.is_newly_known(&claims.account, whom) {
            return Ok(None);
        }
        let place = Workplace::of(claims).ok_or(Code::Forbidden)?;
        Ok((!self.has_been_here(place, whom.clone()).await?).then_some(JUST_REGISTERED))
    }

    /// Why a desk that may see a person sees no documents of theirs: they have only been registered there, or only wait for a
    /// place and are to be rung. As the audit names it.
    pub(super) async fn seen_in_part(
        &self,
        claims: &Claims,
        whom: &PatientId,
    ) -> Result<Option<&'static str>, Rejection> {
        if claims.role != Role::Desk {
            return Ok(None);
        }
        let place = Workplace::of(claims).ok_or(Code::Forbidden)?;
        if self.has_been_here(place.clone(), whom.clone()).await? {
            return Ok(None);
        }
        Ok(Some(if self.waits_here(place, whom.clone()).await? { WAITS } else { JUST_REGISTERED }))
    }

    /// The departments where they work.
    async fn departments_of(&self, place: Workplace) -> Result<Vec<DepartmentId>, Rejection> {
        let Workplace { site: at, departments, doctor, .. } = place;
        let of_place = move |state: &jiaohao_domain::site::State| match doctor {
            Some(doctor) => {
                let known = state.doctors.get(&doctor).filter(|known| !known.retired);
                known.map(|known| known.definition.departments.clone()).unwrap_or_default()
            }
            None if departments.is_empty() => state.departments.keys().cloned().collect(),
            None => departments,
        };
        self.shell.read(site(at.as_str()), of_place).await
    }

    /// Whether the person waits for a place there.
    async fn waits_here(&self, place: Workplace, whom: PatientId) -> Result<bool, Rejection> {
        for id in self.departments_of(place).await? {
            let who = whom.clone();
            let waits =
                move |state: &jiaohao_domain::department::State| state.waitlist.of_patient(&who).next().is_some();
            if self.shell.read(department(&id), waits).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// With an appointment, a ticket or a visit there: for a doctor a live one or one of today, for a desk any that its
    /// department still knows.
    pub(super) async fn has_been_here(&self, place: Workplace, whom: PatientId) -> Result<bool, Rejection> {
        let is_desk = place.doctor.is_none();
        let today = self.learn_zone(place.site.as_str()).await?.date(self.shell.clock.clinic());
        let places = self.departments_of(place).await?;
        let booked_at = places.clone();
        let booked = move |state: &jiaohao_domain::patient::State| {
            state.reservations.values().any(|reservation| {
                (is_desk || reservation.is_live() || reservation.date == today)
                    && booked_at.contains(&reservation.slot.department())
            })
        };
        if self.shell.read(patient(&whom), booked).await? {
            return Ok(true);
        }
        for id in places {
            let who = whom.clone();
            let has_ticket = move |state: &jiaohao_domain::department::State| {
                let counts = |ticket: &Ticket| is_desk || ticket.is_live() || ticket.opened.date == today;
                let mut tickets = state.floor.tickets.values();
                tickets.any(|ticket| ticket.opened.brief.patient == who && counts(ticket))
                    || (is_desk && state.floor.visits.values().any(|visit| visit.brief.patient == who))
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
