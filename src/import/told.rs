//! How what differs and what is refused is told: by the columns of the templates, not by the fields of the commands that they
//! come to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::file::repeated;
use super::parts::QUOTAS;

/// Columns that are called otherwise than the one field that they fill.
const RENAMED: [(&str, &str); 2] = [("room", "service_point"), ("fee_yuan", "fee_fen")];
/// Columns that fill one field together.
const OF_SLOTS: &[&str] = &["hours", "slot_minutes", "capacity"];
const OF_DOES: &[&str] = &["does", "reason", "substitute", "as_weekday"];

/// The field that a column fills.
pub fn field_of(column: &str) -> &str {
    RENAMED.iter().find(|(own, _)| *own == column).map_or(column, |(_, field)| field)
}

/// The columns that fill a field.
pub fn columns_of(field: &str) -> Vec<&str> {
    match field {
        "slots" => OF_SLOTS.to_vec(),
        "quotas" => QUOTAS.to_vec(),
        _ => vec![RENAMED.iter().find(|(_, renamed)| *renamed == field).map_or(field, |(column, _)| column)],
    }
}

/// What of a field is another than before, a column each.
pub fn changed(field: &str, before: &Value, now: &Value) -> Vec<String> {
    let cells: Vec<(&str, String, String)> = match field {
        "slots" => {
            let plain = OF_SLOTS.iter().chain(&QUOTAS);
            plain.map(|column| (*column, of_slots(column, before), of_slots(column, now))).collect()
        }
        "settings" => {
            let (mut was, mut is) = (BTreeMap::new(), BTreeMap::new());
            leaves(field, before, &mut was);
            leaves(field, now, &mut is);
            return differing(&was, &is);
        }
        "does" => OF_DOES.iter().map(|column| (*column, of_does(column, before), of_does(column, now))).collect(),
        "fee_fen" => vec![("fee_yuan", yuan(before), yuan(now))],
        _ => columns_of(field).into_iter().map(|column| (column, shown(before, field), shown(now, field))).collect(),
    };
    let others = cells.iter().filter(|(_, was, is)| was != is);
    let told: Vec<String> = others.map(|(column, was, is)| format!("{column} {was} → {is}")).collect();
    // What differs in what is not shown.
    if told.is_empty() { vec![format!("{} others → others", columns_of(field).join(", "))] } else { told }
}

/// Every setting by its column.
fn leaves(path: &str, value: &Value, all: &mut BTreeMap<String, String>) {
    match value {
        Value::Object(parts) => parts.iter().for_each(|(name, part)| leaves(&format!("{path}.{name}"), part, all)),
        Value::Null => {}
        leaf => drop(all.insert(path.to_owned(), shown(leaf, path))),
    }
}

fn differing(was: &BTreeMap<String, String>, is: &BTreeMap<String, String>) -> Vec<String> {
    let names: BTreeSet<&String> = was.keys().chain(is.keys()).collect();
    let said = |all: &BTreeMap<String, String>, name: &String| all.get(name).cloned().unwrap_or("none".to_owned());
    let others = names.into_iter().filter(|name| was.get(*name) != is.get(*name));
    others.map(|name| format!("{name} {} → {}", said(was, name), said(is, name))).collect()
}

fn yuan(fen: &Value) -> String {
    fen.as_u64().map_or_else(|| shown(fen, "fee_fen"), |fen| format!("{}.{:02}", fen / 100, fen % 100))
}

/// A column of the slots as a row would say it; several values where a plan by hand has several.
fn of_slots(column: &str, slots: &Value) -> String {
    let slots = slots.as_array().map(Vec::as_slice).unwrap_or_default();
    if column == "hours" {
        return hours(slots);
    }
    let mut values: Vec<u64> = Vec::new();
    for slot in slots {
        let value = match column {
            "slot_minutes" => &slot["minutes"],
            "capacity" => &slot["capacity"],
            channel => &slot["quotas"][channel],
        };
        let value = value.as_u64().unwrap_or(0);
        if !values.contains(&value) {
            values.push(value);
        }
    }
    values.iter().map(u64::to_string).collect::<Vec<_>>().join(";")
}

