//! Every error code that leaves the program: the stable wire code, its HTTP status and its title in both languages.
//! `PROTOCOL.md` is checked against this table.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $wire:literal, $status:literal, $zh:literal, $en:literal;)+) => {
        /// A stable error code.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        pub enum Code { $($(#[$doc])* #[serde(rename = $wire)] $name),+ }

        impl Code {
            /// All codes, in table order.
            pub const ALL: &'static [Code] = &[$(Code::$name),+];
            /// As it stands on the wire.
            pub fn wire(self) -> &'static str { match self { $(Code::$name => $wire),+ } }
            /// The HTTP status that goes with it.
            pub fn http_status(self) -> u16 { match self { $(Code::$name => $status),+ } }
            /// The title in Chinese.
            pub fn title_zh(self) -> &'static str { match self { $(Code::$name => $zh),+ } }
            /// The title in English.
            pub fn title_en(self) -> &'static str { match self { $(Code::$name => $en),+ } }
        }
    };
}

// Codes stand in the log by their place: append only.
codes! {
    /// The token is missing, forged, expired or revoked.
    Unauthenticated = "unauthenticated", 401, "请先登录", "Sign in first";
    /// Unknown and forbidden ids answer alike.
    Forbidden = "forbidden", 403, "没有权限或不存在", "Not allowed, or there is no such thing";
    /// The frame or body is not what the command takes.
    Malformed = "malformed", 400, "格式不对", "Malformed";
    /// A field has a value outside its range.
    InvalidField = "invalid_field", 422, "内容不对", "A field has a wrong value";
    /// There is no such command.
    UnknownCommand = "unknown_command", 400, "没有这个命令", "Unknown command";
    /// Larger than a limit.
    TooLarge = "too_large", 413, "太大", "Too large";
    /// More per second than a person may send.
    TooManyRequests = "too_many_requests", 429, "太频繁,请稍后再试", "Too many requests";
    /// A mailbox or queue of the engine is full: try again later.
    Overloaded = "overloaded", 503, "系统繁忙,请稍后再试", "Busy, try again shortly";
    /// The owner has failed three times in a minute and stays closed.
    OwnerFailed = "owner_failed", 503, "该业务暂停,请联系管理员", "This part has stopped; operations know";
    /// The disk is nearly full: bookings are refused, calling goes on.
    StorageLow = "storage_low", 503, "存储空间不足", "Storage is low";
    /// The node only reads.
    ReadOnly = "read_only", 503, "系统只读", "Read-only";
    /// No answer in time; ask again with the same key.
    TimedOut = "timed_out", 504, "超时,请重试", "No answer in time";
    /// The same idempotency key with another body.
    IdempotencyKeyReused = "idempotency_key_reused", 409, "幂等键已用于别的内容", "Idempotency key reused with another body";
    /// A key below the low-water mark of its owner and principal.
    IdempotencyKeyExpired = "idempotency_key_expired", 409, "幂等键已过期", "Idempotency key expired";
    /// The thing exists already with other fields.
    AlreadyExists = "already_exists", 409, "已存在", "Exists already";
    /// The id must begin with its parent's id and a dot.
    IdNotUnderParent = "id_not_under_parent", 422, "编号须以上级编号开头", "The id must begin with its parent's id";
    /// Retired things take nothing new.
    Retired = "retired", 409, "已停用", "Retired";
    /// One prefix, one queue of the site.
    PrefixTaken = "prefix_taken", 409, "号码前缀已被使用", "Prefix is another queue's";
    /// No place left in the slot.
    SlotFull = "slot_full", 409, "该时段已约满", "No places left in this slot";
    /// The slot's booking is not open (not yet released, closed, past, stopped, frozen).
    SlotClosed = "slot_closed", 409, "该时段不可预约", "This slot is not open";
    /// The hold has expired.
    HoldExpired = "hold_expired", 409, "保留已过期", "The hold has expired";
    /// The appointment's state does not allow it.
    WrongAppointmentState = "wrong_appointment_state", 409, "预约当前状态不能这样操作", "Not possible in the appointment's state";
    /// The ticket's state does not allow it.
    WrongTicketState = "wrong_ticket_state", 409, "该号当前状态不能这样操作", "Not possible in the ticket's state";
    /// One live appointment per patient, department and day.
    LimitDepartmentDay = "limit_department_day", 409, "同科室当天已有预约", "Already booked in this department that day";
    /// Three per patient and day.
    LimitDay = "limit_day", 409, "当天预约已达上限", "Daily limit reached";
    /// Overlaps another appointment of the patient.
    LimitOverlap = "limit_overlap", 409, "与另一个预约时间冲突", "Overlaps another appointment";
    /// Online booking is blocked after no-shows; desk and emergency stay open.
    OnlineBookingBlocked = "online_booking_blocked", 409, "线上预约已暂停,分诊台和急诊不受影响", "Online booking is blocked; the desk and emergency stay open";
    /// The cancel cut-off has passed.
    CancelCutOff = "cancel_cut_off", 409, "已过取消时间", "The cancel cut-off has passed";
    /// Check-in is not open yet.
    CheckInTooEarly = "check_in_too_early", 409, "还没到签到时间", "Check-in is not open yet";
    /// The appointment is for another day or its period is over.
    CheckInTooLate = "check_in_too_late", 409, "已过就诊时间", "The time for check-in is over";
    /// The code of the waiting area is missing or wrong.
    WrongAreaCode = "wrong_area_code", 403, "候诊区码不对", "Wrong code of the waiting area";
    /// Nobody is waiting.
    QueueEmpty = "queue_empty", 409, "没有候诊患者", "Nobody is waiting";
    /// The console's `in_hand` is not what the department has.
    StaleConsole = "stale_console", 409, "界面已过时", "The console is out of date";
    /// The assignment is not the doctor's current one.
    WrongAssignment = "wrong_assignment", 409, "出诊登记已变更", "Not the current assignment";
    /// The doctor already works somewhere.
    AlreadyWorking = "already_working", 409, "已在出诊", "Already at work";
    /// A patient is in hand.
    PatientInHand = "patient_in_hand", 409, "还有患者未结束", "A patient is in hand";
    /// The work is paused.
    WorkPaused = "work_paused", 409, "已暂停叫号", "Calling is paused";
    /// `mark_missed` before two calls and 90 s since the first; detail `not_before`.
    TooEarly = "too_early", 409, "还不能过号", "Too early";
    /// Missed three times: only the desk can bring it back.
    MissedThreeTimes = "missed_three_times", 409, "过号次数已满,请到分诊台", "Missed too often: only the desk can bring it back";
    /// The hospital's number is already in use in that queue and day.
    NumberTaken = "number_taken", 409, "号码已被使用", "Number is taken";
    /// A visit command with a version that is not newer.
    OldVersion = "old_version", 409, "版本过旧", "Not a newer version";
    /// Undo is not possible: another day, or something came after it.
    CannotUndo = "cannot_undo", 409, "不能撤销", "Cannot be undone";
    /// The session is closed or stopped.
    SessionClosed = "session_closed", 409, "班次已结束或停诊", "The session is closed";
    /// Tickets or appointments are not settled yet.
    NotSettled = "not_settled", 409, "还有未处理的号", "Tickets are not settled";
    /// Wrong name, password or code.
    WrongCredentials = "wrong_credentials", 401, "用户名、密码或验证码不对", "Wrong name, password or code";
    /// Too often, or too many failures; wait.
    BackOff = "back_off", 429, "过于频繁或失败过多,请稍后", "Too often or too many failures, wait";
    /// The stream's right has gone, or the stream is unknown.
    UnknownStream = "unknown_stream", 404, "没有这个数据流", "Unknown stream";
    /// More subscriptions, connections or frames than allowed.
    LimitExceeded = "limit_exceeded", 429, "超过上限", "Over a limit";
    /// The consultation is over; its room takes nothing new.
    RoomEnded = "room_ended", 409, "咨询已结束", "The consultation is over";
    /// This kind of consultation is never recorded here.
    RecordingOff = "recording_off", 409, "本类咨询不录制", "This kind of consultation is not recorded";
    /// The recording is required: it ends with the consultation or with a refusal.
    RecordingRequired = "recording_required", 409, "本类咨询必须录制", "The recording is required";
    /// Nobody has asked for consent now.
    NotAsked = "not_asked", 409, "当前没有征求同意", "Consent is not being asked for";
    /// An offer, answer or candidate of a negotiation that is not the current one; valid now: `negotiation`.
    StaleNegotiation = "stale_negotiation", 409, "通话协商已更新", "Not the current negotiation";
    /// After the first exchange only one side offers.
    NotTheOfferer = "not_the_offerer", 409, "应由另一方发起协商", "The other side offers";
    /// An invariant of the program is broken; nothing was done.
    Internal = "internal", 500, "内部错误", "Internal error";
    /// The hold has been prolonged before.
    AlreadyProlonged = "already_prolonged", 409, "已延长过一次", "Prolonged once already";
    /// Somebody waits, is booked or works there; valid now: what.
    InUse = "in_use", 409, "正在使用中", "In use";
    /// A grown-up agrees by a code to the own phone, or at the desk.
    ConsentNeeded = "consent_needed", 409, "需要本人同意", "The person has to agree";
    /// Under 18: a guardian acts.
    GuardianNeeded = "guardian_needed", 409, "未满18岁,请由监护人添加", "Under 18: a guardian has to act";
    /// The server has started and still reads its log.
    Recovering = "recovering", 503, "系统正在启动,请稍候", "Starting, a moment please";
    /// What is named (a site, a doctor, a person, a script, an order …) does not exist there (any more); valid now: `unknown`.
    UnknownId = "unknown_id", 422, "所指的对象不存在", "What is named does not exist";
    /// The site asks other questions before somebody joins a queue than were answered; valid now: their `version`.
    QuestionsChanged = "questions_changed", 409, "预检问题有更新,请重新回答", "Other questions are asked now";
    /// The pre-check sends the patient to another department; valid now: `department`, `rule`, `version`.
    SentElsewhere = "sent_elsewhere", 409, "预检建议先去别的科室", "The pre-check sends to another department";
    /// What WeChat was asked to confirm is over, used, or not of this account: begin again.
    AuthorizationOver = "authorization_over", 409, "授权已过期或已用过,请重新授权", "The authorization is over or used, begin again";
    /// An outside party has not answered, or with no answer of use; nothing has changed.
    ChannelFailed = "channel_failed", 502, "对方没有回应,请稍后再试", "The other party did not answer, try again later";
    /// Who comes alone pays before check-in, or before a place that a phone holds is the booking; valid now: `due_fen`.
    PaymentDue = "payment_due", 409, "请先缴费", "Please pay first";
    /// Nothing is to be paid: the fee is not wanted here, there is none, or it is paid.
    NothingDue = "nothing_due", 409, "没有应缴的费用", "Nothing is due";
    /// The refund stands otherwise; valid now: `state`, `refund`.
    WrongRefundState = "wrong_refund_state", 409, "退费当前状态不能这样操作", "Not possible in the refund's state";
    /// Who asked for a refund does not grant it.
    SecondPersonNeeded = "second_person_needed", 409, "需要另一人批准", "A second person has to agree";
    /// A place that is waited for can be booked now; valid now: `slot`.
    PlaceFree = "place_free", 409, "现在就有号,请直接预约", "A place is free now: book it";
    /// Sessions have just been released and others are before; valid now: `number`, `ahead`, `ask_again_ms`.
    InLine = "in_line", 409, "放号排队中,请稍候", "In line for the release";
}

