//! What each owner can be told: clients' commands with what only the edge can add, and what owners say to each other.

use serde::{Deserialize, Serialize};

use super::*;
use crate::reach::{SendOutcome, Way};

/// Everything a site can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToSite {
    /// Configuration commands of an operator, in order of the vocabulary.
    DefineSite(DefineSite),
    /// See [`DefineDepartment`].
    DefineDepartment(DefineDepartment),
    /// See [`DefineServicePoint`].
    DefineServicePoint(DefineServicePoint),
    /// See [`DefineBoard`].
    DefineBoard(DefineBoard),
    /// See [`DefineQueue`].
    DefineQueue(DefineQueue),
    /// See [`DefineDoctor`].
    DefineDoctor(DefineDoctor),
    /// See [`RetireDepartment`].
    RetireDepartment(RetireDepartment),
    /// See [`RetireServicePoint`].
    RetireServicePoint(RetireServicePoint),
    /// See [`RetireBoard`].
    RetireBoard(RetireBoard),
    /// See [`RetireQueue`].
    RetireQueue(RetireQueue),
    /// See [`RetireDoctor`].
    RetireDoctor(RetireDoctor),
    /// A screen shows this code and asks to be paired (unauthenticated, rate-limited at the edge).
    /// A room's screen also says which room, and an offer may take the place of an older one of the same address.
    OfferScreen {
        code: String,
        screen: ScreenId,
        secret_hash: String,
        door: Option<ServicePointId>,
        instead_of: Option<ScreenId>,
    },
    /// See [`ApproveScreen`].
    ApproveScreen(ApproveScreen),
    /// See [`RevokeScreen`].
    RevokeScreen(RevokeScreen),
    /// A visit from outside: remembered (hospital visit id → department), then sent on. The brief is of the patient.
    RegisterVisit { command: RegisterVisit, brief: PatientBrief, birth_date: Option<BusinessDate> },
    /// See [`ChangeVisit`].
    ChangeVisit(ChangeVisit),
    /// See [`CancelVisit`].
    CancelVisit(CancelVisit),
    /// The earliest deadline has passed.
    DeadlineReached,
    /// See [`DefineQuestions`].
    DefineQuestions(DefineQuestions),
    /// A queue or a doctor, with what stands beside its definition. See [`super::sent`].
    DefineMore { definition: Box<ToSite>, more: More },
    /// A site, a department or a doctor, with what it says to whoever looks for one.
    DefineDescribed { definition: Box<ToSite>, described: Described },
}