/// `08:00-09:30;10:00-11:30`.
fn hours(slots: &[Value]) -> String {
    let minute = |clock: &str| {
        let (hours, minutes) = clock.split_once(':')?;
        Some(hours.parse::<u64>().ok()? * 60 + minutes.parse::<u64>().ok()?)
    };
    let mut spans: Vec<(u64, u64)> = Vec::new();
    for slot in slots {
        let Some(from) = slot["start"].as_str().and_then(minute) else { continue };
        let until = from + slot["minutes"].as_u64().unwrap_or(0);
        match spans.last_mut() {
            Some(last) if last.1 == from => last.1 = until,
            _ => spans.push((from, until)),
        }
    }
    let clock = |minute: u64| format!("{:02}:{:02}", minute / 60, minute % 60);
    spans.iter().map(|(from, until)| format!("{}-{}", clock(*from), clock(*until))).collect::<Vec<_>>().join(";")
}

fn of_does(column: &str, does: &Value) -> String {
    let value = match column {
        "does" => return does.as_object().and_then(|one| one.keys().next().cloned()).unwrap_or_default(),
        "reason" => &does["closed"]["reason"],
        "substitute" => &does["substitute"]["doctor"],
        _ => &does["open"]["as_weekday"],
    };
    shown(value, column)
}

/// A value as it is told: short ones as they are, others by what they are.
fn shown(value: &Value, field: &str) -> String {
    match value {
        Value::Null => "none".to_owned(),
        Value::Number(_) if field == "released_at" => "a moment".to_owned(),
        Value::String(text) => repeated(text),
        Value::Array(list) => match list.iter().all(|one| one.is_string() || one.is_number()) {
            true => {
                let words = list.iter().map(|one| one.as_str().map_or_else(|| one.to_string(), str::to_owned));
                format!("[{}]", words.collect::<Vec<_>>().join(" "))
            }
            false => format!("{} {field}", list.len()),
        },
        Value::Object(_) => "others".to_owned(),
        plain => plain.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::import::kinds::Kind;

    #[test]
    fn what_differs_is_told_by_the_templates_columns() {
        assert_eq!(changed("service_point", &Value::Null, &json!("s.d.r2")), [r#"room none → "s.d.r2""#]);
        assert_eq!(changed("fee_fen", &json!(5000), &json!(6050)), ["fee_yuan 50.00 → 60.50"]);
        let slot = |start: &str, capacity: u32| json!({ "start": start, "minutes": 30, "capacity": capacity });
        let two = json!([slot("08:00", 6), slot("08:30", 6)]);
        let three = json!([slot("08:00", 8), slot("08:30", 8), slot("10:00", 8)]);
        assert_eq!(changed("slots", &two, &three), ["hours 08:00-09:00 → 08:00-09:00;10:00-10:30", "capacity 6 → 8"]);
        let mut kept = two.clone();
        kept[0]["quotas"] = json!({ "online": 2, "desk": 0, "referral": 0 });
        assert_eq!(changed("slots", &two, &kept), ["online 0 → 2;0"]);
        let closed = json!({ "closed": { "reason": "院内活动" } });
        let open = json!({ "open": { "as_weekday": 1 } });
        assert_eq!(
            changed("does", &closed, &open),
            ["does closed → open", r#"reason "院内活动" → none"#, "as_weekday none → 1"]
        );
    }

    #[test]
    fn every_column_that_is_told_stands_in_a_template() {
        let all: Vec<&str> =
            Kind::ALL.iter().flat_map(|kind| kind.columns().iter().map(|column| column.name)).collect();
        let told = ["service_point", "fee_fen", "slots", "quotas", "does"].into_iter().flat_map(columns_of);
        for column in told.chain(OF_DOES.iter().copied()) {
            assert!(all.contains(&column), "{column}");
        }
    }
}
