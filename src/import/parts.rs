//! Fields that several columns say together: the slots of a session or template, what an exception does, and whether screens
//! show numbers only.

use jiaohao_domain::vocabulary::is_number_only_by_name;
use serde_json::{Map, Value, json};

use super::cell;
use super::file::{Header, Row, Sheet};
use super::kinds::Kind;
use super::plan::{Planner, unread};

/// Columns of places that are kept in each slot, by channel.
pub(super) const QUOTAS: [&str; 3] = ["online", "desk", "referral"];

/// The slots of a session: hours, length, places and what of them is kept are columns of one field.
pub(super) fn slots<'s>(
    sheet: &'s Sheet,
    row: &Row,
    fields: &mut Map<String, Value>,
) -> Result<(), (Option<&'s Header>, String)> {
    let number = |name: &str, absent: u32| {
        let Some(header) = sheet.header(name) else { return Ok(absent) };
        match row.cell(header) {
            "" => Ok(absent),
            text => match cell::whole(text).map(|number| number.as_u64().and_then(|n| u32::try_from(n).ok())) {
                Ok(Some(number)) => Ok(number),
                Ok(None) => Ok(absent),
                Err(allowed) => Err((Some(header), unread(text, &allowed))),
            },
        }
    };
    let (minutes, capacity) = (number("slot_minutes", 30)?, number("capacity", 0)?);
    if minutes == 0 {
        return Err((sheet.header("slot_minutes"), "a slot takes a minute at least".to_owned()));
    }
    let Some(hours) = sheet.header("hours") else { return Ok(()) };
    let text = row.cell(hours);
    let mut slots = cell::slots(text, minutes, capacity).map_err(|allowed| (Some(hours), unread(text, &allowed)))?;
    let before = fields.get("slots").cloned().unwrap_or_default();
    for slot in slots.as_array_mut().into_iter().flatten() {
        let start = &slot["start"];
        let was = before.as_array().into_iter().flatten().find(|was| was["start"] == *start);
        let mut quotas = was.and_then(|was| was["quotas"].as_object().cloned()).unwrap_or_default();
        for channel in QUOTAS.into_iter().filter(|channel| sheet.header(channel).is_some()) {
            quotas.insert(channel.to_owned(), json!(number(channel, 0)?));
        }
        if quotas.values().any(|places| places != &json!(0)) {
            slot["quotas"] = quotas.into();
        }
    }
    fields.insert("slots".to_owned(), slots);
    Ok(())
}

/// Numbers only, where nothing says whether and the name says enough; and the word to tell it by.
pub(super) fn number_only(fields: &mut Map<String, Value>) -> Option<String> {
    let name = |field: &str| fields.get(field).and_then(Value::as_str).unwrap_or_default();
    if fields.contains_key("number_only") || !is_number_only_by_name(name("name"), name("name_en")) {
        return None;
    }
    let note = format!("{}: screens show numbers only, by its name; no under number_only shows names", name("id"));
    fields.insert("number_only".to_owned(), json!(true));
    Some(note)
}

impl Planner<'_> {
    /// What an exception does: three columns say it with a fourth. Where the last day is left out, the first is the only one.
    pub(super) fn does<'s>(
        &self,
        sheet: &'s Sheet,
        row: &Row,
        fields: &mut Map<String, Value>,
    ) -> Result<(), (Option<&'s Header>, String)> {
        let under = |name: &str| {
            let header = sheet.header(name);
            (header, header.map(|header| row.cell(header)).unwrap_or_default())
        };
        if under("to").1.is_empty() {
            fields.insert("to".to_owned(), fields.get("from").cloned().unwrap_or_default());
        }
        let (header, does) = under("does");
        let does = match does.to_lowercase().as_str() {
            "closed" | "停诊" | "放假" => json!({ "closed": { "reason": under("reason").1 } }),
            "substitute" | "替诊" => {
                let (header, who) = under("substitute");
                let who = self.found(Kind::Doctors, who, None).map_err(|says| (header, says))?;
                json!({ "substitute": { "doctor": who } })
            }
            "open" | "上班" | "调休" => {
                let (header, day) = under("as_weekday");
                let day =
                    (!day.is_empty()).then(|| cell::weekday(day).map_err(|allowed| (header, unread(day, &allowed))));
                json!({ "open": { "as_weekday": day.transpose()? } })
            }
            other => {
                return Err((header, unread(other, "closed (停诊, 放假), substitute (替诊) or open (上班, 调休)")));
            }
        };
        fields.insert("does".to_owned(), does);
        Ok(())
    }
}
