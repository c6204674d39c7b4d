//! What doors are asked beside commands and streams: signing in, persons, screens that want to be paired. None of these
//! types prints its content: they carry names, numbers and secrets.

use jiaohao_domain::department::view::PaymentsOf;
use jiaohao_domain::person::{Relation, Sex};
use jiaohao_domain::vocabulary::Language;
use jiaohao_domain::{
    AppointmentId, BoardId, BusinessDate, DepartmentId, DoctorId, PatientId, Rejection, Role, ScreenId, ServicePointId,
    SessionId, SiteId, TicketId, Timestamp,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::finding::FindPlaces;
use super::queries::{PlanQuery, ReportQuery};
use crate::identity::audit::AuditQuery;
use crate::identity::tokens::Claims;

/// Persons in one reading at most.
pub const PERSONS_MAX: usize = 50;

/// What a door does for somebody signed in.
pub enum Deed {
    /// Names, phones and documents of these persons (audited).
    ReadPersons(ReadPersons),
    /// Make a person known.
    RegisterPerson {
        /// Who.
        person: Box<RegisterPerson>,
        /// The idempotency key, if the client gave one.
        key: Option<Uuid>,
    },
    /// A further document, a card or a provisional id is of somebody who is known.
    BindPerson(BindPerson),
    /// Destroy a person's key.
    ErasePerson(ErasePerson),
    /// Send a code to the own phone of a grown-up for whom the account wants to act.
    AskConsent(Box<RegisterPerson>),
    /// For whom the account acts, and who acts by its phone's word.
    ReadFamily,
    /// WeChat is to say as whom it knows who holds this phone: where its browser goes to.
    AskWechat {
        /// Under which origin that browser has the pages.
        origin: String,
    },
    /// WeChat's browser is back with its answer: the account's persons are told by WeChat too.
    BindWechat(BindWechat),
    /// Who acts for that person.
    ReadActing(PatientId),
    /// The 60-second code of a department's waiting area.
    ReadAreaCode(DepartmentId),
    /// What a site consists of.
    ReadDirectory(SiteId),
    /// The hospitals.
    ListSites,
    /// Hospitals, departments and doctors that fit, with what is free.
    FindPlaces(FindPlaces),
    /// The plan of a department.
    ReadPlan(DepartmentId, PlanQuery),
    /// What was paid in a department, of a day; absent: of what something is asked or owed.
    ReadPayments(DepartmentId, PaymentsOf),
    /// What came through the payment's provider on a day, after that number.
    ReadReceived(DepartmentId, BusinessDate, Option<String>),
    /// The lots of a department's releases.
    ReadReleases(DepartmentId),
    /// Appointments of a department's today that fit what the desk has typed.
    FindAppointments(DepartmentId, FindAppointments),
    /// Whom the delay of a session has not reached at home (audited).
    ReadNotReached(SessionId),
    /// The arriving patient's own appointments and tickets of today, by what only they have.
    FindArrivals(FindArrivals),
    /// An appointment as a file for a calendar, in that language.
    ReadCalendar(AppointmentId, Language),
    /// What is scanned of a ticket.
    ReadTicketCode(TicketId),
    /// What was answered before a ticket's queue (audited).
    ReadPreCheck(TicketId),
    /// A text as a picture to be scanned.
    DrawQrCode(DrawQrCode),
    /// A token for a script.
    IssueToken(IssueToken),
    /// Lines of the audit.
    ReadAudit(AuditQuery),
    /// What the days of a site came to.
    ReadReports(ReportQuery),
    /// Who of the staff of that site (absent: of all sites) signs in.
    ListStaff(Option<SiteId>),
    /// Tokens that were issued for scripts, of that site (absent: of all sites).
    ListTokens(Option<SiteId>),
    /// End a script's tokens.
    RevokeToken(RevokeToken),
    /// The wall clock is right after a jump.
    ConfirmClock,
    /// What a site's voice pack is to say, how far its recording is, and what is used.
    ReadVoice(SiteId),
    /// A clip of the recording under way.
    HearClip(SiteId, ClipName),
    /// A clip is recorded: a WAV file.
    RecordClip(SiteId, ClipName, Vec<u8>),
    /// The computer reads the site's voice pack.
    MakeVoice(SiteId, Languages),
    /// The recording becomes the site's voice.
    UseVoice(SiteId),
}

/// What somebody does who is not signed in.
pub enum Visit {
    /// Name and password, one-time code, or a screen's secret.
    SignIn(SignIn),
    /// A patient asks for a one-time code.
    RequestCode(RequestCode),
    /// Trade the refresh token of the cookie for the next one.
    Refresh(String),
    /// End this sign-in, or all of the account.
    SignOut {
        /// The cookie's.
        refresh_token: String,
        /// All of them.
        everywhere: bool,
    },
    /// A screen wants to be paired and asks for the code to show.
    OfferScreen(OfferScreen),
    /// The party through which fees are paid says something of an order or a refund.
    PaymentNews(crate::pay::port::Called),
}

/// What a visit comes to.
pub enum VisitAnswer {
    /// In.
    SignedIn(Box<SignedIn>),
    /// Out.
    SignedOut,
    /// Something to tell: the code's lifetime, the screen's code.
    Told(Value),
    /// A screen that shows its code and waits to be approved: answered like a refusal, and nothing has failed.
    NotYet(Rejection),
}

/// Somebody is signed in.
pub struct SignedIn {
    /// The access token.
    pub access_token: String,
    /// What it says.
    pub claims: Claims,
    /// The next refresh token, for the cookie; none for screens and scripts.
    pub refresh_token: Option<String>,
    /// Until when the cookie holds (machine time).
    pub refresh_expires_at: Timestamp,
    /// The marks of the browser from now on, for their cookie; none: they stay.
    pub marks: Option<String>,
    /// More for the page: display name, the patients that the account acts for.
    pub about: Value,
}

/// Sign in as staff.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PasswordSignIn {
    /// The name.
    pub name: String,
    /// The password.
    pub password: String,
    /// The marks of the browser's cookie (see [`crate::identity::marks`]); nothing of the body.
    #[serde(skip)]
    pub marks: Option<String>,
}

