//! The recorded days: a CSV file, read and checked. Everything wrong with it is told with its line.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime};
use jiaohao_domain::time::Zone;
use jiaohao_domain::{BusinessDate, Timestamp};

/// The largest file, in bytes.
const FILE_MAX_BYTES: u64 = 64 << 20;
/// The most rows of a file.
const ROWS_MAX: usize = 200_000;
/// The longest consultation, in seconds.
const SERVICE_MAX_S: f64 = 86_400.0;
/// A step back of the clock by more than this is midnight.
const MIDNIGHT_MS: i64 = 12 * 3_600_000;
const DAY_MS: i64 = 24 * 3_600_000;
/// Whoever is said to have come longer ago than this has come then.
pub const ARRIVED_MAX_MS: i64 = 8 * 3_600_000;

const COLUMNS: [&str; 5] = ["session", "ticket", "arrived_at", "called_at", "service_s"];

/// One patient of a session.
#[derive(Clone, Debug)]
pub struct Row {
    /// When the patient came, at the latest when called; of whom it is not known: before the session.
    pub arrived_at: Option<Timestamp>,
    /// When the patient was called, if at all.
    pub called_at: Option<Timestamp>,
    /// How long the consultation took, in ms.
    pub service_ms: Option<i64>,
}

/// One doctor's session, in order of the calls.
#[derive(Clone, Debug)]
pub struct Session {
    /// Whose it is, as far as its name tells: what is left of it without a date and a part of the day.
    pub doctor: String,
    /// Its rows.
    pub rows: Vec<Row>,
}

impl Session {
    /// The calls, with their rows.
    pub fn calls(&self) -> impl Iterator<Item = (usize, Timestamp)> + '_ {
        self.rows.iter().enumerate().filter_map(|(row, is)| Some((row, is.called_at?)))
    }
}

/// Reads the file: sessions in order of their first call, those without any call last.
///
/// # Errors
/// Words for who gave the file, with the line.
pub fn read(path: &Path, zone: Zone) -> Result<Vec<Session>, String> {
    let told = |error: &dyn std::fmt::Display| format!("{}: {error}", path.display());
    let size = std::fs::metadata(path).map_err(|error| told(&error))?.len();
    if size > FILE_MAX_BYTES {
        return Err(told(&format!("{size} bytes are more than the {FILE_MAX_BYTES} that are read")));
    }
    let bytes = std::fs::read(path).map_err(|error| told(&error))?;
    parse(&bytes, zone).map_err(|error| told(&error))
}

/// The same of the file's bytes.
fn parse(bytes: &[u8], zone: Zone) -> Result<Vec<Session>, String> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let headers = reader.headers().map_err(|error| words(&error))?.clone();
    let mut at = [0; COLUMNS.len()];
    for (at, name) in at.iter_mut().zip(COLUMNS) {
        let mut found = headers.iter().enumerate().filter(|(_, header)| *header == name);
        *at = found.next().ok_or_else(|| format!("line 1: there is no column `{name}`"))?.0;
        if found.next().is_some() {
            return Err(format!("line 1: there are two columns `{name}`"));
        }
    }
    let [session, ticket, arrived_at, called_at, service_s] = at;
    let mut sessions: Vec<(String, Vec<Read>)> = Vec::new();
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    for (n, record) in reader.records().enumerate() {
        if n == ROWS_MAX {
            return Err(format!("more than {ROWS_MAX} rows"));
        }
        let record = record.map_err(|error| words(&error))?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |at: usize| record.get(at).unwrap_or_default();
        let wrong = |column: &str, value: &str, is: &str| format!("line {line}: {column} `{value}` is not {is}");
        let time = |at: usize| {
            let text = field(at);
            let is_empty = text.is_empty();
            let time = Time::parse(text).map(Some).or(is_empty.then_some(None));
            time.ok_or_else(|| wrong(&headers[at], text, "RFC 3339, HH:MM:SS or empty"))
        };
        for (at, name) in [(session, "session"), (ticket, "ticket")] {
            if field(at).is_empty() {
                return Err(format!("line {line}: no {name}"));
            }
        }
        let service_ms = match field(service_s) {
            "" => None,
            text => match text.parse::<f64>() {
                Ok(s) if (0.0..=SERVICE_MAX_S).contains(&s) => Some((s * 1000.0) as i64),
                _ => return Err(wrong("service_s", text, "a number of seconds of one day, or empty")),
            },
        };
        let read = Read { line, arrived: time(arrived_at)?, called: time(called_at)?, service_ms };
        let name = field(session).to_owned();
        let index = *by_name.entry(name).or_insert_with_key(|name| {
            sessions.push((name.clone(), Vec::new()));
            sessions.len() - 1
        });
        sessions[index].1.push(read);
    }
    let mut days = Days { zone, offset_ms: None, next: NaiveDate::from_ymd_opt(2026, 1, 1).unwrap_or_default() };
    let mut dated = sessions.into_iter().map(|(name, rows)| days.date(&name, &rows)).collect::<Result<Vec<_>, _>>()?;
    dated.sort_by_key(|session| session.calls().next().map_or(Timestamp(i64::MAX), |(_, at)| at));
    Ok(dated)
}

