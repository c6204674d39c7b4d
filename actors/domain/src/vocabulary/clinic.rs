//! Commands about places and arrivals: patient, family, desk.

use super::*;

/// Through which channel a place is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    /// The patient's or family's own phone.
    Online,
    /// The desk or telephone.
    Desk,
    /// The hospital's own system.
    Outside,
    /// The desk, for somebody whom primary care has referred.
    Referral,
}

impl Channel {
    /// Its name on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Desk => "desk",
            Self::Outside => "outside",
            Self::Referral => "referral",
        }
    }
}

/// How an appointment came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AppointmentEnd {
    /// The department refused the place.
    Refused,
    /// The hold expired.
    Expired,
    /// Cancelled in time.
    Cancelled,
    /// Given back after the cut-off.
    GivenBack,
    /// Checked in and seen.
    Fulfilled,
    /// 爽约.
    NoShow,
    /// Checked in and not seen: the number was given up, or settled at closing.
    GivenUp,
    /// 停诊: the clinic does not take place.
    Stopped,
}

/// Hold a place (10 minutes, counts at once).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HoldSlot {
    /// The session.
    pub session: SessionId,
    /// The slot of it.
    pub slot: SlotId,
    /// For whom.
    pub patient: PatientId,
    /// The desk's: the number of the referral from primary care, by whose channel it is asked for.
    #[serde(default)]
    pub referral: Option<String>,
}

/// Make the hold the booking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmAppointment {
    /// Which.
    pub appointment: AppointmentId,
    /// Whose (a patient's own phone with one patient may leave it out).
    #[serde(default)]
    pub patient: Option<PatientId>,
}

/// Hold and confirm in one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BookSlot {
    /// The session.
    pub session: SessionId,
    /// The slot of it.
    pub slot: SlotId,
    /// For whom.
    pub patient: PatientId,
    /// Reschedule: the appointment that is given up once this one stands.
    #[serde(default)]
    pub replaces: Option<AppointmentId>,
    /// The desk's: the number of the referral from primary care, by whose channel it is asked for.
    #[serde(default)]
    pub referral: Option<String>,
}

/// Cancel in time, or give back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelAppointment {
    /// Which.
    pub appointment: AppointmentId,
    /// Why, if said.
    #[serde(default)]
    pub reason: Option<String>,
}

/// Ten more minutes for a hold, once.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ProlongHold {
    /// Which.
    pub appointment: AppointmentId,
}

/// It was no no-show.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CorrectNoShow {
    /// Which.
    pub appointment: AppointmentId,
    /// Why.
    pub reason: String,
}

/// A cancellation was a mistake: booked again with the same number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreAppointment {
    /// Which.
    pub appointment: AppointmentId,
    /// Why.
    pub reason: String,
}

/// Arrived.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CheckIn {
    /// The appointment.
    pub appointment: AppointmentId,
    /// The area's 60-second code (phones).
    #[serde(default)]
    pub code: Option<String>,
    /// When the patient came, where the desk wrote it down while the server could not be reached: earlier today.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came_at: Option<Timestamp>,
    /// What was answered, where the site asks; who was written down is not asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pre_check: Option<PreCheck>,
    /// Where the phone is, if it may say so: one sign more for the desk, and no proof.
    #[serde(default, skip_serializing)]
    #[schemars(with = "Option<PhonePosition>")]
    pub position: Option<Redacted<PhonePosition>>,
}

/// Where a phone says that it is. It comes with an arrival as [`Redacted`] and goes no further: nothing prints it, and nothing
/// that writes a command writes it, neither the log nor the hash by which a repeat is known.
#[derive(Clone, Copy, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PhonePosition {
    /// Degrees north of the equator, WGS 84: -90 to 90.
    pub latitude_deg: f64,
    /// Degrees east of Greenwich: -180 to 180.
    pub longitude_deg: f64,
    /// It is no farther from there than this, as it says itself: 0 at least.
    pub accuracy_m: f64,
}

/// Of a [`CheckIn`], what the department is told.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Arrived {
    /// The appointment.
    pub appointment: AppointmentId,
    /// The area's 60-second code (phones).
    pub code: Option<String>,
}

/// Under the name that it is stored by: golden values are compared by how they print.
impl std::fmt::Debug for Arrived {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckIn").field("appointment", &self.appointment).field("code", &self.code).finish()
    }
}

/// Back from tests, or after being missed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReportBack {
    /// The ticket.
    pub ticket: TicketId,
    /// The area's 60-second code (phones).
    #[serde(default)]
    pub code: Option<String>,
}

/// Leave the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CancelTicket {
    /// The ticket.
    pub ticket: TicketId,
    /// Why.
    pub reason: String,
}

/// How a visit was, from its patient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RateVisit {
    /// The ticket that was seen.
    pub ticket: TicketId,
    /// 1 (very bad) to 5 (very good).
    pub stars: u8,
    /// What the stars are about.
    #[serde(default)]
    pub about: Vec<RatedAbout>,
}

/// What a rating is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RatedAbout {
    /// How long it took.
    Waiting,
    /// How well it was explained.
    Explanation,
    /// How kind people were.
    Kindness,
    /// The rooms, the way, the signs.
    Place,
}

/// The person stands at the desk and agrees: the account of that phone may act for them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GrantRelation {
    /// For whom.
    pub patient: PatientId,
    /// The phone of who is to act.
    pub phone: String,
    /// What the person is to who acts.
    pub relation: Relation,
}

/// An account acts for somebody no longer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndRelation {
    /// For whom.
    pub patient: PatientId,
    /// Whose right ends; absent: that of whoever asks. The desk names it; of another account than the own, it is the word
    /// of the own phone that is taken back, or what that account is to the confirmed bearer whose own account asks.
    #[serde(default)]
    pub account: Option<AccountId>,
}

/// Be there for a release: in the five minutes before for its lot, after it at the end of the line. One position a person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EnterRelease {
    /// Of which department.
    pub department: DepartmentId,
    /// For whom.
    pub patient: PatientId,
}

/// Want no place of a release any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LeaveRelease {
    /// Of which department.
    pub department: DepartmentId,
    /// For whom.
    pub patient: PatientId,
}

/// How somebody stands to a release.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LineStanding {
    /// There before it: the lot will say.
    Present,
    /// In line.
    Waiting,
    /// May book now.
    LetIn,
    /// Has taken a place.
    Served,
    /// Has had a turn, has left, or the line is over.
    Gone,
}

/// Where somebody stands in the line of a release.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct InLine {
    /// Of which department.
    pub department: DepartmentId,
    /// When its sessions are released.
    pub released_at: Timestamp,
    /// How.
    pub standing: LineStanding,
    /// The own number, from 1, once the lot is drawn.
    pub number: Option<u32>,
    /// So many are called before, at most.
    pub ahead: Option<u32>,
    /// How long that takes by the pace of the last half minute, from …
    pub wait_from_s: Option<i64>,
    /// … and to.
    pub wait_to_s: Option<i64>,
    /// Until when the turn lasts.
    pub until: Option<Timestamp>,
    /// So many places can still be had.
    pub places_left: Option<u32>,
    /// When to ask again, machine time.
    pub ask_again_ms: Option<u64>,
    /// The hash of the seed, known before.
    pub seed_sha256: String,
    /// The seed, known after.
    pub seed: Option<String>,
    /// What the person has drawn: the hash of seed and person.
    pub drawn: Option<String>,
    /// The server was started again since: who was there before the release is not known any more.
    pub begun_anew: bool,
    /// There is no line any more: who comes books.
    pub over: bool,
}
