//! What no rule forbids and is a slip of the pen all the same, more often than not: told with its line, and sent.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{Datelike as _, NaiveDate};
use jiaohao_domain::SessionId;
use serde_json::Value;

use super::file::repeated;
use super::kinds::Kind;
use super::known::Known;
use super::plan::{Change, Wish};

/// So many are told of one import; the rest is counted.
const TOLD_MAX: usize = 100;
/// Places of one slot beyond which somebody has written the whole day's.
const PLACES_MANY: u64 = 200;
/// What every house has: the templates name them.
const CLASSES: [&str; 4] = ["普通", "副主任", "主任", "特需"];
const TITLES: [&str; 4] = ["主任医师", "副主任医师", "主治医师", "住院医师"];

/// What is doubtful in what is to be made or changed, a line each.
pub fn of(wishes: &[Wish], known: &Known) -> Vec<String> {
    let mut house = House::of(known);
    house.take(wishes, known);
    let mut told = Vec::new();
    let is_sent = |wish: &&Wish| matches!(wish.change, Change::Made | Change::Changed(_));
    for wish in wishes.iter().filter(is_sent) {
        let at = format!("{}, line {}", wish.file, wish.line);
        let doubts = house.doubts(wish).into_iter().chain(house.twice(wish, &at));
        told.extend(doubts.map(|says| format!("{at}: {says}")));
    }
    let further = told.len().saturating_sub(TOLD_MAX);
    told.truncate(TOLD_MAX);
    if further > 0 {
        told.push(format!("{further} further doubts are not told"));
    }
    told
}

/// Words that the house has already, and the names of its doctors.
struct House {
    classes: BTreeSet<String>,
    titles: BTreeSet<String>,
    doctors: BTreeSet<(String, String)>,
    /// When each doctor and each room is taken.
    taken: BTreeMap<(&'static str, String), Vec<Hours>>,
    /// The exceptions of the house and of this import.
    exceptions: Vec<Value>,
}

/// Columns of which a thing takes one at its hours, and the command's fields.
const TAKEN: [(&str, &str); 2] = [("doctor", "doctor"), ("room", "service_point")];

/// Hours of a session or of what comes again, and where that stands.
#[derive(Clone)]
struct Hours {
    at: String,
    /// The template that it is, or of which the session is.
    template: Option<String>,
    days: Days,
    /// Minutes of the day, from and until.
    slots: Vec<(u64, u64)>,
}

#[derive(Clone)]
enum Days {
    On(NaiveDate),
    Weekly {
        weekdays: Vec<u32>,
        from: NaiveDate,
        until: NaiveDate,
        /// Days of which an exception may say otherwise.
        except: Vec<(NaiveDate, NaiveDate)>,
    },
}

impl Hours {
    fn of(kind: Kind, id: &str, fields: &Value, at: &str, exceptions: &[Value]) -> Option<Self> {
        let date_of = |fields: &Value, field: &str| fields[field].as_str()?.parse::<NaiveDate>().ok();
        let date = |field: &str| date_of(fields, field);
        let template = match kind {
            Kind::Templates => Some(id.to_owned()),
            _ => SessionId::from(id).planned().map(|(template, _)| template.to_string()),
        };
        let days = match kind {
            Kind::Sessions => Days::On(date("date")?),
            Kind::Templates => {
                let weekdays = fields["weekdays"].as_array()?.iter().filter_map(Value::as_u64);
                let weekdays = weekdays.filter_map(|day| day.try_into().ok()).collect();
                // Of whom it is is not asked closely: a doubt too few is better than one each holiday.
                let of_another = |except: &Value, field: &str, own: Option<&str>| {
                    except[field].as_str().is_some_and(|named| Some(named) != own)
                };
                let concerns = |except: &&Value| {
                    !of_another(except, "template", Some(id))
                        && !of_another(except, "doctor", fields["doctor"].as_str())
                };
                let days = |except: &Value| {
                    let first = date_of(except, "from")?;
                    Some((first, date_of(except, "to").unwrap_or(first)))
                };
                let except = exceptions.iter().filter(concerns).filter_map(days).collect();
                let until = date("until").unwrap_or(NaiveDate::MAX);
                Days::Weekly { weekdays, from: date("from")?, until, except }
            }
            _ => return None,
        };
        let slot = |slot: &Value| {
            let (hours, minutes) = slot["start"].as_str()?.split_once(':')?;
            let from = hours.parse::<u64>().ok()? * 60 + minutes.parse::<u64>().ok()?;
            Some((from, from + slot["minutes"].as_u64()?))
        };
        let slots = fields["slots"].as_array()?.iter().filter_map(slot).collect();
        Some(Self { at: at.to_owned(), template, days, slots })
    }

