//! What a door does for somebody beside commands and streams, and what therefore needs a line in the table too.

use jiaohao_domain::{AppointmentId, DepartmentId, PatientId, SessionId, SiteId, TicketId};

/// Something that a door does itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Show names, phones and documents of these persons (audited).
    ReadPersons(Vec<PatientId>),
    /// Make somebody known by a document seen, or by their own.
    IdentifyPerson,
    /// Say that a further document, a card or a provisional id is of somebody who is known (audited). Of whom.
    BindPerson(Vec<PatientId>),
    /// Destroy a person's key (audited).
    ErasePerson(PatientId),
    /// Ask a grown-up's own phone whether the account may act for them.
    AskConsent,
    /// Show for whom the own account acts, who acts by its phone's word, and who else for whose own account it is.
    ReadFamily,
    /// Send the account's phone to WeChat, which says as whom it knows it.
    AskWechat,
    /// Tell the own account's persons by WeChat too, as WeChat has said.
    BindWechat,
    /// Show who acts for this person (audited).
    ReadActing(PatientId),
    /// Show the rotating code of a department's waiting area.
    ReadAreaCode(DepartmentId),
    /// Show what a site consists of: departments, queues, rooms, doctors, sessions.
    ReadDirectory(SiteId),
    /// Name the hospitals: what stands over their doors.
    ListSites,
    /// Find hospitals, departments and doctors in the city.
    FindPlaces,
    /// Show the plan of a department: templates, exceptions, and which sessions there ought to be.
    ReadPlan(DepartmentId),
    /// Show what was paid for appointments in a department, and what is owed.
    ReadPayments(DepartmentId),
    /// Show the lots of a department's releases, and how their lines stand.
    ReadReleases(DepartmentId),
    /// Find appointments and tickets of today in a department.
    FindAppointments(DepartmentId),
    /// Show whom the delay of this session has not reached at home (audited).
    ReadNotReached(SessionId),
    /// Find the own appointments and tickets of today of who stands at a kiosk.
    FindArrivals(Vec<DepartmentId>),
    /// Show an appointment as a file for a calendar.
    ReadCalendar(AppointmentId),
    /// Show a ticket's code, which a kiosk or the desk scans.
    ReadTicketCode(TicketId),
    /// Show what was answered before this ticket's queue (audited).
    ReadPreCheck(TicketId),
    /// Draw a text as a picture to be scanned.
    DrawQrCode,
    /// Issue a token for a script, of that site (absent: of all sites).
    IssueToken(Option<SiteId>),
    /// Read who saw and did what, in all sites.
    ReadAudit,
    /// Read what the days of a site came to.
    ReadReports(SiteId),
    /// Show who of the staff of that site (absent: of all sites) signs in, and as what.
    ListStaff(Option<SiteId>),
    /// Show which scripts of that site (absent: of all sites) have tokens.
    ListTokens(Option<SiteId>),
    /// End the tokens of a script of that site (absent: of all sites).
    RevokeToken(Option<SiteId>),
    /// Confirm that the wall clock is right after a jump, and whatever else concerns the whole house.
    RunHouse,
    /// Show what a site's voice pack is to say and how far its recording is.
    ReadVoice(SiteId),
    /// Record a site's voice pack, have the computer read it, put it to use.
    RecordVoice(SiteId),
}

impl Deed {
    /// Every deed's name.
    pub const NAMES: &'static [&'static str] = &[
        "read_persons",
        "identify_person",
        "bind_person",
        "erase_person",
        "ask_consent",
        "read_family",
        "ask_wechat",
        "bind_wechat",
        "read_acting",
        "read_area_code",
        "read_directory",
        "list_sites",
        "find_places",
        "read_plan",
        "read_payments",
        "read_releases",
        "find_appointments",
        "read_not_reached",
        "find_arrivals",
        "read_calendar",
        "read_ticket_code",
        "read_pre_check",
        "draw_qr_code",
        "issue_token",
        "read_audit",
        "read_reports",
        "list_staff",
        "list_tokens",
        "revoke_token",
        "run_house",
        "read_voice",
        "record_voice",
    ];

    /// Its name in the table and in the audit.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ReadPersons(_) => "read_persons",
            Self::IdentifyPerson => "identify_person",
            Self::BindPerson(_) => "bind_person",
            Self::ErasePerson(_) => "erase_person",
            Self::AskConsent => "ask_consent",
            Self::ReadFamily => "read_family",
            Self::AskWechat => "ask_wechat",
            Self::BindWechat => "bind_wechat",
            Self::ReadActing(_) => "read_acting",
            Self::ReadAreaCode(_) => "read_area_code",
            Self::ReadDirectory(_) => "read_directory",
            Self::ListSites => "list_sites",
            Self::FindPlaces => "find_places",
            Self::ReadPlan(_) => "read_plan",
            Self::ReadPayments(_) => "read_payments",
            Self::ReadReleases(_) => "read_releases",
            Self::FindAppointments(_) => "find_appointments",
            Self::ReadNotReached(_) => "read_not_reached",
            Self::FindArrivals(_) => "find_arrivals",
            Self::ReadCalendar(_) => "read_calendar",
            Self::ReadTicketCode(_) => "read_ticket_code",
            Self::ReadPreCheck(_) => "read_pre_check",
            Self::DrawQrCode => "draw_qr_code",
            Self::IssueToken(_) => "issue_token",
            Self::ReadAudit => "read_audit",
            Self::ReadReports(_) => "read_reports",
            Self::ListStaff(_) => "list_staff",
            Self::ListTokens(_) => "list_tokens",
            Self::RevokeToken(_) => "revoke_token",
            Self::RunHouse => "run_house",
            Self::ReadVoice(_) => "read_voice",
            Self::RecordVoice(_) => "record_voice",
        }
    }
}
