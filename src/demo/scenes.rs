//! What happens rarely on a real day happens here at least once an hour of clinic time in each hospital.

use std::sync::Arc;

use rand::Rng;
use serde_json::{Value, json};

use super::patients::walk_in;
use super::town::{Town, seeded};
use crate::clients::Refusal;

/// One round of scenes, clinic seconds.
const ROUND_S: f64 = 2400.0;
const SCENES: u32 = 7;

/// A hospital's scenes, round after round.
pub async fn run(town: Arc<Town>, site: usize) {
    let mut rng = seeded();
    let departments: Vec<usize> =
        (0..town.city.departments.len()).filter(|at| town.city.departments[*at].site == site).collect();
    town.clock.until(town.opens_ms(0) + 120_000).await;
    loop {
        for scene in 0..SCENES {
            if town.clock.now_ms() > town.closes_ms() - 3_600_000 {
                town.clock.until(town.opens_ms(1)).await;
            }
            let department = departments[rng.random_range(0..departments.len())];
            // a scene that the house refuses today is played in the next round
            let _ = play(&town, site, department, scene).await;
            town.clock.pass_s(ROUND_S / f64::from(SCENES)).await;
        }
    }
}

async fn play(town: &Arc<Town>, site: usize, department: usize, scene: u32) -> Result<(), Refusal> {
    let desk = &town.desks[site];
    let session = town.city.session_id(department, &town.date());
    match scene {
        0 => {
            walk_in(town, department, Some(("class", json!("emergency")))).await?;
            town.count("emergencies");
        }
        1 | 2 => {
            let waits = walk_in(town, department, None).await?;
            let (class, proof) = if scene == 1 { ("military", "军官证") } else { ("disabled", "残疾证") };
            let shown = json!({ "ticket": waits["ticket"], "class": class, "proof": proof });
            town.give(desk, "priorities with proof seen", "set_priority", shown).await?;
        }
        3 => {
            walk_in(town, department, Some(("addition_to", json!(session)))).await?;
            town.count("additions");
        }
        4 => {
            let delay = |minutes: u32| json!({ "session": session, "minutes": minutes });
            town.give(desk, "delays", "delay_session", delay(15)).await?;
            town.clock.pass_s(600.0).await;
            town.give(desk, "delays taken back", "delay_session", delay(0)).await?;
        }
        5 => {
            let waits = walk_in(town, department, None).await?;
            let others = town.city.departments.iter().filter(|at| at.site == site);
            let to = others.map(|at| &at.queue).find(|queue| **queue != town.city.departments[department].queue);
            let transfer = json!({ "ticket": waits["ticket"], "to": to, "reason": "分诊错误" });
            town.give(desk, "transfers at the desk", "transfer_ticket", transfer).await?;
        }
        _ => {
            let waits = walk_in(town, department, None).await?;
            town.clock.pass_s(30.0).await;
            let ticket = waits["ticket"].as_str().unwrap_or_default();
            let gone: Value = json!({ "ticket": ticket, "reason": "不等了" });
            town.give(desk, "tickets cancelled", "cancel_ticket", gone).await?;
            town.clock.pass_s(30.0).await;
            let undo = json!({ "event": format!("{ticket}@2"), "reason": "又回来了" });
            town.give(desk, "steps undone", "undo", undo).await?;
        }
    }
    Ok(())
}