    fn meet(&self, other: &Self) -> bool {
        // A template is what its own sessions are made of.
        if self.template.is_some() && self.template == other.template {
            return false;
        }
        let overlaps = |(from, until): &(u64, u64)| other.slots.iter().any(|(start, end)| from < end && start < until);
        self.days.meet(&other.days) && self.slots.iter().any(overlaps)
    }
}

impl Days {
    fn meet(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::On(one), Self::On(other)) => one == other,
            (Self::On(day), weekly @ Self::Weekly { except, .. })
            | (weekly @ Self::Weekly { except, .. }, Self::On(day)) => {
                weekly.has(*day) && !except.iter().any(|(first, last)| (first..=last).contains(&day))
            }
            (Self::Weekly { from, until, .. }, weekly @ Self::Weekly { from: begins, until: ends, .. }) => {
                let (first, last) = (*from.max(begins), *until.min(ends));
                // A week has every day of the week.
                first.iter_days().take(7).take_while(|day| *day <= last).any(|day| self.has(day) && weekly.has(day))
            }
        }
    }

    fn has(&self, day: NaiveDate) -> bool {
        match self {
            Self::On(own) => *own == day,
            Self::Weekly { weekdays, from, until, .. } => {
                (from..=until).contains(&&day) && weekdays.contains(&day.weekday().number_from_monday())
            }
        }
    }
}

impl House {
    fn of(known: &Known) -> Self {
        let things = |kind: Kind| known.things.get(&kind).into_iter().flatten();
        let word = |fields: &Value, field: &str| fields[field].as_str().map(str::to_owned);
        let has = |built_in: [&str; 4]| built_in.map(str::to_owned).into_iter();
        let planned = things(Kind::Sessions).chain(things(Kind::Templates));
        let classes = planned.filter_map(|(_, fields)| word(fields, "registration_class"));
        let titles = things(Kind::Doctors).filter_map(|(_, fields)| word(fields, "title"));
        let doctors = things(Kind::Doctors).filter_map(|(id, fields)| Some((word(fields, "name")?, id.clone())));
        Self {
            classes: has(CLASSES).chain(classes).collect(),
            titles: has(TITLES).chain(titles).collect(),
            doctors: doctors.collect(),
            taken: BTreeMap::new(),
            exceptions: Vec::new(),
        }
    }

