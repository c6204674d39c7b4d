//! Voices are heard at the speed of the clock only (above it boards show and do not speak): on a second server of its own
//! many rooms call at the same moment, with recalls and emergencies, and no two voices of a board may overlap.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use indicatif::ProgressBar;
use serde_json::{Value, json};

use super::ledger::Ledger;
use super::own_server::OwnServer;
use super::screens::{self, Screen, Voices};
use super::setup::{self, House};
use super::{Options, actor::Actor, world::World};
use crate::clients::live::LiveClient;

const DOCTORS: usize = 6;
const PATIENTS: usize = 30;
const CALLS_EACH: usize = 4;

/// Runs it and judges into `ledger`; the `voice` part of the result.
///
/// # Errors
/// What kept it from running.
pub async fn hear(seed: u64, ledger: &Ledger) -> Result<Value, String> {
    let mut server = OwnServer::start(setup::clinic_start(), 1.0).await?;
    let mut house =
        House { door: server.door.clone(), operator: server.operator().await?, speed: 1.0, suffix: String::new() };
    let options = Options {
        url: None,
        operator: None,
        patients: PATIENTS,
        doctors: DOCTORS,
        screens: 6,
        speed: 1.0,
        seed,
        quiet: true,
    };
    let own = Arc::new(Ledger::default());
    let mut ready = setup::set_up(&mut house, &options, &own, &ProgressBar::hidden()).await?;
    let world = ready.world.clone();
    let voices = Voices::default();
    let open = |(n, (board, token)): (usize, (String, String))| -> LiveClient {
        let lead = n < world.city.boards.len();
        let screen = Screen { ledger: own.clone(), board, lead, voices: voices.clone(), shown: HashSet::new() };
        screen.open(world.door.clone(), world.clock.clone(), token)
    };
    let hanging: Vec<_> = ready.screens.drain(..).enumerate().map(open).collect();
    for patient in 0..PATIENTS {
        let at = &world.city.departments[world.department_of(patient)];
        let class = (patient % 10 == 9).then_some("emergency");
        let wish = json!({ "queue": at.queue, "patient": world.people[patient].0, "class": class });
        world.desks[at.site].give("register_walk_in", wish).await.map_err(|why| format!("a walk-in: {why}"))?;
    }
    let rooms: Vec<_> = ready
        .consoles
        .drain(..)
        .enumerate()
        .map(|(n, console)| tokio::spawn(call(world.clone(), n, console)))
        .collect();
    for room in rooms {
        room.await.map_err(|e| e.to_string())?;
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    screens::judge_voices(&voices, ledger, &own.figures);
    drop(hanging);
    ledger.verdicts.add(&own.verdicts);
    server.stop().await;
    server.forget();
    Ok(own.figures.json().2)
}

/// One room calls several, one after the other, each twice.
async fn call(world: Arc<World>, doctor: usize, console: Actor) {
    let who = &world.city.doctors[doctor];
    let department = &world.city.departments[who.department].id;
    let start = json!({ "department": department, "service_point": who.service_point });
    let Ok(at_work) = console.give("start_work", start).await else { return };
    tokio::time::sleep(Duration::from_millis(200)).await;
    let mut in_hand = Value::Null;
    for _ in 0..CALLS_EACH {
        let outcome = (!in_hand.is_null()).then_some("seen");
        let next = json!({ "department": department, "assignment": at_work["assignment"], "in_hand": in_hand,
            "outcome": outcome });
        let Ok(answer) = console.give("call_next_patient", next).await else { return };
        in_hand = answer["called"]["ticket"].clone();
        if in_hand.is_null() {
            return;
        }
        drop(console.give("recall_patient", json!({ "call": answer["called"]["call"] })).await);
        tokio::time::sleep(Duration::from_millis(400)).await;
    }
}
