//! What a command, a stream or a deed is about, read off its ids: everything that a relation may ask for.

use std::collections::BTreeSet;

use jiaohao_domain::vocabulary::{ClientCommand as C, DefineStaff, Does, ExceptionDoes, PreCheck, Settlement, Wanted};
use jiaohao_domain::{
    AnnouncementId, AppointmentId, AssignmentId, BoardId, DepartmentId, DoctorId, PatientId, QueueId, ScreenId,
    ServicePointId, SessionId, SiteId, SlotId, TicketId, is_well_formed, prefix,
};

use super::{Deed, StreamName};
use crate::identity::accounts;
use jiaohao_actors::fanout::StreamKind;

/// So many ids of one thing go on the audit.
const IDS_MAX: usize = 50;

/// What something is about. Everything it names has to fit, so that no second id slips past.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// Every site it names.
    pub sites: Vec<SiteId>,
    /// Every department whose right is needed.
    pub departments: Vec<DepartmentId>,
    /// The patients it names.
    pub patients: Vec<PatientId>,
    /// Appointments whose patients it concerns.
    pub appointments: Vec<AppointmentId>,
    /// A ticket whose patient it concerns.
    pub ticket: Option<TicketId>,
    /// The doctor whose work it is.
    pub doctor: Option<DoctorId>,
    /// The board.
    pub board: Option<BoardId>,
    /// The room that a screen stands at.
    pub door: Option<ServicePointId>,
    /// A paired screen.
    pub screen: Option<ScreenId>,
    /// A member of the staff, by name.
    pub staff: Option<String>,
    /// It gives somebody the right to issue tokens.
    pub grants_issuing: bool,
    /// A place is asked for by a referral.
    pub by_referral: bool,
    /// The thing itself, where none of the above names it: what is defined or retired, a slot, a call. For the audit only.
    pub thing: Option<String>,
}

impl Target {
    fn site(mut self, site: impl Into<SiteId>) -> Self {
        self.sites.push(site.into());
        self
    }
    /// The site that the first part of an id names.
    fn under(self, id: &str) -> Self {
        self.site(prefix(id, 1))
    }
    /// What is defined, retired, called or ruled by this id, which begins with its site.
    fn thing(mut self, id: &str) -> Self {
        self.thing = Some(id.to_owned());
        self.under(id)
    }
    fn department(mut self, department: DepartmentId) -> Self {
        self.sites.push(department.site());
        self.departments.push(department);
        self
    }
    fn settlements(self, settlements: &[Settlement]) -> Self {
        settlements.iter().fold(self, |about, settled| {
            let about = about.department(settled.ticket.department());
            settled.to.iter().fold(about, |about, to| about.under(to.as_str()))
        })
    }
    /// The queue of another department in which somebody is registered at once.
    fn sent_on(self, pre_check: Option<&PreCheck>) -> Self {
        let to = pre_check.and_then(|answered| answered.to.as_ref());
        to.into_iter().fold(self, |about, to| about.under(to.as_str()))
    }
    fn patient(mut self, patient: &PatientId) -> Self {
        self.patients.push(patient.clone());
        self
    }
    fn appointment(mut self, appointment: &AppointmentId) -> Self {
        self.appointments.push(appointment.clone());
        self.department(appointment.department())
    }
    fn ticket(mut self, ticket: &TicketId) -> Self {
        self.ticket = Some(ticket.clone());
        self.department(ticket.department())
    }
    fn doctor(mut self, doctor: DoctorId) -> Self {
        self.sites.push(doctor.site());
        self.doctor = Some(doctor);
        self
    }
    fn assignment(self, department: &DepartmentId, assignment: &AssignmentId) -> Self {
        self.department(department.clone()).doctor(assignment.doctor())
    }
    fn board(mut self, board: BoardId) -> Self {
        self.sites.push(board.site());
        self.board = Some(board);
        self
    }
    fn place(self, session: &SessionId, slot: &SlotId, patient: &PatientId) -> Self {
        self.department(session.department()).department(slot.department()).patient(patient).named(slot.as_str())
    }
    /// As [`Self::thing`], of a thing that says nothing of its site.
    fn named(mut self, id: &str) -> Self {
        self.thing = Some(id.to_owned());
        self
    }
    fn staff(mut self, define: &DefineStaff) -> Self {
        self.staff = Some(define.id.clone());
        self.grants_issuing = define.may_issue;
        self.sites.extend(
            define
                .site
                .iter()
                .cloned()
                .chain(define.departments.iter().map(DepartmentId::site))
                .chain(define.doctor.iter().map(DoctorId::site)),
        );
        self
    }

