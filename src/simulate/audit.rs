//! Looks at the house from outside: queues as they change (I3), what must be refused (I7), and at the end everything that
//! was acknowledged (I1, I5).

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};

use super::ledger::Ledger;
use super::world::World;
use crate::clients::Refusal;
use crate::clients::live::{Heard, Listener, exchange};

/// How often what passes is asked again.
const TRIES: usize = 30;
/// How long a few answers may take.
const ANSWERED_WITHIN: Duration = Duration::from_secs(10);

/// What was acknowledged and is not there; what is there and was never acknowledged.
#[derive(Default)]
pub struct Found {
    /// Missing or other than acknowledged.
    pub lost: AtomicU64,
    /// There without an acknowledged command.
    pub doubled: AtomicU64,
}

/// Follows the queues of a site at its desk and judges each picture.
pub fn queue_listener(ledger: Arc<Ledger>) -> Listener {
    let mut states: HashMap<String, String> = HashMap::new();
    Box::new(move |heard, _, _| match heard {
        Heard::Snapshot { stream, snapshot } => picture(&ledger, stream, snapshot, &mut states),
        Heard::Events { stream, events, chained, .. } => {
            ledger.verdicts.check("I6", chained, || format!("{stream}: a gap or a repeat"));
            for event in events {
                for parts in event["event"].as_object().into_iter().flat_map(|stem| stem.values()) {
                    picture(&ledger, stream, parts, &mut states);
                }
            }
        }
        Heard::Ended { stream, code } => ledger.verdicts.check("I6", false, || format!("{stream} ended: {code}")),
        Heard::Bye { .. } => {}
    })
}

/// Each ticket in one place: once in the order, in one hand, at one door.
fn picture(ledger: &Ledger, stream: &str, parts: &Value, states: &mut HashMap<String, String>) {
    for (id, ticket) in parts["tickets"].as_object().into_iter().flatten() {
        match ticket["state"].as_str() {
            Some(state) => states.insert(id.clone(), state.to_owned()),
            None => states.remove(id),
        };
    }
    let mut hands = HashSet::new();
    let mut doors = HashSet::new();
    for room in parts["rooms"].as_array().into_iter().flatten() {
        if let Some(id) = room["in_hand"].as_str() {
            ledger.verdicts.check("I3", hands.insert(id), || format!("{stream}: {id} in two hands"));
        }
        for id in room["at_door"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            ledger.verdicts.check("I3", doors.insert(id), || format!("{stream}: {id} at two doors"));
        }
    }
    let mut waiting = HashSet::new();
    for id in parts["order"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let once = waiting.insert(id) && !hands.contains(id);
        ledger.verdicts.check("I3", once, || format!("{stream}: {id} waits twice, or waits and is in a hand"));
    }
    ledger.verdicts.check("I3", hands.is_disjoint(&doors), || format!("{stream}: in a hand and at a door"));
}

/// What must be refused, each as if it did not exist.
pub async fn trespass(world: &World, screen_token: &str, doctor_token: &str) {
    let city = &world.city;
    let queue = &city.departments[0].queue;
    let other = city.doctors.last().map_or("", |doctor| doctor.id.as_str());
    let follow = |id: &str, stream: String| json!({ "type": "subscribe", "id": id, "stream": stream });
    let command = |id: &str, name: &str, fields: Value| json!({ "type": "command", "id": id, "key": crate::clients::command_key(), "command": { name: fields } });
    let ticket = world.ledger.known().tickets.keys().next().cloned().unwrap_or_else(|| format!("{queue}.t1"));
    let person = world.people.first().map(|(id, _)| id.clone()).unwrap_or_default();
    let as_screen = [
        follow("1", format!("queue:{queue}")),
        follow("2", format!("patient:{person}")),
        follow("3", "board:nowhere.b1".to_owned()),
        command("4", "finish_service", json!({ "ticket": ticket })),
        command("5", "cancel_ticket", json!({ "ticket": ticket, "reason": "x" })),
    ];
    let mut as_doctor = vec![
        follow("1", format!("patient:{person}")),
        command("2", "define_site", json!({ "id": "mine", "name": "x", "time_zone": "Asia/Shanghai" })),
        command("3", "set_priority", json!({ "ticket": ticket, "class": "emergency", "proof": "x" })),
    ];
    if city.doctors.len() > 1 {
        as_doctor.push(follow("4", format!("doctor:{other}")));
    }
    for (who, token, frames) in [("a screen", screen_token, &as_screen[..]), ("a doctor", doctor_token, &as_doctor[..])]
    {
        let answers = answered(world, token, frames).await;
        world.ledger.verdicts.check("I7", answers.len() == frames.len(), || format!("{who} was not answered"));
        for answer in answers {
            let refused = answer["type"] == "rejected" && answer["error"]["code"] == "forbidden";
            world.ledger.verdicts.check("I7", refused, || format!("{who}: {answer:.200}"));
        }
    }
    // unknown and foreign ids answer alike
    if city.sites.len() > 1 {
        let foreign = format!("{}.t1", city.departments[1].id);
        for id in [foreign, "nowhere.d.t1".to_owned()] {
            let frames = [command("1", "cancel_ticket", json!({ "ticket": id, "reason": "x" }))];
            let answers = answered(world, &world.desk_tokens[0], &frames).await;
            let refused = !answers.is_empty() && answers.iter().all(|answer| answer["error"]["code"] == "forbidden");
            world.ledger.verdicts.check("I7", refused, || format!("the desk of another site: {answers:?}"));
        }
    }
}