/// A fault of the file's form, with its line.
fn words(error: &csv::Error) -> String {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("line {line}: {len} fields where the first line has {expected_len}")
        }
        csv::ErrorKind::Utf8 { .. } => format!("line {line}: is not UTF-8"),
        _ => format!("line {line}: {error}"),
    }
}

/// A row as it stands in the file.
struct Read {
    line: u64,
    arrived: Option<Time>,
    called: Option<Time>,
    service_ms: Option<i64>,
}

#[derive(Clone, Copy)]
enum Time {
    Moment(DateTime<FixedOffset>),
    OfDay(NaiveTime),
}

impl Time {
    fn parse(text: &str) -> Option<Self> {
        if let Ok(time) = NaiveTime::parse_from_str(text, "%H:%M:%S") {
            return Some(Self::OfDay(time));
        }
        DateTime::parse_from_rfc3339(text).ok().map(Self::Moment)
    }
}

/// Gives the rows their moments.
struct Days {
    zone: Zone,
    /// From the file's offset from UTC to the zone's: what the file's clocks show, the engine's do.
    offset_ms: Option<i64>,
    /// For the next session without a date.
    next: NaiveDate,
}

impl Days {
    fn date(&mut self, name: &str, rows: &[Read]) -> Result<Session, String> {
        let (in_name, doctor) = date_in(name);
        let times = || rows.iter().flat_map(|row| [row.called, row.arrived]).flatten();
        let is_of_day = times().any(|time| matches!(time, Time::OfDay(_)));
        let moment = times().find_map(|time| if let Time::Moment(moment) = time { Some(moment) } else { None });
        if is_of_day && moment.is_some() {
            let line = rows.first().map_or(0, |row| row.line);
            return Err(format!("line {line}: session `{name}` has times with a date and times without one"));
        }
        if let Some(moment) = moment {
            let own_ms = i64::from(moment.offset().local_minus_utc()) * 1000;
            let midnight = self.zone.moment(BusinessDate(moment.date_naive()), NaiveTime::MIN);
            let zone_ms = moment.date_naive().and_time(NaiveTime::MIN).and_utc().timestamp_millis() - midnight.0;
            self.offset_ms.get_or_insert(own_ms - zone_ms);
        }
        let date = BusinessDate(in_name.unwrap_or(self.next));
        if is_of_day && in_name.is_none() {
            self.next = self.next.succ_opt().unwrap_or(self.next);
        }
        let moment_of = |time: Time| match time {
            Time::Moment(moment) => Timestamp(moment.timestamp_millis() + self.offset_ms.unwrap_or(0)),
            Time::OfDay(time) => self.zone.moment(date, time),
        };
        let is_clock = |time: &Option<Time>| matches!(time, Some(Time::OfDay(_)));
        let (mut last, mut first): (Option<Timestamp>, Option<Timestamp>) = (None, None);
        let mut made = Vec::with_capacity(rows.len());
        for row in rows {
            let mut called_at = row.called.map(moment_of);
            if let (Some(at), Some(last)) = (&mut called_at, last) {
                while is_clock(&row.called) && last.ms_since(*at) > MIDNIGHT_MS {
                    *at = at.plus_ms(DAY_MS);
                }
                if *at < last {
                    return Err(format!("line {}: called before the row of session `{name}` above it", row.line));
                }
            }
            if let Some(at) = called_at {
                if at.ms_since(*first.get_or_insert(at)) > DAY_MS {
                    return Err(format!("line {}: session `{name}` lasts longer than a day", row.line));
                }
                last = Some(at);
            }
            let mut arrived_at = row.arrived.map(moment_of);
            if let (Some(came), Some(by)) = (&mut arrived_at, called_at.or(last)) {
                while is_clock(&row.arrived) && came.ms_since(by) > MIDNIGHT_MS {
                    *came = came.plus_ms(-DAY_MS);
                }
                *came = (*came).max(by.plus_ms(-ARRIVED_MAX_MS));
                *came = called_at.map_or(*came, |called_at| (*came).min(called_at));
            }
            made.push(Row { arrived_at, called_at, service_ms: row.service_ms });
        }
        Ok(Session { doctor, rows: made })
    }
}