    /// The ids of it, as the audit names them: the thing itself and the persons; where there is neither, the departments or
    /// the sites. What cannot be an id is left out: it may be anything that somebody typed.
    pub fn ids(&self) -> Vec<String> {
        let text = |id: &dyn AsRef<str>| id.as_ref().to_owned();
        let staff = self.staff.iter().filter_map(|name| accounts::staff(name).ok()).map(|account| text(&account));
        let mut ids: Vec<String> = self.thing.iter().cloned().chain(staff).collect();
        ids.extend(self.patients.iter().map(|id| text(id)));
        ids.extend(self.appointments.iter().map(|id| text(id)));
        ids.extend(self.ticket.iter().map(|id| text(id)));
        ids.extend(self.doctor.iter().map(|id| text(id)));
        ids.extend(self.board.iter().map(|id| text(id)));
        ids.extend(self.door.iter().map(|id| text(id)));
        ids.extend(self.screen.iter().map(|id| text(id)));
        if ids.is_empty() {
            ids.extend(self.departments.iter().map(|id| text(id)));
        }
        if ids.is_empty() {
            ids.extend(self.sites.iter().map(|id| text(id)));
        }
        ids.retain(|id| is_well_formed(id) && !may_be_number(id));
        let mut seen = BTreeSet::new();
        ids.retain(|id| seen.insert(id.clone()));
        ids.truncate(IDS_MAX);
        ids
    }

