//! Relations: what somebody must be to the thing, beside having the role.

use std::collections::BTreeMap;

use jiaohao_domain::{
    AccountId, AppointmentId, BoardId, DepartmentId, DoctorId, PatientId, Role, ScreenId, SiteId, TicketId,
};

use super::Target;
use crate::identity::tokens::Claims;

/// What somebody must be to the thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Relation {
    /// Nothing in particular.
    Any,
    /// The patient, or somebody whose account may act for the patient.
    OwnPatient,
    /// The doctor whose work it is.
    OwnDoctor,
    /// A doctor who works in the department.
    WorksThere,
    /// Somebody of the department, or of the whole site where no departments are named.
    OwnDepartment,
    /// Somebody of a department that is not retired, or of the whole site.
    OpenDepartment,
    /// Somebody of the site, or an operator of all sites.
    OwnSite,
    /// The screen that shows the board.
    OwnBoard,
    /// The same of a screen that hangs in the waiting room, and at no door.
    OwnRoomsBoard,
    /// The screen that stands at the room.
    OwnDoor,
    /// Somebody of a department of which the board, or the screen's board, shows a queue.
    ShowsOwn,
    /// Of a department where each of these persons has an appointment or a ticket, to come or of today.
    PatientsHere,
    /// The same, or where they wait for a place.
    PatientsHereOrWaiting,
    /// An operator who may issue tokens, within the own site.
    MayIssue,
}

/// Something that neither claims nor ids say.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fact {
    /// Whose appointment is it?
    PatientOfAppointment(AppointmentId),
    /// Whose ticket is it?
    PatientOfTicket(TicketId),
    /// May this account act for that patient?
    ActsFor(AccountId, PatientId),
    /// Does the doctor work in that department?
    WorksIn(DoctorId, DepartmentId),
    /// Is there such a department, and is it not retired?
    IsOpen(DepartmentId),
    /// Has the person a live or today's appointment or ticket there?
    PatientOf(Workplace, PatientId),
    /// Does the person wait for a place there?
    WaitsAt(Workplace, PatientId),
    /// Does it show a queue of one of these departments (of the site, when there are none)?
    Shows(Shown, Vec<DepartmentId>),
    /// Of which site is this member of the staff? `Yes`: of all sites; `No`: there is nobody of that name.
    SiteOfStaff(String),
    /// May this member of the staff issue tokens?
    StaffIssues(String),
}

/// Where somebody of the staff has patients: the desk's departments (none named: all of the site), the doctor's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Workplace {
    /// Whoever has just made somebody known has that person too.
    pub account: AccountId,
    /// The site.
    pub site: SiteId,
    /// The desk's departments.
    pub departments: Vec<DepartmentId>,
    /// The doctor.
    pub doctor: Option<DoctorId>,
}

impl Workplace {
    /// Of these claims; none without a site, or for a doctor's token that names no doctor of it.
    pub fn of(claims: &Claims) -> Option<Self> {
        let site = claims.site.clone()?;
        let doctor = claims.doctor.clone().filter(|_| claims.role == Role::Doctor);
        if claims.role == Role::Doctor && doctor.as_ref().is_none_or(|doctor| doctor.site() != site) {
            return None;
        }
        Some(Self { account: claims.account.clone(), site, departments: claims.departments.clone(), doctor })
    }
}

/// What shows queues.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Shown {
    /// A board.
    Board(BoardId),
    /// The board that a screen is paired with.
    Screen(ScreenId),
}

impl Shown {
    fn of(target: &Target) -> Option<Self> {
        let board = target.board.clone().map(Self::Board);
        board.or_else(|| target.screen.clone().map(Self::Screen))
    }
}

/// Where a member of the staff belongs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StaffPlace {
    /// There is nobody of that name.
    Nobody,
    /// To all sites (or it is not known: then nobody of one site may touch it).
    Everywhere,
    /// To this site.
    Site(SiteId),
}

/// Answers about relations, from the owners' states.
pub trait Relations {
    /// Whose appointment it is; none when there is no such appointment.
    fn patient_of_appointment(&self, appointment: &AppointmentId) -> Option<PatientId>;
    /// Whose ticket it is; none when there is no such ticket.
    fn patient_of_ticket(&self, ticket: &TicketId) -> Option<PatientId>;
    /// Whether the account may act for the patient (itself or family).
    fn acts_for(&self, account: &AccountId, patient: &PatientId) -> bool;
    /// Whether the doctor works in that department.
    fn works_in(&self, doctor: &DoctorId, department: &DepartmentId) -> bool;
    /// Whether there is such a department and it is not retired.
    fn is_open(&self, department: &DepartmentId) -> bool;
    /// Whether the person has a live or today's appointment or ticket there.
    fn patient_of(&self, place: &Workplace, patient: &PatientId) -> bool;
    /// Whether the person waits for a place there.
    fn waits_at(&self, place: &Workplace, patient: &PatientId) -> bool;
    /// Whether it shows a queue of one of these departments.
    fn shows(&self, shown: &Shown, departments: &[DepartmentId]) -> bool;
    /// Where a member of the staff belongs.
    fn staff(&self, name: &str) -> StaffPlace;
    /// Whether a member of the staff may issue tokens, or it is not known.
    fn issues(&self, name: &str) -> bool;
}

