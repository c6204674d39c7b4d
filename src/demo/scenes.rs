//! What the desks do rarely on a real day happens here at least once an hour of clinic time in each hospital. (What is
//! rare at doctors' and on phones they do themselves, when it is due: [`super::record`].)

use std::sync::Arc;

use rand::Rng;
use serde_json::{Value, json};

use super::patients::walk_in;
use super::town::{Town, seeded};
use crate::clients::Refusal;

/// One round of scenes, clinic seconds: one that a busy server delays is still played in each hour.
const ROUND_S: f64 = 2100.0;
const SCENES: u32 = 10;
/// After how many clinic seconds a scene is begun again that the house refuses, until its turn comes in the next round.
const SCENE_AGAIN_S: f64 = 120.0;
/// Before the clinic closes scenes end, ms.
pub const LAST_HOUR_MS: i64 = 3_600_000;
/// How long after the clinic's hours the desks settle what is left, ms: by then the doctors have gone home.
const SETTLED_AFTER_MS: i64 = 15 * 60_000;
/// How often a desk tries to close a session of which somebody is with the doctor, and after how many clinic seconds again.
const CLOSING_TRIES: u32 = 8;
const CLOSING_AGAIN_S: f64 = 60.0;

/// A hospital's scenes, round after round. Each begins at its time, whether the one before is over or not.
pub async fn run(town: Arc<Town>, site: usize) {
    let mut rng = seeded();
    let departments: Vec<usize> =
        (0..town.city.departments.len()).filter(|at| town.city.departments[*at].site == site).collect();
    let mut at_ms = (town.opens_ms(0) + 120_000).max(town.clock.now_ms());
    loop {
        for scene in 0..SCENES {
            if at_ms > town.closes_ms() - LAST_HOUR_MS {
                close_the_day(&town, site).await;
                at_ms = town.opens_ms(1);
            }
            town.clock.until(at_ms).await;
            let ends_ms = at_ms + (ROUND_S * 1000.0) as i64;
            let mut places = departments.clone();
            let first = rng.random_range(0..places.len());
            places.rotate_left(first);
            let playing = town.clone();
            tokio::spawn(async move {
                for department in places.into_iter().cycle() {
                    if playing.clock.now_ms() >= ends_ms || play(&playing, site, department, scene).await.is_ok() {
                        return;
                    }
                    // who was to be moved was called at once, as on a quiet day: perhaps it is less quiet elsewhere
                    playing.clock.pass_s(SCENE_AGAIN_S).await;
                }
            });
            at_ms += (ROUND_S * 1000.0) as i64 / i64::from(SCENES);
        }
    }
}

async fn play(town: &Arc<Town>, site: usize, department: usize, scene: u32) -> Result<(), Refusal> {
    let everything = town.city.knows_everything(site);
    match scene {
        0 => {
            walk_in(town, department, Some(("class", json!("emergency")))).await?;
            town.count(site, "emergencies");
        }
        1 => prioritise(town, everything, "always first", "military", "军官证").await?,
        2 => prioritise(town, everything, "one in so many", "disabled", "残疾证").await?,
        3 => prioritise(town, everything, "moved up with proof seen", "late_pregnancy", "孕妇手册").await?,
        4 => {
            let session = town.city.session_id(department, 0, &town.date());
            walk_in(town, department, Some(("addition_to", json!(session)))).await?;
            town.count(site, "additions");
        }
        5 => {
            let session = town.city.session_id(department, 0, &town.date());
            let delay = |minutes: u32| json!({ "session": session, "minutes": minutes });
            town.at_desk(site, "delays", "delay_session", delay(15)).await?;
            town.clock.pass_s(600.0).await;
            town.at_desk(site, "delays taken back", "delay_session", delay(0)).await?;
        }
        6 => {
            let waits = walk_in(town, department, None).await?;
            let others = town.city.departments.iter().filter(|at| at.site == site);
            let to = others.map(|at| &at.queue).find(|queue| **queue != town.city.departments[department].queue);
            let transfer = json!({ "ticket": waits["ticket"], "to": to, "reason": "分诊错误" });
            town.at_desk(site, "transfers at the desk", "transfer_ticket", transfer).await?;
        }
        7 => {
            let waits = walk_in(town, everything, None).await?;
            let to = town.city.departments[everything].own.first().map(|own| &own.queue);
            let moved = json!({ "ticket": waits["ticket"], "to": to, "reason": "指定医生" });
            town.at_desk(site, "moves within a department", "transfer_ticket", moved).await?;
        }
        8 => close_one(town, site, everything).await?,
        _ => {
            let waits = walk_in(town, department, None).await?;
            town.clock.pass_s(30.0).await;
            let ticket = waits["ticket"].as_str().unwrap_or_default();
            let gone = json!({ "ticket": ticket, "reason": "不等了" });
            town.at_desk(site, "tickets cancelled", "cancel_ticket", gone).await?;
            town.clock.pass_s(30.0).await;
            let undo = |step: &Value| json!({ "event": step, "reason": "又回来了" });
            let first = town.at_desk(site, "steps undone", "undo", undo(&json!(format!("{ticket}@2")))).await;
            // told to wait at a door in the meantime: another step is the last
            if let Err(Some(step)) = first.map_err(|why| why.valid_now.get("undoable").cloned()) {
                town.at_desk(site, "steps undone", "undo", undo(&step)).await?;
            }
        }
    }
    Ok(())
}

