//! The patients: with a phone of their own (book, check in by the area's code, report back when their ticket's stream says
//! so), or without one, by the desk.

use std::sync::{Arc, PoisonError};

use jiaohao_actors::shell::clock::wall_ms;
use jiaohao_domain::{AppointmentId, Timestamp, prefix};
use rand::Rng;
use rand::rngs::StdRng;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::town::{Changed, Town, seeded};
use crate::clients::Refusal;
use crate::clients::http::token_of;
use crate::clients::live::{Heard, Listener, LiveClient};

/// Clinic seconds between two patients of one doctor.
const EVERY_S: f64 = 420.0;
/// Patients of each doctor when the clinic opens.
const AT_OPENING: usize = 3;

/// A ticket that has been missed so often stands: the desk alone brings it back.
const MISSED_STANDS: u64 = 3;

/// A phone that is signed in.
pub struct Phone {
    /// Full name.
    pub name: String,
    /// The access token.
    pub token: String,
    /// The person.
    pub patient: String,
    /// 80 or older.
    is_senior: bool,
}

/// Patients of a department, one after the other, as long as it is open.
pub async fn stream_in(town: Arc<Town>, department: usize) {
    let mut rng = seeded();
    let doctors = town.city.departments[department].doctors.len();
    for _ in 0..doctors * AT_OPENING {
        tokio::spawn(come(town.clone(), department));
        tokio::time::sleep(std::time::Duration::from_millis(60)).await;
    }
    loop {
        let pause_s = EVERY_S / doctors as f64 * rng.random_range(0.5..1.5);
        town.clock.pass_s(pause_s).await;
        if town.clock.now_ms() > town.closes_ms() - 45 * 60_000 {
            town.clock.until(town.opens_ms(1) - 30 * 60_000).await;
        }
        tokio::spawn(come(town.clone(), department));
    }
}

async fn come(town: Arc<Town>, department: usize) {
    let mut rng = seeded();
    // whom the server refuses does not come; it is counted by what is done
    let _ = match rng.random_range(0..100) {
        0..55 => by_phone(&town, department, &mut rng).await,
        55..75 => by_desk(&town, department, &mut rng).await,
        _ => walk_in_at(&town, department, line(&town, department, &mut rng), None).await.map(drop),
    };
}

/// Signs a made-up phone in with a one-time code and makes its owner known.
pub async fn phone(town: &Town, site: usize) -> Result<Phone, Refusal> {
    let who = town.somebody(town.is_due(site, "seniors of 80 and over"));
    let door = &town.door;
    let asked = door.insist("POST", "/session/code", None, &json!({ "phone": who.phone })).await?;
    let code = town.outbox.0.latest(&who.phone, Timestamp(wall_ms())).ok_or_else(|| Refusal::door("no code came"))?;
    let sign_in = json!({ "phone": who.phone, "code": code.code.reveal(), "device": asked["device"] });
    let token = token_of(&door.insist("POST", "/session", None, &sign_in).await?)?;
    let mut person = who.registration();
    person["relation"] = json!("self");
    let made = door.insist("POST", "/persons", Some(&token), &person).await?;
    let patient = made["patient"].as_str().unwrap_or_default().to_owned();
    let born = who.birth_date.get(..4).and_then(|year| year.parse::<i32>().ok());
    Ok(Phone { name: who.name, token, patient, is_senior: born.is_some_and(|year| year < 1945) })
}

/// The phone whose link is printed: booked for the next half-hour.
///
/// # Errors
/// What was refused.
pub async fn yours(town: &Town) -> Result<Phone, Refusal> {
    let phone = phone(town, town.city.departments[0].site).await?;
    if let Some(wish) = wish(town, (0, 0), 1, &phone.patient) {
        drop(town.door.insist("POST", "/appointments", Some(&phone.token), &wish).await);
    }
    Ok(phone)
}

/// In which of the department's queues somebody waits: its index.
fn line(town: &Town, department: usize, rng: &mut StdRng) -> usize {
    town.city.departments[department].line_of(rng.random_range(0..1000))
}

