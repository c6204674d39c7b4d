//! What the house has already: the directory of a site and its staff, each thing as the command that would define it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;
use jiaohao_domain::plan::calendar;
use jiaohao_domain::time::Zone;
use jiaohao_domain::vocabulary::{ClientCommand, DefineSlot, kept};
use jiaohao_domain::{BusinessDate, Rejection, SiteId};
use serde_json::{Map, Value, json};

use super::kinds::Kind;
use crate::clients::Refusal;
use crate::clients::http::Door;
use crate::wire;

/// A day on which nothing was planned.
const NO_DAY: &str = "2000-01-01";

/// A site as it is before the import.
pub struct Known {
    /// Which.
    pub site: SiteId,
    /// Its name, for the rehearsal.
    pub name: String,
    /// Its zone.
    pub zone: Zone,
    /// Its business day: of earlier days the directory tells nothing.
    pub today: BusinessDate,
    /// By kind and id: the fields of the command that would define it.
    pub things: BTreeMap<Kind, BTreeMap<String, Value>>,
    /// Sessions to come are missing in these: further ahead than a directory tells, more than it tells, of a department that
    /// does not answer.
    pub lacks_sessions: bool,
    /// Names of accounts of other sites and of all sites, as far as the token sees them: a name is used once in the house.
    pub accounts_elsewhere: BTreeSet<String>,
}

impl Known {
    /// A site of which nothing is known.
    pub fn nothing(site: SiteId, zone: Zone, today: BusinessDate) -> Self {
        let (things, accounts_elsewhere) = (BTreeMap::new(), BTreeSet::new());
        Self { name: site.to_string(), site, zone, today, things, lacks_sessions: false, accounts_elsewhere }
    }

    /// Asks the server what there is.
    ///
    /// # Errors
    /// What the server said instead; code `door` also for an answer that is not as the protocol has it.
    pub async fn ask(door: &Door, token: &str, site: SiteId) -> Result<Self, Refusal> {
        let read = async |path: String| door.ask("GET", &path, Some(token), None).await;
        let directory = read(format!("/site/{site}")).await?;
        let staff = read(format!("/staff?site={site}")).await?;
        let all = match read("/staff".to_owned()).await {
            // Of one site's operator the server refuses what is another's.
            Err(why) if why.code == "forbidden" => staff.clone(),
            answered => answered?,
        };
        let mut plans = Vec::new();
        for department in directory["departments"].as_array().into_iter().flatten() {
            // Of a day that is over no session is told: only what the plan consists of.
            let id = department["id"].as_str().unwrap_or_default();
            match read(format!("/departments/{id}/plan?from={NO_DAY}&to={NO_DAY}")).await {
                // One that has not heard of itself yet has none.
                Err(why) if why.code == "forbidden" => {}
                answered => plans.push(answered?),
            }
        }
        Self::of(site, &directory, &plans, &staff, &all)
            .ok_or_else(|| Refusal::door("the directory is not as the protocol has it"))
    }

    fn of(site: SiteId, directory: &Value, plans: &[Value], staff: &Value, all_staff: &Value) -> Option<Self> {
        let zone = Zone::named(directory["time_zone"].as_str()?)?;
        let today = serde_json::from_value(directory["today"].clone()).ok()?;
        let mut known = Self::nothing(site, zone, today);
        known.name = directory["name"].as_str()?.to_owned();
        let is_silent = !directory["silent"].as_array()?.is_empty();
        known.lacks_sessions = is_silent || directory["sessions_left_out"].as_u64()? > 0;
        for kind in Kind::ALL {
            let mut things = BTreeMap::new();
            if matches!(kind, Kind::Templates | Kind::Exceptions) {
                for plan in plans {
                    for thing in plan[kind.listed_as()].as_array()? {
                        let Some(thing) = planned(kind, thing)? else { continue };
                        things.insert(thing["id"].as_str()?.to_owned(), thing);
                    }
                }
                known.things.insert(kind, things);
                continue;
            }
            let list = if kind == Kind::Staff { &staff["staff"] } else { &directory[kind.listed_as()] };
            for thing in list.as_array()? {
                let thing = if kind == Kind::Sessions { session(thing)? } else { thing.clone() };
                things.insert(thing["id"].as_str()?.to_owned(), thing);
            }
            known.things.insert(kind, things);
        }
        for account in all_staff["staff"].as_array()? {
            let name = account["id"].as_str()?;
            if known.thing(Kind::Staff, name).is_none() {
                known.accounts_elsewhere.insert(name.to_owned());
            }
        }
        Some(known)
    }

    /// The thing of that id.
    pub fn thing(&self, kind: Kind, id: &str) -> Option<&Value> {
        self.things.get(&kind)?.get(id)
    }
}

/// A template or exception of a plan as a table says it: a template with its slots one by one. None: there is no more of it.
pub(super) fn planned(kind: Kind, shown: &Value) -> Option<Option<Value>> {
    if kind == Kind::Exceptions {
        return Some(Some(shown.clone()));
    }
    let mut fields = shown.as_object()?.clone();
    if fields.remove("retired")?.as_bool()? {
        return Some(None);
    }
    let template = wire::named_command(kind.command(), Value::Object(fields.clone())).ok()?;
    let ClientCommand::DefineTemplate(template) = template else { return None };
    let (template, kept) = template.parts();
    let slots = calendar::slots(&template).ok()?.into_iter().zip(calendar::quotas(&template, &kept));
    let slots = slots.map(|(slot, quotas)| {
        let DefineSlot { start, minutes, capacity } = slot;
        json!(kept::DefineSlot { start, minutes, capacity, quotas })
    });
    fields.insert("slots".to_owned(), slots.collect());
    for name in ["start", "end", "capacity", "slot_min", "quotas"] {
        fields.remove(name);
    }
    Some(Some(Value::Object(fields)))
}

/// What a stream shows of a session, as `define_session` would say it.
pub(super) fn session(shown: &Value) -> Option<Value> {
    let at = |time: &Value| DateTime::parse_from_rfc3339(time.as_str()?).ok();
    let mut slots = Vec::new();
    for slot in shown["slots"].as_array()? {
        let (start, end) = (at(&slot["start"])?, at(&slot["end"])?);
        slots.push(json!({
            "start": start.format("%H:%M").to_string(),
            "minutes": (end - start).num_minutes(),
            "capacity": slot["capacity"],
            "quotas": slot["quotas"],
        }));
    }
    let mut fields = Map::new();
    fields.insert("id".to_owned(), shown["session"].clone());
    for name in ["date", "period", "queue", "doctor", "service_point", "registration_class", "fee_fen"] {
        fields.insert(name.to_owned(), shown[name].clone());
    }
    for name in ["high_demand", "released_at"] {
        fields.insert(name.to_owned(), shown[name].clone());
    }
    fields.insert("slots".to_owned(), slots.into());
    Some(Value::Object(fields))
}

/// The fields of a command with everything that was left out as it is then: two that are equal define the same.
///
/// # Errors
/// It is no such command.
pub fn in_full(kind: Kind, fields: &Value) -> Result<Value, Rejection> {
    let command = wire::named_command(kind.command(), fields.clone())?;
    let mut tagged = serde_json::to_value(&command).unwrap_or_default();
    Ok(tagged.get_mut(kind.command()).map(Value::take).unwrap_or_default())
}