/// What the server says to these, asked again while it is down or says only that it has no time; none: it never did.
async fn answered(world: &World, token: &str, frames: &[Value]) -> Vec<Value> {
    for _ in 0..TRIES {
        let within = tokio::time::timeout(ANSWERED_WITHIN, exchange(&world.door, token, frames)).await;
        if let Ok(Ok(answers)) = within {
            let passing = |answer: &Value| {
                let refusal: Option<Refusal> = serde_json::from_value(answer["error"].clone()).ok();
                refusal.is_some_and(|why| why.is_passing())
            };
            if !answers.iter().any(passing) {
                return answers;
            }
        }
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    Vec::new()
}

/// Everything acknowledged is there, and nothing else.
pub async fn settle(world: &World, found: &Found) {
    for (n, at) in world.city.departments.iter().enumerate() {
        let token = Some(world.desk_tokens[at.site].as_str());
        let mut shown = json!({});
        for (line, queue) in at.queues().into_iter().enumerate() {
            let mut queue = read(world, token, &format!("queue:{queue}")).await;
            if let (Some(all), Some(of_queue)) = (shown.as_object_mut(), queue["tickets"].as_object_mut()) {
                all.append(of_queue);
            }
            let session = world.city.session_id(n, line, &world.day.date_text());
            places(world, &read(world, token, &format!("session:{session}")).await);
        }
        left_out(world, token, &at.id, &mut shown).await;
        tickets(world, found, &at.id, &shown);
    }
    let booked: Vec<(String, usize, Option<String>)> = {
        let known = world.ledger.known();
        let booked = known.appointments.iter().filter(|(_, place)| place.booked);
        booked
            .filter_map(|(id, place)| {
                let at = world.city.departments.iter().find(|at| id.starts_with(&format!("{}.", at.id)))?;
                Some((id.clone(), at.site, place.number.clone()))
            })
            .collect()
    };
    for (id, site, number) in booked {
        let ticket = jiaohao_domain::AppointmentId::from(id.as_str()).ticket();
        let shown = read(world, Some(&world.desk_tokens[site]), &format!("ticket:{ticket}")).await;
        let kept = number.is_none() || shown["number"].as_str() == number.as_deref();
        judge(world, found, kept, || format!("{id}: booked as {number:?}, now {shown:.200}"));
    }
}

/// Of those that have ended a queue shows the newest only: the others are asked for one by one.
async fn left_out(world: &World, token: Option<&str>, department: &str, shown: &mut Value) {
    let Some(shown) = shown.as_object_mut() else { return };
    let here = format!("{department}.t");
    let acknowledged: Vec<String> = {
        let known = world.ledger.known();
        let of_department = known.tickets.range(here.clone()..).map(|(id, _)| id);
        of_department.take_while(|id| id.starts_with(&here)).filter(|id| !shown.contains_key(*id)).cloned().collect()
    };
    for id in acknowledged {
        let ticket = read(world, token, &format!("ticket:{id}")).await;
        if ticket.is_object() {
            shown.insert(id, ticket);
        }
    }
}

async fn read(world: &World, token: Option<&str>, stream: &str) -> Value {
    for _ in 0..TRIES {
        match world.door.ask("GET", &format!("/streams/{stream}"), token, None).await {
            Ok(mut shown) => return shown["snapshot"].take(),
            Err(why) if why.is_passing() => tokio::time::sleep(Duration::from_millis(300)).await,
            Err(_) => return Value::Null,
        }
    }
    Value::Null
}

fn judge(world: &World, found: &Found, kept: bool, what: impl FnOnce() -> String) {
    if !kept {
        found.lost.fetch_add(1, Ordering::Relaxed);
    }
    world.ledger.verdicts.check("I5", kept, what);
}

fn tickets(world: &World, found: &Found, department: &str, shown: &Value) {
    let known = world.ledger.known();
    let here = format!("{department}.t");
    for (id, ticket) in known.tickets.range(here.clone()..).take_while(|(id, _)| id.starts_with(&here)) {
        let Some(is) = shown.get(id) else {
            judge(world, found, false, || format!("{id} is not there"));
            continue;
        };
        let numbered = ticket.number.is_empty() || is["number"].as_str() == Some(ticket.number.as_str());
        let states = ticket.may_be_in();
        let state = is["state"].as_str().unwrap_or_default();
        let stands = known.unclear.contains(id) || states.contains(&state);
        judge(world, found, numbered && stands, || {
            format!("{id}: acknowledged as {} in {states:?}, now {} in {state}", ticket.number, is["number"])
        });
    }
    for (id, is) in shown.as_object().into_iter().flatten() {
        let explained = known.tickets.contains_key(id) || is["linked_from"].is_string();
        if !explained {
            found.doubled.fetch_add(1, Ordering::Relaxed);
        }
        world.ledger.verdicts.check("I5", explained, || format!("{id} was never acknowledged"));
    }
}

fn places(world: &World, session: &Value) {
    let known = world.ledger.known();
    for slot in session["slots"].as_array().into_iter().flatten() {
        let (capacity, free) = (slot["capacity"].as_u64().unwrap_or(0), slot["free"].as_u64());
        let live = slot["slot"].as_str().and_then(|id| known.live.get(id)).copied().unwrap_or_default();
        let fits = free.is_some_and(|free| free <= capacity) && u64::try_from(live).is_ok_and(|live| live <= capacity);
        world.ledger.verdicts.check("I1", fits, || format!("{live} live: {slot}"));
    }
}