/// Everything a department can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToDepartment {
    /// From the site: what the department is now.
    Configure { time_zone: String, definition: DefineDepartment },
    /// From the site.
    ConfigureServicePoint(DefineServicePoint),
    /// From the site.
    ConfigureQueue(DefineQueue),
    /// From the site: a doctor who works here.
    ConfigureDoctor(DefineDoctor),
    /// From the site: a board that shows queues of this department.
    ConfigureBoard(DefineBoard),
    /// From the site: this is retired (a queue, service point, board, doctor or the department itself, by id).
    Retire { kind: RetiredKind, id: String },
    /// Operator.
    DefineSession(DefineSession),
    /// Operator.
    RetireSession(RetireSession),
    /// From the patient's owner, idempotent by appointment id: hold, or hold and confirm in one.
    RequestPlace {
        appointment: AppointmentId,
        slot: SlotId,
        brief: PatientBrief,
        confirm: bool,
        channel: Channel,
        replaces: Option<AppointmentId>,
    },
    /// From the patient's owner: what became of that request? Unknown is journaled as refused.
    AskPlace { appointment: AppointmentId, patient: PatientId },
    /// From the patient's owner: confirm a hold.
    ConfirmPlace { appointment: AppointmentId, patient: PatientId },
    /// From the patient's owner or the desk: cancel a booking or let go of a hold.
    CancelAppointment(CancelAppointment),
    /// The patient has come. Presence and birth date are from the edge.
    CheckIn { command: Arrived, birth_date: Option<BusinessDate>, presence_proved: bool },
    /// Desk.
    RegisterWalkIn { command: RegisterWalkIn, brief: PatientBrief, birth_date: Option<BusinessDate> },
    /// See [`ReportBack`].
    ReportBack { command: ReportBack, presence_proved: bool },
    /// See [`CancelTicket`].
    CancelTicket(CancelTicket),
    /// See [`SetPriority`].
    SetPriority(SetPriority),
    /// See [`TransferTicket`].
    TransferTicket(TransferTicket),
    /// See [`RecallTransfer`].
    RecallTransfer(RecallTransfer),
    /// See [`Undo`].
    Undo(Undo),
    /// See [`CloseSession`].
    CloseSession(CloseSession),
    /// See [`DelaySession`].
    DelaySession(DelaySession),
    /// From the doctor's owner: this doctor works here now, under that number.
    BeginAssignment { doctor: DoctorId, assignment: AssignmentId, service_point: ServicePointId },
    /// See [`PauseWork`].
    PauseWork(PauseWork),
    /// See [`ResumeWork`].
    ResumeWork(ResumeWork),
    /// See [`StopWork`].
    StopWork(StopWork),
    /// See [`CallNextPatient`].
    CallNextPatient(CallNextPatient),
    /// See [`CallTicket`].
    CallTicket(CallTicket),
    /// See [`RecallPatient`].
    RecallPatient(RecallPatient),
    /// See [`StartService`].
    StartService(StartService),
    /// See [`FinishService`].
    FinishService(FinishService),
    /// See [`SendForTests`].
    SendForTests(SendForTests),
    /// See [`ReturnToWaiting`].
    ReturnToWaiting(ReturnToWaiting),
    /// See [`MarkMissed`].
    MarkMissed(MarkMissed),
    /// See [`TakeBack`].
    TakeBack(TakeBack),
    /// From another department: a ticket that wants to move here.
    TakeTransfer { transfer: TransferredTicket },
    /// From the target: taken under this new ticket.
    TransferTaken { ticket: TicketId, new_ticket: TicketId, new_number: String },
    /// From the target: refused (also the answer to a recall that came first).
    TransferRefused { ticket: TicketId, reason: String },
    /// From the source: the desk there wants it back, if it has not been taken.
    RecallOfTransfer { ticket: TicketId },
    /// From the site: a visit of the hospital's own system.
    RegisterVisit { command: RegisterVisit, visit: VisitId, brief: PatientBrief, birth_date: Option<BusinessDate> },
    /// From the site.
    ChangeVisit { command: ChangeVisit, visit: VisitId },
    /// From the site.
    CancelVisit { command: CancelVisit, visit: VisitId },
    /// The earliest deadline has passed.
    DeadlineReached,
    /// From a board: this round of a call was not seen or heard in the area; to be marked at the caller's console and
    /// the desk. A call that is over or unknown: nothing to do.
    CallNotAnnounced { call: CallId, round: u32, board: BoardId, problem: AnnouncementProblem },
    /// From a person's owner: this news of a ticket has been heard.
    TicketHeard { ticket: TicketId, n: u64 },
    /// See [`ProlongHold`].
    ProlongHold(ProlongHold),
    /// See [`CorrectNoShow`].
    CorrectNoShow(CorrectNoShow),
    /// Operator: no more of it, unless it is in use. The site is told.
    RetireUnused { kind: RetiredKind, id: String },
    /// From another department: that visit is off; nobody of it is left waiting here. `told`: who has heard of it.
    EndVisit { visit: VisitId, told: Vec<DepartmentId> },
    /// Asked in the name of the hospital's system: what became of that version of a visit? Behind the effect that
    /// carries it; not known yet is `timed_out`.
    TellVisit { visit: VisitId, version: u64 },
    /// See [`SettleTickets`].
    SettleTickets(SettleTickets),
    /// From the patient's owner: another place of the patient stands instead of this one, which ends whatever the time,
    /// unless the patient has come.
    ReplacePlace { appointment: AppointmentId, patient: PatientId },
    /// See [`RestoreAppointment`].
    RestoreAppointment(RestoreAppointment),
    /// Desk.
    RegisterReturn { command: RegisterReturn, brief: PatientBrief, birth_date: Option<BusinessDate> },
    /// Of somebody who came before this, and was written down.
    CheckInOfThen { command: Arrived, birth_date: Option<BusinessDate>, came_at: Timestamp },
    /// See [`RateVisit`].
    RateVisit(RateVisit),
    /// From the site: what is asked before somebody joins a queue.
    ConfigureQuestions(DefineQuestions),
    /// A check-in, walk-in or return, with what was answered before it (or a ticket, after), and the birth date as it was said: the
    /// arrival's is the one that proof was seen for. What was answered is decided by and not kept; what is kept is `sealed`: the same, as only
    /// the person's own key opens it (empty: there is no such key).
    Answered { arrival: Box<ToDepartment>, pre_check: PreCheck, said: Option<BusinessDate>, sealed: Vec<u8> },
    /// See [`AcknowledgeAlert`].
    AcknowledgeAlert(AcknowledgeAlert),
    /// From the site: what a queue or a doctor has beside its definition.
    ConfigureMore { id: String, more: More },
    /// From a person's owner: it knows what is to be told of a ticket.
    NoticeHeard { ticket: TicketId, n: u64 },
    /// From a person's owner: the notice has reached nobody, or (later) somebody after all. Told again until it is heard.
    NoticeAnswered { ticket: TicketId, n: u64, patient: PatientId, reached: bool },
    /// See [`MarkReached`].
    MarkReached(MarkReached),
    /// From another department: the pre-check of a ticket that it has just sent here, named as it is there.
    TakePreCheck { kept: Box<crate::floor::PreCheckKept> },
    /// From another department: the alert has been heard there.
    AlertHeard(AlertHeard),
    /// See [`AnswerPreCheck`]: comes as `Answered`.
    AnswerPreCheck { ticket: TicketId },
    /// See [`StopSession`].
    StopSession(StopSession),
    /// See [`ResumeSession`].
    ResumeSession(ResumeSession),
    /// See [`DefineTemplate`].
    DefineTemplate(DefineTemplate),
    /// See [`RetireTemplate`].
    RetireTemplate(RetireTemplate),
    /// See [`ExceptDays`].
    ExceptDays(ExceptDays),
    /// See [`WithdrawException`].
    WithdrawException(WithdrawException),
    /// See [`DefinePlanning`].
    DefinePlanning(DefinePlanning),
    /// See [`FreezeSession`].
    FreezeSession(FreezeSession),
    /// See [`PlanSession`].
    PlanSession(PlanSession),
    /// A session or template, and what of its slots is kept for whom: in the order of the slots; of a template whose slots are
    /// alike one for all. Without it nothing is kept.
    WithQuotas { definition: Box<ToDepartment>, quotas: Vec<ByChannel> },
    /// See [`DefineQuotaRules`].
    DefineQuotaRules(DefineQuotaRules),
    /// As `RequestPlace`, through the channel of referrals and with the number of the referral.
    RequestByReferral {
        appointment: AppointmentId,
        slot: SlotId,
        brief: PatientBrief,
        confirm: bool,
        replaces: Option<AppointmentId>,
        referral: String,
    },
    /// See [`DefinePayment`].
    DefinePayment(DefinePayment),
    /// See [`TakePayment`].
    TakePayment(TakePayment),
    /// See [`AskRefund`].
    AskRefund(AskRefund),
    /// See [`DecideRefund`].
    DecideRefund(DecideRefund),
    /// See [`GiveRefund`].
    GiveRefund(GiveRefund),
    /// See [`JoinWaitlist`].
    JoinWaitlist { command: JoinWaitlist, brief: PatientBrief, channel: Channel },
    /// See [`LeaveWaitlist`].
    LeaveWaitlist(LeaveWaitlist),
    /// From the patient's owner: what it says to an offered place. Asked again until it is answered.
    OfferAnswered(OfferWord),
    /// From the patient's owner: it knows that the wish stands, or has ended.
    WishHeard { wish: WishId, ended: bool },
    /// See [`PayAppointment`].
    PayAppointment(PayAppointment),
    /// See [`RetryRefund`].
    RetryRefund(RetryRefund),
    /// From the provider, by the edge: what it says of an order. Said again it changes nothing.
    OrderSaid { order: OrderId, word: OrderWord },
    /// From the provider, by the edge: what it says of a refund. Said again it changes nothing.
    RefundSaid { refund: RefundId, word: RefundWord },
    /// From the edge: those who were there for a release are in order by its lot.
    OrderRelease { released_at: Timestamp, present: u32, order_sha256: String },
    /// A check-in or report back from a phone that is certainly far from the site, by the edge's reckoning: so many kilometres.
    FromAfar { arrival: Box<ToDepartment>, km: u32 },
    /// See [`DefineReminder`].
    DefineReminder(DefineReminder),
}

