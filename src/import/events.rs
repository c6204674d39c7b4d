//! Events of a calendar as rows of tables: what comes again every week is a template, what comes once a session, what is of
//! whole days an exception (a holiday, a working Saturday, somebody's leave). What a calendar has no words for, the places
//! of a slot or the queue, is said beside it: by the event (`X-JIAOHAO-CAPACITY`), on the command line, or by the calendar.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use jiaohao_domain::time::Zone;
use sha2::{Digest, Sha256};

use super::cell::{several, yes_no};
use super::file::{Fault, Sheet, repeated};
use super::ics::{Calendar, Event, Lines, Property};
use super::kinds::{Column, Kind};
use super::recurrence::{Rule, When, date, is_of_days, minutes, when};

/// The tables that an event can become a row of.
const KINDS: [Kind; 3] = [Kind::Sessions, Kind::Templates, Kind::Exceptions];
/// The column that says where patients wait, and with it in which department.
const QUEUE: &str = "queue";
/// How a line of our own begins.
const OWN: &str = "X-JIAOHAO-";
/// What of a UID stands in an id, in characters; the rest is told apart by its checksum.
const UID_MAX: usize = 24;
/// A day of these words is worked, though a holiday is around it; of any other summary it is closed.
const WORKED: [&str; 5] = ["(班)", "（班）", "补班", "上班", "调班"];

/// A cell that the command line says for all events: `capacity=6`, `医生=李明`.
///
/// # Errors
/// There is no such column.
pub fn setting(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("COLUMN=VALUE, as queue=内科")?;
    let name = name.trim().to_lowercase();
    let is = |column: &&Column| column.name == name || column.aliases.contains(&name.as_str());
    let column = KINDS.iter().flat_map(|kind| kind.columns()).find(is).ok_or_else(|| {
        format!("{} is no column of sessions, templates or exceptions (--template KIND has them)", repeated(&name))
    })?;
    Ok((column.name.to_owned(), value.trim().to_owned()))
}

/// The tables that a calendar comes to.
///
/// # Errors
/// Everything in it that cannot be planned.
pub fn sheets(calendar: &Calendar, set: &[(String, String)], zone: Zone) -> Result<Vec<Sheet>, Vec<Fault>> {
    let mut maker = Maker { calendar, set, zone, tables: BTreeMap::new(), faults: Vec::new() };
    let mut by_uid: BTreeMap<String, Vec<&Event>> = BTreeMap::new();
    for event in &calendar.events {
        match event.lines.first("UID").map(Property::text).filter(|uid| !uid.is_empty()) {
            Some(uid) => by_uid.entry(uid).or_default().push(event),
            None => {
                maker.fault(event.lines.line, "an event needs a UID: by it the next import knows it again".to_owned())
            }
        }
    }
    for (uid, events) in &by_uid {
        if let Err((line, says)) = maker.group(&own_id(uid), events) {
            maker.fault(line, says);
        }
    }
    if maker.faults.is_empty() { Ok(maker.tables.into_values().collect()) } else { Err(maker.faults) }
}

/// The own part of an id, from what the calendar's program knows an event by.
fn own_id(uid: &str) -> String {
    let plain: String = uid.to_lowercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    let plain = plain.trim_matches('-');
    let short: String = plain.chars().take(UID_MAX).collect();
    // With letters: a part of digits alone looks like somebody's number.
    match short == uid {
        true => format!("ics-{short}"),
        false => {
            let [a, b, c, d, ..] = <[u8; 32]>::from(Sha256::digest(uid));
            format!("ics-{}-{a:02x}{b:02x}{c:02x}{d:02x}", short.trim_matches('-'))
        }
    }
}

fn required<'e>(lines: &'e Lines, name: &str) -> Result<&'e Property, Wrong> {
    lines.first(name).ok_or_else(|| (lines.line, format!("the event has no {name}")))
}

fn summary(lines: &Lines) -> String {
    lines.first("SUMMARY").map(Property::text).unwrap_or_default()
}

fn is_cancelled(lines: &Lines) -> bool {
    lines.first("STATUS").is_some_and(|status| status.value.trim().eq_ignore_ascii_case("CANCELLED"))
}

/// Whether there is no more of what the cells say.
fn is_gone(cells: &Cells) -> bool {
    cells.get("retired").is_some_and(|retired| yes_no(retired) == Ok(true.into()))
}