fn wish(town: &Town, (department, line): (usize, usize), ahead: i64, patient: &str) -> Option<Value> {
    let (_, clock) = town.slot(ahead)?;
    let session = town.city.session_id(department, line, &town.date());
    Some(json!({ "session": session, "slot": format!("{session}.{clock}"), "patient": patient }))
}

async fn by_phone(town: &Arc<Town>, department: usize, rng: &mut StdRng) -> Result<(), Refusal> {
    let site = town.city.departments[department].site;
    let phone = phone(town, site).await?;
    let is_late = town.is_due(site, "late arrivals") || rng.random_range(0..10) == 0;
    let ahead = if is_late { 0 } else { rng.random_range(0..2) };
    let line = line(town, department, rng);
    let Some(wish) = wish(town, (department, line), ahead, &phone.patient) else { return Ok(()) };
    let start_ms = town.slot(ahead).map_or(0, |(start_ms, _)| start_ms);
    let insist = async |path: &str, body: &Value| town.door.insist("POST", path, Some(&phone.token), body).await;
    let booked = if town.is_due(site, "holds") || rng.random_range(0..6) == 0 {
        let held = insist("/appointments/hold", &wish).await?;
        town.count(site, "holds");
        town.clock.pass_s(30.0).await;
        insist("/appointments/confirm", &json!({ "appointment": held["appointment"] })).await?;
        held
    } else {
        insist("/appointments", &wish).await?
    };
    town.count(site, "bookings by phone");
    let appointment = booked["appointment"].as_str().unwrap_or_default().to_owned();
    if !is_late && !phone.is_senior && (town.is_due(site, "cancellations") || rng.random_range(0..12) == 0) {
        insist("/appointments/cancel", &json!({ "appointment": appointment })).await?;
        town.count(site, "cancellations");
        return Ok(());
    }
    let ticket = AppointmentId::from(appointment.as_str()).ticket().to_string();
    let (tell, told) = mpsc::channel(64);
    let streams = vec![format!("patient:{}", phone.patient), format!("ticket:{ticket}")];
    let live = LiveClient::open(town.door.clone(), town.clock.clone(), phone.token.clone(), streams, states(tell));
    let arrives_ms = if is_late {
        start_ms + rng.random_range(31..36) * 60_000
    } else {
        (start_ms - 60_000 * rng.random_range(2..25)).max(town.clock.now_ms() + rng.random_range(10_000..120_000))
    };
    town.clock.until(arrives_ms).await;
    let code = area_code(town, department).await?;
    let check_in = json!({ "appointment": appointment, "code": code });
    town.give(site, &live, "check-ins by phone", "check_in", check_in).await?;
    if is_late {
        town.count(site, "late arrivals");
    }
    if phone.is_senior {
        town.count(site, "seniors of 80 and over");
    }
    Errand { town, department, live: &live, ticket: &ticket }.wait(told).await;
    Ok(())
}

/// What hangs on the wall of the waiting area for a minute.
async fn area_code(town: &Town, department: usize) -> Result<String, Refusal> {
    let at = &town.city.departments[department];
    let path = format!("/departments/{}/area-code", at.id);
    let shown = town.door.ask("GET", &path, Some(&town.desk_tokens[at.site]), None).await?;
    Ok(shown["code"].as_str().unwrap_or_default().to_owned())
}

fn states(tell: mpsc::Sender<String>) -> Listener {
    Box::new(move |heard, _, _| {
        let mut say = |parts: &Value| {
            if let Some(state) = parts["state"].as_str() {
                // the phone looks at the latest; one that is full has enough to do
                let _ = tell.try_send(state.to_owned());
            }
        };
        match heard {
            Heard::Snapshot { stream, snapshot } if stream.starts_with("ticket:") => say(snapshot),
            Heard::Events { stream, events, .. } if stream.starts_with("ticket:") => {
                for event in events {
                    event["event"].as_object().into_iter().flat_map(|stem| stem.values()).for_each(&mut say);
                }
            }
            _ => {}
        }
    })
}

/// Somebody in the waiting area who watches their own ticket.
struct Errand<'a> {
    town: &'a Arc<Town>,
    department: usize,
    live: &'a LiveClient,
    ticket: &'a str,
}