/// Ask for a one-time code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestCode {
    /// The phone that it is sent to.
    pub phone: String,
    /// The mark that this device was given with an earlier code.
    #[serde(default)]
    pub device: Option<String>,
}

/// Sign in with a one-time code.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CodeSignIn {
    /// The phone that it was sent to.
    pub phone: String,
    /// The code.
    pub code: String,
    /// The mark that was given with the code: only that device can use it.
    pub device: String,
}

/// A screen wants to be paired: it names the board or the room that it stands for, or only the site.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OfferScreen {
    /// The waiting area's board.
    #[serde(default)]
    pub board: Option<BoardId>,
    /// The room's door.
    #[serde(default)]
    pub door: Option<ServicePointId>,
    /// The site, when neither is known yet.
    #[serde(default)]
    pub site: Option<SiteId>,
}

/// A screen signs in once it has been approved.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ScreenSignIn {
    /// As offered.
    pub screen: ScreenId,
    /// The secret that it was given with the code.
    pub secret: String,
}

/// One of the three ways to sign in.
#[derive(JsonSchema)]
#[schemars(untagged)]
pub enum SignIn {
    /// Staff.
    Password(PasswordSignIn),
    /// A patient.
    Code(CodeSignIn),
    /// A screen.
    Screen(ScreenSignIn),
}

/// How to sign out.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignOut {
    /// On all devices.
    #[serde(default)]
    pub everywhere: bool,
}

/// Read persons by id.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReadPersons {
    /// 50 at most.
    pub ids: Vec<PatientId>,
}

/// The desk has seen that both are one person: exactly one of `document` and `provisional`.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindPerson {
    /// Who is known.
    pub patient: PatientId,
    /// The further document or hospital card, in hand.
    #[serde(default)]
    pub document: Option<FurtherDocument>,
    /// The id of somebody who was made known without a document.
    #[serde(default)]
    pub provisional: Option<PatientId>,
    /// It was a mistake: they are two.
    #[serde(default)]
    pub undo: bool,
}

/// A document beside the one by which somebody is known.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FurtherDocument {
    /// As in `RegisterPerson`, without `none`.
    pub document_kind: String,
    /// Its number.
    pub document_number: String,
    /// The site of the hospital patient number (`hospital_card`).
    #[serde(default)]
    pub site: Option<SiteId>,
}

/// Erase a person.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErasePerson {
    /// Under this id; another id of the same person is erased by itself.
    pub patient: PatientId,
}

/// Find appointments and tickets of today.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindAppointments {
    /// A number's beginning, a part of a name, a document's number, a phone, an appointment's or ticket's id, or a ticket's
    /// code as scanned.
    pub text: String,
}

/// Find what somebody who stands at a kiosk has today, by what only they have.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindArrivals {
    /// Where: the kiosk's departments, 50 at most.
    pub departments: Vec<DepartmentId>,
    /// By what.
    pub by: ArrivalKey,
}