/// Everything a doctor's owner can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToDoctor {
    /// From the site.
    Configure(DefineDoctor),
    /// From the site.
    Retire,
    /// See [`StartWork`].
    StartWork(StartWork),
    /// From the department: nothing is in hand, the assignment has ended there.
    AssignmentEnded { assignment: AssignmentId },
    /// From the department: this assignment is refused (unknown service point, another doctor in the room …).
    AssignmentRefused { assignment: AssignmentId, reason: String },
    /// The earliest deadline has passed.
    DeadlineReached,
    /// Operator: no more of this doctor, unless at work. The site is told.
    RetireUnused,
}

/// Everything a patient's owner can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToPatient {
    /// The edge has identified the person: sealed fields as made by the edge with the person's key.
    Identify { brief: PatientBrief, birth_date_sealed: Vec<u8>, sealed: Vec<u8>, real_name: bool },
    /// An account acts for this patient (self or family), or no longer.
    Relate { account: AccountId, relation: Relation, granted: bool },
    /// See [`HoldSlot`], [`BookSlot`]: reserve first, then ask the department. `slot_start`, `slot_end`, `date`, `limits` are from
    /// the edge's read of the department; the department checks its own.
    Reserve {
        slot: SlotId,
        date: BusinessDate,
        slot_start: Timestamp,
        slot_end: Timestamp,
        confirm: bool,
        channel: Channel,
        replaces: Option<AppointmentId>,
        limits: crate::settings::PatientLimits,
    },
    /// See [`ConfirmAppointment`].
    Confirm { appointment: AppointmentId },
    /// See [`CancelAppointment`].
    Cancel(CancelAppointment),
    /// From the department: held until then.
    PlaceHeld { appointment: AppointmentId, expires_at: Timestamp },
    /// From the department: booked.
    PlaceBooked { appointment: AppointmentId, number: Option<String>, slot_start: Timestamp },
    /// From the department: refused, or expired. (What can be undone is told as news of its ticket.)
    PlaceEnded { appointment: AppointmentId, how: AppointmentEnd },
    /// The earliest deadline has passed.
    DeadlineReached,
    /// From a department: where a ticket of this person stands; told again until it is heard.
    TicketTold(TicketNews),
    /// From the department: what was asked to end stays as it is (the patient has come, or it is too late for who asked).
    PlaceKept { appointment: AppointmentId },
    /// See [`RestoreAppointment`]: the limits first, then the department is asked. `limits` as in `Reserve`.
    Restore { command: RestoreAppointment, limits: crate::settings::PatientLimits },
    /// To a claim: its account has proved to act for this confirmed bearer, with whose limits its live places count now. To a
    /// document or a provisional id: it is this person's.
    Join { bearer: PatientId },
    /// From a claim, to the bearer: a place of it is live, or (none) no longer.
    CountPlace { appointment: AppointmentId, place: Option<Place> },
    /// The desk has seen proof of who the person is. It takes the place of the confirmation of that number and of no other
    /// (0: there is none yet). `on_file` is the account of the phone that is on the person's file with it.
    ConfirmIdentity { identity: crate::patient::Identity, replaces: u64, on_file: Option<AccountId> },
    /// From an account: it acts for this person because its phone is on the person's file.
    RelateOnFile { account: AccountId, relation: Relation },
    /// From a department: what there is to tell of a ticket; told again until it is heard.
    Notify(NoticeDue),
    /// See [`ConfirmNotice`].
    ConfirmNotice { notice: NoticeId },
    /// From the edge: what came of sending a notice.
    NoticeOutcome { notice: NoticeId, way: Way, outcome: SendOutcome },
    /// From the department: it knows that the notice has (not) reached anybody.
    NoticeAnswerHeard { notice: NoticeId, reached: bool },
    /// From the edge: an address of an account that acts for the person, sealed with the person's key.
    BindAddress { account: AccountId, way: Way, sealed: Vec<u8> },
    /// From the edge: it is none any more.
    UnbindAddress { account: AccountId, way: Way },
    /// To a document or a provisional id: it was not that person's.
    Part { bearer: PatientId },
    /// As `Reserve`, through the channel of referrals and with the number of the referral.
    ReserveByReferral {
        slot: SlotId,
        date: BusinessDate,
        slot_start: Timestamp,
        slot_end: Timestamp,
        confirm: bool,
        replaces: Option<AppointmentId>,
        limits: crate::settings::PatientLimits,
        referral: String,
    },
    /// From a department: a place is kept for this person, if no limit refuses it.
    Offer(Box<OfferedPlace>),
    /// From a department: how a wish stands; told again until it is heard.
    WishTold(Box<WishNews>),
    /// From a department: what there is to tell of money that goes back; told again until it is heard.
    NotifyOfMoney {
        /// What.
        due: Box<NoticeDue>,
        /// How much, in fen.
        amount_fen: u32,
    },
}

