//! What no rule forbids and is a slip of the pen all the same, more often than not: told with its line, and sent.

use std::collections::BTreeSet;

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
    let mut told = Vec::new();
    let is_sent = |wish: &&Wish| matches!(wish.change, Change::Made | Change::Changed(_));
    for wish in wishes.iter().filter(is_sent) {
        let at = format!("{}, line {}", wish.file, wish.line);
        told.extend(house.doubts(wish).into_iter().map(|says| format!("{at}: {says}")));
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
        }
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
