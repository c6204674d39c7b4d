//! "Why does she go before me?": the reason of a place, as one sentence in Chinese and in English.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::settings::PriorityClass;

/// How a class is called in a sentence; kept in the reason so that the answer needs no settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ClassLabel {
    /// Its name in commands.
    pub name: Arc<str>,
    /// In Chinese.
    pub zh: Arc<str>,
    /// In English.
    pub en: Arc<str>,
}

impl From<&PriorityClass> for ClassLabel {
    fn from(class: &PriorityClass) -> Self {
        Self { name: class.name.as_str().into(), zh: class.zh.as_str().into(), en: class.en.as_str().into() }
    }
}

/// Which of the three insertion lines with a fixed name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// 回诊.
    Returning,
    /// 过号报到.
    Missed,
    /// 迟到.
    Late,
}

impl Cause {
    fn zh(self) -> &'static str {
        match self {
            Self::Returning => "回诊",
            Self::Missed => "过号报到",
            Self::Late => "迟到",
        }
    }
    fn en(self) -> &'static str {
        match self {
            Self::Returning => "Back from tests",
            Self::Missed => "Reported back after a missed call",
            Self::Late => "Checked in late",
        }
    }
    /// To the patient: what has happened, and who else it has happened to.
    fn told_zh(self) -> [&'static str; 2] {
        match self {
            Self::Returning => ["您是检查回来的", "检查回来的"],
            Self::Missed => ["刚才叫您时您不在", "叫过号、回来报到的"],
            Self::Late => ["您来晚了", "来晚的"],
        }
    }
    fn told_en(self) -> [&'static str; 2] {
        match self {
            Self::Returning => ["You are back from tests", "back from tests"],
            Self::Missed => ["You were not here when called", "who missed a call"],
            Self::Late => ["You came late", "who came late"],
        }
    }
}

/// The reason of a place, stated by the event that placed the ticket. Stored: append only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Why {
    /// Emergency line.
    Emergency,
    /// A class that is always first.
    AlwaysFirst(ClassLabel),
    /// A class of which one is taken per so many ordinary tickets.
    ClassOnePer(ClassLabel, u32),
    /// A class that was moved up; by how many places in fact.
    MovedUp(ClassLabel, u32),
    /// Returning, missed or late: one per so many ordinary tickets.
    OnePer(Cause, u32),
    /// Behind the running slot.
    EndOfSlot(Cause),
    /// Behind the period.
    EndOfPeriod(Cause),
    /// Appointment, by its slot.
    BySlot,
    /// Walk-in, by the slot running at registration.
    WalkInBySlot,
    /// Addition, behind the places of its slot.
    Addition,
    /// By slot, within it by check-in.
    BySlotThenCheckIn,
    /// By check-in alone.
    ByCheckIn,
    /// Walk-ins behind appointments.
    AfterAppointments,
    /// So many appointments, then so many walk-ins.
    Ratio(u32, u32),
}

impl Why {
    /// The sentence in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::Emergency => "急诊,最先就诊".into(),
            Self::AlwaysFirst(class) => format!("{}优先,排在普通号之前", class.zh),
            Self::ClassOnePer(class, k) => format!("{}优先,每{k}位插1位", class.zh),
            Self::MovedUp(class, 0) => format!("{}优先,已经排到最靠前", class.zh),
            Self::MovedUp(class, by) => format!("{}优先,提前{by}位", class.zh),
            Self::OnePer(cause, k) => format!("{},每{k}位插1位", cause.zh()),
            Self::EndOfSlot(cause) => format!("{},排在本时段末尾", cause.zh()),
            Self::EndOfPeriod(cause) => format!("{},排在本午别末尾", cause.zh()),
            Self::BySlot => "按预约时段排队".into(),
            Self::WalkInBySlot => "现场号,按取号时的时段排队".into(),
            Self::Addition => "加号,排在本时段之后".into(),
            Self::BySlotThenCheckIn => "按时段排队,同一时段先签到先就诊".into(),
            Self::ByCheckIn => "按签到先后排队".into(),
            Self::AfterAppointments => "现场号,排在预约号之后".into(),
            Self::Ratio(a, w) => format!("预约号与现场号按{a}比{w}依次就诊"),
        }
    }

    /// The sentence in Chinese as the patient is told it, on the phone.
    pub fn told_zh(&self) -> String {
        match self {
            Self::OnePer(cause, k) => {
                let [what, others] = cause.told_zh();
                format!("{what}:每看{k}位按时的,就叫1位{others}")
            }
            Self::EndOfSlot(cause) => format!("{}:排在这个时段的最后", cause.told_zh()[0]),
            Self::EndOfPeriod(cause) => format!("{}:排在这半天的最后", cause.told_zh()[0]),
            plain => plain.zh(),
        }
    }

    /// The sentence in English as the patient is told it, on the phone.
    pub fn told_en(&self) -> String {
        match self {
            Self::OnePer(cause, k) => {
                let [what, others] = cause.told_en();
                format!("{what}: after every {k} people on time, one {others} is called")
            }
            Self::EndOfSlot(cause) => format!("{}: last of this slot", cause.told_en()[0]),
            Self::EndOfPeriod(cause) => format!("{}: last of this half day", cause.told_en()[0]),
            plain => plain.en(),
        }
    }

    /// The sentence in English.
    pub fn en(&self) -> String {
        match self {
            Self::Emergency => "Emergency: seen before everybody".into(),
            Self::AlwaysFirst(class) => format!("{}: before the ordinary numbers", class.en),
            Self::ClassOnePer(class, k) => format!("{}: one after every {k} ordinary numbers", class.en),
            Self::MovedUp(class, 0) => format!("{}: already as far forward as it may be", class.en),
            Self::MovedUp(class, by) => format!("{}: moved up by {by}", class.en),
            Self::OnePer(cause, k) => format!("{}: one after every {k} ordinary numbers", cause.en()),
            Self::EndOfSlot(cause) => format!("{}: at the end of the running slot", cause.en()),
            Self::EndOfPeriod(cause) => format!("{}: at the end of the period", cause.en()),
            Self::BySlot => "In the order of the booked slots".into(),
            Self::WalkInBySlot => "Walk-in: in the slot running at registration".into(),
            Self::Addition => "Addition: after the places of its slot".into(),
            Self::BySlotThenCheckIn => "In the order of the slots, within a slot by check-in".into(),
            Self::ByCheckIn => "In the order of check-in".into(),
            Self::AfterAppointments => "Walk-in: after the appointments".into(),
            Self::Ratio(a, w) => format!("Appointments and walk-ins in turn, {a} to {w}"),
        }
    }
}