/// Everything an account's owner can be told. Secrets arrive hashed or sealed by the edge.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToAccount {
    /// See [`DefineStaff`]; the password as an argon2id PHC string.
    DefineStaff { command: crate::account::DefineStaff, password_phc: Option<String> },
    /// See [`RetireStaff`].
    RetireStaff,
    /// Of before, as it is stored: nobody is told it any more. See [`ToAccount::SendCode`].
    IssueCode { code_hash: String, expires_at: Timestamp, from: String },
    /// Of before, as it is stored: nobody is told it any more. See [`ToAccount::UseCode`].
    TryCode { code_hash: String, refresh_hash: String, from: String },
    /// Somebody tried a password (the edge has compared it).
    TryPassword { matched: bool, refresh_hash: String, from: String },
    /// Trade a refresh token for the next one.
    Refresh { refresh_hash: String, next_hash: String },
    /// Sign out one session, or all.
    Revoke { refresh_hash: Option<String> },
    /// Of before, as it is stored: nobody is told it any more. See [`ToAccount::ActFor`].
    Relate { patient: PatientId, relation: Relation, granted: bool },
    /// Of before: see `NoteIssued`.
    NoteScript { name: String, role: crate::principal::Role, expires_at: Timestamp, now: Timestamp },
    /// Of before: see `EndTokens`.
    DropScript { name: String },
    /// The earliest deadline has passed.
    DeadlineReached,
    /// A one-time code was sent; its keyed hash, until when it holds, and who asked: nobody else can use it.
    SendCode { code_hash: String, expires_at: Timestamp, asker: Asker },
    /// Somebody tried a code.
    UseCode { code_hash: String, refresh_hash: String, asker: Asker },
    /// A code was sent to the person's own phone (`member` is its account): may this account act for the person?
    /// `comes_of_age` is the first moment of the person's 18th birthday.
    AskConsent {
        patient: PatientId,
        relation: Relation,
        comes_of_age: Option<Timestamp>,
        member: AccountId,
        code_hash: String,
        expires_at: Timestamp,
    },
    /// This account acts for that patient, as that relation, by that proof.
    ActFor { patient: PatientId, relation: Relation, comes_of_age: Option<Timestamp>, proof: Proof },
    /// See [`EndRelation`].
    EndRelation { patient: PatientId },
    /// The desk has put another phone on the person's file.
    AnotherPhoneOnFile { patient: PatientId },
    /// From another account: it acts for that person by the word of this account's phone.
    NoteAgreement { account: AccountId, patient: PatientId, agreement: crate::account::Agreement },
    /// See [`EndRelation`]: this phone's word is taken back.
    WithdrawAgreement { account: AccountId, patient: PatientId },
    /// From the other account: it acts so no longer.
    EndAgreement { account: AccountId, patient: PatientId },
    /// From the account of the person's own phone: its word is taken back.
    AgreementWithdrawn { patient: PatientId, member: AccountId },
    /// Of before: see `NoteIssued`.
    NoteToken { id: String, token: crate::account::IssuedToken },
    /// Every token of a script of that name was ended (told to the account that lists them; machine time).
    EndTokens { name: String, now: Timestamp },
    /// The desk has corrected the person's birth date, or a right of before ends were recorded is used: the right to the
    /// person is judged anew.
    BirthDateCorrected { patient: PatientId, comes_of_age: Option<Timestamp> },
    /// As [`ToAccount::ActFor`] of oneself: this account is the confirmed bearer of the document whose number it has called
    /// its own as `claim`, if it has.
    BeBearer { patient: PatientId, claim: PatientId, comes_of_age: Option<Timestamp>, proof: Proof },
    /// As [`ToAccount::DefineStaff`], of an account that is not there.
    MakeStaff { command: crate::account::DefineStaff, password_phc: Option<String> },
    /// A token is made for a script, by somebody's right (told to the account that lists them).
    NoteIssued { id: String, token: crate::account::IssuedToken, issued_by: crate::account::Issuer },
    /// Of a script: its tokens end, and what it has issued.
    EndScript,
}

/// Everything a board's owner can be told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ToBoard {
    /// From the site.
    Configure(DefineBoard),
    /// From the site.
    Retire,
    /// From a department: say this in its turn.
    Announce(Announce),
    /// From a department: the call is over; do not speak it any more.
    CallOver { call: CallId },
    /// See [`ReportShown`].
    ReportShown(ReportShown),
    /// See [`ReportSpoken`].
    ReportSpoken(ReportSpoken),
    /// The earliest deadline has passed.
    DeadlineReached,
    /// From the shell: clinic time runs `speed` times as fast as machine time (1: real time). Above 1 a board shows and
    /// does not speak, and its limits, which are machine time, are that much longer in clinic time.
    ClockSpeed { speed: u32 },
    /// From the shell: what the site's voice pack can say; absent: there is none.
    Voice(Option<VoicePack>),
}