/// A value of a rejection's `valid_now`. Times are text, RFC 3339 in the site's zone. Stored: append only.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Valid {
    /// An id, a state, a time.
    Text(String),
    /// A count, a version, a duration (the name says the unit).
    Number(i64),
    /// Several ids or names.
    List(Vec<String>),
    /// Nobody or nothing: JSON's null.
    Nothing,
}

impl From<&str> for Valid {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}
impl From<String> for Valid {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}
impl From<u32> for Valid {
    fn from(number: u32) -> Self {
        Self::Number(i64::from(number))
    }
}
impl From<u64> for Valid {
    fn from(number: u64) -> Self {
        Self::Number(i64::try_from(number).unwrap_or(i64::MAX))
    }
}
impl From<i64> for Valid {
    fn from(number: i64) -> Self {
        Self::Number(number)
    }
}
impl From<Vec<String>> for Valid {
    fn from(texts: Vec<String>) -> Self {
        Self::List(texts)
    }
}
impl From<Option<&str>> for Valid {
    fn from(text: Option<&str>) -> Self {
        text.map_or(Self::Nothing, Self::from)
    }
}

/// Why something was not done. Nothing has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{}: {detail}", code.wire())]
pub struct Rejection {
    /// The stable code.
    pub code: Code,
    /// What, in words for the person who asked; never patient data.
    pub detail: String,
    /// For conflicts: what would be valid now (`not_before`, `in_hand`, `next_free`), as name and value.
    #[serde(default)]
    pub valid_now: Vec<(String, Valid)>,
}

impl Rejection {
    /// A rejection with its words.
    pub fn new(code: Code, detail: impl Into<String>) -> Self {
        Self { code, detail: detail.into(), valid_now: Vec::new() }
    }
    /// `invalid_field`, with the field that is wrong: by its name in what was asked.
    pub fn field(field: &str, detail: impl Into<String>) -> Self {
        Self::new(Code::InvalidField, detail).with("field", field)
    }
    /// Adds what would be valid now.
    pub fn with(mut self, name: &str, value: impl Into<Valid>) -> Self {
        self.valid_now.push((name.to_owned(), value.into()));
        self
    }
}

impl From<Code> for Rejection {
    fn from(code: Code) -> Self {
        Self::new(code, code.title_en())
    }
}