impl Errand<'_> {
    async fn wait(&self, mut told: mpsc::Receiver<String>) {
        let mut last = String::new();
        while let Some(state) = told.recv().await {
            if state == last {
                continue;
            }
            match state.as_str() {
                "ended" => return,
                "missed" => self.back("missed and back", 180.0).await,
                "away" => self.back("returns from tests", 700.0).await,
                _ => {}
            }
            last = state;
        }
    }

    async fn back(&self, what: &str, after_s: f64) {
        self.town.clock.pass_s(after_s).await;
        if let Ok(code) = area_code(self.town, self.department).await {
            let report = json!({ "ticket": self.ticket, "code": code });
            let site = self.town.city.departments[self.department].site;
            drop(self.town.give(site, self.live, what, "report_back", report).await);
        }
    }
}

/// The desk makes somebody known.
///
/// # Errors
/// What was refused.
pub async fn at_the_desk(town: &Town, department: usize) -> Result<String, Refusal> {
    let site = town.city.departments[department].site;
    let who = town.somebody(false);
    let made = town.door.insist("POST", "/persons", Some(&town.desk_tokens[site]), &who.registration()).await?;
    Ok(made["patient"].as_str().unwrap_or_default().to_owned())
}

async fn by_desk(town: &Arc<Town>, department: usize, rng: &mut StdRng) -> Result<(), Refusal> {
    let patient = at_the_desk(town, department).await?;
    let line = line(town, department, rng);
    let Some(wish) = wish(town, (department, line), rng.random_range(0..2), &patient) else { return Ok(()) };
    let site = town.city.departments[department].site;
    let booked = town.at_desk(site, "bookings at the desk", "book_slot", wish).await?;
    town.clock.pass_s(rng.random_range(30.0..600.0)).await;
    let check_in = json!({ "appointment": booked["appointment"] });
    let waits = town.at_desk(site, "check-ins at the desk", "check_in", check_in).await?;
    look_after(town, &waits);
    Ok(())
}

/// Somebody without an appointment, in the pool; the answer of the desk.
///
/// # Errors
/// What was refused.
pub async fn walk_in(town: &Arc<Town>, department: usize, extra: Option<(&str, Value)>) -> Result<Value, Refusal> {
    walk_in_at(town, department, 0, extra).await
}

async fn walk_in_at(
    town: &Arc<Town>,
    department: usize,
    line: usize,
    extra: Option<(&str, Value)>,
) -> Result<Value, Refusal> {
    let patient = at_the_desk(town, department).await?;
    let at = &town.city.departments[department];
    let mut wish = json!({ "queue": at.queues()[line], "patient": patient });
    if let Some((field, value)) = extra {
        wish[field] = value;
    }
    let waits = town.at_desk(at.site, "walk-ins", "register_walk_in", wish).await?;
    look_after(town, &waits);
    Ok(waits)
}

fn look_after(town: &Town, waits: &Value) {
    if let Some(ticket) = waits["ticket"].as_str() {
        town.by_desk.lock().unwrap_or_else(PoisonError::into_inner).insert(ticket.to_owned());
    }
}

/// The desks bring back those who have no phone, and whom only they can bring back.
pub async fn looked_after(town: Arc<Town>, mut changed: mpsc::Receiver<Changed>) {
    let knows = |known: &std::sync::Mutex<std::collections::HashSet<String>>, ticket: &str| {
        known.lock().unwrap_or_else(PoisonError::into_inner).contains(ticket)
    };
    while let Some(Changed { ticket, state, missed_times }) = changed.recv().await {
        let is_missed = state == "missed";
        let stands = is_missed && missed_times >= MISSED_STANDS;
        if !stands && (!knows(&town.by_desk, &ticket) || is_missed && knows(&town.at_the_door, &ticket)) {
            continue;
        }
        let town = town.clone();
        tokio::spawn(async move {
            let (what, after_s) = match is_missed {
                _ if stands => ("third missed, back by the desk", 60.0),
                true => ("missed and back", 240.0),
                false => ("returns from tests", 800.0),
            };
            town.clock.pass_s(after_s).await;
            let site = town.city.sites.iter().position(|(id, _)| prefix(&ticket, 1) == *id).unwrap_or(0);
            drop(town.at_desk(site, what, "report_back", json!({ "ticket": ticket })).await);
        });
    }
}