/// The own part of the id of a session that takes the place of one of a series.
fn on_day(id: &str, day: NaiveDate) -> String {
    format!("{id}-r{}", day.format("%Y%m%d"))
}

type Cells = BTreeMap<&'static str, String>;
/// The line and what is wrong with it.
type Wrong = (u64, String);

struct Maker<'a> {
    calendar: &'a Calendar,
    set: &'a [(String, String)],
    zone: Zone,
    tables: BTreeMap<(Kind, Vec<&'static str>), Sheet>,
    faults: Vec<Fault>,
}

impl Maker<'_> {
    fn fault(&mut self, line: u64, says: String) {
        self.faults.push(Fault { file: self.calendar.file.clone(), line, column: None, code: None, says });
    }

    /// What one UID says: an event, and of one that comes again the days on which it is otherwise.
    fn group(&mut self, id: &str, events: &[&Event]) -> Result<(), Wrong> {
        let (changed, own): (Vec<&Event>, Vec<&Event>) =
            events.iter().partition(|event| event.lines.first("RECURRENCE-ID").is_some());
        let [event] = own.as_slice() else {
            let line = own.get(1).or(events.first()).map_or(0, |event| event.lines.line);
            return Err((line, "of one UID there is one event, and days on which it is otherwise".to_owned()));
        };
        let start = required(&event.lines, "DTSTART")?;
        let again = event.lines.first("RRULE");
        if let Some(line) = event.lines.first("RDATE") {
            return Err((line.line, "RDATE: a day more is an event of its own".to_owned()));
        }
        let mut of_days = changed.iter().filter_map(|event| event.lines.first("RECURRENCE-ID"));
        if let Some(line) = of_days.find(|line| line.parameter("RANGE").is_some()) {
            let says =
                "RANGE: what is otherwise from a day on is an event of its own, and the one before it ends (UNTIL)";
            return Err((line.line, says.to_owned()));
        }
        match (is_of_days(start), again) {
            (true, None) => self.days(id, event, start),
            (true, Some(again)) => {
                let says = "of whole days, and again and again: each holiday is an event of its own, with its year";
                Err((again.line, says.to_owned()))
            }
            (false, None) => self.once(id, event, event),
            (false, Some(again)) => self.weekly(id, event, again, &changed),
        }
    }

    /// A session. What it does not say itself, the event says that it is one of. One that does not take place is retired if it
    /// is there: of it nothing else is looked at.
    fn once(&mut self, id: &str, event: &Event, of: &Event) -> Result<(), Wrong> {
        let mut cells = self.all_said(Kind::Sessions, event, of);
        cells.entry("id").or_insert_with(|| id.to_owned());
        if !is_gone(&cells) {
            let (start, hours) = self.hours(&event.lines)?;
            self.sitting(&mut cells, event, of, start, hours);
            cells.entry("date").or_insert_with(|| start.date.to_string());
        }
        self.row(Kind::Sessions, event.lines.line, cells);
        Ok(())
    }

    /// A template, and what is otherwise on some of its days. Of one that is gone no day is otherwise, and what was put on
    /// other days of it goes with it.
    fn weekly(&mut self, id: &str, event: &Event, again: &Property, changed: &[&Event]) -> Result<(), Wrong> {
        let mut cells = self.all_said(Kind::Templates, event, event);
        cells.entry("id").or_insert_with(|| id.to_owned());
        if is_gone(&cells) {
            self.row(Kind::Templates, event.lines.line, cells);
            for event_of_day in changed {
                let (_, day) = self.day_of(event_of_day)?;
                self.once(&on_day(id, day), event_of_day, event)?;
            }
            return Ok(());
        }
        let (start, hours) = self.hours(&event.lines)?;
        if start.elsewhere {
            let says = "what comes again is of the site's own zone: another one changes its clocks on other days";
            return Err((event.lines.line, says.to_owned()));
        }
        let rule = Rule::of(again, start, self.zone).map_err(|says| (again.line, says))?;
        self.sitting(&mut cells, event, event, start, hours);
        let weekdays: Vec<String> = rule.weekdays.iter().map(u8::to_string).collect();
        cells.entry("name").or_insert_with(|| summary(&event.lines));
        cells.entry("weekdays").or_insert_with(|| weekdays.join(";"));
        cells.entry("from").or_insert_with(|| start.date.to_string());
        cells.entry("until").or_insert_with(|| rule.until.map(|day| day.to_string()).unwrap_or_default());
        let template = cells.get("id").cloned().unwrap_or_default();
        self.row(Kind::Templates, event.lines.line, cells);
        for line in event.lines.all.iter().filter(|line| line.name == "EXDATE") {
            for value in line.value.split(',') {
                let day = self.day(line, value)?;
                self.left_out(event, &template, line.line, day);
            }
        }
        for event_of_day in changed {
            let (line, day) = self.day_of(event_of_day)?;
            self.left_out(event, &template, line, day);
            self.once(&on_day(id, day), event_of_day, event)?;
        }
        Ok(())
    }

    /// The day of the series that an event stands for, and its line.
    fn day_of(&self, event: &Event) -> Result<(u64, NaiveDate), Wrong> {
        let line = required(&event.lines, "RECURRENCE-ID")?;
        Ok((line.line, self.day(line, &line.value)?))
    }

    fn day(&self, line: &Property, value: &str) -> Result<NaiveDate, Wrong> {
        let day = match is_of_days(line) {
            true => date(value.trim()),
            false => when(line, value, self.zone).map(|at| at.date),
        };
        day.map_err(|says| (line.line, says))
    }

    /// A day on which a template has no session.
    fn left_out(&mut self, event: &Event, template: &str, line: u64, day: NaiveDate) {
        let mut cells = Cells::from([
            ("id", format!("{template}-x{}", day.format("%Y%m%d"))),
            ("from", day.to_string()),
            ("to", day.to_string()),
            ("template", template.to_owned()),
            ("does", "closed".to_owned()),
            ("reason", "停诊".to_owned()),
        ]);
        cells.extend(self.said(event, event, "department").map(|department| ("department", department)));
        cells.extend(self.said(event, event, QUEUE).map(|queue| (QUEUE, queue)));
        self.row(Kind::Exceptions, line, cells);
    }

    /// Whole days: closed, or worked, for each department that is named.
    fn days(&mut self, id: &str, event: &Event, start: &Property) -> Result<(), Wrong> {
        let first = date(start.value.trim()).map_err(|says| (start.line, says))?;
        // The end is the day after the last one.
        let last = match (event.lines.first("DTEND"), event.lines.first("DURATION")) {
            (Some(end), _) => date(end.value.trim()).map(|end| end.pred_opt()).map_err(|says| (end.line, says))?,
            (None, Some(length)) => {
                let days = minutes(&length.value).map_err(|says| (length.line, says))?.div_ceil(24 * 60);
                first.checked_add_days(Days::new(u64::from(days.saturating_sub(1))))
            }
            (None, None) => Some(first),
        };
        let last = last.filter(|last| *last >= first);
        let last = last.ok_or_else(|| (start.line, "it ends before it begins".to_owned()))?;
        let mut cells = self.all_said(Kind::Exceptions, event, event);
        let summary = summary(&event.lines);
        let worked = WORKED.iter().any(|word| summary.contains(word));
        cells.entry("id").or_insert_with(|| id.to_owned());
        cells.entry("from").or_insert_with(|| first.to_string());
        cells.entry("to").or_insert_with(|| last.to_string());
        cells.entry("does").or_insert_with(|| if worked { "open" } else { "closed" }.to_owned());
        cells.entry("reason").or_insert(summary);
        // Whoever is on leave is so where the sessions are.
        if cells.get("doctor").is_some_and(|doctor| !doctor.is_empty()) {
            cells.extend(self.said(event, event, QUEUE).map(|queue| (QUEUE, queue)));
        }
        let departments = cells.get("department").cloned().unwrap_or_default();
        let mut departments: Vec<&str> = several(&departments).collect();
        if departments.is_empty() {
            departments.push("");
        }
        for department in departments {
            let mut cells = cells.clone();
            cells.insert("department", department.to_owned());
            self.row(Kind::Exceptions, event.lines.line, cells);
        }
        Ok(())
    }

    /// When it begins, and its hours as a table has them.
    fn hours(&self, lines: &Lines) -> Result<(When, String), Wrong> {
        let start = required(lines, "DTSTART")?;
        let at = when(start, &start.value, self.zone).map_err(|says| (start.line, says))?;
        let (line, end) = match (lines.first("DTEND"), lines.first("DURATION")) {
            (Some(end), _) => {
                let until = when(end, &end.value, self.zone).map_err(|says| (end.line, says))?;
                let days = until.date.signed_duration_since(at.date).num_days();
                (end.line, i64::from(until.minute) + days * 24 * 60)
            }
            (None, Some(length)) => {
                let length_min = minutes(&length.value).map_err(|says| (length.line, says))?;
                (length.line, i64::from(at.minute) + i64::from(length_min))
            }
            (None, None) => return Err((lines.line, "the event has no DTEND and no DURATION".to_owned())),
        };
        if end <= i64::from(at.minute) || end > 24 * 60 {
            return Err((line, "it ends on the day on which it begins, and after it".to_owned()));
        }
        let begins = format!("{:02}:{:02}", at.minute / 60, at.minute % 60);
        Ok((at, format!("{begins}-{:02}:{:02}", end / 60, end % 60)))
    }

    /// What sessions and templates have in common.
    fn sitting(&self, cells: &mut Cells, event: &Event, of: &Event, start: When, hours: String) {
        let own = |name: &str| event.lines.first(name).or_else(|| of.lines.first(name)).map(Property::text);
        let period = match start.minute / 60 {
            0..12 => "morning",
            12..18 => "afternoon",
            _ => "evening",
        };
        cells.entry("period").or_insert_with(|| period.to_owned());
        cells.entry("hours").or_insert(hours);
        cells.extend(own("LOCATION").filter(|_| !cells.contains_key("room")).map(|room| ("room", room)));
        let class = own("CATEGORIES").and_then(|all| several(&all).next().map(str::to_owned));
        cells.extend(class.filter(|_| !cells.contains_key("registration_class")).map(|is| ("registration_class", is)));
    }

    /// Every cell that is said beside the calendar's own lines.
    fn all_said(&self, kind: Kind, event: &Event, of: &Event) -> Cells {
        let columns = kind.columns().iter();
        let said = |column: &Column| {
            // Days of a series have ids of their own.
            let of = if column.name == "id" { event } else { of };
            Some((column.name, self.said(event, of, column.name)?))
        };
        let mut cells: Cells = columns.filter_map(said).collect();
        if is_cancelled(&event.lines) || is_cancelled(&of.lines) {
            cells.insert("retired", "yes".to_owned());
        }
        cells
    }

    /// By the event, by the one that it is one of, on the command line, by the calendar: the first that says it.
    fn said(&self, event: &Event, of: &Event, column: &str) -> Option<String> {
        let name = format!("{OWN}{}", column.to_uppercase().replace('_', "-"));
        let in_lines = |lines: &Lines| lines.first(&name).map(Property::text);
        let set = || self.set.iter().rev().find(|(name, _)| name == column).map(|(_, value)| value.clone());
        let about = || self.calendar.about.get(event.calendar).and_then(in_lines);
        in_lines(&event.lines).or_else(|| in_lines(&of.lines)).or_else(set).or_else(about)
    }

    /// Puts a row into the table of its columns: what an event does not say stays as it is.
    fn row(&mut self, kind: Kind, line: u64, mut cells: Cells) {
        let retired = is_gone(&cells);
        let missing = |column: &&Column| column.required && cells.get(column.name).is_none_or(String::is_empty);
        for column in kind.columns().iter().filter(missing).filter(|column| !retired || column.name == "queue") {
            let (name, own) = (column.name, column.name.to_uppercase().replace('_', "-"));
            let says = format!("nothing says its {name} ({}): --set {name}=…, or a line {OWN}{own}:…", column.says);
            let (file, column) = (self.calendar.file.clone(), Some(name.to_owned()));
            self.faults.push(Fault { file, line, column, code: None, says });
        }
        // No table of exceptions has that column: it is where the department is found.
        let queue = if kind == Kind::Exceptions { cells.remove(QUEUE) } else { None };
        let (names, cells): (Vec<&'static str>, Vec<String>) = cells.into_iter().unzip();
        let made = || Sheet::made(&self.calendar.file, kind, &names);
        let sheet = self.tables.entry((kind, names.clone())).or_insert_with(made);
        if let Err(unfit) = sheet.push(line, queue, cells) {
            self.faults.extend(unfit);
        }
    }
}