    /// What a command is about.
    pub fn of_command(command: &C) -> Self {
        let about = Self::default();
        match command {
            C::DefineSite(c) => about.site(c.id.clone()),
            C::DefineDepartment(c) => about.thing(c.id.as_str()),
            C::DefineServicePoint(c) => about.thing(c.id.as_str()),
            C::DefineBoard(c) => {
                c.queues.iter().fold(about.thing(c.id.as_str()), |about, queue| about.under(queue.as_str()))
            }
            C::DefineQueue(c) => {
                c.doctors.iter().fold(about.thing(c.id.as_str()), |about, doctor| about.under(doctor.as_str()))
            }
            C::DefineSession(c) => about.department(c.id.department()).named(c.id.as_str()).under(c.queue.as_str()),
            C::DefineTemplate(c) => {
                let about = about.department(c.id.department()).named(c.id.as_str()).under(c.queue.as_str());
                let point = c.service_point.iter().map(AsRef::<str>::as_ref);
                let others = c.doctor.iter().map(AsRef::as_ref).chain(point);
                others.fold(about, |about, other: &str| about.under(other))
            }
            C::RetireTemplate(c) => about.department(c.id.department()).named(c.id.as_str()),
            C::ExceptDays(c) => {
                let about = about.department(c.id.department()).named(c.id.as_str());
                let substitute = match &c.does {
                    ExceptionDoes::Substitute { doctor } => Some(doctor),
                    ExceptionDoes::Closed { .. } | ExceptionDoes::Open { .. } => None,
                };
                let template = c.template.iter().map(AsRef::<str>::as_ref);
                let others = c.doctor.iter().chain(substitute).map(AsRef::as_ref).chain(template);
                others.fold(about, |about, other: &str| about.under(other))
            }
            C::WithdrawException(c) => about.department(c.id.department()).named(c.id.as_str()),
            C::DefinePlanning(c) => about.department(c.department.clone()),
            C::DefineQuotaRules(c) => about.department(c.department.clone()),
            C::DefineReminder(c) => about.department(c.department.clone()),
            C::DefinePayment(c) => about.department(c.department.clone()),
            C::TakePayment(c) => about.appointment(&c.appointment),
            C::AskRefund(c) => about.appointment(&c.appointment),
            C::DecideRefund(c) => about.appointment(&c.refund.appointment()).named(c.refund.as_str()),
            C::GiveRefund(c) => about.appointment(&c.refund.appointment()).named(c.refund.as_str()),
            C::JoinWaitlist(c) => {
                let about = about.department(c.wanted.department()).patient(&c.patient);
                match &c.wanted {
                    Wanted::Session(session) => about.named(session.as_str()),
                    Wanted::AnyOf(any) => any.doctor.iter().fold(about, |about, doctor| about.under(doctor.as_str())),
                }
            }
            C::LeaveWaitlist(c) => about.department(c.wish.department()).patient(&c.patient).named(c.wish.as_str()),
            C::RetryRefund(c) => about.appointment(&c.refund.appointment()).named(c.refund.as_str()),
            C::FreezeSession(c) => about.department(c.session.department()).named(c.session.as_str()),
            C::PlanSession(c) => about.department(c.session.department()).named(c.session.as_str()),
            C::DefineDoctor(c) => c
                .departments
                .iter()
                .fold(about.thing(c.id.as_str()), |about, department| about.under(department.as_str())),
            C::DefineStaff(c) => about.staff(c),
            C::DefineQuestions(c) => {
                let sent_to = c.rules.iter().filter_map(|rule| match &rule.does {
                    Does::SendTo { department } => Some(department),
                    _ => None,
                });
                sent_to.fold(about.site(c.site.clone()), |about, department| about.under(department.as_str()))
            }
            C::RetireDepartment(c) => about.thing(c.id.as_str()),
            C::RetireServicePoint(c) => about.thing(c.id.as_str()),
            C::RetireBoard(c) => about.thing(c.id.as_str()),
            C::RetireQueue(c) => about.thing(c.id.as_str()),
            C::RetireSession(c) => about.thing(c.id.as_str()),
            C::RetireDoctor(c) => about.thing(c.id.as_str()),
            C::RetireStaff(c) => Self { staff: Some(c.id.clone()), ..about },
            C::ApproveScreen(c) => about.board(c.board.clone()),
            C::RevokeScreen(c) => Self { screen: Some(c.screen.clone()), ..about.under(c.screen.as_str()) },
            C::HoldSlot(c) => {
                Self { by_referral: c.referral.is_some(), ..about.place(&c.session, &c.slot, &c.patient) }
            }
            C::BookSlot(c) => {
                let about = Self { by_referral: c.referral.is_some(), ..about };
                c.replaces.iter().fold(about.place(&c.session, &c.slot, &c.patient), |mut about, replaced| {
                    // The appointment given up may be of another hospital: of a patient only whose it is is asked.
                    about.appointments.push(replaced.clone());
                    about
                })
            }
            C::ConfirmAppointment(c) => {
                c.patient.iter().fold(about.appointment(&c.appointment), |about, patient| about.patient(patient))
            }
            C::CancelAppointment(c) => about.appointment(&c.appointment),
            C::ProlongHold(c) => about.appointment(&c.appointment),
            C::PayAppointment(c) => about.appointment(&c.appointment),
            C::CorrectNoShow(c) => about.appointment(&c.appointment),
            C::RestoreAppointment(c) => about.appointment(&c.appointment),
            C::CheckIn(c) => about.appointment(&c.appointment).sent_on(c.pre_check.as_ref()),
            C::ReportBack(c) => about.ticket(&c.ticket),
            C::CancelTicket(c) => about.ticket(&c.ticket),
            C::EnterRelease(c) => about.department(c.department.clone()).patient(&c.patient),
            C::LeaveRelease(c) => about.department(c.department.clone()).patient(&c.patient),
            C::RateVisit(c) => about.ticket(&c.ticket),
            C::RegisterWalkIn(c) => {
                let about = about.department(c.queue.department()).patient(&c.patient);
                c.visit.iter().fold(about, |about, visit| about.under(visit.as_str())).sent_on(c.pre_check.as_ref())
            }
            C::RegisterReturn(c) => {
                about.department(c.at()).under(c.visit.as_str()).patient(&c.patient).sent_on(c.pre_check.as_ref())
            }
            C::AnswerPreCheck(c) => about.ticket(&c.ticket).sent_on(c.pre_check.as_ref()),
            C::AcknowledgeAlert(c) => about.ticket(&c.ticket),
            C::SetPriority(c) => about.ticket(&c.ticket),
            C::TransferTicket(c) => about.ticket(&c.ticket).under(c.to.as_str()),
            C::RecallTransfer(c) => about.ticket(&c.ticket),
            // `<ticket id>@<step>`.
            C::Undo(c) => about.ticket(&TicketId::from(c.event.split('@').next().unwrap_or_default())),
            C::CloseSession(c) => {
                about.department(c.session.department()).settlements(&c.settlements).named(c.session.as_str())
            }
            C::SettleTickets(c) => about.department(c.department.clone()).settlements(&c.settlements),
            C::DelaySession(c) => about.department(c.session.department()).named(c.session.as_str()),
            C::StopSession(c) => {
                let about = about.department(c.session.department()).named(c.session.as_str());
                let named = c.to.iter().map(QueueId::as_str).chain(c.substitute.iter().map(DoctorId::as_str));
                named.fold(about, |about, id| about.under(id))
            }
            C::ResumeSession(c) => about.department(c.session.department()).named(c.session.as_str()),
            C::StartWork(c) => about.department(c.department.clone()).department(c.service_point.department()),
            C::PauseWork(c) => about.assignment(&c.department, &c.assignment),
            C::ResumeWork(c) => about.assignment(&c.department, &c.assignment),
            C::StopWork(c) => about.assignment(&c.department, &c.assignment),
            C::CallNextPatient(c) => {
                c.in_hand.iter().fold(about.assignment(&c.department, &c.assignment), |about, ticket| {
                    about.department(ticket.department())
                })
            }
            C::CallTicket(c) => c
                .in_hand
                .iter()
                .chain([&c.ticket])
                .fold(about.assignment(&c.department, &c.assignment), |about, ticket| {
                    about.department(ticket.department())
                })
                .named(c.ticket.as_str()),
            C::RecallPatient(c) => about.department(c.call.department()).named(c.call.as_str()),
            C::StartService(c) => about.ticket(&c.ticket),
            C::FinishService(c) => about.ticket(&c.ticket),
            C::SendForTests(c) => about.ticket(&c.ticket),
            C::ReturnToWaiting(c) => about.ticket(&c.ticket),
            C::MarkMissed(c) => about.ticket(&c.ticket),
            C::TakeBack(c) => about.ticket(&c.ticket),
            C::GrantRelation(c) => about.patient(&c.patient),
            C::EndRelation(c) => {
                Self { thing: c.account.as_ref().map(ToString::to_string), ..about.patient(&c.patient) }
            }
            C::RegisterVisit(c) => {
                let named = [
                    c.department.as_ref().map(DepartmentId::as_str),
                    c.doctor.as_ref().map(DoctorId::as_str),
                    c.queue.as_ref().map(QueueId::as_str),
                ];
                named.into_iter().flatten().fold(about.site(c.site.clone()), Self::under)
            }
            C::ChangeVisit(c) => c.queue.iter().map(QueueId::as_str).fold(about.site(c.site.clone()), Self::under),
            C::CancelVisit(c) => about.site(c.site.clone()),
            C::ReportShown(c) => about.announcement(&c.announcement),
            C::ReportSpoken(c) => about.announcement(&c.announcement),
            C::ConfirmNotice(c) => about.patient(&c.patient).named(c.notice.as_str()),
            C::MarkReached(c) => about.ticket(&c.ticket),
            C::BindChannel(c) => about.patient(&c.patient),
            C::UnbindChannel(c) => about.patient(&c.patient),
        }
    }