    /// Notes what is taken whatever this import sends: by rows that are as they were, and by what no row speaks of.
    fn take(&mut self, wishes: &[Wish], known: &Known) {
        let rows: BTreeMap<(Kind, &str), &Wish> =
            wishes.iter().map(|wish| ((wish.kind, wish.id.as_str()), wish)).collect();
        let kept = known.things.get(&Kind::Exceptions).into_iter().flatten();
        let kept =
            kept.filter(|(id, _)| !rows.contains_key(&(Kind::Exceptions, id.as_str()))).map(|(_, fields)| fields);
        let brought = rows.values().filter(|row| row.kind == Kind::Exceptions && row.change != Change::Retired);
        self.exceptions = kept.chain(brought.map(|row| &row.fields)).cloned().collect();
        for (kind, word) in [(Kind::Sessions, "session"), (Kind::Templates, "template")] {
            for (id, fields) in known.things.get(&kind).into_iter().flatten() {
                let at = match rows.get(&(kind, id.as_str())) {
                    None => format!("the {word} {id}"),
                    Some(row) if row.change == Change::Same => format!("{}, line {}", row.file, row.line),
                    Some(_) => continue,
                };
                let Some(hours) = Hours::of(kind, id, fields, &at, &self.exceptions) else { continue };
                // Its template becomes another, or is no more: the department makes its sessions anew.
                let of = hours.template.as_deref().and_then(|template| rows.get(&(Kind::Templates, template)));
                if of.is_some_and(|row| row.change != Change::Same) {
                    continue;
                }
                for (column, field) in TAKEN {
                    let Some(id) = fields[field].as_str() else { continue };
                    self.taken.entry((column, id.to_owned())).or_default().push(hours.clone());
                }
            }
        }
    }

    /// Whose doctor or room something else has at the same hour.
    fn twice(&mut self, wish: &Wish, at: &str) -> Vec<String> {
        let Some(hours) = Hours::of(wish.kind, &wish.id, &wish.fields, at, &self.exceptions) else {
            return Vec::new();
        };
        let mut doubts = Vec::new();
        for (column, field) in TAKEN {
            let Some(id) = wish.fields[field].as_str() else { continue };
            let taken = self.taken.entry((column, id.to_owned())).or_default();
            if let Some(other) = taken.iter().find(|other| other.meet(&hours)) {
                doubts.push(format!("{column}: {id} is taken at the same hour by {}", other.at));
            }
            taken.push(hours.clone());
        }
        doubts
    }

    fn doubts(&mut self, wish: &Wish) -> Vec<String> {
        let mut doubts = Vec::new();
        let word = |field: &str| wish.fields[field].as_str().unwrap_or_default();
        match wish.kind {
            Kind::Doctors => {
                doubts.extend(unheard("title", word("title"), &self.titles));
                let name = word("name");
                let same = self.doctors.iter().filter(|(known, id)| known == name && *id != wish.id);
                doubts.extend(same.map(|(_, id)| format!("{} is the name of {id} too", repeated(name))));
                self.doctors.insert((name.to_owned(), wish.id.clone()));
            }
            Kind::Sessions | Kind::Templates => {
                doubts.extend(unheard("registration_class", word("registration_class"), &self.classes));
                let slots = wish.fields["slots"].as_array().map(Vec::as_slice).unwrap_or_default();
                doubts.extend(slots.first().and_then(|slot| no_such_part(word("period"), slot["start"].as_str()?)));
                let places = slots.iter().filter_map(|slot| slot["capacity"].as_u64());
                match places.max() {
                    Some(0) => doubts.push("capacity: 0, so that nobody can book".to_owned()),
                    Some(most) if most > PLACES_MANY => {
                        doubts.push(format!("capacity: {most} places, in each slot of its own"));
                    }
                    _ => {}
                }
            }
            Kind::Staff => {
                let names_none = wish.fields["departments"].as_array().is_none_or(Vec::is_empty);
                if word("role") == "desk" && names_none {
                    doubts.push(format!("{}: a desk of every department, as none is named", wish.id));
                }
            }
            _ => {}
        }
        doubts
    }
}

fn unheard(field: &str, word: &str, known: &BTreeSet<String>) -> Option<String> {
    (!word.is_empty() && !known.contains(word))
        .then(|| format!("{field}: {} is none of this house yet", repeated(word)))
}

/// Whether it begins at another time of the day than its period says.
fn no_such_part(period: &str, start: &str) -> Option<String> {
    let hour: u32 = start.split_once(':')?.0.parse().ok()?;
    let fits = match period {
        "morning" => hour < 12,
        "afternoon" => (12..18).contains(&hour),
        "evening" => hour >= 17,
        _ => true,
    };
    (!fits).then(|| format!("hours: {start} is not in the {period}"))
}
