//! The site's configuration as operations and pages see it. The stream `site:{id}` carries configuration events from here
//! and the day's events from the departments. Secrets of screens are not part of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::ids::*;
use crate::time::{BusinessDate, Timestamp, Zone};
use crate::vocabulary::{DefineSite, Described};

use super::event::{Event, event_kind};
use super::state::*;

/// The snapshot of `site:{id}`.
pub fn snapshot(state: &State, stream_kind: &str, id: &str, zone: Zone) -> Option<Value> {
    let site = state.definition.as_ref().filter(|_| stream_kind == "site" && id == state.id.as_str())?;
    Some(json!({
        "site": state.id,
        "name": site.name,
        "name_en": site.name_en,
        "time_zone": site.time_zone,
        "latitude": degrees(state, |at| at.latitude_e6),
        "longitude": degrees(state, |at| at.longitude_e6),
        "departments": known(state, &state.departments, department_view),
        "service_points": living(&state.service_points),
        "queues": known(state, &state.queues, queue_view),
        "doctors": known(state, &state.doctors, doctor_view),
        "boards": living(&state.boards),
        "questions": state.questions.last().map(|asked| questions(asked, zone)),
        "questions_before": state.questions.iter().rev().skip(1).map(|asked| questions(asked, zone)).collect::<Vec<_>>(),
        "screens": state.screens.iter().map(|(id, screen)| screen_view(state, id, screen)).collect::<Vec<_>>(),
        "screens_waiting": state.offers.values().map(|offer| offer_view(state, offer, zone)).collect::<Vec<_>>(),
    }))
}

/// What the site consists of, and its departments. `has_retired`: those that are retired are named too, whose books are read
/// for as long as they remember their days.
pub fn directory(state: &State, zone: Zone, has_retired: bool) -> Option<(Value, Vec<DepartmentId>)> {
    let mut view = snapshot(state, "site", state.id.as_str(), zone)?;
    let departments = |retired| {
        let all = state.departments.iter().filter(move |(_, kept)| kept.retired == retired);
        all.map(|(id, _)| id.clone()).collect::<Vec<DepartmentId>>()
    };
    if has_retired {
        view["departments_retired"] = json!(departments(true));
    }
    Some((view, departments(false)))
}

/// Visits from outside of that day and later, by hospital visit id, the nearest days first. How each stands is its
/// department's to say.
pub fn visits_to_come(state: &State, today: BusinessDate) -> impl Iterator<Item = (&str, &OutsideVisit)> {
    let ids = state.visits_by_day.range(today..).flat_map(|(_, ids)| ids);
    ids.filter_map(|id| Some((id.as_str(), state.visits.get(id)?)))
}

fn living<I: Ord, T: serde::Serialize>(things: &BTreeMap<I, Kept<T>>) -> Vec<Value> {
    things.values().filter(|thing| !thing.retired).map(|thing| json!(thing.definition)).collect()
}

/// Those that are not retired, with what stands beside their definitions.
fn known<I: Ord + AsRef<str>, T: serde::Serialize>(
    state: &State,
    things: &BTreeMap<I, Kept<T>>,
    view: fn(&State, &str, &T) -> Value,
) -> Vec<Value> {
    let living = things.iter().filter(|(_, thing)| !thing.retired);
    living.map(|(id, thing)| view(state, id.as_ref(), &thing.definition)).collect()
}

/// Where the site is.
fn degrees(state: &State, of: fn(&Described) -> Option<i32>) -> Option<f64> {
    state.described.get(state.id.as_str()).and_then(of).map(|e6| f64::from(e6) / 1e6)
}

/// The site's own fields, as they would define it.
pub fn site(state: &State, definition: &DefineSite) -> Value {
    let mut view = json!(definition);
    view["latitude"] = json!(degrees(state, |at| at.latitude_e6));
    view["longitude"] = json!(degrees(state, |at| at.longitude_e6));
    view
}

fn speciality<'a>(state: &'a State, id: &str) -> &'a str {
    state.described.get(id).map_or("", |described| &described.speciality)
}