/// What only the patient has.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ArrivalKey {
    /// What a scanner reads from a slip or from the phone.
    Code(String),
    /// A document's number, read or typed, whole.
    Document(String),
    /// The number that was called or printed; the birthday keeps others from using it.
    Number(NumberAndBirthday),
}

/// A number of today, and whose.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberAndBirthday {
    /// As on the slip, or without letter and noughts.
    pub number: String,
    /// Month and day of birth, four digits: `0423`.
    pub birthday: String,
}

/// Draw a text so that scanners and phones read it.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DrawQrCode {
    /// 300 bytes at most.
    pub text: String,
}

/// Make a person known by a document.
#[derive(Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RegisterPerson {
    /// Kind of the document: `resident_id`, `household_register`, `birth_certificate`, `hong_kong_macao_permit`,
    /// `taiwan_permit`, `permanent_residence`, `passport`; at the desk also `hospital_card` (with `site`) and `none`.
    pub document_kind: String,
    /// Its number; `none` has none.
    #[serde(default)]
    pub document_number: String,
    /// Full name.
    pub name: String,
    /// Sex as on the document.
    pub sex: Sex,
    /// Birth date as on the document.
    #[serde(default)]
    pub birth_date: Option<BusinessDate>,
    /// Phone, if any; of a grown-up of the family the own one, which is asked.
    #[serde(default)]
    pub phone: Option<String>,
    /// On a patient's own phone, for a grown-up of the family: the code that was sent to that person's phone.
    #[serde(default)]
    pub code: Option<String>,
    /// The site of the hospital patient number (`hospital_card`).
    #[serde(default)]
    pub site: Option<SiteId>,
    /// On a patient's own phone: who the person is to whoever signed in. Absent: `self`.
    #[serde(default)]
    pub relation: Option<Relation>,
    /// At the desk: what proof was seen for before is to be replaced by this.
    #[serde(default)]
    pub replace: bool,
    /// With `replace`: the number of the confirmation that is to be replaced, as the refusal named it (`confirmed`). Absent:
    /// the one that stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaces: Option<u64>,
}

/// WeChat's answer, as its browser brings it back.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BindWechat {
    /// Good once, for five minutes, and for the house alone.
    pub code: String,
    /// As it was given along.
    pub state: String,
    /// In which language the account is told: `zh` (default) or `en`.
    #[serde(default)]
    pub language: Language,
}

/// Issue a token for a script.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct IssueToken {
    /// What the script is called, for the audit.
    pub name: String,
    /// In which role it acts.
    pub role: Role,
    /// Of which site (every role but an operator of all sites).
    #[serde(default)]
    pub site: Option<SiteId>,
    /// Departments (desk, kiosk); absent: all of the site.
    #[serde(default)]
    pub departments: Vec<DepartmentId>,
    /// Which doctor (role doctor).
    #[serde(default)]
    pub doctor: Option<DoctorId>,
    /// Which screen (role screen).
    #[serde(default)]
    pub screen: Option<ScreenId>,
    /// The board that the screen shows (role screen).
    #[serde(default)]
    pub board: Option<BoardId>,
    /// For how long, in seconds.
    pub ttl_s: i64,
}

/// Have the computer read a voice pack.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MakeVoice {
    /// What is read anew; of the other language the clips that are used stay.
    #[serde(default)]
    pub language: Languages,
}

/// Which languages of a voice pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Languages {
    /// Chinese.
    Zh,
    /// English.
    En,
    /// Chinese and English.
    #[default]
    Both,
}

impl Languages {
    /// Whether `zh` or `en` is one of them.
    pub fn has(self, language: &str) -> bool {
        self.name() == language || self == Self::Both
    }

    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Zh => "zh",
            Self::En => "en",
            Self::Both => "both",
        }
    }
}

/// Which clip of a voice pack.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClipName {
    /// `zh` or `en`.
    pub language: String,
    /// What it says.
    pub clip: String,
}

/// End the tokens of a script.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RevokeToken {
    /// The name under which they were issued.
    pub name: String,
    /// Of which site; absent: of all sites.
    #[serde(default)]
    pub site: Option<SiteId>,
    /// They were made by `jiaohao token issue`, of which no list knows: end what has that name, if anything has.
    #[serde(default)]
    pub unlisted: bool,
}

/// Which list of scripts or of staff.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfSite {
    /// Of which site; absent: of all sites.
    #[serde(default)]
    pub site: Option<SiteId>,
}

/// Which questions to take over.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UsualQuestions {
    /// Of which site they will be.
    pub site: SiteId,
    /// Its fever clinic; absent: it has none.
    #[serde(default)]
    pub department: Option<DepartmentId>,
}