/// Somebody's proof is seen, where the class has that treatment.
async fn prioritise(
    town: &Arc<Town>,
    department: usize,
    what: &'static str,
    class: &str,
    proof: &str,
) -> Result<(), Refusal> {
    let waits = walk_in(town, department, None).await?;
    let shown = json!({ "ticket": waits["ticket"], "class": class, "proof": proof });
    town.at_desk(town.city.departments[department].site, what, "set_priority", shown).await.map(drop)
}

/// A doctor of the department has a short session of the own queue; it closes with somebody still waiting.
async fn close_one(town: &Arc<Town>, site: usize, department: usize) -> Result<(), Refusal> {
    let at = &town.city.departments[department];
    let Some((own, (id, start))) = at.own.last().zip(town.in_a_minute(&at.id)) else { return Ok(()) };
    let session = json!({ "id": id, "date": town.date(), "period": "extra", "queue": own.queue,
        "doctor": town.city.doctors[own.doctor].id, "registration_class": "普通", "fee_fen": 1000,
        "slots": [{ "start": start, "minutes": 5, "capacity": 2 }] });
    town.at_desk(site, "sessions added", "define_session", session).await?;
    for _ in 0..2 {
        let patient = super::patients::at_the_desk(town, department).await?;
        let wish = json!({ "queue": own.queue, "patient": patient, "addition_to": id });
        town.at_desk(site, "walk-ins", "register_walk_in", wish).await?;
    }
    match close(town, site, &id, Some(&at.queue)).await {
        true => Ok(()),
        false => Err(Refusal::door("nobody was left to settle")),
    }
}

/// Closes a session, settling whom it names as not settled: moved to that queue or, at the end of the day, for a return on
/// another day. Whether there was anybody.
async fn close(town: &Town, site: usize, session: &str, to: Option<&str>) -> bool {
    let how = if to.is_some() { "move" } else { "return_day" };
    let mut settlements = Vec::new();
    for _ in 0..CLOSING_TRIES {
        let any = !settlements.is_empty();
        let closing = json!({ "session": session, "settlements": settlements });
        let what = if any { "settled at closing" } else { "sessions closed" };
        let Err(why) = town.at_desk(site, what, "close_session", closing).await else { return any };
        let named = why.valid_now.get("tickets").and_then(Value::as_array);
        let one = |ticket: &Value| json!({ "ticket": ticket, "how": how, "to": to });
        let needed: Vec<Value> = named.into_iter().flatten().map(one).collect();
        let is_new = !needed.is_empty() && why.valid_now.len() == 1 && !any;
        settlements = needed;
        if !is_new {
            town.clock.pass_s(CLOSING_AGAIN_S).await;
        }
    }
    false
}

/// After the clinic's hours nobody is left over.
async fn close_the_day(town: &Town, site: usize) {
    let date = town.date();
    town.clock.until(town.closes_ms() + SETTLED_AFTER_MS).await;
    for (n, at) in town.city.departments.iter().enumerate().filter(|(_, at)| at.site == site) {
        for line in 0..at.queues().len() {
            close(town, site, &town.city.session_id(n, line, &date), None).await;
        }
    }
}