fn department_view(state: &State, id: &str, definition: &impl serde::Serialize) -> Value {
    let mut view = json!(definition);
    view["speciality"] = json!(speciality(state, id));
    view
}

fn queue_view(state: &State, id: &str, definition: &impl serde::Serialize) -> Value {
    let mut view = json!(definition);
    view["name_en"] = json!(state.more.get(id).map_or("", |more| &more.name_en));
    view
}

fn doctor_view(state: &State, id: &str, definition: &impl serde::Serialize) -> Value {
    let mut view = queue_view(state, id, definition);
    view["registration_class"] = json!(state.more.get(id).map_or("", |more| &more.registration_class));
    view["speciality"] = json!(speciality(state, id));
    view
}

fn questions(asked: &AskedSince, zone: Zone) -> Value {
    let mut view = json!(asked.definition);
    view["since"] = json!(zone.rfc3339(asked.at));
    view
}

fn screen_view(state: &State, id: &ScreenId, screen: &Screen) -> Value {
    json!({ "screen": id, "board": screen.board, "door": state.doors.get(id) })
}

fn offer_view(state: &State, offer: &Offer, zone: Zone) -> Value {
    json!({ "screen": offer.screen, "door": state.doors.get(&offer.screen), "expires_at": zone.rfc3339(offer.expires_at) })
}

/// What an event says on `site:{id}`: the thing as it is now.
pub fn emissions(state: &State, event: &Event, _at: Timestamp, zone: Zone) -> Vec<(String, Value)> {
    let body = match event {
        Event::SiteDefined { definition, .. } => site(state, definition),
        Event::DepartmentDefined { definition, .. } => department_view(state, definition.id.as_str(), definition),
        Event::ServicePointDefined { definition } => json!(definition),
        Event::QueueDefined { definition } => queue_view(state, definition.id.as_str(), definition),
        Event::DoctorDefined { definition, .. } => doctor_view(state, definition.id.as_str(), definition),
        Event::MoreDefined { id, .. } => match (state.queues.get(id.as_str()), state.doctors.get(id.as_str())) {
            (Some(queue), _) => queue_view(state, id, &queue.definition),
            (_, Some(doctor)) => doctor_view(state, id, &doctor.definition),
            _ => return Vec::new(),
        },
        Event::Described { id, .. } => match (state.departments.get(id.as_str()), state.doctors.get(id.as_str())) {
            (Some(department), _) => department_view(state, id, &department.definition),
            (_, Some(doctor)) => doctor_view(state, id, &doctor.definition),
            _ => match &state.definition {
                Some(definition) if *id == state.id.as_str() => site(state, definition),
                _ => return Vec::new(),
            },
        },
        Event::BoardDefined { definition, .. } => json!(definition),
        Event::DepartmentRetired { id } => json!({ "id": id }),
        Event::ServicePointRetired { id } => json!({ "id": id }),
        Event::QueueRetired { id } => json!({ "id": id }),
        Event::DoctorRetired { id, .. } => json!({ "id": id }),
        Event::BoardRetired { id, .. } => json!({ "id": id }),
        Event::ScreenOffered { offer, .. } => offer_view(state, offer, zone),
        Event::ScreenPaired { screen, paired, .. } => screen_view(state, screen, paired),
        Event::ScreenRevoked { screen } => json!({ "screen": screen }),
        Event::QuestionsDefined { definition, at, .. } => {
            questions(&AskedSince { definition: definition.clone(), at: *at }, zone)
        }
        // What becomes of a visit is its department's to say, once, in one shape.
        Event::VisitRegistered { .. } | Event::VisitChanged { .. } | Event::VisitCancelled { .. } => return Vec::new(),
        Event::ScreenOffersExpired { .. } | Event::ScreenDoorNamed { .. } | Event::VisitsForgotten { .. } => {
            return Vec::new();
        }
    };
    let (_, stem) = event_kind(event);
    vec![(format!("site:{}", state.id), json!({ stem: body }))]
}
