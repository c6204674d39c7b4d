//! An appointment as a file for a calendar (iCalendar, RFC 5545). A calendar is synced to the clouds of others and shared with
//! colleagues: who the patient is does not stand in it, nor what a department hides (`department::calendar`).

mod lines;
#[cfg(test)]
mod tests;

use chrono::DateTime;
use jiaohao_domain::department::State;
use jiaohao_domain::department::calendar::{Entry, Off, entry, named};
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::Language;
use jiaohao_domain::{AppointmentId, Rejection, Timestamp};
use serde_json::{Value, json};

use self::lines::Lines;
use super::{House, department, site};

/// So long before the time a calendar reminds of it.
const REMINDER: &str = "-PT2H";

impl House {
    /// The appointment's file, in that language.
    pub(super) async fn read_calendar(&self, id: &AppointmentId, language: Language) -> Result<Value, Rejection> {
        let zone = self.learn_zone(id.prefix(1)).await?;
        let asked = id.clone();
        let read = move |state: &State| entry(state, &asked, language, zone);
        let entry = self.shell.read(department(&id.department()), read).await??;
        let name = move |state: &jiaohao_domain::site::State| {
            let definition = state.definition.as_ref();
            definition.map(|site| named(language, &site.name, &site.name_en).to_owned()).unwrap_or_default()
        };
        let hospital = self.shell.read(site(id.prefix(1)), name).await?;
        let now = self.shell.clock.clinic();
        Ok(json!({ "calendar": file(id, &entry, &hospital, language, zone, now) }))
    }
}

/// The file: one event, told by its `UID` from every other and by `SEQUENCE` from what it was before.
fn file(id: &AppointmentId, entry: &Entry, hospital: &str, language: Language, zone: Zone, now: Timestamp) -> String {
    let (language_word, method, status) = match (language, entry.off) {
        (Language::Zh, None) => ("ZH", "PUBLISH", "CONFIRMED"),
        (Language::En, None) => ("EN", "PUBLISH", "CONFIRMED"),
        (Language::Zh, Some(_)) => ("ZH", "CANCEL", "CANCELLED"),
        (Language::En, Some(_)) => ("EN", "CANCEL", "CANCELLED"),
    };
    let summary = summary(entry, language);
    let place = joined([hospital, &entry.room]);
    let mut lines = Lines::default();
    lines
        .put("BEGIN", "VCALENDAR")
        .put("VERSION", "2.0")
        .put("PRODID", &format!("-//Jiaohao//Jiaohao//{language_word}"))
        .put("CALSCALE", "GREGORIAN")
        .put("METHOD", method)
        .put("BEGIN", "VEVENT")
        .put("UID", &uid(id))
        .put("DTSTAMP", &moment(now))
        .put("DTSTART", &moment(entry.start))
        .put("DTEND", &moment(entry.end))
        .put("SEQUENCE", &entry.sequence.to_string())
        .put("STATUS", status)
        .put("CLASS", "PRIVATE")
        .text("SUMMARY", &summary)
        .text("LOCATION", &place)
        .text("DESCRIPTION", &description(entry, language, zone));
    if entry.off.is_none() {
        lines
            .put("BEGIN", "VALARM")
            .put("ACTION", "DISPLAY")
            .put("TRIGGER", REMINDER)
            .text("DESCRIPTION", &summary)
            .put("END", "VALARM");
    }
    lines.put("END", "VEVENT").put("END", "VCALENDAR");
    lines.done()
}

/// The appointment's own part of its id, of which no other hospital has the same: the department before it may be one that
/// hides its name.
fn uid(id: &AppointmentId) -> String {
    let own = id.as_str().rsplit('.').next().unwrap_or_default();
    format!("{own}@jiaohao")
}

/// A moment in UTC.
fn moment(at: Timestamp) -> String {
    DateTime::from_timestamp_millis(at.0).map_or_else(String::new, |at| at.format("%Y%m%dT%H%M%SZ").to_string())
}

fn joined<const N: usize>(parts: [&str; N]) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
}

/// What it is. A calendar that knows nothing of `METHOD:CANCEL` shows at least that it is off.
fn summary(entry: &Entry, language: Language) -> String {
    let words = |zh: &'static str, en: &'static str| named(language, zh, en);
    let off = match entry.off {
        None => "",
        Some(Off::Cancelled) => words("已取消", "Cancelled"),
        Some(Off::Stopped) => words("停诊", "No clinic"),
    };
    let what =
        if entry.department.is_empty() { words("医院预约", "Hospital appointment") } else { &entry.department };
    joined([off, what, &entry.whose])
}

/// What the house knows of it: the number, the delay, from when to come and until when to cancel.
fn description(entry: &Entry, language: Language, zone: Zone) -> String {
    let told = |at: Timestamp| {
        let date = zone.date(at).0;
        let day = match language {
            Language::Zh => date.format("%-m月%-d日"),
            Language::En => date.format("%-d %b"),
        };
        format!("{day} {}", zone.clock(at))
    };
    let line = |zh: String, en: String| if language == Language::En { en } else { zh };
    let mut lines = Vec::new();
    match entry.off {
        None => {}
        Some(Off::Cancelled) => lines.push(line("这个预约已取消。".into(), "This appointment is cancelled.".into())),
        Some(Off::Stopped) => {
            lines.push(line("停诊,不用来,请改约。".into(), "There is no clinic: do not come, and book anew.".into()));
        }
    }
    if let Some(number) = &entry.number {
        lines.push(line(format!("号码:{number}"), format!("Number: {number}")));
    }
    if entry.off.is_none() && entry.delay_min > 0 {
        let planned = zone.clock(entry.start.plus_min(-i64::from(entry.delay_min)));
        let late = entry.delay_min;
        lines.push(line(
            format!("门诊延迟约{late}分钟,原定 {planned}。"),
            format!("The clinic is about {late} minutes late; it was planned for {planned}."),
        ));
    }
    if let Some(from) = entry.check_in_from {
        let at = told(from);
        lines.push(line(format!("{at} 起可以签到。"), format!("Check-in opens on {at}.")));
    }
    if let Some(until) = entry.cancel_until {
        let at = told(until);
        lines.push(match entry.has_fee {
            true => line(
                format!("{at} 前取消,费用全额退回。"),
                format!("Cancelled before {at}, the fee comes back in full."),
            ),
            false => line(format!("如需取消,请在 {at} 前。"), format!("To cancel, please do so before {at}.")),
        });
    }
    lines.join("\n")
}