/// A date in a session's name, and what is left of the name without it, without a part of the day and (if there is no
/// date) without a number at the end.
fn date_in(name: &str) -> (Option<NaiveDate>, String) {
    let mut rest = name.to_lowercase();
    let mut date = None;
    for (from, _) in name.char_indices() {
        let found = [(10, "%Y-%m-%d"), (10, "%Y/%m/%d"), (8, "%Y%m%d")].into_iter().find_map(|(length, form)| {
            let text = rest.get(from..from + length)?;
            let of_digits = text.chars().filter(char::is_ascii_digit).count() == 8;
            NaiveDate::parse_from_str(text, form).ok().filter(|_| of_digits).map(|date| (date, length))
        });
        if let Some((found, length)) = found {
            rest.replace_range(from..from + length, "");
            date = Some(found);
            break;
        }
    }
    for part in ["morning", "afternoon", "evening", "night", "上午", "下午", "晚上", "夜间"] {
        rest = rest.replace(part, "");
    }
    let is_edge = |c: char| !c.is_alphanumeric();
    let mut doctor = rest.trim_matches(is_edge);
    if date.is_none() {
        doctor = doctor.trim_end_matches(|c: char| c.is_ascii_digit());
    }
    let words = doctor.trim_matches(is_edge).split(is_edge).filter(|word| !["", "am", "pm"].contains(word));
    (date, words.collect::<Vec<_>>().join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone() -> Zone {
        Zone::named("Asia/Shanghai").expect("a zone")
    }

    fn parsed(text: &str) -> Result<Vec<Session>, String> {
        parse(text.as_bytes(), zone())
    }

    const HEAD: &str = "called_at,ticket,session,room,service_s,arrived_at\n";

    #[test]
    fn columns_in_any_order_with_times_of_both_kinds_and_of_none() {
        let rows = "08:00:10,1,b,1,62.5,07:50:00\n08:02:00,2,b,1,,\n,3,b,1,,08:05:00\n";
        let sessions = parsed(&format!("\u{feff}{HEAD}{rows}2025-12-31T08:00:00Z,1,a,2,1,\n")).expect("reads");
        assert_eq!(sessions.len(), 2, "by their first call: what has a date of its own is before");
        let clocks = |at: Option<Timestamp>| at.map(|at| zone().clock(at));
        assert_eq!(clocks(sessions[0].rows[0].called_at).as_deref(), Some("08:00"), "as the file's clock shows it");
        let b = &sessions[1].rows;
        assert_eq!((b[0].service_ms, b[1].service_ms), (Some(62_500), None));
        assert_eq!((clocks(b[0].arrived_at), b[1].arrived_at), (Some("07:50".to_owned()), None));
        assert_eq!((b[2].called_at, clocks(b[2].arrived_at)), (None, Some("08:05".to_owned())));
    }

    #[test]
    fn a_session_goes_on_after_midnight_and_nobody_comes_after_the_own_call() {
        let sessions = parsed(&format!("{HEAD}23:50:00,1,a,,,23:55:00\n00:10:00,2,a,,,23:40:00\n")).expect("reads");
        let rows = &sessions[0].rows;
        assert_eq!(rows[1].called_at.expect("called").ms_since(rows[0].called_at.expect("called")), 1_200_000);
        assert_eq!(rows[0].arrived_at, rows[0].called_at);
        assert_eq!(rows[1].called_at.expect("called").ms_since(rows[1].arrived_at.expect("came")), 1_800_000);
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        for (rows, told) in [
            ("08:00:00,1,a,1,60,\n8 o'clock,2,a,1,60,\n", "line 3: called_at `8 o'clock` is not RFC 3339"),
            ("08:00:00,1,a,1,60,yesterday\n", "line 2: arrived_at `yesterday` is not"),
            ("08:00:00,1,a,1,-3,\n", "line 2: service_s `-3` is not a number of seconds"),
            ("08:00:00,1,a,1,NaN,\n", "line 2: service_s `NaN` is not"),
            ("08:00:00,1,,1,60,\n", "line 2: no session"),
            ("08:00:00,,a,1,60,\n", "line 2: no ticket"),
            ("08:00:00,1,a\n", "line 2: 3 fields where the first line has 6"),
            ("09:00:00,1,a,1,60,\n08:59:59,2,a,1,60,\n", "line 3: called before the row of session `a` above it"),
            ("09:00:00,1,a,,,\n2026-01-01T09:00:00Z,2,a,,,\n", "line 2: session `a` has times with a date and"),
        ] {
            let error = parsed(&format!("{HEAD}{rows}")).expect_err(rows);
            assert!(error.starts_with(told), "{error}");
        }
        assert_eq!(
            parsed("session,ticket,called_at,service_s\n").expect_err("fails"),
            "line 1: there is no column `arrived_at`"
        );
        let twice = "session,ticket,arrived_at,called_at,service_s,session\n";
        assert_eq!(parsed(twice).expect_err("fails"), "line 1: there are two columns `session`");
        assert!(
            parse(b"session,ticket,arrived_at,called_at,service_s\n\xff,1,,,\n", zone())
                .is_err_and(|e| e.starts_with("line 2"))
        );
    }

    #[test]
    fn whose_a_session_is_stands_in_its_name() {
        for (name, date, doctor) in [
            ("2026-11-23-li-morning", Some((2026, 11, 23)), "li"),
            ("li 20261123 PM", Some((2026, 11, 23)), "li"),
            ("Dr7/2026-11-23", Some((2026, 11, 23)), "dr7"),
            ("S0017", None, "s"),
            ("17", None, ""),
            ("内科-上午-3", None, "内科"),
        ] {
            let date = date.and_then(|(year, month, day)| NaiveDate::from_ymd_opt(year, month, day));
            assert_eq!(date_in(name), (date, doctor.to_owned()), "{name}");
        }
    }
}