impl Relation {
    /// Whether it holds between who has the claims and the target. Whatever the target does not name, or nobody knows,
    /// does not hold.
    pub fn holds(self, claims: &Claims, target: &Target, relations: &dyn Relations) -> bool {
        match self {
            Self::Any => true,
            Self::OwnPatient => patients(target, relations)
                .is_some_and(|patients| patients.iter().all(|patient| relations.acts_for(&claims.account, patient))),
            Self::OwnDoctor => {
                claims.doctor.is_some()
                    && target.doctor == claims.doctor
                    && claims.doctor.as_ref().is_some_and(|doctor| one_site(target, &doctor.site()))
            }
            Self::WorksThere => claims.doctor.as_ref().is_some_and(|doctor| {
                one_site(target, &doctor.site())
                    && all(&target.departments, |department| relations.works_in(doctor, department))
            }),
            Self::OwnDepartment => {
                let is_own = |of: &DepartmentId| claims.departments.is_empty() || claims.departments.contains(of);
                // An appointment that is given up for another is the desk's to give up too.
                let gives_up = |at: &SiteId| {
                    let mut given_up = target.appointments.iter().map(AppointmentId::department);
                    given_up.all(|of| of.site() == *at && is_own(&of))
                };
                let at = claims.site.as_ref().filter(|at| one_site(target, at));
                at.is_some_and(|at| all(&target.departments, is_own) && gives_up(at))
            }
            Self::OpenDepartment => {
                claims.departments.is_empty() || claims.departments.iter().any(|own| relations.is_open(own))
            }
            Self::OwnSite => own_site(claims, target, relations),
            Self::OwnBoard => claims.screen.is_some() && claims.board.is_some() && target.board == claims.board,
            Self::OwnRoomsBoard => claims.door.is_none() && Self::OwnBoard.holds(claims, target, relations),
            Self::OwnDoor => claims.screen.is_some() && claims.door.is_some() && target.door == claims.door,
            Self::ShowsOwn => {
                claims.site.as_ref().is_some_and(|site| one_site(target, site))
                    && Shown::of(target).is_some_and(|shown| relations.shows(&shown, &claims.departments))
            }
            Self::PatientsHere => Workplace::of(claims)
                .is_some_and(|place| all(&target.patients, |patient| relations.patient_of(&place, patient))),
            Self::PatientsHereOrWaiting => Workplace::of(claims).is_some_and(|place| {
                all(&target.patients, |who| relations.patient_of(&place, who) || relations.waits_at(&place, who))
            }),
            Self::MayIssue => claims.may_issue && own_site(claims, target, relations),
        }
    }

    /// What [`Relation::holds`] has to know and is not among the known facts yet. Learning one may ask for another (whose
    /// appointment, then whether the account acts for that person): ask until there is nothing left.
    pub(super) fn unknown(self, claims: &Claims, target: &Target, known: &Facts) -> Vec<Fact> {
        let asked: Vec<Fact> = match self {
            Self::Any
            | Self::OwnDoctor
            | Self::OwnDepartment
            | Self::OwnBoard
            | Self::OwnRoomsBoard
            | Self::OwnDoor => Vec::new(),
            Self::ShowsOwn => {
                let shown =
                    Shown::of(target).filter(|_| claims.site.as_ref().is_some_and(|site| one_site(target, site)));
                shown.map(|shown| Fact::Shows(shown, claims.departments.clone())).into_iter().collect()
            }
            Self::OwnPatient => {
                let acts_for = |patient: PatientId| Fact::ActsFor(claims.account.clone(), patient);
                let named = target.patients.iter().cloned().map(acts_for);
                let things = target
                    .appointments
                    .iter()
                    .cloned()
                    .map(Fact::PatientOfAppointment)
                    .chain(target.ticket.iter().cloned().map(Fact::PatientOfTicket));
                named
                    .chain(things.map(|thing| match known.0.get(&thing) {
                        Some(FactAnswer::Patient(patient)) => acts_for(patient.clone()),
                        _ => thing,
                    }))
                    .collect()
            }
            Self::WorksThere => {
                let doctor = claims.doctor.iter();
                doctor
                    .flat_map(|doctor| {
                        target.departments.iter().map(|department| Fact::WorksIn(doctor.clone(), department.clone()))
                    })
                    .collect()
            }
            Self::OpenDepartment => claims.departments.iter().cloned().map(Fact::IsOpen).collect(),
            Self::PatientsHere => {
                let place = Workplace::of(claims);
                place
                    .iter()
                    .flat_map(|place| {
                        target.patients.iter().map(|patient| Fact::PatientOf(place.clone(), patient.clone()))
                    })
                    .collect()
            }
            Self::PatientsHereOrWaiting => {
                let place = Workplace::of(claims);
                let asked = |place: &Workplace, who: &PatientId| {
                    let is_here = Fact::PatientOf(place.clone(), who.clone());
                    match known.0.get(&is_here) {
                        Some(FactAnswer::No) => Fact::WaitsAt(place.clone(), who.clone()),
                        _ => is_here,
                    }
                };
                place.iter().flat_map(|place| target.patients.iter().map(|who| asked(place, who))).collect()
            }
            Self::OwnSite | Self::MayIssue => {
                let issues = |name: &String| (!claims.may_issue).then(|| Fact::StaffIssues(name.clone()));
                let staff = target.staff.iter();
                staff.flat_map(|name| [Some(Fact::SiteOfStaff(name.clone())), issues(name)]).flatten().collect()
            }
        };
        asked.into_iter().filter(|fact| !known.0.contains_key(fact)).collect()
    }
}

