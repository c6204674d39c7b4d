//! Times of a calendar in the site's zone, and the rules of coming again that a week's plan has words for.

use std::collections::BTreeSet;

use chrono::{Datelike, Days, NaiveDate, NaiveDateTime};
use jiaohao_domain::BusinessDate;
use jiaohao_domain::time::Zone;

use super::file::repeated;
use super::ics::Property;

/// How Windows calls the zone of China.
const WINDOWS: [(&str, &str); 1] = [("China Standard Time", "Asia/Shanghai")];
/// So far is counted to find the last day of a rule that says how often, in days.
const COUNTED_DAYS: usize = 3_660;
const MINUTES_OF_DAY: u32 = 24 * 60;

/// A day that the house has a date for.
fn of_the_house(day: NaiveDate) -> Result<NaiveDate, String> {
    let is_there = (2000..=2999).contains(&day.year());
    is_there.then_some(day).ok_or_else(|| format!("{}: a date is of the years 2000 to 2999", day.format("%Y%m%d")))
}

/// A minute of the site's wall clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct When {
    /// The day.
    pub date: NaiveDate,
    /// The minute of the day.
    pub minute: u32,
    /// It was told in another zone.
    pub elsewhere: bool,
}

/// A day: `20261123`.
pub fn date(value: &str) -> Result<NaiveDate, String> {
    let allowed = || format!("{} is not a date of a calendar: 20261123", repeated(value));
    // the day of a moment, too, where only the day counts
    NaiveDate::parse_from_str(value.get(..8).ok_or_else(allowed)?, "%Y%m%d")
        .map_err(|_| allowed())
        .and_then(of_the_house)
}

/// Whether a property is of whole days.
pub fn is_of_days(property: &Property) -> bool {
    property.parameter("VALUE").is_some_and(|kind| kind.eq_ignore_ascii_case("DATE"))
        || property.value.trim().len() == 8
}

/// A moment of the site's wall clock, from one of a property's values.
pub fn when(property: &Property, value: &str, zone: Zone) -> Result<When, String> {
    let value = value.trim();
    let allowed = || format!("{} is not a time of a calendar: 20261123T080000", repeated(value));
    let (plain, utc) = value.strip_suffix('Z').map_or((value, false), |plain| (plain, true));
    let at = NaiveDateTime::parse_from_str(plain, "%Y%m%dT%H%M%S").map_err(|_| allowed())?;
    of_the_house(at.date())?;
    let named = match (utc, property.parameter("TZID")) {
        (true, _) => Some(Zone::utc()),
        (false, None) => None,
        (false, Some(tzid)) => {
            let name = WINDOWS.iter().find(|(windows, _)| *windows == tzid).map_or(tzid, |(_, name)| name);
            let named = Zone::named(name.trim_start_matches('/'));
            Some(named.ok_or_else(|| format!("{} is no zone that is known (Asia/Shanghai)", repeated(tzid)))?)
        }
    };
    let minute = |clock: &str| jiaohao_domain::time::minute_of_day(clock).unwrap_or_default();
    let here = |at: NaiveDateTime| minute(&at.format("%H:%M").to_string());
    Ok(match named.filter(|named| named.name() != zone.name()) {
        None => When { date: at.date(), minute: here(at), elsewhere: false },
        Some(other) => {
            let at = other.moment(BusinessDate(at.date()), at.time());
            When { date: zone.date(at).0, minute: minute(&zone.clock(at)), elsewhere: true }
        }
    })
}

/// The length of something (`PT3H30M`, `P1D`) in minutes.
pub fn minutes(value: &str) -> Result<u32, String> {
    let allowed = || format!("{} is not a length of time: PT3H30M", repeated(value));
    let mut minutes = 0u32;
    let mut number = String::new();
    let mut of_day = false;
    for c in value.trim().trim_start_matches('+').strip_prefix('P').ok_or_else(allowed)?.chars() {
        let each = match (c, of_day) {
            ('0'..='9', _) if number.len() < 6 => {
                number.push(c);
                continue;
            }
            ('T', false) if number.is_empty() => {
                of_day = true;
                continue;
            }
            ('W', false) => 7 * MINUTES_OF_DAY,
            ('D', false) => MINUTES_OF_DAY,
            ('H', true) => 60,
            ('M', true) => 1,
            ('S', true) if number.trim_start_matches('0').is_empty() => 0,
            _ => return Err(allowed()),
        };
        let count: u32 = std::mem::take(&mut number).parse().map_err(|_| allowed())?;
        minutes = count.checked_mul(each).and_then(|more| minutes.checked_add(more)).ok_or_else(allowed)?;
    }
    if number.is_empty() && minutes > 0 { Ok(minutes) } else { Err(allowed()) }
}