    fn announcement(self, announcement: &AnnouncementId) -> Self {
        self.board(announcement.board())
    }

    /// What a stream is about.
    pub fn of_stream(stream: &StreamName) -> Self {
        let about = Self::default();
        let id = stream.id.as_str();
        match stream.kind {
            StreamKind::Board => about.board(BoardId::from(id)),
            StreamKind::Door => {
                let door = ServicePointId::from(id);
                Self { door: Some(door.clone()), ..about.department(door.department()) }
            }
            StreamKind::Queue => about.department(QueueId::from(id).department()),
            StreamKind::Session => about.department(SessionId::from(id).department()),
            StreamKind::Doctor => about.doctor(DoctorId::from(id)),
            StreamKind::Patient => about.patient(&PatientId::from(id)),
            StreamKind::Ticket => about.ticket(&TicketId::from(id)),
            StreamKind::Room => about,
            StreamKind::Site => about.site(id),
            StreamKind::Ops => about,
        }
    }

    /// What a deed is about.
    pub fn of_deed(deed: &Deed) -> Self {
        let about = Self::default();
        match deed {
            Deed::ReadPersons(patients) | Deed::BindPerson(patients) => Self { patients: patients.clone(), ..about },
            Deed::ReadActing(patient) | Deed::ErasePerson(patient) => about.patient(patient),
            Deed::IdentifyPerson
            | Deed::AskConsent
            | Deed::ReadFamily
            | Deed::AskWechat
            | Deed::BindWechat
            | Deed::ReadAudit
            | Deed::RunHouse
            | Deed::DrawQrCode
            | Deed::ListSites
            | Deed::FindPlaces => about,
            Deed::ReadAreaCode(department)
            | Deed::FindAppointments(department)
            | Deed::ReadPlan(department)
            | Deed::ReadPayments(department)
            | Deed::ReadReleases(department) => about.department(department.clone()),
            Deed::ReadNotReached(session) => about.department(session.department()).named(session.as_str()),
            Deed::FindArrivals(departments) => {
                departments.iter().cloned().fold(about, |about, department| about.department(department))
            }
            Deed::ReadCalendar(appointment) => about.appointment(appointment),
            Deed::ReadTicketCode(ticket) | Deed::ReadPreCheck(ticket) => about.ticket(ticket),
            Deed::ReadDirectory(site) | Deed::ReadReports(site) | Deed::ReadVoice(site) | Deed::RecordVoice(site) => {
                about.site(site.clone())
            }
            Deed::IssueToken(site) | Deed::ListStaff(site) | Deed::ListTokens(site) | Deed::RevokeToken(site) => {
                Self { sites: site.iter().cloned().collect(), ..about }
            }
        }
    }
}

/// Whether somebody's phone or document may stand in it: seven digits and more that are a whole part. No id of ours has
/// such a one; it is what somebody typed.
pub fn may_be_number(id: &str) -> bool {
    id.split(|c: char| !c.is_ascii_alphanumeric())
        .any(|part| part.len() >= 7 && part.bytes().all(|b| b.is_ascii_digit()))
}