/// All of them, and at least one.
fn all<T>(of: &[T], holds: impl FnMut(&T) -> bool) -> bool {
    !of.is_empty() && of.iter().all(holds)
}

/// Whether everything the target names is at this one site.
fn one_site(target: &Target, site: &SiteId) -> bool {
    all(&target.sites, |named| named == site)
}

fn own_site(claims: &Claims, target: &Target, relations: &dyn Relations) -> bool {
    // Who may not issue tokens takes over no account that may: with its password it could.
    if !claims.may_issue && target.staff.as_ref().is_some_and(|name| relations.issues(name)) {
        return false;
    }
    let Some(site) = &claims.site else { return claims.role == Role::Operator };
    if let Some(name) = &target.staff {
        // Nobody takes over a name that belongs to another site or to all of them.
        let own = match relations.staff(name) {
            StaffPlace::Nobody => !target.sites.is_empty(),
            StaffPlace::Everywhere => false,
            StaffPlace::Site(of) => of == *site,
        };
        return own && target.sites.iter().all(|named| named == site);
    }
    one_site(target, site)
}

/// Every patient whom the target concerns; none when one of them is unknown or there is none.
fn patients(target: &Target, relations: &dyn Relations) -> Option<Vec<PatientId>> {
    let mut patients = target.patients.clone();
    for appointment in &target.appointments {
        patients.push(relations.patient_of_appointment(appointment)?);
    }
    if let Some(ticket) = &target.ticket {
        patients.push(relations.patient_of_ticket(ticket)?);
    }
    (!patients.is_empty()).then_some(patients)
}

/// What an owner says about a [`Fact`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FactAnswer {
    /// It is this person's.
    Patient(PatientId),
    /// Of this site.
    Site(SiteId),
    /// It is so.
    Yes,
    /// It is not so, or there is no such thing.
    No,
}

/// Answers that were collected beforehand. What is not in here does not hold.
#[derive(Clone, Debug, Default)]
pub struct Facts(BTreeMap<Fact, FactAnswer>);

impl Facts {
    /// Keeps an answer.
    pub fn learn(&mut self, fact: Fact, answer: FactAnswer) {
        self.0.insert(fact, answer);
    }

    fn patient(&self, fact: &Fact) -> Option<PatientId> {
        match self.0.get(fact) {
            Some(FactAnswer::Patient(patient)) => Some(patient.clone()),
            _ => None,
        }
    }

    fn is_so(&self, fact: &Fact) -> bool {
        self.0.get(fact) == Some(&FactAnswer::Yes)
    }
}

impl Relations for Facts {
    fn patient_of_appointment(&self, appointment: &AppointmentId) -> Option<PatientId> {
        self.patient(&Fact::PatientOfAppointment(appointment.clone()))
    }
    fn patient_of_ticket(&self, ticket: &TicketId) -> Option<PatientId> {
        self.patient(&Fact::PatientOfTicket(ticket.clone()))
    }
    fn acts_for(&self, account: &AccountId, patient: &PatientId) -> bool {
        self.is_so(&Fact::ActsFor(account.clone(), patient.clone()))
    }
    fn works_in(&self, doctor: &DoctorId, department: &DepartmentId) -> bool {
        self.is_so(&Fact::WorksIn(doctor.clone(), department.clone()))
    }
    fn is_open(&self, department: &DepartmentId) -> bool {
        self.is_so(&Fact::IsOpen(department.clone()))
    }
    fn patient_of(&self, place: &Workplace, patient: &PatientId) -> bool {
        self.is_so(&Fact::PatientOf(place.clone(), patient.clone()))
    }
    fn waits_at(&self, place: &Workplace, patient: &PatientId) -> bool {
        self.is_so(&Fact::WaitsAt(place.clone(), patient.clone()))
    }
    fn shows(&self, shown: &Shown, departments: &[DepartmentId]) -> bool {
        self.is_so(&Fact::Shows(shown.clone(), departments.to_vec()))
    }
    fn staff(&self, name: &str) -> StaffPlace {
        match self.0.get(&Fact::SiteOfStaff(name.to_owned())) {
            Some(FactAnswer::Site(site)) => StaffPlace::Site(site.clone()),
            Some(FactAnswer::No) => StaffPlace::Nobody,
            _ => StaffPlace::Everywhere,
        }
    }
    fn issues(&self, name: &str) -> bool {
        self.0.get(&Fact::StaffIssues(name.to_owned())) != Some(&FactAnswer::No)
    }
}