/// What comes again in each week.
#[derive(Debug, PartialEq, Eq)]
pub struct Rule {
    /// On which days of the week, 1 (Monday) to 7.
    pub weekdays: BTreeSet<u8>,
    /// The last day, if there is one.
    pub until: Option<NaiveDate>,
}

impl Rule {
    /// Reads a rule of what begins at `start`.
    ///
    /// # Errors
    /// A rule that no week's plan has words for.
    pub fn of(property: &Property, start: When, zone: Zone) -> Result<Self, String> {
        let mut weekdays = BTreeSet::new();
        let (mut frequency, mut until, mut count) = (String::new(), None, None);
        for part in property.value.trim().split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').ok_or_else(|| format!("{}: NAME=VALUE", repeated(part)))?;
            match (name.to_uppercase().as_str(), value.to_uppercase()) {
                ("FREQ", value) => frequency = value,
                ("INTERVAL", value) if value == "1" => {}
                ("WKST", _) => {}
                ("BYDAY", value) => {
                    for day in value.split(',') {
                        weekdays.insert(weekday(day.trim())?);
                    }
                }
                ("UNTIL", value) => until = Some(last_day(property, &value, start, zone)?),
                ("COUNT", value) => count = Some(value.parse::<usize>().map_err(|_| format!("COUNT={value}"))?),
                (name, _) => return Err(format!("{}=… is no rule of a week's plan", repeated(name))),
            }
        }
        match frequency.as_str() {
            "WEEKLY" if weekdays.is_empty() => drop(weekdays.insert(number(start.date))),
            "DAILY" if weekdays.is_empty() => weekdays.extend(1..=7),
            "WEEKLY" | "DAILY" => {}
            other => return Err(format!("a plan is of weeks (FREQ=WEEKLY or DAILY), not FREQ={}", repeated(other))),
        }
        if let Some(count) = count {
            let mut counted = start.date.iter_days().take(COUNTED_DAYS).filter(|day| weekdays.contains(&number(*day)));
            let last = count.checked_sub(1).and_then(|before| counted.nth(before));
            until =
                Some(last.ok_or_else(|| format!("COUNT={count}: name the last day by UNTIL")).and_then(of_the_house)?);
        }
        Ok(Self { weekdays, until })
    }
}

/// The last day on which something still begins before that end.
fn last_day(property: &Property, value: &str, start: When, zone: Zone) -> Result<NaiveDate, String> {
    if value.trim().len() == 8 {
        return date(value.trim());
    }
    let end = when(property, value, zone)?;
    let begins = end.minute >= start.minute;
    let day = if begins { Some(end.date) } else { end.date.checked_sub_days(Days::new(1)) };
    day.ok_or_else(|| format!("UNTIL={}", repeated(value)))
}

fn number(day: NaiveDate) -> u8 {
    u8::try_from(day.weekday().number_from_monday()).unwrap_or_default()
}

fn weekday(name: &str) -> Result<u8, String> {
    let at = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"].iter().position(|known| *known == name);
    let number = at.and_then(|at| u8::try_from(at + 1).ok());
    number.ok_or_else(|| format!("{} is no day of each week (MO, TU …)", repeated(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn property(line: &str) -> Property {
        let text = format!("BEGIN:VCALENDAR\nBEGIN:VEVENT\n{line}\nEND:VEVENT\nEND:VCALENDAR\n");
        let mut calendar = crate::import::ics::parse("c.ics", text.as_bytes()).expect("a calendar");
        calendar.events.remove(0).lines.all.remove(0)
    }

    fn read(line: &str, zone: &str) -> Result<(String, u32, bool), String> {
        let property = property(line);
        let when = when(&property, &property.value, Zone::named(zone).expect("a zone"))?;
        Ok((when.date.to_string(), when.minute, when.elsewhere))
    }

    #[test]
    fn a_time_is_of_the_sites_wall_clock() {
        let shanghai = |line: &str| read(line, "Asia/Shanghai");
        let at = |date: &str, minute, elsewhere| Ok((date.to_owned(), minute, elsewhere));
        assert_eq!(shanghai("DTSTART:20261123T080000"), at("2026-11-23", 480, false));
        assert_eq!(shanghai("DTSTART;TZID=Asia/Shanghai:20261123T080000"), at("2026-11-23", 480, false));
        assert_eq!(shanghai("DTSTART;TZID=China Standard Time:20261123T080000"), at("2026-11-23", 480, false));
        assert_eq!(shanghai("DTSTART:20261123T233000Z"), at("2026-11-24", 450, true));
        // An hour that there is twice, and one that there is not: a moment all the same.
        assert_eq!(read("DTSTART:20261101T053000Z", "America/New_York"), at("2026-11-01", 90, true));
        assert_eq!(
            read("DTSTART;TZID=America/New_York:20260308T023000", "UTC").map(|at| at.0),
            Ok("2026-03-08".into())
        );
        assert_eq!(shanghai("DTSTART:20280229T080000"), at("2028-02-29", 480, false));
        for wrong in ["DTSTART:20260229T080000", "DTSTART:tomorrow", "DTSTART;TZID=Nowhere:20261123T080000"] {
            assert!(shanghai(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn lengths_are_in_minutes() {
        assert_eq!(minutes("PT3H30M"), Ok(210));
        assert_eq!(minutes("P1D"), Ok(1440));
        assert_eq!(minutes("P1DT1H0S"), Ok(1500));
        for wrong in ["", "P", "PT", "3H", "PT3", "-PT3H", "PT1S", "PT99999999H", "P999999W", "PT李H"] {
            assert!(minutes(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_rule_is_days_of_the_week_and_a_last_day() {
        let zone = Zone::named("Asia/Shanghai").expect("a zone");
        // a Monday
        let start = When { date: "2026-11-23".parse().expect("a date"), minute: 480, elsewhere: false };
        let rule = |text: &str| {
            let rule = Rule::of(&property(&format!("RRULE:{text}")), start, zone)?;
            let days: Vec<String> = rule.weekdays.iter().map(u8::to_string).collect();
            Ok::<_, String>((days.concat(), rule.until.map(|day| day.to_string()).unwrap_or_default()))
        };
        let is = |days: &str, until: &str| Ok((days.to_owned(), until.to_owned()));
        assert_eq!(rule("FREQ=WEEKLY"), is("1", ""));
        assert_eq!(rule("FREQ=WEEKLY;BYDAY=MO,WE,FR;WKST=SU;INTERVAL=1"), is("135", ""));
        assert_eq!(rule("FREQ=DAILY;UNTIL=20261231"), is("1234567", "2026-12-31"));
        // Midnight of the next day here: nothing begins on it any more.
        assert_eq!(rule("FREQ=WEEKLY;UNTIL=20261231T160000Z"), is("1", "2026-12-31"));
        assert_eq!(rule("FREQ=WEEKLY;UNTIL=20261231T000000Z"), is("1", "2026-12-31"));
        assert_eq!(rule("FREQ=WEEKLY;BYDAY=MO,TH;COUNT=4"), is("14", "2026-12-03"));
        for wrong in [
            "",
            "FREQ=MONTHLY",
            "FREQ=WEEKLY;INTERVAL=2",
            "FREQ=WEEKLY;BYDAY=1MO",
            "FREQ=WEEKLY;BYMONTH=3",
            "FREQ=WEEKLY;COUNT=0",
            "FREQ=WEEKLY;COUNT=99999",
            "FREQ=WEEKLY;UNTIL=x",
            "WEEKLY",
        ] {
            assert!(rule(wrong).is_err(), "{wrong}");
        }
    }
}
